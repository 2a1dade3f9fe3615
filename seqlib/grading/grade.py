"""Grade one submission: read it in the sandbox, execute it there, judge its answers here."""

import time
from collections import Counter
from dataclasses import dataclass, field

from seqlib.checks import engine
from seqlib.checks.exercise import Exercise
from seqlib.grading import feedback, trying
from seqlib.grading.assignment import Assignment
from seqlib.grading.sandbox import Limits
from seqlib.grading.slot import RunEnded, Slot

MAX_BYTES = 24 << 20  # of a submitted file; notebooks with many pictures have about 5


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

    @property
    def written(self) -> bool:
        return self.plan["cell"] is not None


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

    def _charge(self, why: str):
        """The cell or the answer that was running pays; nothing else does."""
        told = {
            "time": "took too long",
            "memory": "used too much memory",
            "processes": "started too many processes",
        }.get(why, "ended the process")
        if isinstance(self.now, Answer):
            self.now.verdict = trying.refused(self.now.exercise, f"the process ended while this was tried: it {told}")
            self.now.again = False
        else:
            self.skip[self.now] = "all" if self.skip.get(self.now) == "defs" or not self.defs[self.now] else "defs"
            self.notes.append(f"code cell {self.now + 1} {told} and was left out")

    def _pass(self, last: bool):
        self.now = None
        run = self.slot.start()
        try:
            run.ask(60, op="execute")
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
        return max((a.plan["after"] for a in self.answers if a.written and a.verdict is None), default=-1)

    def _cell(self, run, at: int):
        source = self.defs[at] if self.skip.get(at) == "defs" else self.cells[at]
        if self.skip.get(at) == "all" or not source.strip():
            return
        self.now = at
        self._lend(run, None, ())
        keep = [a.exercise.variable for a in self.answers if a.plan["cell"] == at]
        seconds = min(self.limits.cell_seconds, self.left())
        run.ask(
            2 * seconds + 3,
            op="cell",
            source=source,
            defs=self.defs[at] if at not in self.skip else "",
            keep=keep,
            seconds=seconds,
        )

    def _tries(self, run, at: int):
        for answer in self.answers:
            if answer.plan["after"] != at:
                continue
            if answer.written and answer.verdict is None:
                answer.verdict = self._try(run, answer)
                answer.again = _lacks_something(answer.verdict)
            self._stand_in(run, answer, at)

    def _stand_in(self, run, answer: Answer, at: int):
        """As in the notebook: until an answer passes, the course's own takes its place for the cells below.

        Not while a second try is to come: what runs in between could ask it for what that try will want to know.
        """
        if answer.again or answer.verdict and answer.verdict.passed or not trying.can_stand_in(answer.exercise):
            return
        answer.stand_in = answer.stand_in or trying.StandIn(answer.exercise)
        self.now = at
        run.ask(10, op="bind", name=answer.exercise.variable, value=answer.stand_in.handed())

    def _second_tries(self, run):
        """What asked for a name that only later cells define is tried again at the end; the better verdict counts."""
        for answer in self.answers:
            if answer.again:
                answer.again = False
                verdict = self._try(run, answer, round_=1)
                if answer.verdict is None or verdict.score > answer.verdict.score:
                    answer.verdict = verdict
                self._stand_in(run, answer, len(self.cells) - 1)

    def _try(self, run, answer: Answer, round_: int = 0) -> engine.Verdict:
        self.now = answer
        cases = answer.exercise.inputs(trying.random_numbers(self.seed, answer.exercise.name, round_))
        self._lend(run, answer, cases)
        mark = set(run.callbacks)
        verdict = trying.try_answer(run, answer.exercise, cases, {}, min(self.limits.exercise_seconds, self.left()))
        for number in set(run.callbacks) - mark:  # functions among the inputs are there for this try only
            del run.callbacks[number]
        return _forbidden(verdict, answer)

    def _lend(self, run, answer, cases):
        """Open the stand-ins that may be called now: of exercises before this one, where they do not give it away."""
        for other in self.answers:
            if other.stand_in is None:
                continue
            if other is answer:
                other.stand_in.allowed = False
            else:
                other.stand_in.allowed = answer is None or not other.stand_in.gives_away(answer.exercise, cases)


class OutOfTime(Exception):
    """The submission's whole time is used up."""


def _lacks_something(verdict) -> bool:
    return not verdict.passed and any("NameError" in message for _, _, message in verdict.cases)


def _forbidden(verdict: engine.Verdict, answer: Answer) -> engine.Verdict:
    """What the answer's own text shows: a forbidden part of a library, or code built so that none can be seen."""
    found, hidden = answer.plan.get("forbidden"), answer.plan.get("hidden")
    if verdict.state == "todo" or not (found or hidden):
        return verdict
    if found:
        return trying.does_the_work(verdict, str(found[0]))
    verdict.state, verdict.score = "wrong", 0.0
    why = "this exercise forbids parts of libraries, and that it calls none of them can't be seen"
    verdict.diagnosis = f"it uses `{hidden[0]}`: {why}"
    return verdict


# -- one file --------------------------------------------------------------------------------------------------------


def analysed(slot: Slot, raw: bytes, assignment: Assignment) -> dict:
    """Code cells, and where each answer is; the file is parsed in the sandbox, where nothing of it has run."""
    wanted = [e for n in assignment.notebooks() for e in assignment.exercises(n)]
    facts = [dict(name=e.name, variable=e.variable, forbids=list(e.forbids)) for e in wanted]
    run = slot.start()
    try:
        run.channel.send({"op": "analyse", "raw": raw, "exercises": facts}, 20)
        found = run.channel.receive(30)
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


def grade(slot: Slot, raw: bytes, name: str, assignment: Assignment, seed: int) -> dict:
    """The record of one submitted file: {notebook, exercises, score, points, notes, problem, seconds}."""
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
        work = Grading(slot, found["cells"], found["defs"], answers, seed, time.monotonic() + slot.limits.total_seconds)
        work.grade()
        result["notes"] += work.notes
        lines = frozenset(line.strip() for cell in found["cells"] for line in cell.splitlines())
        result["exercises"] = {
            a.exercise.name: described(a, assignment.points[a.exercise.name], lines) for a in answers
        }
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


def described(answer: Answer, points: float, lines) -> dict:
    """One exercise of a record; `told` is what the student may read, `message` is for the instructor."""
    exercise, verdict = answer.exercise, answer.verdict
    if verdict is None:
        state = (
            "todo"
            if answer.plan["cell"] is None and answer.plan.get("stub")
            else "missing"
            if answer.plan["cell"] is None
            else "wrong"
        )
        said = {
            "todo": "not written yet",
            "missing": "nothing was found under this name in your notebook",
        }.get(state, "it was not reached")
        return {"state": state, "score": 0.0, "points": points, "cases": [], "diagnosis": None, "told": said}
    custom = exercise.judge is not None
    cases = []
    for label, ok, message in verdict.cases:
        told = feedback.told(message, lines)
        if custom and told == "another value than the right one":
            told = feedback.judged(message)
        cases.append({"label": label, "ok": ok, "message": message[:600], "told": "" if ok else told})
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
