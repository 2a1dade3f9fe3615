"""Which family, for which job? The recorded ladder as one table, and what follows from it by a rule.

A row is a family: its scores on each task (three seeds), what a stream of it carries from step to step, and what one
step takes. Whether more or less is better is a task's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from seqlib.studies.every_family import FAMILIES
from seqlib.studies.seven_tasks import TASKS

__all__ = [
    "JOBS", "LESS_IS_BETTER", "Job", "Row", "ahead", "alike", "all_round", "leaders", "recorded_ladder", "rows_of",
]  # fmt: skip

LESS_IS_BETTER = ("text", "forecast")
LADDER = ("23_remember", "23_add", "23_copy", "23_translate", "23_tag", "23_text", "23_forecast")  # as TASKS has them


@dataclass(frozen=True)
class Row:
    """A family on the ladder. scores: {task: [a number for each seed]}; carried: numbers after 1,000 steps;
    ms: {steps before it: milliseconds of one step}."""

    name: str
    scores: Mapping[str, Sequence[float]]
    parameters: float = 0
    carried: float = 0
    ms: Mapping[int, float] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)

    def mean(self, task: str) -> float:
        return float(np.mean(self.scores[task]))


@dataclass(frozen=True)
class Job:
    """What somebody needs: the task that stands for it, and the most that may be carried and that a step may take."""

    says: str
    task: str
    most_carried: float = float("inf")
    most_ms: float = float("inf")


JOBS = (
    Job("a microphone that waits for one word: a stream without an end, 1 kilobyte for its memory", "remember", 256),
    Job("a sensor that foretells its next reading on a cheap chip, 1 kilobyte", "forecast", 256),
    Job("keep a running sum over a stream, 1 kilobyte", "add", 256),
    Job("short sentences, all there at once: a tag for each word", "tag"),
    Job("repeat to the letter what was said", "copy"),
    Job("short phrases from one language to another", "translate"),
    Job("text, 48 characters to go by", "text"),
)


def rows_of(runs: Mapping[str, Mapping], steps: Mapping) -> list[Row]:
    """The ladder from its recordings: {task: run} and the run of the clock."""
    rows = []
    for family in FAMILIES:
        told = {task: run["results"] for task, run in runs.items()}
        of_clock = steps["results"]
        rows.append(
            Row(
                family,
                {task: told[task][f"{family}, score"] for task in told},
                float(np.mean([told[task][f"{family}, parameters"] for task in told])),
                of_clock[f"{family}, numbers after 1000"][0],
                {after: float(np.median(of_clock[f"{family}, ms after {after}"])) for after in (10, 100, 1000, 10_000)},
                {task: float(np.mean(told[task][f"{family}, steps"])) for task in told},
            )
        )
    return rows


def alike(some: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two families cannot be told apart: their means lie no further apart than half the sum of their ranges."""
    gap = abs(np.mean(some) - np.mean(other))
    return bool(gap <= (np.ptp(some) + np.ptp(other)) / 2)


def all_round(rows: Sequence[Row], tasks: Sequence[str] = TASKS) -> dict[str, list[str]]:
    """{task: the families that cannot be told from the best}."""
    found = {}
    for task in tasks:
        best = (min if task in LESS_IS_BETTER else max)(rows, key=lambda row: row.mean(task))
        found[task] = [row.name for row in rows if alike(row.scores[task], best.scores[task])]
    return found


def recorded_ladder() -> tuple[dict[str, dict], dict]:
    """The recordings of the ladder that are here, {task: run}, and that of the clock."""
    from seqlib.training.recorded import load, names

    there = set(names())
    return {task: load(name) for task, name in zip(TASKS, LADDER, strict=True) if name in there}, load("23_steps")


def leaders() -> dict[str, list[float]]:
    """What the capstones' leaders reached, three papers each; nothing where that was not recorded."""
    from seqlib.training.recorded import load, names

    return load("23_capstones")["results"] if "23_capstones" in names() else {}


def ahead(rows: Sequence[Row], one: str, other: str, tasks: Sequence[str]) -> tuple[int, int, int]:
    """On how many tasks one family is ahead of another, alike, and behind."""
    found = {row.name: row for row in rows}
    counts = [0, 0, 0]
    for task in tasks:
        some, others = found[one].scores[task], found[other].scores[task]
        gap = (np.mean(some) - np.mean(others)) * (-1 if task in LESS_IS_BETTER else 1)
        counts[1 if alike(some, others) else 0 if gap > 0 else 2] += 1
    return tuple(counts)
