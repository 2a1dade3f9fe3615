"""Which check a result belongs to: a few letters that change when an exercise is checked in another way."""

import functools
import hashlib
import inspect

from seqlib.checks.exercise import Exercise


def identity(exercise: Exercise) -> str:
    """Eight hex digits that follow from the points, what is forbidden, and the source of inputs, oracle and judge.

    What these call in their turn is left out: a result outlives a change of a helper that many exercises share.
    """
    parts = [str(exercise.points), str(exercise.value), *map(str, exercise.forbids)]
    parts += [_source(f) for f in (exercise.inputs, exercise.oracle, exercise.judge, exercise.using)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _source(function) -> str:
    """The source text, spaces aside; a name where there is no source, as of a built-in function."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        return "".join(inspect.getsource(function).split())
    except (OSError, TypeError):
        return getattr(function, "__qualname__", type(function).__name__)
