"""An explorer: a forecast with its band; origin, horizon and how much the band should hold under three sliders."""

from collections.abc import Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed


class ForecastExplorer(Explorer):
    """Forecasts from several origins, as quantiles, with what was known and what came.

    known (N, T), came (N, H), quantiles (N, H, Q) that rise along the last axis, levels (Q,) symmetrical around one
    half. Choices: the origin, how many steps ahead, and the share that the band promises (between a level and one
    minus it). `first_hours` (N,) names the hour of the day of each first forecast. ValueError where shapes do not fit.
    """

    script = "forecast.js"

    def __init__(
        self,
        known: np.ndarray,
        came: np.ndarray,
        quantiles: np.ndarray,
        levels: Sequence[float],
        unit: str = "value",
        first_hours: Sequence[int] | None = None,
    ):
        self.known, self.came, self.quantiles = (np.asarray(a, dtype=np.float32) for a in (known, came, quantiles))
        self.levels, self.unit = np.asarray(levels, dtype=float), unit
        count, ahead = self.came.shape if self.came.ndim == 2 else (0, 0)
        self.first_hours = None if first_hours is None else [int(hour) for hour in first_hours]
        if self.known.ndim != 2 or len(self.known) != count or self.quantiles.shape != (count, ahead, len(self.levels)):
            raise ValueError(
                f"expected known (N, T), came (N, H), quantiles (N, H, {len(self.levels)}); "
                f"got {self.known.shape}, {self.came.shape}, {self.quantiles.shape}"
            )
        if (
            len(self.levels) < 3
            or not np.allclose(self.levels + self.levels[::-1], 1)
            or (np.diff(self.levels) <= 0).any()
        ):
            raise ValueError(
                f"expected levels that rise, symmetrical around one half, three or more; got {self.levels}"
            )

    def inside(self, band: int = 0, ahead: int | None = None) -> tuple[np.ndarray, float]:
        """For each origin how many of the first `ahead` steps lie in the band (N,), and the share over all of them.

        band k lies between level k and the one that is as far from the other end.
        """
        ahead = self.came.shape[1] if ahead is None else ahead
        low, high = self.quantiles[:, :ahead, band], self.quantiles[:, :ahead, len(self.levels) - 1 - band]
        within = (low <= self.came[:, :ahead]) & (self.came[:, :ahead] <= high)
        return within.sum(axis=1), float(within.mean())

    def data(self) -> dict:
        count, ahead, levels = self.quantiles.shape
        return {
            "known": packed(self.known), "came": packed(self.came), "unit": self.unit, "hours": self.first_hours,
            "quantiles": packed(self.quantiles.reshape(count * ahead, levels)), "levels": self.levels.tolist(),
        }  # fmt: skip

    def picture(self):
        fig, ax = figures.figure(figsize=(7, 2.8))
        past, ahead = np.arange(-self.known.shape[1] + 1, 1), np.arange(1, self.came.shape[1] + 1)
        ax.plot(past, self.known[0], color=figures.COLOURS["black"], linestyle="-", label="known")
        ax.plot(ahead, self.came[0], "o", color=figures.COLOURS["black"], markersize=3, label="what came")
        ax.plot(ahead, self.quantiles[0, :, len(self.levels) // 2], color=figures.COLOURS["vermilion"], label="median")
        ax.fill_between(
            ahead, self.quantiles[0, :, 0], self.quantiles[0, :, -1], alpha=0.25, color=figures.COLOURS["orange"]
        )
        ax.set(
            xlabel="steps from the origin", ylabel=self.unit, title=f"A forecast and its {self._promise():.0f} % band"
        )
        ax.legend(fontsize=8, loc="upper left")
        return fig

    def _promise(self, band: int = 0) -> float:
        return 100 * (self.levels[len(self.levels) - 1 - band] - self.levels[band])

    def __repr__(self) -> str:
        counts, share = self.inside()
        return (
            f"Explorer: forecasts {self.came.shape[1]} steps ahead from {len(self.known)} origins. At the first, "
            f"{counts[0]} of {self.came.shape[1]} values lie in the {self._promise():.0f} % band; over all origins "
            f"{100 * share:.0f} %."
        )
