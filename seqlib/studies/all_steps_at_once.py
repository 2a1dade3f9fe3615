"""What does it cost to know every state of a recurrence? Operations counted, rounds counted, and seconds.

Throughout: a, b, x (B, T, H), float32; seconds are processor time, forward and backward.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from seqlib.models import scan

__all__ = ["WAYS", "clocked", "counted", "growth", "prepared", "verdict_cheap", "verdict_growth"]


class _Counting(TorchDispatchMode):
    """Counts products, and how many of them stand one behind the other, by the memory that they read and write."""

    def __init__(self):
        super().__init__()
        self.work, self.behind = 0, {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        read = [part for arg in args for part in (arg if isinstance(arg, (list, tuple)) else [arg])]
        depth = max((self.behind.get(_memory(part), 0) for part in read if isinstance(part, torch.Tensor)), default=0)
        if func.overloadpacket is torch.ops.aten.mul:
            self.work, depth = self.work + out.numel(), depth + 1
        for made in out if isinstance(out, (list, tuple)) else [out]:
            if isinstance(made, torch.Tensor):
                self.behind[_memory(made)] = depth
        return out


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


@torch.no_grad()
def counted(way: Callable, steps: int) -> tuple[int, int]:
    """(products in all, products that wait for one another) of way(a, b) for one unit and so many steps."""
    a, b = torch.rand(1, steps, 1), torch.rand(1, steps, 1)
    with _Counting() as count:
        states = way(a, b)
    return count.work, count.behind.get(_memory(states), 0)


def _attend(width):
    def way(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    return way, 3, (4, width // 4)


def _layer(kind, width):
    layer = kind(width, width, batch_first=True)
    return (lambda x: layer(x)[0]), 1, None


# {name: width -> (what takes so many tensors, how many, the shape of a head where there are heads)}
WAYS = {
    "loop": lambda width: (scan.recurrence, 2, None),
    "scan by doubling": lambda width: (scan.scan_doubling, 2, None),
    "scan by pairs": lambda width: (scan.scan, 2, None),
    "scan, gradient by hand": lambda width: (scan.ScanByHand.apply, 2, None),
    "FFT (constant factor)": lambda width: (lambda x, kernel: scan.causal_fft(x, kernel[0]), 2, None),
    "nn.LSTM": lambda width: _layer(nn.LSTM, width),
    "nn.GRU": lambda width: _layer(nn.GRU, width),
    "attention, fused": _attend,
}


def prepared(name: str, steps: int, batch: int = 4, width: int = 64) -> Callable[[], None]:
    """One forward and backward pass of a way, ready to be timed. ValueError if there is no such way."""
    if name not in WAYS:
        raise ValueError(f"expected one of {', '.join(WAYS)}, got {name!r}")
    torch.manual_seed(0)
    way, count, heads = WAYS[name](width)
    shape = (batch, steps, width) if heads is None else (batch, heads[0], steps, heads[1])
    given = [torch.rand(shape).requires_grad_() for _ in range(count)]

    def run():
        way(*given).sum().backward()

    return run


def clocked(lengths: Iterable[int], names: Iterable[str] = tuple(WAYS), rounds: int = 3, warm: bool = True) -> Mapping:
    """{(name, steps): [seconds of processor time of each round]}; the ways take turns, so that all have like hours.

    Each is prepared anew, outside its time, so that the memory of one at a time is held.
    """
    found = {(name, steps): [] for steps in lengths for name in names}
    for turn in range(rounds + warm):
        for (name, steps), seconds in found.items():
            run = prepared(name, steps)
            began = time.process_time()
            run()
            if turn >= warm:
                seconds.append(time.process_time() - began)
    return found


def growth(lengths, seconds) -> float:
    """The exponent p of seconds = c · lengths^p, from the upper half of the lengths by least squares of logarithms."""
    lengths, seconds = torch.as_tensor(lengths).double().log(), torch.as_tensor(seconds).double().log()
    x, y = lengths[len(lengths) // 2 :], seconds[len(lengths) // 2 :]
    if len(x) < 2:
        raise ValueError(f"expected at least 3 lengths, got {len(lengths)}")
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())


def verdict_cheap(lengths: Sequence[int], work: Sequence[int], depth: Sequence[int], slack: float = 1.25) -> str:
    """Is the work in step with T, and the depth with its logarithm?

    "holds" if neither work / T nor depth / log2 T grows by more than `slack` from first to last length; else "fails".
    """
    if len(lengths) < 2 or lengths[0] < 2 or lengths[-1] <= lengths[0]:
        raise ValueError(f"expected at least 2 lengths of at least 2 that grow, got {lengths}")
    first, last = lengths[0], lengths[-1]
    wider = work[-1] / last / (work[0] / first)
    deeper = depth[-1] / math.log2(last) / (depth[0] / math.log2(first))
    return "holds" if max(wider, deeper) <= slack else "fails"


def verdict_growth(found: Mapping[float, float], near: float = 0.25) -> str:
    """Do the times grow as foretold? {exponent foretold: exponent found}.

    "holds" if every one is at most `near` off, "fails" if one is more than twice as far off, "depends" between.
    """
    if not found or near <= 0:
        raise ValueError(f"expected exponents and a distance above 0, got {found} and {near}")
    off = max(abs(told - exponent) for told, exponent in found.items())
    return "holds" if off <= near else "fails" if off > 2 * near else "depends"
