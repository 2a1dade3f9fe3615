"""The ladder's table in a browser: sorts by mouse and keys, keeps to its limits, and says so."""

import pytest

from seqlib.display.explorers.ladder import LadderTable

ROWS = {
    "RNN": {"score": 70, "carried": 50, "ms": 0.2},
    "LSTM": {"score": 95, "carried": 100, "ms": 0.3},
    "Transformer": {"score": 97, "carried": 5000, "ms": 2.0},
}


@pytest.fixture
def opened(static):
    return static(LadderTable(ROWS, {"score": "more", "carried": "less", "ms": "less"}, "score", "carried", "ms"))


def result(page) -> str:
    return page.locator(".sx").get_attribute("data-result")


def test_it_sorts_by_a_click_and_by_enter(opened):
    assert result(opened) == "score Transformer Transformer>LSTM>RNN"
    opened.get_by_role("button", name="carried").click()
    assert result(opened).endswith("RNN>LSTM>Transformer")
    opened.get_by_role("button", name="ms").press("Enter")
    assert result(opened).startswith("ms RNN")
    opened.get_by_role("button", name="ms").press("Enter")
    assert result(opened).endswith("Transformer>LSTM>RNN")
    assert opened.locator("th[aria-sort]").count() == 1


def test_a_limit_rules_out_and_names_the_best_that_is_left(opened):
    slider = opened.get_by_label("most carried").first
    slider.focus()
    slider.press("ArrowLeft")
    assert result(opened) == "score LSTM Transformer>LSTM>RNN"
    assert "LSTM" in opened.locator("p[role=status]").inner_text()
    slider.press("Home")
    assert result(opened).startswith("score RNN")


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(static, width):
    better = {"score": "more", "carried": "less", "ms": "less"}
    page = static(LadderTable(ROWS, better, "score", "carried", "ms"), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for control in page.locator("button, input").all():
        assert control.get_attribute("data-lm-suppress-shortcuts") == "true"
