"""Who wins a fair fight? Verdicts computed from recorded scores, rates that were tried, and seeds. For 13, 14 and 16.

Scores are percent, the higher the better; losses have their sign turned (`of_losses`). A verdict is one of
seqlib.claims': holds, fails, depends, not tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

FLOOR, CEILING = 5.0, 99.0  # percent: below, a rival is not trained; above, a task no longer tells rivals apart


def losses_below(bar: float) -> dict[str, float]:
    """The limits of a fight by losses: a model that has not passed `bar` is not trained, and no loss is too good."""
    return {"floor": -bar, "ceiling": float("inf")}


@dataclass(frozen=True)
class Side:
    """One of two rivals: a score for each seed, its learning rate, and the lowest and the highest that were tried."""

    scores: Sequence[float]
    rate: float
    lowest: float
    highest: float

    @property
    def searched(self) -> bool:
        """Whether the best rate stands inside those that were tried."""
        return self.lowest < self.rate < self.highest

    def __str__(self):
        low, high = min(self.scores), max(self.scores)
        tried = f"{self.rate:g} of {self.lowest:g} to {self.highest:g}"
        return f"{np.mean(self.scores):.1f} ({low:.1f}–{high:.1f}; rate {tried})"


def side(results: Mapping, scores: str, name: str) -> Side:
    """The rival `name` of a recording's results, with its scores under the label `scores`."""
    lowest, highest, _ = results[f"{name}, rates tried"]
    return Side(tuple(results[scores]), results[f"{name}, rate"][0], lowest, highest)


def of_losses(results: Mapping, losses: str, name: str) -> Side:
    """The rival `name`, judged by what it lost under the label `losses`: the sign is turned, so that more is better."""
    lowest, highest, _ = results[f"{name}, rates tried"]
    return Side(tuple(-loss for loss in results[losses]), results[f"{name}, rate"][0], lowest, highest)


def fair(these: Side, others: Side, floor: float = FLOOR, ceiling: float = CEILING) -> bool:
    """Three seeds and a searched rate on both sides, no run at the floor, and not both sides at the ceiling.

    One run that has not begun to learn makes its side one that is not trained: a longer training might have.
    """
    sides = (these, others)
    trained = all(min(one.scores) > floor for one in sides)
    apart = any(min(one.scores) < ceiling for one in sides)
    return trained and apart and all(one.searched and len(one.scores) >= 3 for one in sides)


def wins(these: Side, others: Side, **limits) -> str:
    """Are these better than the others? "holds" where the worst seed of these is above the best of the others.

    "fails" where the best of these is not above the worst of the others, "depends" where the seeds overlap, and
    "not tested" where the fight was not `fair`, whose limits may be given.
    """
    if not fair(these, others, **limits):
        return "not tested"
    if min(these.scores) > max(others.scores):
        return "holds"
    return "fails" if max(these.scores) <= min(others.scores) else "depends"


def above(these: Side, bar: float) -> str:
    """Are these better than a rival that is not trained, whose score is `bar`?

    "holds" where every seed is above it, "fails" where none is, "depends" between; "not tested" without three seeds and
    a searched rate.
    """
    if not these.searched or len(these.scores) < 3:
        return "not tested"
    if min(these.scores) > bar:
        return "holds"
    return "fails" if max(these.scores) <= bar else "depends"


def needed(whole: Side, without: Side, floor: float = FLOOR) -> str:
    """Is a part needed, judged by the whole and by the same without it, each at its best rate?

    "holds" where without it nothing is learned at any rate, while the whole learns; "fails" where without it all is
    learned; else as `wins`, with no floor.
    """
    if whole.searched and min(whole.scores) > floor >= max(without.scores):
        return "holds"
    if min(without.scores) >= CEILING:
        return "fails"
    return wins(whole, without, floor=-1.0)


def alike(these: Side, others: Side, **limits) -> str:
    """Do both do nearly the same? "holds" where the seeds overlap, "fails" where they do not, after a fair fight."""
    found = {wins(these, others, **limits), wins(others, these, **limits)}
    return "not tested" if "not tested" in found else "holds" if found == {"depends"} else "fails"


def sooner(these: Mapping[int, Side], others: Mapping[int, Side], learned: float = CEILING) -> str:
    """Do these learn what the others learn too, in fewer steps? {steps: a side}, the same steps, each rate searched.

    "holds" where both have learned it in every seed by the last number of steps, and at an earlier one these are ahead
    in every seed; "fails" where the others are; "depends" where neither is. "not tested" where one of them has not
    learned it by the end: then nobody knows how long it takes.
    """
    learn = {n: all(min(one.scores) >= learned for one in (these[n], others[n])) for n in these}
    early = [n for n in these if not learn[n]]
    if not learn[max(these)] or not early:
        return "not tested"
    found = {wins(these[n], others[n], floor=-1.0) for n in early}
    if "not tested" in found:
        return "not tested"
    found -= {"depends"}
    return found.pop() if len(found) == 1 else "depends"


def carries(beyond: Iterable[Sequence[float]], enough: float = 90.0, chance: float = 100 / 12) -> str:
    """Does a model carry beyond its training, over several tasks, each a score a seed?

    "holds" where every seed of every task has `enough`, "fails" where none has half the way from chance to it.
    """
    scores = np.concatenate([np.ravel(task) for task in beyond])
    if scores.min() >= enough:
        return "holds"
    return "fails" if scores.max() < (enough + chance) / 2 else "depends"


def one_head_suffices(one: Side, two: Side, helped: Side) -> str:
    """ "A single head's averaging keeps it from attending to several positions": does it?

    "holds" where two heads win against the bare head and against the one that is `helped`; "depends" where they win
    against the bare one alone; "fails" where they do not win against the bare one.
    """
    bare, other = wins(two, one), wins(two, helped)
    if "not tested" in (bare, other) and not (bare == "holds" and min(helped.scores) >= CEILING):
        return "not tested"
    return bare if bare != "holds" else "holds" if other == "holds" else "depends"


def small(ratios: Sequence[float], tiny: float = 0.01, not_small: float = 0.1) -> str:
    """Are they extremely small, all of them ("holds"), none of them ("fails"), or some ("depends")?"""
    if max(ratios) < tiny:
        return "holds"
    return "fails" if min(ratios) > not_small else "depends"


def everywhere(verdicts: Iterable[str]) -> str:
    """The one verdict that all have, else "depends"; "not tested" ones have no say unless all are."""
    found = {verdict for verdict in verdicts if verdict != "not tested"}
    return found.pop() if len(found) == 1 else "depends" if found else "not tested"
