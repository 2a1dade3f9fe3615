"""Where grading happens: containers' user namespaces, several graders at once, folders that can't keep grades."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT, grading
from make_class import as_bytes, solved

from seqlib.grading import pool, records, sandbox, selftest, stage
from seqlib.grading.sandbox import Limits
from seqlib.grading.slot import Slot

HERE = Path(__file__).parent
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
WAYS = {
    "a container's user namespace": [sys.executable, str(HERE / "namespaces.py"), "65536"],
    "a small user namespace": [sys.executable, str(HERE / "namespaces.py"), "30000"],
    "root in name only": ["unshare", "--user", "--map-root-user"],
    "an ordinary user": ["unshare", "--user", "--map-user=1000", "--map-group=1000"],
}


@pytest.fixture
def class_of_one(tmp_path):
    """(a folder with a right submission, where its grades go), both open to whoever grades."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(as_bytes(solved()))
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        if IS_ROOT and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    return tmp_path / "in", tmp_path / "out"


def graded_as(way, folder, out, **more):
    command = [sys.executable, "-m", "seqlib.grading", "grade", folder, "--notebook", "00", "--out", out, "--jobs", "1"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **more}
    return subprocess.run([*way, *map(str, command)], cwd=ROOT, capture_output=True, text=True, env=environment)


@pytest.mark.skipif(not IS_ROOT, reason="to become somebody else")
@pytest.mark.parametrize("way", WAYS)
def test_right_answers_get_their_points_whoever_grades(sandboxed, class_of_one, way):
    if shutil.which(WAYS[way][0]) is None or subprocess.run([*WAYS[way], "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let us be somebody else in this way")
    done = graded_as(WAYS[way], *class_of_one)
    assert "1 students, median 6 of 6" in done.stdout, done.stderr


def test_the_user_that_answers_run_as_exists(monkeypatch, tmp_path):
    """In any user namespace: a number that means somebody there, or nobody else at all."""
    tables = {"65536": "0 0 65536", "30000": "0 100000 30000", "1": "0 0 1", "all": "0 0 4294967295"}
    monkeypatch.setattr(sandbox.os, "getuid", lambda: 0)
    monkeypatch.setattr(sandbox, "_effective", lambda: (1 << 40) - 1)
    monkeypatch.setattr(sandbox, "_may_set_groups", lambda: True)
    exists = sandbox._exists
    for name, table in tables.items():
        (tmp_path / name).write_text(table + "\n")
        monkeypatch.setattr(sandbox, "_exists", lambda number, _, name=name: exists(number, str(tmp_path / name)))
        number = sandbox.account()
        assert number is None if name == "1" else 1000 <= number < int(table.split()[2]), (name, number)
    monkeypatch.setattr(sandbox, "_may_set_groups", lambda: False)
    assert sandbox.account() is None


def broken_bwrap(folder: Path) -> str:
    """A PATH with a bubblewrap whose sandboxes start, and lack NumPy."""
    import numpy

    fake = folder / "bin" / "bwrap"
    fake.parent.mkdir()
    hidden = Path(numpy.__file__).parent
    fake.write_text(f"""#!/bin/sh
for last in "$@"; do :; done
case "$last" in true) exec {shutil.which("bwrap")} "$@";; esac
while [ "$1" != "--chdir" ]; do set -- "$@" "$1"; shift; done
exec {sys.executable} - "$@" <<'END'
import os, sys
words = sys.argv[1:]
at = words.index("--die-with-parent")
words = words[at:] + ["--tmpfs", {str(hidden)!r}] + words[:at]
os.execv({shutil.which("bwrap")!r}, ["bwrap", *words])
END
""")
    fake.chmod(0o755)
    return f"{fake.parent}{os.pathsep}{os.environ['PATH']}"


def test_an_environment_that_cannot_grade_says_so_and_keeps_nothing(sandboxed, class_of_one, tmp_path):
    folder, out = class_of_one
    done = graded_as([], folder, out, PATH=broken_bwrap(tmp_path))
    assert done.returncode == 2 and "Cannot go on: a right answer gets no points on this machine" in done.stderr
    assert "Traceback" not in done.stderr and not list((out / "records").iterdir())
    assert "1 students, median 6 of 6" in graded_as([], folder, out).stdout


NO_WORKERS = """
import importlib, os, sys
if any(word in part for part in sys.orig_argv for word in ("multiprocessing", "driver.py")):
    raise SystemExit(7)
here = os.path.dirname(__file__)
sys.path.remove(here)
del sys.modules["torch"]
importlib.import_module("torch")
sys.path.insert(0, here)
"""


def test_workers_that_do_not_start_are_said(class_of_one, tmp_path):
    """As where the grader's Python can't be executed by the user who grades: a sentence, and no endless trying."""
    (tmp_path / "torch.py").write_text(NO_WORKERS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = graded_as([], *class_of_one, PYTHONPATH=path)
    assert done.returncode == 2 and "as soon as they start (exit 7)" in done.stderr, done.stderr


def test_a_zero_is_doubted_before_it_is_kept(sandboxed, tmp_path, monkeypatch):
    """The environment breaks after the first submission: the zero that follows is not written down."""
    from seqlib.grading import grade

    (tmp_path / "ada.ipynb").write_bytes(as_bytes(solved()))
    from seqlib.grading import assignment, submissions

    (ada,) = submissions.find(tmp_path)
    book = records.Book(tmp_path / "out", assignment.chosen(["00"]))
    real, worth = grade.grade, []
    with stage.staged() as folder, Slot("bwrap", folder, Limits()) as slot:
        slot.trusted = True

        def failing(*arguments):
            worth.append(real(*arguments)["score"])
            return dict(real(*arguments), score=0.0)

        monkeypatch.setattr(grade, "grade", failing)
        with pytest.raises(selftest.CannotGrade):
            pool.grade_one(slot, book, ada)
        assert not list(book.records.iterdir()) and worth[0] == 6
        monkeypatch.setattr(grade, "grade", real)
        assert pool.grade_one(slot, book, ada)[0]["score"] == 6


def test_the_answer_of_the_self_test_is_right_in_a_notebook_too():
    from seqlib.checks import engine
    from seqlib.checks.exercise import find

    space = {}
    exec(selftest.ANSWER, space)
    import numpy as np

    assert engine.judge(find("00.next_position"), space["next_position"], np.random.default_rng(1)).passed


# -- several graders -------------------------------------------------------------------------------------------------

SWEEP = "from seqlib.grading import stage; stage._sweep()"


def sweep(*way):
    return subprocess.run([*way, sys.executable, "-c", SWEEP], cwd=ROOT, capture_output=True, text=True)


def test_a_second_grader_leaves_the_first_ones_stage_alone():
    apart = ["unshare", "--pid", "--fork", "--mount-proc"]
    with stage.staged() as folder:
        assert sweep().returncode == 0 and (folder / "grader").is_dir()
        if shutil.which("unshare") and not subprocess.run([*apart, "true"], capture_output=True).returncode:
            assert sweep(*apart).returncode == 0 and (folder / "grader").is_dir()  # another world of processes
    assert not folder.exists() and not Path(f"{folder}{stage.LOCK}").exists()


def test_what_a_killed_grader_left_is_swept():
    killed = """
import os, signal
from seqlib.grading import stage
with stage.staged() as folder:
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", killed], cwd=ROOT, capture_output=True, text=True)
    folder = Path(done.stdout.strip())
    assert (folder / "grader").is_dir() and sweep().returncode == 0
    assert not folder.exists() and not Path(f"{folder}{stage.LOCK}").exists()


# -- where grades are kept -------------------------------------------------------------------------------------------


def no_links(*_, **__):
    raise PermissionError(1, "Operation not permitted")


def test_a_file_system_without_hard_links_keeps_one_secret(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    one, two = records.Book(tmp_path), records.Book(tmp_path)
    assert one.secret == two.secret and len(one.secret) == 64
    assert sorted(p.name for p in tmp_path.iterdir()) == [".secret", "records"]


@pytest.mark.parametrize("text", ["", "x", "0" * 63])
def test_a_damaged_secret_is_no_secret(tmp_path, text, monkeypatch):
    monkeypatch.setattr(records.time, "sleep", lambda seconds: None)
    (tmp_path / ".secret").write_text(text)
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        records.Book(tmp_path)


@pytest.mark.parametrize("place", ["in/ada.ipynb", "file", "file/grades", "in", "/dev/null", "/proc/grades"])
def test_a_place_that_cannot_keep_grades_is_said_in_a_sentence(class_of_one, tmp_path, place):
    (tmp_path / "file").write_text("")
    done = grading("grade", tmp_path / "in", "--notebook", "00", "--out", tmp_path / place, check=False)
    assert done.returncode == 2 and done.stderr.startswith("Cannot go on: "), done.stderr
    assert "Traceback" not in done.stderr and Path(place).name in done.stderr


def test_grades_may_lie_among_the_submissions(sandboxed, class_of_one, tmp_path):
    folder, _ = class_of_one
    for expected in ("1 graded now", "0 graded now, 1 before"):
        done = grading("grade", folder, "--notebook", "00", "--out", folder / "grades", "--jobs", 1)
        assert expected in done.stdout and "1 students" in done.stdout
    assert "left out, nobody's: grades" in done.stderr
