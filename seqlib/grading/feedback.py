"""What a student may be told: which inputs failed and in what way, never the inputs or what would have been right."""

import builtins
import re

NUMBERS = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.I)
LIMIT = 240

# Ways of failing that say nothing of values. Groups are kept as they stand; everything else is left out.
_SAFE = [
    (
        re.compile(
            r"^(?P<n>[^:;]{1,60}?) should have shape (?P<a>\([\d, ]*\)); "
            r"found (?P<b>\([\d, ]*\))(?P<t> \(transposed\?\))?"
        ),
        "{n} should have shape {a}; yours has {b}{t}",
    ),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) should be boolean"), "{n} should be boolean (True and False)"),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) should hold integers"), "{n} should hold integers"),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) should be real"), "{n} should be real; yours holds complex numbers"),
    (
        re.compile(r"^(?P<n>[^:;]{1,60}?) is not finite: (?P<k>\d+ of \d+ entries)"),
        "{n} is not finite: {k} are nan or infinite",
    ),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) is not finite"), "{n} is not finite"),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) is None"), "{n} is None: does the function end with `return`?"),
    (re.compile(r"^(?P<n>[^:;]{1,60}?): (?P<k>\d+ of \d+ entries) differ"), "{n}: {k} differ"),
    (
        re.compile(r"^(?P<n>[^:;]{1,60}?) should be an array of shape (?P<a>\([\d, ]*\))"),
        "{n} should be an array of shape {a}",
    ),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) should be a tuple of (?P<k>\d+)"), "{n} should be a tuple of {k}"),
    (
        re.compile(r"^(?P<n>[^:;]{1,60}?) should have (?P<k>\d+) entries; found (?P<b>\d+)"),
        "{n} should have {k} entries; yours has {b}",
    ),
    (re.compile(r"^it did not finish"), "it did not finish in time: is there a loop that never ends?"),
    (re.compile(r"^not written yet"), "not written yet"),
    (re.compile(r"^not tried"), "not tried: the case before did not finish"),
    (
        re.compile(r"^it changes its argument (?P<n>`\w{1,40}`(?: and `\w{1,40}`)*) in place"),
        "it changes its argument {n} in place: work on a copy, the caller may need the original",
    ),
    (
        re.compile(r"^the check calls it with (?P<k>\d+ arguments?)"),
        "the check calls it with {k}; yours takes another number",
    ),
    (re.compile(r"^`?\w{1,40}`? should be a function"), "this should be a function"),
    (re.compile(r"^the process ended"), "the process ended while this was tried (memory, or an exit)"),
    (re.compile(r"^the result can't be"), "what it returned can't be compared"),
    (re.compile(r"^what it returned is too large"), "what it returned is too large to be looked at"),
    (re.compile(r"^(?P<n>[^:;]{1,60}?) should be a number"), "{n} should be a number"),
    (re.compile(r"^the answer could not be"), "what it returned could not be read as data, or was too large"),
    (re.compile(r"^nothing was found"), "nothing was found under this name in your notebook"),
]
_RAISED = re.compile(r"^it raised (\w{1,60})(?:.*?)(?:, at the line `(.{1,120})`)?(?: \(with .*\))?$", re.S)


def told(message: str, source_lines: frozenset = frozenset()) -> str:
    """`message` as a student may read it. `source_lines` are the lines of the student's own notebook."""
    message = " ".join(message.split())
    if not message:
        return ""
    raised = _RAISED.match(message)
    if raised:
        return _error(raised[1], raised[2], source_lines)
    for pattern, sentence in _SAFE:
        found = pattern.match(message)
        if found:
            fields = {k: v or "" for k, v in found.groupdict().items()}
            fields["n"] = _name(fields.get("n", ""))
            return sentence.format(**fields)[:LIMIT]
    return "another value than the right one"


def _name(text: str) -> str:
    """The name of a result: ours (`h_t`, the result, result[2]); a dictionary's key could be a hidden input."""
    return text if re.fullmatch(r"(the result|`\w+`|result)(\[\d+\])*", text) else "the result"


def _error(kind: str, line, source_lines) -> str:
    """An exception by its type, if Python itself has it, and the student's own line; its text could hold anything."""
    known = isinstance(getattr(builtins, kind, None), type) or kind in ("LinAlgError", "OutOfMemoryError")
    text = f"it raised {kind if known else 'an error of its own'}"
    return f"{text}, at the line `{line}`" if line and line.strip() in source_lines else text


def judged(message: str) -> str:
    """A sentence of an exercise's own judge, with the numbers taken out."""
    return NUMBERS.sub("…", " ".join(message.split()))[:LIMIT]
