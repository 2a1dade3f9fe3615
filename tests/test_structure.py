"""The house is in order: imports go one way, twins agree, `import seqlib` is light."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from course.sources import namespace, source_of, sources

ROOT = Path(__file__).resolve().parent.parent
# Low to high, a line a folder; a module imports only from lower lines (or its own folder).
ORDER = (
    *("expect", "runtime", "metrics", "display", "data", "models"),
    *("training", "studies", "checks", "exercises", "grading"),
)
LEVEL = {name: level for level, name in enumerate(ORDER)}


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "seqlib").parts[0].removesuffix(".py")


def imports(path: Path, inside_functions=True) -> set[str]:
    """Parts of seqlib that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if inside_functions else tree.body
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "seqlib":
            found |= {alias.name for alias in node.names if alias.name in LEVEL}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seqlib."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("seqlib.")}
    return found


FILES = [p for p in sorted((ROOT / "seqlib").rglob("*.py")) if p != ROOT / "seqlib" / "__init__.py"]


def test_every_part_has_its_place():
    assert {part_of(p) for p in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path):
    own = part_of(path)
    wrong = {name for name in imports(path) if LEVEL[name] > LEVEL[own]}
    assert not wrong, f"{own} imports {', '.join(sorted(wrong))}, which lies above it"


def modules_of(path: Path) -> set[Path]:
    """Files of seqlib that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "seqlib":
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {f for f in FILES if ".".join(f.relative_to(ROOT).with_suffix("").parts) in found}


def test_the_modules_make_no_circle():
    graph, done, doing = {path: modules_of(path) for path in FILES}, set(), []

    def visit(path):
        assert path not in doing, " → ".join(p.stem for p in [*doing[doing.index(path) :], path])
        if path not in done:
            doing.append(path)
            for other in sorted(graph[path]):
                visit(other)
            done.add(doing.pop())

    for path in FILES:
        visit(path)


def test_import_seqlib_loads_neither_torch_nor_numpy():
    code = "import sys, seqlib; print(sorted({'torch', 'numpy', 'matplotlib', 'pooch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.strip() == "[]"


# -- "you wrote this in 02": a definition in a notebook that bears a public name of seqlib has the same code ----------


def plain(node) -> str:
    """A definition as a syntax tree without docstrings and annotations."""
    node = ast.parse(ast.unparse(node)).body[0]
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            body = part.body
            if isinstance(body[0], ast.Expr) and isinstance(getattr(body[0].value, "value", None), str):
                part.body = body[1:] or [ast.Pass()]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return ast.dump(node)


@cache
def definitions(path: Path) -> dict[str, ast.AST]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


# The parts of seqlib that are the models themselves: a reader has built every public name of theirs, apart from two
# that only handle a state, and the drawing of samples, which is 09's.
GIVEN = {"first_tensor", "select", "filtered", "sample"}
BUILT = {
    (part, name): node
    for part in ("layers", "attention", "generate", "seq2seq", "transformer", "gpt", "pictures", "scan")
    for name, node in definitions(ROOT / "seqlib/models" / f"{part}.py").items()
    if not name.startswith("_") and name not in GIVEN
}
BUILT |= {("metrics", name): definitions(ROOT / "seqlib/metrics.py")[name] for name in ("ngram_matches", "corpus_bleu")}


@pytest.mark.parametrize("part, name", sorted(BUILT))
def test_a_model_is_the_one_that_a_notebook_built(part, name):
    twins = {p.stem: definitions(p)[name] for p in sources() if name in definitions(p)}
    assert twins, f"no notebook builds {name}"
    for stem, twin in twins.items():
        assert plain(twin) == plain(BUILT[part, name]), f"{stem} and seqlib's {part}.py differ in {name}"


def test_the_twins_test_would_notice_a_difference():
    one, other = (
        ast.parse(f"def f(x: int):\n    {doc!r}\n    return x + {n}").body[0] for doc, n in (("a", 1), ("b", 1))
    )
    third = ast.parse("def f(x):\n    return x + 2").body[0]
    assert plain(one) == plain(other) != plain(third)


def test_sources_can_be_read_as_definitions():
    assert "next_position" in namespace(source_of("00"))
