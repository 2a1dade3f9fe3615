"""What a submission can make the grader do costs the submission, and not the grader."""

import json
import os
import threading
import time

import numpy as np
import pytest
from quick import graded, scores

from seqlib.grading import slot as slots
from seqlib.grading import stage
from seqlib.grading.inside import wire
from seqlib.grading.lender import Lender, Refused
from seqlib.grading.sandbox import Limits

linux = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="for Linux")


# -- stand-ins -------------------------------------------------------------------------------------------------------


def endless():
    while True:
        pass


@pytest.fixture
def lender():
    functions = {"sum": lambda x: x.sum(), "endless": endless, "zeros": np.zeros, "exit": lambda: os._exit(1)}
    one = Lender(functions)
    yield one
    one.close()


@linux
def test_a_lent_answer_has_limits(lender):
    assert lender.call("sum", [np.arange(4.0)], {}) == 6
    for name, args in (("endless", []), ("zeros", [200_000_000]), ("exit", []), ("sum", ["x"])):
        began = time.monotonic()
        with pytest.raises(Refused):
            lender.call(name, args, {})
        assert time.monotonic() - began < 15
        assert lender.call("sum", [np.ones(2)], {}) == 2


@linux
def test_what_lends_ends_with_its_notebook(lender):
    lender.call("sum", [np.ones(2)], {})
    pid = lender.pid
    lender.close()
    assert not os.path.exists(f"/proc/{pid}")


# -- the conversation ------------------------------------------------------------------------------------------------


def test_a_flood_of_calls_ends_with_the_time():
    """The other side calls back for ever: the answer is not waited for longer than was said."""
    (here, to_them), (from_us, theirs) = os.pipe(), os.pipe()
    run = slots.Run(wire.Channel(here, theirs), None)
    over = threading.Event()

    def flood():
        frame = wire.encode({"n": wire.CALLBACK, "op": "callback", "id": 1, "args": [], "kwargs": {}})
        while not over.is_set():
            os.write(to_them, frame)
            os.read(from_us, 1000)

    threading.Thread(target=flood, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(slots.RunEnded, match="time"):
        run.ask(0.5, op="cell")
    assert time.monotonic() - began < 3
    over.set()


def test_a_call_that_took_too_long_is_an_error_and_no_end():
    from seqlib.checks.limits import TookTooLong

    def late():
        raise TookTooLong

    run = slots.Run(None, None, {1: late})
    assert run._called({"id": 1, "args": [], "kwargs": {}}) == {"error": "TookTooLong"}


@pytest.mark.parametrize("tag", ["s", "d", "l", "u"])
def test_colliding_numbers_are_refused_at_once(tag):
    """A set of them would take half a minute to make, and so it is never made, here neither."""
    members = [i * (2**61 - 1) for i in range(60_000)]
    data = _frame({"t": tag, "v": [[k, 0] for k in members] if tag == "d" else members})
    began = time.monotonic()
    with pytest.raises(wire.Broken, match="same hash"):
        wire.decode(*data)
    assert time.monotonic() - began < 2


def _frame(node) -> tuple[bytes, bytes]:
    tree = json.dumps(node).encode()
    return wire.HEADER.pack(2, len(tree)) + b"[]" + tree, b""


def test_many_equal_and_many_large_numbers_are_no_collision():
    value = [2**70] * 5000 + [2**62 + 3 * i for i in range(5000)] + [{2**70, 5}] * 100
    data = wire.encode(value)
    a, b = wire.HEADER.unpack(data[:8])
    assert wire.decode(data[8 : 8 + a], data[8 + a : 8 + a + b]) == value


# -- memory ----------------------------------------------------------------------------------------------------------


@linux
def test_memory_that_is_shared_is_counted():
    import mmap

    before = slots.own_memory(os.getpid())
    shared = mmap.mmap(-1, 64 << 20)
    shared.write(bytes(64 << 20))
    assert slots.own_memory(os.getpid()) - before > 60 << 20


# -- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_whole_time_is_the_whole_time(sandboxed):
    """Whatever hangs, and however late it answers: no more than --total-seconds, and the end of a sandbox."""
    limits = Limits(cell_seconds=5, exercise_seconds=20, total_seconds=8)
    asleep = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
    cells = [asleep + "def bounce(before, now):\n    time.sleep(1000)", asleep + "time.sleep(1000)"]
    with stage.staged() as folder, slots.Slot("bwrap", folder, limits) as slot:
        assert scores(graded(slot, ["positions_needed = 2"])) == {"positions_needed": 1}
        for cell in cells:
            began = time.monotonic()
            graded(slot, [cell, "positions_needed = 2"])
            assert time.monotonic() - began < 16
