"""Other right answers to the exercises of notebook 12: a check must pass each of them."""

from collections import Counter

import numpy as np
import torch

from seqlib.exercises.nb12_captioning import NAMES, _patches


def _scores_by_lists(said, true):
    hits = [i < len(s) and s[i] == word for s, t in zip(said, true, strict=True) for i, word in enumerate(t)]
    return np.mean([s == t for s, t in zip(said, true, strict=True)]), np.mean(hits)


def _split_by_subsets(scenes, pairs):
    test = [i for i, scene in enumerate(scenes) if any(set(pair) <= set(scene) for pair in pairs)]
    return [i for i in range(len(scenes)) if i not in test], test


def _cut_by_slices(pictures, size):
    _, h, w = pictures.shape
    found = [pictures[:, r : r + size, c : c + size].flatten(1) for r in range(0, h, size) for c in range(0, w, size)]
    return torch.stack(found, dim=1)


def _memory_by_einsum(seen, W, b, places):
    z = torch.einsum("bnd,dm->bnm", seen, W).add(b)
    z = z - z.sum(2)[:, :, None] / len(b)
    return z * (z.square().mean(2) + 1e-5).rsqrt()[:, :, None] + places[None]


def _look_by_places(states, memory, W_a, mask):
    each = [
        torch.where(m, s @ W_a @ k.T, torch.tensor(-1e30, dtype=s.dtype)).softmax(1)
        for s, k, m in zip(states, memory, mask, strict=True)
    ]
    return torch.stack([w @ k for w, k in zip(each, memory, strict=True)]), torch.stack(each)  # fmt: skip


def _write_while(step, state, start, end, max_steps):
    words = [start]
    while len(words) <= max_steps:
        logits, state = step(torch.full((1,), words[-1]), state)
        words.append(logits.softmax(-1).max(-1).indices.item())
        if words[-1] == end:
            return words[1:-1]
    return words[1:]


def _by_table(said, true):
    named = [tuple(w for w in words if w in NAMES) for words in (said, true)]
    rest = [
        " ".join(w for w in words if w not in NAMES and not w.startswith("a") or w == "above") for words in (said, true)
    ]
    rest = [r.replace("and", "").split() for r in rest]
    if list(said) == list(true):
        return "right"
    if named[0] == named[1]:
        return "wrong relation"
    if rest[0] == rest[1] and len(named[0]) == len(named[1]):
        return "wrong order" if Counter(named[0]) == Counter(named[1]) else "wrong digit"
    return "several"


def _share_by_mask(weights, mask, corner, size):
    canvas = torch.zeros(1, 36, 36)
    canvas[0, corner[0] : corner[0] + 8, corner[1] : corner[1] + 8] = 1
    touched = _patches(canvas, size)[0].any(1)
    return weights[touched].sum(), (touched & mask).sum().item() / mask.sum().item()


ACCEPTED = {
    "12.caption_scores": [_scores_by_lists],
    "12.held_out_split": [_split_by_subsets],
    "12.patches": [
        _cut_by_slices,
        lambda x, s: x.unflatten(1, (-1, s)).unflatten(3, (-1, s)).permute(0, 1, 3, 2, 4).flatten(3).flatten(1, 2),
    ],
    "12.to_memory": [_memory_by_einsum],
    "12.look": [_look_by_places],
    "12.caption_loss": [
        lambda x, y: -x[y != -100].softmax(-1)[range(int((y != -100).sum())), y[y != -100]].log().mean(),
        lambda x, y: (
            ((x.logsumexp(2) - (x * torch.eye(x.shape[2])[y.clamp(min=0)].to(x)).sum(2)) * (y >= 0)).sum()
            / (y >= 0).sum()
        ),
    ],
    "12.write_caption": [_write_while],
    "12.what_went_wrong": [_by_table],
    "12.share_on_digit": [_share_by_mask],
}
