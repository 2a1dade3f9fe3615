"""Logos: as tall as the bits say, letters in the order of their heights, and what does not fit is refused."""

import numpy as np
import pytest

from seqlib.display.figures import figure
from seqlib.display.logos import logo


def drawn(heights, **options):
    fig, ax = figure()
    logo(ax, heights, **options)
    boxes = [patch.get_path().get_extents() for patch in ax.patches]
    import matplotlib.pyplot as plt

    plt.close(fig)
    return ax, boxes


def test_each_letter_is_as_tall_as_its_height_and_the_tallest_is_on_top():
    ax, boxes = drawn([[0.5, 0.0, 1.2, 0.1], [0.0, 2.0, 0.0, 0.0]])
    assert len(boxes) == 4, "a height of 0 is not drawn"
    first = sorted((b for b in boxes if b.x0 < 1.5), key=lambda b: b.y0)
    assert np.allclose([b.height for b in first], [0.1, 0.5, 1.2])
    assert np.allclose([b.y0 for b in first], [0, 0.1, 0.6])
    assert ax.get_ylim()[1] > 2.0


def test_negative_scores_hang_below_zero():
    _, boxes = drawn([[0.5, -0.4, -0.1, 0.0]])
    assert np.allclose(sorted(b.y0 for b in boxes), [-0.5, -0.1, 0.0])


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected heights"):
        drawn(np.ones((3, 5)))
