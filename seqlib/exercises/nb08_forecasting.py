"""Notebook 08: forecasting, from a window without a leak to a stream with constant memory."""

import numpy as np
import torch

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, tensor

# What would do the work of a regression in closed form.
FITTED = (
    "sklearn.linear_model.LinearRegression.fit",
    "sklearn.linear_model.Ridge.fit",
    "sklearn.linear_model.ridge_regression",
)


def _series(rng, steps: int, drift: float = 0.0) -> np.ndarray:
    """A series with a memory and numbers that are all different."""
    values, u = np.empty(steps), 0.0
    for t in range(steps):
        u = 0.7 * u + rng.normal()
        values[t] = 3.0 + drift * t + u
    return values


# -- roll_out --------------------------------------------------------------------------------------------------------


def _rolls(rng) -> list[Case]:
    def case(label, size, horizon):
        weights, shift = rng.uniform(0.3, 0.9, size) * rng.choice([-1, 1], size) / size, rng.uniform(0.5, 1.5)

        def predict(window):
            return shift + sum(w * v for w, v in zip(weights, window, strict=False)) + 0.2 * np.sin(float(window[-1]))

        return Case(label, predict=predict, history=away(rng, size) * 2, horizon=horizon)

    return [
        case("4 readings, 7 steps ahead", 4, 7),
        case("6 readings, 3 steps ahead", 6, 3),
        case("2 readings, 5 steps ahead", 2, 5),
        case("5 readings, a single step", 5, 1),
    ]


def _one_long_list(predict, history, horizon):
    everything, size = [float(v) for v in history], len(history)
    while len(everything) < size + horizon:
        everything.append(predict(np.array(everything[-size:])))
    return np.array(everything[size:])


def _roll_out(predict, history, horizon):
    window, said = history, []
    for _ in range(horizon):
        said.append(predict(window))
        window = np.append(window[1:], said[-1])
    return np.array(said)


ROLL_SLIPS = {
    "the window never moves on: every forecast is made from the same readings": "window = np.append(window[1:], said[-1]) → pass",
    "the window shrinks: the forecast is not put at its end": "np.append(window[1:], said[-1]) → window[1:] if len(window) > 1 else window",
    "the last reading is repeated, where the forecast should be read": "np.append(window[1:], said[-1]) → np.append(window[1:], window[-1])",
    "the oldest reading is not dropped, so the window grows": "np.append(window[1:] → np.append(window",
    "the newest reading is dropped in the place of the oldest": "np.append(window[1:] → np.append(window[:-1]",
    "the forecast is put in front of the window: time runs from left to right": "np.append(window[1:], said[-1]) → np.append(said[-1], window[:-1])",
    "the window holds every forecast once more at each step": "said[-1]) → said)[-len(history) :]",
    "one step too many is foretold": "range(horizon) → range(horizon + 1)",
    "one step too few is foretold": "range(horizon) → range(horizon - 1)",
    "the readings are handed back too, before the forecasts": "np.array(said) → np.append(history, said)",
    "only the last forecast is handed back": "np.array(said) → said[-1]",
    "the forecasts are added up, as if each were a change": "np.array(said) → np.cumsum(said)",
    "the last forecast comes first": "np.array(said) → np.array(said[::-1])",
    "the last window is handed back, not the forecasts": "np.array(said) → np.array(window)",
}

roll_out = Exercise(
    name="08.roll_out",
    points=3,
    inputs=_rolls,
    oracle=_one_long_list,
    right=_roll_out,
    mistakes=slips(_roll_out, ROLL_SLIPS),
    returns=("said",),
)


# -- scale_by_training_part ------------------------------------------------------------------------------------------


def _tables(rng) -> list[Case]:
    def case(label, steps, columns, cut):
        series = rng.normal(size=(steps, columns)) * rng.uniform(0.5, 6, columns) + rng.uniform(3, 30, columns)
        return Case(label, series=series + np.linspace(0, 4, steps)[:, None], cut=cut)

    return [
        case("30 steps, 3 columns, cut at 20", 30, 3, 20),
        case("17 steps, 5 columns, cut at 9", 17, 5, 9),
        case("24 steps, 1 column, cut at 6", 24, 1, 6),
    ]


def _scaled_by_hand(series, cut):
    series = np.asarray(series, dtype=float)
    means = [sum(row[c] for row in series[:cut]) / cut for c in range(series.shape[1])]
    spreads = [(sum((row[c] - m) ** 2 for row in series[:cut]) / cut) ** 0.5 for c, m in enumerate(means)]
    return (
        np.array([[(v - m) / s for v, m, s in zip(row, means, spreads, strict=True)] for row in series]),
        np.array(means),
        np.array(spreads),
    )


def _scale(series, cut):
    past = series[:cut]
    mean = past.mean(axis=0)
    spread = ((past - mean) ** 2).mean(axis=0) ** 0.5
    return (series - mean) / spread, mean, spread


SCALE_SLIPS = {
    "mean and spread are those of the whole series: the future leaks into the scale": "past = series[:cut] → past = series",
    "mean and spread are those of the part that is to be tested": "series[:cut] → series[cut:]",
    "the training part is one step too long: the value *at* the cut is the first of the future": "series[:cut] → series[: cut + 1]",
    "the training part is one step too short": "series[:cut] → series[: cut - 1]",
    "one mean and one spread are taken for all columns together": (
        "past.mean(axis=0) → past.mean()",
        "2).mean(axis=0) → 2).mean()",
    ),
    "mean and spread are taken along the columns: each step has its own": (
        (
            "past = series[:cut] → past = series",
            "past.mean(axis=0) → past.mean(axis=1, keepdims=True)",
            "2).mean(axis=0) → 2).mean(axis=1, keepdims=True)",
        )
    ),
    "it is divided by the variance, where the standard deviation belongs": "2).mean(axis=0) ** 0.5 → 2).mean(axis=0)",
    "the spread is divided by the number of steps minus one (`ddof=1`), where the text has the number of steps": "((past - mean) ** 2).mean(axis=0) ** 0.5 → past.std(axis=0, ddof=1)",
    "the mean is not taken away": "(series - mean) / spread → series / spread",
    "the spread is not divided out": "(series - mean) / spread → series - mean",
    "it is multiplied by the spread": "mean) / spread → mean) * spread",
    "it is divided first and the mean taken away after": "(series - mean) / spread → series / spread - mean",
    "only the training part is handed back: the test needs the same scale": "return (series - mean) → return (past - mean)",
    "the range from smallest to largest takes the place of the spread": "((past - mean) ** 2).mean(axis=0) ** 0.5 → np.ptp(past, axis=0)",
    "mean and spread change places": "spread, mean, spread → spread, spread, mean",
}

scale_by_training_part = Exercise(
    name="08.scale_by_training_part",
    points=2,
    inputs=_tables,
    oracle=_scaled_by_hand,
    right=_scale,
    mistakes=slips(_scale, SCALE_SLIPS),
    returns=("scaled", "mean", "spread"),
)


# -- windows_without_leak --------------------------------------------------------------------------------------------


def _cuts(rng) -> list[Case]:
    def case(label, steps, length, horizon, cut):
        return Case(label, series=_series(rng, steps), length=length, horizon=horizon, cut=cut)

    return [
        case("30 steps, windows of 5 and 3, cut at 20", 30, 5, 3, 20),
        case("24 steps, windows of 4 and 1, cut at 15", 24, 4, 1, 15),
        case("26 steps, windows of 3 and 4, cut at 12", 26, 3, 4, 12),
    ]


def _windows_by_hand(series, length, horizon, cut):
    parts = [[], [], [], []]
    for t in range(length, len(series) - horizon + 1):
        known, to_come = list(series[t - length : t]), list(series[t : t + horizon])
        if t + horizon - 1 < cut:
            parts[0].append(known), parts[1].append(to_come)
        elif t >= cut:
            parts[2].append(known), parts[3].append(to_come)
    return tuple(np.array(part, dtype=float) for part in parts)


def _windows(series, length, horizon, cut):
    starts = np.arange(len(series) - length - horizon + 1)
    whole = series[starts[:, None] + np.arange(length + horizon)]
    x, y = whole[:, :length], whole[:, length:]
    first = starts + length
    train, test = first + horizon <= cut, first >= cut
    return x[train], y[train], x[test], y[test]


WINDOW_SLIPS = {
    "targets of the training reach over the cut: only the first one lies before it": "first + horizon <= cut → first < cut",
    "the training takes every window that *begins* before the cut": "first + horizon <= cut → starts < cut",
    "the last training window is lost: a target may be the very last value before the cut": "first + horizon <= cut → first + horizon < cut",
    "the training reaches one step over the cut": "first + horizon <= cut → first + horizon <= cut + 1",
    "the first test window is lost: its first target is the value at the cut": "first >= cut → first > cut",
    "windows whose *inputs* reach back before the cut are left out of the test: that is no leak, the past is known": "first >= cut → starts >= cut",
    "windows that lie across the cut are tested, though some of their targets come before it": "first >= cut → first + horizon > cut",
    "the last window of the series is lost": "- length - horizon + 1 → - length - horizon",
    "the windows follow one another without overlap, where one begins at every step": "horizon + 1) → horizon + 1, length)",
    "the targets begin one step late": "whole[:, :length], whole[:, length:] → whole[:, : length - 1], whole[:, length:]",
    "inputs and targets change places": "x, y = whole → y, x = whole",
    "training and test change places": "train, test = → test, train =",
    "the windows are split by number, as if there were no time: the first so many to train on": "train, test = first + horizon <= cut, first >= cut → train = starts < len(starts) * cut / len(series); test = ~train",
    "only the last target of each window is kept": "whole[:, length:] → whole[:, -1:]",
}

windows_without_leak = Exercise(
    name="08.windows_without_leak",
    points=4,
    inputs=_cuts,
    oracle=_windows_by_hand,
    right=_windows,
    mistakes=slips(_windows, WINDOW_SLIPS),
    returns=("x_train", "y_train", "x_test", "y_test"),
)


# -- fit_ar ----------------------------------------------------------------------------------------------------------


def _orders(rng) -> list[Case]:
    return [
        Case("60 values, order 3", values=_series(rng, 60), order=3),
        Case("40 values, order 2", values=_series(rng, 40, drift=0.02), order=2),
        Case("80 values, order 5", values=_series(rng, 80), order=5),
        Case("30 values, order 1", values=_series(rng, 30), order=1),
    ]


def _normal_equations(values, order):
    # Centred: the sums of products of what is left, solved; the intercept follows from the means.
    values = np.asarray(values, dtype=float)
    view = np.lib.stride_tricks.sliding_window_view(values, order + 1)
    middle = view.mean(axis=0)
    past, now = (view - middle)[:, -2::-1], (view - middle)[:, -1]
    weights = np.linalg.inv(past.T @ past) @ (past.T @ now)
    return middle[-1] - middle[-2::-1] @ weights, weights


def _fit_ar(values, order):
    count = len(values) - order
    columns = [values[order - 1 - k : order - 1 - k + count] for k in range(order)]
    design = np.column_stack([np.ones(count), *columns])
    weights = np.linalg.solve(design.T @ design, design.T @ values[order:])
    return weights[0], weights[1:]


AR_SLIPS = {
    "the oldest value comes first: $w_1$ belongs to the latest": "order - 1 - k : order - 1 - k + count → k : k + count",
    "the columns are one step too new: the value to be foretold is among them": "order - 1 - k : order - 1 - k + count → order - k : order - k + count",
    "the columns are all shifted one step round: each value reads another one's past": "columns = [values → columns = [np.roll(values, 1)",
    "there is no intercept": (
        ("np.ones(count), *columns → *columns", "return weights[0], weights[1:] → return 0.0, weights")
    ),
    "the first values are foretold, not those that come after the window": "values[order:]) → values[:count])",
    "the column of ones stands last, and the first weight is taken for the intercept": "np.ones(count), *columns → *columns, np.ones(count)",
    "intercept and weights change places": "return weights[0], weights[1:] → return weights[1:], weights[0]",
    "everything is handed back as one array, the intercept in it": "return weights[0], weights[1:] → return weights",
    "only the weights are handed back": "return weights[0], weights[1:] → return weights[1:]",
    "the mean is taken away and no intercept handed back for it": (
        (
            "    count = → values = values - values.mean()\n    count =",
            "np.ones(count), *columns → *columns",
            "return weights[0], weights[1:] → return 0.0, weights",
        )
    ),
    "a ridge is added to the squares": "design.T @ design, → design.T @ design + np.eye(order + 1),",
    "changes are foretold, not values": "values[order:]) → np.diff(values)[order - 1 :])",
}

fit_ar = Exercise(
    name="08.fit_ar",
    points=3,
    inputs=_orders,
    oracle=_normal_equations,
    right=_fit_ar,
    mistakes=slips(_fit_ar, AR_SLIPS),
    forbids=("statsmodels.tsa.ar_model.AutoReg.fit", *FITTED),
    returns=("intercept", "weights"),
    rtol=1e-5,
)


# -- seasonal_naive --------------------------------------------------------------------------------------------------


def _seasons(rng) -> list[Case]:
    def case(label, steps, period, horizon):
        return Case(label, history=_series(rng, steps), period=period, horizon=horizon)

    return [
        case("17 values, a period of 5, 3 ahead", 17, 5, 3),
        case("20 values, a period of 4, 10 ahead", 20, 4, 10),
        case("13 values, a period of 6, 6 ahead", 13, 6, 6),
        case("9 values, a period of 1, 4 ahead", 9, 1, 4),
    ]


def _fed_on(history, period, horizon):
    # Each value is the one a period before it, forecasts included.
    values = [float(v) for v in history]
    for _ in range(horizon):
        values.append(values[-period])
    return np.array(values[len(history) :])


def _season(history, period, horizon):
    last = history[-period:]
    return last[np.arange(horizon) % period]


SEASON_SLIPS = {
    "the *first* period of the history is repeated, not the last": "history[-period:] → history[:period]",
    "the season stands one step late": "np.arange(horizon) % → (np.arange(horizon) - 1) %",
    "the season stands one step early": "np.arange(horizon) % → (np.arange(horizon) + 1) %",
    "the last value is repeated": "last[np.arange(horizon) % period] → last[-1] + 0 * np.arange(horizon)",
    "the mean of the last period is repeated": "last[np.arange(horizon) % period] → last.mean() + 0 * np.arange(horizon)",
    "the last `horizon` values are repeated, whatever the period": "last[np.arange(horizon) % period] → np.resize(history[-horizon:], horizon)",
    "beyond one period the last value stays, where the season begins again": "np.arange(horizon) % period → np.minimum(np.arange(horizon), period - 1)",
    "it ends after one period, though more steps are asked for": "np.arange(horizon) % period → np.arange(min(horizon, period))",
    "the period runs backwards": "history[-period:] → history[-period:][::-1]",
    "the period one before the last is repeated": "history[-period:] → np.concatenate([history, history])[len(history) - 2 * period :][:period] if len(history) >= 2 * period else history[:period]",
    "one whole period too many is handed back": "np.arange(horizon) → np.arange(horizon + period)",
    "the values are continued by the last period's change as well": "% period] → % period] + history[-1] - history[-period]",
}

seasonal_naive = Exercise(
    name="08.seasonal_naive",
    points=2,
    inputs=_seasons,
    oracle=_fed_on,
    right=_season,
    mistakes=slips(_season, SEASON_SLIPS),
    returns=("said",),
)


# -- mase ------------------------------------------------------------------------------------------------------------


def _forecasts(rng) -> list[Case]:
    def case(label, steps, ahead, period):
        actual = _series(rng, ahead)
        said = actual + away(rng, ahead)
        return Case(label, actual=actual, said=said, training=_series(rng, steps), period=period)

    return [
        case("20 values to train on, 6 foretold, a period of 4", 20, 6, 4),
        case("15 values to train on, 9 foretold, a period of 1", 15, 9, 1),
        case("31 values to train on, 4 foretold, a period of 7", 31, 4, 7),
    ]


def _scaled_error(actual, said, training, period):
    steps = [abs(float(training[t]) - float(training[t - period])) for t in range(period, len(training))]
    missed = [abs(float(a) - float(s)) for a, s in zip(actual, said, strict=True)]
    return (sum(missed) / len(missed)) / (sum(steps) / len(steps))


def _mase(actual, said, training, period):
    naive = np.abs(training[period:] - training[:-period]).mean()
    return np.abs(actual - said).mean() / naive


MASE_SLIPS = {
    "errors are squared, where their size belongs": "np.abs(actual - said).mean() → ((actual - said) ** 2).mean()",
    "errors of both signs cancel: the absolute value is left out above": "np.abs(actual - said).mean() → (actual - said).mean()",
    "rises and falls of the training cancel: the absolute value is left out below": "np.abs(training[period:] - training[:-period]).mean() → (training[period:] - training[:-period]).mean()",
    "the naive rule takes the step before, whatever the period": "training[period:] - training[:-period] → np.diff(training)",
    "the naive rule is measured on the test, where a naive rule may be lucky": "training[period:] - training[:-period] → actual[1:] - actual[:-1]",
    "it is divided by the spread of the training": "np.abs(training[period:] - training[:-period]).mean() → training.std()",
    "it is divided by the size of the actual values: that is a percentage error": "np.abs(actual - said).mean() / naive → np.abs((actual - said) / actual).mean()",
    "nothing is divided: the error has the unit of the series": " / naive → ",
    "the ratio stands on its head": "np.abs(actual - said).mean() / naive → naive / np.abs(actual - said).mean()",
    "sums are divided, not means: training and test have different lengths": (
        ("training[:-period]).mean() → training[:-period]).sum()", "said).mean() → said).sum()")
    ),
    "medians take the place of means": (
        (
            "np.abs(training[period:] - training[:-period]).mean() → np.median(np.abs(training[period:] - training[:-period]))",
            "np.abs(actual - said).mean() → np.median(np.abs(actual - said))",
        )
    ),
    "the root of the squared errors takes the place of their size": "np.abs(actual - said).mean() → np.sqrt(((actual - said) ** 2).mean())",
    "the errors are handed back one by one": "np.abs(actual - said).mean() → np.abs(actual - said)",
    "the naive differences are taken twice over: two periods back": "training[period:] - training[:-period] → training[2 * period :] - training[: -2 * period]",
}

mase = Exercise(
    name="08.mase",
    points=2,
    inputs=_forecasts,
    oracle=_scaled_error,
    right=_mase,
    mistakes=slips(_mase, MASE_SLIPS),
    returns=("error",),
)


# -- backtest --------------------------------------------------------------------------------------------------------


def _back_cases(rng) -> list[Case]:
    def case(label, steps, first, horizon, every):
        lift = rng.uniform(0.5, 1.5)

        def method(history, horizon):
            # It reads all that it is given, so that one value too many or too few shows.
            history = np.asarray(history, dtype=float)
            return history.mean() + lift * np.arange(1, horizon + 1) * (history[-1] - history[0]) / len(history)

        return Case(
            label, method=method, values=_series(rng, steps, drift=0.2), first=first, horizon=horizon, every=every
        )

    return [
        case("20 values, 3 ahead, an origin every 4", 20, 8, 3, 4),
        case("17 values, 2 ahead, an origin every 5", 17, 5, 2, 5),
        case("15 values, 4 ahead, an origin at each step", 15, 9, 4, 1),
    ]


def _errors_one_by_one(method, values, first, horizon, every):
    values, rows = np.asarray(values, dtype=float), []
    origin = first
    while origin + horizon <= len(values):
        said = method(values[:origin].copy(), horizon)
        rows.append([abs(said[h] - values[origin + h]) for h in range(horizon)])
        origin += every
    return np.array(rows)


def _backtest(method, values, first, horizon, every):
    errors = []
    for origin in range(first, len(values) - horizon + 1, every):
        said = method(values[:origin], horizon)
        errors.append(np.abs(said - values[origin : origin + horizon]))
    return np.array(errors)


BACK_SLIPS = {
    "the method is given the whole series, the future too": "values[:origin], → values,",
    "the method is given the first value that it has to foretell": "values[:origin], → values[: origin + 1],",
    "the method is not given the last known value": "values[:origin], → values[: origin - 1],",
    "the method is given the values before the *first* origin alone, at every origin": "values[:origin], → values[:first],",
    "what is known begins at the first origin: the past before it is thrown away": "values[:origin], → values[max(0, origin - first) : origin],",
    "the last origin is lost: its last target is the last value": "horizon + 1, every → horizon, every",
    "there is an origin at every step": "+ 1, every) → + 1)",
    "the origins lie a horizon apart": "+ 1, every) → + 1, horizon)",
    "the first origin is left out": "range(first, → range(first + every,",
    "the targets begin one step late": "values[origin : origin + horizon] → np.append(values, values[-1])[origin + 1 : origin + 1 + horizon]",
    "the targets are the last known values": "values[origin : origin + horizon] → values[origin - horizon : origin]",
    "errors keep their sign": "np.abs(said - values[origin : origin + horizon]) → said - values[origin : origin + horizon]",
    "errors are squared": "np.abs(said - values[origin : origin + horizon]) → (said - values[origin : origin + horizon]) ** 2",
    "each origin's errors are averaged: how they grow with the distance is lost": "origin + horizon])) → origin + horizon]).mean())",
    "the forecasts are handed back, not their errors": "np.abs(said - values[origin : origin + horizon]) → said",
    "steps ahead stand in rows, origins in columns": "np.array(errors) → np.array(errors).T",
    "the mean over the origins is handed back": "np.array(errors) → np.mean(errors, axis=0)",
}

backtest = Exercise(
    name="08.backtest",
    points=3,
    inputs=_back_cases,
    oracle=_errors_one_by_one,
    right=_backtest,
    mistakes=slips(_backtest, BACK_SLIPS),
    returns=("errors",),
)


# -- pinball_loss ----------------------------------------------------------------------------------------------------


def _quantile_cases(rng) -> list[Case]:
    def case(label, shape, levels):
        target = tensor(_away_from_zero(rng, shape))
        quantiles = target[..., None] + tensor(away(rng, *shape, len(levels)))
        return Case(label, target=target, quantiles=quantiles, levels=torch.tensor(levels, dtype=torch.float64))

    return [
        case("4 forecasts of 3 steps, 5 levels", (4, 3), [0.1, 0.25, 0.5, 0.8, 0.95]),
        case("7 forecasts of 2 steps, 3 levels", (7, 2), [0.05, 0.6, 0.7]),
        case("6 forecasts of 1 step, 1 level", (6, 1), [0.9]),
    ]


def _away_from_zero(rng, shape):
    return rng.uniform(1, 4, shape)


def _pinball_by_cases(target, quantiles, levels):
    target, quantiles, levels = (torch.as_tensor(part) for part in (target, quantiles, levels))
    total = 0.0
    for k, level in enumerate(levels):
        error = target - quantiles[..., k]
        total = total + torch.where(error > 0, level * error, (1 - level) * -error).sum()
    return total / quantiles.numel()


def _pinball(target, quantiles, levels):
    error = target[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean()


PINBALL_SLIPS = {
    "τ and 1 − τ change places: τ weighs what lies *above* the quantile, and the error is target minus quantile": "levels * error, (levels - 1) * error → (1 - levels) * error, -levels * error",
    "the lower side has the wrong sign: below the quantile it is $(\\tau-1)(y-q)$, which is positive there": "(levels - 1) * error → (1 - levels) * error",
    "both sides weigh the same: that is the absolute error, and every quantile becomes a median": "torch.maximum(levels * error, (levels - 1) * error) → error.abs()",
    "both sides weigh τ: that is the absolute error, times the level": "torch.maximum(levels * error, (levels - 1) * error) → levels * error.abs()",
    "errors below the quantile cost nothing": "(levels - 1) * error → 0 * error",
    "errors above the quantile cost nothing": "torch.maximum(levels * error, (levels - 1) * error) → torch.clamp((levels - 1) * error, min=0)",
    "the smaller of the two is taken, where the larger belongs": "torch.maximum → torch.minimum",
    "errors are squared": "error = target[..., None] - quantiles → error = (target[..., None] - quantiles) ** 2",
    "the two are added, where the larger is taken": "torch.maximum(levels * error, (levels - 1) * error) → (levels * error + (levels - 1) * error)",
    "the loss is summed, not averaged": ".mean() → .sum()",
    "only the forecasts are averaged, not the levels": ".mean() → .flatten(0, -2).mean(dim=0)",
    "the levels are summed, the forecasts averaged": ".mean() → .sum(dim=-1).mean()",
    "the factor 2 of the CRPS is in it already": "error).mean() → error).mean() * 2",
    "the loss is halved": "error).mean() → error).mean() / 2",
}

pinball_loss = Exercise(
    name="08.pinball_loss",
    points=3,
    inputs=_quantile_cases,
    oracle=_pinball_by_cases,
    right=_pinball,
    mistakes=slips(_pinball, PINBALL_SLIPS),
    trains=True,
    returns=("loss",),
)


# -- coverage --------------------------------------------------------------------------------------------------------


def _bands(rng) -> list[Case]:
    def case(label, count, ahead):
        target = rng.normal(size=(count, ahead))
        low = rng.normal(-1.2, 0.4, (count, ahead))
        high = low + rng.uniform(0.5, 3.0, (count, ahead))
        target[0, 0], target[-1, -1] = low[0, 0], high[-1, -1]  # on an edge
        return Case(label, target=target, low=low, high=high)

    return [
        case("20 forecasts of 3 steps", 20, 3),
        case("11 forecasts of 5 steps", 11, 5),
        case("9 forecasts of 1 step", 9, 1),
    ]


def _counted(target, low, high):
    target, low, high = (np.asarray(part, dtype=float) for part in (target, low, high))
    inside = [
        sum(lo <= v <= hi for v, lo, hi in zip(*columns, strict=True))
        for columns in zip(target.T, low.T, high.T, strict=True)
    ]
    return np.array(inside) / len(target)


def _coverage(target, low, high):
    inside = (low <= target) & (target <= high)
    return inside.mean(axis=0)


COVER_SLIPS = {
    "what lies outside is counted": "return inside.mean → return (~inside).mean",
    "all steps ahead are thrown together: one number, where each step has its own": "mean(axis=0) → mean()",
    "the mean is taken along the steps ahead: a share for each forecast": "mean(axis=0) → mean(axis=1)",
    "they are counted, not shared out over the forecasts": "mean(axis=0) → sum(axis=0)",
    "only the upper edge is looked at": "(low <= target) & → ",
    "only the lower edge is looked at": " & (target <= high) → ",
    "one edge is enough: `|` where `&` belongs": ") & (target → ) | (target",
    "the lower edge itself counts as outside": "(low <= target) → (low < target)",
    "the upper edge itself counts as outside": "(target <= high) → (target < high)",
    "neither edge counts as inside": (("(low <= target) → (low < target)", "(target <= high) → (target < high)")),
    "it is given in per cent, where a share between 0 and 1 belongs": "inside.mean(axis=0) → 100 * inside.mean(axis=0)",
    "low and high change places": "(low <= target) & (target <= high) → (high <= target) & (target <= low)",
    "it is said for each forecast and step whether it lies inside": "inside.mean(axis=0) → inside",
    "the width of the band is averaged": "inside.mean(axis=0) → (high - low).mean(axis=0)",
}

coverage = Exercise(
    name="08.coverage",
    points=2,
    inputs=_bands,
    oracle=_counted,
    right=_coverage,
    mistakes=slips(_coverage, COVER_SLIPS),
    returns=("share",),
)


# -- lag_one ---------------------------------------------------------------------------------------------------------


def _memories(rng) -> list[Case]:
    return [
        Case("25 values", values=_series(rng, 25)),
        Case(
            "40 values around 3 that turn to and fro", values=3.0 + (-1.0) ** np.arange(40) + 0.4 * rng.normal(size=40)
        ),
        Case("9 values", values=_series(rng, 9, drift=0.3)),
    ]


def _slope_of_sums(values):
    values = [float(v) for v in values]
    middle = sum(values) / len(values)
    around = [v - middle for v in values]
    return sum(a * b for a, b in zip(around, around[1:], strict=False)) / sum(a * a for a in around)


def _lag_one(values):
    around = values - values.mean()
    return (around[1:] * around[:-1]).sum() / (around**2).sum()


LAG_SLIPS = {
    "the mean is not taken away": "values - values.mean() → values",
    "means are divided, not sums: there is one product fewer than there are squares": "around[:-1]).sum() / (around**2).sum() → around[:-1]).mean() / (around**2).mean()",
    "each half has its own mean and spread: that is `np.corrcoef`, and nearly the same": "return (around[1:] * around[:-1]).sum() / (around**2).sum() → return np.corrcoef(values[1:], values[:-1])[0, 1]",
    "only the first values are squared below: the last one belongs there too": "(around**2).sum() → (around[:-1] ** 2).sum()",
    "nothing is divided: that is a sum, in squared units": " / (around**2).sum() → ",
    "it is divided by the number of values, not by the squares": "(around**2).sum() → len(values)",
    "it is two steps back": "around[1:] * around[:-1] → around[2:] * around[:-2]",
    "the changes are looked at, where the values are asked for": "around = values - values.mean() → values = np.diff(values); around = values - values.mean()",
    "it is divided by the spread, where its square belongs": "(around**2).sum() → np.sqrt((around**2).sum())",
    "the sign is turned": "return (around → return -(around",
    "the last value is followed by the first, as on a ring": "(around[1:] * around[:-1]).sum() → (around * np.roll(around, 1)).sum()",
    "it is squared: the share of the variance, without its sign": "return (around[1:] * around[:-1]).sum() / (around**2).sum() → return ((around[1:] * around[:-1]).sum() / (around**2).sum()) ** 2",
}

lag_one = Exercise(
    name="08.lag_one",
    points=2,
    inputs=_memories,
    oracle=_slope_of_sums,
    right=_lag_one,
    mistakes=slips(_lag_one, LAG_SLIPS),
    forbids=("statsmodels.tsa.stattools.acf",),
    returns=("correlation",),
)


# -- ridge -----------------------------------------------------------------------------------------------------------


def _regressions(rng) -> list[Case]:
    def case(label, rows, inputs, outputs, strength):
        x = rng.normal(size=(rows, inputs)) + rng.uniform(1, 3, inputs)
        y = x @ rng.normal(size=(inputs, outputs)) + rng.uniform(4, 8, outputs) + 0.3 * rng.normal(size=(rows, outputs))
        return Case(label, x=x, y=y, strength=strength)

    return [
        case("20 windows, 4 inputs, 3 outputs, strength 2", 20, 4, 3, 2.0),
        case("11 windows, 6 inputs, 2 outputs, strength 0.5", 11, 6, 2, 0.5),
        case("fewer windows than inputs, strength 3", 5, 7, 2, 3.0),
        case("strength 40", 30, 3, 4, 40.0),
    ]


def _by_augmented_rows(x, y, strength):
    # The penalty as extra rows with target zero, and the intercept as a column that has zeros there.
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    inputs = x.shape[1]
    rows = np.vstack(
        [np.column_stack([x, np.ones(len(x))]), np.column_stack([np.sqrt(strength) * np.eye(inputs), np.zeros(inputs)])]
    )
    found = np.linalg.lstsq(rows, np.vstack([y, np.zeros((inputs, y.shape[1]))]), rcond=None)[0]
    return found[:-1], found[-1]


def _ridge(x, y, strength):
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    u, v = x - middle_x, y - middle_y
    W = np.linalg.solve(u.T @ u + strength * np.eye(x.shape[1]), u.T @ v)
    return W, middle_y - middle_x @ W


RIDGE_SLIPS = {
    "the intercept is left out": "return W, middle_y - middle_x @ W → return W, 0 * middle_y",
    "nothing is centred: W has to do the work of the intercept": "u, v = x - middle_x, y - middle_y → u, v = x, y",
    "only the targets are centred": "u, v = x - middle_x, y - middle_y → u, v = x, y - middle_y",
    "the intercept is the mean of the targets: what W makes of the inputs' mean has to be taken away": "middle_y - middle_x @ W → middle_y",
    "the intercept is held small too, as if it were a weight": (
        "return W, middle_y - middle_x @ W → u = np.column_stack([x, np.ones(len(x))]); W = np.linalg.solve(u.T @ u + strength * np.eye(x.shape[1] + 1), u.T @ y); return W[:-1], W[-1]"
    ),
    "there is no penalty": "u.T @ u + strength * np.eye(x.shape[1]) → u.T @ u + 1e-9 * np.eye(x.shape[1])",
    "the penalty is added to every entry, not to the diagonal": "strength * np.eye(x.shape[1]) → strength",
    "the strength is squared": "strength * np.eye → strength**2 * np.eye",
    "the strength is multiplied by the number of windows": "strength * np.eye → len(x) * strength * np.eye",
    "the strength is divided by the number of windows": "strength * np.eye → strength / len(x) * np.eye",
    "the penalty is subtracted": "u.T @ u + strength → u.T @ u - strength",
    "W is transposed": "return W, middle_y - → return W.T, middle_y -",
    "the intercept has the wrong sign": "middle_y - middle_x @ W → middle_x @ W - middle_y",
    "inputs are divided by their spread first, and W is not turned back": "x - middle_x, y → (x - middle_x) / x.std(axis=0), y",
    "W and b change places": "return W, middle_y - middle_x @ W → return middle_y - middle_x @ W, W",
    "only W is handed back": "return W, middle_y - middle_x @ W → return W",
    "the penalty counts half": "strength * np.eye → strength / 2 * np.eye",
}

ridge = Exercise(
    name="08.ridge",
    points=4,
    inputs=_regressions,
    oracle=_by_augmented_rows,
    right=_ridge,
    mistakes=slips(_ridge, RIDGE_SLIPS),
    forbids=FITTED,
    returns=("W", "b"),
    rtol=1e-5,
)


# -- running_scale ---------------------------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    def case(label, count):
        seen = rng.normal(4.0, 2.0, count)
        state = (0, 0.0, 0.0) if not count else (count, float(seen.mean()), float(((seen - seen.mean()) ** 2).sum()))
        return Case(label, state=state, reading=float(rng.uniform(6, 12)))

    return [
        case("5 readings before", 5),
        case("40 readings before", 40),
        case("one reading before", 1),
        case("the very first reading", 0),
    ]


def _merged(state, reading):
    # Two groups put together: those before, and a group of one.
    count, mean, squares = state
    return count + 1, (count * mean + reading) / (count + 1), squares + count * (reading - mean) ** 2 / (count + 1)


def _running(state, reading):
    count, mean, squares = state
    count = count + 1
    before = reading - mean
    mean = mean + before / count
    after = reading - mean
    return count, mean, squares + before * after


RUNNING_SLIPS = {
    "the count stays what it was": "count = count + 1 → count = max(count, 1)",
    "it is divided by the count *before* this reading": "before / count → before / max(count - 1, 1)",
    "the mean jumps to the reading": "mean + before / count → mean + before",
    "the mean stays what it was": "mean = mean + before / count → mean = mean + 0.0",
    "the old and the new mean are averaged half and half": "before / count → before / 2",
    "the distance to the *old* mean is squared: one of the two factors is to the new one": "before * after → before**2",
    "the distance to the *new* mean is squared: one of the two factors is to the old one": "before * after → after**2",
    "the squares are replaced, where they are added to": "squares + before * after → before * after",
    "the squares stay what they were": "squares + before * after → squares",
    "the readings' own squares are added, not those of their distances": "squares + before * after → squares + reading**2",
    "the mean of the squares is handed back: it can be made of the sum, but the next step needs the sum": "squares + before * after → (squares + before * after) / count",
    "the spread itself is handed back, with which the next step cannot go on": "squares + before * after → ((squares + before * after) / count) ** 0.5",
    "the distance has the wrong sign": "before = reading - mean → before = mean - reading",
    "the mean of all that is a sum: it is not divided by the count": "mean + before / count → mean + reading",
    "the state comes in another order": "return count, mean, squares + before * after → return mean, squares + before * after, count",
}

running_scale = Exercise(
    name="08.running_scale",
    points=3,
    inputs=_streams,
    oracle=_merged,
    right=_running,
    mistakes=slips(_running, RUNNING_SLIPS),
    returns=("count", "mean", "squares"),
)
