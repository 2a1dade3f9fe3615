"""Call the answer again, on inputs changed a little: does an argument matter, does a call remember the one before?"""

import copy
import time

import numpy as np

from seqlib.checks.calling import guarded
from seqlib.checks.compare import as_array, difference
from seqlib.checks.readers.seen import Observation, axis_name, seen

SECONDS = 0.3  # for all probes of one check together


class Probe:
    """An answer that can be called again, and the oracle beside it, within a time that all its calls share."""

    def __init__(self, exercise, ask, names, seconds: float = SECONDS):
        self.exercise, self.ask, self.names = exercise, ask, names
        self.until = time.monotonic() + seconds
        self.rng = np.random.default_rng(20)

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    def found(self, args, case):
        """What the answer gives: an Outcome."""
        return self.ask(tuple(args), case)

    def right(self, args):
        done = guarded(lambda: self.exercise.oracle(*copy.deepcopy(tuple(args))), seconds=0.5)
        return None if done.error else done

    def same(self, one, other) -> bool:
        """Whether two results are the same to the last digit, but for the noise of parallel sums."""
        done = guarded(lambda: difference(one, other, returns=self.exercise.returns, rtol=1e-9), seconds=0.5)
        return not done.error and done.value is None


def unsteady(probe: Probe, cases, outcomes) -> Observation | None:
    """two calls on the same inputs give two results: a random number, or something kept from call to call"""
    for case, outcome in list(zip(cases, outcomes, strict=True))[:3]:
        if outcome.kind or probe.over:
            continue
        again = probe.found(case.args, case)
        if again.kind or not _finite(outcome.value):
            continue
        if not probe.same(outcome.value, again.value):
            return seen(
                "Two calls on the same inputs give two results: it draws a random number, or keeps something from "
                "one call to the next"
            )
    return None


def _finite(value) -> bool:
    array = as_array(value)
    return array is None or array.dtype.kind not in "fc" or bool(np.isfinite(array).all())


def changed(value, rng):
    """The same kind of value with other content, several ways; nothing where no other is known to make sense."""
    if isinstance(value, (bool, np.bool_)):
        yield not value
        return
    array = as_array(value)
    if array is None or isinstance(value, (list, tuple)):
        yield from _changed_list(value)
        return
    if not array.size:
        return
    if array.dtype.kind == "b":
        flat = array.copy().reshape(-1)
        for at in (int(rng.integers(flat.size)), int(rng.integers(flat.size)), 0, flat.size - 1):
            other = flat.copy()
            other[at] = ~other[at]
            yield _like(other.reshape(array.shape), value)
    elif array.dtype.kind in "iu":
        if not array.ndim:
            yield from (_like(array + 1, value), _like(np.maximum(array - 1, 0), value))
        else:
            yield from (_like(np.roll(array, 1, k), value) for k in reversed(range(array.ndim)))
    else:
        yield _like(array * (1 + 0.1 * rng.uniform(0.5, 1, array.shape)), value)


def _changed_list(value):
    if isinstance(value, list) and len(value) > 1:
        yield copy.deepcopy(value[1:] + value[:1])
        if all(isinstance(v, list) and len(v) > 1 for v in value):
            yield [v[1:] + v[:1] for v in copy.deepcopy(value)]
    elif isinstance(value, list) and value and as_array(value[0]) is not None and as_array(value[0]).dtype.kind == "f":
        yield [v * 1.1 for v in copy.deepcopy(value)]


def _like(array, value):
    if hasattr(value, "detach"):
        import torch

        return torch.as_tensor(np.ascontiguousarray(array)).to(value.dtype)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(value)(array.item())
    return array if isinstance(value, np.ndarray) else np.asarray(array)[()]


def ignored_argument(probe: Probe, cases, outcomes, passed, rights) -> Observation | None:
    """an argument that changes nothing, though it should: an epsilon, a mask, a padding, a state, a length"""
    usable = [i for i, o in enumerate(outcomes) if not o.kind and not passed[i]]
    for index in range(len(cases[0].args)):
        told, agreed = 0, True
        for i in usable[:3]:
            hits = _matters(probe, cases[i], (outcomes[i], rights[i]), index, lambda v: changed(v, probe.rng))
            if hits is None:
                agreed = False
                break
            told += hits
        if agreed and told:
            own = _name(probe, cases[0], index)
            return seen(f"`{own}` changes nothing: whatever it is, what is found stays the same, and it should not")
        if probe.over:
            return None
    return None


def _name(probe, case, index) -> str:
    return probe.names[index] if index < len(probe.names) else list(case.named)[index]


def _matters(probe, case, known, index, others) -> int | None:
    """How many changes of an argument change the right result and leave the found one; None as soon as one shows."""
    hits, (outcome, expected) = 0, known
    for other in others(case.args[index]):
        if probe.over:
            return None
        args = [*case.args[:index], other, *case.args[index + 1 :]]
        right = probe.right(args)
        if right is None or not _finite(right.value) or _same_right(probe, right.value, expected):
            continue
        found = probe.found(args, case)
        if found.kind or not probe.same(found.value, outcome.value):
            return None
        hits += 1
    return hits


def _same_right(probe, value, expected) -> bool:
    done = guarded(lambda: difference(value, expected, returns=probe.exercise.returns, rtol=1e-5), seconds=0.5)
    return bool(done.error) or done.value is None


# -- only a part of an argument is used ------------------------------------------------------------------------------


def ignored_part(probe: Probe, cases, outcomes, passed, rights) -> Observation | None:
    """only the first or last row or step of an argument is used, or all but that one"""
    usable = [i for i, o in enumerate(outcomes) if not o.kind and not passed[i]]
    for index in range(len(cases[0].args)):
        arrays = [as_array(cases[i].args[index]) for i in usable]
        dims = {a.ndim for a in arrays if a is not None}
        if not arrays or any(
            a is None or isinstance(cases[i].args[index], (list, tuple)) for a, i in zip(arrays, usable, strict=True)
        ):
            continue
        if len(dims) != 1 or not dims - {0}:
            continue
        said = _parts(probe, cases, (outcomes, rights), usable, index, dims.pop())
        if said or probe.over:
            return said
    return None


PARTS = [
    ("only the first {s} of `{n}` is used: the others change nothing", slice(1, None)),
    ("only the last {s} of `{n}` is used: the others change nothing", slice(None, -1)),
    ("the first {s} of `{n}` changes nothing", slice(0, 1)), ("the last {s} of `{n}` changes nothing", slice(-1, None)),
]  # fmt: skip


def _parts(probe, cases, known, usable, index, ndim) -> Observation | None:
    outcomes, rights = known
    for axis in range(min(ndim, 2)):
        able = [i for i in usable if cases[i].args[index].shape[axis] >= 2]
        if not able:
            continue
        for says, which in PARTS:
            told, agreed = 0, True
            for i in able[:2]:
                hits = _matters(
                    probe,
                    cases[i],
                    (outcomes[i], rights[i]),
                    index,
                    lambda v, w=which, k=axis: _in_part(probe, v, k, w),
                )
                if hits is None:
                    agreed = False
                    break
                told += hits
            if agreed and told:
                step = (
                    "entry"
                    if ndim == 1
                    else ("row", "column")[axis]
                    if ndim == 2
                    else f"place on {axis_name(axis, ndim)}"
                )
                text = says.format(n=_name(probe, cases[0], index), s=step)
                return seen(text[0].upper() + text[1:] + ", and it should")
            if probe.over:
                return None
    return None


def _in_part(probe, value, axis, which):
    array = as_array(value)
    place = (slice(None),) * axis + (which,)
    for other in changed(array[place], probe.rng):
        new = array.copy()
        new[place] = other
        yield _like(new, value)
