"""Drawings of models: boxes, words and arrows in one SVG picture, made by code.

It is shown as an image on a white ground, so that it reads in light and in dark, and where styles are stripped.
"""

from __future__ import annotations

import re
from base64 import b64encode

from seqlib.display.figures import COLOURS, MIN_ALT
from seqlib.display.html import escape, identity
from seqlib.display.page import show_html

FILLS = {"plain": "#FFFFFF", "blue": "#D6E9F5", "orange": "#FBE7C6", "green": "#CDEBE1", "grey": "#EEEEEE"}
EDGES = {"plain": "#444444", "blue": COLOURS["blue"], "orange": COLOURS["orange"], "green": COLOURS["green"]}
EDGES["grey"] = "#888888"


_SUBSCRIPT = re.compile(r"_(?:\{([^}]*)\}|(\w))")


def _with_subscripts(words: str, size: float) -> str:
    """Escaped words with h_t and c_{t−1} as lowered, smaller letters."""
    down = round(size * 0.3, 1)
    lowered = (
        rf'<tspan dy="{down}" font-size="{round(size * 0.75, 1)}">\g<1>\g<2></tspan>'
        f'<tspan dy="-{down}">\u200b</tspan>'  # an empty letter brings the line back up
    )
    return _SUBSCRIPT.sub(lowered, words)


class Drawing:
    """A white sheet of `width` by `height` pixels; y grows downwards.

    box, node and text centre what they write at (x, y), where h_t and c_{t−1} have subscripts; arrow goes from one
    point to another, path through several, `dashed` where asked.
    `show(alt)` puts it on the page; alt is a full sentence that says what the drawing shows.
    """

    def __init__(self, width: int, height: int):
        self.width, self.height, self.parts = width, height, []

    def box(self, x, y, words, kind="plain", width=64, height=30, size=13) -> None:
        look = f'fill="{FILLS[kind]}" stroke="{EDGES[kind]}" stroke-width="1.5"'
        self.parts.append(
            f'<rect x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" rx="5" {look}/>'
        )
        self.text(x, y, words, size)

    def text(self, x, y, words, size=13, colour="#222222", anchor="middle", bold=False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x}" y="{y + size * 0.35:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}"{weight}>{_with_subscripts(escape(str(words)), size)}</text>'
        )

    def node(self, x, y, sign, kind="plain") -> None:
        """A small circle with an operation in it: ⊙, +."""
        look = f'fill="{FILLS[kind]}" stroke="{EDGES[kind]}" stroke-width="1.5"'
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="12" {look}/>')
        self.text(x, y, sign, size=15)

    def path(self, *points, kind="plain", head=True, dashed=False) -> None:
        """A line through points, with corners; an arrow unless `head` is False."""
        dash, end = ' stroke-dasharray="4 3"' if dashed else "", ' marker-end="url(#head)"' if head else ""
        way = " ".join(f"{x},{y}" for x, y in points)
        self.parts.append(
            f'<polyline points="{way}" fill="none" stroke="{EDGES[kind]}" stroke-width="1.6"{dash}{end}/>'
        )

    def arrow(self, x1, y1, x2, y2, kind="plain", dashed=False) -> None:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        look = f'stroke="{EDGES[kind]}" stroke-width="1.6"{dash}'
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {look} marker-end="url(#head)"/>')

    def svg(self) -> str:
        head = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#444444"/></marker></defs>'
        )
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" id="b{identity(*self.parts)}">'
            f'{head}<rect width="100%" height="100%" fill="#fff"/>{"".join(self.parts)}</svg>'
        )

    def show(self, alt: str) -> None:
        alt = " ".join(str(alt).split())
        if len(alt) < MIN_ALT:
            raise ValueError(f"alt should say what the drawing shows ({MIN_ALT} characters or more), got {alt!r}")
        address = f"data:image/svg+xml;base64,{b64encode(self.svg().encode()).decode()}"
        show_html(f'<img alt="{escape(alt)}" style="max-width:100%" src="{address}">', alt)
