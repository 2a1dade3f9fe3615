# %% [markdown]
# # 14 · The Transformer
#
# **By the end you have built the whole Transformer, encoder and decoder, from parts that you wrote; proven it equal to
# `nn.Transformer`, gradients included; taken every part away once to see what it was worth; and stood it beside every
# model so far, on one task, at one budget.**
#
# *Before you start:* [13 · Self-attention](13_self_attention.ipynb), [11 · Attention](11_attention.ipynb),
# [10 · Sequence to sequence](10_seq2seq.ipynb). *Time:* 150 minutes, of which about 90 are the ten exercises. *Needs:* no
# GPU; a network only for the references of Multi30k (1.2 MB), whose lines say so where there is none.

# %% [markdown]
# ## How far away is a word?
#
# A source of 60 words, three untrained models, one question: how much does the *first* answer depend on the word that
# the encoder read k words ago? The measure is that of 04, the norm of a gradient, here with respect to each source word's
# vector. (The Transformer comes from `seqlib` this once; below you write it.)
#
# **Predict.** A pair of GRUs (10) joins encoder and decoder by one vector. The last word read counts as 1. What is the
# word 40 places earlier worth? Write a number such as 0.3 or 1e-4.

# %%
guess = None  # predict: what the word 40 places earlier is worth to a pair of GRUs

# %%
import numpy as np
import torch
from torch import nn

from seqlib import reveal, show
from seqlib.display.figures import figure, lines
from seqlib.models import seq2seq, transformer
from seqlib.models.attention import GeneralScore
from seqlib.studies.what_each_part_does import reach

torch.manual_seed(0)
source, target_in = torch.randint(1, 30, (32, 60)), torch.randint(1, 30, (32, 4))
untrained = {
    "GRU pair": seq2seq.Seq2Seq(
        seq2seq.Encoder(30, 64, 64), seq2seq.Decoder(30, 64, 64, 64)),
    "GRU pair, attention": seq2seq.AttentionSeq2Seq(
        seq2seq.Encoder(30, 64, 64),
        seq2seq.AttentionDecoder(30, 64, 64, 64, GeneralScore(64, 64))),
    "Transformer": transformer.Transformer(30, 30, 64, heads=4, layers=2),
}

far = {name: reach(model, source, target_in)[::-1] for name, model in untrained.items()}

# %% tags=["fold"]
# Draw: the worth of a word against its distance, on a logarithmic axis
fig, ax = figure(figsize=(7, 3))
lines(ax, np.arange(60), far)
ax.set(title="In a Transformer no word is far away", yscale="log", ylim=(1e-13, 9))
ax.set(
    xlabel="words between it and the end of the source", ylabel="worth of a word (last = 1)"
)
ax.legend(loc="lower left")
show(fig, alt=(
    "Gradient norm against distance for three untrained models on a logarithmic axis. "
    "The GRU pair falls as a straight line, attention stops its fall, and the "
    "Transformer's curve is level from end to end."))

# %% [markdown]
# And your guess:

# %%
reveal(guess, far["GRU pair"][40], "worth of a word 40 places back, GRU pair", fmt="{:.1e}")

# %% [markdown]
# Attention laid a direct road from each answer to each encoder state (11), but those states still come out of a chain.
# The Transformer drops the chain: **self-attention** (13) lets every position look at every other one in one step. What
# has to be added so that this can be trained, several layers deep, is this notebook.
#
# ## One task for every model
#
# The number runs of 10 and 11: one to five numbers, English to German, units before tens. The test asks for six and seven
# too. The baseline takes each word by itself from a dictionary.

# %%
from seqlib.studies.translating_numbers import number_task

task = number_task(0)
for pair in task.train_pairs[:3]:
    print(" ".join(pair.source), "→", " ".join(pair.target))
sizes = task.source_vocabulary.size, task.target_vocabulary.size
print(
    f"{len(task.train_pairs):,} pairs to train on; vocabularies of {sizes[0]} and "
    f"{sizes[1]}"
)

# %% tags=["fold"]
# Print: the baseline, percent of runs right
word_by_word = task.word_for_word()
print("word by word, percent of runs right:",
      {count: round(percent, 1) for count, percent in word_by_word.items()})

# %% [markdown]
# ## The residual stream
#
# Each position carries one vector x of width D from bottom to top: the **residual stream**. Parts read it and *add* what
# they found; an additive path is the one that gradients survive (05). So that sums do not grow out of hand, parts read
# **normed** copies:
#
# $$\operatorname{norm}(x) = g \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + b, \qquad \sigma^2 = \frac1D \sum_{i=1}^{D} (x_i - \mu)^2 \tag{14.1}$$
#
# **Exercise 14.1 · Layer norm** — ●●○○, 8 minutes, core
#
# Each vector by itself. Well-known code gets two details wrong: the variance is divided by D, not D − 1, and ε stands
# *inside* the root. The gain g and the bias b are learned. Write it yourself, without `nn.LayerNorm` or `F.layer_norm`.

# %%
def layer_norm(x, gain, bias, epsilon=1e-5):
    """Each vector of x (…, D) normed by itself, then gain and bias (D,), as in (14.1).
    Returns (…, D).
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x - mean).square().mean(dim=-1, keepdim=True)
    return gain * (x - mean) / torch.sqrt(variance + epsilon) + bias  # (14.1)
    ### END SOLUTION


# %%
from seqlib import check

layer_norm, result = check("14.layer_norm", layer_norm)
result

# %% [markdown]
# Where does the norm stand? The first paper put it *after* the sum (**post-norm**); nearly everything since puts it
# *before* the part (**pre-norm**).

# %% tags=["fold"]
# Draw: a block on its stream, with the norm before each part, and after each sum
from seqlib.display import attending

attending.block().show(
    "A straight stream from x to x with two sums on it. Before each sum a branch leaves "
    "the stream, goes through a norm and a part, self-attention and then feed-forward, and "
    "its result is added to the stream."
)
attending.block(before=False).show(
    "The same block as its first authors drew it: the branches go to the parts without a "
    "norm, and the norms stand on the stream itself, after each sum."
)

# %% [markdown]
# It is the LSTM's conveyor belt again (05): what a part says is *added*, and nothing on the stream is overwritten. Above,
# nothing but sums stands on the stream; below, two norms do.
#
# $$x \leftarrow x + \operatorname{part}(\operatorname{norm}(x)) \tag{14.2}$$
#
# $$x \leftarrow \operatorname{norm}(x + \operatorname{part}(x)) \tag{14.3}$$
#
# In (14.2) the stream itself passes untouched from bottom to top. In (14.3) every block norms it again. You will measure
# what that does to gradients.
#
# **Exercise 14.2 · Around a part** — ●●○○, 8 minutes, core
#
# `part` is a function: a position's vector in, what to add out. Dropout, `self.dropout`, falls on what the part says, not
# on what it reads and not on the sum.

# %%
class Residual(nn.Module):
    """seqlib.models.transformer.Residual: x (B, T, D) and a function of it → (B, T, D),
    (14.2) or (14.3).
    """

    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = (nn.LayerNorm(width), nn.Dropout(dropout),
                                                  pre_norm)

    def forward(self, x, part):
        ### BEGIN SOLUTION
        if self.pre_norm:
            return x + self.dropout(part(self.norm(x)))  # (14.2)
        return self.norm(x + self.dropout(part(x)))  # (14.3)
        ### END SOLUTION


# %%
Residual, result = check("14.Residual", Residual)
result

# %% [markdown]
# ## The encoder's block
#
# Two parts, each in a residual. Attention moves information *between* positions. The second part works on each position
# *alone*, the same network everywhere, four times as wide inside:
#
# $$\operatorname{F}(x) = \max(0,\; x W_1 + b_1)\,W_2 + b_2 \tag{14.4}$$
#
# Written out for pre-norm, with "attend" for the attention that you built in 13:
#
# $$x \leftarrow x + \operatorname{attend}(\operatorname{norm}_1 x), \qquad x \leftarrow x + \operatorname{F}(\operatorname{norm}_2 x) \tag{14.5}$$
#
# **Exercise 14.3 · The encoder's block** — ●●●○, 12 minutes, core
#
# Your `MultiHeadAttention` returns the new vectors *and* its weights; the mask says where the source is real. PyTorch's own
# `nn.TransformerEncoderLayer` would do the work, and so would its siblings in 14.5 and 14.7.

# %%
from seqlib.data.pairs import PAD_ID
from seqlib.models.attention import (
    MultiHeadAttention,
    causal_mask,
    padding_mask,
    sinusoidal_positions,
)


class FeedForward(nn.Module):
    """seqlib.models.transformer.FeedForward: (14.4) at every position alone."""

    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))  # (14.4)


class EncoderBlock(nn.Module):
    """seqlib.models.transformer.EncoderBlock: x (B, S, D), mask (B, 1, S), True = attend →
    (B, S, D).
    """

    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        ### BEGIN SOLUTION
        x = around_attention(x, lambda u: self.attention(u, mask=mask)[0])  # (14.5)
        return around_feed_forward(x, self.feed_forward)
        ### END SOLUTION


# %%
EncoderBlock, result = check("14.EncoderBlock", EncoderBlock)
result

# %% [markdown]
# ## Je suis un étudiant, row by row
#
# The decoder writes one word after the other, each given those before it and the source:
#
# $$p(y_1 \dots y_T \mid x) = \prod_{t=1}^{T} p(y_t \mid y_1 \dots y_{t-1}, x) \tag{14.6}$$
#
# T factors are T small tasks. In training the translation is known, so all can be set at once: the decoder *reads* the
# target shifted by one, after a start mark, and at each position *says* the word that comes next.

# %% [markdown]
# **Exercise 14.4 · Shift right** — ●●○○, 8 minutes, core
#
# From targets that end with an end mark make what is read and what is to be said. Where nothing is left to say, the
# loss must not count (−100) and the input is padding: so the end mark is said and, where padding follows, never read.
# Padding is whatever `pad` says; no row is empty.

# %%
def shift_right(target, start, pad=0):
    """target (B, T) with an end mark and padding → target_in (B, T) and target_out (B, T),
    where −100 does not count.
    """
    ### BEGIN SOLUTION
    first = torch.full_like(target[:, :1], start)
    target_in = torch.cat([first, target[:, :-1]], dim=1)
    nothing = target == pad
    return target_in.masked_fill(nothing, pad), target.masked_fill(nothing, -100)
    ### END SOLUTION


# %%
shift_right, result = check("14.shift_right", shift_right)
result

# %% [markdown]
# Each line below is one of those tasks: what may be seen, and what is to be said.

# %%
from seqlib.data import Vocabulary
from seqlib.display.figures import heatmap

french = Vocabulary(["<pad>", "<s>", "</s>", "Je", "suis", "un", "étudiant"])
target = torch.from_numpy(french.encode("Je suis un étudiant </s>".split()))[None]
reads, says = (french.decode(row[0]) for row in shift_right(target, start=1))
may_see = causal_mask(len(reads))

# %% tags=["fold"]
# Print and draw: what each position may see, and what it is to say
for t in range(len(reads)):
    seen = [word if may else '·' for word, may in zip(reads, may_see[t], strict=True)]
    print(f"{' '.join(seen):28} → {says[t]}")

fig, ax = figure(figsize=(4.6, 2.7))
heatmap(ax, may_see.float(), rows=says, columns=reads, low=0, high=1.6)
ax.set(title="What each position may see", xlabel="is read", ylabel="is to be said")
show(fig, alt=(
    "A lower triangle of dark cells: rows are the words to be said, Je, suis, un, "
    "étudiant and the end mark; columns the words read. The first row sees the start "
    "mark alone, the last row sees all five."))

# %% [markdown]
# A recurrent decoder also learns from all of them, but one after the other. Here one matrix product does all rows, and
# the **causal mask** keeps row t from looking at its own answer.
#
# ## The decoder's block
#
# One part more, in the middle. **Cross-attention** asks the encoder: queries from the decoder's stream, keys and values
# from the **memory** m, the encoder's output.

# %% tags=["fold"]
# Draw: the decoder's block
attending.block(("masked self-attention", "cross-attention")).show(
    "A stream with three sums. Three branches leave it and come back through a norm and a "
    "part each: masked self-attention, cross-attention, which also reads the memory m from "
    "below, and feed-forward."
)

# %% [markdown]
# Self-attention asks the words that are written, cross-attention the ones that were read. The drawing shows one block;
# the memory is the same for all of them.
#
# $$x \leftarrow x + \operatorname{attend}(\operatorname{norm}_2 x,\; m) \tag{14.7}$$
#
# **Exercise 14.5 · The decoder's block** — ●●●○, 12 minutes, core
#
# Masked self-attention, then (14.7), then the feed-forward; each mask in its place.

# %%
class DecoderBlock(nn.Module):
    """seqlib.models.transformer.DecoderBlock: x (B, T, D), memory (B, S, D), mask (T, T),
    memory_mask (B, 1, S) → (B, T, D).
    """

    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        ### BEGIN SOLUTION
        x = around_self(x, lambda u: self.self_attention(u, mask=mask)[0])
        x = around_cross(
            x, lambda u: self.cross_attention(u, memory, memory_mask)[0])  # (14.7)
        return around_feed_forward(x, self.feed_forward)
        ### END SOLUTION


# %%
DecoderBlock, result = check("14.DecoderBlock", DecoderBlock)
result

# %% [markdown]
# ## In at the bottom
#
# Attention alone cannot tell an order (13), so each position's vector $P_t$ is added to its token's. Token vectors begin
# small, of size about 1 in all; times $\sqrt D$ their numbers are as large as those of the sines and cosines:
#
# $$x_t = \sqrt{D}\,E[\text{token}_t] + P_t \tag{14.8}$$
#
# **Exercise 14.6 · Tokens and positions** — ●○○○, 5 minutes, core
#
# `table` holds a row for each token of the vocabulary, `places` one for each position, more than are needed; all are tensors.

# %%
import math


def embed(tokens, table, places):
    """Tokens (B, T), their vectors' table (V, D), position vectors (at least T, D) →
    (14.8), (B, T, D).
    """
    ### BEGIN SOLUTION
    (_, T), (_, D) = tokens.shape, table.shape
    return table[tokens] * math.sqrt(D) + places[:T]  # (14.8)
    ### END SOLUTION


# %%
embed, result = check("14.embed", embed)
result

# %% [markdown]
# The same as a module, with sinusoidal positions, learned ones or none (13), and dropout:

# %%
class Embedding(nn.Module):
    """seqlib.models.transformer.Embedding: tokens (B, T) → (14.8), (B, T, D).

    positions: sinusoidal, learned or none.
    """

    def __init__(self, vocabulary_size, width, max_length=256, dropout=0.0,
                 positions="sinusoidal", pad=PAD_ID):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width, padding_idx=pad)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        table = (torch.zeros(max_length, width) if positions == "none"
                 else sinusoidal_positions(max_length, width))
        if positions == "learned":
            self.positions = nn.Parameter(0.02 * torch.randn(max_length, width))
        else:
            self.register_buffer("positions", table, persistent=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens):
        length, longest = tokens.shape[1], len(self.positions)
        if length > longest:
            raise ValueError(
                f"expected at most {longest} tokens, got {length}: raise max_length"
            )
        x = self.tokens(tokens) * math.sqrt(self.tokens.embedding_dim)
        return self.dropout(x + self.positions[:length])

# %% [markdown]
# ## The whole
#
# Blocks on top of each other. With pre-norm the stream leaves the last block un-normed, so one more norm stands at the
# end. Encoder and decoder have nine settings in common, from the width to the padding; one **config** holds them, so that
# they stand in one place. The decoder is the same with its own block, and a readout to logits.

# %%
from dataclasses import dataclass


@dataclass(frozen=True)
class TransformerConfig:
    """seqlib.models.transformer.TransformerConfig: what encoder and decoder share."""

    width: int
    heads: int
    layers: int
    feed_forward: int | None = None  # 4 · width unless given
    max_length: int = 256
    dropout: float = 0.0
    pre_norm: bool = True
    positions: str = "sinusoidal"
    pad: int = PAD_ID

    def embedding(self, vocabulary_size):
        return Embedding(vocabulary_size, self.width, self.max_length, self.dropout,
                         self.positions, self.pad)

    def blocks(self, block):
        inner = self.feed_forward or 4 * self.width
        made = (block(self.width, self.heads, inner, self.dropout, self.pre_norm)
                for _ in range(self.layers))
        return nn.ModuleList(made)

    def last_norm(self):
        return nn.LayerNorm(self.width) if self.pre_norm else nn.Identity()


# %% [markdown]
# The encoder reads, the decoder writes; apart from their blocks they are made alike. `causal=True` turns the encoder into a
# model that sees only the past. Padding of the target needs no mask: it stands at the end, where no real position looks.

# %%
class TransformerEncoder(nn.Module):
    """seqlib.models.transformer.TransformerEncoder: tokens (B, S) → memory (B, S, D)."""

    def __init__(self, vocabulary_size, width, heads, layers, **options):
        super().__init__()
        config = TransformerConfig(width, heads, layers, **options)
        self.pad, self.embedding = config.pad, config.embedding(vocabulary_size)
        self.blocks, self.norm = config.blocks(EncoderBlock), config.last_norm()

    def forward(self, tokens, causal=False):
        mask = padding_mask(tokens, self.pad)
        if causal:
            mask = mask & causal_mask(tokens.shape[1]).to(tokens.device)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


# %%
class TransformerDecoder(nn.Module):
    """seqlib.models.transformer.TransformerDecoder: tokens (B, T), memory (B, S, D) →
    logits (B, T, V).
    """

    def __init__(self, vocabulary_size, width, heads, layers, **options):
        super().__init__()
        config = TransformerConfig(width, heads, layers, **options)
        self.embedding = config.embedding(vocabulary_size)
        self.blocks, self.norm = config.blocks(DecoderBlock), config.last_norm()
        self.readout = nn.Linear(width, vocabulary_size)

    def forward(self, tokens, memory, memory_mask):
        mask = causal_mask(tokens.shape[1]).to(tokens.device)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, memory, mask, memory_mask)
        return self.readout(self.norm(x))


# %% [markdown]
# **Exercise 14.7 · The Transformer** — ●●●○, 12 minutes, core
#
# Join the two. `forward` is for training: all of the target at once. `step` is for writing: it gets the newest tokens
# (B,), appends them to what was written, (B, t), reads all of it and answers at the last position. `begin` has made
# the first state: memory, its mask, and nothing written yet. `step` returns two things: the logits (B, V) of that last
# position, and the new state, (memory, mask, written). Padding is whatever `self.encoder.pad` says.

# %%
class Transformer(nn.Module):
    """seqlib.models.transformer.Transformer: source (B, S), target_in (B, T) → logits (B,
    T, V); begin and step write.
    """

    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers,
                 **options):
        super().__init__()
        self.encoder = TransformerEncoder(
            source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(
            target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        ### BEGIN SOLUTION
        memory = self.encoder(source)
        return self.decoder(target_in, memory, padding_mask(source, self.encoder.pad))
        ### END SOLUTION

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        ### BEGIN SOLUTION
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)
        ### END SOLUTION


# %%
Transformer, result = check("14.Transformer", Transformer)
result

# %% [markdown]
# ## All at once, or one by one?
#
# Training computes all rows in parallel. Writing cannot: word t + 1 is not known before word t. If the mask is right, the
# two must agree to the last digit.
#
# **Exercise 14.8 · One by one** — ●●○○, 8 minutes, core
#
# The logits of every position, each computed from a target that *ends there*, so that there is nothing to peek at. The
# source is read whole. (`forward` may be any function, one that peeks too.)

# %%
def one_by_one(forward, source, target_in):
    """Logits (B, T, V) where row t comes from the first t + 1 tokens alone:
    forward(source, beginning) → (B, t + 1, V).
    """
    ### BEGIN SOLUTION
    _, T = target_in.shape
    return torch.stack(
        [forward(source, target_in[:, : t + 1])[:, -1] for t in range(T)], dim=1)  # (14.6)
    ### END SOLUTION


# %%
one_by_one, result = check("14.one_by_one", one_by_one)
result

# %% [markdown]
# Now both, on a sentence of 96 words, and the clock beside them.

# %% tags=["fold"]
# Time: all positions at once, and one by one
import time

from seqlib import budget

torch.manual_seed(1)
model = Transformer(*sizes, width=64, heads=4, layers=2).double()
long_source, long_target = (torch.randint(1, 30, (8, 40)),
                            torch.randint(1, 30, (8, budget(cpu=96, smoke=8))))
clock = [time.perf_counter()]
with torch.no_grad():
    together = model(long_source, long_target)
    clock.append(time.perf_counter())
    apart = one_by_one(model, long_source, long_target)
    clock.append(time.perf_counter())
at_once, in_turn = np.diff(clock)
print(f"largest difference {(together - apart).abs().max():.0e}")
print(
    f"{long_target.shape[1]} steps: {1000 * at_once:.0f} ms at once, {1000 * in_turn:.0f} "
    "ms one by one"
)

# %% [markdown]
# That is the Transformer's bargain: as parallel as can be in training, and still one word at a time in use. (16 saves
# most of the repeated work with a cache.)
#
# ## The same as PyTorch's?
#
# `nn.Transformer` begins behind the embedding and ends before the readout, keeps q, k and v in one matrix, and its
# masks mean the opposite (True = *hide*). It always has a last norm, which the paper's post-norm has not. `pair_up` gives
# both the same weights. Hand over the same vectors, compare values and every gradient; the layer norm by hand likewise.

# %% tags=["fold"]
# Compare: ours with nn.Transformer, given the same weights
from seqlib.studies.what_each_part_does import pair_up


def distance_to_torch(pre_norm):
    """The largest difference between ours and nn.Transformer: values, and the gradients of
    all weights. float64.
    """
    ours = Transformer(
        20, 20, 16, heads=4, layers=2, feed_forward=24, pre_norm=pre_norm).double()
    theirs = nn.Transformer(
        16, 4, 2, 2, 24, dropout=0.0, batch_first=True, dtype=torch.float64)
    pairs = pair_up(ours, theirs, pre_norm)
    source, target_in = torch.randint(1, 20, (3, 7)), torch.randint(1, 20, (3, 5))
    source[0, 4:] = 0
    hidden = theirs(ours.encoder.embedding(source), ours.decoder.embedding(target_in),
                    tgt_mask=~causal_mask(5), src_key_padding_mask=source == 0,
                    memory_key_padding_mask=source == 0)
    values = ours(source, target_in), ours.decoder.readout(hidden)
    weights = [own for mine, _ in pairs for own in mine], [other for _, other in pairs]
    slopes = [torch.autograd.grad(out.square().sum(), own)
              for out, own in zip(values, weights, strict=True)]
    flat = [torch.cat([slope.flatten() for slope in each]) for each in slopes]
    return max((a - b).abs().max().item() for a, b in (values, flat))

# %% tags=["fold"]
# Compare: the layer norm by hand with PyTorch's, then the whole in both orders
x, theirs = (torch.randn(5, 7, 6, dtype=torch.float64, requires_grad=True),
             nn.LayerNorm(6).double())
nn.init.normal_(theirs.weight)
made, leaves = ((layer_norm(x, theirs.weight, theirs.bias), theirs(x)),
                [x, theirs.weight, theirs.bias])
slopes = zip(*(torch.autograd.grad(out.pow(3).sum(), leaves) for out in made), strict=True)
parity = {"layer norm": max((a - b).abs().max().item() for a, b in [made, *slopes])}
parity |= {f"Transformer, {order}": distance_to_torch(order == "pre-norm")
           for order in ("pre-norm", "post-norm")}
for what, apart in parity.items():
    print(f"{what:22} values and gradients at most {apart:.0e} apart")

# %% [markdown]
# ## Before or after? And why warm up?
#
# Nothing is trained yet. Eight blocks each way, one batch of number runs, one backward pass: how large is the gradient
# that each block's feed-forward gets? Two starts: PyTorch's own for `nn.Linear`, and Xavier's, which the first papers took
# (and `nn.Transformer` takes), with numbers up to 2.2 times as large.
#
# **Predict.** Norm *after* the sum, Xavier's start: how many times larger is the gradient of the decoder's last block than
# that of its first?

# %%
guess = None  # predict: last block of the decoder over its first, post-norm, Xavier's start

from seqlib.studies.translating_numbers import forced_loss


def gradient_by_block(pre_norm, xavier, layers=8, seeds=3):
    """Norm of the gradient of W_2 in every block, encoder first, then decoder: (seeds, 2 ·
    layers).
    """
    found = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        model = Transformer(*sizes, width=64, heads=4, layers=layers, pre_norm=pre_norm)
        for part in model.modules():
            if xavier and isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)
        forced_loss(model, task.sampler(seed)).backward()
        blocks = [*model.encoder.blocks, *model.decoder.blocks]
        found.append([block.feed_forward.W_2.weight.grad.norm().item() for block in blocks])
    return np.array(found)


# %%
from seqlib.display.figures import spread

starts, orders = ({"PyTorch's start": False, "Xavier's start": True},
                  ("pre-norm", "post-norm"))
by_block = {(order, start): gradient_by_block(order == "pre-norm", xavier)
            for start, xavier in starts.items() for order in orders}

# %% tags=["fold"]
# Draw: norm of the gradient, block by block, for two orders and two starts
fig, axes = figure(1, 2, figsize=(8.5, 2.9), sharey=True)
for ax, start in zip(axes, starts, strict=True):
    lines(ax, np.arange(1, 17), {order: spread(by_block[order, start]) for order in orders},
          legend=ax is axes[0])
    ax.axvline(8.5, color="#6B6B6B", linewidth=0.8)
    ax.set(title=start, yscale="log", xlabel="block: encoder 1 to 8, decoder 9 to 16")
axes[0].set_ylabel("norm of the gradient")
fig.suptitle("How even the gradients begin depends on the norm's place, and on the start",
             x=0.01, ha="left", fontweight="bold", fontsize=11)
show(fig, alt=(
    "Gradient norm of the feed-forward weights against the block's number, encoder "
    "then decoder, three seeds, for pre-norm and post-norm, with PyTorch's and with "
    "Xavier's start, on a logarithmic axis."))
uneven = {
    key: found.mean(axis=0)[-1] / found.mean(axis=0)[8] for key, found in by_block.items()}
for (order, start), ratio in uneven.items():
    print(f"{order:9} {start}: decoder's last block / its first = {ratio:.1f}")
limits = (6 / (256 + 64)) ** 0.5, 256**-0.5  # of W_2, from 256 numbers to 64
print(f"largest weights of W_2, Xavier's over PyTorch's: {limits[0] / limits[1]:.1f}")

# %% [markdown]
# And your guess:

# %%
reveal(guess, uneven["post-norm", "Xavier's start"],
       "last block over first, post-norm, Xavier's start", fmt="{:.1f}")

# %% [markdown]
# So the warning that post-norm begins uneven is about post-norm *and* its start. Where it holds, one
# learning rate means very different things to different blocks. The first recipe's answer is to begin gently: **warm up**
# for w steps, then fall with the root of the step (the "Noam" schedule, after its author):
#
# $$\text{rate}(t) = D^{-1/2}\,\min\bigl(t^{-1/2},\; t\,w^{-3/2}\bigr) \tag{14.9}$$
#
# **Exercise 14.9 · The schedule** — ●○○○, 5 minutes, core
#
# One line. Steps are counted from 1; step, width and warm-up are plain numbers.

# %%
def noam(step, width, warmup):
    """The learning rate of step 1, 2, … for a model of this width, (14.9)."""
    ### BEGIN SOLUTION
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)  # (14.9)
    ### END SOLUTION


# %%
noam, result = check("14.noam", noam)
result

# %% [markdown]
# Does it matter? Six layers each way, 32 wide, runs of up to three numbers, 150 steps at a constant rate, unclipped: the
# two orders, with and without 60 steps of warm-up, two rates, three seeds. The function below trains one; a recording
# trained all.

# %%
from dataclasses import replace

from seqlib.data.number_words import count_numbers
from seqlib.training.train import train

short = replace(task,
                train_pairs=[pair for pair in task.train_pairs if count_numbers(pair) < 4],
                test_pairs={n: task.test_pairs[n] for n in (1, 2, 3)})

# %%
def begin(pre_norm, warmup, lr, seed=0, steps=150):
    """Train a deep, narrow Transformer on short runs at a constant rate after the warm-up;
    its history.
    """
    torch.manual_seed(seed)
    model = Transformer(*sizes, width=32, heads=4, layers=6, pre_norm=pre_norm)
    return train(model, short.sampler, steps, loss=forced_loss, lr=lr,
                 name="deep and narrow",
                 schedule=lambda step: min(1.0, (step + 1) / max(1, warmup)))


# %% tags=["fold"]
# Draw: training loss with and without warm-up, at two rates, recorded
from seqlib.training.recorded import credit, curve, load

warm = load("14_warmup")
fig, axes = figure(1, 2, figsize=(8, 3), sharey=True)
for ax, lr in zip(axes, (1e-3, 4e-3), strict=True):
    for order in ("pre-norm", "post-norm"):
        for warmup in (0, 60):
            at, band = curve(warm, f"{order}, warm-up {warmup}, rate {lr}")
            lines(ax, at, {f"{order}, warm-up {warmup}": band}, legend=False)
    ax.set(title=f"rate {lr}", xlabel="step", yscale="log")
axes[0].set_ylabel("training loss, nats per token")
axes[1].legend(fontsize=8)
fig.suptitle("Warm-up costs steps at the low rate, and helps post-norm at the high one",
             x=0.01, ha="left", fontweight="bold", fontsize=11)
show(fig, alt=(
    "Training loss over 150 steps for pre-norm and post-norm, with and without "
    "warm-up, three seeds each, at a low and at a high learning rate. They differ most "
    "at the high rate."))
print(credit(warm))
end = {name: np.mean([run[-10:] for run in found["runs"]])
       for name, found in warm["curves"].items()}
for order in ("pre-norm", "post-norm"):
    for lr in (1e-3, 4e-3):
        cold, warmed = (end[f"{order}, warm-up {w}, rate {lr}"] for w in (0, 60))
        print(
            f"{order:9} rate {lr}: last loss {cold:.3f} without warm-up, {warmed:.3f} with "
            "it"
        )

# %% [markdown]
# Warm-up is not a ritual: here it costs steps, and pays where the rate is high and the norm stands after the sum. Where
# the curves end is not shown.
#
# ## Train it
#
# Two layers, 48 wide, the same batches, rate and clipping as the live number translators of 10 and 11 (peak 4e-3, warm-up
# 50, cosine); on the ladder below each has its own rate.
#
# **Predict.** It is trained on runs of one to five numbers. What percentage of runs of *six* does it translate without a
# single mistake? (Two runs of seven are printed too: what goes wrong, the words, the order, or the count?)

# %%
guess = None  # predict: percent of runs of six numbers translated without a mistake

torch.manual_seed(0)
model = Transformer(*sizes, width=48, heads=4, layers=2)
history = task.train(model, steps=budget(cpu=300), name="Transformer")
live = task.exact_match(model)
longest = task.test_pairs[7][:2]
written = task.translate(model, [pair.source for pair in longest])
for pair, said in zip(longest, written, strict=True):
    print("wanted:", " ".join(pair.target), "\n  said:", " ".join(said))
reveal(guess, live[6], "percent of runs of six numbers", fmt="{:.1f}")

# %% [markdown]
# ## Look inside
#
# What does a decoder position ask the encoder? The task knows which word translates which, so cross-attention can be
# scored, head by head: how often is the most attended source word a gold one?

# %%
from seqlib.studies.what_each_part_does import cross_weights, on_gold

found = on_gold(model, task, task.test_pairs[3][: budget(cpu=40)])
head = int(found.argmax())
by_luck = np.mean([1 / len(pair.source) for pair in task.test_pairs[3]])
print("looks at a gold word:", " ".join(f"{share:.0%}" for share in found),
      f"(by luck {by_luck:.0%})")

# %% tags=["fold"]
# Draw: cross-attention of the head that is most often on a gold word
pair = max(task.test_pairs[3][:40], key=lambda pair: len(pair.target))
fig, ax = figure(figsize=(5.6, 4.4))
heatmap(
    ax, cross_weights(model, task, pair)[head, :-1], rows=pair.target, columns=pair.source)
at = np.array(pair.links)
ax.plot(
    at[:, 0],
    at[:, 1],
    "s",
    markersize=14,
    markerfacecolor="none",
    markeredgecolor="#D55E00",
    linestyle="none",
)
ax.tick_params(axis="x", rotation=60)
ax.set_title(f"Layer {head // 4 + 1}, head {head % 4 + 1}; framed: what translates what")
show(fig, alt=(
    "Cross-attention of the head that is most often on a gold word: German morphs "
    "down, English words across, frames at the gold alignment, where units and tens "
    "are crossed."))

# %% [markdown]
# Where units stand before tens, the head crosses over, as the frames ask. It is the best of all heads on one sentence;
# the scores above say how the others do, and none of them says that the decoder needs this head.

# %% [markdown]
# ## The ladder
#
# RNN, LSTM, GRU, GRU with attention, Transformer. One task, the same pairs in the same order, about 135,000 parameters
# each, the same schedule, and as many steps as the same **seconds** of one processor held by a pace measured beforehand:
# quicker models get more. Each rung learns at its own best rate, chosen by runs that neither training nor test holds. Once
# with 8 seconds, once with 24; three seeds, recorded. The stars are your live model, after fewer steps. (Of single numbers
# there are only 100, and 30 are kept for the test: that is why *one* is harder than two.)

# %% tags=["fold"]
# Draw: percent of runs right against the numbers in the run, a line a rung
ladder, counts = load("14_ladder"), list(task.test_pairs)
rungs = ["RNN", "LSTM", "GRU", "GRU, attention", "Transformer"]
BUDGETS = (8, 24)  # seconds of one processor


def rung(name, seconds):
    """(mean, lowest, highest) percent of runs right, by the number of numbers."""
    return spread(
        np.transpose(
            [ladder["results"][f"{name}, {seconds} s, {count} numbers"] for count in counts]
        )
    )


fig, axes = figure(1, 2, figsize=(9, 3.4), sharey=True)
for ax, seconds in zip(axes, BUDGETS, strict=True):
    lines(ax, counts, {name: rung(name, seconds) for name in rungs}, legend=False)
    ax.axvline(5.5, color="#6B6B6B", linewidth=0.8)
    ax.set(title=f"{seconds} seconds of training",
           xlabel="numbers in the run (trained on 1 to 5)", ylim=(-3, 106))
axes[1].plot(
    counts, list(live.values()), "*", color="black", markersize=9, label="yours, live")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
fig.suptitle("With attention, nearly every trained length is learned by 24 seconds",
             x=0.01, ha="left", fontweight="bold", fontsize=11)
axes[0].set_ylabel("runs without a mistake, %")
show(fig, alt=(
    "Percent of runs translated without a mistake against the number of numbers, for "
    "RNN, LSTM, GRU, GRU with attention and Transformer, after 8 and 24 seconds of "
    "training, three seeds each. Beyond five numbers, more than in any training pair, "
    "all of them fall."))
print(credit(ladder))

# %% tags=["fold"]
# Table: parameters, steps and percent right of each rung
from seqlib.display import html
from seqlib.display.selfcheck import Shown
from seqlib.studies.who_wins_fairly import everywhere, needed, side, wins

found = ladder["results"]
inside = {(name, seconds): side(found, f"{name}, {seconds} s, 1 to 5 numbers",
                                f"{name}, {seconds} s")
          for name in rungs for seconds in BUDGETS}
size, taken = ({name: np.mean(found[f"{name}, {what}"]) for name in rungs}
               for what in ("parameters", "24 s, steps"))
rows = [
    [name, f"{size[name]:,.0f}", f"{taken[name]:,.0f}", f"{inside[name, 24].rate:g}",
     f"{np.mean(inside[name, 8].scores):.1f}", f"{np.mean(inside[name, 24].scores):.1f}",
     f"{rung(name, 24)[0][5]:.1f}"]
    for name in rungs
]
heads = ["", "parameters", "steps in 24 s", "best rate", "1 to 5 numbers, 8 s, %",
         "the same, 24 s, %", "6 numbers, 24 s, %"]
Shown(html.table(heads, rows, caption="The ladder so far"),
      "\n".join("  ".join(row) for row in rows))

# %% [markdown]
# **The picture to remember:** after 24 seconds both rungs with attention have learned the trained lengths, the GRU the shorter
# ones, the LSTM hardly any, the RNN none. After 8, recurrence with attention is far ahead: it makes more steps. Beyond the
# trained lengths all fall; at six numbers the Transformer keeps a little, recurrence with attention nothing. Where the
# Transformer's dearer steps pay, 16 and 21 measure.

# %% [markdown]
# ## Break it: take every part away
#
# `without(model, part)` takes one part out of a fresh model, then trained on runs of one to three numbers. **Predict.**
# Without one of them the training loss is *low*, and yet hardly a run comes out right. Which: residuals, layer norm,
# feed-forward, positions, several heads, scale, padding mask, causal mask or cross-attention?

# %%
guess = None  # predict: the part without which a low loss means nothing, such as "scale"

# %%
from seqlib.studies.what_each_part_does import PARTS, without


def ablated(part, seed=0, steps=250, lr=4e-3):
    """Train a small Transformer without that part on short runs: (model, last loss)."""
    torch.manual_seed(seed)
    model = without(transformer.Transformer(*sizes, width=32, heads=4, layers=2), part)
    history = short.train(model, steps=steps, lr=lr, name=f"without {part}")
    return model, history.last(20)


def runs_right(model):
    """Percent of short runs translated without a mistake."""
    return np.mean(list(short.exact_match(model).values()))


leaking, its_loss = ablated("causal mask", steps=budget(cpu=250))
leaked = runs_right(leaking)
print(f"without the causal mask: last loss {its_loss:.3f}, {leaked:.1f} % of runs right")

# %% [markdown]
# All of them from the recording, each at its best rate by new runs, three seeds; the star is your live run.

# %% tags=["fold"]
# Draw: percent of runs right without each part, the star your live run
from seqlib.display.figures import bars

broken = load("14_ablations")
right = np.array([broken["results"][f"{part}, percent right"] for part in PARTS])
loss = {part: np.mean(broken["results"][f"{part}, last loss"]) for part in PARTS}
fig, ax = figure(figsize=(9, 3.2))
bars(ax, [part.replace(" ", "\n").replace("-", "-\n") for part in PARTS],
     right.mean(axis=1), spread=(right.min(axis=1), right.max(axis=1)), fmt="{:.0f}")
ax.plot(
    PARTS.index("causal mask"), leaked, "*", color="black", markersize=11, label="live")
ax.set(title="What is left when one part is taken away", ylabel="runs without a mistake, %",
       ylim=(0, 118))
ax.tick_params(axis="x", labelsize=8)
show(fig, alt=(
    "Bars: percent of short runs translated without a mistake by a small Transformer "
    "with nothing removed and with each of nine parts removed, with the spread over "
    "three seeds."))
left = dict(zip(PARTS, right.mean(axis=1), strict=True))
for part in sorted(loss, key=loss.get):
    name = "nothing removed" if part == "nothing" else f"without {part}"
    print(f"{name:23} last loss {loss[part]:.3f}   {left[part]:5.1f} % of runs right")
print(credit(broken))

# %%
useless = [part for part in PARTS if left[part] < 25]
reveal(guess, min(useless, key=loss.get), "the part without which a low loss means nothing",
       options=PARTS)

# %% [markdown]
# Low losses want care. Without the causal mask the model copied its answer from the next position, which is not there when
# it writes: **a low loss may be a leak.** What the bars say of layer norm, they say of two layers.
#
# ## How sure should it be?
#
# Cross entropy asks for a probability of 1. **Label smoothing** asks for less: the right word gets $1-\varepsilon$, and
# $\varepsilon$ is shared evenly among all V, the right one among them:
#
# $$q(k) = (1-\varepsilon)\,[k = y] + \frac{\varepsilon}{V} \tag{14.10}$$
#
# $$\text{loss} = -\sum_{k=1}^{V} q(k) \log p(k) \tag{14.11}$$

# %% [markdown]
# **Exercise 14.10 · Label smoothing** — ●●●○, 10 minutes, core
#
# The mean over the words that count (targets of −100 do not). `log_softmax` is allowed; `F.cross_entropy`, `F.nll_loss`
# and `F.kl_div` would do the work.

# %%
def smoothed_loss(logits, targets, epsilon):
    """Mean cross entropy against smoothed targets: logits (…, V), targets (…), −100 left
    out. Nats per token.
    """
    ### BEGIN SOLUTION
    real = targets != -100
    log_p, targets = logits[real].log_softmax(dim=-1), targets[real]
    hard, uniform = -log_p[torch.arange(len(targets)), targets].mean(), -log_p.mean()
    return (1 - epsilon) * hard + epsilon * uniform  # (14.10), (14.11)
    ### END SOLUTION


# %%
smoothed_loss, result = check("14.smoothed_loss", smoothed_loss)
result

# %% [markdown]
# PyTorch has it as an option of `F.cross_entropy`. What does it do? Three smoothings, three seeds, on the short runs.
# **Confidence** is the probability that the model gives to the word it finds likeliest; a *calibrated* model is right as
# often as it is confident.

# %% tags=["fold"]
# Compare: the loss with PyTorch's own option, value and gradient
from torch.nn import functional as F

from seqlib.studies.what_each_part_does import confidence

logits, targets = (torch.randn(40, 9, dtype=torch.float64, requires_grad=True),
                   torch.randint(0, 9, (40,)))
two = (smoothed_loss(logits, targets, 0.1),
       F.cross_entropy(logits, targets, label_smoothing=0.1))
slopes = [torch.autograd.grad(one, logits)[0] for one in two]
print(
    f"to F.cross_entropy: value {abs(two[0] - two[1]).item():.0e}, gradient "
    f"{(slopes[0] - slopes[1]).abs().max():.0e}"
)

# %%
def smooth(epsilon, seed=0, steps=250):
    """Train a small Transformer with label smoothing on short runs: confidence, words
    right, nats, runs right.
    """
    def loss(model, batch):
        return smoothed_loss(model(*batch[:2]), batch[2], epsilon)

    torch.manual_seed(seed)
    model = transformer.Transformer(*sizes, width=32, heads=4, layers=2)
    short.train(model, steps=steps, loss=loss, name=f"label smoothing {epsilon}")
    return *confidence(model, short.batch(short.test_pairs[3])), np.mean(
        list(short.exact_match(model).values()))


# %% tags=["fold"]
# Table: what label smoothing does to confidence and to what is right
smoothings, kinds = (load("14_smoothing"),
                     ("confidence", "words right", "nats per word", "runs right"))
table = {e: {kind: np.mean(smoothings["results"][f"{e}, {kind}"]) for kind in kinds}
         for e in (0.0, 0.1, 0.3)}
rows = [[f"{e}", *(f"{row[kind]:.3f}" for kind in kinds[:3]), f"{row['runs right']:.1f}"]
        for e, row in table.items()]
print(credit(smoothings))
Shown(html.table(["ε", *kinds[:3], "runs right, %"], rows, caption="Label smoothing"),
      "\n".join("  ".join(row) for row in rows))

# %% [markdown]
# Where the truth *can* be known for certain, smoothing teaches doubt where none is due: confidence falls below the share that
# is right, and the true words cost more nats. Where several translations are right, doubt is the truth; Vaswani et al.
# (2017, §5.4) report both sides, worse perplexity and better BLEU.
#
# ## Dates in sixteen languages
#
# The task of 11: a date as people write it, character by character, to ISO 8601. Test days never occur in
# training. The Transformer live for a moment, then both rivals from a recording: the same 24 seconds of processor time,
# each at its best rate, three seeds.

# %%
from seqlib.data.dates import date_pairs
from seqlib.data.pairs import pair_vocabularies
from seqlib.studies.what_each_part_does import train_on, write

dates = date_pairs(20_000, seed=0)
new_dates = date_pairs(400, seed=1, exclude=dates)
date_words = pair_vocabularies(dates)

# %% [markdown]
# Both rivals, and the share of dates that one of them writes without a mistake (the recording calls both functions):

# %%
def date_model(kind):
    """The two rivals, about 145,000 parameters each."""
    V, W = (vocabulary.size for vocabulary in date_words)
    if kind == "Transformer":
        return transformer.Transformer(V, W, width=48, heads=4, layers=2)
    encoder = seq2seq.Encoder(V, 48, 104)
    return seq2seq.AttentionSeq2Seq(
        encoder, seq2seq.AttentionDecoder(W, 48, 104, 104, GeneralScore(104, 104)))


def dates_right(model, pairs):
    """Percent of dates written without a mistake."""
    said = write(model, [source for source, _ in pairs], date_words, longest=12)
    return 100 * np.mean(
        ["".join(row) == target for row, (_, target) in zip(said, pairs, strict=True)])


# %%
torch.manual_seed(0)
dating = date_model("Transformer")
_ = train_on(dating, dates, date_words, steps=budget(cpu=150), name="dates")

# %% tags=["fold"]
# Print: new dates, as it writes them; then both rivals, recorded
some = new_dates[:4]
written = write(dating, [pair.source for pair in some], date_words, 12)
for pair, said in zip(some, written, strict=True):
    print(
        f"{pair.source:38} → {''.join(said):10}  "
        f"{'✓' if ''.join(said) == pair.target else '✗ ' + pair.target}"
    )
dated, rivals = load("14_dates"), ("GRU, attention", "Transformer")
shares = {kind: side(dated["results"], f"{kind}, percent right", kind) for kind in rivals}
for kind, share in shares.items():
    steps_taken = dated["results"][f"{kind}, steps"][0]
    print(f"{kind:15} {steps_taken:,.0f} steps: {share} % of new days right")
print(credit(dated))

# %% [markdown]
# ## On a real benchmark: Multi30k
#
# 29,000 captions, German to English, words in lower case. The recipe is the one that 11 gave its recurrent attention: one
# matrix for reading and writing words, dropout, smoothed labels, the mean of the last weights, a beam of five; the same
# batches, the same number of steps, a rate chosen in short runs on the validation part. Beside each caption, the
# reference; they were chosen by their number before anybody read them.

# %% tags=["fold"]
# Print: the recorded Transformer's score, and five captions beside their references
from seqlib.studies.translating_better import told

captioned, rival = load("14_multi30k"), load("11_translator")
print(told(captioned))
print(credit(captioned))
bleus = {name: run["results"]["sacreBLEU, beam"][0]
         for name, run in (("GRU, attention", rival), ("Transformer", captioned))}
spent = {name: run["results"]["processor seconds"][0]
         for name, run in (("GRU, attention", rival), ("Transformer", captioned))}
print("\nsacreBLEU, test 2016:", "; ".join(
    f"{name} {score:.1f} after {spent[name] / 60:.0f} minutes of a core"
    for name, score in bleus.items()))
print("published, BLEU of tokens: GRU with attention 28.3, Transformer 36.5 "
      "(pytorch-seq2seq, on a GPU)")

# %% [markdown]
# One seed each: this shows what both networks can do with the same care, not which is better by how much. On a GPU,
# `python tools/record_gpu.py` gives both the published time.

# %% [markdown]
# ## What the books say
#
# Rows that say who wins, or what is needed, stand at the best of at least three rates, not one at the edge of the range,
# and three seeds; else the row says so. The rules are functions, with a test that turns each.

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib import claims

cold, warmed = (
    {order: end[f"{order}, warm-up {w}, rate 0.004"] for order in orders} for w in (0, 60))
at_start = [uneven["post-norm", start] for start in starts]
rivals = ("Transformer", "GRU, attention")
fights = {f"numbers, {seconds} s": [inside[name, seconds] for name in rivals]
          for seconds in BUDGETS} | {"dates": [shares[name] for name in rivals]}
verdict = everywhere(wins(*fight) for fight in fights.values())
parts = {part: side(broken["results"], f"{part}, percent right", part) for part in PARTS}

# %% tags=["fold"]
# Table: what the books say, and what was measured here
claims([
    ("Any two positions are one step apart", "Vaswani et al. 2017, §4, table 1",
     f"a word 40 back: GRU pair {far['GRU pair'][40]:.0e}, Transformer "
     f"{far['Transformer'][40]:.2f}",
     "holds" if far["Transformer"][40] > 0.2 > far["GRU pair"][40] else "depends",
     "How far away is a word?"),
    ("Post-norm gradients are uneven at the start", "Xiong et al. 2020, §3.3",
     "last / first decoder block: {:.1f} with PyTorch's start, {:.1f} with Xavier's".format(
         *at_start), "holds" if min(at_start) > 3 else "depends", "Before or after?"),
    ("Post-norm needs warm-up, pre-norm does not", "Xiong et al. 2020, §4",
     "last loss without, with: post {:.2f}, {:.2f}; pre {:.2f}, {:.2f}; two rates, the "
     "better one the larger. A test takes more rates, and flat curves".format(
         *(end_[order] for order in ("post-norm", "pre-norm") for end_ in (cold, warmed))),
     "not tested", "Before or after?"),
    ("The Transformer beats recurrence with attention",
     "Vaswani et al. 2017, §6.1, of translation",
     "about equal seconds, % right: " + "; ".join(
         f"{what}: {ours}, GRU with attention {other}" for what, (ours, other)
         in fights.items()) + "; captions, one seed: BLEU "
     + " against ".join(f"{bleus[name]:.1f}" for name in rivals),
     verdict, "The ladder, dates, Multi30k"),
    ("Residuals make it trainable", "Vaswani et al. 2017, §3.1; He et al. 2016, §4.1",
     f"two layers, % right: whole {parts['nothing']}, without {parts['residuals']}",
     needed(parts["nothing"], parts["residuals"]), "Break it"),
    ("Layer norm makes it trainable", "Vaswani et al. 2017, §3.1; Ba et al. 2016, §1",
     f"two layers, % right: whole {parts['nothing']}, without {parts['layer norm']}",
     needed(parts["nothing"], parts["layer norm"]), "Break it"),
    ("Several heads beat one", "Vaswani et al. 2017, table 3",
     f"% right: four {parts['nothing']}, one {parts['several heads']}",
     wins(parts["nothing"], parts["several heads"]), "Break it"),
])

# %% [markdown]
# ## Remember
#
# - One vector per position, read in normed copies, added to: the residual stream.
# - Attention moves between positions, the feed-forward works on each alone.
# - The decoder reads the target shifted by one behind a causal mask: all rows are trained at once, and written one by one.
# - Norm before the part, and the stream passes untouched; after it, mind the start and warm up where rates are high.
# - With attention the trained lengths are learned soonest. Beyond the lengths of the training every rung falls.

# %%
from seqlib import flashcards, quiz

flashcards("14")

# %%
quiz("14")

# %% [markdown]
# ## Sources, and beyond
#
# Vaswani et al. 2017, *Attention Is All You Need*, §3 to §6. Xiong et al. 2020, *On Layer Normalization in the Transformer
# Architecture*, §3.3, §4. Ba, Kiros and Hinton 2016, *Layer Normalization*, §1, §3. Szegedy et al. 2016, *Rethinking the
# Inception Architecture*, §7 (label smoothing). Müller, Kornblith and Hinton 2019, *When Does Label Smoothing Help?*, §3.
# Elliott et al. 2016, *Multi30K*, §2. He et al. 2016, *Deep Residual Learning*, §4.1. Post 2018, *A Call for Clarity in
# Reporting BLEU Scores*, §2.
#
# **Beyond.** Share the embedding with the readout and count what is saved. Take layer norm away from eight layers, not two.
# Make six numbers work after training on five: which positions would you choose (13)? Next:
# [15 · Tokenization](15_tokenization.ipynb).
