"""Submissions of every sort, graded once for all tests of this folder in one run of the pool."""

import json
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(p) for p in (HERE, ROOT) if str(p) not in sys.path]

from commands import grading  # noqa: E402

from seqlib.grading import stage  # noqa: E402
from seqlib.grading.sandbox import Limits, NoSandbox, choose  # noqa: E402
from seqlib.grading.slot import Slot  # noqa: E402


def pytest_collection_modifyitems(items):
    """Without bubblewrap (macOS, Windows, a locked-down Linux) what needs it is skipped, and says so."""
    try:
        choose("bwrap")
    except NoSandbox as error:
        reason = f"bubblewrap does not work here: {str(error).splitlines()[-1][:100]}"
        for item in items:
            if item.path.parent == HERE and "sandboxed" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def sandboxed():
    """Asked for by every test that runs submissions."""
    return True


@pytest.fixture(scope="session")
def slot(sandboxed):
    """One sandbox for all tests that grade a small notebook: starting it imports PyTorch."""
    limits = Limits(cell_seconds=20, exercise_seconds=30, total_seconds=140)
    with stage.staged() as folder, Slot("bwrap", folder, limits) as slot:
        yield slot


@pytest.fixture(scope="session")
def bundle(tmp_path_factory, sandboxed):
    out = tmp_path_factory.mktemp("bundle") / "A0"
    grading("release", "00", "--title", "Balls", "--deadline", "2030-01-01T12:00+00:00", "--out", out)
    return out


@pytest.fixture(scope="session")
def everyone(tmp_path_factory, bundle):
    """{name: record}: all attacks and all honest trouble, one student each, graded in one run with short limits."""
    import honest
    from attacks import ATTACKS, notebook
    from attacks.files import FILES
    from make_class import as_bytes

    folder, out = tmp_path_factory.mktemp("everyone") / "in", tmp_path_factory.mktemp("graded") / "out"
    folder.mkdir()
    for name, one in ATTACKS.items():
        (folder / f"attack {name.replace('/', ' ')}.ipynb").write_bytes(as_bytes(notebook(one)))
    for name, make in {**honest.TROUBLE, **honest.SLOW}.items():
        (folder / f"honest {name}.ipynb").write_bytes(make()[0])
    for name, raw in FILES.items():
        (folder / f"file {name}.ipynb").write_bytes(raw)
    began = time.monotonic()
    done = grading(
        "grade",
        folder,
        "--assignment",
        bundle,
        "--out",
        out,
        "--jobs",
        2,
        "--cell-seconds",
        2,
        "--exercise-seconds",
        4,
        "--total-seconds",
        40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(p.read_text()) for p in (out / "records").glob("*.json")]
    graded = {r["student"]: r for r in records}
    graded["folder"], graded["out"], graded["seconds"], graded["said"] = (
        folder,
        out,
        time.monotonic() - began,
        done,
    )
    return graded
