"""Live progress of a training loop: HTML that updates in place and whose last state reads well when saved."""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Sequence

import numpy as np

from seqlib.display.html import Html, escape, picture
from seqlib.display.page import in_notebook, show_html

UPDATE_SECONDS = 0.25
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 150, 54, 8, 20, 22


class Progress:
    """A progress bar with a loss curve under it; outside a notebook, one printed line at the end.

    `history` is anything with `losses`, `evals` and `seconds`, read at each update; `quiet` shows nothing.
    """

    def __init__(self, name: str, steps: int, history, note: str = "", quiet: bool = False):
        self.name, self.steps, self.history, self.note = name, steps, history, note
        self.display_id = uuid.uuid4().hex
        self.began, self.begun_at = time.perf_counter(), len(history.losses)
        self.shown = -math.inf
        self.quiet, self.live = quiet, in_notebook() and not quiet

    def due(self) -> bool:
        """Whether enough time has passed since the last update."""
        return self.live and time.perf_counter() - self.shown >= UPDATE_SECONDS

    def update(self, done: int) -> None:
        """Show where training is now, with the time left."""
        self._show(done, self._left(done))

    def close(self, done: int, ending: str = "") -> None:
        """Show the last state, which is the one that a saved notebook keeps."""
        if self.live:
            self._show(done, ending)
        elif not self.quiet:
            print(self._line(done, ending))

    def _show(self, done: int, status: str) -> None:
        """Display, or replace what is displayed."""
        line = self._line(done, status)
        first = self.shown == -math.inf
        self.shown = time.perf_counter()
        show_html(self._html(done, line), line, display_id=self.display_id, update=not first)

    def _left(self, done: int) -> str:
        """The seconds left, from the rate since this kernel began."""
        here, spent = done - self.begun_at, time.perf_counter() - self.began
        return f"about {duration(spent / here * (self.steps - done))} left" if here and spent > 0.5 else ""

    def _line(self, done: int, status: str) -> str:
        """All that matters in one line of text."""
        losses, evals = self.history.losses, self.history.evals
        parts = [f"{self.name}: step {done:,} of {self.steps:,}"]
        if losses:
            last = losses[-50:]
            parts.append(f"loss {number(sum(last) / len(last))}")
        if evals:
            values = ", ".join(f"{key} {number(value)}" for key, value in evals[-1].items() if key != "step")
            at = "" if evals[-1]["step"] == done else f" (at {evals[-1]['step']:,})"
            parts.append(values + at)
        if chosen := getattr(self.history, "threads", None):
            parts.append(f"{chosen[-1][1]} thread{'s' if chosen[-1][1] > 1 else ''}")
        parts += [duration(self.history.seconds), status, self.note]
        return " · ".join(part for part in parts if part)

    def _html(self, done: int, line: str) -> str:
        """The line, the bar and the curve."""
        return (
            f'<div style="max-width:{WIDTH}px;color:var(--jp-content-font-color1,inherit);'
            f'font:13px/1.5 var(--jp-content-font-family,system-ui,sans-serif)">'
            f'<div style="font-variant-numeric:tabular-nums">{_unbroken(escape(line))}</div>'
            f'<progress max="{self.steps}" value="{done}" style="width:100%" '
            f'aria-label="{escape(self.name)}"></progress>'
            f"{curve(self.history.losses, self.history.evals, self.steps)}</div>"
        )


def _unbroken(line: str) -> str:
    """The line with a number and its unit never on two lines."""
    return re.sub(r"(\d) (s|min|h)\b", "\\1\u00a0\\2", line)


def number(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """Seconds as people say them: "0.4 s", "12 s", "3 min 05 s", "2 h 07 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def smoothed(losses: Sequence[float], points: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """At most `points` steps and at each the mean of the last tenth of the way there.

    The window grows with the step: the early fall stays sharp, the late curve is calm.
    """
    losses = np.asarray(losses, dtype=float)
    total = len(losses)
    if not total:
        return np.zeros(0, dtype=int), losses
    even, early = np.linspace(0, total - 1, points - points // 3), np.geomspace(1, total, points // 3) - 1
    steps = np.unique(np.round(np.concatenate([even, early])).astype(int))
    first = np.ceil(steps * 0.9).astype(int)
    sums = np.concatenate([[0.0], np.cumsum(losses)])
    return steps, (sums[steps + 1] - sums[first]) / (steps + 1 - first)


def curve(losses: Sequence[float], evals: Sequence[dict] = (), total: int | None = None) -> Html:
    """The loss curve as a picture with words that say what it shows; empty below two points.

    Evaluations whose name speaks of a loss ("val_loss", "nll") are dots on the same axes. The loss axis is
    logarithmic where the losses span more than a factor of 30.
    """
    steps, means = smoothed(losses)
    if len(steps) < 2 or not np.isfinite(means).all():
        return Html("")
    total = max(total or 0, len(losses))
    dots = [
        (one["step"], value)
        for one in evals
        for key, value in one.items()
        if ("loss" in key or "nll" in key) and math.isfinite(value)
    ]
    values = np.concatenate([means, [value for _, value in dots]])
    log = values.min() > 0 and values.max() / values.min() > 30
    scale = math.log10 if log else float
    low, high = scale(values.min()), scale(values.max())
    high = high if high > low else low + 1

    def place(step, value):
        x = LEFT + step / total * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - (scale(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    path = " ".join(place(step, value) for step, value in zip(steps.tolist(), means.tolist(), strict=True))
    marks = "".join('<circle cx="{}" cy="{}" r="3.2" fill="#D55E00"/>'.format(*place(*dot).split(",")) for dot in dots)
    words = f"Loss over {len(losses):,} steps: {number(means[0])} at first, {number(means[-1])} at the end"
    words += f"; evaluated {len(dots)} times, {number(dots[-1][1])} at the end." if dots else "."
    key = "loss (log scale)" if log else "loss"
    key += "; dots: evaluation" if dots else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-size="11" font-family="sans-serif" fill="#333"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<text x="{LEFT}" y="12">{key}</text>{_axes(low, high, log, total)}'
        f'<polyline points="{path}" fill="none" stroke="#0072B2" stroke-width="1.8"/>{marks}</svg>'
    )
    return picture(svg, words, WIDTH)


def _axes(low: float, high: float, log: bool, total: int) -> str:
    """Three labelled grid lines and the ends of the step axis."""
    out = []
    for share in (0, 0.5, 1):
        y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        value = low + share * (high - low)
        value = 10**value if log else value
        label = f"{value:.3g}" if value == 0 or 0.01 <= abs(value) < 10_000 else f"{value:.1e}"
        out.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        )
    y = HEIGHT - 6
    out.append(f'<text x="{LEFT}" y="{y}">0</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{y}" text-anchor="end">step {total:,}</text>')
    return "".join(out)
