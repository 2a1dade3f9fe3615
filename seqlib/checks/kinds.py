"""Of what kind is each variable of a function? Seen by running it, so that a name is exchanged for its like alone."""

import sys
from collections.abc import Callable
from types import CodeType


def kinds_of_variables(function, run: Callable[[], object]) -> dict[str, str]:
    """{name: kind} as the variables stand when `function` (or a method of a class) returns, while `run()` uses it."""
    codes, found = set(_codes(function)), {}

    def at_return(frame, event, arg):
        if event == "return":
            for name, value in frame.f_locals.items():
                found.setdefault(name, kind(value))
        return at_return

    def at_call(frame, event, arg):
        if frame.f_code in codes:
            frame.f_trace_lines = False
            return at_return

    tracing = sys.gettrace()
    sys.settrace(at_call)
    try:
        run()
    except Exception:  # what was seen until then
        pass
    finally:
        sys.settrace(tracing)
    return found


def _codes(function):
    own = vars(function).values() if isinstance(function, type) else [function]
    waiting = [f.__code__ for f in own if hasattr(f, "__code__")]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [c for c in code.co_consts if isinstance(c, CodeType)]


def kind(value) -> str:
    """In a word. Lists are no arrays: a list of states in the place of a state may grow without end."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)) or not getattr(value, "shape", True):
        return "number"
    if hasattr(value, "shape"):
        return "array"
    if callable(value):
        return "function"
    return type(value).__name__
