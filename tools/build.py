"""Build the two editions of every notebook from its one source.

    python tools/build.py [NAME ...]     build what changed: solutions/NAME.ipynb (executed), notebooks/NAME.ipynb
    python tools/build.py --check        build nothing; fail, naming file and command, where an edition is stale
    python tools/build.py --missing      only write unsolved editions that are not there; execute nothing
    python tools/build.py --force        execute again what did not change too

The source is solutions/NAME.py (jupytext, py:percent). Everything that can be derived is added here and not written
by hand: the banner, the setup cell, stable cell ids, nbgrader's metadata (from the Exercise), tags.
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
REGION = re.compile(r"^(?P<indent>[ ]*)### BEGIN SOLUTION\n(?P<body>.*?)^[ ]*### END SOLUTION[^\n]*\n?", re.S | re.M)
CHECK = re.compile(r"""\bcheck\(\s*["'](\d\d\.\w+)["']\s*,\s*(\w+)\s*\)""")
STUB = re.compile(r"^\s*### STUB: ?(.*)$", re.M)
WIDGET = "application/vnd.jupyter.widget-view+json"

SETUP = """\
# Setup. Nothing to do on your own machine; on Colab this fetches the course's package first.
import importlib.util
import os

if getattr(importlib.util.find_spec("seqlib"), "origin", None) is None:
    address = os.environ.get("SEQLIB_SOURCE", "git+{repository}")
    get_ipython().run_line_magic("pip", f"install --quiet {{address}}")

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
    """Editions that no source makes any more."""
    stems = {p.stem for p in sources()}
    found = sorted((ROOT / kind / p.name, kind) for kind in BANNER for p in (ROOT / kind).glob("*.ipynb"))
    return [f"{kind}/{p.name}: no source makes it any more: delete it" for p, kind in found if p.stem not in stems]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def repository() -> str:
    return project()["urls"]["Repository"]


def read_cells(path: Path) -> list:
    """The cells of a source, with ids and nbgrader metadata; the setup cell comes second."""
    cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    if not cells or cells[0].cell_type != "markdown":
        raise BuildError(f"{path.name}: the first cell must be Markdown: the title and the promise")
    cells.insert(1, new_code_cell(SETUP.format(repository=repository(), name=path.stem), metadata={"tags": ["setup"]}))
    _mark_exercises(path, cells)
    _fold(path, cells)
    _number(path.stem, cells)
    return cells


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


def fingerprint(stem: str, book) -> str:
    """Changes when the code that an execution runs changes: the code cells and the parts of seqlib they reach."""
    code = [c.source for c in book.cells if c.cell_type == "code"]
    digest = hashlib.sha256("\0".join(code).encode())
    for file in depends_on(stem, "\n".join(code)):
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
            PYTHONHASHSEED="0",
            PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        )
        settings = (
            Config() if os.name == "nt" else Config({"KernelManager": {"transport": "ipc", "ip": f"{home}/kernel"}})
        )
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


def build_solution(path: Path, *, check=False, force=False):
    """(what is to be said, the notebook or None where it is stale and `check` forbids executing)."""
    target, book = path.with_suffix(".ipynb"), edition(path, "solutions")
    key, old = fingerprint(path.stem, book), load(path.with_suffix(".ipynb"))
    book.metadata["seqlib"] = {"fingerprint": key}
    if old is not None and not force and old.metadata.get("seqlib", {}).get("fingerprint") == key:
        _keep_outputs(book, old)
        same = target.read_bytes() == as_text(book).encode()
        return ("up to date" if same else "prose changed"), book
    if check:
        return "its code, or the part of seqlib that it uses, changed since it was executed", None
    began = time.perf_counter()
    execute(path, book)
    return f"executed in {time.perf_counter() - began:.0f} s", book


def build(path: Path, *, check: bool, missing: bool, force: bool) -> list[str]:
    """Build, or with `check` compare, both editions of a source. Returns what is stale."""
    stale, student = [], ROOT / "notebooks" / f"{path.stem}.ipynb"
    if missing and student.exists():
        return []
    book = edition(path, "notebooks")
    if not student.exists() or student.read_bytes() != as_text(book).encode():
        stale.append(f"notebooks/{student.name}: differs from what its source gives")
    if not check:
        write(student, book)
    if missing:
        return stale
    said, solved = build_solution(path, check=check, force=force)
    if said != "up to date":
        stale.append(f"solutions/{path.stem}.ipynb: {said}")
    if not check and said != "up to date":
        write(path.with_suffix(".ipynb"), solved)
    print(f"{path.stem}: {said}", flush=True)
    return stale


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks to build (02, 02_rnn or a path); all of them by default")
    for flag in ("--check", "--missing", "--force"):
        parser.add_argument(flag, action="store_true")
    args = parser.parse_args(argv)
    sys.path.insert(0, str(ROOT))
    try:
        stale = [
            s for p in sources(args.names) for s in build(p, check=args.check, missing=args.missing, force=args.force)
        ]
        stale += orphans() if args.check and not args.names else []
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
