"""Honest trouble keeps its points."""

import honest
import pytest
from make_class import FULL, POINTS

MAKERS = {**honest.TROUBLE, **honest.SLOW}


@pytest.mark.parametrize("name", MAKERS)
def test_trouble_keeps_its_points(everyone, name):
    record = everyone[f"honest {name}"]
    assert record["score"] == MAKERS[name]()[1], record


def test_a_slow_cell_is_named(everyone):
    assert (
        any("took too long" in n or "left out" in n for n in everyone["honest endless_cell"]["notes"])
        or everyone["honest endless_cell"]["score"] == FULL
    )


def test_an_exit_costs_its_own_exercise(everyone):
    scores = {n: e["score"] for n, e in everyone["honest own_exit"]["exercises"].items()}
    assert scores == {**POINTS, "00.next_position": 0}
