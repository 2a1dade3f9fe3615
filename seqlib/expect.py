"""What a part of seqlib can work with, said once: each function returns its value or raises a ValueError that says
what was expected and what came.

`given` puts such questions before a function whose own lines are those that a notebook builds, so that what a reader
wrote and what seqlib runs stay the same to the letter. They ask for shapes and types, which costs microseconds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection
from functools import wraps


def given(function: Callable, check: Callable, why: Callable | None = None) -> Callable:
    """`function`, with `check` called first on the same arguments.

    `why`, called likewise, is asked only when the function fails: it looks at the numbers themselves, which would
    cost time (on a GPU a wait) at every call, and raises a ValueError where it finds the cause.
    """

    @wraps(function)
    def checked(*args, **kwargs):
        check(*args, **kwargs)
        try:
            return function(*args, **kwargs)
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as problem:
            if function.__module__.startswith("seqlib.models."):
                _tensors(args + tuple(kwargs.values()))
            if why is not None and not isinstance(problem, ValueError):
                why(*args, **kwargs)
            raise

    # A check that forbids a function knows it by its code: no two of these may share theirs.
    checked.__code__ = checked.__code__.replace(co_name=f"{function.__module__}.{function.__qualname__}")
    return checked


def _tensors(values) -> None:
    """Models take tensors: an array has shapes too, and fails somewhere inside."""
    for value in values:
        if type(value).__name__ == "ndarray":
            raise ValueError(f"expected torch tensors, got an array, {shown(value)}: write torch.from_numpy(…)")


def made(kind: type, check: Callable) -> None:
    """Let every object of a class be looked at by `check(object)` once it is made."""
    begin = kind.__init__

    @wraps(begin)
    def __init__(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        check(self)

    __init__.__code__ = __init__.__code__.replace(co_name=f"{kind.__module__}.{kind.__qualname__}")
    kind.__init__ = __init__


def whole(value, name: str, least: int | None = None, most: int | None = None) -> int:
    """A whole number between `least` and `most`: an int of Python, NumPy or torch; no True, no 2.5 and no "3"."""
    try:
        found = operator.index(value)
        fits = not isinstance(value, bool) and (least is None or found >= least) and (most is None or found <= most)
        if fits:
            return found
    except (TypeError, ValueError, RuntimeError):
        pass
    raise ValueError(f"{name} should be a whole number{_between(least, most)}, got {shown(value)}")


def number(value, name: str, least=None, most=None, *, above=None, below=None) -> float:
    """A finite number: at least `least`, at most `most`, above `above`, below `below`; a scalar of any library."""
    try:
        if isinstance(value, (bool, str, bytes)):
            raise TypeError
        found = float(value)
        fits = least is None or found >= least
        fits = fits and (most is None or found <= most) and (above is None or found > above)
        if math.isfinite(found) and fits and (below is None or found < below):
            return found
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise ValueError(f"{name} should be a finite number{_between(least, most, above, below)}, got {shown(value)}")


def wholes(least: int = 1, **values) -> None:
    """Several sizes by their names: each a whole number of at least `least`."""
    for name, value in values.items():
        whole(value, name, least)


def probability(value, name: str) -> float:
    """A number from 0 to 1."""
    return number(value, name, 0, 1)


def divides(parts: int, total: int, name: str, of: str) -> None:
    """`parts` into which `total` falls evenly, as heads do a width."""
    if total % parts:
        raise ValueError(f"expected {of} that {parts} {name} divide evenly, got {total}")


def one_of(value, name: str, known: Collection) -> object:
    """One of the known values."""
    if not any(type(value) is type(each) and value == each for each in known):
        raise ValueError(f"{name} should be one of {', '.join(map(str, known))}, got {shown(value)}")
    return value


def flag(value, name: str) -> bool:
    """True or False; "no" is true to Python."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        raise ValueError(f"{name} should be True or False, got {shown(value)}")
    return bool(value)


def function(value, name: str, optional: bool = False) -> object:
    """Something that can be called, or None where that is allowed."""
    if not callable(value) and not (optional and value is None):
        raise ValueError(f"{name} should be a function{' or None' if optional else ''}, got {type(value).__name__}")
    return value


def text(value, name: str) -> str:
    """A str."""
    if not isinstance(value, str):
        raise ValueError(f"{name} should be a text, got {shown(value)}")
    return value


def words(value, name: str) -> list:
    """A sequence of tokens as a list; a string is a text, whose items would be its letters."""
    if isinstance(value, (str, bytes)):
        raise ValueError(f"{name} should be a list of words, got the text {shown(value)}: split it first")
    try:
        return list(value)
    except TypeError:
        raise ValueError(f"{name} should be a list of words, got {shown(value)}") from None


def several(values, name: str) -> object:
    """What has parts, one after another, and a length: no number, no None and no generator."""
    if not hasattr(values, "__len__") or not hasattr(values, "__getitem__"):
        raise ValueError(f"{name} should be a list or an array, got {shown(values)}")
    return values


def ids(values, name: str = "ids") -> list[int]:
    """Whole numbers one after another, as a list; 1.5 is refused, not cut."""
    values = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(values, (str, bytes)):
        raise ValueError(f"{name} should be whole numbers, got the text {shown(values)}")
    try:
        return [operator.index(value) for value in values]
    except TypeError:
        raise ValueError(f"{name} should be a sequence of whole numbers, got {shown(values)}") from None


def shape(value, name: str, *sizes, kind: str = "") -> tuple:
    """A tensor (or array) of this shape: a number is that size, a letter any size of at least 1, "T*" any, 0 too.

    A first size "…" stands for any number of dimensions. kind: "float", "whole" or "bool", if that matters.
    """
    found = getattr(value, "shape", None)
    if not isinstance(found, tuple):  # torch's sizes are one, too
        raise ValueError(f"{name} should be a tensor {_sizes(sizes)}, got {shown(value)}")
    asked = sizes[1:] if sizes[0] == "…" else sizes
    spare = len(found) - len(asked)
    fits = spare == 0 or spare > 0 and len(asked) < len(sizes)
    for size, want in zip(found[max(0, spare) :], asked, strict=False):  # no generator: this runs in every layer
        if size != want and (isinstance(want, int) or not size and want[-1] != "*"):
            fits = False
    if not fits:
        raise ValueError(f"{name} should have shape {_sizes(sizes)}, got {tuple(found)}")
    if kind and kind_of(value) != kind:
        raise ValueError(f"{name} should hold {KINDS[kind]}, got {value.dtype}")
    return found


def generator(value, name: str = "rng") -> object:
    """NumPy's random generator; a seed is none."""
    if not callable(getattr(value, "integers", None)):
        raise ValueError(f"{name} should be a generator, as np.random.default_rng(0) gives, got {shown(value)}")
    return value


def tokens(value, name: str, *sizes) -> tuple:
    """A tensor of token numbers, by default (B, T), as nn.Embedding takes them: int64 or int32."""
    found = shape(value, name, *(sizes or ("B*", "T*")))
    if str(value.dtype) not in ("torch.int64", "torch.int32"):
        raise ValueError(f"{name} should hold token numbers, int64 or int32, got {value.dtype}")
    return found


def known(value, size: int, name: str) -> None:
    """Token numbers from 0 to size - 1. It reads the numbers: for `why`."""
    low, high = (int(value.min()), int(value.max())) if value.numel() else (0, 0)
    if low < 0 or high >= size:
        raise ValueError(f"{name} should hold token numbers from 0 to {size - 1}, got {low if low < 0 else high}")


def alike(layer, **values) -> None:
    """Tensors of the layer's dtype, on its device. For `why`: under autocast other dtypes do."""
    weight = next(layer.parameters(), None)
    for name, value in values.items():
        if weight is not None and value is not None and (value.dtype, value.device) != (weight.dtype, weight.device):
            theirs, own = f"{value.dtype} on {value.device}", f"{weight.dtype} on {weight.device}"
            raise ValueError(f"{name} should be {own}, as the layer's weights are, got {theirs}")


def padded_at_the_end(value, pad: int, name: str, always: bool = False, empty: bool = True) -> None:
    """Rows (B, T) of real tokens first, then padding; without `empty` at least one real token in each.

    On the CPU only unless `always`: a GPU would have to wait.
    """
    if value.device.type == "meta" or not (always or value.device.type == "cpu"):
        return
    real = value != pad
    if not empty and not bool(real.any(dim=1).all()):
        row = int((~real.any(dim=1)).nonzero()[0])
        raise ValueError(f"{name} should have a real token in every row, got nothing but padding ({pad}) in row {row}")
    if value.shape[1] < 2:
        return
    wrong = (real[:, 1:] & ~real[:, :-1]).any(dim=1)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise ValueError(f"{name} should have its padding ({pad}) at the end, got {value[row].tolist()} in row {row}")


def some(counts, what: str = "target", always: bool = False) -> None:
    """A boolean tensor or array with something that counts: a mean over nothing is nan.

    On the CPU only unless `always`: a GPU would have to wait at every step, and `train` notices the nan and says why.
    """
    where = getattr(getattr(counts, "device", None), "type", "cpu")
    if where != "meta" and (where == "cpu" or always) and not bool(counts.any()):
        raise ValueError(f"expected at least one {what} that counts, got none: is everything masked?")


KINDS = {"float": "floating-point numbers", "whole": "whole numbers", "bool": "True and False"}


def kind_of(value) -> str:
    """What a tensor or an array holds: "float", "whole", "bool", "complex" or "other"."""
    letter = getattr(value.dtype, "kind", None)
    if letter is not None:
        return {"f": "float", "i": "whole", "u": "whole", "b": "bool", "c": "complex"}.get(letter, "other")
    if value.dtype.is_complex:
        return "complex"
    return "float" if value.dtype.is_floating_point else "bool" if str(value.dtype) == "torch.bool" else "whole"


def shown(value) -> str:
    """A value as a message names it: short, and a tensor by its shape."""
    if getattr(value, "shape", None) is not None and not isinstance(value, type) and getattr(value, "ndim", 0):
        return f"{type(value).__name__} {tuple(value.shape)} of {value.dtype}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _between(least, most, above=None, below=None) -> str:
    bounds = (("at least", least), ("at most", most), ("above", above), ("below", below))
    said = " and ".join(f"{word} {bound:,}" for word, bound in bounds if bound is not None)
    return f", {said}" if said else ""


def _sizes(sizes) -> str:
    return f"({', '.join(str(size).rstrip('*') for size in sizes)}{',' if len(sizes) == 1 else ''})"
