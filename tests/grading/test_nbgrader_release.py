"""An instructor's own nbgrader takes the course as it is: full marks, partial marks, none, and its validation passes.

The gradebook learns the assignment from the solved edition; students hand in what learners get, `notebooks/`.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.authoring, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

from course.sources import ROOT, exercise_cells, source_of  # noqa: E402

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader")

# A small notebook with every sort of student, a large one half solved; the same builder makes all others.
HANDED_IN = {"00": ("good", "partial", "none"), "01": ("partial",)}


def settings(course: Path, **sections):
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = f"sqlite:///{course}/gradebook.db"
    config.Exchange.root = str(course / "exchange")
    config.ExecutePreprocessor.timeout = 120
    config.NbGrader.logfile = ""
    for name, values in sections.items():
        config[name].update(values)
    return config


def api(course: Path):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = settings(course)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def hand_in(course, student, name, answers):
    """The learner's notebook with some exercises solved, `answers` being {grade_id: source}."""
    book = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for cell in book.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(book, folder / f"{name}.ipynb")


def solutions(name) -> dict[str, str]:
    return {n.replace(".", "-"): cell.text for n, cell in exercise_cells(source_of(name[:2])).items()}


@pytest.fixture(scope="module", params=list(HANDED_IN))
def graded(request, tmp_path_factory):
    """(notebook's name, {student: {grade_id: score}}, {grade_id: points}) after a round of nbgrader."""
    source = source_of(request.param)
    if source is None:
        pytest.skip(f"no notebook {request.param} yet")
    name, course = source.stem, tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls alembic by name
        patch.setenv("SEQLIB_BUDGET", "smoke")
        patch.setenv("SEQLIB_HOME", str(course / "home"))
        patch.setenv("JUPYTER_DATA_DIR", str(course / "jupyter"))
        _round(course, name)
    return name, *_marks(course, name)


def _round(course, name):
    (course / "source" / name).mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{name}.ipynb", course / "source" / name)
    grader = api(course)
    released = grader.generate_assignment(name)
    assert released["success"], released.get("error") or released["log"]
    right = solutions(name)
    answers = {"good": right, "partial": dict(list(right.items())[: len(right) // 2]), "none": {}}
    for student in HANDED_IN[name[:2]]:
        hand_in(course, student, name, answers[student])
        done = grader.autograde(name, student)
        assert done["success"], done.get("error") or done["log"]


def _marks(course, name):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        points = {c.name: c.max_score for c in book.find_notebook(name, name).grade_cells}
        marks = {
            student: {g.name: g.score for g in book.find_submission_notebook(name, name, student).grades}
            for student in HANDED_IN[name[:2]]
        }
    return marks, points


def test_the_gradebook_knows_the_points(graded):
    from seqlib.checks.exercise import exercises

    name, _, points = graded
    assert points == {f"{n.replace('.', '-')}-check": e.points for n, e in exercises(name[:2]).items()}


def test_a_good_submission_scores_in_full(graded):
    _, marks, points = graded
    if "good" not in marks:
        pytest.skip("handed in for another notebook")
    assert marks["good"] == points


def test_an_empty_submission_scores_nothing(graded):
    _, marks, points = graded
    if "none" not in marks:
        pytest.skip("handed in for another notebook")
    assert marks["none"] == dict.fromkeys(points, 0)


def test_half_the_exercises_score_for_those_and_no_others(graded):
    name, marks, points = graded
    solved = [f"{g}-check" for g in list(solutions(name))[: len(points) // 2]]
    assert marks["partial"] == {g: points[g] if g in solved else 0 for g in points}
    assert 0 < sum(marks["partial"].values()) < sum(points.values())


def test_nbgrader_validates_the_solved_notebook_and_names_what_an_unsolved_one_lacks(tmp_path, monkeypatch):
    from nbgrader.validator import Validator

    monkeypatch.setenv("SEQLIB_BUDGET", "smoke")
    name = source_of("00").stem
    for kind in ("solutions", "notebooks"):
        (tmp_path / kind).mkdir()
        shutil.copy(ROOT / kind / f"{name}.ipynb", tmp_path / kind)
    validator = Validator(config=settings(tmp_path))
    solved = validator.validate(str(tmp_path / "solutions" / f"{name}.ipynb"))
    assert solved == {}, solved
    unsolved = validator.validate(str(tmp_path / "notebooks" / f"{name}.ipynb"))
    assert set(unsolved) == {"failed"} and len(unsolved["failed"]) == len(solutions(name)), unsolved
