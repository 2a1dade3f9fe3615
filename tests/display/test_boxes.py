"""Drawings: words are escaped and none is cut, an image has words, and the same drawing gives the same bytes."""

import re
from base64 import b64decode
from pathlib import Path

import pytest

from seqlib.display.boxes import Drawing

ROOT = Path(__file__).resolve().parents[2]
TEXT = re.compile(r'<text x="([-\d.]+)" y="[-\d.]+" font-size="([\d.]+)" [^>]*text-anchor="(\w+)"[^>]*>(.*?)</text>')
LETTER = 0.5  # the width of a letter in font sizes, less than the mean of a sans-serif: nothing is blamed wrongly


def cut_off(svg):
    """The words of a drawing that its left or right edge cuts, by an estimate of their width."""
    wide = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    cut = []
    for x, size, anchor, inside in TEXT.findall(svg):
        words = re.sub("<[^>]+>", "", inside)
        long = len(words) * float(size) * LETTER
        start = float(x) - {"start": 0, "middle": long / 2, "end": long}[anchor]
        if start < -3 or start + long > wide + 3:
            cut.append(words)
    return cut


def drawn():
    sheet = Drawing(200, 80)
    sheet.box(50, 40, "a < b", kind="blue")
    sheet.arrow(82, 40, 140, 40, dashed=True)
    sheet.text(170, 40, "h_t")
    return sheet


def test_a_drawing_is_plain_svg():
    svg = drawn().svg()
    assert svg == drawn().svg() and svg.count("<rect") == 2 and svg.count("<line") == 1
    assert "a &lt; b" in svg and "a < b" not in svg and "stroke-dasharray" in svg
    assert 'viewBox="0 0 200 80"' in svg and "href" not in svg


def test_it_is_shown_as_an_image_with_words(monkeypatch):
    pages = []
    monkeypatch.setattr("seqlib.display.boxes.show_html", lambda *page: pages.append(page))
    drawn().show("A box, an arrow, and a state beside them.")
    assert pages[0][0].startswith('<img alt="A box') and "data:image/svg+xml;base64," in pages[0][0]
    with pytest.raises(ValueError, match="alt should say"):
        drawn().show("short")


def test_words_that_an_edge_cuts_are_found():
    sheet = Drawing(200, 40)
    sheet.text(100, 20, "in the middle")
    sheet.text(30, 20, "too long to stand here")
    sheet.text(190, 20, "to the right", anchor="start")
    assert cut_off(sheet.svg()) == ["too long to stand here", "to the right"]


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_word_of_a_drawing_in_a_solved_notebook_is_cut(path):
    pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", path.read_text())
    for picture in pictures:
        assert not cut_off(b64decode(picture).decode())
