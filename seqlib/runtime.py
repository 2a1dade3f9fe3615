"""Where a notebook runs: device, seeds, budget, the learner's own folder.

Importing this module costs nothing: torch and NumPy are imported by the functions that need them.
"""

from __future__ import annotations

import os
import platform
import random
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

BUDGETS = ("smoke", "cpu", "gpu")


def device() -> torch.device:
    """The device that this course uses here: CUDA where there is one, else the CPU.

    `SEQLIB_DEVICE` overrides ("cpu", "cuda", "cuda:1", "mps"). Apple's MPS is never chosen by itself:
    it gives wrong numbers for some recurrent layers. ValueError if the device asked for is not there.
    """
    import torch

    asked = os.environ.get("SEQLIB_DEVICE", "").strip().lower()
    if not asked:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(asked)
    except RuntimeError:
        raise ValueError(f"SEQLIB_DEVICE should be cpu, cuda, cuda:N or mps, got {asked!r}") from None
    here = {
        "cpu": lambda: True,
        "cuda": lambda: (chosen.index or 0) < torch.cuda.device_count(),
        "mps": lambda: torch.backends.mps.is_available(),
    }.get(chosen.type)
    if here is None or not here():
        raise ValueError(f"SEQLIB_DEVICE={asked}, but this machine (or this torch) has no such device")
    return chosen


def budget_name() -> str:
    """Which budget is in force: "smoke", "cpu" or "gpu"; `SEQLIB_BUDGET` first, else by the device."""
    asked = os.environ.get("SEQLIB_BUDGET", "").strip().lower()
    if not asked:
        return "gpu" if device().type == "cuda" else "cpu"
    if asked not in BUDGETS:
        raise ValueError(f"SEQLIB_BUDGET should be one of {', '.join(BUDGETS)}, got {asked!r}")
    return asked


def smoke() -> bool:
    """Whether this is a smoke run: every loop a few steps, to test that nothing blocks."""
    return os.environ.get("SEQLIB_BUDGET", "").strip().lower() == "smoke"


def budget(cpu, gpu=None, smoke=3):
    """The number that fits this machine: `train(..., steps=budget(cpu=800, gpu=20_000))`.

    `gpu` defaults to `cpu`. A smoke run never takes more than the CPU would.
    """
    name = budget_name()
    if name == "smoke":
        return min(smoke, cpu)
    return gpu if name == "gpu" and gpu is not None else cpu


def seed_everything(seed: int = 0) -> np.random.Generator:
    """Seed Python, NumPy and torch (every device), and return a NumPy generator with the same seed.

    The same seed gives the same numbers on the same machine and versions, not on every machine.
    """
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def home() -> Path:
    """The learner's folder (progress, checkpoints): `SEQLIB_HOME`, else ~/.seqlib; made when missing.

    Where that cannot be written (a read-only account), a folder in the temporary directory takes its place.
    """
    asked = os.environ.get("SEQLIB_HOME", "").strip()
    if asked:
        folder = Path(asked).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    try:
        folder = Path.home() / ".seqlib"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    return _spare_home()


@cache
def _spare_home() -> Path:
    """A private folder in the temporary directory, the same one for this user each time."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "me")
    folder = Path(tempfile.gettempdir()) / f"seqlib-{user}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="seqlib-"))
    return folder


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or whoever comes after a crash, sees all of it or all of the one before.

    OSError if the disk is full or read-only; what was there then stays.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def version() -> str:
    """The version of seqlib that runs, "dev" if it was never installed."""
    from importlib import metadata

    import seqlib

    try:
        return getattr(seqlib, "__version__", None) or metadata.version("seqlib")
    except metadata.PackageNotFoundError:
        return "dev"


def machine() -> dict:
    """What ran this, for a record: processor or GPU, threads, operating system and versions."""
    import numpy as np
    import torch

    where = device()
    gpu = torch.cuda.get_device_name(where) if where.type == "cuda" else ""
    return {
        "device": where.type,
        "gpu": gpu,
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "seqlib": version(),
    }


def _processor() -> str:
    """The processor's model name where the system tells it, else its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def where() -> str:
    """One phrase for the device: "cpu (2 threads)" or "cuda (NVIDIA L4)"."""
    import torch

    chosen = device()
    if chosen.type == "cuda":
        return f"{chosen} ({torch.cuda.get_device_name(chosen)})"
    if chosen.type == "mps":
        return "mps (opted in: compare recurrent layers with the CPU)"
    threads = torch.get_num_threads()
    return f"cpu ({threads} thread{'s' if threads != 1 else ''})"
