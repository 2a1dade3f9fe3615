"""seqlib.display.jacobians: every factor and every remainder is on the sheet, and nothing leaves it."""

import re

import pytest

from seqlib.display.jacobians import product_of_jacobians


def test_states_factors_and_what_is_left_are_drawn():
    sheet = product_of_jacobians(["× 0.82", "× 0.32"], ["0.26", "0.32", "1.00"])
    svg = sheet.svg()
    for words in ("× 0.82", "× 0.32", "0.26", "1.00"):
        assert words in svg
    assert svg.count("<rect") == 1 + 2 * 3
    across = [float(x) for x in re.findall(r'<text x="([\d.]+)"', svg)]
    assert 0 < min(across) and max(across) < sheet.width


def test_one_more_state_than_factors():
    with pytest.raises(ValueError, match="one more state"):
        product_of_jacobians(["× 1"], ["1"])
