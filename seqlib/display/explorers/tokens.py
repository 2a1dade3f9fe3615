"""Tokens to look at: coloured in a saved page, and an explorer with the number of merges under a slider."""

import base64
from collections.abc import Mapping

import numpy as np

from seqlib.display import figures, html
from seqlib.display.explorers.explorer import Explorer
from seqlib.display.selfcheck import Shown

# The pre-tokenisation that tokens.js has: GPT-2's.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# Tints that let the page's text through, light or dark; the edge between tokens is a line, not the tint alone.
_HUES = ("86,180,233", "230,159,0", "0,158,115", "204,121,167")
_TOKEN = "background:rgba({},.35);border-left:1px solid currentColor;padding:2px 1px"
LINE = 68  # characters a line of the picture
_ROW = "overflow-wrap:anywhere;margin:2px 0 8px;font:14px/1.9 var(--jp-code-font-family,ui-monospace,monospace)"


def visible(token: bytes) -> str:
    """A token's text with white space made visible; a part of a character as hexadecimal numbers."""
    try:
        text = token.decode("utf-8")
    except UnicodeDecodeError:
        return f"⟨{token.hex(' ')}⟩"
    return text.translate({32: "␣", 10: "⏎", 9: "⇥"})


def show_tokens(text: str, encodings) -> Shown:
    """The tokens of a text, coloured; hover over one for its id and bytes. Several named encodings: one below another.

    In words for those who do not see it: an `aria-label` with the tokens between bars, and the same as plain text.
    """
    named = encodings if isinstance(encodings, Mapping) else {"": encodings}
    rows, lines = [], []
    for name, encoding in named.items():
        ids = encoding.encode(text)
        pieces = [encoding.tokens[i] for i in ids]
        said = f"{name + ': ' if name else ''}{len(ids)} token{'' if len(ids) == 1 else 's'}"
        lines.append(f"{said}: {' | '.join(map(visible, pieces))}")
        spans = "<wbr>\u200a".join(  # a hair, where the tints are stripped
            f'<span style="{_TOKEN.format(_HUES[k % 4])}" title="id {i}, bytes {piece.hex(" ")}">'
            f"{html.escape(visible(piece))}</span>"
            for k, (i, piece) in enumerate(zip(ids, pieces, strict=True))
        )
        rows.append(
            f'<div style="font-size:13px">{html.escape(said)}</div>'
            f'<div role="img" aria-label="{html.escape(lines[-1])}" style="{_ROW}">{spans}</div>'
        )
    return Shown(f'<div class="tex2jax_ignore mathjax_ignore">{"".join(rows)}</div>', "\n".join(lines))


class TokenExplorer(Explorer):
    """Type a text, move the slider from 0 merges (bytes) to all of them, and see the tokens: computed in the browser.

    ValueError if the encoding has another pre-tokenisation than GPT-2's, or more tokens than 65,536.
    """

    script = "tokens.js"

    def __init__(self, encoding, text: str = "Type here.", size: int | None = None):
        if encoding.pattern != PATTERN or encoding.vocabulary_size > 2**16:
            raise ValueError("expected an encoding with GPT-2's pattern and at most 65536 tokens")
        self.encoding, self.text = encoding, text
        self.size = encoding.vocabulary_size if size is None else size
        if not 256 <= self.size <= encoding.vocabulary_size:
            raise ValueError(f"expected a size from 256 to {encoding.vocabulary_size}, got {size}")

    def data(self) -> dict:
        packed = np.array(self.encoding.merges, dtype="<u2").tobytes()
        return {"merges": base64.b64encode(packed).decode("ascii"), "text": self.text, "size": self.size}

    def picture(self):
        encoding = self.encoding.first(self.size)
        pieces = [visible(encoding.tokens[i]) for i in encoding.encode(self.text)]
        fig, ax = figures.figure(figsize=(7, 1.2 + 0.3 * (sum(map(len, pieces)) // LINE)))
        ax.set(xlim=(0, LINE), ylim=(1 + sum(map(len, pieces)) // LINE, -1), title=f"{len(pieces)} tokens")
        ax.axis("off")
        x, y = 0, 0
        for k, piece in enumerate(pieces):
            if x and x + len(piece) > LINE:
                x, y = 0, y + 1
            colour = [float(part) / 255 for part in _HUES[k % 4].split(",")]
            box = {
                "boxstyle": "square,pad=0.15",
                "facecolor": (*colour, 0.35),
                "edgecolor": "#444444",
                "linewidth": 0.5,
            }
            ax.text(x, y, piece, family="monospace", fontsize=8, bbox=box)
            x += len(piece) + 0.6
        return fig

    def __repr__(self) -> str:
        encoding = self.encoding.first(self.size)
        shown = " | ".join(visible(encoding.tokens[i]) for i in encoding.encode(self.text))
        return f"Explorer of {len(self.encoding.merges)} merges of byte-pair encoding. With {self.size - 256}: {shown}"
