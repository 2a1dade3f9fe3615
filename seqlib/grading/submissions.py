"""Find submissions in a folder, under the names that Canvas, Moodle, nbgrader or a person gave them.

Nothing that a student names is ever followed: no link, no special file; names are only shown, escaped, and hashed.
Every entry of the folder belongs to somebody (or is listed by `left_out`), and whoever handed in anything has at least
one Submission, if only to say why nothing could be graded.
"""

import os
import re
import stat
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from pathlib import Path

from seqlib.grading import archives
from seqlib.grading.moments import moment
from seqlib.grading.reading import alike, content, shown, slug  # noqa: F401  (found here by those who grade)

_REST = r"(?P<attempt>[1-9][0-9]*)_(?P<rest>.+)"
CANVAS = re.compile(rf"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>[1-9][0-9]*)_{_REST}", re.S)
CANVAS_ANONYMOUS = re.compile(rf"(?P<name>anon(?:ymous)?_(?P<id>[A-Za-z0-9]{{5}}))_(?P<late>LATE_)?{_REST}", re.S)
CANVAS_TEXT = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>[0-9]+)_(?P<attempt>)(?P<rest>(?:text|link)\.html)", re.S
)
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>[0-9]+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.S)
NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json|download))?(?: ?\([0-9]+\))?$", re.I)
MAYBE = re.compile(r"\.(?:txt|json)$", re.I)  # a notebook that a browser saved under another ending
ENDING = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,5}$")
COPY = re.compile(r"( ?\([0-9]+\)|-[0-9]+)+$")  # what a browser or a platform adds to the name of another copy
SYSTEMS = {"__macosx", "thumbs.db", "desktop.ini", "timestamp.txt"}  # made by programs, not by students
TABLES = re.compile(r"\.(?:csv|xlsx?|ods)$", re.I)  # at the top: grading worksheets that platforms put beside
MAX_ENTRIES, MAX_DEPTH = 100_000, 40
MAX_MODULE, MAX_MODULES, MAX_NOTEBOOKS = 1 << 20, 50, 40  # bytes of one; how many of a student


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
    place: str = ""  # where it lies in the folder of submissions
    member: str = ""  # its name in the zip file that `path` is
    who: str = ""  # what tells this student from every other
    left: str | None = None  # what else was handed in and is not looked at
    beside: tuple = field(default=(), compare=False)  # ((name, path, member), ...) of Python modules handed in with it

    def as_dict(self) -> dict:
        return asdict(self)

    def read(self, limit: int) -> bytes:
        """The submission's bytes, at most `limit` + 1 of them. OSError where it can't be read."""
        return _read(self.path, self.member, limit)

    def modules(self) -> dict[str, bytes]:
        """{name: source} of the Python modules that were handed in beside it; those that can't be read are absent."""
        found = {}
        for name, path, member in self.beside:
            try:
                source = _read(path, member, MAX_MODULE)
            except OSError:
                continue
            if len(source) <= MAX_MODULE:
                found.setdefault(name, source)
        return found


def identity(submission) -> str:
    """What tells one student from another: of a Submission, or of a record made from one."""
    fields = submission if isinstance(submission, dict) else vars(submission)
    return fields.get("who") or f"{fields['lms']}:{fields['user_id']}:{fields['student']}"


def _read(path: str, member: str, limit: int) -> bytes:
    return archives.member(path, member, limit) if member else content(path, limit)


@dataclass
class _Handed:
    """A file or a trouble, and whose it is."""

    owner: Submission  # student, lms, user_id, attempt, late, who; perhaps a problem
    path: str | None = None
    place: str = ""
    file: str = ""
    member: str = ""
    when: str | None = None
    trouble: str | None = None  # why there is nothing to grade here

    @property
    def label(self) -> str:
        return f"{self.file} ({self.trouble})" if self.trouble and self.file else self.trouble or self.file


# -- the folder ------------------------------------------------------------------------------------------------------


def find(folder: Path, skip=()) -> list[Submission]:
    """Every submission in a folder (a file or a folder per student), by name. ValueError if there is none.

    `skip`: folders that are not students', such as the one that grades go to.
    """
    if not folder.is_dir():
        zipped = " (unpack the archive first, and name the folder)" if folder.is_file() else ""
        raise ValueError(f"{folder} is not a folder{zipped}")
    handed, entries = {}, [e for e in _entries(folder) if not _of_nobody(e, skip)]
    platforms = _platforms([e.name for e in entries])
    for entry in entries:
        for one in _handed(entry, platforms.get(entry.name)):
            handed.setdefault(one.owner.who, []).append(one)
    found = [submission for things in handed.values() for submission in _submissions(things)]
    if not found:
        raise ValueError(f"no submissions in {folder}: expected a notebook, or a folder with notebooks, per student")
    return found


def left_out(folder: Path, skip=()) -> list[str]:
    """Names of entries that belong to no student, in a form that can be shown."""
    return [shown(e.name) for e in _entries(folder) if _of_nobody(e, skip)]


def _entries(folder):
    return sorted(os.scandir(folder), key=lambda e: os.fsencode(e.name))


def _of_nobody(entry, skip) -> bool:
    if entry.name.startswith(".") or entry.name.lower() in SYSTEMS:
        return True
    if any(os.path.realpath(entry.path) == os.path.realpath(s) for s in skip):
        return True
    return not entry.is_dir() and bool(TABLES.search(entry.name)) and not _platform(entry.name)


def _platform(name: str):
    return next((f for p in (MOODLE, CANVAS_ANONYMOUS, CANVAS_TEXT, CANVAS) if (f := p.fullmatch(name))), None)


def _platforms(names) -> dict:
    """{name: what a platform wrote into it}. Canvas numbers no two files alike: `ws_2027_1_ada` is a person's name."""
    found = {n: f for n in names if (f := _platform(n))}
    files = {(f["attempt"], COPY.sub("", _without_ending(f["rest"]))) for f in found.values() if f.re is CANVAS}
    times = Counter(attempt for attempt, _ in files)
    return {n: f for n, f in found.items() if f.re is not CANVAS or times[f["attempt"]] == 1}


def _handed(entry, found) -> list[_Handed]:
    """What one entry of the folder holds."""
    folder = entry.is_dir(follow_symlinks=False)
    if found is None:
        name = entry.name if folder or entry.is_symlink() and entry.is_dir() else _without_ending(entry.name)
        owner, rest = Submission(shown(name), None, who=f"plain::{name}"), entry.name
    else:
        owner, rest = _owner(found), found["rest"] or ""
    if entry.is_symlink():
        return [_Handed(owner, trouble="this is a link, and links are not followed", place=entry.name)]
    if folder:
        return _in_folder(entry, owner)
    if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
        return [_Handed(owner, trouble="this is not an ordinary file", place=entry.name)]
    file = shown(re.sub(r"-[0-9]+(?=\.ipynb)", "", rest.lstrip("_"), flags=re.I) if found else rest)
    return _unpacked(_Handed(owner, entry.path, entry.name, file))


def _owner(found) -> Submission:
    """The student that a platform wrote into a name."""
    fields, moodle = found.groupdict(), found.re is MOODLE
    lms, name = "moodle" if moodle else "canvas", shown(found["name"])
    return Submission(
        name,
        None,
        lms=lms,
        user_id=found["id"],
        attempt=int((fields.get("attempt") or "0")[:15]),
        late=None if moodle else bool(fields["late"]),
        who=f"{lms}:{found['id']}:{alike(name)}",
    )


def _without_ending(name: str) -> str:
    return NOTEBOOK.sub("", name) if NOTEBOOK.search(name) else ENDING.sub("", name)


def _in_folder(entry, owner) -> list[_Handed]:
    """Every file below a student's folder, and what stands in the way of others."""
    things, stamps, todo, seen = [], {}, [(entry.path, 0)], 0
    for folder, depth in todo:
        where = os.path.relpath(folder, os.path.dirname(entry.path))
        try:
            entries = _entries(folder)
        except OSError:
            things.append(_Handed(owner, trouble="this folder can't be read", file=shown(os.path.basename(folder))))
            continue
        for e in entries:
            seen += 1
            if e.name.startswith(".") or e.name.lower() in SYSTEMS - {"timestamp.txt"}:
                continue
            one = _Handed(owner, e.path, os.path.join(where, e.name), shown(e.name))
            if e.is_symlink():
                things.append(replace_path(one, "this is a link, and links are not followed"))
            elif e.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH and seen <= MAX_ENTRIES:
                    todo.append((e.path, depth + 1))
                else:
                    things.append(replace_path(one, "too many folders, this one was not looked into"))
            elif not e.is_file(follow_symlinks=False):
                things.append(replace_path(one, "this is not an ordinary file"))
            elif e.name == "timestamp.txt":
                stamps[folder] = e.path
            else:
                things += _unpacked(one)
    for one in things:
        if stamp := stamps.get(os.path.dirname(one.path or "")):
            one.when = _stamp(stamp)
            one.owner = replace(owner, lms="nbgrader" if owner.lms == "plain" else owner.lms)
            if one.when is None:
                things.append(_Handed(owner, trouble="its time can't be read", file="timestamp.txt"))
                stamps.pop(os.path.dirname(one.path))
    return things or [_Handed(owner, trouble="there is no notebook in this folder")]


def replace_path(one: _Handed, trouble: str) -> _Handed:
    return replace(one, path=None, trouble=trouble)


def _unpacked(one: _Handed) -> list[_Handed]:
    """The files in a zip file; any other file as it is."""
    if not one.place.lower().endswith(".zip"):
        return [one]
    try:
        names = [n for n in archives.members(one.path) if not _hidden(n)]
    except OSError as error:
        return [replace_path(one, str(error.strerror or error))]
    inside = [replace(one, member=n, file=shown(archives.plain_parts(n)[-1]), place=f"{one.place}/{n}") for n in names]
    return inside[:MAX_ENTRIES] or [replace_path(one, "an empty zip file")]


def _hidden(name: str) -> bool:
    parts = archives.plain_parts(name)
    return not parts or any(p.startswith(".") or p.lower() in SYSTEMS for p in parts)


def _stamp(path: str) -> str | None:
    """nbgrader's time of submission, in ISO 8601; None where it can't be read."""
    try:
        return moment(content(path, 200).decode("utf-8", "replace").strip(), zone=UTC).isoformat()
    except (OSError, ValueError):
        return None


# -- one student -----------------------------------------------------------------------------------------------------


def _submissions(things: list[_Handed]) -> list[Submission]:
    """A Submission for each notebook of a student, with what lay beside; one that says why where there is none."""
    books = [t for t in things if t.path and _is_notebook(t)]
    others = [t for t in things if t not in books]
    modules = [(t.file, t.path, t.member) for t in others if t.path and re.fullmatch(r"[A-Za-z_]\w*\.py", t.file)]
    if not books:
        return [_nothing(things)]
    left = [t.label for t in others if (t.file, t.path, t.member) not in modules[:MAX_MODULES]]
    left += [f"{t.file} (more than {MAX_NOTEBOOKS} notebooks)" for t in books[MAX_NOTEBOOKS:]]
    return [
        replace(
            t.owner,
            path=t.path,
            file=t.file,
            when=t.when,
            place=t.place,
            member=t.member,
            left=_several(left),
            beside=tuple(modules[:MAX_MODULES]),
        )
        for t in books[:MAX_NOTEBOOKS]
    ]


def _nothing(things: list[_Handed]) -> Submission:
    first = things[0]
    if len(things) == 1 and first.trouble:
        problem = first.label if first.path is None and first.file else first.trouble
    elif all(t.trouble and "link" in t.trouble for t in things):
        problem = "there are only links, and links are not followed"
    else:
        problem = f"no notebook was handed in, only {_several([t.label for t in things])}"
    return replace(first.owner, file=first.file, place=first.place, problem=problem)


def _several(names: list[str], most: int = 5) -> str | None:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return ", ".join(names) or None


def _is_notebook(one: _Handed) -> bool:
    """By its name (in full: what is shown may be cut), or where a browser may have changed that, by how it begins."""
    if NOTEBOOK.search(one.place):
        return True
    if not MAYBE.search(one.place):
        return False
    try:
        head = _read(one.path, one.member, 1 << 16)
    except OSError:
        return False
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") and (b'"cells"' in head or b'"nbformat' in head)
