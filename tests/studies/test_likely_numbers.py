"""The town's habits, its bigrams, and a beam that asks them, against enumeration and against the notebook's own."""

import itertools

import numpy as np
import pytest
import torch

from seqlib.exercises.nb19_speech_ctc import _collapse, _grow
from seqlib.studies.hearing_digits import Listener
from seqlib.studies.likely_numbers import (
    BONUSES,
    LENGTH,
    WEIGHTS,
    bigrams,
    habits,
    likeliest,
    spoken_in_town,
    town_calls,
    town_numbers,
    weighed,
)


def test_bigrams_find_the_towns_habits():
    habit = habits()
    assert np.allclose(habit.sum(axis=1), 1) and np.allclose(habit.max(axis=1) / habit.min(axis=1), 7)
    numbers = town_numbers(np.random.default_rng(0), 4000, habit)
    log_q = bigrams(numbers)
    assert {len(n) for n in numbers} == {LENGTH} and np.isneginf(log_q[:, 0]).all()
    assert np.abs(np.exp(log_q[:, 1:]) - habit).max() < 0.04
    # By hand: after 4 came 0 once and 7 once, with half a count more for each of ten digits.
    assert np.exp(bigrams(["40", "47"])[5, [1, 8, 2]]) == pytest.approx([1.5 / 7, 1.5 / 7, 0.5 / 7])


@pytest.mark.parametrize("asked", [False, True])
def test_a_wide_beam_finds_what_enumeration_finds(asked):
    rng = np.random.default_rng(3)
    for _ in range(5):
        log_p = torch.tensor(rng.normal(size=(5, 4))).log_softmax(dim=1).numpy()
        log_lm = weighed(
            torch.tensor(rng.normal(size=(4, 4))).log_softmax(dim=1).numpy() if asked else np.zeros((4, 4)), 0.7, 0.3
        )
        sums = {}
        for path in itertools.product(range(4), repeat=5):
            said = tuple(_collapse(path))
            asks = sum(log_lm[last, k] for last, k in itertools.pairwise([0, *said]))
            sums[said] = sums.get(said, 0.0) + np.exp(log_p[range(5), path].sum() + asks)
        assert likeliest(log_p, 10**6, log_lm) == max(sums, key=sums.get)


def test_it_is_the_beam_of_the_notebook():
    rng = np.random.default_rng(4)
    log_p = torch.tensor(2 * rng.normal(size=(30, 11))).log_softmax(dim=1).numpy()
    log_lm, beams = bigrams(["407171", "2255"]), {(): (0.0, -np.inf)}
    for frame in log_p:
        grown = _grow(beams, frame, log_lm)
        best = sorted(grown, key=lambda k, grown=grown: -np.logaddexp(*grown[k]))[:4]
        beams = {prefix: grown[prefix] for prefix in best}
    assert likeliest(log_p, 4, log_lm) == best[0]


def test_weight_and_bonus():
    log_q = np.log([[0.0 + 1e-300, 0.5, 0.5]])
    assert np.allclose(weighed(log_q, 0.5, 1.0)[0, 1:], 0.5 * np.log(0.5) + 1)
    assert np.isneginf(weighed(np.array([[-np.inf]]), 0.0, 2.0)).all()
    assert (0.0 in WEIGHTS) and (0.0 in BONUSES)  # no language model at all is a choice


def test_a_long_call_does_not_become_zero():
    log_p = np.full((5000, 3), np.log([0.1, 0.2, 0.7]))
    assert likeliest(log_p, 4)[0] == 2


def test_a_knowing_network_hears_the_town():
    class Knowing(Listener):
        """Says what was dialled, a digit every third frame."""

        def forward(self, x):
            digits = next(said)
            log_p = torch.full((len(digits), x.shape[1], 11), -9.0)
            log_p[..., 0] = 0.0
            for row, number in zip(log_p, digits, strict=True):
                for k, digit in enumerate(number):
                    row[3 * k, int(digit) + 1], row[3 * k, 0] = 0.0, -9.0
            return log_p.log_softmax(dim=2)

    said = iter([[c.digits for c in town_calls([19, part], size)] for part, size in ((1, 2), (2, 4))])
    found = spoken_in_town(Knowing(4), 4)
    assert found["town, greedy"] == found["town, beam"] == found["town, bigrams"] == 0.0
    assert found["town, weight"] in WEIGHTS and found["town, bonus"] in BONUSES
