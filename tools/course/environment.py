"""Make and keep the environment of the course: a venv, PyTorch, the pinned packages. Standard library only.

`ensure("lab")` is the whole of it. What is already right is left alone, and a stamp in the environment
makes the second start a matter of reading two small files.
"""

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from course.pytorch import TORCH_INDEX, has_gpu, import_torch, plan_torch
from course.words import Problem, explain, inherited, last_line, patience, progress

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
EXTRAS = ("lab", "course")  # each holds all that the one before it holds
UNFINISHED = "unfinished"  # the stamp of an environment that is being renewed, or could not be
STAMP, LOG = "course-stamp.json", "course-install.log"
GIGABYTES = {"nothing": 0.2, "packages": 1.5, "cpu": 3.0, "gpu": 10.0}


@dataclass(frozen=True)
class Environment:
    """A Python to install into. `own`: we made it and pin it; otherwise its versions are its owner's."""

    prefix: Path
    python: Path
    own: bool

    @property
    def scripts(self) -> Path:
        return self.python.parent


def say(text: str) -> None:
    print(f"- {text}", flush=True)


def shown(path: Path) -> str:
    """The path as a reader of the repository would write it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def child_variables(environment: Environment, **more: str) -> dict[str, str]:
    """Variables for every program that we start: the environment's own scripts come first."""
    variables = inherited() | {
        "PATH": os.pathsep.join([str(environment.scripts), os.environ.get("PATH", "")]),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",  # a pip configured for --user refuses to install into a venv
        "PYTHONUNBUFFERED": "1",
    }
    return variables | ({"VIRTUAL_ENV": str(environment.prefix)} if environment.own else {}) | more


# --- the environment itself ---------------------------------------------------------------------------


def own_environment() -> Environment:
    """The course's venv: .venv, or the folder that COURSE_VENV names."""
    return environment_at(Path(os.environ.get("COURSE_VENV") or ROOT / ".venv").expanduser().absolute())


def environment_at(prefix: Path) -> Environment:
    """The venv in that folder, whether it exists yet or not."""
    scripts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return Environment(prefix, prefix.joinpath(*scripts), own=True)


def current_environment() -> Environment:
    """The virtualenv or conda environment that runs this program (option --here)."""
    if sys.prefix == sys.base_prefix and not (Path(sys.prefix) / "conda-meta").is_dir():
        raise Problem(
            f"--here was asked for, but {sys.executable} belongs to no virtualenv or conda environment.",
            "activate one first, or leave --here out: the course then makes an environment of its own.",
        )
    return Environment(Path(sys.prefix), Path(sys.executable), own=False)


VENV = ("-m", "venv")
START_SECONDS = 60  # then we say that we wait
PATIENCE_SECONDS = 900  # a cold disk or a virus scanner; a Python that is silent for longer is told, never cleared
ASK_VERSION = "import platform; print(platform.python_version())"


def python_version(environment: Environment) -> str | None:
    """Version of that environment's Python, None where there is none.

    Problem where there is one that does not answer: it may work tomorrow, so nothing is made in its place.
    """
    python = environment.python
    if not os.path.exists(python):  # False for a link to a Python that was uninstalled, too
        return None
    command = [str(python), "-c", ASK_VERSION]
    try:
        asked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=inherited())
    except OSError as error:
        raise _silent(environment, f"does not run: {error.strerror or error}") from None
    with asked:
        try:
            try:
                said = asked.communicate(timeout=START_SECONDS)[0]
            except subprocess.TimeoutExpired:
                say(f"the Python of {shown(environment.prefix)} is slow to start: waiting for it")
                said = asked.communicate(timeout=PATIENCE_SECONDS)[0]
        except subprocess.TimeoutExpired:
            asked.kill()
            raise _silent(environment, "says nothing") from None
    words = last_line(said.decode("utf-8", "replace"))
    if asked.returncode or not re.match(r"\d+\.\d+", words):
        raise _silent(environment, f"does not run: {words}")
    return words


def _silent(environment: Environment, what: str) -> Problem:
    return Problem(
        f"the Python of this environment {what} ({environment.python}). It was left as it is.",
        "try again; if it stays so, move the folder away or remove it (make clean ARGS=--all), and the same command "
        "makes a new one.",
    )


def is_ours(environment: Environment) -> bool:
    """Whether the folder is in the repository, or this program installed what is in it: no other is ever removed."""
    return environment.prefix.is_relative_to(ROOT) or any(
        (environment.prefix / name).is_file() for name in (STAMP, LOG)
    )


def minor_of(prefix: Path) -> tuple[int, int] | None:
    """(3, 11) of the Python that a venv was made with, by its pyvenv.cfg; None where that does not say."""
    with suppress(OSError):
        text = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", text, re.MULTILINE):
            return int(found[1]), int(found[2])
    return None


def make_environment(environment: Environment) -> None:
    """Create the venv, or repair one whose Python has gone, for instance after a system upgrade.

    Where the same Python is here again, under whatever path, its packages stay; what another one installed is of no
    use to this one, and is put aside. Nothing is cleared.
    """
    prefix = environment.prefix
    if missing := [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]:
        raise Problem(
            f"this Python ({sys.executable}) comes without its module {' and '.join(missing)}.",
            f"on Debian or Ubuntu: sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv; "
            "elsewhere install Python from https://www.python.org/downloads/. Then run the same command.",
        )
    is_venv = (prefix / "pyvenv.cfg").is_file()
    if prefix.exists() and not is_venv and (not prefix.is_dir() or any(prefix.iterdir())):
        raise Problem(
            f"{prefix} is in the way: it is not a virtual environment.",
            "move it away, or name another folder in the variable COURSE_VENV.",
        )
    if is_venv and (minor := minor_of(prefix)) not in (None, sys.version_info[:2]):
        if not is_ours(environment):
            raise Problem(
                f"{prefix} is an environment of Python {minor[0]}.{minor[1]} that the course did not make.",
                "name another folder in the variable COURSE_VENV, or leave COURSE_VENV out.",
            )
        put_aside(prefix, f"its Python {minor[0]}.{minor[1]} is gone")
    else:
        say(f"{'repairing' if is_venv else 'making'} the environment {shown(prefix)}")
    for link in environment.scripts.glob("python*"):  # venv leaves a link where it is, even one into nowhere
        if link.is_symlink() and not link.exists():
            link.unlink()
    command = [sys.executable, *VENV, str(prefix)]
    made = subprocess.run(command, capture_output=True, env=inherited())
    if made.returncode:
        raise Problem(
            f"the environment could not be made: {last_line((made.stderr + made.stdout).decode('utf-8', 'replace'))}",
            f"check that you may write to {prefix.parent}, or name another folder in COURSE_VENV.",
        )


def put_aside(prefix: Path, why: str) -> None:
    """Rename an environment that can't be used. Its Python may come back, with a disk or a module not loaded yet."""
    number = 1
    while (aside := prefix.with_name(f"{prefix.name}.old{number if number > 1 else ''}")).exists():
        number += 1
    try:
        prefix.rename(aside)
    except OSError as error:
        raise Problem(
            f"{prefix} can't be used ({why}) and can't be renamed: {error.strerror or error}.",
            "move it away yourself, or name another folder in COURSE_VENV.",
        ) from None
    say(f"making a new environment {shown(prefix)}: {why}. The old one is {shown(aside)}: remove it when you like")


def check_disk(folder: Path, gigabytes: float, usage: Callable = shutil.disk_usage) -> None:
    """Raise Problem where `folder`'s disk has less than `gigabytes` free. The folder need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    free = usage(folder).free / 1e9
    if free < gigabytes:
        raise Problem(
            f"the disk that holds {folder} has {free:.1f} GB free, and this step needs {gigabytes:.1f} GB.",
            "make room there, or put the environment on another disk: set COURSE_VENV to a folder on it.",
        )


# --- the stamp: is everything in place already? -------------------------------------------------------


def stamp_key(version: str) -> str:
    """Changes with whatever would make pip act: requirements, lock, Python, the repository's place. Comments do not."""
    parts = [version.encode(), os.fsencode(ROOT), _asked(), "\n".join(pins()).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _asked() -> bytes:
    """What pyproject.toml asks pip for; all of the file where it does not parse."""
    data = (ROOT / "pyproject.toml").read_bytes()
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except ValueError:
        return data
    names = ("name", "version", "requires-python", "dependencies", "optional-dependencies", "scripts", "entry-points")
    project = {name: tables.get("project", {}).get(name) for name in names}
    hatch = tables.get("tool", {}).get("hatch")
    return json.dumps([tables.get("build-system"), project, hatch], sort_keys=True, default=str).encode()


def pins() -> list[str]:
    """The lines of the lock that pin something."""
    lines = (line.strip() for line in LOCK.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def locked(name: str) -> str:
    """The line of the lock that pins `name`."""
    return next(line.split(" ;")[0].strip() for line in pins() if line.startswith(f"{name}=="))


def read_stamp(prefix: Path) -> dict:
    """The stamp, or {} where there is none or it is damaged: pip then looks again, which is always safe."""
    try:
        stamp = json.loads((prefix / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(prefix: Path, key: str, extra: str) -> None:
    """Written whole. Problem where the environment may not be written to."""
    partial = prefix / f"{STAMP}.part"
    try:
        partial.write_text(json.dumps({"key": key, "extra": extra}), encoding="utf-8")
        partial.replace(prefix / STAMP)
    except OSError as error:
        raise Problem(
            f"the environment {prefix} may not be written to ({error.strerror or error}).",
            "change its owner or make room, or set COURSE_VENV to a folder of your own.",
        ) from None


def wider(one: str, other: str | None) -> str:
    """The larger of two sets of extras, so that `make lab` after `make test` takes nothing away."""
    return max(one, other if other in EXTRAS else one, key=EXTRAS.index)


# --- pip ----------------------------------------------------------------------------------------------


def pip(environment: Environment, *arguments: str) -> None:
    """Run `pip install`, show the few lines that matter, keep all of them, and explain a failure."""
    log = environment.prefix / LOG
    command = [str(environment.python), "-m", "pip", "install", "--progress-bar", "off", *arguments]
    output = []
    with (
        open(log, "a", encoding="utf-8") as kept,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=child_variables(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as running,
        patience() as spoken,
    ):
        for line in running.stdout:
            kept.write(line)
            output.append(line)
            if text := progress(line):
                print(f"    {text}", flush=True)
                spoken()
    if running.returncode:
        raise explain("".join(output), log)


@contextmanager
def constraints(environment: Environment, torch: str | None):
    """A constraints file: the lock in our own environment, and the PyTorch that is there, in any."""
    lines = pins() if environment.own else []
    if torch:
        lines = [line for line in lines if not line.startswith("torch==")] + [f"torch=={torch}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "constraints.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield str(path)


def install_torch(environment: Environment) -> str:
    """Install PyTorch where none imports; never touch one that does. Returns the version that is there."""
    if torch := import_torch(environment.python)[0]:
        say(f"PyTorch {torch} is installed already, and stays as it is")
        check_disk(environment.prefix, GIGABYTES["packages"])
        return torch
    index = os.environ.get("COURSE_TORCH_INDEX", TORCH_INDEX)
    pin = locked("torch") if environment.own else "torch"
    plan = plan_torch(pin, platform.system(), has_gpu(), index)
    say(plan.words)
    check_disk(environment.prefix, GIGABYTES[plan.size])
    with constraints(environment, None) as pins:
        pip(environment, *plan.arguments, "--constraint", pins)
    torch, trouble = import_torch(environment.python)
    if torch is None:
        raise Problem(
            f"PyTorch is installed, but it cannot be imported: {trouble}",
            "mend what that names (https://pytorch.org/get-started helps), or remove the environment "
            f"{environment.prefix} and run the same command.",
        )
    return torch


def install(environment: Environment, extra: str) -> None:
    """Bring pip, PyTorch and the course's packages into the environment."""
    python, variables = str(environment.python), child_variables(environment)
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, env=variables).returncode:
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], capture_output=True, env=variables)
    torch = install_torch(environment)
    say(f"installing the course{' and JupyterLab' if extra == 'lab' else ', JupyterLab and the tests'}")
    with constraints(environment, torch) as pins:
        pip(environment, "--editable", f"{ROOT}[{extra}]", "--constraint", pins)
    if environment.own:
        quieten_jupyterlab(environment.prefix)


def quieten_jupyterlab(prefix: Path) -> None:
    """No pop-up about Jupyter's news over a learner's first notebook."""
    settings = prefix / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    settings.write_text(json.dumps(quiet, indent=2) + "\n", encoding="utf-8")


NEEDED = {  # what is imported to see whether an environment that could not be renewed will do
    "lab": ("torch", "numpy", "matplotlib", "sklearn", "ipykernel", "jupyterlab", "seqlib"),
    "course": ("jupytext", "nbclient", "nbformat", "nbgrader", "nbval", "pytest", "xdist", "ruff"),
}


def works(environment: Environment, extra: str) -> bool:
    """Whether all that `extra` needs can be imported there, in whatever version, and this repository's seqlib too."""
    names = ", ".join(name for one in EXTRAS[: EXTRAS.index(extra) + 1] for name in NEEDED[one])
    ask = f"import {names}, os, sys; sys.exit(not os.path.samefile(os.path.dirname(seqlib.__file__), sys.argv[1]))"
    command = [str(environment.python), "-c", ask, str(ROOT / "seqlib")]
    variables = child_variables(environment)
    return not subprocess.run(command, cwd=environment.prefix, env=variables, capture_output=True).returncode


def ensure(extra: str, here: bool = False) -> Environment:
    """Return an environment that holds the course with these extras, making or mending what is missing."""
    environment = current_environment() if here else own_environment()
    version = python_version(environment)
    stamp = read_stamp(environment.prefix)
    extra = wider(extra, stamp.get("extra"))
    if version and stamp == {"key": stamp_key(version), "extra": extra}:
        return environment
    began = time.monotonic()
    check_disk(environment.prefix, GIGABYTES["nothing"])
    if version and version_tuple(version) < (3, 11):
        raise Problem(
            f"the environment {environment.prefix} has Python {version}, and the course needs 3.11 or newer.",
            "name another folder in the variable COURSE_VENV, or move this one away.",
        )
    if version is None:
        make_environment(environment)
        version = platform.python_version()
    say(f"Python {version} in {shown(environment.prefix)}; this takes minutes once, and seconds afterwards")
    if version_tuple(version) >= (3, 14):
        say("the course is tested on Python 3.11 to 3.13; this one is newer and will probably do")
    before = stamp.get("extra") in EXTRAS  # it was whole once
    try:
        if before:  # until this is done, no later start takes it for whole
            write_stamp(environment.prefix, UNFINISHED, stamp["extra"])
        install(environment, extra)
    except Problem as problem:
        if not (before and works(environment, extra)):
            raise
        say(f"not brought up to date: {problem.what}")
        say("what is installed works, and is used as it is; the next start tries again")
        return environment
    write_stamp(environment.prefix, stamp_key(version), extra)
    say(f"installed in {time.monotonic() - began:.0f} s")
    return environment


def version_tuple(version: str) -> tuple[int, int]:
    """(3, 11) of "3.11.7"; release candidates included."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
