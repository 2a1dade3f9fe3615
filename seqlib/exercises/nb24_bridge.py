"""The bridge, 24: shapes, the loss of one answer, gradient descent."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away

# -- squared_distances -----------------------------------------------------------------------------------------------


def _points(rng) -> list[Case]:
    return [
        Case("4 points and 3 others, in the plane", x=away(rng, 4, 2), y=away(rng, 3, 2)),
        Case("2 points and 5 others, with three numbers each", x=away(rng, 2, 3), y=away(rng, 5, 3)),
        Case("a single point each", x=away(rng, 1, 4), y=away(rng, 1, 4)),
        Case("6 points and 1 other, far away", x=away(rng, 6, 2), y=100 + away(rng, 1, 2)),
    ]


def _pair_by_pair(x, y):
    x, y = np.asarray(x), np.asarray(y)
    # |a - b|² = a·a - 2 a·b + b·b, a pair at a time.
    return np.array([[np.vdot(a, a) - 2 * np.vdot(a, b) + np.vdot(b, b) for b in y] for a in x])


def _squared_distances(x, y):
    differences = x[:, None] - y
    return (differences**2).sum(axis=-1)


PAIR_SLIPS = {
    "the table is transposed: a row for each of y, where x belongs": "x[:, None] - y → y[:, None] - x",
    "the root is taken: the distance itself is handed back, where (24.1) has its square": (
        "(differences**2).sum(axis=-1) → np.sqrt((differences**2).sum(axis=-1))"
    ),
    "the mean over the D numbers is taken, where (24.1) has their sum": ".sum(axis=-1) → .mean(axis=-1)",
    "the differences are not squared, so that they cancel": "differences**2 → differences",
    "the absolute differences are added, not their squares": "differences**2 → np.abs(differences)",
    "the differences are added before they are squared": "(differences**2).sum(axis=-1) → differences.sum(axis=-1) ** 2",
    "the sum runs over the points of y, not over their D numbers": ".sum(axis=-1) → .sum(axis=1)",
    "the sum runs over the points of x, not over their D numbers": ".sum(axis=-1) → .sum(axis=0)",
    "everything is added up to one number": ".sum(axis=-1) → .sum()",
    "the points are added, where their difference belongs": "x[:, None] - y → x[:, None] + y",
    "the products of the points are handed back, not the distances": (
        "(differences**2).sum(axis=-1) → (x[:, None] * y).sum(axis=-1)"
    ),
    "nothing is added up: the squares of the D numbers stand side by side": "(differences**2).sum(axis=-1) → differences**2",
    "the largest of the D squares is taken, not their sum": ".sum(axis=-1) → .max(axis=-1)",
    "the squares are subtracted from each other, where the difference is squared": (
        "differences**2 → (x**2)[:, None] - y**2"
    ),
    "in $a\\cdot a - 2\\,a\\cdot b + b\\cdot b$ the 2 is left out": (
        "(differences**2).sum(axis=-1) → ((x**2).sum(axis=-1)[:, None] - x @ y.T + (y**2).sum(axis=-1))"
    ),
    "half the square is handed back": "(differences**2) → (differences**2 / 2)",
}

squared_distances = Exercise(
    name="24.squared_distances",
    points=2,
    inputs=_points,
    oracle=_pair_by_pair,
    right=_squared_distances,
    mistakes=slips(_squared_distances, PAIR_SLIPS),
    returns=("distances",),
)


# -- surprise --------------------------------------------------------------------------------------------------------


def _logits(rng) -> list[Case]:
    def case(label, count, target, scale=2.0, base=0.0):
        logits = base + away(rng, count) * scale
        likeliest = int(logits.argmax())
        if likeliest == target and count > 1:  # else the likeliest class and the right one could not be told apart
            other = (target + 1) % count
            logits[[target, other]] = logits[[other, target]]
        return Case(label, logits=logits, target=target)

    return [
        case("five classes", 5, int(rng.integers(1, 4))),
        case("seven classes, the first is right", 7, 0, scale=3.0),
        case("logits around 1000", 4, 2, base=1000.0),
        case("logits around −1000", 3, 1, base=-1000.0),
        Case("1000 beside −1000", logits=np.array([1000.0, 3.0, -1000.0]) + away(rng, 3), target=1),
        Case(
            "the right one is 1000 above the others", logits=np.array([1000.0, 3.0, -1000.0]) + away(rng, 3), target=0
        ),
        case("one class only: no surprise", 1, 0),
    ]


def _by_odds(logits, target):
    # The surprise of one outcome is ln(1 + the others' odds against it), and each of these is a difference of logits.
    logits = np.asarray(logits)
    others = np.delete(logits, target) - logits[target]
    return float(np.logaddexp.reduce(np.append(others, 0.0)))


def _surprise(logits, target):
    top = logits.max()
    return top + np.log(np.exp(logits - top).sum()) - logits[target]


SURPRISE_SLIPS = {
    "the sign is turned: this is $\\ln p_y$, not $-\\ln p_y$": "top + np.log(np.exp(logits - top).sum()) - logits[target] → logits[target] - top - np.log(np.exp(logits - top).sum())",
    "the probability of the right answer is handed back, not its surprise": (
        "top + np.log(np.exp(logits - top).sum()) - logits[target] → np.exp(logits[target] - top) / np.exp(logits - top).sum()"
    ),
    "the largest logit is not subtracted first, so that np.exp overflows at 1000": "top = logits.max() → top = 0.0",
    "the probability is made first: beside a much larger logit it is 0, and its logarithm infinite": (
        "top + np.log(np.exp(logits - top).sum()) - logits[target] → -np.log(np.exp(logits[target] - top) / np.exp(logits - top).sum())"
    ),
    "a softmax is made without subtracting the largest logit, and overflows at 1000; its logarithm comes after": (
        "top + np.log(np.exp(logits - top).sum()) - logits[target] → -np.log(np.exp(logits[target]) / np.exp(logits).sum())"
    ),
    "the mean is subtracted first, not the largest: beside a much larger logit np.exp still overflows": "top = logits.max() → top = logits.mean()",
    "the largest logit is put back twice": "return top + np.log → return 2 * top + np.log",
    "the largest logit is subtracted, and not put back after the logarithm": "return top + np.log → return np.log",
    "the largest logit is taken off twice": "top + np.log(np.exp(logits - top).sum()) - logits → np.log(np.exp(logits - top).sum()) - top - logits",
    "the logit of the right answer is not subtracted": " - logits[target] → ",
    "the logit of the right answer is added, where it is subtracted": ".sum()) - logits[target] → .sum()) + logits[target]",
    "the logarithm has base 2: these are bits, not nats": "top + np.log(np.exp(logits - top).sum()) - logits[target] → (top + np.log(np.exp(logits - top).sum()) - logits[target]) / np.log(2)",
    "the mean of the powers stands under the logarithm, where their sum belongs": ".sum()) → .mean())",
    "the logarithm is left out": "np.log(np.exp(logits - top).sum()) → np.exp(logits - top).sum()",
    "the mean over all classes is handed back, not the surprise at the right one": "logits[target] → logits.mean()",
    "the surprise at the likeliest class is handed back, whichever the right one is": "logits[target] → top",
    "the powers are left out: the logits themselves are added up": "np.log(np.exp(logits - top).sum()) → np.abs(logits - top).sum()",
    "the right class is left out of the sum of the powers": "np.exp(logits - top).sum() → np.delete(np.exp(logits - top), target).sum()",
    "classes are counted from 1: the logit before the right one is read": "logits[target] → logits[target - 1]",
}

surprise = Exercise(
    name="24.surprise",
    points=2,
    inputs=_logits,
    oracle=_by_odds,
    right=_surprise,
    mistakes=slips(_surprise, SURPRISE_SLIPS),
    forbids=(
        "torch.nn.functional.cross_entropy",
        "torch.nn.functional.nll_loss",
        "torch.nn.CrossEntropyLoss",
        "torch.nn.NLLLoss",
    ),
    returns=("nats",),
)


# -- fit_line --------------------------------------------------------------------------------------------------------


def _lines(rng) -> list[Case]:
    def case(label, count, lr, steps):
        x = rng.normal(size=count) + 0.5
        y = float(rng.uniform(1, 2)) * x - float(rng.uniform(0.5, 1.5)) + 0.2 * rng.normal(size=count)
        return Case(label, x=x, y=y, lr=lr, steps=steps)

    return [
        case("one step", 6, 0.1, 1),
        case("two steps", 5, float(rng.uniform(0.05, 0.1)), 2),
        case("seven steps", 9, float(rng.uniform(0.05, 0.1)), 7),
        case("no step at all", 4, 0.1, 0),
    ]


def _by_powers(x, y, lr, steps):
    # Each step is the same affine map of (w, b, 1), so `steps` of them are a power of one matrix.
    A = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1.0]])
    g = 2 * np.array([np.mean(x * y), np.mean(y)])
    one = np.eye(3)
    one[:2, :2] -= lr * A
    one[:2, 2] = lr * g
    w, b, _ = np.linalg.matrix_power(one, steps) @ [0.0, 0.0, 1.0]
    return float(w), float(b)


def _fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        dw, db = 2 * (miss * x).mean(), 2 * miss.mean()
        w, b = w - lr * dw, b - lr * db
    return w, b


DESCENT_SLIPS = {
    "the steps go uphill: the gradient is added, where it is subtracted": "w - lr * dw, b - lr * db → w + lr * dw, b + lr * db",
    "b is stepped with the new w: both gradients belong to the same w and b": (
        "dw, db = 2 * (miss * x).mean(), 2 * miss.mean() → dw = 2 * (miss * x).mean(); w = w - lr * dw; miss = w * x + b - y; db = 2 * miss.mean()",
        "w, b = w - lr * dw, b - lr * db → b = b - lr * db",
    ),
    "w is stepped with the new b: both gradients belong to the same w and b": (
        "dw, db = 2 * (miss * x).mean(), 2 * miss.mean() → db = 2 * miss.mean(); b = b - lr * db; miss = w * x + b - y; dw = 2 * (miss * x).mean()",
        "w, b = w - lr * dw, b - lr * db → w = w - lr * dw",
    ),
    "the 2 of the square's derivative is left out": "2 * (miss * x).mean(), 2 * miss.mean() → (miss * x).mean(), miss.mean()",
    "the gradients are sums over the points, where (24.6) has their mean": (
        "2 * (miss * x).mean(), 2 * miss.mean() → 2 * (miss * x).sum(), 2 * miss.sum()"
    ),
    "b is never stepped": "b - lr * db → b",
    "w is never stepped": "w, b = w - lr * dw → w, b = w",
    "the derivative by w lacks its x": "(miss * x).mean() → miss.mean()",
    "the derivative by b has an x too many": "2 * miss.mean() → 2 * (miss * x).mean()",
    "the gradients are never cleared: each step uses the sum of all so far": (
        "w, b = 0.0, 0.0 → w, b, sum_w, sum_b = 0.0, 0.0, 0.0, 0.0",
        "w, b = w - lr * dw, b - lr * db → sum_w = sum_w + dw; sum_b = sum_b + db; w, b = w - lr * sum_w, b - lr * sum_b",
    ),
    "the learning rate is left out": "w - lr * dw, b - lr * db → w - dw, b - db",
    "it divides by the learning rate": "w - lr * dw, b - lr * db → w - dw / lr, b - db / lr",
    "one step too many is made": "range(steps) → range(steps + 1)",
    "one step too few is made": "range(steps) → range(steps - 1)",
    "a single step is made, whatever `steps` is": "range(steps) → range(1)",
    "the gradient of the beginning is used at every step": "miss = w * x + b - y → miss = 0.0 * x - y",
    "w and b begin at 1, not at 0": "w, b = 0.0, 0.0 → w, b = 1.0, 1.0",
    "the two results change places: w comes first": "return w, b → return b, w",
    "only w is handed back": "return w, b → return w",
    "b is left out of the guess": "w * x + b - y → w * x - y",
    "every step has the same size: only the signs of the gradients are used": (
        "w - lr * dw, b - lr * db → w - lr * np.sign(dw), b - lr * np.sign(db)"
    ),
}

fit_line = Exercise(
    name="24.fit_line",
    points=3,
    inputs=_lines,
    oracle=_by_powers,
    right=_fit_line,
    mistakes=slips(_fit_line, DESCENT_SLIPS),
    forbids=("numpy.polyfit", "numpy.linalg.lstsq"),
    returns=("w", "b"),
)
