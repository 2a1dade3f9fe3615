"""SCAN: commands in a small language and the actions that they mean, in three splits.

Source: Lake and Baroni 2018, "Generalization without Systematicity", §2 and Experiments 1 to 3.
"""

from __future__ import annotations

from seqlib.data.download import fetch

SPLITS = ("simple", "length", "addprim_jump")


def scan(split: str = "simple", part: str = "train", quiet: bool = False) -> list[tuple[list[str], list[str]]]:
    """(command, actions) as lists of tokens: "walk twice" and WALK WALK.

    split: "simple" (at random), "length" (up to 22 actions in training, 24 to 48 in the test), "addprim_jump";
    part: "train" or "test". Actions are written without their "I_".
    Raises DataUnavailable if the file is not here and cannot be had, ValueError for an unknown split or part.
    """
    if split not in SPLITS or part not in ("train", "test"):
        raise ValueError(f"expected one of {', '.join(SPLITS)} and train or test, got {split!r} and {part!r}")
    lines = fetch(f"scan/tasks_{part}_{split}.txt", quiet=quiet).read_text(encoding="utf-8").splitlines()
    pairs = []
    for line in filter(None, lines):
        command, actions = line.removeprefix("IN: ").split(" OUT: ")
        pairs.append((command.split(), [action.removeprefix("I_") for action in actions.split()]))
    return pairs
