"""Explorers that read a text of the learner's own: the state of an RNN, the gates of an LSTM."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed

DRAWN = 60  # tokens of a text in the picture that stays where scripts are refused


class HiddenState(Explorer):
    """A tanh RNN reads the learner's own text, one token at a time, and shows its hidden state.

    h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h), p_t = softmax(h_t W_hy + b_y), with W_xh (V, H), W_hh (H, H),
    b_h (H,), W_hy (H, V or C), b_y (V or C,), as arrays or tensors. `task` is "next" (what comes next) or
    "classify" (`labels` names the C classes). Text is read in characters, or in words where the vocabulary
    has words. An unknown token is read as "<unk>" where the vocabulary has it, else skipped.
    """

    script = "hidden_state.js"

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        vocab: Sequence[str],
        text: str = "the quick brown fox jumps over the lazy dog",
        task: str = "next",
        labels: Sequence[str] | None = None,
    ):
        if task not in ("next", "classify"):
            raise ValueError(f'expected task "next" or "classify"; got {task!r}')
        self.vocab, self.text, self.task = list(vocab), text, task
        self.weights = {name: _array(weights, name) for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")}
        outputs = self.weights["b_y"].shape[-1]
        self.labels = list(labels or map(str, range(outputs))) if task == "classify" else self.vocab
        _expect_shapes(self.weights, len(self.vocab), len(self.labels))

    @property
    def words(self) -> bool:
        """Whether the vocabulary holds words, marks such as <unk> aside."""
        return any(len(token) > 1 and not token.startswith("<") for token in self.vocab)

    def tokens(self, text: str | None = None) -> list[tuple[str, int]]:
        """The tokens of a text with their places in the vocabulary; -1 is skipped."""
        text = self.text if text is None else text
        index = {token: i for i, token in enumerate(self.vocab)}
        unk = index.get("<unk>", -1)
        pieces = text.split() if self.words else list(text)
        return [(token, index.get(token, index.get(token.lower(), unk))) for token in pieces]

    def read(self, text: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """States (T, H) and probabilities (T, V or C) in float64: what the browser computes, in NumPy."""
        w = {name: array.astype(np.float32).astype(np.float64) for name, array in self.weights.items()}
        h, states = np.zeros_like(w["b_h"]), []
        for _, place in self.tokens(text):
            h = h if place < 0 else np.tanh(w["W_xh"][place] + h @ w["W_hh"] + w["b_h"])
            states.append(h)
        states = np.array(states).reshape(-1, len(h))
        scores = states @ w["W_hy"] + w["b_y"]
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return states, powers / powers.sum(axis=-1, keepdims=True)

    def data(self) -> dict:
        unk = self.vocab.index("<unk>") if "<unk>" in self.vocab else -1
        weights = {name: packed(array) for name, array in self.weights.items()}
        return {"weights": weights, "vocab": self.vocab, "labels": self.labels, "text": self.text,
                "task": self.task, "words": self.words, "unk": unk}  # fmt: skip

    def picture(self):
        states, tokens = self.read()[0][:DRAWN], [token for token, _ in self.tokens()][:DRAWN]
        fig, ax = figures.figure(figsize=(7, 3))
        figures.heatmap(ax, states.T, columns=tokens, centre=0, low=-1, high=1, bar="$h_t$")
        ax.set(title="The hidden state as it reads", ylabel="unit")
        return fig

    def __repr__(self) -> str:
        states, p = self.read()
        start = f"Explorer: an RNN with {self.weights['b_h'].size} hidden units reads “{self.text}”"
        if not len(states):
            return f"{start}."
        top = int(p[-1].argmax())
        what = "its class" if self.task == "classify" else "what comes next"
        odds = f"“{self.labels[top]}” with probability {p[-1, top]:.2f}"
        return f"{start} ({len(states)} steps); {what}: {odds}."


class Gates(Explorer):
    """An LSTM reads the learner's own text, character by character, and shows the gates of one unit.

    i, f, g, o are the quarters of x_t W_xh + h_{t-1} W_hh + b_h, c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),
    h_t = sigmoid(o) tanh(c_t), p_t = softmax(h_t W_hy + b_y): W_xh (V, 4H), W_hh (H, 4H), b_h (4H,), W_hy (H, C),
    b_y (C,), as arrays or tensors. `labels` names the C classes; p_t is about the character `ahead` places
    before t. `unit` is the one shown first. A character outside `vocab` is read as "?".
    """

    script = "gates.js"

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        vocab: Sequence[str],
        labels: Sequence[str],
        text: str = "x = 'a'  # b",
        unit: int = 0,
        ahead: int = 0,
    ):
        self.vocab, self.labels, self.text, self.unit, self.ahead = list(vocab), list(labels), text, int(unit), ahead
        self.weights = {name: _array(weights, name) for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")}
        _expect_shapes(self.weights, len(self.vocab), len(self.labels), blocks=4)
        if not 0 <= self.unit < self.size:
            raise ValueError(f"expected a unit from 0 to {self.size - 1}; got {unit}")

    @property
    def size(self) -> int:
        """How many units there are: H."""
        return len(self.weights["W_hh"])

    def read(self, text: str | None = None) -> dict[str, np.ndarray]:
        """{"i", "f", "g", "o", "c", "h": (T, H), "p": (T, C)} in float64: what the browser computes, in NumPy."""
        w = {name: array.astype(np.float32).astype(np.float64) for name, array in self.weights.items()}
        index = {token: k for k, token in enumerate(self.vocab)}
        h, c, steps = np.zeros(self.size), np.zeros(self.size), []
        for token in self.text if text is None else text:
            sums = w["W_xh"][index.get(token, index.get("?", 0))] + h @ w["W_hh"] + w["b_h"]
            g = np.tanh(sums[2 * self.size : 3 * self.size])
            i, f, _, o = np.split(np.exp(-np.logaddexp(0, -sums)), 4)
            c = f * c + i * g
            h = o * np.tanh(c)
            scores = h @ w["W_hy"] + w["b_y"]
            powers = np.exp(scores - scores.max())
            steps.append((i, f, g, o, c, h, powers / powers.sum()))
        return {name: np.array([step[k] for step in steps]) for k, name in enumerate("ifgochp")}

    def data(self) -> dict:
        weights = {name: packed(array) for name, array in self.weights.items()}
        return {"weights": weights, "vocab": self.vocab, "labels": self.labels, "text": self.text,
                "unit": self.unit, "ahead": self.ahead}  # fmt: skip

    def picture(self):
        found, fig_ax = self.read(self.text[:DRAWN]), figures.figure(figsize=(7, 2.4))
        fig, ax = fig_ax
        rows = {name: found[name][:, self.unit] if self.text else [] for name in "igfoh"}
        rows["tanh c"] = np.tanh(found["c"][:, self.unit]) if self.text else []
        figures.heatmap(ax, np.array(list(rows.values())), rows=list(rows), columns=self.text[:DRAWN],
                        centre=0, low=-1, high=1, bar="value")  # fmt: skip
        ax.set(title=f"The gates of unit {self.unit} as they read")
        return fig

    def __repr__(self) -> str:
        start = f"Explorer: an LSTM with {self.size} units reads {len(self.text)} characters, “{self.text[:40]}…”"
        if not self.text:
            return "Explorer: an LSTM that was given nothing to read."
        found = self.read()
        low, high = found["c"][:, self.unit].min(), found["c"][:, self.unit].max()
        top = int(found["p"][-1].argmax())
        return (
            f"{start}; the cell of unit {self.unit} goes from {low:.2f} to {high:.2f}; at the end it says "
            f"“{self.labels[top]}” with probability {found['p'][-1, top]:.2f}."
        )


def _array(weights: Mapping, name: str) -> np.ndarray:
    if name not in weights:
        raise ValueError(f"expected weights W_xh, W_hh, b_h, W_hy, b_y; {name} is missing")
    value = weights[name]
    value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    return np.asarray(value, dtype=np.float64)


def _expect_shapes(weights: Mapping[str, np.ndarray], vocab_size: int, output_size: int, blocks: int = 1) -> None:
    hidden_size = weights["b_h"].shape[-1] // blocks
    wide = blocks * hidden_size
    expected = {"W_xh": (vocab_size, wide), "W_hh": (hidden_size, wide), "b_h": (wide,),
                "W_hy": (hidden_size, output_size), "b_y": (output_size,)}  # fmt: skip
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise ValueError(f"expected {name} of shape {shape}; got {weights[name].shape}")
