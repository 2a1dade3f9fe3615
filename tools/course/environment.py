"""Make and keep the environment of the course: a venv, PyTorch, the pinned packages. Standard library only.

`ensure("lab")` is the whole of it. What is already right is left alone, and a stamp in the environment
makes the second start a matter of reading two small files.
"""

import hashlib
import http.client
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from course.words import Problem, explain, last_line, progress

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = ("lab", "course")  # each holds all that the one before it holds
STAMP = "course-stamp.json"
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
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    variables |= {
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


def python_version(python: Path) -> str | None:
    """Version of that interpreter, or None where it is missing or does not run."""
    command = [str(python), "-c", "import platform; print(platform.python_version())"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def make_environment(environment: Environment) -> None:
    """Create the venv, or repair one whose Python has gone, for instance after a system upgrade."""
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
    say(f"{'repairing' if is_venv else 'making'} the environment {shown(prefix)}")
    command = [sys.executable, "-m", "venv", *(["--clear"] if is_venv else []), str(prefix)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise Problem(
            f"the environment could not be made: {last_line(made.stderr + made.stdout)}",
            f"check that you may write to {prefix.parent}, or name another folder in COURSE_VENV.",
        )


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
    """Changes with whatever would make pip act: requirements, lock, Python, the repository's place."""
    parts = [version.encode(), str(ROOT).encode(), (ROOT / "pyproject.toml").read_bytes(), LOCK.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp(prefix: Path) -> dict:
    """The stamp, or {} where there is none or it is damaged: pip then looks again, which is always safe."""
    try:
        stamp = json.loads((prefix / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(prefix: Path, key: str, extra: str) -> None:
    """Written last and whole, so that an interrupted installation leaves no stamp."""
    partial = prefix / f"{STAMP}.part"
    partial.write_text(json.dumps({"key": key, "extra": extra}), encoding="utf-8")
    partial.replace(prefix / STAMP)


def wider(one: str, other: str | None) -> str:
    """The larger of two sets of extras, so that `make lab` after `make test` takes nothing away."""
    return max(one, other if other in EXTRAS else one, key=EXTRAS.index)


# --- PyTorch ------------------------------------------------------------------------------------------


ASK_TORCH = "import torch, importlib.metadata as m; print('torch', m.version('torch'))"


def import_torch(python: Path) -> tuple[str | None, str]:
    """(version, "") of the PyTorch that imports in that Python, else (None, what importing it said).

    The version is the one that pip knows it by: torch.__version__ may say 2.13.0+cu130 where that is 2.13.0.
    """
    command = [str(python), "-c", ASK_TORCH]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        return None, str(error)
    found = re.search(r"^torch (\S+)$", done.stdout, re.MULTILINE)
    return (found[1], "") if done.returncode == 0 and found else (None, last_line(done.stderr))


def has_gpu() -> bool:
    """Whether an NVIDIA GPU answers here."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    if (program := shutil.which("nvidia-smi")) is None:
        return False
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and "GPU" in done.stdout


def answers(url: str, seconds: float = 4.0) -> bool:
    """Whether `url` answers within `seconds`, name look-up included (socket time-outs leave that out)."""
    arrived = threading.Event()

    def ask() -> None:
        with suppress(OSError, ValueError, http.client.HTTPException):
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds):
                arrived.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return arrived.is_set()


def locked(name: str) -> str:
    """The line of the lock that pins `name`."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return next(line.split(" ;")[0].strip() for line in lines if line.startswith(f"{name}=="))


@dataclass(frozen=True)
class TorchPlan:
    """What to ask pip for, and why, in words."""

    words: str
    arguments: tuple[str, ...]
    size: str


def plan_torch(pin: str, system: str, gpu: bool, index: str, reachable: Callable = answers) -> TorchPlan:
    """Choose PyTorch's build. `system` as platform.system() says it; `index` is asked only where it matters.

    The CPU index is added to pip's own, not put in its place: there "2.13.0+cpu" is the newer version of
    the two, and everything that PyTorch itself requires still comes from where pip always takes it.
    """
    if system == "Darwin":
        return TorchPlan("PyTorch for macOS", (pin,), "cpu")
    if system == "Windows":
        note = "; for your GPU see https://pytorch.org/get-started, the course runs without" if gpu else ""
        return TorchPlan(f"PyTorch for Windows, CPU build{note}", (pin,), "cpu")
    if gpu:
        return TorchPlan("an NVIDIA GPU answers: PyTorch's GPU build", (pin,), "gpu")
    if reachable(index):
        words = "no NVIDIA GPU here: PyTorch's CPU build"
        return TorchPlan(words, ("--extra-index-url", index, pin), "cpu")
    words = f"{index} does not answer: taking the {pin} that pip finds, which may be the larger GPU build"
    return TorchPlan(words, (pin,), "cpu")


# --- pip ----------------------------------------------------------------------------------------------


def pip(environment: Environment, *arguments: str) -> None:
    """Run `pip install`, show the few lines that matter, keep all of them, and explain a failure."""
    log = environment.prefix / "course-install.log"
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
    ):
        for line in running.stdout:
            kept.write(line)
            output.append(line)
            if text := progress(line):
                print(f"    {text}", flush=True)
    if running.returncode:
        raise explain("".join(output), log)


@contextmanager
def constraints(environment: Environment, torch: str | None):
    """A constraints file: the lock in our own environment, and the PyTorch that is there, in any."""
    lines = LOCK.read_text(encoding="utf-8").splitlines() if environment.own else []
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
    check_disk(environment.prefix, GIGABYTES[plan.size])
    say(plan.words)
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
    python = str(environment.python)
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode:
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], capture_output=True)
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


def ensure(extra: str, here: bool = False) -> Environment:
    """Return an environment that holds the course with these extras, making or mending what is missing."""
    environment = current_environment() if here else own_environment()
    version = python_version(environment.python)
    stamp = read_stamp(environment.prefix)
    extra = wider(extra, stamp.get("extra"))
    if version and stamp == {"key": stamp_key(version), "extra": extra}:
        return environment
    began = time.monotonic()
    (environment.prefix / STAMP).unlink(missing_ok=True)
    check_disk(environment.prefix, GIGABYTES["nothing"])
    if version is None or version_tuple(version) < (3, 11):
        make_environment(environment)
        version = platform.python_version()
    say(f"Python {version} in {shown(environment.prefix)}; this takes minutes once, and seconds afterwards")
    if version_tuple(version) >= (3, 14):
        say("the course is tested on Python 3.11 to 3.13; this one is newer and will probably do")
    install(environment, extra)
    write_stamp(environment.prefix, stamp_key(version), extra)
    say(f"installed in {time.monotonic() - began:.0f} s")
    return environment


def version_tuple(version: str) -> tuple[int, int]:
    """(3, 11) of "3.11.7"; release candidates included."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
