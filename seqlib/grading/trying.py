"""Judge an answer that lives in the sandbox: what the checks do in a notebook, with a border in between."""

import ast
import dis
import hashlib
import inspect
import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from seqlib.checks import engine, gradients
from seqlib.checks.calling import Outcome, copied, guarded
from seqlib.checks.compare import difference
from seqlib.checks.exercise import Exercise
from seqlib.checks.limits import TookTooLong, time_limit
from seqlib.grading.later import later_parts
from seqlib.grading.lender import Lender
from seqlib.grading.slot import Program, Run


def random_numbers(seed: int, name: str, round_: int = 0) -> np.random.Generator:
    """The same inputs for the same submission and exercise, unknown to whoever lacks the class's secret."""
    mixed = int.from_bytes(hashlib.sha256(f"{seed}/{name}/{round_}".encode()).digest()[:8], "big")
    return np.random.default_rng(mixed)


@dataclass(frozen=True)
class Time:
    """What a try may take: seconds of processor time, and until when (on the monotonic clock) it must be over."""

    seconds: float
    until: float

    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())


def try_answer(
    run: Run, exercise: Exercise, cases, allowed: Time, *, live: bool = False, again: bool = False
) -> engine.Verdict | None:
    """The verdict on what the notebook that `run` executes has as its answer, or with `live` on what it just handed
    to `check`; None where there is nothing, or (unless `again`) nothing new. RunEnded where the process is lost."""
    reply = run.ask(
        allowed.left(),
        op="try",
        name=exercise.name,
        variable=exercise.variable,
        value=exercise.value,
        live=live,
        again=again,
        seconds=allowed.seconds,
        wait=allowed.left(),
        using=source_of(exercise, "using"),
        names=list(cases[0].named),
        forbids=list(exercise.forbids),
        later=later_parts(exercise.name),
    )
    if reply.get("gone") in ("missing", "same"):
        return None
    if "gone" in reply:
        return refused(exercise, _gone(reply["gone"]))
    if exercise.value:
        run.over(allowed.left(), tell=False)
        return _value(exercise, reply.get("value"))
    if "refused" in reply:
        run.over(allowed.left(), tell=False)
        return refused(exercise, str(reply["refused"])[:400])
    try:
        answer = Remote(run, exercise, allowed)
        verdict = engine.judge_outside(exercise, answer, cases)
        if exercise.trains and verdict.state != "todo":
            differentiated(verdict, answer, cases)
    except Gone as gone:
        return refused(exercise, _gone(gone.args[0]))
    run.over(allowed.left(), tell=True)
    return verdict


def _gone(why) -> str:
    return (
        "it did not finish within the time that an exercise has"
        if why == "time"
        else "the process ended while the answer was tried"
    )


def refused(exercise: Exercise, sentence: str) -> engine.Verdict:
    return engine.Verdict(exercise, "wrong", cases=[("calling your answer", False, sentence)])


def _value(exercise, value) -> engine.Verdict:
    """A value is data already; everything about it happens here."""
    try:
        return engine.judge(exercise, value, random_numbers(0, exercise.name))
    except Exception as error:
        return refused(exercise, f"the answer could not be compared ({type(error).__name__})")


class Gone(Exception):
    """The copy of the process in which an answer was tried has ended before it replied."""


class Remote(engine.Outside):
    """An answer in the sandbox, called one case at a time."""

    def __init__(self, run: Run, exercise: Exercise, allowed: Time):
        self.run, self.exercise, self.allowed = run, exercise, allowed
        self.absent = {*exercise.forbids, *later_parts(exercise.name)}

    def outcome(self, args, case) -> Outcome:
        names = list(case.named)
        reply = self.run.ask(self.allowed.left(), op="call", args=list(args), names=names)
        if "gone" in reply:
            raise Gone(reply["gone"])
        return _outcome(reply, names, self.absent)

    def gradients(self, case) -> dict:
        reply = self.run.ask(self.allowed.left(), op="gradients", args=list(case.args), names=list(case.named))
        if "gone" in reply:
            raise Gone(reply["gone"])
        return reply


def _outcome(reply: dict, names, absent) -> Outcome:
    """An Outcome from what the sandbox says, every field checked."""

    def text(key, limit):
        value = reply.get(key)
        return value[:limit] if isinstance(value, str) and value else None

    def words(key, allowed):
        value = reply.get(key)
        found = [w for w in value if isinstance(w, str)] if isinstance(value, list) else []
        return [w for w in found if w in allowed][:20]

    kind = text("kind", 60)
    error = text("error", 500) or (f"it raised {kind}" if kind else None)
    return Outcome(
        value=reply.get("value"),
        error=error,
        kind=kind or ("Error" if error else None),
        detail=text("detail", 500) or "",
        printed=text("printed", 500) or "",
        modified=words("modified", names),
        forbidden=words("forbidden", absent),
    )


# -- gradients, where an answer is trained through -------------------------------------------------------------------


def differentiated(verdict: engine.Verdict, answer: Remote, cases):
    """One case more, as in the notebook: the gradients of an answer whose values are right."""
    values_right = all(ok for _, ok, _ in verdict.cases)
    lost = _lost_gradients(verdict.exercise, answer, cases) if values_right else "not tried: the values come first"
    counted = verdict.passed or verdict.score > 0  # what is forbidden has ended that already
    verdict.cases.append((gradients.LABEL, lost is None, lost or ""))
    passed = sum(ok for _, ok, _ in verdict.cases)
    if counted:
        verdict.score = round(verdict.exercise.points * passed / len(verdict.cases), 2)
        verdict.state = "ok" if passed == len(verdict.cases) else "wrong"


def _lost_gradients(exercise: Exercise, answer: Remote, cases) -> str | None:
    """As `gradients.gradient_message`, with the answer elsewhere."""
    for case in cases:
        for right in gradients._references(exercise):
            wanted = guarded(lambda r=right, c=case: gradients._Run(exercise, r, c))
            if not wanted.kind and wanted.value.reached:
                return _gradients_compared(exercise, answer.gradients(case), wanted.value)
    return None


def _gradients_compared(exercise: Exercise, reply: dict, wanted) -> str | None:
    if isinstance(reply.get("kind"), str):
        return f"with tensors whose gradients are recorded {str(reply.get('error'))[:500]}"
    results, grads = reply.get("results"), reply.get("grads")
    if not isinstance(results, list) or not isinstance(grads, dict):
        return "its gradients could not be read"
    told = guarded(lambda: gradients._difference(exercise, Gradients(results, grads), wanted), seconds=0.5)
    return "its gradients could not be compared" if told.kind else told.value


class Gradients:
    """What the sandbox says of an answer's gradients, as the comparison asks for it."""

    KINDS = {"carries": True, "tensor": False}

    def __init__(self, results: list, grads: dict):
        self.results = [self._result(kind) for kind in results]
        self.grads = {name: g if hasattr(g, "detach") else None for name, g in grads.items()}

    def _result(self, kind):
        if kind in self.KINDS:
            return SimpleNamespace(requires_grad=self.KINDS[kind])
        return 0.0 if kind == "number" else np.zeros(())

    @property
    def reached(self) -> list[str]:
        return [n for n, g in self.grads.items() if g is not None and bool((g != 0).any())]


# -- stand-ins for later exercises -----------------------------------------------------------------------------------


class StandIn:
    """The course's answer to an exercise that was not solved, for the exercises after it: called from the sandbox,
    worked out by a process that lends, and only while it may be."""

    def __init__(self, exercise: Exercise, lender: Lender):
        self.exercise, self.lender, self.allowed, self.__name__ = exercise, lender, False, exercise.variable

    def __call__(self, *args, **kwargs):
        if not self.allowed:
            raise PermissionError("not now")
        return self.lender.call(self.exercise.name, args, kwargs)

    def handed(self):
        """What the notebook gets: a function to call back, a program for more than one call, or a value."""
        if self.exercise.using is not None:
            return Program(source_of(self.exercise, "stand_in"))
        return self.exercise.oracle() if self.exercise.value else self

    @property
    def final(self) -> bool:
        """Whether its answer is told with it, so that the exercise can't be tried any more."""
        return is_told(self.exercise)

    def gives_away(self, later: Exercise, cases) -> bool:
        """Whether calling it on the inputs of a later exercise answers most of that one already."""
        if self.final or later.value or not cases:
            return False
        return sum(self._answers(later, case) for case in cases) > len(cases) / 2

    def _answers(self, later, case) -> bool:
        try:
            with time_limit(2.0):
                found = called_by_course(self.exercise)(*copied(case.args))
            if later.judge is not None:
                return later.judge(found, case) is None
            return difference(found, engine.expected(later, case), rtol=later.rtol) is None
        except (Exception, TookTooLong):
            return False


def is_told(exercise: Exercise) -> bool:
    """Whether lending the course's answer tells it: a value, or a program for more than one call."""
    return exercise.value or exercise.using is not None


def called_by_course(exercise: Exercise):
    return exercise.stand_in or exercise.oracle


def can_stand_in(exercise: Exercise) -> bool:
    """An answer that is more than one call is lent where the course has it as a part of its own."""
    return exercise.using is None or exercise.stand_in is not None


# -- what is sent as a program ---------------------------------------------------------------------------------------


def source_of(exercise: Exercise, part: str) -> str | None:
    """The exercise's `using` or `stand_in` as a program of its own: imports, the functions and constants it refers
    to, itself. ValueError where it refers to what would give the answer away."""
    if getattr(exercise, part) is None:
        return None
    module = sys.modules[(exercise.using or exercise.oracle).__module__]
    tree = ast.parse(inspect.getsource(module))
    node = _node_of(part, tree, exercise)
    top = {name: s for s in tree.body for name in _names_bound(s)}
    needed, todo = [], [ast.Expr(node)]
    while todo:
        for name in _globals_of(todo.pop()):
            statement = top.get(name)
            if statement is not None and statement not in needed:
                needed.append(statement)
                todo.append(statement)
    names = {n for s in needed for n in _names_bound(s)}
    given = () if part == "using" else (exercise.stand_in,)
    hidden = [exercise.oracle] if exercise.oracle not in given else []
    secret = {getattr(f, "__name__", None) for f in hidden} - {"<lambda>", None}
    told = names & secret | {"an exercise" for s in needed if "oracle=" in ast.unparse(s)}
    if told:
        raise ValueError(f"{exercise.name}: its `{part}` refers to {', '.join(sorted(told))}, which gives it away")
    return "\n".join([*(ast.unparse(s) for s in tree.body if s in needed), f"made_ = {ast.unparse(node)}"])


def _globals_of(statement) -> set[str]:
    """Names that a statement, and the functions in it, take from the module."""
    todo, names = [compile(ast.fix_missing_locations(ast.Module([statement], [])), "<using>", "exec")], set()
    while todo:
        code = todo.pop()
        names |= {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
        todo += [c for c in code.co_consts if inspect.iscode(c)]
    return names


def _names_bound(statement) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [a.asname or a.name.partition(".")[0] for a in statement.names]
    if isinstance(statement, ast.Assign):
        return [t.id for t in statement.targets if isinstance(t, ast.Name)]
    return []


def _node_of(part: str, tree, exercise):
    """The expression behind `using=` or `stand_in=` in the call that makes the exercise."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(
            isinstance(k.value, ast.Constant) and k.value.value == exercise.name for k in node.keywords
        ):
            for keyword in node.keywords:
                if keyword.arg == part:
                    return keyword.value
    raise ValueError(f"{exercise.name}: no `{part}=` was found in its module")
