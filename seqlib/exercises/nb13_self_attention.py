"""Notebook 13: self-attention, from a dictionary made soft to several heads that know where they are."""

import math

import numpy as np
import torch

from seqlib.checks.compare import difference
from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away
from seqlib.models.attention import MultiHeadAttention, padding_mask, rotary, sinusoidal_positions

# What would do the work of writing attention.
READY_MADE = (
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
)


def _draw(rng, *shape):
    """Numbers of both signs that are not near zero, as a float64 tensor."""
    return torch.from_numpy(away(rng, *shape))


# -- roles -----------------------------------------------------------------------------------------------------------

SAID, BEING, MANNER, DOING, STATE = ("cat", "already", "ate", "full"), 0, 1, 2, 3
ASKS = ((DOING, BEING), (STATE, DOING))


def _table(rows):
    """(4, 2): the rows given, zeros elsewhere."""
    made = np.zeros((4, 2))
    for row, numbers in rows.items():
        made[row] = numbers
    return made


_ASKED, _FOUND = _table({DOING: (4, 0), STATE: (0, 4)}), _table({BEING: (1, 0), DOING: (0, 1)})


def _asks_whom(found, case) -> str | None:
    """Who looks at whom under these matrices: None if ate looks at cat and full at ate."""
    wanted = "`roles` should be (W_q, W_k), two arrays of shape (4, 2)"
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        return f"{wanted}; found {type(found).__name__}"
    try:
        W_q, W_k = (np.asarray(each, dtype=float) for each in found)
    except (TypeError, ValueError):
        return f"{wanted}, and holds something that is no number"
    for name, each in (("W_q", W_q), ("W_k", W_k)):
        if each.shape != (4, 2):
            return f"{wanted}; `{name}` has shape {each.shape}"
        if not np.isfinite(each).all():
            return f"`{name}` should hold finite numbers"
    short = _falls_short(W_q, W_k)
    mended = {
        "the two matrices changed places": (W_k, W_q),
        "the columns of `W_q` changed places": (W_q[:, ::-1], W_k),
        "the sign of `W_q` turned": (-W_q, W_k),
        "all scores twenty times as large": (20 * W_q, W_k),
    }
    would = next((told for told, pair in mended.items() if short and not _falls_short(*pair)), None)
    return f"{short}. With {would} it would be right" if would else short


def _falls_short(W_q, W_k) -> str | None:
    scores = W_q @ W_k.T
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
    for who, whom in ASKS:
        row, at = weights[who], int(weights[who].argmax())
        if row[whom] < 0.9:
            most = "" if at == whom else f"; most, {row[at]:.2f}, goes to {SAID[at]}"
            return f"{SAID[who]} gives {SAID[whom]} {row[whom]:.2f} of its attention, and should give 0.9{most}"
    return None


roles = Exercise(
    name="13.roles",
    points=3,
    value=True,
    oracle=lambda: (_ASKED, _FOUND),
    judge=_asks_whom,
    mistakes={
        "query and key have changed places: *cat* asks for *ate*, and not *ate* for *cat*": lambda: (4 * _FOUND, _ASKED / 4),
        "the scores are right and too small: with a 1 on both sides a match is only $e$ times a miss": lambda: (_ASKED / 4, _FOUND),
        "every word asks for what it is itself: `W_q` and `W_k` mean the same": lambda: (4 * np.eye(4)[:, [0, 2]], np.eye(4)[:, [0, 2]]),
        "*full* looks past *ate* to the cat: a state asks for what *happened*, in the second column": lambda: (_table({DOING: (4, 0), STATE: (4, 0)}), _FOUND),
        "*ate* asks and nobody is found by the first column: the key of a being is missing": lambda: (_ASKED, _table({DOING: (0, 1)})),
        "*full* asks for nothing: its row of `W_q` is zero, and it looks everywhere": lambda: (_table({DOING: (4, 0)}), _FOUND),
        "*ate* asks for nothing: its row of `W_q` is zero, and it looks everywhere": lambda: (_table({STATE: (0, 4)}), _FOUND),
        "the sign is turned: what is asked for gets the lowest score": lambda: (-_ASKED, _FOUND),
        "the two columns of the queries are changed: *ate* asks for what happened, *full* for who": lambda: (_ASKED[:, ::-1], _FOUND),
        "*already* is found as well: its key should be zero, it is neither a being nor a doing": lambda: (_ASKED, _FOUND + _table({MANNER: (1, 1)})),
        "a query with both columns large finds beings and doings alike": lambda: (_table({DOING: (4, 4), STATE: (4, 4)}), _FOUND),
    },
)  # fmt: skip


# -- attention_loop --------------------------------------------------------------------------------------------------


def _sentences(rng) -> list[Case]:
    def case(label, steps, width, d_k, d_v):
        return Case(label, x=_draw(rng, steps, width), W_q=_draw(rng, width, d_k), W_k=_draw(rng, width, d_k),
                    W_v=_draw(rng, width, d_v))  # fmt: skip

    return [
        case("4 tokens of width 3", 4, 3, 2, 5),
        case("6 tokens of width 2", 6, 2, 3, 4),
        case("a single token", 1, 4, 3, 2),
        case("3 tokens, as wide as there are tokens, so that a wrong axis fits", 3, 3, 3, 3),
    ]


def _torch_unscaled(x, W_q, W_k, W_v):
    q, k, v = (torch.as_tensor(x @ W)[None] for W in (W_q, W_k, W_v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)[0]


def _attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        powers = torch.exp(k @ q[t])
        out.append(powers / powers.sum() @ v)
    return torch.stack(out)


attention_loop = Exercise(
    name="13.attention_loop",
    points=3,
    inputs=_sentences,
    oracle=_torch_unscaled,
    right=_attention_loop,
    mistakes=slips(_attention_loop, {
        "query and key change places: token t asks with $q_t$, and the others answer with $k_s$": "k @ q[t] → q @ k[t]",
        "keys are read out in the place of the values": "powers.sum() @ v → powers.sum() @ k",
        "the tokens themselves are read out: $W_v$ is left out": "powers.sum() @ v → powers.sum() @ x",
        "the tokens are compared as they are: $W_q$ and $W_k$ are left out": "k @ q[t] → x @ x[t]",
        "only the last token asks": "k @ q[t] → k @ q[-1]",
        "only one token answers, the one that asks: inside there is a second loop, over s": "powers / powers.sum() @ v → v[t]",
        "the weights sum to one over the tokens that ask, not over those that are asked": "powers.sum() → torch.exp(q @ k.T).sum(dim=0)",
        "the powers are not divided by their sum": "powers / powers.sum() → powers",
        "the exponential is missing: scores over their sum, which can be negative": "torch.exp(k @ q[t]) → k @ q[t]",
        "a token sees only itself and those before it: nobody asked for that yet": "torch.exp(k @ q[t]) → torch.exp(k @ q[t]) * (torch.arange(len(x)) <= t)",
        "a token does not look at itself: it is one of those that are asked": "torch.exp(k @ q[t]) → torch.exp(k @ q[t]) * (torch.arange(len(x)) != t)",
        "the scores are divided by $\\sqrt{d_k}$ already: that comes in the next section": "k @ q[t] → k @ q[t] / q.shape[1] ** 0.5",
        "the result is divided by the number of tokens once more": "out.append(powers → out.append(1 / len(x) * powers",
    }),
    forbids=READY_MADE,
    returns=("out",),
)  # fmt: skip


# -- attention -------------------------------------------------------------------------------------------------------


def _some_mask(rng, *shape):
    """A mask in which every row has something to attend to and something not to, no sequence's like the first's."""
    mask = torch.from_numpy(rng.random(shape) < 0.5)
    mask[..., 0], mask[..., -1] = True, False
    mask[:, ..., 1], mask[0, ..., 1] = True, False
    return mask


def _asked(rng) -> list[Case]:
    def parts(batch, steps, places, d_k, d_v):
        return dict(q=_draw(rng, *batch, steps, d_k), k=_draw(rng, *batch, places, d_k),
                    v=_draw(rng, *batch, places, d_v))  # fmt: skip

    empty = _some_mask(rng, 2, 4, 3)
    empty[1, 2] = False
    return [
        Case("one sentence: 3 queries, 5 keys", **parts((), 3, 5, 4, 2)),
        Case("a batch of 2, each with its mask", **parts((2,), 4, 5, 3, 6), mask=_some_mask(rng, 2, 4, 5)),
        Case("a batch of 3 with 2 heads, one mask for all", **parts((3, 2), 4, 6, 5, 7), mask=_some_mask(rng, 4, 6)),
        Case("a query that may look nowhere", **parts((2,), 4, 3, 6, 5), mask=empty),
    ]


def _by_torch(q, k, v, mask=None):
    # PyTorch's own; its weights are what it reads when the values are the unit vectors.
    q, k, v = (torch.as_tensor(part) for part in (q, k, v))
    places = k.shape[-2]
    units = torch.eye(places, dtype=q.dtype).expand(*k.shape[:-1], places)
    lead = [part[None] for part in (q, k, v, units)] if q.ndim == 2 else [q, k, v, units]
    read = [
        torch.nn.functional.scaled_dot_product_attention(*lead[:2], values, attn_mask=mask).nan_to_num()
        for values in lead[2:]
    ]
    return tuple(part[0] if q.ndim == 2 else part for part in read)


def _attention(q, k, v, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(dim=-1).nan_to_num()
    return weights @ v, weights


_HIDE = "scores = scores.masked_fill(~mask, -torch.inf)"

attention = Exercise(
    name="13.attention",
    points=4,
    inputs=_asked,
    oracle=_by_torch,
    right=_attention,
    trains=True,
    mistakes=slips(_attention, {
        "the scores are not divided by $\\sqrt{d_k}$": " / math.sqrt(q.shape[-1]) →",
        "the scores are divided by $d_k$, not by its root": "math.sqrt(q.shape[-1]) → q.shape[-1]",
        "the scores are divided by the root of the number of keys": "math.sqrt(q.shape[-1]) → math.sqrt(k.shape[-2])",
        "the scores are divided by the root of $d_v$, the values' width": "math.sqrt(q.shape[-1]) → math.sqrt(v.shape[-1])",
        "the scores are multiplied by $\\sqrt{d_k}$": "/ math.sqrt → * math.sqrt",
        "the scale comes after the softmax, so that the weights no longer sum to one": (" / math.sqrt(q.shape[-1]) →", "nan_to_num() → nan_to_num() / math.sqrt(q.shape[-1])"),
        "each query and key is divided by its own length: a cosine, which forgets how strong a key is": "q @ k.mT / math.sqrt(q.shape[-1]) → (q / q.norm(dim=-1, keepdim=True)) @ (k / k.norm(dim=-1, keepdim=True)).mT",
        "the weights sum to one over the queries: the softmax runs along the wrong axis": "softmax(dim=-1) → softmax(dim=-2)",
        "the weights sum to one over the queries, for the softmax runs along the wrong axis, over scores of −1e9": ("softmax(dim=-1).nan_to_num() → softmax(dim=-2)", "-torch.inf → -1e9"),
        "the mask is the other way round: here True means attend": "~mask → mask",
        "the mask of the first sequence (or query) is used for all": "~mask → ~mask[:1]",
        "the mask comes after the softmax: what is hidden still took its share of the sum": (f"{_HIDE} → after = mask", "weights = scores.softmax(dim=-1).nan_to_num() → weights = scores.softmax(dim=-1) * (1 if mask is None else after)"),
        "hidden scores are set to 0, which is a score like any other: $e^0 = 1$": "-torch.inf → 0.0",
        "the mask is not used": f"{_HIDE} → pass",
        "a query that may look nowhere gets NaN: minus infinity everywhere has no softmax": ".nan_to_num() →",
        "a query that may look nowhere looks everywhere: its weights should all be zero": "-torch.inf → torch.finfo(scores.dtype).min",
        "the two results change places: what is read comes first": "weights @ v, weights → weights, weights @ v",
    }),
    forbids=READY_MADE,
    returns=("out", "weights"),
)  # fmt: skip


# -- causal_mask -----------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    return [
        Case("5 tokens", length=5),
        Case("some more", length=int(rng.integers(6, 200))),
        Case("a single token", length=1),
    ]


def _by_comparing(length):
    t = torch.arange(length)
    return t[:, None] >= t


def _causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool).tril()


causal_mask = Exercise(
    name="13.causal_mask",
    points=2,
    inputs=_lengths,
    oracle=_by_comparing,
    right=_causal_mask,
    mistakes=slips(_causal_mask, {
        "a token may not look at itself: the diagonal is left out": "tril() → tril(-1)",
        "a token sees the one that follows it: off by one": "tril() → tril(1)",
        "it is PyTorch's mask, where True means hidden": "tril() → triu(1)",
        "rows and columns change places: a token sees itself and what follows": "tril() → triu()",
        "the mask holds numbers, 1 and 0: it should be True and False": ", dtype=torch.bool →",
        "it is a mask to add to the scores, 0 and minus infinity": "torch.ones(length, length, dtype=torch.bool).tril() → torch.full((length, length), -torch.inf).triu(1)",
        "nothing is hidden": ".tril() →",
        "a token sees itself and the one before it alone: all that came before may be seen": "tril() → tril().triu(-1)",
        "a token sees itself alone: all that came before may be seen": "tril() → tril().triu()",
        "there is an axis too many in front: (T, T) is asked for": "tril() → tril()[None]",
    }),
    returns=("mask",),
)  # fmt: skip


# -- padding_mask ----------------------------------------------------------------------------------------------------


def _padded(rng) -> list[Case]:
    def tokens(rows, columns, low=1):
        return torch.from_numpy(rng.integers(low, 9, (rows, columns)))

    at_the_end, in_front, other, holes = tokens(3, 9), tokens(2, 8), tokens(4, 3, low=0), tokens(2, 6)
    at_the_end[0, int(rng.integers(2, 8)) :], at_the_end[2, int(rng.integers(1, 9)) :] = 0, 0
    in_front[1, : int(rng.integers(1, 8))] = 0
    other[0, 0], other[1, 2:], other[3] = 0, 9, 9
    holes[0, int(rng.integers(1, 3))], holes[1, 3:] = 0, 0
    return [
        Case("padding at the end", tokens=at_the_end, pad=0),
        Case("padding in front", tokens=in_front, pad=0),
        Case("9 is the padding, 0 a word, and one row is nothing but padding", tokens=other, pad=9),
        Case("padding between the words", tokens=holes, pad=0),
        Case("no padding", tokens=tokens(2, 4), pad=0),
    ]


def _by_each(tokens, pad=0):
    return torch.tensor([[[int(token) != int(pad) for token in row]] for row in tokens])


def _padding_mask(tokens, pad=0):
    return (tokens != pad)[:, None]


padding_mask_ = Exercise(
    name="13.padding_mask",
    points=2,
    inputs=_padded,
    oracle=_by_each,
    stand_in=padding_mask,  # the notebook's training calls it at every step: the oracle would be slow
    right=_padding_mask,
    mistakes=slips(_padding_mask, {
        "the mask is the other way round: True where there is padding": "!= → ==",
        "the axis of the queries is missing: (B, S) does not broadcast to (B, T, S)": "[:, None] →",
        "the new axis stands last: padding would hide its own row, not its column": "[:, None] → [:, :, None]",
        "there is an axis too many: (B, 1, S) is asked for, `attention` adds the one for heads": "[:, None] → [:, None, None]",
        "the queries at padding are hidden too, (B, S, S): the mask hides columns, the same for every query": "[:, None] → [:, None] & (tokens != pad)[:, :, None]",
        "the padding is taken to be 0, whatever `pad` says": "!= pad → != 0",
        "numbers above `pad` count as real: a word may have a smaller number than the padding": "!= pad → > pad",
        "the padding is taken to stand at the end: words are counted, not looked at": "(tokens != pad) → (torch.arange(tokens.shape[1]) < (tokens != pad).sum(1, keepdim=True))",
        "the first sentence's padding is used for all": "(tokens != pad)[:, None] → (tokens != pad)[:1, None].expand(len(tokens), 1, -1)",
        "the mask holds numbers, 1 and 0: it should be True and False": "[:, None] → [:, None].long()",
    }),
    returns=("mask",),
)  # fmt: skip


# -- order_gap -------------------------------------------------------------------------------------------------------


def _layers(rng) -> list[Case]:
    def cycle(length):
        # A cycle through all places: it differs from its own inverse from three places on.
        cycle, places = rng.permutation(length), np.empty(length, dtype=np.int64)
        places[cycle] = np.roll(cycle, 1)
        return torch.from_numpy(places)

    ramp, louder, order = _draw(rng, 6, 3), _draw(rng, 2, 5, 3), cycle(6)
    louder[1] *= 4
    # The largest difference is a negative one: 5 where 0 comes from, a little more on one side than on the other.
    ramp[0], ramp[order[0]], ramp[order.argsort()[0]] = 5.0, 0.5, -0.5
    return [
        Case("a running sum, which knows the order", layer=_running_sum, x=louder, order=cycle(5)),
        Case("the same at each place, which does not", layer=_each_alone, x=_draw(rng, 3, 4, 2), order=cycle(4)),
        Case("places with a number of their own", layer=_Ramp(ramp), x=_draw(rng, 4, 6, 3), order=order),
        Case("the neighbour before", layer=_before, x=_draw(rng, 1, 7, 2), order=cycle(7)),
    ]


def _running_sum(x):
    return x.cumsum(1)


def _each_alone(x):
    return x.tanh() * 2


def _before(x):
    return x.roll(1, 1) - 2 * x


class _Ramp:
    """A layer that adds to each place what belongs to the place."""

    def __init__(self, ramp):
        self.ramp = ramp

    def __call__(self, x):
        return x * 0.5 + self.ramp.to(x.dtype)

    def __eq__(self, other):
        return isinstance(other, _Ramp) and bool((self.ramp == other.ramp).all())

    __hash__ = None


def _place_by_place(layer, x, order):
    before, after, gap = layer(x), layer(x[:, [int(p) for p in order]]), 0.0
    for new, old in enumerate(order):
        gap = max(gap, float((after[:, new] - before[:, int(old)]).norm(p=math.inf)))
    return gap


def _order_gap(layer, x, order):
    moved, kept = layer(x[:, order]), layer(x)[:, order]
    return (moved - kept).abs().max().item()


order_gap = Exercise(
    name="13.order_gap",
    points=2,
    inputs=_layers,
    oracle=_place_by_place,
    right=_order_gap,
    mistakes=slips(_order_gap, {
        "it measures invariance, not equivariance: the result should move along with the tokens, not stay where it was": "layer(x)[:, order] → layer(x)",
        "the tokens do not change places before the layer: only its result is reordered": "layer(x[:, order]) → layer(x)",
        "the result is put into the inverse order": "layer(x)[:, order] → layer(x)[:, order.argsort()]",
        "the sentences of the batch change places, not the tokens": ("x[:, order]) → x[order % len(x)])", "layer(x)[:, order] → layer(x)[order % len(x)]"),
        "the features change places, not the tokens": ("x[:, order]) → x[..., order % x.shape[2]])", "layer(x)[:, order] → layer(x)[..., order % x.shape[2]]"),
        "the absolute value is forgotten: a large negative difference goes unseen": ".abs() →",
        "the mean difference, not the largest: one wrong token in a thousand would hide": ".max() → .mean()",
        "the differences are added up: the largest is asked for": ".max() → .sum()",
        "the difference is squared: the largest absolute one is asked for": ".abs() → .square()",
        "only the first sentence of the batch is looked at": "(moved - kept) → (moved - kept)[0]",
        "the tokens are compared, not what the layer makes of them": "layer(x[:, order]), layer(x)[:, order] → x[:, order], x",
    }),
    returns=("gap",),
)  # fmt: skip


# -- sinusoidal_positions --------------------------------------------------------------------------------------------


def _tables(rng) -> list[Case]:
    return [
        Case("7 positions, 6 columns", length=7, width=6),
        Case("an odd width: the last column is a sine", length=int(rng.integers(4, 9)), width=5),
        Case("a long text", length=int(rng.integers(3000, 4000)), width=8),
        Case("one position: sines are 0 there, cosines 1", length=1, width=4),
    ]


def _entry_by_entry(length, width):
    rows = [
        [(math.sin, math.cos)[c % 2](t / 10000 ** ((c - c % 2) / width)) for c in range(width)] for t in range(length)
    ]
    return torch.tensor(rows, dtype=torch.float64)


def _sinusoidal_positions(length, width):
    t = torch.arange(length).double()[:, None]
    angles = t / 10000 ** (torch.arange(0, width, 2).double() / width)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]


sinusoidal_positions_ = Exercise(
    name="13.sinusoidal_positions",
    points=3,
    inputs=_tables,
    oracle=_entry_by_entry,
    stand_in=sinusoidal_positions,
    right=_sinusoidal_positions,
    mistakes=slips(_sinusoidal_positions, {
        "all sines come first, then all cosines: here they alternate, column by column": "torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1) → torch.cat([angles.sin(), angles.cos()], dim=1)",
        "sine and cosine change places: the even columns are sines": "[angles.sin(), angles.cos()] → [angles.cos(), angles.sin()]",
        "the exponent is $i/D$, not $2i/D$: every frequency is too high": "torch.arange(0, width, 2).double() / width → torch.arange((width + 1) // 2).double() / width",
        "the exponent is $4i/D$: the steps of 2 are $2i$ already": "torch.arange(0, width, 2).double() / width → 2 * torch.arange(0, width, 2).double() / width",
        "the exponent counts columns, so that a sine and its cosine have different frequencies": (
            "torch.arange(0, width, 2) → torch.arange(width)",
            "torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width] → torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos())",
        ),
        "positions are counted from 1": "torch.arange(length) → torch.arange(1, length + 1)",
        "the frequencies rise: $t$ is multiplied by the power of 10000, not divided": "t / → t *",
        "every column has the same frequency": "t / 10000 ** (torch.arange(0, width, 2).double() / width) → t + 0 * torch.arange(0, width, 2)",
        "only sines are used": "angles.cos() → angles.sin()",
        "the angle is a whole turn for each step: no $2\\pi$ belongs here": "t / → 2 * math.pi * t /",
        "the base is 1000, not 10000": "10000 → 1000",
        "an odd width gets one column too many: cut it off at the end": "[:, :width] →",
    }),
    returns=("positions",),
)  # fmt: skip


# -- rotary ----------------------------------------------------------------------------------------------------------


def _to_turn(rng) -> list[Case]:
    def places(count, low=0, high=40):
        return torch.from_numpy(np.sort(rng.choice(np.arange(low, high), count, replace=False)))

    far = rng.integers(900, 1000) + torch.arange(4) * 7
    return [
        Case("5 tokens of width 6", x=_draw(rng, 5, 6), positions=places(5, 1), base=10000.0),
        Case("a batch of 2 with 3 heads, another base", x=_draw(rng, 2, 3, 4, 8), positions=places(4), base=50.0),
        Case("a single pair", x=_draw(rng, 3, 2), positions=places(3, 1, 9), base=10000.0),
        Case("bfloat16, far along a text", x=_draw(rng, 2, 4, 10).bfloat16(), positions=far, base=300.0),
    ]


def _by_complex(x, positions, base=10000.0):
    # A pair of numbers as one complex number; turning it is a multiplication by exp(i angle).
    half = x.shape[-1] // 2
    pairs = torch.complex(x[..., :half].double(), x[..., half:].double())
    rates = torch.tensor([float(base) ** (-i / half) for i in range(half)], dtype=torch.float64)
    turned = pairs * torch.exp(1j * positions.double()[:, None] * rates)
    return torch.cat([turned.real, turned.imag], dim=-1).to(x.dtype)


def _rotary(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    frequency = base ** (-torch.arange(half).double() / half)
    angles = positions.double()[:, None] * frequency
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def _turned_and_typed(found, case):
    """The values, and where x is bfloat16 the type: a layer that goes on in another one fails."""
    x = case.named["x"]
    told = difference(found, _by_complex(*case.args), "`turned`")
    if told is None and x.dtype == torch.bfloat16 and getattr(found, "dtype", None) != x.dtype:
        return f"`turned` should have the type of x, {x.dtype}; found {getattr(found, 'dtype', type(found).__name__)}"
    return told


_TURN = "[first * cos - second * sin, second * cos + first * sin]"

rotary_ = Exercise(
    name="13.rotary",
    points=4,
    inputs=_to_turn,
    oracle=_by_complex,
    judge=_turned_and_typed,
    stand_in=rotary,
    right=_rotary,
    trains=True,
    mistakes=slips(_rotary, {
        "neighbouring columns are paired: here column i goes with column i + d_k/2": (
            "x[..., :half], x[..., half:] → x[..., 0::2], x[..., 1::2]", f"torch.cat({_TURN}, dim=-1) → torch.stack({_TURN}, dim=-1).flatten(-2)",
        ),
        "neighbouring columns are paired as they are read, and handed back as two halves": (
            "x[..., :half], x[..., half:] → x[..., 0::2], x[..., 1::2]"
        ),
        "the halves are paired as they are read, and handed back column by column": (
            f"torch.cat({_TURN}, dim=-1) → torch.stack({_TURN}, dim=-1).flatten(-2)"
        ),
        "the pairs turn the other way round: q and k would still agree, but not with anyone else's weights": "angles.sin() → -angles.sin()",
        "position times frequency is added, as a sine and a cosine: rotary positions turn": f"{_TURN} → [first + cos, second + sin]",
        "both halves have the same sign in front of the sine: that is no turn, and lengths change": "second * cos + first * sin → second * cos - first * sin",
        "a column is mixed with itself: the sine goes with the other one of the pair": f"{_TURN} → [first * cos - first * sin, second * cos + second * sin]",
        "sine and cosine change places": "cos, sin = → sin, cos =",
        "the second is turned with a first that is turned already: both parts turn at once": "second * cos + first * sin → second * cos + (first * cos - second * sin) * sin",
        "the sine's product is taken from the first before it is turned: cos goes around the first alone": "[first * cos - second * sin → [(first - second * sin) * cos",
        "only the first of each pair is turned": "second * cos + first * sin → second",
        "the turned halves change places": f"{_TURN} → [second * cos + first * sin, first * cos - second * sin]",
        "the frequencies fall half as fast: $i$ counts pairs, so it is divided by their number $d_k/2$": "/ half) → / (2 * half))",
        "the frequencies fall twice as fast: $-2i/d_k$ is $-i$ over the number of pairs": "/ half) → / half * 2)",
        "the frequencies rise: the exponent is negative": "(-torch → (torch",
        "every pair has the same frequency": "base ** (-torch.arange(half).double() / half) → torch.ones(half).double()",
        "`positions` is not used: tokens are counted from 0": "positions.double() → torch.arange(len(positions)).double()",
        "the base is 10000, whatever `base` says": "frequency = base ** → frequency = 10000.0 **",
        "the angles are computed in bfloat16, which cannot count beyond 256: use float32 at least": "positions.double()[:, None] * frequency → positions.to(x.dtype)[:, None] * frequency.to(x.dtype)",
        "half of the columns come back: both parts of each pair are needed": f"{_TURN} → [first * cos - second * sin]",
    }),
    returns=("turned",),
)  # fmt: skip


# -- MultiHeadAttention ----------------------------------------------------------------------------------------------


def _setups(rng) -> list[Case]:
    def case(label, width, heads, batch, steps, places=None, mask=None, use_rotary=False):
        memory = None if places is None else _draw(rng, batch, places, width)
        return Case(label, width=width, heads=heads, use_rotary=use_rotary, seed=int(rng.integers(10**6)),
                    x=_draw(rng, batch, steps, width), memory=memory, mask=mask)  # fmt: skip

    return [
        case("2 heads, 5 tokens that look at themselves", 6, 2, 3, 5),
        case("3 heads, a memory of 7, a mask for each sentence", 12, 3, 2, 5, 7, _some_mask(rng, 2, 5, 7)),
        case("one head, a memory as long as x, one mask for all", 4, 1, 3, 6, 6, _some_mask(rng, 6, 6)),
        case("2 heads with rotary positions and a padding mask", 8, 2, 4, 5, None, _some_mask(rng, 4, 1, 5), True),
        case("3 heads, a memory of 4, no mask", 6, 3, 2, 5, 4),
    ]


def _random_linears(seed, width):
    """{name: (weight (D, D), bias (D,))} in the form of nn.Linear."""
    rng = np.random.default_rng(seed)
    return {
        name: (rng.normal(size=(width, width)) / width**0.5, rng.normal(size=width) * 0.5)
        for name in ("W_q", "W_k", "W_v", "W_o")
    }


def _with_weights(answer, width, heads, use_rotary, seed, x, memory, mask):
    """The layer with given weights: what it returns, and whether it refuses a width that its heads do not divide."""
    layer = answer(width, heads, use_rotary).double()
    for name, (weight, bias) in _random_linears(seed, width).items():
        getattr(layer, name).weight.data.copy_(torch.from_numpy(weight))
        getattr(layer, name).bias.data.copy_(torch.from_numpy(bias))
    out, weights = layer(x, memory, mask)
    try:
        answer(2 * width + 1, 2)
    except ValueError:
        return out, weights, True
    return out, weights, False


def _torch_layer(width, heads, use_rotary, seed, x, memory, mask):
    # nn.MultiheadAttention with these weights and with its own, opposite, mask; by einsum where there is rotary.
    linears, memory = _random_linears(seed, width), x if memory is None else memory
    parts = {n: [torch.from_numpy(a) for a in pair] for n, pair in linears.items()}
    if use_rotary:
        return *_einsum_layer(parts, heads, x, memory, mask), True
    layer = torch.nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.float64)
    hidden = None if mask is None else (~mask).expand(len(x), x.shape[1], -1).repeat_interleave(heads, 0)
    stacked = [torch.cat([parts[n][i] for n in ("W_q", "W_k", "W_v")]) for i in (0, 1)]
    layer.in_proj_weight.data, layer.in_proj_bias.data = stacked
    layer.out_proj.weight.data, layer.out_proj.bias.data = parts["W_o"]
    out, weights = layer(x, memory, memory, attn_mask=hidden, average_attn_weights=False)
    return out, weights, True


def _einsum_layer(parts, heads, x, memory, mask):
    q, k, v = (
        (source @ parts[name][0].T + parts[name][1]).reshape(*source.shape[:2], heads, -1)
        for name, source in (("W_q", x), ("W_k", memory), ("W_v", memory))
    )
    q, k = (_by_complex(part.swapaxes(1, 2), torch.arange(part.shape[1])) for part in (q, k))
    scores = torch.einsum("batd,basd->bats", q, k) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    read = torch.einsum("bats,bsad->btad", weights, v).reshape(x.shape)
    return read @ parts["W_o"][0].T + parts["W_o"][1], weights


_KV = "self.split(self.W_k(memory)), self.split(self.W_v(memory))"
_CUT = "x.unflatten(-1, (self.heads, -1)).transpose(1, 2)"
_JOIN = "self.W_o(read.transpose(1, 2).flatten(2)), weights"

multi_head_attention = Exercise(
    name="13.MultiHeadAttention",
    points=6,
    inputs=_setups,
    oracle=_torch_layer,
    using=_with_weights,
    stand_in=MultiHeadAttention,
    right=MultiHeadAttention,
    trains=True,
    mistakes=slips(MultiHeadAttention, {
        "the heads are cut by a reshape to (B, A, T, d_k): that deals out tokens; cut the last axis, then turn": f"{_CUT} → x.reshape(len(x), self.heads, x.shape[1], -1)",
        "each head takes every A-th column: the last axis is cut as (d_k, A), not (A, d_k)": f"{_CUT} → x.unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)",
        "the heads are put together without turning their axis back: flatten mixes tokens": "read.transpose(1, 2).flatten(2) → read.reshape(len(read), read.shape[2], -1)",
        "the scores are divided by $\\sqrt{D}$: each head has only $d_k$ columns": "attention(q, k, v, mask) → attention(q / self.heads**0.5, k, v, mask)",
        "the scores are divided by $\\sqrt{d_k}$ twice: `attention` does it": "attention(q, k, v, mask) → attention(q / q.shape[-1] ** 0.5, k, v, mask)",
        "the result is not sent through $W_o$": f"{_JOIN} → read.transpose(1, 2).flatten(2), weights",
        "queries and keys change places: $W_q$ is for what asks": ("self.W_q(x) → self.W_k(x)", "self.W_k(memory) → self.W_q(memory)"),
        "values are made with $W_k$": "self.W_v(memory) → self.W_k(memory)",
        "keys are made with $W_q$": "self.W_k(memory) → self.W_q(memory)",
        "keys and values change places": f"{_KV} → self.split(self.W_v(memory)), self.split(self.W_k(memory))",
        "the memory asks and x answers": (f"{_KV} → self.split(self.W_k(x)), self.split(self.W_v(x))", "self.W_q(x) → self.W_q(memory)"),
        "the memory is not used: keys and values come from x": f"{_KV} → self.split(self.W_k(x)), self.split(self.W_v(x))",
        "keys and values go through no matrix of their own: the memory is cut as it is": f"{_KV} → self.split(memory), self.split(memory)",
        "the mask is not handed on": "attention(q, k, v, mask) → attention(q, k, v)",
        "the mask is the other way round: here True means attend": "mask.unsqueeze(-3) → ~mask.unsqueeze(-3)",
        "the weights are averaged over the heads, as `nn.MultiheadAttention` does unless told not to": f"{_JOIN} → self.W_o(read.transpose(1, 2).flatten(2)), weights.mean(1)",
        "the weights of the first head alone are handed back": f"{_JOIN} → self.W_o(read.transpose(1, 2).flatten(2)), weights[:, 0]",
        "the two results change places: the vectors come first": f"{_JOIN} → weights, self.W_o(read.transpose(1, 2).flatten(2))",
    }),
    forbids=READY_MADE,
    returns=("out", "weights", "an odd width refused"),
)  # fmt: skip


# -- alibi -----------------------------------------------------------------------------------------------------------


def _slopes(rng) -> list[Case]:
    def draw(heads):
        return (0.1 + rng.random(heads)).round(3)

    return [
        Case("5 places, 3 heads, slopes in a list", length=5, slopes=draw(3).tolist()),
        Case("4 places, 2 heads, slopes in a tensor", length=4, slopes=torch.from_numpy(draw(2))),
        Case("a single head", length=6, slopes=draw(1).tolist()),
        Case("a single place", length=1, slopes=draw(2).tolist()),
    ]


def _entry_by_entry(length, slopes):
    return torch.tensor(
        [[[-float(slope) * abs(t - s) for s in range(length)] for t in range(length)] for slope in slopes]
    )


def _alibi(length, slopes):
    t = torch.arange(length)
    return -torch.as_tensor(slopes)[:, None, None] * (t[:, None] - t).abs()


def _as_numbers(answer, length, slopes):
    """The table in float64: a list of Python's numbers becomes float32 in torch."""
    made = answer(length, slopes)
    return made.double() if isinstance(made, torch.Tensor) else made


_AWAY = "(t[:, None] - t).abs()"

alibi = Exercise(
    name="13.alibi",
    points=3,
    inputs=_slopes,
    oracle=lambda length, slopes: _entry_by_entry(length, slopes).double(),
    using=_as_numbers,
    stand_in=_alibi,
    right=_alibi,
    rtol=1e-5,
    mistakes=slips(_alibi, {
        "the sign is turned: what is far would count more": "return -torch → return torch",
        "the distance has a sign: the keys to the right of the query are favoured": f"{_AWAY} → (t[:, None] - t)",
        "the distance has a sign: the keys to the left of the query are favoured": f"{_AWAY} → (t - t[:, None])",
        "the distance is squared: (13.12) is a straight line": f"{_AWAY} → (t[:, None] - t).square()",
        "the slope is left out: every head gets the same table": "-torch.as_tensor(slopes)[:, None, None] → -torch.ones(len(slopes), 1, 1)",
        "the first head's slope is given to all": "torch.as_tensor(slopes)[:, None, None] → torch.as_tensor(slopes)[:1].repeat(len(slopes))[:, None, None]",
        "the place of the key counts, not the distance from the query": f"{_AWAY} → t.expand(length, length)",
        "the place of the query counts, not the distance to the key": f"{_AWAY} → t[:, None].expand(length, length)",
        "the distance is counted from 1: a token is 0 away from itself": f"{_AWAY} → ((t[:, None] - t).abs() + 1)",
        "the distance is divided by the length: the slope is per place": f"{_AWAY} → (t[:, None] - t).abs() / length",
        "the distance is divided by the slope": "-torch.as_tensor(slopes)[:, None, None] * → -1 / torch.as_tensor(slopes)[:, None, None] *",
        "keys to the right are hidden as well: that is the causal mask's work, not the slope's": f"{_AWAY} → (t[:, None] - t).abs().masked_fill(t > t[:, None], torch.inf)",
        "keys to the right lose nothing: the distance counts on both sides": f"{_AWAY} → (t[:, None] - t).clamp(min=0)",
        "the exponential is taken already: this is added *before* the softmax": f"return -torch.as_tensor(slopes)[:, None, None] * {_AWAY} → return torch.exp(-torch.as_tensor(slopes)[:, None, None] * {_AWAY})",
        "the axis of the heads is the last one: (A, T, T) is wanted": f"return -torch.as_tensor(slopes)[:, None, None] * {_AWAY} → return (-torch.as_tensor(slopes)[:, None, None] * {_AWAY}).permute(1, 2, 0)",
        "the heads are summed: each has a table of its own": f"return -torch.as_tensor(slopes)[:, None, None] * {_AWAY} → return (-torch.as_tensor(slopes)[:, None, None] * {_AWAY}).sum(dim=0)",
    }),
)  # fmt: skip
