"""Notebook 21: what order costs: operations, bytes, exponents, streams, and what fits."""

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, tensor

# -- attention_flops -------------------------------------------------------------------------------------------------


def _sizes(rng) -> list[Case]:
    def case(label, batch, steps, width, heads):
        return Case(label, batch=batch, steps=steps, width=width, heads=heads)

    return [
        case("one short sequence, wide", 1, int(rng.integers(3, 7)), 24, 2),
        case("3 sequences, longer than wide", 3, int(rng.integers(40, 60)), 12, 4),
        case("2 sequences, one head", 2, 9, int(rng.integers(3, 8)), 1),
        case("long and narrow", 1, int(rng.integers(200, 300)), 8, 2),
    ]


def _counted(batch, steps, width, heads):
    # PyTorch's own counter, on tensors that hold no numbers.
    x = torch.empty(batch, steps, width, device="meta")
    W = torch.empty(width, width, device="meta")
    with FlopCounterMode(display=False) as counter:
        q, k, v = ((x @ W).unflatten(2, (heads, -1)).transpose(1, 2) for _ in range(3))
        out = (q @ k.mT) @ v
        out.transpose(1, 2).flatten(2) @ W
    return counter.get_total_flops()


def _attention_flops(batch, steps, width, heads):
    projections = 4 * 2 * steps * width * width
    tables = 2 * 2 * steps * steps * width
    return batch * (projections + tables)


attention_flops = Exercise(
    name="21.attention_flops",
    points=3,
    inputs=_sizes,
    oracle=_counted,
    right=_attention_flops,
    mistakes=slips(
        _attention_flops,
        {
            "multiplications alone are counted: each product adds as well, two operations a weight": (
                ("4 * 2 * steps → 4 * steps", "2 * 2 * steps * steps → 2 * steps * steps")
            ),
            "the additions of the projections are left out": "4 * 2 * steps → 4 * steps",
            "half of the table's work is counted: scores *and* the weighted sum, over all pairs, whatever a mask hides": "2 * 2 * steps → 2 * steps",
            "three projections are counted: there are four, queries, keys, values and the one behind": "4 * 2 * steps → 3 * 2 * steps",
            "one projection is counted: there are four": "4 * 2 * steps → 2 * steps",
            "the table is counted once for each head at full width: a head is width / heads wide": "2 * 2 * steps → heads * 2 * 2 * steps",
            "the table is counted for one head alone: all of them together are as wide as the model": "steps * steps * width → steps * steps * width // heads",
            "the projections are divided among the heads: all heads together are as wide as the model": "steps * width * width → steps * width * width // heads",
            "attention is counted as linear in the length: every position reads every position": "steps * steps * width → steps * width",
            "attention is counted as a table of numbers, without the width of each dot product": "steps * steps * width → steps * steps",
            "the batch is left out": "return batch * → return",
            "the batch is squared in the table: sequences do not read each other": "2 * 2 * steps → batch * 2 * 2 * steps",
            "the projections alone are counted": "(projections + tables) → projections",
            "the table alone is counted": "(projections + tables) → tables",
            "the projections are as long as the sequence squared": "2 * steps * width * width → 2 * steps * steps * width * width",
            "the backward pass is counted too: three times the forward one": "return batch * → return 3 * batch *",
        },
    ),
    returns=("operations",),
)


# -- exponent --------------------------------------------------------------------------------------------------------


def _timings(rng) -> list[Case]:
    def case(label, lengths, power, noise):
        lengths = np.array(lengths, dtype=float)
        seconds = float(rng.uniform(1e-6, 1e-4)) * lengths**power * np.exp(rng.normal(size=len(lengths)) * noise)
        return Case(label, lengths=lengths, seconds=seconds)

    return [
        case("six lengths, about linear", [64, 128, 256, 512, 1024, 2048], rng.uniform(0.9, 1.1), 0.1),
        case("four lengths, about quadratic", [100, 300, 1000, 3000], rng.uniform(1.8, 2.1), 0.2),
        case("five lengths, unevenly apart", [50, 70, 400, 900, 5000], rng.uniform(1.2, 1.6), 0.05),
    ]


def _by_lstsq(lengths, seconds):
    x, y = np.log(np.asarray(lengths, float)), np.log(np.asarray(seconds, float))
    design = np.stack([x, np.ones_like(x)], axis=1)
    (slope, _), (left,), _, _ = np.linalg.lstsq(design, y, rcond=None)
    return slope, np.sqrt(np.linalg.inv(design.T @ design)[0, 0] * left / (len(x) - 2))


def _exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    slope = (x * y).sum() / (x * x).sum()
    left = ((y - slope * x) ** 2).sum()
    return slope, np.sqrt(left / (len(x) - 2) / (x * x).sum())


exponent = Exercise(
    name="21.exponent",
    points=3,
    inputs=_timings,
    oracle=_by_lstsq,
    right=_exponent,
    mistakes=slips(
        _exponent,
        {
            "no logarithms: that is a line's slope in seconds a step, not an exponent": "np.log(lengths), np.log(seconds) → lengths, seconds",
            "the logarithm of the seconds is left out": "np.log(seconds) → seconds",
            "the logarithm of the lengths is left out": "np.log(lengths), → lengths,",
            "the seconds are not centred: the means have to be taken off first": "x - x.mean(), y - y.mean() → x - x.mean(), y",
            "the lengths are not centred: the means have to be taken off first": "x - x.mean(), y - y.mean() → x, y - y.mean()",
            "neither is centred: the line is drawn through the origin": "x, y = x - x.mean(), y - y.mean() → pass",
            "the line is fitted the other way round: lengths against seconds": "(x * y).sum() / (x * x).sum()\n → (x * y).sum() / (y * y).sum()\n",
            "the correlation is handed back, not the slope": "(x * y).sum() / (x * x).sum()\n → (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())\n",
            "the scatter is divided by n: two numbers were fitted, so n − 2 are left": "(len(x) - 2) → len(x)",
            "the scatter is divided by n − 1: two numbers were fitted, so n − 2 are left": "len(x) - 2 → len(x) - 1",
            "the root of the error is forgotten: that is a variance": "np.sqrt(left / (len(x) - 2) / (x * x).sum()) → left / (len(x) - 2) / (x * x).sum()",
            "the scatter of the points is handed back: the error of the *slope* divides by the spread of the lengths": "(len(x) - 2) / (x * x).sum()) → (len(x) - 2))",
            "the scatter is divided by n once more, as if it were the error of a mean": "(len(x) - 2) / (x * x).sum() → (len(x) - 2) / len(x)",
            "the scatter of the seconds themselves is taken, before the line is taken off": "(y - slope * x) ** 2 → y**2",
            "distances are added up without their squares, and cancel": "((y - slope * x) ** 2).sum() → abs((y - slope * x).sum())",
            "twice the standard error is handed back": "return slope, np.sqrt( → return slope, 2 * np.sqrt(",
            "the two results change places": "return slope, np.sqrt(left / (len(x) - 2) / (x * x).sum()) → return np.sqrt(left / (len(x) - 2) / (x * x).sum()), slope",
            "the error is left out": "return slope, np.sqrt(left / (len(x) - 2) / (x * x).sum()) → return slope",
            "the ends alone are used: the slope between the first and the last point": "(x * y).sum() / (x * x).sum()\n → (y[-1] - y[0]) / (x[-1] - x[0])\n",
        },
    ),
    forbids=("numpy.polyfit", "numpy.linalg.lstsq", "scipy.stats.linregress", "numpy.polynomial.Polynomial.fit"),
    returns=("exponent", "standard error"),
)


# -- crossover -------------------------------------------------------------------------------------------------------


def _curves(rng) -> list[Case]:
    def case(label, points, at, gap, rises=1.0):
        lengths = 2.0 ** np.arange(5, 5 + points)
        b = float(rng.uniform(1e-4, 1e-3)) * lengths ** rng.uniform(0.8, 1.1)
        return Case(label, lengths=lengths, a=b * (lengths / at) ** (rises * gap), b=b)

    def twice():
        lengths = np.array([10.0, 30.0, 90.0, 270.0, 810.0])
        b = rng.uniform(1.0, 2.0, 5)
        return Case("they meet, part and meet again", lengths=lengths, a=b * [0.5, 1.4, 0.7, 0.9, 3.0], b=b)

    def bent():
        lengths = np.array([64.0, 128.0, 512.0, 1024.0])
        b = rng.uniform(1.0, 2.0) * lengths
        return Case("unevenly apart, with a bend", lengths=lengths, a=b * [0.2, rng.uniform(0.5, 0.7), 6.0, 7.0], b=b)

    return [
        case("they meet between two lengths", 7, rng.uniform(300, 450), 0.9),
        twice(),
        bent(),
        case("the first one stays the cheaper", 5, 1e5, 0.7),
    ]


def _finely(lengths, a, b):
    # Walk along the logarithms in many small steps, then halve the one in which the sign turns.
    x = np.log(np.asarray(lengths, float))
    gap = np.log(np.asarray(a, float)) - np.log(np.asarray(b, float))
    fine = np.linspace(x[0], x[-1], 20_001)
    dear = np.interp(fine, x, gap) > 0
    if not dear.any():
        return np.inf
    low, high = fine[dear.argmax() - 1], fine[dear.argmax()]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if np.interp(middle, x, gap) > 0 else (middle, high)
    return np.exp((low + high) / 2)


def _crossover(lengths, a, b):
    x, gap = np.log(lengths), np.log(a) - np.log(b)
    for k in range(1, len(x)):
        if gap[k] > 0:
            share = gap[k - 1] / (gap[k - 1] - gap[k])
            return np.exp(x[k - 1] + share * (x[k] - x[k - 1]))
    return np.inf


crossover = Exercise(
    name="21.crossover",
    points=3,
    inputs=_curves,
    oracle=_finely,
    right=_crossover,
    mistakes=slips(
        _crossover,
        {
            "the first measured length at which a is dearer is handed back: the curves meet before it": "return np.exp(x[k - 1] + share * (x[k] - x[k - 1])) → return lengths[k]",
            "the last length at which a is still cheaper is handed back: the curves meet after it": "return np.exp(x[k - 1] + share * (x[k] - x[k - 1])) → return lengths[k - 1]",
            "the middle between the two lengths is handed back": "gap[k - 1] / (gap[k - 1] - gap[k]) → 0.5",
            "the lengths are taken without logarithms: a power law is a line between logarithms": (
                (
                    "np.log(lengths), → lengths,",
                    "np.exp(x[k - 1] + share * (x[k] - x[k - 1])) → x[k - 1] + share * (x[k] - x[k - 1])",
                )
            ),
            "the seconds are taken without logarithms: a power law is a line between logarithms": "np.log(a) - np.log(b) → a - b",
            "no logarithms at all: a power law is a line between logarithms": (
                (
                    "np.log(lengths), np.log(a) - np.log(b) → lengths, a - b",
                    "np.exp(x[k - 1] + share * (x[k] - x[k - 1])) → x[k - 1] + share * (x[k] - x[k - 1])",
                )
            ),
            "the logarithm of the length is handed back": "return np.exp(x[k - 1] + share * (x[k] - x[k - 1])) → return x[k - 1] + share * (x[k] - x[k - 1])",
            "a and b are confused: it is a that becomes the dearer one": "np.log(a) - np.log(b) → np.log(b) - np.log(a)",
            "the share is counted from the wrong end": "share * (x[k] - → (1 - share) * (x[k] -",
            "the share has the wrong sign, and the point lies before both": "(gap[k - 1] - gap[k]) → (gap[k] - gap[k - 1])",
            "the last crossing is handed back: the first one was asked for": (
                "for k in range(1, len(x)) → for k in reversed(range(1, len(x)))",
                "if gap[k] > 0: → if gap[k - 1] <= 0 < gap[k]:",
            ),
            "nothing is handed back where the curves never meet: it should be infinity": "    return np.inf → pass",
            "zero is handed back where the curves never meet: it should be infinity": "return np.inf → return 0.0",
            "the last length is handed back where the curves never meet: it should be infinity": "return np.inf → return lengths[-1]",
            "minus one is handed back where the curves never meet: it should be infinity": "return np.inf → return -1",
        },
    ),
    returns=("length",),
)


# -- product_seconds -------------------------------------------------------------------------------------------------


def _roofs(rng) -> list[Case]:
    def case(label, m, k, n, peak, bandwidth, **more):
        return Case(label, m=m, k=k, n=n, peak=peak, bandwidth=bandwidth, **more)

    peak, stream = float(rng.uniform(2e10, 9e10)), float(rng.uniform(5e9, 2e10))
    return [
        case("a vector and a matrix: memory is the limit", 1, int(rng.integers(300, 600)), 700, peak, stream),
        case("two large matrices: arithmetic is the limit", 800, 600, int(rng.integers(500, 900)), peak, stream),
        case("a thin product", 37, 5, 90, peak, stream),
        case("numbers of two bytes on a faster machine", 2, 1000, 300, 9e13, 1e12, bytes_each=2),
        case("large, two bytes", 3000, 2000, 1500, 9e13, 1e12, bytes_each=2),
    ]


def _roof(m, k, n, peak, bandwidth, bytes_each=4):
    # Operations a second that this intensity allows, and how long that takes.
    moved = sum(np.prod(shape) for shape in ((m, k), (k, n), (m, n))) * bytes_each
    work = float(np.prod([2.0, m, k, n]))
    return work / min(peak, bandwidth * work / moved)


def _product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    operations = 2 * m * k * n
    moved = bytes_each * (m * k + k * n + m * n)
    return max(operations / peak, moved / bandwidth)


product_seconds = Exercise(
    name="21.product_seconds",
    points=3,
    inputs=_roofs,
    oracle=_roof,
    right=_product_seconds,
    mistakes=slips(
        _product_seconds,
        {
            "the two times are added: arithmetic and memory work at the same time, and the slower one decides": "max(operations / peak, moved / bandwidth) → operations / peak + moved / bandwidth",
            "the faster of the two is taken: the slower one decides": "return max( → return min(",
            "arithmetic alone is counted": "max(operations / peak, moved / bandwidth) → operations / peak",
            "memory alone is counted": "max(operations / peak, moved / bandwidth) → moved / bandwidth",
            "the mean of the two is taken: the slower one decides": "max(operations / peak, moved / bandwidth) → (operations / peak + moved / bandwidth) / 2",
            "multiplications alone are counted: each comes with an addition": "2 * m * k * n → m * k * n",
            "the result is never written: m n numbers go back to memory": "m * k + k * n + m * n → m * k + k * n",
            "the second matrix is never read": "m * k + k * n + m * n → m * k + m * n",
            "the first matrix is never read": "m * k + k * n + m * n → k * n + m * n",
            "the second matrix is read alone": "m * k + k * n + m * n → k * n",
            "numbers are counted, not their bytes": "bytes_each * (m → (m",
            "every number has four bytes, whatever was given": "bytes_each * (m → 4 * (m",
            "a number has eight bytes unless it is said: here it is four": "bytes_each=4 → bytes_each=8",
            "bits are counted, not bytes": "bytes_each * (m → 8 * bytes_each * (m",
            "every operation is taken to fetch both of its numbers anew: each is moved once": "(m * k + k * n + m * n) → 2 * m * k * n",
            "peak and bandwidth change places": "max(operations / peak, moved / bandwidth) → max(operations / bandwidth, moved / peak)",
            "the intensity is handed back, operations a byte": "return max(operations / peak, moved / bandwidth) → return operations / moved",
            "operations a second are handed back, not seconds": "return max(operations / peak, moved / bandwidth) → return operations / max(operations / peak, moved / bandwidth)",
        },
    ),
    returns=("seconds",),
)


# -- longest_stream --------------------------------------------------------------------------------------------------


def _devices(rng) -> list[Case]:
    def case(label, **given):
        return Case(label, **given)

    return [
        case("half a gigabyte, shared heads", memory=512_000_000, parameters=int(rng.integers(40, 90)) * 1_000_000,
             layers=12, kv_heads=3, d_k=64, batch=1, bytes_each=2),
        case("several streams in float32", memory=64_000_000, parameters=int(rng.integers(1, 9)) * 1_000_003,
             layers=5, kv_heads=4, d_k=24, batch=7, bytes_each=4),
        case("one byte a number, little memory", memory=int(rng.integers(3000, 5000)), parameters=1001, layers=2,
             kv_heads=1, d_k=8, batch=3, bytes_each=1),
        case("the weights alone are too large", memory=10_000, parameters=int(rng.integers(6000, 9000)), layers=2,
             kv_heads=2, d_k=4, batch=1, bytes_each=2),
    ]  # fmt: skip


def _filled_up(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    # Bit by bit: the largest number of positions whose cache, as shapes, still fits.
    def fits(positions):
        cache = [(2, batch, kv_heads, positions, d_k)] * layers
        return sum(np.prod(shape, dtype=float) for shape in cache) * bytes_each + parameters * bytes_each <= memory

    found = 0
    for bit in reversed(range(40)):
        found += (1 << bit) if fits(found + (1 << bit)) else 0
    return found


def _longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    left = memory - parameters * bytes_each
    position = 2 * layers * kv_heads * d_k * batch * bytes_each
    return max(0, left // position)


longest_stream = Exercise(
    name="21.longest_stream",
    points=3,
    inputs=_devices,
    oracle=_filled_up,
    right=_longest_stream,
    mistakes=slips(
        _longest_stream,
        {
            "keys alone are kept: the values need as much again": "2 * layers * kv_heads → layers * kv_heads",
            "the cache of one layer is counted: every layer has its own": "2 * layers * kv_heads → 2 * kv_heads",
            "the cache of one head is counted": "layers * kv_heads * d_k → layers * d_k",
            "the width of a head is left out": "kv_heads * d_k * batch → kv_heads * batch",
            "one stream is counted: each of the batch has its own cache": "d_k * batch * bytes_each → d_k * bytes_each",
            "the cache is counted in numbers, not in bytes": "batch * bytes_each\n → batch\n",
            "the weights are counted in numbers, not in bytes": "parameters * bytes_each → parameters",
            "the weights are left out: they lie in the same memory": "left = memory - parameters * bytes_each → left = memory",
            "weights and cache are counted in numbers, not in bytes": (
                ("parameters * bytes_each → parameters", "batch * bytes_each\n → batch\n")
            ),
            "each stream has weights of its own: they are shared by the batch": "parameters * bytes_each → batch * parameters * bytes_each",
            "the number is not whole: part of a position does not fit": "left // position → left / position",
            "it is rounded up: the last position does not fit": "left // position → -(-left // position)",
            "it is negative where the weights alone do not fit: it should be 0": "max(0, left // position) → left // position",
            "the bytes of one position are handed back": "max(0, left // position) → position",
            "the bytes that are left are handed back": "max(0, left // position) → max(0, left)",
            "queries are kept as well: nobody asks an old query again": "2 * layers * kv_heads → 3 * layers * kv_heads",
        },
    ),
    returns=("positions",),
)


# -- delays ----------------------------------------------------------------------------------------------------------


def _latencies(rng) -> list[Case]:
    def case(label, latencies, period):
        return Case(label, latencies=np.array(latencies, dtype=float), period=float(period))

    slow = rng.uniform(0.2, 0.7, 12)
    slow[3], slow[8] = 2.6, 1.9
    return [
        case("slow at the start", [2.5, *rng.uniform(0.1, 0.8, 5)], 1.0),
        case("two slow moments, and what waits behind them", slow, 1.0),
        case("always too slow: the queue grows", rng.uniform(0.30, 0.45, 7), 0.25),
        case("a single reading", rng.uniform(2.0, 3.0, 1), 0.5),
    ]


def _as_a_queue(latencies, period):
    # From the definition: a reading is done when the work of some stretch that ends with it is done.
    latencies = np.asarray(latencies, dtype=float)
    found = []
    for t in range(len(latencies)):
        starts = [s * period + latencies[s : t + 1].sum() for s in range(t + 1)]
        found.append(max(starts) - t * period)
    return np.array(found)


def _delays(latencies, period):
    free, waited = 0.0, []
    for t in range(len(latencies)):
        free = max(free, t * period) + latencies[t]
        waited.append(free - t * period)
    return np.array(waited)


delays = Exercise(
    name="21.delays",
    points=3,
    inputs=_latencies,
    oracle=_as_a_queue,
    right=_delays,
    mistakes=slips(
        _delays,
        {
            "nothing ever waits: a reading that comes while the one before is still at work has to": "max(free, t * period) → t * period",
            "the work is not added to the moment at which the worker is free, but to that at which the reading came": "max(free, t * period) + latencies[t] → max(free, t * period + latencies[t])",
            "work begins before the reading has come: it cannot begin before t · period": "max(free, t * period) → free",
            "the time until work begins is handed back: the delay ends when the answer is there": "waited.append(free - t * period) → waited.append(free - t * period - latencies[t])",
            "the moment of the answer is handed back, not how long after the reading it comes": "waited.append(free - t * period) → waited.append(free)",
            "the first reading comes after one period: it comes at 0": "free, waited = 0.0, [] → free, waited = period, []",
            "the delay is counted from the next reading": "waited.append(free - t * period) → waited.append(free - (t + 1) * period)",
            "what is late is counted: the delay beyond one period": "waited.append(free - t * period) → waited.append(max(0.0, free - (t + 1) * period))",
            "the earlier of the two moments is taken: work begins when both the reading and the worker are there": "max(free → min(free",
            "only the reading just before is waited for, not the queue behind it": "max(free, t * period) → t * period + max(0.0, (latencies[t - 1] if t else 0.0) - period)",
            "the longest delay alone is handed back": "return np.array(waited) → return max(waited)",
            "the mean delay is handed back": "return np.array(waited) → return np.mean(waited)",
            "the whole time is handed back": "return np.array(waited) → return free",
            "the share of late answers is handed back": "return np.array(waited) → return np.mean(np.array(waited) > period)",
        },
    ),
    returns=("delays",),
)


# -- accumulate ------------------------------------------------------------------------------------------------------


def _pieces(rng) -> list[Case]:
    def case(label, sizes, width, classes):
        pieces = [(tensor(away(rng, size, width)), tensor(rng.integers(classes, size=size)).long()) for size in sizes]
        return Case(label, W=tensor(rng.normal(size=(width, classes))), pieces=pieces)

    return [
        case("three pieces of different sizes", [5, 2, 9], 4, 3),
        case("one piece", [6], 3, 5),
        case("two pieces, one of a single target", [1, int(rng.integers(6, 10))], 5, 4),
        case("four pieces of the same size", [3, 3, 3, 3], 2, 6),
    ]


def _in_one(W, pieces):
    # All at once: softmax minus one-hot, times the inputs.
    x, y = (torch.cat([torch.as_tensor(piece[part]) for piece in pieces]) for part in (0, 1))
    error = (x @ torch.as_tensor(W)).softmax(dim=1)
    error[torch.arange(len(y)), y.long()] -= 1
    return x.T @ error / len(y)


def _accumulate(W, pieces):
    W = W.clone().requires_grad_()
    targets = sum(len(y) for x, y in pieces)
    for x, y in pieces:
        loss = F.cross_entropy(x @ W, y, reduction="sum") / targets
        loss.backward()
    return W.grad


accumulate = Exercise(
    name="21.accumulate",
    points=4,
    inputs=_pieces,
    oracle=_in_one,
    right=_accumulate,
    mistakes=slips(
        _accumulate,
        {
            "it is a mean of the pieces' means: a target of a small piece weighs more": 'reduction="sum") / targets → reduction="mean") / len(pieces)',
            "the means of the pieces are added up, and nothing divides": 'reduction="sum") / targets → reduction="mean")',
            "it is the gradient of the sum: nothing divides by the number of targets": ' reduction="sum") / targets → reduction="sum")',
            "the gradients are overwritten: the last piece alone is left": "    for x, y in pieces:\n → for x, y in pieces:\n        W.grad = None\n",
            "the first piece alone is used": "    for x, y in pieces:\n → for x, y in pieces[:1]:\n",
            "the last piece is left out": "    for x, y in pieces:\n → for x, y in pieces[:-1] or pieces:\n        targets = sum(len(y) for x, y in pieces[:-1] or pieces)\n",
            "each piece is divided by its own targets and by all targets": 'reduction="sum") / targets → reduction="mean") / targets',
            "the sum is divided by the number of pieces, not of targets": "/ targets → / len(pieces)",
            "each piece is divided by the targets seen so far": (
                (
                    "targets = sum(len(y) for x, y in pieces) → targets = 0",
                    "        loss = F → targets = targets + len(y)\n        loss = F",
                )
            ),
            "the sum is divided by all numbers of the logits": "/ targets → / (targets * W.shape[1])",
            "the sign is turned: the way down, not the gradient": "return W.grad → return -W.grad",
            "it is transposed: the shape is (D, C), that of W": "return W.grad → return W.grad.T",
            "the weights take a small step after every piece, so that pieces see different weights": "loss.backward()\n → loss.backward()\n        W.data -= 0.1 * W.grad\n",
            "the loss is handed back, not the gradient": "return W.grad → return loss.detach()",
        },
    ),
    returns=("gradient",),
)


# -- best_segment ----------------------------------------------------------------------------------------------------


def _depths(rng) -> list[Case]:
    return [
        Case("a square number of layers", layers=int(rng.choice([16, 25, 36, 49, 64]))),
        Case("a number of layers with two best cuts", layers=int(rng.choice([13, 14, 15, 17, 18, 21, 22, 23]))),
        Case("deep", layers=int(rng.integers(90, 120))),
        Case("two layers", layers=2),
        Case("one layer", layers=1),
    ]


def _every_cut(layers):
    # Cut the layers in every way and look what is there while each segment is computed anew.
    kept = {}
    for every in range(1, layers + 1):
        segments = [range(layers)[start : start + every] for start in range(0, layers, every)]
        kept[every] = len(segments) + max(len(segment) for segment in segments)
    least = min(kept.values())
    return min(every for every in kept if kept[every] == least), least


def _best_segment(layers):
    best = None
    for every in range(1, layers + 1):
        segments = -(-layers // every)
        kept = segments + every
        if best is None or kept < best[1]:
            best = every, kept
    return best


best_segment = Exercise(
    name="21.best_segment",
    points=2,
    inputs=_depths,
    oracle=_every_cut,
    right=_best_segment,
    mistakes=slips(
        _best_segment,
        {
            "a last, shorter segment is forgotten: the number of segments is rounded up": "-(-layers // every) → layers // every",
            "the segments are no whole number": "-(-layers // every) → layers / every",
            "the inputs of the segments alone are counted: one segment is computed anew, and kept whole": "segments + every → segments",
            "one segment alone is counted: the inputs of all are kept too": "segments + every → every",
            "the two are multiplied: that is every layer": "segments + every → segments * every",
            "of equal cuts the longest is taken (or the number of segments for their length): the shortest was asked for": "kept < best[1] → kept <= best[1]",
            "the most is looked for, not the least": "kept < best[1] → kept > best[1]",
            "segments of one layer are not tried": "range(1, layers + 1) → range(min(2, layers), layers + 1)",
            "the root is rounded, whatever the layers divide into": (
                "for every in range(1, layers + 1): → for every in [max(1, round(layers**0.5))]:"
            ),
            "the root is taken as it is, and is no whole number": (
                (
                    "for every in range(1, layers + 1): → for every in [layers**0.5]:",
                    "-(-layers // every) → layers / every",
                )
            ),
            "what is kept alone is handed back": "return best → return best[1]",
            "the length alone is handed back": "return best → return best[0]",
            "the two results change places": "return best → return best[::-1]",
            "one is taken off, as if the first input were not kept": "segments + every → segments + every - 1",
        },
    ),
    returns=("layers a segment", "kept at once"),
)


# -- bytes_per_rank --------------------------------------------------------------------------------------------------


def _ranks(rng) -> list[Case]:
    parameters, ranks = int(rng.integers(2, 9)) * 7_000_000, int(rng.choice([3, 6, 12]))
    return [
        Case("nothing is cut up", parameters=parameters, ranks=ranks, stage=0),
        Case("stage 1: the optimizer's state", parameters=parameters, ranks=ranks, stage=1),
        Case("stage 2: and the gradients", parameters=parameters, ranks=ranks, stage=2),
        Case("stage 3: and the weights", parameters=parameters, ranks=ranks, stage=3),
        Case("one rank: nothing to share", parameters=parameters, ranks=1, stage=3),
    ]


def _piece_by_piece(parameters, ranks, stage):
    kinds = {"weights, 16 bits": (2, 3), "gradients, 16 bits": (2, 2), "master copy": (4, 1), "first moment": (4, 1)}
    kinds["second moment"] = (4, 1)
    return sum(size * parameters / (ranks if stage >= cut_from else 1) for size, cut_from in kinds.values())


def _bytes_per_rank(parameters, ranks, stage):
    weights, gradients, state = 2 * parameters, 2 * parameters, 12 * parameters
    if stage >= 1:
        state = state / ranks
    if stage >= 2:
        gradients = gradients / ranks
    if stage >= 3:
        weights = weights / ranks
    return weights + gradients + state


bytes_per_rank = Exercise(
    name="21.bytes_per_rank",
    points=3,
    inputs=_ranks,
    oracle=_piece_by_piece,
    right=_bytes_per_rank,
    mistakes=slips(
        _bytes_per_rank,
        {
            "four bytes of the state are left out: a float32 copy and two moments, 4 + 4 + 4": "12 * parameters → 8 * parameters",
            "the state is Adam's first moment alone": "12 * parameters → 4 * parameters",
            "the moments are kept in two bytes: the state is float32": "12 * parameters → 6 * parameters",
            "everything is float32: weights and gradients have two bytes": "2 * parameters, 2 * parameters → 4 * parameters, 4 * parameters",
            "the gradients are left out": "weights + gradients + state → weights + state",
            "the weights are left out": "weights + gradients + state → gradients + state",
            "the optimizer's state is left out": "weights + gradients + state → weights + gradients",
            "the bytes of a parameter are rounded down before they are multiplied: `//` stands where `/` belongs": (
                "return weights + gradients + state → return (weights + gradients + state) // parameters * parameters"
            ),
            "the list is read at stage − 1, so that stage 0 takes its last entry": (
                "    if stage >= 1: →     stage = (stage - 1) % 4\n    if stage >= 1:"
            ),
            "a stage cuts its own part alone: each stage does what the ones before do as well": (
                ("stage >= 1 → stage == 1", "stage >= 2 → stage == 2", "stage >= 3 → stage == 3")
            ),
            "the stages are counted one too early: stage 0 cuts nothing": (
                ("stage >= 1 → stage >= 0", "stage >= 2 → stage >= 1", "stage >= 3 → stage >= 2")
            ),
            "the stages are counted one too late": (
                ("stage >= 3 → stage >= 4", "stage >= 2 → stage >= 3", "stage >= 1 → stage >= 2")
            ),
            "everything is cut up, whatever the stage": (
                ("stage >= 1 → stage >= 0", "stage >= 2 → stage >= 0", "stage >= 3 → stage >= 0")
            ),
            "nothing is cut up, whatever the stage": (
                ("stage >= 1 → stage >= 9", "stage >= 2 → stage >= 9", "stage >= 3 → stage >= 9")
            ),
            "the sum over all ranks is handed back: what one of them holds was asked for": "return weights + gradients + state → return ranks * (weights + gradients + state)",
            "numbers are handed back, not bytes": "return weights + gradients + state → return (weights + gradients + state) / 4",
            "the state is multiplied by the ranks, not divided": "state = state / ranks → state = state * ranks",
        },
    ),
    returns=("bytes",),
)


# -- best_size -------------------------------------------------------------------------------------------------------


def _budgets(rng) -> list[Case]:
    def case(label, sizes, best, bend=0.05):
        weights = np.array(sizes, dtype=float)
        nats = 1.5 + bend * np.log(weights / best) ** 2 + rng.normal(size=len(weights)) * 0.004
        return Case(label, weights=weights, nats=nats)

    return [
        case("five sizes around the best", [1500, 4300, 9000, 25_000, 60_000], rng.uniform(7000, 16_000)),
        case("four sizes, the best near the left", [2000, 5000, 20_000, 90_000], rng.uniform(4000, 7000)),
        case("the best is larger than all sizes that were tried", [1000, 2000, 4000, 8000], 40_000.0),
        case("the best is smaller than all sizes that were tried", [30_000, 60_000, 90_000, 200_000], 4000.0),
        case("it bends the other way: the middle is the worst", [2000, 6000, 15_000, 70_000], 12_000.0, -0.05),
    ]


def _parabola(weights, nats):
    # Normal equations around the middle, and the vertex of what they give.
    logs, nats = np.log(np.asarray(weights, float)), np.asarray(nats, float)
    x = logs - logs.mean()
    powers = np.stack([x**2, x, np.ones_like(x)])
    a, b, c = np.linalg.solve(powers @ powers.T, powers @ nats)
    vertex = logs.mean() - b / (2 * a)
    if a <= 0 or not logs.min() < vertex < logs.max():
        return np.asarray(weights, float)[nats.argmin()], nats.min(), False
    return np.exp(vertex), c - b**2 / (4 * a), True


def _best_size(weights, nats):
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    vertex = -b / (2 * a)
    inside = bool(a > 0 and x.min() < vertex < x.max())
    if not inside:
        return weights[nats.argmin()], nats.min(), inside
    return np.exp(vertex), c - b * b / (4 * a), inside


best_size = Exercise(
    name="21.best_size",
    points=4,
    inputs=_budgets,
    oracle=_parabola,
    right=_best_size,
    mistakes=slips(
        _best_size,
        {
            "the parabola is laid through the sizes, not through their logarithms": (
                "np.log(weights) → weights * 1.0",
                "np.exp(vertex) → vertex",
            ),
            "the logarithm of the best size is handed back": "np.exp(vertex) → vertex",
            "the best of the sizes that were tried is handed back: the parabola's lowest point lies between them": "if not inside → if True",
            "the lowest loss that was measured is handed back: the parabola says what its lowest point has": "c - b * b / (4 * a) → nats.min()",
            "an optimum outside of the sizes is believed": (
                ("    if not inside: → if False:", "c - b * b / (4 * a), inside → c - b * b / (4 * a), True")
            ),
            "an optimum outside of the sizes is handed back: the best that was tried belongs there": "    if not inside: → if False:",
            "a parabola that opens downwards is believed: its vertex is the worst size": "a > 0 and x.min() → x.min()",
            "it is always said to lie inside": (
                ("nats.min(), inside → nats.min(), True", "(4 * a), inside → (4 * a), True")
            ),
            "inside and outside are confused": (
                "nats.min(), inside → nats.min(), True",
                "(4 * a), inside → (4 * a), False",
            ),
            "the lowest point is looked for in the wrong place, outside: it is at −b / 2a": "-b / (2 * a) → b / (2 * a)",
            "the height is c alone: at the lowest point b² / 4a is less": "c - b * b / (4 * a) → c",
            "the height is off: b² / 4a is taken away, not b² / 2a": "(4 * a) → (2 * a)",
            "whether it lies inside is left out": (
                "nats.min(), inside → nats.min()",
                "c - b * b / (4 * a), inside → c - b * b / (4 * a)",
            ),
            "the logarithms have base 10, and e is raised to them": "np.log(weights) → np.log10(weights)",
            "the first two results change places": (
                "return weights[nats.argmin()], nats.min(), → return nats.min(), weights[nats.argmin()],",
                "return np.exp(vertex), c - b * b / (4 * a), → return c - b * b / (4 * a), np.exp(vertex),",
            ),
            "the largest loss is taken outside": ("argmin → argmax", "nats.min() → nats.max()"),
        },
    ),
    returns=("best size", "nats there", "inside"),
)
