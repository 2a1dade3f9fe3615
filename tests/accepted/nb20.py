"""Other right answers to the exercises of notebook 20: a check must pass each of them."""

import numpy as np
import torch


def _counts_by_bincount(letters, k):
    places = letters.shape[1] - k + 1
    words = sum(4 ** (k - 1 - j) * letters[:, j : j + places] for j in range(k))
    return np.stack([np.bincount(row, minlength=4**k) for row in words])


def _occlusion_all_at_once(evidence, x):
    batch, places = x.shape[:2]
    copies = torch.where(torch.eye(places, dtype=torch.bool)[None, :, :, None], 0.25, x[:, None])
    return evidence(x)[:, None] - evidence(copies.reshape(batch * places, places, 4)).reshape(batch, places)


def _gradient_by_backward(evidence, x):
    x = x.clone().requires_grad_()
    for value in evidence(x):
        value.backward(retain_graph=True)
    own = (x.grad * x).sum(-1)
    return (own - x.grad.mean(-1)).detach()


def _heights_by_relative_entropy(counts, pseudo=0.5):
    shares = (counts + pseudo) / (counts + pseudo).sum(1, keepdims=True)
    return shares * (shares * np.log2(shares / 0.25)).sum(1, keepdims=True)


def _kept_by_a_loop(sequences, classes):
    kept, mixed = [], {s for s, c in zip(sequences, classes, strict=True) if c != classes[sequences.index(s)]}
    for row, text in enumerate(sequences):
        if text not in mixed and sequences.index(text) == row:
            kept.append(row)
    return np.array(kept)


def _strands_by_turned_filters(x, filters):
    both = []
    for table in (filters, filters.flip(1, 2)):
        both.append((x.unfold(1, table.shape[1], 1).transpose(2, 3)[:, :, None] * table).sum((-1, -2)))
    return torch.where(both[0] > both[1], *both)


ACCEPTED = {
    "20.kmer_counts": [_counts_by_bincount],
    "20.slide": [
        lambda x, filters: (x.unfold(1, filters.shape[1], 1).transpose(2, 3)[:, :, None] * filters).sum((-1, -2)),
        lambda x, filters: (
            x.unfold(1, filters.shape[1], 1).transpose(2, 3).flatten(2) @ filters.reshape(len(filters), -1).T
        ),
    ],
    "20.letter_heights": [_heights_by_relative_entropy],
    "20.gradient_times_input": [_gradient_by_backward],
    "20.occlusion": [_occlusion_all_at_once],
    "20.filter_counts": [
        lambda scores, x, width, share=0.5: x.unfold(1, width, 1)[scores > share * scores.max()].sum(dim=0).T,
    ],
    "20.reverse_complement": [
        lambda x: torch.flip(x, dims=(-1, -2)),
        lambda x: x[:, range(x.shape[1] - 1, -1, -1)][..., [3, 2, 1, 0]],
    ],
    "20.strand_scores": [_strands_by_turned_filters],
    "20.without_duplicates": [_kept_by_a_loop],
    "20.residue_windows": [
        lambda acids, reach: np.lib.stride_tricks.sliding_window_view(
            np.pad(acids, reach, constant_values=20), 2 * reach + 1
        ),
    ],
}
