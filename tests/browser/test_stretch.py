"""The stretch explorer in a real browser: its own arithmetic against NumPy, for every matrix that it offers."""

import numpy as np
import pytest

from seqlib.display.explorers.stretch import PRESETS, StretchExplorer


def found(page, what):
    return np.array(page.locator(".sx").evaluate(f"root => root.explorer.{what}"))


@pytest.mark.parametrize("name", PRESETS)
def test_the_browser_computes_what_numpy_computes(static, name):
    page = static(StretchExplorer(degrees=40))
    page.get_by_role("combobox").select_option(name)
    expected = StretchExplorer(PRESETS[name], degrees=40)
    assert found(page, "track") == pytest.approx(expected.track(), rel=1e-9)
    values = expected.eigenvalues()
    told = found(page, "values")
    assert np.sort(np.abs(told[:, 0] + 1j * told[:, 1])) == pytest.approx(np.sort(np.abs(values)), abs=1e-6)


def test_sliders_change_the_matrix_and_the_number_of_products(static):
    page = static(StretchExplorer())
    page.get_by_label("W, row 1, column 2").fill("-0.5")
    page.get_by_label("Products with W").fill("7")
    assert page.get_by_role("combobox").input_value() == "a matrix of your own"
    W = np.array([[1.2, -0.5], [0.3, 0.7]])
    length = np.linalg.norm(StretchExplorer(W).track()[7])
    assert f"after 7 products v has length {length:.3g}" in page.locator(".sx").get_attribute("data-result")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(StretchExplorer(), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, select")
    assert controls.count() == 7
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    labels = page.get_by_role("img").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert len(labels) == 2 and all(labels)
