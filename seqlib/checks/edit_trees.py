"""What edits of a syntax tree are made of: which operators and functions are taken for each other, and new nodes."""

import ast
import copy

PAIRS = [
    ("tanh", "sigmoid"), ("exp", "log"), ("sum", "mean"), ("max", "min"), ("argmax", "argmin"), ("any", "all"),
    ("maximum", "minimum"), ("amax", "amin"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("triu", "tril"),
    ("std", "var"), ("floor", "ceil"), ("softmax", "log_softmax"), ("hstack", "vstack"), ("cumsum", "cumprod"),
    ("sin", "cos"), ("relu", "tanh"), ("intersection", "union"), ("lower", "upper"), ("sqrt", "square"),
    ("log", "log2"), ("log", "log10"), ("argmax", "max"), ("floor", "round"), ("ceil", "round"), ("min", "sum"),
    ("norm", "sum"), ("sum", "max"), ("gelu", "relu"), ("silu", "sigmoid"), ("startswith", "endswith"),
]  # fmt: skip
# 1 / max(a, b) is min(1 / a, 1 / b): which of the two an answer has depends on how it is written.
MIRRORED = [("max", "min"), ("maximum", "minimum"), ("amax", "amin"), ("any", "all")]
EXCHANGED: dict[str, list[str]] = {}
for _one, _other in PAIRS:
    EXCHANGED.setdefault(_one, []).append(_other)
    EXCHANGED.setdefault(_other, []).append(_one)

# Changes that nobody sees.
CONVERSIONS = {"array", "asarray", "as_tensor", "tensor", "list", "tuple", "float", "bool", "double", "copy", "clone"}
CONVERSIONS |= {"contiguous", "numpy", "super", "range", "len", "enumerate", "zip", "isinstance", "print"}
SYMMETRIC = {"swapaxes", "transpose", "maximum", "minimum", "max", "min", "allclose", "add", "multiply", "isclose"}
ELEMENTWISE = {"tanh", "sigmoid", "exp", "log", "sqrt", "abs", "relu", "gelu", "silu", "softmax", "reversed", "flip"}
AXIS_WORDS = {"axis", "dim", "dims"}
AXIS_SECOND = {"sum", "mean", "max", "min", "argmax", "argmin", "softmax", "log_softmax", "cat", "stack", "cumsum",
               "concatenate", "norm", "std", "var", "split", "chunk", "unbind", "any", "all", "logsumexp"}  # fmt: skip
MASKS = ("mask", "keep", "real", "pad", "hidden", "valid", "allowed", "causal", "done", "ended", "inside")
ONE_FOR_EACH = ("length", "mask", "pad", "real", "start", "end", "size")  # one for each sequence of a batch
SWAPPED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.MatMult: ast.Mult,
           ast.FloorDiv: ast.Div, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Pow: ast.Mult}  # fmt: skip
NEXT_TO = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
INVERTED = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
            ast.IsNot: ast.Is}  # fmt: skip


def having(node, **fields):
    """A copy of the node with some fields changed; its children are the same ones."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def call_of(name, *args):
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def constant(value):
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def exchanged(items, i, j):
    new = list(items)
    new[i], new[j] = new[j], new[i]
    return new
