"""Every rule behind a verdict of notebook 21, fed with numbers that turn it."""

import math

import numpy as np
import pytest

from seqlib.studies import what_cost_says as says
from seqlib.studies.loss_against_compute import point
from seqlib.studies.what_length_costs import LENGTHS, says_exponent


def costs(kind: str, what: str, power: float) -> dict:
    return {f"{kind}, {what}, {steps}": [steps**power * r for r in (1.0, 1.01, 0.99)] for steps in LENGTHS}


def test_which_layer_trains_more_slowly():
    lstm = costs("nn.LSTM", "training", 1.0)
    for factor, expected in ((0.5, "holds"), (2.0, "depends")):
        attention = {f"fused attention, training, {t}": [factor * t] * 3 for t in LENGTHS}
        assert says.steps_in_turn(lstm | attention)[1] == expected
    bent = {f"fused attention, training, {t}": [t * t / 500] * 3 for t in LENGTHS}
    assert says.steps_in_turn(lstm | bent)[1] == "depends"


def test_an_exponent_is_what_is_claimed_or_not():
    assert says_exponent(1.9, 0.02, 2.0) == "holds"
    assert says_exponent(1.7, 0.2, 2.0) == "holds"
    assert says_exponent(1.7, 0.02, 2.0) == "depends"
    assert says_exponent(1.0, 0.02, 2.0) == "fails"


def test_exponents_of_several_layers():
    both = costs("a", "training", 1.0) | costs("b", "training", 2.0)
    assert says.exponents(both, "training", ("a", "b"), {"a": 1.0, "b": 2.0}, 64)[1] == "holds"
    assert says.exponents(both, "training", ("a", "b"), {"a": 2.0, "b": 1.0}, 64)[1] == "fails"
    assert says.exponents(both, "training", ("a", "b"), {"a": 1.0, "b": 1.0}, 64)[1] == "depends"


def test_where_two_curves_cross():
    lengths = np.array([10.0, 100.0, 1000.0])
    assert says.crossing(lengths, lengths**2 / 50, lengths) == pytest.approx(50)
    assert says.crossing(lengths, lengths * 2, lengths) == 0
    assert math.isinf(says.crossing(lengths, lengths / 2, lengths))


def test_whether_attention_is_the_cheaper_one_while_the_length_is_below_the_width():
    assert says.shorter_than_wide({32: 40.0, 64: math.inf})[1] == "holds"
    assert says.shorter_than_wide({32: 20.0, 64: 70.0})[1] == "depends"
    assert says.shorter_than_wide({32: 20.0, 64: 0.0})[1] == "fails"


@pytest.mark.parametrize(
    ("grows", "last", "expected"),
    [(False, 1.1, "holds"), (False, 3.0, "fails"), (False, 1.5, "depends"), (True, 3.0, "holds"), (True, 1.5, "fails")],
)
def test_along_a_stream(grows, last, expected):
    results = {"x, 1024": [1.0] * 3, "x, 8192": [last] * 3, "x, kept": [10.0] * 3}
    assert says.along_a_stream(results, "x", grows)[1] == expected


def test_a_vector_waits_for_memory_or_does_not():
    k = 1024
    roof = {"peak": [1e11], "bandwidth": [1e10], f"({k}, {k}) @ ({k}, {k})": [2 * k**3 / 8e10]}
    row = f"(1, {k}) @ ({k}, {k})"
    assert says.below_the_roof(roof | {row: [4 * k * k / 8e9]})[1] == "holds"
    assert says.below_the_roof(roof | {row: [4 * k * k / 2e9]})[1] == "depends"
    assert says.below_the_roof(roof | {row: [2 * k * k / 9e10]})[1] == "fails"


def test_whether_a_remedy_is_quicker():
    plain = {"1 pieces": [1.0, 1.1, 0.9]}
    assert says.quicker(plain | {"x": [0.5, 0.5, 0.5]}, "x")[1] == "holds"
    assert says.quicker(plain | {"x": [2.0, 2.0, 2.0]}, "x")[1] == "fails"
    assert says.quicker(plain | {"x": [1.0, 1.0, 1.0]}, "x")[1] == "depends"
    assert says.quicker(plain, "x")[1] == "not tested"


def test_half_precision_is_judged_where_there_are_instructions_for_it():
    slow = {"1 pieces": [1.0] * 3, "bfloat16": [4.0] * 3}
    assert says.half_precision(slow | {"bfloat16 instructions": [1.0]})[1] == "fails"
    assert says.half_precision(slow | {"bfloat16 instructions": [0.0]})[1] == "depends"
    quick = {"1 pieces": [1.0] * 3, "bfloat16": [0.5] * 3, "bfloat16 instructions": [1.0]}
    assert says.half_precision(quick)[1] == "holds"


def test_two_processes():
    found = {
        "half a batch against the whole": 0.1,
        "averaged by hand against the whole": 1e-16,
        "DistributedDataParallel against the whole": 1e-16,
        "bytes of Adam's state in one process": 100.0,
        "bytes of the cut state in process 0": 50.0,
    }
    assert [row[3] for row in says.together(found)] == ["holds", "holds"]
    worse = {"averaged by hand against the whole": 0.1, "bytes of the cut state in process 0": 100.0}
    assert [row[3] for row in says.together(found | worse)] == ["fails", "fails"]
    assert [row[3] for row in says.together({})] == ["not tested", "not tested"]


def test_whether_memory_is_bought_at_the_price_that_is_said():
    plain = {"1 pieces": [1.0] * 3, "1 pieces, held": [100.0] * 3}
    for seconds, held, expected in ((1.3, 40.0, "holds"), (3.0, 40.0, "depends"), (3.0, 90.0, "fails")):
        results = plain | {"x": [seconds] * 3, "x, held": [held] * 3}
        assert says.saves_memory(results, "x", 0.5, 1.45)[1] == expected


def scaled(lowest=2, seeds=3, rate=0.04) -> dict:
    """Three budgets with four sizes each, the lowest loss at the size of this place; one of three rates best."""
    found = {}
    for level in (1e9, 2e9, 4e9):
        for place, size in enumerate((100, 200, 400, 800)):
            name = point(level, size)
            found |= {name: [2.0 + abs(place - lowest)] * seeds, f"rate at {name}": [rate] * seeds}
            found |= {f"rate {tried:g} at {name}": [2.0] * seeds for tried in (0.02, 0.04, 0.08)}
    return found


def test_an_optimum_at_an_edge_is_noticed():
    assert says.at_an_edge(scaled()) == [] and says.at_an_edge(scaled(lowest=1)) == []
    assert says.at_an_edge(scaled(lowest=0)) == says.at_an_edge(scaled(lowest=3)) == [1e9, 2e9, 4e9]


def test_whether_a_forecast_came_true():
    told = scaled() | {"foretold, low": [1.9], "foretold, nats": [2.0], "foretold, high": [2.1]}
    for made, expected in (((2.0, 1.95, 2.05), "holds"), ((2.0, 2.2, 2.3), "depends"), ((1.5, 2.2, 2.3), "fails")):
        results = told | {"made": list(made)}
        assert says.law_held(results)[1] == expected
        assert says.law_held(results | scaled(lowest=0))[1] == "not tested"
        assert says.law_held(results | scaled(rate=0.08))[1] == "not tested"


def test_how_the_best_size_grows():
    def grown(power, error, **how):
        return scaled(**how) | {"foretold, growth": [power], "foretold, growth error": [error]}

    assert says.best_size_grows(grown(0.55, 0.01), 0.5)[1] == "holds"
    assert says.best_size_grows(grown(0.73, 0.01), 0.5)[1] == "fails"
    assert says.best_size_grows(grown(0.55, 0.02), 0.5)[1] == "not tested", "three budgets: 12.7 standard errors"
    for unfair in (dict(lowest=0), dict(seeds=2), dict(rate=0.08), dict(rate=0.02)):
        assert says.best_size_grows(grown(0.55, 0.01, **unfair), 0.5)[1] == "not tested"
