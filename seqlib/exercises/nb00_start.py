"""Notebook 00: a ball between two walls."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise


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
