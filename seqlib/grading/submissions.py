"""Find submissions in a folder, under the names that Canvas, Moodle, nbgrader or a person gave them.

Nothing that a student names is ever followed: no link, no special file; names are only shown, escaped, and hashed.
"""

import hashlib
import os
import re
import stat
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

CANVAS = re.compile(r"^(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<attempt>\d+)_(?P<rest>.+)$", re.S)
MOODLE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_file_?(?P<rest>.*)$", re.S)
SKIPPED = {".ipynb_checkpoints", "__MACOSX", "feedback", "autograded", ".git"}
MAX_ENTRIES, MAX_DEPTH = 2_000, 6


@dataclass(frozen=True)
class Submission:
    """One file of one student (`path` None: nothing that could be graded, `problem` says why)."""

    student: str  # as the folder or file names tell
    path: str | None
    file: str = ""  # the file's own name, without what the platform put in front
    lms: str = "plain"  # canvas, moodle, nbgrader, plain
    user_id: str = ""
    attempt: int = 0
    late: bool | None = None  # where the name or nbgrader's timestamp tells
    when: str | None = None  # nbgrader's timestamp
    problem: str | None = None

    def as_dict(self) -> dict:
        return asdict(self)


def shown(name: str) -> str:
    """A name from a file system, safe to print: no control characters, no half surrogates, not too long."""
    text = os.fsencode(name).decode("utf-8", "replace")
    text = "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in text)
    return text if len(text) <= 120 else text[:119] + "…"


def slug(student: str) -> str:
    """A file name for a student: readable where it is plain ASCII, distinct always."""
    plain = re.sub(
        r"[^A-Za-z0-9]+", "-", unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    ).strip("-")[:40]
    return f"{plain or 'student'}-{hashlib.sha256(os.fsencode(student)).hexdigest()[:8]}"


def find(folder: Path) -> list[Submission]:
    """Every submission in a folder (a file or a folder per student), by name. ValueError if there is none."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    found = []
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.name in SKIPPED or entry.name.startswith("."):
            continue
        if entry.is_symlink():
            found.append(
                Submission(_student_of(entry.name), None, problem="this is a link, and links are not followed")
            )
        elif entry.is_dir():
            found += _in_folder(entry)
        elif entry.name.lower().endswith(".ipynb"):
            found.append(_flat(entry))
    if not found:
        raise ValueError(f"no submissions in {folder}: expected a notebook, or a folder with notebooks, per student")
    return found


def _student_of(name: str) -> str:
    for pattern in (CANVAS, MOODLE):
        if found := pattern.match(name):
            return shown(found["name"])
    return shown(re.sub(r"\.ipynb$", "", name, flags=re.I))


def _flat(entry) -> Submission:
    """A file at the top: Canvas and Moodle write the student into its name."""
    problem = None if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode) else "this is not an ordinary file"
    path = None if problem else entry.path
    if found := CANVAS.match(entry.name):
        return Submission(
            shown(found["name"]),
            path,
            _rest(found),
            "canvas",
            found["id"],
            int(found["attempt"][:15]),
            bool(found["late"]),
            problem=problem,
        )
    if found := MOODLE.match(entry.name):
        return Submission(shown(found["name"]), path, _rest(found), "moodle", found["id"], problem=problem)
    return Submission(_student_of(entry.name), path, shown(entry.name), problem=problem)


def _rest(found) -> str:
    """The name that the student gave: Canvas adds -1, -2 to later attempts."""
    return shown(re.sub(r"-\d+(?=\.ipynb$)", "", found["rest"].lstrip("_"), flags=re.I))


def _in_folder(entry) -> list[Submission]:
    moodle = MOODLE.match(entry.name)
    student, lms, user_id = (
        (shown(moodle["name"]), "moodle", moodle["id"]) if moodle else (shown(entry.name), "plain", "")
    )
    files, links, stamps = _walk(entry.path)
    if not files:
        why = "there are only links, and links are not followed" if links else "there is no notebook in this folder"
        return [Submission(student, None, lms=lms, user_id=user_id, problem=why)]
    found = []
    for path in files:
        stamp = stamps.get(os.path.dirname(path))
        lms_here = "nbgrader" if stamp else lms
        found.append(Submission(student, path, shown(os.path.basename(path)), lms_here, user_id, when=stamp))
    return found


def _walk(top: str):
    """Notebooks below a student's folder, whether links were left out, and nbgrader's timestamps by folder."""
    files, links, stamps, todo, seen = [], False, {}, [(top, 0)], 0
    while todo:
        folder, depth = todo.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > MAX_ENTRIES:
                return files, links, stamps
            if entry.is_symlink():
                links = True
            elif entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH and entry.name not in SKIPPED and not entry.name.startswith("."):
                    todo.append((entry.path, depth + 1))
            elif entry.name == "timestamp.txt" and entry.is_file(follow_symlinks=False):
                stamps[folder] = _stamp(entry.path)
            elif (
                entry.name.lower().endswith(".ipynb")
                and not entry.name.startswith(".")
                and entry.is_file(follow_symlinks=False)
            ):
                files.append(entry.path)
    return files, links, stamps


def _stamp(path: str) -> str | None:
    """nbgrader's time of submission, in ISO 8601; None where it can't be read."""
    try:
        text = content(path, 200).decode("utf-8", "replace").strip()
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except (OSError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def content(path: str, limit: int) -> bytes:
    """The bytes of an ordinary file, at most `limit` + 1 of them. OSError for links, pipes and devices."""
    handle = os.open(
        path,
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),
    )
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not an ordinary file")
        return file.read(limit + 1)
