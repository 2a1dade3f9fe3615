"""The motif explorer in a real browser: the scores that Python gives, on both strands, by keyboard too."""

import numpy as np
import pytest

from seqlib.data.genes import DNA
from seqlib.display.explorers.motif import MotifExplorer


@pytest.mark.browser
def test_the_browser_scores_as_python_does(static):
    rng = np.random.default_rng(0)
    filters = {"one": rng.normal(size=(5, 4)), "two": rng.normal(size=(3, 4))}
    text = "".join(DNA[k] for k in rng.integers(4, size=30))
    page = static(MotifExplorer(filters, text))
    root = page.locator(".sx")

    def scores():
        return root.evaluate("root => root.explorer.scores")

    assert np.allclose(scores(), MotifExplorer(filters, text).scores("one"))
    page.get_by_role("combobox").select_option("two")
    assert np.allclose(scores(), MotifExplorer(filters, text).scores("two"))
    page.get_by_role("checkbox").check()
    turned = {"two": np.asarray(filters["two"])[::-1, ::-1]}
    assert np.allclose(scores(), MotifExplorer(turned, text).scores())
    before = root.get_attribute("data-result")
    slider = page.get_by_role("slider")
    slider.press("Home")
    slider.press("ArrowRight")
    assert root.get_attribute("data-result").startswith("Letters 2 to 4") and before
    page.get_by_role("textbox").fill("a")
    assert "needs 3 letters" in root.get_attribute("data-result")
