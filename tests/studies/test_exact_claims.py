"""Verdicts by arithmetic: each rule is fed numbers that turn it."""

import math

import pytest

from seqlib.studies.exact_claims import agrees, at_least, of_two, opposite, parts


@pytest.mark.parametrize("gap, verdict", [(0.0, "holds"), (1e-9, "holds"), (2e-9, "fails"), (math.nan, "fails")])
def test_a_gap_that_is_too_large_turns_the_verdict(gap, verdict):
    assert agrees(gap, 1e-9) == verdict


@pytest.mark.parametrize("found, verdict", [(2.0, "holds"), (3.0, "holds"), (1.99, "fails"), (math.nan, "fails")])
def test_what_stays_below_the_bar_turns_the_verdict(found, verdict):
    assert at_least(found, 2.0) == verdict


@pytest.mark.parametrize(
    "below, above, verdict",
    [
        (1e-8, 1e6, "holds"),
        (1e-8, math.inf, "holds"),
        (1e-8, math.nan, "holds"),
        (1e-8, 1e-8, "depends"),
        (9.0, 1e6, "depends"),
        (9.0, 1e-8, "fails"),
        (math.nan, 1e-8, "fails"),
    ],
)
def test_a_limit_parts_what_converges_from_what_diverges(below, above, verdict):
    assert parts(below, above, start=2.0) == verdict


@pytest.mark.parametrize(
    "one, other, verdict",
    [(1, 1, "holds"), (1, 0, "depends"), (0, 1, "depends"), (0, 0, "fails")],
)
def test_two_things_said_are_each_counted(one, other, verdict):
    assert of_two(one, other) == verdict


def test_the_contrary_of_what_decides_nothing_decides_nothing():
    assert [opposite(verdict) for verdict in ("holds", "fails", "depends", "not tested")] == [
        *("fails", "holds", "depends", "not tested")
    ]
