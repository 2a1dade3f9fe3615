# %% right 07.max_pool: minus infinity at the padding, then amax
def max_pool(states, mask):
    return states.masked_fill(~mask[..., None], float("-inf")).amax(dim=1)

# %% right 07.max_pool: one sentence after another, words picked by the mask
def max_pool(states, mask):
    return torch.stack([row[real].max(dim=0).values for row, real in zip(states, mask)])

# %% right 07.max_pool: torch.where, the pair of max, other parameter names
def max_pool(h, words):
    low = torch.full_like(h, float("-inf"))
    largest, _ = torch.where(words.unsqueeze(-1), h, low).max(dim=1)
    return largest

# %% wrong 07.max_pool: the mask is forgotten
def max_pool(states, mask):
    return states.amax(dim=1)

# %% wrong 07.max_pool: zeros at the padding, which win where all states are negative
def max_pool(states, mask):
    return (states * mask[..., None]).amax(dim=1)

# %% wrong 07.max_pool: minus one at the padding, as if states could not be lower
def max_pool(states, mask):
    return states.masked_fill(~mask[..., None], -1.0).amax(dim=1)

# %% wrong 07.max_pool: the mask the wrong way round, words are filled and padding is kept
def max_pool(states, mask):
    return states.masked_fill(mask[..., None], float("-inf")).amax(dim=1)

# %% wrong 07.max_pool: the largest over the units instead of over the words
def max_pool(states, mask):
    return states.masked_fill(~mask[..., None], float("-inf")).amax(dim=2)

# %% wrong 07.max_pool: places of the largest values instead of the values
def max_pool(states, mask):
    return states.masked_fill(~mask[..., None], float("-inf")).max(dim=1)[1]

# %% wrong 07.max_pool: the states are changed in place
def max_pool(states, mask):
    states[~mask] = float("-inf")
    return states.amax(dim=1)

# %% wrong 07.max_pool: detached, no gradient flows
def max_pool(states, mask):
    filled = states.detach().clone()
    filled[~mask] = float("-inf")
    return filled.amax(dim=1)

# %% right 07.pack: sizes first, then slices of each step
def pack(x, lengths):
    longest = int(lengths.max())
    sizes = torch.tensor([int((lengths > t).sum()) for t in range(longest)])
    rows = torch.cat([x[:n, t] for t, n in enumerate(sizes.tolist())])
    return rows, sizes

# %% right 07.pack: a mask with the steps in front picks the words
def pack(x, lengths):
    steps = int(lengths[0])
    real = torch.arange(steps)[:, None] < lengths[None, :]
    return x.transpose(0, 1)[:steps][real], real.sum(dim=1)

# %% right 07.pack: two loops and a list of words
def pack(batch, lengths):
    lengths = [int(n) for n in lengths]
    rows, sizes = [], []
    for t in range(max(lengths)):
        count = 0
        for b, n in enumerate(lengths):
            if t < n:
                rows.append(batch[b, t])
                count += 1
        sizes.append(count)
    return torch.stack(rows), torch.tensor(sizes, dtype=torch.int64)

# %% wrong 07.pack: sentence after sentence instead of step after step
def pack(x, lengths):
    real = torch.arange(int(lengths.max())) < lengths[:, None]
    rows = x[:, : real.shape[1]][real]
    return rows, real.sum(dim=0)

# %% wrong 07.pack: the lengths are handed back as the sizes
def pack(x, lengths):
    rows = []
    for t in range(int(lengths.max())):
        n = int((lengths > t).sum())
        rows.append(x[:n, t])
    return torch.cat(rows), lengths

# %% wrong 07.pack: at least t instead of more than t, one padding token for each sentence
def pack(x, lengths):
    longest = int(lengths.max())
    sizes = torch.tensor([int((lengths >= t).sum()) for t in range(longest)])
    rows = torch.cat([x[:n, t] for t, n in enumerate(sizes.tolist())])
    return rows, sizes

# %% wrong 07.pack: all columns of x are steps, also those after the longest sentence
def pack(x, lengths):
    sizes = torch.tensor([int((lengths > t).sum()) for t in range(x.shape[1])])
    rows = torch.cat([x[:n, t] for t, n in enumerate(sizes.tolist())])
    return rows, sizes

# %% wrong 07.pack: the last step of the longest sentence is left out
def pack(x, lengths):
    longest = int(lengths.max()) - 1
    sizes = torch.tensor([int((lengths > t).sum()) for t in range(longest)])
    rows = torch.cat([x[:n, t] for t, n in enumerate(sizes.tolist())])
    return rows, sizes

# %% wrong 07.pack: returned in the order sizes, rows
def pack(x, lengths):
    steps = int(lengths[0])
    real = torch.arange(steps)[:, None] < lengths
    return real.sum(dim=1), x.transpose(0, 1)[:steps][real]

# %% wrong 07.pack: the padding is packed along
def pack(x, lengths):
    steps = int(lengths.max())
    sizes = (torch.arange(steps)[:, None] < lengths).sum(dim=1)
    rows = x[:, :steps].transpose(0, 1).reshape(-1, x.shape[2])
    return rows, sizes

# %% wrong 07.pack: batch and time swapped in the slice, an error or other words
def pack(x, lengths):
    longest = int(lengths.max())
    sizes = torch.tensor([int((lengths > t).sum()) for t in range(longest)])
    rows = torch.cat([x[t, :n] for t, n in enumerate(sizes.tolist())])
    return rows, sizes

# %% right 07.viterbi: vectorised over the tags, pointers in a table
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start + seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% right 07.viterbi: loops which keep whole paths, hands back a list
def viterbi(start, step, seen):
    C = len(start)
    paths = [[c] for c in range(C)]
    delta = [float(start[c] + seen[0][c]) for c in range(C)]
    for row in seen[1:]:
        new_paths, new_delta = [], []
        for c in range(C):
            a = max(range(C), key=lambda k: delta[k] + step[k][c])
            new_paths.append(paths[a] + [c])
            new_delta.append(float(delta[a] + step[a][c] + row[c]))
        paths, delta = new_paths, new_delta
    return paths[max(range(C), key=lambda k: delta[k])]

# %% right 07.viterbi: the best that can follow, from behind, then forwards without pointers
def viterbi(first, to, emit):
    T, C = emit.shape
    follow = np.zeros((T, C))
    for t in range(T - 2, -1, -1):
        follow[t] = (to + (emit[t + 1] + follow[t + 1])[None, :]).max(axis=1)
    path = np.empty(T, dtype=np.int64)
    path[0] = np.argmax(first + emit[0] + follow[0])
    for t in range(1, T):
        path[t] = np.argmax(to[path[t - 1]] + emit[t] + follow[t])
    return path

# %% wrong 07.viterbi: greedy, the best tag after the last choice
def viterbi(start, step, seen):
    path = [int(np.argmax(start + seen[0]))]
    for t in range(1, len(seen)):
        path.append(int(np.argmax(step[path[-1]] + seen[t])))
    return np.array(path)

# %% wrong 07.viterbi: step read from column to row
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start + seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step.T
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% wrong 07.viterbi: the path is left from end to start
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start + seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path)

# %% wrong 07.viterbi: start is ignored
def viterbi(start, step, seen):
    T, C = seen.shape
    best = seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% wrong 07.viterbi: the best end at every word, no walk back
def viterbi(start, step, seen):
    best = start + seen[0]
    path = [int(best.argmax())]
    for t in range(1, len(seen)):
        best = (best[:, None] + step).max(axis=0) + seen[t]
        path.append(int(best.argmax()))
    return np.array(path)

# %% wrong 07.viterbi: logarithms multiplied as if they were probabilities
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start * seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] * step
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) * seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% wrong 07.viterbi: the walk back stops one word too early, the first tag is missing
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start + seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for t in range(T - 1, 1, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% wrong 07.viterbi: the word's score goes to the tag before it, the wrong axis
def viterbi(start, step, seen):
    T, C = seen.shape
    best = start + seen[0]
    came = np.zeros((T, C), dtype=int)
    for t in range(1, T):
        scores = best[:, None] + step + seen[t][:, None]
        came[t] = scores.argmax(axis=0)
        best = scores.max(axis=0)
    path = [int(best.argmax())]
    for t in range(T - 1, 0, -1):
        path.append(int(came[t, path[-1]]))
    return np.array(path[::-1])

# %% right 07.reverse_padded: places by (7.6), then indexing
def reverse_padded(x, lengths):
    t, n = torch.arange(x.shape[1]), lengths[:, None]
    source = torch.where(t < n, n - 1 - t, t)
    return x[torch.arange(len(x))[:, None], source]

# %% right 07.reverse_padded: one row after another with flip and cat
def reverse_padded(x, lengths):
    rows = []
    for row, n in zip(x, lengths):
        n = int(n)
        rows.append(torch.cat([row[:n].flip(0), row[n:]], dim=0))
    return torch.stack(rows)

# %% right 07.reverse_padded: gather, places changed by a mask
def reverse_padded(states, sizes):
    B, T, D = states.shape
    place = torch.arange(T).repeat(B, 1)
    real = place < sizes[:, None]
    place = (place + real * (sizes[:, None] - 1 - 2 * place)).long()
    return states.gather(1, place[:, :, None].expand(B, T, D))

# %% wrong 07.reverse_padded: whole rows are turned round, padding comes first
def reverse_padded(x, lengths):
    return x.flip(1)

# %% wrong 07.reverse_padded: places clamped at zero, the padding becomes the first word
def reverse_padded(x, lengths):
    source = (lengths[:, None] - 1 - torch.arange(x.shape[1])).clamp(min=0)
    return x[torch.arange(len(x))[:, None], source]

# %% wrong 07.reverse_padded: off by one, the last word of each sentence stays
def reverse_padded(x, lengths):
    rows = []
    for row, n in zip(x, lengths.tolist()):
        rows.append(torch.cat([row[: n - 1].flip(0), row[n - 1 :]]))
    return torch.stack(rows)

# %% wrong 07.reverse_padded: the features are turned round, not the words
def reverse_padded(x, lengths):
    rows = []
    for row, n in zip(x, lengths.tolist()):
        rows.append(torch.cat([row[:n].flip(1), row[n:]]))
    return torch.stack(rows)

# %% wrong 07.reverse_padded: x is changed in place
def reverse_padded(x, lengths):
    for b, n in enumerate(lengths.tolist()):
        x[b, :n] = x[b, :n].flip(0)
    return x

# %% wrong 07.reverse_padded: a detached copy, no gradient flows
def reverse_padded(x, lengths):
    out = x.detach().clone()
    for b, n in enumerate(lengths.tolist()):
        out[b, :n] = out[b, :n].flip(0)
    return out

# %% wrong 07.reverse_padded: the padding is set to zero instead of left as it is
def reverse_padded(x, lengths):
    t, n = torch.arange(x.shape[1]), lengths[:, None]
    source = torch.where(t < n, n - 1 - t, t)
    turned = x[torch.arange(len(x))[:, None], source]
    return turned * (t < n)[..., None]

# %% wrong 07.reverse_padded: negative places wrap round, the padding is turned round too
def reverse_padded(x, lengths):
    source = lengths[:, None] - 1 - torch.arange(x.shape[1])
    return x[torch.arange(len(x))[:, None], source]

# %% right 07.both_ways: with reverse_padded of 07.4 and a mask
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=-1).masked_fill(~real[..., None], 0.0)
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=-1)
    return states, last

# %% right 07.both_ways: one sentence after another, cut and padded again
def both_ways(ahead, turned, lengths):
    T, states, last = ahead.shape[1], [], []
    for a, r, n in zip(ahead, turned, lengths.tolist()):
        both = torch.cat([a[:n], r[:n].flip(0)], dim=1)
        states.append(F.pad(both, (0, 0, 0, T - n)))
        last.append(torch.cat([a[n - 1], r[n - 1]]))
    return torch.stack(states), torch.stack(last)

# %% right 07.both_ways: gather and where, the backward last read at the first word
def both_ways(forward, backward, sizes):
    B, T, H = forward.shape
    t, n = torch.arange(T)[None, :], sizes[:, None]
    place = torch.where(t < n, n - 1 - t, t).long()
    back = torch.gather(backward, 1, place[..., None].expand(-1, -1, H))
    both = torch.cat((forward, back), dim=2)
    states = torch.where((t < n)[..., None], both, torch.zeros_like(both))
    at_end = states[torch.arange(B), sizes - 1, :H]
    return states, torch.cat((at_end, states[:, 0, H:]), dim=1)

# %% wrong 07.both_ways: both last states at the last word, where the backward one has read one word
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=-1).masked_fill(~real[..., None], 0.0)
    return states, states[torch.arange(len(ahead)), lengths - 1]

# %% wrong 07.both_ways: the backward states are not turned back
def both_ways(ahead, turned, lengths):
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, turned], dim=-1).masked_fill(~real[..., None], 0.0)
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=-1)
    return states, last

# %% wrong 07.both_ways: the padding is not set to zero
def both_ways(ahead, turned, lengths):
    states = torch.cat([ahead, reverse_padded(turned, lengths)], dim=-1)
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=-1)
    return states, last

# %% wrong 07.both_ways: the backward half comes first
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([back, ahead], dim=-1).masked_fill(~real[..., None], 0.0)
    rows = torch.arange(len(ahead))
    last = torch.cat([turned[rows, lengths - 1], ahead[rows, lengths - 1]], dim=-1)
    return states, last

# %% wrong 07.both_ways: last from the last column, which is padding in short sentences
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=-1).masked_fill(~real[..., None], 0.0)
    return states, torch.cat([ahead[:, -1], turned[:, -1]], dim=-1)

# %% wrong 07.both_ways: turned back over whole rows, not within the lengths
def both_ways(ahead, turned, lengths):
    back = turned.flip(1)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=-1).masked_fill(~real[..., None], 0.0)
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=-1)
    return states, last

# %% wrong 07.both_ways: returned in the order last, states
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=-1).masked_fill(~real[..., None], 0.0)
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=-1)
    return last, states

# %% wrong 07.both_ways: joined along time instead of side by side, the mask does not fit, an error
def both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=1) * real[..., None]
    rows = torch.arange(len(ahead))
    last = torch.cat([ahead[rows, lengths - 1], turned[rows, lengths - 1]], dim=1)
    return states, last

# %% right 07.confusion_counts: one pair after another
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    for s, r in zip(said, right):
        if r != -100:
            table[int(r), int(s)] += 1
    return table

# %% right 07.confusion_counts: pairs as one number, bincount
def confusion_counts(said, right, classes):
    said, right = np.asarray(said), np.asarray(right)
    keep = right >= 0
    pairs = right[keep] * classes + said[keep]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

# %% right 07.confusion_counts: a product of two one-hot tables, other parameter names
def confusion_counts(guesses, truth, C):
    kinds = np.arange(C)
    is_right = (np.asarray(truth)[:, None] == kinds).astype(np.int64)
    is_said = (np.asarray(guesses)[:, None] == kinds).astype(np.int64)
    return is_right.T @ is_said

# %% wrong 07.confusion_counts: rows and columns swapped
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    keep = right != -100
    np.add.at(table, (said[keep], right[keep]), 1)
    return table

# %% wrong 07.confusion_counts: += on repeated places counts each pair once
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    keep = right != -100
    table[right[keep], said[keep]] += 1
    return table

# %% wrong 07.confusion_counts: padding not left out, -100 is no row, an error
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    np.add.at(table, (right, said), 1)
    return table

# %% wrong 07.confusion_counts: class 0 is left out with the padding
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    keep = right > 0
    np.add.at(table, (right[keep], said[keep]), 1)
    return table

# %% wrong 07.confusion_counts: only mistakes are counted, the diagonal stays empty
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    for s, r in zip(said, right):
        if r != -100 and s != r:
            table[r, s] += 1
    return table

# %% wrong 07.confusion_counts: shares of each row instead of counts
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes))
    keep = right != -100
    np.add.at(table, (right[keep], said[keep]), 1)
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)

# %% wrong 07.confusion_counts: padding cut out of right alone, the pairs no longer fit
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    right = right[right != -100]
    for s, r in zip(said, right):
        table[r, s] += 1
    return table

# %% wrong 07.confusion_counts: padding counted as class 0
def confusion_counts(said, right, classes):
    table = np.zeros((classes, classes), dtype=int)
    right = np.maximum(right, 0)
    np.add.at(table, (right, said), 1)
    return table

# %% right 07.f1_scores: (7.7) with a division that leaves zeros
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    occurs = total > 0
    scores = np.zeros(len(table))
    scores[occurs] = 2 * np.diag(table)[occurs] / total[occurs]
    return scores, scores[occurs].mean()

# %% right 07.f1_scores: precision and recall in a loop, their harmonic mean
def f1_scores(table):
    scores, counted = [], []
    for c in range(len(table)):
        hits, said, right = table[c, c], table[:, c].sum(), table[c, :].sum()
        precision = hits / said if said else 0.0
        recall = hits / right if right else 0.0
        both = precision + recall
        scores.append(2 * precision * recall / both if both > 0 else 0.0)
        if said or right:
            counted.append(scores[-1])
    return np.array(scores), float(sum(counted) / len(counted))

# %% right 07.f1_scores: through hits, false alarms and misses
def f1_scores(confusion):
    hits = np.einsum("cc->c", confusion)
    alarms = confusion.sum(axis=0) - hits
    misses = confusion.sum(axis=1) - hits
    below = 2 * hits + alarms + misses
    f = np.where(below > 0, 2.0 * hits / np.maximum(below, 1), 0.0)
    return f, f.sum() / np.count_nonzero(below)

# %% wrong 07.f1_scores: the mean over all classes, also those that never occur
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    scores = 2 * np.diag(table) / np.maximum(total, 1)
    return scores, scores.mean()

# %% wrong 07.f1_scores: the factor 2 is missing
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    scores = np.diag(table) / np.maximum(total, 1)
    return scores, scores[total > 0].mean()

# %% wrong 07.f1_scores: classes said but never right have no place in the mean
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    scores = 2 * np.diag(table) / np.maximum(total, 1)
    return scores, scores[table.sum(axis=1) > 0].mean()

# %% wrong 07.f1_scores: a class that never occurs has score nan instead of 0
def f1_scores(table):
    with np.errstate(invalid="ignore"):
        scores = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    return scores, np.nanmean(scores)

# %% wrong 07.f1_scores: copied sum, both along axis 0, so it is the precision
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=0)
    scores = 2 * np.diag(table) / np.maximum(total, 1)
    occurs = (table.sum(axis=0) > 0) | (table.sum(axis=1) > 0)
    return scores, scores[occurs].mean()

# %% wrong 07.f1_scores: the plain mean of precision and recall instead of the harmonic one
def f1_scores(table):
    hits, said, right = np.diag(table), table.sum(axis=0), table.sum(axis=1)
    scores = (hits / np.maximum(said, 1) + hits / np.maximum(right, 1)) / 2
    return scores, scores[said + right > 0].mean()

# %% wrong 07.f1_scores: accuracy in place of macro-F1
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    scores = 2 * np.diag(table) / np.maximum(total, 1)
    return scores, np.trace(table) / table.sum()

# %% wrong 07.f1_scores: the mean over classes with a hit, scores of 0 do not count
def f1_scores(table):
    total = table.sum(axis=0) + table.sum(axis=1)
    scores = 2 * np.diag(table) / np.maximum(total, 1)
    return scores, scores[scores > 0].mean()

# %% right 07.tag_by_ending: one letter less at the front each time
def tag_by_ending(word, endings, default):
    for k in range(len(word)):
        if word[k:] in endings:
            return endings[word[k:]]
    return default

# %% right 07.tag_by_ending: all endings that fit, the longest of them
def tag_by_ending(word, endings, default):
    fitting = [ending for ending in endings if ending and word.endswith(ending)]
    if not fitting:
        return default
    return endings[max(fitting, key=len)]

# %% right 07.tag_by_ending: calls itself with a shorter word
def tag_by_ending(w, known, otherwise):
    if not w:
        return otherwise
    return known[w] if w in known else tag_by_ending(w[1:], known, otherwise)

# %% wrong 07.tag_by_ending: the shortest known ending decides
def tag_by_ending(word, endings, default):
    for n in range(1, len(word) + 1):
        if word[-n:] in endings:
            return endings[word[-n:]]
    return default

# %% wrong 07.tag_by_ending: the whole word is never tried
def tag_by_ending(word, endings, default):
    for k in range(1, len(word)):
        if word[k:] in endings:
            return endings[word[k:]]
    return default

# %% wrong 07.tag_by_ending: beginnings instead of endings
def tag_by_ending(word, endings, default):
    for n in range(len(word), 0, -1):
        if word[:n] in endings:
            return endings[word[:n]]
    return default

# %% wrong 07.tag_by_ending: default is forgotten, None where nothing is known
def tag_by_ending(word, endings, default):
    for k in range(len(word)):
        if word[k:] in endings:
            return endings[word[k:]]

# %% wrong 07.tag_by_ending: the ending is returned instead of its tag
def tag_by_ending(word, endings, default):
    for k in range(len(word)):
        if word[k:] in endings:
            return word[k:]
    return default

# %% wrong 07.tag_by_ending: off by one, the last letter alone is never tried
def tag_by_ending(word, endings, default):
    for n in range(len(word), 1, -1):
        if word[-n:] in endings:
            return endings[word[-n:]]
    return default

# %% wrong 07.tag_by_ending: the first ending of the dictionary that fits, not the longest
def tag_by_ending(word, endings, default):
    for ending, tag in endings.items():
        if word.endswith(ending):
            return tag
    return default

# %% wrong 07.tag_by_ending: anywhere in the word, not only at its end
def tag_by_ending(word, endings, default):
    found = [ending for ending in endings if ending in word]
    return endings[max(found, key=len)] if found else default

# %% right 07.letter_features: padded once, one product for each place of the window
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    away = ~real[..., None]
    e = F.pad(x.masked_fill(away, 0.0), (0, 0, K // 2, K // 2))
    r = b + sum(e[:, k : k + L] @ W[k] for k in range(K))
    return torch.relu(r).masked_fill(away, 0.0).amax(dim=1)

# %% right 07.letter_features: all windows stacked, einsum, ReLU after the largest
def letter_features(x, real, W, b):
    K, L = len(W), x.shape[1]
    e = torch.where(real[:, :, None], x, torch.zeros_like(x))
    e = F.pad(e, (0, 0, K // 2, K // 2))
    windows = torch.stack([e[:, k : k + L] for k in range(K)], dim=2)
    r = torch.einsum("nlkd,kdf->nlf", windows, W) + b
    r = r.masked_fill(~real[:, :, None], float("-inf"))
    return F.relu(r.max(dim=1).values)

# %% right 07.letter_features: word after word, without its padding
def letter_features(letters, real, weight, bias):
    K, D, filters = weight.shape
    flat, out = weight.reshape(K * D, filters), []
    for word, stands in zip(letters, real):
        e = word[stands]
        edge = e.new_zeros(K // 2, D)
        e = torch.cat([edge, e, edge])
        rows = torch.stack([e[t : t + K].reshape(-1) for t in range(int(stands.sum()))])
        out.append(torch.clamp(rows @ flat + bias, min=0).amax(dim=0))
    return torch.stack(out)

# %% wrong 07.letter_features: what the padding holds stands in the windows
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x, (0, 0, K // 2, K // 2))
    r = b + sum(e[:, k : k + L] @ W[k] for k in range(K))
    return torch.relu(r).masked_fill(~real[..., None], 0.0).amax(dim=1)

# %% wrong 07.letter_features: places of padding respond too
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K // 2, K // 2))
    r = b + sum(e[:, k : k + L] @ W[k] for k in range(K))
    return torch.relu(r).amax(dim=1)

# %% wrong 07.letter_features: no ReLU
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K // 2, K // 2))
    r = b + sum(e[:, k : k + L] @ W[k] for k in range(K))
    return r.masked_fill(~real[..., None], float("-inf")).amax(dim=1)

# %% wrong 07.letter_features: all zeros in front, the window ends at its letter
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K - 1, 0))
    r = b + sum(e[:, k : k + L] @ W[k] for k in range(K))
    return torch.relu(r).masked_fill(~real[..., None], 0.0).amax(dim=1)

# %% wrong 07.letter_features: the filters turned round in time
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K // 2, K // 2))
    r = b + sum(e[:, k : k + L] @ W[K - 1 - k] for k in range(K))
    return torch.relu(r).masked_fill(~real[..., None], 0.0).amax(dim=1)

# %% wrong 07.letter_features: the bias inside the sum, added K times
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K // 2, K // 2))
    r = sum(e[:, k : k + L] @ W[k] + b for k in range(K))
    return torch.relu(r).masked_fill(~real[..., None], 0.0).amax(dim=1)

# %% wrong 07.letter_features: the mean over the letters instead of the largest
def letter_features(x, real, W, b):
    K, L = W.shape[0], x.shape[1]
    e = F.pad(x.masked_fill(~real[..., None], 0.0), (0, 0, K // 2, K // 2))
    r = torch.relu(b + sum(e[:, k : k + L] @ W[k] for k in range(K)))
    return (r * real[..., None]).sum(dim=1) / real.sum(dim=1, keepdim=True)

# %% wrong 07.letter_features: no zeros at the edges, fewer places than letters, the mask does not fit
def letter_features(x, real, W, b):
    K = W.shape[0]
    places = x.shape[1] - K + 1
    e = x.masked_fill(~real[..., None], 0.0)
    r = b + sum(e[:, k : k + places] @ W[k] for k in range(K))
    return torch.relu(r).masked_fill(~real[..., None], 0.0).amax(dim=1)

# %% right 07.drop_words: torch.where
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise < alpha / (alpha + counts[tokens])) & (tokens != 0)
    return torch.where(drop, torch.ones_like(tokens), tokens)

# %% right 07.drop_words: a chance for each id, zero for the padding, masked_fill
def drop_words(tokens, counts, noise, alpha=0.25):
    chance = alpha / (alpha + counts)
    chance[0] = 0
    return tokens.masked_fill(noise < chance[tokens], 1)

# %% right 07.drop_words: place after place in a copy
def drop_words(ids, counts, noise, alpha=0.25):
    out = ids.clone()
    for b in range(ids.shape[0]):
        for t in range(ids.shape[1]):
            w = int(ids[b, t])
            if w != 0 and noise[b, t] < alpha / (alpha + counts[w]):
                out[b, t] = 1
    return out

# %% wrong 07.drop_words: the padding is dropped too
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = noise < alpha / (alpha + counts[tokens])
    return torch.where(drop, torch.ones_like(tokens), tokens)

# %% wrong 07.drop_words: dropped above the chance instead of below
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise > alpha / (alpha + counts[tokens])) & (tokens != 0)
    return torch.where(drop, torch.ones_like(tokens), tokens)

# %% wrong 07.drop_words: dropped words become padding, id 0 instead of 1
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise < alpha / (alpha + counts[tokens])) & (tokens != 0)
    return tokens.masked_fill(drop, 0)

# %% wrong 07.drop_words: counts not looked up by id, shapes do not fit, an error
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise < alpha / (alpha + counts)) & (tokens != 0)
    return torch.where(drop, torch.ones_like(tokens), tokens)

# %% wrong 07.drop_words: n above the line, frequent words are dropped
def drop_words(tokens, counts, noise, alpha=0.25):
    n = counts[tokens]
    drop = (noise < n / (alpha + n)) & (tokens != 0)
    return tokens.masked_fill(drop, 1)

# %% wrong 07.drop_words: alpha is ignored, 0.25 written into the formula
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise < 0.25 / (0.25 + counts[tokens])) & (tokens != 0)
    return tokens.masked_fill(drop, 1)

# %% wrong 07.drop_words: the tokens are changed in place
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (noise < alpha / (alpha + counts[tokens])) & (tokens != 0)
    tokens[drop] = 1
    return tokens

# %% wrong 07.drop_words: noise is ignored, numbers of its own are drawn
def drop_words(tokens, counts, noise, alpha=0.25):
    drop = (torch.rand(tokens.shape) < alpha / (alpha + counts[tokens])) & (tokens != 0)
    return tokens.masked_fill(drop, 1)

# %% right 07.log_ratios: straight from (7.10)
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return np.log((p / p.sum()) / (q / q.sum()))

# %% right 07.log_ratios: one word after another
def log_ratios(positive, negative):
    p_all = sum(float(n) + 1 for n in positive)
    q_all = sum(float(n) + 1 for n in negative)
    return np.array([
        np.log((float(p) + 1) / p_all) - np.log((float(q) + 1) / q_all)
        for p, q in zip(positive, negative)
    ])

# %% right 07.log_ratios: log1p, and the sums as one number at the end
def log_ratios(pos, neg):
    shift = np.log((neg.sum() + len(neg)) / (pos.sum() + len(pos)))
    return np.log1p(pos) - np.log1p(neg) + shift

# %% wrong 07.log_ratios: one is not added
def log_ratios(positive, negative):
    p, q = positive / positive.sum(), negative / negative.sum()
    return np.log(p / q)

# %% wrong 07.log_ratios: one added above the line only, the sums are of the bare counts
def log_ratios(positive, negative):
    p = (positive + 1) / positive.sum()
    q = (negative + 1) / negative.sum()
    return np.log(p / q)

# %% wrong 07.log_ratios: upside down, negative over positive
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return np.log((q / q.sum()) / (p / p.sum()))

# %% wrong 07.log_ratios: copied, both divided by the sum of the positive counts
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return np.log((p / p.sum()) / (q / p.sum()))

# %% wrong 07.log_ratios: logarithm to base two
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return np.log2((p / p.sum()) / (q / q.sum()))

# %% wrong 07.log_ratios: no logarithm
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return (p / p.sum()) / (q / q.sum())

# %% wrong 07.log_ratios: the counts are changed in place
def log_ratios(positive, negative):
    positive += 1
    negative += 1
    return np.log((positive / positive.sum()) / (negative / negative.sum()))

# %% wrong 07.log_ratios: odds of the shares instead of the shares
def log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    p, q = p / p.sum(), q / q.sum()
    return np.log((p / (1 - p)) / (q / (1 - q)))
