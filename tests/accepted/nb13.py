"""Other right answers to the exercises of notebook 13: a check must pass each of them."""

import math

import numpy as np
import torch

from seqlib.exercises.nb13_self_attention import _attention
from seqlib.models.attention import MultiHeadAttention, rotary


def _by_einsum(x, W_q, W_k, W_v):
    scores = torch.einsum("td,dk,ek,se->ts", x, W_q, W_k, x)
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return torch.einsum("ts,sd,dv->tv", powers / powers.sum(1, keepdim=True), x, W_v)


def _in_powers(q, k, v, mask=None):
    scores = torch.einsum("...td,...sd->...ts", q, k) / k.shape[-1] ** 0.5
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    powers = powers if mask is None else powers * mask
    weights = powers / powers.sum(-1, keepdim=True).clamp_min(1e-300)
    return torch.einsum("...ts,...sv->...tv", weights, v), weights


def _filled(length, width):
    table, t = torch.zeros(length, width, dtype=torch.float64), torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
    table[:, 0::2] = torch.sin(t * rate)
    table[:, 1::2] = torch.cos(t * rate)[:, : width // 2]
    return table


def _in_numpy(length, width):
    columns = np.arange(width)
    angles = np.arange(length)[:, None] / np.power(10000, 2 * (columns // 2) / width)
    return np.where(columns % 2, np.cos(angles), np.sin(angles))


def _rotate_half(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    angles = positions.double()[:, None] / float(base) ** (torch.arange(half).double() / half)
    angles, wide = torch.cat([angles, angles], dim=-1), x.double()
    return (wide * angles.cos() + torch.cat([-wide[..., half:], wide[..., :half]], dim=-1) * angles.sin()).to(x.dtype)


class _HeadByHead(MultiHeadAttention):
    def forward(self, x, memory=None, mask=None):
        sources, found = (x, *[x if memory is None else memory] * 2), []
        for a in range(self.heads):
            own = slice(a * x.shape[2] // self.heads, (a + 1) * x.shape[2] // self.heads)
            linears = zip((self.W_q, self.W_k, self.W_v), sources, strict=True)
            q, k, v = (linear(source)[..., own] for linear, source in linears)
            if self.use_rotary:
                q, k = (rotary(part, torch.arange(part.shape[1])) for part in (q, k))
            found.append(_attention(q, k, v, mask))
        read, weights = zip(*found, strict=True)
        return self.W_o(torch.cat(read, dim=-1)), torch.stack(weights, dim=1)


ACCEPTED = {
    "13.roles": [
        lambda: (np.diag([0, 0, 7, 7])[:, 2:], np.eye(4)[:, [0, 2]]),
        lambda: [[[0, 0], [1, 1], [9, -9], [-9, 9]], [[1, 0], [0, 0], [0, 1], [0, 0]]],
    ],
    "13.attention_loop": [_by_einsum],
    "13.attention": [_in_powers],
    "13.causal_mask": [
        lambda n: ~torch.ones(n, n).triu(1).bool(),
        lambda n: np.tri(n, dtype=bool),
        lambda n: [[s <= t for s in range(n)] for t in range(n)],
    ],
    "13.padding_mask": [
        lambda t, pad=0: (t != pad).unsqueeze(1),
        lambda t, pad=0: ~(t == pad).reshape(len(t), 1, -1),
        lambda t, pad=0: np.not_equal(np.asarray(t), pad)[:, np.newaxis],
    ],
    "13.order_gap": [
        lambda layer, x, order: max(
            (a - b[order]).abs().max().item() for a, b in zip(layer(x[:, order]), layer(x), strict=True)
        ),
        lambda layer, x, order: (
            (layer(x.index_select(1, order)) - layer(x).index_select(1, order)).norm(p=math.inf).item()
        ),
    ],
    "13.sinusoidal_positions": [_filled, _in_numpy],
    "13.rotary": [_rotate_half],
    "13.MultiHeadAttention": [MultiHeadAttention, _HeadByHead],
    "13.alibi": [
        lambda n, m: torch.stack([-float(one) * torch.cdist(*[torch.arange(n)[:, None].double()] * 2) for one in m]),
        lambda n, m: -np.abs(np.subtract.outer(np.arange(n), np.arange(n))) * np.reshape(m, (-1, 1, 1)),
    ],
}
