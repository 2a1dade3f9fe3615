"""Each small wrong change to a solution fails its check, unless it changes nothing that can be seen.

`EQUIVALENT` lists those that change nothing, each with its reason. What is listed and dies, or is no longer there,
fails too, so that the list does not rot. Strengthen an exercise's inputs before adding to it.
"""

import linecache
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from course.sources import exercise_cells, namespace, source_of
from judging import judged_until_it_fails
from mutants import mutants

from seqlib.checks import calling
from seqlib.checks.exercise import all_exercises

# An endless loop is dead: no need to wait as long as for a learner's. It is told by its processor time alone, because
# an answer that a busy machine keeps waiting is no endless loop; the clock is for what waits and does nothing.
SECONDS, PATIENCE = 0.2, 50
SEEDS = (0, 1, 2)

# {(exercise, the changed line): why nobody can see the change}
EQUIVALENT: dict[tuple[str, str], str] = {}
for path in sorted((Path(__file__).parents[1] / "equivalent").glob("nb*.py")):
    EQUIVALENT |= import_module(f"equivalent.{path.stem}").EQUIVALENT

FUNCTIONS = {n: e for n, e in all_exercises().items() if not e.value}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setitem(calling.call.__kwdefaults__, "seconds", SECONDS)
    monkeypatch.setitem(calling.guarded.__kwdefaults__, "seconds", SECONDS)
    monkeypatch.setattr(calling, "time_limit", partial(calling.time_limit, patience=PATIENCE))


def survives(exercise, mutant, names) -> bool:
    """Whether the changed solution passes on some draw."""
    own = dict(names)
    linecache.cache["<mutant>"] = (len(mutant.source), None, mutant.source.splitlines(True), "<mutant>")
    try:
        exec(compile(mutant.source, "<mutant>", "exec"), own)
    except Exception:  # a class body or a default that fails at once
        return False
    answer = own[exercise.variable]
    for seed in SEEDS:
        verdict = judged_until_it_fails(exercise, answer, seed)
        if verdict.passed or any("did not finish" in message for _, _, message in verdict.cases):
            return verdict.passed
    return False


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_mutants_of_the_solution_die(name):
    path = source_of(name[:2])
    cell = exercise_cells(path).get(name) if path else None
    if cell is None:
        pytest.skip(f"no solution of {name} in solutions/ yet")
    exercise, names = FUNCTIONS[name], namespace(path)
    living = [m.line for m in mutants(cell.text, exercise.variable) if survives(exercise, m, names)]
    listed = {line for exercise_name, line in EQUIVALENT if exercise_name == name}
    unlisted = [line for line in living if line not in listed]
    assert not unlisted, f"{name}: the check passes these wrong answers:\n  " + "\n  ".join(unlisted)
    rotten = listed - set(living)
    assert not rotten, f"{name}: listed as equivalent, but dead or gone:\n  " + "\n  ".join(sorted(rotten))


def test_the_list_names_exercises_and_gives_reasons():
    for (name, line), reason in EQUIVALENT.items():
        assert name in FUNCTIONS and line and len(reason) > 15


def test_mutants_are_many_kinds_of_slips():
    source = '''
def f(x, W, n):
    """A docstring."""
    total = 0.0
    for i in range(1, n):
        if i > 2 and not x[i] == 0:
            total += np.sum(x[i : i + 2], axis=1) @ W.T
    return total, n
'''
    lines = {m.line for m in mutants(source, "f")}
    for expected in [
        "drop: total = 0.0", "total = 1.0", "for i in range(0, n):", "for i in range(n, 1):", "for i in range(2, n):",
        "if i >= 2 and (not x[i] == 0):", "if i > 2 or not x[i] == 0:", "if i > 2 and x[i] == 0:", "if i > 2:",
        "if i > 3 and (not x[i] == 0):", "if i > 2 and (not x[i] != 0):",
        "total += np.sum(x[i:i + 2], axis=1) @ W", "total += W.T @ np.sum(x[i:i + 2], axis=1)",
        "total += np.sum(x[i:i + 2], axis=0) @ W.T", "total += np.sum(x[i:i + 2]) @ W.T",
        "total += np.mean(x[i:i + 2], axis=1) @ W.T", "total += np.sum(x[i:i + 1], axis=1) @ W.T",
        "total += x[i:i + 2] @ W.T", "total += np.sum(x[i:], axis=1) @ W.T",
        "total -= np.sum(x[i:i + 2], axis=1) @ W.T",
        "total = np.sum(x[i:i + 2], axis=1) @ W.T", "return (n, total)",
        "drop: total += np.sum(x[i:i + 2], axis=1) @ W.T", "drop: for i in range(1, n):",
    ]:  # fmt: skip
        assert expected in lines, expected
    assert all("docstring" not in line for line in lines)
    sources = [m.source for m in mutants(source, "f")]
    assert len(set(sources)) == len(sources) > 40
