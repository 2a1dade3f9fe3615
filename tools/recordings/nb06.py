"""The recorded runs of notebook 06: altered GRUs, character models.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/06_gru.py.
"""

from itertools import product

from recordings import in_processes, notebook, recording

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
    "LSTM",
    "width_for",
    "step_seconds",
    "fastest",
)


RATES = {"RNN": (1e-3, 3e-3, 1e-2), "LSTM": (1e-2, 3e-2, 1e-1), "GRU": (3e-3, 1e-2, 3e-2)}


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
    """Nats per character at equal parameters, each at its own best rate, after equal steps and after equal seconds."""
    import time

    import numpy as np

    from recordings import best_of
    from seqlib.training import recorded

    here, results, cost, histories = notebook("06", *NAMES), {}, {}, {}
    models, rates = {}, {}
    for name in _nets():
        tried = [rates[SIBLING[name]]] if name in SIBLING else RATES[name]
        rate, told, runs = best_of(
            tried, seeds, lambda seed, rate, name=name: _characters(name, seed, rate), lambda run: run[1].last(50)
        )
        rates[name], models[name], histories[name] = rate, runs[0][0], [history for _, history in runs]
        results |= {f"{name}, seed 0 at rate {each:g}": [loss] * len(seeds) for each, loss in told.items()}
        results[f"{name}, rate"] = [rate] * len(seeds)
        print(f"{name}: rate {rate}, done", flush=True)
    clocks = [here["step_seconds"](models, 15, clock=time.process_time) for _ in seeds]
    for name in _nets():
        results[f"{name}, seconds per step"] = [clock[name] for clock in clocks]
        cost[name] = min(results[f"{name}, seconds per step"])
    limit = STEPS * min(cost.values())
    for name in _nets():
        series = [history.series("nats") for history in histories[name]]
        results[f"{name}, nats at equal steps"] = [nats[-1] for _, nats in series]
        results[f"{name}, nats at four fifths"] = [np.interp(0.8 * STEPS, *one) for one in series]
        results[f"{name}, nats at equal seconds"] = [np.interp(limit / cost[name], *one) for one in series]
    recorded.record(
        "06_characters",
        histories,
        results=results,
        seeds=seeds,
        unit="nats per character",
        command=command,
        what=f"Character models of Python's source, {STEPS} steps of 32 windows of 64, AdamW at the best of 3 rates "
        "(the training loss of seed 0 chose it), seconds of processor",
    )


STEPS = 600
SIBLING = {"GRU at the LSTM's width": "GRU", "LSTM, forget bias 0": "LSTM"}  # these take the rate of the other


def _nets() -> dict:
    """{name: (what makes the layer, its width)} of the networks that are compared on characters."""
    here = notebook("06", *NAMES)
    nets = {name: (make, here["widths"][name]) for name, (make, *_) in here["CELLS"].items()}
    more = {
        "GRU at the LSTM's width": (here["GRU"], here["widths"]["LSTM"]),
        "LSTM, forget bias 0": (lambda inputs, width: here["LSTM"](inputs, width, forget_bias=0.0), nets["LSTM"][1]),
    }
    return nets | more


def _characters(name, seed, rate):
    """The trained model, and its history with the held-out loss every 100 steps."""
    here = notebook("06", *NAMES)
    make, width = _nets()[name]

    def evaluate(model):
        return {"nats": here["nll"](model, here["windows"])}

    return here["learn_characters"](
        make, width, seed, STEPS, lr=rate, every=100, evaluate=evaluate, name=f"{name}, seed {seed} at {rate:g}"
    )
