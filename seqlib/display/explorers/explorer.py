"""Explorers: small instruments whose arithmetic runs in the reader's browser.

Each is one JavaScript file with a function `mount(root, data, changed)`, laid below shared.js. An explorer is HTML with
script and data inside: no kernel, no network, no widget; alive in JupyterLab, on Colab, in a saved notebook and in a
static page. (A saved widget says "Loading widget…" for ever once its kernel has gone, and no notebook reads back what
is typed.) Where scripts are refused a picture and a sentence stay.
"""

import base64
import json
from pathlib import Path

import numpy as np

from seqlib.display import figures, html

_FOLDER, _SHARED = Path(__file__).parent, "shared.js"
# MathJax skips what carries these names: a dollar sign typed by a learner is no formula.
_CLASS = "sx tex2jax_ignore mathjax_ignore"


class Explorer:
    """Base of all explorers: give it `script`, `data()`, `picture()` and a plain-text `__repr__`."""

    script = ""

    def data(self) -> dict:
        """What the script needs, as JSON."""
        raise NotImplementedError

    def picture(self):
        """A matplotlib figure of what the explorer shows at first."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        # "<" is written as an escape, so that no text of a learner's can close the script element.
        data = json.dumps(self.data(), separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
        name = "sx-" + html.identity(self.script, data)
        # One explorer may be on a page twice, hence `before`.
        return (
            f'<style>{_source("explorer.css")}</style>\n<div class="{_CLASS}" id="{name}">'
            f"<p>{html.escape(repr(self))}</p>{figures.image(self.picture(), repr(self), colours=32)}"
            f"</div><script>(() => {{\n{_source(_SHARED)}\n{_source(self.script)}\n"
            f"const before = document.currentScript?.previousElementSibling;\n"
            f'const root = before?.id === "{name}" ? before : document.getElementById("{name}");\n'
            f"mount(root, {data});\n}})()</script>"
        )


def _source(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def packed(matrix: np.ndarray) -> dict:
    """A matrix as little-endian float32: exact for a float32 network and a quarter of the size of digits."""
    matrix = np.atleast_2d(matrix).astype("<f4")
    return {"shape": list(matrix.shape), "base64": base64.b64encode(matrix.tobytes()).decode("ascii")}


def eight_bits(matrix: np.ndarray) -> dict:
    """A matrix in whole numbers from -127 to 127 and a scale for each column: a quarter of float32."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-12) / 127
    whole = np.round(matrix / scale).astype(np.int8)
    return {
        "shape": list(matrix.shape),
        "base64": base64.b64encode(whole.tobytes()).decode("ascii"),
        "scale": packed(scale),
    }


def unpacked(stored: dict) -> np.ndarray:
    """What the browser reads of what `packed` or `eight_bits` stored: float64, two axes."""
    raw = base64.b64decode(stored["base64"])
    if "scale" not in stored:
        return np.frombuffer(raw, dtype="<f4").reshape(stored["shape"]).astype(float)
    return np.frombuffer(raw, dtype=np.int8).reshape(stored["shape"]) * unpacked(stored["scale"])
