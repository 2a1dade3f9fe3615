"""The verdicts on forecasts turn when the numbers turn."""

import copy

import pytest

from seqlib.studies.forecasts_judged import judged

RUNS = {
    "sun": {f"GRU, {era}": [0.10, 0.11, 0.10] for era in ("1921–55", "1956–79", "1980–2008")},
    "air": {"GRU of levels": [9.0] * 3, "GRU of changes": [0.6, 0.7, 0.6]},
    "town": {
        "autoregression, in it, night": [100.0] * 3,
        "autoregression, in it, noon": [70.0] * 3,
        "autoregression, in the 90 % band": [91.0] * 3,
    },
    "heart": {"GRU, area": [0.99] * 3, "autoregression, area": [0.7] * 3},
    "ett": {"ridge": [0.370], "DLinear": [0.38] * 3, "GRU by days": [0.40, 0.39, 0.41]}
    | {f"{name}, chosen by, rate {rate}": [0.6] * 3 for name in ("DLinear", "GRU by days") for rate in (0.1, 0.01, 1)}
    | {f"{name}, rate": [0.1] * 3 for name in ("DLinear", "GRU by days")},
}
REST = {
    "linear_sun": [0.12, 0.34, 0.17],
    "classical_air": 0.47,
    "memory": {"average": 0.24, "last day": 0.00},
    "leak": {"split at random": 0.8, "split in time": -1.7},
}
BEFORE = ["holds", "not tested", "not tested", "holds", "depends", "holds", "fails"]


def verdicts(runs=None, **changed):
    return [row[3] for row in judged(runs or RUNS, **(REST | changed))]


def test_the_numbers_as_they_are():
    assert verdicts() == BEFORE
    assert all(len(row) == 5 and all(row) for row in judged(RUNS, **REST))


@pytest.mark.parametrize(
    ("place", "where", "value", "turned"),
    [
        (0, ("sun", "GRU, 1980–2008"), [0.2, 0.21, 0.19], "depends"),
        (0, ("sun", "GRU, 1980–2008"), [0.16, 0.18, 0.16], "depends"),
        (1, ("heart", "GRU, area"), [0.66] * 3, "not tested"),
        (2, ("air", "GRU of changes"), [0.4] * 3, "not tested"),
        (3, ("ett", "GRU by days"), [0.40, 0.365, 0.41], "depends"),
        (3, ("ett", "GRU by days"), [0.36, 0.365, 0.35], "fails"),
        (3, ("ett", "DLinear, rate"), [1] * 3, "not tested"),
        (3, ("ett", "GRU by days, rate"), [0.01] * 3, "not tested"),
        (4, ("town", "autoregression, in the 90 % band"), [70.0] * 3, "fails"),
    ],
)
def test_another_number_turns_its_verdict_and_no_other(place, where, value, turned):
    runs = copy.deepcopy(RUNS)
    runs[where[0]][where[1]] = value
    assert verdicts(runs) == [*BEFORE[:place], turned, *BEFORE[place + 1 :]]


@pytest.mark.parametrize(
    ("place", "changed", "turned"),
    [
        (0, {"linear_sun": [0.05, 0.05, 0.05]}, "fails"),
        (5, {"memory": {"average": 0.02, "last day": 0.0}}, "fails"),
        (5, {"memory": {"average": 0.25, "last day": 0.2}}, "fails"),
        (6, {"leak": {"split at random": -1.7, "split in time": -1.7}}, "holds"),
    ],
)
def test_what_is_measured_live_turns_them_too(place, changed, turned):
    assert verdicts(**changed)[place] == turned


def test_bands_that_keep_their_promise_everywhere():
    runs = copy.deepcopy(RUNS)
    runs["town"] |= {"autoregression, in it, night": [91.0] * 3, "autoregression, in it, noon": [88.0] * 3}
    assert verdicts(runs)[4] == "holds"


def test_what_was_not_recorded_is_not_judged():
    runs = RUNS | {"ett": {"ridge": [0.37]}}
    assert verdicts(runs) == [*BEFORE[:3], *BEFORE[4:]]
