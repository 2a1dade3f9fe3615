"""Notebook 15: from bytes to byte-pair encoding, trained, encoded, decoded and measured."""

import codecs
import re
from collections import Counter
from itertools import combinations, pairwise

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.data.bpe import BYTES, ID_OF_BYTE, learn_merges, merge_with_changes, split


def _told_apart(rng, draw, answers, tries=200):
    """Draw cases until all of these answers differ from each other on some case: no mistake hides another.

    Where chance never gives such cases, those that tell most apart: a check has inputs, whatever is drawn.
    """
    best, most = None, 0
    for _ in range(tries):
        cases = draw(rng)
        told = {repr([_outcome(answer, case) for case in cases]) for answer in answers}
        if cases and len(told) > most:
            best, most = cases, len(told)
        if most == len(answers):
            break
    return best


def _outcome(answer, case):
    try:
        return answer(*(list(a) if isinstance(a, list) else a for a in case.args))
    except Exception as error:
        return type(error).__name__


def _pick(rng, options):
    return options[int(rng.integers(len(options)))]


# -- utf8_encode -----------------------------------------------------------------------------------------------------


def _code_points(rng) -> list[Case]:
    def case(label, code_point):
        return Case(label, code_point=int(code_point))

    return [
        case("a character of ASCII", rng.integers(33, 127)),
        case("the last one that fits into one byte", 0x7F),
        case("the first one of two bytes", 0x80),
        case("one of two bytes", rng.integers(0x81, 0x7FF)),
        case("the last one of two bytes", 0x7FF),
        case("the first one of three bytes", 0x800),
        case("one of three bytes", rng.integers(0x4000, 0x8000)),  # bits that no mask hides by chance
        case("the last one of three bytes", 0xFFFF),
        case("the first one of four bytes", 0x10000),
        case("one of four bytes", rng.integers(0x1F300, 0x1F900)),
        case("the last of all", 0x10FFFF),
    ]


def _utf8(code_point):
    if code_point < 0x80:
        return [code_point]
    size = 2 if code_point < 0x800 else 3 if code_point < 0x10000 else 4
    mark = 0xF00 >> size & 0xFF  # as many ones as there are bytes, then a zero
    low = [0x80 | code_point >> 6 * k & 0x3F for k in range(size - 2, -1, -1)]
    return [mark | code_point >> 6 * (size - 1), *low]


def _plain_number(code_point):
    return list(code_point.to_bytes((code_point.bit_length() + 7) // 8, "big"))


def _utf16(c):
    units = [c] if c < 0x10000 else [0xD800 + (c - 0x10000 >> 10), 0xDC00 + (c & 0x3FF)]
    return [byte for unit in units for byte in divmod(unit, 256)]


utf8_encode = Exercise(
    name="15.utf8_encode",
    points=3,
    inputs=_code_points,
    oracle=lambda code_point: list(chr(code_point).encode("utf-8")),
    right=_utf8,
    mistakes={
        "the code point is written as a plain number, with no marks: nobody could tell where a character begins": _plain_number,
        "this is UTF-16, two bytes or four": _utf16,
    }
    | slips(
        _utf8,
        {
            "the bytes that follow lack their mark: each begins with the bits 10": "0x80 | code_point >> → code_point >>",
            "the first byte lacks its mark: as many ones as there are bytes, and a zero": "[mark | code_point → [code_point",
            "the first byte is marked 110 whatever the number of bytes": "mark = 0xF00 >> size & 0xFF → mark = 0xC0",
            "the first byte has one 1 too few: its ones count all the bytes, itself as well": "0xF00 >> size → 0xF00 >> size - 1",
            "the first byte has one 1 too many: its ones count the bytes": "0xF00 >> size → 0xF00 >> size + 1",
            "the bytes stand the other way round: the highest bits come first": "return [mark | code_point >> 6 * (size - 1), *low] → return [*low[::-1], mark | code_point >> 6 * (size - 1)]",
            "the bytes that follow stand the other way round: higher bits come first": "range(size - 2, -1, -1) → range(size - 1)",
            "seven bits go into each byte that follows; two of its eight are the mark, so six are left": (
                "6 * k & 0x3F → 7 * k & 0x7F",
                "6 * (size - 1) → 7 * (size - 1)",
            ),
            "the bits above the six of a byte are not cut off: `& 0x3F` keeps the last six": " & 0x3F →",
            "the first byte holds all the bits: those that went to the others are shifted out": "mark | code_point >> 6 * (size - 1) → mark | code_point",
            "128 is written in one byte: 0 to 127 are ASCII, 128 is the first that is not": "code_point < 0x80: → code_point <= 0x80:",
            "0x800 is written in two bytes: 0x7FF is the last with eleven bits": "code_point < 0x800 → code_point <= 0x800",
            "0x10000 is written in three bytes: 0xFFFF is the last with sixteen bits": "code_point < 0x10000 → code_point <= 0x10000",
            "127 is written in two bytes: it is the last that fits into one": "code_point < 0x80: → code_point < 0x7F:",
            "0x7FF is written in three bytes: it is the last that fits into two": "code_point < 0x800 → code_point < 0x7FF",
            "0xFFFF is written in four bytes: it is the last that fits into three": "code_point < 0x10000 → code_point < 0xFFFF",
            "there is no form of four bytes, and the bits that do not fit are lost": (
                "3 if code_point < 0x10000 else 4 → 3",
                "[mark | code_point >> 6 * (size - 1) → [mark | code_point >> 6 * (size - 1) & 0x7F >> size",
            ),
            "the marks are added as small numbers: they are the highest bits of their bytes": (
                "0x80 | code_point >> 6 * k & 0x3F → 2 + (code_point >> 6 * k & 0x3F)",
                "mark = 0xF00 >> size & 0xFF → mark = (0xF00 >> size & 0xFF) >> 7 - size",
                "[mark | code_point >> 6 * (size - 1), → [mark + (code_point >> 6 * (size - 1)),",
            ),
            "the zeros that fill up stand behind the bits of the number: they belong in front": "mark = 0xF00 → code_point <<= 5 * size + 1 - code_point.bit_length()\n    mark = 0xF00",
            "there is no form of four bytes, so that code points from 0x10000 on do not fit": "3 if code_point < 0x10000 else 4 → 3",
            "there is no form of three bytes": "3 if code_point < 0x10000 else 4 → 4",
            "there is no form of two bytes": "2 if code_point < 0x800 else 3 → 3",
        },
    ),
    forbids=("builtins.str.encode", "codecs.encode"),
    returns=("bytes",),
)


# -- pre_tokenise ----------------------------------------------------------------------------------------------------

_NAMES = ("anna", "tom", "it", "we", "they", "café", "Zoë")
_ENDS = ("'s", "'ll", "'re", "'ve", "'d", "'m", "'t")


def _texts(rng) -> list[Case]:
    name, end, number = (lambda: _pick(rng, _NAMES)), _pick(rng, _ENDS), int(rng.integers(100, 10**6))
    return [
        Case("a sentence", text=f"{name()}{end} here, {name()} said."),
        Case("two spaces, and a newline", text=f"so  {name()} and\n{name()} left  ... "),
        Case("indented code", text=f"def run_{name()}(x):\n    return x{number} + {number} != __y__\n"),
        Case("letters and digits together", text=f"B{number}c {number}{name()}?! ({number}) \t x"),
        Case("capitals behind an apostrophe", text=f"IT{end.upper()} {name().upper()}{end.upper()}, {name()}{end}"),
        Case("letters and digits beyond ASCII", text=f"größer Ωμέγα ١٢٣ 日本語{number} {name()}٤٥"),
        Case("nothing at all", text=""),
    ]


def _pre_tokenise(text):
    endings, letters, digits = r"'s|'t|'re|'ve|'m|'ll|'d", r" ?[^\W\d_]+", r" ?\d+"
    others, space = r" ?(?:[^\s\w]|_)+", r"\s+(?!\S)|\s+"
    pieces = re.findall("|".join([endings, letters, digits, others, space]), text)
    return pieces


pre_tokenise = Exercise(
    name="15.pre_tokenise",
    points=3,
    inputs=_texts,
    oracle=lambda text: [piece.decode() for piece in split(text)],
    right=_pre_tokenise,
    mistakes=slips(
        _pre_tokenise,
        {
            "white space is thrown away, and the text can't be put together again": "return pieces → return text.split()",
            "the spaces are stripped off the pieces: joined, they should be the text": "return pieces → return [p.strip() for p in pieces]",
            "the space is a piece of its own: it should travel at the front of what follows": (
                r'" ?[^\W → "[^\W',
                r'" ?\d+ → "\d+',
                r'" ?(?: → "(?:',
            ),
            "the space travels at the end of what comes before it": (
                r"'s|'t|'re|'ve|'m|'ll|'d → (?:'s|'t|'re|'ve|'m|'ll|'d) ?",
                r" ?[^\W\d_]+ → [^\W\d_]+ ?",
                r" ?\d+ → \d+ ?",
                r" ?(?:[^\s\w]|_)+ → (?:[^\s\w]|_)+ ?",
            ),
            "the space travels behind a word, a number or a sign: it should travel at their front": (
                r" ?[^\W\d_]+ → [^\W\d_]+ ?",
                r" ?\d+ → \d+ ?",
                r" ?(?:[^\s\w]|_)+ → (?:[^\s\w]|_)+ ?",
            ),
            "a word leaves its space behind: one travels at its front": r'" ?[^\W → "[^\W',
            "a number leaves its space behind: one travels at its front": r'" ?\d+ → "\d+',
            "punctuation leaves its space behind: one travels at its front": r'" ?(?: → "(?:',
            "all spaces travel with what follows them: one does": (
                r'" ?[^\W → " *[^\W',
                r'" ?\d+ → " *\d+',
                r'" ?(?: → " *(?:',
            ),
            "any white space travels with what follows, a newline too: a space alone does": (
                r'" ?[^\W → "\s?[^\W',
                r'" ?\d+ → "\s?\d+',
                r'" ?(?: → "\s?(?:',
            ),
            "digits and letters stay together: they should part": r"[^\W\d_]+ → [^\W_]+",
            "`\\w` counts digits and the underscore among the letters": r"[^\W\d_]+ → \w+",
            "the underscore is taken for a letter: it belongs to the others": r"[^\W\d_]+ → [^\W\d]+",
            "letters are those from A to Z alone: é and Ω match no part, and are lost": r"[^\W\d_]+ → [A-Za-z]+",
            "letters are those from A to Z alone: é and Ω are taken for punctuation": (
                r"[^\W\d_]+ → [A-Za-z]+",
                r"(?:[^\s\w]|_)+ → [^\sA-Za-z\d]+",
            ),
            "digits are those from 0 to 9 alone: other scripts have digits too, and theirs are lost": r"\d+ → [0-9]+",
            "each digit is a piece of its own: a number stays together": r"\d+ → \d",
            "each sign of punctuation is a piece of its own: neighbours stay together": "|_)+ → |_)",
            "the English endings ('s, 'll, …) are not cut off first": "[endings, letters, digits, others, space] → [letters, digits, others, space]",
            "the endings are cut off in capitals too: the pattern has small letters alone": ", text) → , text, re.IGNORECASE)",
            "a run of white space is taken whole, with the space that belongs to the next word": r"\s+(?!\S)|\s+ → \s+",
            "white space of one sign before a word, such as a newline, matches no part: `\\s+` takes it": r"\s+(?!\S)|\s+ → \s+(?!\S)",
            "the underscore matches no part of the pattern, and is lost": r"(?:[^\s\w]|_)+ → [^\s\w]+",
            "`findall` gives the group alone where there are plain parentheses: write `(?:…)`": "(?:[^ → ([^",
        },
    ),
    forbids=("seqlib.data.bpe.split",),
    returns=("pieces",),
)


# -- count_pairs -----------------------------------------------------------------------------------------------------


def _letters(rng, number) -> list[int]:
    return [int(i) for i in rng.permutation(200)[:number]]


def _vocabulary_of_words(rng) -> list[Case]:
    a, b, c, d = _letters(rng, 4)

    def word(size, letters):
        return tuple(int(x) for x in rng.choice(letters, size))

    def weigh(words):
        return {w: int(rng.integers(2, 9)) for w in words}

    return [
        Case("two short words", words=weigh([(a, b, c), (d, a, b)])),
        Case("the same pair twice in a word", words=weigh([(a, b, a, b), (b, a)])),
        Case("three equal in a row", words=weigh([(a, a, a), (b, c, d)])),
        Case("a word of one symbol, and longer ones", words=weigh([(d,), word(7, [a, b]), (c, c, d, b)])),
    ]


def _count_pairs(words):
    counts = {}
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] = counts.get(pair, 0) + count
    return counts


def _across(words):
    return dict(Counter(pairwise([symbol for word, n in words.items() for _ in range(n) for symbol in word])))


def _no_overlap(word):
    """Pairs of a word where three equal symbols hold one pair, not two."""
    last, found = -1, []
    for i, pair in enumerate(pairwise(word)):
        if pair[0] != pair[1] or i > last:
            found.append(pair)
            last = i + 1 if pair[0] == pair[1] else last
    return found


def _spelled_out(words):
    # Write every word as often as it occurs, and count.
    found = {}
    for word, n in words.items():
        for _ in range(n):
            for i in range(len(word) - 1):
                found[word[i], word[i + 1]] = found.get((word[i], word[i + 1]), 0) + 1
    return found


count_pairs = Exercise(
    name="15.count_pairs",
    points=2,
    inputs=_vocabulary_of_words,
    oracle=_spelled_out,
    right=_count_pairs,
    mistakes={"pairs reach from the end of one word into the next": _across}
    | slips(
        _count_pairs,
        {
            "each word counts once, however often it occurs in the text": "0) + count → 0) + 1",
            "the count of the last word with this pair is kept: add to what is there": "counts.get(pair, 0) + count → count",
            "each pair begins at 1, and is one too many in the end": "(pair, 0) → (pair, 1)",
            "a pair that stands twice in a word is counted once": "pairwise(word) → set(pairwise(word))",
            "three equal symbols in a row are counted as one pair: they hold two, which overlap": "pairwise(word) → _no_overlap(word)",
            "the word is cut into pairs side by side: each symbol but the last begins one": "pairwise(word) → zip(word[::2], word[1::2])",
            "the word is closed to a ring: its last symbol has no neighbour on the right": "pairwise(word) → pairwise((*word, word[0]))",
            "all pairs of a word are counted: only neighbours make one": "pairwise(word) → combinations(word, 2)",
            "each pair is counted both ways: (a, b) and (b, a) are different pairs": "pairwise(word) → [*pairwise(word), *pairwise(word[::-1])]",
            "the two symbols of a pair change places": "counts[pair] = counts.get(pair, 0) → pair = pair[::-1]; counts[pair] = counts.get(pair, 0)",
            "the two symbols of a pair are sorted: (a, b) and (b, a) are different pairs": "pairwise(word) → (tuple(sorted(p)) for p in pairwise(word))",
            "the last pair of every word is left out": "pairwise(word) → pairwise(word[:-1])",
            "the first pair of every word is left out": "pairwise(word) → pairwise(word[1:])",
        },
        combinations=combinations,
    ),
    returns=("counts",),
)


# -- best_pair -------------------------------------------------------------------------------------------------------


def _counted(rng) -> list[Case]:
    # Every rule for ties but the right one finds another pair than (40, 45): the first, the last, the largest, the
    # smallest right, the smallest sum, the smallest as text, … All ids are moved on together.
    ties = (
        (70, 71),
        (40, 55),
        (40, 90),
        (61, 30),
        (41, 41),
        (150, 85),
        (40, 45),
        (60, 30),
        (150, 44),
        (100, 95),
        (72, 71),
    )

    def case(label, tied, others):
        top, move, free = int(rng.integers(20, 60)), int(rng.integers(1, 9)), iter(rng.permutation(90).tolist())
        found = [((a + move, b + move), top) for a, b in tied]
        rest = [((200 + next(free), 200 + next(free)), int(rng.integers(3, top - 2))) for _ in range(others)]
        rest += [((0, 1), 2), ((400, 1), 2), ((3, 0), 1), ((300, 3), 1)]
        for place, pair in zip(rng.integers(0, len(found) + 1, len(rest)), rest, strict=True):
            found.insert(place, pair)
        return Case(label, counts=dict(found))

    return [
        case("one pair is the commonest", ties[:1], 5),
        case("many are equally common", ties, 4),
        case("many are equally common, among more", ties, 9),
    ]


def _by_sorting(counts):
    return sorted(sorted(counts), key=counts.get, reverse=True)[0]


def _best_pair(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair))


_BEST = slips(
    _best_pair,
    {
        "the first met of equally common pairs is taken: the tie should go to the smallest": "(-counts[pair], pair) → -counts[pair]",
        "the last met of equally common pairs is taken: the tie should go to the smallest": (
            "min(counts → min(reversed(counts)",
            "(-counts[pair], pair) → -counts[pair]",
        ),
        "the largest of equally common pairs is taken: the tie should go to the smallest": (
            "min( → max(",
            "-counts → counts",
        ),
        "of equally common pairs the one with the smaller *right* symbol is taken": "pair)) → pair[::-1]))",
        "of equally common pairs the left symbols alone are compared: equal ones go on to the right": "pair)) → pair[0]))",
        "of equally common pairs the right symbols alone are compared: the left one comes first": "pair)) → pair[1]))",
        "of equally common pairs with the smallest left symbol the one with the *largest* right is taken": "pair)) → (pair[0], -pair[1])))",
        "of equally common pairs the one with the largest left symbol and the smallest right is taken": "pair)) → (-pair[0], pair[1])))",
        "of equally common pairs the one with the smallest sum is taken": "pair)) → sum(pair)))",
        "ids are compared as text, where 10 comes before 9": "pair)) → str(pair)))",
        "the rarest pair is taken": "-counts → counts",
        "the rarest pair is taken, of equally rare ones the largest": "min( → max(",
        "the smallest pair of all is taken, whatever its count": "(-counts[pair], pair) → pair",
        "the largest pair of all is taken, whatever its count": ("min( → max(", "(-counts[pair], pair) → pair"),
        "the count is handed back, not the pair": "min(counts, key=lambda pair: (-counts[pair], pair)) → max(counts.values())",
        "the count is handed back with the pair: the pair alone was asked for": "return min(counts, key=lambda pair: (-counts[pair], pair)) → pair = _by_sorting(counts); return pair, counts[pair]",
        "all pairs that are equally common are handed back: one was asked for": "return min( → return [p for p in counts if counts[p] == max(counts.values())] or min(",
    },
)

best_pair = Exercise(
    name="15.best_pair",
    points=1,
    inputs=_counted,
    oracle=_by_sorting,
    right=_best_pair,
    mistakes=_BEST,
    returns=("left", "right"),
)


# -- merge -----------------------------------------------------------------------------------------------------------


def _mergeable(rng) -> list[Case]:
    a, b, c = _letters(rng, 3)
    new = int(rng.integers(256, 999))

    def case(label, ids, pair):
        return Case(label, ids=list(ids), pair=pair, new=new)

    mixed = [int(x) for x in rng.choice([a, b, c], 9)]
    return [
        case("once in the middle", [c, a, b, c], (a, b)),
        case("three equal in a row", [b, a, a, a, c], (a, a)),
        case("four equal in a row", [a, a, a, a], (a, a)),
        case("twice side by side, and at the end", [c, a, b, a, b, c, b, a, b], (a, b)),
        case("anywhere", [*mixed, a, b, c, a, c, b, *mixed[::-1], b, a], (a, b)),
        case("not there at all", [a, c, c, b, a], (a, b)),
        case("ids that contain one another when written out", [11, 2, 1, 2, 21, 2, 1, 23, 1, 2], (1, 2)),
    ]


def _merge(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def _overlapping(ids, pair, new):
    # Every place where the pair begins is replaced, those that overlap as well.
    begins = [tuple(ids[i : i + 2]) == pair for i in range(len(ids))]
    return [new if begins[i] else here for i, here in enumerate(ids) if begins[i] or not (i and begins[i - 1])]


def _by_text(ids, pair, new):
    text = "".join(map(chr, ids)).replace(chr(pair[0]) + chr(pair[1]), chr(new))
    return [ord(c) for c in text]


def _from_the_right(ids, pair, new):
    return _by_text(ids[::-1], pair[::-1], new)[::-1]


def _in_digits(ids, pair, new):
    text = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new))
    return [int(number) for number in text.split()]


_MERGE = {
    "numbers are replaced in a text, where 1 2 is also found inside 11 2": _in_digits,
    "the pairs are found from right to left: three equal in a row should give the new symbol first": _from_the_right,
    "pairs that overlap are both replaced: what has been merged can't be merged again": _overlapping,
} | slips(
    _merge,
    {
        "only the first pair is replaced": "== pair: → == pair and new not in merged:",
        "the last symbol is lost where it belongs to no pair": "while i < len(ids) → while i + 1 < len(ids)",
        "the right symbol of the pair is left standing behind the new one": "i += 2 → i += 1",
        "the left symbol of the pair is left standing in front of the new one": "merged.append(new) → merged += [ids[i], new]",
        "one symbol too many is skipped: what stands behind the pair is lost": "i += 2 → i += 3",
        "pairs are looked for at every second place only: after a symbol without partner go on by one": "append(ids[i])\n            i += 1 → extend(ids[i : i + 2])\n            i += 2",
        "the pair is replaced the other way round as well: (b, a) is not (a, b)": "== pair: → in (pair, pair[::-1]):",
        "the pair is replaced the other way round: (b, a) is not (a, b)": "== pair: → == pair[::-1]:",
        "the left symbol alone is compared: a pair is two": "(ids[i], ids[i + 1]) == pair → ids[i] == pair[0]",
        "the right symbol alone is compared: a pair is two": "(ids[i], ids[i + 1]) == pair → ids[i + 1] == pair[1]",
        "the pair is taken out, and nothing is put in its place": "merged.append(new) → pass",
        "the new symbol is written twice, once for each symbol of the pair": "merged.append(new) → merged += [new, new]",
        "the ids are handed back as they were": "return merged → return ids[:]",
    },
)

merge = Exercise(
    name="15.merge",
    points=3,
    inputs=_mergeable,
    oracle=_by_text,
    right=_merge,
    mistakes=_MERGE,
    forbids=("seqlib.data.bpe.merge_with_changes",),
    returns=("merged",),
)


# -- train_bpe -------------------------------------------------------------------------------------------------------


def _one_text(rng, label, words, size, letters, number) -> Case:
    found = {}
    for _ in range(words):
        word = tuple(int(x) for x in rng.choice(letters, int(rng.integers(2, size + 1))))
        found[word] = int(rng.integers(1, 12))
    return Case(label, words=found, number=number)


def _to_learn(rng) -> list[Case]:
    def draw(rng):
        more = _one_text(rng, "more merges asked for than there are", 4, 5, _letters(rng, 3), 40)
        more.named["words"][tuple(_letters(rng, 2))] = 1  # a pair that occurs once is merged too
        return [
            _one_text(rng, "8 words, 6 merges", 8, 6, _letters(rng, 3), 6),
            _one_text(rng, "20 words, 12 merges", 20, 7, _letters(rng, 4), 12),
            more,
        ]

    return _told_apart(rng, draw, [_train_bpe, *_TRAIN.values()])


def _train_bpe(words, number):
    merges = []
    for new in range(256, 256 + number):
        counts = _count_pairs(words)
        if not counts:
            break
        pair = _best_pair(counts)
        merges.append(pair)
        words = {tuple(_merge(list(word), pair, new)): count for word, count in words.items()}
    return merges


def _by_updates(words, number):
    as_bytes = {b"".join(BYTES[s] for s in word): n for word, n in words.items()}
    return learn_merges(as_bytes, number, least=1)


_TRAIN = slips(
    _train_bpe,
    {
        "pairs are counted once, at the start: each merge changes the counts, and brings pairs with itself": (
            "merges = [] → merges, counts = [], _count_pairs(words)",
            "        counts = _count_pairs(words)\n →",
            "pair = _best_pair(counts) → pair = _best_pair(counts); counts.pop(pair)",
        ),
        "the first met of equally common pairs is taken, not the smallest": "_best_pair(counts) → max(counts, key=counts.get)",
        "the largest of equally common pairs is taken, not the smallest": "_best_pair(counts) → max(counts, key=lambda p: (counts[p], p))",
        "the rarest pair is merged": "_best_pair(counts) → min(counts, key=lambda p: (counts[p], p))",
        "each word counts once, however often it occurs": "_count_pairs(words) → _count_pairs(dict.fromkeys(words, 1))",
        "a pair that stands twice in a word is counted once": "_count_pairs(words) → once_a_word(words)",
        "three equal symbols in a row are counted as one pair: they hold two": "_count_pairs(words) → one_of_three(words)",
        "only the first pair of each word is merged": "_merge( → first_only(",
        "pairs are merged from right to left": "_merge( → _from_the_right(",
        "the counts of the words are lost at the first merge: they stay with their words": "new)): count for → new)): 1 for",
        "the words stay as they were: after each merge they are written with the new symbol": "words = {tuple → unused = {tuple",
        "every merge gets the same new symbol": "pair, new) → pair, 256)",
        "the new symbols begin at 257: the bytes are 0 to 255, so the first new one is 256": "range(256, 256 + number) → range(257, 257 + number)",
        "the new symbols begin behind the largest id in the words: 0 to 255 are the bytes, whether they occur or not": (
            "merges = [] → merges, first = [], 1 + max(max(word) for word in words)",
            "range(256, 256 + number) → range(first, first + number)",
        ),
        "there is one merge too many": "256 + number → 257 + number",
        "there is one merge too few": "256 + number → 255 + number",
        "it stops where no pair occurs twice: it should stop where no pair is left": "if not counts → if not counts or max(counts.values()) < 2",
        "the new ids are handed back with the pairs: the pairs alone, in order": "merges.append(pair) → merges.append((pair, new))",
        "the words are handed back, not the merges": "return merges → return list(words)",
    },
    once_a_word=count_pairs.mistakes["a pair that stands twice in a word is counted once"],
    one_of_three=count_pairs.mistakes[
        "three equal symbols in a row are counted as one pair: they hold two, which overlap"
    ],
    first_only=_MERGE["only the first pair is replaced"],
)


train_bpe = Exercise(
    name="15.train_bpe",
    points=4,
    inputs=_to_learn,
    oracle=_by_updates,
    right=_train_bpe,
    mistakes=_TRAIN,
    forbids=("seqlib.data.bpe.learn_merges", "seqlib.data.bpe.BytePairEncoding.train"),
    returns=("merges",),
)


# -- merge_with_changes ----------------------------------------------------------------------------------------------


def _net(answer, ids, pair, new):
    """What an answer says: the merged list, and the sum of its changes for each pair but the merged one."""
    merged, changes = answer(ids, pair, new)
    total = Counter()
    for changed, by in changes:
        total[tuple(changed)] += by
    return list(merged), {p: n for p, n in total.items() if n and p != tuple(pair)}


def _recounted(ids, pair, new):
    merged = _by_text(ids, pair, new)
    after, before = Counter(pairwise(merged)), Counter(pairwise(ids))
    after.subtract(before)
    return merged, {p: n for p, n in after.items() if n and p != tuple(pair)}


def _merge_with_changes(ids, pair, new):
    left, right = pair
    merged, changes, i = [], [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) != pair:
            merged.append(ids[i])
            i += 1
            continue
        if merged:
            changes += [((merged[-1], left), -1), ((merged[-1], new), 1)]
        if i + 2 < len(ids):
            changes += [((right, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
        merged.append(new)
        i += 2
    return merged, changes


merge_with_changes_ = Exercise(
    name="15.merge_with_changes",
    points=4,
    inputs=_mergeable,
    oracle=_recounted,
    using=_net,
    stand_in=merge_with_changes,
    right=_merge_with_changes,
    mistakes=slips(
        _merge_with_changes,
        {
            "what stood to the left is not taken off: (before, left) has one less": "((merged[-1], left), -1), →",
            "what stood to the right is not taken off: (right, after) has one less": "((right, ids[i + 2]), -1), →",
            "nothing is taken off: (before, left) and (right, after) have one less": (
                "((merged[-1], left), -1), →",
                "((right, ids[i + 2]), -1), →",
            ),
            "the new pairs are not counted: (before, new) and (new, after) have one more": (
                ", ((merged[-1], new), 1) →",
                ", ((new, ids[i + 2]), 1) →",
            ),
            "the new pair on the left is not counted: (before, new) has one more": ", ((merged[-1], new), 1) →",
            "the new pair on the right is not counted: (new, after) has one more": ", ((new, ids[i + 2]), 1) →",
            "the left side is left out": "changes += [((merged → unused = [((merged",
            "the right side is left out": "changes += [((right → unused = [((right",
            "nothing is told of the changes": (
                "changes += [((merged → unused = [((merged",
                "changes += [((right → unused = [((right",
            ),
            "the changes of the last place alone are told: add to the list": (
                "changes += [((merged → changes = [((merged",
                "changes += [((right → changes = changes[-2:] + [((right",
            ),
            "the left neighbour is read from the old list: next to a fresh merge it is the new symbol": (
                "((merged[-1], left), -1) → ((ids[i - 1], left), -1)",
                "((merged[-1], new), 1) → ((ids[i - 1], new), 1)",
            ),
            "on the right, (left, after) is taken off: the neighbour there is the pair's *right* symbol": "((right, ids → ((left, ids",
            "on the left, (before, right) is taken off: the neighbour there is the pair's *left* symbol": "((merged[-1], left) → ((merged[-1], right)",
            "the right neighbour is read one place too early, inside the pair": (
                "((right, ids[i + 2]), -1) → ((right, ids[i + 1]), -1)",
                "((new, ids[i + 2]), 1) → ((new, ids[i + 1]), 1)",
            ),
            "the symbols of the pairs on the left change places: before comes first": (
                "(merged[-1], left) → (left, merged[-1])",
                "(merged[-1], new) → (new, merged[-1])",
            ),
            "the signs are turned round: what is gone counts −1, what is new +1": (
                "left), -1), ((merged[-1], new), 1) → left), 1), ((merged[-1], new), -1)",
                "((right, ids[i + 2]), -1), ((new, ids[i + 2]), 1) → ((right, ids[i + 2]), 1), ((new, ids[i + 2]), -1)",
            ),
            "a change that comes twice is told once: in a dict the second takes the place of the first": "return merged, changes → return merged, list(dict(changes).items())",
            "pairs are told that appear or vanish altogether, not how often: a set has each once": "return merged, changes → a, b = set(pairwise(ids)), set(pairwise(merged)); return merged, [(p, -1) for p in a - b] + [(p, 1) for p in b - a]",
            "the list is handed back as it was, unmerged": "return merged → return list(ids)",
        },
    ),
    forbids=("seqlib.data.bpe.merge_with_changes",),
    returns=("merged", "changes"),
)


# -- apply_merges ----------------------------------------------------------------------------------------------------


def _spelling(merges):
    """{id: its bytes' symbols} of all tokens that merges make."""

    def spell(i):
        return spell(parts[i][0]) + spell(parts[i][1]) if i in parts else (i,)

    parts = {new: pair for pair, new in merges.items()}
    return {i: spell(i) for i in {*parts, *(s for pair in merges for s in pair)}}


def _greedy(ids, merges):
    known, out, i = {s: token for token, s in _spelling(merges).items()}, [], 0
    while i < len(ids):
        size = next((n for n in range(len(ids) - i, 1, -1) if tuple(ids[i : i + n]) in known), 1)
        out.append(known.get(tuple(ids[i : i + size]), ids[i]))
        i += size
    return out


def _apply_merges(ids, merges):
    while True:
        pairs = [pair for pair in pairwise(ids) if pair in merges]
        if not pairs:
            return list(ids)
        pair = min(pairs, key=merges.get)
        ids = _merge(ids, pair, merges[pair])


def _each_in_turn(ids, merges):
    # All merges in the order learned, each over the whole word: the definition.
    for pair, new in sorted(merges.items(), key=lambda item: item[1]):
        ids = _by_text(ids, pair, new)
    return ids


def _as_listed(ids, merges):
    for pair, new in merges.items():
        ids = _by_text(ids, pair, new)
    return ids


def _once_each(ids, merges):
    for pair, new in sorted(merges.items(), key=lambda item: item[1]):
        ids = _leftmost(ids, pair, new)
    return ids


def _once_through(ids, merges):
    ids, i = list(ids), 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in merges:
            ids[i : i + 2] = [merges[ids[i], ids[i + 1]]]
        else:
            i += 1
    return ids


def _leftmost(ids, pair, new):
    i = next((i for i, here in enumerate(pairwise(ids)) if here == pair), len(ids))
    return [*ids[:i], new, *ids[i + 2 :]] if i < len(ids) else ids


def _to_encode(rng) -> list[Case]:
    def draw(rng):
        cases = []
        for label, size in (("a word of 3", 3), ("a word of 8", 8), ("a word of 16", 16), ("a long word", 40)):
            letters = _letters(rng, 3)
            learning = {tuple(int(x) for x in rng.choice(letters, 6)): int(rng.integers(1, 9)) for _ in range(12)}
            merges = {pair: 256 + n for n, pair in enumerate(_by_updates(learning, 14))}
            # A dictionary in another order than the ids: the number of the new symbol says which was learned first.
            shuffled = [list(merges.items())[i] for i in rng.permutation(len(merges))]
            cases.append(Case(label, ids=[int(x) for x in rng.choice(letters, size)], merges=dict(shuffled)))
        a, b, c, d = _letters(rng, 4)
        if len(_each_in_turn(cases[0].args[0], cases[0].args[1])) == len(cases[0].args[0]):
            return []  # the short word should hold something to merge
        return [
            *cases,
            Case("three equal in a row", ids=[b, a, a, a, b], merges={(a, a): 256, (256, b): 257}),
            Case("nothing to merge", ids=[c, d, c], merges={(a, b): 256}),
            Case("two that become one", ids=[a, b], merges={(a, b): 256}),
            Case("a single id", ids=[d], merges={(a, b): 256}),
        ]

    return _told_apart(rng, draw, [_each_in_turn, *_APPLY.values()])


_APPLY = {
    "the longest token that fits is taken from the left: byte-pair encoding repeats its merges in the order learned": _greedy,
    "each merge is done in one place only, where the pair stands in several": _once_each,
    "the word is gone through once from the left, and whatever can be merged is: the pair learned *earliest* goes first, wherever it stands": _once_through,
    "the merges are gone through in the order of the dict: the smaller the new id, the earlier it was learned": _as_listed,
} | slips(
    _apply_merges,
    {
        "the first pair in the text that can be merged is merged: the one learned *earliest* goes first": "min(pairs, key=merges.get) → pairs[0]",
        "the last pair in the text that can be merged is merged: the one learned *earliest* goes first": "min(pairs, key=merges.get) → pairs[-1]",
        "the first pair in the text that can be merged is merged, in that one place: the one learned *earliest* goes first": (
            "min(pairs, key=merges.get) → pairs[0]",
            "_merge(ids → _leftmost(ids",
        ),
        "the pair learned latest is merged first": "min(pairs → max(pairs",
        "the place in the dict is taken for the order of learning: the new id says which was earlier": "key=merges.get → key=list(merges).index",
        "the pair with the smallest ids is merged first: the one with the smallest *new* id was learned earliest": ", key=merges.get →",
        "the commonest pair of the word is merged first: that is how merges are learned, not how they are used": "min(pairs, key=merges.get) → max(pairs, key=pairs.count)",
        "the commonest pair of the word goes first, of equal ones the smallest: that is how merges are learned, not how they are used": "min(pairs, key=merges.get) → min(pairs, key=lambda p: (-pairs.count(p), p))",
        "a word of two is never merged": "if not pairs → if not pairs or len(ids) < 3",
        "pairs are merged from right to left: three equal in a row give the new symbol first": "_merge(ids → _from_the_right(ids",
        "it stops after one merge": "ids = _merge → return _merge",
        "nothing is merged": "if not pairs → if True",
        "the new ids that are themselves in a merge are left alone: merges go on until no pair is left": "if pair in merges] → if pair in merges and max(pair) < 256]",
    },
)

apply_merges = Exercise(
    name="15.apply_merges",
    points=4,
    inputs=_to_encode,
    oracle=_each_in_turn,
    right=_apply_merges,
    mistakes=_APPLY,
    returns=("ids",),
)


# -- decode ----------------------------------------------------------------------------------------------------------

_MANY = ("naïve café", "สวัสดี", "नमस्ते", "日本語", "Ωμέγα", "😀 ok 🎉", "größer")


def _cut_up(rng, data: bytes):
    """A vocabulary of the pieces of `data` and others, and the ids of the pieces."""
    places = sorted({0, len(data), *(int(p) for p in rng.integers(1, len(data), 6))})
    pieces = [data[i:j] for i, j in pairwise(places)]
    tokens = sorted({*pieces, b"the", b" and", b"\n", bytes([int(rng.integers(65, 90))])})
    tokens = [tokens[i] for i in rng.permutation(len(tokens))]
    return [tokens.index(piece) for piece in pieces], tokens


def _to_decode(rng) -> list[Case]:
    def case(label, data):
        ids, tokens = _cut_up(rng, data)
        return Case(label, ids=ids, tokens=tokens)

    def draw(rng):
        texts = [_MANY[i] for i in rng.permutation(len(_MANY))]
        return [
            case("characters of several bytes, cut anywhere", (" " + texts[0] + " " + texts[1]).encode()),
            case("ASCII with a space in front", f" so {int(rng.integers(100))} it is\n".encode()),
            case("the last character is cut off", texts[2].encode() + "€".encode()[: int(rng.integers(1, 3))]),
            case("bytes that are no text", b"ok \xff\xfe " + texts[3].encode() + b"\x80"),
        ]

    return _told_apart(rng, draw, [_streamed, *_DECODE.values()])


def _text_or_error(answer, ids, tokens):
    """What an answer gives, or what it says of bytes that are no text."""
    try:
        return answer(ids, tokens)
    except UnicodeDecodeError as error:
        return f"UnicodeDecodeError: {error}"


def _decode(ids, tokens):
    data = b"".join(tokens[i] for i in ids)
    return data.decode("utf-8", errors="replace")


def _streamed(ids, tokens):
    reader = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(reader.decode(tokens[i]) for i in ids) + reader.decode(b"", final=True)


_DECODE = slips(
    _decode,
    {
        "each token is decoded alone: a character whose bytes lie in two tokens is lost": 'data.decode("utf-8", errors="replace") → "".join(tokens[i].decode("utf-8", "replace") for i in ids)',
        "bytes that are no UTF-8 are dropped without a word: `errors='replace'` shows where they were": '"replace" → "ignore"',
        "bytes that are no UTF-8 stop it with an error: a model may well write such bytes": ', errors="replace" →',
        "bytes that are no UTF-8 are written out as \\x…: each should be shown as U+FFFD": '"replace" → "backslashreplace"',
        "bytes that are no UTF-8 become lone surrogates, which are no text: show them as U+FFFD": '"replace" → "surrogateescape"',
        "what is no text is shown as a question mark: U+FFFD was asked for": 'errors="replace") → errors="replace").replace("\\ufffd", "?")',
        "every byte becomes a character of its own: that is Latin-1": '"utf-8" → "latin-1"',
        "bytes above 127 are all lost: that is ASCII": '"utf-8" → "ascii"',
        "the tokens are joined with spaces: the spaces are in the tokens already": 'b"" → b" "',
        "spaces at the ends are stripped: they are part of the text": 'errors="replace") → errors="replace").strip()',
        "bytes are handed back, not text": 'return data.decode("utf-8", errors="replace") → return data',
        "a list of texts is handed back, one for each token": 'data.decode("utf-8", errors="replace") → [tokens[i].decode("utf-8", "replace") for i in ids]',
        "the ids are read as bytes: look each one up in `tokens`": 'b"".join(tokens[i] for i in ids) → bytes(ids)',
        "the tokens are written as Python shows bytes, b'…': decode them": 'data.decode("utf-8", errors="replace") → "".join(str(tokens[i]) for i in ids)',
    },
)

decode = Exercise(
    name="15.decode",
    points=2,
    inputs=_to_decode,
    oracle=_streamed,
    using=_text_or_error,
    stand_in=_decode,
    right=_decode,
    mistakes=_DECODE,
    returns=("text",),
)


# -- bits_per_byte ---------------------------------------------------------------------------------------------------


def _scored(rng) -> list[Case]:
    def case(label, tokens, text):
        return Case(label, log_probs=-rng.gamma(2.0, 1.5, tokens), text=text)

    letters = "".join(rng.choice(list("etaoin shrdlu"), 40))
    return [
        case("English, 9 tokens", 9, letters),
        case("Thai, 3 bytes a character", 7, "สวัสดีครับ" * int(rng.integers(1, 4))),
        case("mixed", 5, f"{letters[:7]} → naïve 😀"),
    ]


def _bits_per_byte(log_probs, text):
    nats = -log_probs.sum()
    return nats / np.log(2) / len(text.encode("utf-8"))


def _in_powers(log_probs, text):
    return float(-(np.log2(np.exp(np.asarray(log_probs)))).sum() / len(bytearray(text, "utf-8")))


bits_per_byte = Exercise(
    name="15.bits_per_byte",
    points=2,
    inputs=_scored,
    oracle=_in_powers,
    right=_bits_per_byte,
    mistakes=slips(
        _bits_per_byte,
        {
            "it is divided by the number of tokens: then a tokeniser with long tokens looks bad": 'len(text.encode("utf-8")) → len(log_probs)',
            "it is divided by characters, where bytes were asked for": 'text.encode("utf-8") → text',
            "it is divided by words, where bytes were asked for": 'text.encode("utf-8") → text.split()',
            "it is divided by the bytes of UTF-16: count those of UTF-8": '"utf-8" → "utf-16"',
            "it is divided by eight more: bits per byte, not per bit": ' / len(text.encode("utf-8")) → / len(text.encode("utf-8")) / 8',
            "it is what the whole text costs: share it out over the bytes": ' / len(text.encode("utf-8")) →',
            "these are nats: divide by $\\ln 2$ to have bits": "/ np.log(2) →",
            "the logarithm is to base 10: one bit is $\\ln 2$ nats": "np.log(2) → np.log(10)",
            "the sign is wrong: log probabilities are negative, bits are not": "-log_probs.sum() → log_probs.sum()",
            "it is multiplied by $\\ln 2$: a bit is less than a nat, so there are more of them": "/ np.log(2) → * np.log(2)",
            "the mean over the tokens is divided by the bytes: take the sum": "log_probs.sum() → log_probs.mean()",
            "a logarithm is taken once more: `log_probs` are logarithms already": "-log_probs.sum() → -np.log(-log_probs).sum()",
            "probabilities are added up, not their logarithms": "-log_probs.sum() → np.exp(log_probs).sum()",
            "the perplexity is handed back": 'return nats / np.log(2) / len(text.encode("utf-8")) → return np.exp(nats / len(log_probs))',
        },
    ),
    returns=("bits per byte",),
)


# -- encode_with_fallback --------------------------------------------------------------------------------------------


def _partly_known(rng) -> list[Case]:
    def case(label, text, known):
        order = [known[i] for i in rng.permutation(len(known))]
        start = int(rng.integers(300, 900))
        return Case(label, text=text, vocabulary={c: start + n for n, c in enumerate(order)})

    letters = "".join(rng.choice(list("abcdef"), 12))
    return [
        case("everything is known", letters, list("abcdefg")),
        case("some letters are not", f"xyz{letters}q", list("abcd")),
        case("characters of several bytes", f"{letters}é€😀ดี", list("abcdefé")),
        case("nothing is known but a space", f"z {letters[:3]} ñ", [" ", "ß"]),
    ]


def _encode_with_fallback(text, vocabulary):
    ids = []
    for character in text:
        if character in vocabulary:
            ids.append(vocabulary[character])
        else:
            ids += list(character.encode("utf-8"))
    return ids


def _by_bytes(text, vocabulary):
    return [i for c in text for i in ((vocabulary[c],) if c in vocabulary else c.encode())]


encode_with_fallback = Exercise(
    name="15.encode_with_fallback",
    points=2,
    inputs=_partly_known,
    oracle=_by_bytes,
    right=_encode_with_fallback,
    mistakes=slips(
        _encode_with_fallback,
        {
            "an unknown character becomes one token for all that is unknown: it can't be read back": 'list(character.encode("utf-8")) → [0]',
            "an unknown character becomes a question mark: it can't be read back": 'list(character.encode("utf-8")) → [63]',
            "unknown characters are dropped": 'list(character.encode("utf-8")) → []',
            "the code point is written in the place of the bytes: there are over a million of them": 'list(character.encode("utf-8")) → [ord(character)]',
            "everything becomes bytes, what is known as well": "if character in vocabulary → if False",
            "what is ASCII becomes a byte, even where the vocabulary knows it": "if character in vocabulary → if character in vocabulary and ord(character) > 127",
            "256 is added to the ids of the vocabulary, which begin there already": "append(vocabulary → append(256 + vocabulary",
            "one unknown character turns the whole text into bytes: each character falls back for itself": 'ids += list(character.encode("utf-8")) → return list(text.encode("utf-8"))',
            "the bytes of a character stand the other way round": '"utf-8")) → "utf-8"))[::-1]',
            "only the first byte of an unknown character is written": '"utf-8")) → "utf-8"))[:1]',
            "only the last byte of an unknown character is written": '"utf-8")) → "utf-8"))[-1:]',
            "the bytes have the ids of GPT-2's order: here byte 65 has the id 65": 'list(character.encode("utf-8")) → [ID_OF_BYTE[b] for b in character.encode("utf-8")]',
            "the ids of the bytes begin at 256: that is where the characters begin": 'list(character.encode("utf-8")) → [256 + b for b in character.encode("utf-8")]',
            "the bytes are those of UTF-16": '"utf-8" → "utf-16-le"',
            "the bytes of each unknown character are a list of their own in the list": "ids += list( → ids.append(list(character.encode())); list(",
        },
        ID_OF_BYTE=ID_OF_BYTE,
    ),
    returns=("ids",),
)
