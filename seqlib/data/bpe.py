"""Byte-pair encoding over bytes: trained, encoded and decoded in plain Python, fast enough for a megabyte in seconds.

Token ids: 0 … 255 are the bytes, in the order of `BYTES` (GPT-2's: printable ones first); 256 + n is the n-th merge.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path

import regex

from seqlib import expect
from seqlib.data.long_pieces import Chain, Ranks, merge_long
from seqlib.data.special_tokens import checked_numbers, checked_specials, parts

_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
# Ties between pairs go to the smaller ids, so the order of the bytes is part of the result.
BYTES = tuple(bytes([b]) for b in (*_PRINTABLE, *(b for b in range(256) if b not in _PRINTABLE)))
ID_OF_BYTE = {byte[0]: i for i, byte in enumerate(BYTES)}

# Radford et al. 2019, in the code released with it: endings, words, numbers, the rest, white space.
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# Unicode's White_Space; Python's own \s also holds the separators U+001C to U+001F.
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LONG = 64  # bytes: longer pieces are merged in another way (long_pieces), and not remembered
_REMEMBERED = 200_000  # pieces


@cache
def compiled(pattern: str) -> regex.Pattern:
    r"""A pattern of `regex`, whose \p{L} and \p{N} are Unicode's, whatever Python runs; \s is Unicode's White_Space."""
    inside, out = False, []
    for part in re.split(r"(\\.|\[|\])", pattern):
        inside = part == "[" or inside and part != "]"
        space = {r"\s": _SPACE if inside else f"[{_SPACE}]", r"\S": f"[^{_SPACE}]"}
        out.append(space.get(part, part))
    try:
        return regex.compile("".join(out))
    except regex.error as problem:
        raise ValueError(f"pattern should be a regular expression, got {pattern!r}: {problem}") from None


def split(text: str | bytes, pattern: str | None = GPT2_PATTERN) -> list[bytes]:
    """The pre-tokens of a text, as UTF-8; joined they are the text again. No pattern: the text in one piece.

    Bytes that are no UTF-8 are kept as they are. ValueError for a str that is no Unicode text (a lone surrogate).
    """
    if isinstance(text, str):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as problem:
            raise ValueError(f"expected Unicode text or bytes, got a str with a lone surrogate: {problem}") from None
    elif not isinstance(text, (bytes, bytearray, memoryview)):
        raise ValueError(f"expected Unicode text or bytes, got {expect.shown(text)}")
    else:
        text = bytes(text).decode("utf-8", "surrogateescape")
    if pattern is not None and not isinstance(pattern, str):
        raise ValueError(f"pattern should be a text or None, got {expect.shown(pattern)}")
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
        if len(ids) > 4 * _LONG:
            pieces[i] = Chain(ids)
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
            if isinstance(pieces[i], Chain):
                changes = pieces[i].merge(pair, new)
            else:
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

    merges: pairs of ids in the order learned; `tokens[id]` are a token's bytes. specials: texts such as "<|endoftext|>"
    that are one token each, numbered after all others, and never cut or merged. numbers: the public id of each of the
    tokens 0, 1, 2, … where a vocabulary counts them in another order. Nothing is ever unknown, and
    decode_bytes(encode(x)) == x for any bytes x. ValueError for a merge of tokens that are not there yet.

    Source: Sennrich, Haddow and Birch 2016, §3.2; over bytes: Radford et al. 2019, §2.2.
    """

    def __init__(
        self,
        merges: Iterable[tuple[int, int]] = (),
        pattern: str | None = GPT2_PATTERN,
        *,
        specials: Iterable[str] = (),
        numbers: Sequence[int] | None = None,
    ):
        pairs = [expect.ids(pair, "a merge") for pair in merges]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("expected merges of two ids each, got one of another length")
        self.merges, self.pattern, self.tokens = [(a, b) for a, b in pairs], pattern, list(BYTES)
        for a, b in self.merges:
            if not 0 <= min(a, b) <= max(a, b) < len(self.tokens):
                raise ValueError(f"expected merges of ids below {len(self.tokens)} at this place, got {(a, b)}")
            self.tokens.append(self.tokens[a] + self.tokens[b])
        self.ids = {pair: len(BYTES) + n for n, pair in enumerate(self.merges)}
        if len(self.ids) < len(self.merges):
            twice = next(pair for n, pair in enumerate(self.merges) if pair in self.merges[:n])
            raise ValueError(f"expected each merge once, got {twice} twice")
        self.specials = checked_specials(specials)
        self.tokens += [special.encode("utf-8") for special in self.specials]
        self.numbers = None if numbers is None else checked_numbers(numbers, len(self.tokens))
        self._bytes = dict(zip(self.numbers or range(len(self.tokens)), self.tokens, strict=True))
        if self.numbers:
            self.tokens = self._bytes
        self._ids_of_specials = dict(zip(self.specials, [*self._bytes][len(BYTES) + len(self.merges) :], strict=True))
        self._seen: dict[bytes, list[int]] = {}
        self._ranks: Ranks | None = None

    @classmethod
    def train(
        cls,
        text: str | bytes,
        vocabulary_size: int,
        *,
        pattern=GPT2_PATTERN,
        least: int = 2,
        specials: Iterable[str] = (),
    ):
        """Learn merges until there are `vocabulary_size` tokens, or no pair is left that occurs `least` times.

        Specials count as tokens, and nothing is learned from them or across them. ValueError if the size is below 256,
        the number of bytes, and the specials.
        """
        expect.whole(least, "least", 1)
        specials = checked_specials(specials)
        fewest = len(BYTES) + len(specials)
        if expect.whole(vocabulary_size, "vocabulary_size") < fewest:
            raise ValueError(f"expected a vocabulary of at least {fewest} tokens, the bytes; got {vocabulary_size}")
        words = Counter()
        for part, special in parts(text, specials):
            words.update(() if special else split(part, pattern))
        return cls(learn_merges(words, vocabulary_size - fewest, least), pattern, specials=specials)

    @classmethod
    def from_vocabulary(
        cls,
        vocabulary: Mapping[int, bytes],
        merges: Iterable[tuple[bytes, bytes]],
        *,
        pattern: str | None = GPT2_PATTERN,
    ) -> BytePairEncoding:
        """A public encoding: {id: bytes} in its own numbering, and its merges as bytes in the order learned.

        Tokens that no merge makes are its specials. ValueError if a byte, or what a merge makes, is not there.
        """
        ids = {token: number for number, token in vocabulary.items()}
        made, pairs = {token: i for i, token in enumerate(BYTES)}, []
        for left, right in merges:
            if left not in made or right not in made or left + right in made:
                raise ValueError(f"expected a merge of two tokens made before, each once, got {left!r} and {right!r}")
            pairs.append((made[left], made[right]))
            made[left + right] = len(made)
        missing = [token for token in made if token not in ids]
        if missing or len(ids) != len(vocabulary):
            raise ValueError(f"expected a vocabulary with each token once, got {missing[:1] or 'two ids for one'}")
        specials = [token for token in sorted(ids, key=ids.get) if token not in made]
        texts = [token.decode("utf-8") for token in specials]
        return cls(pairs, pattern, specials=texts, numbers=[ids[token] for token in [*made, *specials]])

    @classmethod
    def from_files(cls, vocabulary, merges, *, pattern: str | None = GPT2_PATTERN) -> BytePairEncoding:
        """A public encoding as GPT-2's was published: a JSON file {token: id} and a text file with a merge a line.

        Both write each byte as a letter that can be seen. Tokens that have other letters are its specials.
        """
        letters = {_letter(i): byte for i, byte in enumerate(BYTES)}

        def raw(token: str) -> bytes:
            return b"".join(letters[c] for c in token) if all(c in letters for c in token) else token.encode("utf-8")

        try:
            known = json.loads(Path(vocabulary).read_text(encoding="utf-8-sig"))
            lines = Path(merges).read_text(encoding="utf-8-sig").split("\n")
            pairs = [
                tuple(raw(part) for part in line.split(" "))
                for line in lines[lines[0].startswith("#version") :]
                if line
            ]
            table = {expect.whole(number, "an id", 0): raw(token) for token, number in known.items()}
            if any(len(pair) != 2 for pair in pairs):
                raise ValueError("a merge should be two tokens, got another number of them")
        except (OSError, AttributeError, json.JSONDecodeError) as problem:
            raise ValueError(
                f"expected a vocabulary and its merges, got files that cannot be read: {problem}"
            ) from None
        return cls.from_vocabulary(table, pairs, pattern=pattern)

    @property
    def vocabulary_size(self) -> int:
        return len(self._bytes)

    def first(self, vocabulary_size: int) -> BytePairEncoding:
        """The same encoding with fewer merges: what training to that size would have given."""
        expect.whole(vocabulary_size, "vocabulary_size", 0)
        kept = max(0, vocabulary_size - len(BYTES) - len(self.specials))
        if self.numbers:
            raise ValueError(
                "expected an encoding that was trained here, got a public one, whose numbers have a meaning"
            )
        return BytePairEncoding(self.merges[:kept], self.pattern, specials=self.specials)

    def encode(self, text: str | bytes, *, specials: bool = True) -> list[int]:
        """The ids of a text: in each pre-token the earliest merge first, as long as there is one.

        specials=False reads special tokens as any other text, which is what a stranger's text asks for.
        """
        ids = []
        for part, special in parts(text, self.specials if specials else ()):
            ids += [self._ids_of_specials[part]] if special else self._joined(split(part, self.pattern))
        return ids

    def encode_iterable(self, texts: Iterable[str], *, specials: bool = True) -> Iterator[int]:
        """The ids of texts that follow one another, as lines of an open file do, one by one: the whole is never held.

        The same ids as those of the joined text. What the next text may still change, the last three pre-tokens, waits.
        """
        held, specials = "", self.specials if specials else []
        for text in texts:
            if not isinstance(text, str):
                raise ValueError(f"texts should be texts, got {expect.shown(text)}")
            ids, held = self._sure(held + text, specials)
            yield from ids
        for part, special in parts(held, specials):
            yield from [self._ids_of_specials[part]] if special else self._joined(split(part, self.pattern))

    def _sure(self, text: str, specials: Sequence[str]) -> tuple[list[int], str]:
        """The ids of which a text is sure, whatever comes after it, and the rest of the text."""
        begun = [n for special in specials for n in range(1, len(special)) if text.endswith(special[:n])]
        cut, sure, end, ids = len(text) - max(begun, default=0), 0, 0, []
        for part, special in parts(text, specials):
            end += len(part)
            if special and end <= cut:
                ids += [*self._joined(split(text[sure : end - len(part)], self.pattern)), self._ids_of_specials[part]]
                sure = end
            elif special:
                cut = min(cut, end - len(part))
        waiting = split(text[sure:cut], self.pattern)[:-3]
        ids += self._joined(waiting)
        return ids, text[sure + len(b"".join(waiting).decode("utf-8")) :]

    def _joined(self, pieces: Iterable[bytes]) -> list[int]:
        """The ids of pre-tokens, one after another."""
        ids = []
        for piece in pieces:
            found = self._seen.get(piece)
            if found is None:
                found = self._merged([ID_OF_BYTE[b] for b in piece])
                found = [self.numbers[i] for i in found] if self.numbers else found
                if len(piece) <= _LONG and len(self._seen) < _REMEMBERED:
                    self._seen[piece] = found
            ids += found
        return ids

    def _merged(self, ids: list[int]) -> list[int]:
        """One pre-token with all its merges."""
        if len(ids) <= _LONG:
            return _merge_short(ids, self.ids)
        if self._ranks is None:
            self._ranks = Ranks(self.merges, len(BYTES))
        return merge_long(ids, self._ranks)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the ids stand for. ValueError for an id that is not in the vocabulary."""
        ids = expect.ids(ids)
        wrong = next((i for i in ids if i not in self._bytes), None)
        if wrong is not None:
            raise ValueError(f"expected ids from 0 to {max(self._bytes)}, got {wrong}")
        return b"".join([self._bytes[i] for i in ids])

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """The text that the ids stand for; bytes that are no UTF-8 become U+FFFD (errors="strict": an error)."""
        return self.decode_bytes(ids).decode("utf-8", errors)

    def save(self, path) -> Path:
        """Write the merges and the pattern as JSON, and return the file."""
        kept = {"type": "byte-pair encoding", "version": 1, "pattern": self.pattern, "merges": self.merges}
        kept |= {"specials": self.specials} if self.specials else {}
        kept |= {"numbers": self.numbers} if self.numbers else {}
        path = Path(path)
        path.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")
        return path

    @classmethod
    def load(cls, path) -> BytePairEncoding:
        """What `save` wrote. ValueError if the file holds something else."""
        try:
            kept = json.loads(Path(path).read_text(encoding="utf-8-sig"))
            if kept["type"] != "byte-pair encoding" or kept["version"] != 1:
                raise ValueError(f"it holds {kept['type']!r}, version {kept['version']!r}")
            more = {"specials": kept.get("specials", ()), "numbers": kept.get("numbers")}
            return cls([(a, b) for a, b in kept["merges"]], kept["pattern"], **more)
        except (KeyError, TypeError, ValueError, OSError) as problem:
            raise ValueError(f"expected a file with a byte-pair encoding, got {path}: {problem}") from None

    def __repr__(self) -> str:
        return f"BytePairEncoding({self.vocabulary_size} tokens)"


def _letter(i: int) -> str:
    """The letter that stands for the byte BYTES[i] in GPT-2's files: its own where it can be seen."""
    return chr(BYTES[i][0]) if i < len(_PRINTABLE) else chr(256 + i - len(_PRINTABLE))


def _merge_short(ids, new_ids):
    """Merge the pair learned earliest, the leftmost of equals, until none is left: quickest where there are few ids."""
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
