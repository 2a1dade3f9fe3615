"""The measurement of draws finds what it looks for: holes in the inputs, faults, mistakes that are told as another."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from seqlib.checks import Case, Exercise
from seqlib.exercises.nb15_tokenization import _told_apart

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def draws():
    spec = importlib.util.spec_from_file_location("benchmark_of_draws", ROOT / "benchmarks/draws.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scaled(x, floor):
    return np.where(x > floor, x * 2, floor)


def exercise(inputs, mistakes):
    return Exercise("99.scaled", 1, inputs=inputs, oracle=scaled, right=scaled, mistakes=mistakes)


def wide(rng):
    return [Case(f"{n} numbers", x=rng.normal(size=n), floor=-0.3 - n / 50) for n in (6, 9)]


def narrow(rng):
    """Nothing lies below the floor in two of three draws."""
    return [Case("6 numbers", x=rng.uniform(-1 if rng.random() < 0.33 else 0.1, 2, 6), floor=0.0)]


MISTAKES = {"nothing is doubled": lambda x, floor: np.maximum(x, floor), "the floor is 0": lambda x, f: scaled(x, 0.0)}


def row(draws, monkeypatch, of, right=scaled):
    monkeypatch.setattr(draws, "solution", lambda name: right)
    return draws.measured(of.name, of, 60, 3.0)


def test_telling_inputs_have_no_holes(draws, monkeypatch):
    found = row(draws, monkeypatch, exercise(wide, MISTAKES))
    assert found["right"] == [60, 60] and not found["faults"]
    assert not found["weak mistakes"] and not found["told otherwise"] and not found["weak slips"], found
    assert found["slips"] > 5


def test_a_hole_in_the_inputs_is_found(draws, monkeypatch):
    found = row(draws, monkeypatch, exercise(narrow, {"there is no floor": lambda x, floor: x * 2}))
    (seen, tried) = found["weak mistakes"]["there is no floor"]
    assert 0 < seen < tried == 60 and found["weak slips"]
    assert any("caught on" in line for line in draws.lines("99.scaled", found, unseen=False))


def test_a_right_answer_that_is_rejected_and_inputs_that_fail_are_found(draws, monkeypatch):
    found = row(draws, monkeypatch, exercise(narrow, MISTAKES), right=lambda x, floor: x * 2)
    assert found["right"][0] < found["right"][1] and found["failed"]

    def failing(rng):
        return wide(rng) if rng.random() < 0.7 else 1 / 0

    found = row(draws, monkeypatch, exercise(failing, MISTAKES))
    assert found["faults"] and "ZeroDivisionError" in found["faults"][0] and found["draws"] < 60


def test_mistakes_that_are_told_as_each_other_are_found(draws, monkeypatch):
    same = {
        "nothing is doubled": lambda x, f: np.maximum(x, f),
        "it is halved once more": lambda x, f: np.maximum(x, f),
    }
    found = row(draws, monkeypatch, exercise(wide, same))
    assert list(found["told otherwise"]) == ["it is halved once more"]


def test_the_record_has_no_holes():
    from seqlib.checks.exercise import all_exercises

    record = json.loads((ROOT / "benchmarks/results/draws.json").read_text(encoding="utf-8"))
    assert record["exercises"] and set(record["exercises"]) <= set(all_exercises())
    for name, found in record["exercises"].items():
        holes = {k: found[k] for k in ("faults", "failed", "weak mistakes", "told otherwise", "weak slips") if found[k]}
        assert not holes, (name, holes)


def test_cases_are_drawn_even_where_no_draw_tells_all_answers_apart():
    one, other = (lambda x: x), (lambda x: x + 0)
    cases = _told_apart(np.random.default_rng(0), lambda rng: [Case(x=int(rng.integers(9)))], [one, other], tries=5)
    assert len(cases) == 1
    apart = _told_apart(np.random.default_rng(0), lambda rng: [Case(x=int(rng.integers(3)))], [one, lambda x: 2 * x])
    assert apart[0].args != (0,)
