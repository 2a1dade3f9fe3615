"""Helix, sheet or coil? Each amino acid of a protein by those around it, and by the whole chain.

Throughout: acids (B, T) as numbers 0 … 19, 20 where no acid stands; folds (B, T): 0 helix, 1 sheet, 2 coil, -100 none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.genes import ACIDS, FOLDS
from seqlib.models.bidirectional import Bidirectional
from seqlib.training.train import History, train

__all__ = [
    "NOBODY", "FoldReader", "WindowReader", "as_numbers", "q3", "q3_by_protein", "relatives", "say_folds",
    "train_folds",
]  # fmt: skip

NOBODY = len(ACIDS)


def as_numbers(chains: Sequence[str], folds: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Chains and their folds as numbers, padded at the right: int64 (N, T) both."""
    longest = max(map(len, chains))
    x, y = torch.full((len(chains), longest), NOBODY), torch.full((len(chains), longest), -100)
    for row, (chain, fold) in enumerate(zip(chains, folds, strict=True)):
        x[row, : len(chain)] = torch.tensor([ACIDS.index(acid) for acid in chain])
        y[row, : len(fold)] = torch.tensor([FOLDS.index(one) for one in fold])
    return x, y


def relatives(chains: Sequence[str], length: int = 12) -> np.ndarray:
    """A number for each chain, the same where two share a stretch of `length` acids, or each does with a third."""
    group, owner = list(range(len(chains))), {}

    def root(k):
        while group[k] != k:
            k = group[k]
        return k

    for k, chain in enumerate(chains):
        for start in range(len(chain) - length + 1):
            group[root(k)] = root(owner.setdefault(chain[start : start + length], k))
    return np.array([root(k) for k in range(len(chains))])


class FoldReader(nn.Module):
    """Acids, a GRU (or two layers of them) in both directions, a readout at every place: logits (B, T, 3)."""

    def __init__(self, hidden_size: int = 48, dropout: float = 0.4, layers: int = 1):
        super().__init__()
        sizes = [NOBODY] + [2 * hidden_size] * (layers - 1)
        self.layers = nn.ModuleList(
            Bidirectional(*(nn.GRU(size, hidden_size, batch_first=True) for _ in range(2))) for size in sizes
        )
        self.dropout, self.readout = nn.Dropout(dropout), nn.Linear(2 * hidden_size, len(FOLDS))

    def forward(self, acids: torch.Tensor) -> torch.Tensor:
        expect.tokens(acids, "acids", "B*", "T")
        expect.padded_at_the_end(acids, NOBODY, "acids")
        lengths, x = (acids != NOBODY).sum(dim=1), F.one_hot(acids, NOBODY + 1)[..., :NOBODY].to(self.readout.weight)
        for layer in self.layers:
            x = self.dropout(layer(x, lengths)[0])
        return self.readout(x)


class WindowReader(nn.Module):
    """The network of 1988: the acid, `reach` on either side, a hidden layer of sigmoids: logits (B, T, 3).

    Source: Qian and Sejnowski 1988, figure 1: windows of 13, 40 hidden units.
    """

    def __init__(self, reach: int = 6, hidden_size: int = 40, dropout: float = 0.0):
        super().__init__()
        self.slide = nn.Conv1d(NOBODY + 1, hidden_size, 2 * reach + 1)
        self.reach, self.dropout = reach, nn.Dropout(dropout)
        self.readout = nn.Linear(hidden_size, len(FOLDS))

    def forward(self, acids: torch.Tensor) -> torch.Tensor:
        x = F.one_hot(F.pad(acids, (self.reach, self.reach), value=NOBODY), NOBODY + 1).to(self.readout.weight)
        hidden = torch.sigmoid(self.slide(x.transpose(1, 2))).transpose(1, 2)
        return self.readout(self.dropout(hidden))


def train_folds(
    model, acids, folds, steps: int, lr: float, seed: int = 0, batch: int = 32, stretch: int = 80, name=None,
    stop: int | None = None, aside: tuple | None = None, looks: int = 8,
) -> History:  # fmt: skip
    """Train on stretches of up to `stretch` acids, drawn by (seed, step) from any place of any protein alike.

    The rate falls to zero along a line. Whoever reads the whole protein later is not hurt by the cuts. With `aside`
    (acids, folds) the history has "held out, %" at each of `looks` equal parts of the way; `stop` ends the training
    there, before the line does.
    """
    lengths = (acids != NOBODY).sum(dim=1).numpy()
    ends = lengths.cumsum()

    def sampler(step):
        rng = np.random.default_rng([seed, step])
        place = rng.integers(ends[-1], size=batch)
        rows = np.searchsorted(ends, place, side="right")
        middle = place - (ends - lengths)[rows]
        first = np.clip(middle - stretch // 2, 0, np.maximum(lengths[rows] - stretch, 0))
        columns = np.minimum(first[:, None] + np.arange(stretch), acids.shape[1] - 1)
        x, y = acids[rows[:, None], columns], folds[rows[:, None], columns]
        inside = torch.from_numpy(first[:, None] + np.arange(stretch) < lengths[rows, None])
        return torch.where(inside, x, NOBODY), torch.where(inside, y, -100)

    def held_out(model):
        return {"held out, %": q3(say_folds(model, aside[0]), aside[1])}

    return train(
        model, sampler, min(stop or steps, steps), lr=lr, clip=1.0, schedule=lambda step: 1 - step / steps, name=name,
        evaluate=held_out if aside else None, every=max(1, steps // looks) if aside else None,
    )  # fmt: skip


@torch.no_grad()
def say_folds(model: nn.Module, acids: torch.Tensor) -> torch.Tensor:
    """What a model says at every place, (B, T), in evaluation mode."""
    training = model.training
    model.eval()
    answers = model(acids.to(next(model.parameters()).device)).argmax(dim=2).to(acids.device)
    model.train(training)
    return answers


def q3(answers: torch.Tensor, folds: torch.Tensor) -> float:
    """Percent of all acids that are right."""
    real = folds >= 0
    expect.some(real, "acid", always=True)
    return 100 * (answers == folds)[real].double().mean().item()


def q3_by_protein(answers: torch.Tensor, folds: torch.Tensor) -> np.ndarray:
    """Percent right of each protein, (N,)."""
    real = folds >= 0
    for row in real:
        expect.some(row, "acid of each protein", always=True)
    return (100 * ((answers == folds) & real).sum(dim=1) / real.sum(dim=1)).double().numpy()
