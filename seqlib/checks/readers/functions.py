"""Is what was found a simple function of what is right: its sign turned, its logarithm, reversed, a running sum?"""

from itertools import permutations

import numpy as np

from seqlib.checks.readers.orders import slices_in_another_order
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
    ("a sigmoid of what should go through a tanh", lambda x: _sigmoid(np.arctanh(x))),
    ("a tanh of what should go through a sigmoid", lambda x: np.tanh(np.log(x) - np.log1p(-x))),
    ("the tangent (tan) of what should go through a tanh", lambda x: np.tan(np.arctanh(x))),
    ("a ReLU of what should go through a tanh", lambda x: np.maximum(np.arctanh(x), 0)),
    ("a ReLU of what should go through a sigmoid", lambda x: np.maximum(np.log(x) - np.log1p(-x), 0)),
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
    ("the right one cut at zero: what is negative has become 0", lambda x: np.maximum(x, 0)),
    ("the right one cut at zero: what is positive has become 0", lambda x: np.minimum(x, 0)),
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
    if not part.numeric or not part.aligned or part.ndim in (None, 0):
        return None
    ndim = part.ndim
    for says, function in ALONG:
        if says == ANOTHER_ORDER:
            said = slices_in_another_order(part)
            if said:
                return said
            continue
        for axis in range(ndim):
            if part.fits(lambda x, case, f=function, k=axis: f(x, k), proof=6 if part.integers else 3):
                text = says if ndim > 1 else says.replace(" along {axis}", "")
                return part.says("is " + text.format(axis=axis_name(axis, ndim), slice=slice_name(axis, ndim)))
    return None


def blocks(part: Part) -> Observation | None:
    """the halves, thirds or quarters of an axis are in another order, such as the gates of a cell"""
    ndim = part.aligned and part.numeric and part.ndim
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
                    along, right = axis_name(axis, ndim), ", ".join(str(i + 1) for i in range(count))
                    return part.says(
                        f"has its {name} along {along} in another order: where {right} belong, it has {moved}"
                    )
    return None


def _reordered(x, axis, count, order):
    pieces = np.split(x, count, axis)
    return np.concatenate([pieces[i] for i in order], axis)
