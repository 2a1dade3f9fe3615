"""Cards: safe, deterministic, self-contained, readable in light and dark, safe from single-key shortcuts."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from seqlib.display import html

CSS = (Path(html.__file__).parent / "cards.css").read_text(encoding="utf-8")
SWATCHES = dict(re.findall(r"--(ok|wrong|todo|note|hint): (#[0-9a-f]{6})", CSS))
WASHES = re.findall(r"rgba\((\d+),(\d+),(\d+),(\.\d+)\)", CSS)
# JupyterLab's page and text colours: light text is black at 87 %, on white that is #212121.
THEMES = {
    "light": ("#ffffff", "#212121"),
    "dark": ("#111111", "#ffffff"),
    "Colab dark": ("#383838", "#ffffff"),
}


def example(state="wrong"):
    return html.check_result(
        "02.rnn_step",
        state,
        1,
        3,
        cases=[("one sequence", True, ""), ("a batch of 3", False, "expected (3, 5)"), ("long", None, "")],
        diagnosis="the two weights are swapped",
        notes=["your function printed: $5 and $6 <b>"],
        stand_in=True,
        hints=["first", "second", "third"],
    )


class Elements(HTMLParser):
    """All start tags with attributes; fails on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.found, self.stack = [], []
        self.feed(text)
        assert not self.stack, f"never closed: {self.stack}"

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("br", "path", "circle"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path", "circle"):
            assert self.stack.pop() == tag


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def luminance(colour):
    parts = [c / 255 for c in colour]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def over(wash, page):
    *colour, alpha = wash
    return tuple(float(alpha) * int(c) + (1 - float(alpha)) * p for c, p in zip(colour, page, strict=True))


def test_the_contrast_formula_knows_black_on_white():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(rgb("#767676"), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)  # WCAG's own example


def test_badges_keep_their_white_text_and_stand_out_from_light_and_dark_pages():
    assert set(SWATCHES) == {"ok", "wrong", "todo", "note", "hint"}
    for name, colour in SWATCHES.items():
        assert contrast(rgb(colour), (255, 255, 255)) >= 4.5, name
        assert contrast(rgb(colour), rgb("#111111")) >= 3, name


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_on_every_wash(theme):
    page, text = (rgb(colour) for colour in THEMES[theme])
    assert len(WASHES) >= 5
    faint = next(wash for wash in WASHES if wash[:3] == ("127", "127", "127") and wash[3] == ".10")
    for wash in WASHES:
        if wash[3] == ".38":
            continue  # the line's colour: never behind text
        assert contrast(text, over(wash, page)) >= 4.5, wash
        assert contrast(text, over(faint, over(wash, page))) >= 4.5, f"code on {wash}"


def test_kinds_differ_by_symbol_and_word_and_not_by_colour_alone():
    cards = [html.card(kind, "t") for kind in html.KINDS]
    text = [re.sub(r"<style>.*?</style>|<[^>]+>", "", card) for card in cards]
    assert len({t[0] for t in text}) == len({t[1:] for t in text}) == 4
    with pytest.raises(ValueError, match="ok, wrong, todo, note"):
        html.card("fine", "t")


@pytest.mark.parametrize("state", ["ok", "wrong", "todo"])
def test_a_check_result_is_well_formed_deterministic_and_self_contained(state):
    card = example(state)
    assert card == example(state)
    Elements(card)
    assert not re.search(r"https?:|//|url\(|@import|<script|javascript:|\son\w+=", card)
    assert len(card) < 8000


def test_a_check_result_says_what_happened():
    card = example()
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", card)
    assert "✗" in text and "02.rnn_step · 1 of 3 points" in text
    assert "This is what you get when the two weights are swapped." in text
    assert "expected (3, 5)" in text and "stand-in" in text
    assert 'aria-label="failed">✗' in card and 'aria-label="not run">○' in card
    assert "✓ 02" not in text and "point " not in text
    assert "1 of 1 point<" in html.check_result("00.a", "ok", 1, 1)
    assert "0.5 of 2 points" in html.check_result("00.a", "wrong", 0.5, 2)


def test_a_diagnosis_becomes_one_sentence():
    assert html.diagnosis_sentence("the sign is lost") == "This is what you get when the sign is lost."
    assert html.diagnosis_sentence("This is what you get when x.") == "This is what you get when x."


def test_hints_open_one_inside_another_and_vanish_once_right():
    card = example()
    titles = re.findall(r"<summary[^>]*><span>([^<]+)", card)
    assert titles == ["A first hint", "One more step", "Nearly the answer"]
    assert card.count("</details></details></details>") == 1
    assert card.index("first</p>") < card.index("One more step") < card.index("second</p>")
    assert [t for t in re.findall(r"<span>([^<]+)", html.hint_steps(["a", "b"]))] == [titles[0], titles[2]]
    assert "<details" not in example("ok") and html.hint_steps([]) == ""


def test_every_focusable_element_suppresses_shortcuts():
    focusable = [a for tag, a in Elements(example()).found if tag in ("summary", "input", "button", "a")]
    assert len(focusable) == 3
    assert all(attributes["data-lm-suppress-shortcuts"] == "true" for attributes in focusable)


def test_text_is_escaped_and_html_is_not_escaped_twice():
    assert html.escape('<img src="x">&') == "&lt;img src=&quot;x&quot;&gt;&amp;"
    assert html.escape(html.escape("<")) == "&lt;"
    assert "<b>" not in example()
    evil = "</style><script>alert(1)</script>"
    for card in (
        html.card("note", evil, evil, word=evil),
        html.check_result(evil, "wrong", 0, 1, [(evil, False, evil)]),
    ):
        assert "<script" not in card
        Elements(card)


def test_prose_knows_code_bold_and_formulas():
    assert html.inline("a `x<y` **b**") == "a <code>x&lt;y</code> <strong>b</strong>"
    assert "<i>h</i><sub><i>t</i>−1</sub>" in html.inline("the state $h_{t-1}$")
    assert html.inline(r"from \$5 to \$6") == "from $5 to $6"
    assert html.inline("costs $5 and $ 6") == "costs $5 and $ 6"
    assert html.inline("`a$b$`") == "<code>a$b$</code>"


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\tanh(x_t)", "tanh(<i>x</i><sub><i>t</i></sub>)"),
        ("0.5^4", "0.5<sup>4</sup>"),
        (r"W_{xh}", "<i>W</i><sub><i>xh</i></sub>"),
        (r"p(x \mid y)", "<i>p</i>(<i>x</i>\u2009 | \u2009<i>y</i>)"),
        (r"\sum_{t=1}^T", "∑<sub><i>t</i> = 1</sub><sup><i>T</i></sup>"),
        (r"o_t\tanh c", "<i>o</i><sub><i>t</i></sub>\u2009tanh\u2009<i>c</i>"),
        (r"\text{old state}", "old state"),
        (r"\sqrt{d_k}", "√<i>d</i><sub><i>k</i></sub>"),
        (r"\sqrt{a+b}", "√(<i>a</i>+<i>b</i>)"),
        ("a<b", "<i>a</i>&lt;<i>b</i>"),
    ],
)
def test_short_formulas_are_plain_html(tex, expected):
    assert html.math(tex) == f'<span class="sl-math">{expected}</span>'
    Elements(html.math(tex))


@pytest.mark.parametrize("tex", [r"\frac{1}{2}", "a_", "{a", "a}", r"\unknown", "x^"])
def test_a_formula_beyond_plain_html_is_left_to_the_page(tex):
    assert f"${tex}$" in html.math(tex) and "mathjax_process" in html.math(tex)


def test_only_formulas_are_shown_to_the_pages_typesetter():
    card = example()
    assert card.startswith('<div class="sl-card sl-wrong tex2jax_ignore mathjax_ignore">')
    assert "$5 and $6" in card
    assert html.verbatim("**a** $x$ `b`") == "**a** $x$ <code>b</code>"


def test_a_table_has_headers_escapes_and_scrolls_in_itself():
    table = html.table(["model", "nats"], [["RNN <1>", 1.5], ["`LSTM`", html.Html("<b>1.4</b>")]])
    Elements(table)
    assert table.count('<th scope="col">') == 2 and table.count("<tr>") == 3
    assert "RNN &lt;1&gt;" in table and "<code>LSTM</code>" in table and "<b>1.4</b>" in table
    assert "overflow-x:auto" in table


def test_identities_follow_from_content_alone():
    assert html.identity("a", "b") == html.identity("a", "b") != html.identity("ab")
    assert re.fullmatch(r"[0-9a-f]{8}", html.identity("x"))


def test_emphasis_thin_spaces_and_bare_text():
    assert html.inline("a *lost* word, 2 * 3 * 4, `a*b*c`") == ("a <em>lost</em> word, 2 * 3 * 4, <code>a*b*c</code>")
    assert "," not in html.math(r"a\,b\;c\!d") and "%" in html.math(r"50\%")
    card = html.check_result("00.x", "wrong", 1, 3, [("a case", False, "wrong")])
    assert re.sub(r"<style>.*?</style>|<[^>]+>", "", card).startswith("✗ 00.x · 1 of 3 points · not yet✗ a case")
