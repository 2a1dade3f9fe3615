"""Which parts of the course a learner has not met when an exercise comes: what it asks for is among them.

A part is met where a notebook first defines it, or first imports it; where that notebook defines it too, there, since
what it imports at its beginning is what it will build. Until then it serves the course's own code.
"""

import ast
import json
from functools import cache
from pathlib import Path

from seqlib.checks.exercise import exercises, module_names

PACKAGE = Path(__file__).resolve().parent.parent
UNASKED = ("checks", "exercises", "grading")  # not there, or nothing that does an exercise's work


@cache
def later_parts(exercise: str) -> tuple[str, ...]:
    """Dotted names of functions and classes that are met with the exercise or after it, or bear its name."""
    number, places = exercise[:2], met()
    known = number in module_names() and exercise in exercises(number)
    here = places.get(exercise, (exercise[:2], 0, True))
    wanted = exercise[3:]
    return tuple(
        dotted
        for name, dotted in parts()
        if name == wanted or places and known and places.get(name, ("99", 0, True)) >= here
    )


@cache
def parts() -> list[tuple[str, str]]:
    """(name, dotted name) of the course's functions and classes, but for what `import seqlib` offers."""
    import seqlib

    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("").parts
        module = ".".join(["seqlib", *(p for p in inside if p != "__init__")])
        if inside[0] in UNASKED or module == "seqlib":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [s.name for s in tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef))]
        found += [(n, f"{module}.{n}") for n in names if n not in seqlib.__all__]
    return found


@cache
def met() -> dict[str, tuple]:
    """{name of a part, or of an exercise: (notebook, code cell, import or not)} where the notebooks have it first."""
    known, found = {name for name, _ in parts()}, {}
    for path in sorted((PACKAGE.parent / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources, modules = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"], set()
        for number, source in enumerate(sources):
            for name, defined in _named(source, modules):
                place = (path.name[:2], number, defined)
                first = found.get(name)
                if name in known and (first is None or defined and first[0] == path.name[:2] and not first[2]):
                    found[name] = place
                if defined:
                    found.setdefault(f"{path.name[:2]}.{name}", place)
    return found


def _named(source: str, modules: set[str]) -> list[tuple[str, bool]]:
    """(name, whether it is bound here) of what a cell imports from the course, takes from one of its modules (which
    are noted), or binds; imports first, for an exercise may come with some of its own."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    taken, bound = [], []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.append(node.id)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seqlib"):
            for a in node.names:
                if _is_module(f"{node.module}.{a.name}"):
                    modules.add(a.asname or a.name)
                else:
                    taken.append(a.name)
    used = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and getattr(n.value, "id", None) in modules]
    return [(n, False) for n in (*taken, *(u.attr for u in used))] + [(n, True) for n in bound]


@cache
def _is_module(dotted: str) -> bool:
    path = PACKAGE.parent.joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()
