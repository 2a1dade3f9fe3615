"""How far ahead can it be said? Balls rolled out, trained with the truth at their side or without; ETTh1, 96 hours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.corpora import ball
from seqlib.training.history import History

SEEN, AHEAD, BLUR = 12, 24, 0.01  # frames read, frames foretold, and how blurred each reading is
BALL_STEPS, BALL_RATES = 250, (2e-3, 5e-3, 1.2e-2)
READ, SAY, DAY = 336, 96, 24  # hours of ETTh1 read and foretold
MONTH = 30 * DAY
PARTS = {"train": (0, 12 * MONTH), "validate": (12 * MONTH, 16 * MONTH), "test": (16 * MONTH, 20 * MONTH)}
ETT_STEPS, ETT_RATES = 600, {"DLinear": (1e-3, 3e-3, 1e-2, 3e-2), "GRU by days": (1e-3, 3e-3, 1e-2, 3e-2)}


# -- balls -----------------------------------------------------------------------------------------------------------


def balls(seed, count: int = 64, blur: float = BLUR) -> tuple[torch.Tensor, torch.Tensor]:
    """Balls between two walls: what is seen, blurred, and where they are; both float32 (count, SEEN + AHEAD, 1)."""
    rng = np.random.default_rng(seed)
    places = ball(rng, count, SEEN + AHEAD)
    seen = places + blur * rng.normal(size=places.shape).astype(np.float32)
    return torch.from_numpy(seen), torch.from_numpy(places)


def rolled(model: nn.Module, x: torch.Tensor, steps: int) -> torch.Tensor:
    """Read x (B, T, D), then go on alone, each forecast the next input: (B, steps, D)."""
    said, state = model(x)
    out = [said[:, -1:]]
    for _ in range(steps - 1):
        said, state = model(out[-1], state)
        out.append(said)
    return torch.cat(out, dim=1)


def forced_loss(model, batch):
    """Always reading the truth: the mean squared error of every next reading."""
    seen, _ = batch
    return F.mse_loss(model(seen[:, :-1])[0], seen[:, 1:])


def free_loss(model, batch):
    """After SEEN frames reading only itself: the mean squared error of the frames after."""
    seen, _ = batch
    return F.mse_loss(rolled(model, seen[:, :SEEN], AHEAD), seen[:, SEEN:])


LOSSES = {"forced": forced_loss, "free": free_loss}


def train_ball(model, how: str, steps: int, lr: float, seed: int = 0, name: str | None = None) -> History:
    """Train a forecaster on balls, `how` a key of LOSSES; fresh balls at every step."""
    from seqlib.training.train import train, warmup_cosine

    schedule = warmup_cosine(steps, steps // 20)
    return train(
        model, lambda step: balls([seed, step]), steps, loss=LOSSES[how], lr=lr, clip=1.0, schedule=schedule, name=name
    )


def errors_ahead(forecast: Callable, count: int = 1000, seed: int = 10**6) -> np.ndarray:
    """Root mean square error against the true place, 1 … AHEAD frames ahead, of forecast(seen): (AHEAD,)."""
    seen, places = balls([seed], count)
    with torch.no_grad():
        said = torch.as_tensor(forecast(seen[:, :SEEN])).cpu()
    return (said - places[:, SEEN:]).square().mean(dim=(0, 2)).sqrt().numpy()


def straight_on(seen: torch.Tensor) -> torch.Tensor:
    """Baseline: a straight line through the last 3 readings, blind to walls. (B, SEEN, 1) -> (B, AHEAD, 1)."""
    speed = (seen[:, -1:] - seen[:, -3:-2]) / 2
    return seen[:, -3:].mean(dim=1, keepdim=True) + speed * (1 + torch.arange(1, AHEAD + 1)[None, :, None])


def folded(places: torch.Tensor) -> torch.Tensor:
    """Places of a straight path folded between the walls at 0 and 1: what the physics says."""
    return 1 - (1 - places % 2).abs()


# -- ETTh1 -----------------------------------------------------------------------------------------------------------


def scaled(values: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1 *over the training part*. (T, C) -> (T, C)."""
    train = values[slice(*PARTS["train"])]
    return (values - train.mean(axis=0)) / train.std(axis=0)


def windows_of(values: np.ndarray, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Windows whose targets lie in a part, x (N, C, READ) and y (N, C, SAY); inputs may reach back before it."""
    first, last = PARTS[part]
    first = max(READ, first)
    both = np.lib.stride_tricks.sliding_window_view(values[first - READ : last], READ + SAY, axis=0)
    return both[..., :READ], both[..., READ:]


class DLinear(nn.Module):
    """A trend (a running mean over 25 hours) and the rest, a linear map each; x (..., READ) -> (..., SAY).

    Source: Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", §4.
    """

    def __init__(self, width: int = 25):
        super().__init__()
        self.width, self.trend, self.rest = width, nn.Linear(READ, SAY), nn.Linear(READ, SAY)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, 1, READ)
        around = F.pad(flat, (self.width // 2, self.width // 2), mode="replicate")
        trend = F.avg_pool1d(around, self.width, stride=1).reshape(x.shape)
        return self.trend(trend) + self.rest(x - trend)


class GruByDays(nn.Module):
    """A GRU that reads a day per step, relative to the last hour: x (..., READ) -> (..., SAY)."""

    def __init__(self, hidden_size: int = 64):
        super().__init__()
        self.layer = nn.GRU(DAY, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, SAY)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        last = x[..., -1:]
        _, h = self.layer((x - last).reshape(-1, READ // DAY, DAY))
        return last + self.readout(h[0]).reshape(*x.shape[:-1], SAY)


MODELS = {"DLinear": DLinear, "GRU by days": GruByDays}


def least_squares(x: np.ndarray, y: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression in closed form with an intercept that is not held small: W (K, M), b (M,) of y ≈ x W + b."""
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - middle_x, y - middle_y
    W = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)
    return W, middle_y - middle_x @ W


def baselines(values: np.ndarray, strengths=(1e2, 1e3, 1e4)) -> dict[str, float]:
    """Test errors of repeating the last hour, the last day, and of ridge regression, all columns in one; values scaled.

    The ridge's strength is the one of `strengths` that validates best.
    """
    found, tried = {}, {}
    (x, y), test = windows_of(values, "train"), windows_of(values, "test")
    x, y = x.reshape(-1, READ), y.reshape(-1, SAY)
    for strength in strengths:
        W, b = (torch.from_numpy(part.astype(np.float32)) for part in least_squares(x, y, strength))
        tried[strength] = squared_error(lambda x, W=W, b=b: x @ W + b, *windows_of(values, "validate")), W, b
    _, W, b = tried[min(tried, key=lambda s: tried[s][0])]
    found["repeat the last hour"] = squared_error(lambda x: x[..., -1:].expand(*x.shape[:-1], SAY), *test)
    found["repeat the last day"] = squared_error(lambda x: x[..., -DAY:].repeat(1, 1, SAY // DAY), *test)
    found["ridge"] = squared_error(lambda x: x @ W + b, *test)
    return found


def squared_error(forecast: Callable, x: np.ndarray, y: np.ndarray, rows: int = 500) -> float:
    """The mean squared error over all windows, columns and hours; forecast takes (N, C, READ) as a float32 tensor."""
    total, where = 0.0, next(forecast.parameters()).device if isinstance(forecast, nn.Module) else None
    with torch.no_grad():
        for k in range(0, len(x), rows):
            part, true = (torch.from_numpy(each[k : k + rows].astype(np.float32)).to(where) for each in (x, y))
            total += float((forecast(part) - true).square().sum())
    return total / y.size


def train_ett(model, values: np.ndarray, steps: int, lr: float, seed: int = 0) -> tuple[History, float]:
    """Train on windows of the training part, keep the weights that validate best; history and validation error.

    values: (T, C) already `scaled`. A batch is 32 windows of all columns; every third window validates.
    """
    from seqlib.training.train import train, warmup_cosine

    x, y = windows_of(values, "train")
    to_validate = [part[::3] for part in windows_of(values, "validate")]
    best = {"error": np.inf, "weights": None}

    def batch(step):
        rows = np.random.default_rng([seed, step]).integers(0, len(x), 32)
        return torch.from_numpy(x[rows].astype(np.float32)), torch.from_numpy(y[rows].astype(np.float32))

    def evaluate(model):
        error = squared_error(model, *to_validate)
        if error < best["error"]:
            best.update(error=error, weights={k: v.clone() for k, v in model.state_dict().items()})
        return {"validation": error}

    history = train(
        model,
        batch,
        steps,
        loss=lambda model, b: F.mse_loss(model(b[0]), b[1]),
        lr=lr,
        clip=1.0,
        schedule=warmup_cosine(steps, steps // 20),
        evaluate=evaluate,
        every=max(1, steps // 4),
        name=None,
    )
    model.load_state_dict(best["weights"])
    return history, best["error"]
