"""From texts and series to the arrays that a model reads: vocabulary, splits, windows, padding, batches.

Everything here takes and returns NumPy, except the samplers, which hand out torch tensors for training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

import numpy as np

from seqlib import expect

PAD, UNK = "<pad>", "<unk>"


class Vocabulary:
    """A numbering of tokens: `tokens[i]` is the token with the id i.

    Build one with `Vocabulary.build(training_sentences)`, or give the list of tokens itself, which is also
    what to save (`json.dump(vocabulary.tokens, …)`). ValueError if a token comes twice.
    """

    def __init__(self, tokens: Iterable[str]):
        try:
            self.tokens = list(tokens)
            hash(tuple(self.tokens))
        except TypeError:
            raise ValueError(f"tokens should be an iterable of strings, got {expect.shown(tokens)}") from None
        # Whether these are words, apart from marks such as <pad> and [MASK]: then a text must be split first.
        self._words = any(isinstance(t, str) and len(t) > 1 and t[0] + t[-1] not in ("<>", "[]") for t in self.tokens)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            twice = next(token for token, count in Counter(self.tokens).items() if count > 1)
            raise ValueError(f"a vocabulary should hold each token once, but {twice!r} comes twice")

    @classmethod
    def build(
        cls, sequences: Iterable[Iterable[str]], *, min_count: int = 1, specials: Sequence[str] = (PAD, UNK)
    ) -> Vocabulary:
        """The tokens of the *training* sequences: the specials first, then by falling count, then by name.

        `sequences`: lists of tokens; a string counts as a sequence of characters. Tokens seen fewer than
        `min_count` times are left out. Never build it from test data: what the test set alone contains
        must be unknown to the model, as it will be in use.
        """
        expect.whole(min_count, "min_count", 0)
        if isinstance(sequences, (str, bytes)):
            raise ValueError(f"sequences should be lists or strings, got one text {expect.shown(sequences)}")
        try:
            counts = Counter(token for sequence in sequences for token in sequence)
        except TypeError:
            raise ValueError(f"sequences should be lists of tokens or texts, got {expect.shown(sequences)}") from None
        for special in specials:
            counts.pop(special, None)
        kept = [token for token, count in counts.items() if count >= min_count]
        return cls([*specials, *sorted(kept, key=lambda token: (-counts[token], token))])

    @property
    def size(self) -> int:
        """How many tokens there are, the specials among them: V."""
        return len(self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.tokens == other.tokens

    __hash__ = None

    def __repr__(self) -> str:
        return f"Vocabulary({self.size} tokens: {', '.join(map(repr, self.tokens[:6]))}, …)"

    def id(self, token: str) -> int:
        """The id of one token, that of <unk> if it is not here; ValueError if there is no <unk> either."""
        try:
            found = self._ids.get(token, self._ids.get(UNK))
        except TypeError:
            raise ValueError(f"a token should be a text, got {expect.shown(token)}") from None
        if found is None:
            raise ValueError(f"{token!r} is not in this vocabulary of {self.size} tokens, which has no {UNK}")
        return found

    def encode(self, sequence: Iterable[str]) -> np.ndarray:
        """The ids of the tokens of one sequence, int64 (T,); unknown tokens as in `id`."""
        if self._words and isinstance(sequence, (str, bytes)):
            expect.words(sequence, "a sequence for a vocabulary of words")
        if not hasattr(sequence, "__iter__"):
            raise ValueError(f"a sequence should be a list of tokens or a text, got {expect.shown(sequence)}")
        return np.array([self.id(token) for token in sequence], dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tokens of these ids, a list (`"".join(…)` for characters). ValueError for an unknown id."""
        ids = expect.ids(ids)
        wrong = next((i for i in ids if not 0 <= i < self.size), None)
        if wrong is not None:
            raise ValueError(f"ids should lie in 0 … {self.size - 1}, got {wrong}")
        return [self.tokens[i] for i in ids]


def encode_chars(text: str, vocabulary: Vocabulary | None = None) -> tuple[np.ndarray, Vocabulary]:
    """A text as the ids of its characters, int64 (T,), and the vocabulary used.

    Without a vocabulary, the sorted characters of this text are taken, with no specials: give the training
    text first, then its vocabulary for the others. ValueError for a character that the vocabulary lacks.
    """
    expect.text(text, "text")
    vocabulary = Vocabulary(sorted(set(text))) if vocabulary is None else vocabulary
    return vocabulary.encode(text), vocabulary


def split_in_time(sequence, fractions: Sequence[float] = (0.9, 0.1), *, gap: int = 0) -> tuple:
    """Cut one sequence (text, list or array) into consecutive pieces: the past to train, the future to test.

    The cuts are at int(T * sum of the fractions so far). `gap` items after each cut belong to nobody: as
    long as a window, it keeps windows of one piece from sharing items with those of the next.
    ValueError if the fractions are not positive or do not sum to one, or if a piece comes out empty.
    """
    expect.whole(gap, "gap", 0)
    cuts = _cuts(len(sequence), fractions)
    starts = [0] + [cut + gap for cut in cuts[:-1]]
    pieces = tuple(sequence[start:stop] for start, stop in zip(starts, cuts, strict=True))
    if any(len(piece) == 0 for piece in pieces):
        raise ValueError(f"{len(sequence)} items are too few for fractions {tuple(fractions)} and gap {gap}")
    return pieces


def _cuts(length: int, fractions: Sequence[float]) -> list[int]:
    """Where each piece ends, the last one at `length`."""
    try:
        fit = min(fractions, default=0) > 0 and abs(sum(fractions) - 1) <= 1e-9
    except TypeError:
        fit = False
    if not fit:
        raise ValueError(f"fractions should be positive numbers that sum to one, got {expect.shown(fractions)}")
    # Rounding first: 0.7 + 0.2 is 0.8999999999999999, and int() alone would lose an item by it.
    return [int(round(length * total, 6)) for total in np.cumsum(fractions)[:-1]] + [length]


def split_groups(
    items: Sequence,
    fractions: Sequence[float],
    rng: np.random.Generator,
    *,
    groups: Sequence[Hashable] | None = None,
    dedupe: bool = True,
) -> tuple[np.ndarray, ...]:
    """Split at random so that nothing leaks: duplicates removed first, each group on one side only.

    `items`: strings, numbers, lists of tokens or arrays; of equal ones only the first is kept (with
    dedupe=False they are kept, and stay together). `groups`: for each item, what must not be divided (its
    speaker, its author); the fractions then count groups, not items.

    Returns one int64 array of indices into `items` for each fraction, ascending.
    ValueError if the fractions are not positive or do not sum to one, or the lengths differ.
    """
    expect.generator(rng)
    expect.several(items, "items")
    if groups is not None and len(groups) != len(items):
        raise ValueError(f"groups should have one entry per item, {len(items)} of them, got {len(groups)}")
    keys = [_key(item) for item in items]
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    kept = sorted(first.values()) if dedupe else range(len(items))
    members: dict[Hashable, list[int]] = {}
    for i in kept:
        members.setdefault(keys[i] if groups is None else groups[i], []).append(i)
    blocks = list(members.values())
    order = rng.permutation(len(blocks))
    cuts = _cuts(len(blocks), fractions)
    parts = (order[start:stop] for start, stop in zip([0, *cuts[:-1]], cuts, strict=True))
    return tuple(np.array(sorted(i for b in part for i in blocks[b]), dtype=np.int64) for part in parts)


def _key(item) -> Hashable:
    """Something hashable that is equal for equal items."""
    if isinstance(item, np.ndarray):
        return (item.shape, str(item.dtype), item.tobytes())
    return tuple(item) if isinstance(item, list) else item


def shifted_windows(ids, length: int, *, stride: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Windows of `length` ids and, as targets, the same windows one step later: y[n, t] = x[n, t + 1].

    `ids`: (T,). Windows start every `stride` ids, by default every `length`, so that each target comes
    once; what does not fill a last window is left out. Returns x and y, both (N, length).
    ValueError if there is not even one window, which needs length + 1 ids.
    """
    ids = np.asarray(ids)
    expect.wholes(length=length, stride=length if stride is None else stride)
    stride = length if stride is None else stride
    if ids.ndim != 1 or length < 1 or stride < 1 or len(ids) < length + 1:
        raise ValueError(
            f"expected a one-dimensional array of at least length + 1 ids, length and stride at least 1; "
            f"got shape {ids.shape}, length {length}, stride {stride}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::stride]
    return windows[:, :-1].copy(), windows[:, 1:].copy()


def pad_batch(
    sequences: Sequence[Sequence[int]], pad: int = 0, length: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences of different lengths as one rectangle, padded at the end.

    Returns ids, int64 (B, T); mask, bool (B, T), True where a real item stands; lengths, int64 (B,).
    T is the longest length, or `length`; targets are padded with pad=-100, which cross entropy leaves out.
    ValueError if a sequence is longer than `length`, or if there are none.
    """
    sequences = [_ids(sequence) for sequence in expect.several(sequences, "sequences")]
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    if len(lengths) == 0:
        raise ValueError("expected at least one sequence, got none")
    expect.whole(pad, "pad")
    steps = int(lengths.max()) if length is None else expect.whole(length, "length", 0)
    if lengths.max() > steps:
        raise ValueError(f"expected sequences of at most length = {steps} items, got one of {lengths.max()}")
    mask = np.arange(steps)[None, :] < lengths[:, None]
    ids = np.full(mask.shape, pad, dtype=np.int64)
    if mask.any():
        ids[mask] = np.concatenate([sequence for sequence in sequences if len(sequence)])
    return ids, mask, lengths


def _ids(sequence) -> np.ndarray:
    """Whole numbers (T,); nothing is cut to be one."""
    try:
        ids = np.asarray(sequence)
    except ValueError:
        ids = np.empty((0, 0))
    if ids.ndim != 1 or (len(ids) and ids.dtype.kind not in "iub"):
        raise ValueError(f"expected ids, a sequence of whole numbers, got {expect.shown(sequence)}")
    return ids


def batches(*arrays, batch_size: int) -> Iterator[tuple]:
    """The rows of the arrays in order, as tuples of torch tensors, the last one shorter: for evaluation."""
    tensors, count = _tensors(arrays, batch_size)
    for start in range(0, count, batch_size):
        yield tuple(tensor[start : start + batch_size] for tensor in tensors)


def sampler(*arrays, batch_size: int, seed: int = 0) -> Callable[[int], tuple]:
    """Shuffled training batches: a function from the step to a tuple of torch tensors, one for each array.

    It keeps no state, so step 500 is the same batch whether or not steps 0 … 499 were asked for, and a run
    can be taken up again. Each epoch has its own order, drawn from (seed, epoch). Each row comes once in
    each epoch; where an epoch ends within a batch, the next epoch fills it, so all batches have the same
    size. ValueError if the arrays have no rows or different numbers of them.
    """
    import torch

    tensors, count = _tensors(arrays, batch_size)
    expect.whole(seed, "seed", 0)
    last: dict[int, np.ndarray] = {}

    def order(epoch: int) -> np.ndarray:
        if epoch not in last:
            while len(last) > 1:  # two are in use where a batch spans two epochs
                last.pop(next(iter(last)), None)
            last[epoch] = np.random.default_rng([seed, epoch]).permutation(count)
        return last[epoch]

    def batch(step: int) -> tuple:
        expect.whole(step, "step", 0)
        places = np.arange(step * batch_size, (step + 1) * batch_size)
        epochs = places // count
        rows = [order(epoch)[places[epochs == epoch] % count] for epoch in range(epochs[0], epochs[-1] + 1)]
        rows = torch.from_numpy(np.concatenate(rows))
        return tuple(tensor[rows] for tensor in tensors)

    return batch


def _tensors(arrays, batch_size: int) -> tuple[list, int]:
    """The arrays as torch tensors, and their common number of rows."""
    import torch

    expect.whole(batch_size, "batch_size")
    try:
        tensors = [torch.as_tensor(array) for array in arrays]
        sizes = {len(tensor) for tensor in tensors}
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"expected arrays of numbers with rows, got {[expect.shown(a) for a in arrays]}") from None
    if len(sizes) != 1 or 0 in sizes or batch_size < 1:
        raise ValueError(
            f"expected arrays with the same number of rows, at least one, and batch_size at least 1; "
            f"got {[tuple(tensor.shape) for tensor in tensors]} and batch_size {batch_size}"
        )
    return tensors, sizes.pop()


def text_sampler(ids, length: int, batch_size: int, seed: int = 0) -> Callable[[int], tuple]:
    """Windows from random places of one long sequence: a function from the step to torch tensors (x, y).

    `ids`: (T,), also an array on the disk (np.memmap), of which only the windows are read. x and y are int64
    (batch_size, length), y one step later: y[:, t] = x[:, t + 1]. No state: the places are drawn from (seed, step).
    ValueError if ids has fewer than length + 1 items or holds anything but whole numbers.
    """
    import torch

    ids = _checked_ids(ids, length, batch_size, needed=length + 1)
    expect.whole(seed, "seed", 0)

    def batch(step: int) -> tuple:
        expect.whole(step, "step", 0)
        starts = np.random.default_rng([seed, step]).integers(0, len(ids) - length, batch_size)
        windows = torch.from_numpy(ids[starts[:, None] + np.arange(length + 1)].astype(np.int64, copy=False))
        return windows[:, :-1].contiguous(), windows[:, 1:].contiguous()

    return batch


def carried_sampler(ids, length: int, batch_size: int) -> Callable[[int], tuple]:
    """Windows that continue one another, for a state carried from batch to batch (truncated BPTT).

    The sequence is cut into batch_size equal rows; step k gives the k-th window of each row, so row b of one
    batch goes on where row b of the one before ended. After the last window it starts again.
    Returns a function from the step to torch tensors (x, y, is_first): x and y int64 (batch_size, length),
    y one step later; is_first bool (batch_size,), True where a row begins and the state must be zero.
    No state is kept. ValueError if ids has fewer than batch_size * length + 1 items.
    """
    import torch

    expect.wholes(length=length, batch_size=batch_size)
    ids = _checked_ids(ids, length, batch_size, needed=batch_size * length + 1)
    windows = (len(ids) - 1) // batch_size // length
    row = windows * length
    rows = np.arange(batch_size)[:, None] * row

    def batch(step: int) -> tuple:
        start = expect.whole(step, "step", 0) % windows * length
        found = torch.from_numpy(ids[rows + start + np.arange(length + 1)].astype(np.int64, copy=False))
        return found[:, :-1].contiguous(), found[:, 1:].contiguous(), torch.full((batch_size,), start == 0)

    return batch


def _checked_ids(ids, length: int, batch_size: int, needed: int) -> np.ndarray:
    """The ids as an array of whole numbers (T,), long enough; a file that is mapped stays on the disk."""
    expect.wholes(length=length, batch_size=batch_size)
    ids = ids if isinstance(ids, np.ndarray) else np.asarray(ids)
    if ids.ndim != 1 or len(ids) < needed or ids.dtype.kind not in "iu":
        raise ValueError(
            f"expected a one-dimensional array of at least {needed} ids, whole numbers; "
            f"got shape {ids.shape} of {ids.dtype}, length {length}, batch_size {batch_size}"
        )
    return ids
