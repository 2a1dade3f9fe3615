"""Another shape than the right one: axes exchanged, summed away, too many; entries too many or too few at one end."""

from itertools import permutations

import numpy as np

from seqlib.checks.readers.seen import Observation, Part, axis_name, plural, slice_name

REDUCED = [
    ("the sum", np.sum), ("the mean", np.mean), ("the largest", np.max), ("the smallest", np.min),
    ("the place of the largest", np.argmax), ("the place of the smallest", np.argmin), ("the product", np.prod),
    ("the length (the root of the sum of squares)", lambda x, axis=None, **k: np.sqrt(np.sum(x * x, axis=axis, **k))),
    ("the sum of the squares", lambda x, axis=None, **k: np.sum(x * x, axis=axis, **k)),
    ("the mean of the absolute values", lambda x, axis=None, **k: np.mean(np.abs(x), axis=axis, **k)),
]  # fmt: skip


def exchanged_axes(part: Part) -> Observation | None:
    """transposed, or the axes in another order; the numbers right and the shape not"""
    ndim = part.numeric and part.ndim
    if not ndim or ndim < 2 or any(p.a.ndim != ndim for p in part.pairs):
        return None
    for order in permutations(range(ndim)):
        if list(order) == sorted(order) or not part.fits(lambda x, case, o=order: x.transpose(o)):
            continue
        if ndim == 2:
            return part.says("is transposed: its rows are the columns of the right one")
        moved = [i for i in range(ndim) if order[i] != i]
        if len(moved) == 2:
            one, other = (axis_name(i, ndim).removeprefix("the ").removesuffix(" axis") for i in moved)
            return part.says(f"has its {one} and its {other} axis exchanged")
        shown = ", ".join(str(i) for i in order)
        return part.says(f"has its axes in another order: {shown} where 0, 1, … belong")
    return None


def reduced(part: Part) -> Observation | None:
    """summed, averaged or maximised where everything is asked for, with or without keepdims; one step of many"""
    ndim = part.numeric and part.ndim
    if not ndim or part.aligned:
        return None
    for says, function in REDUCED:
        if part.fits(lambda x, case, f=function: f(x)):
            return part.says(f"is {says} of all of the right one, in one number")
        for axis in range(ndim):
            for keep in (False, True):
                if part.fits(lambda x, case, f=function, k=axis, keep=keep: f(x, axis=k, keepdims=keep)):
                    return part.says(f"is {says} of the right one along {axis_name(axis, ndim)}: keep that axis whole")
    for at, says in ((-1, "the last"), (0, "the first")):
        for axis in range(ndim):
            if part.fits(lambda x, case, k=axis, at=at: np.take(x, at, k)) or part.fits(
                lambda x, case, k=axis, at=at: np.take(x, [at], k)
            ):
                where = f" along {axis_name(axis, ndim)}" if ndim == 2 else ""
                return part.says(f"is only {says} {slice_name(axis, ndim)} of the right one: all are asked for{where}")
    return None


def unreduced(part: Part) -> Observation | None:
    """not summed, averaged or maximised where it should be; all steps where only the last is asked for"""
    if (
        not part.numeric
        or part.proof < (9 if part.integers else 3)
        or any(p.a.ndim != p.b.ndim + 1 for p in part.pairs)
    ):
        return None
    dims = {p.a.ndim for p in part.pairs}
    if len(dims) != 1 or any(p.a.shape == p.b.shape + (1,) for p in part.pairs):
        return None
    ndim = dims.pop()
    for says, function in REDUCED[:4]:
        for axis in range(ndim):
            if all(_is(function, axis, p) for p in part.pairs):
                verb = {"the sum": "added up", "the mean": "averaged"}.get(says, f"reduced to {says}")
                return part.says(f"is not {verb} yet: {says} of it along {axis_name(axis, ndim)} is right")
    for at, says in ((-1, "last"), (0, "first")):
        for axis in range(ndim):
            if all(_is(lambda x, axis, at=at: np.take(x, at, axis), axis, p) for p in part.pairs):
                return part.says(f"holds too much: only its {says} {slice_name(axis, ndim)} is asked for")
    return None


def _is(function, axis, pair) -> bool:
    with np.errstate(all="ignore"):
        made = function(pair.a, axis=axis) if pair.a.shape[axis] else None
    return (
        made is not None
        and made.shape == pair.b.shape
        and bool(np.isclose(made, pair.b, rtol=pair.tolerance, atol=pair.tolerance, equal_nan=True).all())
    )


def reshaped(part: Part) -> Observation | None:
    """the right numbers in another shape: an axis of one too many or missing, flattened, cut into other rows"""
    if not part.numeric or part.aligned or any(p.a.size != p.b.size or not p.b.size for p in part.pairs):
        return None
    if not all(near_flat(p) for p in part.pairs):
        return None
    failing = part.failing
    if all(_without_ones(p.a) == _without_ones(p.b) for p in failing):
        more = all(p.a.ndim > p.b.ndim for p in failing)
        less = all(p.a.ndim < p.b.ndim for p in failing)
        if more:
            axis = _extra(failing, lambda p: (p.a.shape, p.b.shape))
            where = f", {axis}" if axis else ""
            return part.says(f"has the right numbers and an axis of size 1 too many{where}")
        if less:
            axis = _extra(failing, lambda p: (p.b.shape, p.a.shape))
            where = f": {axis} is missing, and it has size 1" if axis else ": an axis of size 1 is missing"
            return part.says(f"has the right numbers{where}")
    if all(p.a.ndim == 1 for p in failing):
        return part.says("has the right numbers in the right order, but all in one row: the axes are lost")
    return part.says("has the right numbers in the right order, but cut into another shape")


def near_flat(pair) -> bool:
    a, b = pair.a.ravel(), pair.b.ravel()
    return bool(np.isclose(a, b, rtol=pair.tolerance, atol=pair.tolerance, equal_nan=True).all())


def _without_ones(array):
    return tuple(n for n in array.shape if n != 1)


def _extra(pairs, shapes) -> str | None:
    """Which axis of size 1 the longer shape has more than the shorter, where it is the same in every case."""
    possible = None
    for pair in pairs:
        longer, shorter = shapes(pair)
        here = {
            (k, len(longer))
            for k in range(len(longer))
            if longer[k] == 1 and longer[:k] + longer[k + 1 :] == tuple(shorter)
        }
        possible = here if possible is None else possible & here
    return axis_name(*min(possible)) if possible and len(possible) == 1 else None


# -- one too many, one too few ---------------------------------------------------------------------------------------


def ends(part: Part) -> Observation | None:
    """one or more too many or too few along an axis, and at which end"""
    ndim = part.numeric and part.ndim
    if not ndim or part.aligned or any(p.a.ndim != ndim for p in part.pairs):
        return None
    for axis in range(ndim):
        for longer, shorter, more in (("a", "b", True), ("b", "a", False)):
            said = _end(part, axis, longer, shorter, more, ndim)
            if said:
                return said
    return None


def _end(part, axis, longer, shorter, more, ndim):
    extra = set()
    for p in part.pairs:
        x, y = getattr(p, longer), getattr(p, shorter)
        others = [k for k in range(ndim) if k != axis]
        if any(x.shape[k] != y.shape[k] for k in others) or x.shape[axis] < y.shape[axis]:
            return None
        extra.add(x.shape[axis] - y.shape[axis])
    if extra == {0} or sum(min(p.a.size, p.b.size) for p in part.failing) < 2:
        return None
    one = extra - {0} == {1}
    size = "one" if one else "some"
    name = slice_name(axis, ndim) if one else plural(slice_name(axis, ndim))
    for at, front in (("at the end", False), ("at the beginning", True)):
        if all(_edge(getattr(p, longer), getattr(p, shorter), axis, front) for p in part.pairs):
            if more:
                filled = _filled(part, axis, front)
                return part.says(f"has {size} {name} too many {at}{filled}: the rest is right")
            return part.says(f"has {size} {name} too few: what is missing is missing {at}, and the rest is right")
    if extra == {1}:
        return part.says(f"has one {name} too {'many' if more else 'few'}")
    return None


def _edge(x, y, axis, front) -> bool:
    count, size = y.shape[axis], x.shape[axis]
    kept = np.take(x, range(size - count, size) if front else range(count), axis)
    return bool(np.isclose(kept, y, rtol=1e-6, atol=1e-9, equal_nan=True).all()) if kept.size else not y.size


def _filled(part, axis, front) -> str:
    """What stands in the places that are too many."""
    values = []
    for p in part.failing:
        extra = p.a.shape[axis] - p.b.shape[axis]
        values.append(np.take(p.a, range(extra) if front else range(p.a.shape[axis] - extra, p.a.shape[axis]), axis))
    if all(v.size and not v.any() for v in values):
        return ", filled with zeros"
    return ""
