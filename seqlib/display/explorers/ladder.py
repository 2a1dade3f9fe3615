"""The ladder as a table that can be sorted and limited: who is left, and whom the rule takes?"""

from collections.abc import Mapping, Sequence

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer


class LadderTable(Explorer):
    """Families in rows, one column for each number; a click (or Enter) on a column's name sorts by it.

    rows: {family: {column: number}}; better: {column: "more" or "less"}; the columns `carried` and `ms` can be limited,
    and of the rows within the limits the best of the chosen column is marked. ValueError where a number is missing.
    """

    script = "ladder.js"

    def __init__(self, rows: Mapping, better: Mapping, sort: str, carried: str, ms: str, units: Mapping | None = None):
        self.names, self.columns, self.better = list(rows), list(better), dict(better)
        missing = [(name, c) for name in rows for c in better if c not in rows[name]]
        if missing:
            raise ValueError(f"expected a number for each column; {missing[0][0]} has none for {missing[0][1]}")
        if not {sort, carried, ms} <= set(better):
            raise ValueError(f"expected columns among {', '.join(better)}; got {sort}, {carried}, {ms}")
        self.values = {name: [float(rows[name][c]) for c in self.columns] for name in rows}
        self.sort, self.carried, self.ms, self.units = sort, carried, ms, dict(units or {})

    def sorted(self, column: str | None = None) -> list[str]:
        """The families, best first by a column: what the browser shows."""
        at, more = self.columns.index(column or self.sort), self.better[column or self.sort] == "more"
        return sorted(self.names, key=lambda name: self.values[name][at], reverse=more)

    def best_within(self, column: str, most_carried: float, most_ms: float) -> str | None:
        """The best by a column among the rows within both limits."""
        carried, ms = self.columns.index(self.carried), self.columns.index(self.ms)
        left = [n for n in self.names if self.values[n][carried] <= most_carried and self.values[n][ms] <= most_ms]
        return next((name for name in self.sorted(column) if name in left), None)

    def data(self) -> dict:
        return {
            "columns": self.columns, "better": self.better, "units": self.units, "sort": self.sort,
            "carried": self.carried, "ms": self.ms, "rows": [[name, *self.values[name]] for name in self.names],
        }  # fmt: skip

    def picture(self):
        fig, ax = figures.figure(figsize=(7.4, 0.36 * len(self.names) + 1.0))
        ax.axis("off")
        cells = [[name, *map(shown, self.values[name])] for name in self.sorted()]
        table = ax.table([["family", *self.columns], *cells], loc="center", cellLoc="right", edges="horizontal")
        table.auto_set_font_size(False)
        table.set_fontsize(7.5)
        table.scale(1, 1.3)
        ax.set_title(f"The ladder, sorted by {self.sort}", fontsize=10)
        return fig

    def __repr__(self) -> str:
        at = self.columns.index(self.sort)
        order = ", ".join(f"{name} {shown(self.values[name][at])}" for name in self.sorted())
        return f"Explorer: the ladder as a table of {len(self.names)} families, sorted by {self.sort}: {order}"


def shown(value: float) -> str:
    """Three digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def marked(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else "none"
