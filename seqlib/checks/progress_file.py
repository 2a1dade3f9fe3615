"""Progress: one small JSON file per learner, in `seqlib.runtime.home()`."""

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path

from seqlib.runtime import home

VERSION, NAME = 1, "progress.json"


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
        isinstance(e, dict) and isinstance(e.get("score"), (int, float)) and isinstance(e.get("attempts"), int)
        for e in entries.values()
    )


def load() -> tuple[dict, str | None]:
    """(exercises, note): {name: {score, points, attempts, last}}; the note says where a damaged file went."""
    try:
        file = path()
    except OSError as error:
        return {}, f"progress could not be read ({error.strerror or error})"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if _valid(data):
            return data["exercises"], None
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError):
        pass
    aside = _set_aside(file)
    return (
        {},
        f"the progress file could not be read; it was kept as {aside.name if aside else file.name} and a new one begun",
    )


@contextlib.contextmanager
def _locked():
    """Two notebooks may write at the same moment: one waits. A lock older than 5 seconds was left by a crash."""
    lock, mine = path().with_suffix(".lock"), False
    for _ in range(300):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            mine = True
            break
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > 5:
                    lock.unlink()
            time.sleep(0.02)
    try:
        yield
    finally:
        if mine:
            lock.unlink(missing_ok=True)


def save(name: str, score: float, points: float) -> str | None:
    """Note an attempt; the best score stays. Never raises: a sentence where something is wrong with the file."""
    try:
        with _locked():
            entries, note = load()
            entry = entries.setdefault(name, {"score": 0.0, "attempts": 0})
            entry.update(
                score=max(score, entry["score"]),
                points=points,
                attempts=entry["attempts"] + 1,
                last=time.strftime("%Y-%m-%dT%H:%M:%S"),
            )
            _write({"version": VERSION, "exercises": entries})
        return note
    except OSError as error:
        return f"progress could not be saved ({error.strerror or error})"


def _write(data: dict):
    file = path()
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix="progress.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(data, out, indent=1, sort_keys=True)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
