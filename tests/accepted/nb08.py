"""Other right answers to the exercises of notebook 08: a check must pass each of them."""

import numpy as np
import torch


def _recursive(predict, window, horizon):
    if not horizon:
        return np.empty(0)
    following = predict(np.array(window))
    return np.concatenate([[following], _recursive(predict, window[1:] + [following], horizon - 1)])


def _in_torch(series, cut):
    series = torch.as_tensor(series).double()
    spread, mean = torch.std_mean(series[:cut], dim=0, correction=0)
    return (series - mean) / spread, mean, spread


def _by_views(series, length, horizon, cut):
    def both(part):
        view = np.lib.stride_tricks.sliding_window_view(np.asarray(part), length + horizon)
        return view[:, :length], view[:, length:]

    return (*both(series[:cut]), *both(series[cut - length :]))


def _by_pinv(values, order):
    rows = np.array([[1.0, *(float(values[t - 1 - k]) for k in range(order))] for t in range(order, len(values))])
    found = np.linalg.pinv(rows) @ np.asarray(values[order:], dtype=float)
    return found[0], found[1:]


def _by_solving(values, order):
    values = torch.as_tensor(values).double()
    past = values.unfold(0, order, 1)[:-1].flip(1)
    design = torch.cat([past, torch.ones(len(past), 1, dtype=torch.float64)], dim=1)
    found = torch.linalg.solve(design.T @ design, design.T @ values[order:])
    return found[-1], found[:-1]


def _by_kernel(x, y, strength):
    # The same through an N × N system, which is smaller where windows are few.
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    u, v = x - x.mean(0), y - y.mean(0)
    W = u.T @ np.linalg.inv(u @ u.T + strength * np.eye(len(u))) @ v
    return W, y.mean(0) - x.mean(0) @ W


def _ridge_in_torch(x, y, strength):
    x, y = torch.as_tensor(x).double(), torch.as_tensor(y).double()
    ones = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    penalty = strength * torch.eye(ones.shape[1], dtype=torch.float64)
    penalty[-1, -1] = 0
    found = torch.linalg.solve(ones.T @ ones + penalty, ones.T @ y)
    return found[:-1], found[-1]


def _by_moments(count, mean, squares, reading):
    total, raw = count * mean + reading, squares + count * mean**2 + reading**2
    return count + 1, total / (count + 1), raw - total**2 / (count + 1)


ACCEPTED = {
    "08.roll_out": [
        lambda predict, history, horizon: [(history := [*history[1:], predict(history)])[-1] for _ in range(horizon)],
        lambda predict, history, horizon: _recursive(predict, list(history), horizon),
    ],
    "08.scale_by_training_part": [
        lambda series, cut: (
            (series - np.mean(series[:cut], 0)) / np.sqrt(np.var(series[:cut], 0)),
            np.mean(series[:cut], 0),
            np.sqrt(np.var(series[:cut], 0)),
        ),
        lambda series, cut: [*_in_torch(series, cut)],
    ],
    "08.windows_without_leak": [
        lambda series, length, horizon, cut: _by_views(series, length, horizon, cut),
        lambda series, length, horizon, cut: [
            np.array([np.asarray(series)[a : a + n] for a in starts])
            for begin, end in ((0, cut), (cut - length, len(series)))
            for shift, n in ((0, length), (length, horizon))
            for starts in [range(begin + shift, end - horizon - length + 1 + shift)]
        ],
    ],
    "08.fit_ar": [
        lambda values, order: _by_pinv(values, order),
        lambda values, order: _by_solving(values, order),
    ],
    "08.seasonal_naive": [
        lambda history, period, horizon: np.array(
            [history[len(history) - period + h % period] for h in range(horizon)]
        ),
        lambda history, period, horizon: np.tile(history[-period:], horizon // period + 1)[:horizon],
        lambda history, period, horizon: np.resize(history[-period:], horizon),
    ],
    "08.mase": [
        lambda a, s, t, p: (
            np.mean(np.abs(np.subtract(a, s))) / np.mean([abs(x - y) for x, y in zip(t[p:], t, strict=False)])
        ),
        lambda a, s, t, p: (
            (torch.as_tensor(a) - torch.as_tensor(s)).abs().mean()
            / (torch.as_tensor(t)[p:] - torch.as_tensor(t)[:-p]).abs().mean()
        ),
    ],
    "08.backtest": [
        lambda method, values, first, horizon, every: np.stack(
            [
                abs(np.subtract(method(values[:t], horizon), values[t : t + horizon]))
                for t in range(first, len(values), every)
                if t + horizon <= len(values)
            ]
        ),
        lambda method, values, first, horizon, every: [
            list(np.abs(np.array(method(np.array(values[:t]), horizon)) - np.array(values[t : t + horizon])))
            for t in np.arange(first, len(values) - horizon + 1, every)
        ],
    ],
    "08.pinball_loss": [
        lambda y, q, tau: (tau * (y.unsqueeze(-1) - q).relu() + (1 - tau) * (q - y.unsqueeze(-1)).relu()).mean(),
        lambda y, q, tau: ((tau - (y[..., None] < q).to(q.dtype)) * (y[..., None] - q)).mean(),
    ],
    "08.coverage": [
        lambda target, low, high: np.mean((target >= low) * (target <= high), axis=0),
        lambda target, low, high: 1 - ((target < low) | (target > high)).sum(0) / len(target),
    ],
    "08.lag_one": [
        lambda values: (
            np.dot(values[1:] - np.mean(values), values[:-1] - np.mean(values)) / (len(values) * np.var(values))
        ),
        lambda values: (
            np.correlate(values - np.mean(values), values - np.mean(values), "full")[len(values)]
            / np.sum((values - np.mean(values)) ** 2)
        ),
    ],
    "08.ridge": [
        lambda x, y, strength: _by_kernel(x, y, strength),
        lambda x, y, strength: _ridge_in_torch(x, y, strength),
    ],
    "08.running_scale": [
        lambda state, reading: (
            state[0] + 1,
            state[1] + (reading - state[1]) / (state[0] + 1),
            state[2] + (reading - state[1]) ** 2 * state[0] / (state[0] + 1),
        ),
        lambda state, reading: [*_by_moments(*state, reading)],
    ],
}
