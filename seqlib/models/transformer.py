"""The Transformer: blocks of attention and feed-forward around a residual stream. Built in 14.

Throughout: tokens (B, S) or (B, T), padded with PAD_ID, 0; streams (B, T, D); masks True = attend.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps

import torch
from torch import nn

from seqlib import expect
from seqlib.data.pairs import PAD_ID
from seqlib.models.attention import MultiHeadAttention, causal_mask, padding_mask, sinusoidal_positions
from seqlib.models.options import ROTARY_BASE, check, signed, tune

__all__ = [
    "DecoderBlock",
    "Embedding",
    "EncoderBlock",
    "FeedForward",
    "Residual",
    "Transformer",
    "TransformerConfig",
    "TransformerDecoder",
    "TransformerEncoder",
]


class FeedForward(nn.Module):
    """max(0, x W_1 + b_1) W_2 + b_2 at every position alone. Source: Vaswani et al. 2017, §3.3, equation 2."""

    def __init__(self, width: int, hidden_size: int, dropout: float = 0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class Residual(nn.Module):
    """x + part(norm(x)) before (pre-norm), or norm(x + part(x)) after (post-norm, as in the first paper).

    Source: Vaswani et al. 2017, §3.1; pre-norm: Xiong et al. 2020, Table 1. Written in 14.
    """

    def __init__(self, width: int, dropout: float = 0.0, pre_norm: bool = True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x: torch.Tensor, part: Callable) -> torch.Tensor:
        if self.pre_norm:
            return x + self.dropout(part(self.norm(x)))
        return self.norm(x + self.dropout(part(x)))


class EncoderBlock(nn.Module):
    """Self-attention, then feed-forward, each inside a residual. x (B, S, D), mask (B, 1, S) → (B, S, D)."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float = 0.0, pre_norm: bool = True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda u: self.attention(u, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)


class DecoderBlock(nn.Module):
    """Masked self-attention, attention to the memory (B, S, D), feed-forward. x (B, T, D) → (B, T, D)."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float = 0.0, pre_norm: bool = True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None) -> torch.Tensor:
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda u: self.self_attention(u, mask=mask)[0])
        x = around_cross(x, lambda u: self.cross_attention(u, memory, memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)


class Embedding(nn.Module):
    """Tokens (B, T) → token vectors times √D plus position vectors (B, T, D). Source: Vaswani et al. 2017, §3.4, §3.5.

    positions: "sinusoidal", "learned" or "none". ValueError beyond max_length, the end of the table.
    """

    def __init__(self, vocabulary_size, width, max_length=256, dropout=0.0, positions="sinusoidal", pad=PAD_ID):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width, padding_idx=pad)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        table = torch.zeros(max_length, width) if positions == "none" else sinusoidal_positions(max_length, width)
        if positions == "learned":
            self.positions = nn.Parameter(0.02 * torch.randn(max_length, width))
        else:
            self.register_buffer("positions", table, persistent=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        length, longest = tokens.shape[1], len(self.positions)
        if length > longest:
            raise ValueError(f"expected at most {longest} tokens, got {length}: raise max_length")
        x = self.tokens(tokens) * math.sqrt(self.tokens.embedding_dim)
        return self.dropout(x + self.positions[:length])


@dataclass(frozen=True)
class TransformerConfig:
    """What encoder and decoder share. feed_forward: 4 · width unless given; positions: as for Embedding.

    Two options of seqlib's, which blocks take too: attention_bias=False leaves the biases of every attention out;
    attention_dropout is that of its weights, which PyTorch's layers take from their one `dropout`.
    """

    width: int
    heads: int
    layers: int
    feed_forward: int | None = None
    max_length: int = 256
    dropout: float = 0.0
    pre_norm: bool = True
    positions: str = "sinusoidal"
    pad: int = PAD_ID

    def embedding(self, vocabulary_size: int) -> Embedding:
        return Embedding(vocabulary_size, self.width, self.max_length, self.dropout, self.positions, self.pad)

    def blocks(self, block: type) -> nn.ModuleList:
        inner = self.feed_forward or 4 * self.width
        made = (block(self.width, self.heads, inner, self.dropout, self.pre_norm) for _ in range(self.layers))
        return nn.ModuleList(made)

    def last_norm(self) -> nn.Module:
        return nn.LayerNorm(self.width) if self.pre_norm else nn.Identity()


class TransformerEncoder(nn.Module):
    """Reads tokens (B, S) into vectors (B, S, D), padding unseen; causal=True lets each see only what came before.

    The options are TransformerConfig's. Source: Vaswani et al. 2017, §3.1. Written in 14.
    """

    def __init__(self, vocabulary_size: int, width: int, heads: int, layers: int, **options):
        super().__init__()
        config = TransformerConfig(width, heads, layers, **options)
        self.pad, self.embedding = config.pad, config.embedding(vocabulary_size)
        self.blocks, self.norm = config.blocks(EncoderBlock), config.last_norm()

    def forward(self, tokens: torch.Tensor, causal: bool = False) -> torch.Tensor:
        mask = padding_mask(tokens, self.pad)
        if causal:
            mask = mask & causal_mask(tokens.shape[1]).to(tokens.device)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class Transformer(nn.Module):
    """Encoder and decoder: forward(source (B, S), target_in (B, T)) → logits (B, T, V).

    begin and step write token by token (models.generate); each step reads the whole beginning again: 16 caches it.
    The options are TransformerConfig's. Source: Vaswani et al. 2017, §3. Written in 14.
    """

    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        memory = self.encoder(source)
        return self.decoder(target_in, memory, padding_mask(source, self.encoder.pad))

    def begin(self, source: torch.Tensor) -> tuple:
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)


class TransformerDecoder(nn.Module):
    """Writes: each position of target_in (B, T) sees itself and those before it, and all of the memory.

    Padding of the target stands at its end, where no real position looks. The options are TransformerConfig's.
    Written in 14.
    """

    def __init__(self, vocabulary_size: int, width: int, heads: int, layers: int, **options):
        super().__init__()
        config = TransformerConfig(width, heads, layers, **options)
        self.embedding = config.embedding(vocabulary_size)
        self.blocks, self.norm = config.blocks(DecoderBlock), config.last_norm()
        self.readout = nn.Linear(width, vocabulary_size)

    def forward(self, tokens: torch.Tensor, memory: torch.Tensor, memory_mask: torch.Tensor) -> torch.Tensor:
        mask = causal_mask(tokens.shape[1]).to(tokens.device)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, memory, mask, memory_mask)
        return self.readout(self.norm(x))


# -- options that other libraries have (seqlib/models/options.py), put around the same lines --------------------------


@dataclass(frozen=True)
class _TunableConfig(TransformerConfig):
    __doc__ = TransformerConfig.__doc__

    attention_bias: bool = True
    attention_dropout: float = 0.0

    def blocks(self, block: type) -> nn.ModuleList:
        asked = {"attention_bias": self.attention_bias, "attention_dropout": self.attention_dropout}
        usual = {"attention_bias": True, "attention_dropout": 0.0}
        # A block of a reader's own knows no options: it is asked for those alone that are not as usual.
        return super().blocks(partial(block, **{name: each for name, each in asked.items() if each != usual[name]}))


_TunableConfig.__name__ = _TunableConfig.__qualname__ = "TransformerConfig"
TransformerConfig = _TunableConfig


def _tunable(begin):
    """A block whose attentions take the options."""

    @signed
    @wraps(begin)
    def __init__(
        block, width, heads, feed_forward, dropout=0.0, pre_norm=True, *, attention_bias=True, attention_dropout=0.0
    ):
        begin(block, width, heads, feed_forward, dropout, pre_norm)
        for part in block.children():
            if isinstance(part, MultiHeadAttention):
                tune(part, attention_bias, attention_dropout)

    return __init__


# -- what these parts refuse, asked around the classes, whose lines are those of notebook 14 --------------------------

POSITIONS = ("sinusoidal", "learned", "none")


def _widths(layer, width, hidden_size, dropout=0.0):
    expect.wholes(width=width, hidden_size=hidden_size)
    expect.probability(dropout, "dropout")


def _around(layer, width, dropout=0.0, pre_norm=True):
    expect.wholes(width=width)
    expect.probability(dropout, "dropout")
    expect.flag(pre_norm, "pre_norm")


def _block(
    block, width, heads, feed_forward, dropout=0.0, pre_norm=True, *, attention_bias=True, attention_dropout=0.0
):
    expect.wholes(width=width, heads=heads, feed_forward=feed_forward)
    expect.divides(heads, width, "heads", "a width")
    _around(block, width, dropout, pre_norm)
    check(attention_bias, attention_dropout, ROTARY_BASE, turns=False)


def _table(table, vocabulary_size, width, max_length=256, dropout=0.0, positions="sinusoidal", pad=PAD_ID):
    expect.wholes(vocabulary_size=vocabulary_size, width=width, max_length=max_length)
    expect.probability(dropout, "dropout")
    expect.one_of(positions, "positions", POSITIONS)
    expect.whole(pad, "pad", 0, vocabulary_size - 1)


def _config(config):
    expect.wholes(layers=config.layers, max_length=config.max_length)
    inner = 4 * config.width if config.feed_forward is None else config.feed_forward
    sizes = (config.width, config.heads, inner, config.dropout, config.pre_norm)
    _block(None, *sizes, attention_bias=config.attention_bias, attention_dropout=config.attention_dropout)
    expect.one_of(config.positions, "positions", POSITIONS)
    expect.whole(config.pad, "pad", 0)


def _stack(stack, vocabulary_size, width, heads, layers, **options):
    _options(options)
    expect.wholes(vocabulary_size=vocabulary_size)


def _pair(model, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
    _options(options)
    expect.wholes(source_vocabulary_size=source_vocabulary_size, target_vocabulary_size=target_vocabulary_size)


def _options(options):
    known = [name for name in TransformerConfig.__dataclass_fields__ if name not in ("width", "heads", "layers")]
    for name in options:
        expect.one_of(name, "an option", known)


def _known(table, tokens):
    expect.known(tokens, table.tokens.num_embeddings, "tokens")


def _width(attention):
    """What an attention reads; that of a reader's own making may have other parts, and any width."""
    return getattr(getattr(attention, "W_q", None), "in_features", "D")


def _read(block, x, mask=None):
    expect.shape(x, "x", "B*", "T*", _width(block.attention), kind="float")


def _read_both(block, x, memory, mask=None, memory_mask=None):
    batch, _, width = expect.shape(x, "x", "B*", "T*", _width(block.self_attention), kind="float")
    expect.shape(memory, "memory", batch, "S*", width, kind="float")


def _translated(model, source, target_in):
    batch, _ = expect.tokens(source, "source")
    expect.tokens(target_in, "target_in", batch, "T*")
    expect.padded_at_the_end(target_in, getattr(model.encoder, "pad", PAD_ID), "target_in")


def _encoded(encoder, tokens, causal=False):
    expect.tokens(tokens, "tokens")
    expect.flag(causal, "causal")


def _stepped(model, tokens, state):
    expect.tokens(tokens, "tokens", "B*")
    if not isinstance(state, (tuple, list)) or len(state) != 3:
        raise ValueError(f"state should be (memory, mask, written), as begin gives it, got {expect.shown(state)}")


def _inside(residual, x, part):
    gain = getattr(residual.norm, "weight", None)  # nn.Identity, in the place of a norm that was taken away, has none
    expect.shape(x, "x", "…", "D" if gain is None else gain.shape[0], kind="float")
    expect.function(part, "part")


def _written(model, tokens, memory, memory_mask):
    batch, _ = expect.tokens(tokens, "tokens")
    expect.shape(memory, "memory", batch, "S*", model.readout.in_features, kind="float")


expect.made(TransformerConfig, _config)
EncoderBlock.__init__, DecoderBlock.__init__ = _tunable(EncoderBlock.__init__), _tunable(DecoderBlock.__init__)
for _kind, _makes, _reads in (
    (FeedForward, _widths, lambda layer, x: expect.shape(x, "x", "…", layer.W_1.in_features, kind="float")),
    (Residual, _around, _inside),
    (EncoderBlock, _block, _read),
    (DecoderBlock, _block, _read_both),
    (TransformerEncoder, _stack, _encoded),
    (TransformerDecoder, _stack, _written),
    (Transformer, _pair, _translated),
):
    _kind.__init__ = expect.given(_kind.__init__, _makes)
    _kind.forward = expect.given(_kind.forward, _reads)
Transformer.step = expect.given(Transformer.step, _stepped)
Embedding.__init__ = expect.given(Embedding.__init__, _table)
Embedding.forward = expect.given(Embedding.forward, lambda table, tokens: expect.tokens(tokens, "tokens"), _known)
