"""The explorer of the crossing in a real browser: its own arithmetic against NumPy's."""

import numpy as np
import pytest

from seqlib.display.explorers.cost import MACHINES, CostExplorer, seconds


@pytest.mark.parametrize("machine", MACHINES)
def test_the_browser_computes_what_numpy_computes(static, machine):
    page = static(CostExplorer(128, 1))
    page.get_by_role("combobox").select_option(machine)
    for log_width, log_batch in ((4, 0), (9, 3), (12, 8)):
        page.get_by_role("slider").nth(0).fill(str(log_width))
        page.get_by_role("slider").nth(1).fill(str(log_batch))
        found = page.locator(".sx").evaluate("root => root.explorer")
        expected = seconds(MACHINES[machine], 2**log_width, 2**log_batch)
        assert np.array(found["LSTM"]) == pytest.approx(expected["LSTM"], rel=1e-12)
        assert np.array(found["attention"]) == pytest.approx(expected["fused attention"], rel=1e-12)
        line = page.locator(".sx").get_attribute("data-result")
        assert repr(CostExplorer(2**log_width, 2**log_batch, machine)).rpartition(": ")[2].rstrip(".") in line


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(CostExplorer(), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, select")
    assert controls.count() == 3
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert page.get_by_role("img").count() == 1
