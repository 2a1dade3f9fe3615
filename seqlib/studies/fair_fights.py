"""The rules behind the verdicts of notebooks 04 to 06: numbers in, "holds", "fails", "depends" or "not tested" out.

Each can come out in every way; tests/studies/test_fair_fights.py feeds each with numbers that turn it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = [
    "apart",
    "bracketed",
    "closes",
    "counted",
    "fair",
    "fought",
    "levelled",
    "on_the_way",
    "together",
    "within_fold",
]

SEEDS = 3  # fewer seeds settle nothing


def apart(better: Sequence[float], worse: Sequence[float]) -> str:
    """Is every seed of one above every seed of the other? "holds", "fails" if the other way round, else "depends".

    "not tested" with fewer than three seeds on a side.
    """
    if min(len(better), len(worse)) < SEEDS:
        return "not tested"
    if min(better) > max(worse):
        return "holds"
    return "fails" if max(better) < min(worse) else "depends"


def fair(verdict: str, *conditions: bool) -> str:
    """The verdict, if the fight was fair in every respect that is named; else "not tested"."""
    return verdict if all(conditions) else "not tested"


def fought(better: tuple, worse: tuple) -> str:
    """`apart` for two sides as `recall_ladder` hands them back, (seeds, rate, whether the rate is bracketed).

    The side that loses must have had its best rate inside those tried; the winner could only have won by more.
    """
    verdict = apart(better[0], worse[0])
    needed = {"holds": [worse], "fails": [better]}.get(verdict, [better, worse])
    return fair(verdict, *(side[2] for side in needed))


def together(*verdicts: str) -> str:
    """What several fights for one claim come to: all alike, or "depends"; "not tested" if one of them was not."""
    if "not tested" in verdicts:
        return "not tested"
    return verdicts[0] if len(set(verdicts)) == 1 else "depends"


def bracketed(tried: Mapping[float, float]) -> bool:
    """{rate: loss}: does the rate with the lowest loss lie inside those tried, of which there are three or more?"""
    return len(tried) >= 3 and min(tried) < min(tried, key=tried.get) < max(tried)


def levelled(loser: Sequence[float], earlier: Sequence[float], winner: Sequence[float]) -> bool:
    """Is the loser's curve flat enough? What it gained in the last fifth is less than half of what it is behind.

    Losses at the end, at four fifths of the training, and the winner's at the end.
    """
    gained, behind = np.mean(earlier) - np.mean(loser), np.mean(loser) - np.mean(winner)
    return bool(gained < behind / 2)


def within_fold(measured: Sequence[float], predicted: Sequence[float] | float, fold: float = 10.0) -> str:
    """Does a prediction come within a factor of `fold`, in every seed ("holds"), in none ("fails"), in some?"""
    near = np.abs(np.log(np.asarray(measured) / np.asarray(predicted))) <= np.log(fold)
    return "holds" if near.all() else "depends" if near.any() else "fails"


def on_the_way(curve: Sequence[float], gone: float = 1e-3) -> str:
    """ "It vanishes": "holds" if it only falls and ends below `gone`, "depends" if it rises first, else "fails".

    A curve of norms by lag, which begins at 1.
    """
    if curve[-1] > gone:
        return "fails"
    return "holds" if max(curve) <= 1 + 1e-9 else "depends"


def counted(which: Sequence[bool], least: int = SEEDS) -> str:
    """All of the cases ("holds"), some, or none ("fails"); "not tested" with fewer cases than `least`."""
    if len(which) < least:
        return "not tested"
    return "holds" if all(which) else "depends" if any(which) else "fails"


def closes(without: Sequence[float], remedied: Sequence[float], rival: Sequence[float]) -> str:
    """Does a remedy close the gap to a rival whose losses are lower? "not tested" where there is no gap to close.

    "holds" if the remedied no longer stand apart from the rival, "depends" if they are only nearer, else "fails".
    """
    if apart(without, rival) != "holds":
        return "not tested"
    if apart(remedied, rival) != "holds":
        return "holds"
    return "depends" if max(remedied) < min(without) else "fails"
