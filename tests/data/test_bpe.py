"""Byte-pair encoding: the merges and encodings of a well-kept tokeniser, exact round trips, speed, and its file."""

import json
import random
import sys
import time
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest

from seqlib.data import stdlib_text
from seqlib.data.bpe import BYTES, GPT2_PATTERN, ID_OF_BYTE, BytePairEncoding, learn_merges, merge_with_changes, split

WORLD = (
    "All people are born free, 1234 times! Don't you'll they've  two spaces\n\n\tand   tabs \n"
    "Größe Straße naïve café señor ŁódŹ Ελληνικά Привет, мир! שלום عالم "
    "नमस्ते दुनिया สวัสดีชาวโลก 你好,世界 日本語のテキスト 한국어 "
    "👩‍🚀👨‍👩‍👧‍👦 🏳️‍🌈 ½ ² Ⅷ ١٢٣ a\u0301 \u200d x_y __init__ \u00a0\u3000 end  "
)


def theirs(text, size, least=2):
    """The tokeniser of `tokenizers` trained on the same text, and its merges as pairs of ids."""
    library = pytest.importorskip("tokenizers")
    made = library.Tokenizer(library.models.BPE())
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = library.pre_tokenizers.ByteLevel.alphabet()
    options = {"vocab_size": size, "min_frequency": least, "show_progress": False, "initial_alphabet": alphabet}
    made.train_from_iterator([text], library.trainers.BpeTrainer(**options))
    model = json.loads(made.to_str())["model"]
    return made, [(model["vocab"][a], model["vocab"][b]) for a, b in model["merges"]]


@pytest.fixture(scope="module")
def python():
    text = stdlib_text(1_000_000)
    return text, BytePairEncoding.train(text, 4000)


# -- beside a well-kept tokeniser ------------------------------------------------------------------------------------


def test_the_same_merges_in_the_same_order_on_a_megabyte(python):
    text, ours = python
    other, merges = theirs(text, 4000)
    assert ours.merges == merges
    assert ours.encode(text) == other.encode(text).ids
    assert ours.encode(WORLD) == other.encode(WORLD).ids


def test_the_same_on_many_scripts():
    text = WORLD * 3 + WORLD[::-1]
    ours, (other, merges) = BytePairEncoding.train(text, 700), theirs(text, 700)
    assert ours.merges == merges and len(merges) > 100
    assert ours.encode(WORLD + "new ภาษา words") == other.encode(WORLD + "new ภาษา words").ids


@pytest.mark.parametrize("alphabet", ["ab", "abc", "a ", "aé", "ab c"])
def test_the_same_where_ties_and_overlaps_abound(alphabet):
    for seed in range(12):
        draw = random.Random(seed)
        text = "".join(draw.choice(alphabet) for _ in range(draw.choice([30, 300, 2000])))
        ours, (other, merges) = BytePairEncoding.train(text, 400, least=1 + seed % 2), theirs(text, 400, 1 + seed % 2)
        assert ours.merges == merges, (alphabet, seed)
        assert ours.encode(text) == other.encode(text).ids


def test_pieces_are_those_of_the_tokeniser():
    library = pytest.importorskip("tokenizers")
    cut = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    draw = random.Random(1)
    letters = [c for c in map(chr, range(0x3000)) if unicodedata.category(c)[0] in "LNMPZS" or c in "\t\n\r"]
    for text in [WORLD, *("".join(draw.choices(letters + [" "] * 2000, k=200)) for _ in range(30))]:
        sizes = [end - start for _, (start, end) in cut.pre_tokenize_str(text)]
        assert [len(piece.decode()) for piece in split(text)] == sizes


def test_every_character_is_cut_as_the_tokeniser_cuts_it():
    """All code points that Unicode has given out, behind a letter, a digit and a sign.

    Left out are those that this Python's tables do not know yet: there two versions of Unicode may disagree.
    """
    library = pytest.importorskip("tokenizers")
    cut = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in ("Cn", "Cs")]
    assert len(known) > 280_000
    for start in range(0, len(known), 8192):
        text = "".join(f"a{c}1{c}!{c} \n" for c in known[start : start + 8192])
        sizes = [end - start for _, (start, end) in cut.pre_tokenize_str(text)]
        assert [len(piece.decode()) for piece in split(text)] == sizes, f"from U+{ord(known[start]):04X} on"


def test_a_pattern_of_ones_own_may_use_classes_and_white_space():
    assert split("a\x1cb ½²x_1", r"[\p{L}\s]+|\p{N}+|.") == [b"a", b"\x1c", b"b ", "½²".encode(), b"x", b"_", b"1"]


# -- slow and plain, as a witness ------------------------------------------------------------------------------------


def naive(words, number, least=1):
    """Count everything anew for each merge."""
    pieces, merges = [([ID_OF_BYTE[b] for b in w], n) for w, n in words.items()], []
    for new in range(256, 256 + number):
        counts = Counter()
        for ids, n in pieces:
            for pair in pairwise(ids):
                counts[pair] += n
        if not counts or max(counts.values()) < least:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        pieces = [(merge_with_changes(ids, best, new)[0], n) for ids, n in pieces]
    return merges


def test_kept_counts_give_what_counting_anew_gives():
    for seed in range(20):
        draw = random.Random(seed)
        words = Counter(bytes(draw.choices(b"abcd", k=draw.randint(1, 12))) for _ in range(60))
        for least in (1, 3):
            assert learn_merges(words, 50, least) == naive(words, 50, least), seed


def test_changes_are_the_difference_of_the_counts():
    for seed in range(200):
        draw = random.Random(seed)
        ids = draw.choices([1, 2, 3], k=draw.randint(0, 14))
        pair = draw.choice([(1, 2), (1, 1), (3, 2)])
        merged, changes = merge_with_changes(ids, pair, 9)
        net = Counter(pairwise(ids))
        for changed, by in changes:
            net[changed] += by
        net[pair] = 0
        assert +net == Counter(pairwise(merged)) and merged == _replaced(ids, pair)


def _replaced(ids, pair):
    text = "".join(map(chr, ids)).replace("".join(map(chr, pair)), chr(9))
    return [ord(c) for c in text]


def test_long_pieces_are_merged_as_short_ones(python):
    _, bpe = python
    whole = BytePairEncoding(bpe.merges, pattern=None)
    text = WORLD * 2
    ids = [ID_OF_BYTE[b] for b in text.encode()]
    for pair, new in sorted(whole.ids.items(), key=lambda item: item[1]):  # each in turn: the definition
        if pair[0] in ids:
            ids, _ = merge_with_changes(ids, pair, new)
    assert whole.encode(text) == ids


# -- round trips -----------------------------------------------------------------------------------------------------


def test_any_bytes_come_back(python):
    _, bpe = python
    draw = random.Random(0)
    odd = [b"", b"\xff\xfe", "€".encode()[:2], "😀".encode()[1:], b"\xed\xa0\x80", b"\x00", bytes(range(256)) * 3]
    for data in odd + [draw.randbytes(draw.randint(0, 600)) for _ in range(300)]:
        assert bpe.decode_bytes(bpe.encode(data)) == data
        assert bpe.decode(bpe.encode(data)) == data.decode("utf-8", "replace")


def test_any_unicode_comes_back(python):
    _, bpe = python
    draw = random.Random(1)
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for text in [WORLD, "", " ", "\r\n", *("".join(map(chr, draw.choices(points, k=80))) for _ in range(200))]:
        assert bpe.decode(bpe.encode(text)) == text
        assert b"".join(split(text)) == text.encode()


@pytest.mark.parametrize("pattern", [None, r"[^\n]*\n|[^\n]+", r" ?\p{L}+|\p{N}|\s+|.", r"\p{L}+"])
def test_other_patterns_lose_nothing(pattern):
    bpe = BytePairEncoding.train(WORLD * 2, 400, pattern=pattern)
    for text in (WORLD, "1234 abc", ""):
        assert bpe.decode(bpe.encode(text)) == text


def test_a_lone_surrogate_is_refused_and_ids_must_exist(python):
    _, bpe = python
    with pytest.raises(ValueError, match="surrogate"):
        bpe.encode("a\ud800")
    for wrong in (-1, bpe.vocabulary_size):
        with pytest.raises(ValueError, match="expected ids"):
            bpe.decode([0, wrong])


# -- sizes, speed, file ----------------------------------------------------------------------------------------------


def test_smaller_vocabularies_are_prefixes(python):
    text, bpe = python
    part = text[:100_000]
    assert BytePairEncoding.train(part, 600).merges == BytePairEncoding.train(part, 900).merges[:344]
    assert bpe.first(600).merges == bpe.merges[:344]
    assert bpe.first(256).encode("é") == [ID_OF_BYTE[b] for b in "é".encode()]


def test_the_vocabulary_begins_with_the_bytes():
    empty = BytePairEncoding.train("", 1000)
    assert empty.vocabulary_size == 256 and empty.tokens == list(BYTES)
    assert sorted(BYTES) == [bytes([b]) for b in range(256)]
    assert BYTES[0] == b"!" and empty.encode("") == [] and empty.decode([]) == ""
    with pytest.raises(ValueError, match="at least 256"):
        BytePairEncoding.train("abc", 255)
    with pytest.raises(ValueError, match="below 256"):
        BytePairEncoding([(0, 256)])


def test_a_megabyte_in_seconds(python):
    text, _ = python
    began = time.process_time()
    bpe = BytePairEncoding.train(text, 4000)
    trained = time.process_time()
    ids = bpe.encode(text)
    assert trained - began < 10 and time.process_time() - trained < 5, "processor seconds, with room for a slow one"
    assert len(text) / len(ids) > 2.5


def test_a_long_word_is_no_trap(python):
    _, bpe = python
    began = time.process_time()
    for text in ("a" * 200_000, "".join(random.Random(0).choices("etaoinshrd", k=100_000))):
        assert bpe.decode(bpe.encode(text)) == text
    assert time.process_time() - began < 10


def test_saved_and_loaded_it_is_the_same(python, tmp_path):
    _, bpe = python
    again = BytePairEncoding.load(bpe.save(tmp_path / "bpe.json"))
    assert (again.merges, again.pattern) == (bpe.merges, GPT2_PATTERN) and again.encode(WORLD) == bpe.encode(WORLD)
    for wrong in ("[]", "{}", "no json", '{"type": "other", "version": 1}'):
        (tmp_path / "wrong.json").write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match="wrong.json"):
            BytePairEncoding.load(tmp_path / "wrong.json")
