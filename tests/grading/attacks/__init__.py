"""Attacks: each takes the place of the answer to one exercise and must come away with nothing.

An attack is the source of a cell that leaves something under the name ANSWER, whatever the exercise is; WRONG is its
wrong answer where only a side effect matters. `keeps` says that the honest answers beside it keep their points.
Many ask the world for something forbidden and answer rightly if they get it: full points would show that they did.
"""

from dataclasses import dataclass

from make_class import NAMES, RIGHT, cell_of, code_cell, solved


@dataclass(frozen=True)
class Attack:
    name: str
    source: str
    keeps: bool = True  # other exercises of the same notebook keep their points
    slow: bool = False  # runs into a limit of time


ATTACKS: dict[str, Attack] = {}


def attack(name: str, source: str, **more):
    assert name not in ATTACKS, name
    ATTACKS[name] = Attack(name, source, **more)


def for_exercise(one: Attack, exercise: str) -> str:
    """The attack's source for one exercise."""
    variable = exercise[3:]
    right = "\n    ".join(RIGHT[exercise].splitlines())
    value = exercise == "00.positions_needed"
    wrong = f"{variable} = 77" if value else f"def {variable}(before, now):\n    return before * 0 + 0.123"
    source = one.source.replace("WRONG", wrong).replace("IF_LEAKED", f"if leaked:\n    {right}")
    return source.replace("ANSWER", variable)


def notebook(one: Attack) -> dict:
    """Two honest answers and the attack in the place of the third, `bounce`."""
    return solved({"00.bounce": for_exercise(one, "00.bounce")})


def everywhere(one: Attack) -> dict:
    """The attack in every exercise, in a cell of its own before, and the answers wrong."""
    book = solved({name: for_exercise(one, name) for name in NAMES})
    book["cells"].insert(1, code_cell(for_exercise(one, "00.bounce")))
    for name in NAMES:  # what a side effect should have turned into points is wrong
        variable = name[3:]
        if (
            f"def {variable}" not in cell_of(book, name)["source"]
            and f"{variable} =" not in cell_of(book, name)["source"]
        ):
            cell_of(book, name)["source"] += f"\n\n{variable} = None"
    return book


from attacks import comparison, libraries, limits, protocol, reading  # noqa: E402, F401

QUICK = [a for a in ATTACKS.values() if not a.slow]
