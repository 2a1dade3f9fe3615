"""What is graded: exercises with their points, perhaps a deadline. Made from the course, kept in a small JSON file."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from seqlib.checks.exercise import Exercise, exercises, module_names
from seqlib.grading import GRADING_VERSION
from seqlib.grading.moments import moment

SCHEMA = 1


@dataclass(frozen=True)
class Assignment:
    """`points`: {exercise name: points}, in the course's order; `deadline` in ISO 8601 or None."""

    title: str
    points: dict = field(default_factory=dict)
    deadline: str | None = None

    def notebooks(self) -> list[str]:
        return sorted({name[:2] for name in self.points})

    def exercises(self, number: str) -> list[Exercise]:
        return [e for n, e in exercises(number).items() if n in self.points]

    def key(self) -> str:
        """Changes when what is graded changes: exercises, points, or the grader and the checks themselves."""
        text = json.dumps([GRADING_VERSION, grader_version(tuple(self.notebooks())), sorted(self.points.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_dict(self) -> dict:
        return {"schema": SCHEMA, "title": self.title, "points": self.points, "deadline": self.deadline}


@cache
def grader_version(numbers: tuple[str, ...]) -> str:
    """A fingerprint of the code that decides about the points of these notebooks."""
    package, digest = Path(__file__).resolve().parent.parent, hashlib.sha256()
    data = [p for p in package.glob("exercises/*.py") if not p.name.startswith("nb") or p.name[2:4] in numbers]
    for path in sorted([*package.glob("grading/**/*.py"), *package.glob("checks/**/*.py"), *data]):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def whole_course(numbers=None) -> Assignment:
    """Every exercise (of the notebooks `numbers`) at the course's points."""
    asked = sorted(module_names() if not numbers else set(numbers) & set(module_names()))
    return Assignment("Sequence models", {n: e.points for number in asked for n, e in exercises(number).items()})


def named(name: str) -> Exercise | None:
    """The exercise of this name, if there is one. Its notebook's module alone is imported: all of them take seconds."""
    return exercises(name[:2]).get(name) if name[:2] in module_names() else None


def chosen(names, *, points=(), deadline=None, title=None) -> Assignment:
    """From what an instructor writes: notebooks ("02", "02_rnn") and exercises ("02.rnn_step"), and "02.rnn_step=5".

    ValueError that says what is meant by nothing in the course.
    """
    picked = {}
    for name in names:
        number = re.match(r"(\d\d)(_\w+)?(\.ipynb)?$", Path(name).name)
        if (one := named(name)) is not None:
            picked[name] = one.points
        elif number and number[1] in module_names():
            picked.update({n: e.points for n, e in exercises(number[1]).items()})
        else:
            raise ValueError(
                f"{name!r} is neither a notebook nor an exercise; notebooks: {', '.join(sorted(module_names()))}"
            )
    for pair in points:
        name, _, value = pair.partition("=")
        if name not in picked:
            raise ValueError(f"--points {pair}: {name!r} is not among the chosen exercises")
        picked[name] = _positive(pair, value)
    ordered = {n: picked[n] for number in sorted({n[:2] for n in picked}) for n in exercises(number) if n in picked}
    return Assignment(
        title or "Sequence models " + ", ".join(sorted({n[:2] for n in ordered})), ordered, _moment(deadline)
    )


def _positive(pair: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 < number < 1e6:
        raise ValueError(f"--points {pair}: expected a positive number after '='")
    return int(number) if number == int(number) else number


def _moment(text):
    if text is None:
        return None
    try:
        return moment(text, zone=None, end_of_day=True).isoformat()
    except ValueError as error:
        raise ValueError(f"--deadline {text!r}: {error}") from None


def read(path: Path) -> Assignment:
    """An assignment from a bundle's assignment.json (or the bundle's folder); ValueError with a sentence otherwise."""
    path = path / "assignment.json" if path.is_dir() else path
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        points = {str(n): _positive(f"{n}={p}", str(p)) for n, p in data["points"].items()}
        unknown = sorted(n for n in points if named(n) is None)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is not an assignment made by `release` ({error})") from None
    if unknown:
        raise ValueError(f"{path} asks for exercises that this course does not have: {', '.join(unknown)}")
    return Assignment(str(data.get("title", "Assignment")), points, _moment(data.get("deadline")))


# -- a release -------------------------------------------------------------------------------------------------------


def release(assignment: Assignment, notebooks: Path, out: Path) -> list[Path]:
    """Write the bundle: assignment.json for the grader; for students notebooks with points and deadline."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for number in assignment.notebooks():
        found = sorted(notebooks.glob(f"{number}_*.ipynb"))
        if not found:
            raise ValueError(f"no unsolved notebook {number}_*.ipynb in {notebooks}: build it with `make notebooks`")
        book = json.loads(found[0].read_text(encoding="utf-8"))
        target = out / "notebooks" / found[0].name
        target.parent.mkdir(exist_ok=True)
        target.write_text(
            json.dumps(_marked(book, assignment), indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
            newline="\n",
        )
        written.append(target)
    (out / "assignment.json").write_text(
        json.dumps(assignment.as_dict(), indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    return written


def _marked(book: dict, assignment: Assignment) -> dict:
    """The notebook with the assignment's points in nbgrader's metadata, and a line about it under the title."""
    for cell in book["cells"]:
        graded = cell.get("metadata", {}).get("nbgrader", {})
        if graded.get("grade"):
            name = graded["grade_id"].removesuffix("-check").replace("-", ".", 1)
            graded["points"] = assignment.points.get(name, 0)
            _checksum(cell, graded)
    due = f", due {assignment.deadline}" if assignment.deadline else ""
    chosen_here = [f"`{n}` {p:g}" for n, p in assignment.points.items()]
    note = f"**{assignment.title}{due}.** Points: {' · '.join(chosen_here)}."
    first = book["cells"][0]
    first["source"] = "".join(first["source"]) + "\n\n" + note
    book["metadata"]["seqlib"] = {"assignment": assignment.as_dict()}
    return book


def _checksum(cell: dict, graded: dict):
    """nbgrader compares a checksum that covers the points; without nbgrader here it is left out, which it accepts."""
    try:
        from nbformat import from_dict
        from nbformat.v4.rwbase import rejoin_lines
        from nbgrader.utils import compute_checksum
    except ImportError:
        graded.pop("checksum", None)
        return
    graded["checksum"] = compute_checksum(
        rejoin_lines(from_dict({"cells": [json.loads(json.dumps(cell))]}))["cells"][0]
    )
