"""Sound to look at and to hear in a page: players, the way from a waveform to digits, and the lattice of CTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seqlib.display.boxes import Drawing
from seqlib.display.figures import COLOURS
from seqlib.display.html import picture
from seqlib.display.selfcheck import Shown
from seqlib.display.sound import listen

__all__ = ["lattice", "listener_drawn", "players", "way_of_a_call"]

PEAK = 0.7  # of full scale: nothing is clipped, and nothing is louder than anything else
WIDTH = 720


def players(sounds: Mapping[str, np.ndarray], rate: int = 8000) -> Shown:
    """A player for each named sound (N,), its largest sample at PEAK of full scale. ValueError if one is empty."""
    levelled = {}
    for name, sound in sounds.items():
        sound = np.asarray(sound, dtype=float)
        if sound.ndim != 1 or not sound.size:
            raise ValueError(f"expected a sound of shape (N,), N at least 1, got {sound.shape}")
        levelled[name] = PEAK * sound / max(1e-9, np.abs(sound).max())
    return listen(levelled, rate)


def _svg(height: int, parts: Sequence[str], size: int = 13) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="{size}" fill="#222"><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f"{''.join(parts)}</svg>"
    )


def way_of_a_call(signal: np.ndarray, features: np.ndarray, path: str, hop: int, size: int) -> Shown:
    """One call on five lines, time to the right on all: the waveform, frames, features, a symbol a frame, the digits.

    signal (N,), features (T, F), path: T symbols, the blank written as –.
    """
    left, right = 96, WIDTH - 8
    wide, steps = (right - left) / len(signal), len(features)
    parts = []
    for y, told in ((40, "waveform"), (91, "frames"), (146, "features"), (204, "a symbol"), (222, "for each frame"),
                    (258, "digits")):  # fmt: skip
        parts.append(f'<text x="4" y="{y}">{told}</text>')
    piece = np.abs(signal).max() or 1.0
    some = np.linspace(0, len(signal) - 1, 900).astype(int)
    wave_line = " ".join(f"{left + wide * i:.1f},{36 - 28 * signal[i] / piece:.1f}" for i in some)
    parts.append(f'<polyline points="{wave_line}" fill="none" stroke="{COLOURS["blue"]}" stroke-width=".7"/>')
    for t in range(steps):
        x, y = left + wide * t * hop, 74 + 7 * (t % 4)
        parts.append(f'<path d="M{x:.1f} {y}h{wide * size:.1f}" stroke="{COLOURS["vermilion"]}" stroke-width="3"/>')
    low, high = np.quantile(features, [0.05, 0.995])
    shade = np.clip((features - low) / (high - low), 0, 1)[:, ::2]
    step = wide * hop
    for t, column in enumerate(shade):
        x, tall = left + wide * (t * hop + (size - hop) / 2), 68 / len(column)
        for f, value in enumerate(column):
            if value > 0.04:
                box = f'y="{110 + tall * (len(column) - 1 - f):.1f}" width="{step + 0.3:.1f}" height="{tall + 0.3:.1f}"'
                parts.append(f'<rect x="{x:.1f}" {box} fill="{COLOURS["blue"]}" fill-opacity="{value:.2f}"/>')
        symbol, x = path[t], x + step / 2
        fill, middle = "#888" if symbol == "–" else COLOURS["vermilion"], f'x="{x:.1f}" text-anchor="middle"'
        parts.append(f'<text {middle} y="212" font-size="{min(15, step * 1.3):.0f}" fill="{fill}">{symbol}</text>')
        if symbol != "–" and (t == 0 or path[t - 1] != symbol):
            parts.append(f'<path d="M{x:.1f} 218V240" stroke="#888"/>')
            parts.append(f'<text {middle} y="258" font-size="18">{symbol}</text>')
    said = "".join(s for s, before in zip(path, [""] + list(path[:-1]), strict=True) if s not in ("–", before))
    alt = (
        f"One call of {len(signal)} samples on five lines: its waveform, {steps} overlapping frames, their features "
        f"as a picture, one symbol for each frame (most of them blanks), and the digits {said} that are read."
    )
    return Shown(picture(_svg(270, parts), alt, WIDTH), alt)


def listener_drawn(path: str = "–44––0–7") -> None:
    """The network that listens: frames of features, a GRU each way, one symbol a frame; and what is read of them."""
    sheet, left, step = Drawing(720, 300), 150, 68
    for y, words in ((20, "digits read"), (70, "a symbol for"), (86, "each frame"), (132, "linear, softmax"),
                     (180, "GRU, leftwards"), (226, "GRU, rightwards"), (274, "features x_t")):  # fmt: skip
        sheet.text(8, y, words, anchor="start")
    for t, symbol in enumerate(path):
        x = left + step * t + step / 2
        sheet.box(x, 274, f"x_{t + 1}", width=44)
        sheet.box(x, 226, "→", kind="blue", width=44)
        sheet.box(x, 180, "←", kind="blue", width=44)
        sheet.box(x, 132, "p_" + str(t + 1), kind="orange", width=44)
        sheet.arrow(x, 259, x, 242)
        sheet.arrow(x, 165, x, 148)
        sheet.path((x + 22, 259), (x + 29, 240), (x + 29, 196), (x + 23, 190), kind="plain")
        sheet.path((x - 22, 212), (x - 29, 200), (x - 29, 152), (x - 22, 143), kind="plain")
        if t:
            sheet.arrow(x - step + 22, 226, x - 23, 226)
            sheet.arrow(x - 22, 180, x - step + 23, 180)
        sheet.arrow(x, 117, x, 94)
        sheet.text(x, 78, symbol, size=18, bold=symbol != "–")
        if symbol not in ("–", path[t - 1] if t else ""):
            sheet.arrow(x, 64, x, 36)
            sheet.text(x, 20, symbol, size=18, bold=True)
    sheet.show(
        f"The listener for {len(path)} frames. The features of each frame go into a GRU that runs rightwards and one "
        f"that runs leftwards; from both states of a frame a linear layer and a softmax give one symbol, here "
        f"{' '.join(path)}. Above, what is read: repetitions merged, blanks taken out."
    )


def lattice(word: str, steps: int, path: Sequence[int]) -> Shown:
    """CTC's lattice: a state on each line (blank, symbol, blank, …), a frame in each column, every allowed move, and
    one path through it, given as the state of each frame.
    """
    row = ["–"]
    for symbol in word:
        row += [symbol, "–"]
    if len(path) != steps:
        raise ValueError(f"expected a state for each of {steps} frames, got {len(path)}")
    wide, tall = (WIDTH - 90) / steps, 30

    def at(t, s):
        return 64 + wide * (t + 0.5), 24 + tall * s

    parts = []
    for s, symbol in enumerate(row):
        fill = "#888" if symbol == "–" else "#222"
        parts.append(f'<text x="18" y="{29 + tall * s}" font-size="16" fill="{fill}">{symbol}</text>')
    for t in range(steps - 1):
        for s in range(len(row)):
            jumps = s + 2 < len(row) and row[s] != "–" and row[s] != row[s + 2]
            for to in [s, s + 1, *([s + 2] if jumps else [])]:
                if to < len(row):
                    (x0, y0), (x1, y1) = at(t, s), at(t + 1, to)
                    used = path[t] == s and path[t + 1] == to
                    look = (
                        f'stroke="{COLOURS["vermilion"]}" stroke-width="3.5"'
                        if used
                        else 'stroke="#bbb" stroke-width="1"'
                    )
                    parts.append(f'<path d="M{x0:.0f} {y0}L{x1:.0f} {y1}" {look}/>')
    for t in range(steps):
        for s, symbol in enumerate(row):
            x, y = at(t, s)
            open_ended = (t == 0 and s < 2) or (t == steps - 1 and s >= len(row) - 2)
            fill = COLOURS["vermilion"] if path[t] == s else "#fff" if symbol == "–" else COLOURS["sky"]
            edge = ' stroke-width="2.5"' if open_ended else ""
            parts.append(f'<circle cx="{x:.0f}" cy="{y}" r="7" fill="{fill}" stroke="#333"{edge}/>')
        parts.append(f'<text x="{at(t, 0)[0]:.0f}" y="{24 + tall * len(row)}" text-anchor="middle">{t + 1}</text>')
    parts.append(f'<text x="4" y="{24 + tall * len(row)}">frame</text>')
    spelled = " ".join(row[s] for s in path)
    alt = (f"A grid of {len(row)} states by {steps} frames for “{word}”: blanks and symbols in turn on the lines, grey "
           f"lines for every allowed move, and in red the path {spelled}.")  # fmt: skip
    return Shown(picture(_svg(38 + tall * len(row), parts), alt, WIDTH), alt)
