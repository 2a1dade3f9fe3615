"""The lattice explorer in a real browser: its own arithmetic against NumPy, and its controls."""

import numpy as np
import pytest

from seqlib.display.explorers.lattice import LatticeExplorer


@pytest.mark.parametrize(
    "heard, word, sure", [("hhe-ll-lo--", "hello", 0.7), ("277-7", "277", 0.4), ("ab", "abc", 0.5)]
)
def test_the_browser_computes_what_numpy_computes(static, heard, word, sure):
    page = static(LatticeExplorer())
    page.get_by_role("textbox").nth(0).fill(heard)
    page.get_by_role("textbox").nth(1).fill(word)
    page.get_by_role("slider").nth(0).fill(str(sure))
    found = page.locator(".sx").evaluate("root => root.explorer")
    expected = LatticeExplorer(heard, word, sure).measured()
    assert found["p"] == pytest.approx(expected["p"]) and found["paths"] == expected["paths"]
    assert np.allclose(found["posterior"], expected["posterior"])


def test_the_slider_walks_from_the_likeliest_path_to_the_least_likely(static):
    page = static(LatticeExplorer("aa-b", "ab", 0.6))
    slider = page.get_by_role("slider").nth(1)
    shown = []
    for place in range(1, int(slider.get_attribute("max")) + 1):
        slider.fill(str(place))
        line = page.locator(".sx").get_attribute("data-result")
        shown.append(float(line.rpartition("shown=")[2]))
    expected = LatticeExplorer("aa-b", "ab", 0.6).measured()
    assert shown == sorted(shown, reverse=True) and len(shown) == expected["paths"]
    assert sum(shown) == pytest.approx(expected["p"], rel=1e-5)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(LatticeExplorer(), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input")
    assert controls.count() == 4
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert "p(“hello”)" in page.get_by_role("img").get_attribute("aria-label")
