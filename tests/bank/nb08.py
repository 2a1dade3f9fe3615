# %% right 08.roll_out: one long list, the window cut from its end
def roll_out(predict, history, horizon):
    values = [float(v) for v in history]
    for _ in range(horizon):
        values.append(float(predict(np.array(values[-len(history):]))))
    return np.array(values[len(history):])

# %% right 08.roll_out: room for all made first, slices of it, other parameter names
def roll_out(rule, past, steps):
    K = len(past)
    track = np.empty(K + steps)
    track[:K] = past
    for k in range(steps):
        track[K + k] = rule(track[k : K + k])
    return track[K:]

# %% right 08.roll_out: a deque that lets the oldest go by itself
def roll_out(predict, history, horizon):
    from collections import deque
    window = deque(history, maxlen=len(history))
    said = []
    for _ in range(horizon):
        said.append(predict(np.array(window)))
        window.append(said[-1])
    return np.asarray(said, dtype=float)

# %% wrong 08.roll_out: the window grows, the oldest reading is never dropped
def roll_out(predict, history, horizon):
    window, said = np.array(history, dtype=float), []
    for _ in range(horizon):
        said.append(predict(window))
        window = np.append(window, said[-1])
    return np.array(said)

# %% wrong 08.roll_out: the forecast is not fed back, the same number again and again
def roll_out(predict, history, horizon):
    said = []
    for _ in range(horizon):
        said.append(predict(history))
    return np.array(said)

# %% wrong 08.roll_out: the newest is dropped in the place of the oldest
def roll_out(predict, history, horizon):
    window, said = np.array(history, dtype=float), []
    for _ in range(horizon):
        said.append(predict(window))
        window = np.append(window[:-1], said[-1])
    return np.array(said)

# %% wrong 08.roll_out: the forecast is put in front of the window
def roll_out(predict, history, horizon):
    window, said = np.array(history, dtype=float), []
    for _ in range(horizon):
        said.append(predict(window))
        window = np.append(said[-1], window[:-1])
    return np.array(said)

# %% wrong 08.roll_out: the history is returned too
def roll_out(predict, history, horizon):
    values = list(history)
    for _ in range(horizon):
        values.append(predict(np.array(values[-len(history):])))
    return np.array(values)

# %% wrong 08.roll_out: the caller's history is shifted in place
def roll_out(predict, history, horizon):
    said = []
    for _ in range(horizon):
        said.append(predict(history))
        history[:-1] = history[1:]
        history[-1] = said[-1]
    return np.array(said)

# %% wrong 08.roll_out: the first forecast is fed back before it is kept, all are one step late
def roll_out(predict, history, horizon):
    window, said = np.array(history, dtype=float), []
    for _ in range(horizon):
        window = np.append(window[1:], predict(window))
        said.append(predict(window))
    return np.array(said)

# %% wrong 08.roll_out: only the last forecast is returned
def roll_out(predict, history, horizon):
    window = np.array(history, dtype=float)
    for _ in range(horizon):
        said = predict(window)
        window = np.append(window[1:], said)
    return said

# %% right 08.scale_by_training_part: mean and std of the first rows
def scale_by_training_part(series, cut):
    mean, spread = series[:cut].mean(axis=0), series[:cut].std(axis=0)
    return (series - mean) / spread, mean, spread

# %% right 08.scale_by_training_part: column by column, the root written out
def scale_by_training_part(table, c):
    T, C = table.shape
    m, s, z = np.zeros(C), np.zeros(C), np.zeros((T, C))
    for k in range(C):
        known = table[:c, k]
        m[k] = known.sum() / c
        s[k] = (((known - m[k]) ** 2).sum() / c) ** 0.5
        z[:, k] = (table[:, k] - m[k]) / s[k]
    return z, m, s

# %% right 08.scale_by_training_part: scikit-learn's StandardScaler
def scale_by_training_part(series, cut):
    from sklearn.preprocessing import StandardScaler
    scaler = StandardScaler().fit(series[:cut])
    return scaler.transform(series), scaler.mean_, scaler.scale_

# %% wrong 08.scale_by_training_part: mean and spread of the whole series
def scale_by_training_part(series, cut):
    mean, spread = series.mean(axis=0), series.std(axis=0)
    return (series - mean) / spread, mean, spread

# %% wrong 08.scale_by_training_part: divided by n - 1 in the spread
def scale_by_training_part(series, cut):
    mean, spread = series[:cut].mean(axis=0), series[:cut].std(axis=0, ddof=1)
    return (series - mean) / spread, mean, spread

# %% wrong 08.scale_by_training_part: one mean and one spread for all columns
def scale_by_training_part(series, cut):
    mean, spread = series[:cut].mean(), series[:cut].std()
    return (series - mean) / spread, mean, spread

# %% wrong 08.scale_by_training_part: only the training part is scaled and returned
def scale_by_training_part(series, cut):
    train = series[:cut]
    mean, spread = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / spread, mean, spread

# %% wrong 08.scale_by_training_part: each side is scaled by its own mean and spread
def scale_by_training_part(series, cut):
    train, test = series[:cut], series[cut:]
    mean, spread = train.mean(axis=0), train.std(axis=0)
    scaled = np.concatenate([(train - mean) / spread,
                             (test - test.mean(axis=0)) / test.std(axis=0)])
    return scaled, mean, spread

# %% wrong 08.scale_by_training_part: the step at the cut is taken in too
def scale_by_training_part(series, cut):
    mean, spread = series[: cut + 1].mean(axis=0), series[: cut + 1].std(axis=0)
    return (series - mean) / spread, mean, spread

# %% wrong 08.scale_by_training_part: the caller's series is changed in place
def scale_by_training_part(series, cut):
    mean, spread = series[:cut].mean(axis=0), series[:cut].std(axis=0)
    series -= mean
    series /= spread
    return series, mean, spread

# %% wrong 08.scale_by_training_part: the variance in the place of its root
def scale_by_training_part(series, cut):
    mean = series[:cut].mean(axis=0)
    spread = ((series[:cut] - mean) ** 2).mean(axis=0)
    return (series - mean) / spread, mean, spread

# %% right 08.windows_without_leak: a loop over the places of the first target
def windows_without_leak(series, length, horizon, cut):
    parts = [], [], [], []
    for t in range(length, len(series) - horizon + 1):
        x, y = series[t - length : t], series[t : t + horizon]
        if t + horizon <= cut:
            parts[0].append(x)
            parts[1].append(y)
        elif t >= cut:
            parts[2].append(x)
            parts[3].append(y)
    sizes = length, horizon, length, horizon
    return tuple(np.array(part).reshape(-1, size) for part, size in zip(parts, sizes))

# %% right 08.windows_without_leak: sliding_window_view and two masks
def windows_without_leak(series, length, horizon, cut):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    x, y = view[:, :length], view[:, length:]
    t = np.arange(len(view)) + length
    train, test = t + horizon <= cut, t >= cut
    return x[train], y[train], x[test], y[test]

# %% right 08.windows_without_leak: a table of indices, two slices of it, other parameter names
def windows_without_leak(values, L, H, c):
    begins = np.arange(len(values) - L - H + 1)
    every = np.asarray(values)[begins[:, None] + np.arange(L + H)]
    train = every[: max(0, c - H - L + 1)]
    test = every[max(0, c - L):]
    return train[:, :L], train[:, L:], test[:, :L], test[:, L:]

# %% wrong 08.windows_without_leak: windows whose targets lie across the cut train too
def windows_without_leak(series, length, horizon, cut):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    x, y = view[:, :length], view[:, length:]
    t = np.arange(len(view)) + length
    train, test = t < cut, t >= cut
    return x[train], y[train], x[test], y[test]

# %% wrong 08.windows_without_leak: windows whose targets lie across the cut test too
def windows_without_leak(series, length, horizon, cut):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    x, y = view[:, :length], view[:, length:]
    t = np.arange(len(view)) + length
    train = t + horizon <= cut
    return x[train], y[train], x[~train], y[~train]

# %% wrong 08.windows_without_leak: the series is cut first, so no test input reaches back
def windows_without_leak(series, length, horizon, cut):
    def windows(part):
        view = np.lib.stride_tricks.sliding_window_view(part, length + horizon)
        return view[:, :length], view[:, length:]
    return *windows(series[:cut]), *windows(series[cut:])

# %% wrong 08.windows_without_leak: strictly after the cut, the first test window is lost
def windows_without_leak(series, length, horizon, cut):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    x, y = view[:, :length], view[:, length:]
    t = np.arange(len(view)) + length
    train, test = t + horizon <= cut, t > cut
    return x[train], y[train], x[test], y[test]

# %% wrong 08.windows_without_leak: the last window of the series is forgotten
def windows_without_leak(series, length, horizon, cut):
    begins = np.arange(len(series) - length - horizon)
    every = series[begins[:, None] + np.arange(length + horizon)]
    x, y, t = every[:, :length], every[:, length:], begins + length
    train, test = t + horizon <= cut, t >= cut
    return x[train], y[train], x[test], y[test]

# %% wrong 08.windows_without_leak: the targets begin with the last input
def windows_without_leak(series, length, horizon, cut):
    x_train, y_train, x_test, y_test = [], [], [], []
    for t in range(length, len(series) - horizon + 1):
        x, y = series[t - length : t], series[t - 1 : t - 1 + horizon]
        if t + horizon <= cut:
            x_train.append(x)
            y_train.append(y)
        if t >= cut:
            x_test.append(x)
            y_test.append(y)
    return np.array(x_train), np.array(y_train), np.array(x_test), np.array(y_test)

# %% wrong 08.windows_without_leak: windows side by side, the next begins where the last one ends
def windows_without_leak(series, length, horizon, cut):
    begins = np.arange(0, len(series) - length - horizon + 1, length + horizon)
    every = series[begins[:, None] + np.arange(length + horizon)]
    x, y, t = every[:, :length], every[:, length:], begins + length
    train, test = t + horizon <= cut, t >= cut
    return x[train], y[train], x[test], y[test]

# %% wrong 08.windows_without_leak: returned in the order x_train, x_test, y_train, y_test
def windows_without_leak(series, length, horizon, cut):
    view = np.lib.stride_tricks.sliding_window_view(series, length + horizon)
    x, y = view[:, :length], view[:, length:]
    t = np.arange(len(view)) + length
    train, test = t + horizon <= cut, t >= cut
    return x[train], x[test], y[train], y[test]

# %% right 08.fit_ar: a column for each lag, lstsq
def fit_ar(values, order):
    columns = [np.ones(len(values) - order)]
    for k in range(1, order + 1):
        columns.append(values[order - k : len(values) - k])
    found = np.linalg.lstsq(np.column_stack(columns), values[order:], rcond=None)[0]
    return found[0], found[1:]

# %% right 08.fit_ar: sliding windows turned round, means taken off, pseudo-inverse
def fit_ar(values, order):
    values = np.asarray(values, dtype=float)
    past = np.lib.stride_tricks.sliding_window_view(values[:-1], order)[:, ::-1]
    target = values[order:]
    weights = np.linalg.pinv(past - past.mean(axis=0)) @ (target - target.mean())
    return float(target.mean() - past.mean(axis=0) @ weights), weights

# %% right 08.fit_ar: a row for each step, torch's lstsq in double precision
def fit_ar(series, order):
    series = [float(v) for v in series]
    rows = [[1.0] + [series[t - k] for k in range(1, order + 1)]
            for t in range(order, len(series))]
    A = torch.tensor(rows, dtype=torch.float64)
    v = torch.tensor(series[order:], dtype=torch.float64)[:, None]
    found = torch.linalg.lstsq(A, v).solution[:, 0].numpy()
    return found[0], found[1:]

# %% wrong 08.fit_ar: the windows are not turned round, the oldest weight comes first
def fit_ar(values, order):
    past = np.lib.stride_tricks.sliding_window_view(values[:-1], order)
    A = np.column_stack([np.ones(len(past)), past])
    found = np.linalg.lstsq(A, values[order:], rcond=None)[0]
    return found[0], found[1:]

# %% wrong 08.fit_ar: no column of ones, the intercept is said to be zero
def fit_ar(values, order):
    A = np.column_stack([values[order - k : len(values) - k] for k in range(1, order + 1)])
    return 0.0, np.linalg.lstsq(A, values[order:], rcond=None)[0]

# %% wrong 08.fit_ar: the mean of the values is returned as the intercept
def fit_ar(values, order):
    mean = values.mean()
    v = values - mean
    A = np.column_stack([v[order - k : len(v) - k] for k in range(1, order + 1)])
    return mean, np.linalg.lstsq(A, v[order:], rcond=None)[0]

# %% wrong 08.fit_ar: the ones stand last, the first number is taken for the intercept
def fit_ar(values, order):
    columns = [values[order - k : len(values) - k] for k in range(1, order + 1)]
    columns.append(np.ones(len(values) - order))
    found = np.linalg.lstsq(np.column_stack(columns), values[order:], rcond=None)[0]
    return found[0], found[1:]

# %% wrong 08.fit_ar: lags from 0 on, the target is among its own inputs
def fit_ar(values, order):
    columns = [np.ones(len(values) - order)]
    for k in range(order):
        columns.append(values[order - k : len(values) - k])
    found = np.linalg.lstsq(np.column_stack(columns), values[order:], rcond=None)[0]
    return found[0], found[1:]

# %% wrong 08.fit_ar: np.roll, the first rows read the end of the series
def fit_ar(values, order):
    A = np.column_stack([np.ones(len(values))]
                        + [np.roll(values, k) for k in range(1, order + 1)])
    found = np.linalg.lstsq(A, values, rcond=None)[0]
    return found[0], found[1:]

# %% wrong 08.fit_ar: the last target is left out
def fit_ar(values, order):
    rows, target = [], []
    for t in range(order, len(values) - 1):
        rows.append([1.0, *values[t - order : t][::-1]])
        target.append(values[t])
    found = np.linalg.lstsq(np.array(rows), np.array(target), rcond=None)[0]
    return found[0], found[1:]

# %% wrong 08.fit_ar: the lags lie in rows, lstsq stops with an error
def fit_ar(values, order):
    A = np.array([np.ones(len(values) - order)]
                 + [values[order - k : len(values) - k] for k in range(1, order + 1)])
    found = np.linalg.lstsq(A, values[order:], rcond=None)[0]
    return found[0], found[1:]

# %% right 08.seasonal_naive: an index for each step, modulo the period
def seasonal_naive(history, period, horizon):
    return np.array([history[len(history) - period + h % period] for h in range(horizon)])

# %% right 08.seasonal_naive: np.resize repeats by itself
def seasonal_naive(history, period, horizon):
    return np.resize(history[-period:], horizon)

# %% right 08.seasonal_naive: a list that grows and looks one period back, other parameter names
def seasonal_naive(past, P, H):
    values = list(past)
    for _ in range(H):
        values.append(values[-P])
    return np.array(values[len(past):])

# %% wrong 08.seasonal_naive: the last period backwards
def seasonal_naive(history, period, horizon):
    return np.array([history[-1 - h % period] for h in range(horizon)])

# %% wrong 08.seasonal_naive: the first period of the history
def seasonal_naive(history, period, horizon):
    return np.resize(history[:period], horizon)

# %% wrong 08.seasonal_naive: ends after one period
def seasonal_naive(history, period, horizon):
    return history[-period:][:horizon]

# %% wrong 08.seasonal_naive: np.repeat in the place of np.tile
def seasonal_naive(history, period, horizon):
    return np.repeat(history[-period:], horizon)[:horizon]

# %% wrong 08.seasonal_naive: no modulo, beyond one period it reads the start of the history
def seasonal_naive(history, period, horizon):
    return np.array([history[-period + h] for h in range(horizon)])

# %% wrong 08.seasonal_naive: one month late, steps counted from 1
def seasonal_naive(history, period, horizon):
    last = history[-period:]
    return np.array([last[h % period] for h in range(1, horizon + 1)])

# %% wrong 08.seasonal_naive: whole periods, not cut to the horizon
def seasonal_naive(history, period, horizon):
    return np.tile(history[-period:], horizon // period + 1)

# %% wrong 08.seasonal_naive: the mean of the same month over all years
def seasonal_naive(history, period, horizon):
    years = len(history) // period
    season = history[len(history) - years * period:].reshape(years, period).mean(axis=0)
    return np.resize(season, horizon)

# %% right 08.backtest: a while loop over the origins
def backtest(method, values, first, horizon, every):
    rows, t = [], first
    while t + horizon <= len(values):
        rows.append(np.abs(values[t : t + horizon] - method(values[:t], horizon)))
        t += every
    return np.array(rows).reshape(-1, horizon)

# %% right 08.backtest: room for all made first, a copy of the past for each
def backtest(method, values, first, horizon, every):
    origins = range(first, len(values) - horizon + 1, every)
    errors = np.zeros((len(origins), horizon))
    for row, t in zip(errors, origins):
        said = method(values[:t].copy(), horizon)
        for h in range(horizon):
            row[h] = abs(said[h] - values[t + h])
    return errors

# %% right 08.backtest: all forecasts first, then one subtraction, other parameter names
def backtest(rule, x, start, H, step):
    origins = np.arange(start, len(x) - H + 1, step)
    said = np.stack([rule(x[:t], H) for t in origins])
    truth = np.lib.stride_tricks.sliding_window_view(x, H)[origins]
    return np.absolute(truth - said)

# %% wrong 08.backtest: the last origin is lost, the end of the range is one too early
def backtest(method, values, first, horizon, every):
    return np.array([np.abs(values[t : t + horizon] - method(values[:t], horizon))
                     for t in range(first, len(values) - horizon, every)])

# %% wrong 08.backtest: origins up to the end, the last ones lack their truth: an error
def backtest(method, values, first, horizon, every):
    rows = []
    for t in range(first, len(values), every):
        rows.append(np.abs(values[t : t + horizon] - method(values[:t], horizon)))
    return np.array(rows)

# %% wrong 08.backtest: the method sees one value too many
def backtest(method, values, first, horizon, every):
    rows = []
    for t in range(first, len(values) - horizon + 1, every):
        rows.append(np.abs(values[t : t + horizon] - method(values[: t + 1], horizon)))
    return np.array(rows)

# %% wrong 08.backtest: errors with their sign
def backtest(method, values, first, horizon, every):
    rows = []
    for t in range(first, len(values) - horizon + 1, every):
        rows.append(values[t : t + horizon] - method(values[:t], horizon))
    return np.array(rows)

# %% wrong 08.backtest: the mean over the origins is returned
def backtest(method, values, first, horizon, every):
    rows = []
    for t in range(first, len(values) - horizon + 1, every):
        rows.append(np.abs(values[t : t + horizon] - method(values[:t], horizon)))
    return np.mean(rows, axis=0)

# %% wrong 08.backtest: every is ignored, the origin moves on by the horizon
def backtest(method, values, first, horizon, every):
    rows, t = [], first
    while t + horizon <= len(values):
        rows.append(np.abs(values[t : t + horizon] - method(values[:t], horizon)))
        t += horizon
    return np.array(rows)

# %% wrong 08.backtest: forecast once from the first origin, compared at all
def backtest(method, values, first, horizon, every):
    said = method(values[:first], horizon)
    return np.array([np.abs(values[t : t + horizon] - said)
                     for t in range(first, len(values) - horizon + 1, every)])

# %% wrong 08.backtest: the method is given the whole series
def backtest(method, values, first, horizon, every):
    rows = []
    for t in range(first, len(values) - horizon + 1, every):
        rows.append(np.abs(values[t : t + horizon] - method(values, horizon)))
    return np.array(rows)

# %% right 08.mase: two means
def mase(actual, said, training, period):
    missed = np.abs(actual - said).mean()
    return missed / np.abs(training[period:] - training[:-period]).mean()

# %% right 08.mase: sums by hand
def mase(actual, said, training, period):
    above = 0.0
    for a, s in zip(actual, said):
        above += abs(a - s)
    below = 0.0
    for t in range(period, len(training)):
        below += abs(training[t] - training[t - period])
    return float((above / len(actual)) / (below / (len(training) - period)))

# %% right 08.mase: scikit-learn's mean absolute error, twice, other parameter names
def mase(y, forecast, past, P):
    from sklearn.metrics import mean_absolute_error
    return mean_absolute_error(y, forecast) / mean_absolute_error(past[P:], past[:-P])

# %% wrong 08.mase: scaled by the step from one month to the next, period ignored
def mase(actual, said, training, period):
    return np.abs(actual - said).mean() / np.abs(np.diff(training)).mean()

# %% wrong 08.mase: sums in the place of means
def mase(actual, said, training, period):
    return np.abs(actual - said).sum() / np.abs(training[period:] - training[:-period]).sum()

# %% wrong 08.mase: squares in the place of absolute values
def mase(actual, said, training, period):
    return ((actual - said) ** 2).mean() / ((training[period:] - training[:-period]) ** 2).mean()

# %% wrong 08.mase: divided by T, not by T - P
def mase(actual, said, training, period):
    scale = np.abs(training[period:] - training[:-period]).sum() / len(training)
    return np.abs(actual - said).mean() / scale

# %% wrong 08.mase: no absolute value above, errors cancel
def mase(actual, said, training, period):
    scale = np.abs(training[period:] - training[:-period]).mean()
    return (actual - said).mean() / scale

# %% wrong 08.mase: a scaled error for each step, not their mean
def mase(actual, said, training, period):
    return np.abs(actual - said) / np.abs(training[period:] - training[:-period]).mean()

# %% wrong 08.mase: np.diff of the P-th order in the place of a lag of P
def mase(actual, said, training, period):
    return np.abs(actual - said).mean() / np.abs(np.diff(training, n=period)).mean()

# %% wrong 08.mase: the minus is missing in the slice, an error of shapes
def mase(actual, said, training, period):
    return np.abs(actual - said).mean() / np.abs(training[period:] - training[:period]).mean()

# %% right 08.pinball_loss: straight from (8.9)
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.maximum(levels * gap, (levels - 1) * gap).mean()

# %% right 08.pinball_loss: a loop over the levels and torch.where
def pinball_loss(target, quantiles, levels):
    parts = []
    for k, level in enumerate(levels):
        gap = target - quantiles[..., k]
        parts.append(torch.where(gap > 0, level * gap, (level - 1) * gap).mean())
    return torch.stack(parts).mean()

# %% right 08.pinball_loss: two one-sided parts, other parameter names
def pinball_loss(y, q, taus):
    gap = y[..., None] - q
    too_low, too_high = torch.relu(gap), torch.relu(-gap)
    return (taus * too_low + (1 - taus) * too_high).sum() / gap.numel()

# %% wrong 08.pinball_loss: quantile minus truth, it leans the other way
def pinball_loss(target, quantiles, levels):
    gap = quantiles - target.unsqueeze(-1)
    return torch.maximum(levels * gap, (levels - 1) * gap).mean()

# %% wrong 08.pinball_loss: the smaller of the two
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.minimum(levels * gap, (levels - 1) * gap).mean()

# %% wrong 08.pinball_loss: summed over the levels, mean over the rest only
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.maximum(levels * gap, (levels - 1) * gap).sum(dim=-1).mean()

# %% wrong 08.pinball_loss: 1 - τ in the place of τ - 1
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.maximum(levels * gap, (1 - levels) * gap).mean()

# %% wrong 08.pinball_loss: cut off from the graph, no gradient flows
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.tensor(torch.maximum(levels * gap, (levels - 1) * gap).mean().item())

# %% wrong 08.pinball_loss: the target without an axis for the levels, an error of shapes
def pinball_loss(target, quantiles, levels):
    gap = target - quantiles
    return torch.maximum(levels * gap, (levels - 1) * gap).mean()

# %% wrong 08.pinball_loss: levels ignored, half the absolute error at each
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return torch.maximum(0.5 * gap, (0.5 - 1) * gap).mean()

# %% wrong 08.pinball_loss: nothing is paid for being too high
def pinball_loss(target, quantiles, levels):
    gap = target.unsqueeze(-1) - quantiles
    return (levels * gap).clamp(min=0).mean()

# %% right 08.coverage: two comparisons and a mean
def coverage(target, low, high):
    return ((low <= target) & (target <= high)).mean(axis=0)

# %% right 08.coverage: counted in two loops
def coverage(target, low, high):
    N, H = target.shape
    shares = np.zeros(H)
    for h in range(H):
        inside = 0
        for n in range(N):
            if low[n, h] <= target[n, h] <= high[n, h]:
                inside += 1
        shares[h] = inside / N
    return shares

# %% right 08.coverage: one less those that lie outside, other parameter names
def coverage(y, lower, upper):
    outside = np.logical_or(y < lower, y > upper)
    return 1 - np.count_nonzero(outside, axis=0) / len(y)

# %% wrong 08.coverage: the edges count as outside
def coverage(target, low, high):
    return ((low < target) & (target < high)).mean(axis=0)

# %% wrong 08.coverage: a share for each origin, wrong axis
def coverage(target, low, high):
    return ((low <= target) & (target <= high)).mean(axis=1)

# %% wrong 08.coverage: one share for all steps together
def coverage(target, low, high):
    return ((low <= target) & (target <= high)).mean()

# %% wrong 08.coverage: in percent
def coverage(target, low, high):
    return 100 * ((low <= target) & (target <= high)).mean(axis=0)

# %% wrong 08.coverage: only the upper edge is looked at
def coverage(target, low, high):
    return (target <= high).mean(axis=0)

# %% wrong 08.coverage: or in the place of and
def coverage(target, low, high):
    return ((low <= target) | (target <= high)).mean(axis=0)

# %% wrong 08.coverage: chained comparison of arrays, an error
def coverage(target, low, high):
    return np.mean(low <= target <= high, axis=0)

# %% wrong 08.coverage: divided by the number of steps ahead
def coverage(target, low, high):
    inside = (low <= target) & (target <= high)
    return inside.sum(axis=0) / target.shape[1]

# %% right 08.lag_one: inner products of the distances
def lag_one(values):
    d = values - values.mean()
    return d[1:] @ d[:-1] / (d @ d)

# %% right 08.lag_one: sums in a loop
def lag_one(v):
    mean = sum(v) / len(v)
    above = sum((v[t + 1] - mean) * (v[t] - mean) for t in range(len(v) - 1))
    below = sum((each - mean) ** 2 for each in v)
    return float(above / below)

# %% right 08.lag_one: np.correlate
def lag_one(values):
    d = np.asarray(values, dtype=float) - np.mean(values)
    all_lags = np.correlate(d, d, mode="full")
    middle = len(d) - 1
    return all_lags[middle + 1] / all_lags[middle]

# %% wrong 08.lag_one: np.corrcoef, each side with its own mean and spread
def lag_one(values):
    return np.corrcoef(values[1:], values[:-1])[0, 1]

# %% wrong 08.lag_one: the mean is not taken off
def lag_one(values):
    return (values[1:] * values[:-1]).sum() / (values**2).sum()

# %% wrong 08.lag_one: means of products and of squares, one product fewer is made up for
def lag_one(values):
    d = values - values.mean()
    return (d[1:] * d[:-1]).mean() / (d**2).mean()

# %% wrong 08.lag_one: below, the last square is missing
def lag_one(values):
    d = values - values.mean()
    return (d[1:] * d[:-1]).sum() / (d[:-1] ** 2).sum()

# %% wrong 08.lag_one: the changes are taken once more
def lag_one(values):
    change = np.diff(values)
    d = change - change.mean()
    return (d[1:] * d[:-1]).sum() / (d**2).sum()

# %% wrong 08.lag_one: np.roll, the last value is multiplied with the first
def lag_one(values):
    d = values - values.mean()
    return (d * np.roll(d, 1)).sum() / (d**2).sum()

# %% wrong 08.lag_one: the caller's values are changed in place
def lag_one(values):
    values -= values.mean()
    return (values[1:] * values[:-1]).sum() / (values**2).sum()

# %% wrong 08.lag_one: two steps apart
def lag_one(values):
    d = values - values.mean()
    return (d[2:] * d[:-2]).sum() / (d**2).sum()

# %% right 08.ridge: straight from (8.12)
def ridge(x, y, strength):
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    U, V = x - x_mean, y - y_mean
    W = np.linalg.solve(U.T @ U + strength * np.eye(x.shape[1]), U.T @ V)
    return W, y_mean - x_mean @ W

# %% right 08.ridge: least squares with K rows more that pull to zero
def ridge(inputs, targets, strength):
    K, M = inputs.shape[1], targets.shape[1]
    U = inputs - inputs.mean(axis=0)
    V = targets - targets.mean(axis=0)
    A = np.vstack([U, np.sqrt(strength) * np.eye(K)])
    W = np.linalg.lstsq(A, np.vstack([V, np.zeros((K, M))]), rcond=None)[0]
    return W, targets.mean(axis=0) - inputs.mean(axis=0) @ W

# %% right 08.ridge: a column of ones whose weight has no penalty
def ridge(x, y, strength):
    A = np.column_stack([x, np.ones(len(x))])
    penalty = np.diag(np.append(np.full(x.shape[1], float(strength)), 0.0))
    found = np.linalg.solve(A.T @ A + penalty, A.T @ y)
    return found[:-1], found[-1]

# %% wrong 08.ridge: the intercept is penalised too
def ridge(x, y, strength):
    A = np.column_stack([x, np.ones(len(x))])
    found = np.linalg.solve(A.T @ A + strength * np.eye(A.shape[1]), A.T @ y)
    return found[:-1], found[-1]

# %% wrong 08.ridge: the means are not taken off before the weights are found
def ridge(x, y, strength):
    W = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)
    return W, y.mean(axis=0) - x.mean(axis=0) @ W

# %% wrong 08.ridge: b is the mean of y alone
def ridge(x, y, strength):
    U, V = x - x.mean(axis=0), y - y.mean(axis=0)
    W = np.linalg.solve(U.T @ U + strength * np.eye(x.shape[1]), U.T @ V)
    return W, y.mean(axis=0)

# %% wrong 08.ridge: the penalty is added to every entry, no identity matrix
def ridge(x, y, strength):
    U, V = x - x.mean(axis=0), y - y.mean(axis=0)
    W = np.linalg.solve(U.T @ U + strength, U.T @ V)
    return W, y.mean(axis=0) - x.mean(axis=0) @ W

# %% wrong 08.ridge: strength ignored, plain least squares
def ridge(x, y, strength):
    U, V = x - x.mean(axis=0), y - y.mean(axis=0)
    W = np.linalg.lstsq(U, V, rcond=None)[0]
    return W, y.mean(axis=0) - x.mean(axis=0) @ W

# %% wrong 08.ridge: covariances in the place of sums, so the penalty weighs N times as much
def ridge(x, y, strength):
    U, V = x - x.mean(axis=0), y - y.mean(axis=0)
    N, K = x.shape
    W = np.linalg.solve(U.T @ U / N + strength * np.eye(K), U.T @ V / N)
    return W, y.mean(axis=0) - x.mean(axis=0) @ W

# %% wrong 08.ridge: the caller's x and y are changed in place
def ridge(x, y, strength):
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x -= x_mean
    y -= y_mean
    W = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)
    return W, y_mean - x_mean @ W

# %% wrong 08.ridge: the identity has the size of the examples, an error of shapes
def ridge(x, y, strength):
    U, V = x - x.mean(axis=0), y - y.mean(axis=0)
    W = np.linalg.solve(U.T @ U + strength * np.eye(len(x)), U.T @ V)
    return W, y.mean(axis=0) - x.mean(axis=0) @ W

# %% right 08.running_scale: straight from (8.13)
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / (n + 1)
    return n + 1, new, q + (reading - m) * (reading - new)

# %% right 08.running_scale: the mean as a weighted mean, other parameter names
def running_scale(scale, x):
    count, mean, squares = scale
    after = (count * mean + x) / (count + 1)
    squares = squares + (x - mean) * (x - after)
    return count + 1, after, squares

# %% right 08.running_scale: one distance, its square weighted by n / (n + 1)
def running_scale(state, reading):
    count = state[0] + 1
    distance = reading - state[1]
    mean = state[1] + distance / count
    squares = state[2] + distance**2 * state[0] / count
    return (count, mean, squares)

# %% wrong 08.running_scale: divided by the old count, an error at the first reading
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / n
    return n + 1, new, q + (reading - m) * (reading - new)

# %% wrong 08.running_scale: the square of the distance from the old mean
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / (n + 1)
    return n + 1, new, q + (reading - m) ** 2

# %% wrong 08.running_scale: the mean is overwritten first, both distances are from the new one
def running_scale(state, reading):
    n, m, q = state
    n += 1
    m += (reading - m) / n
    q += (reading - m) * (reading - m)
    return n, m, q

# %% wrong 08.running_scale: the count is not raised
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / (n + 1)
    return n, new, q + (reading - m) * (reading - new)

# %% wrong 08.running_scale: squares returned before the mean
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / (n + 1)
    return n + 1, q + (reading - m) * (reading - new), new

# %% wrong 08.running_scale: squares of the readings themselves
def running_scale(state, reading):
    n, m, q = state
    return n + 1, m + (reading - m) / (n + 1), q + reading**2

# %% wrong 08.running_scale: the first reading's square is put in at the start
def running_scale(state, reading):
    n, m, q = state
    if n == 0:
        return 1, reading, reading**2
    new = m + (reading - m) / (n + 1)
    return n + 1, new, q + (reading - m) * (reading - new)

# %% wrong 08.running_scale: the spread is returned in the place of the squares
def running_scale(state, reading):
    n, m, q = state
    new = m + (reading - m) / (n + 1)
    q = q + (reading - m) * (reading - new)
    return n + 1, new, (q / (n + 1)) ** 0.5
