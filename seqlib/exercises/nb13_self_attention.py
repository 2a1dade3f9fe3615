"""Notebook 13: self-attention, from a dictionary made soft to several heads that know where they are."""

import math

import numpy as np

from seqlib.checks.exercise import Case, Exercise

# What would do the work of writing attention, or of going backwards through it.
READY_MADE = (
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
)
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward")


def _draw(rng, *shape):
    """Numbers of both signs that are not near zero, as a float64 tensor."""
    import torch

    return torch.from_numpy(rng.uniform(0.3, 1.3, shape) * rng.choice([-1.0, 1.0], shape))


def _softmax(scores, dim=-1):
    return scores.softmax(dim)


def _turned(a):
    return a.transpose(-2, -1)


# -- soft_lookup -----------------------------------------------------------------------------------------------------


def _questions(rng) -> list[Case]:
    import torch

    def beside(rows, number):
        return torch.cat([rows, torch.full_like(rows[..., :1], number)], dim=-1)

    return [
        Case("one number for each of 5 keys", query=_draw(rng, 3), keys=_draw(rng, 5, 3), values=_draw(rng, 5)),
        Case("a vector for each of 4 keys, a sharper look-up", query=_draw(rng, 2), keys=_draw(rng, 4, 2),
             values=_draw(rng, 4, 3), sharpness=2.5),
        # One more column lifts every score by as much, which the softmax does not see.
        Case("scores near a thousand", query=beside(_draw(rng, 3), 1.0), keys=beside(_draw(rng, 6, 3), 900.0),
             values=_draw(rng, 6) * 3, sharpness=float(rng.uniform(1.1, 1.4))),
        Case("a single key", query=_draw(rng, 3), keys=_draw(rng, 1, 3), values=_draw(rng, 1, 2), sharpness=0.7),
    ]  # fmt: skip


def _by_hand(query, keys, values, sharpness=1.0):
    # Key by key in plain numbers.
    import torch

    asked = [float(a) for a in query]
    scores = [float(sharpness) * math.fsum(a * float(b) for a, b in zip(asked, key, strict=True)) for key in keys]
    powers = [math.exp(score - max(scores)) for score in scores]
    weights = torch.tensor([power / math.fsum(powers) for power in powers], dtype=torch.float64)
    values = torch.as_tensor(values)
    answer = sum(weight * value for weight, value in zip(weights, values.double(), strict=True))
    return answer.to(values.dtype), weights.to(values.dtype)


def _looked_up(query, keys, values, sharpness=1.0, *, weigh=_softmax):
    weights = weigh(sharpness * (keys @ query))
    return weights @ values, weights


def _weighing(weigh):
    return lambda *args: _looked_up(*args, weigh=weigh)


def _nearest(scores):
    import torch

    return torch.nn.functional.one_hot(scores.argmax(), len(scores)).to(scores.dtype)


def _nearest_only(query, keys, values, sharpness=1.0):
    weights = (sharpness * (keys @ query)).softmax(0)
    return values[weights.argmax()] * 1.0, weights


def _keys_averaged(query, keys, values, sharpness=1.0):
    weights = (sharpness * (keys @ query)).softmax(0)
    return weights @ keys, weights


def _without_sharpness(query, keys, values, sharpness=1.0):
    return _looked_up(query, keys, values)


def _sharpened_afterwards(query, keys, values, sharpness=1.0):
    weights = sharpness * (keys @ query).softmax(0)
    return weights @ values, weights


def _looked_up_in_logs(query, keys, values, sharpness=1.0):
    import torch

    scores = torch.einsum("sd,d->s", keys, query) * sharpness
    weights = (scores - scores.logsumexp(0)).exp()
    return torch.einsum("s,s...->...", weights, values), weights


soft_lookup = Exercise(
    name="13.soft_lookup",
    points=3,
    inputs=_questions,
    oracle=_by_hand,
    mistakes={
        "the best key takes all: that is a hard look-up, and has no gradient": _weighing(_nearest),
        "the weights are soft, but the answer is the value of the best key alone": _nearest_only,
        "the weights do not sum to one: the powers are not divided by their sum": _weighing(
            lambda s: (s - s.max()).exp()
        ),
        "the exponential is missing: scores over their sum, which can be negative": _weighing(lambda s: s / s.sum()),
        "`exp` overflows at scores near 1000: take the largest score off first, or use `torch.softmax`": _weighing(
            lambda s: s.exp() / s.exp().sum()
        ),
        "the least similar key gets the most: the scores have the wrong sign": _weighing(lambda s: (-s).softmax(0)),
        "the keys are averaged in the place of the values": _keys_averaged,
        "the sharpness is forgotten": _without_sharpness,
        "the sharpness multiplies the weights, after the softmax": _sharpened_afterwards,
        "every key counts the same: the query is not asked": _weighing(lambda s: s * 0 + 1 / len(s)),
    },
    accepts=[_looked_up, _looked_up_in_logs],
    hints=[
        "Three steps: a score for each key, weights from the scores, the weighted sum of the values.",
        "All scores at once: `keys @ query` has shape (S,). Multiply by `sharpness` before the softmax.",
        "`weights = torch.softmax(sharpness * (keys @ query), dim=0)`, and the answer is `weights @ values`.",
    ],
    returns=("answer", "weights"),
    difficulty=1,
    minutes=6,
)


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
    import torch

    q, k, v = (torch.as_tensor(x @ W)[None] for W in (W_q, W_k, W_v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)[0]


def _all_pairs(x, W_q, W_k, W_v, *, roles=(0, 1, 2), change=lambda s: s, weigh=_softmax):
    q, k, v = ((x @ W_q, x @ W_k, x @ W_v)[role] for role in roles)
    return weigh(change(q @ k.T)) @ v


def _paired(**switches):
    return lambda *args: _all_pairs(*args, **switches)


def _hidden(which):
    """Scores with those marked by `which(ones)` at minus infinity."""
    return lambda s: s.masked_fill(which(s.new_ones(s.shape)).bool(), -math.inf)


def _raw_values(x, W_q, W_k, W_v):
    return ((x @ W_q) @ (x @ W_k).T).softmax(-1) @ x


def _raw_scores(x, W_q, W_k, W_v):
    return (x @ x.T).softmax(-1) @ (x @ W_v)


def _last_asks(x, W_q, W_k, W_v):
    weights = ((x @ W_q)[-1] @ (x @ W_k).T).softmax(-1)
    return (weights @ (x @ W_v)).expand(len(x), -1) * 1.0


def _by_einsum(x, W_q, W_k, W_v):
    import torch

    scores = torch.einsum("td,dk,ek,se->ts", x, W_q, W_k, x)
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return torch.einsum("ts,sd,dv->tv", powers / powers.sum(1, keepdim=True), x, W_v)


attention_loop = Exercise(
    name="13.attention_loop",
    points=3,
    inputs=_sentences,
    oracle=_torch_unscaled,
    mistakes={
        "query and key change places: token t asks with $q_t$, and the others answer with $k_s$": _paired(
            roles=(1, 0, 2)
        ),
        "keys are read out in the place of the values": _paired(roles=(0, 1, 1)),
        "the tokens themselves are read out: $W_v$ is left out": _raw_values,
        "the tokens are compared as they are: $W_q$ and $W_k$ are left out": _raw_scores,
        "only the last token asks": _last_asks,
        "the weights sum to one over the tokens that ask, not over those that are asked": _paired(
            weigh=lambda s: s.softmax(0)
        ),
        "the powers are not divided by their sum": _paired(weigh=lambda s: s.exp()),
        "a token sees only itself and those before it: nobody asked for that yet": _paired(
            change=_hidden(lambda ones: ones.triu(1))
        ),
        "the scores are divided by $\\sqrt{d_k}$ already: that comes in the next section": lambda x, W_q, W_k, W_v: (
            _all_pairs(x, W_q, W_k, W_v, change=lambda s: s / W_q.shape[1] ** 0.5)
        ),
    },
    accepts=[_all_pairs, _by_einsum],
    forbids=READY_MADE,
    hints=[
        "First the three products: `q, k, v = x @ W_q, x @ W_k, x @ W_v`, each with a row for every token.",
        "For each t: the powers `torch.exp(q[t] @ k[s])` for every s, their sum, then the sum of power / sum times "
        "`v[s]`. You may also call your `soft_lookup` once for each t.",
        "`for t in range(len(x)): powers = [torch.exp(q[t] @ k_s) for k_s in k]`, then "
        "`sum(p * v_s for p, v_s in zip(powers, v)) / sum(powers)`; in the end `torch.stack`.",
    ],
    returns=("out",),
    difficulty=2,
    minutes=8,
)


# -- attention -------------------------------------------------------------------------------------------------------


def _some_mask(rng, *shape):
    """A mask in which every row has something to attend to and something not to."""
    import torch

    mask = torch.from_numpy(rng.random(shape) < 0.5)
    mask[..., 0], mask[..., -1] = True, False
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
    import torch

    q, k, v = (torch.as_tensor(part) for part in (q, k, v))
    places = k.shape[-2]
    units = torch.eye(places, dtype=q.dtype).expand(*k.shape[:-1], places)
    lead = [part[None] for part in (q, k, v, units)] if q.ndim == 2 else [q, k, v, units]
    read = [
        torch.nn.functional.scaled_dot_product_attention(*lead[:2], values, attn_mask=mask).nan_to_num()
        for values in lead[2:]
    ]
    return tuple(part[0] if q.ndim == 2 else part for part in read)


def _seqlib_attention(q, k, v, mask=None):
    from seqlib.models.attention import attention

    return attention(q, k, v, mask)


def _weights_of(scores, mask):
    """Softmax among the places where the mask is True, and zero where there are none."""
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num()


def _attend(q, k, v, mask=None, *, scale=lambda q, k: q.shape[-1] ** -0.5, weigh=_weights_of):
    weights = weigh(q @ _turned(k) * scale(q, k), mask)
    return weights @ v, weights


def _attending(**switches):
    return lambda q, k, v, mask=None: _attend(q, k, v, mask, **switches)


def _scaled_afterwards(q, k, v, mask=None):
    weights = _weights_of(q @ _turned(k), mask) / q.shape[-1] ** 0.5
    return weights @ v, weights


def _unmasked_or(change):
    return lambda s, mask: s.softmax(-1) if mask is None else change(s, mask)


def _cosines(q, k, v, mask=None):
    weights = _weights_of(q / q.norm(dim=-1, keepdim=True) @ _turned(k / k.norm(dim=-1, keepdim=True)), mask)
    return weights @ v, weights


def _in_powers(q, k, v, mask=None):
    import torch

    scores = torch.einsum("...td,...sd->...ts", q, k) / k.shape[-1] ** 0.5
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    powers = powers if mask is None else powers * mask
    weights = powers / powers.sum(-1, keepdim=True).clamp_min(1e-300)
    return torch.einsum("...ts,...sv->...tv", weights, v), weights


attention = Exercise(
    name="13.attention",
    points=4,
    inputs=_asked,
    oracle=_by_torch,
    stand_in=_seqlib_attention,
    mistakes={
        "the scores are not divided by $\\sqrt{d_k}$": _attending(scale=lambda q, k: 1.0),
        "the scores are divided by $d_k$, not by its root": _attending(scale=lambda q, k: 1 / q.shape[-1]),
        "the scores are divided by the root of the number of keys": _attending(scale=lambda q, k: k.shape[-2] ** -0.5),
        "the scores are multiplied by $\\sqrt{d_k}$": _attending(scale=lambda q, k: q.shape[-1] ** 0.5),
        "the scale comes after the softmax, so that the weights no longer sum to one": _scaled_afterwards,
        "each query and key is divided by its own length: a cosine, which forgets how strong a key is": _cosines,
        "the weights sum to one over the queries: the softmax runs along the wrong axis": _attending(
            weigh=lambda s, m: s.softmax(-2) if m is None else s.masked_fill(~m, -math.inf).softmax(-2).nan_to_num()
        ),
        "the mask is the other way round: here True means attend": _attending(
            weigh=lambda s, m: _weights_of(s, None if m is None else ~m)
        ),
        "the mask comes after the softmax: what is hidden still took its share of the sum": _attending(
            weigh=_unmasked_or(lambda s, m: s.softmax(-1) * m)
        ),
        "hidden scores are set to 0, which is a score like any other: $e^0 = 1$": _attending(
            weigh=_unmasked_or(lambda s, m: (s * m).softmax(-1))
        ),
        "the mask is not used": _attending(weigh=lambda s, m: s.softmax(-1)),
        "a query that may look nowhere gets NaN: minus infinity everywhere has no softmax": _attending(
            weigh=_unmasked_or(lambda s, m: s.masked_fill(~m, -math.inf).softmax(-1))
        ),
        "the two results change places: what is read comes first": lambda *args: _attend(*args)[::-1],
    },
    accepts=[_attend, _in_powers],
    forbids=READY_MADE,
    hints=[
        "All scores of all queries are one product, (…, T, d_k) times (…, d_k, S). `k.transpose(-2, -1)` turns the "
        "last two axes whatever stands before them.",
        "Divide by `math.sqrt(q.shape[-1])`, then `masked_softmax(scores, mask)`, which you know from 11: it takes "
        "a mask of None as well.",
        "`scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])`; `weights = masked_softmax(scores, mask)`; "
        "`return weights @ v, weights`.",
    ],
    returns=("out", "weights"),
    difficulty=2,
    minutes=10,
)


# -- causal_mask -----------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    return [
        Case("5 tokens", length=5),
        Case("some more", length=int(rng.integers(6, 200))),
        Case("a single token", length=1),
    ]


def _by_comparing(length):
    import torch

    t = torch.arange(length)
    return t[:, None] >= t


def _ones(length):
    import torch

    return torch.ones(length, length)


causal_mask = Exercise(
    name="13.causal_mask",
    points=2,
    inputs=_lengths,
    oracle=_by_comparing,
    mistakes={
        "a token may not look at itself: the diagonal is left out": lambda n: _ones(n).tril(-1).bool(),
        "a token sees the one that follows it: off by one": lambda n: _ones(n).tril(1).bool(),
        "it is PyTorch's mask, where True means hidden": lambda n: _ones(n).triu(1).bool(),
        "rows and columns change places: a token sees itself and what follows": lambda n: _ones(n).triu().bool(),
        "the mask holds numbers, 1 and 0: it should be True and False": lambda n: _ones(n).tril(),
        "it is a mask to add to the scores, 0 and minus infinity": lambda n: (_ones(n) * 0).masked_fill(
            _ones(n).triu(1).bool(), -math.inf
        ),
        "nothing is hidden": lambda n: _ones(n).bool(),
    },
    accepts=[
        lambda n: ~_ones(n).triu(1).bool(),
        lambda n: np.tri(n, dtype=bool),
        lambda n: [[s <= t for s in range(n)] for t in range(n)],
    ],
    hints=[
        "Row t is a query, column s a key. Query t may look at key s where s ≤ t.",
        "A lower triangle with its diagonal: `tril()` keeps it.",
        "`torch.ones(length, length, dtype=torch.bool).tril()`.",
    ],
    returns=("mask",),
    difficulty=1,
    minutes=3,
)


# -- padding_mask ----------------------------------------------------------------------------------------------------


def _padded(rng) -> list[Case]:
    import torch

    def tokens(rows, columns, low=1):
        return torch.from_numpy(rng.integers(low, 9, (rows, columns)))

    at_the_end, in_front, other = tokens(3, 9), tokens(2, 8), tokens(4, 3, low=0)
    at_the_end[0, int(rng.integers(1, 9)) :], at_the_end[2, int(rng.integers(1, 9)) :] = 0, 0
    in_front[1, : int(rng.integers(1, 8))] = 0
    other[0, 0], other[1, 2:], other[3] = 0, 9, 9
    return [
        Case("padding at the end", tokens=at_the_end, pad=0),
        Case("padding in front", tokens=in_front, pad=0),
        Case("9 is the padding, 0 a word, and one row is nothing but padding", tokens=other, pad=9),
        Case("no padding", tokens=tokens(2, 4), pad=0),
    ]


def _by_each(tokens, pad=0):
    import torch

    return torch.tensor([[[int(token) != int(pad) for token in row]] for row in tokens])


def _seqlib_padding(tokens, pad=0):
    # The notebook's training calls it at every step: the oracle would be slow.
    from seqlib.models.attention import padding_mask

    return padding_mask(tokens, pad)


padding_mask = Exercise(
    name="13.padding_mask",
    points=2,
    inputs=_padded,
    oracle=_by_each,
    stand_in=_seqlib_padding,
    mistakes={
        "the mask is the other way round: True where there is padding": lambda t, pad=0: (t == pad)[:, None],
        "the axis of the queries is missing: (B, S) does not broadcast to (B, T, S)": lambda t, pad=0: t != pad,
        "the new axis stands last: padding would hide its own row, not its column": lambda t, pad=0: (t != pad)[
            :, :, None
        ],
        "the padding is taken to be 0, whatever `pad` says": lambda t, pad=0: (t != 0)[:, None],
        "numbers above `pad` count as real: a word may have a smaller number than the padding": lambda t, pad=0: (
            t > pad
        )[:, None],
        "the padding is taken to stand at the end: words are counted, not looked at": lambda t, pad=0: _counted(t, pad),
        "the mask holds numbers, 1 and 0: it should be True and False": lambda t, pad=0: (t != pad)[:, None].long(),
    },
    accepts=[
        lambda t, pad=0: (t != pad).unsqueeze(1),
        lambda t, pad=0: ~(t == pad).reshape(len(t), 1, -1),
        lambda t, pad=0: np.not_equal(np.asarray(t), pad)[:, np.newaxis],
    ],
    hints=[
        "Compare first: one True or False for each token, (B, S).",
        "Then an axis of length 1 for the queries, in the middle: the same for every query.",
        "`(tokens != pad)[:, None]`.",
    ],
    returns=("mask",),
    difficulty=1,
    minutes=3,
)


def _counted(tokens, pad):
    import torch

    return (torch.arange(tokens.shape[1]) < (tokens != pad).sum(1, keepdim=True))[:, None]


# -- order_gap -------------------------------------------------------------------------------------------------------


def _layers(rng) -> list[Case]:
    import torch

    def order(length):
        # A cycle through all places: it differs from its own inverse from three places on.
        cycle, places = rng.permutation(length), np.empty(length, dtype=np.int64)
        places[cycle] = np.roll(cycle, 1)
        return torch.from_numpy(places)

    ramp, louder = _draw(rng, 6, 3), _draw(rng, 2, 5, 3)
    louder[1] *= 4
    return [
        Case("a running sum, which knows the order", layer=_running_sum, x=louder, order=order(5)),
        Case("the same at each place, which does not", layer=_each_alone, x=_draw(rng, 3, 4, 2), order=order(4)),
        Case("places with a number of their own", layer=_Ramp(ramp), x=_draw(rng, 4, 6, 3), order=order(6)),
        Case("the neighbour before", layer=_before, x=_draw(rng, 1, 7, 2), order=order(7)),
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


def _gap(layer, x, order, *, moved=lambda a, order: a[:, order], seen=lambda a, order: a[:, order], size=None):
    found = layer(moved(x, order)) - seen(layer(x), order)
    return (size or (lambda d: d.abs().max()))(found).item()


def _gapped(**switches):
    return lambda *args: _gap(*args, **switches)


order_gap = Exercise(
    name="13.order_gap",
    points=2,
    inputs=_layers,
    oracle=_place_by_place,
    mistakes={
        "it measures invariance, not equivariance: the result should move along with the tokens, not stay where it was": _gapped(
            seen=lambda a, order: a
        ),
        "the result is put into the inverse order": _gapped(seen=lambda a, order: a[:, order.argsort()]),
        "the sentences of the batch change places, not the tokens": _gapped(
            moved=lambda a, order: a[order % len(a)], seen=lambda a, order: a[order % len(a)]
        ),
        "the features change places, not the tokens": _gapped(
            moved=lambda a, order: a[..., order % a.shape[-1]], seen=lambda a, order: a[..., order % a.shape[-1]]
        ),
        "the absolute value is forgotten: a large negative difference goes unseen": lambda layer, x, order: min(
            _gap(layer, x, order, size=lambda d: d.max()), _gap(layer, x, order, size=lambda d: d.min())
        ),
        "the mean difference, not the largest: one wrong token in a thousand would hide": _gapped(
            size=lambda d: d.abs().mean()
        ),
        "only the first sentence of the batch is looked at": _gapped(size=lambda d: d[0].abs().max()),
        "the tokens are compared, not what the layer makes of them": lambda layer, x, order: (
            (x[:, order] - x).abs().max().item()
        ),
    },
    accepts=[
        _gap,
        lambda layer, x, order: max(
            (a - b[order]).abs().max().item() for a, b in zip(layer(x[:, order]), layer(x), strict=True)
        ),
        lambda layer, x, order: (
            (layer(x.index_select(1, order)) - layer(x).index_select(1, order)).norm(p=math.inf).item()
        ),
    ],
    hints=[
        "Two ways: reorder, then the layer; or the layer, then reorder. How far apart are the results at most?",
        "`x[:, order]` reorders the tokens of every sentence; the same indexing reorders the result.",
        "`(layer(x[:, order]) - layer(x)[:, order]).abs().max().item()`.",
    ],
    returns=("gap",),
    difficulty=2,
    minutes=5,
)


# -- sinusoidal_positions --------------------------------------------------------------------------------------------


def _tables(rng) -> list[Case]:
    return [
        Case("7 positions, 6 columns", length=7, width=6),
        Case("an odd width: the last column is a sine", length=int(rng.integers(4, 9)), width=5),
        Case("a long text", length=int(rng.integers(3000, 4000)), width=8),
        Case("one position: sines are 0 there, cosines 1", length=1, width=4),
    ]


def _entry_by_entry(length, width):
    import torch

    rows = [
        [(math.sin, math.cos)[c % 2](t / 10000 ** ((c - c % 2) / width)) for c in range(width)] for t in range(length)
    ]
    return torch.tensor(rows, dtype=torch.float64)


def _seqlib_positions(length, width):
    from seqlib.models.attention import sinusoidal_positions

    return sinusoidal_positions(length, width)


def _waves(length, width, *, t=lambda t: t, frequency=lambda i, width: 10000.0 ** (-2 * i / width),
           join=None, waves=(np.sin, np.cos)):  # fmt: skip
    i = np.arange((width + 1) // 2)
    angles = t(np.arange(length)[:, None] * 1.0) * frequency(i, width)
    pair = [wave(angles) for wave in waves]
    join = join or (lambda pair: np.stack(pair, axis=2).reshape(length, -1))
    return join(pair)[:, :width]


def _waving(**switches):
    return lambda *args: _waves(*args, **switches)


def _filled(length, width):
    import torch

    table, t = torch.zeros(length, width, dtype=torch.float64), torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
    table[:, 0::2] = torch.sin(t * rate)
    table[:, 1::2] = torch.cos(t * rate)[:, : width // 2]
    return table


sinusoidal_positions = Exercise(
    name="13.sinusoidal_positions",
    points=3,
    inputs=_tables,
    oracle=_entry_by_entry,
    stand_in=_seqlib_positions,
    mistakes={
        "all sines come first, then all cosines: here they alternate, column by column": _waving(
            join=lambda pair: np.concatenate(pair, axis=1)
        ),
        "sine and cosine change places: the even columns are sines": _waving(waves=(np.cos, np.sin)),
        "the exponent is $i/D$, not $2i/D$: every frequency is too high": _waving(
            frequency=lambda i, width: 10000.0 ** (-i / width)
        ),
        "the exponent counts columns, so that a sine and its cosine have different frequencies": lambda n, width: (
            np.where(np.arange(width) % 2 == 0, np.sin(_angles(n, width)), np.cos(_angles(n, width)))
        ),
        "positions are counted from 1": _waving(t=lambda t: t + 1),
        "the frequencies rise: $t$ is multiplied by the power of 10000, not divided": _waving(
            frequency=lambda i, width: 10000.0 ** (2 * i / width)
        ),
        "every column has the same frequency": _waving(frequency=lambda i, width: 1.0 + 0 * i),
        "only sines are used": _waving(waves=(np.sin, np.sin)),
        "the angle is a whole turn for each step: no $2\\pi$ belongs here": _waving(t=lambda t: t * 2 * np.pi),
        "the base is 1000, not 10000": _waving(frequency=lambda i, width: 1000.0 ** (-2 * i / width)),
    },
    accepts=[_waves, _filled],
    hints=[
        "First the table of angles, (T, number of pairs): position t times the frequency of pair i.",
        "`t = torch.arange(length)[:, None]` and `torch.arange(0, width, 2)`, which is 2i already.",
        "`torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)` lets them alternate; an odd width needs "
        "`[:, :width]`.",
    ],
    returns=("positions",),
    difficulty=2,
    minutes=10,
)


def _angles(length, width):
    return np.arange(length)[:, None] / 10000.0 ** (np.arange(width) / width)


# -- rotary ----------------------------------------------------------------------------------------------------------


def _to_turn(rng) -> list[Case]:
    import torch

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
    import torch

    half = x.shape[-1] // 2
    pairs = torch.complex(x[..., :half].double(), x[..., half:].double())
    rates = torch.tensor([float(base) ** (-i / half) for i in range(half)], dtype=torch.float64)
    turned = pairs * torch.exp(1j * positions.double()[:, None] * rates)
    return torch.cat([turned.real, turned.imag], dim=-1).to(x.dtype)


def _turn(x, positions, base=10000.0, *, rate=lambda i, half: i / half, sign=1, where=lambda p: p.double(), mix=None,
          pairs=lambda x: (x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]), join=None):  # fmt: skip
    import torch

    half = x.shape[-1] // 2
    exponents = rate(torch.arange(half, dtype=torch.float64), half)
    angles = sign * where(positions)[:, None] * float(base) ** (-exponents)
    first, second = pairs(x.double())
    mix = mix or (lambda a, b, cos, sin: (a * cos - b * sin, b * cos + a * sin))
    turned = mix(first, second, angles.cos(), angles.sin())
    return (join or (lambda parts: torch.cat(parts, dim=-1)))(turned).to(x.dtype)


def _turning(**switches):
    return lambda *args: _turn(*args, **switches)


def _woven(parts):
    import torch

    return torch.stack(parts, dim=-1).flatten(-2)


def _coarse(x, positions, base=10000.0):
    import torch

    half = x.shape[-1] // 2
    angles = positions.to(x.dtype)[:, None] * base ** (-torch.arange(half, dtype=x.dtype) / half)
    first, second = x[..., :half], x[..., half:]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def _rotate_half(x, positions, base=10000.0):
    import torch

    half = x.shape[-1] // 2
    angles = positions.double()[:, None] / float(base) ** (torch.arange(half).double() / half)
    angles, wide = torch.cat([angles, angles], dim=-1), x.double()
    return (wide * angles.cos() + torch.cat([-wide[..., half:], wide[..., :half]], dim=-1) * angles.sin()).to(x.dtype)


def _seqlib_rotary(x, positions, base=10000.0):
    from seqlib.models.attention import rotary

    return rotary(x, positions, base)


rotary = Exercise(
    name="13.rotary",
    points=4,
    inputs=_to_turn,
    oracle=_by_complex,
    stand_in=_seqlib_rotary,
    mistakes={
        "neighbouring columns are paired: here column i goes with column i + d_k/2": _turning(
            pairs=lambda x: (x[..., 0::2], x[..., 1::2]), join=_woven
        ),
        "the pairs turn the other way round: q and k would still agree, but not with anyone else's weights": _turning(
            sign=-1
        ),
        "position times frequency is added, as a sine and a cosine: rotary positions turn": _turning(
            mix=lambda a, b, cos, sin: (a + cos, b + sin)
        ),
        "both halves have the same sign in front of the sine: that is no turn, and lengths change": _turning(
            mix=lambda a, b, cos, sin: (a * cos - b * sin, b * cos - a * sin)
        ),
        "a column is mixed with itself: the sine goes with the other one of the pair": _turning(
            mix=lambda a, b, cos, sin: (a * cos - a * sin, b * cos + b * sin)
        ),
        "the frequencies fall half as fast: $i$ counts pairs, so it is divided by their number $d_k/2$": _turning(
            rate=lambda i, half: i / (2 * half)
        ),
        "every pair has the same frequency": _turning(rate=lambda i, half: 0 * i),
        "`positions` is not used: tokens are counted from 0": lambda x, p, base=10000.0: _turn(
            x, p * 0 + _count(p), base
        ),
        "the base is 10000, whatever `base` says": lambda x, p, base=10000.0: _turn(x, p),
        "the angles are computed in bfloat16, which cannot count beyond 256: use float32 at least": _coarse,
        "half of the columns come back: both parts of each pair are needed": lambda x, p, base=10000.0: _turn(
            x, p, base
        )[..., : x.shape[-1] // 2],
    },
    accepts=[_turn, _rotate_half],
    hints=[
        "Cut x in two halves along its last axis, `first` and `second`: number i of one and number i of the other are "
        "a pair. The angles are (T, d_k/2).",
        "`angles = positions[:, None] * base ** (-torch.arange(half) / half)`; then the turn: "
        "first·cos − second·sin, and second·cos + first·sin.",
        "`torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)`; angles in float32 at least, "
        "`cos` and `sin` brought to x's type at the end.",
    ],
    returns=("turned",),
    difficulty=3,
    minutes=12,
)


def _count(positions):
    import torch

    return torch.arange(len(positions))


# -- MultiHeadAttention ----------------------------------------------------------------------------------------------


def _setups(rng) -> list[Case]:
    def case(label, width, heads, batch, steps, places=None, mask=None, use_rotary=False):
        memory = None if places is None else _draw(rng, batch, places, width)
        return Case(label, width=width, heads=heads, use_rotary=use_rotary, seed=int(rng.integers(10**6)),
                    x=_draw(rng, batch, steps, width), memory=memory, mask=mask)  # fmt: skip

    return [
        case("2 heads, 5 tokens that look at themselves", 6, 2, 3, 5),
        case("3 heads, a memory of 7, a mask for each sentence", 12, 3, 2, 5, 7, _some_mask(rng, 2, 5, 7)),
        case("one head, one mask for all", 4, 1, 3, 6, 5, _some_mask(rng, 6, 5)),
        case("2 heads with rotary positions and a padding mask", 8, 2, 4, 5, None, _some_mask(rng, 4, 1, 5), True),
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
    import torch

    layer = answer(width, heads, use_rotary).double()
    with torch.no_grad():
        for name, (weight, bias) in _random_linears(seed, width).items():
            getattr(layer, name).weight.copy_(torch.from_numpy(weight))
            getattr(layer, name).bias.copy_(torch.from_numpy(bias))
        out, weights = layer(x, memory, mask)
    try:
        answer(2 * width + 1, 2)
    except ValueError:
        return out, weights, True
    return out, weights, False


def _torch_layer(width, heads, use_rotary, seed, x, memory, mask):
    # nn.MultiheadAttention with these weights and with its own, opposite, mask; by einsum where there is rotary.
    import torch

    linears, memory = _random_linears(seed, width), x if memory is None else memory
    parts = {n: [torch.from_numpy(a) for a in pair] for n, pair in linears.items()}
    if use_rotary:
        return *_einsum_layer(parts, heads, x, memory, mask), True
    layer = torch.nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.float64)
    hidden = None if mask is None else (~mask).expand(len(x), x.shape[1], -1).repeat_interleave(heads, 0)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([parts[n][0] for n in ("W_q", "W_k", "W_v")]))
        layer.in_proj_bias.copy_(torch.cat([parts[n][1] for n in ("W_q", "W_k", "W_v")]))
        layer.out_proj.weight.copy_(parts["W_o"][0])
        layer.out_proj.bias.copy_(parts["W_o"][1])
        out, weights = layer(x, memory, memory, attn_mask=hidden, average_attn_weights=False)
    return out, weights, True


def _einsum_layer(parts, heads, x, memory, mask):
    import torch

    q, k, v = (
        (source @ parts[name][0].T + parts[name][1]).reshape(*source.shape[:2], heads, -1)
        for name, source in (("W_q", x), ("W_k", memory), ("W_v", memory))
    )
    q, k = (_by_complex(part.swapaxes(1, 2), torch.arange(part.shape[1])) for part in (q, k))
    scores = torch.einsum("batd,basd->bats", q, k) / q.shape[-1] ** 0.5
    weights = _weights_of(scores, mask[:, None])
    read = torch.einsum("bats,bsad->btad", weights, v).reshape(x.shape)
    return read @ parts["W_o"][0].T + parts["W_o"][1], weights


def _seqlib_heads(width, heads, use_rotary=False):
    from seqlib.models.attention import MultiHeadAttention

    return MultiHeadAttention(width, heads, use_rotary)


def _merged(read):
    return read.transpose(1, 2).flatten(2)


def _run(layer, x, memory, mask, *, roles=("W_q", "W_k", "W_v"), sources="xmm", merge=_merged, out=True, attend=_attend,
         scale=lambda layer: 1.0, spread=lambda mask: mask.unsqueeze(-3), turn=True):  # fmt: skip
    """The forward pass with each of its parts replaceable, which is how the mistakes are made."""
    import torch

    from seqlib.models.attention import rotary as turned

    places = {"x": x, "m": x if memory is None else memory}
    q, k, v = (layer.split(getattr(layer, role)(places[source])) for role, source in zip(roles, sources, strict=True))
    if layer.use_rotary and turn:
        q, k = (turned(part, torch.arange(part.shape[2])) for part in (q, k))
    read, weights = attend(q * scale(layer), k, v, None if mask is None else spread(mask))
    read = merge(read)
    return (layer.W_o(read) if out else read), weights


def _layer_with(split=None, **switches):
    def make(width, heads, use_rotary=False):
        layer = _seqlib_heads(width, heads, use_rotary)
        if split is not None:
            layer.split = lambda x: split(x, heads)
        layer.forward = lambda x, memory=None, mask=None: _run(layer, x, memory, mask, **switches)
        return layer

    return make


def _weights_averaged(width, heads, use_rotary=False):
    layer = _seqlib_heads(width, heads, use_rotary)

    def forward(x, memory=None, mask=None):
        out, weights = _run(layer, x, memory, mask)
        return out, weights.mean(1)

    layer.forward = forward
    return layer


def _head_by_head(width, heads, use_rotary=False):
    import torch

    from seqlib.models.attention import rotary as turned

    layer, size = _seqlib_heads(width, heads, use_rotary), width // heads

    def forward(x, memory=None, mask=None):
        memory, found = x if memory is None else memory, []
        for a in range(heads):
            q, k, v = (
                linear(source)[..., a * size : (a + 1) * size]
                for linear, source in ((layer.W_q, x), (layer.W_k, memory), (layer.W_v, memory))
            )
            if use_rotary:
                q, k = (turned(part, torch.arange(part.shape[1])) for part in (q, k))
            found.append(_attend(q, k, v, mask))
        read, weights = zip(*found, strict=True)
        return layer.W_o(torch.cat(read, dim=-1)), torch.stack(weights, dim=1)

    layer.forward = forward
    return layer


MultiHeadAttention = Exercise(
    name="13.MultiHeadAttention",
    points=6,
    inputs=_setups,
    oracle=_torch_layer,
    using=_with_weights,
    stand_in=_seqlib_heads,
    mistakes={
        "the heads are cut by a reshape to (B, A, T, d_k): that deals out tokens; cut the last axis, then turn": (
            _layer_with(split=lambda x, a: x.reshape(len(x), a, x.shape[1], -1))
        ),
        "each head takes every A-th column: the last axis is cut as (d_k, A), not (A, d_k)": _layer_with(
            split=lambda x, a: x.unflatten(-1, (-1, a)).permute(0, 3, 1, 2)
        ),
        "the heads are put together without turning their axis back: flatten mixes tokens": _layer_with(
            merge=lambda read: read.reshape(len(read), read.shape[2], -1)
        ),
        "the scores are divided by $\\sqrt{D}$: each head has only $d_k$ columns": _layer_with(
            scale=lambda layer: layer.heads**-0.5
        ),
        "the result is not sent through $W_o$": _layer_with(out=False),
        "queries and keys change places: $W_q$ is for what asks": _layer_with(roles=("W_k", "W_q", "W_v")),
        "values are made with $W_k$": _layer_with(roles=("W_q", "W_k", "W_k")),
        "the memory asks and x answers": _layer_with(sources="mxx", merge=lambda read: _merged(read)),
        "the memory is not used: keys and values come from x": _layer_with(
            sources="xxx", spread=lambda mask: mask[..., :1].unsqueeze(-3)
        ),
        "the mask is not handed on": _layer_with(attend=lambda q, k, v, mask: _attend(q, k, v)),
        "the mask is the other way round: here True means attend": _layer_with(spread=lambda m: ~m.unsqueeze(-3)),
        "the weights are averaged over the heads, as `nn.MultiheadAttention` does unless told not to": _weights_averaged,
    },
    accepts=[_layer_with(), _head_by_head],
    forbids=READY_MADE,
    hints=[
        "`split`: (B, T, D) → (B, T, A, d_k) → (B, A, T, d_k). Cut the last axis, then change places of axes 1 and 2.",
        "`x.unflatten(-1, (self.heads, -1)).transpose(1, 2)`. After that, `attention` from above treats the heads as "
        "one more axis of the batch. The mask (B, T, S) needs an axis for the heads: `mask.unsqueeze(-3)`.",
        "`read, weights = attention(q, k, v, mask)`; then back: `read.transpose(1, 2).flatten(2)`, and through "
        "`self.W_o`.",
    ],
    returns=("out", "weights", "an odd width refused"),
    difficulty=3,
    minutes=20,
)


# -- attention_backward ----------------------------------------------------------------------------------------------


def _backwards(rng) -> list[Case]:
    def case(label, batch, steps, places, d_k, d_v, mask=None):
        q, k = _draw(rng, *batch, steps, d_k), _draw(rng, *batch, places, d_k)
        _, weights = _attend(q, k, k, mask)
        return Case(label, d_out=_draw(rng, *batch, steps, d_v), q=q, k=k, v=_draw(rng, *batch, places, d_v),
                    weights=weights)  # fmt: skip

    return [
        case("one sentence: 3 queries, 5 keys", (), 3, 5, 4, 2),
        case("a batch of 2 with a mask", (2,), 4, 6, 3, 5, _some_mask(rng, 2, 4, 6)),
        case("2 sentences, 3 heads", (2, 3), 5, 4, 6, 7),
    ]


def _autograd(d_out, q, k, v, weights):
    # Forward again from q, k and v, with what has weight zero hidden, and PyTorch's own way back.
    import torch

    q, k, v = (torch.as_tensor(part).detach().clone().requires_grad_() for part in (q, k, v))
    with torch.enable_grad():
        scores = torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5
        out = scores.masked_fill(torch.as_tensor(weights) == 0, -math.inf).softmax(-1) @ v
        return torch.autograd.grad(out, (q, k, v), torch.as_tensor(d_out))


def _back(d_out, q, k, v, weights, *, scale=lambda q: q.shape[-1] ** -0.5, through=None, d_v=None, order=(0, 1, 2)):
    d_weights = d_out @ _turned(v)
    through = through or (lambda w, d: w * (d - (w * d).sum(-1, keepdim=True)))
    d_scores = through(weights, d_weights) * scale(q)
    parts = d_scores @ k, _turned(d_scores) @ q, (d_v or (lambda w, d, s: _turned(w) @ d))(weights, d_out, d_scores)
    return tuple(parts[place] for place in order)


def _backing(**switches):
    return lambda *args: _back(*args, **switches)


def _with_jacobian(d_out, q, k, v, weights):
    import torch

    jacobian = torch.diag_embed(weights) - weights[..., :, None] * weights[..., None, :]
    d_scores = torch.einsum("...tsr,...tv,...sv->...tr", jacobian, d_out, v) / q.shape[-1] ** 0.5
    return [
        torch.einsum("...ts,...sd->...td", d_scores, k),
        torch.einsum("...ts,...td->...sd", d_scores, q),
        torch.einsum("...ts,...tv->...sv", weights, d_out),
    ]


attention_backward = Exercise(
    name="13.attention_backward",
    points=4,
    inputs=_backwards,
    oracle=_autograd,
    mistakes={
        "the softmax is passed as if each weight had its own score: $a(1-a)$ is a sigmoid's slope": _backing(
            through=lambda w, d: w * (1 - w) * d
        ),
        "what the sum in the softmax hands back is left out: subtract the weighted mean of the row": _backing(
            through=lambda w, d: w * d
        ),
        "the plain mean of the row is subtracted, not the weighted one": _backing(
            through=lambda w, d: w * (d - d.mean(-1, keepdim=True))
        ),
        "the sum runs over the queries: each row of weights is a softmax of its own": _backing(
            through=lambda w, d: w * (d - (w * d).sum(-2, keepdim=True))
        ),
        "the softmax is not passed at all": _backing(through=lambda w, d: d),
        "the scale is forgotten on the way back": _backing(scale=lambda q: 1.0),
        "the scale is $1/d_k$ on the way back": _backing(scale=lambda q: 1 / q.shape[-1]),
        "the scale is multiplied in the place of divided": _backing(scale=lambda q: q.shape[-1] ** 0.5),
        "the gradients of q and k change places": _backing(order=(1, 0, 2)),
        "the values get the gradient of the scores: they are mixed by the weights": _backing(
            d_v=lambda w, d, s: _turned(s) @ d
        ),
    },
    accepts=[_back, _with_jacobian],
    forbids=BACKWARD,
    hints=[
        "Start at the end: the output is weights times v. Each factor gets the gradient times the other, turned.",
        "A softmax's row: $\\delta s = a \\odot (\\delta a - \\sum a\\,\\delta a)$; the sum runs over the keys, with "
        "`keepdim=True`. Then divide by the root of d_k.",
        "`d_weights = d_out @ v.transpose(-2, -1)`; then `d_scores`; then `d_scores @ k`, "
        "`d_scores.transpose(-2, -1) @ q`, `weights.transpose(-2, -1) @ d_out`.",
    ],
    returns=("dq", "dk", "dv"),
    difficulty=4,
    minutes=20,
    core=False,
)


EXERCISES = [
    soft_lookup,
    attention_loop,
    attention,
    causal_mask,
    padding_mask,
    order_gap,
    sinusoidal_positions,
    rotary,
    MultiHeadAttention,
    attention_backward,
]
