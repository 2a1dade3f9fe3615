"""An unsolved notebook never blocks: it runs from top to bottom and scores nothing. The solved one scores in full.

The stages `notebooks` and `solutions` execute them all, with the plugin `executed` reading what they show. Here: that
the plugin notices, and that there is in every notebook what it looks for.
"""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.authoring

from course.sources import ROOT, sources  # noqa: E402
from executed import examine, score  # noqa: E402

from seqlib.checks.exercise import exercises  # noqa: E402

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbval")

v4 = nbformat.v4
UNSOLVED = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SOLVED = [p.with_suffix(".ipynb") for p in sources()]


def graded(book) -> dict:
    """{grade_id: cell} of the cells that nbgrader gives points for."""
    cells = [c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade")]
    return {c.metadata.nbgrader.grade_id: c for c in cells}


@pytest.mark.parametrize("path", UNSOLVED + SOLVED, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_exercise_has_a_check_that_nbgrader_counts(path):
    found = {name: cell.metadata.nbgrader.points for name, cell in graded(nbformat.read(path, as_version=4)).items()}
    expected = {n.replace(".", "-") + "-check": e.points for n, e in exercises(path.stem[:2]).items()}
    assert found and found == expected


@pytest.mark.parametrize("path", SOLVED, ids=lambda p: p.stem)
def test_a_solved_notebook_shows_full_marks(path):
    for name, cell in graded(nbformat.read(path, as_version=4)).items():
        assert score(cell, cell.outputs) == cell.metadata.nbgrader.points, name


@pytest.mark.parametrize("path", SOLVED, ids=lambda p: p.stem)
def test_there_is_an_unsolved_twin(path):
    assert ROOT / "notebooks" / path.name in UNSOLVED


# -- the plugin ------------------------------------------------------------------------------------------------------


def check_cell(source: str):
    told = {"grade": True, "grade_id": "98-half-check", "points": 2, "solution": False, "locked": True}
    return v4.new_code_cell(source, metadata={"nbgrader": {**told, "schema_version": 3}})


def shown(*numbers):
    return [v4.new_output("execute_result", {"text/plain": n}, execution_count=1) for n in numbers]


@pytest.mark.parametrize(
    "numbers, solved, complaint",
    [(["0.0"], False, None), (["2.0"], True, None), (["1.0"], False, "scores 1 of 2, and should 0"),
     (["1.0"], True, "scores 1 of 2, and should 2"), ([], False, "nothing else"), (["0.0", "0.0"], False, "nothing")],
)  # fmt: skip
def test_a_score_that_is_not_the_editions_is_noticed(numbers, solved, complaint):
    cell = check_cell("result")
    if complaint is None:
        return examine(cell, shown(*numbers), solved)
    with pytest.raises(AssertionError, match=complaint):
        examine(cell, shown(*numbers), solved)


def test_what_goes_to_stderr_is_noticed():
    loud = [v4.new_output("stream", name="stderr", text="a warning")]
    with pytest.raises(AssertionError, match="a warning"):
        examine(v4.new_code_cell("print(1)"), loud, solved=False)


@pytest.mark.slow
def test_the_stages_notice_it_too(tmp_path):
    """As `make test` executes a notebook: one cell is right, one scores, one writes to stderr."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = [check_cell("0.0"), check_cell("1.0"), v4.new_code_cell("import sys; print('a warning', file=sys.stderr)")]
    nbformat.write(v4.new_notebook(cells=cells), folder / "98_tiny.ipynb")
    flags = ["--nbval-lax", "--nbval-current-env", "-p", "executed", "-p", "no:cacheprovider", "-q", "-rA"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run([sys.executable, "-m", "pytest", *flags, str(folder)], cwd=tmp_path, env=variables,
                          capture_output=True, text=True)  # fmt: skip
    assert "1 passed" in done.stdout and "2 failed" in done.stdout, done.stdout
    assert "scores 1 of 2, and should 0" in done.stdout and "a warning" in done.stdout
