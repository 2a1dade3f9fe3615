"""Who forecasts best? Sunspots a year ahead and CO₂ a year of months ahead: naive rules, autoregressions, a network."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.training.history import History

# 1700–1920 to train on; the literature tests on these two stretches and divides by this variance.
LAST_TRAINING_YEAR, ERAS, VARIANCE = 1920, {"1921–55": (1921, 1955), "1956–79": (1956, 1979)}, 1535.0
LATER = (1980, 2008)  # what the papers could not know
SUN_STEPS, SUN_RATES = 150, (2e-3, 6e-3, 2e-2)
AHEAD, FIRST, EVERY = 12, 204, 12  # months foretold; months known at the first origin (April 1975); between origins
CO2_STEPS, CO2_RATES = 200, (7e-4, 2e-3, 6e-3, 2e-2)


# -- sunspots --------------------------------------------------------------------------------------------------------


def relative_variance(said: np.ndarray, values: np.ndarray, years: np.ndarray, era: tuple[int, int]) -> float:
    """Mean squared error over the years of an era, divided by VARIANCE: 1 is what saying the mean would give."""
    within = (years >= era[0]) & (years <= era[1])
    return float(np.mean((said[within] - values[within]) ** 2) / VARIANCE)


def lagged(values: np.ndarray, order: int) -> np.ndarray:
    """What was seen before each value from number `order` on, the latest first: (T - order, order)."""
    return np.lib.stride_tricks.sliding_window_view(values, order)[:-1, ::-1]


def train_sunspots(model, values: np.ndarray, steps: int, lr: float, seed: int = 0) -> History:
    """Train a forecaster on every next year of `values` (the training part), scaled by 100; weights decay a little."""
    from seqlib.training.train import train, warmup_cosine

    series = torch.from_numpy((values / 100).astype(np.float32))[None, :, None]

    def batch(step):
        # Small noise on what is read: 221 years are few.
        noise = torch.from_numpy(np.random.default_rng([seed, step]).normal(0, 0.05, series.shape).astype(np.float32))
        return series + noise, series

    def loss(model, batch):
        return F.mse_loss(model(batch[0][:, :-1])[0][:, 9:], batch[1][:, 10:])

    def optimizer(parameters):
        return torch.optim.AdamW(parameters, lr=lr, weight_decay=0.1)

    schedule = warmup_cosine(steps, steps // 20)
    return train(model, batch, steps, loss=loss, optimizer=optimizer, clip=1.0, schedule=schedule, name=None)


def next_years(model, values: np.ndarray) -> np.ndarray:
    """What a forecaster says for each year, from those before: (T,), the first nan."""
    with torch.no_grad():
        said = model(torch.from_numpy((values / 100).astype(np.float32))[None, :-1, None])[0]
    return np.concatenate([[np.nan], 100 * said[0, :, 0].double().numpy()])


# -- CO₂ -------------------------------------------------------------------------------------------------------------


def last_value(history: np.ndarray, horizon: int) -> np.ndarray:
    """Everything stays as it is."""
    return np.full(horizon, history[-1])


def last_year_and_rise(history: np.ndarray, horizon: int, period: int = 12) -> np.ndarray:
    """The same month a year ago, plus what the last year rose over the one before it."""
    rise = np.mean(history[-period:] - history[-2 * period : -period])
    last = history[-period:]
    return np.array([last[h % period] + rise * (1 + h // period) for h in range(horizon)])


def smoothing(history: np.ndarray, horizon: int) -> np.ndarray:
    """Exponential smoothing of level, trend and season (Holt–Winters), fitted by statsmodels."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a search stopped early: its forecast is judged all the same
        fit = ExponentialSmoothing(history, trend="add", seasonal="add", seasonal_periods=12).fit()
    return np.asarray(fit.forecast(horizon))


def autoregression(history: np.ndarray, horizon: int, lags: int = 13) -> np.ndarray:
    """An autoregression of the changes over a year, fitted by statsmodels and added up again."""
    from statsmodels.tsa.ar_model import AutoReg

    changes = history[12:] - history[:-12]
    ahead = AutoReg(changes, lags=lags).fit().predict(len(changes), len(changes) + horizon - 1)
    return with_last_year(history, np.asarray(ahead))


def with_last_year(history: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Changes over a year turned back into values: each is added to the value twelve months before it."""
    values = list(history[-12:])
    for change in changes:
        values.append(values[-12] + change)
    return np.array(values[12:])


def train_months(model, values: np.ndarray, steps: int, lr: float, seed: int = 0, length: int = 48) -> History:
    """Train a forecaster on windows of a scaled series (T,)."""
    from seqlib.training.train import train, warmup_cosine

    values = torch.from_numpy(values.astype(np.float32))

    def batch(step):
        starts = np.random.default_rng([seed, step]).integers(0, len(values) - length, 16)
        windows = values[starts[:, None] + np.arange(length + 1)]
        return windows[:, :-1, None], windows[:, 1:, None]

    def loss(model, batch):
        return F.mse_loss(model(batch[0])[0][:, 12:], batch[1][:, 12:])

    schedule = warmup_cosine(steps, steps // 20)
    return train(model, batch, steps, loss=loss, lr=lr, clip=1.0, schedule=schedule, name=None)


def of_levels(model, mean: float, spread: float) -> Callable:
    """A forecaster of scaled values as a function of (history, horizon)."""
    from seqlib.studies.how_far_ahead import rolled

    def forecast(history, horizon):
        x = torch.from_numpy(((history[-48:] - mean) / spread).astype(np.float32))[None, :, None]
        with torch.no_grad():
            return mean + spread * rolled(model, x, horizon)[0, :, 0].double().numpy()

    return forecast


def of_changes(model, mean: float, spread: float) -> Callable:
    """A forecaster of scaled changes over a year as a function of (history, horizon)."""
    levels = of_levels(model, mean, spread)
    return lambda history, horizon: with_last_year(history, levels(history[12:] - history[:-12], horizon))


def over_origins(methods: Mapping[str, Callable], values: np.ndarray, origins: Iterable[int]) -> dict[str, np.ndarray]:
    """Absolute errors (origins, AHEAD) of each method, which is given nothing but values[:origin]."""
    origins = list(origins)
    return {
        name: np.array([np.abs(method(values[:t].copy(), AHEAD) - values[t : t + AHEAD]) for t in origins])
        for name, method in methods.items()
    }
