"""The lattice explorer without a browser: paths by brute force, HTML that stands alone, errors that say what came."""

import itertools
import re

import numpy as np
import pytest

from seqlib.display.explorers.lattice import LatticeExplorer


def collapse(path):
    return [k for k, _ in itertools.groupby(path) if k != "–"]


@pytest.mark.parametrize("heard, word", [("aa-b", "ab"), ("a-ab-", "aab"), ("bb", "bb"), ("-a", "a"), ("abc", "c")])
def test_the_sum_the_count_and_the_posterior_are_those_of_all_paths(heard, word):
    explorer = LatticeExplorer(heard, word, 0.6)
    symbols, p = explorer.p()
    paths = [q for q in itertools.product(range(len(symbols)), repeat=len(p))
             if collapse(symbols[k] for k in q) == list(word)]  # fmt: skip
    chances = [np.prod(p[range(len(p)), q]) for q in paths]
    shown = explorer.measured()
    assert shown["p"] == pytest.approx(sum(chances)) and shown["paths"] == len(paths)
    if paths:
        assert np.allclose(shown["posterior"].sum(axis=1), 1)
        blank = sum(c for q, c in zip(paths, chances, strict=True) if q[0] == 0) / sum(chances)
        assert shown["posterior"][0, 0::2].sum() == pytest.approx(blank)


def test_each_frame_is_a_distribution():
    assert np.allclose(LatticeExplorer("hhe-ll-lo--", "hello", 0.3).p()[1].sum(axis=1), 1)
    assert np.allclose(LatticeExplorer("----", "a", 0.3).p()[1].sum(axis=1), 1)


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = LatticeExplorer()._repr_html_()
    assert page == LatticeExplorer()._repr_html_() and len(page) < 90_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page


def test_wrong_choices_are_named_and_the_text_says_what_the_picture_shows():
    for wrong in ({"heard": ""}, {"word": "-"}, {"heard": "a" * 13}, {"word": "abcdefg"}, {"sure": 1.0}):
        with pytest.raises(ValueError, match="expected"):
            LatticeExplorer(**wrong)
    assert "p(“hello”)" in repr(LatticeExplorer()) and "paths" in repr(LatticeExplorer())
