"""Numbers that inputs hold besides their values: sizes of axes, lengths, single numbers, what a mask counts."""

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.seen import Observation, Part, axis_name


def quantities(part: Part) -> dict[str, list[float]]:
    """{"the number of rows of `x`": its value in each case}; only what every case has."""
    found: dict[str, list[float]] = {}
    for index, pair in enumerate(part.pairs):
        here = {}
        for position, value in enumerate(pair.case.args):
            here.update(_of(f"`{part.named(position, pair)}`", value))
        for name, value in here.items():
            known = found.setdefault(name, [])
            if len(known) == index:
                known.append(value)
    return {name: values for name, values in found.items() if len(values) == len(part.pairs)}


def other_size(part: Part) -> Observation | None:
    """an axis has another size: the one it has and the one that it should have, by the inputs that they come from"""
    dims = {(p.a.ndim, p.b.ndim) for p in part.failing} if part.numeric else set()
    if len(dims) != 1 or len(set(*dims)) != 1 or not part.failing:
        return None
    ndim, failing = next(iter(dims))[0], Part(part.label, part.failing, part.args)
    sizes = {n: v for n, v in quantities(failing).items() if n.startswith(("the number of", "the length", "the size"))}
    axes = [k for k in range(ndim) if any(p.a.shape[k] != p.b.shape[k] for p in part.failing)]
    if len(axes) != 1:
        return None
    found, right = ([float(getattr(p, s).shape[axes[0]]) for p in part.failing] for s in "ab")
    if found == right or (len(set(found)) < 2 and len(found) > 1 and min(found) != 1):
        return None
    has, wants = ([n for n, v in sizes.items() if v == s] for s in (found, right))
    if not has or not (wants or right == [1.0] * len(right)):
        return None
    ask = wants[0] if wants else "1"
    where = "length" if ndim == 1 else f"size along {axis_name(axes[0], ndim)}"
    return part.says(f"has the wrong {where}: {has[0]}, where {ask} is asked for")


def _of(name: str, value) -> dict[str, float]:
    if isinstance(value, str):
        return {f"the length of {name}": float(len(value))}
    array = as_array(value)
    if array is not None and not array.ndim:
        return {} if array.dtype.kind in "bc" else {name: float(array)}
    if array is not None:
        sizes = {_size(name, axis, array.ndim): float(size) for axis, size in enumerate(array.shape)}
        if array.dtype.kind == "b":
            return {**sizes, f"the number of True in {name}": float(array.sum())}
        if array.ndim == 1 and array.dtype.kind in "iu" and array.size:
            return {**sizes, f"the largest of {name}": float(array.max()), f"the sum of {name}": float(array.sum())}
        return sizes
    return _of_list(name, value) if isinstance(value, (list, tuple)) else {}


def _of_list(name, value) -> dict[str, float]:
    sizes = {f"the length of {name}": float(len(value))}
    inner = [len(v) for v in value if isinstance(v, (list, tuple, str)) or getattr(v, "ndim", 0)]
    if inner and len(inner) == len(value):
        sizes |= {
            f"the length of all in {name} together": float(sum(inner)),
            f"the length of the longest in {name}": float(max(inner)),
        }
    arrays = [as_array(v) for v in value]
    if arrays and all(a is not None and a.dtype.kind == "b" for a in arrays):
        sizes[f"the number of True in {name}"] = float(sum(int(np.sum(a)) for a in arrays))
    return sizes


def _size(name: str, axis: int, ndim: int) -> str:
    if ndim == 1:
        return f"the length of {name}"
    if ndim == 2:
        return f"the number of {('rows', 'columns')[axis]} of {name}"
    return f"the size of {axis_name(axis, ndim)} of {name}"
