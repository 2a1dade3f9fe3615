"""An explorer: a filter slid along a sequence of DNA, its score at every place, on either strand."""

from collections.abc import Mapping

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer

LETTERS = "ACGT"


class MotifExplorer(Explorer):
    """Type a sequence, choose a filter, move the window: computed in the browser.

    filters: {name: table of scores (w, 4)}, letters in the order A C G T. The window begins at the best place.
    ValueError if a letter is none of these, or no window fits.
    """

    script = "motif.js"

    def __init__(self, filters: Mapping[str, np.ndarray], sequence: str):
        self.filters = {name: np.round(np.asarray(table, dtype=float), 3) for name, table in filters.items()}
        self.sequence = sequence.upper()
        if not self.filters or any(t.ndim != 2 or t.shape[1] != 4 for t in self.filters.values()):
            raise ValueError("expected filters of shape (w, 4), one at least")
        if set(self.sequence) - set(LETTERS):
            raise ValueError(f"expected the letters {LETTERS}, got {sequence!r}")
        if len(self.sequence) < max(map(len, self.filters.values())):
            raise ValueError(f"expected a sequence as long as the filter, got {sequence!r}")

    def scores(self, name: str | None = None) -> np.ndarray:
        """The filter's score at every place, as the browser computes it; of the first filter if none is named."""
        table = self.filters[name or next(iter(self.filters))]
        rows = np.eye(4)[[LETTERS.index(letter) for letter in self.sequence]]
        windows = np.lib.stride_tricks.sliding_window_view(rows, len(table), axis=0)
        return np.einsum("pcw,wc->p", windows, table)

    def data(self) -> dict:
        return {
            "filters": [{"name": name, "table": table.tolist()} for name, table in self.filters.items()],
            "sequence": self.sequence,
        }

    def picture(self):
        scores = self.scores()
        fig, ax = figures.figure(figsize=(7.4, 2.4))
        best, width = int(scores.argmax()), len(next(iter(self.filters.values())))
        colours = [figures.COLOURS["vermilion" if t == best else "sky"] for t in range(len(scores))]
        ax.bar(range(len(scores)), scores, color=colours)
        inside = range(best, best + width)
        for t, letter in enumerate(self.sequence):
            ax.text(t, -0.06, letter, transform=ax.get_xaxis_transform(), ha="center", va="top", family="monospace",
                    fontsize=7, weight="bold" if t in inside else "normal",
                    color=figures.COLOURS["vermilion"] if t in inside else "#444444")  # fmt: skip
        ax.set(xticks=[], xlim=(-0.7, len(self.sequence) - 0.3), ylabel="score",
               title=f"{next(iter(self.filters))}: highest where the window begins at letter {best + 1}")  # fmt: skip
        ax.grid(False, axis="x")
        return fig

    def __repr__(self) -> str:
        scores, name = self.scores(), next(iter(self.filters))
        best = int(scores.argmax())
        window = self.sequence[best : best + len(self.filters[name])]
        return (
            f"Explorer: the filter “{name}” slid along {len(self.sequence)} letters; its highest score, "
            f"{scores[best]:.2f}, is at letter {best + 1}, over {window}."
        )
