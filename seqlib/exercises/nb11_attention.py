"""Notebook 11: attention, from a soft look-up to translations whose alignment is known."""

from functools import partial

import numpy as np

from seqlib.checks.exercise import Case, Exercise

# What would do the work of attention, or of going back through it.
READY_MADE = (
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.MultiheadAttention",
    "seqlib.models.attention.attention",
)
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward")


def _drawn(rng, *shape):
    """Numbers of both signs, as a float64 tensor."""
    import torch

    return torch.from_numpy(rng.normal(size=shape))


def _softmax(scores, axis=-1):
    """NumPy's softmax, shifted so that nothing overflows."""
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# -- look_up ---------------------------------------------------------------------------------------------------------


def _look_ups(rng) -> list[Case]:
    def case(label, places, width, size, scale=1.0):
        query, keys = rng.normal(size=width) * scale, rng.normal(size=(places, width))
        if scale > 100:  # two keys that fit nearly alike, with scores near 3000
            keys[-2] = query * 3000 / (query @ query)
            keys[0] = keys[-2] * (1 - rng.uniform(1e-4, 3e-4))
        return Case(label, query=query, keys=keys, values=rng.normal(size=(places, size)) + 1)

    return [
        case("five places, keys of 3, values of 2", 5, 3, 2),
        case("three places, keys of 2, values of 4", 3, 2, 4),
        case("one place only", 1, 3, 2),
        case("a query so long that it reads almost one place alone", 6, 4, 3, scale=9.0),
        case("scores in the thousands", 4, 3, 2, scale=2000.0),
    ]


def _looked_up(query, keys, values):
    # One place after another, with exponentials relative to the best score.
    scores = [float(sum(q * k for q, k in zip(query, key, strict=True))) for key in keys]
    powers = [np.exp(score - max(scores)) for score in scores]
    weights = np.array([power / sum(powers) for power in powers])
    return sum(weight * value for weight, value in zip(weights, np.asarray(values), strict=True)), weights


def _look(query, keys, values, *, weigh=_softmax, read=lambda w, k, v: w @ v):
    weights = weigh(keys @ query)
    return read(weights, keys, values), weights


def _look_in_torch(query, keys, values):
    import torch

    query, keys, values = (torch.as_tensor(np.asarray(a)) for a in (query, keys, values))
    weights = torch.softmax(torch.einsum("d,sd->s", query, keys), dim=0)
    return (weights[:, None] * values).sum(0), weights


def _unshifted(scores):
    powers = np.exp(scores)
    return powers / powers.sum()


look_up = Exercise(
    name="11.look_up",
    points=2,
    inputs=_look_ups,
    oracle=_looked_up,
    mistakes={
        "only the best place is read: a hard look-up, whose choice has no gradient": lambda *a: _look(
            *a, weigh=lambda s: (s == s.max()) * 1.0
        ),
        "all places count the same: the query is not asked": lambda *a: _look(
            *a, weigh=lambda s: np.full(len(s), 1 / len(s))
        ),
        "the scores themselves are the weights: the softmax is missing": lambda *a: _look(*a, weigh=lambda s: s * 1.0),
        "the scores are divided by their sum, without an exponential: a negative score gives a negative weight": (
            lambda *a: _look(*a, weigh=lambda s: s / s.sum())
        ),
        "the *least* fitting place gets the largest weight: the sign of the scores is turned": lambda *a: _look(
            *a, weigh=lambda s: _softmax(-s)
        ),
        "the exponential is not shifted: scores in the thousands overflow to inf, and inf / inf is nan": lambda *a: (
            _look(*a, weigh=_unshifted)
        ),
        "the two results change places: what was read comes first": lambda *a: _look(*a)[::-1],
        "the values are averaged evenly, though the weights are right": lambda *a: _look(
            *a, read=lambda w, k, v: v.mean(axis=0)
        ),
        "the *keys* are read: the query looks for a key, but takes home its value": lambda *a: _look(
            *a, read=lambda w, k, v: w @ k
        ),
    },
    accepts=[_look, _look_in_torch],
    hints=[
        "Three lines: a score for each place, weights that are positive and sum to 1, and the weighted sum of the values.",
        "`scores = keys @ query` has shape (S,). Take away `scores.max()` before `np.exp`.",
        "`weights = np.exp(scores - scores.max())`, divide by its sum, and `return weights @ values, weights`.",
    ],
    returns=("read", "weights"),
    difficulty=1,
    minutes=5,
)


# -- AdditiveScore ---------------------------------------------------------------------------------------------------


def _additive_inputs(rng) -> list[Case]:
    def case(label, batch, targets, places, query_size, key_size, hidden_size):
        return Case(
            label,
            queries=_drawn(rng, batch, targets, query_size),
            keys=_drawn(rng, batch, places, key_size),
            W_q=_drawn(rng, query_size, hidden_size),
            W_k=_drawn(rng, key_size, hidden_size),
            v=_drawn(rng, hidden_size),
        )

    return [
        case("2 sequences, 3 queries, 5 places", 2, 3, 5, 4, 6, 7),
        case("one query, as when a decoder runs free", 3, 1, 4, 5, 3, 2),
        case("a single place", 1, 4, 1, 2, 3, 5),
    ]


def _score_with(answer, queries, keys, W_q, W_k, v):
    """A layer of the learner's class, with these weights in it, asked for its scores."""
    import torch

    layer = answer(queries.shape[2], keys.shape[2], len(v))
    if not callable(layer):
        raise TypeError(f"AdditiveScore(query_size, key_size, hidden_size) should make a layer, not {layer!r}")
    with torch.no_grad():
        for name, weight in (("W_q", W_q), ("W_k", W_k), ("v", v[:, None])):
            linear = getattr(layer, name)
            if linear.weight.shape != weight.T.shape:
                raise ValueError(f"{name}.weight should have shape {tuple(weight.T.shape)}: leave __init__ as it was")
            linear.weight = torch.nn.Parameter(torch.as_tensor(weight).T.clone())
            if linear.bias is not None:
                linear.bias = torch.nn.Parameter(torch.ones(weight.shape[1], dtype=torch.float64))
        return layer(torch.as_tensor(queries), torch.as_tensor(keys))


def _AdditiveScore(query_size, key_size, hidden_size):
    from seqlib.models.attention import AdditiveScore

    return AdditiveScore(query_size, key_size, hidden_size)


def _scores_one_by_one(queries, keys, W_q, W_k, v):
    """Each query with each key, in a loop."""
    import torch

    scores = torch.zeros(queries.shape[0], queries.shape[1], keys.shape[1], dtype=torch.float64)
    for b, t, s in np.ndindex(*scores.shape):
        scores[b, t, s] = torch.tanh(queries[b, t] @ W_q + keys[b, s] @ W_k) @ v
    return scores


def _additive(forward):
    """A class like AdditiveScore whose forward is forward(q W_q, k W_k, v), to make other answers with."""

    def make(query_size, key_size, hidden_size):
        layer = _AdditiveScore(query_size, key_size, hidden_size)
        layer.forward = lambda queries, keys: forward(layer.W_q(queries), layer.W_k(keys), layer.v)
        return layer

    return make


def _pairs(q, k):
    return q[:, :, None] + k[:, None]


additive_score = Exercise(
    name="11.AdditiveScore",
    points=3,
    inputs=_additive_inputs,
    oracle=_scores_one_by_one,
    using=_score_with,
    stand_in=_AdditiveScore,
    mistakes={
        "the tanh is left out: query and key then never meet, and every query ranks the places alike": _additive(
            lambda q, k, v: v(_pairs(q, k))[..., 0]
        ),
        "query and key are multiplied, where additive attention adds them": _additive(
            lambda q, k, v: v((q[:, :, None] * k[:, None]).tanh())[..., 0]
        ),
        "each gets a tanh of its own before they are added: again they never meet": _additive(
            lambda q, k, v: v(_pairs(q.tanh(), k.tanh()))[..., 0]
        ),
        "the tanh comes after $v$: it belongs around the sum of query and key": _additive(
            lambda q, k, v: v(_pairs(q, k))[..., 0].tanh()
        ),
        "the scores come as (B, S, T): a row for each query, a column for each place": _additive(
            lambda q, k, v: v(_pairs(q, k).tanh())[..., 0].transpose(1, 2)
        ),
        "the last dimension, of size 1, is still there: shape (B, T, S, 1)": _additive(
            lambda q, k, v: v(_pairs(q, k).tanh())
        ),
        "the softmax is taken already: a score may be any number, the mask comes later": _additive(
            lambda q, k, v: v(_pairs(q, k).tanh())[..., 0].softmax(-1)
        ),
        "the sum goes through a sigmoid in the place of the tanh": _additive(
            lambda q, k, v: v(_pairs(q, k).sigmoid())[..., 0]
        ),
        "queries and keys are added place by place: each needs a dimension of its own before they meet": _additive(
            lambda q, k, v: v((q + k).tanh())[..., 0]
        ),
        "the hidden numbers are added up evenly: $v$ is left out": _additive(
            lambda q, k, v: _pairs(q, k).tanh().sum(-1)
        ),
    },
    accepts=[
        _AdditiveScore,
        _additive(lambda q, k, v: (_pairs(q, k).tanh() @ v.weight.T).squeeze(3)),
        _additive(lambda q, k, v: _one_query_after_another(q, k, v)),
    ],
    hints=[
        "Every query has to meet every key: give the queries a dimension for places and the keys one for queries, and "
        "let broadcasting do the rest.",
        "`self.W_q(queries)[:, :, None]` is (B, T, 1, H) and `self.W_k(keys)[:, None]` is (B, 1, S, H).",
        "Their sum is (B, T, S, H); tanh, then `self.v(...)` gives (B, T, S, 1), and `.squeeze(-1)` drops the 1.",
    ],
    returns=("scores",),
    difficulty=2,
    minutes=10,
)


def _one_query_after_another(q, k, v):
    import torch

    return torch.stack([v(torch.tanh(k + q[:, t : t + 1]))[:, :, 0] for t in range(q.shape[1])], dim=1)


# -- mirror ----------------------------------------------------------------------------------------------------------

PLACES = 6


def _mirrors(found, case) -> str | None:
    """What scores q W k with this W do wrong, for one-hot places: None if query t reads place 5 - t."""
    wanted = f"`mirror` should be an array of shape ({PLACES}, {PLACES})"
    try:
        W = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        return f"{wanted}, and holds something that is no number"
    if W.shape != (PLACES, PLACES):
        return f"{wanted}; found shape {W.shape}"
    if not np.isfinite(W).all():
        return f"{wanted} of finite numbers"
    weights = _softmax(np.eye(PLACES) @ W @ np.eye(PLACES).T)
    for t, row in enumerate(weights):
        at, goal = int(row.argmax()), PLACES - 1 - t
        if at != goal:
            return f"query {t} looks most at place {at} ({row[at]:.2f}), and should look at place {goal}"
        if row[goal] < 0.99:
            return f"query {t} gives place {goal} only {row[goal]:.2f} of its attention, and should give 0.99"
    return None


mirror = Exercise(
    name="11.mirror",
    points=2,
    value=True,
    oracle=lambda: 10.0 * np.eye(PLACES)[::-1],
    judge=_mirrors,
    mistakes={
        "it copies: query t looks at place t, where it should look from the other end": lambda: 10 * np.eye(PLACES),
        "the scores are right and too small: a score of 1 is $e$ times a score of 0, no more": lambda: np.eye(PLACES)[
            ::-1
        ],
        "the sign is turned: the place that is meant gets the lowest score": lambda: -10 * np.eye(PLACES)[::-1],
        "it is off by one: $S - t$ in the place of $S - 1 - t$": lambda: 10 * np.roll(np.eye(PLACES)[::-1], 1, axis=1),
        "all scores are alike, and every query looks everywhere": lambda: 10 * np.ones((PLACES, PLACES)),
        "the weights were written in the place of the scores: the softmax is still to come": lambda: (
            0.99 * np.eye(PLACES)[::-1] + 0.002 * (1 - np.eye(PLACES)[::-1])
        ),
    },
    accepts=[
        lambda: np.fliplr(np.eye(PLACES)) * 25,
        lambda: -20.0 * (1 - np.eye(PLACES)[::-1]),
        lambda: -9.0 * (np.add.outer(range(PLACES), range(PLACES)) - PLACES + 1) ** 2,
        lambda: (10 * np.eye(PLACES)[::-1]).tolist(),
    ],
    hints=[
        "With one-hot queries and keys, $q_t W k_s^\\top$ is the number W[t, s]. So which six numbers have to be large?",
        "Those with t + s = 5: the diagonal from the top right to the bottom left.",
        "`np.eye(6)[::-1]` has ones there. How large a multiple lets $e^{score}$ beat five times $e^0$ a hundredfold?",
    ],
    difficulty=2,
    minutes=6,
)


# -- masked_softmax --------------------------------------------------------------------------------------------------


def _masked_inputs(rng) -> list[Case]:
    import torch

    def kept(*shape):
        mask = rng.random(shape) < 0.6
        mask[..., 0] = True
        mask[..., -1] = False
        return mask

    rows = kept(3, 5)
    rows[1] = False
    loud = rng.normal(size=(2, 3, 6))
    hidden = kept(2, 1, 6)
    loud = np.where(hidden, loud, 2000 + 50 * loud)
    return [
        Case(
            "2 sequences, 3 queries, 4 places, one mask for all queries of a sequence",
            scores=_drawn(rng, 2, 3, 4),
            mask=torch.from_numpy(kept(2, 1, 4)),
        ),
        Case("no batch, one query with nothing to look at", scores=_drawn(rng, 3, 5), mask=torch.from_numpy(rows)),
        Case("scores of thousands behind the mask", scores=torch.from_numpy(loud), mask=torch.from_numpy(hidden)),
        Case("scores of thousands, all to be seen", scores=_drawn(rng, 2, 3) * 2000, mask=torch.ones(2, 3).bool()),
        Case("no mask at all", scores=_drawn(rng, 2, 3, 5), mask=None),
    ]


def _row_by_row(scores, mask=None):
    """The softmax of the seen places alone, written back to where they stand."""
    import torch

    weights = torch.zeros_like(scores)
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.broadcast_to(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        seen = mask[place]
        if seen.any():
            weights[place][seen] = torch.nn.functional.softmax(scores[place][seen], dim=0)
    return weights


def _hide(scores, mask, value=None):
    import torch

    if mask is None:
        return scores
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min if value is None else value)


def _zeroed(weights, mask):
    return weights if mask is None else weights * mask


def _renormalised(scores, mask=None, shift=True):
    shifted = scores - scores.amax(-1, keepdim=True) if shift else scores
    powers = _zeroed(shifted.exp(), mask)
    return powers / (powers.sum(-1, keepdim=True) + 1e-30)


def _with_where(scores, mask=None):
    import torch

    if mask is None:
        return torch.softmax(scores, -1)
    hidden = torch.where(mask, scores, torch.tensor(-torch.inf, dtype=scores.dtype))
    return torch.nan_to_num(torch.softmax(hidden, -1), nan=0.0)


def _by_hand(scores, mask=None):
    hidden = _hide(scores, mask)
    powers = _zeroed((hidden - hidden.amax(-1, keepdim=True)).exp(), mask)
    return powers / powers.sum(-1, keepdim=True).clamp(min=1e-9)


masked_softmax = Exercise(
    name="11.masked_softmax",
    points=4,
    inputs=_masked_inputs,
    oracle=_row_by_row,
    mistakes={
        "the mask comes after the softmax: the hidden places took their share first, and the rest no longer sums to 1": (
            lambda s, m=None: _zeroed(s.softmax(-1), m)
        ),
        "the mask is turned round: True means “look here”": lambda s, m=None: _zeroed(
            _hide(s, None if m is None else ~m).softmax(-1), None if m is None else ~m
        ),
        "the mask is not used": lambda s, m=None: s.softmax(-1),
        "the softmax goes over the queries (dim −2): each *row* should sum to 1": lambda s, m=None: _zeroed(
            _hide(s, m).softmax(-2), m
        ),
        "the scores are multiplied by the mask: a score of 0 is not low, $e^0$ is 1": lambda s, m=None: _zeroed(
            s, m
        ).softmax(-1),
        "the hidden scores are set to 0, which is not low: $e^0$ is 1": lambda s, m=None: _zeroed(
            _hide(s, m, 0.0).softmax(-1), m
        ),
        "a row with nothing to look at is nan: −inf everywhere leaves 0 / 0": lambda s, m=None: _hide(
            s, m, -float("inf")
        ).softmax(-1),
        "a row with nothing to look at is spread over hidden places: it should be all zero": lambda s, m=None: _hide(
            s, m
        ).softmax(-1),
        "the weights are masked and then divided by what is left: a large score behind the mask leaves nothing": (
            _renormalised
        ),
        "the exponential is not shifted by the row's largest score: thousands overflow": lambda s, m=None: (
            _renormalised(s, m, shift=False)
        ),
        "the hidden scores are lowered by a fixed few, here 4, which a score of thousands does not notice": lambda s, m=None: (
            _zeroed((s if m is None else s - 4.0 * ~m).softmax(-1), m)
        ),
    },
    accepts=[_with_where, _by_hand],
    hints=[
        "What has to happen *before* the softmax so that a place gets no weight? And what would −inf do in a row where "
        "every place is hidden?",
        "`scores.masked_fill(~mask, lowest)` with `lowest = torch.finfo(scores.dtype).min`, the lowest finite number; "
        "then `softmax(dim=-1)`.",
        "A row of lowest numbers alone comes out even; `* mask` at the end makes it zero and changes no other row.",
    ],
    returns=("weights",),
    difficulty=2,
    minutes=10,
)


# -- AttentionDecoder ------------------------------------------------------------------------------------------------


def _decoder_inputs(rng) -> list[Case]:
    import torch

    def case(label, layer, batch, steps, places, vocabulary, embedding, hidden, memory, hide=True):
        tokens = rng.integers(1, vocabulary, (batch, steps))
        tokens[-1, 0] = 0
        mask = np.ones((batch, places), dtype=bool)
        if hide:
            for row in range(batch):
                mask[row, places - 1 - row % 2 :] = False
        return Case(
            label,
            sizes=(vocabulary, embedding, hidden, memory),
            layer=layer,
            tokens=torch.from_numpy(tokens),
            memory=_drawn(rng, batch, places, memory),
            mask=torch.from_numpy(mask),
            last=_drawn(rng, batch, memory),
            numbers=_drawn(rng, 4000) * 0.6,
        )

    return [
        case("a GRU: 3 sequences, 4 steps, 5 places, some of them padding", "gru", 3, 4, 5, 9, 3, 6, 4),
        case("an LSTM, with two states to carry", "lstm", 2, 3, 6, 7, 4, 5, 3),
        case("one step, as when it runs free; nothing hidden", "gru", 2, 1, 4, 8, 5, 3, 7, hide=False),
    ]


def _decode_with(answer, sizes, layer, tokens, memory, mask, last, numbers):
    """A decoder of the learner's class with these numbers as its weights: logits, weights, and the state to go on from."""
    import torch

    from seqlib.models.attention import GeneralScore

    vocabulary, embedding, hidden, size = sizes
    model = answer(vocabulary, embedding, hidden, size, GeneralScore(hidden, size), layer)
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"AttentionDecoder(…) should make a torch.nn.Module, not {type(model).__name__}")
    model, used = model.double(), 0
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            part = weight[1:] if name == "embedding.weight" else weight  # the row of the padding stays as it was made
            part.copy_(numbers[used : used + part.numel()].reshape(part.shape))
            used += part.numel()
        state = model.begin(memory, mask, last)
        made = model(tokens, state)
    if not isinstance(made, tuple) or len(made) != 3 or not isinstance(made[1], tuple) or len(made[1]) != 3:
        raise ValueError(
            "forward should return three things: the logits, the state (memory, mask, hidden), the weights"
        )
    logits, (kept, hidden_places, states), weights = made
    return logits, weights, torch.stack(list(states)), kept, hidden_places


def _AttentionDecoder(vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
    from seqlib.models.seq2seq import AttentionDecoder

    return AttentionDecoder(vocabulary_size, embedding_size, hidden_size, memory_size, score, layer)


def _decoded_step_by_step(sizes, layer, tokens, memory, mask, last, numbers):
    """The same arithmetic with torch's cells, one sequence, one step and one place after another."""
    import torch

    vocabulary, embedding, hidden, size = sizes
    gates, parts, used = (4, 2, 0) if layer == "lstm" else (3, 1, 0)
    shapes = [
        ("combine.bias", hidden), ("combine.weight", hidden, size + hidden), ("embedding", vocabulary - 1, embedding),
        ("from.bias", parts * hidden), ("from.weight", parts * hidden, size), ("readout.bias", vocabulary),
        ("readout.weight", vocabulary, hidden), ("bias_hh", gates * hidden), ("bias_ih", gates * hidden),
        ("weight_hh", gates * hidden, hidden), ("weight_ih", gates * hidden, embedding), ("score", size, hidden),
    ]  # fmt: skip
    w = {}
    for name, *shape in shapes:
        w[name] = numbers[used : used + int(np.prod(shape))].reshape(shape)
        used += int(np.prod(shape))
    cell = (torch.nn.LSTMCell if layer == "lstm" else torch.nn.GRUCell)(embedding, hidden, dtype=torch.float64)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, torch.nn.Parameter(w[name], requires_grad=False))
    table = torch.cat([torch.zeros(1, embedding, dtype=torch.float64), w["embedding"]])
    logits = torch.zeros(*tokens.shape, vocabulary, dtype=torch.float64)
    weights = torch.zeros(*tokens.shape, memory.shape[1], dtype=torch.float64)
    states = torch.tanh(last @ w["from.weight"].T + w["from.bias"]).chunk(parts, dim=1)
    for t in range(tokens.shape[1]):
        made = cell(table[tokens[:, t]], states if parts == 2 else states[0])
        states = made if parts == 2 else (made,)
        for b, h in enumerate(states[0]):
            seen = mask[b].nonzero()[:, 0]
            weights[b, t, seen] = torch.softmax(torch.stack([h @ w["score"].T @ memory[b, s] for s in seen]), dim=0)
            read = sum(weights[b, t, s] * memory[b, s] for s in seen)
            combined = torch.tanh(w["combine.weight"] @ torch.cat([read, h]) + w["combine.bias"])
            logits[b, t] = w["readout.weight"] @ combined + w["readout.bias"]
    return logits, weights, torch.stack(list(states)), memory, mask


def _other_decoder(forward):
    """AttentionDecoder with another forward(self, tokens, state)."""

    def make(vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        model = _AttentionDecoder(vocabulary_size, embedding_size, hidden_size, memory_size, score, layer)
        model.forward = partial(forward, model)
        return model

    return make


def _decoder_forward(
    model,
    tokens,
    state,
    *,
    weigh=None,
    ask=lambda states, first: states,
    read=lambda weights, memory: weights @ memory,
    join=lambda context, states: (context, states),
    squash=lambda a: a.tanh(),
    carry=lambda new, old: new,
):
    """The forward of an AttentionDecoder with each of its parts replaceable."""
    import torch

    from seqlib.models.attention import masked_softmax
    from seqlib.models.seq2seq import run

    memory, mask, hidden = state
    states, new = run(model.recurrent, model.embedding(tokens), hidden)
    scores = model.score(ask(states, hidden[0]), memory)
    weights = (weigh or masked_softmax)(scores, mask[:, None])
    joined = squash(model.combine(torch.cat(join(read(weights, memory), states), dim=2)))
    return model.readout(joined), (memory, mask, carry(new, hidden)), weights


def _decoder_but(**changes):
    return _other_decoder(partial(_decoder_forward, **changes))


def _hidden_softmax(scores, mask):
    from seqlib.models.attention import masked_softmax

    return masked_softmax(scores, mask)


def _one_state_behind(states, first):
    import torch

    return torch.cat([first[:, None], states[:, :-1]], dim=1)


def _zeros(part):
    return part * 0.0


def _swapped_join(model, tokens, state):
    """[h; context] instead of [context; h], whatever their sizes."""
    import torch

    from seqlib.models.attention import masked_softmax
    from seqlib.models.seq2seq import run

    memory, mask, hidden = state
    states, hidden = run(model.recurrent, model.embedding(tokens), hidden)
    weights = masked_softmax(model.score(states, memory), mask[:, None])
    joined = torch.tanh(model.combine(torch.cat([states, weights @ memory], dim=2)))
    return model.readout(joined), (memory, mask, hidden), weights


def _token_by_token(model, tokens, state):
    """All parts, but one step at a time, with einsum."""
    import torch

    memory, mask, hidden = state
    logits, rows = [], []
    for t in range(tokens.shape[1]):
        first = tuple(part[None].contiguous() for part in hidden)
        states, last = model.recurrent(model.embedding(tokens[:, t : t + 1]), first if len(first) > 1 else first[0])
        hidden = tuple(part[0] for part in (last if isinstance(last, tuple) else (last,)))
        scores = model.score(states, memory)[:, 0].masked_fill(~mask, -torch.inf)
        row = torch.softmax(scores, dim=-1)
        context = torch.einsum("bs,bsm->bm", row, memory)
        logits.append(model.readout(torch.tanh(model.combine(torch.hstack([context, states[:, 0]])))))
        rows.append(row)
    return torch.stack(logits, 1), (memory, mask, hidden), torch.stack(rows, 1)


attention_decoder = Exercise(
    name="11.AttentionDecoder",
    points=5,
    inputs=_decoder_inputs,
    oracle=_decoded_step_by_step,
    using=_decode_with,
    stand_in=_AttentionDecoder,
    mistakes={
        "the mask is not used: the padding is attended to": _decoder_but(weigh=lambda s, m: s.softmax(-1)),
        "the mask has no dimension for the steps: it is (B, S), the scores are (B, T, S)": _decoder_but(
            weigh=lambda s, m: _hidden_softmax(s, m[:, 0])
        ),
        "the mask comes after the softmax: the weights no longer sum to 1": _decoder_but(
            weigh=lambda s, m: s.softmax(-1) * m
        ),
        "the softmax goes over the target steps: each step's weights over the *places* sum to 1": _decoder_but(
            weigh=lambda s, m: s.masked_fill(~m, -1e300).softmax(1) * m
        ),
        "the state *before* each step asks: that is Bahdanau's order, here $h_t$ asks": _decoder_but(
            ask=_one_state_behind
        ),
        "the context is the even mean of the memory: the weights are not used": _decoder_but(
            read=lambda w, memory: memory.mean(1, keepdim=True).expand(-1, w.shape[1], -1)
        ),
        "the parts are joined as [h; context], where $W_c$ expects [context; h]": _other_decoder(_swapped_join),
        "the context never reaches the answer: the readout sees $h_t$ alone": _decoder_but(
            join=lambda context, states: (_zeros(context), states)
        ),
        "the state never reaches the answer: the readout sees the context alone": _decoder_but(
            join=lambda context, states: (context, _zeros(states))
        ),
        "the tanh around $[c_t; h_t]W_c$ is left out": _decoder_but(squash=lambda a: a * 1.0),
        "the old state is handed back: run free, it would begin anew at every step": _decoder_but(
            carry=lambda new, old: old
        ),
    },
    accepts=[_AttentionDecoder, _decoder_but(), _other_decoder(_token_by_token)],
    forbids=READY_MADE,
    hints=[
        "`run(self.recurrent, self.embedding(tokens), hidden)` gives all the states at once, (B, T, H), and the state "
        "to go on from.",
        "`self.score(states, memory)` is (B, T, S); the mask is (B, S), so give it a dimension for the steps: "
        "`mask[:, None]`.",
        "`context = weights @ memory`, then `torch.tanh(self.combine(torch.cat([context, states], dim=2)))` into "
        "`self.readout`; return the logits, `(memory, mask, hidden)` and the weights.",
    ],
    returns=("logits", "weights", "hidden", "memory", "mask"),
    difficulty=3,
    minutes=15,
)


# -- bahdanau_step ---------------------------------------------------------------------------------------------------


def _bahdanau_inputs(rng) -> list[Case]:
    import torch

    def case(label, batch, places, inputs, hidden, memory, width, hide):
        mask = np.ones((batch, places), dtype=bool)
        mask[:, places - hide :] = False
        mask[0, :] = True
        return Case(
            label,
            x_t=_drawn(rng, batch, inputs),
            h_prev=_drawn(rng, batch, hidden),
            memory=_drawn(rng, batch, places, memory),
            mask=torch.from_numpy(mask),
            W_q=_drawn(rng, hidden, width),
            W_k=_drawn(rng, memory, width),
            v=_drawn(rng, width),
            W_xh=_drawn(rng, inputs, hidden) * 0.5,
            W_ch=_drawn(rng, memory, hidden) * 0.5,
            W_hh=_drawn(rng, hidden, hidden) * 0.5,
        )

    return [
        case("3 sequences, 5 places, two of them padding in two of the sequences", 3, 5, 4, 6, 3, 7, 2),
        case("2 sequences, one place hidden", 2, 4, 3, 2, 5, 4, 1),
        case("one sequence, nothing hidden", 1, 6, 2, 4, 3, 5, 0),
    ]


def _bahdanau(
    x_t,
    h_prev,
    memory,
    mask,
    W_q,
    W_k,
    v,
    W_xh,
    W_ch,
    W_hh,
    *,
    query=lambda h, x, W_xh, W_hh: h,
    squash=lambda a: a.tanh(),
    hide=True,
    late=False,
    read=lambda w, memory: (w[:, :, None] * memory).sum(1),
    feed=1.0,
    keep=1.0,
    outer=lambda a: a.tanh(),
):
    """Bahdanau's step with each of its parts replaceable."""
    import torch

    asked = query(h_prev, x_t, W_xh, W_hh)
    scores = squash((asked @ W_q)[:, None] + memory @ W_k) @ v
    weights = torch.softmax(scores.masked_fill(~mask, -torch.inf) if hide and not late else scores, dim=1)
    weights = weights * mask if late else weights
    context = read(weights, memory)
    return outer(x_t @ W_xh + feed * context @ W_ch + keep * h_prev @ W_hh), weights


def _bahdanau_by_cell(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    """torch's RNN cell over [x; context], each sequence cut to its real places."""
    import torch

    weights = torch.zeros(mask.shape, dtype=memory.dtype)
    contexts = []
    for b in range(len(memory)):
        real = memory[b][mask[b]]
        w = torch.nn.functional.softmax(
            torch.tanh(torch.nn.functional.linear(h_prev[b], W_q.T) + real @ W_k) @ v, dim=0
        )
        weights[b][mask[b]] = w
        contexts.append(torch.mv(real.T, w))
    cell = torch.nn.RNNCell(len(W_xh) + len(W_ch), len(W_hh), bias=False, dtype=memory.dtype)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([W_xh, W_ch]).T)
        cell.weight_hh.copy_(W_hh.T)
    return cell(torch.cat([x_t, torch.stack(contexts)], dim=1), h_prev).detach(), weights


def _bahdanau_einsum(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    import torch

    each = torch.tanh(torch.einsum("bh,hw->bw", h_prev, W_q)[:, None] + torch.einsum("bsm,mw->bsw", memory, W_k))
    scores = torch.einsum("bsw,w->bs", each, v)
    powers = (scores - scores.max()).exp() * mask
    weights = powers / powers.sum(dim=1, keepdim=True)
    context = torch.bmm(weights[:, None], memory)[:, 0]
    return torch.tanh(torch.cat([x_t, context, h_prev], 1) @ torch.cat([W_xh, W_ch, W_hh])), weights


bahdanau_step = Exercise(
    name="11.bahdanau_step",
    points=4,
    inputs=_bahdanau_inputs,
    oracle=_bahdanau_by_cell,
    mistakes={
        "the new state asks, made without a context: that is Luong's order. Here $h_{t-1}$ asks": partial(
            _bahdanau, query=lambda h, x, W_xh, W_hh: (x @ W_xh + h @ W_hh).tanh()
        ),
        "the context is not fed into the recurrence: $c_tW_{ch}$ is missing from the sum": partial(_bahdanau, feed=0.0),
        "the old state is not fed into the recurrence: $h_{t-1}W_{hh}$ is missing from the sum": partial(
            _bahdanau, keep=0.0
        ),
        "the mask is not used: the padding is attended to": partial(_bahdanau, hide=False),
        "the mask comes after the softmax: the weights no longer sum to 1": partial(_bahdanau, late=True),
        "the tanh inside the score is left out: then every query ranks the places alike": partial(
            _bahdanau, squash=lambda a: a * 1.0
        ),
        "the context is the even mean of the memory": partial(
            _bahdanau, read=lambda w, memory: memory.mean(1) * w.sum(1, keepdim=True)
        ),
        "only the place with the largest weight is read": partial(
            _bahdanau, read=lambda w, memory: (memory * (w == w.amax(1, keepdim=True))[:, :, None]).sum(1)
        ),
        "the tanh of the recurrence is left out": partial(_bahdanau, outer=lambda a: a * 1.0),
    },
    accepts=[_bahdanau, _bahdanau_einsum],
    forbids=(*READY_MADE, "torch.nn.RNNCell", "torch.rnn_tanh_cell"),
    hints=[
        "In this order: scores with `h_prev` as the query, weights, context, and only then the new state.",
        "`(h_prev @ W_q)[:, None] + memory @ W_k` is (B, S, W); `torch.tanh(…) @ v` gives the scores, (B, S).",
        "`weights = masked_softmax(scores, mask)`; `context = (weights[:, None] @ memory)[:, 0]`; then the tanh of a "
        "sum of three products.",
    ],
    returns=("h_t", "weights"),
    difficulty=3,
    minutes=12,
)


# -- crossings -------------------------------------------------------------------------------------------------------


def _link_cases(rng) -> list[Case]:
    def case(label, places, links):
        order = rng.permutation(len(links))
        return Case(label, links=[tuple(int(n) for n in links[i]) for i in order], source_length=places)

    n = int(rng.integers(5, 9))
    turned = rng.permutation(n)
    many = [(s, t) for s in range(4) for t in rng.choice(6, 2, replace=False)] + [(1, 6), (3, 0)]
    many = sorted(set(many))
    return [
        case("a permutation", n, list(zip(range(n), turned, strict=True))),
        case("words with several links, links at the same place", 4, many),
        case("everything turned round", 4, [(s, 3 - s) for s in range(4)]),
        case("two words, each linked to both", 2, [(0, 0), (0, 1), (1, 0), (1, 1)]),
    ]


def _inversions(links, source_length):
    """By source place: a link crosses each link of an earlier place that lies to the right of it."""
    targets = [[t for s, t in links if s == place] for place in range(source_length)]
    count, before = 0, []
    for here in targets:
        count += sum(early > t for t in here for early in before)
        before += here
    return count


def _count(links, crossed, first=lambda i: i + 1):
    return sum(crossed(*links[i], *links[j]) for i in range(len(links)) for j in range(first(i), len(links)))


def _by_product(links, source_length):
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for i, a in enumerate(links) for b in links[:i])


def _by_arrays(links, source_length):
    s, t = np.array(links).T
    return int((np.sign(s[:, None] - s) * np.sign(t[:, None] - t) < 0).sum() // 2)


crossings = Exercise(
    name="11.crossings",
    points=2,
    inputs=_link_cases,
    oracle=_inversions,
    mistakes={
        "every crossing is counted twice, once from each of its two links": lambda links, n: 2 * _by_product(links, n),
        "pairs of links in the *same* order are counted: crossing means the opposite order": lambda links, n: sum(
            (a[0] - b[0]) * (a[1] - b[1]) > 0 for i, a in enumerate(links) for b in links[:i]
        ),
        "links that share a word count as crossing: ≤ in the place of <": lambda links, n: sum(
            (a[0] - b[0]) * (a[1] - b[1]) <= 0 for i, a in enumerate(links) for b in links[:i]
        ),
        "only neighbours in the list are compared: any two links may cross": lambda links, n: sum(
            (a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in zip(links, links[1:], strict=False)
        ),
        "links off the diagonal are counted: a link crosses another link, not the diagonal": lambda links, n: sum(
            s != t for s, t in links
        ),
        "the links are taken to come in the order of the source: they may come in any order": lambda links, n: _count(
            links, lambda s, t, s2, t2: t > t2
        ),
        "the number of pairs is divided out: a count was asked for, not a share": lambda links, n: (
            _by_product(links, n) / (len(links) * (len(links) - 1) / 2)
        ),
    },
    accepts=[_by_product, _by_arrays, lambda links, n: _count(sorted(links), lambda s, t, s2, t2: s < s2 and t > t2)],
    hints=[
        "Two links (s, t) and (s′, t′) cross if s < s′ and t > t′, or the other way round.",
        "Two loops over the links; each pair of links once.",
        "`sum((s - s2) * (t - t2) < 0 for …) // 2` if the loops meet each pair twice.",
    ],
    returns=("count",),
    difficulty=1,
    minutes=5,
)


# -- alignment_score -------------------------------------------------------------------------------------------------


def _alignment_inputs(rng) -> list[Case]:
    def case(label, targets, places, links):
        weights = _softmax(1.6 * rng.normal(size=(targets, places)))
        return Case(label, weights=weights, links=links)

    def linked(targets, places, several):
        found = {(int(rng.integers(places)), t) for t in range(targets) if t % 3 != 1}
        found |= {(int(rng.integers(places)), t) for t in several}
        return tuple(sorted(found))

    return [
        case("7 target words, 9 source words, some without a link", 7, 9, linked(7, 9, (0, 2))),
        case("12 target words, 4 source words, several links to a word", 12, 4, linked(12, 4, (0, 3, 5, 6, 9))),
        case("5 target words, 8 source words, one link", 5, 8, ((int(rng.integers(8)), 3),)),
        case("10 target words, 6 source words", 10, 6, linked(10, 6, (0, 3, 6, 8))),
    ]


def _scored_by_word(weights, links):
    weights = np.asarray(weights)
    hits, masses = [], []
    for t in sorted({t for _, t in links}):
        meant = {s for s, target in links if target == t}
        hits.append(max(range(weights.shape[1]), key=lambda s: weights[t, s]) in meant)
        masses.append(sum(weights[t, s] for s in meant))
    return sum(hits) / len(hits), sum(masses) / len(masses)


def _gold(shape, links):
    gold = np.zeros(shape, dtype=bool)
    for s, t in links:
        gold[t, s] = True
    return gold


def _scored(weights, links, *, change=lambda gold: gold, keep=lambda gold: gold.any(axis=1), best=None, mass=None):
    """Both numbers, with each of their parts replaceable."""
    weights = np.asarray(weights)
    gold = change(_gold(weights.shape, links))
    linked = keep(gold)
    top = weights.argmax(axis=1) if best is None else best(weights)
    hits = gold[np.arange(len(gold)), top][linked].mean()
    share = (weights * gold).sum(axis=1)[linked].mean() if mass is None else mass(weights, gold, linked)
    return hits, share


def _scored_in_torch(weights, links):
    import torch

    weights = torch.as_tensor(np.asarray(weights))
    gold = torch.zeros_like(weights)
    for s, t in links:
        gold[t, s] = 1
    linked = gold.sum(1) > 0
    hit = gold.gather(1, weights.argmax(1, keepdim=True))[:, 0]
    return hit[linked].mean(), (gold * weights).sum(1)[linked].mean()


def _last_link(gold):
    kept = np.zeros_like(gold)
    for t, row in enumerate(gold):
        if row.any():
            kept[t, np.flatnonzero(row)[-1]] = True
    return kept


def _turned_round(weights, links):
    """Each link read as (target, source): where it still fits, the wrong cell."""
    weights = np.asarray(weights)
    inside = [(t, s) for s, t in links if s < weights.shape[0] and t < weights.shape[1]]
    return _scored(weights, inside) if inside else (0.0, 0.0)


alignment_score = Exercise(
    name="11.alignment_score",
    points=4,
    inputs=_alignment_inputs,
    oracle=_scored_by_word,
    mistakes={
        "words without a link are counted as misses: they have nothing to look at, leave them out": partial(
            _scored, keep=lambda gold: np.ones(len(gold), dtype=bool)
        ),
        "of several links of a word only the last one counts": partial(_scored, change=_last_link),
        "links are read as (target, source): they are (source, target), and `weights` is [target, source]": (
            _turned_round
        ),
        "for each *source* word its favourite target is taken: the largest of each row is asked for": partial(
            _scored, best=lambda w: np.resize(w.argmax(axis=0), len(w))
        ),
        "the mass is averaged over the links, not over the words: a word with two links counts twice": partial(
            _scored, mass=lambda w, gold, linked: w[gold].mean()
        ),
        "of a word with several links only the largest weight counts in the mass: they belong together": partial(
            _scored, mass=lambda w, gold, linked: (w * gold).max(axis=1)[linked].mean()
        ),
        "the rows are one late: row t is the word that is *written* at step t": partial(
            _scored, change=lambda gold: np.roll(gold, 1, axis=0)
        ),
        "the two numbers change places: the share of hits comes first": lambda w, links: _scored(w, links)[::-1],
        "the counts are handed back, not the shares of the linked words": lambda w, links: tuple(
            n * _gold(np.shape(w), links).any(axis=1).sum() for n in _scored(w, links)
        ),
    },
    accepts=[_scored, _scored_in_torch],
    hints=[
        "First a table of the truth: `gold[t, s]` is True where (s, t) is a link. Which rows of it hold anything?",
        "`linked = gold.any(axis=1)`. A hit is a linked row whose `weights.argmax(axis=1)` is a True place of `gold`.",
        "`hits = gold[np.arange(len(gold)), best][linked].mean()` and `(weights * gold).sum(axis=1)[linked].mean()`.",
    ],
    returns=("hits", "mass"),
    difficulty=2,
    minutes=10,
)


# -- attention_backward ----------------------------------------------------------------------------------------------


def _backward_inputs(rng) -> list[Case]:
    def case(label, targets, places, width, size, loud=False):
        q, k = rng.normal(size=(targets, width)), rng.normal(size=(places, width))
        if loud:
            q[-1] = k[1] * 3000 / (k[1] @ k[1])
        return Case(label, d_out=rng.normal(size=(targets, size)), q=q, k=k, v=rng.normal(size=(places, size)))

    return [
        case("4 queries, 6 places, keys of 3, values of 5", 4, 6, 3, 5),
        case("one query", 1, 5, 2, 3),
        case("7 queries, 3 places", 7, 3, 4, 2),
        case("a query whose scores are in the thousands", 3, 5, 4, 2, loud=True),
    ]


def _by_autograd(d_out, q, k, v):
    import torch

    q, k, v = (torch.tensor(np.asarray(a), requires_grad=True) for a in (q, k, v))
    read = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], scale=1.0)[0]
    return tuple(g.numpy() for g in torch.autograd.grad(read, (q, k, v), torch.as_tensor(np.asarray(d_out))))


def _back(
    d_out,
    q,
    k,
    v,
    *,
    scores=lambda weights, d: weights * (d - (weights * d).sum(axis=1, keepdims=True)),
    values=lambda weights, d_out, v: weights.T @ d_out,
    order=lambda dq, dk, dv: (dq, dk, dv),
    axis=1,
    soft=_softmax,
):
    """Back through softmax(q kᵀ) v with each of its parts replaceable."""
    weights = soft(q @ k.T, axis=axis)
    d_scores = scores(weights, d_out @ v.T)
    return order(d_scores @ k, d_scores.T @ q, values(weights, d_out, v))


def _by_jacobians(d_out, q, k, v):
    """Every row's softmax with its Jacobian written out."""
    weights = _softmax(q @ k.T)
    jacobians = np.stack([np.diag(w) - np.outer(w, w) for w in weights])
    d_scores = np.einsum("tm,sm,tsr->tr", d_out, v, jacobians)
    return d_scores @ k, np.einsum("ts,td->sd", d_scores, q), np.einsum("ts,tm->sm", weights, d_out)


def _back_in_torch(d_out, q, k, v):
    import torch

    d_out, q, k, v = (torch.as_tensor(np.asarray(a)) for a in (d_out, q, k, v))
    weights = (q @ k.mT).softmax(-1)
    d = d_out @ v.mT
    d_scores = weights * d - weights * (weights * d).sum(-1, keepdim=True)
    return d_scores @ k, d_scores.mT @ q, weights.mT @ d_out


attention_backward = Exercise(
    name="11.attention_backward",
    points=4,
    inputs=_backward_inputs,
    oracle=_by_autograd,
    mistakes={
        "the softmax is gone back through place by place, $p \\odot \\delta p$: its row sum is missing, since all "
        "weights of a row hang together": partial(_back, scores=lambda w, d: w * d),
        "the softmax is taken for a sigmoid, $p(1-p)$: every weight depends on all scores of its row": partial(
            _back, scores=lambda w, d: w * (1 - w) * d
        ),
        "the row sum is there, but not the factor $p$ before the bracket": partial(
            _back, scores=lambda w, d: d - (w * d).sum(axis=1, keepdims=True)
        ),
        "the plain sum of $\\delta p$ is taken away, not the one weighted with $p$": partial(
            _back, scores=lambda w, d: w * (d - d.sum(axis=1, keepdims=True))
        ),
        "the sum in the bracket goes over the queries: each row is a softmax of its own": partial(
            _back, scores=lambda w, d: w * (d - (w * d).sum(axis=0, keepdims=True))
        ),
        "the softmax is left out on the way back: $\\delta s = \\delta p$": partial(_back, scores=lambda w, d: d * 1.0),
        "the softmax forward goes over the queries (axis 0)": partial(_back, axis=0),
        "$\\delta q$ and $\\delta k$ change places": partial(_back, order=lambda dq, dk, dv: (dk, dq, dv)),
        "the values get every output's gradient evenly, without the weights": partial(
            _back, values=lambda w, d_out, v: np.repeat(d_out.sum(axis=0, keepdims=True), len(v), axis=0)
        ),
        "the exponential is not shifted: scores in the thousands overflow to inf, and inf / inf is nan": partial(
            _back, soft=lambda s, axis: np.exp(s) / np.exp(s).sum(axis=axis, keepdims=True)
        ),
        "the sign of $\\delta s$ is turned": partial(
            _back, scores=lambda w, d: w * ((w * d).sum(axis=1, keepdims=True) - d)
        ),
    },
    accepts=[_back, _by_jacobians, _back_in_torch],
    forbids=(*BACKWARD, "torch.autograd.functional.vjp", "torch.autograd.functional.jacobian"),
    hints=[
        "Forward once more for the weights P = softmax(q kᵀ). Then backwards through O = P v: $\\delta P$ and $\\delta v$.",
        "`d_weights = d_out @ v.T`. A softmax's gradient: `d_scores = weights * (d_weights - (weights * "
        "d_weights).sum(axis=1, keepdims=True))`.",
        "S = q kᵀ gives `d_scores @ k` for q and `d_scores.T @ q` for k; O = P v gives `weights.T @ d_out` for v.",
    ],
    returns=("dq", "dk", "dv"),
    difficulty=4,
    minutes=20,
    core=False,
)


EXERCISES = [
    look_up,
    additive_score,
    mirror,
    masked_softmax,
    attention_decoder,
    bahdanau_step,
    crossings,
    alignment_score,
    attention_backward,
]
