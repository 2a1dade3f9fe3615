"""python -m seqlib.grading: release an assignment, grade a class, merge the grades."""

import argparse
import os
import sys
from pathlib import Path

from seqlib.grading import assignment as assignments
from seqlib.grading import pool, records, report, stage, submissions
from seqlib.grading.sandbox import Limits, NoSandbox, choose
from seqlib.grading.selftest import CannotGrade

DESCRIPTION = """\
Grade a class outside the students' own process.

  release 02 --points 02.rnn_step=5 --deadline 2027-03-01T23:59 --out A1    make a bundle; give students A1/notebooks
  grade submissions --assignment A1 --out grades                            grade all of it; the same command resumes
  merge grades                                                              CSV files, feedback and statistics anew
  one FILE --root submissions --assignment A1 --out grades                  one file (GNU parallel and the like)
  check-solutions                                                           do the course's own get full points?

Each command has --help. docs/instructors.md goes from release to grades, docs/cluster.md to many machines."""


class Problem(Exception):
    """Something that the person at the keyboard can mend."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seqlib.grading",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name, text):
        return commands.add_parser(name, help=text, description=text)

    grade = command("grade", "grade a folder of submissions; what is graded already is not graded again")
    grade.add_argument(
        "folder", type=Path, help="a file or a folder per student, as Canvas, Moodle or nbgrader give them"
    )
    grade.add_argument(
        "--part",
        metavar="K/N",
        help="only every N-th submission from the K-th (0 to N-1), and no merging: for arrays of jobs",
    )
    grade.add_argument(
        "--jobs",
        type=int,
        default=max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2),
        help="how many at once (%(default)s: one per processor)",
    )
    one = command("one", "grade one file, into the same folder as others do at the same time")
    one.add_argument("file", type=Path)
    one.add_argument(
        "--root",
        type=Path,
        help="the folder of submissions that the file lies in (its own folder, unless given)",
    )
    solutions = command("check-solutions", "grade the course's own solutions and print a table")
    solutions.add_argument("names", nargs="*", help="notebooks (02, 02_rnn); all of them unless given")
    solutions.add_argument(
        "--solutions", type=Path, default=Path("solutions"), help="folder of solved notebooks (%(default)s)"
    )
    for sub in (grade, one):
        sub.add_argument(
            "--out",
            type=Path,
            required=True,
            help="folder for records, CSVs and feedback; keep it away from students",
        )
        sub.add_argument(
            "--assignment",
            type=Path,
            help="the bundle made by `release`; without it, the whole course at its own points",
        )
        sub.add_argument(
            "--notebook",
            action="append",
            metavar="NN",
            help="without a bundle: only these notebooks; repeatable",
        )
    for sub in (grade, one, solutions):
        sub.add_argument("--sandbox", choices=("auto", "bwrap", "docker", "podman"), default="auto")
        sub.add_argument(
            "--image",
            help="container image with Python, torch, NumPy, matplotlib and IPython, for docker and podman",
        )
        sub.add_argument(
            "--unsafe-without-sandbox",
            action="store_true",
            help="run submissions with all your own rights; only for what you would run yourself",
        )
        sub.add_argument("--cell-seconds", type=float, default=Limits.cell_seconds, help="for one cell (%(default)g)")
        sub.add_argument(
            "--exercise-seconds",
            type=float,
            default=Limits.exercise_seconds,
            help="for one exercise (%(default)g)",
        )
        sub.add_argument(
            "--total-seconds",
            type=float,
            default=Limits.total_seconds,
            help="for one submission (%(default)g)",
        )
        sub.add_argument("--quiet", action="store_true", help="no progress")
    release = command("release", "make an assignment's bundle from notebooks and exercises")
    release.add_argument("names", nargs="+", help="notebooks (02, 02_rnn) and exercises (02.rnn_step)")
    release.add_argument(
        "--points", nargs="+", default=[], metavar="NAME=POINTS", help="other points than the course's"
    )
    release.add_argument("--deadline", help="such as 2027-03-01T23:59+01:00 (local time without a zone)")
    release.add_argument("--title", help="how grade books call it")
    release.add_argument(
        "--notebooks", type=Path, default=Path("notebooks"), help="folder of unsolved notebooks (%(default)s)"
    )
    release.add_argument("--out", type=Path, required=True)
    merge = command("merge", "write CSVs, feedback and statistics from the records that are there")
    merge.add_argument("out", type=Path)
    return parser


def main(argv=None) -> int:
    options = arguments().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    try:
        return COMMANDS[options.command](options)
    except (Problem, NoSandbox, CannotGrade, ValueError) as problem:
        print(f"Cannot go on: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error
        print(f"Cannot go on: {what}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. What is graded is kept: the same command goes on from here.", file=sys.stderr)
        return 130


def limits(options) -> Limits:
    return Limits(
        cell_seconds=options.cell_seconds,
        exercise_seconds=options.exercise_seconds,
        total_seconds=options.total_seconds,
    )


def wanted(options) -> assignments.Assignment:
    if options.assignment:
        return assignments.read(options.assignment)
    return assignments.chosen(options.notebook) if options.notebook else assignments.whole_course()


def _sandbox(options) -> str:
    if options.unsafe_without_sandbox:
        print(
            "Without a sandbox: submissions run with your rights, and can read and change what you can.",
            file=sys.stderr,
        )
        return "none"
    return choose(options.sandbox, options.image)


def graded(items, book, options, secrets, jobs) -> dict:
    kind = _sandbox(options)
    with stage.staged() as folder:
        return pool.grade_all(
            items,
            jobs=jobs,
            quiet=options.quiet,
            out=str(book.out),
            assignment=book.assignment,
            fingerprint=book.fingerprint,
            kind=kind,
            stage=str(folder),
            limits=limits(options),
            image=options.image,
            secrets=[str(s) for s in secrets],
        )


def grade(options) -> int:
    book, found = opened(options, options.folder)
    if options.part:
        found = part(found, options.part)
    told = graded(found, book, options, [options.folder, options.out], max(1, options.jobs))
    print(
        f"{told['graded']} graded now, {told['before']} before"
        + (f", {len(told['trouble'])} not graded" if told["trouble"] else "")
    )
    if not options.part:
        _merged(book)
    return _trouble(told)


def opened(options, folder: Path):
    """The book of a class and what is in its folder; everything that is left out is named."""
    if os.path.realpath(folder) == os.path.realpath(options.out):
        raise Problem(f"--out {options.out} is the folder of submissions itself: name another one for the grades")
    skip = [p for p in (options.out, options.assignment) if p and p.is_dir()]
    found = submissions.find(folder, skip)
    book = records.Book(options.out, wanted(options))
    for name in submissions.left_out(folder, skip):
        print(f"left out, nobody's: {name}", file=sys.stderr)
    for gone in book.note(folder, found):
        print(f"{gone} is no longer there: its students are left out of the grades", file=sys.stderr)
    return book, found


def part(found, text: str):
    try:
        k, n = map(int, text.split("/"))
    except ValueError:
        k, n = 0, 0
    if not 0 <= k < n:
        raise Problem(f"--part {text}: expected K/N with K from 0 to N-1, such as 3/20")
    return found[k::n]


def one(options) -> int:
    root = options.root or options.file.parent
    options.quiet = True
    book, everybody = opened(options, root)
    place = os.path.relpath(os.path.abspath(options.file), os.path.abspath(root))
    found = [s for s in everybody if s.place == place or s.place.startswith(place + "/")]
    if not found:
        name = submissions.shown(options.file.name)
        if any(name in (s.left or "") or name in [n for n, *_ in s.beside] for s in everybody):
            print(f"{name}: handed in beside a notebook, and graded with that or not at all")
            return 0
        raise Problem(f"{options.file} is not among the submissions in {root}")
    told = graded(found, book, options, [root, options.out], 1)
    print(f"{found[0].student}: {'graded' if told['graded'] else 'not graded' if told['trouble'] else 'graded before'}")
    return _trouble(told)


def _trouble(told) -> int:
    for student, why in told["trouble"]:
        print(f"not graded: {student}: {why}", file=sys.stderr)
    return 1 if told["trouble"] else 0


def _merged(book):
    numbers = report.merge(book)
    print(f"{numbers['students']} students, median {numbers['median']:g} of {numbers['points']:g} points")
    for sentence in report.warnings(numbers):
        print(f"look at this: {sentence}", file=sys.stderr)
    print(f"in {book.out}: grades-canvas.csv, grades-moodle.csv, feedback/, statistics.html")


def merge(options) -> int:
    if not (options.out / "assignment.json").is_file():
        raise Problem(f"{options.out} holds no grades: it is the --out of `grade` that is merged")
    book = records.Book(options.out, assignments.read(options.out))
    _merged(book)
    return 0


def release(options) -> int:
    made = assignments.chosen(options.names, points=options.points, deadline=options.deadline, title=options.title)
    written = assignments.release(made, options.notebooks, options.out)
    print(
        f"{made.title}: {len(made.points)} exercises, {sum(made.points.values()):g} points"
        + (f", due {made.deadline}" if made.deadline else "")
    )
    print("for students:   " + ", ".join(str(p) for p in written))
    print(f"for the grader: {options.out / 'assignment.json'}")
    return 0


def check_solutions(options) -> int:
    """Grade the solved editions as if students had handed them in; not full points is an error."""
    import tempfile

    chosen = assignments.chosen(options.names) if options.names else assignments.whole_course()
    files = [p for n in chosen.notebooks() for p in sorted(options.solutions.glob(f"{n}_*.ipynb"))]
    if not files:
        raise Problem(f"no solved notebooks in {options.solutions}: build them with `make notebooks`")
    with tempfile.TemporaryDirectory() as out:
        book = records.Book(Path(out), chosen)
        items = [submissions.Submission(p.stem, str(p), p.name, place=p.name) for p in files]
        told = graded(items, book, options, [options.solutions], 2)
        return max(_table(book, chosen, files), _trouble(told))


def _table(book, chosen, files) -> int:
    found = {n: e for r in book.all() for n, e in r["exercises"].items()}
    numbers = {p.name[:2] for p in files}
    short = 0
    for name, points in chosen.points.items():
        if name[:2] in numbers:
            entry = found.get(name, {"score": 0, "cases": [], "state": "not graded"})
            full = entry["score"] == points
            short += not full
            why = next((c["message"] for c in entry["cases"] if not c["ok"]), "" if full else entry["state"])
            print(f"{'ok ' if full else 'NOT'}  {name:<36}{entry['score']:>6g} of {points:<6g}{why}")
    print(f"{'every solution has full points' if not short else f'{short} exercises lack points'}")
    return 1 if short else 0


COMMANDS = {
    "grade": grade,
    "one": one,
    "check-solutions": check_solutions,
    "release": release,
    "merge": merge,
}
