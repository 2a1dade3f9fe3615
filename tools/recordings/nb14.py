"""The recorded runs of notebook 14: the ladder, ablations, warm-up, label smoothing, dates, Multi30k.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/14_transformer.py; the
models are seqlib's, which a test proves to be the notebook's.
"""

import time

from recordings import notebook, recording

SEEDS = (0, 1, 2)
NAMES = (
    "task",
    "sizes",
    "short",
    "begin",
    "ablated",
    "smooth",
    "dates",
    "new_dates",
    "date_words",
    "date_model",
    "dates_right",
    "translator",
    "bleu",
)


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


@recording
def ladder(command):
    """Five models, 4 and 12 seconds, three seeds."""
    import torch

    from seqlib.training import recorded

    task, sizes = (notebook("14", *NAMES)[name] for name in ("task", "sizes"))
    results, curves = {}, {}
    for name, make in rungs(sizes).items():
        pace = seconds_per_step(task, make)
        for seconds in (4, 12):
            steps = int(seconds / pace)
            for seed in SEEDS:
                torch.manual_seed(seed)
                model = make()
                began = time.process_time()
                history = task.train(model, steps=steps, name=f"{name}, {seconds} s")
                spent = time.process_time() - began
                found = task.exact_match(model).items()
                told = {f"{seconds} s, {count} numbers": percent for count, percent in found}
                told |= {f"{seconds} s, steps": steps, f"{seconds} s, last loss": history.last()}
                told |= {f"{seconds} s, seconds": spent}
                told |= {"parameters": sum(p.numel() for p in model.parameters())} if seconds == 12 else {}
                for what, value in told.items():
                    results.setdefault(f"{name}, {what}", []).append(float(value))
                if seconds == 12:
                    curves.setdefault(name, []).append(history)
    recorded.record(
        "14_ladder",
        curves,
        results=results,
        seeds=SEEDS,
        command=command,
        unit="nats per word",
        what="RNN, LSTM, GRU, GRU with attention and Transformer on number runs, equal parameters, 4 and "
        "12 seconds of processor time; percent of runs without a mistake. Curves: 12 seconds",
    )


@recording
def ablations(command):
    """A small Transformer with each part taken out."""
    from seqlib.studies.what_each_part_does import PARTS
    from seqlib.training import recorded

    here, results = notebook("14", *NAMES), {}
    for part in PARTS:
        for seed in SEEDS:
            last, percent = here["ablated"](part, seed)
            results.setdefault(f"{part}, last loss", []).append(last)
            results.setdefault(f"{part}, percent right", []).append(percent)
    recorded.record(
        "14_ablations",
        {},
        results=results,
        seeds=SEEDS,
        command=command,
        unit="percent right",
        what="Transformers of 2 + 2 layers, 32 wide, without one part, 250 batches of runs of 1 to 3 numbers",
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
def dates(command, seconds=10):
    """Dates in sixteen languages: the GRU pair with attention and the Transformer, equal seconds."""
    import torch

    from seqlib.studies.what_each_part_does import train_on
    from seqlib.training import recorded

    here, results, curves = notebook("14", *NAMES), {}, {}
    for kind in ("GRU, attention", "Transformer"):

        def fit(steps, seed=0, kind=kind):
            torch.manual_seed(seed)
            model = here["date_model"](kind)
            return model, train_on(model, here["dates"], here["date_words"], steps, seed=seed, name=kind)

        steps = int(seconds / pace_of(fit))
        for seed in SEEDS:
            model, history = fit(steps, seed)
            told = {
                "percent right": here["dates_right"](model, here["new_dates"]),
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
        what="Dates in sixteen languages to ISO 8601, 10 seconds of processor time each, new days in the test",
    )


@recording
def multi30k(command, seconds=60):
    """German to English captions: both rivals for the same time; on a GPU for as many steps as published models had."""
    import torch

    from seqlib.data.multi30k import multi30k as captions
    from seqlib.data.pairs import pair_vocabularies
    from seqlib.runtime import budget, device
    from seqlib.studies.what_each_part_does import train_on
    from seqlib.training import recorded

    here, results, curves = notebook("14", *NAMES), {}, {}
    pairs, unseen = captions("train"), captions("test")
    words = pair_vocabularies(pairs, min_count=2)
    for kind in ("GRU, attention", "Transformer"):

        def fit(steps, kind=kind):
            torch.manual_seed(0)
            model = here["translator"](kind, words).to(device())
            rate = {"GRU, attention": 3e-3, "Transformer": 2e-3}[kind] if budget(cpu=1, gpu=2) == 1 else 1e-3
            return model, train_on(model, pairs, words, steps, lr=rate, size=budget(cpu=32, gpu=128), name=kind)

        steps = budget(cpu=max(1, int(seconds / pace_of(fit))), gpu=4000)
        model, history = fit(steps)
        told = {
            "BLEU": here["bleu"](model, unseen, words),
            "last loss": history.last(),
            "steps": steps,
            "parameters": sum(p.numel() for p in model.parameters()),
        }
        results |= {f"{kind}, {what}": [float(value)] for what, value in told.items()}
        curves[kind] = [history]
    recorded.record(
        "14_multi30k",
        curves,
        results=results,
        seeds=(0,),
        command=command,
        unit="nats per word",
        what="Multi30k, German to English, 60 seconds of processor time each; sacreBLEU on test 2016",
    )
