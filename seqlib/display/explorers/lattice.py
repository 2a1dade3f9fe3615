"""An explorer: the lattice of CTC for a word of one's own, and every path through it that spells the word."""

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer

MOST = {"heard": 12, "word": 6}  # frames and letters
BLANK = "–"


class LatticeExplorer(Explorer):
    """What was heard, frame by frame ("-" or "–" is a blank), and a word: how probable is the word?

    Each frame says its own symbol with probability `sure`, and shares the rest evenly among the other symbols: those
    that occur in either text, and the blank. In the browser both texts and `sure` can be changed; the posterior of
    every state is shaded, and a slider walks through the paths, the likeliest first.
    """

    script = "lattice.js"

    def __init__(self, heard: str = "hhe-ll-lo--", word: str = "hello", sure: float = 0.7):
        self.heard, self.word, self.sure = heard.replace("-", BLANK), word.replace("-", ""), sure
        for name in ("heard", "word"):
            if not 1 <= len(getattr(self, name)) <= MOST[name]:
                raise ValueError(f"expected 1 to {MOST[name]} characters in `{name}`, got {getattr(self, name)!r}")
        if not 0.05 <= sure <= 0.99:
            raise ValueError(f"expected `sure` from 0.05 to 0.99, got {sure}")

    def p(self) -> tuple[list[str], np.ndarray]:
        """The symbols, the blank first, and the probability of each in each frame (T, V)."""
        symbols = [BLANK, *sorted({*self.heard, *self.word} - {BLANK})]
        p = np.full((len(self.heard), len(symbols)), (1 - self.sure) / (len(symbols) - 1) if len(symbols) > 1 else 1.0)
        if len(symbols) > 1:
            for t, symbol in enumerate(self.heard):
                p[t, symbols.index(symbol)] = self.sure
        return symbols, p

    def measured(self) -> dict:
        """What the browser computes: p(word), how many paths spell it, and the posterior (T, 2U + 1) of each state."""
        symbols, p = self.p()
        row = [0]
        for letter in self.word:
            row += [symbols.index(letter), 0]
        move = np.zeros((len(row), len(row)))
        for s in range(len(row)):
            move[s, s : s + 2] = 1
            if row[s] and s + 2 < len(row) and row[s] != row[s + 2]:
                move[s, s + 2] = 1
        first, last = np.arange(len(row)) < 2, np.arange(len(row)) >= len(row) - 2
        alpha, count, beta = [p[0, row] * first], 1.0 * first, [1.0 * last]
        for frame in p[1:]:
            alpha.append((alpha[-1] @ move) * frame[row])
            count = count @ move
        for frame in p[:0:-1]:
            beta.append(move @ (beta[-1] * frame[row]))
        total = float(alpha[-1] @ last)
        posterior = np.array(alpha) * np.array(beta[::-1]) / total if total else np.zeros((len(p), len(row)))
        return {"p": total, "paths": int(round(float(count @ last))), "posterior": posterior}

    def data(self) -> dict:
        return {"heard": self.heard, "word": self.word, "sure": self.sure, "most": MOST}

    def picture(self):
        shown = self.measured()
        fig, ax = figures.figure(figsize=(6, 0.9 + 0.22 * (2 * len(self.word) + 1)))
        names = [BLANK, *(s for letter in self.word for s in (letter, BLANK))]
        figures.heatmap(ax, shown["posterior"].T, rows=names, columns=list(self.heard), low=0, high=1, bar="posterior")
        ax.set(title=f"“{self.word}”: p = {shown['p']:.3g}, {shown['paths']:,} paths", xlabel="heard, frame by frame")
        return fig

    def __repr__(self) -> str:
        shown = self.measured()
        return (
            f"Explorer: heard “{self.heard}”, each frame sure to {self.sure:.0%}: p(“{self.word}”) = {shown['p']:.3g}, "
            f"the sum of {shown['paths']:,} paths."
        )
