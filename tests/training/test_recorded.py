"""Recorded runs: written, read back, and refused when something is missing."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pytest

from seqlib.display import figures as plot
from seqlib.training import recorded as runs
from seqlib.training.history import History

COMMAND = "python tools/record_runs.py rnn_negation"


def histories(seeds=3, steps=400):
    rng = np.random.default_rng(0)
    curve = 3 * np.exp(-np.arange(steps) / 90)
    return [History("run", (curve + 0.1 * rng.random(steps)).tolist()) for _ in range(seeds)]


@pytest.fixture
def recorded(tmp_path):
    runs.record(
        "rnn_negation",
        {"RNN": histories(), "bag of words": histories(steps=90)},
        what="A small RNN reads the negation grammar",
        command=COMMAND,
        seeds=[0, 1, 2],
        results={"accuracy": [0.97, 0.98, 0.99]},
        where=tmp_path,
    )
    return tmp_path


def test_a_run_is_read_back_with_all_that_made_it(recorded):
    run = runs.load("rnn_negation", recorded)
    assert run["command"] == COMMAND and run["seeds"] == [0, 1, 2] and run["unit"] == "nats per token"
    assert run["hardware"]["processor"] and run["versions"]["torch"]
    assert run["results"] == {"accuracy": [0.97, 0.98, 0.99]}
    steps, band = runs.curve(run, "RNN")
    assert steps[0] == 0 and steps[-1] == 399 and len(steps) <= 160
    mean, low, high = band
    assert (low <= mean).all() and (mean <= high).all() and low[0] < high[0]
    assert mean[0] == pytest.approx(np.mean([history.losses[0] for history in histories()]), rel=1e-4)
    _, ax = plot.figure()
    plot.lines(ax, steps, {"RNN": band})
    assert "seeds 0, 1, 2" in runs.credit(run) and COMMAND in runs.credit(run)
    with pytest.raises(ValueError, match="expected one of RNN, bag of words"):
        runs.curve(run, "LSTM")


def test_a_file_is_small_and_the_same_each_time(recorded, tmp_path):
    path = recorded / "rnn_negation.json"
    assert path.stat().st_size < 12_000 and path.read_bytes().endswith(b"}\n")
    before, run = path.read_bytes(), runs.load("rnn_negation", recorded)
    again = runs.record(
        "rnn_negation",
        {"RNN": histories(), "bag of words": histories(steps=90)},
        what=run["what"],
        command=run["command"],
        seeds=run["seeds"],
        results=run["results"],
        where=tmp_path / "again",
    )
    assert again.read_bytes() == before


def broken(**change):
    run = copy.deepcopy(json.loads(GOOD))
    for path, value in change.items():
        *way, last = path.split("__")
        part = run
        for key in way:
            part = part[key]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return run


GOOD = json.dumps(
    {
        "schema": 1,
        "name": "good",
        "what": "something",
        "command": "python tools/x.py",
        "date": "2026-01-31",
        "unit": "nats per token",
        "seeds": [0, 1],
        "hardware": dict.fromkeys(runs.HARDWARE, "x"),
        "versions": dict.fromkeys(runs.VERSIONS, "1"),
        "results": {"accuracy": [0.5, 0.6]},
        "curves": {"RNN": {"steps": [0, 5], "runs": [[1.0, 2.0], [3.0, 4.0]]}},
    }
)


def test_a_good_run_has_no_problems():
    assert runs.validate(json.loads(GOOD), "good") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 2}, "schema should be 1"),
        ({"command": None}, "command should be a text"),
        ({"what": " "}, "what should be a text"),
        ({"date": "31 Jan"}, "YYYY-MM-DD"),
        ({"name": "other"}, "name is 'other'"),
        ({"seeds": []}, "seeds should be"),
        ({"hardware__gpu": None}, "hardware lacks gpu"),
        ({"versions": 3}, "versions lacks"),
        ({"command": "python /home/me/x.py"}, "no absolute path"),
        ({"command": "python --out=~/x"}, "no absolute path"),
        ({"command": "C:\\x.py"}, "no absolute path"),
        ({"curves__RNN__steps": [5, 5]}, "rise"),
        ({"curves__RNN__runs": [[1.0, 2.0]]}, "expected 2 runs"),
        ({"curves__RNN__runs": [[1.0, 2.0], [1.0]]}, "2 finite numbers"),
        ({"curves__RNN__runs": [[1.0, 2.0], [1.0, float("nan")]]}, "2 finite numbers"),
        ({"curves": {}, "results": {}}, "hold something"),
        ({"curves__RNN": 3}, "steps should be"),
        ({"results__accuracy": [0.5]}, "expected 2 finite numbers"),
    ],
)
def test_what_is_wrong_with_a_run_is_named(change, says, tmp_path):
    problems = runs.validate(broken(**change), "good")
    assert any(says in problem for problem in problems), problems
    (tmp_path / "good.json").write_text(json.dumps(broken(**change)), encoding="utf-8")
    with pytest.raises(ValueError, match="good.json"):
        runs.load("good", tmp_path)


def test_a_run_that_is_not_there_or_not_json_is_named(tmp_path):
    for name in ("missing", "../good", "a/b"):
        with pytest.raises(ValueError, match="expected a recorded run"):
            runs.load(name, tmp_path)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON"):
        runs.load("bad", tmp_path)


def test_runs_of_unequal_length_are_refused(tmp_path):
    both = histories(1) + histories(1, steps=50)
    with pytest.raises(ValueError, match=r"same number of steps, got \[50, 400\]"):
        runs.record("x", {"RNN": both}, what="w", command="c", seeds=[0, 1], where=tmp_path)
    with pytest.raises(ValueError, match="expected 2 runs"):
        runs.record("x", {"RNN": histories(1)}, what="w", command="c", seeds=[0, 1], where=tmp_path)
    assert not list(Path(tmp_path).glob("*.json"))


def test_every_recorded_run_of_the_course_is_valid():
    for name in runs.names():
        assert runs.load(name)["name"] == name


@pytest.mark.parametrize("name", runs.names())
def test_a_recorded_run_is_made_by_its_command_and_shown_by_a_notebook(name):
    """A record that was written by hand, or at the budget of a smoke test, or for nobody, must not be kept."""
    run = runs.load(name)
    assert run["command"].startswith(f"python tools/record_runs.py {name}")
    root = Path(__file__).resolve().parents[2]
    notebook = next((root / "solutions").glob(f"{name[:2]}_*.py"))
    told = notebook.read_text(encoding="utf-8")
    studies = set(re.findall(r"^from seqlib\.studies\.(\w+) import", told, re.M))  # what it shows through a study
    told += "".join((root / f"seqlib/studies/{study}.py").read_text(encoding="utf-8") for study in sorted(studies))
    assert f'"{name}"' in told
    longest = max((kept["steps"][-1] for kept in run["curves"].values()), default=100)
    assert longest >= 15, f"{longest} steps: was this recorded at the smoke budget?"
