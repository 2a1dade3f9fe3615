"""Seven small tasks with known bars, on which every family of the course is tried: batches, and one score each.

A task's batch is (x, y) or, where rows are read from both ends, (x, y, lengths). Targets that do not count are -100
(nan for numbers). Every score is one number from data that no training saw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.corpora import ball
from seqlib.data.number_words import COMMA, MORPHS, number_pairs
from seqlib.data.pairs import END, START, pair_batch, pair_vocabularies
from seqlib.data.tagging import TAGS, ambiguous_words, most_frequent_tags, tagging_grammar
from seqlib.data.windows import Vocabulary, pad_batch, text_sampler
from seqlib.metrics import IGNORE
from seqlib.studies.how_far_back import adding_batch, recall_batch

__all__ = ["TASKS", "Ladder", "make_task"]

TASKS = ("remember", "add", "copy", "translate", "tag", "text", "forecast")
BATCH = 32
DELAY, ADDED, COPIED, RUN, WINDOW, FRAMES, NOISE = 60, 30, (3, 8), (1, 2), 48, 24, 0.03


@dataclass(frozen=True)
class Ladder:
    """A task. kind: how a Reader is made for it; batch(step): training data, drawn from (seed, step).

    loss(model, batch): what is trained on; valid: a batch to choose rates by; score(model): what is told, in `unit`;
    better: max or min; bars: {name: the same number of a rival that learns nothing, or counts}.
    """

    name: str
    kind: dict
    batch: Callable[[int], tuple]
    valid: tuple
    score: Callable
    unit: str
    better: Callable = max
    bars: dict = field(default_factory=dict)
    loss: Callable = None
    pairs: object = None


def nats(model, batch) -> torch.Tensor:
    """Cross entropy of what counts."""
    x, y, *lengths = batch
    expect.some(y != IGNORE)
    return F.cross_entropy(model(x, *lengths).flatten(0, 1), y.flatten(), ignore_index=IGNORE)


def squares(model, batch) -> torch.Tensor:
    """Mean squared error of what counts."""
    x, y = batch
    said, counts = model(x), ~y.isnan()
    expect.some(counts)
    return (said[counts] - y[counts]).square().mean()


@torch.no_grad()
def right(model, batch, whole=False) -> float:
    """Percent of the targets that count, or of the rows whose targets are all right.

    With the true tokens before it each token right: just then greedy decoding writes the row without a mistake.
    """
    x, y, *lengths = batch
    counts = y != IGNORE
    expect.some(counts, always=True)
    hit = model(x, *lengths).argmax(dim=2) == y
    return 100 * ((hit | ~counts).all(dim=1).float().mean() if whole else hit[counts].float().mean()).item()


def make_task(name: str, seed: int = 0) -> Ladder:
    """One of TASKS; the seed draws what is trained on, never the test."""
    return MAKERS[name](seed)


def _rng(seed: int, step: int) -> np.random.Generator:
    return np.random.default_rng([seed, step])


# -- remember, add, copy -----------------------------------------------------------------------------------------------


def _remember(seed):
    def drawn(rng, count, delay):
        x, symbol = recall_batch(rng, count, delay)
        y = torch.full(x.shape[:2], IGNORE)
        y[:, -1] = symbol
        return x.argmax(dim=2), y

    def batch(step):
        rng = _rng(seed, step)
        return drawn(rng, BATCH, int(rng.integers(1, DELAY + 1)))

    test = {delay: drawn(np.random.default_rng(10**6 + delay), 300, delay) for delay in (DELAY, 2 * DELAY, 4 * DELAY)}
    valid = drawn(np.random.default_rng(2 * 10**6), 200, DELAY)
    return Ladder(
        "remember",
        {"inputs": 10, "outputs": 8, "memory": DELAY},
        batch,
        valid,
        lambda model: (
            {f"after {delay}": right(model, each) for delay, each in test.items()}
            | {"score": right(model, test[DELAY])}
        ),
        f"% right after {DELAY} blanks",
        bars={"guessing": 12.5},
        loss=nats,
    )


def _add(seed):
    def drawn(rng, count):
        x, total = adding_batch(rng, count, ADDED)
        y = torch.full((count, ADDED, 1), float("nan"))
        y[:, -1, 0] = total
        return x, y

    test, valid = drawn(np.random.default_rng(10**6), 1000), drawn(np.random.default_rng(2 * 10**6), 300)

    @torch.no_grad()
    def score(model):
        return {"score": 100 * (1 - squares(model, test).item() / test[1][:, -1].var(correction=0).item())}

    return Ladder(
        "add",
        {"inputs": 2, "outputs": 1, "numbers": True, "memory": ADDED},
        lambda step: drawn(_rng(seed, step), BATCH),
        valid,
        score,
        f"% of the variance explained, {ADDED} numbers",
        bars={"always their mean": 0.0},
        loss=squares,
    )


def _copy(seed):
    fewest, most, symbols = *COPIED, 8

    def drawn(rng, count, length):
        text = torch.from_numpy(rng.integers(symbols, size=(count, length)))
        mark = torch.full((count, 1), symbols)
        x = torch.cat([text, mark, text[:, :-1]], dim=1)
        return x, torch.cat([torch.full((count, length), IGNORE), text], dim=1)

    def batch(step):
        rng = _rng(seed, step)
        return drawn(rng, BATCH, int(rng.integers(fewest, most + 1)))

    test = drawn(np.random.default_rng(10**6), 500, most)
    return Ladder(
        "copy",
        {"inputs": symbols + 1, "outputs": symbols, "memory": 2 * most},
        batch,
        drawn(np.random.default_rng(2 * 10**6), 200, most),
        lambda model: {"score": right(model, test), "whole strings": right(model, test, whole=True)},
        f"% of the symbols of strings of {most}",
        bars={"guessing": 100 / symbols},
        loss=nats,
    )


# -- translate ---------------------------------------------------------------------------------------------------------


def _translate(seed):
    test = number_pairs(300, (RUN[1], RUN[1]), 100, seed=10**6)
    valid = number_pairs(200, (RUN[1], RUN[1]), 100, seed=2 * 10**6, exclude=test)
    train = number_pairs(6_000, RUN, 100, seed=seed, exclude=[*test, *valid])
    # One numbering for every seed: a model of one is judged by the task of another.
    words, targets = pair_vocabularies([*number_pairs(100, (1, 1), 100), ([COMMA], [COMMA])])
    both = Vocabulary(["<pad>", "<unk>", START, END, COMMA, *sorted({*MORPHS["en"], *MORPHS["de"]})])

    def drawn(pairs):
        rows = [both.encode([*pair.source, START, *pair.target, END]) for pair in pairs]
        x = torch.from_numpy(pad_batch([row[:-1] for row in rows])[0])
        asked = [
            np.where(np.arange(1, len(row)) > len(p.source), row[1:], IGNORE)
            for row, p in zip(rows, pairs, strict=True)
        ]
        return x, torch.from_numpy(pad_batch(asked, pad=IGNORE)[0])

    def chosen(step):
        return [train[row] for row in _rng(seed, step).integers(0, len(train), BATCH)]

    asked = drawn(test)
    as_pairs = {
        "sizes": (len(words), len(targets)),
        "batch": lambda step: pair_batch(chosen(step), words, targets),
        "valid": pair_batch(valid, words, targets),
        "test": pair_batch(test, words, targets),
    }
    return Ladder(
        "translate",
        {"inputs": len(both), "outputs": len(both), "memory": 16},
        lambda step: drawn(chosen(step)),
        drawn(valid),
        lambda model: {"score": right(model, asked, whole=True)},
        f"% of runs of {RUN[1]} numbers without a mistake",
        loss=nats,
        pairs=as_pairs,
    )


# -- tag, write, forecast ----------------------------------------------------------------------------------------------


def _tag(seed):
    test = tagging_grammar(np.random.default_rng(10**6), 500)
    valid = tagging_grammar(np.random.default_rng(2 * 10**6), 200, exclude=test[0])
    train = tagging_grammar(np.random.default_rng(seed), 4000, exclude=[*test[0], *valid[0]])
    # One numbering for every seed: a model of one is judged by the task of another.
    reference = tagging_grammar(np.random.default_rng(3 * 10**6), 4000)
    words, tags, unsure = Vocabulary.build(reference[0]), Vocabulary(TAGS), ambiguous_words(*reference)

    def drawn(sentences, names, only=None):
        x, _, lengths = pad_batch([words.encode(sentence) for sentence in sentences])
        y = [
            [
                tag if only is None or word in only else IGNORE
                for word, tag in zip(sentence, tags.encode(row), strict=True)
            ]
            for sentence, row in zip(sentences, names, strict=True)
        ]
        return torch.from_numpy(x), torch.from_numpy(pad_batch(y, pad=IGNORE)[0]), torch.from_numpy(lengths)

    def batch(step):
        rows = _rng(seed, step).integers(0, len(train[0]), BATCH)
        return drawn([train[0][row] for row in rows], [train[1][row] for row in rows])

    asked = drawn(*test, only=unsure)
    counted = [
        said == tag
        for sentence, said_row, row in zip(test[0], most_frequent_tags(*train, test[0]), test[1], strict=True)
        for word, said, tag in zip(sentence, said_row, row, strict=True)
        if word in unsure
    ]
    return Ladder(
        "tag",
        {"inputs": len(words), "outputs": len(tags), "both": True, "memory": 16},
        batch,
        drawn(*valid),
        lambda model: {"score": right(model, asked)},
        "% of the words with two readings",
        bars={"most frequent tag": 100 * float(np.mean(counted))},
        loss=nats,
    )


def _text(seed):
    from seqlib.data.corpora import STDLIB_MODULES, stdlib_text
    from seqlib.data.windows import encode_chars
    from seqlib.models.ngram import NGram

    parts = [
        stdlib_text(modules=modules) for modules in (STDLIB_MODULES[::3], STDLIB_MODULES[1::6], STDLIB_MODULES[4::6])
    ]
    characters = Vocabulary(sorted({*"".join(parts)}))
    train, valid, test = (encode_chars(part, characters)[0] for part in parts)

    def windows(ids, count):
        starts = np.linspace(0, len(ids) - WINDOW - 2, count).astype(int)
        rows = torch.from_numpy(ids[starts[:, None] + np.arange(WINDOW + 1)])
        return rows[:, :-1], rows[:, 1:]

    asked = windows(test, 400)
    counts = NGram(5, len(characters)).fit(train)
    rows = [np.append(x, y[-1]) for x, y in zip(asked[0].numpy(), asked[1].numpy(), strict=True)]
    five = -float(np.mean([counts.log_prob(row)[1:].mean() for row in rows]))

    @torch.no_grad()
    def score(model):
        return {"score": nats(model, asked).item()}

    return Ladder(
        "text",
        {"inputs": len(characters), "outputs": len(characters), "memory": WINDOW},
        text_sampler(train, WINDOW, BATCH, seed=seed),
        windows(valid, 200),
        score,
        "nats a character",
        better=min,
        bars={"5-gram": five},
        loss=nats,
    )


def _forecast(seed):
    def drawn(rng, count):
        seen = ball(rng, count, FRAMES + 1, dims=2)
        x = seen + NOISE * rng.normal(size=seen.shape).astype(np.float32)
        y = torch.from_numpy(seen[:, 1:].copy())
        y[:, :5] = float("nan")
        return torch.from_numpy(x[:, :-1]), y

    test, valid = drawn(np.random.default_rng(10**6), 500), drawn(np.random.default_rng(2 * 10**6), 200)

    @torch.no_grad()
    def score(model):
        return {"score": 100 * squares(model, test).sqrt().item()}

    def straight(x):
        return torch.cat([x[:, :1], 2 * x[:, 1:] - x[:, :-1]], dim=1)

    return Ladder(
        "forecast",
        {"inputs": 2, "outputs": 2, "numbers": True, "memory": FRAMES},
        lambda step: drawn(_rng(seed, step), BATCH),
        valid,
        score,
        "error of the next place, % of the box",
        better=min,
        bars={"the last place": score(lambda x: x)["score"], "straight on": score(straight)["score"]},
        loss=squares,
    )


MAKERS = {
    "remember": _remember,
    "add": _add,
    "copy": _copy,
    "translate": _translate,
    "tag": _tag,
    "text": _text,
    "forecast": _forecast,
}
