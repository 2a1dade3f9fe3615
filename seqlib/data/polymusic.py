"""Polyphonic music as frames: which of 88 keys sound in each step of time."""

from __future__ import annotations

import numpy as np

from seqlib import expect
from seqlib.data.download import fetch

__all__ = ["LOWEST", "frames_of", "notes_of"]

LOWEST = 21  # the MIDI number of the first of the 88 keys, an A


def frames_of(name: str) -> dict[str, list[np.ndarray]]:
    """{"train", "valid", "test": pieces}, each float32 (T, 88) of zeros and ones, as published.

    `name` is "JSB_Chorales" or "Nottingham". DataUnavailable where the file is not here and cannot be had.
    """
    from scipy.io import loadmat

    expect.one_of(name, "name", ("JSB_Chorales", "Nottingham"))

    found = loadmat(fetch(f"polymusic/{name}.mat"))
    parts = {part: found[f"{part}data"][0] for part in ("train", "valid", "test")}
    return {part: [np.ascontiguousarray(piece, dtype=np.float32) for piece in pieces] for part, pieces in parts.items()}


def notes_of(frames: np.ndarray, seconds: float = 1.0) -> list[tuple[int, float, float]]:
    """The notes of frames (T, 88): (MIDI key, start, length); a key that goes on sounding is one note."""
    expect.shape(frames, "frames", "T*", "keys")
    expect.number(seconds, "seconds", above=0)
    found, edges = [], np.diff(np.pad(frames > 0.5, ((1, 1), (0, 0))).astype(int), axis=0)
    for key in range(frames.shape[1]):
        starts, ends = np.flatnonzero(edges[:, key] == 1), np.flatnonzero(edges[:, key] == -1)
        found += [
            (LOWEST + key, float(a * seconds), float((b - a) * seconds)) for a, b in zip(starts, ends, strict=True)
        ]
    return sorted(found, key=lambda note: (note[1], note[0]))
