"""Six papers to sit: fresh questions each time, marked against what only the paper's number tells.

    paper = draw_paper("tag")              # questions that nobody has seen before
    answers = (paper.number, my_answers)   # what the judge takes: it draws the same paper from its number, and marks

Every paper has a bar to pass and a bar for whoever wants more. A judge says the score, and what the answers look like
where they look like a known slip.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from seqlib.data.corpora import STDLIB_MODULES, ball, stdlib_text
from seqlib.data.genes import planted_order
from seqlib.data.number_words import number_pairs
from seqlib.data.tagging import TAGS, tagging_grammar
from seqlib.data.windows import Vocabulary, encode_chars
from seqlib.models.ngram import NGram

__all__ = ["CAPSTONES", "Capstone", "Paper", "draw_paper", "drawn", "judged", "mark", "written_text"]

DELAY, CONTEXT, FRAMES, AHEAD, NOISE = 200, 48, 24, 4, 0.02
NUMBERS = 1_000_000  # of papers
MANY = 0.9  # the share of answers that has to look like a slip, for it to be named


@dataclass(frozen=True)
class Paper:
    """One drawing of a capstone: its number, and what is asked."""

    name: str
    number: int
    questions: object


@dataclass(frozen=True)
class Capstone:
    """draw(rng) -> (questions, gold); read(answers, questions) -> what is marked, ValueError if it is none;
    score(answers, gold) -> a number in `unit`, of which `better` (max or min) is wanted; bar(questions, gold) and
    stretch(questions, gold): what is to be reached; slips: {what they look like: (questions, gold) -> answers}."""

    name: str
    draw: Callable
    read: Callable
    score: Callable
    bar: Callable
    stretch: Callable
    stretch_name: str
    unit: str
    better: Callable
    slips: Mapping[str, Callable]
    digits: int = 1

    def reached(self, score: float, bar: float) -> bool:
        return score >= bar if self.better is max else score <= bar


def draw_paper(name: str, number: int | None = None) -> Paper:
    """A paper of one of CAPSTONES, by its number, or a new one."""
    if name not in CAPSTONES:
        raise ValueError(f"expected one of {', '.join(CAPSTONES)}; got {name!r}")
    number = secrets.randbelow(NUMBERS - 1) + 1 if number is None else number
    return Paper(name, number, drawn(name, number)[0])


@cache
def drawn(name: str, number: int) -> tuple:
    """(questions, gold) of a paper."""
    return CAPSTONES[name].draw(np.random.default_rng([23, list(CAPSTONES).index(name), number]))


def mark(name: str, found) -> tuple[float, float, float]:
    """(score, bar, stretch bar) of (number, answers); ValueError that says what is wrong with their form."""
    number, answers = _opened(found)
    capstone, (questions, gold) = CAPSTONES[name], drawn(name, number)
    score = capstone.score(capstone.read(answers, questions), gold)
    return float(score), float(capstone.bar(questions, gold)), float(capstone.stretch(questions, gold))


def _opened(found) -> tuple:
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise ValueError("expected a pair: the paper's number, and your answers to its questions")
    number, answers = found
    whole = not isinstance(number, bool) and isinstance(number, (int, np.integer))
    if not whole or not 0 <= number < NUMBERS:
        raise ValueError("expected the number of a paper first, `paper.number`")
    return int(number), answers


def judged(name: str) -> Callable:
    """The judge of a capstone: (found, case) -> None, or what is wrong."""

    def judge(found, case) -> str | None:
        capstone = CAPSTONES[name]
        try:
            score, bar, _ = mark(name, found)
        except ValueError as error:
            return str(error)
        if capstone.reached(score, bar):
            return None
        told = f"{score:.{capstone.digits}f} {capstone.unit}; the bar is {bar:.{capstone.digits}f}"
        slip = _slip(capstone, *_opened(found))
        return f"{told}. It looks as if {slip}" if slip else told

    return judge


def _slip(capstone: Capstone, number: int, answers) -> str | None:
    """What nearly all answers look like, where they do not look right."""
    questions, gold = drawn(capstone.name, number)
    answers = capstone.read(answers, questions)
    for says, wrong in capstone.slips.items():
        theirs = capstone.read(wrong(questions, gold), questions)
        if _alike(answers, theirs) >= MANY:
            return says
    return None


def _alike(some, other) -> float:
    """The share of answers that are the same."""
    if isinstance(some, np.ndarray):
        return float(np.isclose(some, other, rtol=1e-3, atol=1e-3).reshape(len(some), -1).all(axis=1).mean())
    return float(np.mean([list(a) == list(b) for a, b in zip(some, other, strict=True)]))


# -- what every paper reads --------------------------------------------------------------------------------------------


def _numbers(*shape: int | str) -> Callable:
    """Reads an array of numbers: "N" is the number of questions."""

    def read(answers, questions) -> np.ndarray:
        wanted = tuple(len(questions) if size == "N" else size for size in shape)
        try:
            if hasattr(answers, "detach"):
                answers = answers.detach().cpu()
            array = np.asarray(answers, dtype=float)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"expected numbers of shape {wanted} as answers") from None
        if array.shape != wanted or not np.isfinite(array).all():
            raise ValueError(f"expected finite numbers of shape {wanted} as answers; found shape {array.shape}")
        return array

    return read


def _words(same: bool) -> Callable:
    """Reads lists of words, one for each question, of the same lengths if `same`."""

    def read(answers, questions) -> list[list[str]]:
        if not isinstance(answers, (list, tuple)) or len(answers) != len(questions):
            raise ValueError(f"expected a list of {len(questions)} lists of words as answers")
        for row, asked in zip(answers, questions, strict=True):
            if not isinstance(row, (list, tuple)) or any(not isinstance(word, str) for word in row):
                raise ValueError("expected a list of words for each question")
            if same and len(row) != len(asked):
                raise ValueError(f"expected one tag for each word: {len(asked)} of them, found {len(row)}")
        return [list(row) for row in answers]

    return read


def _fixed(value: float) -> Callable:
    return lambda questions, gold: value


def _percent(answers, gold) -> float:
    return 100 * float(np.mean(np.asarray(answers) == np.asarray(gold)))


def _rows_right(answers, gold) -> float:
    return 100 * float(np.mean([list(a) == list(b) for a, b in zip(answers, gold, strict=True)]))


# -- recall ------------------------------------------------------------------------------------------------------------


def _recall(rng):
    symbols = rng.integers(8, size=300)
    x = np.full((300, DELAY + 2), 8)
    x[:, 0], x[:, -1] = symbols, 9
    return x, symbols


# -- write -------------------------------------------------------------------------------------------------------------


@cache
def written_text() -> tuple[np.ndarray, list[str]]:
    """What may be trained on: characters as numbers (T,), and the characters. About 150,000 of Python's own source."""
    parts = [stdlib_text(60_000, modules=STDLIB_MODULES[k::9]) for k in (0, 3, 6)]
    everything = Vocabulary(sorted({*"".join(parts), *_unseen_text()}))
    return encode_chars("".join(parts), everything)[0], everything.tokens


@cache
def _unseen_text() -> str:
    return stdlib_text(200_000, modules=STDLIB_MODULES[1::9])


@cache
def _five_gram() -> NGram:
    ids, characters = written_text()
    return NGram(5, len(characters)).fit(ids)


def _write(rng):
    ids = encode_chars(_unseen_text(), Vocabulary(written_text()[1]))[0]
    starts = rng.integers(0, len(ids) - CONTEXT, size=400)
    rows = ids[starts[:, None] + np.arange(CONTEXT + 1)]
    return rows[:, :-1], rows[:, -1]


def _log_probabilities(answers, questions) -> np.ndarray:
    array = _numbers("N", len(written_text()[1]))(answers, questions)
    total = np.exp(array).sum(axis=1)
    if not np.allclose(total, 1, atol=1e-3):
        raise ValueError(f"expected logarithms of probabilities: exp of a row should sum to 1, found {total[0]:.3g}")
    return array


def _nats(answers, gold) -> float:
    return -float(answers[np.arange(len(gold)), gold].mean())


@cache
def _counted(key: bytes, shape: tuple) -> np.ndarray:
    contexts = np.frombuffer(key, dtype=np.int64).reshape(shape)
    return np.log(np.stack([_five_gram().next(row) for row in contexts]))


def by_counting(contexts) -> np.ndarray:
    """What the 5-gram says of the next character after each of some contexts (N, T): logarithms (N, V)."""
    contexts = np.ascontiguousarray(contexts, dtype=np.int64)
    return _counted(contexts.tobytes(), contexts.shape)


def _five(questions, gold) -> float:
    return _nats(by_counting(questions), gold)


# -- translate, find, tag, forecast ------------------------------------------------------------------------------------


def _translate(rng):
    pairs = number_pairs(100, (6, 6), 100, seed=int(rng.integers(2**31)))
    return [list(pair.source) for pair in pairs], [list(pair.target) for pair in pairs]


def _turned(row: list[str]) -> list[str]:
    """Tens before units, the English order: "vierzig zwei" for "zwei und vierzig"."""
    found, number = [], []
    for word in [*row, ","]:
        if word != ",":
            number.append(word)
            continue
        if "und" in number:
            number = number[number.index("und") + 1 :] + number[: number.index("und")]
        found += [*number, ","]
        number = []
    return found[:-1]


def _find(rng):
    letters, classes, _ = planted_order(rng, 400)
    return letters, classes


def _tag(rng):
    sentences, tags = tagging_grammar(rng, 200)
    return sentences, tags


@cache
def _commonest() -> dict[str, str]:
    from collections import Counter, defaultdict

    counts = defaultdict(Counter)
    for sentence, tags in zip(*tagging_grammar(np.random.default_rng(0), 1000), strict=True):
        for word, tag in zip(sentence, tags, strict=True):
            counts[word][tag] += 1
    return {word: each.most_common(1)[0][0] for word, each in counts.items()}


def _forecast(rng):
    seen = ball(rng, 400, FRAMES + AHEAD, dims=2, speed=(0.02, 0.08))
    noisy = seen + NOISE * rng.normal(size=seen.shape)
    return noisy[:, :FRAMES].astype(np.float32), seen[:, -1].astype(float)


def _error(answers, gold) -> float:
    return 100 * float(np.sqrt(np.square(answers - gold).mean()))


def straight_on(questions, gold=None) -> np.ndarray:
    """The line through the last six frames of each ball, folded at the walls, AHEAD frames on: (N, 2)."""
    steps = np.arange(-5.0, 1.0)
    last = np.asarray(questions, dtype=float)[:, -6:]
    slope = np.einsum("t,ntd->nd", steps - steps.mean(), last) / np.square(steps - steps.mean()).sum()
    return 1 - np.abs(1 - (last.mean(axis=1) + slope * (AHEAD - steps.mean())) % 2)


CAPSTONES = {
    "recall": Capstone(
        "recall", _recall, _numbers("N"), _percent, _fixed(95.0), _fixed(99.9), "nothing lost",
        f"% recalled after {DELAY} blanks", max,
        {
            "every answer is the same symbol: the network says what is commonest": lambda q, g: 0 * g,
            "the signal to answer is read as the symbol": lambda q, g: q[:, -1],
            "symbols are counted from 1": lambda q, g: g + 1,
            "the answers stand in the order of another paper, or were sorted": lambda q, g: np.sort(g),
        },
    ),
    "write": Capstone(
        "write", _write, _log_probabilities, _nats, lambda q, g: _five(q, g) - 0.02, lambda q, g: _five(q, g) - 0.35,
        "a third of a nat below the counts", "nats a character", min,
        {
            "every character is equally likely": lambda q, g: np.full(
                (len(q), len(written_text()[1])), -np.log(len(written_text()[1]))
            ),
            "the 5-gram's own answers are handed in": lambda q, g: by_counting(q),
            "the last character of the context is foretold, not the one after it": lambda q, g: np.log(
                np.eye(len(written_text()[1]))[q[:, -1]] * 0.9 + 0.1 / len(written_text()[1])
            ),
        },
        digits=3,
    ),
    "translate": Capstone(
        "translate", _translate, _words(same=False), _rows_right, _fixed(60.0), _fixed(98.0), "no run is too long",
        "% of runs of six without a mistake", max,
        {
            "words are put one for one in the English order": lambda q, g: [_turned(row) for row in g],
            "the end mark is handed in as a word": lambda q, g: [[*row, "</s>"] for row in g],
            "only the first five numbers are translated: as many as in the longest pair": lambda q, g: [
                _first(row, 5) for row in g
            ],
            "the English is handed back": lambda q, g: q,
        },
    ),
    "find": Capstone(
        "find", _find, _numbers("N"), _percent, _fixed(88.0), _fixed(97.0), "both motifs read",
        "% of the orders right", max,
        {
            "the classes change places: 1 is where the first motif comes first": lambda q, g: 1 - g,
            "every answer is class 1": lambda q, g: 0 * g + 1,
            "every answer is class 0": lambda q, g: 0 * g,
        },
    ),
    "tag": Capstone(
        "tag", _tag, _words(same=True), lambda a, g: _percent(sum(a, []), sum(g, [])), _fixed(98.0), _fixed(99.9),
        "the long rules too", "% of the words", max,
        {
            "each word has its commonest tag: no other word of the sentence was read": lambda q, g: [
                [_commonest().get(word, TAGS[0]) for word in row] for row in q
            ],
            "each tag stands one word late": lambda q, g: [[TAGS[0], *row[:-1]] for row in g],
            "each tag stands one word early": lambda q, g: [[*row[1:], TAGS[-1]] for row in g],
        },
    ),
    "forecast": Capstone(
        "forecast", _forecast, _numbers("N", 2), _error, lambda q, g: 0.8 * _error(straight_on(q), g), _fixed(3.0),
        "it sees the wall coming",
        f"% of the box, {AHEAD} frames on", min,
        {
            "the last place that was seen is handed back": lambda q, g: q[:, -1],
            "the line of the last two frames is followed": lambda q, g: q[:, -1] + AHEAD * (q[:, -1] - q[:, -2]),
            "only one frame is gone ahead": lambda q, g: 2 * q[:, -1] - q[:, -2],
        },
        digits=2,
    ),
}  # fmt: skip


def _first(row: list[str], numbers: int) -> list[str]:
    commas = [k for k, word in enumerate(row) if word == ","]
    return row[: commas[numbers - 1]]
