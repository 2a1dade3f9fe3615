"""The deck and the quiz of the whole course: due when they are due, kept, and never lost to a damaged file."""

import json

import pytest

from seqlib.display.questions import Card, Choice, Question
from seqlib.display.revision import CourseQuiz, Deck, every_card, every_question, in_boxes

CARDS = {f"0{k}-x": Card(f"front {k}", f"back {k}") for k in range(5)}


def question(k):
    return Question(f"question {k}?", [Choice("yes", True, "it is so"), Choice("no", False, "it is not so")])


QUESTIONS = {f"0{k // 2}-q{k}": question(k) for k in range(6)}


def right_letter(asked):
    return " ".join("abc"[[c.right for c in q.choices].index(True)] for q in asked)


def test_boxes_double_the_wait_and_end():
    box, waits = 0, []
    for _ in range(8):
        box, day = in_boxes(box, True, 100)
        waits.append(day - 100)
    assert waits == [2, 4, 8, 16, 32, 64, 64, 64] and in_boxes(5, False, 100) == (0, 101)


def test_a_card_comes_back_when_it_is_due(tmp_path):
    path = tmp_path / "revision.json"
    deck = Deck(cards=CARDS, path=path, today=100)
    assert "front 0" in repr(deck.due(3)) and len(deck.names_due()) == 5
    assert "2 of 3 known" in repr(deck.mark("1 3"))
    assert deck.names_due() == ["03-x", "04-x"], "what was shown today waits"
    assert Deck(cards=CARDS, path=path, today=101).names_due()[0] == "01-x", "what was not known comes first"
    assert Deck(cards=CARDS, path=path, today=102).names_due()[:3] == ["01-x", "00-x", "02-x"]


def test_the_schedule_is_the_readers(tmp_path):
    deck = Deck(lambda box, right, today: (0, today + 30), CARDS, tmp_path / "r.json", today=1)
    deck.due(5)
    deck.mark("1 2 3 4 5")
    assert "Nothing is due" in repr(Deck(cards=CARDS, path=tmp_path / "r.json", today=20).due())
    assert "of which 5 are due" in repr(Deck(cards=CARDS, path=tmp_path / "r.json", today=31))


def test_marking_without_asking_changes_nothing(tmp_path):
    deck = Deck(cards=CARDS, path=tmp_path / "r.json", today=1)
    assert "Ask for cards first" in repr(deck.mark("1 2")) and not (tmp_path / "r.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cards": 3, "quiz": []}', '{"cards": {"00-x": ["a", 1]}}'])
def test_a_damaged_file_is_nothing_yet(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    deck = Deck(cards=CARDS, path=path, today=1)
    assert len(deck.names_due()) == 5
    deck.due(2)
    deck.mark("1")
    assert len(json.loads(path.read_text(encoding="utf-8"))["cards"]) == 2


def test_questions_come_from_every_notebook_in_turn_and_those_answered_rightly_last(tmp_path):
    path = tmp_path / "r.json"
    ask = CourseQuiz(3, QUESTIONS, path)
    assert [name[:2] for name in ask.names] == ["00", "01", "02"]
    assert "3 of 6" in repr(ask.mark(right_letter(ask.asked)))
    assert set(CourseQuiz(3, QUESTIONS, path).names).isdisjoint(ask.names)
    again = CourseQuiz(3, QUESTIONS, path)
    letter = "b" if right_letter(again.asked[:1]) == "a" else "a"
    assert "Look again at 1" in repr(again.mark(letter))
    assert "Right:" not in repr(again) and "question" in again._repr_html_()
    assert f"1. ({again.names[0][:2]}) " in again._repr_html_() and "a) " in again._repr_html_(), (
        "letters to answer with"
    )


def test_both_keep_to_their_part_of_one_file(tmp_path):
    path = tmp_path / "r.json"
    deck, ask = Deck(cards=CARDS, path=path, today=1), CourseQuiz(2, QUESTIONS, path)
    deck.due(1)
    deck.mark("1")
    ask.mark("a z")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert len(kept["cards"]) == 1 and len(kept["quiz"]) == 1


def test_the_whole_course_is_in_it():
    assert len(every_card()) > 150 and len(every_question()) > 150
    assert {name[:2] for name in every_card()} >= {f"{n:02}" for n in range(21)}
