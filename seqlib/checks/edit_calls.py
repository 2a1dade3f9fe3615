"""Slips in a call: the function left out or exchanged, an axis, an option, the order of the arguments."""

import ast

from seqlib.checks import edit_trees as trees
from seqlib.checks import edit_words as words
from seqlib.checks.edit_words import called, tick


def of_call(node: ast.Call, parent):
    """(rank, sentence, new node) for each slip."""
    name = called(node)
    if not name or any(isinstance(a, ast.Starred) for a in node.args) and name not in trees.EXCHANGED:
        return
    yield from _left_out(node, name)
    yield from _exchanged_functions(node, name)
    yield from _arguments(node, name)
    yield from _axes(node, name)
    if name == "range":
        yield from _bounds(node, parent)
    if name == "sqrt":
        yield from _inside_the_root(node)
    if name == "float" and node.args and getattr(node.args[0], "value", None) == "-inf":
        yield 2, "0 stands where $-\\infty$ belongs", ast.Constant(0.0)


def _is_method(node) -> bool:
    return isinstance(node.func, ast.Attribute) and not words.is_module(node.func.value)


def _left_out(node, name):
    if name in trees.CONVERSIONS:
        return
    rank = 1 if name in trees.ELEMENTWISE or words.own_attribute(node.func) else 2
    told = f"{tick(words.own_attribute(node.func) or name)} is left out"
    if name in ("transpose", "swapaxes", "permute"):
        told = f"axes are not exchanged ({tick(name)} is left out)"
    if _is_method(node) and words.own_attribute(node.func) is None:
        yield rank, told, node.func.value
    for argument in node.args[: 2 if rank > 1 else 1]:
        if not isinstance(argument, (ast.Starred, ast.Constant)):
            of = told if len(node.args) == 1 else f"{told}, and only {words.all_names(argument)} is left of it"
            yield rank + (argument is not node.args[0]), of, argument


def _exchanged_functions(node, name):
    for other in trees.EXCHANGED.get(name, []):
        func = (
            ast.Attribute(node.func.value, other, ast.Load())
            if isinstance(node.func, ast.Attribute)
            else ast.Name(other, ast.Load())
        )
        rank = 1 if (name, other) in trees.PAIRS[:10] or (other, name) in trees.PAIRS[:10] else 2
        told = f"{tick(other)} stands where {tick(name)} belongs"
        if (name, other) in trees.MIRRORED or (other, name) in trees.MIRRORED:
            told = f"{tick(name)} and {tick(other)} are taken for each other"
        yield rank, told, trees.having(node, func=func)


def _arguments(node, name):
    args = node.args
    if name not in trees.SYMMETRIC:
        for i in range(len(args)):
            for j in range(i + 1, len(args)):
                if not isinstance(args[i], ast.Constant) or not isinstance(args[j], ast.Constant):
                    told = f"two arguments of {tick(name)} change places: {words.all_names(args[i], args[j])}"
                    yield 2, told, trees.having(node, args=trees.exchanged(args, i, j))
    if name == "where" and len(args) == 3:
        inverted = trees.having(node, args=[args[0], args[2], args[1]])
        yield 1, "the two choices of `where` change places", inverted
    if name == "masked_fill" and args:
        yield (
            1,
            "the mask of `masked_fill` is inverted",
            trees.having(node, args=[trees.call_of("__inverted", args[0]), *args[1:]]),
        )
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in ("dtype", "device", "strict"):
            rest = node.keywords[:i] + node.keywords[i + 1 :]
            axis = keyword.arg in trees.AXIS_WORDS
            told = (
                f"{tick(name)} runs over everything: its axis is left out"
                if axis
                else f"{tick(keyword.arg)} is left out in {tick(name)}"
            )
            yield 1, told, trees.having(node, keywords=rest)


def _axes(node, name):
    for i, keyword in enumerate(node.keywords):
        axis = words.number(keyword.value)
        if keyword.arg in trees.AXIS_WORDS and isinstance(axis, int):
            for other in _other_axes(axis):
                changed = [
                    *node.keywords[:i],
                    trees.having(keyword, value=trees.constant(other)),
                    *node.keywords[i + 1 :],
                ]
                yield 1, _axis_told(name, other, axis), trees.having(node, keywords=changed)
    place = 0 if _is_method(node) else 1
    if name in trees.AXIS_SECOND and len(node.args) > place:
        axis = words.number(node.args[place])
        if isinstance(axis, int):
            for other in _other_axes(axis):
                changed = [*node.args[:place], trees.constant(other), *node.args[place + 1 :]]
                yield 1, _axis_told(name, other, axis), trees.having(node, args=changed)
            rest = node.args[:place] + node.args[place + 1 :]
            yield 1, f"{tick(name)} runs over everything: its axis is left out", trees.having(node, args=rest)


def _other_axes(axis):
    return [a for a in (0, 1, 2, -1, -2) if a != axis]


def _axis_told(name, other, axis):
    return f"{tick(name)} runs over axis {other} in the place of axis {axis}".replace("axis -", "axis −")


def _bounds(node, parent):
    args = node.args if len(node.args) > 1 else [ast.Constant(0), *node.args]
    counts_only = hasattr(parent, "target") and words.targets(parent.target) == ["_"]
    over = f" over {tick(words.targets(parent.target)[0])}" if hasattr(parent, "target") else ""
    for place, told in ((0, "begins"), (1, "ends"))[counts_only:]:
        for op, side in ((ast.Add, "late"), (ast.Sub, "early")):
            moved = ast.BinOp(args[place], op(), ast.Constant(1))
            changed = [*args[:place], moved, *args[place + 1 :]]
            yield 2, f"the loop{over} {told} one round too {side}", trees.having(node, args=changed)
    if isinstance(parent, ast.comprehension):
        turned = trees.call_of("reversed", trees.call_of("list", node))
        yield 2, f"the loop{over} runs the other way round", turned


def _inside_the_root(node):
    inner = node.args[0] if node.args else node.func.value if _is_method(node) else None
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        root = (
            trees.having(node, args=[inner.left])
            if node.args
            else trees.having(node, func=trees.having(node.func, value=inner.left))
        )
        yield 1, f"{words.part(inner.right, 'term')} stands outside the root", ast.BinOp(root, ast.Add(), inner.right)
