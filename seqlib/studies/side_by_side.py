"""Many small networks of one shape, trained side by side: seeds and learning rates become one more axis of the tensors.

A loop over time costs the same for one network of 64 units as for twenty, so that a sweep over rates and seeds is
hardly dearer than a run. A test shows that each network learns what it would have learned alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.func import functional_call, stack_module_state, vmap

__all__ = ["train_side_by_side"]


def train_side_by_side(
    models: Sequence[torch.nn.Module],
    sampler: Callable,
    steps: int,
    rates: Sequence[float],
    *,
    loss: Callable,
    optimizer: Callable = torch.optim.Adam,
    clip: float = 1.0,
) -> torch.Tensor:
    """Train N models of one architecture in place; every loss, (steps, N).

    sampler(step) gives a tuple of tensors with a row of batches for each model, (N, B, ...). loss(model, batch) is a
    scalar, for one model and one batch. rates: the learning rate of each model; optimizer: one whose step is
    proportional to its rate, such as Adam or AdamW. clip: the largest gradient norm of each model by itself. A model
    whose loss is not a number stays that way and harms no other.
    """
    if len(models) != len(rates) or not models:
        raise ValueError(f"expected a rate for each model, got {len(models)} models and {len(rates)} rates")
    stacked, _ = stack_module_state(list(models))
    frame, rate = models[0], torch.tensor(list(rates), dtype=torch.float32)
    update = optimizer(stacked.values(), lr=1.0)

    def one(parameters, *batch):
        return loss(lambda *inputs: functional_call(frame, parameters, inputs), batch)

    seen = []
    for step in range(steps):
        values = vmap(one)(stacked, *sampler(step))
        update.zero_grad()
        values.sum().backward()
        with torch.no_grad():
            _clip(stacked.values(), clip)
            before = [p.clone() for p in stacked.values()]
            update.step()
            for p, old in zip(stacked.values(), before, strict=True):
                p.copy_(torch.lerp(old, p, rate.to(p.dtype).view(-1, *[1] * (p.ndim - 1))))
        seen.append(values.detach())
    with torch.no_grad():
        for n, model in enumerate(models):
            for name, p in model.named_parameters():
                p.copy_(stacked[name][n])
    return torch.stack(seen)


def _clip(parameters, limit: float) -> None:
    """Each model's gradient shortened to a norm of at most `limit`."""
    norms = sum(p.grad.flatten(1).square().sum(dim=1) for p in parameters).sqrt()
    factor = (limit / (norms + 1e-6)).clamp(max=1.0)
    for p in parameters:
        p.grad.mul_(factor.view(-1, *[1] * (p.ndim - 1)))
