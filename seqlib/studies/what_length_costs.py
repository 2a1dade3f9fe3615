"""What does a layer cost, against length, width and batch? One layer of each kind, of the same width, timed alike."""

import math
import time
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models.attention import attention, causal_mask
from seqlib.models.layers import RNN

LAYERS = ("looped RNN", "nn.LSTM", "naive attention", "fused attention")
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
LONGEST = {"naive attention": 4096}  # beyond, its tables of scores no longer fit beside other programs
WIDTH, HEADS = 128, 4


class Attention(nn.Module):
    """Causal self-attention (B, T, D) -> (B, T, D), with its table of scores written down, or fused in one kernel."""

    def __init__(self, width: int, heads: int, fused: bool):
        super().__init__()
        self.W_qkv, self.W_o = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.fused = heads, fused

    def split(self, x):
        """Queries, keys and values, each (B, A, T, d_k)."""
        return (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.W_qkv(x).chunk(3, dim=2))

    def forward(self, x):
        q, k, v = self.split(x)
        if self.fused:
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            out, _ = attention(q, k, v, causal_mask(x.shape[1]).to(x.device))
        return self.W_o(out.transpose(1, 2).flatten(2))


def layer(kind: str, width: int = WIDTH, heads: int = HEADS) -> nn.Module:
    """A fresh layer of one of LAYERS, (B, T, width) -> (B, T, width) or a tuple that begins with it."""
    if kind == "looped RNN":
        return RNN(width, width)
    if kind == "nn.LSTM":
        return nn.LSTM(width, width, batch_first=True)
    if kind not in LAYERS:
        raise ValueError(f"kind should be one of {', '.join(LAYERS)}, got {kind!r}")
    return Attention(width, heads, fused=kind == "fused attention")


def forward(model, x):
    """Read x without gradients."""
    with torch.no_grad():
        out = model(x)
    return out[0] if isinstance(out, tuple) else out


def both_ways(model, x):
    """Forward and backward, as in training."""
    out = model(x)
    (out[0] if isinstance(out, tuple) else out).sum().backward()


def clock(device="cpu") -> float:
    """Seconds: of the processor, on one thread, so that other programs do not count; of the clock on a GPU."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def timed(works: dict[str, Callable], rounds: int = 5, device="cpu") -> dict[str, list[float]]:
    """{name: seconds of each round} of works, called in turn, so that a slow moment meets all of them alike.

    Each is called before, uncounted: kernels are chosen and memory is asked for. Short ones are repeated until 2 ms
    have passed, and the mean is taken.
    """
    times, calls = {name: [] for name in works}, {}
    for name, work in works.items():
        for _ in range(2):
            began = clock(device)
            work()
            spent = clock(device) - began
            if spent > 0.05:
                break
        calls[name] = max(1, math.ceil(0.002 / max(spent, 1e-7)))
    for _ in range(rounds):
        for name, work in works.items():
            began = clock(device)
            for _ in range(calls[name]):
                work()
            times[name].append((clock(device) - began) / calls[name])
    return times


WAYS = {"forward": forward, "training": both_ways}


def at_length(steps: int, kinds: Iterable[str] = LAYERS, rounds: int = 5, seed=0, device="cpu", ways=WAYS, **shape):
    """{"kind, forward": seconds of each round, "kind, training": …} for sequences of `steps`.

    ways: which of WAYS; shape: batch (1), width and heads. A kind is left out beyond its LONGEST.
    """
    torch.manual_seed(seed)
    batch, width, heads = shape.get("batch", 1), shape.get("width", WIDTH), shape.get("heads", HEADS)
    x, works = torch.randn(batch, steps, width, device=device), {}
    for kind in kinds:
        if steps <= LONGEST.get(kind, steps):
            model = layer(kind, width, heads).to(device)
            works |= {f"{kind}, {way}": partial(WAYS[way], model, x) for way in ways}
    return timed(works, rounds, device)


def series(results, name: str, points) -> tuple[np.ndarray, np.ndarray]:
    """Of a recording's results called "name, point": the points that are there, and (points, rounds) of numbers."""
    there = [point for point in points if f"{name}, {point}" in results]
    return np.array(there), np.array([results[f"{name}, {point}"] for point in there])


def fitted(lengths, seconds, least: int = 0) -> tuple[float, float]:
    """Exponent of seconds (n, rounds) against lengths from `least` on, of the medians, and its standard error."""
    chosen = np.asarray(lengths) >= least
    x, y = np.log(np.asarray(lengths)[chosen]), np.log(np.median(seconds, axis=1))[chosen]
    x = x - x.mean()
    slope = (x * y).sum() / (x**2).sum()
    left = y - y.mean() - slope * x
    return float(slope), float(np.sqrt((left**2).sum() / (len(x) - 2) / (x**2).sum()))


def says_exponent(exponent: float, error: float, expected: float) -> str:
    """Whether a fitted exponent is the one that is claimed: within 0.15 or two errors "holds", beyond 0.5 "fails"."""
    gap = abs(exponent - expected)
    return "holds" if gap <= max(0.15, 2 * error) else "fails" if gap > 0.5 else "depends"
