"""A drawing of how two heads copy: one marks each place with the token before it, one looks for the mark."""

from collections.abc import Sequence

from seqlib.display.boxes import Drawing

__all__ = ["circuit"]


def circuit(tokens: Sequence[str] = ("a", "b", "c", "d", "a"), answer: int = 1) -> Drawing:
    """Places with their tokens, the marks that the first layer writes into them, and the look of the last place at the
    one that is marked with its own token, tokens[answer].

    ValueError if the token before `answer` is not the last one's.
    """
    if not 0 < answer < len(tokens) - 1 or tokens[answer - 1] != tokens[-1]:
        raise ValueError(f"expected tokens[answer - 1] to be the last token, {tokens[-1]!r}, got answer={answer}")
    gap, left = 108, 96
    sheet = Drawing(left + gap * len(tokens) + 40, 284)
    sheet.text(8, 226, "tokens", anchor="start", bold=True)
    sheet.text(8, 140, "layer 1", anchor="start", bold=True)
    sheet.text(8, 48, "layer 2", anchor="start", bold=True)
    last = left + gap * (len(tokens) - 1) + 40
    for t, token in enumerate(tokens):
        x = left + gap * t + 40
        sheet.box(x, 226, token, "grey", width=52)
        sheet.box(x, 140, f"{token}, after {tokens[t - 1]}" if t else token, "orange", width=92)
        sheet.arrow(x, 209, x, 158)
        if t:
            sheet.arrow(x - gap + 16, 211, x - 24, 158, kind="orange")
    found = left + gap * answer + 40
    sheet.box(last, 48, f"next: {tokens[answer]}", "blue", width=92)
    sheet.arrow(last, 122, last, 66)
    sheet.path((found, 122), (found, 48), (last - 48, 48), kind="blue")
    sheet.text((found + last) / 2, 36, f"who comes after {tokens[-1]}?", size=13)
    sheet.text((left + 20 + last) / 2, 268, "layer 1 asks: who stands before me?", size=13)
    return sheet
