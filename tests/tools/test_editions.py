"""A learner works in my/: an update of the course reaches it, and never takes anything that somebody wrote."""

import copy
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from course import editions  # noqa: E402
from course import tasks as ct  # noqa: E402
from course.sources import sources  # noqa: E402

STEMS = [path.stem for path in sources()]
STUB = "def double(x):\n    raise NotImplementedError  # your code takes the place of this line"


# -- a small course, made by hand as the builder and nbgrader make it --------------------------------------------------


def ordinary(stem, source, kind="markdown"):
    more = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": editions.cell_id(stem, kind, source), "metadata": {}, "source": source, **more}


def exercise(name, source, grade=False):
    entry = {"grade": grade, "grade_id": name, "locked": grade, "solution": not grade, "schema_version": 3}
    entry |= {"points": 3, "task": False} if grade else {"task": False}
    cell = {"cell_type": "code", "id": name, "metadata": {"nbgrader": entry}, "source": source, "outputs": []}
    return sealed(cell | {"execution_count": None})


def sealed(cell):
    """The cell with the checksum that nbgrader would give it: tried by our own reading, compared with theirs below."""
    import hashlib

    entry = cell["metadata"]["nbgrader"]
    parts = [cell["source"], cell["cell_type"], str(entry["grade"]), str(entry["solution"]), str(entry["locked"])]
    parts += [entry["grade_id"], *([str(float(entry["points"]))] if entry["grade"] else [])]
    entry["checksum"] = hashlib.md5("".join(parts).encode()).hexdigest()
    return cell


def edition(stem="02_tiny", promise="Its promise.", stub=STUB, end="The end."):
    title = f"# {stem[:2]} · Tiny\n\n{promise}"
    first = ordinary(stem, title)
    first["source"] = f"{title}\n\n*Yours to write in: made from `solutions/{stem}.py`.* [Solved](../{stem}.ipynb)"
    cells = [
        first,
        ordinary(stem, f'import seqlib\n\nseqlib.setup("{stem}")', "code"),
        ordinary(stem, "Guess before you run."),
        ordinary(stem, "guess = None", "code"),
        ordinary(stem, "**Exercise 02.1 · Double**"),
        exercise("02-double", stub),
        exercise("02-double-check", 'double, result = check("02.double", double)\nresult', grade=True),
        ordinary(stem, end),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def put(path, book):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def course(root, *books, **changes):
    for stem in books or ("02_tiny",):
        put(root / "notebooks" / f"{stem}.ipynb", edition(stem, **changes))
        (root / "solutions").mkdir(exist_ok=True)
        (root / "solutions" / f"{stem}.py").touch()
    return root


def change(path, **cells):
    """Write in the cells whose text begins with these words, as JupyterLab saves it: source as lines, keys sorted."""
    book = editions.read(path)
    for cell in book["cells"]:
        for start, source in cells.items():
            if editions.text(cell).startswith(start.replace("_", " ")):
                cell["source"] = source.splitlines(keepends=True)
    path.write_text(json.dumps(book, indent=1, sort_keys=True), encoding="utf-8")


def texts(path):
    return [editions.text(cell) for cell in editions.read(path)["cells"]]


ANSWER = "def double(x):\n    return x + x"


# -- what is the course's, and what is somebody's ----------------------------------------------------------------------


@pytest.mark.parametrize("stem", STEMS)
def test_every_edition_proves_itself_untouched(stem):
    assert editions.untouched(stem, ROOT / "notebooks" / f"{stem}.ipynb")
    solved = editions.read(ROOT / "solutions" / f"{stem}.ipynb")
    assert not [cell["id"] for cell in editions.written(stem, solved) if not editions.told(cell)]


@pytest.mark.parametrize("stem", STEMS)
def test_a_word_in_any_cell_is_found(stem):
    """Every cell of the course in turn: one letter more is somebody's, whichever cell it stands in."""
    for cell in editions.read(ROOT / "notebooks" / f"{stem}.ipynb")["cells"]:
        source = editions.text(cell)
        for changed in ("!" + source, source + "!", source + "\n\nA word of mine.", source[:-1]):
            assert editions.written(stem, {"cells": [{**cell, "source": changed}]}), source


@pytest.mark.authoring
def test_the_seal_of_an_exercise_is_nbgraders():
    utils = pytest.importorskip("nbgrader.utils")
    nbformat = pytest.importorskip("nbformat")
    seen = 0
    for stem in STEMS:
        book = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
        for cell in book.cells:
            if "nbgrader" in cell.metadata:
                assert editions.sealed(cell) and utils.compute_checksum(cell) == cell.metadata.nbgrader.checksum
                seen += 1
    assert seen > 100


def test_as_jupyter_saves_it_nothing_is_written_and_what_was_run_counts_as_touched(tmp_path):
    path = course(tmp_path) / "notebooks/02_tiny.ipynb"
    change(path)
    assert editions.untouched("02_tiny", path)
    book = editions.read(path)
    book["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "ready"}]
    put(path, book)
    assert not editions.untouched("02_tiny", path) and not editions.written("02_tiny", book)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"cells": 3}', '{"cells": [1]}', '{"cells": []}', "<<<<<<< HEAD\n{}"]
)
def test_what_cannot_be_read_counts_as_work(tmp_path, damage):
    path = tmp_path / "02_tiny.ipynb"
    path.write_text(damage, encoding="utf-8")
    assert not editions.untouched("02_tiny", path)


def test_cells_without_ids_count_as_work(tmp_path):
    book = edition()
    for cell in book["cells"]:
        del cell["id"]
    put(tmp_path / "a.ipynb", book)
    assert not editions.untouched("02_tiny", tmp_path / "a.ipynb")


# -- my/ ---------------------------------------------------------------------------------------------------------------


def test_the_first_time_everything_is_copied_and_nothing_is_said(tmp_path):
    course(tmp_path, "02_tiny", "03_next")
    (tmp_path / "notebooks/Untitled.ipynb").write_text("{}", encoding="utf-8")
    assert editions.update(tmp_path) == [] and editions.update(tmp_path) == []
    names = ["02_tiny.ipynb", "03_next.ipynb"]
    assert sorted(p.name for p in (tmp_path / "my").glob("[!.]*")) == names
    for name in names:
        assert (tmp_path / "my" / name).read_bytes() == (tmp_path / "notebooks" / name).read_bytes()


def test_an_untouched_copy_follows_and_a_touched_one_stays_with_the_new_one_beside_it(tmp_path):
    course(tmp_path, "02_tiny", "03_next")
    editions.update(tmp_path)
    mine = tmp_path / "my/02_tiny.ipynb"
    change(mine, def_double=ANSWER, guess="guess = 51")
    before = mine.read_bytes()
    course(tmp_path, "02_tiny", "03_next", promise="Its better promise.")
    said = editions.update(tmp_path)
    assert len(said) == 2 and all(len(line.splitlines()) == 1 for line in said)
    assert "my/02_tiny.new.ipynb" in said[0] and "yours stays" in said[0] and "03_next" in said[1]
    assert mine.read_bytes() == before
    assert (tmp_path / "my/03_next.ipynb").read_bytes() == (tmp_path / "notebooks/03_next.ipynb").read_bytes()
    offered = texts(tmp_path / "my/02_tiny.new.ipynb")
    assert "better promise" in offered[0] and ANSWER in offered and "guess = 51" in offered and STUB not in offered
    assert editions.update(tmp_path) == []  # told once


def test_an_offer_that_was_declined_is_not_made_again_and_one_that_was_written_in_is_kept(tmp_path):
    course(tmp_path)
    editions.update(tmp_path)
    change(tmp_path / "my/02_tiny.ipynb", def_double=ANSWER)
    course(tmp_path, promise="Second.")
    editions.update(tmp_path)
    offer = tmp_path / "my/02_tiny.new.ipynb"
    offer.unlink()
    assert editions.update(tmp_path) == [] and not offer.exists()
    course(tmp_path, promise="Third.")
    editions.update(tmp_path)
    course(tmp_path, promise="Fourth.")
    editions.update(tmp_path)
    assert "Fourth." in texts(offer)[0]  # nobody had touched the third
    change(offer, guess="guess = 3")
    course(tmp_path, promise="Fifth.")
    said = editions.update(tmp_path)
    assert "guess = 3" in texts(offer) and "Fourth." in texts(offer)[0]
    assert "02_tiny.new2.ipynb" in said[0] and "Fifth." in texts(tmp_path / "my/02_tiny.new2.ipynb")[0]


def test_the_offer_renamed_is_the_learners_own_and_up_to_date(tmp_path):
    course(tmp_path)
    editions.update(tmp_path)
    mine = tmp_path / "my/02_tiny.ipynb"
    change(mine, def_double=ANSWER)
    course(tmp_path, promise="Second.")
    editions.update(tmp_path)
    (tmp_path / "my/02_tiny.new.ipynb").replace(mine)
    (tmp_path / "my" / editions.RECORD).unlink()  # not even the record is needed for that
    assert editions.update(tmp_path) == []


def test_a_copy_that_was_removed_is_made_again(tmp_path):
    course(tmp_path)
    editions.update(tmp_path)
    change(tmp_path / "my/02_tiny.ipynb", def_double=ANSWER)
    (tmp_path / "my/02_tiny.ipynb").unlink()
    assert editions.update(tmp_path) == [] and STUB in texts(tmp_path / "my/02_tiny.ipynb")


def test_work_in_notebooks_is_taken_over_and_not_taken_for_a_new_version(tmp_path):
    """Whoever solved exercises in notebooks/ before there was a my/ finds them there, and after the update still."""
    course(tmp_path)
    change(tmp_path / "notebooks/02_tiny.ipynb", def_double=ANSWER)
    (said,) = editions.update(tmp_path)
    assert "holds work of yours" in said and ANSWER in texts(tmp_path / "my/02_tiny.ipynb")
    course(tmp_path)  # git restore notebooks
    assert editions.update(tmp_path) == [] and ANSWER in texts(tmp_path / "my/02_tiny.ipynb")
    change(tmp_path / "my/02_tiny.ipynb", guess="guess = 1")
    change(tmp_path / "notebooks/02_tiny.ipynb", def_double="def double(x):\n    return 0")
    second = (tmp_path / "notebooks/02_tiny.ipynb").read_bytes()
    (said,) = editions.update(tmp_path)
    assert "my/02_tiny.kept.ipynb" in said and ANSWER in texts(tmp_path / "my/02_tiny.ipynb")
    assert (tmp_path / "my/02_tiny.kept.ipynb").read_bytes() == second
    assert editions.update(tmp_path) == []


def test_work_in_notebooks_takes_the_place_of_a_copy_in_which_there_is_none(tmp_path):
    course(tmp_path)
    editions.update(tmp_path)
    change(tmp_path / "notebooks/02_tiny.ipynb", def_double=ANSWER)
    (said,) = editions.update(tmp_path)
    assert "git restore notebooks/02_tiny.ipynb" in said and ANSWER in texts(tmp_path / "my/02_tiny.ipynb")
    course(tmp_path, promise="Second.")
    assert "my/02_tiny.new.ipynb" in editions.update(tmp_path)[0]
    assert ANSWER in texts(tmp_path / "my/02_tiny.ipynb") and ANSWER in texts(tmp_path / "my/02_tiny.new.ipynb")


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"02_tiny": 3}', '{"02_tiny": {"seen": 1, "laid": 2}}'])
def test_a_damaged_record_costs_nothing(tmp_path, damage):
    course(tmp_path)
    editions.update(tmp_path)
    mine = tmp_path / "my/02_tiny.ipynb"
    change(mine, def_double=ANSWER)
    before = mine.read_bytes()
    (tmp_path / "my" / editions.RECORD).write_text(damage, encoding="utf-8")
    assert editions.update(tmp_path) == [] and mine.read_bytes() == before
    course(tmp_path, promise="Second.")
    (tmp_path / "my" / editions.RECORD).write_text(damage, encoding="utf-8")
    assert "new.ipynb" in editions.update(tmp_path)[0] and mine.read_bytes() == before


def test_a_copy_that_cannot_be_read_stays(tmp_path):
    course(tmp_path)
    editions.update(tmp_path)
    (tmp_path / "my/02_tiny.ipynb").write_text("half a no", encoding="utf-8")
    course(tmp_path, promise="Second.")
    (said,) = editions.update(tmp_path)
    assert "as the course gives it" in said
    assert (tmp_path / "my/02_tiny.ipynb").read_text(encoding="utf-8") == "half a no"


def test_where_my_cannot_be_made_the_learner_works_in_notebooks(tmp_path, monkeypatch, capsys):
    course(tmp_path)
    (tmp_path / "my").write_text("a file of that name", encoding="utf-8")
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    assert ct.working_folder() == "notebooks"
    assert "my/ cannot be brought up to date" in capsys.readouterr().out
    assert (tmp_path / "my").read_text(encoding="utf-8") == "a file of that name"


def test_a_full_disk_leaves_every_copy_and_opens_them(tmp_path, monkeypatch, capsys):
    course(tmp_path, "00_start", "02_tiny")
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    assert ct.working_folder() == "my"
    before = {path.name: path.read_bytes() for path in (tmp_path / "my").iterdir()}
    course(tmp_path, "00_start", "02_tiny", promise="Second.")

    def full(self, data):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert ct.working_folder() == "my"
    assert "No space left on device): it stays as it is" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (tmp_path / "my").iterdir()} == before


def test_lab_opens_the_copy(tmp_path, monkeypatch):
    course(tmp_path, "00_start")
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    environment = ct.environment_at(tmp_path / "venv")
    command = ct.lab_command(environment, 8888, [], ct.working_folder())
    assert "--LabApp.default_url=/lab/tree/my/00_start.ipynb" in command


# -- the new version, with the old one's answers -----------------------------------------------------------------------


def merged(mine, **new):
    return [editions.text(cell) for cell in editions.with_answers("02_tiny", edition(**new), mine)["cells"]]


def test_an_answer_to_an_exercise_that_changed_stands_before_it(tmp_path):
    put(tmp_path / "a.ipynb", edition())
    change(tmp_path / "a.ipynb", def_double=ANSWER)
    stub = STUB.replace("(x)", "(x, times=2)")
    found = merged(editions.read(tmp_path / "a.ipynb"), stub=stub)
    assert found.index(ANSWER) + 1 == found.index(stub)
    offer = editions.with_answers("02_tiny", edition(stub=stub), editions.read(tmp_path / "a.ipynb"))
    entries = [cell["metadata"]["nbgrader"]["grade_id"] for cell in offer["cells"] if editions.told(cell)]
    assert entries == ["02-double", "02-double-check"]  # nbgrader must not find one twice


def test_cells_of_ones_own_stay_behind_those_that_they_followed():
    mine = edition()
    mine["cells"].insert(4, {"cell_type": "code", "id": "a1b2", "metadata": {}, "source": "note = 1", "outputs": []})
    mine["cells"].append({"cell_type": "markdown", "id": "c3d4", "metadata": {}, "source": "My last word."})
    mine["cells"][7]["source"] = "The end, as I see it."
    found = merged(mine, end="Another end.")
    assert found[4] == "note = 1" and found[-1] == "Another end."
    assert "My last word." in found and "The end, as I see it." in found


def test_whatever_was_written_is_in_the_offer_and_it_is_a_notebook():
    """Random edits, deletions, moves and insertions against random changes of the course: nothing is missing."""
    nbformat = pytest.importorskip("nbformat")
    new = {"promise": ["Its promise.", "Better."], "stub": [STUB, STUB + "\n    # more"], "end": ["The end.", "More."]}
    for seed in range(300):
        draw = random.Random(seed)
        mine = edition()
        cells = mine["cells"]
        for n in range(draw.randint(1, 6)):
            i = draw.randrange(len(cells))
            word = f"\nown word {seed} {n}"
            kind = draw.choice(["edit", "edit", "insert", "delete", "swap", "copy"])
            if kind == "edit":
                cells[i]["source"] += word
            elif kind == "insert":
                cells.insert(i, {"cell_type": "markdown", "id": f"own-{n}", "metadata": {}, "source": word})
            elif kind == "delete" and len(cells) > 1:
                del cells[i]
            elif kind == "swap":
                j = draw.randrange(len(cells))
                cells[i], cells[j] = cells[j], cells[i]
            elif kind == "copy":
                cells.insert(i, copy.deepcopy(cells[i]) | {"id": f"copy-{n}"})
        offer = editions.with_answers("02_tiny", edition(**{k: draw.choice(v) for k, v in new.items()}), mine)
        for cell in offer["cells"]:
            cell.setdefault("metadata", {})
        nbformat.validate(nbformat.from_dict(offer))
        ids = [cell["id"] for cell in offer["cells"]]
        assert len(set(ids)) == len(ids), seed
        shown = "\n".join(map(editions.text, offer["cells"]))
        for cell in mine["cells"]:
            for line in editions.text(cell).splitlines():
                assert "own word" not in line or line in shown, (seed, line)


# -- git pull over solved exercises ------------------------------------------------------------------------------------


def git(where, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(["git", *who, *arguments], cwd=where, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def clone(tmp_path):
    """(the course's repository, a learner's clone in which exercises were solved)."""
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    upstream = tmp_path / "upstream"
    for name in ("tools", "solutions", "notebooks"):
        (upstream / name).mkdir(parents=True)
    shutil.copytree(ROOT / "tools", upstream / "tools", dirs_exist_ok=True)
    for name in ("pyproject.toml", "requirements.lock", ".gitignore", ".gitattributes"):
        shutil.copy(ROOT / name, upstream)
    course(upstream, "02_tiny", "03_next")
    git(upstream, "init", "-q")
    git(upstream, "add", "-A")
    git(upstream, "commit", "-qm", "first")
    git(tmp_path, "clone", "-q", str(upstream), "learner")
    return upstream, tmp_path / "learner"


def make_my(where):
    command = [sys.executable, "tools/course.py", "my"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_git_pull_over_solved_exercises(clone):
    upstream, learner = clone
    make_my(learner)
    change(learner / "my/02_tiny.ipynb", def_double=ANSWER, guess="guess = 9")
    before = (learner / "my/02_tiny.ipynb").read_bytes()
    assert git(learner, "status", "--porcelain") == ""  # never tracked
    course(upstream, "02_tiny", "03_next", promise="Much better.")
    git(upstream, "commit", "-qam", "second")
    git(learner, "pull", "-q", "--ff-only")
    said = make_my(learner)
    assert "my/02_tiny.new.ipynb" in said and "03_next.ipynb follows" in said
    assert (learner / "my/02_tiny.ipynb").read_bytes() == before
    offered = texts(learner / "my/02_tiny.new.ipynb")
    assert "Much better." in offered[0] and ANSWER in offered and "guess = 9" in offered
    assert "Much better." in texts(learner / "my/03_next.ipynb")[0]
    assert git(learner, "status", "--porcelain") == ""
    git(learner, "clean", "-fdq")
    git(learner, "reset", "-q", "--hard")
    assert (learner / "my/02_tiny.ipynb").read_bytes() == before
