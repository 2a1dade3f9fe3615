"""Multi30k: captions of pictures in German, English and French, line by line, as lists of words.

Fetched on demand (about 0.6 MB a language). Source: Elliott et al. 2016, "Multi30K: Multilingual English-German Image
Descriptions"; for non-commercial research and education.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable

from seqlib import expect
from seqlib.data.download import available, fetch

PARTS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
LANGUAGES = ("de", "en", "fr")
# A word, with what an apostrophe or a hyphen joins to it; else one mark of punctuation.
WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


def tokenize(text: str) -> list[str]:
    """Lower-cased words and punctuation marks: "A man's T-shirt." -> ["a", "man's", "t-shirt", "."]."""
    return WORD.findall(text.lower())


def detokenize(tokens: Iterable[str]) -> str:
    """One line of text, for sacreBLEU, which wants text and cuts it its own way: marks stick to the word before."""
    text = " ".join(expect.words(tokens, "tokens"))
    text = re.sub(r" ([.,!?;:%)\]])", r"\1", text)
    return re.sub(r"([(\[]) ", r"\1", text)


def lines(part: str, language: str, *, quiet: bool = False) -> list[str]:
    """The captions of a part ("train", "validation", "test") as they are. DataUnavailable if they cannot be had."""
    with gzip.open(fetch(_file(part, language), quiet=quiet), "rt", encoding="utf-8") as file:
        return [line.strip() for line in file]


def multi30k(part: str, source: str = "de", target: str = "en", *, quiet: bool = False):
    """(source tokens, target tokens) of each caption: 29,000 to train, 1,014 to validate, 1,000 to test.

    DataUnavailable, in one plain line, if the files cannot be had; ValueError for another part or language.
    """
    texts = [lines(part, language, quiet=quiet) for language in (source, target)]
    if len(texts[0]) != len(texts[1]):
        raise ValueError(f"the two languages should have as many lines, got {len(texts[0])} and {len(texts[1])}")
    return [(tokenize(one), tokenize(other)) for one, other in zip(*texts, strict=True)]


def here(source: str = "de", target: str = "en") -> bool:
    """Whether all parts of the two languages are on this machine already."""
    return all(available(_file(part, language)) for part in PARTS for language in (source, target))


def _file(part: str, language: str) -> str:
    """The registry's name of a file."""
    if part not in PARTS or language not in LANGUAGES:
        raise ValueError(f"expected {' | '.join(PARTS)} and {' | '.join(LANGUAGES)}, got {part!r} and {language!r}")
    return f"multi30k/{PARTS[part]}.{language}.gz"
