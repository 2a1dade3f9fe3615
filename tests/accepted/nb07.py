"""Other right answers to the exercises of notebook 07: a check must pass each of them."""

import numpy as np
import torch

from seqlib.exercises.nb07_classify_and_tag import _by_class, _turned
from seqlib.models.bidirectional import reverse_padded


def _from_columns(ahead, turned, lengths):
    states = torch.cat([ahead, reverse_padded(turned, lengths)], -1)
    states = states.masked_fill(torch.arange(ahead.shape[1])[None, :, None] >= lengths[:, None, None], 0)
    H = ahead.shape[2]
    return states, torch.cat([states[torch.arange(len(ahead)), lengths - 1, :H], states[:, 0, H:]], 1)


def _step_by_step(x, lengths):
    sizes = [int((lengths > t).sum()) for t in range(int(lengths[0]))]
    return torch.cat([x[:n, t] for t, n in enumerate(sizes)]), torch.tensor(sizes)


def _with_whole_paths(start, step, seen):
    paths = {c: (start[c] + seen[0, c], [c]) for c in range(len(start))}
    for row in seen[1:]:
        paths = {
            c: max(((s + step[p[-1], c] + row[c], [*p, c]) for s, p in paths.values()), key=lambda found: found[0])
            for c in range(len(start))
        }
    return max(paths.values(), key=lambda found: found[0])[1]


def _by_cutting(word, endings, default):
    rest = word
    while rest and rest not in endings:
        rest = rest[1:]
    return endings.get(rest, default)


def _by_windows(x, real, W, b):
    x, reach, words = torch.where(real[:, :, None], x, torch.zeros_like(x)), len(W) // 2, []
    for word, there in zip(x, real, strict=True):
        letters, responses = int(there.sum()), []
        for t in range(letters):
            near = [k for k in range(len(W)) if 0 <= t + k - reach < letters]
            responses.append(torch.clamp(b + torch.stack([word[t + k - reach] @ W[k] for k in near]).sum(0), min=0))
        words.append(torch.stack(responses).max(dim=0).values)
    return torch.stack(words)


ACCEPTED = {
    "07.max_pool": [
        lambda states, mask: torch.where(mask.unsqueeze(-1), states, torch.full_like(states, -torch.inf)).max(1)[0],
        lambda states, mask: torch.stack([states[b, mask[b]].amax(0) for b in range(len(states))]),
    ],
    "07.reverse_padded": [
        lambda x, lengths: x.gather(
            1,
            torch.tensor([[n - 1 - t if t < n else t for t in range(x.shape[1])] for n in lengths.tolist()])[
                :, :, None
            ].expand_as(x),
        ),
        _turned,
    ],
    "07.both_ways": [_from_columns],
    "07.pack": [_step_by_step],
    "07.confusion_counts": [
        lambda said, right, classes: np.bincount(
            (right * classes + said)[right >= 0], minlength=classes * classes
        ).reshape(classes, classes),
        lambda said, right, classes: (
            np.eye(classes, dtype=int)[right[right >= 0]].T @ np.eye(classes, dtype=int)[said[right >= 0]]
        ),
        lambda said, right, classes: [
            [int(((right == a) & (said == b)).sum()) for b in range(classes)] for a in range(classes)
        ],
    ],
    "07.f1_scores": [_by_class],
    "07.viterbi": [_with_whole_paths],
    "07.tag_by_ending": [
        _by_cutting,
        lambda word, endings, default: next(
            (endings[word[k:]] for k in range(len(word)) if word[k:] in endings), default
        ),
    ],
    "07.drop_words": [
        lambda tokens, counts, noise, alpha=0.25: tokens.masked_fill(
            (noise * (alpha + counts[tokens]) < alpha) & (tokens != 0), 1
        ),
    ],
    "07.letter_features": [_by_windows],
    "07.log_ratios": [
        lambda positive, negative: np.log(
            (positive + 1) / (positive + 1).sum() / ((negative + 1) / (negative + 1).sum())
        ),
        lambda positive, negative: (
            np.log1p(positive) - np.log1p(negative) + np.log((negative + 1).sum() / (positive + 1).sum())
        ),
    ],
}
