"""The same models through PyTorch's fused kernels: what a learner wrote stays what it is, and trains faster.

`fused(model)` lets every attention and every recurrent layer of seqlib in a model, its weights untouched, compute in
one kernel what its notebook writes out line by line; `fused(model, False)` goes back. Tests hold both to be equal.
"""

import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.models.attention import MultiHeadAttention, rotary
from seqlib.models.gpt import CausalAttention, cached_mask, repeat_heads
from seqlib.models.layers import GRU, LSTM, RNN
from seqlib.models.options import ROTARY_BASE

__all__ = ["fused", "fused_attention", "fused_attend"]


def fused_attention(q, k, v, mask=None, causal=False, dropout=0.0):
    """What `seqlib.models.attention.attention` reads, (…, T, d_v), without the weights, which are never in memory.

    causal=True: every query sees its own place and those before; then no mask, and T = S. dropout falls on the weights,
    in other places than in the written-out form. A query with nothing to attend to reads zeros. Source: Dao et al.
    2022, §3.1.
    """
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, dropout_p=dropout)
    sees = mask.any(dim=-1, keepdim=True)  # PyTorch's kernels differ in what a row without a place gives
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask | ~sees, dropout_p=dropout) * sees


def fused_attend(q, k, v, past=None, turn=False, *, base=ROTARY_BASE, dropout=0.0):
    """`seqlib.models.gpt.attend`, fused: the same arguments, out (B, A, T, d_k) and what to keep."""
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept, new, total = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total, device=q.device)
        q, k = rotary(q, places[total - new :], base), rotary(k, places, base)
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    if new == total:
        return fused_attention(q, k, v, causal=True, dropout=dropout), kept
    # One new position sees all there is: the usual case of writing with a cache needs no mask.
    mask = None if new == 1 else cached_mask(new, total).to(q.device)
    return fused_attention(q, k, v, mask, dropout=dropout), kept


class _Fused:
    """What the fused twins share: the name of the layer that they stand for, in print and in a checkpoint."""

    def _get_name(self):
        return type(self).__mro__[2].__name__


def _projected(x, *layers):
    """What several linear layers make of x (B, T, D), in one product; for a single position their own products are
    cheaper than laying the weights side by side."""
    if x.shape[1] == 1:
        return [layer(x) for layer in layers]
    bias = None if layers[0].bias is None else torch.cat([layer.bias for layer in layers])
    made = F.linear(x, torch.cat([layer.weight for layer in layers]), bias)
    return made.split([layer.out_features for layer in layers], dim=-1)


class _CausalAttention(_Fused, CausalAttention):
    def project(self, x):
        parts = _projected(x, self.W_q, self.W_k, self.W_v)
        q, k, v = (part.unflatten(-1, (-1, self.d_k)).transpose(1, 2) for part in parts)
        return self.norm_q(q), self.norm_k(k), v

    def forward(self, x, past=None):
        dropout = self.dropout if self.training else 0.0
        out, kept = fused_attend(*self.project(x), past, self.turn, base=self.rotary_base, dropout=dropout)
        return self.W_o(out.transpose(1, 2).flatten(2)), kept


class _MultiHeadAttention(_Fused, MultiHeadAttention):
    """The weights that it returns are None."""

    def forward(self, x, memory=None, mask=None):
        if memory is None or memory is x:
            parts = _projected(x, self.W_q, self.W_k, self.W_v)
        else:
            parts = self.W_q(x), *_projected(memory, self.W_k, self.W_v)
        q, k, v = (self.split(part) for part in parts)
        if self.use_rotary:
            places = (torch.arange(part.shape[2], device=x.device) for part in (q, k))
            q, k = (rotary(part, at, self.rotary_base) for part, at in zip((q, k), places, strict=True))
        dropout = self.dropout if self.training else 0.0
        read = fused_attention(q, k, v, None if mask is None else mask.unsqueeze(-3), dropout=dropout)
        return self.W_o(read.transpose(1, 2).flatten(2)), None


def _weights(layer, *biases):
    """The parameters in the form of PyTorch's layers, which keep each weight as the transpose of ours."""
    return [layer.W_xh.T.contiguous(), layer.W_hh.T.contiguous(), *biases]


class _LSTM(_Fused, LSTM):
    def forward(self, x, state=None):
        zeros = x.new_zeros(1, len(x), len(self.W_hh))
        first = (zeros, zeros) if state is None else tuple(part[None].contiguous() for part in state)
        weights = _weights(self, self.b_h, torch.zeros_like(self.b_h))
        states, h, c = torch.lstm(x, first, weights, True, 1, 0.0, self.training, False, True)
        return states, (h[0], c[0])


class _GRU(_Fused, GRU):
    def forward(self, x, h=None):
        first = x.new_zeros(1, len(x), len(self.W_hh)) if h is None else h[None].contiguous()
        states, h = torch.gru(x, first, _weights(self, self.b_x, self.b_h), True, 1, 0.0, self.training, False, True)
        return states, h[0]


class _RNN(_Fused, RNN):
    """tanh and relu; another activation is computed as written."""

    def forward(self, x, h=None):
        kernel = {torch.tanh: torch.rnn_tanh, torch.relu: torch.rnn_relu}.get(self.activation)
        if kernel is None:
            return super().forward(x, h)
        first = x.new_zeros(1, len(x), len(self.W_hh)) if h is None else h[None].contiguous()
        weights = _weights(self, self.b_h, torch.zeros_like(self.b_h))
        states, h = kernel(x, first, weights, True, 1, 0.0, self.training, False, True)
        return states, h[0]


TWINS = {CausalAttention: _CausalAttention, MultiHeadAttention: _MultiHeadAttention, LSTM: _LSTM, GRU: _GRU, RNN: _RNN}


def fused(model: nn.Module, on: bool = True) -> nn.Module:
    """Let the attentions and recurrent layers of a model be computed fused (or, on=False, as written) and return it.

    In place; parameters, state_dict and results stay the same, to the rounding of the last digits. What a layer asks of
    its input is asked by the written-out form alone. A MultiHeadAttention then has no weights to look at: it returns
    None for them. ValueError if the model has no such layer.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"model should be a torch.nn.Module, got {expect.shown(model)}")
    kinds = TWINS if expect.flag(on, "on") else {twin: kind for kind, twin in TWINS.items()}
    known = {*TWINS, *TWINS.values()}
    found = [part for part in model.modules() if type(part) in known]
    if not found:
        names = ", ".join(kind.__name__ for kind in TWINS)
        raise ValueError(f"expected a model with layers of seqlib ({names}), got {type(model).__name__} without any")
    for part in found:
        part.__class__ = kinds.get(type(part), type(part))
    return model
