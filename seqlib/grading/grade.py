"""Grade one submission: read it in the sandbox, execute it there, judge its answers here."""

import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from seqlib.checks import engine
from seqlib.checks.exercise import Exercise
from seqlib.grading import feedback, trying
from seqlib.grading.assignment import Assignment
from seqlib.grading.lender import Lender
from seqlib.grading.sandbox import Limits
from seqlib.grading.slot import RunEnded, Slot

MAX_BYTES = 100 << 20  # of a submitted file; notebooks with many pictures have about 5
MAX_CHECKS = 12  # how many different answers to one exercise are tried in one pass


PATIENCE = 4  # as the cells' own clock has it: by the clock for processor time


class Unreadable(Exception):
    """The submission is no notebook; the message says so in a sentence."""


@dataclass
class Answer:
    """What is known of one exercise of one submission."""

    exercise: Exercise
    plan: dict
    verdict: engine.Verdict | None = None
    note: str = ""
    again: bool = False  # worth a second try when the whole notebook has run
    stand_in: trying.StandIn | None = None
    ended: bool = False  # it ended the process: it is not tried again
    checks: int = 0

    @property
    def written(self) -> bool:
        return self.plan["cell"] is not None

    @property
    def passed(self) -> bool:
        return self.verdict is not None and self.verdict.passed

    def may_be_bound(self, at: int) -> bool:
        """Whether what a cell makes of the name may be the answer: not in a stub, nor where all has been tried."""
        return at <= max(self.plan["after"], self.plan["until"]) and at not in self.plan["stubs"]

    def is_due(self, at: int) -> bool:
        """Whether it is tried after a cell: one that is not seen, when the last cell that may have it has run."""
        return self.plan["after"] == at and (self.written or self.plan["until"] == at >= 0)

    @property
    def final(self) -> bool:
        """Whether nothing that comes can change the verdict."""
        return self.passed or self.ended or self.stand_in is not None and self.stand_in.final


@dataclass
class Grading:
    """One submission on its way through the sandbox."""

    slot: Slot
    cells: list[str]
    defs: list[str]
    answers: list[Answer]
    seed: int
    until: float
    skip: dict = field(default_factory=dict)  # cell -> "defs" (definitions only) or "all" (left out)
    notes: list[str] = field(default_factory=list)
    now: object = None  # the cell (a number) or Answer that is running
    files: dict = field(default_factory=dict)  # handed in beside the notebook: {name: content}
    held: dict = field(default_factory=dict)  # cell -> what was in use when it had run, as Slot.held has it
    last: bool = False  # whether this pass is the last one that may be

    def __post_init__(self):
        lent = [a.exercise for a in self.answers if not a.exercise.value]
        self.lender = Lender({e.name: trying.called_by_course(e) for e in lent})

    @property
    def limits(self) -> Limits:
        return self.slot.limits

    def left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise OutOfTime
        return left

    # -- the whole ---------------------------------------------------------------------------------------------------

    def grade(self):
        """Begin again, without what ended the process, until all is tried or there is no more time."""
        for attempt in range(self.limits.starts):
            try:
                self._pass(last=attempt == self.limits.starts - 1)
                return
            except OutOfTime:
                self.notes.append("the time for this submission was used up")
                return
            except RunEnded as ended:
                if self.now is None:
                    raise
                self._charge(ended.why)
        self.notes.append("it ended the process too often; what was left was not tried")

    def finish(self):
        self.grade()
        self.lender.close()

    def _charge(self, why: str):
        """The cell or the answer that was running pays, or the cell that left it no room; nothing else does."""
        if (cell := self._left_no_room(why)) is not None:
            self.now = cell
        told = {
            "time": "took too long",
            "memory": "used too much memory",
            "processes": "started too many processes",
        }.get(why, "ended the process")
        if isinstance(self.now, Answer):
            said = f"the process ended while this was tried: it {told}"
            self.now.verdict = self.now.verdict or trying.refused(self.now.exercise, said)
            self.now.again, self.now.ended = False, True
        else:
            self.skip[self.now] = "all" if self.skip.get(self.now) == "defs" or not self.defs[self.now] else "defs"
            self.notes.append(f"code cell {self.now + 1} {told} and was left out")

    def _left_no_room(self, why: str) -> int | None:
        """The cell that took most of what is allowed, where more than half was gone before what runs now began."""
        shares = [held.get(why, 0.0) for held in self.held.values()]
        if len(shares) < 2 or shares[-1] - shares[0] < 0.5 * (1 - shares[0]):
            return None
        grown = [now - before for before, now in pairwise(shares)]
        return list(self.held)[1 + grown.index(max(grown))]

    def _pass(self, last: bool):
        self.now, self.last = None, last
        run = self.slot.start()
        self.held = {-1: self.slot.held()}
        run.checked = lambda name, same: self._checked(run, name, same)
        for answer in self.answers:
            answer.checks = 0
        try:
            run.ask(min(60, self.left()), op="execute", files=self.files)
            end = len(self.cells) if any(a.again for a in self.answers) else self._last_needed() + 1
            self._tries(run, -1)
            at = 0
            while at < end:
                self._cell(run, at)
                self._tries(run, at)
                at += 1
                if at == end and any(a.again for a in self.answers):
                    end = len(self.cells)
            self._second_tries(run)
        finally:
            run.stop()

    def _last_needed(self) -> int:
        """The cell after which there is nothing left to try."""
        return max((a.plan["until"] for a in self.answers if not a.final), default=-1)

    def _cell(self, run, at: int):
        source = self.defs[at] if self.skip.get(at) == "defs" else self.cells[at]
        if self.skip.get(at) == "all" or not source.strip():
            return
        self.now = self.at = at
        self._lend(None, ())
        expected = [a.exercise.variable for a in self.answers if a.plan["cell"] == at]
        keep = [a.exercise.variable for a in self.answers if a.may_be_bound(at)]
        run.ask(
            min((PATIENCE + 1) * self.limits.cell_seconds + 5, self.left()),
            op="cell",
            source=source,
            defs=self.defs[at] if at not in self.skip else "",
            expected=expected,
            keep=keep,
            seconds=self.limits.cell_seconds,
        )
        self.held[at] = self.slot.held()
        if run.killed:  # the guard saw it after the cell's last word: what comes next has no part in it
            raise RunEnded(run.killed)

    def _tries(self, run, at: int):
        for answer in self.answers:
            if answer.plan["after"] != at:
                continue
            if answer.is_due(at) and not answer.final and (answer.checks or not _is_wrong(answer.verdict)):
                self._try(run, answer)
                answer.again = answer.written and answer.verdict is None or _lacks_something(answer.verdict)
            self._stand_in(run, answer, at)

    def _stand_in(self, run, answer: Answer, at: int):
        """As in the notebook: until an answer passes, the course's own takes its place for the cells below."""
        if self._may_stand_in(answer):
            self.now = at
            run.ask(min(10, self.left()), op="bind", name=answer.exercise.variable, value=answer.stand_in.handed())

    def _may_stand_in(self, answer: Answer) -> bool:
        """Not while a second try is to come: what runs in between could ask it for what that try will want to know."""
        if answer.again or answer.passed or not trying.can_stand_in(answer.exercise):
            return False
        answer.stand_in = answer.stand_in or trying.StandIn(answer.exercise, self.lender)
        return True

    def _second_tries(self, run):
        """What was not found, or asked for a name that only later cells define, is tried at the end; the better
        verdict counts."""
        for answer in self.answers:
            unseen = answer.plan["until"] >= 0 and (answer.verdict is None or answer.verdict.state == "todo")
            if not answer.final and (answer.again or unseen):
                answer.again = False
                self._try(run, answer, round_=1, again=True)
                self._stand_in(run, answer, len(self.cells) - 1)

    def _checked(self, run, name: str, same: bool) -> dict:
        """A cell calls `check`: what it hands over is judged now, and it hears whether that passed."""
        answer = next((a for a in self.answers if a.exercise.name == name), None)
        if answer is None:
            return {}
        verdict, now = answer.verdict, self.now
        if not same and not answer.final and answer.checks < MAX_CHECKS:
            answer.checks += 1
            verdict = self._try(run, answer, live=True)
            self.now = now
            self._lend(None, ())
        told = {"passed": False, "score": 0.0, "points": float(answer.exercise.points)}
        if verdict is not None:
            told.update(passed=verdict.passed, score=float(verdict.score))
        if not told["passed"] and self._lends_live(answer):
            told["value"] = answer.stand_in.handed()
        return told

    def _lends_live(self, answer: Answer) -> bool:
        """What gives its answer away is lent when the last cell that may have one has run, not before."""
        if trying.is_told(answer.exercise):
            if isinstance(self.now, int) and self.now < answer.plan["until"]:
                return False
        return self._may_stand_in(answer)

    def _try(self, run, answer: Answer, round_: int = 0, live: bool = False, again: bool = False):
        """Try it, and keep the verdict where it is the better one; None where nothing new was there."""
        self.now = answer
        cases = answer.exercise.inputs(trying.random_numbers(self.seed, answer.exercise.name, round_))
        self._lend(answer, cases)
        mark, left = set(run.callbacks), self.left()
        allowed = trying.Time(self.limits.exercise_seconds, time.monotonic() + left)
        verdict = trying.try_answer(run, answer.exercise, cases, allowed, live=live, again=again)
        for number in set(run.callbacks) - mark:  # functions among the inputs are there for this try only
            del run.callbacks[number]
        if verdict is not None and not verdict.passed and not self.last and self._left_no_room("memory") is not None:
            raise RunEnded("memory")  # tried again without what holds it: the room may be what was missing
        if verdict is not None and (answer.verdict is None or verdict.score >= answer.verdict.score):
            answer.verdict = verdict
        return verdict

    def _lend(self, answer, cases):
        """Open the stand-ins that may be called now: of exercises before this one, where they do not give it away."""
        here = len(self.answers) if answer is None else self.answers.index(answer)
        for place, other in enumerate(self.answers):
            if other.stand_in is not None:
                may = place < here and (answer is None or not other.stand_in.gives_away(answer.exercise, cases))
                other.stand_in.allowed = may


class OutOfTime(Exception):
    """The submission's whole time is used up."""


def _is_wrong(verdict) -> bool:
    return verdict is not None and verdict.state == "wrong"


def _lacks_something(verdict) -> bool:
    return verdict is not None and not verdict.passed and any("NameError" in message for _, _, message in verdict.cases)


# -- one file --------------------------------------------------------------------------------------------------------


def analysed(slot: Slot, raw: bytes, assignment: Assignment) -> dict:
    """Code cells, and where each answer is; the file is parsed in the sandbox, where nothing of it has run."""
    wanted = [e for n in assignment.notebooks() for e in assignment.exercises(n)]
    facts = [dict(name=e.name, variable=e.variable, told=trying.is_told(e)) for e in wanted]
    run = slot.start()
    try:
        run.channel.send({"op": "analyse", "raw": raw, "exercises": facts}, 30)
        found = run.channel.receive(60)
    except Exception as error:
        raise Unreadable("this file could not be read as a notebook: it is too large or too deeply nested") from error
    finally:
        run.stop()
    if not isinstance(found, dict) or found.get("problem"):
        raise Unreadable(str(found.get("problem")) if isinstance(found, dict) else "this file is not a notebook")
    return found


def notebook_of(found: dict, name: str, assignment: Assignment) -> str | None:
    """The number of the submitted notebook: by its exercises, else the file's name, else the only one there is."""
    numbers = assignment.notebooks()
    votes = Counter({n: int(c) for n, c in found["mentions"].items() if n in numbers})
    for number in numbers:
        votes[number] += sum(found["plan"][e.name]["cell"] is not None for e in assignment.exercises(number))
    if any(votes.values()):
        return max(sorted(votes), key=votes.__getitem__)
    named = [n for n in numbers if name.startswith(n) or f"_{n}_" in name]
    return named[0] if named else numbers[0] if len(numbers) == 1 else None


def grade(slot: Slot, raw: bytes, name: str, assignment: Assignment, seed: int, files: dict | None = None) -> dict:
    """The record of one submitted file: {notebook, exercises, score, points, notes, problem, seconds}.

    `files` are those handed in beside it, {name: content}."""
    began = time.monotonic()
    result = {"notebook": None, "exercises": {}, "notes": [], "problem": None, "seed": f"{seed:x}"}
    try:
        if len(raw) > MAX_BYTES:
            raise Unreadable(
                f"this file has {len(raw) / 1e6:.0f} MB; {MAX_BYTES / 1e6:.0f} is the limit (clear the outputs)"
            )
        found = analysed(slot, raw, assignment)
        result["notebook"] = number = notebook_of(found, name, assignment)
        if number is None:
            raise Unreadable("nothing in this file tells which notebook it is")
        answers = _answers(found, assignment.exercises(number))
        until = time.monotonic() + slot.limits.total_seconds
        work = Grading(slot, found["cells"], found["defs"], answers, seed, until, files=files or {})
        work.finish()
        if not all(a.passed for a in answers):
            result["notes"] += [str(said)[:200] for said in found.get("unread", [])]
        result["notes"] += work.notes
        result["exercises"] = {a.exercise.name: described(a, assignment.points[a.exercise.name]) for a in answers}
    except Unreadable as error:
        result["problem"] = str(error)
        numbers = [
            n for n in assignment.notebooks() if name.startswith(n) or f"_{n}_" in name
        ] or assignment.notebooks()
        result["notebook"] = result["notebook"] or (numbers[0] if len(numbers) == 1 else None)
    result["score"] = round(sum(e["score"] for e in result["exercises"].values()), 2)
    result["seconds"] = round(time.monotonic() - began, 2)
    return result


def _answers(found: dict, exercises) -> list[Answer]:
    return [Answer(e, found["plan"][e.name]) for e in exercises]


def described(answer: Answer, points: float) -> dict:
    """One exercise of a record; `told` is what the student may read, `message` is for the instructor."""
    exercise, verdict = answer.exercise, answer.verdict
    if verdict is None:
        state, said = _untried(answer.plan)
        return {"state": state, "score": 0.0, "points": points, "cases": [], "diagnosis": None, "told": said}
    sentences = feedback.sentences(exercise)
    cases = []
    for label, ok, message in verdict.cases:
        told = "" if ok else feedback.told(message, sentences)
        cases.append({"label": label, "ok": ok, "message": message[:600], "told": told})
    share = sum(ok for _, ok, _ in verdict.cases) / len(verdict.cases) if verdict.score > 0 else 0.0
    return {
        "state": verdict.state,
        "score": round(points * share, 2),
        "points": points,
        "cases": cases,
        "diagnosis": verdict.diagnosis,
        "observation": verdict.observation.told if verdict.observation else None,
        "told": "not written yet" if verdict.state == "todo" else "",
    }


def _untried(plan: dict) -> tuple[str, str]:
    """(state, sentence) of an exercise for which nothing could be tried."""
    if plan["cell"] is not None:
        return "wrong", "it was not reached"
    if plan.get("syntax"):
        return "wrong", str(plan["syntax"])[:200]
    if plan.get("stub"):
        return "todo", "not written yet"
    return "missing", "nothing was found under this name in your notebook"
