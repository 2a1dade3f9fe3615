"""Notebook 11: attention, from a soft look-up to translations whose alignment is known."""

import numpy as np
import torch

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import softmax
from seqlib.models.attention import AdditiveScore, GeneralScore, masked_softmax
from seqlib.models.seq2seq import AttentionDecoder

# What would do the work of attention, or of going back through it.
READY_MADE = (
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.MultiheadAttention",
    "seqlib.models.attention.attention",
)
BACKWARD = (
    "torch.autograd.grad",
    "torch.autograd.backward",
    "torch.Tensor.backward",
    "torch.autograd.functional.vjp",
    "torch.autograd.functional.jacobian",
)


def _drawn(rng, *shape):
    """Numbers of both signs, as a float64 tensor."""
    return torch.from_numpy(rng.normal(size=shape))


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


def _look_up(query, keys, values):
    scores = keys @ query
    powers = np.exp(scores - scores.max())
    weights = powers / powers.sum()
    return weights @ values, weights


look_up = Exercise(
    name="11.look_up",
    points=2,
    inputs=_look_ups,
    oracle=_looked_up,
    right=_look_up,
    mistakes=slips(_look_up, {
        "only the best place is read: a hard look-up, whose choice has no gradient": "powers / powers.sum() → (scores == scores.max()) * 1.0",
        "all places count the same: the query is not asked": "powers / powers.sum() → np.full(len(keys), 1 / len(keys))",
        "the scores themselves are the weights: the softmax is missing": "powers / powers.sum() → scores * 1.0",
        "the scores are divided by their sum, without an exponential: a negative score gives a negative weight": "powers / powers.sum() → scores / scores.sum()",
        "the exponentials are not divided by their sum: the weights have to sum to 1": "powers / powers.sum() → powers",
        "the *least* fitting place gets the largest weight: the sign of the scores is turned": "scores = keys @ query → scores = -(keys @ query)",
        "the scores are divided by the root of D: that belongs to 13, here is no scale": "keys @ query → keys @ query / len(query) ** 0.5",
        "the exponential is not shifted: scores in the thousands overflow to inf, and inf / inf is nan": "scores - scores.max() → scores",
        "the scores are *divided* by the largest, which changes the weights: take it away from them": "scores - scores.max() → scores / scores.max()",
        "the two results change places: what was read comes first": "weights @ values, weights → weights, weights @ values",
        "the values are averaged evenly, though the weights are right": "weights @ values → values.mean(axis=0)",
        "the weighted values are averaged: they are to be added, the weights have done the dividing": "weights @ values → (weights[:, None] * values).mean(axis=0)",
        "the *keys* are read: the query looks for a key, but takes home its value": "weights @ values → weights @ keys",
    }),
    returns=("read", "weights"),
)  # fmt: skip


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
        case("as many queries as places", 2, 4, 4, 3, 5, 6),
    ]


def _score_with(answer, queries, keys, W_q, W_k, v):
    """A layer of the learner's class, with these weights in it, asked for its scores."""
    layer = answer(queries.shape[2], keys.shape[2], len(v))
    if not callable(layer):
        raise TypeError(f"AdditiveScore(query_size, key_size, hidden_size) should make a layer, not {layer!r}")
    for name, weight in (("W_q", W_q), ("W_k", W_k), ("v", v[:, None])):
        linear = getattr(layer, name)
        if linear.weight.shape != weight.T.shape:
            raise ValueError(f"{name}.weight should have shape {tuple(weight.T.shape)}: leave __init__ as it was")
        linear.weight = torch.nn.Parameter(torch.as_tensor(weight).T.clone())
        if linear.bias is not None:
            linear.bias = torch.nn.Parameter(torch.ones(weight.shape[1], dtype=torch.float64))
    return layer(torch.as_tensor(queries), torch.as_tensor(keys))


def _scores_one_by_one(queries, keys, W_q, W_k, v):
    """Each query with each key, in a loop."""
    pairs = [
        [[torch.tanh(q @ W_q + k @ W_k) @ v for k in own_keys] for q in own]
        for own, own_keys in zip(queries, keys, strict=True)
    ]
    return torch.stack([torch.stack([torch.stack(row) for row in rows]) for rows in pairs])


additive_score = Exercise(
    name="11.AdditiveScore",
    points=3,
    inputs=_additive_inputs,
    oracle=_scores_one_by_one,
    using=_score_with,
    stand_in=AdditiveScore,
    right=AdditiveScore,
    trains=True,
    mistakes=slips(AdditiveScore, {
        "the tanh is left out: query and key then never meet, and every query ranks the places alike": "torch.tanh(each) → each",
        "query and key are multiplied, where additive attention adds them": "[:, :, None] + self → [:, :, None] * self",
        "the key is taken away from the query, where additive attention adds them": "[:, :, None] + self → [:, :, None] - self",
        "each gets a tanh of its own before they are added: again they never meet": (
            "self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None] → self.W_q(queries).tanh()[:, :, None] + self.W_k(keys).tanh()[:, None]",
            "torch.tanh(each) → each",
        ),
        "the tanh comes after $v$: it belongs around the sum of query and key": "self.v(torch.tanh(each)) → torch.tanh(self.v(each))",
        "the scores come as (B, S, T): a row for each query, a column for each place": ".squeeze(-1) → .squeeze(-1).mT",
        "the last dimension, of size 1, is still there: shape (B, T, S, 1)": ".squeeze(-1) →",
        "the softmax is taken already: a score may be any number, the mask comes later": ".squeeze(-1) → .squeeze(-1).softmax(-1)",
        "the sum goes through a sigmoid in the place of the tanh": "torch.tanh(each) → torch.sigmoid(each)",
        "the sum goes through a relu in the place of the tanh": "torch.tanh(each) → torch.relu(each)",
        "queries and keys are added place by place: each needs a dimension of its own before they meet": "[:, :, None] + self.W_k(keys)[:, None] → + self.W_k(keys)",
        "the hidden numbers are added up evenly: $v$ is left out": "self.v(torch.tanh(each)).squeeze(-1) → torch.tanh(each).sum(-1)",
        "the key is not looked at: every place of a query gets the same score": "self.W_k(keys)[:, None] → 0 * self.W_k(keys)[:, None]",
        "the query is not looked at: every query ranks the places alike": "self.W_q(queries)[:, :, None] → 0 * self.W_q(queries)[:, :, None]",
    }),
    returns=("scores",),
)  # fmt: skip


# -- mirror ----------------------------------------------------------------------------------------------------------

PLACES = 6
TURNED = np.eye(PLACES)[::-1]


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
    short = _misses(W)
    mended = {
        "the sign turned": -W,
        "all scores twenty times as large": 20 * W,
        "its rows in the opposite order (it copies)": 20 * W[::-1],
        "its rows in the opposite order, and the sign turned": -20 * W[::-1],
    }
    would = next((told for told, other in mended.items() if short and not _misses(other)), None)
    return f"{short}. With {would} it would be right" if would else short


def _misses(W) -> str | None:
    weights = softmax(np.eye(PLACES) @ W @ np.eye(PLACES).T)
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
    oracle=lambda: 10.0 * TURNED,
    judge=_mirrors,
    mistakes={
        "it copies: query t looks at place t, where it should look from the other end": lambda: 10 * np.eye(PLACES),
        "the scores are right and too small: a score of 1 is $e$ times a score of 0, no more": lambda: TURNED,
        "the sign is turned: the place that is meant gets the lowest score": lambda: -10 * TURNED,
        "it is off by one: $S - t$ in the place of $S - 1 - t$": lambda: 10 * np.roll(TURNED, 1, axis=1),
        "it is off by one the other way: $S - 2 - t$ in the place of $S - 1 - t$": lambda: (
            10 * np.roll(TURNED, -1, axis=1)
        ),
        "all scores are alike, and every query looks everywhere": lambda: 10 * np.ones((PLACES, PLACES)),
        "the weights were written in the place of the scores: the softmax is still to come": lambda: (
            0.99 * TURNED + 0.002 * (1 - TURNED)
        ),
        "both diagonals are large: each query looks at two places, and gives neither 0.99": lambda: (
            10 * (TURNED + np.eye(PLACES))
        ),
        "the places that are *not* meant get the large scores": lambda: 10 * (1 - TURNED),
    },
)


# -- masked_softmax --------------------------------------------------------------------------------------------------


def _masked_inputs(rng) -> list[Case]:
    def kept(*shape):
        mask = rng.random(shape) < 0.6
        mask[..., 0], mask[..., -1] = True, False
        return mask

    def loud(shape, seen, hidden):
        """Scores around `seen` where one may look, and around `hidden` behind the mask."""
        mask = kept(shape[0], 1, shape[2])
        scores = rng.normal(size=shape)
        return dict(scores=torch.from_numpy(np.where(mask, seen + scores, hidden + 50 * scores)),
                    mask=torch.from_numpy(mask))  # fmt: skip

    rows, several = kept(3, 5), kept(2, 1, 4)
    rows[1], several[0, 0, 1], several[1, 0, 1] = False, True, False
    return [
        Case(
            "2 sequences, 3 queries, 4 places, one mask for all queries of a sequence",
            scores=_drawn(rng, 2, 3, 4),
            mask=torch.from_numpy(several),
        ),
        Case("no batch, one query with nothing to look at", scores=_drawn(rng, 3, 5), mask=torch.from_numpy(rows)),
        Case("scores of thousands behind the mask", **loud((2, 3, 6), 0.0, 2000.0)),
        Case("scores of many thousands behind the mask", **loud((3, 2, 4), 0.0, 3e4)),
        Case("very low scores to be seen", **loud((2, 4, 5), -3e4, 2000.0)),
        Case("scores of thousands, all to be seen", scores=_drawn(rng, 2, 3) * 2000, mask=torch.ones(2, 3).bool()),
        Case("no mask at all", scores=_drawn(rng, 2, 3, 5), mask=None),
    ]


def _row_by_row(scores, mask=None):
    """The softmax of the seen places alone, put back to where they stand."""
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.broadcast_to(scores.shape)
    rows = []
    for row, seen in zip(scores.reshape(-1, scores.shape[-1]), mask.reshape(-1, mask.shape[-1]), strict=True):
        shares = torch.nn.functional.softmax(row[seen], dim=0) if seen.any() else row[seen]
        rows.append(torch.zeros_like(row).masked_scatter(seen, shares))
    return torch.stack(rows).reshape(scores.shape)


def _masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(dim=-1)
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask, lowest).softmax(dim=-1) * mask


_WHOLE = "scores.masked_fill(~mask, lowest).softmax(dim=-1) * mask"

masked_softmax_ = Exercise(
    name="11.masked_softmax",
    points=4,
    inputs=_masked_inputs,
    oracle=_row_by_row,
    right=_masked_softmax,
    trains=True,
    mistakes=slips(_masked_softmax, {
        "the mask comes after the softmax: the hidden places took their share first, and the rest no longer sums to 1": "scores.masked_fill(~mask, lowest).softmax → scores.softmax",
        "the mask is turned round: True means “look here”": ("~mask → mask", "(dim=-1) * mask → (dim=-1) * ~mask"),
        "the mask is not used": f"{_WHOLE} → scores.softmax(-1)",
        "the mask of the first sequence (or row) is used for all": "lowest = → mask, lowest = mask[:1], ",
        "the softmax goes over the queries (dim −2): each *row* should sum to 1": ("scores.softmax(dim=-1) → scores.softmax(dim=-2)", "lowest).softmax(dim=-1) → lowest).softmax(dim=-2)"),
        "the scores are multiplied by the mask: a score of 0 is not low, $e^0$ is 1": f"{_WHOLE} → (scores * mask).softmax(dim=-1)",
        "the hidden scores are set to 0, which is not low: $e^0$ is 1": "torch.finfo(scores.dtype).min → 0.0",
        "the hidden scores are set to −10⁴, which is not the lowest where scores are in the thousands": "torch.finfo(scores.dtype).min → -1e4",
        "a row with nothing to look at is nan: −inf everywhere leaves 0 / 0": ("torch.finfo(scores.dtype).min → -torch.inf", " * mask →"),
        "a row with nothing to look at is spread over hidden places: it should be all zero": " * mask →",
        "the weights are masked and then divided by what is left: a large score behind the mask leaves nothing": f"{_WHOLE} → (w := scores.softmax(-1) * mask) / (w.sum(-1, keepdim=True) + 1e-30)",
        "the exponential is not shifted by the row's largest score: thousands overflow": f"{_WHOLE} → (w := scores.exp() * mask) / (w.sum(-1, keepdim=True) + 1e-30)",
        "the hidden scores are lowered by a fixed few, here 4, which a score of thousands does not notice": "scores.masked_fill(~mask, lowest) → (scores - 4.0 * ~mask)",
        "the hidden scores are lowered by 10⁴, and a score of more behind the mask still wins": "scores.masked_fill(~mask, lowest) → (scores - 1e4 * ~mask)",
    }),
    returns=("weights",),
)  # fmt: skip


# -- AttentionDecoder ------------------------------------------------------------------------------------------------


def _decoder_inputs(rng) -> list[Case]:
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
    vocabulary, embedding, hidden, size = sizes
    model = answer(vocabulary, embedding, hidden, size, GeneralScore(hidden, size), layer)
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"AttentionDecoder(…) should make a torch.nn.Module, not {type(model).__name__}")
    model, used = model.double(), 0
    for name, weight in sorted(model.named_parameters()):
        part = weight.data[1:] if name == "embedding.weight" else weight.data  # the padding's row stays as it was made
        part.copy_(numbers[used : used + part.numel()].reshape(part.shape))
        used += part.numel()
    made = model(tokens, model.begin(memory, mask, last))
    if not all(isinstance(part, (tuple, list)) and len(part) == 3 for part in (made, made[1])):
        raise ValueError("forward should return three things: logits, the state (memory, mask, hidden), weights")
    logits, (kept, hidden_places, states), weights = made
    return logits, weights, torch.stack(list(states)), kept, hidden_places


def _decoded_step_by_step(sizes, layer, tokens, memory, mask, last, numbers):
    """The same arithmetic with torch's cells, one sequence, one step and one place after another."""
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
    given = {name: w[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    table = torch.cat([torch.zeros(1, embedding, dtype=torch.float64), w["embedding"]])
    states = torch.tanh(last @ w["from.weight"].T + w["from.bias"]).chunk(parts, dim=1)
    logits, weights = [], []
    for t in range(tokens.shape[1]):
        carried = (table[tokens[:, t]], states if parts == 2 else states[0])
        made = torch.func.functional_call(cell, given, carried)
        states = made if parts == 2 else (made,)
        for h, places, seen in zip(states[0], memory, mask, strict=True):
            scores = torch.stack([h @ w["score"].T @ place for place in places[seen]])
            shares = torch.softmax(scores, dim=0)
            read = sum(share * place for share, place in zip(shares, places[seen], strict=True))
            combined = torch.tanh(w["combine.weight"] @ torch.cat([read, h]) + w["combine.bias"])
            logits.append(w["readout.weight"] @ combined + w["readout.bias"])
            weights.append(torch.zeros(len(seen), dtype=torch.float64).masked_scatter(seen, shares))
    turned = [torch.stack(rows).unflatten(0, (tokens.shape[1], -1)).transpose(0, 1) for rows in (logits, weights)]
    return *turned, torch.stack(list(states)), memory, mask


_WEIGHTS = "masked_softmax(self.score(states, memory), mask[:, None])"

attention_decoder = Exercise(
    name="11.AttentionDecoder",
    points=5,
    inputs=_decoder_inputs,
    oracle=_decoded_step_by_step,
    using=_decode_with,
    stand_in=AttentionDecoder,
    right=AttentionDecoder,
    trains=True,
    mistakes=slips(AttentionDecoder, {
        "the mask is not used: the padding is attended to": f"{_WEIGHTS} → self.score(states, memory).softmax(-1)",
        "the mask has no dimension for the steps: it is (B, S), the scores are (B, T, S)": "mask[:, None] → mask",
        "the mask is turned round: True means “look here”": "mask[:, None] → ~mask[:, None]",
        "the mask of the first sequence is used for all": "mask[:, None] → mask[:1, None]",
        "the mask comes after the softmax: the weights no longer sum to 1": f"{_WEIGHTS} → self.score(states, memory).softmax(-1) * mask[:, None]",
        "the softmax goes over the target steps: each step's weights over the *places* sum to 1": f"{_WEIGHTS} → self.score(states, memory).softmax(1) * mask[:, None]",
        "the scores go into the mean as they are: the softmax is missing": f"{_WEIGHTS} → self.score(states, memory) * mask[:, None]",
        "the state *before* each step asks: that is Bahdanau's order, here $h_t$ asks": "self.score(states, memory) → self.score(torch.cat([state[2][0][:, None], states[:, :-1]], dim=1), memory)",
        "the last state asks for every step: each step asks with its own": "self.score(states, memory) → self.score(states[:, -1:].expand_as(states), memory)",
        "the context is the even mean of the memory: the weights are not used": "context = weights @ memory → context = memory.mean(1, keepdim=True).expand(-1, len(tokens[0]), -1)",
        "the parts are joined as [h; context], where $W_c$ expects [context; h]": "[context, states] → [states, context]",
        "the context never reaches the answer: the readout sees $h_t$ alone": "[context, states] → [0 * context, states]",
        "the state never reaches the answer: the readout sees the context alone": "[context, states] → [context, 0 * states]",
        "the tanh around $[c_t; h_t]W_c$ is left out": "torch.tanh(self.combine(torch.cat([context, states], dim=2))) → self.combine(torch.cat([context, states], dim=2))",
        "the readout sees $h_t$, and what was combined is thrown away": "self.readout(combined) → self.readout(states)",
        "the recurrence begins from zeros: it begins from `hidden`, which the state brings": "self.embedding(tokens), hidden) → self.embedding(tokens), tuple(0 * part for part in hidden))",
        "the old state is handed back: run free, it would begin anew at every step": "(memory, mask, hidden), weights → (memory, mask, state[2]), weights",
    }),
    forbids=READY_MADE,
    returns=("logits", "weights", "hidden", "memory", "mask"),
)  # fmt: skip


# -- bahdanau_step ---------------------------------------------------------------------------------------------------


def _bahdanau_inputs(rng) -> list[Case]:
    def case(label, batch, places, inputs, hidden, memory, width, hide):
        mask = np.ones((batch, places), dtype=bool)
        mask[:, places - hide :] = False
        mask[-1, :] = True
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


def _bahdanau_by_cell(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    """torch's RNN cell over [x; context], each sequence cut to its real places."""
    weights, contexts = torch.zeros(mask.shape, dtype=memory.dtype), []
    for b in range(len(memory)):
        real = memory[b][mask[b]]
        asked = torch.nn.functional.linear(h_prev[b], W_q.T)
        w = torch.nn.functional.softmax(torch.tanh(asked + real @ W_k) @ v, dim=0)
        weights[b][mask[b]] = w
        contexts.append(torch.mv(real.T, w))
    cell = torch.nn.RNNCell(len(W_xh) + len(W_ch), len(W_hh), bias=False, dtype=memory.dtype)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([W_xh, W_ch]).T)
        cell.weight_hh.copy_(W_hh.T)
    return cell(torch.cat([x_t, torch.stack(contexts)], dim=1), h_prev).detach(), weights


def _bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    scores = torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v
    weights = masked_softmax(scores, mask)
    context = (weights[:, None] @ memory)[:, 0]
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights


bahdanau_step = Exercise(
    name="11.bahdanau_step",
    points=4,
    inputs=_bahdanau_inputs,
    oracle=_bahdanau_by_cell,
    right=_bahdanau_step,
    mistakes=slips(_bahdanau_step, {
        "the new state asks, made without a context: that is Luong's order. Here $h_{t-1}$ asks": "(h_prev @ W_q) → (torch.tanh(x_t @ W_xh + h_prev @ W_hh) @ W_q)",
        "the context is not fed into the recurrence: $c_tW_{ch}$ is missing from the sum": " + context @ W_ch →",
        "the old state is not fed into the recurrence: $h_{t-1}W_{hh}$ is missing from the sum": " + h_prev @ W_hh →",
        "the input is not fed into the recurrence: $x_tW_{xh}$ is missing from the sum": "x_t @ W_xh + context → context",
        "$W_{hh}$ is transposed: row vectors stand before it as it is": "h_prev @ W_hh → h_prev @ W_hh.T",
        "the mask is not used: the padding is attended to": "masked_softmax(scores, mask) → masked_softmax(scores)",
        "the mask is turned round: True means “look here”": "(scores, mask) → (scores, ~mask)",
        "the mask of the first sequence is used for all": "(scores, mask) → (scores, mask[:1])",
        "the mask comes after the softmax: the weights no longer sum to 1": "masked_softmax(scores, mask) → masked_softmax(scores) * mask",
        "the softmax goes over the batch: the weights of each sequence sum to 1 over its places": "masked_softmax(scores, mask) → scores.masked_fill(~mask, -1e9).softmax(0) * mask",
        "the scores go into the mean as they are: the softmax is missing": "masked_softmax(scores, mask) → scores * mask",
        "the tanh inside the score is left out: then every query ranks the places alike": "torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) → ((h_prev @ W_q)[:, None] + memory @ W_k)",
        "the old state does not ask: the score sees the memory alone": "(h_prev @ W_q)[:, None] + memory → memory",
        "the context is the even mean of the memory": "(weights[:, None] @ memory)[:, 0] → memory.mean(1)",
        "only the place with the largest weight is read": "(weights[:, None] @ memory)[:, 0] → memory[torch.arange(len(memory)), weights.argmax(1)]",
        "the tanh of the recurrence is left out": "torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh) → x_t @ W_xh + context @ W_ch + h_prev @ W_hh",
    }),
    forbids=(*READY_MADE, "torch.nn.RNNCell", "torch.rnn_tanh_cell"),
    returns=("h_t", "weights"),
)  # fmt: skip


# -- crossings -------------------------------------------------------------------------------------------------------


def _link_cases(rng) -> list[Case]:
    def case(label, places, links):
        order = rng.permutation(len(links))
        return Case(label, links=[tuple(int(n) for n in links[i]) for i in order], source_length=places)

    n = int(rng.integers(5, 9))
    turned = rng.permutation(n)
    many = [(s, t) for s in range(4) for t in rng.choice(6, 2, replace=False)] + [(1, 6), (3, 0)]
    return [
        case("a permutation", n, list(zip(range(n), turned, strict=True))),
        case("words with several links, links at the same place", 4, sorted(set(many))),
        case("everything turned round", 4, [(s, 3 - s) for s in range(4)]),
        case("two words, each linked to both", 2, [(0, 0), (0, 1), (1, 0), (1, 1)]),
        case("links in order, and one that crosses three", 6, [(0, 0), (1, 5), (2, 1), (3, 2), (4, 3), (5, 6)]),
    ]


def _inversions(links, source_length):
    """By source place: a link crosses each link of an earlier place that lies to the right of it."""
    targets = [[t for s, t in links if s == place] for place in range(source_length)]
    count, before = 0, []
    for here in targets:
        count += sum(early > t for t in here for early in before)
        before += here
    return count


def _crossings(links, source_length):
    count = 0
    for i, (s, t) in enumerate(links):
        for before, other in links[:i]:
            count += (s - before) * (t - other) < 0
    return count


crossings = Exercise(
    name="11.crossings",
    points=2,
    inputs=_link_cases,
    oracle=_inversions,
    right=_crossings,
    mistakes=slips(_crossings, {
        "every crossing is counted twice, once from each of its two links": "links[:i] → links",
        "pairs of links in the *same* order are counted: crossing means the opposite order": "< 0 → > 0",
        "links that share a word count as crossing: ≤ in the place of <": "< 0 → <= 0",
        "links that share a *target* word count as crossing": "< 0 → <= 0 and s != before",
        "links that share a *source* word count as crossing": "< 0 → <= 0 and t != other",
        "only neighbours in the list are compared: any two links may cross": "links[:i] → links[max(i - 1, 0) : i]",
        "links off the diagonal are counted: a link crosses another link, not the diagonal": "return count → return sum(s != t for s, t in links)",
        "the links are taken to come in the order of the source: they may come in any order": "(s - before) * (t - other) < 0 → t < other",
        "the links that cross another are counted, not the pairs of them": "return count → return sum(any((s - a) * (t - b) < 0 for a, b in links) for s, t in links)",
        "the number of pairs is divided out: a count was asked for, not a share": "return count → return count / (len(links) * (len(links) - 1) / 2)",
    }),
    returns=("count",),
)  # fmt: skip


# -- alignment_score -------------------------------------------------------------------------------------------------


def _alignment_inputs(rng) -> list[Case]:
    def case(label, targets, places, links):
        return Case(label, weights=softmax(1.6 * rng.normal(size=(targets, places))), links=links)

    def linked(targets, places, several):
        found = {(int(rng.integers(places)), t) for t in range(targets) if t % 3 != 1}
        found |= {(int(rng.integers(places)), t) for t in several}
        return tuple(sorted(found))

    def told():
        """Every slip shows: a hit and a miss, a word with three links of which the first and the last are not the best."""
        weights = softmax(0.3 * rng.normal(size=(7, 8)))
        weights[0, 4], weights[2, 6], weights[5, 1] = 0.35, 0.4, 0.6  # the largest; a hit with less than half
        return Case("7 target words, 8 source words, one word with three links",
                    weights=weights / weights.sum(axis=1, keepdims=True),
                    links=((1, 0), (2, 2), (3, 3), (4, 0), (5, 0), (5, 5)))  # fmt: skip

    return [
        told(),
        case("7 target words, 9 source words, some without a link", 7, 9, linked(7, 7, (0, 2))),
        case("12 target words, 4 source words, several links to a word", 12, 4, linked(12, 4, (0, 3, 5, 6, 9))),
        case("5 target words, 8 source words, one link", 5, 8, ((int(rng.integers(5)), 3),)),
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


def _alignment_score(weights, links):
    gold = np.zeros(weights.shape, dtype=bool)
    for s, t in links:
        gold[t, s] = True
    linked = gold.any(axis=1)
    hits = gold[np.arange(len(gold)), weights.argmax(axis=1)][linked].mean()
    mass = (weights * gold).sum(axis=1)[linked].mean()
    return hits, mass


alignment_score = Exercise(
    name="11.alignment_score",
    points=4,
    inputs=_alignment_inputs,
    oracle=_scored_by_word,
    right=_alignment_score,
    mistakes=slips(_alignment_score, {
        "words without a link are counted as misses: they have nothing to look at, leave them out": "linked = gold.any(axis=1) → linked = np.ones(len(gold), dtype=bool)",
        "the hits are divided by all target words: only those with a link count": "argmax(axis=1)][linked].mean() → argmax(axis=1)].mean()",
        "the mass is divided by all target words: only those with a link count": "sum(axis=1)[linked].mean() → sum(axis=1).mean()",
        "of several links of a word only the last one counts": "gold[t, s] = True → gold[t] = np.arange(weights.shape[1]) == s",
        "of several links of a word only the first one counts": "gold[t, s] = True → gold[t, s] = not gold[t].any()",
        "links are read as (target, source): they are (source, target), and `weights` is [target, source]": "for s, t in links → for t, s in links",
        "for each *source* word its favourite target is taken: the largest of each row is asked for": "gold[np.arange(len(gold)), weights.argmax(axis=1)][linked] → gold[weights.argmax(axis=0), np.arange(weights.shape[1])][gold.any(axis=0)]",
        "the hits are divided by the number of links, not of linked words: a word with two links counts once": "argmax(axis=1)][linked].mean() → argmax(axis=1)].sum() / len(links)",
        "the mass is averaged over the links, not over the words: a word with two links counts twice": "(weights * gold).sum(axis=1)[linked].mean() → weights[gold].mean()",
        "of a word with several links only the largest weight counts in the mass: they belong together": ".sum(axis=1)[linked] → .max(axis=1)[linked]",
        "the mean of the largest weights is taken, whether they lie on a link or not": "(weights * gold).sum(axis=1)[linked] → weights.max(axis=1)[linked]",
        "the mass counts only where the largest weight is a hit: it is asked of every linked word": "(weights * gold).sum(axis=1)[linked].mean() → ((weights * gold).sum(axis=1) * gold[np.arange(len(gold)), weights.argmax(1)])[linked].mean()",
        "the rows are one late: row t is the word that is *written* at step t": "gold[t, s] = True → gold[(t + 1) % len(gold), s] = True",
        "the two numbers change places: the share of hits comes first": "return hits, mass → return mass, hits",
        "the counts are handed back, not the shares of the linked words": "return hits, mass → return hits * linked.sum(), mass * linked.sum()",
        "percent are handed back, not shares": "return hits, mass → return 100 * hits, 100 * mass",
    }),
    returns=("hits", "mass"),
)  # fmt: skip


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
    q, k, v = (torch.tensor(np.asarray(a), requires_grad=True) for a in (q, k, v))
    read = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], scale=1.0)[0]
    return tuple(g.numpy() for g in torch.autograd.grad(read, (q, k, v), torch.as_tensor(np.asarray(d_out))))


def _attention_backward(d_out, q, k, v):
    scores = q @ k.T
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
    d_weights = d_out @ v.T
    d_scores = weights * (d_weights - (weights * d_weights).sum(axis=1, keepdims=True))
    return d_scores @ k, d_scores.T @ q, weights.T @ d_out


_BRACKET = "weights * (d_weights - (weights * d_weights).sum(axis=1, keepdims=True))"

attention_backward = Exercise(
    name="11.attention_backward",
    points=4,
    inputs=_backward_inputs,
    oracle=_by_autograd,
    right=_attention_backward,
    mistakes=slips(_attention_backward, {
        "the softmax is gone back through place by place, $\\alpha \\odot \\delta\\alpha$: its row sum is missing, since all "
        "weights of a row hang together": f"{_BRACKET} → weights * d_weights",
        "the softmax is taken for a sigmoid, $\\alpha(1-\\alpha)$: every weight depends on all scores of its row": f"{_BRACKET} → weights * (1 - weights) * d_weights",
        "the row sum is there, but not the factor $\\alpha$ before the bracket": "d_scores = weights * → d_scores = ",
        "the plain sum of $\\delta\\alpha$ is taken away, not the one weighted with $\\alpha$": "(weights * d_weights).sum → d_weights.sum",
        "the plain mean of $\\delta\\alpha$ is taken away, not the one weighted with $\\alpha$": "(weights * d_weights).sum → d_weights.mean",
        "the sum in the bracket goes over the queries: each row is a softmax of its own": "(weights * d_weights).sum(axis=1 → (weights * d_weights).sum(axis=0",
        "one sum is taken over all rows: each row is a softmax of its own": "(weights * d_weights).sum(axis=1, keepdims=True) → (weights * d_weights).sum()",
        "the softmax is left out on the way back: $\\delta e = \\delta\\alpha$": f"{_BRACKET} → d_weights",
        "the softmax forward goes over the queries (axis 0)": ("scores.max(axis=1 → scores.max(axis=0", "powers.sum(axis=1 → powers.sum(axis=0"),
        "$\\delta q$ and $\\delta k$ change places": "d_scores @ k, d_scores.T @ q → d_scores.T @ q, d_scores @ k",
        "the values get every output's gradient evenly, without the weights": "weights.T @ d_out → np.ones_like(weights).T @ d_out",
        "the values get the gradient through the scores: they are mixed by the weights": "weights.T @ d_out → d_scores.T @ d_out",
        "the exponential is not shifted: scores in the thousands overflow to inf, and inf / inf is nan": "scores - scores.max(axis=1, keepdims=True) → scores",
        "the scores are divided by the root of D, there and back, as in 13: here is no scale": ("scores = q @ k.T → scores = q @ k.T / q.shape[1] ** 0.5", "d_scores = weights → d_scores = q.shape[1] ** -0.5 * weights"),
        "the scores are divided by the root of D forward, as in 13: here is no scale": "scores = q @ k.T → scores = q @ k.T / q.shape[1] ** 0.5",
        "the sign of $\\delta e$ is turned": "d_scores = weights → d_scores = -weights",
        "$\\delta e$ is divided by the root of D: that belongs to 13, here is no scale": "d_scores = weights → d_scores = q.shape[1] ** -0.5 * weights",
    }),
    forbids=BACKWARD,
    returns=("dq", "dk", "dv"),
)  # fmt: skip
