# %% right 19.frames_of: fancy indexing
def frames_of(signal, size, hop):
    starts = np.arange(0, len(signal) - size + 1, hop)
    return signal[starts[:, None] + np.arange(size)[None]]


# %% right 19.frames_of: a while loop and np.array
def frames_of(signal, size, hop):
    rows, at = [], 0
    while at + size <= len(signal):
        rows.append(signal[at : at + size])
        at += hop
    return np.array(rows)


# %% wrong 19.frames_of: one frame too few, because range stops before the last start
def frames_of(signal, size, hop):
    return np.stack([signal[s : s + size] for s in range(0, max(1, len(signal) - size), hop)])


# %% wrong 19.frames_of: frames side by side, the hop is ignored
def frames_of(signal, size, hop):
    count = len(signal) // size
    return np.asarray(signal)[: count * size].reshape(count, size)


# %% wrong 19.frames_of: the rest is padded with zeros and kept
def frames_of(signal, size, hop):
    rows = []
    for start in range(0, len(signal), hop):
        piece = signal[start : start + size]
        rows.append(np.concatenate([piece, np.zeros(size - len(piece))]))
    return np.stack(rows)


# %% wrong 19.frames_of: transposed, a column for each frame
def frames_of(signal, size, hop):
    return np.lib.stride_tricks.sliding_window_view(signal, size)[::hop].T


# %% wrong 19.frames_of: every window, without the hop
def frames_of(signal, size, hop):
    return np.lib.stride_tricks.sliding_window_view(signal, size)


# %% wrong 19.frames_of: the number of frames forgets the first one
def frames_of(signal, size, hop):
    count = (len(signal) - size) // hop
    return np.stack([signal[t * hop : t * hop + size] for t in range(max(count, 1))])


# %% right 19.power_spectrum: complex exponential
def power_spectrum(frames):
    N = frames.shape[1]
    n = np.arange(N)
    w = 0.5 - 0.5 * np.cos(2 * np.pi * n / N)
    k = np.arange(N // 2 + 1)
    E = np.exp(-2j * np.pi * np.outer(n, k) / N)
    X = (frames * w) @ E
    return X.real**2 + X.imag**2


# %% right 19.power_spectrum: a loop over frequencies
def power_spectrum(frames):
    N = frames.shape[1]
    n = np.arange(N)
    x = frames * (0.5 - 0.5 * np.cos(2 * np.pi * n / N))
    columns = []
    for k in range(N // 2 + 1):
        turn = np.exp(-2j * np.pi * k * n / N)
        columns.append(np.abs((x * turn).sum(axis=1)) ** 2)
    return np.stack(columns, axis=1)


# %% wrong 19.power_spectrum: np.hanning, which is symmetric
def power_spectrum(frames):
    N = frames.shape[1]
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N // 2 + 1)) / N)
    return np.abs((frames * np.hanning(N)) @ E) ** 2


# %% wrong 19.power_spectrum: no window
def power_spectrum(frames):
    N = frames.shape[1]
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N // 2 + 1)) / N)
    return np.abs(frames @ E) ** 2


# %% wrong 19.power_spectrum: the magnitude, not the power
def power_spectrum(frames):
    N = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N // 2 + 1)) / N)
    return np.abs((frames * w) @ E)


# %% wrong 19.power_spectrum: all N frequencies
def power_spectrum(frames):
    N = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N)) / N)
    return np.abs((frames * w) @ E) ** 2


# %% wrong 19.power_spectrum: N/2 frequencies, the last one missing
def power_spectrum(frames):
    N = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N // 2)) / N)
    return np.abs((frames * w) @ E) ** 2


# %% wrong 19.power_spectrum: only the cosines
def power_spectrum(frames):
    N = frames.shape[1]
    n = np.arange(N)
    w = 0.5 - 0.5 * np.cos(2 * np.pi * n / N)
    return ((frames * w) @ np.cos(2 * np.pi * np.outer(n, np.arange(N // 2 + 1)) / N)) ** 2


# %% wrong 19.power_spectrum: the library's fft
def power_spectrum(frames):
    N = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    return np.abs(np.fft.rfft(frames * w, axis=1)) ** 2


# %% wrong 19.power_spectrum: the complex numbers are squared, and the imaginary part falls away
def power_spectrum(frames):
    N = frames.shape[1]
    w = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    E = np.exp(-2j * np.pi * np.outer(np.arange(N), np.arange(N // 2 + 1)) / N)
    return (((frames * w) @ E) ** 2).real


# %% right 19.mel_filters: a double loop
def mel_filters(count, size, rate):
    top = 1127 * np.log(1 + rate / 2 / 700)
    corners = 700 * (np.exp(np.linspace(0, top, count + 2) / 1127) - 1)
    out = np.zeros((size // 2 + 1, count))
    for k in range(size // 2 + 1):
        f = k * rate / size
        for i in range(count):
            a, b, c = corners[i : i + 3]
            out[k, i] = max(0, min((f - a) / (b - a), (c - f) / (c - b)))
    return out


# %% wrong 19.mel_filters: the usual 2595 log10 up, 1127 back
def mel_filters(count, size, rate):
    top = 2595 * np.log(1 + rate / 2 / 700)
    corners = 700 * (np.exp(np.linspace(0, top, count + 2) / 1127) - 1)
    f = (np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (f - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - f) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(up, down))


# %% wrong 19.mel_filters: a filter a row
def mel_filters(count, size, rate):
    corners = 700 * np.expm1(np.linspace(0, np.log1p(rate / 1400), count + 2))
    f = np.arange(size // 2 + 1) * rate / size
    rows = []
    for a, b, c in zip(corners, corners[1:], corners[2:]):
        rows.append(np.clip(np.minimum((f - a) / (b - a), (c - f) / (c - b)), 0, None))
    return np.stack(rows)


# %% wrong 19.mel_filters: from 0 to the whole rate
def mel_filters(count, size, rate):
    top = 1127 * np.log(1 + rate / 700)
    corners = 700 * np.expm1(np.linspace(0, top, count + 2) / 1127)
    f = (np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (f - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - f) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(up, down))


# %% wrong 19.mel_filters: evenly spaced in hertz
def mel_filters(count, size, rate):
    corners = np.linspace(0, rate / 2, count + 2)
    f = (np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (f - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - f) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(up, down))


# %% wrong 19.mel_filters: the negative parts are left
def mel_filters(count, size, rate):
    corners = 700 * np.expm1(np.linspace(0, np.log1p(rate / 1400), count + 2))
    f = (np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (f - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - f) / (corners[2:] - corners[1:-1])
    return np.minimum(up, down)


# %% wrong 19.mel_filters: triangles in mel
def mel_filters(count, size, rate):
    mel = lambda f: 1127 * np.log(1 + f / 700)
    corners = np.linspace(0, mel(rate / 2), count + 2)
    m = mel(np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (m - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - m) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(up, down))


# %% wrong 19.mel_filters: each filter made to sum to one
def mel_filters(count, size, rate):
    corners = 700 * np.expm1(np.linspace(0, np.log1p(rate / 1400), count + 2))
    f = (np.arange(size // 2 + 1) * rate / size)[:, None]
    up = (f - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - f) / (corners[2:] - corners[1:-1])
    bank = np.maximum(0, np.minimum(up, down))
    return bank / bank.sum(axis=0)


# %% right 19.collapse: groupby
def collapse(path):
    return [k for k, _ in itertools.groupby(path) if k]


# %% right 19.collapse: numpy
def collapse(path):
    path = np.array(path)
    new = np.append(True, path[1:] != path[:-1])
    return path[new & (path != 0)].tolist()


# %% wrong 19.collapse: blanks first
def collapse(path):
    rest = [k for k in path if k != 0]
    return [k for t, k in enumerate(rest) if t == 0 or rest[t - 1] != k]


# %% wrong 19.collapse: a set, so that nothing comes back
def collapse(path):
    said = []
    for k in path:
        if k and k not in said:
            said.append(k)
    return said


# %% wrong 19.collapse: compared with the last symbol said
def collapse(path):
    said = []
    for k in path:
        if k != 0 and (not said or said[-1] != k):
            said.append(k)
    return said


# %% wrong 19.collapse: only blanks are taken out
def collapse(path):
    return [k for k in path if k != 0]


# %% wrong 19.collapse: only repetitions are merged
def collapse(path):
    return [k for k, _ in itertools.groupby(path)]


# %% wrong 19.collapse: compared with the next one, and the last symbol is lost
def collapse(path):
    return [a for a, b in zip(path, path[1:]) if a != b and a != 0]


# %% wrong 19.collapse: joined to a string
def collapse(path):
    return "".join(str(k) for k, _ in itertools.groupby(path) if k)


# %% right 19.by_enumeration: an explicit loop
def by_enumeration(p, target):
    T, V = p.shape
    total = 0.0
    for path in itertools.product(range(V), repeat=T):
        if collapse(list(path)) == list(target):
            q = 1.0
            for t in range(T):
                q *= p[t, path[t]]
            total += q
    return total


# %% wrong 19.by_enumeration: the best path only
def by_enumeration(p, target):
    T, V = p.shape
    best = 0.0
    for path in itertools.product(range(V), repeat=T):
        if collapse(path) == list(target):
            best = max(best, np.prod(p[range(T), path]))
    return best


# %% wrong 19.by_enumeration: a sum along the path
def by_enumeration(p, target):
    T, V = p.shape
    return sum(
        p[range(T), path].sum() for path in itertools.product(range(V), repeat=T) if collapse(path) == list(target)
    )


# %% wrong 19.by_enumeration: the share of paths, all counted alike
def by_enumeration(p, target):
    T, V = p.shape
    paths = list(itertools.product(range(V), repeat=T))
    return sum(collapse(path) == list(target) for path in paths) / len(paths)


# %% wrong 19.by_enumeration: paths without blanks
def by_enumeration(p, target):
    T, V = p.shape
    total = 0.0
    for path in itertools.product(range(1, V), repeat=T):
        if collapse(path) == list(target):
            total += np.prod(p[np.arange(T), path])
    return total


# %% wrong 19.by_enumeration: minus the logarithm
def by_enumeration(p, target):
    T, V = p.shape
    total = 1e-300
    for path in itertools.product(range(V), repeat=T):
        if collapse(path) == list(target):
            total += np.prod(p[np.arange(T), path])
    return -np.log(total)


# %% wrong 19.by_enumeration: divided by the number of paths
def by_enumeration(p, target):
    T, V = p.shape
    found = [
        np.prod(p[np.arange(T), path])
        for path in itertools.product(range(V), repeat=T)
        if collapse(path) == list(target)
    ]
    return np.mean(found) if found else 0.0


# %% wrong 19.by_enumeration: tuple compared with list, so nothing ever fits
def by_enumeration(p, target):
    T, V = p.shape
    return sum(
        np.prod(p[np.arange(T), path])
        for path in itertools.product(range(V), repeat=T)
        if tuple(collapse(path)) == target
    )


# %% right 19.ctc_forward: whole rows at a time
def ctc_forward(log_p, target):
    row = [0]
    for k in target:
        row += [k, 0]
    row = np.array(row)
    S = len(row)
    skip = np.zeros(S, dtype=bool)
    skip[2:] = (row[2:] != 0) & (row[2:] != row[:-2])
    a = np.full((len(log_p), S), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        one = np.append(-np.inf, a[t - 1])[:S]
        two = np.where(skip, np.append([-np.inf] * 2, a[t - 1])[:S], -np.inf)
        a[t] = np.logaddexp(np.logaddexp(a[t - 1], one), two) + log_p[t, row]
    end = a[-1, -1] if S == 1 else np.logaddexp(a[-1, -1], a[-1, -2])
    return a, end


# %% wrong 19.ctc_forward: short cut between equal symbols too
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s]]
            if s >= 1:
                ways.append(a[t - 1, s - 1])
            if s >= 2 and row[s] != 0:
                ways.append(a[t - 1, s - 2])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, np.logaddexp.reduce(a[-1, -2:])


# %% wrong 19.ctc_forward: Viterbi
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            best = a[t - 1, s]
            if s >= 1:
                best = max(best, a[t - 1, s - 1])
            if s >= 2 and row[s] != 0 and row[s] != row[s - 2]:
                best = max(best, a[t - 1, s - 2])
            a[t, s] = best + log_p[t, row[s]]
    return a, np.logaddexp.reduce(a[-1, -2:])


# %% wrong 19.ctc_forward: only the last blank may end
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s]]
            if s >= 1:
                ways.append(a[t - 1, s - 1])
            if s >= 2 and row[s] != 0 and row[s] != row[s - 2]:
                ways.append(a[t - 1, s - 2])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, a[-1, -1]


# %% wrong 19.ctc_forward: in probabilities, logarithms at the end
def ctc_forward(log_p, target):
    p = np.exp(log_p)
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.zeros((len(p), len(row)))
    a[0, :2] = p[0, row[:2]]
    for t in range(1, len(p)):
        for s in range(len(row)):
            total = a[t - 1, s]
            if s >= 1:
                total += a[t - 1, s - 1]
            if s >= 2 and row[s] != 0 and row[s] != row[s - 2]:
                total += a[t - 1, s - 2]
            a[t, s] = total * p[t, row[s]]
    with np.errstate(divide="ignore"):
        return np.log(a), np.log(a[-1, -2:].sum())


# %% wrong 19.ctc_forward: the row has no blanks
def ctc_forward(log_p, target):
    row = np.array([*target], dtype=int) if len(target) else np.array([0])
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, 0] = log_p[0, row[0]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s]] + ([a[t - 1, s - 1]] if s else [])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, a[-1, -1]


# %% wrong 19.ctc_forward: s - 1 reads from the end of the row when s is 0
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s], a[t - 1, s - 1]]
            if row[s] != 0 and row[s] != row[s - 2]:
                ways.append(a[t - 1, s - 2])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, np.logaddexp.reduce(a[-1, -2:])


# %% wrong 19.ctc_forward: every state may be the first
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0] = log_p[0, row]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s]]
            if s >= 1:
                ways.append(a[t - 1, s - 1])
            if s >= 2 and row[s] != 0 and row[s] != row[s - 2]:
                ways.append(a[t - 1, s - 2])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, np.logaddexp.reduce(a[-1, -2:])


# %% wrong 19.ctc_forward: the loss, with its minus
def ctc_forward(log_p, target):
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    a = np.full((len(log_p), len(row)), -np.inf)
    a[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [a[t - 1, s]]
            if s >= 1:
                ways.append(a[t - 1, s - 1])
            if s >= 2 and row[s] != 0 and row[s] != row[s - 2]:
                ways.append(a[t - 1, s - 2])
            a[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return a, -np.logaddexp.reduce(a[-1, -2:])


# %% right 19.ctc_gradient: np.add.at
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], list(target)[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    gamma = np.zeros_like(log_p)
    for t in range(len(log_p)):
        np.add.at(gamma[t], row, np.exp(alpha[t] + beta[t] - log_p[t, row] - total))
    return np.exp(log_p) - gamma


# %% wrong 19.ctc_gradient: += with repeated indices, which counts only the last blank
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    gamma = np.zeros_like(log_p)
    gamma[:, row] += np.exp(alpha + beta - log_p[:, row] - total)
    return np.exp(log_p) - gamma


# %% wrong 19.ctc_gradient: the frame's own probability stays in twice
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - total)
    return np.exp(log_p) - through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: gamma minus p
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row] - total)
    return through @ np.eye(log_p.shape[1])[row] - np.exp(log_p)


# %% wrong 19.ctc_gradient: not divided by p(l), but each frame made to sum to one over the states it has
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row])
    return np.exp(log_p) - through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: only the time is turned back
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row] - total)
    return np.exp(log_p) - through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: the target is not turned round for beta
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target)[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row] - total)
    return np.exp(log_p) - through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: gamma itself
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row] - total)
    return through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: log p minus gamma
def ctc_gradient(log_p, target):
    alpha, total = ctc_forward(log_p, target)
    beta = ctc_forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    through = np.exp(alpha + beta - log_p[:, row] - total)
    return log_p - through @ np.eye(log_p.shape[1])[row]


# %% wrong 19.ctc_gradient: autograd
def ctc_gradient(log_p, target):
    x = torch.tensor(log_p, requires_grad=True)
    with torch.enable_grad():
        loss = torch_loss(x.log_softmax(dim=1), list(target))
        loss.backward()
    return x.grad.numpy()


# %% right 19.error_rate: recursion with memory
def error_rate(said, true):
    from functools import lru_cache

    def dist(a, b):
        @lru_cache(None)
        def d(i, j):
            if i == 0 or j == 0:
                return i + j
            return min(d(i - 1, j - 1) + (a[i - 1] != b[j - 1]), d(i - 1, j) + 1, d(i, j - 1) + 1)

        return d(len(a), len(b))

    return sum(dist(a, b) for a, b in zip(said, true)) / sum(len(b) for b in true)


# %% wrong 19.error_rate: the mean of each string's rate
def error_rate(said, true):
    rates = []
    for a, b in zip(said, true):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
        rates.append(d[-1, -1] / len(b))
    return np.mean(rates)


# %% wrong 19.error_rate: position by position
def error_rate(said, true):
    wrong = sum(x != y for a, b in zip(said, true) for x, y in itertools.zip_longest(a, b))
    return wrong / sum(map(len, true))


# %% wrong 19.error_rate: the edges of the table are left at 0
def error_rate(said, true):
    edits = 0
    for a, b in zip(said, true):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
        edits += d[-1, -1]
    return edits / sum(map(len, true))


# %% wrong 19.error_rate: 1 if the string is wrong, a sentence error rate
def error_rate(said, true):
    return sum(a != b for a, b in zip(said, true)) / len(true)


# %% wrong 19.error_rate: over the digits that were said
def error_rate(said, true):
    edits = 0
    for a, b in zip(said, true):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
        edits += d[-1, -1]
    return edits / sum(map(len, said))


# %% wrong 19.error_rate: the number of edits
def error_rate(said, true):
    edits = 0
    for a, b in zip(said, true):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
        edits += d[-1, -1]
    return edits


# %% wrong 19.error_rate: difference of lengths plus nothing else
def error_rate(said, true):
    return sum(abs(len(a) - len(b)) for a, b in zip(said, true)) / sum(map(len, true))


# %% wrong 19.error_rate: a replacement costs two
def error_rate(said, true):
    edits = 0
    for a, b in zip(said, true):
        d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
        d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                if a[i - 1] == b[j - 1]:
                    d[i, j] = d[i - 1, j - 1]
                else:
                    d[i, j] = 1 + min(d[i - 1, j], d[i, j - 1])
        edits += d[-1, -1]
    return edits / sum(map(len, true))


# %% wrong 19.error_rate: all strings joined before they are compared
def error_rate(said, true):
    a, b = "".join(said), "".join(true)
    d = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(d[i - 1, j - 1] + (a[i - 1] != b[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
    return d[-1, -1] / len(b)


# %% right 19.grow: a defaultdict, case by case
def grow(beams, frame, log_lm):
    from collections import defaultdict

    new = defaultdict(lambda: [-np.inf, -np.inf])
    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        new[l][0] = np.logaddexp(new[l][0], both + frame[0])
        if l:
            new[l][1] = np.logaddexp(new[l][1], s + frame[l[-1]])
        for k in range(1, len(frame)):
            q = log_lm[l[-1] if l else 0, k]
            come = b if l and l[-1] == k else both
            longer = l + (k,)
            new[longer][1] = np.logaddexp(new[longer][1], come + frame[k] + q)
    return {l: tuple(pair) for l, pair in new.items()}


# %% wrong 19.grow: repeats need no blank
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        add(l, both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            add(l + (k,), -np.inf, both + frame[k] + log_lm[last, k])
    return new


# %% wrong 19.grow: the same beginning is overwritten, not added
def grow(beams, frame, log_lm):
    new = {}
    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        new[l] = (both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            new[l + (k,)] = (-np.inf, (b if k == last else both) + frame[k] + log_lm[last, k])
    return new


# %% wrong 19.grow: log_lm read the wrong way round
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        add(l, both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            add(l + (k,), -np.inf, (b if k == last else both) + frame[k] + log_lm[k, last])
    return new


# %% wrong 19.grow: no language model
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        add(l, both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            add(l + (k,), -np.inf, (b if k == last else both) + frame[k])
    return new


# %% wrong 19.grow: what ends in its symbol never lasts
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        add(l, both + frame[0], -np.inf)
        for k in range(1, len(frame)):
            add(l + (k,), -np.inf, (b if k == last else both) + frame[k] + log_lm[last, k])
    return new


# %% wrong 19.grow: the blank is written down as a symbol
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else 0
        add(l, both + frame[0], s + frame[last])
        for k in range(0, len(frame)):
            add(l + (k,), -np.inf, (b if k == last else both) + frame[k] + log_lm[last, k])
    return new


# %% wrong 19.grow: the empty beginning asks the last row, -1
def grow(beams, frame, log_lm):
    new = {}

    def add(l, b, s):
        ob, os = new.get(l, (-np.inf, -np.inf))
        new[l] = (np.logaddexp(ob, b), np.logaddexp(os, s))

    for l, (b, s) in beams.items():
        both = np.logaddexp(b, s)
        last = l[-1] if l else -1
        add(l, both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            add(l + (k,), -np.inf, (b if k == last else both) + frame[k] + log_lm[last, k])
    return new


# %% wrong 19.grow: plain sums of logarithms
def grow(beams, frame, log_lm):
    new = {}
    for l, (b, s) in beams.items():
        both = b + s
        last = l[-1] if l else 0
        new[l] = (both + frame[0], s + frame[last])
        for k in range(1, len(frame)):
            new[l + (k,)] = (-np.inf, (b if k == last else both) + frame[k] + log_lm[last, k])
    return new
