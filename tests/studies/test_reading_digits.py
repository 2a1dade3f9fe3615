"""Readers of digits: they learn, a change reaches every batch, and a verdict can come out either way."""

import numpy as np
import pytest
import torch

from seqlib.data.digits import embedded_digits
from seqlib.studies.reading_digits import (
    ConvNet,
    PictureGRU,
    alike,
    beats,
    fairly,
    learn,
    rates_fit,
    right,
    simple_readers,
    together,
)

X, Y, TEST_X, TEST_Y = embedded_digits()
ORDER = np.random.default_rng(0).permutation(64)


@pytest.mark.parametrize("make", [ConvNet, PictureGRU, lambda: PictureGRU(1, ORDER)])
def test_each_reader_learns_a_few_pictures(make):
    torch.manual_seed(0)
    model = make()
    history = learn(model, X[:40], Y[:40], 120)
    assert history.last(5) < 0.75 * history.losses[0]
    found = right(model, X[:40], Y[:40])
    assert found.shape == (40,) and found.dtype == bool and found.mean() > 0.4 and model.training


def test_an_order_of_pixels_is_a_reading_of_the_same_pixels():
    torch.manual_seed(0)
    plain, moved = PictureGRU(1), PictureGRU(1, ORDER)
    moved.load_state_dict(plain.state_dict())
    mixed = torch.from_numpy(X[:5]).flatten(1)[:, ORDER].reshape(5, 8, 8)
    assert torch.equal(moved(torch.from_numpy(X[:5])), plain(mixed))


def test_a_change_is_done_to_every_batch():
    seen = []
    learn(ConvNet(2), X[:100], Y[:100], 3, change=lambda x: seen.append(x.shape) or x)
    assert seen == [(64, 8, 8)] * 3


def test_the_bars_stand_where_the_bars_stand():
    found = {name: right(bar, TEST_X, TEST_Y).mean() for name, bar in simple_readers(X, Y).items()}
    assert found["logistic regression"] < found["1-nearest neighbour"] < 0.98 and min(found.values()) > 0.85


def test_a_verdict_turns_with_the_numbers():
    assert beats([98.4, 98.6], 98.0) == "holds" and beats([98.4, 98.6], [98.3, 98.2]) == "holds"
    assert beats([97.0, 97.9], 98.0) == "fails" and beats([97.0, 98.0], [98.0, 98.4]) == "fails"
    assert beats([97.9, 98.4], 98.0) == "depends" and beats([98.0, 98.6], [98.2, 98.1]) == "depends"


def test_an_unfinished_or_unfair_fight_has_no_verdict():
    assert fairly([98.4], [97.0], [0.01, 0.02]) == "holds" and fairly([96.0], [97.0], [0.01]) == "fails"
    assert fairly([98.4], [97.0], [0.01, 0.2]) == "not tested"


def test_who_lost_at_a_bad_rate_has_not_been_tested_and_who_won_at_one_has():
    assert fairly([98.4], [97.0], [0.01], (True, False)) == "not tested"
    assert fairly([98.4], [97.0], [0.01], (False, True)) == "holds"
    assert fairly([96.0], [97.0], [0.01], (False, True)) == "not tested"
    assert fairly([96.0], [97.0], [0.01], (True, False)) == "fails"
    assert fairly([96.0, 98.0], [97.0], [0.01], (True, False)) == "not tested"


def test_a_rate_fits_where_it_is_near_the_best_and_the_best_is_inside():
    assert rates_fit([60, 90, 97, 96, 80]) and rates_fit([60, 90, 97, 97.5, 80])
    assert not rates_fit([60, 90, 97, 97.6, 80])  # the one used is too far from the best
    assert not rates_fit([60, 90, 97, 96, 97.2]) and not rates_fit([97.2, 90, 97, 96, 90])  # the best is at an end


def test_one_verdict_on_several_readers_needs_them_all():
    assert together(["holds", "holds"]) == "holds" and together(["fails", "fails"]) == "fails"
    assert together(["holds", "fails"]) == "depends" == together(["holds", "depends"])
    assert together(["holds", "not tested"]) == "not tested"


def test_alike_is_an_overlap_of_seeds_after_a_fair_fight():
    assert alike([95.0, 96.0], [95.5, 96.5], [0.01]) == "holds" == alike([95.5, 96.5], [95.0, 96.0], [0.01])
    assert alike([95.0, 96.0], [96.1, 96.5], [0.01]) == "fails" == alike([96.1, 96.5], [95.0, 96.0], [0.01])
    assert alike([95.0, 96.0], [95.5, 96.5], [0.2]) == "not tested"
    assert alike([95.0, 96.0], [95.5, 96.5], [0.01], (True, False)) == "not tested"
