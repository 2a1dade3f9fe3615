"""What a training run leaves behind: its losses, its evaluations, its time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from seqlib import expect
from seqlib.display.progress import duration, number, smoothed


class TrainingDiverged(RuntimeError):
    """The loss or the gradient is no longer finite. Knows `step`, `last_loss`, `grad_norm` and `history`."""

    def __init__(self, message: str, step: int, last_loss: float | None, grad_norm: float | None, history):
        super().__init__(message)
        self.step, self.last_loss, self.grad_norm, self.history = step, last_loss, grad_norm, history


@dataclass(repr=False)
class History:
    """What a training run left behind.

    losses[k] is the loss of batch k, before the update that it causes; `evals` holds one dict for each
    evaluation, with "step" (updates made so far) and what `evaluate` returned; `grad_norms` are the global
    norms before clipping (empty without `clip`); `seconds` include evaluation and all resumed parts; `threads` holds
    [step, threads] for each change that `train` chose, empty where the number was fixed.
    """

    name: str = "training"
    losses: list[float] = field(default_factory=list)
    evals: list[dict] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    threads: list[list[int]] = field(default_factory=list)

    @property
    def steps(self) -> list[int]:
        """The number of updates made before each loss: 0, 1, 2, ..."""
        return list(range(len(self.losses)))

    def last(self, n: int = 50) -> float:
        """The mean of the last `n` losses, nan if there are none."""
        tail = self.losses[-expect.whole(n, "n", 1) :]
        return sum(tail) / len(tail) if tail else math.nan

    def series(self, key: str) -> tuple[list[int], list[float]]:
        """Steps and values of one evaluated quantity, for plotting."""
        found = [(one["step"], one[key]) for one in self.evals if key in one]
        if not found:
            known = sorted({name for one in self.evals for name in one if name != "step"})
            raise ValueError(f"expected one of {known or 'no evaluations yet'}, got {key!r}")
        steps, values = zip(*found, strict=True)
        return list(steps), list(values)

    def plot(self, ax, label: str | None = None, **look):
        """Draw the smoothed loss curve on `ax` and return the line."""
        (line,) = ax.plot(*smoothed(self.losses), label=label or self.name, **look)
        ax.set(xlabel="step", ylabel="loss")
        return line

    def __repr__(self) -> str:
        ending = ", interrupted" if self.interrupted else ""
        return (
            f"History({self.name}: {len(self.losses):,} steps, last loss {number(self.last())}, "
            f"{duration(self.seconds)}{ending})"
        )
