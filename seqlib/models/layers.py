"""Layers that a later notebook takes up again; each is written in the notebook that introduces it.

Throughout: row vectors, batch first, x (B, T, D), states (B, T, H).
"""

import torch
from torch import nn

from seqlib import expect

__all__ = ["GRU", "LSTM", "RNN", "remember_for"]


class RNN(nn.Module):
    """A recurrent layer: h_t = activation(x_t W_xh + h_{t-1} W_hh + b_h), the same weights at every step.

    forward(x, h=None): x (B, T, D) and the state to begin with, h (B, H), zeros unless given; returns every
    state (B, T, H) and the last one (B, H), with which the next piece of the same sequences can begin.
    Equal to torch.nn.RNN(D, H, batch_first=True), with W_xh = weight_ih.T, W_hh = weight_hh.T and b_h the sum
    of its two biases. Written in 02. Source: Elman 1990, "Finding structure in time", Figure 2.
    """

    def __init__(self, input_size: int, hidden_size: int, activation=torch.tanh):
        super().__init__()
        bound = hidden_size**-0.5
        self.W_xh = nn.Parameter(torch.empty(input_size, hidden_size).uniform_(-bound, bound))
        self.W_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.zeros(hidden_size))
        self.activation = activation

    def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        h = x.new_zeros(len(x), len(self.b_h)) if h is None else h
        states = []
        for from_input in (x @ self.W_xh + self.b_h).unbind(dim=1):
            h = self.activation(from_input + h @ self.W_hh)
            states.append(h)
        return torch.stack(states, dim=1), h


class GRU(nn.Module):
    """A gated recurrent layer: two gates decide what the candidate reads of the old state, and how much of it stays.

    r_t, z_t = sigmoid(x_t W_x + b_x + h_{t-1} W_h + b_h), n_t = tanh(x_t W_xn + b_xn + r_t * (h_{t-1} W_hn + b_hn)),
    h_t = z_t * h_{t-1} + (1 - z_t) * n_t. Columns r, z, n side by side: W_xh (D, 3H), W_hh (H, 3H), b_x and
    b_h (3H,). The two biases of the candidate are not one: only b_h is multiplied by the reset gate.

    forward(x, h=None): x (B, T, D), h (B, H) or zeros; returns every state (B, T, H) and the last one (B, H).
    Equal to torch.nn.GRU(D, H, batch_first=True), with each weight transposed. Written in 06.
    Source: Cho et al. 2014, §2.3; the place of the reset as in its first version and in cuDNN.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        bound = hidden_size**-0.5
        self.W_xh = nn.Parameter(torch.empty(input_size, 3 * hidden_size).uniform_(-bound, bound))
        self.W_hh = nn.Parameter(torch.empty(hidden_size, 3 * hidden_size).uniform_(-bound, bound))
        self.b_x = nn.Parameter(torch.zeros(3 * hidden_size))
        self.b_h = nn.Parameter(torch.zeros(3 * hidden_size))

    def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        size = len(self.W_hh)
        h = x.new_zeros(len(x), size) if h is None else h
        states = []
        for from_input in (x @ self.W_xh + self.b_x).unbind(dim=1):
            gates_x, n_x = from_input.split((2 * size, size), dim=1)
            gates_h, n_h = torch.addmm(self.b_h, h, self.W_hh).split((2 * size, size), dim=1)
            r, z = torch.sigmoid(gates_x + gates_h).chunk(2, dim=1)
            n = torch.tanh(n_x + r * n_h)
            h = n + z * (h - n)
            states.append(h)
        return torch.stack(states, dim=1), h


class LSTM(nn.Module):
    """A long short-term memory: a state c_t that is added to, between gates, and what it shows, h_t.

    i, f, g, o are the four quarters of x_t W_xh + h_{t-1} W_hh + b_h, in PyTorch's order;
    c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g) and h_t = sigmoid(o) tanh(c_t).
    forward(x, state=None): x (B, T, D) and (h, c) to begin with, each (B, H), zeros unless given; returns every
    h (B, T, H) and the last (h, c). Equal to torch.nn.LSTM(D, H, batch_first=True), with W_xh = weight_ih.T,
    W_hh = weight_hh.T and b_h the sum of its two biases; several layers are several of these, one after another.
    Written in 05. Source: Hochreiter and Schmidhuber 1997, §4; the forget gate: Gers et al. 2000, §3.
    """

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0):
        super().__init__()
        bound = hidden_size**-0.5
        self.W_xh = nn.Parameter(torch.empty(input_size, 4 * hidden_size).uniform_(-bound, bound))
        self.W_hh = nn.Parameter(torch.empty(hidden_size, 4 * hidden_size).uniform_(-bound, bound))
        b_i, b_f, b_g, b_o = torch.zeros(4, hidden_size)
        self.b_h = nn.Parameter(torch.cat([b_i, b_f + forget_bias, b_g, b_o]))

    def forward(self, x: torch.Tensor, state: tuple | None = None) -> tuple[torch.Tensor, tuple]:
        zeros = x.new_zeros(len(x), len(self.W_hh))
        h, c = (zeros, zeros) if state is None else state
        states = []
        for from_input in (x @ self.W_xh + self.b_h).unbind(dim=1):
            i, f, g, o = (from_input + h @ self.W_hh).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return torch.stack(states, dim=1), (h, c)


def remember_for(layer: LSTM, steps: int) -> LSTM:
    """Let a fresh LSTM hold what it has read: b_f = log u and b_i = -b_f, u uniform in 1 … steps, for each unit.

    A unit's forget gate then begins at u / (1 + u), its input gate at 1 / (1 + u): it keeps things for about u
    steps and lets in about one part in u. Changes the layer and hands it back.
    Source: Tallec and Ollivier 2018, §2.2 ("chrono initialization").
    """
    size = len(layer.W_hh)
    with torch.no_grad():
        layer.b_h[size : 2 * size] = torch.empty(size).uniform_(1, steps).log()
        layer.b_h[:size] = -layer.b_h[size : 2 * size]
    return layer


# -- what the layers refuse, asked around the classes, whose lines are those of the notebooks -------------------------


def _sizes(layer, input_size, hidden_size):
    expect.wholes(input_size=input_size, hidden_size=hidden_size)


def _rnn_sizes(layer, input_size, hidden_size, activation=torch.tanh):
    expect.wholes(input_size=input_size, hidden_size=hidden_size)
    expect.function(activation, "activation")


def _lstm_sizes(layer, input_size, hidden_size, forget_bias=1.0):
    expect.wholes(input_size=input_size, hidden_size=hidden_size)
    expect.number(forget_bias, "forget_bias")


def _reads(layer, x, h=None):
    size, width = layer.W_hh.shape[0], layer.W_xh.shape[0]
    batch = expect.shape(x, "x", "B*", "T", width, kind="float")[0]
    if h is not None:
        expect.shape(h, "the state h", batch, size)  # PyTorch's own has one dimension more in front: (1, B, H)


def _lstm_reads(layer, x, state=None):
    size, width = layer.W_hh.shape[0], layer.W_xh.shape[0]
    batch = expect.shape(x, "x", "B*", "T", width, kind="float")[0]
    if state is not None:
        if not isinstance(state, (tuple, list)) or len(state) != 2:
            raise ValueError(f"the state should be a pair (h, c), got {expect.shown(state)}")
        for name, part in zip(("the state h", "the state c"), state, strict=True):
            expect.shape(part, name, batch, size)


def _why(layer, x, state=None):
    expect.alike(layer, x=x)
    for part in state if isinstance(state, (tuple, list)) else (state,):
        expect.alike(layer, state=part)


def _remembers(layer, steps):
    if not {"W_hh", "b_h"} <= dict(getattr(layer, "named_parameters", dict)()).keys():
        raise ValueError(f"layer should be an LSTM with W_hh and b_h, got {expect.shown(layer)}")
    expect.number(steps, "steps", 1)


RNN.__init__, RNN.forward = expect.given(RNN.__init__, _rnn_sizes), expect.given(RNN.forward, _reads, _why)
GRU.__init__, GRU.forward = expect.given(GRU.__init__, _sizes), expect.given(GRU.forward, _reads, _why)
LSTM.__init__, LSTM.forward = expect.given(LSTM.__init__, _lstm_sizes), expect.given(LSTM.forward, _lstm_reads, _why)
remember_for = expect.given(remember_for, _remembers)
