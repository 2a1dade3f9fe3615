"""Handwritten digits: the two splits, which have no image in common, and what the data set's own notes promise."""

import numpy as np
import pytest

from seqlib.data.digits import FIRST, embedded_digits, official_digits
from seqlib.data.download import available, fetch


def seen(images) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_the_shipped_images_are_split_by_order_and_share_none():
    x, y, test_x, test_y = embedded_digits()
    assert x.shape == (FIRST, 8, 8) and test_x.shape == (797, 8, 8) and x.dtype == np.float32
    assert y.shape == (FIRST,) and set(y) == set(test_y) == set(range(10))
    assert 0 == x.min() < x.max() == 1 and not seen(x) & seen(test_x)


@pytest.mark.skipif(not available("optdigits/optdigits.tra"), reason="the official training file is not here")
def test_the_official_split_is_what_its_notes_say():
    x, y, test_x, test_y = official_digits()
    assert x.shape == (3823, 8, 8) and test_x.shape == (1797, 8, 8) and not seen(x) & seen(test_x)
    counts = [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]  # optdigits.names, section 9
    assert np.bincount(y).tolist() == counts
    from sklearn.neighbors import KNeighborsClassifier

    nearest = KNeighborsClassifier(1).fit(x.reshape(len(x), -1), y)
    assert round(100 * nearest.score(test_x.reshape(len(test_x), -1), test_y), 2) == 98.00


@pytest.mark.skipif(not available("optdigits/optdigits.tes"), reason="the official test file is not here")
def test_scikit_learns_digits_are_the_official_test_set():
    from seqlib.data.scenes import digit_images

    table = np.loadtxt(fetch("optdigits/optdigits.tes"), delimiter=",", skiprows=1)
    images, digits = digit_images()
    assert np.array_equal(table[:, 64], digits) and np.array_equal(table[:, :64].reshape(-1, 8, 8) / 16, images)
