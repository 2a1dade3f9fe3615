"""Held-out loss on tinyshakespeare against seconds of the clock: ours beside nanoGPT's recipe for a CPU, in one run.

    python benchmarks/losses.py [--quick] [--seeds N]

All that the machine has: `train`'s threads, chosen while it trains; bfloat16 where the processor has it, but for
nanoGPT's recipe, which is float32. Each model has the whole budget, 60 or 180 s; its rate rises in the first 3 % and
falls along a line to zero at the end of it. The models take turns. Losses are nats per character of the whole last
tenth. What each evaluation sees: a recurrent state has read everything before; a window of C tokens has, on average,
half of it, and at least half where windows overlap and only second halves count. The tokens (512, byte pairs) are
learned from the first nine tenths.

nanoGPT's recipe: 4 layers, 4 heads, 128 wide, context 64, batch 12, AdamW at 1e-3 (README of nanoGPT, "I only have a
macbook"), with the same clock in place of its 2,000 steps. Of ours, the LSTM was searched by hand with a minute of one
core, by the last tenth (three rates, vocabularies of 300 to 1,024, with and without dropout). For 180 s three ways were
tried by their steps (dropout of 0.35; of 0.4 with 512 units; of 0.4 for a whole window with 320): none came below 1.50.
So three networks share a budget, each with the recipe of a minute, and their probabilities are averaged. The result
goes to benchmarks/results/losses.json.
"""

import sys
import time
from typing import NamedTuple

import numpy as np
import torch
from common import ROOT, keep, options, spread
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(ROOT / "tools"))  # what the recordings of 16 are made of

SHORT, LONG, WARM = 60.0, 180.0, 0.03


class Recurrent(nn.Module):
    """A table, dropout, an LSTM, dropout, a readout: tokens (B, T) and a state -> logits (B, T, V) and the state."""

    def __init__(self, size: int, width: int, hidden_size: int, dropout: float):
        super().__init__()
        self.tokens, self.layer = nn.Embedding(size, width), nn.LSTM(width, hidden_size, batch_first=True)
        self.readout, self.dropout = nn.Linear(hidden_size, size), nn.Dropout(dropout)

    def forward(self, tokens, state=None):
        states, state = self.layer(self.dropout(self.tokens(tokens)), state)
        return self.readout(self.dropout(states)), state


class Carried:
    """A recurrent model, trained and read with its state carried from window to window."""

    def __init__(self, data, batch=32, context=64, lr=0.03, lr_rest=0.01, **sizes):
        from seqlib.data import carried_sampler
        from seqlib.training.muon import muon

        self.model, self.windows = Recurrent(data.size, **sizes), carried_sampler(data.early, context, batch)
        self.optimizer, self.state, self.amp = muon(self.model, "layer", lr, lr_rest), None, True

    def loss(self, step: int):
        x, y, first = self.windows(step)
        logits, state = self.model(x, None if first[0] else self.state)
        self.state = tuple(part.detach() for part in state)
        return F.cross_entropy(logits.float().flatten(0, 1), y.flatten())

    def held_out(self, late) -> dict:
        from recordings.nb16 import read_on

        return {"everything before": read_on(self.model, late)}


class Several(nn.Module):
    """Recurrent models that read the same text: logarithms of their mean probabilities, and their states."""

    def __init__(self, models):
        super().__init__()
        self.each = nn.ModuleList(models)

    def forward(self, tokens, states=None):
        from recordings.nb16 import log_mean

        read = [model(tokens, state) for model, state in zip(self.each, states or [None] * len(self.each), strict=True)]
        return log_mean([logits for logits, _ in read]), [state for _, state in read]


class Averaged:
    """`count` of Carried that take turns step by step, each on the whole text; read by their mean."""

    def __init__(self, data, count=3, **options):
        from seqlib.training.muon import Together

        self.parts = [Carried(data, **options) for _ in range(count)]
        self.model, self.amp = Several(part.model for part in self.parts), True
        self.optimizer = Together(*(part.optimizer for part in self.parts))

    def loss(self, step: int):
        return self.parts[step % len(self.parts)].loss(step // len(self.parts))

    held_out = Carried.held_out


class Windowed:
    """A GPT, trained and read in windows."""

    def __init__(self, data, make, batch=32, amp=True, **config):
        from seqlib.data import text_sampler
        from seqlib.models.gpt import GPT, GPTConfig

        self.config = GPTConfig(data.size, bias=False, **config)
        self.model, self.amp = GPT(self.config), amp
        self.windows, self.optimizer = text_sampler(data.early, self.config.context, batch), make(self.model)

    def loss(self, step: int):
        x, y = self.windows(step)
        return F.cross_entropy(self.model(x).float().flatten(0, 1), y.flatten())

    def held_out(self, late) -> dict:
        from recordings import notebook

        length = self.config.context
        half = length // 2
        return {
            sees: notebook("16")["held_out"](self.model, late, length, kept)
            for kept, sees in ((0, f"half of {length} tokens"), (half, f"at least {half} of {length} tokens"))
        }


class Data(NamedTuple):
    """The first nine tenths and the last, as characters or as pieces; how many kinds, and how many make a character."""

    early: np.ndarray
    late: np.ndarray
    size: int
    per_character: float


def both_texts() -> tuple[Data, Data]:
    """Characters and tokens, as 16 and its recordings have them."""
    from recordings import notebook
    from recordings.nb16 import in_pieces, shakespeare

    (early, late, size), (*pieces, per_character, _) = shakespeare(), in_pieces()
    return Data(early, late, size, 1.0), Data(*pieces, notebook("16")["PIECES"], per_character)


def muon_at(lr: float, lr_rest: float):
    from seqlib.training.muon import muon

    return lambda model: muon(model, lr=lr, lr_rest=lr_rest)


def nanogpt(model):
    return torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.99), weight_decay=0.1)


def rivals(letters: Data, pieces: Data, seconds: float = SHORT) -> dict:
    """{name: (its data, how to make it)}; with more time a text is read more often, and dropout has to be larger."""
    more = 0.15 if seconds > SHORT else 0.0
    ours = {"norm": "rms", "positions": "rotary", "dropout": more}
    return {
        "seqlib, LSTM, tokens": (pieces, lambda: Carried(pieces, width=128, hidden_size=256, dropout=0.05 + more)),
        "seqlib, three LSTMs averaged, tokens": (
            pieces, lambda: Averaged(pieces, width=128, hidden_size=256, dropout=0.05),
        ),
        "seqlib, GPT, tokens": (
            pieces, lambda: Windowed(pieces, muon_at(0.03, 0.015), layers=3, width=128, context=96, **ours),
        ),
        "seqlib, GPT, characters": (
            letters, lambda: Windowed(letters, muon_at(0.03, 0.015), layers=4, width=128, context=64, **ours),
        ),
        "nanoGPT's CPU recipe": (letters, lambda: Windowed(letters, nanogpt, batch=12, amp=False)),
    }  # fmt: skip


def against_the_clock(one, data: Data, seconds: float, most_steps: int | None = None) -> dict:
    """Train for so long; its losses on all of the last tenth, its steps, and the threads of its last one."""
    from seqlib.training.run import half_precision
    from seqlib.training.threads import chosen

    before = torch.get_num_threads()
    rates, spent, step = [group["lr"] for group in one.optimizer.param_groups], 0.0, 0
    weights, threads = list(one.model.parameters()), chosen(None, on_cpu=True)
    one.model.train()
    while spent < seconds and step != most_steps:
        began, way = time.perf_counter(), spent / seconds
        factor = max(0.05, min(way / WARM, (1 - way) / (1 - WARM)))
        for group, rate in zip(one.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        with half_precision("cpu", one.amp):
            loss = one.loss(step)
        one.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        one.optimizer.step()
        taken = time.perf_counter() - began
        threads.took(step, taken)
        spent, step = spent + taken, step + 1
    used = torch.get_num_threads()
    torch.set_num_threads(before)
    one.model.eval()
    with torch.no_grad():
        found = one.held_out(data.late[:2000] if most_steps else data.late)
    nats = {sees: each * data.per_character for sees, each in found.items()}
    return {"nats": nats, "steps": step, "threads": used}


def main(quick: bool = False, seeds: int = 2) -> dict:
    both, results = both_texts(), {}
    for seconds, times in ((SHORT, seeds), (LONG, 1)):
        found = {name: [] for name in rivals(*both)}
        for seed in range(1 if quick else times):
            for name, (data, make) in rivals(*both, seconds).items():
                torch.manual_seed(seed)
                one = make()
                found[name].append(against_the_clock(one, data, seconds, 3 if quick else None))
                print(f"{seconds:g} s, seed {seed}: {name} {found[name][-1]}", flush=True)
        results[f"{seconds:g} s"] = {
            row: told for name, runs in found.items() for row, told in rows(name, runs).items()
        }
    what = "nats per character of tinyshakespeare's last tenth after so many seconds of all processors"
    return keep("losses", what, results, quick=quick, seeds=seeds)


def rows(name: str, runs: list) -> dict:
    """{name: what was found}, once for each way in which the model was read."""
    shared = {what: spread([run[what] for run in runs]) for what in ("steps", "threads")}
    return {
        name if not k else f"{name}, second halves": {
            "nats": spread([run["nats"][sees] for run in runs]), "sees": sees, **shared,
        }
        for k, sees in enumerate(runs[0]["nats"])
    }  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__, ("--seeds", {"type": int, "default": 2}))
    main(asked.quick, asked.seeds)
