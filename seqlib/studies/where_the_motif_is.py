"""Which of two motifs comes first? A small network that learns it, and how well its explanations find the motifs.

Throughout: letters as vectors x (B, T, 4), logits (B, 2), planted places as masks (B, T).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.genes import planted_order
from seqlib.training.train import History, train

__all__ = ["MotifReader", "best_match", "learn_the_order", "new_sequences", "percent_right", "planted", "share_found"]

NEW = 10**6  # seeds of what is not trained on begin here


class MotifReader(nn.Module):
    """Filters slid along, the largest of every `pool` places, a GRU from left to right, a readout of its last state.

    forward(x (B, T, 4)) -> logits (B, 2). `filters` (F, w, 4): each is a small table of scores, letter by place.
    """

    def __init__(self, count: int = 16, width: int = 10, hidden_size: int = 32, pool: int = 4):
        super().__init__()
        self.slide = nn.Conv1d(4, count, width)
        self.pool, self.gru = pool, nn.GRU(count, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, 2)

    @property
    def filters(self) -> torch.Tensor:
        return self.slide.weight.detach().transpose(1, 2)

    def matches(self, x: torch.Tensor) -> torch.Tensor:
        """What each filter says at each place where it fits: (B, T - w + 1, F), never below zero."""
        return torch.relu(self.slide(x.transpose(1, 2))).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best = F.max_pool1d(self.matches(x).transpose(1, 2), self.pool).transpose(1, 2)
        return self.readout(self.gru(best)[1][0])


def new_sequences(count: int, seed: int = NEW):
    """Sequences that are not trained on: x (B, T, 4), classes (B,), starts (B, 2)."""
    letters, classes, starts = planted_order(np.random.default_rng(seed), count)
    return torch.eye(4)[letters], torch.from_numpy(classes), starts


def percent_right(model, x, classes) -> float:
    with torch.no_grad():
        return 100 * (model(x.to(model.readout.weight)).argmax(dim=1).cpu() == classes).double().mean().item()


def learn_the_order(model: MotifReader, steps: int, lr: float, seed: int = 0, name=None, batch: int = 64) -> History:
    """Train on new sequences in every batch, the rate falling to zero along a line; "new, %" is measured on the way."""
    x, classes, _ = new_sequences(500, NEW + 1)

    def sampler(step):
        letters, which, _ = planted_order(np.random.default_rng([seed, step]), batch)
        return torch.eye(4)[letters], torch.from_numpy(which)

    return train(
        model, sampler, steps, lr=lr, clip=1.0, schedule=lambda step: 1 - step / steps, name=name,
        every=max(1, steps // 12), evaluate=lambda model: {"new, %": percent_right(model, x, classes)},
    )  # fmt: skip


# -- explanations against what was planted ----------------------------------------------------------------------------


def planted(starts: np.ndarray, length: int, width: int = 8) -> torch.Tensor:
    """Which letters belong to a motif: (B, T), True where one was planted."""
    places = np.arange(length)
    inside = (places >= starts[:, :, None]) & (places < starts[:, :, None] + width)
    return torch.from_numpy(inside.any(axis=1))


def share_found(scores: torch.Tensor, truth: torch.Tensor) -> float:
    """Of the K letters with the highest scores in each sequence, K being how many were planted: the share planted.

    scores and truth (B, T). By chance it is K / T; 1 is perfect.
    """
    kept = int(truth[0].sum())
    if not (truth.sum(dim=1) == kept).all():
        raise ValueError("expected as many planted letters in every sequence")
    return truth.gather(1, scores.topk(kept, dim=1).indices).double().mean().item()


def best_match(found, pattern) -> float:
    """The correlation of a table of letter shares (v, 4) with a motif's (w, 4), wherever the two overlap best.

    At least w - 2 places of the motif must lie on the table; what sticks out meets shares of a quarter. A table without
    contrast gives 0.
    """
    found, pattern = np.asarray(found, dtype=float), np.asarray(pattern, dtype=float)
    width, edge = len(pattern), np.full((2, 4), 0.25)
    padded, best = np.concatenate([edge, found, edge]), 0.0
    for start in range(len(padded) - width + 1):
        part = padded[start : start + width]
        if part.std() > 1e-9:
            best = max(best, float(np.corrcoef(part.ravel(), pattern.ravel())[0, 1]))
    return best
