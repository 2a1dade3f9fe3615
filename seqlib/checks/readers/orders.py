"""The right numbers in another order: rows exchanged, sorted, spread over the shape in another way."""

import numpy as np

from seqlib.checks.readers.seen import Observation, Part, plural, slice_name


def permuted(part: Part) -> Observation | None:
    """the right values in another order: rows exchanged, sorted, or spread over the shape in another way"""
    if not part.numeric or part.proof < 6:
        return None
    if any(p.a.size != p.b.size for p in part.pairs):
        return None
    if not all(alike_sorted(p) for p in part.pairs):
        return None
    ndim = part.aligned and part.ndim
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
    ndim = part.ndim
    for axis in range(ndim) if ndim and ndim >= 2 and part.proof >= 6 else ():
        if all(_slices_permuted(p, axis) for p in part.pairs):
            return part.says(f"has the right {plural(slice_name(axis, ndim))}, in another order")
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
