"""What a notebook's reader is told, asked and reminded of, as text: one file a notebook, edited without Python.

    Exercises

    # 05.lstm_step ●●○○ 8 minutes, core
    > a first hint
    > a second one, nearly the answer

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

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True)
class Task:
    """What is said of an exercise: how hard it is (1 to 4), how long it takes, whether it is core, hints in steps."""

    difficulty: int = 1
    minutes: int = 5
    core: bool = True
    hints: Sequence[str] = ()


HEADING = re.compile(r"(\d\d\.\w+) (●{1,4})(○{0,3}) (\d+) minutes?, (core|stretch)")


def parse(text: str, name: str = "the text") -> tuple[list[Question], list[Card], dict[str, Task]]:
    """Questions, flashcards, {exercise: Task}; ValueError that names the line that is not what it should be."""
    entries, tasks = [], {}  # [sign, text, explanation]
    for number, line in enumerate(text.splitlines(), 1):
        sign, content = line[:1], line[1:].strip()
        if not line.strip() or line.strip() in ("Exercises", "Quiz", "Flashcards"):
            continue
        if sign not in tuple("#>?+-*=") or not content:
            raise ValueError(f"{name}, line {number}: expected #, >, ?, +, -, * or = and a text, found {line!r}")
        if sign in "#>":
            _add_task(tasks, sign, content, f"{name}, line {number}")
        elif sign != "=":
            entries.append([sign, content, ""])
        elif entries and entries[-1][0] != "?" and not entries[-1][2]:
            entries[-1][2] = content
        else:
            raise ValueError(f"{name}, line {number}: an explanation follows a choice or a card, once")
    cards = [Card(front, back) for sign, front, back in entries if sign == "*"]
    return _questions(entries, name), cards, {exercise: Task(*head, hints) for exercise, (head, hints) in tasks.items()}


def _add_task(tasks, sign, content, where) -> None:
    if sign == ">":
        if not tasks:
            raise ValueError(f"{where}: a hint stands before any exercise")
        list(tasks.values())[-1][1].append(content)
        return
    told = HEADING.fullmatch(content)
    if told is None or len(told[2] + told[3]) != 4 or told[1] in tasks:
        raise ValueError(
            f"{where}: expected a new exercise such as '05.lstm_step ●●○○ 8 minutes, core', found {content!r}"
        )
    tasks[told[1]] = (len(told[2]), int(told[4]), told[5] == "core"), []


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
    files = _files(folder)
    if number not in files:
        raise ValueError(f"expected the number of a notebook ({', '.join(files) or 'none'}); got {notebook!r}")
    return parse(files[number].read_text(encoding="utf-8"), files[number].name)[:2]


@cache
def tasks_of(number: str, folder: Path = FOLDER) -> Mapping[str, Task]:
    """{exercise: Task} of a notebook ("05"); empty where it has no text."""
    file = _files(folder).get(number)
    return parse(file.read_text(encoding="utf-8"), file.name)[2] if file else {}


def _files(folder: Path) -> dict[str, Path]:
    return {path.name[2:4]: path for path in sorted(folder.glob("nb[0-9][0-9]_*.txt"))}
