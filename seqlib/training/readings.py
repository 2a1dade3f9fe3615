"""Losses and gradient norms on their way from the device into the history."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from seqlib.training.history import History

FLUSH_STEPS = 10  # on a GPU, reading a number waits for the device: read ten steps at a time


@dataclass
class _Pending:
    step: int
    loss: torch.Tensor
    norm: torch.Tensor | None = None


class Readings:
    """Takes losses and norms as tensors, reads them at once (`late` False) or ten steps at a time, into `history`.

    diverged(step, what, norm) is called at the first number that is not finite, and raises.
    """

    def __init__(self, history: History, late: bool, diverged: Callable):
        self.history, self.late, self.diverged, self.pending = history, late, diverged, []

    def loss(self, step: int, value: torch.Tensor) -> None:
        self.pending.append(_Pending(step, value.detach()))
        if not self.late:
            self.flush()

    def norm(self, step: int, value: torch.Tensor) -> None:
        if self.late:
            self.pending[-1].norm = value
        else:
            self._keep_norm(step, value.item())

    def flush_if_many(self) -> None:
        if len(self.pending) >= FLUSH_STEPS:
            self.flush()

    def flush(self) -> None:
        """Read what is still on the device, in two transfers."""
        pending, self.pending = self.pending, []
        if not pending:
            return
        losses = torch.stack([one.loss for one in pending]).tolist()
        with_norm = [one.norm for one in pending if one.norm is not None]
        norms = iter(torch.stack(with_norm).tolist() if with_norm else [])
        for one, loss in zip(pending, losses, strict=True):
            if not math.isfinite(loss):
                self.diverged(one.step, f"the loss is {loss}")
            self.history.losses.append(loss)
            if one.norm is not None:
                self._keep_norm(one.step, next(norms))

    def forget_from(self, step: int) -> None:
        """Drop what a step that was not finished has left."""
        self.pending = [one for one in self.pending if one.step < step]

    def _keep_norm(self, step: int, norm: float) -> None:
        # An update with such a gradient would spoil every weight.
        if not math.isfinite(norm):
            self.diverged(step, f"the loss is finite but the gradient norm is {norm}", norm)
        self.history.grad_norms.append(norm)
