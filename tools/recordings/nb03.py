"""The recorded run of notebook 03: its network on people's names."""

from recordings import notebook, recording


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
