"""The verdicts of 10 to 12 turn when the numbers do."""

import pytest

from seqlib.studies import attention_judged as rules


def run(best=4e-3, rates=(2e-3, 4e-3, 8e-3)):
    results = {"ours, rate": [best] * 3} | {f"ours, nats at rate {rate:g}": [0.1] * 3 for rate in rates}
    return {"results": results, "seeds": [0, 1, 2]}


@pytest.mark.parametrize(
    ("found", "fair"),
    [
        (run(), True),
        (run(best=8e-3), False),  # the best rate lies at the rim
        (run(rates=(4e-3, 8e-3)), False),
        (None, False),
    ],
)
def test_a_fair_fight_has_its_best_rate_inside(found, fair):
    assert rules.searched(found, "ours") is fair


def test_settings_tell_rates_and_seeds_or_that_there_are_none():
    assert rules.settings(run(), "ours") == "3 seeds; ours: best of 0.002, 0.004, 0.008 is 0.004"
    assert "recorded" in rules.settings(None, "ours")
    assert rules.recorded_if_there("10_nobody") is None
    assert rules.recorded_if_there("10_width")["name"] == "10_width"


@pytest.mark.parametrize(
    ("ours", "rival", "fair", "verdict"),
    [
        ((90, 91, 92), (50, 51, 52), True, "holds"),
        ((50, 51, 52), (90, 91, 92), True, "fails"),
        ((50, 90, 92), (51, 52, 53), True, "depends"),
        ((90, 91, 92), (50, 51, 52), False, "not tested"),
        ((90, 91), (50, 51), True, "not tested"),
        ((90, 91, 92), (0, 1, 2), True, "not tested"),  # the rival has not learned
        ((100, 100, 100), (99, 99, 100), True, "not tested"),  # nothing can be told apart
    ],
)
def test_two_sides_are_compared_by_every_seed(ours, rival, fair, verdict):
    assert rules.compared(ours, rival, fair) == verdict


@pytest.mark.parametrize(
    ("beam", "verdict"),
    [((55, 56, 57), "holds"), ((50, 51, 52), "fails"), ((55, 51, 52), "depends"), ((55, 56), "not tested")],
)
def test_a_beam_pays_in_every_seed_or_not(beam, verdict):
    assert rules.beam_pays(beam, (50, 51, 52)[: len(beam)]) == verdict


@pytest.mark.parametrize(
    ("long", "rival", "fair", "verdict"),
    [
        ((98, 99, 97), (50, 51, 52), True, "holds"),
        ((60, 61, 62), (50, 51, 52), True, "fails"),
        ((98, 60, 97), (50, 51, 52), True, "depends"),
        ((98, 99, 97), (95, 96, 97), True, "not tested"),  # no rival suffers: the lengths are too easy
        ((98, 99, 97), (50, 51, 52), False, "not tested"),
    ],
)
def test_length_costs_nothing_only_where_it_costs_a_rival(long, rival, fair, verdict):
    assert rules.keeps((100, 100, 99), long, rival, fair) == verdict


@pytest.mark.parametrize(
    ("kept", "followed", "verdict"),
    [
        ((2, 3, 4), (90, 92, 95), "fails"),
        ((90, 91, 92), (2, 3, 4), "holds"),
        ((50, 51, 52), (30, 31, 32), "depends"),
        ((2,), (90,), "not tested"),
    ],
)
def test_whether_answers_follow_the_weights(kept, followed, verdict):
    assert rules.weights_matter(kept, followed) == verdict


def test_where_it_looks_is_compared_with_chance():
    assert rules.looks_at_it((0.9, 0.95, 0.97), 0.4) == "holds"
    assert rules.looks_at_it((0.3, 0.35, 0.4), 0.4) == "fails"
    assert rules.looks_at_it((0.5, 0.95, 0.97), 0.4) == "depends"
    assert rules.looks_at_it((0.9,), 0.4) == "not tested"


def test_hits_misses_places_and_parts_turn_too():
    assert [rules.aligned({"dot": hits}, 30) for hits in ((95, 96), (20, 96), (80, 96))] == [
        "holds",
        "fails",
        "depends",
    ]
    assert [rules.needs_places(*moved) for moved in ((1e-15, 0.1), (0.2, 0.1))] == ["holds", "fails"]
    seen = (90, 91, 92)
    told = [rules.knows_parts(held, seen, True) for held in ((88, 90, 91), (20, 21, 22), (60, 90, 91))]
    assert told == ["holds", "fails", "depends"] and rules.knows_parts(seen, seen, False) == "not tested"
