"""The one skeleton of notebook 23, and what each family puts in its middle."""

from seqlib.display.boxes import Drawing

MIXERS = (
    ("RNN", "h_t from x_t, h_{t−1}", "state: H"),
    ("LSTM", "a belt c_t, three gates", "state: 2 H"),
    ("GRU", "two gates", "state: H"),
    ("convolution", "6 layers, reach 127", "the last inputs"),
    ("minGRU", "gates that see x_t alone", "state: 2 H"),
    ("Transformer", "2 blocks, all of the past", "a cache that grows"),
)


def skeleton() -> Drawing:
    """Reading, mixing over time, answering; below, the six mixers and what each carries from step to step."""
    sheet = Drawing(720, 300)
    for x, words, kind, width in (
        (70, "x_t", "grey", 60), (210, "read", "blue", 110), (390, "mix over time", "orange", 150),
        (560, "answer", "blue", 100), (665, "y_t", "grey", 60),
    ):  # fmt: skip
        sheet.box(x, 50, words, kind, width=width, height=36)
    for start, stop in ((100, 155), (265, 315), (465, 510), (610, 635)):
        sheet.arrow(start, 50, stop, 50)
    sheet.path((465, 62), (485, 62), (485, 92), (300, 92), (300, 62), (315, 62), kind="orange")
    sheet.text(390, 106, "what is carried to the next step", size=12)
    for k, (name, does, carries) in enumerate(MIXERS):
        x, y = 125 + 235 * (k % 3), 165 + 85 * (k // 3)
        sheet.box(x, y, "", "orange", width=220, height=70)
        sheet.text(x, y - 20, name, bold=True)
        sheet.text(x, y, does, size=12)
        sheet.text(x, y + 20, carries, size=12, colour="#555555")
    return sheet
