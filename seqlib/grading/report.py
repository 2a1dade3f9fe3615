"""From records to what people want: a CSV for Canvas, one for Moodle, a page per student, and what to teach again."""

import csv
import hashlib
import io
import json
import re
from collections import Counter

from seqlib.checks.exercise import find
from seqlib.display import html
from seqlib.grading.assignment import Assignment
from seqlib.grading.moments import is_late
from seqlib.grading.reading import alike, slug
from seqlib.grading.records import Book, write_atomically
from seqlib.grading.submissions import COPY, identity
from seqlib.runtime import sweep


def by_student(records: list[dict]) -> dict:
    """{who: [records]}: everything that one student handed in."""
    students = {}
    for record in records:
        students.setdefault(identity(record), []).append(record)
    return students


def counting(records: list[dict]) -> dict:
    """{notebook: record}: of several files of a student for one notebook, the one that counts.

    Of files of one name the latest attempt with an answer in it; then, whatever the name, the one with most points.
    """
    latest = {}
    for record in records:
        if record["notebook"] is not None and not record["problem"] and not record.get("pending"):
            key = _named(record)
            if key not in latest or _rank(record) > _rank(latest[key]):
                latest[key] = record
    best = {}
    for record in latest.values():
        number = record["notebook"]
        if number not in best or _merit(record) > _merit(best[number]):
            best[number] = record
    return best


def _named(record: dict) -> tuple:
    """The same for attempts at one file; a platform that numbers attempts hands out one name after the other."""
    name = COPY.sub("", record["file"].rpartition(".")[0])
    return record["notebook"], name if record["attempt"] else id(record)


def answered(record: dict) -> int:
    """How many exercises there is an answer to."""
    return sum(e["state"] not in ("todo", "missing") for e in record["exercises"].values())


def _rank(record: dict) -> tuple:
    return answered(record) > 0, record["attempt"], *_merit(record)


def _merit(record: dict) -> tuple:
    """Points; then answers; then the notebook's own name; then whatever decides the same way each time."""
    named = re.fullmatch(r"\d\d_\w+\.ipynb", record["file"]) is not None
    return record["score"], answered(record), named, record["attempt"], record["place"], record["graded"]


class Student:
    """One row of a grade book."""

    def __init__(self, who: str, records: list[dict], assignment: Assignment):
        self.who, self.records, self.assignment = who, records, assignment
        self.name, self.id, self.mark = records[0]["student"], records[0]["user_id"], ""
        self.notebooks = counting(records)
        self.exercises = {n: e for r in self.notebooks.values() for n, e in r["exercises"].items()}
        self.score = round(sum(e["score"] for e in self.exercises.values()), 2)
        self.points = sum(assignment.points.values())
        self.pending = any(r.get("pending") for r in records)
        self.late = any(_late(r, assignment.deadline) for r in list(self.notebooks.values()) or records)

    @property
    def page(self) -> str:
        return f"{slug(self.name, self.who)}.html"

    @property
    def label(self) -> str:
        """The name, with a mark where another student's looks the same."""
        return self.name + self.mark

    @property
    def problems(self) -> list[str]:
        """Files that could not be graded, each with the reason."""
        alone = len(self.records) == 1
        found = [(r["file"], r["problem"]) for r in self.records if r["problem"]]
        return sorted({why if alone or not file else f"{file}: {why}" for file, why in found})

    @property
    def others(self) -> list[str]:
        """What was handed in besides and does not count."""
        counted = {_named(r) for r in self.notebooks.values()}  # earlier attempts at the same file are no news
        graded = [r for r in self.records if not r["problem"] and not r.get("pending") and _named(r) not in counted]
        names = sorted({f"{r['file']} ({r['score']:g} points)" for r in graded})
        return names + sorted({r["left"] for r in self.records if r.get("left")})

    def remark(self) -> str:
        """One line for a grade book's comment field."""
        lost = [n for n, p in self.assignment.points.items() if self.exercises.get(n, {}).get("score", 0) < p]
        said = ["late"] if self.late else []
        said += ["not graded yet"] if self.pending else []
        said += self.problems
        if self.notebooks:
            said.append("not full: " + ", ".join(lost) if lost else "all exercises are right")
        if self.others:
            said.append("not counted: " + ", ".join(self.others))
        return "; ".join(said)


def _late(record: dict, deadline) -> bool:
    """What the platform says; else nbgrader's timestamp against the deadline."""
    if record.get("when") and deadline:
        return is_late(record["when"], deadline)
    return bool(record.get("late"))


def students_of(records: list[dict], assignment: Assignment) -> list[Student]:
    """Everybody, by name; where two can't be told apart by number or by looking, with a mark behind the name."""
    students = [Student(who, mine, assignment) for who, mine in by_student(records).items()]
    same = Counter((alike(s.name), s.id) for s in students)
    for student in students:
        if same[alike(student.name), student.id] > 1:
            digest = hashlib.sha256(student.who.encode("utf-8", "surrogatepass")).hexdigest()
            student.mark = f" [{digest[:6]}]"
    return sorted(students, key=lambda s: (s.name, s.id, s.who.encode("utf-8", "surrogatepass")))


def merge(book: Book) -> dict:
    """Write grades-canvas.csv, grades-moodle.csv, feedback/, statistics.html and .json. Returns the statistics."""
    records, gone = book.graded()
    students = students_of(records, book.assignment)
    write_atomically(book.out / "grades-canvas.csv", canvas(students, book.assignment))
    write_atomically(book.out / "grades-moodle.csv", moodle(students))
    pages = book.out / "feedback"
    pages.mkdir(exist_ok=True)
    sweep(pages)
    for student in students:
        write_atomically(pages / student.page, feedback_page(student))
    present = {s.page for s in students}
    for old in pages.glob("*.html"):  # of students who are no longer there
        if old.name not in present and re.search(r"-[0-9a-f]{8,10}\.html$", old.name):
            old.unlink()
    numbers = statistics(students, book.assignment)
    numbers["gone"] = sorted({r["student"] for r in gone})
    numbers["doubtful_records"] = book.doubtful()
    write_atomically(book.out / "statistics.json", json.dumps(numbers, indent=1) + "\n")
    write_atomically(book.out / "statistics.html", statistics_page(numbers, students, book.assignment))
    return numbers


# -- grade books -----------------------------------------------------------------------------------------------------


# Signs that begin a formula in some spreadsheet, full-width ones among them: at the start of a cell, or where one
# begins for a program that takes semicolons or bars for the border between cells.
_SIGNS = "=+\\-@\u2212\uff1d\uff0b\uff0d\uff20\uff65"
_FORMULA = re.compile(rf"(^|[;|\uff1b])([\"'\s]*)(?=[{_SIGNS}])")


def harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return _FORMULA.sub(r"\1\2'", " ".join(str(text).split()))


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
    rows = [[s.label, s.id, "", "" if s.id else s.label, "", "" if s.pending else f"{s.score:g}"] for s in students]
    return _csv([head, ["    Points Possible", "", "", "", "", worth], *rows])


def moodle(students) -> str:
    """Moodle's offline grading worksheet; `Identifier` is what Moodle's own download names participants by."""
    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    rows = [
        [
            f"Participant {s.id}" if s.id else s.label,
            s.label,
            "" if s.pending else f"{s.score:.2f}",
            f"{s.points:.2f}",
            s.remark(),
        ]
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
    said = [f"{r['file']}: {note}" for r in student.notebooks.values() for note in r["notes"]]
    said += ["it is not graded yet"] * student.pending + student.problems
    said += [f"also handed in, and not counted: {', '.join(student.others)}"] if student.others else []
    parts += [f"<p>{html.escape(s)}.</p>" for s in said]
    for name, points in student.assignment.points.items():
        parts.append(_told(name, student.exercises.get(name), points))
    return page(f"Feedback for {student.label}", parts)


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
    hints = [] if found["state"] == "ok" else list(find(name).told.hints)
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


def statistics(students, assignment: Assignment) -> dict:
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
    ids = Counter(s.id for s in students)
    same = {}
    for s in students:
        for r in s.records:
            same.setdefault(r["sha256"], {})[s.who] = s.label
    return {
        "title": assignment.title,
        "students": len(students),
        "points": sum(assignment.points.values()),
        "median": totals[len(totals) // 2] if totals else 0,
        "exercises": rows,
        "unreadable": sum(bool(s.problems) for s in students),
        "late": sum(s.late for s in students),
        "identical": sorted(sorted(who.values()) for sha, who in same.items() if sha and len(who) > 1),
        "pending": sum(s.pending for s in students),
        "same_id": sorted({s.id for s in students if s.id and ids[s.id] > 1}),
        "marked": sorted(s.label for s in students if s.mark),
    }


def warnings(numbers: dict) -> list[str]:
    """What somebody has to look at before the grades go out, a sentence each."""
    told = {
        "gone": "graded earlier, but in no folder now, and left out: ",
        "doubtful_records": "these records are damaged or were changed, and are not believed: ",
        "same_id": "one number, several names: ",
        "marked": "these names look the same; each has a mark behind it: ",
    }
    said = [text + ", ".join(numbers[key]) for key, text in told.items() if numbers.get(key)]
    return said + ([f"{numbers['pending']} students are not graded yet"] if numbers.get("pending") else [])


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
    parts += [f"<p>{html.escape(sentence)}.</p>" for sentence in warnings(numbers)]
    parts += [
        "<h2>Students</h2>",
        html.table(["student", "points", "remark"], [[s.label, f"{s.score:g}", s.remark()] for s in students]),
    ]
    return page(f"{assignment.title}: the class", parts)
