"""What the sandbox gets to see of the course: seqlib without its checks and without the grader."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE = ("driver.py", "wire.py", "confine.py", "execute.py", "analyse.py")
PREFIX, LOCK = "seqlib-grading-", ".lock"
CHECKS_KEPT = ("calling.py", "compare.py", "limits.py")  # how an answer is called; nothing of what is right

STUB = '''"""In the grader's sandbox: hands an answer back and knows nothing about it."""


class Result:
    score = points = 0.0
    passed, diagnosis, notes = False, None, []

    def __float__(self):
        return 0.0

    def __repr__(self):
        return "0"


def check(name, answer):
    return answer, Result()


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
    for name in INSIDE:
        shutil.copyfile(Path(__file__).parent / name, folder / "grader" / name)
    for path in [folder, *folder.rglob("*")]:  # the sandbox's user is another one, and may only read
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
