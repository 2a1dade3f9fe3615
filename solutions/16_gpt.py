# %% [markdown]
# # 16 · GPT
#
# **By the end you have built a GPT whose parts you can switch one at a time, trained it on the tokens of 15 and read what it
# writes before, during and after, given it a cache that changes nothing but the clock, let it complete Python, and looked
# for the two heads that together copy.**
#
# *Before you start:* [13 · Self-attention](13_self_attention.ipynb), [14 · The Transformer](14_transformer.ipynb),
# [15 · Tokenization](15_tokenization.ipynb).
# *Time:* 150 minutes, of which about 80 are the eleven exercises. *Needs:* no GPU; a network for one text, and without it
# the notebook runs on Python's own source.

# %% [markdown]
# ## A perfect language model, in one line
#
# A **GPT** reads from left to right and says, at every position, which token comes next. Its loss is the cross entropy you
# know. Here is a model without a single weight. It looks at each character and is quite sure of one thing: that character.
#
# **Predict.** The line below computes the mean cross entropy of such a model on a sentence. Random guessing over 128
# characters would cost 4.85 nats. What will it say?
#
# The cell after it loads the text of this notebook, *tinyshakespeare* (the last tenth held out), and counts what has to be
# beaten: the 5-gram of 01.

# %%
guess = None  # predict: nats per character

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import budget, reveal, show
from seqlib.display.figures import bars, figure, lines

tokens = torch.tensor([list(b"Before we proceed any further, hear me speak.")])
perfect = 20.0 * F.one_hot(tokens, 128).float()
loss = F.cross_entropy(perfect.flatten(0, 1), tokens.flatten())
reveal(
    guess,
    loss.item(),
    "nats per character of a model that repeats what it reads",
    fmt="{:.4f}",
)

# %%
from seqlib.data import (
    batches,
    encode_chars,
    shifted_windows,
    split_in_time,
    stdlib_text,
    text_sampler,
)
from seqlib.data.shakespeare import play_or_library
from seqlib.models.ngram import NGram

play, plays = play_or_library(budget(cpu=2_000_000, smoke=30_000))
ids, characters = encode_chars(play)
before, after = split_in_time(ids)  # of characters
five = NGram(5, characters.size).fit(before)
chance, bar = np.log(characters.size), five.nll(after)
print(
    f"{plays}: chance {chance:.3f}, 5-gram {bar:.3f} nats per character on the last tenth"
)

# %% [markdown]
# The GPT will not read characters but **tokens**: the byte pairs that you learned to make in 15, learned on the first nine
# tenths alone. A window of as many places then sees nearly twice as much text. Whoever counts in tokens must be compared in
# characters: nats per token, times tokens per character.

# %%
from seqlib.data.bpe import BytePairEncoding

PIECES = 512  # 256 bytes, and as many merges


def in_pieces(known, unseen, size=PIECES):
    """Byte pairs learned on the text `known`; both texts in them, as arrays of ids."""
    pieces = BytePairEncoding.train(known, size)
    return pieces, tuple(np.array(pieces.encode(text)) for text in (known, unseen))


pieces, (early, late) = in_pieces(play[: len(before)], play[len(before) :])
PER_CHARACTER = len(late) / len(after)  # tokens
line = "Before we proceed any further, hear me speak."
print(f"{PER_CHARACTER:.3f} tokens per character, such as:",
      "·".join(pieces.tokens[n].decode() for n in pieces.encode(line)))

# %% [markdown]
# The one-line model learned nothing and predicted nothing: the targets were not shifted. People keep making this slip,
# because the loss looks wonderful. The logits of position t are about the token at t + 1; in a batch with padding only real
# targets count, and every *token* weighs the same:
#
# $$\mathcal L = -\frac{1}{\sum_b (\ell_b - 1)} \sum_b \sum_{t=0}^{\ell_b-2} \log p\,(x_{b,t+1} \mid x_{b,0}, \dots, x_{b,t}) \tag{16.1}$$
#
# **Exercise 16.1 · The loss** — ●●○○, 8 minutes, core
#
# `F.cross_entropy` is allowed; which places it is asked about is yours to say.

# %%
def language_loss(logits, tokens, lengths):
    """Mean nats per next token: a tensor of one number, through which gradients flow.

    logits (B, T, V), tokens (B, T), of which the first lengths (B,) are real; a sentence of
    one token has no target, and some sentence has two or more.
    """
    ### BEGIN SOLUTION
    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    log_p = logits[:, :-1].log_softmax(dim=2).gather(2, tokens[:, 1:, None])[..., 0]
    return -log_p[real].mean()  # (16.1)
    ### END SOLUTION


# %%
from seqlib import check

language_loss, result = check("16.language_loss", language_loss)
result

# %% [markdown]
# ## The model on one page
#
# Tokens become vectors (16.2), L blocks add to them (16.3), the last norm and the token table turned round make logits (16.4):
#
# $$x = E[\text{idx}] \;(+\, P[0 \dots T{-}1]) \tag{16.2}$$
# $$x \leftarrow x + \text{attend}(\text{norm}_1(x)), \qquad x \leftarrow x + \text{MLP}(\text{norm}_2(x)) \tag{16.3}$$
# $$\text{logits} = \text{norm}(x)\,E^\top \tag{16.4}$$
#
# That is GPT-2. What is called modern since Llama changes five parts, not the plan. Each is a switch here.

# %%
from dataclasses import dataclass


@dataclass(frozen=True)
class GPTConfig:
    """What a GPT is made of. The defaults are the parts of GPT-2, in a small size."""

    vocabulary_size: int
    context: int = 64
    width: int = 128
    layers: int = 4
    heads: int = 4
    kv_heads: int | None = None  # as many as heads; fewer: grouped queries
    hidden_size: int | None = None  # 4 × width; gated 8/3 × width: as many parameters
    norm: str = "layer"  # or "rms"
    positions: str = "learned"  # or "rotary"
    feed_forward: str = "gelu"  # or "swiglu"
    qk_norm: bool = False
    bias: bool = True
    tied: bool = True
    dropout: float = 0.0
    epsilon: float = 1e-5


# %% [markdown]
# **RMSNorm.** Layer norm subtracts the mean and divides by the standard deviation. Does it need the mean? RMSNorm keeps
# only the division, and the scale $g$:
#
# $$\text{RMSNorm}(x) = \frac{x}{\sqrt{\frac1D \sum_i x_i^2 + \epsilon}} \odot g \tag{16.5}$$
#
# **Exercise 16.2 · Divide by the root mean square** — ●○○○, 5 minutes, core
#
# By hand: without `F.rms_norm` and `nn.RMSNorm`.

# %%
def rms_norm(x, scale, epsilon=1e-5):
    """x (..., D) over the root of its mean square, times scale (D,)."""
    ### BEGIN SOLUTION
    mean_square = x.square().mean(dim=-1, keepdim=True)
    return x / torch.sqrt(mean_square + epsilon) * scale  # (16.5)
    ### END SOLUTION


# %%
rms_norm, result = check("16.rms_norm", rms_norm)
result

# %% [markdown]
# **SwiGLU.** The feed-forward layer of GPT-2 bends each hidden number with a GELU. A gated one computes two numbers and lets
# one decide how much of the other passes: the idea of 05's gates, with $\text{SiLU}(a) = a\,\sigma(a)$ as the gate.
#
# $$\text{SwiGLU}(x) = \bigl(\text{SiLU}(xW_{gate}) \odot xW_{up}\bigr)\, W_{down} \tag{16.6}$$
#
# Three matrices instead of two, so the hidden width is 8/3 D where GPT-2 has 4 D: the same number of parameters.
#
# **Exercise 16.3 · A gate in the feed-forward layer** — ●●○○, 5 minutes, core
#
# `F.silu` is allowed, `F.glu` (another gate) is not.

# %%
def swiglu(x, W_gate, W_up, W_down):
    """A gated feed-forward layer: x (..., D), W_gate and W_up (D, F), W_down (F, D)."""
    ### BEGIN SOLUTION
    gate = x @ W_gate
    return (gate * torch.sigmoid(gate) * (x @ W_up)) @ W_down  # (16.6)
    ### END SOLUTION


# %%
swiglu, result = check("16.swiglu", swiglu)
result

# %% [markdown]
# **Grouped queries.** When a GPT writes, it keeps the keys and values of everything before. That memory is often what limits
# it. So let neighbouring query heads *share*: A query heads, G heads of keys and values, and query head a reads shared head
#
# $$g(a) = \lfloor a\,G / A \rfloor \tag{16.7}$$
#
# **Exercise 16.4 · Who shares with whom** — ●●○○, 4 minutes, core
#
# Repeat the G shared heads so that there is one for each query head, in this order.

# %%
def repeat_heads(shared, heads):
    """Each of G heads stands for heads / G query heads in a row.

    shared (B, G, S, d_k) -> (B, heads, S, d_k)
    """
    ### BEGIN SOLUTION
    return shared.repeat_interleave(heads // shared.shape[1], dim=1)  # (16.7)
    ### END SOLUTION


# %%
repeat_heads, result = check("16.repeat_heads", repeat_heads)
result

# %% [markdown]
# ## Attention with a past
#
# In training all positions are read at once. In writing, one token is new and P are behind it. One function serves both,
# if its mask knows that the T new positions are the *last* of S = P + T.

# %% tags=["fold"]
# Draw: what three new positions read, with five in the cache
from seqlib.display import attending

attending.cache(past=5, new=3).show(
    "A table with a row for each of three new positions and a column for each of eight "
    "places. Each row reads the five kept places and, of the three new ones, those up to "
    "itself; the rest is the future."
)

# %% [markdown]
# The kept columns cost nothing but memory: their keys and values were computed when they were new. The rows end where
# their own place stands, and that is all that the mask has to say. New position i may read place j where
#
# $$j \le S - T + i \tag{16.8}$$
#
# **Exercise 16.5 · A mask with a past** — ●●○○, 6 minutes, core

# %%
def cached_mask(new, total):
    """What each of the last `new` of `total` positions may read: a tensor (new, total).

    True where a position is read, else False.
    """
    ### BEGIN SOLUTION
    place = torch.arange(total)
    return place <= place[total - new :, None]  # (16.8)
    ### END SOLUTION


# %%
cached_mask, result = check("16.cached_mask", cached_mask)
result

# %% [markdown]
# **Exercise 16.6 · Attend, with a cache** — ●●●●, 15 minutes, core
#
# `attention(q, k, v, mask)` and `rotary(x, places)` are yours, from 13. Join the past and the new, along the
# positions; that is also what is kept. *Then* turn, if positions are rotary: the keys by their places 0 … S − 1, the queries
# by the last T of these places. Then share, mask, attend. `attention` gives what the weights collect, and the weights;
# `F.scaled_dot_product_attention` is allowed as well.
#
# **Conventions differ.** Most code keeps *turned* keys and counts positions apart. Kept unturned, a place in the cache is a
# position, and the oldest can be dropped.

# %%
from seqlib.models.attention import attention, rotary


def attend(q, k, v, past=None, turn=False):
    """T new positions read themselves and the past.

    q (B, A, T, d_k), k and v (B, G, T, d_k); turn: rotary positions, counted from the first
    position of the past; past: None, or (keys, values), both (B, G, P, d_k), of the P
    positions before. Returns out (B, A, T, d_k), and what to keep: (keys, values), both
    (B, G, P + T, d_k), the keys not turned.
    """
    ### BEGIN SOLUTION
    if past is not None:
        k_past, v_past = past
        k, v = torch.cat([k_past, k], dim=2), torch.cat([v_past, v], dim=2)
    kept, new, total = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total)
        q, k = rotary(q, places[total - new :]), rotary(k, places)
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    return attention(q, k, v, cached_mask(new, total).to(q.device))[0], kept
    ### END SOLUTION


# %%
attend, result = check("16.attend", attend)
result

# %% [markdown]
# The rest is plumbing, the same code as `seqlib.models.gpt`. QK-norm, the fifth switch, is an RMSNorm of every query and
# key, so that no dot product can grow without end.

# %%
class RMSNorm(nn.Module):
    """Divide by the root mean square; nothing is subtracted, nothing is added."""

    def __init__(self, width, epsilon=1e-5):
        super().__init__()
        self.scale, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        return rms_norm(x, self.scale, self.epsilon)


def norm_of(config):
    """The norm that a configuration asks for."""
    kind = RMSNorm if config.norm == "rms" else nn.LayerNorm
    return kind(config.width, config.epsilon)


class MLP(nn.Module):
    """The feed-forward layer, at each position by itself: x (B, T, D) -> (B, T, D)."""

    def __init__(self, config):
        super().__init__()
        gated = config.feed_forward == "swiglu"
        usual = config.width * 8 // 3 if gated else config.width * 4
        hidden_size = config.hidden_size or usual
        self.W_gate = nn.Linear(config.width, hidden_size, bias=False) if gated else None
        self.W_up = nn.Linear(config.width, hidden_size, config.bias and not gated)
        self.W_down = nn.Linear(hidden_size, config.width, config.bias and not gated)

    def forward(self, x):
        if self.W_gate is not None:
            return swiglu(x, self.W_gate.weight.T, self.W_up.weight.T, self.W_down.weight.T)
        return self.W_down(F.gelu(self.W_up(x), approximate="tanh"))


# %%
class CausalAttention(nn.Module):
    """Self-attention to the positions up to one's own: (B, T, D), and what to keep."""

    def __init__(self, config):
        super().__init__()
        width, d_k = config.width, config.width // config.heads
        self.d_k, self.turn = d_k, config.positions == "rotary"
        self.W_q = nn.Linear(width, width, config.bias)
        self.W_k = nn.Linear(width, (config.kv_heads or config.heads) * d_k, config.bias)
        self.W_v = nn.Linear(width, (config.kv_heads or config.heads) * d_k, config.bias)
        self.W_o = nn.Linear(width, width, config.bias)
        self.norm_q = RMSNorm(d_k, config.epsilon) if config.qk_norm else nn.Identity()
        self.norm_k = RMSNorm(d_k, config.epsilon) if config.qk_norm else nn.Identity()

    def project(self, x):
        """Queries (B, A, T, d_k), keys and values (B, G, T, d_k)."""
        q, k, v = (
            W(x).unflatten(-1, (-1, self.d_k)).transpose(1, 2)
            for W in (self.W_q, self.W_k, self.W_v)
        )
        return self.norm_q(q), self.norm_k(k), v

    def forward(self, x, past=None):
        out, kept = attend(*self.project(x), past, self.turn)
        return self.W_o(out.transpose(1, 2).flatten(2)), kept


# %% [markdown]
# Norms first (pre-norm, measured in 14); whatever is added to the stream 2 L times begins smaller by $1/\sqrt{2L}$. The
# cache holds one pair for each layer; a forward pass leaves the given one as it was and returns the next. The head is the
# token table: *tied*, so those weights exist once.

# %%
class Block(nn.Module):
    """One layer, norms first: x + attention(norm(x)), then x + MLP(norm(x)): (B, T, D)."""

    def __init__(self, config):
        super().__init__()
        self.norm_1, self.norm_2 = norm_of(config), norm_of(config)
        self.attention, self.mlp = CausalAttention(config), MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, past=None):
        read, kept = self.attention(self.norm_1(x), past)
        x = x + self.dropout(read)
        return x + self.dropout(self.mlp(self.norm_2(x))), kept  # (16.3)


def initialise(model):
    """Normal numbers of 0.02; what is added to the stream 2 L times begins smaller."""
    for name, weight in model.named_parameters():
        if weight.ndim == 2:
            added = name.endswith(("W_o.weight", "W_down.weight"))
            std = 0.02 / (2 * len(model.blocks)) ** 0.5 if added else 0.02
            nn.init.normal_(weight, std=std)
        elif name.endswith("bias"):
            nn.init.zeros_(weight)
    return model


# %%
class GPT(nn.Module):
    """Tokens (B, T) -> logits (B, T, V) of the token after; with a cache, also the next."""

    def __init__(self, config):
        super().__init__()
        self.config, width = config, config.width
        self.tokens, self.places = nn.Embedding(config.vocabulary_size, width), None
        if config.positions == "learned":
            self.places = nn.Embedding(config.context, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = norm_of(config)
        self.head = nn.Linear(width, config.vocabulary_size, bias=False)
        if config.tied:
            self.head.weight = self.tokens.weight
        initialise(self)

    def forward(self, idx, cache=None):
        seen = cache[0][0].shape[2] if cache else 0
        x, kept = self.tokens(idx), []
        if self.places is not None:  # beyond the table: an error
            places = torch.arange(seen, seen + idx.shape[1], device=x.device)
            x = x + self.places(places)  # (16.2)
        for layer, block in enumerate(self.blocks):
            x, read = block(x, cache[layer] if cache else None)
            kept.append(read)
        logits = self.head(self.norm(x))  # (16.4)
        return logits if cache is None else (logits, tuple(kept))


# %% [markdown]
# How large is it? GPT-2's parts, with their biases, learned positions and layer norms (a scale and a shift):
#
# $$N = VD + TD + L\,(4D^2 + 4D + 2DF + F + D + 4D) + 2D \tag{16.9}$$
#
# **Exercise 16.7 · Count it** — ●●○○, 8 minutes, core
#
# Where does each term come from? Then GPT-2's smallest: V = 50,257, T = 1024, D = 768, L = 12, F = 3072.

# %%
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    """How many parameters a GPT with GPT-2's parts has, its head tied: a whole number."""
    ### BEGIN SOLUTION
    attention = 4 * (width * width + width)
    feed_forward = 2 * width * hidden_size + hidden_size + width
    layer = attention + feed_forward + 4 * width
    return (vocabulary_size + context) * width + layers * layer + 2 * width  # (16.9)
    ### END SOLUTION


# %%
gpt_parameters, result = check("16.gpt_parameters", gpt_parameters)
result

# %% [markdown]
# ## What will it cost?
#
# A run costs C floating-point operations. Each weight multiplies and adds once per token, and backward costs twice as much
# again; attention has two products of its own, with no weights, as long as the context. For n tokens
#
# $$C = \bigl(6N + 12\,L\,T\,D\bigr)\, n \tag{16.10}$$
#
# with N the weights that multiply (the tied table counts once, as the head).
#
# **Exercise 16.8 · What a run costs** — ●●○○, 6 minutes, core

# %%
def training_flops(weights, tokens, layers, context, width):
    """Floating-point operations of training with `weights` that multiply: a number.

    `tokens` tokens are read, in windows of `context`, by `layers` layers of `width`.
    """
    ### BEGIN SOLUTION
    return (6 * weights + 12 * layers * context * width) * tokens  # (16.10)
    ### END SOLUTION


# %%
training_flops, result = check("16.training_flops", training_flops)
result

# %% [markdown]
# The model of this page: 3 layers of 96, with four of the five modern parts. Where the machine has no instructions for
# bfloat16, products take twice as long, and the page makes fewer steps. ([21](21_cost.ipynb) asks how such operations are
# best spent, and foretells the loss of a run from smaller ones.)

# %%
from seqlib.runtime import quick_type
from seqlib.training.recorded import credit, load

MODERN = {
    "norm": "rms",
    "positions": "rotary",
    "feed_forward": "swiglu",
    "kv_heads": 2,
    "bias": False,
}
QUICK = quick_type() is torch.bfloat16  # has this machine instructions for it?
modern = GPTConfig(PIECES, width=96, layers=3, **MODERN)
weights = sum(p.numel() for p in GPT(modern).parameters() if p.ndim == 2)
print(f"{weights:,} weights")

# %% [markdown]
# ## The recipe
#
# Warm up, clip, cosine down; bfloat16 where the processor has instructions for it. AdamW scales every *number* by its own
# history; **Muon** takes a gradient as a *matrix* and makes all its directions equally strong (singular values near 1).
# PyTorch has it since 2.9; where it is missing, AdamW does everything. `seqlib.training.muon.muon` gives it the matrices
# inside the blocks and leaves the rest to AdamW.

# %%
from seqlib.metrics import nll
from seqlib.training.muon import muon
from seqlib.training.train import train, warmup_cosine


def train_gpt(config, ids, steps, seed=0, batch=32, make=muon, **options):
    """A GPT trained on windows of ids; (model, history)."""
    torch.manual_seed(seed)
    model = GPT(config)
    windows = text_sampler(ids, config.context, batch, seed)
    return model, train(model, windows, steps, optimizer=make(model), clip=1.0, amp=True,
                        schedule=warmup_cosine(steps, min(50, steps // 4)), **options)


def held_out(model, ids, context=64, kept=0):
    """Nats per token in windows, each target once, with `kept` tokens before it or more."""
    x, y = shifted_windows(ids, context, stride=context - kept)
    y[1:, :kept] = -100  # the window before has counted them, with more before them
    return nll(model, batches(x, y, batch_size=64))


# %% [markdown]
# How many steps does this machine make in three quarters of a minute? A few are tried; on a GPU it is 5,000 in any case.

# %%
tries = budget(cpu=12, smoke=2)
_, tried = train_gpt(modern, early, tries)
STEPS = budget(cpu=int(np.clip(45 * tries / tried.seconds, 240, 1000)), gpu=5000)
cost = training_flops(weights, STEPS * 32 * 64, modern.layers, modern.context, modern.width)
print(f"{STEPS:,} steps of 32 windows of {modern.context} tokens: "
      f"{STEPS * 32 * 64 / len(early):.1f} passes over the text, {cost:.1e} operations")

# %% [markdown]
# **Predict.** What will a GPT of 0.4 million numbers reach on the held-out tenth, in nats per *character*, after the steps
# that are counted above? The training takes nearly a minute; before it, after a tenth and at its end it writes a few lines.

# %%
guess = None  # predict: nats per character, held out

# %% [markdown]
# What it writes shows what it has learned. The same prompt, the same random numbers, before the first step, after a
# tenth, and at the end:

# %%
from seqlib.models.generate import sample
from seqlib.studies.reading_with_a_cache import reader, stepper

PROMPT, diary = "\nKING HENRY:\n", {}


def recite(model, count=60, temperature=0.8):
    """Tokens after the prompt, as text."""
    prompt = torch.tensor([pieces.encode(PROMPT)])
    _, state = reader(model)(prompt[:, :-1])
    drawn = sample(stepper(model), state, int(prompt[0, -1]), None, count,
                   temperature=temperature, generator=torch.Generator().manual_seed(1))
    return pieces.decode(drawn[0].tolist(), errors="replace")


# %% [markdown]
# Now train. The loss is counted on the last tenth, in nats per character, and twice: in windows side by side, whose first
# tokens have nothing before them, and in windows that overlap, so that each token has at least half a window before it.

# %%
def note(model):
    """Let it write once, at the first tenth."""
    if "after a tenth" not in diary:
        diary["after a tenth"] = recite(model)
    return {}


torch.manual_seed(0)
diary["before"] = recite(GPT(modern).eval())
# Four pairs of rates were tried by hand, by the last tenth: its loss flatters a little.
gpt, history = train_gpt(
    modern, early, STEPS, name="GPT", every=max(1, STEPS // 10), evaluate=note,
    make=lambda model: muon(model, lr=0.02, lr_rest=0.015))
diary["at the end"] = recite(gpt.eval())
late = late[: budget(cpu=len(late), smoke=500)]
reached = PER_CHARACTER * held_out(gpt, late)
half_kept = PER_CHARACTER * held_out(gpt, late, kept=32)
print(f"side by side {reached:.3f}; at least half a window before each token: "
      f"{half_kept:.3f}")
reveal(guess, reached, f"nats per character on {plays} (5-gram {bar:.3f})", fmt="{:.3f}")

# %%
for when, text in diary.items():
    print(f"{'─' * 30} {when}{PROMPT}{text}")

# %% [markdown]
# First any token may follow any other; after a tenth there are short lines, capitals and colons, and hardly a word; at
# the end somebody speaks, mostly in words. Each is one short sample. Sense there is none: it has read a million
# characters, as often as is counted above.

# %% [markdown]
# ## Why does an LSTM do so well?
#
# Recorded, a minute of a core each: a *GPT* with this recipe, on characters (4 layers of 128) and on tokens (the model of this
# page); *nanoGPT's CPU recipe* (GPT-2's parts, characters, batches of 12 × 64, AdamW); one layer of 256 *LSTM*, on characters
# and on tokens, and *GRU*, the state carried between windows (03), with Muon. Three seeds. The star is yours.

# %% [markdown]
# Each is at the best of the rates tried (Muon's and the rest's in one fixed ratio) by the first half of the held-out tenth.
# The second half is counted, which is the harder one, for the 5-gram and for your star as well. Nothing else was searched.
#
# Measure *speed* (how many steps does a minute buy?), *memory* (the state has read everything before; a window tells its first
# characters nothing) and *task* (in a few lines of Shakespeare there is little to look up). Does the order turn? Asked
# below on Python, with a context of 256, and further down (*Induction heads*) on random sequences that come twice.

# %% tags=["fold"]
# Draw: the race of six models over a minute of one core
from seqlib.display.figures import spread

race = load("16_race")
RACERS = ("GPT", "GPT, tokens", "nanoGPT's CPU recipe", "LSTM, state carried",
          "LSTM, tokens", "GRU, state carried")
clock = [15, 30, 45, 60]
fig, ax = figure(figsize=(7, 3.6))
raced = {name: spread(np.transpose([race["results"][f"{name}, {s} s"] for s in clock]))
         for name in RACERS}
harder = five.nll(after[len(after) // 2 :])  # the 5-gram on the half that is counted
lines(ax, clock, raced, chance=harder, chance_label="5-gram")
second = late[len(late) // 2 :]
starred = len(second) / len(pieces.decode(second.tolist())) * held_out(gpt, second)
ax.plot(history.seconds, starred, "*", color="black", markersize=11)
at_60 = {name: np.mean(race["results"][f"{name}, 60 s"]) for name in RACERS}
ax.set(
    title=f"Ahead after a minute of one core: {min(at_60, key=at_60.get)}",
    xlabel="seconds",
    ylabel="nats per character",
)
show(fig, alt="Held-out loss over sixty seconds of one core for a GPT and an LSTM on "
              "characters and on tokens, nanoGPT's CPU recipe and a GRU, with bands over "
              "three seeds, a line for the 5-gram and a star for the live run.")
for name in RACERS:
    told = race["results"][f"{name}, 60 s"]
    rate, made = (race["results"][f"{name}, {what}"][0] for what in ("rate", "steps"))
    print(f"{name:21} {min(told):.3f}–{max(told):.3f}, rate {rate:g}, {made:,.0f} steps")
print(credit(race))

# %% [markdown]
# And for longer? Recorded: the recipe of this page on its tokens, 4 layers of 192, a quarter of the numbers dropped in training
# (one rate; of two dropouts the better one by this tenth). Two of them, each a quarter of an hour of one core: each alone, and
# the mean of their probabilities. The whole held-out tenth, so not to be held against the race. For nanoGPT's GPU
# configuration, 10.7 million numbers on characters, its README gives 1.4697 after about three minutes of an A100, in windows
# of 256 characters.

# %% tags=["fold"]
# Print: two GPTs on tokens, minute by minute, and their mean
for_longer = load("16_minutes")
told = for_longer["results"]
print(f"{told['GPT, tokens, parameters'][0]:,.0f} numbers each; nats per character, windows"
      " side by side,\nand with half a window before each token:")
for minute in (3, 6, 9, 12, 15):
    alone, halves = (told[f"GPT, tokens, {way}, {minute} min"]
                     for way in ("side by side", "second halves"))
    print(f"after {minute:2} min   {min(alone):.3f}–{max(alone):.3f}   "
          f"{min(halves):.3f}–{max(halves):.3f}")
print(f"mean of both   {told['mean of both, side by side'][0]:.3f}         "
      f"{told['mean of both, second halves'][0]:.3f}")
print(credit(for_longer))

# %% [markdown]
# Two that learned the same text from two starts err in different places, and their mean is better than either. More context
# before each token helps as well, by less. A longer run of one did not: after half an hour it has read its million characters
# dozens of times, and begins to know them by heart. More text would help, and was not tried.

# %% tags=["fold"]
# Draw: the loss by position; a longer context against the LSTM on Python
from seqlib.studies.reading_with_a_cache import by_position

place, longer = PER_CHARACTER * by_position(gpt, second), load("16_longer")
fig, axes = figure(1, 2, figsize=(7.4, 3.1))
axes[0].plot(range(1, 65), place)
axes[0].axhline(at_60["LSTM, state carried"], color="#6B6B6B", linestyle=":")
axes[0].set(
    title=f"First {place[0]:.2f}, last {place[-1]:.2f} nats",
    xlabel="position in the window",
    ylabel="nats per character",
)
rivals = {name: np.array([longer["results"][f"{name}, {s} s"][0] for s in (15, 30, 45, 60)])
          for name in ("GPT, context 256", "LSTM, state carried")}
lines(axes[1], [15, 30, 45, 60], rivals)
gap = rivals["GPT, context 256"] - rivals["LSTM, state carried"]
axes[1].set(
    title=f"Python: the gap was {gap[0]:.2f}, is {gap[-1]:.2f}",
    xlabel="seconds of one core",
    ylabel="nats",
)
show(fig, alt="Left: the loss of the GPT over the positions of a window, a dotted line "
              "for the LSTM of the race. Right: a GPT with a context of 256 and an LSTM "
              "on Python's source over a minute of one core.")
print(credit(longer))

# %% [markdown]
# In a window of 64 tokens the first ones are dear and the rest costs about the same: here more context buys little after
# a few tokens. With a longer one the gap to the LSTM grows smaller as training goes on, one seed and one unsearched rate
# each; whether the order turns later, a minute does not show.

# %% [markdown]
# ## Writing, and the cache
#
# To write, a GPT needs the logits of the *last* position only; but that position looks at the keys and values of all others.
# Computed once, they never change: no position looks forward. So read the prompt once, then one token at a time.
#
# **Exercise 16.9 · Write with a cache** — ●●●○, 10 minutes, core
#
# `read(idx, past)` gives logits (B, T, V) and the past to hand on; `past` is None before anything was read. Take the
# likeliest token each time; `count` is at least 1. No token may be read twice. (The last one written may be read, or not.)

# %%
def continue_greedily(read, prompt, count):
    """The `count` likeliest tokens after prompt (B, T), one after another: (B, count)."""
    ### BEGIN SOLUTION
    logits, past = read(prompt, None)
    written = [logits[:, -1:].argmax(dim=2)]
    while len(written) < count:
        logits, past = read(written[-1], past)
        written.append(logits.argmax(dim=2))
    return torch.cat(written, dim=1)
    ### END SOLUTION


# %%
continue_greedily, result = check("16.continue_greedily", continue_greedily)
result

# %% [markdown]
# `reader(model)` makes a `read` of a model. Is the cache exact, and what does it save? In float64 both ways of reading must
# agree to rounding.
#
# **Predict.** 256 tokens are written after a prompt. How many times faster with the cache?

# %%
import copy
import time

guess = None  # predict: how many times faster at 256 tokens
text, double = torch.from_numpy(late[None, :64].copy()), copy.deepcopy(gpt).double()
read, past, parts_read = reader(double), None, []
for a, b in ((0, 5), (5, 6), (6, 40), (40, 64)):
    logits, past = read(text[:, a:b], past)
    parts_read.append(logits)
apart = (torch.cat(parts_read, dim=1) - read(text)[0]).abs().max().item()
print(f"cached and full logits differ by at most {apart:.0e} (float64)")


def all_again(read, idx, count):
    """Greedy writing that reads everything anew for each token."""
    for _ in range(count):
        idx = torch.cat([idx, read(idx)[0][:, -1:].argmax(dim=2)], dim=1)


# %% tags=["fold"]
# Time: writing 16 to 512 tokens, reading all again and with the cache
counts, took = [16, 64, 256, 512][: budget(cpu=4)], {}
ways = {"reading all again": all_again, "with the cache": continue_greedily}
for name, write in ways.items():
    took[name] = []
    for count in counts:
        began = time.perf_counter()
        write(reader(gpt), text[:, :8], count)
        took[name].append(time.perf_counter() - began)
faster = took["reading all again"][2] / took["with the cache"][2]

# %% tags=["fold"]
# Draw: seconds against tokens written
fig, ax = figure(figsize=(7, 2.9))
lines(ax, counts, took)
ax.set(
    title=f"256 tokens: {faster:.1f} times faster",
    xlabel="tokens written",
    ylabel="seconds",
)
show(fig, alt="Time to write 16 to 512 tokens, reading all again and with the cache. "
              "Without the cache the curve bends upwards, with it the time grows in step "
              "with the length.")

# %% [markdown]
# Without the cache each token costs as much as all before it, and the curve bends; with it the price stays the
# same. The ratio belongs to this small model and this length.

# %%
reveal(guess, faster, "times faster with the cache, 256 tokens", fmt="{:.1f}")

# %% [markdown]
# ## A completer for Python
#
# The same model with a longer context, on Python's own library: a short run, no network. Type a beginning of your own, and
# turn the temperature. The cell below samples three continuations, with nothing but your cache and
# `seqlib.models.generate.sample`.

# %%
library, letters = encode_chars(
    stdlib_text(1_900_000)[: budget(cpu=1_900_000, smoke=30_000)]
)
known, unseen = split_in_time(library, (0.95, 0.05))
config = GPTConfig(letters.size, context=128, width=96, layers=3, **MODERN)
steps = budget(cpu=300 if QUICK else 150)
coder, _ = train_gpt(config, known, steps, batch=16, name="completer")


def complete(beginning, count=90, temperature=0.6, seed=0, copies=3):
    """Continuations of a beginning, as texts."""
    prompt = torch.from_numpy(letters.encode("\n" + beginning)).expand(copies, -1)
    _, state = reader(coder)(prompt[:, :-1])
    drawn = sample(
        stepper(coder), state, int(prompt[0, -1]), None, count, temperature=temperature,
        top_p=0.95, generator=torch.Generator().manual_seed(seed),
    )
    return ["".join(letters.decode(row)) for row in drawn.tolist()]


# %%
beginning = "    def __init__(self, "  # yours: any Python
for text in complete(beginning):
    print(f"{beginning}{text}\n{'·' * 40}")

# %% [markdown]
# Is that invented, or copied? For every place of a text, the longest piece that begins there and stands somewhere in the
# training text. Beside it: the same of real modules that the model has not seen (people repeat themselves, too), and of a
# 5-gram.

# %%
from seqlib.studies.copied_or_new import copied

source = "".join(letters.decode(known))
written = "".join(
    complete("\n", count=budget(cpu=300, smoke=20), temperature=1.0, copies=2)
)
few = NGram(5, letters.size).fit(known)
texts = {
    "GPT": written,
    "unseen modules": "".join(letters.decode(unseen[: len(written)])),
    "5-gram": "".join(letters.decode(few.sample(len(written), np.random.default_rng(0)))),
}
repeats = {name: copied(text, source) for name, text in texts.items()}

# %% tags=["fold"]
# Draw: how long the pieces are that stand in the training text
fig, ax = figure(figsize=(7, 2.6))
bars(ax, list(repeats), [np.mean(p) for p in repeats.values()], fmt="{:.1f}")
ax.set(title="Pieces that stand in the training text", ylabel="characters, mean")
show(fig, alt="Bars of the mean length of pieces that stand in the training text, for "
              "text of the GPT, for real modules that it has not seen, and for the text "
              "of a 5-gram.")
longest = [f"{name} {lengths.max()}" for name, lengths in repeats.items()]
print("longest pieces, in characters: " + ", ".join(longest))

# %% [markdown]
# The GPT copies shorter pieces than the counting model, and here far shorter ones than people, of whom one short stretch was
# read: one pasted licence can make its mean. Short pieces alone do not make a text good: random letters copy nothing.

# %% [markdown]
# ## Five switches, one at a time
#
# Recorded: this page's size and tokens, with GPT-2's parts; each modern part switched on *alone*; all of them. 400 steps, three
# seeds, each at its own best rate, chosen on one half of the held-out text and judged on the other; the whiskers are the
# lowest and highest.
#
# One bar needs care. A gate multiplies two numbers, and the product of two small ones is smaller still: begun at 0.02
# as all else here, a gated layer starts almost silent. So here each gate begins *awake*, with products of size 1.

# %% [markdown]
# A switch whose whiskers overlap the first bar has not been shown to do anything *here*. Some were never meant to lower the
# loss: QK-norm keeps long runs from diverging, grouped queries shrink the cache. And parts need not add up: compare the last
# bar with what the single ones promise.
#
# **Predict.** Which single switch lowers the loss most at this size?

# %%
guess = None  # predict: "RMSNorm", "rotary", "SwiGLU", "grouped queries" or "QK-norm"

PARTS = {
    "GPT-2's parts": {},
    "RMSNorm": {"norm": "rms"},
    "rotary": {"positions": "rotary"},
    "SwiGLU": {"feed_forward": "swiglu"},
    "grouped queries": {"kv_heads": 2},
    "QK-norm": {"qk_norm": True},
    "all five": {**MODERN, "qk_norm": True},
}

# %% tags=["fold"]
# Draw: the loss with one part switched on at a time, three seeds
parts = load("16_parts")
nats = {name: parts["results"][name] for name in PARTS}
fig, ax = figure(figsize=(7.4, 3))
labels = [name.replace(" ", "\n") for name in nats]
means = [np.mean(n) for n in nats.values()]
low, high = [min(n) for n in nats.values()], [max(n) for n in nats.values()]
bars(ax, labels, means, spread=(low, high), fmt="{:.3f}")
singles = ["RMSNorm", "rotary", "SwiGLU", "grouped queries", "QK-norm"]
gain = {name: np.mean(nats["GPT-2's parts"]) - np.mean(nats[name]) for name in singles}
ax.set(
    title=f"One part at a time: {max(gain, key=gain.get)} helps most",
    ylabel="nats per character",
    ylim=(min(low) - 0.1, max(high) + 0.06),
)
show(fig, alt="Bars of the held-out loss for GPT-2's parts, for five single changes and "
              "for all five together, with whiskers over three seeds.")

# %% [markdown]
# Rotary positions are the only switch that clearly pays in these 400 steps, and all five together give no more than they alone.
# Every bar lies below the 5-gram on this half, but all curves still fall: this is how fast each begins, not how good it
# gets, nor what a part buys at scale.

# %% tags=["fold"]
# Print: the cache that each part needs (keys and values, 3 layers, d_k 24)
for name, change in PARTS.items():
    cache = 2 * 3 * change.get("kv_heads", 4) * 24
    print(f"{name:16} {np.mean(nats[name]):.3f}, {cache:,} numbers of cache per position")
print(credit(parts))

# %%
reveal(guess, max(gain, key=gain.get), "the switch that helped most", options=list(gain))

# %% [markdown]
# ## Induction heads
#
# "… Harry Pott**er** … Harry Pott" → "er". A model can look back to where the same token stood before, and say what came
# *after* it. On random tokens, read twice, the first copy costs log 32 = 3.47 nats per token. Whoever knows which tokens
# occurred saves a part of it on the second; only looking up makes the second free.

# %% [markdown]
# One head cannot do it: to know that place s came after a *t*, it would have to look at s and at s − 1 at once. Two
# layers can, together. A head of the first layer writes into each place **which token stood before it**: a *previous-token
# head*. Then a head of the second looks for the place into which its own token is written: an *induction head*.

# %% tags=["fold"]
# Draw: the two heads that copy together
from seqlib.display import copying

copying.circuit().show(
    "The tokens a b c d a. In layer 1 an arrow brings each token to the next place, which "
    "carries it as a mark: “b, after a” and so on. In layer 2 the last a looks for the "
    "place with the mark “after a”; an arrow brings b from there: next: b."
)

# %% [markdown]
# Two scores tell who does which. For the first, how much a head looks at the place just before its own:
#
# $$r = \frac{1}{T - 1} \sum_{t=1}^{T-1} \alpha_{t,\; t-1} \tag{16.11}$$
#
# **Exercise 16.10 · Who looks one back?** — ●○○○, 5 minutes, core
#
# The first place has nothing before it, and does not count.

# %%
def previous_score(weights):
    """How much each head looks at the token before: (A,).

    weights (A, T, T), T at least 2: a row is who looks, a column where.
    """
    ### BEGIN SOLUTION
    t = torch.arange(1, weights.shape[1])
    return weights[:, t, t - 1].mean(dim=1)  # (16.11)
    ### END SOLUTION


# %%
previous_score, result = check("16.previous_score", previous_score)
result

# %% [markdown]
# For the second: in the second copy, place t has the same token as t − p. What came after that one stood at t − p + 1:
#
# $$s = \frac{1}{T - p} \sum_{t=p}^{T-1} \alpha_{t,\; t-p+1} \tag{16.12}$$
#
# **Exercise 16.11 · Is it an induction head?** — ●●●○, 8 minutes, core

# %%
def prefix_score(weights, period):
    """How much each head looks at what came after the same token one period ago: (A,).

    weights (A, T, T), T at least 2 p: a row is who looks, a column where.
    """
    ### BEGIN SOLUTION
    t = torch.arange(period, weights.shape[1])
    return weights[:, t, t - period + 1].mean(dim=1)  # (16.12)
    ### END SOLUTION


# %%
prefix_score, result = check("16.prefix_score", prefix_score)
result

# %% [markdown]
# Train a small model of two layers on nothing but that, with a new period in every batch, so that no fixed distance helps;
# and an LSTM of 128 likewise. **Predict** the shape of the curves on the second copy: straight down, or something else?

# %%
from seqlib.studies.looking_up import (
    Recurrent,
    learn_to_look_up,
    repeated,
    second_copy,
    without_head,
)


def head_weights(model, period=16):
    """What every head looks at on new sequences, a layer after another: (A, T, T) each."""
    tokens, found = repeated(10**6 + 1, period=period), []
    x, places = model.tokens(tokens), torch.arange(2 * period)
    mask = cached_mask(2 * period, 2 * period)
    for block in model.blocks:
        q, k, v = block.attention.project(block.norm_1(x))
        shared = (repeat_heads(part, q.shape[1]) for part in (rotary(k, places), v))
        found.append(attention(rotary(q, places), *shared, mask)[1].mean(dim=0))
        x = block(x)[0]
    return found


def head_scores(model, period=16):
    """The prefix score of every head: (L, A)."""
    return torch.stack([prefix_score(each, period) for each in head_weights(model, period)])


# %%
torch.manual_seed(0)
looker = GPT(GPTConfig(32, width=64, layers=2, **MODERN))
lstm = Recurrent(32, hidden_size=128)
steps, every = budget(cpu=640), budget(cpu=40)


def highest_score(model):
    return {"score": head_scores(model).max().item()}


make = muon(looker, "blocks", 0.02, 3e-3)
found = learn_to_look_up(looker, make, steps, every=every, look=highest_score)
recurrent = learn_to_look_up(lstm, muon(lstm, "layer", 0.02, 3e-3), steps, every=every)

# %% tags=["fold"]
# Draw: the loss on the second copy, and the highest score of a head
fig, axes = figure(2, 1, figsize=(7, 4), sharex=True)
checked, nats = found.series("second copy")
rivals = {"GPT, 2 layers": nats, "LSTM of 128": recurrent.series("second copy")[1]}
lines(axes[0], checked, rivals)
axes[0].set(title="The steep fall comes late …", ylabel="nats, second copy")
axes[1].plot(*found.series("score"), color="#D55E00")
axes[1].set(
    title="… and the highest score rises", xlabel="step", ylabel="highest score"
)
show(fig, alt="Over training steps: above, the loss on the second copy, for a GPT of two "
              "layers and an LSTM; below, the highest prefix score of a head of the GPT.")

# %% [markdown]
# A score says where a head looks. Does it *do* the copying? Take heads out, one at a time (what W_o reads of a head becomes
# zero), and measure the second copy.

# %%
from seqlib.display.figures import heatmap

scores, losses = head_scores(looker).detach(), torch.zeros(2, 4)
one_back = torch.stack([previous_score(each) for each in head_weights(looker)]).detach()
for layer, head in np.ndindex(2, 4):
    hook = without_head(looker, layer, head)
    losses[layer, head] = second_copy(looker)
    hook.remove()
lost = losses - second_copy(looker)

# %% [markdown]
# And are they *one* circuit? Silence the head of the first layer that the copy misses most, and see what is left of the
# second layer's score. Does that head look one back?

# %%
marker = int(lost[0].argmax())
hook = without_head(looker, 0, marker)
unmarked = head_scores(looker).detach()
hook.remove()
print(f"layer 1, head {marker + 1}: {lost[0, marker]:.2f} nats lost without it; the best "
      f"induction score falls from {scores[1].max():.2f} to {unmarked[1].max():.2f}")
print(f"it looks one back with {one_back[0, marker]:.2f}; the highest of its layer is "
      f"{one_back[0].max():.2f}, head {int(one_back[0].argmax()) + 1}; the whole loses "
      f"{second_copy(looker):.2f}")

# %% tags=["fold"]
# Draw: both scores of each head, and what is lost without it
rows, columns = ["layer 1", "layer 2"], [f"head {head}" for head in range(1, 5)]
fig, axes = figure(1, 3, figsize=(9.6, 2.4))
heatmap(axes[0], one_back, rows, columns, values=True, low=0, high=1)
axes[0].set_title("Looks one back")
heatmap(axes[1], scores, rows, columns, values=True, low=0, high=1)
axes[1].set_title("Prefix score")
heatmap(axes[2], lost, rows, columns, values=True)
axes[2].set_title("Nats lost without it")
show(fig, alt="Three small tables by layer and head: how much it looks one back, the "
              "prefix score, and how much the loss on the second copy rises when that "
              "head is silenced.")
print("the GPT of the plays, on repeated random tokens: highest score",
      f"{head_scores(gpt).max().item():.2f}; by chance about {1 / 24:.2f}")

# %% [markdown]
# Compare the tables column by column. In the second layer the head with the highest prefix score is also the one that the
# copy misses most. In the first they need not agree: a head that looks one back little can be the one most missed, and every
# head of that layer costs something. The mark "after a" may be written by several together. The drawing above is the idea; a
# trained network is under no duty to be so tidy. One small model, one seed; the LSTM had
# one rate and the same steps, and never began, which does not show that it cannot.

# %% [markdown]
# Letters and six signs are 32 kinds, as many as this model knows. So it can read a text of *yours*, though it has never
# seen a word: write a piece, and begin it again. The strip shows, after each part, the odds of the character that follows,
# as if the stream were read right there with the last norm and the table: the **logit lens**. Then switch off the head
# that the tables above name, and watch the strip and the odds.

# %%
from seqlib.display.explorers.blocks import BlocksExplorer

SIGNS = "abcdefghijklmnopqrstuvwxyz .,'!?"  # one for each of the 32 kinds
BlocksExplorer.of(looker, SIGNS, text="the cat sat by me. the cat sat by", place=-2)

# %% [markdown]
# It shows where in the network an answer arises, what each head looks at for *your* text, and what is lost without one
# part. It does not show that a part that can be spared does nothing, since another may do its work where it is missing; and
# a lens made for the end of the stream may misread the middle.

# %% [markdown]
# ## Break it
#
# Slips of exercise 16.6, each put into the trained model, which reads 32 tokens and then 33 more through the cache. None
# of them raises an error: the loss of the second half (exercise 16.1) is all that tells. **Predict** which hurts most.

# %%
guess = None  # predict: one of the names below, such as "no scale"
right, slips = attend, {
    "as it should be": attend,
    "positions restart": lambda q, k, v, past, turn: restart(q, k, v, past),
    "cache forgotten": lambda q, k, v, past, turn: right(q, k, v, None, turn),
    "wrong sharing": lambda q, k, v, past, turn: crossed(q, k, v, past, turn),
    "no positions": lambda q, k, v, past, turn: right(q, k, v, past, False),
    "no scale": lambda q, k, v, past, turn: right(q * q.shape[-1] ** 0.5, k, v, past, turn),
}


def restart(q, k, v, past):
    """Queries and new keys turned as if they stood at the beginning."""
    places = torch.arange(k.shape[2])
    return right(rotary(q, places), rotary(k, places), v, past, False)


def crossed(q, k, v, past, turn):
    """The shared heads repeated in the wrong order: the two in the middle change places."""
    out, kept = right(q[:, [0, 2, 1, 3]], k, v, past, turn)
    return out[:, [0, 2, 1, 3]], kept


# %%
count = min(budget(cpu=200, smoke=4), len(late) // 65)
windows = torch.from_numpy(late[: 65 * count].reshape(-1, 65).copy())
lengths, hurt = torch.full((len(windows),), 33), {}
for name, slip in slips.items():
    attend = slip  # the name that the model's layers look up
    with torch.no_grad():
        _, cache = gpt(windows[:, :32], ())
        logits, _ = gpt(windows[:, 32:], cache)
    hurt[name] = PER_CHARACTER * language_loss(logits, windows[:, 32:], lengths).item()
attend = right
worst = max(hurt, key=hurt.get)
reveal(guess, worst, "the slip that hurts most", options=list(hurt)[1:])

# %% tags=["fold"]
# Draw: what each slip costs on the second half of the windows
fig, ax = figure(figsize=(7.4, 2.9))
bars(ax, [name.replace(" ", "\n", 1) for name in hurt], list(hurt.values()), fmt="{:.2f}",
     chance=bar, chance_label="5-gram")
ax.set(
    title=f"“{worst}” costs {hurt[worst] - hurt['as it should be']:.2f} nats",
    ylabel="nats per character",
)
show(fig, alt="Bars of the loss on the second half of the windows: as it should be, and "
              "with five slips in the attention, with a line for the 5-gram.")

# %% [markdown]
# Some slips ruin the text and some hardly show in the loss, though all are wrong. The quiet ones are the dangerous
# ones: no loss curve would have told you.

# %% [markdown]
# ## Parity
#
# A GPT-2 made of PyTorch's own layers: `nn.Embedding`, `nn.TransformerEncoder` with norms first, a GELU and a causal mask.
# Its weights are given the names and shapes of the public GPT-2 (whose `Conv1D` keeps the transpose, and q, k, v side by
# side), loaded into ours by `from_gpt2`, and logits and gradients compared in float64. A test of this course does the same
# with `transformers.GPT2LMHeadModel`, and with a model of Llama's shape.

# %% tags=["fold"]
# Rename: the weights of a public GPT-2 under our names
def from_gpt2(state_dict, config):
    """A GPT with the weights of a public GPT-2, as transformers.GPT2LMHeadModel names them.

    state_dict: name -> tensor; config: anything with n_layer, n_head, layer_norm_epsilon.
    Its `Conv1D` keeps W as (in, out) and q, k, v side by side; its GELU is `gelu_new`.
    """
    given = {name.removeprefix("transformer."): w for name, w in state_dict.items()}
    table, places, hidden = (
        given["wte.weight"], given["wpe.weight"], given["h.0.mlp.c_fc.bias"],
    )
    model = GPT(GPTConfig(
        len(table), len(places), table.shape[1], config.n_layer, config.n_head,
        hidden_size=len(hidden), epsilon=config.layer_norm_epsilon,
    )).to(table)
    ours = {"tokens.weight": table, "head.weight": table, "places.weight": places}
    names = {
        "norm_1": "ln_1", "norm_2": "ln_2", "attention.W_o": "attn.c_proj",
        "mlp.W_up": "mlp.c_fc", "mlp.W_down": "mlp.c_proj",
    }
    for kind in ("weight", "bias"):
        ours[f"norm.{kind}"] = given[f"ln_f.{kind}"]
        for n in range(config.n_layer):
            for mine, theirs in names.items():
                ours[f"blocks.{n}.{mine}.{kind}"] = given[f"h.{n}.{theirs}.{kind}"].t()
            for mine, part in zip(
                "qkv", given[f"h.{n}.attn.c_attn.{kind}"].chunk(3, dim=-1), strict=True
            ):
                ours[f"blocks.{n}.attention.W_{mine}.{kind}"] = part.t()
    model.load_state_dict(ours)
    return model


# %% tags=["fold"]
# Build: GPT-2 of PyTorch's own layers, its weights under the public names
from types import SimpleNamespace

layer = nn.TransformerEncoderLayer(
    12, 3, 30, dropout=0.0, activation=lambda x: F.gelu(x, approximate="tanh"),
    batch_first=True, norm_first=True,
)
norm = nn.LayerNorm(12)
encoder = nn.TransformerEncoder(layer, 2, norm=norm, enable_nested_tensor=False).double()
for weight in encoder.parameters():
    nn.init.normal_(weight, std=0.5)  # no zeros, no ones: they would hide what is left out
table, places = (nn.Embedding(size, 12, dtype=torch.float64) for size in (11, 9))
names = {
    "norm1": "ln_1", "norm2": "ln_2", "layers.": "h.", "norm.": "ln_f.",
    "self_attn.in_proj_": "attn.c_attn.", "self_attn.out_proj": "attn.c_proj",
    "linear1": "mlp.c_fc", "linear2": "mlp.c_proj",
}
public = {"wte.weight": table.weight.detach(), "wpe.weight": places.weight.detach()}
for name, weight in encoder.state_dict().items():
    for theirs, name_there in names.items():
        name = name.replace(theirs, name_there)
    public[name] = weight.t()
gpt_2 = from_gpt2(public, SimpleNamespace(n_layer=2, n_head=3, layer_norm_epsilon=1e-5))

# %%
idx = torch.randint(11, (2, 9))
mask = nn.Transformer.generate_square_subsequent_mask(9, dtype=torch.float64)
logits = encoder(table(idx) + places.weight, mask=mask) @ table.weight.T
ours = gpt_2(idx)
for each in (ours, logits):
    each.square().sum().backward()
pairs = {
    "logits": (ours, logits),
    "gradient of the token table": (gpt_2.tokens.weight.grad, table.weight.grad),
    "gradient of the places": (gpt_2.places.weight.grad, places.weight.grad),
    "gradient of W_up": (
        gpt_2.blocks[0].mlp.W_up.weight.grad, encoder.layers[0].linear1.weight.grad
    ),
}
for name, (a, b) in pairs.items():
    print(f"{name}: {(a - b).abs().max():.0e} apart")

# %% [markdown]
# ## On a GPU, and what the books say
#
# nanoGPT's GPU size is 6 layers of 384, context 256: 10.7 million numbers, which would learn a million characters by heart
# without dropout. It reports 1.4697. The same size with the modern parts and Muon is prepared to go below that:
# `python tools/record_runs.py 16_gpu` on a machine with a GPU. **Nobody has run it for this page**, so no figure stands here.

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib import claims
from seqlib.studies.reading_digits import together
from seqlib.studies.who_wins_fairly import alike, losses_below, of_losses, wins

fastest = {name: of_losses(race["results"], f"{name}, 60 s", name) for name in RACERS}
part = {name: of_losses(parts["results"], name, name) for name in PARTS}
plain = part["GPT-2's parts"]


SAME_TEXT = (("", "LSTM, state carried", "GPT"), ("tokens", "LSTM, tokens", "GPT, tokens"))


def nats_of(name):
    """Mean, lowest and highest nats after 400 steps, and the rate among those tried."""
    each, won = parts["results"][name], part[name]
    return (f"{np.mean(each):.3f} ({min(each):.3f}–{max(each):.3f}; rate {won.rate:g} of "
            f"{won.lowest:g} to {won.highest:g})")


base = nats_of("GPT-2's parts")
TRAINED = losses_below(harder)  # a model that has not passed the 5-gram is not trained
untrained = f"the 5-gram has {harder:.2f}: what has not passed it is not trained"

# %% tags=["fold"]
# Table: what the books say, and what was measured here
claims([
    ("At most sizes Transformers have a lower loss than LSTMs, by their use of the late "
     "part of the context", "Kaplan et al. 2020, §3.2.1, Fig. 7",
     f"one core, 60 s, when all curves still fall: GPT {at_60['GPT']:.3f}, LSTM "
     f"{at_60['LSTM, state carried']:.3f}; looking up random tokens: GPT "
     f"{second_copy(looker):.2f}, LSTM {second_copy(lstm):.2f}. A test takes models "
     "trained to the end, of several sizes", "not tested", "Why does an LSTM do so well"),
    ("After a minute of one core an LSTM is ahead of a GPT, on characters and on tokens",
     "asked here", "; ".join(
         f"{unit or 'characters'}: LSTM {at_60[ours]:.3f}, GPT {at_60[theirs]:.3f}"
         for unit, ours, theirs in SAME_TEXT),
     together([wins(fastest[ours], fastest[theirs], **TRAINED)
               for _, ours, theirs in SAME_TEXT]), "Why does an LSTM do so well"),
    ("In 400 steps RMSNorm does as well as layer norm", "Zhang and Sennrich 2019, §5",
     f"{nats_of('RMSNorm')} nats, with layer norm {base}; {untrained}",
     alike(part["RMSNorm"], plain, **TRAINED), "Five switches"),
    ("… SwiGLU lowers the loss", "Shazeer 2020, Table 1, of 65,536 steps",
     f"begun awake: {nats_of('SwiGLU')} nats, without {base}; {untrained}",
     wins(part["SwiGLU"], plain, **TRAINED), "Five switches"),
    ("… rotary positions lower the loss", "Su et al. 2021, §4.2; Biderman et al. 2021",
     f"{nats_of('rotary')} nats, learned {base}; {untrained}",
     wins(part["rotary"], plain, **TRAINED), "Five switches"),
    ("… grouped queries cost almost nothing", "Ainslie et al. 2023, Table 1",
     f"2 for 4: {nats_of('grouped queries')} nats, 4 {base}; {untrained}",
     alike(part["grouped queries"], plain, **TRAINED), "Five switches"),
    ("Induction heads copy together with a head that marks the token before",
     "Elhage et al. 2021, “Induction heads”; Olsson et al. 2022, Argument 1",
     f"prefix score {scores[1].max():.2f}, {unmarked[1].max():.2f} with one head of layer "
     f"1 silent, which looks one back with {one_back[0, marker]:.2f} (one model)",
     "holds" if unmarked[1].max() < scores[1].max() / 2 and one_back[0, marker] > 0.5
     else "depends", "Induction heads"),
    ("A cache changes nothing but the time", "Pope et al. 2022, §2",
     f"{apart:.0e} apart, {faster:.1f} times faster",
     "holds" if apart < 1e-10 and faster > 1 else "fails", "Writing, and the cache"),
])

# %% [markdown]
# ## Remember
#
# - Shift the targets. A loss near zero is a leak, not a triumph.
# - The new positions are the *last* of S: in the mask, in the rotation, in the order of joining.
# - Compare in characters what was counted in tokens.
# - Which model is ahead depends on the task: look things up, or carry a state.
#
# **One picture to keep:** the curve that falls late, while a head learns to look back.

# %%
from seqlib import flashcards, quiz

flashcards("16")

# %%
quiz("16")

# %% [markdown]
# ## Sources, and beyond
#
# Radford et al. 2019, *Language Models are Unsupervised Multitask Learners*, §2.3. Zhang and Sennrich 2019, *Root Mean
# Square Layer Normalization*, §4, eq. 4. Shazeer 2020, *GLU Variants Improve Transformer*, eq. 6, Table 1. Su et al. 2021,
# *RoFormer*, §3.2.2. Ainslie et al. 2023, *GQA*, §2.2. Henry et al. 2020, *Query-Key Normalization for Transformers*, §3.
# Kaplan et al. 2020, *Scaling Laws for Neural Language Models*, §2.1, §3.2.1. Olsson et al. 2022, *In-context Learning and
# Induction Heads*. Jordan et al. 2024, *Muon*. Pope et al. 2022, *Efficiently Scaling Transformer Inference*, §2. Elhage et
# al. 2021, *A Mathematical Framework for Transformer Circuits*. Karpathy, *nanoGPT* (figures of its README). nostalgebraist
# 2020, *interpreting GPT: the logit lens* (LessWrong).
#
# **Beyond.** Let the completer read tokens, too. Give the GPT a window twice as long and half the batch. Sample with the
# cache from a context longer than the trained one, and measure the loss by position. Next: [17 · BERT](17_bert.ipynb).
