"""Call the answer again, on inputs changed a little: does an argument matter, does a call remember the one before?"""

import copy
import time
from functools import partial

import numpy as np

from seqlib.checks.calling import Outcome, guarded
from seqlib.checks.compare import as_array, difference
from seqlib.checks.readers.seen import Observation, seen, slice_name

SECONDS = 0.15  # of processor time, for one kind of probe
ALL = 0.45  # for all kinds together


class Probe:
    """An answer that can be called again, and the oracle beside it, within a time that all its calls share."""

    def __init__(self, exercise, ask, names, seconds: float = SECONDS, end: float | None = None):
        self.exercise, self.ask, self.names = exercise, ask, names
        self.end = time.thread_time() + ALL if end is None else end
        self.give(seconds)
        self.rng = np.random.default_rng(20)

    def give(self, seconds: float):
        """So much processor time from now on, and half of it more to confirm what was found."""
        now = time.thread_time()
        self.until, self.more = min(now + seconds, self.end), seconds / 2

    @property
    def over(self) -> bool:
        return time.thread_time() > self.until

    @property
    def late(self) -> bool:
        """Whether even what confirms a finding has to end."""
        return time.thread_time() > self.until + self.more

    def found(self, args, case):
        """What the answer gives: an Outcome."""
        return self.ask(tuple(args), case)

    def right(self, args, oracle: bool = False):
        """What is right for other inputs: by the plain right answer, since an oracle may ask more of them."""
        exercise = self.exercise
        plain = None if oracle else exercise.right
        plain = plain and (partial(exercise.using, plain) if exercise.using else plain)
        done = guarded(lambda: (plain or exercise.oracle)(*copy.deepcopy(tuple(args))), seconds=0.5)
        return None if done.error else done

    def close(self, found, right) -> bool:
        """Whether two results are equal as the check takes them to be."""
        exercise = self.exercise
        done = guarded(lambda: difference(found, right, returns=exercise.returns, rtol=exercise.rtol), seconds=0.5)
        return not done.error and done.value is None

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
    """The same kind of value with other content, in several ways, small and large; nothing where none makes sense."""
    if isinstance(value, (bool, np.bool_)):
        yield not value
        return
    array = as_array(value)
    if isinstance(value, (list, tuple)) or array is None:
        yield from _changed_list(value)
    elif array.size:
        ways = {"b": _other_masks, "i": _other_integers, "u": _other_integers, "f": _other_floats}
        yield from (_like(other, value) for other in ways.get(array.dtype.kind, lambda *_: ())(array, rng))


def _other_masks(array, rng):
    yield ~array
    flat = array.reshape(-1)
    for at in {0, flat.size - 1, int(rng.integers(flat.size))}:
        other = flat.copy()
        other[at] = ~other[at]
        yield other.reshape(array.shape)


def _other_integers(array, rng):
    if not array.ndim:
        yield from (array + 1, array + 2, np.maximum(array - 1, 0), 2 * array)
        return
    for axis in range(array.ndim):
        yield from (np.roll(array, 1, axis), np.flip(array, axis))
    yield rng.permutation(array.reshape(-1)).reshape(array.shape)
    yield np.full_like(array, array.reshape(-1)[0])
    yield rng.choice(np.unique(array), array.shape)


def _other_floats(array, rng):
    yield array * (1 + 0.1 * rng.uniform(0.5, 1, array.shape))
    yield array * 3
    yield -array
    yield array * 0.4
    if array.size > 1:
        yield rng.permutation(array.reshape(-1)).reshape(array.shape)
        yield array * rng.uniform(0.3, 3, array.shape)


def _changed_list(value):
    if not isinstance(value, list) or not value:
        return
    if len(value) > 1:
        yield value[1:] + value[:1]
        yield value[::-1]
        yield value[:-1]
        yield [value[-1], *value[1:]]
    inner = [as_array(v) for v in value]
    if all(isinstance(v, list) and len(v) > 1 for v in value):
        yield [v[1:] + v[:1] for v in value]
        yield [v[:-1] for v in value]
    elif all(a is not None and a.dtype.kind == "f" for a in inner):
        yield [v * 1.1 for v in value]
        yield [v * -3 for v in value]
    elif all(a is not None and a.dtype.kind == "b" and a.ndim for a in inner):
        yield [~v for v in value]


def _like(array, value):
    if hasattr(value, "detach"):
        import torch

        return torch.as_tensor(np.ascontiguousarray(array)).to(value.dtype)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(value)(array.item())
    return array if isinstance(value, np.ndarray) else np.asarray(array)[()]


def _tried_on(outcomes, passed) -> list[int]:
    """Cases that a probe looks at: two that fail, and one that passes."""
    fine = [i for i, o in enumerate(outcomes) if not o.kind and _finite(o.value)]
    return [i for i in fine if not passed[i]][:2] + [i for i in fine if passed[i]][:1]


def ignored_argument(probe: Probe, cases, outcomes, passed, rights, again) -> Observation | None:
    """an argument that changes nothing, though it should: an epsilon, a mask, a padding, a state, a length"""
    usable = _tried_on(outcomes, passed)
    for index in range(len(cases[0].args)):

        def others(value):
            return changed(value, probe.rng)

        if _without_effect(probe, cases, (outcomes, rights), usable, index, others) and _still(
            probe, again, index, others
        ):
            own = _name(probe, cases[0], index)
            return seen(
                f"`{own}` changes nothing: with other values of it, what is found stays the same, and it should not"
            )
        if probe.over:
            return None
    return None


def _without_effect(probe, cases, known, usable, index, others) -> bool:
    """Whether no change of an argument, in no case, changes what is found, while several change what is right."""
    hits = 0
    for i in usable:
        new = _hits(probe, cases[i], known[0][i], known[1][i], index, others)
        if new is None:
            return False
        hits += new
    return hits >= 2


def _still(probe, again, index, others) -> bool:
    """Whether it has no effect in cases that are drawn anew either."""
    hits, draws = 0, again()
    probe.give(SECONDS)
    for case, found, right, _ in draws:
        new = _hits(probe, case, Outcome(value=found), right, index, others)
        if new is None:
            return False
        hits += new
    return hits > 0


def _name(probe, case, index) -> str:
    return probe.names[index] if index < len(probe.names) else list(case.named)[index]


def _hits(probe, case, outcome, expected, index, others) -> int | None:
    """How many changes of an argument change the right result; None as soon as one changes the found one."""
    hits = 0
    for other in others(case.args[index]):
        if probe.over:
            return None
        args = [*case.args[:index], other, *case.args[index + 1 :]]
        right = probe.right(args)
        if right is None or not _finite(right.value):
            continue
        found = probe.found(args, case)
        if found.kind or not probe.same(found.value, outcome.value):
            return None
        hits += not probe.same(right.value, expected)
    return hits


# -- only a part of an argument is used ------------------------------------------------------------------------------


def ignored_part(probe: Probe, cases, outcomes, passed, rights, again) -> Observation | None:
    """only the first or last row or step of an argument is used, or all but that one"""
    usable = _tried_on(outcomes, passed)
    for index in range(len(cases[0].args)):
        arrays = [as_array(cases[i].args[index]) for i in usable]
        dims = {a.ndim for a in arrays if a is not None}
        if not arrays or any(
            a is None or isinstance(cases[i].args[index], (list, tuple)) for a, i in zip(arrays, usable, strict=True)
        ):
            continue
        if len(dims) != 1 or not dims - {0}:
            continue
        said = _parts(probe, cases, (outcomes, rights), usable, index, dims.pop(), again)
        if said or probe.over:
            return said
    return None


PARTS = [
    ("only the first {s} of `{n}` is used: whatever comes after it changes nothing, and should", slice(1, None)),
    ("only the last {s} of `{n}` is used: whatever comes before it changes nothing, and should", slice(None, -1)),
    ("the first {s} of `{n}` changes nothing, and should", slice(0, 1)),
    ("the last {s} of `{n}` changes nothing, and should", slice(-1, None)),
]  # fmt: skip


def _parts(probe, cases, known, usable, index, ndim, again) -> Observation | None:
    for axis in range(min(ndim, 2)):
        able = [i for i in usable if cases[i].args[index].shape[axis] >= 2]
        if not able or max(cases[i].args[index].shape[axis] for i in able) < 3:
            continue
        for says, which in PARTS:

            def others(value, w=which, k=axis):
                return _in_part(probe, value, k, w)

            if _without_effect(probe, cases, known, able, index, others) and _still(probe, again, index, others):
                text = says.format(n=_name(probe, cases[0], index), s=slice_name(axis, ndim))
                return seen(text[0].upper() + text[1:])
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
