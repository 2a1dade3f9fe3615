"""Open what strangers handed in: ordinary files only, so much of them and no more, and names that can be shown."""

import hashlib
import os
import re
import stat
import unicodedata


def opened(path: str):
    """An ordinary file, open for reading. OSError for links, pipes and devices."""
    handle = os.open(
        path,
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),
    )
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("not an ordinary file")
    return os.fdopen(handle, "rb")


def content(path: str, limit: int) -> bytes:
    """The bytes of an ordinary file, at most `limit` + 1 of them. OSError for links, pipes and devices."""
    with opened(path) as file:
        return file.read(limit + 1)


def shown(name: str) -> str:
    """A name from a file system, safe to print: no control characters, no half surrogates, not too long."""
    raw = os.fsencode(name)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what unpacking an old archive leaves behind
    text = "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in text)
    return text if len(text) <= 120 else text[:119] + "…"


def slug(student: str, who: str | None = None) -> str:
    """A file name for a student: readable where it is plain ASCII, distinct for each `who` (the name, unless given)."""
    plain = re.sub(
        r"[^A-Za-z0-9]+", "-", unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    ).strip("-")[:40]
    return f"{plain or 'student'}-{hashlib.sha256(_bytes(who or student)).hexdigest()[:10]}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def alike(name: str) -> str:
    """The same for two names that a person or a grade book can't tell apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
