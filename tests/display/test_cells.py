"""Drawings of cells: the letters of the equations, everything on the sheet, numbers where they belong."""

import re

import pytest

from seqlib.display import cells

DRAWN = {
    "recurrent": cells.feed_forward_and_recurrent(),
    "unrolled": cells.unrolled(["The", "quick", "brown"]),
    "cut": cells.unrolled(list("abcdef"), "all", cut=3, backwards=True),
    "belt": cells.lstm(1),
    "gates": cells.lstm(2),
    "lstm": cells.lstm(3),
    "gru": cells.gru(),
}


def read(svg: str) -> str:
    """What a person reads: the words, with subscripts run on."""
    return re.sub(r"<[^>]*>|\u200b", "", svg)


def spots(svg: str):
    for kind in ("x", "x1", "x2", "cx"):
        yield from ((float(v), "x") for v in re.findall(rf' {kind}="(-?[\d.]+)"', svg))
    for kind in ("y", "y1", "y2", "cy"):
        yield from ((float(v), "y") for v in re.findall(rf' {kind}="(-?[\d.]+)"', svg))
    for points in re.findall(r'points="([^"]+)"', svg):
        for pair in points.split():
            x, y = map(float, pair.split(","))
            yield from ((x, "x"), (y, "y"))


@pytest.mark.parametrize("name", DRAWN)
def test_everything_lies_on_the_sheet(name):
    sheet = DRAWN[name]
    for value, axis in spots(sheet.svg()):
        assert 0 <= value <= (sheet.width if axis == "x" else sheet.height), (name, axis, value)


@pytest.mark.parametrize(
    "name, letters",
    [
        ("recurrent", ["Wxh", "Whh", "Why", "ht−1"]),
        ("belt", ["ct−1", "ct", "ft", "keep", "add"]),
        ("gates", ["σ: ft", "σ: it", "tanh: gt"]),
        ("lstm", ["σ: ot", "ht"]),
        ("gru", ["1 − zt", "σ: rt", "tanh: nt", "ht−1Whn"]),
    ],
)
def test_the_letters_are_those_of_the_equations(name, letters):
    said = read(DRAWN[name].svg())
    assert all(letter in said for letter in letters), said


def test_a_stage_adds_to_the_one_before():
    assert "σ: it" not in read(cells.lstm(1).svg()) and "σ: ot" not in read(cells.lstm(2).svg())


def test_the_gradient_goes_back_and_stops_at_the_cut():
    whole, cut = (cells.unrolled(list("abcd"), cut=at, backwards=True).svg() for at in (None, 2))
    assert "cut" not in read(whole) and "cut" in read(cut)
    assert whole.count("stroke-dasharray") == 3 and cut.count("stroke-dasharray") == 3  # the cut state is dashed itself


def test_numbers_stand_beside_their_parts():
    said = read(cells.lstm(3, {"f": "0.73", "written": "−0.23"}).svg())
    assert "0.73" in said and "−0.23" in said
    assert "0.27" in read(cells.gru({"rest": "0.27"}).svg())
    with pytest.raises(ValueError, match="expected numbers for parts among c_prev, f.*; got q"):
        cells.lstm(3, {"q": "1"})
    with pytest.raises(ValueError, match="expected stage 1, 2 or 3, got 4"):
        cells.lstm(4)
