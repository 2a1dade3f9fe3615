"""Coloured tokens and their explorer: self-contained, said in words, and what `encode` gives."""

import re

import pytest
from standing_alone import OUTSIDE

from seqlib.data.bpe import GPT2_PATTERN, BytePairEncoding
from seqlib.display.explorers import tokens
from seqlib.display.explorers.tokens import TokenExplorer, show_tokens, visible

BPE = BytePairEncoding.train("low lower lowest new newer newest <b> & " * 5, 290)


def test_tokens_are_shown_and_said():
    shown = show_tokens("newest <low>\n€", BPE)
    page, text = shown._repr_html_(), repr(shown)
    count = len(BPE.encode("newest <low>\n€"))
    assert text.startswith(f"{count} tokens: ne | west | ") and "⏎" in text and "⟨e2⟩" in text
    assert page.count("<span") == count == page.count("title=") and 'role="img"' in page and "aria-label" in page
    assert "<low>" not in page and "&lt;" in page and not re.search(r"https?:|<script", page)


def test_several_encodings_stand_below_one_another():
    text = repr(show_tokens("low", {"bytes": BPE.first(256), "pieces": BPE}))
    assert text == ("bytes: 3 tokens: l | o | w\npieces: 2 tokens: lo | w")


def test_white_space_and_parts_of_characters_can_be_seen():
    assert [visible(t) for t in (b" a", b"\n", b"\t", "é".encode(), b"\xc3")] == ["␣a", "⏎", "⇥", "é", "⟨c3⟩"]


def test_the_explorer_stands_alone_and_says_what_it_shows():
    explorer = TokenExplorer(BPE, "newest low", size=256)
    page = explorer._repr_html_()
    assert page == TokenExplorer(BPE, "newest low", size=256)._repr_html_() and len(page) < 40_000
    assert not OUTSIDE.search(page)
    assert page.count("<script>") == 1 and "data-lm-suppress-shortcuts" in page
    assert "With 0: n | e | w" in repr(explorer)
    for wrong in (100, 1000):
        with pytest.raises(ValueError, match="expected a size"):
            TokenExplorer(BPE, size=wrong)
    with pytest.raises(ValueError, match="pattern"):
        TokenExplorer(BytePairEncoding(pattern=None))


def test_the_script_and_the_tokeniser_cut_text_alike():
    assert tokens.PATTERN == GPT2_PATTERN
