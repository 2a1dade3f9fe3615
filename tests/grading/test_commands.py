"""Release, check-solutions, refusals, containers, and what merged grades look like."""

import csv
import json
import os
import shutil
import stat
import sys

import pytest
from commands import ROOT, grading
from make_class import as_bytes, solved

from seqlib.grading import assignment as assignments
from seqlib.grading import feedback, records, report
from seqlib.grading.sandbox import NoSandbox, choose
from seqlib.grading.submissions import Submission


def test_a_release_has_points_and_deadline_written_into_it(tmp_path):
    out = tmp_path / "A1"
    said = grading(
        "release",
        "00.bounce",
        "00.next_position",
        "--points",
        "00.bounce=5",
        "--deadline",
        "2030-01-01T12:00+01:00",
        "--title",
        "Balls",
        "--out",
        out,
    ).stdout
    assert "2 exercises, 7 points, due 2030-01-01T12:00:00+01:00" in said
    made = json.loads((out / "assignment.json").read_text())
    assert made["points"] == {"00.next_position": 2, "00.bounce": 5}
    book = json.loads((out / "notebooks" / "00_start.ipynb").read_text())
    assert "due 2030-01-01T12:00:00+01:00" in "".join(book["cells"][0]["source"])
    points = {
        c["metadata"]["nbgrader"]["grade_id"]: c["metadata"]["nbgrader"]["points"]
        for c in book["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade")
    }
    assert points == {"00-next_position-check": 2, "00-positions_needed-check": 0, "00-bounce-check": 5}


def test_released_checksums_are_nbgraders_own(tmp_path):
    utils = pytest.importorskip("nbgrader.utils")
    import nbformat

    grading("release", "00", "--points", "00.bounce=5", "--out", tmp_path / "A1")
    book = nbformat.read(tmp_path / "A1" / "notebooks" / "00_start.ipynb", as_version=4)
    nbformat.validate(book)
    for cell in book.cells:
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade:
            assert cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["99"], "'99' is neither a notebook nor an exercise"),
        (["00", "--points", "00.bounce=-1"], "expected a positive number"),
        (["00", "--points", "00.other=1"], "not among the chosen"),
        (["00", "--deadline", "soon"], "expected a date and time"),
    ],
)
def test_a_release_that_cannot_be_is_refused_in_a_sentence(tmp_path, arguments, said):
    done = grading("release", *arguments, "--out", tmp_path / "A", check=False)
    assert done.returncode == 2 and done.stderr.startswith("Cannot go on: ") and said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_assignment_that_is_none_is_refused(tmp_path):
    (tmp_path / "assignment.json").write_text('{"points": {"00.bounce": "many"}}')
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ValueError, match="not an assignment"):
            assignments.read(path)
    (tmp_path / "assignment.json").write_text('{"points": {"00.gone": 1}}')
    with pytest.raises(ValueError, match="does not have: 00.gone"):
        assignments.read(tmp_path)


def test_what_is_graded_changes_the_key():
    one, two = (assignments.chosen(["00"], points=p) for p in ([], ["00.bounce=5"]))
    assert one.key() != two.key() and one.key() == assignments.chosen(["00_start"]).key()


def test_solutions_have_full_points(sandboxed):
    said = grading("check-solutions", "00").stdout
    assert "every solution has full points" in said and said.count("ok ") == 3


def test_a_solution_without_full_points_is_an_error(sandboxed, tmp_path):
    (tmp_path / "00_start.ipynb").write_bytes(
        as_bytes(solved({"00.bounce": "def bounce(before, now):\n    return now"}))
    )
    done = grading("check-solutions", "00", "--solutions", tmp_path, check=False)
    assert done.returncode == 1 and "NOT  00.bounce" in done.stdout


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("unshare") is None,
    reason="to be another user",
)
def test_an_ordinary_user_grades_too(sandboxed, tmp_path):
    """The other tests may run as root; bubblewrap then works in another way than for everybody else."""
    import subprocess

    from attacks import ATTACKS, notebook

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "honest.ipynb").write_bytes(as_bytes(solved()))
    for name in (
        "a fork bomb",
        "other processes",
        "privileges",
        "the grader's files",
        "a disk bomb",
        "the network",
    ):
        (tmp_path / "in" / f"{name}.ipynb").write_bytes(as_bytes(notebook(ATTACKS[name])))
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "seqlib.grading",
        "grade",
        tmp_path / "in",
        "--notebook",
        "00",
        "--out",
        out,
        "--jobs",
        2,
    ]
    user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if subprocess.run([*user, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces")
    done = subprocess.run([*user, *map(str, command), "--cell-seconds", "3"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {r["student"]: r["score"] for r in map(records.read, (out / "records").glob("*.json"))}
    assert found.pop("honest") == 6 and set(found.values()) == {3.0}, found


# -- no sandbox, other sandboxes -------------------------------------------------------------------------------------


def test_without_a_sandbox_it_refuses_and_says_how_to_go_on(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_bytes(as_bytes(solved()))
    done = grading(
        "grade",
        tmp_path / "in",
        "--notebook",
        "00",
        "--out",
        tmp_path / "out",
        check=False,
        env={**os.environ, "PATH": str(tmp_path)},
    )
    assert (
        done.returncode == 2 and "apt install bubblewrap" in done.stderr and "--unsafe-without-sandbox" in done.stderr
    )
    assert not list((tmp_path / "out" / "records").glob("*.json"))


def test_a_sandbox_that_does_not_work_is_not_used(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandbox, match="uid map: Permission denied; Ubuntu 24.04 and later need an AppArmor profile"):
        choose()


def test_without_a_sandbox_on_demand(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_bytes(as_bytes(solved()))
    done = grading(
        "grade",
        tmp_path / "in",
        "--notebook",
        "00",
        "--out",
        tmp_path / "out",
        "--jobs",
        1,
        "--unsafe-without-sandbox",
    )
    assert "run with your rights" in done.stderr and "1 students, median 6 of 6" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="a shell script plays docker")
def test_containers_are_closed_and_speak_over_pipes(tmp_path):
    """No docker daemon in a test: a script of that name keeps the command line and runs the program."""
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(f"""#!{sys.executable}
import json, os, sys
if sys.argv[1] == "info":
    sys.exit(0)
open({str(tmp_path / "said.json")!r}, "w").write(json.dumps(sys.argv))
course = next(a for a in sys.argv if a.endswith(":/course:ro")).split(":")[0]
driver = sys.argv[sys.argv.index("python"):]
os.environ.update(PYTHONPATH=course, SEQLIB_BUDGET="smoke", MPLBACKEND="Agg")
program = course.replace("course", "grader") + "/driver.py"
os.execv(sys.executable, [sys.executable, "-u", program, *driver[3:]])
""")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_bytes(as_bytes(solved()))
    path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
    done = grading(
        "grade",
        tmp_path / "in",
        "--notebook",
        "00",
        "--out",
        tmp_path / "out",
        "--jobs",
        1,
        "--sandbox",
        "docker",
        "--image",
        "course",
        env={**os.environ, "PATH": path},
    )
    assert "1 students, median 6 of 6" in done.stdout, done.stderr
    said = json.loads((tmp_path / "said.json").read_text())
    for word in (
        "--network",
        "none",
        "--read-only",
        "--cap-drop",
        "ALL",
        "no-new-privileges",
        "--pids-limit",
        "--memory",
        "65534:65534",
        "course",
    ):
        assert word in said


# -- records, CSVs and pages -----------------------------------------------------------------------------------------


def entry(score, points, state, *cases, diagnosis=None):
    return {
        "score": score,
        "points": points,
        "state": state,
        "diagnosis": diagnosis,
        "told": "",
        "cases": [{"label": label, "ok": ok, "message": "expected 0.4711", "told": told} for label, ok, told in cases],
    }


@pytest.fixture
def book(tmp_path):
    """A class of four with awkward names, one file unreadable, two the same."""
    made = assignments.Assignment("=Balls", {"00.next_position": 2, "00.bounce": 3})
    book = records.Book(tmp_path / "out", made)
    full = {
        "00.next_position": entry(2, 2, "ok", ("a", True, "")),
        "00.bounce": entry(3, 3, "ok", ("a", True, "")),
    }
    half = {
        "00.next_position": entry(2, 2, "ok", ("a", True, "")),
        "00.bounce": entry(
            0,
            3,
            "wrong",
            ("past the wall", False, "the result: 1 of 5 entries differ"),
            diagnosis="the walls are forgotten",
        ),
    }
    rows = [
        (Submission("lovelaceada", "x", "00_start.ipynb", "canvas", "12", 1, False), full, b"1"),
        (Submission("lovelaceada", "x", "00_start.ipynb", "canvas", "12", 2, True), half, b"2"),
        (Submission("=cmd|' /C calc'!A0", "x", "b.ipynb", "moodle", "13"), full, b"3"),
        (Submission("<script>alert(1)</script>", "x", "c.ipynb"), full, b"3"),
        (Submission("linked", None, problem="this is a link, and links are not followed"), {}, None),
    ]
    for submission, exercises, raw in rows:
        book.save(
            submission,
            book.key(submission, raw),
            raw,
            {
                "notebook": "00" if exercises else None,
                "exercises": exercises,
                "notes": [],
                "late": submission.late,
                "score": sum(e["score"] for e in exercises.values()),
                "seconds": 1,
                "problem": submission.problem,
            },
        )
    report.merge(book)
    return book


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_takes_the_csv(book):
    head, points, *students = rows(book.out / "grades-canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "'=Balls"] and points[-1] == "5"
    assert {s[0]: (s[1], s[-1]) for s in students} == {
        "lovelaceada": ("12", "2"),
        "'=cmd|' /C calc'!A0": ("13", "5"),
        "<script>alert(1)</script>": ("", "5"),
        "linked": ("", "0"),
    }


def test_moodle_takes_the_csv(book):
    head, *students = rows(book.out / "grades-moodle.csv")
    assert head == ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    ada = next(s for s in students if s[1] == "lovelaceada")
    assert ada == [
        "Participant 12",
        "lovelaceada",
        "2.00",
        "5.00",
        "late; not full: 00.bounce",
    ]  # the later attempt counts


def test_feedback_shows_diagnoses_and_nothing_hidden(book):
    pages = {p.name: p.read_text() for p in (book.out / "feedback").glob("*.html")}
    assert len(pages) == 4
    ada = next(t for n, t in pages.items() if n.startswith("lovelaceada"))
    assert "the walls are forgotten" in ada and "1 of 5 entries differ" in ada and "after the deadline" in ada
    assert all("0.4711" not in t and "<script" not in t.lower().partition("<body>")[2] for t in pages.values())
    assert "links are not followed" in next(t for n, t in pages.items() if n.startswith("linked"))


def test_statistics_say_what_to_teach_again(book):
    numbers = json.loads((book.out / "statistics.json").read_text())
    bounce = next(r for r in numbers["exercises"] if r["exercise"] == "00.bounce")
    assert (bounce["right"], bounce["tried"], bounce["mistakes"]) == (2, 3, [["the walls are forgotten", 1]])
    assert numbers["late"] == 1 and numbers["unreadable"] == 1 and len(numbers["identical"]) == 1
    page = (book.out / "statistics.html").read_text()
    assert page.index("00.bounce") < page.index("00.next_position") and "<script" not in page


def test_records_are_private_and_whole(book):
    for path in book.records.glob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
        assert records.read(path)["schema"] == 1
    assert not list(book.records.glob(".*"))
    (book.records / "x.json").write_text("{")
    assert len(book.all()) == 5


def test_inputs_are_the_same_again_and_differ_between_classes(tmp_path):
    one, two = records.Book(tmp_path / "1"), records.Book(tmp_path / "2")
    assert one.seed(b"x") == records.Book(tmp_path / "1").seed(b"x") != two.seed(b"x") != two.seed(b"y")


@pytest.mark.parametrize(
    "message, told",
    [
        (
            "`h_t`: 3 of 12 entries differ, the first at [0, 1]: expected 0.4711, found 0.3",
            "`h_t`: entries differ from the right ones",
        ),
        ("the result should be 0.4711; found 0.3", "another value than the right one"),
        (
            "the result should have shape (2, 3); found (3, 2) (transposed?) (with `x` (3, 4))",
            "the result looks transposed",
        ),
        ("the result should have shape (2,); found (4711, 0)", "the result has another shape than asked for"),
        ("the result should be str 'secret'; found str 'x'", "another value than the right one"),
        ("result['0.4711'] should have shape (2,); found (3,)", "the result has another shape than asked for"),
        ("the result: missing 'secret', 0.4711", "another value than the right one"),
        (
            "`y` is not finite: 4711 of 5000 entries, the first at [1]: nan where 0.4711 is right",
            "`y` is not finite: it holds nan or infinite entries",
        ),
        ("it raised ValueError: array([0.4711]), at the line `if x > 0.4711: f()`", "it raised ValueError"),
        ("it raised S0_4711: 0.4711", "it raised an error of its own"),
        (
            "it did not finish within 2 seconds: is there a loop that never ends?",
            "it did not finish in time: is there a loop that never ends?",
        ),
        ("", ""),
    ],
)
def test_a_student_is_told_the_way_of_failing_and_no_value(message, told):
    assert feedback.told(message) == told
    assert "4711" not in feedback.told(message)


def test_a_judge_is_quoted_in_its_own_words_alone():
    """What an exercise's own judge says has the learner's values in it: its text is shown, and … for them."""
    from seqlib.checks.exercise import all_exercises

    judged = [e for e in all_exercises().values() if e.judge is not None]
    pattern, sentence = next(s for s in feedback.sentences(judged[0]) if "…" in s[1])
    message = sentence.replace("…", "4711")
    assert pattern.match(message) and feedback.told(message, feedback.sentences(judged[0])).count("4711") == 0
    assert feedback.told("x = 4711", feedback.sentences(judged[0])) == feedback.OTHER


def test_help_is_there():
    for command in ([], ["grade"], ["one"], ["release"], ["merge"], ["check-solutions"]):
        assert "usage: python -m seqlib.grading" in grading(*command, "--help").stdout


def test_the_sandbox_sees_no_oracle(tmp_path):
    from seqlib.grading.stage import write

    write(tmp_path)
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.py")}
    assert "course/seqlib/checks/__init__.py" in names and "grader/driver.py" in names
    assert not [
        n
        for n in names
        if "/nb0" in n or "engine" in n or "exercise" in n or "solutions" in n or "course/seqlib/grading" in n
    ]
    assert shutil.which("bwrap") is None or (ROOT / "solutions").exists()
