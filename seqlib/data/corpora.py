"""Data made here and now, with no network: a grammar, a moving ball, Python's own source as text.

Everything random takes a NumPy generator, so the same seed gives the same data.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder
from itertools import product
from pathlib import Path

import numpy as np

from seqlib import expect

NOUNS = ("film", "acting", "story", "music", "ending", "cast", "plot", "script")
GOOD = ("good", "great", "funny", "clever")
BAD = ("bad", "awful", "boring", "stupid")
ADVERBS = ("really", "truly", "very")
ASIDES = {2: ("to me", "in truth", "on balance"), 3: ("in my view", "in the end", "to be honest")}
# How often 0, 1, … 7 words stand between "was" (or "was not") and its adjective. The nearest are made rare:
# in 14, 26 and 42 % of the sentences is there an n-gram of length 2, 3 or 4 with a verb and its adjective.
DISTANCES = (0.07, 0.07, 0.10, 0.152, 0.152, 0.152, 0.152, 0.152)

STDLIB_MODULES = (
    "argparse", "ast", "bisect", "calendar", "collections", "configparser", "contextlib", "copy", "csv",
    "dataclasses", "decimal", "difflib", "dis", "enum", "fileinput", "fnmatch", "fractions", "functools",
    "getopt", "gettext", "glob", "graphlib", "gzip", "hashlib", "heapq", "html", "inspect", "ipaddress",
    "json", "keyword", "linecache", "locale", "logging", "mimetypes", "numbers", "operator", "optparse",
    "pathlib", "pickle", "pkgutil", "platform", "pprint", "queue", "quopri", "random", "reprlib", "sched",
    "secrets", "selectors", "shelve", "shlex", "shutil", "socketserver", "statistics", "string", "subprocess",
    "tabnanny", "tarfile", "tempfile", "textwrap", "threading", "timeit", "tokenize", "trace", "traceback",
    "types", "typing", "uuid", "warnings", "wave", "weakref", "zipapp", "zipfile",
)  # fmt: skip


def negation_grammar(
    rng: np.random.Generator,
    n: int,
    *,
    distances: Sequence[float] = DISTANCES,
    exclude: Iterable[Sequence[str]] = (),
) -> tuple[list[list[str]], np.ndarray]:
    """Sentences whose sentiment depends on what "not" negates: a bag of words is at chance.

    "the film was not in truth good and they say the music was really bad" is negative, "the film was not in
    truth bad and they say the music was really good" is positive. Both clauses say the same, one of them by
    a negation.
    Each sentence comes with its twin, the two adjectives swapped: same words, same length, same place of
    "not", opposite label. So any function of the counts of words is right on exactly half of them.

    `distances[d]` weighs the case that d words stand between the verb and its adjective (d = 0 … 7), in
    each clause by itself; an n-gram holds a negation whole only if d <= n - 2.
    `exclude`: sentences not to draw (the training set, when drawing the test set); their twins, which have
    the same words, are left out with them. No sentence comes twice.

    Returns `n` sentences as lists of tokens (n even), shuffled, and their labels, int64 (n,), 1 = positive;
    exactly half of them are positive. ValueError if n is odd or negative, if a weight is negative, or if
    the grammar has too few sentences.
    """
    expect.generator(rng)
    weights = _checked_weights(n, distances)
    seen = {tuple(sentence) for sentence in exclude}
    sentences, labels, misses = [], [], 0
    while len(sentences) < n:
        pair = _twins(rng, weights)
        if pair[0] in seen or pair[1] in seen:
            misses += 1
            if misses > 1000:
                raise ValueError(f"with these distances the grammar has too few sentences for n = {n}")
            continue
        seen.update(pair)
        misses = 0
        sentences += pair
        labels += [1, 0]
    order = rng.permutation(n)
    return [list(sentences[i]) for i in order], np.array(labels, dtype=np.int64)[order]


def _checked_weights(n: int, distances: Sequence[float]) -> np.ndarray:
    """The weights of the distances, summing to one."""
    try:
        weights = np.asarray(distances, dtype=float)
    except (TypeError, ValueError):
        weights = np.zeros(0)
    if expect.whole(n, "n") < 0 or n % 2:
        raise ValueError(f"n should be even and not negative, since sentences come in pairs; got {n}")
    if weights.ndim != 1 or not 1 <= len(weights) <= 12 or (weights < 0).any() or not 0 < weights.sum() < np.inf:
        raise ValueError(f"distances should be 1 to 12 weights, none negative, not all zero; got {distances}")
    return weights / weights.sum()


def _twins(rng: np.random.Generator, weights: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One positive sentence and its negative twin, which has the same words in another order."""
    nouns = rng.choice(NOUNS, 2, replace=False).tolist()
    good, bad = GOOD[rng.integers(len(GOOD))], BAD[rng.integers(len(BAD))]
    fillers = [_filler(rng, int(rng.choice(len(weights), p=weights))) for _ in range(2)]
    negated = int(rng.integers(2))

    def sentence(adjectives: tuple[str, str]) -> tuple[str, ...]:
        words = []
        for clause in (0, 1):
            # "they say" keeps the first adjective and the second "not" from standing in one short n-gram.
            words += ["and", "they", "say"] if clause else []
            words += ["the", nouns[clause], "was"] + (["not"] if clause == negated else [])
            words += [*fillers[clause], adjectives[clause]]
        return tuple(words)

    one, other = sentence((good, bad)), sentence((bad, good))
    return (one, other) if negated == 1 else (other, one)


def _filler(rng: np.random.Generator, length: int) -> list[str]:
    """`length` words that change nothing: asides of two and three words, then at most one adverb."""
    shapes = [(a, b, c) for a, b, c in product((0, 1), range(4), range(4)) if a + 2 * b + 3 * c == length]
    adverbs, twos, threes = shapes[rng.integers(len(shapes))]
    asides = [*rng.permutation(ASIDES[2])[:twos], *rng.permutation(ASIDES[3])[:threes]]
    words = " ".join(asides[i] for i in rng.permutation(len(asides))).split()
    return words + [ADVERBS[rng.integers(len(ADVERBS))]] * adverbs


def ball(
    rng: np.random.Generator,
    n: int,
    length: int,
    *,
    dims: int = 1,
    speed: tuple[float, float] = (0.02, 0.08),
    noise: float = 0.0,
) -> np.ndarray:
    """Balls that move at a constant speed and bounce off the walls at 0 and 1.

    Where the ball is does not say where it goes: from one frame the next is a guess between left and right,
    from two it is x_t + (x_t - x_{t-1}), except at a wall. Each ball starts anywhere, in any direction;
    `speed` is the range of its speed in each direction, in widths of the box per frame; `noise` is the
    standard deviation of what is added to each position that is seen (not to the motion itself).

    Returns positions, float32 (n, length, dims), in [0, 1] when there is no noise.
    ValueError if a size is not positive, the noise is negative, or the speeds are not 0 <= low <= high < 1.
    """
    expect.generator(rng)
    expect.wholes(n=n, length=length, dims=dims)
    expect.number(noise, "noise", 0)
    if not isinstance(speed, (tuple, list)) or len(speed) != 2:
        raise ValueError(f"speed should be a range (low, high), got {expect.shown(speed)}")
    low, high = (expect.number(each, "each speed") for each in speed)
    if not 0 <= low <= high < 1:
        raise ValueError(f"speed should be a range with 0 <= low <= high < 1, got {speed}")
    start = rng.uniform(0, 1, (n, 1, dims))
    velocity = rng.uniform(low, high, (n, 1, dims)) * rng.choice([-1.0, 1.0], (n, 1, dims))
    straight = start + velocity * np.arange(length)[None, :, None]
    # A path between two walls is the straight one, folded: 0 to 1 and back again is a period of 2.
    positions = 1 - np.abs(1 - straight % 2)
    return (positions + rng.normal(0, 1, positions.shape) * noise).astype(np.float32)


def stdlib_text(max_chars: int | None = None, *, modules: Sequence[str] = STDLIB_MODULES) -> str:
    """The source of Python's own standard library as one text: plain ASCII, "\\n" line ends, no network.

    The modules follow one another in the order given (packages: their __init__.py), each with a newline at
    its end; a module that this Python does not have is passed over. `max_chars` cuts at the end of a line.
    Letters outside ASCII (a few names in comments) become "?". The text differs between versions of Python,
    so never expect an exact number from it. ValueError if max_chars is negative or nothing is found.

    Source: Python's standard library, PSF licence, as installed on this machine.
    """
    if max_chars is not None:
        expect.whole(max_chars, "max_chars", 0)
    expect.words(modules, "modules")
    parts, total = [], 0
    for name in modules:
        if max_chars is not None and total > max_chars:
            break
        source = _stdlib_source(name)
        if source:
            parts.append(source.rstrip("\n") + "\n")
            total += len(parts[-1])
    if not parts:
        raise ValueError("no source of the standard library found: this Python was installed without it")
    text = "".join(parts)
    if max_chars is None or len(text) <= max_chars:
        return text
    return text[: text.rfind("\n", 0, max_chars) + 1]


def _stdlib_source(name: str) -> str:
    """The source of one module as ASCII text, "" if this Python has none."""
    # Only the standard library's own folder is looked at: a learner's file called random.py is not it.
    folder = sysconfig.get_path("stdlib")
    archive = Path(folder).parent / f"python{sysconfig.get_config_var('py_version_nodot')}.zip"
    spec = PathFinder.find_spec(name, [folder, str(archive)])
    try:
        source = spec.loader.get_source(name) if spec and spec.loader else ""
    except (OSError, SyntaxError, AttributeError):
        return ""
    return (source or "").replace("\r\n", "\n").encode("ascii", "replace").decode("ascii")
