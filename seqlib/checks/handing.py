"""What a check hands back once an answer passes: the answer itself, or with what the cells below need of it.

A list of rows, a tensor or int32 may be right, and yet the page goes on with arrays; a learner may have renamed an
argument that the page names. Then the answer is handed on inside a thin function that turns the one into the other.
"""

import functools
import inspect

import numpy as np
from numpy.random import default_rng  # the library's own, whatever a kernel puts in its place

from seqlib.checks.calling import as_numpy, as_torch, settled
from seqlib.checks.compare import as_array

_NOTE_IN = {
    "torch": "your function works with tensors alone: what the cells below give it is made tensors first",
    "numpy": "your function works with NumPy's arrays alone: what the cells below give it is made arrays first",
}


def hand_on(exercise, answer, examples, library=None):
    """(what the page works with, a note or None). `examples` are pairs of the expected and the found result.

    `library` is where the answer is at home, if it could not work with the arrays (tensors) that the page has.
    """
    kinds = [k for right, found in examples if (k := _changes(right, found))]
    if not examples:
        return answer, None
    if exercise.value:
        right, found = examples[0]
        return (_like(found, right), _note(exercise, kinds)) if kinds else (answer, None)
    if exercise.using is not None or inspect.isclass(answer):
        return answer, None
    page = list(exercise.inputs(default_rng(0))[0].named)
    if not kinds and not library and _named(answer, len(page)) == page:
        return answer, None
    note = _note(exercise, kinds) or (_NOTE_IN[library] if library else None)
    return _adapted(answer, page, examples[0][0] if kinds else None, library), note


def _named(answer, count) -> list[str]:
    """The names by which an answer's first arguments can be given."""
    try:
        own = list(inspect.signature(answer).parameters.values())[:count]
    except (TypeError, ValueError):
        return []
    return [p.name for p in own if p.kind == p.POSITIONAL_OR_KEYWORD]


def _adapted(answer, page, right, library):
    own = _named(answer, len(page))
    names = dict(zip(page, own, strict=True)) if len(own) == len(page) else {}
    into = {"torch": as_torch, "numpy": as_numpy}.get(library, tuple)

    @functools.wraps(answer)
    def adapted(*args, **kwargs):
        rest = list(page[len(args) :])
        while rest and rest[0] in kwargs:  # by place: an answer may name it otherwise, or not at all
            args = (*args, kwargs.pop(rest.pop(0)))
        in_torch = any(hasattr(a, "detach") for a in (*args, *kwargs.values()))
        result = answer(*into(args), **{names.get(name, name): value for name, value in kwargs.items()})
        return result if right is None or (in_torch and not library) else _like(settled(result), right)

    adapted.__signature__ = _signature(answer, names, page)
    return adapted


def _signature(answer, names, page):
    """The answer's own, with the page's names: so that it is not wrapped again when the cell is run again."""
    parameter = functools.partial(inspect.Parameter, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not names:
        return inspect.Signature([parameter(name) for name in page])
    theirs = {own: name for name, own in names.items()}
    signature = inspect.signature(answer)
    return signature.replace(parameters=[p.replace(name=theirs.get(n, n)) for n, p in signature.parameters.items()])


def _changes(right, found) -> str | None:
    """In a word, what would have to become of `found`; None where it is what the page expects."""
    if isinstance(right, tuple) and isinstance(found, (tuple, list)) and len(right) == len(found):
        return next((c for r, f in zip(right, found, strict=True) if (c := _changes(r, f))), None)
    if not _is_array(right) or found is None:
        return None
    if hasattr(right, "detach"):
        return None if hasattr(found, "detach") else "tensors"
    if not isinstance(found, (np.ndarray, np.generic)):
        return "arrays"
    return f"numbers of type {right.dtype}" if _other_kind(right.dtype, found.dtype) else None


def _is_array(value) -> bool:
    return (isinstance(value, np.ndarray) or hasattr(value, "detach")) and value.ndim > 0


def _other_kind(right, found) -> bool:
    if right.kind in "iu" and found.kind in "iu":
        return right.itemsize > found.itemsize
    return right.kind != found.kind


def _like(found, right):
    """`found` as the page's own results are: an array, a tensor, its kind of numbers."""
    if isinstance(right, tuple) and isinstance(found, (tuple, list)) and len(right) == len(found):
        return tuple(_like(f, r) for f, r in zip(found, right, strict=True))
    array = as_array(found)
    if array is None or _changes(right, found) is None:
        return found
    if hasattr(right, "detach"):
        import torch

        return torch.from_numpy(np.array(array)).to(right.dtype)
    return array.astype(right.dtype) if _other_kind(right.dtype, array.dtype) else array


def _note(exercise, kinds) -> str | None:
    if not kinds:
        return None
    what = "what you found is" if exercise.value else "what your function gives is"
    return f"the cells below go on with {kinds[0]}: {what} right, and turned into them for these cells"
