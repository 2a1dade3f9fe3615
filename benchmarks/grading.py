"""Grade a synthetic class with known scores, killed halfway and resumed, and a sample of it with nbgrader.

    python benchmarks/grading.py --students 300 --sample 20 --record

Says how many scores are exact, how many submissions go through a minute, what memory it takes, and the same of
nbgrader's autograde on a sample of the same notebooks in the same run. `--record` keeps it in results/grading.json.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "grading")]

from make_class import make_class, write  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "grading.json"


class Memory(threading.Thread):
    """The largest sum of proportional memory (Pss) of a process and its descendants, looked at twice a second."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.sizes, self.over, self.seen = pid, [0], threading.Event(), set()

    def run(self):
        while not self.over.wait(0.5):
            pids = [self.pid, *descendants(self.pid)]
            self.seen |= set(pids)
            self.sizes.append(sum(map(_pss, pids)))

    def stop(self) -> dict:
        """The largest and the median, in MB."""
        self.over.set()
        sizes = sorted(self.sizes)
        return {"largest": round(sizes[-1] / 1e6), "median": round(sizes[len(sizes) // 2] / 1e6)}


def descendants(root: int) -> list[int]:
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(name))
    todo, found = [root], []
    while todo:
        new = children.get(todo.pop(), [])
        found += new
        todo += new
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def alive(pids) -> list[int]:
    found = []
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z":
                found.append(pid)
        except OSError:
            continue
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:120]
    except OSError:
        return "gone meanwhile"


def graded(folder: Path, out: Path, jobs: int, kill_after: int | None = None) -> dict:
    """One `grade`; with `kill_after`, ended by SIGKILL when so many records are there."""
    command = [
        sys.executable,
        "-m",
        "seqlib.grading",
        "grade",
        folder,
        "--notebook",
        "00",
        "--out",
        out,
        "--jobs",
        jobs,
    ]
    began = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    memory.start()
    while kill_after and process.poll() is None and len(list(out.glob("records/*.json"))) < kill_after:
        time.sleep(0.2)
    if kill_after and process.poll() is None:
        process.send_signal(signal.SIGKILL)
    said = process.communicate()[0]
    seconds = time.monotonic() - began
    for _ in range(50):  # a killed grader's processes are ended by the kernel, which takes a moment
        if not alive(memory.seen - {process.pid}):
            break
        time.sleep(0.1)
    return {
        "said": said.splitlines(),
        "seconds": round(seconds, 1),
        "records": len(list(out.glob("records/*.json"))),
        "memory_mb": memory.stop(),
        "left_running": [_name(p) for p in alive(memory.seen - {process.pid})],
        "status": process.returncode,
    }


def scores(out: Path) -> dict[str, float]:
    with open(out / "grades-moodle.csv", encoding="utf-8", newline="") as file:
        return {row["Full name"]: float(row["Grade"]) for row in csv.DictReader(file)}


def own(students, folder: Path, out: Path, jobs: int) -> dict:
    """The class graded in two parts, and how exact the scores are by kind of submission."""
    first = graded(folder, out, jobs, kill_after=len(students) // 2)
    second = graded(folder, out, jobs)
    found, text = scores(out), (out / "grades-canvas.csv").read_bytes()
    third = graded(folder, out, jobs)
    kinds = {}
    for s in students:
        exact = kinds.setdefault(s.kind, {"submissions": 0, "exact": 0, "wrong": []})
        exact["submissions"] += 1
        exact["exact"] += found.get(s.name) == s.points
        if found.get(s.name) != s.points:
            exact["wrong"].append([s.name, found.get(s.name), s.points])
    seconds = first["seconds"] + second["seconds"]
    return {
        "kinds": kinds,
        "killed_after": first["records"],
        "graded_after_resuming": second["said"][0],
        "again": third["said"][0],
        "same_csv_again": text == (out / "grades-canvas.csv").read_bytes(),
        "jobs": jobs,
        "seconds": round(seconds, 1),
        "submissions_per_minute": round(60 * len(students) / seconds, 1),
        "memory_mb": second["memory_mb"],
        "left_running": first["left_running"] + second["left_running"],
    }


def nbgrader(students, base: Path) -> dict:
    """nbgrader's own way over some of the same notebooks: generate, then autograde, one process as it works."""
    course, named = base / "nbgrader", {s.name: s for s in students}
    (course / "source" / "A0").mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "00_start.ipynb", course / "source" / "A0")
    for s in students:
        target = course / "submitted" / s.name / "A0" / "00_start.ipynb"
        target.parent.mkdir(parents=True)
        target.write_bytes(s.raw)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'x'\nc.ClearSolutions.enforce_metadata = False\n"
        "c.ExecutePreprocessor.timeout = 30\nc.IncludeHeaderFooter.header = ''\n"
    )
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic by name
    environment = {
        **os.environ,
        "PATH": tools,
        "PYTHONPATH": str(ROOT),
        "SEQLIB_BUDGET": "smoke",
        "SEQLIB_HOME": str(base / "home"),
    }

    def call(*words):
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=course,
            env=environment,
            capture_output=True,
            text=True,
        )

    made = call("generate_assignment", "A0", "--force")
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "nbgrader", "autograde", "A0", "--force"],
        cwd=course,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    memory = Memory(process.pid)
    memory.start()
    said = process.communicate()[1]
    seconds = time.monotonic() - began
    found = _gradebook(course)
    wrong = [
        [n, s.kind, found.get(n), s.points]
        for n, s in named.items()
        if found.get(n) is None or abs(found[n] - s.points) > 0.01
    ]
    return {
        "submissions": len(students),
        "seconds": round(seconds, 1),
        "submissions_per_minute": round(60 * len(students) / seconds, 1),
        "memory_mb": memory.stop(),
        "exact": len(students) - len(wrong),
        "not_exact": wrong,
        "generated": made.returncode == 0,
        "errors": said.count("[ERROR]"),
    }


def _gradebook(course: Path) -> dict[str, float]:
    from nbgrader.api import Gradebook

    try:
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
            return {s.student.id: s.score for s in book.assignment_submissions("A0")}
    except Exception as error:
        print(f"no grade book: {error}")
        return {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--sample", type=int, default=20, help="how many of them nbgrader grades too; 0 for none")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help=f"keep the result in {RESULTS.relative_to(ROOT)}")
    options = parser.parse_args()
    students = make_class(options.students, options.seed)
    with tempfile.TemporaryDirectory() as base:
        base = Path(base)
        write(base / "in", students)
        result = {"own": own(students, base / "in", base / "out", options.jobs)}
        if options.sample:
            # nbgrader executes in the student's own process, without limits: only what may safely run here
            safe = [s for s in students if s.kind in ("good", "partial")][: options.sample]
            result["nbgrader"] = nbgrader(safe, base)
    result["machine"] = {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": os.getloadavg()[0],
        "when": time.strftime("%Y-%m-%d"),
    }
    result["command"] = (
        f"python benchmarks/grading.py --students {options.students} --sample {options.sample} "
        f"--jobs {options.jobs} --seed {options.seed}"
    )
    print(json.dumps(result, indent=1))
    exact = all(k["exact"] == k["submissions"] for k in result["own"]["kinds"].values())
    if options.record:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if exact and not result["own"]["left_running"] else 1


if __name__ == "__main__":
    sys.exit(main())
