"""Drawings of models that attend: two networks and what passes between them, a look-up in numbers, blocks, a cache.

Each returns a `Drawing`; its letters are those of notebooks 10 to 16.
"""

from collections.abc import Sequence

from seqlib.display.boxes import Drawing


def encoder_decoder(source: Sequence[str], target: Sequence[str], alphas: Sequence[float] | None = None) -> Drawing:
    """An encoder that reads `source` and a decoder that writes `target`.

    Without `alphas` one vector c passes between them. With them, one weight for each source word, the last decoder step
    looks back at every state of the encoder, and the weights stand on the arrows.
    """
    gap, shift = 96, 96 * len(source) + 100
    sheet = Drawing(shift + gap * len(target), 250)
    sheet.text(gap * len(source) / 2 + 10, 16, "encoder", bold=True)
    sheet.text(shift + gap * (len(target) - 1) / 2, 16, "decoder", bold=True)
    for s, word in enumerate(source):
        x = 58 + gap * s
        sheet.box(x, 225, word, "grey", width=max(60, 8 * len(word) + 12))
        sheet.arrow(x, 208, x, 177)
        sheet.box(x, 160, f"h_{s + 1}", "orange")
        if s:
            sheet.arrow(x - gap + 32, 160, x - 32, 160, kind="orange")
    last = 58 + gap * (len(source) - 1)
    for t, word in enumerate(target):
        x = shift + gap * t
        sheet.box(x, 225, target[t - 1] if t else "START", "grey", width=72)
        sheet.arrow(x, 208, x, 177)
        sheet.box(x, 160, f"s_{t + 1}", "blue")
        sheet.arrow(x, 143, x, 72)
        sheet.box(x, 55, word, "grey", width=max(60, 8 * len(word) + 12))
        if t:
            sheet.arrow(x - gap + 32, 160, x - 32, 160, kind="blue")
    if alphas is None:
        sheet.arrow(last + 32, 160, shift - 32, 160)
        sheet.text((last + shift) / 2, 147, "c")
        return sheet
    if len(alphas) != len(source):
        raise ValueError(f"expected one weight for each of {len(source)} source words, got {len(alphas)}")
    at = shift + gap * (len(target) - 1)
    sheet.node(at - 46, 108, "+", "green")
    sheet.path((at - 46, 120), (at - 46, 148), (at - 33, 153), kind="green")
    for s, alpha in enumerate(alphas):
        x = 58 + gap * s
        sheet.path(
            (x, 143),
            (x, 118 - 18 * s),
            (at - 60, 118 - 18 * s),
            (at - 52, 99),
            kind="green",
            head=s == len(alphas) - 1,
            dashed=alpha < 0.1,
        )
        sheet.text(x + 6, 134, f"α = {alpha:.2f}", size=12, anchor="start", colour="#00694d")
    return sheet


def look_up(words, keys, values, query, scores, weights, answer, asker: str = "query q") -> Drawing:
    """One soft look-up with its numbers: each word's key, score, weight and value, a column a word.

    keys (S, d_k), values (S, d_v), query (d_k,), scores and weights (S,), answer (d_v,); numbers of any kind.
    """
    gap, left = 118, 190
    sheet = Drawing(left + gap * len(words) + 130, 290)
    rows = (("", 28), ("keys k", 75), ("scores e = q·k", 122), ("weights α", 172), ("values v", 226))
    for name, y in rows:
        sheet.text(14, y, name, anchor="start", bold=True)
    sheet.box(left + 40, 265, _row(query), "blue", width=100, height=28)
    sheet.text(14, 265, asker, anchor="start", bold=True)
    for s, word in enumerate(words):
        x = left + 40 + gap * s
        sheet.text(x, 28, word, size=15)
        sheet.box(x, 75, _row(keys[s]), "orange", width=100)
        sheet.text(x, 122, f"{float(scores[s]):.2f}".replace("-", "−"), size=14)
        width = 100 * float(weights[s])
        sheet.parts.append(f'<rect x="{x - 50}" y="160" width="{width:.1f}" height="24" fill="#9fd8c3"/>')
        sheet.text(x, 172, f"{float(weights[s]):.2f}", size=14)
        sheet.box(x, 226, _row(values[s]), "green", width=100)
    end = left + 40 + gap * len(words)
    sheet.text(end - 46, 226, "=", size=18)
    sheet.text(end + 10, 198, "Σ α v", bold=True)
    sheet.box(end + 10, 226, _row(answer), "blue", width=92)
    return sheet


def block(attends: Sequence[str] = ("self-attention",), before: bool = True) -> Drawing:
    """A block on its residual stream: each part reads the stream and adds to it.

    attends: the names of its attentions, then comes the feed-forward part; before: whether a layer norm stands before
    each part (pre-norm), else on the stream, after each sum (post-norm).
    """
    parts = [*attends, "feed-forward"]
    gap = 210
    sheet = Drawing(110 + gap * len(parts), 200)
    sheet.text(20, 50, "x", size=15)
    start = 34
    for k, part in enumerate(parts):
        branch, x = 60 + gap * k, 150 + gap * k
        sheet.arrow(start, 50, x - 13, 50, kind="orange")
        sheet.node(x, 50, "+", "orange")
        if before:
            sheet.path((branch, 50), (branch, 84))
            sheet.box(branch, 100, "norm", width=58, height=28)
            sheet.path((branch, 115), (branch, 155), (x - max(60, 4 * len(part)), 155), head=False)
        else:
            sheet.path((branch, 50), (branch, 155), (x - max(60, 4 * len(part)), 155), head=False)
        sheet.box(x, 155, part, "green" if part != "feed-forward" else "blue", width=max(120, 8 * len(part)))
        sheet.arrow(x, 139, x, 63)
        start = x + 13
        if not before:
            sheet.arrow(start, 50, x + 30, 50, kind="orange")
            sheet.box(x + 58, 50, "norm", width=56, height=28)
            start = x + 86
        if "cross" in part:
            sheet.text(x, 188, "memory m", size=12)
            sheet.arrow(x, 182, x, 172)
    end = 110 + gap * len(parts) - 22
    sheet.arrow(start, 50, end - 12, 50, kind="orange")
    sheet.text(end, 50, "x", size=15)
    return sheet


def cache(past: int, new: int) -> Drawing:
    """Which places the new positions read: kept keys and values, and their own; a row a new position."""
    side, left, top = 34, 150, 70
    total = past + new
    sheet = Drawing(left + side * total + 30, top + side * new + 46)
    sheet.text(left + side * past / 2, 20, "kept: keys and values", size=13)
    sheet.text(left + side * (past + new / 2), 20, "new", size=13)
    for s in range(total):
        sheet.text(left + side * (s + 0.5), 50, f"k_{s}", size=12)
    for t in range(new):
        y = top + side * (t + 0.5)
        sheet.text(left - 12, y, f"q of place {past + t}", anchor="end", size=12)
        for s in range(total):
            read = s <= past + t
            kind = "grey" if read and s < past else "orange" if read else "plain"
            sheet.box(left + side * (s + 0.5), y, "✓" if read else "·", kind, width=side - 4, height=side - 4)
    sheet.text(left, top + side * new + 22, "grey: not computed again; dots: the future", anchor="start", size=12)
    return sheet


def _row(numbers) -> str:
    return "\u2002".join(f"{float(number):.1f}".replace("-", "−") for number in numbers)
