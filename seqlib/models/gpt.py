"""GPT: a decoder-only Transformer whose parts can be switched one at a time. Built in notebook 16.

Throughout: B batch, T new positions, S = P + T positions with the P of the cache, D width, A query heads, G key and
value heads, d_k = D / A, F feed-forward width, V vocabulary. Rows are vectors; masks are True where attention goes.
"""

from dataclasses import dataclass
from functools import wraps

import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.models.attention import attention, rotary
from seqlib.models.options import ROTARY_BASE, check, plain, signed

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
    """What a GPT is made of. The defaults are the parts of GPT-2 (Radford et al. 2019, §2.3), in a small size.

    Two options of seqlib's: rotary_base, that of the frequencies of rotary positions (Llama 3 has 500,000), and
    attention_dropout, that of the weights of each attention.
    """

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


# -- options that other libraries have (seqlib/models/options.py), put around the same lines --------------------------


@dataclass(frozen=True)
class _TunableConfig(GPTConfig):
    __doc__ = GPTConfig.__doc__

    rotary_base: float = ROTARY_BASE
    attention_dropout: float = 0.0


_TunableConfig.__name__ = _TunableConfig.__qualname__ = "GPTConfig"
GPTConfig = _TunableConfig


def _tunable(begin):
    """An attention with the options of its configuration; that of a reader's own making has none."""

    @wraps(begin)
    def __init__(part, config):
        begin(part, config)
        part.dropout = getattr(config, "attention_dropout", 0.0)
        part.rotary_base = getattr(config, "rotary_base", ROTARY_BASE)

    return __init__


def _tuned(forward):
    """The forward pass with the options; without any it is the notebook's."""

    @wraps(forward)
    def read(part, x, past=None):
        if plain(part):
            return forward(part, x, past)
        dropout = part.dropout if part.training else 0.0
        out, kept = attend(*part.project(x), past, part.turn, base=part.rotary_base, dropout=dropout)
        return part.W_o(out.transpose(1, 2).flatten(2)), kept

    return read


def _optional(function):
    """`attend` with another base of its rotary positions, and with dropout on its weights."""

    @signed
    @wraps(function)
    def attend(q, k, v, past=None, turn=False, *, base=ROTARY_BASE, dropout=0.0):
        if base == ROTARY_BASE and not dropout:
            return function(q, k, v, past, turn)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        kept, (heads, new), total = (k, v), q.shape[1:3], k.shape[2]
        if turn:
            places = torch.arange(total)
            q, k = rotary(q, places[total - new :], base), rotary(k, places, base)
        mask = cached_mask(new, total).to(q.device)
        return attention(q, repeat_heads(k, heads), repeat_heads(v, heads), mask, dropout)[0], kept

    return attend


# -- what these parts refuse, asked around the definitions, whose lines are those of notebook 16 ----------------------


def _config(config):
    sizes = ("vocabulary_size", "context", "width", "layers", "heads")
    expect.wholes(**{name: getattr(config, name) for name in sizes})
    given = {name: getattr(config, name) for name in ("kv_heads", "hidden_size")}
    expect.wholes(**{name: value for name, value in given.items() if value is not None})
    expect.divides(config.heads, config.width, "heads", "a width")
    expect.divides(config.kv_heads or config.heads, config.heads, "kv_heads", "a number of heads")
    expect.one_of(config.norm, "norm", ("layer", "rms"))
    expect.one_of(config.positions, "positions", ("learned", "rotary"))
    expect.one_of(config.feed_forward, "feed_forward", ("gelu", "swiglu"))
    for name in ("qk_norm", "bias", "tied"):
        expect.flag(getattr(config, name), name)
    expect.probability(config.dropout, "dropout")
    expect.number(config.epsilon, "epsilon", 0)
    check(config.bias, config.attention_dropout, config.rotary_base, turns=config.positions == "rotary")
    if config.positions == "rotary" and config.width // config.heads % 2:
        odd = f"{config.width} / {config.heads}"
        raise ValueError(f"rotary positions turn columns in pairs and need an even width / heads, got {odd}")


def _normed(x, scale, epsilon=1e-5):
    *_, width = expect.shape(x, "x", "…", "D", kind="float")
    expect.shape(scale, "scale", width)
    if epsilon != 1e-5:
        expect.number(epsilon, "epsilon", 0)


def _in_float32(function):
    """The square of 256 is past the end of float16, and bfloat16 squares keep two digits: PyTorch, too, widens them."""

    @wraps(function)
    def wider(x, scale, epsilon=1e-5):
        if x.dtype not in (torch.float16, torch.bfloat16):
            return function(x, scale, epsilon)
        return function(x.float(), scale, epsilon).to(torch.promote_types(x.dtype, scale.dtype))

    return wider


def _gated(x, W_gate, W_up, W_down):
    *_, width = expect.shape(x, "x", "…", "D", kind="float")
    _, hidden_size = expect.shape(W_gate, "W_gate", width, "F")
    expect.shape(W_up, "W_up", width, hidden_size)
    expect.shape(W_down, "W_down", hidden_size, "D")


def _repeats(shared, heads):
    _, groups, _, _ = expect.shape(shared, "shared", "B*", "G", "S*", "d_k")
    expect.divides(groups, expect.whole(heads, "heads", 1), "shared heads", "a number of heads")


def _cuts(new, total):
    expect.whole(new, "new", 0, expect.whole(total, "total", 0))


def _reads(q, k, v, past=None, turn=False, *, base=ROTARY_BASE, dropout=0.0):
    check(True, dropout, base, expect.flag(turn, "turn"))
    batch, heads, _, d_k = expect.shape(q, "q", "B*", "A", "T*", "d_k", kind="float")
    _, groups, steps, _ = expect.shape(k, "k", batch, "G", q.shape[2], d_k, kind="float")
    expect.shape(v, "v", batch, groups, steps, "d_v", kind="float")
    expect.divides(groups, heads, "heads of k", "a number of heads of q")
    if past is not None:
        _past(past, batch, groups, d_k, v.shape[3])


def _past(past, batch, groups, d_k, d_v):
    """Keys and values of the positions before."""
    if not isinstance(past, (tuple, list)) or len(past) != 2:
        raise ValueError(f"past should be a pair of keys and values, got {expect.shown(past)}")
    places = expect.shape(past[0], "the keys of the past", batch, groups, "P*", d_k)[2]
    expect.shape(past[1], "the values of the past", batch, groups, places, d_v)


def _is_config(part, config):
    if not isinstance(config, GPTConfig) and not hasattr(config, "kv_heads"):
        raise ValueError(f"config should be a GPTConfig, got {expect.shown(config)}")


def _in_width(part, x, past=None):
    """For what reads x (B, T, D)."""
    attention = part if isinstance(part, CausalAttention) else part.attention
    width = getattr(getattr(attention, "W_q", None), "in_features", "D")  # an attention of a reader's own: any
    expect.shape(x, "x", "B*", "T*", width, kind="float")


def _in_context(model, idx, cache=None):
    _, new = expect.tokens(idx, "idx")
    if cache is not None and (not isinstance(cache, (tuple, list)) or len(cache) not in (0, len(model.blocks))):
        found = len(cache) if isinstance(cache, (tuple, list)) else expect.shown(cache)
        raise ValueError(f"cache should be () or hold {len(model.blocks)} layers, got {found}")
    for past in cache or ():
        if not isinstance(past, (tuple, list)) or len(past) != 2 or getattr(past[0], "ndim", 0) != 4:
            raise ValueError(f"cache should hold the keys and values of each layer, got {expect.shown(past)}")
    seen = cache[0][0].shape[2] if cache else 0
    if model.places is not None and seen + new > model.config.context:
        raise ValueError(
            f"learned places end at the context, {model.config.context}: expected no more tokens, got {seen + new}"
        )


def _why(model, idx, cache=None):
    expect.known(idx, model.config.vocabulary_size, "idx")


def _plain_gpt2(state_dict, config):
    """The options of a public GPT-2 that change its logits and that our GPT does not have."""
    if not hasattr(state_dict, "items"):
        raise ValueError(f"state_dict should map names to tensors, got {expect.shown(state_dict)}")
    usual = {
        "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
        "scale_attn_weights": (True,),
        "scale_attn_by_inverse_layer_idx": (False,),
        "add_cross_attention": (False,),
    }
    for name, values in usual.items():
        expect.one_of(getattr(config, name, values[0]), f"{name} of a GPT-2 to be loaded", values)
    expect.wholes(n_layer=getattr(config, "n_layer", None), n_head=getattr(config, "n_head", None))
    expect.number(getattr(config, "layer_norm_epsilon", None), "layer_norm_epsilon", 0)
    given = {name.removeprefix("transformer."): w for name, w in state_dict.items()}
    layer = ["ln_1", "ln_2", "attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]
    parts = ["ln_f", *(f"h.{n}.{part}" for n in range(config.n_layer) for part in layer)]
    wanted = ["wte.weight", "wpe.weight", *(f"{part}.{kind}" for part in parts for kind in ("weight", "bias"))]
    missing = [name for name in wanted if name not in given]
    if missing or f"h.{config.n_layer}.ln_1.weight" in given:
        found = f"no {missing[0]}" if missing else "more"
        raise ValueError(f"expected the weights of a GPT-2 with {config.n_layer} layers, got {found}")
    head = given.get("lm_head.weight")
    if head is not None and not torch.equal(head, given["wte.weight"]):
        raise ValueError("expected a GPT-2 whose head is its table of tokens (tied), got one with a head of its own")


expect.made(GPTConfig, _config)
rms_norm = expect.given(_in_float32(rms_norm), _normed)
swiglu = expect.given(swiglu, _gated)
repeat_heads = expect.given(repeat_heads, _repeats)
cached_mask = expect.given(cached_mask, _cuts)
attend = expect.given(_optional(attend), _reads)
RMSNorm.__init__ = expect.given(
    RMSNorm.__init__,
    lambda norm, width, epsilon=1e-5: (expect.wholes(width=width), expect.number(epsilon, "epsilon", 0)),
)
norm_of = expect.given(norm_of, lambda config: _is_config(None, config))
CausalAttention.__init__, CausalAttention.forward = _tunable(CausalAttention.__init__), _tuned(CausalAttention.forward)
for _part in (CausalAttention, MLP, Block, GPT):
    _part.__init__ = expect.given(_part.__init__, _is_config)
for _part in (CausalAttention, Block):
    _part.forward = expect.given(_part.forward, _in_width)
MLP.forward = expect.given(MLP.forward, lambda mlp, x: expect.shape(x, "x", "…", mlp.W_up.in_features, kind="float"))
GPT.forward = expect.given(GPT.forward, _in_context, _why)
from_gpt2 = expect.given(from_gpt2, _plain_gpt2)
