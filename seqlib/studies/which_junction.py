"""Where does an exon end? Networks that read DNA up to a junction from both sides, judged in ten parts.

Throughout: letters as vectors x (B, T, 4), the junction in the middle; classes (B,): 0 EI, 1 IE, 2 neither.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.training.train import train

__all__ = [
    "JunctionFilters", "JunctionReader", "by_regression", "error_rates", "fit", "fit_hidden", "in_parts", "nats",
    "said", "within_reach",
]  # fmt: skip


def in_parts(classes: np.ndarray, parts: int = 10, seed: int = 0) -> np.ndarray:
    """The part, 0 … parts - 1, of each sequence: drawn by `seed`, each class dealt out evenly."""
    rng, found = np.random.default_rng(seed), np.empty(len(classes), dtype=int)
    dealt = 0
    for which in np.unique(classes):
        rows = rng.permutation(np.flatnonzero(classes == which))
        found[rows] = (dealt + np.arange(len(rows))) % parts
        dealt += len(rows)
    return found


def within_reach(x, reach: int):
    """The `reach` letters on either side of the middle: (B, 2 · reach, 4)."""
    middle = x.shape[1] // 2
    if not 1 <= reach <= middle:
        raise ValueError(f"expected a reach from 1 to {middle}, got {reach}")
    return x[:, middle - reach : middle + reach]


def error_rates(answers, classes) -> dict[str, float]:
    """Percent wrong of the sequences of each class, and "all", as the data set's own table has them."""
    answers, classes = np.asarray(answers), np.asarray(classes)
    wrong = {name: 100 * float((answers[classes == k] != k).mean()) for k, name in enumerate(("EI", "IE", "N"))}
    return wrong | {"all": 100 * float((answers != classes).mean())}


def by_regression(x, classes, new, C: float = 0.1) -> np.ndarray:
    """Logistic regression on rows of numbers: classes said for `new`."""
    from sklearn.linear_model import LogisticRegression

    rows = [np.asarray(part).reshape(len(part), -1) for part in (x, new)]
    return LogisticRegression(C=C, max_iter=300).fit(rows[0], classes).predict(rows[1])


class JunctionReader(nn.Module):
    """A GRU from the left end to the junction, one from the right end back to it; both last states are read out.

    forward(x (B, T, 4)) -> logits (B, classes).
    """

    def __init__(self, hidden_size: int = 32, dropout: float = 0.3, classes: int = 3):
        super().__init__()
        self.ahead = nn.GRU(4, hidden_size, batch_first=True)
        self.back = nn.GRU(4, hidden_size, batch_first=True)
        self.dropout, self.readout = nn.Dropout(dropout), nn.Linear(2 * hidden_size, classes)
        self.letter = nn.Linear(2 * hidden_size, 4)  # only for `hidden_letters`

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        middle = x.shape[1] // 2
        left = self.ahead(x[:, :middle])[1][0]
        right = self.back(x[:, middle:].flip(1))[1][0]
        return self.readout(self.dropout(torch.cat([left, right], dim=1)))

    def hidden_letters(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (B, T - 2, 4) of every letter between the ends, from all letters but itself."""
        ahead, back = self.ahead(x)[0][:, :-2], self.back(x.flip(1))[0].flip(1)[:, 2:]
        return self.letter(self.dropout(torch.cat([ahead, back], dim=2)))


class JunctionFilters(nn.Module):
    """Filters slid along, the largest of every four places, everything read out place by place: (B, classes)."""

    def __init__(self, length: int = 60, count: int = 32, width: int = 7, dropout: float = 0.3, classes: int = 3):
        super().__init__()
        self.slide = nn.Conv1d(4, count, width, padding=width // 2)
        self.dropout, self.readout = nn.Dropout(dropout), nn.Linear(count * (length // 4), classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best = F.max_pool1d(torch.relu(self.slide(x.transpose(1, 2))), 4)
        return self.readout(self.dropout(best.flatten(1)))


def fit(
    model, x, classes, steps: int, lr: float, seed: int = 0, name=None, batch: int = 64, turn: Callable | None = None
):
    """Train with AdamW, the rate falling to zero along a line; rows are drawn by (seed, step). Returns the history.

    turn(x, rng) -> x may change a batch before it is read.
    """
    x, classes = torch.as_tensor(x), torch.as_tensor(classes)

    def sampler(step):
        rng = np.random.default_rng([seed, step])
        rows = rng.integers(len(x), size=min(batch, len(x)))
        return (x[rows] if turn is None else turn(x[rows], rng)), classes[rows]

    schedule = lambda step: 1 - step / steps  # noqa: E731
    return train(model, sampler, steps, lr=lr, clip=1.0, schedule=schedule, name=name)


def fit_hidden(model: JunctionReader, x, steps: int, lr: float, seed: int = 0, name=None, batch: int = 64):
    """Train a reader to guess each letter from all others, without labels; nats per letter. Returns the history."""
    x = torch.as_tensor(x)
    letters = x.argmax(dim=2)

    def sampler(step):
        rows = np.random.default_rng([seed + 1000, step]).integers(len(x), size=batch)
        return x[rows], letters[rows, 1:-1]

    def loss(model, batch):
        return F.cross_entropy(model.hidden_letters(batch[0]).flatten(0, 1), batch[1].flatten())

    schedule = lambda step: 1 - step / steps  # noqa: E731
    return train(model, sampler, steps, lr=lr, clip=1.0, loss=loss, schedule=schedule, name=name)


@torch.no_grad()
def nats(model: JunctionReader, x) -> float:
    """Mean nats per hidden letter, in evaluation mode."""
    x, training = torch.as_tensor(x).to(model.readout.weight.device), model.training
    model.eval()
    value = F.cross_entropy(model.hidden_letters(x).flatten(0, 1), x[:, 1:-1].argmax(dim=2).flatten()).item()
    model.train(training)
    return value


@torch.no_grad()
def said(model: nn.Module, x) -> np.ndarray:
    """The class that a model gives each row, in evaluation mode."""
    training = model.training
    model.eval()
    answers = model(torch.as_tensor(x).to(next(model.parameters()).device)).argmax(dim=1).cpu().numpy()
    model.train(training)
    return answers
