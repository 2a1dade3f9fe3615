"""The two commands: what they decide, what they say when something is in the way, and that files agree.

Nothing is installed here: pip, venv and JupyterLab are replaced where a test would reach them.
"""

import argparse
import ast
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from course import environment as ce  # noqa: E402
from course import pytorch as cp  # noqa: E402
from course import readme_map as cm  # noqa: E402
from course import tasks as ct  # noqa: E402
from course import words as cw  # noqa: E402

entry = importlib.util.module_from_spec(
    spec := importlib.util.spec_from_file_location("entry", ROOT / "tools/course.py")
)
spec.loader.exec_module(entry)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
URL = PROJECT["urls"]["Repository"]
EXTRAS = PROJECT["optional-dependencies"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
posix = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell and make")


def options(**more):
    base = {"here": False, "port": None, "no_browser": True, "only": None, "all": False}
    return argparse.Namespace(**(base | more))


def requirements(names):
    """{canonical name: Requirement} of a list in pyproject.toml, its own extras followed."""
    found = {}
    for requirement in map(Requirement, names):
        if requirement.name == "seqlib":
            for extra in requirement.extras:
                found |= requirements(EXTRAS[extra])
        else:
            found[canonicalize_name(requirement.name)] = requirement
    return found


RUNTIME = requirements(PROJECT["dependencies"])
LAB = RUNTIME | requirements(EXTRAS["lab"])
COURSE = RUNTIME | requirements(EXTRAS["course"])


def pins():
    """{canonical name: Requirement} of requirements.lock."""
    lines = ce.LOCK.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


# --- the gate: too old a Python -----------------------------------------------------------------------


def test_gate_accepts_3_11_and_refuses_what_is_older():
    assert entry.gate((3, 11, 0), "python3") is None
    assert entry.gate((4, 0, 0), "python3") is None
    refusal = entry.gate((3, 10, 13), "/usr/bin/python3")
    assert "3.10.13" in refusal and "/usr/bin/python3" in refusal and "3.11" in refusal
    assert "What to do:" in refusal


def test_entry_parses_under_the_oldest_grammar():
    source = (ROOT / "tools/course.py").read_text(encoding="ascii")
    tree = ast.parse(source, feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr) for node in ast.walk(tree))


def old_pythons():
    """Interpreters before 3.11 on this machine, wherever they are usually kept."""
    named = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    kept = sorted(Path.home().glob(".pyenv/versions/[23].*/bin/python"))
    found = {}
    for path in filter(None, [*named, *map(str, kept)]):
        code = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([path, "-c", code], capture_output=True, text=True)
        if done.returncode == 0 and tuple(map(int, done.stdout.split("."))) < (3, 11):
            found[done.stdout] = path
    return found


def test_real_old_pythons_get_a_plain_error():
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python before 3.11 on this machine")
    for version, path in pythons.items():
        done = subprocess.run([path, "tools/course.py", "lab"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1 and done.stdout == ""
        assert f"this is Python {version}." in done.stderr and "What to do:" in done.stderr
        assert "Traceback" not in done.stderr and "SyntaxError" not in done.stderr


# --- the Makefile -------------------------------------------------------------------------------------


def make(*arguments, path=None):
    program = shutil.which("make")
    if program is None:
        pytest.skip("no make on this machine")
    # A make that runs these tests must not hand its own options and PYTHON on.
    kept = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON"}}
    variables = kept | ({"PATH": str(path)} if path else {})
    return subprocess.run([program, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True)


def fake_python(folder, name, version):
    """A program that answers the Makefile's question about `version` and echoes any other call."""
    path = folder / name
    path.write_text(
        '#!/bin/sh\nif [ "$1" = -c ]; then\n'
        f'  exec "{sys.executable}" -c "import sys; sys.version_info = {version}; exec(sys.argv[1])" "$2"\n'
        f'fi\necho "{name} $@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)


@posix
def test_make_alone_explains_every_target():
    shown = make().stdout
    for target in ("lab", "my", "test", "notebooks", "site", "lint", "runs", "clean"):
        assert re.search(rf"^make {target}\s+\S", shown, re.MULTILINE), target
        assert target in ct.COMMANDS


@posix
@pytest.mark.parametrize(
    "there, chosen",
    [
        ({"python3": (3, 12, 1)}, "python3"),
        ({"python3": (3, 8, 1), "python3.12": (3, 12, 1)}, "python3.12"),
        ({"python3": (3, 15, 0), "python3.13": (3, 13, 0)}, "python3.13"),  # tested before untested
        ({"python3": (3, 15, 0)}, "python3"),
        ({"python": (3, 11, 7)}, "python"),
        ({"python3": (3, 6, 15)}, "python3"),  # too old, but it can say so
    ],
)
def test_make_finds_a_suitable_python(tmp_path, there, chosen):
    for name, version in there.items():
        fake_python(tmp_path, name, version)
    done = make("lab", "ARGS=--no-browser", path=tmp_path)
    assert done.stdout.strip() == f"{chosen} tools/course.py lab --no-browser"


@posix
def test_make_without_any_python_says_so(tmp_path):
    done = make("lab", path=tmp_path)
    assert done.returncode != 0 and "no Python was found" in done.stdout and "What to do:" in done.stdout


# --- ports --------------------------------------------------------------------------------------------


@pytest.fixture
def taken():
    """A port that something listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_passed_over(taken):
    assert not ct.is_free(taken)
    assert ct.free_port([taken, *range(taken + 1, taken + 50)]) > taken


def test_all_ports_taken_is_a_plain_problem(taken):
    with pytest.raises(ce.Problem, match=f"no port from {taken}"):
        ct.free_port([taken])


def test_lab_says_which_port_it_uses_instead(taken, tmp_path, monkeypatch, capsys):
    commands = []
    environment = ce.Environment(tmp_path, tmp_path / "bin/python", own=True)
    monkeypatch.setattr(ct, "ensure", lambda extra, here: environment)
    monkeypatch.setattr(ct, "missing_editions", lambda: [])
    monkeypatch.setattr(ct, "working_folder", lambda: "notebooks")
    monkeypatch.setattr(ct.os, "execve", lambda program, command, variables: commands.append(command))
    done = subprocess.CompletedProcess([], 0)  # what Windows gets in execve's place
    monkeypatch.setattr(ct.subprocess, "run", lambda command, **_: commands.append(command) or done)
    monkeypatch.chdir(ROOT)
    ct.lab(options(port=taken), ["--ip=0.0.0.0"])
    said, (trusted, command) = capsys.readouterr().out, commands
    assert trusted[1:4] == ["-m", "jupyter", "trust"] and any("00_start" in book for book in trusted)
    port = int(re.search(rf"port {taken} is taken: using (\d+)", said)[1])
    assert f"--port={port}" in command and port != taken
    assert "--no-browser" in command and "--ip=0.0.0.0" in command
    if (ROOT / "notebooks/00_start.ipynb").exists():
        assert "--LabApp.default_url=/lab/tree/notebooks/00_start.ipynb" in command


def test_lab_builds_only_where_an_edition_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "solutions/00_start.py").touch()
    (tmp_path / "solutions/01_next.py").touch()
    (tmp_path / "notebooks/00_start.ipynb").touch()
    assert ct.missing_editions() == ["01_next"]


# --- disk, folders, modules ---------------------------------------------------------------------------

Usage = namedtuple("Usage", "total used free")


def test_too_little_disk_says_how_much_is_needed(tmp_path):
    full = lambda folder: Usage(10e9, 9e9, 1.2e9)  # noqa: E731
    with pytest.raises(ce.Problem, match=r"has 1\.2 GB free, and this step needs 3\.0 GB") as caught:
        ce.check_disk(tmp_path / "not" / "there" / "yet", 3.0, full)
    assert "COURSE_VENV" in caught.value.remedy
    ce.check_disk(tmp_path / "not" / "there" / "yet", 1.0, full)


def test_disk_is_checked_before_anything_is_downloaded(tmp_path, monkeypatch):
    monkeypatch.setattr(ce, "import_torch", lambda python: (None, ""))
    monkeypatch.setattr(cp, "answers", lambda url: True)
    monkeypatch.setattr(ce, "pip", lambda *a: pytest.fail("pip ran on a full disk"))
    monkeypatch.setattr(ce.check_disk, "__defaults__", (lambda folder: Usage(1, 1, 0.5e9),))
    with pytest.raises(ce.Problem, match="0.5 GB free"):
        ce.install_torch(ce.Environment(tmp_path, Path(sys.executable), own=True))


@pytest.mark.parametrize("gpu, reachable", [(True, True), (False, False)], ids=["a GPU", "no index"])
def test_where_the_gpu_build_may_come_there_is_room_for_it(tmp_path, monkeypatch, gpu, reachable):
    monkeypatch.setattr(ce, "import_torch", lambda python: (None, ""))
    monkeypatch.setattr(ce, "has_gpu", lambda: gpu)
    monkeypatch.setattr(ce.platform, "system", lambda: "Linux")
    plan = lambda pin, system, gpu, index: cp.plan_torch(pin, system, gpu, index, lambda url: reachable)  # noqa: E731
    monkeypatch.setattr(ce, "plan_torch", plan)
    monkeypatch.setattr(ce, "pip", lambda *a: pytest.fail("pip ran where the GPU build does not fit"))
    monkeypatch.setattr(ce.check_disk, "__defaults__", (lambda folder: Usage(9e10, 8e10, 4e9),))
    with pytest.raises(ce.Problem, match=r"has 4\.0 GB free, and this step needs 10\.0 GB"):
        ce.install_torch(ce.Environment(tmp_path, Path(sys.executable), own=True))


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    precious = tmp_path / "thesis.txt"
    precious.write_text("years", encoding="utf-8")
    with pytest.raises(ce.Problem, match="not a virtual environment"):
        ce.make_environment(ce.Environment(tmp_path, tmp_path / "bin/python", own=True))
    assert precious.read_text(encoding="utf-8") == "years"


def test_a_python_without_venv_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(ce.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
    with pytest.raises(ce.Problem, match="without its module ensurepip") as caught:
        ce.make_environment(ce.Environment(tmp_path / "v", tmp_path / "v/bin/python", own=True))
    assert f"python3.{sys.version_info[1]}-venv" in caught.value.remedy


def test_course_venv_moves_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_VENV", str(tmp_path / "elsewhere"))
    assert ce.own_environment().prefix == tmp_path / "elsewhere"
    monkeypatch.delenv("COURSE_VENV")
    assert ce.own_environment().prefix == ROOT / ".venv"


def test_here_needs_an_environment_of_yours(monkeypatch, tmp_path):
    monkeypatch.setattr(ce.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(ce.sys, "base_prefix", str(tmp_path))
    with pytest.raises(ce.Problem, match="no virtualenv or conda"):
        ce.current_environment()
    (tmp_path / "conda-meta").mkdir()
    assert not ce.current_environment().own


# --- PyTorch ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "system, gpu, reachable, arguments, size",
    [
        ("Linux", False, True, ("--extra-index-url", "INDEX", "torch==2.13.0"), "cpu"),
        ("Linux", False, False, ("torch==2.13.0",), "gpu"),
        ("Linux", True, True, ("torch==2.13.0",), "gpu"),
        ("Darwin", False, True, ("torch==2.13.0",), "cpu"),
        ("Windows", True, True, ("torch==2.13.0",), "cpu"),
    ],
)
def test_choice_of_pytorch(system, gpu, reachable, arguments, size):
    plan = cp.plan_torch("torch==2.13.0", system, gpu, "INDEX", lambda url: reachable)
    assert (plan.arguments, plan.size) == (arguments, size)


@pytest.mark.parametrize("kind", ["closed", "silent", "nonsense"])
def test_an_index_that_does_not_answer_costs_seconds(kind, taken):
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = {"closed": spare.getsockname()[1], "silent": taken}.get(kind)
        url = f"http://127.0.0.1:{port}/whl/cpu" if port else "no address at all"
        began = time.monotonic()
        plan = cp.plan_torch("torch==2.13.0", "Linux", False, url, lambda url: cp.answers(url, seconds=1.0))
    assert time.monotonic() - began < 3
    assert plan.arguments == ("torch==2.13.0",)  # the lock's pin: a bare "torch" may be gigabytes
    assert "does not answer" in plan.words


def fake_torch(folder, monkeypatch, text, version="2.11.0"):
    """A PyTorch that is found before any real one. `version` is pip's name for it."""
    for name, content in {
        "torch/__init__.py": text,
        f"torch-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
    }.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(content, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return ce.Environment(folder, Path(sys.executable), own=True)


@pytest.mark.parametrize("version", ["2.11.0", "2.11.0+cpu"])
def test_an_installed_pytorch_is_left_alone(tmp_path, monkeypatch, capsys, version):
    # What torch calls itself is not what pip calls it: the registry's GPU build is "2.11.0" to pip.
    environment = fake_torch(tmp_path, monkeypatch, "__version__ = '2.11.0+cu128'", version)
    monkeypatch.setattr(ce, "pip", lambda *a: pytest.fail("pip ran"))
    assert ce.install_torch(environment) == version
    assert "stays as it is" in capsys.readouterr().out
    with ce.constraints(environment, version) as path:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("torch==")] == [f"torch=={version}"]
    assert any(line.startswith("jupyterlab==") for line in lines)


def test_in_your_own_environment_only_pytorch_is_constrained(tmp_path):
    with ce.constraints(ce.Environment(tmp_path, Path(sys.executable), own=False), "2.11.0") as path:
        assert Path(path).read_text(encoding="utf-8") == "torch==2.11.0\n"


def test_a_pytorch_that_cannot_be_imported_is_a_plain_problem(tmp_path, monkeypatch):
    environment = fake_torch(tmp_path, monkeypatch, "raise ImportError('libcudart.so.13: not found')")
    asked = []
    monkeypatch.setenv("COURSE_TORCH_INDEX", "http://127.0.0.1:9/closed")
    monkeypatch.setattr(ce, "pip", lambda environment, *arguments: asked.append(arguments))
    monkeypatch.setattr(ce.check_disk, "__defaults__", (lambda folder: Usage(1e12, 0, 1e12),))
    with pytest.raises(ce.Problem, match="libcudart.so.13: not found"):
        ce.install_torch(environment)
    assert ce.locked("torch") in asked[0]


# --- the stamp: idempotent, resumable -----------------------------------------------------------------


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A repository and an environment in which installing only counts. Returns the list of installations."""
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_text(f"{name}, first\n", encoding="utf-8")
    prefix = tmp_path / "venv"
    prefix.mkdir()
    installed = []
    monkeypatch.setattr(ce, "ROOT", tmp_path)
    monkeypatch.setattr(ce, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(ce, "own_environment", lambda: ce.Environment(prefix, prefix / "python", own=True))
    monkeypatch.setattr(ce, "python_version", lambda python: "3.12.1")
    monkeypatch.setattr(ce, "make_environment", lambda environment: pytest.fail("made a new environment"))
    monkeypatch.setattr(ce, "install", lambda environment, extra: installed.append(extra))
    return installed


def test_the_second_start_installs_nothing(house):
    ce.ensure("lab")
    ce.ensure("lab")
    assert house == ["lab"]


def test_tests_add_to_the_environment_and_lab_takes_nothing_away(house):
    for extra in ("lab", "course", "lab", "course"):
        ce.ensure(extra)
    assert house == ["lab", "course"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_changed_requirements_install_again_with_the_same_extras(house, name):
    ce.ensure("course")
    (ce.ROOT / name).write_text("second\n", encoding="utf-8")
    ce.ensure("lab")
    ce.ensure("lab")
    assert house == ["course", "course"]


def test_another_python_or_another_clone_installs_again(house, monkeypatch):
    ce.ensure("lab")
    monkeypatch.setattr(ce, "python_version", lambda python: "3.13.0")
    ce.ensure("lab")
    clone = shutil.copytree(ce.ROOT, ce.ROOT / "clone", ignore=lambda folder, names: ["venv", "clone"])
    monkeypatch.setattr(ce, "ROOT", clone)  # an editable installation names one repository
    ce.ensure("lab")
    assert house == ["lab", "lab", "lab"]


def test_an_interrupted_installation_is_taken_up_again(house, monkeypatch):
    ce.ensure("lab")
    (ce.ROOT / "pyproject.toml").write_text("second\n", encoding="utf-8")

    def interrupted(environment, extra):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ce, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ce.ensure("lab")
    (ce.ROOT / "pyproject.toml").write_text("pyproject.toml, first\n", encoding="utf-8")
    ce.ensure("lab")
    assert house == ["lab", "lab"], "half an installation counted as a whole one"


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"key": 3}', '{"extra": "everything"}'])
def test_a_damaged_stamp_is_only_a_reason_to_look_again(house, damage):
    ce.ensure("lab")
    (ce.ROOT / "venv" / ce.STAMP).write_text(damage, encoding="utf-8")
    ce.ensure("lab")
    assert house == ["lab", "lab"]


def test_an_environment_whose_python_has_gone_is_made_again(house, monkeypatch):
    made = []
    monkeypatch.setattr(ce, "python_version", lambda environment: None)
    monkeypatch.setattr(ce, "make_environment", made.append)
    ce.ensure("lab")
    assert len(made) == 1 and house == ["lab"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_a_comment_more_is_no_reason_to_install(house, name):
    (ce.ROOT / "pyproject.toml").write_text('[project]\nname = "seqlib"\ndependencies = ["torch"]\n', encoding="utf-8")
    ce.ensure("lab")
    path = ce.ROOT / name
    path.write_text(f"# a comment\n\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    ce.ensure("lab")
    assert house == ["lab"]
    (ce.ROOT / "pyproject.toml").write_text('[project]\nname = "seqlib"\ndependencies = ["numpy"]\n', encoding="utf-8")
    ce.ensure("lab")
    assert house == ["lab", "lab"]


def offline(environment, extra):
    raise ce.explain("Temporary failure in name resolution", Path("install.log"))


def test_offline_what_works_is_started_with_a_notice_and_renewed_later(house, monkeypatch, capsys):
    ce.ensure("course")
    (ce.ROOT / "requirements.lock").write_text("another\n", encoding="utf-8")
    asked = []
    monkeypatch.setattr(ce, "works", lambda environment, extra: asked.append(extra) or True)
    with monkeypatch.context() as patched:
        patched.setattr(ce, "install", offline)
        assert ce.ensure("lab").prefix == ce.own_environment().prefix
        said = capsys.readouterr().out
        assert "registry cannot be reached" in said and "used as it is" in said and asked == ["course"]
        ce.ensure("lab")  # and once more
    assert house == ["course"]
    ce.ensure("lab")
    ce.ensure("lab")
    assert house == ["course", "course"]  # back online: renewed once, with what it held before


def test_offline_what_does_not_work_or_was_never_whole_is_a_problem(house, monkeypatch):
    monkeypatch.setattr(ce, "works", lambda environment, extra: pytest.fail("asked of an empty environment"))
    with monkeypatch.context() as patched:
        patched.setattr(ce, "install", offline)
        with pytest.raises(ce.Problem, match="registry cannot be reached"):
            ce.ensure("lab")
    ce.ensure("lab")
    monkeypatch.setattr(ce, "works", lambda environment, extra: False)
    monkeypatch.setattr(ce, "install", offline)
    with pytest.raises(ce.Problem, match="registry cannot be reached"):
        ce.ensure("course")


def test_whether_an_environment_works_is_asked_of_its_python(tmp_path, monkeypatch):
    environment = ce.Environment(tmp_path, Path(sys.executable), own=True)
    monkeypatch.setitem(ce.NEEDED, "lab", ("json", "seqlib"))
    monkeypatch.setitem(ce.NEEDED, "course", ("no_such_module_of_ours",))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert ce.works(environment, "lab") and not ce.works(environment, "course")
    monkeypatch.setattr(ce, "ROOT", tmp_path)  # its seqlib is another repository's
    assert not ce.works(environment, "lab")


def test_what_an_environment_needs_is_what_the_course_asks_for():
    known = {"sklearn": "scikit-learn", "xdist": "pytest-xdist", "seqlib": None}
    for extra, there in (("lab", LAB), ("course", COURSE)):
        names = {known.get(name, name) for name in ce.NEEDED[extra]} - {None}
        assert names <= set(there), names - set(there)


def test_an_environment_that_may_not_be_written_to_is_a_plain_problem(house, monkeypatch):
    ce.ensure("lab")
    (ce.ROOT / "requirements.lock").write_text("another\n", encoding="utf-8")

    def refuse(self, *arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ce, "works", lambda environment, extra: False)
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(ce.Problem, match="may not be written to"):
        ce.ensure("lab")


# --- an environment that works is never cleared -------------------------------------------------------


def venv_with(folder, script, version=None):
    """A venv that holds something dear, whose Python is this shell script (None: a link into nowhere)."""
    environment = ce.environment_at(folder)
    environment.python.parent.mkdir(parents=True)
    dear = folder / "lib/site-packages/dear.py"
    dear.parent.mkdir(parents=True)
    dear.write_text("years", encoding="utf-8")
    version = version or ".".join(map(str, sys.version_info[:3]))
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n", encoding="utf-8")
    if script is None:
        environment.python.symlink_to(folder / "gone")
    else:
        environment.python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        environment.python.chmod(0o755)
    return environment, dear


@posix
def test_a_slow_python_is_waited_for(tmp_path, monkeypatch, capsys):
    environment, dear = venv_with(tmp_path / "venv", "sleep 1; echo 3.12.4")
    monkeypatch.setattr(ce, "START_SECONDS", 0.2)
    assert ce.python_version(environment) == "3.12.4" and dear.exists()
    assert "slow to start: waiting" in capsys.readouterr().out


@posix
@pytest.mark.parametrize("script", ["sleep 30", "echo no memory >&2; exit 3", "kill -9 $$", "echo 42 is no version"])
def test_a_python_that_does_not_answer_is_a_problem_and_its_environment_stays(tmp_path, monkeypatch, script):
    environment, dear = venv_with(tmp_path / "venv", f"exec {script}" if "sleep" in script else script)
    monkeypatch.setattr(ce, "START_SECONDS", 0.2)
    monkeypatch.setattr(ce, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(ce, "own_environment", lambda: environment)
    monkeypatch.setattr(ce, "make_environment", lambda environment: pytest.fail("made another"))
    with pytest.raises(ce.Problem, match="left as it is") as caught:
        ce.ensure("lab")
    assert dear.exists() and "clean" in caught.value.remedy


@posix
def test_a_python_that_is_back_under_another_path_keeps_its_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(ce, "VENV", (*ce.VENV, "--without-pip"))
    environment, dear = venv_with(tmp_path / "venv", None)
    assert ce.python_version(environment) is None
    ce.make_environment(environment)
    assert dear.read_text(encoding="utf-8") == "years" and ce.python_version(environment)


@posix
def test_the_environment_of_a_python_that_is_gone_is_put_aside(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ce, "VENV", (*ce.VENV, "--without-pip"))
    monkeypatch.setattr(ce, "ROOT", tmp_path)
    environment, dear = venv_with(tmp_path / "venv", None, version="3.10.2")
    ce.make_environment(environment)
    assert (tmp_path / "venv.old/lib/site-packages/dear.py").is_file() and ce.python_version(environment)
    assert "venv.old" in capsys.readouterr().out


@posix
def test_an_environment_of_somebody_else_is_refused(tmp_path):
    environment, dear = venv_with(tmp_path / "theirs", None, version="3.9.1")
    with pytest.raises(ce.Problem, match="did not make") as caught:
        ce.make_environment(environment)
    assert dear.exists() and "COURSE_VENV" in caught.value.remedy


@posix
def test_an_older_python_in_course_venv_is_refused_and_stays(tmp_path, monkeypatch):
    environment, dear = venv_with(tmp_path / "theirs", "echo 3.9.1")
    monkeypatch.setattr(ce, "own_environment", lambda: environment)
    with pytest.raises(ce.Problem, match="has Python 3.9.1"):
        ce.ensure("lab")
    assert dear.exists()


def test_clean_removes_no_environment_of_somebody_else(tmp_path, monkeypatch):
    (tmp_path / "course").mkdir()
    monkeypatch.setattr(ct, "ROOT", tmp_path / "course")
    monkeypatch.setattr(ce, "ROOT", tmp_path / "course")
    monkeypatch.setenv("COURSE_VENV", str(tmp_path / "theirs"))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/pyvenv.cfg").touch()
    with pytest.raises(ce.Problem, match="not made by the course"):
        ct.clean(options(all=True), [])
    assert (tmp_path / "theirs/pyvenv.cfg").exists()
    (tmp_path / "theirs" / ce.LOG).touch()
    ct.clean(options(all=True), [])
    assert not (tmp_path / "theirs").exists()


# --- a shell with its own ideas -----------------------------------------------------------------------


def course_py(*arguments, cwd=ROOT, **variables):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    command = [sys.executable, "tools/course.py", *arguments]
    return subprocess.run(command, cwd=cwd, env=kept | variables, capture_output=True)


@pytest.mark.parametrize("name, value", [("PYTHONSAFEPATH", "1"), ("PYTHONOPTIMIZE", "2"), ("PYTHONWARNINGS", "error")])
def test_the_commands_start_whatever_the_shell_says_about_python(name, value):
    done = course_py("--help", **{name: value})
    assert done.returncode == 0 and b"--no-browser" in done.stdout, done.stderr
    assert name not in ce.inherited() and name not in ce.child_variables(ce.own_environment())


def test_every_command_says_what_it_does_and_is_a_target_of_make():
    shown = course_py("--help").stdout.decode()
    targets = set(re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].split())
    for name, task in ct.COMMANDS.items():
        assert task.__doc__ and re.search(rf"^  {name} +\S", shown, re.M)
    assert targets - {"help"} == set(ct.COMMANDS) - {"lock", "address"}  # of who keeps the course


UMLAUT = [
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@posix
@pytest.mark.parametrize("locale", UMLAUT, ids=lambda variables: " ".join(f"{k}={v}" for k, v in variables.items()))
def test_a_path_with_an_umlaut_under_any_locale(tmp_path, locale):
    """The environment is made, found again and stamped; a second start neither clears nor installs."""
    root = tmp_path / "Übung"
    shutil.copytree(ROOT / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__", "recordings"))
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    script = root / "try.py"
    script.write_text(
        "import sys; sys.path.insert(0, 'tools')\n"
        "from course import environment as ce\n"
        "ce.VENV = (*ce.VENV, '--without-pip')\n"
        "ce.install = lambda environment, extra: print('installed', ascii(environment.prefix.name))\n"
        "environment = ce.ensure('lab')\n"
        "print('version', ce.python_version(environment))\n",
        encoding="utf-8",
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON", "COURSE_"))}
    dear = root / ".venv" / "dear.txt"
    for start in (1, 2):
        command = [sys.executable, "try.py"]
        done = subprocess.run(command, cwd=root, env=kept | locale, capture_output=True)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        assert (b"installed" in done.stdout) == (start == 1)
        assert re.search(rb"version 3\.\d+", done.stdout)
        assert dear.exists() == (start == 2)
        dear.touch()


# --- pip's words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output, what",
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk"),
        (
            "WARNING: Retrying ... NewConnectionError('Temporary failure in name resolution')\n"
            "ERROR: Could not find a version that satisfies the requirement hatchling (from versions: none)",
            "registry cannot be reached",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        ("ERROR: [Errno 13] Permission denied: '/usr/lib'", "may not be written"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no set of packages"),
        ("noise\nERROR: something new happened\n", "pip stopped: ERROR: something new happened"),
    ],
)
def test_pip_failures_are_explained(output, what):
    problem = ce.explain(output, Path("install.log"))
    assert what in problem.what and "install.log" in problem.remedy


def test_progress_shows_what_takes_long_and_nothing_else():
    assert ce.progress("  Downloading https://x/torch-2.13.0%2Bcpu-cp311.whl (195.3 MB)").endswith("(195 MB)")
    assert ce.progress("  Downloading pooch-1.9.0-py3-none-any.whl (64 kB)") is None
    assert ce.progress("Installing collected packages: a, b, c") == "unpacking 3 packages"
    assert ce.progress("Requirement already satisfied: numpy in ./venv") is None


def test_a_long_silence_of_pip_is_filled_with_the_time_and_a_short_one_is_not(capsys):
    with cw.patience(0.1) as spoken:
        spoken()
        time.sleep(0.35)
    said = capsys.readouterr().out
    assert "still at it, " in said and said.count("still at it") < 5
    with cw.patience(5):
        time.sleep(0.05)
    time.sleep(0.2)
    assert capsys.readouterr().out == "", "neither before its time nor after the end"


def test_a_failing_pip_becomes_a_problem_and_keeps_its_words(tmp_path):
    environment = ce.Environment(tmp_path, Path(sys.executable), own=True)
    with pytest.raises(ce.Problem):
        ce.pip(environment, "--no-index", "--isolated", "no-such-package-of-ours")
    assert "no-such-package-of-ours" in (tmp_path / "course-install.log").read_text(encoding="utf-8")


# --- test, clean, main --------------------------------------------------------------------------------


def test_every_stage_runs_and_one_failure_fails_all(capsys):
    ran = []
    status = ct.run_stages(ct.stages(), lambda stage: ran.append(stage.name) or int(stage.name == "lint"))
    names = ["lint", "format", "editions", "exercises", "tests", "browser", "alone", "solutions", "notebooks"]
    assert status == 1 and ran == names
    table = capsys.readouterr().out.strip().splitlines()[-len(names) - 1 :]
    assert re.match(r"lint +FAILED \(1\) +\d+ s", table[0]) and table[-1] == "failed: lint"
    assert all(re.match(r"\w+ +passed +\d+ s", row) for row in table[1:-1])
    assert ct.run_stages(ct.stages(), lambda stage: 0) == 0


def test_stages_pass_arguments_to_the_unit_tests_alone():
    by_name = {stage.name: stage for stage in ct.stages(["-k", "rnn"])}
    given = [name for name, stage in by_name.items() if "-k" in stage.arguments]
    assert given == ["exercises", "tests", "browser", "alone"]
    for name, budget in (("solutions", "tenth"), ("notebooks", "smoke")):
        stage = by_name[name]
        assert stage.variables["SEQLIB_BUDGET"] == budget and stage.arguments[-1] == f"{name}/"
        assert {"--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600"} <= set(stage.arguments)


def test_the_whole_training_is_there_for_the_asking(monkeypatch):
    monkeypatch.setenv("COURSE_WHOLE", "1")
    budgets = {stage.name: stage.variables.get("SEQLIB_BUDGET") for stage in ct.stages()}
    assert budgets["solutions"] == "cpu" and budgets["notebooks"] == "smoke"


def there(place: str) -> bool:
    """Whether a file or folder, or "file::how the tests' names begin", exists."""
    file, _, begins = place.partition("::")
    return (ROOT / file).exists() and (not begins or f"def {begins}" in (ROOT / file).read_text(encoding="utf-8"))


def test_what_needs_the_machine_alone_is_there_and_every_test_has_one_stage():
    """What ALONE names is not renamed behind its back; the stages divide the tests between them."""
    assert ct.ALONE and all(there(place) for place in (*ct.ALONE, *ct.EXERCISES, *ct.LONG, ct.BROWSER))
    tests, alone = (stage.arguments for stage in ct.stages() if stage.name in ("tests", "alone"))
    assert tests[-2:] == ("-m", "not alone") and alone[-2:] == ("-m", "alone") and "-n" not in alone
    places = [[a for a in stage if a.startswith(("tests", "--ignore"))] for stage in (tests, alone)]
    elsewhere = (*ct.EXERCISES, ct.BROWSER)
    assert places[0] == places[1] and [p.removeprefix("--ignore=") for p in places[0][1:]] == list(elsewhere)
    asked = [a for stage in ct.stages() if stage.name in ("exercises", "browser") for a in stage.arguments]
    assert set(elsewhere) <= set(asked)


def test_unknown_stage_is_a_plain_problem():
    with pytest.raises(ce.Problem, match="knows no banana"):
        ct.test(options(only=["banana"]), [])


@posix
def test_tests_run_in_a_temporary_folder_whose_sockets_have_names_that_fit(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    ran = []
    monkeypatch.setattr(ct.tempfile, "tempdir", str(long))
    monkeypatch.setattr(ct, "ensure", lambda *a: ce.environment_at(tmp_path / "venv"))
    monkeypatch.setattr(ct, "call", lambda environment, *arguments, **variables: ran.append(variables) or 0)
    assert ct.test(options(only=["lint"]), []) == 0
    assert all(len(variables["TMPDIR"]) < 80 for variables in ran) and len(ran) == 1
    monkeypatch.setattr(ct.tempfile, "tempdir", "/tmp")
    ct.test(options(only=["lint"]), [])
    assert "TMPDIR" not in ran[1] and not list(long.iterdir())


def test_the_last_line_says_what_was_skipped(tmp_path, capsys):
    record = tmp_path / "skipped.txt"
    assert ct.skipped(record) == ""
    reason = "no Chromium here (Debian: apt install chromium; or set COURSE_CHROMIUM to its path)"
    record.write_text(f"{reason}\n" * 28 + "no Python before 3.11 on this machine\n", encoding="utf-8")
    status = ct.run_stages(ct.stages(), lambda stage: 0, lambda: ct.skipped(record))
    last = capsys.readouterr().out.splitlines()[-1]
    assert status == 0 and last.startswith("all passed; 28 browser tests were skipped: no Chromium here (Debian")
    assert last.endswith("1 other was skipped: the lines SKIPPED say why")


def _conftest():
    """The checkout's own: under the name "conftest", a folder's may have been imported before."""
    spec = importlib.util.spec_from_file_location("conftest_of_the_course", ROOT / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pytest_leaves_the_reasons_of_what_it_skipped(tmp_path, monkeypatch):
    conftest = _conftest()

    record = tmp_path / "skipped.txt"
    reports = [("test_a.py", 3, "Skipped: no Chromium\nhere"), ("test_b.py", 1, "not now"), ""]
    reporter = SimpleNamespace(stats={"skipped": [SimpleNamespace(longrepr=one) for one in reports]})
    monkeypatch.delenv("COURSE_SKIPPED", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # the run itself writes the summary, not its workers
    conftest.pytest_terminal_summary(reporter)
    monkeypatch.setenv("COURSE_SKIPPED", str(record))
    for _ in range(2):  # two stages
        conftest.pytest_terminal_summary(reporter)
    assert record.read_text(encoding="utf-8").splitlines() == ["no Chromium here", "not now"] * 2


def test_a_notebook_of_ones_own_is_not_executed():
    conftest = _conftest()

    ignored = conftest.pytest_ignore_collect
    for folder in ("notebooks", "solutions"):
        assert ignored(ROOT / folder / "Untitled.ipynb") and not ignored(ROOT / folder / "00_start.ipynb")
    assert not ignored(ROOT / "tests/tools/test_course.py")


def test_our_options_are_ours_and_the_rest_goes_on():
    ours, rest = ct.read_arguments(["test", "--only", "tests", "-k", "rnn", "-x"])
    assert ours.only == ["tests"] and rest == ["-k", "rnn", "-x"]
    ours, rest = ct.read_arguments(["notebooks", "02", "--force"])
    assert ours.command == "notebooks" and rest == ["02", "--force"]


def test_clean_keeps_notebooks_and_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    monkeypatch.setattr(ce, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_VENV", str(tmp_path / ".venv"))
    kept = [
        "notebooks/00_start.ipynb",
        "my/02_rnn.ipynb",
        "my/.ipynb_checkpoints/02_rnn-checkpoint.ipynb",
        ".venv/pyvenv.cfg",
        ".venv/lib/__pycache__/a.pyc",
        "seqlib/a.py",
    ]
    gone = ["seqlib/__pycache__/a.pyc", "notebooks/.ipynb_checkpoints/a.ipynb", ".ruff_cache/a", "dist/a.whl"]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert ct.clean(options(), []) == 0
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in gone)
    ct.clean(options(all=True), [])
    assert not (tmp_path / ".venv").exists() and (tmp_path / kept[0]).exists()


@pytest.mark.parametrize("command, missing", [("runs", "record_runs.py"), ("site", "build_site.py")])
def test_a_missing_tool_is_said_plainly_before_installing(tmp_path, monkeypatch, capsys, command, missing):
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    monkeypatch.setattr(ct, "ensure", lambda *a: pytest.fail("installed first"))
    assert ct.main([command]) == 1
    said = capsys.readouterr().err
    assert f"no tools/{missing}" in said and "What to do:" in said and "Traceback" not in said


def test_interruption_ends_quietly(monkeypatch, capsys):
    def interrupted(options, extra):
        """Stands in for lab."""
        raise KeyboardInterrupt

    monkeypatch.setitem(ct.COMMANDS, "lab", interrupted)
    assert ct.main(["lab"]) == 130
    assert "Interrupted" in capsys.readouterr().err


# --- files that have to agree -------------------------------------------------------------------------


def test_package_asks_for_little_and_pins_nothing_from_above():
    for name in ("torch", "numpy"):
        assert all(clause.operator == ">=" for clause in RUNTIME[name].specifier), name
    assert PROJECT["requires-python"] == ">=3.11"
    assert not {"nbgrader", "nbval", "jupytext", "playwright", "jupyterlab"} & set(RUNTIME)


@pytest.mark.authoring
def test_an_installed_seqlib_brings_its_data_along(tmp_path):
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(hatchling, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert "seqlib/_data/registry.txt" in inside
    for pattern in ("data/cards/*.md", "data/runs/*.json"):
        assert {f"seqlib/_{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob(pattern)} <= inside
    for path in [*(ROOT / "seqlib").rglob("*.py"), *(ROOT / "seqlib/static").glob("*.js")]:
        assert path.relative_to(ROOT).as_posix() in inside
    assert not [name for name in inside if name.split("/")[0] not in {"seqlib", "seqlib-0.1.0.dist-info"}]


def test_lock_pins_what_the_course_asks_for():
    pinned = pins()
    for name, requirement in COURSE.items():
        (clause,) = pinned[name].specifier
        assert clause.operator == "==" and requirement.specifier.contains(clause.version), name


def test_lock_is_for_every_machine():
    pinned = pins()
    assert not [name for name in pinned if name.startswith(ct.CUDA)]
    assert not [name for name, requirement in pinned.items() if "+" in str(requirement.specifier)]
    assert pinned["importlib-metadata"].specifier.contains("9.1.0")
    assert "lazy-importer" not in pinned


def test_lock_filter():
    resolved = "# via\nnumpy==2.4.6\nnvidia-nccl-cu13==2.29 ; sys_platform == 'linux'\ntriton==3.7\n"
    assert ct.without_cuda(resolved + "torch==2.13.0+cpu\n") == "numpy==2.4.6\ntorch==2.13.0\n"


def test_conda_environment_agrees_with_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^  - ([a-z][\w-]*) +([<>=].*)$", text, re.MULTILINE))
    conda = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
    wanted = {conda.get(name, name): str(requirement.specifier) for name, requirement in LAB.items()}
    assert stated == wanted | {"python": ">=3.11,<3.14"}
    assert "      - -e ." in text and "conda-forge" in text


def test_binder_agrees_with_lock_and_pyproject():
    lines = (ROOT / "binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    assert f"{ce.locked('torch')}+cpu" in lines
    assert f"--extra-index-url {ce.TORCH_INDEX}" in lines
    assert "-c ../requirements.lock" in lines and "-e .[lab]" in lines
    version = (ROOT / "binder/runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert Requirement(f"x{PROJECT['requires-python']}").specifier.contains(version)
    if os.name != "nt":
        assert os.access(ROOT / "binder/postBuild", os.X_OK) and os.access(ROOT / "binder/start", os.X_OK)


@posix
def test_what_binder_starts_has_its_settings_its_arguments_and_its_own_exit_status():
    script = ROOT / "binder/start"
    ran = subprocess.run([script, "sh", "-c", "env; echo $1; exit 7", "x", "a b"], capture_output=True, text=True)
    assert ran.returncode == 7 and ran.stdout.splitlines()[-1] == "a b"
    assert "MALLOC_MMAP_THRESHOLD_=4000000" in ran.stdout and "ONEDNN_PRIMITIVE_CACHE_CAPACITY=32" in ran.stdout


@posix
@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild", "binder/start"])
def test_shell_scripts_parse(script):
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


def test_continuous_integration_runs_the_same_command_everywhere():
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert {"3.11", "3.13"} <= set(matrix["python"])
    assert all(job["timeout-minutes"] <= 120 for job in jobs.values())
    assert jobs["test"]["env"]["COURSE_WHOLE"] == "1"  # here all of the training is made
    commands = [step.get("run", "") for step in jobs["test"]["steps"]]
    assert {"bash .ci/run", "make test", "python tools/course.py test"} <= set(commands)
    assert re.search(r"\bmake test$", (ROOT / ".ci/run").read_text(encoding="utf-8").strip())


def test_colab_versions_lie_within_what_seqlib_asks_for():
    lines = (ROOT / ".github/colab.txt").read_text(encoding="utf-8").splitlines()
    colab = {r.name: r for r in (Requirement(line) for line in lines if not line.startswith("#"))}
    for name in set(colab) & set(RUNTIME):
        version = next(iter(colab[name].specifier)).version.replace(".*", ".0")
        assert RUNTIME[name].specifier.contains(version), name
    assert {"torch", "numpy", "ipython", "ipywidgets"} <= set(colab)


# --- README -------------------------------------------------------------------------------------------

LINKS = re.compile(r"!?\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")


def test_links_inside_the_repository_resolve():
    for name in ("README.md", "CONTRIBUTING.md"):
        targets = LINKS.findall((ROOT / name).read_text(encoding="utf-8"))
        inside = [target for target in targets if "://" not in target]
        assert inside, name
        assert [target for target in inside if not (ROOT / target.split("#")[0]).exists()] == [], name


def test_badges_name_this_repository():
    owner_repo = URL.removeprefix("https://github.com/")
    badges = README.split("\n\n")[1]
    assert f"https://mybinder.org/v2/gh/{owner_repo}/main?urlpath=doc/tree/notebooks/00_start.ipynb" in badges, (
        "one notebook and no side bars: a phone can read it"
    )
    colab = f"https://colab.research.google.com/github/{owner_repo}/blob/main/notebooks/00_start.ipynb"
    assert colab in badges and f"{URL}/actions/workflows/ci.yml" in badges
    assert f"git clone {URL}\n" in README
    owners = set(re.findall(r"(?:github\.com|/gh|com/github)/([\w-]+/[\w-]+)", README))
    assert owners == {owner_repo}
    assert URL in (ROOT / "LICENSE").read_text(encoding="utf-8")


PLACE = URL.removeprefix("https://github.com/")


def test_the_disk_that_readers_are_told_of_is_the_disk_that_is_checked():
    assert f"({ce.GIGABYTES['cpu']:g} GB of disk in all)" in README and f"({ce.GIGABYTES['gpu']:g} GB)" in README


def test_map_lists_the_course_and_links_what_is_here():
    numbers = [match["number"] for match in cm.ROW.finditer(README)]
    assert numbers == [f"{n:02}" for n in range(25)]
    assert len(re.findall(r"^### Part \d\. ", README, re.MULTILINE)) == 6
    assert cm.linked(README, cm.here(), PLACE) == README, "the map is stale: mend it with `make notebooks`"


def test_map_follows_the_sources():
    none = cm.linked(README, {}, PLACE)
    assert none.count("*to come*") == 25 and "](notebooks/" not in none
    some = cm.linked(none, {"05": "05_lstm"}, PLACE)
    (row,) = [line for line in some.splitlines() if "05_lstm" in line]
    assert row.startswith("| **[05 · The LSTM](notebooks/05_lstm.ipynb)** | ")
    assert f"/github/{PLACE}/blob/main/notebooks/05_lstm.ipynb)" in row and "(solutions/05_lstm.ipynb)" in row
    assert cm.linked(some, {}, PLACE) == none, "titles and descriptions are kept"


def test_edit_here_names_files_that_exist():
    table = README.split("## Edit here")[1].split("\n## ")[0]
    named = {name for name in re.findall(r"`([\w./-]+)`", table) if "NN" not in name}
    assert {"tools/course.py", "seqlib/", "pyproject.toml"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_both_licences_are_said():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in text and "https://creativecommons.org/licenses/by/4.0/" in text
    assert PROJECT["license"] == "MIT AND CC-BY-4.0"


def test_contributing_fits_on_a_page():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 60


def test_the_front_door_has_its_picture_its_site_and_what_it_says_of_itself():
    first = README.split("\n## ")[0]
    pictures = re.findall(r'(?:src|srcset)="([^":]+)"', first)
    assert len(pictures) == 2 and all((ROOT / name).is_file() for name in pictures)
    assert len(re.search(r'<img alt="([^"]+)"', first)[1]) > 100
    assert "make lab" in first and "make test" in first
    owner, _, name = PLACE.partition("/")
    site = f"https://{owner}.github.io/{name}/"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"[site]: {site}\n" in first and f'url: "{site}"' in citation
    assert f"version: {PROJECT['version']}\n" in citation and f'repository-code: "{URL}"' in citation
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_front_picture_moves_and_then_stands():
    image = pytest.importorskip("PIL.Image")
    picture = image.open(ROOT / "docs" / "site" / "front.webp")
    assert picture.n_frames > 20 and 0 < picture.info["loop"] <= 3
    assert (ROOT / "docs" / "site" / "front.webp").stat().st_size < 1e6
    assert image.open(ROOT / "docs" / "site" / "front.png").size == picture.size


def test_the_site_is_published_by_the_command_that_builds_it():
    workflow = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert "run: make site\n" in workflow and "path: site/_build/html\n" in workflow
    assert "requirements.lock" in workflow
