"""The recorded runs of notebook 05: recall, forget biases, the adding problem, colours.

The code that trains is the notebook's own, or what it imports: definitions are read from solutions/05_lstm.py.
"""

from recordings import notebook, recording

SEEDS = (0, 1, 2)
DELAYS = (10, 25, 50, 100, 200, 400)
KINDS = ("RNN", "LSTM, forget bias 1", "LSTM, remember_for")


def _layer(kind: str, inputs: int, hidden: int, steps: int):
    """A fresh layer of KINDS; the LSTM has the parameters of an RNN of 64 units when hidden is about 30."""
    from seqlib.models.layers import LSTM, RNN, remember_for

    if kind == "RNN":
        return RNN(inputs, 64)
    return remember_for(LSTM(inputs, hidden), steps) if kind == KINDS[2] else LSTM(inputs, hidden)


def _set_biases(layer, forget: float, both: bool):
    """The forget gates begin at `forget`, the input gates at its negative if `both`."""
    import torch

    size = len(layer.W_hh)
    with torch.no_grad():
        layer.b_h[size : 2 * size] = forget
        layer.b_h[:size] = -forget if both else 0.0
    return layer


def _quick() -> None:
    """Small layers are quickest on one thread."""
    import torch

    torch.set_num_threads(1)


@recording
def recall(command):
    import torch

    from seqlib.runtime import budget
    from seqlib.training import recorded

    _quick()
    results, curves = {}, {kind: [] for kind in KINDS}
    for kind in KINDS:
        for delay in DELAYS:
            for seed in SEEDS:
                torch.manual_seed(seed)
                layer = _layer(kind, 10, 30, delay)
                history, right = notebook("05")["train_recall"](layer, delay, seed, steps=budget(cpu=300))
                results.setdefault(f"{kind}, delay {delay}", []).append(right)
                curves[kind] += [history] if delay == 200 else []
    recorded.record(
        "05_recall",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats",
        command=command,
        what="Percent right in recall after 300 batches of 32 at about 5,300 parameters, by delay; curves: 200",
    )


@recording
def forget_bias(command):
    import torch

    from seqlib.models.layers import LSTM
    from seqlib.runtime import budget
    from seqlib.training import recorded

    _quick()
    results = {}
    for both in (False, True):
        for bias in (0, 1, 2, 4, 6):
            for delay in (50, 200):
                for seed in SEEDS:
                    torch.manual_seed(seed)
                    layer = _set_biases(LSTM(10, 30), bias, both)
                    _, right = notebook("05")["train_recall"](layer, delay, seed, steps=budget(cpu=300))
                    label = f"{'both gates' if both else 'forget gate alone'} {bias}, delay {delay}"
                    results.setdefault(label, []).append(right)
    recorded.record(
        "05_forget_bias",
        {},
        results=results,
        seeds=SEEDS,
        unit="percent right",
        command=command,
        what="Percent right in recall, by the bias that forget gates (and input gates) begin with",
    )


@recording
def adding(command):
    import torch

    from seqlib.runtime import budget
    from seqlib.training import recorded

    _quick()
    results, curves = {}, {}
    for kind in KINDS:
        for seed in SEEDS:
            torch.manual_seed(seed)
            history, error = notebook("05")["train_adding"](_layer(kind, 2, 31, 100), 100, seed, steps=budget(cpu=400))
            results.setdefault(kind, []).append(error)
            curves.setdefault(kind, []).append(history)
    recorded.record(
        "05_adding",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error",
        command=command,
        what="The adding problem over 100 steps, 400 batches of 32, at about 4,400 parameters",
    )


@recording
def colours(command):
    import numpy as np
    import torch

    from seqlib.data.syntax import CHARACTERS, CLASSES, python_source
    from seqlib.metrics import accuracy, macro_f1
    from seqlib.models.layers import LSTM, RNN
    from seqlib.runtime import budget
    from seqlib.studies.colouring_python import Colourer, Window, accuracy_by_distance, read_through, train_colours
    from seqlib.training import recorded

    edges, size, results, curves = [0, 8, 32, 128, 512, 2048], len(CHARACTERS), {}, {}
    train_source, test_source = python_source(np.random.default_rng(0))
    models = {
        "window of 9": (lambda: Window(48), 1e-2),
        "RNN": (lambda: Colourer(RNN(size, 159)), 3e-3),
        "LSTM": (lambda: Colourer(LSTM(size, 64)), 1e-2),
        "LSTM without a forget gate": (lambda: Colourer(notebook("05")["Held"](LSTM(size, 64), {"f": 1.0})), 1e-2),
    }
    for name, (make, lr) in models.items():
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = make()
            history = train_colours(model, train_source, steps=budget(cpu=400), lr=lr, seed=seed)
            said, labels, depth = read_through(model, test_source)
            state = getattr(model, "state", None)
            told = {
                "accuracy": accuracy(said, labels),
                "macro-F1": macro_f1(said, labels, len(CLASSES)),
                "parameters": sum(p.numel() for p in model.parameters()),
                "size of c": float(state[1].abs().mean()) if isinstance(state, tuple) else 0.0,
            }
            told |= dict(
                zip((f"from {low}" for low in edges), accuracy_by_distance(said == labels, depth, edges), strict=False)
            )
            for what, value in told.items():
                results.setdefault(f"{name}, {what}", []).append(float(value))
            curves.setdefault(name, []).append(history)
    recorded.record(
        "05_colours",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats per character",
        command=command,
        what="Colouring Python, 400 pieces of 32 × 128 characters; tested on other modules",
    )
