"""Multi30k: the tokens, their way back to text, and the files where they are."""

import pytest

from seqlib.data import multi30k as module
from seqlib.data.multi30k import detokenize, multi30k, tokenize


def test_words_and_marks():
    assert tokenize("A man's T-shirt, (red).") == ["a", "man's", "t-shirt", ",", "(", "red", ")", "."]
    assert tokenize("Zwei Mädchen  über 3,5 m") == ["zwei", "mädchen", "über", "3", ",", "5", "m"]
    assert tokenize("") == []


@pytest.mark.parametrize("text", ["a man, a dog and a t-shirt.", "two girls (in red) are there!", "men at work: one."])
def test_there_and_back(text):
    assert detokenize(tokenize(text)) == text


def test_other_parts_and_languages_are_refused():
    for part, language in (("val", "de"), ("train", "xx")):
        with pytest.raises(ValueError, match="expected train"):
            module.lines(part, language)


@pytest.mark.skipif(not module.here(), reason="the files are not on this machine")
def test_the_parts_have_their_known_sizes():
    train, validation, test = (multi30k(part) for part in ("train", "validation", "test"))
    assert [len(p) for p in (train, validation, test)] == [29_000, 1_014, 1_000]
    assert train[0][0][:3] == ["zwei", "junge", "weiße"] and train[0][1][:2] == ["two", "young"]
    assert all(source and target for source, target in train)


@pytest.mark.skipif(not module.here(), reason="the files are not on this machine")
def test_scoring_the_detokenised_references_loses_little():
    """Tokens joined to text again are what sacreBLEU would have cut itself, save a few marks."""
    sacrebleu = pytest.importorskip("sacrebleu")
    raw = module.lines("test", "en")
    again = [detokenize(tokenize(line)) for line in raw]
    assert sacrebleu.corpus_bleu(again, [raw], lowercase=True).score > 99
