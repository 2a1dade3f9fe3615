"""The recorded runs of notebook 07: what is kept of the states, one way or both, SST-2, and UD English EWT.

Everything that trains stands in seqlib.studies.judging_reviews and tagging_text, which the notebook calls too.
"""

import time
from functools import partial

import numpy as np

from recordings import best_of, recording, swept

SEEDS = (0, 1, 2)
RATES = (1e-3, 3e-3, 1e-2)
NEAR, FAR = (1,) * 5, (0,) * 5 + (1,) * 4  # words between verb and adjective: 0 to 4 in training, then 5 to 8


def percent(said, right) -> float:
    return 100 * float(np.mean(said == right))


class Kept(dict):
    """{label: [a number for each seed]}."""

    def add(self, label: str, value) -> None:
        self.setdefault(label, []).append(float(value))


@recording
def poolings(command):
    """Last, mean and largest state, by the number of training sentences."""
    import torch

    from seqlib.data import Vocabulary, negation_grammar
    from seqlib.runtime import budget
    from seqlib.studies.judging_reviews import POOLS, Reviewer, as_rows, probability, train_reviews
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = Kept(), {}

    def one(seed):
        rng = np.random.default_rng(seed)
        sentences, labels = negation_grammar(rng, 100, distances=NEAR)
        parts = [negation_grammar(rng, 1000, distances=d, exclude=sentences) for d in (NEAR, NEAR, FAR)]
        words = Vocabulary.build(sentences)
        tokens, rows = as_rows(sentences, words), [as_rows(part[0], words) for part in parts]

        def run(rate, pool, size):
            torch.manual_seed(seed)
            model = Reviewer(len(words), 24, 48, (pool,))
            history = train_reviews(model, tokens[:size], labels[:size], budget(cpu=200), rate, seed)
            each = zip(rows, parts, strict=True)
            return history, [percent(probability(model, x) > 0.5, part[1]) for x, part in each]

        for size in (40, 100):
            for pool in POOLS:
                rate, _, runs = swept(RATES, partial(run, pool=pool, size=size), lambda found: found[1][0], max)
                history, scores = runs[rate]
                for what, value in zip(("chosen by", "new", "longer"), scores, strict=True):
                    results.add(f"{pool}, {size}, {what}", value)
                results.add(f"{pool}, {size}, rate", rate)
                if size == 100:
                    curves.setdefault(pool, []).append(history)

    for seed in SEEDS:
        one(seed)
    recorded.record(
        "07_poolings", curves, results=results, seeds=SEEDS, unit="nats per sentence", command=command,
        what="Percent right on the negation grammar after 200 batches of 32, LSTM of 48 from the left, by what is kept "
        f"of its states and the number of training sentences; best of the rates {', '.join(map(str, RATES))} on others",
    )  # fmt: skip


@recording
def direction(command):
    """Tagging the grammar: from the left, and from both sides."""
    import torch

    from seqlib.data.tagging import TAGS, ambiguous_words, tagging_grammar
    from seqlib.runtime import budget
    from seqlib.studies.tagging_text import Lexicon, Tagger, say_tags, train_tagger
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = Kept(), {}

    def one(seed):
        rng = np.random.default_rng(seed)
        sentences, tags = tagging_grammar(rng, 4000)
        parts = [tagging_grammar(rng, 1000, exclude=sentences) for _ in range(2)]
        lexicon, faces = Lexicon.of(sentences, TAGS), ambiguous_words(sentences, tags)
        two_faced = torch.tensor([word in faces for word in lexicon.kinds.tokens])
        numbers, classes = lexicon.encode(sentences), lexicon.encode_tags(tags)

        def run(rate, two_way):
            torch.manual_seed(seed)
            model = Tagger(lexicon, 24, 48, filters=0, two_way=two_way, dropout=0.0, drop=0.0)
            history, scores = train_tagger(model, numbers, classes, budget(cpu=400), rate, seed), []
            for new, right in parts:
                x, y = lexicon.encode(new), lexicon.encode_tags(right)
                hits = say_tags(model, x) == y
                scores.append([100 * hits[where].double().mean().item() for where in (y >= 0, two_faced[x])])
            return history, scores

        for name, two_way in (("one way", False), ("both ways", True)):
            rate, _, runs = swept(RATES, partial(run, two_way=two_way), lambda found: found[1][0][0], max)
            history, scores = runs[rate]
            for what, value in zip(("all words", "two-faced words"), scores[1], strict=True):
                results.add(f"{name}, {what}", value)
            results.add(f"{name}, rate", rate)
            curves.setdefault(name, []).append(history)

    for seed in SEEDS:
        one(seed)
    recorded.record(
        "07_direction", curves, results=results, seeds=SEEDS, unit="nats per word", command=command,
        what="Percent of words tagged rightly on the grammar after 400 batches of 32, LSTM of 48 each way; the best of "
        f"the rates {', '.join(map(str, RATES))} on other sentences",
    )  # fmt: skip


SIZES = {250: 100, 1000: 250, 6909: 500}  # labelled sentences: steps of 64


@recording
def sst2(command):
    """SST-2: counting, a two-way LSTM by the number of sentences, ensembles, a language model first."""
    import torch

    from seqlib.data import Vocabulary
    from seqlib.data.sentiment import sst2 as reviews
    from seqlib.runtime import budget
    from seqlib.studies.counting_words import by_ratios, by_weights
    from seqlib.studies.judging_reviews import Reviewer, as_rows, probability, read_before, train_reviews
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves, (sentences, labels) = Kept(), {}, reviews("train")
    dev, test = reviews("dev"), reviews("test")
    words = Vocabulary.build(sentences, min_count=2)
    tokens, x_dev, x_test = (as_rows(part, words) for part in (sentences, dev[0], test[0]))

    def fresh(seed):
        torch.manual_seed(seed)
        return Reviewer(len(words), 100, 64, ("mean", "max"), True, dropout=0.5, drop_words=0.1, scale=0.1)

    def taught(model, seed, rate, size=6909):
        order = np.random.default_rng([seed, 7]).permutation(len(sentences))[:size]
        steps = budget(cpu=SIZES[size])
        history = train_reviews(model, tokens[order], labels[order], steps, rate, seed, batch=64)
        return history, probability(model, x_dev), probability(model, x_test)

    rates = (2e-3, 4e-3, 8e-3)
    rate, on_dev, whole = best_of(
        rates,
        SEEDS,
        lambda seed, rate: taught(fresh(seed), seed, rate),
        lambda found: percent(found[1] > 0.5, dev[1]),
        max,
    )
    both = by_weights(sentences, labels, test[0], longest=2)
    ratios = by_ratios(sentences, labels, test[0])
    spare = [taught(fresh(seed), seed, rate)[2] for seed in (3, 4)]
    for seed, found in zip(SEEDS, whole, strict=True):
        order = np.random.default_rng([seed, 7]).permutation(len(sentences))
        for size in SIZES:
            history, _, chances = found if size == len(tokens) else taught(fresh(seed), seed, rate, size)
            results.add(f"LSTM, {size}", percent(chances > 0.5, test[1]))
            few = [sentences[i] for i in order[:size]], labels[order[:size]]
            results.add(f"TF-IDF, {size}", percent(by_weights(*few, test[0]) > 0.5, test[1]))
            results.add(f"ratios, {size}", percent(by_ratios(*few, test[0]) > 0.5, test[1]))
        curves.setdefault("from scratch", []).append(history)
        members = [chances, *spare]
        results.add("ensemble of 3", percent(np.mean(members, axis=0) > 0.5, test[1]))
        results.add("ensemble of 3 with ratios", percent(np.mean(members, axis=0) + ratios > 1, test[1]))
        model = fresh(seed)
        read_before(model, tokens, budget(cpu=200), 4e-3, seed, batch=64)
        history, _, first = taught(model, seed, rate)
        curves.setdefault("a language model first", []).append(history)
        results.add("language model first", percent(first > 0.5, test[1]))
        results.add("language model first, with ratios", percent(first + ratios > 1, test[1]))
        results.add("TF-IDF with bigrams", percent(both > 0.5, test[1]))
        results.add("rate", rate)
        for each, value in on_dev.items():
            results.add(f"dev at {each}", value)
    recorded.record(
        "07_sst2", curves, results=results, seeds=SEEDS, unit="nats per sentence", command=command,
        what="SST-2, whole sentences: percent right on the test part; two-way LSTM of 64 with mean and largest state, "
        f"{SIZES[6909]} batches of 64; the best of {len(rates)} rates on the dev part "
        "(seed 0); an ensemble is the seed's network and the same two others",
    )  # fmt: skip


@recording
def ewt(command):
    """UD English EWT: the whole tagger."""
    _tag_web_text("07_ewt", command, {"words and letters": {}}, (4e-3, 8e-3, 1.2e-2, 1.6e-2), steps=2400)


@recording
def ewt_parts(command):
    """UD English EWT, a sixth of the steps: the whole tagger, without letters, and from the left only."""
    kinds = {"words and letters": {}, "words alone": {"filters": 0}, "one way": {"two_way": False}}
    _tag_web_text("07_ewt_parts", command, kinds, (4e-3,), steps=400)


def _tag_web_text(run, command, kinds, rates, steps):
    import torch

    from seqlib.data.tagging import UPOS, most_frequent_tags, ud_ewt
    from seqlib.metrics import macro_f1
    from seqlib.runtime import budget
    from seqlib.studies.tagging_text import Lexicon, Tagger, say_tags, train_tagger
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves, (sentences, tags) = Kept(), {}, ud_ewt("train")
    dev, test = ud_ewt("dev"), ud_ewt("test")
    lexicon = Lexicon.of(sentences, UPOS, dev[0] + test[0])
    numbers, classes = lexicon.encode(sentences), lexicon.encode_tags(tags)

    def taught(seed, rate, **options):
        torch.manual_seed(seed)
        model = Tagger(lexicon, scale=0.1, **options)
        began = time.process_time()
        history = train_tagger(model, numbers, classes, budget(cpu=steps), rate, seed)
        return model, history, time.process_time() - began

    def scores(model, part):
        x, y = lexicon.encode(part[0]), lexicon.encode_tags(part[1])
        said, real = say_tags(model, x), y >= 0
        new = real & (lexicon.rows[x] == 1)
        rates = [100 * (said == y)[where].double().mean().item() for where in (real, new)]
        return [*rates, 100 * macro_f1(said[real], y[real], len(UPOS))]

    for name, options in kinds.items():
        rate, on_dev, runs = best_of(
            rates, SEEDS, partial(taught, **options), lambda found: scores(found[0], dev)[0], max
        )
        curves[name] = [history for _, history, _ in runs]
        for model, _, seconds in runs:
            told = dict(zip(("all words", "new words", "macro-F1"), scores(model, test), strict=True))
            told |= {"seconds": seconds, "parameters": sum(p.numel() for p in model.parameters()), "rate": rate}
            told |= {f"dev at {each}": value for each, value in on_dev.items()}
            for what, value in told.items():
                results.add(f"{name}, {what}", value)
    endings = lexicon.encode_tags(most_frequent_tags(sentences, tags, test[0], suffix=5))
    right = lexicon.encode_tags(test[1])
    results["counting, all words"] = [100 * (endings == right)[right >= 0].double().mean().item()] * len(SEEDS)
    recorded.record(
        run, curves, results=results, seeds=SEEDS, unit="nats per word", command=command,
        what="UD English EWT, test part: words (64) and letters through a convolution (96) into a two-way LSTM of 128, "
        f"{steps:,} batches of 32; "
        + (f"each at the best of {len(rates)} rates on the dev part (seed 0)" if rates[1:] else f"rate {rates[0]:g}")
        + "; seconds of one processor core",
    )  # fmt: skip
