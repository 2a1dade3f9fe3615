"""The recorded runs of notebook 10: the bottleneck, the width of the context, SCAN."""

from recordings import recording

SEEDS = (0, 1, 2)
WIDTHS = (4, 8, 16, 32, 64)


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
