"""Talking to the grader instead of answering: forged replies, crafted data, patched parts of the program inside."""

# ruff: noqa: E501  (programs of attackers, in strings)

from attacks import attack

WIRE = """
import io, os, json, pickle, struct, sys, zipfile
import numpy as np
def channels():
    for fd in range(3, 256):
        try:
            os.fstat(fd)
            yield fd
        except OSError:
            pass
def frame(tree, body=b"", sizes=None):
    tree, sizes = json.dumps(tree).encode(), json.dumps([len(body)] if sizes is None else sizes).encode()
    tree = struct.pack(">II", len(sizes), len(tree)) + sizes + tree
    return struct.pack(">II", len(tree), len(body)) + tree + body
def say(data):
    for fd in channels():
        try:
            os.write(fd, data)
        except OSError:
            pass
def message(**fields):
    return {"t": "d", "v": [[k, v] for k, v in fields.items()]}
"""
CALLED = (
    WIRE
    + """
def ANSWER(*a):
    BODY
    return 0.0
if "ANSWER" == "positions_needed":
    ANSWER = None
"""
)


def says(name: str, body: str, **more):
    attack(name, CALLED.replace("BODY", body.strip().replace("\n", "\n    ")), **more)


says(
    "a forged score",
    """
for n in range(40):
    say(frame(message(n=n, score=3, points=3, passed=True, state="ok", verdict="ok", value=None)))
""",
    keeps=False,
)
says(
    "forged replies",
    """
for n in range(60):
    say(frame(message(n=n, value=0.5, error=None, kind=None, printed="", modified={"t": "l", "v": []}, forbidden={"t": "l", "v": []})))
os._exit(0)
""",
    keeps=False,
)
says("garbage instead of a reply", "say(os.urandom(4000))\nos._exit(0)", keeps=False)
says(
    "a length of four gigabytes",
    "say(struct.pack('>II', 2**32 - 1, 2**32 - 1) + b'x' * 100)\nos._exit(0)",
    keeps=False,
)
says(
    "half a message",
    "say(struct.pack('>II', 5000, 100) + b'{')\nimport time\ntime.sleep(30)",
    keeps=False,
    slow=True,
)
says(
    "a pickle instead of data",
    """
class Boom:
    def __reduce__(self):
        return os.system, ("touch /tmp/seqlib-attack-was-here",)
data = pickle.dumps(Boom())
say(frame(message(n=9, value={"t": "a", "d": "|O", "s": [1], "v": 0}), data))
say(struct.pack(">II", len(data), 0) + data)
os._exit(0)
""",
    keeps=False,
)
says(
    "a crafted npz",
    """
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
    header = b"\\x93NUMPY\\x01\\x00v\\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (999999999999,), }".ljust(117) + b"\\n"
    z.writestr("value.npy", header + bytes(50_000_000))
say(frame(message(n=9, value={"t": "b", "v": 0}), buffer.getvalue()))
say(buffer.getvalue())
os._exit(0)
""",
    keeps=False,
)
says(
    "a shape that is too large",
    """
for n in range(40):
    say(frame(message(n=n, value={"t": "a", "d": "<f8", "s": [10**12], "v": 0}), b"12345678"))
os._exit(0)
""",
    keeps=False,
)
says(
    "a negative shape",
    """
for n in range(40):
    say(frame(message(n=n, value={"t": "a", "d": "<f8", "s": [-1, -1], "v": 0}), b"12345678"))
os._exit(0)
""",
    keeps=False,
)
says(
    "a tree that is too deep",
    """
tree = "[" * 200_000 + "]" * 200_000
data = struct.pack(">II", 2, len(tree)) + b"[]" + tree.encode()
say(struct.pack(">II", len(data), 0) + data)
os._exit(0)
""",
    keeps=False,
)
says(
    "numbers with a million digits",
    """
tree = '{"t": "d", "v": [["n", ' + "9" * 1_000_000 + ']]}'
data = struct.pack(">II", 2, len(tree)) + b"[]" + tree.encode()
say(struct.pack(">II", len(data), 0) + data)
os._exit(0)
""",
    keeps=False,
)
says(
    "calls of the grader's functions",
    """
for i in range(20):
    say(frame(message(n=-1, op="callback", id=i, args={"t": "l", "v": [0.1, 0.2]}, kwargs={"t": "d", "v": []})))
say(frame(message(n=-1, op="callback", id="__import__", args={"t": "l", "v": ["os"]}, kwargs={"t": "d", "v": []})))
""",
    keeps=False,
    slow=True,
)

attack(
    "the program inside, patched",
    """
import gc, sys
import wire, execute
execute._Trial.outcome = lambda self, message: dict(value=True, error=None, kind=None, modified=[], forbidden=[], score=3, passed=True)
wire.encode = lambda *a, **k: b"3"
for thing in gc.get_objects():
    if type(thing).__name__ == "Runner":
        thing.do_try = lambda message: {"score": 3, "value": 3}
WRONG
""",
    keeps=False,
)

attack(
    "the channel, closed",
    """
import os
for fd in range(3, 256):
    try:
        os.close(fd)
    except OSError:
        pass
WRONG
""",
    keeps=False,
)

attack(
    "a reader that never reads",
    """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == "Channel":
        thing.receive = lambda *a: __import__("time").sleep(10**6)
WRONG
""",
    keeps=False,
    slow=True,
)
