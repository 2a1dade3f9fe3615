"""Small slips in a function's syntax tree, each with the words for it.

An `Edit` takes the place of one node. Its sentence completes "This is what you get when …", and names variables and
functions, never the line as it should be. `rank` orders them: 1 what learners do every day, 4 what hardly anyone does.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seqlib.checks import edit_words as words
from seqlib.checks.edit_calls import of_call
from seqlib.checks.edit_trees import (
    AXIS_SECOND,
    AXIS_WORDS,
    INVERTED,
    MASKS,
    NEXT_TO,
    SWAPPED,
    TURNED,
    call_of,
    constant,
    exchanged,
    having,
)
from seqlib.checks.edit_words import tick


@dataclass(eq=False)
class Edit:
    """`new` stands where `parent.field` (its `index`-th, where that is a list) stood."""

    rank: int
    sentence: str
    place: str
    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST

    def swap(self):
        """Put the new node in; again, and the old one is back."""
        holder = getattr(self.parent, self.field)
        if self.index is None:
            setattr(self.parent, self.field, self.new)
            self.new = holder
        else:
            holder[self.index], self.new = self.new, holder[self.index]


def edits(definition: ast.FunctionDef | ast.ClassDef, kinds: Mapping[str, str]) -> list[Edit]:
    """All edits of a definition, the likeliest slips first; a sentence that several share says where.

    `kinds` tells of what kind the variables are: only those of one kind are taken for each other.
    """
    found = [e for function in _functions(definition) for e in _of_function(function, definition, kinds)]
    shared = Counter(e.sentence for e in found)
    for edit in found:
        if shared[edit.sentence] > 1 and edit.place:
            edit.sentence += f", {edit.place}"
    return sorted(found, key=lambda e: e.rank)


def _functions(definition) -> list[ast.FunctionDef]:
    if isinstance(definition, ast.FunctionDef):
        return [definition]
    return [s for s in definition.body if isinstance(s, ast.FunctionDef)]


def _of_function(function, definition, kinds) -> Iterator[Edit]:
    scope = _Scope(function, kinds, method=function is not definition)
    for parent, field, index, statement in _statements(function):
        place = words.place(statement, scope.name)
        for rank, sentence, new in scope.of_statement(parent, field, index, statement):
            yield Edit(rank, sentence, place, parent, field, index, new)
        for slot in _expressions(statement):
            for rank, sentence, new in scope.of_expression(slot[-1], slot[0]):
                yield Edit(rank, sentence, place, *slot[:3], new)


def _statements(node) -> Iterator[tuple]:
    """(parent, field, index, statement) of all statements inside, docstrings aside."""
    for field in ("body", "orelse", "finalbody"):
        for index, child in enumerate(getattr(node, field, []) if not isinstance(node, ast.IfExp) else []):
            if isinstance(child, ast.stmt) and not words.is_docstring(child):
                yield node, field, index, child
                yield from _statements(child)


def _expressions(node) -> Iterator[tuple]:
    """(parent, field, index, node) of a statement's own expressions, those of the statements inside it left out."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "args") and isinstance(node, (ast.stmt, ast.Lambda)):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, (ast.expr, ast.comprehension, ast.keyword)) and not isinstance(child, ast.JoinedStr):
                yield node, field, index, child
                yield from _expressions(child)


class _Scope:
    """What is known in one function: its name, arguments and variables."""

    def __init__(self, function, kinds, method):
        arguments = function.args
        self.arguments = [a.arg for a in (*arguments.posonlyargs, *arguments.args) if a.arg != "self"]
        stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self.variables = list(dict.fromkeys([*self.arguments, *stored]))
        own = [words.own_attribute(n) for n in ast.walk(function)]
        self.attributes = list(dict.fromkeys(a for a in own if a))
        self.name = function.name if method else ""
        self.function, self.kinds = function, kinds

    def _alike(self, one, other) -> bool:
        return self.kinds.get(one, "?") == self.kinds.get(other, "!")

    # -- statements

    def of_statement(self, parent, field, index, statement) -> Iterator[tuple]:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass, ast.FunctionDef, ast.ClassDef, ast.Global)):
            return
        if not isinstance(statement, ast.Return):
            yield 2, words.left_out(statement), ast.Pass()
        if isinstance(statement, ast.Assign):
            yield from _of_unpacking(statement)
        if isinstance(statement, ast.AugAssign):
            yield from _of_augmented(statement)
        if isinstance(statement, ast.If):
            yield from _of_branch(statement)
        if isinstance(statement, ast.For):
            yield from self._of_loop(parent, index, statement)
        if isinstance(statement, (ast.Assign, ast.Return, ast.AugAssign, ast.Expr)):
            yield from self._of_pairs(statement)
            yield from _of_next(getattr(parent, field), index, statement)

    def _of_loop(self, parent, index, loop):
        following = parent.body[index + 1 :] if parent is self.function else []
        if len(following) == 1 and isinstance(following[0], ast.Return):
            early = having(loop, body=[*loop.body, following[0]])
            yield 2, "`return` stands inside the loop, which ends after the first round", early
        over = " and ".join(tick(n) for n in words.targets(loop.target))
        if getattr(getattr(loop.iter, "func", None), "id", "") != "reversed":
            turned = having(loop, iter=call_of("reversed", call_of("list", loop.iter)))
            yield 2, f"the loop over {over} runs the other way round", turned

    def _of_pairs(self, statement):
        """Two names change places in a line."""
        used = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        used = [n for n in dict.fromkeys(used) if n in self.variables]
        own = list(dict.fromkeys(a for n in ast.walk(statement) if (a := words.own_attribute(n))))
        for group in (used, own):
            for i, one in enumerate(group):
                for other in (o for o in group[i + 1 :] if group is own or self._alike(one, o)):
                    rank = 2 if words.kin(one, other) else 3
                    other_way = _Renamed({one: other, other: one}).visit(copy.deepcopy(statement))
                    yield rank, f"{tick(one)} and {tick(other)} change places", other_way

    # -- expressions

    def of_expression(self, node, parent) -> Iterator[tuple]:
        method = getattr(self, f"_of_{type(node).__name__}", None)
        if method is not None:
            yield from method(node, parent)

    def _of_Name(self, node, parent):
        if not isinstance(node.ctx, ast.Load) or node.id not in self.variables or _is_called(node, parent):
            return
        for other in self.variables:
            if other != node.id and self._alike(node.id, other):
                rank = 2 if words.kin(node.id, other) else 3
                yield rank, f"{tick(other)} stands where {tick(node.id)} belongs", ast.Name(other, ast.Load())
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult):
            yield 1, f"{tick(node.id)} is transposed", call_of("__transposed", node)
        if any(part in node.id.lower() for part in MASKS):
            yield 1, f"{tick(node.id)} is inverted", call_of("__inverted", node)
        if node.id in self.arguments and self.kinds.get(node.id) in ("array", "list", "str", "tuple"):
            first = ast.Subscript(node, ast.Slice(None, ast.Constant(1)), ast.Load())
            yield 3, f"only the first of {tick(node.id)} is used, for all", first
        if isinstance(parent, (ast.Return, ast.Tuple)):
            yield 3, f"the sign of {tick(node.id)} is the wrong one", ast.UnaryOp(ast.USub(), node)

    def _of_Attribute(self, node, parent):
        if node.attr in ("T", "mT", "H") and isinstance(node.ctx, ast.Load):
            yield 1, f"{words.all_names(node.value)} {words.verb(node.value, 'is', 'are')} not transposed", node.value
        own = words.own_attribute(node)
        if own and isinstance(node.ctx, ast.Load):
            for other in self.attributes:
                if other != own and words.kin(own, other):
                    yield 2, f"{tick(other)} stands where {tick(own)} belongs", having(node, attr=other[5:])

    def _of_BinOp(self, node, parent):
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

    def _of_Compare(self, node, parent):
        first, rest = type(node.ops[0]), node.ops[1:]
        beside = words.beside(node)
        if first in NEXT_TO:
            new, old = (words.SIGNS[k] for k in (NEXT_TO[first], first))
            yield 1, f"`{new}` stands where `{old}` belongs, {beside}", having(node, ops=[NEXT_TO[first](), *rest])
            yield 1, f"a comparison is the wrong way round, {beside}", having(node, ops=[TURNED[first](), *rest])
        if first in INVERTED:
            yield 1, f"a condition is inverted, {beside}", having(node, ops=[INVERTED[first](), *rest])

    def _of_BoolOp(self, node, parent):
        other, sign = (ast.Or, "or") if isinstance(node.op, ast.And) else (ast.And, "and")
        yield (
            2,
            f"`{sign}` joins two conditions, {words.beside(node)}, which is the wrong word",
            having(node, op=other()),
        )
        for i, value in enumerate(node.values):
            rest = node.values[:i] + node.values[i + 1 :]
            yield 1, f"{words.part(value, 'condition')} is left out", having(node, values=rest) if rest[1:] else rest[0]

    def _of_UnaryOp(self, node, parent):
        if isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant):
                yield 1, f"the minus sign before {words.all_names(node.operand)} is left out", node.operand
                if words.is_infinite(node.operand):
                    yield 2, "0 stands where $-\\infty$ belongs", ast.Constant(0.0)
            elif isinstance(parent, (ast.Subscript, ast.Slice, ast.keyword)):
                yield from self._of_Constant(node, parent)
        elif isinstance(node.op, (ast.Invert, ast.Not)):
            yield (
                1,
                f"{words.all_names(node.operand)} {words.verb(node.operand, 'is', 'are')} not inverted",
                node.operand,
            )

    def _of_Constant(self, node, parent):
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

    def _of_Subscript(self, node, parent):
        if not isinstance(node.ctx, ast.Load):
            return
        of = words.all_names(node.value)
        if isinstance(node.slice, (ast.Name, ast.BinOp)):
            for op, told in ((ast.Add, "late"), (ast.Sub, "early")):
                shifted = having(node, slice=ast.BinOp(node.slice, op(), ast.Constant(1)))
                yield 2, f"{of} {words.verb(node.value, 'is', 'are')} read one place too {told}", shifted
        if isinstance(node.slice, ast.Name):
            yield 3, f"the first of {of} is used each time", having(node, slice=ast.Constant(0))
        yield 3, f"all of {of} is used, without an index", node.value

    def _of_Slice(self, node, parent):
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

    def _of_Tuple(self, node, parent):
        if len(node.elts) >= 2 and isinstance(node.ctx, ast.Load) and isinstance(parent, ast.Return):
            for i in range(len(node.elts)):
                for j in range(i + 1, len(node.elts)):
                    yield 1, words.results_exchanged(node.elts, i, j), having(node, elts=exchanged(node.elts, i, j))

    def _of_IfExp(self, node, parent):
        yield 2, f"one case is always taken, {words.beside(node.test)}", node.body
        yield 2, f"one case is never taken, {words.beside(node.test)}", node.orelse

    def _of_comprehension(self, node, parent):
        for i, condition in enumerate(node.ifs):
            yield (
                1,
                f"{words.part(condition, 'condition')} is left out",
                having(node, ifs=node.ifs[:i] + node.ifs[i + 1 :]),
            )

    def _of_Call(self, node, parent):
        yield from of_call(node, parent)


def _of_unpacking(statement):
    target = statement.targets[0]
    if isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
        for i in range(len(target.elts)):
            for j in range(i + 1, len(target.elts)):
                both = " and ".join(tick(target.elts[k].id) for k in (i, j))
                turned = ast.Tuple(exchanged(target.elts, i, j), ast.Store())
                yield 1, f"{both} change places where they are named", having(statement, targets=[turned])


def _of_augmented(statement):
    of = words.all_names(statement.target)
    load = ast.parse(ast.unparse(statement.target), mode="eval").body
    yield 1, f"{of} is written anew each time, where it should grow", ast.Assign([_stored(load)], statement.value)
    if type(statement.op) in SWAPPED:
        other = SWAPPED[type(statement.op)]
        sign = words.SIGNS[other]
        yield 1, f"`{sign}=` stands in the line of {of}, which is the wrong sign", having(statement, op=other())


def _stored(node):
    node.ctx = ast.Store()
    return node


def _of_branch(statement):
    of = words.beside(statement.test)
    yield 2, f"an `if` is always taken as true, {of}", having(statement, test=ast.Constant(True))
    yield 2, f"an `if` is never taken as true, {of}", having(statement, test=ast.Constant(False))
    yield (
        1,
        f"the condition of an `if` is inverted, {of}",
        having(statement, test=ast.UnaryOp(ast.Not(), statement.test)),
    )


def _of_next(body, index, statement):
    """Two lines in the other order."""
    following = body[index + 1] if index + 1 < len(body) else None
    if isinstance(following, (ast.Assign, ast.AugAssign, ast.Expr)) and not isinstance(statement, ast.Return):
        both = ast.If(ast.Constant(True), [following, statement, *body[index + 2 :]], [])
        if isinstance(body[-1], (ast.Return, ast.Assign, ast.AugAssign, ast.Expr)):
            yield (
                3,
                f"two lines stand in the other order: {words.subject(following)} before {words.subject(statement)}",
                both,
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


def _is_called(node, parent) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node


def _is_axis(node, parent) -> bool:
    if not isinstance(parent, ast.Call):
        return False
    method = isinstance(parent.func, ast.Attribute) and not words.is_module(parent.func.value)
    place = parent.args.index(node) if node in parent.args else None
    return words.called(parent) in AXIS_SECOND and place == (0 if method else 1)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            return ast.Name(self.names[node.id], node.ctx)
        return node

    def visit_Attribute(self, node):
        own = words.own_attribute(node)
        if own in self.names and isinstance(node.ctx, ast.Load):
            return having(node, attr=self.names[own][5:])
        return self.generic_visit(node)
