"""The recorded runs of notebook 16: the race, the parts one at a time.

Called by record_runs.py. The model, and the recipe are the notebook's own, read from
solutions/16_gpt.py. Time is processor time of one thread, so that a busy machine does not change who wins.
"""

import math
import time
from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

from recordings import at_best_rate, in_processes, notebook, recording


@cache
def shakespeare():
    """Character ids of the first nine tenths and of the last, and how many characters there are."""
    from seqlib.data import encode_chars, fetch, split_in_time

    ids, characters = encode_chars(fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"))
    return *split_in_time(ids), characters.size


# -- the race --------------------------------------------------------------------------------------------------------

SECONDS, MARKS = 60, (15, 30, 45, 60)


def timed(optimizer, loss, evaluate, amp=True, seconds=SECONDS, marks=MARKS, warm=50, clock=time.process_time):
    """Train for `seconds` of processor time, warm up and cosine by that clock: (losses at the marks, steps made)."""
    from seqlib.training.run import half_precision

    rates, found, spent, step = [group["lr"] for group in optimizer.param_groups], [], 0.0, 0
    while len(found) < len(marks):
        began, way = clock(), min(1.0, spent / seconds)
        factor = min(1, (step + 1) / warm) * (0.02 + 0.98 * (1 + math.cos(math.pi * way)) / 2)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        with half_precision("cpu", amp):
            value = loss(step)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
        optimizer.step()
        spent, step = spent + clock() - began, step + 1
        if spent >= marks[len(found)]:
            found.append(evaluate())
    return found, step


def race_gpt(config, make, batch, ids, evaluate, amp=True, seed=0, **options):
    """A GPT against the clock, windows from anywhere: (losses at the marks, steps, the model)."""
    from seqlib.data import text_sampler
    from seqlib.training.train import cross_entropy

    torch.manual_seed(seed)
    model = notebook("16")["GPT"](config)
    windows = text_sampler(ids, config.context, batch, seed)
    found = timed(
        make(model),
        lambda step: cross_entropy(model, windows(step)),
        lambda: evaluate(model),
        amp,
        **options,
    )
    return *found, model


def read_on(model, late) -> float:
    """Nats per character of a recurrent model that reads all of `late` in eight rows, its state carried."""
    rows = (len(late) - 1) // 8 * 8
    x, y = (torch.from_numpy(late[k : k + rows].reshape(8, -1).copy()) for k in (0, 1))
    with torch.no_grad():
        return F.cross_entropy(model(x)[0].flatten(0, 1), y.flatten()).item()


def race_recurrent(layer, ids, late, size, context=64, batch=32, lr=0.05, seed=0, **options):
    """A recurrent layer against the clock, its state carried from window to window, in the evaluation too."""
    from seqlib.data import carried_sampler
    from seqlib.studies.looking_up import Recurrent

    torch.manual_seed(seed)
    model, kept = Recurrent(size, layer), [None]
    windows = carried_sampler(ids, context, batch)

    def loss(step):
        x, y, first = windows(step)
        logits, state = model(x, None if first[0] else kept[0])
        kept[0] = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        return F.cross_entropy(logits.float().flatten(0, 1), y.flatten())

    made = notebook("16")["muon"](model, inside="layer", lr=lr, lr_rest=lr / 5)
    return *timed(made, loss, lambda: read_on(model, late), **options), model


@cache
def in_pieces():
    """The same text in 16's tokens: ids of the first nine tenths and of the last; tokens per character of the last, and
    of its second half."""
    from seqlib.data import encode_chars, fetch, split_in_time

    text = fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8")
    cut = len(split_in_time(encode_chars(text)[0])[0])
    coder, parts = notebook("16")["in_pieces"](text[:cut], text[cut:])
    half = parts[1][len(parts[1]) // 2 :]
    return *parts, len(parts[1]) / (len(text) - cut), len(half) / len(coder.decode(half.tolist()))


@recording
def race(command, seeds=(0, 1, 2)):
    """GPTs, nanoGPT's CPU recipe, LSTMs, GRU: a minute of one core each, at each one's best rate, three seeds."""
    from seqlib.training import recorded

    torch.set_num_threads(1)
    own, (early, late, size), results = notebook("16"), shakespeare(), {}
    early_pieces, late_pieces, _, per_character = in_pieces()
    letters, pieces = (early, late, 1.0), (early_pieces, late_pieces, per_character)

    def gpt(text, config, make, batch=32, **options):
        early, late, each = text
        judged, asked = late[: len(late) // 2], late[len(late) // 2 :]

        def run(rate, seed):
            return race_gpt(
                config, lambda model: make(model, rate), batch, early,
                lambda model: each * own["held_out"](model, asked, config.context), seed=seed, **options,
            )  # fmt: skip

        return run, lambda made: own["held_out"](made[2], judged, config.context)

    def recurrent(text, size, layer):
        early, late, each = text
        judged, asked = late[: len(late) // 2], late[len(late) // 2 :]

        def run(rate, seed):
            series, steps, model = race_recurrent(layer, early, asked, size, lr=rate, seed=seed)
            return [each * nats for nats in series], steps, model

        return run, lambda made: read_on(made[2], judged)

    def with_muon(model, rate):
        return own["muon"](model, lr=rate, lr_rest=rate / 2)

    def with_adamw(model, rate):
        return torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.99), weight_decay=0.1)

    modern, on_pieces = (
        own["GPTConfig"](size, **own["MODERN"]),
        own["GPTConfig"](own["PIECES"], width=96, layers=3, **own["MODERN"]),
    )
    plain = own["GPTConfig"](size, bias=False)
    rivals = {
        "GPT": ((0.015, 0.03, 0.06), gpt(letters, modern, with_muon)),
        "GPT, tokens": ((0.015, 0.03, 0.06), gpt(pieces, on_pieces, with_muon)),
        "nanoGPT's CPU recipe": ((1e-3, 2e-3, 4e-3), gpt(letters, plain, with_adamw, 12, amp=False, warm=100)),
        "LSTM, state carried": ((0.025, 0.05, 0.1), recurrent(letters, size, nn.LSTM)),
        "LSTM, tokens": ((0.0125, 0.025, 0.05), recurrent(pieces, own["PIECES"], nn.LSTM)),
        "GRU, state carried": ((0.025, 0.05, 0.1), recurrent(letters, size, nn.GRU)),
    }
    for name, (tried, (run, judge)) in rivals.items():
        _, made = at_best_rate(results, name, tried, run, judge, seeds=seeds)
        results |= {f"{name}, {s} s": [series[k] for series, *_ in made] for k, s in enumerate(MARKS)}
        results[f"{name}, steps"] = [steps for _, steps, _ in made]
        print(name, results[f"{name}, {SECONDS} s"], results[f"{name}, rate"][0], flush=True)
    recorded.record(
        "16_race",
        {},
        results=results,
        seeds=seeds,
        unit="nats per character",
        command=command,
        what=f"Language models of tinyshakespeare, characters or {own['PIECES']} tokens, {SECONDS} s of processor time "
        "of one core each, each at its best rate by one half of the held-out tenth; nats on the other half",
    )


@recording
def longer(command, seconds=60, marks=(15, 30, 45, 60)):
    """Python's own library: a GPT with a context of 256 against the LSTM, for longer."""
    from seqlib.data import encode_chars, split_in_time, stdlib_text
    from seqlib.training import recorded

    ids, letters = encode_chars(stdlib_text(1_900_000))
    known, unseen = split_in_time(ids, (0.95, 0.05))
    config = notebook("16")["GPTConfig"](letters.size, context=256, **notebook("16")["MODERN"])
    clock = {"seconds": seconds, "marks": marks}

    def evaluate(model):
        return notebook("16")["held_out"](model, unseen, config.context)

    found = {
        "GPT, context 256": race_gpt(config, notebook("16")["muon"], 8, known, evaluate, **clock),
        "LSTM, state carried": race_recurrent(nn.LSTM, known, unseen, letters.size, **clock),
    }
    results = {
        f"{name}, {s} s": [nats] for name, (series, *_) in found.items() for s, nats in zip(marks, series, strict=True)
    }
    results |= {f"{name}, steps": [steps] for name, (_, steps, _) in found.items()}
    recorded.record(
        "16_longer",
        {},
        results=results,
        seeds=[0],
        unit="nats per character",
        command=command,
        what="A GPT and an LSTM of the standard library's source, processor time of one core each",
    )


MINUTES, MINUTE_MARKS = 15, (3, 6, 9, 12, 15)
LONG_RUN = {"context": 128, "width": 192, "layers": 4, "heads": 4, "dropout": 0.25}
BOTH_WAYS = ("side by side", "second halves")  # of windows, and of windows that overlap


def log_mean(logits) -> torch.Tensor:
    """The logarithms of the mean of the probabilities that several models give: their logits, a list."""
    return torch.stack([each.log_softmax(dim=-1) for each in logits]).logsumexp(dim=0) - math.log(len(logits))


class Mean(nn.Module):
    """The logarithms of the mean probabilities of several models."""

    def __init__(self, models):
        super().__init__()
        self.models = nn.ModuleList(models)

    def forward(self, tokens):
        return log_mean([model(tokens) for model in self.models])


def _long_run(seed: int):
    """One GPT on tokens: [(nats side by side, nats of second halves) at each mark], steps, its weights."""
    own = notebook("16")
    torch.set_num_threads(1)
    early, *_ = in_pieces()
    found, steps, model = race_gpt(
        _long_config(), lambda model: own["muon"](model, lr=0.02, lr_rest=0.01), 32, early, _both_ways, seed=seed,
        seconds=60 * MINUTES, marks=[60 * m for m in MINUTE_MARKS],
    )  # fmt: skip
    return found, steps, model.state_dict()


def _long_config():
    own = notebook("16")
    return own["GPTConfig"](own["PIECES"], **own["MODERN"] | LONG_RUN)


def _both_ways(model) -> list[float]:
    """Nats per character of the whole held-out tenth."""
    own, (_, late, per_character, _) = notebook("16"), in_pieces()
    length = LONG_RUN["context"]
    model.eval()
    both = [per_character * own["held_out"](model, late, length, kept) for kept in (0, length // 2)]
    model.train()
    print(" ".join(f"{nats:.4f}" for nats in both), flush=True)
    return both


@recording
def minutes(command, seeds=(0, 1)):
    """Two GPTs on tokens, a quarter of an hour of one core each, wider and with dropout; each alone, and their mean."""
    from seqlib.training import recorded

    made = list(in_processes(_long_run, seeds).values())
    own = notebook("16")
    models = [own["GPT"](_long_config()) for _ in made]
    for model, (*_, weights) in zip(models, made, strict=True):
        model.load_state_dict(weights)
    results = {
        f"GPT, tokens, {way}, {minute} min": [series[k][j] for series, *_ in made]
        for k, minute in enumerate(MINUTE_MARKS)
        for j, way in enumerate(BOTH_WAYS)
    }
    results |= {
        f"mean of both, {way}": [nats] * len(seeds)
        for way, nats in zip(BOTH_WAYS, _both_ways(Mean(models)), strict=True)
    }
    results |= {
        "GPT, tokens, steps": [steps for _, steps, _ in made],
        "GPT, tokens, parameters": [sum(p.numel() for p in model.parameters()) for model in models],
        "rate": [0.02] * len(seeds),
    }
    recorded.record(
        "16_minutes",
        {},
        results=results,
        seeds=list(seeds),
        unit="nats per character",
        command=command,
        what=f"GPTs of {LONG_RUN['layers']} layers of {LONG_RUN['width']} on {own['PIECES']} tokens of "
        f"tinyshakespeare, context {LONG_RUN['context']}, dropout {LONG_RUN['dropout']:g}, batches of 32, {MINUTES} "
        "minutes of one core each, one rate; the whole held-out tenth in windows, and in windows of which the second "
        "half is counted; each alone, and the mean of their probabilities",
    )


# -- the parts, one at a time ----------------------------------------------------------------------------------------


PART_STEPS, PART_RATES = 400, (0.01, 0.02, 0.04)  # Muon's; that of the rest is three quarters, as on the page


def wake(model) -> None:
    """Begin each gate with products of size 1: begun at 0.02 as all else, a gated layer starts almost silent."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("W_gate.weight"):
                weight *= 1 / (0.02 * weight.shape[1] ** 0.5)


@recording
def parts(command, seeds=(0, 1, 2)):
    """Each modern part switched on alone, and all of them: equal steps, each at its best rate, three seeds."""
    from seqlib.data import text_sampler
    from seqlib.training import recorded
    from seqlib.training.muon import muon
    from seqlib.training.train import train, warmup_cosine

    torch.set_num_threads(1)
    own, (early, late, _, per_character), results = notebook("16"), in_pieces(), {}
    judged, asked = late[: len(late) // 2], late[len(late) // 2 :]
    for name, change in own["PARTS"].items():
        config = own["GPTConfig"](own["PIECES"], width=96, layers=3, **change)

        def run(rate, seed, config=config, name=name):
            torch.manual_seed(seed)
            model = own["GPT"](config)
            wake(model)
            began = time.process_time()
            train(
                model,
                text_sampler(early, config.context, 32, seed),
                PART_STEPS,
                optimizer=muon(model, lr=rate, lr_rest=0.75 * rate),
                clip=1.0,
                schedule=warmup_cosine(PART_STEPS, 50),
                amp=True,
                name=f"{name}, rate {rate:g}, seed {seed}",
            )
            return model, time.process_time() - began

        judge = lambda made: own["held_out"](made[0], judged)  # noqa: E731
        _, made = at_best_rate(results, name, PART_RATES, run, judge, seeds=seeds)
        results[name] = [per_character * own["held_out"](model, asked) for model, _ in made]
        results[f"{name}, seconds"] = [seconds for _, seconds in made]
        print(name, results[name], results[f"{name}, rate"][0], flush=True)
    recorded.record(
        "16_parts",
        {},
        results=results,
        seeds=seeds,
        unit="nats per character",
        command=command,
        what=f"A GPT of 3 layers of 96 on {own['PIECES']} tokens of tinyshakespeare, {PART_STEPS} steps of 32 windows "
        "of 64, parts switched on alone, each at its best rate by one half of the held-out tenth; nats on the other "
        "half. Gates begin awake",
    )


# -- on a GPU --------------------------------------------------------------------------------------------------------


LARGE = {
    "context": 256,
    "width": 384,
    "layers": 6,
    "heads": 6,
    "norm": "rms",
    "positions": "rotary",
    "feed_forward": "swiglu",
    "qk_norm": True,
    "bias": False,
    "dropout": 0.3,
}


@recording
def gpu(command):
    """nanoGPT's GPU size with the modern parts and Muon, prepared to go below its 1.4697. Needs a CUDA device."""
    from seqlib.runtime import device
    from seqlib.training import recorded

    if device().type != "cuda":
        print("16_gpu needs a CUDA device: nothing recorded")
        return
    from seqlib.data import text_sampler
    from seqlib.training.train import train, warmup_cosine

    early, late, size = shakespeare()
    torch.manual_seed(0)
    model = notebook("16")["GPT"](notebook("16")["GPTConfig"](size, **LARGE)).to(device())
    history = train(
        model,
        text_sampler(early, LARGE["context"], 64),
        3000,
        amp=True,
        clip=1.0,
        every=250,
        name="GPT",
        optimizer=notebook("16")["muon"](model, lr=0.02, lr_rest=3e-3),
        schedule=warmup_cosine(3000, 100),
        evaluate=lambda model: {"nats": notebook("16")["held_out"](model, late, LARGE["context"])},
    )
    results = {"held out, best": [min(history.series("nats")[1])], "held out, last": [history.series("nats")[1][-1]]}
    recorded.record(
        "16_gpu",
        {"GPT": [history]},
        results=results,
        seeds=[0],
        unit="nats per character",
        command=command,
        what="A GPT of 6 layers of 384, context 256, dropout 0.3, 3000 steps of 64 windows",
    )
