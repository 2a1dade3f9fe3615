"""Colab, played: a fresh environment without seqlib, an empty folder, one notebook alone, no repository beside it."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.authoring
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("hatchling")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """A new environment that sees this one's packages, but not seqlib: editable installs do not carry over."""
    folder = tmp_path_factory.mktemp("colab") / "env"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    purelib = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                             capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    Path(purelib, "shared.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return python


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """What SEQLIB_SOURCE points at: the package as it would be published, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("seqlib-*.whl"))


def outside(**more) -> dict:
    """Variables of a shell that has never heard of this repository."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SEQLIB_DATA", "VIRTUAL_ENV")}
    return kept | more


def test_seqlib_is_not_there_before(environment, tmp_path):
    command = [environment, "-c", "import torch; from seqlib import setup"]
    run = subprocess.run(command, cwd=tmp_path, env=outside(), capture_output=True, text=True)
    assert "ImportError" in run.stderr or "ModuleNotFoundError" in run.stderr


def test_the_first_notebook_fetches_its_package_and_runs(environment, package, tmp_path, monkeypatch):
    kernels = tmp_path / "jupyter" / "kernels" / "colab"
    kernels.mkdir(parents=True)
    argv = [str(environment), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "colab", "language": "python"}))
    empty = tmp_path / "content"
    empty.mkdir()
    shutil.copy(ROOT / "notebooks" / "00_start.ipynb", empty)
    variables = outside(SEQLIB_SOURCE=f"--no-deps {package}", SEQLIB_BUDGET="smoke", SEQLIB_HOME=str(tmp_path / "home"),
                        JUPYTER_PATH=str(tmp_path / "jupyter"))  # fmt: skip
    for name in set(os.environ) - set(variables):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    book = nbformat.read(empty / "00_start.ipynb", as_version=4)
    nbclient.NotebookClient(
        book, kernel_name="colab", timeout=300, resources={"metadata": {"path": str(empty)}}
    ).execute()
    first = next(c for c in book.cells if c.cell_type == "code")
    said = "".join(o.get("text", "") for o in first.outputs)
    assert "00_start · seqlib" in said and "budget smoke" in said
    where = subprocess.run([environment, "-c", "import seqlib; print(seqlib.__file__)"], cwd=empty, env=outside(),
                           capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert str(environment.parent.parent) in where, (
        "it was installed into the new environment, not found in the repository"
    )
