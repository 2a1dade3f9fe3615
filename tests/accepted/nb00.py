"""Other right answers to the exercises of notebook 00: a check must pass each of them."""

import numpy as np

from seqlib.exercises.nb00_start import _bounce, _next_position

ACCEPTED = {
    "00.next_position": [
        _next_position,
        lambda before, now: np.einsum("k,k...->...", [-1.0, 2.0], np.stack([np.asarray(before), np.asarray(now)])),
    ],
    "00.bounce": [
        _bounce,
        lambda before, now: np.where((s := 2 * np.asarray(now) - before) > 1, 2 - s, np.where(s < 0, -s, s)),
    ],
    "00.positions_needed": [2],
}
