"""A pytest plugin: what an executed notebook has to show beside running through, read from nbval's own execution.

In `notebooks/` every check scores nothing and nothing goes to stderr (nbgrader gives no points to a cell that writes
there); in `solutions/` every check scores in full. A check shows its result and nothing else as its value.
"""

import pytest


def score(cell, outputs) -> float | None:
    """What nbgrader reads in the outputs of a check's cell; None where the cell is no check."""
    told = cell.metadata.get("nbgrader", {})
    if not told.get("grade"):
        return None
    shown = [o["data"]["text/plain"] for o in outputs if o["output_type"] == "execute_result"]
    assert len(shown) == 1, f"{told['grade_id']}: a check shows its result and nothing else: {shown}"
    return float(shown[0])


def examine(cell, outputs, solved: bool) -> None:
    """AssertionError where a cell's outputs are not what an edition of its kind shows."""
    if not solved:
        loud = ["".join(o["text"]) for o in outputs if o.get("name") == "stderr"]
        assert not loud, f"it writes to stderr: {loud}"
    found = score(cell, outputs)
    if found is not None:
        told = cell.metadata["nbgrader"]
        expected = told["points"] if solved else 0
        assert found == expected, f"{told['grade_id']} scores {found:g} of {told['points']:g}, and should {expected:g}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    done = yield
    if hasattr(item, "test_outputs"):  # nbval's cell
        examine(item.cell, item.test_outputs, solved=item.path.parent.name != "notebooks")
    return done
