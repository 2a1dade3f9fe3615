"""How well are handwritten digits read? The rivals of the Vision Transformer, one recipe for all, and fair verdicts.

Throughout: pictures (B, 8, 8) from 0 to 1, digits (B,); "right" is an array of True and False, one for each picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from seqlib.data.windows import sampler
from seqlib.training.train import train, warmup_cosine

CLASSES = 10


class ConvNet(nn.Module):
    """The rival: 3 × 3 convolutions and two poolings (in the manner of LeCun et al. 1998, §II), (B, 8, 8) → (B, 10)."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * width, CLASSES),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.layers(2 * pictures[:, None])


class PictureGRU(nn.Module):
    """A GRU that reads a picture as a sequence, `step` pixels at a time, in reading order or another: → (B, 10).

    order: a permutation of the 64 pixels, None for reading order. Eight pixels at a time are the rows.
    """

    def __init__(self, step: int = 8, order: Sequence[int] | None = None, width: int = 64):
        super().__init__()
        self.step, self.order = step, order
        self.recurrent, self.readout = nn.GRU(step, width, batch_first=True), nn.Linear(width, CLASSES)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        pixels = 2 * pictures.flatten(1)
        pixels = pixels if self.order is None else pixels[:, self.order]
        states, _ = self.recurrent(pixels.unflatten(1, (-1, self.step)))
        return self.readout(states[:, -1])


def learn(model, pictures, digits, steps: int, *, rate=3e-3, seed=0, change: Callable | None = None, name=None):
    """Train with batches of 64, AdamW, a cosine; `change` is done to each batch of pictures. Returns the history."""
    draw = sampler(pictures, digits, batch_size=min(64, len(pictures)), seed=seed)

    def batch(step):
        x, y = draw(step)
        return (x if change is None else change(x)), y

    return train(model, batch, steps, lr=rate, clip=1.0, schedule=warmup_cosine(steps, min(30, steps)), name=name)


def right(model, pictures, digits) -> np.ndarray:
    """Which pictures a model reads rightly: booleans (B,). `model` is a network or anything with `predict`."""
    if hasattr(model, "predict"):
        return model.predict(np.reshape(pictures, (len(pictures), -1))) == digits
    where = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.no_grad():
        said = model(torch.as_tensor(pictures).to(where)).argmax(dim=-1).cpu().numpy()
    model.train(was_training)
    return said == np.asarray(digits)


def simple_readers(pictures, digits) -> dict:
    """The bars: one-nearest neighbour, a support vector machine, logistic regression, fitted to pixels as they are.

    The machine's γ is the 0.001 of scikit-learn's own example of digits, whose counts go to 16: 0.001 · 16².
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    flat = np.reshape(pictures, (len(pictures), -1))
    bars = {
        "logistic regression": LogisticRegression(max_iter=5000),
        "1-nearest neighbour": KNeighborsClassifier(1),
        "support vector machine": SVC(gamma=0.256),
    }
    return {name: bar.fit(flat, digits) for name, bar in bars.items()}


def beats(these: Sequence[float], those: Sequence[float] | float) -> str:
    """A verdict on "these are better than those", seed by seed: "holds" where the worst of these is above the best of
    those, "fails" where the best of these is not above the worst of those, "depends" where they overlap."""
    those = np.atleast_1d(np.asarray(those, dtype=float))
    if min(these) > max(those):
        return "holds"
    return "fails" if max(these) <= min(those) else "depends"


FINISHED = 0.05  # nats: a training loss below it is as good as at its floor


def fairly(
    these: Sequence[float],
    those: Sequence[float] | float,
    losses: Sequence[float],
    swept: tuple[bool, bool] = (True, True),
) -> str:
    """What `beats` says of a fair fight: "not tested" where a training loss is still above FINISHED, or where the
    loser's learning rate fits badly. swept: whether that of these, that of those fits; a win at a bad one counts."""
    found = beats(these, those)
    needed = {"holds": swept[1:], "fails": swept[:1]}.get(found, swept)
    return found if all(needed) and max(losses) <= FINISHED else "not tested"


def alike(these, those, losses: Sequence[float], swept: tuple[bool, bool] = (True, True)) -> str:
    """A verdict on "these and those read equally well", after a fair fight: "holds" where the ranges of seeds overlap,
    "fails" where they do not."""
    found = {fairly(these, those, losses, swept), fairly(those, these, losses, swept[::-1])}
    return "not tested" if "not tested" in found else "fails" if "holds" in found else "holds"


def rates_fit(row: Sequence[float], used: int = 2, margin: float = 0.5) -> bool:
    """Whether a sweep of learning rates speaks for the one that was used: the best of `row` (percent at each rate,
    rates rising) lies inside what was tried, and the `used`-th is within `margin` points of it."""
    best = list(row).index(max(row))
    return 0 < best < len(row) - 1 and row[used] >= max(row) - margin


def together(verdicts: Sequence[str]) -> str:
    """One verdict on a claim that was asked of several readers: theirs where all agree, "not tested" where one of them
    had no fair fight, else "depends"."""
    if "not tested" in verdicts:
        return "not tested"
    return verdicts[0] if len(set(verdicts)) == 1 else "depends"
