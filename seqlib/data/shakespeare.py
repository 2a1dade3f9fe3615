"""tinyshakespeare, and what a notebook reads in its place where there is no network."""

from __future__ import annotations

from seqlib import expect
from seqlib.data.corpora import stdlib_text
from seqlib.data.download import DataUnavailable, fetch

__all__ = ["play_or_library"]


def play_or_library(max_chars: int | None = None) -> tuple[str, str]:
    """tinyshakespeare and its name; with no network Python's own source, with one line that says why."""
    if max_chars is not None:
        expect.whole(max_chars, "max_chars", 0)
    try:
        text, name = fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"), "tinyshakespeare"
    except DataUnavailable as why:
        text, name = stdlib_text(1_100_000), "Python's source"
        print(why)
    return text[:max_chars], name
