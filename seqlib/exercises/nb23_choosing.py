"""Notebook 23: choosing by rule, and six capstones whose judge draws what it asks from a paper's number."""

from functools import partial

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.studies.capstones import CAPSTONES, draw_paper, drawn, judged, written_text

# -- outgrows --------------------------------------------------------------------------------------------------------


def _caches(rng) -> list[Case]:
    return [
        Case("one layer, one head", state_size=int(rng.integers(40, 60)) * 7 + 3, layers=1, kv_heads=1, d_k=7),
        Case("several layers and heads", state_size=int(rng.integers(900, 2000)), layers=3, kv_heads=2, d_k=5),
        Case("the cache is just as large at some length", state_size=2 * 2 * 4 * 3 * 11, layers=2, kv_heads=4, d_k=3),
        Case("the first token's cache is larger already", state_size=int(rng.integers(10, 20)), layers=4, kv_heads=2, d_k=8),
    ]  # fmt: skip


def _by_trying(state_size, layers, kv_heads, d_k):
    tokens = 1
    while sum(2 * kv_heads * d_k for _ in range(layers)) * tokens <= state_size:
        tokens += 1
    return tokens


def _outgrows(state_size, layers, kv_heads, d_k):
    each = 2 * layers * kv_heads * d_k
    return state_size // each + 1


outgrows = Exercise(
    name="23.outgrows",
    points=2,
    inputs=_caches,
    oracle=_by_trying,
    right=_outgrows,
    mistakes=slips(
        _outgrows,
        {
            "only the keys are counted: the values are kept as well": "2 * layers → layers",
            "one layer is counted: each keeps keys and values of its own": "2 * layers * → 2 *",
            "one head is counted": " * kv_heads → ",
            "the width of a head is left out": " * d_k → ",
            "the cache is smaller or just as large at this length: it is one token more": "each + 1 → each",
            "it is rounded up, which is one too few where the cache is just as large": (
                "state_size // each + 1 → -(-state_size // each)"
            ),
            "the number is not whole: there is no part of a token": "state_size // each + 1 → state_size / each",
            "layers and heads are added, where each layer has all the heads": "layers * kv_heads → (layers + kv_heads)",
            "the queries are counted too: they are used once and not kept": "2 * layers → 3 * layers",
        },
    ),
    returns=("tokens",),
)


# -- longest_context -------------------------------------------------------------------------------------------------


def _clocks(rng) -> list[Case]:
    def case(label, base, per, rate):
        return Case(label, base_ms=base, ms_per_token=per, readings_per_second=rate)

    slow, quick, rate = (int(rng.integers(*ends)) for ends in ((100, 900), (20_000, 60_000), (300, 900)))
    # the time that is left ends in the middle of a token: no rounding decides, but for halves, which are exact
    return [
        case("a slow sensor", 1.5, 8.5 / (slow + 0.5), 100),
        case("a quick one", 0.25, (1000 / rate - 0.25) / (quick + 0.5), rate),
        case("it just fits", 2.0, 0.5, 100),
        case("a step takes too long without any context", 30.0, 0.01, int(rng.integers(40, 60))),
    ]


def _by_bisection(base_ms, ms_per_token, readings_per_second):
    low, high = -1, 10**7
    while high - low > 1:
        middle = (low + high) // 2
        fits = (base_ms + ms_per_token * middle) * readings_per_second <= 1000
        low, high = (middle, high) if fits else (low, middle)
    return max(low, 0)


def _longest(base_ms, ms_per_token, readings_per_second):
    left = 1000 / readings_per_second - base_ms
    return max(0, int(left // ms_per_token))


longest_context = Exercise(
    name="23.longest_context",
    points=2,
    inputs=_clocks,
    oracle=_by_bisection,
    right=_longest,
    mistakes=slips(
        _longest,
        {
            "what a step takes in any case is left out": " - base_ms → ",
            "a second has 1000 milliseconds: the units differ": "1000 / → 1 /",
            "the rate itself is taken for the time between two readings": "1000 / readings_per_second → readings_per_second",
            "less than nothing is handed back where not even a first token fits": "max(0, int(left // ms_per_token)) → int(left // ms_per_token)",
            "it is rounded up: the last token is late": "left // ms_per_token → -(-left // ms_per_token)",
            "the fixed part is taken off the tokens, not off the time": (
                "1000 / readings_per_second - base_ms → 1000 / readings_per_second",
                "int(left // ms_per_token) → int(left / ms_per_token - base_ms)",
            ),
            "a part of a token is counted": "int(left // ms_per_token) → left / ms_per_token",
            "the last token that just fits is left out": "left // ms_per_token → -(-left // ms_per_token) - 1",
            "the fixed part is added to the time that there is": "- base_ms → + base_ms",
            "the tokens are multiplied where they should be divided": "left // ms_per_token → left * ms_per_token",
        },
    ),
    returns=("tokens",),
)  # fmt: skip


# -- best_inside -----------------------------------------------------------------------------------------------------


def _sweeps(rng) -> list[Case]:
    def case(label, order, losses):
        rates = np.array([1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2][: len(losses)]) * rng.uniform(0.8, 1.2)
        return Case(label, rates=rates[order], losses=(np.array(losses) * rng.uniform(0.9, 1.1))[order])

    nan = float("nan")
    return [
        case("in order, the best in the middle", [0, 1, 2, 3, 4], [2.4, 2.0, 1.3, 1.5, 1.9]),
        case("out of order, the best in the middle", [3, 0, 4, 1, 2], [2.1, 1.4, 1.2, 1.1, 1.6]),
        case("out of order, the best is the largest rate", [2, 0, 3, 1], [2.2, 1.9, 1.8, 1.1]),
        case("the best is the smallest rate, and stands in the middle", [1, 2, 0, 3], [0.9, 1.2, 1.3, 1.7]),
        case("the larger rates diverged", [4, 1, 3, 0, 2], [2.2, 1.8, 1.4, nan, nan]),
        case("the best is the largest that did not diverge, and it stands last", [3, 0, 1, 2], [2.2, 1.9, 1.5, nan]),
    ]


def _by_sorting(rates, losses):
    tried = sorted(zip(map(float, rates), map(float, losses), strict=True))
    good = [(loss, k) for k, (_, loss) in enumerate(tried) if loss == loss]
    place = min(good)[1]
    return tried[place][0], 0 < place < len(tried) - 1


def _best_inside(rates, losses):
    best = rates[np.nanargmin(losses)]
    inside = rates.min() < best < rates.max()
    return best, inside


best_inside = Exercise(
    name="23.best_inside",
    points=2,
    inputs=_sweeps,
    oracle=_by_sorting,
    right=_best_inside,
    mistakes=slips(
        _best_inside,
        {
            "a run that diverged (nan) is taken for the best: `argmin` stops at nan": "np.nanargmin → np.argmin",
            "the largest loss is taken": "np.nanargmin → np.nanargmax",
            "inside is asked of the place in the list, not of the rate: the list is not in order": (
                "rates.min() < best < rates.max() → 0 < np.nanargmin(losses) < len(rates) - 1"
            ),
            "the smallest rate counts as inside": "rates.min() < best < → best <",
            "the largest rate counts as inside": " < best < rates.max() → < best",
            "it says whether the best is at an end, where inside is asked": "return best, inside → return best, not inside",
            "the ends count as inside": "rates.min() < best < rates.max() → rates.min() <= best <= rates.max()",
            "the best loss is handed back, not the rate it belongs to": "return best, → return np.nanmin(losses),",
            "the place of the best is handed back, not the rate": "return best, → return np.nanargmin(losses),",
            "rates of runs that diverged are not counted as tried: on the far side of one the best is inside": (
                "rates.min() < best < rates.max() → rates[losses == losses].min() < best < rates[losses == losses].max()"
            ),
        },
    ),
    returns=("rate", "inside"),
)  # fmt: skip


# -- paired_interval -------------------------------------------------------------------------------------------------


def _pairs(rng) -> list[Case]:
    def case(label, count, draws, gap):
        hard = rng.normal(size=count)
        a, b = hard + gap + 0.3 * rng.normal(size=count), hard + 0.3 * rng.normal(size=count)
        return Case(label, a=a, b=b, rows=rng.integers(count, size=(draws, count)))

    return [
        case("40 sentences, A a little better", 40, 300, 0.2),
        case("25 sentences, B better", 25, 260, -0.6),
        case("90 sentences, fewer draws than sentences", 90, 70, 0.0),
    ]


def _by_hand(a, b, rows):
    a, b, rows = (np.asarray(each) for each in (a, b, rows))
    means = sorted(sum(float(a[i] - b[i]) for i in drawn) / len(drawn) for drawn in rows)

    def at(share):  # between two neighbours along a line, as NumPy's default
        place = share * (len(means) - 1)
        low = int(place)
        high = min(low + 1, len(means) - 1)
        return means[low] + (place - low) * (means[high] - means[low])

    return at(0.025), at(0.975)


def _interval(a, b, rows):
    gaps = (a - b)[rows].mean(axis=1)
    low, high = np.percentile(gaps, [2.5, 97.5])
    return low, high


paired_interval = Exercise(
    name="23.paired_interval",
    points=3,
    inputs=_pairs,
    oracle=_by_hand,
    right=_interval,
    mistakes=slips(
        _interval,
        {
            "the two are drawn apart from each other: the pairs are lost, and with them what the sentences share": (
                "(a - b)[rows].mean(axis=1) → a[rows].mean(axis=1) - b[rows[::-1]].mean(axis=1)"
            ),
            "B minus A is taken: the sign is turned": "(a - b) → (b - a)",
            "the mean is taken over the draws, not over the sentences of a draw": "mean(axis=1) → mean(axis=0)",
            "90 percent lie between these ends, where 95 are wanted": "[2.5, 97.5] → [5, 95]",
            "the ends are read as shares of one: `percentile` counts to 100": "[2.5, 97.5] → [0.025, 0.975]",
            "single sentences are drawn, not means of a draw: the interval is that of a sentence": (
                "[rows].mean(axis=1) → [rows].ravel()"
            ),
            "the sentences themselves are taken: nothing was drawn": "(a - b)[rows].mean(axis=1) → a - b",
            "the largest and the smallest draw are handed back": "[2.5, 97.5] → [0, 100]",
            "the two ends change places": "return low, high → return high, low",
            "the median of each draw is taken": "[rows].mean(axis=1) → [rows]; gaps = np.median(gaps, axis=1)",
            "one standard deviation on either side is taken": (
                "np.percentile(gaps, [2.5, 97.5]) → gaps.mean() - gaps.std(), gaps.mean() + gaps.std()"
            ),
            "the sum over a draw is taken": "mean(axis=1) → sum(axis=1)",
        },
    ),
    returns=("low", "high"),
)


# -- tied ------------------------------------------------------------------------------------------------------------


# Seeds around a mean: they sum to nothing and span one.
OFFSETS = {3: [-0.6, 0.4, 0.2], 4: [-0.55, 0.45, 0.3, -0.2], 5: [-0.55, 0.45, 0.4, 0.1, -0.4]}


def _ladders(rng) -> list[Case]:
    def case(label, means, ranges, count):
        seeds = np.stack([rng.permutation(OFFSETS[count]) for _ in means])
        scores = np.array(means)[:, None] + np.array(ranges)[:, None] * seeds
        return Case(label, scores=np.roll(scores, rng.integers(len(means)), axis=0))

    return [
        case("four families, three seeds", [80, 88, 90, 61], [3, 5, 2, 4], 3),
        case("five families, four seeds", [97, 95.5, 90, 96.4, 70], [1.0, 1.5, 2, 0.4, 60], 4),
        case("six families, three seeds; a wide one reaches the best", [50, 62, 40, 61, 30, 55], [2, 1, 60, 0.6, 3, 11], 3),
        case("seven families, three seeds, the best one wide", [90, 88, 86.6, 85, 83.5, 88.8, 86.2], [6, 1, 1, 1, 1, 1, 1], 3),
        case("two families, five seeds, far apart", [10, 20], [4, 3], 5),
    ]  # fmt: skip


def _by_pairs(scores):
    rows = [[float(value) for value in row] for row in np.asarray(scores)]
    mean = [sum(row) / len(row) for row in rows]
    spread = [max(row) - min(row) for row in rows]
    best = mean.index(max(mean))
    return np.array([2 * (mean[best] - mean[k]) <= spread[best] + spread[k] for k in range(len(rows))])


def _tied(scores):
    mean, spread = scores.mean(axis=1), np.ptp(scores, axis=1)
    best = mean.argmax()
    return mean[best] - mean <= (spread[best] + spread) / 2


TIED_SLIPS = {
    "seeds and families change places": (
        "scores.mean(axis=1), np.ptp(scores, axis=1) → scores.mean(axis=0), np.ptp(scores, axis=0)"
    ),
    "the family with the lowest mean is taken for the best": "mean.argmax() → mean.argmin()",
    "the ranges are added and not halved": "(spread[best] + spread) / 2 → spread[best] + spread",
    "only the range of the best counts": "(spread[best] + spread) / 2 → spread[best] / 2 + 0 * spread",
    "only the family's own range counts": "(spread[best] + spread) / 2 → spread / 2",
    "the best single run decides who is best, not the mean": "mean.argmax() → scores.max(axis=1).argmax()",
    "the families that *can* be told from the best are marked": "- mean <= ( → - mean > (",
    "only the best itself is marked: a difference of any size counts": (
        "mean[best] - mean <= (spread[best] + spread) / 2 → mean == mean[best]"
    ),
    "standard deviations are taken, where ranges are asked for": "np.ptp(scores, axis=1) → scores.std(axis=1)",
    "the largest range of all families is used for each": "(spread[best] + spread) / 2 → spread.max() + 0 * spread",
    "the place of the best is handed back": "return mean[best] - mean <= (spread[best] + spread) / 2 → return best",
    "the root of the sum of squares is taken": "(spread[best] + spread) / 2 → np.hypot(spread[best], spread)",
}

tied = Exercise(
    name="23.tied",
    points=2,
    inputs=_ladders,
    oracle=_by_pairs,
    right=_tied,
    mistakes=slips(_tied, TIED_SLIPS),
    returns=("tied",),
)


# -- choose ----------------------------------------------------------------------------------------------------------


def _jobs(rng) -> list[Case]:
    def case(label, means, ranges, carried, ms, most_carried, most_ms, turn=0):
        jitter = np.stack([rng.permutation(OFFSETS[4]) for _ in means])
        scores = np.array(means)[:, None] + np.array(ranges)[:, None] * jitter
        carried = np.array(carried) * int(rng.integers(1, 4))
        most = int(most_carried * carried[-1])  # the last family is just at the limit, or beyond it
        by = turn * int(rng.integers(len(means)))
        scores, carried, ms = (np.roll(part, by, axis=0) for part in (scores, carried, ms))
        return Case(label, scores=scores, carried=carried, ms=ms, most_carried=most, most_ms=most_ms)

    return [
        case("the best is too large; three others are alike",
             [99, 90, 89, 89.5, 60], [1, 3, 3, 2, 2], [900, 80, 40, 95, 100], [2, 0.5, 0.6, 0.1, 0.3], 1, 1.0, turn=1),
        case("the best is too slow, and one is just within both limits",
             [70, 95, 88, 60, 50], [2, 1, 2, 1, 1], [30, 20, 50, 10, 50], [0.4, 3, 1.0, 0.2, 0.1], 1, 1.0, turn=1),
        case("no limit bites; the best is alone",
             [70, 80, 97, 90, 40], [1, 2, 1, 2, 3], [10, 50, 70, 30, 100], [0.4, 0.3, 0.9, 0.2, 0.1], 1, 1.0, turn=1),
        case("nobody is within both limits",
             [70, 80, 97, 90], [1, 2, 1, 2], [10, 50, 70, 100], [4, 3, 0.9, 0.2], 0.3, 1.0),
        case("two carry equally little: the quicker one",
             [91, 60, 92, 91.5, 10], [4, 1, 4, 4, 1], [50, 10, 80, 50, 100], [0.7, 0.1, 0.6, 0.3, 0.2], 1, 1.0),
        case("alike to one that is not allowed, and not to the best that is",
             [99, 92, 96, 97, 20], [1, 1, 1.4, 1.4, 1], [900, 20, 60, 80, 100], [0.7, 0.3, 0.2, 0.3, 0.6], 1, 1.0),
    ]  # fmt: skip


def _by_steps(scores, carried, ms, most_carried, most_ms):
    families = [k for k in range(len(carried)) if carried[k] <= most_carried and ms[k] <= most_ms]
    if not families:
        return -1
    mean = {k: float(np.mean(scores[k])) for k in families}
    spread = {k: float(max(scores[k]) - min(scores[k])) for k in families}
    best = max(families, key=mean.get)
    alike = [k for k in families if 2 * (mean[best] - mean[k]) <= spread[best] + spread[k]]
    return min(alike, key=lambda k: (carried[k], ms[k]))


def _choose(scores, carried, ms, most_carried, most_ms):
    allowed = np.flatnonzero((carried <= most_carried) & (ms <= most_ms))
    if len(allowed) == 0:
        return -1
    left = allowed[_tied(scores[allowed])]
    order = np.lexsort((ms[left], carried[left]))
    return left[order[0]]


choose = Exercise(
    name="23.choose",
    points=3,
    inputs=_jobs,
    oracle=_by_steps,
    right=_choose,
    mistakes=slips(
        _choose,
        {
            "the limit on what is carried is not kept": "(carried <= most_carried) & (ms <= most_ms) → ms <= most_ms",
            "the limit on the time of a step is not kept": "(carried <= most_carried) & (ms <= most_ms) → carried <= most_carried",
            "one of the two limits is enough": "(carried <= most_carried) & → (carried <= most_carried) |",
            "just at the limit counts as beyond it": "carried <= most_carried) & (ms <= most_ms → carried < most_carried) & (ms < most_ms",
            "who is alike is asked before the limits: the best may not be allowed": (
                "allowed[_tied(scores[allowed])] → np.array([k for k in allowed if _tied(scores)[k]] or [allowed[0]])"
            ),
            "the place among the allowed is handed back, not among all families": "left[order[0]] → np.flatnonzero(_tied(scores[allowed]))[order[0]]",
            "the best mean is taken, also where a smaller one cannot be told from it": (
                "left = allowed[_tied(scores[allowed])] → left = allowed[[scores[allowed].mean(axis=1).argmax()]]"
            ),
            "of those alike the quickest is taken, where the smallest is asked for": "np.lexsort((ms[left], carried[left])) → np.lexsort((carried[left], ms[left]))",
            "of those alike the largest is taken": "left[order[0]] → left[order[-1]]",
            "quality is not asked: the smallest of the allowed is taken": "allowed[_tied(scores[allowed])] → allowed",
            "where two carry equally little, the first is taken and not the quicker": "np.lexsort((ms[left], carried[left])) → carried[left].argsort(kind='stable')",
            "the first of those alike is taken": "left[order[0]] → left[0]",
        },
    ),
    returns=("family",),
)  # fmt: skip


# -- mean_rank -------------------------------------------------------------------------------------------------------


def _tables(rng) -> list[Case]:
    def case(label, families, tasks, more, equal):
        table = rng.permuted(np.arange(1.0, families * tasks + 1)).reshape(families, tasks) * 1.7
        for column, (first, second) in equal.items():
            table[second, column] = table[first, column]
        return Case(label, table=table, more=np.array(more))

    return [
        case("five families, three tasks", 5, 3, [True, False, True], {}),
        case("four families, six tasks, two of them equal on two tasks", 4, 6, [False, True, True, False, True, True],
             {0: (1, 3), 4: (0, 2)}),
        case("six families, two tasks, less is better on both", 6, 2, [False, False], {1: (2, 5)}),
    ]  # fmt: skip


def _ranks(table, more):
    from scipy.stats import rankdata  # seconds of importing, for this exercise alone

    signed = np.where(np.asarray(more), -np.asarray(table, dtype=float), np.asarray(table, dtype=float))
    return rankdata(signed, axis=0).mean(axis=1)


def _mean_rank(table, more):
    signed = np.where(more, table, -table)
    above = (signed[None] > signed[:, None]).sum(axis=1)
    equal = (signed[None] == signed[:, None]).sum(axis=1)
    ranks = above + (equal + 1) / 2
    return ranks.mean(axis=1)


mean_rank = Exercise(
    name="23.mean_rank",
    points=3,
    inputs=_tables,
    oracle=_ranks,
    right=_mean_rank,
    mistakes=slips(
        _mean_rank,
        {
            "more is taken for better on every task": "np.where(more, table, -table) → table",
            "less is taken for better on every task": "np.where(more, table, -table) → -table",
            "better and worse change places: rank 1 is the worst": "np.where(more, table, -table) → np.where(more, -table, table)",
            "ranks begin with 0": "above + (equal + 1) / 2 → above + (equal - 1) / 2",
            "equals all get the better rank, where they share the places that they take": "(equal + 1) / 2 → 1",
            "equals all get the worse rank, where they share the places that they take": "(equal + 1) / 2 → equal",
            "the mean is taken over the families, not over the tasks": "ranks.mean(axis=1) → ranks.mean(axis=0)",
            "ranks are added up, where their mean is asked for": "ranks.mean(axis=1) → ranks.sum(axis=1)",
            "families are ranked against the other tasks, not against each other": (
                "signed = np.where(more, table, -table) → signed = np.where(more, table, -table).T",
                "ranks.mean(axis=1) → ranks.mean(axis=0)",
            ),
            "the scores themselves are averaged: tasks of larger numbers count for more": "ranks.mean(axis=1) → signed.mean(axis=1)",
            "equals are ranked by their place in the table: `argsort` knows no equals": (
                "above + (equal + 1) / 2 → (-signed).argsort(axis=0, kind='stable').argsort(axis=0) + 1"
            ),
            "`argsort` once says who stands at each place; twice it gives the ranks": (
                "above + (equal + 1) / 2 → (-signed).argsort(axis=0) + 1"
            ),
            "the median rank is taken": "ranks.mean(axis=1) → np.median(ranks, axis=1)",
        },
    ),
    forbids=("scipy.stats.rankdata",),
    returns=("mean rank",),
)  # fmt: skip


# -- next_review -----------------------------------------------------------------------------------------------------

WAITS = {0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32, 6: 64}


def _cards(rng) -> list[Case]:
    today = int(rng.integers(700_000, 740_000))
    return [
        Case("a new card, known", box=0, right=True, today=today),
        Case("a card in a middle box, known", box=int(rng.integers(2, 5)), right=True, today=today + 3),
        Case("a card in the last box, known", box=6, right=True, today=today + 9),
        Case("a card in a middle box, not known", box=int(rng.integers(2, 6)), right=False, today=today + 21),
    ]


def _by_the_table(box, right, today):
    box = sorted({0, min(6, int(box) + 1)})[-1] if right else 0
    return box, int(today) + WAITS[box]


def _next_review(box, right, today):
    last = 6
    box = min(box + 1, last) if right else 0
    return box, today + 2**box


next_review = Exercise(
    name="23.next_review",
    points=2,
    inputs=_cards,
    oracle=_by_the_table,
    right=_next_review,
    mistakes=slips(
        _next_review,
        {
            "the boxes have no end: a card may be lost for years": "min(box + 1, last) → box + 1",
            "a card that was not known goes back one box only, where it begins again": "else 0 → else box - 1",
            "a card that was not known stays in its box": "else 0 → else box",
            "known and not known change places": "if right else → if not right else",
            "the days grow by two, where they double": "2**box → 2 * box",
            "the wait is that of the box before": "today + 2**box → today + 2**box // 2",
            "the wait is the number of the box": "2**box → box",
            "the wait is handed back, not the day": "today + 2**box → 2**box",
            "the card stays in its box": "min(box + 1, last) → box",
            "a card that was not known is due today again": "today + 2**box → today + 2**box * (right or 0)",
            "the two results change places": "return box, today + 2**box → return today + 2**box, box",
        },
    ),
    returns=("box", "day"),
)


# -- the capstones ---------------------------------------------------------------------------------------------------


def _gold(name: str):
    """The answers that only the judge has, to paper 0, of which no learner gets a copy by drawing."""
    questions, gold = drawn(name, 0)
    if name != "write":
        return 0, gold
    sure = np.eye(len(written_text()[1]))[gold]
    return 0, np.log(0.98 * sure + 0.02 / sure.shape[1])


def _wrong(name: str, slip: str):
    return 0, CAPSTONES[name].slips[slip](*drawn(name, 0))


def _capstone(variable: str, name: str, points: float) -> Exercise:
    return Exercise(
        name=f"23.{variable}",
        points=points,
        value=True,
        oracle=partial(_gold, name),
        judge=judged(name),
        mistakes={slip: partial(_wrong, name, slip) for slip in CAPSTONES[name].slips},
    )


recalled = _capstone("recalled", "recall", 4)
written = _capstone("written", "write", 5)
translated = _capstone("translated", "translate", 5)
found = _capstone("found", "find", 5)
tagged = _capstone("tagged", "tag", 4)
forecast = _capstone("forecast", "forecast", 5)

__all__ = [
    "best_inside", "choose", "draw_paper", "forecast", "found", "longest_context", "mean_rank", "next_review",
    "outgrows", "paired_interval", "recalled", "tagged", "tied", "translated", "written",
]  # fmt: skip
