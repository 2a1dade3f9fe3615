"""Make submissions with known scores: for the tests, for the benchmark, and to try the grader out by hand.

    python tests/grading/make_class.py FOLDER --students 300 --seed 1

Everyone hands in notebook 00. What they are worth stands in FOLDER/../expected.json: {student: points}.
"""

import argparse
import copy
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

POINTS = {"00.next_position": 2, "00.positions_needed": 1, "00.bounce": 3}
RIGHT = {
    "00.next_position": "def next_position(before, now):\n    return now + (now - before)",
    "00.positions_needed": "positions_needed = 2",
    "00.bounce": "def bounce(before, now):\n    straight = now + (now - before)\n"
    "    return 1 - np.abs(1 - np.abs(straight))",
}
# Other answers: (source, share of the points).
OTHER = {
    "00.next_position": [
        ("def next_position(before, now):\n    return 2 * now - before", 1),
        ("import torch\ndef next_position(before, now):\n    return torch.as_tensor(2 * now - before)", 1),
        ("def next_position(before, now):\n    return now", 0),
        ("def next_position(before, now):\n    return 2 * before - now", 0),
        ("def next_position(before, now):\n    return float(2 * now - before)", 2 / 3),
        ("def next_position(before, now):\n    raise NotImplementedError", 0),
        ("def next_position(before, now)\n    return now", 0),
    ],
    "00.positions_needed": [
        ("positions_needed = 1 + 1", 1),
        ("positions_needed = 3", 0),
        ("positions_needed = None", 0),
    ],
    "00.bounce": [
        ("def bounce(before, now):\n    return 1 - abs(1 - abs(next_position(before, now)))", 1),
        ("def bounce(before, now):\n    return 1 - np.abs(1 - (2 * now - before) % 2)", 1),
        ("def bounce(before, now):\n    return 2 * now - before", 1 / 4),
        ("def bounce(before, now):\n    while True:\n        pass", 0),
        ("def bounce(before, now):\n    return undefined_name", 0),
        ("def bounce(before):\n    return before", 0),
    ],
}


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
    right = {n: random.choice([RIGHT[n], *(s for s, share in OTHER[n] if share == 1)]) for n in POINTS}
    return as_bytes(solved(right)), 6


def partial(random: Random) -> tuple[bytes, float]:
    chosen = {n: random.choice([(RIGHT[n], 1), *OTHER[n]]) for n in POINTS}
    points = sum(round(POINTS[n] * share, 2) for n, (_, share) in chosen.items())
    return as_bytes(solved({n: source for n, (source, _) in chosen.items()})), round(points, 2)


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
