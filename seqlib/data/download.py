"""Real data sets: fetched once, checked by their SHA-256, kept in a folder.

`SEQLIB_DATA` is that folder (else the folder "data" in `seqlib.runtime.home()`), `SEQLIB_DATA_URL` a base
address that takes the place of the registry's. The registry is data/registry.txt: name, checksum, address.
"""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
import threading
import time
import uuid
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from seqlib.display.html import escape
from seqlib.display.page import in_notebook, show_html
from seqlib.runtime import home, notice

CONNECT_S = 5.0  # seconds until a server must have taken the call
STALL_S = 10.0  # seconds within which a server must say something more
CHUNK = 16 * 1024
MOST_BYTES = 500_000_000  # no file of the registry comes near: a server that never ends is not it
REMEMBER_S = 30.0  # seconds for which a host that kept us waiting is not tried again
WHAT_TO_DO = "The recorded run is shown instead; run this cell again when you are online."

_verified: dict[Path, tuple[int, int, str]] = {}
_slow_hosts: dict[str, tuple[float, str]] = {}
_locks: dict[Path, threading.Lock] = {}


class DataUnavailable(RuntimeError):
    """A data set that cannot be had now. Its message is one plain line: what, why, and what to do."""


def fetch(name: str, *, quiet: bool = False) -> Path:
    """The path of a data file, downloaded if it is not here yet: `fetch("names/names.txt").read_text()`.

    A file whose checksum is right is used where it lies, also in a folder that cannot be written. A damaged
    one is downloaded again and never used; what is half downloaded never has the file's name (pooch sees to both).
    `quiet` leaves the progress bar out. A server is given up after STALL_S seconds without a word.

    Raises DataUnavailable, whose text is one line fit to print, if the file is not here and cannot be had;
    ValueError if the registry has no such name.
    """
    checksum, address = _entry(name)
    target = folder() / name
    if _is_good(target, checksum):
        return target
    with _locks.setdefault(target, threading.Lock()):
        if not _is_good(target, checksum):
            why = _download(_address(name, address), target, checksum, _Bar(name, quiet))
            if why:
                raise DataUnavailable(f"{name} is not available: {why}. {WHAT_TO_DO}") from None
    return target


def available(name: str) -> bool:
    """Whether the file is here and whole, so that `fetch` needs no network. Never raises, never connects."""
    try:
        checksum, _ = _entry(name)
        return _is_good(folder() / name, checksum)
    except (OSError, ValueError, TypeError):
        return False


def names() -> list[str]:
    """The names that `fetch` knows, sorted."""
    return sorted(_registry(registry_file()))


def folder() -> Path:
    """Where the files are kept: `SEQLIB_DATA`, else "data" in the learner's own folder.

    Where the one asked for cannot be made, the other takes its place, and a line says so, once.
    """
    asked = os.environ.get("SEQLIB_DATA", "").strip()
    if not asked:
        return home() / "data"
    try:
        path = Path(asked).expanduser()
        path.mkdir(parents=True, exist_ok=True)
        return path
    except (OSError, RuntimeError, ValueError) as problem:  # "~nobody/x", where nobody has no home
        spare = home() / "data"
        why = getattr(problem, "strerror", None) or str(problem)
        notice(f"seqlib cannot use SEQLIB_DATA={asked} ({why}): data files are looked for and kept in {spare} instead.")
        return spare


def registry_file() -> Path:
    """The list of files: inside an installed package, else beside it in the repository."""
    here = Path(__file__).resolve()
    packaged = here.parents[1] / "_data" / "registry.txt"
    return packaged if packaged.exists() else here.parents[2] / "data" / "registry.txt"


@cache
def _registry(path: Path) -> dict[str, tuple[str, str]]:
    """name -> (checksum, address), read by pooch."""
    import pooch

    book = pooch.create(path=tempfile.gettempdir(), base_url="")
    book.load_registry(path)
    return {name: (checksum, book.urls.get(name, "")) for name, checksum in book.registry.items()}


def _entry(name: str) -> tuple[str, str]:
    """The checksum and address of a name; ValueError, with the nearest names, if there is none."""
    known = _registry(registry_file())
    if not isinstance(name, str):
        raise ValueError(f"a data file's name should be a text, got {name!r}: see data/registry.txt")
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see data/registry.txt"
        raise ValueError(f"no data file is called {name!r}: {hint}")
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name or ":" in name:
        raise ValueError(f"the registry's name {name!r} leaves the data folder")
    return known[name]


def _address(name: str, address: str) -> str:
    """Where to fetch from: under SEQLIB_DATA_URL if that is set, else the registry's address."""
    base = os.environ.get("SEQLIB_DATA_URL", "").strip()
    return f"{base.rstrip('/')}/{quote(name)}" if base else address


def _is_good(path: Path, checksum: str) -> bool:
    """Whether the file is there with this checksum; read once per process, unless it changes."""
    from pooch.hashes import hash_matches

    try:
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size, checksum)
        if _verified.get(path) == stamp:
            return True
        if not path.is_file() or not hash_matches(path, checksum):
            return False
    except OSError:
        return False
    _verified[path] = stamp
    return True


def _download(url: str, target: Path, checksum: str, bar: _Bar) -> str:
    """Let pooch download to a temporary name, check and rename; "" or why that did not succeed, as half a sentence."""
    import pooch
    import requests

    host = urlsplit(url).netloc or url
    since, reason = _slow_hosts.get(host, (-REMEMBER_S, ""))
    if time.monotonic() - since < REMEMBER_S:
        return reason
    pooch.get_logger().setLevel("ERROR")  # it reports on stderr, which nbgrader would score as zero
    # Unpacked bytes, so that their count can be compared with the length announced.
    timeout, headers = (CONNECT_S, STALL_S), {"Accept-Encoding": "identity"}
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=timeout, headers=headers)
    began = time.monotonic()
    try:
        pooch.retrieve(url, checksum, fname=target.name, path=target.parent, downloader=downloader)
        _verified[target] = (target.stat().st_mtime_ns, target.stat().st_size, checksum)
        target.chmod(0o644)  # a temporary file is its owner's alone, but a class may share the folder
        bar.end("downloaded and checked")
        return ""
    except _TooMuch:
        why = f"the server sent more than {_size(MOST_BYTES)}"
    except requests.HTTPError as error:
        why = f"{host} answered {error.response.status_code} {error.response.reason}".rstrip()
    except requests.ConnectTimeout:
        why = f"{host} did not answer within {CONNECT_S:.0f} s"
    except requests.RequestException as error:
        slow = isinstance(error, requests.ReadTimeout) or "timed out" in str(error)
        why = _broken_off(bar, host, slow)
    except OSError as error:
        why = f"cannot write to {target.parent} ({error.strerror or error})"
    except ValueError as error:  # pooch compares the checksum, and refuses an address that it cannot read
        known = "hash" in str(error)
        why = (
            f"what {host} sent is not the expected file (its checksum differs)" if known else f"{url} cannot be reached"
        )
    if not bar.count and time.monotonic() - began > 2:
        _slow_hosts[host] = (time.monotonic(), why)
    bar.end(None)
    return why


def _broken_off(bar: _Bar, host: str, slow: bool) -> str:
    came = f"{_size(bar.count)}{f' of {_size(bar.total)}' if bar.total else ''}"
    if slow:
        return f"{host} is too slow: nothing new for {STALL_S:.0f} s" + (f" ({came} had come)" if bar.count else "")
    return f"the download broke off after {came}" if bar.count else f"{host} cannot be reached"


def _size(count: int) -> str:
    """A number of bytes for people: 812 B, 1.1 MB."""
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


class _TooMuch(Exception):
    """The server sends without end."""


class _Bar:
    """How far a download is, in the form that pooch reports to: a bar in a notebook, a line in a terminal."""

    def __init__(self, name: str, quiet: bool):
        self.name, self.total, self.count, self.shown, self.display_id = name, 0, 0, 0.0, None
        self.notebook, self.terminal = not quiet and in_notebook(), not quiet and sys.stdout.isatty()

    def update(self, count: int) -> None:
        self.count += count  # whole chunks, also where the last one is shorter
        if self.total:
            self.count = min(self.count, self.total)
        if self.count > MOST_BYTES:
            raise _TooMuch
        if time.monotonic() - self.shown > 0.25:
            self.shown = time.monotonic()
            self._show("")

    def reset(self) -> None:
        """pooch counts the whole once more at the end: nothing to show."""
        self.update = lambda count: None

    def close(self) -> None: ...

    def end(self, note: str | None) -> None:
        """The last state; None takes the bar away, because an error says the rest."""
        if note or self.shown:
            self._show(note)

    def _show(self, note: str | None) -> None:
        of = f" of {_size(self.total)}" if self.total > self.count else ""
        line = "" if note is None else f"{self.name}: {_size(self.count)}{of}{', ' + note if note else ''}"
        if self.notebook:
            known = f' value="{self.count}" max="{self.total}"' if self.total else ""
            bar = f'<progress{known} aria-label="{escape(self.name)}"></progress> ' if line and not note else ""
            first, self.display_id = self.display_id is None, self.display_id or uuid.uuid4().hex
            shown = f"<div>{bar}<small>{escape(line)}</small></div>" if line else ""
            show_html(shown, line, display_id=self.display_id, update=not first)
        elif self.terminal:
            print(f"\r{line}\x1b[K", end="\n" if note else "", flush=True)
