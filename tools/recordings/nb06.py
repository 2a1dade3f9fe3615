"""The recorded runs of notebook 06: recall against delay, altered GRUs, character models.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/06_gru.py.
"""

from itertools import product

from recordings import in_processes, notebook, recording

DELAYS = (10, 30, 60, 100, 200)
NAMES = (
    "train_text",
    "characters",
    "train_ids",
    "windows",
    "CharacterModel",
    "learn_characters",
    "GRU",
    "AlteredGRU",
    "ALTERED",
    "CELLS",
    "NETS",
    "SMALL",
    "hold",
    "recalled",
    "count",
    "allowed",
    "widths",
    "width_for",
    "step_seconds",
    "fastest",
)


@recording
def recall(command, seeds=(0, 1, 2, 3, 4)):
    """Accuracy against delay of RNN, LSTM and GRU at equal parameters, fresh and told to keep."""
    from seqlib.training import recorded

    nets = notebook("06", *NAMES)["NETS"]
    found = in_processes(_recall, list(product(nets, DELAYS, seeds)))
    results = {f"{net}, {delay}": [found[net, delay, seed] for seed in seeds] for net in nets for delay in DELAYS}
    recorded.record(
        "06_recall",
        {},
        results=results,
        seeds=seeds,
        unit="accuracy",
        command=command,
        what="Recall accuracy at about 6,120 parameters after 200 batches of 32, by delay",
    )


def _recall(job):
    (net, delay, seed), here = job, notebook("06", *NAMES)
    return here["recalled"](here["NETS"][net], here["SMALL"][net], delay, seed, steps=200)


@recording
def ablations(command, seeds=(0, 1, 2)):
    """The GRU with a gate removed or moved, on recall and on characters."""
    from seqlib.training import recorded

    jobs = list(product(("recall", "characters"), notebook("06", *NAMES)["ALTERED"], seeds))
    found = in_processes(_altered, jobs)
    results = {f"{name}, {task}": [found[task, name, seed] for seed in seeds] for task, name, _ in jobs}
    recorded.record(
        "06_ablations",
        {},
        results=results,
        seeds=seeds,
        unit="accuracy; nats per character",
        command=command,
        what="GRUs with a gate removed or moved: recall over 30 blanks after 200 batches, characters after 300 steps",
    )


def _altered(job):
    (task, name, seed), here = job, notebook("06", *NAMES)

    def make(inputs, width):
        return here["AlteredGRU"](inputs, width, **here["ALTERED"][name])

    if task == "recall":
        return here["recalled"](lambda inputs, width: here["hold"](make(inputs, width)), 39, 30, seed, steps=200)
    model, _ = here["learn_characters"](make, here["widths"]["GRU"], seed, 300, name=f"{name}, seed {seed}")
    return here["nll"](model, here["windows"])


@recording
def characters(command, seeds=(0, 1, 2)):
    """Nats per character of RNN, LSTM and GRU at equal parameters, after equal steps and after equal seconds."""
    import numpy as np
    import torch

    from seqlib.training import recorded

    here, results, cost = notebook("06", *NAMES), {}, {}
    trained = in_processes(_characters, list(product(_nets(), seeds)))
    torch.manual_seed(0)
    models = {
        name: here["CharacterModel"](make(32, width), here["characters"].size)
        for name, (make, width) in _nets().items()
    }
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
    recorded.record(
        "06_characters",
        histories,
        results=results,
        seeds=seeds,
        unit="nats per character",
        command=command,
        what=f"Character models of Python's source, {STEPS} steps of 32 windows of 64",
    )


STEPS = 1000


def _nets() -> dict:
    """{name: (what makes the layer, its width)} of the networks that are compared on characters."""
    here = notebook("06", *NAMES)
    nets = {name: (make, here["widths"][name]) for name, (make, *_) in here["CELLS"].items()}
    return nets | {"GRU at the LSTM's width": (here["GRU"], here["widths"]["LSTM"])}


def _characters(job):
    (name, seed), here = job, notebook("06", *NAMES)
    make, width = _nets()[name]

    def evaluate(model):
        return {"nats": here["nll"](model, here["windows"])}

    _, history = here["learn_characters"](make, width, seed, STEPS, every=50, evaluate=evaluate, name=f"{name}, {seed}")
    return history, history.series("nats")
