"""Is what was found the right result times one number, or plus one number, and is that number a size of the inputs?"""

import math

import numpy as np

from seqlib.checks.compare import number
from seqlib.checks.readers.seen import Observation, Part, alike, seen
from seqlib.checks.readers.sizes import quantities

BITS = " (the factor between nats and bits)"
TENS = " (the factor between natural logarithms and those to base 10)"
CONSTANTS = [
    (math.log(2), "ln 2" + BITS), (1 / math.log(2), "1/ln 2" + BITS),
    (math.log(2) ** 2, "(ln 2)²: that factor is on the wrong side, multiplied where it divides"),
    (math.log(2) ** -2, "1/(ln 2)²: that factor is on the wrong side, dividing where it multiplies"),
    (math.log(10), "ln 10" + TENS), (1 / math.log(10), "1/ln 10" + TENS),
    (math.log10(2), "ln 2 / ln 10 (the factor between logarithms to base 2 and to base 10)"),
    (100.0, "100 (the factor between shares and percent)"), (0.01, "1/100 (the factor between shares and percent)"),
    (math.pi, "π"), (1 / math.pi, "1/π"), (2 * math.pi, "2π"), (0.5 / math.pi, "1/2π"),
    (180 / math.pi, "180/π (the factor between radians and degrees)"),
    (math.pi / 180, "π/180 (the factor between radians and degrees)"),
    (math.sqrt(2), "√2"), (math.sqrt(0.5), "1/√2"), (math.e, "e"), (1 / math.e, "1/e"),
]  # fmt: skip
# What may be made of a size; `{q}` is its name. The plainest first.
FORMS = [
    ("{q}", lambda q: q), ("1 divided by {q}", lambda q: 1 / q), ("the root of {q}", np.sqrt),
    ("1 divided by the root of {q}", lambda q: 1 / np.sqrt(q)), ("{q} squared", np.square),
    ("1 divided by {q} squared", lambda q: 1 / q**2), ("{q} minus 1", lambda q: q - 1),
    ("1 divided by ({q} minus 1)", lambda q: 1 / (q - 1)), ("{q} plus 1", lambda q: q + 1),
    ("1 divided by ({q} plus 1)", lambda q: 1 / (q + 1)), ("n/(n − 1), n being {q}", lambda q: q / (q - 1)),
    ("(n − 1)/n, n being {q}", lambda q: (q - 1) / q), ("n/(n + 1), n being {q}", lambda q: q / (q + 1)),
    ("(n + 1)/n, n being {q}", lambda q: (q + 1) / q), ("twice {q}", lambda q: 2 * q),
    ("half of {q}", lambda q: q / 2), ("2 divided by {q}", lambda q: 2 / q),
    ("the root of half of {q}", lambda q: np.sqrt(q / 2)), ("the root of 2 divided by {q}", lambda q: np.sqrt(2 / q)),
]  # fmt: skip


def factors(part: Part) -> list[tuple[float | None, int]] | None:
    """The one factor of each case (None where it can't be known: only zeros), and from how many numbers it is known."""
    found = []
    for p in part.pairs:
        finite = np.isfinite(p.b)
        if not np.isfinite(p.a[finite]).all() or not (np.isnan(p.a) == np.isnan(p.b)).all():
            return None
        scale = np.abs(p.b[finite]).max() if finite.any() else 0.0
        live = finite & (np.abs(p.b) > 1e-5 * scale) if scale else np.zeros_like(finite)
        if not live.any():
            found.append((None, 0))
            if p.a[finite].any():
                return None
            continue
        strongest = np.unravel_index(np.argmax(np.where(live, np.abs(p.b), 0)), p.b.shape) if p.b.ndim else ()
        factor = float(p.a[strongest] / p.b[strongest])
        if not factor or not alike(p.a[finite], factor * p.b[finite], p.tolerance):
            return None
        found.append((factor, len(np.unique(np.round(p.b[live], 9)))))
    return found


def constant_factor(part: Part) -> Observation | None:
    """every number times one factor: ln 2, 100, 1/2, a size of the inputs, its root or its inverse, or one per case"""
    found = part.numeric and part.aligned and factors(part)
    if not found:
        return None
    ks = [k for k, _ in found if k is not None]
    entries = sum(n for k, n in found if k is not None and abs(k - 1) > 1e-9)
    if len(ks) + entries < 4 or not part.failing:
        return None
    steady = np.ptp(ks) <= 1e-5 * abs(ks[0])
    if steady and (len(ks) >= 2 or entries >= 4):
        return _steady(part, ks[0])
    if steady:
        return None
    size = named([k for k, _ in found], quantities(part))
    many = "each is" if any(p.b.size > 1 for p in part.pairs) else "it is"
    if size:
        return part.says(f"is too large or too small by a factor: {many} the right one times {size}")
    if all(n >= 4 for k, n in found if k is not None):
        return part.says(
            "is right but for one factor, which is another one in each case: something that changes from case to case "
            "(a size, a count, a sum, an argument) is divided by, or multiplied with, and should not be, or the other "
            "way round"
        )
    return None


def _steady(part: Part, k: float) -> Observation | None:
    if abs(k - 1) < 1e-5:
        return None
    for value, says in CONSTANTS:
        for sign, minus in ((1, ""), (-1, "minus ")):
            if abs(k / (sign * value) - 1) < 1e-5:
                return part.says(f"is the right one times {minus}{says}")
    plain = {
        2.0: "twice the right one",
        0.5: "half of the right one",
        -1.0: "the right one with its sign turned",
        3.0: "three times the right one",
        -2.0: "minus twice the right one",
        -0.5: "minus half of the right one",
    }
    for value, says in plain.items():
        if abs(k - value) < 1e-5:
            return part.says(f"is {says}" + (", in every number of every case" if part.pairs[0].b.size > 1 else ""))
    for name, values in quantities(part).items():
        for form, function in FORMS[:4]:
            if min(values) == max(values) >= 3 and abs(function(values[0]) / k - 1) < 1e-5:
                made = form.format(q=f"{values[0]:g}")
                return part.says(
                    f"is the right one times {number(float(k))}, in every case: that is {made}, and "
                    f"{values[0]:g} is {name}",
                    f"is the right one times one factor, the same in every case: {form.format(q=name)}",
                )
    return part.says(
        f"is the right one times {number(float(k))}, in every number of every case",
        "is the right one times one factor, the same in every case",
    )


def named(ks, sizes: dict[str, list[float]], tolerance: float = 1e-5) -> str | None:
    """The form of a size, or of two, that is the factor of every case."""

    def fits(values):
        with np.errstate(all="ignore"):
            return all(
                k is None or (np.isfinite(v) and abs(v / k - 1) < tolerance) for k, v in zip(ks, values, strict=True)
            )

    arrays = {name: np.array(values) for name, values in sizes.items()}
    with np.errstate(all="ignore"):
        for form, function in FORMS:
            for name, values in arrays.items():
                if fits(function(values)):
                    return form.format(q=name)
        if len({round(k, 9) for k in ks if k is not None}) < 3:
            return None
        pairs = [(a, b) for a in arrays for b in arrays if a != b][:2000]
        for form, function in (("{a} divided by {b}", np.divide), ("{a} times {b}", np.multiply)):
            for a, b in pairs:
                if fits(function(arrays[a], arrays[b])):
                    return form.format(a=a, b=b)
        for a, b in pairs:
            if fits(1 / (arrays[a] * arrays[b])):
                return f"1 divided by {a} times {b}"
    return None


# -- something added -------------------------------------------------------------------------------------------------


def added(part: Part) -> Observation | None:
    """one number added to all: 1, a constant, a size of the inputs"""
    if not part.numeric or not part.aligned or any(not p.b.size for p in part.pairs):
        return None
    offsets, entries = [], 0
    for p in part.pairs:
        finite = np.isfinite(p.b)
        if not finite.any() or not np.isfinite(p.a[finite]).all():
            return None
        offset = float(np.median(p.a[finite] - p.b[finite]))
        if not alike(p.a[finite], p.b[finite] + offset, p.tolerance):
            return None
        offsets.append(0.0 if p.same else offset)
        entries += 0 if p.same else len(np.unique(np.round(p.b[finite], 9)))
    if len(part.failing) + entries < 4 or not any(offsets):
        return None
    if np.ptp(offsets) <= 1e-6 * max(map(abs, offsets)):
        return _shifted_by(part, offsets[0])
    for sign, word in ((1, "plus"), (-1, "minus")):
        size = _added_size([sign * o for o in offsets], quantities(part))
        if size:
            return part.says(f"is the right one {word} {size}")
    return None


def _shifted_by(part: Part, offset: float) -> Observation:
    size, word = abs(offset), "large" if offset > 0 else "small"
    every = "every number of" if any(p.b.size > 1 for p in part.pairs) else ""
    if abs(size - round(size)) < 1e-9:
        shown = {1: "1", 2: "2"}.get(round(size), f"{round(size)}")
        text = f"{every} {part.subject} is {shown} too {word}, in every case".strip()
    else:
        text = f"{every} {part.subject} is too {word} by {number(size)}, in every case".strip()
    text = text[0].upper() + text[1:]
    told = f"{every} {part.subject} is too {word} by one and the same number in every case".strip()
    return seen(text, text if size in (1, 2) else told[0].upper() + told[1:])


def _added_size(offsets, sizes) -> str | None:
    forms = [
        ("{q}", lambda q: q), ("{q} minus 1", lambda q: q - 1), ("{q} plus 1", lambda q: q + 1),
        ("the logarithm of {q}", np.log), ("twice {q}", lambda q: 2 * q), ("half of {q}", lambda q: q / 2),
        ("1 divided by {q}", lambda q: 1 / q), ("{q} squared", np.square),
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        for form, function in forms:
            for name, values in sizes.items():
                made = function(np.array(values))
                if np.isfinite(made).all() and np.allclose(made, offsets, rtol=1e-6, atol=1e-9):
                    return form.format(q=name)
    return None
