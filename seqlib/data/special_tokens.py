"""Special tokens: texts such as "<|endoftext|>" that are one token each, and the numbers of public vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import regex

from seqlib import expect


def checked_specials(specials: Iterable[str]) -> list[str]:
    """Special tokens as a list: texts, each once, none empty."""
    found = expect.words(specials, "specials")
    if not all(isinstance(special, str) and special for special in found) or len(set(found)) != len(found):
        raise ValueError(f"specials should be texts, each once and none empty, got {expect.shown(found)}")
    return found


def checked_numbers(numbers: Sequence[int], size: int) -> list[int]:
    """The ids of a public vocabulary: one for each token, none twice."""
    found = expect.ids(numbers, "numbers")
    if len(found) != size or len(set(found)) != size or min(found) < 0:
        raise ValueError(f"numbers should be {size} different ids, got {len(set(found))}")
    return found


def parts(text: str | bytes, specials: Sequence[str]) -> Iterator[tuple[str | bytes, bool]]:
    """A text in parts, and for each whether it is a special token; the longest where several begin at one place."""
    if not specials or not isinstance(text, (str, bytes)) or not text:
        yield text, False
        return
    plain = isinstance(text, bytes)
    by_length = sorted(specials, key=len, reverse=True)
    found = [regex.escape(special) for special in by_length]
    whole = text.decode("utf-8", "surrogateescape") if plain else text
    for k, part in enumerate(regex.split(f"({'|'.join(found)})", whole)):
        if part:
            yield (part.encode("utf-8", "surrogateescape") if plain and not k % 2 else part), bool(k % 2)
