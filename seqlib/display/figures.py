"""Figures: one readable style, a few helpers, and `show`, which gives each picture its alt text.

matplotlib is imported by the functions that draw, so that importing this module is free.
"""

from __future__ import annotations

import base64
import io
import logging
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from seqlib.display.html import escape
from seqlib.display.page import show_html

# Okabe and Ito's palette: told apart with every common form of colour blindness.
COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
    "yellow": "#F0E442",
}
GREY = "#6B6B6B"
# Yellow is too faint for a line on white, so the cycle leaves it out; each colour has its own line style too.
CYCLE = tuple(COLOURS[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky", "black"))
LINESTYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MIN_ALT = 20


def style() -> None:
    """Set the course's look for every figure made from here on."""
    # matplotlib logs to stderr while it builds its font cache, and nbgrader gives zero for stderr.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(
        {
            "figure.figsize": (7, 3.2),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "axes.facecolor": "white",
            "axes.prop_cycle": cycler(color=CYCLE) + cycler(linestyle=LINESTYLES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#444444",
            "axes.linewidth": 0.8,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "grid.color": "#E6E6E6",
            "grid.linewidth": 0.7,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "legend.handlelength": 2.8,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "image.cmap": "Blues",
            "svg.hashsalt": "seqlib",
        }
    )


def figure(rows: int = 1, columns: int = 1, **options):
    """A figure and its axes, as `plt.subplots` gives them."""
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, **options)


def show(fig, alt: str, dpi: float | None = None, colours: int = 128) -> None:
    """Show a figure with text that says what it shows, for those who cannot see it, and close it.

    `alt` is at least one full sentence (20 characters, else ValueError). The picture is a PNG reduced to
    `colours` colours, so that notebooks stay small; the same figure gives the same bytes.
    """
    alt = " ".join(str(alt).split())
    show_html(image(fig, alt, dpi=dpi, colours=colours), alt)


def image(fig, alt: str, dpi: float | None = None, colours: int = 128) -> str:
    """The figure as an <img> with its alt text inside a page of one's own; closes the figure. Errors as `show`."""
    if len(alt) < MIN_ALT:
        raise ValueError(f"alt should say what the picture shows ({MIN_ALT} characters or more), got {alt!r}")
    encoded = base64.b64encode(png(fig, dpi=dpi, colours=colours)).decode("ascii")
    _close(fig)
    return f'<img alt="{escape(alt)}" style="max-width:100%" src="data:image/png;base64,{encoded}">'


def png(fig, dpi: float | None = None, colours: int = 128) -> bytes:
    """The figure as the bytes of a PNG with a small palette, no date and no software name in it."""
    from PIL import Image

    raw = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font lacks is no reason to write to stderr
        fig.savefig(raw, format="png", dpi=dpi or "figure", pil_kwargs={"compress_level": 0})
    image = Image.open(io.BytesIO(raw.getvalue())).convert("RGB")
    out = io.BytesIO()
    _few_colours(image, colours).save(out, format="PNG", optimize=True)
    return out.getvalue()


def _few_colours(image, colours: int):
    """The image with a palette of at most `colours` of its own colours, each other one put to its nearest.

    PIL's own quantisation turns white into off-white and invents colours that a colour map does not have.
    """
    from PIL import Image

    pixels = np.asarray(image, dtype=np.int32) @ np.array([65536, 256, 1], dtype=np.int32)
    codes, position, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    found = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.float32)
    # One by one: the colour that is worst served so far, a frequent one sooner than a rare one.
    weight, chosen = np.sqrt(counts), [int(counts.argmax())]
    distance, nearest = ((found - found[chosen[0]]) ** 2).sum(axis=1), np.zeros(len(found), dtype=np.uint8)
    while len(chosen) < colours and distance.any():
        chosen.append(int((distance * weight).argmax()))
        new = ((found - found[chosen[-1]]) ** 2).sum(axis=1)
        nearest[new < distance] = len(chosen) - 1
        distance = np.minimum(distance, new)
    small = Image.fromarray(nearest[position].reshape(pixels.shape))
    small.putpalette(found[chosen].astype(np.uint8).tobytes())
    return small


def _close(fig) -> None:
    """Forget the figure, so that the notebook does not show it a second time."""
    import matplotlib.pyplot as plt

    plt.close(fig)


def spread(runs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, lowest and highest over several runs: (seeds, points) -> three arrays (points,)."""
    runs = np.asarray(runs, dtype=float)
    if runs.ndim != 2:
        raise ValueError(f"runs should have two axes (seeds, points), got shape {runs.shape}")
    return runs.mean(axis=0), runs.min(axis=0), runs.max(axis=0)


def lines(ax, x, series: Mapping, *, chance=None, chance_label: str = "chance", legend: bool = True) -> None:
    """Draw {label: y} or {label: (mean, low, high)}, with a band for the spread and a line for chance.

    Each y has the length of `x` (call twice where lengths differ); every label has its own colour and style.
    """
    x = np.asarray(_plain(x))
    for label, y in series.items():
        y = np.asarray(_plain(y), dtype=float)
        if y.shape not in ((len(x),), (3, len(x))):
            raise ValueError(f"{label!r} should have shape ({len(x)},) or (3, {len(x)}), got {y.shape}")
        (line,) = ax.plot(x, y if y.ndim == 1 else y[0], label=str(label))
        if y.ndim == 2:
            ax.fill_between(x, y[1], y[2], color=line.get_color(), alpha=0.18, linewidth=0)
    if chance is not None:
        level(ax, chance, chance_label)
    if legend and len(series) > 1:
        ax.legend()


def level(ax, value: float, label: str) -> None:
    """A thin dotted line across the axes, named at its right end: chance, a baseline, a published figure."""
    ax.axhline(value, color=GREY, linestyle=(0, (1, 2)), linewidth=1.2, zorder=1)
    ax.annotate(
        label,
        (1, value),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=8.5,
        color=GREY,
    )


def bars(ax, labels: Sequence, values, *, spread=None, chance=None, chance_label="chance", fmt="{:.3g}") -> None:
    """Bars with their values written on them; `spread` is (low, high), drawn as whiskers; `chance` a line."""
    from matplotlib.patheffects import withStroke

    values = np.asarray(_plain(values), dtype=float)
    if values.shape != (len(labels),):
        raise ValueError(f"values should have shape ({len(labels)},) like labels, got {values.shape}")
    whiskers = None
    if spread is not None:
        low, high = (np.asarray(_plain(edge), dtype=float) for edge in spread)
        whiskers = np.maximum([values - low, high - values], 0)
    look = {"color": COLOURS["sky"], "edgecolor": COLOURS["blue"]}
    ends = {"ecolor": "#333333", "elinewidth": 1.2, "capsize": 3}
    drawn = ax.bar(range(len(values)), values, 0.62, yerr=whiskers, error_kw=ends, **look)
    told = ax.bar_label(drawn, labels=[fmt.format(value) for value in values], padding=3, fontsize=9)
    for text in told:  # legible where the line of chance runs through it
        text.set(path_effects=[withStroke(linewidth=3, foreground="white")], zorder=5)
    ax.set_xticks(range(len(values)), [str(label) for label in labels])
    ax.grid(False, axis="x")
    ax.margins(y=0.14)
    if chance is not None:
        level(ax, chance, chance_label)


def heatmap(ax, matrix, rows=None, columns=None, *, values=False, centre=None, low=None, high=None, bar=""):
    """A matrix as coloured cells: rows downwards, columns to the right; returns the image.

    `values` writes each cell's number ("{:.2f}" if True); `centre` gives two colours that meet there (signed
    quantities); `bar` names the quantity on a colour bar, none if empty.
    """
    matrix = np.asarray(_plain(matrix), dtype=float)
    if matrix.ndim != 2:
        raise ValueError(f"matrix should have two axes, got shape {matrix.shape}")
    if centre is not None and low is None and high is None:
        reach = float(np.nanmax(np.abs(matrix - centre), initial=0.0)) or 1.0
        low, high = centre - reach, centre + reach
    colours = "Blues" if centre is None else "PuOr_r"  # orange above, as in the explorers
    picture = ax.imshow(matrix, cmap=colours, vmin=low, vmax=high, aspect="auto")
    ax.grid(False)
    for what, names, size, axis in zip(("rows", "columns"), (rows, columns), matrix.shape, "yx", strict=True):
        if names is not None:
            if len(names) != size:
                raise ValueError(f"expected {size} names for the {what}, got {len(names)}")
            ax.set(**{f"{axis}ticks": range(size), f"{axis}ticklabels": [visible(name) for name in names]})
            ax.tick_params(length=0)
    if values:
        _write_cells(ax, picture, matrix, values if isinstance(values, str) else "{:.2f}")
    if bar:
        ax.figure.colorbar(picture, ax=ax, label=bar, pad=0.02).outline.set_visible(False)
    return picture


def _write_cells(ax, picture, matrix, fmt: str) -> None:
    """Each cell's number, dark on light cells and light on dark ones."""
    red, green, blue, _ = np.moveaxis(picture.cmap(picture.norm(matrix)), -1, 0)
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if dark[row, column] else "#222222"
        ax.text(column, row, fmt.format(value), ha="center", va="center", fontsize=8.5, color=colour)


def visible(token) -> str:
    """A token as a tick label: a space, a newline and a tab made visible."""
    text = str(token)
    return {" ": "␣", "\n": "↵", "\t": "⇥", "": "∅"}.get(text, text.replace("\n", "↵"))


def bracket(ax, start: float, stop: float, height: float, text: str) -> None:
    """A bracket over the stretch from `start` to `stop` at `height` (data units), with `text` above it."""
    ends = {"arrowstyle": "|-|,widthA=0.3,widthB=0.3", "linewidth": 1}
    ax.annotate("", (start, height), (stop, height), arrowprops=ends)
    middle, place = (start + stop) / 2, {"textcoords": "offset points", "ha": "center", "va": "bottom"}
    ax.annotate(text, (middle, height), (0, 4), fontsize=9, **place)


def _plain(values):
    """Tensors (also within lists) as something NumPy reads, without importing torch."""
    if hasattr(values, "detach"):
        return values.detach().cpu().numpy()
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    return values
