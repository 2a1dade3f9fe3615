"""Progress: one small JSON file per learner, in `seqlib.runtime.home()`."""

import json
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

from seqlib.runtime import home, sweep, write_whole

VERSION, NAME = 1, "progress.json"
LOCK_SECONDS = 6  # two notebooks may write at the same moment: one waits
ABANDONED_SECONDS = 60  # a save takes milliseconds
_in_vain = set()  # locks that this kernel has waited for once, and does not wait for again


def path() -> Path:
    return home() / NAME


def _set_aside(file: Path) -> Path | None:
    """Rename a damaged file, so that nothing in it is lost; None where that fails too."""
    aside = file.with_name(f"progress.damaged-{time.strftime('%Y%m%d-%H%M%S')}.json")
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.stem.split('.n')[0]}.n{number}.json")
    try:
        file.replace(aside)
    except OSError:
        return None
    return aside


def _valid(data) -> bool:
    entries = data.get("exercises") if isinstance(data, dict) else None
    return isinstance(entries, dict) and all(
        isinstance(e, dict)
        and isinstance(e.get("score"), (int, float))
        and isinstance(e.get("points", 0), (int, float))
        and isinstance(e.get("attempts"), int)
        for e in entries.values()
    )


def load() -> tuple[dict, str | None]:
    """(exercises, note): {name: {score, points, check, attempts, last}}; the note says where a damaged file went."""
    try:
        file = path()
    except OSError as error:
        return {}, f"progress could not be read ({error.strerror or error})"
    try:
        data = json.loads(file.read_bytes())  # UTF-8, or what an editor made of it: with a BOM, or UTF-16
        if _valid(data):
            return data["exercises"], None
    except FileNotFoundError:
        return {}, None
    except OSError as error:  # it may be whole: another program holds it, or it is another user's
        return {}, f"progress could not be read ({error.strerror or error})"
    except (ValueError, RecursionError):
        pass
    aside = _set_aside(file)
    if aside is None:
        return {}, f"the progress file could not be read, and not be renamed: remove {file.name} yourself"
    return {}, f"the progress file could not be read; it was kept as {aside.name} and a new one begun"


@contextmanager
def _locked(lock: Path):
    """Hold the lock. Timeout where another has it; after one wait in vain, this kernel tries without waiting."""
    held = FileLock(lock, timeout=0 if lock in _in_vain else LOCK_SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it falls back to is no news for whoever checks an answer
            held.acquire()
    except Timeout:
        _in_vain.add(lock)
        # Where the file system knows no locks, the file itself is one, and whoever was killed leaves it behind.
        if not isinstance(held, SoftFileLock) or abs(time.time() - lock.stat().st_mtime) < ABANDONED_SECONDS:
            raise
        lock.unlink(missing_ok=True)
        held.acquire()
    _in_vain.discard(lock)
    try:
        yield
    finally:
        held.release()


def save(name: str, score: float, points: float, check: str | None = None) -> str | None:
    """Note an attempt. The best score under the same `check` (see `identity`) stays; one under an earlier does not.

    Never raises: a sentence where something is wrong with the file.
    """
    try:
        with _locked(path().with_suffix(".lock")):
            entries, note = load()
            if note and path().exists():  # not read and still there: nothing is written over it
                return note
            entry = entries.setdefault(name, {"score": 0.0, "attempts": 0})
            same = entry.get("points", points) == points and entry.get("check") in (None, check)
            entry.update(
                score=max(score, entry["score"]) if same else score,
                points=points,
                check=check,
                attempts=entry["attempts"] + 1,
                last=time.strftime("%Y-%m-%dT%H:%M:%S"),
            )
            data = json.dumps({"version": VERSION, "exercises": entries}, indent=1, sort_keys=True)
            sweep(path().parent, path().name)
            write_whole(path(), data.encode("utf-8"))
        return note
    except Timeout:
        return "progress could not be saved (another notebook holds its lock)"
    except (OSError, NotImplementedError) as error:  # the latter: an old filelock where there are no locks
        return f"progress could not be saved ({getattr(error, 'strerror', None) or error})"
