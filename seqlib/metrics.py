"""How good a model is: token-weighted likelihood, perplexity, bits per character, accuracy, F1.

Sums first, one division last: in a mean of batch means, a token of a short batch weighs more than one of a
long batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

IGNORE = -100  # PyTorch's own mark for a target that does not count


def nll_sum(logits, targets, mask=None) -> tuple[float, int]:
    """Total negative log-likelihood in nats and the number of tokens it is over.

    logits (..., V), targets (...) of class numbers, mask (...) boolean with True = counts. A target of -100
    never counts. The softmax is taken in float32 at least, the sum in float64.
    """
    import torch
    from torch.nn import functional as F

    logits, targets = torch.as_tensor(logits), torch.as_tensor(targets)
    if logits.shape[:-1] != targets.shape:
        raise ValueError(
            f"expected logits of shape {(*targets.shape, 'V')} for targets {tuple(targets.shape)}, "
            f"got {tuple(logits.shape)}"
        )
    counts = targets != IGNORE
    if mask is not None:
        mask = torch.as_tensor(mask, device=targets.device)
        if mask.shape != targets.shape:
            raise ValueError(f"expected a mask of shape {tuple(targets.shape)}, got {tuple(mask.shape)}")
        counts = counts & mask.bool()
    chosen = logits[counts]
    chosen = chosen if chosen.dtype == torch.float64 else chosen.float()
    each = F.cross_entropy(chosen, targets[counts].long(), reduction="none")
    return float(each.sum(dtype=torch.float64)), int(counts.sum())


def nll(model, batches: Iterable, forward: Callable | None = None) -> float:
    """Mean negative log-likelihood over every token of all batches, in nats per token.

    `batches` yields (x, y) or (x, y, mask); `forward(model, batch)` gives the logits, `model(x)` by default.
    The model is put into evaluation mode meanwhile. ValueError if no token counts.
    """
    import torch

    where = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    was_training, total, tokens = model.training, 0.0, 0
    model.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                batch = tuple(torch.as_tensor(part).to(where) for part in batch)
                logits = model(batch[0]) if forward is None else forward(model, batch)
                logits = logits[0] if isinstance(logits, tuple) else logits
                nats, count = nll_sum(logits, batch[1], *batch[2:3])
                total, tokens = total + nats, tokens + count
    finally:
        model.train(was_training)
    if not tokens:
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    return total / tokens


def perplexity(nats_per_token: float) -> float:
    """e to the mean negative log-likelihood: among how many equally likely tokens the model hesitates."""
    try:
        return math.exp(nats_per_token)
    except OverflowError:
        return math.inf


def bits_per_char(nats_per_token: float, chars_per_token: float = 1.0) -> float:
    """Bits per character from nats per token; with this, models with different vocabularies compare."""
    if chars_per_token <= 0:
        raise ValueError(f"chars_per_token should be above 0, got {chars_per_token}")
    return nats_per_token / math.log(2) / chars_per_token


def confusion(predicted, actual, classes: int | None = None, mask=None) -> np.ndarray:
    """Counts of (actual, predicted) pairs: rows are what was true, columns what was said. Shape (C, C).

    Class numbers of any equal shape; mask True = counts; an actual class of -100 never counts.
    """
    predicted, actual = _numbers(predicted), _numbers(actual)
    if predicted.shape != actual.shape:
        raise ValueError(f"predicted has shape {predicted.shape}, actual {actual.shape}; expected the same")
    counts = actual != IGNORE
    if mask is not None:
        mask = _numbers(mask).astype(bool)
        if mask.shape != actual.shape:
            raise ValueError(f"expected a mask of shape {actual.shape}, got {mask.shape}")
        counts &= mask
    predicted, actual = predicted[counts], actual[counts]
    highest = int(max(predicted.max(initial=-1), actual.max(initial=-1)))
    lowest = int(min(predicted.min(initial=0), actual.min(initial=0)))
    classes = highest + 1 if classes is None else classes
    if highest >= classes or lowest < 0:
        raise ValueError(f"expected classes 0 to {classes - 1}, got {highest if lowest >= 0 else lowest}")
    return np.bincount(actual * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def accuracy(predicted, actual, mask=None) -> float:
    """The share of positions that are right, over all that count. ValueError if none counts."""
    table = confusion(predicted, actual, mask=mask)
    if not table.sum():
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    return float(np.trace(table) / table.sum())


def macro_f1(predicted, actual, classes: int | None = None, mask=None) -> float:
    """The mean F1 over the classes that occur (in either), each class with the same weight."""
    table = confusion(predicted, actual, classes, mask)
    occurs = table.sum(axis=0) + table.sum(axis=1)
    if not occurs.any():
        raise ValueError("expected at least one target that counts, got none: is everything masked?")
    # F1 = 2 TP / (2 TP + FP + FN), and the denominator is row sum plus column sum.
    return float((2 * np.diag(table)[occurs > 0] / occurs[occurs > 0]).mean())


def _numbers(values) -> np.ndarray:
    """Class numbers as an integer array, from tensors, arrays or lists."""
    values = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    if values.dtype.kind not in "iub":
        raise ValueError(f"expected whole class numbers, got {values.dtype}: take the argmax of scores first")
    return values.astype(np.int64)
