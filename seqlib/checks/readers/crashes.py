"""What an error means, in our words, before a library's own: the operands are looked at where it was raised."""

import ast
import difflib
import inspect
import linecache
import re
import sysconfig
from dataclasses import dataclass
from functools import cached_property

from seqlib.checks.calling import copied, guarded
from seqlib.checks.readers.errors import MEANINGS
from seqlib.checks.readers.seen import Observation, seen


@dataclass
class Crash:
    """An exception, and the line of the answer that it came from."""

    kind: str
    text: str
    frame: object = None
    source: str = ""  # the expression that failed, else the whole line

    @cached_property
    def tree(self):
        try:
            return ast.parse(self.source.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            try:
                return ast.parse(self.source.strip()).body[0]
            except (SyntaxError, ValueError, IndexError):
                return None

    def value(self, node):
        """What a name, a part or a transpose of it is; nothing that calls anything. None where it can't be told."""
        if isinstance(node, ast.Name):
            known = self.frame.f_locals if self.frame is not None else {}
            return known.get(node.id, self.frame.f_globals.get(node.id) if self.frame is not None else None)
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "data"):
            inner = self.value(node.value)
            return getattr(inner, node.attr, None) if hasattr(inner, "shape") else None
        if isinstance(node, ast.Subscript):
            inner = self.value(node.value)
            try:
                return inner[self._index(node.slice)] if hasattr(inner, "shape") else None
            except Exception:
                return None
        return None

    def _index(self, node):
        if isinstance(node, ast.Tuple):
            return tuple(self._index(n) for n in node.elts)
        if isinstance(node, ast.Slice):
            return slice(*(n and self._index(n) for n in (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Name):
            return self.value(node)
        return ast.literal_eval(node)

    def operands(self) -> list[tuple[str, tuple]]:
        """(source, shape) of the two sides of an operation, or of the arguments of a call, where both are arrays."""
        node = self.tree
        sides = []
        if isinstance(node, ast.AugAssign):
            sides = [node.target, node.value]
        elif isinstance(node, ast.BinOp):
            sides = [node.left, node.right]
        elif isinstance(node, ast.Call):
            sides = [*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args]
        found = [(ast.unparse(side), self.value(side)) for side in sides]
        return [(name, tuple(v.shape)) for name, v in found if hasattr(v, "shape")]


def caught(function, args, owner=None) -> Crash | None:
    """The exception that a call raises, with the frame of the learner's own that it went through last."""
    box = []

    def work():
        try:
            function(*copied(args))
        except Exception as error:
            box.append(_crash(error, owner or function))

    guarded(work, seconds=0.5)
    return box[0] if box else None


def _crash(error, owner) -> Crash:
    owner = inspect.unwrap(owner)
    home = getattr(getattr(owner, "__code__", None), "co_filename", None)
    home = home or _file_of_class(owner)
    own = last = None
    at = error.__traceback__
    while at is not None:
        name = at.tb_frame.f_code.co_filename
        if name == home:
            own = at
        elif name != __file__ and not name.startswith(_libraries()) and "seqlib" not in name:
            last = at
        at = at.tb_next
    found = own or last
    if found is None:
        return Crash(type(error).__name__, str(error))
    return Crash(type(error).__name__, " ".join(str(error).split()), found.tb_frame, _source(found))


def _file_of_class(owner):
    methods = [f for f in vars(owner).values() if hasattr(f, "__code__")] if isinstance(owner, type) else []
    return methods[0].__code__.co_filename if methods else None


def _libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return (paths["stdlib"], paths["purelib"], paths["platlib"], "<frozen", "<__array")


def _source(tb) -> str:
    """The expression that failed, where this Python knows its place, else the line."""
    code, file = tb.tb_frame.f_code, tb.tb_frame.f_code.co_filename
    if hasattr(code, "co_positions"):
        places = list(code.co_positions())
        first, last, begin, end = places[tb.tb_lasti // 2] if tb.tb_lasti // 2 < len(places) else (None,) * 4
        if first is not None and first == last and begin is not None:
            line = linecache.getline(file, first).encode()
            return line[begin:end].decode(errors="ignore")
    return linecache.getline(file, tb.tb_lineno).strip()


# -- products and sums of arrays that do not fit ---------------------------------------------------------------------


def _inner_fit(left, right) -> bool:
    return bool(left) and bool(right) and left[-1] == (right[-2] if len(right) > 1 else right[-1])


def _turned(shape):
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else shape


PRODUCT = re.compile(
    r"matmul: Input operand|not aligned|mat1 and mat2 shapes|size mismatch|Expected size for first two dimensions|"
    r"inconsistent tensor size|batch1 and batch2|vec1 and|mat and vec|einsum\(\)|operand.*subscripts|both arguments to"
)


def product(crash: Crash) -> Observation | None:
    """a product of matrices whose inner sizes differ: which two, would a transpose do; `.T` on three axes"""
    if not PRODUCT.search(crash.text):
        return None
    if "einsum" in crash.source:
        return seen(
            f"In `{_short(crash.source)}` a letter stands for two different sizes, or there are more letters "
            "than axes: write the shape of each operand beside its letters"
        )
    three = [name for name, shape in crash.operands() if len(shape) > 2 and name.endswith(".T")]
    if three:
        return _three_axes(three[0])
    if re.search(r"\blinear\(", crash.source):
        return seen(
            f"`{_short(crash.source)}` multiplies by the *transpose* of the weights: it wants them as (outputs, "
            "inputs), the other way round than `x @ W` does"
        )
    sides = crash.operands()[-2:]
    if len(sides) < 2:
        return seen(
            "A product of two matrices does not fit: the last axis of the first has to be as long as the last "
            "but one of the second. Is one of them to be transposed, or do the two stand in the wrong order?"
        )
    (left, a), (right, b) = sides
    advice = _advice(left, a, right, b)
    return seen(
        f"In `{_short(crash.source)}`, `{left}` has shape {a} and `{right}` {b}: the last axis of the first has to be "
        f"as long as the last but one of the second{advice}",
        f"In `{_short(crash.source)}` the last axis of `{left}` has to be as long as the last but one of `{right}`, "
        f"and is not{advice}",
    )


def _advice(left, a, right, b) -> str:
    if _inner_fit(a, _turned(b)):
        return f". Perhaps `{right}` is to be transposed"
    if _inner_fit(_turned(a), b):
        return f". Perhaps `{left}` is to be transposed"
    if _inner_fit(b, a):
        return ". Perhaps the two stand in the wrong order"
    return ""


def _three_axes(name) -> Observation:
    return seen(
        f"`{name}` turns *all* axes round, also that of the batch, and this array has three or more: exchange "
        "the last two alone, with `.swapaxes(-1, -2)` or `.transpose(-1, -2)` (`.mT`)"
    )


BROADCAST = re.compile(
    r"could not be broadcast|must match the size of tensor|not broadcastable|shape mismatch: objects|"
    r"non-broadcastable|doesn't match the broadcast shape"
)


def written(crash: Crash) -> Observation | None:
    """a slice is set to something of another shape"""
    if "expanded size of the tensor" not in crash.text and "could not broadcast input array" not in crash.text:
        return None
    where = f" (`{_short(crash.source)}`)" if crash.source else ""
    return seen(
        f"What is written into a part of an array has another shape than that part{where}: compare the two, axis by "
        "axis"
    )


def broadcast(crash: Crash) -> Observation | None:
    """two arrays that do not fit number by number: a missing `keepdims`, a missing new axis"""
    if not BROADCAST.search(crash.text):
        return None
    sides = crash.operands()[-2:]
    three = [n for n, s in sides if len(s) > 2 and n.endswith(".T")]
    if three:
        return _three_axes(three[0])
    if len(sides) < 2:
        return seen(
            "Two arrays do not fit number by number: sizes are compared from the last axis backwards, and each "
            "has to be the same or 1. Is `keepdims=True` missing, or a new axis of size 1 (`[:, None]`)?"
        )
    (left, a), (right, b) = sides
    if len(a) != len(b) and a[: len(b)] == b or b[: len(a)] == a:
        small = right if len(b) < len(a) else left
        advice = f". `{small}` lacks its last axis: is `keepdims=True` missing, or `[..., None]`?"
    elif any(n == 1 for n in ()) or sorted(a) == sorted(b):
        advice = ". They have the same sizes in another order: is one of them to be transposed?"
    elif len(a) != len(b):
        advice = f". Is `keepdims=True` missing, or a new axis of size 1 in `{right if len(b) < len(a) else left}`?"
    else:
        advice = ""
    return seen(
        f"In `{_short(crash.source)}`, `{left}` has shape {a} and `{right}` {b}: compared from the last axis "
        f"backwards, each size has to be the same or 1{advice}",
        f"In `{_short(crash.source)}` the shapes of `{left}` and `{right}` do not fit: compared from the last axis "
        f"backwards, each size has to be the same or 1{advice}",
    )


def _short(source: str) -> str:
    line = " ".join(source.split()).replace("`", "'")
    return line if len(line) <= 80 else line[:77] + "…"


# -- an index just beyond the end ------------------------------------------------------------------------------------

OUTSIDE = re.compile(r"index (-?\d+) is out of bounds for (?:axis|dimension) \d+ with size (\d+)")


def index(crash: Crash) -> Observation | None:
    """an index out of range: by one at the end, or of an axis that is too short"""
    if crash.kind != "IndexError" or "Dimension out of range" in crash.text or "Target -" in crash.text:
        return None
    where = f" at `{_short(crash.source)}`" if crash.source else ""
    found = OUTSIDE.search(crash.text)
    if found and int(found[1]) == int(found[2]):
        return seen(f"It looks one place beyond the end{where}: the places of an axis of size n are 0 to n − 1")
    if "too many indices" in crash.text:
        return seen(f"There are more indices than axes{where}: this array has fewer axes than the line expects")
    if "must be of integer" in crash.text or "must be integers" in crash.text or "valid indices" in crash.text:
        return _float_index(where)
    if "boolean index" in crash.text or "shape of the mask" in crash.text:
        return seen(f"The mask{where} has another shape than the axes that it picks from")
    if "out of range" in crash.text or "out of bounds" in crash.text:
        beyond = _beyond(crash)
        return seen(
            f"It looks {beyond}beyond the end{where}: the places of something of length n are 0 to n − 1; a "
            "loop that looks one ahead has to stop one earlier"
        )
    return None


def _beyond(crash: Crash) -> str:
    """How far beyond the end, where the index is a name or a number."""
    node = crash.tree
    if not isinstance(node, ast.Subscript) or crash.frame is None:
        return ""
    known = {k: v for k, v in crash.frame.f_locals.items() if type(v) is int}
    base = crash.frame.f_locals.get(node.value.id) if isinstance(node.value, ast.Name) else None
    place = _arithmetic(node.slice, known)
    if place is not None and isinstance(base, (list, tuple, str)) and place == len(base):
        return "one place "
    return ""


def _arithmetic(node, known):
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        a, b = _arithmetic(node.left, known), _arithmetic(node.right, known)
        return None if None in (a, b) else a + b if isinstance(node.op, ast.Add) else a - b
    return None


def _float_index(where) -> Observation:
    return seen(
        f"A float is used as a place or a length{where}, and these are whole numbers: `/` gives a float, `//` a "
        "whole number; an array of floats has to become one of integers first"
    )


def meaning(crash: Crash) -> Observation | None:
    """errors in our words: types that do not mix, arrays for one yes or no, unpacking, reshape, view, gradients,
    dtypes, axes, ragged rows, logarithm of zero, division by zero, unknown keys, endless recursion"""
    line = f"{crash.kind}: {crash.text}"
    at = f" at `{_short(crash.source)}`" if crash.source else ""
    for pattern, says in MEANINGS:
        found = re.search(pattern, line)
        if found:
            groups = [g or "" for g in found.groups()]
            return seen(says.format(*groups, *[""] * 3, at=at))
    return None


def name(crash: Crash) -> Observation | None:
    """a name that is not defined, and the one that was perhaps meant"""
    found = re.search(r"name '(\w+)' is not defined", crash.text) if crash.kind == "NameError" else None
    if not found:
        return None
    known = [
        *(crash.frame.f_locals if crash.frame is not None else ()),
        *(crash.frame.f_globals if crash.frame is not None else ()),
    ]
    close = difflib.get_close_matches(found[1], [k for k in known if not k.startswith("_")], 1, 0.75)
    hint = f": is `{close[0]}` meant?" if close else ": it has to be set, or imported, before it is used"
    return seen(f"`{found[1]}` is not known here{hint}")


READERS = (product, written, broadcast, index, name, meaning)


def read(function, args, owner=None) -> Observation | None:
    crash = caught(function, args, owner)
    if crash is None:
        return None
    if crash.frame is None and "to unpack" in crash.text:
        return seen("It returns another number of results than is asked for")
    said = next((said for reader in READERS if (said := reader(crash))), None)
    if said is None or crash.frame is not None:
        return said
    where = "Where what it returns is used: "  # no line of the answer is at fault by itself
    return seen(where + said.text, said.told and where + said.told)


def read_text(kind: str, text: str) -> Observation | None:
    """Of an error that happened elsewhere, of which only the kind and the text are known."""
    crash = Crash(kind, text)
    return next((said for reader in READERS if (said := reader(crash))), None)
