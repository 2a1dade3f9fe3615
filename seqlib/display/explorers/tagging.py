"""A tagger that reads from both sides, given a sentence word by word: where does it change its mind?"""

from collections.abc import Mapping, Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed

NAMES = ("E", "W_ahead", "U_ahead", "b_ahead", "W_back", "U_back", "b_back", "W_hy", "b_y")


class Rereading(Explorer):
    """A two-way LSTM tags the first k words of the learner's own sentence, for every k.

    E (V, D) holds a row for each word; W (D, 4H), U (H, 4H), b (4H,) of each direction in the order i, f, g, o;
    W_hy (2H, C) and b_y (C,) read ahead's state and back's side by side. Words are split at spaces and read in small
    letters; one that is not in `vocab` is read as "<unk>". ValueError where shapes do not fit.
    """

    script = "tagging.js"

    def __init__(self, weights: Mapping, vocab: Sequence[str], tags: Sequence[str], text: str, read: int | None = None):
        self.vocab, self.tags, self.text = list(vocab), list(tags), text
        missing = [name for name in NAMES if name not in weights]
        if missing:
            raise ValueError(f"expected weights {', '.join(NAMES)}; {missing[0]} is missing")
        self.weights = {name: _array(weights[name]) for name in NAMES}
        hidden, width = len(self.weights["U_ahead"]), self.weights["E"].shape[1]
        expected = {"E": (len(self.vocab), width), "W_hy": (2 * hidden, len(self.tags)), "b_y": (len(self.tags),)}
        for way in ("ahead", "back"):
            expected |= {f"W_{way}": (width, 4 * hidden), f"U_{way}": (hidden, 4 * hidden), f"b_{way}": (4 * hidden,)}
        for name, shape in expected.items():
            if self.weights[name].shape != shape:
                raise ValueError(f"expected {name} of shape {shape}; got {self.weights[name].shape}")
        self.count = len(text.split()) if read is None else read

    def tag(self, words: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """The likeliest tag of each word and its probability, in float64: what the browser computes, in NumPy."""
        w = {name: array.astype(np.float32).astype(np.float64) for name, array in self.weights.items()}
        index = {token: k for k, token in enumerate(self.vocab)}
        unknown = index.get("<unk>", 0)
        x = w["E"][[index.get(word.lower(), unknown) for word in words]]
        states = np.concatenate([_read(x, w, "ahead"), _read(x[::-1], w, "back")[::-1]], axis=1)
        scores = states @ w["W_hy"] + w["b_y"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = powers / powers.sum(axis=1, keepdims=True)
        return [self.tags[k] for k in p.argmax(axis=1)], p.max(axis=1)

    def changes(self, words: Sequence[str]) -> list[tuple[int, int, str, str]]:
        """(after how many words, place, tag before, tag after) wherever a new word changes an older word's tag."""
        found, before = [], []
        for k in range(1, len(words) + 1):
            now = self.tag(words[:k])[0]
            pairs = enumerate(zip(before, now, strict=False))
            found += [(k, place, old, new) for place, (old, new) in pairs if old != new]
            before = now
        return found

    def data(self) -> dict:
        weights = {name: packed(array) for name, array in self.weights.items()}
        return {"weights": weights, "vocab": self.vocab, "tags": self.tags, "text": self.text, "read": self.count}

    def picture(self):
        words = self.text.split()
        fig, ax = figures.figure(figsize=(7.2, 0.42 * len(words) + 0.9))
        ax.set(xlim=(-0.5, len(words) - 0.5), ylim=(len(words) + 0.5, -0.2), title="What each new word changes")
        before = []
        for k in range(1, len(words) + 1):
            now = self.tag(words[:k])[0]
            for place, tag in enumerate(now):
                changed = place < len(before) and before[place] != tag
                look = {"weight": "bold", "color": figures.COLOURS["vermilion"]} if changed else {"color": "#222222"}
                ax.text(place, k, tag, ha="center", va="center", fontsize=7, **look)
            before = now
        for place, word in enumerate(words):
            ax.text(place, 0.2, word, ha="center", va="center", fontsize=9, family="monospace")
        ax.set_yticks(range(1, len(words) + 1))
        ax.set(xticks=[], ylabel="words read")
        ax.grid(False)
        return fig

    def __repr__(self) -> str:
        words = self.text.split()
        tags = " ".join(f"{word}/{tag}" for word, tag in zip(words, self.tag(words)[0], strict=True)) if words else ""
        told = "; ".join(
            f"after word {k}, “{words[k - 1]}”, it takes “{words[place]}” for {new}, no longer for {old}"
            for k, place, old, new in self.changes(words)
        )
        return f"Explorer: a two-way tagger reads “{self.text}”: {told or 'nothing changes'}. At the end: {tags}"


def _read(x: np.ndarray, w: Mapping, way: str) -> np.ndarray:
    size = len(w[f"U_{way}"])
    h, c, states = np.zeros(size), np.zeros(size), []
    for row in x:
        sums = row @ w[f"W_{way}"] + h @ w[f"U_{way}"] + w[f"b_{way}"]
        i, f, _, o = np.split(np.exp(-np.logaddexp(0, -sums)), 4)
        c = f * c + i * np.tanh(sums[2 * size : 3 * size])
        h = o * np.tanh(c)
        states.append(h)
    return np.array(states).reshape(-1, size)


def _array(value) -> np.ndarray:
    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value, dtype=np.float64)
