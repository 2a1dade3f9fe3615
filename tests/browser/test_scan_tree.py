"""The scan explorer in a real browser: Python's numbers in every round, by keyboard and by button."""

import numpy as np
import pytest

from seqlib.display.explorers.scan import ScanExplorer
from seqlib.display.scanning import WAYS, plan, rows

A, B = np.random.default_rng(0).normal(size=(2, 13)).tolist()


def held(page):
    return page.locator(".sx").evaluate("root => root.explorer.held")


@pytest.mark.parametrize("way", WAYS)
def test_the_browser_holds_what_python_holds(static, way):
    page = static(ScanExplorer(A, B))
    page.get_by_role("combobox").select_option(way)
    for steps in (2, 7, 8, 13):
        page.get_by_role("slider", name="Number of steps").fill(str(steps))
        for k, row in enumerate(rows(A[:steps], B[:steps], way)):
            page.get_by_role("slider", name="Round").fill(str(k))
            assert np.array(held(page)) == pytest.approx(np.array(row)), (steps, k)
        said = page.locator(".sx").get_attribute("data-result")
        assert said.startswith(f"{way}, {steps} steps: round {k} of {k}") and f"{steps} of {steps} states" in said


def test_buttons_and_keys_go_round_by_round(static):
    page = static(ScanExplorer(A, B))
    last = len(plan(13, "by pairs"))
    page.get_by_role("button", name="next round").click()
    assert "round 1 of" in page.locator(".sx").get_attribute("data-result")
    page.get_by_role("slider", name="Round").press("End")
    assert f"round {last} of {last}" in page.locator(".sx").get_attribute("data-result")
    assert page.get_by_role("button", name="next round").is_disabled()
    page.get_by_role("button", name="back").click()
    assert f"round {last - 1} of" in page.locator(".sx").get_attribute("data-result")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(ScanExplorer(A, B), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, select, button")
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert page.get_by_role("img").evaluate_all("all => all.map(one => one.ariaLabel)")[0]
