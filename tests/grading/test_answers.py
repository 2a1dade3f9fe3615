"""Answers in the sandbox: forbidden parts, classes, functions as inputs, stand-ins, other idioms."""

import textwrap

import numpy as np
import pytest
from attacks.libraries import FORBIDDEN

from seqlib.checks import exercise as exercises_module
from seqlib.checks.exercise import Case, Exercise
from seqlib.grading import grade
from seqlib.grading.assignment import Assignment
from seqlib.grading.trying import source_of


def _sequences(rng):
    return [
        Case(
            f"a batch of {b}",
            x=rng.normal(size=(b, 5, 3)),
            W_xh=rng.normal(size=(3, 4)),
            W_hh=rng.normal(size=(4, 4)) * 0.4,
        )
        for b in (1, 2)
    ]


def _loop(x, W_xh, W_hh):
    h, states = np.zeros((x.shape[0], W_hh.shape[0])), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh)
        states.append(h)
    return np.stack(states, 1)


def _steps(rng):
    return [
        Case("two steps", x_t=rng.normal(size=3), h_prev=rng.normal(size=3)),
        Case("zeros", x_t=np.zeros(3), h_prev=rng.normal(size=3)),
    ]


def _half(x_t, h_prev):
    return 0.5 * x_t + 0.5 * h_prev


def _run_twice(counter, start):
    made = counter(start)
    made.up()
    return made.up()


step = Exercise(
    name="97.step",
    points=2,
    inputs=_steps,
    oracle=_half,
    mistakes={"the two change places": lambda x_t, h_prev: x_t - h_prev},
)
whole = Exercise(
    name="97.whole",
    points=4,
    inputs=lambda rng: [Case("five steps", xs=rng.normal(size=(5, 3)))],
    oracle=lambda xs: np.stack([sum(0.5 ** (t + 1 - s) * xs[s] for s in range(t + 1)) for t in range(len(xs))]),
)
again = Exercise(name="97.again", points=1, inputs=_steps, oracle=_half)
rnn = Exercise(name="97.rnn", points=3, inputs=_sequences, oracle=_loop, forbids=["torch.nn.RNN", "numpy.cumsum"])
counter = Exercise(
    name="97.Counter",
    points=2,
    inputs=lambda rng: [Case("from a number", start=int(rng.integers(3, 9)))],
    oracle=lambda start: start + 2,
    using=_run_twice,
)
slope = Exercise(
    name="97.slope",
    points=2,
    oracle=lambda f, x: 2 * x,
    inputs=lambda rng: [Case("a parabola", f=lambda x: x * x, x=float(rng.uniform(1, 2)))],
    rtol=1e-4,
)
draw = Exercise(
    name="97.draw",
    points=1,
    inputs=lambda rng: [Case("a generator", rng=np.random.default_rng(5), n=4)],
    oracle=lambda rng, n: rng.normal(size=n),
)
several = Exercise(
    name="97.several",
    points=2,
    inputs=lambda rng: [Case("anything", n=int(rng.integers(3, 9)))],
    oracle=lambda n: None,
    judge=lambda found, case: (
        None
        if isinstance(found, list) and sum(found) == case.named["n"]
        else f"they should add up to {case.named['n']}"
    ),
)
FOUND = {e.name: e for e in (step, whole, again, rnn, counter, slope, draw, several)}


@pytest.fixture
def judged(slot, monkeypatch):
    """judged(cells, names) -> the record of a notebook with these code cells."""
    import seqlib.grading.assignment as module

    monkeypatch.setattr(module, "exercises", lambda number: FOUND)
    monkeypatch.setattr(exercises_module, "all_exercises", lambda: FOUND)

    def run(cells, *names):
        import json

        book = {
            "nbformat": 4,
            "metadata": {},
            "cells": [{"cell_type": "code", "metadata": {}, "source": textwrap.dedent(c)} for c in cells],
        }
        made = Assignment("toy", {n: FOUND[n].points for n in FOUND if n in names})
        return grade.grade(slot, json.dumps(book).encode(), "97_toy.ipynb", made, 12345)

    return run


LOOP = """
import numpy as np
def rnn(x, W_xh, W_hh):
    h, states = np.zeros((x.shape[0], W_hh.shape[0])), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh)
        states.append(h)
    return np.stack(states, 1)
"""


def test_an_honest_loop_passes_where_the_library_is_forbidden(judged):
    assert judged([LOOP], "97.rnn")["score"] == 3
    assert (
        judged(["import torch\nmodel = torch.nn.RNN(3, 4)", LOOP, "y = np.cumsum(np.ones(3))"], "97.rnn")["score"] == 3
    )
    assert (
        judged(
            [
                "import torch\n"
                + LOOP.replace("np.", "torch.")
                .replace("import numpy as np", "")
                .replace("torch.zeros((x.shape[0], W_hh.shape[0]))", "x.new_zeros(x.shape[0], W_hh.shape[0])")
            ],
            "97.rnn",
        )["score"]
        == 3
    )


@pytest.mark.parametrize("way", FORBIDDEN)
def test_the_forbidden_part_scores_nothing(judged, way):
    record = judged([FORBIDDEN[way].replace("ANSWER", "rnn")], "97.rnn")
    assert record["score"] == 0, record
    assert "does the work" in str(record) or "can't be seen" in str(record) or way == "seqlib's own"


def test_a_known_mistake_is_named(judged):
    record = judged(["def step(x_t, h_prev):\n    return x_t - h_prev"], "97.step")
    assert record["score"] == 0 and record["exercises"]["97.step"]["diagnosis"] == "the two change places"


WHOLE = """
import numpy as np
def whole(xs):
    h, out = np.zeros(3), []
    for x in xs:
        h = step(x, h)
        out.append(h)
    return np.stack(out)
"""


def test_a_bad_exercise_costs_nothing_further_down(judged):
    """`whole` is right but calls `step`, which is not written, or wrong: a stand-in answers, as in the notebook."""
    for bad in (
        "def step(x_t, h_prev):\n    raise NotImplementedError",
        "def step(x_t, h_prev):\n    return x_t - h_prev",
        "def step(x_t, h_prev):\n    import os\n    os._exit(0)",
    ):
        scores = {n: e["score"] for n, e in judged([bad, WHOLE], "97.step", "97.whole")["exercises"].items()}
        assert scores == {"97.step": 0, "97.whole": 4}, bad


def test_a_stand_in_does_not_give_a_later_answer_away(judged):
    """`again` asks for the same as `step`: handing on the stand-in is worth nothing, one's own `step` is."""
    handed_on = "def again(x_t, h_prev):\n    return step(x_t, h_prev)"
    assert (
        judged(["def step(x_t, h_prev):\n    raise NotImplementedError", handed_on], "97.step", "97.again")["score"]
        == 0
    )
    assert (
        judged(["def step(x_t, h_prev):\n    return 0.5 * (x_t + h_prev)", handed_on], "97.step", "97.again")["score"]
        == 3
    )


def test_a_stand_in_is_not_there_for_its_own_exercise(judged):
    """The first try fails for want of a name; the second may not use what was handed over in between."""
    cells = [
        "def step(x_t, h_prev):\n    return missing(x_t, h_prev)",
        "stolen = step\ndef missing(x_t, h_prev):\n    return stolen(x_t, h_prev)",
    ]
    assert judged(cells, "97.step")["score"] == 0


def test_what_a_second_try_will_ask_is_not_answered_in_between(judged):
    """`step` first fails for want of a name; were there a stand-in now, two calls would tell its two weights."""
    cells = [
        "def step(x_t, h_prev):\n    return a * x_t + b * h_prev",
        "import numpy as np\na = float(step(np.ones(1), np.zeros(1))[0])\nb = float(step(np.zeros(1), np.ones(1))[0])",
    ]
    assert judged(cells, "97.step")["score"] == 0


def test_a_helper_further_down_serves_two_exercises(judged):
    cells = [
        "def step(x_t, h_prev):\n    return mix(x_t, h_prev)",
        WHOLE,
        "def mix(a, b):\n    return (a + b) / 2",
    ]
    assert judged(cells, "97.step", "97.whole")["score"] == 6
    cells[-1] = "def mix(a, b):\n    return a - b"
    assert judged(cells, "97.step", "97.whole")["score"] == 4


def test_a_class_is_tried_in_the_sandbox(judged):
    good = (
        "class Counter:\n    def __init__(self, start):\n        self.n = start\n"
        "    def up(self):\n        self.n += 1\n        return self.n"
    )
    assert judged([good], "97.Counter")["score"] == 2
    assert judged([good.replace("+= 1", "+= 2")], "97.Counter")["score"] == 0
    assert judged(["Counter = 5"], "97.Counter")["score"] == 0


def test_functions_and_generators_can_be_inputs(judged):
    cells = [
        "def slope(f, x):\n    return (f(x + 1e-4) - f(x - 1e-4)) / 2e-4",
        "def draw(rng, n):\n    return rng.normal(size=n)",
    ]
    assert judged(cells, "97.slope", "97.draw")["score"] == 3
    assert (
        judged(
            ["def slope(f, x):\n    return f(x)", "def draw(rng, n):\n    return rng.uniform(size=n)"],
            "97.slope",
            "97.draw",
        )["score"]
        == 0
    )


def test_an_exercise_of_many_answers_is_judged_here_and_told_without_numbers(judged):
    assert judged(["def several(n):\n    return [1, n - 1]"], "97.several")["score"] == 2
    record = judged(["def several(n):\n    return [1]"], "97.several")
    case = record["exercises"]["97.several"]["cases"][0]
    assert record["score"] == 0 and case["told"] == "they should add up to …"


def test_what_tries_an_answer_never_carries_the_answer():
    source = source_of(counter, "using")
    assert "_run_twice" in source and "_loop" not in source and "oracle" not in source
    space = {}
    exec(source, space)
    assert callable(space["made_"])


def test_every_exercise_of_the_course_can_be_tried_outside():
    """Inputs can be sent, and how an answer is tried can be written down without giving it away."""
    from seqlib.checks.exercise import all_exercises
    from seqlib.grading.inside import wire
    from seqlib.grading.slot import Run, exporter

    for name, one in all_exercises().items():
        source_of(one, "using")
        for case in one.inputs(np.random.default_rng(0)):
            wire.encode(list(case.args), exporter(Run(None, None))), name
