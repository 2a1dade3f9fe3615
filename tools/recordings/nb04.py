"""The recordings of 04: recall against delay for each activation and each first W_hh, and the default for longer.

The networks are the notebook's own: `fresh_rnn` is read from solutions/04_vanishing_gradients.py.
"""

from itertools import product

from recordings import notebook, recording

RATES = (1e-3, 3e-3, 1e-2)
NETS = tuple(product(("tanh", "ReLU"), ("default", "Gaussian", "orthogonal", "identity")))
LONGER, LONG_DELAYS = 1200, (40, 80)


@recording
def recall(command):
    """Share recalled after 400 batches: three rates, five seeds, each delay."""
    from seqlib.studies.recall_ladder import SEEDS, STEPS, climb
    from seqlib.training import recorded

    fresh, results = notebook("04")["fresh_rnn"], {}
    for activation, kind in NETS:
        results |= climb(
            f"{activation} {kind}",
            lambda seed, _, net=(activation, kind): fresh(*net, seed),
            RATES,
            whole=(activation, kind) == ("tanh", "default"),
        )
        print(f"{activation} {kind}: done", flush=True)
    recorded.record(
        "04_recall",
        {},
        results=results,
        seeds=SEEDS,
        unit="share of symbols recalled",
        command=command,
        what=f"RNNs of 64 units recall one of 8 symbols after a delay: {STEPS} batches of 32, Adam at each of "
        f"{len(RATES)} learning rates; longer delays not run where nothing was learned",
    )


@recording
def longer(command):
    """The default start once more, with three times as many batches."""
    from seqlib.studies.recall_ladder import SEEDS, climb
    from seqlib.training import recorded

    fresh = notebook("04")["fresh_rnn"]
    results = climb(
        "tanh default", lambda seed, _: fresh("tanh", "default", seed), RATES, delays=LONG_DELAYS, steps=LONGER
    )
    recorded.record(
        "04_longer",
        {},
        results=results,
        seeds=SEEDS,
        unit="share of symbols recalled",
        command=command,
        what=f"The tanh RNN of 64 units as PyTorch begins it, recall after {LONGER} batches of 32",
    )
