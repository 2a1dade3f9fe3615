# %% right 09.tempered: each row's largest taken off first
def tempered(logits, temperature):
    z = logits / temperature
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)

# %% right 09.tempered: torch.softmax, other parameter names
def tempered(scores, tau):
    scores = torch.tensor(np.asarray(scores, dtype=float))
    return torch.softmax(scores / tau, dim=-1).numpy()

# %% right 09.tempered: loops over rows and characters
def tempered(logits, temperature):
    import math
    rows = []
    for row in np.asarray(logits, dtype=float):
        top = max(row)
        powers = [math.exp((x - top) / temperature) for x in row]
        total = sum(powers)
        rows.append([power / total for power in powers])
    return np.array(rows)

# %% wrong 09.tempered: multiplied by the temperature
def tempered(logits, temperature):
    z = logits * temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 09.tempered: normalised over the batch, axis 0
def tempered(logits, temperature):
    z = logits / temperature
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)

# %% wrong 09.tempered: the largest of the whole batch taken off, rows far below it become 0/0
def tempered(logits, temperature):
    z = logits / temperature
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 09.tempered: nothing taken off, logits of several thousand overflow
def tempered(logits, temperature):
    e = np.exp(logits / temperature)
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 09.tempered: softmax first, then the probabilities over the temperature and softmax again
def tempered(logits, temperature):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    e = np.exp(p / temperature)
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 09.tempered: the caller's logits are changed in place
def tempered(logits, temperature):
    logits /= temperature
    logits -= logits.max(axis=1, keepdims=True)
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 09.tempered: no keepdims in the sum, a crash unless B and V are equal
def tempered(logits, temperature):
    z = logits / temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)

# %% wrong 09.tempered: the temperature is ignored
def tempered(logits, temperature):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

# %% right 09.entropy: zeros replaced by one inside the logarithm
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return -(p * logs).sum(axis=1)

# %% right 09.entropy: loops that skip the zeros
def entropy(rows):
    import math
    found = []
    for row in rows:
        total = 0.0
        for q in row:
            if q > 0:
                total -= q * math.log(q)
        found.append(total)
    return np.array(found)

# %% right 09.entropy: torch.xlogy knows that 0 log 0 is 0
def entropy(p):
    q = torch.tensor(np.asarray(p))
    return -torch.xlogy(q, q).sum(dim=-1).numpy()

# %% wrong 09.entropy: bits, not nats
def entropy(p):
    logs = np.log2(np.where(p > 0, p, 1.0))
    return -(p * logs).sum(axis=1)

# %% wrong 09.entropy: the minus is missing
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return (p * logs).sum(axis=1)

# %% wrong 09.entropy: zeros not minded, nan
def entropy(p):
    return -(p * np.log(p)).sum(axis=1)

# %% wrong 09.entropy: summed over the batch, axis 0
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return -(p * logs).sum(axis=0)

# %% wrong 09.entropy: mean over the vocabulary for the sum
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return -(p * logs).mean(axis=1)

# %% wrong 09.entropy: e to the entropy is returned
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return np.exp(-(p * logs).sum(axis=1))

# %% wrong 09.entropy: surprises are summed without their weight p
def entropy(p):
    logs = np.log(np.where(p > 0, p, 1.0))
    return -logs.sum(axis=1)

# %% wrong 09.entropy: zeros are set to one in the caller's array
def entropy(p):
    p[p == 0] = 1.0
    return -(p * np.log(p)).sum(axis=1)

# %% right 09.draw: cumulative sums, first True by argmax
def draw(p, u):
    ends = np.cumsum(p, axis=1)
    ends = ends / ends[:, -1:]
    return (np.asarray(u)[:, None] < ends).argmax(axis=1)

# %% right 09.draw: two plain loops, a list comes back
def draw(p, u):
    tokens = []
    for row, x in zip(p, u):
        total, token = 0.0, 0
        for i, q in enumerate(row):
            if q > 0:
                token = i
                total += q
                if x < total:
                    break
        tokens.append(token)
    return tokens

# %% right 09.draw: searchsorted from the right, row by row
def draw(probabilities, numbers):
    found = np.empty(len(probabilities), dtype=int)
    for b, row in enumerate(probabilities):
        i = np.searchsorted(np.cumsum(row), numbers[b], side="right")
        found[b] = min(i, np.flatnonzero(row)[-1])
    return found

# %% wrong 09.draw: u at most the sum instead of below it, at u = 0 a token of probability zero comes out
def draw(p, u):
    return np.array([np.searchsorted(np.cumsum(row), x) for row, x in zip(p, u)])

# %% wrong 09.draw: cumulative sum down the batch, axis 0
def draw(p, u):
    ends = np.cumsum(p, axis=0)
    return (u[:, None] < ends).argmax(axis=1)

# %% wrong 09.draw: off by one, the last whose sum is not above u
def draw(p, u):
    ends = np.cumsum(p, axis=1)
    return (ends <= u[:, None]).sum(axis=1) - 1

# %% wrong 09.draw: u is compared with the probabilities, not with their sums
def draw(p, u):
    return (u[:, None] < p).argmax(axis=1)

# %% wrong 09.draw: the first u serves all rows
def draw(p, u):
    ends = np.cumsum(p, axis=1)
    return (u[0] < ends).argmax(axis=1)

# %% wrong 09.draw: u is not turned into a column, a crash unless B and V are equal
def draw(p, u):
    ends = np.cumsum(p, axis=1)
    return (u < ends).argmax(axis=1)

# %% wrong 09.draw: laid out in falling order, and the place in that order is returned
def draw(p, u):
    order = np.argsort(-p, axis=1)
    ends = np.cumsum(np.take_along_axis(p, order, axis=1), axis=1)
    return (u[:, None] < ends).argmax(axis=1)

# %% wrong 09.draw: draws with random numbers of its own, u is ignored
def draw(p, u):
    rng = np.random.default_rng()
    return np.array([rng.choice(len(row), p=row / row.sum()) for row in p])

# %% right 09.orthogonalise: straight from the text, matrix_norm
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% right 09.orthogonalise: einsum, and tall matrices are turned so that A is small
def orthogonalise(G, steps=5):
    tall = G.shape[-2] > G.shape[-1]
    X = G.transpose(-2, -1) if tall else G
    X = X / X.square().sum(dim=(-2, -1), keepdim=True).sqrt()
    for _ in range(steps):
        A = torch.einsum("...ij,...kj->...ik", X, X)
        square = torch.einsum("...ij,...jk->...ik", A, A)
        X = 3.4445 * X + torch.einsum("...ij,...jk->...ik", -4.775 * A + 2.0315 * square, X)
    return X.transpose(-2, -1) if tall else X

# %% right 09.orthogonalise: one matrix after another with addmm, stacked
def orthogonalise(gradient, steps=5):
    done = []
    for M in gradient.reshape(-1, *gradient.shape[-2:]):
        X = M / (M * M).sum() ** 0.5
        for _ in range(steps):
            A = X @ X.T
            B = torch.addmm(A, A, A, beta=-4.775, alpha=2.0315)
            X = torch.addmm(X, B, X, beta=3.4445)
        done.append(X)
    return torch.stack(done).reshape(gradient.shape)

# %% wrong 09.orthogonalise: one norm for the whole batch
def orthogonalise(G, steps=5):
    X = G / G.norm()
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: the largest singular value as the norm, not the root of the sum of squares
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, ord=2, keepdim=True)
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: A is X transposed times X, wrong for squares and a crash for others
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(steps):
        A = X.mT @ X
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: A squared element by element
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A**2) @ X
    return X

# %% wrong 09.orthogonalise: always five steps, the argument is ignored
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(5):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: the minus before 4.775 is lost
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: A is computed once, before the loop
def orthogonalise(G, steps=5):
    X = G / torch.linalg.matrix_norm(G, keepdim=True)
    A = X @ X.mT
    for _ in range(steps):
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% wrong 09.orthogonalise: G itself is divided in place
def orthogonalise(G, steps=5):
    G /= torch.linalg.matrix_norm(G, keepdim=True)
    X = G
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X

# %% right 09.top_k: the k-th largest of each row as a bar
def top_k(logits, k):
    k = min(k, logits.shape[1])
    bar = np.sort(logits, axis=1)[:, -k][:, None]
    return np.where(logits >= bar, logits, -np.inf)

# %% right 09.top_k: argpartition and put_along_axis
def top_k(logits, k):
    k = min(k, logits.shape[1])
    kept = np.argpartition(-logits, k - 1, axis=1)[:, :k]
    out = np.full(logits.shape, -np.inf)
    np.put_along_axis(out, kept, np.take_along_axis(logits, kept, axis=1), axis=1)
    return out

# %% right 09.top_k: torch.topk and scatter
def top_k(scores, number):
    z = torch.tensor(np.asarray(scores, dtype=float))
    values, places = z.topk(min(number, z.shape[1]), dim=1)
    return torch.full_like(z, -float("inf")).scatter(1, places, values).numpy()

# %% wrong 09.top_k: what is cut gets 0
def top_k(logits, k):
    bar = np.sort(logits, axis=1)[:, -k][:, None]
    return np.where(logits >= bar, logits, 0.0)

# %% wrong 09.top_k: strictly above the k-th, one too few
def top_k(logits, k):
    bar = np.sort(logits, axis=1)[:, -k][:, None]
    return np.where(logits > bar, logits, -np.inf)

# %% wrong 09.top_k: the k largest of each column, axis 0; a crash where k is above B
def top_k(logits, k):
    bar = np.sort(logits, axis=0)[-k]
    return np.where(logits >= bar, logits, -np.inf)

# %% wrong 09.top_k: the caller's logits are cut in place
def top_k(logits, k):
    bar = np.sort(logits, axis=1)[:, -k][:, None]
    logits[logits < bar] = -np.inf
    return logits

# %% wrong 09.top_k: the k largest of the whole batch
def top_k(logits, k):
    bar = np.sort(logits, axis=None)[-k]
    return np.where(logits >= bar, logits, -np.inf)

# %% wrong 09.top_k: only the k kept values are returned, (B, k)
def top_k(logits, k):
    return -np.sort(-logits, axis=1)[:, :k]

# %% wrong 09.top_k: the bar is not a column, a crash unless B and V are equal
def top_k(logits, k):
    bar = np.sort(logits, axis=1)[:, -k]
    return np.where(logits >= bar, logits, -np.inf)

# %% wrong 09.top_k: a large negative number instead of minus infinity
def top_k(logits, k):
    bar = np.sort(logits, axis=1)[:, -k][:, None]
    return np.where(logits >= bar, logits, -1e9)

# %% right 09.top_p: sorted, summed, and put back in place
def top_p(logits, p):
    order = np.argsort(-logits, axis=1)
    ends = np.cumsum(np.take_along_axis(tempered(logits, 1.0), order, axis=1), axis=1)
    before = np.hstack([np.zeros((len(logits), 1)), ends[:, :-1]])
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, before < p, axis=1)
    return np.where(stays, logits, -np.inf)

# %% right 09.top_p: (9.6) literally, every pair compared
def top_p(logits, p):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    likelier = logits[:, None, :] > logits[:, :, None]
    before = (likelier * q[:, None, :]).sum(axis=2)
    return np.where(before < p, logits, -np.inf)

# %% right 09.top_p: a loop that takes tokens until enough is held
def top_p(scores, mass):
    out = np.full(scores.shape, -np.inf)
    for b, row in enumerate(scores):
        q = torch.softmax(torch.tensor(np.asarray(row, dtype=float)), dim=0).numpy()
        held = 0.0
        for i in np.argsort(row)[::-1]:
            if held >= mass:
                break
            out[b, i] = row[i]
            held += q[i]
    return out

# %% wrong 09.top_p: the sum with the token itself has to be at most p, the one that crosses is lost
def top_p(logits, p):
    order = np.argsort(-logits, axis=1)
    ends = np.cumsum(np.take_along_axis(tempered(logits, 1.0), order, axis=1), axis=1)
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, ends <= p, axis=1)
    return np.where(stays, logits, -np.inf)

# %% wrong 09.top_p: sorted from the unlikeliest
def top_p(logits, p):
    order = np.argsort(logits, axis=1)
    q = np.take_along_axis(tempered(logits, 1.0), order, axis=1)
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, np.cumsum(q, axis=1) - q < p, axis=1)
    return np.where(stays, logits, -np.inf)

# %% wrong 09.top_p: the mask stays in sorted order and is laid over the unsorted logits
def top_p(logits, p):
    order = np.argsort(-logits, axis=1)
    q = np.take_along_axis(tempered(logits, 1.0), order, axis=1)
    stays = np.cumsum(q, axis=1) - q < p
    return np.where(stays, logits, -np.inf)

# %% wrong 09.top_p: summed in the order of the vocabulary, nothing is sorted
def top_p(logits, p):
    q = tempered(logits, 1.0)
    before = np.cumsum(q, axis=1) - q
    return np.where(before < p, logits, -np.inf)

# %% wrong 09.top_p: p taken for the part that is cut, 1 - p
def top_p(logits, p):
    order = np.argsort(-logits, axis=1)
    q = np.take_along_axis(tempered(logits, 1.0), order, axis=1)
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, np.cumsum(q, axis=1) - q < 1 - p, axis=1)
    return np.where(stays, logits, -np.inf)

# %% wrong 09.top_p: the logits come back sorted
def top_p(logits, p):
    falling = -np.sort(-logits, axis=1)
    q = tempered(falling, 1.0)
    return np.where(np.cumsum(q, axis=1) - q < p, falling, -np.inf)

# %% wrong 09.top_p: the caller's logits are cut in place
def top_p(logits, p):
    q = tempered(logits, 1.0)
    for row, share in zip(logits, q):
        order = np.argsort(-row)
        before = np.cumsum(share[order]) - share[order]
        row[order[before >= p]] = -np.inf
    return logits

# %% wrong 09.top_p: probabilities of the set are returned, not logits
def top_p(logits, p):
    order = np.argsort(-logits, axis=1)
    probabilities = tempered(logits, 1.0)
    q = np.take_along_axis(probabilities, order, axis=1)
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, np.cumsum(q, axis=1) - q < p, axis=1)
    kept = np.where(stays, probabilities, 0.0)
    return kept / kept.sum(axis=1, keepdims=True)

# %% right 09.min_p: with your tempered
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= share * q.max(axis=1, keepdims=True), logits, -np.inf)

# %% right 09.min_p: in logits, a distance of log(share) below the largest
def min_p(logits, share):
    with np.errstate(divide="ignore"):
        bar = logits.max(axis=1, keepdims=True) + np.log(share)
    return np.where(logits < bar, -np.inf, logits)

# %% right 09.min_p: torch, masked_fill
def min_p(scores, m):
    z = torch.tensor(np.asarray(scores, dtype=float))
    q = z.softmax(dim=1)
    return z.masked_fill(q < m * q.amax(dim=1, keepdim=True), -float("inf")).numpy()

# %% wrong 09.min_p: the share is an absolute bar, the likeliest is forgotten
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= share, logits, -np.inf)

# %% wrong 09.min_p: the likeliest of the whole batch
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= share * q.max(), logits, -np.inf)

# %% wrong 09.min_p: the rule applied to the logits, not to probabilities
def min_p(logits, share):
    return np.where(logits >= share * logits.max(axis=1, keepdims=True), logits, -np.inf)

# %% wrong 09.min_p: the mask is turned, the likely are cut
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= share * q.max(axis=1, keepdims=True), -np.inf, logits)

# %% wrong 09.min_p: the caller's logits are cut in place
def min_p(logits, share):
    q = tempered(logits, 1.0)
    logits[q < share * q.max(axis=1, keepdims=True)] = -np.inf
    return logits

# %% wrong 09.min_p: 1 - share of the likeliest
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= (1 - share) * q.max(axis=1, keepdims=True), logits, -np.inf)

# %% wrong 09.min_p: probabilities are returned, not logits
def min_p(logits, share):
    q = tempered(logits, 1.0)
    return np.where(q >= share * q.max(axis=1, keepdims=True), q, -np.inf)

# %% wrong 09.min_p: in logits, but share itself below the largest instead of its logarithm
def min_p(logits, share):
    return np.where(logits >= logits.max(axis=1, keepdims=True) - share, logits, -np.inf)

# %% right 09.longest_copy: from each start, grow what beats the best
def longest_copy(text, source):
    best = ""
    for start in range(len(text)):
        while start + len(best) < len(text) and text[start : start + len(best) + 1] in source:
            best = text[start : start + len(best) + 1]
    return best

# %% right 09.longest_copy: the length is found by halving
def longest_copy(text, source):
    def first(length):
        for k in range(len(text) - length + 1):
            if text[k : k + length] in source:
                return text[k : k + length]
        return None
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if first(middle) is None:
            high = middle - 1
        else:
            low = middle
    return first(low)

# %% right 09.longest_copy: a window with two ends that only move on
def longest_copy(written, read):
    start, best = 0, ""
    for stop in range(1, len(written) + 1):
        while written[start:stop] not in read:
            start += 1
        if stop - start > len(best):
            best = written[start:stop]
    return best

# %% wrong 09.longest_copy: of several the last
def longest_copy(text, source):
    best = ""
    for start in range(len(text)):
        stop = start
        while stop < len(text) and text[start : stop + 1] in source:
            stop += 1
        if stop - start >= len(best) and stop > start:
            best = text[start:stop]
    return best

# %% wrong 09.longest_copy: off by one, a piece never reaches the last letter
def longest_copy(text, source):
    best = ""
    for start in range(len(text)):
        for stop in range(start + len(best) + 1, len(text)):
            if text[start:stop] not in source:
                break
            best = text[start:stop]
    return best

# %% wrong 09.longest_copy: the length is returned, not the piece
def longest_copy(text, source):
    best = 0
    for start in range(len(text)):
        while start + best < len(text) and text[start : start + best + 1] in source:
            best += 1
    return best

# %% wrong 09.longest_copy: None where there is nothing in common
def longest_copy(text, source):
    for length in range(len(text), 0, -1):
        for start in range(len(text) - length + 1):
            if text[start : start + length] in source:
                return text[start : start + length]

# %% wrong 09.longest_copy: the first piece that is found, not the longest
def longest_copy(text, source):
    for start in range(len(text)):
        stop = start
        while stop < len(text) and text[start : stop + 1] in source:
            stop += 1
        if stop > start:
            return text[start:stop]
    return ""

# %% wrong 09.longest_copy: text and source changed places, of several the first in source
def longest_copy(text, source):
    best = ""
    for start in range(len(source)):
        while start + len(best) < len(source) and source[start : start + len(best) + 1] in text:
            best = source[start : start + len(best) + 1]
    return best

# %% wrong 09.longest_copy: after a miss it begins again behind it, pieces that overlap are lost
def longest_copy(text, source):
    best, start = "", 0
    for stop in range(1, len(text) + 1):
        if text[start:stop] in source:
            if stop - start > len(best):
                best = text[start:stop]
        else:
            start = stop
    return best

# %% wrong 09.longest_copy: whole words only
def longest_copy(text, source):
    best = ""
    for word in text.split():
        if word in source and len(word) > len(best):
            best = word
    return best

# %% right 09.likeliest: heapq with negative probabilities
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning, False)], []
    while queue and len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(text).items():
            if p > 0:
                grown = text if letter == end else text + letter
                heapq.heappush(queue, (q * p, grown, letter == end))
    return words

# %% right 09.likeliest: surprises in nats, a running number breaks ties
def likeliest(next_p, beginning, count, end="."):
    import itertools
    import math
    number = itertools.count()
    queue, words = [(0.0, next(number), beginning)], []
    while queue and len(words) < count:
        nats, _, text = heapq.heappop(queue)
        if text.endswith(end) and len(text) > len(beginning):
            words.append(text[: -len(end)])
        else:
            for letter, p in next_p(text).items():
                if p > 0:
                    heapq.heappush(queue, (nats - math.log(p), next(number), text + letter))
    return words

# %% right 09.likeliest: a list kept in order with bisect, the likeliest at its end
def likeliest(after, start, n, end="."):
    import bisect
    waiting, words = [(1.0, start, False)], []
    while waiting and len(words) < n:
        chance, text, done = waiting.pop()
        if done:
            words.append(text)
        else:
            for letter, p in after(text).items():
                if p > 0 and letter == end:
                    bisect.insort(waiting, (chance * p, text, True))
                elif p > 0:
                    bisect.insort(waiting, (chance * p, text + letter, False))
    return words

# %% wrong 09.likeliest: a word counts as soon as its end is seen, not when it comes out of the queue
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning)], []
    while queue and len(words) < count:
        q, text = heapq.heappop(queue)
        for letter, p in next_p(text).items():
            if p > 0:
                if letter == end:
                    words.append(text)
                else:
                    heapq.heappush(queue, (q * p, text + letter))
    return words[:count]

# %% wrong 09.likeliest: the end is left on the word
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning, False)], []
    while queue and len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(text).items():
            if p > 0:
                heapq.heappush(queue, (q * p, text + letter, letter == end))
    return words

# %% wrong 09.likeliest: the beginning is missing from the words
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, "", False)], []
    while queue and len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(beginning + text).items():
            if p > 0:
                grown = text if letter == end else text + letter
                heapq.heappush(queue, (q * p, grown, letter == end))
    return words

# %% wrong 09.likeliest: next_p is asked without the beginning
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, "", False)], []
    while queue and len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(beginning + text)
            continue
        for letter, p in next_p(text).items():
            if p > 0:
                grown = text if letter == end else text + letter
                heapq.heappush(queue, (q * p, grown, letter == end))
    return words

# %% wrong 09.likeliest: a beam of `count` that stops when enough words have ended
def likeliest(next_p, beginning, count, end="."):
    beam, done = [(1.0, beginning)], []
    while beam and len(done) < count:
        grown = []
        for q, text in beam:
            for letter, p in next_p(text).items():
                if p > 0:
                    if letter == end:
                        done.append((q * p, text))
                    else:
                        grown.append((q * p, text + letter))
        beam = sorted(grown, reverse=True)[:count]
    return [text for _, text in sorted(done, reverse=True)[:count]]

# %% wrong 09.likeliest: an empty queue is not minded, a crash where there are fewer words
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning, False)], []
    while len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(text).items():
            if p > 0:
                grown = text if letter == end else text + letter
                heapq.heappush(queue, (q * p, grown, letter == end))
    return words

# %% wrong 09.likeliest: one word too many
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning, False)], []
    while queue and len(words) <= count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(text).items():
            if p > 0:
                grown = text if letter == end else text + letter
                heapq.heappush(queue, (q * p, grown, letter == end))
    return words

# %% wrong 09.likeliest: the probability of the end is left out of the word's
def likeliest(next_p, beginning, count, end="."):
    queue, words = [(-1.0, beginning, False)], []
    while queue and len(words) < count:
        q, text, finished = heapq.heappop(queue)
        if finished:
            words.append(text)
            continue
        for letter, p in next_p(text).items():
            if p > 0 and letter == end:
                heapq.heappush(queue, (q, text, True))
            elif p > 0:
                heapq.heappush(queue, (q * p, text + letter, False))
    return words

# %% right 09.bar_units: one regular expression and a countdown for triplets
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% right 09.bar_units: the sum of all notes less a third of those in triplets
def bar_units(bar):
    import re
    note = r"[\^_=]*[A-Ga-gz][,']*\d*(?:/\d*)?"
    bar = re.sub(r"[<>\s]", "", bar)
    def plain(piece):
        parts = re.findall(r"[A-Ga-gz][,']*(\d*)(/?)(\d*)", piece)
        return sum(int(n or 1) / (int(d or 2) if slash else 1) for n, slash, d in parts)
    triplets = re.findall(r"\(3((?:" + note + r"){1,3})", bar)
    return plain(bar) - sum(plain(piece) for piece in triplets) / 3

# %% wrong 09.bar_units: a triplet shortens only the next note
def bar_units(bar):
    import re
    total, triplet = 0.0, False
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            triplet = True
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if triplet:
            length *= 2 / 3
            triplet = False
        total += length
    return total

# %% wrong 09.bar_units: a triplet shortens all notes up to the end of the bar
def bar_units(bar):
    import re
    total, factor = 0.0, 1.0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            factor = 2 / 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        total += factor * length
    return total

# %% wrong 09.bar_units: a slash without a number divides by one
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1) / float(match[3] or 1)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% wrong 09.bar_units: rests are not counted
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-g][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% wrong 09.bar_units: > and < lengthen one note by a half and do not shorten the other
def bar_units(bar):
    import re
    total, left = 0.5 * (bar.count(">") + bar.count("<")), 0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% wrong 09.bar_units: commas and apostrophes forgotten, the number behind them is lost
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-gz](\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% wrong 09.bar_units: a note of a triplet takes one third
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = float(match[1] or 1)
        if match[2]:
            length /= int(match[3] or 2)
        if left > 0:
            length /= 3
            left -= 1
        total += length
    return total

# %% wrong 09.bar_units: integer division, A/ lasts nothing and A3/2 one
def bar_units(bar):
    import re
    total, left = 0.0, 0
    for match in re.finditer(r"\(3|[A-Ga-gz][,']*(\d*)(/?)(\d*)", bar):
        if match[0] == "(3":
            left = 3
            continue
        length = int(match[1] or 1)
        if match[2]:
            length //= int(match[3] or 2)
        if left > 0:
            length *= 2 / 3
            left -= 1
        total += length
    return total

# %% right 09.frequency: straight from (9.8)
def frequency(key):
    return 440 * 2 ** ((key - 69) / 12)

# %% right 09.frequency: key by key, a ratio at a time
def frequency(key):
    ratio, hertz = 2 ** (1 / 12), 440.0
    for _ in range(abs(int(key) - 69)):
        hertz = hertz * ratio if key > 69 else hertz / ratio
    return hertz

# %% right 09.frequency: through the natural exponential, octaves above key 69
def frequency(k):
    import math
    octaves = (k - 69) / 12
    return math.exp(math.log(440.0) + octaves * math.log(2.0))

# %% wrong 09.frequency: the sign in the exponent is turned
def frequency(key):
    return 440 * 2 ** ((69 - key) / 12)

# %% wrong 09.frequency: integer division, only whole octaves
def frequency(key):
    return 440.0 * 2.0 ** ((key - 69) // 12)

# %% wrong 09.frequency: eight keys to the octave
def frequency(key):
    return 440 * 2 ** ((key - 69) / 8)

# %% wrong 09.frequency: equal steps in hertz instead of equal ratios
def frequency(key):
    return 440 * (1 + (key - 69) / 12)

# %% wrong 09.frequency: e for 2
def frequency(key):
    return 440 * np.exp((key - 69) / 12)

# %% wrong 09.frequency: rounded to whole hertz
def frequency(key):
    return round(440 * 2 ** ((key - 69) / 12))

# %% wrong 09.frequency: off by one, key 68 has 440 hertz
def frequency(key):
    return 440 * 2 ** ((key - 68) / 12)

# %% wrong 09.frequency: the ratio rounded to 1.06
def frequency(key):
    return 440 * 1.06 ** (key - 69)

# %% right 09.frame_nll: logaddexp
def frame_nll(logits, frames):
    return (np.logaddexp(0, logits) - frames * logits).sum(axis=1).mean()

# %% right 09.frame_nll: PyTorch's loss of coins, summed, over the number of frames
def frame_nll(logits, frames):
    z = torch.tensor(np.asarray(logits, dtype=float))
    y = torch.tensor(np.asarray(frames, dtype=float))
    return nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum").item() / len(z)

# %% right 09.frame_nll: a loop over the frames, log1p of the power that cannot overflow
def frame_nll(scores, sounding):
    total = 0.0
    for z, y in zip(scores, sounding):
        soft = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
        total += float(np.sum(soft - y * z))
    return total / len(scores)

# %% wrong 09.frame_nll: averaged over the keys too
def frame_nll(logits, frames):
    return (np.logaddexp(0, logits) - frames * logits).mean()

# %% wrong 09.frame_nll: the power overflows at 900
def frame_nll(logits, frames):
    return (np.log(1 + np.exp(logits)) - frames * logits).sum(axis=1).mean()

# %% wrong 09.frame_nll: plus for minus before y times the logit
def frame_nll(logits, frames):
    return (np.logaddexp(0, logits) + frames * logits).sum(axis=1).mean()

# %% wrong 09.frame_nll: only the keys that sound are paid for
def frame_nll(logits, frames):
    return (frames * np.logaddexp(0, -logits)).sum(axis=1).mean()

# %% wrong 09.frame_nll: probabilities kept away from 0 and 1 by 1e-7, a wrong coin at 900 costs 16 nats and not 900
def frame_nll(logits, frames):
    p = torch.sigmoid(torch.tensor(np.asarray(logits, dtype=float))).numpy()
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -(frames * np.log(p) + (1 - frames) * np.log(1 - p)).sum(axis=1).mean()

# %% wrong 09.frame_nll: summed over the frames and averaged over the keys
def frame_nll(logits, frames):
    return (np.logaddexp(0, logits) - frames * logits).sum(axis=0).mean()

# %% wrong 09.frame_nll: shifted once more, each logit meets the next frame
def frame_nll(logits, frames):
    z, y = logits[:-1], frames[1:]
    return (np.logaddexp(0, z) - y * z).sum(axis=1).mean()

# %% wrong 09.frame_nll: one number for each frame, the average is forgotten
def frame_nll(logits, frames):
    return (np.logaddexp(0, logits) - frames * logits).sum(axis=1)
