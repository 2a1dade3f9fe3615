"""Which of 88 keys sound in the next frame of a chorale? Counting, a line, and recurrent networks.

Throughout: frames (T, 88) of zeros and ones, logits alike; losses in nats per frame, summed over the keys. The first
frame of a piece is not asked for, as in Bai et al. 2018.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.windows import sampler
from seqlib.training.history import History
from seqlib.training.train import train, warmup_cosine

__all__ = ["FrameModel", "OneBefore", "each_by_itself", "learn_frames", "mean_nll", "padded", "sample_frames"]


class FrameModel(nn.Module):
    """A recurrent layer over frames (B, T, 88) -> logits of each next frame, and the state. Written in 09."""

    def __init__(self, layer=nn.LSTM, hidden_size: int = 200, keys: int = 88, dropout: float = 0.4):
        super().__init__()
        self.layer = layer(keys, hidden_size, batch_first=True)
        self.drop, self.readout = nn.Dropout(dropout), nn.Linear(hidden_size, keys)
        nn.init.constant_(self.readout.bias, -3.0)  # few keys sound: 4 of 88

    def forward(self, frames, state=None):
        states, state = self.layer(frames, state)
        return self.readout(self.drop(states)), state


class OneBefore(nn.Module):
    """The rival without a memory: every key's logit is a line of the frame before, 88 logistic regressions."""

    def __init__(self, keys: int = 88):
        super().__init__()
        self.readout = nn.Linear(keys, keys)
        nn.init.constant_(self.readout.bias, -3.0)

    def forward(self, frames, state=None):
        return self.readout(frames), state


def padded(pieces) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces of different lengths as one tensor (N, T, 88), zeros at the end, and their lengths (N,)."""
    if not len(pieces):
        raise ValueError("expected at least one piece, got none")
    lengths = torch.tensor([len(piece) for piece in pieces])
    whole = torch.zeros(len(pieces), int(lengths.max()), pieces[0].shape[1])
    for row, piece in zip(whole, pieces, strict=True):
        row[: len(piece)] = torch.from_numpy(piece)
    return whole, lengths


def _frames(model, pieces, lengths):
    """Nats of each asked frame of padded pieces, one after another."""
    logits, targets = model(pieces[:, :-1])[0].float(), pieces[:, 1:]
    real = torch.arange(1, pieces.shape[1], device=pieces.device) < lengths[:, None]
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=2)[real]


@torch.no_grad()
def mean_nll(model, pieces) -> float:
    """Nats per frame over all pieces, every frame of the same weight; the model in evaluation mode."""
    if not any(len(piece) > 1 for piece in pieces):
        raise ValueError("expected pieces with at least one frame after the first, got none to ask for")
    training, _ = model.training, model.eval()
    where = next(model.parameters()).device
    parts = (padded(pieces[k : k + 32]) for k in range(0, len(pieces), 32))
    nats = torch.cat([_frames(model, part.to(where), lengths.to(where)) for part, lengths in parts])
    model.train(training)
    return nats.mean().item()


def each_by_itself(train_pieces, test_pieces) -> dict[str, float]:
    """Two ways to count, in nats per frame: how often each key sounds; the same, given whether it sounded just now."""
    before, after = (np.concatenate([piece[cut] for piece in train_pieces]) for cut in (np.s_[:-1], np.s_[1:]))
    was, now = (np.concatenate([piece[cut] for piece in test_pieces]) for cut in (np.s_[:-1], np.s_[1:]))
    often = (after.sum(axis=0) + 0.5) / (len(after) + 1)
    given = [((after * (before == b)).sum(axis=0) + 0.5) / ((before == b).sum(axis=0) + 1) for b in (0, 1)]

    def nats(p):
        return float(-np.where(now == 1, np.log(p), np.log(1 - p)).sum(axis=1).mean())

    return {
        "how often each key sounds": nats(often),
        "each key from itself": nats(np.where(was == 1, given[1], given[0])),
    }


def learn_frames(
    model, pieces, valid, steps: int, *, lr=5e-3, batch=16, crop=None, seed=0, every=None, **options
) -> History:
    """Train on whole pieces (or on stretches of `crop` frames), keep the best of the validations: the history."""
    if crop:
        pieces = [piece[k : k + crop] for piece in pieces for k in range(0, max(1, len(piece) - 8), crop)]
    best = {"nats": float("inf"), "weights": None}

    def evaluate(model):
        nats = mean_nll(model, valid)
        if nats < best["nats"]:
            best.update(nats=nats, weights={name: w.detach().clone() for name, w in model.state_dict().items()})
        return {"valid": nats}

    def loss(model, batch):
        expect.some(batch[1] > 1, "piece with a frame after its first one")
        return _frames(model, batch[0], batch[1]).mean()

    history = train(
        model,
        sampler(*padded(pieces), batch_size=min(batch, len(pieces)), seed=seed),
        steps,
        lr=lr,
        clip=1.0,
        loss=loss,
        evaluate=evaluate,
        every=every or max(1, steps // 12),
        schedule=warmup_cosine(steps, min(20, steps // 4), 0.05),
        **options,
    )
    model.load_state_dict(best["weights"])
    return history


@torch.no_grad()
def sample_frames(model, beginning, count: int, seed: int = 0) -> np.ndarray:
    """Go on after a beginning (T, 88) for `count` frames, each key drawn by itself: (T + count, 88)."""
    draw, frames = torch.Generator().manual_seed(seed), [torch.from_numpy(beginning)]
    model.eval()
    where = next(model.parameters()).device
    logits, state = model(frames[0][None].to(where))
    for _ in range(count):
        frame = torch.bernoulli(logits[:, -1].sigmoid().cpu(), generator=draw)  # the same draws on every device
        frames.append(frame)
        logits, state = model(frame[None].to(where), state)
    return torch.cat(frames).numpy()
