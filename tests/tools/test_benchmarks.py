"""Every benchmark runs, quickly, and keeps nothing then; the tables of docs/speed.md are those of what was kept."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from seqlib.data import DataUnavailable

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks"


@pytest.fixture
def load(monkeypatch, tmp_path):
    """load(name): a benchmark as a module, whose results would go to a folder of the test's own."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def loaded(name):
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for part in (module, sys.modules.get("common")):
            if hasattr(part, "RESULTS"):
                monkeypatch.setattr(part, "RESULTS", tmp_path)
        return module

    yield loaded
    for name in ("common", "plain_gpt"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "name", ["training", "generation", "long_steps", "bpe", "importing", "notebooks", "scale_out", "losses"]
)
def test_runs_quickly_and_keeps_nothing(load, name, tmp_path):
    try:
        record = load(name).main(quick=True)
    except DataUnavailable as why:
        pytest.skip(str(why))
    assert record["results"] and record["machine"]["torch"] and record["command"] == f"python benchmarks/{name}.py"
    assert not list(tmp_path.iterdir())


def test_works_take_turns_and_the_first_round_is_not_counted(load, monkeypatch):
    common, seen, now = load("common"), [], [0.0]

    def work(name, seconds):
        def run():
            seen.append(name)
            now[0] += seconds if len(seen) > 2 else 100.0

        return run

    taken = common.in_turns({"a": work("a", 1.0), "b": work("b", 2.0)}, 2, clock=lambda: now[0])
    assert seen == ["a", "b"] * 3 and taken == {"a": [1.0, 1.0], "b": [2.0, 2.0]}


def test_the_rivals_are_the_same_model(load):
    """Same sizes, the same loss at the beginning, and no look ahead: otherwise their speeds would not compare."""
    import torch

    training = load("training")
    torch.manual_seed(0)
    models, idx = training.models(2, 2, 16, 8), torch.randint(65, (3, 8))
    sizes = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()}
    assert max(sizes.values()) < 1.1 * min(sizes.values()), sizes
    for name, model in models.items():
        changed = idx.clone()
        changed[:, 5:] = (idx[:, 5:] + 1) % 65
        same, other = model(idx), model(changed)
        assert same.shape == (3, 8, 65)
        assert torch.allclose(same[:, :5], other[:, :5], atol=1e-5) and not torch.allclose(same, other), name


RATES = {"small": {"seqlib, fused": {"median": 50.0}, "slow": {"median": 20.0}, "fast": {"median": 100.0}}}


def kept(folder, name, results, **more):
    record = {"what": "", "command": f"python benchmarks/{name}.py", "machine": {"torch": "0"}, "results": results}
    record |= more
    (folder / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")


def test_a_row_behind_needs_a_reason(load, tmp_path, monkeypatch):
    table = load("table")
    kept(tmp_path, "training", RATES)
    assert any("| 50 tokens/s | fast: 100 tokens/s | 0.50 | GPT-2's GELU" in line for line in table.compared())
    monkeypatch.setattr(table, "REASONS", {})
    with pytest.raises(ValueError, match="a reason in REASONS for training, 'fused: small'"):
        table.compared()
    level = {"small": RATES["small"] | {"fast": {"median": 52.0}}}  # within five percent
    kept(tmp_path, "training", level)
    assert any("| 0.96 |  |" in line for line in table.compared())


def test_notebooks_over_their_budget_are_named(load, tmp_path):
    table = load("table")
    results = {"a": {"seconds": 181.0}, "b": {"run, peak MB": 850}, "c": {"run, peak MB": 840}, "d": {}}
    kept(tmp_path, "notebooks", results, **{"server, peak MB": 155})
    slow, large, *others = table.notebooks()[2:6]
    assert "over 180 s" in slow and "over 1,000 MB" in large and not any("over" in row for row in others)


def test_every_notebook_was_measured_and_keeps_to_its_budget(load, tmp_path):
    """Three minutes, and with a server beside it less memory than the smallest of Binder's machines promises."""
    table, record = load("table"), (FOLDER / "results/notebooks.json").read_text(encoding="utf-8")
    (tmp_path / "notebooks.json").write_text(record, encoding="utf-8")
    told = json.loads(record)
    assert [*told["results"]] == sorted(path.stem for path in (ROOT / "solutions").glob("[0-9]*.py"))
    assert all(one["run, peak MB"] > 0 and one["seconds"] > 0 for one in told["results"].values())
    assert told["server, peak MB"] > 50
    assert not [row for row in table.notebooks() if "over" in row]


def test_the_page_is_what_the_results_say():
    ran = subprocess.run([sys.executable, FOLDER / "table.py", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_loss_is_shown_with_its_spread_its_threads_and_what_it_sees(load, tmp_path):
    table = load("table")

    def model(low, high):
        each = {"steps": {"median": 1200.0}, "threads": {"median": 2}, "sees": "everything before"}
        return each | {"nats": {"median": low, "low": low, "high": high}}

    kept(tmp_path, "losses", {"60 s": {"seqlib, LSTM": model(1.44, 1.45)}, "180 s": {"seqlib, LSTM": model(1.4, 1.4)}})
    head, _, row = table.losses()
    assert "| 60 s | 180 s |" in head and row == "| LSTM | 1.440–1.450 | 1.400 | 1,200 | 2 | everything before |"


def test_where_the_time_of_the_tests_goes_is_read_from_what_they_print(load):
    testing = load("testing")
    table = "lint        passed             1 s\nalone       FAILED (1)       481 s\nfailed: alone\n"
    printed = f"=== lint: passed in 1 s\n\n{table}"
    assert testing.stages(printed) == {
        "lint": {"seconds": 1, "passed": True},
        "alone": {"seconds": 481, "passed": False},
    }
    with pytest.raises(ValueError, match="no line of it"):
        testing.stages("make: *** no rule\n")
