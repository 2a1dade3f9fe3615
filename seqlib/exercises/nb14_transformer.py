"""Notebook 14: the Transformer, from the residual stream to a whole encoder and decoder."""

import math

import numpy as np
import torch

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away
from seqlib.models.transformer import DecoderBlock, EncoderBlock, Residual, Transformer

# PyTorch's own parts, which would do the work.
LAYERS = ("torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer", "torch.nn.Transformer")


def _away(rng, *shape):
    """Numbers of both signs that are not near zero, as a float64 tensor."""
    return torch.from_numpy(away(rng, *shape))


def _filled(module, seed):
    """The module in float64, every parameter drawn from `seed`: large enough that each part is felt."""
    generator = torch.Generator().manual_seed(int(seed))
    parameters = [parameter for _, parameter in sorted(module.double().named_parameters())]
    drawn = torch.randn(sum(p.numel() for p in parameters), generator=generator, dtype=torch.float64)
    for parameter, part in zip(parameters, drawn.split([p.numel() for p in parameters]), strict=True):
        part = part.view_as(parameter)
        parameter.data = part * parameter.shape[-1] ** -0.5 if parameter.ndim > 1 else 1 + part / 2
    return module


# -- layer_norm ------------------------------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    def case(label, shape, size=1.0, shift=0.0, epsilon=1e-5):
        x = (_away(rng, *shape) * torch.from_numpy(rng.uniform(0.5, 2.0, shape)) + shift) * size
        return Case(label, x=x, gain=_away(rng, shape[-1]), bias=_away(rng, shape[-1]), epsilon=epsilon)

    return [
        case("2 sequences of 3 positions, 8 wide", (2, 3, 8), shift=rng.uniform(0.5, 1.5)),
        case("5 vectors, 4 wide, far from zero", (5, 4), shift=6.0),
        case("very small numbers, where epsilon counts", (3, 2, 7), size=0.02, epsilon=1e-3),
        case("a single vector", (6,), shift=-2.0),
    ]


def _their_layer_norm(x, gain, bias, epsilon=1e-5):
    x = torch.as_tensor(x)
    gain, bias = (torch.as_tensor(part, dtype=x.dtype) for part in (gain, bias))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain, bias, float(epsilon))


def _layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x - mean).square().mean(dim=-1, keepdim=True)
    return gain * (x - mean) / (variance + epsilon).sqrt() + bias


_VARIANCE = "(x - mean).square().mean(dim=-1, keepdim=True)"
_ROOT = "(variance + epsilon).sqrt()"

layer_norm = Exercise(
    name="14.layer_norm",
    points=3,
    inputs=_streams,
    oracle=_their_layer_norm,
    right=_layer_norm,
    trains=True,
    mistakes=slips(_layer_norm, {
        "the variance is the unbiased one, divided by $D - 1$: `Tensor.var` and `std` do that unless told otherwise": f"{_VARIANCE} → x.var(dim=-1, keepdim=True)",
        "epsilon stands outside the root": f"{_ROOT} → (variance.sqrt() + epsilon)",
        "unbiased *and* epsilon outside the root, as `x.std() + epsilon` does": (f"{_VARIANCE} → x.var(dim=-1, keepdim=True)", f"{_ROOT} → (variance.sqrt() + epsilon)"),
        "epsilon is left out": "variance + epsilon → variance",
        "epsilon is 1e-5, whatever `epsilon` says": "variance + epsilon → variance + 1e-5",
        "the mean is not subtracted: that is RMSNorm, which 16 takes up": "mean = x.mean(dim=-1, keepdim=True) → mean = 0.0",
        "the mean is subtracted for the variance alone, not from what is normed": "gain * (x - mean) → gain * x",
        "the mean square is taken for the variance: subtract the mean before squaring": f"{_VARIANCE} → x.square().mean(dim=-1, keepdim=True)",
        "it is divided by the variance, not by its root": f"{_ROOT} → (variance + epsilon)",
        "the mean and variance run over the positions too: each vector is normed by itself": ("x.mean(dim=-1 → x.mean(dim=list(range(x.ndim))[-2:]", "square().mean(dim=-1 → square().mean(dim=list(range(x.ndim))[-2:]"),
        "the mean and variance run over the first axis: each vector is normed by itself": ("x.mean(dim=-1 → x.mean(dim=0", "square().mean(dim=-1 → square().mean(dim=0"),
        "the whole tensor is normed at once": ("x.mean(dim=-1, keepdim=True) → x.mean()", "square().mean(dim=-1, keepdim=True) → square().mean()"),
        "gain and bias are left out": (" + bias →", "gain * (x → (x"),
        "the bias is left out": " + bias →",
        "the gain is left out": "gain * (x → (x",
        "gain and bias change places": ("gain * (x → bias * (x", "+ bias → + gain"),
        "the bias is multiplied by the gain: it comes last": "+ bias → + gain * bias",
    }),
    forbids=("torch.nn.functional.layer_norm", "torch.nn.LayerNorm"),
    returns=("normed",),
)  # fmt: skip


# -- Residual --------------------------------------------------------------------------------------------------------


def _residuals(rng) -> list[Case]:
    def case(label, shape, pre_norm, dropout=0.0, training=True):
        width, inner = shape[-1], shape[-1] + 3
        return Case(
            label,
            x=_away(rng, *shape) + 0.4,
            gain=torch.from_numpy(rng.uniform(0.5, 2.0, width)),
            bias=_away(rng, width),
            W_1=_away(rng, width, inner),
            b_1=_away(rng, inner),
            W_2=_away(rng, inner, width),
            pre_norm=pre_norm,
            dropout=dropout,
            training=training,
        )

    return [
        case("pre-norm", (2, 3, 5), True),
        case("post-norm", (4, 2, 6), False),
        case("pre-norm, and dropout that drops everything", (3, 2, 4), True, 1.0),
        case("post-norm, and dropout that drops everything", (1, 3, 5), False, 1.0),
        case("pre-norm, and dropout that is switched off: no training", (2, 2, 3), True, 1.0, False),
        case("post-norm, and dropout that is switched off: no training", (3, 2, 4), False, 1.0, False),
    ]


def _try_residual(answer, x, gain, bias, W_1, b_1, W_2, pre_norm, dropout, training):
    module = answer(x.shape[-1], dropout, pre_norm).double().train(training)
    module.norm.weight.data, module.norm.bias.data = gain.double(), bias.double()
    return module(x.double(), lambda u: torch.tanh(u @ W_1.double() + b_1.double()) @ W_2.double())


def _residual_by_numbers(x, gain, bias, W_1, b_1, W_2, pre_norm, dropout, training):
    def norm(u):
        u = u - u.sum(-1, keepdim=True) / u.shape[-1]
        return gain * u * ((u * u).sum(-1, keepdim=True) / u.shape[-1] + 1e-5) ** -0.5 + bias

    def part(u):
        return 0.0 * u if dropout and training else torch.tanh(u @ W_1 + b_1) @ W_2

    return x + part(norm(x)) if pre_norm else norm(x + part(x))


_PRE, _POST = "x + self.dropout(part(self.norm(x)))", "self.norm(x + self.dropout(part(x)))"

residual = Exercise(
    name="14.Residual",
    points=3,
    inputs=_residuals,
    oracle=_residual_by_numbers,
    using=_try_residual,
    stand_in=Residual,
    right=Residual,
    trains=True,
    mistakes=slips(Residual, {
        "pre-norm and post-norm are swapped": "if self.pre_norm → if not self.pre_norm",
        "it is post-norm, whatever `pre_norm` says": "if self.pre_norm → if False",
        "it is pre-norm, whatever `pre_norm` says": "if self.pre_norm → if True",
        "the residual is missing: $x$ has to be added to what the part made of it": (f"{_PRE} → self.dropout(part(self.norm(x)))", f"{_POST} → self.norm(self.dropout(part(x)))"),
        "with pre-norm the residual is missing: $x$ has to be added": f"{_PRE} → self.dropout(part(self.norm(x)))",
        "with post-norm the residual is missing: $x$ has to be added": f"{_POST} → self.norm(self.dropout(part(x)))",
        "with pre-norm the *normed* vector is added, so that the stream itself is normed at every block": f"{_PRE} → self.norm(x) + self.dropout(part(self.norm(x)))",
        "with pre-norm the sum is normed too: the stream passes untouched": f"{_PRE} → self.norm(x + self.dropout(part(self.norm(x))))",
        "with pre-norm what the part says is normed, not what it reads": f"{_PRE} → x + self.dropout(self.norm(part(x)))",
        "with post-norm only the part's answer is normed, the sum is not": f"{_POST} → x + self.norm(self.dropout(part(x)))",
        "with post-norm the part reads a normed vector too: there it reads the stream": f"{_POST} → self.norm(x + self.dropout(part(self.norm(x))))",
        "dropout falls on the whole sum: it should drop only what the part says": (f"{_PRE} → self.dropout(x + part(self.norm(x)))", f"{_POST} → self.norm(self.dropout(x + part(x)))"),
        "dropout falls on what the part reads: it should drop what the part says": (f"{_PRE} → x + part(self.dropout(self.norm(x)))", f"{_POST} → self.norm(x + part(self.dropout(x)))"),
        "dropout falls on the stream that passes: it should drop only what the part says": (f"{_PRE} → self.dropout(x) + part(self.norm(x))", f"{_POST} → self.norm(self.dropout(x) + part(x))"),
        "dropout falls also when the model does not train: `self.dropout` knows when to": (f"{_PRE} → x + nn.functional.dropout(part(self.norm(x)), self.dropout.p)", f"{_POST} → self.norm(x + nn.functional.dropout(part(x), self.dropout.p))"),
        "dropout is left out": (f"{_PRE} → x + part(self.norm(x))", f"{_POST} → self.norm(x + part(x))"),
        "nothing is normed, and dropout is left out": (f"{_PRE} → x + part(x)", f"{_POST} → x + part(x)"),
        "nothing is normed": (f"{_PRE} → x + self.dropout(part(x))", f"{_POST} → x + self.dropout(part(x))"),
    }),
    returns=("stream",),
)  # fmt: skip


# -- EncoderBlock ----------------------------------------------------------------------------------------------------


def _mask(rng, batch, length):
    """(B, 1, S), True at real places: each row keeps a length of its own, the last row keeps all."""
    lengths = np.append(rng.integers(1, length, batch - 1), length)
    return torch.from_numpy(np.arange(length)[None, None] < lengths[:, None, None])


def _encoder_cases(rng) -> list[Case]:
    def case(label, shape, heads, inner, pre_norm, masked=True):
        return Case(
            label,
            x=_away(rng, *shape) + 0.3,
            mask=_mask(rng, *shape[:2]) if masked else None,
            heads=heads,
            feed_forward=inner,
            pre_norm=pre_norm,
            seed=int(rng.integers(1, 10**6)),
        )

    return [
        case("pre-norm, three sentences of different lengths", (3, 5, 8), 2, 11, True),
        case("post-norm, two sentences of different lengths", (2, 4, 6), 3, 10, False),
        case("pre-norm, no mask", (2, 3, 4), 1, 9, True, masked=False),
    ]


def _try_encoder_block(answer, x, mask, heads, feed_forward, pre_norm, seed):
    return _filled(answer(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)(x.double(), mask)


def _give_attention(theirs, ours):
    """torch's attention gets the weights of ours: q, k and v stacked in one matrix."""
    for kind in ("weight", "bias"):
        stacked = torch.cat([getattr(part, kind).data for part in (ours.W_q, ours.W_k, ours.W_v)])
        getattr(theirs, f"in_proj_{kind}").data = stacked
        getattr(theirs.out_proj, kind).data = getattr(ours.W_o, kind).data


def _give_rest(theirs, ours):
    own = [theirs.linear1, theirs.linear2, *(getattr(theirs, f"norm{k + 1}") for k in range(len(ours.residuals)))]
    given = [ours.feed_forward.W_1, ours.feed_forward.W_2, *(r.norm for r in ours.residuals)]
    for mine, other in zip(own, given, strict=True):
        mine.weight.data, mine.bias.data = other.weight.data, other.bias.data


def _pair(kind, ours, width, heads, feed_forward, pre_norm, seed):
    """A block of ours, and PyTorch's with the same feed-forward and norms."""
    ours = _filled(ours(width, heads, feed_forward, 0.0, pre_norm), seed)
    theirs = kind(width, heads, feed_forward, 0.0, batch_first=True, norm_first=pre_norm).double()
    _give_rest(theirs, ours)
    return ours, theirs


def _their_encoder_layer(x, mask, heads, feed_forward, pre_norm, seed):
    kind = torch.nn.TransformerEncoderLayer
    ours, theirs = _pair(kind, EncoderBlock, x.shape[-1], heads, feed_forward, pre_norm, seed)
    _give_attention(theirs.self_attn, ours.attention)
    return theirs(x.double(), src_key_padding_mask=None if mask is None else ~mask[:, 0])


_ATTEND = "x = around_attention(x, lambda u: self.attention(u, mask=mask)[0])"
_FEED = "return around_feed_forward(x, self.feed_forward)"

encoder_block = Exercise(
    name="14.EncoderBlock",
    points=4,
    inputs=_encoder_cases,
    oracle=_their_encoder_layer,
    using=_try_encoder_block,
    stand_in=EncoderBlock,
    right=EncoderBlock,
    trains=True,
    mistakes=slips(EncoderBlock, {
        "the mask is left out: padding is attended to": "self.attention(u, mask=mask) → self.attention(u)",
        "keys and values come from the stream as it is, only the queries from the normed one": "self.attention(u, mask → self.attention(u, x, mask",
        "the mask is the other way round: True means attend": "mask=mask → mask=None if mask is None else ~mask",
        "the mask of the first sentence is used for all": "mask=mask → mask=None if mask is None else mask[:1]",
        "the order is the other way round: attention comes first": (f"{_FEED} → return around_attention(x, lambda u: self.attention(u, mask=mask)[0])", f"{_ATTEND}\n → x = around_feed_forward(x, self.feed_forward)\n"),
        "the first residual, with its norm, is used for both parts": "return around_feed_forward( → return around_attention(",
        "the two residuals change places: each part has a norm of its own": "around_attention, around_feed_forward = → around_feed_forward, around_attention =",
        "there is no feed-forward": f"{_FEED} → return x",
        "there is no attention": f"{_ATTEND} → pass",
        "the attention's residual is missing: what it says is to be added to the stream": f"{_ATTEND} → x = self.attention(around_attention.norm(x), mask=mask)[0]",
        "the attention reads the stream as it is and is added, without its norm": f"{_ATTEND} → x = x + self.attention(x, mask=mask)[0]",
        "the feed-forward reads the stream as it is and is added, without its norm": f"{_FEED} → return x + self.feed_forward(x)",
        "the feed-forward reads what the attention said, not the stream: both share one residual": (f"{_FEED} → return x", "self.attention(u, mask=mask)[0] → self.feed_forward(self.attention(u, mask=mask)[0])"),
        "both parts read the same x, side by side: the second should see what the first wrote": ("x = around_attention → other = around_attention", f"{_FEED} → return other + around_feed_forward(x, self.feed_forward) - x"),
        "it is always pre-norm: the residuals know which order to take": (f"{_ATTEND} → x = x + self.attention(around_attention.norm(x), mask=mask)[0]", f"{_FEED} → return x + self.feed_forward(around_feed_forward.norm(x))"),
        "the attention's input is added once more: the residual does that": "self.attention(u, mask=mask)[0] → u + self.attention(u, mask=mask)[0]",
        "the feed-forward's input is added once more: the residual does that": f"{_FEED} → return around_feed_forward(x, lambda u: u + self.feed_forward(u))",
        "both parts' input is added once more: the residual does that": ("self.attention(u, mask=mask)[0] → u + self.attention(u, mask=mask)[0]", f"{_FEED} → return around_feed_forward(x, lambda u: u + self.feed_forward(u))"),
        "the stream is normed before it goes into the first residual, which norms what the part reads": "around_attention(x, → around_attention(around_attention.norm(x),",
        "the stream is normed before it goes into each residual, which norms what the part reads": ("around_attention(x, → around_attention(around_attention.norm(x),", "return around_feed_forward(x, → return around_feed_forward(around_feed_forward.norm(x),"),
        "the block is normed once more at its end": f"{_FEED} → return around_feed_forward.norm(around_feed_forward(x, self.feed_forward))",
        "the residual is handed the attention's *answer*; it wants a function that it can call on the normed x": "lambda u: self.attention(u, mask=mask)[0] → self.attention(x, mask=mask)[0]",
        "the attention returns two things, and only the first belongs in the stream": "mask=mask)[0] → mask=mask)",
        "the feed-forward stands outside of the residual": f"{_FEED} → return self.feed_forward(around_feed_forward.norm(x))",
    }),
    forbids=LAYERS[:1],
    returns=("stream",),
)  # fmt: skip


# -- shift_right -----------------------------------------------------------------------------------------------------


def _targets(rng) -> list[Case]:
    def case(label, batch, steps, pad=0):
        """Rows end with the end mark 2, then padding; one row has none."""
        target = rng.integers(4, 30, (batch, steps))
        lengths = np.append(steps, rng.integers(2, steps, batch - 1))
        for row, length in zip(target, lengths, strict=True):
            row[length - 1 :] = pad
            row[length - 1] = 2
        return Case(label, target=torch.from_numpy(target), start=1 if pad == 0 else 3, pad=pad)

    return [
        case("3 sentences", 3, 6),
        case("4 sentences; padding is 1", 4, 5, pad=1),
        case("a single sentence", 1, 4),
    ]


def _shift_by_rows(target, start, pad=0):
    rows_in, rows_out = [], []
    for row in np.asarray(target).tolist():
        real = [token for token in row if token != pad]
        missing = len(row) - len(real)
        rows_in.append([start, *real[:-1], *[pad] * missing])
        rows_out.append([*real, *[-100] * missing])
    return torch.tensor(rows_in), torch.tensor(rows_out)


def _shift_right(target, start, pad=0):
    first = torch.full_like(target[:, :1], start)
    target_in = torch.cat([first, target[:, :-1]], dim=1)
    nothing = target == pad
    return target_in.masked_fill(nothing, pad), target.masked_fill(nothing, -100)


_SHIFTED, _READ, _SAID = (
    "torch.cat([first, target[:, :-1]], dim=1)",
    "target_in.masked_fill(nothing, pad)",
    "target.masked_fill(nothing, -100)",
)

shift_right = Exercise(
    name="14.shift_right",
    points=3,
    inputs=_targets,
    oracle=_shift_by_rows,
    right=_shift_right,
    mistakes=slips(_shift_right, {
        "the decoder reads the very token that it should say: nothing is shifted": f"{_SHIFTED} → target",
        "it is shifted the other way: the input is one step *ahead* of the answer": (f"{_SHIFTED} → target.roll(-1, 1)", f"{_READ} → target_in"),
        "input and answer are the same shifted row: the answer is the target itself": f"{_SAID} → target_in.masked_fill(nothing, -100)",
        "the two results change places: what is read comes first": f"{_READ}, {_SAID} → {_SAID}, {_READ}",
        "the last token goes round to the front: there belongs the start mark": f"{_SHIFTED} → target.roll(1, 1)",
        "the start mark is 1, whatever `start` says": "target[:, :1], start → target[:, :1], 1",
        "padding counts as an answer: it should be −100, which the loss leaves out": f"{_SAID} → target.clone()",
        "padding is 0, whatever `pad` says": ("target == pad → target == 0", "nothing, pad → nothing, 0"),
        "−100 is read where there is nothing more to say: there the input is padding": "nothing, pad → nothing, -100",
        "0 is read where there is nothing more to say: there the input is `pad`": "nothing, pad → nothing, 0",
        "padding is read and asked for: where the target is padding, the input is padding and the answer −100": (f"{_READ} → target_in", f"{_SAID} → target.clone()"),
        "the answer is shifted as well: it is the target itself": (f"{_READ} → target_in", f"{_SAID} → torch.cat([target[:, 1:], torch.full_like(first, -100)], dim=1)"),
        "the end mark is not asked for: the model would never learn to stop": "nothing, -100 → nothing | (target == 2), -100",
        "the end mark is read where there is nothing more to say: there the input is padding": f"{_READ} → target_in",
        "what counts is decided by the input's padding: an answer counts where the *target* is no padding": "nothing = target == pad → nothing = target_in == pad",
    }),
    returns=("target_in", "target_out"),
)  # fmt: skip


# -- DecoderBlock ----------------------------------------------------------------------------------------------------


def _decoder_cases(rng) -> list[Case]:
    def case(label, batch, steps, places, width, heads, inner, pre_norm):
        return Case(
            label,
            x=_away(rng, batch, steps, width) + 0.3,
            memory=_away(rng, batch, places, width) - 0.2,
            memory_mask=_mask(rng, batch, places),
            heads=heads,
            feed_forward=inner,
            pre_norm=pre_norm,
            seed=int(rng.integers(1, 10**6)),
        )

    return [
        case("pre-norm, 4 target steps, 5 source places", 3, 4, 5, 8, 2, 11, True),
        case("post-norm, 5 target steps, 3 source places", 2, 5, 3, 6, 3, 7, False),
        case("pre-norm, as many target steps as source places", 2, 4, 4, 6, 2, 9, True),
    ]


def _try_decoder_block(answer, x, memory, memory_mask, heads, feed_forward, pre_norm, seed):
    block = _filled(answer(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)
    causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
    return block(x.double(), memory.double(), causal, memory_mask)


def _their_decoder_layer(x, memory, memory_mask, heads, feed_forward, pre_norm, seed):
    kind = torch.nn.TransformerDecoderLayer
    ours, theirs = _pair(kind, DecoderBlock, x.shape[-1], heads, feed_forward, pre_norm, seed)
    _give_attention(theirs.self_attn, ours.self_attention)
    _give_attention(theirs.multihead_attn, ours.cross_attention)
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    return theirs(x.double(), memory.double(), tgt_mask=future, memory_key_padding_mask=~memory_mask[:, 0])


_OWN = "around_self(x, lambda u: self.self_attention(u, mask=mask)[0])"
_CROSS = "around_cross(x, lambda u: self.cross_attention(u, memory, memory_mask)[0])"

decoder_block = Exercise(
    name="14.DecoderBlock",
    points=4,
    inputs=_decoder_cases,
    oracle=_their_decoder_layer,
    using=_try_decoder_block,
    stand_in=DecoderBlock,
    right=DecoderBlock,
    trains=True,
    mistakes=slips(DecoderBlock, {
        "the causal mask is left out: every position sees the answer": "u, mask=mask → u",
        "the second attention reads the decoder's own stream: the memory is not used": "u, memory, memory_mask → u, mask=mask",
        "the causal mask is the other way round: each position sees only what follows": "u, mask=mask → u, mask=~mask",
        "the memory's mask is left out: the padding of the source is attended to": "memory, memory_mask)[0] → memory)[0]",
        "the memory's mask is the other way round: True means attend": "u, memory, memory_mask → u, memory, ~memory_mask",
        "the mask of the first sentence's memory is used for all": "u, memory, memory_mask → u, memory, memory_mask[:1]",
        "the second attention reads the target again: its keys and values come from the memory": "u, memory, memory_mask → u",
        "keys and values of the second attention are the stream itself, with the causal mask: they come from the memory": "u, memory, memory_mask → u, x, mask",
        "keys and values of the second attention are the stream itself: they come from the memory": "u, memory, memory_mask → u, x",
        "one attention is used for both: the second has matrices of its own": "self.cross_attention(u → self.self_attention(u",
        "the memory is normed with the stream's norm: it comes normed from the encoder": "u, memory, memory_mask → u, around_cross.norm(memory), memory_mask",
        "the attention to the memory comes before the masked self-attention": ("self.self_attention(u, mask=mask) → self.first(u)", "self.cross_attention(u, memory, memory_mask) → self.self_attention(u, mask=mask)", "self.first(u) → self.cross_attention(u, memory, memory_mask)"),
        "the attention to the memory comes first, with its own residual: the masked self-attention begins": (f"x = {_OWN} → first = 0", f"x = {_CROSS} → x = {_CROSS}; x = {_OWN}"),
        "there is no attention to the memory: the decoder never sees the source": f"x = {_CROSS} → pass",
        "there is no self-attention": f"x = {_OWN} → pass",
        "there is no feed-forward": f"{_FEED} → return x",
        "the attention to the memory has no residual: what it says is to be added to the stream": f"x = {_CROSS} → x = self.cross_attention(around_cross.norm(x), memory, memory_mask)[0]",
        "the self-attention has no residual: what it says is to be added to the stream": f"x = {_OWN} → x = self.self_attention(around_self.norm(x), mask=mask)[0]",
        "the feed-forward has no residual: what it says is to be added to the stream": f"{_FEED} → return self.feed_forward(around_feed_forward.norm(x))",
        "the first residual, with its norm, is used three times": ("around_cross(x → around_self(x", "around_feed_forward(x → around_self(x"),
        "the second residual, with its norm, is used for the feed-forward too": "around_feed_forward(x → around_cross(x",
        "the first two residuals change places: each part has a norm of its own": "around_self, around_cross, around → around_cross, around_self, around",
        "the feed-forward comes between the two attentions": (f"x = {_CROSS} → x = around_cross(x, self.feed_forward)", f"{_FEED} → return around_feed_forward(x, lambda u: self.cross_attention(u, memory, memory_mask)[0])"),
        "both attentions share one residual: the second should read the stream": (f"x = {_OWN} → pass", "self.cross_attention(u, → self.cross_attention(self.self_attention(u, mask=mask)[0],"),
    }),
    forbids=LAYERS[1:2],
    returns=("stream",),
)  # fmt: skip


# -- embed -----------------------------------------------------------------------------------------------------------


def _embedding_cases(rng) -> list[Case]:
    def case(label, vocabulary, width, longest, batch, steps):
        return Case(
            label,
            tokens=torch.from_numpy(rng.integers(1, vocabulary, (batch, steps))),
            table=_away(rng, vocabulary, width),
            places=_away(rng, longest, width),
        )

    return [
        case("3 sentences of 4 tokens", 9, 6, 10, 3, 4),
        case("a sentence as long as allowed, less one", 7, 10, 6, 1, 5),
        case("more tokens than numbers in a vector", 5, 4, 9, 2, 7),
    ]


def _embedded_one_by_one(tokens, table, places):
    rows = [
        [table[token] * len(table[0]) ** 0.5 + place for token, place in zip(row, places, strict=False)]
        for row in np.asarray(tokens)
    ]
    return torch.stack([torch.stack([torch.as_tensor(x) for x in row]) for row in rows])


def _embed(tokens, table, places):
    return table[tokens] * math.sqrt(table.shape[1]) + places[: tokens.shape[1]]


embed = Exercise(
    name="14.embed",
    points=2,
    inputs=_embedding_cases,
    oracle=_embedded_one_by_one,
    right=_embed,
    trains=True,
    mistakes=slips(_embed, {
        "the factor $\\sqrt D$ is left out": " * math.sqrt(table.shape[1]) →",
        "it is divided by $\\sqrt D$: that belongs to the attention's scores": "* math → / math",
        "it is multiplied by D, not by its root": "math.sqrt(table.shape[1]) → table.shape[1]",
        "the root is cut to a whole number": "math.sqrt(table.shape[1]) → int(math.sqrt(table.shape[1]))",
        "it is multiplied by D // 2: a root is no half": "math.sqrt(table.shape[1]) → table.shape[1] // 2",
        "it is multiplied by the root of V, the size of the vocabulary": "table.shape[1] → table.shape[0]",
        "it is multiplied by the root of T, the length of the sentence": "table.shape[1] → tokens.shape[1]",
        "the positions are multiplied too: $\\sqrt D$ belongs to the token alone": "table[tokens] * math.sqrt(table.shape[1]) + places[: tokens.shape[1]] → (table[tokens] + places[: tokens.shape[1]]) * math.sqrt(table.shape[1])",
        "the *positions* are multiplied, not the tokens": "table[tokens] * math.sqrt(table.shape[1]) + places → table[tokens] + math.sqrt(table.shape[1]) * places",
        "the positions are left out": " + places[: tokens.shape[1]] →",
        "the positions begin with 1, not with 0": "places[: tokens.shape[1]] → places[1 : tokens.shape[1] + 1]",
        "the last positions of the table are taken, not the first": "places[: tokens.shape[1]] → places[-tokens.shape[1] :]",
        "every position gets the vector of the first": "places[: tokens.shape[1]] → places[0]",
        "each token looks up a position by its own number: positions count from 0 in every sentence": "places[: tokens.shape[1]] → places[tokens % len(places)]",
        "the positions are multiplied with the tokens, not added": "+ places → * places",
    }),
    returns=("x",),
)  # fmt: skip


# -- Transformer -----------------------------------------------------------------------------------------------------


def _model_cases(rng) -> list[Case]:
    def case(label, batch, places, steps, pre_norm, pad=0, layers=2):
        source, target = rng.integers(1, 8, (batch, places)), rng.integers(1, 6, (batch, steps))
        source, target = (a + (a >= pad) if pad else a for a in (source, target))  # no word is the padding
        for row, length in zip(source, np.append(rng.integers(2, places, batch - 1), places), strict=True):
            row[length:] = pad
        if pad:
            source[0, 0] = 0
        target[-1, -1] = pad
        return Case(
            label,
            source=torch.from_numpy(source),
            target_in=torch.from_numpy(target),
            pre_norm=pre_norm,
            pad=pad,
            layers=layers,
            seed=int(rng.integers(1, 10**6)),
        )

    return [  # every known mistake is tried on the first one, which has to be quick
        case("3 sources of different lengths, 3 steps, one layer", 3, 6, 3, True, layers=1),
        case("post-norm, 2 sources, 4 steps, one layer", 2, 5, 4, False, layers=1),
        case("as many source places as steps, two layers", 2, 5, 5, True),
        case("3 is the padding, and 0 a word", 3, 4, 3, True, pad=3),
    ]


def _made(answer, pre_norm, pad, layers, seed):
    return _filled(answer(9, 7, 6, 3, layers, feed_forward=9, max_length=8, pre_norm=pre_norm, pad=pad), seed)


def _try_transformer(answer, source, target_in, pre_norm, pad, layers, seed):
    model = _made(answer, pre_norm, pad, layers, seed)
    state, each = model.begin(source), []
    for t in range(target_in.shape[1]):
        logits, state = model.step(target_in[:, t], state)
        each.append(logits)
    return model(source, target_in), torch.stack(each, dim=1)


@torch.no_grad()
def _sentence_by_sentence(source, target_in, pre_norm, pad, layers, seed):
    # No mask can be wrong where there is no padding: each source alone, cut to its length; each beginning alone.
    model, rows = _made(Transformer, pre_norm, pad, layers, seed), []
    for row, target in zip(source, target_in, strict=True):
        memory = model.encoder(row[row != pad][None])
        beginnings = [target[None, : t + 1] for t in range(len(target))]
        rows.append(torch.cat([model.decoder(beginning, memory, None)[:, -1] for beginning in beginnings]))
    found = torch.stack(rows)
    return found, found


_FORWARD = "self.decoder(target_in, memory, padding_mask(source, self.encoder.pad))"
_GROWN = "torch.cat([written, tokens[:, None]], dim=1)"

transformer = Exercise(
    name="14.Transformer",
    points=4,
    inputs=_model_cases,
    oracle=_sentence_by_sentence,
    using=_try_transformer,
    stand_in=Transformer,
    right=Transformer,
    trains=True,
    mistakes=slips(Transformer, {
        "the padding of the source is not masked in the decoder": f"{_FORWARD} → self.decoder(target_in, memory, None)",
        "the decoder looks at the source's embedding: the encoder never reads": "memory = self.encoder(source) → memory = self.encoder.embedding(source)",
        "the encoder reads causally: the source may be seen as a whole": "memory = self.encoder(source) → memory = self.encoder(source, causal=True)",
        "the mask is inverted: True means attend": f"{_FORWARD} → self.decoder(target_in, memory, ~padding_mask(source, self.encoder.pad))",
        "the mask of the first sentence is used for all": f"{_FORWARD} → self.decoder(target_in, memory, padding_mask(source, self.encoder.pad)[:1])",
        "the padding is taken to be 0: it is `self.encoder.pad`": f"{_FORWARD} → self.decoder(target_in, memory, padding_mask(source))",
        "a step reads the newest token only: what was written before is lost, or was never put into the state": f"{_GROWN} → tokens[:, None]",
        "a step reads what was written and not the newest token": "self.decoder(written, memory, mask)[:, -1], → self.decoder(torch.cat([state[2], tokens[:, None]], dim=1)[:, : max(1, state[2].shape[1])], memory, mask)[:, -1],",
        "a step hands back the answer at the first position, not at the newest": "(written, memory, mask)[:, -1] → (written, memory, mask)[:, 0]",
        "a step hands back the answers at all positions, not at the newest alone": "(written, memory, mask)[:, -1] → (written, memory, mask)",
        "a step puts the new token in front of the others": "[written, tokens[:, None]] → [tokens[:, None], written]",
        "a step forgets the source's mask": "(written, memory, mask)[:, -1] → (written, memory, None)[:, -1]",
    }),
    forbids=LAYERS,
    returns=("logits of forward", "logits step by step"),
)  # fmt: skip


# -- one_by_one ------------------------------------------------------------------------------------------------------


class Whole:
    """A model whose answer at every position depends on all that it is given: no mask hides anything."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.of_source, self.of_target, self.mix = (
            torch.from_numpy(rng.normal(size=shape)) for shape in ((11, 6), (13, 6), (6, 6))
        )

    def __call__(self, source, target_in):
        read = self.of_source[source].mean(dim=1, keepdim=True)
        written = self.of_target[target_in]
        places = torch.arange(1, target_in.shape[1] + 1)[:, None]
        everything = (written * places).sum(dim=1, keepdim=True) / len(places)
        return (read + torch.tanh(written) + everything) @ self.mix


def _prefix_cases(rng) -> list[Case]:
    def case(label, batch, places, steps):
        whole = Whole(int(rng.integers(10**6)))
        return Case(
            label,
            forward=lambda source, target_in: whole(source, target_in),
            source=torch.from_numpy(rng.integers(0, 11, (batch, places))),
            target_in=torch.from_numpy(rng.integers(0, 13, (batch, steps))),
        )

    return [case("3 sentences, 5 steps", 3, 4, 5), case("one sentence, 3 steps", 1, 6, 3), case("2 sentences", 2, 3, 7)]


def _each_sentence_alone(forward, source, target_in):
    steps = range(1, target_in.shape[1] + 1)
    return torch.stack([
        torch.cat([forward(source[b : b + 1], target_in[b : b + 1, :stop])[:, stop - 1] for stop in steps])
        for b in range(len(source))
    ])  # fmt: skip


def _one_by_one(forward, source, target_in):
    steps = range(target_in.shape[1])
    return torch.stack([forward(source, target_in[:, : t + 1])[:, -1] for t in steps], dim=1)


one_by_one = Exercise(
    name="14.one_by_one",
    points=3,
    inputs=_prefix_cases,
    oracle=_each_sentence_alone,
    right=_one_by_one,
    mistakes=slips(_one_by_one, {
        "the whole target is read at once: that is the parallel form, which you want to compare with": "torch.stack([forward(source, target_in[:, : t + 1])[:, -1] for t in steps], dim=1) → forward(source, target_in)",
        "only the newest token is read, and nothing before it": ": t + 1] → t : t + 1]",
        "the answer at the first position is kept, not that at the newest": "[:, -1] → [:, 0]",
        "each step reads one token too many: the answer itself": "target_in[:, : t + 1])[:, -1] → target_in[:, : t + 2])[:, t]",
        "each step reads one token too few": ": t + 1] → : max(t, 1)]",
        "the beginning is cut off at the wrong end: it should hold the *first* tokens": "[:, : t + 1] → [:, target_in.shape[1] - 1 - t :]",
        "every step gives the last position of the whole target": "target_in[:, : t + 1] → target_in",
        "the source is cut off too: it may be read as a whole": "forward(source, → forward(source[:, : t + 1],",
        "the steps are stacked along the first axis, (T, B, V): `dim=1` is missing": ", dim=1 →",
        "the steps come in the opposite order": "for t in steps → for t in reversed(steps)",
    }),
    returns=("logits",),
)  # fmt: skip


# -- smoothed_loss ---------------------------------------------------------------------------------------------------


def _logit_cases(rng) -> list[Case]:
    def case(label, shape, epsilon, ignored, high=0.0):
        logits, targets = torch.from_numpy(rng.normal(size=shape) * 2 + 0.7), rng.integers(0, shape[-1], shape[:-1])
        flat = targets.reshape(-1)
        flat[0] = 0  # class 0 is a word like the others
        flat[1 + rng.permutation(flat.size - 1)[:ignored]] = -100
        return Case(label, logits=logits + high, targets=torch.from_numpy(targets), epsilon=epsilon)

    return [
        case("2 sentences of 4 words, two of them padding", (2, 4, 6), 0.1, 2),
        case("3 sentences of 5 words, much smoothing", (3, 5, 4), 0.4, 3),
        case("no smoothing", (2, 3, 5), 0.0, 1),
        case("very large logits", (2, 2, 3), 0.2, 1, high=2000.0),
    ]


def _their_smoothed(logits, targets, epsilon):
    logits, targets = torch.as_tensor(logits), torch.as_tensor(targets)
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, -2), targets.flatten(), ignore_index=-100, label_smoothing=float(epsilon)
    )


def _smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    log_p, gold = logits[real].log_softmax(dim=-1), targets[real]
    q = torch.full_like(log_p, epsilon / log_p.shape[1])
    q[torch.arange(len(gold)), gold] += 1 - epsilon
    return -(q * log_p).sum(dim=1).mean()


smoothed_loss = Exercise(
    name="14.smoothed_loss",
    points=3,
    inputs=_logit_cases,
    oracle=_their_smoothed,
    right=_smoothed_loss,
    trains=True,
    mistakes=slips(_smoothed_loss, {
        "the gold class is left out of the spread: $\\varepsilon$ is shared among the other $V-1$ only": ("epsilon / log_p.shape[1] → epsilon / (log_p.shape[1] - 1)", "+= 1 - epsilon → = 1 - epsilon"),
        "the gold class gets $1 - \\varepsilon$ and the others $\\varepsilon / V$ each: that does not sum to 1": "+= 1 - epsilon → = 1 - epsilon",
        "the gold class keeps all of its 1, and $\\varepsilon$ is added on top": "+= 1 - epsilon → += 1",
        "$\\varepsilon$ and $1 - \\varepsilon$ change places": ("epsilon / log_p → (1 - epsilon) / log_p", "+= 1 - epsilon → += epsilon"),
        "$\\varepsilon$ is not divided by V: every class gets all of it": "epsilon / log_p.shape[1] → epsilon",
        "$\\varepsilon$ is divided by the number of words, not of classes": "epsilon / log_p.shape[1] → epsilon / len(log_p)",
        "nothing is smoothed": ("epsilon / log_p.shape[1] → 0.0", "+= 1 - epsilon → += 1"),
        "the gold class's share is taken away and given to nobody": "epsilon / log_p.shape[1] → 0.0",
        "padding (−100) is counted as class 0": "real = targets != -100 → real, targets = targets > -999, targets.clamp(min=0)",
        "class 0 is left out like padding: only −100 is": "targets != -100 → targets > 0",
        "it is divided by all places, padding too": ".sum(dim=1).mean() → .sum() / targets.numel()",
        "the losses are summed, not averaged": ".sum(dim=1).mean() → .sum()",
        "the mean goes over the classes too: they are added up, (14.11)": ".sum(dim=1).mean() → .mean()",
        "the sign is wrong": "return -( → return (",
        "the entropy of the targets is taken off: that is the divergence from them, not the cross entropy": "-(q * log_p) → (torch.xlogy(q, q) - q * log_p)",
        "the logits are taken for log-probabilities: the log-softmax is missing": ".log_softmax(dim=-1) →",
        "the softmax runs over the words, not over the classes": "log_softmax(dim=-1) → log_softmax(dim=0)",
        "the exponentials overflow: take `log_softmax`, not the log of a softmax written by hand": "logits[real].log_softmax(dim=-1) → (logits[real].exp() / logits[real].exp().sum(-1, keepdim=True)).log()",
        "the model's probability is smoothed, and then the logarithm taken: it is the *target* that is smoothed": "-(q * log_p).sum(dim=1) → -((1 - epsilon) * log_p.exp()[torch.arange(len(gold)), gold] + epsilon / log_p.shape[1]).log()",
    }),
    forbids=("torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss", "torch.nn.functional.kl_div"),
    returns=("loss",),
)  # fmt: skip


# -- noam ------------------------------------------------------------------------------------------------------------


def _schedules(rng) -> list[Case]:
    warmup = int(rng.integers(300, 900))
    return [
        Case("the first step", step=1, width=int(rng.integers(30, 60)), warmup=warmup),
        Case("half of the warm-up", step=warmup // 2, width=64, warmup=warmup),
        Case("the last step of the warm-up", step=warmup, width=int(rng.integers(100, 140)), warmup=warmup),
        Case("far beyond the warm-up", step=int(rng.integers(9, 30)) * warmup, width=96, warmup=warmup),
    ]


def _by_branches(step, width, warmup):
    # The two branches of the schedule meet where the warm-up ends.
    peak = 1 / math.sqrt(width * warmup)
    return peak * (step / warmup if step < warmup else math.sqrt(warmup / step))


def _noam(step, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)


noam = Exercise(
    name="14.noam",
    points=2,
    inputs=_schedules,
    oracle=_by_branches,
    right=_noam,
    mistakes=slips(_noam, {
        "the larger of the two is taken: it begins enormous": "min( → max(",
        "the two are added: the lower one is to be taken": "min(step**-0.5, → (step**-0.5 +",
        "the two are multiplied: the lower one is to be taken": "min(step**-0.5, → (step**-0.5 *",
        "it never falls: the inverse root is left out": "min(step**-0.5, step * warmup**-1.5) → (step * warmup**-1.5)",
        "there is no warm-up": "min(step**-0.5, step * warmup**-1.5) → step**-0.5",
        "it is multiplied by $\\sqrt D$: a wider model takes *smaller* steps": "width**-0.5 → width**0.5",
        "the width is left out": "width**-0.5 * →",
        "it is divided by D, not by its root": "width**-0.5 → width**-1.0",
        "the warm-up has the power $-\\frac12$, so that it ends after a few steps": "warmup**-1.5 → warmup**-0.5",
        "the warm-up has the power −1, and the two branches do not meet at its end": "warmup**-1.5 → warmup**-1.0",
        "it falls as $1/t$, not as $1/\\sqrt t$": "step**-0.5 → step**-1.0",
        "steps are counted from 0": "min(step**-0.5, step * → min(max(step - 1, 1e-9) ** -0.5, (step - 1) *",
    }),
    returns=("rate",),
)  # fmt: skip
