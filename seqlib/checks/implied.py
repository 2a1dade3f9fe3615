"""Wrong answers by construction: what small slips in a plain right answer would give, and which one an answer fits.

A slip is recognised by its numbers alone, so "this is what you get when `tanh` is left out" is true whenever it is
said. That it is also the likely one is a matter of order: slips that learners make daily come first.
"""

import ast
import inspect
import linecache
import re
import textwrap
import time
from collections.abc import Callable, Iterable
from functools import cache, partial

import numpy as np

from seqlib.checks.calling import copied, guarded, settled
from seqlib.checks.compare import as_array, difference
from seqlib.checks.edits import Edit, edits
from seqlib.checks.endless import ending, is_power, never_ends, with_small_powers
from seqlib.checks.exercise import Exercise
from seqlib.checks.kinds import kinds_of_variables
from seqlib.checks.limits import memory_limit

BUDGET = 0.35  # seconds of processor time for one search
HANGING = 0.06  # an edit that takes longer than this is left alone: a loop has lost its end
RICH = 3  # so many numbers that are not whole cannot agree by chance


def implied(exercise: Exercise) -> Iterable[tuple[str, Callable]]:
    """(sentence, wrong answer) for each slip in the exercise's plain right answer, the likeliest first."""
    for slip in _slips(exercise, exercise.right):
        yield slip.sentence, slip.function


_made: dict[tuple, list["_Slip"]] = {}  # a learner checks the same exercise again and again


def _slips(exercise, right) -> list["_Slip"]:
    key = exercise.name, right
    if key not in _made:
        definition = _definition(right) if right is not None else None
        module = ast.Module([definition], [])
        found = edits(definition, _kinds(exercise, right)) if definition else []
        nodes = list(ast.walk(definition)) if definition else []
        loops, powers = any(isinstance(node, ast.While) for node in nodes), any(map(is_power, nodes))
        _made[key] = [_Slip(edit, module, right, loops, powers) for edit in found]
    return _made[key]


def _kinds(exercise, right) -> dict[str, str]:
    case = exercise.inputs(np.random.default_rng(0))[0]
    function = right if exercise.using is None else partial(exercise.using, right)
    return kinds_of_variables(right, lambda: function(*copied(case.args)))


def _definition(right) -> ast.FunctionDef | ast.ClassDef | None:
    """The syntax tree of a function or class; a lambda becomes a function. None where there is no source."""
    try:
        if getattr(right, "__name__", "") == "<lambda>":
            return _of_lambda(right)
        tree = ast.parse(textwrap.dedent(inspect.getsource(right)))
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, (ast.FunctionDef, ast.ClassDef)):
        return None
    definition.decorator_list = []
    return definition


@cache
def _lambdas(file: str) -> dict[int, list[ast.Lambda]]:
    found = {}
    for node in ast.walk(ast.parse("".join(linecache.getlines(file)))):
        if isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def _of_lambda(right):
    code = right.__code__
    there = _lambdas(code.co_filename).get(code.co_firstlineno, [])
    if len(there) != 1:
        return None  # two on a line cannot be told apart
    node = there[0]
    body = [ast.Return(node.body)]
    return ast.fix_missing_locations(ast.FunctionDef("answer", node.args, body, [], lineno=1, col_offset=0))


class _Slip:
    """One edit of a right answer, made into a function when it is first asked for."""

    def __init__(self, edit: Edit, module: ast.Module, right, loops: bool, powers: bool):
        self.edit, self.module, self.right = edit, module, right
        self.loops, self.powers = loops, powers  # whether there is a `while` in it, or a power
        self.rank, self.sentence, self._function = edit.rank, edit.sentence, None

    @property
    def function(self) -> Callable:
        """The wrong answer. Where the edit makes no program of it: a function that says so when it is called."""
        if self._function is None:
            try:
                self._function = self._made()
            except Exception as error:  # a name that is gone, a class body that fails
                self._function = _Broken(error)
        return self._function

    def _made(self):
        definition = self.module.body[0]
        self.edit.swap()
        try:
            if _holds_itself(definition):
                raise ValueError("a list that holds itself: NumPy would read it for ever, where no time limit reaches")
            if self.loops and never_ends(definition):
                raise ValueError("a loop that nothing ends")
            module = with_small_powers(self.module) if self.powers else self.module
            code = compile(ast.fix_missing_locations(module), "<slip>", "exec")
        finally:
            self.edit.swap()
        known = {**ending(_known(self.right)), "__transposed": _transposed, "__inverted": _inverted}
        exec(code, known)
        return known[definition.name]

    def text(self) -> str:
        """The edited source, by which two edits that come to the same are found."""
        self.edit.swap()
        try:
            return ast.unparse(ast.fix_missing_locations(self.module))
        finally:
            self.edit.swap()


class _Broken:
    def __init__(self, error):
        self.error = error

    def __call__(self, *_, **__):
        raise self.error


def _known(right) -> dict:
    """The names that a right answer knows: its module's, and those of the function around it."""
    own = getattr(right, "__globals__", None) or vars(inspect.getmodule(right))
    closure = getattr(right, "__closure__", None) or ()
    around = zip(getattr(getattr(right, "__code__", None), "co_freevars", ()), closure, strict=False)
    return {**own, **{name: cell.cell_contents for name, cell in around}}


def _transposed(matrix):
    if not hasattr(matrix, "ndim") or matrix.ndim < 2:
        raise ValueError("only a matrix can be transposed")
    return matrix.swapaxes(-1, -2)


def _holds_itself(definition) -> bool:
    """Whether somewhere a list is put into itself: states.append(states)."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and any(isinstance(part, ast.Name) and part.id == node.func.value.id for a in node.args for part in ast.walk(a))
        for node in ast.walk(definition)
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") in ("append", "extend", "insert", "add")
    )


def _inverted(mask):
    if isinstance(mask, (bool, np.bool_)):
        return not mask
    if str(getattr(mask, "dtype", "")).removeprefix("torch.") != "bool":
        raise TypeError("only a mask can be inverted")
    return ~mask


# -- in words that the reader knows ----------------------------------------------------------------------------------


def in_known_words(sentence: str, exercise: Exercise, answer) -> str:
    """The sentence without names that stand in the plain right answer alone: of those, what they are made of."""
    definition = _definition(exercise.right)
    made_of = _origins(definition) if definition is not None else {}
    told = exercise.told
    if not told.hints:
        return sentence  # no page goes with it
    page = " ".join([*re.findall(r"`[^`]+`", " ".join(told.hints)), *exercise.returns])
    known = set(re.findall(r"\w+", page)) | _names_of(getattr(answer, "__code__", None))
    strange = [name for name in re.findall(r"`(\w+)`", sentence) if name in made_of and name not in known]
    for name in strange:
        parts = [f"`{part}`" for part in made_of[name]]
        words = " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
        sentence = sentence.replace(f"`{name}`", f"what is made of {words}" if parts else "a value on the way")
    return sentence


def _origins(definition) -> dict[str, list[str]]:
    """{a variable set in a function: the arguments that it is made of}, the first time it is set; not a loop's own."""
    found = {}
    for function in [node for node in ast.walk(definition) if isinstance(node, ast.FunctionDef)]:
        arguments = [a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)]
        for statement in [node for node in ast.walk(function) if isinstance(node, ast.Assign)]:
            read = [n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)]
            origin = [o for name in read for o in ([name] if name in arguments else found.get(name, []))]
            for name in (n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                if name not in arguments:
                    found.setdefault(name, [a for a in arguments if a in origin][:3])
    return found


def _names_of(code) -> set[str]:
    """All names in a function's code, and in the functions inside it."""
    if code is None:
        return set()
    inside = [_names_of(part) for part in code.co_consts if hasattr(part, "co_names")]
    return {*code.co_varnames, *code.co_names, *code.co_cellvars, *code.co_freevars}.union(*inside)


# -- which slip is it? -----------------------------------------------------------------------------------------------


def recognise_implied(exercise: Exercise, cases, outcomes, budget: float = BUDGET, answer=None) -> str | None:
    """What completes "This is what you get when …", None where no slip agrees with the answer wherever it shows.

    `answer`, where it is given, tells which names its author knows: others are told by what they are made of.
    """
    right = exercise.right
    if right is None or any(o.modified or o.forbidden for o in outcomes) or all(o.kind for o in outcomes):
        return None
    search = _Search(exercise, cases, outcomes, time.thread_time() + budget)
    told = search.told(_slips(exercise, right)) if search.prepare(right) else None
    return told and (told if answer is None else in_known_words(told, exercise, answer))


class _Search:
    """Slips tried one after the other on cases in the order in which they tell most for least."""

    def __init__(self, exercise, cases, outcomes, end):
        self.exercise, self.end = exercise, end
        self.tried = [(case, outcome) for case, outcome in zip(cases, outcomes, strict=True)]

    def prepare(self, right) -> bool:
        """What is right for each case, and those first where the answer is not."""
        self.right = {id(case): self._right(right, case) for case, _ in self.tried}
        self.tried.sort(key=lambda pair: (self._agrees(pair[1], self.right[id(pair[0])]), _size(pair[0])))
        return not self._agrees(self.tried[0][1], self.right[id(self.tried[0][0])])

    def _right(self, right, case):
        """What was worked out when the answer was judged, if only that is right; else what the plain answer gives."""
        if self.exercise.judge is None and hasattr(case, "expected"):
            return case.expected
        # Our own code and so without a limit: it may import torch, and an import that is broken off leaves ruins.
        return self._value(right, case)

    def told(self, slips) -> str | None:
        fits, waiting = [], list(slips)
        with memory_limit():
            while waiting and time.thread_time() < self.end and not (fits and waiting[0].rank > fits[0].rank):
                left = max(self.end - time.thread_time(), HANGING / 4)
                found = guarded(lambda: self._next(waiting, fits), seconds=min(HANGING + left, HANGING * 2))
                if found.kind and waiting:
                    waiting.pop(0)  # this one hangs, or ends the process
        return _sentence(fits)

    def _next(self, waiting, fits):
        """Try slips for a while: a limit around each single one would cost more than the slips themselves."""
        pause = min(time.thread_time() + HANGING, self.end)
        while waiting and time.thread_time() < pause:
            if fits and waiting[0].rank > fits[0].rank:
                return
            if self._fits(waiting[0]):
                fits.append(waiting[0])
            waiting.pop(0)

    def _fits(self, slip) -> bool:
        telling = []
        for case, outcome in self.tried:
            value = self._value(slip.function, case)
            if isinstance(value, _Raised) or isinstance(outcome.kind, str):
                if isinstance(value, _Raised) and outcome.kind == value.kind:
                    continue  # both fail here: that tells nothing
                return False
            right = self.right[id(case)]
            if not self._agrees(outcome, value):
                return False
            if isinstance(right, _Raised) or not self._same(value, right):
                telling.append(value)
        return len(telling) >= 2 or (len(telling) == 1 and _rich(telling[0], self.exercise.value))

    def _value(self, function, case):
        try:
            if self.exercise.using is not None:
                return settled(self.exercise.using(function, *copied(case.args)))
            return settled(function(*copied(case.args)))
        except Exception as error:
            return _Raised(type(error).__name__)

    def _agrees(self, outcome, value) -> bool:
        return not isinstance(value, _Raised) and not outcome.kind and self._same(outcome.value, value)

    def _same(self, found, expected) -> bool:
        try:
            return difference(found, expected, returns=self.exercise.returns, rtol=self.exercise.rtol) is None
        except Exception:
            return False


class _Raised:
    def __init__(self, kind):
        self.kind = kind


def _size(case) -> int:
    return sum(getattr(a, "size", 0) if isinstance(getattr(a, "size", 0), int) else a.numel() for a in case.args)


def _rich(value, alone: bool) -> bool:
    """Whether one value says so much that a single case is enough."""
    if isinstance(value, (tuple, list)) and as_array(value) is None:
        return any(_rich(v, alone) for v in value)
    array = as_array(value)
    if array is None:
        return alone and isinstance(value, str) and len(value) > 3
    if array.dtype.kind in "iu":
        return alone and bool((np.abs(array) > 50).any())
    if array.dtype.kind != "f":
        return False
    fractions = np.unique(array[np.isfinite(array) & (array != np.round(array))])
    return fractions.size >= (1 if alone else RICH)


def _sentence(fits) -> str | None:
    """The likeliest; where others are as likely and come to the same, up to three of them."""
    by_text = {}
    for slip in fits:
        by_text.setdefault(slip.text(), slip.sentence)
    told = list(dict.fromkeys(by_text.values()))[:3]
    if len(told) < 2:
        return told[0] if told else None
    return f"{told[0]} – or, which gives the same here, when {' or when '.join(told[1:])}"
