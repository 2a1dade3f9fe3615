"""The recorded runs of notebook 19: telephone tones by four listeners, and spoken digits.

The networks, and what trains and scores them, are what the notebook imports: seqlib.studies.hearing_digits.
"""

from recordings import recording

SEEDS = (0, 1, 2)
RATES = (3e-3, 1e-2, 3e-2)
STEPS = {"CTC, two-way": 300, "CTC, causal": 300, "cut evenly": 300, "attention": 600}


def _errors(model) -> dict[str, float]:
    """Digit error rates on calls that nobody trained on: by noise, and on strings twice as long as any of training."""
    from seqlib.studies.hearing_digits import digit_errors, strings_of, tone_batch

    tests = {f"{snr} dB": {"snr": snr, "size": 200} for snr in (5, 0, -5, -10)}
    tests["16 digits"] = {"snr": (-5.0, 0.0), "size": 100, "lengths": (16, 16)}
    found = {}
    for k, (name, options) in enumerate(tests.items()):
        batch = tone_batch([10**6, k], **options)
        found[name] = digit_errors(model.transcribe(batch[0]), strings_of(batch))
    return found


@recording
def tones(command):
    import time
    from functools import lru_cache

    import numpy as np
    import torch

    from seqlib.data.tones import calls
    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import (
        AttentionListener,
        Listener,
        digit_errors,
        even_loss,
        features,
        random_strings,
        spikes,
        strings_of,
        tone_batch,
        train_listener,
    )  # fmt: skip
    from seqlib.training import recorded

    torch.set_num_threads(1)
    draw = lru_cache(maxsize=700)(lambda seed, step: tone_batch([seed, step]))
    check = tone_batch([10**6 + 1, 0], 200)
    late = calls(np.random.default_rng(10**6 + 2), random_strings(np.random.default_rng(10**6 + 3), 100), 0.0)
    make = {
        "CTC, two-way": Listener,
        "CTC, causal": lambda: Listener(two_way=False),
        "cut evenly": Listener,
        "attention": AttentionListener,
    }
    results, curves, best = {}, {}, {}

    def trained(kind, seed, lr):
        torch.manual_seed(seed)
        model = make[kind]()
        began = time.process_time()
        loss = even_loss if kind == "cut evenly" else None
        steps = budget(cpu=STEPS[kind])
        history = train_listener(model, steps, lr=lr, seed=seed, loss=loss, sampler=lambda step: draw(seed, step))
        return model, history, time.process_time() - began

    def note(what, value):
        results.setdefault(what, []).append(float(value))

    for kind in ("CTC, two-way", "attention", "CTC, causal", "cut evenly"):
        tried = {}
        rates = RATES if kind in ("CTC, two-way", "attention") else (best["CTC, two-way"],)
        for lr in rates:
            tried[lr] = trained(kind, 0, lr)
            error = digit_errors(tried[lr][0].transcribe(check[0]), strings_of(check))
            results[f"{kind}, rate {lr:g}"] = [error]
        best[kind] = min(rates, key=lambda lr: results[f"{kind}, rate {lr:g}"][0])
        results[f"{kind}, best rate"] = [best[kind]]
        for seed in SEEDS:
            model, history, seconds = tried[best[kind]] if seed == 0 else trained(kind, seed, best[kind])
            for name, error in _errors(model).items():
                note(f"{kind}, {name}", error)
            note(f"{kind}, seconds", seconds)
            note(f"{kind}, parameters", sum(p.numel() for p in model.parameters()))
            curves.setdefault(kind, []).append(history)
            if kind.startswith("CTC"):
                delay = spikes(model, late)
                note(f"{kind}, delay", np.median(delay) if len(delay) else np.nan)
                with torch.no_grad():
                    said = model(features(np.stack([c.signal for c in late]))).argmax(dim=2)
                note(f"{kind}, blank share", (said == 0).double().mean())
    recorded.record(
        "19_tones",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats (per digit with CTC and attention, per frame when cut evenly)",
        command=command,
        what="Telephone tones, strings of 3 to 8 digits at -5 to 0 dB: digit error rates of four listeners; 300 "
        "batches of 32, 600 with attention; the learning rate chosen from three on other calls, seed 0",
    )


@recording
def spoken(command):
    import numpy as np
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from seqlib.data.spoken import official_split, spoken_digits
    from seqlib.runtime import budget
    from seqlib.studies.hearing_digits import (
        Listener,
        digit_errors,
        features,
        speech_batch,
        strings_of,
        train_listener,
    )  # fmt: skip
    from seqlib.training import recorded

    torch.set_num_threads(1)
    everything = spoken_digits()
    results, curves, steps = {}, {}, budget(cpu=400)

    def pooled(recordings, parts=8):
        """The baseline's view: the mean features of eight equal parts of a recording."""
        rows = []
        for s in recordings:
            x = features(np.pad(s.signal, (0, max(0, 2000 - len(s.signal))))[None])[0]
            cuts = np.linspace(0, len(x), parts + 1).astype(int)
            rows.append(torch.cat([x[a : max(b, a + 1)].mean(dim=0) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]))
        return torch.stack(rows).numpy()

    def alone(model, recordings):
        """The share of single recordings whose transcript is exactly their digit."""
        said = []
        for k, s in enumerate(recordings):
            noise = 0.02 * np.random.default_rng([5, k]).normal(size=len(s.signal) + 1600)
            said += model.transcribe(features((np.pad(s.signal, 800) + noise)[None]))
        return np.mean([a == s.digit for a, s in zip(said, recordings, strict=True)])

    splits = [("takes 0 to 4", seed, None) for seed in SEEDS]
    splits += [("another speaker", 0, who) for who in sorted({s.speaker for s in everything})]
    for kind, seed, who in splits:
        train, test = official_split(everything, who)
        torch.manual_seed(seed)
        model = Listener(96)
        history = train_listener(
            model, steps, lr=1e-2, seed=seed, sampler=lambda step, t=train, s=seed: speech_batch(t, [s, step])
        )
        strings = speech_batch(test, [10**6, seed], 200, (4, 4))
        found = {"strings of 4": digit_errors(model.transcribe(strings[0]), strings_of(strings)),
                 "alone": 1 - alone(model, test)}  # fmt: skip
        if seed == 0:
            simple = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
            simple.fit(pooled(train), [s.digit for s in train])
            found["logistic regression, alone"] = 1 - simple.score(pooled(test), [s.digit for s in test])
        for what, value in found.items():
            results.setdefault(f"{kind}, {what}", []).append(float(value))
        if who:
            results[f"{who}, strings of 4"] = [found["strings of 4"]]
            results[f"{who}, alone"] = [found["alone"]]
        curves.setdefault(kind, []).append(history)
    recorded.record(
        "19_spoken",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats per digit",
        command=command,
        what="Spoken digits strung together, 1 to 4 a string, 400 batches of 32, a two-way GRU of 96 with CTC: error "
        "rates on takes 0 to 4 (three seeds) and on each speaker in turn, left out of training (seed 0)",
    )
