"""The recorded runs of notebook 11: the bottleneck without and with attention, and captions.

The code that trains is the notebook's own: definitions are read from solutions/11_attention.py.
"""

from recordings import notebook, recording

SEEDS = (0, 1, 2)
KINDS = ("one vector", "dot", "general", "additive")
CAPTION_STEPS = {"cpu": 900, "gpu": 4500}  # batches of 64 and 128: about 2 and 20 times through the captions


@recording
def bottleneck(command):
    """Exact match against length for four models of equal size, and what the three with attention look at."""
    import torch

    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import STEPS, number_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    own, results, curves = notebook("11"), {}, {kind: [] for kind in KINDS}

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
    recorded.record(
        "11_bottleneck",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        unit="nats per word",
        what="Runs of number words, English to German: one context vector against three kinds of attention, "
        "equal parameters, batches and steps.",
    )


def _aligned(own, model, pairs, task):
    from seqlib.studies.where_it_looks import in_percent, looked_at

    return in_percent(own["alignment_score"], lambda pair: looked_at(model, task, pair), pairs)


@recording
def multi30k(command, size="cpu"):
    """Multi30k, German to English, without and with attention, one seed."""
    from seqlib.studies.translating_captions import bleu, train_captions, translate_captions
    from seqlib.training import recorded

    own, results, curves = notebook("11"), {}, {}
    for name, make in (("one vector", own["plain_captions"]), ("attention", own["attentive_captions"])):
        model, words, english, history = train_captions(make, size, CAPTION_STEPS[size], amp=True)
        curves[name] = [history]
        results |= {
            f"{name}, sacreBLEU": [bleu(translate_captions(model, words, english))],
            f"{name}, parameters": [own["size_of"](model)],
            f"{name}, seconds": [history.seconds],
        }
    name = "11_multi30k" if size == "cpu" else f"11_multi30k_{size}"
    what = f"Captions of Multi30k, German to English, {CAPTION_STEPS[size]} steps at the size {size!r}."
    recorded.record(name, curves, what=what, command=command, seeds=(0,), results=results, unit="nats per word")


@recording
def multi30k_gpu(command):
    """The same at the size of a GPU: E 256, H 512, batches of 128."""
    multi30k(command, "gpu")


@recording
def two_way(command):
    """The control of 11_bottleneck: one vector again, but with the two-way encoder that the attentive models have."""
    import torch

    from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq
    from seqlib.runtime import budget
    from seqlib.studies.translating_numbers import EMBEDDING_SIZE, STEPS, number_task
    from seqlib.training import recorded

    torch.set_num_threads(1)
    own, results, curves = notebook("11"), {}, []
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
    recorded.record(
        "11_two_way",
        {"one vector, two-way encoder": curves},
        seeds=SEEDS,
        command=command,
        results=results,
        unit="nats per word",
        what="The task of 11_bottleneck, one context vector, but an encoder that reads both ways.",
    )
