"""An explorer: a scan as a tree, round by round, with the numbers that each step holds."""

from collections.abc import Sequence

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer
from seqlib.display.scanning import WAYS, plan, rows, short


class ScanExplorer(Explorer):
    """Choose how the steps of h_t = a_t h_{t-1} + b_t are joined and how many there are; go through the rounds.

    a, b: numbers, as many of each, 2 to 16; way: "by pairs" or "by doubling". Everything is computed in the browser.
    """

    script = "scan.js"

    def __init__(self, a: Sequence[float], b: Sequence[float], way: str = "by pairs"):
        self.a, self.b = [float(x) for x in a], [float(x) for x in b]
        if len(self.a) != len(self.b) or not 2 <= len(self.b) <= 16 or way not in WAYS:
            raise ValueError(
                f"expected 2 to 16 numbers a and as many b, and one of {', '.join(WAYS)}; "
                f"got {len(self.a)}, {len(self.b)} and {way!r}"
            )
        self.way = way

    @property
    def states(self) -> list[float]:
        """Every state, as the last round has them."""
        return [b_t for _, b_t, _ in rows(self.a, self.b, self.way)[-1]]

    def data(self) -> dict:
        return {"a": self.a, "b": self.b, "way": self.way}

    def picture(self):
        found, steps = rows(self.a, self.b, self.way), len(self.b)
        fig, ax = figures.figure(figsize=(7, 0.9 + 0.55 * len(found)))
        place = {t: (t, 0) for t in range(steps)}
        for k, joins in enumerate(plan(steps, self.way), 1):
            before = dict(place)
            for earlier, later in joins:
                for source in (earlier, later):
                    ax.annotate(
                        "", (later, k - 0.28), (before[source][0], before[source][1] + 0.28),
                        arrowprops={"arrowstyle": "->", "color": "#444444", "lw": 0.8},
                    )  # fmt: skip
                place[later] = (later, k)
            for _, later in joins:
                self._draw(ax, (later, k), found[k][later])
        for t in range(steps):
            self._draw(ax, (t, 0), found[0][t])
        ax.set(xlim=(-0.6, steps - 0.4), ylim=(len(found) - 0.5, -0.6), xticks=range(steps), yticks=range(len(found)))
        ax.set(xlabel="step", yticklabels=["given", *(f"round {k}" for k in range(1, len(found)))])
        ax.set_title(f"A scan {self.way}: {steps} states after {len(found) - 1} rounds")
        ax.grid(False)
        return fig

    @staticmethod
    def _draw(ax, at, held) -> None:
        a, b, first = held
        done = first == 0
        words = short(b) if done else f"{short(a)}h\n+ {short(b)}".replace("+ −", "− ")
        box = {"boxstyle": "round,pad=0.2", "fc": "#CDEBE1" if done else "#FBE7C6", "ec": "#444444", "lw": 0.6}
        ax.text(*at, words, ha="center", va="center", fontsize=7.5, bbox=box)

    def __repr__(self) -> str:
        rounds = plan(len(self.b), self.way)
        joins = sum(map(len, rounds))
        states = ", ".join(short(h) for h in self.states)
        return (
            f"Explorer: a scan {self.way} of {len(self.b)} steps, {len(rounds)} rounds and {joins} joins. "
            f"The states: {states}"
        )
