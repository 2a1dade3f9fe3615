"""Counting: words alone are blind to order, neighbours are not, weights are log ratios, verdicts turn."""

import numpy as np
import pytest

from seqlib.data import negation_grammar
from seqlib.studies.counting_words import better, by_ratios, by_weights, settled

NEAR = (1,)
RNG = np.random.default_rng(0)
REVIEWS, MOODS = negation_grammar(RNG, 300, distances=NEAR)
NEW, RIGHT = negation_grammar(RNG, 200, distances=NEAR, exclude=REVIEWS)


@pytest.mark.parametrize("count", [by_weights, by_ratios])
def test_words_alone_are_at_chance_and_neighbours_are_not(count):
    alone, neighbours = (((count(REVIEWS, MOODS, NEW, longest=n) > 0.5) == RIGHT).mean() for n in (1, 2))
    assert abs(alone - 0.5) < 0.02 and neighbours > 0.95


def test_ratios_are_those_that_are_given():
    seen = []

    def ratio(positive, negative):
        seen.append((positive, negative))
        return np.log((positive + 1) / (positive + 1).sum()) - np.log((negative + 1) / (negative + 1).sum())

    sentences = [["good", "good", "film"], ["bad", "film"], ["good"], ["film"]]
    chances = by_ratios(sentences, [1, 0, 1, 0], [["good"], ["bad"]], longest=1, ratio=ratio)
    assert [part.tolist() for part in seen[0]] == [[0, 1, 2], [1, 2, 0]]  # bad, film, good: sentences, not words
    np.testing.assert_allclose(chances, by_ratios(sentences, [1, 0, 1, 0], [["good"], ["bad"]], longest=1))
    assert chances[0] > 0.5 > chances[1]


def test_a_verdict_turns_with_the_numbers():
    assert better([82, 83, 84], [80, 81.9]) == "holds"
    assert better([80, 81.9], [82, 83, 84]) == "fails"
    assert better([80, 82, 84], [81, 83, 85]) == "depends"
    assert better([82], [82]) == "fails", "not better is not better"
    assert settled("fails", 4e-3, [2e-3, 4e-3, 8e-3]) == "fails"
    assert settled("fails", 8e-3, [2e-3, 4e-3, 8e-3]) == settled("holds", 2e-3, [2e-3, 4e-3]) == "not tested"
