"""A training loop for a GPU: the data lie on the device, and nothing in a step waits for a number from it.

`train` is the loop of the course, with checkpoints and a display; this one is for recordings on a large machine. It
reads the losses where it evaluates anyway, and nowhere else. A test has it run where reading a number is an error.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from seqlib import expect
from seqlib.training.history import History, TrainingDiverged
from seqlib.training.run import evaluating, half_precision

__all__ = ["adamw", "learn", "next_tokens", "utilisation", "windows_on"]


def windows_on(ids: torch.Tensor, length: int, batch_size: int, seed: int = 0) -> Callable:
    """Windows of `length` from random places of ids (T,), drawn on the device where ids lie: step -> (x, y).

    It keeps a random generator: a run begins at its first step. ValueError if ids are too few.
    """
    if ids.ndim != 1 or len(ids) <= length:
        raise ValueError(f"expected a row of more than {length} ids, got shape {tuple(ids.shape)}")
    draw = torch.Generator(device=ids.device).manual_seed(seed)
    ahead = torch.arange(length + 1, device=ids.device)

    def batch(step):
        starts = torch.randint(len(ids) - length, (batch_size, 1), generator=draw, device=ids.device)
        windows = ids[starts + ahead]
        return windows[:, :-1], windows[:, 1:]

    return batch


def adamw(model: torch.nn.Module, lr: float, decay: float = 0.1) -> torch.optim.Optimizer:
    """AdamW in one kernel; matrices decay, vectors do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    one_kernel = parameters[0].device.type in ("cuda", "cpu")  # others read each parameter's count of steps
    return torch.optim.AdamW([g for g in groups if g["params"]], lr, betas=(0.9, 0.99), fused=one_kernel)


def next_tokens(model, batch) -> torch.Tensor:
    """The mean cross entropy of logits (B, T, V) against tokens (B, T); -100 does not count."""
    x, y = batch
    return F.cross_entropy(model(x).float().flatten(0, 1), y.flatten(), ignore_index=-100)


def learn(
    model: torch.nn.Module, batch: Callable, steps: int, optimizer, *, loss: Callable = next_tokens, schedule=None,
    clip: float = 1.0, evaluate: Callable | None = None, every: int | None = None, seconds: float | None = None,
    compiled: bool | None = None,
) -> History:  # fmt: skip
    """Train for `steps` updates, or until `seconds` have gone by at a look; the history of all losses.

    batch(step) lies on the model's device; the forward pass is in bfloat16 where the device has it. Every `every` steps
    the losses are read and evaluate(model) -> {name: number} is asked. compiled: by default on a GPU.
    Raises TrainingDiverged at a look if a loss is not finite.
    """
    every, history = every or steps, History("on the device")
    expect.whole(steps, "steps", 1)
    expect.whole(every, "every", 1)
    where = next(model.parameters()).device
    rates, waiting = [group["lr"] for group in optimizer.param_groups], []
    forward = torch.compile(loss) if (where.type == "cuda" if compiled is None else compiled) else loss
    parameters, began = [p for p in model.parameters() if p.requires_grad], time.perf_counter()
    model.train()
    for step in range(steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * (schedule(step) if schedule else 1.0)
        with half_precision(where):
            value = forward(model, batch(step))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        waiting.append(value.detach())
        if (step + 1) % every == 0 or step + 1 == steps:
            _look(model, waiting, history, evaluate)
            waiting, history.seconds = [], time.perf_counter() - began
            if seconds is not None and history.seconds > seconds:
                break
    return history


def _look(model, waiting, history, evaluate) -> None:
    """Read the losses since the last look, and evaluate: the one place that waits for the device."""
    losses = torch.stack(waiting).tolist()
    for step, value in enumerate(losses, len(history.losses)):
        if not math.isfinite(value):
            before = (history.losses + losses)[step - 1] if step else None
            raise TrainingDiverged(f"the loss is {value} at step {step}", step, before, None, history)
    history.losses += losses
    if evaluate is not None:
        with evaluating(model):
            told = evaluate(model)
        history.evals.append({"step": len(history.losses)} | {name: float(value) for name, value in told.items()})


def utilisation(operations: float, seconds: float, peak: float) -> float:
    """The share of a machine's peak (operations a second) that `operations` in `seconds` are.

    With the model's own operations, forward and backward, it is called MFU. Source: Chowdhery et al. 2022, App. B.
    """
    for name, value in (("operations", operations), ("seconds", seconds), ("peak", peak)):
        expect.number(value, name, above=0)
    return operations / seconds / peak
