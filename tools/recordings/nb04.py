"""The recording of 04: recall against delay, for each activation and each first W_hh."""

from itertools import product

from recordings import in_processes, notebook, recording
from seqlib.training import recorded

SEEDS = (0, 1, 2)
DELAYS = (5, 10, 20, 40, 80, 160)


@recording
def recall(command):
    """Accuracy after 400 batches, three seeds; the code is the notebook's own."""
    nets = list(product(("tanh", "ReLU"), ("default", "Gaussian", "orthogonal", "identity")))
    jobs = [(*net, delay, seed) for net in nets for delay in DELAYS for seed in SEEDS]
    accuracy = in_processes(_one, jobs)
    results = {
        f"{activation} {kind}, delay {delay}": [accuracy[activation, kind, delay, seed] for seed in SEEDS]
        for activation, kind in nets
        for delay in DELAYS
    }
    recorded.record(
        "04_recall",
        {},
        results=results,
        seeds=SEEDS,
        unit="share of symbols recalled",
        command=command,
        what="RNNs of 64 units recall one of 8 symbols after a delay: 400 batches of 32, the better of two "
        "learning rates.",
    )


def _one(job) -> float:
    return notebook("04")["recall"](*job, steps=400)
