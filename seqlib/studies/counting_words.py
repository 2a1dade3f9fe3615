"""How far does counting words go? The linear baselines of sentiment: the chance of "positive" for new sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["better", "by_ratios", "by_weights"]


def _grams(longest: int):
    """Words of a sentence, and what stands side by side up to `longest`."""

    def grams(sentence):
        return [" ".join(sentence[k : k + n]) for n in range(1, longest + 1) for k in range(len(sentence) - n + 1)]

    return grams


def by_weights(
    sentences: Sequence[Sequence[str]], labels, new: Sequence[Sequence[str]], longest: int = 1
) -> np.ndarray:
    """TF-IDF and logistic regression, (N,). `longest` = 2 counts neighbours beside words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = TfidfVectorizer(analyzer=_grams(longest), sublinear_tf=True)
    return make_pipeline(counts, LogisticRegression(C=10, max_iter=500)).fit(sentences, labels).predict_proba(new)[:, 1]


def by_ratios(
    sentences: Sequence[Sequence[str]], labels, new: Sequence[Sequence[str]], longest: int = 2, ratio=None
) -> np.ndarray:
    """Words and neighbours, each present or not, weighed by its log ratio in the two classes, then a regression; (N,).

    ratio(positive (F,), negative (F,)) -> (F,) is given in how many sentences of each class each of them stands; by
    default the logarithm of the ratio of their shares, one added to each count. Source: Wang and Manning 2012, §2.3
    (there with a support vector machine).
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    counts = CountVectorizer(analyzer=_grams(longest), binary=True)
    presence, labels = counts.fit_transform(sentences).astype(float), np.asarray(labels)
    positive, negative = (np.asarray(presence[labels == k].sum(axis=0)).ravel() for k in (1, 0))
    weights = (ratio or _ratio)(positive, negative)
    model = LogisticRegression(C=1.0, max_iter=500).fit(presence.multiply(weights).tocsr(), labels)
    return model.predict_proba(counts.transform(new).multiply(weights).tocsr())[:, 1]


def _ratio(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    p, q = positive + 1, negative + 1
    return np.log(p / p.sum()) - np.log(q / q.sum())


def better(these: Sequence[float], others: Sequence[float]) -> str:
    """Are these scores better than the others? "holds" if the worst of these is above the best of the others.

    "fails" if the best of these is not above the worst of the others, else "depends": then seeds decide.
    """
    if min(these) > max(others):
        return "holds"
    return "fails" if max(these) <= min(others) else "depends"


def settled(verdict: str, best: float, tried: Sequence[float]) -> str:
    """The verdict where the best learning rate lies inside those that were tried, else "not tested"."""
    return verdict if min(tried) < best < max(tried) else "not tested"
