"""The whole course's flashcards, each when it is due, and its quiz, with a tally: kept beside the progress.

    deck = Deck(next_review)        # the schedule is a reader's own function
    deck.due()                      # the cards of today, numbered
    deck.mark("1 3 4")              # these were known; the others of today come again

    ask = CourseQuiz(10)            # questions from every notebook, those first that were not answered rightly yet
    ask.mark("a b d …")             # what is right, why, and how far each notebook is

Nothing needs a script or a widget: cards open without a kernel, and what is marked is text.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from seqlib.display import html
from seqlib.display.questions import FOLDER, Card, Question, _files, of_notebook
from seqlib.display.selfcheck import Shown, show_flashcards, show_quiz
from seqlib.runtime import home, sweep, write_whole

__all__ = ["CourseQuiz", "Deck", "every_card", "every_question", "in_boxes"]

NAME, LOCK_SECONDS = "revision.json", 6
AT_ONCE, LAST_BOX = 8, 6  # cards of a day; a card comes back after 64 days at the latest


def in_boxes(box: int, right: bool, today: int) -> tuple[int, int]:
    """The schedule of Leitner's boxes: a card that was known moves up a box and waits twice as long.

    Returns its box, at most LAST_BOX, and the day on which it is due. A card that was not known begins again, and is
    due tomorrow.
    """
    box = min(box + 1, LAST_BOX) if right else 0
    return box, today + 2**box


def every_card(folder: Path = FOLDER) -> dict[str, Card]:
    """{name: card} of all notebooks, in their order; a name stays the same while the card's front does."""
    return {
        f"{number}-{html.identity(card.front)}": card
        for number in _files(folder)
        for card in of_notebook(number, folder)[1]
    }


def every_question(folder: Path = FOLDER) -> dict[str, Question]:
    """{name: question} of all notebooks, likewise."""
    return {
        f"{number}-{html.identity(question.text)}": question
        for number in _files(folder)
        for question in of_notebook(number, folder)[0]
    }


class Kept:
    """A part of the file beside the progress: {name: [numbers]}. What cannot be read counts as nothing yet."""

    def __init__(self, part: str, path: Path | None = None):
        self.part, self.path = part, path or home() / NAME

    def load(self) -> dict[str, list[int]]:
        part = self._all().get(self.part, {})
        whole = part.items() if isinstance(part, dict) else ()
        return {name: value for name, value in whole if _numbers(value)}

    def save(self, entries: Mapping[str, list[int]]) -> str:
        """Keeps them; a sentence where that was not possible, else nothing."""
        try:
            with FileLock(self.path.with_suffix(".lock"), timeout=LOCK_SECONDS):
                everything = self._all() | {self.part: dict(entries)}
                text = json.dumps(everything, indent=1, sort_keys=True)
                sweep(self.path.parent, self.path.name)
                write_whole(self.path, text.encode("utf-8"))
            return ""
        except Timeout:
            return "This could not be kept: another notebook holds the file."
        except (OSError, NotImplementedError) as error:
            return f"This could not be kept ({getattr(error, 'strerror', None) or error})."

    def _all(self) -> dict:
        try:
            found = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _numbers(value) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value)


class Deck:
    """Cards that come back after a day, two, four, … `schedule`(box, right, today) -> (box, day due) decides when.

    Days are whole numbers. A card that was never seen is due at once; those that wait longest come first.
    """

    def __init__(
        self, schedule: Callable = in_boxes, cards: Mapping | None = None, path: Path | None = None, today=None
    ):
        self.schedule, self.cards = schedule, dict(every_card() if cards is None else cards)
        self.kept = Kept("cards", path)
        self.today = datetime.date.today().toordinal() if today is None else today
        self.asked: list[str] = []

    def names_due(self) -> list[str]:
        """Cards that were seen and are due first, the oldest in front; then those never seen."""
        seen = self.kept.load()
        due = sorted((seen[name][1], k) for k, name in enumerate(self.cards) if name in seen)
        order = list(self.cards)
        again = [order[k] for day, k in due if day <= self.today]
        return again + [name for name in order if name not in seen]

    def __repr__(self) -> str:
        return f"{len(self.cards)} cards, of which {len(self.names_due())} are due."

    def due(self, count: int = AT_ONCE) -> Shown:
        """The next cards, numbered; say each answer, then open the card."""
        waiting = self.names_due()
        self.asked = waiting[:count]
        if not self.asked:
            return Shown(html.card("ok", "Nothing is due today", "Come back tomorrow."), "Nothing is due today.")
        cards = [Card(f"{k}. {self.cards[name].front}", self.cards[name].back) for k, name in enumerate(self.asked, 1)]
        shown = show_flashcards(cards)
        told = f"{len(self.asked)} of the {len(waiting)} cards that are due; {len(self.cards)} in all."
        return Shown(f"{shown.as_html}<p>{told}</p>", f"{shown.as_text}\n{told}")

    def mark(self, known: str = "") -> Shown:
        """`known`: the numbers of the cards that were known, such as "1 3 4"; the others begin again."""
        numbers = {int(word) for word in known.replace(",", " ").split() if word.isdigit()}
        entries = self.kept.load()
        for k, name in enumerate(self.asked, 1):
            box = entries.get(name, [0, 0])[0]
            box, day = self.schedule(box, k in numbers, self.today)
            entries[name] = [int(box), int(day)]
        right = len(numbers & set(range(1, len(self.asked) + 1)))
        note = self.kept.save(entries) if self.asked else "Ask for cards first: deck.due()."
        told = f"{right} of {len(self.asked)} known. {len(self.names_due())} cards are still due. {note}".strip()
        self.asked = []
        return Shown(html.card("note", "Marked", told), told)


class CourseQuiz:
    """`count` questions of the whole course, spread over its notebooks; shows itself."""

    def __init__(self, count: int = 10, questions: Mapping | None = None, path: Path | None = None):
        self.questions = dict(every_question() if questions is None else questions)
        self.kept = Kept("quiz", path)
        self.names = self._next(count)

    def _next(self, count: int) -> list[str]:
        """Least often right first, then least often asked; of equals, one of each notebook in turn."""
        tally, turn, order = self.kept.load(), {}, []
        for name in self.questions:
            turn[name[:2]] = turn.get(name[:2], 0) + 1
            asked, right = tally.get(name, [0, 0])
            order.append((right, asked, turn[name[:2]], name))
        return [name for *_, name in sorted(order)[:count]]

    @property
    def asked(self) -> list[Question]:
        return [self.questions[name] for name in self.names]

    def _repr_html_(self) -> str:
        return self._shown().as_html

    def _shown(self) -> Shown:
        return show_quiz(self.asked, [name[:2] for name in self.names])

    def __repr__(self) -> str:
        return self._shown().as_text.rpartition("\nRight: ")[0]

    def mark(self, answers: str = "") -> Shown:
        """`answers`: a letter for each question, such as "a b d"; "-" leaves one out."""
        letters = [word.lower() for word in answers.replace(",", " ").split()]
        entries, wrong = self.kept.load(), []
        for name, question, letter in zip(self.names, self.asked, letters, strict=False):
            if letter not in "abcdefghij" or len(letter) != 1:
                continue
            place = "abcdefghij".index(letter)
            right = place < len(question.choices) and question.choices[place].right
            asked, before = entries.get(name, [0, 0])
            entries[name] = [asked + 1, before + right]
            wrong += [] if right else [name]
        note = self.kept.save(entries) if letters else ""
        return self._standing(entries, wrong, note)

    def standing(self) -> Shown:
        """How many questions of each notebook were answered rightly at least once."""
        return self._standing(self.kept.load(), [], "")

    def _standing(self, entries, wrong, note) -> Shown:
        rows = []
        for number in sorted({name[:2] for name in self.questions}):
            names = [name for name in self.questions if name[:2] == number]
            right = sum(entries.get(name, [0, 0])[1] > 0 for name in names)
            rows.append([number, str(right), str(len(names)), "●" * right + "○" * (len(names) - right)])
        total, all_of_them = sum(int(row[1]) for row in rows), len(self.questions)
        again = "; ".join(f"{self.names.index(name) + 1}" for name in wrong)
        told = f"{total} of {all_of_them} questions answered rightly so far."
        told += f" Look again at {again}." if wrong else ""
        told += f" {note}" if note else ""
        table = html.table(["notebook", "right", "of", ""], rows, caption="Quiz of the whole course")
        text = "\n".join([told, *(" ".join(row[:3]) for row in rows)])
        return Shown(html.card("note", told, html.Html(table), parts=("table",)), text)
