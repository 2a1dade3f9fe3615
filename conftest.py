"""Settings of every test run: a bare checkout is enough, and nobody's own progress is touched."""

import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# Kernels and other child processes find seqlib beside this file, whether it is installed or not.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]  # what several tests share: mutants, course.sources
# Threads that wait by spinning make small products many times slower on a busy machine; and one thread is repeatable.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("SEQLIB_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A mirror of the real data sets beside the checkout stands in for the network.
if (MIRROR := ROOT.parent / "shared" / "datasets").is_dir():
    os.environ.setdefault("SEQLIB_DATA", str(MIRROR))
pytest_plugins = ["executed"]
OUTPUT_SECONDS = 60  # nbval waits 5 s for a cell's outputs, too little on a busy machine


def pytest_configure(config):
    home = tempfile.mkdtemp(prefix="seqlib-tests-")
    os.environ["SEQLIB_HOME"] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


def pytest_itemcollected(item):
    if hasattr(item, "output_timeout"):
        item.output_timeout = OUTPUT_SECONDS


def pytest_ignore_collect(collection_path):
    """A notebook that somebody began in a folder of editions is theirs: it is not executed."""
    folder, name = collection_path.parent, collection_path.stem
    if collection_path.suffix == ".ipynb" and folder in (ROOT / "notebooks", ROOT / "solutions"):
        return not (ROOT / "solutions" / f"{name}.py").is_file() or None


def pytest_terminal_summary(terminalreporter):
    """Leave the reason of every skipped test where `make test` looks for it: its last line says what was left out."""
    if (record := os.environ.get("COURSE_SKIPPED")) and not os.environ.get("PYTEST_XDIST_WORKER"):
        reasons = [str(r.longrepr[2]) for r in terminalreporter.stats.get("skipped", []) if len(r.longrepr or ()) == 3]
        with open(record, "a", encoding="utf-8") as lines:
            lines.writelines(reason.removeprefix("Skipped: ").replace("\n", " ") + "\n" for reason in reasons)


def pytest_collection_modifyitems(items):
    from course.tasks import ALONE  # beside the stages that are divided by it

    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker("alone")
    items.sort(key=lambda item: -how_long(item.path))


@cache
def how_long(path: Path) -> float:
    """About how many seconds a file's tests take: what the build noted of a notebook, or what LONG says."""
    from course.editions import read, seconds
    from course.tasks import LONG

    if path.suffix == ".ipynb":
        book = read(ROOT / "solutions" / path.name)
        return sum(seconds(book)) if book else 0.0
    return LONG.get(path.relative_to(ROOT).as_posix(), 0.0) if path.is_relative_to(ROOT) else 0.0
