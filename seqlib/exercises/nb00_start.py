"""Notebook 00: a ball between two walls."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips

STEP_SLIPS = {
    "the ball stands still: the last position is given back unchanged": "now + (now - before) → now * 1.0",
    "the step is taken away instead of added, and the ball goes back": "now + (now → now - (now",
    "the two positions change places, so that the ball runs its film backwards": (
        "now + (now - before) → before + (before - now)"
    ),
    "the two positions are averaged, which looks back instead of ahead": "now + (now - before) → (before + now) / 2",
    "the two positions are added instead of their difference": "now + (now - before) → now + before",
    "the step is counted twice": "(now - before) → 2 * (now - before)",
    "half the step is added": "(now - before) → (now - before) / 2",
    "the step is always taken to the right, whichever way the ball goes": "(now - before) → abs(now - before)",
    "the step is handed back, not the place that it leads to": "now + (now - before) → now - before",
}


def _pairs(rng) -> list[Case]:
    return [
        Case("one ball that moves to the right", before=0.31, now=float(rng.uniform(0.35, 0.45))),
        Case("one ball that moves to the left", before=0.62, now=float(rng.uniform(0.50, 0.58))),
        Case("five balls at once, in an array", before=rng.uniform(0.4, 0.6, 5), now=rng.uniform(0.4, 0.6, 5)),
        Case("an array of two rows", before=rng.uniform(0.4, 0.6, (2, 3)), now=rng.uniform(0.4, 0.6, (2, 3))),
        Case("past the walls, which come later", before=np.array([0.9, 0.12]), now=np.array([0.98, 0.03])),
    ]


def _line(before, now):
    # By the definition of constant speed: the last point of a straight line through the two that are known.
    return np.polyval(np.stack([np.asarray(now) - before, np.asarray(now)]), 1.0)


def _next_position(before, now):
    return now + (now - before)


next_position = Exercise(
    name="00.next_position",
    points=2,
    inputs=_pairs,
    oracle=_line,
    right=_next_position,
    mistakes=slips(
        _next_position,
        STEP_SLIPS
        | {
            "the walls are minded already: (0.1) knows none, and they come in an exercise of their own": (
                "now + (now - before) → 1 - np.abs(1 - np.abs(2 * now - before))"
            ),
            "the ball is stopped at the walls: (0.1) knows none, and they come in an exercise of their own": (
                "now + (now - before) → np.clip(2 * now - before, 0, 1)"
            ),
        },
    ),
)


def _near_walls(rng) -> list[Case]:
    return [
        Case("far from both walls", before=0.4, now=float(rng.uniform(0.42, 0.48))),
        Case("past the right wall", before=float(rng.uniform(0.86, 0.9)), now=float(rng.uniform(0.96, 0.98))),
        Case("past the left wall", before=float(rng.uniform(0.1, 0.12)), now=float(rng.uniform(0.02, 0.04))),
        Case(
            "seven balls at once, in an array",
            before=np.concatenate([[0.9, 0.12], rng.uniform(0.4, 0.6, 5)]),
            now=np.concatenate([[0.98, 0.03], rng.uniform(0.4, 0.6, 5)]),
        ),
        Case("as fast as a ball can be", before=np.array([[0.05, 0.9, 0.45]]), now=np.array([[0.95, 0.08, 0.55]])),
    ]


def _folded(before, now):
    # The path between two walls is the straight one, folded: there and back is a period of 2.
    return 1 - np.abs(1 - (2 * np.asarray(now) - before) % 2)


def _bounce(before, now):
    straight = now + (now - before)
    return 1 - np.abs(1 - np.abs(straight))


FOLD = "1 - np.abs(1 - np.abs(straight))"
OUTSIDE = "(straight < 0) | (straight > 1)"
AT_THE_RIGHT = "np.where(straight > 1, {}, np.abs(straight))"
AT_THE_LEFT = "np.where(straight < 0, {}, 1 - np.abs(1 - straight))"
WALL_SLIPS = {
    "at the right wall the ball stops, at the left one it comes back": f"{FOLD} → {AT_THE_RIGHT.format(1.0)}",
    "at the left wall the ball stops, at the right one it comes back": f"{FOLD} → {AT_THE_LEFT.format(0.0)}",
    "past the right wall the ball is as far from the left one: 1.1 becomes 0.1, not 0.9": (
        f"{FOLD} → {AT_THE_RIGHT.format('straight - 1')}"
    ),
    "past the left wall the ball is as far from the right one: −0.1 becomes 0.9, not 0.1": (
        f"{FOLD} → {AT_THE_LEFT.format('1 + straight')}"
    ),
    "past the right wall the place is 1 − x, where 2 − x is as far before the wall as x is beyond it": (
        f"{FOLD} → {AT_THE_RIGHT.format('1 - straight')}"
    ),
    "past the left wall the place is 1 − x, where −x is as far before the wall as x is beyond it": (
        f"{FOLD} → {AT_THE_LEFT.format('1 - straight')}"
    ),
}

bounce = Exercise(
    name="00.bounce",
    points=3,
    inputs=_near_walls,
    oracle=_folded,
    right=_bounce,
    mistakes=slips(
        _bounce,
        STEP_SLIPS
        | WALL_SLIPS
        | {
            "the walls are forgotten and the ball leaves the box": f"{FOLD} → straight",
            "the ball stops at the wall instead of coming back": f"{FOLD} → np.clip(straight, 0, 1)",
            "the ball comes back at the right wall only": f"{FOLD} → 1 - np.abs(1 - straight)",
            "the ball comes back at the left wall only": f"{FOLD} → np.abs(straight)",
            "the ball leaves on one side and comes in again on the other": f"{FOLD} → straight % 1",
            "beyond a wall the ball is put back to where it is now": f"{FOLD} → np.where({OUTSIDE}, now, straight)",
            "beyond a wall the step is turned round at once: the ball never reaches the wall": (
                f"{FOLD} → np.where({OUTSIDE}, before, straight)"
            ),
            "the place is mirrored in the middle of the box: 1 − x, where the right wall gives 2 − x and the left −x": (
                f"{FOLD} → np.where({OUTSIDE}, 1 - straight, straight)"
            ),
            "the place is mirrored everywhere, not beyond the walls alone": f"{FOLD} → 1 - np.abs(np.abs(straight))",
        },
    ),
)

positions_needed = Exercise(
    name="00.positions_needed",
    points=1,
    value=True,
    oracle=lambda: 2.0,  # 2 and 2.0 are one answer
    mistakes={
        "the direction is thought to be known: one position says where the ball is, not which way it goes": lambda: 1.0,
        "the speed is thought to change between the walls, which would need a third position": lambda: 3.0,
        "no past is thought to be needed at all": lambda: 0.0,
        "two positions are counted for each direction: the same two tell which way it goes": lambda: 4.0,
        "the distance in time is told: how many positions is a number from 1 on": lambda: -1.0,
        "the whole past is thought to be needed: what came earlier says nothing new": lambda: float("inf"),
    },
)
