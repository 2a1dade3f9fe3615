"""Other right answers to the exercises of notebook 10: a check must pass each of them."""

import math

import numpy as np
import torch

from seqlib.checks.slips import slips
from seqlib.exercises.nb10_seq2seq import PAD, _counted, _Decoder
from seqlib.models.generate import first_tensor

OTHER_DECODERS = {
    "split": "first.chunk(self.parts, dim=1) → first.split(self.recurrent.hidden_size, dim=1)",
    "a list": "first.chunk(self.parts, dim=1) → list(first.chunk(self.parts, dim=1))",
    "by hand": (
        "torch.tanh(self.from_context(context)) → "
        "(context @ self.from_context.weight.T + self.from_context.bias).tanh()"
    ),
}


def _greedy_by_append(step, state, start, end, max_steps):
    out = torch.full((len(first_tensor(state)), 1), start)
    while out.shape[1] <= max_steps and not (out == end).any(dim=1).all():
        logits, state = step(out[:, -1], state)
        new = torch.where((out == end).any(dim=1), end, logits.softmax(dim=1).topk(1).indices[:, 0])
        out = torch.cat([out, new[:, None]], dim=1)
    return out[:, 1:]


def _divmod_in_numpy(each, log_p, lengths, ended, end, length_power=0.0):
    each, log_p, lengths, ended = (part.numpy() for part in (each, log_p, lengths, ended))
    total = log_p[..., None] + np.where(ended[..., None], np.where(np.arange(each.shape[2]) == end, 0, -np.inf), each)
    longer = np.broadcast_to((lengths + ~ended)[..., None], total.shape)
    flat = (total / longer**length_power).reshape(len(each), -1)
    best = np.argsort(-flat, axis=1, kind="stable")[:, : each.shape[1]]
    take = lambda part: np.take_along_axis(part.reshape(len(each), -1), best, axis=1)  # noqa: E731
    return best // each.shape[2], best % each.shape[2], take(total), take(longer)


def _by_removal(candidate, reference, n):
    """Cross each match out of the reference, so that it is used once."""
    grams, left = ([tuple(side[i : i + n]) for i in range(len(side) - n + 1)] for side in (candidate, reference))
    found = 0
    for gram in grams:
        if gram in left:
            left.remove(gram)
            found += 1
    return found, max(0, len(candidate) - n + 1)


def _by_logs(candidates, references):
    pairs = list(zip(candidates, references, strict=True))
    counts = np.array([[_by_removal(c, r, n) for n in range(1, 5)] for c, r in pairs]).sum(axis=0)
    if not counts.all():
        return 0
    said, wanted = sum(len(c) for c, _ in pairs), sum(len(r) for _, r in pairs)
    return 100 * math.exp(min(0, 1 - wanted / said) + np.log(counts[:, 0] / counts[:, 1]).mean())


ACCEPTED = {
    "10.forced_sides": [
        lambda target, start, end: (np.array([start, *target]), np.array([*target, end])),
        lambda target, start, end: [([start] + list(target) + [end])[:-1], ([start] + list(target) + [end])[1:]],
    ],
    "10.last_real": [
        lambda states, source: states.gather(
            1, ((source != PAD).sum(1) - 1)[:, None, None].expand(-1, 1, states.shape[2])
        )[:, 0],
        lambda states, source: np.array(
            [s[n - 1] for s, n in zip(states.numpy(), (source > 0).sum(1).tolist(), strict=True)]
        ),
    ],
    "10.Decoder": list(slips(_Decoder, OTHER_DECODERS).values()),
    "10.greedy": [_greedy_by_append],
    "10.error_rates": [
        lambda right, real: tuple(
            (~right & real & kind).sum() / (real & kind).sum()
            for kind in (
                ((~right).long().cumsum(1) - (~right).long()) == 0,
                ((~right).long().cumsum(1) - (~right).long()) > 0,
            )
        ),
        lambda right, real: tuple(float(rate) for rate in _counted(right, real)),
    ],
    "10.best_beams": [_divmod_in_numpy],
    "10.ngram_matches": [_by_removal],
    "10.corpus_bleu": [_by_logs],
    "10.own_words": [
        lambda target_in, predicted, draws, share: np.where(
            (draws.numpy() < share) & (target_in.numpy() > 2), np.roll(predicted.numpy(), 1, axis=1), target_in.numpy()
        ),
    ],
}
