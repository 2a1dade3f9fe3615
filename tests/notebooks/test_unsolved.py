"""An unsolved notebook never blocks: it runs from top to bottom and scores nothing. The solved one scores in full."""

import os

import pytest

pytestmark = pytest.mark.authoring

from course.sources import ROOT, sources  # noqa: E402

nbformat = pytest.importorskip("nbformat")


UNSOLVED = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SOLVED = [p.with_suffix(".ipynb") for p in sources()]


def scores(book) -> dict[str, tuple[float, float]]:
    """{grade_id: (score, points)} as nbgrader reads them: the displayed number of each check cell."""
    found = {}
    for cell in book.cells:
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            shown = [o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result"]
            assert len(shown) == 1, f"{told.grade_id}: a check shows its result and nothing else"
            found[told.grade_id] = (float(shown[0]), told.points)
    return found


@pytest.mark.parametrize("path", UNSOLVED, ids=lambda p: p.stem)
def test_an_unsolved_notebook_runs_through_and_scores_nothing(path, tmp_path):
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(book, timeout=120, kernel_name="python3", resources=where)
    client.execute(env={**os.environ, "SEQLIB_BUDGET": "smoke", "SEQLIB_HOME": str(tmp_path)})
    for cell in book.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{output.text}\nfrom\n{cell.source}"
    found = scores(book)
    assert found and all(score == 0 for score, _ in found.values()), found


@pytest.mark.parametrize("path", SOLVED, ids=lambda p: p.stem)
def test_a_solved_notebook_shows_full_marks(path):
    from seqlib.checks.exercise import exercises

    found = scores(nbformat.read(path, as_version=4))
    assert found and all(score == points for score, points in found.values()), found
    expected = {n.replace(".", "-") + "-check": e.points for n, e in exercises(path.stem[:2]).items()}
    assert {n: points for n, (_, points) in found.items()} == expected


@pytest.mark.parametrize("path", SOLVED, ids=lambda p: p.stem)
def test_there_is_an_unsolved_twin(path):
    assert ROOT / "notebooks" / path.name in UNSOLVED
