"""Row by row: a factor or a summand of its own, sums that are not 1, a softmax of scores on another scale."""

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.arguments import all_fit
from seqlib.checks.readers.factors import FORMS, named
from seqlib.checks.readers.seen import Observation, Part, alike, axis_name, near
from seqlib.checks.readers.sizes import quantities


def row_by_row(part: Part) -> Observation | None:
    """each row, column or step right up to a factor or a summand of its own: a normaliser over the wrong axis"""
    dims = {p.b.ndim for p in part.pairs}
    if not part.numeric or not part.aligned or len(dims) != 1 or part.integers or part.proof < 12:
        return None
    ndim = dims.pop()
    for axis in reversed(range(ndim)) if ndim > 1 else ():
        if any(p.b.shape[axis] < 3 for p in part.failing):
            continue
        if all(_scaled(p, axis) for p in part.pairs):
            return part.says(f"{_each(axis, ndim)} up to a factor of its own{_sums(part, axis, ndim)}")
        if all(_moved(p, axis) for p in part.pairs):
            return part.says(f"{_each(axis, ndim)} up to a number of its own that is added")
    return None


def _each(axis, ndim) -> str:
    if ndim == 2:
        return f"is right in each {('column', 'row')[axis]}"
    return f"is right along {axis_name(axis, ndim)}"


def _scaled(p, axis) -> bool:
    a, b = np.moveaxis(p.a, axis, -1), np.moveaxis(p.b, axis, -1)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    top = np.argmax(np.abs(b), -1)[..., None]
    below = np.take_along_axis(b, top, -1)
    with np.errstate(all="ignore"):
        ratio = np.where(below == 0, 0.0, np.take_along_axis(a, top, -1) / np.where(below == 0, 1.0, below))
    return bool(np.isclose(a, ratio * b, rtol=p.tolerance, atol=p.tolerance * np.abs(a).max(-1, keepdims=True)).all())


def _moved(p, axis) -> bool:
    if not (np.isfinite(p.a).all() and np.isfinite(p.b).all()):
        return False
    gap = p.a - p.b
    return alike(p.a, p.b + gap.mean(axis, keepdims=True), p.tolerance)


def temperature(part: Part) -> Observation | None:
    """a softmax of scores that are too large or too small by a factor: a scale missing, doubled, of another size"""
    if not part.numeric or not part.aligned or part.integers or part.proof < 12:
        return None
    dims = {p.b.ndim for p in part.pairs}
    if len(dims) != 1 or 0 in dims or not all(_shares(p.a) and _shares(p.b) for p in part.pairs):
        return None
    found = [_slope(p) for p in part.pairs]
    if any(k is None for k in found) or all(np.isnan(k) for k in found):
        return None
    ks = [None if np.isnan(k) else float(k) for k in found]
    known = [k for k in ks if k is not None]
    if max(known) - min(known) > 1e-4 * abs(known[0]):
        size = named(ks, quantities(part), tolerance=1e-4)
        by = f": it is {size}" if size else ", another one in each case"
    else:
        sizes = quantities(part)
        size = next(
            (
                form.format(q=name)
                for form, function in FORMS[:4]
                for name, values in sizes.items()
                if min(values) >= 2 and np.allclose(function(np.array(values)), known[0], rtol=1e-4)
            ),
            None,
        )
        by = f": it is {size}" if size else ", the same in every case"
    return part.says(f"is the softmax of scores that are too large or too small by a factor{by}")


def _shares(x) -> bool:
    """Rows that sum to 1 (or are all zeros) and are nowhere negative."""
    sums = x.sum(-1)
    return bool((np.isclose(sums, 1, atol=1e-5) | (np.abs(x).sum(-1) == 0)).all() and (x >= 0).all())


def _slope(p):
    """The one factor between the logarithms of two softmaxes; nan where no row tells it, None where there is none."""
    if not ((p.a > 0) == (p.b > 0)).all():
        return None
    slopes = []
    for a, b in zip(p.a.reshape(-1, p.a.shape[-1]), p.b.reshape(-1, p.b.shape[-1]), strict=True):
        live = (a > 1e-12) & (b > 1e-12)
        if live.sum() < 3:
            continue
        x, y = np.log(b[live]), np.log(a[live])
        x, y = x - x.mean(), y - y.mean()
        if not (x @ x):
            return None
        k = (x @ y) / (x @ x)
        if not np.allclose(y, k * x, atol=1e-6 * (1 + np.abs(y).max())):
            return None
        slopes.append(k)
    if not slopes:
        return np.nan
    return slopes[0] if np.allclose(slopes, slopes[0], rtol=1e-4) and abs(slopes[0]) > 1e-6 else None


def wrong_sums(part: Part) -> Observation | None:
    """it sums to 1 along another axis than the right one, or along none"""
    dims = {p.b.ndim for p in part.pairs}
    if not part.numeric or not part.aligned or len(dims) != 1 or min(dims) < 1 or part.proof < 9:
        return None
    if any(min(p.b.shape) < 1 or np.isin(p.b, (0, 1)).all() for p in part.pairs):
        return None
    ndim = min(dims)
    said = _sums(part, ndim - 1, ndim)
    return part.says(said.removeprefix(": it ").replace("does not sum", "does not sum")) if said else None


def by_rows_count(part: Part) -> Observation | None:
    """each row times a count of its own: the True in its mask, its length, that plus or minus one"""
    if not part.numeric or not part.aligned or part.proof < 6:
        return None
    for index in range(len(part.pairs[0].case.args)):
        counts = [_row_counts(as_array(p.case.args[index]), p.b.shape) for p in part.pairs]
        if any(c is None for c in counts):
            continue
        name = f"`{part.named(index, part.pairs[0])}`"
        mask = as_array(part.pairs[0].case.args[index]).dtype.kind == "b"
        what = f"the number of True in its row of {name}" if mask else f"its own number in {name}"
        for form, function in FORMS:
            if all_fit(part, counts, lambda x, n, f=function: x * f(n)):
                return part.says(f"is, row by row, the right one times {form.format(q=what)}")
    return None


def _row_counts(array, shape):
    """How much each row of a mask lets through, or a length of each row, shaped so that it multiplies the result."""
    if array is None or not shape:
        return None
    if array.dtype.kind == "b" and array.ndim == 2 and array.shape[0] == shape[0]:
        counts = array.sum(1)
    elif array.dtype.kind in "iu" and array.ndim == 1 and array.shape[0] == shape[0]:
        counts = array
    else:
        return None
    return counts.astype(float).reshape(-1, *[1] * (len(shape) - 1))


def _sums(part: Part, axis: int, ndim: int) -> str:
    """Where the sums are one in what is right, and where in what was found."""

    def one(arrays, k):
        return all(bool(near(x.sum(k), np.ones_like(x.sum(k)), 1e-5).all()) for x in arrays)

    right = [k for k in range(ndim) if one([p.b for p in part.pairs], k)]
    found = [k for k in range(ndim) if one([p.a for p in part.pairs], k)]
    if right and found and right != found:
        return f": it sums to 1 along {axis_name(found[0], ndim)}, where that along {axis_name(right[0], ndim)} should"
    if right and not found:
        return f": it does not sum to 1 along {axis_name(right[0], ndim)}, as it should"
    return ""
