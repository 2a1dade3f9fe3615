"""What an exercise is: data, and where to find it by name."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from seqlib.display.questions import Task, tasks_of


class Case:
    """One set of inputs: a label that a learner can read, and arguments in the order of the signature.

    >>> Case("a batch of 3", x_t=x, h_prev=h).args
    (x, h)
    """

    def __init__(self, label: str = "", /, **named):
        self.label, self.named = label, named

    @property
    def args(self) -> tuple:
        return tuple(self.named.values())


def one_case(rng) -> list[Case]:
    """Inputs of an exercise whose answer is a value: a single case without arguments."""
    return [Case("your answer")]


@dataclass(frozen=True)
class Exercise:
    """An exercise as its check sees it.

    name       "05.lstm_step": the notebook's number and the name of the learner's function or variable
    points     what all cases together are worth; each case is worth the same share
    inputs     rng -> list of Case, drawn anew for every check: non-square, non-zero, distinct sizes
    oracle     what a right answer returns, computed another way than the solution computes it
    mistakes   {diagnosis: wrong answer}; a diagnosis completes "This is what you get when …"
    right      a plain right answer, as short as it can be read: what the mistakes are edits of (`slips`)
    forbids    dotted names that the answer must not call while it runs, such as "torch.nn.LSTM"
    returns    names of the returned values, for messages
    judge      (found, case) -> None or what is wrong: replaces the comparison where answers are not unique
    value      the answer is a value, not a function
    using      (answer, *args) -> result: how to try an answer that is more than one call, a class for instance
    trains     the course trains through the answer later: its gradients are compared too
    stand_in   what the notebook works with until the answer passes; the oracle unless given
    rtol       relative tolerance of comparisons in float64; the absolute one follows the size of the values

    What a learner is told (how hard, how long, core or stretch, the hints) stands in the text beside the module, and
    other right answers, which a check has to pass, in tests/accepted.
    """

    name: str
    points: float
    oracle: Callable
    inputs: Callable[..., list[Case]] = one_case
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    right: Callable | None = None
    forbids: Sequence[str] = ()
    returns: Sequence[str] = ()
    judge: Callable | None = None
    value: bool = False
    using: Callable | None = None
    trains: bool = False
    stand_in: Callable | None = None
    rtol: float = 1e-6

    def __post_init__(self):
        if not re.fullmatch(r"\d\d\.[A-Za-z_]\w*", self.name):
            raise ValueError(f"an exercise is named like '05.lstm_step', not {self.name!r}")
        if self.points <= 0:
            raise ValueError(f"{self.name}: points must be positive, not {self.points}")

    @property
    def notebook(self) -> str:
        return self.name[:2]

    @property
    def variable(self) -> str:
        return self.name[3:]

    @property
    def told(self) -> Task:
        """What a learner is told of it: difficulty, minutes, core, hints."""
        return tasks_of(self.notebook).get(self.name, Task())


@cache
def module_names() -> dict[str, str]:
    """{"02": "nb02_rnn"}: the exercises module of each notebook."""
    # Looked up by name: the engine knows no exercise, and `exercises` imports the engine.
    package = import_module("seqlib.exercises")
    return {m.name[2:4]: m.name for m in iter_modules(package.__path__) if re.match(r"nb\d\d_", m.name)}


def notebook_module(number: str):
    """The exercises module of notebook `number` ("02"); ValueError where there is none."""
    names = module_names()
    if number not in names:
        raise ValueError(f"there is no notebook {number!r}; there are {', '.join(sorted(names))}")
    return import_module(f"seqlib.exercises.{names[number]}")


def exercises(number: str) -> dict[str, Exercise]:
    """{name: Exercise} of one notebook, in the notebook's order, which is that of the text beside the module."""
    there = vars(notebook_module(number)).values()
    made = {e.name: e for e in there if isinstance(e, Exercise) and e.notebook == number}
    order = list(tasks_of(number))
    return dict(sorted(made.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def all_exercises() -> dict[str, Exercise]:
    return {n: e for number in sorted(module_names()) for n, e in exercises(number).items()}


def find(name: str) -> Exercise:
    """The exercise called `name`; ValueError that suggests near names where there is none."""
    name = str(name)
    number = name[:2]
    known = exercises(number) if number in module_names() else {}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(str(name), list(all_exercises()), n=3)
    raise ValueError(
        f"there is no exercise {name!r}" + (f"; did you mean {' or '.join(map(repr, near))}?" if near else "")
    )
