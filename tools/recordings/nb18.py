"""The recorded runs of notebook 18: the official split, longer runs, learning rates, class token or mean, few pictures,
the order of pixels.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/18_vit.py. On an idle
machine all of them together take about half an hour of one core; each uses every core there is.
"""

from functools import cache
from itertools import product

from recordings import in_processes, notebook, recording, until_inside

KINDS = ("ViT", "ViT, shifts", "ViT, stem", "ViT, stem, shifts", "CNN", "CNN, shifts")
LONGER = ("ViT, stem, shifts", "CNN, shifts")
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
ORDER_RATES = (1e-3, 3e-3, 9e-3)
HEADS = ("ViT", "ViT, mean")
PLAIN = ("ViT", "ViT, stem", "CNN")
RECURRENT = {"GRU, rows": (8, False), "GRU, pixels": (1, False), "GRU, pixels in a random order": (1, True)}


@cache
def pictures() -> tuple:
    """The official split: x, y, test x, test y."""
    from seqlib.data.digits import official_digits

    return official_digits()


@cache
def nearest(seed: int | None, count: int | None):
    """Which test pictures 1-nearest neighbour reads from `count` training pictures drawn by `seed`, or from all."""
    from seqlib.studies.reading_digits import right, simple_readers

    x, y, test_x, test_y = pictures()
    which = slice(None) if seed is None else _drawn(seed, count)
    return right(simple_readers(x[which], y[which])["1-nearest neighbour"], test_x, test_y)


def _drawn(seed: int, count: int):
    import numpy as np

    return np.random.default_rng(seed).permutation(len(pictures()[0]))[:count]


def _fit(kind, x, y, steps, seed, rate=3e-3, model=None):
    """A network of a kind, trained; and its history."""
    import torch

    from seqlib.studies.reading_digits import learn

    here = notebook("18")
    torch.manual_seed(seed)
    model = here["reader"](kind) if model is None else model()
    change = here["jitter"] if "shifts" in kind else None
    return model, learn(model, x, y, steps, rate=rate, seed=seed, change=change, name=None)


def _gather(found: dict, seeds) -> dict:
    """{(label, seed): {what: number}} as results: a list over the seeds for each label and what."""
    labels = dict.fromkeys(label for label, _ in found)
    return {
        f"{label}, {what}": [float(found[label, seed][what]) for seed in seeds]
        for label in labels
        for what in found[label, seeds[0]]
    }


# -- the official split ----------------------------------------------------------------------------------------------


def _reader(job):
    """One network on the official split: what it reads, what 1-nearest neighbour alone reads, places and maps."""
    import torch

    from seqlib.studies.reading_digits import right

    (kind, seed), steps = job
    here, (x, y, test_x, test_y) = notebook("18"), pictures()
    model, history = _fit(kind, x, y, steps, seed)
    found, seen = right(model, test_x, test_y), torch.tensor(test_x)
    told = {
        "percent": 100 * found.mean(),
        "alone": (found & ~nearest(None, None)).sum(),
        "nearest alone": (nearest(None, None) & ~found).sum(),
        "last loss": history.last(),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    if kind.startswith("ViT"):
        told |= {f"cosine {k} apart": cosine for k, cosine in enumerate(here["by_distance"](model.places), 1)}
        shares = here["rollout"](here["looks"](model, seen))
        chance = torch.randint(16, (len(seen),), generator=torch.Generator().manual_seed(seed))
        for what, place in (("most", shares.argmax(1)), ("least", shares.argmin(1)), ("any", chance)):
            told[f"verdicts kept, {what}"] = 100 * here["wiped"](model, seen, place)
    return told, history


def one_by_one(work, jobs) -> dict:
    """Like in_processes, on one core: what takes long leaves the others to somebody else."""
    return {job: work(job) for job in jobs}


def _read(name, kinds, command, seeds, steps, everywhere=in_processes):
    from seqlib.studies.reading_digits import right, simple_readers
    from seqlib.training import recorded

    x, y, test_x, test_y = pictures()
    done = everywhere(_reader, [(job, steps) for job in product(kinds, seeds)])
    results = _gather({job: told for (job, _), (told, _) in done.items()}, seeds)
    results["batches"] = [steps] * len(seeds)
    for bar, model in simple_readers(x, y).items():  # nothing in them is drawn
        results[bar] = [100 * right(model, test_x, test_y).mean()] * len(seeds)
    recorded.record(
        name,
        {kind: [done[(kind, seed), steps][1] for seed in seeds] for kind in kinds},
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
    _read("18_longer", LONGER, command, seeds, steps)


@recording
def longest(command, seeds=(0, 1, 2, 3, 4), steps=4800):
    """Both Vision Transformers with shifted pictures, six times as long: about twenty minutes of one core."""
    _read("18_longest", ("ViT, shifts", "ViT, stem, shifts"), command, seeds, steps, one_by_one)


# -- what was tried, and what else was asked --------------------------------------------------------------------------


def _rate(job):
    """Percent right on the last 823 training pictures, from the first 3,000 or from 100 of them."""
    from seqlib.studies.reading_digits import right

    kind, count, rate, seed, steps = job
    x, y, *_ = pictures()
    model, _ = _fit(kind, x[:count], y[:count], steps, seed, rate)
    return 100 * right(model, x[3000:], y[3000:]).mean()


@recording
def rates(command, steps=400):
    """Five learning rates, on the last 823 training pictures: about four minutes of one core."""
    from seqlib.training import recorded

    settings = [(kind, 3000) for kind in KINDS] + [(kind, 100) for kind in PLAIN]
    found = in_processes(_rate, [(*setting, rate, 0, steps) for setting in settings for rate in RATES])
    recorded.record(
        "18_rates",
        {},
        results={f"{kind}, {count}, {rate:g}": [percent] for (kind, count, rate, *_), percent in found.items()}
        | {"batches": [steps]},
        seeds=[0],
        unit="percent right",
        command=command,
        what=f"Readers at five learning rates, {steps} batches of 64 from the first 3,000 of the official training "
        "pictures, or from the first 100; percent of the last 823 right",
    )


def _headed(job):
    """What a network with one kind of readout reads of the official test set; its loss at the end."""
    from seqlib.studies.reading_digits import right

    kind, rate, seed, steps = job
    x, y, test_x, test_y = pictures()
    model, history = _fit(kind, x, y, steps, seed, rate)
    return 100 * right(model, test_x, test_y).mean(), history.last()


@recording
def heads(command, seeds=(0, 1, 2, 3, 4), steps=800):
    """Class token and mean, each at its own best of five rates: about four minutes of one core."""
    from seqlib.training import recorded

    found = in_processes(_rate, [(kind, 3000, rate, 0, steps) for kind in HEADS for rate in RATES])
    tried = {kind: [found[kind, 3000, rate, 0, steps] for rate in RATES] for kind in HEADS}
    best = {kind: RATES[row.index(max(row))] for kind, row in tried.items()}
    done = in_processes(_headed, [(kind, best[kind], seed, steps) for kind in HEADS for seed in seeds])
    results = {"batches": [steps] * len(seeds)}
    for kind, row in tried.items():
        results |= {f"{kind}, tried {rate:g}": [percent] * len(seeds) for rate, percent in zip(RATES, row, strict=True)}
        percent, losses = zip(*(done[kind, best[kind], seed, steps] for seed in seeds), strict=True)
        results |= {
            f"{kind}, percent": percent,
            f"{kind}, last loss": losses,
            f"{kind}, rate": [best[kind]] * len(seeds),
        }
    recorded.record(
        "18_heads",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what=f"A Vision Transformer whose class token is read, or the mean of its patches, {steps} batches of 64, each "
        "at its own rate, the best of five on 823 pictures held out of training; percent of the 1,797 right",
    )


def _few(job):
    from seqlib.studies.reading_digits import right

    kind, count, seed, steps = job
    if kind == "1-nearest neighbour":
        return 100 * nearest(seed, count).mean(), 0.0
    x, y, test_x, test_y = pictures()
    which = _drawn(seed, count)
    model, history = _fit(kind, x[which], y[which], steps, seed)
    return 100 * right(model, test_x, test_y).mean(), history.last()


@recording
def few(command, seeds=(0, 1, 2), steps=400):
    """Fewer pictures: about two minutes of one core."""
    from seqlib.training import recorded

    counts, kinds = (100, 300, 1000, len(pictures()[0])), ("1-nearest neighbour", *PLAIN)
    found = in_processes(_few, [(*job, steps) for job in product(kinds, counts, seeds)])
    results = {"batches": [steps] * len(seeds)}
    for kind, count in product(kinds, counts):
        results[f"{kind}, {count}"], losses = zip(*(found[kind, count, seed, steps] for seed in seeds), strict=True)
        results |= {f"{kind}, {count}, last loss": losses} if kind in PLAIN else {}
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


def _ordered(job):
    """One network on pictures as they are or shuffled, and what a shuffle afterwards does to it."""
    import torch

    from seqlib.studies.reading_digits import right

    (kind, seed), steps = job
    here = notebook("18", "ORDER")
    x, y, test_x, test_y = map(torch.tensor, pictures())

    def mix(images):
        return here["shuffled"](images, here["ORDER"], here["SIZE"])

    if "shuffled" in kind:
        x, test_x = mix(x), mix(test_x)
    model, history = _fit(kind, x, y, steps, seed)
    told = {"percent": 100 * right(model, test_x, test_y).mean(), "last loss": history.last()}
    told["parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if "shuffled" not in kind:
        told["shuffled afterwards"] = 100 * right(model, mix(test_x), test_y).mean()
    return told


@recording
def order(command, seeds=(0, 1, 2), steps=400):
    """Pictures shuffled patch by patch, and no positions: about two minutes of one core."""
    from seqlib.training import recorded

    kinds = ("ViT", "ViT, no positions", "ViT, mean", "CNN", "ViT, shuffled", "CNN, shuffled")
    done = in_processes(_ordered, [(job, steps) for job in product(kinds, seeds)])
    recorded.record(
        "18_order",
        {},
        results=_gather({job: told for (job, _), told in done.items()}, seeds) | {"batches": [steps] * len(seeds)},
        seeds=seeds,
        unit="percent right",
        command=command,
        what=f"Readers of the official digits, {steps} batches of 64, no shifts: as they are, with all patches in one "
        "other order, and without positions; percent of the 1,797 right",
    )


@recording
def pixels(command, seeds=(0, 1, 2), steps=1600):
    """Rows and pixels as a sequence for a GRU, each order at its own rate: about a quarter of an hour of one core."""
    import numpy as np
    import torch

    from seqlib.studies.reading_digits import PictureGRU, right
    from seqlib.training import recorded

    torch.set_num_threads(1)
    (x, y, test_x, test_y), curves = pictures(), {}
    results = {"batches": [steps] * len(seeds)}
    for kind, (step, at_random) in RECURRENT.items():
        order = np.random.default_rng(0).permutation(64) if at_random else None

        def make(step=step, order=order):
            return PictureGRU(step, order)

        def learned(rate, seed=0, count=None, kind=kind, make=make):
            return _fit(kind, x[:count], y[:count], steps, seed, rate, make)

        def held_out(made):
            return 100 * right(made[0], x[3000:], y[3000:]).mean()

        rate, told, _ = until_inside(ORDER_RATES, lambda rate: learned(rate, count=3000), held_out, max)  # noqa: B023
        results |= {f"{kind}, tried {each:g}": [percent] * len(seeds) for each, percent in told.items()}
        results[f"{kind}, rate"] = [rate] * len(seeds)
        for seed in seeds:
            model, history = learned(rate, seed)
            curves.setdefault(kind, []).append(history)
            said = {
                "percent": 100 * right(model, test_x, test_y).mean(),
                "last loss": history.last(),
                "parameters": sum(p.numel() for p in model.parameters()),
            }
            for what, value in said.items():
                results.setdefault(f"{kind}, {what}", []).append(float(value))
    recorded.record(
        "18_pixels",
        curves,
        results=results,
        seeds=seeds,
        unit="nats per picture",
        command=command,
        what=f"A GRU of 64 reads the official digits as a sequence of rows or of pixels, {steps} batches of 64, no "
        "shifts, each at the rate that is best on 823 pictures held out of training; percent of the 1,797 right",
    )
