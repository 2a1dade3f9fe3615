"""The recorded runs of notebook 18: the official split, learning rates, few pictures, and the order of pixels.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/18_vit.py.
"""

from functools import cache

from recordings import notebook, recording

KINDS = ("ViT", "ViT, shifts", "ViT, stem", "ViT, stem, shifts", "CNN", "CNN, shifts")


@cache
def pictures() -> tuple:
    """The official split: x, y, test x, test y."""
    from seqlib.data.digits import official_digits

    return official_digits()


def _fit(kind, x, y, steps, seed, rate=3e-3, model=None):
    """A network of a kind, trained; and its history."""
    import torch

    from seqlib.studies.reading_digits import learn

    here = notebook("18")
    torch.manual_seed(seed)
    model = here["reader"](kind) if model is None else model()
    change = here["jitter"] if "shifts" in kind else None
    return model, learn(model, x, y, steps, rate=rate, seed=seed, change=change, name=None)


def _read(name, kinds, command, seeds, steps):
    """Networks on the official split: what they read, what 1-nearest neighbour alone reads, places and maps."""
    import torch

    from seqlib.studies.reading_digits import right, simple_readers
    from seqlib.training import recorded

    here, curves, results = notebook("18"), {}, {"batches": [steps] * len(seeds)}
    x, y, test_x, test_y = pictures()
    bars = {bar: right(model, test_x, test_y) for bar, model in simple_readers(x, y).items()}
    nearest = bars["1-nearest neighbour"]
    for bar, found in bars.items():
        results[bar] = [100 * found.mean()] * len(seeds)  # nothing in them is drawn
    seen = torch.tensor(test_x)
    for kind in kinds:
        for seed in seeds:
            model, history = _fit(kind, x, y, steps, seed)
            found = right(model, test_x, test_y)
            told = {
                "percent": 100 * found.mean(),
                "alone": (found & ~nearest).sum(),
                "nearest alone": (nearest & ~found).sum(),
                "last loss": history.last(),
                "parameters": sum(p.numel() for p in model.parameters()),
            }
            if kind.startswith("ViT"):
                cosines = here["by_distance"](model.places)
                told |= {f"cosine {k} apart": cosine for k, cosine in enumerate(cosines, 1)}
                shares = here["rollout"](here["looks"](model, seen))
                chance = torch.randint(16, (len(seen),), generator=torch.Generator().manual_seed(seed))
                for what, place in (("most", shares.argmax(1)), ("least", shares.argmin(1)), ("any", chance)):
                    told[f"verdicts kept, {what}"] = 100 * here["wiped"](model, seen, place)
            for what, value in told.items():
                results.setdefault(f"{kind}, {what}", []).append(float(value))
            curves.setdefault(kind, []).append(history)
    recorded.record(
        name,
        curves,
        results=results,
        seeds=seeds,
        unit="nats per picture",
        command=command,
        what=f"Readers of the official digits, {steps} batches of 64, rate 3e-3; percent of the 1,797 right",
    )


@recording
def official(command, seeds=(0, 1, 2, 3, 4), steps=800):
    """Six networks on the official split, five seeds: about five minutes of one core."""
    _read("18_official", KINDS, command, seeds, steps)


@recording
def longer(command, seeds=(0, 1, 2, 3, 4), steps=2400):
    """The two that see shifted pictures and convolve, three times as long: about four minutes of one core."""
    _read("18_longer", ("ViT, stem, shifts", "CNN, shifts"), command, seeds, steps)


@recording
def rates(command, seed=0, steps=400):
    """Three learning rates, on the last 823 training pictures: about a minute of one core."""
    from seqlib.studies.reading_digits import right
    from seqlib.training import recorded

    x, y, *_ = pictures()
    results = {"batches": [steps]}
    for kind in ("ViT", "ViT, stem", "CNN"):
        for rate in (1e-3, 3e-3, 1e-2):
            model, _ = _fit(kind, x[:3000], y[:3000], steps, seed, rate)
            results[f"{kind}, {rate:g}"] = [100 * right(model, x[3000:], y[3000:]).mean()]
    recorded.record(
        "18_rates",
        {},
        results=results,
        seeds=[seed],
        unit="percent right",
        command=command,
        what=f"Three readers at three learning rates, {steps} batches of 64 from the first 3,000 of the official "
        "training pictures; percent of the other 823 right",
    )


@recording
def few(command, seeds=(0, 1, 2), steps=400):
    """Fewer pictures: about two minutes of one core."""
    import numpy as np

    from seqlib.studies.reading_digits import right, simple_readers
    from seqlib.training import recorded

    x, y, test_x, test_y = pictures()
    results = {"batches": [steps] * len(seeds)}
    for count in (100, 300, 1000, len(x)):
        for seed in seeds:
            which = np.random.default_rng(seed).permutation(len(x))[:count]
            nearest = simple_readers(x[which], y[which])["1-nearest neighbour"]
            results.setdefault(f"1-nearest neighbour, {count}", []).append(100 * right(nearest, test_x, test_y).mean())
            for kind in ("ViT", "ViT, stem", "CNN"):
                model, history = _fit(kind, x[which], y[which], steps, seed)
                results.setdefault(f"{kind}, {count}", []).append(100 * right(model, test_x, test_y).mean())
                results.setdefault(f"{kind}, {count}, last loss", []).append(history.last())
    recorded.record(
        "18_few",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what=f"Readers that learn from 100, 300, 1,000 or all official training pictures, {steps} batches of 64, no "
        "shifts; percent of the 1,797 right",
    )


@recording
def order(command, seeds=(0, 1, 2), steps=400):
    """Pictures shuffled patch by patch, no positions, and pixels as a sequence: about three minutes of one core."""
    import numpy as np
    import torch

    from seqlib.studies.reading_digits import PictureGRU, right
    from seqlib.training import recorded

    here, results = notebook("18", "ORDER"), {"batches": [steps] * len(seeds)}
    plain = tuple(map(torch.tensor, pictures()))

    def mix(images):
        return here["shuffled"](images, here["ORDER"], here["SIZE"])

    pixels = np.random.default_rng(0).permutation(64)
    recurrent = {
        "GRU, rows": lambda: PictureGRU(8),
        "GRU, pixels": lambda: PictureGRU(1),
        "GRU, pixels in a random order": lambda: PictureGRU(1, pixels),
    }
    for kind in ("ViT", "ViT, no positions", "ViT, mean", "CNN", "ViT, shuffled", "CNN, shuffled", *recurrent):
        for seed in seeds:
            x, y, test_x, test_y = plain
            if "shuffled" in kind:
                x, test_x = mix(x), mix(test_x)
            model, history = _fit(kind, x, y, steps, seed, model=recurrent.get(kind))
            told = {"percent": 100 * right(model, test_x, test_y).mean(), "last loss": history.last()}
            told["parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
            if "shuffled" not in kind and not kind.startswith("GRU"):
                told["shuffled afterwards"] = 100 * right(model, mix(test_x), test_y).mean()
            for what, value in told.items():
                results.setdefault(f"{kind}, {what}", []).append(float(value))
    recorded.record(
        "18_order",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what=f"Readers of the official digits, {steps} batches of 64, no shifts: as they are, with all patches in one "
        "other order, without positions, and as sequences of rows or pixels; percent of the 1,797 right",
    )
