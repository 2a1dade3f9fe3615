"""Words and their classes: a grammar whose tags need later words, and real English (UD EWT) through `fetch`.

Also the two counting baselines of tagging: each word's most frequent tag, and with it the suffix for words never seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from seqlib import expect

__all__ = [
    "PLURAL_NOUNS", "PLURAL_VERBS", "SINGULAR_NOUNS", "SINGULAR_VERBS", "TAGS", "UPOS", "agreement_blanks",
    "agreement_sentences", "ambiguous_words", "most_frequent_tags", "tagging_grammar", "ud_ewt",
]  # fmt: skip

TAGS = (
    "DET", "ADJ", "NOUN.SG", "NOUN.PL", "VERB.SG", "VERB.PL", "VERB.PAST", "PARTICIPLE", "ADP", "ADV", "PRON", "SCONJ",
    "CCONJ", "PUNCT",
)  # fmt: skip
# The classes of Universal Dependencies (Nivre et al. 2020, §3.1), in alphabetical order.
UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
    "SYM", "VERB", "X",
)  # fmt: skip

SINGULAR_NOUNS = ("dog", "girl", "boat", "horse", "boy", "bird")
PLURAL_NOUNS = ("dogs", "girls", "boats", "horses", "boys", "birds")
SINGULAR_VERBS = ("sleeps", "swims", "runs", "waits")
PLURAL_VERBS = ("sleep", "swim", "run", "wait")
SEES = ("sees", "likes", "hears"), ("see", "like", "hear")
INVARIANT = ("sheep", "fish", "deer")  # one form for singular and plural
PEOPLE = ("old", "young", "rich", "poor", "brave", "sick")  # "the old man sleeps", "the old man the boats"
JOBS = ("man", "guard", "train", "farm", "ship", "park")
MOVED = ("raced", "floated", "moved", "sailed", "rolled", "walked")  # past tense, or a participle
ENDED = ("sank", "fell", "slept", "swam")  # past tense only
TOOK = ("left", "kept", "found", "sold")
PLACES = ("town", "river", "barn", "field")
WHERE = ("near", "past", "behind", "beyond")
KNOW = ("know", "hope", "say", "think")
HOW = ("well", "often", "here", "today")
FEEL = ("tired", "hungry", "happy")
QUICK = ("fast", "late", "early")  # "the fast dog runs", "the dog runs fast"
ASIDES = (
    (("in", "ADP"), ("the", "DET"), ("end", "NOUN.SG")),
    (("as", "SCONJ"), ("they", "PRON"), ("say", "VERB.PL")),
    (("as", "SCONJ"), ("the", "DET"), ("girls", "NOUN.PL"), ("know", "VERB.PL")),
    (("near", "ADP"), ("the", "DET"), ("boats", "NOUN.PL"), ("in", "ADP"), ("the", "DET"), ("river", "NOUN.SG")),
)

Words = list[tuple[str, str]]


def tagging_grammar(
    rng: np.random.Generator, n: int, *, exclude: Iterable[Sequence[str]] = ()
) -> tuple[list[list[str]], list[list[str]]]:
    """Sentences of an English that leads up the garden path, and the class of each word.

    "the old man , in the end , left the boats ." has an adjective and a noun where "the old man , in the end , the
    boats ." has a noun and a verb: what tells them apart comes later. So do the participle of "the boat floated past
    the barn sank .", the number of "sheep" ("the sheep slept near the boat and they were tired ."), and whether
    "that" points at a sheep or opens a clause ("they know that sheep near the river sleeps ."). A sentence has one
    or two such clauses; each comes with its other reading equally often, so the word alone cannot tell.

    `exclude`: sentences not to draw (the training set, when drawing the test set). No sentence comes twice.
    Returns n lists of tokens and n lists of names from TAGS. ValueError if n is negative.
    """
    expect.generator(rng)
    expect.whole(n, "n", 0)
    seen = {tuple(sentence) for sentence in exclude}
    sentences, tags = [], []
    while len(sentences) < n:
        words = _sentence(rng)
        tokens = tuple(word for word, _ in words)
        if tokens not in seen:
            seen.add(tokens)
            sentences.append(list(tokens))
            tags.append([tag for _, tag in words])
    return sentences, tags


def agreement_sentences(rng: np.random.Generator, n: int) -> list[tuple[list[str], int, int]]:
    """Sentences with a subject and its verb apart: (tokens, place of the subject, place of the verb).

    "the dogs that the girl sees , in the end , sleep well .": both forms of the subject and of the verb are in the
    lists above, and only each other tells which is right. May hold a sentence twice.
    """
    expect.generator(rng)
    expect.whole(n, "n", 0)
    found = []
    for _ in range(n):
        words = _with_relative(rng, invariant=False)
        verb = len(words) - 2
        found.append(([word for word, _ in words] + ["."], 1, verb))
    return found


def agreement_blanks(items: Sequence[tuple], verb: bool) -> tuple[list[list[str]], list[int], list, list]:
    """Sentences of `agreement_sentences` with the verb, or else the subject, hidden.

    Returns the sentences with a "[MASK]", the place of each, and for each the forms of the right and of the wrong
    number.
    """
    sentences, places, right, wrong = [], [], [], []
    numbers = (SINGULAR_VERBS, PLURAL_VERBS) if verb else (SINGULAR_NOUNS, PLURAL_NOUNS)
    for tokens, subject_at, verb_at in items:
        place, plural = verb_at if verb else subject_at, tokens[subject_at] in PLURAL_NOUNS
        sentences.append([*tokens[:place], "[MASK]", *tokens[place + 1 :]])
        places.append(place)
        right.append(numbers[plural])
        wrong.append(numbers[not plural])
    return sentences, places, right, wrong


def ambiguous_words(sentences: Iterable[Sequence[str]], tags: Iterable[Sequence[str]]) -> set[str]:
    """The words that occur with two tags or more."""
    counts = _counts(sentences, tags)
    return {word for word, each in counts.items() if len(each) > 1}


def ud_ewt(part: str = "train") -> tuple[list[list[str]], list[list[str]]]:
    """Universal Dependencies English EWT: sentences as lists of words, and their tags from UPOS.

    `part` is train, dev or test: 12,544, 2,001 and 2,077 sentences of web text. Contractions (ids such as 3-4) and
    empty words (8.1) are not words and left out. Raises DataUnavailable where it cannot be had.
    Source: Silveira et al. 2014; https://universaldependencies.org.
    """
    from seqlib.data.download import fetch

    if part not in ("train", "dev", "test"):
        raise ValueError(f"part should be train, dev or test, got {part!r}")
    return read_conllu(fetch(f"ud_ewt/en_ewt-ud-{part}.conllu").read_text(encoding="utf-8"))


def read_conllu(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """Words and UPOS tags of a text in CoNLL-U: a line for each word, ten columns, sentences apart by empty lines."""
    sentences, tags = [], []
    for block in text.split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if line and not line.startswith("#")]
        words = [row for row in rows if row[0].isdigit()]
        if words:
            sentences.append([row[1] for row in words])
            tags.append([row[3] for row in words])
    return sentences, tags


def most_frequent_tags(
    sentences: Sequence[Sequence[str]],
    tags: Sequence[Sequence[str]],
    new: Iterable[Sequence[str]],
    suffix: int = 0,
) -> list[list[str]]:
    """The baseline of tagging: each word of `new` gets the tag that it has most often in the training sentences.

    Words never seen get the commonest tag of all words, or, where suffix > 0, that of the longest ending of at most
    `suffix` letters that is known, each training word counted once for each of its tags.
    """
    expect.whole(suffix, "suffix", 0)
    counts = _counts(sentences, tags)
    if not counts:
        raise ValueError("expected training sentences with at least one word, got none")
    every = Counter(tag for each in tags for tag in each).most_common(1)[0][0]
    endings: dict[str, Counter] = defaultdict(Counter)
    for word, each in counts.items():
        for length in range(1, min(suffix, len(word)) + 1):
            endings[word[-length:]].update(each.keys())  # words, not occurrences: "the" says little of new words

    def tag(word: str) -> str:
        if word in counts:
            return counts[word].most_common(1)[0][0]
        longest = (word[-length:] for length in range(min(suffix, len(word)), 0, -1))
        return next((endings[end].most_common(1)[0][0] for end in longest if end in endings), every)

    return [[tag(word) for word in expect.words(sentence, "each new sentence")] for sentence in new]


def _counts(sentences, tags) -> dict[str, Counter]:
    """{word: how often each tag}."""
    counts: dict[str, Counter] = defaultdict(Counter)
    sentences, tags = ([expect.words(row, "each row") for row in rows] for rows in (sentences, tags))
    if [len(row) for row in sentences] != [len(row) for row in tags]:
        raise ValueError("sentences and tags should be of the same lengths, got others: one tag for each word")
    for sentence, names in zip(sentences, tags, strict=True):
        for word, name in zip(sentence, names, strict=True):
            counts[word][name] += 1
    return dict(counts)


# -- the grammar -----------------------------------------------------------------------------------------------------


def _sentence(rng) -> Words:
    kinds = rng.integers(len(CLAUSES), size=rng.integers(1, 3))
    words: Words = []
    for k, kind in enumerate(kinds):
        words += [(_pick(rng, ("while", "but")), "SCONJ")] * bool(k) + CLAUSES[kind](rng)
    words = [(word, "CCONJ" if word == "but" else tag) for word, tag in words]
    return [*words, (".", "PUNCT")]


def _pick(rng, words: Sequence[str]) -> str:
    return words[rng.integers(len(words))]


def _aside(rng) -> Words:
    """Half the time nothing, else a few words between commas that change nothing."""
    if rng.integers(2):
        return []
    return [(",", "PUNCT"), *ASIDES[rng.integers(len(ASIDES))], (",", "PUNCT")]


def _noun(rng, plural: bool) -> tuple[str, str]:
    return _pick(rng, PLURAL_NOUNS if plural else SINGULAR_NOUNS), "NOUN.PL" if plural else "NOUN.SG"


def _verb(rng, plural: bool) -> tuple[str, str]:
    return _pick(rng, PLURAL_VERBS if plural else SINGULAR_VERBS), "VERB.PL" if plural else "VERB.SG"


def _place(rng) -> Words:
    """near the river, behind the boats."""
    what = (_pick(rng, PLACES), "NOUN.SG") if rng.integers(2) else _noun(rng, bool(rng.integers(2)))
    return [(_pick(rng, WHERE), "ADP"), ("the", "DET"), what]


def _garden_path(rng) -> Words:
    """the old man (, in the end ,) left the boats, or: the old man (, in the end ,) the boats."""
    people, job, aside, thing = _pick(rng, PEOPLE), _pick(rng, JOBS), _aside(rng), _noun(rng, True)
    if rng.integers(2):
        taken = [(_pick(rng, TOOK), "VERB.PAST")]
        return [("the", "DET"), (people, "ADJ"), (job, "NOUN.SG"), *aside, *taken, ("the", "DET"), thing]
    return [("the", "DET"), (people, "NOUN.PL"), (job, "VERB.PL"), *aside, ("the", "DET"), thing]


def _reduced(rng) -> Words:
    """the boat floated past the barn (, in the end ,), or the same and then: sank."""
    ended = bool(rng.integers(2))
    words = [("the", "DET"), _noun(rng, bool(rng.integers(2)))]
    words += [(_pick(rng, MOVED), "PARTICIPLE" if ended else "VERB.PAST"), *_place(rng), *_aside(rng)]
    return words + [(_pick(rng, ENDED), "VERB.PAST")] * ended


def _that(rng) -> Words:
    """they know that sheep (near the boats) sleeps well, or: sleep well."""
    plural = bool(rng.integers(2))
    words = [(_pick(rng, ("they", "we")), "PRON"), (_pick(rng, KNOW), "VERB.PL")]
    words += [("that", "SCONJ" if plural else "DET"), (_pick(rng, INVARIANT), "NOUN.PL" if plural else "NOUN.SG")]
    return [*words, *(_place(rng) if rng.integers(2) else []), _verb(rng, plural), (_pick(rng, HOW), "ADV")]


def _across(rng) -> Words:
    """the sheep slept near the boats (, in the end ,) and it was tired, or: and they were tired."""
    plural = bool(rng.integers(2))
    words = [("the", "DET"), (_pick(rng, INVARIANT), "NOUN.PL" if plural else "NOUN.SG")]
    words += [(_pick(rng, ENDED), "VERB.PAST"), *_place(rng), *_aside(rng), ("and", "CCONJ")]
    words += [("they", "PRON"), ("were", "VERB.PAST")] if plural else [("it", "PRON"), ("was", "VERB.PAST")]
    return [*words, (_pick(rng, FEEL), "ADJ")]


def _with_relative(rng, invariant: bool | None = None) -> Words:
    """the dogs that the girl sees (, in the end ,) sleep well; the subject may be a sheep, or several."""
    plural, others = rng.integers(2, size=2).astype(bool)
    invariant = bool(rng.integers(2)) if invariant is None else invariant
    subject = (_pick(rng, INVARIANT), "NOUN.PL" if plural else "NOUN.SG") if invariant else _noun(rng, plural)
    sees = (_pick(rng, SEES[int(others)]), "VERB.PL" if others else "VERB.SG")
    words = [("the", "DET"), subject, ("that", "PRON"), ("the", "DET"), _noun(rng, others), sees]
    return [*words, *_aside(rng), _verb(rng, plural), (_pick(rng, HOW), "ADV")]


def _quick(rng) -> Words:
    """the fast dog runs here, or: the dog runs fast."""
    plural, quick = bool(rng.integers(2)), _pick(rng, QUICK)
    if rng.integers(2):
        return [("the", "DET"), (quick, "ADJ"), _noun(rng, plural), _verb(rng, plural), (_pick(rng, HOW), "ADV")]
    return [("the", "DET"), _noun(rng, plural), *_aside(rng), _verb(rng, plural), (quick, "ADV")]


CLAUSES = (_garden_path, _reduced, _that, _across, _with_relative, _quick)
