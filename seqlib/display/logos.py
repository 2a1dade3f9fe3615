"""Sequence logos: letters stacked place by place, each as tall as it is sure.

Source: Schneider and Stephens 1990.
"""

from __future__ import annotations

import numpy as np

from seqlib.display.figures import COLOURS, GREY

__all__ = ["logo"]

# The colours that biologists know, from the palette that everybody can tell apart; the letters say it as well.
_COLOURS = {"A": COLOURS["green"], "C": COLOURS["blue"], "G": COLOURS["orange"], "T": COLOURS["vermilion"]}


def logo(ax, heights, letters: str = "ACGT", *, unit: str = "bits", top: float | None = None) -> None:
    """Draw heights (w, len(letters)) as stacked letters, the tallest of a place on top; below zero they hang down.

    `top` is the end of the axis. ValueError if the table does not fit the letters.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    heights = np.asarray(heights, dtype=float)
    if heights.ndim != 2 or heights.shape[1] != len(letters):
        raise ValueError(f"expected heights (w, {len(letters)}) for the letters {letters}, got {heights.shape}")
    shapes = {letter: TextPath((0, 0), letter, size=1, prop=FontProperties(weight="bold")) for letter in letters}
    for place, row in enumerate(heights, 1):
        for sign in (1, -1):
            base = 0.0
            for k in sorted(range(len(row)), key=lambda k: sign * row[k]):
                tall = row[k]
                if sign * tall <= 1e-3:
                    continue
                box = shapes[letters[k]].get_extents()
                move = Affine2D().translate(-box.x0, -box.y0).scale(0.9 / box.width, abs(tall) / box.height)
                low = base if sign > 0 else base + tall
                shape = move.translate(place - 0.45, low).transform_path(shapes[letters[k]])
                ax.add_patch(PathPatch(shape, facecolor=_COLOURS.get(letters[k], GREY), linewidth=0))
                base += tall
    up, down = heights.clip(min=0).sum(axis=1).max(initial=0), heights.clip(max=0).sum(axis=1).min(initial=0)
    ax.set(xlim=(0.4, len(heights) + 0.6), ylim=(down * 1.05, top or (up * 1.05 or 1)), ylabel=unit)
    ax.set_xticks(range(1, len(heights) + 1))
    ax.grid(False, axis="x")
