"""An explorer: a matrix of four numbers turns and stretches the plane, once or again and again."""

import math

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer

PRESETS = {
    "stretches one way, shrinks the other": ((1.2, 0.3), (0.3, 0.7)),
    "turns": ((0.85, 0.5), (-0.5, 0.85)),
    "shears": ((1.0, 0.6), (0.0, 1.0)),
    "forgets": ((0.6, 0.2), (-0.1, 0.5)),
    "flattens": ((0.8, 0.4), (0.4, 0.2)),
    "grows first, then shrinks": ((0.8, 1.5), (0.0, 0.8)),
}


class StretchExplorer(Explorer):
    """A vector v and the unit circle, multiplied by W once, twice, … in the browser: v, vW, vWW.

    Sliders: the four numbers of W (-1.5 to 1.5), v's direction in degrees, how many products. Rows are vectors, so a
    direction that is only stretched has v W = λ v. `matrix` is ((w11, w12), (w21, w22)); `times` from 0 to 20.
    """

    script = "stretch.js"

    def __init__(self, matrix=PRESETS["stretches one way, shrinks the other"], degrees=100, times=4):
        self.W = np.asarray(matrix, dtype=float)
        if self.W.shape != (2, 2) or not np.all(np.abs(self.W) <= 1.5):
            raise ValueError(f"expected a matrix of 2 × 2 numbers from -1.5 to 1.5; got {matrix!r}")
        if times not in range(21):
            raise ValueError(f"expected a number of products from 0 to 20; got {times!r}")
        self.degrees, self.times = degrees, times

    def track(self) -> np.ndarray:
        """v, vW, vWW, … up to 20 products: (21, 2). What the browser computes, in NumPy."""
        angle = math.radians(self.degrees)
        places = [np.array([math.cos(angle), math.sin(angle)])]
        for _ in range(20):
            places.append(places[-1] @ self.W)
        return np.array(places)

    def eigenvalues(self) -> np.ndarray:
        """The two eigenvalues, the larger in absolute value first; complex where W turns every direction."""
        values = np.linalg.eigvals(self.W)
        return values[np.argsort(-np.abs(values), kind="stable")]

    def data(self) -> dict:
        presets = {name: [list(row) for row in rows] for name, rows in PRESETS.items()}
        return {"matrix": self.W.tolist(), "degrees": self.degrees, "times": self.times, "presets": presets}

    def picture(self):
        fig, ax = figures.figure(figsize=(5, 4))
        angles = np.linspace(0, 2 * np.pi, 181)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        ax.plot(*circle.T, ":", color="#777777", label="unit circle")
        ax.plot(*(circle @ self.W).T, color=figures.COLOURS["blue"], label="the circle times W")
        track = self.track()[: self.times + 1]
        ax.plot(*track.T, "o--", color=figures.COLOURS["vermilion"], label="v, vW, vWW, …")
        ax.set(aspect="equal", title=f"A vector, and {self.times} products with W")
        ax.legend()
        return fig

    def __repr__(self) -> str:
        one, two = self.eigenvalues()
        length = np.linalg.norm(self.track()[self.times])
        if abs(one.imag) > 1e-12:
            said = f"every direction turns, sizes change by {abs(one):.2f} a product"
        else:
            said = f"eigenvalues {one.real:.2f} and {two.real:.2f}"
        return f"Explorer: a matrix stretches the plane: {said}; after {self.times} products v has length {length:.2f}."
