"""Recorded training runs: curves with the machine, the versions, the seeds and the command that made them."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from seqlib.display.progress import smoothed

SCHEMA = 1
POINTS = 160
TEXTS = ("name", "what", "command", "date", "unit")
HARDWARE = ("device", "gpu", "processor", "threads", "system")
VERSIONS = ("python", "torch", "numpy", "seqlib")


def folder() -> Path:
    """Where the recorded runs lie: data/runs of the repository, or their copy in an installed seqlib."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data" / "runs"
    return installed if installed.is_dir() else package.parent / "data" / "runs"


def names() -> list[str]:
    """The names of all recorded runs."""
    return sorted(path.stem for path in folder().glob("*.json"))


def load(name: str, where: Path | None = None) -> dict:
    """The recorded run called `name`, validated.

    {"name", "what", "command", "date", "unit", "seeds", "hardware", "versions", "results", "curves"}, where
    curves is {label: {"steps": [points], "runs": [[points] for each seed]}}. ValueError if there is no such
    run or the file is not what it should be.
    """
    path = (where or folder()) / f"{name}.json"
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_]+", name) or not path.is_file():
        raise ValueError(f"expected a recorded run ({', '.join(names()) or 'there are none'}), got {name!r}")
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as problem:
        raise ValueError(f"{path.name} is not JSON: {problem}") from None
    problems = validate(run, name)
    if problems:
        raise ValueError(f"{path.name}: {'; '.join(problems)}")
    return run


def record(
    name: str,
    histories: Mapping,
    *,
    what: str,
    command: str,
    seeds: Sequence[int],
    unit: str = "nats per token",
    results: Mapping | None = None,
    where: Path | None = None,
) -> Path:
    """Write a run to data/runs/NAME.json and return the file.

    histories is {label: one History for each seed}; losses are smoothed and thinned to about 160 points, so
    that files stay small. `what` says in a sentence what was trained, `command` how to make it again
    (no absolute paths). `results` is {label: [number for each seed]}. ValueError if any of it does not fit.
    """
    from seqlib.runtime import machine

    here = machine()
    run = {
        "schema": SCHEMA,
        "name": name,
        "what": what,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "unit": unit,
        "seeds": list(seeds),
        "hardware": {key: here[key] for key in HARDWARE},
        "versions": {key: here[key] for key in VERSIONS},
        "results": {label: [_short(value) for value in values] for label, values in (results or {}).items()},
        "curves": {label: _curve(label, each) for label, each in histories.items()},
    }
    problems = validate(run, name)
    if problems:
        raise ValueError(f"this run cannot be recorded: {'; '.join(problems)}")
    path = (where or folder()) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(run, indent=1, ensure_ascii=False, sort_keys=True)
    # Lists of numbers on one line: a curve is one line of a diff.
    text = re.sub(r"\[[^\[\]{}\"]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def _curve(label: str, histories) -> dict:
    """One label's curves, all seeds on the same steps."""
    histories = list(histories) if isinstance(histories, (list, tuple)) else [histories]
    lengths = sorted({len(history.losses) for history in histories})
    if len(lengths) != 1:
        raise ValueError(f"the runs of {label!r} should have the same number of steps, got {lengths}")
    curves = [smoothed(history.losses, POINTS) for history in histories]
    return {
        "steps": curves[0][0].tolist(),
        "runs": [[_short(value) for value in means.tolist()] for _, means in curves],
    }


def _short(value: float) -> float:
    """Five significant digits."""
    return float(f"{float(value):.5g}")


def curve(run: Mapping, label: str) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Steps and (mean, lowest, highest) over the seeds, as `plot.lines` takes them."""
    from seqlib.display.figures import spread

    if label not in run["curves"]:
        raise ValueError(f"expected one of {', '.join(run['curves'])}, got {label!r}")
    found = run["curves"][label]
    return np.array(found["steps"]), spread(found["runs"])


def credit(run: Mapping) -> str:
    """One sentence for under a plot: which machine, seeds, versions, day and command."""
    hardware, seeds = run["hardware"], list(dict.fromkeys(run["seeds"]))
    threads = f"{hardware['threads']} thread{'' if hardware['threads'] == 1 else 's'}"
    machine = hardware["gpu"] or f"{hardware['processor']}, {threads}"
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
    version = run["versions"]["torch"].partition("+")[0]
    return f"Recorded on {run['date']} on {machine}, torch {version}, {which},\nby `{run['command']}`."


def validate(run, name: str) -> list[str]:
    """What is wrong with a recorded run, as sentences; empty if nothing is."""
    if not isinstance(run, dict):
        return [f"expected an object, got {type(run).__name__}"]
    problems = [] if run.get("schema") == SCHEMA else [f"schema should be {SCHEMA}, got {run.get('schema')!r}"]
    problems += [f"{key} should be a text" for key in TEXTS if not _is_text(run.get(key))]
    for key, wanted in (("hardware", HARDWARE), ("versions", VERSIONS)):
        found = run.get(key)
        missing = [part for part in wanted if part not in found] if isinstance(found, dict) else wanted
        problems += [f"{key} lacks {', '.join(missing)}"] if missing else []
    seeds = run.get("seeds")
    if not isinstance(seeds, list) or not seeds or not all(isinstance(seed, int) for seed in seeds):
        problems.append("seeds should be a list of whole numbers")
    if problems:
        return problems
    problems += [] if run["name"] == name else [f"name is {run['name']!r}, the file is {name!r}"]
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", run["date"]):
        problems.append(f"date should be YYYY-MM-DD, got {run['date']!r}")
    if re.search(r"(^|[\s='\"])(/|~|[A-Za-z]:\\)", run["command"]):
        problems.append("command should have no absolute path, which only one machine has")
    return problems + _numbers(run, len(seeds))


def _is_text(value) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def _numbers(run: Mapping, seeds: int) -> list[str]:
    """What is wrong with the curves and the results."""
    problems, curves, results = [], run.get("curves"), run.get("results")
    if not isinstance(curves, dict) or not isinstance(results, dict) or not (curves or results):
        return ["curves and results should be objects, and one of them should hold something"]
    for label, one in curves.items():
        steps, runs = (one.get(key) for key in ("steps", "runs")) if isinstance(one, dict) else (None, None)
        if not _finite(steps) or any(b <= a for a, b in zip(steps, steps[1:], strict=False)):
            problems.append(f"curve {label!r}: steps should be numbers that rise")
        elif not isinstance(runs, list) or len(runs) != seeds:
            problems.append(f"curve {label!r}: expected {seeds} runs, one for each seed")
        elif not all(_finite(each) and len(each) == len(steps) for each in runs):
            problems.append(f"curve {label!r}: each run should have {len(steps)} finite numbers, as steps has")
    for label, values in results.items():
        if not _finite(values) or len(values) != seeds:
            problems.append(f"result {label!r}: expected {seeds} finite numbers, one for each seed")
    return problems


def _finite(values) -> bool:
    """Whether it is a list of finite numbers with something in it."""
    return (
        isinstance(values, list)
        and bool(values)
        and all(isinstance(value, (int, float)) and math.isfinite(value) for value in values)
    )
