"""An explorer: a beam search as it branches, on numbers of one's own that the learner's translator puts into words."""

from collections.abc import Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, eight_bits, packed, unpacked

MOST, WIDEST, COMMA = 7, 6, ","


class BeamExplorer(Explorer):
    """Which beginnings are kept and which die out, token after token; is the answer the model's own best?

    weights: x_read (V, 3H), what each source token gives to the gates, biases included; W_read (H, 3H), b_read (3H,);
    W_c (K, H), b_c (H,): the state to begin from, of the first K numbers of the last one; x_write, W_write, b_write
    for the target; W_y (H, V), b_y (V,). Gates in torch's order r, z, n. Matrices are kept in eight bits: `search`
    computes what the browser does. spelled: (source tokens, target tokens) of the numbers 0, 1, 2 ….
    ValueError where a number is not among them, or where there are none or more than 7.
    """

    script = "beam.js"

    def __init__(
        self, weights: dict, vocabularies: tuple, marks: tuple[str, str], spelled: Sequence, numbers: Sequence[int],
        width: int = 3, length_power: float = 0.0, max_steps: int = 40,
    ):  # fmt: skip
        self.vocabularies, self.marks = tuple(map(list, vocabularies)), marks
        self.spelled = [tuple(map(list, pair)) for pair in spelled]
        self.numbers, self.width, self.length_power = list(numbers), width, length_power
        self.max_steps = max_steps
        if not 1 <= len(self.numbers) <= MOST or not all(0 <= n < len(self.spelled) for n in self.numbers):
            raise ValueError(f"expected 1 to {MOST} numbers from 0 to {len(self.spelled) - 1}, got {self.numbers}")
        if not 1 <= width <= WIDEST or not 0 <= length_power <= 1:
            raise ValueError(
                f"expected a width from 1 to {WIDEST} and a power from 0 to 1, got {width}, {length_power}"
            )
        arrays = {name: np.asarray(weight, dtype=float) for name, weight in weights.items()}
        self.stored = {name: (packed if w.ndim == 1 else eight_bits)(w) for name, w in arrays.items()}
        self.weights = {name: unpacked(kept) for name, kept in self.stored.items()}

    @classmethod
    def of(cls, model, task, spelled: Sequence, numbers: Sequence[int], **options) -> "BeamExplorer":
        """The explorer of the encoder and decoder of notebook 10, GRUs that read in one direction.

        task: has source_vocabulary and target_vocabulary, whose marks "<s>" and "</s>" begin and end a target.
        """
        read, write = model.encoder.recurrent, model.decoder.recurrent
        for layer in (read, write):
            if layer.mode != "GRU" or layer.bidirectional or layer.num_layers > 1:
                raise ValueError(f"expected GRUs of one layer and one direction, got {layer}")
        tables = {"read": model.encoder.embedding, "write": model.decoder.embedding}
        weights = {"W_c": model.decoder.from_context.weight.T, "b_c": model.decoder.from_context.bias}
        weights |= {"W_y": model.decoder.readout.weight.T, "b_y": model.decoder.readout.bias}
        for name, layer in {"read": read, "write": write}.items():
            weights[f"x_{name}"] = tables[name].weight @ layer.weight_ih_l0.T + layer.bias_ih_l0
            weights[f"W_{name}"], weights[f"b_{name}"] = layer.weight_hh_l0.T, layer.bias_hh_l0
        arrays = {name: w.detach().cpu().double().numpy() for name, w in weights.items()}
        vocabularies = task.source_vocabulary.tokens, task.target_vocabulary.tokens
        return cls(arrays, vocabularies, ("<s>", "</s>"), spelled, numbers, max_steps=task.max_steps, **options)

    def words(self, side: int) -> list[str]:
        """The source (side 0) or the right answer (side 1), in tokens."""
        joined = []
        for n in self.numbers:
            joined += [COMMA] * bool(joined) + self.spelled[n][side]
        return joined

    def begin(self) -> np.ndarray:
        """The decoder's first state (H,)."""
        w, index, h = self.weights, self.vocabularies[0].index, np.zeros(len(self.weights["W_read"]))
        for word in self.words(0):
            h = self._step(index(word), h, "read")
        return np.tanh(h[: len(w["W_c"])] @ w["W_c"] + w["b_c"][0])

    def _step(self, token: int, h: np.ndarray, name: str) -> np.ndarray:
        x, past = self.weights[f"x_{name}"][token], h @ self.weights[f"W_{name}"] + self.weights[f"b_{name}"][0]
        x_r, x_z, x_n, h_r, h_z, h_n = np.split(np.concatenate([x, past]), 6)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        return (1 - z) * np.tanh(x_n + r * h_n) + z * h

    def _log_p(self, h: np.ndarray) -> np.ndarray:
        logits = h @ self.weights["W_y"] + self.weights["b_y"][0]
        return logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())

    def search(self, width: int | None = None, length_power: float | None = None) -> list[list[dict]]:
        """The beam after each step, best first: {"parent", "token", "log_p", "length", "ended"} of each beginning."""
        width = self.width if width is None else width
        power = self.length_power if length_power is None else length_power
        start, end = map(self.vocabularies[1].index, self.marks)
        beam, found = [{"token": start, "log_p": 0.0, "length": 0, "ended": False, "h": self.begin()}], []
        while len(found) < self.max_steps and not all(one["ended"] for one in beam):
            grown = []
            for parent, one in enumerate(beam):
                if one["ended"]:
                    grown.append({**one, "parent": parent})
                    continue
                h = self._step(one["token"], one["h"], "write")
                for token, log_p in enumerate(self._log_p(h)):
                    grown.append({"parent": parent, "token": token, "log_p": one["log_p"] + log_p, "h": h,
                                  "length": one["length"] + 1, "ended": token == end})  # fmt: skip
            beam = sorted(grown, key=lambda one: -one["log_p"] / one["length"] ** power)[:width]
            found.append(beam)
        return found

    def written(self, beams: list[list[dict]], rank: int = 0, step: int | None = None) -> list[str]:
        """The tokens of one beginning after a step, the last if none is given; without the end mark."""
        words, step = [], len(beams) - 1 if step is None else step
        for beam in reversed(beams[: step + 1]):
            words.append(self.vocabularies[1][beam[rank]["token"]])
            rank = beam[rank]["parent"]
        return [word for word in reversed(words) if word != self.marks[1]]

    def truth(self) -> float:
        """log p of the right answer, END included."""
        index, h, total = self.vocabularies[1].index, self.begin(), 0.0
        words = [self.marks[0], *self.words(1), self.marks[1]]
        for word, after in zip(words, words[1:], strict=False):
            h = self._step(index(word), h, "write")
            total += float(self._log_p(h)[index(after)])
        return total

    def data(self) -> dict:
        return {"weights": self.stored, "source": self.vocabularies[0], "target": self.vocabularies[1],
                "marks": self.marks, "spelled": self.spelled, "numbers": self.numbers, "width": self.width,
                "power": self.length_power, "longest": self.max_steps, "most": MOST, "widest": WIDEST}  # fmt: skip

    def picture(self):
        beams = self.search()
        best, rank = set(), 0
        for step in reversed(range(len(beams))):
            best.add((step, rank))
            rank = beams[step][rank]["parent"]
        fig, ax = figures.figure(figsize=(max(4.0, 0.56 * len(beams)), 0.9 + 0.42 * self.width), layout="constrained")
        for step, beam in enumerate(beams):
            for rank, one in enumerate(beam):
                kept = (step, rank) in best
                look = {"color": figures.COLOURS["vermilion"], "lw": 2} if kept else {"color": "#888888", "lw": 0.8}
                ax.plot([step - 1, step], [one["parent"] if step else 0, rank], "-", zorder=1, **look)
                word = "END" if one["ended"] else self.vocabularies[1][one["token"]]
                box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": look["color"], "lw": look["lw"] / 2}
                ax.text(step, rank, word, ha="center", va="center", fontsize=6.5, bbox=box)
        ax.set(xlim=(-1.2, len(beams) - 0.4), ylim=(self.width - 0.4, -0.6), yticks=[], xlabel="step")
        ax.set_xticks(range(len(beams)), range(1, len(beams) + 1))
        ax.set_title(f"A beam of {self.width}: what is kept, best above")
        ax.grid(False)
        return fig

    def __repr__(self) -> str:
        beams, truth = self.search(), self.words(1)
        said, greedy = self.written(beams), self.written(self.search(width=1))
        return (
            f"Explorer: a beam of {self.width} puts {', '.join(map(str, self.numbers))} into words: “{' '.join(said)}” "
            f"({'right' if said == truth else 'wrong'}), log p {beams[-1][0]['log_p']:.2f}; greedy: "
            f"{'the same' if greedy == said else '“' + ' '.join(greedy) + '”'}; the right answer: {self.truth():.2f}."
        )
