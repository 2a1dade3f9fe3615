"""Programs that would never end, or fill the memory, inside compiled code, where no limit on time reaches.

A slip is a program that nobody has read before it runs. A loop of Python's own is broken off by `time_limit`; what
stands here is for the rest: loops without a way out are seen before they run, iterators without an end ask Python at
each step, so that the limit reaches them, and whole numbers do not grow without bound.
"""

import ast
import copy
import itertools
from types import SimpleNamespace

LONGEST = 10_000_000  # rounds of a loop: the longest of a right answer here has some thousands
BITS = 1_000_000  # of a whole number
READING = ("len", "abs", "min", "max", "sum", "any", "all", "float", "int", "range", "list", "tuple", "set", "sorted")
CHANGING = ("append", "extend", "insert", "add", "pop", "popleft", "remove", "discard", "clear", "update", "send")


def never_ends(definition: ast.AST) -> bool:
    """Whether there is a `while` that nothing inside it can end. Where an error may be caught, nothing is known."""
    nodes = list(ast.walk(definition))
    if any(isinstance(node, (ast.Try, ast.With)) for node in nodes):
        return False
    return any(isinstance(node, ast.While) and not _may_end(node) for node in nodes)


def _may_end(loop: ast.While) -> bool:
    if any(_leaves(line, own=True) for line in loop.body):
        return True
    if isinstance(loop.test, ast.Constant):
        return not loop.test.value
    tests = list(ast.walk(loop.test))
    if any(isinstance(node, ast.NamedExpr) or isinstance(node, ast.Call) and not _only_reads(node) for node in tests):
        return True
    read = {node.id for node in tests if isinstance(node, ast.Name)}
    return any(_changes(node, read) for line in loop.body for node in ast.walk(line))


def _leaves(line, own: bool) -> bool:
    """Whether a statement may end a loop around it: a `break` does if it is that loop's own, the others do anywhere."""
    if isinstance(line, (ast.Return, ast.Raise)) or isinstance(line, ast.Break) and own:
        return True
    if any(isinstance(child, (ast.Yield, ast.YieldFrom)) for child in ast.walk(line)):
        return True
    within = own and not isinstance(line, (ast.While, ast.For))
    inside = [(child, within) for child in getattr(line, "body", [])]
    inside += [(child, own) for child in getattr(line, "orelse", [])]
    return any(_leaves(child, its) for child, its in inside if isinstance(child, ast.stmt))


def _only_reads(call: ast.Call) -> bool:
    """Whether a call changes nothing: `len(words)`, but not `words.pop()` nor a function that nobody knows."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr not in CHANGING and "next" not in call.func.attr
    return getattr(call.func, "id", "") in READING


def _changes(node, read) -> bool:
    """Whether a part of the body may change a name of the condition: by writing it, or by handing it on."""
    if isinstance(node, ast.Name):
        return node.id in read and not isinstance(node.ctx, ast.Load)
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return not isinstance(node.ctx, ast.Load) and _owner(node) in read
    if isinstance(node, ast.Call):
        handed = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        if not _only_reads(node):
            handed += [*node.args, *(k.value for k in node.keywords)]
        return any(_owner(a) in read for a in handed)
    return False


def _owner(node) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return getattr(node, "id", "")


# -- what a slip is given in the place of what has no end -------------------------------------------------------------


def ending(known: dict) -> dict:
    """The names that a program knows, with iterators that can be broken off."""
    return {"range": _range, "iter": _iter, **{n: _REPLACED.get(id(v), v) for n, v in known.items()}, **_HELPERS}


def with_small_powers(module: ast.Module) -> ast.Module:
    """A copy of the module in which `a ** b` and `a << b` refuse whole numbers without bound."""
    return _Powers().visit(copy.deepcopy(module))


def is_power(node) -> bool:
    """Whether a node raises to a power that is not written there as a number."""
    if not isinstance(node, (ast.BinOp, ast.AugAssign)) or type(node.op) not in _POWERS:
        return False
    return not isinstance(node.right if isinstance(node, ast.BinOp) else node.value, ast.Constant)


class _Powers(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        return self._called(node, node.left, node.right) if is_power(node) else node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not is_power(node):
            return node
        left = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([node.target], self._called(node, left, node.value))

    def _called(self, node, left, right):
        return ast.Call(ast.Name(_POWERS[type(node.op)], ast.Load()), [left, right], [])


_POWERS = {ast.Pow: "__power", ast.LShift: "__shifted"}


def _power(base, exponent):
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * exponent > BITS:
        raise OverflowError("a whole number without bound")
    return base**exponent


def _shifted(number, places):
    if isinstance(number, int) and isinstance(places, int) and places > BITS:
        raise OverflowError("a whole number without bound")
    return number << places


def _range(*bounds):
    steps = range(*bounds)
    if len(steps) > LONGEST:
        raise OverflowError("a loop without bound")
    return steps


def _iter(*args):
    return iter(*args) if len(args) < 2 else _slowly(iter(*args))


def _slowly(iterator):
    """The same values, each through a line of Python's, where a limit on time can break in."""
    for count, value in enumerate(iterator):
        if count > LONGEST:
            raise OverflowError("an iterator without end")
        yield value


def _through_python(endless):
    return lambda *args, **named: _slowly(endless(*args, **named))


_ENDLESS = {name: _through_python(getattr(itertools, name)) for name in ("count", "cycle", "repeat")}
_REPLACED = {id(getattr(itertools, name)): slow for name, slow in _ENDLESS.items()}
_REPLACED |= {id(itertools): SimpleNamespace(**{**vars(itertools), **_ENDLESS})}
_REPLACED |= {id(range): _range, id(iter): _iter}
_HELPERS = {"__power": _power, "__shifted": _shifted}
