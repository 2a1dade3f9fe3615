"""The recorded runs of notebook 07: what is kept of the states, one way or both, SST-2, and UD English EWT.

Everything that trains stands in seqlib.studies.judging_reviews and tagging_text, which the notebook calls too.
"""

import time

import numpy as np

from recordings import recording

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
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        sentences, labels = negation_grammar(rng, 100, distances=NEAR)
        parts = [negation_grammar(rng, 1000, distances=d, exclude=sentences) for d in (NEAR, NEAR, FAR)]
        words = Vocabulary.build(sentences)
        tokens, rows = as_rows(sentences, words), [as_rows(part[0], words) for part in parts]
        for size in (40, 100):
            for pool in POOLS:
                best = None
                for rate in RATES:
                    torch.manual_seed(seed)
                    model = Reviewer(len(words), 24, 48, (pool,))
                    history = train_reviews(model, tokens[:size], labels[:size], budget(cpu=200), rate, seed)
                    scores = [
                        percent(probability(model, x) > 0.5, part[1]) for x, part in zip(rows, parts, strict=True)
                    ]
                    if best is None or scores[0] > best[0][0]:
                        best = scores, rate, history
                for what, value in zip(("chosen by", "new", "longer"), best[0], strict=True):
                    results.add(f"{pool}, {size}, {what}", value)
                results.add(f"{pool}, {size}, rate", best[1])
                if size == 100:
                    curves.setdefault(pool, []).append(best[2])
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
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        sentences, tags = tagging_grammar(rng, 4000)
        parts = [tagging_grammar(rng, 1000, exclude=sentences) for _ in range(2)]
        lexicon, faces = Lexicon.of(sentences, TAGS), ambiguous_words(sentences, tags)
        two_faced = torch.tensor([word in faces for word in lexicon.kinds.tokens])
        numbers, classes = lexicon.encode(sentences), lexicon.encode_tags(tags)
        for two_way in (False, True):
            best = None
            for rate in RATES:
                torch.manual_seed(seed)
                model = Tagger(lexicon, 24, 48, filters=0, two_way=two_way, dropout=0.0, drop=0.0)
                history = train_tagger(model, numbers, classes, budget(cpu=400), rate, seed)
                scores = []
                for new, right in parts:
                    x, y = lexicon.encode(new), lexicon.encode_tags(right)
                    hits = say_tags(model, x) == y
                    scores.append([100 * hits[where].double().mean().item() for where in (y >= 0, two_faced[x])])
                if best is None or scores[0][0] > best[0][0][0]:
                    best = scores, rate, history
            name = "both ways" if two_way else "one way"
            for what, value in zip(("all words", "two-faced words"), best[0][1], strict=True):
                results.add(f"{name}, {what}", value)
            results.add(f"{name}, rate", best[1])
            curves.setdefault(name, []).append(best[2])
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
    tried = {rate: taught(fresh(0), 0, rate) for rate in rates}
    on_dev = {rate: percent(run[1] > 0.5, dev[1]) for rate, run in tried.items()}
    rate = max(on_dev, key=on_dev.get)
    both = by_weights(sentences, labels, test[0], longest=2)
    ratios = by_ratios(sentences, labels, test[0])
    spare = [taught(fresh(seed), seed, rate)[2] for seed in (3, 4)]
    for seed in SEEDS:
        order = np.random.default_rng([seed, 7]).permutation(len(sentences))
        for size in SIZES:
            first = tried[rate] if seed == 0 and size == 6909 else None
            history, _, chances = first or taught(fresh(seed), seed, rate, size)
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
        f"{SIZES[6909]} batches of 64; the best of three rates on the dev part "
        "(seed 0); an ensemble is the seed's network and the same two others",
    )  # fmt: skip


@recording
def ewt(command):
    """UD English EWT: the whole tagger."""
    _tag_web_text("07_ewt", command, {"words and letters": {}}, rates=(2e-3, 4e-3, 8e-3))


@recording
def ewt_parts(command):
    """UD English EWT, a third of the steps: the whole tagger, without letters, and from the left only."""
    kinds = {"words and letters": {}, "words alone": {"filters": 0}, "one way": {"two_way": False}}
    _tag_web_text("07_ewt_parts", command, kinds, steps=400)


def _tag_web_text(run, command, kinds, rates=(4e-3,), steps=1200):
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

    def taught(seed, steps, rate=4e-3, **options):
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

    tried = {r: taught(0, steps, r) for r in rates} if len(rates) > 1 else {}
    on_dev = {r: scores(run[0], dev)[0] for r, run in tried.items()}
    rate = max(on_dev, key=on_dev.get, default=rates[0])
    for name, options in kinds.items():
        for seed in SEEDS:
            first = tried.get(rate) if seed == 0 and not options else None
            model, history, seconds = first or taught(seed, steps, rate, **options)
            told = dict(zip(("all words", "new words", "macro-F1"), scores(model, test), strict=True))
            told |= {"seconds": seconds, "parameters": sum(p.numel() for p in model.parameters())}
            for what, value in told.items():
                results.add(f"{name}, {what}", value)
            curves.setdefault(name, []).append(history)
    endings = lexicon.encode_tags(most_frequent_tags(sentences, tags, test[0], suffix=5))
    right = lexicon.encode_tags(test[1])
    for _ in SEEDS:
        results.add("rate", rate)
        results.add("counting, all words", 100 * (endings == right)[right >= 0].double().mean().item())
        for each, value in on_dev.items():
            results.add(f"dev at {each}", value)
    recorded.record(
        run, curves, results=results, seeds=SEEDS, unit="nats per word", command=command,
        what="UD English EWT, test part: words (64) and letters through a convolution (96) into a two-way LSTM of 128, "
        f"{steps:,} batches of 32; rate {rate:g}" + ", the best of three on the dev part (seed 0)" * (len(rates) > 1)
        + "; seconds of one processor core",
    )  # fmt: skip
