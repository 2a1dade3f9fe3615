"""Where somebody stands with the capstones: the score on the paper that was sat, both bars, and the leaders'."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seqlib.display import html
from seqlib.display.selfcheck import Shown
from seqlib.studies.capstones import CAPSTONES, mark

__all__ = ["board", "row_of"]


def row_of(name: str, found, leaders: Mapping) -> list[str]:
    """The cells of one capstone; `found` is (paper's number, answers) or what a check handed out in its place."""
    capstone = CAPSTONES[name]

    def told(value) -> str:
        return f"{value:.{capstone.digits}f}"

    recorded = leaders.get(f"{name}, score")
    leader = "–" if recorded is None else f"{told(np.mean(recorded))} ± {told(np.ptp(recorded) / 2)}"
    if found is None or getattr(found, "stand_in_for", None):
        return ["○ not sat yet", "–", f"– ({capstone.stretch_name})", leader]
    try:
        score, bar, stretch = mark(name, found)
    except ValueError as error:
        return [f"✗ {error}", "–", f"– ({capstone.stretch_name})", leader]
    word = "★ " if capstone.reached(score, stretch) else "✓ " if capstone.reached(score, bar) else "✗ "
    return [word + told(score), told(bar), f"{told(stretch)} ({capstone.stretch_name})", leader]


def board(found: Mapping, leaders: Mapping) -> Shown:
    """{capstone: what was handed in}, and the results of the leaders' recording: a table and its twin in words."""
    rows = [[name, *row_of(name, each, leaders), CAPSTONES[name].unit] for name, each in found.items()]
    heads = ["", "yours", "bar", "stretch", "leader", "unit"]
    title = "Capstones: ✓ the bar is reached, ★ the stretch bar too"
    table = html.table(heads, rows, caption="Capstones")
    text = "\n".join([title, *(" · ".join(row) for row in rows)])
    return Shown(html.card("note", title, html.Html(table), parts=("table",)), text)
