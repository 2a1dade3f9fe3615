"""Notebook 10: encoder and decoder, from one context vector to the search for the best translation."""

import math
from collections import Counter
from functools import partial

import numpy as np

from seqlib.checks.exercise import Case, Exercise

PAD = 0


def _drawn(rng, *shape):
    """Numbers of both signs, as a float64 tensor."""
    import torch

    return torch.from_numpy(rng.normal(size=shape))


# -- forced_sides ----------------------------------------------------------------------------------------------------


def _targets(rng) -> list[Case]:
    def case(label, length):
        start, end, *words = rng.permutation(np.arange(2, 40))[: length + 2].tolist()
        return Case(label, target=words, start=start, end=end)

    return [case("five tokens", 5), case("two tokens", 2), case("nothing to write: only the end mark", 0)]


def _sides(target, start, end):
    # By the definition: what comes in is START, then what came out one step before.
    goes_in, comes_out = [start], []
    for token in list(target) + [end]:
        comes_out.append(token)
        goes_in.append(token)
    return goes_in[:-1], comes_out


forced_sides = Exercise(
    name="10.forced_sides",
    points=2,
    inputs=_targets,
    oracle=_sides,
    mistakes={
        "START is left out of what goes in: at the first step the decoder would have nothing to read": (
            lambda target, start, end: ([*target], [*target, end])
        ),
        "the two sides are not shifted: the decoder is asked for the very token it has just read": (
            lambda target, start, end: ([start, *target], [start, *target])
        ),
        "END is left out of what comes out: the model would never learn when to stop": (
            lambda target, start, end: ([start, *target], [*target])
        ),
        "the sides are shifted the wrong way: the decoder is asked for the token before, which it has already read": (
            lambda target, start, end: ([*target, end], [start, *target])
        ),
        "both marks stand on both sides: END never goes in, START never comes out": (
            lambda target, start, end: ([start, *target, end], [start, *target, end])
        ),
        "START and END are swapped": lambda target, start, end: ([end, *target], [*target, start]),
    },
    accepts=[
        lambda target, start, end: (np.array([start, *target]), np.array([*target, end])),
        lambda target, start, end: [([start] + list(target) + [end])[:-1], ([start] + list(target) + [end])[1:]],
    ],
    hints=[
        "Write the whole sequence down once: START, the tokens, END. What goes in is all but its last one.",
        "What comes out is all but its first one.",
        "`return [start, *target], [*target, end]`",
    ],
    returns=("target_in", "target_out"),
    minutes=4,
)


# -- last_real -------------------------------------------------------------------------------------------------------


def _read_sources(rng) -> list[Case]:
    import torch

    def case(label, lengths, width, size):
        source = torch.zeros(len(lengths), width, dtype=torch.long)
        for row, length in enumerate(lengths):
            source[row, :length] = torch.from_numpy(rng.integers(1, 30, length))
        return Case(label, states=_drawn(rng, len(lengths), width, size), source=source)

    return [
        case("three sources of 5, 2 and 4 tokens", [5, 2, 4], 6, 3),
        case("no padding at all", [4, 4], 4, 3),
        case("a single token, then padding", [1, 3, 5], 5, 2),
        case("one source, all padding but its first", [2], 7, 4),
    ]


def _picked(states, source):
    # One row after the other: walk to the end of what is not padding.
    import torch

    rows = []
    for state, tokens in zip(torch.as_tensor(states), source.tolist(), strict=True):
        real = [state[s] for s, token in enumerate(tokens) if token != PAD]
        rows.append(real[-1])
    return torch.stack(rows)


def _mean_of(states, source, padding):
    import torch

    keep = (source != PAD) | padding
    return torch.einsum("bsh,bs->bh", states, keep.to(states.dtype)) / keep.sum(dim=1, keepdim=True)


last_real = Exercise(
    name="10.last_real",
    points=2,
    inputs=_read_sources,
    oracle=_picked,
    mistakes={
        "the last column is taken: for every source but the longest that is what the network did on padding": (
            lambda states, source: states[:, -1] + 0.0
        ),
        "it is one token too early: with n tokens the last one stands at place n − 1": (
            lambda states, source: states[range(len(states)), (source != PAD).sum(dim=1) - 2]
        ),
        "it is one place too late: with n tokens the last one stands at place n − 1, not n": (
            lambda states, source: states[range(len(states)), (source != PAD).sum(dim=1).clamp(max=states.shape[1] - 1)]
        ),
        "the *first* state is taken, which has read one token": lambda states, source: states[:, 0] + 0.0,
        "the states are averaged: a context of another kind, not the last state": (
            lambda states, source: _mean_of(states, source, False)
        ),
        "the states are averaged, those of the padding among them": (
            lambda states, source: _mean_of(states, source, True)
        ),
        "every source is read to the same place, that of the longest": (
            lambda states, source: states[:, int((source != PAD).sum(dim=1).max()) - 1] + 0.0
        ),
    },
    accepts=[
        lambda states, source: states.gather(
            1, ((source != PAD).sum(1) - 1)[:, None, None].expand(-1, 1, states.shape[2])
        )[:, 0],
        lambda states, source: np.array(
            [s[n - 1] for s, n in zip(states.numpy(), (source > 0).sum(1).tolist(), strict=True)]
        ),
    ],
    hints=[
        "How many tokens of each source are real? `(source != PAD_ID).sum(dim=1)`.",
        "With n real tokens the last one stands at place n − 1. Each row has its own n.",
        "`states[torch.arange(len(states)), lengths - 1]` takes one place from each row.",
    ],
    returns=("context",),
    difficulty=2,
    minutes=6,
)


# -- Decoder ---------------------------------------------------------------------------------------------------------


def _decoders(rng) -> list[Case]:
    import torch

    def case(label, vocabulary, embedding, hidden, context, batch, steps, layer="gru"):
        tokens = torch.from_numpy(rng.integers(1, vocabulary, (batch, steps)))
        return Case(
            label, sizes=(vocabulary, embedding, hidden, context), layer=layer, seed=int(rng.integers(10**6)),
            context=_drawn(rng, batch, context), tokens=tokens,
        )  # fmt: skip

    return [
        case("a GRU, three targets of 5 tokens", 7, 4, 6, 3, 3, 5),
        case("one token at a time, as when it runs free", 9, 5, 3, 4, 2, 1),
        case("an RNN", 6, 3, 5, 2, 2, 4, "rnn"),
        case("an LSTM, whose state has two parts", 8, 3, 4, 5, 3, 6, "lstm"),
    ]


def _Decoder(*args, **options):
    from seqlib.models.seq2seq import Decoder

    return Decoder(*args, **options)


def _weighted(model, seed):
    """The model in float64, every parameter drawn from `seed`, large enough that each part is felt."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for _, parameter in sorted(model.double().named_parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.7
    return model


def _try_decoder(answer, sizes, layer, seed, context, tokens):
    """Begin from a context and write: the state that it begins with, logits, and the state at the end."""
    import torch

    model = _weighted(answer(*sizes, layer), seed)
    with torch.no_grad():
        begun = model.begin(context)
        logits, state = model(tokens, begun)
    parts = [part if isinstance(part, torch.Tensor) else torch.stack(list(part)) for part in (begun, state)]
    return parts[0], logits, parts[1]


def _decoded_by_cells(sizes, layer, seed, context, tokens):
    # Equations (10.4) to (10.6) one step at a time, with torch's cells and the weights that the model would have.
    import torch

    vocabulary, embedding, hidden, _ = sizes
    model = _weighted(_Decoder(*sizes, layer), seed)
    weights = {name: value.detach() for name, value in model.named_parameters()}
    kinds = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}
    cell = kinds[layer](embedding, hidden, dtype=torch.float64)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, torch.nn.Parameter(weights[f"recurrent.{name}_l0"]))
    with torch.no_grad():
        sums = context @ weights["from_context.weight"].T + weights["from_context.bias"]
        state = tuple(torch.tanh(sums[:, k : k + hidden]) for k in range(0, sums.shape[1], hidden))
        begun, logits = torch.stack(state), []
        for t in range(tokens.shape[1]):
            made = cell(weights["embedding.weight"][tokens[:, t]], state if layer == "lstm" else state[0])
            state = made if layer == "lstm" else (made,)
            logits.append(state[0] @ weights["readout.weight"].T + weights["readout.bias"])
    return begun, torch.stack(logits, dim=1), torch.stack(state)


def _other_decoder(*, begin=None, write=None):
    """Decoder with another begin(self, context) or forward(self, tokens, state)."""

    def make(vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        model = _Decoder(vocabulary_size, embedding_size, hidden_size, context_size, layer)
        if begin is not None:
            model.begin = partial(begin, model)
        if write is not None:
            model.forward = partial(write, model)
        return model

    return make


def _written(model, tokens, state, *, reads=lambda t: t, carry=lambda new, old: new, out=lambda a: a):
    from seqlib.models.seq2seq import run

    states, new = run(model.recurrent, reads(model.embedding(tokens)), state)
    return out(model.readout(states)), carry(new, state)


def _zero_state(model, context):
    import torch

    size = model.from_context.out_features // model.parts
    return (torch.zeros(len(context), size, dtype=context.dtype),) * model.parts


def _token_by_token(model, tokens, state):
    import torch

    from seqlib.models.seq2seq import run

    logits = []
    for t in range(tokens.shape[1]):
        states, state = run(model.recurrent, model.embedding(tokens)[:, t : t + 1], state)
        logits.append(model.readout(states[:, 0]))
    return torch.stack(logits, dim=1), state


def _shown_before(model, tokens, state):
    """The readout of the state before each step: nothing of the token just read is in it."""
    import torch

    from seqlib.models.seq2seq import run

    states, new = run(model.recurrent, model.embedding(tokens), state)
    before = torch.cat([state[0][:, None], states[:, :-1]], dim=1)
    return model.readout(before), new


def _same_each_step(model, tokens, state):
    """Each token read from the first state, as though it were the first."""
    import torch

    from seqlib.models.seq2seq import run

    seen = [run(model.recurrent, model.embedding(tokens)[:, t : t + 1], state) for t in range(tokens.shape[1])]
    return model.readout(torch.cat([states for states, _ in seen], dim=1)), seen[-1][1]


def _swapped_parts(model, context):
    import torch

    return torch.tanh(model.from_context(context)).chunk(model.parts, dim=1)[::-1]


def _h_twice(model, context):
    import torch

    first = torch.tanh(model.from_context(context)).chunk(model.parts, dim=1)
    return (first[0],) * model.parts


Decoder = Exercise(
    name="10.Decoder",
    points=5,
    inputs=_decoders,
    oracle=_decoded_by_cells,
    using=_try_decoder,
    stand_in=_Decoder,
    mistakes={
        "the context never arrives: the decoder begins from zeros, and can only guess what the source was": (
            _other_decoder(begin=_zero_state)
        ),
        "the tanh around $cW_c + b_c$ is left out": _other_decoder(
            begin=lambda model, context: model.from_context(context).chunk(model.parts, dim=1)
        ),
        "both parts of an LSTM's state are the same half: `chunk` cuts the sum in `self.parts` pieces": (
            _other_decoder(begin=_h_twice)
        ),
        "h and c of the LSTM change places": _other_decoder(begin=_swapped_parts),
        "the logits are read from the state *before* the token: the last written word is never seen": (
            _other_decoder(write=_shown_before)
        ),
        "every token is read from the first state: nothing that was written is remembered": (
            _other_decoder(write=_same_each_step)
        ),
        "the old state is handed back: run free, the decoder would begin anew at every step": _other_decoder(
            write=partial(_written, carry=lambda new, old: old)
        ),
        "probabilities are handed back, where logits are wanted: the loss and the search take their own softmax": (
            _other_decoder(write=partial(_written, out=lambda a: a.softmax(dim=2)))
        ),
        "the tokens do not reach the network: the embedding is left out": _other_decoder(
            write=partial(_written, reads=lambda x: x * 0.0)
        ),
    },
    accepts=[
        _other_decoder(write=_token_by_token),
        _other_decoder(
            begin=lambda model, context: tuple(
                (context @ model.from_context.weight.T + model.from_context.bias)
                .tanh()
                .split(model.from_context.out_features // model.parts, dim=1)
            )
        ),
    ],
    hints=[
        "begin: one linear layer, a tanh, and for an LSTM the result cut in two: `….chunk(self.parts, dim=1)`.",
        "forward: embed the tokens, run the recurrent layer from the state, read the logits from *all* its states. "
        "`run(layer, x, state)` above gives all states and the last one.",
        "`states, state = run(self.recurrent, self.embedding(tokens), state)` and "
        "`return self.readout(states), state`.",
    ],
    returns=("the first state", "logits", "the last state"),
    difficulty=3,
    minutes=12,
)


# -- greedy ----------------------------------------------------------------------------------------------------------


def _table_step(tokens, state):
    """A writer whose whole mind is its state: a table of scores (B, T, V) and how many steps it has taken (B,)."""
    import torch

    table, count = state
    logits = table[torch.arange(len(table)), count.long()]
    follows = torch.cos(1.7 * tokens[:, None] + 2.3 * torch.arange(logits.shape[1]))
    return logits + 1.5 * follows.to(logits.dtype), (table, count + 1)


def _writers(rng) -> list[Case]:
    import torch

    def case(label, stops, max_steps, vocabulary):
        start, end = rng.permutation(vocabulary)[:2].tolist()
        table = _drawn(rng, len(stops), max(max_steps, *stops) + 3, vocabulary)
        table[:, :, end] = -8.0
        for row, stop in enumerate(stops):
            table[row, stop - 1, end] = 9.0
        state = (table, torch.zeros(len(stops)))
        return Case(label, step=_table_step, state=state, start=start, end=end, max_steps=max_steps)

    return [
        case("three sequences that end at different steps", [4, 2, 5], 9, 6),
        case("one sequence", [3], 6, 5),
        case("one never ends: the limit comes first", [9, 3], 5, 7),
        case("all end at once", [2, 2, 2], 4, 5),
    ]


def _alone(step, state, start, end, max_steps):
    # Each sequence by itself, a Python list; then the shorter ones filled up with the end mark.
    import torch

    rows = []
    for row in range(len(state[0])):
        mine, last, words = tuple(part[row : row + 1] for part in state), start, []
        while len(words) < max_steps and last != end:
            logits, mine = step(torch.tensor([last]), mine)
            last = max(range(logits.shape[1]), key=lambda v, scores=logits[0]: float(scores[v]))
            words.append(last)
        rows.append(words)
    longest = max(map(len, rows))
    return torch.tensor([words + [end] * (longest - len(words)) for words in rows])


def _greedy_stand_in(step, state, start, end, max_steps):
    from seqlib.models.generate import greedy

    return greedy(step, state, start, end, max_steps)


def _first(state):
    return state if hasattr(state, "shape") else _first(state[0])


def _greedily(
    step,
    state,
    start,
    end,
    max_steps,
    *,
    reads=lambda written, first: written,
    goes_on=lambda new, old: new,
    choose=lambda logits: logits.argmax(dim=1),
    fill=True,
    stop=lambda ended: bool(ended.all()),
    keep_end=True,
):
    """Greedy decoding with each of its parts replaceable."""
    import torch

    tokens = first = torch.full((len(_first(state)),), start)
    ended, written = torch.zeros(len(first), dtype=torch.bool), []
    for _ in range(max_steps):
        logits, new = step(reads(tokens, first), state)
        state, tokens = goes_on(new, state), choose(logits)
        tokens = tokens.masked_fill(ended, end) if fill else tokens
        ended = ended | (tokens == end)
        if keep_end or not stop(ended):
            written.append(tokens)
        if stop(ended):
            break
    return torch.stack(written, dim=1)


def _greedy_by_append(step, state, start, end, max_steps):
    import torch

    out = torch.full((len(_first(state)), 1), start)
    while out.shape[1] <= max_steps and not (out == end).any(dim=1).all():
        logits, state = step(out[:, -1], state)
        new = torch.where((out == end).any(dim=1), end, logits.softmax(dim=1).topk(1).indices[:, 0])
        out = torch.cat([out, new[:, None]], dim=1)
    return out[:, 1:]


greedy = Exercise(
    name="10.greedy",
    points=4,
    inputs=_writers,
    oracle=_alone,
    stand_in=_greedy_stand_in,
    mistakes={
        "the decoder reads START at every step, and never what it has written": partial(
            _greedily, reads=lambda written, first: first
        ),
        "the state is not carried on: each step begins from the first state": partial(
            _greedily, goes_on=lambda new, old: old
        ),
        "a sequence that has ended writes on: after its end mark only the end mark may come": partial(
            _greedily, fill=False
        ),
        "everything stops as soon as *one* sequence has ended": partial(
            _greedily, stop=lambda ended: bool(ended.any())
        ),
        "it always takes max_steps steps, also when every sequence has ended": partial(
            _greedily, stop=lambda ended: False
        ),
        "the last column is thrown away: the end mark belongs to the tokens": partial(_greedily, keep_end=False),
        "the *least* likely token is taken": partial(_greedily, choose=lambda logits: logits.argmin(dim=1)),
    },
    accepts=[_greedily, _greedy_by_append],
    hints=[
        "Begin with a column of START. At each step: `logits, state = step(tokens, state)`, then the largest logit.",
        "Keep `ended`, one bool for each sequence. Where it is True, write END whatever the model says.",
        "`tokens = logits.argmax(dim=1).masked_fill(ended, end)`, `ended = ended | (tokens == end)`, and `break` when "
        "`ended.all()`.",
    ],
    returns=("tokens",),
    difficulty=2,
    minutes=12,
)


# -- error_rates -----------------------------------------------------------------------------------------------------


def _rights(rng) -> list[Case]:
    import torch

    def case(label, batch, steps, lengths):
        real = torch.arange(steps)[None] < torch.tensor(lengths)[:, None]
        right = torch.from_numpy(rng.random((batch, steps)) < 0.6)
        right[0, :4] = torch.tensor([True, False, True, False])  # an error, and right again after it
        right[1, :3] = torch.tensor([False, True, False])
        if batch > 3:
            right[2] = True  # all right: its padding has no error before it, and still counts for nothing
        # Padding that looks wrong counts for nothing.
        right = right & real
        return Case(label, right=right, real=real)

    return [
        case("five sequences of up to 8 tokens", 5, 8, [8, 6, 4, 7, 5]),
        case("two sequences, the second much shorter", 2, 11, [11, 3]),
        case("no padding", 3, 6, [6, 6, 6]),
    ]


def _counted(right, real):
    import torch

    counts = {False: [0, 0], True: [0, 0]}  # whether an error came before: errors, tokens
    for row, there in zip(right.tolist(), real.tolist(), strict=True):
        stumbled = False
        for good, token in zip(row, there, strict=True):
            if token:
                counts[stumbled][0] += not good
                counts[stumbled][1] += 1
                stumbled = stumbled or not good
    return tuple(torch.tensor(wrong / total, dtype=torch.float64) for wrong, total in counts.values())


def _rates(right, real, *, before=None, count_padding=False, wrong=True, total=None):
    import torch

    intact = right | (~real if total is None else total)
    ones = torch.ones_like(right[:, :1])
    clean = (before or (lambda r: torch.cat([ones, r[:, :-1]], 1).long().cumprod(1).bool()))(intact)
    real = torch.ones_like(real) if count_padding else real
    what = (~right if wrong else right).double()
    return what[real & clean].mean(), what[real & ~clean].mean()


def _neighbour(intact):
    import torch

    return torch.cat([torch.ones_like(intact[:, :1]), intact[:, :-1]], 1)


error_rates = Exercise(
    name="10.error_rates",
    points=3,
    inputs=_rights,
    oracle=_counted,
    mistakes={
        "the two rates change places": lambda right, real: _rates(right, real)[::-1],
        "padding is counted as errors: only real tokens are": partial(_rates, count_padding=True),
        "the share of *right* tokens is counted, not of errors": partial(_rates, wrong=False),
        "a token counts as “after an error” for its own error: only the tokens before it decide": partial(
            _rates, before=lambda intact: intact.long().cumprod(1).bool()
        ),
        "only the token just before is looked at: one error spoils everything that comes after it": partial(
            _rates, before=_neighbour
        ),
        "errors are divided by all real tokens, not by those of their own kind": lambda right, real: tuple(
            rate * share for rate, share in zip(_rates(right, real), _shares(right, real), strict=True)
        ),
    },
    accepts=[
        lambda right, real: tuple(
            (~right & real & kind).sum() / (real & kind).sum()
            for kind in (
                ((~right).long().cumsum(1) - (~right).long()) == 0,
                ((~right).long().cumsum(1) - (~right).long()) > 0,
            )
        ),
    ],
    hints=[
        "For each token: was everything before it right? `right.cumprod(dim=1)` is 1 as long as all was right.",
        "That product includes the token itself: shift it by one step to the right, and put a 1 in front.",
        "`clean = torch.cat([torch.ones_like(right[:, :1]), right.cumprod(dim=1)[:, :-1].bool()], dim=1)`; then "
        "the mean of `~right` over `real & clean` and over `real & ~clean`.",
    ],
    returns=("error rate so far without error", "error rate after an error"),
    difficulty=2,
    minutes=8,
)


def _shares(right, real):
    import torch

    clean = torch.cat([torch.ones_like(right[:, :1]), right.long().cumprod(1)[:, :-1].bool()], 1)
    return (real & clean).sum() / real.sum(), (real & ~clean).sum() / real.sum()


# -- best_beams ------------------------------------------------------------------------------------------------------


def _beams(rng) -> list[Case]:
    import torch

    def case(label, batch, width, vocabulary, power, ended=0.0, first=False):
        each = (1.5 * _drawn(rng, batch, width, vocabulary)).log_softmax(dim=2)
        log_p, lengths = -1.0 - 0.7 * _drawn(rng, batch, width).abs(), rng.integers(1, 6, (batch, width))
        done = torch.from_numpy(rng.random((batch, width)) < ended)
        if ended:
            done[:, 0], done[:, 1] = True, False
            log_p[:, 0] = -0.4
        lengths = torch.from_numpy(lengths).double()
        if first:
            log_p, lengths = torch.full_like(log_p, -torch.inf), torch.zeros_like(lengths)
            log_p[:, 0] = 0.0
        return Case(
            label, each=each, log_p=log_p, lengths=lengths, ended=done, end=int(rng.integers(vocabulary)),
            length_power=power,
        )  # fmt: skip

    return [
        case("three beams, none has ended", 2, 3, 5, 0.0),
        case("some beams have ended, and stay as they are", 4, 3, 6, 0.0, ended=0.4),
        case("some beams have ended, lengths count", 5, 4, 6, 1.0, ended=0.4),
        case("the very first step: all beams are alike, only one may grow", 2, 3, 7, 0.0, first=True),
        case("lengths count a little", 3, 2, 5, 0.6),
    ]


def _ranked(each, log_p, lengths, ended, end, length_power):
    # Every candidate of every sequence in a list, sorted.
    import torch

    rows = []
    for b in range(each.shape[0]):
        candidates = []
        for k in range(each.shape[1]):
            for v in range(each.shape[2]):
                if ended[b, k] and v != end:
                    continue
                total = float(log_p[b, k]) + (0.0 if ended[b, k] else float(each[b, k, v]))
                length = float(lengths[b, k]) + (0 if ended[b, k] else 1)
                candidates.append((total / length**length_power, k, v, total, length))
        rows.append(sorted(candidates, key=lambda c: -c[0])[: each.shape[1]])
    columns = [torch.tensor([[c[i] for c in row] for row in rows], dtype=torch.float64) for i in range(1, 5)]
    parent, token, total, length = columns
    return parent.long(), token.long(), total.to(log_p.dtype), length.to(lengths.dtype)


def _beams_stand_in(each, log_p, lengths, ended, end, length_power=0.0):
    from seqlib.models.generate import best_beams

    return best_beams(each, log_p, lengths, ended, end, length_power)


def _grown(
    each,
    log_p,
    lengths,
    ended,
    end,
    length_power,
    *,
    freeze=True,
    add=True,
    count_ended=False,
    score=lambda total, longer, power: total / longer**power,
    separate=False,
    give=lambda parent, token, total, longer, score: (parent, token, total, longer),
):
    """One step of a beam search with each of its parts replaceable."""
    import torch

    kept = torch.full_like(each, -torch.inf)
    kept[:, :, end] = 0.0
    new = torch.where(ended[:, :, None], kept, each) if freeze else each
    total = new + log_p[:, :, None] if add else new + torch.where(log_p.isinf(), log_p, 0.0)[:, :, None]
    longer = (lengths + (1 if count_ended else (~ended).to(lengths.dtype)))[:, :, None].expand_as(total)
    scores = score(total, longer, length_power)
    width, vocabulary = each.shape[1:]
    if separate:
        token = scores.argmax(dim=2)
        parent = torch.arange(width).expand_as(token)
    else:
        best = scores.flatten(1).topk(width, dim=1).indices
        parent, token = best // vocabulary, best % vocabulary
    flat = parent * vocabulary + token
    taken = [part.flatten(1).gather(1, flat) for part in (total, longer, scores)]
    return give(parent, token, *taken)


def _divmod_in_numpy(each, log_p, lengths, ended, end, length_power=0.0):
    each, log_p, lengths, ended = (part.numpy() for part in (each, log_p, lengths, ended))
    total = log_p[..., None] + np.where(ended[..., None], np.where(np.arange(each.shape[2]) == end, 0, -np.inf), each)
    longer = np.broadcast_to((lengths + ~ended)[..., None], total.shape)
    flat = (total / longer**length_power).reshape(len(each), -1)
    best = np.argsort(-flat, axis=1, kind="stable")[:, : each.shape[1]]
    take = lambda part: np.take_along_axis(part.reshape(len(each), -1), best, axis=1)  # noqa: E731
    return best // each.shape[2], best % each.shape[2], take(total), take(longer)


best_beams = Exercise(
    name="10.best_beams",
    points=5,
    inputs=_beams,
    oracle=_ranked,
    stand_in=_beams_stand_in,
    mistakes={
        "beams that have ended go on growing: they may only write the end mark, at no cost": partial(
            _grown, freeze=False
        ),
        "only the new token's log p counts: that of the beginning has to be added": partial(_grown, add=False),
        "each beam keeps its own best token: all candidates of a sequence compete with each other": partial(
            _grown, separate=True
        ),
        "beam and token change places: with V tokens, candidate i is token i % V of beam i // V": partial(
            _grown, give=lambda parent, token, total, longer, score: (token, parent, total, longer)
        ),
        "a beam that has ended grows longer at every step, and its score changes": partial(_grown, count_ended=True),
        "the score is handed back in the place of log p: the next step would divide it again": partial(
            _grown, give=lambda parent, token, total, longer, score: (parent, token, score, longer)
        ),
        "length_power is not used": partial(_grown, score=lambda total, longer, power: total * 1.0),
        "log p is *multiplied* by the length, which punishes long answers twice": partial(
            _grown, score=lambda total, longer, power: total * longer**power
        ),
        "the new lengths are not handed back, but the old ones": lambda each, log_p, lengths, ended, end, power: _grown(
            each,
            log_p,
            lengths,
            ended,
            end,
            power,
            give=lambda parent, token, total, longer, score: (parent, token, total, lengths.gather(1, parent)),
        ),  # fmt: skip
    },
    accepts=[_grown, _divmod_in_numpy],
    forbids=("seqlib.models.generate.best_beams",),
    hints=[
        "First the log p of every candidate, (B, width, V): the beginning's plus the token's. For a beam that has "
        "ended: 0 for END, −∞ for everything else.",
        "Then the scores, flattened to (B, width·V), and `topk`. Candidate i is token i % V of beam i // V.",
        "`best = (total / longer**length_power).flatten(1).topk(width, dim=1).indices`, then "
        "`best // V`, `best % V`, and `total.flatten(1).gather(1, best)`, the same for the lengths.",
    ],
    returns=("parent", "token", "log_p", "lengths"),
    difficulty=3,
    minutes=20,
)


# -- ngram_matches ---------------------------------------------------------------------------------------------------


def _sentences(rng, longest=12):
    """A reference, and a candidate made of it: words dropped, doubled, swapped."""
    words = "ein zwei drei vier und zwanzig , zehn elf".split()
    reference = rng.choice(words, rng.integers(7, longest)).tolist()
    candidate = list(reference)
    for _ in range(3):
        place = int(rng.integers(len(candidate)))
        kind = rng.integers(3)
        if kind == 0 and len(candidate) > 6:
            candidate.pop(place)
        elif kind == 1:
            candidate.insert(place, candidate[place])
        else:
            candidate[place] = str(rng.choice(words))
    return candidate, reference


def _to_match(rng) -> list[Case]:
    word, other = rng.choice("ein zwei drei vier".split(), 2, replace=False).tolist()
    candidate, reference = _sentences(rng)
    longer, shorter = _sentences(rng)
    extra = rng.choice("und zehn elf".split(), 4).tolist()
    many = int(rng.integers(5, 9))
    return [
        Case("one word again and again", candidate=[word] * many, reference=[other, word, other, word, word], n=1),
        Case("pairs", candidate=candidate, reference=reference, n=2),
        Case("triples, the candidate longer", candidate=longer + extra, reference=shorter, n=3),
        Case("pairs that come twice", candidate=[word, other] * 3, reference=[word, other, word, other, other], n=2),
        Case(
            "the right words the wrong way round",
            candidate=[word, other, extra[0], word, other],
            reference=[other, word, extra[0], other, word],
            n=2,
        ),
        Case("fewer words than n", candidate=[word, other], reference=reference, n=4),
    ]


def _sacre(candidates, references):
    """sacrebleu's own score: words as they are, nothing smoothed."""
    from sacrebleu.metrics import BLEU

    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    texts = [[" ".join(words) for words in side] for side in (candidates, references)]
    return metric.corpus_score(texts[0], [texts[1]])


def _matches_by_sacrebleu(candidate, reference, n):
    score = _sacre([candidate], [reference])
    return int(score.counts[n - 1]), int(score.totals[n - 1])


def _grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def _by_removal(candidate, reference, n):
    """Cross each match out of the reference, so that it is used once."""
    left, found = _grams(reference, n), 0
    for gram in _grams(candidate, n):
        if gram in left:
            left.remove(gram)
            found += 1
    return found, max(0, len(candidate) - n + 1)


def _distinct(candidate, reference, n):
    return len(set(_grams(candidate, n)) & set(_grams(reference, n))), len(_grams(candidate, n))


ngram_matches = Exercise(
    name="10.ngram_matches",
    points=3,
    inputs=_to_match,
    oracle=_matches_by_sacrebleu,
    mistakes={
        "nothing is clipped: a word of the reference is found as often as the candidate repeats it": (
            lambda candidate, reference, n: (
                sum(gram in _grams(reference, n) for gram in _grams(candidate, n)),
                len(_grams(candidate, n)),
            )
        ),
        "every n-gram counts once at most: one that stands twice in both is two matches": _distinct,
        "the matches are divided among the *reference's* n-grams: that is recall, BLEU takes the candidate's": (
            lambda candidate, reference, n: (_by_removal(candidate, reference, n)[0], len(_grams(reference, n)))
        ),
        "single words are counted, whatever n is": lambda candidate, reference, n: _by_removal(candidate, reference, 1),
        "n words too few are cut off: T tokens have T − n + 1 n-grams, not T − n": lambda candidate, reference, n: (
            _by_removal(candidate[:-1], reference[:-1], n)
        ),
        "the order within an n-gram is lost": lambda candidate, reference, n: (
            sum(
                (
                    Counter(tuple(sorted(g)) for g in _grams(candidate, n))
                    & Counter(tuple(sorted(g)) for g in _grams(reference, n))
                ).values()
            ),
            len(_grams(candidate, n)),
        ),
    },
    accepts=[
        _by_removal,
        lambda candidate, reference, n: (
            (Counter(_grams(candidate, n)) & Counter(_grams(reference, n))).total(),
            max(len(candidate) + 1 - n, 0),
        ),
    ],
    forbids=("sacrebleu.metrics.BLEU.corpus_score", "sacrebleu.metrics.BLEU.sentence_score"),
    hints=[
        "Count the n-grams of both with a `Counter` of tuples: `tuple(tokens[i : i + n])`.",
        "Clipped: each n-gram matches as often as it stands in the candidate, but no more often than in the reference.",
        "`Counter(...) & Counter(...)` takes the smaller count of each; `.total()` adds them up.",
    ],
    returns=("matches", "total"),
    difficulty=2,
    minutes=8,
)


# -- corpus_bleu -----------------------------------------------------------------------------------------------------


def _corpora(rng) -> list[Case]:
    def corpus(label, count, cut=0, more=0):
        pairs = [_sentences(rng, 14) for _ in range(count)]
        extra = ["und"] * more
        candidates = [(c[: max(4, len(c) - cut)] + extra) for c, _ in pairs]
        # At least one sentence is right, so that four words in a row match somewhere.
        candidates[0] = pairs[0][1] + extra if not cut else pairs[0][1][: len(pairs[0][1]) - cut + 1]
        return Case(label, candidates=candidates, references=[r for _, r in pairs])

    short = [_sentences(rng)[1] for _ in range(3)]
    return [
        corpus("six sentences", 6),
        corpus("candidates too short", 5, cut=3),
        corpus("candidates too long", 4, more=3),
        Case("no candidate has four words", candidates=[words[:3] for words in short], references=short),
    ]


def _scored(candidates, references):
    return float(_sacre(candidates, references).score)


def _bleu(candidates, references, *, penalty=None, mean=None, orders=4, matches=_by_removal, size=100.0):
    """Corpus BLEU with each of its parts replaceable."""
    precisions = []
    for n in range(1, orders + 1):
        found = [matches(c, r, n) for c, r in zip(candidates, references, strict=True)]
        right, total = (sum(part) for part in zip(*found, strict=True))
        precisions.append(right / total if total else 0.0)
    lengths = [sum(map(len, side)) for side in (candidates, references)]
    brevity = (penalty or (lambda c, r: min(1.0, math.exp(1 - r / c))))(*lengths)
    if mean is None and min(precisions) == 0:
        return 0.0
    middle = (mean or (lambda p: math.exp(sum(map(math.log, p)) / len(p))))(precisions)
    return size * brevity * middle


corpus_bleu = Exercise(
    name="10.corpus_bleu",
    points=4,
    inputs=_corpora,
    oracle=_scored,
    mistakes={
        "the sentences' own BLEUs are averaged: counts are added up over the corpus, *then* divided": (
            lambda candidates, references: float(
                np.mean([_bleu([c], [r]) for c, r in zip(candidates, references, strict=True)])
            )
        ),
        "the brevity penalty is left out: short, safe answers would win": partial(_bleu, penalty=lambda c, r: 1.0),
        "long candidates are rewarded: the penalty is at most 1": partial(
            _bleu, penalty=lambda c, r: math.exp(1 - r / c)
        ),
        "the penalty has its ratio upside down: it punishes candidates that are too long": partial(
            _bleu, penalty=lambda c, r: min(1.0, math.exp(1 - c / r))
        ),
        "the precisions are averaged plainly: BLEU takes the geometric mean, which one zero makes zero": partial(
            _bleu, mean=lambda p: sum(p) / len(p)
        ),
        "the product of the precisions is not rooted: their geometric mean is the fourth root": partial(
            _bleu, mean=math.prod
        ),
        "only words and pairs are counted: BLEU goes up to four in a row": partial(_bleu, orders=2),
        "it is a share between 0 and 1: BLEU is given in hundredths": partial(_bleu, size=1.0),
    },
    accepts=[
        _bleu,
        lambda candidates, references: _bleu(
            candidates, references, penalty=lambda c, r: 1.0 if c > r else math.exp(1 - r / c)
        ),
    ],
    forbids=("sacrebleu.metrics.BLEU.corpus_score", "sacrebleu.metrics.BLEU.sentence_score"),
    hints=[
        "For n = 1 … 4 add up `ngram_matches(candidate, reference, n)` over all pairs: matches and totals by themselves.",
        "Precision n is all matches by all totals. If one of them is 0, so is BLEU.",
        "`brevity = min(1.0, math.exp(1 - reference_words / candidate_words))`, and "
        "`100 * brevity * math.prod(precisions) ** 0.25`.",
    ],
    returns=("BLEU",),
    difficulty=3,
    minutes=12,
)


# -- own_words -------------------------------------------------------------------------------------------------------


def _forced(rng) -> list[Case]:
    import torch

    def case(label, lengths, steps, share):
        batch = len(lengths)
        target_in = torch.from_numpy(rng.integers(5, 15, (batch, steps)))
        target_in[:, 0] = 2
        for row, length in enumerate(lengths):
            target_in[row, length:] = PAD
        predicted = torch.from_numpy(rng.integers(20, 30, (batch, steps)))  # never what the target says
        draws = torch.from_numpy(rng.random((batch, steps)))
        draws[:, 0] = 0.5 * share
        draws[:, 1], draws[:, 2] = 0.5 * share, 0.5 + 0.5 * share
        draws[1, 2] = share  # not below it: nothing is replaced
        draws[0, -1] = 0.5 * share  # padding would be replaced by who forgets it
        return Case(label, target_in=target_in, predicted=predicted, draws=draws, share=share)

    return [
        case("three targets of 5, 3 and 4 tokens, one in four replaced", [5, 3, 4], 6, 0.25),
        case("most of them replaced", [7, 4], 8, 0.8),
        case("half of them", [3, 5, 4, 5], 6, 0.5),
    ]


def _replaced(target_in, predicted, draws, share):
    import torch

    rows = []
    for own, true, chance in zip(predicted.tolist(), target_in.tolist(), draws.tolist(), strict=True):
        rows.append(
            [own[t - 1] if t > 0 and word != PAD and chance[t] < share else word for t, word in enumerate(true)]
        )
    return torch.tensor(rows)


def _mixed(target_in, predicted, draws, share, *, shift=True, first=False, padding=False, flip=False):
    import torch

    before = torch.cat([predicted[:, :1] if first else target_in[:, :1], predicted[:, :-1]], 1) if shift else predicted
    chosen = (draws >= share) if flip else (draws < share)
    chosen = chosen if first or not shift else chosen & (torch.arange(target_in.shape[1]) > 0)
    chosen = chosen if padding else chosen & (target_in != PAD)
    if not shift:
        chosen = chosen & (torch.arange(target_in.shape[1]) > 0)
    return torch.where(chosen, before, target_in)


own_words = Exercise(
    name="10.own_words",
    points=3,
    inputs=_forced,
    oracle=_replaced,
    mistakes={
        "the predictions are not shifted: what goes in at step t is what the model said at step t − 1": partial(
            _mixed, shift=False
        ),
        "START is replaced too: before the first step the model has said nothing": partial(_mixed, first=True),
        "padding is replaced too, and a target grows longer than it is": partial(_mixed, padding=True),
        "the share is upside down: it says how many words are the model's *own*": partial(_mixed, flip=True),
        "everything is the model's own: `draws` and `share` are not used": (
            lambda target_in, predicted, draws, share: _mixed(target_in, predicted, draws * 0, share)
        ),
    },
    accepts=[
        _mixed,
        lambda target_in, predicted, draws, share: np.where(
            (draws.numpy() < share) & (target_in.numpy() > 2), np.roll(predicted.numpy(), 1, axis=1), target_in.numpy()
        ),
    ],
    hints=[
        "Shift first: `torch.cat([target_in[:, :1], predicted[:, :-1]], dim=1)` begins with START as target_in does.",
        "Replace where `draws < share`, but never padding.",
        "`torch.where((draws < share) & (target_in != PAD_ID), shifted, target_in)`.",
    ],
    returns=("what goes in",),
    difficulty=2,
    minutes=8,
    core=False,
)

# Changes to the solutions that nobody can see: see tests/test_mutants.py.


EXERCISES = [
    forced_sides,
    last_real,
    Decoder,
    greedy,
    error_rates,
    best_beams,
    ngram_matches,
    corpus_bleu,
    own_words,
]
