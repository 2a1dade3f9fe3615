"""What does a run of given compute reach? GPTs of many sizes on Python's own source, at equal operations.

C = 6 N n operations for n tokens and N weights that multiply, and attention's own products, 12 L T D for each token.
"""

from functools import cache

import numpy as np
import torch

from seqlib.data import batches, encode_chars, shifted_windows, split_in_time, stdlib_text, text_sampler
from seqlib.metrics import nll
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.training.muon import muon
from seqlib.training.train import train, warmup_cosine

CONTEXT, BATCH = 64, 16
RATES = (0.02, 0.04, 0.08)  # Muon's, to begin with; what is no matrix gets a third of it, with AdamW
MODERN = {"norm": "rms", "positions": "rotary", "feed_forward": "swiglu", "kv_heads": 2, "bias": False}
SMALL = ((8, 1), (16, 1), (24, 1), (24, 2), (32, 2))
LARGE = (*SMALL[1:], (48, 2))
# Operations: the shapes (width, layers) that are tried with them, the best of them between the others.
LEVELS = {1e10: SMALL, 1.7e10: SMALL, 2.8e10: SMALL, 4.7e10: LARGE, 8e10: LARGE}
LATER = 2.5e11  # the run that is foretold


@cache
def text():
    """Character ids of the library's first 95 % and of its last 5 %, and how many characters there are."""
    ids, characters = encode_chars(stdlib_text())
    return *split_in_time(ids, (0.95, 0.05)), characters.size


def shape(width: int, layers: int) -> GPTConfig:
    """A GPT of this size with the modern parts of 16."""
    return GPTConfig(text()[2], context=CONTEXT, width=width, layers=layers, **MODERN)


def weights_of(config: GPTConfig) -> int:
    """N: the weights that multiply, the tied table once."""
    with torch.device("meta"):
        return sum(p.numel() for p in GPT(config).parameters() if p.ndim == 2)


def operations_a_token(config: GPTConfig) -> int:
    """Forward and backward: 6 N, and attention's products with keys and values."""
    return 6 * weights_of(config) + 12 * config.layers * config.context * config.width


def steps_for(compute: float, config: GPTConfig) -> int:
    """Steps of 16 windows of 64 that `compute` operations pay for, at least one."""
    return max(1, round(compute / (operations_a_token(config) * BATCH * CONTEXT)))


def run_at(compute: float, width: int, layers: int, lr: float, seed: int = 0, most: int | None = None, name=None):
    """Train a fresh GPT for `compute` operations (`most` steps at most): (nats held out, its history)."""
    early, late, _ = text()
    config = shape(width, layers)
    steps = min(steps_for(compute, config), most or 10**9)
    torch.manual_seed(seed)
    model = GPT(config)
    history = train(
        model,
        text_sampler(early, CONTEXT, BATCH, seed),
        steps,
        optimizer=muon(model, lr=lr, lr_rest=lr / 3),
        clip=1.0,
        schedule=warmup_cosine(steps, min(30, steps // 4)),
        name=name,
    )
    held = late if steps == steps_for(compute, config) else late[:500]
    return nll(model, batches(*shifted_windows(held, CONTEXT), batch_size=64)), history


def shape_near(weights: float) -> tuple[int, int]:
    """The shape (width, layers) whose N is nearest to `weights`: layers grow slowly with the width, as in LEVELS."""
    shapes = [(width, 1 if width <= 24 else 2 if width <= 64 else 3) for width in range(8, 200, 8)]
    return min(shapes, key=lambda s: abs(np.log(weights_of(shape(*s)) / weights)))


def grid(results) -> dict[float, dict[int, list[float]]]:
    """{operations: {weights: nats of each seed}} of a recording's results, named by `point`."""
    found = {}
    for name, nats in results.items():
        if name.startswith("C "):
            level, size = (part.split(" ")[1] for part in name.split(", "))
            found.setdefault(float(level), {})[int(size)] = nats
    return found


def point(compute: float, size: int) -> str:
    """The name of a point of the grid in a recording: "C 1e+10, N 1500"."""
    return f"C {compute:g}, N {size}"
