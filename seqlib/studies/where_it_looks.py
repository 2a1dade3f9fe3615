"""What a model with attention looks at, beside an alignment that is known: scores, baselines, pictures. For 11 and 14.

A pair is one of seqlib.data.number_words: source and target tokens, and links (source position, target position).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from seqlib.data.number_words import number_pair


def looked_at(model, task, pair, said: Sequence[str] | None = None) -> np.ndarray:
    """Where the model looks while it writes a pair's target, or `said`, teacher forcing: weights (T, S)."""
    import torch

    said = pair.target if said is None else said
    source, target_in, _ = task.batch([(pair.source, said)])
    device = next(model.parameters()).device
    with torch.no_grad():
        return model.weights(source.to(device), target_in.to(device))[0, : len(said)].cpu().numpy()


def evenly(pair) -> np.ndarray:
    """The weights (T, S) of somebody who looks everywhere alike: chance."""
    return np.full((len(pair.target), len(pair.source)), 1 / len(pair.source))


def straight(pair) -> np.ndarray:
    """The weights (T, S) of somebody who looks straight ahead: step t at place t · S / T."""
    steps, places = len(pair.target), len(pair.source)
    return np.eye(places)[np.arange(steps) * places // steps]


def in_percent(score: Callable, look: Callable, pairs: Sequence) -> np.ndarray:
    """The mean of score(look(pair), pair.links) over the pairs, in percent."""
    return 100 * np.mean([score(look(pair), pair.links) for pair in pairs], axis=0)


def draw(ax, weights, pair) -> None:
    """A heat map of weights (T, S), the gold alignment as circles, the source on top."""
    from seqlib.display.figures import COLOURS, heatmap

    heatmap(ax, weights, pair.target, pair.source, low=0, high=1, bar="weight")
    for s, t in pair.links:
        ax.plot(s, t, "o", ms=12, mfc="none", mec=COLOURS["vermilion"], mew=1.6)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", labelsize=8)


def examples(model, task, runs: Sequence[Sequence[int]], language: str = "de") -> list[tuple]:
    """Runs of numbers as the explorer of attention takes them: what the model writes, and where it looks meanwhile."""
    found = []
    for numbers in runs:
        pair = number_pair(numbers, language)
        said = task.translate(model, [pair.source])[0] or list(pair.target)
        verdict = "right" if tuple(said) == pair.target else "wrong"
        name = f"{', '.join(map(str, numbers))} ({verdict})"
        found.append((name, said, list(pair.source), looked_at(model, task, pair, said)))
    return found
