"""What is it worth that a network knows of the other strand? Three networks, the same but for that.

Throughout: letters as vectors x (B, T, 4), logits (B, 2).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from seqlib.data.genes import one_strand_or_the_other

__all__ = ["StrandReader", "other_strand", "strand_data", "turned_at_random"]


def other_strand(x: torch.Tensor) -> torch.Tensor:
    """The same DNA read from its other strand: places and letters both in the opposite order, (B, T, 4)."""
    return x.flip(1, 2)


def turned_at_random(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Each sequence from one strand or the other, at random."""
    turn = torch.from_numpy(rng.random(len(x)) < 0.5)
    return torch.where(turn[:, None, None], other_strand(x), x)


class StrandReader(nn.Module):
    """Filters slid along, the largest value of each anywhere, a hidden layer, a readout: (B, 2).

    `tied`: each filter is also slid along the other strand, and its largest value on either counts, so that the answer
    for a sequence and for its other strand is one and the same. No weight more.
    """

    def __init__(self, tied: bool, count: int = 16, width: int = 8, hidden_size: int = 16):
        super().__init__()
        self.tied, self.slide = tied, nn.Conv1d(4, count, width)
        self.hidden, self.readout = nn.Linear(count, hidden_size), nn.Linear(hidden_size, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best = self.slide(x.transpose(1, 2)).amax(dim=2)
        if self.tied:
            best = torch.maximum(best, self.slide(other_strand(x).transpose(1, 2)).amax(dim=2))
        return self.readout(torch.relu(self.hidden(torch.relu(best))))


def strand_data(count: int, seed) -> tuple[torch.Tensor, torch.Tensor]:
    """Sequences with a motif on either strand, or with its letters shuffled: x (B, T, 4), classes (B,)."""
    letters, classes = one_strand_or_the_other(np.random.default_rng(seed), count)
    return torch.eye(4)[letters], torch.from_numpy(classes)
