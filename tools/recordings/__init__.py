"""Long training runs that notebooks lay beside their live one: a module a notebook, a function a recording.

The code that runs is the notebook's own: its definitions are read from solutions/NN_name.py, so a recorded run and a
live one cannot come apart. `python tools/record_runs.py` calls them.
"""

from collections.abc import Callable, Iterable, Sequence
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


def swept(rates: Iterable[float], run: Callable, judge: Callable, best: Callable = min) -> tuple[float, dict, dict]:
    """Every rate tried: (the best one, {rate: judge of its run}, {rate: its run}).

    run(rate) trains; judge(run) is a number from data that no test touches, of which `best` (min or max) is wanted.
    """
    found = {rate: run(rate) for rate in rates}
    told = {rate: float(judge(each)) for rate, each in found.items()}
    return best(told, key=told.get), told, found


def until_inside(
    rates: Iterable[float],
    run: Callable,
    judge: Callable,
    best: Callable = min,
    more: int = 2,
    factor: float | None = None,
) -> tuple[float, dict, dict]:
    """`swept`, and on beyond the edge while the best rate lies there, `more` times at most.

    factor: from one rate to the next; by default that of the first two. Of equals the one nearest to the middle is the
    best.
    """
    tried = sorted(rates)
    factor = factor or tried[1] / tried[0]
    _, told, found = swept(tried, run, judge, best)
    for left in reversed(range(more + 1)):
        inward = sorted(tried, key=lambda rate: abs(tried.index(rate) - (len(tried) - 1) / 2))
        rate = best(inward, key=told.get)
        if tried[0] < rate < tried[-1] or not left:
            return rate, told, found
        beyond = float(f"{rate / factor if rate == tried[0] else rate * factor:.2g}")
        found[beyond] = run(beyond)
        told[beyond] = float(judge(found[beyond]))
        tried = sorted(told)


def best_of(
    rates: Iterable[float], seeds: Sequence[int], run: Callable, judge: Callable, best: Callable = min
) -> tuple[float, dict, list]:
    """The first seed with every rate, the others with the best: (rate, {rate: judge of its run}, [run of each seed]).

    run(seed, rate) trains; `judge` and `best` as in `swept`.
    """
    rate, told, first = swept(rates, lambda rate: run(seeds[0], rate), judge, best)
    return rate, told, [first[rate], *(run(seed, rate) for seed in seeds[1:])]


def at_best_rate(
    results: dict, label: str, rates: Iterable[float], run: Callable, judge: Callable, best=min, seeds=(0, 1, 2)
) -> tuple[dict, list]:
    """`until_inside` with the first seed, then every seed at the best rate: ({rate: its judge}, [run of each seed]).

    run(rate, seed) trains; `judge` and `best` as in `swept`. The best rate goes to `results`, and the lowest, the
    highest and the number of those tried, for whoever judges whether the search was fair.
    """
    rate, told, found = until_inside(rates, lambda rate: run(rate, seeds[0]), judge, best)
    results[f"{label}, rate"] = [rate] * len(seeds)
    results[f"{label}, rates tried"] = [min(told), max(told), len(told)]
    return told, [found[rate], *(run(rate, seed) for seed in seeds[1:])]
