"""Each rule of the claims of 13, 14 and 16 can come out in every way, and a fight that was not fair has no verdict."""

import pytest

from seqlib.studies import who_wins_fairly as rules
from seqlib.studies.who_wins_fairly import Side


def inside(*scores):
    return Side(scores, 2e-3, 1e-3, 4e-3)


@pytest.mark.parametrize(
    ("these", "others", "verdict"),
    [
        ((90, 91, 92), (80, 85, 89), "holds"),
        ((80, 85, 89), (90, 91, 92), "fails"),
        ((80, 91, 92), (79, 85, 89), "depends"),
        ((99.5, 100, 100), (99.9, 100, 99.7), "not tested"),
        ((99.5, 100, 100), (0, 1, 2), "not tested"),
        ((99.5, 100), (80, 85), "not tested"),
    ],
)
def test_who_wins(these, others, verdict):
    assert rules.wins(inside(*these), inside(*others)) == verdict


@pytest.mark.parametrize("rate", [1e-3, 4e-3])
def test_a_rate_at_the_end_of_those_tried_gives_no_verdict(rate):
    good, bad = (90, 91, 92), (50, 51, 52)
    assert rules.wins(Side(good, rate, 1e-3, 4e-3), inside(*bad)) == "not tested"
    assert rules.wins(inside(*good), Side(bad, rate, 1e-3, 4e-3)) == "not tested"


def test_a_rival_of_which_one_run_has_not_begun_is_not_trained():
    assert rules.wins(inside(97.0, 98.0, 98.5), inside(96.0, 0.0, 95.0)) == "not tested"
    assert rules.wins(inside(97.0, 98.0, 98.5), inside(96.0, 94.0, 95.0)) == "holds"


def test_a_part_is_needed_where_nothing_is_learned_without_it():
    whole = inside(90, 91, 92)
    assert rules.needed(whole, inside(0, 0, 0)) == "holds"
    assert rules.needed(whole, inside(99.5, 100, 100)) == "fails"  # it learns all of it without
    assert rules.needed(whole, Side((0, 0, 0), 1e-3, 1e-3, 4e-3)) == "holds"  # no rate helped
    assert rules.needed(whole, inside(70, 80, 85)) == "holds"
    assert rules.needed(whole, inside(70, 95, 85)) == "depends"
    assert rules.needed(whole, inside(95, 95, 95)) == "fails"
    assert rules.needed(whole, Side((70, 80, 85), 1e-3, 1e-3, 4e-3)) == "not tested"


def test_alike():
    assert rules.alike(inside(80, 85, 90), inside(82, 84, 91)) == "holds"
    assert rules.alike(inside(80, 85, 90), inside(60, 61, 62)) == "fails"
    assert rules.alike(inside(100, 100, 100), inside(100, 100, 100)) == "not tested"


def test_carrying_beyond_the_training():
    assert rules.carries([(95, 96, 97), (99, 99, 92)]) == "holds"
    assert rules.carries([(95, 96, 97), (20, 30, 92)]) == "depends"
    assert rules.carries([(10, 9, 12), (20, 30, 25)]) == "fails"


def test_one_head():
    one, two = inside(50, 60, 55), inside(97, 98, 96)
    assert rules.one_head_suffices(one, two, inside(90, 97, 95)) == "depends"
    assert rules.one_head_suffices(one, two, inside(60, 70, 65)) == "holds"
    assert rules.one_head_suffices(inside(97, 98, 96), two, inside(97, 98, 96)) == "depends"
    assert rules.one_head_suffices(inside(99, 98.5, 98.9), two, inside(97, 98, 96)) == "fails"
    assert rules.one_head_suffices(one, inside(100, 100, 100), inside(100, 100, 99.5)) == "depends"
    assert rules.one_head_suffices(Side((50, 60, 55), 1e-3, 1e-3, 4e-3), two, two) == "not tested"


def test_small_ratios():
    assert rules.small([1e-5, 1e-3]) == "holds"
    assert rules.small([1e-5, 0.4]) == "depends"
    assert rules.small([0.2, 0.4]) == "fails"


def test_one_verdict_for_several():
    assert rules.everywhere(["holds", "holds"]) == "holds"
    assert rules.everywhere(["holds", "fails"]) == "depends"
    assert rules.everywhere(["not tested", "fails"]) == "fails"
    assert rules.everywhere(["not tested", "not tested"]) == "not tested"


def test_a_side_is_read_from_a_recording():
    results = {"one, new": [90.0, 91.0, 92.0], "one, rate": [2e-3] * 3, "one, rates tried": [1e-3, 4e-3, 3]}
    found = rules.side(results, "one, new", "one")
    assert found == Side((90.0, 91.0, 92.0), 2e-3, 1e-3, 4e-3) and found.searched
    assert str(found) == "91.0 (90.0–92.0; rate 0.002 of 0.001 to 0.004)"


def test_a_loss_wins_where_it_is_lower():
    results = {"rms": [1.9, 1.91, 1.92], "layer": [1.95, 1.96, 1.97], "slow": [1.93, 1.955, 1.9]}
    results |= {f"{name}, rate": [0.03] * 3 for name in results} | {
        f"{name}, rates tried": [0.015, 0.06, 3] for name in results
    }
    rms, layer, slow = (rules.of_losses(results, name, name) for name in ("rms", "layer", "slow"))
    limits = rules.losses_below(float("inf"))
    assert rules.wins(rms, layer, **limits) == "holds" and rules.wins(layer, rms, **limits) == "fails"
    assert rules.wins(slow, layer, **limits) == "depends"
    assert rules.alike(slow, layer, **limits) == "holds" and rules.alike(rms, layer, **limits) == "fails"
    assert rules.wins(rms, layer) == "not tested"  # as percent both are at the floor
    at_the_edge = {**results, "rms, rate": [0.06] * 3}
    assert rules.wins(rules.of_losses(at_the_edge, "rms", "rms"), layer, **limits) == "not tested"
    assert rules.wins(rms, layer, **rules.losses_below(1.0)) == "not tested", "neither has passed the bar"


def test_a_bar_is_beaten_by_every_seed_by_none_or_by_some():
    def at(*scores, rate=2.0):
        return Side(scores, rate, 1.0, 4.0)

    above = rules.above
    assert above(at(80.0, 81.0, 82.0), 79.9) == "holds"
    assert above(at(80.0, 81.0, 82.0), 82.0) == "fails"
    assert above(at(80.0, 81.0, 82.0), 80.5) == "depends"
    assert above(at(80.0, 81.0), 70.0) == "not tested"
    assert above(at(80.0, 81.0, 82.0, rate=4.0), 70.0) == "not tested"


def test_sooner_asks_that_both_learn_it_in_the_end():
    quick = {10: inside(100, 100, 100), 20: inside(100, 100, 100)}
    slow = {10: inside(50, 60, 70), 20: inside(99.5, 100, 100)}
    assert rules.sooner(quick, slow) == "holds" and rules.sooner(slow, quick) == "fails"
    assert rules.sooner(quick, slow | {20: inside(50, 100, 100)}) == "not tested"  # one never did
    assert rules.sooner(quick, slow | {10: Side((50, 60, 70), 1e-3, 1e-3, 4e-3)}) == "not tested"  # no rate searched
    assert rules.sooner(quick, quick) == "not tested"  # both had learned it before the first look
    assert rules.sooner({10: inside(60, 65, 100), 20: quick[20]}, slow) == "depends"
    crossed = {5: inside(10, 10, 10), **quick}
    assert rules.sooner(crossed, {5: inside(20, 20, 20), **slow}) == "depends"
