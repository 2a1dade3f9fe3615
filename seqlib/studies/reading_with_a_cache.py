"""Does a cache change anything but the time? A GPT reads in pieces, writes on, and is asked where its loss lies.

Throughout: tokens (B, T), logits (B, T, V), losses in nats per token.
"""

import torch
from torch.nn import functional as F

from seqlib.data import batches, shifted_windows

__all__ = ["by_position", "reader", "stepper"]


def reader(model):
    """read(idx (B, T), past) -> logits (B, T, V), past: a GPT's cache as a value that is handed on (None at first)."""

    @torch.no_grad()
    def read(idx, past=None):
        return model(idx, past or ())

    return read


def stepper(model):
    """The step of seqlib.models.generate: tokens (B,), state -> logits (B, V), state.

    A full context loses its oldest place. That needs rotary positions, which only know distances.
    """
    read, room = reader(model), 1 - model.config.context

    def step(tokens, state):
        logits, state = read(tokens[:, None], [(k[:, :, room:], v[:, :, room:]) for k, v in state])
        return logits[:, -1], state

    return step


@torch.no_grad()
def by_position(model, ids, context: int = 64) -> torch.Tensor:
    """The mean loss at each position of consecutive windows of ids: (context,)."""
    windows, where = batches(*shifted_windows(ids, context), batch_size=64), next(model.parameters()).device
    each = [F.cross_entropy(model(x.to(where)).transpose(1, 2), y.to(where), reduction="none") for x, y in windows]
    return torch.cat(each).mean(dim=0)
