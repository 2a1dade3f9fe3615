"""Numbers in words, English beside German or French: a translation whose right answer and alignment are known.

The words come from num2words and are cut into morphs: German writes a whole number as one word. Units stand before
tens in German, and French counts on twenties, so the order really changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from seqlib import expect

COMMA = ","  # between two numbers, in every language
BIGGEST = 1_000_000
_UNITS = {
    "en": "one two three four five six seven eight nine",
    "de": "ein eins zwei drei vier fünf sechs sieben acht neun",
    "fr": "un deux trois quatre cinq six sept huit neuf",
}
# What holds tens and units at once: "elf" is 11, and "zehn" comes after "drei" in 13.
_TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "zehn elf zwölf sechzehn siebzehn",
    "fr": "onze douze treize quatorze quinze seize",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "dix vingt vingts trente quarante cinquante soixante",
}
_ZERO = {"en": "zero", "de": "null", "fr": "zéro"}
_AND = {"en": "and", "de": "und", "fr": "et"}
_HUNDRED = {"en": ("hundred",), "de": ("hundert",), "fr": ("cent", "cents")}
_THOUSAND = {"en": "thousand", "de": "tausend", "fr": "mille"}

MORPHS = {
    language: (
        _ZERO[language],
        *_UNITS[language].split(),
        *_TEENS[language].split(),
        *_TENS[language].split(),
        *_HUNDRED[language],
        _THOUSAND[language],
        _AND[language],
    )
    for language in ("en", "de", "fr")
}
_GERMAN = re.compile("|".join(sorted(MORPHS["de"], key=len, reverse=True)))


@dataclass(frozen=True)
class Pair:
    """Some numbers in two languages: source and target morphs, and which target morph means which source morph.

    links holds (source position, target position). A morph may have several ("drei zehn" for "thirteen") or none
    (the "und" of "zwei und vierzig"). Unpacks as `source, target = pair`.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    links: tuple[tuple[int, int], ...] = ()

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter((self.source, self.target))


def spell(number: int, language: str = "en") -> list[str]:
    """A number below a million as morphs: 42 is "forty two", "zwei und vierzig", "quarante deux".

    language: "en", "de" or "fr". ValueError for any other language or number. Source: num2words.
    """
    if language not in MORPHS:
        raise ValueError(f"language should be one of {', '.join(MORPHS)}, got {language!r}")
    expect.whole(number, "number", 0, BIGGEST - 1)
    return list(_spelled(int(number), language))


@cache
def _spelled(number: int, language: str) -> tuple[str, ...]:
    """The morphs of a number."""
    from num2words import num2words

    words = num2words(number, lang=language).lower()
    if language == "de":
        return tuple(_GERMAN.findall(words))
    # num2words sets a comma after English thousands, which would look like our comma between numbers.
    return tuple(words.replace(",", " ").replace("-", " ").split())


def _places(morphs: tuple[str, ...], language: str) -> list[frozenset[str]]:
    """What each morph of a number says: "d" the digit before hundred, "h" hundred, "t" tens, "u" units, "k" thousand.

    Places of the thousands begin with "k": "ku" are the units of the thousands.
    """
    found, units = [], _UNITS[language].split()
    thousand = morphs.index(_THOUSAND[language]) if _THOUSAND[language] in morphs else -1
    for i, morph in enumerate(morphs):
        after = morphs[i + 1] if i + 1 < len(morphs) else ""
        if morph == _AND[language]:
            here = set()
        elif morph == _THOUSAND[language]:
            here = {"k"} if i else {"k", "ku"}  # French: "mille" is one thousand
        elif morph in _HUNDRED[language]:
            alone = i in (0, thousand + 1) and language == "fr"  # "cent" is one hundred
            here = {"h", "d"} if alone else {"h"}
        elif after in _HUNDRED[language] and morph in units:
            here = {"d"}
        elif language == "fr" and morph == "quatre" and after in ("vingt", "vingts"):
            here = {"t"}  # four twenties
        elif morph in _TENS[language].split():
            here = {"t"}
        elif morph in _TEENS[language].split():
            here = {"t", "u"}
        else:
            here = {"u"}
        inside = i < thousand
        found.append(frozenset("k" + place for place in here) if inside else frozenset(here))
    return found


@cache
def _links(number: int, language: str) -> tuple[tuple[int, int], ...]:
    """(English position, target position) of every two morphs of a number that say the same place."""
    english, other = (_places(_spelled(number, each), each) for each in ("en", language))
    return tuple((s, t) for t, right in enumerate(other) for s, left in enumerate(english) if left & right)


def number_pair(numbers: Iterable[int], language: str = "de") -> Pair:
    """These numbers, separated by commas, in English and in another language, with their gold alignment."""
    expect.one_of(language, "language", tuple(MORPHS))
    source, target, links = [], [], []
    for number in (expect.whole(number, "each number", 0, BIGGEST - 1) for number in numbers):
        if source:
            links.append((len(source), len(target)))
            source.append(COMMA)
            target.append(COMMA)
        links += [(s + len(source), t + len(target)) for s, t in _links(int(number), language)]
        source += spell(number, "en")
        target += spell(number, language)
    return Pair(tuple(source), tuple(target), tuple(links))


def number_pairs(
    count: int,
    numbers: tuple[int, int] = (1, 3),
    below: int = BIGGEST,
    language: str = "de",
    seed: int = 0,
    exclude: Iterable[Pair] = (),
) -> list[Pair]:
    """`count` pairs, each a run of `numbers` = (fewest, most) numbers, no pair twice and none of `exclude`.

    The number of numbers and each number, 0 … below - 1, are drawn uniformly. The same seed gives the same pairs.
    ValueError if the ranges make no sense or hold too few pairs.
    """
    expect.wholes(0, count=count, seed=seed)
    if not isinstance(numbers, (tuple, list)) or len(numbers) != 2:
        raise ValueError(f"numbers should be (fewest, most), got {expect.shown(numbers)}")
    fewest, most = (expect.whole(each, "each of numbers") for each in numbers)
    expect.whole(below, "below")
    if not 1 <= fewest <= most or not 1 <= below <= BIGGEST or language not in ("de", "fr"):
        raise ValueError(
            f'expected 1 <= fewest <= most numbers, 1 <= below <= {BIGGEST}, "de" or "fr"; '
            f"got {numbers}, {below}, {language!r}"
        )
    rng, seen, pairs, misses = np.random.default_rng(seed), {pair.source for pair in exclude}, [], 0
    while len(pairs) < count:
        pair = number_pair(rng.integers(0, below, rng.integers(fewest, most + 1)).tolist(), language)
        if pair.source in seen:
            misses += 1
            if misses > 1000 + 100 * count:
                raise ValueError(f"too few runs of {fewest} to {most} numbers below {below} for {count} pairs")
            continue
        seen.add(pair.source)
        pairs.append(pair)
    return pairs


def count_numbers(pair: Pair) -> int:
    """How many numbers a pair holds."""
    return 1 + pair.source.count(COMMA)
