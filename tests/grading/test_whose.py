"""Whose is it: nobody vanishes, doubles, or is graded on the wrong file; everything left out is named."""

import csv
import io
import json
import os
import shutil
import zipfile

import pytest
from commands import grading
from make_class import as_bytes, code_cell, release, solved

from seqlib.grading import assignment as assignments
from seqlib.grading import records, report, submissions
from seqlib.grading.reading import alike
from seqlib.grading.submissions import find, identity

NOTEBOOK = b'{"cells": [], "nbformat": 4}'


def put(folder, *names, raw=NOTEBOOK):
    for name in names:
        path = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(raw)
    return find(folder)


def zipped(files: dict) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


# -- names and endings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["00_start.ipynb.txt", "00_start.ipynb.json", "00_start.ipynb (1)", "00_start.json", "00_start.txt"]
)
@pytest.mark.parametrize("front", ["lovelaceada_12345_678901_", "Ada Lovelace_4711_assignsubmission_file_"])
def test_a_notebook_under_another_ending_is_a_notebook(tmp_path, front, name):
    (one,) = put(tmp_path, front + name)
    assert one.problem is None and one.user_id in ("12345", "4711") and one.read(1000) == NOTEBOOK


@pytest.mark.parametrize("name", ["hw.pdf", "hw.docx", "notes.txt", "hw.ipynb.html", "hw.7z"])
@pytest.mark.parametrize("front", ["lovelaceada_12345_678901_", "Ada Lovelace_4711_assignsubmission_file_", ""])
def test_what_is_no_notebook_is_a_row_that_says_so(tmp_path, front, name):
    (one,) = put(tmp_path, front + name, raw=b"%PDF")
    assert one.path is None and name in one.problem and one.user_id == {"l": "12345", "A": "4711"}.get(front[:1], "")


def test_a_zip_file_is_looked_into(tmp_path):
    inside = {"hw/00_start": b"x", "hw/00_start.ipynb": NOTEBOOK, "__MACOSX/00_start.ipynb": b"", "h.py": b"1"}
    inside = zipped(inside)
    (one,) = put(tmp_path, "lovelaceada_12345_678901_hw.zip", raw=inside)
    assert (one.file, one.read(1000), one.modules()) == ("00_start.ipynb", NOTEBOOK, {"h.py": b"1"})
    assert one.place == "lovelaceada_12345_678901_hw.zip/hw/00_start.ipynb" and one.left == "00_start"
    (one,) = put(tmp_path / "folder", "ada/hw.zip", raw=inside)
    assert one.read(1000) == NOTEBOOK and one.student == "ada"


def test_a_zip_file_that_is_none_or_a_bomb_is_named(tmp_path):
    bomb = zipped({"00_start.ipynb": bytes(50_000_000)})
    many = bytearray(zipped({"a.ipynb": b""}))
    at = many.rfind(b"PK\x05\x06")
    many[at + 12 : at + 16] = (1 << 30).to_bytes(4, "little")
    raws = {"bomb.zip": bomb, "many.zip": bytes(many), "none.zip": b"PK\x03\x04", "empty.zip": zipped({})}
    for name, raw in raws.items():
        put(tmp_path, name, raw=raw)
    found = {s.student: s for s in find(tmp_path)}
    assert set(found) == {"bomb", "many", "none", "empty"}
    assert len(found["bomb"].read(1_000)) == 1_001  # so much and no more
    assert [n for n, s in found.items() if s.path is None and s.problem] == ["empty", "many", "none"]
    flagged = bytearray(zipped({"a.ipynb": NOTEBOOK}))
    flagged[6] |= 1
    flagged[flagged.find(b"PK\x01\x02") + 8] |= 1
    (one,) = put(tmp_path / "locked", "ada.zip", raw=bytes(flagged))
    with pytest.raises(OSError, match="password"):
        one.read(100)


def test_moodles_texts_belong_to_whoever_wrote_them(tmp_path):
    for folders in (True, False):
        where, slash = tmp_path / str(folders), "/" if folders else ""
        for name in ("Ada Lovelace_4711_assignsubmission_file_", "Grace Hopper_4713_assignsubmission_file_"):
            put(where, f"{name}{slash}00_start.ipynb")
        for name in ("Ada Lovelace_4711", "Alan Turing_4712"):
            put(where, f"{name}_assignsubmission_onlinetext_{slash}onlinetext.html", raw=b"<p>")
        found = {s.student: s for s in find(where)}
        assert len(found) == len(find(where)) == 3
        assert found["Ada Lovelace"].left == "onlinetext.html" and found["Ada Lovelace"].file == "00_start.ipynb"
        assert found["Alan Turing"].user_id == "4712" and "onlinetext.html" in found["Alan Turing"].problem


def test_canvas_texts_links_and_anonymous_names(tmp_path):
    put(tmp_path, "turingalan_LATE_12346_text.html", "hoppergrace_12347_link.html", raw=b"<p>")
    put(tmp_path, "anon_Xy12Z_678905_00_start.ipynb", "anonymous_Ab34C_LATE_678906_00_start.ipynb")
    found = {s.student: s for s in find(tmp_path)}
    assert found["turingalan"].problem and found["turingalan"].late and found["turingalan"].user_id == "12346"
    assert found["hoppergrace"].problem and found["anon_Xy12Z"].user_id == "Xy12Z" and found["anon_Xy12Z"].path
    assert found["anonymous_Ab34C"].late


def test_names_that_only_look_like_canvas_keep_everybody(tmp_path):
    found = put(tmp_path, *(f"ws_2027_{week}_{who}.ipynb" for week in (1, 2) for who in ("ada", "alan")))
    assert {s.student for s in found} == {f"ws_2027_{w}_{n}" for w in (1, 2) for n in ("ada", "alan")}
    copies = put(tmp_path / "2", *(f"lovelaceada_12_34_hw{c}.ipynb" for c in ("", " (1)", "-1")))
    assert {(s.student, s.user_id) for s in copies} == {("lovelaceada", "12")}


def test_files_and_folders_of_one_name_are_one_student(tmp_path):
    found = put(tmp_path, "ada.ipynb", "ada.ipynb.txt", "ada/00_start.ipynb", "bob.pdf", "bob.ipynb")
    assert sorted((s.student, s.file) for s in found) == [
        ("ada", "00_start.ipynb"),
        ("ada", "ada.ipynb"),
        ("ada", "ada.ipynb.txt"),
        ("bob", "bob.ipynb"),
    ]
    assert len({identity(s) for s in found}) == 2 and found[-1].left == "bob.pdf"


def test_what_is_nobodys_is_named(tmp_path):
    put(tmp_path, "ada.ipynb", "Grading worksheet.csv", ".DS_Store", "Thumbs.db", "grades/feedback/x.ipynb")
    assert [s.student for s in find(tmp_path, [tmp_path / "grades"])] == ["ada"]
    assert submissions.left_out(tmp_path, [tmp_path / "grades"]) == [
        ".DS_Store", "Grading worksheet.csv", "Thumbs.db", "grades",
    ]  # fmt: skip


def test_an_archive_of_the_class_is_asked_to_be_unpacked(tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({"a": b""}))
    with pytest.raises(ValueError, match="unpack the archive first"):
        find(tmp_path / "all.zip")


@pytest.mark.parametrize("folder", ["feedback", "autograded", "data", "work/deep/er", "ada.ipynb"])
def test_a_folder_may_be_called_anything(tmp_path, folder):
    assert [s.problem for s in put(tmp_path, f"ada/{folder}/00_start.ipynb", f"{folder}/x.ipynb")] == [None, None]


def test_thousands_of_files_hide_no_notebook(tmp_path):
    for i in range(2_050):
        (tmp_path / "ada" / "data").mkdir(parents=True, exist_ok=True)
        (tmp_path / "ada" / "data" / f"{i}.csv").touch()
    (one,) = put(tmp_path, "ada/work/00_start.ipynb")
    assert one.path and one.left.endswith("and 2045 more")


def test_forty_notebooks_are_enough_and_the_rest_is_named(tmp_path):
    found = put(tmp_path, *(f"ada/{i}.ipynb" for i in range(45)))
    assert len(found) == 40 and found[0].left.count("more than 40 notebooks") == 5


def test_modules_beside_a_notebook_come_along(tmp_path):
    put(tmp_path, "lovelaceada_12345_678902_helpers.py", "ada/lib/fold.py", raw=b"x = 1")
    found = {s.student: s for s in put(tmp_path, "lovelaceada_12345_678901_hw.ipynb", "ada/hw.ipynb")}
    assert found["lovelaceada"].modules() == {"helpers.py": b"x = 1"} and found["ada"].modules() == {
        "fold.py": b"x = 1"
    }
    book = records.Book(tmp_path / "out")
    ada = found["ada"]
    assert book.key(ada, b"", ada.modules()) != book.key(ada, b"", {"fold.py": b"x = 2"}) != book.key(ada, b"")


# -- names that look the same ----------------------------------------------------------------------------------------

LOOK_THE_SAME = {
    "a control character": ["a\x01b", "a\x02b"],
    "Unicode form": ["Jos\u00e9", "Jose\u0301"],
    "case": ["Ada", "ADA"],
    "a Latin-1 byte": [b"Jos\xe9", "José"],
    "a broken byte": [b"Jos\xfe\xff", b"Jos\xff\xfe"],
    "after 119 characters": ["x" * 130 + "1", "x" * 130 + "2"],
    "wide spaces": ["Ada Lovelace", "Ada\u3000Lovelace"],
}


@pytest.fixture
def made():
    return assignments.Assignment("Balls", {"00.bounce": 3})


def handed_in(out, folder, made, score=3.0):
    """A book in which everything in `folder` has been graded, all with the same points."""
    book = records.Book(out, made)
    found = find(folder)
    for one in found:
        raw = one.read(1000) if one.path else None
        book.save(one, book.key(one, raw), raw, result(score if one.path else 0.0))
    book.note(folder, found)
    return book


def result(score, state="ok", notebook="00", **more):
    entry = {"score": score, "points": 3, "state": state, "diagnosis": None, "told": "", "cases": []}
    exercises = {"00.bounce": entry} if notebook else {}
    return {"notebook": notebook, "exercises": exercises, "notes": [], "score": score, "seconds": 0} | more


def table(book) -> list[dict]:
    report.merge(book)
    with open(book.out / "grades-moodle.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(os.name != "posix", reason="file names that other systems change")
@pytest.mark.parametrize("why", LOOK_THE_SAME)
@pytest.mark.parametrize("shape", ["{}.ipynb", "{}/00_start.ipynb"])
def test_names_that_look_the_same_are_two_rows(tmp_path, made, why, shape):
    before, after = map(os.fsencode, shape.split("{}"))
    for i, name in enumerate(LOOK_THE_SAME[why]):
        put(tmp_path / "in", before + os.fsencode(name) + after, raw=NOTEBOOK + b" " * i)
    book = handed_in(tmp_path / "out", tmp_path / "in", made)
    rows = table(book)
    assert len(rows) == 2 and len({r["Full name"] for r in rows}) == 2
    assert len({alike(r["Full name"]) for r in rows}) == 2
    assert len(list((book.out / "feedback").iterdir())) == 2 == len(list(book.records.iterdir()))
    if why != "a broken byte":
        assert len(json.loads((book.out / "statistics.json").read_text())["marked"]) == 2


def test_a_number_is_not_part_of_a_name(tmp_path, made):
    put(tmp_path / "in", *(f"{n}_assignsubmission_file_/00_start.ipynb" for n in ("Ada_4711", "Ada4_711")))
    book = handed_in(tmp_path / "out", tmp_path / "in", made)
    assert {(r["Identifier"], r["Full name"]) for r in table(book)} == {
        ("Participant 4711", "Ada"),
        ("Participant 711", "Ada4"),
    }
    assert len(list(book.records.iterdir())) == 2 == len(list((book.out / "feedback").iterdir()))


def test_one_number_in_two_unicode_forms_is_one_student(tmp_path, made):
    put(tmp_path / "in", "Jos\u00e9_4711_assignsubmission_file_/00_start.ipynb")
    put(tmp_path / "in", "Jose\u0301_4711_assignsubmission_onlinetext_/onlinetext.html")
    assert len(table(handed_in(tmp_path / "out", tmp_path / "in", made))) == 1
    put(tmp_path / "in", "Mallory_4711_assignsubmission_file_/00_start.ipynb")
    book = handed_in(tmp_path / "out", tmp_path / "in", made)
    assert len(table(book)) == 2 and json.loads((book.out / "statistics.json").read_text())["same_id"] == ["4711"]


# -- several files, which counts -------------------------------------------------------------------------------------


def counted(tmp_path, made, *files):
    """(points, remark) of one student; files: (name, result)."""
    book = records.Book(tmp_path / "out", made)
    for i, (name, _) in enumerate(files):
        put(tmp_path / "in", name, raw=NOTEBOOK + b" " * i)
    results = dict(files)
    handed = find(tmp_path / "in")
    for one in handed:
        raw = one.read(1000)
        book.save(one, book.key(one, raw), raw, results[one.place])
    book.note(tmp_path / "in", handed)
    (row,) = table(book)
    return float(row["Grade"]), row["Feedback comments"]


TODO = result(0.0, "todo")
UNREADABLE = result(0.0, notebook=None, problem="this is not a notebook")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "names",
    [
        ("ada/00_start.ipynb", "ada/00_start (1).ipynb"),
        ("ada/a/00_start.ipynb", "ada/b/00_start.ipynb"),
        ("ada/notes.ipynb", "ada/hw.ipynb"),
        ("lovelaceada_12_35_00_start.ipynb", "lovelaceada_12_34_00_start-1.ipynb"),
        ("lovelaceada_12_35_notes.ipynb", "lovelaceada_12_34_hw.ipynb"),
        ("Ada_1_assignsubmission_file_00_start.ipynb", "Ada_1_assignsubmission_file_00_start (1).ipynb"),
    ],
)
def test_a_file_without_an_answer_never_beats_one_with(tmp_path, made, names, turned):
    for other in (TODO, result(0.0, "missing"), UNREADABLE):
        shutil.rmtree(tmp_path / "in", ignore_errors=True)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        files = list(zip(names[:: -1 if turned else 1], (other, result(3.0)), strict=True))
        points, remark = counted(tmp_path, made, *files)
        assert points == 3 and "all exercises are right" in remark
        assert other is not UNREADABLE or "this is not a notebook" in remark


def test_of_files_with_answers_the_better_counts_and_the_other_is_named(tmp_path, made):
    files = [("ada/00_start.ipynb", result(1.0, "wrong")), ("ada/00_start (1).ipynb", result(3.0))]
    points, remark = counted(tmp_path, made, *files)
    assert points == 3 and remark == "all exercises are right; not counted: 00_start.ipynb (1 points)"


def test_a_later_attempt_at_the_same_file_counts(tmp_path, made):
    files = [
        ("lovelaceada_12_34_00_start.ipynb", result(3.0)),
        ("lovelaceada_12_35_00_start-1.ipynb", result(1.0, "wrong")),
    ]
    assert counted(tmp_path, made, *files) == (1, "not full: 00.bounce")


def test_an_unreadable_second_notebook_takes_nothing_away(tmp_path):
    both = assignments.Assignment("Two", {"00.bounce": 3, "02.rnn_step": 3})
    for number, name in enumerate(["02_rnn.ipynb", "hw2.ipynb"]):
        broken = result(0.0, notebook="02" if number == 0 else None, problem="this is not a notebook")
        files = [("lovelaceada_12_34_00_start.ipynb", result(3.0)), (f"lovelaceada_12_35_{name}", broken)]
        points, remark = counted(tmp_path / str(number), both, *files)
        assert points == 3 and f"{name}: this is not a notebook" in remark and "not full: 02.rnn_step" in remark


def test_two_notebooks_of_one_student_and_two_workers(sandboxed, tmp_path):
    """Every file through the real grader: an unsolved copy, scratch work, a second notebook that is damaged."""
    unsolved, right = as_bytes(release()), as_bytes(solved())
    notes = as_bytes({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code_cell("x = 1")]})
    files = {
        "ada/00_start.ipynb": unsolved, "ada/00_start (1).ipynb": right,
        "bob/hw.ipynb": right, "bob/notes.ipynb": notes, "bob/02_rnn.ipynb": right[:-40], "bob/slides.pdf": b"%PDF",
        "cleo.ipynb.json": right,
        "dan.zip": zipped({"hw/00_start.ipynb": right}),
        "eve.pdf": b"%PDF",
    }  # fmt: skip
    for name, raw in files.items():
        put(tmp_path / "in", name, raw=raw)
    arguments = ["grade", tmp_path / "in", "--notebook", "00", "--notebook", "02", "--out", tmp_path / "out"]
    grading(*arguments, "--jobs", 2)
    with open(tmp_path / "out" / "grades-canvas.csv", encoding="utf-8", newline="") as file:
        scores = {r["Student"]: r["Sequence models 00, 02"] for r in list(csv.DictReader(file))[1:]}
    assert scores == {"ada": "6", "bob": "6", "cleo": "6", "dan": "6", "eve": "0"}
    with open(tmp_path / "out" / "grades-moodle.csv", encoding="utf-8", newline="") as file:
        remarks = {r["Full name"]: r["Feedback comments"] for r in csv.DictReader(file)}
    assert "02_rnn.ipynb: " in remarks["bob"] and "notes.ipynb: nothing in this" in remarks["bob"]
    assert remarks["bob"].endswith("not counted: slides.pdf")
    assert "00_start.ipynb (0 points)" in remarks["ada"] and "eve.pdf" in remarks["eve"]
    os.rename(tmp_path / "in" / "ada", tmp_path / "in" / "zoe")
    (tmp_path / "in" / "cleo.ipynb.json").unlink()
    done = grading(*arguments, "--jobs", 2)
    assert "2 graded now" in done.stdout and "in no folder now, and left out: ada, cleo" in done.stderr
    with open(tmp_path / "out" / "grades-canvas.csv", encoding="utf-8", newline="") as file:
        assert [r["Student"] for r in list(csv.DictReader(file))[1:]] == ["bob", "dan", "eve", "zoe"]
    assert not [p.name for p in (tmp_path / "out" / "feedback").iterdir() if p.name.startswith(("ada", "cleo"))]


# -- a class that changes --------------------------------------------------------------------------------------------


def test_whoever_is_no_longer_there_is_in_no_grade_book(tmp_path, made):
    put(tmp_path / "in", "ada/a.ipynb", "bob/b.ipynb")
    handed_in(tmp_path / "out", tmp_path / "in", made)
    os.rename(tmp_path / "in" / "ada", tmp_path / "in" / "Ada Lovelace")
    book = handed_in(tmp_path / "out", tmp_path / "in", made)
    assert [r["Full name"] for r in table(book)] == ["Ada Lovelace", "bob"]
    assert json.loads((book.out / "statistics.json").read_text())["gone"] == ["ada"]
    shutil.rmtree(tmp_path / "in" / "bob")
    assert [r["Full name"] for r in table(handed_in(tmp_path / "out", tmp_path / "in", made))] == ["Ada Lovelace"]


def test_the_whole_folder_may_be_renamed_and_two_sections_may_share_a_book(tmp_path, made):
    put(tmp_path / "a", "ada.ipynb")
    put(tmp_path / "b", "bob.ipynb")
    handed_in(tmp_path / "out", tmp_path / "a", made)
    assert [r["Full name"] for r in table(handed_in(tmp_path / "out", tmp_path / "b", made))] == ["ada", "bob"]
    os.rename(tmp_path / "a", tmp_path / "c")
    put(tmp_path / "c", "cleo.ipynb")
    book = records.Book(tmp_path / "out", made)
    assert book.note(tmp_path / "c", find(tmp_path / "c")) == [str(tmp_path / "a")]
    rows = {r["Full name"]: (r["Grade"], r["Feedback comments"]) for r in table(book)}
    assert rows == {
        "ada": ("3.00", "all exercises are right"),
        "bob": ("3.00", "all exercises are right"),
        "cleo": ("", "not graded yet"),  # no zero for what nobody has looked at
    }


def test_a_file_that_came_back_counts_again(tmp_path, made):
    """Edited, graded, and put back as it was: the record of what lies there now counts, not the newest."""
    for raw, score in ((NOTEBOOK, 3.0), (NOTEBOOK + b" ", 1.0)):
        put(tmp_path / "in", "ada.ipynb", raw=raw)
        handed_in(tmp_path / "out", tmp_path / "in", made, score)
    put(tmp_path / "in", "ada.ipynb")
    assert [r["Grade"] for r in table(records.Book(tmp_path / "out", made))] == ["3.00"]


def test_a_deadline_moved_later_counts_without_grading_again(tmp_path):
    put(tmp_path / "in", "ada/A0/00_start.ipynb")
    (tmp_path / "in" / "ada" / "A0" / "timestamp.txt").write_text("2027-03-01 23:30:00 CET")
    for deadline, late in (("2027-03-01T23:00+01:00", True), ("2027-03-02T12:00+01:00", False)):
        due = assignments.Assignment("Balls", {"00.bounce": 3}, deadline)
        book = handed_in(tmp_path / "out", tmp_path / "in", due)
        assert table(book)[0]["Feedback comments"].startswith("late; ") == late


def test_a_time_that_cannot_be_read_is_named(tmp_path, made):
    put(tmp_path / "in", "ada/A0/00_start.ipynb")
    (tmp_path / "in" / "ada" / "A0" / "timestamp.txt").write_text("yesterday, CST")
    (row,) = table(handed_in(tmp_path / "out", tmp_path / "in", made))
    assert "timestamp.txt (its time can't be read)" in row["Feedback comments"]


def test_one_file_at_a_time_nobody_is_missing(sandboxed, tmp_path):
    """As GNU parallel calls it: a zip file, a module, a PDF, a file that nobody knows; then everybody has a row."""
    right = as_bytes(solved())
    files = {"ada/hw.ipynb": right, "ada/h.py": b"", "bob.zip": zipped({"x/00_start.ipynb": right}), "eve.pdf": b"%PDF"}
    for name, raw in {**files, "dan.ipynb": right}.items():
        put(tmp_path / "in", name, raw=raw)
    arguments = ["--root", tmp_path / "in", "--notebook", "00", "--out", tmp_path / "out"]
    said = [grading("one", tmp_path / "in" / name, *arguments).stdout.strip() for name in files]
    assert said == ["ada: graded", "h.py: handed in beside a notebook, and graded with that or not at all",
                    "bob: graded", "eve: graded"]  # fmt: skip
    assert grading("one", tmp_path / "nobody.ipynb", *arguments, check=False).returncode == 2
    assert "1 students are not graded yet" in grading("merge", tmp_path / "out").stderr
    with open(tmp_path / "out" / "grades-canvas.csv", encoding="utf-8", newline="") as file:
        grades = {r["Student"]: r["Sequence models 00"] for r in list(csv.DictReader(file))[1:]}
    assert grades == {"ada": "6", "bob": "6", "dan": "", "eve": "0"}


# -- CSV -------------------------------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\t=1", " =1", "\u00a0=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_a_formula_whatever_the_separator(formula):
    for text in (formula, f"Ada;{formula}", f'Ada;"{formula}', f"Ada; {formula}", f"Ada|{formula}", f"Ada；{formula}"):
        line = report._csv([[text, "x"]])
        cells = {
            c.strip(' "\u00a0') for s in ",;|\t；" for row in csv.reader(io.StringIO(line), delimiter=s) for c in row
        }
        assert not [c for c in cells if c.startswith(tuple("=+-@＝＋－＠"))], (text, cells)


def test_ordinary_names_stay_as_they_are():
    for text in ("Lovelace, Ada", "Jean-Luc", "o'Brien; Ada", "late; not full: 00.bounce", "a+b@c.d"):
        assert report.harmless(text) == text
