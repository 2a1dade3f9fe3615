"""The recorded runs of notebook 11: the bottleneck without and with attention, and captions. Called by record_runs.py.

The code that trains is the notebook's own: definitions are read from solutions/11_attention.py. By itself,

    python tools/recordings_11.py captions gpu

trains the captions at the size of a GPU (E 256, H 512, batch 128) and records them as 11_multi30k_gpu.
"""

import os
import sys
from functools import cache
from pathlib import Path

SEEDS = (0, 1, 2)
KINDS = ("one vector", "dot", "general", "additive")
CAPTION_STEPS = {"cpu": 900, "gpu": 4500}  # batches of 64 and 128: about 2 and 20 times through the captions


@cache
def notebook() -> dict:
    from record_runs import notebook as read

    return read("11_attention")


def bottleneck(command):
    """Exact match against length for four models of equal size, and what the three with attention look at."""
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import STEPS, number_task
    from seqlib.training import recorded as runs

    torch.set_num_threads(1)
    own, results, curves = notebook(), {}, {kind: [] for kind in KINDS}

    def note(label, value):
        results.setdefault(label, []).append(float(value))

    for seed in SEEDS:
        task = number_task(seed)
        for kind in KINDS:
            torch.manual_seed(seed)
            attends = kind != "one vector"
            model = (
                own["looks_back"](task, kind, decoder=own["AttentionDecoder"]) if attends else own["one_vector"](task)
            )
            curves[kind].append(task.train(model, steps=budget(cpu=STEPS), name=f"{kind}, seed {seed}"))
            note(f"{kind}, parameters", own["size_of"](model))
            note(f"{kind}, seconds", curves[kind][-1].seconds)
            for numbers, right in task.exact_match(model).items():
                note(f"{kind}, {numbers}", right)
            if attends:
                pairs = task.test_pairs[4][:100]
                for what, share in zip(("hits", "mass"), _aligned(own, model, pairs, task), strict=True):
                    note(f"{kind}, {what}", share)
    runs.record("11_bottleneck", curves, seeds=SEEDS, command=command, results=results, unit="nats per word",
                what="Runs of number words, English to German: one context vector against three kinds of attention, "
                     "equal parameters, batches and steps.")  # fmt: skip


def _aligned(own, model, pairs, task):
    from seqlib.studies.where_it_looks import in_percent, looked_at

    return in_percent(own["alignment_score"], lambda pair: looked_at(model, task, pair), pairs)


def captions(command, size="cpu"):
    """Multi30k, German to English, without and with attention, one seed."""
    from seqlib.runtime import budget
    from seqlib.studies.translating_captions import bleu, train_captions, translate_captions
    from seqlib.training import recorded as runs

    own, results, curves = notebook(), {}, {}
    for name, make in (("one vector", own["plain_captions"]), ("attention", own["attentive_captions"])):
        steps = budget(cpu=CAPTION_STEPS[size], gpu=CAPTION_STEPS[size])
        model, words, english, history = train_captions(make, size, steps, amp=True)
        curves[name] = [history]
        results |= {
            f"{name}, sacreBLEU": [bleu(translate_captions(model, words, english))],
            f"{name}, parameters": [own["size_of"](model)],
            f"{name}, seconds": [history.seconds],
        }
    name = "11_multi30k" if size == "cpu" else f"11_multi30k_{size}"
    what = f"Captions of Multi30k, German to English, {CAPTION_STEPS[size]} steps at the size {size!r}."
    runs.record(name, curves, what=what, command=command, seeds=(0,), results=results, unit="nats per word")


def two_way(command):
    """The control of 11_bottleneck: one vector again, but with the two-way encoder that the attentive models have."""
    import torch

    from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq
    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import EMBEDDING_SIZE, STEPS, number_task
    from seqlib.training import recorded as runs

    torch.set_num_threads(1)
    own, results, curves = notebook(), {}, []
    for seed in SEEDS:
        task = number_task(seed)
        words, german, size_of = task.source_vocabulary.size, task.target_vocabulary.size, own["size_of"]
        for width in range(256, 0, -2):
            torch.manual_seed(seed)
            encoder = Encoder(words, EMBEDDING_SIZE, width // 2, bidirectional=True)
            model = Seq2Seq(encoder, Decoder(german, EMBEDDING_SIZE, width, width))
            if size_of(model) <= size_of(own["one_vector"](task)):
                break
        curves.append(task.train(model, steps=budget(cpu=STEPS), name=f"one vector, two-way encoder, seed {seed}"))
        results.setdefault("parameters", []).append(size_of(model))
        for numbers, right in task.exact_match(model).items():
            results.setdefault(str(numbers), []).append(right)
    runs.record("11_two_way", {"one vector, two-way encoder": curves}, seeds=SEEDS, command=command, results=results,
                unit="nats per word",
                what="The task of 11_bottleneck, one context vector, but an encoder that reads both ways.")  # fmt: skip


RECORDINGS = {"11_bottleneck": bottleneck, "11_multi30k": captions, "11_two_way": two_way}


def main(words) -> int:
    if words[:1] != ["captions"] or words[1:] not in ([], ["cpu"], ["gpu"]):
        print("usage: python tools/recordings_11.py captions [cpu | gpu]")
        return 1
    size = words[1] if len(words) > 1 else "cpu"
    captions(f"python tools/recordings_11.py captions {size}", size)
    return 0


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(root), str(root / "tests"), str(root / "tools")]
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(main(sys.argv[1:]))
