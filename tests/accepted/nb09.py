"""Other right answers to the exercises of notebook 09: a check must pass each of them."""

import itertools
import re

import numpy as np
import torch
from scipy import special, stats

from seqlib.data.tunes import NOTE
from seqlib.exercises.nb09_generation import (
    _by_enumeration,
    _by_singular_values,
    _frames_by_torch,
    _p_by_loop,
    _quick_copy,
    _units_letter_by_letter,
    _with_a_sorted_list,
)


def _wide(G, steps):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(steps):
        B = X.transpose(-1, -2) @ X
        X = 3.4445 * X - 4.775 * X @ B + 2.0315 * X @ B @ B
    return X


def _p_by_threshold(logits, p):
    probs = special.softmax(logits, axis=1)
    above = (probs[:, None, :] * (logits[:, None, :] > logits[:, :, None])).sum(axis=2)
    return np.where(above < p, logits, -np.inf)


def _p_with_a_bar(logits, p):
    ranked = -np.sort(-special.softmax(logits, axis=1), axis=1)
    count = (ranked.cumsum(axis=1) < p).sum(axis=1)
    bar = ranked[np.arange(len(ranked)), count][:, None]
    return np.where(special.softmax(logits, axis=1) >= bar, logits, -np.inf)


def _by_table(text, source):
    # The classic table of longest common suffixes, row by row.
    best, row = (0, 0), [0] * (len(source) + 1)
    for i, letter in enumerate(text):
        row = [0] + [row[j] + 1 if letter == other else 0 for j, other in enumerate(source)]
        longest = max(row)
        best = (longest, i + 1) if longest > best[0] else best
    return text[best[1] - best[0] : best[1]]


def _inside_triplets(bar):
    """Where the three notes after each (3 begin, minus one."""
    inside = set()
    for at in (m.end() for m in re.finditer(r"\(3", bar)):
        inside |= {m.start() - 1 for m in itertools.islice(re.finditer(NOTE, bar[at:]), 3)} and {
            at + m.start() - 1 for m in itertools.islice(re.finditer(NOTE, bar[at:]), 3)
        }
    return inside


ACCEPTED = {
    "09.tempered": [
        lambda logits, t: special.softmax(logits / t, axis=-1),
        lambda logits, t: np.exp(logits / t - special.logsumexp(logits / t, axis=1, keepdims=True)),
        lambda logits, t: (torch.as_tensor(logits) / t).softmax(dim=-1).numpy(),
    ],
    "09.entropy": [
        lambda p: special.entr(p).sum(-1),
        lambda p: stats.entropy(p, axis=1),
        lambda p: np.array([-sum(q * np.log(q) for q in row if q > 0) for row in p]),
        lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1),
    ],
    "09.draw": [
        lambda p, u: (np.cumsum(p, 1) > u[:, None]).argmax(1),
        lambda p, u: [
            next(i for i, s in enumerate(itertools.accumulate(row)) if s > v) for row, v in zip(p, u, strict=True)
        ],
        lambda p, u: np.array([np.searchsorted(row.cumsum(), v, "right") for row, v in zip(p, u, strict=True)]),
    ],
    "09.orthogonalise": [
        lambda G, steps=5: _wide(G, steps),
        lambda G, steps=5: _by_singular_values(G, steps),
    ],
    "09.top_k": [
        lambda logits, k: np.where(logits >= np.partition(logits, -k, axis=1)[:, [-k]], logits, -np.inf),
        lambda logits, k: np.where((-logits).argsort(1).argsort(1) < k, logits, -np.inf),
        lambda logits, k: np.where(logits < np.sort(logits)[:, -k, None], -np.inf, logits),
    ],
    "09.top_p": [_p_by_threshold, _p_with_a_bar, lambda logits, p: _p_by_loop(logits, p)],
    "09.min_p": [
        lambda logits, share: np.where(logits - logits.max(axis=1, keepdims=True) < np.log(share), -np.inf, logits),
        lambda logits, share: np.array(
            [[z if np.exp(z - max(row)) >= share else -np.inf for z in row.tolist()] for row in logits]
        ),
    ],
    "09.longest_copy": [
        _by_table,
        lambda text, source: max(
            ("", *(text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1) if text[a:b] in source)),
            key=len,
        ),
        lambda text, source: _quick_copy(text, source),
    ],
    "09.likeliest": [_with_a_sorted_list, _by_enumeration],
    "09.bar_units": [
        _units_letter_by_letter,
        lambda bar: float(
            sum(
                float(t or 1)
                / (float(o[1:] or 2) if o else 1)
                * (2 / 3 if m.start() - 1 in _inside_triplets(bar) else 1)
                for m in re.finditer(NOTE, bar)
                for t, o in [(m[4], m[5])]
            )
        ),
    ],
    "09.frequency": [
        lambda key: 27.5 * 2 ** ((key - 21) / 12),
        lambda key: float(np.exp2(np.log2(440) + (key - 69) / 12)),
        lambda key: 440 * (2 ** (1 / 12)) ** (key - 69),
    ],
    "09.frame_nll": [
        lambda logits, frames: (-special.log_expit(np.where(frames == 1, logits, -logits))).sum() / len(frames),
        lambda logits, frames: np.mean(
            [
                sum(max(z, 0) - z * y + np.log1p(np.exp(-abs(z))) for z, y in zip(row, keys, strict=True))
                for row, keys in zip(logits, frames, strict=True)
            ]
        ),
        _frames_by_torch,
    ],
}
