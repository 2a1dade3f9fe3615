"""Is an argument in it: what is right plus `b`, divided by `n`, or nothing but a function of an argument?"""

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.functions import ENTRYWISE
from seqlib.checks.readers.seen import Observation, Part, alike, axis_name
from seqlib.checks.readers.shapes import REDUCED

WITH_ARGUMENT = [
    ("`{n}` itself, as it came in", lambda x, n: n),
    ("`{n}` transposed", lambda x, n: n.T if n.ndim > 1 else None),
    ("minus `{n}`", lambda x, n: -n),
    ("the right one minus `{n}`: is `{n}` left out, or subtracted?", lambda x, n: x - n),
    ("the right one plus `{n}`: is `{n}` added once too often, or not subtracted?", lambda x, n: x + n),
    ("the right one minus twice `{n}`: is `{n}` subtracted where it should be added?", lambda x, n: x - 2 * n),
    ("the right one plus twice `{n}`: is `{n}` added where it should be subtracted?", lambda x, n: x + 2 * n),
    ("`{n}` minus the right one", lambda x, n: n - x),
    ("the right one times `{n}`", lambda x, n: x * n),
    ("the right one divided by `{n}`", lambda x, n: x / n),
    ("`{n}` divided by the right one", lambda x, n: n / x),
    ("the right one times `{n}` squared: does `{n}` multiply where it should divide?", lambda x, n: x * n**2),
    ("the right one divided by `{n}` squared: does `{n}` divide where it should multiply?", lambda x, n: x / n**2),
    ("the right one times the root of `{n}`", lambda x, n: x * np.sqrt(n)),
    ("the right one divided by the root of `{n}`", lambda x, n: x / np.sqrt(n)),
    ("the right one times 1 minus the square of `{n}`: is that slope in it once too often?",
     lambda x, n: x * (1 - n**2)),
    ("the right one divided by 1 minus the square of `{n}`: is that slope missing?", lambda x, n: x / (1 - n**2)),
    ("the right one times 1 minus `{n}`", lambda x, n: x * (1 - n)),
    ("the right one divided by 1 minus `{n}`", lambda x, n: x / (1 - n)),
    ("the right one divided by `{n}` (1 − `{n}`), the slope of a sigmoid", lambda x, n: x / (n * (1 - n))),
    ("the right one times `{n}` (1 − `{n}`), the slope of a sigmoid", lambda x, n: x * (n * (1 - n))),
    ("the right one times the exponential of `{n}`", lambda x, n: x * np.exp(n)),
    ("the right one with `{n}` for a lower end: whatever is smaller has become `{n}`",
     lambda x, n: None if n.ndim else np.maximum(x, n)),
    ("the right one with `{n}` for an upper end: whatever is larger has become `{n}`",
     lambda x, n: None if n.ndim else np.minimum(x, n)),
    ("the right one to the power of `{n}`", lambda x, n: x**n),
    ("the right one to the power of 1 divided by `{n}`", lambda x, n: x ** (1 / n)),
]  # fmt: skip


def with_argument(part: Part) -> Observation | None:
    """an argument itself, or the right result with an argument added, left out, subtracted, multiplied or divided"""
    if not part.numeric or part.proof < 3:
        return None
    names = list(part.pairs[0].case.named)
    for index in range(len(names)):
        values = [as_array(list(p.case.args)[index]) if index < len(p.case.args) else None for p in part.pairs]
        if any(v is None or v.dtype.kind in "bc" for v in values):
            continue
        values = [v.astype(float) for v in values]
        for says, function in WITH_ARGUMENT:
            if all_fit(part, values, function):
                return part.says("is " + says.format(n=part.named(index, part.pairs[0])))
    return None


def all_fit(part, values, function) -> bool:
    with np.errstate(all="ignore"):
        for p, value in zip(part.pairs, values, strict=True):
            try:
                made = function(p.b, value)
            except (ValueError, OverflowError):
                return False
            if made is None or not alike(p.a, made, p.tolerance):
                return False
    return True


def of_argument(part: Part) -> Observation | None:
    """a sum, a mean or a simple function of an argument, in the place of the right result"""
    if not part.numeric or part.proof < 3:
        return None
    for index in range(len(part.pairs[0].case.args)):
        values = [as_array(p.case.args[index]) for p in part.pairs]
        if any(v is None or v.dtype.kind in "bc" for v in values) or len({v.ndim for v in values}) != 1:
            continue
        values, name = [v.astype(float) for v in values], f"`{part.named(index, part.pairs[0])}`"
        for says, function in REDUCED[:4]:
            for axis in (None, *range(values[0].ndim)):
                if all_fit(part, values, lambda x, n, f=function, k=axis: f(n, axis=k)):
                    along = "" if axis is None else f" along {axis_name(axis, values[0].ndim)}"
                    return part.says(f"is {says} of {name}{along}")
        for says, function in ENTRYWISE:
            if "right" in says and all_fit(part, values, lambda x, n, f=function: f(n)):
                return part.says("is " + says.split(":")[0].split(", where")[0].replace("the right one", name))
    return None
