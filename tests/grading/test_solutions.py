"""The course's own answers get full points, all of them, as if a student had handed them in."""

import json

from commands import grading
from quick import ROOT, solution


def test_every_solution_has_full_points(sandboxed, tmp_path):
    """From the sources, so that no stale executed edition decides."""
    sources = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
    for source in sources:
        (tmp_path / f"{source.stem}.ipynb").write_text(json.dumps(solution(source.name[:2])), encoding="utf-8")
    done = grading("check-solutions", "--solutions", tmp_path, "--quiet", check=False)
    lacking = [line for line in done.stdout.splitlines() if line.startswith("NOT")]
    assert len(sources) > 14 and not lacking and done.returncode == 0, "\n".join([*lacking, done.stderr])
