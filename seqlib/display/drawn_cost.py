"""Drawings of what costs: a chain and a table, a state and a cache, an optimizer's state cut up between ranks."""

from seqlib.display.boxes import Drawing


def chain_and_table(steps: int = 6) -> Drawing:
    """Left a recurrent layer, each state after the one before; right attention, a table of all pairs at once."""
    gap, cell = 52, 26
    left = 40 + gap * steps
    sheet = Drawing(left + 110 + cell * steps, 70 + max(130, cell * steps))
    sheet.text(left / 2, 18, "a chain: T small steps, one after another", bold=True)
    for t in range(1, steps + 1):
        x = 12 + gap * t - 22
        sheet.box(x, 80, f"h_{t}", "orange", width=36)
        sheet.box(x, 140, f"x_{t}", "grey", width=36)
        sheet.arrow(x, 124, x, 97)
        if t > 1:
            sheet.arrow(x - gap + 18, 80, x - 18, 80, kind="orange")
    sheet.text(left / 2, 175, "nothing can begin before the state before is there", size=12)
    top, begin = 40, left + 70
    sheet.text(begin + cell * steps / 2, 18, "a table: T × T at once", bold=True)
    for row in range(steps):
        for column in range(steps):
            fill = "#9fd8c3" if column <= row else "#f2f2f2"
            sheet.parts.append(
                f'<rect x="{begin + cell * column}" y="{top + cell * row}" width="{cell - 2}" height="{cell - 2}" '
                f'fill="{fill}" stroke="#888"/>'
            )
        sheet.text(begin - 16, top + cell * (row + 0.5), f"q_{row + 1}", size=12)
    sheet.text(begin + cell * steps / 2, top + cell * steps + 14, "k_1 … k_T", size=12)
    return sheet


def state_and_cache(read: int = 5) -> Drawing:
    """What is kept between two readings: one state, however many came; or keys and values of all of them."""
    sheet = Drawing(560, 150)
    sheet.text(12, 40, "recurrent", anchor="start", bold=True)
    sheet.text(12, 110, "attention", anchor="start", bold=True)
    for t in range(1, read + 1):
        x = 110 + 74 * t
        sheet.text(x, 12, f"after {t}", size=11)
        sheet.box(x, 40, "h, c", "orange", width=44)
        for k in range(t):
            look = 'fill="#D6E9F5" stroke="#0072B2"'
            sheet.parts.append(f'<rect x="{x - 24}" y="{130 - 14 * k - 12}" width="48" height="11" {look}/>')
    sheet.text(12, 126, "keys, values", anchor="start", size=11)
    return sheet


PARTS = (("weights", "grey", 2, 3), ("gradients", "orange", 2, 2), ("optimizer", "blue", 12, 1))


def cut_up(ranks: int = 4) -> Drawing:
    """What each of several ranks holds at stages 0 to 3 of ZeRO, drawn to scale: 16 bytes a parameter at most."""
    row, unit = 46, 22
    sheet = Drawing(120 + unit * 16 + 140, 30 + row * 4)
    for stage in range(4):
        y, x, held = 34 + row * stage, 110.0, 0.0
        sheet.text(12, y, f"stage {stage}", anchor="start", bold=True)
        for name, kind, size, cut_from in PARTS:
            wide = unit * size / (ranks if stage >= cut_from else 1)
            sheet.box(x + wide / 2, y, name if wide > 66 else name[0] if wide > 12 else "", kind, wide, 28)
            x, held = x + wide, held + wide / unit
        sheet.text(x + 12, y, f"{held:g} bytes", anchor="start", size=12)
    return sheet
