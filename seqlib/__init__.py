"""What the notebooks of the course share. Names are loaded when first used, so `import seqlib` is quick."""

from importlib import import_module

__version__ = "0.1.0"

# A name here must not be the name of a submodule: importing the submodule would silently replace it.
_EXPORTS = {
    "check": "seqlib.checks",
    "hint": "seqlib.checks",
    "progress": "seqlib.checks.overview",
    "setup": "seqlib.display.ready",
    "budget": "seqlib.runtime",
    "device": "seqlib.runtime",
    "seed_everything": "seqlib.runtime",
    "quiz": "seqlib.display.selfcheck",
    "flashcards": "seqlib.display.selfcheck",
    "reveal": "seqlib.display.selfcheck",
    "claims": "seqlib.display.selfcheck",
    "show": "seqlib.display.figures",
}

__all__ = ["__version__", *_EXPORTS]


def __getattr__(name):
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'seqlib' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_EXPORTS])
