"""From records to what people want: a CSV for Canvas, one for Moodle, a page per student, and what to teach again."""

import csv
import io
import json
import re
from collections import Counter

from seqlib.checks.exercise import find
from seqlib.display import html
from seqlib.grading.assignment import Assignment
from seqlib.grading.records import Book, write_atomically
from seqlib.grading.submissions import slug


def by_student(records: list[dict]) -> dict:
    """{(student, id): {notebook: record}}: of several files for one notebook, the one that counts."""
    students = {}
    for record in records:
        mine = students.setdefault((record["student"], record["user_id"]), {})
        number = record["notebook"] or "?"
        if number not in mine or rank(record) >= rank(mine[number]):
            mine[number] = record
    return students


def rank(record: dict) -> tuple:
    """The later attempt; then one that could be read; then the notebook's own file name; then the newer grading."""
    named = re.fullmatch(r"\d\d_\w+\.ipynb", record["file"] or "") is not None
    return (
        record["attempt"],
        record["problem"] is None,
        named,
        record["file"] if not named else "",
        record["graded"],
    )


class Student:
    """One row of a grade book."""

    def __init__(self, key, notebooks: dict, assignment: Assignment):
        (self.name, self.id), self.notebooks, self.assignment = key, notebooks, assignment
        self.exercises = {n: e for r in notebooks.values() for n, e in r["exercises"].items()}
        self.score = round(sum(e["score"] for e in self.exercises.values()), 2)
        self.points = sum(assignment.points.values())
        self.late = any(r.get("late") for r in notebooks.values())
        self.problems = sorted({r["problem"] for r in notebooks.values() if r["problem"]})

    @property
    def page(self) -> str:
        return f"{slug(self.name + self.id)}.html"

    def remark(self) -> str:
        """One line for a grade book's comment field."""
        lost = [n for n, p in self.assignment.points.items() if self.exercises.get(n, {}).get("score", 0) < p]
        said = "; ".join(self.problems) or ("all exercises are right" if not lost else "not full: " + ", ".join(lost))
        return ("late; " if self.late else "") + said


def merge(book: Book) -> dict:
    """Write grades-canvas.csv, grades-moodle.csv, feedback/, statistics.html and .json. Returns the statistics."""
    records = book.all()
    students = [Student(k, n, book.assignment) for k, n in sorted(by_student(records).items())]
    write_atomically(book.out / "grades-canvas.csv", canvas(students, book.assignment))
    write_atomically(book.out / "grades-moodle.csv", moodle(students))
    pages = book.out / "feedback"
    pages.mkdir(exist_ok=True)
    for student in students:
        write_atomically(pages / student.page, feedback_page(student))
    numbers = statistics(students, records, book.assignment)
    write_atomically(book.out / "statistics.json", json.dumps(numbers, indent=1) + "\n")
    write_atomically(book.out / "statistics.html", statistics_page(numbers, students, book.assignment))
    return numbers


# -- grade books -----------------------------------------------------------------------------------------------------


def harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    text = " ".join(str(text).split())
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


def _csv(rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [[harmless(c) if isinstance(c, str) else c for c in row] for row in rows]
    )
    return out.getvalue()


def canvas(students, assignment) -> str:
    """Canvas's grade book import: students by their Canvas id where the file names had it."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.title]
    worth = f"{sum(assignment.points.values()):g}"
    rows = [[s.name, s.id, "", "" if s.id else s.name, "", f"{s.score:g}"] for s in students]
    return _csv([head, ["    Points Possible", "", "", "", "", worth], *rows])


def moodle(students) -> str:
    """Moodle's offline grading worksheet; `Identifier` is what Moodle's own download names participants by."""
    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    rows = [
        [f"Participant {s.id}" if s.id else s.name, s.name, f"{s.score:.2f}", f"{s.points:.2f}", s.remark()]
        for s in students
    ]
    return _csv([head, *rows])


# -- pages -----------------------------------------------------------------------------------------------------------

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""


def page(title: str, parts) -> str:
    return PAGE.format(title=html.escape(title), body="\n".join(parts))


def feedback_page(student: Student) -> str:
    """What one student gets: points, which cases failed and how, diagnoses. No input, no expected value."""
    parts = [
        f"<p><strong>{student.score:g} of {student.points:g} points</strong> for "
        f"{html.escape(student.assignment.title)}.</p>"
    ]
    if student.late:
        parts.append("<p>It was handed in after the deadline.</p>")
    for record in student.notebooks.values():
        said = [s for s in [record["problem"], *record["notes"]] if s]
        parts += [f"<p>{html.escape(record['file'])}: {html.escape(s)}.</p>" for s in said]
    for name, points in student.assignment.points.items():
        parts.append(_told(name, student.exercises.get(name), points))
    return page(f"Feedback for {student.name}", parts)


def _told(name: str, found: dict | None, points) -> str:
    if found is None:
        return html.check_result(
            name,
            "todo",
            0,
            points,
            [],
            None,
            ["this notebook was not handed in, or could not be read"],
            False,
            [],
        )
    cases = [(c["label"], c["ok"], c["told"]) for c in found["cases"]]
    notes = [found["told"]] if found["told"] else []
    state = {"missing": "todo"}.get(found["state"], found["state"])
    hints = [] if found["state"] == "ok" else list(find(name).hints)
    return html.check_result(
        name,
        state,
        found["score"],
        points,
        cases,
        found["diagnosis"],
        notes,
        False,
        hints,
        found.get("observation"),
    )


# -- what to teach again ---------------------------------------------------------------------------------------------


def statistics(students, records, assignment: Assignment) -> dict:
    """Per exercise: how many tried, how many got it right, the mean, the most frequent mistakes and errors."""
    rows = []
    for name, points in assignment.points.items():
        found = [s.exercises[name] for s in students if name in s.exercises]
        tried = [e for e in found if e["state"] in ("ok", "wrong")]
        mistakes = Counter(e["diagnosis"] for e in tried if e["diagnosis"])
        failures = Counter(_sort(c["told"]) for e in tried if not e["diagnosis"] for c in e["cases"][:1] if not c["ok"])
        rows.append(
            {
                "exercise": name,
                "points": points,
                "students": len(students),
                "tried": len(tried),
                "right": sum(e["state"] == "ok" for e in found),
                "mean": round(sum(e["score"] for e in found) / max(len(students), 1), 3),
                "mistakes": mistakes.most_common(3),
                "failures": failures.most_common(3),
            }
        )
    totals = sorted(s.score for s in students)
    same = Counter(r["sha256"] for r in records if r["sha256"])
    return {
        "title": assignment.title,
        "students": len(students),
        "points": sum(assignment.points.values()),
        "median": totals[len(totals) // 2] if totals else 0,
        "exercises": rows,
        "unreadable": sum(bool(s.problems) for s in students),
        "late": sum(s.late for s in students),
        "identical": sorted(
            sorted({r["student"] for r in records if r["sha256"] == h}) for h, n in same.items() if n > 1
        ),
    }


def _sort(told: str) -> str:
    return re.sub(r"[\d(),. ]+", " ", told.partition(", at the line")[0]).strip()


def statistics_page(numbers: dict, students, assignment) -> str:
    """For the instructor: exercises in the order in which they went wrong, then the class."""
    parts = [
        f"<p>{numbers['students']} students, median {numbers['median']:g} of {numbers['points']:g} points, "
        f"{numbers['late']} late, {numbers['unreadable']} with a file that needs a look.</p>",
        "<h2>What to teach again</h2>",
    ]
    hardest = sorted(numbers["exercises"], key=lambda r: r["right"] / max(r["students"], 1))
    rows = [
        [
            r["exercise"],
            f"{100 * r['right'] / max(r['students'], 1):.0f} %",
            f"{r['tried']} of {r['students']}",
            f"{r['mean']:.2f} of {r['points']:g}",
            "; ".join(f"{d} ({n})" for d, n in r["mistakes"]),
            "; ".join(f"{d} ({n})" for d, n in r["failures"]),
        ]
        for r in hardest
    ]
    parts.append(
        html.table(["exercise", "right", "tried", "mean", "most frequent known mistakes", "other failures"], rows)
    )
    if numbers["identical"]:
        parts += [
            "<h2>The same file, byte for byte</h2>",
            html.table(["students"], [[", ".join(group)] for group in numbers["identical"]]),
        ]
    parts += [
        "<h2>Students</h2>",
        html.table(["student", "points", "remark"], [[s.name, f"{s.score:g}", s.remark()] for s in students]),
    ]
    return page(f"{assignment.title}: the class", parts)
