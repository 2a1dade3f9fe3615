"""Colouring Python character by character: the networks, how they are trained and read, and text on coloured ground.

A network answers AHEAD characters late: having read character t + AHEAD it names the class of character t, since a
colour depends on a few later characters too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.syntax import CHARACTERS, CLASSES, Source
from seqlib.display.html import table
from seqlib.display.selfcheck import Shown
from seqlib.training.train import History, train

__all__ = [
    "AHEAD", "SAMPLE", "Colourer", "Window", "accuracy_by_distance", "one_hot", "paint", "read_through",
    "results_table", "rows", "train_colours",
]  # fmt: skip

AHEAD = 4
# A text to look at: a docstring that holds words of the language, a comment about quotes, strings, an f-string.
SAMPLE = '''def area(r):
    """Area of a circle.

    If r is 2, and it is in cm, that makes 12.566 for the area.
    """
    return 3.14159 * r ** 2  # and no quote here


def label(r):
    name = "circle"
    return f"{name} {area(r)}"
'''


def rows(source: Source, batch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, labels and depths as `batch` long rows, int64 (batch, L) each.

    Column t of the ids is the character read, of the labels and depths the character AHEAD before it.
    """
    length = (len(source.ids) - AHEAD) // batch
    parts = source.ids[AHEAD:], source.labels, source.depth
    return tuple(torch.tensor(part[: batch * length].reshape(batch, length)) for part in parts)


def one_hot(ids: torch.Tensor) -> torch.Tensor:
    """Ids (B, T) as float32 (B, T, V)."""
    return F.one_hot(ids, len(CHARACTERS)).float()


class Colourer(nn.Module):
    """A recurrent layer that names the class of each character and goes on where it left off.

    forward(ids, first=False): ids (B, T) -> scores (B, T, C); the state is carried from call to call without its
    gradient (truncated backpropagation through time), and begins anew where `first`.
    """

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer, self.readout, self.state = layer, nn.Linear(len(layer.W_hh), len(CLASSES)), None

    def forward(self, ids: torch.Tensor, first: bool = False) -> torch.Tensor:
        states, last = self.layer(one_hot(ids), None if first else self.state)
        self.state = tuple(part.detach() for part in last) if isinstance(last, tuple) else last.detach()
        return self.readout(states)


class Window(nn.Module):
    """The baseline: names the class of a character from the 2 AHEAD + 1 around it; one hidden layer, no state."""

    def __init__(self, hidden_size: int):
        super().__init__()
        self.look = nn.Conv1d(len(CHARACTERS), hidden_size, 2 * AHEAD + 1)
        self.readout, self.past = nn.Linear(hidden_size, len(CLASSES)), None

    def forward(self, ids: torch.Tensor, first: bool = False) -> torch.Tensor:
        past = torch.zeros_like(ids[:, :1]).expand(-1, 2 * AHEAD) if first else self.past
        ids = torch.cat([past, ids], dim=1)
        self.past = ids[:, -2 * AHEAD :]
        return self.readout(self.look(one_hot(ids).transpose(1, 2)).relu().transpose(1, 2))


def train_colours(
    model: nn.Module, source: Source, steps: int, lr: float, seed: int = 0, batch: int = 32, length: int = 128
) -> History:
    """Train on a source read in `batch` rows, `length` characters a step, from a place that `seed` picks.

    The learning rate is held for two thirds of the steps and then falls to zero; gradients are clipped at norm 1.
    """
    ids, labels, _ = rows(source, batch)
    pieces = ids.shape[1] // length

    def piece(step):
        at = (seed * 97 + step) % pieces * length
        return ids[:, at : at + length], labels[:, at : at + length], step == 0 or at == 0

    def loss(model, batch):
        return F.cross_entropy(model(batch[0], batch[2]).flatten(0, 1), batch[1].flatten())

    size = sum(p.numel() for p in model.parameters())
    schedule = partial(_held_then_falling, steps)
    return train(model, piece, steps, lr=lr, clip=1.0, loss=loss, schedule=schedule,
                 name=f"colouring, {size} parameters")  # fmt: skip


def _held_then_falling(steps: int, step: int) -> float:
    return min(1.0, 3 * (1 - step / steps))


def read_through(model: nn.Module, source: Source, batch: int = 64, length: int = 256):
    """What the model says of every character of a source: classes, labels and depths, int64 (T,) each."""
    (ids, labels, depth), where = rows(source, batch), next(model.parameters()).device
    with torch.no_grad():
        said = [model(piece.to(where), first=k == 0).argmax(dim=2) for k, piece in enumerate(ids.split(length, dim=1))]
    return torch.cat(said, dim=1).flatten().cpu().numpy(), labels.flatten().numpy(), depth.flatten().numpy()


def accuracy_by_distance(right: np.ndarray, depth: np.ndarray, edges: Sequence[int]) -> np.ndarray:
    """The share of `right` (T,) among characters with edges[k] <= depth < edges[k + 1], for each bin k.

    Characters outside triple-quoted strings have a depth of -1. nan where a bin is empty.
    """
    bins = [(depth >= low) & (depth < high) for low, high in zip(edges[:-1], edges[1:], strict=True)]
    return np.array([right[inside].mean() if inside.any() else np.nan for inside in bins])


def results_table(run: dict, names: Sequence[str], columns: Sequence[str], more: dict | None = None) -> Shown:
    """A recorded run as a table: mean (lowest to highest over the seeds) of each column, for each model.

    The run's results are called "model, column". `more` adds rows {model: [number, …]}, of fewer columns perhaps.
    """

    def cell(values):
        low, middle, high = min(values), sum(values) / len(values), max(values)
        whole = all(value == int(value) for value in values)
        digits = 1 if abs(middle) >= 2 else 3  # percents, and shares
        told = f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
        return f"{middle:.0f}" if whole and low == high else told

    body = [[name, *(cell(run["results"][f"{name}, {column}"]) for column in columns)] for name in names]
    for name, values in (more or {}).items():
        body.append([name, *(f"{value:.3f}" for value in values), *[""] * (len(columns) - len(values))])
    return Shown(table(["model", *columns], body), "\n".join(" | ".join(row) for row in body))


def paint(text: str, values: np.ndarray, title: str, alt: str, width: int = 74) -> None:
    """Show a text with a number behind each character as its background, in two colours that meet half way.

    values (T,): one for each character of the text. Long lines are broken at `width` characters.
    """
    from seqlib.display.figures import figure, show

    if len(values) != len(text):
        raise ValueError(f"expected one value for each of {len(text)} characters, got {len(values)}")
    ends = [k for k, character in enumerate(text) if character == "\n"]
    lines = zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)
    pieces = [(a + k, min(b, a + k + width)) for a, b in lines for k in range(0, max(1, b - a), width)]
    sheet = np.full((len(pieces), width), np.nan)
    fig, ax = figure(figsize=(7.4, 0.2 * len(pieces) + 0.5))
    for row, (start, stop) in enumerate(pieces):
        sheet[row, : stop - start] = values[start:stop]
        for column, character in enumerate(text[start:stop]):
            shown = character.replace("$", r"\$")
            ax.text(column, row, shown, ha="center", va="center", family="monospace", fontsize=8)
    low, high = np.min(values), np.max(values)
    spare = 0.5 * (high - low) or 1.0  # pale colours, so that the letters stay readable
    ax.imshow(sheet, cmap="PuOr_r", vmin=low - spare, vmax=high + spare, aspect="auto")
    ax.set(xticks=[], yticks=[], title=title)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    show(fig, alt=alt)
