"""Inside the sandbox, before any of its code runs: read a notebook and find each answer by name.

The file may be anything at all, so it is parsed where that can harm nothing, in a process of its own.
"""

import ast
import json

MAX_CELLS, MAX_CELL, MAX_CODE = 3_000, 200_000, 4_000_000


def analyse(raw: bytes, exercises: list[dict], channel=None) -> dict:
    """{cells, defs, plan, found, problem}: code cells in order, and for each exercise where its answer is."""
    try:
        book = json.loads(raw.decode("utf-8-sig"))
        sources = code_cells(book)
    except (ValueError, RecursionError, MemoryError) as error:
        return {"problem": f"this file is not a notebook that can be read ({type(error).__name__})"}
    except TypeError as error:
        return {"problem": str(error)}
    cells = [Cell(source) for source in sources]
    plan = {e["name"]: _plan(e, cells) for e in exercises}
    return {
        "problem": None,
        "cells": [c.source for c in cells],
        "defs": [c.definitions for c in cells],
        "plan": plan,
        "mentions": _mentions(book, cells),
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
            sources.append(text if len(text) <= MAX_CELL else "")
    if sum(map(len, sources)) > MAX_CODE:
        raise TypeError("this notebook holds more code than a person writes")
    return sources


class Cell:
    """A code cell: its tree, and the names that its top level binds."""

    def __init__(self, source: str):
        self.source, self.tree, self.bindings, self.checks = source, _parsed(source), {}, []
        for statement in _top_level(self.tree.body):
            for name in _bound(statement):
                self.bindings.setdefault(name, []).append(statement)
        for node in ast.walk(self.tree):
            if _is_check(node) and len(node.args) > 1 and isinstance(node.args[1], ast.Name):
                self.checks.append((node.args[0].value, node.args[1].id))
        keep = [
            s
            for s in self.tree.body
            if isinstance(s, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))
            or isinstance(s, (ast.Assign, ast.AnnAssign))
            and isinstance(s.value, ast.Constant)
        ]
        self.definitions = "" if len(keep) == len(self.tree.body) else "\n".join(ast.unparse(s) for s in keep)


def _parsed(source: str) -> ast.Module:
    for attempt in (_plain, lambda text: text):
        try:
            return ast.parse(attempt(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError, ImportError):
            continue
    return ast.Module(body=[], type_ignores=[])


def _plain(source: str) -> str:
    """Without magics and shell commands, as IPython would read it."""
    from IPython.core.inputtransformer2 import TransformerManager

    head, _, body = source.lstrip().partition("\n")
    source = body if head.startswith("%%") else source
    return TransformerManager().transform_cell(source)


def _top_level(body):
    """Statements that run when the cell runs, those inside if, for, with and try included."""
    for statement in body:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _top_level(handler.body)


def _is_check(node) -> bool:
    return (
        isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) == "check"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def _bound(statement) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [a.asname or a.name.partition(".")[0] for a in statement.names]
    if isinstance(statement, ast.Assign) and _is_check(statement.value):
        return []
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and statement.value is not None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return []


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
    """Where the answer is: the last that is no stub before its check cell; without a check cell, the last at all."""
    variable, name = exercise["variable"], exercise["name"]
    written = [i for i, c in enumerate(cells) if not all(map(_is_stub, c.bindings.get(variable, [])))]
    stubs = [i for i, c in enumerate(cells) if variable in c.bindings and i not in written]
    check = max((i for i, c in enumerate(cells) if (name, variable) in c.checks), default=None)
    before = [i for i in written if check is not None and i < check or i == check]
    chosen = (before or written or [None])[-1]
    if chosen is None:
        return {"cell": None, "stub": bool(stubs), "after": max(stubs, default=-1)}
    after = max(chosen, check - 1) if check is not None else chosen
    return {"cell": chosen, "after": after, "stub": False, **Closure(exercise, cells, chosen).report()}


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


class Closure:
    """An answer and everything of the learner's that it uses: which library names occur in it."""

    BUILDERS = ("exec", "eval", "compile", "__import__")
    WATCHERS = ("setprofile", "settrace", "_getframe", "setprofile_all_threads", "settrace_all_threads")

    def __init__(self, exercise: dict, cells: list[Cell], chosen: int):
        self.exercise, self.names, self.dotted, self.strings = exercise, set(), set(), set()
        self.bindings, self.imports = {}, {}
        self.stars = [
            n.module
            for c in cells
            for n in ast.walk(c.tree)
            if isinstance(n, ast.ImportFrom) and n.module and n.names[0].name == "*"
        ]
        for i, cell in enumerate(cells):
            for name, statements in cell.bindings.items():
                if name != exercise["variable"] or i == chosen:
                    self.bindings.setdefault(name, []).extend(statements)
        self._visit(exercise["variable"])

    def _visit(self, name: str):
        todo, seen, nodes = [name], set(), []
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for statement in self.bindings.get(name, []):
                found = list(ast.walk(statement))
                nodes += found
                self._note_imports(found)
                todo += [n.id for n in found if isinstance(n, ast.Name)]
        self.names = seen
        for node in nodes:
            self._note(node)

    def _note_imports(self, nodes):
        for node in nodes:
            if isinstance(node, ast.Import):
                for a in node.names:
                    self.imports[a.asname or a.name.partition(".")[0]] = (
                        a.name if a.asname else a.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                for a in node.names:
                    self.imports[a.asname or a.name] = f"{node.module}.{a.name}"
                    self.dotted.add(f"{node.module}.{a.name}")

    def _note(self, node):
        if isinstance(node, (ast.Attribute, ast.Name)):
            parts = []
            while isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            if isinstance(node, ast.Name):
                name = self._resolved(node.id)
                stars = self.stars if name == node.id and name not in self.bindings else []
                self.dotted.update(
                    ".".join([start, *reversed(parts)]) for start in [name, *(f"{s}.{name}" for s in stars)]
                )
            else:
                self.dotted.add(".".join(["?", *reversed(parts)]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            self.strings.add(node.value)

    def _resolved(self, name: str, depth: int = 0) -> str:
        """What a name stands for: a module, or through `L = nn.LSTM` a part of one."""
        if name in self.imports:
            return self.imports[name]
        for statement in self.bindings.get(name, []) if depth < 8 else []:
            parts, node = [], getattr(statement, "value", None)
            while isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            if isinstance(node, ast.Name) and node.id != name:
                return ".".join([self._resolved(node.id, depth + 1), *reversed(parts)])
        return name

    def report(self) -> dict:
        variable, forbids = self.exercise["variable"], self.exercise["forbids"]
        found = [f for f in forbids if any(_same(f, d) for d in self.dotted)]
        found += [f for f in forbids if f.rpartition(".")[2] in self.strings and self._reaches_by_string()]
        found += [d for d in sorted(self.dotted) if d.startswith("seqlib.") and d.rpartition(".")[2] == variable]
        hidden = (
            sorted(d for d in self.dotted if d in self.BUILDERS or d.rpartition(".")[2] in self.WATCHERS)
            if forbids
            else []
        )
        return {"forbidden": found[:5], "hidden": hidden[:5], "uses": sorted(self.names)[:300]}

    def _reaches_by_string(self) -> bool:
        last = {d.rpartition(".")[2] for d in self.dotted}
        return bool(
            last
            & {
                "getattr",
                "__getattribute__",
                "__dict__",
                "vars",
                "attrgetter",
                "methodcaller",
                "import_module",
            }
        )


def _same(forbidden: str, dotted: str) -> bool:
    """Is it the forbidden name, perhaps by another road (torch.nn.modules.rnn.LSTM for torch.nn.LSTM)?"""
    if dotted == forbidden:
        return True
    a, b = forbidden.split("."), dotted.split(".")
    return len(a) > 1 and len(b) > 1 and a[0] == b[0] and a[-1] == b[-1] and "Tensor" not in a and "ndarray" not in a
