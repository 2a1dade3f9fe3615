"""The explorer of patches in a real browser: the weights that were handed in, by mouse and by keys alone."""

import numpy as np
import pytest

from seqlib.display.explorers.patches import PatchExplorer

RNG = np.random.default_rng(0)
PICTURES = RNG.random((2, 6, 6))
WEIGHTS = [RNG.dirichlet(np.ones(10), (2, heads, 10)).astype(np.float32) for heads in (2, 3)]


def now(page):
    return page.locator(".sx").evaluate("root => root.explorer")


def test_each_choice_shows_its_weights(static):
    page = static(PatchExplorer(PICTURES, WEIGHTS, ["first", "second"]))
    picture, block, head = (page.get_by_role("combobox").nth(k) for k in range(3))
    assert now(page)["asking"] == 0
    assert now(page)["weights"] == pytest.approx(WEIGHTS[1][0, :, 0].mean(axis=0), rel=1e-5)
    for which, layer in ((1, 0), (0, 1)):
        picture.select_option(str(which))
        block.select_option(str(layer))
        for h in range(WEIGHTS[layer].shape[1]):
            head.select_option(str(h + 1))
            page.get_by_role("button").nth(1 + 4).click()
            assert now(page)["weights"] == pytest.approx(WEIGHTS[layer][which, h, 5], rel=1e-6)
    assert "the patch in row 2, column 2 looks most at" in page.locator(".sx").get_attribute("data-result")
    page.get_by_role("button", name="class token", exact=True).click()
    assert now(page)["asking"] == 0


def test_arrow_keys_walk_and_stop_at_the_edge(static):
    page = static(PatchExplorer(PICTURES, WEIGHTS, ["first", "second"]))
    page.get_by_role("button").nth(1).focus()
    for key, asking in (("ArrowRight", 2), ("ArrowDown", 5), ("ArrowDown", 8), ("ArrowDown", 8), ("ArrowLeft", 7)):
        page.keyboard.press(key)
        assert now(page)["asking"] == asking
    page.keyboard.press("ArrowLeft")
    assert now(page)["asking"] == 7


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, width, dark):
    page = static(PatchExplorer(PICTURES, WEIGHTS, ["first", "second"]), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator(".sx select, .sx button")
    assert controls.count() == 3 + 1 + 9
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
