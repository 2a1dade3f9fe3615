"""Notebook 01: why order matters; from text to numbers; splits that do not leak; counting language models."""

import math
from collections import Counter

import numpy as np

from seqlib.checks.exercise import Case, Exercise

SPECIALS = ["<pad>", "<unk>"]


def _words(rng, n: int) -> list[str]:
    """`n` different invented words of two to four syllables, in no order."""
    syllables = [c + v for c in "bdfgklmnprst" for v in "aeiou"]
    found: dict[str, None] = {}
    while len(found) < n:
        found["".join(rng.choice(syllables, rng.integers(2, 5)))] = None
    return list(found)


# -- 01.words_to_ids -----------------------------------------------------------------------------------------


def _sentences(rng) -> list[Case]:
    words = sorted(_words(rng, 9))
    known, strange = words[:6], words[6:]
    # Falling order in the first sentence, so that the order of appearance is not the alphabet's.
    train = [known[::-1][:4], known[:3], [known[5], known[5]]]
    first = words[0] + "a"
    return [
        Case("every word was seen in training", train=train, new=[[known[2], known[0], known[5]], [known[1]]]),
        Case("two words that were never seen", train=train, new=[[known[4], strange[0], known[3], strange[1]]]),
        Case(
            "an unseen word that comes early in the alphabet",
            train=[known[:0:-1], known[3:]],
            new=[[known[3], first, known[2]], [words[0]]],
        ),
        Case("an empty sentence among others", train=train, new=[[known[1], strange[2]], [], [known[0]]]),
    ]


def _encode(train, new):
    # The id of a word is its rank: how many different training words come before it in the alphabet.
    seen = {word for sentence in train for word in sentence}
    ranked = {word: sum(other < word for other in seen) for word in seen}
    vocabulary = SPECIALS + sorted(ranked, key=ranked.__getitem__)
    return vocabulary, [[ranked[w] + 2 if w in ranked else 1 for w in sentence] for sentence in new]


def _numbered(
    train, new, *, order=lambda words: sorted(set(words)), extra=(), specials_last=False, unknown=1, drop=False, shift=0
):
    """words_to_ids with one thing wrong; what is right by default."""
    kept = order([w for s in [*train, *extra] for w in s])
    vocabulary = kept + SPECIALS if specials_last else SPECIALS + kept
    place = {w: i + shift for i, w in enumerate(vocabulary)}
    unknown = place["<unk>"] if specials_last else unknown
    return vocabulary, [[place.get(w, unknown) for w in s if not drop or w in place] for s in new]


def _encode_known_only(train, new):
    vocabulary, _ = _numbered(train, [])
    place = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [[place[word] for word in sentence] for sentence in new]


def _encode_by_dict(train, new):
    place = {"<pad>": 0, "<unk>": 1}
    for word in sorted(Counter(w for s in train for w in s)):
        place[word] = len(place)
    return list(place), [np.array([place.get(w, 1) for w in s], dtype=int) for s in new]


def _encode_by_search(train, new):
    words = np.unique([w for s in train for w in s])
    ids = []
    for sentence in new:
        at = np.searchsorted(words, np.array(sentence, dtype=words.dtype if not sentence else None))
        hit = [a < len(words) and words[a] == w for a, w in zip(at, sentence, strict=True)]
        ids.append([int(a) + 2 if h else 1 for a, h in zip(at, hit, strict=True)])
    return SPECIALS + words.tolist(), ids


words_to_ids = Exercise(
    name="01.words_to_ids",
    points=3,
    inputs=_sentences,
    oracle=_encode,
    returns=("vocabulary", "ids"),
    mistakes={
        "the words of the new sentences get into the vocabulary too, so that nothing is ever unknown: a leak": lambda train, new: (
            _numbered(train, new, extra=new)
        ),
        "an unknown word gets the id of `<pad>` and would be masked out, not counted as unknown": lambda train, new: (
            _numbered(train, new, unknown=0)
        ),
        "unknown words are left out, so that the sentence gets shorter and its words move together": lambda train, new: (
            _numbered(train, new, drop=True)
        ),
        "`<pad>` and `<unk>` stand at the end of the vocabulary instead of at its start": lambda train, new: _numbered(
            train, new, specials_last=True
        ),
        "the words stand in the order in which they first appear instead of the alphabet's": lambda train, new: (
            _numbered(train, new, order=lambda words: list(dict.fromkeys(words)))
        ),
        "a word that comes several times stands in the vocabulary several times": lambda train, new: _numbered(
            train, new, order=sorted
        ),
        "ids count from 1 instead of 0": lambda train, new: _numbered(train, new, shift=1, unknown=2),
        "an unknown word is looked up as if it were known: `place[word]` fails where "
        "`place.get(word, 1)` does not": _encode_known_only,
        "unknown words get the id -1, which no table of embeddings has": lambda train, new: _numbered(
            train, new, unknown=-1
        ),
    },
    accepts=[_encode_by_dict, _encode_by_search, lambda train, new: _numbered(train, new)],
    hints=[
        "Two steps: first the list of words, made from `train` alone; then a dictionary from word to place.",
        "`sorted({word for sentence in train for word in sentence})` has each training word once, in order. "
        "The two special tokens stand before them.",
        "`place = {word: i for i, word in enumerate(vocabulary)}`; then `place.get(word, 1)` for every "
        "word of every new sentence.",
    ],
    difficulty=2,
    minutes=7,
)


# -- 01.next_token_windows -----------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    def stream(n):
        return rng.permutation(np.arange(3, 60))[:n]

    return [
        Case("three windows of 4, two tokens left over", ids=stream(15), length=4),
        Case("an exact fit: two windows of 5 and one last target", ids=stream(11), length=5),
        Case("one token too few for a third window", ids=stream(9), length=3),
        Case("windows of a single token", ids=stream(6), length=1),
    ]


def _windows(ids, length):
    # By definition: window n holds the tokens n * length + t, its targets those one later, while they exist.
    starts = [s for s in range(0, len(ids), length) if s + length < len(ids)]
    x = [[ids[s + t] for t in range(length)] for s in starts]
    y = [[ids[s + t + 1] for t in range(length)] for s in starts]
    return np.array(x), np.array(y)


def _windows_wrong(kind):
    def wrong(ids, length):
        x, y = _windows(ids, length)
        if kind == "same":
            return x, x.copy()
        if kind == "back":
            return y, x
        if kind == "wrapped":
            return x, np.roll(x, -1, axis=1)
        if kind == "last":
            return x[:-1], y[:-1]
        if kind == "every":
            both = np.lib.stride_tricks.sliding_window_view(ids, length + 1)
            return both[:, :-1], both[:, 1:]
        if kind == "two":
            longer = np.concatenate([ids, ids[-1:]])
            return x, longer[2 : 2 + x.size].reshape(x.shape)
        return x.T, y.T

    return wrong


def _windows_without_target(ids, length):
    count = len(ids) // length
    return ids[: count * length].reshape(count, length), ids[1 : count * length + 1].reshape(count, length)


def _windows_torch(ids, length):
    import torch

    both = torch.as_tensor(ids).unfold(0, length + 1, length)
    return both[:, :-1], both[:, 1:]


def _windows_by_index(ids, length):
    places = length * np.arange((len(ids) - 1) // length)[:, None] + np.arange(length)
    return ids[places], ids[places + 1]


next_token_windows = Exercise(
    name="01.next_token_windows",
    points=3,
    inputs=_streams,
    oracle=_windows,
    returns=("x", "y"),
    mistakes={
        "the targets are the inputs themselves: a model need only copy, and its loss falls to nothing": _windows_wrong(
            "same"
        ),
        "the shift goes the wrong way, and the target is the token before": _windows_wrong("back"),
        "the targets are two steps ahead instead of one": _windows_wrong("two"),
        "each window is rolled round in itself, so that its last target is its own first token": _windows_wrong(
            "wrapped"
        ),
        "the windows are counted in `len(ids)`, so that the last one may lack its last target": _windows_without_target,
        "the last full window is left out": _windows_wrong("last"),
        "a window starts at every token, so that the windows overlap": _windows_wrong("every"),
        "windows run down the columns: x and y are transposed": _windows_wrong("transposed"),
    },
    accepts=[_windows_torch, _windows_by_index],
    hints=[
        "How many windows fit? Each target needs one token more than its input, so count in `len(ids) - 1`.",
        "`count = (len(ids) - 1) // length`. The inputs are the first `count * length` ids, reshaped to "
        "`(count, length)`.",
        "The targets are the same slice, begun and ended one later: `ids[1 : count * length + 1]`.",
    ],
    difficulty=2,
    minutes=7,
)


# -- 01.pad_and_mask -----------------------------------------------------------------------------------------


def _ragged(rng, lengths, low=3) -> list[list[int]]:
    return [rng.integers(low, 40, n).tolist() for n in lengths]


def _sequences(rng) -> list[Case]:
    with_zero = _ragged(rng, (5, 2, 4))
    with_zero[0][2] = with_zero[1][1] = 0
    return [
        Case("three sequences, padded with 0", sequences=_ragged(rng, (2, 5, 3)), pad=0),
        Case("another padding: -100", sequences=_ragged(rng, (4, 1, 3, 6)), pad=-100),
        Case("an empty sequence among others", sequences=_ragged(rng, (3, 0, 4)), pad=1),
        Case("a real token that happens to be the padding's id", sequences=with_zero, pad=0),
        Case("one sequence alone", sequences=_ragged(rng, (4,)), pad=0),
    ]


def _pad(sequences, pad):
    # itertools pads columns; a second pass over the lengths gives the mask.
    from itertools import zip_longest

    columns = list(zip_longest(*sequences, fillvalue=pad))
    real = list(zip_longest(*([True] * len(s) for s in sequences), fillvalue=False))
    return np.array(columns, dtype=int).T, np.array(real, dtype=bool).T


def _pad_left(sequences, pad):
    ids, mask = _pad([s[::-1] for s in sequences], pad)
    return ids[:, ::-1], mask[:, ::-1]


def _pad_long(sequences, pad):
    ids, mask = _pad(sequences, pad)
    return ids, mask | np.roll(mask, 1, axis=1) & (np.arange(mask.shape[1]) > 0)


def _pad_short(sequences, pad):
    steps = min(map(len, sequences))
    ids = np.array([s[:steps] for s in sequences], dtype=int).reshape(len(sequences), steps)
    return ids, np.ones(ids.shape, dtype=bool)


def _pad_torch(sequences, pad):
    import torch

    rows = [torch.tensor(s, dtype=torch.long) for s in sequences]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)
    return ids, torch.arange(ids.shape[1]) < torch.tensor([len(s) for s in sequences])[:, None]


def _pad_by_rows(sequences, pad):
    steps = max(len(s) for s in sequences)
    ids = [list(s) + [pad] * (steps - len(s)) for s in sequences]
    return np.array(ids, dtype=int), np.array([[t < len(s) for t in range(steps)] for s in sequences])


pad_and_mask = Exercise(
    name="01.pad_and_mask",
    points=3,
    inputs=_sequences,
    oracle=_pad,
    returns=("ids", "mask"),
    mistakes={
        "the mask is inverted: True where the padding is": lambda s, p: (_pad(s, p)[0], ~_pad(s, p)[1]),
        "the mask asks whether an id differs from `pad`, so that a real token with that id is masked out": lambda s, p: (
            _pad(s, p)[0],
            _pad(s, p)[0] != p,
        ),
        "the padding stands in front of the sequences instead of behind them": _pad_left,
        "the mask is one step too long: `<=` where `<` belongs": _pad_long,
        "all sequences are cut to the length of the shortest": _pad_short,
        "the padding is 0 whatever `pad` says": lambda s, p: _pad(s, 0),
        "the mask holds the numbers 0 and 1, not False and True": lambda s, p: (
            _pad(s, p)[0],
            _pad(s, p)[1].astype(float),
        ),
    },
    accepts=[_pad_torch, _pad_by_rows],
    hints=[
        "Find the longest length T. Begin with a rectangle (B, T) full of `pad` and a mask full of False.",
        "`ids = np.full((len(sequences), steps), pad)`; then write each sequence into the start of its row.",
        "In a loop `for row, sequence in enumerate(sequences)`: `ids[row, :len(sequence)] = sequence`, and "
        "the same places of the mask become True.",
    ],
    difficulty=2,
    minutes=7,
)


# -- 01.masked_mean ------------------------------------------------------------------------------------------


def _masked(rng, lengths, steps, filler=None):
    mask = np.arange(steps)[None, :] < np.array(lengths)[:, None]
    values = rng.uniform(0.5, 2.0, mask.shape) * rng.choice([-1.0, 1.0, 1.0], mask.shape)
    values[~mask] = rng.uniform(3, 5, (~mask).sum()) if filler is None else filler
    return {"values": values, "mask": mask}


def _means(rng) -> list[Case]:
    holes = _masked(rng, (5, 5, 5, 5), 5)
    holes["mask"] = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 0, 1]], dtype=bool)
    return [
        Case("three sequences of different lengths", **_masked(rng, (2, 4, 3), 5)),
        Case("no padding at all", **_masked(rng, (3, 3), 3)),
        Case("a single real step", **_masked(rng, (1, 6), 6)),
        Case("gaps within the sequences", **holes),
        Case("padding that holds NaN", **_masked(rng, (4, 2, 3), 4, filler=np.nan)),
    ]


def _masked_mean(values, mask):
    # Row by row, choosing the real steps and asking NumPy for their mean.
    return np.array([np.mean(row[real]) for row, real in zip(values, mask, strict=True)])


def _masked_mean_torch(values, mask):
    import torch

    values, mask = torch.as_tensor(values), torch.as_tensor(mask)
    return values.masked_fill(~mask, 0).sum(dim=1) / mask.sum(dim=1)


masked_mean = Exercise(
    name="01.masked_mean",
    points=3,
    inputs=_means,
    oracle=_masked_mean,
    mistakes={
        "the sum of the real steps is divided by T, as if the padding were steps too": lambda v, m: (
            np.where(m, v, 0).sum(axis=1) / v.shape[1]
        ),
        "the padding is averaged in: the mask is not used": lambda v, m: v.mean(axis=1),
        "the padding is multiplied by zero instead of left out: zero times NaN is NaN": lambda v, m: (
            (v * m).sum(axis=1) / m.sum(axis=1)
        ),
        "the mean runs over the batch, one for each step, instead of over the steps of each sequence": lambda v, m: (
            np.where(m, v, 0).sum(axis=0) / m.sum(axis=0)
        ),
        "the mask is used the wrong way round, and the mean is that of the padding": lambda v, m: (
            np.where(m, 0, v).sum(axis=1) / (~m).sum(axis=1)
        ),
        "the sums are not divided: longer sequences get larger values": lambda v, m: np.where(m, v, 0).sum(axis=1),
        "there is one mean for the whole batch instead of one for each sequence": lambda v, m: v[m].mean(),
    },
    accepts=[
        _masked_mean_torch,
        lambda values, mask: np.nanmean(np.where(mask, values, np.nan), axis=1),
        lambda values, mask: np.einsum("bt,bt->b", np.nan_to_num(values), mask / mask.sum(1, keepdims=True)),
    ],
    hints=[
        "Two sums over the steps (axis 1): of the real values, and of the mask, which counts them.",
        "Padding may hold anything, NaN too, and NaN · 0 is NaN. So choose: `np.where(mask, values, 0)`.",
        "`np.where(mask, values, 0).sum(axis=1)` over `mask.sum(axis=1)`.",
    ],
    difficulty=2,
    minutes=5,
)


# -- 01.leak_free_split --------------------------------------------------------------------------------------


def _messages(rng) -> list[Case]:
    def words(n):
        return sorted(_words(rng, n), reverse=True)  # falling, so that sorting moves every one of them

    # A few texts more at the front, another number each time, so that remembered places are wrong the next time.
    lead = [words(int(n)) for n in rng.permutation(4)]
    a, b, c, d = words(9), words(6), words(10), words(4)
    again = [a[0], a[1], a[2], a[1], a[3], a[4], a[0], a[5], a[6], a[2], a[7], a[8], a[3]]
    return [
        Case("repeats on both sides of the cut", texts=lead[0] + again, fraction=0.5),
        Case("no repeats at all", texts=lead[1] + b, fraction=0.75),
        Case("one text sent again and again", texts=[*lead[2], *c[:2], c[0], c[0], *c[2:], c[0]], fraction=0.625),
        Case("every text twice, at once", texts=lead[3] + [w for w in d for _ in range(2)], fraction=0.5),
    ]


def _split(texts, fraction):
    # NumPy tells where each different text stands first; in the order of time those are what is kept.
    _, first = np.unique(texts, return_index=True)
    kept = np.sort(first)
    cut = math.floor(fraction * len(kept))
    return kept[:cut], kept[cut:]


def _split_of(kept, fraction):
    kept = np.array(kept, dtype=int)
    return kept[: int(len(kept) * fraction)], kept[int(len(kept) * fraction) :]


def _split_each(texts, fraction):
    train, test = _split_of(range(len(texts)), fraction)
    return tuple(
        np.array([p[[texts[j] for j in p].index(t)] for t in dict.fromkeys(texts[j] for j in p)]) for p in (train, test)
    )


def _split_early_cut(texts, fraction):
    kept, cut = np.sort(np.unique(texts, return_index=True)[1]), int(len(texts) * fraction)
    return kept[kept < cut], kept[kept >= cut]


def _split_backwards(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = len(kept) - int(len(kept) * fraction)
    return kept[cut:], kept[:cut]


def _split_by_set(texts, fraction):
    seen, kept = set(), []
    for place, text in enumerate(texts):
        if text not in seen:
            seen.add(text)
            kept.append(place)
    return kept[: int(fraction * len(kept))], kept[int(fraction * len(kept)) :]


leak_free_split = Exercise(
    name="01.leak_free_split",
    points=3,
    inputs=_messages,
    oracle=_split,
    returns=("train", "test"),
    mistakes={
        "repeats are not removed: a text of the test set stands in the training set too": lambda texts, fraction: (
            _split_of(range(len(texts)), fraction)
        ),
        "repeats are removed after the cut, in each part by itself: the same text still stands on both sides": _split_each,
        "the last copy of each text is kept instead of the first": lambda texts, fraction: _split_of(
            sorted({t: i for i, t in enumerate(texts)}.values()), fraction
        ),
        "the texts come back in the order of the alphabet, as `np.unique` gives them: time is lost": lambda texts, fraction: (
            _split_of(np.unique(texts, return_index=True)[1], fraction)
        ),
        "training happens on the future and testing on the past": _split_backwards,
        "the cut is counted while the repeats are still there: without them the parts are uneven": _split_early_cut,
    },
    accepts=[
        _split_by_set,
        lambda texts, f: _split_of([i for i, t in enumerate(texts) if t not in texts[:i]], f),
    ],
    hints=[
        "First make the list of places to keep: those whose text did not come before. Then cut that list.",
        "Go through `enumerate(texts)` with a set of what was seen; keep a place when its text is new.",
        "`cut = int(len(kept) * fraction)`; the two parts are `kept[:cut]` and `kept[cut:]`.",
    ],
    difficulty=2,
    minutes=6,
)


# -- 01.bigram_probabilities ---------------------------------------------------------------------------------


def _texts(rng) -> list[Case]:
    def ids(n, v):
        body = rng.integers(0, v - 1, n)  # the last id never comes: a context that was never seen
        return np.concatenate([[0, 1, 0, 1], body, [1]])

    return [
        Case("a text of 31 tokens, one added to each count", ids=ids(26, 5), vocab_size=5, alpha=1.0),
        Case("a little added: alpha = 0.1", ids=ids(35, 4), vocab_size=4, alpha=0.1),
        Case(
            "a text that repeats itself", ids=np.array([2, 3] * int(rng.integers(5, 9)) + [0]), vocab_size=6, alpha=0.5
        ),
        Case("one token alone: no pair was seen", ids=rng.integers(0, 3, 1), vocab_size=3, alpha=2.0),
    ]


def _bigram(ids, vocab_size, alpha):
    # Entry by entry, as the definition reads.
    ids = np.asarray(ids).tolist()
    pairs, firsts = Counter(zip(ids[:-1], ids[1:], strict=True)), Counter(ids[:-1])
    return np.array(
        [
            [(pairs[i, j] + alpha) / (firsts[i] + alpha * vocab_size) for j in range(vocab_size)]
            for i in range(vocab_size)
        ]
    )


def _pair_counts(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _normalised(counts, alpha, axis=1):
    counts = counts + alpha
    return counts / counts.sum(axis=axis, keepdims=axis is not None)


def _counted_once(ids, v, alpha):
    counts = np.zeros((v, v))
    counts[ids[:-1], ids[1:]] += 1
    return _normalised(counts, alpha)


def _bigram_one_hot(ids, vocab_size, alpha):
    one_hot = np.eye(vocab_size)[ids]
    return _normalised(one_hot[:-1].T @ one_hot[1:], alpha)


def _bigram_torch(ids, vocab_size, alpha):
    import torch

    ids = torch.as_tensor(ids)
    counts = torch.bincount(ids[:-1] * vocab_size + ids[1:], minlength=vocab_size**2).double()
    counts = counts.reshape(vocab_size, vocab_size) + alpha
    return counts / counts.sum(dim=1, keepdim=True)


def _bigram_loop(ids, vocab_size, alpha):
    rows = [[alpha] * vocab_size for _ in range(vocab_size)]
    for a, b in zip(ids[:-1], ids[1:], strict=True):
        rows[a][b] += 1
    return [[c / sum(row) for c in row] for row in rows]


bigram_probabilities = Exercise(
    name="01.bigram_probabilities",
    points=4,
    inputs=_texts,
    oracle=_bigram,
    mistakes={
        "a pair that comes several times is counted once: `counts[a, b] += 1` on arrays adds one to each "
        "place, not one for each pair": _counted_once,
        "rows and columns are swapped: this is the probability of the token before given the token after": lambda ids, v, a: (
            _normalised(_pair_counts(ids, v).T, a)
        ),
        "each column sums to one instead of each row: the division runs over the wrong axis": lambda ids, v, a: (
            _normalised(_pair_counts(ids, v), a, axis=0)
        ),
        "the sums of the rows divide the columns: `keepdims=True` is missing from the sum": lambda ids, v, a: (
            (_pair_counts(ids, v) + a) / (_pair_counts(ids, v) + a).sum(axis=1)
        ),
        "all entries together sum to one: the probability of the pair, not of the second given the first": lambda ids, v, a: (
            _normalised(_pair_counts(ids, v), a, axis=None)
        ),
        "alpha is added above the line and not below it, so that no row sums to one": lambda ids, v, a: (
            (_pair_counts(ids, v) + a) / _pair_counts(ids, v).sum(axis=1, keepdims=True)
        ),
        "alpha is added below the line once instead of V times": lambda ids, v, a: (
            (_pair_counts(ids, v) + a) / (_pair_counts(ids, v).sum(1, keepdims=True) + a)
        ),
        "the smoothing is left out: what was never seen gets probability 0, or 0 / 0": lambda ids, v, a: _normalised(
            _pair_counts(ids, v), 0
        ),
        "the text is read as a circle, its last token followed by its first": lambda ids, v, a: _normalised(
            _pair_counts(np.append(ids, ids[0]), v), a
        ),
        "one is added to each count whatever alpha says": lambda ids, v, a: _normalised(_pair_counts(ids, v), 1.0),
    },
    accepts=[_bigram_one_hot, _bigram_torch, _bigram_loop],
    hints=[
        "Three steps: a (V, V) table of zeros; count the pairs of `ids[:-1]` and `ids[1:]`; add alpha and "
        "divide each row.",
        "`for i, j in zip(ids[:-1], ids[1:]): counts[i, j] += 1` counts every pair. (On arrays, "
        "`np.add.at(counts, (ids[:-1], ids[1:]), 1)` does the same.)",
        "With `smoothed = counts + alpha`, each row divided by its own sum: "
        "`smoothed / smoothed.sum(axis=1, keepdims=True)`.",
    ],
    difficulty=3,
    minutes=10,
)


# -- 01.units ------------------------------------------------------------------------------------------------


def _totals(rng) -> list[Case]:
    tokens, chars = int(rng.integers(40, 90)), int(rng.integers(300, 500))
    return [
        Case("words: several characters each", nats=tokens * rng.uniform(4, 6), tokens=tokens, chars=chars),
        Case("characters: as many tokens as characters", nats=chars * rng.uniform(1.2, 1.8), tokens=chars, chars=chars),
        Case("a fair coin: ln 2 nats for each of 10 tosses", nats=10 * math.log(2), tokens=10, chars=10),
        Case("bytes: more tokens than characters", nats=700 * rng.uniform(0.6, 0.9), tokens=700, chars=chars),
    ]


def _units(nats, tokens, chars):
    # From a probability: p is what the model gives a token, in the geometric mean.
    p = math.exp(-nats / tokens)
    return -math.log(p), 1 / p, -math.log2(p) * tokens / chars


units = Exercise(
    name="01.units",
    points=3,
    inputs=_totals,
    oracle=_units,
    returns=("nats_per_token", "perplexity", "bits_per_char"),
    mistakes={
        "the perplexity is 2 to a power in nats: the base must be the one of the logarithm": lambda n, t, c: (
            n / t,
            2 ** (n / t),
            n / math.log(2) / c,
        ),
        "the last number is nats per character: a bit is ln 2 nats": lambda n, t, c: (n / t, math.exp(n / t), n / c),
        "nats are multiplied by ln 2, where they should be divided by it": lambda n, t, c: (
            n / t,
            math.exp(n / t),
            n * math.log(2) / c,
        ),
        "the last number is bits per token: the division is by tokens, not by characters": lambda n, t, c: (
            n / t,
            math.exp(n / t),
            n / math.log(2) / t,
        ),
        "everything is per character: perplexity is per token": lambda n, t, c: (
            n / c,
            math.exp(n / c),
            n / math.log(2) / c,
        ),
        "the perplexity is taken per character, while the nats are per token": lambda n, t, c: (
            n / t,
            math.exp(n / c),
            n / math.log(2) / c,
        ),
        "the sign of the exponent is turned round: this is a probability per token, not a perplexity": lambda n, t, c: (
            n / t,
            math.exp(-n / t),
            n / math.log(2) / c,
        ),
    },
    accepts=[
        lambda nats, tokens, chars: (nats / tokens, np.exp(nats / tokens), nats * np.log2(np.e) / chars),
        lambda n, tokens, chars: [n / tokens, 2 ** (n / tokens / math.log(2)), n / chars / math.log(2)],
    ],
    hints=[
        "Everything starts from the total. Per token: divide it by `tokens`. Per character: by `chars`.",
        "Perplexity is e to the nats per token. One bit is ln 2 = 0.693 nats, so bits are more than nats.",
        "`nats / tokens`, `np.exp(nats / tokens)`, `nats / np.log(2) / chars`.",
    ],
    minutes=4,
)


# -- 01.token_nll --------------------------------------------------------------------------------------------


def _scored(rng, *batches):
    """{log_probs, masks} for batches given as (lengths, steps)."""
    masks = [np.arange(steps)[None, :] < np.array(lengths)[:, None] for lengths, steps in batches]
    return {"log_probs": [rng.uniform(-4, -0.5, m.shape) for m in masks], "masks": masks}


def _scores(rng) -> list[Case]:
    return [
        Case("a batch of long and a batch of short sentences", **_scored(rng, ((7, 5, 6), 7), ((1, 2), 3))),
        Case("one batch alone", **_scored(rng, ((4, 1, 3, 2), 5))),
        Case("three batches, the last one small", **_scored(rng, ((4, 3), 4), ((6, 2), 6), ((1,), 2))),
        Case("no padding, batches alike: every kind of mean agrees", **_scored(rng, ((3, 3), 3), ((3, 3), 3))),
    ]


def _token_nll(log_probs, masks):
    # All real tokens in one long row, and its mean.
    return -np.mean(np.concatenate([lp[m] for lp, m in zip(log_probs, masks, strict=True)]))


def _mean_of(parts):
    return float(np.mean(parts))


def _both(function):
    return lambda log_probs, masks: function(list(zip(log_probs, masks, strict=True)))


def _token_nll_torch(log_probs, masks):
    import torch

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


token_nll = Exercise(
    name="01.token_nll",
    points=4,
    inputs=_scores,
    oracle=_token_nll,
    mistakes={
        "each batch is averaged first and the means are averaged then: tokens of a small batch weigh more": _both(
            lambda pairs: _mean_of([-lp[m].mean() for lp, m in pairs])
        ),
        "each sentence is averaged first: tokens of a short sentence weigh more": _both(
            lambda pairs: _mean_of([-row[r].mean() for lp, m in pairs for row, r in zip(lp, m, strict=True)])
        ),
        "the padding counts as tokens: the sum is right, the number it is divided by is not": _both(
            lambda pairs: -sum(lp[m].sum() for lp, m in pairs) / sum(m.size for _, m in pairs)
        ),
        "the padding is averaged in, above and below the line": _both(
            lambda pairs: -_mean_of(np.concatenate([lp.ravel() for lp, _ in pairs]))
        ),
        "the minus sign is missing: a likelihood is to be made large, its negative logarithm small": _both(
            lambda pairs: _mean_of(np.concatenate([lp[m] for lp, m in pairs]))
        ),
        "the sum is not divided by the number of tokens": _both(lambda pairs: -sum(lp[m].sum() for lp, m in pairs)),
        "only the last batch is counted: the totals start again with each batch": _both(
            lambda pairs: -_mean_of(pairs[-1][0][pairs[-1][1]])
        ),
        "the sum is divided by the number of sentences: this is nats per sentence": _both(
            lambda pairs: -sum(lp[m].sum() for lp, m in pairs) / sum(len(m) for _, m in pairs)
        ),
    },
    accepts=[_token_nll_torch, _token_nll_loop],
    hints=[
        "Keep two running totals over all batches: nats, and tokens. Divide once, at the end.",
        "`log_probs[i][masks[i]]` picks the real tokens of a batch.",
        "`total -= log_prob[mask].sum()` and `tokens += mask.sum()` in a loop over `zip(log_probs, masks)`; "
        "then `total / tokens`.",
    ],
    difficulty=2,
    minutes=6,
)


EXERCISES = [
    words_to_ids, next_token_windows, pad_and_mask, masked_mean, leak_free_split, bigram_probabilities, units,
    token_nll,
]  # fmt: skip
