"""The recorded runs of notebook 11: the bottleneck without and with attention, and captions.

The code that trains is the notebook's own: definitions are read from solutions/11_attention.py.
"""

import time

from recordings import notebook, recording, until_inside

SEEDS = (0, 1, 2)
KINDS = ("one vector", "dot", "general", "additive")
TRANSLATOR_RATES, BEAM, SHOWN = (1e-3, 2e-3, 4e-3), 5, (10, 110, 210, 310, 410)
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


def record_translator(name, label, make, command, steps, trial, rates, what):
    """Captions with a good recipe: the rate chosen on the validation part in short runs, then one long run.

    make(words, english) gives a model for vocabularies of these sizes.
    """
    import torch

    from seqlib.studies.translating_better import Captions, sentence_scores, train_with_care
    from seqlib.studies.translating_captions import bleu
    from seqlib.training import recorded

    torch.set_num_threads(1)
    captions = Captions()

    def run(rate, steps=trial):
        torch.manual_seed(0)
        model = make(captions.words.size, captions.english.size)
        began = time.process_time()
        history = train_with_care(model, captions, steps, rate, name=f"{label}, rate {rate:g}")
        return model, history, time.process_time() - began

    rate, told, _ = until_inside(rates, run, lambda found: captions.nats(found[0]))
    model, history, spent = run(rate, steps)
    said = captions.translate(model, width=BEAM)
    results = {
        "sacreBLEU, greedy": [bleu(captions.translate(model))],
        "sacreBLEU, beam": [bleu(said)],
        "nats per word, validation": [captions.nats(model)],
        "parameters": [sum(p.numel() for p in model.parameters())],
        "rate": [rate],
        "steps": [steps],
        "processor seconds": [spent],
    }
    results |= {f"rate {one:g}, nats per word after {trial} steps": [nats] for one, nats in told.items()}
    # Five captions chosen by their number, not by their score; the score of each beside what was written.
    scores = sentence_scores(said)
    results |= {f"caption {n}: {said[n]}": [scores[n]] for n in SHOWN}
    recorded.record(
        name,
        {label: [history]},
        seeds=(0,),
        command=command,
        results=results,
        unit="nats per word, smoothed labels",
        what=f"{what}, one matrix for reading and writing words, dropout .3, label smoothing .1, AdamW with warm-up "
        f"and cosine, the mean of the last six weights, a beam of {BEAM}.",
    )


@recording
def translator(command, steps=3200, trial=200):
    """Captions again, with recurrent attention and a good recipe."""
    from seqlib.studies.translating_better import attentive_translator

    record_translator(
        "11_translator",
        "attention",
        attentive_translator,
        command,
        steps,
        trial,
        rates=TRANSLATOR_RATES,
        what="Captions of Multi30k, German to English: a two-way GRU and a GRU with the general score, 256 wide",
    )


@recording
def rates(command):
    """One vector behind a two-way encoder, and attention, each at its best rate: as 10_rates."""
    import torch

    from recordings.nb10 import LONGER, RATES, number_words_at_best
    from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq
    from seqlib.studies.translating_numbers import EMBEDDING_SIZE
    from seqlib.training import recorded

    torch.set_num_threads(1)
    own = notebook("11")

    def two_way_vector(task, width=142):
        words, german = task.source_vocabulary.size, task.target_vocabulary.size
        encoder = Encoder(words, EMBEDDING_SIZE, width // 2, bidirectional=True)
        return Seq2Seq(encoder, Decoder(german, EMBEDDING_SIZE, width, width))

    def attentive(task):
        return own["looks_back"](task, "general", decoder=own["AttentionDecoder"])

    results, curves = {}, {}
    for label, make in (("one vector, two-way", two_way_vector), ("attention", attentive)):
        runs = number_words_at_best(results, label, make)
        curves[label] = [history for _, _, history in runs]
    for task, model, _ in runs:
        mixed = {"mixed": [pair for n in range(1, 6) for pair in task.test_pairs[n][:30]]}
        for what, change in (("as trained", {}), ("even weights", {"change": lambda e: 0 * e})):
            right = task.exact_match(own["Patient"](model, **change), mixed)["mixed"]
            results.setdefault(f"attention, right with {what}", []).append(right)
    recorded.record(
        "11_rates",
        curves,
        seeds=SEEDS,
        command=command,
        results=results,
        unit="nats per word",
        what=f"Number words: one vector from an encoder that reads both ways, and attention with the general score, "
        f"{LONGER:,} steps, each at the best of {len(RATES)} rates or more by new pairs (seed 0).",
    )
