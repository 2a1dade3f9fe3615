"""Small wrong changes to a right answer. A check that lets one pass would let a learner's slip pass too."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.MatMult: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
OPPOSITE = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
RENAMED = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax", "exp": "log",
    "log": "exp", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "hstack": "vstack", "vstack": "hstack",
    "append": "remove", "tanh": "sin", "relu": "tanh", "any": "all", "all": "any",
}  # fmt: skip
TRANSPOSES = {"T", "mT", "H"}
# Changes that no caller can see, and so no check either.
CONVERSIONS = {"array", "asarray", "as_tensor", "list", "tuple", "float", "bool"}
SYMMETRIC = {
    "swapaxes",
    "transpose",
    "maximum",
    "minimum",
    "max",
    "min",
    "allclose",
    "isclose",
    "add",
    "multiply",
    "union",
}
EVEN = {"abs", "absolute", "square", "norm", "fabs"}
AXES = {"axis", "dim"}


@dataclass(frozen=True)
class Mutant:
    """`line` is the changed statement, as one line; `source` the whole changed cell."""

    line: str
    source: str


def mutants(source: str, name: str) -> list[Mutant]:
    """Every mutant of the function or class `name` in a cell's source, each different from all others."""
    tree = ast.parse(source)
    seen, found = {ast.unparse(tree)}, []
    statements = [n for n in ast.walk(_definition(tree, name)) if isinstance(n, ast.stmt)]
    for index, statement in enumerate(statements):
        for line, changed in _of_statement(statement):
            mutated = _put(source, name, index, changed)
            if mutated is not None and mutated not in seen:
                seen.add(mutated)
                found.append(Mutant(line, mutated))
    return found


def _definition(tree, name):
    found = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name]
    if not found:
        raise ValueError(f"no function or class {name!r} in the cell")
    return found[-1]


def _put(source, name, index, changed) -> str | None:
    """The source with its `index`-th statement replaced; None where what comes out is no program."""
    tree = ast.parse(source)
    old = [n for n in ast.walk(_definition(tree, name)) if isinstance(n, ast.stmt)][index]

    class Replace(ast.NodeTransformer):
        def visit(self, node):
            return changed if node is old else self.generic_visit(node)

    try:
        text = ast.unparse(ast.fix_missing_locations(Replace().visit(tree)))
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError, TypeError):
        return None
    return text


def _of_statement(statement) -> Iterator[tuple[str, ast.stmt]]:
    """(line, changed statement) for each change to the statement itself, not to the statements inside it."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass, ast.Global)):
        return
    if _is_docstring(statement):
        return
    if not isinstance(statement, ast.Return):
        yield f"drop: {_head(statement)}", ast.Pass()
    own = list(_own_nodes(statement))
    skipped = {id(n) for node in own for n in _unseen(node)}
    for index in range(len(own)):
        for change in _changes(own[index], id(own[index]) in skipped):
            changed = copy.deepcopy(statement)
            target = list(_own_nodes(changed))[index]
            changed = _replace(changed, target, change)
            yield _head(changed), changed
    if isinstance(statement, ast.AugAssign):
        yield from _of_augmented(statement)


def _of_augmented(statement):
    plain = ast.Assign([copy.deepcopy(statement.target)], copy.deepcopy(statement.value))
    other = copy.deepcopy(statement)
    other.op = SWAPPED.get(type(other.op), ast.Add)()
    for changed in (plain, other):
        ast.fix_missing_locations(ast.copy_location(changed, statement))
        yield _head(changed), changed


def _is_docstring(statement) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _head(statement) -> str:
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(statement))).splitlines()[0]


def _own_nodes(statement) -> Iterator[ast.AST]:
    """Expressions of a statement; those of the statements in its body belong to them."""
    todo = [c for c in ast.iter_child_nodes(statement) if isinstance(c, (ast.expr, ast.withitem))]
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.JoinedStr):
            continue
        yield node
        if isinstance(node, ast.keyword) and node.arg in AXES:
            continue  # -1 and the last axis are the same
        todo = [c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.stmt)] + todo


def _replace(statement, target, change):
    class Replace(ast.NodeTransformer):
        def visit(self, node):
            if node is target:
                return change(node)
            if isinstance(node, ast.stmt) and node is not statement:
                return node
            return self.generic_visit(node)

    return ast.fix_missing_locations(Replace().visit(statement))


# -- changes to one node: functions from the node to what takes its place --------------------------------------------


def _changes(node, sign_unseen=False) -> Iterator:
    kind = type(node).__name__
    if isinstance(node, ast.BinOp):
        yield from _of_BinOp(node, sign_unseen)
    else:
        yield from globals().get(f"_of_{kind}", lambda _: ())(node)


def _called(call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _unseen(node) -> Iterator[ast.AST]:
    """Expressions inside `node` whose sign nobody sees: |a - b|, (a - b)²."""
    if isinstance(node, ast.Call) and _called(node) in EVEN:
        yield from node.args
        yield getattr(node.func, "value", node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and getattr(node.right, "value", 1) == 2:
        yield node.left


def _of_BinOp(node, sign_unseen):
    if type(node.op) in SWAPPED:
        yield _with(op=SWAPPED[type(node.op)]())
    yield lambda n: n.left
    yield lambda n: n.right
    turned = (ast.MatMult, ast.Div) if sign_unseen else (ast.MatMult, ast.Sub, ast.Div)
    if isinstance(node.op, turned):
        yield lambda n: ast.BinOp(n.right, n.op, n.left)


def _of_Compare(node):
    first = type(node.ops[0])
    for table in (SWAPPED, OPPOSITE):
        if first in table:
            yield _with(ops=[table[first](), *node.ops[1:]])


def _of_BoolOp(node):
    yield _with(op=SWAPPED[type(node.op)]())
    for i in range(len(node.values)):
        yield lambda n, i=i: n.values[i]


def _of_UnaryOp(node):
    yield lambda n: n.operand


def _of_Constant(node):
    value = node.value
    if isinstance(value, bool):
        yield _with(value=not value)
    elif isinstance(value, (int, float)):
        for other in (value + 1, value - 1, -value):
            if other != value:
                yield _with(value=other)


def _of_Call(node):
    if (
        len(node.args) >= 2
        and not any(isinstance(a, ast.Starred) for a in node.args)
        and _called(node) not in SYMMETRIC
    ):
        for i in range(len(node.args) - 1):
            yield lambda n, i=i: _with(args=[*n.args[:i], n.args[i + 1], n.args[i], *n.args[i + 2 :]])(n)
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg != "dtype":
            yield lambda n, i=i: _with(keywords=n.keywords[:i] + n.keywords[i + 1 :])(n)
    if node.args and not isinstance(node.args[0], ast.Starred) and _called(node) not in CONVERSIONS:
        yield lambda n: n.args[0]
    if isinstance(node.func, ast.Attribute):
        yield lambda n: n.func.value
        if node.func.attr in RENAMED:
            yield lambda n: _with(func=ast.Attribute(n.func.value, RENAMED[n.func.attr], ast.Load()))(n)
    elif isinstance(node.func, ast.Name) and node.func.id in RENAMED:
        yield lambda n: _with(func=ast.Name(RENAMED[n.func.id], ast.Load()))(n)


def _of_keyword(node):
    if node.arg in AXES and isinstance(_number(node.value), int):
        other = 1 if _number(node.value) == 0 else 0
        yield _with(value=ast.Constant(other))


def _number(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _of_Attribute(node):
    if node.attr in TRANSPOSES and isinstance(node.ctx, ast.Load):
        yield lambda n: n.value


def _of_Slice(node):
    for part in ("lower", "upper"):
        bound = getattr(node, part)
        if bound is not None:
            yield _with(**{part: None})
            if not isinstance(bound, ast.Constant):
                for op in (ast.Add, ast.Sub):
                    yield lambda n, part=part, op=op: _with(**{part: _shifted(getattr(n, part), op)})(n)
    if node.step is not None:
        yield _with(step=None)


def _of_Subscript(node):
    if isinstance(node.slice, (ast.Name, ast.BinOp)):
        for op in (ast.Add, ast.Sub):
            yield lambda n, op=op: _with(slice=_shifted(n.slice, op))(n)
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        yield lambda n: _with(slice=ast.Tuple(n.slice.elts[::-1], ast.Load()))(n)


def _of_Tuple(node):
    if len(node.elts) >= 2 and (_number(node.elts[0]) is None or _number(node.elts[0]) != _number(node.elts[1])):
        yield lambda n: ast.Tuple([n.elts[1], n.elts[0], *n.elts[2:]], n.ctx)


def _of_IfExp(node):
    yield lambda n: n.body
    yield lambda n: n.orelse


def _of_comprehension(node):
    for i in range(len(node.ifs)):
        yield lambda n, i=i: _with(ifs=n.ifs[:i] + n.ifs[i + 1 :])(n)


def _with(**fields):
    """A change that keeps the node but for some fields."""

    def change(node):
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    return change


def _shifted(expression, op):
    return ast.BinOp(expression, op(), ast.Constant(1))
