"""Drawings: words are escaped, the picture is an image with words, and the same drawing gives the same bytes."""

import pytest

from seqlib.display.boxes import Drawing


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
