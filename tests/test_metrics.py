"""Metrics against independent oracles: scikit-learn, torch's own cross entropy, and sums by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from seqlib import metrics
from seqlib.studies import translating_captions

RNG = np.random.default_rng(5)


class Table(torch.nn.Module):
    """Logits looked up by token, so that what the model says is known."""

    def __init__(self, vocabulary=7):
        super().__init__()
        self.scores = torch.nn.Parameter(torch.tensor(RNG.normal(size=(vocabulary, vocabulary))).float())
        self.modes = []

    def forward(self, x):
        self.modes.append(self.training)
        return self.scores[x]


def random_batch(rows, steps):
    x, y = (torch.tensor(RNG.integers(0, 7, (rows, steps))) for _ in range(2))
    return x, y, torch.tensor(RNG.random((rows, steps)) < 0.6)


def test_nll_is_weighted_by_token_and_not_a_mean_of_batch_means():
    model, batches = Table(), [random_batch(5, 4), random_batch(2, 3), random_batch(1, 11)]
    each = []
    for x, y, mask in batches:
        for row, column in zip(*np.nonzero(mask.numpy()), strict=True):
            logits = model.scores[x[row, column]].detach().double().numpy()
            each.append(np.log(np.exp(logits).sum()) - logits[y[row, column]])
    assert metrics.nll(model, batches) == pytest.approx(np.mean(each), rel=1e-6)
    means = [metrics.nll(model, [batch]) for batch in batches]
    assert abs(np.mean(means) - np.mean(each)) > 1e-3


def test_nll_without_a_mask_counts_every_target_but_minus_100():
    model, (x, y, mask) = Table(), random_batch(6, 5)
    marked = torch.where(mask, y, -100)
    expected = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), marked.flatten()).item()
    assert metrics.nll(model, [(x, marked)]) == pytest.approx(expected, rel=1e-6)
    assert metrics.nll(model, [(x, y, mask)]) == pytest.approx(expected, rel=1e-6)


def test_nll_evaluates_and_gives_the_mode_back():
    model, batch = Table(), random_batch(3, 4)
    model.train()
    metrics.nll(model, [batch])
    assert model.modes == [False] and model.training
    model.eval()
    metrics.nll(model, [batch])
    assert not model.training


def test_nll_sum_survives_large_logits_and_low_precision():
    logits = torch.tensor([[1000.0, 0.0, 0.0], [0.0, 1000.0, 0.0]])
    assert metrics.nll_sum(logits, torch.tensor([0, 0])) == (1000.0, 2)
    assert metrics.nll_sum(logits.bfloat16(), torch.tensor([0, 1])) == (0.0, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: metrics.nll_sum(np.zeros((2, 3, 4)), np.zeros((3, 2), int)), "expected logits of shape"),
        (lambda: metrics.nll_sum(np.zeros((2, 3)), np.zeros(2, int), np.ones(3)), "expected a mask"),
        (lambda: metrics.nll(Table(), [(torch.ones(1, 2).long(), torch.full((1, 2), -100))]), "one target"),
        (lambda: metrics.accuracy([0.2, 0.8], [0, 1]), "argmax"),
        (lambda: metrics.accuracy([0, 1, 1], [0, 1]), "the same"),
        (lambda: metrics.accuracy([0, 1], [0, 1], [False, False]), "at least one"),
        (lambda: metrics.macro_f1([0], [-100]), "at least one"),
        (lambda: metrics.confusion([0, 3], [0, 1], classes=3), "classes 0 to 2"),
        (lambda: metrics.confusion([-1, 0], [0, 1]), "-1"),
        (lambda: metrics.confusion([1, 0], [0, 1], mask=[True]), "expected a mask"),
        (lambda: metrics.bits_per_char(1.0, 0), "above 0"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_units():
    assert metrics.perplexity(math.log(27)) == pytest.approx(27)
    assert metrics.perplexity(1e6) == math.inf
    assert metrics.bits_per_char(math.log(8)) == pytest.approx(3)
    assert metrics.bits_per_char(math.log(8), chars_per_token=4) == pytest.approx(0.75)


@pytest.mark.parametrize("kind", [list, np.asarray, torch.tensor])
def test_classification_agrees_with_scikit_learn(kind):
    actual, predicted = RNG.integers(0, 5, 200), RNG.integers(0, 4, 200)
    ours = [kind(part.tolist()) for part in (predicted, actual)]
    assert metrics.accuracy(*ours) == pytest.approx(oracle.accuracy_score(actual, predicted))
    assert metrics.macro_f1(*ours) == pytest.approx(oracle.f1_score(actual, predicted, average="macro"))
    assert (metrics.confusion(*ours) == oracle.confusion_matrix(actual, predicted)).all()


def test_masked_positions_change_nothing():
    actual, predicted = RNG.integers(0, 4, (6, 9)), RNG.integers(0, 4, (6, 9))
    mask = RNG.random((6, 9)) < 0.5
    marked = np.where(mask, actual, -100)
    expected = oracle.accuracy_score(actual[mask], predicted[mask])
    assert metrics.accuracy(predicted, actual, mask) == pytest.approx(expected)
    assert metrics.accuracy(predicted, marked) == pytest.approx(expected)
    expected = oracle.f1_score(actual[mask], predicted[mask], average="macro")
    assert metrics.macro_f1(predicted, actual, mask=mask) == pytest.approx(expected)
    assert metrics.confusion(predicted, marked, classes=6).shape == (6, 6)


# -- BLEU --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_bleu_is_sacrebleus_also_where_a_candidate_is_empty(seed):
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = np.random.default_rng(seed)
    references = [[str(word) for word in rng.integers(9, size=rng.integers(1, 12))] for _ in range(7)]
    said = [[word if rng.random() < 0.9 else "x" for word in row[: rng.integers(3, 14)]] for row in references]
    said[seed % 7] = []
    metric = sacrebleu.metrics.BLEU(tokenize="none", smooth_method="none", force=True)
    texts = [[" ".join(words) for words in side] for side in (said, references)]
    assert metrics.corpus_bleu(said, references) == pytest.approx(metric.corpus_score(texts[0], [texts[1]]).score)


def test_bleu_where_nothing_is_said_is_0():
    assert metrics.corpus_bleu([[], []], [["a"], ["b", "c"]]) == 0.0
    assert metrics.ngram_matches([], ["a"], 2) == (0, 0) == metrics.ngram_matches(["a"], ["a"], 2)
    assert metrics.corpus_bleu([iter("abcd")], [iter("abcd")]) == pytest.approx(100)


@pytest.mark.parametrize(
    "candidates, references",
    [
        ("the film", "the film"),
        (["the film"], [["the", "film"]]),
        ([["the"]], ["the"]),
        ([["the"]], [["the"], ["film"]]),
        ([], []),
        (None, [["a"]]),
        ([3], [["a"]]),
    ],
)
def test_bleu_refuses_texts_and_sides_that_do_not_pair(candidates, references):
    with pytest.raises(ValueError, match="got"):
        metrics.corpus_bleu(candidates, references)


@pytest.mark.parametrize("asked", [("the film", ["the"], 1), (["the"], "the", 1), (["the"], ["the"], 0)])
def test_matches_are_counted_among_words(asked):
    with pytest.raises(ValueError, match="should be"):
        metrics.ngram_matches(*asked)


@pytest.mark.parametrize("said", ["two men play", [["two", "men"], ["a", "dog"]], ["two men"], [3, 4]])
def test_the_bleu_of_captions_takes_a_text_for_each(said):
    with pytest.raises(ValueError, match="should (be|hold)"):
        translating_captions.captions(said, ["Two men play.", "A dog."])
