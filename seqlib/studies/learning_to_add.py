"""Sums of two numbers as sequences of tokens, and a small network that learns them: one task, any spelling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from seqlib.training.history import History

BELOW, KEPT_OUT, BATCH, STEPS, LEARNING_RATE = 100, 500, 64, 600, 5e-3
MARKS = ("<pad>", "+", "=", ".")

Spelling = Callable[[int], list[str]]


class Adder(nn.Module):
    """A GRU that says, after each token, which one comes next. tokens (B, T) -> logits (B, T, V)."""

    def __init__(self, vocabulary_size: int, width: int = 96):
        super().__init__()
        self.embed, self.readout = nn.Embedding(vocabulary_size, width), nn.Linear(width, vocabulary_size)
        self.layer = nn.GRU(width, width, batch_first=True)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.layer(self.embed(tokens))[0])


def sums_as_ids(pairs, read: Spelling, write: Spelling, index) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums `a + b =` with their answers and a full stop, as inputs and targets (B, T).

    Padding is 0; a target is -100 (it does not count) wherever it is not part of the answer.
    """
    rows = [([*read(a), "+", *read(b), "="], [*write(a + b), "."]) for a, b in pairs]
    x = torch.zeros(len(rows), max(len(asked) + len(answer) for asked, answer in rows) - 1, dtype=torch.long)
    y = torch.full_like(x, -100)
    for k, (asked, answer) in enumerate(rows):
        ids = torch.tensor([index[token] for token in asked + answer])
        x[k, : len(ids) - 1] = ids[:-1]
        y[k, len(asked) - 1 : len(ids) - 1] = ids[len(asked) :]
    return x, y


def train_adder(
    read: Spelling, write: Spelling, seed: int = 0, steps: int = STEPS, name: str = "addition"
) -> tuple[History, float]:
    """Train on sums of two numbers below 100, spelled by `read`, the answer by `write`.

    Returns the history, and the percentage right, to the last token, of 500 sums that were kept out of the training.
    """
    from seqlib.training.train import train, warmup_cosine

    torch.manual_seed(seed)
    tokens = sorted({token for n in range(2 * BELOW - 1) for token in (*read(n), *write(n))})
    index = {token: k for k, token in enumerate([*MARKS, *tokens])}
    drawn = np.random.default_rng([seed, 10**6]).integers(0, BELOW, (KEPT_OUT, 2))
    kept_out = sorted(set(map(tuple, drawn.tolist())))

    def batches(step):
        pairs = np.random.default_rng([seed, step, 1]).integers(0, BELOW, (BATCH, 2)).tolist()
        return sums_as_ids([pair for pair in map(tuple, pairs) if pair not in kept_out], read, write, index)

    model, schedule = Adder(len(index)), warmup_cosine(steps, steps // 10)
    history = train(model, batches, steps, lr=LEARNING_RATE, clip=1.0, schedule=schedule, name=name)
    x, y = sums_as_ids(kept_out, read, write, index)
    with torch.no_grad():
        # Every token right when read with the right ones before it: then greedy decoding writes just this answer.
        right = ((model(x).argmax(dim=2) == y) | (y == -100)).all(dim=1)
    return history, 100 * right.float().mean().item()
