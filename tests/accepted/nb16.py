"""Other right answers to the exercises of notebook 16: a check must pass each of them."""

import torch
from torch.nn import functional as F

from seqlib.exercises.nb16_gpt import _greedy_in_a_loop
from seqlib.models import gpt
from seqlib.models.attention import rotary


def _loss_by_cross_entropy(logits, tokens, lengths):
    targets = tokens[:, 1:].clone()
    targets[torch.arange(1, tokens.shape[1])[None] >= lengths[:, None]] = -100
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), targets)


def _loss_by_lists(logits, tokens, lengths):
    parts = [
        F.cross_entropy(a[: n - 1], b[1:n], reduction="sum")
        for a, b, n in zip(logits, tokens, lengths.tolist(), strict=True)
    ]
    return sum(parts) / (lengths - 1).sum()


def _attend_by_torch(q, k, v, past, turn):
    if past is not None:
        k, v = (torch.cat(two, dim=2) for two in zip(past, (k, v), strict=True))
    kept = k, v
    if turn:
        places = torch.arange(k.shape[2])
        q, k = rotary(q, places[k.shape[2] - q.shape[2] :]), rotary(k, places)
    mask = gpt.cached_mask(q.shape[2], k.shape[2])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True), kept


def _token_by_token_from_the_start(read, prompt, count):
    past, text = None, prompt
    for t in range(prompt.shape[1] + count):
        logits, past = read(text[:, t : t + 1], past)
        if t + 1 >= prompt.shape[1] and text.shape[1] < prompt.shape[1] + count:
            text = torch.cat([text, logits.argmax(dim=2)], dim=1)
    return text[:, prompt.shape[1] :]


ACCEPTED = {
    "16.language_loss": [_loss_by_cross_entropy, _loss_by_lists],
    "16.rms_norm": [
        lambda x, scale, epsilon=1e-5: x * (x.pow(2).mean(-1, keepdim=True) + epsilon).rsqrt() * scale,
        lambda x, scale, epsilon=1e-5: scale * x / (x.norm(dim=-1, keepdim=True) ** 2 / x.shape[-1] + epsilon).sqrt(),
    ],
    "16.swiglu": [
        lambda x, W_gate, W_up, W_down: (F.silu(x @ W_gate) * (x @ W_up)) @ W_down,
        lambda x, W_gate, W_up, W_down: (x @ W_gate / (1 + (-(x @ W_gate)).exp()) * (x @ W_up)) @ W_down,
    ],
    "16.repeat_heads": [
        lambda shared, heads: shared[:, :, None].expand(-1, -1, heads // shared.shape[1], -1, -1).flatten(1, 2),
        lambda shared, heads: shared[:, [h // (heads // shared.shape[1]) for h in range(heads)]],
    ],
    "16.cached_mask": [
        lambda new, total: torch.ones(new, total, dtype=torch.bool).tril(total - new),
        lambda new, total: torch.ones(total, total, dtype=torch.bool).tril()[-new:],
    ],
    "16.attend": [_attend_by_torch],
    "16.gpt_parameters": [
        lambda V, T, D, L, F: (
            V * D + T * D + 2 * D + L * sum([2 * D, 3 * (D * D + D), D * D + D, 2 * D, D * F + F, F * D + D])
        ),
    ],
    "16.training_flops": [lambda w, t, L, c, d: 3 * t * (2 * w + 4 * L * c * d)],
    "16.continue_greedily": [_greedy_in_a_loop, _token_by_token_from_the_start],
    "16.previous_score": [
        lambda weights: weights.diagonal(-1, dim1=1, dim2=2).mean(dim=1),
        lambda weights: torch.stack([torch.diag(head, -1).sum() / (len(head) - 1) for head in weights]),
    ],
    "16.prefix_score": [lambda weights, period: weights.diagonal(1 - period, dim1=1, dim2=2)[:, 1:].mean(dim=1)],
}
