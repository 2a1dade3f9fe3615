"""What do the cases that pass have in common, and those that fail have not?"""

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.seen import Observation, axis_name, seen


def _whole(value):
    """A single number, as a float; None for anything else."""
    array = as_array(value)
    return float(array) if array is not None and not array.ndim and array.dtype.kind in "iuf" else None


# (what is said of an argument that has it, the test of the argument). True, False, or None where it makes no sense.
OF_ONE = [
    ("`{n}` is not given (None)", lambda v: v is None),
    ("`{n}` is True", lambda v: v if isinstance(v, (bool, np.bool_)) else None),
    ("`{n}` is a single number, not an array", lambda v: None if as_array(v) is None else as_array(v).ndim == 0),
    ("`{n}` is 0", lambda v: None if _whole(v) is None else _whole(v) == 0),
    ("`{n}` is 1", lambda v: None if _whole(v) is None else _whole(v) == 1),
    ("`{n}` is empty", lambda v: len(v) == 0 if hasattr(v, "__len__") and getattr(v, "shape", True) != () else None),
    ("`{n}` holds one sequence only", lambda v: len(v) == 1 if isinstance(v, (list, tuple)) else None),
    ("all in `{n}` are equally long", lambda v: _equal_lengths(v)),
    ("`{n}` hides nothing", lambda v: bool(as_array(v).all()) if _is_mask(v) else None),
    ("`{n}` hides a whole row", lambda v: bool((~as_array(v).any(-1)).any()) if _is_mask(v) else None),
    ("`{n}` holds only zeros", lambda v: not _numbers(v).any() if _numbers(v) is not None else None),
    ("all of `{n}` is the same", lambda v: bool(np.ptp(_numbers(v)) == 0) if _numbers(v) is not None else None),
    ("`{n}` holds no numbers above 50",
     lambda v: bool((np.abs(_numbers(v)) < 50).all()) if _numbers(v) is not None else None),
    ("`{n}` holds nothing twice", lambda v: _distinct(v)),
    ("`{n}` is square", lambda v: v.shape[-1] == v.shape[-2] if getattr(v, "ndim", 0) >= 2 else None),
    ("`{n}` has small letters only", lambda v: v == v.lower() if isinstance(v, str) else None),
    ("`{n}` has letters and spaces only",
     lambda v: all(c.isalpha() or c == " " for c in v) if isinstance(v, str) else None),
]  # fmt: skip


def _long(value) -> bool:
    return hasattr(value, "__len__") and getattr(value, "shape", True) != ()


def _is_mask(value) -> bool:
    array = as_array(value)
    return array is not None and array.dtype.kind == "b" and array.ndim > 0


def _numbers(value):
    array = as_array(value)
    good = array is not None and array.ndim > 0 and array.size > 1 and array.dtype.kind in "iuf"
    return array if good else None


def _equal_lengths(value):
    if isinstance(value, (list, tuple)) and len(value) > 1 and all(_long(v) for v in value):
        return len({len(v) for v in value}) == 1
    return None


def _distinct(value):
    if isinstance(value, (list, tuple)) and value:
        return len({repr(v) for v in value}) == len(value)
    array = _numbers(value)
    return len(np.unique(array)) == array.size if array is not None and array.ndim == 1 else None


def generalised(cases, passed: list[bool], names: list[str], again=None) -> Observation | None:
    """right only for a batch of one, a single step, equal lengths, no padding, zeros, no repetition: what all cases
    that pass share, and none that fails"""
    if all(passed) or not any(passed):
        return None
    more = None
    for says, test, index in _candidates(cases, names):
        side = _split(test, index, cases, passed)
        if side is None:
            continue
        if more is None:  # other draws of the same kinds of cases: what is so by chance is so no more
            more = [(case, same) for case, _, _, same in again()] if again else [*zip(cases, passed, strict=True)]
            if not more:
                return None
        if _split(test, index, *zip(*more, strict=True)) not in (side, ""):
            continue
        if side == "right":
            return seen(f"It is right only where {says}: that is so in every case that passes, and in no other")
        return seen(f"It is wrong only where {says}: that is so in every case that fails, and in no other")
    return None


def _candidates(cases, names):
    """(what is said, test, index of the argument): sizes of axes of all arguments first."""
    count = len(cases[0].args)
    own = [names[i] if i < len(names) else list(cases[0].named)[i] for i in range(count)]
    for index in range(count):
        widest = max((c.args[index] for c in cases), key=lambda v: getattr(v, "ndim", 0))
        yield from ((says, test, index) for says, test in _axes_of(own[index], widest))
    for says, test in OF_ONE:
        yield from ((says.format(n=own[index]), test, index) for index in range(count))


def _axes_of(own, value):
    ndim = getattr(value, "ndim", 0)
    for axis in range(ndim):
        says = f"`{own}` has length 1" if ndim == 1 else f"{axis_name(axis, ndim)} of `{own}` has size 1"
        yield says, lambda v, k=axis, d=ndim: v.shape[k] == 1 if getattr(v, "ndim", 0) == d else None


def _split(test, index, cases, passed) -> str | None:
    """ "right" where the test holds for exactly the cases that pass, "wrong" for exactly those that fail; "" where all
    pass or fail, so that nothing is said."""
    answers = []
    for case in cases:
        try:
            answers.append(test(case.args[index]))
        except Exception:  # the test makes no sense of this value
            return None
    if any(a is None for a in answers):
        return None
    if [bool(a) for a in answers] == list(passed):
        return "right"
    if [not a for a in answers] == list(passed):
        return "wrong"
    return None
