"""Is a found value the expected one, and if not, what is the difference in a sentence?"""

import math

import numpy as np

LOW_PRECISION = {"float16": 1e-2, "bfloat16": 2e-2, "float32": 1e-3}
GIGANTIC = 5_000_000  # entries
HALF = ("float16", "bfloat16")


class Foreign:
    """What is left of an object of a learner's class once it was described: nothing of its code runs any more."""

    def __init__(self, text: str):
        self.text = text

    def __eq__(self, other):
        return type(other) is Foreign and other.text == self.text

    __hash__ = None


def as_array(value) -> np.ndarray | None:
    """`value` as a NumPy array where it is numeric (a tensor, an array, a number, regular lists), else None."""
    if isinstance(value, (str, bytes, dict, set, Foreign)) or value is None:
        return None
    try:
        array = _plain(value)
    except Exception:  # ragged lists, tensors without storage, objects that refuse
        return None
    return array if array.dtype.kind in "biufc" else None


def _plain(value) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    if isinstance(value, (list, tuple)) and any(hasattr(v, "detach") for v in value):
        value = [_plain(v) for v in value]
    return np.asarray(value)


def describe(value) -> str:
    """A value in a few words: type, and shape where it has one."""
    if value is None:
        return "None"
    if type(value) is Foreign:
        return value.text
    try:
        return _described(value)
    except Exception:  # a learner's object whose repr or shape fails
        return f"an object of type {type(value).__name__}"


def _described(value) -> str:
    if hasattr(value, "shape"):
        kind = "tensor" if hasattr(value, "detach") else "array"
        return f"{kind} of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of length {len(value)}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"


def gigantic(value) -> bool:
    """Whether looking at every number would take too long: a view that repeats a few, for instance."""
    if isinstance(value, (tuple, list)):
        return len(value) > GIGANTIC or any(gigantic(v) for v in value[:20])
    shape = getattr(value, "shape", ())
    return isinstance(shape, tuple) and math.prod(n for n in shape if isinstance(n, int)) > GIGANTIC


def number(x) -> str:
    """A number short enough to read."""
    x = x.item() if hasattr(x, "item") else x
    return f"{x:.6g}" if isinstance(x, float) else str(x)


def _dtype(value, array) -> str:
    return str(getattr(value, "dtype", array.dtype)).removeprefix("torch.")


def _place(index) -> str:
    return f"[{', '.join(map(str, index))}]"


def _numeric(found, expected: np.ndarray, name: str, rtol: float, right: str) -> str | None:
    array = as_array(found)
    if array is None:
        return f"{name} should be {_wanted(expected)}; found {describe(found)}"
    if array.shape != expected.shape and not expected.ndim:
        return f"{name} should be a number; found {describe(found)}"
    if array.shape != expected.shape:
        extra = "" if array.ndim < 2 or array.shape != expected.shape[::-1] else " (transposed?)"
        return f"{name} should have shape {expected.shape}; found {array.shape}{extra}"
    wanted, got = expected.dtype.kind, array.dtype.kind
    if wanted == "b" and got != "b" and array.size:
        return f"{name} should be boolean (True and False); found {_dtype(found, array)}"
    if wanted in "iu" and got not in "iu" and array.size:  # an empty one is made of float64
        return f"{name} should hold integers; found {_dtype(found, array)}"
    if got == "c" and wanted != "c":
        return f"{name} should be real; found complex numbers"
    given = _dtype(found, array)
    if given in HALF and right not in HALF:
        return f"{name} is computed in half precision ({given}), which keeps three digits: float32 keeps seven"
    return _values(array, expected, name, max(rtol, *(LOW_PRECISION.get(d, 0) for d in (given, right))))


def _values(array, expected, name, rtol) -> str | None:
    if expected.dtype.kind not in "fc":
        wrong = array != expected
    else:
        bad = ~np.isfinite(array) & ~((array == expected) | (np.isnan(array) & np.isnan(expected)))
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            where = f", the first at {_place(first)}:" if array.ndim else ""
            count = f" {int(bad.sum())} of {array.size} entries" if array.ndim else ""
            return (
                f"{name} is not finite:{count}{where} {number(array[first])} where {number(expected[first])} is right"
            )
        finite = np.abs(expected[np.isfinite(expected)])
        scale = float(finite.max()) if finite.size else 0.0
        wrong = ~np.isclose(array, expected, rtol=rtol, atol=rtol * max(scale, 1e-9), equal_nan=True)
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    if not array.ndim:
        return f"{name} should be {number(expected[()])}; found {number(array[()])}"
    return (
        f"{name}: {int(wrong.sum())} of {array.size} entries differ, the first at {_place(first)}: "
        f"expected {number(expected[first])}, found {number(array[first])}"
    )


def _wanted(expected) -> str:
    if isinstance(expected, np.ndarray):
        return f"an array of shape {expected.shape}" if expected.ndim else "a number"
    return describe(expected)


def difference(found, expected, name: str = "the result", *, returns=(), rtol: float = 1e-6) -> str | None:
    """None where `found` is `expected` (NumPy, torch, lists and numbers are alike), else a sentence.

    Shapes are compared before types and types before values. float32 is given its own tolerance, half precision only
    where the expected value has it.
    `returns` names the members of an expected tuple.
    """
    if found is None and expected is not None:
        return f"{name} is None: does the function end with `return`?"
    if isinstance(expected, tuple):
        if not isinstance(found, (tuple, list)):
            return f"{name} should be a tuple of {len(expected)} ({_names(expected, returns)}); found {describe(found)}"
        if len(found) != len(expected):
            return (
                f"{name} should be a tuple of {len(expected)} ({_names(expected, returns)}); found {len(found)} values"
            )
        parts = (
            difference(f, e, n, rtol=rtol)
            for f, e, n in zip(found, expected, _labels(name, expected, returns), strict=True)
        )
        return "; ".join(p for p in parts if p) or None
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return f"{name} should be a dict; found {describe(found)}"
        if set(found) != set(expected):
            lacks, extra = sorted(map(repr, set(expected) - set(found))), sorted(map(repr, set(found) - set(expected)))
            return f"{name}: " + "; ".join(
                f"{w} {', '.join(ks[:5])}" for w, ks in (("missing", lacks), ("unexpected", extra)) if ks
            )
        parts = (difference(found[k], e, f"{name}[{k!r}]", rtol=rtol) for k, e in expected.items())
        return "; ".join([p for p in parts if p][:4]) or None
    array = as_array(expected)
    if array is not None:
        return _numeric(found, array, name, rtol, _dtype(expected, array))
    if isinstance(expected, list) and isinstance(found, (list, tuple)):
        if len(found) != len(expected):
            return f"{name} should have {len(expected)} entries; found {len(found)}"
        parts = (
            difference(f, e, f"{name}[{i}]", rtol=rtol) for i, (f, e) in enumerate(zip(found, expected, strict=True))
        )
        return next((p for p in parts if p), None)
    # the expected value's own comparison: a learner's class may say that it equals anything
    same = isinstance(found, type(expected)) and type(expected).__eq__(expected, found) is True
    return None if same else f"{name} should be {describe(expected)}; found {describe(found)}"


def _labels(name, expected, returns) -> list[str]:
    return [f"`{returns[i]}`" if i < len(returns) else f"{name}[{i}]" for i in range(len(expected))]


def _names(expected, returns) -> str:
    return (
        ", ".join(returns)
        if returns
        else ", ".join(_wanted(as_array(e) if as_array(e) is not None else e) for e in expected)
    )
