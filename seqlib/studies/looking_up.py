"""Can a model look up what came after the same token before? Random tokens, read twice, where little else helps.

Throughout: tokens (B, T), logits (B, T, V), losses in nats per token.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.training.train import History, train

__all__ = ["Recurrent", "learn_to_look_up", "repeated", "second_copy", "without_head"]


class Recurrent(nn.Module):
    """The recurrent rival: one layer between a table and a readout; tokens (B, T) -> logits (B, T, V), state."""

    def __init__(self, vocabulary_size: int, layer=nn.LSTM, width: int = 64, hidden_size: int = 256):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.layer = layer(width, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, tokens, state=None):
        states, state = self.layer(self.tokens(tokens), state)
        return self.readout(states), state


def repeated(seed, batch: int = 32, period: int | None = None, kinds: int = 32) -> torch.Tensor:
    """Random tokens, then the same again: (B, 2 p). The period p is drawn from 8 to 24 if none is given."""
    rng = np.random.default_rng(seed)
    once = rng.integers(kinds, size=(batch, period or rng.integers(8, 25)))
    return torch.from_numpy(np.concatenate([once, once], axis=1))


@torch.no_grad()
def second_copy(model, period: int = 16) -> float:
    """The loss on the tokens of the second copy, in nats; model(tokens) gives logits, or a tuple with them first."""
    where = next(model.parameters()).device if isinstance(model, nn.Module) else None
    tokens = repeated(10**6, period=period).to(where)
    logits = model(tokens)
    logits = logits[0] if isinstance(logits, tuple) else logits
    return F.cross_entropy(logits[:, period - 1 : -1].transpose(1, 2), tokens[:, period:]).item()


def learn_to_look_up(model, optimizer, steps: int, seed: int = 0, every: int = 40, look=lambda model: {}) -> History:
    """Train on repeated sequences. The history has "second copy" and whatever look(model) measures."""

    def batch(step):
        tokens = repeated([seed, step])
        return tokens[:, :-1], tokens[:, 1:]

    def evaluate(model):
        return {"second copy": second_copy(model), **look(model)}

    return train(model, batch, steps, optimizer=optimizer, clip=1.0, name="looking up", every=every, evaluate=evaluate)


def without_head(model, layer: int, head: int):
    """Silence one head: what W_o reads of it becomes zero. Call .remove() on what is returned to undo it."""
    columns = slice(head * model.blocks[layer].attention.d_k, (head + 1) * model.blocks[layer].attention.d_k)

    def silence(module, inputs):
        silent = inputs[0].clone()
        silent[..., columns] = 0.0
        return silent

    return model.blocks[layer].attention.W_o.register_forward_pre_hook(silence)
