"""Make submissions with known scores: for the tests, for the benchmark, and to try the grader out by hand.

    python tests/grading/make_class.py FOLDER --students 300 --seed 1

Everyone hands in notebook 00. What they are worth stands in FOLDER/../expected.json: {student: points}.
"""

import argparse
import contextlib
import copy
import json
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from seqlib.checks.limits import TookTooLong, time_limit  # noqa: E402

NAMES = ("00.next_position", "00.positions_needed", "00.bounce")
RIGHT = {
    "00.next_position": "def next_position(before, now):\n    return now + (now - before)",
    "00.positions_needed": "positions_needed = 2",
    "00.bounce": "def bounce(before, now):\n    straight = now + (now - before)\n"
    "    return 1 - np.abs(1 - np.abs(straight))",
}
# Other answers. What each is worth is worked out, for it follows from the exercise's cases: see `worth`.
OTHER = {
    "00.next_position": [
        "def next_position(before, now):\n    return 2 * now - before",
        "import torch\ndef next_position(before, now):\n    return torch.as_tensor(2 * now - before)",
        "def next_position(before, now):\n    return now",
        "def next_position(before, now):\n    return 2 * before - now",
        "def next_position(before, now):\n    return float(2 * now - before)",
        "def next_position(before, now):\n    raise NotImplementedError",
        "def next_position(before, now)\n    return now",
    ],
    "00.positions_needed": ["positions_needed = 1 + 1", "positions_needed = 3", "positions_needed = None"],
    "00.bounce": [
        "def bounce(before, now):\n    return 1 - abs(1 - abs(next_position(before, now)))",
        "def bounce(before, now):\n    return 1 - np.abs(1 - (2 * now - before) % 2)",
        "def bounce(before, now):\n    return 2 * now - before",
        "def bounce(before, now):\n    while True:\n        pass",
        "def bounce(before, now):\n    return undefined_name",
        "def bounce(before):\n    return before",
    ],
}


@cache
def _exercise(name: str):
    from seqlib.checks.exercise import find

    return find(name)


POINTS = {name: _exercise(name).points for name in NAMES}
FULL = sum(POINTS.values())


@cache
def worth(name: str, source: str) -> float:
    """What an honest answer is worth: its share of the exercise's cases, called here and compared with NumPy alone.

    Nothing of this is the grader's, and it stays right when an exercise gets one case more. A stand-in takes the place
    of the other exercises, as in the notebook.
    """
    shares = {_share(name, source, seed) for seed in range(3)}
    assert len(shares) == 1, f"chance decides what this is worth: {source}"
    return round(POINTS[name] * shares.pop(), 2)


def _share(name: str, source: str, seed: int) -> float:
    exercise, space = _exercise(name), {"np": np}
    for right in RIGHT.values():
        exec(right, space)
    del space[name[3:]]
    with contextlib.suppress(Exception):
        exec(source, space)
    answer = space.get(name[3:])
    if exercise.value:
        return float(type(answer) in (int, float) and answer == exercise.oracle())
    cases = exercise.inputs(np.random.default_rng(seed))
    return sum(_is_right(answer, case.args, exercise.oracle(*case.args)) for case in cases) / len(cases)


def _is_right(answer, args, right) -> bool:
    try:
        with warnings.catch_warnings(), time_limit(0.5):
            warnings.simplefilter("ignore")
            found = np.asarray(answer(*args))
            return found.shape == np.shape(right) and bool(np.allclose(found, right, rtol=1e-4, atol=1e-7))
    except (Exception, TookTooLong):
        return False


def release() -> dict:
    """The unsolved notebook, as students get it."""
    return json.loads((ROOT / "notebooks" / "00_start.ipynb").read_text(encoding="utf-8"))


def cell_of(book: dict, name: str) -> dict:
    """The exercise cell of an exercise."""
    wanted = name.replace(".", "-")
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == wanted)


def code_cell(source: str, **metadata) -> dict:
    return {
        "cell_type": "code",
        "id": f"x{abs(hash(source)) % 10**12}",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def solved(answers: dict | None = None) -> dict:
    """The notebook with `answers` filled in: {exercise: source}, the right ones unless given."""
    book = copy.deepcopy(release())
    for name, source in {**RIGHT, **(answers or {})}.items():
        cell_of(book, name)["source"] = source
    return book


def as_bytes(book) -> bytes:
    return json.dumps(book, indent=1).encode()


@dataclass
class Student:
    """A submission: its name, its bytes, what it is worth; `kind` is good, partial, broken or hostile."""

    name: str
    kind: str
    raw: bytes
    points: float


def good(random: Random) -> tuple[bytes, float]:
    right = {n: random.choice([RIGHT[n], *(s for s in OTHER[n] if worth(n, s) == POINTS[n])]) for n in NAMES}
    return as_bytes(solved(right)), FULL


def partial(random: Random) -> tuple[bytes, float]:
    chosen = {n: random.choice([RIGHT[n], *OTHER[n]]) for n in NAMES}
    return as_bytes(solved(chosen)), round(sum(worth(n, source) for n, source in chosen.items()), 2)


def broken(random: Random) -> tuple[bytes, float]:
    """Honest trouble: the points stay."""
    from honest import TROUBLE

    raw, points = random.choice(list(TROUBLE.values()))()
    return raw, points


def hostile(random: Random) -> tuple[bytes, float]:
    """An attack in every exercise, or on the grader itself: nothing."""
    from attacks import QUICK, everywhere

    return as_bytes(everywhere(random.choice(QUICK))), 0


def make_class(
    count: int, seed: int = 1, shares=(("good", 0.4), ("partial", 0.3), ("broken", 0.2), ("hostile", 0.1))
) -> list[Student]:
    """Students in known proportions, in an order that mixes them; the same seed makes the same class."""
    random, makers = Random(seed), {"good": good, "partial": partial, "broken": broken, "hostile": hostile}
    kinds = [kind for kind, share in shares for _ in range(round(count * share))]
    kinds = (kinds + ["good"] * count)[:count]
    random.shuffle(kinds)
    students = []
    for i, kind in enumerate(kinds):
        raw, points = makers[kind](random)
        students.append(Student(f"student{i:03}", kind, raw, points))
    return students


def write(folder: Path, students) -> dict[str, float]:
    """A file per student; returns what each is worth."""
    folder.mkdir(parents=True, exist_ok=True)
    for student in students:
        (folder / f"{student.name}.ipynb").write_bytes(student.raw)
    return {s.name: s.points for s in students}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worth = write(options.folder, make_class(options.students, options.seed))
    (options.folder.parent / "expected.json").write_text(json.dumps(worth, indent=1))
    print(
        f"{len(worth)} submissions in {options.folder}, "
        f"what they are worth in {options.folder.parent / 'expected.json'}"
    )


if __name__ == "__main__":
    main()
