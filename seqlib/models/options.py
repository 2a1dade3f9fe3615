"""Options that other libraries' attention has: no biases, dropout on the weights, another rotary base.

The notebooks' lines know none of them. They are put around those lines, and their defaults leave every layer as it is.
`attention`, MultiHeadAttention, EncoderBlock, DecoderBlock, TransformerConfig, GPTConfig and `attend` take them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps

from torch import nn
from torch.nn import functional as F

from seqlib import expect

ROTARY_BASE = 10000.0  # Source: Su et al. 2021, §3.2.2


def signed(function: Callable) -> Callable:
    """Show the options of a function that stands around another: `wraps` shows the inner one's arguments."""
    function.__signature__ = inspect.signature(function, follow_wrapped=False)
    return function


def dropping(function: Callable) -> Callable:
    """An attention with dropout on its weights, as PyTorch's scaled_dot_product_attention(dropout_p=…) has it."""

    @signed
    @wraps(function)
    def dropped(q, k, v, mask=None, dropout=0.0):
        read, weights = function(q, k, v, mask)
        if not dropout:
            return read, weights
        weights = F.dropout(weights, dropout)
        return weights @ v, weights

    return dropped


def tune(layer: nn.Module, bias: bool = True, dropout: float = 0.0, rotary_base: float = ROTARY_BASE) -> None:
    """Give the options to an attention of several heads, which looks them up as it reads."""
    layer.dropout, layer.rotary_base = dropout, rotary_base
    if not bias:
        for projection in (layer.W_q, layer.W_k, layer.W_v, layer.W_o):
            projection.register_parameter("bias", None)


def plain(layer: nn.Module) -> bool:
    """Whether a layer reads now as the notebook's lines do."""
    return layer.rotary_base == ROTARY_BASE and not (layer.training and layer.dropout)


def check(bias: bool, dropout: float, rotary_base: float, turns: bool) -> None:
    """ValueError for options that cannot be, or that would change nothing."""
    expect.flag(bias, "bias of an attention")
    expect.probability(dropout, "dropout of an attention")
    if expect.number(rotary_base, "rotary_base", above=0) != ROTARY_BASE and not turns:
        raise ValueError(f"rotary_base should be left out where nothing is turned by its position, got {rotary_base}")
