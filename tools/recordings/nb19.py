"""The recorded runs of notebook 19: telephone tones by four listeners, and spoken digits.

The networks, and what trains and scores them, are what the notebook imports: seqlib.studies.hearing_digits.
"""

from functools import lru_cache

from recordings import recording, until_inside

SEEDS = (0, 1, 2)
RATES = (3e-3, 1e-2, 3e-2)
SPOKEN_RATES = (3e-3, 1e-2, 3e-2)
SPOKEN_RATE = 1e-2  # the best of SPOKEN_RATES in 19_takes, for 19_speakers
TRIED_STEPS, STEPS = 400, 1200  # a rate is chosen after the first
SPOKEN_STEPS = 700
CAUSAL = 98  # units, so that the causal listener has as many weights as the two-way one of 64


@lru_cache(maxsize=TRIED_STEPS)
def _draw(seed, step):
    """A batch of calls; kept, since every rate hears the same ones."""
    from seqlib.studies.hearing_digits import tone_batch

    return tone_batch([seed, step])


def _listen(name, kind, make, command, loss=None, also=None):
    """Train one kind of listener: the rate is chosen with seed 0, on other calls than those of the test.

    also(seed, model) -> {label: value} is recorded beside the scores.
    """
    import time

    import torch

    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import digit_errors, scored, strings_of, tone_batch, train_listener
    from seqlib.training import recorded

    torch.set_num_threads(1)
    check = tone_batch([10**6 + 1, 0], 100)
    results, histories = {}, []

    def trained(seed, lr, steps=STEPS):
        torch.manual_seed(seed)
        model, began = make(), time.process_time()
        history = train_listener(
            model, budget(cpu=steps), lr=lr, seed=seed, loss=loss, sampler=lambda step: _draw(seed, step), name=kind
        )
        return model, history, time.process_time() - began

    def errors(run):
        return digit_errors(run[0].transcribe(check[0]), strings_of(check))

    best, told, _ = until_inside(RATES, lambda lr: trained(SEEDS[0], lr, TRIED_STEPS), errors)
    runs = [trained(seed, best) for seed in SEEDS]
    results |= {f"{kind}, seed 0 at rate {lr:g}": [error] * len(SEEDS) for lr, error in told.items()}
    for seed, (model, history, seconds) in zip(SEEDS, runs, strict=True):
        histories.append(history)
        more = {f"{kind}, best rate": best, f"{kind}, seconds": seconds} | (also(seed, model) if also else {})
        for label, value in (scored(kind, model) | {k: [float(v)] for k, v in more.items()}).items():
            results.setdefault(label, []).extend(value)
    recorded.record(
        name,
        {kind: histories},
        results=results,
        seeds=SEEDS,
        unit="nats per frame" if loss else "nats per digit",
        command=command,
        what=f"Telephone tones, strings of 3 to 6 digits at -5 to 0 dB, {STEPS} batches of 16: digit error rates; "
        f"the learning rate is the best of {', '.join(f'{lr:g}' for lr in sorted(told))} after {TRIED_STEPS} batches "
        "with seed 0, on other calls",
    )


@recording
def tones(command):
    from seqlib.studies.hearing_digits import Listener, threshold_errors
    from seqlib.studies.likely_numbers import spoken_in_town

    def also(seed, model):
        bar = {
            f"threshold in {noise}, {snr} dB": threshold_errors(f"{snr} dB", seed, talking=talking)
            for noise, talking in (("hiss", False), ("hiss and voice", True))
            for snr in (5, 0, -5, -10)
        }
        return bar | {f"CTC, two-way, {what}": value for what, value in spoken_in_town(model).items()}

    _listen("19_tones", "CTC, two-way", Listener, command, also=also)


@recording
def attention(command):
    from seqlib.studies.hearing_digits import AttentionListener

    _listen("19_attention", "attention", AttentionListener, command)


@recording
def causal(command):
    from seqlib.studies.hearing_digits import Listener

    _listen("19_causal", "CTC, causal", lambda: Listener(CAUSAL, two_way=False), command)


@recording
def even(command):
    from seqlib.studies.hearing_digits import Listener, even_loss

    _listen("19_even", "cut evenly", Listener, command, loss=even_loss)


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


def _train_spoken(train, seed, lr, name):
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import Listener, speech_batch, train_listener

    torch.manual_seed(seed)
    model = Listener(96)
    history = train_listener(
        model,
        budget(cpu=SPOKEN_STEPS),
        lr=lr,
        seed=seed,
        sampler=lambda step: speech_batch(train, [seed, step]),
        name=name,
    )
    return model, history


def _spoken_errors(model, recordings, seed):
    """Digit error rate on strings of four recordings."""
    from seqlib.studies.hearing_digits import digit_errors, speech_batch, strings_of

    strings = speech_batch(recordings, [10**6, seed], 100, (4, 4))
    return digit_errors(model.transcribe(strings[0]), strings_of(strings))


def _spoken(name, kind, splits, rate, command, seeds, what, tried=None):
    """Train on strings of spoken digits for each (seed, speaker held out or None), and test on what is held out."""
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from seqlib.data.spoken import official_split, spoken_digits
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, histories = {f"{kind}, seed 0 at rate {lr:g}": [e] * len(seeds) for lr, e in (tried or {}).items()}, []
    for seed, who in splits:
        train, test = official_split(spoken_digits(), who)
        model, history = _train_spoken(train, seed, rate, f"spoken digits without {who or 'takes 0 to 4'}")
        histories.append(history)
        alone = test[::2] if who else test
        found = {"strings of 4": _spoken_errors(model, test, seed), "alone": _alone(model, alone), "rate": rate}
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
        f"CTC, rate {rate:g}: error rates on {what}",
    )


@recording
def takes(command):
    """The rate is chosen with seed 0 on takes 5 to 9, which are trained on afterwards."""
    import torch

    from seqlib.data.spoken import spoken_digits

    torch.set_num_threads(1)
    early = [s for s in spoken_digits() if 5 <= s.take < 10]
    late = [s for s in spoken_digits() if s.take >= 10]
    best, tried, _ = until_inside(
        SPOKEN_RATES,
        lambda lr: _train_spoken(late, 0, lr, f"takes from 10 on, rate {lr:g}")[0],
        lambda model: _spoken_errors(model, early, 7),
    )
    splits = [(seed, None) for seed in SEEDS]
    _spoken("19_takes", "takes 0 to 4", splits, best, command, SEEDS, "takes 0 to 4, the official test", tried)


@recording
def speakers(command):
    from seqlib.data.spoken import spoken_digits

    everybody = sorted({s.speaker for s in spoken_digits()})
    splits = [(0, who) for who in everybody]
    what = f"each speaker in turn, left out of training ({', '.join(everybody)}; every second recording alone)"
    _spoken("19_speakers", "another speaker", splits, SPOKEN_RATE, command, [0] * len(everybody), what)
