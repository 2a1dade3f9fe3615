"""The recorded runs of notebook 12: captioners with and without attention, without places.

The code that trains and measures is the notebook's own: definitions are read from solutions/12_captioning.py.
"""

from functools import cache

from recordings import at_best_rate, notebook, recording

SEEDS, STEPS = (0, 1, 2), 900
SIDES = ("left", "right", "above", "below")


@cache
def scenes() -> dict:
    """The scenes to train on and to test on: those of the notebook."""
    from seqlib.data.scenes import draw_scenes, scene_batch

    return {
        "train": scene_batch(draw_scenes(12_000, seed=1)),
        "exact": draw_scenes(500, "test", seed=2),
        "exact, held out": draw_scenes(500, "test", pairs="held out", seed=7),
    }


def _measured(model) -> dict:
    """What is recorded of a trained captioner."""
    import numpy as np

    parts = notebook("12")
    told = {"parameters": sum(p.numel() for p in model.parameters() if p.requires_grad)}
    for what in ("exact", "exact, held out"):
        true = [list(scene.caption) for scene in scenes()[what]]
        said = parts["captions_of"](model, scenes()[what])
        told[what], per_word = parts["caption_scores"](said, true)
        if what == "exact":
            told["per word"] = per_word
            sides = [[[w for w in words if w in SIDES] for words in both] for both in (said, true)]
            told["relation"] = float(np.mean([s == t for s, t in zip(*sides, strict=True)]))
    if model.attend:
        told["share"] = parts["shares"](model, scenes()["exact"])["noun"][:, 0].mean()
    return told


def _record(name, makers, command, what):
    import torch

    from seqlib.runtime import budget
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = {}, {}
    for kind, make in makers.items():
        for seed in SEEDS:
            pictures, *targets = scenes()["train"]
            torch.manual_seed(seed)
            model = make(notebook("12"))
            data = (0 * pictures if kind == "pictures hidden" else pictures, *targets)
            history = notebook("12")["train_captioner"](model, data, budget(cpu=STEPS), seed=seed, name=kind)
            for label, value in _measured(_Blind(model) if kind == "pictures hidden" else model).items():
                results.setdefault(f"{kind}, {label}", []).append(float(value))
            curves.setdefault(kind, []).append(history)
    recorded.record(name, curves, results=results, seeds=SEEDS, unit="nats per word", command=command, what=what)


class _Blind:
    """A captioner that is shown black pictures."""

    attend = False

    def __init__(self, model):
        self.model, self.step, self.parameters = model, model.step, model.parameters

    def begin(self, pictures):
        return self.model.begin(0 * pictures)


def _unmasked(encoder):
    """An encoder whose blank patches may be attended to as well."""
    import torch

    encoder.register_forward_hook(lambda _, __, out: (out[0], torch.ones_like(out[1]), out[2]))
    return encoder


@recording
def captions(command):
    """Patches and convolution, with and without attention, and a captioner that sees nothing: three seeds."""
    makers = {
        "pictures hidden": lambda n: n["Captioner"](n["PatchEncoder"]()),
        "patches, no attention": lambda n: n["Captioner"](n["PatchEncoder"](), attend=False),
        "patches": lambda n: n["Captioner"](n["PatchEncoder"]()),
        "convolution, no attention": lambda n: n["Captioner"](n["ConvEncoder"](), attend=False),
        "convolution": lambda n: n["Captioner"](n["ConvEncoder"]()),
    }
    _record("12_captions", makers, command, "Captions of scenes of handwritten digits, 900 batches of 64, new images")


@recording
def positions(command):
    """With attention again, without a vector for each place, or without the mask: three seeds."""
    makers = {
        "patches, no places": lambda n: n["Captioner"](n["PatchEncoder"](positions=False)),
        "convolution, no places": lambda n: n["Captioner"](n["ConvEncoder"](positions=False)),
        "patches, blanks not masked": lambda n: n["Captioner"](_unmasked(n["PatchEncoder"]())),
    }
    _record("12_positions", makers, command, "Captions as in 12_captions, without places or without a mask")


@recording
def rival(command, steps=2700, rates=(3e-4, 1e-3, 3e-3)):
    """Attention against one vector of the whole picture, each at its best rate; names when weights are moved."""
    import torch

    from seqlib.data.scenes import draw_scenes, scene_batch
    from seqlib.training import recorded

    torch.set_num_threads(1)
    own, results, curves = notebook("12"), {}, {}
    pictures, *targets = scenes()["train"]
    new_pictures, *new_targets = scene_batch(draw_scenes(500, "train", seed=11))
    makers = {
        "one vector": lambda: own["Captioner"](own["WholeEncoder"](), attend=False),
        "attention": lambda: own["Captioner"](own["PatchEncoder"]()),
    }
    for kind, make in makers.items():

        def run(rate, seed, kind=kind, make=make):
            torch.manual_seed(seed)
            model = make()
            return model, own["train_captioner"](model, (pictures, *targets), steps, seed=seed, name=kind, lr=rate)

        def nats(found):
            with torch.no_grad():
                return own["caption_loss"](found[0](new_pictures, new_targets[0]), new_targets[1]).item()

        told, runs = at_best_rate(results, kind, rates, run, nats, seeds=SEEDS)
        results |= {f"{kind}, nats at rate {each:g}": [value] * len(SEEDS) for each, value in told.items()}
        curves[kind] = [history for _, history in runs]
        for model, _ in runs:
            for label, value in _measured(model).items():
                results.setdefault(f"{kind}, {label}", []).append(float(value))
            for change, both in own["names_told"](model, scenes()["exact"]).items() if model.attend else ():
                for whose, percent in zip(("subject", "other"), both, strict=True):
                    results.setdefault(f"{kind}, {change}, {whose}", []).append(float(percent))
    recorded.record(
        "12_rival",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats per word",
        command=command,
        what=f"Captions of scenes of handwritten digits: attention over nine patches against one vector of the whole "
        f"picture, {steps:,} batches of 64, each at the best of several rates by new scenes (seed 0); "
        "and which digit is named first when the weights are moved.",
    )
