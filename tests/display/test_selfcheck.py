"""Quizzes, flashcards, guesses and claims: content found, explained, kind, and readable without a browser."""

import base64
import re

import numpy as np
import pytest

from seqlib.display import selfcheck
from seqlib.display.questions import Card, Choice, Question
from seqlib.display.selfcheck import claims, reveal

QUESTIONS = [
    Question(
        "What does $W_{hh}$ multiply?",
        [
            Choice("the input $x_t$", why="That is $W_{xh}$."),
            Choice("the state before", right=True, why="It carries the past: `h_prev @ W_hh`."),
        ],
    ),
    Question("Why <tanh>?", [Choice("bounded", True, "Within ±1."), Choice("fast", False, "It is not.")]),
]


def plain(shown):
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", shown._repr_html_())).strip()


def drawn(picture: str) -> str:
    """The SVG inside a picture."""
    return base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", picture)[1]).decode("utf-8")


def test_every_choice_opens_its_own_explanation_and_closes_its_neighbours():
    page = selfcheck.show_quiz(QUESTIONS)._repr_html_()
    groups = re.findall(r'<details class="sl-choice sl-(\w+)" name="([^"]+)">', page)
    assert [kind for kind, _ in groups] == ["wrong", "ok", "ok", "wrong"]
    assert len({name for _, name in groups}) == 2 and groups[0][1] == groups[1][1] != groups[2][1]
    assert page.count("<strong>Right.</strong>") == 2 and page.count("<strong>Not quite.</strong>") == 2
    assert page.count("<summary") == page.count('<summary data-lm-suppress-shortcuts="true">') == 4
    assert "<tanh>" not in page and "<script" not in page and "2 questions" in page


def test_a_quiz_reads_as_text_too():
    text = repr(selfcheck.show_quiz(QUESTIONS))
    assert text.splitlines()[:3] == [
        "1. What does $W_{hh}$ multiply?",
        "   a) the input $x_t$",
        "   b) the state before",
    ]
    assert text.endswith("Right: 1 b; 2 a.")


def test_flashcards_hide_their_backs_in_a_disclosure():
    page = selfcheck.show_flashcards([Card("GRU", "two gates"), Card("$h_t$", "state")])
    assert page._repr_html_().count('<details class="sl-flash"><summary data-lm') == 2
    assert "<i>h</i>" in page._repr_html_() and repr(page) == "GRU: two gates\n$h_t$: state"


@pytest.mark.parametrize(
    "guess, measured, word",
    [
        (0.3125, 0.3125, "spot on"),
        (0.31249, 0.3125, "spot on"),
        (52, 51.3, "very close"),
        (60, 51.3, "close"),
        (90, 51.3, "the right size"),
        (0.5, 0.03, "a surprise"),
        (-1, 1, "a surprise"),
        (0, 5, "a surprise"),
        (5, 0, "a surprise"),
        ("51 %", 51.3, "very close"),
        ("0,5", 0.5, "spot on"),
        (np.float32(2), np.array([2.0]), "spot on"),
    ],
)
def test_a_guess_is_told_how_near_it_was(guess, measured, word):
    shown = reveal(guess, measured, "accuracy", "%")
    assert plain(shown).startswith(f"accuracy · {word} ")
    assert '<img alt="Number line: your guess' in shown._repr_html_()
    assert repr(shown).startswith("accuracy. Your guess: ")


def test_a_percentage_is_understood_beside_a_fraction():
    assert "Spot on" in repr(reveal("51 %", 0.51, "accuracy"))
    assert "Spot on" in repr(reveal("51 %", 51.0, "accuracy", "%"))


def test_the_words_for_a_guess_are_exact():
    assert repr(reveal(60, 51.3, "w", "%")) == "w. Your guess: 60 %. Measured: 51.3 %. Close: 8.7 % above."
    assert "16 times the measured value" in repr(reveal(0.5, 0.031, "w"))
    assert "16 times smaller" in repr(reveal(0.031, 0.5, "w"))
    assert "more than 1,000,000 times the measured" in repr(reveal(5e6, 2.0, "w"))
    assert repr(reveal(None, 0.25, "w", fmt="{:.1f}")).startswith("w. Measured: 0.2")


@pytest.mark.parametrize("guess", [None, ""])
def test_no_guess_is_welcome(guess):
    shown = reveal(guess, 51.3, "accuracy", "%")
    assert "no guess" in plain(shown) and "51.3 %" in repr(shown) and "<img" not in shown._repr_html_()


@pytest.mark.parametrize("guess", ["no idea", [1, 2], float("nan"), float("inf"), True, object, np.zeros(3)])
def test_a_guess_that_is_no_number_is_met_with_kindness(guess):
    assert "Write the guess as a number" in repr(reveal(guess, 51.3, "accuracy"))


def test_guesses_in_words_are_compared_as_they_read():
    assert "just what happened" in repr(reveal("The LSTM.", "the lstm", "which wins"))
    assert "just what happened" in repr(reveal((2, 3), "(2, 3)", "shape"))
    assert "just what happened" in repr(reveal("2 layers", "2 layers", "how many"))
    assert "Not what you expected" in repr(reveal("RNN", "LSTM", "which wins", options=["RNN", "LSTM"]))
    assert "to choose from were: RNN, LSTM" in repr(reveal("CNN", "LSTM", "which", options=["RNN", "LSTM"]))


@pytest.mark.parametrize("guess, measured", [(60, 51.3), (-3, 2), (0, 0), (1e9, 1e-9), (-5, -4), (7, 7), (1, 1.01)])
def test_the_number_line_keeps_its_marks_on_the_page(guess, measured):
    line = selfcheck._scale(guess, measured, "a", "b")
    places = [float(x) for x in re.findall(r'(?:cx="|<path d="M|<text x=")([-\d.]+)', drawn(line))]
    assert places and all(20 <= x <= 460 for x in places)
    assert line.startswith('<img alt="Number line: your guess a, measured b"')


def test_claims_are_told_in_words_and_counted():
    row = ("A bag of words is blind to order", "CS224N", "51 % against 50 %", "holds", "§ Build it")
    shown = claims([row, (*row[:3], "fails", "§ 2"), (*row[:3], "depends", "§ 3"), row])
    assert "✓ holds" in plain(shown) and "✗ fails" in plain(shown) and "~ depends" in plain(shown)
    assert "2 hold, 1 fails, 1 depends" in plain(shown)
    assert repr(shown).splitlines()[0].startswith("A bag of words is blind to order (CS224N). Measured: 51 %")
    with pytest.raises(ValueError, match=r"holds\|fails\|depends"):
        claims([("a", "b", "c", "true", "d")])


def test_cards_read_well_where_their_style_is_stripped():
    """As a code host shows them: no word runs into the next."""
    shown = [
        reveal(None, 51.3, "accuracy"),
        claims([("c", "s", "m", "holds", "w")]),
        selfcheck.show_quiz(QUESTIONS),
        selfcheck.show_flashcards([Card("a", "b")]),
    ]
    bare = [re.sub(r"<style>.*?</style>|<[^>]+>", "", one._repr_html_()).strip() for one in shown]
    assert bare[0].startswith("○ accuracy · no guess")
    assert bare[1].startswith("What the books say, and what you measured · 1 holds")
    assert bare[2].startswith("Check yourself: choose an answer to see why · 2 questions")
    assert bare[3].startswith("Flashcards: say the answer, then open the card · 1 card")


def test_a_claim_without_a_fair_fight_is_told_as_not_tested():
    shown = claims([("it floats", "folklore", "it would take a bath", "not tested", "nowhere")])
    assert "○ not tested here" in shown._repr_html_() and "1 not tested" in shown._repr_html_()
