"""The explorer of positions in a real browser: its arithmetic against NumPy's, its controls."""

import pytest

from seqlib.display.explorers.positions import PositionExplorer


def agrees(page, explorer, place=64):
    found = page.locator(".sx").evaluate("root => root.explorer")
    assert found["scores"] == pytest.approx(explorer.scores(place), abs=1e-9)
    for name, expected in zip(("low", "high"), explorer.spread(), strict=True):
        assert found[name] == pytest.approx(expected, abs=1e-9)
    return True


def test_the_browser_computes_what_numpy_computes(static):
    page = static(PositionExplorer())
    assert agrees(page, PositionExplorer())
    for way in ("sinusoids alone", "sinusoids added"):
        page.get_by_role("combobox", name="Way").select_option(way)
        assert agrees(page, PositionExplorer(way))
    page.get_by_role("checkbox", name="Same word").press("Space")
    page.get_by_role("slider", name="Width").fill("12")
    page.get_by_role("slider", name="Base").fill("2.5")
    page.get_by_role("slider", name="Place").fill("200")
    changed = {"same": False, "width": 12, "base": 10**2.5}
    assert agrees(page, PositionExplorer("sinusoids added", **changed), place=200)
    page.get_by_role("combobox", name="Way").select_option("rotary")
    assert agrees(page, PositionExplorer("rotary", **changed), place=200)


def test_it_says_in_words_what_it_draws(static):
    page, explorer = static(PositionExplorer()), PositionExplorer()
    page.get_by_role("slider", name="Distance").press("Home")
    said = page.locator(".sx").get_attribute("data-result")
    assert f"at distance 0 the score is {explorer.scores()[0]:.2f}, the same from every place" in said
    assert said in page.get_by_role("img").first.get_attribute("aria-label")
    clocks = page.get_by_role("img").nth(1).get_attribute("aria-label")
    assert "8 of 16" in clocks and ": 6.3, " in clocks
    page.get_by_role("slider", name="Width").fill("4")
    assert "all 2" in page.get_by_role("img").nth(1).get_attribute("aria-label")
    page.get_by_role("combobox").select_option("sinusoids added")
    assert "depending on the place" in page.locator(".sx").get_attribute("data-result")


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width):
    page = static(PositionExplorer(), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    small = "all => Math.min(...all.map(one => one.getBoundingClientRect().height))"
    assert page.locator("svg text").evaluate_all(small) >= 12  # words of a drawing do not shrink with it
    controls = page.locator("input, select")
    assert controls.count() == 6
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
