"""The radius explorer in a real browser: its own arithmetic against NumPy, for every choice that it offers."""

import numpy as np
import pytest

from seqlib.display.explorers.radius import RadiusExplorer


def norms(page):
    return np.array(page.locator(".sx").evaluate("root => root.explorer.norms"))


@pytest.mark.parametrize("activation", ["none", "tanh", "ReLU"])
@pytest.mark.parametrize("start", ["Gaussian", "orthogonal", "identity"])
def test_the_browser_computes_what_numpy_computes(static, activation, start):
    page = static(RadiusExplorer(0.9))
    page.get_by_role("combobox").nth(0).select_option(activation)
    page.get_by_role("combobox").nth(1).select_option(start)
    for radius in (0.5, 1.03, 1.5):
        page.get_by_role("slider").fill(str(radius))
        expected = RadiusExplorer(radius, activation, start).norms()
        assert norms(page) == pytest.approx(expected, rel=1e-6)
        line = page.locator(".sx").get_attribute("data-result")
        assert line.startswith(f"radius {radius:.2f}, {activation}, {start}: norm")


def test_an_orthogonal_matrix_without_activation_follows_its_prediction(static):
    page = static(RadiusExplorer(0.9, "none", "orthogonal"))
    assert norms(page) == pytest.approx(0.9 ** np.arange(61), rel=1e-5)
    page.get_by_role("slider").press("End")
    assert "radius 1.50" in page.locator(".sx").get_attribute("data-result")
    assert norms(page)[-1] == pytest.approx(1.5**60, rel=1e-5)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(RadiusExplorer(), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, select")
    assert controls.count() == 3
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert page.get_by_role("img").count() == 2
    assert all(label for label in page.get_by_role("img").evaluate_all("all => all.map(one => one.ariaLabel)"))
