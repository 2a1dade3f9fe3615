"""Notebook 16: GPT, from the loss of the next token to a cache, a scaling law and induction heads."""

from functools import partial
from itertools import product

import numpy as np

from seqlib.checks.exercise import Case, Exercise


def _away(rng, *shape):
    """Numbers of both signs that are not near zero, as a float64 tensor."""
    import torch

    return torch.from_numpy(rng.uniform(0.3, 1.4, shape) * rng.choice([-1.0, 1.0], shape))


def _matrix(rng, rows: int, columns: int):
    import torch

    return torch.from_numpy(rng.normal(size=(rows, columns)) / np.sqrt(rows) * 1.5)


# -- language_loss ---------------------------------------------------------------------------------------------------


def _scored(rng) -> list[Case]:
    import torch

    def case(label, batch, steps, classes, lengths):
        tokens = rng.integers(classes, size=(batch, steps))
        return Case(
            label,
            logits=torch.from_numpy(rng.normal(size=(batch, steps, classes)) * 2),
            tokens=torch.from_numpy(tokens),
            lengths=torch.tensor(lengths),
        )

    return [
        case("2 full sequences of 6", 2, 6, 5, [6, 6]),
        case("3 sequences, two of them padded", 3, 8, 4, [3, 8, int(rng.integers(4, 7))]),
        case("one sequence of 2 tokens: one prediction", 1, 2, 7, [2]),
        case("4 sequences, one of a single token", 4, 5, 6, [5, 1, 4, 2]),
    ]


def _token_by_token(logits, tokens, lengths):
    import torch

    scores = np.asarray(logits.detach().double() if hasattr(logits, "detach") else logits)
    each = [
        np.logaddexp.reduce(scores[b, t]) - scores[b, t, int(tokens[b, t + 1])]
        for b in range(len(scores))
        for t in range(int(lengths[b]) - 1)
    ]
    return torch.tensor(np.mean(each))


def _loss(
    logits,
    tokens,
    lengths,
    *,
    asked=lambda logits, tokens: (logits[:, :-1], tokens[:, 1:], 1),
    real=lambda place, lengths: place < lengths,
    mean=lambda nats, real: nats[real].mean(),
):
    """The loss with each of its parts replaceable, which is how the mistakes are made."""
    import torch

    scores, targets, first = asked(logits, tokens)
    nats = -scores.log_softmax(dim=2).gather(2, targets[:, :, None])[:, :, 0]
    place = torch.arange(first, first + targets.shape[1])
    return mean(nats, real(place, lengths[:, None]))


def _each_sequence(nats, real):
    rows = [row[kept].mean() for row, kept in zip(nats, real, strict=True) if kept.any()]
    return sum(rows) / len(rows)


def _loss_by_cross_entropy(logits, tokens, lengths):
    import torch

    targets = tokens[:, 1:].clone()
    targets[torch.arange(1, tokens.shape[1])[None] >= lengths[:, None]] = -100
    return torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), targets)


def _loss_by_lists(logits, tokens, lengths):
    import torch

    parts = [
        torch.nn.functional.cross_entropy(a[: n - 1], b[1:n], reduction="sum")
        for a, b, n in zip(logits, tokens, lengths.tolist(), strict=True)
    ]
    return sum(parts) / (lengths - 1).sum()


language_loss = Exercise(
    name="16.language_loss",
    points=3,
    inputs=_scored,
    oracle=_token_by_token,
    mistakes={
        "the targets are not shifted: each position is asked for the token that it has just read": partial(
            _loss, asked=lambda a, b: (a, b, 0)
        ),
        "the targets are shifted the wrong way: each position is asked for the token before it": partial(
            _loss, asked=lambda a, b: (a[:, 1:], b[:, :-1], 1)
        ),
        "the shift goes round the end: the last position is asked for the first token": partial(
            _loss, asked=lambda a, b: (a, b.roll(-1, dims=1), 0)
        ),
        "the padding is counted": partial(_loss, real=lambda place, lengths: place < lengths * 0 + place.max() + 1),
        "the first token of the padding counts as a target: the length is taken one too long": partial(
            _loss, real=lambda place, lengths: place <= lengths
        ),
        "the last real token is left out: the length is taken one too short, and a lone target vanishes": partial(
            _loss,
            real=lambda place, lengths: place < lengths - 1,
            mean=lambda nats, real: nats[real].sum() / max(int(real.sum()), 1),
        ),
        "it is a mean of the sequences' means: a token of a short sequence weighs more": partial(
            _loss, mean=_each_sequence
        ),
        "it is the sum over all tokens, not the mean": partial(_loss, mean=lambda nats, real: nats[real].sum()),
        "the sum is divided by all places of the batch, padding and all": partial(
            _loss, mean=lambda nats, real: nats[real].sum() / (nats.shape[0] * (nats.shape[1] + 1))
        ),
        "the minus sign is left out": partial(_loss, mean=lambda nats, real: -nats[real].mean()),
    },
    accepts=[_loss, _loss_by_cross_entropy, _loss_by_lists],
    hints=[
        "The logits of position t are about token t + 1. So the last logits and the first token have no partner.",
        "`logits[:, :-1]` against `tokens[:, 1:]`. A target at place t counts where t < length: "
        "`torch.arange(1, T) < lengths[:, None]`.",
        "`log_p.gather(2, tokens[:, 1:, None])[..., 0]` picks each target's log-probability; then `-picked[real].mean()`.",
    ],
    returns=("nats",),
    difficulty=2,
    minutes=8,
)


# -- rms_norm --------------------------------------------------------------------------------------------------------


def _vectors(rng) -> list[Case]:
    def case(label, *shape, size=1.0):
        return Case(
            label,
            x=_away(rng, *shape) * size,
            scale=_away(rng, shape[-1]),
            epsilon=float(rng.uniform(0.1, 0.4)),
        )

    return [
        case("3 vectors of 5", 3, 5),
        case("a batch: 2 sequences of 4 vectors of 6", 2, 4, 6),
        case("one vector of 7, and small", 1, 7, size=0.2),
    ]


def _rms_by_torch(x, scale, epsilon=1e-5):
    import torch

    x, scale = (torch.as_tensor(part) for part in (x, scale))
    return torch.nn.functional.rms_norm(x, scale.shape, scale, epsilon)


def _rms_ours(x, scale, epsilon=1e-5):
    from seqlib.models.gpt import rms_norm

    return rms_norm(x, scale, epsilon)


def _rms(x, scale, epsilon, *, centre=False, square="mean", below=lambda ms, e: (ms + e) ** 0.5, dim=-1, end=None):
    x = x - x.mean(dim=-1, keepdim=True) if centre else x
    squares = x**2
    total = squares.mean(dim=dim, keepdim=True) if square == "mean" else squares.sum(dim=dim, keepdim=True)
    found = x / below(total, epsilon)
    return found * scale if end is None else end(found, scale)


rms_norm = Exercise(
    name="16.rms_norm",
    points=3,
    inputs=_vectors,
    oracle=_rms_by_torch,
    stand_in=_rms_ours,
    mistakes={
        "the epsilon stands outside the root: it belongs under it, beside the mean square": partial(
            _rms, below=lambda ms, e: ms**0.5 + e
        ),
        "the mean is subtracted first: that is layer norm, and RMSNorm leaves the mean where it is": partial(
            _rms, centre=True
        ),
        "the squares are added up, not averaged: the length of the vector, not its root mean square": partial(
            _rms, square="sum"
        ),
        "the root is forgotten: divided by the mean square itself": partial(_rms, below=lambda ms, e: ms + e),
        "the epsilon is left out": partial(_rms, below=lambda ms, e: ms**0.5),
        "the scale is left out": partial(_rms, end=lambda found, scale: found),
        "the scale is added where it should multiply": partial(_rms, end=lambda found, scale: found + scale),
        "the mean runs over the first axis: every vector depends on the others of its batch": partial(_rms, dim=0),
        "one mean is taken over all numbers, not one for each vector": partial(_rms, dim=None),
        "it is multiplied by the root, not divided": partial(_rms, below=lambda ms, e: 1 / (ms + e) ** 0.5),
    },
    accepts=[
        _rms,
        lambda x, scale, epsilon: x * (x.pow(2).mean(-1, keepdim=True) + epsilon).rsqrt() * scale,
        lambda x, scale, epsilon: scale * x / (x.norm(dim=-1, keepdim=True) ** 2 / x.shape[-1] + epsilon).sqrt(),
    ],
    forbids=("torch.nn.functional.rms_norm", "torch.rms_norm", "torch.nn.RMSNorm"),
    hints=[
        "Three things, in the order of the name read backwards: square, mean, root.",
        "The mean is over the last axis; keep that axis (`keepdim=True`) so that the division fits.",
        "`x / torch.sqrt(x.square().mean(dim=-1, keepdim=True) + epsilon) * scale`.",
    ],
    returns=("normed",),
    difficulty=1,
    minutes=5,
)


# -- swiglu ----------------------------------------------------------------------------------------------------------


def _gated_inputs(rng) -> list[Case]:
    def case(label, *shape, hidden):
        width = shape[-1]
        return Case(
            label,
            x=_away(rng, *shape) * 1.5,
            W_gate=_matrix(rng, width, hidden),
            W_up=_matrix(rng, width, hidden),
            W_down=_matrix(rng, hidden, width),
        )

    return [
        case("3 vectors of 4, hidden 7", 3, 4, hidden=7),
        case("2 sequences of 5 vectors of 6, hidden 3", 2, 5, 6, hidden=3),
        case("one vector of 2, hidden 9", 1, 2, hidden=9),
    ]


def _swiglu_by_torch(x, W_gate, W_up, W_down):
    import torch

    x, W_gate, W_up, W_down = (torch.as_tensor(part) for part in (x, W_gate, W_up, W_down))
    gate, up = torch.einsum("...d,pdf->p...f", x, torch.stack([W_gate, W_up]))
    return torch.einsum("...f,fd->...d", torch.nn.functional.silu(gate) * up, W_down)


def _swiglu_ours(x, W_gate, W_up, W_down):
    from seqlib.models.gpt import swiglu

    return swiglu(x, W_gate, W_up, W_down)


def _silu(a):
    return a * a.sigmoid()


def _gated(x, W_gate, W_up, W_down, inside=lambda gate, up: _silu(gate) * up):
    return inside(x @ W_gate, x @ W_up) @ W_down


def _gelu(a):
    import torch

    return torch.nn.functional.gelu(a)


swiglu = Exercise(
    name="16.swiglu",
    points=3,
    inputs=_gated_inputs,
    oracle=_swiglu_by_torch,
    stand_in=_swiglu_ours,
    mistakes={
        "gate and content are swapped: the SiLU belongs to $xW_{gate}$": partial(
            _gated, inside=lambda gate, up: gate * _silu(up)
        ),
        "the gate is a plain sigmoid, as in an LSTM: SiLU is $a\\,\\sigma(a)$": partial(
            _gated, inside=lambda gate, up: gate.sigmoid() * up
        ),
        "the content is left out: nothing is gated": partial(_gated, inside=lambda gate, up: _silu(gate)),
        "gate and content are added, not multiplied": partial(_gated, inside=lambda gate, up: _silu(gate) + up),
        "the SiLU is put around the product": partial(_gated, inside=lambda gate, up: _silu(gate * up)),
        "both go through the SiLU": partial(_gated, inside=lambda gate, up: _silu(gate) * _silu(up)),
        "the gate is a GELU: that layer is called GEGLU": partial(_gated, inside=lambda gate, up: _gelu(gate) * up),
        "nothing is bent: without SiLU the gate is a product of two lines": partial(
            _gated, inside=lambda gate, up: gate * up
        ),
    },
    accepts=[
        _gated,
        lambda x, W_gate, W_up, W_down: (x @ W_gate / (1 + (-(x @ W_gate)).exp()) * (x @ W_up)) @ W_down,
    ],
    forbids=("torch.nn.functional.glu", "torch.nn.functional.silu", "torch.nn.SiLU"),
    hints=[
        "Two products with x first, both (…, F). Only one of the two is bent.",
        "SiLU(a) = a · σ(a). The gate is SiLU of $xW_{gate}$; the content $xW_{up}$ stays as it is.",
        "`gate = x @ W_gate`, then `(gate * torch.sigmoid(gate) * (x @ W_up)) @ W_down`.",
    ],
    returns=("out",),
    difficulty=2,
    minutes=5,
)


# -- repeat_heads ----------------------------------------------------------------------------------------------------


def _shared_heads(rng) -> list[Case]:
    def case(label, batch, groups, heads, steps, d_k):
        return Case(label, shared=_away(rng, batch, groups, steps, d_k), heads=heads)

    return [
        case("2 shared heads for 4", 3, 2, 4, 5, 6),
        case("2 shared heads for 6", 1, 2, 6, 3, 4),
        case("one shared head for 3 (multi-query)", 2, 1, 3, 4, 5),
        case("3 for 3: nothing to share", 2, 3, 3, 4, 2),
    ]


def _by_index(shared, heads):
    import torch

    shared = torch.as_tensor(shared)
    groups = shared.shape[1]
    return torch.stack([shared[:, head * groups // heads] for head in range(heads)], dim=1)


def _repeat_ours(shared, heads):
    from seqlib.models.gpt import repeat_heads

    return repeat_heads(shared, heads)


repeat_heads = Exercise(
    name="16.repeat_heads",
    points=2,
    inputs=_shared_heads,
    oracle=_by_index,
    stand_in=_repeat_ours,
    mistakes={
        "the whole row of heads is repeated (`repeat`), 0 1 0 1: the order is 0 0 1 1, so that neighbours share "
        "(`repeat_interleave`)": lambda shared, heads: shared.repeat(1, heads // shared.shape[1], 1, 1),
        "positions are repeated in the place of heads": lambda shared, heads: shared.repeat_interleave(
            heads // shared.shape[1], dim=2
        ),
        "each is repeated `heads` times: it should be heads / G times, so that there are `heads` in the end": (
            lambda shared, heads: shared.repeat_interleave(heads, dim=1)
        ),
        "the columns of d_k are repeated in the place of heads": lambda shared, heads: shared.repeat_interleave(
            heads // shared.shape[1], dim=3
        ),
        "the sequences of the batch are repeated in the place of heads": lambda shared, heads: shared.repeat_interleave(
            heads // shared.shape[1], dim=0
        ),
        "the repeated numbers are put in another shape without a thought for their axes": lambda shared, heads: (
            shared.repeat(1, 1, 1, heads // shared.shape[1]).reshape(
                shared.shape[0], heads, shared.shape[2], shared.shape[3]
            )
        ),
        "every query head gets the first shared head": lambda shared, heads: shared[:, :1].expand(-1, heads, -1, -1),
    },
    accepts=[
        lambda shared, heads: shared[:, :, None].expand(-1, -1, heads // shared.shape[1], -1, -1).flatten(1, 2),
        lambda shared, heads: shared[:, [h // (heads // shared.shape[1]) for h in range(heads)]],
    ],
    hints=[
        "With G = 2 and 4 query heads: queries 0 and 1 read shared head 0, queries 2 and 3 read shared head 1.",
        "`repeat` gives 0 1 0 1, `repeat_interleave` gives 0 0 1 1. Which axis holds the heads?",
        "`shared.repeat_interleave(heads // shared.shape[1], dim=1)`.",
    ],
    returns=("repeated",),
    difficulty=2,
    minutes=4,
)


# -- cached_mask -----------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    new, past = int(rng.integers(2, 5)), int(rng.integers(3, 9))
    return [
        Case("some new positions after a longer past", new=new, total=new + past),
        Case("one new position: all may be read", new=1, total=past + 2),
        Case("no past: the plain causal mask", new=new + 2, total=new + 2),
        Case("more new positions than past", new=past + 1, total=past + 3),
    ]


def _mask_by_hand(new, total):
    import torch

    return torch.tensor([[key <= total - new + query for key in range(total)] for query in range(new)])


def _mask_ours(new, total):
    from seqlib.models.gpt import cached_mask

    return cached_mask(new, total)


def _lower(new, total, diagonal):
    import torch

    return torch.ones(new, total, dtype=torch.bool).tril(diagonal)


def _only_new(new, total):
    """Causal among the new positions, nothing of the past."""
    import torch

    mask = _lower(new, total, total - new)
    return mask & (torch.arange(total) >= total - new)


cached_mask = Exercise(
    name="16.cached_mask",
    points=3,
    inputs=_lengths,
    oracle=_mask_by_hand,
    stand_in=_mask_ours,
    mistakes={
        "the new positions count from zero: the first of them would see the first of the past and nothing else": (
            lambda new, total: _lower(new, total, 0)
        ),
        "each position sees one too many: the token that it should predict": lambda new, total: _lower(
            new, total, total - new + 1
        ),
        "no position sees itself": lambda new, total: _lower(new, total, total - new - 1),
        "everything may be read: with a past the new positions still must not see one another's future": (
            lambda new, total: _lower(new, total, total)
        ),
        "the two truths are exchanged: True means that attention goes there": lambda new, total: (
            ~_lower(new, total, total - new)
        ),
        "rows and columns are exchanged: a row is a new position, a column what it may read": (
            lambda new, total: _lower(new, total, total - new).T
        ),
        "the triangle is the upper one: each position sees itself and what comes after": lambda new, total: _lower(
            total, total, 0
        ).T[total - new :],
        "the past cannot be read at all": lambda new, total: _only_new(new, total),
    },
    accepts=[
        lambda new, total: _lower(new, total, total - new),
        lambda new, total: _lower(total, total, 0)[-new:],
        lambda new, total: np.tri(new, total, total - new, dtype=bool),
    ],
    hints=[
        "The new positions are the last ones: they stand at places total − new … total − 1.",
        "A position may read every place up to its own: compare a row of all places with a column of the new ones.",
        "`place = torch.arange(total)`, then `place <= place[total - new:, None]`.",
    ],
    returns=("mask",),
    difficulty=2,
    minutes=6,
)


# -- attend ----------------------------------------------------------------------------------------------------------


def _pieces(rng) -> list[Case]:
    def case(label, batch, heads, groups, new, past, d_k, turn):
        before = tuple(_away(rng, batch, groups, past, d_k) for _ in range(2)) if past else None
        return Case(
            label,
            q=_away(rng, batch, heads, new, d_k),
            k=_away(rng, batch, groups, new, d_k),
            v=_away(rng, batch, groups, new, d_k),
            past=before,
            turn=turn,
        )

    return [
        case("no past, no turn, as many shared heads as query heads", 2, 2, 2, 4, 0, 6, False),
        case("a past of 3, then 4 new positions; two query heads share one", 2, 4, 2, 4, 3, 6, False),
        case("rotary: a past of 5, then 2 new positions", 1, 4, 2, 2, 5, 8, True),
        case("rotary: one new position after 4", 3, 2, 1, 1, 4, 6, True),
        case("rotary, no past", 1, 3, 3, 5, 0, 4, True),
    ]


def _turned(x, place):
    """One vector (d_k,) turned by its place: pairs as complex numbers."""
    half = len(x) // 2
    z = (x[:half] + 1j * x[half:]) * np.exp(1j * place * 10000.0 ** (-np.arange(half) / half))
    return np.concatenate([z.real, z.imag])


def _place_by_place(q, k, v, past=None, turn=False):
    import torch

    join = [torch.as_tensor(part).detach() for part in (k, v)]
    if past is not None:
        join = [torch.cat([torch.as_tensor(old), new], dim=2) for old, new in zip(past, join, strict=True)]
    q, (k, v) = np.asarray(torch.as_tensor(q).detach().double()), (np.asarray(part.double()) for part in join)
    heads, new, total = q.shape[1], q.shape[2], k.shape[2]
    out = np.zeros((*q.shape[:3], v.shape[3]))
    for b, a, t in product(range(len(q)), range(heads), range(new)):
        place, group = total - new + t, a * k.shape[1] // heads
        query = _turned(q[b, a, t], place) if turn else q[b, a, t]
        keys = [_turned(k[b, group, s], s) if turn else k[b, group, s] for s in range(place + 1)]
        weights = np.exp(np.array(keys) @ query / np.sqrt(len(query)))
        out[b, a, t] = weights / weights.sum() @ v[b, group, : place + 1]
    return torch.from_numpy(out).to(join[0].dtype), tuple(join)


def _attend_ours(q, k, v, past=None, turn=False):
    from seqlib.models.gpt import attend

    return attend(q, k, v, past, turn)


def _attend(
    q,
    k,
    v,
    past=None,
    turn=False,
    *,
    join=lambda old, new: [old, new],
    queries_at=lambda new, total: (total - new, total),
    keep_turned=False,
    turn_new=False,
    turn_values=False,
    keep=lambda joined, new: joined,
    repeat=lambda x, n: x.repeat_interleave(n, dim=1),
    diagonal=lambda new, total: total - new,
    scale=lambda d_k: d_k**-0.5,
):
    """Attention with a past, each of its parts replaceable."""
    import torch

    from seqlib.models.attention import rotary

    new = k, v
    if turn and turn_new:
        k = rotary(k, torch.arange(k.shape[2]))
    if past is not None:
        k, v = torch.cat(join(past[0], k), dim=2), torch.cat(join(past[1], v), dim=2)
    kept, total = keep((k, v), new), k.shape[2]
    if turn:
        q = rotary(q, torch.arange(*queries_at(q.shape[2], total)))
        k = k if turn_new else rotary(k, torch.arange(total))
        v = rotary(v, torch.arange(total)) if turn_values else v
        kept = (k, v) if keep_turned else kept
    k, v = (repeat(part, q.shape[1] // part.shape[1]) for part in (k, v))
    scores = q @ k.transpose(2, 3) * scale(q.shape[3])
    unseen = ~torch.ones(q.shape[2], total, dtype=torch.bool).tril(diagonal(q.shape[2], total))
    return scores.masked_fill(unseen, -torch.inf).softmax(dim=3) @ v, kept


def _attend_by_torch(q, k, v, past, turn):
    import torch

    from seqlib.models.attention import rotary
    from seqlib.models.gpt import cached_mask as mask

    if past is not None:
        k, v = (torch.cat(two, dim=2) for two in zip(past, (k, v), strict=True))
    kept = k, v
    if turn:
        places = torch.arange(k.shape[2])
        q, k = rotary(q, places[k.shape[2] - q.shape[2] :]), rotary(k, places)
    return torch.nn.functional.scaled_dot_product_attention(
        q, k, v, attn_mask=mask(q.shape[2], k.shape[2]), enable_gqa=True
    ), kept


attend = Exercise(
    name="16.attend",
    points=5,
    inputs=_pieces,
    oracle=_place_by_place,
    stand_in=_attend_ours,
    mistakes={
        "the positions of the queries restart at zero after the cache: the first new one stands at place P": partial(
            _attend, queries_at=lambda new, total: (0, new)
        ),
        "the positions of the queries are one too late": partial(
            _attend, queries_at=lambda new, total: (total - new + 1, total + 1)
        ),
        "the new keys are turned by themselves, from place zero, and the past not at all: join first, then turn": partial(
            _attend, turn_new=True
        ),
        "turned keys are kept: the next step would turn them again": partial(_attend, keep_turned=True),
        "the values are turned as well: only the dot product of q and k needs positions": partial(
            _attend, turn_values=True
        ),
        "the past is put behind the new positions": partial(_attend, join=lambda old, new: [new, old]),
        "only the new keys and values are kept, so that the cache forgets the past": partial(
            _attend, keep=lambda joined, new: new
        ),
        "the mask forgets the cache: the first new position sees the first of the past and nothing else": partial(
            _attend, diagonal=lambda new, total: 0
        ),
        "there is no mask: new positions see one another's future": partial(_attend, diagonal=lambda new, total: total),
        "the shared heads are repeated in the order 0 1 0 1, not 0 0 1 1": partial(
            _attend, repeat=lambda x, n: x.repeat(1, n, 1, 1)
        ),
        "the scores are divided by $d_k$, not by its root": partial(_attend, scale=lambda d_k: 1 / d_k),
        "the scores are not scaled": partial(_attend, scale=lambda d_k: 1.0),
    },
    accepts=[_attend, _attend_by_torch],
    hints=[
        "In this order: join past and new (along the axis of positions), remember both, turn, repeat, mask, attend.",
        "After joining there are S keys at the places 0 … S − 1. The T queries stand at the last T of these places.",
        "`places = torch.arange(k.shape[2])`; `rotary(q, places[-q.shape[2]:])`, `rotary(k, places)`; then "
        "`attention(q, repeat_heads(k, A), repeat_heads(v, A), cached_mask(T, S))[0]`.",
    ],
    returns=("out", "kept"),
    difficulty=4,
    minutes=15,
)


# -- gpt_parameters --------------------------------------------------------------------------------------------------


def _sizes(rng) -> list[Case]:
    def case(label, *sizes):
        names = ("vocabulary_size", "context", "width", "layers", "hidden_size")
        return Case(label, **dict(zip(names, map(int, sizes), strict=True)))

    return [
        case("one layer", rng.integers(20, 40), rng.integers(8, 16), 6, 1, 24),
        case("5 layers, a narrow feed-forward", rng.integers(60, 90), 33, 10, 5, int(rng.integers(11, 19))),
        case("GPT-2, the smallest", 50257, 1024, 768, 12, 3072),
    ]


def _built(vocabulary_size, context, width, layers, hidden_size):
    """Build it, without memory for its numbers, and count."""
    import torch

    from seqlib.models.gpt import GPT, GPTConfig

    with torch.device("meta"):
        model = GPT(GPTConfig(vocabulary_size, context, width, layers, heads=1, hidden_size=hidden_size))
    return sum(p.numel() for p in model.parameters())


def _count(V, T, D, L, F, *, attention=4, biases=True, places=1, tables=1, last=True, norms=2, per_norm=2):
    layer = attention * D * D + 2 * D * F + norms * per_norm * D + biases * (attention * D + F + D)
    return tables * V * D + places * T * D + L * layer + last * per_norm * D


gpt_parameters = Exercise(
    name="16.gpt_parameters",
    points=3,
    inputs=_sizes,
    oracle=_built,
    mistakes={
        "the tied table is counted twice: embedding and head are the same numbers": partial(_count, tables=2),
        "the head is forgotten *and* the embedding: the tied table counts once": partial(_count, tables=0),
        "the table of positions is left out": partial(_count, places=0),
        "the output projection $W_o$ is left out: attention has four matrices": partial(_count, attention=3),
        "the biases are left out": partial(_count, biases=False),
        "the norm before the head is left out": partial(_count, last=False),
        "each layer has one norm only: there is one before attention and one before the feed-forward layer": partial(
            _count, norms=1
        ),
        "a layer norm has a scale only: GPT-2's has a scale and a shift": partial(_count, per_norm=1),
        "the feed-forward layer has one matrix only: it goes up and down again": lambda V, T, D, L, F: (
            _count(V, T, D, L, F) - L * D * F
        ),
        "one layer is counted, not all of them": lambda V, T, D, L, F: _count(V, T, D, 1, F) + 0 * L + (L == 1),
    },
    accepts=[
        _count,
        lambda V, T, D, L, F: (
            V * D + T * D + 2 * D + L * sum([2 * D, 3 * (D * D + D), D * D + D, 2 * D, D * F + F, F * D + D])
        ),
    ],
    hints=[
        "Tables first: V × D for the tokens (the head is the same table) and T × D for the positions.",
        "One layer: four D × D matrices with a bias of D each, one D × F with a bias of F, one F × D with a bias of D, "
        "two norms of 2 D.",
        "Then the last norm, 2 D. GPT-2's smallest has 124,439,808 in all.",
    ],
    returns=("parameters",),
    difficulty=2,
    minutes=8,
)


# -- training_flops --------------------------------------------------------------------------------------------------


def _workloads(rng) -> list[Case]:
    def case(label, weights, tokens, layers, context, width):
        return Case(label, weights=weights, tokens=tokens, layers=layers, context=context, width=width)

    return [
        case("a small model, a short context", int(rng.integers(50_000, 90_000)), 20_000, 2, 64, 96),
        case("a long context: attention is the larger part", int(rng.integers(9_000, 19_000)), 4_000, 3, 2048, 48),
        case("one token", int(rng.integers(1_000, 3_000)), 1, 1, 16, 24),
    ]


def _product_by_product(weights, tokens, layers, context, width):
    """Forward: each weight multiplies and adds once; each layer has two products of (context × width)."""
    total = 0.0
    for passes in (1, 2):  # forward; backward has a product for the inputs and one for the weights
        matrices = 2 * weights
        scores = values = 2 * context * width
        total += passes * (matrices + layers * (scores + values))
    return total * tokens


def _flops(weights, tokens, layers, context, width, *, each=6, attended=12):
    return (each * weights + attended * layers * context * width) * tokens


training_flops = Exercise(
    name="16.training_flops",
    points=2,
    inputs=_workloads,
    oracle=_product_by_product,
    mistakes={
        "only the forward pass is counted: backward costs twice as much again": partial(_flops, each=2, attended=4),
        "backward is counted as costly as forward: it has two products where forward has one": partial(
            _flops, each=4, attended=8
        ),
        "multiplying counts and adding does not: a product of matrices does both": partial(_flops, each=3, attended=6),
        "attention's own products are left out: scores and weighted sums have no weights, but cost": partial(
            _flops, attended=0
        ),
        "of attention only the scores are counted, not the weighted sum of the values": partial(_flops, attended=6),
        "attention is counted in one layer only": lambda w, t, L, c, d: _flops(w, t, 1, c, d) + (L == 1),
        "it is the cost of one token, not of all": lambda w, t, L, c, d: _flops(w, 1, L, c, d) + (t == 1),
    },
    accepts=[_flops, lambda w, t, L, c, d: 3 * t * (2 * w + 4 * L * c * d)],
    hints=[
        "Forward: each weight takes part in one multiplication and one addition for each token. Backward: twice that.",
        "Attention, forward, for each token and layer: a product with `context` keys of `width` numbers, then as much for "
        "the values. Two FLOPs each, and three times that with backward.",
        "`(6 * weights + 12 * layers * context * width) * tokens`.",
    ],
    returns=("flops",),
    difficulty=2,
    minutes=6,
)


# -- continue_greedily -----------------------------------------------------------------------------------------------


class ReadAgain(RuntimeError):
    """What the small model of the check says to whoever makes it read a text twice."""


def _reader(rng, vocabulary_size, length):
    """read(idx, past) -> logits, past: a small GPT whose answers depend on every token and place."""
    import torch

    from seqlib.models.gpt import GPT, GPTConfig

    config = GPTConfig(vocabulary_size, 40, 12, 2, 2, positions="rotary", norm="rms", bias=False, tied=False)
    model = GPT(config).double()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape)) * 0.9))

    def read(idx, past=None):
        idx = torch.as_tensor(idx)
        if past is None and idx.shape[1] != length:
            raise ReadAgain("without a past only the prompt is read: hand each new token the past that came before it")
        with torch.no_grad():
            logits = model(idx, cache := list(past or ()))
        return logits, tuple(cache)

    read.model = model
    return read


def _prompts(rng) -> list[Case]:
    import torch

    def case(label, batch, length, count, vocabulary_size):
        prompt = torch.from_numpy(rng.integers(vocabulary_size, size=(batch, length)))
        return Case(label, read=_reader(rng, vocabulary_size, length), prompt=prompt, count=count)

    return [
        case("3 prompts of 5 tokens, 6 more", 3, 5, 6, 17),
        case("one prompt of 9 tokens, 7 more", 1, 9, 7, 23),
        case("2 prompts of 4 tokens, one more", 2, 4, 1, 13),
    ]


def _without_cache(read, prompt, count):
    import torch

    text = torch.as_tensor(prompt)
    with torch.no_grad():
        for _ in range(count):
            text = torch.cat([text, read.model(text)[:, -1:].argmax(dim=2)], dim=1)
    return text[:, -count:]


def _greedy_ours(read, prompt, count):
    import torch

    token, past = prompt, None
    written = []
    for _ in range(count):
        logits, past = read(token, past)
        token = logits[:, -1].argmax(dim=1)[:, None]
        written.append(token)
    return torch.hstack(written)


def _greedy(
    read,
    prompt,
    count,
    *,
    begin=lambda read, prompt: read(prompt, None),
    go_on=lambda read, token, past, first: read(token, past),
    pick=lambda logits: logits[:, -1:].argmax(dim=2),
    give=lambda prompt, written: written,
):
    import torch

    logits, past = begin(read, prompt)
    first, written = past, []
    for _ in range(count):
        token = pick(logits)
        written.append(token)
        logits, past = go_on(read, token, past, first)
    return give(prompt, torch.cat(written, dim=1))


def _all_again(read, prompt, count):
    import torch

    text = prompt
    for _ in range(count):
        logits, _ = read(text, None)
        text = torch.cat([text, logits[:, -1:].argmax(dim=2)], dim=1)
    return text[:, prompt.shape[1] :]


def _with_all(read, prompt, count):
    import torch

    (logits, past), text = read(prompt, None), prompt
    for _ in range(count):
        text = torch.cat([text, logits[:, -1:].argmax(dim=2)], dim=1)
        logits, past = read(text, past)
    return text[:, prompt.shape[1] :]


continue_greedily = Exercise(
    name="16.continue_greedily",
    points=4,
    inputs=_prompts,
    oracle=_without_cache,
    stand_in=_greedy_ours,
    mistakes={
        "the whole text is read again for each new token: the past is there to be handed on": _all_again,
        "the past is not brought up to date: each new token sees the prompt and nothing that was written since": partial(
            _greedy, go_on=lambda read, token, past, first: read(token, first)
        ),
        "the last token of the prompt is read twice: once with the prompt, once as the first token of the loop": partial(
            _greedy,
            begin=lambda read, prompt: read(prompt[:, -1:], read(prompt, None)[1]),
        ),
        "the whole text is read on top of its own past, so that everything stands there twice": _with_all,
        "the likeliest token after the *first* position is taken, not after the last": partial(
            _greedy, pick=lambda logits: logits[:, :1].argmax(dim=2)
        ),
        "the least likely token is taken": partial(_greedy, pick=lambda logits: logits[:, -1:].argmin(dim=2)),
        "the prompt is handed back too: only what was written after it was asked for": partial(
            _greedy, give=lambda prompt, written: np.concatenate([prompt, written], axis=1)
        ),
        "the first written token is lost: the prompt's own logits already say it": partial(
            _greedy,
            begin=lambda read, prompt: (lambda one: read(one[0][:, -1:].argmax(dim=2), one[1]))(read(prompt, None)),
        ),
    },
    accepts=[_greedy, _greedy_ours],
    hints=[
        "`read(prompt, None)` gives the logits of every position of the prompt, and the past. The last logits say the "
        "first new token.",
        "From then on each call gets one token, of shape (B, 1), and the past of the call before. Its logits are (B, 1, V).",
        "Begin with `logits[:, -1:].argmax(dim=2)`; then `logits, past = read(token, past)`; `torch.cat(written, dim=1)`.",
    ],
    returns=("written",),
    difficulty=3,
    minutes=10,
)


# -- power_law -------------------------------------------------------------------------------------------------------


def _laws(rng) -> list[Case]:
    def case(label, points, decades):
        compute = 10 ** np.sort(rng.uniform(9, 9 + decades, points))
        exponent, constant = rng.uniform(0.05, 0.3), rng.uniform(20, 90)
        noise = np.exp(rng.normal(size=points) * 0.05)
        return Case(label, compute=compute, loss=constant * compute**-exponent * noise)

    return [case("5 points over 3 decades", 5, 3), case("8 points over 5 decades", 8, 5), case("3 points", 3, 2)]


def _by_polyfit(compute, loss):
    slope, height = np.polyfit(np.log(np.asarray(compute)), np.log(np.asarray(loss)), 1)
    return -slope, np.exp(height)


def _law(compute, loss, *, x=np.log, y=np.log, back=lambda slope, height: (-slope, np.exp(height)), turn=False):
    a, b = x(np.asarray(compute)), y(np.asarray(loss))
    a, b = (b, a) if turn else (a, b)
    slope = ((a - a.mean()) * (b - b.mean())).sum() / ((a - a.mean()) ** 2).sum()
    return back(slope, b.mean() - slope * a.mean())


def _two_ends(compute, loss):
    slope = np.log(loss[-1] / loss[0]) / np.log(compute[-1] / compute[0])
    return -slope, loss[0] * compute[0] ** -slope


def _by_covariance(compute, loss):
    table = np.cov(np.log10(compute), np.log10(loss))
    slope = table[0, 1] / table[0, 0]
    return -slope, 10 ** (np.log10(loss).mean() - slope * np.log10(compute).mean())


power_law = Exercise(
    name="16.power_law",
    points=3,
    inputs=_laws,
    oracle=_by_polyfit,
    mistakes={
        "the exponent keeps the slope's sign: $AC^{-b}$ falls with a positive b": partial(
            _law, back=lambda slope, height: (slope, np.exp(height))
        ),
        "the height is handed back as a logarithm: $A = e^{\\text{height}}$": partial(
            _law, back=lambda slope, height: (-slope, height)
        ),
        "the line is fitted to the numbers themselves: a power law is a line between logarithms": partial(
            _law, x=np.asarray, y=np.asarray, back=lambda slope, height: (-slope, height)
        ),
        "only the compute is a logarithm: the loss has to be one too": partial(
            _law, y=np.asarray, back=lambda slope, height: (-slope, height)
        ),
        "the axes are exchanged: compute is fitted against loss": partial(_law, turn=True),
        "only the first and the last point are used": _two_ends,
        "base 10 goes in and e comes out: the height is undone with another base": partial(
            _law, x=np.log10, y=np.log10
        ),
        "the two results change places: the exponent comes first": lambda c, q: _law(c, q)[::-1],
    },
    accepts=[_law, _by_covariance],
    forbids=("numpy.polyfit", "numpy.linalg.lstsq"),
    hints=[
        "Take logarithms of both sides: $\\log L = \\log A - b \\log C$. That is a straight line.",
        "Least squares: slope = Σ(x − x̄)(y − ȳ) / Σ(x − x̄)², height = ȳ − slope · x̄.",
        "b = −slope, A = exp(height).",
    ],
    returns=("exponent", "constant"),
    difficulty=2,
    minutes=8,
)


# -- prefix_score ----------------------------------------------------------------------------------------------------


def _looks(rng) -> list[Case]:
    import torch

    def case(label, heads, period, rest=0, ahead=0):
        steps = 2 * period + rest
        seen = np.tri(steps, steps + ahead)
        weights = (rng.gamma(0.6, size=(heads, steps, steps + ahead)) + 0.01) * seen
        return Case(label, weights=torch.from_numpy(weights / weights.sum(axis=2, keepdims=True)), period=period)

    return [
        case("3 heads, a period of 4, read twice", 3, 4),
        case("5 heads, a period of 7, read twice", 5, 7),
        case("2 heads, a period of 3, read twice and a bit", 2, 3, rest=2),
        case("4 heads, a period of 5, and two places that nobody reads", 4, 5, ahead=2),
    ]


def _row_by_row(weights, period):
    import torch

    weights = torch.as_tensor(weights).detach()
    steps = weights.shape[1]
    return torch.stack(
        [sum(head[t, t - period + 1] for t in range(period, steps)) / (steps - period) for head in weights]
    )


def _look(weights, period, *, first=0, back=None, mean=None):
    import torch

    t = torch.arange(period + first, weights.shape[1])
    looked = weights[:, t, t - (period - 1 if back is None else back)]
    return looked.mean(dim=1) if mean is None else mean(looked)


prefix_score = Exercise(
    name="16.prefix_score",
    points=3,
    inputs=_looks,
    oracle=_row_by_row,
    mistakes={
        "it looks at the same token one period ago: an induction head looks one place further, at what came *after* it": (
            lambda weights, period: _look(weights, period, back=period)
        ),
        "it is the score of a previous-token head: the place just before": lambda weights, period: _look(
            weights, period, back=1
        ),
        "the last row of the first copy is counted too, which cannot know yet": lambda weights, period: _look(
            weights, period, first=-1
        ),
        "the first row of the second copy is left out": lambda weights, period: _look(weights, period, first=1),
        "rows and columns are exchanged: a row is who looks, a column is where": lambda weights, period: _look(
            weights.transpose(1, 2), period
        ),
        "the heads are averaged: one score for each head was asked for": lambda weights, period: _look(
            weights, period, mean=lambda looked: looked.mean()
        ),
        "the mean runs over the heads, not over the positions": lambda weights, period: _look(
            weights, period, mean=lambda looked: looked.mean(dim=0)
        ),
        "the weights are added up, not averaged": lambda weights, period: _look(
            weights, period, mean=lambda looked: looked.sum(dim=1)
        ),
    },
    accepts=[
        _look,
        lambda weights, period: weights.diagonal(1 - period, dim1=1, dim2=2)[:, 1:].mean(dim=1),
    ],
    hints=[
        "In the second copy, place t holds the same token as t − period. What came after it stood at t − period + 1.",
        "So you want weights[:, t, t − period + 1], averaged over t = period … T − 1. That is a diagonal.",
        "`t = torch.arange(period, weights.shape[1])`, then `weights[:, t, t - period + 1].mean(dim=1)`.",
    ],
    returns=("scores",),
    difficulty=3,
    minutes=8,
)


EXERCISES = [
    language_loss,
    rms_norm,
    swiglu,
    repeat_heads,
    cached_mask,
    attend,
    gpt_parameters,
    training_flops,
    power_law,
    continue_greedily,
    prefix_score,
]
