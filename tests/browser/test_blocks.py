"""The explorer of a GPT's blocks in a real browser: its arithmetic against NumPy's, its switches, its keys."""

import numpy as np
import pytest
import torch

from seqlib.display.explorers.blocks import BlocksExplorer
from seqlib.models.gpt import GPT, GPTConfig

VOCAB = list("abcdef ")
MODERN = {"norm": "rms", "positions": "rotary", "feed_forward": "swiglu", "kv_heads": 2, "bias": False}


def explorer(parts=MODERN, text="abc fed abc"):
    torch.manual_seed(4)
    made = GPT(GPTConfig(len(VOCAB), context=40, width=16, layers=2, heads=4, **parts))
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.6)
    return BlocksExplorer.of(made, VOCAB, text=text)


def agrees(page, expected):
    found = page.locator(".sx").evaluate("root => root.explorer")
    assert np.array(found["odds"]) == pytest.approx(expected["odds"], abs=1e-9)
    for seen, weights in zip(found["weights"], expected["weights"], strict=True):
        for head, wanted in zip(seen, weights, strict=True):
            for t, row in enumerate(head):
                assert row == pytest.approx(wanted[t, : t + 1], abs=1e-9)
    return True


def said(page):
    return page.locator(".sx").get_attribute("data-result")


@pytest.mark.parametrize("parts", [{}, MODERN, {"tied": False, "kv_heads": 1}], ids=["GPT-2", "modern", "untied"])
def test_the_browser_computes_what_numpy_computes(static, parts):
    one = explorer(parts)
    page = static(one)
    assert agrees(page, one.read())
    page.get_by_role("textbox", name="Your text").fill("Bad cab? bad ca")
    assert agrees(page, one.read("Bad cab? bad ca"))
    assert "read as a space: “?”" in page.locator(".sx-note").first.inner_text()


def test_a_head_and_a_layer_are_switched_off_and_on_again(static):
    one = explorer()
    page = static(one)
    whole = said(page)
    page.get_by_role("checkbox", name="Block 1, head 3").press("Space")
    assert agrees(page, one.read(off={(0, 2)})) and "off: block 1, head 3" in said(page)
    assert page.get_by_text("off: adds nothing").count() == 1
    page.get_by_role("checkbox", name="Block 2, feed-forward").uncheck()
    assert agrees(page, one.read(off={(0, 2), (1, "feed-forward")}))
    assert "filled, with these parts off" in page.locator(".sx").inner_text()
    page.get_by_role("button", name="Switch all on").press("Enter")
    assert said(page) == whole


def test_places_are_walked_with_keys_and_mouse(static):
    page = static(explorer())
    page.get_by_role("slider", name="Place").press("Home")
    assert said(page).startswith("At place 1, “a”")
    page.get_by_role("group").first.press("ArrowRight")
    assert said(page).startswith("At place 2, “b”")
    assert page.locator("[aria-current='true']").inner_text() == "b" and page.locator("[aria-current]").count() == 1
    page.locator(".sx-tokens span").nth(4).click()
    assert said(page).startswith("At place 5, “f”")
    heads = page.get_by_role("img", name="head")
    assert heads.count() == 8 and "from place 5 most at" in heads.first.get_attribute("aria-label")
    rows = page.get_by_role("row")
    assert rows.count() == 6 and "odds of “e”" in rows.first.inner_text()


def test_the_table_says_what_numpy_says(static):
    one = explorer()
    page = static(one)
    page.get_by_role("slider", name="Place").fill("3")
    found = one.read()
    for stage, row in enumerate(page.get_by_role("row").all()[1:]):
        p = found["odds"][stage, 2]
        cells = row.locator("td").all_inner_texts()
        assert float(cells[0].split()[-2]) == pytest.approx(100 * p.max(), abs=0.51)
        assert float(cells[1].split()[0]) == pytest.approx(100 * p[VOCAB.index(" ")], abs=0.51)
        assert float(cells[2]) == pytest.approx(found["length"][stage, 2], abs=0.051)


def test_an_empty_text_is_asked_for(static):
    page = static(explorer())
    page.get_by_role("textbox").fill("")
    assert "Type something" in page.locator(".sx-note").first.inner_text()


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width):
    page = static(explorer(text="abc fed " * 5), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, button, [tabindex]")
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
