"""Is what was found right for other inputs: with two arguments exchanged, a mask the other way round, a state of zeros?

The right result is worked out for inputs that are changed in one way, and what was found has to be that in every case,
and in cases that are drawn anew.
"""

import copy

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.probes import SECONDS, Probe, _finite, _like
from seqlib.checks.readers.seen import Observation, axis_name, seen

# What is made of an argument, and how that is said: "… where `n` is …". None where it makes no sense.
FLOATS = [
    ("all zeros", lambda v: np.zeros_like(v)), ("all ones", lambda v: np.ones_like(v)),
    ("doubled", lambda v: 2 * v), ("halved", lambda v: v / 2), ("negative: its sign is turned", lambda v: -v),
    ("squared", np.square), ("replaced by its absolute values", np.abs), ("replaced by its root", np.sqrt),
    ("upside down (1 divided by it)", lambda v: 1 / v), ("cut at zero", lambda v: np.maximum(v, 0)),
    ("rounded down to whole numbers", np.floor), ("cut to whole numbers", np.trunc),
    ("put through a tanh", np.tanh), ("put through a sigmoid", lambda v: 1 / (1 + np.exp(-v))),
    ("put through an exponential", np.exp), ("replaced by its logarithm", np.log),
    ("one minus itself", lambda v: 1 - v), ("one more than it is", lambda v: v + 1),
    ("one less than it is", lambda v: v - 1),
    ("transposed", lambda v: v.swapaxes(-1, -2) if v.ndim > 1 and v.shape[-1] == v.shape[-2] else None),
    ("only its diagonal", lambda v: v * np.eye(*v.shape) if v.ndim == 2 else None),
]  # fmt: skip
SCALED = [
    ("multiplied by the root of its last axis", lambda v: v * v.shape[-1] ** 0.5 if v.ndim else None),
    ("divided by the root of its last axis", lambda v: v / v.shape[-1] ** 0.5 if v.ndim else None),
    ("divided by its last axis", lambda v: v / v.shape[-1] if v.ndim else None),
    ("multiplied by its last axis", lambda v: v * v.shape[-1] if v.ndim else None),
    ("brought to length 1 along its last axis",
     lambda v: v / np.linalg.norm(v, axis=-1, keepdims=True) if v.ndim else None),
]  # fmt: skip
MASKS = [
    ("the other way round", lambda v: ~v), ("True everywhere", lambda v: np.ones_like(v)),
    ("False everywhere", lambda v: np.zeros_like(v)),
]  # fmt: skip
INTEGERS = [
    ("0", lambda v: np.zeros_like(v)), ("1", lambda v: np.ones_like(v)),
    ("one more than it is", lambda v: v + 1), ("one less than it is", lambda v: v - 1),
    ("two more than it is", lambda v: v + 2), ("two less than it is", lambda v: v - 2),
    ("doubled", lambda v: 2 * v), ("halved", lambda v: v // 2), ("negative", lambda v: -v),
    ("the largest of all of them, everywhere", lambda v: np.full_like(v, v.max()) if v.ndim else None),
]  # fmt: skip
ALONG = [
    ("in reversed order along {axis}", lambda v, k: np.flip(v, k)),
    ("rolled on by one along {axis}", lambda v, k: np.roll(v, 1, k)),
    ("rolled back by one along {axis}", lambda v, k: np.roll(v, -1, k)),
    ("one step late along {axis}, with zeros first", lambda v, k: _late(v, k)),
    ("the first one everywhere along {axis}", lambda v, k: np.broadcast_to(np.take(v, [0], k), v.shape).copy()),
    ("the last one everywhere along {axis}", lambda v, k: np.broadcast_to(np.take(v, [-1], k), v.shape).copy()),
    ("without the last along {axis}", lambda v, k: np.delete(v, -1, k)),
    ("without the first along {axis}", lambda v, k: np.delete(v, 0, k)),
    ("sorted along {axis}", lambda v, k: np.sort(v, k)),
]  # fmt: skip
LISTS = [
    ("in reversed order", lambda v: v[::-1]), ("without its last item", lambda v: v[:-1]),
    ("without its first item", lambda v: v[1:]), ("sorted", sorted),
    ("without repetitions", lambda v: list(dict.fromkeys(v))), ("only its first item", lambda v: v[:1]),
    ("only its last item", lambda v: v[-1:]),
    ("with each of its items in reversed order", lambda v: [i[::-1] for i in v]),
    ("with each of its items without the last", lambda v: [i[:-1] for i in v]),
    ("with each of its items without the first", lambda v: [i[1:] for i in v]),
    ("the other way round in each of its masks", lambda v: [~m for m in v]),
    ("True everywhere", lambda v: [np.ones_like(m) for m in v if m.dtype.kind == "b"] or None),
]  # fmt: skip
TEXTS = [
    ("in small letters", str.lower), ("in capitals", str.upper), ("backwards", lambda v: v[::-1]),
    ("without white space at its ends", str.strip), ("without its last letter", lambda v: v[:-1]),
    ("without its first letter", lambda v: v[1:]), ("without white space", lambda v: "".join(v.split())),
]  # fmt: skip


def _late(v, k):
    moved = np.roll(v, 1, k)
    moved[(slice(None),) * k + (slice(0, 1),)] = 0
    return moved


def _ways(value):
    """(what is said, function of a value) for values of this kind."""
    if isinstance(value, (bool, np.bool_)):
        return [("the other way round", lambda v: not v)]
    if isinstance(value, str):
        return TEXTS
    if isinstance(value, list):
        return LISTS
    array = as_array(value)
    if array is None:
        return []
    kinds = {"f": [*FLOATS, *SCALED], "b": MASKS, "i": INTEGERS, "u": INTEGERS}.get(array.dtype.kind, [])
    along = [
        (says.format(axis=axis_name(axis, array.ndim)) if array.ndim > 1 else says.replace(" along {axis}", ""),
         lambda v, f=function, k=axis: f(v, k))
        for axis in range(array.ndim) for says, function in ALONG
    ]  # fmt: skip
    return [(says, _on_arrays(function)) for says, function in [*kinds, *along]]


def _on_arrays(function):
    def other(value):
        made = function(as_array(value).copy())
        return None if made is None else _like(np.asarray(made), value)

    return other


def _suppositions(cases, names):
    """(what is said, function of the arguments), two arguments exchanged first."""
    args = cases[0].args
    own = [names[i] if i < len(names) else list(cases[0].named)[i] for i in range(len(args))]
    for i in range(len(args)):
        for j in range(i + 1, len(args)):
            if type(args[i]) is type(args[j]) and np.ndim(as_array(args[i])) == np.ndim(as_array(args[j])):
                yield f"with `{own[i]}` and `{own[j]}` exchanged", _exchange(i, j)
    for i in range(len(args)):
        widest = max((c.args[i] for c in cases if c.args[i] is not None), key=_axes, default=None)
        for says, function in _ways(widest):
            yield f"where `{own[i]}` is {says}", _replace(i, function)


def _axes(value) -> int:
    return getattr(value, "ndim", 0)


def _exchange(i, j):
    def other(args):
        args = list(args)
        args[i], args[j] = args[j], args[i]
        return args

    return other


def _replace(i, function):
    def other(args):
        if args[i] is None:
            return args
        made = function(copy.deepcopy(args[i]))
        return None if made is None else [*args[:i], made, *args[i + 1 :]]

    return other


def supposed(probe: Probe, cases, outcomes, passed, again) -> Observation | None:
    """right for other inputs: two arguments exchanged; one zero, doubled, negative, transposed, reversed, late by one,
    the first for all; a mask the other way round or without effect; a number one more or less; a scale missing"""
    if any(o.kind for o in outcomes):
        return None
    order = sorted(range(len(cases)), key=lambda i: passed[i])
    seen_all = [(cases[i], outcomes[i].value) for i in order]
    for says, function in _suppositions(cases, probe.names):
        if probe.over:
            return None
        if all(_fits(probe, function, case, found) for case, found in seen_all) and _holds(probe, function, again):
            return seen(f"What comes out is right for another input: {says}")
    return None


def _fits(probe, function, case, found) -> bool:
    try:
        with np.errstate(all="ignore"):
            args = function(case.args)
    except Exception:  # it makes no sense of such a value
        return False
    right = None if args is None else probe.right(args)
    return right is not None and _finite(right.value) and probe.close(found, right.value)


def _holds(probe, function, again) -> bool:
    """Also in cases that are drawn anew, at least one of which the answer gets wrong."""
    told, draws = 0, again()
    probe.give(SECONDS)
    for case, found, _, right in draws:
        if probe.late or not _fits(probe, function, case, found):
            return False
        told += not right
    return told > 0
