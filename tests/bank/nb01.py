# %% right 01.words_to_ids: a set, sorted, and a dictionary
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({word for sentence in train for word in sentence})
    place = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [[place.get(word, 1) for word in sentence] for sentence in new]

# %% right 01.words_to_ids: plain loops and list.index
def words_to_ids(train, new):
    seen = []
    for sentence in train:
        for w in sentence:
            if w not in seen:
                seen.append(w)
    seen.sort()
    vocab = ["<pad>", "<unk>", *seen]
    ids = []
    for sentence in new:
        row = []
        for w in sentence:
            if w in vocab:
                row.append(vocab.index(w))
            else:
                row.append(1)
        ids.append(row)
    return vocab, ids

# %% right 01.words_to_ids: Counter and defaultdict
def words_to_ids(train, new):
    from collections import Counter, defaultdict
    counts = Counter()
    for sentence in train:
        counts.update(sentence)
    vocabulary = ["<pad>", "<unk>"]
    vocabulary.extend(sorted(counts))
    ids = defaultdict(lambda: 1, zip(vocabulary, range(len(vocabulary))))
    return vocabulary, [list(map(lambda w: ids[w], s)) for s in new]

# %% right 01.words_to_ids: set().union and try/except
def words_to_ids(train_sentences, new_sentences):
    vocabulary = ["<pad>", "<unk>"] + sorted(set().union(*train_sentences))

    def number(word):
        try:
            return vocabulary.index(word)
        except ValueError:
            return vocabulary.index("<unk>")

    return vocabulary, [[number(word) for word in s] for s in new_sentences]

# %% wrong 01.words_to_ids: the new sentences' words are in the vocabulary too (a leak)
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train + new for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: order of appearance instead of the alphabet
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + list(dict.fromkeys(w for s in train for w in s))
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: a word that occurs twice in train is in the vocabulary twice
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted(w for s in train for w in s)
    return vocabulary, [[vocabulary.index(w) if w in vocabulary else 1 for w in s] for s in new]

# %% wrong 01.words_to_ids: ids do not count the two special places (off by two)
def words_to_ids(train, new):
    known = sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(known)}
    return ["<pad>", "<unk>"] + known, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: unknown words become 0, which is padding
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 0) for w in s] for s in new]

# %% wrong 01.words_to_ids: the two specials are sorted in with the words, so "." and digits come before them
def words_to_ids(train, new):
    vocabulary = sorted({"<pad>", "<unk>"} | {w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: unknown words are left out of the ids
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    return vocabulary, [[vocabulary.index(w) for w in s if w in vocabulary] for s in new]

# %% wrong 01.words_to_ids: the ids of all sentences in one flat list
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [place.get(w, 1) for s in new for w in s]

# %% wrong 01.words_to_ids: returned in the wrong order, ids first
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return [[place.get(w, 1) for w in s] for s in new], vocabulary

# %% wrong 01.words_to_ids: encodes train instead of new
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place[w] for w in s] for s in train]

# %% wrong 01.words_to_ids: list.index without a case for unknown words (crashes)
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted(set(sum(train, [])))
    return vocabulary, [[vocabulary.index(w) for w in s] for s in new]

# %% wrong 01.words_to_ids: sorted by how often a word occurs
def words_to_ids(train, new):
    from collections import Counter
    counted = Counter(w for s in train for w in s)
    vocabulary = ["<pad>", "<unk>"] + [w for w, _ in counted.most_common()]
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: the two specials in the wrong order
def words_to_ids(train, new):
    vocabulary = ["<unk>", "<pad>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, place["<unk>"]) for w in s] for s in new]

# %% wrong 01.words_to_ids: vocabulary of single characters, not of words
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted(set("".join(w for s in train for w in s)))
    place = {c: i for i, c in enumerate(vocabulary)}
    return vocabulary, [[place.get(w, 1) for w in s] for s in new]

# %% wrong 01.words_to_ids: sentences filled up with 0 to one length, which nobody asked for
def words_to_ids(train, new):
    vocabulary = ["<pad>", "<unk>"] + sorted({w for s in train for w in s})
    place = {w: i for i, w in enumerate(vocabulary)}
    ids = [[place.get(w, 1) for w in s] for s in new]
    longest = max(map(len, ids))
    return vocabulary, [row + [0] * (longest - len(row)) for row in ids]

# %% right 01.next_token_windows: cut and reshape
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    x = ids[:n * length].reshape(n, length)
    y = ids[1:n * length + 1].reshape(n, length)
    return x, y

# %% right 01.next_token_windows: a table of places, by broadcasting
def next_token_windows(ids, length):
    ids = np.asarray(ids)
    starts = np.arange((len(ids) - 1) // length) * length
    at = starts[:, None] + np.arange(length)
    return ids[at], ids[at + 1]

# %% right 01.next_token_windows: a loop over the starts
def next_token_windows(ids, length):
    xs, ys = [], []
    start = 0
    while start + length + 1 <= len(ids):
        xs.append(ids[start:start + length])
        ys.append(ids[start + 1:start + length + 1])
        start += length
    return np.array(xs, dtype=int).reshape(-1, length), np.array(ys, dtype=int).reshape(-1, length)

# %% right 01.next_token_windows: every length-th sliding window of length + 1
def next_token_windows(ids, length):
    both = np.lib.stride_tricks.sliding_window_view(np.asarray(ids), length + 1)[::length]
    return both[:, :-1].copy(), both[:, 1:].copy()

# %% right 01.next_token_windows: questions and answers first, then torch's unfold, back to NumPy
def next_token_windows(ids, length):
    t = torch.as_tensor(np.array(ids))
    return t[:-1].unfold(0, length, length).numpy(), t[1:].unfold(0, length, length).numpy()

# %% wrong 01.next_token_windows: number of windows from len(ids), so the last target is missing (crashes when it divides)
def next_token_windows(ids, length):
    n = len(ids) // length
    return ids[:n * length].reshape(n, length), ids[1:n * length + 1].reshape(n, length)

# %% wrong 01.next_token_windows: np.roll over the whole text, the last target may be the first token
def next_token_windows(ids, length):
    n = len(ids) // length
    later = np.roll(ids, -1)
    return ids[:n * length].reshape(n, length), later[:n * length].reshape(n, length)

# %% wrong 01.next_token_windows: windows overlap, one begins at every token
def next_token_windows(ids, length):
    both = np.lib.stride_tricks.sliding_window_view(ids, length + 1)
    return both[:, :-1], both[:, 1:]

# %% wrong 01.next_token_windows: one added to the values instead of to the places
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    x = ids[:n * length].reshape(n, length)
    return x, x + 1

# %% wrong 01.next_token_windows: rolled inside each window, its last target is its first token
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    x = ids[:n * length].reshape(n, length)
    return x, np.roll(x, -1, axis=1)

# %% wrong 01.next_token_windows: blocks of length + 1, so the token between two windows is never a question
def next_token_windows(ids, length):
    n = len(ids) // (length + 1)
    blocks = ids[:n * (length + 1)].reshape(n, length + 1)
    return blocks[:, :-1], blocks[:, 1:]

# %% wrong 01.next_token_windows: loses the last window when it just fits (range ends one early)
def next_token_windows(ids, length):
    starts = range(0, len(ids) - length - 1, length)
    x = np.array([ids[s:s + length] for s in starts]).reshape(-1, length)
    y = np.array([ids[s + 1:s + 1 + length] for s in starts]).reshape(-1, length)
    return x, y

# %% wrong 01.next_token_windows: x and y returned in the wrong order
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    return ids[1:n * length + 1].reshape(n, length), ids[:n * length].reshape(n, length)

# %% wrong 01.next_token_windows: text runs down the columns (reshaped the wrong way round)
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    return ids[:n * length].reshape(length, n).T, ids[1:n * length + 1].reshape(length, n).T

# %% wrong 01.next_token_windows: the target is two tokens later
def next_token_windows(ids, length):
    n = (len(ids) - 2) // length
    return ids[:n * length].reshape(n, length), ids[2:n * length + 2].reshape(n, length)

# %% wrong 01.next_token_windows: the target is the window after, not the token after
def next_token_windows(ids, length):
    n = len(ids) // length
    all_windows = ids[:n * length].reshape(n, length)
    return all_windows[:-1], all_windows[1:]

# %% wrong 01.next_token_windows: the rest is filled up with zeros instead of left out
def next_token_windows(ids, length):
    n = -(-(len(ids) - 1) // length)
    x, y = np.zeros(n * length, dtype=int), np.zeros(n * length, dtype=int)
    x[:len(ids) - 1] = ids[:-1]
    y[:len(ids) - 1] = ids[1:]
    return x.reshape(n, length), y.reshape(n, length)

# %% wrong 01.next_token_windows: one target for a window, the token after it (many to one)
def next_token_windows(ids, length):
    n = (len(ids) - 1) // length
    return ids[:n * length].reshape(n, length), ids[length:n * length + 1:length]

# %% wrong 01.next_token_windows: `length` taken as the number of windows
def next_token_windows(ids, length):
    each = (len(ids) - 1) // length
    return ids[:length * each].reshape(length, each), ids[1:length * each + 1].reshape(length, each)

# %% right 01.pad_and_mask: np.full and a loop
def pad_and_mask(sequences, pad):
    width = max(len(s) for s in sequences)
    ids = np.full((len(sequences), width), pad)
    mask = np.zeros(ids.shape, dtype=bool)
    for row, s in enumerate(sequences):
        ids[row, :len(s)] = s
        mask[row, :len(s)] = True
    return ids, mask

# %% right 01.pad_and_mask: lists only, arrays at the end
def pad_and_mask(sequences, pad):
    T = max(map(len, sequences))
    ids = [list(s) + [pad] * (T - len(s)) for s in sequences]
    mask = [[True] * len(s) + [False] * (T - len(s)) for s in sequences]
    return np.array(ids), np.array(mask)

# %% right 01.pad_and_mask: mask by comparing places with lengths, then filled by the mask
def pad_and_mask(sequences, pad):
    lengths = np.array([len(s) for s in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad, dtype=int)
    ids[mask] = [i for s in sequences for i in s]
    return ids, mask

# %% right 01.pad_and_mask: zip_longest and a transposition
def pad_and_mask(sequences, pad):
    from itertools import zip_longest
    ids = np.array(list(zip_longest(*sequences, fillvalue=pad))).T
    marks = zip_longest(*([True] * len(s) for s in sequences), fillvalue=False)
    return ids, np.array(list(marks)).T

# %% right 01.pad_and_mask: torch's pad_sequence, back to NumPy
def pad_and_mask(sequences, pad):
    from torch.nn.utils.rnn import pad_sequence
    ids = pad_sequence([torch.tensor(s, dtype=torch.long) for s in sequences], batch_first=True, padding_value=pad)
    lengths = torch.tensor([len(s) for s in sequences])
    mask = torch.arange(ids.shape[1])[None, :] < lengths[:, None]
    return ids.numpy(), mask.numpy()

# %% wrong 01.pad_and_mask: mask from ids != pad, so a real token with the padding's id is hidden
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids = np.array([list(s) + [pad] * (T - len(s)) for s in sequences])
    return ids, ids != pad

# %% wrong 01.pad_and_mask: filled up at the beginning
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids = np.array([[pad] * (T - len(s)) + list(s) for s in sequences])
    mask = np.array([[False] * (T - len(s)) + [True] * len(s) for s in sequences])
    return ids, mask

# %% wrong 01.pad_and_mask: mask inverted, True where there is padding
def pad_and_mask(sequences, pad):
    lengths = np.array([len(s) for s in sequences])
    places = np.arange(lengths.max())
    ids = np.full((len(sequences), len(places)), pad)
    for row, s in enumerate(sequences):
        ids[row, :len(s)] = s
    return ids, places >= lengths[:, None]

# %% wrong 01.pad_and_mask: `pad` ignored, always filled with 0
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids, mask = np.zeros((len(sequences), T), dtype=int), np.zeros((len(sequences), T), dtype=bool)
    for b, s in enumerate(sequences):
        ids[b, :len(s)] = s
        mask[b, :len(s)] = True
    return ids, mask

# %% wrong 01.pad_and_mask: cut to the shortest instead of filled to the longest
def pad_and_mask(sequences, pad):
    T = min(len(s) for s in sequences)
    return np.array([s[:T] for s in sequences]), np.ones((len(sequences), T), dtype=bool)

# %% wrong 01.pad_and_mask: mask one place too long (<= instead of <)
def pad_and_mask(sequences, pad):
    lengths = np.array([len(s) for s in sequences])
    ids = np.full((len(sequences), lengths.max()), pad)
    for b, s in enumerate(sequences):
        ids[b, :len(s)] = s
    return ids, np.arange(lengths.max()) <= lengths[:, None]

# %% wrong 01.pad_and_mask: time first, (T, B)
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids = np.array([list(s) + [pad] * (T - len(s)) for s in sequences])
    mask = np.array([[t < len(s) for t in range(T)] for s in sequences])
    return ids.T, mask.T

# %% wrong 01.pad_and_mask: fills up the caller's own lists
def pad_and_mask(sequences, pad):
    lengths = [len(s) for s in sequences]
    T = max(lengths)
    for s in sequences:
        while len(s) < T:
            s.append(pad)
    return np.array(sequences), np.arange(T) < np.array(lengths)[:, None]

# %% wrong 01.pad_and_mask: lengths taken after filling up, so the mask is True everywhere
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    filled = [list(s) + [pad] * (T - len(s)) for s in sequences]
    mask = np.array([[t < len(s) for t in range(T)] for s in filled])
    return np.array(filled), mask

# %% wrong 01.pad_and_mask: ids are floats (np.ones times pad), so they cannot be used as places
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids = np.ones((len(sequences), T)) * pad
    mask = np.zeros((len(sequences), T), dtype=bool)
    for b, s in enumerate(sequences):
        ids[b, :len(s)] = s
        mask[b, :len(s)] = True
    return ids, mask

# %% wrong 01.pad_and_mask: width of the first sequence (crashes when another is longer)
def pad_and_mask(sequences, pad):
    T = len(sequences[0])
    ids = np.full((len(sequences), T), pad)
    mask = np.zeros((len(sequences), T), bool)
    for b, s in enumerate(sequences):
        ids[b, :len(s)] = s
        mask[b, :len(s)] = True
    return ids, mask

# %% wrong 01.pad_and_mask: one column of padding more than needed
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences) + 1
    ids = np.array([list(s) + [pad] * (T - len(s)) for s in sequences])
    mask = np.array([[t < len(s) for t in range(T)] for s in sequences])
    return ids, mask

# %% wrong 01.pad_and_mask: sorts the sequences by length, so rows change places
def pad_and_mask(sequences, pad):
    rows = sorted(sequences, key=len, reverse=True)
    T = len(rows[0])
    ids = np.array([list(s) + [pad] * (T - len(s)) for s in rows])
    mask = np.array([[t < len(s) for t in range(T)] for s in rows])
    return ids, mask

# %% wrong 01.pad_and_mask: mask returned first
def pad_and_mask(sequences, pad):
    lengths = np.array([len(s) for s in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad)
    ids[mask] = np.concatenate([np.array(s, dtype=int) for s in sequences])
    return mask, ids

# %% wrong 01.pad_and_mask: mask of 1.0 and 0.0, not of True and False
def pad_and_mask(sequences, pad):
    T = max(len(s) for s in sequences)
    ids = np.array([list(s) + [pad] * (T - len(s)) for s in sequences])
    mask = np.array([[1.0] * len(s) + [0.0] * (T - len(s)) for s in sequences])
    return ids, mask

# %% right 01.masked_mean: np.where before the sum
def masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1)

# %% right 01.masked_mean: np.mean with where
def masked_mean(values, mask):
    return np.mean(values, axis=1, where=mask)

# %% right 01.masked_mean: a loop over the rows
def masked_mean(values, mask):
    means = []
    for v, m in zip(values, mask):
        means.append(v[m].mean())
    return np.array(means)

# %% right 01.masked_mean: pure Python sums, math.fsum
def masked_mean(values, mask):
    out = np.zeros(len(values))
    for b in range(len(values)):
        real = [float(v) for v, m in zip(values[b], mask[b]) if m]
        out[b] = math.fsum(real) / len(real)
    return out

# %% right 01.masked_mean: a copy with zeros in the padding
def masked_mean(values, mask):
    v = np.array(values, dtype=float)
    v[~np.asarray(mask)] = 0.0
    return np.einsum("bt->b", v) / np.count_nonzero(mask, axis=1)

# %% right 01.masked_mean: torch.where, back to NumPy
def masked_mean(values, mask):
    v, m = torch.as_tensor(np.asarray(values, dtype=float)), torch.as_tensor(np.asarray(mask))
    return (torch.where(m, v, torch.zeros_like(v)).sum(1) / m.sum(1)).numpy()

# %% right 01.masked_mean: NaN made zero first, then times the mask (reading: NaN stands in padding alone)
def masked_mean(values, mask):
    clean = np.nan_to_num(np.asarray(values, dtype=float))
    return (clean * mask).sum(axis=-1) / mask.sum(axis=-1)

# %% wrong 01.masked_mean: values times mask, NaN times zero is NaN
def masked_mean(values, mask):
    return (values * mask).sum(axis=1) / mask.sum(axis=1)

# %% wrong 01.masked_mean: divided by T, padding counted in the denominator
def masked_mean(values, mask):
    return np.where(mask, values, 0).mean(axis=1)

# %% wrong 01.masked_mean: np.nanmean without the mask, padding that is a number counts
def masked_mean(values, mask):
    return np.nanmean(values, axis=1)

# %% wrong 01.masked_mean: one mean over the whole batch
def masked_mean(values, mask):
    return values[mask].mean()

# %% wrong 01.masked_mean: the batch mean repeated for each row
def masked_mean(values, mask):
    return np.full(len(values), values[mask].mean())

# %% wrong 01.masked_mean: along the batch instead of along time
def masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1)

# %% wrong 01.masked_mean: the real entries reshaped into rows, only for equal lengths (crashes else)
def masked_mean(values, mask):
    return values[mask].reshape(len(values), -1).mean(axis=1)

# %% wrong 01.masked_mean: the mean of the padding, mask the wrong way round
def masked_mean(values, mask):
    return np.where(mask, 0, values).sum(axis=1) / (~mask).sum(axis=1)

# %% wrong 01.masked_mean: right value, but zeros are written into the caller's values
def masked_mean(values, mask):
    values[~mask] = 0
    return values.sum(axis=1) / mask.sum(axis=1)

# %% wrong 01.masked_mean: one added to the count against division by zero
def masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=1) / (mask.sum(axis=1) + 1)

# %% wrong 01.masked_mean: keeps the axis, (B, 1)
def masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=1, keepdims=True) / mask.sum(axis=1, keepdims=True)

# %% wrong 01.masked_mean: real zeros are left out of the count
def masked_mean(values, mask):
    kept = np.where(mask, values, 0)
    return kept.sum(axis=1) / np.count_nonzero(kept, axis=1)

# %% wrong 01.masked_mean: counts what is not NaN instead of what is real
def masked_mean(values, mask):
    total = np.where(mask, values, 0).sum(axis=1)
    return total / (~np.isnan(values)).sum(axis=1)

# %% wrong 01.masked_mean: the first n entries of a row, wrong where padding is not at the end
def masked_mean(values, mask):
    return np.array([row[:m.sum()].mean() for row, m in zip(values, mask)])

# %% wrong 01.masked_mean: all rows divided by the count of the longest
def masked_mean(values, mask):
    return np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1).max()

# %% wrong 01.masked_mean: the sum, never divided
def masked_mean(values, mask):
    return np.where(mask, values, 0.0).sum(axis=1)

# %% right 01.leak_free_split: a set of what was seen
def leak_free_split(texts, fraction):
    seen, kept = set(), []
    for place, text in enumerate(texts):
        if text not in seen:
            seen.add(text)
            kept.append(place)
    cut = int(len(kept) * fraction)
    return np.array(kept[:cut], dtype=int), np.array(kept[cut:], dtype=int)

# %% right 01.leak_free_split: np.unique, its first places sorted
def leak_free_split(texts, fraction):
    _, first = np.unique(np.array(texts), return_index=True)
    kept = np.sort(first)
    return tuple(np.split(kept, [int(fraction * len(kept))]))

# %% right 01.leak_free_split: a dictionary with setdefault
def leak_free_split(texts, fraction):
    first = {}
    for i, text in enumerate(texts):
        first.setdefault(text, i)
    kept = np.fromiter(first.values(), dtype=int)
    n = math.floor(fraction * kept.size)
    return kept[:n], kept[n:]

# %% right 01.leak_free_split: list.index tells whether a copy is the first
def leak_free_split(texts, fraction):
    kept = np.array([i for i, t in enumerate(texts) if texts.index(t) == i], dtype=int)
    cut = int(np.floor(fraction * len(kept)))
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: np.unique's places not sorted, so the order is the alphabet's
def leak_free_split(texts, fraction):
    _, kept = np.unique(texts, return_index=True)
    cut = int(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: keeps the last copy of each
def leak_free_split(texts, fraction):
    last = {text: i for i, text in enumerate(texts)}
    kept = np.array(sorted(last.values()))
    cut = int(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: cuts first, then removes copies in each part by itself
def leak_free_split(texts, fraction):
    def firsts(start, stop):
        seen, kept = set(), []
        for i in range(start, stop):
            if texts[i] not in seen:
                seen.add(texts[i])
                kept.append(i)
        return np.array(kept, dtype=int)

    cut = int(len(texts) * fraction)
    return firsts(0, cut), firsts(cut, len(texts))

# %% wrong 01.leak_free_split: copies removed first, but the cut is a share of all texts
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = int(len(texts) * fraction)
    return kept[kept < cut], kept[kept >= cut]

# %% wrong 01.leak_free_split: rounded to the nearest instead of down
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = round(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: rounded up
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = math.ceil(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: drops every text that has a copy, the first one too
def leak_free_split(texts, fraction):
    kept = np.array([i for i, t in enumerate(texts) if texts.count(t) == 1], dtype=int)
    cut = int(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: returns the texts, not their places
def leak_free_split(texts, fraction):
    kept = list(dict.fromkeys(texts))
    cut = int(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: places in the shortened list instead of in `texts`
def leak_free_split(texts, fraction):
    kept = list(dict.fromkeys(texts))
    cut = int(len(kept) * fraction)
    return np.arange(cut), np.arange(cut, len(kept))

# %% wrong 01.leak_free_split: shuffled before the cut
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    mixed = np.random.default_rng(0).permutation(kept)
    cut = int(len(kept) * fraction)
    return np.sort(mixed[:cut]), np.sort(mixed[cut:])

# %% wrong 01.leak_free_split: `fraction` taken as the share that tests
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = len(kept) - int(len(kept) * fraction)
    return kept[:cut], kept[cut:]

# %% wrong 01.leak_free_split: test part returned first
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = int(len(kept) * fraction)
    return kept[cut:], kept[:cut]

# %% wrong 01.leak_free_split: compares with the text just before only, later copies stay
def leak_free_split(texts, fraction):
    kept = [i for i in range(len(texts)) if i == 0 or texts[i] != texts[i - 1]]
    cut = int(len(kept) * fraction)
    return np.array(kept[:cut], dtype=int), np.array(kept[cut:], dtype=int)

# %% wrong 01.leak_free_split: one text at the border is lost
def leak_free_split(texts, fraction):
    kept = np.sort(np.unique(texts, return_index=True)[1])
    cut = int(len(kept) * fraction)
    return kept[:cut], kept[cut + 1:]

# %% wrong 01.leak_free_split: cuts all texts, then only takes out of the test what was trained on
def leak_free_split(texts, fraction):
    cut = int(len(texts) * fraction)
    known = set(texts[:cut])
    test = [i for i in range(cut, len(texts)) if texts[i] not in known]
    return np.arange(cut), np.array(test, dtype=int)

# %% wrong 01.leak_free_split: no copies removed at all
def leak_free_split(texts, fraction):
    places = np.arange(len(texts))
    cut = int(len(texts) * fraction)
    return places[:cut], places[cut:]

# %% right 01.bigram_probabilities: a loop over the pairs
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% right 01.bigram_probabilities: np.add.at, then each row over its own sum
def bigram_probabilities(ids, vocab_size, alpha):
    c = np.full((vocab_size, vocab_size), float(alpha))
    np.add.at(c, (ids[:-1], ids[1:]), 1)
    return c / c.sum(1)[:, None]

# %% right 01.bigram_probabilities: np.bincount of i * V + j
def bigram_probabilities(ids, vocab_size, alpha):
    ids = np.asarray(ids)
    code = ids[:-1] * vocab_size + ids[1:]
    counts = np.bincount(code, minlength=vocab_size**2).reshape(vocab_size, vocab_size)
    smooth = counts + alpha
    return smooth / smooth.sum(axis=-1, keepdims=True)

# %% right 01.bigram_probabilities: one-hot matrices multiplied
def bigram_probabilities(ids, vocab_size, alpha):
    hot = np.eye(vocab_size)[np.asarray(ids)]
    counts = hot[:-1].T @ hot[1:]
    total = counts.sum(axis=1)
    return np.einsum("ij,i->ij", counts + alpha, 1 / (total + alpha * vocab_size))

# %% right 01.bigram_probabilities: Counter and one row at a time
def bigram_probabilities(tokens, V, a):
    from collections import Counter
    tokens = [int(t) for t in tokens]
    pair = Counter(zip(tokens, tokens[1:]))
    first = Counter(tokens[:-1])
    table = np.empty((V, V))
    for i in range(V):
        for j in range(V):
            table[i, j] = (pair[i, j] + a) / (first[i] + a * V)
    return table

# %% wrong 01.bigram_probabilities: transposed, row for the token that follows
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[j, i] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: += with arrays of places counts each pair once only
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: alpha instead of alpha times V in the denominator
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha)

# %% wrong 01.bigram_probabilities: columns sum to one instead of rows
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return (counts + alpha) / (counts.sum(axis=0, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: keepdims missing, column j divided by the sum of row j
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return (counts + alpha) / (counts.sum(axis=1) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: one normaliser for the whole table, P(i, j) instead of P(j | i)
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.full((vocab_size, vocab_size), float(alpha))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts / counts.sum()

# %% wrong 01.bigram_probabilities: alpha ignored, always adds one
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.ones((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return counts / counts.sum(axis=1, keepdims=True)

# %% wrong 01.bigram_probabilities: size from the largest id instead of vocab_size
def bigram_probabilities(ids, vocab_size, alpha):
    V = max(ids) + 1
    counts = np.zeros((V, V))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * V)

# %% wrong 01.bigram_probabilities: the denominator counts the last token, which nothing follows
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    times = np.bincount(ids, minlength=vocab_size)
    return (counts + alpha) / (times[:, None] + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: pairs do not overlap, every second one is missed
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in zip(ids[::2], ids[1::2]):
        counts[i, j] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: np.roll counts a pair from the last token to the first
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids, np.roll(ids, -1)), 1)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: alpha V added although alpha is in the counts already
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.full((vocab_size, vocab_size), float(alpha))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    return counts / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: the last pair is missed (range one short)
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for t in range(len(ids) - 2):
        counts[ids[t], ids[t + 1]] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% wrong 01.bigram_probabilities: smooths only the pairs that were never seen
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    counts[counts == 0] = alpha
    return counts / counts.sum(axis=1, keepdims=True)

# %% wrong 01.bigram_probabilities: a pair is counted in both directions
def bigram_probabilities(ids, vocab_size, alpha):
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
        counts[j, i] += 1
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)

# %% right 01.units: math module
def units(nats, tokens, chars):
    per_token = nats / tokens
    return per_token, math.exp(per_token), nats / (chars * math.log(2))

# %% right 01.units: NumPy, equation (1.9) as printed
def units(nats, tokens, chars):
    nll = nats / tokens
    ppl = np.exp(nll)
    bits = tokens * nll / (chars * np.log(2))
    return nll, ppl, bits

# %% right 01.units: bits through log2(e)
def units(total, n, c):
    nll = total / n
    return (nll, math.e**nll, total * math.log2(math.e) / c)

# %% right 01.units: bits from the perplexity
def units(nats, tokens, chars):
    perplexity = np.exp(nats / tokens)
    return np.log(perplexity), perplexity, np.log2(perplexity) * tokens / chars

# %% wrong 01.units: nats per character, ln 2 forgotten
def units(nats, tokens, chars):
    return nats / tokens, math.exp(nats / tokens), nats / chars

# %% wrong 01.units: times ln 2 instead of divided by it
def units(nats, tokens, chars):
    return nats / tokens, math.exp(nats / tokens), nats * math.log(2) / chars

# %% wrong 01.units: perplexity as a power of two of nats
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, 2**nll, nats / (chars * math.log(2))

# %% wrong 01.units: perplexity of the whole text, not per token
def units(nats, tokens, chars):
    with np.errstate(over="ignore"):
        return nats / tokens, float(np.exp(nats)), nats / (chars * math.log(2))

# %% wrong 01.units: bits per token instead of per character
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, math.exp(nll), nll / math.log(2)

# %% wrong 01.units: takes the nats to be per token already
def units(nats, tokens, chars):
    return nats, float(np.exp(nats)), tokens * nats / (chars * np.log(2))

# %% wrong 01.units: multiplied by the tokens once more in the bits
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, math.exp(nll), tokens * nats / (chars * math.log(2))

# %% wrong 01.units: perplexity per character
def units(nats, tokens, chars):
    return nats / tokens, math.exp(nats / chars), nats / chars / math.log(2)

# %% wrong 01.units: perplexity with a minus sign, so it is a probability
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, math.exp(-nll), nats / (chars * math.log(2))

# %% wrong 01.units: perplexity and bits returned in the wrong order
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, nats / (chars * math.log(2)), math.exp(nll)

# %% wrong 01.units: integer division for the nats per token
def units(nats, tokens, chars):
    nll = nats // tokens
    return nll, math.exp(nll), nats / (chars * math.log(2))

# %% wrong 01.units: tokens and characters changed places
def units(nats, tokens, chars):
    nll = nats / chars
    return nll, math.exp(nll), nats / (tokens * math.log(2))

# %% wrong 01.units: logarithm to the base ten in the bits
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, math.exp(nll), nats / (chars * math.log10(2))

# %% wrong 01.units: divides by chars and multiplies by ln 2 (brackets left out)
def units(nats, tokens, chars):
    nll = nats / tokens
    return nll, np.exp(nll), tokens * nll / chars * np.log(2)

# %% wrong 01.units: minus sign on the nats per token
def units(nats, tokens, chars):
    nll = -nats / tokens
    return nll, math.exp(-nll), nats / (chars * math.log(2))

# %% right 01.token_nll: a loop with two sums
def token_nll(log_probs, masks):
    total, count = 0.0, 0
    for lp, m in zip(log_probs, masks):
        total += lp[m].sum()
        count += m.sum()
    return -total / count

# %% right 01.token_nll: all real entries in one long array
def token_nll(log_probs, masks):
    real = np.concatenate([lp[m] for lp, m in zip(log_probs, masks, strict=True)])
    return -real.mean()

# %% right 01.token_nll: np.where and generator expressions
def token_nll(log_probs, masks):
    return -sum(np.where(m, lp, 0).sum() for lp, m in zip(log_probs, masks)) / sum(m.sum() for m in masks)

# %% right 01.token_nll: pure Python over every token
def token_nll(log_probs, masks):
    kept = []
    for lp, m in zip(log_probs, masks):
        for row, flags in zip(lp, m):
            kept.extend(float(v) for v, real in zip(row, flags) if real)
    return -math.fsum(kept) / len(kept)

# %% right 01.token_nll: batch means weighted by their numbers of real tokens
def token_nll(log_probs, masks):
    means = [-lp[m].mean() for lp, m in zip(log_probs, masks)]
    return np.average(means, weights=[m.sum() for m in masks])

# %% right 01.token_nll: equation (1.10) word for word, lp times mask (reading: padding holds finite numbers)
def token_nll(log_probs, masks):
    above = sum((m * lp).sum() for lp, m in zip(log_probs, masks))
    below = sum(m.sum() for m in masks)
    return -above / below

# %% wrong 01.token_nll: the mean of the batch means
def token_nll(log_probs, masks):
    return np.mean([-lp[m].mean() for lp, m in zip(log_probs, masks)])

# %% wrong 01.token_nll: the minus sign forgotten
def token_nll(log_probs, masks):
    return sum(lp[m].sum() for lp, m in zip(log_probs, masks)) / sum(m.sum() for m in masks)

# %% wrong 01.token_nll: padding counted, masks ignored
def token_nll(log_probs, masks):
    return -sum(lp.sum() for lp in log_probs) / sum(lp.size for lp in log_probs)

# %% wrong 01.token_nll: padding left out above but counted below
def token_nll(log_probs, masks):
    return -sum(lp[m].sum() for lp, m in zip(log_probs, masks)) / sum(m.size for m in masks)

# %% wrong 01.token_nll: divided by the number of sequences
def token_nll(log_probs, masks):
    return -sum(lp[m].sum() for lp, m in zip(log_probs, masks)) / sum(len(m) for m in masks)

# %% wrong 01.token_nll: divided by the number of batches
def token_nll(log_probs, masks):
    return -sum(lp[m].sum() for lp, m in zip(log_probs, masks)) / len(log_probs)

# %% wrong 01.token_nll: the mean of the sequences' means
def token_nll(log_probs, masks):
    rows = []
    for lp, m in zip(log_probs, masks):
        rows.extend(-np.where(m, lp, 0).sum(axis=1) / m.sum(axis=1))
    return np.mean(rows)

# %% wrong 01.token_nll: sums begin afresh in each batch, so only the last one counts
def token_nll(log_probs, masks):
    for lp, m in zip(log_probs, masks):
        total, count = 0.0, 0
        total += lp[m].sum()
        count += m.sum()
    return -total / count

# %% wrong 01.token_nll: mask inverted
def token_nll(log_probs, masks):
    return -sum(lp[~m].sum() for lp, m in zip(log_probs, masks)) / sum((~m).sum() for m in masks)

# %% wrong 01.token_nll: batch means weighted by the number of rows instead of tokens
def token_nll(log_probs, masks):
    means = [-lp[m].mean() for lp, m in zip(log_probs, masks)]
    return np.average(means, weights=[len(m) for m in masks])

# %% wrong 01.token_nll: all batches stacked as one array (crashes when they differ in width)
def token_nll(log_probs, masks):
    lp, m = np.concatenate(log_probs), np.concatenate(masks)
    return -lp[m].sum() / m.sum()

# %% wrong 01.token_nll: takes the logarithm of what is one already
def token_nll(log_probs, masks):
    with np.errstate(all="ignore"):
        total = sum(np.log(lp[m]).sum() for lp, m in zip(log_probs, masks))
    return -total / sum(m.sum() for m in masks)

# %% wrong 01.token_nll: perplexity returned
def token_nll(log_probs, masks):
    total = sum(lp[m].sum() for lp, m in zip(log_probs, masks))
    return np.exp(-total / sum(m.sum() for m in masks))

# %% wrong 01.token_nll: in bits, divided by ln 2
def token_nll(log_probs, masks):
    total = sum(lp[m].sum() for lp, m in zip(log_probs, masks))
    return -total / sum(m.sum() for m in masks) / math.log(2)

# %% wrong 01.token_nll: only the first batch is scored
def token_nll(log_probs, masks):
    total, count = 0.0, 0
    for lp, m in zip(log_probs, masks):
        total += lp[m].sum()
        count += m.sum()
        return -total / count
