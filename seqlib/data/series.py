"""Series to forecast: sunspots and CO₂ (shipped inside statsmodels), a simulated heart and a simulated load, and
the downloaded ones: ETTh1, share prices, heartbeats."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqlib import expect
from seqlib.data.download import fetch

__all__ = [
    "ETT_COLUMNS",
    "Beats",
    "Load",
    "co2_monthly",
    "daily_closes",
    "ecg",
    "ecg200",
    "etth1",
    "load",
    "mitbih208",
    "monthly_averages",
    "sunspots",
]

ETT_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
SAMPLES = 48  # of a simulated heartbeat, on average: 60 a second


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Years and yearly mean sunspot numbers, 1700 to 2008, each (309,).

    Source: NOAA's National Geophysical Data Center, public domain, as statsmodels ships it.
    """
    from statsmodels.datasets import sunspots as shipped

    table = shipped.load_pandas().data
    return table["YEAR"].to_numpy().astype(int), table["SUNACTIVITY"].to_numpy()


def co2_monthly() -> tuple[np.ndarray, np.ndarray]:
    """Months (as years with a fraction) and mean CO₂ in parts per million at Mauna Loa, April 1958 on, each (T,).

    Means of the weeks that were measured. A month without any takes the value of a year before plus the rise of the
    month before it since then, so that nothing from its future is used.
    Source: Keeling and Whorf 2004, public domain, as statsmodels ships it.
    """
    from statsmodels.datasets import co2 as shipped

    weeks = shipped.load_pandas().data["co2"]
    months = weeks.resample("MS").mean().iloc[1:]  # of the first month there is one week
    values = months.to_numpy().copy()
    for t in np.flatnonzero(np.isnan(values)):
        values[t] = values[t - 12] + values[t - 1] - values[t - 13] if t > 12 else values[t - 1]
    return months.index.year.to_numpy() + (months.index.month.to_numpy() - 0.5) / 12, values


class Load(NamedTuple):
    """Hourly load, and what only the simulation knows: the mean of each hour of the day and the spread of its noise."""

    values: np.ndarray  # (T,)
    mean: np.ndarray  # (24,)
    spread: np.ndarray  # (24,)


def load(rng: np.random.Generator, hours: int) -> Load:
    """A town's electricity, hour by hour from midnight on: a daily course plus noise that remembers.

    y_t = mean(hour) + u_t with u_t = 0.8 u_{t-1} + spread(hour) e_t and e_t standard normal: at night nearly nothing
    is uncertain, at noon and in the evening a good deal, so that a band of one width must be wrong at both.
    """
    expect.generator(rng)
    expect.wholes(hours=hours)
    hour = np.arange(24)
    mean = 10 - 3 * np.cos(2 * np.pi * (hour - 3) / 24) + np.exp(-((hour - 19) ** 2) / 4)
    spread = 0.08 + 0.8 * np.exp(-((hour - 13) ** 2) / 8) + 0.4 * np.exp(-((hour - 19) ** 2) / 3)
    noise, u = spread[np.arange(hours) % 24] * rng.normal(size=hours), 0.0
    values = np.empty(hours)
    for t in range(hours):
        u = 0.8 * u + noise[t]
        values[t] = mean[t % 24] + u
    return Load(values, mean, spread)


class Beats(NamedTuple):
    """A simulated electrocardiogram: samples (T,), where each beat begins (N + 1,), and which are odd (N,) bools."""

    values: np.ndarray
    starts: np.ndarray
    odd: np.ndarray


def ecg(rng: np.random.Generator, beats: int, odd: float = 0.0) -> Beats:
    """Heartbeats as sums of bell curves (P, Q, R, S, T), with a wandering baseline, noise, unequal lengths.

    A share `odd` of the beats have no P wave, a broader QRS and a T wave with two humps: an invented fault, made so
    that highest point, mean and spread are those of a usual beat and no amplitude tells them. Beat by beat all heights
    vary by 8 %, lengths by 6 %.
    """
    expect.generator(rng)
    expect.wholes(beats=beats)
    expect.probability(odd, "odd")
    odd = rng.random(beats) < odd
    lengths = np.maximum(36, np.rint(SAMPLES * (1 + 0.06 * rng.normal(size=beats)))).astype(int)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    heights = 1 + 0.08 * rng.normal(size=beats)
    values = np.concatenate([h * _beat(n, bool(o)) for h, n, o in zip(heights, lengths, odd, strict=True)])
    time = np.arange(len(values))
    wander = 0.08 * np.sin(2 * np.pi * time / 233 + rng.uniform(0, 6)) + 0.05 * np.sin(2 * np.pi * time / 97)
    return Beats(values + wander + 0.03 * rng.normal(size=len(values)), starts, odd)


def _bells(length: int, *parts: tuple[float, float, float]) -> np.ndarray:
    """A sum of bell curves, each (height, where in the beat from 0 to 1, width)."""
    t = np.arange(length) / SAMPLES
    return sum(height * np.exp(-(((t - where) / width) ** 2) / 2) for height, where, width in parts)


def _beat(length: int, odd: bool) -> np.ndarray:
    usual = _bells(
        length,
        (0.15, 0.2, 0.035), (-0.12, 0.33, 0.012), (1.0, 0.37, 0.017), (-0.2, 0.41, 0.014), (0.3, 0.64, 0.06),
    )  # fmt: skip
    if not odd:
        return usual
    broad = _bells(length, (1.0, 0.37, 0.02), (-0.27, 0.415, 0.018))
    broad *= usual.max() / broad.max()
    early, late = _bells(length, (1.0, 0.52, 0.06)), _bells(length, (1.0, 0.72, 0.05))
    # broad + a early + b late with the mean of a usual beat, for any b; then the b that gives its spread.
    base = broad + (usual.mean() - broad.mean()) / early.mean() * early
    along = late - late.mean() / early.mean() * early
    (v, w), (_, u) = np.cov(base, along, bias=True)
    return base + (-w + np.sqrt(max(0.0, w * w - u * (v - usual.var())))) / u * along


def etth1() -> np.ndarray:
    """ETTh1, hourly, 2016-07-01 on: (17420, 7) in the order of ETT_COLUMNS. DataUnavailable without a network.

    Source: Zhou et al. 2021, "Informer"; the split of the literature is 12, 4 and 4 months of 30 days.
    """
    return np.genfromtxt(fetch("ett/ETTh1.csv"), delimiter=",", skip_header=1, usecols=range(1, 8), encoding="utf-8")


def monthly_averages() -> tuple[np.ndarray, np.ndarray]:
    """The S&P 500 as *averages* of each month's days: years with a fraction, and prices, each (T,), 1871 on.

    DataUnavailable without a network. Source: Shiller's data, see data/cards/sp500_shiller.md.
    """
    lines = fetch("sp500_shiller/data.csv").read_text(encoding="utf-8").split()
    dates, prices = zip(*(line.split(",")[:2] for line in lines[2:] if line[:1].isdigit()), strict=True)
    years = [int(date[:4]) + (int(date[5:7]) - 0.5) / 12 for date in dates]
    return np.array(years), np.array(prices, dtype=float)


def daily_closes() -> tuple[np.ndarray, np.ndarray]:
    """The S&P 500 at the close of each trading day, 2000-01-03 on: months counted from year 0, and prices, each (T,).

    DataUnavailable without a network. Source: see data/cards/vega_stocks.md.
    """
    lines = fetch("vega_stocks/sp500-2000.csv").read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("close")
    rows = [line.split(",") for line in lines[1:] if line.strip()]
    months = [int(row[0][:4]) * 12 + int(row[0][5:7]) - 1 for row in rows]
    return np.array(months), np.array([float(row[column]) for row in rows])


def ecg200(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Heartbeats (100, 96) and whether each is normal (100,) bools; `part` is "TRAIN" or "TEST".

    DataUnavailable without a network. Source: Olszewski 2001, see data/cards/ecg200.md.
    """
    expect.one_of(part, "part", ("TRAIN", "TEST"))
    lines = fetch(f"ecg200/ECG200_{part}.arff").read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data")
    rows = np.array([[float(v) for v in line.split(",")] for line in lines[begin + 1 :] if line.strip()])
    return rows[:, :-1], rows[:, -1] > 0


def mitbih208() -> np.ndarray:
    """Five minutes of an electrocardiogram, 360 samples a second, in raw units: (108000,).

    DataUnavailable without a network. Source: SciPy's example data, see data/cards/ecg_mitbih208.md.
    """
    with np.load(fetch("ecg_mitbih208/ecg.dat")) as archive:
        return archive["ecg"].astype(float)
