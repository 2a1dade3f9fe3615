"""Notebook 16: GPT, from the loss of the next token to a cache, a scaling law and induction heads."""

from itertools import product

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, tensor
from seqlib.models import gpt
from seqlib.models.attention import attention, rotary


def _away(rng, *shape):
    return tensor(away(rng, *shape))


def _matrix(rng, rows: int, columns: int):
    return tensor(rng.normal(size=(rows, columns)) / np.sqrt(rows) * 1.5)


# -- language_loss ------------------------------------------------------------------------------------------------------


def _scored(rng) -> list[Case]:
    def case(label, batch, steps, classes, lengths):
        tokens = tensor(rng.integers(classes, size=(batch, steps)))
        logits = tensor(rng.normal(size=(batch, steps, classes)) * 2)
        return Case(label, logits=logits, tokens=tokens, lengths=torch.tensor(lengths))

    return [
        case("2 full sequences of 6", 2, 6, 5, [6, 6]),
        case("3 sequences, two of them padded", 3, 8, 4, [3, 8, int(rng.integers(4, 7))]),
        case("one sequence of 2 tokens: one prediction", 1, 2, 7, [2]),
        case("4 sequences, one of a single token, all padded", 4, 7, 6, [5, 1, 4, 2]),
    ]


def _token_by_token(logits, tokens, lengths):
    scores = torch.as_tensor(logits).double()
    each = [
        scores[b, t].logsumexp(0) - scores[b, t, int(tokens[b, t + 1])]
        for b in range(len(scores))
        for t in range(int(lengths[b]) - 1)
    ]
    return sum(each) / len(each)


def _language_loss(logits, tokens, lengths):
    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    log_p = logits[:, :-1].log_softmax(dim=2).gather(2, tokens[:, 1:, None])[..., 0]
    return -log_p[real].mean()


language_loss = Exercise(
    name="16.language_loss",
    points=3,
    inputs=_scored,
    oracle=_token_by_token,
    right=_language_loss,
    trains=True,
    mistakes=slips(
        _language_loss,
        {
            "the targets are not shifted: each position is asked for the token that it has just read": (
                "torch.arange(1, tokens.shape[1]) → torch.arange(tokens.shape[1])",
                "logits[:, :-1] → logits",
                "tokens[:, 1:, None] → tokens[:, :, None]",
            ),
            "the targets are not shifted, and the last place is left out: the first token has no prediction, the last has": "tokens[:, 1:, None] → tokens[:, :-1, None]",
            "the logits of each position are asked for its own token: those of the position *before* are about it": "logits[:, :-1] → logits[:, 1:]",
            "the targets are shifted the wrong way: each position is asked for the token before it": (
                "logits[:, :-1] → logits[:, 1:]",
                "tokens[:, 1:, None] → tokens[:, :-1, None]",
            ),
            "the shift goes round the end: the last position is asked for the first token": (
                "torch.arange(1, tokens.shape[1]) → torch.arange(tokens.shape[1])",
                "logits[:, :-1] → logits",
                "tokens[:, 1:, None] → tokens.roll(-1, 1)[:, :, None]",
            ),
            "the padding is counted": "log_p[real] → log_p",
            "the padding counts as places with a loss of 0": "log_p[real].mean() → (log_p * real).mean()",
            "the mask is the wrong way round: the padding alone is counted": "log_p[real] → log_p[~real]",
            "the length of the first sequence is taken for all": "lengths[:, None] → lengths[:1].expand(len(tokens))[:, None]",
            "the longest length is taken for all": "lengths[:, None] → lengths.max().expand(len(tokens), 1)",
            "the first token of the padding counts as a target: the length is taken one too long": "< lengths → <= lengths",
            "the last real token is left out: the length is taken one too short, and a lone target vanishes": "< lengths[:, None] → < lengths[:, None] - 1",
            "it is a mean of the sequences' means: a token of a short sequence weighs more": "-log_p[real].mean() → -torch.stack([row[r].mean() for row, r in zip(log_p, real)]).mean()",
            "it is a mean over the sequences, and one without a target counts as 0": "-log_p[real].mean() → -((log_p * real).sum(1) / real.sum(1).clamp(min=1)).mean()",
            "the token 0 is taken for padding: the lengths say what is real": "torch.arange(1, tokens.shape[1]) < lengths[:, None] → tokens[:, 1:] != 0",
            "the softmax is taken twice: a cross entropy takes its own": ".log_softmax(dim=2) → .softmax(dim=2).log_softmax(dim=2)",
            "it is the sum over all tokens, not the mean": ".mean() → .sum()",
            "the sum is divided by all places of the batch, padding and all": "log_p[real].mean() → log_p[real].sum() / tokens.numel()",
            "the sum is divided by all real tokens: the first of each sequence is no target": "log_p[real].mean() → log_p[real].sum() / lengths.sum()",
            "the sum is divided by the sequences, not by the targets": "log_p[real].mean() → log_p[real].sum() / len(tokens)",
            "the minus sign is left out": "-log_p[real] → log_p[real]",
            "it is in bits: the course counts in nats": ".mean() → .mean() / np.log(2)",
            "the perplexity is handed back: the loss is its logarithm": "-log_p[real].mean() → (-log_p[real].mean()).exp()",
            "the logits are taken for log-probabilities: no softmax": ".log_softmax(dim=2) →",
            "probabilities are averaged, not their logarithms": ".log_softmax(dim=2) → .softmax(dim=2)",
            "the softmax runs over the positions, not over the tokens": "log_softmax(dim=2) → log_softmax(dim=1)",
        },
    ),
    returns=("nats",),
)


# -- rms_norm -----------------------------------------------------------------------------------------------------------


def _vectors(rng) -> list[Case]:
    def case(label, *shape, size=1.0, **given):
        x, scale = _away(rng, *shape) * size, _away(rng, shape[-1])
        return Case(label, x=x, scale=scale, **given)

    def epsilon():
        return float(rng.uniform(0.1, 0.4))

    return [
        case("3 vectors of 5", 3, 5, epsilon=epsilon()),
        case("a batch: 2 sequences of 4 vectors of 6", 2, 4, 6, epsilon=epsilon()),
        case("one vector of 7, and small", 1, 7, size=0.2, epsilon=epsilon()),
        case("very small vectors, and the epsilon that is meant when none is given", 3, 4, size=0.004),
    ]


def _rms_by_torch(x, scale, epsilon=1e-5):
    x, scale = (torch.as_tensor(part) for part in (x, scale))
    return F.rms_norm(x, scale.shape, scale, epsilon)


def _rms_norm(x, scale, epsilon=1e-5):
    mean_square = x.square().mean(dim=-1, keepdim=True)
    return x / torch.sqrt(mean_square + epsilon) * scale


rms_norm = Exercise(
    name="16.rms_norm",
    points=3,
    inputs=_vectors,
    oracle=_rms_by_torch,
    stand_in=gpt.rms_norm,
    right=_rms_norm,
    trains=True,
    mistakes=slips(
        _rms_norm,
        {
            "the epsilon stands outside the root: it belongs under it, beside the mean square": "torch.sqrt(mean_square + epsilon) → (torch.sqrt(mean_square) + epsilon)",
            "the given epsilon is not used": "mean_square + epsilon → mean_square",
            "the given epsilon is not used, but always 1e-5": "mean_square + epsilon → mean_square + 1e-5",
            "the epsilon is not 1e-5 where none is given": "epsilon=1e-5 → epsilon=1e-8",
            "the epsilon is squared: it stands beside the mean square as it is": "mean_square + epsilon → mean_square + epsilon**2",
            "the mean is subtracted first: that is layer norm, and RMSNorm leaves the mean where it is": "mean_square = x → x = x - x.mean(dim=-1, keepdim=True)\n    mean_square = x",
            "x is divided by its spread around the mean: the mean square itself belongs there": "x.square().mean(dim=-1, keepdim=True) → x.var(dim=-1, keepdim=True, unbiased=False)",
            "x is divided by its spread around the mean, over D − 1: the mean square itself belongs there": "x.square().mean(dim=-1, keepdim=True) → x.var(dim=-1, keepdim=True)",
            "the squares are added up, not averaged: the length of the vector, not its root mean square": ".mean( → .sum(",
            "the mean is squared: square first, then the mean": "x.square().mean(dim=-1, keepdim=True) → x.mean(dim=-1, keepdim=True).square()",
            "absolute values are averaged, not squares": "x.square().mean(dim=-1, keepdim=True) → x.abs().mean(dim=-1, keepdim=True).square()",
            "the root is forgotten: divided by the mean square itself": "torch.sqrt(mean_square + epsilon) → (mean_square + epsilon)",
            "the scale is left out": "epsilon) * scale → epsilon)",
            "the scale is added where it should multiply": "* scale → + scale",
            "the scale divides where it should multiply": "* scale → / scale",
            "the scale is counted from 1: here it multiplies as it is": "* scale → * (1 + scale)",
            "the mean runs over the first axis: every vector depends on the others of its batch": "dim=-1 → dim=0",
            "the mean runs over the second axis, which is the last of a table alone": "dim=-1 → dim=1",
            "one mean is taken over all numbers, not one for each vector": "mean(dim=-1, keepdim=True) → mean()",
            "it is multiplied by the root, not divided": "x / torch.sqrt → x * torch.sqrt",
        },
    ),
    forbids=("torch.nn.functional.rms_norm", "torch.rms_norm", "torch.nn.RMSNorm"),
    returns=("normed",),
)


# -- swiglu -------------------------------------------------------------------------------------------------------------


def _gated_inputs(rng) -> list[Case]:
    def case(label, *shape, hidden):
        width = shape[-1]
        gate, up, down = _matrix(rng, width, hidden), _matrix(rng, width, hidden), _matrix(rng, hidden, width)
        return Case(label, x=_away(rng, *shape) * 1.5, W_gate=gate, W_up=up, W_down=down)

    return [
        case("3 vectors of 4, hidden 7", 3, 4, hidden=7),
        case("2 sequences of 5 vectors of 6, hidden 3", 2, 5, 6, hidden=3),
        case("one vector of 2, hidden 9", 1, 2, hidden=9),
    ]


def _swiglu_by_torch(x, W_gate, W_up, W_down):
    x, W_gate, W_up, W_down = (torch.as_tensor(part) for part in (x, W_gate, W_up, W_down))
    gate, up = torch.einsum("...d,pdf->p...f", x, torch.stack([W_gate, W_up]))
    return torch.einsum("...f,fd->...d", F.silu(gate) * up, W_down)


def _swiglu(x, W_gate, W_up, W_down):
    gate, up = x @ W_gate, x @ W_up
    return (gate * gate.sigmoid() * up) @ W_down


swiglu = Exercise(
    name="16.swiglu",
    points=3,
    inputs=_gated_inputs,
    oracle=_swiglu_by_torch,
    stand_in=gpt.swiglu,
    right=_swiglu,
    trains=True,
    mistakes=slips(
        _swiglu,
        {
            "gate and content are swapped: the SiLU belongs to $xW_{gate}$": "gate, up = → up, gate =",
            "the gate is a plain sigmoid, as in an LSTM: SiLU is $a\\,\\sigma(a)$": "(gate * gate.sigmoid() → (gate.sigmoid()",
            "the content is left out: nothing is gated": " * up) →)",
            "gate and content are added, not multiplied": "* up) → + up)",
            "the SiLU is put around the product": "gate * gate.sigmoid() * up → (gate * up) * (gate * up).sigmoid()",
            "both go through the SiLU": "* up) → * up * up.sigmoid())",
            "the SiLU comes last, behind $W_{down}$": (
                "return (gate * gate.sigmoid() * up) @ W_down → out = (gate * up) @ W_down",
                "@ W_down → @ W_down\n    return out * out.sigmoid()",
            ),
            "the SiLU is taken of x, before the matrix of the gate": "gate * gate.sigmoid() * up → (x * x.sigmoid()) @ W_gate * up",
            "the gate is a GELU: that layer is called GEGLU": "gate * gate.sigmoid() → F.gelu(gate)",
            "the gate is a ReLU: that layer is called ReGLU": "gate * gate.sigmoid() → gate.relu()",
            "the gate is a tanh: SiLU is $a\\,\\sigma(a)$": "gate.sigmoid() → gate.tanh()",
            "the gate is only a tanh: SiLU is $a\\,\\sigma(a)$": "gate * gate.sigmoid() → gate.tanh()",
            "the sign inside the sigmoid is wrong": "gate.sigmoid() → (-gate).sigmoid()",
            "the gate is a softmax over the hidden numbers: each has a sigmoid of its own": "gate.sigmoid() → gate.softmax(-1)",
            "nothing is bent: without SiLU the gate is a product of two lines": "gate * gate.sigmoid() → gate",
            "one matrix serves gate and content: $W_{up}$ has no part": "x @ W_up → x @ W_gate",
            "one matrix serves gate and content: $W_{gate}$ has no part": "x @ W_gate → x @ W_up",
            "the way back to D is left out: $W_{down}$ comes last": " @ W_down →",
        },
    ),
    forbids=("torch.nn.functional.glu",),
    returns=("out",),
)


# -- repeat_heads -------------------------------------------------------------------------------------------------------


def _shared_heads(rng) -> list[Case]:
    def case(label, batch, groups, heads, steps, d_k):
        return Case(label, shared=_away(rng, batch, groups, steps, d_k), heads=heads)

    return [
        case("2 shared heads for 4", 3, 2, 4, 5, 6),
        case("2 shared heads for 6", 1, 2, 6, 3, 4),
        case("3 shared heads for 12", 2, 3, 12, 4, 5),
        case("one shared head for 3 (multi-query)", 2, 1, 3, 4, 5),
        case("3 for 3: nothing to share", 2, 3, 3, 4, 2),
    ]


def _by_index(shared, heads):
    shared = torch.as_tensor(shared)
    groups = shared.shape[1]
    return torch.stack([shared[:, head * groups // heads] for head in range(heads)], dim=1)


def _repeat_heads(shared, heads):
    times = heads // shared.shape[1]
    return shared.repeat_interleave(times, dim=1)


repeat_heads = Exercise(
    name="16.repeat_heads",
    points=2,
    inputs=_shared_heads,
    oracle=_by_index,
    stand_in=gpt.repeat_heads,
    right=_repeat_heads,
    trains=True,
    mistakes=slips(
        _repeat_heads,
        {
            "the whole row of heads is repeated (`repeat`), 0 1 0 1: the order is 0 0 1 1, so that neighbours share "
            "(`repeat_interleave`)": "repeat_interleave(times, dim=1) → repeat(1, times, 1, 1)",
            "positions are repeated in the place of heads": "dim=1 → dim=2",
            "the columns of d_k are repeated in the place of heads": "dim=1 → dim=3",
            "the sequences of the batch are repeated in the place of heads": "dim=1 → dim=0",
            "each is repeated `heads` times: it should be heads / G times, so that there are `heads` in the end": "heads // shared.shape[1] → heads",
            "the number of repeats is taken from the sequences of the batch: heads / G, and G is the second size": "heads // shared.shape[1] → heads // shared.shape[0]",
            "each is repeated twice: right for twice as many query heads only": "heads // shared.shape[1] → 2",
            "the number of repeats is no whole number: divide with `//`": "heads // → heads /",
            "each is repeated as many times as there are shared heads: it should be heads / G times": "heads // shared.shape[1] → shared.shape[1]",
            "the repeated numbers are put in another shape without a thought for their axes": "repeat_interleave(times, dim=1) → repeat(1, 1, 1, times).reshape(shared.shape[0], heads, *shared.shape[2:])",
            "every query head gets the first shared head": "shared.repeat_interleave(times, dim=1) → shared[:, :1].repeat(1, heads, 1, 1)",
            "every query head gets the last shared head": "shared.repeat_interleave(times, dim=1) → shared[:, -1:].repeat(1, heads, 1, 1)",
            "every query head gets the mean of the shared heads": "shared.repeat_interleave(times, dim=1) → shared.mean(1, keepdim=True).repeat(1, heads, 1, 1)",
            "the shared heads stand the other way round: the first queries read the first of them": "return shared → return shared.flip(1)",
            "an axis is put beside the heads and left there: the shape is (B, heads, S, d_k)": "shared.repeat_interleave(times, dim=1) → shared[:, :, None].expand(-1, -1, times, -1, -1)",
            "the shared heads are handed back as they are": "shared.repeat_interleave(times, dim=1) → shared * 1",
        },
    ),
    returns=("repeated",),
)


# -- cached_mask --------------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    new, past = int(rng.integers(2, 5)), int(rng.integers(3, 9))
    return [
        Case("some new positions after a longer past", new=new, total=new + past),
        Case("one new position: all may be read", new=1, total=past + 2),
        Case("no past: the plain causal mask", new=new + 2, total=new + 2),
        Case("more new positions than past", new=past + 1, total=past + 3),
    ]


def _mask_by_hand(new, total):
    return torch.tensor([[key <= total - new + query for key in range(total)] for query in range(new)])


def _cached_mask(new, total):
    place = torch.arange(total)
    return place <= place[total - new :, None]


cached_mask = Exercise(
    name="16.cached_mask",
    points=3,
    inputs=_lengths,
    oracle=_mask_by_hand,
    stand_in=gpt.cached_mask,
    right=_cached_mask,
    mistakes=slips(
        _cached_mask,
        {
            "the new positions count from zero: the first of them would see the first of the past and nothing else": "place[total - new :, None] → place[:new, None]",
            "the new positions stand behind as many as there are new ones: total − new stand before them": "place[total - new :, None] → place[:new, None] + new",
            "each position sees one too many: the token that it should predict": "place[total - new :, None] → place[total - new :, None] + 1",
            "no position sees itself": "<= place → < place",
            "everything may be read: with a past the new positions still must not see one another's future": "place <= place[total - new :, None] → torch.ones(new, total, dtype=torch.bool)",
            "the two truths are exchanged: True means that attention goes there": "<= place → > place",
            "rows and columns are exchanged: a row is a new position, a column what it may read": "return place <= place[total - new :, None] → return (place <= place[total - new :, None]).T",
            "the triangle is the upper one: each position sees itself and what comes after": "<= place → >= place",
            "the past cannot be read at all": "return place <= place[total - new :, None] → return (place <= place[total - new :, None]) & (place >= total - new)",
            "the past alone can be read: a new position reads itself and the new ones before it, too": "place <= place[total - new :, None] → (place < total - new).expand(new, total)",
            "each position sees itself alone": "<= place → == place",
            "all positions are rows: only the last `new` of them were asked for": "place[total - new :, None] → place[:, None]",
            "the new positions alone are columns: they read the past as well": "return place <= place[total - new :, None] → return (place <= place[total - new :, None])[:, total - new :]",
            "`total` is taken for the length of the past: it counts past and new positions together": (
                "torch.arange(total) → torch.arange(total + new)",
                "place[total - new :, None] → place[total:, None]",
            ),
            "these are numbers to add to the scores, 0 and −∞: True and False were asked for": "return place <= place[total - new :, None] → return torch.where(place <= place[total - new :, None], 0.0, -torch.inf)",
        },
    ),
    returns=("mask",),
)


# -- attend -------------------------------------------------------------------------------------------------------------


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
    join = [torch.as_tensor(part) for part in (k, v)]
    if past is not None:
        join = [torch.cat([torch.as_tensor(old), new], dim=2) for old, new in zip(past, join, strict=True)]
    q, (k, v) = np.asarray(torch.as_tensor(q).double()), (np.asarray(part.double()) for part in join)
    heads, new, total = q.shape[1], q.shape[2], k.shape[2]
    out = np.zeros((*q.shape[:3], v.shape[3]))
    for b, a, t in product(range(len(q)), range(heads), range(new)):
        place, group = total - new + t, a * k.shape[1] // heads
        query = _turned(q[b, a, t], place) if turn else q[b, a, t]
        keys = [_turned(k[b, group, s], s) if turn else k[b, group, s] for s in range(place + 1)]
        weights = np.exp(np.array(keys) @ query / np.sqrt(len(query)))
        out[b, a, t] = weights / weights.sum() @ v[b, group, : place + 1]
    return torch.from_numpy(out).to(join[0].dtype), tuple(join)


def _attend(q, k, v, past=None, turn=False):
    if past is not None:
        k_past, v_past = past
        k, v = torch.cat([k_past, k], dim=2), torch.cat([v_past, v], dim=2)
    kept, new, total = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total)
        q, k = rotary(q, places[total - new :]), rotary(k, places)
    k, v = _repeat_heads(k, q.shape[1]), _repeat_heads(v, q.shape[1])
    mask = _cached_mask(new, total)
    return attention(q, k, v, mask)[0], kept


attend = Exercise(
    name="16.attend",
    points=5,
    inputs=_pieces,
    oracle=_place_by_place,
    stand_in=gpt.attend,
    right=_attend,
    trains=True,
    mistakes=slips(
        _attend,
        {
            "the positions of the queries restart at zero after the cache: the first new one stands at place P": "places[total - new :] → places[:new]",
            "the positions of the queries are one too late": "places[total - new :] → places[total - new :] + 1",
            "the positions of the queries are one too early": "places[total - new :] → places[total - new :] - 1",
            "the new keys are turned by themselves, from place zero, and the past not at all: join first, then turn": (
                "if past is not None: → if turn:\n        k = rotary(k, torch.arange(k.shape[2]))\n    if past is not None:",
                "q, k = rotary(q, places[total - new :]), rotary(k, places) → q = rotary(q, places[total - new :])",
            ),
            "the new queries and keys are turned from place zero and the past not at all: join first, then turn": (
                "if past is not None: → if turn:\n        q, k = (rotary(x, torch.arange(k.shape[2])) for x in (q, k))\n    if past is not None:",
                "    if turn:\n        places = torch.arange(total)\n        q, k = rotary(q, places[total - new :]), rotary(k, places)\n →",
            ),
            "turned keys are kept: the next step would turn them again": "mask = → kept = (k[:, :: max(1, q.shape[1] // kept[0].shape[1])], kept[1])\n    mask =",
            "the repeated heads are kept: what is kept has G heads, or nothing is saved": "mask = → kept = tuple(_repeat_heads(x, q.shape[1]) for x in kept)\n    mask =",
            "the values are turned as well: only the dot product of q and k needs positions": "rotary(k, places) → rotary(k, places)\n        v = rotary(v, places)",
            "the queries alone are turned, not the keys": "q, k = rotary(q, places[total - new :]), rotary(k, places) → q = rotary(q, places[total - new :])",
            "the keys alone are turned, not the queries": "q, k = rotary(q, places[total - new :]), rotary(k, places) → k = rotary(k, places)",
            "nothing is turned, whatever `turn` says": "if turn: → if False:",
            "queries and keys are turned, whatever `turn` says": "if turn: → if True:",
            "the past is put behind the new positions": ("[k_past, k] → [k, k_past]", "[v_past, v] → [v, v_past]"),
            "the keys of the past are put behind the new ones, its values in front": "[k_past, k] → [k, k_past]",
            "the values of the past are put behind the new ones, its keys in front": "[v_past, v] → [v, v_past]",
            "keys and values of the past change places: the keys come first": "k_past, v_past = past → v_past, k_past = past",
            "only the new keys and values are kept, so that the cache forgets the past": (
                "if past is not None: → kept = k, v\n    if past is not None:",
                "kept, new, total = (k, v), → new, total =",
            ),
            "only the past is kept: the new keys and values belong to it": "mask = → kept = past or kept\n    mask =",
            "the past is not read at all": "if past is not None: → if False:",
            "the past is kept, but not read (or masked away)": (
                "kept, new, total = (k, v), q.shape[2], k.shape[2] → kept, new = (k, v), q.shape[2]\n    k, v, total = k[:, :, -new:], v[:, :, -new:], new",
            ),
            "the mask forgets the cache: the first new position sees the first of the past and nothing else": "_cached_mask(new, total) → torch.ones(new, total, dtype=torch.bool).tril()",
            "there is no mask: new positions see one another's future": "_cached_mask(new, total) → None",
            "the mask is turned round: True is where attention goes": "_cached_mask(new, total) → ~_cached_mask(new, total)",
            "each position sees one too many: the token that it should predict": "_cached_mask(new, total) → torch.ones(new, total, dtype=torch.bool).tril(total - new + 1)",
            "no new position sees itself": "_cached_mask(new, total) → torch.ones(new, total, dtype=torch.bool).tril(total - new - 1)",
            "the shared heads are repeated in the order 0 1 0 1, not 0 0 1 1": (
                "_repeat_heads(k, q.shape[1]) → k.repeat(1, q.shape[1] // k.shape[1], 1, 1)",
                "_repeat_heads(v, q.shape[1]) → v.repeat(1, q.shape[1] // v.shape[1], 1, 1)",
            ),
            "the keys are repeated in the order 0 1 0 1, not 0 0 1 1": "_repeat_heads(k, q.shape[1]) → k.repeat(1, q.shape[1] // k.shape[1], 1, 1)",
            "the values are repeated in the order 0 1 0 1, not 0 0 1 1": "_repeat_heads(v, q.shape[1]) → v.repeat(1, q.shape[1] // v.shape[1], 1, 1)",
            "all queries read the first shared head": (
                "_repeat_heads(k, q.shape[1]) → k[:, :1]",
                "_repeat_heads(v, q.shape[1]) → v[:, :1]",
            ),
            "the scores are divided by $d_k$, not by its root, as when they are scaled once more": "attention(q, → attention(q / q.shape[3] ** 0.5,",
            "the scores are not scaled": "attention(q, → attention(q * q.shape[3] ** 0.5,",
            "keys and values change places in the attention": "attention(q, k, v, → attention(q, v, k,",
            "the weights are handed back, not what they collect": "mask)[0] → mask)[1]",
            "the two results change places: the output comes first": "return attention(q, k, v, mask)[0], kept → return kept, attention(q, k, v, mask)[0]",
        },
    ),
    returns=("out", "kept"),
)


# -- gpt_parameters -----------------------------------------------------------------------------------------------------


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
    with torch.device("meta"):
        model = gpt.GPT(gpt.GPTConfig(vocabulary_size, context, width, layers, heads=1, hidden_size=hidden_size))
    return sum(p.numel() for p in model.parameters())


def _gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    tables = vocabulary_size * width + context * width
    attention = 4 * (width * width + width)
    feed_forward = 2 * width * hidden_size + hidden_size + width
    norms = 2 * 2 * width
    return tables + layers * (attention + feed_forward + norms) + 2 * width


gpt_parameters = Exercise(
    name="16.gpt_parameters",
    points=3,
    inputs=_sizes,
    oracle=_built,
    right=_gpt_parameters,
    mistakes=slips(
        _gpt_parameters,
        {
            "the tied table is counted twice: embedding and head are the same numbers": "vocabulary_size * width → 2 * vocabulary_size * width",
            "the head is forgotten *and* the embedding: the tied table counts once": "vocabulary_size * width + →",
            "the head has a bias in the count: it is the table and nothing else": "tables = → tables = vocabulary_size +",
            "the table of positions is left out": "+ context * width →",
            "the output projection $W_o$ is left out: attention has four matrices": "4 * (width → 3 * (width",
            "the biases are left out": ("(width * width + width) → (width * width)", "+ hidden_size + width →"),
            "4 D are missing in each layer: attention has four biases of D, and two norms have 2 D each": "(width * width + width) → (width * width)",
            "attention has one bias in all: each of its four matrices has its own": "4 * (width * width + width) → 4 * width * width + width",
            "the biases of the feed-forward layer are left out": "+ hidden_size + width →",
            "the bias of the feed-forward layer's way down is left out: D more": "+ hidden_size + width → + hidden_size",
            "the biases of the feed-forward layer are D and D: the way up has F": "+ hidden_size + width → + width + width",
            "the bias of the feed-forward layer's way up is left out: F more": "+ hidden_size + width → + width",
            "the norm before the head is left out": " + 2 * width →",
            "the norm before the head is counted in every layer: there is one in all": "norms) + 2 * width → norms + 2 * width)",
            "each layer has one norm only: there is one before attention and one before the feed-forward layer": "2 * 2 * width → 2 * width",
            "a layer norm has a scale only: GPT-2's has a scale and a shift": (
                "2 * 2 * width → 2 * width",
                "norms) + 2 * width → norms) + width",
            ),
            "the feed-forward layer has one matrix only: it goes up and down again": "2 * width * hidden_size → width * hidden_size",
            "the feed-forward layer has three matrices: that is one with a gate, and GPT-2 has none": "2 * width * hidden_size → 3 * width * hidden_size",
            "the feed-forward layer is taken to be four times as wide as the model, whatever `hidden_size` says": "feed_forward = → hidden_size = 4 * width\n    feed_forward =",
            "one layer is counted, not all of them": "layers * (attention → (attention",
            "the tables are counted in every layer: they exist once": "tables + layers * (attention → layers * (tables + attention",
        },
    ),
    returns=("parameters",),
)


# -- training_flops -----------------------------------------------------------------------------------------------------


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


def _training_flops(weights, tokens, layers, context, width):
    per_token = 6 * weights + 12 * layers * context * width
    return per_token * tokens


training_flops = Exercise(
    name="16.training_flops",
    points=2,
    inputs=_workloads,
    oracle=_product_by_product,
    right=_training_flops,
    mistakes=slips(
        _training_flops,
        {
            "only the forward pass is counted: backward costs twice as much again": (
                "6 * weights → 2 * weights",
                "12 * → 4 *",
            ),
            "backward is counted as costly as forward: it has two products where forward has one": (
                "6 * weights → 4 * weights",
                "12 * → 8 *",
            ),
            "multiplying counts and adding does not: a product of matrices does both": (
                "6 * weights → 3 * weights",
                "12 * → 6 *",
            ),
            "attention's own products are left out: scores and weighted sums have no weights, but cost": " + 12 * layers * context * width →",
            "attention's own products alone are counted": "6 * weights + →",
            "of attention only the scores are counted, not the weighted sum of the values": "12 * → 6 *",
            "of attention's own products only the forward pass is counted": "12 * → 4 *",
            "of the weights only the forward pass is counted": "6 * weights → 2 * weights",
            "attention is counted in one layer only": "12 * layers → 12",
            "attention costs the square of the context for each token: that is the cost of a whole window": "context * width → context**2 * width",
            "the width is left out of attention's products": "context * width → context",
            "the context is left out of attention's products": "context * width → width",
            "attention is counted for one token, not for all": "return per_token * tokens → return 6 * weights * tokens + 12 * layers * context * width",
            "the weights are counted for one token, not for all": "return per_token * tokens → return 6 * weights + 12 * layers * context * width * tokens",
            "it is the cost of one token, not of all": "per_token * tokens → per_token",
            "it is the cost of whole windows: what does not fill one is read too": "per_token * tokens → per_token * (tokens // context * context)",
            "it is divided by the context: each token is counted, not each window": "per_token * tokens → per_token * tokens / context",
        },
    ),
    returns=("flops",),
)


# -- continue_greedily --------------------------------------------------------------------------------------------------


def _reader(rng, vocabulary_size):
    """read(idx, past) -> logits, past: a small GPT whose answers depend on every token and place."""
    modern = {"positions": "rotary", "norm": "rms", "bias": False, "tied": False}
    model = gpt.GPT(gpt.GPTConfig(vocabulary_size, 40, 12, 1, 2, **modern)).double()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(tensor(rng.normal(size=tuple(weight.shape)) * 0.9))

    @torch.no_grad()
    def read(idx, past=None):
        return model(torch.as_tensor(idx), past or ())

    read.model = model
    return read


def _prompts(rng) -> list[Case]:
    def case(label, batch, length, count, vocabulary_size):
        # A small GPT likes to repeat itself: a text that holds three tokens tells which of them was read.
        for _ in range(20):
            prompt = tensor(rng.integers(vocabulary_size, size=(batch, length)))
            read = _reader(rng, vocabulary_size)
            if count < 4 or any(len(set(row)) > 2 for row in _continue_greedily(read, prompt, 4).tolist()):
                break
        return Case(label, read=read, prompt=prompt, count=count)

    return [
        case("3 prompts of 5 tokens, 5 more", 3, 5, 5, 17),
        case("one prompt of 9 tokens, 4 more", 1, 9, 4, 23),
        case("2 prompts of 4 tokens, one more", 2, 4, 1, 13),
    ]


def _with_what_it_read(answer, read, prompt, count):
    """What an answer writes, and how many tokens it reads beyond prompt and text: more than once, that is."""
    lengths = []

    def counting(idx, past=None):
        lengths.append(idx.shape[1])
        return read(idx, past)

    written = answer(counting, prompt, count)
    return written, max(0, sum(lengths) - prompt.shape[1] - count)


def _without_cache(read, prompt, count):
    text = torch.as_tensor(prompt)
    with torch.no_grad():
        for _ in range(count):
            text = torch.cat([text, read.model(text)[:, -1:].argmax(dim=2)], dim=1)
    return text[:, -count:], 0


def _continue_greedily(read, prompt, count):
    logits, past = read(prompt, None)
    written = [logits[:, -1:].argmax(dim=2)]
    while len(written) < count:
        logits, past = read(written[-1], past)
        written.append(logits[:, -1:].argmax(dim=2))
    return torch.cat(written, dim=1)


def _greedy_in_a_loop(read, prompt, count):
    token, past, written = prompt, None, []
    for _ in range(count):
        logits, past = read(token, past)
        token = logits[:, -1].argmax(dim=1)[:, None]
        written.append(token)
    return torch.hstack(written)


continue_greedily = Exercise(
    name="16.continue_greedily",
    points=4,
    inputs=_prompts,
    oracle=_without_cache,
    using=_with_what_it_read,
    stand_in=_greedy_in_a_loop,
    right=_continue_greedily,
    mistakes=slips(
        _continue_greedily,
        {
            "the whole text is read again for each new token: the past is there to be handed on": "read(written[-1], past) → read(torch.cat([prompt, *written], dim=1), None)",
            "the whole text is read on top of its own past, so that everything stands there twice": "read(written[-1], past) → read(torch.cat([prompt, *written], dim=1), past)",
            "all that was written is read again for each new token, on top of its own past": "read(written[-1], past) → read(torch.cat(written, dim=1), past)",
            "the prompt is read again for each new token, on top of its own past": "read(written[-1], past) → read(prompt, past)",
            "the past is not brought up to date: each new token sees the prompt and nothing that was written since": "logits, past = read(written[-1] → logits, _ = read(written[-1]",
            "the past is not handed on: each new token sees itself alone": "read(written[-1], past) → read(written[-1], None)",
            "the last token of the prompt is read twice: once with the prompt, once as the first token of the loop": "read(prompt, None) → read(prompt[:, -1:], read(prompt, None)[1])",
            "the last token of the prompt is not read": "read(prompt, None) → read(prompt[:, :-1], None)",
            "the last token of the prompt alone is read: what stands before it is lost": "read(prompt, None) → read(prompt[:, -1:], None)",
            "the first written token is read for every new one, not the last": "read(written[-1], past) → read(written[0], past)",
            "the last token of the prompt is read for every new one, not what was written": "read(written[-1], past) → read(prompt[:, -1:], past)",
            "the likeliest token after the *first* position is taken, not after the last": "[logits[:, -1:] → [logits[:, :1]",
            "the least likely token is taken": (
                "[logits[:, -1:].argmax → [logits[:, -1:].argmin",
                "(logits[:, -1:].argmax → (logits[:, -1:].argmin",
            ),
            "the prompt is handed back too: only what was written after it was asked for": "torch.cat(written → torch.cat([prompt, *written]",
            "the first written token is lost: the prompt's own logits already say it": (
                "< count → <= count",
                "torch.cat(written, → torch.cat(written[1:],",
            ),
            "one token too many is written": "< count → <= count",
            "one token too few is written: the last is missing": "< count → < count - 1",
            "the last written token alone is handed back": "torch.cat(written, dim=1) → written[-1]",
            "the written tokens stand below one another: join them along the positions": "dim=1) → dim=0)",
        },
    ),
    returns=("written", "tokens read twice"),
)


# -- previous_score -----------------------------------------------------------------------------------------------------


def _lookers(rng) -> list[Case]:
    def case(label, heads, steps):
        weights = (rng.gamma(0.6, size=(heads, steps, steps)) + 0.01) * np.tri(steps)
        return Case(label, weights=tensor(weights / weights.sum(axis=2, keepdims=True)))

    return [case("3 heads, 5 places", 3, 5), case("5 heads, 9 places", 5, 9), case("2 heads, two places", 2, 2)]


def _by_a_diagonal(weights):
    weights = torch.as_tensor(weights)
    return torch.stack([sum(head[t, t - 1] for t in range(1, len(head))) / (len(head) - 1) for head in weights])


def _previous_score(weights):
    t = torch.arange(1, weights.shape[1])
    looked = weights[:, t, t - 1]
    return looked.mean(dim=1)


previous_score = Exercise(
    name="16.previous_score",
    points=2,
    inputs=_lookers,
    oracle=_by_a_diagonal,
    right=_previous_score,
    mistakes=slips(
        _previous_score,
        {
            "each place looks at itself: the one just *before* it was asked for": "weights[:, t, t - 1] → weights[:, t, t]",
            "rows and columns are exchanged: a row is who looks, a column is where": "weights[:, t, t - 1] → weights[:, t - 1, t]",
            "the second place is left out: it has one before it": "arange(1, weights.shape[1]) → arange(min(2, weights.shape[1] - 1), weights.shape[1])",
            "the last place is left out": "weights.shape[1]) → max(2, weights.shape[1] - 1))",
            "it looks two back": "t - 1] → (t - 2).clamp(min=0)]",
            "every place looks at the first one": "weights[:, t, t - 1] → weights[:, t, 0 * t]",
            "the weights are added up, not averaged": "looked.mean(dim=1) → looked.sum(dim=1)",
            "all T places are counted, the first one too, which has nothing before it: T − 1 of them have": "looked.mean(dim=1) → looked.sum(dim=1) / weights.shape[1]",
            "the heads are averaged: one score for each head was asked for": "looked.mean(dim=1) → looked.mean()",
            "the mean runs over the heads, not over the places": "looked.mean(dim=1) → looked.mean(dim=0)",
            "the highest weight is taken, not the mean": "looked.mean(dim=1) → looked.amax(dim=1)",
            "the weight of the last place alone is taken": "looked.mean(dim=1) → looked[:, -1]",
            "the whole row of each place is averaged: one of its entries was asked for": "weights[:, t, t - 1] → weights[:, t].mean(dim=2)",
        },
    ),
    returns=("scores",),
)


# -- prefix_score -------------------------------------------------------------------------------------------------------


def _looks(rng) -> list[Case]:
    def case(label, heads, period, rest=0):
        steps = 2 * period + rest
        weights = (rng.gamma(0.6, size=(heads, steps, steps)) + 0.01) * np.tri(steps)
        return Case(label, weights=tensor(weights / weights.sum(axis=2, keepdims=True)), period=period)

    return [
        case("3 heads, a period of 4, read twice", 3, 4),
        case("5 heads, a period of 7, read twice", 5, 7),
        case("2 heads, a period of 3, read twice and a bit", 2, 3, rest=2),
        case("4 heads, a period of 5, read nearly three times", 4, 5, rest=4),
    ]


def _row_by_row(weights, period):
    weights = torch.as_tensor(weights)
    steps = weights.shape[1]
    return torch.stack(
        [sum(head[t, t - period + 1] for t in range(period, steps)) / (steps - period) for head in weights]
    )


def _prefix_score(weights, period):
    t = torch.arange(period, weights.shape[1])
    looked = weights[:, t, t - period + 1]
    return looked.mean(dim=1)


prefix_score = Exercise(
    name="16.prefix_score",
    points=3,
    inputs=_looks,
    oracle=_row_by_row,
    right=_prefix_score,
    mistakes=slips(
        _prefix_score,
        {
            "it looks at the same token one period ago: an induction head looks one place further, at what came *after* it": "t - period + 1] → t - period]",
            "it looks two places behind the same token: what came after it stands one further": "t - period + 1] → t - period + 2]",
            "it looks at the token before the one of a period ago: one place *after* it": "t - period + 1] → t - period - 1]",
            "it is the score of a previous-token head: the place just before": "t - period + 1] → t - 1]",
            "each place looks at itself": "t - period + 1] → t]",
            "the last row of the first copy is counted too, which cannot know yet": "arange(period, → arange(period - 1,",
            "the first row of the second copy is left out": "arange(period, → arange(period + 1,",
            "the last row is left out": "weights.shape[1]) → weights.shape[1] - 1)",
            "the rows of the second copy alone are counted, though the text goes on: all of them from p to T − 1": "weights.shape[1]) → 2 * period)",
            "all rows from the first on are counted, places before the beginning and all": "arange(period, → arange(",
            "rows and columns are exchanged: a row is who looks, a column is where": "weights[:, t, t - period + 1] → weights[:, t - period + 1, t]",
            "the whole row of each place is averaged: one of its entries was asked for": "looked = weights[:, t, t - period + 1] → looked = weights[:, t].mean(dim=2)",
            "the heads are averaged: one score for each head was asked for": "looked.mean(dim=1) → looked.mean()",
            "the mean runs over the heads, not over the positions": "looked.mean(dim=1) → looked.mean(dim=0)",
            "the weights are added up, not averaged": "looked.mean(dim=1) → looked.sum(dim=1)",
            "the sum is divided by all T rows: T − p of them are counted": "looked.mean(dim=1) → looked.sum(dim=1) / weights.shape[1]",
            "the sum is divided by the period: T − p rows are counted": "looked.mean(dim=1) → looked.sum(dim=1) / period",
            "the highest weight is taken, not the mean": "looked.mean(dim=1) → looked.amax(dim=1)",
            "the weight of the last place alone is taken": "looked.mean(dim=1) → looked[:, -1]",
        },
    ),
    returns=("scores",),
)
