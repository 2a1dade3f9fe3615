"""Notebook 01: why order matters; from text to numbers; splits that do not leak; counting language models."""

import math
from collections import Counter
from itertools import zip_longest

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips

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
    # `sorted` puts "." and digits before the special tokens' "<", and capitals before small letters.
    mixed = [[known[1], "3", known[4].title(), "."], [known[0], known[1], "12", "."]]
    return [
        Case("every word was seen in training", train=train, new=[[known[2], known[0], known[5]], [known[1]]]),
        Case("two words that were never seen", train=train, new=[[known[4], strange[0], known[3], strange[1]]]),
        Case(
            "an unseen word that comes early in the alphabet",
            train=[known[:0:-1], known[3:]],
            new=[[known[3], words[0] + "a", known[2]], [words[0]]],
        ),
        Case("an empty sentence among others", train=train, new=[[known[1], strange[2]], [], [known[0]]]),
        Case(
            "capitals, numbers and full stops, in the order that `sorted` gives",
            train=mixed,
            new=[[known[4].title(), known[1].title(), "12", "."], [known[0], known[4]]],
        ),
    ]


def _encode(train, new):
    # The id of a word is its rank: how many different training words come before it in the alphabet.
    seen = {word for sentence in train for word in sentence}
    ranked = {word: sum(other < word for other in seen) for word in seen}
    vocabulary = SPECIALS + sorted(ranked, key=ranked.__getitem__)
    return vocabulary, [[ranked[w] + 2 if w in ranked else 1 for w in sentence] for sentence in new]


def _words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({word for sentence in train for word in sentence})
    place = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [[place.get(word, 1) for word in sentence] for sentence in new]


words_to_ids = Exercise(
    name="01.words_to_ids",
    points=3,
    inputs=_sentences,
    oracle=_encode,
    returns=("vocabulary", "ids"),
    right=_words_to_ids,
    mistakes=slips(
        _words_to_ids,
        {
            "the words of the new sentences get into the vocabulary too, so that nothing is ever unknown: a leak": (
                "in train for → in [*train, *new] for"
            ),
            "the vocabulary is made from the new sentences, not from `train`": "in train for → in new for",
            "an unknown word gets the id of `<pad>` and would be masked out, not counted as unknown": (
                "(word, 1) → (word, 0)"
            ),
            "unknown words are left out, so that the sentence gets shorter and its words move together": (
                "place.get(word, 1) for word in sentence] → place[word] for word in sentence if word in place]"
            ),
            "`<pad>` and `<unk>` stand at the end of the vocabulary instead of at its start": (
                '["<pad>", "<unk>"] + sorted → sorted',
                'in sentence}) → in sentence}) + ["<pad>", "<unk>"]',
                '(word, 1) → (word, place["<unk>"])',
            ),
            "`<pad>` and `<unk>` stand at the end of the vocabulary, where the id 1 is another word's": (
                '["<pad>", "<unk>"] + sorted → sorted',
                'in sentence}) → in sentence}) + ["<pad>", "<unk>"]',
            ),
            "`<pad>` and `<unk>` are sorted in with the words: full stops and digits come before them": (
                '["<pad>", "<unk>"] + sorted({word → sorted({"<pad>", "<unk>"} | {word',
            ),
            "the vocabulary holds the letters of the words, not the words": "word in sentence}) → w in sentence for word in w})",
            "the sentences are filled up to one length: each keeps its own here": (
                "word in sentence] for sentence in new] → "
                "word in sentence] + [0] * (max(map(len, new)) - len(sentence)) for sentence in new]"
            ),
            "`<unk>` stands before `<pad>`": '["<pad>", "<unk>"] → ["<unk>", "<pad>"]',
            "`<unk>` stands before `<pad>`, and unknown words have its id, which is 0 then": (
                '["<pad>", "<unk>"] → ["<unk>", "<pad>"]',
                "(word, 1) → (word, 0)",
            ),
            "the two special tokens are missing from the vocabulary": '["<pad>", "<unk>"] + sorted → sorted',
            "the words stand in the order in which they first appear instead of the alphabet's": (
                "sorted({word → list({word: 0"
            ),
            "the words stand in the order of how often they come, the commonest first": (
                "sorted({word → sorted({word: 0",
                "in sentence}) → in sentence}, key=lambda word: -sum(s.count(word) for s in train))",
            ),
            "the words are sorted whatever their capitals, where `sorted` puts capitals before small letters": (
                "in sentence}) → in sentence}, key=str.lower)"
            ),
            "capitals are made small, so that two different words become one": (
                "({word for → ({word.lower() for",
                "(word, 1) → (word.lower(), 1)",
            ),
            "a word that comes several times stands in the vocabulary several times": (
                "sorted({word → sorted([word",
                "in sentence}) → in sentence])",
            ),
            "a word that comes several times stands in the vocabulary several times, and has its first place as id": (
                "sorted({word → sorted([word",
                "in sentence}) → in sentence])",
                "word: i for i, word in enumerate(vocabulary) → word: vocabulary.index(word) for word in vocabulary",
            ),
            "ids count from 1 instead of 0": ("enumerate(vocabulary) → enumerate(vocabulary, 1)", "1) for → 2) for"),
            "ids count the words alone: the two special tokens come before them": (
                "enumerate(vocabulary) → enumerate(vocabulary[2:])"
            ),
            "unknown words get the id -1, which no table of embeddings has": "(word, 1) → (word, -1)",
            "unknown words get a new id at the end of the vocabulary, not that of `<unk>`": (
                "(word, 1) → (word, len(vocabulary))"
            ),
            "the ids come in one row: each sentence has a list of its own": (
                "[[place.get(word, 1) for word in sentence] for sentence in new] → "
                "[place.get(word, 1) for sentence in new for word in sentence]"
            ),
        },
    ),
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
        Case("seven windows of 3, one token left over", ids=stream(23), length=3),
    ]


def _windows(ids, length):
    # By definition: window n holds the tokens n * length + t, its targets those one later, while they exist.
    starts = [s for s in range(0, len(ids), length) if s + length < len(ids)]
    x = [[ids[s + t] for t in range(length)] for s in starts]
    y = [[ids[s + t + 1] for t in range(length)] for s in starts]
    return np.array(x), np.array(y)


def _next_token_windows(ids, length):
    count = (len(ids) - 1) // length
    x = ids[: count * length].reshape(count, length)
    y = ids[1 : count * length + 1].reshape(count, length)
    return x, y


X = "ids[: count * length].reshape(count, length)"
Y = "ids[1 : count * length + 1].reshape(count, length)"

next_token_windows = Exercise(
    name="01.next_token_windows",
    points=3,
    inputs=_streams,
    oracle=_windows,
    returns=("x", "y"),
    right=_next_token_windows,
    mistakes=slips(
        _next_token_windows,
        {
            "the targets are the inputs themselves: a model need only copy, and its loss falls to nothing": (
                f"{Y} → x.copy()"
            ),
            "the shift goes the wrong way, and the target is the token before": "return x, y → return y, x",
            "the targets are two steps ahead instead of one": (
                f"{Y} → np.append(ids, ids[-1])[2 : count * length + 2].reshape(count, length)"
            ),
            "each window is rolled round in itself, so that its last target is its own first token": (
                f"{Y} → np.roll(x, -1, axis=1)"
            ),
            "the text is rolled round, so that its last target is its first token": (
                f"{Y} → np.roll(ids[: count * length], -1).reshape(count, length)"
            ),
            "the last target is the beginning of the text: len(ids) // length windows need one token more": (
                "count = (len(ids) - 1) // length → count = len(ids) // length",
                f"{Y} → np.roll(ids, -1)[: count * length].reshape(count, length)",
            ),
            "the last full window is left out": "// length → // length - 1",
            "a window starts at every token, so that the windows overlap": (
                f"{X} → np.lib.stride_tricks.sliding_window_view(ids[:-1], length)",
                f"{Y} → np.lib.stride_tricks.sliding_window_view(ids[1:], length)",
            ),
            "each window takes a token more for its last target, which is never an input then": (
                "count = (len(ids) - 1) // length → both = ids[: len(ids) // (length + 1) * (length + 1)]",
                f"{X} → both.reshape(-1, length + 1)[:, :-1]",
                f"{Y} → both.reshape(-1, length + 1)[:, 1:]",
            ),
            "what does not fill a window is left out at the beginning, where it belongs to the end": (
                "ids[: count * length] → ids[-1 - count * length : -1]",
                "ids[1 : count * length + 1] → ids[-count * length :]",
            ),
            "there is one target for each window: every position has its own": (
                f"{Y} → ids[length : count * length + 1 : length]"
            ),
            "windows run down the columns: x and y are transposed": "return x, y → return x.T, y.T",
            "tokens are dealt out to the windows in turn: neighbours in the text are no neighbours in a window": (
                f"{X} → ids[: count * length].reshape(length, count).T",
                f"{Y} → ids[1 : count * length + 1].reshape(length, count).T",
            ),
        },
    ),
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
    columns = list(zip_longest(*sequences, fillvalue=pad))
    real = list(zip_longest(*([True] * len(s) for s in sequences), fillvalue=False))
    return np.array(columns, dtype=int).T, np.array(real, dtype=bool).T


def _pad_and_mask(sequences, pad):
    steps = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), steps), pad)
    mask = np.zeros((len(sequences), steps), dtype=bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = True
    return ids, mask


pad_and_mask = Exercise(
    name="01.pad_and_mask",
    points=3,
    inputs=_sequences,
    oracle=_pad,
    returns=("ids", "mask"),
    right=_pad_and_mask,
    mistakes=slips(
        _pad_and_mask,
        {
            "the mask is inverted: True where the padding is": "return ids, mask → return ids, ~mask",
            "the mask asks whether an id differs from `pad`, so that a real token with that id is masked out": (
                "return ids, mask → return ids, ids != pad"
            ),
            "the mask asks whether an id differs from 0, whatever `pad` is": "return ids, mask → return ids, ids != 0",
            "the mask is True everywhere": "np.zeros( → np.ones(",
            "the padding stands in front of the sequences instead of behind them": (
                "ids[row, : len(sequence)] → ids[row, steps - len(sequence) :]",
                "mask[row, : len(sequence)] → mask[row, steps - len(sequence) :]",
            ),
            "the padding stands in front of the sequences, while the mask has it behind them": (
                "ids[row, : len(sequence)] → ids[row, steps - len(sequence) :]"
            ),
            "the mask is one step too long: `<=` where `<` belongs": (
                "mask[row, : len(sequence)] → mask[row, : len(sequence) + 1]"
            ),
            "the mask is one step too short: the last real id is masked out": (
                "mask[row, : len(sequence)] → mask[row, : max(len(sequence) - 1, 0)]"
            ),
            "the mask of the first sequence is used for all": "return ids, mask → return ids, mask[:1].repeat(len(ids), 0)",
            "all sequences are cut to the length of the shortest": (
                "max( → min(",
                "] = sequence → ] = sequence[:steps]",
            ),
            "all sequences are cut or filled up to the length of the first": (
                "max(len(sequence) for sequence in sequences) → len(sequences[0])",
                "] = sequence → ] = sequence[:steps]",
            ),
            "there is one column of padding more than the longest sequence needs": (
                "for sequence in sequences) → for sequence in sequences) + 1"
            ),
            "the padding is 0 whatever `pad` says": "steps), pad) → steps), 0)",
            "the mask holds the numbers 0 and 1, not False and True": "dtype=bool → dtype=float",
            "the steps run down the columns: both are transposed": "return ids, mask → return ids.T, mask.T",
        },
    ),
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
    zeros = _masked(rng, (3, 4, 2), 6)
    zeros["values"][:, 1] = 0.0
    return [
        Case("three sequences of different lengths", **_masked(rng, (2, 4, 3), 5)),
        Case("no padding at all", **_masked(rng, (3, 3), 3)),
        Case("a single real step", **_masked(rng, (1, 6), 6)),
        Case("gaps within the sequences", **holes),
        Case("real values that are zero", **zeros),
        Case("padding that holds NaN", **_masked(rng, (4, 2, 3), 4, filler=np.nan)),
    ]


def _mean_by_rows(values, mask):
    # Row by row, choosing the real steps and asking NumPy for their mean.
    return np.array([np.mean(row[real]) for row, real in zip(values, mask, strict=True)])


def _masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1)


TOTAL = "np.where(mask, values, 0).sum(axis=1)"

masked_mean = Exercise(
    name="01.masked_mean",
    points=3,
    inputs=_means,
    oracle=_mean_by_rows,
    right=_masked_mean,
    mistakes=slips(
        _masked_mean,
        {
            "the sum of the real steps is divided by T, as if the padding were steps too": (
                "/ mask.sum(axis=1) → / values.shape[1]"
            ),
            "the padding is averaged in: the mask is not used": f"{TOTAL} / mask.sum(axis=1) → values.mean(axis=1)",
            "the padding is summed too: only the number of steps leaves it out": "np.where(mask, values, 0) → values",
            "the padding is multiplied by zero instead of left out: zero times NaN is NaN": (
                "np.where(mask, values, 0) → (values * mask)"
            ),
            "NaN alone is left out, and other padding is averaged in": (
                f"{TOTAL} / mask.sum(axis=1) → np.nanmean(values, axis=1)"
            ),
            "zeros are taken for padding: a real value may be zero": (
                f"{TOTAL} / mask.sum(axis=1) → {TOTAL} / (mask & (values != 0)).sum(axis=1)"
            ),
            "the mean runs over the batch, one for each step, instead of over the steps of each sequence": (
                "0).sum(axis=1) → 0).sum(axis=0)",
                "mask.sum(axis=1) → mask.sum(axis=0)",
            ),
            "the mask is used the wrong way round, and the mean is that of the padding": (
                "(mask, values, 0) → (mask, 0, values)",
                "mask.sum(axis=1) → (~mask).sum(axis=1)",
            ),
            "the sum is that of the padding, while the real steps are counted": "(mask, values, 0) → (mask, 0, values)",
            "the sums are not divided: longer sequences get larger values": " / mask.sum(axis=1) →",
            "one is added to the number of steps": "/ mask.sum(axis=1) → / (mask.sum(axis=1) + 1)",
            "what is no NaN is counted, not what is real": "/ mask.sum(axis=1) → / (~np.isnan(values)).sum(axis=1)",
            "each sequence gets the mean of the whole batch": (
                f"{TOTAL} / mask.sum(axis=1) → np.full(len(values), values[mask].mean())"
            ),
            "the length of the first sequence divides all": "/ mask.sum(axis=1) → / mask[0].sum()",
            "the length of the longest sequence divides all": "/ mask.sum(axis=1) → / mask.sum(axis=1).max()",
            "the real steps of the whole batch divide each sum": "/ mask.sum(axis=1) → / mask.sum()",
            "the mask of the first sequence is used for all": (
                "where(mask → where(mask[0]",
                "/ mask.sum(axis=1) → / mask[0].sum()",
            ),
            "there is one mean for the whole batch instead of one for each sequence": (
                f"{TOTAL} / mask.sum(axis=1) → values[mask].mean()"
            ),
        },
    ),
)


# -- 01.leak_free_split --------------------------------------------------------------------------------------


def _messages(rng) -> list[Case]:
    def words(n):
        return sorted(_words(rng, n), reverse=True)  # falling, so that sorting moves every one of them

    # A few texts more at the front, another number each time, so that remembered places are wrong the next time.
    lead = [words(int(n)) for n in rng.permutation(4)]
    a, b, c, d, e = words(9), words(6), words(10), words(4), words(5)
    again = [a[0], a[1], a[2], a[1], a[3], a[4], a[0], a[5], a[6], a[2], a[7], a[8], a[3]]
    return [
        Case("repeats on both sides of the cut", texts=lead[0] + again, fraction=0.5),
        Case("no repeats at all", texts=lead[1] + b, fraction=0.75),
        Case("one text sent again and again", texts=[*lead[2], *c[:2], c[0], c[0], *c[2:], c[0]], fraction=0.625),
        Case("every text twice, at once", texts=lead[3] + [w for w in d for _ in range(2)], fraction=0.5),
        Case("three quarters of five texts: 3.75 is rounded down", texts=[*e, e[0], e[1], e[3], e[1]], fraction=0.75),
        Case("a quarter of five texts: 1.25 is rounded down", texts=[*e[::-1], e[4], e[2]], fraction=0.25),
    ]


def _split(texts, fraction):
    # NumPy tells where each different text stands first; in the order of time those are what is kept.
    _, first = np.unique(texts, return_index=True)
    kept = np.sort(first)
    cut = math.floor(fraction * len(kept))
    return kept[:cut], kept[cut:]


def _leak_free_split(texts, fraction):
    kept = [place for place, text in enumerate(texts) if text not in texts[:place]]
    cut = int(len(kept) * fraction)
    return np.array(kept[:cut], int), np.array(kept[cut:], int)


leak_free_split = Exercise(
    name="01.leak_free_split",
    points=3,
    inputs=_messages,
    oracle=_split,
    returns=("train", "test"),
    right=_leak_free_split,
    mistakes=slips(
        _leak_free_split,
        {
            "repeats are not removed: a text of the test set stands in the training set too": (
                " if text not in texts[:place] →"
            ),
            "repeats are removed after the cut, in each part by itself: the same text still stands on both sides": (
                " if text not in texts[:place] →",
                "kept[:cut] → [i for i in kept[:cut] if texts[i] not in texts[:i]]",
                "kept[cut:] → [i for i in kept[cut:] if texts[i] not in texts[cut:i]]",
            ),
            "repeats are removed from the test set where they stand in training, and stay within the parts": (
                " if text not in texts[:place] →",
                "kept[cut:] → [i for i in kept[cut:] if texts[i] not in texts[:cut]]",
            ),
            "repeats are removed from the test set alone, after the cut": (
                " if text not in texts[:place] →",
                "kept[cut:] → [i for i in kept[cut:] if texts[i] not in texts[:i]]",
            ),
            "a text is compared with the one just before it, not with all before it": (
                "texts[:place] → texts[max(place - 1, 0) : place]"
            ),
            "every text that comes more than once is thrown away whole: its first copy should stay": (
                "text not in texts[:place] → texts.count(text) == 1"
            ),
            "the last copy of each text is kept instead of the first": "texts[:place] → texts[place + 1 :]",
            "the texts come back in the order of the alphabet, as `np.unique` gives them: time is lost": (
                "cut = → kept.sort(key=texts.__getitem__)\n    cut ="
            ),
            "training happens on the future and testing on the past": (
                "kept[:cut] → kept[len(kept) - cut :]",
                "kept[cut:] → kept[: len(kept) - cut]",
            ),
            "the two parts are exchanged: test comes first": (
                "kept[:cut] → kept[cut :]",
                "np.array(kept[cut:] → np.array(kept[:cut]",
            ),
            "the cut is counted while the repeats are still there: without them the parts are uneven": (
                "int(len(kept) * fraction) → sum(place < int(len(texts) * fraction) for place in kept)"
            ),
            "the fraction is taken of all texts, though it is the kept ones that are cut": (
                "len(kept) * fraction → len(texts) * fraction"
            ),
            "the fraction is rounded up": "int(len(kept) * fraction) → math.ceil(len(kept) * fraction)",
            "the fraction is rounded to the nearest whole number, not down": "int(len → round(len",
            "`fraction` is taken as the share that tests": "cut = int( → cut = len(kept) - int(",
            "the texts come back, not their places": (
                "np.array(kept[:cut], int) → [texts[place] for place in kept[:cut]]",
                "np.array(kept[cut:], int) → [texts[place] for place in kept[cut:]]",
            ),
            "the first part has one text too many": "* fraction) → * fraction) + 1",
            "places are counted among the kept texts, not in the list `texts`": (
                "cut = → kept = list(range(len(kept)))\n    cut ="
            ),
        },
    ),
)


# -- 01.bigram_probabilities ---------------------------------------------------------------------------------


def _texts(rng) -> list[Case]:
    def ids(n, v):
        body = rng.integers(0, v - 1, n)  # the last id never comes: a context that was never seen
        return np.concatenate([[0, 1, 0, 1], body, [1]])

    again = np.array([2, 3] * int(rng.integers(5, 9)) + [0])
    return [
        Case("a text of 31 tokens, one added to each count", ids=ids(26, 5), vocab_size=5, alpha=1.0),
        Case("a little added: alpha = 0.1", ids=ids(35, 4), vocab_size=4, alpha=0.1),
        Case("a text that repeats itself", ids=again, vocab_size=6, alpha=0.5),
        Case("one token alone: no pair was seen", ids=rng.integers(0, 3, 1), vocab_size=3, alpha=2.0),
    ]


def _bigram(ids, vocab_size, alpha):
    # Entry by entry, as the definition reads.
    ids, every = np.asarray(ids).tolist(), range(vocab_size)
    pairs, firsts = Counter(zip(ids[:-1], ids[1:], strict=True)), Counter(ids[:-1])
    return np.array([[(pairs[i, j] + alpha) / (firsts[i] + alpha * vocab_size) for j in every] for i in every])


def _bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in zip(ids[:-1], ids[1:], strict=True):
        counts[i, j] += 1
    smoothed = counts + alpha
    return smoothed / smoothed.sum(axis=1, keepdims=True)


ROWS = "smoothed.sum(axis=1, keepdims=True)"

bigram_probabilities = Exercise(
    name="01.bigram_probabilities",
    points=4,
    inputs=_texts,
    oracle=_bigram,
    right=_bigram_probabilities,
    mistakes=slips(
        _bigram_probabilities,
        {
            "a pair that comes several times is counted once: `counts[a, b] += 1` on arrays adds one to each "
            "place, not one for each pair": "+= 1 → = 1",
            "rows and columns are swapped: this is the probability of the token before given the token after": (
                "counts[i, j] → counts[j, i]"
            ),
            "each column sums to one instead of each row: the division runs over the wrong axis": "axis=1 → axis=0",
            "the sums of the rows divide the columns: `keepdims=True` is missing from the sum": ", keepdims=True →",
            "all entries together sum to one: the probability of the pair, not of the second given the first": (
                f"{ROWS} → smoothed.sum()"
            ),
            "the smoothed counts are handed back, not divided by anything": f"smoothed / {ROWS} → smoothed",
            "alpha is added above the line and not below it, so that no row sums to one": "/ smoothed.sum → / counts.sum",
            "alpha is added below the line once instead of V times": (
                f"{ROWS} → (counts.sum(axis=1, keepdims=True) + alpha)"
            ),
            "V is added below the line, whatever alpha is": f"{ROWS} → (counts.sum(axis=1, keepdims=True) + vocab_size)",
            "alpha is added below the line and not above it": "smoothed / smoothed.sum → counts / smoothed.sum",
            "alpha is added only where a pair was never seen": (
                "counts + alpha → np.where(counts == 0, alpha, counts)"
            ),
            "the smoothing is left out: what was never seen gets probability 0, or 0 / 0": "counts + alpha → counts",
            "the smoothing is left out, and rows without a count stay zero": (
                f"smoothed / {ROWS} → counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)"
            ),
            "the text is read as a circle, its last token followed by its first": (
                "zip(ids[:-1], ids[1:], strict=True) → zip(ids, np.roll(ids, -1), strict=True)"
            ),
            "the last token counts as a context too, though nothing follows it": (
                f"{ROWS} → (np.bincount(ids, minlength=vocab_size)[:, None] + alpha * vocab_size)"
            ),
            "the last pair is not counted": "zip(ids[:-1], ids[1:], strict=True) → zip(ids[:-2], ids[1:], strict=False)",
            "the pairs have a token between them": "zip(ids[:-1], ids[1:], strict=True) → zip(ids, ids[2:], strict=False)",
            "one is added to each count whatever alpha says": "counts + alpha → counts + 1.0",
            "the logarithm of the probabilities is handed back": f"return smoothed / {ROWS} → return np.log(smoothed / {ROWS})",
        },
    ),
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


def _from_probability(nats, tokens, chars):
    # From a probability: p is what the model gives a token, in the geometric mean.
    p = math.exp(-nats / tokens)
    return -math.log(p), 1 / p, -math.log2(p) * tokens / chars


def _units(nats, tokens, chars):
    nats_per_token = nats / tokens
    perplexity = np.exp(nats_per_token)
    bits_per_char = nats / np.log(2) / chars
    return nats_per_token, perplexity, bits_per_char


units = Exercise(
    name="01.units",
    points=3,
    inputs=_totals,
    oracle=_from_probability,
    returns=("nats_per_token", "perplexity", "bits_per_char"),
    right=_units,
    mistakes=slips(
        _units,
        {
            "the perplexity is 2 to a power in nats: the base must be the one of the logarithm": "np.exp( → 2 ** (",
            "the perplexity is e to a power in bits: the base must be the one of the logarithm": (
                "np.exp(nats_per_token) → np.exp(nats_per_token / np.log(2))"
            ),
            "the last number is nats per character: a bit is ln 2 nats": "/ np.log(2) →",
            "nats are multiplied by ln 2, where they should be divided by it": "/ np.log(2) → * np.log(2)",
            "the nats are divided by the logarithm of 2 to base 10": "np.log(2) → np.log10(2)",
            "the last number is bits per token: the division is by tokens, not by characters": "/ chars → / tokens",
            "everything is per character: perplexity is per token": "nats / tokens → nats / chars",
            "the nats are per character, where they should be per token": (
                "nats / tokens → nats / chars",
                "np.exp(nats_per_token) → np.exp(nats / tokens)",
            ),
            "the perplexity is taken per character, while the nats are per token": "np.exp(nats_per_token) → np.exp(nats / chars)",
            "tokens and characters change places": ("nats / tokens → nats / chars", "(2) / chars → (2) / tokens"),
            "the perplexity is that of the whole text: e to all its nats, not to the nats per token": (
                "np.exp(nats_per_token) → np.exp(nats)"
            ),
            "the nats are those of the whole text, not per token": "return nats_per_token → return nats",
            "the bits are those of the whole text, not per character": " / chars →",
            "the sign of the exponent is turned round: this is a probability per token, not a perplexity": (
                "np.exp(nats_per_token) → np.exp(-nats_per_token)"
            ),
            "the logarithm is taken where the exponential belongs": "np.exp( → np.log(",
        },
    ),
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


def _one_long_row(log_probs, masks):
    # All real tokens in one long row, and its mean.
    return -np.mean(np.concatenate([lp[m] for lp, m in zip(log_probs, masks, strict=True)]))


def _token_nll(log_probs, masks):
    total, tokens = 0.0, 0
    for log_prob, mask in zip(log_probs, masks, strict=True):
        total -= log_prob[mask].sum()
        tokens += mask.sum()
    return total / tokens


token_nll = Exercise(
    name="01.token_nll",
    points=4,
    inputs=_scores,
    oracle=_one_long_row,
    right=_token_nll,
    mistakes=slips(
        _token_nll,
        {
            "each batch is averaged first and the means are averaged then: tokens of a small batch weigh more": (
                "[mask].sum() → [mask].mean()",
                "mask.sum() → 1",
            ),
            "each sentence is averaged first: tokens of a short sentence weigh more": (
                "log_prob[mask].sum() → sum(row[real].mean() for row, real in zip(log_prob, mask, strict=True))",
                "mask.sum() → len(mask)",
            ),
            "each batch is averaged with its padding, and then the means": (
                "log_prob[mask].sum() → log_prob.mean()",
                "mask.sum() → 1",
            ),
            "the padding counts as tokens: the sum is right, the number it is divided by is not": "mask.sum() → mask.size",
            "the padding is in the sum: the number of tokens is right, the sum is not": "log_prob[mask].sum() → log_prob.sum()",
            "the padding is averaged in, above and below the line": (
                "log_prob[mask].sum() → log_prob.sum()",
                "mask.sum() → mask.size",
            ),
            "the mask is used the wrong way round, and the padding is what is averaged": (
                "log_prob[mask] → log_prob[~mask]",
                "mask.sum() → (~mask).sum()",
            ),
            "the mask of the first sentence is used for all of its batch": (
                "total -= → mask = mask[:1].repeat(len(mask), 0)\n        total -=",
            ),
            "the minus sign is missing: a likelihood is to be made large, its negative logarithm small": "total -= → total +=",
            "the sum is not divided by the number of tokens": "total / tokens → total",
            "only the last batch is counted: the totals start again with each batch": (
                "total -= → total = -",
                "tokens += → tokens =",
            ),
            "only the first batch is counted, as when `return` stands inside the loop": "    return → \n        return",
            "the sum is divided by the number of sentences: this is nats per sentence": "mask.sum() → len(mask)",
            "each batch is averaged first, and the means are weighted with the number of sentences, not of tokens": (
                "[mask].sum() → [mask].mean() * len(mask)",
                "mask.sum() → len(mask)",
            ),
            "the sum is divided by the number of batches: this is nats per batch": "mask.sum() → 1",
            "the sum is divided by the number of batches and by that of tokens": "total / tokens → total / tokens / len(masks)",
            "e is raised to the result: this is the perplexity": "total / tokens → np.exp(total / tokens)",
            "the result is in bits: the question is for nats": "total / tokens → total / tokens / np.log(2)",
        },
    ),
)
