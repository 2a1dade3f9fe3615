"""Rivals for the GPT of notebook 16: the common public configuration as plain nn modules, and PyTorch's own encoder.

Both read tokens (B, T) into logits (B, T, V), with learned positions, norms first, GELU, no dropout, no biases in the
first and the biases that PyTorch insists on in the second; the head is the table of tokens.
"""

import torch
from torch import nn
from torch.nn import functional as F


class PlainBlock(nn.Module):
    """One matrix for queries, keys and values, PyTorch's fused attention, a feed-forward layer four times as wide."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.qkv(self.first(x)).chunk(3, dim=2)
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts)
        read = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(read.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.second(x))))


class _Around(nn.Module):
    """Tokens and places in front, norm and head behind; `body(x)` lies between."""

    def __init__(self, vocabulary_size: int, context: int, width: int):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary_size, width), nn.Embedding(context, width)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary_size, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        places = torch.arange(idx.shape[1], device=idx.device)
        return self.head(self.norm(self.body(self.tokens(idx) + self.places(places))))


class PlainGPT(_Around):
    def __init__(self, vocabulary_size, context, width, layers, heads):
        super().__init__(vocabulary_size, context, width)
        self.blocks = nn.Sequential(*(PlainBlock(width, heads) for _ in range(layers)))

    def body(self, x):
        return self.blocks(x)


class TorchGPT(_Around):
    """nn.TransformerEncoder with a causal mask."""

    def __init__(self, vocabulary_size, context, width, layers, heads):
        super().__init__(vocabulary_size, context, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def body(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], device=x.device)
        return self.encoder(x, mask=mask, is_causal=True)
