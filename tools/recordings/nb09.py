"""The recorded runs of notebook 09: the plays against the clock, the chorales and the folk tunes frame by frame.

Called by record_runs.py. Time is processor time of one thread: a busy machine makes each step dearer, never cheaper.
"""

import time

import torch
from torch import nn

from recordings import recording

MARKS = (10, 20, 30, 45, 60, 75, 90, 105, 120)  # seconds of one thread: 120 are what two cores do in a minute
RATES = (0.02, 0.05)  # 0.1 is ahead after 12 s, and diverges after 20: it was tried once


@recording
def shakespeare(command, marks=MARKS, rates=RATES):
    """One LSTM of 256 on tinyshakespeare for the processor time of two cores in a minute; the rates swept short."""
    from seqlib.data import encode_chars, fetch, split_in_time
    from seqlib.models.ngram import NGram
    from seqlib.studies.writing_characters import CharacterLSTM, against_the_clock, held_out, in_windows
    from seqlib.training import recorded
    from seqlib.training.muon import muon_by_gate

    torch.set_num_threads(1)
    ids, characters = encode_chars(fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"))
    early, late = split_in_time(ids)

    def run(rate, marks):
        torch.manual_seed(0)
        model = CharacterLSTM(characters.size)
        return model, *against_the_clock(
            model, muon_by_gate(model, rate), early, lambda model: held_out(model, late), marks=marks
        )

    results = {"5-gram": [NGram(5, characters.size).fit(early).nll(late)]}
    for rate in rates if len(rates) > 1 else ():
        results[f"rate {rate}, 12 s"] = run(rate, (12,))[1]
    best = min(rates, key=lambda rate: results.get(f"rate {rate}, 12 s", [0.0])[0])
    model, nats, steps = run(best, marks)
    results |= {f"LSTM, {s} s": [value] for s, value in zip(marks, nats, strict=True)}
    results |= {"LSTM, steps": [steps], "LSTM, rate": [best]}
    for context in (64, 256):
        places = in_windows(model, late, context)
        results |= {f"windows of {context}": [places.mean().item()], f"windows of {context}, last": [places[-1].item()]}
    recorded.record(
        "09_shakespeare",
        {},
        results=results,
        seeds=[0],
        unit="nats per character",
        command=command,
        what=f"An LSTM of 256 on tinyshakespeare, {marks[-1]} s of processor time of one thread on a busy machine",
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
    tried = {rate: _learned(name, rate, data, seeds[0], steps, every=steps // 6) for rate in rates}
    best = min(rates, key=lambda rate: tried[rate][0])
    runs = [tried[best]] + [_learned(name, best, data, seed, steps, every=steps // 6) for seed in seeds[1:]]
    results |= {f"{name}, rate {rate}, valid": [found[0]] * len(seeds) for rate, found in tried.items()}
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
def one_core(command):
    """The same for what one core has in a minute, with the rate that the longer sweep found."""
    shakespeare(command, marks=(10, 20, 30, 40, 50, 58), rates=(0.05,))


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
def nottingham(command, steps=600):
    """LSTM on the Nottingham tunes in stretches of 64 frames, two rates short, the better one longer; and counting."""
    from seqlib.data.polymusic import frames_of
    from seqlib.studies.what_sounds_next import OneBefore, each_by_itself, learn_frames, mean_nll
    from seqlib.training import recorded

    torch.set_num_threads(1)
    data = frames_of("Nottingham")
    results = {name: [nats] for name, nats in each_by_itself(data["train"], data["test"]).items()}
    torch.manual_seed(0)
    line, some = OneBefore(), data["valid"][:40]
    learn_frames(line, data["train"], some, steps // 2, lr=2e-2, crop=64, batch=32, every=steps // 4, name=None)
    results["a line of the frame before"] = [mean_nll(line, data["test"])]
    part = {"train": data["train"], "valid": some, "test": data["test"][:2]}
    for rate in (5e-3, 1e-2, 2e-2):
        results[f"LSTM, rate {rate}, valid"] = [
            _learned("LSTM", rate, part, 0, steps // 6, crop=64, batch=32, every=steps // 6)[0]
        ]
    best = min((5e-3, 1e-2, 2e-2), key=lambda rate: results[f"LSTM, rate {rate}, valid"][0])
    whole = {"train": data["train"], "valid": some, "test": data["test"]}
    found = _learned("LSTM", best, whole, 0, steps, crop=64, batch=32, every=steps // 6)
    results |= {f"LSTM, {what}": [value] for what, value in zip(("valid", "test", "seconds"), found, strict=True)}
    results["LSTM, rate"] = [best]
    recorded.record(
        "09_nottingham",
        {},
        results=results,
        seeds=[0],
        unit="nats per frame",
        command=command,
        what=f"An LSTM of 200 on the Nottingham tunes, {steps} steps of 32 stretches of 64 frames, one thread",
    )
