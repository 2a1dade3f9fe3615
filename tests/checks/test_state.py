"""A check works in the libraries' own state, whatever the kernel is in, and leaves the kernel as it was."""

import contextlib
import gc
import math
import signal
import sys
import time
import types
import warnings

import numpy as np
import pytest
import torch

from seqlib.checks import Case, Exercise, check, exercise
from seqlib.checks.state import own_state


def _matrices(rng):
    return [Case(f"{n} rows", x=rng.normal(size=(n, 3)), W=rng.normal(size=(3, 4))) for n in (2, 5)]


def _in_torch(x, W):
    x, W = (torch.as_tensor(a) for a in (x, W))
    scaled = torch.nn.functional.softmax(x @ W + torch.zeros(4).double(), dim=-1)
    return scaled.numpy()


def right(x, W):
    powers = np.exp(x @ W)
    return powers / powers.sum(axis=1, keepdims=True)


mixed = Exercise("99.mixed", 2, inputs=_matrices, oracle=_in_torch, mistakes={"exp is left out": lambda x, W: x @ W})


@pytest.fixture(autouse=True)
def own_course(monkeypatch, tmp_path):
    module = types.ModuleType("seqlib.exercises.nb99_synthetic")
    module.mixed = mixed
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(exercise, "module_names", lambda: {"99": "nb99_synthetic"})
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))


def underflowing(x, W):
    return right(x, W) + np.exp(np.array(-1e5))


@contextlib.contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def default_device():
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


@contextlib.contextmanager
def recursion(limit):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    yield
    sys.setrecursionlimit(before)


@contextlib.contextmanager
def switching():
    sys.setswitchinterval(50)
    yield
    assert sys.getswitchinterval() == 50
    sys.setswitchinterval(0.005)


@contextlib.contextmanager
def no_collection():
    gc.disable()
    yield
    assert not gc.isenabled()
    gc.enable()


@contextlib.contextmanager
def errors_from_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextlib.contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    yield
    assert torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def no_gradients():
    torch.set_grad_enabled(False)
    yield
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)


STATES = {
    "np.seterr(all='raise')": lambda: np.errstate(all="raise"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "set_grad_enabled(False)": no_gradients,
    "default dtype": default_dtype,
    "default device": default_device,
    "with torch.device": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic": deterministic,
    "anomalies": torch.autograd.detect_anomaly,
    "warnings are errors": errors_from_warnings,
    "print options": lambda: np.printoptions(precision=1, threshold=2),
    "a low recursion limit": lambda: recursion(300),
    "a huge recursion limit": lambda: recursion(10**6),
    "a long switch interval": switching,
    "no garbage collection": no_collection,
}


@pytest.mark.filterwarnings("ignore:Anomaly")
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_right_answer_passes_and_a_wrong_one_is_told_in_any_state(state):
    with state():
        before = np.geterr(), torch.is_grad_enabled(), torch.get_default_dtype(), sys.getrecursionlimit()
        passed, failed = check("99.mixed", underflowing)[1], check("99.mixed", lambda x, W: x @ W)[1]
        assert (np.geterr(), torch.is_grad_enabled(), torch.get_default_dtype(), sys.getrecursionlimit()) == before
    assert passed.passed, str(passed)
    assert failed.diagnosis == "exp is left out", str(failed)


PATCHES = [(np, "exp"), (np, "isclose"), (np, "asarray"), (np.random, "default_rng"), (torch, "as_tensor"),
           (torch.nn.functional, "softmax"), (math, "sqrt"), (torch.Tensor, "numpy"), (time, "monotonic")]  # fmt: skip


@pytest.mark.parametrize("place, name", PATCHES, ids=[f"{p.__name__}.{n}" for p, n in PATCHES])
def test_replaced_functions_do_not_reach_the_check(monkeypatch, place, name):
    with own_state():  # the libraries are known before they are changed
        pass

    def own(*args, **kwargs):
        raise RuntimeError("mine")

    own.__module__ = "__main__"
    monkeypatch.setattr(place, name, own)
    result = check("99.mixed", right)[1]
    assert getattr(place, name) is own
    monkeypatch.undo()
    assert result.passed, str(result)
    assert f"{name}`" in str(result)
    assert "was replaced in this kernel" in str(result)


def _sets(what):
    def answer(x, W):
        what()
        return right(x, W)

    return answer


IN_THE_CALL = {
    "torch.set_grad_enabled": lambda: torch.set_grad_enabled(False),
    "np.seterr": lambda: np.seterr(all="raise"),
    "torch.set_default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "sys.setrecursionlimit": lambda: sys.setrecursionlimit(5_000),
    "signal": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "gc": gc.disable,
    "seeds": lambda: (np.random.seed(0), torch.manual_seed(0)),
    "sys.stdout": lambda: setattr(sys, "stdout", None),
}


@pytest.mark.parametrize("what", IN_THE_CALL.values(), ids=IN_THE_CALL)
def test_what_an_answer_sets_is_put_back(what):
    def now():
        random = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        settings = np.geterr(), torch.is_grad_enabled(), torch.get_default_dtype(), sys.getrecursionlimit()
        return settings, random, signal.getsignal(signal.SIGINT), gc.isenabled(), sys.stdout

    before = now()
    result = check("99.mixed", _sets(what))[1]
    assert now() == before
    assert result.passed, str(result)


# -- what never ends, or is too much ---------------------------------------------------------------------------------


def never(*_):
    while True:
        pass


def odd(**members):
    return type("Odd", (), members)()


def ignoring_the_alarm(x, W):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    never()


def with_the_default_alarm(x, W):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    never()


def blocking_the_alarm(x, W):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    never()


def nested(x, W):
    found = []
    for _ in range(100_000):
        found = [found]
    return found


ENDLESS = {
    "array": (lambda x, W: odd(__array__=never), "can't be read"),
    "ignored alarm": (ignoring_the_alarm, "did not finish"),
    "default alarm": (with_the_default_alarm, "did not finish"),
    "blocked alarm": (blocking_the_alarm, "did not finish"),
    "ten million numbers": (lambda x, W: [0.0] * 10_000_000, "found (10000000,)"),
    "a thousand million zeros": (lambda x, W: np.broadcast_to(0.0, (10**9,)), "found (1000000000,)"),
    "a view in torch": (lambda x, W: torch.zeros(1).expand(10**9), "found (1000000000,)"),
    "deeply nested": (nested, "can't be read"),
    "equality": (lambda x, W: odd(__eq__=never), "found"),
    "repr": (lambda x, W: odd(__repr__=never), "Odd"),
    "length": (lambda x, W: odd(__len__=never, __getitem__=never), "Odd"),
    "iteration": (lambda x, W: odd(__iter__=never), "Odd"),
    "shape": (lambda x, W: odd(shape=property(never)), "Odd"),
    "a generator": (lambda x, W: (i for i in iter(int, 1)), "found (100000,)"),
    "one in a list": (lambda x, W: [odd(__array__=never)] * len(x), "can't be read"),
}


@pytest.fixture
def alarm_let_through():
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarms here")
@pytest.mark.parametrize("answer, part", ENDLESS.values(), ids=ENDLESS)
def test_a_check_ends_and_says_the_truth(answer, part, alarm_let_through):
    check("99.mixed", right)
    began, cpu = time.monotonic(), time.thread_time()
    result = check("99.mixed", answer)[1]
    assert not result.passed and part in str(result), str(result)
    assert "fault of the course" not in str(result)
    assert time.thread_time() - cpu < 5 and time.monotonic() - began < 30, (time.thread_time() - cpu, str(result))
