"""Who recalls over how long a delay? One ladder for RNN, LSTM and GRU: the same task, batches, budget, rates and seeds.

Notebooks 04, 05 and 06 each record their own networks on it; a ladder is {label: [a number for each seed]}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.studies.how_far_back import recall_batch
from seqlib.studies.side_by_side import train_side_by_side

__all__ = ["DELAYS", "Recaller", "at_best_rate", "at_delay", "climb", "reach", "reaches"]

DELAYS = (20, 40, 80, 160)
STEPS, BATCH, SEEDS = 400, 32, (0, 1, 2, 3, 4)
LEARNED, NOTHING = 0.9, 0.25  # shares recalled: what counts as learned, and what as nothing at all (chance is 1/8)


class Recaller(torch.nn.Module):
    """A recurrent layer and a readout of its last state: x (B, T, 10) -> logits (B, 8)."""

    def __init__(self, layer: torch.nn.Module, outputs: int = 8):
        super().__init__()
        self.layer, self.readout = layer, torch.nn.Linear(len(layer.W_hh), outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.readout(self.layer(x)[0][:, -1])


def climb(
    name: str,
    make: Callable,
    rates: Sequence[float],
    *,
    delays: Sequence[int] = DELAYS,
    seeds: Sequence[int] = SEEDS,
    steps: int = STEPS,
    whole: bool = False,
) -> dict[str, list[float]]:
    """Train make(seed, delay) at every rate, seed and delay: shares recalled, and the loss of the last 20 batches.

    Adam, 32 sequences a batch, each network's gradient norm clipped at 1. Longer delays are not run where not one
    network at any rate recalled a quarter, unless the `whole` ladder is asked for. "name, delay 20" is what each seed
    recalls at the rate whose loss ended lowest.
    """
    results = {}
    for delay in delays:
        models = [_fresh(make, seed, delay) for _ in rates for seed in seeds]
        losses = train_side_by_side(
            models,
            lambda step, delay=delay: _batches(seeds, len(rates), step, BATCH, delay),
            steps,
            np.repeat(rates, len(seeds)),
            loss=lambda model, batch: F.cross_entropy(model(batch[0]), batch[1]),
        )
        ends = losses[-20:].mean(dim=0).nan_to_num(nan=99.0, posinf=99.0)
        right = [_right(model, seed, delay) for model, seed in zip(models, [*seeds] * len(rates), strict=True)]
        for k, rate in enumerate(rates):
            here = slice(k * len(seeds), (k + 1) * len(seeds))
            results[f"{name}, delay {delay}, rate {rate:g}"] = right[here]
            results[f"{name}, delay {delay}, rate {rate:g}, loss"] = ends[here].tolist()
        results[f"{name}, delay {delay}"] = at_best_rate(results, name)[delay][1].tolist()
        if max(right) < NOTHING and not whole:
            break
    return results


def _fresh(make: Callable, seed: int, delay: int) -> Recaller:
    torch.manual_seed(seed)
    return Recaller(make(seed, delay))


def _batches(seeds, copies: int, step: int, size: int, delay: int):
    """A batch for each seed, the same for every rate: x (N, B, T, 10) and y (N, B)."""
    drawn = [recall_batch(np.random.default_rng([seed, step]), size, delay) for seed in seeds]
    return tuple(torch.stack(parts).repeat(copies, *[1] * parts[0].ndim) for parts in zip(*drawn, strict=True))


def _right(model: Recaller, seed: int, delay: int) -> float:
    """The share recalled of 1000 sequences that no training saw."""
    x, y = recall_batch(np.random.default_rng([seed, 10**6]), 1000, delay)
    with torch.no_grad():
        return (model(x.to(model.readout.weight)).argmax(dim=1).cpu() == y).float().mean().item()


def _tried(results: Mapping, name: str) -> dict[int, dict[str, dict]]:
    """{delay: {rate: {"right": [...], "loss": [...]}}} of one network."""
    found: dict = {}
    for label, values in results.items():
        if label.startswith(f"{name}, delay "):
            delay, *rest = label.removeprefix(f"{name}, delay ").split(", ")
            if not rest:
                continue
            rate, *loss = rest
            told = found.setdefault(int(delay), {}).setdefault(float(rate.removeprefix("rate ")), {})
            told["loss" if loss else "right"] = np.array(values)
    if not found:
        raise ValueError(f"expected the name of a network of this ladder, got {name!r}")
    return dict(sorted(found.items()))


def at_best_rate(results: Mapping, name: str) -> dict[int, tuple[float, np.ndarray]]:
    """{delay: (the rate with the lowest training loss, the share recalled by each seed at it)}."""
    best = {}
    for delay, by_rate in _tried(results, name).items():
        rate = min(by_rate, key=lambda r: by_rate[r]["loss"].mean())
        best[delay] = (rate, by_rate[rate]["right"])
    return best


def at_delay(results: Mapping, name: str, delay: int) -> tuple[np.ndarray, float, bool]:
    """(the share recalled by each seed at the best rate, that rate, whether the rate is bracketed), at one delay.

    Bracketed: inside those tried, or every seed recalls nine in ten, which leaves little to better.
    """
    rate, right = at_best_rate(results, name)[delay]
    tried = _tried(results, name)[delay]
    return right, rate, min(tried) < rate < max(tried) or bool((right > LEARNED).all())


def reaches(results: Mapping, name: str) -> dict[float, np.ndarray]:
    """{rate: for each seed the longest delay up to which it recalls nine in ten at every delay tried; 0 if none}."""
    found = _tried(results, name)
    return {
        rate: np.max(
            [delay * np.all([found[d][rate]["right"] > LEARNED for d in found if d <= delay], axis=0)
             for delay in found],
            axis=0,
        )
        for rate in next(iter(found.values()))
    }  # fmt: skip


def reach(results: Mapping, name: str) -> tuple[np.ndarray, float, bool]:
    """(the reach of each seed at the best single rate, that rate, whether the rate is bracketed).

    The best rate has the longest mean reach, and of equals the lower loss. It is bracketed if it lies inside those
    tried, or if every seed recalls over the longest delay of all, which no rate can better.
    """
    by_rate, found = reaches(results, name), _tried(results, name)
    loss = {rate: np.mean([found[delay][rate]["loss"].mean() for delay in found]) for rate in by_rate}
    rate = max(by_rate, key=lambda r: (by_rate[r].mean(), -loss[r]))
    inside = min(by_rate) < rate < max(by_rate) or bool((by_rate[rate] == max(DELAYS)).all())
    return by_rate[rate], rate, inside
