"""Judge an answer: call it on fresh inputs, compare, and say what went wrong."""

import time
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from seqlib.checks.calling import (
    Outcome,
    as_numpy,
    as_torch,
    call,
    copied,
    described,
    guarded,
    parameters,
    unwatched,
    wrong_arity,
)
from seqlib.checks.compare import difference, gigantic
from seqlib.checks.diagnosing import observe
from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.gradients import LABEL as GRADIENTS
from seqlib.checks.gradients import gradient_message
from seqlib.checks.implied import BUDGET, recognise_implied
from seqlib.checks.known import recognise
from seqlib.checks.readers.seen import Observation
from seqlib.checks.state import own_state

WHOLE = 0.9  # seconds of processor time that a check should take: what judging leaves is for saying what went wrong
READING = 0.2  # of these at least for reading the difference


@dataclass
class Verdict:
    """What a check found. `state` is ok, wrong or todo; `cases` are (label, passed, message)."""

    exercise: Exercise
    state: str
    score: float = 0.0
    cases: list[tuple[str, bool, str]] = field(default_factory=list)
    diagnosis: str | None = None
    observation: Observation | None = None  # a sentence of its own, where no known mistake is recognised
    notes: list[str] = field(default_factory=list)
    examples: list[tuple] = field(default_factory=list)  # what the page works with, and what was found, once all pass
    library: str | None = None  # where the answer is at home, if not where the inputs are

    @property
    def passed(self) -> bool:
        return self.state == "ok"


def constant(value):
    """A value exercise's answer as a function of no arguments."""
    return lambda: value


def judge(exercise: Exercise, answer, rng=None) -> Verdict:
    """The verdict on `answer`, a function or, for a value exercise, a value. `rng` is for the tests' sake."""
    with own_state() as notes:
        verdict = _judge(exercise, answer, rng)
        verdict.notes += notes
        return verdict


def _judge(exercise, answer, rng) -> Verdict:
    if exercise.value:
        if answer is None or answer is Ellipsis:
            return Verdict(exercise, "todo")
        answer = constant(answer)
    elif not callable(answer):
        return _refused(exercise, f"`{exercise.variable}` should be a function; found {described(answer)}")
    cases = exercise.inputs(rng if rng is not None else np.random.default_rng())
    problem = None if exercise.value or exercise.using else wrong_arity(answer, list(cases[0].named))
    if problem:
        return _refused(exercise, problem)
    return _judge_cases(exercise, answer, cases)


def _refused(exercise, sentence) -> Verdict:
    return Verdict(exercise, "wrong", cases=[("calling your answer", False, sentence)])


def _judge_cases(exercise, answer, cases) -> Verdict:
    outcomes, messages, end = [], [], time.thread_time() + WHOLE
    for case in cases:
        outcome, message = _judge_case(exercise, answer, case)
        outcomes.append(outcome)
        messages.append(message)
        if outcome.kind in ("time", "KeyboardInterrupt"):  # the next case would only wait as long again
            messages += ["not tried: the case before did not finish"] * (len(cases) - len(messages))
            break
    if all(o.unattempted for o in outcomes):
        return Verdict(exercise, "todo")
    told = [(c.label, m is None, m or "") for c, m in zip(cases, messages, strict=True)]
    right = not any(messages)
    if exercise.trains and not isinstance(answer, Outside):
        lost = gradient_message(exercise, answer, cases) if right else "not tried: the values come first"
        told.append((GRADIENTS, lost is None, lost or ""))
    passed = sum(ok for _, ok, _ in told)
    verdict = Verdict(
        exercise,
        "ok" if passed == len(told) else "wrong",
        round(exercise.points * passed / len(told), 2),
        told,
        notes=_notes(outcomes),
    )
    if verdict.passed:
        # As the page would have them: a stand-in may give lists where the oracle gives arrays.
        shown = [(_of_the_page(exercise, c), o.value) for c, o in zip(cases, outcomes, strict=True)]
        verdict.examples = [(right, found) for right, found in shown if right is not None]
        verdict.library = next((o.library for o in outcomes if o.library), None)
    forbidden = sorted({f for o in outcomes for f in o.forbidden})
    if forbidden:
        verdict.state, verdict.score = "wrong", 0.0
        verdict.diagnosis = f"`{forbidden[0]}` does the work: this exercise is about writing it yourself"
    elif not right and len(outcomes) == len(cases):
        _diagnose(verdict, exercise, answer, cases, outcomes, end)
    return verdict


def _of_the_page(exercise, case):
    """What the page's own answer gives on a case, in its own library and kind; None where that cannot be had."""
    if exercise.value or exercise.using is not None or exercise.stand_in is None:
        return expected(exercise, case)
    return guarded(lambda: exercise.stand_in(*copied(case.args))).value


def _diagnose(verdict, exercise, answer, cases, outcomes, end):
    """The known mistake that fits; where there is none, what can be read in the difference, by `end` if possible."""
    looked_at = guarded(lambda: any(gigantic(outcome.value) for outcome in outcomes), seconds=0.5)
    if looked_at.kind or looked_at.value:
        return
    rights = [expected(exercise, case) for case in cases]
    verdict.diagnosis = recognise(exercise, exercise.mistakes, partial(_wrong, exercise), cases, outcomes, rights)
    if verdict.diagnosis is None:
        verdict.diagnosis = recognise_implied(exercise, cases, outcomes, _left(end - READING, 0.05, BUDGET), answer)
    if verdict.diagnosis is None and not any(o.modified for o in outcomes):  # a changed argument is told first
        near = not isinstance(answer, Outside)
        ask = partial(_call, exercise, answer)
        seconds = _left(end, READING, WHOLE)
        verdict.observation = observe(exercise, answer, ask, cases, outcomes, rights, near, seconds)


def _left(end, least: float, most: float) -> float:
    """Seconds of processor time until `end`, but not less than is of use and no more than is needed."""
    return min(most, max(least, end - time.thread_time()))


def _wrong(exercise, wrong, case) -> Outcome:
    """What a known mistake gives on a case."""
    return _call(exercise, wrong, case.args, case, forbids=())


def _judge_case(exercise: Exercise, answer, case: Case) -> tuple[Outcome, str | None]:
    outcome = _call(exercise, answer, case.args, case)
    message = _message(exercise, outcome, case)
    if outcome.kind in (
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "ValueError",
    ):  # perhaps it is at home in the other library
        for library, args in (("torch", as_torch(case.args)), ("numpy", as_numpy(case.args))):
            if all(a is b for a, b in zip(args, case.args, strict=True)):
                continue
            again = _call(exercise, answer, args, case)
            if not again.kind:
                again.library = library
                outcome, message = again, _message(exercise, again, case)
    if message is not None and not exercise.value:
        message += _shapes(answer, case)
    return outcome, message


class Outside:
    """An answer that lives in another process: `outcome(args, case)` calls it there (the grader's sandbox)."""

    def outcome(self, args: tuple, case: Case) -> Outcome:
        raise NotImplementedError


def judge_outside(exercise: Exercise, answer: Outside, cases) -> Verdict:
    """As `judge`, for a function that is elsewhere and that can be called."""
    with own_state():
        return _judge_cases(exercise, answer, cases)


def _call(exercise, answer, args, case, forbids=None) -> Outcome:
    if isinstance(answer, Outside):
        return answer.outcome(args, case)
    function = answer if exercise.using is None else partial(exercise.using, answer)
    return call(
        function, args, names=list(case.named), forbids=exercise.forbids if forbids is None else forbids, owner=answer
    )


def _message(exercise, outcome: Outcome, case: Case) -> str | None:
    if outcome.error:
        return "not written yet" if outcome.unattempted else outcome.error
    if outcome.modified:
        changed = " and ".join(f"`{n}`" for n in outcome.modified)
        return f"it changes its argument {changed} in place: work on a copy, the caller may need the original"
    if exercise.judge is not None:
        return _own_judge(exercise, outcome.value, case)
    name = exercise.returns[0] if len(exercise.returns) == 1 else None
    label = f"`{exercise.variable}`" if exercise.value else f"`{name}`" if name else "the result"
    right = expected(exercise, case)
    compared = guarded(lambda: difference(outcome.value, right, label, returns=exercise.returns, rtol=exercise.rtol))
    return _cannot("compared", outcome.value, compared) if compared.error else compared.value


def _own_judge(exercise, value, case) -> str | None:
    judged = guarded(lambda: exercise.judge(value, case))
    return _cannot("judged", value, judged) if judged.error else judged.value


def _cannot(verb, value, outcome) -> str:
    """An object whose comparison itself fails, or never ends."""
    why = f"{outcome.kind}: {outcome.detail}" if outcome.detail else outcome.kind
    return f"the result can't be {verb}: {described(value)} ({why})"


def expected(exercise: Exercise, case: Case):
    """What the oracle says of a case, worked out once."""
    if not hasattr(case, "expected"):
        case.expected = exercise.oracle(*copied(case.args))
    return case.expected


def _shapes(answer, case: Case) -> str:
    names = parameters(answer) or []
    names = names if len(names) >= len(case.named) else list(case.named)
    shown = [
        f"`{n}` {tuple(a.shape)}"
        for n, a in zip(names, case.args, strict=False)
        if hasattr(a, "shape") and len(a.shape)
    ]
    return f" (with {', '.join(shown)})" if shown else ""


def _notes(outcomes) -> list[str]:
    printed = next((o.printed.strip() for o in outcomes if o.printed.strip()), "")
    if not printed:
        return []
    lines = printed.splitlines()
    shown = "\n".join(lines[:6]) + ("\n…" if len(lines) > 6 else "")
    return [f"your function printed: {shown[:400]}"]


# -- stand-ins -------------------------------------------------------------------------------------------------------


class StandIn:
    """The course's own function in the place of an answer that is not there yet."""

    def __init__(self, exercise: Exercise):
        self.exercise, self.__name__ = exercise, exercise.variable
        self.__doc__ = f"A stand-in for your {exercise.variable}, until its check passes."

    def __call__(self, *args, **kwargs):
        with unwatched():
            return (self.exercise.stand_in or self.exercise.oracle)(*args, **kwargs)

    def __repr__(self):
        return f"<stand-in for {self.exercise.variable}: your own once its check passes>"


@cache
def _subclass(kind: type) -> type:
    return type(f"StandIn{kind.__name__.title()}", (kind,), {})


def stand_in(exercise: Exercise):
    """What the notebook works with until the answer passes: behaves as the right answer, and is recognisable."""
    if not exercise.value:
        return StandIn(exercise)
    value = exercise.oracle()
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, np.ndarray):
        marked = value.view(_subclass(np.ndarray))
    elif hasattr(value, "detach"):
        marked = value.clone()
    elif type(value) in (int, float, str, list, tuple, dict, set):
        marked = _subclass(type(value))(value)
    else:
        return value
    marked.stand_in_for = exercise.name
    return marked


def is_stand_in(answer) -> bool:
    """Whether it was handed out by a check. What a learner computes from a stand-in is the learner's own."""
    return isinstance(answer, StandIn) or "stand_in_for" in getattr(answer, "__dict__", ())
