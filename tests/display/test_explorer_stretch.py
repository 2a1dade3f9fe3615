"""The stretch explorer outside the browser: its numbers by powers of a matrix, self-contained HTML, errors."""

import re

import numpy as np
import pytest

from seqlib.display.explorers.stretch import PRESETS, StretchExplorer


@pytest.mark.parametrize("name", PRESETS)
def test_the_track_is_the_matrix_to_a_power(name):
    explorer = StretchExplorer(PRESETS[name], degrees=35)
    track = explorer.track()
    for k in (0, 1, 7, 20):
        np.testing.assert_allclose(track[k], track[0] @ np.linalg.matrix_power(np.array(PRESETS[name]), k), rtol=1e-9)


def test_an_eigenvector_is_only_stretched():
    W = np.array(PRESETS["stretches one way, shrinks the other"])
    values, vectors = np.linalg.eigh(W)
    angle = np.degrees(np.arctan2(*vectors[::-1, 1]))
    lengths = np.linalg.norm(StretchExplorer(W, degrees=angle).track(), axis=1)
    np.testing.assert_allclose(lengths, values[1] ** np.arange(21), rtol=1e-9)


def test_presets_are_what_their_names_say():
    first, second = StretchExplorer().eigenvalues()
    assert first > 1 > second > 0
    assert abs(StretchExplorer(PRESETS["turns"]).eigenvalues()[0].imag) > 0.1
    assert np.abs(StretchExplorer(PRESETS["forgets"]).eigenvalues()).max() < 1
    assert abs(np.linalg.det(np.array(PRESETS["flattens"]))) < 1e-12
    grows = StretchExplorer(PRESETS["grows first, then shrinks"], degrees=0)
    lengths = np.linalg.norm(grows.track(), axis=1)
    assert lengths.max() > 1.5 and lengths[-1] < 0.5


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = StretchExplorer()._repr_html_()
    assert page == StretchExplorer()._repr_html_() and len(page) < 60_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page


def test_wrong_choices_are_named_and_the_text_says_what_the_picture_shows():
    for wrong in ({"matrix": [[1, 2, 3]]}, {"matrix": [[9, 0], [0, 1]]}, {"times": 99}):
        with pytest.raises(ValueError, match="expected"):
            StretchExplorer(**wrong)
    assert "after 4 products" in repr(StretchExplorer())
    assert "every direction turns" in repr(StretchExplorer(PRESETS["turns"]))
