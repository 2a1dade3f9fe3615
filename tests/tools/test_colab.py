"""Colab, played: a fresh environment without seqlib, an empty folder, one notebook alone, no repository beside it."""

import importlib.util
import json
import os
import re
import site
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

pytestmark = pytest.mark.authoring
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("hatchling")
from nbclient.exceptions import CellExecutionError  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
build = pytest.importorskip("build")
OLDER = ("ipython", "ipykernel")  # pinned in .github/colab.txt, and small enough to fetch for a test
THEIRS = ("backcall", "decorator", "pickleshare", "nest-asyncio")  # what those need, and newer ones do not


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> Path | None:
    """A folder with the IPython and the kernel that Colab brings; None where no registry answers."""
    folder = tmp_path_factory.mktemp("versions")
    constraints = ROOT / ".github" / "colab.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "--retries", "1"]
    done = subprocess.run([*pip, "-c", constraints, *OLDER, *THEIRS], capture_output=True, timeout=180)
    return None if done.returncode else folder


@pytest.fixture
def environment(tmp_path, versions) -> Path:
    """The Python of a new environment that sees Colab's versions and this one's packages, but not seqlib.

    Editable installs do not carry over.
    """
    folder = tmp_path / "env"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    purelib = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                             capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    seen = [*([str(versions)] if versions else []), *site.getsitepackages()]
    Path(purelib, "shared.pth").write_text("\n".join(seen), encoding="utf-8")
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


@pytest.fixture
def play(environment, tmp_path, monkeypatch):
    """play(notebook, **variables): run it in an empty folder, in a kernel of that environment; its cells' outputs."""
    kernels = tmp_path / "jupyter" / "kernels" / "colab"
    kernels.mkdir(parents=True)
    argv = [str(environment), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "colab", "language": "python"}))
    empty = tmp_path / "content"
    empty.mkdir()

    def play(book, allow_errors=False, **more):
        variables = outside(SEQLIB_BUDGET="smoke", SEQLIB_HOME=str(tmp_path / "home"),
                            JUPYTER_PATH=str(tmp_path / "jupyter"), **more)  # fmt: skip
        for name in set(os.environ) - set(variables):
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        where = {"metadata": {"path": str(empty)}}
        client = nbclient.NotebookClient(
            book, kernel_name="colab", timeout=300, allow_errors=allow_errors, resources=where
        )
        client.execute()
        return [c.outputs for c in book.cells if c.cell_type == "code"]

    return play


def said(outputs) -> str:
    """All that a cell printed or displayed as text, errors aside."""
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)


def of_cells(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def setup_cell(name="05_lstm") -> str:
    return build.SETUP.format(repository=build.repository(), name=name)


def test_the_first_notebook_fetches_its_package_and_runs(environment, package, play, tmp_path):
    book = nbformat.read(ROOT / "notebooks" / "00_start.ipynb", as_version=4)
    next(c for c in book.cells if "setup" in c.metadata.get("tags", [])).source = setup_cell("00_start")
    first = said(play(book, SEQLIB_SOURCE=f"--no-deps {package}")[0])
    assert "00_start · seqlib" in first and "budget smoke" in first
    where = subprocess.run([environment, "-c", "import seqlib; print(seqlib.__file__)"], cwd=tmp_path / "content",
                           env=outside(), capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert str(environment.parent.parent) in where, (
        "it was installed into the new environment, not found in the repository"
    )


EXPLORER = """
import numpy as np
from seqlib.display.explorers.reading import HiddenState
rng = np.random.default_rng(7)
shapes = {"W_xh": (3, 4), "W_hh": (4, 4), "b_h": (4,), "W_hy": (4, 3), "b_y": (3,)}
HiddenState({name: rng.normal(size=shape) for name, shape in shapes.items()}, list("abc"), text="abc")
"""


def test_explorers_progress_and_checks_show_in_colabs_versions(versions, package, play):
    if versions is None:
        pytest.skip("no package registry answers: Colab's versions could not be fetched")
    pins = dict(re.findall(r"^(\w+)==(\S+)$", (ROOT / ".github/colab.txt").read_text(encoding="utf-8"), re.MULTILINE))
    book = of_cells(
        setup_cell(),
        "import IPython; print(IPython.__version__)",
        EXPLORER,
        "from seqlib import check, progress\n_, result = check('05.lstm_step', None)\nresult",
        "progress()",
    )
    _, told, explorer, checked, progress = play(book, SEQLIB_SOURCE=f"--no-deps {package}")
    assert said(told).strip() == pins["ipython"]
    assert "<script>" in explorer[-1]["data"]["text/html"], "alive on Colab, and no widget that would be dead there"
    assert "05.lstm_step" in checked[-1]["data"]["text/html"]
    assert "05_lstm (open here)" in progress[-1]["data"]["text/html"]
    assert not [o for outputs in (explorer, checked, progress) for o in outputs if o.get("name") == "stderr"]


def test_a_setup_cell_that_fails_says_why_there_and_in_every_cell_below_until_it_works(package, play):
    source = "import os; os.environ['SEQLIB_SOURCE'] = {!r}".format
    later = ("from seqlib import check", "check('05.lstm_step', lstm_step)")
    book = of_cells(
        source("/not/there/seqlib-1.whl"), setup_cell(), *later, source(f"--no-deps {package}"), setup_cell(), "1 / 0"
    )
    _, failed, imported, named, _, works, own = play(book, allow_errors=True)
    for outputs in (failed, imported, named):
        text = said(outputs)
        assert "could not be fetched from /not/there/seqlib-1.whl\nReason: ERROR: " in text
        assert "What to do: see that the network is there, then run the setup cell again." in text
        assert "\x1b" not in text, "kernels ask every program for colours"
        assert "NameError" not in str(outputs) and "Traceback" not in str(outputs)
    assert said(failed).count("\n") < 8, "nothing of pip's but its reason"
    assert "05_lstm · seqlib" in said(works)
    assert own[-1]["ename"] == "ZeroDivisionError", "errors speak for themselves again"


def test_running_all_stops_at_a_setup_cell_that_fails(play):
    book = of_cells(setup_cell(), "print('below')")
    with pytest.raises(CellExecutionError):
        play(book, SEQLIB_SOURCE="git+file:///not/there")
    assert "fatal: " in said(book.cells[0].outputs), "git's own reason, not pip's"
    assert not book.cells[1].outputs


GIT = """  error: subprocess-exited-with-error

  × git clone --filter=blob:none --quiet https://github.com/a/b /tmp/x did not run successfully.
  ╰─> [1 lines of output]
      fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com
error: subprocess-exited-with-error
"""
OFFLINE = """WARNING: Retrying (Retry(total=0)) after 'NewConnectionError(Connection refused)': /simple/hatchling/
ERROR: Could not find a version that satisfies the requirement hatchling (from versions: none)
"""
REASONS = {
    "no network, git": (GIT, "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com"),
    "no network, pip": (OFFLINE, OFFLINE.splitlines()[0]),
    "no git": ("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?\n",) * 2,
    "not theirs": ("error: externally-managed-environment\n\n× This environment is externally managed\n",
                   "error: externally-managed-environment"),
    "no pip": ("/usr/bin/python: No module named pip\n",) * 2,
    "no word": ("", "pip gave none."),
}  # fmt: skip


@pytest.mark.parametrize("stderr, reason", REASONS.values(), ids=REASONS)
def test_the_reason_is_the_line_of_pips_that_tells_it(monkeypatch, capsys, stderr, reason):
    done = subprocess.CompletedProcess([], 1, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: done)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    shell = SimpleNamespace(set_custom_exc=lambda kinds, handler: handler(shell, *kinds, None, None, tb_offset=None))
    with pytest.raises(RuntimeError, match="package is missing: it could not be fetched from git"):
        exec(setup_cell(), {"get_ipython": lambda: shell})
    assert f"Reason: {reason.strip()}\nWhat to do: " in capsys.readouterr().out


# -- forms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", build.sources(), ids=lambda path: path.stem)
def test_what_is_folded_is_a_form_with_a_title_on_colab(path):
    """A form shows its title and a button; Colab takes the title from `# @title`, on the first line."""
    cells = [c for c in build.read_cells(path) if c.cell_type == "code"]
    forms = [c for c in cells if c.metadata.get("cellView") == "form"]
    assert forms[0].source.startswith("# @title Setup: run this cell first.")
    assert all(re.match(r"# ?@title \S", c.source) for c in forms)
    assert [c for c in cells if "fold" in c.metadata.get("tags", [])] == forms[1:]
    assert "@param" not in "".join(c.source for c in forms), "no field that would change the code"
