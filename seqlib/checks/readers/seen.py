"""What readers read: found and expected values, case by case, and how much they prove."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from seqlib.checks.compare import LOW_PRECISION, as_array

TIGHT = 1e-6  # of a formula that is said to hold: a rough likeness is no likeness
LOOSE = {"float16": 2e-2, "bfloat16": 5e-2, "float32": 2e-4}


@dataclass(frozen=True)
class Observation:
    """What is true of a wrong answer. `told` is the same without anything that comes from the inputs: for the grader,
    whose inputs are hidden. `None` where nothing would be left."""

    text: str
    told: str | None
    reader: str = ""


def seen(text: str, told: str | None = "") -> Observation:
    """An observation; what can be told anywhere unless another form is given."""
    return Observation(text, text if told == "" else told)


@dataclass
class Pair:
    """One result of one case: what was found and what is right, as arrays too where they are numbers."""

    case: object
    found: object
    right: object
    same: bool
    rtol: float = TIGHT

    @cached_property
    def a(self) -> np.ndarray | None:
        return _real(self.found)

    @cached_property
    def b(self) -> np.ndarray | None:
        return _real(self.right)

    @property
    def aligned(self) -> bool:
        return self.a is not None and self.b is not None and self.a.shape == self.b.shape

    @cached_property
    def tolerance(self) -> float:
        kinds = (str(getattr(v, "dtype", "")).removeprefix("torch.") for v in (self.found, self.right))
        return max(self.rtol, *(LOOSE.get(kind, 0.0) for kind in kinds))

    @cached_property
    def wrong(self) -> np.ndarray:
        """Where two arrays of one shape differ."""
        rough = any(str(getattr(self.found, "dtype", "")).endswith(kind) for kind in LOW_PRECISION)
        return ~near(self.a, self.b, max(self.rtol, self.tolerance if rough else 0.0))


def _real(value) -> np.ndarray | None:
    array = as_array(value)
    return None if array is None or array.dtype.kind == "c" or array.size > 1_000_000 else array.astype(np.float64)


def near(found: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    finite = np.abs(other[np.isfinite(other)])
    scale = float(finite.max()) if finite.size else 0.0
    return np.isclose(found, other, rtol=tolerance, atol=tolerance * max(scale, 1e-9), equal_nan=True)


def alike(found, other, tolerance: float) -> bool:
    """Whether an array is another: shape and every number."""
    return (
        other is not None and found.shape == np.shape(other) and bool(near(found, np.asarray(other), tolerance).all())
    )


@dataclass
class Part:
    """One of the values that an answer returns, over all cases that gave one."""

    label: str  # "`h_t`", or "" where there is one result without a name
    pairs: list[Pair]
    args: list[str] = field(default_factory=list)  # the learner's own names for the arguments, in order

    @property
    def subject(self) -> str:
        return self.label or "the result"

    @cached_property
    def failing(self) -> list[Pair]:
        return [p for p in self.pairs if not p.same]

    @cached_property
    def passing(self) -> list[Pair]:
        return [p for p in self.pairs if p.same]

    @cached_property
    def numeric(self) -> bool:
        return all(p.a is not None and p.b is not None for p in self.pairs)

    @cached_property
    def aligned(self) -> bool:
        return all(p.aligned for p in self.pairs)

    @cached_property
    def integers(self) -> bool:
        """Whether the right values are whole numbers, which agree by chance far more easily."""
        return all(as_array(p.right).dtype.kind in "biu" for p in self.pairs)

    @cached_property
    def ndim(self) -> int | None:
        """How many axes the right values have, where that is the same in every case."""
        dims = {p.b.ndim for p in self.pairs}
        return dims.pop() if len(dims) == 1 else None

    @cached_property
    def proof(self) -> int:
        """How many different numbers would have to agree by chance; whole ones count little."""
        general, plain = set(), set()
        for index, pair in enumerate(self.failing):
            values = pair.a[pair.wrong] if pair.aligned else pair.a.ravel()
            for value in np.unique(np.round(values[np.isfinite(values)], 9))[:50]:
                whole = abs(value * 4 - round(value * 4)) < 1e-9
                (plain.add((index, value)) if whole else general.add(value))
        return 3 * len(general) + len(plain)

    def fits(self, make: Callable, proof: int = 3) -> bool:
        """Whether `make(right, case)` is what was found, in every case, and that it is proves something."""
        return self.numeric and self.proof >= proof and all(_makes(make, p) for p in (*self.failing, *self.passing))

    def says(self, what: str, told: str | None = "") -> Observation:
        """ "`h_t` is …", at the beginning of a sentence."""
        subject = self.subject[0].upper() + self.subject[1:]
        if self.stacked:
            what, told = _of_parts(what), told and _of_parts(told)
        return seen(f"{subject} {what}", "" if told == "" else told and f"{subject} {told}")

    @property
    def stacked(self) -> bool:
        """Whether each value is a tuple of arrays, which were stacked: their own axes count from one later."""
        return all(isinstance(p.found, tuple) and p.found and np.ndim(as_array(p.found[0])) for p in self.pairs)

    def named(self, index: int, pair: Pair) -> str:
        return self.args[index] if index < len(self.args) else list(pair.case.named)[index]


def _of_parts(sentence: str) -> str:
    for outer, inner in zip(AXES[1:], AXES, strict=False):
        sentence = sentence.replace(f"the {outer} axis", f"the {inner} axis of its parts")
    return sentence.replace("the last axis", "the last axis of its parts")


def _makes(make, pair: Pair) -> bool:
    try:
        with np.errstate(all="ignore"):
            other = make(pair.b, pair.case)
    except Exception:  # it makes no sense of this shape, or of no numbers
        return False
    return other is not None and alike(pair.a, np.asarray(other, dtype=np.float64), pair.tolerance)


AXES = ("first", "second", "third", "fourth")


def axis_name(axis: int, ndim: int) -> str:
    """ "the last axis": what a reader who counts would call it."""
    axis %= ndim
    if ndim == 1:
        return "the only axis"
    return "the last axis" if axis == ndim - 1 else f"the {AXES[axis]} axis" if axis < 4 else f"axis {axis}"


def slice_name(axis: int, ndim: int) -> str:
    """What stands at one place of an axis, in one word."""
    axis %= ndim
    if ndim == 1:
        return "entry"
    if ndim == 2:
        return ("row", "column")[axis]
    return f"place of {axis_name(axis, ndim)}"


def plural(name: str) -> str:
    first, *rest = name.split(" ")
    return " ".join([{"entry": "entries"}.get(first, first + "s"), *rest])
