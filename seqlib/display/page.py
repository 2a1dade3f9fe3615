"""Where output goes: the page of a notebook, or a terminal."""

import sys


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this, so that HTML can be shown and updated in place."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def show_html(html: str, text: str, display_id: str | None = None, update: bool = False) -> None:
    """Show HTML in a notebook with its plain-text twin; elsewhere print the twin.

    With a `display_id` the same output can be replaced later (`update=True`).
    """
    if not in_notebook():
        print(text)
        return
    from IPython.display import display

    display({"text/html": html, "text/plain": text}, raw=True, display_id=display_id, update=update)
