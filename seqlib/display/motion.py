"""A film of balls between two walls: one SVG picture that moves by itself, without a script and without a kernel."""

from base64 import b64encode
from collections.abc import Mapping

import numpy as np

from seqlib.display.figures import COLOURS
from seqlib.display.html import escape, identity
from seqlib.display.page import show_html

ROW, WIDTH, RADIUS = 44, 640, 9  # pixels
FILLS = ("blue", "vermilion", "green", "purple")


def film(tracks: Mapping[str, np.ndarray], alt: str, *, seconds: float = 6.0) -> None:
    """Show {name: positions (T,) in [0, 1]} as balls that move from wall to wall, a row each, again and again.

    A reader who asked their system for less motion sees the balls with their trails standing still. ValueError
    where a track is not one-dimensional.
    """
    name = "film" + identity(*(np.round(t, 4).tobytes() for t in tracks.values()), alt, seconds)
    rows = "".join(
        _row(name, i, label, np.asarray(track, dtype=float), seconds) for i, (label, track) in enumerate(tracks.items())
    )
    height = ROW * len(tracks)
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif"><rect width="100%" height="100%" fill="#fff"/>{rows}</svg>'
    )
    # As an image, because a notebook that is not trusted yet keeps images and drops inline SVG.
    address = f"data:image/svg+xml;base64,{b64encode(picture.encode()).decode()}"
    show_html(f'<img alt="{escape(alt)}" style="max-width:100%" src="{address}">', alt)


def _x(position: float) -> float:
    return 12 + RADIUS + position * (WIDTH - 24 - 2 * RADIUS)


def _row(name, index, label, track, seconds) -> str:
    if track.ndim != 1:
        raise ValueError(f"a track should have shape (T,), got {track.shape}")
    y, fill, key = index * ROW + 26, COLOURS[FILLS[index % len(FILLS)]], f"{name}-{index}"
    steps = "".join(
        f"{100 * t / (len(track) - 1):.2f}%{{transform:translateX({_x(p) - _x(track[0]):.1f}px)}}"
        for t, p in enumerate(track)
    )
    trail = "".join(f'<circle cx="{_x(p):.1f}" cy="{y}" r="2" fill="{fill}" opacity=".3"/>' for p in track)
    return (
        f"<style>@keyframes {key}{{{steps}}}#{key}{{animation:{key} {seconds}s linear infinite}}"
        f"@media(prefers-reduced-motion:reduce){{#{key}{{animation:none}}}}</style>"
        f'<text x="12" y="{y - 14}" font-size="12" fill="#333">{escape(label)}</text>'
        f'<line x1="12" y1="{y - 10}" x2="12" y2="{y + 12}" stroke="#333" stroke-width="3"/>'
        f'<line x1="{WIDTH - 12}" y1="{y - 10}" x2="{WIDTH - 12}" y2="{y + 12}" stroke="#333" stroke-width="3"/>'
        f'{trail}<circle id="{key}" cx="{_x(track[0]):.1f}" cy="{y}" r="{RADIUS}" fill="{fill}"/>'
    )
