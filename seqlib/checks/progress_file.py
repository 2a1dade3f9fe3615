"""Progress: one small JSON file per learner, in `seqlib.runtime.home()`."""

import json
import time
from pathlib import Path

from filelock import FileLock, Timeout

from seqlib.runtime import home, write_whole

VERSION, NAME = 1, "progress.json"
LOCK_SECONDS = 6  # two notebooks may write at the same moment: one waits


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


def save(name: str, score: float, points: float) -> str | None:
    """Note an attempt; the best score stays. Never raises: a sentence where something is wrong with the file."""
    try:
        with FileLock(path().with_suffix(".lock"), timeout=LOCK_SECONDS):
            entries, note = load()
            entry = entries.setdefault(name, {"score": 0.0, "attempts": 0})
            entry.update(
                score=max(score, entry["score"]),
                points=points,
                attempts=entry["attempts"] + 1,
                last=time.strftime("%Y-%m-%dT%H:%M:%S"),
            )
            data = json.dumps({"version": VERSION, "exercises": entries}, indent=1, sort_keys=True)
            write_whole(path(), data.encode("utf-8"))
        return note
    except Timeout:
        return "progress could not be saved (another notebook holds its lock)"
    except OSError as error:
        return f"progress could not be saved ({error.strerror or error})"
