"""Language models that count: n-grams with add-k or Witten–Bell smoothing, on ids of characters or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqlib import expect

SMOOTHINGS = ("witten-bell", "add")


@dataclass(frozen=True)
class _Level:
    """The counts for contexts of one length. The index of an n-gram here is its id as a context one level up.

    `grams`: context id * V + token, sorted; `counts`: of each; `totals` and `kinds`, for each context id:
    how many tokens followed it, c(h), and how many different ones, T(h).
    """

    grams: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    kinds: np.ndarray

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The index of each n-gram, -1 where it was not seen (negative keys never are)."""
        if not len(self.grams):  # no text was long enough for an n-gram of this length
            return np.full(len(keys), -1)
        places = np.searchsorted(self.grams, keys)
        places[places == len(self.grams)] = 0
        return np.where(self.grams[places] == keys, places, -1)


class NGram:
    """An n-gram language model: the next token given the order - 1 tokens before it, from counts.

    With h a context, w a token, c(h, w) how often w followed h, c(h) = sum over w of c(h, w), T(h) how many
    different tokens followed h, h' the context without its first token, and V = vocab_size:

    - "witten-bell": p(w | h) = (c(h, w) + T(h) p(w | h')) / (c(h) + T(h)), down to the uniform 1 / V; where
      h was never seen, p(w | h'). The more different tokens have followed h, the more the shorter counts;
    - "add": p(w | h) = (c(h, w) + k) / (c(h) + k V), whatever the shorter contexts say.

    The first tokens of a text have a shorter context, and are predicted from that.
    ValueError if the order or V is below 1, if k is not positive, or if the smoothing is neither of the two.

    Source: Witten and Bell 1991, "The zero-frequency problem", method C; interpolated as in Chen and
    Goodman 1999, §2.5.
    """

    def __init__(self, order: int, vocab_size: int, smoothing: str = "witten-bell", k: float = 1.0):
        expect.wholes(order=order, vocab_size=vocab_size)
        expect.one_of(smoothing, "smoothing", SMOOTHINGS)
        expect.number(k, "k", above=0)
        self.order, self.vocab_size, self.smoothing, self.k = order, vocab_size, smoothing, k
        self._levels: list[_Level] = []

    def fit(self, ids) -> NGram:
        """Count, and return the model. `ids`: integers (T,), or a list of such arrays (names, sentences).

        Contexts do not reach from one array of a list into the one before. Counts of an earlier call are
        replaced. ValueError if there is nothing to count, or an id lies outside 0 … V - 1.
        """
        ids, place = self._checked(ids)
        if len(ids) == 0:
            raise ValueError("expected at least one token to count, got none")
        self._levels = []
        contexts, here = 1, np.zeros(len(ids), dtype=np.int64)
        for length in range(self.order):
            there = place >= length
            keys = here[there] * self.vocab_size + ids[there]
            grams, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
            owner = grams // self.vocab_size
            totals = np.bincount(owner, weights=counts, minlength=contexts)
            kinds = np.bincount(owner, minlength=contexts)
            # A zero behind each: what was not seen has the index -1, also where no text was long enough for any.
            self._levels.append(_Level(grams, *(np.append(each, 0) for each in (counts, totals, kinds))))
            contexts = len(grams)
            here[there] = index.reshape(-1)
            here = _one_later(here)
        return self

    def log_prob(self, ids) -> np.ndarray:
        """The natural logarithm of the probability of each token given those before it, float64 (T,).

        A list of arrays gives the values of all of them, one after another. -inf never comes out: both
        smoothings leave every token some probability.
        """
        ids, place = self._checked(ids)
        probs = np.full(len(ids), 1 / self.vocab_size)
        for level, here, grams, there in self._walk(ids, place):
            counts = np.where(grams[there] >= 0, level.counts[grams[there]], 0)
            probs[there] = self._smoothed(level, here[there], counts, probs[there])
        return np.log(probs)

    def nll(self, ids) -> float:
        """The mean negative log probability, in nats per token. ValueError if there are no tokens."""
        values = self.log_prob(ids)
        if len(values) == 0:
            raise ValueError("expected at least one token to score, got none")
        return float(-values.mean())

    def next(self, context: Sequence[int] = ()) -> np.ndarray:
        """The probability of each possible next token after `context`, float64 (V,); they sum to one.

        Only the last order - 1 ids of the context matter; a shorter one, or none, is fine.
        """
        context, _ = self._checked(context)
        past, place = self._checked(context[max(0, len(context) - self.order + 1) :])
        last = [0] + [int(grams[-1]) for _, _, grams, _ in self._walk(past, place) if len(past)]
        probs = np.full(self.vocab_size, 1 / self.vocab_size)
        for level, here in zip(self._levels[: len(past) + 1], last, strict=False):
            first = here * self.vocab_size
            start, stop = np.searchsorted(level.grams, [first, first + self.vocab_size])
            counts = np.zeros(self.vocab_size)
            counts[level.grams[start:stop] - first] = level.counts[start:stop]
            probs = self._smoothed(level, np.array([here]), counts, probs)
        return probs

    def sample(self, length: int, rng: np.random.Generator, context: Sequence[int] = ()) -> np.ndarray:
        """`length` ids drawn one after another from `next`, going on from `context`: int64 (length,)."""
        expect.whole(length, "length", 0)
        expect.generator(rng)
        ids = self._checked(context)[0].tolist()
        given = len(ids)
        for _ in range(length):
            total = np.cumsum(self.next(ids[max(0, len(ids) - self.order + 1) :]))
            ids.append(int(np.searchsorted(total, rng.random() * total[-1], side="right")))
        return np.array(ids[given:], dtype=np.int64)

    def _walk(self, ids: np.ndarray, place: np.ndarray):
        """For each level: the level, each token's context, its n-gram (-1: not seen), where both exist."""
        if not self._levels:
            raise ValueError("expected a model that has counted, got one that has not: call fit first")
        here = np.zeros(len(ids), dtype=np.int64)
        for length, level in enumerate(self._levels):
            there = place >= length
            grams = level.find(np.where(there & (here >= 0), here * self.vocab_size + ids, -1))
            yield level, here, grams, there
            here = _one_later(grams)

    def _smoothed(self, level: _Level, contexts, counts, shorter) -> np.ndarray:
        """p(w | h) from the counts c(h, w) and the probabilities p(w | h') under the shorter context."""
        seen = contexts >= 0
        totals = np.where(seen, level.totals[contexts], 0)
        if self.smoothing == "add":
            return (counts + self.k) / (totals + self.k * self.vocab_size)
        kinds = np.where(seen, level.kinds[contexts], 0)
        return np.where(totals > 0, (counts + kinds * shorter) / np.maximum(totals + kinds, 1), shorter)

    def _checked(self, ids) -> tuple[np.ndarray, np.ndarray]:
        """All ids in a row, int64 (T,), and for each how many come before it in its own array."""
        pieces = ids if isinstance(ids, list) and ids and np.ndim(ids[0]) == 1 else [ids]
        try:
            pieces = [np.asarray(piece) for piece in pieces]
        except ValueError:
            raise ValueError(f"expected integer ids (T,), or a list of such arrays; got {expect.shown(ids)}") from None
        if any(piece.ndim != 1 or (len(piece) and piece.dtype.kind not in "iu") for piece in pieces):
            shapes = [(piece.shape, str(piece.dtype)) for piece in pieces[:3]]
            raise ValueError(f"expected integer ids (T,), or a list of such arrays; got {shapes}")
        row = np.concatenate(pieces).astype(np.int64)
        wrong = row[(row < 0) | (row >= self.vocab_size)]
        if len(wrong):
            raise ValueError(f"ids should lie in 0 … {self.vocab_size - 1}, got {wrong[0]}")
        return row, np.concatenate([np.arange(len(piece)) for piece in pieces])


def _one_later(values: np.ndarray) -> np.ndarray:
    """The values moved one place to the right: what stood before a token is its context."""
    return np.concatenate([[-1], values[:-1]]) if len(values) else values
