"""Which PyTorch is here, and which build of it to ask pip for. Standard library only."""

import http.client
import re
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course.words import inherited, last_line

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
ASK_TORCH = "import torch, importlib.metadata as m; print('torch', m.version('torch'))"


def import_torch(python: Path) -> tuple[str | None, str]:
    """(version, "") of the PyTorch that imports in that Python, else (None, what importing it said).

    The version is the one that pip knows it by: torch.__version__ may say 2.13.0+cu130 where that is 2.13.0.
    """
    command = [str(python), "-c", ASK_TORCH]
    try:
        done = subprocess.run(command, capture_output=True, timeout=300, env=inherited())
    except (OSError, subprocess.SubprocessError) as error:
        return None, str(error)
    said, trouble = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    found = re.search(r"^torch (\S+)\s*$", said, re.MULTILINE)
    return (found[1], "") if done.returncode == 0 and found else (None, last_line(trouble))


def has_gpu() -> bool:
    """Whether an NVIDIA GPU answers here."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    if (program := shutil.which("nvidia-smi")) is None:
        return False
    try:
        done = subprocess.run([program, "-L"], capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and b"GPU" in done.stdout


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
    return TorchPlan(words, (pin,), "gpu")  # room for the larger one: half of it on a full disk helps nobody
