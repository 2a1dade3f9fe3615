"""Attention: weights that a query gives to a memory, and what comes of them. Built in 11 and 13.

Throughout: batch first, T queries, S places of memory, masks boolean with True = attend (torch's own
key_padding_mask and nn.MultiheadAttention mean the opposite).
"""

import math
from functools import wraps

import torch
from torch import nn

from seqlib import expect
from seqlib.models import options

__all__ = [
    "AdditiveScore",
    "DotScore",
    "GeneralScore",
    "MultiHeadAttention",
    "attention",
    "causal_mask",
    "masked_softmax",
    "padding_mask",
    "rotary",
    "sinusoidal_positions",
]


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Softmax over the last dimension, among the places where the mask is True.

    scores (…, T, S), mask broadcastable to it. A row with nothing to attend to is all zero. Written in 11.
    """
    if mask is None:
        return scores.softmax(dim=-1)
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask, lowest).softmax(dim=-1) * mask


class AdditiveScore(nn.Module):
    """score(q, k) = tanh(q W_q + k W_k) v, for queries (B, T, Q) and keys (B, S, M) → (B, T, S).

    Source: Bahdanau et al. 2015, §A.1.2. Written in 11.
    """

    def __init__(self, query_size: int, key_size: int, hidden_size: int):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        each = self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]  # (B, T, S, H)
        return self.v(torch.tanh(each)).squeeze(-1)


class DotScore(nn.Module):
    """score(q, k) = q · k, for queries (B, T, H) and keys (B, S, H) → (B, T, S). Source: Luong et al. 2015, §3.1."""

    def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        return queries @ keys.transpose(1, 2)


class GeneralScore(nn.Module):
    """score(q, k) = q W k, for queries (B, T, Q) and keys (B, S, M) → (B, T, S). Source: Luong et al. 2015, §3.1."""

    def __init__(self, query_size: int, key_size: int):
        super().__init__()
        self.W = nn.Linear(query_size, key_size, bias=False)

    def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        return self.W(queries) @ keys.transpose(1, 2)


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(q kᵀ / √d_k) v, the scaled dot product.

    q (…, T, d_k), k (…, S, d_k), v (…, S, d_v), mask broadcastable to (…, T, S). Returns what each query reads
    (…, T, d_v) and its weights (…, T, S). Source: Vaswani et al. 2017, §3.2.1, equation 1. Written in 13.

    dropout=0.1, an option of seqlib's: this share of the weights is set to 0, at every call, and the others are made
    larger by as much; the weights returned are those that were used.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    weights = masked_softmax(scores, mask)
    return weights @ v, weights


def causal_mask(length: int) -> torch.Tensor:
    """(T, T), True where position t may look: at itself and at what came before. Written in 13."""
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(tokens: torch.Tensor, pad: int = 0) -> torch.Tensor:
    """(B, 1, S), True at real tokens (B, S): the same for every query. Written in 13."""
    return (tokens != pad)[:, None]


def sinusoidal_positions(length: int, width: int) -> torch.Tensor:
    """(T, D): sin(t / 10000^{2i/D}) in even columns, the cosine in odd ones.

    Source: Vaswani et al. 2017, §3.5. Written in 13.
    """
    t = torch.arange(length)[:, None]
    angles = t / 10000.0 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]


def rotary(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn each pair of x (…, T, d_k) by its position times a frequency of its own; q · k then knows only t − s.

    Pair i is the columns i and i + d_k/2, as in Llama (RoFormer pairs neighbours: the same up to an order of the
    columns). positions (T,). Source: Su et al. 2021, §3.2.2, equation 15. Written in 13.
    """
    half, exact = x.shape[-1] // 2, torch.promote_types(x.dtype, torch.float32)  # bfloat16 cannot count to 300
    frequency = base ** (-torch.arange(half, dtype=exact, device=x.device) / half)
    angles = positions.to(frequency)[:, None] * frequency
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each with its own d_k = D / heads columns of q, k and v.

    forward(x, memory=None, mask=None): queries from x (B, T, D), keys and values from the memory (B, S, D), x
    itself if there is none; mask (B or 1, T or 1, S) or (T, S). Returns (B, T, D) and the weights (B, A, T, S).
    use_rotary turns q and k by their positions. Source: Vaswani et al. 2017, §3.2.2. Written in 13.

    Options of seqlib's, by name: bias=False leaves the biases of all four projections out, dropout is that of the
    weights (in training mode alone), rotary_base the base of the frequencies (Llama 3 has 500,000).
    """

    def __init__(self, width: int, heads: int, use_rotary: bool = False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, A, T, d_k)

    def forward(self, x, memory=None, mask=None) -> tuple[torch.Tensor, torch.Tensor]:
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)  # the same for every head
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights


# -- options that other libraries have (seqlib/models/options.py), put around the same lines --------------------------


def _tunable(begin):
    """A layer of several heads that takes the options."""

    @options.signed
    @wraps(begin)
    def __init__(layer, width, heads, use_rotary=False, *, bias=True, dropout=0.0, rotary_base=options.ROTARY_BASE):
        begin(layer, width, heads, use_rotary)
        options.tune(layer, bias, dropout, rotary_base)

    return __init__


def _tuned(forward):
    """The forward pass with the options; without any it is the notebook's."""

    @wraps(forward)
    def read(layer, x, memory=None, mask=None):
        if options.plain(layer):
            return forward(layer, x, memory, mask)
        memory = x if memory is None else memory
        q, k, v = layer.split(layer.W_q(x)), layer.split(layer.W_k(memory)), layer.split(layer.W_v(memory))
        if layer.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2]), layer.rotary_base) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        out, weights = attention(q, k, v, mask, dropout=layer.dropout if layer.training else 0.0)
        return layer.W_o(out.transpose(1, 2).flatten(2)), weights

    return read


# -- what these parts refuse, asked around the definitions, whose lines are those of the notebooks --------------------


def _fits(scores, mask):
    """A mask is boolean and broadcasts to the scores, which it never makes larger."""
    if mask is None:
        return
    places = getattr(mask, "shape", None)
    fits = places is not None and len(places) <= scores.ndim
    if not fits or any(m not in (1, s) for m, s in zip(reversed(places), reversed(scores.shape), strict=False)):
        raise ValueError(f"mask should broadcast to {tuple(scores.shape)}, got {expect.shown(mask)}")
    if mask.dtype != torch.bool:
        raise ValueError(f"mask should be boolean, True = attend, got {mask.dtype}: write mask.bool() or mask == 1")


def _masks(scores, mask=None):
    expect.shape(scores, "scores", "…", "S*", kind="float")
    _fits(scores, mask)


def _attends(q, k, v, mask=None, dropout=0.0):
    expect.probability(dropout, "dropout")
    *_, d_k = expect.shape(q, "q", "…", "T*", "d_k", kind="float")
    *_, places, _ = expect.shape(k, "k", "…", "S*", d_k, kind="float")
    expect.shape(v, "v", "…", places, "d_v", kind="float")


def _why_attention(q, k, v, mask=None, dropout=0.0):
    if not q.dtype == k.dtype == v.dtype or not q.device == k.device == v.device:
        found = ", ".join(f"{part.dtype} on {part.device}" for part in (q, k, v))
        raise ValueError(f"q, k and v should have one dtype and lie on one device, got {found}")
    shapes = [tuple(part.shape[:-2]) for part in (q, k, v)]
    try:
        torch.broadcast_shapes(*shapes)
    except RuntimeError:
        raise ValueError(f"q, k and v should have the same leading sizes, got {shapes}") from None


def _in_float32(function):
    """float16 ends at 65,504, and a product of vectors soon passes it: in between the numbers are float32.

    So are PyTorch's own. bfloat16 reaches as far as float32.
    """

    @wraps(function)
    def wider(q, k, v, mask=None, dropout=0.0):
        if not q.dtype == k.dtype == v.dtype == torch.float16:
            return function(q, k, v, mask, dropout)
        with torch.autocast(q.device.type, enabled=False):
            read, weights = function(q.float(), k.float(), v.float(), mask, dropout)
        return read.half(), weights.half()

    return wider


def _three_d(queries, keys, query_size, key_size):
    batch = expect.shape(queries, "queries", "B*", "T*", query_size, kind="float")[0]
    expect.shape(keys, "keys", batch, "S*", key_size, kind="float")


def _turns(x, positions, base=10000.0):
    *_, steps, d_k = expect.shape(x, "x", "…", "T*", "d_k", kind="float")
    if d_k % 2:
        raise ValueError(
            f"x should have an even last size, since its columns are turned in pairs, got {tuple(x.shape)}"
        )
    expect.shape(positions, "positions", steps)
    if base != 10000.0:
        expect.number(base, "base", above=0)


def _several(layer, width, heads, use_rotary=False, *, bias=True, dropout=0.0, rotary_base=options.ROTARY_BASE):
    expect.wholes(width=width, heads=heads)
    expect.divides(heads, width, "heads", "a width")
    options.check(bias, dropout, rotary_base, use_rotary)
    if expect.flag(use_rotary, "use_rotary") and width // heads % 2:
        raise ValueError(f"use_rotary turns columns in pairs and needs an even width / heads, got {width} / {heads}")


def _reads(layer, x, memory=None, mask=None):
    width = layer.W_q.in_features
    batch, steps, _ = expect.shape(x, "x", "B*", "T*", width, kind="float")
    places = steps
    if memory is not None:
        places = expect.shape(memory, "memory", batch, "S*", width, kind="float")[1]
    if mask is not None:
        found = tuple(getattr(mask, "shape", ()))
        one, two, three = found if len(found) == 3 else (1, *found) if len(found) == 2 else (0, 0, 0)
        if one not in (1, batch) or two not in (1, steps) or three != places:
            wanted = f"({batch} or 1, {steps} or 1, {places}) or ({steps} or 1, {places})"
            raise ValueError(f"mask should have shape {wanted}, got {found or expect.shown(mask)}")


def _why(layer, x, memory=None, mask=None):
    expect.alike(layer, x=x, memory=memory)


def _sized(layer, query_size, key_size, hidden_size=1):
    expect.wholes(query_size=query_size, key_size=key_size, hidden_size=hidden_size)


for _kind, _check in (
    (AdditiveScore, lambda s, queries, keys: _three_d(queries, keys, s.W_q.in_features, s.W_k.in_features)),
    (DotScore, lambda s, queries, keys: _three_d(queries, keys, "H", getattr(queries, "shape", [1])[-1])),
    (GeneralScore, lambda s, queries, keys: _three_d(queries, keys, s.W.in_features, s.W.out_features)),
):
    _kind.forward = expect.given(
        _kind.forward, _check, lambda score, queries, keys: expect.alike(score, queries=queries, keys=keys)
    )
AdditiveScore.__init__ = expect.given(AdditiveScore.__init__, _sized)
GeneralScore.__init__ = expect.given(GeneralScore.__init__, _sized)
masked_softmax = expect.given(masked_softmax, _masks)
attention = expect.given(_in_float32(options.dropping(attention)), _attends, _why_attention)
causal_mask = expect.given(causal_mask, lambda length: expect.whole(length, "length", 0))
padding_mask = expect.given(
    padding_mask,
    lambda tokens, pad=0: (expect.shape(tokens, "tokens", "B*", "S*", kind="whole"), expect.whole(pad, "pad")),
)
sinusoidal_positions = expect.given(
    sinusoidal_positions,
    lambda length, width: (expect.whole(length, "length", 0), expect.whole(width, "width", 1)),
)
rotary = expect.given(rotary, _turns)
MultiHeadAttention.__init__ = expect.given(_tunable(MultiHeadAttention.__init__), _several)
MultiHeadAttention.forward = expect.given(_tuned(MultiHeadAttention.forward), _reads, _why)
