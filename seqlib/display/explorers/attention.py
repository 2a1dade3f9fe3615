"""An explorer of attention weights: examples, heads, rows, and what a sharper softmax would look at."""

from collections.abc import Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed


class AttentionExplorer(Explorer):
    """Attention weights as heat maps, head by head; made by `attention_explorer`.

    Choices: the example, the head (or the mean of all), the row, and β, by which every score is multiplied before
    the softmax is taken again: p^β / Σ p^β.
    """

    script = "attention.js"

    def __init__(self, examples: Sequence[tuple], head: int = 0, example: int = 0):
        self.examples = [_example(*one) for one in examples]
        if not self.examples:
            raise ValueError("expected at least one example (name, row tokens, column tokens, weights); got none")
        if not 0 <= example < len(self.examples):
            raise ValueError(f"expected an example from 0 to {len(self.examples) - 1}; got {example}")
        self.example, self.head, heads = example, head, len(self.examples[example][3])
        if not 0 <= head < heads:
            raise ValueError(f"expected a head from 0 to {heads - 1}; got {head}")

    def read(self, example: int = 0, head: int | None = 0, beta: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Weights (T, S) and their entropies in nats (T,): what the browser computes, in NumPy.

        head=None is the mean of all heads.
        """
        weights = self.examples[example][3].astype(np.float32).astype(np.float64)
        powers = np.where(weights > 0, weights, 0) ** beta * (weights > 0)
        total = powers.sum(axis=-1, keepdims=True)
        powers = powers / np.where(total > 0, total, 1)
        chosen = powers.mean(axis=0) if head is None else powers[head]
        return chosen, -(chosen * np.log(np.where(chosen > 0, chosen, 1))).sum(axis=-1)

    def data(self) -> dict:
        examples = [
            {"name": name, "rows": rows, "columns": columns, "weights": packed(weights.reshape(-1, len(columns)))}
            for name, rows, columns, weights in self.examples
        ]
        return {"examples": examples, "example": self.example, "head": self.head}

    def picture(self):
        name, rows, columns, _ = self.examples[self.example]
        fig, ax = figures.figure(figsize=(min(7, 1.5 + 0.3 * len(columns)), min(6, 1.2 + 0.25 * len(rows))))
        figures.heatmap(ax, self.read(self.example, self.head)[0], rows, columns, low=0, high=1, bar="weight")
        ax.set(title=name)
        ax.tick_params(axis="x", rotation=90 if max(map(len, columns)) > 2 else 0)
        return fig

    def __repr__(self) -> str:
        name, rows, columns, weights = self.examples[self.example]
        chosen, entropy = self.read(self.example, self.head)
        top = int(chosen[-1].argmax())
        which = f", head {self.head + 1} of {len(weights)}" if len(weights) > 1 else ""
        return (
            f"Explorer: attention weights of {len(self.examples)} example{'s' * (len(self.examples) > 1)}. "
            f"{name}{which}: “{rows[-1]}” looks most at “{columns[top]}” ({chosen[-1, top]:.2f}); the mean entropy "
            f"of a row is {entropy.mean():.2f} nats."
        )


def attention_explorer(examples: Sequence[tuple], head: int = 0, example: int = 0) -> AttentionExplorer:
    """An explorer of attention weights, alive in a saved notebook without a kernel.

    examples: a list of (name, row tokens, column tokens, weights), weights (A, T, S) for A heads or (T, S) for one,
    as an array or a tensor: row t says where token t of the rows looks among the S columns. The others say which
    head and example come first. ValueError for weights that are negative, not finite, or of another shape.
    """
    return AttentionExplorer(examples, head, example)


def _example(name, rows, columns, weights) -> tuple[str, list[str], list[str], np.ndarray]:
    """One example with its weights as float64 (A, T, S)."""
    rows, columns = [str(token) for token in rows], [str(token) for token in columns]
    weights = weights.detach().cpu().numpy() if hasattr(weights, "detach") else weights
    weights = np.asarray(weights, dtype=np.float64)
    weights = weights[None] if weights.ndim == 2 else weights
    if weights.ndim != 3 or weights.shape[1:] != (len(rows), len(columns)) or not weights.size:
        raise ValueError(
            f"{name!r}: expected weights of shape (A, {len(rows)}, {len(columns)}) or ({len(rows)}, {len(columns)}); "
            f"got {weights.shape}"
        )
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise ValueError(f"{name!r}: expected weights of at least zero, as a softmax gives them")
    return str(name), rows, columns, weights
