"""Counting language models: against a brute-force count, sums to one, a published figure."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqlib.data import encode_chars, split_in_time
from seqlib.models.ngram import NGram

SHAKESPEARE = Path(__file__).resolve().parents[3] / "shared" / "datasets" / "tinyshakespeare" / "input.txt"
TEXT = "the dog bit the man and the man bit the dog then the end"


def brute_force(pieces, vocab_size, order, smoothing, k=1.0):
    """p(token | context) by recounting the text for every question."""

    def counts(context):
        n = len(context)
        found = Counter()
        for piece in pieces:
            for t in range(n, len(piece)):
                if tuple(piece[t - n : t]) == context:
                    found[piece[t]] += 1
        return found

    def prob(token, context):
        context = tuple(context[max(0, len(context) - order + 1) :])
        if smoothing == "add":
            seen = counts(context)
            return (seen[token] + k) / (sum(seen.values()) + k * vocab_size)
        shorter = prob_shorter(token, context)
        seen = counts(context)
        if not seen:
            return shorter
        return (seen[token] + len(seen) * shorter) / (sum(seen.values()) + len(seen))

    def prob_shorter(token, context):
        return prob(token, context[1:]) if context else 1 / vocab_size

    return prob


@pytest.mark.parametrize("smoothing", ["witten-bell", "add"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_log_prob_equals_brute_force(order, smoothing):
    ids, vocabulary = encode_chars(TEXT)
    V = vocabulary.size + 2  # two tokens that never occur
    model = NGram(order, V, smoothing, k=0.3).fit(ids)
    prob = brute_force([ids.tolist()], V, order, smoothing, 0.3)
    test = np.random.default_rng(0).integers(0, V, 40)
    test[5:25] = ids[7:27]
    expected = [math.log(prob(int(test[t]), tuple(test[:t].tolist()))) for t in range(len(test))]
    np.testing.assert_allclose(model.log_prob(test), expected, rtol=1e-12)
    assert model.nll(test) == pytest.approx(-np.mean(expected))


def test_a_list_of_arrays_keeps_them_apart():
    pieces = [np.array([0, 1, 2, 1]), np.array([2]), np.array([1, 1, 0, 2, 2])]
    model = NGram(3, 4).fit(pieces)
    prob = brute_force([piece.tolist() for piece in pieces], 4, 3, "witten-bell")
    places = [(piece.tolist(), t) for piece in pieces for t in range(len(piece))]
    expected = [math.log(prob(piece[t], tuple(piece[:t]))) for piece, t in places]
    np.testing.assert_allclose(model.log_prob(pieces), expected, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["witten-bell", "add"])
def test_next_sums_to_one_for_every_context_and_agrees_with_log_prob(smoothing):
    V, order = 4, 3
    ids = np.random.default_rng(1).choice(V - 1, 60, p=[0.6, 0.3, 0.1])  # the last token is never seen
    model = NGram(order, V, smoothing, k=0.5).fit(ids)
    contexts = [()] + [(a,) for a in range(V)] + [(a, b) for a in range(V) for b in range(V)]
    for context in contexts:
        probs = model.next(context)
        assert probs.shape == (V,) and (probs > 0).all()
        assert probs.sum() == pytest.approx(1, abs=1e-12)
        each = [np.exp(model.log_prob(np.array([*context, token]))[-1]) for token in range(V)]
        np.testing.assert_allclose(probs, each, rtol=1e-12)
    np.testing.assert_array_equal(model.next([3, 0, 1, 2]), model.next([1, 2]))


def test_samples_follow_the_probabilities():
    model = NGram(2, 3).fit(np.array([0, 1, 0, 1, 0, 2, 0, 1]))
    draws = model.sample(4000, np.random.default_rng(0), context=[0])
    after_0 = draws[1:][draws[:-1] == 0]
    np.testing.assert_allclose(np.bincount(after_0, minlength=3) / len(after_0), model.next([0]), atol=0.03)
    again = model.sample(20, np.random.default_rng(5))
    np.testing.assert_array_equal(again, model.sample(20, np.random.default_rng(5)))


def test_large_vocabularies_do_not_overflow():
    ids = np.random.default_rng(0).integers(0, 50_000, 3000)
    model = NGram(6, 50_000).fit(ids)
    assert model.nll(ids) < 3 < model.nll(np.random.default_rng(1).integers(0, 50_000, 3000))
    assert model.next(ids[:5]).argmax() == ids[5]


def test_bad_arguments_say_so():
    wrong = [((0, 5), "order"), ((2, 0), "vocab_size"), ((2, 5, "kneser"), "add"), ((2, 5, "add", 0), "k")]
    for arguments, says in wrong:
        with pytest.raises(ValueError, match=f"{says}.*, got"):
            NGram(*arguments)
    with pytest.raises(ValueError, match="call fit first"):
        NGram(2, 5).log_prob(np.array([1]))
    with pytest.raises(ValueError, match="call fit first"):
        NGram(2, 5).next([1])
    with pytest.raises(ValueError, match="at least one token"):
        NGram(2, 5).fit(np.array([], dtype=int))
    with pytest.raises(ValueError, match="0 … 4, got 7"):
        NGram(2, 5).fit(np.array([1, 7]))
    with pytest.raises(ValueError, match="integer ids"):
        NGram(2, 5).fit(np.array([0.5, 1.0]))


def test_the_known_figure_on_tinyshakespeare():
    if not SHAKESPEARE.exists():
        pytest.skip("no mirror of the data sets beside the repository")
    train, test = split_in_time(SHAKESPEARE.read_text(encoding="utf-8"), (0.9, 0.1))
    ids, vocabulary = encode_chars(train)
    model = NGram(5, vocabulary.size).fit(ids)
    assert model.nll(vocabulary.encode(test)) == pytest.approx(1.669, abs=0.005)
