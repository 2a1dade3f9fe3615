"""Drawings of models that attend: words, numbers, everything on the sheet, sizes that do not fit refused."""

import pytest
from display.test_cells import read, spots

from seqlib.display import attending

WORDS = ["the", "cat", "ate"]
DRAWN = {
    "one vector": attending.encoder_decoder(["forty", "-", "two"], ["zwei", "und", "vierzig", "END"]),
    "looking back": attending.encoder_decoder(["forty", "-", "two"], ["zwei", "und"], [0.9, 0.02, 0.08]),
    "look-up": attending.look_up(
        WORDS, [[1, 0], [0, 1], [1, 1]], [[2, 0], [0, 3], [-1, 1]], [2, 0], [2, 0, 2], [0.47, 0.06, 0.47], [0.5, 0.6]
    ),
    "block": attending.block(),
    "decoder": attending.block(("masked self-attention", "cross-attention")),
    "post-norm": attending.block(before=False),
    "cache": attending.cache(5, 3),
}


@pytest.mark.parametrize("name", DRAWN)
def test_everything_lies_on_the_sheet(name):
    sheet = DRAWN[name]
    for value, axis in spots(sheet.svg()):
        assert 0 <= value <= (sheet.width if axis == "x" else sheet.height), (name, axis, value)


def test_what_passes_between_encoder_and_decoder():
    assert "c" in read(DRAWN["one vector"].svg()) and "α" not in read(DRAWN["one vector"].svg())
    said = read(DRAWN["looking back"].svg())
    assert "α = 0.90" in said and "α = 0.02" in said
    with pytest.raises(ValueError, match="one weight for each of 2 source words, got 1"):
        attending.encoder_decoder(["a", "b"], ["c"], [1.0])


def test_a_look_up_shows_its_numbers_and_bars_as_long_as_the_weights():
    svg = DRAWN["look-up"].svg()
    assert "0.47" in read(svg) and "−1.0\u20021.0" in read(svg) and 'width="47.0"' in svg and 'width="6.0"' in svg


def test_the_norm_stands_before_the_part_or_on_the_stream():
    before, after = (attending.block(before=where).svg() for where in (True, False))
    assert read(before).count("norm") == read(after).count("norm") == 2 and before != after
    assert "memory m" in read(DRAWN["decoder"].svg()) and "memory" not in read(before)


def test_a_cache_reads_up_to_each_place_and_no_further():
    said = read(DRAWN["cache"].svg())
    assert said.count("✓") == 5 * 3 + 1 + 2 + 3 and said.count("·") == 3
