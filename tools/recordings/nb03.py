"""The recorded runs of notebook 03: people's names, and what windows of a stream can teach."""

from recordings import best_of, notebook, recording


@recording
def names(command, seeds=(0, 1, 2)):
    """The RNN of 03 on people's names."""
    from seqlib.data import fetch
    from seqlib.runtime import budget
    from seqlib.training import recorded

    spell = notebook("03")["spell"]
    people = fetch("names/names.txt").read_text(encoding="utf-8").split()
    done = [spell(people, seed, budget(cpu=1500, gpu=6000)) for seed in seeds]
    recorded.record(
        "03_names",
        {"RNN, 128 units": [history for history, _ in done]},
        seeds=seeds,
        command=command,
        what="A recurrent network of 128 units learns to spell 32 033 first names.",
        unit="nats per letter",
        results={"validation nats per letter": [nats for _, nats in done]},
    )


# The same 7,200 symbols a row for all; rates from too small to too large. Frozen: only the readout is trained.
SIDES = {
    "window 24": (24, 300, False, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
    "window 6": (6, 1200, False, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
    "window 6, only the readout trained": (6, 1200, True, (1e-3, 3e-3, 1e-2, 3e-2)),
}
LAGS, SEEDS = (5, 6, 8, 12), (0, 1, 2)


@recording
def echo(command):
    """Which symbol came `lag` steps ago: windows that end before the cause against windows that hold it."""
    from seqlib.training import recorded
    from seqlib.training.history import History

    there, results, curves = notebook("03", "eye"), {}, {}

    def last(run):
        # A stream never repeats itself, so the last losses are those of symbols that were not trained on.
        losses = run[1]
        return sum(losses[-len(losses) // 10 :])

    for name, (window, steps, frozen, rates) in SIDES.items():
        for lag in LAGS:

            def run(seed, rate, window=window, lag=lag, steps=steps, frozen=frozen):
                return there["learn"](window, lag, True, seed, steps, rate, frozen)

            rate, _, done = best_of(rates, SEEDS, run, last)
            label, tested = f"{name}, lag {lag}", there["accuracy_by_place"]
            streams = [there["echo_windows"](1000 + seed, 60, window, lag) for seed in SEEDS]
            results[label] = [
                float(tested(model, stream, True).mean()) for (model, _), stream in zip(done, streams, strict=True)
            ]
            results[f"{label}, rate"] = [rate] * len(SEEDS)
            curves[label] = [History(losses=losses) for _, losses in done]
    recorded.record(
        "03_echo",
        curves,
        seeds=SEEDS,
        command=command,
        what="Which of four symbols came some steps ago, state carried: 7,200 symbols a row, each at its best rate",
        unit="nats per symbol",
        results=results,
    )
