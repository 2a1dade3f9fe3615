"""Where the time of `make test` goes, stage by stage.

    python benchmarks/testing.py [LOG]

Runs all of it, or reads what an earlier run printed into LOG; keeps the table of its last lines. It takes the better
part of an hour of an otherwise idle machine.
"""

import re
import subprocess
import sys
from pathlib import Path

from common import ROOT, keep, options

ROW = re.compile(r"^(\w+) +(passed|FAILED \(-?\d+\)) +(\d+) s$", re.MULTILINE)


def stages(printed: str) -> dict[str, dict]:
    """{stage: seconds, and whether it passed} of the last table in what was printed. ValueError if there is none."""
    rows = ROW.findall(printed)
    if not rows:
        raise ValueError("expected the table with which `make test` ends, found no line of it")
    return {name: {"seconds": int(seconds), "passed": verdict == "passed"} for name, verdict, seconds in rows}


def main(log: str | None = None) -> dict:
    if log:
        printed = Path(log).read_text(encoding="utf-8", errors="replace")
    else:
        command = [sys.executable, "tools/course.py", "test"]
        printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return keep("testing", "seconds of each stage of `make test`, one after another", stages(printed), quick=False)


if __name__ == "__main__":
    main(options(__doc__, ("log", {"nargs": "?", "metavar": "LOG"})).log)
