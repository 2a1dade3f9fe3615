"""The ladder as a table: self-contained, said in words, sorted and limited as it says."""

import pytest
from standing_alone import OUTSIDE

from seqlib.display.explorers.ladder import LadderTable

ROWS = {
    "A": {"score": 90, "error": 3, "carried": 50, "ms": 0.2},
    "B <b>": {"score": 95, "error": 2, "carried": 5000, "ms": 0.1},
    "C": {"score": 60, "error": 9, "carried": 20, "ms": 0.4},
}
BETTER = {"score": "more", "error": "less", "carried": "less", "ms": "less"}


def table(sort="score"):
    return LadderTable(ROWS, BETTER, sort, carried="carried", ms="ms", units={"score": "%"})


def test_it_sorts_by_what_is_better():
    assert table().sorted() == ["B <b>", "A", "C"] and table().sorted("carried") == ["C", "A", "B <b>"]


def test_the_best_within_the_limits():
    assert table().best_within("score", 100, 1) == "A" and table().best_within("score", 1e9, 1) == "B <b>"
    assert table().best_within("score", 100, 0.1) is None


def test_it_stands_alone_and_says_what_it_shows():
    page = table()._repr_html_()
    assert page.count("<script>") == 1 and "data-lm-suppress-shortcuts" in page and "aria-sort" in page
    assert not OUTSIDE.search(page)
    assert "<img alt=" in page and "<b>" not in page.split("<script>")[0]
    assert "sorted by score: B <b> 95, A 90, C 60" in repr(table())


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="C has none for ms"):
        LadderTable({**ROWS, "C": {"score": 1, "error": 1, "carried": 1}}, BETTER, "score", "carried", "ms")
    with pytest.raises(ValueError, match="expected columns among"):
        LadderTable(ROWS, BETTER, "speed", "carried", "ms")
