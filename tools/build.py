"""Build the two editions of every notebook from its one source.

    python tools/build.py [NAME ...]     build what changed: solutions/NAME.ipynb (executed), notebooks/NAME.ipynb
    python tools/build.py --check        build nothing; fail, naming file and command, where an edition is stale
    python tools/build.py --missing      only write unsolved editions that are not there; execute nothing
    python tools/build.py --force        execute again what did not change too

The source is solutions/NAME.py (jupytext, py:percent). Everything that can be derived is added here and not written
by hand: the banner, the setup cell, stable cell ids, nbgrader's metadata (from the Exercise), tags.

What somebody wrote in an edition is never lost: before it is built anew, a copy goes to my/ and is named.
"""

import argparse
import ast
import hashlib
import os
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
if (here := str(Path(__file__).resolve().parent)) not in sys.path:  # PYTHONSAFEPATH leaves it out
    sys.path.insert(0, here)

from course import editions  # noqa: E402

MARK = re.compile(r"#\s*%%")  # what jupytext takes for the beginning of a cell
REGION = re.compile(r"^(?P<indent>[ ]*)### BEGIN SOLUTION\n(?P<body>.*?)^[ ]*### END SOLUTION[^\n]*\n?", re.S | re.M)
CHECK = re.compile(r"""\bcheck\(\s*["'](\d\d\.\w+)["']\s*,\s*(\w+)\s*\)""")
STUB = re.compile(r"^\s*### STUB: ?(.*)$", re.M)
OVERVIEW = "seqlib/checks/overview.py"
WIDGET = "application/vnd.jupyter.widget-view+json"

# Where pip fails, the cell says what, why and what to do, and so does every cell below in the place of its own error:
# until the package is there, a NameError tells nobody anything. `seqlib.setup` takes that back.
SETUP = """\
# @title Setup: run this cell first. It fetches the course's package where there is none.
import importlib.util
import os
import subprocess
import sys

if getattr(importlib.util.find_spec("seqlib"), "origin", None) is None:
    address = os.environ.get("SEQLIB_SOURCE") or (
        "git+{repository}")
    print("Fetching the course's package and what it needs, once: on Colab a minute or two")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-color"]
    done = subprocess.run(
        [*pip, *address.split()], capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        said = done.stderr.splitlines() or ["pip gave none."]
        reason = max(said, key=lambda s: 2 * ("fatal:" in s) + ("error" in s.lower()))
        why = (f"The course's package is missing: it could not be fetched from {{address}}\\n"
               f"Reason: {{reason.strip()}}\\n"
               "What to do: see that the network is there, then run the setup cell again.\\n"
               "On your own machine open the course with `make lab`, as its README says.")
        get_ipython().set_custom_exc((Exception,), lambda *_, **__: print(why))
        raise RuntimeError(why)
    importlib.invalidate_caches()
    sys.modules.pop("seqlib", None)

import seqlib

seqlib.setup("{name}")"""

BANNER = {
    "notebooks": "*Yours to write in: made from `solutions/{name}.py`, unsolved. "
    "To change the course, edit that file.* [Open in Colab]({colab}) · [solved edition](../solutions/{name}.ipynb)",
    "solutions": "*The solved edition: made from [`{name}.py`]({name}.py) in this folder, executed. "
    "To change the course, edit that file.* [The unsolved edition](../notebooks/{name}.ipynb)",
}


class BuildError(Exception):
    """Something in a source that a person has to mend; the message says where and what."""


# -- from a source to cells ------------------------------------------------------------------------------------------


def sources(names=()) -> list[Path]:
    """The notebook sources, all or those that `names` (numbers, stems or paths) pick."""
    found = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
    stems = [Path(n).stem for n in names]
    unknown = [s for s in stems if not any(s in (p.stem, p.stem[:2]) for p in found)]
    if unknown:
        raise BuildError(f"no source for {', '.join(unknown)}; there are {', '.join(p.stem for p in found)}")
    return [p for p in found if not names or p.stem in stems or p.stem[:2] in stems]


def orphans() -> list[str]:
    """Editions that no source makes any more. A notebook that somebody else began in these folders is not one."""
    stems, found = {p.stem for p in sources()}, []
    for kind in BANNER:
        for path in sorted((ROOT / kind).glob("*.ipynb")):
            book = editions.read(path) if path.stem not in stems else None
            if book is None or f'seqlib.setup("{path.stem}")' not in "".join(map(editions.text, book["cells"])):
                continue
            theirs = kind == "notebooks" and not editions.untouched(path.stem, path)
            what = "move it to my/: somebody wrote in it" if theirs else "delete it"
            found.append(f"{kind}/{path.name}: no source makes it any more: {what}")
    return found


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def repository() -> str:
    return project()["urls"]["Repository"]


def read_cells(path: Path) -> list:
    """The cells of a source, with ids and nbgrader metadata; the setup cell comes second."""
    text = path.read_text(encoding="utf-8")
    cells = jupytext.reads(text, fmt="py:percent").cells
    if not cells or cells[0].cell_type != "markdown":
        raise BuildError(f"{path.name}: the first cell must be Markdown: the title and the promise")
    _no_lost_marks(path, text.splitlines())
    setup = SETUP.format(repository=repository(), name=path.stem)
    # Folded like a drawing: what a learner should do with it stands in its first line, and that line is seen.
    folded = {"tags": ["setup"], "cellView": "form", "jupyter": {"source_hidden": True}}
    cells.insert(1, new_code_cell(setup, metadata=folded))
    _mark_exercises(path, cells)
    _fold(path, cells)
    _number(path.stem, cells)
    return cells


def _no_lost_marks(path: Path, lines: list[str]):
    """Refuse code that stands as prose, or prose that stands as code, because the mark between them is missing.

    jupytext takes either without a word; in a Markdown cell every line is a comment, in a code cell none is a heading.
    """
    kind, begun = None, 0
    for number, line in enumerate(lines, 1):
        if MARK.match(line):
            if not line.startswith("# %%"):
                raise BuildError(f"{path.name}, line {number}: write the mark of a cell as `# %%`, not {line[:20]!r}")
            kind, begun = "markdown" if "[markdown]" in line else "code", number
        elif kind == "markdown" and line.strip() and not line.startswith("#"):
            raise BuildError(
                f"{path.name}, line {number}: code in the Markdown cell of line {begun}: {line.strip()[:60]!r}\n"
                "Put `# %%` before the code; a line of prose begins with `# `."
            )
        elif kind == "code" and re.match(r"# #{1,4} \S", line):
            raise BuildError(
                f"{path.name}, line {number}: a heading in the code cell of line {begun}: {line[:60]!r}\n"
                "Put `# %% [markdown]` before the prose."
            )


def _mark_exercises(path: Path, cells):
    """Give each exercise cell and the check that follows it nbgrader's metadata; points come from the Exercise."""
    from seqlib.checks.exercise import exercises, module_names

    known = exercises(path.stem[:2]) if path.stem[:2] in module_names() else {}
    code = [c for c in cells if c.cell_type == "code"]
    seen = []
    for i, cell in enumerate(code):
        if not REGION.search(cell.source):
            continue
        follows = CHECK.search(code[i + 1].source) if i + 1 < len(code) else None
        if not follows:
            raise BuildError(f"{path.name}: the cell after an exercise must check it:\n{cell.source.splitlines()[0]}")
        name, variable = follows.groups()
        if name not in known or known[name].variable != variable:
            raise BuildError(
                f"{path.name}: no exercise {name!r} for `{variable}` in the exercises module of this notebook"
            )
        seen.append(name)
        grade_id = name.replace(".", "-")
        base = {"schema_version": 3, "task": False}
        cell.metadata["nbgrader"] = {
            "grade": False,
            "grade_id": grade_id,
            "locked": False,
            "solution": True,
            **base,
        }
        code[i + 1].metadata["nbgrader"] = {
            "grade": True,
            "grade_id": f"{grade_id}-check",
            "locked": True,
            "points": known[name].points,
            "solution": False,
            **base,
        }
    if seen != list(known):
        raise BuildError(
            f"{path.name}: exercises in the source ({', '.join(seen)}) and in the exercises module "
            f"({', '.join(known)}) differ, or stand in another order"
        )


def _fold(path: Path, cells):
    """Hide the source of cells tagged `fold`, which only draw, time or print: in Lab, as a form on Colab, on the site.

    Such a cell begins with a comment that says what it does: Colab shows it as the form's title.
    """
    for cell in cells:
        if "fold" not in cell.metadata.get("tags", []):
            continue
        title = re.match(r"# (?!%)(\S.*)", cell.source)
        if cell.cell_type != "code" or not title or "nbgrader" in cell.metadata:
            raise BuildError(
                f"{path.name}: a folded cell is code, no exercise, and begins with a comment that says what it does:\n"
                f"{cell.source[:200]}"
            )
        cell.source = f"# @title {title[1]}\n{cell.source.partition(chr(10))[2]}"
        cell.metadata["tags"] = [*cell.metadata["tags"], "hide-input"]
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {"source_hidden": True}


def _number(stem: str, cells):
    """Ids that stay when other cells change: from the exercise's name, else from the cell's own text."""
    used = set()
    for cell in cells:
        graded = cell.metadata.get("nbgrader")
        text = f"{stem}\0{cell.cell_type}\0{cell.source}"
        base = graded["grade_id"].replace(".", "-") if graded else hashlib.sha256(text.encode()).hexdigest()[:10]
        cell.id, copy = base, 1
        while cell.id in used:
            copy += 1
            cell.id = f"{base}-{copy}"
        used.add(cell.id)


def unsolved(source: str) -> str:
    """An exercise cell with its solution taken out: what STUB lines say, else an error that says so; always parses."""

    def stub(match):
        lines = STUB.findall(match["body"]) or ["raise NotImplementedError  # your code takes the place of this line"]
        return "".join(f"{match['indent']}{line}\n" for line in lines)

    left = REGION.sub(stub, source + "\n").rstrip("\n")
    if "### BEGIN SOLUTION" in left or "### END SOLUTION" in left:
        raise BuildError(f"BEGIN SOLUTION and END SOLUTION do not pair up, each alone on its line:\n{source}")
    return left


def without_stub_lines(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if not STUB.match(line))


# -- the two editions ------------------------------------------------------------------------------------------------


def edition(path: Path, kind: str):
    """The notebook `kind` ("solutions" or "notebooks") of a source, without outputs."""
    cells = read_cells(path)
    colab = f"{repository().replace('https://github.com', 'https://colab.research.google.com/github')}/blob/main/notebooks/{path.stem}.ipynb"
    cells[0].source += "\n\n" + BANNER[kind].format(name=path.stem, colab=colab)
    for cell in cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        cell.source = unsolved(cell.source) if kind == "notebooks" else without_stub_lines(cell.source)
        if kind == "solutions" and cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "nbval-check-output"]
        _must_parse(path, cell.source)
    book = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    return _for_nbgrader(book) if kind == "notebooks" else book


def _must_parse(path, source):
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise BuildError(f"{path.name}: a cell does not parse ({error.msg}, line {error.lineno}):\n{source}") from None


def _for_nbgrader(book):
    """What `nbgrader generate_assignment` would add: locked check cells and checksums; its own parts do it."""
    from nbgrader.preprocessors import CheckCellMetadata, ComputeChecksums, LockCells

    for part in (LockCells, ComputeChecksums, CheckCellMetadata):
        book, _ = part().preprocess(book, {})
    return book


def as_text(book) -> str:
    return nbformat.writes(book, version=4) + "\n"


def write(path: Path, book):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(as_text(book).encode("utf-8"))


# -- what an execution depends on ------------------------------------------------------------------------------------


def _imported(code: str) -> set[str]:
    """Modules of seqlib that a piece of code imports, with the lazy names of `seqlib` resolved."""
    from seqlib import _EXPORTS

    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.level:
            raise BuildError(f"write imports in full, for the builder to follow: line {node.lineno} of\n{code}")
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
            found |= {_EXPORTS[a.name] for a in node.names if node.module == "seqlib" and a.name in _EXPORTS}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "seqlib":
            found.add(_EXPORTS.get(node.attr, "seqlib"))
    return {m for m in found if m.split(".")[0] == "seqlib"}


def _file_of(module: str) -> Path | None:
    stem = ROOT.joinpath(*module.split("."))
    return next((f for f in (stem.with_suffix(".py"), stem / "__init__.py") if f.is_file()), None)


def depends_on(stem: str, code: str) -> list[Path]:
    """What the notebook shows besides its own code: parts of seqlib that it reaches by imports, its exercises, quiz and
    flashcards, and the recorded runs that it names."""
    from seqlib.checks.exercise import module_names

    todo, files = _imported(code), set()
    if stem[:2] in module_names():
        todo.add(f"seqlib.exercises.{module_names()[stem[:2]]}")
    while todo:
        module = todo.pop()
        todo |= {module.rpartition(".")[0]} - {""}  # importing a module runs its package first
        file = _file_of(module)
        if file is None or file in files:
            continue
        files.add(file)
        text = file.read_text(encoding="utf-8")
        todo |= _imported(text)
        files |= {f for f in file.parent.glob("*") if f.suffix in (".js", ".css") and f'"{f.name}"' in text}
    files |= set((ROOT / "seqlib/exercises").glob(f"nb{stem[:2]}_*.txt"))
    files |= {f for f in (ROOT / "data/runs").glob("*.json") if f'"{f.stem}"' in code}
    return sorted(files)


def _course() -> list[tuple[str, int, float]]:
    """What `progress()` shows of every notebook, (number, exercises, points): a saved page of it goes stale with it."""
    from seqlib.checks.exercise import exercises, module_names

    found = ((number, exercises(number).values()) for number in sorted(module_names()))
    return [(number, len(there), float(sum(e.points for e in there))) for number, there in found]


def fingerprint(stem: str, book) -> str:
    """Changes when the code that an execution runs changes: the code cells and the parts of seqlib they reach."""
    code = [c.source for c in book.cells if c.cell_type == "code"]
    digest = hashlib.sha256("\0".join(code).encode())
    files = depends_on(stem, "\n".join(code))
    if ROOT / OVERVIEW in files:
        digest.update(repr(_course()).encode())
    for file in files:
        text = file.read_text(encoding="utf-8")
        digest.update(f"\0{file.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(
            "\n".join(
                line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
            ).encode()
        )
    return digest.hexdigest()[:16]


# -- executing -------------------------------------------------------------------------------------------------------


def execute(path: Path, book):
    """Run every cell; BuildError on an error or on anything written to stderr (nbgrader would score that zero)."""
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    with tempfile.TemporaryDirectory() as home:
        # Always the budget of two laptop cores: a quick smoke run must not pass for the executed edition.
        own = dict(
            SEQLIB_HOME=home,
            SEQLIB_BUDGET="cpu",
            SEQLIB_THREADS="1",  # the same numbers on a busy machine
            PYTHONHASHSEED="0",
            PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        )
        # Sockets in files where their names fit: 107 bytes is the system's limit, and "-5" follows.
        ipc = os.name != "nt" and len(os.fsencode(f"{home}/kernel")) < 90
        settings = Config({"KernelManager": {"transport": "ipc", "ip": f"{home}/kernel"}} if ipc else {})
        client = NotebookClient(
            book,
            timeout=900,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            kernel_manager_class=AsyncKernelManager,
            config=settings,
        )
        try:
            client.execute(env={**os.environ, **own})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise BuildError(f"{path.name}: {error}") from None
    for cell in book.cells:
        cell.metadata.pop("widgets", None)
        if cell.cell_type == "code":
            cell.outputs = [_tidy(o) for o in cell.outputs]
            noisy = [o for o in cell.outputs if o.output_type == "stream" and o.name == "stderr"]
            if noisy:
                raise BuildError(f"{path.name}: a cell writes to stderr:\n{cell.source}\n{noisy[0].text}")
    book.metadata.pop("widgets", None)
    book.metadata["language_info"] = {"name": "python"}


def _tidy(output):
    """A saved output has no live widget: where it has a twin in HTML, that is what is kept."""
    if "text/html" in output.get("data", {}):
        output.data.pop(WIDGET, None)
    return output


def _keep_outputs(book, old):
    """Give `book` the outputs of `old`; its code cells are the same, in the same order."""
    code = [c for c in book.cells if c.cell_type == "code"]
    before = [c for c in old.cells if c.cell_type == "code"]
    for new, had in zip(code, before, strict=True):
        new.outputs, new.execution_count = had.outputs, had.execution_count
        if "execution" in had.metadata:
            new.metadata["execution"] = had.metadata["execution"]


def load(path: Path):
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None


def moved_from(stem: str, book, before: str) -> str:
    """The fingerprint that an edition had while the course's address was `before`: only the setup cell says it."""
    then = nbformat.reads(nbformat.writes(book), as_version=4)
    for cell in then.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace(repository(), before)
    return fingerprint(stem, then)


def build_solution(path: Path, *, check=False, force=False, moved=None):
    """(what is to be said, the notebook or None where it is stale and `check` forbids executing)."""
    target, book = path.with_suffix(".ipynb"), edition(path, "solutions")
    key, old = fingerprint(path.stem, book), load(path.with_suffix(".ipynb"))
    book.metadata["seqlib"] = {"fingerprint": key}
    same = {key, moved and moved_from(path.stem, book, moved)}
    if old is not None and not force and old.metadata.get("seqlib", {}).get("fingerprint") in same - {None}:
        _keep_outputs(book, old)
        told = target.read_bytes() == as_text(book).encode()
        return ("up to date" if told else "prose changed"), book
    if check:
        return "its code, or the part of seqlib that it uses, changed since it was executed", None
    began = time.perf_counter()
    execute(path, book)
    return f"executed in {time.perf_counter() - began:.0f} s", book


def keep(target: Path, theirs: bool):
    """Before `target` is written over: a copy in my/ if it holds what somebody wrote, and a line that says so."""
    if theirs:
        kept = editions.keep(ROOT, target)
        print(f"{target.relative_to(ROOT)} held work of somebody's: kept as {kept.relative_to(ROOT)}", flush=True)


def edited(path: Path, target: Path, solved) -> bool:
    """Whether somebody wrote in a solved edition instead of its source.

    The id of a cell seals its text; an exercise has no seal there, and is compared where the source's code is the same.
    """
    old = editions.read(target)
    if old is None:
        return target.stat().st_size > 0
    if any(not editions.told(cell) for cell in editions.written(path.stem, old)):
        return True
    same_code = old.get("metadata", {}).get("seqlib", {}).get("fingerprint") == solved.metadata["seqlib"]["fingerprint"]
    now = {cell.id: cell.source for cell in solved.cells}
    exercises = [cell for cell in old["cells"] if editions.told(cell)]
    return same_code and any(editions.text(cell) != now.get(cell.get("id")) for cell in exercises)


def build(path: Path, *, check: bool, missing: bool, force: bool, moved: str | None = None) -> list[str]:
    """Build, or with `check` compare, both editions of a source. Returns what is stale.

    moved: the course's address until now: what differs by it alone is not executed again."""
    stale, student = [], ROOT / "notebooks" / f"{path.stem}.ipynb"
    if missing and student.exists():
        return []
    book = edition(path, "notebooks")
    if not student.exists() or student.read_bytes() != as_text(book).encode():
        theirs = student.exists() and not editions.untouched(path.stem, student)
        work = "; somebody wrote in it (building keeps a copy in my/)" if theirs else ""
        stale.append(f"notebooks/{student.name}: differs from what its source gives{work}")
        if not check:
            keep(student, theirs)
            write(student, book)
    if missing:
        return stale
    said, solved = build_solution(path, check=check, force=force, moved=moved)
    if said != "up to date":
        stale.append(f"solutions/{path.stem}.ipynb: {said}")
    if not check and said != "up to date":
        target = path.with_suffix(".ipynb")
        keep(target, target.exists() and edited(path, target, solved))
        write(target, solved)
    print(f"{path.stem}: {said}", flush=True)
    return stale


def claims_page(check: bool) -> list[str]:
    """Write docs/claims.md from the executed notebooks; with `check`, name it where it is not what they say."""
    from website import claims, pages

    file, text = ROOT / "docs" / "claims.md", claims.markdown(pages.sources())
    file.parent.mkdir(exist_ok=True)
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return []
    if not check:
        file.write_text(text, encoding="utf-8")
    return [file.relative_to(ROOT).as_posix()] if check else []


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks to build (02, 02_rnn or a path); all of them by default")
    for flag in ("--check", "--missing", "--force"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--moved", metavar="URL", help="the course's address until now, which executes nothing anew")
    args = parser.parse_args(argv)
    sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
    try:
        stale = [
            s
            for p in sources(args.names)
            for s in build(p, check=args.check, missing=args.missing, force=args.force, moved=args.moved)
        ]
        stale += orphans() if args.check and not args.names else []
        stale += claims_page(args.check)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    if args.check and stale:
        print(
            "\n".join(
                [
                    "stale:",
                    *(f"  {s}" for s in stale),
                    "mend it with: python tools/build.py (or make notebooks)",
                ]
            )
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
