"""Real data sets: fetched once, checked by their SHA-256, kept in a folder.

`SEQLIB_DATA` is that folder (else the folder "data" in `seqlib.runtime.home()`), `SEQLIB_DATA_URL` a base
address that takes the place of the registry's. The registry is data/registry.txt: name, checksum, address.
"""

from __future__ import annotations

import difflib
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

CONNECT_S = 5.0  # seconds until a server must have taken the call
STALL_S = 10.0  # seconds within which the next CHUNK bytes must have come
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
    one is downloaded again and never used; what is half downloaded never has the file's name. `quiet`
    leaves the progress bar out. Slow servers are given up after STALL_S seconds without news.

    Raises DataUnavailable, whose text is one line fit to print, if the file is not here and cannot be had;
    ValueError if the registry has no such name.
    """
    checksum, address = _entry(name)
    target = folder() / name
    if _is_good(target, checksum):
        return target
    with _locks.setdefault(target, threading.Lock()):
        if not _is_good(target, checksum):
            try:
                _download(name, _address(name, address), target, checksum, show=_display(name, quiet))
            except _Failure as why:
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
    """Where the files are kept: `SEQLIB_DATA`, else "data" in the learner's own folder."""
    from seqlib.runtime import home

    asked = os.environ.get("SEQLIB_DATA", "").strip()
    return Path(asked).expanduser() if asked else home() / "data"


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


class _Failure(Exception):
    """Why a download did not succeed, as half a sentence."""


class _Abandoned(Exception):
    """Raised within a transfer that nobody waits for any more."""


class _Transfer:
    """The file that pooch writes to and the progress bar that it reports to, in one."""

    def __init__(self, file):
        self.file, self.total, self.count, self.abandoned = file, 0, 0, False

    def write(self, chunk: bytes) -> None:
        if self.abandoned:
            raise _Abandoned
        self.file.write(chunk)
        self.count += len(chunk)
        if self.count > MOST_BYTES:
            raise _Failure(f"the server sent more than {_size(MOST_BYTES)}")

    def flush(self) -> None: ...

    def update(self, chunk_size: int) -> None: ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


def _download(name: str, url: str, target: Path, checksum: str, show: Callable) -> None:
    """Download to a temporary name in the target's folder, check, and only then give it its name."""
    from pooch.hashes import hash_matches

    host = urlsplit(url).netloc
    since, reason = _slow_hosts.get(host, (-REMEMBER_S, ""))
    if time.monotonic() - since < REMEMBER_S:
        raise _Failure(reason)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        handle, part = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as problem:
        raise _Failure(f"cannot write to {target.parent} ({problem.strerror})") from None
    part = Path(part)
    try:
        transfer = _Transfer(os.fdopen(handle, "wb"))
        _watch(transfer, url, host, show)
        if not hash_matches(part, checksum):
            raise _Failure(f"what {host} sent is not the expected file (its checksum differs)")
        part.chmod(0o644)  # a temporary file is its owner's alone, but a class may share the folder
        _rename(part, target, checksum)
        show(transfer.count, transfer.total, "downloaded and checked")
    except _Failure:
        show(transfer.count, transfer.total, None)
        raise
    finally:
        # An abandoned transfer may still hold the file open, which Windows minds; _sweep removes it later.
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _watch(transfer: _Transfer, url: str, host: str, show: Callable) -> None:
    """Run the transfer in a thread and wait for it, as long as there is news every STALL_S seconds.

    A thread, because the time that a look-up of a name, a slow header or a trickle takes has no limit of
    its own: here one rule bounds them all, and an interrupt is answered at once.
    """
    outcome: queue.Queue = queue.Queue()
    threading.Thread(target=_transfer, args=(transfer, url, host, outcome), daemon=True).start()
    started = last_news = time.monotonic()
    count = 0
    try:
        while True:
            with suppress(queue.Empty):
                problem = outcome.get(timeout=min(0.1, STALL_S / 4))
                break
            now = time.monotonic()
            if transfer.count > count:
                count, last_news = transfer.count, now
            if now - last_news > STALL_S:
                came = f" ({_size(count)} had come)" if count else ""
                problem = _Failure(f"{host} is too slow: nothing new for {STALL_S:.0f} s{came}")
                break
            show(count, transfer.total, "")
    finally:
        transfer.abandoned = True
    if problem is not None:
        if transfer.count == 0 and time.monotonic() - started > 2:
            _slow_hosts[host] = (time.monotonic(), str(problem))
        raise problem


def _transfer(transfer: _Transfer, url: str, host: str, outcome: queue.Queue) -> None:
    """Fetch the address into the transfer's file; put None, or what went wrong, into the queue."""
    import pooch
    import requests
    import urllib3

    problem = None
    try:
        # Unpacked bytes, so that their count can be compared with the length announced.
        pooch.HTTPDownloader(
            progressbar=transfer,
            chunk_size=CHUNK,
            timeout=(CONNECT_S, STALL_S),
            headers={"Accept-Encoding": "identity"},
        )(url, transfer, None)
        if transfer.total and transfer.count < transfer.total:
            problem = _broken_off(transfer)
    except _Failure as why:
        problem = why
    except _Abandoned:
        problem = _Failure("it was given up")
    except requests.HTTPError as error:
        problem = _Failure(f"{host} answered {error.response.status_code} {error.response.reason}".rstrip())
    except requests.ConnectTimeout:
        problem = _Failure(f"{host} did not answer within {CONNECT_S:.0f} s")
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        problem = _broken_off(transfer) if transfer.count else _Failure(f"{host or url} cannot be reached")
    except OSError as error:
        problem = _Failure(f"the file cannot be written ({error.strerror or error})")
    except Exception as error:  # a thread must report what it did not expect, or its caller waits in vain
        problem = _Failure(f"the download failed ({type(error).__name__}: {error})")
    finally:
        try:
            transfer.file.close()
        except OSError as error:
            problem = problem or _Failure(f"the file cannot be written ({error.strerror or error})")
        outcome.put(problem)


def _broken_off(transfer: _Transfer) -> _Failure:
    of = f" of {_size(transfer.total)}" if transfer.total else ""
    return _Failure(f"the download broke off after {_size(transfer.count)}{of}")


def _rename(part: Path, target: Path, checksum: str) -> None:
    """Give the file its name in one step. Whoever was faster has put the same bytes there."""
    try:
        os.replace(part, target)
    except OSError as problem:
        if not _is_good(target, checksum):
            raise _Failure(f"cannot write {target} ({problem.strerror})") from None
        return
    state = target.stat()
    _verified[target] = (state.st_mtime_ns, state.st_size, checksum)


def _sweep(target: Path) -> None:
    """Remove what a killed download of this file left behind an hour ago or earlier."""
    for old in target.parent.glob(f".{target.name}.*.part"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > 3600:
                old.unlink()


def _size(count: int) -> str:
    """A number of bytes for people: 812 B, 1.1 MB."""
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def _display(name: str, quiet: bool) -> Callable[[int, int, str | None], None]:
    """What shows the progress: a bar in a notebook, a line in a terminal, nothing elsewhere.

    Called with the bytes that came, the bytes announced (0: unknown) and a note: "" on the way, a phrase
    at the end, None after a failure, which takes the bar away (the error says the rest).
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not quiet and hasattr(shell, "kernel"):
        return _NotebookBar(name)
    if not quiet and sys.stdout.isatty():
        return lambda count, total, note: _terminal_line(name, count, total, note)
    return lambda count, total, note: None


def _terminal_line(name: str, count: int, total: int, note: str | None) -> None:
    line = "" if note is None else _line(name, count, total, note)
    print(f"\r{line}\x1b[K", end="\n" if note else "", flush=True)


def _line(name: str, count: int, total: int, note: str) -> str:
    """How far a download is, as one line of text."""
    of = f" of {_size(total)}" if total > count else ""
    return f"{name}: {_size(count)}{of}{', ' + note if note else ''}"


class _NotebookBar:
    """An HTML <progress> that is updated in place, at most four times a second; its last state is saved."""

    def __init__(self, name: str):
        self.name, self.handle, self.shown = name, None, 0.0

    def __call__(self, count: int, total: int, note: str | None) -> None:
        from html import escape

        from IPython.display import display

        if note is None:
            if self.handle is not None:
                self.handle.update({"text/html": "", "text/plain": ""}, raw=True)
            return
        if not note and time.monotonic() - self.shown < 0.25:
            return
        self.shown = time.monotonic()
        line = _line(self.name, count, total, note)
        known = f' value="{count}" max="{total}"' if total else ""
        bar = f'<progress{known} aria-label="{escape(self.name)}"></progress> ' if not note else ""
        bundle = {"text/html": f"<div>{bar}<small>{escape(line)}</small></div>", "text/plain": line}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)
