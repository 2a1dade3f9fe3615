"""Other right answers to the exercises of notebook 19: a check must pass each of them."""

import itertools
import math
from functools import lru_cache

import numpy as np
import torch

from seqlib.exercises.nb19_speech_ctc import _collapse, _forward


def _frames_by_index(signal, size, hop):
    count = 1 + (len(signal) - size) // hop
    return np.asarray(signal)[np.arange(count)[:, None] * hop + np.arange(size)]


def _spectrum_in_complex(frames):
    size = frames.shape[1]
    window = np.sin(np.pi * np.arange(size) / size) ** 2
    turns = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(size // 2 + 1)) / size)
    return abs((window * frames) @ turns) ** 2


def _spectrum_in_torch(frames):
    x = torch.as_tensor(frames)
    n = torch.arange(x.shape[1], dtype=x.dtype)
    angles = 2 * torch.pi * torch.outer(n, n[: x.shape[1] // 2 + 1]) / x.shape[1]
    x = x * torch.hann_window(x.shape[1], dtype=x.dtype)
    return (x @ angles.cos()).square() + (x @ angles.sin()).square()


def _mel_by_loop(count, size, rate):
    def mel(f):
        return 1127 * math.log(1 + f / 700)

    corners = [700 * (math.exp(i * mel(rate / 2) / (count + 1) / 1127) - 1) for i in range(count + 2)]
    bank = np.zeros((size // 2 + 1, count))
    for k in range(size // 2 + 1):
        f = k * rate / size
        for i, (left, middle, right) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
            if left <= f <= middle:
                bank[k, i] = (f - left) / (middle - left)
            elif middle < f <= right:
                bank[k, i] = (right - f) / (right - middle)
    return bank


def _forward_in_torch(log_p, target):
    log_p = torch.as_tensor(log_p)
    row = torch.zeros(2 * len(target) + 1, dtype=torch.long)
    row[1::2] = torch.as_tensor(list(target), dtype=torch.long)
    skips = torch.zeros(len(row), dtype=torch.bool)
    skips[2:] = (row[2:] != 0) & (row[2:] != row[:-2])
    nothing = torch.tensor(-torch.inf, dtype=log_p.dtype)
    alpha = [torch.where(torch.arange(len(row)) < 2, log_p[0, row], nothing)]
    for frame in log_p[1:]:
        one = torch.cat([nothing[None], alpha[-1][:-1]])
        two = torch.where(skips, torch.cat([nothing.expand(2), alpha[-1]])[: len(row)], nothing)
        alpha.append(torch.stack([alpha[-1], one, two]).logsumexp(0) + frame[row])
    return torch.stack(alpha), alpha[-1][-2:].logsumexp(0)


def _gradient_by_differences(log_p, target):
    """Nudge each logit a little, both ways."""
    found = np.zeros(np.shape(log_p))
    for place in np.ndindex(found.shape):
        two = []
        for sign in (1, -1):
            moved = np.array(log_p, dtype=np.float64)
            moved[place] += sign * 1e-5
            two.append(-_forward(moved - np.logaddexp.reduce(moved, axis=1)[:, None], target)[1])
        found[place] = (two[0] - two[1]) / 2e-5
    return found


def _rate_by_matrix(said, true):
    edits = 0
    for a, b in zip(said, true, strict=True):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        d[:, 0], d[0] = range(len(a) + 1), range(len(b) + 1)
        for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
            d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
        edits += d[-1, -1]
    return edits / len("".join(true))


def _rate_recursive(said, true):
    @lru_cache(None)
    def far(a, b):
        if min(len(a), len(b)) == 0:
            return max(len(a), len(b))
        return min(far(a[1:], b) + 1, far(a, b[1:]) + 1, far(a[1:], b[1:]) + (a[0] != b[0]))

    return sum(far(a, b) for a, b in zip(said, true, strict=True)) / sum(map(len, true))


def _grow_in_probabilities(beams, frame, log_lm):
    grown = {}

    def add(prefix, place, p):
        grown.setdefault(prefix, [0.0, 0.0])[place] += p

    for prefix, pair in beams.items():
        blank, symbol = np.exp(pair)
        add(prefix, 0, (blank + symbol) * np.exp(frame[0]))
        if prefix:
            add(prefix, 1, symbol * np.exp(frame[prefix[-1]]))
        for k, log_p in enumerate(frame):
            if k:
                comes = blank if prefix and prefix[-1] == k else blank + symbol
                add((*prefix, k), 1, comes * np.exp(log_p + log_lm[prefix[-1] if prefix else 0, k]))
    return {prefix: tuple(math.log(p) if p else -math.inf for p in pair) for prefix, pair in grown.items()}


ACCEPTED = {
    "19.frames_of": [
        _frames_by_index,
        lambda signal, size, hop: torch.as_tensor(signal).unfold(0, size, hop),
    ],
    "19.power_spectrum": [_spectrum_in_complex, _spectrum_in_torch],
    "19.mel_filters": [_mel_by_loop],
    "19.collapse": [
        lambda path: [k for k, before in zip(path, [0, *path], strict=False) if k not in (0, before)],
        lambda path: [path[t] for t in range(len(path)) if path[t] and (t == 0 or path[t] != path[t - 1])],
    ],
    "19.by_enumeration": [
        lambda p, target: sum(
            math.prod(p[range(len(p)), path])
            for path in itertools.product(range(p.shape[1]), repeat=len(p))
            if _collapse(path) == target
        ),
        lambda p, target: np.exp(_forward(np.log(p), target)[1]),
    ],
    "19.ctc_forward": [_forward_in_torch],
    "19.ctc_gradient": [_gradient_by_differences],
    "19.error_rate": [_rate_by_matrix, _rate_recursive],
    "19.grow": [_grow_in_probabilities],
}
