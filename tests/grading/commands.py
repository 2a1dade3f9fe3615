"""How the tests call the grader: as a person does, on the command line."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def grading(*arguments, check=True, **more):
    """python -m seqlib.grading …, as a person would call it."""
    done = subprocess.run(
        [sys.executable, "-m", "seqlib.grading", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        **more,
    )
    if check and done.returncode:
        raise AssertionError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
