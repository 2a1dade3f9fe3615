"""Special tokens, texts read one after another, public vocabularies, pieces without a break: against `tokenizers`."""

import random
import tracemalloc

import numpy as np
import pytest
import torch
from tokenizers import ByteLevelBPETokenizer

from seqlib.data import stdlib_text
from seqlib.data.bpe import BytePairEncoding, learn_merges
from seqlib.data.windows import text_sampler

END, PAD = "<|endoftext|>", "<|pad|>"
TEXT = f"the cat sat on the mat.{END}The dog's bark, isn't it?\n\n\n  {END}{PAD} ça va, naïve 日本語 🙂 {END}"


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """A tokeniser by another library, and its two files as GPT-2's are published."""
    theirs = ByteLevelBPETokenizer()
    theirs.train_from_iterator([stdlib_text(120_000), TEXT], 700, special_tokens=[PAD, END], show_progress=False)
    folder = tmp_path_factory.mktemp("public")
    theirs.save_model(str(folder))
    return theirs, BytePairEncoding.from_files(folder / "vocab.json", folder / "merges.txt")


def test_a_public_vocabulary_has_its_own_numbers(public):
    theirs, ours = public
    assert ours.vocabulary_size == theirs.get_vocab_size() == 700 and ours.specials == [PAD, END]
    assert [ours.encode(special) for special in (PAD, END)] == [[0], [1]]
    for text in (TEXT, stdlib_text(5_000), "🙂" * 90, "x" * 1000, ""):
        ids = ours.encode(text)
        assert ids == theirs.encode(text).ids and ours.decode(ids) == text


def test_a_public_vocabulary_is_saved_with_its_numbers(public, tmp_path):
    again = BytePairEncoding.load(public[1].save(tmp_path / "public.json"))
    assert again.encode(TEXT) == public[1].encode(TEXT) and again.specials == [PAD, END]


def test_specials_are_one_token_and_never_learned_across():
    coder = BytePairEncoding.train(("ab" + END) * 50, 260, specials=[END])
    assert coder.vocabulary_size <= 260 and coder.encode(END) == [coder.vocabulary_size - 1]
    assert not any(b"<" in token or b"|" in token for token in coder.tokens[256:-1])
    assert coder.decode(coder.encode(TEXT)) == TEXT and coder.encode(TEXT).count(coder.vocabulary_size - 1) == 3
    plain = coder.encode(END, specials=False)
    assert len(plain) > 1 and coder.decode(plain) == END


def test_of_two_specials_the_longer_is_read():
    coder = BytePairEncoding(specials=["<a>", "<a><a>"])
    assert coder.encode("<a><a><a>") == [257, 256] and coder.decode([257, 256]) == "<a><a><a>"


@pytest.mark.parametrize("seed", range(30))
def test_texts_one_after_another_are_the_whole(public, seed):
    theirs, ours = public
    rng, text = random.Random(seed), TEXT * 2 + stdlib_text(2_000)
    cuts = sorted(rng.sample(range(len(text)), rng.choice([1, 5, 60, 700])))
    texts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert list(ours.encode_iterable(texts)) == ours.encode(text)
    assert list(ours.encode_iterable(iter(text))) == ours.encode(text)


def test_an_iterable_is_read_as_it_is_asked_for(public):
    read = []
    lines = (read.append(k) or "one line of many\n" for k in range(1_000_000))
    ids = public[1].encode_iterable(lines)
    for _ in range(50):
        next(ids)
    assert len(read) < 50


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: BytePairEncoding(specials="<a>"), "specials should be a list"),
        (lambda: BytePairEncoding(specials=[""]), "none empty"),
        (lambda: BytePairEncoding(specials=["a", "a"]), "each once"),
        (lambda: BytePairEncoding(numbers=[1, 2]), "256 different ids"),
        (lambda: BytePairEncoding(numbers=[0] * 256), "256 different ids"),
        (lambda: BytePairEncoding.from_vocabulary({0: b"a"}, []), "each token once"),
        (lambda: BytePairEncoding.from_vocabulary({}, [(b"ab", b"c")]), "made before"),
        (lambda: BytePairEncoding.from_files("/nowhere/a", "/nowhere/b"), "a vocabulary and its merges"),
        (lambda: list(BytePairEncoding().encode_iterable([b"a"])), "texts should be texts"),
        (lambda: BytePairEncoding.train("a", 256, specials=[END]), "at least 257"),
    ],
)
def test_what_cannot_be_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("letters", ["ab", "a", "abcdefgh"])
@pytest.mark.parametrize("length", [66, 300, 2_000])
def test_long_pieces_are_learned_from_and_merged_as_short_ones_are(letters, length, monkeypatch):
    text = "".join(random.Random(length).choices(letters, k=length))
    words = {text.encode(): 2, b"abab": 3, b"aaaa": 1}
    long = learn_merges(words, 50)
    ids = BytePairEncoding(long).encode(text)
    monkeypatch.setattr("seqlib.data.bpe._LONG", 10**9)
    assert learn_merges(words, 50) == long and BytePairEncoding(long).encode(text) == ids


@pytest.mark.slow
def test_random_letters_without_a_break_come_to_an_end():
    text = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=1_000_000))
    coder = BytePairEncoding.train(text, 600)
    assert coder.vocabulary_size == 600 and coder.decode(coder.encode(text)) == text


def test_a_text_on_the_disk_stays_there(tmp_path):
    ids = np.memmap(tmp_path / "ids.bin", dtype=np.uint16, mode="w+", shape=20_000_000)
    ids[:] = np.arange(len(ids)) % 60_000
    tracemalloc.start()
    x, y = text_sampler(ids, 64, 8)(0)
    assert x.dtype == torch.int64
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 2_000_000 and (y[:, :-1] == x[:, 1:]).all()
