"""Inside the sandbox, while one answer runs: what its exercise forbids is not there.

A name can be written in a hundred ways; what it stands for is one thing. So nothing here looks at names in a program:
- functions of a library, and methods of its classes, get another body, whoever holds them under whatever name;
- builtins have their entry in Python's own tables changed (`builtin.py`);
- operations of torch are taken out of torch's own table, where aliases, threads and traced layers all end;
- where an exercise forbids gradients, operations lose the half that makes them;
- parts of the course that a learner has not met yet serve the course's own parts and nobody else.

It lasts until the process ends, which is a copy made for one answer.
"""

import contextlib
import ctypes
import importlib
import pkgutil
import re
import sys
import types
import warnings
from functools import cache

import builtin
import families

from seqlib.checks.calling import resolve


class Forbidden(RuntimeError):
    """Raised in the place of what an exercise forbids."""


class Barrier:
    """`seen` are forbidden names that were called all the same; `watched` those that can only be watched."""

    def __init__(self, forbids, later=()):
        self.seen, self.watched, self.closed, self.libraries = set(), [], {}, []
        self.ours = _codes_of_the_course()
        keys = families.of(forbids)
        for name in forbids:
            found = functions(resolve(name))
            for function in found:
                self._close(function, name)
            if not found and not name.startswith("torch.") and not builtin.close(resolve(name), self._missed(name)):
                self.watched.append(name)
        for name in later:
            for function in functions(_loaded(name)):
                self._close(function, name, serves_us=True)
        if keys:
            self._without(keys)

    def _refuse(self, name: str):
        self.seen.add(name)
        raise Forbidden(f"`{name}` is not there while this answer runs")

    def _missed(self, name: str):
        """For a builtin: whether the call is the grader's own and may go on. Nothing can be raised there."""
        own = codes_of_the_grader()

        def asked(frame) -> bool:
            if frame is not None and id(frame.f_code) in own:
                return True
            self.seen.add(name)
            return False

        return asked

    # -- functions ---------------------------------------------------------------------------------------------------

    def _close(self, function, name: str, serves_us: bool = False):
        """Give a function another body, once."""
        old = function.__code__
        if id(old) in self.closed:
            return
        kept = types.FunctionType(old, function.__globals__, old.co_name, function.__defaults__, function.__closure__)
        kept.__kwdefaults__ = function.__kwdefaults__

        def instead(args, options):
            if serves_us and self._asked_by_us():
                return kept(*args, **options)
            self._refuse(name)

        function.__code__ = new = _body(instead, old)
        self.closed[id(new)], self.closed[id(old)] = (new, name), (old, name)

    def _asked_by_us(self) -> bool:
        frame = sys._getframe(3)
        while frame is not None and frame.f_globals.get("__name__", "").startswith(("torch.", "contextlib")):
            frame = frame.f_back
        return frame is not None and id(frame.f_code) in self.ours

    # -- torch -------------------------------------------------------------------------------------------------------

    def _without(self, keys: dict):
        for key, name in keys.items():
            if key == families.GRADIENTS:
                self._without_gradients(name)
            else:
                self._take_out(families.operations(families.OPERATIONS[key]), name)
                self._close_rewritten(families.WORDS[key], name)
        self._look_at_scripts()
        for library in self.libraries:  # torch puts an operation back when its library is collected
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
        self.libraries = []

    def _take_out(self, operations, name: str):
        def instead(*args, **options):
            self._refuse(name)

        for space, operation in operations:
            for table in families.TABLES:
                with contextlib.suppress(RuntimeError):
                    self._register(space, operation, table, instead)

    def _register(self, space, operation, table, function):
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library = torch._C._dispatch_library("IMPL", space, "", __file__, 0)
            self.libraries.append(library)
            library.impl(operation, table, function)

    def _without_gradients(self, name: str):
        from torch.library import fallthrough_kernel

        for space, operation in families.differentiable():
            with contextlib.suppress(RuntimeError):
                self._register(space, operation, "AutogradCPU", fallthrough_kernel)
        for differentiating in families.differentiating():
            for function in functions(differentiating):
                self._close(function, name)

    def _close_rewritten(self, word: str, name: str):
        for module in [m for n, m in list(sys.modules.items()) if n.startswith(families.REWRITTEN)]:
            for label, thing in list(vars(module).items()):
                if re.search(word, label, re.I):
                    for function in functions(thing):
                        self._close(function, name)

    def _look_at_scripts(self):
        """Compiled and traced programs tell from which lines of Python they were made."""
        import torch

        spans = [(c.co_filename, c.co_firstlineno, _last_line(c), name) for c, name in self.closed.values()]
        for kind in (torch._C.ScriptMethod, torch._C.ScriptFunction):
            kind.__call__ = self._looked_at(kind.__call__, spans)

    def _looked_at(self, call, spans):
        def looked_at(script, /, *args, **options):
            for file, line in re.findall(r"# (\S+\.py):(\d+):\d+", str(script.inlined_graph)):
                for name in [n for f, first, last, n in spans if f == file and first <= int(line) <= last]:
                    self._refuse(name)
            return call(script, *args, **options)

        return looked_at


# -- functions and their code ----------------------------------------------------------------------------------------


def functions(thing) -> list:
    """The Python functions that run when `thing` is called, below its wrappers too."""
    if isinstance(thing, type):
        return [f for member in vars(thing).values() if not isinstance(member, staticmethod) for f in _below(member)]
    return _below(thing)


def _below(thing) -> list:
    found, seen = [], 0
    while thing is not None and seen < 20:
        if isinstance(thing, types.FunctionType):
            found.append(thing)
        inner = ("__wrapped__", "__func__", "_implementation")  # decorators, bound methods, NumPy's dispatchers
        thing = next((vars_of for name in inner if (vars_of := _attribute(thing, name)) is not None), None)
        seen += 1
    return found


def _attribute(thing, name):
    if isinstance(thing, (types.FunctionType, classmethod, types.MethodType)) or hasattr(type(thing), name):
        return getattr(thing, name, None)
    return None


def _loaded(dotted: str):
    """What a name stands for in the modules that are there; None where it is not there."""
    module, _, name = dotted.rpartition(".")
    return getattr(sys.modules.get(module), name, None)


def _last_line(code) -> int:
    return max(n for n in (code.co_firstlineno, *(n for *_, n in code.co_lines())) if n)


@cache
def _template(free: int):
    """The code of a function that calls the constant in it, with as many variables from outside as it must have."""
    names = [f"_{i}" for i in range(free)]
    made = "".join(f" {n} = None\n" for n in names)
    used = "".join(f"  {n}\n" for n in names)
    source = f"def make():\n{made} def stub(*args, **options):\n{used}  return 'INSTEAD'(args, options)\n return stub"
    space = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, "<the barrier>", "exec"), space)
    return space["make"]().__code__


def _body(instead, old):
    code = _template(len(old.co_freevars))
    constants = tuple(instead if c == "INSTEAD" else c for c in code.co_consts)
    return code.replace(co_consts=constants, co_name=old.co_name)


@cache
def _codes_of_the_course() -> dict[int, types.CodeType]:
    """The code of everything in seqlib, as it is before any of a learner's has run."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("seqlib.") and not name.startswith("seqlib.checks"):
            for thing in vars(module).values():
                for function in functions(thing) if getattr(thing, "__module__", "") == name else ():
                    _collect(function.__code__, found)
    return found


@cache
def codes_of_the_grader() -> dict[int, types.CodeType]:
    """The code that talks with the outside, and that calls an answer and reads its result."""
    found = {}
    for name in ("wire", "execute", "cells", "seqlib.checks.calling", "seqlib.checks.compare", "seqlib.checks.limits"):
        module = sys.modules[name]
        for thing in vars(module).values():
            for function in functions(thing) if getattr(thing, "__module__", "") == name else ():
                _collect(function.__code__, found)
    return found


def _collect(code, found):
    found[id(code)] = code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            _collect(inner, found)


def warm_up():
    """In the process that is copied: every part of the course loaded and known, torch's tables looked up."""
    import seqlib

    for module in pkgutil.walk_packages(seqlib.__path__, "seqlib."):
        with contextlib.suppress(Exception):
            importlib.import_module(module.name)
    _codes_of_the_course()
    codes_of_the_grader()
    with contextlib.suppress(ImportError):
        families.warm_up()
