"""A class of our own making: every member hands in something odd or hostile, and what it is worth is known.

A member is what lies in the folder of submissions under a student's name, and the points for each exercise of notebook
00, with the reason. `live` says that the same notebook is tried in a real kernel too and has to get the same there.
"""

import json
from dataclasses import dataclass, field

from make_class import NAMES, POINTS, RIGHT, as_bytes, cell_of, code_cell, release

FULL = tuple(POINTS[n] for n in NAMES)
NO_BOUNCE, NOTHING = (*FULL[:2], 0), (0, 0, 0)


@dataclass(frozen=True)
class Member:
    name: str  # the student's, as grade books have it
    files: dict  # {place in the folder of submissions: bytes}
    expected: tuple  # points of next_position, positions_needed, bounce
    why: str
    live: bytes | None = None  # the notebook, where a real kernel has to agree
    kind: str = "odd"  # odd or hostile
    links: dict = field(default_factory=dict)  # {place: what it points to}

    @property
    def score(self) -> float:
        return round(sum(self.expected), 2)


MEMBERS: list[Member] = []


def member(name: str, book, expected=FULL, *, why: str, live: bool = True, kind: str = "odd", beside=()):
    """A notebook under a plain name; `beside`: {name: bytes} to go with it, which makes it a folder."""
    raw = book if isinstance(book, bytes) else as_bytes(book)
    places = {f"{name}.ipynb": raw} if not beside else {f"{name}/00_start.ipynb": raw}
    places |= {f"{name}/{other}": content for other, content in dict(beside).items()}
    add(Member(name, places, expected, why, raw if live and kind == "odd" else None, kind))


def add(one: Member):
    assert one.name not in {m.name for m in MEMBERS}, one.name
    MEMBERS.append(one)


def slim(by: dict | None = None) -> dict:
    """Notebook 00 with its exercises solved (`by` other answers where given) and nothing else that takes time."""
    book = json.loads(json.dumps(release()))
    keep = [c for c in book["cells"] if c["metadata"].get("nbgrader")]
    book["cells"] = [code_cell("import numpy as np"), *keep]
    for name, source in {**RIGHT, **(by or {})}.items():
        cell_of(book, name)["source"] = source
    return book


def bounce(source: str) -> dict:
    return slim({"00.bounce": source})


def without(*names: str) -> tuple:
    """Full points, but none for these."""
    return tuple(0 if n in names else POINTS[n] for n in NAMES)


def at(book: dict, name: str) -> int:
    """Where an exercise's cell is."""
    return book["cells"].index(cell_of(book, name))


from members import answers, cells, deliveries, hostile, surroundings  # noqa: E402, F401
