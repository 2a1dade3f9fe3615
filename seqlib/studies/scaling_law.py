"""A law from small runs: the best size at each budget of compute, and what a larger budget will reach."""

import numpy as np

from seqlib.studies.loss_against_compute import shape, shape_near, weights_of


def best_size(nats_of: dict[int, list[float]]) -> tuple[float, float]:
    """The lowest point of a parabola in log N through the losses of one budget: (N, nats).

    ValueError where it opens downwards, or where its lowest point is not between the smallest and the largest size.
    """
    sizes = np.log(sorted(nats_of))
    nats = np.array([np.mean(nats_of[size]) for size in sorted(nats_of)])
    a, b, c = np.polyfit(sizes, nats, 2)
    lowest = -b / (2 * a) if a > 0 else np.inf
    if not sizes[0] < lowest < sizes[-1]:
        raise ValueError(f"the best size lies outside of the sizes that were tried, {sorted(nats_of)}: try others")
    return float(np.exp(lowest)), float(c - b * b / (4 * a))


def line(x, y, at) -> tuple[float, float, float, float]:
    """Least squares y = height + slope x: (slope, its standard error, y at `at`, the error of one new y there)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    spread = ((x - x.mean()) ** 2).sum()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / spread
    left = y - y.mean() - slope * (x - x.mean())
    scatter = np.sqrt((left**2).sum() / (len(x) - 2))
    told = y.mean() + slope * (at - x.mean())
    error = scatter * np.sqrt(1 + 1 / len(x) + (at - x.mean()) ** 2 / spread)
    return float(slope), float(scatter / np.sqrt(spread)), float(told), float(error)


def laws(found: dict[float, dict[int, list[float]]], at: float) -> dict[str, float]:
    """Both laws of a grid {operations: {weights: nats}}: loss = κ C^-b and best N = ν C^a, and what they say at `at`.

    "low" and "high" are the ends of a 95 % interval for one new run: Student's t, as many degrees as levels less two.
    """
    levels = sorted(found)
    sizes, nats = zip(*(best_size(found[level]) for level in levels), strict=True)
    logs, log_at = np.log(levels), np.log(at)
    slope, slope_error, told, error = line(logs, np.log(nats), log_at)
    growth, growth_error, size, _ = line(logs, np.log(sizes), log_at)
    t = STUDENT[len(levels) - 2]
    return {
        "exponent": -slope,
        "exponent error": slope_error,
        "nats": float(np.exp(told)),
        "low": float(np.exp(told - t * error)),
        "high": float(np.exp(told + t * error)),
        "growth": growth,
        "growth error": growth_error,
        "weights": float(np.exp(size)),
    }


# The 97.5 % points of Student's t with 1, 2, 3, … degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306}


def foretell(found, at: float) -> dict[str, float]:
    """What `laws` say of a run of `at` operations, and the shape that it should have."""
    told = laws(found, at)
    width, layers = shape_near(told["weights"])
    return told | {"width": width, "layers": layers, "shape": weights_of(shape(width, layers))}
