"""Other right answers to the exercises of notebook 17: a check must pass each of them."""

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.exercises.inputs import tensor
from seqlib.exercises.nb17_bert import FIRST, IGNORE, MASK, _augmented


def _head_by_modules(states, W, b, gain, shift, E, bias):
    dense = torch.nn.utils.skip_init(torch.nn.Linear, *W.shape, dtype=W.dtype)
    u = torch.func.functional_call(dense, {"weight": W.T, "bias": b}, (states,))
    layer = torch.nn.LayerNorm(len(gain), dtype=W.dtype)
    u = torch.func.functional_call(layer, {"weight": gain, "bias": shift}, (torch.nn.GELU()(u),))
    return F.linear(u, E, bias)


def _by_sigmoid(logits, places, right, wrong, causal):
    scores = logits[torch.arange(len(places)), places - (1 if causal else 0)]
    return torch.sigmoid(scores.gather(1, right).logsumexp(1) - scores.gather(1, wrong).logsumexp(1))


ACCEPTED = {
    "17.choose": [
        lambda t, n, s: torch.logical_and(t > 4, n < s),
        lambda t, n, s: (n < s).masked_fill(t < FIRST, False),
        lambda t, n, s: (np.asarray(t) >= FIRST) & (np.asarray(n) < s),
    ],
    "17.corrupt": [
        lambda t, c, k, d, size, m, r: (
            torch.where(
                c,
                torch.where(k < m, MASK, torch.where(k < m + r, FIRST + (d * (size - FIRST)).floor().long(), t)),
                t,
            ),
            torch.where(c, t, IGNORE),
        ),
    ],
    "17.mask_noise": [
        lambda step, shape, seed: tensor(np.random.default_rng((seed, step)).uniform(size=(3, shape[0], shape[1]))),
        lambda step, shape, seed: torch.tensor(np.random.default_rng([seed, step]).random((3, *shape))),
    ],
    "17.mlm_logits": [_head_by_modules],
    "17.mlm_loss": [
        lambda g, y: F.cross_entropy(g.transpose(1, 2), y),
        lambda g, y: (
            (g[y >= 0].logsumexp(1) - g[y >= 0][torch.arange(int((y >= 0).sum())), y[y >= 0]]).sum() / (y >= 0).sum()
        ),
    ],
    "17.trust": [
        lambda p, w, k, r: p * (w * k + r) / (p * w * k + r),
        lambda p, w, k, r: 1 - (1 - p) * r / w / (k * p + r / w),
    ],
    "17.right_share": [_by_sigmoid],
    "17.mean_pool": [lambda s, t: torch.einsum("btd,bt->bd", s, (t > 4).to(s.dtype)) / (t > 4).sum(1)[:, None]],
    "17.probe": [_augmented],
    "17.control_labels": [lambda t, y, n: y[(n[t] * len(y)).floor().long()]],
}
