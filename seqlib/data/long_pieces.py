"""Merging in a piece too long to be read through at every merge: a text without a space, a genome, a line of base64."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np


class Chain:
    """A long piece as a linked list that knows where each pair stands: a merge costs what it changes, not a reading."""

    def __init__(self, ids: Sequence[int]):
        self.ids, self.places = list(ids), defaultdict(list)
        self.before, self.after = list(range(-1, len(ids) - 1)), [*range(1, len(ids)), -1]
        for i, pair in enumerate(pairwise(ids)):
            self.places[pair].append(i)

    def __iter__(self):
        return (i for i in self.ids if i >= 0)

    def merge(self, pair: tuple[int, int], new: int) -> list[tuple[tuple[int, int], int]]:
        """As `merge_with_changes` does it, from left to right, in place; returns the changes of the counts."""
        (left, right), ids, before, after, changes = pair, self.ids, self.before, self.after, []
        for i in sorted(set(self.places.pop(pair, ()))):
            j = after[i]
            if j < 0 or ids[i] != left or ids[j] != right:
                continue  # one of the two has been merged since
            p, k = before[i], after[j]
            if p >= 0:
                changes += [((ids[p], left), -1), ((ids[p], new), 1)]
                self.places[ids[p], new].append(p)
            if k >= 0:
                changes += [((right, ids[k]), -1), ((new, ids[k]), 1)]
                self.places[new, ids[k]].append(i)
                before[k] = i
            ids[i], ids[j], after[i] = new, -1, k
        return changes


class Ranks:
    """The merges of an encoding as arrays, to look many pairs up at once. The n-th merge makes the id first + n."""

    def __init__(self, merges: Sequence[tuple[int, int]], first: int):
        self.merges, self.first, self.size = merges, first, first + len(merges)
        keys = np.array([a * self.size + b for a, b in merges], dtype=np.int64)
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]

    def of(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Which merge each pair is, -1 for none; ids below 0 are none."""
        keys = np.where((left >= 0) & (right >= 0), left * self.size + right, -1)
        found = np.searchsorted(self.keys, keys).clip(max=max(0, len(self.keys) - 1))
        return np.where(self.keys[found] == keys, self.order[found], -1) if len(self.keys) else np.full(len(keys), -1)


def merge_long(ids: Sequence[int], ranks: Ranks) -> list[int]:
    """Merge the pair learned earliest, from left to right, until none is left: all its places at once.

    A new pair holds the token just made, so it was learned later: each merge is gone through once, in order.
    """
    end = len(ids)  # one place more, -1: what stands before the first and after the last
    tokens, after, before = np.array([*ids, -1]), np.arange(1, end + 2), np.arange(-1, end)
    after[end], before[0] = end, end
    waiting: dict[int, list[np.ndarray]] = {}
    heap: list[int] = []

    def put(places: np.ndarray) -> None:
        """Note at which places which merge waits."""
        which = ranks.of(tokens[places], tokens[after[places]])
        order = np.argsort(which, kind="stable")
        which, places = which[order], places[order]
        starts = np.flatnonzero(np.diff(which, prepend=-1))
        for rank, here in zip(which[starts].tolist(), np.split(places, starts)[1:], strict=True):
            if rank not in waiting:
                heappush(heap, rank)
            waiting.setdefault(rank, []).append(here)

    put(np.arange(end))
    heapify(heap)
    while heap:
        rank = heappop(heap)
        left, right = ranks.merges[rank]
        at = np.unique(np.concatenate(waiting.pop(rank)))
        at = at[(tokens[at] == left) & (tokens[after[at]] == right)]
        if left == right:
            at = _every_other(at, after)
        gone = after[at]
        following = after[gone]
        tokens[at], tokens[gone] = ranks.first + rank, -1
        after[at], before[following] = following, at
        before[end], after[end] = before[0], end
        earlier = before[at]
        put(np.unique(np.concatenate([earlier[earlier != end], at])))
    return tokens[tokens >= 0].tolist()


def _every_other(at: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Of equal tokens in a row, "aaa", the first two make a pair, not the last two as well."""
    if len(at) < 2:
        return at
    index = np.arange(len(at))
    begins = np.concatenate([[True], after[at[:-1]] != at[1:]])
    return at[(index - np.maximum.accumulate(np.where(begins, index, 0))) % 2 == 0]
