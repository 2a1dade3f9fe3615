"""One source, two editions: what is derived is stable, what is stale is named, and only what changed is executed."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

pytestmark = pytest.mark.authoring

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
build = pytest.importorskip("build")

from seqlib.checks import exercise  # noqa: E402

SOURCE = '''\
# %% [markdown]
# # 98 · A tiny course
#
# Its promise.

# %%
import os
from seqlib.small import number

print("budget", os.environ["SEQLIB_BUDGET"])

# %% [markdown]
# **Exercise 98.1 · Double**

# %%
def double(x):
    """Twice `x`."""
    ### BEGIN SOLUTION
    secret = 2
    return secret * x
    ### END SOLUTION

# %%
from seqlib import check

double, result = check("98.double", double)
result

# %% [markdown]
# **Exercise 98.2 · Half**

# %%
### BEGIN SOLUTION
### STUB: half = None
half = 0.5
### END SOLUTION

# %%
half, result = check("98.half", half)
result

# %% [markdown]
# The end.
'''
PACKAGE = {
    "__init__.py": "from seqlib.checks import check\nfrom seqlib.runtime import setup\n",
    "runtime.py": "def setup(name):\n    print('ready', name)\n",
    "small.py": "# a comment\nfrom seqlib.data import below\n\nnumber = below.number\n",
    "data/__init__.py": "",
    "data/below.py": "number = 1\n",
    "unused.py": "nothing = 0\n",
    "checks/__init__.py": "def check(name, answer):\n    return answer, 1.0\n",
    "exercises/__init__.py": "",
    "exercises/nb98_tiny.py": "number = 98\n",
    "exercises/nb98_tiny.txt": "Quiz\n",
    "exercises/nb97_other.txt": "Quiz\n",
}
EXERCISES = {
    "98.double": SimpleNamespace(variable="double", points=3),
    "98.half": SimpleNamespace(variable="half", points=1),
}


def write_course(root: Path):
    (root / "solutions").mkdir(parents=True)
    (root / "seqlib").mkdir(parents=True)
    for name, text in PACKAGE.items():
        (root / "seqlib" / name).parent.mkdir(exist_ok=True)
        (root / "seqlib" / name).write_text(text, encoding="utf-8")
    (root / "solutions/98_tiny.py").write_text(SOURCE, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", root)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course that was built once, for real."""
    root = tmp_path_factory.mktemp("built") / "course"
    write_course(root)
    with pytest.MonkeyPatch.context() as patch:
        _point_at(root, patch)
        patch.setenv("SEQLIB_BUDGET", "smoke")
        environment = dict(os.environ)
        assert build.main([]) == 0
        assert dict(os.environ) == environment, "a build leaves the environment as it was"
    return root


def _point_at(root, patch):
    patch.setattr(build, "ROOT", root)
    patch.setattr(exercise, "module_names", lambda: {"98": "nb98_tiny"})
    patch.setattr(exercise, "exercises", lambda number: EXERCISES)


@pytest.fixture
def course(built, tmp_path, monkeypatch):
    """A copy of the built course; `course.executed` lists what would have been executed."""
    root = tmp_path / "course"
    shutil.copytree(built, root)
    _point_at(root, monkeypatch)
    executed = []
    monkeypatch.setattr(build, "execute", lambda path, book: executed.append(path.stem))
    return SimpleNamespace(root=root, executed=executed, source=root / "solutions/98_tiny.py")


def change(path: Path, old: str, new: str):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def read(root, kind):
    return nbformat.read(root / kind / "98_tiny.ipynb", as_version=4)


# -- stubs -----------------------------------------------------------------------------------------------------------

RAISE = "raise NotImplementedError  # your code takes the place of this line"


def region(body: str, indent: str = "    ") -> str:
    return "\n".join(
        [f"{indent}### BEGIN SOLUTION", *(indent + line for line in body.splitlines()), f"{indent}### END SOLUTION"]
    )


STUBS = {
    "a function": (f"def f(x):\n{region('return x')}", f"def f(x):\n    {RAISE}"),
    "code before and after": (
        f"def f(x):\n    y = 2\n{region('y = x')}\n    return y",
        f"def f(x):\n    y = 2\n    {RAISE}\n    return y",
    ),
    "inside a loop": (
        "def f(x):\n    for i in x:\n" + region("print(i)", " " * 8) + "\n    return x",
        f"def f(x):\n    for i in x:\n        {RAISE}\n    return x",
    ),
    "two methods": (
        f"class C:\n    def a(self):\n{region('return 1', ' ' * 8)}\n\n    def b(self):\n{region('return 2', ' ' * 8)}",
        f"class C:\n    def a(self):\n        {RAISE}\n\n    def b(self):\n        {RAISE}",
    ),
    "a value": ("### BEGIN SOLUTION\n### STUB: a = None\na = 3\n### END SOLUTION", "a = None"),
    "two values": (
        "### BEGIN SOLUTION\n### STUB: a = None\n### STUB: b = []\na = 3\nb = [1]\n### END SOLUTION\nprint(a)",
        "a = None\nb = []\nprint(a)",
    ),
    "a stub with a block": (
        "### BEGIN SOLUTION\n### STUB: def f(x):\n### STUB:     return None\ndef f(x):\n    return 3\n### END SOLUTION",
        "def f(x):\n    return None",
    ),
    "a nested function in the region": (
        f"def f(x):\n{region('def g(y):' + chr(10) + '    return y' + chr(10) + 'return g(x)')}",
        f"def f(x):\n    {RAISE}",
    ),
    "a comment after the end": (
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION (of f)", f"def f():\n    {RAISE}"
    ),
    "no region": ("x = 1", "x = 1"),
}  # fmt: skip


@pytest.mark.parametrize("solved, stub", STUBS.values(), ids=STUBS)
def test_a_stub_takes_the_place_of_the_solution_and_parses(solved, stub):
    assert build.unsolved(solved) == stub
    ast.parse(build.unsolved(solved))
    ast.parse(build.without_stub_lines(solved))
    assert "STUB" not in build.without_stub_lines(solved)


@pytest.mark.parametrize(
    "source",
    ["def f():\n    ### BEGIN SOLUTION\n    return 1", "def f():\n    return 1\n    ### END SOLUTION",
     "def f():\n    ### BEGIN SOLUTION: here\n    return 1\n    ### END SOLUTION",
     "def f():\n    return 1  ### BEGIN SOLUTION\n    ### END SOLUTION"],
)  # fmt: skip
def test_a_region_that_is_not_closed_never_leaks(source):
    with pytest.raises(build.BuildError, match="pair up"):
        build.unsolved(source)


# -- the editions of a tiny course -----------------------------------------------------------------------------------


def test_the_unsolved_edition_holds_no_solution_and_no_output(built):
    book, text = read(built, "notebooks"), (built / "notebooks/98_tiny.ipynb").read_text(encoding="utf-8")
    for word in ("SOLUTION", "STUB", "secret", "0.5"):
        assert word not in text
    for cell in book.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
            assert cell.outputs == [] and cell.execution_count is None
    nbformat.validate(book)


def test_the_solved_edition_is_executed_within_the_cpu_budget(built):
    book = read(built, "solutions")
    nbformat.validate(book)
    text = "".join(o.get("text", "") for c in book.cells if c.cell_type == "code" for o in c.outputs)
    assert "ready 98_tiny" in text and "budget cpu" in text  # a smoke budget in the environment does not count
    assert "widgets" not in book.metadata
    shown = [o for c in book.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "execute_result"]
    assert [o.data["text/plain"] for o in shown] == ["1.0", "1.0"]


def test_every_edition_says_where_it_came_from_and_sets_itself_up(built):
    for kind in ("notebooks", "solutions"):
        cells = read(built, kind).cells
        assert "98_tiny.py" in cells[0].source and cells[0].source.startswith("# 98")
        assert cells[1].metadata.tags == ["setup"] and 'seqlib.setup("98_tiny")' in cells[1].source
        assert max(map(len, cells[1].source.splitlines())) <= 92, "cut off on a laptop's screen"


def test_nbgrader_metadata_follows_from_the_exercises(built):
    for kind in ("notebooks", "solutions"):
        marked = {
            c.metadata.nbgrader.grade_id: c.metadata.nbgrader
            for c in read(built, kind).cells
            if "nbgrader" in c.metadata
        }
        assert list(marked) == ["98-double", "98-double-check", "98-half", "98-half-check"]
        for name, points in (("98-double", 3), ("98-half", 1)):
            answer, check = marked[name], marked[f"{name}-check"]
            assert (answer.solution, answer.grade, answer.locked) == (True, False, False)
            assert (check.solution, check.grade, check.locked, check.points) == (False, True, True, points)
    locked = [c for c in read(built, "notebooks").cells if c.metadata.get("nbgrader", {}).get("locked")]
    assert locked and all(c.metadata.editable is False and c.metadata.deletable is False for c in locked)


def test_ids_are_unique_and_the_same_in_both_editions(built):
    ids = [[c.id for c in read(built, kind).cells] for kind in ("notebooks", "solutions")]
    assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])
    assert "98-double" in ids[0] and "98-half-check" in ids[0]


def test_ids_stay_when_another_cell_changes(course):
    before = [c.id for c in build.edition(course.source, "notebooks").cells]
    change(course.source, "# The end.", "# The end, and more.\n\n# %% [markdown]\n# A new cell.")
    change(course.source, "secret = 2\n    return secret * x", "return x + x")
    after = [c.id for c in build.edition(course.source, "notebooks").cells]
    assert after[:-2] == before[:-1] and len(set(after)) == len(after)


def test_two_equal_cells_have_two_ids(course):
    change(course.source, "# The end.", "# The end.\n\n# %% [markdown]\n# The end.")
    ids = [c.id for c in build.edition(course.source, "notebooks").cells]
    assert len(set(ids)) == len(ids)


def test_two_builds_are_byte_identical_and_the_second_executes_nothing(course, capsys):
    files = [course.root / kind / "98_tiny.ipynb" for kind in ("notebooks", "solutions")]
    before = [f.read_bytes() for f in files]
    assert build.main(["--check"]) == 0
    assert build.main([]) == 0 and course.executed == []
    assert [f.read_bytes() for f in files] == before
    assert "up to date" in capsys.readouterr().out
    files[0].unlink()
    assert build.main(["98"]) == 0 and files[0].read_bytes() == before[0]


def test_line_ends_of_the_source_do_not_matter(course):
    course.source.write_bytes(course.source.read_bytes().replace(b"\n", b"\r\n"))
    assert build.main(["--check"]) == 0


def test_a_change_of_prose_executes_nothing_and_is_stale_until_built(course, capsys):
    outputs = [c.outputs for c in read(course.root, "solutions").cells if c.cell_type == "code"]
    change(course.source, "Its promise.", "Its better promise.")
    assert build.main(["--check"]) == 1
    out = capsys.readouterr().out
    assert "notebooks/98_tiny.ipynb" in out and "solutions/98_tiny.ipynb" in out
    assert build.main([]) == 0 and course.executed == [] and build.main(["--check"]) == 0
    for kind in ("notebooks", "solutions"):
        assert "better promise" in read(course.root, kind).cells[0].source
    assert [c.outputs for c in read(course.root, "solutions").cells if c.cell_type == "code"] == outputs


def test_a_change_of_code_is_stale_and_named_with_the_command(course, capsys):
    change(course.source, "secret = 2", "secret = 4 / 2")
    assert build.main(["--check"]) == 1 and course.executed == []
    out = capsys.readouterr().out
    assert "solutions/98_tiny.ipynb" in out and "python tools/build.py" in out
    assert "notebooks/98_tiny.ipynb" not in out  # the stub is the same
    assert build.main([]) == 0 and course.executed == ["98_tiny"]


@pytest.mark.parametrize(
    "file, stale",
    [("small.py", True), ("data/below.py", True), ("data/__init__.py", True), ("runtime.py", True),
     ("exercises/nb98_tiny.py", True), ("exercises/nb98_tiny.txt", True), ("exercises/nb97_other.txt", False),
     ("checks/__init__.py", True), ("__init__.py", True), ("unused.py", False)],
)  # fmt: skip
def test_a_change_of_seqlib_is_stale_where_the_notebook_reaches_it(course, file, stale):
    path = course.root / "seqlib" / file
    path.write_text(path.read_text(encoding="utf-8") + "\nmore = 1\n", encoding="utf-8")
    assert build.main(["--check"]) == int(stale)
    assert build.main([]) == 0 and course.executed == ["98_tiny"] * stale


def test_a_page_that_shows_the_progress_follows_the_exercises_of_every_notebook(course, monkeypatch):
    def check(points):
        others = {"97.more": SimpleNamespace(variable="more", points=points)}
        monkeypatch.setattr(exercise, "module_names", lambda: {"97": "nb97_other", "98": "nb98_tiny"})
        monkeypatch.setattr(exercise, "exercises", lambda number: EXERCISES if number == "98" else others)
        return build.main(["98", "--check"])

    assert [check(2), check(3)] == [0, 0], "the points of other notebooks are shown by `progress()` alone"
    (course.root / "seqlib/checks/overview.py").write_text("def progress():\n    return None\n", encoding="utf-8")
    change(course.source, "from seqlib import check\n", "from seqlib import check, progress\n")
    assert build.main(["98"]) == 0
    assert [check(3), check(4)] == [0, 1]
    build.main(["98"])
    assert [check(4), check(3)] == [0, 1]


def test_a_comment_in_seqlib_is_no_change(course):
    change(course.root / "seqlib/small.py", "# a comment\n", "# another comment\n\n")
    assert build.main(["--check"]) == 0


def test_an_import_that_cannot_be_followed_is_refused(course, capsys):
    change(course.root / "seqlib/small.py", "from seqlib.data import below", "from .data import below")
    assert build.main(["--check"]) == 1 and "in full" in capsys.readouterr().err


def test_a_touched_edition_is_stale(course, capsys):
    for kind in ("notebooks", "solutions"):
        change(course.root / kind / "98_tiny.ipynb", "Its promise.", "Its lie.")
        assert build.main(["--check"]) == 1 and f"{kind}/98_tiny.ipynb" in capsys.readouterr().out
        assert build.main([]) == 0 and build.main(["--check"]) == 0
    assert course.executed == []


def test_a_damaged_or_missing_edition_is_made_anew(course):
    (course.root / "solutions/98_tiny.ipynb").write_text("{", encoding="utf-8")
    assert build.main(["--check"]) == 1
    assert build.main([]) == 0 and course.executed == ["98_tiny"]
    (course.root / "solutions/98_tiny.ipynb").unlink()
    (course.root / "notebooks/98_tiny.ipynb").unlink()
    assert build.main(["--check"]) == 1
    assert build.main([]) == 0 and course.executed == ["98_tiny"] * 2


def test_missing_writes_what_a_learner_opens_and_executes_nothing(course):
    shutil.rmtree(course.root / "notebooks")
    (course.root / "solutions/98_tiny.ipynb").unlink()
    assert build.main(["--missing"]) == 0 and course.executed == []
    assert (course.root / "notebooks/98_tiny.ipynb").is_file()
    assert not (course.root / "solutions/98_tiny.ipynb").exists()
    (course.root / "notebooks/98_tiny.ipynb").write_text("a learner's own work", encoding="utf-8")
    assert build.main(["--missing"]) == 0
    assert (course.root / "notebooks/98_tiny.ipynb").read_text(encoding="utf-8") == "a learner's own work"


def test_force_executes_again(course):
    assert build.main(["--force"]) == 0 and course.executed == ["98_tiny"]


def test_an_edition_without_a_source_is_named(course, capsys):
    course.source.rename(course.root / "98_tiny.py")
    assert build.main(["--check"]) == 1
    said = capsys.readouterr().out
    for kind in ("notebooks", "solutions"):
        assert f"{kind}/98_tiny.ipynb: no source makes it any more: delete it" in said
    change(course.root / "notebooks/98_tiny.ipynb", "Its promise.", "My own words.")
    assert build.main(["--check"]) == 1
    assert "notebooks/98_tiny.ipynb: no source makes it any more: move it to my/" in capsys.readouterr().out


def test_a_notebook_of_ones_own_is_nobodys_business(course, capsys):
    own = course.root / "notebooks"
    shutil.copy(own / "98_tiny.ipynb", own / "98_tiny-Copy1.ipynb")
    (own / "Untitled.ipynb").write_text('{"cells": []}', encoding="utf-8")
    (own / "Untitled1.ipynb").write_text("", encoding="utf-8")
    shutil.copy(own / "Untitled.ipynb", course.root / "solutions/Untitled.ipynb")
    assert build.main(["--check"]) == 0
    assert "Untitled" not in capsys.readouterr().out
    assert build.main([]) == 0 and sorted(p.name for p in own.glob("*Un*")) == ["Untitled.ipynb", "Untitled1.ipynb"]


# -- what somebody wrote ---------------------------------------------------------------------------------------------


def solve(course, kind="notebooks"):
    """An answer in an edition, saved as JupyterLab saves it. Returns the file and what is in it."""
    path = course.root / kind / "98_tiny.ipynb"
    book = nbformat.read(path, as_version=4)
    cell = next(c for c in book.cells if c.id == "98-double")
    cell.source = 'def double(x):\n    """Twice `x`."""\n    return x + x'
    nbformat.write(book, path)
    return path, path.read_bytes()


def test_building_over_an_answer_keeps_a_copy_and_names_it(course, capsys):
    path, before = solve(course)
    assert build.main(["--check"]) == 1
    assert "somebody wrote in it (building keeps a copy in my/)" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert build.main([]) == 0
    assert "kept as my/98_tiny.kept.ipynb" in capsys.readouterr().out
    assert (course.root / "my/98_tiny.kept.ipynb").read_bytes() == before and path.read_bytes() != before
    assert build.main(["--check"]) == 0
    solve(course)
    assert build.main([]) == 0  # the same work is kept once
    change(solve(course)[0], "x + x", "3 * x")
    assert build.main([]) == 0
    assert "kept as my/98_tiny.kept2.ipynb" in capsys.readouterr().out
    assert (course.root / "my/98_tiny.kept.ipynb").read_bytes() == before


def test_building_over_the_courses_own_older_edition_keeps_nothing(course, capsys):
    change(course.source, "Its promise.", "Its better promise.")
    change(course.source, '"""Twice `x`."""', '"""Two times `x`."""')
    assert build.main([]) == 0 and not (course.root / "my").exists()
    assert "kept as" not in capsys.readouterr().out


@pytest.mark.parametrize("what", ["an exercise", "a cell", "a new cell"])
def test_what_was_written_in_a_solved_edition_is_kept_too(course, capsys, what):
    path = course.root / "solutions/98_tiny.ipynb"
    if what == "an exercise":
        solve(course, "solutions")
    else:
        book = nbformat.read(path, as_version=4)
        new = nbformat.v4.new_markdown_cell("A note of mine.")
        book.cells = [*book.cells, new] if what == "a new cell" else book.cells
        book.cells[-1].source += " And more."
        nbformat.write(book, path)
    before = path.read_bytes()
    assert build.main([]) == 0 and "kept as my/98_tiny.kept.ipynb" in capsys.readouterr().out
    assert (course.root / "my/98_tiny.kept.ipynb").read_bytes() == before
    assert build.main(["--check"]) == 0


LOST = {
    "code in a Markdown cell": ("# Its promise.\n\n# %%\nimport os", "# Its promise.\n\nimport os", "line 6: code in"),
    "prose in a code cell": ("# %% [markdown]\n# The end.", "# ## The end", "a heading in the code cell"),
    "a mark without its space": ("# %%\nimport os", "#%%\nimport os", "write the mark of a cell as `# %%`"),
}


@pytest.mark.parametrize("old, new, message", LOST.values(), ids=LOST)
def test_a_lost_mark_of_a_cell_is_refused(course, capsys, old, new, message):
    change(course.source, old, new)
    assert build.main([]) == 1 and course.executed == []
    error = capsys.readouterr().err
    assert message in error and "98_tiny.py" in error and "Traceback" not in error


@pytest.mark.parametrize("names", [["98"], ["98_tiny"], ["solutions/98_tiny.py"], ["98", "98_tiny"]])
def test_a_notebook_is_picked_by_number_name_or_path(course, names):
    assert [p.stem for p in build.sources(names)] == ["98_tiny"]


def test_an_unknown_notebook_is_named(course, capsys):
    assert build.main(["98", "42"]) == 1
    assert "no source for 42; there are 98_tiny" in capsys.readouterr().err


WRONG = {
    "a module's exercise is not in the source": ("# **Exercise 98.2", None, "differ"),
    "another order": ("both", None, "another order"),
    "no check": ('half, result = check("98.half", half)\nresult', "pass", "must check it"),
    "another variable": ('check("98.half", half)', 'check("98.half", double)', "for `double`"),
    "an unknown exercise": ('"98.half"', '"98.third"', "'98.third'"),
    "no program": ("secret = 2", "secret = ", "does not parse"),
    "no title": ("# %% [markdown]\n# # 98", "# %%\n# # 98", "first cell must be Markdown"),
    "no end": ("    ### END SOLUTION\n", "", "98.double"),
}


@pytest.mark.parametrize("old, new, message", WRONG.values(), ids=WRONG)
def test_a_source_that_needs_a_person_is_refused(course, capsys, old, new, message):
    text = course.source.read_text(encoding="utf-8")
    marks = ("# **Exercise 98.1", "# **Exercise 98.2", "# The end")
    first, second, third = (text.index(f"# %% [markdown]\n{mark}") for mark in marks)
    if old == "both":
        text = text[:first] + text[second:third] + text[first:second] + text[third:]
    elif new is None:
        text = text[:second] + text[third:]
    else:
        assert old in text
        text = text.replace(old, new, 1)
    course.source.write_text(text, encoding="utf-8")
    before = (course.root / "notebooks/98_tiny.ipynb").read_bytes()
    assert build.main([]) == 1
    error = capsys.readouterr().err
    assert message in error and "98_tiny.py" in error and "Traceback" not in error
    assert (course.root / "notebooks/98_tiny.ipynb").read_bytes() == before and course.executed == []


def test_widgets_are_not_stored():
    widget = {build.WIDGET: {"model_id": "x"}, "text/html": "<p>twin</p>", "text/plain": "twin"}
    kept = build._tidy(nbformat.v4.new_output("display_data", widget))
    assert set(kept.data) == {"text/html", "text/plain"}


# -- executions for real ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, message",
    [("import sys; print('a warning', file=sys.stderr)", "writes to stderr"), ("1 / 0", "ZeroDivisionError"),
     ("os._exit(3)", "98_tiny.py")],
    ids=["stderr", "an error", "a dead kernel"],
)  # fmt: skip
def test_an_execution_that_goes_wrong_is_refused(tmp_path, monkeypatch, capsys, line, message):
    write_course(tmp_path / "course")
    _point_at(tmp_path / "course", monkeypatch)
    source = tmp_path / "course/solutions/98_tiny.py"
    change(source, 'print("budget", os.environ["SEQLIB_BUDGET"])', line)
    assert build.main([]) == 1
    error = capsys.readouterr().err
    assert message in error and "98_tiny.py" in error
    assert not source.with_suffix(".ipynb").exists()


def test_a_long_temporary_folder_is_no_obstacle(tmp_path, monkeypatch):
    """The name of a socket in a file has at most 107 bytes."""
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(build.tempfile, "tempdir", str(long))
    write_course(tmp_path / "course")
    _point_at(tmp_path / "course", monkeypatch)
    assert build.main([]) == 0


@pytest.mark.parametrize("name, value", [("PYTHONSAFEPATH", "1"), ("PYTHONOPTIMIZE", "2")])
def test_the_builder_starts_whatever_the_shell_says_about_python(tmp_path, name, value):
    done = subprocess.run(
        [sys.executable, ROOT / "tools/build.py", "--help"],
        cwd=tmp_path, env=os.environ | {name: value}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and "--missing" in done.stdout, done.stderr


# -- the course itself -----------------------------------------------------------------------------------------------

REAL = build.sources()


@pytest.mark.parametrize("path", REAL, ids=lambda p: p.stem)
def test_the_unsolved_edition_is_what_its_source_gives(path):
    student = ROOT / "notebooks" / f"{path.stem}.ipynb"
    assert student.is_file(), "run: python tools/build.py"
    assert student.read_bytes() == build.as_text(build.edition(path, "notebooks")).encode(), (
        "run: python tools/build.py"
    )


@pytest.mark.parametrize("path", REAL, ids=lambda p: p.stem)
def test_the_solved_edition_was_executed_since_its_code_changed(path):
    said, _ = build.build_solution(path, check=True)
    assert said == "up to date", f"{said}; run: python tools/build.py {path.stem}"


@pytest.mark.parametrize("path", REAL, ids=lambda p: p.stem)
def test_no_solution_text_in_the_unsolved_edition(path):
    """No line of a solution, longer than a few signs and not public elsewhere, stands in what learners get."""
    student = json.loads((ROOT / "notebooks" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
    shown = {line.split("#")[0].strip() for c in student["cells"] for line in "".join(c["source"]).splitlines()}
    cells = [c.source + "\n" for c in build.read_cells(path)]
    public = {line.split("#")[0].strip() for c in cells for line in build.REGION.sub("", c).splitlines()}
    regions = [m["body"] for c in cells for m in build.REGION.finditer(c)]
    secret = {line.split("#")[0].strip() for body in regions for line in body.splitlines()}
    stubs = {line.split("#")[0].strip() for c in cells for line in build.STUB.findall(c)}
    assert not {line for line in secret - public - stubs if len(line) > 16} & shown
    text = json.dumps(student)
    assert "BEGIN SOLUTION" not in text and "END SOLUTION" not in text and "### STUB" not in text


def test_nothing_is_left_without_a_source():
    assert build.orphans() == []


FOLDED = '# %% [markdown]\n# # 98 · Tiny\n\n# %% tags=["fold"]\n{}'


def test_a_folded_cell_is_hidden_in_lab_on_colab_and_on_the_site(tmp_path):
    source = tmp_path / "98_tiny.py"
    source.write_text(FOLDED.format("# Draw the curve\nprint(1)\n"), encoding="utf-8")
    cell = build.read_cells(source)[-1]
    assert cell.source == "# @title Draw the curve\nprint(1)"
    assert cell.metadata["tags"] == ["fold", "hide-input"] and cell.metadata["cellView"] == "form"
    assert cell.metadata["jupyter"] == {"source_hidden": True}


@pytest.mark.parametrize("code", ["print(1)\n", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n"])
def test_a_folded_cell_says_what_it_does(tmp_path, code):
    source = tmp_path / "98_tiny.py"
    source.write_text(FOLDED.format(code), encoding="utf-8")
    with pytest.raises(build.BuildError, match="folded cell|check it"):
        build.read_cells(source)
