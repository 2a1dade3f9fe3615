"""The forecast explorer in a real browser: what it counts equals NumPy's count, for every choice tried."""

import pytest

from tests.display.test_explorer_forecast import made


@pytest.mark.parametrize(("origin", "ahead", "band"), [(1, 6, 2), (3, 4, 1), (4, 1, 2)])
def test_the_browser_counts_what_numpy_counts(static, origin, ahead, band):
    explorer = made()
    page = static(explorer)
    for place, value in enumerate((origin, ahead, band)):
        page.get_by_role("slider").nth(place).fill(str(value))
    counts, share = explorer.inside(band=2 - band, ahead=ahead)
    line = page.locator(".sx").get_attribute("data-result")
    promise = {1: 40, 2: 80}[band]
    assert line.startswith(f"band of {promise} %: {counts[origin - 1]} of {ahead} values inside")
    assert page.locator(".sx").evaluate("root => root.explorer.everywhere") == round(share * 4 * ahead)


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width):
    page = static(made(), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input")
    assert controls.count() == 3
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert page.get_by_role("img").get_attribute("aria-label")
