"""Does it help to know what people dial? A beam over beginnings, and the habits of a town as a language model.

In the town, three digits follow each digit seven times as often as the others. A bigram model is counted from numbers
that were dialled there; its weight, and a bonus for each digit, are chosen on other calls (Hannun 2017, on inference).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from seqlib.data.tones import Call, calls
from seqlib.studies.hearing_digits import collapsed, digit_errors, features, spelled

__all__ = ["BONUSES", "WEIGHTS", "bigrams", "habits", "likeliest", "spoken_in_town", "town_calls", "town_numbers",
           "weighed"]  # fmt: skip

SNR, LENGTH = -5.0, 7  # the noisiest calls of training, numbers of seven digits
FAVOURITES, OFTEN = 3, 7.0
WEIGHTS, BONUSES = (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 1.0, 2.0)


def habits(seed: int = 5) -> np.ndarray:
    """What comes next in the town: (11, 10), a row for each last digit + 1, row 0 for the beginning."""
    rng, habit = np.random.default_rng(seed), np.ones((11, 10))
    for row in habit:
        row[rng.choice(10, FAVOURITES, replace=False)] = OFTEN
    return habit / habit.sum(axis=1, keepdims=True)


def town_numbers(rng: np.random.Generator, count: int, habit: np.ndarray) -> list[str]:
    """Numbers that are dialled in the town."""
    made = []
    for _ in range(count):
        number = [0]
        for _ in range(LENGTH):
            number.append(1 + rng.choice(10, p=habit[number[-1]]))
        made.append(spelled(number[1:]))
    return made


def town_calls(seed, count: int) -> list[Call]:
    """Calls from the town, in hiss and voice."""
    rng = np.random.default_rng(seed)
    return calls(rng, town_numbers(rng, count, habits()), SNR)


def bigrams(numbers: Sequence[str]) -> np.ndarray:
    """log q of the next digit given the last, counted, with half a count more for each: (11, 11), columns 1 to 10."""
    counts = np.full((11, 11), 0.5)
    counts[:, 0] = 0
    for number in numbers:
        for last, k in itertools.pairwise([0, *(int(digit) + 1 for digit in number)]):
            counts[last, k] += 1
    with np.errstate(divide="ignore"):
        return np.log(counts / counts.sum(axis=1, keepdims=True))


def weighed(log_lm: np.ndarray, weight: float, bonus: float) -> np.ndarray:
    """q to a power, and a bonus for every digit, without which a language model loves short strings."""
    return np.where(np.isfinite(log_lm), weight * np.where(np.isfinite(log_lm), log_lm, 0) + bonus, -np.inf)


def likeliest(log_p: np.ndarray, width: int = 8, log_lm: np.ndarray | None = None) -> tuple[int, ...]:
    """The likeliest string of digits that a prefix beam finds under log p (T, V); log_lm (V, V), last by next."""
    symbols = range(1, log_p.shape[1])
    q = np.exp(np.zeros((log_p.shape[1],) * 2) if log_lm is None else log_lm).tolist()
    beams = {(): (1.0, 0.0)}
    for frame in np.exp(log_p).tolist():
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, symbol) in beams.items():
            last = prefix[-1] if prefix else 0
            own = grown.setdefault(prefix, [0.0, 0.0])
            own[0] += (blank + symbol) * frame[0]
            own[1] += symbol * frame[last]
            for k in symbols:
                comes = blank if k == last else blank + symbol
                grown.setdefault((*prefix, k), [0.0, 0.0])[1] += comes * frame[k] * q[last][k]
        best = sorted(grown, key=lambda one: -sum(grown[one]))[:width]
        # Only ratios matter from here on: divided by the largest, nothing becomes 0 in a long call.
        whole = sum(grown[best[0]]) or 1.0
        beams = {one: (grown[one][0] / whole, grown[one][1] / whole) for one in best}
    return best[0] if len(log_p) else ()


def _heard(model: nn.Module, made: Sequence[Call]) -> tuple[np.ndarray, list[str]]:
    with torch.no_grad():
        heard = model(features(np.stack([c.signal for c in made])).to(next(model.parameters()).device))
    return heard.cpu().double().numpy(), [c.digits for c in made]


def spoken_in_town(model: nn.Module, size: int = 100, width: int = 8) -> dict[str, float]:
    """Digit error rates on the town's calls: greedily, by a beam, by a beam with bigrams; and the weight and the bonus.

    The two are the best of WEIGHTS and BONUSES on half as many other calls; weight 0 and bonus 0 are among them.
    """
    log_lm = bigrams(town_numbers(np.random.default_rng(19), 2000, habits()))
    tune, true = _heard(model, town_calls([19, 1], max(1, size // 2)))

    def errors(choice):
        return digit_errors([spelled(likeliest(each, width, weighed(log_lm, *choice))) for each in tune], true)

    weight, bonus = min(itertools.product(WEIGHTS, BONUSES), key=errors)
    test, true = _heard(model, town_calls([19, 2], size))
    ways = {
        "town, greedy": [spelled(collapsed(each.argmax(axis=1).tolist())) for each in test],
        "town, beam": [spelled(likeliest(each, width)) for each in test],
        "town, bigrams": [spelled(likeliest(each, width, weighed(log_lm, weight, bonus))) for each in test],
    }
    found = {way: digit_errors(said, true) for way, said in ways.items()}
    return found | {"town, weight": weight, "town, bonus": bonus}
