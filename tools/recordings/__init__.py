"""Long training runs that notebooks lay beside their live one: a module a notebook, a function a recording.

The code that runs is the notebook's own: its definitions are read from solutions/NN_name.py, so a recorded run and a
live one cannot come apart. `python tools/record_runs.py` calls them.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from pkgutil import iter_modules

from course.sources import namespace, source_of

RECORDINGS: dict[str, Callable[[str], None]] = {}


def recording(function: Callable[[str], None]):
    """Register a function of nbNN.py that makes data/runs/NN_NAME.json, NAME being its own name."""
    number = function.__module__.rpartition("nb")[2]
    RECORDINGS[f"{number}_{function.__name__}"] = function
    return function


def discover() -> dict[str, Callable[[str], None]]:
    """Every recording of every module, by name."""
    for module in sorted(m.name for m in iter_modules([str(Path(__file__).parent)])):
        import_module(f"{__name__}.{module}")
    return RECORDINGS


@cache
def notebook(number: str, *also: str) -> dict:
    """The functions, classes and plain values that a notebook ("06") defines, and the names in `also`, which cost a
    little to make; nothing is trained."""
    import torch

    torch.set_num_threads(1)  # quickest for small layers, and the same everywhere
    return dict(namespace(source_of(number), also))


def in_processes(work: Callable, jobs: Iterable) -> dict:
    """{job: work(job)} on every core, in processes that start afresh: torch does not survive a fork."""
    jobs = list(jobs)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return dict(zip(jobs, pool.map(work, jobs), strict=True))
