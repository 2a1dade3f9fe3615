"""Where is it wrong: in the first step alone, only where a mask hides, only where the right value is zero?"""

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.seen import Observation, Part, axis_name, plural, slice_name


def _usable(part: Part) -> int | None:
    """The number of axes, where found and right can be laid over each other in every case."""
    dims = {p.b.ndim for p in part.pairs} if part.numeric else set()
    return dims.pop() if len(dims) == 1 and part.aligned and part.failing else None


def _held(part: Part) -> str:
    """What stands where it is wrong, in a few words."""
    found = np.concatenate([p.a[p.wrong] for p in part.failing])
    right = np.concatenate([p.b[p.wrong] for p in part.failing])
    if np.isnan(found).all():
        return ", where it holds nan"
    if not found.any():
        return ", where it holds zeros"
    if (found == 1).all():
        return ", where it holds ones"
    if not right.any():
        return ", where zeros belong"
    if len(found) >= 3 and np.allclose(found, -right, rtol=1e-5):
        return ", where its sign is turned"
    return ""


def one_end(part: Part) -> Observation | None:
    """wrong only, or right only, in the first or last step, row or column; in one half, third or quarter of an axis"""
    ndim = _usable(part)
    if not ndim:
        return None
    for axis in range(ndim):
        flat = [np.moveaxis(p.wrong, axis, 0).reshape(p.wrong.shape[axis], -1).any(1) for p in part.failing]
        if any(len(f) < 2 for f in flat) or max(len(f) for f in flat) < 3:
            continue
        name = slice_name(axis, ndim)
        for at, says in ((0, "first"), (-1, "last")):
            if all(f[at] and f.sum() == 1 for f in flat):
                return part.says(f"is wrong only in its {says} {name}{_held(part)}: everything else is right")
            if all(not f[at] and f.sum() == len(f) - 1 for f in flat):
                return part.says(
                    f"is right only in its {says} {name}, and wrong in all {plural(name)} "
                    f"{'after' if at == 0 else 'before'} it{_held(part)}"
                )
    return _one_block(part, ndim)


def _one_block(part: Part, ndim: int) -> Observation | None:
    for axis in reversed(range(ndim)):
        for count, name in ((2, "half"), (3, "third"), (4, "quarter")):
            if any(p.b.shape[axis] % count or p.b.shape[axis] < 2 * count for p in part.failing):
                continue
            bad = [{i for i, piece in enumerate(np.split(p.wrong, count, axis)) if piece.any()} for p in part.failing]
            if all(b == bad[0] for b in bad) and len(bad[0]) == 1:
                which = ("first", "second", "third", "last" if count == 4 else "fourth")[min(bad[0])]
                return part.says(
                    f"is wrong only in the {which} {name} of {axis_name(axis, ndim)}{_held(part)}: the rest is right"
                )
            if count > 2 and all(b == bad[0] for b in bad) and len(bad[0]) == count - 1:
                which = ("first", "second", "third", "last")[min(set(range(count)) - bad[0])]
                return part.says(f"is right only in the {which} {name} of {axis_name(axis, ndim)}")
    return None


# -- where an argument says something --------------------------------------------------------------------------------


def _spread(mask: np.ndarray, shape) -> np.ndarray | None:
    """A mask over the places of a result: by its own shape, or by its first axes."""
    for extra in range(len(shape) + 1):
        wide = mask.reshape(mask.shape + (1,) * extra)
        if wide.ndim <= len(shape):
            try:
                return np.broadcast_to(wide, shape)
            except ValueError:
                continue
    return None


def masked_places(part: Part) -> Observation | None:
    """wrong only where a mask is False (padding), or only where it is True"""
    ndim = _usable(part)
    if not ndim:
        return None
    for index, name in enumerate(list(part.pairs[0].case.named)):
        masks = [as_array(p.case.named.get(name)) for p in part.failing]
        if any(m is None or m.dtype.kind != "b" or not m.ndim for m in masks):
            continue
        wide = [_spread(m, p.b.shape) for m, p in zip(masks, part.failing, strict=True)]
        if any(w is None or w.all() or not w.any() for w in wide):
            continue
        own = part.named(index, part.pairs[0])
        wrong = [p.wrong for p in part.failing]
        for value in (False, True):
            if all(_covers(w, m == value) for w, m in zip(wrong, wide, strict=True)):
                return part.says(
                    f"is wrong only where `{own}` is {value}{_held(part)}, and right wherever it is {not value}"
                )
    return None


def _covers(wrong, area) -> bool:
    """Whether what is wrong lies in an area, and is at least half of it: else another area says more."""
    return not (wrong & ~area).any() and 2 * wrong.sum() >= area.sum()


def not_finite(part: Part) -> Observation | None:
    """nan or infinite wherever it is wrong"""
    if _usable(part) is None:
        return None
    found = np.concatenate([p.a[p.wrong] for p in part.failing])
    right = np.concatenate([p.b[p.wrong] for p in part.failing])
    where = "everywhere" if all(p.wrong.all() for p in part.failing) else "wherever it is wrong"
    if len(found) and np.isnan(found).all() and np.isfinite(right).all():
        return part.says(
            f"is nan {where}: 0 divided by 0, ∞ minus ∞, ∞ times 0, or the root or logarithm of something "
            "negative comes to that"
        )
    if len(found) and np.isinf(found).all() and np.isfinite(right).all():
        return part.says(
            f"is infinite {where}: something is divided by 0, a logarithm of 0 is taken, or an exponential is too large"
        )
    return None


def imprecise(part: Part) -> Observation | None:
    """right to some digits and no further: float32 or float16 in between, something rounded, another epsilon"""
    if not part.numeric or not part.aligned or not part.failing or part.integers:
        return None
    worst = 0.0
    for p in part.failing:
        finite = np.isfinite(p.b)
        if not (np.isfinite(p.a) == finite).all() or not p.b[finite].all():
            return None
        gap = np.abs(p.a[finite] / p.b[finite] - 1)
        worst = max(worst, float(gap.max()) if gap.size else 0.0)
    if not 0 < worst < 1e-3 or sum(p.b.size for p in part.failing) < 4:
        return None
    return part.says(
        "is right to some digits and no further: is something computed in float32 or "
        "float16, or rounded, or is a small number such as an epsilon another one?"
    )


def constant(part: Part) -> Observation | None:
    """zeros everywhere, or one and the same number"""
    if _usable(part) is None:
        return None
    found = np.concatenate([p.a.ravel() for p in part.failing])
    right = np.concatenate([p.b.ravel() for p in part.failing])
    if len(found) < 3 or len(np.unique(np.round(right[np.isfinite(right)], 9))) < 3:
        return None
    if not found.any():
        return part.says("is zero everywhere: values belong there")
    if np.ptp(found) == 0:
        return part.says("holds one and the same number everywhere, whatever is put in")
    return None


def by_value(part: Part) -> Observation | None:
    """wrong only where the right value is zero, negative, positive; zeros or one constant in the place of values; its
    sign turned there"""
    ndim = _usable(part)
    if ndim is None or sum(p.b.size for p in part.pairs) < 4:
        return None
    found = np.concatenate([p.a[p.wrong] for p in part.failing])
    right = np.concatenate([p.b[p.wrong] for p in part.failing])
    every = all(p.wrong.all() for p in part.failing)
    where = "everywhere" if every else "wherever it is wrong"
    if len(found) < 2:
        return None
    if not found.any() and right.any():
        return part.says(f"is zero {where}: values belong there")
    varied = len(np.unique(np.round(right, 9))) >= 3
    if len(found) >= 3 and np.ptp(found) == 0 and varied:
        return part.says(f"holds one and the same number {where}")
    if every or all(p.b.all() == (not p.b.any()) for p in part.failing):
        return _turned(part, found, right)
    kinds = [
        ("zero", lambda b: b == 0), ("negative", lambda b: b < 0),
        ("positive", lambda b: b > 0), ("infinite", np.isinf), ("larger than 1", lambda b: b > 1),
        ("above one half", lambda b: b > 0.5), ("below one half", lambda b: b < 0.5),
    ]  # fmt: skip
    for says, kind in kinds:
        hits = [kind(p.b) for p in part.pairs]
        if len(found) >= 4 and all((h == p.wrong).all() for h, p in zip(hits, part.pairs, strict=True)):
            return part.says(f"is wrong exactly where the right number is {says}{_held(part)}")
    return _turned(part, found, right)


def _turned(part, found, right) -> Observation | None:
    if len(found) >= 4 and np.allclose(found, -right, rtol=1e-5) and len(np.unique(np.round(right, 9))) >= 3:
        return part.says("has the sign turned wherever it is wrong, and nothing else")
    return None


def direction(part: Part) -> Observation | None:
    """too large wherever it is wrong, or too small, never the other"""
    if _usable(part) is None:
        return None
    found = np.concatenate([p.a[p.wrong] for p in part.failing])
    right = np.concatenate([p.b[p.wrong] for p in part.failing])
    if len(found) < 3 or not (np.isfinite(found).all() and np.isfinite(right).all()) or np.isin(right, (0, 1)).all():
        return None
    for says, never, holds in (("large", "small", found > right), ("small", "large", found < right)):
        if holds.all():
            return part.says(f"is too {says} wherever it is wrong, and never too {never}")
    return None


def triangle(part: Part) -> Observation | None:
    """wrong only on the diagonal, right only on it, wrong only above or below it"""
    ndim = _usable(part)
    if not ndim or ndim < 2 or any(min(p.b.shape[-2:]) < 3 for p in part.failing):
        return None
    areas = [
        ("on the diagonal", lambda i, j: i == j), ("off the diagonal", lambda i, j: i != j),
        ("above the diagonal", lambda i, j: j > i), ("below the diagonal", lambda i, j: j < i),
    ]  # fmt: skip
    for says, inside in areas:
        if all(not (p.wrong & ~_area(inside, p.b.shape)).any() for p in part.failing):
            return part.says(f"is wrong only {says} (of its last two axes){_held(part)}")
    return None


def _area(inside, shape):
    i, j = np.indices(shape[-2:])
    return np.broadcast_to(inside(i, j), shape)


def argument_sign(part: Part) -> Observation | None:
    """wrong only where an argument of the same shape is negative, positive or zero"""
    ndim = _usable(part)
    if not ndim or all(p.wrong.all() for p in part.failing):
        return None
    for index, name in enumerate(list(part.pairs[0].case.named)):
        values = [as_array(p.case.named.get(name)) for p in part.failing]
        if any(
            v is None or v.shape != p.b.shape or v.dtype.kind not in "iuf"
            for v, p in zip(values, part.failing, strict=True)
        ):
            continue
        for says, kind in (("negative", lambda v: v < 0), ("positive", lambda v: v > 0), ("zero", lambda v: v == 0)):
            if all((kind(v) == p.wrong).all() for v, p in zip(values, part.failing, strict=True)) and (
                sum(int(p.wrong.sum()) for p in part.failing) >= 4
            ):
                own = part.named(index, part.pairs[0])
                return part.says(f"is wrong exactly where `{own}` is {says}{_held(part)}")
    return None
