"""Slips in an expression: an operator exchanged, a term or factor left out, a number off by one, a bound, an order."""

import ast
from collections.abc import Iterator

from seqlib.checks import edit_words as words
from seqlib.checks.edit_calls import of_call
from seqlib.checks.edit_trees import (
    AXIS_SECOND,
    AXIS_WORDS,
    INVERTED,
    NEXT_TO,
    SWAPPED,
    TURNED,
    call_of,
    constant,
    exchanged,
    having,
)


def of_expression(node, parent) -> Iterator[tuple]:
    """(rank, sentence, new node) for each slip in a node, whatever the variables around it are."""
    made = BY_KIND.get(type(node).__name__)
    return made(node, parent) if made else iter(())


def _of_BinOp(node, parent):
    left, right, op = node.left, node.right, type(node.op)
    sign, other = words.SIGNS[op], SWAPPED.get(op)
    if op in (ast.Add, ast.Sub):
        minus = ast.UnaryOp(ast.USub(), right) if op is ast.Sub else right
        beside = words.beside(right)
        yield 1, f"`{words.SIGNS[other]}` stands where `{sign}` belongs, {beside}", having(node, op=other())
        yield 1, f"{words.part(right, 'term')} is left out", left
        yield 1, f"{words.part(left, 'term')} is left out", minus
        if op is ast.Sub:
            told = f"a difference is taken the other way round: {words.all_names(left, right)}"
            yield 1, told, having(node, left=right, right=left)
            yield 3, f"{words.part(left, 'term')} and a minus sign are left out", right
        product = having(node, op=ast.Mult())
        yield 3, f"`*` stands where `{sign}` belongs, {beside}", product
    elif op is ast.MatMult:
        yield 1, f"{words.part(right, 'factor')} is left out", left
        yield 1, f"{words.part(left, 'factor')} is left out", right
        yield 2, "`*`, entry by entry, stands where `@` belongs", having(node, op=ast.Mult())
        yield (
            2,
            f"the factors of a product change places: {words.all_names(left, right)}",
            having(node, left=right, right=left),
        )
        for side in ("left", "right"):
            if not isinstance(getattr(node, side), ast.Name):
                turned = having(node, **{side: call_of("__transposed", getattr(node, side))})
                yield 2, f"{words.part(getattr(node, side), 'factor')} is transposed", turned
    elif op in (ast.Mult, ast.Div, ast.FloorDiv):
        yield from _of_product(node)
    elif op is ast.Pow:
        yield from _of_power(node)
    elif op in (ast.BitAnd, ast.BitOr):
        yield 1, f"{words.part(right, 'condition')} is left out", left
        yield 1, f"{words.part(left, 'condition')} is left out", right
        yield 2, f"`{words.SIGNS[other]}` stands where `{sign}` belongs", having(node, op=other())
    elif op is ast.Mod:
        yield 2, f"the remainder (`%`) is left out, {words.beside(left)}", left


def _of_Compare(node, parent):
    first, rest = type(node.ops[0]), node.ops[1:]
    beside = words.beside(node)
    if first in NEXT_TO:
        new, old = (words.SIGNS[k] for k in (NEXT_TO[first], first))
        yield 1, f"`{new}` stands where `{old}` belongs, {beside}", having(node, ops=[NEXT_TO[first](), *rest])
        yield 1, f"a comparison is the wrong way round, {beside}", having(node, ops=[TURNED[first](), *rest])
    if first in INVERTED:
        yield 1, f"a condition is inverted, {beside}", having(node, ops=[INVERTED[first](), *rest])


def _of_BoolOp(node, parent):
    other, sign = (ast.Or, "or") if isinstance(node.op, ast.And) else (ast.And, "and")
    yield (
        2,
        f"`{sign}` joins two conditions, {words.beside(node)}, which is the wrong word",
        having(node, op=other()),
    )
    for i, value in enumerate(node.values):
        rest = node.values[:i] + node.values[i + 1 :]
        yield 1, f"{words.part(value, 'condition')} is left out", having(node, values=rest) if rest[1:] else rest[0]


def _of_UnaryOp(node, parent):
    if isinstance(node.op, ast.USub):
        if not isinstance(node.operand, ast.Constant):
            yield 1, f"the minus sign before {words.all_names(node.operand)} is left out", node.operand
            if words.is_infinite(node.operand):
                yield 2, "0 stands where $-\\infty$ belongs", ast.Constant(0.0)
        elif isinstance(parent, (ast.Subscript, ast.Slice, ast.keyword)):
            yield from _of_Constant(node, parent)
    elif isinstance(node.op, (ast.Invert, ast.Not)):
        yield (
            1,
            f"{words.all_names(node.operand)} {words.verb(node.operand, 'is', 'are')} not inverted",
            node.operand,
        )


def _of_Constant(node, parent):
    value = words.number(node)
    if isinstance(value, bool):
        yield 2, f"{not value} stands where {value} belongs, {words.beside(parent)}", ast.Constant(not value)
    elif isinstance(value, (int, float)) and not (isinstance(parent, ast.UnaryOp)):
        if isinstance(parent, ast.keyword) and parent.arg in AXIS_WORDS or _is_axis(node, parent):
            return  # told as axes
        if isinstance(parent, ast.Subscript) and getattr(parent.value, "attr", "") == "shape":
            for axis in (a for a in (0, 1, 2, -1, -2) if a != value):
                yield 3, f"the size of another axis of {words.all_names(parent.value)} is read", constant(axis)
            return
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            last, told = (0, "first") if value == -1 else (-1, "last")
            yield (
                1,
                f"the {told} of {words.all_names(parent.value)} is taken, which is the wrong one",
                constant(last),
            )
        for other, told in ((value + 1, "one too large"), (value - 1, "one too small")):
            if not (isinstance(parent, ast.Subscript) and {value, other} == {-1, 0}):
                yield 2, f"a number is {told}, {words.beside(parent)}: {other:g} stands there", constant(other)
        if value and isinstance(value, float):
            yield 3, f"the sign of a number is the wrong one, {words.beside(parent)}", constant(-value)


def _of_Subscript(node, parent):
    if not isinstance(node.ctx, ast.Load):
        return
    of = words.all_names(node.value)
    if isinstance(node.slice, (ast.Name, ast.BinOp)):
        for op, told in ((ast.Add, "late"), (ast.Sub, "early")):
            shifted = having(node, slice=ast.BinOp(node.slice, op(), ast.Constant(1)))
            yield 2, f"{of} {words.verb(node.value, 'is', 'are')} read one place too {told}", shifted
    if isinstance(node.slice, ast.Name):
        yield 3, f"the first of {of} is used each time", having(node, slice=ast.Constant(0))
    if _new_axis(node.slice):
        yield 2, f"{of} {words.verb(node.value, 'lacks', 'lack')} the new axis of size 1", node.value
    else:
        yield 3, f"all of {of} is used, without an index", node.value


def _new_axis(index) -> bool:
    """Whether an index only adds axes: x[:, None]."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    empty = [isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step) for part in parts]
    new = [isinstance(part, ast.Constant) and part.value is None or _ellipsis(part) for part in parts]
    return any(new) and all(a or b for a, b in zip(empty, new, strict=True))


def _ellipsis(part) -> bool:
    return isinstance(part, ast.Constant) and part.value is ...


def _of_Slice(node, parent):
    of = words.beside(parent)
    for part, told in (("lower", "begins"), ("upper", "ends")):
        bound = getattr(node, part)
        if bound is None:
            yield (
                2,
                f"a slice {told} one place too {'late' if part == 'lower' else 'early'}, {of}",
                having(node, **{part: constant(1 if part == "lower" else -1)}),
            )
            continue
        edge = "first" if part == "lower" else "last"
        yield 1, f"a slice {told} at the very {edge}, {of}: its bound is left out", having(node, **{part: None})
        if words.number(bound) is None:
            for op, side in ((ast.Add, "late"), (ast.Sub, "early")):
                shifted = ast.BinOp(bound, op(), ast.Constant(1))
                yield 2, f"a slice {told} one place too {side}, {of}", having(node, **{part: shifted})
    if node.step is not None:
        told = "the order is not reversed" if words.number(node.step) == -1 else "the step of a slice is left out"
        yield 1, f"{told}, {of}", having(node, step=None)


def _of_Tuple(node, parent):
    if len(node.elts) >= 2 and isinstance(node.ctx, ast.Load) and isinstance(parent, ast.Return):
        for i in range(len(node.elts)):
            for j in range(i + 1, len(node.elts)):
                yield 1, words.results_exchanged(node.elts, i, j), having(node, elts=exchanged(node.elts, i, j))


def _of_IfExp(node, parent):
    yield 2, f"one case is always taken, {words.beside(node.test)}", node.body
    yield 2, f"one case is never taken, {words.beside(node.test)}", node.orelse


def _of_comprehension(node, parent):
    for i, condition in enumerate(node.ifs):
        yield (
            1,
            f"{words.part(condition, 'condition')} is left out",
            having(node, ifs=node.ifs[:i] + node.ifs[i + 1 :]),
        )


def _of_product(node):
    left, right, op = node.left, node.right, type(node.op)
    if op is ast.Mult:
        yield 1, f"{words.part(right, 'factor')} is left out", left
        yield 1, f"{words.part(left, 'factor')} is left out", right
        yield 2, f"it is divided by {words.short(right)}, not multiplied", having(node, op=ast.Div())
        yield (
            2,
            f"it is divided by {words.short(left)}, not multiplied",
            having(node, left=right, right=left, op=ast.Div()),
        )
        yield 2, f"`+` stands where `*` belongs, {words.beside(node)}", having(node, op=ast.Add())
        return
    yield 1, f"the division by {words.short(right)} is left out", left
    if op is ast.FloorDiv:
        upwards = ast.UnaryOp(ast.USub(), having(node, left=ast.UnaryOp(ast.USub(), left)))
        yield 1, f"a division is not rounded to a whole number, {words.beside(left)}", having(node, op=ast.Div())
        yield 1, f"a division is rounded up, not down, {words.beside(left)}", upwards
        return
    yield 1, f"it is multiplied by {words.short(right)}, not divided", having(node, op=ast.Mult())
    yield 2, f"a fraction is upside down: {words.all_names(left, right)}", having(node, left=right, right=left)
    yield 2, f"`//` rounds a division down, {words.beside(left)}", having(node, op=ast.FloorDiv())
    yield 3, f"only the divisor is left, {words.short(right)}", right
    yield (
        2,
        f"it is divided by the root of {words.short(right)}",
        having(node, right=ast.BinOp(right, ast.Pow(), ast.Constant(0.5))),
    )


def _of_power(node):
    base, power = words.short(node.left), words.number(node.right)
    told = {2: f"{base} is not squared", 0.5: f"the square root of {base} is left out"}.get(power)
    yield 1, told or f"the power of {base} is left out", node.left
    yield 2, f"`*` stands where `**` belongs, beside {base}", having(node, op=ast.Mult())
    if words.number(node.left) is None and power is None:
        yield (
            2,
            f"base and exponent change places: {words.all_names(node.left, node.right)}",
            having(node, left=node.right, right=node.left),
        )


def _is_axis(node, parent) -> bool:
    if not isinstance(parent, ast.Call):
        return False
    method = isinstance(parent.func, ast.Attribute) and not words.is_module(parent.func.value)
    place = parent.args.index(node) if node in parent.args else None
    return words.called(parent) in AXIS_SECOND and place == (0 if method else 1)


BY_KIND = {
    "BinOp": _of_BinOp,
    "BoolOp": _of_BoolOp,
    "Call": of_call,
    "Compare": _of_Compare,
    "Constant": _of_Constant,
    "IfExp": _of_IfExp,
    "Slice": _of_Slice,
    "Subscript": _of_Subscript,
    "Tuple": _of_Tuple,
    "UnaryOp": _of_UnaryOp,
    "comprehension": _of_comprehension,
}
