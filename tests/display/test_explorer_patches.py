"""The explorer of patches outside the browser, and the drawing of the model: self-contained, said in words, refusing
what does not fit."""

import base64
import re

import numpy as np
import pytest
from standing_alone import OUTSIDE

from seqlib.display.drawn_vit import draw_vit, vit_drawing
from seqlib.display.explorers.patches import PatchExplorer

RNG = np.random.default_rng(0)
PICTURES = RNG.random((2, 6, 6))
WEIGHTS = [RNG.dirichlet(np.ones(10), (2, heads, 10)) for heads in (2, 3)]


def explorer():
    return PatchExplorer(PICTURES, WEIGHTS, ["a <b>", "another"])


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = explorer()._repr_html_()
    assert page == explorer()._repr_html_() and len(page) < 60_000
    assert not OUTSIDE.search(page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page and "<b>" not in re.sub(r"<script>.*", "", page, flags=re.S)


def test_the_sentence_says_what_the_picture_shows():
    seen = WEIGHTS[-1][0, :, 0, 1:].mean(axis=0)
    row, column = divmod(int(seen.argmax()), 3)
    assert f"row {row + 1}, column {column + 1}, with {seen.max():.2f}" in repr(explorer())


@pytest.mark.parametrize(
    "wrong",
    [
        (PICTURES, WEIGHTS, ["one name"]),
        (PICTURES[:, :5], WEIGHTS, ["a", "b"]),
        (PICTURES, [WEIGHTS[0][:, :, :9, :9]], ["a", "b"]),
        (PICTURES, [WEIGHTS[0], WEIGHTS[1][:1]], ["a", "b"]),
        (PICTURES, [], ["a", "b"]),
    ],
)
def test_what_does_not_fit_is_told(wrong):
    with pytest.raises(ValueError, match="expected"):
        PatchExplorer(*wrong)


def test_the_drawing_shows_every_pixel_and_a_token_for_each_patch(capsys):
    html, alt = vit_drawing(PICTURES[0], size=2, layers=3)
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()
    assert "cut into 9 patches of 2 by 2" in alt and alt in html and "block 3" in svg
    assert svg.count('fill="rgb(') == 2 * PICTURES[0].size and '<rect width="100%" height="100%" fill="#fff"/>' in svg
    draw_vit(PICTURES[0])
    assert "three stages" in capsys.readouterr().out
    for wrong in (PICTURES[0][:4], np.zeros((5, 5))):
        with pytest.raises(ValueError, match="expected a square picture"):
            vit_drawing(wrong)
