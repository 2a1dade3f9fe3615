"""DNA and proteins: motifs stand where it is said, counts tell nothing by construction, files are read as published."""

import numpy as np
import pytest

from seqlib.data import DataUnavailable
from seqlib.data.genes import (
    ACIDS,
    DNA,
    TO_THE_LEFT,
    TO_THE_RIGHT,
    draw_sites,
    one_strand_or_the_other,
    planted_order,
    proteins,
    read_proteins,
    splice_junctions,
    vectors,
)


@pytest.mark.parametrize("pattern", [TO_THE_LEFT, TO_THE_RIGHT])
def test_sites_are_drawn_by_their_chances(pattern):
    sites = draw_sites(np.random.default_rng(0), pattern, 20_000)
    shares = np.stack([(sites == c).mean(axis=0) for c in range(4)], axis=1)
    assert np.allclose(pattern.sum(axis=1), 1) and np.abs(shares - pattern).max() < 0.015


def test_the_motifs_stand_where_it_is_said_in_the_order_of_the_class():
    letters, classes, starts = planted_order(np.random.default_rng(1), 4000, gap=(8, 24))
    assert letters.shape == (4000, 80) and set(np.unique(letters)) == {0, 1, 2, 3}
    assert ((starts[:, 0] < starts[:, 1]) == (classes == 1)).all() and 0.45 < classes.mean() < 0.55
    between = np.abs(starts[:, 0] - starts[:, 1]) - 8
    assert between.min() == 8 and between.max() == 24 and starts.min() == 0 and starts.max() == 72
    for which, pattern in enumerate((TO_THE_LEFT, TO_THE_RIGHT)):
        sites = letters[np.arange(4000)[:, None], starts[:, which, None] + np.arange(8)]
        shares = np.stack([(sites == c).mean(axis=0) for c in range(4)], axis=1)
        assert np.abs(shares - pattern).max() < 0.04
        for other in (0, 1):  # the distances say nothing of the class
            assert abs(between[classes == other].mean() - 16) < 0.5
    with pytest.raises(ValueError, match="at least 40"):
        planted_order(np.random.default_rng(0), 3, length=30)


def test_either_strand_and_single_letters_tell_nothing():
    letters, classes = one_strand_or_the_other(np.random.default_rng(2), 6000)
    shares = [np.stack([(letters[classes == k] == c).mean() for c in range(4)]) for k in (0, 1)]
    assert np.abs(shares[0] - shares[1]).max() < 0.01
    word = [DNA.index(c) for c in "TGACTAAG"]
    other = [3 - c for c in reversed(word)]

    def share(rows, text):
        windows = np.lib.stride_tricks.sliding_window_view(rows, 8, axis=1)
        return (windows == text).all(axis=2).any(axis=1).mean()

    ones, zeros = letters[classes == 1], letters[classes == 0]
    assert min(share(ones, word), share(ones, other)) > 10 * max(share(zeros, word), share(zeros, other), 1e-3)


def test_letters_as_vectors():
    assert vectors(["GAT"])[0].argmax(axis=1).tolist() == [2, 0, 3]
    assert np.allclose(vectors(["NRSD"])[0], [[0.25] * 4, [0.5, 0, 0.5, 0], [0, 0.5, 0.5, 0], [1 / 3, 0, 1 / 3, 1 / 3]])
    assert vectors(["WA"], ACIDS).shape == (1, 2, 20)
    with pytest.raises(ValueError, match="'X'"):
        vectors(["ACX"])


def test_proteins_end_in_any_of_the_published_ways():
    text = "<>\nA h\nC e\n<end>\n<>\nG _\nend\nW h\n<>\nY e\n\n"
    assert read_proteins(text) == (("AC", "G", "W", "Y"), ("he", "_", "h", "e"))


def test_the_real_files_are_what_their_cards_say():
    try:
        sequences, classes = splice_junctions()
        parts = {part: proteins(part) for part in ("train", "test")}
    except DataUnavailable as why:
        pytest.skip(str(why))
    assert len(sequences) == 3190 and np.bincount(classes).tolist() == [767, 768, 1655]
    assert {len(s) for s in sequences} == {60} and len(set(sequences)) == 3005
    after = [s[30:32] for s, k in zip(sequences, classes, strict=True) if k == 0]
    before = [s[28:30] for s, k in zip(sequences, classes, strict=True) if k == 1]
    assert after.count("GT") > 0.95 * len(after) and before.count("AG") > 0.95 * len(before), (
        "the middle is the junction"
    )
    assert {part: (len(a), sum(map(len, a))) for part, (a, _) in parts.items()} == {
        "train": (111, 18105),
        "test": (17, 3520),
    }
    folds = "".join(parts["test"][1])
    assert round(100 * folds.count("_") / len(folds), 1) == 54.6
    with pytest.raises(ValueError, match="train"):
        proteins("valid")
