"""Handwritten digits, 8 × 8: what scikit-learn ships, and the official split, whose test set just that is.

From 43 people's forms: 30 of them wrote the 3,823 training images, 13 others the 1,797 test images. Alpaydin and
Kaynak 1998, UCI data set 80. scikit-learn's `load_digits` is the official test set: never train on it and test there.
"""

import numpy as np

from seqlib.data.download import fetch
from seqlib.data.scenes import digit_images

__all__ = ["FIRST", "embedded_digits", "official_digits"]

FIRST = 1000  # of the shipped images, to learn from; the other 797 are to be tested on


def embedded_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What scikit-learn ships, split for a notebook without network: 1,000 images to learn from, the other 797 to test.

    Images float32 (N, 8, 8) from 0 to 1, digits int64 (N,): x, y, test x, test y. By order and not at random: images
    that follow one another are often by the same hand. No figure of this split can be compared with the literature.
    """
    images, digits = (array.copy() for array in digit_images())
    return images[:FIRST], digits[:FIRST], images[FIRST:], digits[FIRST:]


def official_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The official split, 3,823 and 1,797 images of different writers: x, y, test x, test y, as `embedded_digits`.

    Needs no network for the test images, which are scikit-learn's. DataUnavailable without the training file.
    """
    table = np.loadtxt(fetch("optdigits/optdigits.tra"), delimiter=",", skiprows=1, dtype=np.int64)  # a header line
    images, digits = (table[:, :64].reshape(-1, 8, 8) / 16).astype(np.float32), table[:, 64]
    return images, digits, *(array.copy() for array in digit_images())
