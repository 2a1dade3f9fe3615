"""Is what was found a simple function of what is right: its sign turned, its logarithm, transposed, sorted, summed?"""

from itertools import permutations

import numpy as np

from seqlib.checks.readers.seen import Observation, Part, axis_name, slice_name


def _softmax(x, axis):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


# What each says completes "`h_t` is …"; the more special first, because some agree on some numbers.
ENTRYWISE = [
    ("the right one with its sign turned", np.negative),
    ("the absolute value of the right one: its sign is lost", np.abs),
    ("minus the absolute value of the right one", lambda x: -np.abs(x)),
    ("1 minus the right one", lambda x: 1 - x),
    ("the right one minus 1", lambda x: x - 1),
    ("the right one plus 1", lambda x: x + 1),
    ("−1 minus the right one", lambda x: -1 - x),
    ("the right one upside down (its reciprocal)", lambda x: 1 / x),
    ("minus the reciprocal of the right one", lambda x: -1 / x),
    ("the square of the right one", np.square),
    ("the square root of the right one", np.sqrt),
    ("the right one cut at zero: what is negative has become 0", lambda x: np.maximum(x, 0)),
    ("the right one cut at zero: what is positive has become 0", lambda x: np.minimum(x, 0)),
    ("the right one cut to the range from 0 to 1", lambda x: np.clip(x, 0, 1)),
    ("the right one cut to the range from −1 to 1", lambda x: np.clip(x, -1, 1)),
    ("the right one, and never below 1", lambda x: np.maximum(x, 1)),
    ("the right one, and never above 1", lambda x: np.minimum(x, 1)),
    ("the logarithm of the right one", np.log),
    ("minus the logarithm of the right one", lambda x: -np.log(x)),
    ("the exponential of the right one: it should stay a logarithm, or stay as it is", np.exp),
    ("the exponential of minus the right one", lambda x: np.exp(-x)),
    ("the logarithm to base 2 of the right one", np.log2),
    ("2 to the power of the right one", np.exp2),
    ("minus the logarithm to base 2 of the right one", lambda x: -np.log2(x)),
    ("2 to the power of minus the right one", lambda x: np.exp2(-x)),
    ("10 to the power of the right one", lambda x: 10.0**x),
    ("the logarithm to base 10 of the right one", np.log10),
    ("what a tanh makes of the right one", np.tanh),
    ("the right one before its tanh", np.arctanh),
    ("what a sigmoid makes of the right one", _sigmoid),
    ("the right one before its sigmoid", lambda x: np.log(x) - np.log1p(-x)),
    ("$1 - x^2$ of the right one $x$, the slope of a tanh", lambda x: 1 - x * x),
    ("$x(1 - x)$ of the right one $x$, the slope of a sigmoid", lambda x: x * (1 - x)),
    ("the logarithm of 1 plus the right one", np.log1p),
    ("the logarithm of 1 minus the right one", lambda x: np.log1p(-x)),
    ("the exponential of the right one, minus 1", np.expm1),
    ("the reciprocal of 1 plus the right one", lambda x: 1 / (1 + x)),
    ("the reciprocal of 1 minus the right one", lambda x: 1 / (1 - x)),
    ("the right one in radians, where degrees are asked for", np.deg2rad),
    ("the right one in degrees, where radians are asked for", np.rad2deg),
    ("180 minus the right one", lambda x: 180 - x),
    ("90 minus the right one", lambda x: 90 - x),
    ("100 minus the right one", lambda x: 100 - x),
    ("the sine of the right one", np.sin),
    ("the cosine of the right one", np.cos),
    ("the cosine of the right angle, which is in degrees", lambda x: np.cos(np.deg2rad(x))),
    ("only the sign of the right one", np.sign),
    ("the right one rounded to whole numbers", np.round),
    ("the right one rounded down to whole numbers", np.floor),
    ("the right one rounded up to whole numbers", np.ceil),
    ("the right one cut to whole numbers", np.trunc),
    ("the right one rounded to one digit after the point", lambda x: np.round(x, 1)),
    ("the right one rounded to two digits after the point", lambda x: np.round(x, 2)),
    ("the right one rounded to three digits after the point", lambda x: np.round(x, 3)),
    ("the right one rounded to four digits after the point", lambda x: np.round(x, 4)),
    ("the right one, with 0 wherever that is not a number", np.nan_to_num),
]


def entrywise(part: Part) -> Observation | None:
    """each number is a function of the right one: −, | |, 1 −, reciprocal, square, root, log, exp, tanh, sigmoid,
    cut, rounded, degrees and radians"""
    if not part.numeric or not part.aligned:
        return None
    for says, function in ENTRYWISE:
        if part.fits(lambda right, case, f=function: f(right), proof=6 if part.integers else 3):
            return part.says(f"is {says}")
    return None


def inverted(part: Part) -> Observation | None:
    """True and False are exchanged"""
    if not part.aligned or not all(np.isin(p.b, (0, 1)).all() and np.isin(p.a, (0, 1)).all() for p in part.pairs):
        return None
    size = sum(p.b.size for p in part.pairs)
    told = len({v for p in part.failing for v in p.b.ravel()}) == 2 and size >= 3
    if told and all((p.a == 1 - p.b).all() for p in part.pairs):
        return part.says("is the wrong way round: True where False belongs, and False where True belongs")
    return None


# -- along an axis, in the same shape --------------------------------------------------------------------------------


def _shifted(x, axis, by):
    moved = np.roll(x, by, axis)
    edge = [slice(None)] * x.ndim
    edge[axis] = slice(0, by) if by > 0 else slice(by, None)
    moved[tuple(edge)] = 0
    return moved


def _repeated(x, axis, at):
    return np.broadcast_to(np.take(x, [at], axis), x.shape)


def _held(x, axis, by):
    """Moved by one, the end repeated."""
    order = np.clip(np.arange(x.shape[axis]) - by, 0, x.shape[axis] - 1)
    return np.take(x, order, axis)


ANOTHER_ORDER = "another order of slices"
ALONG = [
    ("the right one in reversed order along {axis}", lambda x, k: np.flip(x, k)),
    ("the right one rolled on by one along {axis}: each {slice} stands one place too late, and the last comes first",
     lambda x, k: np.roll(x, 1, k)),
    ("the right one rolled back by one along {axis}: each {slice} stands one place too early, and the first comes last",
     lambda x, k: np.roll(x, -1, k)),
    ("one step late along {axis}: each {slice} stands one place too far back, and zeros come first",
     lambda x, k: _shifted(x, k, 1)),
    ("one step early along {axis}: each {slice} stands one place too far in front, and zeros come last",
     lambda x, k: _shifted(x, k, -1)),
    ("one step late along {axis}, its first {slice} twice", lambda x, k: _held(x, k, 1)),
    ("one step early along {axis}, its last {slice} twice", lambda x, k: _held(x, k, -1)),
    ("the last {slice} of the right one, everywhere along {axis}", lambda x, k: _repeated(x, k, -1)),
    ("the first {slice} of the right one, everywhere along {axis}", lambda x, k: _repeated(x, k, 0)),
    ("the mean of the right one along {axis}, everywhere",
     lambda x, k: np.broadcast_to(x.mean(k, keepdims=True), x.shape)),
    ("the sum of the right one along {axis}, everywhere",
     lambda x, k: np.broadcast_to(x.sum(k, keepdims=True), x.shape)),
    (ANOTHER_ORDER, None),
    ("the right one added up along {axis} (a running sum)", lambda x, k: np.cumsum(x, k)),
    ("the right one added up along {axis} from the end", lambda x, k: np.flip(np.cumsum(np.flip(x, k), k), k)),
    ("the running product of the right one along {axis}", lambda x, k: np.cumprod(x, k)),
    ("the differences of the right one along {axis}: what should be added up is not",
     lambda x, k: np.diff(x, axis=k, prepend=0)),
    ("the differences of the right one along {axis}, from the end: what should be added up is not",
     lambda x, k: np.flip(np.diff(np.flip(x, k), axis=k, prepend=0), k)),
    ("the softmax of the right one along {axis}", _softmax),
    ("the logarithm of the softmax of the right one along {axis}", lambda x, k: np.log(_softmax(x, k))),
    ("the right one divided by its sum along {axis}", lambda x, k: x / x.sum(k, keepdims=True)),
    ("the right one divided by its length along {axis}", lambda x, k: x / np.linalg.norm(x, axis=k, keepdims=True)),
    ("the right one divided by its largest along {axis}", lambda x, k: x / x.max(k, keepdims=True)),
    ("the right one minus its mean along {axis}", lambda x, k: x - x.mean(k, keepdims=True)),
    ("the right one minus its largest along {axis}", lambda x, k: x - x.max(k, keepdims=True)),
    ("the right one sorted along {axis}", lambda x, k: np.sort(x, k)),
    ("the right one sorted along {axis}, the largest first", lambda x, k: -np.sort(-x, k)),
    ("the order of the right one along {axis} (argsort)", lambda x, k: np.argsort(x, k)),
    ("a 1 at the largest of the right one along {axis}, and 0 elsewhere",
     lambda x, k: (x == x.max(k, keepdims=True)) * 1.0),
]  # fmt: skip


def along_an_axis(part: Part) -> Observation | None:
    """reversed, rolled or late by one along an axis; one step everywhere; a running sum; a softmax, a sum or a mean
    taken of it; sorted"""
    if not part.numeric or not part.aligned or _ndim(part) in (None, 0):
        return None
    ndim = _ndim(part)
    for says, function in ALONG:
        if says == ANOTHER_ORDER:
            said = slices_in_another_order(part)
            if said:
                return said
            continue
        for axis in range(ndim):
            if part.fits(lambda x, case, f=function, k=axis: f(x, k), proof=6 if part.integers else 3):
                return part.says("is " + says.format(axis=axis_name(axis, ndim), slice=slice_name(axis, ndim)))
    return None


def _ndim(part: Part) -> int | None:
    dims = {p.b.ndim for p in part.pairs}
    return dims.pop() if len(dims) == 1 else None


def blocks(part: Part) -> Observation | None:
    """the halves, thirds or quarters of an axis are in another order, such as the gates of a cell"""
    ndim = part.aligned and part.numeric and _ndim(part)
    if not ndim or part.integers:
        return None
    for axis in reversed(range(ndim)):
        for count, name in ((2, "halves"), (3, "thirds"), (4, "quarters")):
            if any(p.b.shape[axis] % count or p.b.shape[axis] < count for p in part.pairs):
                continue
            for order in permutations(range(count)):
                if list(order) == sorted(order):
                    continue
                if part.fits(lambda x, case, k=axis, n=count, o=order: _reordered(x, k, n, o), proof=6):
                    moved = ", ".join(str(i + 1) for i in order)
                    if count == 2:
                        return part.says(f"has its two halves along {axis_name(axis, ndim)} exchanged")
                    return part.says(
                        f"has its {name} along {axis_name(axis, ndim)} in another order: where 1, {', '.join(map(str, range(2, count + 1)))} belong, it has {moved}"
                    )
    return None


def _reordered(x, axis, count, order):
    pieces = np.split(x, count, axis)
    return np.concatenate([pieces[i] for i in order], axis)


# -- another shape ---------------------------------------------------------------------------------------------------

REDUCED = [
    ("the sum", np.sum), ("the mean", np.mean), ("the largest", np.max), ("the smallest", np.min),
    ("the place of the largest", np.argmax), ("the place of the smallest", np.argmin), ("the product", np.prod),
    ("the length (the root of the sum of squares)", lambda x, axis=None, **k: np.sqrt(np.sum(x * x, axis=axis, **k))),
    ("the sum of the squares", lambda x, axis=None, **k: np.sum(x * x, axis=axis, **k)),
    ("the mean of the absolute values", lambda x, axis=None, **k: np.mean(np.abs(x), axis=axis, **k)),
]  # fmt: skip


def exchanged_axes(part: Part) -> Observation | None:
    """transposed, or the axes in another order; the numbers right and the shape not"""
    ndim = part.numeric and _ndim(part)
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
    ndim = part.numeric and _ndim(part)
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
    if not part.numeric or part.proof < 3 or any(p.a.ndim != p.b.ndim + 1 for p in part.pairs):
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
    ndim = part.numeric and _ndim(part)
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
    name = slice_name(axis, ndim) if one else _plural(slice_name(axis, ndim))
    for at, front in (("at the end", False), ("at the beginning", True)):
        if all(_edge(getattr(p, longer), getattr(p, shorter), axis, front) for p in part.pairs):
            if more:
                filled = _filled(part, axis, front)
                return part.says(f"has {size} {name} too many {at}{filled}: the rest is right")
            return part.says(f"has {size} {name} too few: what is missing is missing {at}, and the rest is right")
    if extra == {1}:
        return part.says(f"has one {name} too {'many' if more else 'few'}")
    return None


def _plural(name: str) -> str:
    first, *rest = name.split(" ")
    return " ".join([{"entry": "entries"}.get(first, first + "s"), *rest])


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


# -- the same values in another order --------------------------------------------------------------------------------


def permuted(part: Part) -> Observation | None:
    """the right values in another order: rows exchanged, sorted, or spread over the shape in another way"""
    if not part.numeric or part.proof < 6:
        return None
    if any(p.a.size != p.b.size for p in part.pairs):
        return None
    if not all(alike_sorted(p) for p in part.pairs):
        return None
    ndim = part.aligned and _ndim(part)
    if not part.aligned:
        return part.says(
            "has all the right numbers, in another shape and another order: is something reshaped where "
            "axes should be exchanged?"
        )
    if ndim == 1 and not any((np.diff(p.b) < 0).any() for p in part.pairs):
        return part.says("has the right numbers in another order: those of the right one rise, and these do not")
    if ndim and ndim >= 2:
        return part.says(
            "has all the right numbers, but not in their places: is something reshaped where axes should be exchanged?"
        )
    return part.says("has the right numbers, in another order")


def slices_in_another_order(part: Part) -> Observation | None:
    """the right rows or columns in another order"""
    ndim = _ndim(part)
    for axis in range(ndim) if ndim and ndim >= 2 and part.proof >= 6 else ():
        if all(_slices_permuted(p, axis) for p in part.pairs):
            return part.says(f"has the right {_plural(slice_name(axis, ndim))}, in another order")
    return None


def alike_sorted(pair) -> bool:
    a, b = np.sort(pair.a.ravel()), np.sort(pair.b.ravel())
    return bool(np.isclose(a, b, rtol=pair.tolerance, atol=pair.tolerance * (np.abs(b).max() if b.size else 1)).all())


def _slices_permuted(pair, axis) -> bool:
    a, b = (np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1) for x in (pair.a, pair.b))
    if a.shape[1] < 2:
        return False
    used = set()
    for row in a:
        match = [i for i in range(len(b)) if i not in used and np.allclose(row, b[i], rtol=1e-5, atol=1e-8)]
        if not match:
            return False
        used.add(match[0])
    return True
