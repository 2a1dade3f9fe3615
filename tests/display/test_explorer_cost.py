"""The explorer of the crossing outside the browser, and the drawings beside it."""

import re

import numpy as np
import pytest

from seqlib.display import drawn_cost
from seqlib.display.explorers.cost import LENGTHS, MACHINES, CostExplorer, seconds


def test_one_curve_is_a_line_and_the_other_bends_to_a_square():
    found = seconds(MACHINES["one core"], 128, 1)
    slopes = {name: np.diff(np.log(s)) / np.diff(np.log(LENGTHS)) for name, s in found.items()}
    assert slopes["LSTM"] == pytest.approx(1)
    assert slopes["fused attention"][-1] > 1.9 and slopes["fused attention"][0] < 1


def test_a_slower_start_moves_the_crossing_to_longer_sequences():
    at = [CostExplorer(128, 1, machine).crossing() for machine in ("one core", "GPU")]
    assert at[1] > at[0]


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = CostExplorer()._repr_html_()
    assert page == CostExplorer()._repr_html_() and len(page) < 60_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page


def test_wrong_choices_are_named_and_the_text_says_what_the_picture_shows():
    for wrong in ({"machine": "abacus"}, {"width": 2}, {"batch": 0}):
        with pytest.raises(ValueError, match="expected"):
            CostExplorer(**wrong)
    assert "at width 128 and batch 1" in repr(CostExplorer())


def test_drawings_are_pictures_of_their_own():
    for sheet in (drawn_cost.chain_and_table(4), drawn_cost.state_and_cache(3), drawn_cost.cut_up(8)):
        assert sheet.svg().startswith("<svg") and sheet.svg() == sheet.svg()
    assert "3.75 bytes" in drawn_cost.cut_up(8).svg()  # stage 2: 2 + 14 / 8
