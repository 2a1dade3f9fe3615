"""A small class: exact scores, killed halfway and resumed, many machines, nothing left running."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from commands import ROOT, grading
from make_class import NAMES, OTHER, POINTS, RIGHT, make_class, worth, write

COUNT = 24
FAST = ["--cell-seconds", 2, "--exercise-seconds", 4, "--total-seconds", 40]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """(folder, {student: points}) of a class in known proportions, among them all four kinds."""
    folder = tmp_path_factory.mktemp("class") / "in"
    students = make_class(COUNT, seed=4)
    assert {s.kind for s in students} == {"good", "partial", "broken", "hostile"}
    return folder, write(folder, students)


def scores(out) -> dict[str, float]:
    with open(out / "grades-moodle.csv", encoding="utf-8", newline="") as file:
        return {row["Full name"]: float(row["Grade"]) for row in csv.DictReader(file)}


def start(folder, out, bundle, *more):
    command = [
        sys.executable,
        "-m",
        "seqlib.grading",
        "grade",
        folder,
        "--assignment",
        bundle,
        "--out",
        out,
        "--jobs",
        2,
        *FAST,
        *more,
    ]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_interrupts,
    )


def hears_interrupts():
    """Tests that were started in the background of a shell hand down that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def done_in(out) -> dict:
    return (
        {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in (out / "records").glob("*.json")}
        if (out / "records").exists()
        else {}
    )


def running(marker) -> list[str]:
    """Command lines of processes that mention the marker: workers and sandboxes."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if marker in line and int(pid) != os.getpid():
            found.append(line)
    return found


def descendants(pid: int) -> list[int]:
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                children.setdefault(int(file.read().rpartition(b")")[2].split()[1]), []).append(int(name))
        except OSError:
            continue
    todo, found = [pid], []
    while todo:
        new = children.get(todo.pop(), [])
        found += new
        todo += new
    return found


def alive(pids) -> list[int]:
    def dead(pid):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                return file.read().rpartition(b")")[2].split()[0] == b"Z"
        except OSError:
            return True

    return [p for p in pids if not dead(p)]


@pytest.mark.slow
def test_killed_halfway_and_resumed_the_scores_are_exact(sandboxed, handed_in, bundle, tmp_path):
    """kill -9, then Ctrl-C, then to the end: nothing is graded twice, nothing runs on, every score is exact."""
    folder, worth = handed_in
    out = tmp_path / "out"
    started, kept = set(), {}
    for how, enough in ((signal.SIGKILL, 5), (signal.SIGINT, 11)):
        process = start(folder, out, bundle)
        while len(done_in(out)) < enough and process.poll() is None:
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()
        started |= set(descendants(process.pid))
        process.send_signal(how)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == (-9 if how == signal.SIGKILL else 130)
        assert how == signal.SIGKILL or "goes on from here" in said
        for _ in range(40):
            if not alive(started):
                break
            time.sleep(0.1)
        assert not alive(started)
        assert all(done_in(out)[n] == record for n, record in kept.items())
        kept = done_in(out)
    (out / "records" / next(iter(kept))).write_text('{"schema": 1, "sco')  # a record that a full disk cut off
    process = start(folder, out, bundle)
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert f"{COUNT - len(kept) + 1} graded now, {len(kept) - 1} before" in said
    assert scores(out) == worth
    text = (out / "grades-canvas.csv").read_bytes()
    again = grading("grade", folder, "--assignment", bundle, "--out", out, *FAST)
    assert f"0 graded now, {COUNT} before" in again.stdout and (out / "grades-canvas.csv").read_bytes() == text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("parallel") is None, reason="GNU parallel is not installed")
def test_gnu_parallel_gives_the_same_grades(sandboxed, handed_in, bundle, tmp_path):
    """`one` under GNU parallel, and `--part` as an array job would call it, into one folder; then `merge`."""
    folder, worth = handed_in
    few = tmp_path / "few"
    few.mkdir()
    names = sorted(worth)[:6]
    for name in names:
        shutil.copy(folder / f"{name}.ipynb", few)
    out = tmp_path / "out"
    command = f"{sys.executable} -m seqlib.grading one {{}} --root {few} --assignment {bundle} --out {out} " + " ".join(
        map(str, FAST)
    )
    done = subprocess.run(
        [
            "parallel",
            "--will-cite",
            "--jobs",
            "2",
            command,
            ":::",
            *(str(few / f"{n}.ipynb") for n in names[:4]),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for k in range(2):
        said = grading(
            "grade", few, "--part", f"{k}/2", "--jobs", 1, "--assignment", bundle, "--out", out, *FAST
        ).stdout
        assert "1 graded now, 2 before" in said
    grading("merge", out)
    assert scores(out) == {n: worth[n] for n in names}


def test_what_an_answer_is_worth_follows_from_the_cases():
    shares = {name: [worth(name, source) / POINTS[name] for source in (RIGHT[name], *OTHER[name])] for name in NAMES}
    assert all(found[0] == 1 and 0 in found for found in shares.values())
    for name in ("00.next_position", "00.bounce"):
        assert any(0 < share < 1 for share in shares[name]), "no answer that is partly right"


def test_a_class_is_made_in_known_proportions():
    students = make_class(300, seed=1)
    kinds = [s.kind for s in students]
    assert [kinds.count(k) for k in ("good", "partial", "broken", "hostile")] == [120, 90, 60, 30]
    assert all(s.points == 0 for s in students if s.kind == "hostile")
    assert json.dumps([s.raw.decode("utf-8", "replace") for s in students]) == json.dumps(
        [s.raw.decode("utf-8", "replace") for s in make_class(300, seed=1)]
    )
