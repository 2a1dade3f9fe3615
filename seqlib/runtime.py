"""Where a notebook runs: device, seeds, budget, the learner's own folder.

Importing this module costs nothing: torch and NumPy are imported by the functions that need them.
"""

from __future__ import annotations

import glob
import os
import platform
import random
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from seqlib import expect

if TYPE_CHECKING:
    import numpy as np
    import torch

BUDGETS = ("smoke", "tenth", "cpu", "gpu")


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


def processors() -> int:
    """How many processors this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def asked_threads() -> int | None:
    """What `SEQLIB_THREADS` asks for; None where it asks for nothing. ValueError unless it is a whole number from 1."""
    asked = os.environ.get("SEQLIB_THREADS", "").strip()
    if asked and (not asked.isdecimal() or int(asked) < 1):
        raise ValueError(f"SEQLIB_THREADS should be a whole number from 1, got {asked!r}")
    return int(asked) if asked else None


def quick_type(on=None) -> torch.dtype:
    """bfloat16 where `on` (a device; by default the course's) multiplies it with instructions of its own, else float32.

    A processor without AVX512-BF16 or AMX imitates it, ten to twenty times slower than float32, and refuses an LSTM
    in it; graphics cards before NVIDIA's Ampere imitate it too.
    """
    import torch

    on = torch.device(on) if on is not None else device()
    if on.type == "cuda":
        own = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        own = on.type == "cpu" and _processor_has_bfloat16()
    return torch.bfloat16 if own else torch.float32


@cache
def _processor_has_bfloat16() -> bool:
    import torch

    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # built without oneDNN
        return False


def budget_name() -> str:
    """Which budget is in force: "smoke", "tenth", "cpu" or "gpu"; `SEQLIB_BUDGET` first, else by the device."""
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

    `gpu` defaults to `cpu`. A smoke run never takes more than the CPU would; "tenth", for tests that run the whole
    course, takes a tenth of it, rounded up, and no less than a smoke run.
    """
    name = budget_name()
    for what, value in (("cpu", cpu), ("gpu", gpu), ("smoke", smoke)):
        if value is not None or what != "gpu":
            expect.number(value, what)
    if name == "smoke":
        return min(smoke, cpu)
    if name == "tenth":
        return max(-(-cpu // 10) if isinstance(cpu, int) else cpu / 10, min(smoke, cpu))
    return gpu if name == "gpu" and gpu is not None else cpu


def seed_everything(seed: int = 0) -> np.random.Generator:
    """Seed Python, NumPy and torch (every device), and return a NumPy generator with the same seed.

    The same seed gives the same numbers on the same machine and versions, not on every machine.
    """
    import numpy as np
    import torch

    expect.whole(seed, "seed", 0, 2**64 - 1)
    random.seed(int(seed))
    np.random.seed(seed % 2**32)
    torch.manual_seed(int(seed))
    return np.random.default_rng(int(seed))


def home() -> Path:
    """The learner's folder (progress, checkpoints): `SEQLIB_HOME`, else ~/.seqlib; made when missing.

    Where that cannot be made or written (a read-only account), a folder in the temporary directory takes its place,
    and a line says so, once.
    """
    asked = os.environ.get("SEQLIB_HOME", "").strip()
    try:
        folder = Path(asked).expanduser() if asked else Path.home() / ".seqlib"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        why = "it may not be written to"
    except (OSError, RuntimeError, ValueError) as problem:  # the account ~nobody has no home, a name may hold a zero
        why = getattr(problem, "strerror", None) or str(problem)
    spare = _spare_home()
    notice(
        f"seqlib cannot use {f'SEQLIB_HOME={asked}' if asked else 'the folder .seqlib of your account'} ({why}): "
        f"progress and checkpoints go to {spare} instead, which may not outlive this machine's next start."
    )
    return spare


@cache
def notice(text: str) -> None:
    """Print a line, once in a process. Not to stderr: nbgrader takes what a test cell writes there for a failure."""
    print(text, flush=True)


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

    OSError if the disk is full or read-only; what was there then stays. What killed writers have left is `sweep`'s:
    it looks through the whole folder, which takes longer than the writing where there are thousands of files.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            _alone(file)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def sweep(folder: Path, name: str = "*") -> None:
    """Remove what writers of `name` (any file, by default) that were killed have left in this folder.

    A writer at work holds a lock on its part, which the system takes back when it dies; one second is left for it to
    come to the lock. On Windows an open file cannot be removed.
    """
    for part in folder.glob(f".{glob.escape(name) if name != '*' else name}.*.part"):
        try:
            if time.time() - part.stat().st_mtime > 1:
                with open(part, "r+b") as file:
                    free = _alone(file)
                if free:
                    part.unlink()
        except OSError:
            continue


def _alone(file) -> bool:
    """Lock a file that is open, until it is closed; False if somebody else has locked it."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return True
    except OSError:
        return False
    return True


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
        "bfloat16": quick_type(where) is torch.bfloat16,
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
