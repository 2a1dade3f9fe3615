"""Notebook 10: encoder and decoder, from one context vector to the search for the best translation."""

import math
from collections import Counter

import numpy as np
import torch
from sacrebleu.metrics import BLEU
from torch import nn

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.models import generate, seq2seq
from seqlib.models.generate import first_tensor
from seqlib.models.seq2seq import RECURRENT, run

PAD = 0


def _drawn(rng, *shape):
    """Numbers of both signs, as a float64 tensor."""
    return torch.from_numpy(rng.normal(size=shape))


# -- forced_sides ----------------------------------------------------------------------------------------------------


def _targets(rng) -> list[Case]:
    def case(label, length):
        start, end, *words = rng.permutation(np.arange(2, 40))[: length + 2].tolist()
        return Case(label, target=words, start=start, end=end)

    return [case("five tokens", 5), case("two tokens", 2), case("nothing to write: only the end mark", 0)]


def _by_definition(target, start, end):
    # By the definition: what comes in is START, then what came out one step before.
    goes_in, comes_out = [start], []
    for token in list(target) + [end]:
        comes_out.append(token)
        goes_in.append(token)
    return goes_in[:-1], comes_out


def _sides(target, start, end):
    return [start, *target], [*target, end]


SIDE_SLIPS = {
    "START is left out of what goes in: at the first step there would be nothing to read": "[start, *target] → [*target]",
    "the sides are not shifted: the decoder is asked for the token just read": "[*target, end] → [start, *target]",
    "END is left out of what comes out: the model would never learn when to stop": "[*target, end] → [*target]",
    "START and END are both left out": "[start, *target], [*target, end] → [*target], [*target]",
    "END goes in too: after it nothing is left to predict": "[start, *target] → [start, *target, end]",
    "START comes out too: nobody has to predict it": "[*target, end] → [start, *target, end]",
    "the sides are shifted the wrong way: the decoder is asked for the token before, which it has read": (
        "[start, *target], [*target, end] → [*target, end], [start, *target]"
    ),
    "both marks stand on both sides: END never goes in, START never comes out": (
        "[start, *target], [*target, end] → [start, *target, end], [start, *target, end]"
    ),
    "START and END are swapped": "[start, *target], [*target, end] → [end, *target], [*target, start]",
    "the two sides come as pairs, where two lists are asked": (
        "return [start, *target], [*target, end] → return list(zip([start, *target], [*target, end]))"
    ),
}

forced_sides = Exercise(
    name="10.forced_sides",
    points=2,
    inputs=_targets,
    oracle=_by_definition,
    right=_sides,
    mistakes=slips(_sides, SIDE_SLIPS),
    returns=("target_in", "target_out"),
)


# -- last_real -------------------------------------------------------------------------------------------------------


def _read_sources(rng) -> list[Case]:
    def case(label, lengths, width, size):
        source = torch.zeros(len(lengths), width, dtype=torch.long)
        for row, length in enumerate(lengths):
            source[row, :length] = torch.from_numpy(rng.integers(1, 30, length))
        source[0, lengths[0] - 1] = 1  # the smallest id that is no padding
        return Case(label, states=_drawn(rng, len(lengths), width, size), source=source)

    return [
        case("three sources of 5, 2 and 4 tokens", [5, 2, 4], 6, 3),
        case("no padding at all", [4, 4], 4, 3),
        case("a single token, then padding", [1, 3, 5], 5, 2),
        case("one source, all padding but its first", [2], 7, 4),
    ]


def _picked(states, source):
    # One row after the other: walk to the end of what is not padding.
    rows = []
    for state, tokens in zip(torch.as_tensor(states), source.tolist(), strict=True):
        real = [state[s] for s, token in enumerate(tokens) if token != PAD]
        rows.append(real[-1])
    return torch.stack(rows)


def _last_real(states, source):
    real = source != PAD
    lengths = real.sum(dim=1)
    return states[torch.arange(len(states)), lengths - 1]


PLACE = "states[torch.arange(len(states)), lengths - 1]"
PLACE_SLIPS = {
    "the last column is taken: for every source but the longest the network had read padding": f"{PLACE} → states[:, -1]",
    "it is one token too early: with n tokens the last one stands at place n − 1": "lengths - 1 → lengths - 2",
    "it is one place too late: with n tokens the last one stands at place n − 1, not n": (
        "lengths - 1 → lengths.clamp(max=states.shape[1] - 1)"
    ),
    "the *first* state is taken, which has read one token": f"{PLACE} → states[:, 0]",
    "the states are averaged: a context of another kind": f"{PLACE} → torch.stack([s[r].mean(0) for s, r in zip(states, real)])",
    "the states are averaged, those of the padding among them": f"{PLACE} → states.mean(dim=1)",
    "the states are added up": f"{PLACE} → (states * real[:, :, None]).sum(dim=1)",
    "every source is read to the same place, that of the longest": "lengths - 1 → lengths.max() - 1",
    "every source is read to the same place, that of the first": "lengths - 1 → lengths[0] - 1",
    "the mask is inverted: padding is counted, not the tokens": "source != PAD → source == PAD",
    "1 is taken for padding too: only 0 is": "source != PAD → source > 1",
    "every row is read at the places of *all* rows: pair each row with its own": "torch.arange(len(states)), → :,",
    "one axis too many is handed back: (B, 1, H), where (B, H) belongs": "lengths - 1] → lengths - 1][:, None]",
}

last_real = Exercise(
    name="10.last_real",
    points=2,
    inputs=_read_sources,
    oracle=_picked,
    right=_last_real,
    mistakes=slips(_last_real, PLACE_SLIPS),
    returns=("context",),
)


# -- Decoder ---------------------------------------------------------------------------------------------------------


def _decoders(rng) -> list[Case]:
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


def _weighted(model, seed):
    """The model in float64, every parameter drawn from `seed`, large enough that each part is felt."""
    generator = torch.Generator().manual_seed(seed)
    for _, parameter in sorted(model.double().named_parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.7
    return model


def _try_decoder(answer, sizes, layer, seed, context, tokens):
    """Begin from a context and write: the state that it begins with, logits, and the state at the end."""
    model = _weighted(answer(*sizes, layer), seed)
    with torch.enable_grad():
        begun = model.begin(context.requires_grad_())
        logits, state = model(tokens, begun)
    parts = [part if isinstance(part, torch.Tensor) else torch.stack(list(part)) for part in (begun, state)]
    return parts[0], logits, parts[1], _felt(context, logits)


def _felt(context, logits):
    """What of a loss arrives at the context, and so at the encoder: zeros where nothing does."""
    found = None
    if logits.requires_grad:
        (found,) = torch.autograd.grad(logits.square().sum(), context, retain_graph=True, allow_unused=True)
    return torch.zeros_like(context) if found is None else found


def _decoded_by_cells(sizes, layer, seed, context, tokens):
    # Equations (10.4) to (10.6) one step at a time, with torch's cells and the weights that the model would have.
    vocabulary, embedding, hidden, _ = sizes
    model = _weighted(seq2seq.Decoder(*sizes, layer), seed)
    weights = dict(model.named_parameters())
    kinds = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
    cell = kinds[layer](embedding, hidden, dtype=torch.float64)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, weights[f"recurrent.{name}_l0"])
    context.requires_grad_()
    sums = context @ weights["from_context.weight"].T + weights["from_context.bias"]
    state = tuple(torch.tanh(sums[:, k : k + hidden]) for k in range(0, sums.shape[1], hidden))
    begun, logits = torch.stack(state), []
    for t in range(tokens.shape[1]):
        made = cell(weights["embedding.weight"][tokens[:, t]], state if layer == "lstm" else state[0])
        state = made if layer == "lstm" else (made,)
        logits.append(state[0] @ weights["readout.weight"].T + weights["readout.bias"])
    logits = torch.stack(logits, dim=1)
    return begun.detach(), logits.detach(), torch.stack(state).detach(), _felt(context, logits)


class _Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        first = torch.tanh(self.from_context(context))
        return first.chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        read = self.embedding(tokens)
        states, state = run(self.recurrent, read, state)
        logits = self.readout(states)
        return logits, state


STEPWISE = "seen = [run(self.recurrent, read[:, t : t + 1], state) for t in range(read.shape[1])]"
DECODER_SLIPS = {
    "the context never arrives: the decoder begins from zeros, and can only guess": "torch.tanh(self → 0 * (self",
    "the tanh around $cW_c + b_c$ is left out": "torch.tanh(self → (self",
    "the state begins through a sigmoid, where a tanh belongs": "torch.tanh(self → torch.sigmoid(self",
    "$b_c$ is left out": "self.from_context(context) → context @ self.from_context.weight.T",
    "both parts of an LSTM's state are the same half: `chunk` cuts the sum in `self.parts` pieces": (
        "first.chunk(self.parts, dim=1) → first.chunk(self.parts, dim=1)[:1] * self.parts"
    ),
    "h and c of the LSTM change places": "first.chunk(self.parts, dim=1) → first.chunk(self.parts, dim=1)[::-1]",
    "the logits are read from the state *before* the token: the last written word is never seen": (
        (
            "states, state = run → before = state[0][:, None]; states, state = run",
            "logits = self → states = torch.cat([before, states[:, :-1]], dim=1); logits = self",
        )
    ),
    "every token is read from the first state: nothing that was written is remembered": (
        "states, state = run(self.recurrent, read, state) → "
        f"{STEPWISE}; states, state = torch.cat([h for h, _ in seen], dim=1), seen[-1][1]"
    ),
    "the old state is handed back: run free, the decoder would begin anew at every step": "states, state = run → states, _ = run",
    "the given state is not used: the decoder begins from zeros": "read, state) → read, [0 * part for part in state])",
    "probabilities are handed back, where logits are wanted": "return logits → return logits.softmax(dim=2)",
    "log probabilities are handed back, where logits are wanted": "return logits → return logits.log_softmax(dim=2)",
    "the tokens do not reach the network: the embedding is left out": "read = self → read = 0 * self",
    "the states are handed back, where their readout is wanted": "logits = self.readout(states) → logits = states",
    "the readout's bias is left out": "self.readout(states) → states @ self.readout.weight.T",
    "the logits go through a tanh": "logits = self.readout(states) → logits = self.readout(states).tanh()",
    "only the last step's logits are handed back: every token has its own": "self.readout(states) → self.readout(states[:, -1])",
    "only the first token's logits are handed back: every token has its own": "self.readout(states) → self.readout(states[:, :1])",
    "logits and state change places": "return logits, state → return state[0], logits",
    "something is detached on the way: no gradient would reach the encoder": "self.from_context(context) → self.from_context(context.detach())",
}

Decoder = Exercise(
    name="10.Decoder",
    points=5,
    inputs=_decoders,
    oracle=_decoded_by_cells,
    using=_try_decoder,
    stand_in=seq2seq.Decoder,
    trains=True,
    right=_Decoder,
    mistakes=slips(_Decoder, DECODER_SLIPS),
    returns=("the first state", "logits", "the last state", "the gradient that reaches the context"),
)


# -- greedy ----------------------------------------------------------------------------------------------------------


def _table_step(tokens, state):
    """A writer whose whole mind is its state: a table of scores (B, T, V) and how many steps it has taken (B,)."""
    table, count = state
    logits = table[torch.arange(len(table)), count.long()]
    follows = torch.cos(1.7 * tokens[:, None] + 2.3 * torch.arange(logits.shape[1]))
    return logits + 1.5 * follows.to(logits.dtype), (table, count + 1)


def _writers(rng) -> list[Case]:
    def case(label, stops, max_steps, vocabulary):
        start, end = rng.permutation(np.arange(1, vocabulary))[:2].tolist()
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
        case("none ends before the limit", [9, 9], 4, 6),
    ]


def _alone(step, state, start, end, max_steps):
    # Each sequence by itself, a Python list; then the shorter ones filled up with the end mark.
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


def _greedy(step, state, start, end, max_steps):
    tokens = torch.full((len(first_tensor(state)),), start)
    ended, written = tokens == end, []
    for _ in range(max_steps):
        logits, state = step(tokens, state)
        tokens = logits.argmax(dim=1).masked_fill(ended, end)
        written.append(tokens)
        ended = ended | (tokens == end)
        if ended.all():
            break
    return torch.stack(written, dim=1)


GREEDY_SLIPS = {
    "the decoder reads START at every step, and never what it has written": (
        ("ended, written = → first, ended, written = tokens,", "step(tokens, state) → step(first, state)")
    ),
    "the state is not carried on: each step begins from the first state": "logits, state = step → logits, _ = step",
    "a sequence that has ended writes on: after its end mark only the end mark may come": ".masked_fill(ended, end) → ",
    "zeros follow an end mark, where the end mark is repeated": ".masked_fill(ended, end) → .masked_fill(ended, 0)",
    "START follows an end mark, where the end mark is repeated": ".masked_fill(ended, end) → .masked_fill(ended, start)",
    "everything stops as soon as *one* sequence has ended": "ended.all() → ended.any()",
    "it always takes max_steps steps, also when every sequence has ended": "if ended.all() → if False",
    "one step too few is allowed": "range(max_steps) → range(max_steps - 1)",
    "one step too many is allowed": "range(max_steps) → range(max_steps + 1)",
    "the end mark of the last sequence to end is thrown away: it belongs to the tokens": (
        ("        written.append(tokens)\n → ", "break\n → break\n        written.append(tokens)\n")
    ),
    "the last column is thrown away": "torch.stack(written, → torch.stack(written[:-1],",
    "START stands first: what was written begins after it": "written = tokens == end, [] → written = tokens == end, [tokens]",
    "the steps are stacked along the first axis: (T, B), where (B, T) belongs": "torch.stack(written, dim=1) → torch.stack(written)",
    "the *least* likely token is taken": "argmax → argmin",
    "the logits themselves are kept, where tokens are asked": "written.append(tokens) → written.append(logits)",
}

greedy = Exercise(
    name="10.greedy",
    points=4,
    inputs=_writers,
    oracle=_alone,
    stand_in=generate.greedy,
    right=_greedy,
    mistakes=slips(_greedy, GREEDY_SLIPS),
    returns=("tokens",),
)


# -- error_rates -----------------------------------------------------------------------------------------------------


def _rights(rng) -> list[Case]:
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
    counts = {False: [0, 0], True: [0, 0]}  # whether an error came before: errors, tokens
    for row, there in zip(right.tolist(), real.tolist(), strict=True):
        stumbled = False
        for good, token in zip(row, there, strict=True):
            if token:
                counts[stumbled][0] += not good
                counts[stumbled][1] += 1
                stumbled = stumbled or not good
    return tuple(torch.tensor(wrong / total, dtype=torch.float64) for wrong, total in counts.values())


def _rates(right, real):
    intact = right.cumprod(dim=1).bool()
    clean = torch.cat([torch.ones_like(intact[:, :1]), intact[:, :-1]], dim=1)
    first, later = real & clean, real & ~clean
    wrong = (~right).double()
    return wrong[first].mean(), wrong[later].mean()


def _by_row(wrong, kind):
    return ((wrong * kind).sum(dim=1) / kind.sum(dim=1)).nanmean()


RATE_SLIPS = {
    "the two rates change places": "wrong[first].mean(), wrong[later].mean() → wrong[later].mean(), wrong[first].mean()",
    "padding is counted as errors: only real tokens are": "real & clean, real & ~clean → clean, ~clean",
    "padding alone is counted: the mask is inverted": "real & clean, real & ~clean → ~real & clean, ~real & ~clean",
    "the share of *right* tokens is counted, not of errors": "(~right) → right",
    "a token counts as “after an error” for its own error: only the tokens before it decide": "= real & clean, real & ~clean → = real & intact, real & ~intact",
    "the token after decides, where those before it do": (
        "torch.cat([torch.ones_like(intact[:, :1]), intact[:, :-1]], dim=1) → torch.cat([intact[:, 1:], intact[:, -1:]], dim=1)"
    ),
    "only the token just before is looked at: one error spoils all that comes after it": "right.cumprod(dim=1).bool() → right",
    "the errors before are looked for in the sequences above, not in the steps before": "cumprod(dim=1) → cumprod(dim=0)",
    "a sequence's first token counts as one after an error": "ones_like → zeros_like",
    "errors are divided by all real tokens, not by those of their own kind": (
        "wrong[first].mean(), wrong[later].mean() → wrong[first].sum() / real.sum(), wrong[later].sum() / real.sum()"
    ),
    "errors are divided by all places, padding too": (
        "wrong[first].mean(), wrong[later].mean() → (wrong * first).mean(), (wrong * later).mean()"
    ),
    "errors are counted, not divided": "wrong[first].mean(), wrong[later].mean() → wrong[first].sum(), wrong[later].sum()",
    "the rates are percentages, where shares are asked": "(~right).double() → 100 * (~right).double()",
    "each sequence's rate is averaged: all tokens of a kind count alike": (
        "wrong[first].mean(), wrong[later].mean() → _by_row(wrong, first), _by_row(wrong, later)"
    ),
    "the errors before are counted over the sequences above, not over the steps before": (
        "clean = → clean = ((~right & real).long().cumsum(dim=0) - (~right & real).long()) == 0  #"
    ),
}

error_rates = Exercise(
    name="10.error_rates",
    points=3,
    inputs=_rights,
    oracle=_counted,
    right=_rates,
    mistakes=slips(_rates, RATE_SLIPS),
    returns=("error rate so far without error", "error rate after an error"),
)


# -- best_beams ------------------------------------------------------------------------------------------------------


def _beams(rng) -> list[Case]:
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
        case("some beams have ended, lengths count", 12, 4, 6, 1.0, ended=0.4),
        case("the very first step: all beams are alike, only one may grow", 2, 3, 7, 0.0, first=True),
        case("lengths count a little", 12, 2, 5, 0.6),
    ]


def _ranked(each, log_p, lengths, ended, end, length_power):
    # Every candidate of every sequence in a list, sorted.
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


def _best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    width, vocabulary = each.shape[1:]
    only_end = torch.full_like(each, -torch.inf)
    only_end[:, :, end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + ~ended)[:, :, None].expand_as(total)
    scores = total / longer**length_power
    best = scores.flatten(1).topk(width).indices
    parent, token = best // vocabulary, best % vocabulary
    new_log_p, new_lengths = (part.flatten(1).gather(1, best) for part in (total, longer))
    return parent, token, new_log_p, new_lengths


def _sorted(best, vocabulary):
    order = best.values.argsort(dim=1, descending=True)
    return order * vocabulary + best.indices.gather(1, order)


BEAM_SLIPS = {
    "beams that have ended go on growing: they may only write the end mark, at no cost": (
        "torch.where(ended[:, :, None], only_end, each) → each"
    ),
    "the beams that have *not* ended are frozen: the mask is inverted": "where(ended → where(~ended",
    "a beam that has ended pays for each further end mark": "end] = 0.0 → end] = each[:, :, end]",
    "a beam that has ended may write any token, at no cost": "torch.full_like(each, -torch.inf) → torch.zeros_like(each)",
    "a beam that has ended is dropped": "end] = 0.0 → end] = -torch.inf",
    "only the new token's log p counts: that of the beginning has to be added": "log_p[:, :, None] + → (0 * log_p[:, :, None]).nan_to_num() +",
    "log p of beginning and token are multiplied, where they add up": "log_p[:, :, None] + → log_p[:, :, None] *",
    "each beam keeps its own best token: all candidates of a sequence compete with each other": (
        "scores.flatten(1).topk(width).indices → scores.argmax(dim=2) + vocabulary * torch.arange(width)"
    ),
    "beam and token change places: with V tokens, candidate i is token i % V of beam i // V": (
        "parent, token = best → token, parent = best"
    ),
    "candidate i is divided by the width, where the number of tokens belongs": (
        "best // vocabulary, best % vocabulary → best // width, best % width"
    ),
    "a beam that has ended grows longer at every step, and its score changes": "lengths + ~ended → lengths + 1",
    "a beam does not grow longer: the new token counts": "lengths + ~ended → lengths",
    "the score is handed back in the place of log p: the next step would divide it again": "in (total, longer) → in (scores, longer)",
    "length_power is not used": "total / longer**length_power → total",
    "the score is always the mean: length_power says how much the length counts": "longer**length_power → longer",
    "log p is *multiplied* by the length, which punishes long answers twice": "total / longer → total * longer",
    "the score divides by the length of the beginning, without the new token": (
        "total / longer**length_power → total / lengths[:, :, None] ** length_power"
    ),
    "the worst candidates are kept": "topk(width) → topk(width, largest=False)",
    "the best candidates stand last": ".indices → .indices.flip(1)",
    "only the best candidate is kept, where `width` of them are": "topk(width) → topk(1)",
    "the new lengths are not handed back, but the old ones": "return parent, token, new_log_p, new_lengths → return parent, token, new_log_p, lengths.gather(1, parent)",
    "the old log p are handed back": "return parent, token, new_log_p → return parent, token, log_p.gather(1, parent)",
    "lengths and log p change places": "new_log_p, new_lengths = → new_lengths, new_log_p =",
    "each beam keeps its own best token, and the beams are sorted: all candidates compete": (
        "scores.flatten(1).topk(width).indices → _sorted(scores.max(dim=2), vocabulary)"
    ),
    "the new lengths are not moved to the beams that were chosen": (
        "return parent, token, new_log_p, new_lengths → return parent, token, new_log_p, lengths + ~ended"
    ),
}

best_beams = Exercise(
    name="10.best_beams",
    points=5,
    inputs=_beams,
    oracle=_ranked,
    stand_in=generate.best_beams,
    right=_best_beams,
    mistakes=slips(_best_beams, BEAM_SLIPS),
    forbids=("seqlib.models.generate.best_beams",),
    returns=("parent", "token", "log_p", "lengths"),
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
        Case(
            "words that run together",
            candidate=["in", "dessen", word, "ein"],
            reference=["indes", "sen", other, word, "ein"],
            n=2,
        ),
        Case("fewer words than n", candidate=[word, other], reference=reference, n=4),
    ]


def _sacre(candidates, references):
    """sacrebleu's own score: words as they are, nothing smoothed."""
    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    texts = [[" ".join(words) for words in side] for side in (candidates, references)]
    return metric.corpus_score(texts[0], [texts[1]])


def _matches_by_sacrebleu(candidate, reference, n):
    score = _sacre([candidate], [reference])
    return int(score.counts[n - 1]), int(score.totals[n - 1])


def _matches(candidate, reference, n):
    def counted(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    there, wanted = counted(candidate), counted(reference)
    found, total = there & wanted, there.total()
    return found.total(), total


GRAM_SLIPS = {
    "nothing is clipped: a word of the reference is found as often as the candidate repeats it": (
        "there & wanted, → Counter({gram: there[gram] for gram in wanted}),"
    ),
    "every n-gram counts once at most: one that stands twice in both is two matches": "return found.total() → return len(found)",
    "the matches are divided among the *reference's* n-grams: that is recall": "there.total() → wanted.total()",
    "the candidate's different n-grams are counted: repeated ones belong to the total": "there.total() → len(there)",
    "the candidate's words are counted, not its n-grams": "there.total() → len(candidate)",
    "the total is negative where there are fewer words than n: 0 belongs": "there.total() → len(candidate) - n + 1",
    "single words are counted, whatever n is": "there, wanted = → n = 1; there, wanted =",
    "all lengths up to n are counted, where n alone is asked": (
        "for i in range(len(words) - n + 1)) → for n in range(1, n + 1) for i in range(len(words) - n + 1))"
    ),
    "n words too few are cut off: T tokens have T − n + 1 n-grams, not T − n": "- n + 1)) → - n))",
    "each n-gram counts once, on both sides and in the total": "return found.total(), total → return len(found), len(there)",
    "shorter pieces at the end are counted too": "range(len(words) - n + 1) → range(len(words))",
    "the n-grams do not overlap": "range(len(words) - n + 1) → range(0, len(words) - n + 1, n)",
    "the order within an n-gram is lost": "tuple(words[i : i + n]) → tuple(sorted(words[i : i + n]))",
    "n-grams are joined into strings without a space: different ones become one": "tuple(words[i : i + n]) → ''.join(words[i : i + n])",
    "everything on either side is counted: a match stands on both": "there & wanted → there | wanted",
    "what does *not* match is counted": "there & wanted → there - wanted",
    "the share is handed back, where two counts are asked": "return found.total(), total → return found.total() / max(total, 1)",
    "matches and total change places": "return found.total(), total → return total, found.total()",
}

ngram_matches = Exercise(
    name="10.ngram_matches",
    points=3,
    inputs=_to_match,
    oracle=_matches_by_sacrebleu,
    right=_matches,
    mistakes=slips(_matches, GRAM_SLIPS),
    forbids=("sacrebleu.metrics.BLEU.corpus_score", "sacrebleu.metrics.BLEU.sentence_score"),
    returns=("matches", "total"),
)


# -- corpus_bleu -----------------------------------------------------------------------------------------------------


def _spoiled(words):
    """Every third word is one that stands nowhere else."""
    return [f"not-{word}" if place % 3 == 2 else word for place, word in enumerate(words)]


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
        corpus("nine sentences", 9),
        corpus("candidates too short", 5, cut=3),
        corpus("candidates too long", 4, more=3),
        Case("never four words right in a row", candidates=[_spoiled(words) for words in short], references=short),
        Case("no candidate has four words", candidates=[words[:3] for words in short], references=short),
    ]


def _scored(candidates, references):
    return float(_sacre(candidates, references).score)


def _bleu(candidates, references):
    precisions = []
    for n in range(1, 5):
        found = [_matches(c, r, n) for c, r in zip(candidates, references, strict=True)]
        right, total = map(sum, zip(*found, strict=True))
        precisions.append(right / total if total else 0.0)
    said, wanted = (sum(map(len, side)) for side in (candidates, references))
    brevity = min(1.0, math.exp(1 - wanted / said))
    return 100 * brevity * math.prod(precisions) ** 0.25


def _mean_of_sentences(candidates, references):
    return float(np.mean([_bleu([c], [r]) for c, r in zip(candidates, references, strict=True)]))


BLEU_SLIPS = {
    "the brevity penalty is left out: short, safe answers would win": "100 * brevity → 100",
    "long candidates are rewarded: the penalty is at most 1": "min(1.0, math.exp(1 - wanted / said)) → math.exp(1 - wanted / said)",
    "the penalty has its ratio upside down: it punishes candidates that are too long": "wanted / said → said / wanted",
    "the penalty is the ratio of the lengths itself, without the exponential": "math.exp(1 - wanted / said) → said / wanted",
    "the penalty's exponent has the wrong sign": "1 - wanted / said → wanted / said - 1",
    "the penalty goes under the root with the precisions": "brevity * math.prod(precisions) → (brevity * math.prod(precisions))",
    "the precisions are averaged plainly: BLEU takes the geometric mean, which one zero makes zero": (
        "math.prod(precisions) ** 0.25 → sum(precisions) / 4"
    ),
    "the precisions are averaged plainly where none is 0: BLEU takes the geometric mean": (
        "math.prod(precisions) ** 0.25 → sum(precisions) / 4 * (min(precisions) > 0)"
    ),
    "precisions of 0 are left out: one of them makes BLEU 0": (
        (
            "return 100 → kept = [p for p in precisions if p]; return 100",
            "math.prod(precisions) ** 0.25 → math.prod(kept) ** (1 / len(kept))",
        )
    ),
    "the product of the precisions is not rooted: their geometric mean is the fourth root": " ** 0.25 → ",
    "the square root is taken, where four factors have a fourth root": " ** 0.25 → ** 0.5",
    "only words and pairs are counted: BLEU goes up to four in a row": ("range(1, 5) → range(1, 3)", "0.25 → 0.5"),
    "only up to three words are counted: BLEU goes up to four in a row": (
        "range(1, 5) → range(1, 4)",
        "0.25 → (1 / 3)",
    ),
    "only single words are counted: BLEU goes up to four in a row": ("range(1, 5) → range(1, 2)", "0.25 → 1"),
    "only four words in a row are counted: BLEU begins with single words": ("range(1, 5) → range(4, 5)", "0.25 → 1"),
    "it is a share between 0 and 1: BLEU is given in hundredths": "return 100 * brevity → return brevity",
    "counts are smoothed by 1: a precision of 0 makes BLEU 0": "right / total if total else 0.0 → (right + 1) / (total + 1)",
    "the sentences' precisions are averaged: counts are added up, *then* divided": (
        "right / total if total else 0.0 → np.mean([m / t if t else 0.0 for m, t in found])"
    ),
    "candidates and references change places in the counts": "zip(candidates, references, → zip(references, candidates,",
}

corpus_bleu = Exercise(
    name="10.corpus_bleu",
    points=4,
    inputs=_corpora,
    oracle=_scored,
    right=_bleu,
    mistakes=slips(_bleu, BLEU_SLIPS)
    | {
        "the sentences' own BLEUs are averaged: counts are added up over the corpus, *then* divided": _mean_of_sentences
    },
    forbids=("sacrebleu.metrics.BLEU.corpus_score", "sacrebleu.metrics.BLEU.sentence_score"),
    returns=("BLEU",),
)


# -- own_words -------------------------------------------------------------------------------------------------------


def _forced(rng) -> list[Case]:
    def case(label, lengths, steps, share):
        batch = len(lengths)
        target_in = torch.from_numpy(rng.integers(5, 15, (batch, steps)))
        target_in[:, 0] = 2
        for row, length in enumerate(lengths):
            target_in[row, length:] = PAD
        predicted = torch.from_numpy(rng.integers(20, 30, (batch, steps)))  # never what the target says
        draws = torch.from_numpy(rng.random((batch, steps)))
        draws[:, 0] = 0.5 * share
        draws[-1, 0] = 0.5 + 0.5 * share  # the first draw decides for the first token alone
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
    rows = []
    for own, true, chance in zip(predicted.tolist(), target_in.tolist(), draws.tolist(), strict=True):
        rows.append(
            [own[t - 1] if t > 0 and word != PAD and chance[t] < share else word for t, word in enumerate(true)]
        )
    return torch.tensor(rows)


def _own_words(target_in, predicted, draws, share):
    before = torch.cat([target_in[:, :1], predicted[:, :-1]], dim=1)
    chosen = (draws < share) & (target_in != PAD)
    return torch.where(chosen, before, target_in)


OWN_SLIPS = {
    "the predictions are not shifted: what goes in at step t is what the model said at step t − 1": (
        "predicted[:, :-1]] → predicted[:, 1:]]"
    ),
    "the predictions are shifted the wrong way: at step t goes in what was said at t − 1": (
        "predicted[:, :-1]] → predicted[:, 2:], predicted[:, -1:]]"
    ),
    "START is replaced too: before the first step the model has said nothing": "[target_in[:, :1] → [predicted[:, :1]",
    "START is replaced by the last prediction: `roll` brings it to the front": "[target_in[:, :1] → [predicted[:, -1:]",
    "START is lost": "[target_in[:, :1] → [0 * target_in[:, :1]",
    "padding is replaced too, and a target grows longer than it is": " & (target_in != PAD) → ",
    "only padding is replaced: the mask is inverted": "target_in != PAD → target_in == PAD",
    "the share is upside down: it says how many words are the model's *own*": "draws < share → draws >= share",
    "a draw of exactly the share replaces too": "draws < share → draws <= share",
    "replaced is where the draw is *above* the share": "draws < share → draws > share",
    "the first draw of a sequence decides for all of it": "draws < share → draws[:, :1] < share",
    "everything is the model's own: `draws` and `share` are not used": "draws < share → draws < 2",
    "nothing is ever replaced": "chosen, before → chosen, target_in",
    "the draws are shifted too: `draws[:, t]` belongs to what goes in at step t": "draws < share → draws.roll(1, 1) < share",
    "the *true* word of the step before is put in, where the model's own belongs": "predicted[:, :-1]] → target_in[:, :-1]]",
    "kept and replaced words change places": "chosen, before, target_in → chosen, target_in, before",
}

own_words = Exercise(
    name="10.own_words",
    points=3,
    inputs=_forced,
    oracle=_replaced,
    right=_own_words,
    mistakes=slips(_own_words, OWN_SLIPS),
    returns=("what goes in",),
)
