"""Other right answers to the exercises of notebook 01: a check must pass each of them."""

import math
from collections import Counter

import numpy as np
import torch

from seqlib.exercises.nb01_why_order_matters import (
    SPECIALS,
    _bigram_probabilities,
    _leak_free_split,
    _masked_mean,
    _next_token_windows,
    _pad_and_mask,
    _token_nll,
    _units,
    _words_to_ids,
)


def _encode_by_dict(train, new):
    place = {"<pad>": 0, "<unk>": 1}
    for word in sorted(Counter(w for s in train for w in s)):
        place[word] = len(place)
    return list(place), [np.array([place.get(w, 1) for w in s], dtype=int) for s in new]


def _encode_by_search(train, new):
    words = np.unique([w for s in train for w in s])
    at = [[int(np.searchsorted(words, w)) for w in s] for s in new]
    ids = [[a + 2 if w in words else 1 for a, w in zip(*row, strict=True)] for row in zip(at, new, strict=True)]
    return SPECIALS + words.tolist(), ids


def _windows_torch(ids, length):
    both = torch.as_tensor(ids).unfold(0, length + 1, length)
    return both[:, :-1], both[:, 1:]


def _windows_by_index(ids, length):
    places = length * np.arange((len(ids) - 1) // length)[:, None] + np.arange(length)
    return ids[places], ids[places + 1]


def _pad_torch(sequences, pad):
    rows = [torch.tensor(s, dtype=torch.long) for s in sequences]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)
    return ids, torch.arange(ids.shape[1]) < torch.tensor([len(s) for s in sequences])[:, None]


def _pad_by_rows(sequences, pad):
    steps = max(len(s) for s in sequences)
    ids = [list(s) + [pad] * (steps - len(s)) for s in sequences]
    return np.array(ids, dtype=int), np.array([[t < len(s) for t in range(steps)] for s in sequences])


def _masked_mean_torch(values, mask):
    values, mask = torch.as_tensor(values), torch.as_tensor(mask)
    return values.masked_fill(~mask, 0).sum(dim=1) / mask.sum(dim=1)


def _split_by_set(texts, fraction):
    seen, kept = set(), []
    for place, text in enumerate(texts):
        if text not in seen:
            seen.add(text)
            kept.append(place)
    return kept[: int(fraction * len(kept))], kept[int(fraction * len(kept)) :]


def _bigram_one_hot(ids, vocab_size, alpha):
    one_hot = np.eye(vocab_size)[ids]
    counts = one_hot[:-1].T @ one_hot[1:]
    return (counts + alpha) / (counts.sum(axis=1)[:, None] + alpha * vocab_size)


def _bigram_torch(ids, vocab_size, alpha):
    ids = torch.as_tensor(ids)
    counts = torch.bincount(ids[:-1] * vocab_size + ids[1:], minlength=vocab_size**2).double()
    counts = counts.reshape(vocab_size, vocab_size) + alpha
    return counts / counts.sum(dim=1, keepdim=True)


def _bigram_loop(ids, vocab_size, alpha):
    rows = [[alpha] * vocab_size for _ in range(vocab_size)]
    for a, b in zip(ids[:-1], ids[1:], strict=True):
        rows[a][b] += 1
    return [[c / sum(row) for c in row] for row in rows]


def _token_nll_torch(log_probs, masks):
    total = sum(
        torch.einsum("bt,bt->", torch.as_tensor(lp), torch.as_tensor(m).to(torch.float64))
        for lp, m in zip(log_probs, masks, strict=True)
    )
    return -total / sum(int(m.sum()) for m in masks)


def _token_nll_loop(log_probs, masks):
    total = tokens = 0
    for lp, mask in zip(log_probs, masks, strict=True):
        for row, real in zip(lp, mask, strict=True):
            for value, counts in zip(row, real, strict=True):
                total, tokens = total - value * counts, tokens + counts
    return total / tokens


ACCEPTED = {
    "01.words_to_ids": [_words_to_ids, _encode_by_dict, _encode_by_search],
    "01.next_token_windows": [_next_token_windows, _windows_torch, _windows_by_index],
    "01.pad_and_mask": [_pad_and_mask, _pad_torch, _pad_by_rows],
    "01.masked_mean": [
        _masked_mean,
        _masked_mean_torch,
        lambda values, mask: np.nanmean(np.where(mask, values, np.nan), axis=1),
        lambda values, mask: np.einsum("bt,bt->b", np.nan_to_num(values), mask / mask.sum(1, keepdims=True)),
    ],
    "01.leak_free_split": [_leak_free_split, _split_by_set],
    "01.bigram_probabilities": [_bigram_probabilities, _bigram_one_hot, _bigram_torch, _bigram_loop],
    "01.units": [
        _units,
        lambda nats, tokens, chars: [nats / tokens, 2 ** (nats / tokens / math.log(2)), nats * np.log2(np.e) / chars],
    ],
    "01.token_nll": [_token_nll, _token_nll_torch, _token_nll_loop],
}
