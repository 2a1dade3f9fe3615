"""Numbers in words: against num2words itself, and alignments that can be known without the code."""

import numpy as np
import pytest
from num2words import num2words

from seqlib.data.number_words import COMMA, MORPHS, Pair, count_numbers, number_pair, number_pairs, spell

SOME = [*range(130), 171, 199, 200, 580, 999, 1000, 1001, 1100, 21_021, 80_000, 101_101, 200_080, 999_999]
SOME += np.random.default_rng(0).integers(0, 1_000_000, 200).tolist()


@pytest.mark.parametrize("number", SOME)
def test_the_morphs_joined_are_the_words(number):
    assert "".join(spell(number, "de")) == num2words(number, lang="de")
    for language in ("en", "fr"):
        letters = "".join(c for c in num2words(number, lang=language) if c not in " -,")
        assert "".join(spell(number, language)) == letters
    for language, morphs in MORPHS.items():
        assert set(spell(number, language)) <= set(morphs)


def test_the_morphs_of_german_are_27_and_none_comes_twice():
    assert len(MORPHS["de"]) == 27
    assert all(len(set(morphs)) == len(morphs) for morphs in MORPHS.values())
    assert set(MORPHS["de"]) == {m for n in range(2001) for m in spell(n, "de")}


def test_units_come_before_tens_in_german():
    assert spell(42, "de") == ["zwei", "und", "vierzig"] and spell(42) == ["forty", "two"]


def linked(numbers, language):
    pair = number_pair(numbers, language)
    return [(pair.source[s], pair.target[t]) for s, t in pair.links]


@pytest.mark.parametrize(
    "numbers, language, expected",
    [
        ([42], "de", "two-zwei forty-vierzig"),
        ([42], "fr", "forty-quarante two-deux"),
        ([13, 0], "de", "thirteen-drei thirteen-zehn ,-, zero-null"),
        ([16], "de", "sixteen-sechzehn"),
        ([1100], "fr", "one-mille thousand-mille one-cent hundred-cent"),
        ([91], "fr", "ninety-quatre ninety-vingt ninety-onze one-onze"),
        ([71], "fr", "seventy-soixante seventy-onze one-onze"),
        ([17], "fr", "seventeen-dix seventeen-sept"),
        ([304], "fr", "three-trois hundred-cent four-quatre"),
        ([204_004], "de", "two-zwei hundred-hundert four-vier thousand-tausend four-vier"),
    ],
)
def test_the_gold_alignment(numbers, language, expected):
    assert " ".join(sorted("-".join(link) for link in linked(numbers, language))) == " ".join(sorted(expected.split()))


@pytest.mark.parametrize("language", ["de", "fr"])
def test_only_small_words_have_no_link(language):
    for pair in number_pairs(300, (1, 3), language=language, seed=1):
        sources, targets = ({link[side] for link in pair.links} for side in (0, 1))
        assert {w for i, w in enumerate(pair.source) if i not in sources} <= {"and"}
        assert {w for i, w in enumerate(pair.target) if i not in targets} <= {"und", "et"}


def test_pairs_are_as_asked_for_and_never_twice():
    train = number_pairs(400, (2, 4), below=100, seed=3)
    test = number_pairs(200, (2, 4), below=100, seed=4, exclude=train)
    assert {count_numbers(pair) for pair in train} == {2, 3, 4}
    assert len({pair.source for pair in train + test}) == 600
    assert train == number_pairs(400, (2, 4), below=100, seed=3) != number_pairs(400, (2, 4), below=100, seed=5)
    assert all(pair.target.count(COMMA) == pair.source.count(COMMA) for pair in train)


def test_what_cannot_be_is_said():
    with pytest.raises(ValueError, match="too few"):
        number_pairs(11, (1, 1), below=10)
    for wrong in ({"numbers": (3, 2)}, {"below": 2_000_000}, {"language": "en"}):
        with pytest.raises(ValueError, match="expected"):
            number_pairs(3, **wrong)
    with pytest.raises(ValueError, match="language"):
        spell(3, "it")
    with pytest.raises(ValueError, match="number"):
        spell(1_000_000)


def test_a_pair_unpacks_as_source_and_target():
    source, target = Pair(("one",), ("eins",), ((0, 0),))
    assert (source, target) == (("one",), ("eins",))
