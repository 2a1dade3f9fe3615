"""Quizzes and flashcards as text: read, found by number, and refused with the line where they are wrong."""

import pytest

from seqlib.display.questions import Choice, Question, Task, of_notebook, parse, tasks_of
from seqlib.display.selfcheck import flashcards, quiz

TEXT = """Quiz

? What does $W_{hh}$ multiply?
+ the state before
= It carries the past: `h_prev @ W_hh`.
- the input $x_t$
= That is $W_{xh}$.

Flashcards

* Hidden state
= what is carried on
"""


def test_questions_and_cards_are_read_from_text():
    (question,), (card,), tasks = parse(TEXT)
    assert question.text == "What does $W_{hh}$ multiply?" and {c.text for c in question.choices if c.right} == {
        "the state before"
    }
    assert {c.why for c in question.choices} == {"It carries the past: `h_prev @ W_hh`.", "That is $W_{xh}$."}
    assert (card.front, card.back) == ("Hidden state", "what is carried on") and tasks == {}


@pytest.mark.parametrize(
    "text, complaint",
    [
        (TEXT.replace("- the input", "the input"), "the text, line 6: expected"),
        (TEXT.replace("+ the state before", "+"), "line 4: expected"),
        (TEXT.replace("= what is carried on", "= what\n= is carried on"), "line 13: an explanation follows"),
        ("= no choice before it", "line 1: an explanation follows"),
        ("+ a choice\n= without a question", "stands before any question"),
        (TEXT.replace("= That is $W_{xh}$.\n", ""), "expected an explanation"),
    ],
)
def test_a_slip_in_the_text_is_named_with_its_line(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(text)


TASKS = """Exercises

# 99.step ●●○○ 8 minutes, core
> One sum first.
> `x @ W + b`

# 99.leap ●●●● 1 minute, stretch
"""


def test_what_is_said_of_exercises_is_read_from_text(tmp_path):
    said = parse(TASKS + TEXT)[2]
    assert said == {"99.step": Task(2, 8, True, ["One sum first.", "`x @ W + b`"]), "99.leap": Task(4, 1, False, [])}
    (tmp_path / "nb99_example.txt").write_text(TASKS + TEXT, encoding="utf-8")
    assert tasks_of("99", tmp_path) == said and tasks_of("77", tmp_path) == {}
    assert tasks_of("05")["05.lstm_step"].hints


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("●●○○", "●●○", "line 3: expected a new exercise"),
        ("8 minutes", "eight minutes", "line 3: expected a new exercise"),
        ("99.leap", "99.step", "line 7: expected a new exercise"),
        ("# 99.step ●●○○ 8 minutes, core\n", "", "line 3: a hint stands before"),
        ("> One sum first.", ">", "line 4: expected"),
    ],
)
def test_a_slip_in_what_is_said_of_exercises_is_named(old, new, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(TASKS.replace(old, new))


def test_content_is_found_by_the_notebooks_number(tmp_path):
    (tmp_path / "nb99_example.txt").write_text(TEXT, encoding="utf-8")
    assert of_notebook("99", tmp_path) == of_notebook("99_example", tmp_path) == parse(TEXT)[:2]
    with pytest.raises(ValueError, match=r"number of a notebook \(99\); got '77'"):
        of_notebook("77", tmp_path)
    assert "W<sub>hh</sub>" in quiz("02")._repr_html_() or "questions" in quiz("02")._repr_html_()
    assert "Flashcards" in flashcards("02_rnn")._repr_html_()


@pytest.mark.parametrize(
    "choices, complaint",
    [
        ([Choice("a", True, "x")], "two choices or more"),
        ([Choice("a", False, "x"), Choice("b", False, "y")], "a right one"),
        ([Choice("a", True, "x"), Choice("b", False, " ")], "an explanation"),
    ],
)
def test_a_question_without_answer_or_explanation_is_refused(choices, complaint):
    with pytest.raises(ValueError, match=complaint):
        Question("q", choices)
