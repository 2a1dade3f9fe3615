"""A stream: one reading in, one answer out. A state of fixed size against a cache that grows."""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STREAMS = ("LSTM", "attention, cache joined", "attention, cache set aside")


class Recurrent:
    """An LSTM that reads one vector at a time; its state is all that it keeps."""

    def __init__(self, width: int, most: int):
        self.cell, self.state = nn.LSTMCell(width, width), None

    def step(self, x_t):
        self.state = self.cell(x_t, self.state)
        return self.state[0]

    def kept(self) -> int:
        return sum(part.numel() * part.element_size() for part in self.state)


class Attending:
    """Causal attention that reads one vector at a time and keeps keys and values of all before, (1, A, t, d_k) each.

    joined: a new cache is made at every reading, one longer (`torch.cat`); else room for `most` is set aside at once.
    """

    def __init__(self, width: int, most: int, heads: int = 4, joined: bool = False):
        self.W_qkv, self.W_o = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.joined, self.read = heads, joined, 0
        self.cache = torch.zeros(2, 1, heads, 0 if joined else most, width // heads)

    def step(self, x_t):
        q, k, v = self.W_qkv(x_t).view(1, 3, self.heads, 1, -1).unbind(dim=1)
        new = torch.stack([k, v])
        if self.joined:
            self.cache = torch.cat([self.cache, new], dim=3)
        else:
            self.cache[:, :, :, self.read : self.read + 1] = new
        self.read += 1
        keys, values = self.cache[:, :, :, : self.read]
        return self.W_o(F.scaled_dot_product_attention(q, keys, values).reshape(1, -1))

    def kept(self) -> int:
        return 2 * self.read * self.cache.shape[2] * self.cache.shape[4] * self.cache.element_size()


def stream(kind: str, width: int = 128, most: int = 4096):
    """A fresh reader of one of STREAMS for at most `most` readings of `width` numbers."""
    if kind not in STREAMS:
        raise ValueError(f"kind should be one of {', '.join(STREAMS)}, got {kind!r}")
    return Recurrent(width, most) if kind == STREAMS[0] else Attending(width, most, joined=kind == STREAMS[1])


def latencies(reader, readings: int, width: int = 128, seed: int = 0, clock=time.process_time) -> np.ndarray:
    """Seconds for each of `readings` readings, one after another, as a stream brings them."""
    x = torch.randn(readings, 1, width, generator=torch.Generator().manual_seed(seed))
    spent = np.empty(readings)
    with torch.no_grad():
        for t in range(readings):
            began = clock()
            reader.step(x[t])
            spent[t] = clock() - began
    return spent


def by_position(spent: np.ndarray, parts: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Medians of equal stretches of a stream: (where each ends, its median)."""
    pieces = np.array_split(np.asarray(spent), parts)
    return np.cumsum([len(piece) for piece in pieces]), np.array([np.median(piece) for piece in pieces])
