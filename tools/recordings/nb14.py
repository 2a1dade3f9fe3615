"""The recorded runs of notebook 14: the ladder, ablations, warm-up, label smoothing, dates, Multi30k.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/14_transformer.py; the
models are seqlib's, which a test proves to be the notebook's.
"""

import time
from functools import partial

from recordings import at_best_rate, notebook, recording

SEEDS = (0, 1, 2)
NAMES = (
    "task",
    "sizes",
    "short",
    "begin",
    "ablated",
    "runs_right",
    "smooth",
    "dates",
    "new_dates",
    "date_words",
    "date_model",
    "dates_right",
)
RATES = (2e-3, 4e-3, 8e-3)
LADDER_SECONDS = (8, 24)


def rungs(sizes) -> dict:
    """The models of the ladder, about 140,000 parameters each."""
    from seqlib.models.attention import GeneralScore
    from seqlib.models.seq2seq import AttentionDecoder, AttentionSeq2Seq, Decoder, Encoder, Seq2Seq
    from seqlib.models.transformer import Transformer

    V, W = sizes

    def pair(layer, H):
        return lambda: Seq2Seq(Encoder(V, 32, H, layer), Decoder(W, 32, H, H, layer))

    return {
        "RNN": pair("rnn", 195),
        "LSTM": pair("lstm", 100),
        "GRU": pair("gru", 122),
        "GRU, attention": lambda: AttentionSeq2Seq(
            Encoder(V, 32, 104), AttentionDecoder(W, 32, 104, 104, GeneralScore(104, 104))
        ),
        "Transformer": lambda: Transformer(V, W, 48, 4, 2),
    }


def seconds_per_step(task, make, steps=30) -> float:
    """What one training step takes, after the first ones: the quicker of two rounds."""
    task.train(make(), steps=5, name="first steps")
    took = []
    for _ in range(2):
        began = time.process_time()
        task.train(make(), steps=steps, name="the clock")
        took.append((time.process_time() - began) / steps)
    return min(took)


def nats_of_new_runs(task, model) -> float:
    """Nats per word of number runs that neither training nor test holds."""
    import torch

    from seqlib.data.number_words import number_pairs
    from seqlib.studies.translating_numbers import BELOW, TRAINED_ON, forced_loss

    pairs = number_pairs(400, TRAINED_ON, BELOW, "de", seed=70_000 + task.seed)
    with torch.no_grad():
        return forced_loss(model, task.batch(pairs)).item()


@recording
def ladder(command):
    """Five models at their best rates, with two budgets of seconds, three seeds."""
    import torch

    from seqlib.training import recorded

    torch.set_num_threads(1)
    task, sizes = (notebook("14", *NAMES)[name] for name in ("task", "sizes"))
    results, curves = {}, {}
    for name, make in rungs(sizes).items():
        pace = seconds_per_step(task, make)
        for seconds in LADDER_SECONDS:
            steps, label = int(seconds / pace), f"{name}, {seconds} s"

            def run(rate, seed, make=make, steps=steps, label=label):
                torch.manual_seed(seed)
                model, began = make(), time.process_time()
                history = task.train(model, steps=steps, lr=rate, name=f"{label}, rate {rate:g}, seed {seed}")
                return model, history, time.process_time() - began

            _, runs = at_best_rate(
                results, label, RATES, run, lambda made: nats_of_new_runs(task, made[0]), seeds=SEEDS
            )
            for model, history, spent in runs:
                found = task.exact_match(model)
                told = {f"{label}, {count} numbers": percent for count, percent in found.items()}
                told[f"{label}, 1 to 5 numbers"] = sum(found[count] for count in range(1, 6)) / 5
                told |= {f"{label}, steps": steps, f"{label}, seconds": spent, f"{label}, last loss": history.last()}
                for what, value in told.items():
                    results.setdefault(what, []).append(float(value))
                if seconds == LADDER_SECONDS[-1]:
                    curves.setdefault(name, []).append(history)
        results[f"{name}, parameters"] = [sum(p.numel() for p in model.parameters())] * len(SEEDS)
    recorded.record(
        "14_ladder",
        curves,
        results=results,
        seeds=SEEDS,
        command=command,
        unit="nats per word",
        what="RNN, LSTM, GRU, GRU with attention and Transformer on number runs, equal parameters, {} and {} seconds "
        "of processor time, each at its best rate by new runs; percent of runs without a mistake. Curves: the longer "
        "time".format(*LADDER_SECONDS),
    )


@recording
def ablations(command):
    """A small Transformer with each part taken out, at its best rate."""
    import torch

    from seqlib.data.number_words import number_pairs
    from seqlib.studies.translating_numbers import BELOW
    from seqlib.studies.what_each_part_does import PARTS
    from seqlib.training import recorded

    torch.set_num_threads(1)
    here, results = notebook("14", *NAMES), {}
    short, fresh = here["short"], {"new": number_pairs(400, (1, 3), BELOW, "de", seed=70_000)}
    for part in PARTS:

        def run(rate, seed, part=part):
            return here["ablated"](part, seed, lr=rate)

        # Judged by runs right, not by a loss: without the causal mask the loss is low and nothing is learned.
        judge = lambda made: short.exact_match(made[0], fresh)["new"]  # noqa: E731
        _, runs = at_best_rate(results, part, RATES, run, judge, max, SEEDS)
        for model, last in runs:
            results.setdefault(f"{part}, last loss", []).append(last)
            results.setdefault(f"{part}, percent right", []).append(here["runs_right"](model))
    recorded.record(
        "14_ablations",
        {},
        results=results,
        seeds=SEEDS,
        command=command,
        unit="percent right",
        what="Transformers of 2 + 2 layers, 32 wide, without one part, 250 batches of runs of 1 to 3 numbers, each at "
        "its best rate by new runs",
    )


@recording
def warmup(command):
    """Pre- and post-norm, with and without warm-up, at two learning rates."""
    from seqlib.training import recorded

    begin, curves = notebook("14", *NAMES)["begin"], {}
    for pre_norm in (True, False):
        for lr in (1e-3, 4e-3):
            for steps in (0, 60):
                label = f"{'pre' if pre_norm else 'post'}-norm, warm-up {steps}, rate {lr}"
                curves[label] = [begin(pre_norm, steps, lr, seed) for seed in SEEDS]
    recorded.record(
        "14_warmup",
        curves,
        results={},
        seeds=SEEDS,
        command=command,
        unit="nats per word",
        what="Transformers of 6 + 6 layers, 32 wide, on runs of 1 to 3 numbers, constant rate, no clipping",
    )


@recording
def smoothing(command):
    """Label smoothing: confidence and what is right."""
    from seqlib.training import recorded

    smooth, results = notebook("14", *NAMES)["smooth"], {}
    for epsilon in (0.0, 0.1, 0.3):
        for seed in SEEDS:
            told = zip(("confidence", "words right", "nats per word", "runs right"), smooth(epsilon, seed), strict=True)
            for what, value in told:
                results.setdefault(f"{epsilon}, {what}", []).append(float(value))
    recorded.record(
        "14_smoothing",
        {},
        results=results,
        seeds=SEEDS,
        command=command,
        unit="see each label",
        what="Transformers of 2 + 2 layers, 32 wide, trained with label smoothing on runs of 1 to 3 numbers",
    )


def pace_of(train, steps=30) -> float:
    """Seconds per step of train(steps)."""
    train(5)
    began = time.process_time()
    train(steps)
    return (time.process_time() - began) / steps


@recording
def dates(command, seconds=24):
    """Dates in sixteen languages: GRU pair with attention and Transformer, equal seconds, each at its best rate."""
    import torch

    from seqlib.data.pairs import pair_batch
    from seqlib.studies.translating_numbers import forced_loss
    from seqlib.studies.what_each_part_does import train_on
    from seqlib.training import recorded

    torch.set_num_threads(1)
    here, results, curves = notebook("14", *NAMES), {}, {}
    asked, judged = here["new_dates"][::2], here["new_dates"][1::2]
    for kind in ("GRU, attention", "Transformer"):

        def fit(steps, rate=4e-3, seed=0, kind=kind):
            torch.manual_seed(seed)
            model = here["date_model"](kind)
            name = f"{kind}, rate {rate:g}, seed {seed}"
            return model, train_on(model, here["dates"], here["date_words"], steps, lr=rate, seed=seed, name=name)

        def nats(made):
            with torch.no_grad():
                return forced_loss(made[0], pair_batch(judged, *here["date_words"])).item()

        steps = int(seconds / pace_of(fit))
        _, runs = at_best_rate(results, kind, RATES, partial(fit, steps), nats, seeds=SEEDS)
        for model, history in runs:
            told = {
                "percent right": here["dates_right"](model, asked),
                "steps": steps,
                "parameters": sum(p.numel() for p in model.parameters()),
            }
            for what, value in told.items():
                results.setdefault(f"{kind}, {what}", []).append(float(value))
            curves.setdefault(kind, []).append(history)
    recorded.record(
        "14_dates",
        curves,
        results=results,
        seeds=SEEDS,
        command=command,
        unit="nats per character",
        what=f"Dates in sixteen languages to ISO 8601, {seconds} seconds of processor time each, at the best rate by "
        "one half of the new days; percent of the other half without a mistake",
    )


@recording
def multi30k(command, steps=3200, trial=200):
    """The Transformer on captions, with the recipe of 11_translator: the same batches, steps and search for a rate."""
    from recordings.nb11 import record_translator
    from seqlib.studies.translating_better import transformer_translator

    record_translator(
        "14_multi30k",
        "Transformer",
        transformer_translator,
        command,
        steps,
        trial,
        rates=(5e-4, 1e-3, 2e-3),
        what="Captions of Multi30k, German to English: a Transformer of 3 + 3 layers, 256 wide, with the recipe of "
        "11_translator",
    )
