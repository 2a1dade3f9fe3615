"""Drawings and the explorer of scans: the plan gives the loop's states, and what is drawn says so."""

import numpy as np
import pytest
from standing_alone import OUTSIDE

from seqlib.display import scanning
from seqlib.display.explorers.scan import ScanExplorer


def looped(a, b):
    h, states = 0.0, []
    for a_t, b_t in zip(a, b, strict=True):
        states.append(h := a_t * h + b_t)
    return states


@pytest.mark.parametrize("way", scanning.WAYS)
def test_the_last_round_has_every_state_at_every_length(way):
    rng = np.random.default_rng(0)
    for steps in range(1, 18):
        a, b = rng.normal(size=(2, steps))
        last = scanning.rows(a, b, way)[-1]
        assert [held[1] for held in last] == pytest.approx(looped(a, b))
        assert all(first == 0 for _, _, first in last)


def test_rounds_and_joins_are_those_that_are_promised():
    assert [len(joins) for joins in scanning.plan(8, "by doubling")] == [7, 6, 4]
    assert [len(joins) for joins in scanning.plan(8, "by pairs")] == [4, 2, 1, 1, 3]
    with pytest.raises(ValueError, match="by doubling"):
        scanning.plan(8, "by magic")
    with pytest.raises(ValueError, match="as many a as b"):
        scanning.rows([1.0], [1.0, 2.0], "by pairs")


def test_a_tree_shows_every_state():
    a, b = [0.5, 2, -1, 1], [1, 2, 3, -4]
    for way in scanning.WAYS:
        svg = scanning.tree(a, b, way).svg()
        for state in looped(a, b):
            assert f"h = {scanning.short(state)}<" in svg
    assert "round 2" in svg


def test_the_other_drawings_are_drawn():
    for sheet in (scanning.where_it_bends(), scanning.mamba(), scanning.matrix_state([1, 0, -0.5], [2, 4], [1, 0, 0])):
        assert sheet.svg().count("<text") > 5
    assert "reads 2, 4" in scanning.matrix_state([1, 0, -0.5], [2, 4], [1, 0, 0]).svg()


def test_the_explorer_stands_alone_and_says_what_it_shows():
    explorer = ScanExplorer([0.5, 2, -1, 1, 3], [1, 2, 3, -4, 0.5])
    page = explorer._repr_html_()
    assert page == ScanExplorer([0.5, 2, -1, 1, 3], [1, 2, 3, -4, 0.5])._repr_html_() and len(page) < 60_000
    assert not OUTSIDE.search(page)
    assert page.count("<script>") == 1 and "data-lm-suppress-shortcuts" in page
    assert explorer.states == pytest.approx(looped(explorer.a, explorer.b))
    assert "5 steps" in repr(explorer) and "The states: 1, 4, −1, −5, −14.5" in repr(explorer)
    for wrong in (([1.0], [1.0]), ([1.0] * 17, [1.0] * 17), ([1.0, 2.0], [1.0])):
        with pytest.raises(ValueError, match="2 to 16"):
            ScanExplorer(*wrong)
    with pytest.raises(ValueError, match="by doubling"):
        ScanExplorer([1, 2], [3, 4], "by magic")
