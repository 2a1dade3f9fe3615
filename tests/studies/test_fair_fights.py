"""seqlib.studies.fair_fights: each rule with numbers that turn it."""

import pytest

from seqlib.studies.fair_fights import (
    apart,
    bracketed,
    closes,
    counted,
    fair,
    fought,
    levelled,
    on_the_way,
    together,
    within_fold,
)


@pytest.mark.parametrize(
    "better,worse,verdict",
    [
        ((3, 4, 5), (0, 1, 2), "holds"),
        ((0, 1, 2), (3, 4, 5), "fails"),
        ((1, 4, 5), (0, 2, 3), "depends"),
        ((3, 3, 3), (3, 3, 3), "depends"),
        ((3, 4), (0, 1, 2), "not tested"),
    ],
)
def test_seeds_apart(better, worse, verdict):
    assert apart(better, worse) == verdict


def test_an_unfair_fight_is_no_test():
    assert fair("holds", True, True) == "holds" and fair("fails") == "fails"
    assert fair("holds", True, False) == "not tested"


def test_several_fights_come_to_one_verdict():
    assert together("holds", "holds") == "holds" and together("fails", "fails") == "fails"
    assert together("holds", "fails") == "depends" and together("holds", "depends") == "depends"
    assert together("holds", "not tested") == "not tested"


def test_the_best_rate_lies_inside_those_tried():
    assert bracketed({1e-3: 2.0, 3e-3: 1.0, 1e-2: 1.5})
    assert not bracketed({1e-3: 0.5, 3e-3: 1.0, 1e-2: 1.5})
    assert not bracketed({1e-3: 2.0, 3e-3: 1.0, 1e-2: 0.5})
    assert not bracketed({1e-3: 2.0, 3e-3: 1.0})


def test_a_curve_that_still_falls_settles_nothing():
    assert levelled([1.30, 1.30], [1.31, 1.31], [1.20, 1.20])
    assert not levelled([1.30, 1.30], [1.38, 1.38], [1.20, 1.20])


def test_within_a_fold():
    assert within_fold([0.5, 2.0], 1.0) == "holds"
    assert within_fold([0.5, 20.0], 1.0) == "depends"
    assert within_fold([0.01, 20.0], [1.0, 1.0]) == "fails"


def test_vanishing_on_the_way_and_in_the_end():
    assert on_the_way([1, 0.1, 1e-4]) == "holds"
    assert on_the_way([1, 50, 1e-4]) == "depends"
    assert on_the_way([1, 0.5, 0.2]) == "fails"


def test_cases_are_counted():
    assert counted([True] * 3) == "holds" and counted([False] * 3) == "fails"
    assert counted([True, False, True]) == "depends"
    assert counted([True, True]) == "not tested"


def test_a_gap_is_closed_or_not():
    rival = [1.10, 1.11, 1.12]
    assert closes([1.20, 1.21, 1.22], [1.10, 1.12, 1.13], rival) == "holds"
    assert closes([1.20, 1.21, 1.22], [1.15, 1.16, 1.17], rival) == "depends"
    assert closes([1.20, 1.21, 1.22], [1.20, 1.21, 1.23], rival) == "fails"
    assert closes([1.10, 1.11, 1.13], [1.10, 1.11, 1.13], rival) == "not tested"


def test_the_loser_must_have_been_tuned():
    high, low, mixed = [80, 80, 160], [20, 20, 40], [20, 80, 80]
    assert fought((high, 0.1, False), (low, 0.1, True)) == "holds"
    assert fought((high, 0.1, True), (low, 0.1, False)) == "not tested"
    assert fought((low, 0.1, True), (high, 0.1, False)) == "fails"
    assert fought((low, 0.1, False), (high, 0.1, True)) == "not tested"
    assert fought((high, 0.1, True), (mixed, 0.1, True)) == "depends"
    assert fought((high, 0.1, False), (mixed, 0.1, True)) == "not tested"
