"""Notebook 15: from bytes to byte-pair encoding, trained, encoded, decoded and measured."""

import math
import re
from collections import Counter
from itertools import pairwise

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.data.bpe import BYTES, learn_merges, split
from seqlib.data.bpe import merge_with_changes as _course_merge


def _told_apart(rng, draw, answers, tries=200):
    """Draw cases until all of these answers differ from each other on some case: no mistake hides another."""
    for _ in range(tries):
        cases = draw(rng)
        told = [repr([_outcome(answer, case) for case in cases]) for answer in answers]
        if len(set(told)) == len(told):
            return cases
    raise ValueError("expected inputs that tell all answers apart")


def _outcome(answer, case):
    try:
        return answer(*(list(a) if isinstance(a, list) else a for a in case.args))
    except Exception as error:
        return type(error).__name__


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
        case("one of three bytes", rng.integers(0x801, 0xD800)),
        case("the last one of three bytes", 0xFFFF),
        case("the first one of four bytes", 0x10000),
        case("one of four bytes", rng.integers(0x1F300, 0x1F900)),
        case("the last of all", 0x10FFFF),
    ]


def _utf8(c, mark=0x80, bits=6, ones=0, borders=(0x80, 0x800, 0x10000)):
    """UTF-8 with each of its parts replaceable."""
    size = 1 + sum(c >= border for border in borders)
    if size == 1:
        return [c]
    low = [mark | (c >> bits * k) & (2**bits - 1) for k in reversed(range(size - 1))]
    return [(0xF00 >> size + ones) & 0xFF | (c >> bits * (size - 1)), *low]


def _utf16(c):
    return [c] if c < 0x10000 else [0xD800 + (c - 0x10000 >> 10), 0xDC00 + (c & 0x3FF)]


def _utf8_bits(code_point):
    if code_point < 128:
        return (code_point,)
    bits, size = f"{code_point:021b}", 2 if code_point < 2048 else 3 if code_point < 65536 else 4
    parts = [bits[i : i + 6] for i in range(3, 21, 6)][-(size - 1) :]
    first = bits[: 21 - 6 * (size - 1)].lstrip("0").rjust(7 - size, "0")
    return [int("1" * size + "0" + first, 2), *(int("10" + part, 2) for part in parts)]


utf8_encode = Exercise(
    name="15.utf8_encode",
    points=3,
    inputs=_code_points,
    oracle=lambda code_point: list(chr(code_point).encode("utf-8")),
    mistakes={
        "the bytes that follow lack their mark: each begins with the bits 10": lambda c: _utf8(c, mark=0),
        "the bytes stand the other way round: the highest bits come first": lambda c: _utf8(c)[::-1],
        "seven bits go into each byte that follows; two of its eight are the mark, so six are left": lambda c: _utf8(
            c, bits=7
        ),
        "the first byte has one 1 too few: its ones count all the bytes, itself as well": lambda c: (
            _utf8(c) if c < 0x80 else [_utf8(c)[0] << 1 & 0xFF, *_utf8(c)[1:]]
        ),
        "128 is written in one byte: 0 to 127 are ASCII, 128 is the first that is not": lambda c: _utf8(
            c, borders=(0x81, 0x800, 0x10000)
        ),
        "the code point is written as a plain number, with no marks: nobody could tell where a character begins": (
            lambda c: list(c.to_bytes((c.bit_length() + 7) // 8, "big"))
        ),
        "this is UTF-16, two bytes or four": lambda c: [b for unit in _utf16(c) for b in divmod(unit, 256)],
        "there is no form of four bytes, so that code points from 0x10000 on do not fit": lambda c: _utf8(
            c, borders=(0x80, 0x800)
        ),
    },
    accepts=[_utf8, _utf8_bits],
    forbids=("builtins.str.encode",),
    hints=[
        "Four cases by size: below 0x80, below 0x800, below 0x10000, and the rest.",
        "The last six bits are `code_point & 0x3F`, the six before them `code_point >> 6 & 0x3F`. Mark them with `0x80 |`.",
        "Two bytes: `[0xC0 | code_point >> 6, 0x80 | code_point & 0x3F]`. The first bytes of three and four are marked "
        "with `0xE0` and `0xF0`.",
    ],
    returns=("bytes",),
    difficulty=2,
    minutes=8,
)


# -- pre_tokenise ----------------------------------------------------------------------------------------------------

_NAMES = ("anna", "tom", "it", "we", "they", "café", "Zoë")
_ENDS = ("'s", "'ll", "'re", "'ve", "'d", "'m", "'t")


def _texts(rng) -> list[Case]:
    def pick(options):
        return options[int(rng.integers(len(options)))]

    number = int(rng.integers(100, 10**6))
    return [
        Case("a sentence", text=f"{pick(_NAMES)}{pick(_ENDS)} here, {pick(_NAMES)} said."),
        Case("two spaces, and a newline", text=f"so  {pick(_NAMES)} and\n{pick(_NAMES)} left  "),
        Case("indented code", text=f"def run_{pick(_NAMES)}(x):\n    return x{number} + {number} != __y__\n"),
        Case("letters and digits together", text=f"B{number}c {number}{pick(_NAMES)}?! ({number}) \t x"),
        Case("nothing at all", text=""),
    ]


_CUT = r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"


def _with(pattern):
    return lambda text: re.findall(pattern, text)


def _by_hand(text):
    def kind(c):
        return "s" if c.isspace() else "n" if c.isdigit() else "l" if c.isalpha() else "o"

    pieces, i = [], 0
    while i < len(text):
        end = next((e for e in ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d") if text.startswith(e, i)), None)
        j = i + (text[i] == " " and i + 1 < len(text) and kind(text[i + 1]) != "s")
        if end:
            stop = i + len(end)
        else:
            stop = j + 1
            while stop < len(text) and kind(text[stop]) == kind(text[j]):
                stop += 1
            if kind(text[j]) == "s" and stop < len(text) and stop > j + 1:
                stop -= 1
        pieces.append(text[i:stop])
        i = stop
    return pieces


pre_tokenise = Exercise(
    name="15.pre_tokenise",
    points=3,
    inputs=_texts,
    oracle=lambda text: [piece.decode() for piece in split(text)],
    mistakes={
        "white space is thrown away, and the text can't be put together again": lambda text: text.split(),
        "the space is a piece of its own: it should travel at the front of what follows": _with(
            r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d+|(?:[^\s\w]|_)+|\s+"
        ),
        "the space travels at the end of what comes before it": _with(
            r"'s ?|'t ?|'re ?|'ve ?|'m ?|'ll ?|'d ?|[^\W\d_]+ ?|\d+ ?|(?:[^\s\w]|_)+ ?|\s+"
        ),
        "digits and letters stay together: they should part": _with(
            r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W_]+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"
        ),
        "`\\w` counts digits and the underscore among the letters": _with(
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+"
        ),
        "the English endings ('s, 'll, …) are not cut off first": _with(
            r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+"
        ),
        "a run of white space is taken whole, with the space that belongs to the next word": _with(
            r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+"
        ),
        "the underscore matches no part of the pattern, and is lost": _with(
            r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+"
        ),
    },
    accepts=[_with(_CUT), _by_hand, lambda text: [m[0] for m in re.finditer(_CUT, text)]],
    forbids=("seqlib.data.bpe.split",),
    hints=[
        "Six alternatives, in this order: the endings, letters, digits, the rest, white space before white space, "
        "white space.",
        "Letters are `[^\\W\\d_]+`: what is a word character, but no digit and no underscore. ` ?` in front takes one "
        "space along.",
        "The rest: ` ?(?:[^\\s\\w]|_)+`. White space: `\\s+(?!\\S)|\\s+`: the first stops one short of a word.",
    ],
    returns=("pieces",),
    difficulty=2,
    minutes=8,
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


def _pairs(words, weight=lambda n: n, of=lambda word: pairwise(word)):
    counts = Counter()
    for word, n in words.items():
        for pair in of(word):
            counts[pair] += weight(n)
    return dict(counts)


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
    mistakes={
        "each word counts once, however often it occurs in the text": lambda w: _pairs(w, weight=lambda n: 1),
        "a pair that stands twice in a word is counted once": lambda w: _pairs(w, of=lambda x: set(pairwise(x))),
        "three equal symbols in a row are counted as one pair: they hold two, which overlap": lambda w: _pairs(
            w, of=_no_overlap
        ),
        "the two symbols of a pair are sorted: (a, b) and (b, a) are different pairs": lambda w: _pairs(
            w, of=lambda x: [tuple(sorted(p)) for p in pairwise(x)]
        ),
        "pairs reach from the end of one word into the next": _across,
        "the last pair of every word is left out": lambda w: _pairs(w, of=lambda x: list(pairwise(x))[:-1]),
    },
    accepts=[_pairs, lambda words: Counter({p: 0 for p in ()}) + Counter(_pairs(words))],
    hints=[
        "Two loops: over the words with their counts, and over the neighbours inside each word.",
        "`zip(word, word[1:])` gives the neighbours.",
        "`counts[pair] = counts.get(pair, 0) + count`.",
    ],
    returns=("counts",),
    difficulty=1,
    minutes=5,
)


# -- best_pair -------------------------------------------------------------------------------------------------------


def _counted(rng) -> list[Case]:
    def case(label, tied, others):
        top = int(rng.integers(20, 60))
        numbers = [int(x) for x in rng.permutation(90)]
        left = numbers.pop() + 5
        rights = sorted(numbers.pop() + 5 for _ in range(3))
        # The smallest, the largest, the one met first and the one with the smallest right symbol are four pairs.
        four = [(left, rights[1]), (left, rights[0]), (left + 1, rights[0] - 1), (left + 2, rights[2])]
        best = four if tied > 1 else four[1:2]
        rest = [(numbers.pop(), numbers.pop() + 100) for _ in range(others)]
        counts = {pair: int(rng.integers(3, top - 2)) for pair in rest}
        counts |= {(0, 1 + numbers.pop()): 2, (99, 100 + numbers.pop()): 1}
        return Case(label, counts={**counts, **dict.fromkeys(best, top)})

    return [
        case("one pair is the commonest", 1, 5),
        case("four are equally common", 4, 4),
        case("four are equally common, among more", 4, 9),
    ]


def _by_sorting(counts):
    return sorted(sorted(counts), key=counts.get, reverse=True)[0]


best_pair = Exercise(
    name="15.best_pair",
    points=1,
    inputs=_counted,
    oracle=_by_sorting,
    mistakes={
        "of equally common pairs the one met first is taken: the tie should go to the smallest": lambda c: max(
            c, key=c.get
        ),
        "of equally common pairs the largest is taken: the tie should go to the smallest": lambda c: max(
            c, key=lambda p: (c[p], p)
        ),
        "the rarest pair is taken": lambda c: min(c, key=lambda p: (c[p], p)),
        "of equally common pairs the one with the smaller *right* symbol is taken": lambda c: min(
            c, key=lambda p: (-c[p], p[::-1])
        ),
        "the smallest pair of all is taken, whatever its count": lambda c: min(c),
        "the count is handed back, not the pair": lambda c: max(c.values()),
    },
    accepts=[
        lambda counts: min(counts, key=lambda pair: (-counts[pair], pair)),
        lambda counts: min(pair for pair in counts if counts[pair] == max(counts.values())),
    ],
    hints=[
        "First the highest count; then, of the pairs that have it, the smallest. Python compares tuples from the left.",
        "`min` with a key that is a tuple: minus the count first, then the pair.",
        "`min(counts, key=lambda pair: (-counts[pair], pair))`.",
    ],
    returns=("left", "right"),
    difficulty=1,
    minutes=3,
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
        case("anywhere", [*mixed, a, b, *mixed[::-1], b, a], (a, b)),
        case("not there at all", [a, c, c, b, a], (a, b)),
    ]


def _merged(ids, pair, new, both=False, step=2, most=math.inf, keep_last=True, write=lambda new: [new]):
    out, i, done = [], 0, 0
    while i < len(ids):
        here = tuple(ids[i : i + 2])
        if done < most and (here == tuple(pair) or both and here == tuple(pair)[::-1]):
            out += write(new)
            i, done = i + step, done + 1
        else:
            out += ids[i : i + 1] if keep_last or i + 1 < len(ids) else []
            i += 1
    return out


def _merge_twice_read(ids, pair, new):
    # Every place where the pair begins is replaced, those that overlap as well.
    out, skip = [], False
    for i, here in enumerate(ids):
        if tuple(ids[i : i + 2]) == tuple(pair):
            out.append(new)
            skip = True
        elif skip:
            skip = False
        else:
            out.append(here)
    return out


def _by_stack(ids, pair, new):
    out = []
    for i in ids:
        out.append(i)
        if len(out) > 1 and (out[-2], out[-1]) == tuple(pair):
            out[-2:] = [new]
    return out


def _by_text(ids, pair, new):
    text = "".join(map(chr, ids)).replace(chr(pair[0]) + chr(pair[1]), chr(new))
    return [ord(c) for c in text]


merge = Exercise(
    name="15.merge",
    points=3,
    inputs=_mergeable,
    oracle=_by_text,
    mistakes={
        "the pairs are found from right to left: three equal in a row should give the new symbol first": lambda i, p, n: (
            _by_text(i[::-1], p[::-1], n)[::-1]
        ),
        "pairs that overlap are both replaced: what has been merged can't be merged again": _merge_twice_read,
        "only the first pair is replaced": lambda i, p, n: _merged(i, p, n, most=1),
        "the last symbol is lost where it belongs to no pair": lambda i, p, n: _merged(i, p, n, keep_last=False),
        "the right symbol of the pair is left standing behind the new one": lambda i, p, n: _merged(i, p, n, step=1),
        "the pair is replaced the other way round as well: (b, a) is not (a, b)": lambda i, p, n: _merged(
            i, p, n, both=True
        ),
        "the pair is taken out, and nothing is put in its place": lambda i, p, n: _merged(i, p, n, write=lambda n: []),
    },
    accepts=[_merged, _by_stack],
    forbids=("seqlib.data.bpe.merge_with_changes",),
    hints=[
        "A `while` loop with a place `i`: at a pair, write the new symbol and go on by 2; else copy and go on by 1.",
        "At the last place there is no pair: ask `i + 1 < len(ids)` first.",
        "`if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair: merged.append(new); i += 2`.",
    ],
    returns=("merged",),
    difficulty=2,
    minutes=6,
)


# -- train_bpe -------------------------------------------------------------------------------------------------------


def _one_text(rng, label, words, size, letters, number) -> Case:
    found = {}
    for _ in range(words):
        word = tuple(int(x) for x in rng.choice(letters, int(rng.integers(2, size + 1))))
        found[word] = int(rng.integers(1, 12))
    return Case(label, words=found, number=number)


def _to_learn(rng) -> list[Case]:
    answers = [learned, *train_mistakes.values()]

    def draw(rng):
        return [
            _one_text(rng, "8 words, 6 merges", 8, 6, _letters(rng, 4), 6),
            _one_text(rng, "20 words, 12 merges", 20, 7, _letters(rng, 6), 12),
            _one_text(rng, "more merges asked for than there are", 3, 3, _letters(rng, 3), 40),
        ]

    return _told_apart(rng, draw, answers)


def learned(words, number, weigh=lambda n: n, pick=_by_sorting, first=256, recount=True, same_id=False, extra=0):
    """Byte-pair encoding as it stands in the books, with its parts replaceable."""
    words, merges, counts = {w: weigh(n) for w, n in words.items()}, [], None
    for k in range(number + extra):
        counts = _spelled_out(words) if recount or counts is None else counts
        if not counts:
            break
        pair = pick(counts)
        merges.append(pair)
        counts.pop(pair)
        merged = Counter()
        for word, n in words.items():
            merged[tuple(_merged(list(word), pair, first + (0 if same_id else k)))] += n
        words = merged
    return merges


def _by_updates(words, number):
    as_bytes = {b"".join(BYTES[s] for s in word): n for word, n in words.items()}
    return learn_merges(as_bytes, number, least=1)


train_mistakes = {
    "pairs are counted once, at the start: each merge changes the counts, and brings pairs with itself": (
        lambda w, n: learned(w, n, recount=False)
    ),
    "of equally common pairs the one met first is taken, not the smallest": lambda w, n: learned(
        w, n, pick=lambda c: max(c, key=c.get)
    ),
    "each word counts once, however often it occurs": lambda w, n: learned(w, n, weigh=lambda n: 1),
    "every merge gets the same new symbol": lambda w, n: learned(w, n, same_id=True),
    "the new symbols begin at 257: the bytes are 0 to 255, so the first new one is 256": lambda w, n: learned(
        w, n, first=257
    ),
    "there is one merge too many": lambda w, n: learned(w, n, extra=1),
    "the rarest pair is merged": lambda w, n: learned(w, n, pick=lambda c: min(c, key=lambda p: (c[p], p))),
}

train_bpe = Exercise(
    name="15.train_bpe",
    points=4,
    inputs=_to_learn,
    oracle=_by_updates,
    mistakes=train_mistakes,
    accepts=[learned],
    forbids=("seqlib.data.bpe.learn_merges", "seqlib.data.bpe.BytePairEncoding.train"),
    hints=[
        "One round: count the pairs, take the best, note it, merge it in every word.",
        "The n-th merge makes symbol 256 + n: `for new in range(256, 256 + number)`. Stop where no pair is left.",
        "`words = {tuple(merge(word, pair, new)): count for word, count in words.items()}`.",
    ],
    returns=("merges",),
    difficulty=2,
    minutes=8,
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


def _changes(ids, pair, new, take=(1, 1), add=(1, 1), stale=False, swap=False):
    """merge_with_changes with its parts replaceable; `stale` reads the left neighbour before merging."""
    left, right = pair
    merged, changes, i = [], [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) != tuple(pair):
            merged.append(ids[i])
            i += 1
            continue
        if merged:
            before = ids[i - 1] if stale else merged[-1]
            changes += [((before, left), -take[0]), ((before, new), add[0])]
        if i + 2 < len(ids):
            changes += [((left if swap else right, ids[i + 2]), -take[1]), ((new, ids[i + 2]), add[1])]
        merged.append(new)
        i += 2
    return merged, [(p, by) for p, by in changes if by]


def _all_anew(ids, pair, new):
    merged = _by_stack(ids, pair, new)
    return merged, [(p, -1) for p in pairwise(ids)] + [(p, 1) for p in pairwise(merged)]


merge_with_changes = Exercise(
    name="15.merge_with_changes",
    points=4,
    inputs=_mergeable,
    oracle=_recounted,
    using=_net,
    stand_in=_course_merge,
    mistakes={
        "what stood to the left is not taken off: (before, left) has one less": lambda *a: _changes(*a, take=(0, 1)),
        "what stood to the right is not taken off: (right, after) has one less": lambda *a: _changes(*a, take=(1, 0)),
        "the new pairs are not counted: (before, new) and (new, after) have one more": lambda *a: _changes(
            *a, add=(0, 0)
        ),
        "the left neighbour is read from the old list: next to a fresh merge it is the new symbol": lambda *a: _changes(
            *a, stale=True
        ),
        "on the right, (left, after) is taken off: the neighbour there is the pair's *right* symbol": lambda *a: (
            _changes(*a, swap=True)
        ),
        "the signs are turned round: what is gone counts −1, what is new +1": lambda *a: (
            _changes(*a)[0],
            [(p, -by) for p, by in _changes(*a)[1]],
        ),
    },
    accepts=[_changes, _all_anew],
    forbids=("seqlib.data.bpe.merge_with_changes",),
    hints=[
        "Start from your `merge`. Only the pairs that touch a merged place change: one on its left, one on its right.",
        "On the left the neighbour is `merged[-1]`, which may be `new` itself. On the right it is `ids[i + 2]`, if there "
        "is one.",
        "`changes += [((merged[-1], left), -1), ((merged[-1], new), 1)]` if there is a left neighbour; likewise on the "
        "right with `(right, ids[i + 2])` and `(new, ids[i + 2])`.",
    ],
    returns=("merged", "changes"),
    difficulty=4,
    minutes=15,
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


def _in_text_order(ids, merges):
    ids = list(ids)
    while True:
        i = next((i for i, p in enumerate(pairwise(ids)) if p in merges), None)
        if i is None:
            return ids
        ids[i : i + 2] = [merges[ids[i], ids[i + 1]]]


def _rounds(ids, merges, choose=min, most=math.inf):
    ids, rounds = list(ids), 0
    while rounds < most:
        found = [merges[p] for p in pairwise(ids) if p in merges]
        if not found:
            return ids
        new = choose(found)
        pair = next(p for p, n in merges.items() if n == new)
        ids, rounds = _by_stack_once(ids, pair, new), rounds + 1
    return ids


def _by_stack_once(ids, pair, new):
    return _merged(ids, pair, new)


def _one_at_a_time(ids, merges):
    ids = list(ids)
    while True:
        found = [(merges[p], i) for i, p in enumerate(pairwise(ids)) if p in merges]
        if not found:
            return ids
        new, i = min(found)
        ids[i : i + 2] = [new]


def _each_in_turn(ids, merges):
    # All merges in the order learned, each over the whole word: the definition.
    for pair, new in sorted(merges.items(), key=lambda item: item[1]):
        ids = _by_text(ids, pair, new)
    return ids


def _once_each(ids, merges):
    for pair, new in sorted(merges.items(), key=lambda item: item[1]):
        ids = _merged(ids, pair, new, most=1)
    return ids


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
        letters = _letters(rng, 4)
        known = {(letters[0], letters[1]): 256}
        if len(_each_in_turn(cases[0].args[0], cases[0].args[1])) == len(cases[0].args[0]):
            return []  # the short word should hold something to merge
        return [*cases, Case("nothing to merge", ids=[letters[2], letters[3], letters[2]], merges=known)]

    return _told_apart(rng, draw, [_each_in_turn, *apply_mistakes.values()])


apply_mistakes = {
    "the longest token that fits is taken from the left: byte-pair encoding repeats its merges in the order learned": (
        _greedy
    ),
    "the first pair in the text that can be merged is merged: the one learned *earliest* goes first": _in_text_order,
    "the pair learned latest is merged first": lambda i, m: _rounds(i, m, choose=max),
    "it stops after one merge": lambda i, m: _rounds(i, m, most=1),
    "each merge is done in one place only, where the pair stands in several": _once_each,
    "nothing is merged": lambda i, m: [*i],
}

apply_merges = Exercise(
    name="15.apply_merges",
    points=4,
    inputs=_to_encode,
    oracle=_each_in_turn,
    mistakes=apply_mistakes,
    accepts=[_rounds, _one_at_a_time],
    hints=[
        "Of all pairs in the word now, which was learned first? The one whose new symbol is smallest.",
        "`pair = min(zip(ids, ids[1:]), key=lambda p: merges.get(p, float('inf')))`. Merge it everywhere; repeat.",
        "Stop when the best pair is not in `merges`, or when one symbol is left: `min` of nothing is an error.",
    ],
    returns=("ids",),
    difficulty=3,
    minutes=8,
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
            case("ASCII with a space in front", f" so {int(rng.integers(100))} it is".encode()),
            case("the last character is cut off", texts[2].encode() + "€".encode()[: int(rng.integers(1, 3))]),
            case("bytes that are no text", b"ok \xff\xfe " + texts[3].encode() + b"\x80"),
        ]

    return _told_apart(rng, draw, [_decoded, *decode_mistakes.values()])


def _decoded(ids, tokens, errors="replace", code="utf-8"):
    return b"".join(tokens[i] for i in ids).decode(code, errors)


def _streamed(ids, tokens):
    import codecs

    reader = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(reader.decode(tokens[i]) for i in ids) + reader.decode(b"", final=True)


decode_mistakes = {
    "each token is decoded alone: a character whose bytes lie in two tokens is lost": lambda i, t: "".join(
        t[k].decode("utf-8", "replace") for k in i
    ),
    "bytes that are no UTF-8 are dropped without a word: `errors='replace'` shows where they were": lambda i, t: (
        _decoded(i, t, "ignore")
    ),
    "bytes that are no UTF-8 stop it with an error: a model may well write such bytes": lambda i, t: _decoded(
        i, t, "strict"
    ),
    "every byte becomes a character of its own: that is Latin-1": lambda i, t: _decoded(i, t, code="latin-1"),
    "the tokens are joined with spaces: the spaces are in the tokens already": lambda i, t: b" ".join(
        t[k] for k in i
    ).decode("utf-8", "replace"),
    "spaces at the ends are stripped: they are part of the text": lambda i, t: _decoded(i, t).strip(),
    "bytes are handed back, not text": lambda i, t: b"".join(t[k] for k in i),
}

decode = Exercise(
    name="15.decode",
    points=2,
    inputs=_to_decode,
    oracle=_streamed,
    mistakes=decode_mistakes,
    accepts=[_decoded, lambda ids, tokens: str(b"".join([tokens[i] for i in ids]), "utf-8", "replace")],
    hints=[
        "First all the bytes, in one piece; then the text.",
        "`b''.join(tokens[i] for i in ids)`.",
        "`.decode('utf-8', errors='replace')`: what is no character becomes U+FFFD, �.",
    ],
    returns=("text",),
    difficulty=1,
    minutes=4,
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


def _per_byte(log_probs, text, unit=lambda nats: nats / math.log(2), size=lambda text, n: len(text.encode())):
    return unit(-float(np.sum(np.asarray(log_probs)))) / size(text, len(log_probs))


def _in_powers(log_probs, text):
    return float(-(np.log2(np.exp(np.asarray(log_probs)))).sum() / len(bytearray(text, "utf-8")))


bits_per_byte = Exercise(
    name="15.bits_per_byte",
    points=2,
    inputs=_scored,
    oracle=_in_powers,
    mistakes={
        "it is divided by the number of tokens: then a tokeniser with long tokens looks bad": lambda p, t: _per_byte(
            p, t, size=lambda t, n: n
        ),
        "it is divided by characters, where bytes were asked for": lambda p, t: _per_byte(
            p, t, size=lambda t, n: len(t)
        ),
        "these are nats: divide by $\\ln 2$ to have bits": lambda p, t: _per_byte(p, t, unit=lambda nats: nats),
        "the sign is wrong: log probabilities are negative, bits are not": lambda p, t: -_per_byte(p, t),
        "it is multiplied by $\\ln 2$: a bit is less than a nat, so there are more of them": lambda p, t: _per_byte(
            p, t, unit=lambda nats: nats * math.log(2)
        ),
        "the mean over the tokens is divided by the bytes: take the sum": lambda p, t: _per_byte(p, t) / len(p),
        "the perplexity is handed back": lambda p, t: float(np.exp(-np.mean(np.asarray(p)))),
    },
    accepts=[_per_byte],
    hints=[
        "How many bits does the model need for the whole text? Then share them out over its bytes.",
        "The whole text costs minus the sum of the log probabilities, in nats; one bit is $\\ln 2$ nats.",
        "`-log_probs.sum() / np.log(2) / len(text.encode('utf-8'))`.",
    ],
    returns=("bits per byte",),
    difficulty=2,
    minutes=5,
)


# -- encode_with_fallback --------------------------------------------------------------------------------------------


def _partly_known(rng) -> list[Case]:
    def case(label, text, known):
        order = [known[i] for i in rng.permutation(len(known))]
        start = int(rng.integers(256, 900))
        return Case(label, text=text, vocabulary={c: start + n for n, c in enumerate(order)})

    letters = "".join(rng.choice(list("abcdef"), 12))
    return [
        case("everything is known", letters, list("abcdefg")),
        case("some letters are not", f"xyz{letters}q", list("abcd")),
        case("characters of several bytes", f"{letters}é€😀ดี", list("abcdefé")),
        case("nothing is known but a space", f"z {letters[:3]} ñ", [" ", "ß"]),
    ]


def _falls_back(text, vocabulary, otherwise=lambda c: list(c.encode())):
    return [i for c in text for i in ([vocabulary[c]] if c in vocabulary else otherwise(c))]


def _fallback_loop(text, vocabulary):
    ids = []
    for character in text:
        found = vocabulary.get(character)
        ids.extend(character.encode("utf-8") if found is None else (found,))
    return ids


encode_with_fallback = Exercise(
    name="15.encode_with_fallback",
    points=2,
    inputs=_partly_known,
    oracle=_falls_back,
    mistakes={
        "an unknown character becomes one token for all that is unknown: it can't be read back": lambda t, v: (
            _falls_back(t, v, lambda c: [0])
        ),
        "unknown characters are dropped": lambda t, v: _falls_back(t, v, lambda c: []),
        "the code point is written in the place of the bytes: there are over a million of them": lambda t, v: (
            _falls_back(t, v, lambda c: [ord(c)])
        ),
        "everything becomes bytes, what is known as well": lambda t, v: list(t.encode()),
        "the bytes of a character stand the other way round": lambda t, v: _falls_back(
            t, v, lambda c: list(c.encode())[::-1]
        ),
        "only the first byte of an unknown character is written": lambda t, v: _falls_back(
            t, v, lambda c: list(c.encode())[:1]
        ),
    },
    accepts=[_fallback_loop],
    hints=[
        "Character by character: is it in the vocabulary?",
        "If so, one id; if not, its UTF-8 bytes, which are ids from 0 to 255 already.",
        "`ids += [vocabulary[c]] if c in vocabulary else list(c.encode('utf-8'))`.",
    ],
    returns=("ids",),
    difficulty=1,
    minutes=5,
    core=False,
)

EXERCISES = [
    utf8_encode,
    pre_tokenise,
    count_pairs,
    best_pair,
    merge,
    train_bpe,
    merge_with_changes,
    apply_merges,
    decode,
    bits_per_byte,
    encode_with_fallback,
]
