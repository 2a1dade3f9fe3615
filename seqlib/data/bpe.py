"""Byte-pair encoding over bytes: trained, encoded and decoded in plain Python, fast enough for a megabyte in seconds.

Token ids: 0 … 255 are the bytes, in the order of `BYTES` (GPT-2's: printable ones first); 256 + n is the n-th merge.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path

import regex

_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
# Ties between pairs go to the smaller ids, so the order of the bytes is part of the result.
BYTES = tuple(bytes([b]) for b in (*_PRINTABLE, *(b for b in range(256) if b not in _PRINTABLE)))
ID_OF_BYTE = {byte[0]: i for i, byte in enumerate(BYTES)}

# Radford et al. 2019, in the code released with it: endings, words, numbers, the rest, white space.
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# Unicode's White_Space; Python's own \s also holds the separators U+001C to U+001F.
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LONG = 64  # bytes: longer pieces are merged with a heap, and not remembered
_REMEMBERED = 200_000  # pieces


@cache
def compiled(pattern: str) -> regex.Pattern:
    r"""A pattern of `regex`, whose \p{L} and \p{N} are Unicode's, whatever Python runs; \s is Unicode's White_Space."""
    inside, out = False, []
    for part in re.split(r"(\\.|\[|\])", pattern):
        inside = part == "[" or inside and part != "]"
        space = {r"\s": _SPACE if inside else f"[{_SPACE}]", r"\S": f"[^{_SPACE}]"}
        out.append(space.get(part, part))
    return regex.compile("".join(out))


def split(text: str | bytes, pattern: str | None = GPT2_PATTERN) -> list[bytes]:
    """The pre-tokens of a text, as UTF-8; joined they are the text again. No pattern: the text in one piece.

    Bytes that are no UTF-8 are kept as they are. ValueError for a str that is no Unicode text (a lone surrogate).
    """
    if isinstance(text, str):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as problem:
            raise ValueError(f"expected Unicode text or bytes, got a str with a lone surrogate: {problem}") from None
    else:
        text = bytes(text).decode("utf-8", "surrogateescape")
    if pattern is None:
        pieces = [text] if text else []
    else:
        pieces, end = [], 0
        for match in compiled(pattern).finditer(text):
            # What a pattern passes over is a piece of its own, so that nothing is ever lost.
            pieces += [part for part in (text[end : match.start()], match[0]) if part]
            end = match.end()
        pieces += [text[end:]] if end < len(text) else []
    return [piece.encode("utf-8", "surrogateescape") for piece in pieces]


def merge_with_changes(ids: Sequence[int], pair: tuple[int, int], new: int):
    """Replace each `pair` in ids, from left to right, by `new`; and tell which counts of pairs this changes.

    Returns the merged list and [((left, right), +1 or -1), ...]; `pair` itself is gone, whatever the list says of it.
    """
    left, right = pair
    merged, i = [], 0
    changes = []
    while i < len(ids):
        if i + 1 == len(ids) or (ids[i], ids[i + 1]) != pair:
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


def learn_merges(words: Mapping[bytes, int], number: int, least: int = 2) -> list[tuple[int, int]]:
    """The first `number` merges for words with their counts: the commonest pair each time, of equal ones the smallest.

    Fewer where no pair is left that occurs `least` times. The counts of pairs are kept up to date, not counted anew.
    """
    pieces, weights = [[ID_OF_BYTE[b] for b in word] for word in words], list(words.values())
    counts, where, merges = Counter(), defaultdict(set), []
    for i, ids in enumerate(pieces):
        for pair in pairwise(ids):
            counts[pair] += weights[i]
            where[pair].add(i)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapify(heap)
    while heap and len(merges) < number:
        count, pair = heappop(heap)
        if -count != counts[pair]:  # out of date: back with what it is now
            if counts[pair] > 0:
                heappush(heap, (-counts[pair], pair))
            continue
        if -count < least:
            break
        new = len(BYTES) + len(merges)
        merges.append(pair)
        born = set()
        for i in where.pop(pair):
            pieces[i], changes = merge_with_changes(pieces[i], pair, new)
            for changed, by in changes:
                counts[changed] += by * weights[i]
                if by > 0:
                    where[changed].add(i)
                    born.add(changed)
        counts[pair] = 0
        for found in born:
            heappush(heap, (-counts[found], found))
    return merges


class BytePairEncoding:
    """A byte-level byte-pair encoding: `BytePairEncoding.train(text, 1000)`, then `encode` and `decode`.

    merges: pairs of ids in the order learned; `tokens[id]` are a token's bytes. Nothing is ever unknown, and
    decode_bytes(encode(x)) == x for any bytes x. ValueError for a merge of tokens that are not there yet.

    Source: Sennrich, Haddow and Birch 2016, §3.2; over bytes: Radford et al. 2019, §2.2.
    """

    def __init__(self, merges: Iterable[tuple[int, int]] = (), pattern: str | None = GPT2_PATTERN):
        self.merges, self.pattern, self.tokens = [(int(a), int(b)) for a, b in merges], pattern, list(BYTES)
        for a, b in self.merges:
            if not 0 <= min(a, b) <= max(a, b) < len(self.tokens):
                raise ValueError(f"expected merges of ids below {len(self.tokens)} at this place, got {(a, b)}")
            self.tokens.append(self.tokens[a] + self.tokens[b])
        self.ids = {pair: len(BYTES) + n for n, pair in enumerate(self.merges)}
        self._seen: dict[bytes, list[int]] = {}

    @classmethod
    def train(cls, text: str | bytes, vocabulary_size: int, *, pattern=GPT2_PATTERN, least: int = 2):
        """Learn merges until there are `vocabulary_size` tokens, or no pair is left that occurs `least` times.

        ValueError if the size is below 256, the number of bytes.
        """
        if vocabulary_size < len(BYTES):
            raise ValueError(f"expected a vocabulary of at least {len(BYTES)} tokens, the bytes; got {vocabulary_size}")
        return cls(learn_merges(Counter(split(text, pattern)), vocabulary_size - len(BYTES), least), pattern)

    @property
    def vocabulary_size(self) -> int:
        return len(self.tokens)

    def first(self, vocabulary_size: int) -> BytePairEncoding:
        """The same encoding with fewer merges: what training to that size would have given."""
        return BytePairEncoding(self.merges[: max(0, vocabulary_size - len(BYTES))], self.pattern)

    def encode(self, text: str | bytes) -> list[int]:
        """The ids of a text: in each pre-token the earliest merge first, as long as there is one."""
        ids = []
        for piece in split(text, self.pattern):
            found = self._seen.get(piece)
            if found is None:
                found = _merge_all([ID_OF_BYTE[b] for b in piece], self.ids)
                if len(piece) <= _LONG and len(self._seen) < _REMEMBERED:
                    self._seen[piece] = found
            ids += found
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the ids stand for. ValueError for an id that is not in the vocabulary."""
        ids = [int(i) for i in ids]
        wrong = next((i for i in ids if not 0 <= i < len(self.tokens)), None)
        if wrong is not None:
            raise ValueError(f"expected ids from 0 to {len(self.tokens) - 1}, got {wrong}")
        return b"".join([self.tokens[i] for i in ids])

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """The text that the ids stand for; bytes that are no UTF-8 become U+FFFD (errors="strict": an error)."""
        return self.decode_bytes(ids).decode("utf-8", errors)

    def save(self, path) -> Path:
        """Write the merges and the pattern as JSON, and return the file."""
        kept = {"type": "byte-pair encoding", "version": 1, "pattern": self.pattern, "merges": self.merges}
        path = Path(path)
        path.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")
        return path

    @classmethod
    def load(cls, path) -> BytePairEncoding:
        """What `save` wrote. ValueError if the file holds something else."""
        try:
            kept = json.loads(Path(path).read_text(encoding="utf-8"))
            if kept["type"] != "byte-pair encoding" or kept["version"] != 1:
                raise ValueError(f"it holds {kept['type']!r}, version {kept['version']!r}")
            return cls([(a, b) for a, b in kept["merges"]], kept["pattern"])
        except (KeyError, TypeError, ValueError) as problem:
            raise ValueError(f"expected a byte-pair encoding in {Path(path).name}: {problem}") from None

    def __repr__(self) -> str:
        return f"BytePairEncoding({self.vocabulary_size} tokens)"


def _merge_all(ids: list[int], new_ids: Mapping[tuple[int, int], int]) -> list[int]:
    """Merge the pair learned earliest, the leftmost of equals, until none is left. Time n log n, n ids."""
    if len(ids) <= _LONG:
        return _merge_short(ids, new_ids)
    before, after = list(range(-1, len(ids) - 1)), [*range(1, len(ids)), -1]
    heap = [(new_ids[pair], i) for i, pair in enumerate(pairwise(ids)) if pair in new_ids]
    heapify(heap)
    while heap:
        new, i = heappop(heap)
        j = after[i]
        if ids[i] < 0 or j < 0 or new_ids.get((ids[i], ids[j])) != new:
            continue  # one of the two has been merged since
        ids[i], ids[j], after[i] = new, -1, after[j]
        if after[j] >= 0:
            before[after[j]] = i
        for start in (before[i], i):
            if start >= 0 and after[start] >= 0 and (pair := (ids[start], ids[after[start]])) in new_ids:
                heappush(heap, (new_ids[pair], start))
    return [i for i in ids if i >= 0]


def _merge_short(ids, new_ids):
    """The same in a few lines, quicker where there are few ids."""
    while len(ids) > 1:
        new = min([new_ids.get(pair, sys.maxsize) for pair in pairwise(ids)])
        if new == sys.maxsize:
            break
        merged, i = [], 0
        while i < len(ids):
            hit = i + 1 < len(ids) and new_ids.get((ids[i], ids[i + 1])) == new
            merged.append(new if hit else ids[i])
            i += 2 if hit else 1
        ids = merged
    return ids
