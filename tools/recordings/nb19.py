"""The recorded runs of notebook 19: telephone tones by four listeners, and spoken digits.

The networks, and what trains and scores them, are what the notebook imports: seqlib.studies.hearing_digits.
"""

from recordings import recording

SEEDS = (0, 1, 2)
RATES = (3e-3, 1e-2, 3e-2)
CTC_RATE = 1e-2  # the best of RATES in 19_tones, for the networks that have no sweep of their own
STEPS = 350
SPOKEN_STEPS = 300


def _listen(name, kind, make, command, rates, loss=None):
    """Train one kind of listener: the rate is chosen with seed 0, on other calls than those of the test."""
    import time
    from functools import lru_cache

    import torch

    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import (
        digit_errors,
        scored,
        strings_of,
        tone_batch,
        train_listener,
    )
    from seqlib.training import recorded

    torch.set_num_threads(1)
    draw = lru_cache(maxsize=STEPS)(lambda seed, step: tone_batch([seed, step]))
    check = tone_batch([10**6 + 1, 0], 100)
    results, histories, tried = {}, [], {}

    def trained(seed, lr):
        torch.manual_seed(seed)
        model, began = make(), time.process_time()
        history = train_listener(
            model, budget(cpu=STEPS), lr=lr, seed=seed, loss=loss, sampler=lambda step: draw(seed, step), name=kind
        )
        return model, history, time.process_time() - began

    def note(what, value):
        results.setdefault(f"{kind}, {what}", []).append(float(value))

    for lr in rates:
        tried[lr] = trained(0, lr)
        error = digit_errors(tried[lr][0].transcribe(check[0]), strings_of(check))
        results[f"{kind}, seed 0 at rate {lr:g}"] = [error] * len(SEEDS)
    best = min(rates, key=lambda lr: results[f"{kind}, seed 0 at rate {lr:g}"][0])
    for seed in SEEDS:
        model, history, seconds = tried[best] if seed == 0 else trained(seed, best)
        histories.append(history)
        for what, value in scored(kind, model).items():
            results.setdefault(what, []).extend(value)
        note("best rate", best)
        note("seconds", seconds)
    recorded.record(
        name,
        {kind: histories},
        results=results,
        seeds=SEEDS,
        unit="nats per frame" if loss else "nats per digit",
        command=command,
        what=f"Telephone tones, strings of 3 to 6 digits at -5 to 0 dB, {STEPS} batches of 16: digit error rates; "
        f"the learning rate is the best of {', '.join(f'{lr:g}' for lr in rates)} with seed 0, on other calls",
    )


@recording
def tones(command):
    from seqlib.studies.hearing_digits import Listener

    _listen("19_tones", "CTC, two-way", Listener, command, RATES)


@recording
def attention(command):
    from seqlib.studies.hearing_digits import AttentionListener

    _listen("19_attention", "attention", AttentionListener, command, RATES)


@recording
def causal(command):
    from seqlib.studies.hearing_digits import Listener

    _listen("19_causal", "CTC, causal", lambda: Listener(two_way=False), command, (CTC_RATE,))


@recording
def even(command):
    from seqlib.studies.hearing_digits import Listener, even_loss

    _listen("19_even", "cut evenly", Listener, command, (CTC_RATE,), loss=even_loss)


def _pooled(recordings, parts=8):
    """The baseline's view of single digits: the mean features of eight equal parts of a recording."""
    import numpy as np
    import torch

    from seqlib.studies.hearing_digits import features

    rows = []
    for s in recordings:
        x = features(np.pad(s.signal, (0, max(0, 2000 - len(s.signal))))[None])[0]
        cuts = np.linspace(0, len(x), parts + 1).astype(int)
        rows.append(torch.cat([x[a : max(b, a + 1)].mean(dim=0) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]))
    return torch.stack(rows).numpy()


def _alone(model, recordings) -> float:
    """The share of single recordings whose transcript is not exactly their digit."""
    import numpy as np

    from seqlib.studies.hearing_digits import features

    said = []
    for k, s in enumerate(recordings):
        noise = 0.02 * np.random.default_rng([5, k]).normal(size=len(s.signal) + 1600)
        said += model.transcribe(features((np.pad(s.signal, 800) + noise)[None]))
    return float(np.mean([a != s.digit for a, s in zip(said, recordings, strict=True)]))


def _spoken(name, kind, splits, command, seeds, what):
    """Train on strings of spoken digits for each (seed, speaker held out or None), and test on what is held out."""
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from seqlib.data.spoken import official_split, spoken_digits
    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import Listener, digit_errors, speech_batch, strings_of, train_listener
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, histories = {}, []
    for seed, who in splits:
        train, test = official_split(spoken_digits(), who)
        torch.manual_seed(seed)
        model = Listener(96)
        histories.append(
            train_listener(
                model,
                budget(cpu=SPOKEN_STEPS),
                lr=1e-2,
                seed=seed,
                sampler=lambda step, train=train, seed=seed: speech_batch(train, [seed, step]),
                name=f"spoken digits without {who or 'takes 0 to 4'}",
            )
        )
        strings = speech_batch(test, [10**6, seed], 100, (4, 4))
        alone = test[::2] if who else test
        found = {"strings of 4": digit_errors(model.transcribe(strings[0]), strings_of(strings))}
        found["alone"] = _alone(model, alone)
        if who or seed == SEEDS[0]:  # without a speaker the seed makes no difference to it
            simple = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=100))
            simple.fit(_pooled(train), [s.digit for s in train])
            baseline = 1 - simple.score(_pooled(alone), [s.digit for s in alone])
        found["logistic regression, alone"] = baseline
        for label, value in found.items():
            results.setdefault(f"{kind}, {label}", []).append(float(value))
    recorded.record(
        name,
        {kind: histories},
        results=results,
        seeds=seeds,
        unit="nats per digit",
        command=command,
        what=f"Spoken digits strung together, 1 to 3 a string, {SPOKEN_STEPS} batches of 16, a two-way GRU of 96 with "
        f"CTC, rate 0.01: error rates on {what}",
    )


@recording
def takes(command):
    splits = [(seed, None) for seed in SEEDS]
    _spoken("19_takes", "takes 0 to 4", splits, command, SEEDS, "takes 0 to 4, the official test")


@recording
def speakers(command):
    from seqlib.data.spoken import spoken_digits

    everybody = sorted({s.speaker for s in spoken_digits()})
    splits = [(0, who) for who in everybody]
    what = f"each speaker in turn, left out of training ({', '.join(everybody)}; every second recording alone)"
    _spoken("19_speakers", "another speaker", splits, command, [0] * len(everybody), what)
