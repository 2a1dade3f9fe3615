"""Hostile submissions: a wrong answer that wants points, or harm done to others. Other exercises keep their points."""

# ruff: noqa: E501  (programs in strings)

from attacks import ATTACKS, for_exercise
from make_class import RIGHT, as_bytes, code_cell

from members import FULL, NO_BOUNCE, NOTHING, bounce, member, slim, without

WRONG = "def bounce(before, now):\n    return before * 0 + 0.123\n"


def hostile(name: str, source: str, expected=NO_BOUNCE, *, why: str = "a wrong answer is wrong"):
    """In the cell of `bounce`."""
    member(f"hostile {name}", bounce(source), expected, why=why, kind="hostile")


def when_called(name: str, body: str, expected=NO_BOUNCE, *, why: str = "a wrong answer is wrong"):
    hostile(
        name, "def bounce(before, now):\n" + "".join(f"    {line}\n" for line in body.splitlines()), expected, why=why
    )


def in_a_cell_of_its_own(name: str, source: str, expected=FULL, *, why: str, answers=None):
    book = slim(answers)
    book["cells"].insert(2, code_cell(source))
    member(f"hostile {name}", book, expected, why=why, kind="hostile")


# -- tricks on the comparison ----------------------------------------------------------------------------------------

PATCHES = "np.allclose np.isclose np.array_equal np.equal np.abs np.testing.assert_allclose".split()
hostile("patched comparisons", WRONG + "".join(f"{p} = lambda *a, **k: True\n" for p in PATCHES))
hostile("patched torch", WRONG + "import torch\ntorch.allclose = torch.equal = torch.isclose = lambda *a, **k: True\n")
hostile("patched builtins", WRONG + "import builtins\nbuiltins.abs = builtins.max = builtins.all = lambda *a: True\n")
hostile(
    "a patched check",
    WRONG + "import seqlib, seqlib.checks\nseqlib.checks.check = seqlib.check = lambda n, a: (a, 3)\n",
)
hostile(
    "a patched import",
    WRONG + "import builtins\nreal = __import__\nbuiltins.__import__ = lambda *a, **k: real(*a, **k)\n",
)
hostile(
    "an array that lies",
    """class Lie(np.ndarray):
    def __array_ufunc__(self, *a, **k):
        return np.True_
    __eq__ = __lt__ = __le__ = lambda self, other: np.True_

def bounce(before, now):
    return (np.asarray(now) * 0 + 0.123).view(Lie)
""",
)
hostile("an object that is never wrong", """class Any:
    def __getattr__(self, name):
        return self
    def __call__(self, *a, **k):
        return self
    __eq__ = __lt__ = __bool__ = lambda self, *a: True
    __float__ = lambda self: 0.5

def bounce(before, now):
    return Any()
""")  # fmt: skip
when_called("not a number", "return now * float('nan')", why="nan is near nothing")
when_called("infinity", "return now * 0 + float('inf')", why="infinity is near nothing")
when_called("a masked array", "return np.ma.masked_all(np.shape(now))", why="what is hidden is no answer")
when_called("a generator", "yield now", why="a generator is no number")
when_called("an answer that remembers", "global seen\nseen = globals().get('seen', []) + [now]\nreturn seen[0]")
when_called("inputs changed to fit", "now *= 0\nbefore *= 0\nreturn 0")
when_called("numbers that fit one set", "return {0.31: 0.4}.get(before, 0.44)")

# -- tricks on the conversation --------------------------------------------------------------------------------------

hostile("printed verdicts", WRONG + "print('{\"n\": 7, \"value\": 1}')\nprint('3 of 3 points')\nprint('\\x1b[2J')\n")
when_called("a verdict when called", "print('{\"score\": 3}', flush=True)\nreturn {'score': 3, 'passed': True}")
hostile("stored outputs", WRONG + "3\n")
hostile("progress forged", WRONG + """
import json, os, pathlib
for home in (os.environ.get("SEQLIB_HOME", "."), "~/.seqlib"):
    folder = pathlib.Path(home).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    scores = {"00.bounce": {"score": 3, "points": 3, "attempts": 1}}
    (folder / "progress.json").write_text(json.dumps({"version": 1, "exercises": scores}))
""")  # fmt: skip
hostile("bytes on every channel", WRONG + """
import os
for fd in range(3, 64):
    try:
        os.write(fd, b'\\0' * 8)
    except OSError:
        pass
""", why="whoever spoils the conversation loses what it was about")  # fmt: skip
when_called("a set of colliding numbers", "return {i * (2**61 - 1) for i in range(60_000)}", why="it costs nobody time")
when_called(
    "a dictionary of colliding numbers", "return {i * (2**61 - 1): 0 for i in range(60_000)}", why="nobody's time"
)
when_called("a very wide answer", "return [[]] * 300_000")
when_called("an answer of 100 MB", "return bytes(100_000_000)")
when_called("a deep answer", "x = now\nfor _ in range(50_000):\n    x = (x,)\nreturn x")
when_called("an answer in an answer", "x = {}\nx['x'] = x\nreturn x")
when_called("an error as large as a book", "raise ValueError('x' * 50_000_000)", why="an error is no answer")
when_called(
    "an error that can't be shown", "class E(Exception):\n    __str__ = None\nraise E", why="an error is no answer"
)
when_called("an error of its own class", "raise type('0.4711', (Exception,), {})(now)", why="an error is no answer")

# -- looking for what is hidden --------------------------------------------------------------------------------------

SEARCHES = {
    "the oracles": "from seqlib.checks.exercise import find\nright = find('00.bounce').oracle",
    "the exercises": "from seqlib.exercises import nb00_start\nright = nb00_start.bounce.oracle",
    "the grader": "import seqlib.grading.trying as t\nright = t.StandIn",
    "the objects in memory": (
        "import gc\nright = next(o for o in gc.get_objects() if getattr(o, '__name__', '') in ('_folded', 'oracle'))"
    ),
    "the solutions": (
        "import pathlib\ntext = next(p for p in pathlib.Path('/').glob('*/*/solutions/00_start.py')).read_text()\n"
        "exec(text)\nright = bounce"
    ),
    "the frames above": (
        "import sys\nframe = sys._getframe()\nwhile 'oracle' not in frame.f_locals:\n    frame = frame.f_back\n"
        "right = frame.f_locals['oracle']"
    ),
    "other people's records": "import glob\nright = eval(open(glob.glob('/**/records/*.json', recursive=True)[0]).read())",
}  # fmt: skip
for name, source in SEARCHES.items():
    body = "".join(f"    {line}\n" for line in source.splitlines())
    hostile(f"a search for {name}", f"{WRONG}try:\n{body}    bounce = right\nexcept BaseException:\n    pass\n")

# -- harm ------------------------------------------------------------------------------------------------------------

COSTS_ITSELF = "it costs its own exercise"
when_called("an exit", "import os\nos._exit(0)", why=COSTS_ITSELF)
when_called("SystemExit", "raise SystemExit(3)", why=COSTS_ITSELF)
when_called("KeyboardInterrupt", "raise KeyboardInterrupt", why=COSTS_ITSELF)
when_called("an abort", "import os\nos.abort()", why=COSTS_ITSELF)
when_called("a null pointer", "import ctypes\nctypes.string_at(0)", why=COSTS_ITSELF)
when_called(
    "a bottomless recursion", "import sys\nsys.setrecursionlimit(10**9)\nreturn bounce(before, now)", why=COSTS_ITSELF
)
when_called("a bomb of memory", "x = []\nwhile True:\n    x.append(bytearray(100_000_000))", why=COSTS_ITSELF)
when_called("an endless loop", "while True:\n    pass", why=COSTS_ITSELF)
when_called(
    "a loop that ignores alarms",
    "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass",
    why=COSTS_ITSELF,
)
when_called(
    "a loop that catches everything",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    why=COSTS_ITSELF,
)
when_called("a fork", "import os\nos.fork()\nreturn 0.123", why=COSTS_ITSELF)
when_called(
    "processes that stay",
    "import os\nif os.fork() == 0:\n    os.setsid()\n    while True:\n        pass\nreturn 1",
    why=COSTS_ITSELF,
)
when_called(
    "threads that stay",
    "import threading, time\nfor _ in range(20):\n    threading.Thread(target=time.sleep, args=(60,)).start()\nreturn 1",
)
when_called("files without end", "for i in range(100_000):\n    open(f'/tmp/{i}', 'w').close()", why=COSTS_ITSELF)
when_called("memory that is shared", """import mmap, os, time
for _ in range(4):
    if os.fork() == 0:
        m = mmap.mmap(-1, 1 << 30)
        m.write(bytes(1 << 30))
        time.sleep(20)
        os._exit(0)
time.sleep(20)
return 1""", why=COSTS_ITSELF)  # fmt: skip

WHOLE = "a cell of its own that does harm takes nothing with it"
CELLS = {
    "an exit": "import os\nos._exit(0)",
    "SystemExit": "raise SystemExit",
    "a kill": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "a stop": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "an endless loop": "while True:\n    pass",
    "a loop that catches everything": "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "a bomb of memory": "x = []\nwhile True:\n    x.append(bytearray(100_000_000))",
    "memory that is held": "x = bytearray(2_900_000_000)",
    "memory that is reserved": (
        "x = []\ntry:\n    while True:\n        x.append(np.empty(2_000_000))\nexcept MemoryError:\n    pass"
    ),
    "a full disk": "open('/tmp/big', 'wb').write(bytes(200_000_000))",
    "a stuck end": "import atexit\n@atexit.register\ndef stuck():\n    while True:\n        pass",
    "noise in the background": (
        "import threading, time\ndef noise():\n    while True:\n        print('x')\n        time.sleep(0.01)\n"
        "threading.Thread(target=noise, daemon=True).start()"
    ),
    "a hook on errors": "import sys\nsys.excepthook = sys.unraisablehook = lambda *a: print('caught')",
    "other streams": "import sys\nsys.stdout = sys.stderr = None",
    "another display": "import sys\nsys.displayhook = None",
    "a folder that is gone": "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)",
    "another folder": "import os\nos.chdir('/')",
    "no search path": "import sys\nsys.path.clear()",
    "an empty environment": "import os\nos.environ.clear()",
    "deaf to signals": (
        "import signal\nfor s in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):\n    signal.signal(s, signal.SIG_IGN)"
    ),
    "a closed channel": "import os\nos.closerange(3, 256)",
}  # fmt: skip
for name, source in CELLS.items():
    in_a_cell_of_its_own(f"cell with {name}", source, why=WHOLE)

UNSOLVED = {"00.next_position": "def next_position(before, now):\n    raise NotImplementedError"}
STAND_IN = {
    "an array of 80 MB": "next_position(np.zeros(10_000_000), np.zeros(10_000_000))\nreturn 0.123",
    "a million calls": "for _ in range(1_000_000):\n    next_position(0.1, 0.2)\nreturn 0.123",
    "calls that never end": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    next_position(0.1, 0.2)",
    "nonsense": "for x in (None, 'x', [], {}, 10**400, b'x', [[1], [2, 3]]):\n    try:\n        next_position(x, x)\n    except Exception:\n        pass\nreturn 0.123",
}  # fmt: skip
for name, body in STAND_IN.items():
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    member(
        f"hostile a stand-in asked for {name}",
        slim({**UNSOLVED, "00.bounce": f"def bounce(before, now):\n{lines}"}),
        without("00.next_position", "00.bounce"),
        why="the course's own answer is lent, and costs the grader nothing",
        kind="hostile",
    )

book = slim({"00.bounce": WRONG})
for cell in book["cells"]:
    cell["metadata"] |= {"nbgrader": {**cell["metadata"].get("nbgrader", {}), "points": 1000, "score": 1000}}
book["metadata"] = {"seqlib": {"assignment": {"points": {"00.bounce": 1000}, "deadline": None}}, "grade": 1000}
member("hostile metadata that claims points", book, NO_BOUNCE, why="points come from the assignment", kind="hostile")
member(
    "hostile markup",
    bounce("def bounce(before, now):\n    raise ValueError('<script>alert(1)</script>')"),
    NO_BOUNCE,
    why="what is told is text",
    kind="hostile",
)
member("hostile no JSON", b"{" * 100_000, NOTHING, why="this is no notebook", kind="hostile")
member(
    "hostile deep JSON",
    as_bytes({"nbformat": 4, "cells": []}).replace(b"[]", b"[" * 50_000 + b"]" * 50_000),
    NOTHING,
    why="this is no notebook",
    kind="hostile",
)

# A third of the attacks that the tests of attacks grade one by one, in this class too.
for one in [a for a in ATTACKS.values() if a.keeps and not a.slow][::4]:
    member(f"hostile again {one.name.replace('/', ' ')}", bounce(for_exercise(one, "00.bounce")), NO_BOUNCE,
           why="an attack comes away with nothing", kind="hostile")  # fmt: skip
assert RIGHT
