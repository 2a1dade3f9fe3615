"""Records are believed when they are whole and nobody changed them, and graded again otherwise."""

import json
import os
import time

import pytest
from commands import grading
from make_class import as_bytes, solved

from seqlib.grading import assignment as assignments
from seqlib.grading import records, report
from seqlib.grading.submissions import Submission

WRONG = "def bounce(before, now):\n    return before * 0 + 0.123"


@pytest.fixture
def kept(tmp_path):
    """(book, submission, key, path) of one record."""
    book = records.Book(tmp_path, assignments.Assignment("Balls", {"00.bounce": 3}))
    ada = Submission("ada", "x", "00_start.ipynb", place="ada.ipynb")
    entry = {"score": 1.0, "points": 3, "state": "wrong", "diagnosis": None, "told": "", "cases": []}
    done = {"notebook": "00", "exercises": {"00.bounce": entry}, "notes": [], "score": 1.0, "seconds": 0}
    key = book.key(ada, b"1")
    book.save(ada, key, b"1", done)
    return book, ada, key, book.path(ada, key)


def test_a_record_is_believed_again(kept):
    book, ada, key, path = kept
    assert book.done(ada, key) and len(book.all()) == 1 and book.doubtful() == []
    again = records.Book(book.out, book.assignment)
    assert again.done(ada, key) and again.all() == book.all()


EDITS = {
    "the score": lambda r: r.update(score=3.0),
    "an exercise's score": lambda r: r["exercises"]["00.bounce"].update(score=3.0),
    "the student": lambda r: r.update(student="bob"),
    "the time": lambda r: r.update(graded=r["graded"] + 1),
    "the lateness": lambda r: r.update(late=False),
    "no seal": lambda r: r.pop("seal"),
    "a seal of another kind": lambda r: r.update(seal=["x"]),
    "a foreign seal": lambda r: r.update(seal="ä" * 64),
    "another exercise": lambda r: r["exercises"].update({"00.next_position": r["exercises"]["00.bounce"]}),
    "a note": lambda r: r["notes"].append("all is well"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_record_is_not_believed(kept, edit):
    book, ada, key, path = kept
    record = json.loads(path.read_text())
    EDITS[edit](record)
    path.write_text(json.dumps(record, indent=1))
    assert not book.done(ada, key) and book.all() == [] and book.doubtful() == [path.name]
    assert report.merge(book)["doubtful_records"] == [path.name]


RUBBISH = [
    '{"schema": 1, "score": 6}',
    '{"schema": 1, "score": 6, "exercises": {"00.bounce": 3}, "notebook": "00"}',
    "[]", "null", "6", '"x"', "{}", "", "{", "[" * 100_000, '{"schema": 1, "score": NaN}', "\ufeff{}", "\x00",
    '{"schema": 2}',
]  # fmt: skip


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_no_record_and_crashes_nothing(kept, text):
    book, ada, key, path = kept
    path.write_text(text, encoding="utf-8")
    (book.records / "other.json").write_bytes(b"\xff\xfe")
    assert records.read(path) is None and not book.done(ada, key) and book.all() == []
    assert report.merge(book)["students"] == 0 and book.doubtful() == sorted(["other.json", path.name])


def test_rubbish_with_a_seal_is_rubbish_too(kept):
    book, ada, key, path = kept
    for fields in ({}, {"exercises": {"00.bounce": {"score": 3}}}, {"notes": [3]}, {"score": "6"}, {"attempt": None}):
        record = {"schema": 1, "score": 6} if not fields else json.loads(path.read_text()) | fields
        record["seal"] = book._seal(record)
        (book.records / "other.json").write_text(json.dumps(record))
        assert len(book.all()) == 1 and book.doubtful() == ["other.json"]


def test_a_record_of_another_folder_or_student_is_not_believed(kept, tmp_path):
    book, ada, key, path = kept
    other = records.Book(tmp_path / "other", book.assignment)
    (other.records / path.name).write_text(path.read_text())
    assert other.all() == [] and not other.done(ada, key)
    bob = Submission("bob", "x", "00_start.ipynb", place="bob.ipynb")
    book.path(bob, book.key(bob, b"1")).write_text(path.read_text())
    assert not book.done(bob, book.key(bob, b"1"))


def test_rosters_that_are_damaged_are_no_rosters(kept):
    book, ada, *_ = kept
    book.rosters.mkdir()
    for i, text in enumerate(['{"folder": 1}', "[", '{"folder": "x", "submissions": [{}]}', "[]", "[" * 100_000]):
        (book.rosters / f"{i}.json").write_text(text)
    assert book.roster() is None and report.merge(book)["students"] == 1
    assert book.note(book.out, [ada]) == [] and len(book.roster()) == 1


def test_an_edited_record_is_graded_again(sandboxed, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(as_bytes(solved({"00.bounce": WRONG})))
    arguments = ["grade", tmp_path / "in", "--notebook", "00", "--out", tmp_path / "out", "--jobs", 1]
    assert "median 3 of 6" in grading(*arguments).stdout
    (path,) = (tmp_path / "out" / "records").iterdir()
    record = json.loads(path.read_text())
    record["score"] = record["exercises"]["00.bounce"]["score"] = 6
    path.write_text(json.dumps(record))
    merged = grading("merge", tmp_path / "out")
    assert path.name in merged.stderr and "not graded yet" in (tmp_path / "out" / "grades-moodle.csv").read_text()
    done = grading(*arguments)
    assert (
        "1 graded now, 0 before" in done.stdout and "median 3 of 6" in done.stdout and "not believed" not in done.stderr
    )


def test_a_file_among_thousands_is_written_without_a_look_at_the_others(kept, monkeypatch):
    book, submission, *_ = kept
    monkeypatch.setattr("pathlib.Path.glob", lambda *_: pytest.fail("looked through the folder"))
    monkeypatch.setattr("os.listdir", lambda *_: pytest.fail("looked through the folder"))
    monkeypatch.setattr("os.scandir", lambda *_: pytest.fail("looked through the folder"))
    records.write_atomically(book.records / "a.json", "{}")
    records.write_atomically(book.records / "a.json", "[]")
    assert (book.records / "a.json").read_text() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="Windows takes an open file's place back by itself")
def test_what_killed_graders_have_left_is_removed_by_the_next(kept):
    book = kept[0]
    report.merge(book)
    folders = [book.out, book.records, book.rosters, book.out / "feedback"]
    parts = [folder / ".a.json.xyz.part" for folder in folders]
    for part in parts:
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"half")
        os.utime(part, (time.time() - 5,) * 2)
    report.merge(records.Book(book.out, book.assignment))
    assert not [part for part in parts if part.exists()]
    assert not [path for folder in folders for path in folder.glob(".*") if path.name != ".secret"]
