"""What the books say about one vector, attention and looking, judged by what was measured. For 10, 11 and 12.

A verdict is computed by a rule that can come out the other way. It needs a recorded run in which each side's rate was
chosen among three or more, the best of them inside, and three seeds; without it the answer is "not tested".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seqlib.studies.fair_fights import SEEDS, apart
from seqlib.training import recorded

__all__ = [
    "aligned",
    "beam_pays",
    "compared",
    "keeps",
    "knows_parts",
    "looks_at_it",
    "needs_places",
    "recorded_if_there",
    "searched",
    "settings",
    "span",
    "weights_matter",
]

FLOOR, CEILING = 3.0, 98.0


def recorded_if_there(name: str) -> dict | None:
    """The recorded run of this name, None where nobody has recorded it: its rows are then not tested."""
    return recorded.load(name) if name in recorded.names() else None


def span(values: Sequence[float], unit: str = " %", digits: int = 0) -> str:
    """Mean and range of several seeds, as text: "58 % (53 to 58)"."""
    mean, low, high = (f"{value:.{digits}f}" for value in (np.mean(values), np.min(values), np.max(values)))
    return f"{mean}{unit} ({low} to {high})"


def rates_tried(run: Mapping, label: str) -> list[float]:
    """The learning rates that were tried for one side."""
    before = f"{label}, nats at rate "
    return sorted(float(key.removeprefix(before)) for key in run["results"] if key.startswith(before))


def searched(run: Mapping | None, *labels: str) -> bool:
    """Whether each side's rate was chosen among three or more, the best of them inside the range."""
    if run is None:
        return False
    for label in labels:
        tried, best = rates_tried(run, label), run["results"].get(f"{label}, rate", [None])[0]
        if len(tried) < 3 or best not in tried[1:-1]:
            return False
    return True


def settings(run: Mapping | None, *labels: str) -> str:
    """Rates and seeds of a recorded run, in a few words."""
    if run is None:
        return "no run with searched rates is recorded"
    told = []
    for label in labels:
        tried = rates_tried(run, label)
        told.append(
            f"{label}: best of {', '.join(f'{rate:g}' for rate in tried)} is {run['results'][f'{label}, rate'][0]:g}"
        )
    return f"{len(run['seeds'])} seeds; " + "; ".join(told)


def compared(ours: Sequence[float], rival: Sequence[float], fair: bool, floor: float = FLOOR) -> str:
    """In percent, a number a seed: "holds" if each seed of ours beats each of the rival's, "fails" if each loses.

    "not tested" if the fight is unfair or has too few seeds, if either side has not learned (its mean is at the
    floor), or if both are at the ceiling, where nothing can be told apart. Between: "depends".
    """
    means = np.mean(ours), np.mean(rival)
    if not fair or min(means) <= floor or min(means) >= CEILING:
        return "not tested"
    return apart(ours, rival)


def beam_pays(beam: Sequence[float], greedy: Sequence[float], least: float = 1.0) -> str:
    """Exact match of the same models, with a beam and greedily: in each seed more than `least` points apart, or not."""
    gains = np.subtract(beam, greedy)
    if len(gains) < SEEDS or not FLOOR < np.mean(greedy) < CEILING:
        return "not tested"
    return "holds" if gains.min() > least else "fails" if gains.max() <= least else "depends"


def keeps(short: Sequence[float], long: Sequence[float], rival: Sequence[float], fair: bool, most: float = 5.0) -> str:
    """Does length cost nothing? At most `most` points from short to long, in each seed, where a rival loses 20."""
    lost = np.subtract(short, long)
    if not fair or len(lost) < SEEDS or np.mean(short) - np.mean(rival) < 20:
        return "not tested"
    return "holds" if lost.max() <= most else "fails" if lost.min() > 20 else "depends"


def weights_matter(kept: Sequence[float], followed: Sequence[float] | None = None) -> str:
    """ "Other weights would give the same answer": fails where hardly an answer stays when the weights are moved.

    kept: percent of answers that stay; followed: percent that become what now is looked at, where that can be told.
    """
    if len(kept) < SEEDS or (followed is not None and len(followed) < SEEDS):
        return "not tested"
    if min(kept) > 80:
        return "holds"
    return "fails" if max(kept) < 20 and (followed is None or min(followed) > 80) else "depends"


def looks_at_it(shares: Sequence[float], chance: float) -> str:
    """Is the weight on what is named? In every seed at least twice chance, or never above it."""
    if len(shares) < SEEDS:
        return "not tested"
    return "holds" if min(shares) > 2 * chance else "fails" if max(shares) <= chance else "depends"


def aligned(hits: Mapping[str, Sequence[float]], straight: float) -> str:
    """Percent of linked words that look at what they mean, a number a seed and kind: nearly all, or no better than
    straight ahead."""
    worst = min(min(each) for each in hits.values())
    return "holds" if worst > 90 else "fails" if worst <= straight else "depends"


def needs_places(without: float, with_places: float) -> str:
    """How far logits in float64 move when the patches are shuffled: by rounding alone, or visibly."""
    return "holds" if without < 1e-9 < 1e-3 < with_places else "fails"


def knows_parts(held_out: Sequence[float], seen: Sequence[float], fair: bool) -> str:
    """Exact captions of held-out pairs as a share of seen ones: above .9 in every seed, or below .5."""
    if not fair or len(seen) < SEEDS or not FLOOR < np.mean(seen):
        return "not tested"
    parts = np.divide(held_out, seen)
    return "holds" if parts.min() > 0.9 else "fails" if parts.max() < 0.5 else "depends"
