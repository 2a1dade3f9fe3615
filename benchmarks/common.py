"""What the benchmarks share: works that take turns, medians with their spread, and one JSON file for each.

Works take turns round by round, so that whatever else the machine does meets all of them; the first round warms up and
is not counted. `--quick` takes seconds, for a test that everything runs, and keeps no file: its numbers mean nothing.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
sys.path.insert(0, str(ROOT))


def options(doc: str, *more) -> argparse.Namespace:
    """--quick, --rounds N, and `more` as (name, settings) of argparse."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, in seconds; keeps no file")
    parser.add_argument("--rounds", type=int, help="how often each takes its turn")
    for name, settings in more:
        parser.add_argument(name, **settings)
    return parser.parse_args()


def in_turns(works: Mapping[str, Callable[[], object]], rounds: int, clock=time.perf_counter) -> dict[str, list[float]]:
    """Seconds of each work in each round after the first."""
    taken = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = clock()
            work()
            taken[name].append(clock() - began)
    return {name: seconds[1:] for name, seconds in taken.items()}


def spread(values) -> dict[str, float]:
    """Median, smallest and largest, to four digits."""
    return {what: float(f"{how(values):.4g}") for what, how in (("median", median), ("low", min), ("high", max))}


def rates(taken: Mapping[str, list[float]], amount: float) -> dict[str, dict]:
    """Of `amount` of something in so many seconds, how much a second."""
    return {name: spread([amount / each for each in seconds]) for name, seconds in taken.items()}


def versions(*packages: str) -> dict[str, str]:
    """Of the packages that are compared with; those that are not installed are left out."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def keep(name: str, what: str, results: Mapping, *, quick: bool, packages=(), **settings) -> dict:
    """Print the results, and write benchmarks/results/NAME.json unless this was a quick run. Returns the record."""
    from seqlib.runtime import machine

    record = {
        "what": what,
        "command": f"python benchmarks/{name}.py",
        **settings,
        "machine": machine() | versions(*packages),
        "load": [round(each, 2) for each in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "date": time.strftime("%Y-%m-%d"),
        "results": results,
    }
    print(json.dumps(results, indent=1))
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        target = RESULTS / f"{name}.json"
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")
        print(f"kept in {target.relative_to(ROOT)}")
    return record
