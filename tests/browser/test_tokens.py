"""The token explorer in a real browser: the ids that Python gives, whatever is typed and wherever the slider stands."""

import pytest

from seqlib.data import stdlib_text
from seqlib.data.bpe import BytePairEncoding
from seqlib.display.explorers.tokens import TokenExplorer

TEXTS = (
    "for i in range(1234): print('größer')  # ภาษาไทย 😀",
    "  two  spaces\n\n\tdon't we'll x_y ½²",
    "नमस्ते 日本 \u00a0\u3000 end ",
    "",
)


@pytest.mark.browser
def test_the_browser_cuts_as_python_does(static):
    bpe = BytePairEncoding.train(stdlib_text(60_000), 700)
    page = static(TokenExplorer(bpe, "hello world"))
    assert page.locator(".sx").evaluate("root => root.explorer.ids") == bpe.encode("hello world")
    for text in TEXTS:
        page.get_by_role("textbox").fill(text)
        for merges in (0, 150, 444):
            page.get_by_role("slider").fill(str(merges))
            ids = page.locator(".sx").evaluate("root => root.explorer.ids")
            assert ids == bpe.first(256 + merges).encode(text), (text, merges)
    assert page.locator(".sx").get_attribute("data-result").startswith("0 tokens")
