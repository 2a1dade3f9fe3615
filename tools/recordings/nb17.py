"""The recorded runs of notebook 17: the masking rule, the direction, few labels, real text.

The code that trains is the notebook's own: definitions are read from solutions/17_bert.py.
"""

import copy
import time
from collections import Counter
from functools import cache

import numpy as np

from recordings import at_best_rate, notebook, recording

SEEDS = (0, 1, 2)
STEPS = 1200  # of pre-training, as in the notebook
RULE_STEPS = STEPS
RULES = {"100/0/0": (1.0, 0.0), "80/10/10": (0.8, 0.1), "80/0/20": (0.8, 0.0)}
SIZES = {"reviews": (64, 256, 1024), "tags": (16, 64, 256)}
AT_STEPS = (150, 300, 600)


@cache
def texts(seed: int) -> dict:
    """The notebook's two grammars, drawn with this seed: sentences, labels, vocabulary."""
    import torch

    from seqlib.data import Vocabulary, negation_grammar
    from seqlib.data.tagging import ambiguous_words, tagging_grammar

    n, rng = notebook("17"), np.random.default_rng(seed)
    sentences, tags = tagging_grammar(rng, 4000)
    new_sentences, new_tags = tagging_grammar(rng, 1000, exclude=sentences)
    near = (1, 1, 1, 1)
    reviews, moods = negation_grammar(rng, 4000, distances=near)
    new_reviews, new_moods = negation_grammar(rng, 1000, distances=near, exclude=reviews)
    words = Vocabulary.build(sentences + reviews, specials=n["SPECIALS"])
    faces = ambiguous_words(sentences, tags)

    def tagged(s, t):
        return n["rows"](s, words), n["tag_rows"](t)

    def reviewed(s, m):
        return n["rows"](s, words), torch.from_numpy(m)

    return {
        "words": words,
        "all": n["rows"](sentences + reviews, words),
        "texts": reviews,
        "new texts": new_reviews,
        "tags": (tagged(sentences, tags), tagged(new_sentences, new_tags)),
        "reviews": (reviewed(reviews, moods), reviewed(new_reviews, new_moods)),
        "faces": torch.tensor([token in faces for token in words.tokens]),
        "new": n["rows"](new_sentences + new_reviews, words),
    }


@cache
def pretrained(seed: int, rule: str = "80/10/10", steps: int = STEPS, rate: float = 4e-3):
    """A network trained on both grammars, and its history."""
    import torch

    n, data = notebook("17"), texts(seed)
    size = len(data["words"])
    torch.manual_seed(seed)
    model = n["Bert"](size)
    mask, random = RULES[rule]
    batches = n["masked_sampler"](data["all"], size, seed, mask_share=mask, random_share=random)
    return model, n["pretrain"](model, batches, steps, rate)


def classes(task: str) -> int:
    from seqlib.data.tagging import TAGS

    return 2 if task == "reviews" else len(TAGS)


def score(reader, task: str, seed: int) -> float:
    """Percent right on new sentences; for tags, among the words with two classes."""
    data = texts(seed)
    return notebook("17")["percent_right"](reader, *data[task][1], data["faces"] if task == "tags" else None)


def tuned(encoder, width: int, task: str, labels: int, seed: int, steps: int, lr=1e-3, of=None) -> float:
    n = notebook("17")
    x, y = texts(seed)[task][0]
    reader = n["Reader"](encoder, width, classes(task), of or {"reviews": "mean", "tags": "words"}[task])
    n["fine_tune"](reader, x[:labels], y[:labels], steps, lr, seed)
    return score(reader, task, seed)


def feature_based(model, seed: int, labels: int = 64) -> float:
    """Percent of two-faced words that a probe on frozen states tags right, from `labels` sentences."""
    import torch

    n, data = notebook("17"), texts(seed)
    (x, y), (x_new, y_new) = data["tags"]
    x, y = x[:labels], y[:labels]
    with torch.no_grad():
        said = n["probe"](model.encoder(x)[y >= 0], y[y >= 0], model.encoder(x_new).flatten(0, 1), classes("tags"))
    counts = (y_new >= 0) & data["faces"][x_new]
    return 100 * (said.argmax(1).view_as(y_new) == y_new)[counts].double().mean().item()


RULE_RATES = (2e-3, 4e-3, 8e-3)  # of pre-training
TUNE_RATES = (5e-4, 1e-3, 2e-3)  # of fine-tuning
PROBED = 1024  # labelled sentences for the readout of frozen states: 64 are too few for anybody


@recording
def rule(command):
    """Each masking rule at its best rate; then few labels in two ways, fine-tuning at its best rate too."""
    import torch

    from seqlib.training import recorded

    torch.set_num_threads(1)
    n, results, curves = notebook("17"), {}, {}

    def side(name):
        def run(rate, seed):
            return (*pretrained(seed, name, RULE_STEPS, rate), seed)

        def guessed(made, part):
            return n["guessed_right"](made[0], part, len(texts(made[2])["words"]))

        label = f"{name}, hidden words guessed"
        _, made = at_best_rate(
            results, label, RULE_RATES, run, lambda one: guessed(one, texts(one[2])["all"][-2000:]), max, SEEDS
        )
        results[label] = [guessed(one, texts(one[2])["new"]) for one in made]
        curves[name] = [history for _, history, _ in made]
        for what, which in (("right", 0), ("random", 1)):
            beliefs = [n["beliefs"](model, texts(seed)["new"], len(texts(seed)["words"])) for model, _, seed in made]
            results[f"{name}, belief in {what} words"] = [both[which][:, 1].mean().item() for both in beliefs]
        results[f"{name}, feature-based tagging"] = [feature_based(model, seed, PROBED) for model, _, seed in made]

        def tune(rate, seed):
            x, y = texts(seed)["tags"][0]
            reader = n["Reader"](copy.deepcopy(made[SEEDS.index(seed)][0].encoder), 64, classes("tags"), "words")
            n["fine_tune"](reader, x[:64], y[:64], 300, rate, seed)
            return reader, seed

        def on_others(one):
            (x, y), faces = texts(one[1])["tags"][0], texts(one[1])["faces"]
            return n["percent_right"](one[0], x[ASIDE:], y[ASIDE:], faces)

        label = f"{name}, fine-tuned tagging"
        _, tuned = at_best_rate(results, label, TUNE_RATES, tune, on_others, max, SEEDS)
        results[label] = [score(reader, "tags", seed) for reader, seed in tuned]
        print(name, {what: values for what, values in results.items() if what.startswith(name)}, flush=True)

    for name in RULES:
        side(name)
    recorded.record(
        "17_rule",
        curves,
        results=results,
        seeds=SEEDS,
        unit="nats per hidden word",
        command=command,
        what=f"Three masking rules, {RULE_STEPS} steps on two grammars, each at its best rate; tagging of two-faced "
        f"words: fine-tuned with 64 labelled sentences at its best rate, or frozen states with {PROBED:,}",
    )


@recording
def direction(command):
    """One way or both, by training steps: each at its best rate by other new sentences."""
    import torch

    from seqlib.training import recorded

    torch.set_num_threads(1)
    n, results = notebook("17"), {}
    for way in ("causal", "masked"):
        for steps in AT_STEPS:
            causal, label = way == "causal", f"{way}, verb, {steps} steps"
            _, made = at_best_rate(
                results,
                label,
                (2e-3, 4e-3, 8e-3),
                lambda rate, seed, causal=causal, steps=steps: n["read_one_way"](causal, seed, steps, rate),
                lambda one, causal=causal: n["number_right"](*one, causal, 2000)[1],
                max,
                SEEDS,
            )
            found = [n["number_right"](*one, causal) for one in made]
            results[f"{way}, noun, {steps} steps"], results[label] = map(list, zip(*found, strict=True))
    recorded.record(
        "17_direction",
        {},
        results=results,
        seeds=SEEDS,
        command=command,
        what="Percent of blanks given the right number by a causal and a masked network, by training steps, each at "
        "its best rate by the verbs of other new sentences.",
    )


@recording
def labels(command):
    from seqlib.models.bidirectional import BidirectionalEncoder
    from seqlib.training import recorded

    n, results = notebook("17"), {}

    def keep(task, name, labels, value):
        results.setdefault(f"{name}, {task} {labels}", []).append(value)

    for seed in SEEDS:
        size = len(texts(seed)["words"])
        model, history = pretrained(seed)
        for task, sizes in SIZES.items():
            steps = 200
            makers = {
                "pre-trained": lambda model=model: (copy.deepcopy(model.encoder), 64),
                "from scratch": lambda size=size: (n["Bert"](size).encoder, 64),
                "BiLSTM": lambda size=size: (BidirectionalEncoder(size, 64, 80), 160),
            }
            for name, make in makers.items():
                lr = 5e-3 if name == "BiLSTM" else 1e-3
                for labels in sizes:
                    began = time.perf_counter()
                    keep(task, name, labels, tuned(*make(), task, labels, seed, steps, lr))
                    once = time.perf_counter() - began  # of the largest size: what the measuring adds is small
                if task == "reviews" and name == "from scratch":
                    longer = int(steps * (1 + history.seconds / once))
                    keep(task, name, "256, equal time", tuned(*make(), task, 256, seed, longer, lr))
            if task == "reviews":
                keep(
                    task,
                    "pre-trained",
                    "256 by [CLS]",
                    tuned(*makers["pre-trained"](), task, 256, seed, steps, of="[CLS]"),
                )
        keep("reviews", "TF-IDF", 4000, 100 * counting(seed))
    recorded.record(
        "17_labels",
        {},
        results=results,
        seeds=SEEDS,
        command=command,
        what="Percent right on new sentences by labelled sentences; tags: words with two classes.",
    )


FAIR_STEPS, FAIR_LABELS = 600, {"reviews": (64, 256), "tags": (64, 256)}
FAIR_RATES = {"pre-trained": (3e-4, 1e-3, 3e-3), "from scratch": (3e-4, 1e-3, 3e-3), "BiLSTM": (1e-3, 3e-3, 1e-2)}
ASIDE = 3000  # labelled sentences from here on choose the rate, and nobody is trained on them


@recording
def searched(command):
    """Few labels, three times as long, each at its best rate; from scratch also with pre-training's time on top."""
    import torch

    from seqlib.models.bidirectional import BidirectionalEncoder
    from seqlib.training import recorded

    torch.set_num_threads(1)
    n, results, clock = notebook("17"), {}, {}

    def encoder(name, seed):
        if name == "pre-trained":
            return copy.deepcopy(pretrained(seed)[0].encoder), 64
        torch.manual_seed(seed)
        size = len(texts(seed)["words"])
        return (BidirectionalEncoder(size, 64, 80), 160) if name == "BiLSTM" else (n["Bert"](size).encoder, 64)

    def held(made, task):
        (x, y), faces = texts(made[1])[task][0], texts(made[1])["faces"]
        return n["percent_right"](made[0], x[ASIDE:], y[ASIDE:], faces if task == "tags" else None)

    def side(label, name, task, labels, steps):
        def run(rate, seed):
            x, y = texts(seed)[task][0]
            reader = n["Reader"](*encoder(name, seed), classes(task), {"reviews": "mean", "tags": "words"}[task])
            began = time.process_time()
            history = n["fine_tune"](reader, x[:labels], y[:labels], steps, rate, seed)
            clock[name, task] = (time.process_time() - began) / steps
            return reader, seed, history.last(30)

        _, made = at_best_rate(results, label, FAIR_RATES[name], run, lambda one: held(one, task), max, SEEDS)
        results[label] = [score(reader, task, seed) for reader, seed, _ in made]
        results[f"{label}, last loss"] = [loss for _, _, loss in made]
        results[f"{label}, steps"] = [steps] * len(SEEDS)
        print(label, results[label], results[f"{label}, rate"][0], flush=True)

    began = time.process_time()
    for seed in SEEDS:
        pretrained(seed)
    before = (time.process_time() - began) / len(SEEDS)
    for task, sizes in FAIR_LABELS.items():
        for labels in sizes:
            for name in FAIR_RATES:
                side(f"{name}, {task} {labels}", name, task, labels, FAIR_STEPS)
        longer = FAIR_STEPS + round(before / clock["from scratch", task])
        side(f"from scratch, {task} {sizes[-1]}, equal time", "from scratch", task, sizes[-1], longer)
    recorded.record(
        "17_searched",
        {},
        results=results,
        seeds=SEEDS,
        unit="percent right",
        command=command,
        what=f"Percent right on new sentences by labelled sentences (tags: words with two classes), {FAIR_STEPS} "
        "batches of 32, each at its best rate by other labelled sentences; equal time: pre-training's seconds on top",
    )


def counting(seed: int) -> float:
    """TF-IDF with logistic regression on the reviews."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    data = texts(seed)
    (_, y), (_, y_new) = data["reviews"]
    words = TfidfVectorizer(analyzer=lambda tokens: tokens, sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(max_iter=200)).fit(data["texts"], y).score(data["new texts"], y_new)


REAL = {  # batches with few labels and with all
    "SST-2": {"steps": (200, 600), "few": 250, "pre-training": 3000},
    "EWT": {"steps": (300, 1200), "few": 250, "pre-training": 3000},
}
SEARCH = 1000  # steps of pre-training after which its rate is chosen
REAL_RATES = {"pre-trained": (3e-4, 1e-3, 3e-3), "from scratch": (3e-4, 1e-3, 3e-3), "BiLSTM": (1e-3, 3e-3, 9e-3)}
REAL_DROPOUT = {"pre-trained": 0.2, "from scratch": 0.2, "BiLSTM": 0.33}


class RealText:
    """SST-2 or EWT as numbers: kinds of words, the training part's in front, the rows of the table they lead to."""

    def __init__(self, task: str):
        import torch

        from seqlib.data import Vocabulary
        from seqlib.data.sentiment import sst2
        from seqlib.data.tagging import UPOS, ud_ewt
        from seqlib.studies.tagging_text import Lexicon

        n, read = notebook("17"), {"SST-2": sst2, "EWT": ud_ewt}[task]
        self.names = UPOS if task == "EWT" else None
        self.parts = {part: read(part) for part in ("train", "dev", "test")}
        train, others = self.parts["train"], [s for part in ("dev", "test") for s in self.parts[part][0]]
        table = Vocabulary.build(train[0], min_count=2, specials=n["SPECIALS"])
        lexicon = Lexicon.of(train[0], UPOS, others)  # for its letters
        kinds = dict.fromkeys([*table.tokens, *lexicon.kinds.tokens[1:]])
        self.table, self.kinds, self.lexicon = table, Vocabulary(kinds), lexicon
        self.rows = torch.as_tensor(table.encode(self.kinds.tokens))
        self.rows[0] = 0
        self.unknown, specials = table.tokens.index("<unk>"), len(n["SPECIALS"])
        words = torch.as_tensor(lexicon.kinds.encode(self.kinds.tokens[specials:]))
        self.spelling = torch.cat(
            [lexicon.spelling.new_zeros(specials, lexicon.spelling.shape[1]), lexicon.spelling[words]]
        )
        often = Counter(word for sentence in train[0] for word in sentence)
        self.counts = torch.tensor([often.get(word, 10**9) for word in table.tokens])  # specials stay what they are

    def arrays(self, part: str):
        import torch

        n, (sentences, labels) = notebook("17"), self.parts[part]
        y = n["tag_rows"](labels, self.names) if self.names else torch.as_tensor(labels)
        return n["rows"](sentences, self.kinds), y

    def words(self, width: int, std: float):
        """A table that reads letters too, its vectors beginning at `std`: most words of real text are rare."""
        import torch

        from seqlib.studies.tagging_text import SpelledWords

        made = SpelledWords(
            self.rows, self.spelling, self.counts, len(self.lexicon.letters), width, dropout=0.2, unknown=self.unknown
        )
        with torch.no_grad():
            made.weight *= std
            made.join.weight *= std
        return made


def _bert(data: RealText, width: int = 64):
    model = notebook("17")["Bert"](len(data.table), width, dropout=REAL_DROPOUT["from scratch"])
    model.encoder.embedding.tokens = data.words(width, width**-0.5)
    return model


def _asked(data: RealText, labels):
    """Labels (B, T) as rows of the table, -100 where nothing is hidden or what is hidden has no row of its own."""
    rows = data.rows[labels.clamp(min=0)]
    return rows.masked_fill((labels < 0) | (rows == data.unknown), -100)


def _reads_first(data: RealText, x, steps: int, rate: float, seed: int):
    """A network that has guessed hidden words of the training text, and its seconds; <unk> is never asked for."""
    import torch

    n = notebook("17")
    draw = n["masked_sampler"](x, len(data.table), seed, batch=32)

    def sampler(step):
        for again in range(9):  # of very short sentences none may be chosen that is asked for
            inputs, labels = draw(step + again * steps)
            rows = _asked(data, labels)
            if (rows >= 0).any():
                break
        return inputs, rows

    torch.manual_seed(seed)
    model, began = _bert(data), time.process_time()
    history = n["pretrain"](model, sampler, steps, lr=rate)
    return model, history, time.process_time() - began


def _on_real_text(command, name: str, task: str) -> None:
    """Few labels and all of them: each side reads letters too, at its best rate by the dev part, three seeds."""
    import torch

    from seqlib.models.bidirectional import BidirectionalEncoder
    from seqlib.training import recorded

    torch.set_num_threads(1)
    n, plan, data = notebook("17"), REAL[task], RealText(task)
    (x, y), dev, test = data.arrays("train"), data.arrays("dev"), data.arrays("test")
    results = {"counting": [n["counting"](data.parts["train"], data.parts["test"], data.names and 5)] * len(SEEDS)}
    at_best_rate(
        results,
        "pre-training",
        (2e-3, 4e-3, 8e-3),
        lambda rate, seed: _reads_first(data, x, SEARCH, rate, seed),
        lambda made: _hidden_nats(made[0], data, dev[0]),
        seeds=SEEDS[:1],
    )
    rate = results["pre-training, rate"][0]
    results["pre-training, rate"] = [rate] * len(SEEDS)
    read = [_reads_first(data, x, plan["pre-training"], rate, seed) for seed in SEEDS]
    results["pre-training, hidden nats"] = [_hidden_nats(model, data, dev[0]) for model, *_ in read]
    results["pre-training, seconds"] = [seconds for *_, seconds in read]
    print("read", results, flush=True)

    def encoder(who, seed):
        torch.manual_seed(seed)
        if who == "BiLSTM":
            made = BidirectionalEncoder(len(data.table), 64, 128, dropout=REAL_DROPOUT[who])
            made.embedding = data.words(64, 0.1)
            return made, 256
        return (copy.deepcopy(read[seed][0]) if who == "pre-trained" else _bert(data)).encoder, 64

    def side(who, size, steps):
        def run(rate, seed):
            order = np.random.default_rng(seed).permutation(len(x))[:size]
            of = "words" if data.names else "mean"
            reader, began = n["Reader"](*encoder(who, seed), len(data.names or (0, 1)), of), time.process_time()
            history = n["fine_tune"](reader, x[order], y[order], steps, rate, seed)
            return reader, history, time.process_time() - began

        label = f"{who}, {size}"
        _, made = at_best_rate(
            results, label, REAL_RATES[who], run, lambda one: n["percent_right"](one[0], *dev), max, SEEDS
        )
        results[label] = [n["percent_right"](reader, *test) for reader, *_ in made]
        results[f"{label}, last loss"] = [history.last(100) for _, history, _ in made]
        results[f"{label}, seconds"] = [seconds for *_, seconds in made]
        print(label, results[label], results[f"{label}, rate"][0], flush=True)

    for size, steps in zip((plan["few"], len(x)), plan["steps"], strict=True):
        for who in REAL_RATES:
            side(who, size, steps)
    recorded.record(
        name,
        {"pre-training": [history for _, history, _ in read]},
        results=results,
        seeds=SEEDS,
        unit="nats per hidden word",
        command=command,
        what=f"{task}, percent right on the test part with {plan['few']} labelled sentences and with all; words 64 "
        "wide that are read by their letters too, two layers of 64 or a two-way LSTM of 128; pre-training: "
        f"{plan['pre-training']:,} batches of 32 of the training text, its rate by {SEARCH:,}; each at its best rate "
        "by the dev part",
    )


@recording
def reviews(command):
    """SST-2."""
    _on_real_text(command, "17_reviews", "SST-2")


@recording
def web(command):
    """UD English EWT."""
    _on_real_text(command, "17_web", "EWT")


def _hidden_nats(model, data: RealText, x, batches: int = 20) -> float:
    """Nats per hidden word of sentences that were not read in training; always the same ones are hidden."""
    import torch

    n, found = notebook("17"), []
    draw = n["masked_sampler"](x, len(data.table), 99, mask_share=1.0, random_share=0.0)
    model.eval()
    with torch.no_grad():
        for step in range(batches):
            inputs, labels = draw(step)
            rows = _asked(data, labels)
            chosen = rows >= 0
            if chosen.any():
                found.append(n["mlm_loss"](model(inputs, False, chosen), rows[chosen][None]).item())
    model.train()
    return float(np.mean(found))
