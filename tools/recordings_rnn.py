"""The recording of 04: recall against delay, for each activation and each first W_hh."""

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context

from seqlib.training import recorded as runs

SEEDS = (0, 1, 2)
DELAYS = (5, 10, 20, 40, 80, 160)


def recall(command):
    """Accuracy after 400 batches, three seeds; the code is the notebook's own."""
    nets = list(product(("tanh", "ReLU"), ("default", "Gaussian", "orthogonal", "identity")))
    jobs = [(*net, delay, seed) for net in nets for delay in DELAYS for seed in SEEDS]
    # A fresh interpreter for each worker: torch does not survive a fork.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        accuracy = dict(zip(jobs, pool.map(_one, jobs), strict=True))
    results = {f"{activation} {kind}, delay {delay}": [accuracy[activation, kind, delay, seed] for seed in SEEDS]
               for activation, kind in nets for delay in DELAYS}  # fmt: skip
    runs.record("04_recall", {}, results=results, seeds=SEEDS, unit="share of symbols recalled", command=command,
                what="RNNs of 64 units recall one of 8 symbols after a delay: 400 batches of 32, the better of two "
                     "learning rates.")  # fmt: skip


def _one(job) -> float:
    import torch
    from record_runs import notebook

    torch.set_num_threads(1)
    return notebook("04_vanishing_gradients")["recall"](*job, steps=400)
