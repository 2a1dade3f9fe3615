"""What in a notebook is its owner's and what the course's, and `my/`, where a learner works. Standard library only.

An unsolved edition proves itself: the id of a cell is made from its text (tools/build.py), and nbgrader's checksum
seals an exercise. So a cell that somebody wrote in is found with no record of what was there before, and work is never
taken for the course's own: where ids or seals are missing, all of it counts as work.
"""

import hashlib
import json
import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

OWN = "my"
BANNER = re.compile(r"\n\n\*(?:Yours to write in|The solved edition): made from .*\)\Z")
RECORD = ".course.json"  # in my/: which version of each edition its owner has been given or offered


def read(path: Path) -> dict | None:
    """The notebook in that file, None where there is none."""
    try:
        book = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    cells = book.get("cells") if isinstance(book, dict) else None
    right = isinstance(cells, list) and all(isinstance(cell, dict) and "cell_type" in cell for cell in cells)
    return book if right else None


def text(cell: dict) -> str:
    """A cell's source, which a file may hold as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def told(cell: dict) -> dict | None:
    """nbgrader's entry of a cell, None for one that is no exercise and no check."""
    entry = (cell.get("metadata") or {}).get("nbgrader")
    return entry if isinstance(entry, dict) else None


def seconds(book: dict) -> list[float]:
    """How long each executed cell of a notebook took, as the build noted it."""
    found = []
    for cell in book["cells"]:
        noted = cell.get("metadata", {}).get("execution", {})
        if "shell.execute_reply" in noted:
            began, ended = (
                datetime.fromisoformat(noted[name].replace("Z", "+00:00"))
                for name in ("iopub.execute_input", "shell.execute_reply")
            )
            found.append((ended - began).total_seconds())
    return found


def sealed(cell: dict) -> bool:
    """Whether an exercise or check is as the course gave it: nbgrader's checksum, computed again."""
    entry = told(cell)
    solution, grade = bool(entry.get("solution")), bool(entry.get("grade"))
    locked = not solution and (grade or bool(entry.get("locked")))
    parts = [text(cell), cell["cell_type"], str(grade), str(solution), str(locked), str(entry.get("grade_id"))]
    with suppress(TypeError, ValueError):
        parts += [str(float(entry.get("points")))] if grade else []
    return hashlib.md5("".join(parts).encode("utf-8", "replace")).hexdigest() == entry.get("checksum")


def cell_id(stem: str, kind: str, source: str) -> str:
    """The id of a cell that is no exercise, of the edition `stem`."""
    return hashlib.sha256(f"{stem}\0{kind}\0{source}".encode("utf-8", "replace")).hexdigest()[:10]


def as_given(stem: str, cell: dict) -> bool:
    """Whether a cell's text is the course's. Under the title the builder writes, in one line, where it comes from."""
    if told(cell):
        return sealed(cell)
    source = BANNER.sub("", text(cell))
    name = str(cell.get("id", "")).split("-")[0]  # a twin's ends in -2
    # The builder names a cell before it takes blank lines from its end.
    return any(name == cell_id(stem, cell["cell_type"], source + "\n" * blank) for blank in range(4))


def written(stem: str, book: dict) -> list[dict]:
    """The cells that somebody wrote, or wrote in."""
    return [cell for cell in book["cells"] if not as_given(stem, cell)]


def untouched(stem: str, path: Path) -> bool:
    """Whether the file is the unsolved edition as the builder made it, in whichever version: nothing written, nothing
    run. False where it can't be read: what is in it is then unknown."""
    book = read(path)
    if not book or not book["cells"] or written(stem, book):
        return False
    return not any(cell.get("outputs") for cell in book["cells"])


# --- the new version, with the old one's answers ------------------------------------------------------


def with_answers(stem: str, new: dict, mine: dict) -> dict:
    """The edition `new` with everything in it that was written in `mine`.

    What was written in a cell that is still the same stands in that cell. Any other, one that was added among them,
    stands behind the cell that it followed; an answer to an exercise that was changed stands before it.
    """
    course = {cell.get("id"): cell for cell in new["cells"]}
    instead, before, after, last = {}, {}, {}, None
    for cell in mine["cells"]:
        there = course.get(cell.get("id"))
        if as_given(stem, cell):
            last = cell["id"] if there else last
        elif there and (not told(there) or told(there).get("checksum") == (told(cell) or {}).get("checksum")):
            instead[cell["id"]], last = cell, cell["id"]
        elif there:
            before.setdefault(cell["id"], []).append(cell)
            last = cell["id"]
        else:
            after.setdefault(last, []).append(cell)
    cells = [plain(cell, "yours") for cell in after.get(None, [])]
    for cell in new["cells"]:
        cells += [plain(one, "yours") for one in before.get(cell.get("id"), [])]
        theirs = instead.get(cell.get("id"))
        same_kind = theirs and theirs["cell_type"] == cell["cell_type"]
        cells.append({**cell, "source": theirs["source"]} if same_kind else plain(theirs) if theirs else cell)
        cells += [plain(one, "yours") for one in after.get(cell.get("id"), [])]
    return {**new, "cells": cells}


def plain(cell: dict, suffix: str = "") -> dict:
    """A cell of its owner's, with no outputs and nothing of nbgrader's."""
    kept = {name: value for name, value in cell.items() if name not in ("outputs", "execution_count", "id")}
    kept["metadata"] = {k: v for k, v in (cell.get("metadata") or {}).items() if k not in ("nbgrader", "deletable")}
    name = str(cell.get("id") or hashlib.sha256(text(cell).encode("utf-8", "replace")).hexdigest()[:10])
    kept["id"] = f"{name}-{suffix}"[:64] if suffix and not name.endswith(suffix) else name
    return kept | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})


# --- my/ ----------------------------------------------------------------------------------------------


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def write(path: Path, data: bytes) -> None:
    """All of it or nothing: a full disk leaves what was there."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def keep(root: Path, path: Path) -> Path:
    """Copy a file that is about to be written over into my/, under a name that is free; return the copy."""
    data, number = path.read_bytes(), 1
    (root / OWN).mkdir(exist_ok=True)
    while True:
        kept = root / OWN / f"{path.stem}.kept{number if number > 1 else ''}{path.suffix}"
        if not kept.exists():
            write(kept, data)
        if kept.read_bytes() == data:
            return kept
        number += 1


def read_record(folder: Path) -> dict:
    """{edition: {"seen": the version given or offered, "laid": {file: what we wrote there}}}; {} where damaged."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = record.items() if isinstance(record, dict) else ()
    return {
        name: {"seen": entry.get("seen"), "laid": dict(entry["laid"])}
        for name, entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("laid"), dict)
    }


def update(root: Path) -> list[str]:
    """Make `my/`, or bring it up to date with `notebooks/`; return what its owner should be told.

    A copy in which nothing was written or run follows the course. Any other stays byte for byte, and a new version is
    laid beside it, once, as NAME.new.ipynb, with the answers that were there. OSError where my/ can't be written.
    """
    folder, said = root / OWN, []
    folder.mkdir(exist_ok=True)
    record = read_record(folder)
    stems = sorted(path.stem for path in (root / "solutions").glob("[0-9][0-9]_*.py"))
    for stem in stems:
        edition = root / "notebooks" / f"{stem}.ipynb"
        if edition.is_file():
            entry = record.setdefault(stem, {"seen": None, "laid": {}})
            said += _follow(stem, edition, folder, entry)
    data = (json.dumps(record, indent=1, sort_keys=True) + "\n").encode("utf-8")
    if not (folder / RECORD).is_file() or (folder / RECORD).read_bytes() != data:
        write(folder / RECORD, data)
    return said


def _follow(stem: str, edition: Path, folder: Path, entry: dict) -> list[str]:
    """Bring one notebook up to date; change its entry in the record; say what its owner should know."""
    data, mine = edition.read_bytes(), folder / edition.name
    version, clean = digest(data), untouched(stem, edition)
    seen, entry["seen"] = entry["seen"], version
    restore = f"before a git pull: git restore notebooks/{edition.name}"
    taken = f"notebooks/{edition.name} holds work of yours: {OWN}/{edition.name} is a copy, go on there ({restore})"
    if not mine.exists():
        write(mine, data)
        return [] if clean else [taken]
    if version == seen or mine.read_bytes() == data:
        return []
    if untouched(stem, mine):
        write(mine, data)
        return [taken] if not clean else [f"{OWN}/{edition.name} follows the course: it is the new version"]
    if not clean:
        kept = keep(folder.parent, edition).name
        return [f"notebooks/{edition.name} holds work beside that in {OWN}/: it is in {OWN}/{kept} too ({restore})"]
    book, course = read(mine), read(edition)
    offer = with_answers(stem, course, book) if book else course
    if book and [text(cell) for cell in offer["cells"]] == [text(cell) for cell in book["cells"]]:
        return []
    laid = _lay(stem, offer, folder, entry["laid"])
    inside = "with what you wrote in it" if book else "as the course gives it"
    return [f"{stem} has a new version: yours stays as it is, and {OWN}/{laid} is the new one, {inside}"]


def _lay(stem: str, offer: dict, folder: Path, laid: dict[str, str]) -> str:
    """Write an offer beside its owner's copy: over an older offer that nobody touched, else under a new name."""
    data, number = (json.dumps(offer, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"), 1
    while True:
        path = folder / f"{stem}.new{number if number > 1 else ''}.ipynb"
        if not path.exists() or digest(path.read_bytes()) == laid.get(path.name):
            write(path, data)
            laid[path.name] = digest(data)
            return path.name
        number += 1
