"""The recorded runs of notebook 10: the bottleneck, the width of the context, SCAN."""

from recordings import at_best_rate, recording

SEEDS = (0, 1, 2)
WIDTHS = (4, 8, 16, 32, 64)
RATES, LONGER = (2e-3, 4e-3, 8e-3), 1600


def _run(task, seed: int, steps: int, loss=None, name="number words", **options):
    """Train the recurrent pair on a task: the history, the model, and percent right of each group."""
    import torch

    from seqlib.studies.translating_numbers import recurrent_pair

    torch.manual_seed(seed)
    model = recurrent_pair(task, **options)
    history = task.train(model, steps, loss=loss, name=name)
    return history, model, task.exact_match(model)


def _gather(results: dict, label: str, found: dict) -> None:
    """Append one seed's exact matches to results["label, group"]."""
    for group, percent in found.items():
        results.setdefault(f"{label}, {group}", []).append(percent)


@recording
def bottleneck(command):
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import STEPS, number_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = {}, {"one context": [], "one context, reversed source": []}
    for seed in SEEDS:
        task = number_task(seed)
        _gather(results, "word for word", task.word_for_word())
        for label, each in zip(curves, (task, task.reversed()), strict=True):
            history, model, found = _run(each, seed, budget(cpu=STEPS))
            curves[label].append(history)
            _gather(results, label, found)
        results.setdefault("parameters", []).append(sum(p.numel() for p in model.parameters()))
        results.setdefault("steps", []).append(budget(cpu=STEPS))
    recorded.record(
        "10_bottleneck",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        what="A GRU encoder and decoder of 128 units, one context vector between them, translate runs of 1 to "
        "5 numbers below 100 from English to German; percent without a mistake for each number of "
        "numbers, with the source as it is and reversed.",
    )


@recording
def width(command):
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import STEPS, number_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = {}, {f"context {width}": [] for width in WIDTHS}
    for seed in SEEDS:
        task = number_task(seed)
        for label, size in zip(curves, WIDTHS, strict=True):
            history, _, found = _run(task, seed, budget(cpu=STEPS), context_size=size)
            curves[label].append(history)
            _gather(results, label, found)
    recorded.record(
        "10_width",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        what="The pair of 10_bottleneck; only the first 4 … 64 numbers of the state go on.",
    )


@recording
def scan(command):
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import scan_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves, steps = {}, {"simple": [], "length": []}, budget(cpu=1200, gpu=6000)
    for seed in SEEDS:
        for split in curves:
            history, _, found = _run(scan_task(split, seed=seed), seed, steps, name=f"SCAN, {split}")
            curves[split].append(history)
            _gather(results, split, found)
        results.setdefault("steps", []).append(steps)
    recorded.record(
        "10_scan",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        what="The pair of 10_bottleneck on SCAN's simple and length splits, percent of commands without a "
        "mistake, 500 drawn from each part.",
    )


def number_words_at_best(results: dict, label: str, make, turned: bool = False) -> list:
    """Number words with every rate (seed 0), then three seeds with the best of them, by new pairs no test holds.

    make(task) gives a model. Percent right of each number of numbers goes to results["label, n"], what the rates were
    chosen by beside it. Returns [(task, model, history) of each seed].
    """
    import torch

    from seqlib.data.number_words import number_pairs
    from seqlib.studies.translating_numbers import BELOW, TRAINED_ON, backwards, forced_loss, number_task

    def run(rate, seed):
        task = number_task(seed).reversed() if turned else number_task(seed)
        torch.manual_seed(seed)
        model = make(task)
        return task, model, task.train(model, LONGER, lr=rate, name=f"{label}, seed {seed}, rate {rate:g}")

    def new_pairs(found):
        task, model, _ = found
        pairs = number_pairs(400, TRAINED_ON, BELOW, "de", seed=70_000 + task.seed)
        with torch.no_grad():
            return forced_loss(model, task.batch([backwards(pair) for pair in pairs] if turned else pairs)).item()

    told, runs = at_best_rate(results, label, RATES, run, new_pairs, seeds=SEEDS)
    for each, nats in told.items():
        results[f"{label}, nats at rate {each:g}"] = [nats] * len(SEEDS)
    for task, model, _ in runs:
        _gather(results, label, task.exact_match(model))
        results.setdefault(f"{label}, parameters", []).append(sum(p.numel() for p in model.parameters()))
    return runs


@recording
def rates(command):
    """One vector, the source as it is and turned round, each at its best rate; a beam beside greedy decoding."""
    import numpy as np
    import torch

    from seqlib.data.pairs import END, START
    from seqlib.models.generate import beam_search, until_end
    from seqlib.studies.translating_numbers import recurrent_pair
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = {}, {}
    for label, turned in (("one context", False), ("one context, reversed source", True)):
        runs = number_words_at_best(results, label, recurrent_pair, turned)
        curves[label] = [history for _, _, history in runs]
        if turned:
            continue
        for task, model, _ in runs:
            start, end = (task.target_vocabulary.id(mark) for mark in (START, END))
            model.eval()
            for numbers in (3, 4, 5):
                pairs = task.test_pairs[numbers]
                begun = model.begin(task.batch(pairs)[0])
                tokens, _ = beam_search(model.step, begun, start, end, task.max_steps, 8)
                said = [tuple(task.target_vocabulary.decode(ids)) for ids in until_end(tokens, end)]
                right = [words == pair.target for words, pair in zip(said, pairs, strict=True)]
                results.setdefault(f"beam of 8, {numbers}", []).append(100 * float(np.mean(right)))
    recorded.record(
        "10_rates",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        what=f"The pair of 10_bottleneck, {LONGER:,} steps, the source as it is and reversed, each at the best of "
        f"{len(RATES)} rates or more by new pairs (seed 0); percent without a mistake, greedily and with a beam of 8.",
    )
