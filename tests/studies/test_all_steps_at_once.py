"""Products counted where they can be counted by hand; times that are taken in turns; a rule that can turn."""

import math

import numpy as np
import pytest

from seqlib.models import scan
from seqlib.studies import all_steps_at_once as study


@pytest.mark.parametrize("steps", [1, 2, 7, 8, 100])
def test_a_loop_has_a_product_for_each_step_and_all_wait(steps):
    assert study.counted(scan.recurrence, steps) == (steps, steps)


@pytest.mark.parametrize("steps", [2, 5, 8, 64, 100])
def test_both_scans_are_shallow_and_pairs_are_thrifty(steps):
    work, depth = study.counted(scan.scan, steps)
    rounds = math.ceil(math.log2(steps))
    assert work <= 3 * steps and depth <= 2 * rounds
    work, depth = study.counted(scan.scan_doubling, steps)
    joins = sum(steps - 2**k for k in range(rounds))
    assert work == 2 * joins and depth == rounds


def test_every_way_runs_and_is_timed_as_often_as_asked():
    found = study.clocked([5, 8], rounds=2)
    assert set(found) == {(name, steps) for name in study.WAYS for steps in (5, 8)}
    assert all(len(seconds) == 2 and min(seconds) >= 0 for seconds in found.values())
    with pytest.raises(ValueError, match="expected one of"):
        study.prepared("by magic", 5)


def test_an_exponent_is_found_again():
    lengths = np.array([10, 100, 1000, 10_000])
    assert study.growth(lengths, 3e-5 * lengths**1.7) == pytest.approx(1.7)
    with pytest.raises(ValueError, match="at least 3"):
        study.growth([10, 20], [1.0, 2.0])


@pytest.mark.parametrize(
    ("found", "verdict"), [({1: 1.1, 2: 1.9}, "holds"), ({1: 1.1, 2: 1.6}, "depends"), ({1: 1.9, 2: 1.9}, "fails")]
)
def test_the_rule_turns_with_the_exponents(found, verdict):
    assert study.verdict_growth(found) == verdict


def test_a_rule_without_numbers_is_refused():
    with pytest.raises(ValueError, match="expected exponents"):
        study.verdict_growth({})


@pytest.mark.parametrize(
    ("way", "verdict"), [(scan.scan, "holds"), (scan.scan_doubling, "fails"), (scan.recurrence, "fails")]
)
def test_only_the_scan_by_pairs_is_cheap_in_work_and_depth(way, verdict):
    lengths = [32, 128, 1024]
    work, depth = zip(*(study.counted(way, steps) for steps in lengths), strict=True)
    assert study.verdict_cheap(lengths, work, depth) == verdict
    with pytest.raises(ValueError, match="lengths"):
        study.verdict_cheap([32], [1], [1])
