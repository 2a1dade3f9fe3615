"""Strings, lists, dictionaries, sets: what was found, beside what is right, item for item."""

from collections import Counter

import numpy as np

from seqlib.checks.compare import as_array
from seqlib.checks.readers.seen import Observation, Part


def _items(value):
    """A list of comparable items, None where it is no sequence."""
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        array = as_array(value)
        return None if array is None or array.ndim != 1 else array.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None


def _plain(value):
    """Something that can be compared and counted: arrays and lists become tuples."""
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        value = as_array(value).tolist() if as_array(value) is not None else repr(value)
    if isinstance(value, (list, tuple)):
        return tuple(_plain(v) for v in value)
    if isinstance(value, (dict, set)):
        return repr(value)
    return value.item() if isinstance(value, np.generic) else value


def _informative(part: Part) -> bool:
    return len({repr(_plain(p.right)) for p in part.failing}) >= 2 or any(
        len(p.right) >= 4
        for p in part.failing
        if hasattr(p.right, "__len__") and not getattr(p.right, "shape", 1) == ()
    )


def _all(part: Part, kind) -> bool:
    return all(isinstance(p.right, kind) and isinstance(p.found, kind) for p in part.pairs)


def _first(part: Part, tries, read) -> Observation | None:
    for says, made in tries:
        try:
            if all(made(read(p.right)) == read(p.found) for p in part.pairs):
                return part.says(says)
        except Exception:  # it makes no sense of such items
            continue
    return None


# -- strings ---------------------------------------------------------------------------------------------------------

STRINGS = [
    ("has the right letters, all of them small: capitals are lost", str.lower),
    ("has the right letters, all of them capitals", str.upper),
    ("begins with a capital, and should not, or has lost the others", str.capitalize),
    ("is right but for white space at its ends, which is cut off", str.strip),
    ("is right but for white space: each run of it has become one space", lambda s: " ".join(s.split())),
    ("is right but for white space, which is all gone", lambda s: "".join(s.split())),
    ("has a space between all letters", " ".join),
    ("is the right text backwards", lambda s: s[::-1]),
    ("has the right words in reversed order", lambda s: " ".join(s.split()[::-1])),
    ("has the right words in the order of the alphabet", lambda s: " ".join(sorted(s.split()))),
    ("lacks its last letter", lambda s: s[:-1]),
    ("lacks its first letter", lambda s: s[1:]),
    ("lacks its last word", lambda s: " ".join(s.split()[:-1])),
    ("lacks its first word", lambda s: " ".join(s.split()[1:])),
    ("has one space too many at its end", lambda s: s + " "),
    ("has one space too many at its beginning", lambda s: " " + s),
    ("has a line break too many at its end", lambda s: s + "\n"),
]


def strings(part: Part) -> Observation | None:
    """text: capitals, white space, backwards, words in another order, a letter or word too few, a part of it only"""
    if not _all(part, str) or not _informative(part):
        return None
    said = _first(part, STRINGS, str)
    if said:
        return said
    if all(p.right.startswith(p.found) and p.found for p in part.pairs):
        return part.says("stops too early: it is the beginning of the right text")
    if all(p.found.startswith(p.right) for p in part.pairs):
        return part.says("goes on too long: the right text comes first, and something after it")
    if all(p.right.endswith(p.found) and p.found for p in part.pairs):
        return part.says("begins too late: it is the end of the right text")
    if all(p.found.endswith(p.right) for p in part.pairs):
        return part.says("has something in front of the right text")
    if all("".join(p.found.split()) == "".join(p.right.split()) for p in part.pairs):
        return part.says("is right but for white space")
    if all(p.found.casefold() == p.right.casefold() for p in part.pairs):
        return part.says("is right but for capitals and small letters")
    return None


def one_word(part: Part) -> Observation | None:
    """one of several words: which is said for which, in every case that fails"""
    if not _all(part, str) or len({p.right for p in part.pairs}) < 3:
        return None
    mixed = {(p.right, p.found) for p in part.failing}
    if len(mixed) == 1 and len(part.failing) >= 1:
        right, found = mixed.pop()
        return part.says(f"is “{found}” where “{right}” is right, and right in all other cases")
    if len(mixed) == 2 and all((b, a) in mixed for a, b in mixed):
        one, other = sorted(next(iter(mixed)))
        return part.says(f"has “{one}” and “{other}” exchanged")
    founds = {f for _, f in mixed}
    if len(founds) == 1 and len(mixed) >= 2:
        return part.says(f"is “{founds.pop()}” in every case that fails, where something else is right")
    return None


# -- lists -----------------------------------------------------------------------------------------------------------


def _unique(items):
    return list(dict.fromkeys(items))


def _flat(items):
    return [x for item in items for x in item]


LISTS = [
    ("is in reversed order", lambda x: x[::-1]),
    ("is sorted, where the order should stay as it was, or another", sorted),
    ("is sorted, the largest first, where another order is right", lambda x: sorted(x, reverse=True)),
    ("has lost what occurs more than once: each item comes only once", _unique),
    ("has its items each in reversed order", lambda x: [item[::-1] for item in x]),
    ("is flat: what should be a list of lists has become one list", _flat),
    ("is one level too deep: the right list is the only item of another", lambda x: [tuple(x)]),
    ("has each item in a list of its own", lambda x: [(item,) for item in x]),
    ("is only the first item of the right list, not a list", lambda x: x[0]),
    ("has the items of each pair exchanged", lambda x: [tuple(item[::-1]) for item in x]),
    ("is rolled on by one: the last item comes first", lambda x: x[-1:] + x[:-1]),
    ("is rolled back by one: the first item comes last", lambda x: x[1:] + x[:1]),
    ("holds texts, where numbers belong", lambda x: [str(item) for item in x]),
    ("holds strings where lists of tokens belong: they are joined", lambda x: [" ".join(item) for item in x]),
    ("holds strings where tuples belong: they are joined", lambda x: ["".join(item) for item in x]),
]


def lists(part: Part) -> Observation | None:
    """lists: reversed, sorted, without repetitions, one level too deep or too flat; items too many or too few and at
    which end; the right items in another order"""
    pairs = [(_items(p.found), _items(p.right)) for p in part.pairs]
    if any(f is None or r is None for f, r in pairs) or (part.numeric and part.aligned) or not _informative(part):
        return None
    said = _first(part, LISTS, _items)
    return said or _ends(part, pairs) or _bags(part, pairs)


def _ends(part: Part, pairs) -> Observation | None:
    gaps = {abs(len(f) - len(r)) for f, r in pairs if f != r}
    size = "one item" if gaps == {1} else "some items"
    if all(f == r[: len(f)] for f, r in pairs) and any(f for f, _ in pairs):
        return part.says(f"has {size} too few: what is missing is missing at the end")
    if all(f == r[len(r) - len(f) :] and len(f) <= len(r) for f, r in pairs) and any(f for f, _ in pairs):
        return part.says(f"has {size} too few: what is missing is missing at the beginning")
    if all(r == f[: len(r)] for f, r in pairs):
        return part.says(f"has {size} too many at the end: the rest is right")
    if all(r == f[len(f) - len(r) :] and len(r) <= len(f) for f, r in pairs):
        return part.says(f"has {size} too many at the beginning: the rest is right")
    if gaps == {2} and all(f == r[1:-1] for f, r in pairs if f != r):
        return part.says("lacks its first and its last item")
    return None


def _bags(part: Part, pairs) -> Observation | None:
    """The items without their order."""
    try:
        bags = [(Counter(f), Counter(r)) for f, r in pairs]
    except TypeError:
        return None
    if any(len(r) < 2 for _, r in bags):
        return None
    if all(f == r for f, r in bags):
        moved = _two_exchanged(pairs)
        if moved:
            return part.says(moved)
        if all(f == sorted(f) for f, _ in pairs):
            return part.says("has the right items, but sorted, and another order is right")
        if all(r == sorted(r) for _, r in pairs):
            return part.says("has the right items in another order: the right list rises, and this one does not")
        return part.says("has the right items in another order")
    if all(set(f) == set(r) for f, r in bags):
        if all(not (r - f) for f, r in bags):
            return part.says("has the right items, and some of them too often")
        if all(not (f - r) for f, r in bags):
            return part.says("has the right items, but some of them not often enough")
        return None
    if all(not (f - r) for f, r in bags):
        return part.says("lacks some items: all that it has are right")
    if all(not (r - f) for f, r in bags):
        return part.says("has items that do not belong in it: all that should be there are there")
    return None


def _two_exchanged(pairs) -> str | None:
    """The same two places exchanged in every case."""
    places = {tuple(i for i, (x, y) in enumerate(zip(f, r, strict=True)) if x != y) for f, r in pairs if f != r}
    if len(places) != 1 or len(next(iter(places))) != 2:
        return None
    one, other = next(iter(places))
    return f"has the right items, but those at the places {one} and {other} are exchanged"


# -- nested lists of numbers, dictionaries, sets ---------------------------------------------------------------------


def leaves(value) -> list | None:
    """The numbers in nested lists or dictionaries, each with its place; None where there is something else."""
    if isinstance(value, dict):
        parts = [(key, leaves(v)) for key, v in sorted(value.items(), key=lambda kv: repr(kv[0]))]
    elif isinstance(value, (list, tuple)):
        parts = [(index, leaves(v)) for index, v in enumerate(value)]
    else:
        array = as_array(value)
        return (
            None
            if array is None or array.dtype.kind == "c"
            else [(index, float(x)) for index, x in np.ndenumerate(array)]
        )
    if any(inner is None for _, inner in parts):
        return None
    return [((key, place), x) for key, inner in parts for place, x in inner]


def dictionaries(part: Part) -> Observation | None:
    """dictionaries: keys and values exchanged, keys missing or too many while the rest is right"""
    if not _all(part, dict):
        return None
    pairs = [
        ({_plain(k): _plain(v) for k, v in p.found.items()}, {_plain(k): _plain(v) for k, v in p.right.items()})
        for p in part.pairs
    ]
    if all({_hash(v): k for k, v in r.items()} == f for f, r in pairs):
        return part.says("has keys and values exchanged")
    if all(f.items() <= r.items() if _flat_dict(f, r) else False for f, r in pairs) and any(f for f, _ in pairs):
        return part.says("lacks some keys: all that it has are right")
    if all(r.items() <= f.items() if _flat_dict(f, r) else False for f, r in pairs):
        return part.says("has keys too many: all that should be there are right")
    if all(set(f) == set(r) for f, r in pairs):
        return None
    if all(Counter(map(repr, f.values())) == Counter(map(repr, r.values())) for f, r in pairs):
        return part.says("has the right values under other keys")
    return None


def _hash(value):
    return value if not isinstance(value, list) else tuple(value)


def _flat_dict(*dicts) -> bool:
    try:
        return all(hash(v) is not None for d in dicts for v in d.values())
    except TypeError:
        return False


def _not_rounded(failing) -> str | None:
    """Which way of rounding makes the found numbers the right whole ones in every case, if one alone does."""
    found = [np.asarray(as_array(p.found), dtype=float) for p in failing]
    right = [as_array(p.right) for p in failing]
    if any(r.dtype.kind not in "iu" for r in right) or not all(np.isfinite(f).all() for f in found):
        return None
    broken = [f[f != np.round(f)] for f in found]
    if sum(np.unique(b).size for b in broken) < 2:
        return None
    ways = {"down": np.floor, "up": np.ceil, "to the nearest whole number": np.round}
    fits = [w for w, rounds in ways.items() if all((rounds(f) == r).all() for f, r in zip(found, right, strict=True))]
    return fits[0] if len(fits) == 1 else None


def kinds(part: Part) -> Observation | None:
    """the right values in another type: floats for whole numbers, 1 and 0 for True and False, a set for a list, a text
    for a number, one number for a list; whole numbers before they are rounded"""
    failing = part.failing
    if part.numeric and part.aligned and (to_round := _not_rounded(failing)):
        return part.says(f"is not rounded: it is right once it is rounded {to_round}, and whole numbers are asked for")
    if part.numeric and part.aligned and all(not p.wrong.any() for p in failing):
        wanted, got = (
            {as_array(v).dtype.kind for v in vs} for vs in zip(*((p.right, p.found) for p in failing), strict=True)
        )
        if wanted == {"b"} and "b" not in got:
            return part.says("has the right values as numbers, 1 and 0: True and False are asked for")
        if wanted <= set("iu") and got == {"f"}:
            return part.says(
                "has the right values as floats, such as 2.0: whole numbers are asked for, which can count "
                "and point to places"
            )
        return None
    if all(isinstance(p.found, (set, frozenset)) and isinstance(p.right, (list, tuple)) for p in failing):
        return part.says("is a set, which has no order and holds everything once: a list is asked for")
    if all(isinstance(p.found, str) and isinstance(p.right, (list, tuple)) for p in failing):
        if all(p.found in ("".join(map(str, p.right)), " ".join(map(str, p.right))) for p in failing):
            return part.says("is one text: the right items are joined, and a list of them is asked for")
        return None
    if all(isinstance(p.found, (list, tuple)) and isinstance(p.right, str) for p in failing):
        if all(p.right in ("".join(map(str, p.found)), " ".join(map(str, p.found))) for p in failing):
            return part.says("is a list of the right pieces: they should be joined to one text")
        return None
    if all(isinstance(p.found, str) and as_array(p.right) is not None for p in failing):
        return part.says("is a text, where a number is asked for")
    return None
