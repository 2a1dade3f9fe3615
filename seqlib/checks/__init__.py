"""Exercises that check themselves: `check`, `hint`; `progress` stands in `overview`.

lstm_step, result = check("05.lstm_step", lstm_step)   # yours once it passes; until then a stand-in
result                                                  # ✓ or ✗ with a diagnosis; reads as the score
"""

from seqlib.checks import engine, progress_file
from seqlib.checks.exercise import Case, Exercise, find
from seqlib.checks.handing import hand_on
from seqlib.checks.identity import identity
from seqlib.display import html
from seqlib.display.selfcheck import Shown

__all__ = ["Case", "Exercise", "Result", "check", "hint"]


class Result:
    """A verdict to look at. As plain text it is the score and nothing else: nbgrader reads partial credit from that."""

    def __init__(self, verdict: engine.Verdict, notes=(), handed_stand_in=True):
        self.verdict, self.notes, self.handed_stand_in = verdict, [*verdict.notes, *notes], handed_stand_in

    score = property(lambda self: self.verdict.score)
    points = property(lambda self: self.verdict.exercise.points)
    passed = property(lambda self: self.verdict.passed)
    diagnosis = property(lambda self: self.verdict.diagnosis)
    observation = property(lambda self: self.verdict.observation)

    def __float__(self):
        return float(self.score)

    def __repr__(self):
        return f"{float(self.score):g}"

    def __str__(self):
        v = self.verdict
        mark = {"ok": "✓", "wrong": "✗", "todo": "○"}[v.state]
        of = f"{v.exercise.points:g} point{'' if v.exercise.points == 1 else 's'}"
        lines = [f"{mark} {v.exercise.name}: {v.score:g} of {of}"]
        lines += [
            f"  {'✓' if ok else '✗'} {label}{': ' + message if message else ''}" for label, ok, message in v.cases
        ]
        lines += [f"  This is what you get when {v.diagnosis}."] if v.diagnosis else []
        lines += [f"  {html.stopped(v.observation.text)}"] if v.observation else []
        return "\n".join(lines + [f"  Note: {note}" for note in self.notes])

    def _repr_html_(self):
        v = self.verdict
        hints = [] if v.passed else list(v.exercise.told.hints)
        return html.check_result(
            v.exercise.name,
            v.state,
            v.score,
            v.exercise.points,
            v.cases,
            v.diagnosis,
            self.notes,
            self.handed_stand_in,
            hints,
            v.observation.text if v.observation else None,
        )


class Unchecked:
    """Shown where there is nothing to judge: an unknown name, or a fault of the check's own."""

    score = points = 0.0
    passed, diagnosis, observation = False, None, None

    def __init__(self, sentence: str):
        self.sentence = sentence

    def __float__(self):
        return 0.0

    def __repr__(self):
        return "0"

    def __str__(self):
        return self.sentence

    def _repr_html_(self):
        return html.card("wrong", "This could not be checked", self.sentence)


def check(name: str, answer):
    """(answer, result): the learner's answer once it passes, until then a stand-in, and the verdict to display.

    `name` is the exercise's, such as "05.lstm_step". Never raises and never writes to stderr.
    """
    try:
        try:
            exercise = find(name)
        except ValueError as error:
            return answer, Unchecked(str(error))
        return _checked(exercise, answer)
    except Exception as error:  # ours, not the learner's: say so, and do not block the notebook
        return answer, Unchecked(
            f"The check of {name} failed by itself ({type(error).__name__}: {error}). "
            "That is a fault of the course, not of your answer: please report it."
        )


def _checked(exercise, answer):
    if engine.is_stand_in(answer):
        verdict = engine.Verdict(exercise, "todo")
        return answer, Result(
            verdict, ["a stand-in was checked: run the cell with your own answer first, then this one"]
        )
    verdict = engine.judge(exercise, answer)
    note = None
    if verdict.state != "todo":
        note = progress_file.save(exercise.name, verdict.score, exercise.points, identity(exercise))
    handed, why = engine.stand_in(exercise), None
    if verdict.passed:
        handed, why = hand_on(exercise, answer, verdict.examples, verdict.library)
    return handed, Result(verdict, [n for n in (note, why) if n], handed_stand_in=not verdict.passed)


_asked: dict[str, int] = {}  # hints that were shown of each exercise, in this kernel


def hint(name: str, step: int | None = None):
    """A hint as a card; asked again, one more. `step` gives the first `step` hints at once."""
    try:
        exercise = find(name)
    except ValueError as error:
        return Unchecked(str(error))
    step = _asked[name] = _asked.get(name, 0) + 1 if step is None else step
    hints = list(exercise.told.hints[:step]) or ["There are no hints here."]
    return Shown(html.card("note", f"{name}: a hint", "\n".join(hints)), "\n".join(hints))
