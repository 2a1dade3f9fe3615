"""Drawings of linear recurrences: where the nonlinearity stands, a scan as a tree with its numbers, a Mamba block, a
matrix for a state. Each returns a `Drawing`; its letters are those of notebook 22.
"""

from collections.abc import Sequence

from seqlib.display.boxes import Drawing

WAYS = ("by doubling", "by pairs")


def plan(steps: int, way: str) -> list[list[tuple[int, int]]]:
    """The rounds of a scan: in each, which steps are joined, as (earlier, later); the later one holds the result.

    Of a round all joins are made at once, from what stood there before it. ValueError for another way, or no step.
    """
    if way not in WAYS or steps < 1:
        raise ValueError(f"expected at least 1 step and one of {', '.join(WAYS)}; got {steps} and {way!r}")
    if way == "by doubling":
        reaches = [2**k for k in range(steps) if 2**k < steps]
        return [[(t - reach, t) for t in range(reach, steps)] for reach in reaches]
    up, down, places = [], [], list(range(steps))
    while len(places) > 1:
        up.append(list(zip(places[:-1:2], places[1::2], strict=False)))
        down.insert(0, list(zip(places[1:-1:2], places[2::2], strict=True)))
        places = places[1::2]
    return [joins for joins in up + down if joins]


def rows(a: Sequence[float], b: Sequence[float], way: str) -> list[list[tuple[float, float, int]]]:
    """What each step holds before the first round and after each: (a, b, the first step that it has taken in)."""
    if len(a) != len(b):
        raise ValueError(f"expected as many a as b, got {len(a)} and {len(b)}")
    now = [(a_t, b_t, t) for t, (a_t, b_t) in enumerate(zip(a, b, strict=True))]
    found = [now]
    for joins in plan(len(b), way):
        after = list(now)
        for earlier, later in joins:
            (a_1, b_1, first), (a_2, b_2, _) = now[earlier], now[later]
            after[later] = (a_1 * a_2, a_2 * b_1 + b_2, first)
        found.append(now := after)
    return found


def short(value: float) -> str:
    """At most three digits, and a real minus sign."""
    return f"{value:.3g}".replace("-", "−")


def tree(a: Sequence[float], b: Sequence[float], way: str = "by pairs") -> Drawing:
    """A scan round by round: each box is a step "h ↦ a h + b", or a state once it has taken in everything before."""
    found, gap = rows(a, b, way), 92
    sheet = Drawing(gap * len(b) + 70, 78 * len(found) + 20)
    place = {t: (100 + gap * t, 36) for t in range(len(b))}
    boxes = [(place[t], found[0][t]) for t in place]  # drawn last, so that no arrow crosses what they say
    for t, (x, _) in place.items():
        sheet.text(x, 12, f"step {t}", size=11)
    sheet.text(8, 36, "given", anchor="start", size=11)
    for k, joins in enumerate(plan(len(b), way), 1):
        y, before = 36 + 78 * k, dict(place)
        sheet.text(8, y, f"round {k}", anchor="start", size=11)
        for earlier, later in joins:
            x = before[later][0]
            sheet.arrow(before[earlier][0], before[earlier][1] + 17, x - 12, y - 18, kind="blue")
            sheet.arrow(x, before[later][1] + 17, x, y - 18)
            place[later] = (x, y)
        boxes += [(place[later], found[k][later]) for _, later in joins]
    for at, (a_t, b_t, first) in boxes:
        _step(sheet, at, a_t, b_t, first == 0)
    return sheet


def _step(sheet, at, a, b, finished) -> None:
    words = f"h = {short(b)}" if finished else f"{short(a)} h + {short(b)}".replace("+ −", "− ")
    sheet.box(*at, words, "green" if finished else "orange", width=84, size=10.5 if len(words) > 11 else 13)


def where_it_bends() -> Drawing:
    """One step of a tanh RNN, and one of a linear recurrence: what stands on the way from state to state."""
    sheet = Drawing(700, 190)
    for left, name, kind in ((0, "an RNN: a matrix, a sum, a tanh", "orange"), (360, "a linear recurrence", "green")):
        sheet.text(left + 160, 14, name, bold=True)
        sheet.text(left + 26, 60, "h_{t−1}", size=15)
        sheet.text(left + 310, 60, "h_t", size=15)
        sheet.text(left + 160, 172, "x_t", size=15)
        if kind == "orange":
            sheet.arrow(left + 50, 60, left + 72, 60)
            sheet.box(left + 100, 60, "W_{hh}", kind, width=52)
            sheet.arrow(left + 126, 60, left + 147, 60)
            sheet.node(left + 160, 60, "+", kind)
            sheet.arrow(left + 173, 60, left + 196, 60)
            sheet.box(left + 226, 60, "tanh", kind, width=56)
            sheet.arrow(left + 254, 60, left + 290, 60)
            sheet.box(left + 160, 115, "W_{xh}", "grey", width=60)
            sheet.arrow(left + 160, 160, left + 160, 132)
            sheet.arrow(left + 160, 99, left + 160, 73)
        else:
            sheet.arrow(left + 50, 60, left + 87, 60, kind=kind)
            sheet.node(left + 100, 60, "⊙", kind)
            sheet.arrow(left + 113, 60, left + 207, 60, kind=kind)
            sheet.node(left + 220, 60, "+", kind)
            sheet.arrow(left + 233, 60, left + 290, 60, kind=kind)
            sheet.box(left + 100, 115, "a_t", "blue")
            sheet.box(left + 220, 115, "b_t", "blue")
            for x in (100, 220):
                sheet.arrow(left + 160, 160, left + x, 132)
                sheet.arrow(left + x, 99, left + x, 73)
    return sheet


def mamba() -> Drawing:
    """A selective state-space block: one path is convolved, bent and scanned, the other is the gate."""
    sheet = Drawing(720, 300)
    sheet.text(40, 150, "x", size=16)
    sheet.path((52, 150), (72, 150), (72, 85), (92, 85))
    sheet.path((72, 150), (72, 225), (92, 225))
    sheet.box(122, 85, "W_{in}", "grey", width=58)
    sheet.box(122, 225, "W_{in}", "grey", width=58)
    sheet.arrow(151, 85, 174, 85)
    sheet.box(230, 85, "convolution, 4", "blue", width=108)
    sheet.arrow(284, 85, 305, 85)
    sheet.box(338, 85, "SiLU", width=62)
    sheet.arrow(369, 85, 404, 85)
    sheet.box(474, 85, "selective scan", "orange", width=138, height=40)
    sheet.path((386, 85), (386, 24), (420, 24), kind="green")
    sheet.text(428, 24, "Δ_t, β_t, γ_t: what the input decides", anchor="start", size=12)
    sheet.arrow(510, 36, 510, 64, kind="green")
    sheet.arrow(543, 85, 576, 140)
    sheet.arrow(151, 225, 306, 225)
    sheet.box(338, 225, "SiLU", width=62)
    sheet.path((369, 225), (584, 225), (584, 164))
    sheet.text(470, 240, "the gate", size=12)
    sheet.node(584, 150, "⊙", "green")
    sheet.arrow(597, 150, 618, 150)
    sheet.box(648, 150, "W_{out}", "grey", width=58)
    sheet.arrow(677, 150, 704, 150)
    return sheet


def matrix_state(k: Sequence[float], v: Sequence[float], q: Sequence[float]) -> Drawing:
    """One pair written into an empty matrix, and read with a query: all numbers in place."""
    sheet, side = Drawing(620, 70 + 40 * len(k)), 54
    left, top = 210, 62
    sheet.text(60, 20, "the key, a column", size=12)
    sheet.text(left + side * len(v) / 2 - 10, 20, "the value, a row, and the state", size=12)
    for i, k_i in enumerate(k):
        y = top + 40 * i + 8
        sheet.box(60, y, short(k_i), "blue", width=48)
        for j, v_j in enumerate(v):
            sheet.box(left + side * j, y, short(k_i * v_j), "orange", width=50)
        sheet.arrow(86, y, left - 30, y, kind="blue")
        sheet.box(left + side * len(v) + 100, y, short(q[i]), "green", width=48)
    for j, v_j in enumerate(v):
        sheet.text(left + side * j, 42, short(v_j), bold=True)
    sheet.text(left + side * len(v) + 100, 20, "the query", size=12)
    read = [sum(q_i * k_i for q_i, k_i in zip(q, k, strict=True)) * v_j for v_j in v]
    said = ", ".join(short(r) for r in read)
    sheet.text(left + side * len(v) + 142, top + 20 * len(k), f"reads {said}", anchor="start", size=13, bold=True)
    return sheet
