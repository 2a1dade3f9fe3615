"""The state in which a check works: the libraries' defaults, whatever a kernel has set. Its settings are put back."""

import builtins
import contextlib
import copy
import gc
import math
import os
import random
import signal
import sys
import threading
import time
import warnings
from functools import partial

import numpy as np

RECURSION = 1_000, 10_000  # between these a learner's own limit stays: above it, endless recursion ends the process
PATCHABLE = ("numpy", "numpy.linalg", "numpy.random", "torch", "torch.nn", "torch.nn.functional", "torch.linalg",
             "torch.Tensor")  # fmt: skip

INHERITED = object()  # in the place of an original that the class itself does not hold


class _Originals:
    """What the names of libraries stood for when they were first seen."""

    def __init__(self):
        self.kept = {m.__name__: _callables(m) for m in (builtins, math, random, time, copy)}
        self.see()

    def see(self):
        """Take note of libraries that were imported since."""
        for name in PATCHABLE:
            if name not in self.kept and (place := _place(name)) is not None:
                self.kept[name] = _callables(place)

    def replaced(self) -> list[tuple[object, str, object, object]]:
        """(module, name, the original, what stands there now)"""
        found = []
        for place, kept in self.kept.items():
            now = vars(_place(place))
            new = [n for n, was in kept.items() if n in now and now[n] is not was and (place, n) not in KERNELS]
            found += [(place, n, kept[n], now[n]) for n in new]
            if place == "torch.Tensor":  # most of its methods are inherited: a new one hides the old
                found += [(place, n, INHERITED, f) for n, f in now.items() if n not in kept and _is_a_learners(f)]
        return found

    def foreign(self) -> list[str]:
        """Names that were replaced in this kernel before a check could see what they stood for."""
        return [f"{p}.{n}" for p, kept in self.kept.items() for n, f in kept.items() if _is_a_learners(f)]


def _is_a_learners(thing) -> bool:
    return getattr(thing, "__module__", None) == "__main__" and hasattr(thing, "__code__")


def _place(name):
    if name == "torch.Tensor":
        return getattr(sys.modules.get("torch"), "Tensor", None)
    return sys.modules.get(name)


def _callables(place) -> dict:
    return {n: f for n, f in vars(place).items() if callable(f) and not n.startswith("__")}


# A notebook's kernel puts its own in the place of this one, anew for every cell.
KERNELS = {("builtins", "input")}
_ORIGINALS = _Originals()


@contextlib.contextmanager
def own_state():
    """Work under the libraries' defaults and put everything back; gives notes on what had been replaced."""
    torch = sys.modules.get("torch")
    _ORIGINALS.see()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.callback(_kept_settings(torch))
        patched = _ORIGINALS.replaced()
        stack.callback(_put, [(place, name, now) for place, name, _, now in patched])
        _put([(place, name, was) for place, name, was, _ in patched])
        if torch:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            if torch.empty(0).device.type != "cpu":
                stack.enter_context(torch.device("cpu"))
            if torch.is_autocast_cpu_enabled():
                stack.enter_context(torch.autocast("cpu", enabled=False))
            _set_threads(torch, 1)  # a check's inputs are small: threads would only wait for each other
        defaults()
        yield _notes(patched)


def _put(values):
    for place, name, value in values:
        with contextlib.suppress(AttributeError, TypeError):
            delattr(_place(place), name) if value is INHERITED else setattr(_place(place), name, value)


def _notes(patched) -> list[str]:
    own = [f"`{place}.{name}`" for place, name, _, now in patched if _is_a_learners(now) or place == "builtins"]
    notes = [f"{', '.join(own[:3])} was replaced in this kernel; the check used the original"] if own else []
    lost = [f"`{name}`" for name in _ORIGINALS.foreign()]
    return notes + ([f"{', '.join(lost[:3])} was replaced in this kernel: restart it and check again"] if lost else [])


def defaults():
    """Set what an answer may have changed to what a fresh kernel has."""
    warnings.simplefilter("ignore")
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    np.set_printoptions(edgeitems=3, infstr="inf", linewidth=75, nanstr="nan", precision=8, suppress=False,
                        threshold=1000, formatter=None, sign="-", floatmode="maxprec", legacy=False)  # fmt: skip
    low, high = RECURSION
    if not low <= sys.getrecursionlimit() <= high:
        with contextlib.suppress(RecursionError):
            sys.setrecursionlimit(low)
    sys.setswitchinterval(0.005)  # the watch on a call's time needs its turn
    gc.enable()
    torch = sys.modules.get("torch")
    if torch:
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        if torch.are_deterministic_algorithms_enabled():
            torch.use_deterministic_algorithms(False)
        if torch.is_anomaly_enabled():
            torch.autograd.set_detect_anomaly(False)


def _kept_settings(torch):
    """A function that puts back what is set now."""
    ways = [
        partial(random.setstate, random.getstate()),
        partial(np.random.set_state, np.random.get_state()),
        partial(np.seterr, **np.geterr()),
        partial(np.set_printoptions, **_without(np.get_printoptions(), "override_repr")),
        partial(sys.setrecursionlimit, sys.getrecursionlimit()),
        partial(sys.setswitchinterval, sys.getswitchinterval()),
        gc.enable if gc.isenabled() else gc.disable,
    ]
    with contextlib.suppress(OSError):
        ways.append(partial(os.chdir, os.getcwd()))
    if threading.current_thread() is threading.main_thread():
        ways += [partial(signal.signal, s, h) for s in _SIGNALS if (h := signal.getsignal(s)) is not None]
        if hasattr(signal, "pthread_sigmask"):
            ways.append(
                partial(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(signal.SIG_BLOCK, []))
            )
    if torch:
        ways += _torch_settings(torch)

    def put_back():
        for way in ways:
            with contextlib.suppress(Exception):
                way()

    return put_back


_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM") if hasattr(signal, n)]


def _torch_settings(torch) -> list:
    return [
        partial(torch.set_rng_state, torch.get_rng_state()),
        partial(torch.set_grad_enabled, torch.is_grad_enabled()),
        partial(torch.set_default_dtype, torch.get_default_dtype()),
        partial(torch.autograd.set_detect_anomaly, torch.is_anomaly_enabled()),
        partial(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        partial(_set_threads, torch, torch.get_num_threads()),
    ]


def _set_threads(torch, number):
    if torch.get_num_threads() != number:  # setting them again starts them anew
        torch.set_num_threads(number)


def _without(options: dict, name: str) -> dict:
    return {k: v for k, v in options.items() if k != name}
