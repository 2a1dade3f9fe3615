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

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from course import environment as ce  # noqa: E402
from course import readme_map as cm  # noqa: E402
from course import tasks as ct  # noqa: E402

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
    for target in ("lab", "test", "notebooks", "site", "lint", "runs", "clean"):
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
    monkeypatch.setattr(ce, "answers", lambda url: True)
    monkeypatch.setattr(ce, "pip", lambda *a: pytest.fail("pip ran on a full disk"))
    monkeypatch.setattr(ce.check_disk, "__defaults__", (lambda folder: Usage(1, 1, 0.5e9),))
    with pytest.raises(ce.Problem, match="0.5 GB free"):
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
        ("Linux", False, False, ("torch==2.13.0",), "cpu"),
        ("Linux", True, True, ("torch==2.13.0",), "gpu"),
        ("Darwin", False, True, ("torch==2.13.0",), "cpu"),
        ("Windows", True, True, ("torch==2.13.0",), "cpu"),
    ],
)
def test_choice_of_pytorch(system, gpu, reachable, arguments, size):
    plan = ce.plan_torch("torch==2.13.0", system, gpu, "INDEX", lambda url: reachable)
    assert (plan.arguments, plan.size) == (arguments, size)


@pytest.mark.parametrize("kind", ["closed", "silent", "nonsense"])
def test_an_index_that_does_not_answer_costs_seconds(kind, taken):
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = {"closed": spare.getsockname()[1], "silent": taken}.get(kind)
        url = f"http://127.0.0.1:{port}/whl/cpu" if port else "no address at all"
        began = time.monotonic()
        plan = ce.plan_torch("torch==2.13.0", "Linux", False, url, lambda url: ce.answers(url, seconds=1.0))
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
    monkeypatch.setattr(ce, "python_version", lambda python: None)
    monkeypatch.setattr(ce, "make_environment", made.append)
    ce.ensure("lab")
    assert len(made) == 1 and house == ["lab"]


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


def test_a_failing_pip_becomes_a_problem_and_keeps_its_words(tmp_path):
    environment = ce.Environment(tmp_path, Path(sys.executable), own=True)
    with pytest.raises(ce.Problem):
        ce.pip(environment, "--no-index", "--isolated", "no-such-package-of-ours")
    assert "no-such-package-of-ours" in (tmp_path / "course-install.log").read_text(encoding="utf-8")


# --- test, clean, main --------------------------------------------------------------------------------


def test_every_stage_runs_and_one_failure_fails_all(capsys):
    ran = []
    status = ct.run_stages(ct.stages(), lambda stage: ran.append(stage.name) or int(stage.name == "lint"))
    names = ["lint", "format", "editions", "exercises", "tests", "alone", "solutions", "notebooks"]
    assert status == 1 and ran == names
    table = capsys.readouterr().out.strip().splitlines()[-len(names) - 1 :]
    assert re.match(r"lint +FAILED \(1\) +\d+ s", table[0]) and table[-1] == "failed: lint"
    assert all(re.match(r"\w+ +passed +\d+ s", row) for row in table[1:-1])
    assert ct.run_stages(ct.stages(), lambda stage: 0) == 0


def test_stages_pass_arguments_to_the_unit_tests_alone():
    by_name = {stage.name: stage for stage in ct.stages(["-k", "rnn"])}
    assert [name for name, stage in by_name.items() if "-k" in stage.arguments] == ["exercises", "tests", "alone"]
    for name, budget in (("solutions", "cpu"), ("notebooks", "smoke")):
        stage = by_name[name]
        assert stage.variables["SEQLIB_BUDGET"] == budget and stage.arguments[-1] == f"{name}/"
        assert {"--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600"} <= set(stage.arguments)


def test_what_needs_the_machine_alone_is_there_and_every_test_has_one_stage():
    """What ALONE names is not renamed behind its back; the two stages divide the tests between them."""
    assert ct.ALONE and all((ROOT / place).exists() for place in ct.ALONE)
    tests, alone = (stage.arguments for stage in ct.stages() if stage.name in ("tests", "alone"))
    assert tests[-2:] == ("-m", "not alone") and alone[-2:] == ("-m", "alone") and "-n" not in alone
    places = [[a for a in stage if a.startswith(("tests", "--ignore"))] for stage in (tests, alone)]
    assert places[0] == places[1] and not [p for p in places[0][1:] if p.removeprefix("--ignore=") not in ct.EXERCISES]


def test_unknown_stage_is_a_plain_problem():
    with pytest.raises(ce.Problem, match="knows no banana"):
        ct.test(options(only=["banana"]), [])


def test_our_options_are_ours_and_the_rest_goes_on():
    ours, rest = ct.read_arguments(["test", "--only", "tests", "-k", "rnn", "-x"])
    assert ours.only == ["tests"] and rest == ["-k", "rnn", "-x"]
    ours, rest = ct.read_arguments(["notebooks", "02", "--force"])
    assert ours.command == "notebooks" and rest == ["02", "--force"]


def test_clean_keeps_notebooks_and_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ct, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_VENV", str(tmp_path / ".venv"))
    kept = ["notebooks/00_start.ipynb", ".venv/pyvenv.cfg", ".venv/lib/__pycache__/a.pyc", "seqlib/a.py"]
    gone = ["seqlib/__pycache__/a.pyc", "notebooks/.ipynb_checkpoints/a.ipynb", ".ruff_cache/a", "dist/a.whl"]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert ct.clean(options(), []) == 0
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in gone)
    ct.clean(options(all=True), [])
    assert not (tmp_path / ".venv").exists() and (tmp_path / kept[0]).exists()


@pytest.mark.parametrize("command, missing", [("runs", "record_runs.py"), ("site", "site.py")])
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
        assert os.access(ROOT / "binder/postBuild", os.X_OK)


@posix
@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild"])
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
    assert all(job["timeout-minutes"] <= 60 for job in jobs.values())
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
    assert f"https://mybinder.org/v2/gh/{owner_repo}/main?urlpath=lab/tree/notebooks/00_start.ipynb" in badges
    colab = f"https://colab.research.google.com/github/{owner_repo}/blob/main/notebooks/00_start.ipynb"
    assert colab in badges and f"{URL}/actions/workflows/ci.yml" in badges
    assert f"git clone {URL}\n" in README
    owners = set(re.findall(r"(?:github\.com|/gh|com/github)/([\w-]+/[\w-]+)", README))
    assert owners == {owner_repo}
    assert URL in (ROOT / "LICENSE").read_text(encoding="utf-8")


PLACE = URL.removeprefix("https://github.com/")


def test_map_lists_the_course_and_links_what_is_here():
    numbers = [match["number"] for match in cm.ROW.finditer(README)]
    assert numbers == [f"{n:02}" for n in range(24)]
    assert len(re.findall(r"^### Part \d\. ", README, re.MULTILINE)) == 6
    assert cm.linked(README, cm.here(), PLACE) == README, "the map is stale: mend it with `make notebooks`"


def test_map_follows_the_sources():
    none = cm.linked(README, {}, PLACE)
    assert none.count("*to come*") == 24 and "](notebooks/" not in none
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
