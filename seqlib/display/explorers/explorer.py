"""Explorers: small instruments whose arithmetic runs in the reader's browser.

Each is one JavaScript file with a function `mount(root, data, changed)`. Shown as it is, an explorer is HTML
with script and data inside: no kernel, no network, alive in a saved notebook and in a static page, no widget
state left behind. (A saved widget says "Loading widget…" for ever once its kernel has gone.) To read from
Python what a learner does there, `explorer.widget` is the same instrument as an anywidget.
"""

import base64
import json
from functools import cached_property
from pathlib import Path

import numpy as np

from seqlib.display import html

_STATIC = Path(__file__).parent


# MathJax skips what carries these names: a dollar sign typed by a learner is no formula.
_CLASS = "sx tex2jax_ignore mathjax_ignore"


class Explorer:
    """Base of all explorers: give it `script`, `data()` and a plain-text `__repr__`."""

    script = ""

    def data(self) -> dict:
        """What the script needs, as JSON."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        # "<" is written as an escape, so that no text of a learner's can close the script element.
        data = json.dumps(self.data(), separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
        name = "sx-" + html.identity(self.script, data)
        # Where scripts are refused the plain twin stays. One explorer may be on a page twice, hence `before`.
        return (
            f'<style>{_source("explorer.css")}</style>\n<div class="{_CLASS}" id="{name}">'
            f"<p>{html.escape(repr(self))}</p></div><script>(() => {{\n{_source(self.script)}\n"
            f"const before = document.currentScript?.previousElementSibling;\n"
            f'const root = before?.id === "{name}" ? before : document.getElementById("{name}");\n'
            f"mount(root, {data});\n}})()</script>"
        )

    @cached_property
    def widget(self):
        """The same explorer as a live anywidget, whose trait `text` is what the learner types, both ways."""
        return _widget(self)


def _widget(explorer: Explorer):
    # Imported here: an explorer on a page needs neither package.
    import anywidget
    import traitlets

    class Widget(anywidget.AnyWidget):
        _esm = _source(explorer.script) + _RENDER
        _css = _source("explorer.css")
        data = traitlets.Dict().tag(sync=True)
        text = traitlets.Unicode().tag(sync=True)

        def _repr_mimebundle_(self, **kwargs):
            bundle = super()._repr_mimebundle_(**kwargs) or {}
            view = bundle[0] if isinstance(bundle, tuple) else bundle
            return {**view, "text/html": explorer._repr_html_(), "text/plain": repr(explorer)}

    return Widget(data=explorer.data(), text=explorer.data().get("text", ""))


_RENDER = """
export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.className = "CLASS";
    el.append(root);
    const text = () => model.get("text");
    const explorer = mount(root, { ...model.get("data"), text: text() }, (typed) => {
      model.set("text", typed);
      model.save_changes();
    });
    const follow = () => explorer.write(text());
    model.on("change:text", follow);
    return () => { model.off("change:text", follow); explorer.stop(); };
  },
};
""".replace("CLASS", _CLASS)


def _source(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def packed(matrix: np.ndarray) -> dict:
    """A matrix as little-endian float32: exact for a float32 network and a quarter of the size of digits."""
    matrix = np.atleast_2d(matrix).astype("<f4")
    return {"shape": list(matrix.shape), "base64": base64.b64encode(matrix.tobytes()).decode("ascii")}
