"""The explorer of positions without a browser: PyTorch's sinusoids and rotations; what distance alone decides."""

import re

import numpy as np
import pytest
import torch

from seqlib.display.explorers.positions import PositionExplorer
from seqlib.models.attention import rotary, sinusoidal_positions


def words(explorer):
    return (torch.tensor(word[: explorer.width]) for word in explorer.words)


def test_sinusoids_are_the_courses():
    table = sinusoidal_positions(257, 24).double()
    alone = PositionExplorer("sinusoids alone", width=24)
    assert alone.waves(np.arange(257)) == pytest.approx(table.numpy(), abs=1e-4)
    for place in (64, 100, 256):
        back = place - np.arange(65)
        assert alone.scores(place) == pytest.approx((table[back] @ table[place] / 12).numpy(), abs=1e-4)
        added = PositionExplorer("sinusoids added", same=False, width=24)
        q, k = words(added)
        expected = (k + table[back]) @ (q + table[place]) / 24**0.5
        assert added.scores(place) == pytest.approx(expected.numpy(), abs=1e-4)


@pytest.mark.parametrize("base", [10.0, 10_000.0, 1e6])
def test_rotary_is_the_courses(base):
    explorer = PositionExplorer("rotary", same=False, width=20, base=base)
    q, k = words(explorer)
    back = 90 - torch.arange(65)
    turned = rotary(k.expand(65, -1), back, base) @ rotary(q[None], torch.tensor([90]), base)[0]
    assert explorer.scores(90) == pytest.approx((turned / 20**0.5).numpy(), abs=1e-9)


@pytest.mark.parametrize("same", [True, False])
def test_only_added_sinusoids_depend_on_the_place(same):
    apart = {}
    for way in ("sinusoids alone", "sinusoids added", "rotary"):
        low, high = PositionExplorer(way, same=same).spread()
        apart[way] = np.abs(high - low).max()
    assert apart["sinusoids alone"] < 1e-9 and apart["rotary"] < 1e-9 and apart["sinusoids added"] > 0.1


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = PositionExplorer()._repr_html_()
    assert page == PositionExplorer()._repr_html_() and len(page) < 90_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert '<img alt="Explorer: rotary' in re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)


def test_what_the_sliders_cannot_reach_is_named_and_the_text_says_what_the_picture_shows():
    for wrong in ({"way": "learned"}, {"width": 7}, {"width": 66}, {"base": 2.0}):
        with pytest.raises(ValueError, match="expected one of"):
            PositionExplorer(**wrong)
    assert "the same from every place" in repr(PositionExplorer())
    assert "differ by up to" in repr(PositionExplorer("sinusoids added"))
    assert "Score 1.00 at distance 0" in repr(PositionExplorer("sinusoids alone"))
