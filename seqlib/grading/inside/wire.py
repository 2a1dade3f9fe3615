"""Messages between the grader and the sandbox: JSON for the structure, raw bytes for arrays, nothing executable.

A frame is two lengths (4 bytes each), a JSON tree and the bytes of its arrays. Reading one never unpickles, never
allocates more than has arrived, and refuses what is too large, too deep, or of a type that is not on the list below.
The same file works on both sides; the sandbox's side is not to be believed, so everything is checked when read.
"""

import json
import math
import os
import select
import struct
import time

import numpy as np

DTYPES = {"|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"}
MAX_FRAME, MAX_NODES, MAX_DEPTH = 160 << 20, 200_000, 24
MAX_RESULT = 32 << 20  # what one answer may send back
MAX_ALIKE = 50  # different values with one hash: more of them make sets and dictionaries endless
CALLBACK, OVER = -1, -2  # in the place of a message's number: "this is a call to you", "that try has ended"
HEADER = struct.Struct(">II")


class Broken(Exception):
    """What came is no message of ours, or too much of one."""


class Closed(Broken):
    """The other side is gone."""


class Slow(Broken):
    """The other side did not answer in time."""


class Foreign:
    """Stands for a value that can't cross the border (an object, a module). Equal to nothing but itself."""

    def __init__(self, description: str):
        self.description = description

    def __repr__(self):
        return self.description


# -- values to trees -------------------------------------------------------------------------------------------------


class Writer:
    """Turns values into a JSON tree and a list of byte strings. `foreign(value)` decides about everything else."""

    def __init__(self, foreign):
        self.foreign, self.buffers, self.nodes = foreign, [], 0

    def buffer(self, data) -> int:
        self.buffers.append(bytes(data))
        return len(self.buffers) - 1

    def tree(self, value, depth: int = 0):
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise Broken("the value is too deep or has too many parts")
        if value is None or isinstance(value, (bool, str)):
            return value if value is None or isinstance(value, bool) else str.__str__(value)
        if isinstance(value, np.generic) or isinstance(value, np.ndarray):
            return self.array(np.asarray(value), "n" if isinstance(value, np.generic) else "a", depth)
        if isinstance(value, int):
            return int(value) if abs(value) < 2**200 else self.foreign(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"t": "f", "v": repr(float(value))}
        if isinstance(value, complex):
            return {"t": "c", "v": [repr(value.real), repr(value.imag)]}
        if isinstance(value, (bytes, bytearray)):
            return {"t": "b", "v": self.buffer(value)}
        for kind, letter in ((list, "l"), (tuple, "u"), (set, "s"), (frozenset, "z")):
            if isinstance(value, kind):
                return {"t": letter, "v": [self.tree(v, depth + 1) for v in kind.__iter__(value)]}
        if isinstance(value, dict):
            return {
                "t": "d",
                "v": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in dict.items(value)],
            }
        if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            return self.tensor(value, depth)
        return self.foreign(value)

    def array(self, array, letter: str, depth: int, dtype: str = ""):
        if array.dtype.kind in "US" or array.dtype == object:
            return self.tree(array.tolist(), depth + 1)
        wanted = array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype
        if wanted.str not in DTYPES:
            wanted = np.dtype("<c16" if array.dtype.kind == "c" else "<f8")
        data = np.ascontiguousarray(array, dtype=wanted)
        return {
            "t": letter,
            "d": wanted.str,
            "s": list(array.shape),
            "v": self.buffer(data.tobytes()),
            "x": dtype,
        }

    def tensor(self, value, depth: int):
        value = value.detach().to_dense().cpu() if str(value.layout) != "torch.strided" else value.detach().cpu()
        half = "bfloat16" in str(value.dtype)
        return self.array(
            (value.float() if half else value.resolve_conj().resolve_neg()).numpy(),
            "t",
            depth,
            "bfloat16" if half else "",
        )


def encode(message, foreign=None) -> bytes:
    """One frame. Without `foreign`, a value of another type becomes a description."""
    writer = Writer(None)
    writer.foreign = (lambda v: foreign(v)) if foreign else _described
    tree = json.dumps(writer.tree(message), allow_nan=False).encode()
    sizes = json.dumps([len(b) for b in writer.buffers]).encode()
    tree = HEADER.pack(len(sizes), len(tree)) + sizes + tree
    body = b"".join(writer.buffers)
    if len(tree) + len(body) > MAX_FRAME:
        raise Broken("the message is too large")
    return HEADER.pack(len(tree), len(body)) + tree + body


def _described(value):
    return {"t": "?", "v": f"{type(value).__name__} object"[:80]}


# -- trees to values -------------------------------------------------------------------------------------------------


class Reader:
    """Turns a tree back into values, believing nothing. `known` maps further tags to functions of the node."""

    def __init__(self, buffers, known=None):
        self.buffers, self.known, self.nodes, self.alike = buffers, known or {}, 0, {}

    def value(self, node, depth: int = 0):
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise Broken("too deep or too many parts")
        if isinstance(node, int) and not -(2**60) < node < 2**60:
            return self.counted(node)
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        if not isinstance(node, dict) or not isinstance(node.get("t"), str):
            raise Broken("an untagged node")
        tag, v = node["t"], node.get("v")
        if tag in "ant" and len(tag) == 1:
            return self.array(tag, node)
        if tag == "f" and v in ("nan", "inf", "-inf"):
            return float(v)
        if tag == "c" and isinstance(v, list) and len(v) == 2:
            return complex(float(v[0]), float(v[1]))
        if tag == "b":
            return self.bytes(v)
        if tag in ("l", "u", "s", "z") and isinstance(v, list):
            members = [self.value(m, depth + 1) for m in v]
            return {"l": list, "u": tuple, "s": self.set, "z": self.set}[tag](members)
        if tag == "d" and isinstance(v, list) and all(isinstance(p, list) and len(p) == 2 for p in v):
            return {self.counted(self.value(k, depth + 1)): self.value(x, depth + 1) for k, x in v}
        if tag == "?" and isinstance(v, str):
            return Foreign(v[:80])
        if tag in self.known:
            return self.known[tag](node)
        raise Broken(f"an unknown tag {tag[:10]!r}")

    def counted(self, value):
        """The value, if it can be a member of a set and not too many others have its hash."""
        try:
            others = self.alike.setdefault(hash(value), set())
        except TypeError:
            raise Broken("a key, or a member of a set, that can't be one") from None
        others.add(value)
        if len(others) > MAX_ALIKE:
            raise Broken("too many values with the same hash")
        return value

    def set(self, members):
        return {self.counted(m) for m in members}

    def bytes(self, index) -> bytes:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(self.buffers):
            raise Broken("an index of bytes that are not there")
        return self.buffers[index]

    def array(self, tag, node):
        shape, dtype, data = node.get("s"), node.get("d"), self.bytes(node.get("v"))
        if dtype not in DTYPES or not isinstance(shape, list) or len(shape) > 16:
            raise Broken("an array of a type that is not allowed")
        if not all(type(n) is int and 0 <= n <= MAX_FRAME for n in shape):
            raise Broken("an array of an impossible shape")
        if math.prod(shape) * np.dtype(dtype).itemsize != len(data):
            raise Broken("an array whose bytes do not fit its shape")
        array = np.frombuffer(data, dtype=dtype).reshape(shape).copy()
        if tag == "n":
            return array[()]
        return _tensor(array, node.get("x")) if tag == "t" else array


def _tensor(array, dtype):
    import torch

    tensor = torch.from_numpy(array)
    return tensor.bfloat16() if dtype == "bfloat16" else tensor


def decode(tree: bytes, body: bytes, known=None):
    """The message of a frame; Broken for whatever is wrong with it."""
    try:
        a, b = HEADER.unpack_from(tree)
        if a + b + HEADER.size != len(tree) or b > MAX_FRAME:
            raise Broken("lengths that do not add up")
        sizes = json.loads(tree[HEADER.size : HEADER.size + a])
        if not isinstance(sizes, list) or not all(type(n) is int and n >= 0 for n in sizes) or sum(sizes) != len(body):
            raise Broken("lengths that do not add up")
        buffers, at = [], 0
        for n in sizes:
            buffers.append(body[at : at + n])
            at += n
        return Reader(buffers, known).value(json.loads(tree[HEADER.size + a :]))
    except Broken:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
        MemoryError,
        RecursionError,
        struct.error,
    ) as error:
        raise Broken(f"no message ({type(error).__name__})") from None


# -- a pair of file descriptors --------------------------------------------------------------------------------------


class Channel:
    """Frames over file descriptors, with deadlines. `limit` caps the size of a frame that is read."""

    def __init__(self, reading: int, writing: int, limit: int = MAX_FRAME, foreign=None, known=None):
        self.reading, self.writing, self.limit, self.foreign, self.known = (
            reading,
            writing,
            limit,
            foreign,
            known,
        )

    def send(self, message, seconds: float | None = None):
        data, until = memoryview(encode(message, self.foreign)), _until(seconds)
        while data:
            self._wait([], [self.writing], until)
            try:
                data = data[os.write(self.writing, data[:65536]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from None

    def receive(self, seconds: float | None = None):
        until = _until(seconds)
        a, b = HEADER.unpack(self._read(HEADER.size, until))
        if a + b > self.limit or a < HEADER.size:
            raise Broken("a message larger than allowed")
        tree = self._read(a, until)
        return decode(tree, self._read(b, until), self.known)

    def _read(self, count: int, until) -> bytes:
        parts, left = [], count
        while left:
            self._wait([self.reading], [], until)
            try:
                part = os.read(self.reading, min(left, 1 << 20))
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not part:
                raise Closed("the other side is gone")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    @staticmethod
    def _wait(reading, writing, until):
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0 or not any(select.select(reading, writing, [], left)):
            raise Slow("no answer in time")

    def close(self):
        for fd in {self.reading, self.writing}:
            try:
                os.close(fd)
            except OSError:
                pass


def _until(seconds):
    return None if seconds is None else time.monotonic() + seconds
