"""Who pays for memory: the cell that took it, not what came to run in what was left."""

from types import SimpleNamespace

import pytest

from seqlib.grading.grade import Answer, Grading
from seqlib.grading.sandbox import Limits
from seqlib.grading.slot import RunEnded


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


def test_a_cell_whose_process_is_killed_after_its_last_word_pays_itself():
    """The guard looks every tenth of a second: it may see what a cell took when the cell has already ended."""
    grading, run = after(start=0.2), SimpleNamespace(killed=None, ask=lambda *_, **__: {})

    def held():
        run.killed = "memory"
        return {"memory": 0.0, "processes": 0.0}  # nothing is left of it

    grading.cells, grading.answers = ["x = []"], []
    grading.slot = SimpleNamespace(held=held, limits=Limits())
    grading.left = lambda: 10.0
    with pytest.raises(RunEnded) as ended:
        grading._cell(run, 0)
    grading._charge(ended.value.why)
    assert grading.skip == {0: "defs"}
