"""The recorded runs of notebook 05: forget biases, recall, the adding problem, colours.

Adding trains many networks side by side, at each rate and seed; forget biases and colours run the notebook's
own functions, read from solutions/05_lstm.py.
"""

from recordings import notebook, recording

SEEDS = (0, 1, 2)
KINDS = ("RNN", "LSTM, forget bias 1", "LSTM, remember_for")
RATES = {"RNN": (3e-4, 1e-3, 3e-3, 1e-2)} | dict.fromkeys(KINDS[1:], (3e-3, 1e-2, 3e-2, 1e-1))
WIDE = 30  # an LSTM as large as an RNN of 64 units, with 10 inputs and 8 outputs
ADDING_STEPS = {"RNN": 3000, KINDS[1]: 2000, KINDS[2]: 600}


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
def recall(command):
    """Both LSTMs climb 04's ladder at the parameters of an RNN of 64: four rates, five seeds, each delay."""
    from seqlib.studies.recall_ladder import SEEDS, STEPS, climb
    from seqlib.training import recorded

    _quick()
    results = {}
    for kind in KINDS[1:]:
        results |= climb(
            kind,
            lambda seed, delay, kind=kind: _layer(kind, 10, WIDE, delay),
            RATES[kind],
            delays=(20, 40, 80),
            seeds=SEEDS,
            whole=True,
        )
        print(f"{kind}: done", flush=True)
    recorded.record(
        "05_recall",
        {},
        results=results,
        seeds=SEEDS,
        unit="share of symbols recalled",
        command=command,
        what=f"LSTMs of {WIDE} units, as large as an RNN of 64, recall one of 8 symbols after a delay: {STEPS} batches "
        "of 32, Adam at each of 4 learning rates",
    )


@recording
def adding(command):
    """Three networks at about 4,400 parameters, four rates and three seeds each, trained side by side."""
    from types import SimpleNamespace

    import numpy as np
    import torch

    from seqlib.studies.how_far_back import adding_batch
    from seqlib.studies.recall_ladder import Recaller
    from seqlib.studies.side_by_side import train_side_by_side
    from seqlib.training import recorded

    def squares(model, batch):
        return (model(batch[0])[:, 0] - batch[1]).square().mean()

    def batches(step, size=32):
        drawn = [adding_batch(np.random.default_rng([seed, step]), size, 100) for seed in SEEDS]
        copies = len(RATES["RNN"])  # a model for each rate
        return tuple(torch.stack(parts).repeat(copies, *[1] * parts[0].ndim) for parts in zip(*drawn, strict=True))

    _quick()
    results, curves = {}, {}
    for kind, rates in RATES.items():
        models = []
        for seed in SEEDS * len(rates):
            torch.manual_seed(seed)
            models.append(Recaller(_layer(kind, 2, 31, 100), outputs=1))
        steps = ADDING_STEPS[kind]
        losses = train_side_by_side(
            models, batches, steps, np.repeat(rates, len(SEEDS)), loss=squares, optimizer=torch.optim.AdamW
        )
        x, y = batches(10**6, size=500)
        with torch.no_grad():
            errors = [squares(model, (x[n], y[n])).nan_to_num(nan=99.0).item() for n, model in enumerate(models)]
        ends = losses[-100:].mean(dim=0).nan_to_num(nan=99.0).reshape(len(rates), len(SEEDS))
        for k, rate in enumerate(rates):
            results[f"{kind}, rate {rate:g}"] = errors[3 * k : 3 * k + 3]
            results[f"{kind}, rate {rate:g}, loss"] = ends[k].tolist()
        best = int(ends.mean(dim=1).argmin())
        curves[kind] = [SimpleNamespace(losses=losses[:, n].tolist()) for n in range(3 * best, 3 * best + 3)]
        print(f"{kind}: done", flush=True)
    recorded.record(
        "05_adding",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error",
        command=command,
        what="The adding problem over 100 steps at about 4,400 parameters: AdamW at each of 4 rates, batches of 32, "
        + ", ".join(f"{kind} {steps:,} steps" for kind, steps in ADDING_STEPS.items())
        + "; curves at the rate whose loss ended lowest",
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
