"""Telephone tones in noise: strings of digits as a push-button telephone sends them, with the true times of each.

Each key is two sines at once, one for its row and one for its column (ITU-T Q.23). Tones and gaps have lengths of
their own, so that the same digits never take the same time twice. Signals are NumPy, 8,000 samples a second; a
tone's mean square is 1, and the signal-to-noise ratio is that mean square over the noise's, in decibels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["COLUMN_HZ", "KEYS", "RATE", "ROW_HZ", "Call", "call", "calls", "frequencies", "tone", "voice"]

RATE = 8000
ROW_HZ, COLUMN_HZ = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = ("123", "456", "789", " 0 ")
TONE_S, GAP_S = (0.040, 0.090), (0.020, 0.080)  # the shortest and the longest
VOICE = 0.8  # of the noise's power, where somebody is talking
TURN = 0.015  # of the frequency: how far a keypad may be off


@dataclass(frozen=True)
class Call:
    """digits: the string dialled; signal (N,): what arrives; starts, ends: the samples at which each tone does."""

    digits: str
    signal: np.ndarray
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def frequencies(digit: str) -> tuple[int, int]:
    """The two frequencies of a digit in hertz: its row's and its column's."""
    for row, keys in enumerate(KEYS):
        if digit in "0123456789" and len(digit) == 1 and digit in keys:
            return ROW_HZ[row], COLUMN_HZ[keys.index(digit)]
    raise ValueError(f"expected a digit from 0 to 9, got {digit!r}")


def tone(rng: np.random.Generator, digit: str, samples: int) -> np.ndarray:
    """A key held for so many samples: two sines of amplitude 1, slightly off, begun anywhere, faded over 2 ms."""
    t, edge = np.arange(samples) / RATE, RATE // 500
    fade = np.minimum(1, np.minimum(np.arange(samples) + 1, np.arange(samples, 0, -1)) / edge)
    off, begun = rng.uniform(1 - TURN, 1 + TURN, 2), rng.random(2)
    sines = np.sin(2 * np.pi * (np.array(frequencies(digit)) * off * t[:, None] + begun))
    return fade * sines.sum(axis=1)


def call(rng: np.random.Generator, digits: str, snr: float, talking: bool = True) -> Call:
    """A string dialled, and heard at `snr` decibels, with a little noise before and after it."""
    return calls(rng, [digits], snr, talking)[0]


def voice(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Somebody who hums and mumbles: twelve harmonics of a gliding pitch, each swelling as it likes; mean square 1.

    Its partials pass through the frequencies of the keys, which is what fools a detector of tones ("talk-off").
    """
    t = np.arange(samples) / RATE
    glide = 1 + 0.2 * np.sin(2 * np.pi * (rng.uniform(0.5, 2) * t + rng.random()))
    turn = np.exp(2j * np.pi * np.cumsum(rng.uniform(90, 220) * glide) / RATE)
    sound, partial = np.zeros(samples), np.ones(samples, dtype=complex)
    for loud, pace, begun, phase in rng.uniform(size=(12, 4)):
        partial = partial * turn  # the next multiple of the pitch
        swell = (0.2 + 0.8 * loud) * np.sin(np.pi * ((1 + 3 * pace) * t + begun)) ** 2
        sound += swell * (partial * np.exp(2j * np.pi * phase)).real
    return sound / max(1e-9, np.sqrt((sound**2).mean()))


def calls(
    rng: np.random.Generator, strings: Sequence[str], snr: float | tuple[float, float], talking: bool = True
) -> list[Call]:
    """A call for each string, all made equally long by noise at the end; snr in decibels, or a range to draw from.

    Where somebody is `talking`, a share of VOICE of the noise's power is a voice; the rest, or else all, is white.
    """
    laid = [_layout(rng, digits) for digits in strings]
    longest = max((length for _, _, length in laid), default=0)
    low, high = snr if isinstance(snr, tuple) else (snr, snr)
    talk = voice(rng, longest * (2 + len(strings) // 16)) if talking else None  # each call hears a piece of it
    made = []
    for digits, (starts, ends, _) in zip(strings, laid, strict=True):
        noise = rng.normal(size=longest)
        if talking:
            at = rng.integers(len(talk) - longest + 1)
            noise = np.sqrt(1 - VOICE) * noise + np.sqrt(VOICE) * talk[at : at + longest]
        signal = noise * 10 ** (-rng.uniform(low, high) / 20)
        for digit, start, end in zip(digits, starts, ends, strict=True):
            signal[start:end] += tone(rng, digit, end - start)
        made.append(Call(digits, signal, starts, ends))
    return made


def _layout(rng: np.random.Generator, digits: str) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Where each tone starts and ends, in samples, and how long all of it takes."""
    held, gaps = rng.uniform(*TONE_S, len(digits)), rng.uniform(*GAP_S, len(digits) + 1)
    starts = gaps[0] + np.concatenate([[0], np.cumsum(held + gaps[1:])])[: len(digits)]
    ends = starts + held
    total = gaps.sum() + held.sum()
    return tuple((starts * RATE).astype(int)), tuple((ends * RATE).astype(int)), int(total * RATE)
