"""Quizzes and flashcards as text: one file a notebook, read and edited without Python.

    Quiz

    ? A question, with `code` and $formulas$
    + a right choice
    = why it is right
    - a wrong choice
    = what is wrong about it

    Flashcards

    * what to remember by
    = what to remember

Every item is one line; empty lines count for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqlib.display import html

FOLDER = Path(__file__).resolve().parents[1] / "exercises"


@dataclass(frozen=True)
class Choice:
    """One answer to a question, whether it is right, and why (said for right and wrong answers alike)."""

    text: str
    right: bool = False
    why: str = ""


@dataclass(frozen=True)
class Question:
    """A question with two or more choices, at least one of them right; prose with `code` and $formulas$."""

    text: str
    choices: Sequence[Choice]

    def __post_init__(self):
        # Authors tend to write the right choice first; an order that follows from the words gives nothing away.
        order = sorted(self.choices, key=lambda choice: html.identity(self.text, choice.text))
        object.__setattr__(self, "choices", tuple(order))
        if len(self.choices) < 2 or not any(choice.right for choice in self.choices):
            raise ValueError(f"expected two choices or more and a right one among them in {self.text!r}")
        for choice in self.choices:
            if not choice.why.strip():
                raise ValueError(f"expected an explanation for {choice.text!r} in {self.text!r}")


@dataclass(frozen=True)
class Card:
    """A flashcard: what to remember by, and what to remember."""

    front: str
    back: str


def parse(text: str, name: str = "the text") -> tuple[list[Question], list[Card]]:
    """Questions and flashcards; ValueError that names the line where one is not what it should be."""
    entries = []  # [sign, text, explanation]
    for number, line in enumerate(text.splitlines(), 1):
        sign, content = line[:1], line[1:].strip()
        if not line.strip() or line.strip() in ("Quiz", "Flashcards"):
            continue
        if sign not in tuple("?+-*=") or not content:
            raise ValueError(f"{name}, line {number}: expected ?, +, -, * or = and a text, found {line!r}")
        if sign != "=":
            entries.append([sign, content, ""])
        elif entries and entries[-1][0] != "?" and not entries[-1][2]:
            entries[-1][2] = content
        else:
            raise ValueError(f"{name}, line {number}: an explanation follows a choice or a card, once")
    return _questions(entries, name), [Card(front, back) for sign, front, back in entries if sign == "*"]


def _questions(entries, name) -> list[Question]:
    found: list[tuple[str, list[Choice]]] = []
    for sign, text, why in entries:
        if sign == "?":
            found.append((text, []))
        elif sign in "+-":
            if not found:
                raise ValueError(f"{name}: the choice {text!r} stands before any question")
            found[-1][1].append(Choice(text, sign == "+", why))
    return [Question(text, choices) for text, choices in found]


def of_notebook(notebook: str, folder: Path = FOLDER) -> tuple[list[Question], list[Card]]:
    """The questions and flashcards of a notebook ("02", "02_rnn"); ValueError if there is no such notebook."""
    number = str(notebook).strip()[:2].zfill(2)
    files = {path.name[2:4]: path for path in sorted(folder.glob("nb[0-9][0-9]_*.txt"))}
    if number not in files:
        raise ValueError(f"expected the number of a notebook ({', '.join(files) or 'none'}); got {notebook!r}")
    return parse(files[number].read_text(encoding="utf-8"), files[number].name)
