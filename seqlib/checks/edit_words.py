"""The words for parts of a syntax tree: names of variables and functions, never whole expressions."""

import ast

SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.MatMult: "@", ast.Pow: "**",
         ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
         ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}  # fmt: skip
MODULES = {"np", "numpy", "torch", "nn", "F", "functional", "math", "random", "itertools", "re", "linalg"}


def tick(name: str) -> str:
    return f"`{name}`"


def is_module(node) -> bool:
    return (
        isinstance(node, ast.Name) and node.id in MODULES or isinstance(node, ast.Attribute) and is_module(node.value)
    )


def is_docstring(statement) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", "")).lstrip("_")


def own_attribute(node) -> str | None:
    """ "self.W_q" for an attribute of `self`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return f"self.{node.attr}"
    return None


def names(*nodes) -> list[str]:
    """Variables in the order in which they are read, each once; without modules and the functions that are called."""
    found = []
    for node in nodes:
        functions = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        for n in _in_order(node):
            if own_attribute(n):
                found.append(own_attribute(n))
            elif isinstance(n, ast.Name) and n.id not in MODULES | {"self"} and id(n) not in functions:
                found.append(n.id)
    return list(dict.fromkeys(found))


def _in_order(node):
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _functions(node) -> list[str]:
    return list(dict.fromkeys(called(n) for n in _in_order(node) if isinstance(n, ast.Call) and called(n)))


def all_names(*nodes) -> str:
    """ "`a`, `b` and `c`"; where there is no variable, the functions; else the short text itself."""
    found = [n for node in nodes for n in (names(node) or _functions(node) or [_text(node)])]
    found = [tick(n) for n in dict.fromkeys(found)][:3]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def _text(node) -> str:
    text = ast.unparse(ast.fix_missing_locations(node))
    return text if len(text) <= 12 else f"{text[:9]}…"


def verb(node, one: str, many: str) -> str:
    return one if len(names(node)) <= 1 else many


def part(node, kind: str) -> str:
    """A term, a factor or a condition by the names in it."""
    if isinstance(node, ast.Name) or own_attribute(node):
        return f"{tick(own_attribute(node) or node.id)}"
    if number(node) is not None:
        return f"the {kind} {tick(_text(node))}"
    return f"the {kind} with {all_names(node)}"


def short(node) -> str:
    if number(node) is not None:
        return tick(_text(node))
    if isinstance(node, ast.Call) and (names(node) or _functions(node)):
        return f"{tick(called(node))} of {all_names(*node.args)}" if node.args else tick(called(node))
    return all_names(node)


def beside(node) -> str:
    """Where something stands: "beside `b_h`"."""
    if isinstance(node, ast.Call):
        return f"in {tick(called(node))}"
    if isinstance(node, ast.keyword):
        return f"in {tick(node.arg or '**')}"
    if isinstance(node, ast.stmt):
        return place(node, "") or "in the result"
    if isinstance(node, ast.Tuple) and not names(node):
        return "among the values that are set"
    return f"beside {all_names(node)}"


def results_exchanged(results, i, j) -> str:
    if all(isinstance(results[k], ast.Name) for k in (i, j)):
        return f"two results change places: {tick(results[i].id)} and {tick(results[j].id)}"
    ordinal = ("first", "second", "third", "fourth", "fifth", "sixth", "next", "next")
    return f"the {ordinal[i]} and the {ordinal[j]} result change places"


def targets(node) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)] or ["…"]


def place(statement, function: str) -> str:
    """The line in which something happens, told by what it sets."""
    inside = f" of `{function}`" if function else ""
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        return f"in the line of {subject(statement)}{inside}"
    if isinstance(statement, ast.Return):
        return f"in the result{inside}"
    if isinstance(statement, ast.For):
        return f"in the loop over {tick(targets(statement.target)[0])}{inside}"
    return inside.replace(" of ", "in ", 1)


def subject(statement) -> str:
    if isinstance(statement, ast.Assign):
        return all_names(statement.targets[0])
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return all_names(statement.target)
    return all_names(statement)


def left_out(statement) -> str:
    if isinstance(statement, ast.AugAssign):
        return f"{subject(statement)} is never updated"
    if isinstance(statement, ast.Assign):
        return f"the line that sets {subject(statement)} is left out"
    if isinstance(statement, ast.If):
        return f"the case {all_names(statement.test)} is left out"
    if isinstance(statement, ast.For):
        return f"the loop over {tick(targets(statement.target)[0])} is left out"
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return f"{tick(called(statement.value))} is left out"
    return "a line is left out"


def number(node):
    """The value of a number or a truth value that is written out, else None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number(node.operand)
        return None if value is None else -value
    return None


def is_infinite(node) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("inf", "infty")


def kin(one: str, other: str) -> bool:
    """Whether two names are easily taken for each other: h_t and h_prev, W_xh and W_hh, i and f."""
    one, other = one.removeprefix("self."), other.removeprefix("self.")
    if len(one) <= 2 and len(other) <= 2:
        return True
    a, b = one.lower().split("_"), other.lower().split("_")
    return a[0] == b[0] or a[-1] == b[-1] or one.rstrip("0123456789") == other.rstrip("0123456789")
