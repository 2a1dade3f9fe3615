"""Random sizes against PyTorch, scikit-learn and counting by hand: metrics, n-grams, windows, tokens, data."""

import math
from collections import Counter

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from torch.nn import functional as F

from seqlib import expect, metrics
from seqlib.data import windows
from seqlib.data.bpe import BytePairEncoding
from seqlib.models.ngram import NGram

few = settings(max_examples=40, deadline=None, derandomize=True)
classes = st.lists(st.integers(0, 5), min_size=1, max_size=30)
texts = st.lists(st.integers(0, 3), min_size=1, max_size=20)


@few
@given(st.lists(st.integers(0, 4) | st.just(-100), min_size=1, max_size=9), st.sampled_from([1.0, 1000.0]), st.data())
def test_nll_is_pytorchs_cross_entropy(targets, scale, data):
    logits = scale * torch.randn(len(targets), 5, generator=torch.Generator().manual_seed(len(targets)))
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=len(targets), max_size=len(targets))))
    total, count = metrics.nll_sum(logits, torch.tensor(targets), mask)
    marked = torch.tensor(targets).masked_fill(~mask, -100)
    wanted = F.cross_entropy(logits.double(), marked, reduction="sum")
    assert count == int((marked != -100).sum()) and math.isclose(total, float(wanted), rel_tol=1e-4, abs_tol=1e-4)


@few
@given(classes, st.integers(0, 40_000), st.randoms(use_true_random=False))
def test_accuracy_f1_and_confusion_are_scikit_learns(actual, offset, random):
    predicted = [random.randrange(6) for _ in actual]
    far = [c + offset for c in actual], [c + offset for c in predicted]
    assert math.isclose(metrics.accuracy(far[1], far[0]), accuracy_score(*far))
    assert math.isclose(metrics.macro_f1(far[1], far[0]), f1_score(*far, average="macro"), rel_tol=1e-9)
    table = metrics.confusion(predicted, actual, classes=6)
    assert np.array_equal(table, confusion_matrix(actual, predicted, labels=range(6)))


@few
@given(texts, texts, st.integers(1, 6), st.sampled_from(["add", "witten-bell"]))
def test_an_ngram_of_any_order_gives_probabilities_and_scores_them(text, new, order, smoothing):
    model = NGram(order, 4, smoothing).fit(text)
    for place in range(len(new)):
        p = model.next(new[:place])
        assert np.isclose(p.sum(), 1) and (p > 0).all()
        assert np.isclose(model.log_prob(new)[place], np.log(p[new[place]]))


@few
@given(texts, st.integers(1, 3), st.floats(0.1, 3))
def test_an_ngram_with_add_k_counts_as_by_hand(text, order, k):
    model, place = NGram(order, 4, "add", k).fit(text), len(text) - 1
    context = tuple(text[max(0, place - order + 1) : place])
    grams = Counter(tuple(text[i : i + len(context) + 1]) for i in range(len(text) - len(context)))
    seen = sum(count for gram, count in grams.items() if gram[:-1] == context)
    wanted = (grams[(*context, text[place])] + k) / (seen + 4 * k)
    assert np.isclose(np.exp(model.log_prob(text)[place]), wanted)


@few
@given(st.integers(2, 60), st.integers(1, 9), st.integers(1, 5), st.sampled_from([np.int64, np.int32, np.uint16]))
def test_windows_are_pieces_of_the_text(length, window, batch, kind):
    ids = np.arange(length).astype(kind)
    if length > window:
        x, y = windows.text_sampler(ids, window, batch)(3)
        assert x.shape == (batch, window) and x.dtype == torch.int64 and torch.equal(x + 1, y)
    if length > window * batch:
        one, two = (windows.carried_sampler(ids, window, batch)(step) for step in (0, 1))
        assert torch.equal(one[0] + 1, one[1]) and bool(one[2].all())
        assert two[2].all() or torch.equal(two[0][:, 0], one[1][:, -1])


@few
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=6))
def test_padding_keeps_every_item(rows):
    ids, mask, lengths = windows.pad_batch(rows, pad=-100)
    assert [row[keep].tolist() for row, keep in zip(ids, mask, strict=True)] == rows and lengths.sum() == mask.sum()


@few
@given(st.integers(4, 80), st.floats(0.1, 0.9), st.integers(0, 5))
def test_a_gap_keeps_pieces_apart(length, share, gap):
    try:
        past, future = windows.split_in_time(range(length), (share, 1 - share), gap=gap)
    except ValueError as problem:
        assert "too few" in str(problem)
    else:
        assert future[0] - past[-1] == gap + 1


@few
@given(st.text(max_size=60), st.binary(max_size=60))
def test_tokens_give_back_every_text(text, raw):
    coder = BytePairEncoding.train("the cat sat on the mat, the cat " * 5, 270)
    assert coder.decode(coder.encode(text)) == text and coder.decode_bytes(coder.encode(raw)) == raw


@few
@given(st.integers() | st.floats() | st.text(max_size=3) | st.booleans() | st.none() | st.lists(st.integers()))
def test_a_whole_number_is_one_or_an_error_that_says_so(value):
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    try:
        assert is_whole and expect.whole(value, "steps", 1) == value
    except AssertionError:
        try:
            expect.whole(value, "steps", 1)
        except ValueError as problem:
            assert "steps should be a whole number, at least 1, got" in str(problem)
        else:
            raise
