"""What notebook 16 does with a GPT besides building it: optimise, write with a cache, compare with its source, look up.

Throughout: tokens (B, T), logits (B, T, V), losses in nats per token.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data import DataUnavailable, batches, fetch, shifted_windows, stdlib_text
from seqlib.training.train import History, train

__all__ = [
    "Recurrent",
    "Together",
    "by_position",
    "copied",
    "learn_to_look_up",
    "muon",
    "play_or_library",
    "reader",
    "repeated",
    "second_copy",
    "stepper",
    "without_head",
]


def play_or_library(max_chars: int | None = None) -> tuple[str, str]:
    """tinyshakespeare and its name; with no network Python's own source, with one line that says why."""
    try:
        text, name = fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"), "tinyshakespeare"
    except DataUnavailable as why:
        text, name = stdlib_text(1_100_000), "Python's source"
        print(why)
    return text[:max_chars], name


# -- training --------------------------------------------------------------------------------------------------------


class Together(torch.optim.Optimizer):
    """Several optimisers that step as one, each parameter group at its own rate. Not for training that resumes."""

    def __init__(self, *parts: torch.optim.Optimizer):
        super().__init__([p for part in parts for group in part.param_groups for p in group["params"]], {})
        self.parts, self.param_groups = parts, [group for part in parts for group in part.param_groups]

    def step(self, closure=None):
        for part in self.parts:
            part.step()


def muon(model, inside: str = "blocks", lr: float = 0.03, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon for the matrices whose names contain `inside`, AdamW for the rest; AdamW for all where there is no Muon.

    torch.optim.Muon came with PyTorch 2.9. Source: Jordan et al. 2024.
    """
    if not hasattr(torch.optim, "Muon"):
        return torch.optim.AdamW(model.parameters(), lr / 10, betas=(0.9, 0.95))
    chosen = {name: p for name, p in model.named_parameters() if p.ndim == 2 and inside in name}
    rest = [p for name, p in model.named_parameters() if name not in chosen]
    return Together(
        torch.optim.Muon(chosen.values(), lr=lr, weight_decay=0.0),
        torch.optim.AdamW(rest, lr=lr_rest, betas=(0.9, 0.95), weight_decay=0.0),
    )


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


@torch.no_grad()
def by_position(model, ids, context: int = 64) -> torch.Tensor:
    """The mean loss at each position of consecutive windows of ids: (context,)."""
    windows = batches(*shifted_windows(ids, context), batch_size=64)
    each = [F.cross_entropy(model(x).transpose(1, 2), y, reduction="none") for x, y in windows]
    return torch.cat(each).mean(dim=0)


# -- writing ---------------------------------------------------------------------------------------------------------


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


def copied(text: str, source: str, stride: int = 3) -> np.ndarray:
    """For every `stride`-th place of text, the length of the longest piece from there that stands in source."""
    found = []
    for start in range(0, len(text), stride):
        low, high = 0, len(text) - start
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text[start : start + middle] in source else (low, middle - 1)
        found.append(low)
    return np.array(found)


# -- looking up ------------------------------------------------------------------------------------------------------


def repeated(seed, batch: int = 32, period: int | None = None, kinds: int = 32) -> torch.Tensor:
    """Random tokens, then the same again: (B, 2 p). The period p is drawn from 8 to 24 if none is given."""
    rng = np.random.default_rng(seed)
    once = rng.integers(kinds, size=(batch, period or rng.integers(8, 25)))
    return torch.from_numpy(np.concatenate([once, once], axis=1))


@torch.no_grad()
def second_copy(model, period: int = 16) -> float:
    """The loss on the tokens of the second copy, in nats; model(tokens) gives logits, or a tuple with them first."""
    tokens = repeated(10**6, period=period)
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
