"""What fits into a state of fixed size: pairs to look up, symbols to copy, a parity to keep; and a text to go on with.

Throughout: ids (B, T), x (B, T, D), logits (B, T, V). Answers that are not asked for are -100.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.metrics import IGNORE
from seqlib.models import scan
from seqlib.models.gpt import MLP, GPTConfig, RMSNorm
from seqlib.training.muon import ByShape, Together
from seqlib.training.train import train, warmup_cosine

__all__ = [
    "Associating",
    "Attending",
    "Gated",
    "Stack",
    "Tracking",
    "accuracy",
    "bits_batch",
    "copy_batch",
    "held_out",
    "learn",
    "matrices_by_muon",
    "pairs_batch",
    "verdict_apart",
    "where_fair",
]


# -- three tasks -------------------------------------------------------------------------------------------------------


def pairs_batch(rng: np.random.Generator, batch: int, pairs: int, kinds: int = 32):
    """Pairs of a key and a value, a pair a step; then each key alone, in another order, and its value is asked.

    Returns ids (B, 2 P, 2) of keys and values, `kinds` where there is no value yet, and y (B, 2 P). Keys differ.
    After Arora et al. 2024, §3; there key and value are two steps.
    """
    if not 1 <= pairs <= kinds:
        raise ValueError(f"expected 1 to {kinds} pairs, got {pairs}")
    keys = torch.from_numpy(rng.permuted(np.tile(np.arange(kinds), (batch, 1)), axis=1)[:, :pairs].copy())
    values = torch.from_numpy(rng.integers(kinds, size=(batch, pairs)))
    order = torch.from_numpy(rng.permuted(np.tile(np.arange(pairs), (batch, 1)), axis=1))
    asked = torch.stack([keys.gather(1, order), torch.full_like(keys, kinds)], dim=2)
    told = torch.full_like(values, IGNORE)
    return torch.cat([torch.stack([keys, values], dim=2), asked], dim=1), torch.cat([told, values.gather(1, order)], 1)


def copy_batch(rng: np.random.Generator, batch: int, symbols: int, steps: int, spread: bool, kinds: int = 8):
    """`symbols` symbols among `steps` steps, at the beginning or spread at random; then as many signals to say them.

    Returns ids (B, steps + symbols), where `kinds` is a blank and kinds + 1 the signal, and y of the same shape.
    After Gu and Dao 2023, §3.1, Figure 2: copying, and selective copying.
    """
    if not 1 <= symbols <= steps:
        raise ValueError(f"expected 1 to {steps} symbols in {steps} steps, got {symbols}")
    said = torch.from_numpy(rng.integers(kinds, size=(batch, symbols)))
    places = np.tile(np.arange(steps), (batch, 1))
    places = np.sort(rng.permuted(places, axis=1)[:, :symbols], axis=1) if spread else places[:, :symbols]
    ids = torch.full((batch, steps), kinds).scatter(1, torch.from_numpy(places.copy()), said)
    y = torch.full((batch, steps), IGNORE)
    return torch.cat([ids, torch.full_like(said, kinds + 1)], dim=1), torch.cat([y, said], dim=1)


def bits_batch(rng: np.random.Generator, batch: int, steps: int):
    """A start (2), then random bits; asked at every bit: is the number of ones so far odd? ids and y (B, T + 1)."""
    bits = torch.from_numpy(rng.integers(2, size=(batch, steps)))
    start = torch.full((batch, 1), 2)
    y = torch.cat([torch.full_like(start, IGNORE), bits.cumsum(dim=1) % 2], dim=1)
    return torch.cat([start, bits], dim=1), y


# -- models ------------------------------------------------------------------------------------------------------------


class Attending(nn.Module):
    """One head that looks up, with d_k numbers a key: x (B, T, D) -> (B, T, D).

    kind: "softmax" (whose state grows with T), "linear" or "delta" (whose state has d_k D numbers). Keys have length 1.
    """

    def __init__(self, width: int, d_k: int, kind: str):
        super().__init__()
        if kind not in ("softmax", "linear", "delta"):
            raise ValueError(f"expected softmax, linear or delta, got {kind!r}")
        self.kind, self.d_k = kind, d_k
        self.W_qk, self.W_v = nn.Linear(width, 2 * d_k), nn.Linear(width, width)
        self.W_rate, self.W_o = nn.Linear(width, 1), nn.Linear(width, width)
        self.sharp = nn.Parameter(torch.tensor(float(d_k) ** 0.5))

    def forward(self, x, state=None):
        q, k = (F.normalize(part, dim=-1) for part in self.W_qk(x).chunk(2, dim=-1))
        v = self.W_v(x)
        if self.kind == "softmax":
            read = F.scaled_dot_product_attention(q * self.sharp, k, v, is_causal=True, scale=1.0)
        elif self.kind == "linear":
            read = scan.linear_attention(q, k, v)
        else:
            read = scan.delta_rule_parallel(q, k, v, self.W_rate(x).sigmoid()[..., 0])
        return self.W_o(read), None


class Gated(nn.Module):
    """A layer of H numbers of state between two matrices: x (B, T, D) -> (B, T, D). layer(D, H) makes it."""

    def __init__(self, width: int, hidden_size: int, layer=scan.MinGRU):
        super().__init__()
        self.layer = layer(width, hidden_size, batch_first=True) if layer in (nn.LSTM, nn.RNN) else layer(
            width, hidden_size
        )  # fmt: skip
        self.W_o = nn.Linear(hidden_size, width)

    def forward(self, x, state=None):
        states, state = self.layer(x, state)
        return self.W_o(states), state


class Associating(nn.Module):
    """One layer over keys and values: ids (B, T, 2) -> logits of the value (B, T, kinds)."""

    def __init__(self, layer: nn.Module, width: int = 32, kinds: int = 32):
        super().__init__()
        self.keys, self.values = nn.Embedding(kinds, width), nn.Embedding(kinds + 1, width)
        self.layer, self.readout = layer, nn.Linear(width, kinds)

    def forward(self, ids):
        return self.readout(self.layer(self.keys(ids[..., 0]) + self.values(ids[..., 1]))[0])


class Tracking(nn.Module):
    """One recurrent layer and a readout that may bend: ids (B, T) of 0, 1 and the start -> logits (B, T, 2)."""

    def __init__(self, layer: nn.Module, width: int = 16, hidden_size: int = 32):
        super().__init__()
        self.tokens, self.layer = nn.Embedding(3, width), layer
        self.readout = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, 2))

    def forward(self, ids):
        return self.readout(self.layer(self.tokens(ids))[0])


class Stack(nn.Module):
    """Layers that add to a stream, norms first: ids (B, T) -> logits (B, T, V), and the states to go on with.

    mixer(width) makes what mixes the steps; hidden_size: of the layer's MLP, 0 for none. positions: how many places
    have a vector of their own, for attention, which cannot know them otherwise. The states are one flat tuple.
    """

    def __init__(self, vocabulary_size, mixer, width=128, layers=2, hidden_size=None, positions=0):
        super().__init__()
        config = GPTConfig(vocabulary_size, width=width, hidden_size=hidden_size or None, bias=False)
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.places = nn.Embedding(positions, width) if positions else None
        self.blocks = nn.ModuleList()
        for _ in range(layers):
            block = {"norm": RMSNorm(width), "mixer": mixer(width)}
            if hidden_size != 0:
                block |= {"norm_2": RMSNorm(width), "mlp": MLP(config)}
            self.blocks.append(nn.ModuleDict(block))
        self.norm, self.readout = RMSNorm(width), nn.Linear(width, vocabulary_size)

    def forward(self, ids, state=None):
        x = self.tokens(ids)
        if self.places is not None:
            x = x + self.places.weight[: ids.shape[1]]
        each = len(state) // len(self.blocks) if state else 0
        kept = []
        for k, block in enumerate(self.blocks):
            own = state[k * each : (k + 1) * each] if state else None
            read, after = block["mixer"](block["norm"](x), own[0] if own and each == 1 else own)
            kept += after if isinstance(after, tuple) else [after]
            x = x + read
            if "mlp" in block:
                x = x + block["mlp"](block["norm_2"](x))
        return self.readout(self.norm(x)), tuple(kept)


# -- learning ----------------------------------------------------------------------------------------------------------


def learn(model: nn.Module, batch: Callable, steps: int, lr: float):
    """Train on batch(step) with Adam, the rate falling to 0 in a cosine after a warm-up: (model, losses)."""
    history = train(
        model,
        batch,
        steps,
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr),
        schedule=warmup_cosine(steps, min(30, steps // 4)),
        clip=1.0,
        name=None,
    )
    return model, history.losses


@torch.no_grad()
def accuracy(model, ids: torch.Tensor, y: torch.Tensor) -> float:
    """The share of the asked answers that are right; model(ids) gives logits, or a tuple with them first."""
    logits = model(ids)
    logits = logits[0] if isinstance(logits, tuple) else logits
    asked = y != IGNORE
    expect.some(asked, always=True)
    return (logits.argmax(dim=-1) == y)[asked].double().mean().item()


def matrices_by_muon(model: nn.Module, lr: float = 0.05, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon for the weights of the linear layers inside the blocks, AdamW for the rest: as in 16.

    Rates of decay are a matrix too, but not one that multiplies vectors: they are left to AdamW.
    """
    if not hasattr(torch.optim, "Muon"):
        return torch.optim.AdamW(model.parameters(), lr / 10, betas=(0.9, 0.95))
    chosen = [part.weight for part in model.blocks.modules() if isinstance(part, nn.Linear)]
    own = {id(weight) for weight in chosen}
    rest = [weight for weight in model.parameters() if id(weight) not in own]
    adamw = torch.optim.AdamW(rest, lr=lr_rest, betas=(0.9, 0.95), weight_decay=0.0)
    return Together(ByShape(chosen, lr=lr, weight_decay=0.0), adamw)


@torch.no_grad()
def held_out(model: Stack, ids: np.ndarray, rows: int = 8, piece: int = 512) -> float:
    """Nats per character of ids in `rows` long rows, read piece by piece with the state carried from end to end."""
    length = expect.whole((len(ids) - 1) // rows, f"the length of ids in {rows} rows", 1)
    where = next(model.parameters()).device
    x, y = (torch.from_numpy(ids[k : k + rows * length].reshape(rows, length).copy()).to(where) for k in (0, 1))
    state, total = None, 0.0
    for x_part, y_part in zip(x.split(piece, dim=1), y.split(piece, dim=1), strict=True):
        logits, state = model(x_part, state)
        total += F.cross_entropy(logits.flatten(0, 1), y_part.flatten(), reduction="sum").item()
    return total / y.numel()


# -- verdicts ----------------------------------------------------------------------------------------------------------


def verdict_apart(better: Sequence[float], worse: Sequence[float], least: float, floor: float, top: float = 1.0) -> str:
    """Is the first group above the second? Each holds a number for each seed, between `floor` (untrained) and `top`.

    "holds" if every seed of the first is above every seed of the second and the means are `least` apart; "fails" the
    other way round; "depends" between. "not tested" if both sit at the floor or both at the top.
    """
    if not len(better) or not len(worse) or least <= 0 or floor >= top:
        raise ValueError(f"expected seeds on both sides, least > 0, floor < top; got {better}, {worse}, {least}")
    near = 0.05 * (top - floor)
    if max(*better, *worse) < floor + near or min(*better, *worse) > top - near:
        return "not tested"
    gap = float(np.mean(better) - np.mean(worse))
    if gap >= least and min(better) > max(worse):
        return "holds"
    return "fails" if gap <= -least and max(better) < min(worse) else "depends"


def where_fair(results: Mapping[str, Sequence[float]], names: Iterable[str], verdict: str) -> str:
    """The verdict, if the best rate of every name lies inside those tried; "not tested" if one lies at an edge.

    results: of a recording, with "NAME, rate", "NAME, lowest rate" and "NAME, highest rate" for each name.
    """
    for name in names:
        lowest, best, highest = (results[f"{name}, {which}"][0] for which in ("lowest rate", "rate", "highest rate"))
        if not lowest < best < highest:
            return "not tested"
    return verdict
