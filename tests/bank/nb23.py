# %% right 23.best_inside: losses of nan become infinite
def best_inside(rates, losses):
    losses = np.where(np.isnan(losses), np.inf, losses)
    rate = rates[losses.argmin()]
    return rate, bool((rates < rate).any() and (rates > rate).any())

# %% right 23.best_inside: sorted, with a dictionary
def best_inside(rates, losses):
    tried = {float(r): float(l) for r, l in zip(rates, losses)}
    good = {r: l for r, l in tried.items() if not math.isnan(l)}
    best = min(good, key=good.get)
    place = sorted(tried).index(best)
    return best, place not in (0, len(tried) - 1)

# %% wrong 23.best_inside: argmin with nan
def best_inside(rates, losses):
    i = losses.argmin()
    return rates[i], rates.min() < rates[i] < rates.max()

# %% wrong 23.best_inside: the index decides
def best_inside(rates, losses):
    i = int(np.nanargmin(losses))
    return rates[i], i != 0 and i != len(rates) - 1

# %% wrong 23.best_inside: the diverged runs are thrown away first
def best_inside(rates, losses):
    ok = ~np.isnan(losses)
    rates, losses = rates[ok], losses[ok]
    best = rates[losses.argmin()]
    return best, best not in (rates.min(), rates.max())

# %% wrong 23.best_inside: returns the loss
def best_inside(rates, losses):
    i = np.nanargmin(losses)
    return losses[i], rates.min() < rates[i] < rates.max()

# %% wrong 23.best_inside: at the edge is told
def best_inside(rates, losses):
    best = rates[np.nanargmin(losses)]
    return best, best == rates.min() or best == rates.max()

# %% wrong 23.best_inside: only the upper end is looked at
def best_inside(rates, losses):
    best = rates[np.nanargmin(losses)]
    return best, best < max(rates)

# %% wrong 23.best_inside: largest loss
def best_inside(rates, losses):
    best = rates[np.nanargmax(losses)]
    return best, rates.min() < best < rates.max()

# %% right 23.tied: a loop
def tied(scores):
    means = [np.mean(s) for s in scores]
    widths = [max(s) - min(s) for s in scores]
    b = int(np.argmax(means))
    return np.array([means[b] - means[i] <= 0.5 * (widths[b] + widths[i]) for i in range(len(scores))])

# %% right 23.tied: with max and min
def tied(scores):
    m = scores.mean(1)
    w = scores.max(1) - scores.min(1)
    return (m.max() - m) * 2 <= w[m.argmax()] + w

# %% wrong 23.tied: the half is forgotten
def tied(scores):
    m, w = scores.mean(1), scores.max(1) - scores.min(1)
    return m.max() - m <= w + w[m.argmax()]

# %% wrong 23.tied: standard deviation
def tied(scores):
    m, s = scores.mean(1), scores.std(1)
    return m.max() - m <= (s + s[m.argmax()]) / 2

# %% wrong 23.tied: over axis 0
def tied(scores):
    m, w = scores.mean(0), np.ptp(scores, axis=0)
    b = m.argmax()
    return m[b] - m <= (w[b] + w) / 2

# %% wrong 23.tied: less is better
def tied(scores):
    m, w = scores.mean(1), np.ptp(scores, axis=1)
    b = m.argmin()
    return m[b] - m <= (w[b] + w) / 2

# %% wrong 23.tied: best single run
def tied(scores):
    m, w = scores.mean(1), np.ptp(scores, axis=1)
    b = np.unravel_index(scores.argmax(), scores.shape)[0]
    return m[b] - m <= (w[b] + w) / 2

# %% wrong 23.tied: own range only
def tied(scores):
    m, w = scores.mean(1), np.ptp(scores, axis=1)
    return m.max() - m <= w / 2

# %% wrong 23.tied: the ranges overlap
def tied(scores):
    b = scores.mean(1).argmax()
    return scores.max(1) >= scores[b].min()

# %% right 23.mean_rank: double argsort is not enough, so count
def mean_rank(table, more):
    out = np.zeros(table.shape)
    for j in range(table.shape[1]):
        v = table[:, j] * (-1 if more[j] else 1)
        for i in range(len(v)):
            out[i, j] = (v < v[i]).sum() + ((v == v[i]).sum() + 1) / 2
    return out.mean(axis=1)

# %% wrong 23.mean_rank: argsort twice breaks ties by place
def mean_rank(table, more):
    v = np.where(more, -table, table)
    return (v.argsort(axis=0, kind="stable").argsort(axis=0) + 1).mean(axis=1)

# %% wrong 23.mean_rank: argsort once
def mean_rank(table, more):
    v = np.where(more, -table, table)
    return (v.argsort(axis=0) + 1).mean(axis=1)

# %% wrong 23.mean_rank: direction upside down
def mean_rank(table, more):
    v = np.where(more, table, -table)
    ranks = (v[None] < v[:, None]).sum(1) + ((v[None] == v[:, None]).sum(1) + 1) / 2
    return ranks.mean(1)

# %% wrong 23.mean_rank: more is always better
def mean_rank(table, more):
    better = (table[None] > table[:, None]).sum(1)
    equal = (table[None] == table[:, None]).sum(1)
    return (better + (equal + 1) / 2).mean(1)

# %% wrong 23.mean_rank: equals get the best place
def mean_rank(table, more):
    v = np.where(more, table, -table)
    return (1 + (v[None] > v[:, None]).sum(1)).mean(1)

# %% wrong 23.mean_rank: from zero
def mean_rank(table, more):
    v = np.where(more, table, -table)
    better = (v[None] > v[:, None]).sum(1)
    equal = (v[None] == v[:, None]).sum(1)
    return (better + (equal - 1) / 2).mean(1)

# %% wrong 23.mean_rank: mean over families
def mean_rank(table, more):
    v = np.where(more, table, -table)
    better = (v[None] > v[:, None]).sum(1)
    equal = (v[None] == v[:, None]).sum(1)
    return (better + (equal + 1) / 2).mean(0)

# %% right 23.outgrows: with math.floor
def outgrows(state_size, layers, kv_heads, d_k):
    return math.floor(state_size / (2 * layers * kv_heads * d_k)) + 1

# %% wrong 23.outgrows: ceil
def outgrows(state_size, layers, kv_heads, d_k):
    return math.ceil(state_size / (2 * layers * kv_heads * d_k))

# %% wrong 23.outgrows: values forgotten
def outgrows(state_size, layers, kv_heads, d_k):
    return state_size // (layers * kv_heads * d_k) + 1

# %% wrong 23.outgrows: layers forgotten
def outgrows(state_size, layers, kv_heads, d_k):
    return state_size // (2 * kv_heads * d_k) + 1

# %% wrong 23.outgrows: no plus one
def outgrows(state_size, layers, kv_heads, d_k):
    per_token = 2 * layers * kv_heads * d_k
    return state_size // per_token

# %% wrong 23.outgrows: a fraction
def outgrows(state_size, layers, kv_heads, d_k):
    return state_size / (2 * layers * kv_heads * d_k)

# %% wrong 23.outgrows: heads forgotten
def outgrows(state_size, layers, kv_heads, d_k):
    return state_size // (2 * layers * d_k) + 1

# %% right 23.longest_context: floor
def longest_context(base_ms, ms_per_token, readings_per_second):
    spare = 1000.0 / readings_per_second - base_ms
    return int(np.floor(spare / ms_per_token)) if spare > 0 else 0

# %% wrong 23.longest_context: seconds
def longest_context(base_ms, ms_per_token, readings_per_second):
    return max(0, int((1 / readings_per_second - base_ms) // ms_per_token))

# %% wrong 23.longest_context: negative
def longest_context(base_ms, ms_per_token, readings_per_second):
    return int((1000 / readings_per_second - base_ms) // ms_per_token)

# %% wrong 23.longest_context: ceil
def longest_context(base_ms, ms_per_token, readings_per_second):
    return max(0, math.ceil((1000 / readings_per_second - base_ms) / ms_per_token))

# %% wrong 23.longest_context: base forgotten
def longest_context(base_ms, ms_per_token, readings_per_second):
    return int(1000 / readings_per_second // ms_per_token)

# %% wrong 23.longest_context: not whole
def longest_context(base_ms, ms_per_token, readings_per_second):
    return max(0, (1000 / readings_per_second - base_ms) / ms_per_token)

# %% wrong 23.longest_context: base counted as tokens
def longest_context(base_ms, ms_per_token, readings_per_second):
    return max(0, int(1000 / readings_per_second / (base_ms + ms_per_token)))

# %% right 23.choose: plain loops
def choose(scores, carried, ms, most_carried, most_ms):
    ok = [i for i in range(len(carried)) if carried[i] <= most_carried and ms[i] <= most_ms]
    if not ok:
        return -1
    mean, width = scores.mean(1), np.ptp(scores, axis=1)
    b = max(ok, key=lambda i: mean[i])
    near = [i for i in ok if mean[b] - mean[i] <= (width[b] + width[i]) / 2]
    return sorted(near, key=lambda i: (carried[i], ms[i]))[0]

# %% wrong 23.choose: tied among everybody
def choose(scores, carried, ms, most_carried, most_ms):
    mean, width = scores.mean(1), np.ptp(scores, axis=1)
    b = mean.argmax()
    near = mean[b] - mean <= (width[b] + width) / 2
    ok = [i for i in range(len(carried)) if carried[i] <= most_carried and ms[i] <= most_ms and near[i]]
    return min(ok, key=lambda i: (carried[i], ms[i])) if ok else -1

# %% wrong 23.choose: best mean of the allowed
def choose(scores, carried, ms, most_carried, most_ms):
    ok = [i for i in range(len(carried)) if carried[i] <= most_carried and ms[i] <= most_ms]
    return max(ok, key=lambda i: scores[i].mean()) if ok else -1

# %% wrong 23.choose: index among the allowed
def choose(scores, carried, ms, most_carried, most_ms):
    ok = (carried <= most_carried) & (ms <= most_ms)
    if not ok.any():
        return -1
    s, c, t = scores[ok], carried[ok], ms[ok]
    near = np.flatnonzero(tied(s))
    return min(near, key=lambda i: (c[i], t[i]))

# %% wrong 23.choose: strict limits
def choose(scores, carried, ms, most_carried, most_ms):
    ok = np.flatnonzero((carried < most_carried) & (ms < most_ms))
    if not len(ok):
        return -1
    near = ok[tied(scores[ok])]
    return near[np.lexsort((ms[near], carried[near]))[0]]

# %% wrong 23.choose: quickest
def choose(scores, carried, ms, most_carried, most_ms):
    ok = np.flatnonzero((carried <= most_carried) & (ms <= most_ms))
    if not len(ok):
        return -1
    near = ok[tied(scores[ok])]
    return near[ms[near].argmin()]

# %% wrong 23.choose: the empty case is forgotten
def choose(scores, carried, ms, most_carried, most_ms):
    ok = np.flatnonzero((carried <= most_carried) & (ms <= most_ms))
    near = ok[tied(scores[ok])]
    return near[np.lexsort((ms[near], carried[near]))[0]]

# %% wrong 23.choose: the time is not limited
def choose(scores, carried, ms, most_carried, most_ms):
    ok = np.flatnonzero(carried <= most_carried)
    if not len(ok):
        return -1
    near = ok[tied(scores[ok])]
    return near[np.lexsort((ms[near], carried[near]))[0]]

# %% right 23.paired_interval: a loop over draws
def paired_interval(a, b, rows):
    means = [np.mean(a[r] - b[r]) for r in rows]
    return np.percentile(means, 2.5), np.percentile(means, 97.5)

# %% right 23.paired_interval: quantile
def paired_interval(a, b, rows):
    return tuple(np.quantile((a - b)[rows].mean(1), [0.025, 0.975]))

# %% wrong 23.paired_interval: 90 percent
def paired_interval(a, b, rows):
    return tuple(np.percentile((a - b)[rows].mean(1), [5, 95]))

# %% wrong 23.paired_interval: percentiles of one
def paired_interval(a, b, rows):
    return tuple(np.percentile((a - b)[rows].mean(1), [0.025, 0.975]))

# %% wrong 23.paired_interval: wrong axis
def paired_interval(a, b, rows):
    return tuple(np.percentile((a - b)[rows].mean(0), [2.5, 97.5]))

# %% wrong 23.paired_interval: b minus a
def paired_interval(a, b, rows):
    return tuple(np.percentile((b - a)[rows].mean(1), [2.5, 97.5]))

# %% wrong 23.paired_interval: no resampling
def paired_interval(a, b, rows):
    return tuple(np.percentile(a - b, [2.5, 97.5]))

# %% wrong 23.paired_interval: normal approximation
def paired_interval(a, b, rows):
    gaps = (a - b)[rows].mean(1)
    return gaps.mean() - 1.96 * gaps.std(), gaps.mean() + 1.96 * gaps.std()

# %% wrong 23.paired_interval: not averaged
def paired_interval(a, b, rows):
    return tuple(np.percentile((a - b)[rows], [2.5, 97.5]))

# %% wrong 23.paired_interval: minimum and maximum
def paired_interval(a, b, rows):
    gaps = (a - b)[rows].mean(1)
    return gaps.min(), gaps.max()

# %% right 23.next_review: an if
def next_review(box, right, today):
    if right:
        box = box + 1 if box < 6 else 6
    else:
        box = 0
    return box, today + (1 << box)

# %% wrong 23.next_review: no last box
def next_review(box, right, today):
    box = box + 1 if right else 0
    return box, today + 2**box

# %% wrong 23.next_review: one box back
def next_review(box, right, today):
    box = min(box + 1, 6) if right else max(box - 1, 0)
    return box, today + 2**box

# %% wrong 23.next_review: the old box's wait
def next_review(box, right, today):
    new = min(box + 1, 6) if right else 0
    return new, today + 2**box

# %% wrong 23.next_review: the wait instead of the day
def next_review(box, right, today):
    box = min(box + 1, 6) if right else 0
    return box, 2**box

# %% wrong 23.next_review: forgotten cards stay
def next_review(box, right, today):
    if right:
        box = min(box + 1, 6)
    return box, today + 2**box

# %% wrong 23.next_review: linear waits
def next_review(box, right, today):
    box = min(box + 1, 6) if right else 0
    return box, today + 2 * box
