"""What tests and recordings read from solutions/NN_name.py: cells, exercises, definitions.

Read without jupytext and without the builder, so that the tests of the checks need neither.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = re.compile(r"""\bcheck\(\s*["'](\d\d\.\w+)["']\s*,\s*(\w+)\s*\)""")


@dataclass(frozen=True)
class Cell:
    kind: str  # "markdown" or "code"
    text: str
    line: int  # where it begins in the source
    folded: bool = False  # it only draws, times or prints: its source is hidden


def sources() -> list[Path]:
    return sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))


def source_of(number: str) -> Path | None:
    return next((p for p in sources() if p.stem[:2] == number), None)


@cache
def cells(path: Path) -> tuple[Cell, ...]:
    """The cells of a py:percent file, Markdown without its comment signs."""
    found, lines = [], path.read_text(encoding="utf-8").splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        kind = "markdown" if "[markdown]" in lines[start] else "code"
        body = lines[start + 1 : end]
        if kind == "markdown":
            body = [re.sub(r"^# ?", "", line) for line in body]
        found.append(Cell(kind, "\n".join(body).strip("\n"), start + 1, '"fold"' in lines[start]))
    return tuple(found)


def exercise_cells(path: Path) -> dict[str, Cell]:
    """{exercise's name: the cell that holds its solution}, found by the check that follows it."""
    code, found = [c for c in cells(path) if c.kind == "code"], {}
    for cell, after in zip(code, code[1:], strict=False):
        check = CHECK.search(after.text)
        if check and "### BEGIN SOLUTION" in cell.text:
            found[check[1]] = cell
    return found


# -- the notebook's names, without its training runs -----------------------------------------------------------------

_PLAIN_CALLS = {"dict", "list", "tuple", "set", "range", "sorted", "len", "str", "array", "tensor", "float", "int"}


def _plain(node) -> bool:
    """Whether an expression is cheap: literals, names, arithmetic, a few conversions."""
    return all(
        not isinstance(part, ast.Call) or getattr(part.func, "id", getattr(part.func, "attr", "")) in _PLAIN_CALLS
        for part in ast.walk(node)
    )


def _kept(statement, also) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if not isinstance(statement, ast.Assign):
        return False
    return _plain(statement.value) or bool(_targets(statement) & set(also))


def _targets(statement) -> set[str]:
    return {n.id for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _value_of_a_run(statement, also) -> bool:
    """Whether an assignment is one that nobody asked for by name."""
    return isinstance(statement, ast.Assign) and not (_targets(statement) & set(also))


@cache
def namespace(path: Path, also: tuple[str, ...] = ()) -> dict:
    """What the notebook defines: imports, functions, classes and plain values, its solutions among them.

    A value that costs something to make (a call) is left out unless `also` names it.
    """
    names = {"__name__": f"solution_{path.stem}"}
    for cell in cells(path):
        if cell.kind != "code":
            continue
        for statement in ast.parse(cell.text).body:
            if not _kept(statement, also):
                continue
            ast.increment_lineno(statement, cell.line)
            code = compile(ast.Module([statement], []), str(path), "exec")
            try:
                exec(code, names)
            except NameError:  # it needs a value that only a run gives
                continue
            except Exception:  # it reads what only a run fills: `found = {}`, a loop, `best = found["LSTM"]`
                if not _value_of_a_run(statement, also):
                    raise
    return names


def solution(name: str):
    """The notebook's own answer to a function exercise, None where the notebook has none (yet)."""
    path = source_of(name[:2])
    if path is None or name not in exercise_cells(path):
        return None
    return namespace(path).get(name[3:])
