# %% right 20.kmer_counts: a dictionary of words made by a comprehension
def kmer_counts(letters, k):
    out = np.zeros((letters.shape[0], 4**k), dtype=int)
    for b in range(letters.shape[0]):
        for t in range(letters.shape[1] - k + 1):
            code = 0
            for c in letters[b, t : t + k]:
                code = code * 4 + int(c)
            out[b, code] += 1
    return out

# %% right 20.kmer_counts: windows times powers of four
def kmer_counts(letters, k):
    windows = np.lib.stride_tricks.sliding_window_view(letters, k, axis=1)
    codes = windows @ (4 ** np.arange(k)[::-1])
    return (codes[:, :, None] == np.arange(4**k)).sum(axis=1)

# %% wrong 20.kmer_counts: powers of four in the wrong order, the last letter counts most
def kmer_counts(letters, k):
    windows = np.lib.stride_tricks.sliding_window_view(letters, k, axis=1)
    codes = windows @ (4 ** np.arange(k))
    return (codes[:, :, None] == np.arange(4**k)).sum(axis=1)

# %% wrong 20.kmer_counts: steps of k, the words do not overlap
def kmer_counts(letters, k):
    out = np.zeros((len(letters), 4**k), dtype=int)
    for b, row in enumerate(letters):
        for t in range(0, len(row) - k + 1, k):
            code = 0
            for c in row[t : t + k]:
                code = 4 * code + c
            out[b, code] += 1
    return out

# %% wrong 20.kmer_counts: fancy index with += counts a word at most once
def kmer_counts(letters, k):
    places = letters.shape[1] - k + 1
    codes = np.zeros((len(letters), places), dtype=int)
    for j in range(k):
        codes = codes * 4 + letters[:, j : j + places]
    out = np.zeros((len(letters), 4**k), dtype=int)
    for b in range(len(letters)):
        out[b, codes[b]] += 1
    return out

# %% wrong 20.kmer_counts: range stops one word early
def kmer_counts(letters, k):
    out = np.zeros((len(letters), 4**k), dtype=int)
    for b, row in enumerate(letters):
        for t in range(len(row) - k):
            code = int("".join(str(c) for c in row[t : t + k]), 4)
            out[b, code] += 1
    return out

# %% wrong 20.kmer_counts: a histogram of all sequences together
def kmer_counts(letters, k):
    windows = np.lib.stride_tricks.sliding_window_view(letters, k, axis=1)
    codes = windows @ (4 ** np.arange(k)[::-1])
    total = np.bincount(codes.ravel(), minlength=4**k)
    return np.tile(total, (len(letters), 1))

# %% wrong 20.kmer_counts: the frequencies instead of the counts
def kmer_counts(letters, k):
    windows = np.lib.stride_tricks.sliding_window_view(letters, k, axis=1)
    codes = windows @ (4 ** np.arange(k)[::-1])
    return (codes[:, :, None] == np.arange(4**k)).mean(axis=1)

# %% right 20.slide: a loop over places
def slide(x, filters):
    w = filters.shape[1]
    out = []
    for t in range(x.shape[1] - w + 1):
        out.append(torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters))
    return torch.stack(out, dim=1)

# %% right 20.slide: tensordot per window
def slide(x, filters):
    w = filters.shape[1]
    rows = [torch.tensordot(x[:, t : t + w], filters, dims=([1, 2], [1, 2])) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: a true convolution, the filter flipped
def slide(x, filters):
    w = filters.shape[1]
    filters = filters.flip(1)
    return torch.stack([torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)], 1)

# %% wrong 20.slide: one place short
def slide(x, filters):
    w = filters.shape[1]
    return torch.stack(
        [torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(max(1, x.shape[1] - w))], 1
    )

# %% wrong 20.slide: stacked along the wrong axis, filters before places
def slide(x, filters):
    w = filters.shape[1]
    return torch.stack([torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)], 2)

# %% wrong 20.slide: the average over the window
def slide(x, filters):
    w = filters.shape[1]
    rows = [(x[:, None, t : t + w] * filters).sum(3).mean(2) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: the best of the four letters at each place
def slide(x, filters):
    w = filters.shape[1]
    rows = [(x[:, None, t : t + w] * filters).amax(3).sum(2) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: padded at both ends so that there are T places
def slide(x, filters):
    w = filters.shape[1]
    x = F.pad(x, (0, 0, w // 2, w - 1 - w // 2))
    return torch.stack([torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)], 1)

# %% right 20.letter_heights: entropy by hand
def letter_heights(counts, pseudo=0.5):
    p = counts + pseudo
    p = p / p.sum(axis=1)[:, None]
    entropy = -(p * np.log(p)).sum(axis=1) / np.log(2)
    return p * (2 - entropy)[:, None]

# %% right 20.letter_heights: a loop over places
def letter_heights(counts, pseudo=0.5):
    rows = []
    for row in counts:
        p = (np.array(row) + pseudo) / (sum(row) + 4 * pseudo)
        rows.append(p * (2 + sum(q * np.log2(q) for q in p)))
    return np.array(rows)

# %% wrong 20.letter_heights: the pseudocount is added once to the total
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts.sum(axis=1, keepdims=True) + pseudo)
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: each letter's own information instead of its share of the place's
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return p * np.log2(p / 0.25)

# %% wrong 20.letter_heights: the natural logarithm
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return p * (2 + (p * np.log(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: normalised over everything
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum()
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: entropy added twice with the wrong sign
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    entropy = -(p * np.log2(p)).sum(axis=1, keepdims=True)
    return p * (2 + entropy)

# %% wrong 20.letter_heights: the pseudocount is forgotten in the shares
def letter_heights(counts, pseudo=0.5):
    p = counts / counts.sum(axis=1, keepdims=True)
    q = np.clip(p, 1e-9, 1)
    return p * (2 + (q * np.log2(q)).sum(axis=1, keepdims=True))

# %% right 20.gradient_times_input: backward on the sum
def gradient_times_input(evidence, x):
    x = x.clone().detach().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(-1, keepdim=True)
    return (g * x).sum(-1).detach()

# %% right 20.gradient_times_input: index of the letter that stands there
def gradient_times_input(evidence, x):
    leaf = x.clone().requires_grad_(True)
    g = torch.autograd.grad(evidence(leaf).sum(), leaf)[0]
    own = g.gather(2, x.argmax(dim=2, keepdim=True))[..., 0]
    return own - g.mean(dim=2)

# %% wrong 20.gradient_times_input: plain gradient times input
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    return (x.grad * x.detach()).sum(-1)

# %% wrong 20.gradient_times_input: the norm of the gradient at each place
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    return x.grad.norm(dim=2)

# %% wrong 20.gradient_times_input: absolute value at the end
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2).abs()

# %% wrong 20.gradient_times_input: mean over all places and letters taken off
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean()
    return (g * x.detach()).sum(dim=2)

# %% wrong 20.gradient_times_input: only the first sequence is explained
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x)[0].backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2)

# %% wrong 20.gradient_times_input: the mean of the batch is differentiated
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).mean().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2)

# %% wrong 20.gradient_times_input: forgets requires_grad, so there is no gradient
def gradient_times_input(evidence, x):
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x).sum(dim=2)

# %% right 20.occlusion: in place of a column of a preallocated tensor
def occlusion(evidence, x):
    lost = torch.zeros(x.shape[0], x.shape[1], dtype=x.dtype)
    base = evidence(x)
    for t in range(x.shape[1]):
        hidden = x.clone()
        hidden[:, t, :] = torch.full((4,), 0.25, dtype=x.dtype)
        lost[:, t] = base - evidence(hidden)
    return lost

# %% right 20.occlusion: masks and where
def occlusion(evidence, x):
    columns = []
    for t in range(x.shape[1]):
        here = (torch.arange(x.shape[1]) == t)[None, :, None]
        columns.append(evidence(x) - evidence(torch.where(here, torch.tensor(0.25, dtype=x.dtype), x)))
    return torch.stack(columns, 1)

# %% wrong 20.occlusion: forgets to copy, everything is covered in the end
def occlusion(evidence, x):
    base, lost = evidence(x), []
    covered = x.clone()
    for t in range(x.shape[1]):
        covered[:, t] = 0.25
        lost.append(base - evidence(covered))
    return torch.stack(lost, 1)

# %% wrong 20.occlusion: zeros instead of quarters
def occlusion(evidence, x):
    base, lost = evidence(x), []
    for t in range(x.shape[1]):
        covered = x.clone()
        covered[:, t] = 0
        lost.append(base - evidence(covered))
    return torch.stack(lost, 1)

# %% wrong 20.occlusion: covered minus whole
def occlusion(evidence, x):
    base, lost = evidence(x), []
    for t in range(x.shape[1]):
        covered = x.clone()
        covered[:, t] = 0.25
        lost.append(evidence(covered) - base)
    return torch.stack(lost, 1)

# %% wrong 20.occlusion: relative loss
def occlusion(evidence, x):
    base, lost = evidence(x), []
    for t in range(x.shape[1]):
        covered = x.clone()
        covered[:, t] = 0.25
        lost.append((base - evidence(covered)) / base)
    return torch.stack(lost, 1)

# %% wrong 20.occlusion: a list of rows, stacked the other way
def occlusion(evidence, x):
    base, lost = evidence(x), []
    for t in range(x.shape[1]):
        covered = x.clone()
        covered[:, t] = 0.25
        lost.append(base - evidence(covered))
    return torch.stack(lost)

# %% wrong 20.occlusion: covers its own argument
def occlusion(evidence, x):
    base, lost = evidence(x), []
    for t in range(x.shape[1]):
        kept = x[:, t]
        x[:, t] = 0.25
        lost.append(base - evidence(x))
        x[:, t] = kept
    return torch.stack(lost, 1)

# %% right 20.filter_counts: unfold and a mask
def filter_counts(scores, x, width, share=0.5):
    windows = x.unfold(1, width, 1).permute(0, 1, 3, 2)
    return windows[scores > share * scores.max()].sum(0)

# %% right 20.filter_counts: a loop
def filter_counts(scores, x, width, share=0.5):
    total, limit = torch.zeros(width, 4, dtype=x.dtype), share * scores.max()
    for b in range(scores.shape[0]):
        for t in range(scores.shape[1]):
            if scores[b, t] > limit:
                total = total + x[b, t : t + width]
    return total

# %% wrong 20.filter_counts: a threshold of its own for each sequence
def filter_counts(scores, x, width, share=0.5):
    windows = x.unfold(1, width, 1).permute(0, 1, 3, 2)
    return windows[scores > share * scores.max(dim=1, keepdim=True).values].sum(0)

# %% wrong 20.filter_counts: the best window of each sequence
def filter_counts(scores, x, width, share=0.5):
    best = scores.argmax(dim=1)
    rows = torch.arange(len(x))
    return torch.stack([x[rows, best + j].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: the mean, shares instead of counts
def filter_counts(scores, x, width, share=0.5):
    windows = x.unfold(1, width, 1).permute(0, 1, 3, 2)
    return windows[scores > share * scores.max()].mean(0)

# %% wrong 20.filter_counts: share as the threshold
def filter_counts(scores, x, width, share=0.5):
    windows = x.unfold(1, width, 1).permute(0, 1, 3, 2)
    return windows[scores > share].sum(0)

# %% wrong 20.filter_counts: half always
def filter_counts(scores, x, width, share=0.5):
    windows = x.unfold(1, width, 1).permute(0, 1, 3, 2)
    return windows[scores > scores.max() / 2].sum(0)

# %% wrong 20.filter_counts: unfold's axes kept, letters before places
def filter_counts(scores, x, width, share=0.5):
    return x.unfold(1, width, 1)[scores > share * scores.max()].sum(0)

# %% right 20.reverse_complement: two flips
def reverse_complement(x):
    return torch.flip(torch.flip(x, [1]), [2])

# %% right 20.reverse_complement: a permutation of the letters
def reverse_complement(x):
    return x.flip(1)[:, :, [3, 2, 1, 0]]

# %% wrong 20.reverse_complement: only reversed
def reverse_complement(x):
    return x.flip(1)

# %% wrong 20.reverse_complement: only complemented
def reverse_complement(x):
    return x[:, :, [3, 2, 1, 0]]

# %% wrong 20.reverse_complement: A with G, C with T
def reverse_complement(x):
    return x.flip(1)[:, :, [2, 3, 0, 1]]

# %% wrong 20.reverse_complement: flips all axes
def reverse_complement(x):
    return x.flip(0, 1, 2)

# %% wrong 20.reverse_complement: flips batch and letters
def reverse_complement(x):
    return x.flip(0, 2)

# %% wrong 20.reverse_complement: one minus x
def reverse_complement(x):
    return (1 - x).flip(1)

# %% right 20.strand_scores: the turned filters
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(x, filters.flip(1).flip(2)))

# %% right 20.strand_scores: stack and max
def strand_scores(x, filters):
    a = slide(x, filters)
    b = slide(reverse_complement(x), filters)
    return torch.stack([a, b.flip(1)]).max(dim=0).values

# %% wrong 20.strand_scores: forgets to turn the scores back
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(reverse_complement(x), filters))

# %% wrong 20.strand_scores: sum of both
def strand_scores(x, filters):
    return slide(x, filters) + slide(reverse_complement(x), filters).flip(1)

# %% wrong 20.strand_scores: filters turned along the places only
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(x, filters.flip(1)))

# %% wrong 20.strand_scores: filters complemented only
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(x, filters.flip(2)))

# %% wrong 20.strand_scores: the larger in size
def strand_scores(x, filters):
    a, b = slide(x, filters), slide(reverse_complement(x), filters).flip(1)
    return torch.where(a.abs() > b.abs(), a, b)

# %% wrong 20.strand_scores: both turned, sequence and filter, which is the first strand again
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(reverse_complement(x), reverse_complement(filters)).flip(1))

# %% right 20.without_duplicates: two passes
def without_duplicates(sequences, classes):
    kinds = {}
    for s, c in zip(sequences, classes):
        kinds.setdefault(s, []).append(c)
    seen, rows = set(), []
    for i, s in enumerate(sequences):
        if s in seen or len(set(kinds[s])) > 1:
            continue
        seen.add(s)
        rows.append(i)
    return rows

# %% right 20.without_duplicates: numpy's unique
def without_duplicates(sequences, classes):
    texts, first, which = np.unique(np.array(sequences), return_index=True, return_inverse=True)
    good = [i for k, i in enumerate(first) if len(set(np.asarray(classes)[which == k].tolist())) == 1]
    return sorted(int(i) for i in good)

# %% wrong 20.without_duplicates: ignores the contradictions
def without_duplicates(sequences, classes):
    seen, rows = set(), []
    for i, s in enumerate(sequences):
        if s not in seen:
            seen.add(s)
            rows.append(i)
    return rows

# %% wrong 20.without_duplicates: pairs of text and class
def without_duplicates(sequences, classes):
    seen, rows = set(), []
    for i, pair in enumerate(zip(sequences, np.asarray(classes).tolist())):
        if pair not in seen:
            seen.add(pair)
            rows.append(i)
    return rows

# %% wrong 20.without_duplicates: all copies go
def without_duplicates(sequences, classes):
    return [i for i, s in enumerate(sequences) if sequences.count(s) == 1]

# %% wrong 20.without_duplicates: the texts themselves
def without_duplicates(sequences, classes):
    kinds = {}
    for s, c in zip(sequences, classes):
        kinds.setdefault(s, set()).add(c)
    return [s for s in kinds if len(kinds[s]) == 1]

# %% wrong 20.without_duplicates: a contradiction is noticed too late, its first row stays
def without_duplicates(sequences, classes):
    known, rows = {}, []
    for i, (s, c) in enumerate(zip(sequences, classes)):
        if s not in known:
            known[s] = c
            rows.append(i)
        elif known[s] != c:
            continue
    return rows

# %% wrong 20.without_duplicates: a boolean mask instead of rows
def without_duplicates(sequences, classes):
    kinds, first = {}, {}
    for i, (s, c) in enumerate(zip(sequences, classes)):
        kinds.setdefault(s, set()).add(c)
        first.setdefault(s, i)
    return [first[s] == i and len(kinds[s]) == 1 for i, s in enumerate(sequences)]

# %% right 20.residue_windows: a list of slices
def residue_windows(acids, reach):
    padded = [20] * reach + list(acids) + [20] * reach
    return np.array([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% right 20.residue_windows: shifted copies
def residue_windows(acids, reach):
    columns = []
    for k in range(-reach, reach + 1):
        places = np.arange(len(acids)) + k
        inside = (places >= 0) & (places < len(acids))
        columns.append(np.where(inside, acids[np.clip(places, 0, len(acids) - 1)], 20))
    return np.stack(columns, axis=1)

# %% wrong 20.residue_windows: np.roll, so that the ends meet
def residue_windows(acids, reach):
    return np.stack([np.roll(acids, -k) for k in range(-reach, reach + 1)], axis=1)

# %% wrong 20.residue_windows: rolled in the other direction, windows read backwards
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    return np.stack([padded[reach + k : reach + k + len(acids)] for k in range(reach, -reach - 1, -1)], axis=1)

# %% wrong 20.residue_windows: zeros beyond the ends
def residue_windows(acids, reach):
    padded = np.pad(acids, reach)
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: clipped to the first and last acid
def residue_windows(acids, reach):
    places = np.arange(len(acids))[:, None] + np.arange(-reach, reach + 1)
    return acids[np.clip(places, 0, len(acids) - 1)]

# %% wrong 20.residue_windows: 2 * reach wide, the last neighbour is missing
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    return np.stack([padded[t : t + 2 * reach] for t in range(len(acids))])

# %% wrong 20.residue_windows: stacked along the first axis
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    return np.stack([padded[k : k + len(acids)] for k in range(2 * reach + 1)])

# %% right 20.kmer_counts: sums of shifted columns and bincount per row
def kmer_counts(letters, k):
    T = letters.shape[1]
    idx = sum(letters[:, i : T - k + 1 + i] * 4 ** (k - 1 - i) for i in range(k))
    return np.stack([np.bincount(row, minlength=4**k) for row in idx])

# %% right 20.kmer_counts: text and a dictionary of all words
def kmer_counts(letters, k):
    from itertools import product

    column = {"".join(w): i for i, w in enumerate(product("0123", repeat=k))}
    out = np.zeros((len(letters), len(column)), dtype=np.int64)
    for b, row in enumerate(letters):
        text = "".join(map(str, row))
        for t in range(len(text) - k + 1):
            out[b, column[text[t : t + k]]] += 1
    return out

# %% wrong 20.kmer_counts: str.count, which skips overlaps
def kmer_counts(letters, k):
    from itertools import product

    words = ["".join(w) for w in product("0123", repeat=k)]
    return np.array([["".join(map(str, row)).count(w) for w in words] for row in letters])

# %% wrong 20.kmer_counts: present or not
def kmer_counts(letters, k):
    from itertools import product

    words = ["".join(w) for w in product("0123", repeat=k)]
    return np.array([[int(w in "".join(map(str, row))) for w in words] for row in letters])

# %% wrong 20.kmer_counts: the whole row, wrapping round at the end
def kmer_counts(letters, k):
    idx = sum(np.roll(letters, -i, axis=1) * 4 ** (k - 1 - i) for i in range(k))
    return np.stack([np.bincount(row, minlength=4**k) for row in idx])

# %% wrong 20.kmer_counts: only as many columns as words seen
def kmer_counts(letters, k):
    T = letters.shape[1]
    idx = sum(letters[:, i : T - k + 1 + i] * 4 ** (k - 1 - i) for i in range(k))
    words = np.unique(idx)
    return np.stack([(row[:, None] == words).sum(0) for row in idx])

# %% wrong 20.kmer_counts: the exponent k - i, columns beyond the end
def kmer_counts(letters, k):
    T = letters.shape[1]
    idx = sum(letters[:, i : T - k + 1 + i] * 4 ** (k - i) for i in range(k))
    out = np.zeros((len(letters), 4**k), dtype=int)
    for b in range(len(letters)):
        for w in idx[b]:
            out[b, w] += 1
    return out

# %% wrong 20.kmer_counts: words and sequences the wrong way round
def kmer_counts(letters, k):
    T = letters.shape[1]
    idx = sum(letters[:, i : T - k + 1 + i] * 4 ** (k - 1 - i) for i in range(k))
    return np.stack([np.bincount(row, minlength=4**k) for row in idx]).T

# %% wrong 20.kmer_counts: a sum of the letters instead of a number
def kmer_counts(letters, k):
    T = letters.shape[1]
    idx = sum(letters[:, i : T - k + 1 + i] for i in range(k))
    return np.stack([np.bincount(row, minlength=4**k) for row in idx])

# %% wrong 20.kmer_counts: base 10
def kmer_counts(letters, k):
    out = np.zeros((len(letters), 4**k), dtype=int)
    for b, row in enumerate(letters):
        for t in range(len(row) - k + 1):
            out[b, int("".join(map(str, row[t : t + k]))) % 4**k] += 1
    return out

# %% right 20.slide: one big matrix product
def slide(x, filters):
    F_, w, _ = filters.shape
    cols = torch.cat([x[:, j : x.shape[1] - w + 1 + j] for j in range(w)], dim=2)
    return cols @ filters.reshape(F_, -1).T

# %% right 20.slide: a sum over the places of the filter
def slide(x, filters):
    w, n = filters.shape[1], x.shape[1] - filters.shape[1] + 1
    total = 0
    for j in range(w):
        total = total + x[:, j : j + n] @ filters[:, j].T
    return total

# %% wrong 20.slide: unfold's axes are forgotten in the reshape
def slide(x, filters):
    w = filters.shape[1]
    windows = x.unfold(1, w, 1)
    return windows.reshape(*windows.shape[:2], -1) @ filters.reshape(len(filters), -1).T

# %% wrong 20.slide: columns next to each other, filters transposed
def slide(x, filters):
    F_, w, _ = filters.shape
    cols = torch.cat([x[:, j : x.shape[1] - w + 1 + j] for j in range(w)], dim=2)
    return cols @ filters.reshape(-1, F_)

# %% wrong 20.slide: steps of w
def slide(x, filters):
    w = filters.shape[1]
    rows = [torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(0, x.shape[1] - w + 1, w)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: an extra axis, the scores of single letters not added up
def slide(x, filters):
    w = filters.shape[1]
    rows = [torch.einsum("bjc,fjc->bfj", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: places first
def slide(x, filters):
    w = filters.shape[1]
    return torch.stack([torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)])

# %% wrong 20.slide: ReLU as in the network
def slide(x, filters):
    w = filters.shape[1]
    rows = [torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1).clamp(min=0)

# %% wrong 20.slide: the letters of the filter turned round, the other strand's order
def slide(x, filters):
    w = filters.shape[1]
    rows = [torch.einsum("bjc,fjc->bf", x[:, t : t + w], filters.flip(2)) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: the first filter only
def slide(x, filters):
    w = filters.shape[1]
    rows = [(x[:, t : t + w] * filters[0]).sum((1, 2)) for t in range(x.shape[1] - w + 1)]
    return torch.stack(rows, 1)

# %% wrong 20.slide: F.conv1d after all
def slide(x, filters):
    return F.conv1d(x.transpose(1, 2), filters.transpose(1, 2)).transpose(1, 2)

# %% right 20.letter_heights: scipy-like, row by row with outer
def letter_heights(counts, pseudo=0.5):
    c = np.array(counts, dtype=float) + pseudo
    p = (c.T / c.sum(1)).T
    info = np.log2(4) + np.einsum("wc,wc->w", p, np.log2(p))
    return np.einsum("wc,w->wc", p, info)

# %% wrong 20.letter_heights: only the bits of each place
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return 2 + (p * np.log2(p)).sum(axis=1)

# %% wrong 20.letter_heights: all letters as high as the place
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return np.repeat(2 + (p * np.log2(p)).sum(axis=1, keepdims=True), 4, axis=1)

# %% wrong 20.letter_heights: the entropy itself as the height
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return -p * (p * np.log2(p)).sum(axis=1, keepdims=True)

# %% wrong 20.letter_heights: shares over the places of one letter
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=0)
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: counts times bits
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return counts * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: pseudo fixed at a half
def letter_heights(counts, pseudo=0.5):
    p = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: pseudo only where nothing was seen
def letter_heights(counts, pseudo=0.5):
    c = np.where(counts == 0, pseudo, counts)
    p = c / c.sum(axis=1, keepdims=True)
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: pseudo added after the division
def letter_heights(counts, pseudo=0.5):
    p = counts / counts.sum(axis=1, keepdims=True) + pseudo
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: a pseudocount shared out among the letters
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo / 4) / (counts + pseudo / 4).sum(axis=1, keepdims=True)
    return p * (2 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: 1 bit is the most
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return p * (1 + (p * np.log2(p)).sum(axis=1, keepdims=True))

# %% wrong 20.letter_heights: the information shared equally
def letter_heights(counts, pseudo=0.5):
    p = (counts + pseudo) / (counts + pseudo).sum(axis=1, keepdims=True)
    return p * (2 + (p * np.log2(p)).mean(axis=1, keepdims=True))

# %% right 20.gradient_times_input: autograd.functional.vjp
def gradient_times_input(evidence, x):
    ones = torch.ones(len(x), dtype=x.dtype)
    g = torch.autograd.functional.vjp(evidence, x, ones)[1]
    return (x * (g - g.mean(2)[..., None])).sum(2)

# %% wrong 20.gradient_times_input: gradient at the letter only, nothing taken off
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    return x.grad.gather(2, x.argmax(2, keepdim=True))[..., 0]

# %% wrong 20.gradient_times_input: mean along the sequence
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=1, keepdim=True)
    return (g * x.detach()).sum(dim=2)

# %% wrong 20.gradient_times_input: mean of the other three only
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    own = (x.grad * x.detach()).sum(2)
    return own - (x.grad.sum(2) - own) / 3

# %% wrong 20.gradient_times_input: the whole (B, T, 4) is handed back
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return g * x.detach()

# %% wrong 20.gradient_times_input: the corrected gradient summed, not times the input
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return g.sum(dim=2)

# %% wrong 20.gradient_times_input: mean over the letters of the product
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x.detach()).mean(dim=2)

# %% wrong 20.gradient_times_input: the sum of the four taken off
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    g = x.grad - x.grad.sum(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2)

# %% wrong 20.gradient_times_input: largest gradient of any letter, as saliency maps do
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    evidence(x).sum().backward()
    return x.grad.abs().max(dim=2).values

# %% wrong 20.gradient_times_input: backward in a loop without clearing
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    rows = []
    for b in range(len(x)):
        evidence(x)[b].backward()
        g = x.grad[b] - x.grad[b].mean(dim=1, keepdim=True)
        rows.append((g * x[b].detach()).sum())
    return torch.stack(rows)

# %% wrong 20.gradient_times_input: the sign turned, gradient of minus the evidence
def gradient_times_input(evidence, x):
    x = x.clone().requires_grad_(True)
    (-evidence(x).sum()).backward()
    g = x.grad - x.grad.mean(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2)

# %% right 20.occlusion: one big batch
def occlusion(evidence, x):
    B, T, _ = x.shape
    many = x[:, None].repeat(1, T, 1, 1)
    many[:, torch.arange(T), torch.arange(T)] = 0.25
    return evidence(x)[:, None] - evidence(many.reshape(B * T, T, 4)).reshape(B, T)

# %% wrong 20.occlusion: one big batch, reshaped the wrong way round
def occlusion(evidence, x):
    B, T, _ = x.shape
    many = x[:, None].repeat(1, T, 1, 1)
    many[:, torch.arange(T), torch.arange(T)] = 0.25
    return evidence(x)[:, None] - evidence(many.transpose(0, 1).reshape(B * T, T, 4)).reshape(B, T)

# %% wrong 20.occlusion: the mean of the sequence as the cover
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t] = x.mean(1)
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the letter is cut out, everything moves up
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = torch.cat([x[:, :t], x[:, t + 1 :], torch.full_like(x[:, :1], 0.25)], 1)
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: a random letter in its place
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t] = torch.eye(4, dtype=x.dtype)[torch.randint(4, (len(x),))]
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: ones, every letter at once
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t] = 1.0
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the evidence of what is left, not what is lost
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t] = 0.25
        cols.append(evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the size of the change
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t] = 0.25
        cols.append((evidence(x) - evidence(c)).abs())
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: all but the letter is covered
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = torch.full_like(x, 0.25)
        c[:, t] = x[:, t]
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the slice t:, from here to the end
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1]):
        c = x.clone()
        c[:, t:] = 0.25
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the first axis is taken for the places
def occlusion(evidence, x):
    cols = []
    for t in range(min(x.shape[:2])):
        c = x.clone()
        c[t] = 0.25
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% wrong 20.occlusion: the last place is forgotten
def occlusion(evidence, x):
    cols = []
    for t in range(x.shape[1] - 1):
        c = x.clone()
        c[:, t] = 0.25
        cols.append(evidence(x) - evidence(c))
    return torch.stack(cols, 1)

# %% right 20.filter_counts: einsum over a mask of floats
def filter_counts(scores, x, width, share=0.5):
    hit = (scores > share * scores.max()).to(x.dtype)
    n = scores.shape[1]
    return torch.stack([torch.einsum("bp,bpc->c", hit, x[:, j : j + n]) for j in range(width)])

# %% wrong 20.filter_counts: weighted by the score
def filter_counts(scores, x, width, share=0.5):
    hit = torch.where(scores > share * scores.max(), scores, torch.zeros_like(scores)).to(x.dtype)
    n = scores.shape[1]
    return torch.stack([torch.einsum("bp,bpc->c", hit, x[:, j : j + n]) for j in range(width)])

# %% wrong 20.filter_counts: all windows
def filter_counts(scores, x, width, share=0.5):
    n = scores.shape[1]
    return torch.stack([x[:, j : j + n].sum((0, 1)) for j in range(width)])

# %% wrong 20.filter_counts: the letters before the window, t - j
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > share * scores.max(), as_tuple=True)
    return torch.stack([x[b, (t - j).clamp(min=0)].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: one row, all places together
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > share * scores.max(), as_tuple=True)
    return sum(x[b, t + j].sum(0) for j in range(width))

# %% wrong 20.filter_counts: below the threshold
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores < share * scores.max(), as_tuple=True)
    return torch.stack([x[b, t + j].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: the quantile instead of a share of the highest
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > torch.quantile(scores, share), as_tuple=True)
    return torch.stack([x[b, t + j].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: a share of the mean
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > share * scores.mean(), as_tuple=True)
    return torch.stack([x[b, t + j].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: only the very highest window
def filter_counts(scores, x, width, share=0.5):
    b, t = divmod(int(scores.argmax()), scores.shape[1])
    return x[b, t : t + width]

# %% wrong 20.filter_counts: the window centred on t
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > share * scores.max(), as_tuple=True)
    last = x.shape[1] - 1
    return torch.stack([x[b, (t + j - width // 2).clamp(0, last)].sum(0) for j in range(width)])

# %% wrong 20.filter_counts: turned into shares of each place
def filter_counts(scores, x, width, share=0.5):
    b, t = torch.nonzero(scores > share * scores.max(), as_tuple=True)
    n = torch.stack([x[b, t + j].sum(0) for j in range(width)])
    return n / n.sum(dim=1, keepdim=True)

# %% wrong 20.filter_counts: half of the range between lowest and highest
def filter_counts(scores, x, width, share=0.5):
    cut = scores.min() + share * (scores.max() - scores.min())
    b, t = torch.nonzero(scores > cut, as_tuple=True)
    return torch.stack([x[b, t + j].sum(0) for j in range(width)])

# %% right 20.reverse_complement: index arithmetic
def reverse_complement(x):
    return x[:, torch.arange(x.shape[1] - 1, -1, -1)][..., torch.tensor([3, 2, 1, 0])]

# %% wrong 20.reverse_complement: A with C, G with T
def reverse_complement(x):
    return x.flip(1)[..., [1, 0, 3, 2]]

# %% wrong 20.reverse_complement: transposes
def reverse_complement(x):
    return x.flip(1, 2).transpose(1, 2)

# %% wrong 20.reverse_complement: rolled by one, x[-t]
def reverse_complement(x):
    T = x.shape[1]
    return torch.stack([x[:, -t].flip(-1) for t in range(T)], dim=1)

# %% wrong 20.reverse_complement: the argument of a batch as a single sequence
def reverse_complement(x):
    return x.flip(0, 1)

# %% wrong 20.reverse_complement: numbers, not vectors
def reverse_complement(x):
    return 3 - x.argmax(dim=2).flip(1)

# %% wrong 20.reverse_complement: three minus the vectors
def reverse_complement(x):
    return 3 - x.flip(1)

# %% wrong 20.reverse_complement: known letters are supposed, shares are lost
def reverse_complement(x):
    return torch.eye(4, dtype=x.dtype)[3 - x.argmax(dim=2)].flip(1)

# %% wrong 20.reverse_complement: not at all
def reverse_complement(x):
    return x

# %% right 20.strand_scores: where
def strand_scores(x, filters):
    a, b = slide(x, filters), slide(x.flip(1, 2), filters).flip(1)
    return torch.where(a > b, a, b)

# %% wrong 20.strand_scores: the mean of both strands
def strand_scores(x, filters):
    return (slide(x, filters) + slide(reverse_complement(x), filters).flip(1)) / 2

# %% wrong 20.strand_scores: the lower of the two
def strand_scores(x, filters):
    return torch.minimum(slide(x, filters), slide(reverse_complement(x), filters).flip(1))

# %% wrong 20.strand_scores: the other strand only
def strand_scores(x, filters):
    return slide(reverse_complement(x), filters).flip(1)

# %% wrong 20.strand_scores: this strand only
def strand_scores(x, filters):
    return slide(x, filters)

# %% wrong 20.strand_scores: turned back along places and filters
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(reverse_complement(x), filters).flip(1, 2))

# %% wrong 20.strand_scores: turned back like DNA
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), reverse_complement(slide(reverse_complement(x), filters)))

# %% wrong 20.strand_scores: side by side, twice as many filters
def strand_scores(x, filters):
    return torch.cat([slide(x, filters), slide(reverse_complement(x), filters).flip(1)], dim=2)

# %% wrong 20.strand_scores: the largest of all places already
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(reverse_complement(x), filters).flip(1)).amax(dim=1)

# %% wrong 20.strand_scores: turned along the batch
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(reverse_complement(x), filters).flip(0))

# %% wrong 20.strand_scores: slid along the sequence that is only complemented
def strand_scores(x, filters):
    return torch.maximum(slide(x, filters), slide(x.flip(2), filters))

# %% wrong 20.strand_scores: the higher strand as a whole
def strand_scores(x, filters):
    a, b = slide(x, filters), slide(reverse_complement(x), filters).flip(1)
    better = a.amax(dim=1, keepdim=True) >= b.amax(dim=1, keepdim=True)
    return torch.where(better, a, b)

# %% right 20.without_duplicates: Counter of pairs
def without_duplicates(sequences, classes):
    from collections import defaultdict

    groups = defaultdict(list)
    for i, s in enumerate(sequences):
        groups[s].append(i)
    return sorted(rows[0] for rows in groups.values() if len({int(classes[r]) for r in rows}) == 1)

# %% wrong 20.without_duplicates: the last row stays
def without_duplicates(sequences, classes):
    kinds, last = {}, {}
    for i, (s, c) in enumerate(zip(sequences, classes)):
        kinds.setdefault(s, set()).add(int(c))
        last[s] = i
    return sorted(i for s, i in last.items() if len(kinds[s]) == 1)

# %% wrong 20.without_duplicates: a set, the order is lost
def without_duplicates(sequences, classes):
    kinds, first = {}, {}
    for i, (s, c) in enumerate(zip(sequences, classes)):
        kinds.setdefault(s, set()).add(int(c))
        first.setdefault(s, i)
    return sorted((i for s, i in first.items() if len(kinds[s]) == 1), reverse=True)

# %% wrong 20.without_duplicates: how many, not which
def without_duplicates(sequences, classes):
    kinds = {}
    for s, c in zip(sequences, classes):
        kinds.setdefault(s, set()).add(int(c))
    return len([s for s in kinds if len(kinds[s]) == 1])

# %% wrong 20.without_duplicates: the rows that go
def without_duplicates(sequences, classes):
    kinds, first = {}, {}
    for i, (s, c) in enumerate(zip(sequences, classes)):
        kinds.setdefault(s, set()).add(int(c))
        first.setdefault(s, i)
    keep = {i for s, i in first.items() if len(kinds[s]) == 1}
    return [i for i in range(len(sequences)) if i not in keep]

# %% wrong 20.without_duplicates: contradictions stay once with their first class, agreeing copies all stay
def without_duplicates(sequences, classes):
    kinds = {}
    for s, c in zip(sequences, classes):
        kinds.setdefault(s, set()).add(int(c))
    return [i for i, s in enumerate(sequences) if len(kinds[s]) == 1]

# %% wrong 20.without_duplicates: neighbours only
def without_duplicates(sequences, classes):
    return [i for i, s in enumerate(sequences) if i == 0 or s != sequences[i - 1]]

# %% wrong 20.without_duplicates: majority vote of the classes
def without_duplicates(sequences, classes):
    rows, seen = [], set()
    for i, s in enumerate(sequences):
        same = [int(c) for t, c in zip(sequences, classes) if t == s]
        if s not in seen and int(classes[i]) == max(set(same), key=same.count):
            rows.append(i)
            seen.add(s)
    return rows

# %% wrong 20.without_duplicates: an index is removed while the list is walked
def without_duplicates(sequences, classes):
    rows = list(range(len(sequences)))
    for i in rows:
        for j in rows:
            if i < j and sequences[i] == sequences[j]:
                rows.remove(j)
                if classes[i] != classes[j] and i in rows:
                    rows.remove(i)
    return rows

# %% wrong 20.without_duplicates: the kept sequences and classes
def without_duplicates(sequences, classes):
    kinds, first = {}, {}
    for i, (s, c) in enumerate(zip(sequences, classes)):
        kinds.setdefault(s, set()).add(int(c))
        first.setdefault(s, i)
    keep = [i for s, i in first.items() if len(kinds[s]) == 1]
    return [sequences[i] for i in keep], [classes[i] for i in keep]

# %% wrong 20.residue_windows: reach instead of 2 * reach + 1
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    return np.stack([padded[t : t + reach] for t in range(len(acids))])

# %% wrong 20.residue_windows: padded with 21
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=21)
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: padded with -1
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=-1)
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: mirrored at the ends
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, mode="reflect")
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: no padding, fewer rows
def residue_windows(acids, reach):
    return np.lib.stride_tricks.sliding_window_view(acids, 2 * reach + 1)

# %% wrong 20.residue_windows: padding at the right end only
def residue_windows(acids, reach):
    padded = np.concatenate([acids, np.full(2 * reach, 20)])
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: padding at the left end only
def residue_windows(acids, reach):
    padded = np.concatenate([np.full(2 * reach, 20), acids])
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])

# %% wrong 20.residue_windows: the acid itself is left out
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    rows = [np.delete(padded[t : t + 2 * reach + 1], reach) for t in range(len(acids))]
    return np.stack(rows)

# %% wrong 20.residue_windows: one window too many at the end
def residue_windows(acids, reach):
    padded = np.pad(acids, reach + 1, constant_values=20)[1:]
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids) + 1)])

# %% wrong 20.residue_windows: ones and zeros already
def residue_windows(acids, reach):
    padded = np.pad(acids, reach, constant_values=20)
    rows = np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])
    return np.eye(21)[rows]

# %% wrong 20.residue_windows: floats, by np.full with nan replaced
def residue_windows(acids, reach):
    padded = np.concatenate([np.full(reach, 20.0), acids, np.full(reach, 20.0)])
    return np.stack([padded[t : t + 2 * reach + 1] for t in range(len(acids))])
