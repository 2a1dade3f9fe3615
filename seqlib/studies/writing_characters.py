"""How well does a recurrent network write, character by character, and how much of what it read does it use?

Throughout: ids (B, T), logits (B, T, V), losses in nats per character. The state is carried from window to window, in
training and in the evaluation, unless a call says otherwise.
"""

from __future__ import annotations

import math
import time

import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.windows import carried_sampler
from seqlib.training.history import History
from seqlib.training.muon import muon_by_gate
from seqlib.training.run import half_precision
from seqlib.training.train import train, warmup_cosine

__all__ = [
    "CharacterLSTM",
    "against_the_clock",
    "carried_loss",
    "held_out",
    "in_windows",
    "learn_to_write",
    "takes_a_gpu",
    "verdict_below",
]


class CharacterLSTM(nn.Module):
    """ids (B, T) -> logits of each next character (B, T, V), and the state to go on with. Written in 09."""

    def __init__(self, vocabulary_size: int, hidden_size: int = 256, width: int = 64):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, width)
        self.layer = nn.LSTM(width, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids, state=None):
        states, state = self.layer(self.embed(ids), state)
        return self.readout(states), state


def carried_loss():
    """A loss(model, (x, y, is_first)) that remembers the state of the batch before, without its gradient (03)."""
    kept = [None]

    def loss(model, batch):
        x, y, first = batch
        logits, state = model(x, None if first[0] else kept[0])
        kept[0] = tuple(part.detach() for part in state)
        return F.cross_entropy(logits.float().flatten(0, 1), y.flatten())

    return loss


def learn_to_write(
    model, ids, steps: int, *, batch: int = 32, length: int = 64, lr: float = 0.05, **options
) -> History:
    """Train a CharacterLSTM on windows that continue one another: the history."""
    windows = carried_sampler(ids, length, min(batch, (len(ids) - 1) // length))
    options = {"schedule": warmup_cosine(steps, min(30, steps // 4), 0.02), "clip": 1.0, "amp": True, **options}
    return train(model, windows, steps, loss=carried_loss(), optimizer=muon_by_gate(model, lr), **options)


@torch.no_grad()
def held_out(model, ids, rows: int = 8) -> float:
    """Nats per character of all of ids, read in `rows` long rows by a state that is carried from end to end."""
    length, where = (len(ids) - 1) // rows, next(model.parameters()).device
    x, y = (torch.from_numpy(ids[k : k + rows * length].reshape(rows, length).copy()).to(where) for k in (0, 1))
    return F.cross_entropy(model(x)[0].flatten(0, 1), y.flatten()).item()


@torch.no_grad()
def in_windows(model, ids, context: int) -> torch.Tensor:
    """Nats at each of the `context` places of a window read from a state of zeros, the mean over all windows."""
    count, where = (len(ids) - 1) // context, next(model.parameters()).device
    x, y = (torch.from_numpy(ids[k : k + count * context].reshape(count, context).copy()).to(where) for k in (0, 1))
    return F.cross_entropy(model(x)[0].transpose(1, 2), y, reduction="none").mean(dim=0)


def against_the_clock(model, optimizer, ids, evaluate, *, marks, batch=32, length=64, warm=30, amp=True):
    """Train until the last mark, in seconds of processor time: (evaluate(model) at each mark, steps made).

    Warm-up, then half a cosine by that clock, down to 2 %; evaluations are not counted.
    """
    windows, loss = carried_sampler(ids, length, batch), carried_loss()
    rates = [group["lr"] for group in optimizer.param_groups]
    found, spent, step = [], 0.0, 0
    while len(found) < len(marks):
        began, way = time.process_time(), min(1.0, spent / marks[-1])
        factor = min(1, (step + 1) / warm) * (0.02 + 0.98 * (1 + math.cos(math.pi * way)) / 2)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        with half_precision("cpu", amp):
            value = loss(model, windows(step))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        spent, step = spent + time.process_time() - began, step + 1
        if spent >= marks[len(found)]:
            found.append(evaluate(model))
    return found, step


def verdict_below(value: float, holds: float, fails: float) -> str:
    """ "holds" up to one bound, "fails" above another, "depends" between. ValueError if they are the wrong way."""
    if holds > fails:
        raise ValueError(f"expected a bound for “holds” not above the one for “fails”, got {holds} and {fails}")
    return "holds" if value <= holds else "fails" if value > fails else "depends"


def takes_a_gpu(published: float, carried: float, equal: float) -> str:
    """Does a published loss take the machine that it was published for? "fails" if another reaches it at equal context.

    "depends" if it is reached only with a state that has read more; "not tested" if not even so: a run that stops above
    a loss does not show that no run gets there.
    """
    return "fails" if equal <= published else "depends" if carried <= published else "not tested"
