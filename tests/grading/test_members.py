"""The whole class of our own making: graded exactly, whoever grades, killed and resumed; and as in a real kernel."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from commands import ROOT, grading
from members import MEMBERS, live, roll

FAST = ["--cell-seconds", 2, "--exercise-seconds", 4, "--total-seconds", 40]
ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def test_there_are_enough_of_both_kinds():
    kinds = [m.kind for m in MEMBERS]
    assert kinds.count("odd") >= 150 and kinds.count("hostile") >= 50
    assert sum(m.live is not None for m in MEMBERS) >= 100
    assert all(m.why and len(m.expected) == 3 for m in MEMBERS)


def as_somebody_else() -> list[str]:
    """The words before a command that make it an ordinary user's, where root runs the tests and may do so."""
    if os.getuid() or shutil.which("unshare") is None or subprocess.run([*ORDINARY, "true"]).returncode:
        return []
    return ORDINARY


def kept(out) -> set[str]:
    return {p.name for p in (out / "records").glob("*.json")} if (out / "records").is_dir() else set()


@pytest.mark.slow
def test_every_score_is_exact_though_another_user_began_and_was_killed(sandboxed, bundle, tmp_path):
    """An ordinary user's grader is killed halfway; root's goes on with the same records, to the same scores."""
    folder, out = tmp_path / "in", tmp_path / "out"
    roll.write(folder)
    arguments = ["grade", folder, "--assignment", bundle, "--out", out, "--jobs", 2, *FAST]
    command = [*as_somebody_else(), sys.executable, "-m", "seqlib.grading", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while len(kept(out)) < len(MEMBERS) // 2 and process.poll() is None:
        time.sleep(0.1)
    assert process.poll() is None, process.communicate()[0]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    before = kept(out)
    done = grading(*arguments, check=False)
    assert done.returncode == 0 and f"{len(before)} before" in done.stdout, done.stdout + done.stderr
    assert before < kept(out) and f"{len(MEMBERS)} students" in done.stdout
    found = roll.wrong(out)
    assert not found, "\n".join(found)
    table = (out / "grades-canvas.csv").read_bytes()
    again = grading(*arguments)
    assert "0 graded now" in again.stdout and (out / "grades-canvas.csv").read_bytes() == table


@pytest.mark.slow
@pytest.mark.authoring
def test_a_real_kernel_gives_the_honest_ones_the_same(tmp_path):
    found = []
    with live.Kernel(tmp_path) as kernel:
        for one in MEMBERS:
            if one.live is not None and (points := kernel.points(one.live)) != one.expected:
                found.append(f"{one.name}: {points} instead of {one.expected} ({one.why})")
    assert not found, "\n".join(found)
