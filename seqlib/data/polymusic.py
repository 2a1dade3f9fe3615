"""Polyphonic music as frames: which of 88 keys sound in each step of time."""

from __future__ import annotations

import numpy as np

from seqlib.data.download import fetch

__all__ = ["LOWEST", "frames_of"]

LOWEST = 21  # the MIDI number of the first of the 88 keys, an A


def frames_of(name: str) -> dict[str, list[np.ndarray]]:
    """{"train", "valid", "test": pieces}, each float32 (T, 88) of zeros and ones, as published.

    `name` is "JSB_Chorales" or "Nottingham". DataUnavailable where the file is not here and cannot be had.
    """
    from scipy.io import loadmat

    found = loadmat(fetch(f"polymusic/{name}.mat"))
    parts = {part: found[f"{part}data"][0] for part in ("train", "valid", "test")}
    return {part: [np.ascontiguousarray(piece, dtype=np.float32) for piece in pieces] for part, pieces in parts.items()}
