"""The grader's scale-out without the grading: work list, records, a killed part, resume and merge for 100,000 files.

    python benchmarks/scale_out.py [--quick] [--students N] [--parts K]

Every student hands in a small file of bytes of its own; a "graded" one gets a made-up result of known points, kept as
a worker keeps it (sealed, whole or not at all). What running the submissions costs is benchmarks/grading.py's. The K
parts (`--part k/K`) are done one after another in this process; the last one stops halfway, as if it had been killed,
and the parts are all given again. Then `merge`, once. Scores are compared, student by student.

The result goes to benchmarks/results/scale_out.json.
"""

import csv
import resource
import tempfile
import time
from pathlib import Path

from common import keep, options

POINTS = (0.0, 0.5, 1.0)


class Clock:
    """Seconds of each stage by name."""

    def __init__(self):
        self.seconds, self.began = {}, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.began = round(now - self.began, 3), now


def hand_in(folder: Path, students: int) -> None:
    """A file per student, in folders' usual form: the student's name is the file's."""
    folder.mkdir()
    for k in range(students):
        (folder / f"student{k:06d}.ipynb").write_bytes(
            b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "n": %d}' % k
        )


def share_of(student: str) -> float:
    """What a made-up submission is worth: known from the student's name."""
    return POINTS[int(student[-6:]) % len(POINTS)]


def result_of(submission, assignment) -> dict:
    """What a worker would have found."""
    share = share_of(submission.student)
    exercises = {
        name: {"score": points * share, "points": points, "state": "ok" if share == 1 else "wrong", "cases": [],
               "told": "", "diagnosis": None}
        for name, points in assignment.points.items()
    }  # fmt: skip
    score = sum(one["score"] for one in exercises.values())
    return {"notebook": assignment.notebooks()[0], "exercises": exercises, "notes": [], "score": score, "seconds": 0.0,
            "problem": None, "late": None}  # fmt: skip


def graded(book, found, stop: int | None = None) -> tuple[int, int]:
    """(kept now, there before) of one part; with `stop`, ended after so many as a killed process is."""
    now = before = 0
    for submission in found:
        raw = submission.read(1 << 20)
        key = book.key(submission, raw, submission.modules())
        if book.done(submission, key):
            before += 1
            continue
        if now == stop:
            break
        book.save(submission, key, raw, result_of(submission, book.assignment))
        now += 1
    return now, before


def measured(base: Path, students: int, parts: int) -> dict:
    from seqlib.grading import assignment, records, report, submissions
    from seqlib.grading.cli import part

    folder, book = base / "submissions", records.Book(base / "grades", assignment.chosen(["00"]))
    clock = Clock()  # what is imported is imported
    hand_in(folder, students)
    clock.lap("files made, not counted")
    found = submissions.find(folder)
    clock.lap("the work list")
    book.note(folder, found)
    clock.lap("who is in the class")
    cut = [part(found, f"{k}/{parts}") for k in range(parts)]
    done = [graded(book, one, stop=len(one) // 2 if one is cut[-1] else None) for one in cut]
    clock.lap("records kept")
    again = [graded(book, one) for one in cut]
    clock.lap("all parts given again")
    numbers = report.merge(book)
    clock.lap("merge")
    with open(book.out / "grades-moodle.csv", encoding="utf-8", newline="") as file:
        rows = {row["Full name"]: float(row["Grade"]) for row in csv.DictReader(file)}
    full = sum(book.assignment.points.values())
    wrong = [name for name, grade in rows.items() if abs(grade - full * share_of(name)) > 0.011]
    return {
        "students": students,
        "parts": parts,
        "seconds": clock.seconds,
        "kept before the kill": sum(now for now, _ in done),
        "kept after resuming": sum(now for now, _ in again),
        "found done when resuming": sum(before for _, before in again),
        "rows in the grade book": len(rows),
        "wrong scores": len(wrong),
        "median": numbers["median"],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def main(quick: bool = False, students: int = 100_000, parts: int = 20) -> dict:
    with tempfile.TemporaryDirectory() as base:
        results = measured(Path(base), 60 if quick else students, 3 if quick else parts)
    exact = results["rows in the grade book"] == results["students"] and not results["wrong scores"]
    if not exact or results["kept before the kill"] + results["kept after resuming"] != results["students"]:
        raise ValueError(f"expected a right row for every student, each graded once, got {results}")
    what = "seconds of the work around the grading, one process, made-up results"
    return keep("scale_out", what, results, quick=quick)


if __name__ == "__main__":
    more = [("--students", {"type": int, "default": 100_000}), ("--parts", {"type": int, "default": 20})]
    asked = options(__doc__, *more)
    main(asked.quick, asked.students, asked.parts)
