"""An explorer: the spectral radius under a slider, and the gradient norm against lag that follows from it."""

from functools import cached_property

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed


class RadiusExplorer(Explorer):
    """A small RNN whose W_hh is scaled to a radius in the browser; its gradient norms are measured there.

    Choices: the radius (0.5 to 1.5), the activation (none, tanh, ReLU) and the kind of W_hh (Gaussian, orthogonal,
    identity). Beside the curve stand the two predictions, and the eigenvalues in the complex plane. The seed is one
    whose Gaussian matrix stretches a typical vector by its radius, as a large one does; small ones differ.
    """

    script = "radius.js"

    def __init__(self, radius=0.9, activation="tanh", start="Gaussian", size=48, steps=61, seed=53):
        if not 0.5 <= radius <= 1.5:
            raise ValueError(f"expected a radius from 0.5 to 1.5; got {radius}")
        if activation not in ("none", "tanh", "ReLU"):
            raise ValueError(f'expected the activation "none", "tanh" or "ReLU"; got {activation!r}')
        rng = np.random.default_rng(seed)
        self.radius, self.activation, self.start = radius, activation, start
        noise = rng.normal(size=(size, size))
        self.starts = {
            "Gaussian": noise / np.abs(np.linalg.eigvals(noise)).max(),
            "orthogonal": np.linalg.qr(noise)[0],
            "identity": np.eye(size),
        }
        if start not in self.starts:
            raise ValueError(f"expected one of {', '.join(self.starts)}; got {start!r}")
        self.u = rng.normal(size=(steps, size)) * 0.5
        v = rng.normal(size=(1, size))
        self.v = v / np.linalg.norm(v)

    def norms(self) -> np.ndarray:
        """Gradient norms for lags 0 … T-1 as the explorer begins: what the browser computes, in NumPy."""
        return self._measured()[0]

    def _measured(self) -> tuple[np.ndarray, float]:
        """The norms, and the root mean square of the activation's slope over the steps passed."""
        W, u, v = (a.astype(np.float32).astype(float) for a in (self.starts[self.start], self.u, self.v[0]))
        W = W * self.radius
        value, slope = {
            "none": (lambda s: s, np.ones_like),
            "tanh": (np.tanh, lambda h: 1 - h**2),
            "ReLU": (lambda s: np.maximum(s, 0), lambda h: (h > 0) * 1.0),
        }[self.activation]
        h, states, slopes = np.zeros(len(W)), [], []
        for u_t in u:
            states.append(h := value(u_t + h @ W))
        delta, found = v, [np.linalg.norm(v)]
        for h_t in states[:0:-1]:
            slopes.append(slope(h_t))
            delta = (delta * slopes[-1]) @ W.T
            found.append(np.linalg.norm(delta))
        return np.array(found), float(np.sqrt(np.mean(np.square(slopes))))

    @cached_property
    def _eigenvalues(self) -> dict:
        values = {name: np.linalg.eigvals(W) for name, W in self.starts.items()}
        return {name: np.round(np.stack([e.real, e.imag], axis=1), 4).tolist() for name, e in values.items()}

    def data(self) -> dict:
        starts = {name: {"W": packed(W), "eigenvalues": self._eigenvalues[name]} for name, W in self.starts.items()}
        return {"starts": starts, "u": packed(self.u), "v": packed(self.v), "radius": self.radius,
                "activation": self.activation, "start": self.start}  # fmt: skip

    def picture(self):
        norms, slope = self._measured()
        fig, ax = figures.figure(figsize=(6, 2.8))
        lags = np.arange(len(norms))
        figures.lines(ax, lags, {
            "measured norm": norms,
            "ρ to the power of the lag": self.radius**lags,
            "(ρ · slope) to that power": (self.radius * slope) ** lags,
        })  # fmt: skip
        ax.set(yscale="log", xlabel="lag (steps back)", ylabel="gradient norm")
        ax.set(title=f"Radius {self.radius:g}, {self.activation}, {self.start}")
        return fig

    def __repr__(self) -> str:
        return (
            f"Explorer: gradient norm against lag at spectral radius {self.radius:g}, {self.activation}, "
            f"{self.start} W: "
            f"{self.norms()[-1]:.1g} of the gradient is left {len(self.u) - 1} steps back."
        )
