"""Other right answers to the exercises of notebook 14: a check must pass each of them."""

import math

import numpy as np
import torch

from seqlib.models.transformer import DecoderBlock, EncoderBlock, Residual, Transformer


def _by_sums(x, gain, bias, epsilon=1e-5):
    u = x - x.sum(-1, keepdim=True) / x.shape[-1]
    return gain * u / (u.square().sum(-1, keepdim=True) / x.shape[-1] + epsilon).sqrt() + bias


class _TotalFirst(Residual):
    def forward(self, x, part):
        total = self.dropout(part(self.norm(x) if self.pre_norm else x)).add(x)
        return total if self.pre_norm else self.norm(total)


class _UnrolledEncoder(EncoderBlock):
    def forward(self, x, mask=None):
        for residual, part in zip(
            self.residuals, (lambda u: self.attention(u, u, mask)[0], self.feed_forward), strict=True
        ):
            x = x + part(residual.norm(x)) if residual.pre_norm else residual.norm(x + part(x))
        return x


def _rolled(target, start, pad):
    read = torch.roll(target, 1, dims=1)
    read[:, 0] = start
    return torch.where(target == pad, pad, read), torch.where(target == pad, -100, target)


class _UnrolledDecoder(DecoderBlock):
    def forward(self, x, memory, mask=None, memory_mask=None):
        parts = (
            lambda u: self.self_attention(u, u, mask)[0],
            lambda u: self.cross_attention(u, memory, memory_mask)[0],
            self.feed_forward,
        )
        for residual, part in zip(self.residuals, parts, strict=True):
            x = x + part(residual.norm(x)) if residual.pre_norm else residual.norm(x + part(x))
        return x


class _WithState(Transformer):
    def forward(self, source, target_in):
        memory, mask, _ = self.begin(source)
        return self.decoder(target_in, memory, mask)

    def step(self, tokens, state):
        memory, mask, written = state
        grown = torch.hstack((written, tokens.reshape(-1, 1)))
        return self.decoder(grown, memory, mask)[:, grown.shape[1] - 1], [memory, mask, grown]


def _grown(forward, source, target_in):
    written, logits = target_in[:, :0], []
    for tokens in target_in.T:
        written = torch.cat([written, tokens[:, None]], dim=1)
        logits += [forward(source, written)[:, -1:]]
    return torch.cat(logits, dim=1)


def _two_losses(logits, targets, epsilon):
    flat, aims = logits.flatten(0, -2), targets.flatten()
    nats = flat.logsumexp(1) - flat.gather(1, aims.clamp(min=0)[:, None])[:, 0] * (1 - epsilon) - epsilon * flat.mean(1)
    return (nats * (aims != -100)).sum() / (aims != -100).sum()


ACCEPTED = {
    "14.layer_norm": [
        _by_sums,
        lambda x, gain, bias, epsilon: (
            (x - x.mean(-1, keepdim=True)) * (x.var(-1, keepdim=True, correction=0) + epsilon).rsqrt() * gain + bias
        ),
    ],
    "14.Residual": [Residual, _TotalFirst],
    "14.EncoderBlock": [EncoderBlock, _UnrolledEncoder],
    "14.shift_right": [_rolled],
    "14.DecoderBlock": [DecoderBlock, _UnrolledDecoder],
    "14.embed": [
        lambda tokens, table, places: (
            torch.nn.functional.embedding(tokens, table).mul(table.shape[1] ** 0.5) + places[None, : tokens.shape[1]]
        ),
        lambda tokens, table, places: (
            places.narrow(0, 0, tokens.shape[1])
            + torch.stack([table[row] for row in tokens]) * np.sqrt(places.shape[-1])
        ),
    ],
    "14.Transformer": [Transformer, _WithState],
    "14.one_by_one": [_grown],
    "14.smoothed_loss": [_two_losses],
    "14.noam": [
        lambda s, D, w: (D * max(s, w**3 / s**2)) ** -0.5,
        lambda s, D, w: np.sqrt(1 / D) * np.minimum(1 / np.sqrt(s), s / w**1.5),
        lambda s, D, w: 1 / math.sqrt(D) * (s / w**1.5 if s < w else 1 / math.sqrt(s)),
    ],
}
