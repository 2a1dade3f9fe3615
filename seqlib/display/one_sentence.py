"""A drawing of self-attention in numbers: one tiny sentence carried through every step. For 13.

Returns a `Drawing`; its letters are those of the notebook: x, q, k, v, scores e, weights α.
"""

from collections.abc import Sequence

from seqlib.display.boxes import Drawing

GAP, LEFT = 118, 190


def through_every_step(words: Sequence[str], x, q, k, v, scores, weights, out, askers: Sequence[int]) -> Drawing:
    """A column a word: its x, q, k and v; then, for each of `askers`, the scores and weights of its row, its result.

    x (T, D), q and k (T, d_k), v and out (T, d_v), scores and weights (T, T): numbers of any kind.
    """
    sheet = Drawing(LEFT + GAP * len(words) + 150, 248 + 112 * len(askers))
    for name, y in (("x", 66), ("q = x W_q", 108), ("k = x W_k", 150), ("v = x W_v", 192)):
        sheet.text(14, y, name, anchor="start", bold=True)
    for t, word in enumerate(words):
        at = LEFT + 40 + GAP * t
        sheet.text(at, 28, word, size=15)
        sheet.box(at, 66, _row(x[t]), "grey", width=108, height=30)
        sheet.box(at, 108, _row(q[t]), "blue", width=108, height=30)
        sheet.box(at, 150, _row(k[t]), "orange", width=108, height=30)
        sheet.box(at, 192, _row(v[t]), "green", width=108, height=30)
    for n, t in enumerate(askers):
        top = 248 + 112 * n
        sheet.text(14, top, f"“{words[t]}” asks: e = q·k", anchor="start", bold=True)
        sheet.text(14, top + 40, "weights α", anchor="start", bold=True)
        for s in range(len(words)):
            at = LEFT + 40 + GAP * s
            sheet.text(at, top, f"{float(scores[t][s]):.1f}".replace("-", "−"), size=14)
            width = 104 * float(weights[t][s])
            sheet.parts.append(f'<rect x="{at - 52}" y="{top + 28}" width="{width:.1f}" height="24" fill="#9fd8c3"/>')
            sheet.text(at, top + 40, f"{float(weights[t][s]):.2f}", size=14)
        end = LEFT + 40 + GAP * len(words)
        sheet.text(end - 40, top + 40, "→", size=18)
        sheet.text(end + 26, top + 10, "Σ α v", bold=True)
        sheet.box(end + 26, top + 40, _row(out[t]), "green", width=100, height=30)
    return sheet


def _row(numbers) -> str:
    return "\u2002".join(f"{float(number):.1f}".replace("-", "−").removesuffix(".0") for number in numbers)
