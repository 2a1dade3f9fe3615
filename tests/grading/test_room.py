"""Who pays for memory: the cell that took it, not what came to run in what was left."""

import pytest

from seqlib.grading.grade import Answer, Grading


def after(**shares):
    """A submission whose cells left so much in use: {cell: share}, `start` before all of them."""
    grading = object.__new__(Grading)
    grading.held = {-1 if at == "start" else int(at[1:]): {"memory": s, "processes": 0.0} for at, s in shares.items()}
    grading.skip, grading.notes, grading.defs = {}, [], ["x", "def f(): pass"] * 3
    return grading


@pytest.mark.parametrize(
    "shares, cell",
    [
        (dict(start=0.2, c0=0.25, c3=0.9, c4=0.92), 3),  # the one that took it, not the last one
        (dict(start=0.2, c0=0.9, c3=0.3), None),  # given back since
        (dict(start=0.2, c0=0.35, c3=0.5), None),  # there was room
        (dict(start=0.6, c0=0.7), None),  # what was in use at first is nobody's
        (dict(start=0.1), None),
        ({}, None),
    ],
)
def test_the_cell_that_left_no_room(shares, cell):
    assert after(**shares)._left_no_room("memory") == cell
    assert after(**shares)._left_no_room("processes") is after(**shares)._left_no_room("time") is None


def test_an_answer_or_a_later_cell_does_not_pay_for_what_an_earlier_cell_holds():
    for running in (Answer(None, {}), 5):
        grading = after(start=0.2, c1=0.95, c4=0.95)
        grading.now = running
        grading._charge("memory")
        assert grading.skip == {1: "defs"} and grading.notes == ["code cell 2 used too much memory and was left out"]


def test_who_took_it_pays_where_there_was_room():
    grading = after(start=0.2, c1=0.3, c4=0.3)
    grading.now = 5
    grading._charge("memory")
    assert grading.skip == {5: "defs"}
