"""The way of a gradient through time, drawn: one Jacobian a step, and their product."""

from collections.abc import Sequence

from seqlib.display.boxes import Drawing

__all__ = ["product_of_jacobians"]


def product_of_jacobians(factors: Sequence[str], left: Sequence[str]) -> Drawing:
    """States in a row, the last to the right; below each arrow the factor of its step, below each state what is left.

    factors: one for each step, the earliest first; left: one for each state, the earliest first, one more than factors.
    """
    if len(left) != len(factors) + 1:
        raise ValueError(f"expected one more state than factors, got {len(left)} and {len(factors)}")
    gap = 150
    sheet = Drawing(gap * len(factors) + 130, 190)
    for place, words in enumerate(left):
        x, lag = 60 + gap * place, len(factors) - place
        name = "h_T" if not lag else f"h_{{T−{lag}}}"
        sheet.box(x, 50, name, "orange")
        sheet.box(x, 140, words, "blue", width=80)
        sheet.text(x, 172, "δ_T" if not lag else f"δ_{{T−{lag}}}", size=12)
        sheet.arrow(x, 66, x, 123, kind="grey", dashed=True)
        if place:
            sheet.arrow(x - gap + 33, 50, x - 33, 50, kind="orange")
            sheet.text(x - gap / 2, 34, "J_T" if not lag else f"J_{{T−{lag}}}", size=12)
            sheet.arrow(x - 42, 140, x - gap + 42, 140, kind="blue")
            sheet.text(x - gap / 2, 124, factors[place - 1], size=13, colour="#a0330a", bold=True)
    sheet.text(4, 14, "forwards: a state a step", anchor="start", size=12)
    sheet.text(60 + gap * len(factors), 14, "the loss is here", anchor="middle", size=12)
    return sheet
