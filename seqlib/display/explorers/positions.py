"""An explorer: how a score depends on the distance of two places, with sinusoids and with rotary positions."""

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer

WAYS = ("sinusoids alone", "sinusoids added", "rotary")
WIDEST, FARTHEST, LAST = 64, 64, 256  # columns, distance, place


class PositionExplorer(Explorer):
    """The score of a query at place t with a key at place t − d, for every distance d from 0 to 64.

    Alone: p_t · p_s / (D/2), where p are sinusoids. Added: (q + p_t) · (k + p_s) / √D. Rotary: q turned by t times k
    turned by s, over √D. q and k are two words, or one and the same, of which the first D numbers are taken; seed
    draws them. The browser has sliders for D (even, up to 64), the base and t (64 to 256).
    ValueError for what the sliders cannot reach.
    """

    script = "positions.js"

    def __init__(self, way: str = "rotary", same: bool = True, width: int = 32, base: float = 10_000.0, seed: int = 0):
        if way not in WAYS or width % 2 or not 2 <= width <= WIDEST or not 10 <= base <= 1e6:
            raise ValueError(
                f"expected one of {', '.join(WAYS)}, an even width of 2 to {WIDEST} and a base of 10 to 1,000,000; "
                f"got {way!r}, {width} and {base}"
            )
        self.way, self.same, self.width, self.base = way, same, width, base
        self.words = np.random.default_rng(seed).normal(size=(2, WIDEST)).astype(np.float32).astype(float)

    def waves(self, places: np.ndarray) -> np.ndarray:
        """Sinusoids (places, D): sines in even columns, cosines in odd ones."""
        angles = places[:, None] * self.base ** (-np.arange(0, self.width, 2) / self.width)
        return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(places), -1)

    def scores(self, place: int = FARTHEST) -> np.ndarray:
        """From one place t, at each distance 0 … 64 behind it."""
        back = place - np.arange(FARTHEST + 1)
        here = np.array([place])
        q, k = self.words[0, : self.width], self.words[0 if self.same else 1, : self.width]
        if self.way == "sinusoids alone":
            return self.waves(back) @ self.waves(here)[0] / (self.width / 2)
        if self.way == "sinusoids added":
            return (k + self.waves(back)) @ (q + self.waves(here)[0]) / self.width**0.5
        return self._turned(k, back) @ self._turned(q, here)[0] / self.width**0.5

    def _turned(self, word: np.ndarray, places: np.ndarray) -> np.ndarray:
        """A word (D,) turned by each place: column i and i + D/2 are a pair. Returns (places, D)."""
        half = self.width // 2
        angles = places[:, None] * self.base ** (-np.arange(half) / half)
        pairs = (word[:half] + 1j * word[half:]) * np.exp(1j * angles)
        return np.concatenate([pairs.real, pairs.imag], axis=1)

    def spread(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest score at each distance, over the places 64 to 256."""
        every = np.array([self.scores(place) for place in range(FARTHEST, LAST + 1)])
        return every.min(axis=0), every.max(axis=0)

    def data(self) -> dict:
        return {"ways": WAYS, "way": self.way, "same": self.same, "width": self.width, "base": self.base,
                "words": self.words.tolist(), "widest": WIDEST, "farthest": FARTHEST, "last": LAST}  # fmt: skip

    def picture(self):
        low, high = self.spread()
        fig, ax = figures.figure(figsize=(7, 2.8), layout="constrained")
        ax.fill_between(range(FARTHEST + 1), low, high, color=figures.COLOURS["orange"], alpha=0.45,
                        label="lowest to highest, places 64 to 256")  # fmt: skip
        ax.plot(self.scores(), color=figures.COLOURS["blue"], label="from place 64")
        ax.set(title=f"{self.way}, width {self.width}, base {self.base:,.0f}", xlabel="distance", ylabel="score")
        ax.legend()
        return fig

    def __repr__(self) -> str:
        low, high = self.spread()
        apart = (high - low).max()
        told = "the same from every place" if apart < 1e-6 else f"from place to place they differ by up to {apart:.2f}"
        here = self.scores()
        return (
            f"Explorer: {self.way}, width {self.width}, base {self.base:,.0f}. Score {here[0]:.2f} at distance 0, "
            f"{here[1]:.2f} at 1, {here[8]:.2f} at 8, {here[64]:.2f} at 64; {told}."
        )
