"""Python source, character by character, with the colour that an editor would give each character.

The labels come from the standard library's own `tokenize`, the text from the standard library's own modules:
no network, and no licence but Python's. They differ between versions of Python: never expect exact numbers.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seqlib import expect
from seqlib.data.corpora import STDLIB_MODULES, _stdlib_source

# What a character can be; "docstring" is any triple-quoted string, "space" all that no token covers.
CLASSES = ("space", "keyword", "name", "number", "operator", "comment", "string", "docstring")
# What the sources are made of once they are ASCII; anything else is read as "?".
CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))

_CLASS = {name: i for i, name in enumerate(CLASSES)}
_PLAIN = {tokenize.NUMBER: "number", tokenize.OP: "operator", tokenize.COMMENT: "comment"}


@dataclass(frozen=True)
class Source:
    """Modules end to end: `ids` into CHARACTERS, `labels` into CLASSES, `depth` as `since_quote` gives it.

    All three int64 (T,). `modules` names them; `starts` (M,) is where each begins.
    """

    modules: tuple[str, ...]
    ids: np.ndarray
    labels: np.ndarray
    depth: np.ndarray
    starts: np.ndarray

    @property
    def text(self) -> str:
        return decode(self.ids)


def colour(source: str) -> np.ndarray:
    """The class of each character, int64 (T,), as numbers into CLASSES.

    ValueError if `tokenize` cannot read it: half a string is not yet Python.
    """
    return _labelled(source)[0]


def since_quote(source: str) -> np.ndarray:
    """For each character of a triple-quoted string its distance to the quote that opened it, else -1; (T,).

    The first of the three quotes has distance 0 (a prefix such as r or f counts from 0 too).
    """
    return _labelled(source)[1]


def _labelled(source: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels and distances, from one reading."""
    expect.text(source, "source")
    labels, depth = (np.full(len(source), fill, dtype=np.int64) for fill in (_CLASS["space"], -1))
    for start, stop, name in _spans(source):
        labels[start:stop] = _CLASS[name]
        if name == "docstring":
            depth[start:stop] = np.arange(stop - start)
    return labels, depth


def _spans(source: str) -> Iterable[tuple[int, int, str]]:
    """(start, stop, class) of each token that has a colour."""
    lines = np.cumsum([0, *map(len, source.splitlines(keepends=True))])
    nested, begin, kind = 0, 0, ""
    for token in _tokens(source):
        start, stop = (int(lines[row - 1]) + column for row, column in (token.start, token.end))
        step = _nesting(token)
        if step and not nested:  # Python 3.12 takes f-strings apart: everything up to its end is one string
            begin, kind = start, _quoted(token.string)
        nested += step
        if step < 0 and not nested:
            yield begin, stop, kind
        elif not nested and not step:
            name = _class_of(token)
            if name:
                yield start, stop, name


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError) as problem:
        raise ValueError(f"expected Python that can be read to its end; {problem}") from None


def _nesting(token) -> int:
    """1 where an f-string (or a template string) begins, -1 where it ends, else 0."""
    name = tokenize.tok_name[token.type]
    return name.endswith("STRING_START") - name.endswith("STRING_END")


def _quoted(text: str) -> str:
    """Whether a string that begins like this is "string" or "docstring"."""
    opening = text.lstrip("rRbBuUfFtT")[:3]
    return "docstring" if opening in ('"""', "'''") else "string"


def _class_of(token) -> str:
    """The class of a token, "" where it has no colour."""
    if token.type == tokenize.NAME:
        return "keyword" if keyword.iskeyword(token.string) else "name"
    return _quoted(token.string) if token.type == tokenize.STRING else _PLAIN.get(token.type, "")


def encode(text: str) -> np.ndarray:
    """Characters as ids into CHARACTERS, int64 (T,); what is not among them is read as "?"."""
    expect.text(text, "text")
    table = np.full(128, CHARACTERS.index("?"), dtype=np.int64)
    table[[ord(c) for c in CHARACTERS]] = np.arange(len(CHARACTERS))
    return table[np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8)]


def decode(ids: Iterable[int]) -> str:
    """The text of these ids."""
    found = expect.ids(ids)
    if found:
        expect.whole(min(found), "each id", 0)
        expect.whole(max(found), "each id", 0, len(CHARACTERS) - 1)
    return "".join([CHARACTERS[i] for i in found])


def read_modules(names: Sequence[str]) -> Source:
    """These modules of the standard library, end to end; those that this Python lacks are passed over."""
    texts = {name: _stdlib_source(expect.text(name, "a module's name")) for name in expect.words(names, "names")}
    parts = {name: (encode(text), *_labelled(text)) for name, text in texts.items() if text}
    if not parts:
        raise ValueError(f"expected modules of the standard library, found the source of none of {list(names)[:5]}")
    ids, labels, depth = (np.concatenate(each) for each in zip(*parts.values(), strict=True))
    lengths = [len(part[0]) for part in parts.values()]
    return Source(tuple(parts), ids, labels, depth, np.cumsum([0, *lengths[:-1]]))


def python_source(
    rng: np.random.Generator, test: float = 0.2, *, modules: Sequence[str] = STDLIB_MODULES
) -> tuple[Source, Source]:
    """Modules to train on and other modules to test on, `test` the share of the latter; split at random.

    A module is on one side only, so no line that a module repeats is in both.
    ValueError unless both sides have a module.
    """
    expect.generator(rng)
    expect.number(test, "test", 0, 1)
    order = [modules[i] for i in rng.permutation(len(modules))]
    cut = round(len(order) * (1 - test))
    if not 0 < cut < len(order):
        raise ValueError(f"expected a share that leaves modules on both sides of {len(order)}, got {test}")
    return read_modules(order[:cut]), read_modules(order[cut:])
