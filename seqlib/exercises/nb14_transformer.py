"""Notebook 14: the Transformer, from the residual stream to a whole encoder and decoder."""

import math
import types

import numpy as np

from seqlib.checks.exercise import Case, Exercise

# PyTorch's own parts, which would do the work.
LAYERS = ("torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer", "torch.nn.Transformer")


def _doubles(*arrays):
    import torch

    tensors = [torch.as_tensor(np.asarray(a, dtype=float)) for a in arrays]
    return tensors if len(tensors) > 1 else tensors[0]


def _away(rng, *shape) -> np.ndarray:
    """Numbers of both signs that are not near zero, so that nothing left out goes unnoticed."""
    return rng.uniform(0.3, 1.2, shape) * rng.choice([-1.0, 1.0], shape)


def _filled(module, seed):
    """The module in float64, every parameter drawn from `seed`: large enough that each part is felt."""
    import torch

    generator = torch.Generator().manual_seed(int(seed))
    for _, parameter in sorted(module.double().named_parameters()):
        scale = parameter.shape[-1] ** -0.5 if parameter.ndim > 1 else 0.5
        drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * scale
        parameter.data = drawn + (1.0 if parameter.ndim == 1 else 0.0)
    return module


def _with(name, forward, **methods):
    """A way to build seqlib.models.transformer's class `name` with another forward: how wrong and other right classes are made."""

    def make(*args, **options):
        import seqlib.models.transformer

        module = getattr(seqlib.models.transformer, name)(*args, **options)
        for method, function in {"forward": forward, **methods}.items():
            setattr(module, method, types.MethodType(function, module))
        return module

    return make


# -- layer_norm ------------------------------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    def case(label, shape, size=1.0, shift=0.0, epsilon=1e-5):
        x = (_away(rng, *shape) * rng.uniform(0.5, 2.0, shape) + shift) * size
        gain, bias, x = _doubles(_away(rng, shape[-1]), _away(rng, shape[-1]), x)
        return Case(label, x=x, gain=gain, bias=bias, epsilon=epsilon)

    return [
        case("2 sequences of 3 positions, 8 wide", (2, 3, 8), shift=rng.uniform(0.5, 1.5)),
        case("5 vectors, 4 wide, far from zero", (5, 4), shift=6.0),
        case("very small numbers, where epsilon counts", (3, 2, 7), size=0.02, epsilon=1e-3),
        case("a single vector", (6,), shift=-2.0),
    ]


def _their_layer_norm(x, gain, bias, epsilon=1e-5):
    import torch

    x = torch.as_tensor(x)
    gain, bias = (torch.as_tensor(part, dtype=x.dtype) for part in (gain, bias))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain, bias, float(epsilon))


def _normed(x, gain, bias, epsilon, *, dims=(-1,), centre=True, power=0.5, unbiased=False, outside=False, raw=False):
    x, gain, bias = _doubles(x, gain, bias)
    dims = tuple(d for d in dims if -d <= x.ndim)
    mean = x.mean(dim=dims, keepdim=True) if centre else 0.0
    spread = ((x if raw else x - mean) ** 2).mean(dim=dims, keepdim=True)
    if unbiased:
        n = math.prod(x.shape[d] for d in dims)
        spread = spread * n / (n - 1)
    root = spread**power + epsilon if outside else (spread + epsilon) ** power
    return gain * (x - mean) / root + bias


layer_norm = Exercise(
    name="14.layer_norm",
    points=3,
    inputs=_streams,
    oracle=_their_layer_norm,
    mistakes={
        "the variance is the unbiased one, divided by $D - 1$: `Tensor.var` and `std` do that unless told "
        "otherwise": lambda *a: _normed(*a, unbiased=True),
        "epsilon stands outside the root": lambda *a: _normed(*a, outside=True),
        "unbiased *and* epsilon outside the root, as `x.std() + epsilon` does": lambda *a: _normed(
            *a, unbiased=True, outside=True
        ),
        "the mean is not subtracted: that is RMSNorm, which 16 takes up": lambda *a: _normed(*a, centre=False),
        "the mean square is taken for the variance: subtract the mean before squaring": lambda *a: _normed(
            *a, raw=True
        ),
        "it is divided by the variance, not by its root": lambda *a: _normed(*a, power=1.0),
        "the mean and variance run over the positions too: each vector is normed by itself": lambda *a: _normed(
            *a, dims=(-1, -2)
        ),
        "the whole tensor is normed at once": lambda *a: _normed(*a, dims=(-1, -2, -3)),
        "gain and bias are left out": lambda x, gain, bias, epsilon: _normed(x, gain * 0 + 1, bias * 0, epsilon),
        "gain and bias change places": lambda x, gain, bias, epsilon: _normed(x, bias, gain, epsilon),
        "the bias is multiplied by the gain: it comes last": lambda x, gain, bias, epsilon: _normed(
            x, gain, gain * bias, epsilon
        ),
    },
    accepts=[
        _normed,
        lambda x, gain, bias, epsilon: (
            (x - x.mean(-1, keepdim=True)) * (x.var(-1, keepdim=True, correction=0) + epsilon).rsqrt() * gain + bias
        ),
        lambda x, gain, bias, epsilon: (
            lambda u: gain * u / (u.square().sum(-1, keepdim=True) / u.shape[-1] + epsilon).sqrt() + bias
        )(x - x.mean(-1, keepdim=True)),
    ],
    forbids=("torch.nn.functional.layer_norm", "torch.nn.LayerNorm"),
    hints=[
        "Every vector by itself: mean and variance over the last axis, kept as an axis of length 1.",
        "`variance = (x - mean).square().mean(dim=-1, keepdim=True)`: a plain mean, divided by D.",
        "`gain * (x - mean) / torch.sqrt(variance + epsilon) + bias`.",
    ],
    returns=("normed",),
    difficulty=2,
    minutes=8,
)


# -- Residual --------------------------------------------------------------------------------------------------------


def _residuals(rng) -> list[Case]:
    def case(label, shape, pre_norm, dropout=0.0):
        width, inner = shape[-1], shape[-1] + 3
        x, gain, bias = _away(rng, *shape) + 0.4, rng.uniform(0.5, 2.0, width), _away(rng, width)
        W_1, W_2 = _away(rng, width, inner), _away(rng, inner, width)
        names = ("x", "gain", "bias", "W_1", "W_2")
        arrays = dict(zip(names, _doubles(x, gain, bias, W_1, W_2), strict=True))
        return Case(label, **arrays, pre_norm=pre_norm, dropout=dropout)

    return [
        case("pre-norm", (2, 3, 5), True),
        case("post-norm", (4, 2, 6), False),
        case("pre-norm, and dropout that drops everything", (3, 2, 4), True, 1.0),
        case("post-norm, and dropout that drops everything", (1, 3, 5), False, 1.0),
    ]


def _try_residual(answer, x, gain, bias, W_1, W_2, pre_norm, dropout):
    import torch

    module = answer(x.shape[-1], dropout, pre_norm).double()
    module.norm.weight.data, module.norm.bias.data = gain.double(), bias.double()
    with torch.no_grad():
        return module(x.double(), lambda u: torch.tanh(u @ W_1.double()) @ W_2.double())


def _residual_by_numbers(x, gain, bias, W_1, W_2, pre_norm, dropout):
    x, gain, bias, W_1, W_2 = (np.asarray(a, dtype=float) for a in (x, gain, bias, W_1, W_2))

    def norm(u):
        u = u - u.mean(axis=-1, keepdims=True)
        return gain * u / np.sqrt((u * u).mean(axis=-1, keepdims=True) + 1e-5) + bias

    def part(u):
        return 0.0 * u if dropout else np.tanh(u @ W_1) @ W_2

    return x + part(norm(x)) if pre_norm else norm(x + part(x))


def _residual_module(width, dropout=0.0, pre_norm=True):
    from seqlib.models.transformer import Residual

    return Residual(width, dropout, pre_norm)


def _around(pre, post):
    return _with("Residual", lambda self, x, part: (pre if self.pre_norm else post)(self, x, part))


def _pre(self, x, part):
    return x + self.dropout(part(self.norm(x)))


def _post(self, x, part):
    return self.norm(x + self.dropout(part(x)))


Residual = Exercise(
    name="14.Residual",
    points=3,
    inputs=_residuals,
    oracle=_residual_by_numbers,
    using=_try_residual,
    stand_in=_residual_module,
    mistakes={
        "pre-norm and post-norm are swapped": _around(_post, _pre),
        "it is post-norm, whatever `pre_norm` says": _around(_post, _post),
        "it is pre-norm, whatever `pre_norm` says": _around(_pre, _pre),
        "the residual is missing: $x$ has to be added to what the part made of it": _around(
            lambda self, x, part: self.dropout(part(self.norm(x))),
            lambda self, x, part: self.norm(self.dropout(part(x))),
        ),
        "with pre-norm the *normed* vector is added, so that the stream itself is normed at every block": _around(
            lambda self, x, part: self.norm(x) + self.dropout(part(self.norm(x))), _post
        ),
        "with post-norm only the part's answer is normed, the sum is not": _around(
            _pre, lambda self, x, part: x + self.norm(self.dropout(part(x)))
        ),
        "with post-norm the part reads a normed vector too: there it reads the stream": _around(
            _pre, lambda self, x, part: self.norm(x + self.dropout(part(self.norm(x))))
        ),
        "dropout falls on the whole sum: it should drop only what the part says": _around(
            lambda self, x, part: self.dropout(x + part(self.norm(x))),
            lambda self, x, part: self.norm(self.dropout(x + part(x))),
        ),
        "dropout is left out": _around(
            lambda self, x, part: x + part(self.norm(x)), lambda self, x, part: self.norm(x + part(x))
        ),
        "nothing is normed, and dropout is left out": _around(
            lambda self, x, part: x + part(x), lambda self, x, part: x + part(x)
        ),
        "nothing is normed": _around(
            lambda self, x, part: x + self.dropout(part(x)), lambda self, x, part: x + self.dropout(part(x))
        ),
    },
    accepts=[
        _around(_pre, _post),
        _with(
            "Residual",
            lambda self, x, part: (lambda total: total if self.pre_norm else self.norm(total))(
                self.dropout(part(self.norm(x) if self.pre_norm else x)).add(x)
            ),
        ),
    ],
    hints=[
        "Two lines, one for each order. In both, x itself reaches the sum untouched.",
        "Pre-norm: `part` reads `self.norm(x)`, and what it says is added to x. Post-norm: `part` reads x, and the sum "
        "is normed.",
        "`x + self.dropout(part(self.norm(x)))` and `self.norm(x + self.dropout(part(x)))`.",
    ],
    returns=("stream",),
    difficulty=2,
    minutes=8,
)


# -- EncoderBlock ----------------------------------------------------------------------------------------------------


def _mask(rng, batch, length):
    """(B, 1, S), True at real places: each row keeps a length of its own, one row keeps all."""
    import torch

    lengths = np.append(length, rng.integers(1, length, batch - 1)) if batch > 1 else np.array([length])
    return torch.as_tensor(np.arange(length)[None, None] < lengths[:, None, None])


def _encoder_cases(rng) -> list[Case]:
    def case(label, shape, heads, inner, pre_norm, masked=True):
        return Case(
            label,
            x=_doubles(_away(rng, *shape) + 0.3),
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
    import torch

    block = _filled(answer(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)
    with torch.no_grad():
        return block(x.double(), mask)


def _give_attention(theirs, ours):
    """torch's attention gets the weights of ours: q, k and v stacked in one matrix."""
    import torch

    for kind in ("weight", "bias"):
        stacked = torch.cat([getattr(part, kind).data for part in (ours.W_q, ours.W_k, ours.W_v)])
        getattr(theirs, f"in_proj_{kind}").data = stacked
        getattr(theirs.out_proj, kind).data = getattr(ours.W_o, kind).data


def _give_rest(theirs, ours):
    own = [theirs.linear1, theirs.linear2, *(getattr(theirs, f"norm{k + 1}") for k in range(len(ours.residuals)))]
    given = [ours.feed_forward.W_1, ours.feed_forward.W_2, *(r.norm for r in ours.residuals)]
    for mine, other in zip(own, given, strict=True):
        mine.weight.data, mine.bias.data = other.weight.data, other.bias.data


def _their_encoder_layer(x, mask, heads, feed_forward, pre_norm, seed):
    import torch

    from seqlib.models.transformer import EncoderBlock as ours

    ours = _filled(ours(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)
    theirs = torch.nn.TransformerEncoderLayer(
        x.shape[-1], heads, feed_forward, 0.0, batch_first=True, norm_first=pre_norm
    ).double()
    _give_attention(theirs.self_attn, ours.attention)
    _give_rest(theirs, ours)
    with torch.no_grad():
        return theirs(x.double(), src_key_padding_mask=None if mask is None else ~mask[:, 0])


def _encoder_module(width, heads, feed_forward, dropout=0.0, pre_norm=True):
    from seqlib.models.transformer import EncoderBlock

    return EncoderBlock(width, heads, feed_forward, dropout, pre_norm)


def _encoder(forward):
    """EncoderBlock with another forward, told what it has: (first residual, second, attention with its mask, F)."""

    def written(self, x, mask=None):
        first, second = self.residuals
        return forward(first, second, lambda u, mask=mask: self.attention(u, mask=mask)[0], self.feed_forward, x)

    return _with("EncoderBlock", written)


def _pre_norm_only(first, second, attend, feed, x):
    x = x + attend(first.norm(x))
    return x + feed(second.norm(x))


def _unrolled_encoder(self, x, mask=None):
    for residual, part in zip(
        self.residuals, (lambda u: self.attention(u, u, mask)[0], self.feed_forward), strict=True
    ):
        x = x + part(residual.norm(x)) if residual.pre_norm else residual.norm(x + part(x))
    return x


EncoderBlock = Exercise(
    name="14.EncoderBlock",
    points=4,
    inputs=_encoder_cases,
    oracle=_their_encoder_layer,
    using=_try_encoder_block,
    stand_in=_encoder_module,
    mistakes={
        "the mask is left out: padding is attended to": _encoder(
            lambda first, second, attend, feed, x: second(first(x, lambda u: attend(u, mask=None)), feed)
        ),
        "the order is the other way round: attention comes first": _encoder(
            lambda first, second, attend, feed, x: first(second(x, feed), attend)
        ),
        "the first residual, with its norm, is used for both parts": _encoder(
            lambda first, second, attend, feed, x: first(first(x, attend), feed)
        ),
        "the two residuals change places: each part has a norm of its own": _encoder(
            lambda first, second, attend, feed, x: first(second(x, attend), feed)
        ),
        "there is no feed-forward": _encoder(lambda first, second, attend, feed, x: first(x, attend)),
        "there is no attention": _encoder(lambda first, second, attend, feed, x: second(x, feed)),
        "the feed-forward reads what the attention said, not the stream: both share one residual": _encoder(
            lambda first, second, attend, feed, x: first(x, lambda u: feed(attend(u)))
        ),
        "both parts read the same x, side by side: the second should see what the first wrote": _encoder(
            lambda first, second, attend, feed, x: first(x, attend) + second(x, feed) - x
        ),
        "it is always pre-norm: the residuals know which order to take": _encoder(_pre_norm_only),
        "the residual is handed the attention's *answer*; it wants a function that it can call on the normed x": _with(
            "EncoderBlock",
            lambda self, x, mask=None: self.residuals[1](
                self.residuals[0](x, self.attention(x, mask=mask)[0]), self.feed_forward
            ),
        ),
        "the attention returns two things, and only the first belongs in the stream": _with(
            "EncoderBlock",
            lambda self, x, mask=None: self.residuals[1](
                self.residuals[0](x, lambda u: self.attention(u, mask=mask)), self.feed_forward
            ),
        ),
        "the feed-forward stands outside of the residual": _encoder(
            lambda first, second, attend, feed, x: feed(second.norm(first(x, attend)))
        ),
    },
    accepts=[_with("EncoderBlock", _unrolled_encoder), _encoder(lambda f, s, attend, feed, x: s(f(x, attend), feed))],
    forbids=LAYERS[:1],
    hints=[
        "Two residuals, two parts. A residual is called with x and with a *function*: what to do with the (normed) x.",
        "The attention returns two things, and its mask has to be handed on: "
        "`lambda u: self.attention(u, mask=mask)[0]`.",
        "`x = around_attention(x, lambda u: self.attention(u, mask=mask)[0])`, then "
        "`return around_feed_forward(x, self.feed_forward)`.",
    ],
    returns=("stream",),
    difficulty=3,
    minutes=12,
)


# -- shift_right -----------------------------------------------------------------------------------------------------


def _targets(rng) -> list[Case]:
    def case(label, batch, steps, pad=0):
        """Rows end with the end mark 2, then padding; one row has none."""
        import torch

        target = rng.integers(4, 30, (batch, steps))
        lengths = np.append(steps, rng.integers(2, steps, batch - 1))
        for row, length in zip(target, lengths, strict=True):
            row[length - 1 :] = pad
            row[length - 1] = 2
        return Case(label, target=torch.as_tensor(target), start=1 if pad == 0 else 3, pad=pad)

    return [
        case("3 sentences", 3, 6),
        case("4 sentences; padding is 1", 4, 5, pad=1),
        case("a single sentence", 1, 4),
    ]


def _shift_by_rows(target, start, pad=0):
    import torch

    rows_in, rows_out = [], []
    for row in np.asarray(target).tolist():
        real = [token for token in row if token != pad]
        missing = len(row) - len(real)
        rows_in.append([start, *real[:-1], *[pad] * missing])
        rows_out.append([*real, *[-100] * missing])
    return torch.tensor(rows_in), torch.tensor(rows_out)


def _shifted(target, start, pad, *, keep_end=False):
    """The right answer, in torch."""
    import torch

    read = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)
    following = target == pad
    return read.masked_fill(following, pad), target.masked_fill(following, -100)


def _shift_wrong(change):
    def wrong(target, start, pad):
        return change(target, *_shifted(target, start, pad), start, pad)

    return wrong


def _rolled(target, start, pad):
    import torch

    read = torch.roll(target, 1, dims=1)
    read[:, 0] = start
    return torch.where(target == pad, pad, read), torch.where(target == pad, -100, target)


shift_right = Exercise(
    name="14.shift_right",
    points=3,
    inputs=_targets,
    oracle=_shift_by_rows,
    mistakes={
        "the decoder reads the very token that it should say: nothing is shifted": _shift_wrong(
            lambda t, read, out, start, pad: (t.clone(), out)
        ),
        "it is shifted the other way: the input is one step *ahead* of the answer": _shift_wrong(
            lambda t, read, out, start, pad: (t.roll(-1, 1), out)
        ),
        "input and answer are the same shifted row: the answer is the target itself": _shift_wrong(
            lambda t, read, out, start, pad: (read, read.masked_fill(t == pad, -100))
        ),
        "the two results change places: what is read comes first": _shift_wrong(
            lambda t, read, out, start, pad: (out, read)
        ),
        "the last token goes round to the front: there belongs the start mark": _shift_wrong(
            lambda t, read, out, start, pad: (t.roll(1, 1).masked_fill(t == pad, pad), out)
        ),
        "padding counts as an answer: it should be −100, which the loss leaves out": _shift_wrong(
            lambda t, read, out, start, pad: (read, t.clone())
        ),
        "the end mark is not asked for: the model would never learn to stop": _shift_wrong(
            lambda t, read, out, start, pad: (read, out.masked_fill(out == 2, -100))
        ),
        "the end mark is read where there is nothing more to say: there the input is padding": _shift_wrong(
            lambda t, read, out, start, pad: (read + (t == pad) * (t.roll(1, 1) - pad), out)
        ),
    },
    accepts=[_shifted, _rolled],
    hints=[
        "Two things of the same shape as `target`. The answers are the target itself, with −100 in the place of padding.",
        "What is read: a column of `start`, then `target` without its last column. Where nothing is asked for, put `pad`.",
        "`torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)`, then "
        "`.masked_fill(target == pad, pad)`.",
    ],
    returns=("target_in", "target_out"),
    difficulty=2,
    minutes=8,
)


# -- DecoderBlock ----------------------------------------------------------------------------------------------------


def _decoder_cases(rng) -> list[Case]:
    def case(label, batch, steps, places, width, heads, inner, pre_norm):
        return Case(
            label,
            x=_doubles(_away(rng, batch, steps, width) + 0.3),
            memory=_doubles(_away(rng, batch, places, width) - 0.2),
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
    import torch

    block = _filled(answer(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)
    causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
    with torch.no_grad():
        return block(x.double(), memory.double(), causal, memory_mask)


def _their_decoder_layer(x, memory, memory_mask, heads, feed_forward, pre_norm, seed):
    import torch

    from seqlib.models.transformer import DecoderBlock as ours

    ours = _filled(ours(x.shape[-1], heads, feed_forward, 0.0, pre_norm), seed)
    theirs = torch.nn.TransformerDecoderLayer(
        x.shape[-1], heads, feed_forward, 0.0, batch_first=True, norm_first=pre_norm
    ).double()
    _give_attention(theirs.self_attn, ours.self_attention)
    _give_attention(theirs.multihead_attn, ours.cross_attention)
    _give_rest(theirs, ours)
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    with torch.no_grad():
        return theirs(x.double(), memory.double(), tgt_mask=future, memory_key_padding_mask=~memory_mask[:, 0])


def _decoder_module(width, heads, feed_forward, dropout=0.0, pre_norm=True):
    from seqlib.models.transformer import DecoderBlock

    return DecoderBlock(width, heads, feed_forward, dropout, pre_norm)


def _decoder(forward):
    """DecoderBlock with another forward, told what it has: residuals, self-attention, cross-attention, F."""

    def written(self, x, memory, mask=None, memory_mask=None):
        return forward(
            *self.residuals,
            lambda u, mask=mask: self.self_attention(u, mask=mask)[0],
            lambda u, memory=memory, mask=memory_mask: self.cross_attention(u, memory, mask)[0],
            self.feed_forward,
            x,
        )

    return _with("DecoderBlock", written)


def _unrolled_decoder(self, x, memory, mask=None, memory_mask=None):
    parts = (
        lambda u: self.self_attention(u, u, mask)[0],
        lambda u: self.cross_attention(u, memory, memory_mask)[0],
        self.feed_forward,
    )
    for residual, part in zip(self.residuals, parts, strict=True):
        x = x + part(residual.norm(x)) if residual.pre_norm else residual.norm(x + part(x))
    return x


DecoderBlock = Exercise(
    name="14.DecoderBlock",
    points=4,
    inputs=_decoder_cases,
    oracle=_their_decoder_layer,
    using=_try_decoder_block,
    stand_in=_decoder_module,
    mistakes={
        "the causal mask is left out: every position sees the answer": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, lambda u: own(u, mask=None)), cross), feed)
        ),
        "the memory's mask is left out: the padding of the source is attended to": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, own), lambda u: cross(u, mask=None)), feed)
        ),
        "the second attention reads the target again: its keys and values come from the memory": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, own), lambda u: cross(u, memory=None, mask=None)), feed)
        ),
        "the attention to the memory comes before the masked self-attention": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, cross), own), feed)
        ),
        "there is no attention to the memory: the decoder never sees the source": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r1(x, own), feed)
        ),
        "there is no self-attention": _decoder(lambda r1, r2, r3, own, cross, feed, x: r3(r2(x, cross), feed)),
        "there is no feed-forward": _decoder(lambda r1, r2, r3, own, cross, feed, x: r2(r1(x, own), cross)),
        "the first residual, with its norm, is used three times": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r1(r1(r1(x, own), cross), feed)
        ),
        "the feed-forward comes between the two attentions": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, own), feed), cross)
        ),
        "both attentions share one residual: the second should read the stream": _decoder(
            lambda r1, r2, r3, own, cross, feed, x: r3(r2(x, lambda u: cross(own(u))), feed)
        ),
    },
    accepts=[
        _with("DecoderBlock", _unrolled_decoder),
        _decoder(lambda r1, r2, r3, own, cross, feed, x: r3(r2(r1(x, own), cross), feed)),
    ],
    forbids=LAYERS[1:2],
    hints=[
        "An encoder block with one part more, in the middle: three residuals, three parts.",
        "Queries come from the stream, keys and values from the memory: "
        "`lambda u: self.cross_attention(u, memory, memory_mask)[0]`.",
        "`x = around_self(x, lambda u: self.self_attention(u, mask=mask)[0])`, then `around_cross` with the line "
        "above, then `around_feed_forward(x, self.feed_forward)`.",
    ],
    returns=("stream",),
    difficulty=3,
    minutes=12,
)


# -- embed -----------------------------------------------------------------------------------------------------------


def _embedding_cases(rng) -> list[Case]:
    def case(label, vocabulary, width, longest, batch, steps):
        import torch

        return Case(
            label,
            tokens=torch.as_tensor(rng.integers(1, vocabulary, (batch, steps))),
            table=_doubles(_away(rng, vocabulary, width)),
            places=_doubles(_away(rng, longest, width)),
        )

    return [
        case("3 sentences of 4 tokens", 9, 6, 8, 3, 4),
        case("a sentence as long as allowed, less one", 7, 10, 6, 1, 5),
        case("more tokens than numbers in a vector", 5, 4, 9, 2, 7),
    ]


def _embedded_one_by_one(tokens, table, places):
    import torch

    rows = [
        [table[token] * len(table[0]) ** 0.5 + place for token, place in zip(row, places, strict=False)]
        for row in np.asarray(tokens)
    ]
    return torch.stack([torch.stack([torch.as_tensor(x) for x in row]) for row in rows])


def _embedded(change):
    """`change(token vectors, their positions, D, all positions)` in the place of (14.8)."""
    return lambda tokens, table, places: change(table[tokens], places[: tokens.shape[1]], table.shape[1], places)


embed = Exercise(
    name="14.embed",
    points=2,
    inputs=_embedding_cases,
    oracle=_embedded_one_by_one,
    mistakes={
        "the factor $\\sqrt D$ is left out": _embedded(lambda e, p, D, every: e + p),
        "it is divided by $\\sqrt D$: that belongs to the attention's scores": _embedded(
            lambda e, p, D, every: e / D**0.5 + p
        ),
        "it is multiplied by D, not by its root": _embedded(lambda e, p, D, every: e * D + p),
        "the positions are multiplied too: $\\sqrt D$ belongs to the token alone": _embedded(
            lambda e, p, D, every: (e + p) * D**0.5
        ),
        "the positions are left out": _embedded(lambda e, p, D, every: e * D**0.5),
        "the positions begin with 1, not with 0": _embedded(lambda e, p, D, every: e * D**0.5 + every[1 : len(p) + 1]),
        "the last positions of the table are taken, not the first": _embedded(
            lambda e, p, D, every: e * D**0.5 + every[-len(p) :]
        ),
        "every position gets the vector of the first": _embedded(lambda e, p, D, every: e * D**0.5 + every[0]),
        "the positions are multiplied with the tokens, not added": _embedded(lambda e, p, D, every: e * D**0.5 * p),
    },
    accepts=[
        _embedded(lambda e, p, D, every: p[None] + e * math.sqrt(e.shape[-1])),
        _embedded(lambda e, p, D, every: every.narrow(0, 0, e.shape[1]) + e.mul(D**0.5)),
    ],
    hints=[
        "`table[tokens]` has shape (B, T, D). How large are its numbers, how large those of the positions?",
        "The token's vector times $\\sqrt D$, plus the first T rows of `places`.",
        "`table[tokens] * math.sqrt(table.shape[1]) + places[: tokens.shape[1]]`.",
    ],
    returns=("x",),
    difficulty=1,
    minutes=5,
)


# -- Transformer -----------------------------------------------------------------------------------------------------


def _model_cases(rng) -> list[Case]:
    def case(label, batch, places, steps, pre_norm):
        import torch

        source, target = rng.integers(1, 9, (batch, places)), rng.integers(1, 7, (batch, steps))
        for row, length in zip(source, np.append(places, rng.integers(2, places, batch - 1)), strict=True):
            row[length:] = 0
        target[-1, -1] = 0
        return Case(
            label,
            source=torch.as_tensor(source),
            target_in=torch.as_tensor(target),
            pre_norm=pre_norm,
            seed=int(rng.integers(1, 10**6)),
        )

    return [
        case("3 sources of different lengths, 4 steps", 3, 6, 4, True),
        case("post-norm, 2 sources, 5 steps", 2, 4, 5, False),
        case("as many source places as steps", 3, 5, 5, True),
    ]


def _try_transformer(answer, source, target_in, pre_norm, seed):
    import torch

    model = _filled(answer(9, 7, 6, 3, 2, feed_forward=9, max_length=8, pre_norm=pre_norm), seed)
    with torch.no_grad():
        state, each = model.begin(source), []
        for t in range(target_in.shape[1]):
            logits, state = model.step(target_in[:, t], state)
            each.append(logits)
        return model(source, target_in), torch.stack(each, dim=1)


def _sentence_by_sentence(source, target_in, pre_norm, seed):
    # No mask can be wrong where there is no padding: each source alone, cut to its length; each beginning alone.
    import torch

    from seqlib.models.transformer import Transformer as ours

    model = _filled(ours(9, 7, 6, 3, 2, feed_forward=9, max_length=8, pre_norm=pre_norm), seed)
    found = torch.zeros(*target_in.shape, 7, dtype=torch.float64)
    with torch.no_grad():
        for b, (row, target) in enumerate(zip(source, target_in, strict=True)):
            memory = model.encoder(row[row != 0][None])
            for t in range(len(target)):
                found[b, t] = model.decoder(target[None, : t + 1], memory, None)[0, -1]
    return found, found


def _transformer_module(source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
    from seqlib.models.transformer import Transformer

    return Transformer(source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options)


def _real(source):
    return (source != 0)[:, None]


def _model(forward=None, step=None):
    def right(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), _real(source))

    def right_step(self, tokens, state):
        import torch

        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

    return _with("Transformer", forward or right, step=step or right_step)


def _step(change):
    """A wrong step: `change(decoder, written before, new (B, 1), memory, mask)` gives logits and what is kept."""

    def wrong(self, tokens, state):
        memory, mask, written = state
        logits, kept = change(self.decoder, written, tokens[:, None], memory, mask)
        return logits, (memory, mask, kept)

    return _model(step=wrong)


def _join(*parts):
    import torch

    return torch.cat(parts, dim=1)


Transformer = Exercise(
    name="14.Transformer",
    points=4,
    inputs=_model_cases,
    oracle=_sentence_by_sentence,
    using=_try_transformer,
    stand_in=_transformer_module,
    mistakes={
        "the padding of the source is not masked in the decoder": _model(
            lambda self, source, target_in: self.decoder(target_in, self.encoder(source), None)
        ),
        "the decoder looks at the source's embedding: the encoder never reads": _model(
            lambda self, source, target_in: self.decoder(target_in, self.encoder.embedding(source), _real(source))
        ),
        "the encoder reads causally: the source may be seen as a whole": _model(
            lambda self, source, target_in: self.decoder(target_in, self.encoder(source, causal=True), _real(source))
        ),
        "the mask is inverted: True means attend": _model(
            lambda self, source, target_in: self.decoder(target_in, self.encoder(source), ~_real(source))
        ),
        "a step reads the newest token only: what was written before is lost, or was never put into the state": _step(
            lambda decoder, written, new, memory, mask: (decoder(new, memory, mask)[:, -1], new)
        ),
        "a step hands back the answer at the first position, not at the newest": _step(
            lambda decoder, written, new, memory, mask: (
                decoder(_join(written, new), memory, mask)[:, 0],
                _join(written, new),
            )
        ),
        "a step puts the new token in front of the others": _step(
            lambda decoder, written, new, memory, mask: (
                decoder(_join(new, written), memory, mask)[:, -1],
                _join(new, written),
            )
        ),
        "a step forgets the source's mask": _step(
            lambda decoder, written, new, memory, mask: (
                decoder(_join(written, new), memory, None)[:, -1],
                _join(written, new),
            )
        ),
    },
    accepts=[_model()],
    forbids=LAYERS,
    hints=[
        "Forward: the encoder reads the source into a memory; the decoder reads `target_in`, the memory, and which places "
        "of the memory are real.",
        "`padding_mask(source, self.encoder.pad)` says which are real. A step: append the tokens to what was written, "
        "run the decoder over all of it, keep the last position.",
        "`written = torch.cat([written, tokens[:, None]], dim=1)`; "
        "`return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)`.",
    ],
    returns=("logits of forward", "logits step by step"),
    difficulty=3,
    minutes=12,
)


# -- one_by_one ------------------------------------------------------------------------------------------------------


class Whole:
    """A model whose answer at every position depends on all that it is given: no mask hides anything."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.of_source, self.of_target, self.mix = (
            rng.normal(size=(11, 6)),
            rng.normal(size=(13, 6)),
            rng.normal(size=(6, 6)),
        )

    def __call__(self, source, target_in):
        import torch

        read = torch.as_tensor(self.of_source)[source].mean(dim=1, keepdim=True)
        written = torch.as_tensor(self.of_target)[target_in]
        places = torch.arange(1, target_in.shape[1] + 1)[:, None]
        everything = (written * places).sum(dim=1, keepdim=True) / len(places)
        return (read + torch.tanh(written) + everything) @ torch.as_tensor(self.mix)


def _prefix_cases(rng) -> list[Case]:
    def case(label, batch, places, steps):
        import torch

        whole = Whole(int(rng.integers(10**6)))
        return Case(
            label,
            forward=lambda source, target_in: whole(source, target_in),
            source=torch.as_tensor(rng.integers(0, 11, (batch, places))),
            target_in=torch.as_tensor(rng.integers(0, 13, (batch, steps))),
        )

    return [case("3 sentences, 5 steps", 3, 4, 5), case("one sentence, 3 steps", 1, 6, 3), case("2 sentences", 2, 3, 7)]


def _each_sentence_alone(forward, source, target_in):
    import torch

    rows = [
        torch.cat(
            [
                forward(source[b : b + 1], target_in[b : b + 1, :stop])[:, stop - 1]
                for stop in range(1, target_in.shape[1] + 1)
            ]
        )
        for b in range(len(source))
    ]
    return torch.stack(rows)


def _prefixes(change):
    """A wrong way through the steps: `change(forward, source, target_in, t)` gives the logits (B, V) of step t."""

    def wrong(forward, source, target_in):
        import torch

        return torch.stack([change(forward, source, target_in, t) for t in range(target_in.shape[1])], dim=1)

    return wrong


def _grown(forward, source, target_in):
    import torch

    written, logits = target_in[:, :0], []
    for tokens in target_in.T:
        written = torch.cat([written, tokens[:, None]], dim=1)
        logits += [forward(source, written)[:, -1:]]
    return torch.cat(logits, dim=1)


one_by_one = Exercise(
    name="14.one_by_one",
    points=3,
    inputs=_prefix_cases,
    oracle=_each_sentence_alone,
    mistakes={
        "the whole target is read at once: that is the parallel form, which you want to compare with": lambda f, s, t: (
            f(s, t)
        ),
        "only the newest token is read, and nothing before it": _prefixes(
            lambda f, s, t, k: f(s, t[:, k : k + 1])[:, -1]
        ),
        "the answer at the first position is kept, not that at the newest": _prefixes(
            lambda f, s, t, k: f(s, t[:, : k + 1])[:, 0]
        ),
        "each step reads one token too many: the answer itself": _prefixes(
            lambda f, s, t, k: f(s, t[:, : k + 2])[:, k]
        ),
        "each step reads one token too few": _prefixes(lambda f, s, t, k: f(s, t[:, : max(k, 1)])[:, -1]),
        "the beginning is cut off at the wrong end: it should hold the *first* tokens": _prefixes(
            lambda f, s, t, k: f(s, t[:, t.shape[1] - 1 - k :])[:, -1]
        ),
        "every step gives the last position of the whole target": _prefixes(lambda f, s, t, k: f(s, t)[:, -1]),
    },
    accepts=[_grown, _prefixes(lambda f, s, t, k: f(s, t[:, : k + 1])[:, -1])],
    hints=[
        "For step t the model may read the first t + 1 tokens of `target_in`, no more.",
        "`forward(source, target_in[:, : t + 1])` has t + 1 positions. Which one answers step t?",
        "`torch.stack([forward(source, target_in[:, : t + 1])[:, -1] for t in range(T)], dim=1)`.",
    ],
    returns=("logits",),
    difficulty=2,
    minutes=8,
)


# -- smoothed_loss ---------------------------------------------------------------------------------------------------


def _logit_cases(rng) -> list[Case]:
    def case(label, shape, epsilon, ignored):
        import torch

        logits, targets = rng.normal(size=shape) * 2 + 0.7, rng.integers(0, shape[-1], shape[:-1])
        flat = targets.reshape(-1)
        flat[rng.permutation(flat.size)[:ignored]] = -100
        return Case(label, logits=_doubles(logits), targets=torch.as_tensor(targets), epsilon=epsilon)

    return [
        case("2 sentences of 4 words, two of them padding", (2, 4, 6), 0.1, 2),
        case("3 sentences of 5 words, much smoothing", (3, 5, 4), 0.4, 3),
        case("no smoothing", (2, 3, 5), 0.0, 1),
    ]


def _their_smoothed(logits, targets, epsilon):
    import torch

    logits, targets = torch.as_tensor(logits), torch.as_tensor(targets)
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, -2), targets.flatten(), ignore_index=-100, label_smoothing=float(epsilon)
    )


def _smoothed(logits, targets, epsilon, *, gold=None, other=None, of="all", padding=False, total=False, log=True):
    """−Σ q log p with each part of it replaceable."""
    logits, V = _doubles(logits), logits.shape[-1]
    log_p = logits.log_softmax(dim=-1) if log else logits
    real = targets != -100
    index = targets.masked_fill(~real, 0)[..., None]
    chosen, everything = log_p.gather(-1, index)[..., 0], log_p.sum(dim=-1)
    gold, other = (1 - epsilon if gold is None else gold), (epsilon / V if other is None else other)
    each = -gold * chosen - other * (everything - chosen if of == "others" else everything)
    counted = each if padding else each[real]
    return counted.sum() if total else counted.mean()


def _smooth_p(logits, targets, epsilon):
    """The probability is smoothed, and then the logarithm taken."""
    logits = _doubles(logits)
    real = targets != -100
    p = logits.softmax(dim=-1)[real].gather(-1, targets[real][:, None])[:, 0]
    return -((1 - epsilon) * p + epsilon / logits.shape[-1]).log().mean()


def _soft_targets(logits, targets, epsilon):
    import torch

    logits, targets = logits.flatten(0, -2), targets.flatten()
    logits, targets = logits[targets >= 0], targets[targets >= 0]
    q = torch.full_like(logits, epsilon / logits.shape[1])
    q[torch.arange(len(q)), targets] += 1 - epsilon
    return (q * (logits.logsumexp(dim=1, keepdim=True) - logits)).sum() / len(q)


smoothed_loss = Exercise(
    name="14.smoothed_loss",
    points=3,
    inputs=_logit_cases,
    oracle=_their_smoothed,
    mistakes={
        "the gold class is left out of the spread: $\\varepsilon$ is shared among the other $V-1$ only": lambda z, y, e: (
            _smoothed(z, y, e, other=e / (z.shape[-1] - 1), of="others")
        ),
        "the gold class gets $1 - \\varepsilon$ and the others $\\varepsilon / V$ each: that does not sum to 1": lambda z, y, e: (
            _smoothed(z, y, e, of="others")
        ),
        "the gold class keeps all of its 1, and $\\varepsilon$ is added on top": lambda z, y, e: _smoothed(
            z, y, e, gold=1.0
        ),
        "$\\varepsilon$ and $1 - \\varepsilon$ change places": lambda z, y, e: _smoothed(
            z, y, e, gold=e, other=(1 - e) / z.shape[-1]
        ),
        "$\\varepsilon$ is not divided by V: every class gets all of it": lambda z, y, e: _smoothed(z, y, e, other=e),
        "nothing is smoothed": lambda z, y, e: _smoothed(z, y, 0.0),
        "the gold class's share is taken away and given to nobody": lambda z, y, e: _smoothed(z, y, e, other=0.0),
        "padding (−100) is counted as class 0": lambda z, y, e: _smoothed(z, y, e, padding=True),
        "the losses are summed, not averaged": lambda z, y, e: _smoothed(z, y, e, total=True),
        "the logits are taken for log-probabilities: the log-softmax is missing": lambda z, y, e: _smoothed(
            z, y, e, log=False
        ),
        "the model's probability is smoothed, and then the logarithm taken: it is the *target* that is smoothed": _smooth_p,
    },
    accepts=[_smoothed, _soft_targets],
    forbids=("torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss", "torch.nn.functional.kl_div"),
    hints=[
        "First throw away the padding: `real = targets != -100`, then `logits[real]` and `targets[real]`.",
        "Two losses: minus the mean log-probability of the right words, and minus the mean log-probability of *all* V words.",
        "`(1 - epsilon) * hard + epsilon * uniform` with `hard = -log_p[torch.arange(len(targets)), targets].mean()` and "
        "`uniform = -log_p.mean()`.",
    ],
    returns=("loss",),
    difficulty=3,
    minutes=10,
)


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


noam = Exercise(
    name="14.noam",
    points=2,
    inputs=_schedules,
    oracle=_by_branches,
    mistakes={
        "the larger of the two is taken: it begins enormous": lambda s, D, w: D**-0.5 * max(s**-0.5, s * w**-1.5),
        "it never falls: the inverse root is left out": lambda s, D, w: D**-0.5 * s * w**-1.5,
        "there is no warm-up": lambda s, D, w: D**-0.5 * s**-0.5,
        "it is multiplied by $\\sqrt D$: a wider model takes *smaller* steps": lambda s, D, w: (
            D**0.5 * min(s**-0.5, s * w**-1.5)
        ),
        "the width is left out": lambda s, D, w: min(s**-0.5, s * w**-1.5),
        "the warm-up has the power $-\\frac12$, so that it ends after a few steps": lambda s, D, w: (
            D**-0.5 * min(s**-0.5, s * w**-0.5)
        ),
        "the warm-up has the power −1, and the two branches do not meet at its end": lambda s, D, w: (
            D**-0.5 * min(s**-0.5, s * w**-1.0)
        ),
        "it falls as $1/t$, not as $1/\\sqrt t$": lambda s, D, w: D**-0.5 * min(s**-1.0, s * w**-1.5),
        "it is divided by D, not by its root": lambda s, D, w: D**-1.0 * min(s**-0.5, s * w**-1.5),
        "steps are counted from 0": lambda s, D, w: D**-0.5 * min(max(s - 1, 1e-9) ** -0.5, (s - 1) * w**-1.5),
    },
    accepts=[
        lambda s, D, w: (D * max(s, w**3 / s**2)) ** -0.5,
        lambda s, D, w: np.sqrt(1 / D) * np.minimum(1 / np.sqrt(s), s / w**1.5),
    ],
    hints=[
        "Two curves: one that rises with the step, one that falls with its root. Take the lower one.",
        "`step ** -0.5` and `step * warmup ** -1.5`: at step = warmup both are the same.",
        "`width ** -0.5 * min(step ** -0.5, step * warmup ** -1.5)`.",
    ],
    returns=("rate",),
    difficulty=1,
    minutes=5,
)


EXERCISES = [
    layer_norm, Residual, EncoderBlock, shift_right, DecoderBlock, embed, Transformer, one_by_one, noam, smoothed_loss,
]  # fmt: skip
