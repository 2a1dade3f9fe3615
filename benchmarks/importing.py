"""How long an import takes, each in a fresh Python: `import seqlib`, what a notebook begins with, and torch alone.

    python benchmarks/importing.py [--quick] [--rounds N]

The time of an empty Python is taken off. The result goes to benchmarks/results/importing.json.
"""

import os
import subprocess
import sys

from common import ROOT, in_turns, keep, options, spread

LINES = {
    "nothing": "pass",
    "import numpy": "import numpy",
    "import torch": "import torch",
    "import seqlib": "import seqlib",
    "check and train": "from seqlib.checks import check; from seqlib.training.train import train",
}


def run(line: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", line], check=True, env=environment)


def main(quick: bool = False, rounds: int | None = None) -> dict:
    lines = {name: LINES[name] for name in ("nothing", "import seqlib")} if quick else LINES
    works = {name: lambda line=line: run(line) for name, line in lines.items()}
    taken = in_turns(works, rounds or (1 if quick else 7))
    empty = min(taken.pop("nothing"))
    results = {"seconds": {name: spread([each - empty for each in seconds]) for name, seconds in taken.items()}}
    return keep("importing", "seconds beyond those of an empty Python", results, quick=quick, packages=("torch",))


if __name__ == "__main__":
    asked = options(__doc__)
    main(asked.quick, asked.rounds)
