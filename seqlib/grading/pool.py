"""Grade many submissions at once: worker processes, each with a sandbox of its own, fed one submission at a time."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path

from seqlib.grading import grade, selftest
from seqlib.grading.moments import is_late
from seqlib.grading.records import Book
from seqlib.grading.sandbox import Limits
from seqlib.grading.selftest import CannotGrade
from seqlib.grading.slot import RunEnded, Slot

READY = "ready"  # a worker's first word
MAX_ATTEMPTS = 2  # a worker that dies over a submission gets one more chance with it


def grade_one(slot: Slot, book: Book, submission) -> tuple[dict | None, bool]:
    """(record, whether it was graded now and not before)."""
    raw, modules = None, {}
    if submission.path is not None:
        try:
            raw, modules = submission.read(grade.MAX_BYTES), submission.modules()
        except OSError as error:
            why = f"this file can't be read ({error.strerror or error})"
            submission = replace(submission, path=None, problem=why)
    key = book.key(submission, raw, modules)
    if book.done(submission, key):
        return None, False
    result = {
        "notebook": None,
        "exercises": {},
        "notes": [],
        "score": 0.0,
        "seconds": 0.0,
        "problem": submission.problem,
    }
    if raw is not None:
        result = _tried(slot, raw, submission.file, book, modules)
    result["late"] = _late(submission, book.assignment.deadline)
    return book.save(submission, key, raw, result), True


def _tried(slot: Slot, raw: bytes, file: str, book: Book, modules: dict) -> dict:
    """Nothing is believed of a sandbox before it has graded a right answer, nor a zero before it does so again."""
    if not slot.trusted:
        selftest.check(slot)
        slot.trusted = True
    result = grade.grade(slot, raw, file, book.assignment, book.seed(raw), modules)
    if result["score"] == 0:
        selftest.check(slot)
    return result


def _late(submission, deadline) -> bool | None:
    """What the platform says; else nbgrader's timestamp against the deadline; None where nobody knows."""
    if submission.late is not None or not (submission.when and deadline):
        return submission.late
    return is_late(submission.when, deadline)


def _dies_with_parent(parent: int):
    """So that a killed grader leaves nothing running. Linux; elsewhere a worker ends when its pipe does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def worker(
    pipe,
    parent: int,
    out: str,
    assignment,
    fingerprint: str,
    kind: str,
    stage: str,
    limits: Limits,
    image,
    secrets,
):
    """Takes submissions from the pipe until None comes; answers (student, score, seconds, graded now, trouble)."""
    _dies_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    os.environ["SEQLIB_HOME"] = os.path.join(stage, "home")
    import torch

    torch.set_num_threads(1)
    book = Book(Path(out))
    book.assignment, book.fingerprint = assignment, fingerprint
    pipe.send(READY)
    with Slot(kind, Path(stage), limits, image=image, secrets=secrets) as slot:
        while True:
            try:
                submission = pipe.recv()
            except EOFError:
                return
            if submission is None:
                return
            try:
                record, now = grade_one(slot, book, submission)
                pipe.send(
                    (
                        submission.student,
                        record["score"] if record else None,
                        record["seconds"] if record else 0,
                        now,
                        None,
                        slot.peak,
                    )
                )
            except CannotGrade as error:
                pipe.send(error)
                return
            except RunEnded as error:
                pipe.send((submission.student, None, 0, False, str(error), slot.peak))
            except Exception as error:
                pipe.send((submission.student, None, 0, False, f"{type(error).__name__}: {error}", slot.peak))


class Progress:
    """One line on stderr that is written over; on a terminal that can't, a line now and then."""

    def __init__(self, total: int, quiet: bool = False):
        self.total, self.done, self.fresh, self.began, self.quiet = total, 0, 0, time.monotonic(), quiet
        self.live = sys.stderr.isatty()

    def step(self, now: bool):
        self.done += 1
        self.fresh += now
        if self.quiet or not self.live and self.done % max(1, self.total // 10) and self.done != self.total:
            return
        rate = self.fresh / max(time.monotonic() - self.began, 1e-9) * 60
        filled = 24 * self.done // max(self.total, 1)
        line = f"[{'#' * filled}{'.' * (24 - filled)}] {self.done} of {self.total} · {rate:.0f} a minute"
        print(line, end="\r" if self.live and self.done < self.total else "\n", file=sys.stderr, flush=True)


def grade_all(items, *, jobs: int, quiet: bool = False, **setup) -> dict:
    """Grade `items` with `jobs` workers. Returns {graded, before, trouble, seconds, peak}; passes Ctrl-C on.

    CannotGrade where a worker finds that right answers get no points here.
    """
    context = multiprocessing.get_context("spawn")
    progress, queue = Progress(len(items), quiet), [(item, 1) for item in reversed(items)]
    told = {"graded": 0, "before": 0, "trouble": [], "seconds": 0.0, "peak": 0}
    crew, ready = {}, set()

    def hire():
        here, there = context.Pipe()
        process = context.Process(target=worker, args=(there, os.getpid()), kwargs=setup, daemon=False)
        process.start()
        there.close()
        crew[here] = [process, None]  # it gets something to do when it says that it is ready

    def hand(pipe):
        """The next submission, or the word that there are no more."""
        crew[pipe][1] = queue.pop() if queue else None
        try:
            pipe.send(crew[pipe][1][0] if crew[pipe][1] else None)
        except (BrokenPipeError, ConnectionError):
            lost(pipe)

    def lost(pipe):
        process, task = crew.pop(pipe)
        process.join(5)
        if pipe not in ready:
            raise CannotGrade(f"the grader's own processes end as soon as they start (exit {process.exitcode})")
        if task is None:
            return
        if task[1] < MAX_ATTEMPTS:
            queue.append((task[0], task[1] + 1))
        else:
            told["trouble"].append((task[0].student, "the grader's own process died over this submission"))
            progress.step(False)
        if queue:
            hire()

    try:
        for _ in range(min(jobs, len(items))):
            hire()
        while crew:
            for pipe in wait(list(crew)):
                try:
                    said = pipe.recv()
                except (EOFError, ConnectionError):
                    lost(pipe)
                    continue
                if isinstance(said, Exception):
                    raise said
                if said == READY:
                    ready.add(pipe)
                    hand(pipe)
                    continue
                student, _, seconds, now, trouble, peak = said
                told["graded"] += now
                told["before"] += not now and not trouble
                told["seconds"] += seconds
                told["peak"] = max(told["peak"], peak)
                if trouble:
                    told["trouble"].append((student, trouble))
                progress.step(now)
                hand(pipe)
    finally:
        for process, _ in crew.values():
            process.terminate()
        for process, _ in crew.values():
            process.join(10)
    return told
