"""Slips that would never end or fill the memory: none is run to its end, each search goes on, all is put back."""

import ast
import itertools
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from seqlib.checks import Case, Exercise, engine
from seqlib.checks.endless import BITS, LONGEST, ending, never_ends, with_small_powers
from seqlib.checks.exercise import all_exercises
from seqlib.checks.implied import _definition, implied
from seqlib.checks.limits import memory_limit

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
BIG = 10**11
LARGE = 3 * 10**8  # as many numbers fit into the memory of most machines, and into no search


# Right answers whose slips are dangerous: numbers, lists and arrays that one edit makes huge or endless.


def spread(n, huge, scale):
    return [scale * t for t in list(range(n % huge))]


def zeros_before(x, n, huge):
    return np.concatenate([np.zeros(n % huge), x + 1])


def repeated(letter, n, huge):
    return len(letter * (n % huge)) + 0.5


def total(n, huge, share):
    return sum(range(n % huge)) * share


def power(base, n, share):
    return base ** (n % 7) * share


def counting(x, least):
    found, number = [], 0
    while True:
        if number * least > 9:
            break
        found.append(number * x)
        number += 1
    return found


def drained(words, least):
    left, found = list(words), []
    for word in iter(left.pop, "end"):
        if len(word) > least:
            found.append(len(word) + 0.5)
    return found


def numbered(words, share):
    return [share * n for n, word in zip(itertools.count(1), words, strict=False) if word]


def _big(rng, **others):
    return [Case(f"{n}", n=int(n), huge=BIG, **{k: v(rng) for k, v in others.items()}) for n in rng.integers(3, 9, 3)]


def _words(rng):
    return [Case(words=["end", *rng.choice(["a", "bcd", "ef"], 5).tolist()], least=int(rng.integers(1, 3)))] * 2


def _made(right, inputs):
    return Exercise(name=f"99.{right.__name__}", points=1, inputs=inputs, oracle=right, right=right)


DANGEROUS = [
    _made(spread, lambda rng: _big(rng, scale=lambda rng: float(rng.normal()))),
    _made(
        zeros_before,
        lambda rng: [Case(x=rng.normal(size=3), n=LARGE + int(n), huge=LARGE) for n in rng.integers(3, 9, 3)],
    ),
    _made(repeated, lambda rng: [Case(letter="abcdef", n=LARGE + int(n), huge=LARGE) for n in rng.integers(3, 9, 3)]),
    _made(total, lambda rng: [Case(n=BIG + int(n), huge=BIG, share=rng.normal()) for n in rng.integers(3, 9, 3)]),
    _made(
        power, lambda rng: [Case(base=10**9 + 1, n=7 * BIG + int(n), share=rng.normal()) for n in rng.integers(1, 6, 3)]
    ),
    _made(counting, lambda rng: [Case(x=rng.normal(), least=int(n)) for n in (1, 2, 3)]),
    _made(drained, _words),
    _made(numbered, lambda rng: [Case(words=["a", "b", "", "c"][:n], share=rng.normal()) for n in (2, 3, 4)]),
]


def other(answer):
    """A wrong answer that no slip gives, so that every slip is tried."""
    return lambda *args: [np.float64(0.123456), *np.atleast_1d(answer(*args))]


def memory():
    with open("/proc/self/status", encoding="ascii") as lines:
        return {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}


@pytest.mark.parametrize("of", DANGEROUS, ids=lambda of: of.name)
def test_a_search_through_dangerous_slips_ends_in_time_and_memory(of):
    assert engine.judge(of, of.right).passed
    before = int(memory()["VmPeak"]) if sys.platform == "linux" else 0
    start = time.process_time()
    verdict = engine.judge(of, other(of.right), rng=np.random.default_rng(1))
    assert time.process_time() - start < 2 and not verdict.passed
    if before:
        assert int(memory()["VmPeak"]) - before < 1_500_000  # kilobytes


@pytest.mark.parametrize("of", DANGEROUS, ids=lambda of: of.name)
def test_every_slip_by_itself_ends_or_is_never_tried(of):
    """Not the first few alone, that a search has time for."""
    case = of.inputs(np.random.default_rng(1))[0]
    for told, wrong in implied(of):
        start = time.process_time()
        with memory_limit():
            engine.call(wrong, case.args, names=list(case.named), seconds=0.1)
        assert time.process_time() - start < 1, told


@linux
def test_there_are_slips_that_the_limit_of_memory_stops():
    """Without it, each of these would have been what its sentence says."""
    stopped = set()
    for of in DANGEROUS[:4]:
        case = of.inputs(np.random.default_rng(1))[0]
        for _, wrong in implied(of):
            with memory_limit():
                kind = engine.call(wrong, case.args, seconds=0.1).kind
            stopped |= {(of.right.__name__, kind)} if kind in ("MemoryError", "OverflowError") else set()
    assert {("zeros_before", "MemoryError"), ("repeated", "MemoryError"), ("total", "OverflowError")} <= stopped


@linux
def test_a_limit_of_memory_is_felt_inside_and_gone_outside():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) != before
        for wasteful in (lambda: np.zeros(BIG), lambda: list(range(BIG)), lambda: [0] * BIG, lambda: "x" * BIG):
            with pytest.raises(MemoryError):
                wasteful()
        assert np.ones(1_000_000).sum() == 1_000_000  # honest work goes on
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    with pytest.raises(KeyError), memory_limit():
        raise KeyError("whatever happens inside")
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@linux
def test_limits_side_by_side_are_put_back_by_the_last():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    one, other = memory_limit(), memory_limit()
    one.__enter__()
    inside = resource.getrlimit(resource.RLIMIT_DATA)
    other.__enter__()
    one.__exit__()
    assert resource.getrlimit(resource.RLIMIT_DATA) == inside != before
    other.__exit__()
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@linux
def test_a_lower_limit_that_is_there_already_stays():
    code = """
    import resource
    from seqlib.checks.limits import memory_limit
    low = 400 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (low, low))
    with memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) == (low, low)
    with memory_limit(10 * 2**20):
        assert resource.getrlimit(resource.RLIMIT_DATA)[0] < low
    assert resource.getrlimit(resource.RLIMIT_DATA) == (low, low)
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment)


def test_where_nobody_says_how_much_there_is_nothing_is_limited(monkeypatch):
    from seqlib.checks import limits

    monkeypatch.setattr(limits, "_taken", lambda: None)
    with memory_limit():
        assert memory_limit.before is None


@linux
def test_a_search_puts_the_limit_back():
    import resource

    before, inside = resource.getrlimit(resource.RLIMIT_DATA), []

    def right(x, y):
        inside.append(resource.getrlimit(resource.RLIMIT_DATA))
        return x - y * 2

    of = _made(right, lambda rng: [Case(x=rng.normal(), y=rng.normal()) for _ in range(3)])
    assert "`+` stands where `−` belongs" in engine.judge(of, lambda x, y: x + y * 2).diagnosis
    assert any(limit != before for limit in inside)  # the slips ran within it
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


ENDLESS = """
    while True: n += 1
    while True:
        for x in xs:
            if x: break
    while True:
        while n:
            break
    while n < 3: m += 1
    while len(words) < n: word = words[0]
    while left > share: m = left * share
    while (out != end).any(): step = out + 1
"""
ENDING = """
    while True:
        if n: break
    while True:
        for x in xs: return x
    while True:
        for x in xs: pass
        else: break
    while n < 3: n += 1
    while n < 3: xs[0], n = n, 4
    while len(words) < n: words.append(3)
    while len(words) < n: grow(words)
    while words.pop(): m = 1
    while (word := read()) != end: m = word
    while True: yield n
    while self.n < 3: self.step()
    while False: n = 1
"""


def _each(source):
    return [ast.Module([loop], []) for loop in ast.parse(textwrap.dedent(source)).body]


def test_a_loop_without_a_way_out_is_seen_and_no_other():
    assert all(never_ends(loop) for loop in _each(ENDLESS))
    assert not any(never_ends(loop) for loop in _each(ENDING))
    assert not never_ends(ast.parse("try:\n    while True: n = next(xs)\nexcept StopIteration: pass"))
    rights = [_definition(right) for e in all_exercises().values() if (right := e.right) is not None]
    assert not any(never_ends(right) for right in rights if right is not None)
    assert sum(isinstance(node, ast.While) for right in rights if right for node in ast.walk(right)) >= 3


def test_what_has_no_end_can_be_broken_off():
    known = ending({"itertools": itertools, "endless": itertools.count, "np": np})
    assert known["np"] is np and known["itertools"].chain is itertools.chain
    for endless in (
        known["endless"](),
        known["itertools"].repeat(0),
        known["itertools"].cycle([0]),
        known["iter"](int, 1),
    ):
        outcome = engine.guarded(lambda endless=endless: sum(0 for _ in endless), seconds=0.1)
        assert outcome.kind == "time"
        assert engine.guarded(lambda endless=endless: any(endless), seconds=0.1).kind in (None, "time")
    assert engine.guarded(lambda: sum(known["itertools"].repeat(0)), seconds=0.1).kind == "time"
    assert list(known["iter"]([1, 2])) == [1, 2] and list(known["range"](2, 8, 3)) == [2, 5]
    with pytest.raises(OverflowError):
        known["range"](LONGEST + 1)


def test_whole_numbers_do_not_grow_without_bound():
    known = ending({})
    exec(
        compile(
            ast.fix_missing_locations(with_small_powers(ast.parse("def f(a, b):\n    a **= b\n    return a << b"))),
            "<it>",
            "exec",
        ),
        known,
    )
    assert known["f"](3, 2) == 36 and known["__power"](2.0, 3) == 8 and known["__power"](2, -1) == 0.5
    for base, exponent in ((3, BITS), (2, 10**12)):
        with pytest.raises(OverflowError):
            known["f"](base, exponent)
    with pytest.raises(OverflowError):
        known["__shifted"](1, BITS + 1)


@linux
def test_a_short_block_that_waits_for_its_turn_is_not_broken_off():
    """On a busy machine a tenth of a second of processor time may take more than one by the clock."""
    assert engine.guarded(lambda: time.sleep(0.6) or "done", seconds=0.1).value == "done"
    start = time.monotonic()
    assert engine.guarded(lambda: time.sleep(9), seconds=0.1).kind == "time"
    assert time.monotonic() - start < 6
