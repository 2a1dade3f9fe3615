"""An explorer: a small GPT block by block on a text of one's own, with parts that can be switched off."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, eight_bits, packed, unpacked

LONGEST = 40  # characters read
NORMS = ("norm_1", "norm_2")


class BlocksExplorer(Explorer):
    """What a GPT's heads look at, and what its stream would say after each part: the logit lens.

    parts: "tokens" (V, D), "head" (D, V), "places" (context, D) or None, "norm", and "blocks", each a mapping with
    norm_1, W_q, W_k, W_v, W_o, norm_2, W_gate or None, W_up, W_down. A matrix is a pair (W (in, out), b or None), a
    norm a pair (scale, shift or None for RMSNorm). Rotary where there are no places; a gate makes a SwiGLU.
    Matrices are kept in eight bits: `read` computes what the browser does. A character outside `vocab` is tried as a
    small letter, then read as a space. ValueError where the text is empty or longer than 40 characters.
    """

    script = "blocks.js"

    def __init__(
        self, parts: Mapping, vocab: Sequence[str], text: str, heads: int, epsilon: float = 1e-5, place: int = -1
    ):
        self.vocab, self.text, self.heads, self.epsilon = list(vocab), text, heads, epsilon
        if not 1 <= len(text) <= LONGEST:
            raise ValueError(f"expected a text of 1 to {LONGEST} characters, got {len(text)}")
        rows, width = np.shape(parts["tokens"])
        if rows != len(self.vocab) or width % heads:
            raise ValueError(
                f"expected a table of {len(self.vocab)} rows, one a character, and a width that {heads} heads divide; "
                f"got {(rows, width)}"
            )
        self.place = place % len(text)
        self.stored = {
            "tokens": eight_bits(parts["tokens"]),
            "head": eight_bits(parts["head"]),
            "places": None if parts.get("places") is None else eight_bits(parts["places"]),
            "norm": _pair(parts["norm"], packed),
            "blocks": [
                {name: w and _pair(w, packed if name in NORMS else eight_bits) for name, w in block.items()}
                for block in parts["blocks"]
            ],
        }

    @classmethod
    def of(cls, model, vocab: Sequence[str], text: str, **options) -> "BlocksExplorer":
        """The explorer of a model built as in notebook 16, whose parts may be any but QK-norm."""
        if model.config.qk_norm:
            raise ValueError("expected a GPT without QK-norm, which this explorer cannot compute")
        names = ("W_q", "W_k", "W_v", "W_o")
        blocks = [
            {"norm_1": _norm_of(block.norm_1), "norm_2": _norm_of(block.norm_2)}
            | {name: _matrix_of(getattr(block.attention, name)) for name in names}
            | {name: _matrix_of(getattr(block.mlp, name)) for name in ("W_gate", "W_up", "W_down")}
            for block in model.blocks
        ]
        places = None if model.places is None else _array(model.places.weight)
        parts = {"tokens": _array(model.tokens.weight), "head": _array(model.head.weight).T, "places": places}
        parts |= {"norm": _norm_of(model.norm), "blocks": blocks}
        return cls(parts, vocab, text, model.config.heads, model.config.epsilon, **options)

    @property
    def stages(self) -> list[str]:
        """Names of what writes into the stream, in order."""
        inside = [
            f"{what} {n + 1}" for n in range(len(self.stored["blocks"])) for what in ("attention", "feed-forward")
        ]
        return ["the table", *inside]

    def ids(self, text: str) -> list[int]:
        index = {c: i for i, c in enumerate(self.vocab)}
        return [index.get(c, index.get(c.lower(), index.get(" ", 0))) for c in text]

    def read(self, text: str | None = None, off: Collection = ()) -> dict:
        """What the browser computes: {"weights": one (A, T, T) a block, "odds": (stages, T, V), "length": (stages, T)}.

        off: pairs (block, head) and (block, "feed-forward"), from 0; what they would add is left out.
        """
        ids = self.ids(self.text if text is None else text)
        x = unpacked(self.stored["tokens"])[ids]
        if self.stored["places"]:
            x = x + unpacked(self.stored["places"])[: len(ids)]
        stream, weights = [x], []
        for n, block in enumerate(self.stored["blocks"]):
            read, seen = self._attend(self._norm(x, block["norm_1"]), block, {h for b, h in off if b == n})
            weights.append(seen)
            x = x + read
            stream.append(x)
            if (n, "feed-forward") not in off:
                x = x + _feed_forward(self._norm(x, block["norm_2"]), block)
            stream.append(x)
        logits = self._norm(np.array(stream), self.stored["norm"]) @ unpacked(self.stored["head"])
        powers = np.exp(logits - logits.max(axis=2, keepdims=True))
        return {
            "weights": weights,
            "odds": powers / powers.sum(axis=2, keepdims=True),
            "length": np.linalg.norm(stream, axis=2),
        }

    def _norm(self, x, stored):
        scale, shift = (part and unpacked(part)[0] for part in stored)
        if shift is not None:
            x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.epsilon) * scale
        return x if shift is None else x + shift

    def _attend(self, x, block, silent):
        """What the heads collect (T, D), and where each looks (A, T, T)."""
        steps, width = x.shape
        d_k, half = width // self.heads, width // self.heads // 2
        q, k, v = (_times(x, block[name]).reshape(steps, -1, d_k).transpose(1, 0, 2) for name in ("W_q", "W_k", "W_v"))
        if not self.stored["places"]:
            angles = np.arange(steps)[:, None] * 10000.0 ** (-np.arange(half) / half)
            turn = np.cos(angles) + 1j * np.sin(angles)
            q, k = (_turned(part, turn, half) for part in (q, k))
        k, v = (np.repeat(part, self.heads // len(part), axis=0) for part in (k, v))
        scores = np.where(np.tri(steps, dtype=bool), q @ k.transpose(0, 2, 1) / d_k**0.5, -np.inf)
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        out = weights @ v
        out[[head for head in silent if head != "feed-forward"]] = 0.0
        return _times(out.transpose(1, 0, 2).reshape(steps, width), block["W_o"]), weights

    def data(self) -> dict:
        return {"weights": self.stored, "vocab": self.vocab, "text": self.text, "heads": self.heads,
                "epsilon": self.epsilon, "stages": self.stages, "place": self.place, "longest": LONGEST}  # fmt: skip

    def picture(self):
        odds, ids = self.read()["odds"], self.ids(self.text)
        followed = odds[:, np.arange(len(ids) - 1), ids[1:]] if len(ids) > 1 else odds[:, :, ids[0]]
        fig, ax = figures.figure(figsize=(7.2, 0.9 + 0.3 * len(self.stages)), layout="constrained")
        columns = list(self.text[: followed.shape[1]])
        figures.heatmap(ax, followed, rows=self.stages, columns=columns, low=0, high=1, bar="probability")
        ax.set(title="What each part adds: odds of the character that follows", xlabel="read")
        return fig

    def __repr__(self) -> str:
        odds, ids = self.read()["odds"], self.ids(self.text)
        said = []
        for stage, p in zip(self.stages, odds[:, self.place], strict=True):
            said.append(f"after {stage} “{figures.visible(self.vocab[int(p.argmax())])}” {p.max():.2f}")
        here = figures.visible(self.vocab[ids[self.place]])
        return (
            f"Explorer: a GPT of {len(self.stored['blocks'])} blocks with {self.heads} heads each reads "
            f"“{self.text}”. At place {self.place + 1}, “{here}”, the likeliest next: {', '.join(said)}."
        )


def _turned(x, turn, half):
    pairs = (x[..., :half] + 1j * x[..., half:]) * turn
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


def _feed_forward(x, block):
    up = _times(x, block["W_up"])
    if block["W_gate"]:
        gate = _times(x, block["W_gate"])
        return _times(gate / (1 + np.exp(-gate)) * up, block["W_down"])
    bent = up * 0.5 * (1 + np.tanh((2 / np.pi) ** 0.5 * (up + 0.044715 * up**3)))
    return _times(bent, block["W_down"])


def _times(x, stored):
    matrix, bias = stored
    product = x @ unpacked(matrix)
    return product if bias is None else product + unpacked(bias)


def _pair(pair, store):
    first, second = pair
    return [store(first), None if second is None else packed(second)]


def _matrix_of(layer):
    """(W, b) of a nn.Linear as rows times columns; None where there is none."""
    return layer and (_array(layer.weight).T, None if layer.bias is None else _array(layer.bias))


def _norm_of(norm):
    shift = getattr(norm, "bias", None)
    return _array(norm.scale if hasattr(norm, "scale") else norm.weight), None if shift is None else _array(shift)


def _array(weight) -> np.ndarray:
    return weight.detach().cpu().double().numpy()
