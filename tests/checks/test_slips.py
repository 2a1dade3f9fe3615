"""A mistake as an edit: once and only once, of functions and classes, with what the module knows."""

import numpy as np
import pytest

from seqlib.checks.slips import slips

SHIFT = 10.0


def answer(x, W):
    """What is right."""
    inside = x @ W + SHIFT
    return np.tanh(inside), inside


class Layer:
    def __init__(self, width):
        self.scale = 1 / width

    def forward(self, x):
        return x * self.scale


X, W = np.ones((2, 3)), np.full((3, 2), 0.5)


def test_an_edit_makes_one_wrong_answer_and_leaves_the_right_one():
    wrong = slips(answer, {"the shift is left out": " + SHIFT →", "the sine": "np.tanh(inside) → np.sin(inside)"})
    assert list(wrong) == ["the shift is left out", "the sine"]
    assert np.array_equal(wrong["the shift is left out"](X, W)[1], X @ W)
    assert np.array_equal(wrong["the sine"](X, W=W)[0], np.sin(X @ W + SHIFT))
    assert np.array_equal(answer(X, W)[0], np.tanh(X @ W + SHIFT))


def test_several_edits_at_once_and_names_of_its_own():
    wrong = slips(answer, {"both": ("x @ W → x @ turned(W)", "np.tanh(inside), → inside,")}, turned=lambda W: W * 2)
    assert np.array_equal(wrong["both"](X, W)[0], X @ W * 2 + SHIFT)


def test_a_class_can_be_edited():
    wrong = slips(Layer, {"the width multiplies": "1 / width → width"})["the width multiplies"]
    assert isinstance(wrong, type) and wrong(4).forward(2.0) == 8.0 and Layer(4).forward(2.0) == 0.5


@pytest.mark.parametrize(
    "edit, complaint",
    [
        ("np.exp → np.log", "'np.exp' stands 0 times"),
        ("inside → outside", "'inside' stands 3 times"),
        ("x @ W", "an edit is written"),
        ("x @ W → x @ W", "an edit is written"),
        (("x @ W → x", "x @ W → x"), "'x @ W' stands 0 times"),
    ],
)
def test_an_edit_that_misses_or_is_ambiguous_is_refused(edit, complaint):
    with pytest.raises(ValueError, match=complaint):
        slips(answer, {"a slip": edit})


def test_the_edited_source_is_seen_in_a_traceback():
    wrong = slips(answer, {"no such name": "x @ W → x @ nowhere"})["no such name"]
    with pytest.raises(NameError, match="nowhere"):
        wrong(X, W)
    assert "x @ nowhere" in wrong.source
