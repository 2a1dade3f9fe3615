"""The recorded run of notebook 15: sums of two numbers, written in four ways."""

from recordings import recording


@recording
def addition(command):
    """The same sums in four spellings, five seeds each."""
    from seqlib.data import stdlib_text
    from seqlib.data.bpe import BytePairEncoding
    from seqlib.studies.learning_to_add import train_adder
    from seqlib.training import recorded

    source = stdlib_text(1_200_000)  # cut as in the notebook
    bpe = BytePairEncoding.train(source[: source.rfind("\n", 0, len(source) * 5 // 6) + 1], 4096)

    def digits(number):
        return list(str(number))

    def units_first(number):
        return digits(number)[::-1]

    def pieces(number):
        return [bpe.tokens[i].decode() for i in bpe.encode(str(number))]

    ways = {
        "digits": (digits, digits),
        "answer units first": (digits, units_first),
        "all units first": (units_first, units_first),
        "pieces": (pieces, pieces),
    }
    seeds = range(5)
    done = {name: [train_adder(*way, seed=seed) for seed in seeds] for name, way in ways.items()}
    recorded.record(
        "15_addition",
        {name: [history for history, _ in each] for name, each in done.items()},
        what="A GRU adds two numbers below 100, written in four ways.",
        command=command,
        seeds=list(seeds),
        results={name: [right for _, right in each] for name, each in done.items()},
    )
