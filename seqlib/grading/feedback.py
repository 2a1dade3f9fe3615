"""What a student may be told: which inputs failed and in what way, never the inputs or what would have been right.

An answer chooses its messages, its shapes, the line that raises and how many entries are nan, and could write hidden
inputs into any of them. So a page holds sentences of ours and nothing that an answer has chosen but which of them.
"""

import ast
import builtins
import inspect
import re
import sys
from functools import cache

LIMIT = 240
LOST = "is something under `torch.no_grad()`, detached, copied, or turned into a number or an array?"
_NAME = r"^(?P<n>[^:;]{1,60}?) "

# Ways of failing that say nothing of values. A name is kept where it is one of ours; everything else is left out.
_SAFE = [
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (_NAME + r"should have shape \([\d, ]*\); found \([\d, ]*\) \(transposed", "{n} looks transposed"),
        (_NAME + r"should have shape", "{n} has another shape than asked for"),
        (_NAME + r"should be boolean", "{n} should be boolean (True and False)"),
        (_NAME + r"should hold integers", "{n} should hold integers"),
        (_NAME + r"should be real", "{n} should be real; yours holds complex numbers"),
        (_NAME + r"is not finite", "{n} is not finite: it holds nan or infinite entries"),
        (_NAME + r"is None", "{n} is None: does the function end with `return`?"),
        (r"^(?P<n>[^:;]{1,60}?): \d+ of \d+ entries differ", "{n}: entries differ from the right ones"),
        (_NAME + r"should be an array of shape", "{n} should be an array of another shape"),
        (_NAME + r"should be a tuple of (?P<k>\d+)", "{n} should be a tuple of {k}"),
        (_NAME + r"should have \d+ entries; found", "{n} should have another number of entries"),
        (_NAME + r"should be a number", "{n} should be a number"),
        (r"^it did not finish", "it did not finish in time: is there a loop that never ends?"),
        (r"^not written yet", "not written yet"),
        (r"^not tried", "not tried: the case before did not finish"),
        (
            r"^it changes its argument",
            "it changes an argument in place: work on a copy, the caller may need the original",
        ),
        (r"^the check calls it with (?P<k>\d+) argument", "the check calls it with {k} arguments; yours takes others"),
        (r"^`?\w{1,40}`? should be a function", "this should be a function"),
        (r"^the process ended", "the process ended while this was tried (memory, or an exit)"),
        (r"^the result can't be", "what it returned can't be compared"),
        (r"^what it returned is too large", "what it returned is too large to be looked at"),
        (r"^the answer could not be", "what it returned could not be read as data, or was too large"),
        (r"^no gradient reaches", f"no gradient reaches all that it should: {LOST}"),
        (r"^the gradient of `[\w.]+` differs", f"a gradient differs, though the values are right: {LOST}"),
        (_NAME + r"carries no gradient", f"{{n}} carries no gradient: {LOST}"),
        (_NAME + r"is a (Python number|NumPy array), through", "{n} is no tensor, so no gradient goes back through it"),
        (r"^with tensors whose gradients are recorded", "it fails on tensors whose gradients are recorded"),
        (r"^nothing was found", "nothing was found under this name in your notebook"),
    )
]
_RAISED = re.compile(r"^it raised (\w{1,60})")
OTHER = "another value than the right one"


def told(message: str, sentences=()) -> str:
    """`message` as a student may read it. `sentences` are those of the exercise's own judge."""
    message = " ".join(message.split())
    if not message:
        return ""
    if raised := _RAISED.match(message):
        return _error(raised[1])
    for pattern, sentence in _SAFE:
        if found := pattern.match(message):
            fields = {k: v or "" for k, v in found.groupdict().items()}
            return sentence.format(**{**fields, "n": _name(fields.get("n", ""))})[:LIMIT]
    return next((s for pattern, s in sentences if pattern.match(message)), OTHER)[:LIMIT]


def _name(text: str) -> str:
    """The name of a result: ours (`h_t`, the result, result[2]); a dictionary's key could be a hidden input."""
    return text if re.fullmatch(r"(the result|`\w+`|result)(\[\d\])*", text) else "the result"


def _error(kind: str) -> str:
    """An exception by its type, if Python itself has it."""
    known = isinstance(getattr(builtins, kind, None), type) or kind in ("LinAlgError", "OutOfMemoryError")
    return f"it raised {kind if known else 'an error of its own'}"


# -- an exercise's own judge -----------------------------------------------------------------------------------------


def sentences(exercise) -> list:
    """[(pattern, sentence)] of what an exercise's own judge can say: its text, and "…" for what it fills in."""
    return _sentences_in(exercise.judge.__module__) if exercise.judge is not None else []


@cache
def _sentences_in(module: str) -> list:
    """The longer text first: what a judge says is found by its own words, and what it was told is never repeated."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, ast.JoinedStr):
            found.add(tuple(v.value if isinstance(v, ast.Constant) else None for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add((node.value,))
    long = [parts for parts in found if sum(len(p) for p in parts if p) >= 12]
    return [_pattern(parts) for parts in sorted(long, key=lambda p: (-sum(len(x) for x in p if x), str(p)))]


def _pattern(parts) -> tuple:
    flat = [None if p is None else " ".join(re.sub(r"\s", " ", p).split(" ")) for p in parts]
    pattern = "".join(".*?" if p is None else re.sub(r"(\\ )+", r"\\s+", re.escape(p)) for p in flat)
    shown = "".join("…" if p is None else p for p in flat)
    return re.compile(f"^{pattern}( \\(with .*\\))?$", re.S), " ".join(shown.split())
