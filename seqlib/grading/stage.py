"""What the sandbox gets to see of the course: seqlib without its checks and without the grader."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE = Path(__file__).resolve().parent / "inside"
PREFIX, LOCK = "seqlib-grading-", ".lock"
# How an answer is called and differentiated; nothing of what is right.
CHECKS_KEPT = ("calling.py", "compare.py", "gradients.py", "limits.py")

STUB = '''"""In the grader's sandbox: hands what is checked to the grader outside, and knows nothing about it."""

live = None  # set by the program that runs the notebook


class Result:
    diagnosis, notes = None, []

    def __init__(self, score=0.0, points=0.0, passed=False):
        self.score, self.points, self.passed = score, points, passed

    def __float__(self):
        return float(self.score)

    def __repr__(self):
        return f"{float(self.score):g}"


def check(name, answer):
    return live(name, answer) if live else (answer, Result())


def hint(name, step=1):
    return Result()


progress = hint_all = lambda *a, **k: Result()
'''


@contextmanager
def staged():
    """A temporary folder with `course` (what a notebook may import) and `grader` (the program that runs it)."""
    _sweep()
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=LOCK)
    os.close(handle)
    lock, folder = FileLock(name), Path(name.removesuffix(LOCK))
    with lock.acquire(timeout=10):
        try:
            folder.mkdir(mode=0o700)
            write(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(name).unlink(missing_ok=True)


def _sweep():
    """Remove what graders that were killed left behind: a living one holds its lock, in whatever container it is."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{LOCK}"):
        try:
            if path.stat().st_uid != os.getuid() or path.is_symlink():
                continue
            with FileLock(path).acquire(timeout=0):
                shutil.rmtree(str(path).removesuffix(LOCK), ignore_errors=True)
                path.unlink(missing_ok=True)
        except (OSError, Timeout):
            continue


def write(folder: Path):
    skipped = shutil.ignore_patterns("__pycache__", "checks", "exercises", "grading", "*.so", "*.pyc")
    shutil.copytree(PACKAGE, folder / "course" / "seqlib", ignore=skipped)
    checks = folder / "course" / "seqlib" / "checks"
    checks.mkdir()
    (checks / "__init__.py").write_text(STUB, encoding="utf-8")
    for name in CHECKS_KEPT:
        shutil.copyfile(PACKAGE / "checks" / name, checks / name)
    data = PACKAGE.parent / "data"
    if (data / "registry.txt").is_file():
        shutil.copytree(data, folder / "course" / "data")
    (folder / "grader").mkdir()
    for path in INSIDE.glob("[a-z]*.py"):
        shutil.copyfile(path, folder / "grader" / path.name)
    for path in [folder, *folder.rglob("*")]:  # the sandbox's user is another one, and may only read
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
