"""Inside the sandbox, before any of its code runs: read a notebook and find each answer by name.

The file may be anything at all, so it is parsed where that can harm nothing, in a process of its own.
What is found tells where to look; what the cells then bind, and what they hand to `check`, is what counts.
"""

import ast
import json
import platform
import re
import sys

import cells as running

MAX_CELLS, MAX_CODE = 3_000, 4_000_000
# Ways to bind a name that only show when they run: where the name stands beside them,
UNSEEN = re.compile(r"\b(locals|vars|setattr|push|get_ipython|__dict__|builtins|check\w*)\b|:=|^\s*%\w", re.M)
# and where it need not be written at all.
WHOLESALE = re.compile(
    r"import\s+\*|^\s*%(run|load)\b|\b(exec|(?<!\.)eval|globals|f_globals|f_locals|__globals__|user_ns|user_global_ns"
    r"|run_cell|runpy)\b|(?<!== [\"'])\b__main__\b",
    re.M,
)


def analyse(raw: bytes, exercises: list[dict], channel=None) -> dict:
    """{cells, defs, plan, mentions, unread, problem}: code cells in order, for each exercise where its answer is, and
    which cells this Python can't read."""
    try:
        book = json.loads(raw.decode("utf-8-sig"))
        sources = code_cells(book)
    except (ValueError, RecursionError, MemoryError) as error:
        return {"problem": f"this file is not a notebook that can be read ({type(error).__name__})"}
    except TypeError as error:
        return {"problem": str(error)}
    sys.setrecursionlimit(20_000)  # a chain of 1,500 `elif` is a tree of that depth
    cells = [Cell(source) for source in sources]
    return {
        "problem": None,
        "cells": [c.source for c in cells],
        "defs": [c.definitions for c in cells],
        "plan": {e["name"]: _plan(e, cells) for e in exercises},
        "mentions": _mentions(book, cells),
        "unread": [_syntax(i, c) for i, c in enumerate(cells) if c.problem][:5],
    }


def code_cells(book) -> list[str]:
    """The code of a notebook, format 4, or 3 as it was; TypeError with a sentence where it is no notebook."""
    if not isinstance(book, dict) or not (
        isinstance(book.get("cells"), list) or isinstance(book.get("worksheets"), list)
    ):
        raise TypeError("this file is not a notebook: it has no list of cells")
    cells = book.get("cells")
    if cells is None:
        cells = [c for sheet in book["worksheets"] if isinstance(sheet, dict) for c in (sheet.get("cells") or [])]
    if len(cells) > MAX_CELLS:
        raise TypeError(f"this notebook has {len(cells)} cells; {MAX_CELLS} is the limit")
    sources = []
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        text = cell.get("source", cell.get("input", ""))
        text = "".join(t for t in text if isinstance(t, str)) if isinstance(text, list) else text
        if isinstance(text, str):
            text = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
            sources.append(text if len(text) <= MAX_CODE else "")
    if sum(map(len, sources)) > MAX_CODE:
        raise TypeError("this notebook holds more code than a person writes")
    return sources


class Cell:
    """A code cell: its tree, the names that its top level binds, the exercises that it checks, the
    attributes that it sets, its syntax error."""

    def __init__(self, source: str):
        self.source, self.bindings, self.checks, self.attributes = source, {}, [], set()
        self.tree, self.problem = _parsed(source)
        for statement in _top_level(self.tree.body):
            for name in _bound(statement):
                self.bindings.setdefault(name, []).append(statement)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self.attributes.add(node.attr)
            if _is_check(node):
                handed = node.args[1] if len(node.args) > 1 else None
                self.checks.append((node.args[0].value, handed.id if isinstance(handed, ast.Name) else None))
        self.definitions = self._definitions()

    def _definitions(self) -> str:
        """What binds names without doing anything: all that is run of a cell that never ends."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
        keep = [
            s
            for s in _top_level(self.tree.body)
            if isinstance(s, kinds) or isinstance(s, (ast.Assign, ast.AnnAssign)) and isinstance(s.value, ast.Constant)
        ]
        try:
            return "" if len(keep) == len(self.tree.body) else "\n".join(ast.unparse(s) for s in keep)
        except RecursionError:
            return ""

    def mentions(self, name: str) -> bool:
        return re.search(rf"\b{re.escape(name)}\b", self.source) is not None


def _parsed(source: str) -> tuple[ast.Module, str | None]:
    """(its tree, what is wrong with its syntax where it has none)"""
    problem = None
    for attempt in (_plain, lambda text: text):
        try:
            return ast.parse(attempt(source)), None
        except SyntaxError as error:
            place = f" in line {error.lineno}" if error.lineno else ""
            problem = problem or f"{type(error).__name__}{place}"
        except (ValueError, RecursionError, MemoryError, ImportError) as error:
            problem = problem or type(error).__name__
    return ast.Module(body=[], type_ignores=[]), problem


def _plain(source: str) -> str:
    """Without magics and shell commands, as IPython would read it; nothing of a cell in another language."""
    from IPython.core.inputtransformer2 import TransformerManager

    source = running.body(source)
    return "" if source.lstrip().startswith("%%") else TransformerManager().transform_cell(source)


def _top_level(body):
    """Statements that run when the cell runs, those inside if, for, with, match and try included."""
    todo = list(reversed(body))
    while todo:
        statement = todo.pop()
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = [s for field in ("body", "orelse", "finalbody") for s in getattr(statement, field, [])]
            for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
                inner += part.body
            todo += reversed(inner)


def _is_check(node) -> bool:
    return (
        isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) == "check"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def _bound(statement) -> list[str]:
    """The names that a statement itself binds, in whatever way; those in its body are statements of their own."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        inside = [n for g in ast.walk(statement) if isinstance(g, ast.Global) for n in g.names]
        return [statement.name, *inside]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [a.asname or a.name.partition(".")[0] for a in statement.names]
    if isinstance(statement, ast.Assign) and _is_check(statement.value):
        return []
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return []
    return [name for node in _own(statement) for name in _names_bound_by(node)]


def _own(statement):
    """The parts of a statement without the statements, functions and classes inside it."""
    todo = [statement]
    while todo:
        node = todo.pop()
        yield node
        todo += [n for n in ast.iter_child_nodes(node) if not isinstance(n, (ast.stmt, ast.Lambda, ast.comprehension))]


def _names_bound_by(node) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    return [name] if isinstance(node, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)) and name else []


def _is_stub(statement) -> bool:
    """Nothing written yet: a body that only raises NotImplementedError, a value that is None."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        body = [s for s in statement.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        return all(
            isinstance(s, ast.Pass) or isinstance(s, ast.Raise) and "NotImplementedError" in ast.dump(s) for s in body
        )
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Constant) and (value.value is None or value.value is Ellipsis)


def _plan(exercise: dict, cells: list[Cell]) -> dict:
    """Where the answer is: the last that is no stub before its check cell; without a check cell, the last at all.

    `after` is the cell after which it is tried, `until` the last that could still bring one, `stubs` the cells that
    bind nothing but a stub, `syntax` why an answer that seems to be there can't be read.
    """
    variable, name = exercise["variable"], exercise["name"]
    written = [i for i, c in enumerate(cells) if not all(map(_is_stub, c.bindings.get(variable, [])))]
    stubs = [i for i, c in enumerate(cells) if variable in c.bindings and i not in written]
    check = max((i for i, c in enumerate(cells) if (name, variable) in c.checks), default=None)
    before = [i for i in written if check is not None and i < check or i == check]
    chosen = (before or written or [None])[-1]
    plan = {"cell": chosen, "stub": bool(stubs), "stubs": stubs, "syntax": None}
    if chosen is None:
        plan["until"] = until = _last_that_may_bind(exercise, cells, check, bool(stubs))
        # The course's own takes its place after the stub; where that tells the answer, when all has been seen.
        plan["after"] = until if exercise["told"] and until >= 0 else max(stubs, default=-1)
        plan["syntax"] = next((_syntax(i, c) for i, c in enumerate(cells) if c.problem and c.mentions(variable)), None)
        return plan
    after = max(chosen, check - 1) if check is not None else max([chosen, *_may_rebind(exercise, cells)])
    return plan | {"after": after, "until": after}


def _last_that_may_bind(exercise: dict, cells: list[Cell], check: int | None, stub: bool) -> int:
    """The last cell that may bring an answer that is not seen; -1 where there is none. Its check cell then is run too:
    what that is handed counts. What tells its answer when it is lent is not waited for without need: not beyond the
    check, nor for cells that merely use it where another is checked.
    """
    name, variable, told = exercise["name"], exercise["variable"], exercise["told"]
    other = [i for i, c in enumerate(cells) if any(n == name and v != variable for n, v in c.checks)]
    unseen = [i for i, c in enumerate(cells) if _may_bind(c, exercise, handing=not told or name in c.source)]
    if told and check is not None:
        unseen = [i for i in unseen if i <= check]
    if check is not None and (not stub or any(i <= check for i in unseen)):
        unseen.append(check)
    return max(other + unseen, default=-1)


def _may_rebind(exercise: dict, cells: list[Cell]) -> list[int]:
    """Cells that may bind an answer anew without its name to the left of anything."""
    return [i for i, c in enumerate(cells) if _may_bind(c, exercise, handing=False)]


def _may_bind(cell: Cell, exercise: dict, handing: bool = True) -> bool:
    """Whether a cell that binds no such name to the eye may do so, or (`handing`) hand an answer in, when it runs."""
    if WHOLESALE.search(cell.source):
        return True
    variable = exercise["variable"]
    if variable not in cell.source:
        return False
    if variable in cell.attributes:
        return True
    line = rf"^.*\bcheck\w*\(\s*[\"']{re.escape(exercise['name'])}[\"'].*$" if handing else r"\bcheck\w*"
    plain = re.sub(line, "", cell.source, flags=re.M)
    return re.search(rf"\b{re.escape(variable)}\b", plain) is not None and UNSEEN.search(plain) is not None


def _syntax(number: int, cell: Cell) -> str:
    python = platform.python_version()
    return f"code cell {number + 1} is not Python that can be read: {cell.problem}, in Python {python}"


def _mentions(book, cells) -> dict[str, int]:
    """{"02": 7}: how often each notebook's exercises are named, by checks and by nbgrader's ids."""
    named = [name for c in cells for name, _ in c.checks]
    for cell in book.get("cells") or []:
        meta = cell.get("metadata") if isinstance(cell, dict) else None
        graded = meta.get("nbgrader") if isinstance(meta, dict) else None
        named.append(str(graded.get("grade_id")) if isinstance(graded, dict) else "")
    counts = {}
    for name in named:
        if name[:2].isdigit() and name[2:3] in (".", "-"):
            counts[name[:2]] = counts.get(name[:2], 0) + 1
    return counts
