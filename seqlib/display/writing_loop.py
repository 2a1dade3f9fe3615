"""The loop in which a language model writes, drawn: read, score, cool and cut, draw, and read what was drawn."""

from __future__ import annotations

from seqlib.display.html import escape, picture
from seqlib.display.selfcheck import Shown

__all__ = ["writing_loop"]

_BOXES = (  # x, width, fill, first line, second line, number of the equation
    (10, 92, "#e8f1fb", "character", "xₜ", ""),
    (122, 92, "#e8f1fb", "embedding", "64 numbers", ""),
    (236, 104, "#cfe3f7", "LSTM", "hₜ, cₜ", ""),
    (368, 84, "#e8f1fb", "readout", "logits ℓ", ""),
    (480, 104, "#fbe6d4", "temperature", "and a cut", ""),
    (612, 96, "#d9f0e4", "a draw", "u in [0, 1)", ""),
)
_ALT = (
    "The writing loop from left to right: a character, its embedding, an LSTM whose states h and c go round to the "
    "next step, a readout that gives logits, temperature and a cut, and a draw. What was drawn goes back to the left "
    "and is read next. Only the last two boxes are chosen by whoever writes; the others are trained."
)


def writing_loop() -> Shown:
    """The picture, with its words for who cannot see it."""
    parts = ['<rect width="720" height="176" fill="#fff"/>']
    parts.append(
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>'
    )
    for k, (x, width, fill, first, second, _) in enumerate(_BOXES):
        middle = x + width / 2
        parts.append(f'<rect x="{x}" y="62" width="{width}" height="50" rx="7" fill="{fill}" stroke="#444"/>')
        parts.append(f'<text x="{middle}" y="84" text-anchor="middle" font-weight="bold">{escape(first)}</text>')
        parts.append(f'<text x="{middle}" y="102" text-anchor="middle">{escape(second)}</text>')
        if k + 1 < len(_BOXES):
            parts.append(f'<path d="M{x + width + 2} 87H{_BOXES[k + 1][0] - 2}" {_LINE}/>')
    parts.append(f'<path d="M262 60V34H314V58" {_LINE}/>')
    parts.append('<text x="288" y="26" text-anchor="middle">the state, carried to the next step</text>')
    parts.append(f'<path d="M660 114V146H56V116" {_LINE}/>')
    parts.append('<text x="358" y="163" text-anchor="middle">what was drawn is written down, and read next</text>')
    parts.append('<text x="300" y="132" text-anchor="middle" fill="#0072B2">trained</text>')
    parts.append('<text x="594" y="132" text-anchor="middle" fill="#B34700">chosen by you</text>')
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 176" width="720" height="176" font-size="12.5" '
        f'font-family="sans-serif" fill="#333">{"".join(parts)}</svg>'
    )
    return Shown(picture(svg, _ALT, 720), _ALT)


_LINE = 'fill="none" stroke="#444" stroke-width="1.4" marker-end="url(#a)"'
