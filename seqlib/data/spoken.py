"""Spoken digits: 2,500 short recordings of five people, read from the archive as it is downloaded.

The Free Spoken Digit Dataset, release 1.0.9: names are digit_speaker_take.wav, 8 kHz, 16 bits, mono. Its official test
set is the takes 0 to 4 of every speaker and digit.
"""

from __future__ import annotations

import io
import re
import tarfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from seqlib.data.download import fetch
from seqlib.data.tones import RATE

__all__ = ["ARCHIVE", "Spoken", "official_split", "spoken_digits", "strung_together"]

ARCHIVE = "fsdd/free-spoken-digit-dataset-1.0.9.tar.gz"
TEST_TAKES = 5


@dataclass(frozen=True)
class Spoken:
    """One recording: the digit, who speaks, which take, and the sound (N,), its mean square made 1."""

    digit: str
    speaker: str
    take: int
    signal: np.ndarray


@cache
def spoken_digits() -> tuple[Spoken, ...]:
    """Every recording, by digit, speaker and take. DataUnavailable where the archive cannot be had."""
    found = []
    with tarfile.open(fetch(ARCHIVE)) as archive:
        for member in archive:
            named = re.search(r"/(\d)_(\w+)_(\d+)\.wav$", member.name)
            if named:
                with wave.open(io.BytesIO(archive.extractfile(member).read())) as file:
                    if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE, 2, 1):
                        raise ValueError(f"{member.name}: expected {RATE} Hz, 16 bits, one channel")
                    sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
                sound = sound - sound.mean()
                found.append(Spoken(named[1], named[2], int(named[3]), sound / max(1e-9, np.sqrt((sound**2).mean()))))
    return tuple(sorted(found, key=lambda s: (s.digit, s.speaker, s.take)))


def official_split(all_of_them: Sequence[Spoken], speaker: str | None = None) -> tuple[list[Spoken], list[Spoken]]:
    """To train on and to test on: takes 0 to 4 are the test; with a `speaker`, all of that person's takes are."""
    if speaker is None:
        test = [s.take < TEST_TAKES for s in all_of_them]
    else:
        test = [s.speaker == speaker for s in all_of_them]
        if not any(test):
            raise ValueError(f"expected one of {', '.join(sorted({s.speaker for s in all_of_them}))}, got {speaker!r}")
    return ([s for s, held in zip(all_of_them, test, strict=True) if not held],
            [s for s, held in zip(all_of_them, test, strict=True) if held])  # fmt: skip


def strung_together(rng: np.random.Generator, rows: Sequence[Sequence[Spoken]], gap=(0.0, 0.25), noise=0.02):
    """Recordings one after another with gaps between them (seconds), a row each: signals (B, N) and the digits.

    A little noise everywhere, so that a gap is not told by exact zeros; rows are filled up with it at the end.
    """
    laid = []
    for row in rows:
        gaps = (rng.uniform(*gap, len(row) + 1) * RATE).astype(int)
        pieces = [part for space, s in zip(gaps, row, strict=False) for part in (np.zeros(space), s.signal)]
        laid.append(np.concatenate([*pieces, np.zeros(gaps[-1])]))
    longest = max(map(len, laid))
    signals = np.stack([np.pad(one, (0, longest - len(one))) for one in laid])
    return signals + noise * rng.normal(size=signals.shape), ["".join(s.digit for s in row) for row in rows]
