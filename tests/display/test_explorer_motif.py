"""The motif explorer stands alone, says what it shows, and refuses what is no DNA."""

import re

import numpy as np
import pytest

from seqlib.display.explorers.motif import MotifExplorer

TABLE = np.array([[0.0, 0.0, 1.0, -0.5], [2.0, 0.0, 0.0, 0.0], [0.0, 1.5, 0.0, 0.0]])


def test_scores_are_sums_of_the_letters_under_the_window():
    explorer = MotifExplorer({"GAC": TABLE}, "TTGACT")
    assert np.allclose(explorer.scores(), [-0.5, -0.5, 4.5, 0.0])
    assert "at letter 3, over GAC" in repr(explorer)


def test_it_stands_alone():
    page = MotifExplorer({"GAC": TABLE}, "ttgact")._repr_html_()
    assert page == MotifExplorer({"GAC": TABLE}, "TTGACT")._repr_html_() and len(page) < 60_000
    assert not re.search(r"https?:(?!//www\.w3\.org)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == 1 and "data-lm-suppress-shortcuts" in page


@pytest.mark.parametrize("filters, text", [({}, "ACGT"), ({"x": TABLE}, "ACXT"), ({"x": TABLE}, "AC")])
def test_what_is_no_dna_is_refused(filters, text):
    with pytest.raises(ValueError, match="expected"):
        MotifExplorer(filters, text)
