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
from seqlib.checks.edit_operators import of_expression
from seqlib.checks.edit_trees import MASKS, ONE_FOR_EACH, SWAPPED, call_of, exchanged, having
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
        if isinstance(node, ast.Name):
            yield from self._of_Name(node, parent)
        elif isinstance(node, ast.Attribute):
            yield from self._of_Attribute(node, parent)
        else:
            yield from of_expression(node, parent)

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
        one_for_each = any(part in node.id.lower() for part in ONE_FOR_EACH)
        if one_for_each and self.kinds.get(node.id) in ("array", "list", "tuple"):
            first = ast.Subscript(node, ast.Slice(None, ast.Constant(1)), ast.Load())
            yield 2, f"only the first of {tick(node.id)} is used, for all", first
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


def _of_unpacking(statement):
    target = statement.targets[0]
    if isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
        for i in range(len(target.elts)):
            for j in range(i + 1, len(target.elts)):
                both = " and ".join(tick(target.elts[k].id) for k in (i, j))
                turned = ast.Tuple(exchanged(target.elts, i, j), ast.Store())
                rank = 3 if isinstance(statement.value, ast.Tuple) else 1
                yield rank, f"{both} change places where they are named", having(statement, targets=[turned])


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


def _is_called(node, parent) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node


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
