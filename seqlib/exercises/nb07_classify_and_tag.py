"""Notebook 07: one answer for a sentence, one for each word; padding, both directions, counting, letters."""

from itertools import product

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.utils import rnn

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import tensor, weights
from seqlib.models.bidirectional import reverse_padded

IGNORE = -100


def _states(rng, lengths, width, extra=0, shift=0.0):
    """States (B, T, H) with numbers in the padding too, and lengths."""
    return tensor(rng.normal(size=(len(lengths), max(lengths) + extra, width)) * 1.5 + shift), torch.tensor(lengths)


# -- max_pool --------------------------------------------------------------------------------------------------------


def _pools(rng) -> list[Case]:
    def case(label, lengths, width, extra=0, shift=0.0):
        states, lengths = _states(rng, lengths, width, extra)
        return Case(label, states=states + shift, mask=torch.arange(states.shape[1]) < lengths[:, None])

    return [
        case("sentences of 6, 2 and 4 words", [6, 2, 4], 5),
        case("one sentence, much padding", [3], 4, extra=5),
        case("states that are all below -1", [2, 5], 3, shift=-9.0),
        case("states far below zero", [4, 1, 3], 6, shift=-3e4),
    ]


def _largest(states, mask):
    return torch.stack([row[real].max(dim=0).values for row, real in zip(states, mask, strict=True)])


def _max_pool(states, mask):
    hidden = states.masked_fill(~mask[:, :, None], -torch.inf)
    return hidden.amax(dim=1)


MAX_SLIPS = {
    "the padding takes part: the mask is not used": "states.masked_fill(~mask[:, :, None], -torch.inf) → states",
    "the padding becomes 0, which is larger than a negative state": "-torch.inf → 0.0",
    "the padding becomes -1: states may be lower than that": "-torch.inf → -1.0",
    "the padding becomes -10,000: states may be lower than that": "-torch.inf → -1e4",
    "the mask is used the wrong way round: the words are hidden": "~mask → mask",
    "the largest is taken over the units, not over the steps": "amax(dim=1) → amax(dim=2)",
    "the smallest is taken, not the largest": ("-torch.inf → torch.inf", "amax → amin"),
    "it is the mean of the words, not the largest": (
        "hidden.amax(dim=1) → (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1)[:, None]"
    ),
    "it is the sum of the words, not the largest": "hidden.amax(dim=1) → (states * mask[:, :, None]).sum(dim=1)",
    "the sizes are compared: a sign is lost": (
        "hidden.amax(dim=1) → states.abs().masked_fill(~mask[:, :, None], 0).amax(dim=1)"
    ),
    "the place of the largest is handed back, not its value": "amax( → argmax(",
    "the axis of the steps is kept, with size 1": "amax(dim=1) → amax(dim=1, keepdim=True)",
    "the largest unit of each word is kept, and the padding is −9e9: the words are pooled, so the axis is 1": (
        "hidden.amax(dim=1) → states.masked_fill(~mask[:, :, None], -9e9).amax(dim=2)"
    ),
    "the largest of the whole batch is given to every sentence": (
        "hidden.amax(dim=1) → hidden.amax(dim=(0, 1)).expand(len(states), -1)"
    ),
    "one whole state is kept, the one with the largest sum: each unit has a largest of its own": (
        "hidden.amax(dim=1) → states[torch.arange(len(states)), hidden.sum(dim=2).argmax(dim=1)]"
    ),
    "the last column is kept, which may be padding": "hidden.amax(dim=1) → states[:, -1]",
    "the last word's state is kept, not the largest": (
        "hidden.amax(dim=1) → states[torch.arange(len(states)), mask.sum(dim=1) - 1]"
    ),
    "the first word's state is kept, not the largest": "hidden.amax(dim=1) → states[:, 0]",
}

max_pool = Exercise(
    name="07.max_pool",
    points=2,
    inputs=_pools,
    oracle=_largest,
    right=_max_pool,
    mistakes=slips(_max_pool, MAX_SLIPS),
    returns=("pooled",),
    trains=True,
)


# -- reverse_padded --------------------------------------------------------------------------------------------------


def _rows(rng) -> list[Case]:
    def case(label, lengths, width, extra=0):
        x, lengths = _states(rng, lengths, width, extra)
        return Case(label, x=x, lengths=lengths)

    return [
        case("sentences of 5, 3 and 4 words", [5, 3, 4], 2),
        case("no padding", [4, 4], 3),
        case("one word, and much padding", [1, 3], 5, extra=3),
        case("one sentence of 6 words in a row of 8", [6], 4, extra=2),
    ]


def _turned(x, lengths):
    return torch.stack([torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths.tolist(), strict=True)])


def _reverse_padded(x, lengths):
    steps = torch.arange(x.shape[1])
    places = lengths[:, None] - 1 - steps
    places = torch.where(places >= 0, places, steps)
    return x[torch.arange(len(x))[:, None], places]


PICK = "x[torch.arange(len(x))[:, None], places]"
TURN_SLIPS = {
    "the whole row is turned round, so that the padding comes first": f"{PICK} → x.flip(1)",
    "nothing is turned round": f"{PICK} → x",
    "the sentences of the batch change places, not the words": f"{PICK} → x.flip(0)",
    "the units change places, not the words": f"{PICK} → x.flip(2)",
    "it is off by one: the word at 0 comes from place n, not n - 1": (
        "lengths[:, None] - 1 - steps → (lengths[:, None] - steps).clamp(max=x.shape[1] - 1)"
    ),
    "it is off by one: the last word stays where it is": "- 1 - steps → - 2 - steps",
    "the first word is repeated in the padding, which should stay as it is": (
        "torch.where(places >= 0, places, steps) → places.clamp(min=0)"
    ),
    "negative places count from the end, so that the padding is turned round too": (
        "torch.where(places >= 0, places, steps) → places"
    ),
    "the padding is emptied, where it should stay as it is": (
        f"{PICK} → {PICK} * (steps < lengths[:, None])[:, :, None]"
    ),
    "the longest sentence's length is taken for all": "lengths[:, None] → lengths.max() + 0 * lengths[:, None]",
    "the first sentence's length is taken for all": "lengths[:, None] → lengths[0] + 0 * lengths[:, None]",
    "the shortest sentence's length is taken for all": "lengths[:, None] → lengths.min() + 0 * lengths[:, None]",
    "the padding is moved to the front and the words keep their order": (
        "lengths[:, None] - 1 - steps → (steps + lengths[:, None]) % x.shape[1]"
    ),
    "the places are handed back, not what stands there": f"{PICK} → places",
}

reverse_padded_ = Exercise(
    name="07.reverse_padded",
    points=3,
    inputs=_rows,
    oracle=_turned,
    right=_reverse_padded,
    mistakes=slips(_reverse_padded, TURN_SLIPS),
    forbids=("seqlib.models.bidirectional.reverse_padded",),
    returns=("turned",),
    trains=True,
)


# -- both_ways -------------------------------------------------------------------------------------------------------


def _two_directions(rng) -> list[Case]:
    def case(label, lengths, width, extra=0):
        ahead, lengths = _states(rng, lengths, width, extra)
        return Case(label, ahead=ahead, turned=tensor(rng.normal(size=ahead.shape)), lengths=lengths)

    return [
        case("sentences of 5, 2 and 3 words", [5, 2, 3], 4),
        case("no padding", [3, 3], 2),
        case("one word, and much padding", [1, 4], 3, extra=2),
    ]


def _by_sentence(ahead, turned, lengths):
    states = torch.zeros(*ahead.shape[:2], 2 * ahead.shape[2], dtype=ahead.dtype)
    last = states.new_zeros(len(ahead), states.shape[2])
    for b, n in enumerate(lengths.tolist()):
        for t in range(n):
            states[b, t] = torch.cat([ahead[b, t], turned[b, n - 1 - t]])
        last[b] = torch.cat([ahead[b, n - 1], turned[b, n - 1]])
    return states, last


def _both_ways(ahead, turned, lengths):
    back = reverse_padded(turned, lengths)
    real = torch.arange(ahead.shape[1]) < lengths[:, None]
    states = torch.cat([ahead, back], dim=2) * real[:, :, None]
    rows, end = torch.arange(len(ahead)), lengths - 1
    last = torch.cat([ahead[rows, end], turned[rows, end]], dim=1)
    return states, last


BOTH_SLIPS = {
    "the backward states are not turned back: at the first word stands what has read only the last": (
        "[ahead, back] → [ahead, turned]"
    ),
    "the backward states are turned back with their padding": "reverse_padded(turned, lengths) → turned.flip(1)",
    "the forward states are turned round, not the backward ones": (
        "[ahead, back] → [reverse_padded(ahead, lengths), turned]"
    ),
    "the backward states come first at every word": "[ahead, back] → [back, ahead]",
    "the two directions are added, not put side by side": "torch.cat([ahead, back], dim=2) → (ahead + back)",
    "the units of the two directions alternate, instead of one direction after the other": (
        "torch.cat([ahead, back], dim=2) → torch.stack([ahead, back], dim=3).flatten(2)"
    ),
    "the states at the padding are not zero": " * real[:, :, None] →",
    "the padding is kept and the words are emptied": "< lengths[:, None] → >= lengths[:, None]",
    "one step too many is taken for a word": "< lengths[:, None] → <= lengths[:, None]",
    "`last` is read in the last column, which is padding in short sentences": (
        "ahead[rows, end], turned[rows, end] → ahead[:, -1], turned[:, -1]"
    ),
    "`last` takes the backward state at the last word, which has read one word only": (
        "turned[rows, end]] → turned[:, 0]]"
    ),
    "`last` takes the forward state at the first word, which has read one word only": (
        "[ahead[rows, end], → [ahead[:, 0],"
    ),
    "`last` has the backward half first": "[ahead[rows, end], turned[rows, end]] → [turned[rows, end], ahead[rows, end]]",
    "`last` holds the forward half alone": "torch.cat([ahead[rows, end], turned[rows, end]], dim=1) → ahead[rows, end]",
    "the results change places: `states` comes first": "return states, last → return last, states",
}

both_ways = Exercise(
    name="07.both_ways",
    points=3,
    inputs=_two_directions,
    oracle=_by_sentence,
    right=_both_ways,
    mistakes=slips(_both_ways, BOTH_SLIPS),
    returns=("states", "last"),
    trains=True,
)


# -- pack ------------------------------------------------------------------------------------------------------------


def _falling(rng) -> list[Case]:
    def case(label, lengths, width, extra=0):
        x, lengths = _states(rng, lengths, width, extra)
        return Case(label, x=x, lengths=lengths)

    return [
        case("sentences of 5, 3, 3 and 1 words", [5, 3, 3, 1], 2),
        case("no padding", [4, 4, 4], 5),
        case("two columns that are padding alone", [4, 2], 3, extra=2),
        case("one sentence", [3], 4, extra=1),
    ]


def _packed(x, lengths):
    packed = rnn.pack_padded_sequence(x, lengths, batch_first=True)
    return packed.data, packed.batch_sizes


def _pack(x, lengths):
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    by_time = x[:, : mask.shape[1]].transpose(0, 1)
    return by_time[mask.T], mask.sum(dim=0)


PACK_SLIPS = {
    "sentence after sentence, where it should be step after step": "by_time[mask.T] → x[:, : mask.shape[1]][mask]",
    "the padding is packed too": "by_time[mask.T] → by_time.flatten(0, 1)",
    "the lengths of the sentences are handed back, where the sizes of the steps are asked for": (
        "mask.sum(dim=0) → lengths"
    ),
    "a step too many is taken for a word in each sentence that has one": "< lengths → <= lengths",
    "the last word of each sentence is lost": "< lengths[:, None] → < lengths[:, None] - 1",
    "the sizes are added up on the way: how many are there at each step?": "mask.sum(dim=0) → mask.sum(dim=0).cumsum(dim=0)",
    "steps that nobody has reached are listed, with size 0": ("int(lengths.max()) → x.shape[1]"),
    "the shortest sentence comes first in each step": "by_time[mask.T] → by_time.flip(1)[mask.T.flip(1)]",
    "the share of the sentences is handed back, not their number": "mask.sum(dim=0) → mask.double().mean(dim=0)",
    "the number of padded places of each step is handed back": "mask.sum(dim=0) → (~mask).sum(dim=0)",
    "the words are packed from the last step to the first": ("by_time[mask.T] → by_time.flip(0)[mask.T.flip(0)]"),
    "the padding is packed, and the words are not": "by_time[mask.T] → by_time[~mask.T]",
    "the results change places: the packed words come first": (
        "return by_time[mask.T], mask.sum(dim=0) → return mask.sum(dim=0), by_time[mask.T]"
    ),
    "the sizes are missing": "return by_time[mask.T], mask.sum(dim=0) → return by_time[mask.T]",
}

pack = Exercise(
    name="07.pack",
    points=3,
    inputs=_falling,
    oracle=_packed,
    right=_pack,
    mistakes=slips(_pack, PACK_SLIPS),
    forbids=("torch.nn.utils.rnn.pack_padded_sequence", "torch.nn.utils.rnn.pack_sequence"),
    returns=("rows", "sizes"),
    trains=True,
)


# -- confusion_counts ------------------------------------------------------------------------------------------------


def _answers(rng) -> list[Case]:
    def case(label, size, classes, highest=None, padded=0):
        right = np.concatenate([rng.permutation(highest or classes), rng.integers(highest or classes, size=size)])
        said = np.where(rng.random(len(right)) < 0.5, right, rng.integers(highest or classes, size=len(right)))
        right[rng.permutation(len(right))[:padded]] = IGNORE
        return Case(label, said=said, right=right, classes=classes)

    return [
        case("thirty answers, three classes", 27, 3),
        case("two classes that never occur", 20, 6, highest=4),
        case("some places are padding: right is -100", 40, 4, padded=9),
        case("many answers, few classes", 200, 2, padded=30),
    ]


def _pair_by_pair(said, right, classes):
    pairs = [[sum((s, r) == (b, a) for s, r in zip(said, right, strict=True)) for b in range(classes)]
             for a in range(classes)]  # fmt: skip
    return np.array(pairs)


def _confusion_counts(said, right, classes):
    counts = right != -100
    table = np.zeros((classes, classes), dtype=int)
    np.add.at(table, (right[counts], said[counts]), 1)
    return table


ADD = "np.add.at(table, (right[counts], said[counts]), 1)"
CONFUSION_SLIPS = {
    "rows and columns change places: a row is what was right, a column what was said": (
        "(right[counts], said[counts]) → (said[counts], right[counts])"
    ),
    "each pair counts once: `table[…] += 1` does not add up what comes again": (
        f"{ADD} → table[right[counts], said[counts]] += 1"
    ),
    "padding is counted as class 0": (
        "counts = right != -100 → counts, right = np.ones(len(right), dtype=bool), np.maximum(right, 0)"
    ),
    "class 0 is left out with the padding": "right != -100 → right > 0",
    "shares of all are handed back, not numbers": "return table → return table / table.sum()",
    "the shares of each row are handed back, not numbers": (
        "return table → return table / np.maximum(table.sum(axis=1, keepdims=True), 1)"
    ),
    "the shares of each column are handed back, not numbers": (
        "return table → return table / np.maximum(table.sum(axis=0, keepdims=True), 1)"
    ),
    "what was right is left out: the diagonal is empty": "return table → return table - np.diag(np.diag(table))",
    "only what was right is counted: the diagonal is all there is": "return table → return np.diag(np.diag(table))",
    "there are rows for the classes that occur only": (
        "np.zeros((classes, classes), dtype=int) → np.zeros((max(said[counts].max(), right.max()) + 1,) * 2, dtype=int)"
    ),
    "the classes are counted from 1, so that class 0 has the last row and column": (
        "(right[counts], said[counts]) → (right[counts] - 1, said[counts] - 1)"
    ),
    "counting begins at 1: what never occurs should have 0": "np.zeros((classes, classes) → np.ones((classes, classes)",
    "the diagonal alone is handed back, in a row": "return table → return np.diag(table)",
}

confusion_counts = Exercise(
    name="07.confusion_counts",
    points=2,
    inputs=_answers,
    oracle=_pair_by_pair,
    right=_confusion_counts,
    mistakes=slips(_confusion_counts, CONFUSION_SLIPS),
    forbids=("sklearn.metrics.confusion_matrix", "seqlib.metrics.confusion"),
    returns=("table",),
)


# -- f1_scores -------------------------------------------------------------------------------------------------------


def _tables(rng) -> list[Case]:
    def drawn(classes):
        return rng.integers(1, 9, size=(classes, classes)) + np.diag(rng.integers(5, 40, size=classes))

    absent, invented = drawn(4), drawn(5)
    absent[2], absent[:, 2] = 0, 0
    invented[3] = 0
    overlooked = drawn(3)
    overlooked[1], overlooked[:, 1] = 0, 0
    overlooked[1, int(rng.choice([0, 2]))] = 1
    return [
        Case("three classes", table=drawn(3)),
        Case("a class that never occurs, neither right nor said", table=absent),
        Case("a class that was said and is never right", table=invented),
        Case("a class that occurs once and is never said", table=overlooked),
        Case("two classes", table=drawn(2)),
    ]


def _by_class(table):
    scores, macro = [], []
    for c in range(len(table)):
        hits, said, right = table[c, c], table[:, c].sum(), table[c].sum()
        precision, recall = hits / max(said, 1), hits / max(right, 1)
        scores.append(2 * precision * recall / (precision + recall) if hits else 0.0)
        macro += [scores[-1]] if said + right else []
    return np.array(scores), np.mean(macro)


def _f1_scores(table):
    hits, said, right = np.diag(table), table.sum(axis=0), table.sum(axis=1)
    scores = 2 * hits / np.maximum(said + right, 1)
    macro = scores[said + right > 0].mean()
    return scores, macro


SCORE, MACRO = "2 * hits / np.maximum(said + right, 1)", "scores[said + right > 0].mean()"
F1_SLIPS = {
    "it is the precision: of what was said, how much is right": f"{SCORE} → hits / np.maximum(said, 1)",
    "it is the recall: of what is right, how much was said": f"{SCORE} → hits / np.maximum(right, 1)",
    "a class that neither occurs nor is said divides 0 by 0: it has score 0": "np.maximum(said + right, 1) → (said + right)",
    "the same, and its score enters the mean: it has score 0 and no place there": (
        "np.maximum(said + right, 1) → (said + right)",
        f"{MACRO} → scores.mean()",
    ),
    "the 2 is missing": f"{SCORE} → hits / np.maximum(said + right, 1)",
    "precision and recall are averaged, where F1 is their harmonic mean": (
        f"{SCORE} → (hits / np.maximum(said, 1) + hits / np.maximum(right, 1)) / 2"
    ),
    "the hits are counted twice below: it is the overlap, hits against said or right": (
        f"{SCORE} → hits / np.maximum(said + right - hits, 1)"
    ),
    "each score is the product of precision and recall, without the rest": (
        f"{SCORE} → hits / np.maximum(said, 1) * hits / np.maximum(right, 1)"
    ),
    "the geometric mean of precision and recall is taken": f"{SCORE} → hits / np.maximum(said * right, 1) ** 0.5",
    "each class is judged by accuracy, which counts the many words that are neither": (
        f"{SCORE} → 1 - (said + right - 2 * hits) / table.sum()"
    ),
    "`macro` is the accuracy of all words: each class should weigh the same": f"{MACRO} → hits.sum() / table.sum()",
    "a class that never occurs pulls `macro` down": f"{MACRO} → scores.mean()",
    "a class that was said and is never right is left out of `macro`": f"{MACRO} → scores[right > 0].mean()",
    "`macro` weighs each class by how often it occurs": f"{MACRO} → np.average(scores, weights=right)",
    "`macro` adds up the classes instead of averaging them": f"{MACRO} → scores.sum()",
    "`macro` is the median of the classes": f"{MACRO} → np.median(scores[said + right > 0])",
    "`macro` is the F1 of the mean precision and the mean recall": (
        "    return scores, macro → "
        "    p, r = (hits[said + right > 0] / np.maximum(n, 1)[said + right > 0] for n in (said, right))\n"
        "    macro = 2 * p.mean() * r.mean() / (p.mean() + r.mean())\n"
        "    return scores, macro"
    ),
    "percents are handed back": f"{SCORE} → 200 * hits / np.maximum(said + right, 1)",
    "the results change places: the scores come first": "return scores, macro → return macro, scores",
    "the scores of the classes that occur only are handed back": "return scores, macro → return scores[said + right > 0], macro",
}

f1_scores = Exercise(
    name="07.f1_scores",
    points=3,
    inputs=_tables,
    oracle=_by_class,
    right=_f1_scores,
    mistakes=slips(_f1_scores, F1_SLIPS),
    forbids=("sklearn.metrics.f1_score", "seqlib.metrics.macro_f1", "sklearn.metrics.precision_recall_fscore_support"),
    returns=("scores", "macro"),
)


# -- viterbi ---------------------------------------------------------------------------------------------------------


def _chains(rng) -> list[Case]:
    def logs(*shape, scale=2.0):
        values = rng.normal(size=shape) * scale
        return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))

    def case(label, steps, classes, scale=2.0):
        start, seen = logs(classes), logs(classes, steps, scale=scale).T.copy()
        while start.argmax() == (start + seen[0]).argmax() or (
            steps == 1 and seen[0].argmax() == (start + seen[0]).argmax()
        ):
            start, seen[0] = logs(classes), logs(classes)  # until the first word, and its start, have a say
        return Case(label, start=start, step=logs(classes, classes, scale=scale), seen=seen)

    return [
        case("six words, three tags", 6, 3),
        case("two words, four tags", 2, 4),
        case("seven words, three tags", 7, 3),
        case("five words, four tags", 5, 4),
        case("a single word", 1, 5),
        case("nine words, two tags", 9, 2),
        case("seven words that say little, three tags", 7, 3, scale=0.4),
        case("six words that say little, four tags", 6, 4, scale=0.4),
    ]


def _of_all_paths(start, step, seen):
    def score(path):
        return (
            start[path[0]]
            + sum(step[a, b] for a, b in zip(path, path[1:], strict=False))
            + sum(seen[t, c] for t, c in enumerate(path))
        )

    return np.array(max(product(range(len(start)), repeat=len(seen)), key=score))


def _viterbi(start, step, seen):
    best, came = start + seen[0], []
    for t in range(1, len(seen)):
        ways = best[:, None] + step
        came.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + seen[t]
    path = [int(best.argmax())]
    for back in reversed(came):
        path.append(int(back[path[-1]]))
    return np.array(path[::-1])


VITERBI_SLIPS = {
    "the steps are read the wrong way: rows are where one comes from, columns where one goes": (
        "best[:, None] + step → best[:, None] + step.T"
    ),
    "the score so far is added to where one goes, not to where one comes from": "best[:, None] + step → best + step",
    "the largest is taken over where one goes, not over where one comes from": (
        "ways.argmax(axis=0) → ways.argmax(axis=1)",
        "ways.max(axis=0) → ways.max(axis=1)",
    ),
    "the path is handed back from the last word to the first": "path[::-1] → path",
    "the first word's own start is left out": "start + seen[0] → 0 * start + seen[0]",
    "the first word itself is left out: only the start decides": "start + seen[0] → start + 0",
    "the words are left out from the second on": " + seen[t] →",
    "each word counts one step late": "seen[t] → seen[t - 1]",
    "each word is tagged by itself: the steps are not used": "np.array(path[::-1]) → seen.argmax(axis=1) + 0 * len(path)",
    "the tag is decided at each word, and later words can't change it: that is greedy": (
        "best[:, None] + step → np.where(best == best.max(), best, -np.inf)[:, None] + step"
    ),
    "the paths are added up, where the best one is asked for: that is the forward algorithm": (
        "ways.max(axis=0) → np.logaddexp.reduce(ways, axis=0)"
    ),
    "the way back begins at the worst end": "best.argmax() → best.argmin()",
    "the way back follows the pointers from the front": "reversed(came) → came",
    "scores are multiplied: these are logarithms, which add": "best[:, None] + step → best[:, None] * step",
    "the steps are left out": "best[:, None] + step → best[:, None] + 0 * step",
    "the worst way into each tag is taken": (
        "ways.argmax(axis=0) → ways.argmin(axis=0)",
        "ways.max(axis=0) → ways.min(axis=0)",
    ),
    "the best end of each step is handed back, without the way back": (
        "came.append(ways.argmax(axis=0)) → came.append(np.full(len(best), best.argmax()))"
    ),
    "the score is handed back, not the path": "return np.array(path[::-1]) → return best.max()",
}

viterbi = Exercise(
    name="07.viterbi",
    points=4,
    inputs=_chains,
    oracle=_of_all_paths,
    stand_in=_viterbi,  # every path of a sentence of twenty words is too many
    right=_viterbi,
    mistakes=slips(_viterbi, VITERBI_SLIPS),
    returns=("path",),
)


# -- tag_by_ending ---------------------------------------------------------------------------------------------------


def _endings(rng) -> list[Case]:
    def letters(n):
        return "".join(rng.choice(list("bcdfghklmnprstvw"), n))

    def case(label, word, endings, default="NOUN"):
        return Case(label, word=word, endings=endings, default=default)

    a, b, c, d, e, f = (letters(4) for _ in range(6))
    names = rng.permutation(["ADJ", "ADV", "PROPN", "VERB", "AUX", "NUM", "DET", "SYM"]).tolist()
    known = dict(zip(("y", "ly", "ily", "ing", "s"), names, strict=False))
    return [
        case("three endings fit, the longest counts", a + "ily", known),
        case("the longest ending that is known is shorter than others", b + "uly", known),
        case("an ending whose last letter alone is not known", b + "ting", known),
        case("no ending is known", c + "o", known, default="X"),
        case("an ending of one letter", d + "es", known),
        case("the word itself is an ending", "ing" if rng.integers(2) else "ily", known),
        case("a long ending, and a short one", e + "ation", known | {"ation": names[5], "n": names[6]}),
        case("an ending that also begins the word, or stands within", "ly" + f + "ings", known | {"lys": names[7]}),
    ]


def _longest_known(word, endings, default):
    fits = [end for end in endings if word.endswith(end)]
    return endings[max(fits, key=len)] if fits else default


def _tag_by_ending(word, endings, default):
    for length in range(len(word), 0, -1):
        if word[-length:] in endings:
            return endings[word[-length:]]
    return default


ENDING_SLIPS = {
    "the shortest ending that is known is taken, not the longest": "range(len(word), 0, -1) → range(1, len(word) + 1)",
    "beginnings are looked up, not endings": (
        "if word[-length:] → if word[:length]",
        "[word[-length:]] → [word[:length]]",
    ),
    "the whole word is not tried": "range(len(word), 0 → range(len(word) - 1, 0",
    "endings of one letter are not tried": "0, -1) → 1, -1)",
    "endings of more than three letters are not tried": "range(len(word), → range(min(3, len(word)),",
    "endings of more than two letters are not tried": "range(len(word), → range(min(2, len(word)),",
    "the last letter alone is looked up": "range(len(word), 0, -1) → range(1, 0, -1)",
    "the ending is handed back, not its tag": "return endings[word[-length:]] → return word[-length:]",
    "unknown endings get no tag": "return default → return None",
    "the default is handed back whatever the ending": "return endings[word[-length:]] → return default",
    "the word is looked up whole, and its endings are not": "range(len(word), 0, -1) → range(len(word), len(word) - 1, -1)",
    "one letter too many is cut off: the last one": (
        "if word[-length:] → if word[:-1][-length:]",
        "[word[-length:]] → [word[:-1][-length:]]",
    ),
    "the number of letters is handed back, not the tag": "return endings[word[-length:]] → return length",
}

tag_by_ending = Exercise(
    name="07.tag_by_ending",
    points=2,
    inputs=_endings,
    oracle=_longest_known,
    right=_tag_by_ending,
    mistakes=slips(_tag_by_ending, ENDING_SLIPS),
    returns=("tag",),
)


# -- drop_words ------------------------------------------------------------------------------------------------------


def _texts(rng) -> list[Case]:
    def case(label, lengths, size, alpha=None, extra=0):
        tokens = torch.zeros(len(lengths), max(lengths) + extra, dtype=torch.int64)
        for row, n in zip(tokens, lengths, strict=True):
            row[:n] = torch.from_numpy(rng.integers(2, size, n))
        counts = torch.from_numpy(np.concatenate([[0, 0], rng.permutation(np.arange(1, size - 1))]))
        noise = tensor(rng.random(tokens.shape) ** 2)  # many of them small, so that words are dropped
        noise[0, : lengths[0] // 2] *= 0.05
        a, n, close = alpha or 0.25, counts[tokens[0]].clamp(min=1), slice(lengths[0] // 2, lengths[0])
        # Not dropped by a hair: between a / (a + n) and a / n.
        noise[0, close] = (0.5 * a / (a + n) + 0.5 * a / n)[close].double()
        noise[(tokens > 0) & (counts[tokens] == alpha)] = 0.5  # just the chance, which is not below it
        given = {} if alpha is None else {"alpha": alpha}
        return Case(label, tokens=tokens, counts=counts, noise=noise, **given)

    return [
        case("sentences of 9, 5 and 7 words", [9, 5, 7], 12),
        case("words that are dropped often: alpha = 2", [8, 12], 9, alpha=2.0),
        case("much padding", [4, 3], 7, extra=6),
        case("a long sentence, alpha = 0.6", [30], 20, alpha=0.6),
    ]


def _dropped(tokens, counts, noise, alpha=0.25):
    found = tokens.clone()
    for place in zip(*torch.nonzero(tokens, as_tuple=True), strict=True):
        n = float(counts[tokens[place]])
        if float(noise[place]) * (alpha + n) < alpha:
            found[place] = 1
    return found


def _drop_words(tokens, counts, noise, alpha=0.25):
    chance = alpha / (alpha + counts[tokens])
    dropped = (noise < chance) & (tokens > 0)
    return torch.where(dropped, 1, tokens)


DROP_SLIPS = {
    "the padding is dropped too, and becomes words": " & (tokens > 0) →",
    "the chance is the other way round: frequent words are dropped most": "alpha / (alpha + → counts[tokens] / (alpha +",
    "words are dropped where the noise is *above* the chance": "noise < chance → noise > chance",
    "every word has the same chance: its count is not used": "alpha / (alpha + counts[tokens]) → alpha",
    "alpha is missing below: the chance of a word seen once is alpha itself": (
        "alpha / (alpha + counts[tokens]) → alpha / counts[tokens].clamp(min=1)"
    ),
    "alpha is taken for 1": "alpha / (alpha + counts[tokens]) → 1 / (1 + counts[tokens])",
    "dropped words become padding, 0, where `<unk>` is 1": "dropped, 1, tokens → dropped, 0, tokens",
    "the numbers of the words are taken for their counts": "counts[tokens] → tokens",
    "the kept words become `<unk>`, and the dropped ones stay": "dropped, 1, tokens → dropped, tokens, 1",
    "it is said which words are dropped; the ids were asked for": "torch.where(dropped, 1, tokens) → dropped",
    "the chances are handed back, not the ids": "torch.where(dropped, 1, tokens) → chance",
    "the noise is squared away: the chance is compared with its square": "noise < chance → noise**2 < chance",
    "nothing is ever dropped": "torch.where(dropped, 1, tokens) → tokens",
    "the counts of all words in the batch are averaged": "counts[tokens]) → counts[tokens].double().mean())",
}

drop_words = Exercise(
    name="07.drop_words",
    points=2,
    inputs=_texts,
    oracle=_dropped,
    right=_drop_words,
    mistakes=slips(_drop_words, DROP_SLIPS),
    returns=("tokens",),
)


# -- letter_features -------------------------------------------------------------------------------------------------


def _spelled(rng) -> list[Case]:
    def case(label, lengths, width, filters, window=3, extra=0, low=0.0):
        x, lengths = _states(rng, lengths, width, extra)
        W = np.stack([weights(rng, width, filters, gain=1.2) for _ in range(window)])
        real = torch.arange(x.shape[1]) < lengths[:, None]
        return Case(label, x=x, real=real, W=tensor(W), b=tensor(rng.normal(size=filters) * 0.7 + 0.4 - low))

    return [
        case("words of 6, 2 and 4 letters, windows of 3", [6, 2, 4], 3, 5),
        case("windows of 5", [7, 3], 4, 6, window=5),
        case("a word of one letter, and much padding", [1, 5], 2, 7, extra=4),
        case("many filters", [5], 4, 11, extra=1),
        case("filters that hardly any letter moves", [3, 3], 3, 6, low=6.0),
    ]


def _convolved(x, real, W, b):
    x = (x * real[:, :, None]).transpose(1, 2)
    found = F.conv1d(x, W.permute(2, 1, 0), b, padding=len(W) // 2).relu()
    return torch.stack([row[:, there].amax(dim=1) for row, there in zip(found, real, strict=True)])


def _letter_features(x, real, W, b):
    x = x * real[:, :, None]
    reach = len(W) // 2
    padded = F.pad(x, (0, 0, reach, reach))
    sums = sum(padded[:, k : k + x.shape[1]] @ W[k] for k in range(len(W)))
    found = (sums + b).relu().masked_fill(~real[:, :, None], 0)
    return found.amax(dim=1)


LETTER_SLIPS = {
    "the letters of the padding are read: what a word says depends on how it is padded": (
        "x = x * real[:, :, None] → x = x + 0"
    ),
    "windows in the padding count: the bias alone may be the largest": ".masked_fill(~real[:, :, None], 0) →",
    "the ReLU is left out": ".relu().masked_fill(~real[:, :, None], 0) → .masked_fill(~real[:, :, None], -torch.inf)",
    "tanh stands in the place of the ReLU": (
        ".relu().masked_fill(~real[:, :, None], 0) → .tanh().masked_fill(~real[:, :, None], -torch.inf)"
    ),
    "the window is turned round: W[0] belongs to the letter on the left": "@ W[k] → @ W[-1 - k]",
    "the bias is left out": "(sums + b) → sums",
    "the bias counts once for each letter of the window": "(sums + b) → (sums + len(W) * b)",
    "the bias is subtracted": "(sums + b) → (sums - b)",
    "the window looks back only, not to both sides": "(0, 0, reach, reach) → (0, 0, 2 * reach, 0)",
    "the window looks ahead only, not to both sides": "(0, 0, reach, reach) → (0, 0, 0, 2 * reach)",
    "each letter is read alone: only the middle of the window is used": "for k in range(len(W)) → for k in [reach]",
    "the last letter of the window is left out": "range(len(W)) → range(len(W) - 1)",
    "the mean of the places is kept, padding among them, not the largest": "found.amax(dim=1) → found.mean(dim=1)",
    "the responses are added up, where the largest is kept": "found.amax(dim=1) → found.sum(dim=1)",
    "the largest is taken over the filters, not over the places": "found.amax(dim=1) → found.amax(dim=2)",
    "the first place alone is kept": "found.amax(dim=1) → found[:, 0]",
    "all places are handed back: the largest of each filter was asked for": "found.amax(dim=1) → found",
    "the place of the largest is handed back, not its value": "found.amax(dim=1) → found.argmax(dim=1)",
    "the edges are filled with the first and last letters, not with zeros": (
        "F.pad(x, (0, 0, reach, reach)) → torch.cat([x[:, :1]] * reach + [x] + [x[:, -1:]] * reach, dim=1)"
    ),
}

letter_features = Exercise(
    name="07.letter_features",
    points=4,
    inputs=_spelled,
    oracle=_convolved,
    right=_letter_features,
    mistakes=slips(_letter_features, LETTER_SLIPS),
    forbids=("torch.nn.functional.conv1d", "torch.conv1d", "torch.nn.Conv1d", "torch.nn.functional.unfold"),
    returns=("features",),
    trains=True,
)


# -- log_ratios ------------------------------------------------------------------------------------------------------


def _counted(rng) -> list[Case]:
    def case(label, words, high, zeros=0):
        positive, negative = rng.integers(1, high, size=(2, words)).astype(float)
        positive[:zeros] = 0
        negative[-zeros or words :] = 0
        return Case(label, positive=positive, negative=negative)

    return [
        case("five words", 5, 20),
        case("words that one side has never seen", 9, 30, zeros=3),
        case("many more words on one side", 7, 400, zeros=1),
        case("rare words", 12, 3),
    ]


def _compared(positive, negative):
    all_p, all_q = (sum(each) + len(each) for each in (positive, negative))
    return np.array([np.log((p + 1) * all_q / (q + 1) / all_p) for p, q in zip(positive, negative, strict=True)])


def _log_ratios(positive, negative):
    p, q = positive + 1, negative + 1
    return np.log(p / p.sum()) - np.log(q / q.sum())


RATIO = "np.log(p / p.sum()) - np.log(q / q.sum())"
RATIO_SLIPS = {
    "the counts are compared, not their shares: the class with more words wins": f"{RATIO} → np.log(p) - np.log(q)",
    "the sign is turned: a word of the positive sentences should have a positive weight": f"{RATIO} → np.log(q / q.sum()) - np.log(p / p.sum())",
    "one is not added: a word that one side never saw weighs infinitely much": "p, q = positive + 1, negative + 1 → p, q = positive, negative",
    "one half is added, not one": "positive + 1, negative + 1 → positive + 0.5, negative + 0.5",
    "the logarithm is left out": f"{RATIO} → p / p.sum() / (q / q.sum())",
    "the shares are subtracted, where the logarithm of their ratio is asked for": f"{RATIO} → p / p.sum() - q / q.sum()",
    "the logarithm has base 2": (
        "np.log(p / p.sum()) → np.log2(p / p.sum())",
        "np.log(q / q.sum()) → np.log2(q / q.sum())",
    ),
    "the logarithm has base 10": (
        "np.log(p / p.sum()) → np.log10(p / p.sum())",
        "np.log(q / q.sum()) → np.log10(q / q.sum())",
    ),
    "the shares are of the counts without the added ones": (
        "p / p.sum() → p / positive.sum()",
        "q / q.sum() → q / negative.sum()",
    ),
    "the positive side alone is weighed": f"{RATIO} → np.log(p / p.sum())",
    "it is the logarithm of the share among both: the ratio has the other side alone below": f"{RATIO} → np.log(p / (p + q))",
    "the shares are of the longest count, not of the sum": ("p / p.sum() → p / p.max()", "q / q.sum() → q / q.max()"),
    "one is added to the positive side alone": "negative + 1 → np.maximum(negative, 1e-9)",
    "one number is handed back, the mean over the words": f"return {RATIO} → return ({RATIO}).mean()",
}

log_ratios = Exercise(
    name="07.log_ratios",
    points=2,
    inputs=_counted,
    oracle=_compared,
    right=_log_ratios,
    mistakes=slips(_log_ratios, RATIO_SLIPS),
    returns=("weights",),
)
