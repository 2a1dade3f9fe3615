"""Attention: weights that a query gives to a memory, and what comes of them. Built in 11 and 13.

Throughout: batch first, T queries, S places of memory, masks boolean with True = attend (torch's own
key_padding_mask and nn.MultiheadAttention mean the opposite).
"""

import math

import torch
from torch import nn

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
