"""Notebook 00: a ball between two walls."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.selfcheck import Card, Choice, Question


def _pairs(rng) -> list[Case]:
    before, now = rng.uniform(0.2, 0.8, 5), rng.uniform(0.2, 0.8, 5)
    return [
        Case("one ball that moves to the right", before=0.31, now=float(rng.uniform(0.35, 0.45))),
        Case("one ball that moves to the left", before=0.62, now=float(rng.uniform(0.50, 0.58))),
        Case("five balls at once, in an array", before=before, now=now),
    ]


def _next_position(before, now):
    # By the definition of constant speed: the last point of a straight line through the two that are known.
    return np.polyval(np.stack([np.asarray(now) - before, np.asarray(now)]), 1.0)


next_position = Exercise(
    name="00.next_position",
    points=2,
    inputs=_pairs,
    oracle=_next_position,
    mistakes={
        "the ball stands still: the last position is given back unchanged": lambda before, now: now * 1.0,
        "the step is taken away instead of added, and the ball goes back": lambda before, now: now - (now - before),
        "the two positions change places, so that the ball runs its film backwards": lambda before, now: (
            2 * before - now
        ),
        "the two positions are averaged, which looks back instead of ahead": lambda before, now: (before + now) / 2,
        "the two positions are added instead of their difference": lambda before, now: now + before,
        "the step is counted twice": lambda before, now: now + 2 * (now - before),
    },
    accepts=[
        lambda before, now: now + (now - before),
        lambda before, now: np.asarray([-1.0, 2.0]) @ np.stack([np.asarray(before), np.asarray(now)]),
    ],
    hints=[
        "How far did the ball come between the two frames?",
        "At a constant speed it comes as far again: add that step to where it is now.",
        "The step is `now - before`.",
    ],
    minutes=2,
)


def _near_walls(rng) -> list[Case]:
    return [
        Case("far from both walls", before=0.4, now=float(rng.uniform(0.42, 0.48))),
        Case("past the right wall", before=float(rng.uniform(0.86, 0.9)), now=float(rng.uniform(0.96, 0.98))),
        Case("past the left wall", before=float(rng.uniform(0.1, 0.12)), now=float(rng.uniform(0.02, 0.04))),
        Case(
            "seven balls at once, in an array",
            before=np.concatenate([[0.9, 0.12], rng.uniform(0.3, 0.7, 5)]),
            now=np.concatenate([[0.98, 0.03], rng.uniform(0.3, 0.7, 5)]),
        ),
    ]


def _folded(before, now):
    # The path between two walls is the straight one, folded: there and back is a period of 2.
    return 1 - np.abs(1 - (2 * np.asarray(now) - before) % 2)


bounce = Exercise(
    name="00.bounce",
    points=3,
    inputs=_near_walls,
    oracle=_folded,
    mistakes={
        "the walls are forgotten and the ball leaves the box": lambda before, now: 2 * now - before,
        "the ball stops at the wall instead of coming back": lambda before, now: np.clip(2 * now - before, 0, 1),
        "the ball comes back at the right wall only": lambda before, now: 1 - np.abs(1 - (2 * now - before)),
        "the ball comes back at the left wall only": lambda before, now: np.abs(2 * np.asarray(now) - before),
        "the ball leaves on one side and comes in again on the other": lambda before, now: (
            (2 * np.asarray(now) - before) % 1
        ),
    },
    accepts=[
        lambda before, now: np.where((s := 2 * np.asarray(now) - before) > 1, 2 - s, np.where(s < 0, -s, s)),
        lambda before, now: 1 - np.abs(1 - np.abs(2 * np.asarray(now) - before)),
    ],
    hints=[
        "Begin with `next_position`. What comes out where the ball went past a wall?",
        "A ball that would be 0.1 beyond the right wall, at 1.1, is 0.1 before it, at 0.9.",
        "`np.abs(x)` folds everything below 0 back up; `1 - np.abs(1 - x)` does the same at 1.",
    ],
    difficulty=2,
    minutes=5,
)

positions_needed = Exercise(
    name="00.positions_needed",
    points=1,
    value=True,
    oracle=lambda: 2,
    mistakes={
        "the direction is thought to be known: one position says where the ball is, not which way it goes": lambda: 1,
        "the speed is thought to change between the walls, which would need a third position": lambda: 3,
        "no past is thought to be needed at all": lambda: 0,
    },
    hints=[
        "What do you need to know besides where the ball is?",
        "Its speed and direction: a difference of positions. How many does that take?",
    ],
    minutes=1,
)

EXERCISES = [next_position, positions_needed, bounce]

QUIZ = [
    Question(
        "Why does a check hand back a stand-in while your answer is not right yet?",
        [
            Choice(
                "So that the cells below still run, and you are never stuck",
                True,
                "A stand-in is the course's own answer. You may go on, come back, and put yours in its place.",
            ),
            Choice(
                "So that you get the points anyway",
                False,
                "A stand-in scores nothing. Only your own answer is judged.",
            ),
            Choice(
                "So that the solution is shown to you",
                False,
                "It runs, but it shows no code. Hints and the solved edition do that.",
            ),
        ],
    ),
    Question(
        "A check draws new inputs every time that it runs. What does that prevent?",
        [
            Choice(
                "An answer that only fits the numbers seen last time",
                True,
                "A number copied from a message is right once. A rule is right for inputs that nobody has seen.",
            ),
            Choice(
                "Running the same cell twice",
                False,
                "You can run a check as often as you like; the best score is kept.",
            ),
            Choice(
                "Answers that use a loop",
                False,
                "Any way of getting the right numbers passes: a loop, an array, a tensor.",
            ),
        ],
    ),
    Question(
        "One frame of the film shows the ball at 0.42. What can the best predictor of the next frame do?",
        [
            Choice(
                "Name a range, or its middle: the direction is not in the frame",
                True,
                "Left and right are equally likely. The middle is the best single guess, and it is off by one step each time.",
            ),
            Choice(
                "Name the next position exactly",
                False,
                "It would have to know the direction, which a single position does not hold.",
            ),
            Choice(
                "Nothing at all: any position is as likely as any other",
                False,
                "The ball moves little from frame to frame, so the next position lies near 0.42. That is information too.",
            ),
        ],
    ),
    Question(
        "What does `budget(cpu=300, gpu=20_000)` return on a laptop without a GPU?",
        [
            Choice(
                "300",
                True,
                "The same notebook runs everywhere. Only the amount of work follows the machine, and it stands in the cell.",
            ),
            Choice(
                "20 000",
                False,
                "That is for a GPU. On two cores it would take far longer than the cell promises.",
            ),
            Choice(
                "It depends on the time of day",
                False,
                "The device decides, or `SEQLIB_BUDGET` where you set it.",
            ),
        ],
    ),
    Question(
        "The linear model learned weights near −1 and 2. What did it learn?",
        [
            Choice(
                "The rule that you wrote: $2 x_t - x_{t-1}$",
                True,
                "Nobody told it the rule; it follows from the data, because that rule has the smallest error.",
            ),
            Choice(
                "That the past is bad, so it gets a negative weight",
                False,
                "The minus sign belongs to a difference: together the two weights measure a step.",
            ),
            Choice(
                "Two numbers that happen to fit this one ball",
                False,
                "It saw many balls with different speeds and starts, and was tested on others.",
            ),
        ],
    ),
    Question(
        "Why is every model in this course shown beside a baseline?",
        [
            Choice(
                "A score alone does not say whether anything was learned",
                True,
                "An error of 0.05 is excellent or worthless depending on what standing still would score.",
            ),
            Choice("To make the model look good", False, "Sometimes the baseline wins. Then that is printed."),
            Choice(
                "Because baselines are quicker to write",
                False,
                "They are, but that is not why: they give a score its meaning.",
            ),
        ],
    ),
]

FLASHCARDS = [
    Card("Exercise", "A cell with a signature and a gap. The next cell checks it."),
    Card(
        "Check",
        "Calls your answer on fresh inputs, names the first difference, and recognises known mistakes.",
    ),
    Card("Stand-in", "The course's own answer in the place of yours until yours passes. It scores nothing."),
    Card("Budget", "How much work a cell does here: `smoke`, `cpu` or `gpu`. It is written in the cell."),
    Card("Baseline", "What a simple rule scores on the same data. It gives every other score its meaning."),
    Card("State", "What must be remembered of the past to predict the future. For the ball: position and step."),
]
