"""What recorded costs say to the sentences of textbooks: each function gives (what was measured, a verdict by rule).

results: what a recording of notebook 21 holds, {label: [number of each round]}.
"""

import re

import numpy as np

from seqlib.studies.loss_against_compute import grid
from seqlib.studies.scaling_law import STUDENT
from seqlib.studies.what_length_costs import LENGTHS, fitted, says_exponent, series


def median(results, label: str) -> float:
    return float(np.median(results[label]))


def ratio(results, a: str, b: str) -> tuple[float, float, float]:
    """a over b, round by round: (lowest, median, highest)."""
    each = np.asarray(results[a], float) / np.asarray(results[b], float)
    return float(each.min()), float(np.median(each)), float(each.max())


def more_than(low: float, high: float, least: float = 1.0) -> str:
    """Whether a ratio whose rounds lie between low and high is above `least`: all of them, none, or some."""
    return "holds" if low > least else "fails" if high <= least else "depends"


def steps_in_turn(results) -> tuple[str, str]:
    """A recurrent layer trains more slowly than attention: at every length, or not."""
    slower, told = [], []
    there = [t for t in LENGTHS if f"nn.LSTM, training, {t}" in results]
    for steps in there:
        low, middle, high = ratio(results, f"nn.LSTM, training, {steps}", f"fused attention, training, {steps}")
        slower.append(more_than(low, high))
        told.append(f"{middle:.1f}" if steps in (there[0], 512, there[-1]) else "")
    text = f"nn.LSTM over fused attention: {' : '.join(filter(None, told))} at {there[0]}, 512, {there[-1]:,} steps"
    # It was said of GPUs: one core alone cannot refute it.
    return text, "holds" if set(slower) == {"holds"} else "depends"


def crossing(lengths, a, b) -> float:
    """The length at which a becomes dearer than b for good or for the first time; 0 at once, infinity never."""
    gap = np.log(np.asarray(a)) - np.log(np.asarray(b))
    if gap[0] > 0:
        return 0.0
    for k in range(1, len(gap)):
        if gap[k] > 0:
            share = gap[k - 1] / (gap[k - 1] - gap[k])
            return float(np.exp(np.log(lengths[k - 1]) + share * np.log(lengths[k] / lengths[k - 1])))
    return float("inf")


def crossings(results, widths, lengths) -> dict[int, float]:
    """{width: the length from which fused attention takes longer than nn.LSTM, in training}."""
    found = {}
    for width in widths:
        medians = (
            [median(results, f"{kind}, training, width {width}, {steps}") for steps in lengths]
            for kind in ("fused attention", "nn.LSTM")
        )
        found[width] = crossing(lengths, *medians)
    return found


def shorter_than_wide(found: dict[int, float]) -> tuple[str, str]:
    """Attention is the cheaper one while T < D: the curves cross beyond T = D at every width, at none, or at some."""
    beyond = [length >= width for width, length in found.items()]
    told = ", ".join(
        f"{width}: {'never' if np.isinf(length) else f'{length:.0f} ({length / width:.1f} D)'}"
        for width, length in found.items()
    )
    verdict = "holds" if all(beyond) else "depends" if any(beyond) else "fails"
    return f"attention becomes dearer than nn.LSTM, by width, at length {told}", verdict


def exponents(results, what: str, kinds, expected: dict[str, float], least: int, told_as: str = "") -> tuple[str, str]:
    """Fitted exponents of `what` ("training", "held in training", …) from `least` steps on, against expected ones."""
    told, verdicts = [], []
    for kind in kinds:
        slope, error = fitted(*series(results, f"{kind}, {what}", LENGTHS), least=least)
        told.append(f"{kind} {slope:.2f} ± {error:.2f}")
        verdicts.append(says_exponent(slope, error, expected[kind]))
    same = verdicts[0] if len(set(verdicts)) == 1 else "depends"
    return f"{told_as}from {least:,} steps on, T to the power of: {', '.join(told)}", same


def along_a_stream(results, kind: str, grows: bool) -> tuple[str, str]:
    """The last sixteenth of a stream against the second: a growing time is doubled at least, a constant one < 1.25."""
    first, last = f"{kind}, 1024", f"{kind}, 8192"
    low, middle, high = ratio(results, last, first)
    kept = median(results, f"{kind}, kept")
    text = f"{kind}: a reading at 8,192 takes {middle:.2f} times one at 1,024; {kept / 1000:,.0f} kilobytes kept"
    if grows:
        return text, more_than(low, high, 2.0)
    return text, "holds" if high < 1.25 else "fails" if low > 2 else "depends"


def below_the_roof(results) -> tuple[str, str]:
    """A vector times a matrix waits for memory: it takes at least half of the roof's bandwidth, a large product not."""
    peak, stream = median(results, "peak"), median(results, "bandwidth")
    k = 1024
    vector, square = (median(results, f"({m}, {k}) @ ({k}, {k})") for m in (1, 1024))
    moved, worked = 4 * (k * k + 2 * k) / vector / stream, 2 * k**3 / square / peak
    idle = 2 * k * k / vector / peak
    text = f"one row: {moved:.0%} of the bandwidth, {idle:.0%} of the peak; 1,024 rows: {worked:.0%} of the peak"
    return text, "holds" if moved > 0.5 and idle < 0.25 else "fails" if idle > 0.5 else "depends"


def bought(results, name: str, against: str = "1 pieces") -> tuple[str, tuple, float]:
    """A remedy's seconds and bytes over the plain step's: (words, (low, median, high) of seconds, share of bytes)."""
    seconds = ratio(results, name, against)
    held = median(results, f"{name}, held") / median(results, f"{against}, held") if f"{name}, held" in results else 1.0
    return f"{seconds[1]:.2f} times the seconds, {held:.2f} times the bytes", seconds, held


def quicker(results, name: str, against: str = "1 pieces") -> tuple[str, str]:
    """Whether a remedy makes the step quicker in every round."""
    if name not in results:
        return "not in the recording: it takes a C++ compiler", "not tested"
    low, middle, high = ratio(results, against, name)
    return f"{middle:.2f} times as quick", more_than(low, high)


def half_precision(results) -> tuple[str, str]:
    """Products in bfloat16: quicker where the processor has instructions for them; elsewhere they are imitated."""
    text, verdict = quicker(results, "bfloat16")
    own = bool(median(results, "bfloat16 instructions"))
    return f"{text}, {'with' if own else 'without'} instructions for it", verdict if own else "depends"


def saves_memory(results, name: str, bytes_at_most: float, seconds_at_most: float) -> tuple[str, str]:
    """A remedy that gives time for memory: both as promised, one of them, none."""
    text, seconds, held = bought(results, name)
    text = f"recorded, {name} (a batch of 8, a context of 256): {text}"
    kept = [held <= bytes_at_most, seconds[1] <= seconds_at_most]
    return text, "holds" if all(kept) else "depends" if any(kept) else "fails"


def at_an_edge(results) -> list[float]:
    """The budgets of 21_scaling whose lowest loss was measured at the smallest or the largest size that was tried."""
    edges = []
    for level, tried in sorted(grid(results).items()):
        if min(tried, key=lambda size: np.mean(tried[size])) in (min(tried), max(tried)):
            edges.append(level)
    return edges


def rate_at_an_edge(results) -> list[str]:
    """The points of the grid, and of the run that was foretold, whose best learning rate was the last one tried."""
    tried, edges = {}, []
    for name in results:
        if found := re.fullmatch(r"rate (\S+) at (C .+)", name):
            tried.setdefault(found[2], []).append(float(found[1]))
    for where, rates in tried.items():
        if not min(rates) < results[f"rate at {where}"][0] < max(rates):
            edges.append(where)
    return edges


def law_held(results) -> tuple[str, str]:
    """Was the loss that small runs foretold the one that was reached? Every seed inside the interval, none, or some.

    "not tested" where a budget's lowest loss or a best rate lies at an edge: a law that is carried on needs its optimum
    between what was tried.
    """
    low, told, high = (results[f"foretold, {key}"][0] for key in ("low", "nats", "high"))
    inside = [low <= nats <= high for nats in results["made"]]
    made = ", ".join(f"{nats:.3f}" for nats in results["made"])
    text = f"foretold {told:.3f} ({low:.3f} to {high:.3f}), made {made}"
    if edges := at_an_edge(results):
        return f"{text}; at {edges[0]:g} operations the best size was the last one tried", "not tested"
    if edges := rate_at_an_edge(results):
        return f"{text}; the best rate at {edges[0]} is the last one tried", "not tested"
    return text, "holds" if all(inside) else "depends" if any(inside) else "fails"


def best_size_grows(results, claimed: float) -> tuple[str, str]:
    """Whether the best size grows like C to the claimed power: does a 95 % interval (Student's t) hold it?

    "not tested" unless that interval reaches less than 0.2 to either side (the powers that are claimed lie 0.23 apart),
    every budget's lowest loss lies between sizes, each size has three seeds, every best rate lies inside those tried.
    """
    power, error = (results[f"foretold, {key}"][0] for key in ("growth", "growth error"))
    tried = grid(results)
    reach = STUDENT[len(tried) - 2] * error if len(tried) > 2 else np.inf
    seeds = min((len(nats) for sizes in tried.values() for nats in sizes.values()), default=0)
    edges = rate_at_an_edge(results)
    text = f"C to the {power:.2f}, 95 % {power - reach:.2f} to {power + reach:.2f}; {len(tried)} budgets, {seeds} seeds"
    text += f"; the best rate at {edges[0]} is the last one tried" if edges else ""
    if reach >= 0.2 or seeds < 3 or edges or at_an_edge(results):
        return text, "not tested"
    return text, "holds" if abs(power - claimed) <= reach else "fails"


WIDTHS, GRID = (32, 64, 128, 256, 512), (64, 256, 1024, 4096)


def said(costs, sizes, flows, roof, bought, scaled) -> list[tuple[str, str, str, str, str]]:
    """Rows (claim, who says so, what was measured, verdict, where) of the results of 21_length, 21_sizes, 21_stream,
    21_roofline, 21_remedies and 21_scaling.
    """
    recurrent, attending = ("looped RNN", "nn.LSTM"), ("naive attention", "fused attention")
    linear, square = dict.fromkeys(recurrent + attending, 1.0), dict.fromkeys(attending, 2.0)
    time, memory, reach = "Time against length", "Memory against length", "What does a run reach?"
    rows = [
        (
            "Recurrent layers are sequential, hence slow to train",
            "Vaswani et al. 2017, §1, on GPUs; here one core",
            steps_in_turn(costs),
            time,
        ),
        (
            "Attention is faster than recurrence while T < D",
            "Vaswani et al. 2017, §4",
            shorter_than_wide(crossings(sizes, WIDTHS, GRID)),
            "Where they cross",
        ),
        (
            "Recurrent layers take time linear in T",
            "Vaswani et al. 2017, Table 1",
            exponents(costs, "training", recurrent, linear, 512),
            time,
        ),
        (
            "Attention takes time quadratic in T",
            "Vaswani et al. 2017, Table 1",
            exponents(costs, "training", attending, square, 512),
            time,
        ),
        (
            "Attention needs memory quadratic in T",
            "Dao et al. 2022, §2.2, of a table written down",
            exponents(costs, "held in training", attending[:1], square, 512),
            memory,
        ),
        (
            "A fused kernel needs memory linear in T",
            "Dao et al. 2022, §3.1",
            exponents(costs, "held in training", attending[1:], linear, 512),
            memory,
        ),
        (
            "Backpropagation through time keeps memory linear in T",
            "Goodfellow et al. 2016, §10.2.2",
            exponents(costs, "kept", recurrent, linear, 512, "kept for the way back, "),
            memory,
        ),
        (
            "A recurrent network infers in constant time and memory a step",
            "folklore; Gu and Dao 2023, §1",
            along_a_stream(flows, "LSTM", grows=False),
            "Streams",
        ),
        (
            "With a cache, each token takes longer than the last",
            "Pope et al. 2022, §2",
            along_a_stream(flows, "attention, cache set aside", grows=True),
            "Streams",
        ),
        (
            "Writing token by token is bound by memory bandwidth",
            "Shazeer 2019, §2.4",
            below_the_roof(roof),
            "The roof",
        ),
        (
            "Mixed precision is quicker",
            "Micikevicius et al. 2018, §1, on GPUs with tensor cores",
            half_precision(bought),
            "Remedies",
        ),
        (
            "torch.compile is quicker",
            "Ansel et al. 2024, §6, on GPUs and servers",
            quicker(bought, "compiled"),
            "Remedies",
        ),
        (
            "Accumulation buys memory and hardly costs time",
            "folklore",
            saves_memory(bought, "8 pieces", 0.3, 1.25),
            "Remedies",
        ),
        (
            "Checkpoints buy most of the memory for one more forward pass",
            "Chen et al. 2016, §4",
            saves_memory(bought, "checkpoints", 0.5, 1.45),
            "Remedies",
        ),
        (
            "Loss is a power of compute, and can be foretold",
            "Kaplan et al. 2020, §6",
            law_held(scaled),
            reach,
        ),
        (
            "The best size grows like C^0.5",
            "Hoffmann et al. 2022, §3.2",
            best_size_grows(scaled, 0.5),
            reach,
        ),
        (
            "The best size grows like C^0.73",
            "Kaplan et al. 2020, §6",
            best_size_grows(scaled, 0.73),
            reach,
        ),
        (
            "A loop is slow on a GPU because of its launches",
            "folklore",
            ("takes a GPU and the recording 21_gpu", "not tested"),
            "On a GPU",
        ),
    ]
    return [(claim, who, *outcome, where) for claim, who, outcome, where in rows]


def together(found: dict[str, float]) -> list[tuple[str, str, str, str, str]]:
    """The rows of two processes; {} where they could not work together."""
    names = ("averaged by hand against the whole", "DistributedDataParallel against the whole")
    parallel = cut = ("two processes could not work together here", "not tested")
    if found:
        same, half = max(found[name] for name in names), found["half a batch against the whole"]
        parallel = f"{same:.0e} apart; half a batch alone {half:.0e}", "holds" if same < 1e-10 < half else "fails"
        parts = [number for name, number in found.items() if name.startswith("bytes of the cut state")]
        share = max(parts) / found["bytes of Adam's state in one process"]
        cut = f"{share:.0%} of the state in the fuller of two processes", "holds" if share < 0.6 else "fails"
    return [
        ("Data parallel equals one large batch", "Goyal et al. 2017, §2.2, of gradients", *parallel, "Two processes"),
        (
            "ZeRO's first stage divides the state by the ranks",
            "Rajbhandari et al. 2020, §5.1",
            *cut,
            "When it does not fit",
        ),
    ]
