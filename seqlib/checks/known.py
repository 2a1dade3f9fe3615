"""Recognise a known mistake: the wrong answer that does what this one does, wherever it tells anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqlib.checks.calling import guarded
from seqlib.checks.compare import as_array, difference

# What one case says of a mistake.
TELLS, CRASHES, GUARDED, QUIET, CONTRADICTS = "tells", "crashes", "guarded", "quiet", "contradicts"


@dataclass
class Fit:
    """How well a known mistake explains an answer, over all cases."""

    ways: list[str]
    proof: int = 0  # how many different numbers agree that are not the right ones
    whole: int = 0  # cases in which everything agrees

    @property
    def telling(self) -> int:
        return self.ways.count(TELLS)

    @property
    def certain(self) -> bool:
        """Whether it can't be chance. Errors alone, each the same to the last word, prove only a mistake that does
        nothing wrong but fail."""
        if CONTRADICTS in self.ways:
            return False
        if not self.telling:
            return CRASHES in self.ways and set(self.ways) <= {CRASHES, QUIET}
        guarded = self.ways.count(GUARDED)
        return not guarded or self.telling >= 2 or self.proof >= 4

    @property
    def rank(self) -> tuple:
        return self.telling, self.whole, self.proof


def recognise(
    exercise, mistakes: Mapping[str, Callable], tried: Callable, cases: Sequence, outcomes: Sequence, rights: Sequence
) -> str | None:
    """The diagnosis of the mistake that fits best, the first of equals; None where none is certain.

    `tried(wrong, case)` gives the Outcome of a mistake; `rights` are the expected values.
    """
    best, diagnosis = None, None
    order = sorted(range(len(cases)), key=lambda i: _agree(exercise, outcomes[i].value, rights[i]))  # the telling first
    cases, outcomes, rights = ([things[i] for i in order] for things in (cases, outcomes, rights))
    for says, wrong in mistakes.items():
        fit = fitted(exercise, wrong, tried, cases, outcomes, rights)
        if fit is not None and fit.certain and (best is None or fit.rank > best.rank):
            best, diagnosis = fit, says
            if fit.telling == len(cases):  # no other can fit better
                break
    return diagnosis


def fitted(exercise, wrong, tried, cases, outcomes, rights) -> Fit | None:
    """None as soon as one case contradicts."""
    fit = Fit([])
    for case, outcome, right in zip(cases, outcomes, rights, strict=True):
        way, proof = _one(exercise, tried(wrong, case), outcome, right, case)
        if way == CONTRADICTS:
            return None
        fit.ways.append(way)
        fit.proof += proof
        fit.whole += way != GUARDED
    return fit


def _one(exercise, theirs, outcome, right, case) -> tuple[str, int]:
    if theirs.kind:
        if outcome.kind:
            same = (theirs.kind, theirs.detail) == (outcome.kind, outcome.detail)
            return (CRASHES if same else CONTRADICTS), 0
        return GUARDED, 0  # the answer gives a value where the mistake fails: it may be guarded
    if outcome.kind or theirs.modified != outcome.modified:
        return CONTRADICTS, 0
    if _agree(exercise, outcome.value, theirs.value):
        if theirs.modified or not _right(exercise, theirs.value, right, case):
            return TELLS, _different(theirs.value, right)
        return QUIET, 0
    if exercise.judge is not None and all(_right(exercise, v, right, case) for v in (outcome.value, theirs.value)):
        return QUIET, 0  # right in two ways, where an answer is not unique
    return _where_finite(outcome.value, theirs.value, right, exercise.rtol)


def _agree(exercise, found, other) -> bool:
    done = guarded(lambda: difference(found, other, returns=exercise.returns, rtol=exercise.rtol))
    return not done.error and done.value is None


def _right(exercise, value, right, case) -> bool:
    if exercise.judge is not None:
        done = guarded(lambda: exercise.judge(value, case))
        return not done.error and done.value is None
    return _agree(exercise, value, right)


def _arrays(*values) -> list | None:
    """The arrays of a result or of several; None where there is something else or the shapes differ."""
    if all(isinstance(v, (tuple, list)) for v in values) and any(as_array(v) is None for v in values):
        if len({len(v) for v in values}) != 1:
            return None
        parts = [_arrays(*each) for each in zip(*values, strict=True)]
        return None if any(p is None for p in parts) else [one for part in parts for one in part]
    arrays = [as_array(v) for v in values]
    if any(a is None or a.dtype.kind not in "biuf" for a in arrays) or len({a.shape for a in arrays}) != 1:
        return None
    return [tuple(a.astype(float) for a in arrays)]


def _where_finite(found, theirs, right, rtol) -> tuple[str, int]:
    """A mistake that is nan or infinite somewhere, and an answer that is guarded there: the rest has to agree."""
    arrays = _arrays(found, theirs, right)
    if arrays is None or all(np.isfinite(t).all() for _, t, _ in arrays):
        return CONTRADICTS, 0
    proof, guards = 0, []
    for f, t, r in arrays:
        finite = np.isfinite(t)
        odd = ~finite & np.isfinite(f) | ~finite & ~np.isfinite(r)
        if not (odd | finite).all():
            return CONTRADICTS, 0
        guards += [_guarded(f, r, odd)] if odd.any() else []
        f, t, r = f[finite], t[finite], r[finite]
        scale = rtol * max(float(np.abs(t).max()) if t.size else 0.0, 1e-9)
        if not np.isclose(f, t, rtol=rtol, atol=scale).all():
            return CONTRADICTS, 0
        proof += len(np.unique(np.round(t[~np.isclose(t, r, rtol=1e-5, atol=scale)], 9)))
    if guards and not any(guards):  # one of several results is enough: the others may follow from it
        return CONTRADICTS, 0
    return (TELLS if proof else GUARDED), proof


def _guarded(found, right, odd) -> bool:
    """Whether numbers may be what a guard puts in the place of nan: in each row one and the same, or the right ones."""
    width = found.shape[-1] if found.ndim else 1
    for f, r, o in zip(*(a.reshape(-1, width) for a in (found, right, odd)), strict=True):
        f, r = f[o & np.isfinite(f)], r[o & np.isfinite(f)]
        if f.size and not np.isclose(f, f[0]).all() and not np.isclose(f, r).all():
            return False
    return True


def _different(theirs, right) -> int:
    """How many different numbers of a mistake are not the right ones; 1 for what is no array of the same shape."""
    arrays = _arrays(theirs, right)
    if arrays is None:
        return 1
    with np.errstate(all="ignore"):
        return sum(
            len(np.unique(np.round(t[~np.isclose(t, r, rtol=1e-6, atol=1e-9, equal_nan=True)], 9))) for t, r in arrays
        )
