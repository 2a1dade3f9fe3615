"""What one large GPU records in less than ten minutes, in the order of what matters most.

    python tools/record_gpu.py                 all of it, into data/runs/
    python tools/record_gpu.py shakespeare     one part
    python tools/record_gpu.py --dry           every part in tiny, on whatever device is here; keeps nothing

bfloat16, fused attention and optimiser, compiled, the data on the device, no number read inside the loop. Each part has
its own seconds and is written as soon as it is done, with hardware, versions, seed, command and curve, and the share of
the GPU's peak that its model used. A part whose data are not there is passed over, and said.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

GPT_LARGE = {
    "context": 256, "width": 384, "layers": 6, "heads": 6, "norm": "rms", "positions": "rotary",
    "feed_forward": "swiglu", "qk_norm": True, "bias": False, "dropout": 0.3,
}  # fmt: skip
GPT_TINY = GPT_LARGE | {"context": 16, "width": 16, "layers": 1, "heads": 2}
PART_SECONDS = {"shakespeare": 150, "transformer": 150, "attention": 90, "curves": 60, "names": 60}  # 8.5 minutes


@dataclass
class Place:
    """Where a part runs: its device, whether it is a dry run, the peak of the device, and where it writes."""

    device: object
    dry: bool
    peak: float
    folder: Path | None

    def keep(self, name: str, what: str, results: dict, histories: dict, unit: str = "nats per token") -> None:
        from seqlib.training import recorded

        told = ", ".join(f"{label} {value:.4g}" for label, value in results.items())
        print(f"{name}: {told}", flush=True)
        recorded.record(
            name, {label: [each] for label, each in histories.items()}, what=what, seeds=[0], unit=unit,
            command=f"python tools/record_gpu.py {name.partition('_')[2].removesuffix('_gpu')}",
            results={label: [value] for label, value in results.items()}, where=self.folder,
        )  # fmt: skip

    def used(self, operations: float, seconds: float) -> float:
        from seqlib.training.on_device import utilisation

        return utilisation(operations, seconds, self.peak)


def language_model(here: Place, name: str, what: str, ids, held, size: int, batch: int, lr: float, seconds: float):
    """A GPT on windows of ids, for so many seconds: recorded with its best held-out loss and its share of the peak."""
    import torch

    from seqlib.models.fused import fused
    from seqlib.models.gpt import GPT, GPTConfig
    from seqlib.studies.loss_against_compute import operations_a_token
    from seqlib.training.on_device import adamw, learn, windows_on
    from seqlib.training.train import warmup_cosine

    config = GPTConfig(size, **(GPT_TINY if here.dry else GPT_LARGE))
    ids, held = (torch.as_tensor(part, dtype=torch.long).to(here.device) for part in (ids, held))
    steps, every, batch = (6, 3, 4) if here.dry else (3000, 150, batch)
    torch.manual_seed(0)
    model = fused(GPT(config).to(here.device))
    count = (len(held) - 1) // config.context
    x, y = (held[k : k + count * config.context].view(count, -1)[: 4 if here.dry else None] for k in (0, 1))

    def evaluate(model):
        each = [torch.nn.functional.cross_entropy(model(a).float().flatten(0, 1), b.flatten(), reduction="sum")
                for a, b in zip(x.split(64), y.split(64), strict=True)]  # fmt: skip
        return {"nats": torch.stack(each).sum() / y.numel()}

    draw = windows_on(ids, config.context, batch)
    history = learn(model, draw, steps, adamw(model, lr), schedule=warmup_cosine(steps, steps // 30, 0.05),
                    evaluate=evaluate, every=every, seconds=seconds)  # fmt: skip
    operations = operations_a_token(config) * batch * config.context * len(history.losses)
    nats = history.series("nats")[1]
    results = {
        "held out, best": min(nats), "held out, last": nats[-1], "seconds": history.seconds,
        "share of the peak": here.used(operations, history.seconds), "steps": len(history.losses),
    }  # fmt: skip
    here.keep(name, what, results, {"GPT": history}, "nats per character")


def shakespeare(here: Place, seconds: float) -> None:
    """nanoGPT's size with the modern parts: below its 1.4697, in far less than three minutes."""
    from seqlib.data import encode_chars, fetch, split_in_time

    ids, characters = encode_chars(fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8"))
    early, late = split_in_time(ids)
    what = "tinyshakespeare, a GPT of 6 layers of 384, context 256; held out: windows of 256, each read from its start"
    language_model(here, "16_shakespeare_gpu", what, early, late, characters.size, 64, 2e-3, seconds)


def names(here: Place, seconds: float) -> None:
    """First names, letter by letter, as one text with a line for each: below 1.92 nats per letter."""
    import numpy as np

    from seqlib.data import encode_chars, fetch

    people = fetch("names/names.txt").read_text(encoding="utf-8").split()
    order = np.random.default_rng(0).permutation(len(people))
    cut = len(people) * 9 // 10
    ids, letters = encode_chars("\n".join(people[k] for k in order) + "\n")
    lines = np.flatnonzero(ids == ids[-1])
    early, late = ids[: lines[cut - 1] + 1], ids[lines[cut - 1] + 1 :]
    what = "32,033 first names in random order, nine tenths to learn from; nats per letter and line end"
    language_model(here, "03_names_gpu", what, early, late, letters.size, 64, 1e-3, seconds)


def captions(here: Place, seconds: float, kind: str, make: Callable, lr: float) -> None:
    """Multi30k with the recipe of seqlib.studies.translating_better, for as many steps as the seconds allow."""
    import torch

    from seqlib.studies.translating_better import Captions, train_with_care
    from seqlib.studies.translating_captions import bleu

    data = Captions()
    if here.dry:
        data.pairs = data.pairs[:600]

    def fresh():
        torch.manual_seed(0)
        return make(data.words.size, data.english.size).to(here.device)

    steps = 4
    if not here.dry:
        began = time.perf_counter()
        train_with_care(fresh(), data, 60, lr, name=None)
        steps = max(200, int(0.8 * seconds / ((time.perf_counter() - began) / 60)))
    model = fresh()
    history = train_with_care(model, data, steps, lr, name=None)
    results = {"steps": steps, "seconds": history.seconds, "validation nats": 0.0 if here.dry else data.nats(model)}
    if not here.dry:
        results["BLEU, greedy"] = bleu(data.translate(model))
        results["BLEU, beam of 5"] = bleu(data.translate(model, width=5))
    what = f"Multi30k, German to English, {kind}, smoothed labels, mean of the last weights; sacreBLEU on test 2016"
    here.keep(f"14_{kind}_gpu", what, results, {kind: history}, "nats per word")


def transformer(here: Place, seconds: float) -> None:
    """The course's Transformer on captions: above 36.5 sacreBLEU."""
    from seqlib.models.fused import fused
    from seqlib.models.transformer import Transformer

    width, layers = (16, 1) if here.dry else (256, 3)

    def make(words, english):
        return fused(Transformer(words, english, width, 4, layers, dropout=0.3))

    captions(here, seconds, "transformer", make, 1e-3)


def attention(here: Place, seconds: float) -> None:
    """Recurrent attention on the same captions: above 28.3."""
    from seqlib.studies.translating_better import attentive_translator

    width = 16 if here.dry else 256
    captions(here, seconds, "attention", lambda words, english: attentive_translator(words, english, width), 2e-3)


def curves(here: Place, seconds: float) -> None:
    """Seconds against length on the GPU: the layers of 21, and the scan of 22 against its rivals."""
    import torch

    from seqlib.studies.all_steps_at_once import WAYS, prepared
    from seqlib.studies.what_length_costs import timed

    began, results, left = time.perf_counter(), {}, list(WAYS)
    for steps in (16, 64) if here.dry else (128, 512, 2048, 8192, 32768):
        with torch.device(here.device):
            works = {name: prepared(name, steps) for name in left}
        for name, work in works.items():
            spent = sorted(timed({name: work}, 3, here.device)[name])
            results[f"{name}, {steps} steps"] = spent[1]
            if spent[0] > 1 or time.perf_counter() - began > seconds:  # a loop grows with T: not four times as long
                left = [one for one in left if one != name]
    what = "Forward and backward of 4 sequences of width 64, medians of three rounds"
    here.keep("22_curves_gpu", what, results, {}, "seconds")


PARTS = {
    "shakespeare": shakespeare,
    "transformer": transformer,
    "attention": attention,
    "curves": curves,
    "names": names,
}


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all of them unless given")
    parser.add_argument("--dry", action="store_true", help="tiny, on any device; keeps nothing")
    asked = parser.parse_args(argv)
    unknown = [name for name in asked.parts if name not in PARTS]
    if unknown:
        parser.error(f"expected parts among {', '.join(PARTS)}, got {unknown[0]}")
    import torch

    from seqlib.data.download import DataUnavailable
    from seqlib.runtime import device
    from seqlib.studies.what_a_machine_can_do import peak

    where = device()
    if where.type != "cuda" and not asked.dry:
        print("this needs a CUDA device: nothing recorded. --dry tries every part here.")
        return 1
    torch.set_float32_matmul_precision("high")
    at_best = peak(256, 2, device=where) if asked.dry else peak(8192, dtype=torch.bfloat16, device=where)
    with tempfile.TemporaryDirectory() as nowhere:
        here = Place(where, asked.dry, at_best, Path(nowhere) if asked.dry else None)
        for name in asked.parts or PARTS:
            began = time.perf_counter()
            try:
                PARTS[name](here, PART_SECONDS[name])
            except DataUnavailable as problem:
                print(f"{name}: passed over, {problem}")
            print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
