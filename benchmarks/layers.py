"""The looped layers of seqlib against torch.nn's own: forward and backward, batch 32, 128 steps, width 256, a CPU.

    python benchmarks/layers.py [rounds | --quick]

One thread; the layers take turns, so that whatever else the machine does meets all of them; medians. Three
comparisons: float32 as it comes (PyTorch hands nn.LSTM to oneDNN where it has it, an LSTM of its own with another
matrix product), float32 with oneDNN off, and float64, where both sides call the same matrix product. "fused" is our
layer through seqlib.models.fused, which calls PyTorch's kernel with our weights. `--quick` keeps no file.
The result goes to benchmarks/results/layers.json.
"""

import json
import sys
import time
import warnings
from pathlib import Path
from statistics import median

import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BATCH, STEPS, WIDTH, ROUNDS = 32, 128, 256, 9


def pairs() -> dict:
    """{name: (our class, PyTorch's)} of the layers that seqlib has."""
    from seqlib.models import layers

    names = [name for name in ("RNN", "LSTM", "GRU") if hasattr(layers, name)]
    return {name: (getattr(layers, name), getattr(nn, name)) for name in names}


def seconds(layer, x) -> float:
    """One forward and one backward pass."""
    began = time.perf_counter()
    layer(x)[0].sum().backward()
    return time.perf_counter() - began


def compare(dtype, rounds: int) -> dict:
    """{"LSTM": {"ours": median seconds, "fused": …, "torch": …, "ratio": ours / torch, …}, …}."""
    from seqlib.models.fused import fused

    x = torch.randn(BATCH, STEPS, WIDTH, dtype=dtype)
    layers = {}
    for name, (ours, theirs) in pairs().items():
        layers[name, "ours"] = ours(WIDTH, WIDTH).to(dtype)
        layers[name, "fused"] = fused(ours(WIDTH, WIDTH).to(dtype))
        layers[name, "torch"] = theirs(WIDTH, WIDTH, batch_first=True).to(dtype)
    taken = {which: [] for which in layers}
    for _ in range(rounds + 1):
        for which, layer in layers.items():
            taken[which].append(seconds(layer, x))
    found = {}
    for name in pairs():
        kept = {side: taken[name, side][1:] for side in ("ours", "fused", "torch")}  # the first round warms up
        middle = {side: median(each) for side, each in kept.items()}
        found[name] = {side: round(seconds, 5) for side, seconds in middle.items()} | {
            "ratio": round(middle["ours"] / middle["torch"], 3),
            "fused_ratio": round(middle["fused"] / middle["torch"], 3),
            "spread": {side: [round(min(each), 5), round(max(each), 5)] for side, each in kept.items()},
        }
    return found


def main(rounds: int = ROUNDS, quick: bool = False) -> dict:
    from seqlib.runtime import machine

    torch.set_num_threads(1)
    results = {"float32": compare(torch.float32, rounds)}
    with warnings.catch_warnings(action="ignore"), torch.backends.mkldnn.flags(enabled=False):
        results["float32, oneDNN off"] = compare(torch.float32, rounds)
    results["float64"] = compare(torch.float64, rounds)
    report = {
        "what": "seconds for forward and backward, medians", "batch": BATCH, "steps": STEPS, "width": WIDTH,
        "rounds": rounds, "command": "python benchmarks/layers.py", "machine": machine(), "results": results,
    }  # fmt: skip
    if not quick:
        target = ROOT / "benchmarks" / "results" / "layers.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8", newline="\n")
    for how, found in results.items():
        said = (f"{name} {one['ratio']:.2f} (fused {one['fused_ratio']:.2f})" for name, one in found.items())
        print(f"{how:20} " + "   ".join(said))
    return report


if __name__ == "__main__":
    if "--quick" in sys.argv:
        BATCH, STEPS, WIDTH = 2, 4, 8
        main(1, quick=True)
    else:
        main(*map(int, sys.argv[1:2]))
