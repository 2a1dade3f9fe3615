"""How a notebook opens: threads, seeds and figures set up; and a card that says whether this machine is ready."""

import os
import shutil
import sys

from seqlib.display import html
from seqlib.runtime import (
    asked_threads,
    budget_name,
    device,
    home,
    machine,
    processors,
    seed_everything,
    version,
    where,
)

MIN_PYTHON, MIN_TORCH, MIN_MEMORY, MIN_DISK = (3, 11), (2, 2), 1.5, 1.0  # memory and disk in GiB


# NumPy's products are small in these notebooks: threads of its own would wait longer than they work.
CALM_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
_opened: list[str] = []  # the notebooks that setup cells have named in this kernel


def setup(notebook: str, threads: int = 1) -> None:
    """Get one notebook ready: threads, seeds 0, the figures' style, and one line that says where it runs.

    On a CPU one thread is quickest for most of these small products; `train` tries more while it trains, and a notebook
    with larger ones asks for them. `SEQLIB_THREADS` fixes the number, there too. Call it before NumPy is imported,
    which reads its setting then.
    ValueError where `SEQLIB_THREADS` is no whole number from 1.
    """
    _opened.append(notebook)
    _errors_speak_again()
    for name, value in CALM_THREADS.items():
        os.environ.setdefault(name, value)
    import torch

    from seqlib.display import figures

    if device().type == "cpu":
        torch.set_num_threads(asked_threads() or threads)
    seed_everything(0)
    figures.style()
    torch_version = torch.__version__.partition("+")[0]
    print(f"{notebook} · seqlib {version()} · torch {torch_version} · {where()} · budget {budget_name()}")


def _errors_speak_again() -> None:
    """Take back what a setup cell that failed has left: its explanation in the place of every later error."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "custom_exceptions", ()) == (Exception,):
        shell.set_custom_exc((), None)


def opened() -> str:
    """The notebook that this kernel runs, such as "05_lstm", as its setup cell named it; "" where none did."""
    return _opened[-1] if _opened else ""


def memory() -> float | None:
    """Memory of this machine in GiB, or what the container it runs in may use; None where nothing tells."""
    found = []
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            found.append(int(next(line for line in lines if line.startswith("MemTotal")).split()[1]) / 2**20)
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            found.append(int(limit.read()) / 2**30)
    except (OSError, ValueError, StopIteration):
        pass
    return min(found, default=None)


def facts() -> list[tuple[str, str, bool]]:
    """(what, found, whether that is enough), a row each."""
    here, space, free = machine(), memory(), shutil.disk_usage(home()).free / 2**30
    torch_version = tuple(int(part) for part in here["torch"].partition("+")[0].split(".")[:2])
    return [
        ("Python", here["python"], sys.version_info >= MIN_PYTHON),
        ("PyTorch", here["torch"].partition("+")[0], torch_version >= MIN_TORCH),
        ("NumPy", here["numpy"], True),
        ("Device", where(), True),
        ("Threads", *_threads(here["threads"])),
        ("Budget", budget_name(), True),
        (
            "Memory",
            "not known" if space is None else f"{space:.1f} GiB",
            space is None or space >= MIN_MEMORY,
        ),
        ("Free disk", f"{free:.0f} GiB", free >= MIN_DISK),
        ("Arithmetic", *_arithmetic()),
    ]


def _threads(used: int) -> tuple[str, bool]:
    """The threads that arithmetic takes now, which `setup` set, beside the processors there are for them."""
    there = processors()
    said = f"{used} on {there} processor{'' if there == 1 else 's'}"
    if used > there:
        return f"{said}: set SEQLIB_THREADS to {there} or fewer", False
    fixed = asked_threads() or there == 1
    return said if fixed else f"{said}; training tries more and keeps what is faster, SEQLIB_THREADS fixes them", True


def _arithmetic() -> tuple[str, bool]:
    """Whether a product on the device equals the same product in NumPy."""
    import numpy as np
    import torch

    a, b = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    there = (torch.from_numpy(a).to(device()) @ torch.from_numpy(b).to(device())).cpu().numpy()
    error = float(abs(there - a @ b).max())
    return (
        "a matrix product agrees with NumPy" if error < 1e-3 else f"a matrix product is off by {error:.2g}"
    ), error < 1e-3


class Ready:
    """The facts as a card, one green line on top where all is well; as text elsewhere."""

    def __init__(self):
        self.facts = facts()
        self.lacking = [what for what, _, enough in self.facts if not enough]
        self.title = "This machine is ready" if not self.lacking else f"Not enough: {', '.join(self.lacking)}"

    def __repr__(self):
        return "\n".join(
            [
                self.title,
                *(f"  {'✓' if enough else '✗'} {what}: {found}" for what, found, enough in self.facts),
            ]
        )

    def _repr_html_(self):
        rows = [["✓" if enough else "✗", what, found] for what, found, enough in self.facts]
        return html.card(
            "ok" if not self.lacking else "wrong",
            self.title,
            html.table(["", "", "found here"], rows),
            word="all found" if not self.lacking else "look here",
        )


def ready() -> Ready:
    """Look at this machine: versions, device, memory, disk, and one product of matrices."""
    return Ready()
