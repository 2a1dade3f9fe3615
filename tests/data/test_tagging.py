"""The tagging grammar keeps its promises; CoNLL-U is read right; the counting baselines count."""

import os
from collections import Counter

import numpy as np
import pytest

from seqlib.data import DataUnavailable, available
from seqlib.data import tagging as t

TEXT = """# sent_id = 1
1-2\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
1\tca\tcan\tAUX\tMD\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

# sent_id = 2
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
"""


def drawn(n=800, seed=0, **options):
    return t.tagging_grammar(np.random.default_rng(seed), n, **options)


def test_sentences_and_tags_belong_together_and_nothing_comes_twice():
    sentences, tags = drawn()
    assert len(sentences) == len(tags) == 800 == len({tuple(s) for s in sentences})
    assert all(len(s) == len(g) and s[-1] == "." for s, g in zip(sentences, tags, strict=True))
    assert {tag for each in tags for tag in each} == set(t.TAGS)
    assert drawn(50) == drawn(50) != drawn(50, seed=1)


def test_the_test_set_shares_nothing_with_the_training_set():
    train, _ = drawn()
    test, _ = drawn(400, exclude=train)
    assert not {tuple(s) for s in train} & {tuple(s) for s in test}
    assert drawn(0) == ([], [])
    with pytest.raises(ValueError, match="at least 0"):
        drawn(-1)


def test_the_word_alone_cannot_tell_which_of_its_tags_it_has():
    sentences, tags = drawn(3000)
    counts = {word: Counter() for word in t.ambiguous_words(sentences, tags)}
    assert {"old", "man", "sheep", "that", "floated", "fast"} <= set(counts)
    for sentence, names in zip(sentences, tags, strict=True):
        for word, name in zip(sentence, names, strict=True):
            if word in counts:
                counts[word][name] += 1
    two = [each.most_common(1)[0][1] / each.total() for word, each in counts.items() if word != "that"]
    assert max(two) < 0.65 and len(counts["that"]) == 3


def test_the_deciding_word_comes_later():
    """The same beginning with two readings: what tells them apart is not there yet."""
    sentences, tags = drawn(3000)
    readings: dict[tuple, set] = {}
    for sentence, names in zip(sentences, tags, strict=True):
        if sentence[0] == "the" and sentence[1] in t.PEOPLE:
            readings.setdefault(tuple(sentence[:3]), set()).add(names[2])
    assert all(each == {"NOUN.SG", "VERB.PL"} for each in readings.values()) and len(readings) == 36


def test_number_agrees_across_clauses():
    for sentence, names in zip(*drawn(2000), strict=True):
        for k, word in enumerate(sentence[:-2]):
            if sentence[k + 1] in ("was", "were"):
                before = [name for w, name in zip(sentence[:k], names[:k], strict=True) if w in t.INVARIANT]
                assert before[-1] == ("NOUN.SG" if word == "it" else "NOUN.PL")


def test_agreement_sentences_agree():
    numbers = set()
    for tokens, subject, verb in t.agreement_sentences(np.random.default_rng(0), 300):
        plural = tokens[subject] in t.PLURAL_NOUNS
        assert tokens[subject] in t.PLURAL_NOUNS + t.SINGULAR_NOUNS
        assert tokens[verb] in (t.PLURAL_VERBS if plural else t.SINGULAR_VERBS)
        assert tokens[subject + 1] == "that" and tokens[-1] == "."
        numbers.add((plural, tokens[subject + 3] in t.PLURAL_NOUNS))
    assert len(numbers) == 4


def test_blanks_hide_the_word_and_offer_both_numbers():
    items = t.agreement_sentences(np.random.default_rng(0), 50)
    for verb in (False, True):
        for hidden, place, yes, no, item in zip(*t.agreement_blanks(items, verb), items, strict=True):
            assert hidden[place] == "[MASK]" and place == item[1 + verb]
            assert item[0][place] in yes and not set(yes) & set(no)
            assert [*hidden[:place], item[0][place], *hidden[place + 1 :]] == item[0]


def test_conllu_is_read_without_contractions_and_empty_words():
    assert t.read_conllu(TEXT) == ([["ca", "n't"], ["Go"]], [["AUX", "PART"], ["VERB"]])


def test_most_frequent_tags_and_suffixes():
    sentences = [["a", "walking", "dog"], ["walking", "helps"], ["walking", "a", "dog"], ["a", "sweetly", "cat"]]
    tags = [["DET", "ADJ", "NOUN"], ["VERB", "VERB"], ["VERB", "DET", "NOUN"], ["DET", "ADV", "NOUN"]]
    assert t.most_frequent_tags(sentences, tags, [["a", "walking", "softly"]]) == [["DET", "VERB", "DET"]]
    assert t.most_frequent_tags(sentences, tags, [["softly", "zzz"]], suffix=3) == [["ADV", "DET"]]


def test_part_is_checked():
    with pytest.raises(ValueError, match="train, dev or test"):
        t.ud_ewt("valid")


def test_without_a_network_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path))
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:9/")
    with pytest.raises(DataUnavailable):
        t.ud_ewt("dev")


@pytest.mark.skipif(not available("ud_ewt/en_ewt-ud-train.conllu"), reason="UD EWT is not here")
def test_the_published_sizes_and_the_bars():
    (train, tags), (test, right) = t.ud_ewt("train"), t.ud_ewt("test")
    assert (len(train), len(test), sum(map(len, test))) == (12544, 2077, 25094)
    assert {name for each in tags for name in each} <= set(t.UPOS)

    def score(suffix):
        said = t.most_frequent_tags(train, tags, test, suffix=suffix)
        return np.mean([a == b for x, y in zip(said, right, strict=True) for a, b in zip(x, y, strict=True)])

    assert abs(score(0) - 0.862) < 0.001 and abs(score(5) - 0.889) < 0.002


def test_importing_it_is_light():
    import subprocess
    import sys

    code = "import sys, seqlib.data.tagging, seqlib.data.sentiment; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert found.stdout.strip() == "False", found.stderr
