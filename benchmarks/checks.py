"""How long a learner waits for a check: median and 95th percentile, per exercise and over all.

    python benchmarks/checks.py [--rounds 20] [--no-write]

Each exercise is checked with the notebook's own solution and with each of its known mistakes in turn (a wrong answer
takes longer, because it is compared with every known mistake). Writes benchmarks/results/checks.json.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from course.sources import solution  # noqa: E402

from seqlib.checks import check  # noqa: E402
from seqlib.checks.exercise import all_exercises  # noqa: E402
from seqlib.runtime import machine  # noqa: E402


def timed(name, answer) -> float:
    """Milliseconds from the call of `check` to a result that can be displayed."""
    began = time.perf_counter()
    _, result = check(name, answer)
    result._repr_html_()
    return 1000 * (time.perf_counter() - began)


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """{exercise: {"right": milliseconds, "wrong": milliseconds}}, each after one check that is not counted."""
    found = {}
    for name, exercise in all_exercises().items():
        right = exercise.oracle() if exercise.value else solution(name)
        if right is None:
            continue
        wrong = [w() if exercise.value else w for w in exercise.mistakes.values()]
        timed(name, right)
        found[name] = {
            "right": [timed(name, right) for _ in range(rounds)],
            "wrong": [timed(name, wrong[i % len(wrong)]) for i in range(max(rounds, len(wrong)))],
        }
    return found


def summary(times: list[float]) -> dict[str, float]:
    return {"median_ms": round(float(np.median(times)), 2), "p95_ms": round(float(np.percentile(times, 95)), 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["SEQLIB_HOME"] = home
        times = measure(args.rounds)
    rows = {name: {kind: summary(ms) for kind, ms in both.items()} for name, both in times.items()}
    overall = {kind: summary([ms for both in times.values() for ms in both[kind]]) for kind in ("right", "wrong")}
    print(f"{'milliseconds':28} {'right: median':>14} {'p95':>8} {'wrong: median':>14} {'p95':>8}")
    for name, row in [*rows.items(), ("all", overall)]:
        numbers = [row[kind][which] for kind in ("right", "wrong") for which in ("median_ms", "p95_ms")]
        print(f"{name:28} {numbers[0]:14.1f} {numbers[1]:8.1f} {numbers[2]:14.1f} {numbers[3]:8.1f}")
    if not args.no_write:
        command = "python benchmarks/checks.py" + (f" --rounds {args.rounds}" if args.rounds != 20 else "")
        record = {"command": command, "rounds": args.rounds, "machine": machine(), "all": overall, "exercises": rows}
        target = ROOT / "benchmarks/results/checks.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"written: {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
