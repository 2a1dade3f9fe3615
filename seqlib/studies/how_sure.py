"""How sure is a forecast? A day of load ahead as quantiles, beside bands of one width and beside the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from seqlib.data.series import Load
from seqlib.training.history import History

READ, SAY = 48, 24  # hours read, hours foretold
LEVELS = np.arange(1, 20) / 20  # 0.05 … 0.95
TRAIN_DAYS, TEST_DAYS = 300, 200
STEPS, RATES, BATCH = 250, (5e-3, 1.2e-2, 3e-2), 64


class QuantileForecaster(nn.Module):
    """A GRU reads (B, READ, 1), a readout says SAY × Q quantiles: (B, SAY, Q), rising by construction.

    The lowest quantile is said freely; each of the others is the one below it plus something positive.
    """

    def __init__(self, hidden_size: int = 48, levels: int = len(LEVELS)):
        super().__init__()
        self.layer = nn.GRU(1, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, SAY * levels)
        self.levels = levels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, h = self.layer(x)
        lowest, steps = self.readout(h[0]).unflatten(1, (SAY, self.levels)).split((1, self.levels - 1), dim=2)
        return torch.cat([lowest, lowest + nn.functional.softplus(steps - 2).cumsum(dim=2)], dim=2)


def pinball(target, quantiles, levels) -> torch.Tensor:
    """The mean pinball loss of quantiles (..., Q) at levels (Q,) for target (...), as tensors."""
    error = target[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def crps_of_quantiles(target: np.ndarray, quantiles: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The continuous ranked probability score of each forecast, (...): twice the mean pinball loss over even levels."""
    error = target[..., None] - quantiles
    return 2 * np.maximum(levels * error, (levels - 1) * error).mean(axis=-1)


def split(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first TRAIN_DAYS to train on, the TEST_DAYS after them to test."""
    cut = 24 * TRAIN_DAYS
    return values[:cut], values[cut : cut + 24 * TEST_DAYS]


def origins(values: np.ndarray, every: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Windows that begin every so many hours: x (N, READ), y (N, SAY). Five hours meet each hour of the day."""
    both = np.lib.stride_tricks.sliding_window_view(values, READ + SAY)[::every]
    return both[:, :READ], both[:, READ:]


def train_quantiles(
    model, train_values: np.ndarray, pinball: Callable, steps: int, lr: float, seed: int = 0, name: str | None = None
) -> History:
    """Train on windows of `train_values`, already scaled; pinball(target, quantiles, levels) is the loss."""
    from seqlib.training.train import train, warmup_cosine

    values, levels = torch.from_numpy(train_values.astype(np.float32)), torch.from_numpy(LEVELS.astype(np.float32))

    def batch(step):
        starts = np.random.default_rng([seed, step]).integers(0, len(values) - READ - SAY + 1, BATCH)
        windows = values[starts[:, None] + np.arange(READ + SAY)]
        return windows[:, :READ, None], windows[:, READ:]

    return train(
        model,
        batch,
        steps,
        loss=lambda model, b: pinball(b[1], model(b[0]), levels.to(b[1])),
        lr=lr,
        clip=1.0,
        schedule=warmup_cosine(steps, steps // 20),
        name=name,
    )


def said_by(model, x: np.ndarray) -> np.ndarray:
    """Quantiles (N, SAY, Q) of windows x (N, READ), in the scale of the windows."""
    where = next(model.parameters()).device
    with torch.no_grad():
        return model(torch.from_numpy(x.astype(np.float32))[..., None].to(where)).cpu().double().numpy()


def true_quantiles(town: Load, values: np.ndarray, every: int = 5) -> np.ndarray:
    """What somebody knows who wrote the simulation: (N, SAY, Q) for the windows of `origins`, in its own units.

    `values` begins at midnight. Given the last noise u, the noise h hours on is normal: mean 0.8^h u, variance the sum
    of what each hour adds, 0.8^2 of it kept from hour to hour.
    """
    from scipy.stats import norm

    x, _ = origins(values, every)
    starts = every * np.arange(len(x)) + READ
    u = x[:, -1] - town.mean[(starts - 1) % 24]
    z, out, variance = norm.ppf(LEVELS), [], np.zeros(len(x))
    for h in range(SAY):
        hour = (starts + h) % 24
        u, variance = 0.8 * u, 0.64 * variance + town.spread[hour] ** 2
        out.append((town.mean[hour] + u)[:, None] + np.sqrt(variance)[:, None] * z)
    return np.stack(out, axis=1)


def naive_quantiles(train_values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Yesterday's course plus the quantiles of how wrong that was in training: (N, SAY, Q)."""
    missed = np.quantile(train_values[24:] - train_values[:-24], LEVELS)
    return x[:, -24:, None] + missed


def autoregressive_quantiles(train_values: np.ndarray, x: np.ndarray, every: int = 5, lags: int = 2) -> np.ndarray:
    """Each hour's mean plus statsmodels' autoregression of the rest, with its normal bands: (N, SAY, Q).

    Both series begin at midnight, and the windows are those of `origins`. The spread of the noise is one number, so the
    width of a band follows from how far ahead it is, and not from the hour of the day.
    """
    from scipy.stats import norm
    from statsmodels.tsa.ar_model import AutoReg

    mean = train_values.reshape(-1, 24).mean(axis=0)
    fit = AutoReg(train_values - np.resize(mean, len(train_values)), lags=lags, trend="n").fit()
    weights = np.asarray(fit.params)
    starts = every * np.arange(len(x)) + READ
    past = x[:, -lags:] - mean[(starts[:, None] - np.arange(lags, 0, -1)) % 24]
    response = np.zeros(SAY)  # what is left, h hours on, of noise that came in
    for h in range(SAY):
        past = np.column_stack([past, past[:, : -lags - 1 : -1] @ weights])
        response[h] = 1.0 if h == 0 else response[max(0, h - lags) : h][::-1] @ weights[:h]
    spread = np.sqrt(fit.sigma2 * np.cumsum(response**2))
    centre = past[:, lags:] + mean[(starts[:, None] + np.arange(SAY)) % 24]
    return centre[..., None] + spread[:, None] * norm.ppf(LEVELS)
