"""The recorded runs of notebook 22: seconds against length, and what fits into a state of fixed size.

Called by record_runs.py. The models are those of seqlib.models.scan, which the notebook builds with the same code, and
the tasks are those of seqlib.studies.what_a_state_holds, which it runs live in a smaller size. Each model's learning
rate is swept until the best lies inside what was tried, by the loss of the last training steps: with two seeds, or with
one where it is said.
"""

import numpy as np
import torch
from torch import nn

from recordings import notebook, recording, until_inside

SEEDS = (0, 1, 2)
RATES = (3e-3, 1e-2, 3e-2)


def _recorded(name, command, results, what, unit="share of right answers"):
    from seqlib.training import recorded

    recorded.record(f"22_{name}", {}, results=results, seeds=SEEDS, unit=unit, command=command, what=what)


def _tried(name, rate, told) -> dict:
    """What was chosen and between what, as results of a recording."""
    print(f"{name}: rate {rate:.2g};", {f"{r:.2g}": round(bad, 3) for r, bad in sorted(told.items())}, flush=True)
    return {
        f"{name}, {label}": [value] * len(SEEDS)
        for label, value in (("rate", rate), ("lowest rate", min(told)), ("highest rate", max(told)))
    }


def _at_its_best(name, run, rates=RATES, choose=SEEDS[:2]):
    """run(rate, seed) -> (loss, {what: accuracy}): {"name, what": [each seed]} at the best rate.

    That is the rate of the lowest mean loss of the seeds in `choose`: one that fails with either is not taken.
    """
    rate, told, found = until_inside(
        rates,
        lambda rate: [run(rate, seed) for seed in choose],
        lambda runs: np.mean([loss for loss, _ in runs]),
        more=1,
    )
    runs = [*found[rate], *(run(rate, seed) for seed in SEEDS[len(choose) :])]
    results = {f"{name}, {what}": [each[what] for _, each in runs] for what in runs[0][1]}
    print(results, flush=True)
    return results | _tried(name, rate, told)


# -- seconds -----------------------------------------------------------------------------------------------------------

LENGTHS = (128, 256, 512, 1024, 2048, 4096, 8192)


@recording
def speed(command):
    """Every way to all states, forward and backward, from 128 to 8192 steps: three rounds, one thread."""
    from seqlib.studies.all_steps_at_once import clocked

    torch.set_num_threads(1)
    found = clocked(LENGTHS, rounds=len(SEEDS))
    results = {f"{name}, {steps} steps": seconds for (name, steps), seconds in found.items()}
    what = "Forward and backward of 4 sequences of width 64, seconds of processor time of one thread, three rounds"
    _recorded("speed", command, results, what, unit="seconds")


# -- recall against delay ----------------------------------------------------------------------------------------------

DELAYS = (20, 40, 80)


class Embedded(nn.Module):
    """A matrix in front of a layer whose input is as wide as its output."""

    def __init__(self, layer, width, input_size=10):
        super().__init__()
        self.W, self.layer = nn.Linear(input_size, width), layer

    def forward(self, x):
        return self.layer(self.W(x))


def _slow(layer, steps=80):
    """Gates of a minGRU that begin at 1 / (1 + u), u uniform in 1 … steps: as `remember_for` in 05."""
    with torch.no_grad():
        layer.W.bias[: len(layer.W.bias) // 2] = -torch.empty(len(layer.W.bias) // 2).uniform_(1, steps).log()
    return layer


def _recalling():
    from seqlib.models.scan import DiagonalSSM, Mamba, MinGRU

    return {
        "minGRU": lambda: MinGRU(10, 64),
        "minGRU, slow gates": lambda: _slow(MinGRU(10, 64)),
        "diagonal state space": lambda: Embedded(DiagonalSSM(16, state_size=4), 16),
        "selective state space": lambda: Embedded(Mamba(16, state_size=4, expand=1), 16),
    }


@recording
def recall(command):
    """04's task and budget (400 batches of 32); the rate is chosen at each delay, with the first seed."""
    from seqlib.studies.how_far_back import learn_recall

    torch.set_num_threads(1)
    results = {}
    for name, make in _recalling().items():
        for delay in DELAYS:

            def run(rate, seed=SEEDS[0], delay=delay, make=make):
                torch.manual_seed(seed)
                accuracy, losses = learn_recall(make(), delay, steps=400, lr=rate, seed=seed)
                return np.mean(losses[-20:]), accuracy

            rate, told, found = until_inside((1e-3, 3e-3, 1e-2), run, lambda found: found[0], more=1)
            results[f"{name}, delay {delay}"] = [found[rate][1], *(run(rate, seed)[1] for seed in SEEDS[1:])]
            print(results[f"{name}, delay {delay}"], flush=True)
            results |= _tried(f"{name}, delay {delay}", rate, told)
    what = "Linear recurrences recall one of 8 symbols after a delay, the task and the budget of notebook 04"
    _recorded("recall", command, results, what, unit="share of symbols recalled")


# -- pairs -------------------------------------------------------------------------------------------------------------

PAIRS = (4, 8, 16, 24)
KEYS = (4, 8, 16)


def _associating():
    from seqlib.studies.what_a_state_holds import Attending, Gated

    models = {"softmax attention": lambda: Attending(32, 16, "softmax")}
    for d_k in KEYS:
        models[f"linear attention, {32 * d_k} numbers"] = lambda d_k=d_k: Attending(32, d_k, "linear")
        models[f"delta rule, {32 * d_k} numbers"] = lambda d_k=d_k: Attending(32, d_k, "delta")
        models[f"minGRU, {32 * d_k} numbers"] = lambda d_k=d_k: Gated(32, 32 * d_k)
    return models


@recording
def pairs(command, steps=400):
    """Associative recall with one layer, by the size of its state; 2 to 24 pairs in training."""
    from seqlib.studies.what_a_state_holds import Associating, accuracy, learn, pairs_batch

    torch.set_num_threads(1)
    results = {}
    for name, make in _associating().items():

        def run(rate, seed, make=make):
            torch.manual_seed(seed)
            rng, model = np.random.default_rng(seed), Associating(make())
            model, losses = learn(model, lambda step: pairs_batch(rng, 32, int(rng.integers(2, 25))), steps, rate)
            tests = {f"{n} pairs": pairs_batch(np.random.default_rng(10**6), 256, n) for n in PAIRS}
            return np.mean(losses[-50:]), {what: accuracy(model, *test) for what, test in tests.items()}

        results |= _at_its_best(name, run)
    what = (
        f"One layer of width 32 looks up values by keys: {steps} batches of 32 sequences of 2 to 24 pairs of 32 kinds"
    )
    _recorded("pairs", command, results, what)


# -- copying -----------------------------------------------------------------------------------------------------------


def _copying():
    from seqlib.models.scan import DiagonalSSM, Mamba
    from seqlib.studies.what_a_state_holds import Attending

    return {
        "diagonal state space": (lambda width: DiagonalSSM(width, 8), 0),
        "selective state space": (lambda width: Mamba(width, 8, expand=1), 0),
        "softmax attention": (lambda width: Attending(width, 32, "softmax"), 30),
    }


@recording
def copying(command, steps=1500):
    """Six symbols at the beginning of 24 steps, or spread among them, to be said at the end; the first seed chooses."""
    from seqlib.studies.what_a_state_holds import Stack, accuracy, copy_batch, learn
    from seqlib.training.history import TrainingDiverged

    torch.set_num_threads(1)
    results = {}
    for task, spread in (("at the beginning", False), ("spread", True)):
        for name, (mixer, positions) in _copying().items():

            def run(rate, seed, mixer=mixer, positions=positions, spread=spread, task=task):
                torch.manual_seed(seed)
                rng, model = np.random.default_rng(seed), Stack(10, mixer, 32, 2, 64, positions)
                try:
                    model, losses = learn(model, lambda step: copy_batch(rng, 32, 6, 24, spread), steps, rate)
                except TrainingDiverged:  # the worst of all rates, and of all seeds
                    return 99.0, {"copied": 0.0}
                test = copy_batch(np.random.default_rng(10**6), 256, 6, 24, spread)
                return np.mean(losses[-50:]), {"copied": accuracy(model, *test)}

            results |= _at_its_best(f"{name}, {task}", run, choose=SEEDS[:1])
    what = f"Two layers of width 32 copy 6 of 8 symbols out of 24 steps: {steps} batches of 32"
    _recorded("copying", command, results, what)


# -- parity ------------------------------------------------------------------------------------------------------------

BITS = (20, 40, 160)


def _tracking():
    from seqlib.models.scan import MinGRU

    return {
        "minGRU, factors in 0 … 1": lambda: MinGRU(16, 32),
        "minGRU, factors in −1 … 1": lambda: MinGRU(16, 32, reach=2.0),
        "tanh RNN": lambda: nn.RNN(16, 32, batch_first=True),
        "LSTM": lambda: nn.LSTM(16, 32, batch_first=True),
    }


@recording
def parity(command, steps=600):
    """Is the number of ones so far odd? Trained on 20 bits, asked on up to 160."""
    from seqlib.studies.what_a_state_holds import Tracking, accuracy, bits_batch, learn

    torch.set_num_threads(1)
    results = {}
    for name, make in _tracking().items():

        def run(rate, seed, make=make):
            torch.manual_seed(seed)
            rng, model = np.random.default_rng(seed), Tracking(make())
            model, losses = learn(model, lambda step: bits_batch(rng, 64, 20), steps, rate)
            tests = {f"{n} bits": bits_batch(np.random.default_rng(10**6), 200, n) for n in BITS}
            return np.mean(losses[-50:]), {what: accuracy(model, *test) for what, test in tests.items()}

        results |= _at_its_best(name, run)
    what = f"One layer of 32 units says after each bit whether the ones so far are odd: {steps} batches of 64 × 20 bits"
    _recorded("parity", command, results, what)


# -- text --------------------------------------------------------------------------------------------------------------

MARKS, TRIAL = (20, 40, 60), 15


def _against_the_clock(ids, late, size):
    """{name: (rates, run(rate, seed, marks) -> (nats at the marks, steps, parameters))}, all in float32.

    late: what is held out, read by the recurrent ones in 8 rows with the state carried, by the GPT in windows of 64.
    """
    from recordings.nb16 import timed
    from seqlib.data import text_sampler
    from seqlib.models.scan import Mamba
    from seqlib.studies.what_a_state_holds import Gated, Stack, held_out, matrices_by_muon
    from seqlib.studies.writing_characters import CharacterLSTM, against_the_clock
    from seqlib.training.muon import muon, muon_by_gate
    from seqlib.training.train import cross_entropy

    def carried(make, optimizer, rate, seed, marks):
        torch.manual_seed(seed)
        model = make()
        nats, steps = against_the_clock(
            model, optimizer(model, rate), ids, lambda m: held_out(m, late), marks=marks, amp=False
        )
        return nats, steps, sum(p.numel() for p in model.parameters())

    def gpt(rate, seed, marks):
        torch.manual_seed(seed)
        config = notebook("16")["GPTConfig"](size, **notebook("16")["MODERN"])
        model, windows = notebook("16")["GPT"](config), text_sampler(ids, config.context, 32, seed)
        nats, steps = timed(
            muon(model, lr=rate),
            lambda step: cross_entropy(model, windows(step)),
            lambda: notebook("16")["held_out"](model, late, config.context),
            amp=False,
            seconds=marks[-1],
            marks=marks,
            warm=30,
        )
        return nats, steps, sum(p.numel() for p in model.parameters())

    def gated():
        return Stack(size, lambda width: Gated(width, 256), width=128, layers=2, hidden_size=256)

    def selective():
        return Stack(size, lambda width: Mamba(width, 2), width=96, layers=2, hidden_size=0)

    return {
        "minGRU": ((0.02, 0.05, 0.12), lambda *how: carried(gated, matrices_by_muon, *how)),
        "selective state space": ((0.02, 0.05, 0.12), lambda *how: carried(selective, matrices_by_muon, *how)),
        "LSTM": ((0.02, 0.05, 0.12), lambda *how: carried(lambda: CharacterLSTM(size), muon_by_gate, *how)),
        "GPT": ((0.012, 0.03, 0.07), gpt),
    }


@recording
def text(command):
    """tinyshakespeare, a minute of processor time of one thread each, in float32: two new layers, 09's LSTM, 16's GPT.

    The rate is searched with the first seed, until the best lies inside, by what is held out after a run of 15 s. What
    is held out is the first 20,000 characters of the last tenth; the 5-gram is counted on all that comes before.
    """
    from seqlib.data import encode_chars, fetch, split_in_time
    from seqlib.models.ngram import NGram

    torch.set_num_threads(1)
    ids, characters = encode_chars(fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"))
    early, late = split_in_time(ids)
    late = late[:20_001]
    results = {"5-gram": [NGram(5, characters.size).fit(early).nll(late)] * len(SEEDS)}
    for name, (rates, run) in _against_the_clock(early, late, characters.size).items():

        def tried(rate, run=run):
            return run(rate, SEEDS[0], (TRIAL,))[0][-1]

        rate, told, _ = until_inside(rates, tried, float)
        found = [run(rate, seed, MARKS) for seed in SEEDS]
        results |= {f"{name}, {s} s": [nats[k] for nats, _, _ in found] for k, s in enumerate(MARKS)}
        results |= {f"{name}, {what}": [one[k] for one in found] for k, what in ((1, "steps"), (2, "parameters"))}
        print({key: value for key, value in results.items() if key.startswith(name)}, flush=True)
        results |= _tried(name, rate, told)
    what = f"Four models read tinyshakespeare for {MARKS[-1]} s of processor time of one core each, in float32"
    _recorded("text", command, results, what, unit="nats per character")
