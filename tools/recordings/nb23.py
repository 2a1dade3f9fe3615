"""The recorded runs of notebook 23: seven tasks, six families, the same parameters and the same seconds each.

A family's rate is the best of three with seed 0, by a loss that no test touches; where the best is at an end, the next
rate is tried too, until it lies inside. Each run has SECONDS of processor time; making batches does not count.
"""

import time
from types import SimpleNamespace

from recordings import recording, swept

SEEDS = (0, 1, 2)
SECONDS, PARAMETERS = 4.0, 15_000
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)  # three of the middle first
PAIRS = ("GRU pair", "GRU pair, attention")


def _inside(run, judge) -> tuple[float, dict, dict]:
    """The best rate with a worse one on either side, {rate: judge of its run}, {rate: its run}."""
    from math import inf

    tried = list(RATES[2:5])
    _, told, runs = swept(tried, run, judge)
    while True:
        best = min(told, key=lambda rate: told[rate] if told[rate] == told[rate] else inf)
        at = RATES.index(best)
        fresh = [RATES[k] for k in (at - 1, at + 1) if 0 <= k < len(RATES) and RATES[k] not in told]
        if not fresh:
            return best, told, runs
        _, more, others = swept(fresh, run, judge)
        told, runs = told | more, runs | others


def _pair(kind: str, sizes: tuple):
    """An encoder and a decoder of about PARAMETERS numbers, without or with attention."""
    from seqlib.models.attention import DotScore
    from seqlib.models.seq2seq import AttentionDecoder, AttentionSeq2Seq, Decoder, Encoder, Seq2Seq
    from seqlib.studies.every_family import size_of

    def made(width):
        encoder = Encoder(sizes[0], width, width)
        if kind == PAIRS[0]:
            return Seq2Seq(encoder, Decoder(sizes[1], width, width, width))
        return AttentionSeq2Seq(encoder, AttentionDecoder(sizes[1], width, width, width, DotScore()))

    width = 2
    while size_of(made(width + 2)) <= PARAMETERS:
        width += 2
    return made(width)


def _contestants(task) -> dict:
    """{name: (make(seed), what it trains and is judged on, score(model))}"""
    import torch

    from seqlib.studies.every_family import FAMILIES, make_reader
    from seqlib.studies.translating_numbers import forced_loss

    found = {
        family: (lambda seed, family=family: make_reader(family, PARAMETERS, seed, **task.kind), task, task.score)
        for family in FAMILIES
    }
    for kind in PAIRS if task.pairs else ():
        given = task.pairs

        def make(seed, kind=kind, given=given):
            torch.manual_seed(seed)
            return _pair(kind, given["sizes"])

        def score(model, given=given):
            source, target_in, target_out = given["test"]
            with torch.no_grad():
                hit = model(source, target_in).argmax(dim=2) == target_out
            return {"score": 100 * (hit | (target_out == -100)).all(dim=1).float().mean().item()}

        found[kind] = make, SimpleNamespace(batch=given["batch"], valid=given["valid"], loss=forced_loss), score
    return found


def _ladder(name: str, command: str) -> None:
    import torch

    from seqlib.studies.every_family import size_of
    from seqlib.studies.race_by_clock import against_time
    from seqlib.studies.seven_tasks import make_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    task, results = make_task(name), {}
    others = {seed: make_task(name, seed) for seed in SEEDS[1:]}
    for who, (make, trained_on, score) in _contestants(task).items():

        def run(rate, seed=0, make=make, trained_on=trained_on):
            if seed and trained_on is task:
                batch = others[seed].batch
            else:
                batch = others[seed].pairs["batch"] if seed else trained_on.batch
            model = make(seed)
            began = time.process_time()
            steps = against_time(model, trained_on, rate, SECONDS, batch)
            return model, steps, time.process_time() - began

        def judge(found, trained_on=trained_on):
            with torch.no_grad():
                return trained_on.loss(found[0], trained_on.valid).item()

        best, told, runs = _inside(run, judge)
        found = [runs[best], *(run(best, seed) for seed in SEEDS[1:])]
        results |= {f"{who}, tried {rate:g}": [loss] * len(SEEDS) for rate, loss in told.items()}
        for each in found:
            model, steps, seconds = each
            told = score(model) | {"steps": steps, "seconds": seconds, "parameters": size_of(model), "rate": best}
            told["validation"] = judge(each)
            for what, value in told.items():
                results.setdefault(f"{who}, {what}", []).append(float(value))
        print(name, who, best, results[f"{who}, score"], results[f"{who}, steps"], flush=True)
    results |= {f"{bar}, bar": [value] * len(SEEDS) for bar, value in task.bars.items()}
    recorded.record(
        f"23_{name}",
        {},
        results=results,
        seeds=SEEDS,
        unit=task.unit,
        command=command,
        what=f"{name}: {SECONDS:g} s of processor time on one thread, at most {PARAMETERS:,} parameters, each family "
        f"at its own rate, a worse one tried on either side; {task.unit}",
    )


@recording
def remember(command):
    _ladder("remember", command)


@recording
def add(command):
    _ladder("add", command)


@recording
def copy(command):
    _ladder("copy", command)


@recording
def translate(command):
    _ladder("translate", command)


@recording
def tag(command):
    _ladder("tag", command)


@recording
def text(command):
    _ladder("text", command)


@recording
def forecast(command):
    _ladder("forecast", command)


@recording
def steps(command):
    """What one step more of a stream takes, and what has to be carried for it, after 10 … 10,000 steps."""
    import numpy as np
    import torch

    from seqlib.studies.every_family import FAMILIES, make_reader, numbers_in
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results = {}
    for family in FAMILIES:
        for seed in SEEDS:
            model = make_reader(family, PARAMETERS, seed, inputs=32, outputs=32)
            tokens = torch.randint(32, (1, 10_000), generator=torch.Generator().manual_seed(seed))
            with torch.inference_mode():
                state, read = None, 0
                for after in (10, 100, 1000, 10_000):
                    for piece in tokens[:, read:after].split(250, dim=1):  # what was read before, in pieces
                        _, state = model.mixer(model.read(piece), state)
                    read = after
                    if after == 1000:
                        results.setdefault(f"{family}, numbers after 1000", []).append(numbers_in(state))
                    took = []
                    for token in tokens[0, :60, None]:  # one step more, again and again from the same state
                        began = time.thread_time()  # its own time: whoever else is at work does not count
                        model.step(token, state)
                        took.append(time.thread_time() - began)
                    results.setdefault(f"{family}, ms after {after}", []).append(1000 * float(np.median(took[10:])))
    recorded.record(
        "23_steps",
        {},
        results=results,
        seeds=SEEDS,
        unit="milliseconds",
        command=command,
        what=f"One step of a stream, batch 1, one thread, at most {PARAMETERS:,} parameters: the median of 50 tries, "
        "and how many numbers are carried on after 1,000 steps",
    )


@recording
def capstones(command):
    """What the leaders reach: three seeds, each on a paper of its own."""
    import torch

    from seqlib.studies.capstone_leaders import LEADERS
    from seqlib.studies.capstones import mark
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results = {}
    for name, leader in LEADERS.items():
        for seed in SEEDS:
            began = time.process_time()
            score, bar, stretch = mark(name, leader(seed))
            told = {"score": score, "bar": bar, "stretch": stretch, "seconds": time.process_time() - began}
            for what, value in told.items():
                results.setdefault(f"{name}, {what}", []).append(value)
        print(name, results[f"{name}, score"], results[f"{name}, stretch"], flush=True)
    recorded.record(
        "23_capstones",
        {},
        results=results,
        seeds=SEEDS,
        unit="as each capstone's own",
        command=command,
        what="The capstones' leaders: longer training, and for the ball the reflected path nearest to all frames; a "
        "paper for each seed",
    )
