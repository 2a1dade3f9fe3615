"""Drawings of recurrent networks, in stages, with numbers where a step is worked out: what notebooks 02 to 06 show.

Each returns a `Drawing`; its letters are those of the equations.
"""

from collections.abc import Mapping, Sequence

from seqlib.display.boxes import Drawing

_PREVIOUS = "{t−1}"


def feed_forward_and_recurrent() -> Drawing:
    """A feed-forward network, and the same with one more term: its own state of the step before."""
    sheet = Drawing(630, 230)
    for x, name, kind in (
        (130, "a feed-forward network", "plain"),
        (410, "and one term more: a recurrent one", "orange"),
    ):
        sheet.text(x, 16, name, bold=True)
        sheet.box(x, 205, "x_t", "grey")
        sheet.arrow(x, 188, x, 147)
        sheet.text(x - 8, 168, "W_{xh}", anchor="end")
        sheet.box(x, 130, "h_t", kind if kind != "plain" else "blue")
        sheet.arrow(x, 113, x, 72)
        sheet.text(x - 8, 93, "W_{hy}", anchor="end")
        sheet.box(x, 55, "p_t", "grey")
    sheet.path((442, 130), (500, 130), (500, 168), (428, 168), (428, 147), kind="orange")
    sheet.text(508, 148, "W_{hh}: h_" + _PREVIOUS, anchor="start", size=12)
    return sheet


def unrolled(words: Sequence[str], readout: str = "last", cut: int | None = None, backwards: bool = False) -> Drawing:
    """The recurrent network, one copy a step with the same weights in each.

    readout: "last" or "all" steps have one. cut: the gradient does not pass from step `cut` to the one before.
    backwards: the way of the gradient is drawn, from the last step to the first.
    """
    gap = 124
    sheet = Drawing(gap * len(words) + 70, 232)
    for step, word in enumerate(words):
        x = 90 + gap * step
        sheet.box(x, 200, word, "grey", width=max(64, 8 * len(word) + 14))
        sheet.arrow(x, 183, x, 142)
        sheet.text(x - 8, 162, "W_{xh}", anchor="end", size=11)
        sheet.box(x, 125, f"h_{step + 1}", "orange")
        severed = cut is not None and step == cut
        start = x - gap + 32 if step else 28
        sheet.arrow(start, 125, x - 32, 125, kind="grey" if severed else "orange", dashed=severed)
        if step:
            sheet.text(x - gap / 2, 138, "W_{hh}", size=11)
        if readout == "all" or step == len(words) - 1:
            sheet.arrow(x, 108, x, 72)
            sheet.text(x - 8, 91, "W_{hy}", anchor="end", size=11)
            sheet.box(x, 55, f"p_{step + 1}", "blue")
        if backwards and step:
            if severed:
                sheet.text(x - gap / 2, 109, "cut", size=12, bold=True)
            else:
                sheet.arrow(x - 34, 113, x - gap + 34, 113, kind="blue", dashed=True)
    sheet.text(14, 125, "h_0", anchor="middle")
    if backwards:
        sheet.text(90, 16, "blue, dashed: the gradient's way back", anchor="start", size=12)
    return sheet


def lstm(stage: int = 3, numbers: Mapping[str, str] | None = None) -> Drawing:
    """One step of an LSTM. Stage 1: the conveyor belt; 2: with what is written and what is kept; 3: with what is shown.

    numbers: what stands beside the parts c_prev, f, i, g, written, c, squashed, o, h, where a step is worked out.
    """
    if stage not in (1, 2, 3):
        raise ValueError(f"expected stage 1, 2 or 3, got {stage!r}")
    sheet = Drawing(720, 290 if stage > 1 else 165)
    _belt(sheet, "c", forget=200, add=370, end=690)
    sheet.text(200, 42, "keep", size=12)
    sheet.text(370, 42, "add", size=12)
    if stage == 1:
        sheet.arrow(200, 135, 200, 83)
        sheet.text(200, 148, "f_t, between 0 and 1")
        sheet.arrow(370, 135, 370, 83)
        sheet.text(370, 148, "what is written")
    else:
        _bus(sheet, (200, 310, 430) if stage == 2 else (200, 310, 430, 532))
        for x, words, kind in ((200, "σ: f_t", "orange"), (310, "σ: i_t", "green"), (430, "tanh: g_t", "green")):
            sheet.box(x, 215, words, kind, width=78)
        sheet.arrow(200, 199, 200, 83)
        sheet.path((310, 199), (310, 140), (357, 140))
        sheet.path((430, 199), (430, 140), (383, 140))
        sheet.node(370, 140, "⊙", "green")
        sheet.arrow(370, 127, 370, 83)
    if stage > 2:
        sheet.box(532, 215, "σ: o_t", "blue", width=78)
        sheet.path((600, 70), (600, 92), kind="plain")
        sheet.box(600, 108, "tanh", width=54, height=28)
        sheet.arrow(600, 123, 600, 157)
        sheet.path((532, 199), (532, 170), (587, 170))
        sheet.node(600, 170, "⊙", "blue")
        sheet.arrow(613, 170, 672, 170)
        sheet.text(692, 170, "h_t", size=15)
    places = {
        "c_prev": (100, 56), "f": (212, 160), "i": (302, 168), "g": (438, 168), "written": (380, 108), "c": (490, 56),
        "squashed": (610, 138), "o": (540, 186), "h": (640, 156),
    }  # fmt: skip
    _numbers(sheet, places, numbers, before=("i",))
    return sheet


def gru(numbers: Mapping[str, str] | None = None) -> Drawing:
    """One step of a GRU in PyTorch's form: one gate keeps and lets in, one resets what the candidate sees of the past.

    numbers: what stands beside the parts h_prev, z, rest, n, r, seen, h, where a step is worked out.
    """
    sheet = Drawing(720, 300)
    _belt(sheet, "h", forget=150, add=540, end=690)
    sheet.text(150, 42, "keep", size=12)
    sheet.text(540, 42, "add", size=12)
    _bus(sheet, (150, 290, 410), y=280)
    sheet.box(150, 230, "σ: z_t", "orange", width=78)
    sheet.arrow(150, 214, 150, 83)
    sheet.path((150, 125), (527, 125), kind="orange")
    sheet.text(330, 115, "1 − z_t", size=12)
    sheet.node(540, 125, "⊙", "orange")
    sheet.arrow(540, 112, 540, 83)
    sheet.box(290, 185, "h_" + _PREVIOUS + "W_{hn}", width=86)
    sheet.path((290, 280), (290, 201))
    sheet.arrow(334, 185, 397, 185)
    sheet.node(410, 185, "⊙", "blue")
    sheet.box(410, 238, "σ: r_t", "blue", width=78)
    sheet.arrow(410, 222, 410, 198)
    sheet.arrow(423, 185, 492, 185)
    sheet.box(540, 185, "tanh: n_t", "green", width=92)
    sheet.arrow(540, 169, 540, 138)
    sheet.arrow(540, 262, 540, 201)
    sheet.text(540, 274, "x_t W_{xn}")
    places = {
        "h_prev": (80, 56), "z": (158, 170), "rest": (430, 139), "n": (550, 154), "r": (420, 211), "seen": (440, 172),
        "h": (620, 56),
    }  # fmt: skip
    _numbers(sheet, places, numbers)
    return sheet


def _belt(sheet, letter, forget, add, end) -> None:
    """The path from one step's memory to the next: one product and one sum, no matrix."""
    sheet.text(30, 70, f"{letter}_{_PREVIOUS}", size=15)
    sheet.arrow(58, 70, forget - 13, 70, kind="orange")
    sheet.node(forget, 70, "⊙", "orange")
    sheet.arrow(forget + 13, 70, add - 13, 70, kind="orange")
    sheet.node(add, 70, "+", "orange")
    sheet.arrow(add + 13, 70, end - 18, 70, kind="orange")
    sheet.text(end + 2, 70, f"{letter}_t", size=15)


def _bus(sheet, places, y=265) -> None:
    """The input and the old state, which every gate sees."""
    sheet.text(14, y, f"x_t, h_{_PREVIOUS}", anchor="start", size=15)
    sheet.path((84, y), (places[-1], y), kind="grey", head=False)
    for x in places:
        if x != 290:  # the candidate's share of the old state has an arrow of its own
            sheet.arrow(x, y, x, 256 if y > 270 and x == 410 else y - 33)


def _numbers(sheet, places, numbers, before=()) -> None:
    if unknown := sorted(set(numbers or {}) - set(places)):
        raise ValueError(f"expected numbers for parts among {', '.join(places)}; got {', '.join(unknown)}")
    for part, said in (numbers or {}).items():
        x, y = places[part]
        sheet.text(x, y, said, size=13, colour="#a0330a", bold=True, anchor="end" if part in before else "start")
