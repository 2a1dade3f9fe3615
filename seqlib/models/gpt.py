"""GPT: a decoder-only Transformer whose parts can be switched one at a time. Built in notebook 16.

Throughout: B batch, T new positions, S = P + T positions with the P of the cache, D width, A query heads, G key and
value heads, d_k = D / A, F feed-forward width, V vocabulary. Rows are vectors; masks are True where attention goes.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models.attention import attention, rotary

__all__ = [
    "GPT",
    "MLP",
    "Block",
    "CausalAttention",
    "GPTConfig",
    "RMSNorm",
    "attend",
    "cached_mask",
    "from_gpt2",
    "initialise",
    "norm_of",
    "repeat_heads",
    "rms_norm",
    "swiglu",
]


@dataclass(frozen=True)
class GPTConfig:
    """What a GPT is made of. The defaults are the parts of GPT-2 (Radford et al. 2019, §2.3), in a small size."""

    vocabulary_size: int
    context: int = 64
    width: int = 128
    layers: int = 4
    heads: int = 4
    kv_heads: int | None = None  # as many as heads; fewer: grouped queries
    hidden_size: int | None = None  # 4 × width; with a gate 8/3 × width, which has as many parameters
    norm: str = "layer"  # or "rms"
    positions: str = "learned"  # or "rotary"
    feed_forward: str = "gelu"  # or "swiglu"
    qk_norm: bool = False
    bias: bool = True
    tied: bool = True
    dropout: float = 0.0
    epsilon: float = 1e-5


def rms_norm(x, scale, epsilon=1e-5):
    """x (..., D) over the root of its mean square, times scale (D,). Source: Zhang and Sennrich 2019, eq. 4."""
    mean_square = x.square().mean(dim=-1, keepdim=True)
    return x / torch.sqrt(mean_square + epsilon) * scale


def swiglu(x, W_gate, W_up, W_down):
    """A gated feed-forward layer: x (..., D), W_gate and W_up (D, F), W_down (F, D) -> (..., D).

    Source: Shazeer 2020, eq. 6.
    """
    gate = x @ W_gate
    return (gate * torch.sigmoid(gate) * (x @ W_up)) @ W_down


def repeat_heads(shared, heads):
    """Each of G heads stands for heads / G query heads in a row: (B, G, S, d_k) -> (B, heads, S, d_k).

    Source: Ainslie et al. 2023, §2.2.
    """
    return shared.repeat_interleave(heads // shared.shape[1], dim=1)


def cached_mask(new, total):
    """(new, total) bools: the last `new` of `total` positions, and which positions each of them may read."""
    place = torch.arange(total)
    return place <= place[total - new :, None]


def attend(q, k, v, past=None, turn=False):
    """T new positions read themselves and the past.

    q (B, A, T, d_k), k and v (B, G, T, d_k); past: keys and values (B, G, P, d_k) of the P positions before, or None;
    turn: rotary positions, counted from the first position of the past.
    Returns out (B, A, T, d_k), and the keys (not turned) and values (B, G, P + T, d_k) to keep.
    """
    if past is not None:
        k_past, v_past = past
        k, v = torch.cat([k_past, k], dim=2), torch.cat([v_past, v], dim=2)
    kept, new, total = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total)
        q, k = rotary(q, places[total - new :]), rotary(k, places)
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    return attention(q, k, v, cached_mask(new, total).to(q.device))[0], kept


class RMSNorm(nn.Module):
    """Divide by the root mean square; nothing is subtracted, nothing is added."""

    def __init__(self, width, epsilon=1e-5):
        super().__init__()
        self.scale, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        return rms_norm(x, self.scale, self.epsilon)


class CausalAttention(nn.Module):
    """Self-attention to the positions up to one's own; x (B, T, D) -> (B, T, D), and what to keep of them."""

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
        q, k, v = (W(x).unflatten(-1, (-1, self.d_k)).transpose(1, 2) for W in (self.W_q, self.W_k, self.W_v))
        return self.norm_q(q), self.norm_k(k), v

    def forward(self, x, past=None):
        out, kept = attend(*self.project(x), past, self.turn)
        return self.W_o(out.transpose(1, 2).flatten(2)), kept


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


class Block(nn.Module):
    """One layer, norms first: x + attention(norm(x)), then x + MLP(norm(x)). Both (B, T, D)."""

    def __init__(self, config):
        super().__init__()
        self.norm_1, self.norm_2 = norm_of(config), norm_of(config)
        self.attention, self.mlp = CausalAttention(config), MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, past=None):
        read, kept = self.attention(self.norm_1(x), past)
        x = x + self.dropout(read)
        return x + self.dropout(self.mlp(self.norm_2(x))), kept


def initialise(model):
    """Normal numbers of 0.02; what is added to the residual stream 2 L times begins smaller. Returns the model."""
    for name, weight in model.named_parameters():
        if weight.ndim == 2:
            added = name.endswith(("W_o.weight", "W_down.weight"))
            std = 0.02 / (2 * len(model.blocks)) ** 0.5 if added else 0.02
            nn.init.normal_(weight, std=std)
        elif name.endswith("bias"):
            nn.init.zeros_(weight)
    return model


class GPT(nn.Module):
    """A decoder-only Transformer: tokens (B, T) -> logits (B, T, V) of the token after each."""

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
        """The logits; and with a cache, () at first, also the next one, which holds idx too. The given one stays."""
        seen = cache[0][0].shape[2] if cache else 0
        x, kept = self.tokens(idx), []
        if self.places is not None:  # an index beyond the table is an error: learned places end at the context
            places = torch.arange(seen, seen + idx.shape[1], device=x.device)
            x = x + self.places(places)
        for layer, block in enumerate(self.blocks):
            x, read = block(x, cache[layer] if cache else None)
            kept.append(read)
        logits = self.head(self.norm(x))
        return logits if cache is None else (logits, tuple(kept))


def from_gpt2(state_dict, config):
    """A GPT with the weights of a public GPT-2: the names and shapes of transformers.GPT2LMHeadModel.

    state_dict: name -> tensor; config: anything with n_layer, n_head, layer_norm_epsilon. Its `Conv1D` layers keep
    W as (in, out), the transpose of nn.Linear's, and q, k, v side by side; its activation is `gelu_new`.
    """
    given = {name.removeprefix("transformer."): w for name, w in state_dict.items()}
    table, places, hidden = given["wte.weight"], given["wpe.weight"], given["h.0.mlp.c_fc.bias"]
    model = GPT(
        GPTConfig(
            len(table),
            len(places),
            table.shape[1],
            config.n_layer,
            config.n_head,
            hidden_size=len(hidden),
            epsilon=config.layer_norm_epsilon,
        )
    ).to(table)
    ours = {"tokens.weight": table, "head.weight": table, "places.weight": places}
    names = {
        "norm_1": "ln_1",
        "norm_2": "ln_2",
        "attention.W_o": "attn.c_proj",
        "mlp.W_up": "mlp.c_fc",
        "mlp.W_down": "mlp.c_proj",
    }
    for kind in ("weight", "bias"):
        ours[f"norm.{kind}"] = given[f"ln_f.{kind}"]
        for n in range(config.n_layer):
            for mine, theirs in names.items():
                ours[f"blocks.{n}.{mine}.{kind}"] = given[f"h.{n}.{theirs}.{kind}"].t()
            for mine, part in zip("qkv", given[f"h.{n}.attn.c_attn.{kind}"].chunk(3, dim=-1), strict=True):
                ours[f"blocks.{n}.attention.W_{mine}.{kind}"] = part.t()
    model.load_state_dict(ours)
    return model
