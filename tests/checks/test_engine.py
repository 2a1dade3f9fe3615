"""Whatever an answer does, its check says so in a sentence: it never raises, never writes to stderr, never hangs."""

import codecs
import cProfile
import errno
import json
import os
import subprocess
import sys
import threading
import time
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

from seqlib import runtime
from seqlib.checks import Case, Exercise, calling, check, engine, exercise, hint, progress_file
from seqlib.checks.compare import as_array, describe, difference
from seqlib.checks.overview import progress

# -- a few exercises of our own --------------------------------------------------------------------------------------


def _arrays(rng):
    return [
        Case(f"a batch of {n}", x=rng.normal(size=(n, 3)), W=rng.normal(size=(3, 4)), b=rng.normal(size=4))
        for n in (2, 5)
    ]


def _torch_affine(x, W, b):
    as_double = [torch.as_tensor(a, dtype=torch.float64) for a in (x, W, b)]
    return torch.nn.functional.linear(as_double[0], as_double[1].T, as_double[2]).numpy()


affine = Exercise(
    name="99.affine",
    points=4,
    inputs=_arrays,
    oracle=_torch_affine,
    mistakes={
        "the bias is forgotten": lambda x, W, b: x @ W,
        "the bias is subtracted": lambda x, W, b: x @ W - b,
        "the input is changed in place": lambda x, W, b: np.multiply(x, 2, out=x) @ W + b,
    },
    forbids=["torch.nn.functional.linear", "torch.addmm", "torch.Tensor.matmul", "torch.nn.RNN", "numpy.einsum"],
    returns=("y",),
)


HINTS = ["Which shapes meet in `@`?", "`x @ W`, and then the bias.", "`x @ W + b`"]


def _two_lengths(rng):
    return [Case(f"{n} numbers", x=rng.uniform(1, 2, size=n)) for n in (3, 6)]


moments = Exercise(
    name="99.moments",
    points=2,
    inputs=_two_lengths,
    oracle=lambda x: (float(np.mean(x)), np.asarray(x) ** 2),
    mistakes={"the sum is not divided": lambda x: (np.sum(x), x**2)},
    returns=("mean", "square"),
)


def _words(rng):
    return [Case("letters", text="".join(rng.choice(list("abcd"), size=n))) for n in (6, 9)]


vocabulary = Exercise(
    name="99.vocabulary",
    points=1,
    inputs=_words,
    oracle=lambda text: {c: i for i, c in enumerate(sorted(set(text)))},
    mistakes={"the order is reversed": lambda text: {c: i for i, c in enumerate(sorted(set(text))[::-1])}},
)
spelled = Exercise(name="99.spelled", points=1, inputs=_words, oracle=lambda text: list(text))
text_back = Exercise(name="99.text_back", points=1, inputs=_words, oracle=lambda text: text[::-1])
half = Exercise(name="99.half", points=1, value=True, oracle=lambda: 0.5, mistakes={"it is inverted": lambda: 2.0})
table = Exercise(name="99.table", points=1, value=True, oracle=lambda: np.arange(6.0).reshape(2, 3) + 1)
own_judge = Exercise(
    name="99.own_judge",
    points=1,
    inputs=_two_lengths,
    oracle=lambda x: np.sort(x),
    judge=lambda found, case: None if sorted(found) == sorted(case.named["x"]) else "it is no permutation of `x`",
)


class Counter:
    def __init__(self, start):
        self.now = start

    def step(self):
        self.now += 1
        return self.now


using = Exercise(
    name="99.Counter",
    points=1,
    inputs=lambda rng: [Case("from a start", start=int(rng.integers(3, 99)))],
    oracle=lambda start: start + 2,
    using=lambda answer, start: [c := answer(start), c.step(), c.step()][-1],
    stand_in=Counter,
)
broken = Exercise(name="99.broken", points=1, inputs=_two_lengths, oracle=lambda x: 1 / 0)

ALL = [affine, moments, vocabulary, spelled, text_back, half, table, own_judge, using, broken]


def right(x, W, b):
    return x @ W + b


@pytest.fixture(autouse=True)
def own_course(monkeypatch, tmp_path):
    """Notebook 99 beside the real ones, and a home of its own."""
    module = types.ModuleType("seqlib.exercises.nb99_synthetic")
    vars(module).update({e.variable: e for e in ALL})
    names = {**exercise.module_names(), "99": "nb99_synthetic"}
    monkeypatch.setattr(exercise, "tasks_of", lambda number: {"99.affine": exercise.Task(hints=HINTS)})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(exercise, "module_names", lambda: names)
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def silent(capfd):
    """No check writes to stderr (nbgrader would score that zero), and none prints."""
    yield
    out, err = capfd.readouterr()
    assert err == "" and out == ""


def messages(result) -> str:
    return "\n".join(message for _, _, message in result.verdict.cases)


def refused(answer, *parts, name="99.affine"):
    """The result of a check that must fail, with all `parts` in its text, and nothing of the checker's own code."""
    handed, result = check(name, answer)
    text = str(result)
    assert not result.passed and result.score == 0, text
    assert handed is not answer
    for part in parts:
        assert part in text, text
    for ours in ("Traceback", "seqlib/checks", "calling.py", "engine.py", "fault of the course"):
        assert ours not in text, text
    assert repr(result) == "0"
    assert "sl-card" in result._repr_html_()
    return result


# -- right answers, in whatever dress --------------------------------------------------------------------------------


def loop(x, W, b):
    out = np.empty((len(x), W.shape[1]))
    for i in range(len(x)):
        for j in range(W.shape[1]):
            out[i, j] = sum(x[i, k] * W[k, j] for k in range(len(W))) + b[j]
    return out


RIGHT = {
    "matrix product": right,
    "loop": loop,
    "list of lists": lambda x, W, b: (x @ W + b).tolist(),
    "tuple of rows": lambda x, W, b: tuple(x @ W + b),
    "torch inside, torch out": lambda x, W, b: torch.tensor(x) @ torch.tensor(W) + torch.tensor(b),
    "torch that wants tensors": lambda x, W, b: torch.tanh(x).atanh().mm(W) + b.unsqueeze(0),
    "a list of tensors": lambda x, W, b: [row @ torch.tensor(W) + torch.tensor(b) for row in torch.tensor(x)],
    "a list of tensors with gradients": lambda x, W, b: [
        row @ torch.tensor(W, requires_grad=True) + torch.tensor(b) for row in torch.tensor(x)
    ],
    "with gradients": lambda x, W, b: torch.tensor(x, requires_grad=True) @ torch.tensor(W) + torch.tensor(b),
    "float32": lambda x, W, b: (x @ W + b).astype(np.float32),
    "float32 all along": lambda x, W, b: x.astype("f4") @ W.astype("f4") + b.astype("f4"),
    "torch float32": lambda x, W, b: (torch.tensor(x) @ torch.tensor(W) + torch.tensor(b)).float(),
    "a parameter": lambda x, W, b: torch.nn.Parameter(torch.tensor(x @ W + b)),
    "a subclass of an array": lambda x, W, b: (x @ W + b).view(type("Mine", (np.ndarray,), {})),
    "column order": lambda x, W, b: np.asfortranarray(x @ W + b),
    "a generator of rows": lambda x, W, b: (row for row in x @ W + b),
    "variable arguments": lambda *args: right(*args),
    "with more arguments that have defaults": lambda x, W, b, scale=1.0: right(x, W, b) * scale,
    "other names": lambda inputs, weights, bias: right(inputs, weights, bias),
    "positional only": lambda x, W, b, /: right(x, W, b),
    "a builtin-like callable": types.MethodType(lambda self, x, W, b: right(x, W, b), object()),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_right_answers_pass_in_any_dress(answer):
    handed, result = check("99.affine", answer)
    assert result.passed, str(result)
    assert repr(result) == "4" and float(result) == 4
    x, W, b = affine.inputs(np.random.default_rng(1))[0].args
    read = handed(x, W=W, b=b)
    assert isinstance(read, np.ndarray)  # as the cells below need it
    np.testing.assert_allclose(read, x @ W + b, rtol=1e-4)
    assert check("99.affine", handed)[0] is handed


def test_an_answer_that_the_page_can_use_is_handed_back_itself():
    assert check("99.affine", right)[0] is right
    handed, result = check("99.affine", lambda inputs, W, b: (inputs @ W + b).tolist())
    assert "go on with arrays" in str(result) and handed(x=np.ones((1, 3)), W=np.ones((3, 4)), b=1.0).shape == (1, 4)
    handed, result = check("99.table", (np.arange(6).reshape(2, 3) + 1).tolist())
    assert result.passed and handed.dtype == np.float64 and "arrays" in str(result)


def test_a_callable_object_and_a_static_method_pass():
    class Model:
        def __call__(self, x, W, b):
            return right(x, W, b)

        @staticmethod
        def affine(x, W, b):
            return right(x, W, b)

    assert check("99.affine", Model())[1].passed and check("99.affine", Model.affine)[1].passed


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: (sum(x) / len(x), [v * v for v in x]),
        lambda x: [torch.tensor(x).mean(), torch.tensor(x) ** 2],
        lambda x: (np.float32(np.mean(x)), np.square(x).astype("f4")),
        lambda x: (np.array(np.mean(x)), np.square(x)),
    ],
)
def test_tuples_may_be_lists_and_scalars_of_any_kind(answer):
    assert check("99.moments", answer)[1].passed


def test_dicts_lists_and_strings():
    assert check("99.vocabulary", lambda text: {c: np.int64(i) for i, c in enumerate(sorted(set(text)))})[1].passed
    assert check("99.spelled", lambda text: tuple(text))[1].passed
    assert check("99.text_back", lambda text: "".join(reversed(text)))[1].passed
    refused(lambda text: {c: 0 for c in text if c != text[0]}, "missing", name="99.vocabulary")
    refused(lambda text: {**dict.fromkeys(text, 0), "z": 1}, "unexpected 'z'", name="99.vocabulary")
    refused(lambda text: sorted(text), "should be a dict; found list", name="99.vocabulary")
    refused(lambda text: list(text) + ["?"], "entries; found", name="99.spelled")
    refused(lambda text: text, "should be str", name="99.text_back")


def test_half_precision_is_told_as_such_and_no_excuse_for_a_percent():
    refused(lambda x, W, b: torch.tensor(x @ W + b).bfloat16(), "half precision (bfloat16)")
    refused(lambda x, W, b: (x @ W + b).astype(np.float16), "half precision (float16)")
    refused(lambda x, W, b: (1.005 * (x @ W + b)).astype(np.float32), "entries differ")
    half = np.ones(3, dtype=np.float16)
    assert difference(half * np.float16(1.001), half) is None  # where the exercise itself is in half precision


def test_partial_credit_is_a_number_for_nbgrader():
    handed, result = check("99.affine", lambda x, W, b: right(x, W, b) if len(x) == 2 else x)
    assert result.score == 2 and repr(result) == "2" and not result.passed and isinstance(handed, engine.StandIn)
    assert [passed for _, passed, _ in result.verdict.cases] == [True, False]
    assert float(repr(result)) == result.score


# -- bad answers -----------------------------------------------------------------------------------------------------

NOT_FUNCTIONS = [None, 3, "text", [1, 2], np.zeros(3), torch.zeros(2), Ellipsis, {}, types]


@pytest.mark.parametrize("answer", NOT_FUNCTIONS, ids=[type(a).__name__ for a in NOT_FUNCTIONS])
def test_something_that_is_no_function(answer):
    refused(answer, "`affine` should be a function")


def test_the_number_of_arguments():
    refused(lambda x, W: x, "calls it with 3 arguments (x, W, b)", "takes 2 (x, W)")
    refused(lambda: 0, "takes 0 (none)")
    refused(lambda x, W, b, h: 0, "takes 4 (x, W, b, h)")
    refused(lambda x, W, b, *, h: 0, "needs h by name")


def raises(error):
    def answer(x, W, b):
        raise error

    return answer


@pytest.mark.parametrize(
    "error",
    [ValueError("shapes do not match"), KeyError("h"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(),
     StopIteration(), MemoryError(), AssertionError("no"), BaseException("odd")],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_an_exception(error):
    refused(raises(error), f"it raised {type(error).__name__}")


def test_an_exception_is_told_in_the_learners_own_line():
    def answer(x, W, b):
        y = x @ W
        return y @ y.reshape(7, -1)

    result = refused(answer, "at the line `return y @ y.reshape(7, -1)`", "(with `x` (2, 3)")
    assert "cannot reshape" in messages(result)


def test_an_exception_deep_in_a_library_names_the_learners_line():
    refused(lambda x, W, b: np.linalg.solve(x, W), "np.linalg.solve(x, W)", "it raised LinAlgError")


def test_exit_and_recursion():
    refused(lambda x, W, b: sys.exit("bye"), "it raised SystemExit: bye")

    def again(x, W, b):
        return again(x, W, b)

    refused(again, "it raised RecursionError")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def test_an_exception_that_cannot_be_printed():
    refused(raises(Unprintable()), "it raised Unprintable")


@pytest.mark.parametrize(
    "value, part",
    [
        (None, "is None: does the function end with `return`?"),
        ("text", "found str 'text'"),
        (object(), "found object <object"),
        (lambda: 0, "found function"),
        ({}, "found dict {}"),
        (np.zeros((3, 2)), "found (3, 2)"),
        (np.zeros(()), "found ()"),
        (3.0, "found ()"),
        ([[1, 2], [3]], "found list of length 2"),
        (np.array(["a", "b"]), "found array of shape (2,)"),
        (np.zeros((4, 2)).T.tolist(), "expected"),
        (torch.zeros(2, 4).to_sparse(), "found tensor of shape (2, 4)"),
        (torch.zeros(2, 4, device="meta"), "found tensor of shape (2, 4)"),
        (np.zeros((2, 4), dtype=complex), "should be real"),
        (np.zeros((1_000_000, 3), dtype=np.int8), "found (1000000, 3)"),
        (np.broadcast_to(np.zeros(1), (10**6, 10**6)), "found (1000000, 1000000)"),
        (np.full((2, 4), np.nan), "is not finite: 8 of 8 entries"),
        (np.full((2, 4), np.inf), "is not finite"),
        (torch.full((2, 4), float("nan")), "nan where"),
    ],
)  # fmt: skip
def test_a_wrong_value(value, part):
    refused(lambda x, W, b: value, part)


def test_one_nan_among_right_values_is_found():
    def answer(x, W, b):
        y = right(x, W, b)
        y[1, 2] = np.nan
        return y

    refused(answer, "1 of 8 entries, the first at [1, 2]: nan where")


def test_a_transposed_result_is_called_so():
    refused(lambda x, W, b: right(x, W, b).T, "found (4, 2) (transposed?)")


def test_the_first_difference_is_named():
    def answer(x, W, b):
        y = right(x, W, b)
        y[1, 3] += 1
        return y

    refused(answer, "1 of 8 entries differ, the first at [1, 3]: expected", "`y`")


def test_a_modified_argument():
    def answer(x, W, b):
        W *= 1
        x += 1
        return (x - 1) @ W + b

    refused(answer, "changes its argument `x` in place")
    refused(affine.mistakes["the input is changed in place"], "the input is changed in place")


def test_a_modified_list_and_a_modified_tensor(monkeypatch):
    pops = Exercise(
        name="99.pops", points=1, oracle=lambda words, t: len(words),
        inputs=lambda rng: [Case("", words=["a", "b"], t=torch.ones(3)), Case("", words=["c"], t=torch.ones(2))],
    )  # fmt: skip
    monkeypatch.setattr(sys.modules["seqlib.exercises.nb99_synthetic"], "pops", pops, raising=False)
    refused(lambda words, t: [len(words), words.clear()][0], "changes its argument `words`", name="99.pops")
    refused(lambda words, t: [len(words), t.add_(1)][0], "changes its argument `t`", name="99.pops")
    assert check("99.pops", lambda words, t: len(words))[1].passed


# -- printing, warnings, floods --------------------------------------------------------------------------------------


def test_what_an_answer_prints_is_a_note():
    def answer(x, W, b):
        print("the shape is", x.shape)
        print("to stderr", file=sys.stderr)
        return right(x, W, b)

    _, result = check("99.affine", answer)
    assert result.passed and "your function printed: the shape is (2, 3)" in str(result)
    assert "to stderr" in str(result)


def test_warnings_do_not_reach_stderr():
    def answer(x, W, b):
        warnings.warn("careful", stacklevel=1)
        np.log(np.zeros(2))
        return right(x, W, b)

    assert check("99.affine", answer)[1].passed


def test_a_warning_that_is_an_error_elsewhere_is_none_here():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check("99.affine", lambda x, W, b: [np.log(np.zeros(2)), right(x, W, b)][1])[1].passed


def test_an_output_flood_is_cut():
    def answer(x, W, b):
        for i in range(100_000):
            print("line", i)
        sys.stdout.write("x" * 5_000_000)
        return right(x, W, b)

    _, result = check("99.affine", answer)
    assert result.passed and len(str(result)) < 1_500 and len(result._repr_html_()) < 12_000


def test_stdout_is_put_back_whatever_happens():
    before = sys.stdout, sys.stderr

    def answer(x, W, b):
        sys.stdout = sys.stderr = None
        raise ValueError

    refused(answer, "it raised ValueError")
    assert (sys.stdout, sys.stderr) == before


def test_a_forgotten_coroutine_does_not_complain():
    async def answer(x, W, b):
        return right(x, W, b)

    refused(answer, "async")


# -- loops that never end --------------------------------------------------------------------------------------------


def forever(x):
    while True:
        x = x + 1


def swallows_exceptions(x):
    while True:
        try:
            np.sqrt(x)
        except Exception:
            pass


def swallows_everything(x):
    while True:
        try:
            np.sqrt(x)
        except:  # noqa: E722
            pass


def sleeps(x):
    time.sleep(1000)


def sleeps_and_swallows_everything(x):
    while True:
        try:
            time.sleep(1000)
        except:  # noqa: E722
            pass


def waits_for_a_lock(x):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def endless_generator(x):
    while True:
        time.sleep(0.01)
        yield x


LOOPS = [forever, swallows_exceptions, swallows_everything, sleeps, sleeps_and_swallows_everything, waits_for_a_lock,
         endless_generator]  # fmt: skip


@pytest.mark.parametrize("answer", LOOPS, ids=[f.__name__ for f in LOOPS])
def test_a_loop_that_never_ends_is_stopped(answer):
    began, tracer = time.monotonic(), sys.gettrace()
    outcome = calling.call(answer, (1.0,), names=["x"], seconds=0.2)
    assert outcome.kind == "time" and "a loop that never ends" in outcome.error
    assert time.monotonic() - began < 5
    assert sys.gettrace() is tracer
    time.sleep(0.2)  # no late alarm comes after


def test_an_endless_loop_in_a_check_stops_the_other_cases():
    began = time.monotonic()
    refused(lambda x: forever(1), "did not finish within 2 seconds", "not tried", name="99.moments")
    assert time.monotonic() - began < 8


def test_an_endless_generator_of_quick_values_is_cut():
    def answer(x):
        while True:
            yield 0.0

    began = time.monotonic()
    outcome = calling.call(answer, (1.0,), seconds=2.0)
    assert len(outcome.value) == calling.YIELDED_LIMIT and time.monotonic() - began < 2


def test_an_interrupt_by_the_learner_ends_the_check():
    tried = []

    def answer(x, W, b):
        tried.append(1)
        raise KeyboardInterrupt

    refused(answer, "it raised KeyboardInterrupt", "not tried")
    assert len(tried) == 1


def test_an_honest_answer_on_a_busy_machine_is_not_stopped():
    """Time is counted in the answer's own processor time: a machine that makes it wait is not its fault."""
    outcome = calling.call(lambda x: [time.sleep(0.4), x][1], (1.0,), seconds=0.2)
    assert outcome.kind is None and outcome.value == 1.0


def test_the_alarm_of_others_is_put_back():
    import signal

    if not hasattr(signal, "SIGALRM"):
        pytest.skip("no alarms here")
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        calling.call(sleeps, (1.0,), seconds=0.05)
        signal.raise_signal(signal.SIGALRM)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


# -- in another thread, under a profiler -----------------------------------------------------------------------------


def in_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(60)
    assert found, "the thread did not come back"
    return found[0]


def test_a_check_in_another_thread():
    assert in_thread(lambda: check("99.affine", right))[1].passed
    result = in_thread(lambda: check("99.affine", raises(ValueError("no"))))[1]
    assert "it raised ValueError: no" in str(result)


@pytest.mark.parametrize("answer", [forever, swallows_exceptions, swallows_everything], ids=lambda f: f.__name__)
def test_a_loop_that_never_ends_in_another_thread(answer):
    outcome = in_thread(lambda: calling.call(answer, (1.0,), names=["x"], seconds=0.2))
    assert outcome.kind == "time"


def uses_linear(x, W, b):
    t = [torch.tensor(a) for a in (x, W, b)]
    return torch.nn.functional.linear(t[0], t[1].T, t[2])


def test_a_trace_and_a_profile_function_go_on_after_a_check():
    seen = set()

    def hook(frame, event, arg):
        seen.add((event, frame.f_code.co_name))
        return hook

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(hook)
    sys.setprofile(hook)
    try:
        passed = check("99.affine", right)[1].passed
        after = sys.gettrace(), sys.getprofile()
        describe(3)
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    assert passed and after == (hook, hook) and ("call", "describe") in seen


def test_under_cprofile():
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        passed = check("99.affine", right)[1].passed
        describe(12345)
    finally:
        profiler.disable()
    assert passed
    assert any("describe" in str(entry.code) for entry in profiler.getstats())


# -- objects that misbehave ------------------------------------------------------------------------------------------


def misbehaving(**methods):
    return type("Odd", (), methods)()


def fails(*_, **__):
    raise RuntimeError("no")


def never_ends(*_, **__):
    while True:
        pass


class Yes(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


ODD = {
    "eq raises": misbehaving(__eq__=fails),
    "eq is always true": misbehaving(__eq__=lambda *_: True),
    "ne is never true": misbehaving(__eq__=lambda *_: True, __ne__=lambda *_: False),
    "array raises": misbehaving(__array__=fails),
    "array exits": misbehaving(__array__=lambda *_, **__: sys.exit(1)),
    "array gives nonsense": misbehaving(__array__=lambda *_, **__: "no array"),
    "repr raises": misbehaving(__repr__=fails),
    "repr is no text": misbehaving(__repr__=lambda _: 3),
    "repr is long": misbehaving(__repr__=lambda _: "x" * 10_000_000),
    "getattr raises": misbehaving(__getattr__=fails),
    "detach raises": misbehaving(detach=fails),
    "shape raises": misbehaving(shape=property(fails)),
    "shape is a number": misbehaving(shape=3),
    "len raises": misbehaving(__len__=fails, __getitem__=fails),
    "bool raises": misbehaving(__bool__=fails, __eq__=lambda a, b: a),
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["99.affine", "99.text_back", "99.vocabulary", "99.spelled", "99.own_judge"])
def test_an_object_that_misbehaves(value, name):
    result = refused(lambda *args: value, name=name)
    assert len(str(result)) < 3_000


@pytest.mark.parametrize("name", ["99.moments", "99.spelled"])
def test_misbehaving_members(name):
    for value in ODD.values():
        refused(lambda arg, value=value: [value] * len(arg), name=name)


def test_equal_to_everything_does_not_pass():
    refused(lambda text: Yes("no"), name="99.text_back")
    refused(lambda text: [Yes("no") for _ in text], name="99.spelled")
    refused(Yes("no"), name="99.half")
    liar = type("Liar", (np.ndarray,), {"__eq__": lambda *_: np.True_, "__sub__": lambda a, b: b * 0})
    refused(lambda x, W, b: np.zeros((len(x), 4)).view(liar), "8 of 8 entries differ")


def test_an_object_whose_array_never_ends():
    began = time.monotonic()
    result = refused(lambda x: misbehaving(__array__=never_ends), name="99.moments")
    assert time.monotonic() - began < 20, str(result)


def test_a_list_that_holds_itself():
    endless = []
    endless.append(endless)
    refused(lambda *_: endless)
    refused(lambda text: endless * len(text), name="99.spelled")


def test_an_odd_answer_instead_of_a_function():
    for value in ODD.values():
        refused(value)
        handed, result = check("99.half", value)
        assert not result.passed


def test_an_odd_signature():
    def answer(x, W, b):
        return right(x, W, b)

    answer.__signature__ = "nonsense"
    _, result = check("99.affine", answer)
    assert result.passed or "sl-card" in result._repr_html_()


# -- what is forbidden -----------------------------------------------------------------------------------------------


def renamed_class(x, W, b):
    from torch.nn import RNN as Network

    Network(3, 4)
    return right(x, W, b)


def kept_beforehand(x, W, b, network=torch.nn.RNN(3, 4).double()):  # noqa: B008
    network(torch.tensor(x)[None])
    return right(x, W, b)


def builtin(x, W, b):
    t = [torch.tensor(a) for a in (x, W, b)]
    return torch.addmm(t[2], t[0], t[1])


def method(x, W, b):
    return torch.tensor(x).matmul(torch.tensor(W)) + torch.tensor(b)


def inside_a_comprehension(x, W, b):
    from numpy import einsum

    return np.stack([einsum("k,kj->j", row, W) + b for row in x])


def in_a_thread(x, W, b):
    found = []
    worker = threading.Thread(target=lambda: found.append(np.einsum("ik,kj->ij", x, W) + b))
    worker.start()
    worker.join()
    return found[0]


def in_a_pool(x, W, b):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(np.einsum, "ik,kj->ij", x, W).result() + b


FORBIDDEN = [
    (in_a_thread, "numpy.einsum"),
    (in_a_pool, "numpy.einsum"),
    (uses_linear, "torch.nn.functional.linear"),
    (renamed_class, "torch.nn.RNN"),
    (kept_beforehand, "torch.nn.RNN"),
    (builtin, "torch.addmm"),
    (method, "torch.Tensor.matmul"),
    (inside_a_comprehension, "numpy.einsum"),
    (lambda x, W, b: getattr(np, "ein" + "sum")("ik,kj->ij", x, W) + b, "numpy.einsum"),
    (lambda x, W, b: list(map(lambda row: torch.Tensor.matmul(row, torch.tensor(W)) + b, torch.tensor(x))),
     "torch.Tensor.matmul"),
]  # fmt: skip


@pytest.mark.parametrize("answer, forbidden", FORBIDDEN, ids=[str(i) for i in range(len(FORBIDDEN))])
def test_a_forbidden_call_is_noticed_under_any_name(answer, forbidden):
    result = refused(answer)
    assert f"`{forbidden}` does the work" in result.diagnosis, str(result)
    assert all(passed for _, passed, _ in result.verdict.cases)  # the numbers are right: that is not the trouble


def test_two_forbidden_things_of_one_name_are_both_noticed():
    """str.encode and codecs.encode: the second must not hide the first."""
    for forbids in (("builtins.str.encode", "codecs.encode"), ("codecs.encode", "builtins.str.encode")):
        assert calling.call(lambda text: text.encode(), ("ab",), forbids=forbids).forbidden == ["builtins.str.encode"]
        assert calling.call(lambda text: codecs.encode(text), ("ab",), forbids=forbids).forbidden


def test_threads_are_not_watched_after_the_check():
    before = threading.getprofile()
    assert not check("99.affine", in_a_thread)[1].passed
    assert threading.getprofile() is before


def test_what_resembles_a_forbidden_call_is_none():
    class Mine:
        def matmul(self, x, W):
            return x @ W

    def matmul(x, W):
        return x @ W

    assert check("99.affine", lambda x, W, b: Mine().matmul(x, W) + b)[1].passed
    assert check("99.affine", lambda x, W, b: matmul(x, W) + b)[1].passed
    assert check("99.affine", lambda x, W, b: [torch.nn.GRU(2, 2), right(x, W, b)][1])[1].passed


def test_a_stand_in_may_do_what_is_forbidden():
    """The course's own function inside a learner's answer is not the learner's doing."""
    stand_in, _ = check("99.affine", None)
    assert check("99.affine", lambda x, W, b: stand_in(x, W, b))[1].passed


def test_a_forbidden_name_that_does_not_exist_is_a_fault_of_the_course():
    with pytest.raises(ValueError, match="names nothing"):
        calling.resolve("nowhere_at_all.thing")
    with pytest.raises(AttributeError):
        calling.resolve("torch.nn.NoSuchLayer")


# -- stubs, stand-ins, known mistakes --------------------------------------------------------------------------------


def stub(x, W, b):
    raise NotImplementedError


def test_a_stub_scores_zero_and_is_not_called_wrong():
    handed, result = check("99.affine", stub)
    assert result.verdict.state == "todo" and result.score == 0 and repr(result) == "0"
    assert progress_file.load()[0] == {}  # not an attempt
    assert isinstance(handed, engine.StandIn)
    x, W, b = np.ones((2, 3)), np.ones((3, 4)), np.ones(4)
    assert np.allclose(handed(x, W, b), right(x, W, b))
    assert "stand-in" in repr(handed)


def test_a_half_written_answer_says_which_case_is_not_written():
    def answer(x, W, b):
        if len(x) > 2:
            raise NotImplementedError
        return right(x, W, b)

    _, result = check("99.affine", answer)
    assert result.score == 2 and "not written yet" in str(result)


def test_a_stand_in_is_recognised_when_the_check_runs_again():
    handed, _ = check("99.affine", stub)
    again, result = check("99.affine", handed)
    assert again is handed and result.score == 0 and "stand-in was checked" in str(result)


@pytest.mark.parametrize("name", ["99.half", "99.table"])
def test_a_stand_in_value_is_recognised(name):
    handed, result = check(name, None)
    assert result.verdict.state == "todo"
    again, result = check(name, handed)
    assert result.score == 0 and "stand-in was checked" in str(result)
    assert np.allclose(np.asarray(handed) * 2, np.asarray(exercise.find(name).oracle()) * 2)


def test_what_is_computed_from_a_stand_in_is_the_learners_own():
    handed, _ = check("99.table", None)
    assert check("99.table", (handed * 2) / 2)[1].passed
    handed, _ = check("99.half", None)
    assert check("99.half", handed + 0)[1].passed


@pytest.mark.parametrize(
    "value", [3, 0.5, "word", [1, 2], (1, 2), {"a": 1}, {1, 2}, np.ones(3), np.float64(2.5), torch.ones(2)], ids=repr
)
def test_a_stand_in_value_of_any_kind_is_recognised_and_behaves(value):
    e = Exercise(name="99.value", points=1, value=True, oracle=lambda: value)
    handed = engine.stand_in(e)
    assert engine.is_stand_in(handed)
    assert difference(handed, value) is None
    assert not engine.is_stand_in(value)


def test_a_class_is_tried_and_stood_in_for():
    assert check("99.Counter", Counter)[1].passed
    handed, result = check("99.Counter", type("Counter", (), {"__init__": stub}))
    assert not result.passed and handed(4).step() == 5


def test_known_mistakes_are_named_in_numpy_and_in_torch():
    for diagnosis in ("the bias is forgotten", "the bias is subtracted"):
        assert refused(affine.mistakes[diagnosis]).diagnosis == diagnosis

    def in_torch(x, W, b):
        return torch.tensor(x) @ torch.tensor(W) - torch.tensor(b)

    def wants_tensors(x, W, b):
        return x.double().mm(W) - b

    assert refused(in_torch).diagnosis == "the bias is subtracted"
    assert refused(wants_tensors).diagnosis == "the bias is subtracted"


def test_a_mistake_that_only_torch_can_run_is_told_by_its_numbers():
    """Not by the TypeError that the first try with NumPy arrays gave."""
    result = refused(lambda x, W, b: x.double().mm(W) - 2 * b, "entries differ")
    assert "TypeError" not in str(result) and "AttributeError" not in str(result)


def test_another_error_of_the_same_kind_is_not_taken_for_a_known_mistake():
    e = Exercise(
        name="99.grows", points=1, inputs=_two_lengths, oracle=lambda x: x + 1,
        mistakes={"the sizes are confused": lambda x: x + np.ones(100)},
    )  # fmt: skip
    assert engine.judge(e, lambda x: x + np.ones(100)).diagnosis == "the sizes are confused"
    assert engine.judge(e, lambda x: x.reshape(100)).diagnosis is None


def test_a_fault_of_the_check_itself_blocks_nothing():
    def answer(x):
        return x

    handed, result = check("99.broken", answer)
    assert handed is answer and repr(result) == "0" and "fault of the course" in str(result)
    assert "sl-card" in result._repr_html_() and float(result) == 0


def test_a_type_error_of_the_oracle_is_not_blamed_on_the_answer(monkeypatch):
    e = Exercise(name="99.broken", points=1, inputs=_two_lengths, oracle=lambda: 1)
    monkeypatch.setattr(sys.modules["seqlib.exercises.nb99_synthetic"], "broken", e)
    assert "fault of the course" in str(check("99.broken", lambda x: x)[1])


def test_a_checks_module_that_does_not_import_blocks_nothing(monkeypatch):
    monkeypatch.setattr(exercise, "module_names", lambda: {"98": "nb98_missing_module"})
    handed, result = check("98.thing", right)
    assert handed is right and "fault of the course" in str(result)


def test_checks_leave_the_random_generators_alone():
    import random

    def answer(x, W, b):
        torch.randn(3)
        np.random.rand(3)
        random.random()
        return right(x, W, b)

    def draws():
        return random.random(), np.random.rand(), torch.rand(1).item()

    def seeded(*checked):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        for a in checked:
            check("99.affine", a)
        return draws()

    assert seeded() == seeded(answer) == seeded(stub)


def test_inputs_are_drawn_anew_so_that_remembered_numbers_fail():
    seen = {}

    def answer(x, W, b):
        return seen.setdefault(x.shape, right(x, W, b))

    check("99.affine", answer)
    assert check("99.affine", answer)[1].score == 0


# -- names, hints ----------------------------------------------------------------------------------------------------


def test_an_unknown_name_suggests_near_ones():
    handed, result = check("99.afine", right)
    assert handed is right and "did you mean '99.affine'" in str(result) and repr(result) == "0"
    assert "'99.moments'" in str(check("99.moment", right)[1])
    assert "'99.affine'" in str(hint("99.afine"))


@pytest.mark.parametrize("name", [None, 3, "", "nonsense", ["99.affine"], right, "99.", "42.affine"], ids=range(8))
def test_a_nonsense_name(name):
    handed, result = check(name, right)
    assert handed is right and repr(result) == "0"
    assert str(hint(name))


def test_hints_come_in_steps():
    assert str(hint("99.affine")).count("\n") == 0
    assert repr(hint("99.affine")).splitlines() == HINTS[:2]  # asked again: one more
    assert repr(hint("99.affine", 2)).splitlines() == HINTS[:2]
    assert repr(hint("99.affine", 99)).splitlines() == HINTS
    assert "no hints" in repr(hint("99.moments"))


def test_exercises_are_validated():
    with pytest.raises(ValueError, match="named like"):
        Exercise(name="affine", points=1, oracle=right)
    with pytest.raises(ValueError, match="positive"):
        Exercise(name="99.affine", points=0, oracle=right)


# -- progress --------------------------------------------------------------------------------------------------------


def test_the_best_score_stays_and_attempts_are_counted():
    check("99.affine", lambda x, W, b: right(x, W, b) if len(x) == 2 else x)
    check("99.affine", right)
    check("99.affine", lambda x, W, b: x)
    entry = progress_file.load()[0]["99.affine"]
    assert entry["score"] == 4 and entry["attempts"] == 3 and entry["points"] == 4


def test_running_the_check_cell_again_changes_nothing():
    first, second = check("99.affine", right), check("99.affine", right)
    assert first[0] is second[0] is right
    assert str(first[1]) == str(second[1]) and first[1]._repr_html_() == second[1]._repr_html_()
    assert progress_file.load()[0]["99.affine"]["score"] == 4


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"exercises": 3}', b'{"exercises": {"99.affine": 4}}',
     b'{"exercises": {"99.affine": {"score": "four", "attempts": 1}}}', b"null", b'{"exercises": {"a": {"score": 1}}}'],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_and_not_lost(damage):
    progress_file.path().write_bytes(damage)
    assert "kept as progress.damaged-" in repr(progress())
    progress_file.path().write_bytes(damage)
    _, result = check("99.affine", right)
    assert result.passed and "kept as progress.damaged-" in str(result)
    kept = sorted(progress_file.path().parent.glob("progress.damaged-*"))
    assert len(kept) == 2 and all(f.read_bytes() == damage for f in kept)
    assert progress_file.load()[0]["99.affine"]["score"] == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_file_that_an_editor_saved_in_its_own_way_is_read(encoding):
    """Notepad writes a BOM before UTF-8, PowerShell writes UTF-16: the progress in it is the learner's all the same."""
    text = json.dumps({"version": 1, "exercises": {"99.affine": {"score": 3, "attempts": 2}}})
    progress_file.path().write_bytes(text.encode(encoding))
    assert progress_file.load() == ({"99.affine": {"score": 3, "attempts": 2}}, None)
    check("99.affine", right)
    assert progress_file.load()[0]["99.affine"]["attempts"] == 3
    assert not list(progress_file.path().parent.glob("progress.damaged-*"))


@pytest.mark.parametrize("fails", ["read", "rename"])
def test_a_file_that_cannot_be_read_now_is_not_written_over(monkeypatch, fails):
    file = progress_file.path()
    before = b"{" if fails == "rename" else b'{"version": 1, "exercises": {"99.affine": {"score": 3, "attempts": 2}}}'
    file.write_bytes(before)

    def refuse(self, *arguments):
        raise PermissionError(13, "another program holds it")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes" if fails == "read" else "replace", refuse)
        _, result = check("99.affine", right)
        assert result.passed and "could not be read" in str(result) and "could not be read" in repr(progress())
    assert file.read_bytes() == before


def test_entries_of_exercises_that_are_gone_stay():
    progress_file.path().write_text(json.dumps({"version": 1, "exercises": {"77.old": {"score": 3, "attempts": 2}}}))
    check("99.affine", right)
    assert progress_file.load()[0]["77.old"]["score"] == 3


def test_a_folder_that_cannot_be_written_is_not_fatal(monkeypatch, tmp_path, capfd):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("seqlib.runtime._spare_home", lambda: tmp_path)
    handed, result = check("99.affine", right)
    assert handed is right and result.passed and "could not" not in str(result) + repr(progress())
    assert progress_file.path().parent == tmp_path and progress_file.path().exists(), "kept where it can be"
    out, err = capfd.readouterr()
    assert err == "" and out.count("\n") == 1 and str(tmp_path) in out, "it is said once, and not to stderr"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything can be written as root")
def test_a_read_only_folder_is_not_fatal():
    folder = progress_file.path().parent
    folder.chmod(0o500)
    try:
        assert "progress could not be saved" in str(check("99.affine", right)[1])
    finally:
        folder.chmod(0o700)


def test_a_full_disk_leaves_the_old_file(monkeypatch):
    check("99.affine", right)
    before = progress_file.path().read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runtime.os, "fsync", full)
    _, result = check("99.moments", lambda x: 0)
    assert "No space left on device" in str(result)
    assert progress_file.path().read_bytes() == before
    assert {f.name for f in progress_file.path().parent.iterdir()} <= {"progress.json", "progress.lock"}


def test_a_lock_left_by_a_crash_does_not_block():
    lock = progress_file.path().with_suffix(".lock")
    lock.write_text("")
    os.utime(lock, (time.time() - 60,) * 2)
    began = time.monotonic()
    assert check("99.affine", right)[1].passed and time.monotonic() - began < 3
    assert progress_file.load()[0]["99.affine"]["attempts"] == 1


def test_a_lock_that_is_held_is_waited_for_and_then_said(monkeypatch):
    monkeypatch.setattr(progress_file, "LOCK_SECONDS", 0.1)
    with FileLock(progress_file.path().with_suffix(".lock")):
        assert "another notebook holds its lock" in str(check("99.affine", right)[1])
    assert "another notebook" not in str(check("99.affine", right)[1])


def test_a_lock_that_is_held_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(progress_file, "LOCK_SECONDS", 1)
    with FileLock(progress_file.path().with_suffix(".lock")):
        assert "another notebook" in str(check("99.affine", right)[1])
        began = time.monotonic()
        for _ in range(3):
            assert "another notebook" in progress_file.save("99.affine", 1, 4)
        assert time.monotonic() - began < 0.5
    assert progress_file.save("99.affine", 1, 4) is None  # and found free again


@pytest.mark.skipif(os.name == "nt", reason="flock is what this file system lacks")
@pytest.mark.parametrize("age, saved", [(-3e8, True), (3600, True), (0, False)])
def test_where_there_are_no_locks_a_file_left_behind_does_not_cost_seconds(monkeypatch, age, saved):
    """A file that stands for a lock, from the future, from an hour ago, and from just now (another notebook's)."""
    import fcntl

    def lacking(*_):
        raise OSError(errno.ENOSYS, "no locks here")

    monkeypatch.setattr(fcntl, "flock", lacking)
    monkeypatch.setattr(progress_file, "LOCK_SECONDS", 0.2)
    lock = progress_file.path().with_suffix(".lock")
    lock.write_text("")
    os.utime(lock, (time.time() - age,) * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # on stderr one would cost a point in nbgrader
        notes = [progress_file.save("99.affine", 1, 4) for _ in range(3)]
    assert [note is None for note in notes] == [saved] * 3


def test_processes_that_write_at_once_lose_nothing():
    program = (
        "import sys\nfrom seqlib.checks import progress_file as record\n"
        "for i in range(40):\n    note = record.save(f'99.{sys.argv[1]}{i % 4}', i, 40)\n    assert not note, note\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, who], stderr=subprocess.PIPE, text=True) for who in "abc"
    ]
    for process in running:
        assert process.communicate(timeout=60)[1] == ""
    entries = progress_file.load()[0]
    assert len(entries) == 12 and sum(e["attempts"] for e in entries.values()) == 120
    assert entries["99.a3"]["score"] == 39
    assert {f.name for f in progress_file.path().parent.iterdir()} <= {"progress.json", "progress.lock"}


# -- comparisons by themselves ---------------------------------------------------------------------------------------


def test_as_array_knows_what_is_numeric():
    assert as_array("3") is None and as_array({}) is None and as_array([[1], [2, 3]]) is None
    assert as_array([torch.ones(2), torch.zeros(2)]).shape == (2, 2)
    assert as_array(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32
    assert as_array(True).dtype == bool


@pytest.mark.parametrize(
    "found, expected, part",
    [
        ([1.0, 2.0], np.array([1, 2]), "should hold integers; found float64"),
        ([0, 1], np.array([False, True]), "should be boolean"),
        (np.array([0.5]), 0.5, "should be a number; found array of shape (1,)"),
        (1.0 + 1e-4, 1.0, "should be 1; found 1.0001"),
        (np.float32(1.01), 1.0, "should be 1; found 1.01"),
        ((1, 2), (1, 2, 3), "found 2 values"),
        (3, (1, 2), "should be a tuple of 2 (a, b); found int 3"),
        ((1, 3), (1, 2), "`b` should be 2; found 3"),
        ({"a": 1.0}, {"a": 2.0}, "['a'] should be 2; found 1"),
        (None, 3, "is None"),
    ],
)
def test_differences_in_words(found, expected, part):
    assert part in difference(found, expected, returns=("a", "b"))


@pytest.mark.parametrize(
    "found, expected",
    [
        (1 + 1e-9, 1.0), (np.float32(1 / 3), 1 / 3), (1 / 3, np.float32(1 / 3)), (np.nan, np.nan), (np.inf, np.inf),
        (torch.tensor(2), 2), (np.array([1, 2]), [1, 2]), ([], np.zeros(0)), (0.0, 1e-20), (None, None), ({1}, {1}),
    ],
)  # fmt: skip
def test_what_is_alike(found, expected):
    assert difference(found, expected) is None


def test_a_difference_that_is_small_beside_the_largest_value_is_rounding():
    assert difference([1e8, 1e-3], np.array([1e8, 0.0])) is None
    assert difference([1.0, 1e-3], np.array([1.0, 0.0])) is not None


def test_importing_the_checks_does_not_import_torch():
    code = "import sys, seqlib.checks; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"
