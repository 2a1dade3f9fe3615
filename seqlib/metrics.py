"""How good a model is: token-weighted likelihood, perplexity, bits per character, accuracy, F1, BLEU.

Sums first, one division last: in a mean of batch means, a token of a short batch weighs more than one of a
long batch.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps

import numpy as np

from seqlib import expect

IGNORE = -100  # PyTorch's own mark for a target that does not count


def nll_sum(logits, targets, mask=None) -> tuple[float, int]:
    """Total negative log-likelihood in nats and the number of tokens it is over.

    logits (..., V), targets (...) of class numbers, mask (...) boolean with True = counts. A target of -100
    never counts. The softmax is taken in float32 at least, the sum in float64.
    """
    import torch
    from torch.nn import functional as F

    logits, targets = _tensor(logits, "logits"), _tensor(targets, "targets")
    if logits.shape[:-1] != targets.shape or not logits.ndim:
        raise ValueError(
            f"expected logits of shape {(*targets.shape, 'V')} for targets {tuple(targets.shape)}, "
            f"got {tuple(logits.shape)}"
        )
    if expect.kind_of(targets) != "whole" and targets.numel():
        raise ValueError(f"targets should be whole class numbers, got {targets.dtype}")
    counts = targets != IGNORE
    if mask is not None:
        mask = torch.as_tensor(mask, device=targets.device)
        if mask.shape != targets.shape:
            raise ValueError(f"expected a mask of shape {tuple(targets.shape)}, got {tuple(mask.shape)}")
        counts = counts & _truth(mask)
    chosen, asked = logits[counts], targets[counts].long()
    expect.known(asked, logits.shape[-1], "targets")
    chosen = chosen if chosen.dtype == torch.float64 else chosen.float()
    each = F.cross_entropy(chosen, asked, reduction="none")
    return float(each.sum(dtype=torch.float64)), int(counts.sum())


def _tensor(values, name: str):
    """A tensor of what can be one."""
    import torch

    try:
        return torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} should be a tensor, an array or numbers, got {expect.shown(values)}") from None


def _truth(mask):
    """A mask as booleans; numbers other than 0 and 1 would be weights, which it does not have."""
    if expect.kind_of(mask) != "bool" and not bool(((mask == 0) | (mask == 1)).all()):
        raise ValueError(f"mask should be boolean, True = counts, got {mask.dtype} other than 0 and 1")
    return mask != 0


def nll(model, batches: Iterable, forward: Callable | None = None) -> float:
    """Mean negative log-likelihood over every token of all batches, in nats per token.

    `batches` yields (x, y) or (x, y, mask); `forward(model, batch)` gives the logits, `model(x)` by default.
    The model is put into evaluation mode meanwhile. ValueError if no token counts.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"model should be a torch.nn.Module, got {expect.shown(model)}")
    expect.function(forward, "forward", optional=True)
    if not hasattr(batches, "__iter__"):
        raise ValueError(f"batches should be some (x, y) or (x, y, mask) to go through, got {expect.shown(batches)}")
    where = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    was_training, total, tokens = model.training, 0.0, 0
    model.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                batch = _batch(batch, where)
                logits = model(batch[0]) if forward is None else forward(model, batch)
                logits = logits[0] if isinstance(logits, tuple) else logits
                nats, count = nll_sum(logits, batch[1], *batch[2:3])
                total, tokens = total + nats, tokens + count
    finally:
        model.train(was_training)
    if not tokens:
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    return total / tokens


def _batch(batch, where) -> tuple:
    """(x, y) or (x, y, mask, …) as tensors on the device."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise ValueError(f"batches should yield (x, y) or (x, y, mask), got {expect.shown(batch)}")
    return tuple(_tensor(part, "each part of a batch").to(where) for part in batch)


def perplexity(nats_per_token: float) -> float:
    """e to the mean negative log-likelihood: among how many equally likely tokens the model hesitates."""
    try:
        return math.exp(_nats(nats_per_token))
    except OverflowError:
        return math.inf


def bits_per_char(nats_per_token: float, chars_per_token: float = 1.0) -> float:
    """Bits per character from nats per token; with this, models with different vocabularies compare."""
    expect.number(chars_per_token, "chars_per_token", above=0)
    return _nats(nats_per_token) / math.log(2) / chars_per_token


def _nats(value) -> float:
    """A number of nats; inf and nan are what a model that is lost has."""
    try:
        return float(value) if not isinstance(value, (str, bytes)) else expect.number(value, "nats_per_token")
    except (TypeError, RuntimeError):
        return expect.number(value, "nats_per_token")


def confusion(predicted, actual, classes: int | None = None, mask=None) -> np.ndarray:
    """Counts of (actual, predicted) pairs: rows are what was true, columns what was said. Shape (C, C).

    Class numbers of any equal shape; mask True = counts; an actual class of -100 never counts.
    """
    predicted, actual, classes = _counted(predicted, actual, classes, mask)
    if classes > 10_000:
        raise ValueError(f"expected at most 10,000 classes for a table of their pairs, got {classes:,}")
    return np.bincount(actual * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def _counted(predicted, actual, classes=None, mask=None) -> tuple[np.ndarray, np.ndarray, int]:
    """The predicted and actual classes (N,) of the positions that count, and how many classes there are."""
    predicted, actual = _numbers(predicted, "predicted"), _numbers(actual, "actual")
    if predicted.shape != actual.shape:
        raise ValueError(f"predicted has shape {predicted.shape}, actual {actual.shape}; expected the same")
    counts = actual != IGNORE
    if mask is not None:
        mask = np.asarray(mask.detach().cpu() if hasattr(mask, "detach") else mask)
        if mask.shape != actual.shape:
            raise ValueError(f"expected a mask of shape {actual.shape}, got {mask.shape}")
        counts &= _truth(mask)
    predicted, actual = predicted[counts], actual[counts]
    highest = int(max(predicted.max(initial=-1), actual.max(initial=-1)))
    lowest = int(min(predicted.min(initial=0), actual.min(initial=0)))
    classes = highest + 1 if classes is None else expect.whole(classes, "classes", 1)
    if highest >= classes or lowest < 0:
        raise ValueError(f"expected classes 0 to {classes - 1}, got {highest if lowest >= 0 else lowest}")
    return predicted, actual, classes


def accuracy(predicted, actual, mask=None) -> float:
    """The share of positions that are right, over all that count. ValueError if none counts."""
    predicted, actual, _ = _counted(predicted, actual, mask=mask)  # no table: of 50,000 classes it would fill 20 GB
    if not len(actual):
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    return float(np.mean(predicted == actual))


def macro_f1(predicted, actual, classes: int | None = None, mask=None) -> float:
    """The mean F1 over the classes that occur (in either), each class with the same weight."""
    predicted, actual, classes = _counted(predicted, actual, classes, mask)
    if not len(actual):
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    occurs = np.bincount(predicted, minlength=classes) + np.bincount(actual, minlength=classes)
    right = np.bincount(actual[predicted == actual], minlength=classes)
    # F1 = 2 TP / (2 TP + FP + FN), and the denominator is how often the class was said plus how often it was true.
    return float((2 * right[occurs > 0] / occurs[occurs > 0]).mean())


def _numbers(values, name: str) -> np.ndarray:
    """Class numbers as an integer array, from tensors, arrays or lists."""
    try:
        values = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    except ValueError:
        raise ValueError(f"{name} should be class numbers of one shape, got {expect.shown(values)}") from None
    if values.dtype.kind not in "iub" and values.size:
        raise ValueError(f"expected whole class numbers, got {values.dtype}: take the argmax of scores first")
    return values.astype(np.int64)


def ngram_matches(candidate, reference, n):
    """Clipped matches of the candidate's n-grams, and how many n-grams the candidate has.

    candidate, reference: lists of tokens. Both are 0 where the candidate has fewer than n. Written in 10.
    Source: Papineni et al. 2002, §2.1.
    """

    def counted(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    there, wanted = counted(candidate), counted(reference)
    return (there & wanted).total(), there.total()


def corpus_bleu(candidates, references):
    """BLEU of lists of sentences (lists of tokens), a reference each: from 0 to 100. Nothing is smoothed.

    Written in 10. 0 where no candidate has a word. ValueError for texts where lists of words are meant, and for no
    sentences at all.
    Source: Papineni et al. 2002, §2.3; equal to sacreBLEU's on the same tokens (Post 2018).
    """
    precisions = []
    for n in range(1, 5):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references, strict=True)]
        matches, total = map(sum, zip(*found, strict=True))
        precisions.append(matches / total if total else 0.0)
    said, wanted = (sum(map(len, side)) for side in (candidates, references))
    brevity = min(1.0, math.exp(1 - wanted / said))
    return 100 * brevity * math.prod(precisions) ** 0.25


# -- what BLEU refuses, asked around the definitions, whose lines are those of notebook 10 -----------------------------


def _of_words(function):
    """`ngram_matches` of lists of words."""

    @wraps(function)
    def matches(candidate, reference, n):
        return function(
            expect.words(candidate, "candidate"), expect.words(reference, "reference"), expect.whole(n, "n", 1)
        )

    return matches


def _of_sentences(function):
    """`corpus_bleu` of as many sentences on both sides. Nothing said at all has no length to divide by: it scores 0."""

    @wraps(function)
    def bleu(candidates, references):
        sides = []
        for name, side in (("candidates", candidates), ("references", references)):
            sentences = expect.words(side, name)
            sides.append([expect.words(each, f"each of the {name}") for each in sentences])
        if len(sides[0]) != len(sides[1]) or not sides[0]:
            found = f"{len(sides[0])} and {len(sides[1])}"
            raise ValueError(f"expected as many references as candidates, at least one, got {found}")
        return function(*sides) if any(sides[0]) else 0.0

    return bleu


ngram_matches, corpus_bleu = _of_words(ngram_matches), _of_sentences(corpus_bleu)
