"""One skeleton for every family of the course: what reads, a mixer over time, a readout; the mixer alone changes.

Throughout: tokens (B, T), or numbers (B, T, D); streams (B, T, D); padding stands at the end of a row. A mixer is
called as mixer(x, state=None) -> (out, state), whole or in pieces; one that reads both ways takes (x, lengths).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models.attention import padding_mask, sinusoidal_positions
from seqlib.models.bidirectional import Bidirectional
from seqlib.models.gpt import Block, GPTConfig
from seqlib.models.scan import MinGRU
from seqlib.models.transformer import EncoderBlock

__all__ = ["FAMILIES", "Reader", "carried", "make_reader", "numbers_in", "size_of", "widest_reader"]

FAMILIES = ("RNN", "LSTM", "GRU", "convolution", "minGRU", "Transformer")
REACHES = (1, 2, 4, 8, 16, 32)  # of the convolutions, three places each: the last sees 127 steps
HEADS = 2


def _begun(layer: nn.RNNBase, memory: int) -> nn.RNNBase:
    """A layer of PyTorch's with the start that the course found for its kind: for memories of up to `memory` steps.

    RNN: orthogonal W_hh (04). LSTM and GRU: the gates that keep begin at log u, u uniform in 1 … memory (05).
    """
    size = layer.hidden_size
    with torch.no_grad():
        if isinstance(layer, nn.LSTM):
            for bias in (layer.bias_ih_l0, layer.bias_hh_l0):
                bias.zero_()
            layer.bias_ih_l0[size : 2 * size] = torch.empty(size).uniform_(1, memory).log()
            layer.bias_ih_l0[:size] = -layer.bias_ih_l0[size : 2 * size]
        elif isinstance(layer, nn.GRU):
            for bias in (layer.bias_ih_l0, layer.bias_hh_l0):
                bias.zero_()
            layer.bias_ih_l0[size : 2 * size] = torch.empty(size).uniform_(1, memory).log()
        else:
            nn.init.orthogonal_(layer.weight_hh_l0)
    return layer


class _Recurrent(nn.Module):
    """One layer of PyTorch's: the fastest loop there is here."""

    def __init__(self, kind, width, memory):
        super().__init__()
        self.layer = _begun(kind(width, width, batch_first=True), memory)

    def forward(self, x, state=None):
        return self.layer(x, state)


class _Conv(nn.Module):
    """Convolutions one after another, each inside a residual, each reaching twice as far back as the one before."""

    def __init__(self, width, both=False):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(width, width, 3, dilation=reach) for reach in REACHES)
        self.both = both

    def forward(self, x, state=None, real=None):
        """`real` (B, 1, T): 1 at real steps, 0 at the padding, which every layer sees as zeros."""
        x, kept = x.transpose(1, 2), []
        for k, (conv, reach) in enumerate(zip(self.convs, REACHES, strict=True)):
            if self.both:
                x = x * real
                before = F.pad(x, (reach, reach))
            else:
                past = x.new_zeros(*x.shape[:2], 2 * reach) if state is None else state[k]
                before = torch.cat([past, x], dim=2)
                kept.append(before[:, :, -2 * reach :])
            x = x + conv(before).relu()
        return x.transpose(1, 2), kept


class _Scanned(nn.Module):
    """x + W MinGRU(norm(x)), then x + MLP(norm(x)). Source: Feng et al. 2024, §4 (their blocks)."""

    def __init__(self, width, memory, both=False):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        ways = [self._begun(MinGRU(width, width // 2 if both else width), memory) for _ in range(1 + both)]
        self.read = Bidirectional(*ways) if both else ways[0]
        self.W = nn.Linear(width // 2 * 2 if both else width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    @staticmethod
    def _begun(layer, memory):
        size = layer.W.out_features // 2
        with torch.no_grad():
            layer.W.bias[:size] = -torch.empty(size).uniform_(1, memory).log()
        return layer

    def forward(self, x, state=None):
        read, state = self.read(self.norms[0](x), state)
        x = x + self.W(read)
        return x + self.mlp(self.norms[1](x)), state


class _Stack(nn.Module):
    """Blocks one after another, each with a state of its own."""

    def __init__(self, blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x, state=None):
        kept = []
        for k, block in enumerate(self.blocks):
            x, after = block(x, None if state is None else state[k])
            kept.append(after)
        return x, kept


class _BothWays(nn.Module):
    """A mixer that reads a whole row from both ends: mixer(x, lengths) -> (B, T, D)."""

    def __init__(self, family, width, memory):
        super().__init__()
        self.family = family
        if family in RECURRENT:
            ways = (_begun(RECURRENT[family](width, width // 2, batch_first=True), memory) for _ in range(2))
            self.inner = Bidirectional(*ways)
        elif family == "convolution":
            self.inner = _Conv(width, both=True)
        elif family == "minGRU":
            self.inner = nn.ModuleList(_Scanned(width, memory, both=True) for _ in range(2))
        else:
            self.inner = nn.ModuleList(EncoderBlock(width, HEADS, 4 * width) for _ in range(2))

    def forward(self, x, lengths):
        real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        if self.family in RECURRENT:
            return self.inner(x, lengths)[0]
        if self.family == "convolution":
            return self.inner(x, real=real[:, None])[0]
        if self.family == "minGRU":
            for block in self.inner:
                x, _ = block(x, lengths)
            return x
        x, mask = x + sinusoidal_positions(*x.shape[1:]).to(x), padding_mask(real.long())
        for block in self.inner:
            x = block(x, mask)
        return x


RECURRENT = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


def _mixer(family: str, width: int, memory: int) -> nn.Module:
    if family in RECURRENT:
        return _Recurrent(RECURRENT[family], width, memory)
    if family == "convolution":
        return _Conv(width)
    if family == "minGRU":
        return _Stack(_Scanned(width, memory) for _ in range(2))
    config = GPTConfig(1, width=width, heads=HEADS, positions="rotary", norm="rms")
    return _Stack(Block(config) for _ in range(2))


class Reader(nn.Module):
    """Reads, mixes over time, answers at every step: (B, T) or (B, T, inputs) -> (B, T, outputs).

    inputs: the number of tokens, or of numbers a step where `numbers`. memory: for how many steps the gates begin.
    `step(x_t, state)` reads one step more of a stream; not where the reader reads both ways.
    """

    def __init__(self, family, width, inputs, outputs, *, numbers=False, both=False, memory=100):
        super().__init__()
        self.read = nn.Linear(inputs, width) if numbers else nn.Embedding(inputs, width)
        self.mixer = _BothWays(family, width, memory) if both else _mixer(family, width, memory)
        self.norm = nn.LayerNorm(width) if family in ("minGRU", "Transformer") else nn.Identity()
        self.answer = nn.Linear(width // 2 * 2 if both and family in RECURRENT else width, outputs)
        self.both = both

    def forward(self, x, lengths=None):
        states = self.mixer(self.read(x), lengths) if self.both else self.mixer(self.read(x))[0]
        return self.answer(self.norm(states))

    def step(self, x_t, state=None):
        """x_t (B,) or (B, inputs) -> what it answers (B, outputs), and the state to go on with."""
        states, state = self.mixer(self.read(x_t[:, None]), state)
        return self.answer(self.norm(states))[:, 0], state


def size_of(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def widest_reader(family: str, parameters: int, **kind) -> int:
    """The largest width, a multiple of 4 for the Transformer's heads and even elsewhere, within the parameters."""
    pace = 2 * HEADS if family == "Transformer" else 2
    width = pace
    while size_of(Reader(family, width + pace, **kind)) <= parameters:
        width += pace
    return width


def make_reader(family: str, parameters: int, seed: int, **kind) -> Reader:
    """A fresh reader of a family, as wide as the parameters allow."""
    width = widest_reader(family, parameters, **kind)
    torch.manual_seed(seed)
    return Reader(family, width, **kind)


@torch.no_grad()
def carried(model: Reader, steps: int, feed: Callable[[], torch.Tensor]) -> int:
    """How many numbers a stream carries from one step to the next, after `steps` of them: each feed() is one."""
    state = None
    for _ in range(steps):
        _, state = model.step(feed(), state)
    return numbers_in(state)


def numbers_in(state) -> int:
    """How many numbers a state, a cache or any nest of tensors holds."""
    return sum(part.numel() for part in _tensors(state))


def _tensors(state):
    if isinstance(state, torch.Tensor):
        yield state
    else:
        for part in state:
            yield from _tensors(part)
