"""An explorer: the learner's own character LSTM writes in the browser, with its four knobs, and completes names."""

from collections.abc import Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, eight_bits, packed, unpacked

SHOWN = 12  # characters drawn as bars


class WriterExplorer(Explorer):
    """Type a beginning; see what comes next, bent by a temperature and cut by top-k, top-p and min-p; let it write.

    W_xh (V, 4H) is the input's part of the gates for each character, biases included; W_hh (H, 4H), W_hy (H, V),
    b_y (V,); gates in the order i, f, g, o. Eight bits a weight: `read` computes what the browser does.
    A character outside `vocab` is read as a space. ValueError where the shapes do not fit.
    """

    script = "writer.js"

    def __init__(
        self, weights: dict[str, np.ndarray], vocab: Sequence[str], text: str = "def ", temperature: float = 0.8
    ):
        self.vocab, self.text, self.temperature = list(vocab), text, temperature
        given = {name: np.asarray(weights[name], dtype=float) for name in ("W_xh", "W_hh", "W_hy", "b_y")}
        size = len(given["W_hh"])
        wanted = {"W_xh": (len(self.vocab), 4 * size), "W_hh": (size, 4 * size), "W_hy": (size, len(self.vocab))}
        for name, shape in wanted.items():
            if given[name].shape != shape:
                raise ValueError(f"{name} should have shape {shape}, got {given[name].shape}")
        self.bias = given["b_y"]
        self.stored = {name: eight_bits(given[name]) for name in wanted}

    @classmethod
    def of(cls, model, vocab: Sequence[str], **options) -> "WriterExplorer":
        """The explorer of a model with `embed`, a one-layer nn.LSTM as `layer`, and `readout`."""
        layer = model.layer
        bias = layer.bias_ih_l0 + layer.bias_hh_l0
        weights = {
            "W_xh": model.embed.weight @ layer.weight_ih_l0.T + bias,
            "W_hh": layer.weight_hh_l0.T,
            "W_hy": model.readout.weight.T,
            "b_y": model.readout.bias,
        }
        return cls({name: w.detach().cpu().double().numpy() for name, w in weights.items()}, vocab, **options)

    def read(self, text: str | None = None) -> np.ndarray:
        """Logits (V,) of the character after a text, as the browser computes them."""
        w = {name: unpacked(stored) for name, stored in self.stored.items()}
        size, index = len(w["W_hh"]), {c: i for i, c in enumerate(self.vocab)}
        h, c = np.zeros(size), np.zeros(size)
        for letter in self.text if text is None else text:
            sums = w["W_xh"][index.get(letter, index.get(" ", 0))] + h @ w["W_hh"]
            i, f, _, o = np.split(np.exp(-np.logaddexp(0, -sums)), 4)
            c = f * c + i * np.tanh(sums[2 * size : 3 * size])
            h = o * np.tanh(c)
        return h @ w["W_hy"] + self.bias.astype("<f4").astype(float)

    def probabilities(self, temperature: float | None = None) -> np.ndarray:
        """After the text given, at a temperature, nothing cut."""
        logits = self.read() / (self.temperature if temperature is None else temperature)
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()

    def data(self) -> dict:
        return {"weights": self.stored, "bias": packed(self.bias), "vocab": self.vocab, "text": self.text,
                "temperature": self.temperature}  # fmt: skip

    def picture(self):
        own, p = self.probabilities(1.0), self.probabilities()
        best = np.argsort(-own)[:SHOWN]
        fig, ax = figures.figure(figsize=(6, 2.4))
        ax.bar(range(len(best)), p[best], color=figures.COLOURS["sky"], label=f"temperature {self.temperature:g}")
        ax.step(np.arange(len(best) + 1) - 0.5, np.append(own[best], own[best[-1]]), where="post", color="black",
                linewidth=1, label="the model's own")  # fmt: skip
        ax.set_xticks(range(len(best)), [figures.visible(self.vocab[i]) for i in best])
        ax.set(title="What comes next", ylabel="probability")
        ax.legend()
        return fig

    def __repr__(self) -> str:
        p = self.probabilities()
        best = np.argsort(-p)[:3]
        said = ", ".join(f"“{figures.visible(self.vocab[i])}” {p[i]:.2f}" for i in best)
        return (
            f"Explorer: an LSTM of {self.stored['W_hh']['shape'][0]} units reads “{self.text[-40:].strip()}”; next, at "
            f"temperature {self.temperature:g}: {said}."
        )
