"""Training to a budget of processor seconds, so that a slow family gets fewer steps and no more time."""

from __future__ import annotations

import math
import time

import torch
from torch import nn

__all__ = ["against_time"]

WARM = 0.1  # of the seconds, in which the rate rises; then half a cosine down to 2 %


def against_time(model: nn.Module, task, lr: float, seconds: float, batch=None) -> int:
    """Train with AdamW on task.batch(step) until `seconds` of processor time are spent: the number of steps made.

    Making batches does not count. `batch` replaces the task's own. Gradients are clipped at norm 1.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    spent, step, batch = 0.0, 0, batch or task.batch
    model.train()
    while spent < seconds:
        drawn, began = batch(step), time.process_time()
        way = spent / seconds
        factor = (way + 1e-3) / WARM if way < WARM else 0.51 + 0.49 * math.cos(math.pi * (way - WARM) / (1 - WARM))
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, factor)
        loss = task.loss(model, drawn)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        spent, step = spent + time.process_time() - began, step + 1
    model.eval()
    return step
