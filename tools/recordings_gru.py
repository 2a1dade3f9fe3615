"""The recorded runs of notebook 06: recall against delay, altered GRUs, character models. Called by record_runs.py.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/06_gru.py.
"""

import ast
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DELAYS = (10, 30, 60, 100, 200)
NAMES = {"train_text", "characters", "train_ids", "windows", "CharacterModel", "learn_characters", "GRU", "AlteredGRU",
         "ALTERED", "CELLS", "NETS", "SMALL", "hold", "recalled", "count", "allowed", "widths", "width_for",
         "step_seconds", "fastest"}  # fmt: skip


@cache
def definitions() -> dict:
    """Imports and the definitions named above, from the notebook's source; nothing is trained."""
    path, found = ROOT / "solutions" / "06_gru.py", {"__name__": "gru"}
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = {n.id for t in getattr(statement, "targets", ()) for n in ast.walk(t) if isinstance(n, ast.Name)}
        named = {getattr(statement, "name", ""), *targets} & NAMES
        if isinstance(statement, (ast.Import, ast.ImportFrom)) or named:
            exec(compile(ast.Module([statement], []), str(path), "exec"), found)
    return found


def in_processes(work, jobs) -> dict:
    """{job: work(job)} on every core, in processes that start afresh: torch does not survive a fork."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return dict(zip(jobs, pool.map(work, jobs), strict=True))


def recall(command, seeds=(0, 1, 2, 3, 4)):
    """Accuracy against delay of RNN, LSTM and GRU at equal parameters, fresh and told to keep."""
    from seqlib.training import recorded as runs

    nets = definitions()["NETS"]
    found = in_processes(_recall, list(product(nets, DELAYS, seeds)))
    results = {f"{net}, {delay}": [found[net, delay, seed] for seed in seeds] for net in nets for delay in DELAYS}
    runs.record(
        "06_recall",
        {},
        results=results,
        seeds=seeds,
        unit="accuracy",
        command=command,
        what="Recall accuracy at about 6,120 parameters after 200 batches of 32, by delay",
    )


def _recall(job):
    import torch

    torch.set_num_threads(1)
    (net, delay, seed), here = job, definitions()
    return here["recalled"](here["NETS"][net], here["SMALL"][net], delay, seed, steps=200)


def ablations(command, seeds=(0, 1, 2)):
    """The GRU with a gate removed or moved, on recall and on characters."""
    from seqlib.training import recorded as runs

    jobs = list(product(("recall", "characters"), definitions()["ALTERED"], seeds))
    found = in_processes(_altered, jobs)
    results = {f"{name}, {task}": [found[task, name, seed] for seed in seeds] for task, name, _ in jobs}
    runs.record("06_ablations", {}, results=results, seeds=seeds, unit="accuracy; nats per character", command=command,
                what="GRUs with a gate removed or moved: recall over 30 blanks after 200 batches, characters after "
                     "300 steps")  # fmt: skip


def _altered(job):
    import torch

    torch.set_num_threads(1)
    (task, name, seed), here = job, definitions()

    def make(inputs, width):
        return here["AlteredGRU"](inputs, width, **here["ALTERED"][name])

    if task == "recall":
        return here["recalled"](lambda inputs, width: here["hold"](make(inputs, width)), 39, 30, seed, steps=200)
    model, _ = here["learn_characters"](make, here["widths"]["GRU"], seed, 300, name=f"{name}, seed {seed}")
    return here["nll"](model, here["windows"])


def characters(command, seeds=(0, 1, 2)):
    """Nats per character of RNN, LSTM and GRU at equal parameters, after equal steps and after equal seconds."""
    import numpy as np
    import torch

    from seqlib.training import recorded as runs

    here, results, cost = definitions(), {}, {}
    trained = in_processes(_characters, list(product(_nets(), seeds)))
    torch.manual_seed(0)
    models = {name: here["CharacterModel"](make(32, width), here["characters"].size)
              for name, (make, width) in _nets().items()}  # fmt: skip
    clocks = [here["step_seconds"](models, 15) for _ in seeds]
    for name in _nets():
        results[f"{name}, seconds per step"] = [clock[name] for clock in clocks]
        cost[name] = min(results[f"{name}, seconds per step"])
    limit = STEPS * min(cost.values())
    for name in _nets():
        series = [trained[name, seed][1] for seed in seeds]
        results[f"{name}, nats at equal steps"] = [nats[-1] for _, nats in series]
        results[f"{name}, nats at equal seconds"] = [np.interp(limit / cost[name], *one) for one in series]
    histories = {name: [trained[name, seed][0] for seed in seeds] for name in _nets()}
    runs.record("06_characters", histories, results=results, seeds=seeds, unit="nats per character", command=command,
                what=f"Character models of Python's source, {STEPS} steps of 32 windows of 64")  # fmt: skip


STEPS = 1000


def _nets() -> dict:
    """{name: (what makes the layer, its width)} of the networks that are compared on characters."""
    here = definitions()
    nets = {name: (make, here["widths"][name]) for name, (make, *_) in here["CELLS"].items()}
    return nets | {"GRU at the LSTM's width": (here["GRU"], here["widths"]["LSTM"])}


def _characters(job):
    import torch

    torch.set_num_threads(1)
    (name, seed), here = job, definitions()
    make, width = _nets()[name]

    def evaluate(model):
        return {"nats": here["nll"](model, here["windows"])}

    _, history = here["learn_characters"](make, width, seed, STEPS, every=50, evaluate=evaluate, name=f"{name}, {seed}")
    return history, history.series("nats")


RECORDINGS = {"06_recall": recall, "06_ablations": ablations, "06_characters": characters}
