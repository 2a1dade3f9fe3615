"""What crosses the border: values as they were, everything else refused."""

import os
import random

import numpy as np
import pytest

from seqlib.grading.inside import wire

VALUES = [
    None,
    True,
    3,
    -(2**100),
    0.5,
    float("inf"),
    "häß",
    b"\x00\xff",
    [1, [2, "x"]],
    (1, 2.5),
    {"a": [1], 2: (3,), (1, 2): None},
    {1, 2},
    np.float32(1.5),
    np.arange(6).reshape(2, 3),
    np.zeros((0, 3)),
    np.array(7),
    np.array([True, False]),
    np.float64(2.5),
    1 + 2j,
    np.arange(6, dtype=">i4").reshape(3, 2).T,
    np.array(["a", "b"]),
]


def there_and_back(value, **more):
    data = wire.encode(value, **more)
    a, b = wire.HEADER.unpack(data[:8])
    return wire.decode(data[8 : 8 + a], data[8 + a : 8 + a + b])


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{type(v).__name__} {v!r}"[:30])
def test_values_arrive_as_they_were(value):
    back = there_and_back(value)
    np.testing.assert_equal(
        back, value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "U" else value
    )
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind != "U":
        assert back.dtype == value.dtype.newbyteorder("=") and type(back) is type(value)


def test_tensors_arrive_as_tensors():
    torch = pytest.importorskip("torch")
    for tensor in (
        torch.randn(3, 2, requires_grad=True),
        torch.randn(3).bfloat16(),
        torch.randn(2, 3).T,
        torch.tensor(True),
        torch.randn(3, dtype=torch.complex64).conj(),
    ):
        back = there_and_back(tensor)
        assert back.dtype == tensor.dtype and torch.equal(back, tensor.detach())


def test_objects_arrive_as_descriptions():
    class Equal:
        def __eq__(self, other):
            return True

    back = there_and_back([Equal(), np.nan.__class__, lambda: 1])
    assert [type(b) for b in back] == [wire.Foreign] * 3 and back[0] != Equal.__mro__ and back[0] != 1


def test_subclasses_lose_what_they_pretend():
    class Always(float):
        __eq__ = lambda *a: True  # noqa: E731
        __hash__ = float.__hash__

    assert type(there_and_back(Always(0.5))) is float and there_and_back(Always(0.5)) != 3


@pytest.mark.parametrize(
    "node",
    [
        {"t": "a", "d": "<f8", "s": [10**12], "v": 0},
        {"t": "a", "d": "<f8", "s": [-1], "v": 0},
        {"t": "a", "d": "|O", "s": [1], "v": 0},
        {"t": "a", "d": "<f8", "s": [1], "v": 5},
        {"t": "a", "d": "<f8", "s": [1.0], "v": 0},
        {"t": "a", "d": "<f8", "s": [True], "v": 0},
        {"t": "zz"},
        {"x": 1},
        [1],
        {"t": "d", "v": [[1]]},
        {"t": "d", "v": [[{"t": "l", "v": []}, 1]]},
        {"t": "s", "v": [{"t": "l", "v": []}]},
        {"t": "a", "d": "<M8", "s": [1], "v": 0},
        {"t": "f", "v": "1e5"},
        {"t": "call", "id": 1},
        {"t": None},
        {"t": "b", "v": True},
    ],
)
def test_crafted_nodes_are_refused(node):
    import json

    tree, sizes = json.dumps(node).encode(), b"[8]"
    with pytest.raises(wire.Broken):
        wire.decode(wire.HEADER.pack(len(sizes), len(tree)) + sizes + tree, bytes(8))


def test_any_damage_is_broken_or_harmless():
    """5000 damaged frames: a value or Broken, never another error."""
    chance = random.Random(0)
    data = wire.encode({"n": 3, "value": [np.arange(5.0), {"a": (1, "x")}], "printed": "hello"})
    a, _ = wire.HEADER.unpack(data[:8])
    for _ in range(5000):
        damaged = bytearray(data[8:])
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            wire.decode(bytes(damaged[:a]), bytes(damaged[a:]))
        except wire.Broken:
            pass


def test_deep_and_long_values_are_refused():
    deep, long = 1, [0] * (wire.MAX_NODES + 1)
    for _ in range(50):
        deep = [deep]
    loop = []
    loop.append(loop)
    for value in (deep, long, loop):
        with pytest.raises(wire.Broken):
            wire.encode(value)


def test_a_channel_has_deadlines_and_a_limit():
    reading, writing = os.pipe()
    channel = wire.Channel(reading, writing, limit=1000)
    with pytest.raises(wire.Slow):
        channel.receive(0.05)
    channel.send("x" * 5000)
    with pytest.raises(wire.Broken):
        channel.receive(1)
    os.close(writing)
    os.read(reading, 10000)
    with pytest.raises(wire.Closed):
        channel.receive(1)
    os.close(reading)
