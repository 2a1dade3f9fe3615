"""An explorer: where do an LSTM's and attention's curves cross? Width, batch and machine under sliders."""

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer

# Operations a second, bytes a second, and the seconds that it takes to begin one piece of work: round numbers.
MACHINES = {
    "small device": (2e9, 2e9, 2e-6),
    "one core": (8e10, 2e10, 4e-6),
    "GPU": (1e14, 2e12, 8e-6),
}
LENGTHS = 2.0 ** np.arange(4, 17)


def seconds(machine, width: int, batch: int) -> dict[str, np.ndarray]:
    """What the roof allows one layer, forward, at LENGTHS: each step of the LSTM begins anew and fetches its weights.

    An LSTM's step: 16 B D² operations, 8 D² weights of 4 bytes. Fused attention: 8 B T D² + 4 B T² D operations.
    """
    peak, bandwidth, begin = machine
    step = begin + max(16 * batch * width**2 / peak, 32 * width**2 / bandwidth)
    work = 8 * batch * LENGTHS * width**2 + 4 * batch * LENGTHS**2 * width
    moved = 16 * width**2 + 32 * batch * LENGTHS * width
    return {"LSTM": LENGTHS * step, "fused attention": 3 * begin + np.maximum(work / peak, moved / bandwidth)}


class CostExplorer(Explorer):
    """Two curves of seconds against length, and where they cross; the arithmetic runs in the browser."""

    script = "cost.js"

    def __init__(self, width: int = 128, batch: int = 1, machine: str = "one core"):
        if machine not in MACHINES:
            raise ValueError(f"expected one of {', '.join(MACHINES)}; got {machine!r}")
        if not 16 <= width <= 4096 or not 1 <= batch <= 256:
            raise ValueError(f"expected a width from 16 to 4096 and a batch from 1 to 256; got {width} and {batch}")
        self.width, self.batch, self.machine = width, batch, machine

    def crossing(self) -> float:
        """From which length on attention is the slower one, along lines between logarithms; infinity if it never is."""
        found = seconds(MACHINES[self.machine], self.width, self.batch)
        gap = np.log(found["fused attention"] / found["LSTM"])
        if not (gap > 0).any():
            return float("inf")
        k = int((gap > 0).argmax())
        share = gap[k - 1] / (gap[k - 1] - gap[k]) if k else 0.0
        return float(LENGTHS[k] * 2 ** (share - 1)) if k else float(LENGTHS[0])

    def data(self) -> dict:
        return {"machines": {name: list(numbers) for name, numbers in MACHINES.items()}, "width": self.width,
                "batch": self.batch, "machine": self.machine, "lengths": LENGTHS.tolist()}  # fmt: skip

    def picture(self):
        fig, ax = figures.figure(figsize=(6, 2.8))
        figures.lines(ax, LENGTHS, seconds(MACHINES[self.machine], self.width, self.batch))
        ax.set(xscale="log", yscale="log", xlabel="length T (steps)", ylabel="seconds, at best")
        ax.set(title=f"{self.machine}, width {self.width}, batch {self.batch}")
        return fig

    def __repr__(self) -> str:
        at = self.crossing()
        where = f"from {at:,.0f} steps on" if np.isfinite(at) else f"at no length up to {LENGTHS[-1]:,.0f}"
        return (
            f"Explorer: seconds against length on “{self.machine}” at width {self.width} and batch {self.batch}, "
            f"as a roof allows: attention is the slower one {where}."
        )
