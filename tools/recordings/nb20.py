"""The recorded runs of notebook 20: both strands, splice junctions, few labels, proteins.

The networks and how they are trained stand in seqlib.studies; what counts and sorts out is the notebook's own.
"""

from functools import cache

import numpy as np

from recordings import best_of, notebook, recording, swept

SEEDS = (0, 1, 2)
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
FEW = RATES[1:]  # where no verdict hangs on the rate


class Kept(dict):
    """{label: [a number for each seed]}."""

    def add(self, label: str, value) -> None:
        self.setdefault(label, []).append(float(value))


def one_thread():
    import torch

    torch.set_num_threads(1)
    return torch


def save(name, results, command, what, curves=None, unit="percent", seeds=SEEDS):
    from seqlib.training import recorded

    recorded.record(name, curves or {}, results=results, seeds=seeds, unit=unit, command=command, what=what)


def best_rate(results: Kept, label: str, rates, run, choose, test) -> dict:
    """Every rate with every seed; the best by its mean over the seeds, on data that no test touches.

    run(rate, seed) trains, choose(run, seed) and test(run, seed) are percent right. Adds what was tried, the rate, and
    percent right on the test; returns {seed: its run with the best rate}.
    """
    runs = {rate: {seed: run(rate, seed) for seed in SEEDS} for rate in rates}
    told = {rate: [choose(each, seed) for seed, each in of.items()] for rate, of in runs.items()}
    rate = max(told, key=lambda rate: np.mean(told[rate]))
    for seed, each in runs[rate].items():
        results.add(label, test(each, seed))
        results.add(f"{label}, rate", rate)
    results |= {f"{label}, tried {rate:g}": list(map(float, of)) for rate, of in told.items()}
    return runs[rate]


# -- what was found --------------------------------------------------------------------------------------------------

ASKED_RATES = (3e-3, 1e-2, 3e-2)


@recording
def asked(command, steps=260):
    """Three ways to ask what a network found, and the same of an untrained one: its rate chosen on other sequences."""
    torch = one_thread()
    from seqlib.data.genes import TO_THE_LEFT, TO_THE_RIGHT
    from seqlib.runtime import budget
    from seqlib.studies.where_the_motif_is import (
        MotifReader,
        best_match,
        learn_the_order,
        new_sequences,
        percent_right,
        planted,
        share_found,
    )  # fmt: skip

    here, results = notebook("20"), Kept()
    x, y, starts = new_sequences(200, 7)
    other, other_y, _ = new_sequences(1000, 8)
    truth = planted(starts, x.shape[1])

    def run(rate, seed):
        torch.manual_seed(seed)
        model = MotifReader()
        if rate:
            learn_the_order(model, budget(cpu=steps), rate, seed)
        return model

    def nearest(model, pattern):
        with torch.no_grad():
            matched = model.matches(x)
        found = [
            here["filter_counts"](matched[..., f], x, 10) for f in range(matched.shape[2]) if matched[..., f].any()
        ]
        return max((best_match(n / n.sum(dim=1, keepdim=True), pattern) for n in found), default=0.0)

    trained = best_rate(
        results, "right", ASKED_RATES, run,
        lambda model, seed: percent_right(model, other, other_y), lambda model, seed: percent_right(model, x, y),
    )  # fmt: skip
    for of, models in (("", trained), ("untrained, ", {seed: run(None, seed) for seed in SEEDS})):
        for model in models.values():
            evidence, inputs = here["evidence_of"](model), x.clone().requires_grad_(True)
            (slope,) = torch.autograd.grad(evidence(inputs).sum(), inputs)
            ways = {
                "gradient × input": here["gradient_times_input"](evidence, x),
                "mean not taken off": (slope * x).sum(dim=2),
                "occlusion": here["occlusion"](evidence, x),
            }
            for name, scores in ways.items():
                results.add(f"{of}{name}", 100 * share_found(scores.abs(), truth))
            for name, pattern in (("first", TO_THE_LEFT), ("second", TO_THE_RIGHT)):
                results.add(f"{of}filter like the {name} motif", nearest(model, pattern))
    save(
        "20_asked", results, command,
        f"Percent of the 16 letters ranked highest that were planted, and the correlation of the nearest filter with "
        f"each motif; {steps} batches of 64, the best of the rates {', '.join(f'{r:g}' for r in ASKED_RATES)} in the "
        "mean of the seeds on other sequences, beside untrained networks",
    )  # fmt: skip


# -- both strands ----------------------------------------------------------------------------------------------------

STRAND_SIZES = (100, 300)
STRAND_RATES = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)


@recording
def strands(command, steps=120):
    """A motif on either strand: weights tied, sequences turned at random, or neither, by the number of examples."""
    torch = one_thread()
    from seqlib.runtime import budget
    from seqlib.studies.reading_both_strands import StrandReader, strand_data, turned_at_random
    from seqlib.studies.which_junction import by_regression, fit, said

    results, counts = Kept(), notebook("20")["kmer_counts"]
    data = {seed: [strand_data(n, [seed, k]) for k, n in enumerate((1000, 1000, 2000), 1)] for seed in SEEDS}
    for size in STRAND_SIZES:
        for (x, y), _, (new, truly) in data.values():
            words = [counts(part.argmax(2).numpy(), 4) for part in (x[:size], new)]
            guess = by_regression(words[0], y[:size].numpy(), words[1], C=0.03)
            results.add(f"4-mers, {size}", 100 * (guess == truly.numpy()).mean())
        for name, tied, turn in (
            ("plain", False, None), ("turned at random", False, turned_at_random), ("tied", True, None)
        ):  # fmt: skip

            def run(rate, seed, size=size, tied=tied, turn=turn):
                torch.manual_seed(seed)
                model, (x, y) = StrandReader(tied), data[seed][0]
                fit(model, x[:size], y[:size], budget(cpu=steps), rate, seed, turn=turn)
                return model

            def percent(which):
                def of(model, seed):
                    x, y = data[seed][which]
                    return 100 * (said(model, x) == y.numpy()).mean()

                return of

            best_rate(results, f"{name}, {size}", STRAND_RATES, run, percent(1), percent(2))
    save(
        "20_strands", results, command,
        f"Percent right whether a motif stands on either strand, by the number of examples; {steps} batches of 64, "
        f"the rate of {', '.join(f'{rate:g}' for rate in STRAND_RATES)} that is best in the mean of the seeds on 1,000 "
        "others",
    )  # fmt: skip


# -- splice junctions ------------------------------------------------------------------------------------------------

REACHES = (1, 2, 4, 8, 15, 30)


@cache
def junctions():
    """Vectors, letters and classes of the sequences that are kept."""
    from seqlib.data.genes import splice_junctions, vectors

    sequences, classes = splice_junctions()
    kept = notebook("20")["without_duplicates"](sequences, classes)
    return vectors([sequences[row] for row in kept]), classes[kept]


def counted(x, k=3):
    return np.minimum(notebook("20")["kmer_counts"](x.argmax(axis=2), k), 3)


def networks():
    from seqlib.studies.which_junction import JunctionFilters, JunctionReader

    return {"convolution": JunctionFilters, "two-way GRU": JunctionReader}


def chosen_rate(make, x, y, seed, steps, rates=RATES) -> float:
    """The rate that does best on a tenth of what is trained on."""
    torch = one_thread()
    from seqlib.studies.which_junction import fit, in_parts, said

    aside = in_parts(y, 10, seed + 100) == 0

    def run(rate):
        torch.manual_seed(seed)
        model = make()
        fit(model, x[~aside], y[~aside], steps, rate, seed, batch=128)
        return model

    return swept(rates, run, lambda model: (said(model, x[aside]) == y[aside]).mean(), max)[0]


@recording
def junction(command, steps=200):
    """Ten parts, each tested once by what learned from the other nine; three drawings of the parts."""
    torch = one_thread()
    from seqlib.runtime import budget
    from seqlib.studies.which_junction import by_regression, error_rates, fit, in_parts, said

    (x, y), results, steps = junctions(), Kept(), budget(cpu=steps)
    words, first = counted(x), in_parts(y, 10, SEEDS[0]) != 0
    rates = {name: chosen_rate(make, x[first], y[first], 0, steps) for name, make in networks().items()}
    for seed in SEEDS:
        parts, answers = in_parts(y, 10, seed), {}
        for part in range(10):
            old, new = parts != part, parts == part
            given = {
                "one-hot regression": by_regression(x[old], y[old], x[new]),
                "3-mers counted": by_regression(words[old], y[old], words[new], C=0.03),
            }
            for name, make in networks().items():
                torch.manual_seed(seed * 10 + part)
                model = make()
                fit(model, x[old], y[old], steps, rates[name], seed * 10 + part, batch=128)
                given[name] = said(model, x[new])
            for name, said_now in given.items():
                answers.setdefault(name, np.full(len(y), -1))[new] = said_now
        for name, all_said in answers.items():
            for which, percent in error_rates(all_said, y).items():
                results.add(f"{name}, {which}", percent)
        for name, rate in rates.items():
            results.add(f"{name}, rate", rate)
    save(
        "20_junction", results, command,
        f"Percent wrong on splice junctions, duplicates left out, ten parts; networks {steps} batches of 128, the best "
        f"of the rates {', '.join(map(str, RATES))} on a tenth of the first nine parts",
    )  # fmt: skip


@recording
def reach(command, steps=200, rate=1e-2):
    """How many letters on either side of the junction are needed: regression and two-way GRU, one drawing each seed."""
    torch = one_thread()
    from seqlib.runtime import budget
    from seqlib.studies.which_junction import JunctionReader, by_regression, fit, in_parts, said, within_reach

    (x, y), results = junctions(), Kept()
    for seed in SEEDS:
        parts = in_parts(y, 5, seed)
        old, new = parts != 0, parts == 0
        for letters in REACHES:
            seen = within_reach(x, letters)
            right = 100 * (by_regression(seen[old], y[old], seen[new]) == y[new]).mean()
            results.add(f"one-hot regression, {letters}", right)
            torch.manual_seed(seed)
            model = JunctionReader()
            fit(model, seen[old], y[old], budget(cpu=steps), rate, seed, batch=128)
            results.add(f"two-way GRU, {letters}", 100 * (said(model, seen[new]) == y[new]).mean())
    save(
        "20_reach", results, command,
        f"Percent right on a fifth of the splice junctions by the letters seen on either side; {steps} batches of 128, "
        f"rate {rate}",
    )  # fmt: skip


LABELS = (30, 100, 300)
FINE_RATES = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
STRENGTHS = (1e-3, 0.01, 0.1, 1.0, 10.0, 100.0, 1e3)


@recording
def hidden(command, steps=400, labelled_steps=120):
    """Guessing hidden letters first, without labels: does it help where labels are few?"""
    import copy

    torch = one_thread()
    from seqlib.runtime import budget
    from seqlib.studies.which_junction import JunctionReader, by_regression, fit, fit_hidden, in_parts, nats, said

    (x, y), results = junctions(), Kept()
    words, parts = counted(x), {seed: in_parts(y, 5, seed) for seed in SEEDS}
    learned = {seed: np.random.default_rng(seed).permutation(np.flatnonzero(parts[seed] > 1)) for seed in SEEDS}
    starts = {}
    for seed in SEEDS:
        torch.manual_seed(seed)
        starts[seed] = JunctionReader()

    def guess(rate, seed):
        model = copy.deepcopy(starts[seed])
        torch.manual_seed(seed)
        model.history = fit_hidden(model, x[learned[seed]], budget(cpu=steps), rate, seed)
        return model

    nats_of = lambda model, seed, which=1: nats(model, x[parts[seed] == which])  # noqa: E731
    rate, told, models = best_of(
        FINE_RATES, SEEDS, lambda seed, rate: guess(rate, seed), lambda model: nats_of(model, 0)
    )
    taught = dict(zip(SEEDS, models, strict=True))
    results |= {f"hidden letters, tried {each:g}": [cost] * len(SEEDS) for each, cost in told.items()}
    results |= {
        "hidden letters, rate": [rate] * len(SEEDS),
        "hidden letters, nats": [nats_of(model, seed, 0) for seed, model in taught.items()],
    }
    for seed in SEEDS:
        shares = x[learned[seed]].mean(axis=(0, 1))
        letters = x[parts[seed] == 0][:, 1:-1]
        results.add("letters by their shares, nats", -(letters * np.log(shares)).sum(axis=2).mean())
    curves = {"hidden letters": [taught[seed].history for seed in SEEDS]}

    def percent(which, of=said, data=x):
        def right(model, seed):
            rows = parts[seed] == which
            return 100 * (of(model, data[rows]) == y[rows]).mean()

        return right

    for labels in LABELS:
        rows = {seed: learned[seed][:labels] for seed in SEEDS}
        for name, data in (("one-hot regression", x), ("3-mers counted", words)):

            def regress(C, seed, rows=rows, data=data):
                return lambda new: by_regression(data[rows[seed]], y[rows[seed]], new, C)

            judge = lambda which, data=data: percent(which, lambda model, new: model(new), data)  # noqa: E731
            best_rate(results, f"{name}, {labels}", STRENGTHS, regress, judge(1), judge(0))
        for name, first in (("from scratch", starts), ("hidden letters first", taught)):

            def run(rate, seed, first=first, rows=rows):
                model = copy.deepcopy(first[seed])
                torch.manual_seed(seed)
                fit(model, x[rows[seed]], y[rows[seed]], budget(cpu=labelled_steps), rate, seed, batch=32)
                return model

            best_rate(results, f"{name}, {labels}", FINE_RATES, run, percent(1), percent(0))
    save(
        "20_hidden", results, command, curves=curves, unit="nats per letter",
        what=f"Percent right on a fifth of the splice junctions by labelled sequences, a two-way GRU from scratch and "
        f"after {steps} batches of 64 of guessing hidden letters; {labelled_steps} batches of 32; of the rates "
        f"{', '.join(f'{rate:g}' for rate in FINE_RATES)} (and of a regression's C) the one that is best in the mean "
        "of the seeds on another fifth",
    )  # fmt: skip


# -- proteins --------------------------------------------------------------------------------------------------------


FOLD_RATES = (3e-3, 1e-2, 3e-2, 1e-1)


def fold_readers():
    """{name: (a new reader, batches)}."""
    from seqlib.studies.how_a_protein_folds import FoldReader, WindowReader

    return {
        "window of 13": (lambda: WindowReader(dropout=0.5), 160),
        "two-way GRU": (lambda: FoldReader(32, dropout=0.5, layers=2), 80),
    }


@recording
def fold(command):
    """Helix, sheet, coil: windows of 13, and the chain from both sides; rate and end are chosen on proteins aside."""
    torch = one_thread()
    from seqlib.data.genes import proteins
    from seqlib.runtime import budget
    from seqlib.studies.how_a_protein_folds import as_numbers, q3, q3_by_protein, relatives, say_folds, train_folds

    groups, results = relatives(proteins("train")[0]), Kept()
    (x, y), test = as_numbers(*proteins("train")), as_numbers(*proteins("test"))
    names = np.random.default_rng(0).permutation(np.unique(groups))
    held = np.isin(groups, names[: len(names) // 5])

    def run(name, rate, seed, of=slice(None), **more):
        make, steps = fold_readers()[name]
        torch.manual_seed(seed)
        model = make()
        steps = budget(cpu=steps, smoke=8)
        return model, train_folds(model, x[of], y[of], steps, rate, seed, batch=64, stretch=40, **more)

    for name, (_, steps) in fold_readers().items():
        tried = {rate: run(name, rate, 0, ~held, aside=(x[held], y[held]))[1] for rate in FOLD_RATES}
        told = {rate: history.series("held out, %") for rate, history in tried.items()}
        rate = max(told, key=lambda rate: max(told[rate][1]))
        stop = told[rate][0][int(np.argmax(told[rate][1]))]
        results |= {f"{name}, tried {each:g}": [max(found)] * len(SEEDS) for each, (_, found) in told.items()}
        for seed in SEEDS:
            answers = say_folds(run(name, rate, seed, stop=stop)[0], test[0])
            results.add(name, q3(answers, test[1]))
            by_protein = q3_by_protein(answers, test[1])
            results.add(f"{name}, by protein", by_protein.mean())
            results.add(f"{name}, spread of proteins", by_protein.std(ddof=1))
            for what, value in (("rate", rate), ("stop", stop), ("batches", steps)):
                results.add(f"{name}, {what}", value)
    save(
        "20_fold", results, command,
        "Percent of acids right on Qian and Sejnowski's test proteins, up to "
        + ", ".join(f"{steps} batches of 64 stretches for the {name}" for name, (_, steps) in fold_readers().items())
        + f"; of the rates {', '.join(f'{rate:g}' for rate in FOLD_RATES)} and eight ends the best with seed 0 on a "
        "fifth of the training proteins, with all their relatives; then trained on all",
    )  # fmt: skip
