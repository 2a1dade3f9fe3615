"""The recorded runs of notebook 09: the plays against the clock, the chorales and the folk tunes frame by frame.

Called by record_runs.py. Time is processor time of one thread: a busy machine makes each step dearer, never cheaper.
"""

import time
from functools import partial

import torch
from torch import nn

from recordings import best_of, recording, swept

MARKS = (10, 20, 30, 45, 60, 75, 90, 105, 120)  # seconds of one thread: 120 are what two cores do in a minute
RATES = (0.02, 0.05)  # 0.1 is ahead after 12 s, and diverges after 20: it was tried once


@recording
def shakespeare(command):
    """One LSTM of 256 on tinyshakespeare for the processor time of two cores in a minute, in bfloat16."""
    from seqlib.runtime import quick_type

    if quick_type("cpu") is not torch.bfloat16:
        print("this processor has no instructions for bfloat16: 09_shakespeare_float32 is the recording to make here")
        return
    _plays("09_shakespeare", command, amp=True)


@recording
def shakespeare_float32(command):
    """The same without bfloat16, on any processor, three seeds."""
    _plays("09_shakespeare_float32", command, amp=False, seeds=(0, 1, 2))


def _plays(name, command, amp, seeds=(0,)):
    """The rates swept short, then the better one to the end of the clock; what the first seed reads in windows."""
    from seqlib.data import encode_chars, fetch, split_in_time
    from seqlib.models.ngram import NGram
    from seqlib.studies.writing_characters import CharacterLSTM, against_the_clock, held_out, in_windows
    from seqlib.training import recorded
    from seqlib.training.muon import muon_by_gate

    torch.set_num_threads(1)
    ids, characters = encode_chars(fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"))
    early, late = split_in_time(ids)

    def run(rate, marks, seed=seeds[0]):
        torch.manual_seed(seed)
        model = CharacterLSTM(characters.size)
        evaluate = partial(held_out, ids=late)
        return model, *against_the_clock(model, muon_by_gate(model, rate), early, evaluate, marks=marks, amp=amp)

    results = {"5-gram": [NGram(5, characters.size).fit(early).nll(late)]}
    best, tried, _ = swept(RATES, lambda rate: run(rate, (12,)), lambda found: found[1][0])
    results |= {f"rate {rate}, 12 s": [nats] for rate, nats in tried.items()}
    models, nats, steps = zip(*(run(best, MARKS, seed) for seed in seeds), strict=True)
    for context in (64, 256):
        places = in_windows(models[0], late, context)
        results |= {f"windows of {context}": [places.mean().item()], f"windows of {context}, last": [places[-1].item()]}
    results["LSTM, rate"] = [best]
    results = {label: values * len(seeds) for label, values in results.items()}
    results |= {f"LSTM, {s} s": [each[k] for each in nats] for k, s in enumerate(MARKS)}
    results["LSTM, steps"] = list(steps)
    recorded.record(
        name,
        {},
        results=results,
        seeds=seeds,
        unit="nats per character",
        command=command,
        what=f"An LSTM of 256 on tinyshakespeare in {'bfloat16' if amp else 'float32'}, {MARKS[-1]} s of processor "
        "time of one thread on a busy machine",
    )


LAYERS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def _learned(name, rate, data, seed, steps, **options):
    """(validation, test, seconds of one thread) of a recurrent layer, the first two in nats per frame."""
    from seqlib.studies.what_sounds_next import FrameModel, learn_frames, mean_nll

    torch.manual_seed(seed)
    began, model = time.process_time(), FrameModel(LAYERS[name], dropout=0.5)
    learn_frames(model, data["train"], data["valid"], steps, lr=rate, seed=seed, name=None, **options)
    return mean_nll(model, data["valid"]), mean_nll(model, data["test"]), time.process_time() - began


def _chorales(command, name, seeds=(0, 1, 2), rates=(1e-2, 2e-2, 4e-2), steps=180):
    """A recurrent layer on the JSB chorales: each rate once, the best by validation with three seeds; and counting."""
    from seqlib.data.polymusic import frames_of
    from seqlib.studies.what_sounds_next import OneBefore, each_by_itself, learn_frames, mean_nll
    from seqlib.training import recorded

    torch.set_num_threads(1)
    data, results = frames_of("JSB_Chorales"), {}
    for way, nats in each_by_itself(data["train"], data["test"]).items():
        results[way] = [nats] * len(seeds)
    torch.manual_seed(0)
    line = OneBefore()
    learn_frames(line, data["train"], data["valid"], steps, lr=2e-2, name=None)
    results["a line of the frame before"] = [mean_nll(line, data["test"])] * len(seeds)
    best, tried, runs = best_of(
        rates,
        seeds,
        lambda seed, rate: _learned(name, rate, data, seed, steps, every=steps // 6),
        lambda found: found[0],
    )
    results |= {f"{name}, rate {rate}, valid": [nats] * len(seeds) for rate, nats in tried.items()}
    for what, column in zip(("valid", "test", "seconds"), zip(*runs, strict=True), strict=True):
        results[f"{name}, {what}"] = list(column)
    results[f"{name}, rate"] = [best] * len(seeds)
    recorded.record(
        f"09_chorales_{name.lower()}",
        {},
        results=results,
        seeds=seeds,
        unit="nats per frame",
        command=command,
        what=f"One {name} of 200 on the JSB chorales, dropout one half, {steps} steps of 16 pieces, one thread",
    )


@recording
def chorales_lstm(command):
    """The LSTM on the chorales, which bears larger rates."""
    _chorales(command, "LSTM", rates=(2e-2, 4e-2, 8e-2))


@recording
def chorales_gru(command):
    """The GRU on the chorales."""
    _chorales(command, "GRU")


@recording
def chorales_rnn(command):
    """The plain RNN on the chorales, which wants smaller rates."""
    _chorales(command, "RNN", rates=(2e-3, 5e-3, 1e-2))


@recording
def nottingham(command, seeds=(0,), rates=(5e-3, 1e-2, 2e-2), steps=600):
    """LSTM on the Nottingham tunes in stretches of 64 frames: rates tried short, the best one longer; and counting."""
    from seqlib.data.polymusic import frames_of
    from seqlib.studies.what_sounds_next import OneBefore, each_by_itself, learn_frames, mean_nll
    from seqlib.training import recorded

    torch.set_num_threads(1)
    data = frames_of("Nottingham")
    results = {name: [nats] * len(seeds) for name, nats in each_by_itself(data["train"], data["test"]).items()}
    torch.manual_seed(0)
    line, some = OneBefore(), data["valid"][:40]
    learn_frames(line, data["train"], some, steps // 2, lr=2e-2, crop=64, batch=32, every=steps // 4, name=None)
    results["a line of the frame before"] = [mean_nll(line, data["test"])] * len(seeds)

    def learned(seed, rate, steps, test):
        whole = {"train": data["train"], "valid": some, "test": test}
        return _learned("LSTM", rate, whole, seed, steps, crop=64, batch=32, every=max(1, steps // 6))

    short = partial(learned, seeds[0], steps=steps // 6, test=data["test"][:2])
    best, tried, _ = swept(rates, short, lambda found: found[0])
    results |= {f"LSTM, rate {rate}, valid": [nats] * len(seeds) for rate, nats in tried.items()}
    runs = [learned(seed, best, steps, data["test"]) for seed in seeds]
    for what, column in zip(("valid", "test", "seconds"), zip(*runs, strict=True), strict=True):
        results[f"LSTM, {what}"] = list(column)
    results["LSTM, rate"] = [best] * len(seeds)
    recorded.record(
        "09_nottingham",
        {},
        results=results,
        seeds=seeds,
        unit="nats per frame",
        command=command,
        what=f"An LSTM of 200 on the Nottingham tunes, {steps} steps of 32 stretches of 64 frames, one thread; "
        f"{len(rates)} rates tried with {steps // 6} steps",
    )
