"""The forecast explorer outside the browser: what it counts, self-contained HTML, errors that say what came."""

import re

import numpy as np
import pytest

from seqlib.display.explorers.forecast import ForecastExplorer

LEVELS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


def made(**changed):
    rng = np.random.default_rng(0)
    came = rng.normal(size=(4, 6))
    parts = {"known": rng.normal(size=(4, 9)), "came": came, "levels": LEVELS,
             "quantiles": rng.normal(size=(4, 6, 1)) * 0.3 + np.array([-1.3, -0.5, 0, 0.5, 1.3])}  # fmt: skip
    return ForecastExplorer(**(parts | changed))


def test_what_lies_inside_is_counted():
    explorer = made()
    counts, share = explorer.inside(band=1, ahead=3)
    low, high = explorer.quantiles[:, :3, 1], explorer.quantiles[:, :3, 3]
    expected = [[low[n, h] <= explorer.came[n, h] <= high[n, h] for h in range(3)] for n in range(4)]
    assert counts.tolist() == np.sum(expected, axis=1).tolist() and share == pytest.approx(np.mean(expected))
    assert explorer.inside(0)[1] > explorer.inside(1)[1]


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = made()._repr_html_()
    assert page == made()._repr_html_() and len(page) < 90_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1 and "data-lm-suppress-shortcuts" in page


def test_wrong_shapes_and_levels_are_named():
    for wrong in (
        {"came": np.zeros((4, 5))},
        {"known": np.zeros((3, 9))},
        {"levels": [0.1, 0.3, 0.5, 0.7, 0.8]},
        {"levels": [0.9, 0.7, 0.5, 0.3, 0.1]},
    ):
        with pytest.raises(ValueError, match="expected"):
            made(**wrong)
    assert re.search(r"6 steps ahead from 4 origins.*80 % band", repr(made()))
