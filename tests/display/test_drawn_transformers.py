"""The drawing of 13: every word and every number that they are given stands on them."""

import numpy as np
from display.test_cells import spots

from seqlib.display.one_sentence import through_every_step


def lies_on_the_sheet(sheet):
    return all(0 <= value <= (sheet.width if axis == "x" else sheet.height) for value, axis in spots(sheet.svg()))


def test_one_sentence_carries_its_numbers():
    words, rng = ["cat", "ate", "full"], np.random.default_rng(0)
    x, q, k, v, out = (rng.uniform(1, 9, (3, n)).round(1) for n in (4, 2, 2, 3, 3))
    scores, weights = rng.uniform(1, 9, (3, 3)), rng.dirichlet(np.ones(3), size=3)
    sheet = through_every_step(words, x, q, k, v, scores, weights, out, askers=(1, 2))
    assert lies_on_the_sheet(sheet)
    svg = sheet.svg()
    assert all(word in svg for word in words)
    for table in (x, q, k, v, out[1:]):
        assert all(f"{number:.1f}".removesuffix(".0") in svg for number in table.flat)
    assert all(f"{weight:.2f}" in svg for weight in weights[1:].flat)
    assert svg.count("Σ") == 2
