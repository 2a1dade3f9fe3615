"""Call a learner's function once and tell what happened, without ever failing itself."""

import contextlib
import copy
import inspect
import io
import linecache
import re
import sys
import sysconfig
import threading
import traceback
import warnings
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import islice

import numpy as np

from seqlib.checks.compare import Foreign, as_array, describe
from seqlib.checks.limits import TookTooLong, time_limit

PRINTED_LIMIT = 2_000  # characters kept of what an answer prints
LISTED_LIMIT = 100_000  # a longer list of numbers is made an array
YIELDED_LIMIT = 100_000  # values taken from a generator, which may never end


@dataclass
class Outcome:
    """What one call did: its value, or the error in a sentence; and what else was noticed."""

    value: object = None
    error: str | None = None
    kind: str | None = None  # the exception's type, "time" for an endless loop
    detail: str = ""  # what the exception said
    printed: str = ""
    modified: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    library: str | None = None  # the other library, where only its arrays would do as arguments

    @property
    def unattempted(self) -> bool:
        return self.kind == "NotImplementedError"


class _Capture(io.TextIOBase):
    """Keeps the first characters written to it and forgets the rest."""

    def __init__(self):
        self.text = ""

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: PRINTED_LIMIT - len(self.text)]
        return len(text)


def copied(args: tuple) -> tuple:
    return tuple(copy.deepcopy(a) for a in args)


def as_torch(args: tuple) -> tuple:
    """The same arguments with every NumPy array as a tensor."""
    import torch

    return tuple(
        torch.from_numpy(a.copy()) if isinstance(a, np.ndarray) and a.dtype.kind in "biuf" else a for a in args
    )


def as_numpy(args: tuple) -> tuple:
    """The same arguments with every tensor as a NumPy array."""
    return tuple(as_array(a) if hasattr(a, "detach") else a for a in args)


def parameters(function) -> list[str] | None:
    """The names of a function's positional parameters, None where they can't be known."""
    try:
        return [
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return None


def wrong_arity(function, names: list[str]) -> str | None:
    """A sentence where `function` can't be called with as many arguments as there are `names`."""
    try:
        signature = inspect.signature(function)
        signature.bind(*names)
    except TypeError:
        takes = parameters(function) or []
        by_name = [p.name for p in signature.parameters.values() if p.kind == p.KEYWORD_ONLY and p.default is p.empty]
        return (
            f"the check calls it with {len(names)} argument{'s' * (len(names) != 1)} ({', '.join(names)}); "
            f"your function takes {len(takes)} ({', '.join(takes) or 'none'})"
            + (f" and needs {', '.join(by_name)} by name" if by_name else "")
        )
    except ValueError:
        return None
    return None


def call(function, args: tuple, *, names: list[str] = (), forbids=(), owner=None, seconds: float = 2.0) -> Outcome:
    """Call `function` on copies of `args`. Prints and warnings are caught, time is limited, errors become sentences.

    `owner` is the learner's own function where `function` only calls it: errors are told in its lines.
    """
    mine, watch = copied(args), _Watch(forbids)

    def work():
        with watch:
            return _produced(function(*mine))

    outcome = guarded(work, owner=owner or function, seconds=seconds)
    if not outcome.kind:
        _settle(outcome)
    outcome.forbidden = sorted(watch.seen)
    outcome.modified = guarded(lambda: _modified(names, args, mine), seconds=0.5).value or []
    return outcome


def _settle(outcome):
    """Read the result; where even that does not end, say so once and go no further."""
    read = guarded(lambda: _read(outcome.value, ()), seconds=1.0)
    if read.kind:
        what = "is never done" if read.kind == "time" else f"raises {read.kind}"
        kind = type(outcome.value).__name__
        outcome.value, outcome.kind = None, "time" if read.kind == "time" else "Unreadable"
        outcome.error = f"the result can't be read: looking at this {kind} {what}"
    else:
        outcome.value = read.value


def _modified(names, before, after) -> list[str]:
    return [n for n, a, m in zip(names, before, after, strict=False) if _changed(a, m)]


def guarded(work, *, owner=None, seconds: float = 2.0) -> Outcome:
    """Do `work()`, which may run a learner's code: whatever it raises, prints or waits for stays in here."""
    out, outcome, limit = _Capture(), Outcome(), time_limit(seconds)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with limit:
                outcome.value = work()
    except TookTooLong:
        limit.close()
        outcome.kind, outcome.error = (
            "time",
            f"it did not finish within {seconds:g} seconds: is there a loop that never ends?",
        )
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: a check never raises
        outcome.kind, outcome.detail = type(error).__name__, _text(error)
        outcome.error = _sentence(error, outcome.detail, owner or work)
    outcome.printed = out.text
    return outcome


def described(value) -> str:
    """`describe`, where even that may never end."""
    told = guarded(lambda: describe(value), seconds=0.3)
    return told.value if isinstance(told.value, str) else f"an object of type {type(value).__name__}"


def _produced(value):
    """A generator's values as a list; a coroutine is closed, because it would complain on stderr when forgotten."""
    if inspect.isgenerator(value):
        return list(islice(value, YIELDED_LIMIT))
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError("an async function gives a coroutine and no value: write `def`, not `async def`")
    return value


def settled(value):
    """The value as plain data, read once: what is done with it later runs none of a learner's code."""
    return _read(_produced(value), ())


def _read(value, around: tuple):
    kind = type(value)
    if kind in (list, tuple, dict):
        return value if id(value) in around else _read_container(value, (*around, id(value)))
    if issubclass(kind, np.ndarray):
        return value if kind is np.ndarray else np.asarray(value)
    if hasattr(kind, "__array__") and not issubclass(kind, np.generic) and not hasattr(kind, "detach"):
        try:
            array = np.asarray(value)
        except Exception:  # it refuses, and is then told as what it is
            return value
        return array if array.dtype.kind in "biufc" else value
    return _tamed(value, around) if _is_own(kind) else value


def _tamed(value, around):
    """An object of a learner's class: what it is based on, else a thing that only says what it was."""
    for base, plain in ((str, str.__str__), (bytes, bytes.__bytes__), (int, int.__int__), (float, float.__float__)):
        if isinstance(value, base):
            return plain(value)
    for base, items in ((list, list.__iter__), (tuple, tuple.__iter__), (dict, dict.items)):
        if isinstance(value, base):
            return _read(base(items(value)), around)
    if hasattr(type(value), "named_parameters") or hasattr(type(value), "detach"):
        return value
    return Foreign(re.sub(" at 0x[0-9a-f]+", "", describe(value)))


def _is_own(kind: type) -> bool:
    """Whether a class was written in a notebook, not in a library."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if file is None:
        return kind.__module__ == "__main__" or module is None
    return not file.startswith(_library_folders()) and not kind.__module__.startswith("seqlib.")


def _read_container(value, around):
    if len(value) <= LISTED_LIMIT:
        if type(value) is dict:
            return {key: _read(v, around) for key, v in value.items()}
        return type(value)(_read(v, around) for v in value)
    array = as_array(value)  # reading it once is long enough
    return value if array is None else array


@contextlib.contextmanager
def unwatched():
    """Let the course's own code call what an exercise forbids, even inside an answer."""
    watching = sys.getprofile()
    sys.setprofile(None)
    try:
        yield
    finally:
        _put_back(watching)


def _changed(before, after) -> bool:
    a, b = as_array(before), as_array(after)
    if a is not None and b is not None:
        return a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc" and b.dtype.kind in "fc")
    if isinstance(before, (list, dict, set)):
        return len(before) != len(after) or describe(before) != describe(after) or repr(before) != repr(after)
    return False


# -- an exception, told in the learner's own lines -------------------------------------------------------------------


@cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths["stdlib"], paths["purelib"], paths["platlib"]})


def _own_frame(error, function):
    """The innermost frame that the learner wrote: in the function's own file, else in no library's."""
    frames = traceback.extract_tb(error.__traceback__)
    home = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_filename", None)
    own = [f for f in frames if f.filename == home]
    other = [
        f
        for f in frames[1:]
        if not f.filename.startswith((*_library_folders(), "<frozen", "<__array")) and f.filename != __file__
    ]
    return (own or other or [None])[-1]


def _text(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception of the learner's own may not even be printable
        return ""
    return text if len(text) <= 300 else text[:297] + "…"


def _sentence(error: BaseException, text: str, function) -> str:
    where = ""
    frame = _own_frame(error, function)
    if frame is not None:
        line = (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()
        where = f", at the line `{line}`" if line else ""
    return f"it raised {type(error).__name__}{': ' + text if text else ''}{where}"


# -- calls that an exercise forbids ----------------------------------------------------------------------------------


def resolve(dotted: str):
    """The object that a dotted name such as "torch.nn.LSTM" stands for."""
    parts = dotted.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            found = import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for part in parts[i:]:
            found = getattr(found, part)
        return found
    raise ValueError(f"{dotted!r} names nothing that can be imported")


def _codes(thing) -> list:
    """Code objects that run when `thing` is called."""
    if isinstance(thing, type):
        functions = [f for f in vars(thing).values() if inspect.isfunction(f)]
    else:
        functions = [thing, getattr(thing, "__wrapped__", None), getattr(thing, "_implementation", None)]
    return [f.__code__ for f in functions if hasattr(f, "__code__")]


class _Watch(contextlib.AbstractContextManager):
    """Notices calls of forbidden names as they happen, under whatever alias they were imported."""

    def __init__(self, forbids):
        self.seen, self.codes, self.builtins, self.methods = set(), {}, {}, {}
        for name in forbids:
            thing = resolve(name)
            found = _codes(thing)
            self.codes.update(dict.fromkeys(found, name))
            if not found:
                self.builtins[id(thing)] = name
                called = self.methods.setdefault(getattr(thing, "__name__", name), [])  # str.encode, codecs.encode
                called.append((name, getattr(thing, "__objclass__", None)))

    def _profile(self, frame, event, arg):
        if event == "call" and frame.f_code in self.codes:
            self.seen.add(self.codes[frame.f_code])
        elif event == "c_call":
            if id(arg) in self.builtins:
                self.seen.add(self.builtins[id(arg)])
            elif getattr(arg, "__name__", None) in self.methods and not inspect.ismodule(
                getattr(arg, "__self__", None)
            ):
                for name, owner in self.methods[arg.__name__]:
                    if owner is not None and isinstance(getattr(arg, "__self__", None), owner):
                        self.seen.add(name)

    def __enter__(self):
        self.previous, self.of_threads = sys.getprofile(), threading.getprofile()
        if self.codes or self.builtins:
            threading.setprofile(self._profile)  # a thread that the answer starts is watched too
            sys.setprofile(self._profile)
        return self

    def __exit__(self, *_):
        threading.setprofile(self.of_threads)
        _put_back(self.previous)


def _put_back(profiler):
    """Restore what `sys.getprofile` gave; cProfile's is no function and starts again by itself."""
    if hasattr(profiler, "enable"):
        profiler.enable()
    else:
        sys.setprofile(profiler)
