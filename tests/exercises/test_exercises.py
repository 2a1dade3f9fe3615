"""Every exercise of every notebook: right answers pass, each known mistake is named, nothing else scores.

Exercises are found, not listed: a new notebook is tested as soon as it is there.
"""

import inspect
import time
import types
from functools import cache
from importlib import import_module

import numpy as np
import pytest
import torch
from accepted import accepted
from course.sources import exercise_cells, solution, source_of
from judging import DRAWS, cases, draw, judged_until_it_fails, on

from seqlib.checks import calling, engine
from seqlib.checks.compare import as_array, difference
from seqlib.checks.exercise import all_exercises, module_names
from seqlib.display.questions import tasks_of

ALL = all_exercises()
FUNCTIONS = {n: e for n, e in ALL.items() if not e.value}
VALUES = {n: e for n, e in ALL.items() if e.value}
SEEDS = range(DRAWS)
SECONDS = 1.0  # of processor time, that a check may take
# A recurrent matrix leads from a state to a state; everything else can have two different sizes.
# Attention of a sequence to itself has as many rows as columns.
# A table of what was said for what, and the steps from tag to tag, have a row and a column for each class.
SQUARE = {
    "W_hh",
    "weight_hh",
    "16.prefix_score: weights",
    "16.previous_score: weights",
    "07.f1_scores: table",
    "07.viterbi: step",
    "18.rollout: weights",
    "19.grow: log_lm",
}


def each(exercises):
    return pytest.mark.parametrize("name", list(exercises))


def judged(exercise, answer, seed=0):
    return engine.judge(on(exercise, seed), answer)


def judged_in_time(exercise, answer):
    """As a learner has it: inputs are drawn, everything is compared and told; in less than a second."""
    began = time.process_time()
    verdict = engine.judge(exercise, answer, rng=draw(0))
    seconds = time.process_time() - began
    assert seconds < SECONDS, f"{seconds:.2f} s: {told(verdict)}"
    return verdict


@pytest.fixture
def undiagnosed(monkeypatch):
    """Only whether an answer passes is asked, not what is wrong with it, which takes longer."""
    monkeypatch.setattr(engine, "_diagnose", lambda *_: None)


def told(verdict) -> str:
    lines = [f"{label}: {message}" for label, ok, message in verdict.cases if not ok]
    head = f"{verdict.exercise.name} {verdict.state} {verdict.score}, diagnosis: {verdict.diagnosis}"
    return "\n".join([head, *lines])


@cache
def answer_of(name: str):
    found = solution(name)
    if found is None:
        pytest.skip(f"no solution of {name} in solutions/ yet")
    return found


# -- right answers ---------------------------------------------------------------------------------------------------


@each(FUNCTIONS)
def test_the_solution_passes(name):
    for seed in SEEDS:
        verdict = judged(FUNCTIONS[name], answer_of(name), seed)
        assert verdict.passed and verdict.score == FUNCTIONS[name].points, told(verdict)
        assert verdict.notes == [] and verdict.diagnosis is None


@each(FUNCTIONS)
def test_other_right_answers_pass(name):
    for i, other in enumerate(accepted(name)):
        for seed in SEEDS:
            verdict = judged(FUNCTIONS[name], other, seed)
            assert verdict.passed, f"number {i}: {told(verdict)}"


@each(FUNCTIONS)
def test_there_is_another_idiom(name):
    assert accepted(name), f"{name}: show in tests/accepted that a right answer in another idiom passes"


@each(FUNCTIONS)
def test_the_solution_passes_whatever_torchs_default_type_is(name):
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if before == torch.float32 else torch.float32)
    try:
        verdict = judged(FUNCTIONS[name], answer_of(name))
    finally:
        torch.set_default_dtype(before)
    assert verdict.passed, told(verdict)


@each(FUNCTIONS)
def test_the_answer_computed_in_single_precision_passes(name):
    exercise, answer = FUNCTIONS[name], answer_of(name)
    if exercise.using is not None:
        pytest.skip("the answer is tried as a whole")

    def single(*args):
        return cast(answer(*[cast(a) for a in args]))

    verdict = judged(exercise, single)
    assert verdict.passed, told(verdict)


def cast(value):
    """float64 parts as float32."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
        return value.float()
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(cast(v) for v in value)
    return value


# -- the oracle and the stand-in -------------------------------------------------------------------------------------


@each(FUNCTIONS)
@pytest.mark.parametrize("dress", ["as drawn", "float32"])
def test_the_stand_in_does_what_the_solution_does(name, dress):
    """Also in float32, and with results of the same library: the cells below work with either."""
    exercise, answer = FUNCTIONS[name], answer_of(name)
    if exercise.using is not None:
        pytest.skip("the answer is tried as a whole")
    stand_in = engine.stand_in(exercise)
    for case in exercise.inputs(draw(0)):
        args = case.args if dress == "as drawn" else tuple(map(cast, case.args))
        mine, kept = answer(*calling.copied(args)), calling.copied(args)
        theirs = stand_in(*kept)
        problem = _unlike(exercise, mine, theirs, case)
        assert problem is None, f"{case.label}: {problem}"
        assert difference(_plain(kept), _plain(args)) is None, "the stand-in changes its arguments"
        assert _library(mine) == _library(theirs), "solution and stand-in give results of different libraries"


@each(FUNCTIONS)
@pytest.mark.parametrize("dressed", [calling.as_torch, calling.as_numpy], ids=["torch", "numpy"])
def test_the_oracle_and_the_solution_agree_in_the_other_library_where_both_run(name, dressed):
    exercise, answer = FUNCTIONS[name], answer_of(name)
    if exercise.using is not None:
        pytest.skip("the answer is tried as a whole")
    for case in exercise.inputs(draw(3)):
        args = dressed(case.args)
        try:
            mine, theirs = answer(*calling.copied(args)), exercise.oracle(*calling.copied(args))
        except (TypeError, AttributeError, RuntimeError, ValueError):
            continue  # one of them is at home in one library only
        assert _unlike(exercise, mine, theirs, case) is None, case.label


def _unlike(exercise, mine, theirs, case):
    if exercise.judge is not None:
        return exercise.judge(theirs, case)
    return difference(mine, theirs, returns=exercise.returns, rtol=1e-5)


def _plain(args):
    """Arguments that `difference` can compare: modules, functions and generators have no value of their own."""
    odd = (torch.nn.Module, types.FunctionType, np.random.Generator)
    return [None if isinstance(a, odd) else a if as_array(a) is None else as_array(a) for a in args]


def _library(value):
    """What the result is to the code that uses it: tensors, arrays or lists, member by member."""
    if isinstance(value, tuple):
        return [_library(v) for v in value]
    if hasattr(value, "detach"):
        return "torch"
    return "a list" if isinstance(value, list) else "numpy" if np.ndim(value) else "a scalar"


@each(FUNCTIONS)
def test_the_stand_in_has_the_signature_of_the_solution(name):
    """So that cells that name an argument, or leave out one with a default, run in the unsolved notebook too."""
    exercise, answer = FUNCTIONS[name], answer_of(name)
    if exercise.using is not None and exercise.stand_in is None:
        pytest.fail(f"{name} is tried with `using`: give it a `stand_in` that the notebook can work with")
    theirs = inspect.signature(exercise.stand_in or exercise.oracle).parameters
    if any(p.kind == p.VAR_KEYWORD for p in theirs.values()):
        return
    for parameter in inspect.signature(answer).parameters.values():
        same = theirs.get(parameter.name)
        assert same is not None, f"the stand-in of {name} has no argument {parameter.name!r}, only {list(theirs)}"
        if parameter.default is not parameter.empty:
            assert same.default is not same.empty, f"{parameter.name!r} may be left out, but not of the stand-in"


@each(FUNCTIONS)
def test_the_oracle_is_not_the_solution(name):
    """Written another way; comparing a thing with itself proves nothing."""
    exercise, answer = FUNCTIONS[name], answer_of(name)
    codes = [getattr(f, "__code__", None) for f in (exercise.oracle, answer)]
    if None not in codes:
        assert codes[0].co_code != codes[1].co_code or codes[0].co_names != codes[1].co_names


# -- wrong answers ---------------------------------------------------------------------------------------------------


@each(ALL)
def test_there_are_known_mistakes_told_as_the_end_of_a_sentence(name):
    mistakes = ALL[name].mistakes
    assert len(mistakes) >= 3
    for diagnosis in mistakes:
        assert diagnosis == diagnosis.strip() and not diagnosis.endswith("."), diagnosis
        assert not diagnosis.lower().startswith("this is what"), diagnosis
        first = diagnosis.split()[0]
        assert not first.istitle() or len(first) == 1, f"{diagnosis!r} is the end of a sentence: a small letter"


@each(FUNCTIONS)
def test_a_right_answer_is_told_so_in_less_than_a_second(name):
    judged(FUNCTIONS[name], answer_of(name))  # what is imported at the first call is no check's time
    assert judged_in_time(FUNCTIONS[name], answer_of(name)).passed


@each(FUNCTIONS)
def test_each_known_mistake_fails_with_its_own_diagnosis_in_less_than_a_second(name):
    judged(FUNCTIONS[name], answer_of(name))
    for diagnosis, wrong in FUNCTIONS[name].mistakes.items():
        verdict = judged_in_time(FUNCTIONS[name], wrong)
        assert verdict.state == "wrong", f"passes: {diagnosis}"
        assert verdict.diagnosis == diagnosis, f"should be: {diagnosis}\n{told(verdict)}"


@each(FUNCTIONS)
def test_each_known_mistake_fails_whatever_is_drawn(name):
    for diagnosis, wrong in FUNCTIONS[name].mistakes.items():
        for seed in SEEDS[1:]:  # the first is where it is diagnosed
            verdict = judged_until_it_fails(FUNCTIONS[name], wrong, seed)
            assert verdict.state == "wrong", f"passes: {diagnosis}"


@each(FUNCTIONS)
def test_each_known_mistake_is_named_in_single_precision_too(name):
    """Learners may work in float32, whose tolerance is wider: their mistake is still a mistake, and the same one."""
    exercise = FUNCTIONS[name]
    if exercise.using is not None:
        pytest.skip("the answer is tried as a whole")
    for diagnosis, wrong in list(exercise.mistakes.items())[::4]:
        verdict = judged(exercise, lambda *args, wrong=wrong: cast(wrong(*args)))
        assert verdict.state == "wrong" and verdict.diagnosis == diagnosis, f"should be: {diagnosis}\n{told(verdict)}"


@each(VALUES)
def test_each_known_wrong_value_is_named(name):
    for diagnosis, wrong in VALUES[name].mistakes.items():
        verdict = judged(VALUES[name], wrong())
        assert verdict.state == "wrong" and verdict.diagnosis == diagnosis, f"should be: {diagnosis}\n{told(verdict)}"


@each(FUNCTIONS)
def test_an_answer_that_returns_nothing_scores_nothing_in_less_than_a_second(name, monkeypatch):
    def nothing(*_, **__):
        return None

    judged_until_it_fails(FUNCTIONS[name], nothing, 0)
    assert judged_in_time(FUNCTIONS[name], nothing).score == 0
    monkeypatch.setattr(engine, "_diagnose", lambda *_: None)
    for seed in SEEDS[1:]:
        verdict = judged(FUNCTIONS[name], nothing, seed)
        assert verdict.score == 0, told(verdict)


@each(FUNCTIONS)
def test_empty_answers_score_special_cases_at_most(name, undiagnosed):
    """A constant, or an argument given back: right only where a case is about just that, such as an empty input; and
    that is one case, or two of six."""
    exercise = FUNCTIONS[name]
    cases = exercise.inputs(draw(0))
    empty = {f"the constant {c!r}": (lambda *_, c=c: c) for c in (0, 1, -1, "", (), [], {}, True, np.zeros(1))}
    for i in range(len(cases[0].args)):
        empty[f"argument {i}"] = lambda *args, i=i: args[i]
    for label, answer in empty.items():
        for seed in SEEDS[:3]:
            verdict = judged(exercise, answer, seed)
            special = max(exercise.points / len(cases), exercise.points / 3)
            assert verdict.score <= special + 0.01, f"{label}: {told(verdict)}"


@each(FUNCTIONS)
def test_an_answer_remembered_from_another_draw_scores_nothing(name, undiagnosed):
    exercise = FUNCTIONS[name]
    if exercise.using is not None:
        pytest.skip("the answer is tried as a whole")
    old = iter([engine.expected(exercise, case) for case in exercise.inputs(draw(77))])
    verdict = judged(exercise, lambda *_: next(old, None))
    assert verdict.score < exercise.points, f"{name} can be answered with remembered values"


@each(FUNCTIONS)
def test_a_stub_scores_nothing_and_is_told_as_to_do(name):
    def stub(*_, **__):
        raise NotImplementedError

    verdict = judged(FUNCTIONS[name], stub)
    assert verdict.score == 0 and verdict.state == "todo"


@each(VALUES)
def test_values_right_empty_and_stood_in_for(name):
    exercise = VALUES[name]
    assert judged(exercise, None).state == "todo"
    assert judged(exercise, exercise.oracle()).passed
    for other in accepted(name):
        assert judged(exercise, other() if callable(other) else other).passed
    for empty in ("", -12345, [], object(), float("nan")):
        assert judged(exercise, empty).score == 0
    assert engine.is_stand_in(engine.stand_in(exercise)), f"the stand-in of {name} can't be told from an answer"


# -- inputs ----------------------------------------------------------------------------------------------------------


def _arrays(case):
    return {n: as_array(a) for n, a in case.named.items() if as_array(a) is not None and as_array(a).size > 1}


@each(FUNCTIONS)
def test_inputs_are_drawn_anew_and_only_from_the_generator(name):
    exercise = FUNCTIONS[name]
    drawn = [[_plain(c.args) for c in exercise.inputs(draw(s))] for s in (0, 0, 1)]
    assert _same(drawn[0], drawn[1]), "inputs must depend on `rng` alone"
    assert not _same(drawn[0], drawn[2]), "inputs must be drawn anew"


def _same(one, other):
    return all(difference(b, a, rtol=1e-12) is None for a, b in zip(one, other, strict=True))


@each(FUNCTIONS)
def test_inputs_are_not_zero_and_not_square(name):
    """Each argument in one case at least: wrong code hides behind zeros, and a transposed axis in a square."""
    drawn = [_arrays(case) for case in FUNCTIONS[name].inputs(draw(0))]
    for argument in {n for arrays in drawn for n in arrays}:
        arrays = [a[argument] for a in drawn if argument in a]
        shapes = [a.shape for a in arrays]
        assert any(a.any() for a in arrays), f"{argument} is zero in every case"
        square = [len(s) >= 2 and s[-1] == s[-2] for s in shapes]
        assert {argument, f"{name}: {argument}"} & SQUARE or not all(square), (
            f"{argument} is square in every case: {shapes}"
        )


@each(FUNCTIONS)
def test_cases_are_labelled_and_follow_the_signature(name):
    cases = FUNCTIONS[name].inputs(draw(0))
    labels = [c.label for c in cases]
    assert all(labels) and len(set(labels)) == len(labels) >= 2, labels
    for case in cases:
        assert case.label[0].islower() or not case.label[0].isalpha() or case.label[:2].isupper() or len(case.label) > 2
    if FUNCTIONS[name].using is None:
        names = calling.parameters(answer_of(name))
        for case in cases:
            assert list(case.named) == names[: len(case.named)], "a case names its arguments as the signature does"


# -- the rest of what an exercise holds ------------------------------------------------------------------------------


@each(ALL)
def test_there_are_hints_and_a_fair_description(name):
    told = ALL[name].told
    assert len(told.hints) >= 2 and all(len(h) > 8 for h in told.hints)
    assert 1 <= told.difficulty <= 4 and 1 <= told.minutes <= 60


def test_nothing_is_told_of_an_exercise_that_is_not_there():
    assert {name for number in module_names() for name in tasks_of(number)} == set(ALL)


def test_no_other_right_answer_is_of_an_exercise_that_is_not_there():
    modules = [import_module(f"accepted.nb{number}") for number in module_names()]
    assert {name for module in modules for name in module.ACCEPTED} <= set(ALL)


@each(FUNCTIONS)
def test_what_is_forbidden_exists_and_can_be_noticed(name):
    """ufuncs and compiled dispatchers (np.dot, np.exp) leave no trace when they are called: forbid another name."""
    for dotted in FUNCTIONS[name].forbids:
        thing = calling.resolve(dotted)
        seen = calling._codes(thing) or isinstance(thing, (types.BuiltinFunctionType, types.MethodDescriptorType))
        assert seen, f"{dotted}: a call of it can't be noticed"


@pytest.mark.parametrize("number", sorted(module_names()))
def test_judging_in_little_time_says_what_the_engine_says(number, undiagnosed):
    """Shared draws, and nothing after the first failure: the same verdict, and what is shared stays as it was drawn."""
    for name in [n for n in FUNCTIONS if n[:2] == number][::6]:
        exercise = FUNCTIONS[name]
        for answer in [answer_of(name), *exercise.mistakes.values()]:
            plain = engine.judge(exercise, answer, rng=draw(5))
            assert judged_until_it_fails(exercise, answer, 5).state == plain.state == judged(exercise, answer, 5).state
        shared, fresh = cases(name, 5), exercise.inputs(draw(5))
        assert _same(*([_plain(c.args) for c in drawn] for drawn in (shared, fresh))), name


@pytest.mark.parametrize("number", sorted(module_names()))
def test_every_checks_module_has_its_notebook(number):
    path = source_of(number)
    if path is None:
        pytest.skip(f"no source of notebook {number} yet")
    assert f"nb{path.stem}" == module_names()[number]
    assert list(exercise_cells(path)) == [n for n in ALL if n[:2] == number]


def test_the_first_three_notebooks_hold_what_was_promised():
    first = [e for n, e in ALL.items() if n[:2] in ("00", "01", "02")]
    assert len(first) >= 16 and sum(len(e.mistakes) for e in first) >= 50
