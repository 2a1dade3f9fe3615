"""Using up time, memory, processes, disk or output; ending the process; leaving something behind."""

# ruff: noqa: E501  (programs of attackers, in strings)

from attacks import attack

IN_CALL = """
def ANSWER(*a):
    BODY
if "ANSWER" == "positions_needed":
    ANSWER = None
"""


def when_called(name: str, body: str, **more):
    attack(name, IN_CALL.replace("BODY", body.strip().replace("\n", "\n    ")), **more)


attack("os._exit in a cell", "WRONG\nimport os\nos._exit(0)")
when_called("os._exit when called", "import os\nos._exit(0)")
when_called("sys.exit when called", "import sys\nsys.exit(0)")
when_called("SystemExit with full points", "raise SystemExit(3)")
when_called("KeyboardInterrupt when called", "raise KeyboardInterrupt")
when_called("abort when called", "import os\nos.abort()")
when_called("a segmentation fault", "import ctypes\nctypes.string_at(0)")
when_called("killing every process", "import os, signal\nos.kill(-1, signal.SIGKILL)\nreturn 1", keeps=False)
when_called("killing the parent", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nreturn 1")
attack(
    "killing everything in a cell",
    "WRONG\nimport os, signal\nfor p in (1, os.getppid(), -1):\n    try:\n        os.kill(p, 9)\n    except OSError:\n        pass",
    keeps=False,
)

attack(
    "an endless loop in a cell that ignores interrupts",
    """
WRONG
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
""",
    slow=True,
)
when_called("an endless loop when called", "while True:\n    pass", slow=True)
when_called(
    "an endless loop when called that ignores interrupts",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        continue",
    slow=True,
)
when_called(
    "sleeping for ever with blocked signals",
    """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    time.sleep(1000)
""",
    slow=True,
)
when_called("an endless generator", "while True:\n    yield 1", slow=True)
when_called("an endless regular expression", "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')", slow=True)
attack(
    "an endless comparison",
    """
class Slow:
    def __len__(self):
        while True:
            pass
    __iter__ = __array__ = __float__ = __eq__ = __repr__ = __str__ = lambda self, *a: self.__len__()
    shape = property(__len__)
ANSWER = lambda *a: Slow()
if "ANSWER" == "positions_needed":
    ANSWER = Slow()
""",
)

attack("a memory bomb in a cell", "WRONG\nx = []\nwhile True:\n    x.append(bytearray(50_000_000))")
when_called("a memory bomb when called", "x = []\nwhile True:\n    x.append(bytearray(50_000_000))")
when_called(
    "a memory bomb in many processes",
    """
import os, time
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(700_000_000)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
""",
    slow=True,
)
attack(
    "a fork bomb",
    "WRONG\nimport os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    slow=True,
    keeps=False,
)
when_called(
    "a fork bomb when called",
    "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    slow=True,
    keeps=False,
)
when_called(
    "a bomb of threads",
    """
import threading, time
while True:
    try:
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    except RuntimeError:
        return 1
""",
)
attack(
    "a disk bomb",
    """
WRONG
import os
for place in ("/tmp", "/dev/shm", "/var/tmp", "."):
    for i in range(50):
        try:
            with open(f"{place}/big{i}", "wb") as file:
                for _ in range(100):
                    file.write(bytes(10_000_000))
        except OSError:
            pass
""",
)
attack(
    "a bomb of small files",
    """
WRONG
try:
    for i in range(200_000):
        open(f"/tmp/{i}", "w").close()
except OSError:
    pass
""",
)
attack(
    "a flood of output",
    """
WRONG
import os, sys
for _ in range(2000):
    print("x" * 10_000)
    sys.stderr.write("y" * 10_000)
    os.write(1, b"z" * 10_000)
    os.write(2, b"z" * 10_000)
""",
)
when_called(
    "a flood of output when called",
    "import os\nfor _ in range(2000):\n    print('x' * 10_000)\n    os.write(1, b'z' * 10_000)\nreturn 7",
)
when_called("a huge array", "import numpy as np\nreturn np.zeros(100_000_000)")
when_called("a huge string", "return 'x' * 200_000_000")
when_called("a huge number", "return 1 << 4_000_000")
when_called("a list inside itself", "x = []\nx.append(x)\nreturn x")
when_called("a very deep list", "x = 1\nfor _ in range(100_000):\n    x = [x]\nreturn x")
when_called("a very long list", "return [[0]] * 5_000_000")

BACKGROUND = """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.5)
    os._exit(0)
try:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(47115)"], start_new_session=True)
except OSError:
    pass
"""
attack("background processes from a cell", "WRONG\n" + BACKGROUND)
when_called("background processes when called", BACKGROUND + "\nreturn 1")
when_called("a stuck destructor", "import atexit\n@atexit.register\ndef f():\n    while True:\n        pass\nreturn 1")
attack(
    "no more signals",
    """
WRONG
import signal
for s in range(1, 65):
    try:
        signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.setitimer = signal.alarm = signal.signal = lambda *a: None
""",
)
