"""Which heartbeat is odd? A forecaster's error as a measure of surprise, beside amplitudes and a linear forecaster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.data.series import Beats, ecg
from seqlib.training.history import History

LENGTH, BATCH, ORDER = 144, 32, 48  # samples a training window has, windows, and what the linear forecaster sees
STEPS, RATES, ODD = 200, (5e-3, 1.2e-2, 3e-2), 0.1


def heartbeats(seed: int = 0) -> tuple[Beats, Beats]:
    """600 usual beats to train on, and 600 to test of which a tenth is odd. No label is ever trained on."""
    rng = np.random.default_rng([seed, 208])
    return ecg(rng, 600), ecg(rng, 600, ODD)


def train_heart(model, values: np.ndarray, steps: int, lr: float, seed: int = 0, name: str | None = None) -> History:
    """Train a forecaster to say the next sample, on windows from anywhere in `values` (T,)."""
    from seqlib.training.train import train, warmup_cosine

    values = torch.from_numpy(values.astype(np.float32))

    def batch(step):
        starts = np.random.default_rng([seed, step]).integers(0, len(values) - LENGTH, BATCH)
        windows = values[starts[:, None] + np.arange(LENGTH + 1)]
        return windows[:, :-1, None], windows[:, 1:, None]

    def loss(model, batch):
        return F.mse_loss(model(batch[0])[0], batch[1])

    schedule = warmup_cosine(steps, steps // 20)
    return train(model, batch, steps, loss=loss, lr=lr, clip=1.0, schedule=schedule, name=name)


def surprise(model, values: np.ndarray, rows: int = 16, warm: int = 2 * LENGTH) -> np.ndarray:
    """Squared error of each sample's forecast, (T,), each from the past alone; the first sample's is 0.

    Read in `rows` pieces at once for speed; each piece warms up on the samples before it.
    """
    edges = np.linspace(0, len(values), rows + 1).astype(int)
    wide = int(np.diff(edges).max())
    padded = np.concatenate([np.full(warm, values[0]), values, np.full(wide, values[-1])]).astype(np.float32)
    pieces = torch.from_numpy(np.stack([padded[k : k + warm + wide] for k in edges[:-1]]))[..., None]
    with torch.no_grad():
        errors = (model(pieces[:, :-1])[0] - pieces[:, 1:]).square()[:, warm - 1 :, 0].numpy()
    whole = np.concatenate([row[: b - a] for row, a, b in zip(errors, edges[:-1], edges[1:], strict=True)])
    whole[0] = 0.0
    return whole


def linear_surprise(train: np.ndarray, values: np.ndarray, order: int = ORDER) -> np.ndarray:
    """The same of an autoregression of `order`, fitted to `train` by statsmodels."""
    from statsmodels.tsa.ar_model import AutoReg

    weights = np.asarray(AutoReg(train, lags=order).fit().params)
    windows = np.lib.stride_tricks.sliding_window_view(values, order)[:-1]
    said = weights[0] + windows[:, ::-1] @ weights[1:]
    return np.concatenate([np.zeros(order), (said - values[order:]) ** 2])


def by_beat(samples: np.ndarray, beats: Beats, how=np.mean) -> np.ndarray:
    """One number a beat: `how` of what its samples have. (T,) -> (N,)."""
    return np.array([how(samples[a:b]) for a, b in zip(beats.starts[:-1], beats.starts[1:], strict=True)])


def amplitudes(beats: Beats) -> dict[str, np.ndarray]:
    """What a threshold could look at: highest and lowest point, their distance, mean, spread."""
    measures = {"highest": np.max, "lowest": np.min, "height": np.ptp, "mean": np.mean, "spread": np.std}
    return {name: by_beat(beats.values, beats, how) for name, how in measures.items()}


def areas(scores: Mapping[str, np.ndarray], odd: np.ndarray) -> dict[str, float]:
    """The area under each score's ROC curve, the larger of it and one minus it: 0.5 knows nothing, 1 all."""
    from sklearn.metrics import roc_auc_score

    found = {name: float(roc_auc_score(odd, score)) for name, score in scores.items()}
    return {name: max(area, 1 - area) for name, area in found.items()}
