"""A Vision Transformer, drawn: a picture is cut into patches, patches become tokens, the class token is read."""

import numpy as np

from seqlib.display.html import Html, picture
from seqlib.display.page import show_html

WIDTH, INK, CLASS, PLACE, PART = 720, "#222222", "#E69F00", "#56B4E9", "#CC79A7"


def draw_vit(pixels: np.ndarray, size: int = 2, layers: int = 2) -> None:
    """Show how one picture (side, side), from 0 to 1, becomes tokens and a verdict, in three stages, as SVG.

    ValueError unless it is square and `size` divides its side.
    """
    html, alt = vit_drawing(pixels, size, layers)
    show_html(html, alt)


def vit_drawing(pixels, size: int = 2, layers: int = 2) -> tuple[Html, str]:
    """The drawing and what it shows in words."""
    pixels = np.asarray(pixels, dtype=float)
    side = len(pixels)
    if pixels.shape != (side, side) or side % size:
        raise ValueError(f"expected a square picture whose side {size} divides, got shape {pixels.shape}")
    grid = side // size
    alt = (
        f"A Vision Transformer in three stages. First: a picture of {side} by {side} pixels, cut into {grid**2} "
        f"patches of {size} by {size}. Second: a class token and the {grid**2} patches in a row, each times W, each "
        f"with a position added. Third: {layers} blocks of attention and feed-forward, through which all tokens go "
        "side by side, and ten logits that are read from the class token alone."
    )
    parts = [_title(14, "1  cut"), _cut(pixels, size, 14, 40)]
    parts += [_arrow(152, 100, 190, 100), _title(196, "2  a row of tokens"), _tokens(pixels, size, 196, 70)]
    parts += [_title(14, "3  read each other, then ask the class token", 212), _blocks(grid**2 + 1, layers, 226)]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 366" width="{WIDTH}" height="366" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )
    return picture(svg, alt, WIDTH), alt


def _title(x, words, y=22) -> str:
    return f'<text x="{x}" y="{y}" fill="{INK}" font-weight="bold" font-size="13">{words}</text>'


def _word(x, y, words, anchor="middle", size=12) -> str:
    return f'<text x="{x}" y="{y}" fill="{INK}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


def _box(x, y, width, height, fill, line=INK, radius=0) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" fill="{fill}" stroke="{line}" '
        'stroke-width="0.8"/>'
    )


def _arrow(x, y, to_x, to_y) -> str:
    return (
        f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{INK}" stroke-width="1.3"/>'
        f'<circle cx="{to_x:g}" cy="{to_y:g}" r="2.6" fill="{INK}"/>'
    )


def _grey(value: float) -> str:
    shade = round(255 * (1 - value))
    return f"rgb({shade},{shade},{shade})"


def _pixels(pixels, x, y, unit) -> str:
    size = f'width="{unit:g}" height="{unit:g}"'
    return "".join(
        f'<rect x="{x + column * unit:g}" y="{y + row * unit:g}" {size} fill="{_grey(value)}"/>'
        for (row, column), value in np.ndenumerate(pixels)
    )


def _cut(pixels, size, x, y) -> str:
    """The picture with the edges of its patches."""
    unit, side = 120 / len(pixels), len(pixels)
    edges = "".join(
        _box(x + c * unit, y + r * unit, size * unit, size * unit, "none", "#D55E00")
        for r in range(0, side, size)
        for c in range(0, side, size)
    )
    return _pixels(pixels, x, y, unit) + edges


def _tokens(pixels, size, x, y) -> str:
    """The class token and the patches in a row, with W under each and a position added."""
    grid = len(pixels) // size
    each, patches = 504 / (grid**2 + 1), pixels.reshape(grid, size, grid, size).swapaxes(1, 2).reshape(-1, size, size)
    width = min(24.0, 0.82 * each)
    drawn = [_box(x, y - 12, width, width, CLASS), _word(x + width / 2, y - 18, "class", size=10)]
    for n, patch in enumerate(patches, 1):
        drawn += [_pixels(patch, x + n * each, y - 12, width / size)]
        drawn += [_box(x + n * each, y - 12, width, width, "none", "#D55E00")]
    for n in range(grid**2 + 1):
        middle = x + n * each + width / 2
        drawn += [_arrow(middle, y + 14, middle, y + 30)] if n else []
        drawn += [_box(x + n * each, y + 34, width, 34, CLASS if not n else "#DDDDDD")]
        drawn += [_box(x + n * each, y + 76, width, 20, PLACE), _word(middle, y + 90, str(n), size=9)]
    drawn += [_word(x + 506, y + 27, "· W + b", "start", 10) if each < 20 else ""]
    return "".join(drawn) + _word(
        x, y + 112, "each patch times W, plus b; to every token its position (blue) is added", "start", 11
    )


def _blocks(count, layers, y) -> str:
    """Tokens through the blocks, the readout on the right."""
    drawn, x = [], 14
    for n in range(count):
        drawn.append(_box(x, y + n * 7.4, 12, 6, CLASS if not n else "#DDDDDD"))
    for layer in range(layers):
        left = x + 40 + layer * 216
        drawn += [_arrow(left - 24, y + 62, left - 4, y + 62), _box(left, y, 182, 126, "#F7F7F7", INK, 6)]
        drawn += [_box(left + 10, y + 26, 76, 84, PLACE, INK, 4), _word(left + 48, y + 64, "attention")]
        drawn += [_word(left + 48, y + 80, "among all", size=10)]
        drawn += [_box(left + 96, y + 26, 76, 84, PART, INK, 4), _word(left + 134, y + 64, "feed-forward", size=11)]
        drawn += [_word(left + 134, y + 80, "each alone", size=10), _word(left + 91, y + 17, f"block {layer + 1}")]
    right = x + 40 + layers * 216
    drawn += [_arrow(right - 30, y + 62, right - 4, y + 62), _box(right, y + 52, 46, 22, CLASS)]
    drawn += [_word(right + 23, y + 67, "class"), _arrow(right + 48, y + 62, right + 74, y + 62)]
    drawn += [
        _box(right + 80, y + 7 + 11 * k, 34, 9, "#DDDDDD") + _word(right + 124, y + 15 + 11 * k, str(k), size=9)
        for k in range(10)
    ]
    return "".join(drawn) + _word(right + 97, y + 130, "logits", size=11)
