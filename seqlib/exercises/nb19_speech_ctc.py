"""Notebook 19: from a waveform to symbols without an alignment."""

import itertools
from collections import defaultdict
from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, tensors

# What would do the work of a Fourier transform, or of CTC.
FOURIER = (
    "numpy.fft.rfft",
    "numpy.fft.fft",
    "torch.fft.rfft",
    "torch.fft.fft",
    "torch.stft",
    "scipy.fft.rfft",
    "scipy.fft.fft",
    "scipy.signal.stft",
)
READY_MADE = ("torch.nn.functional.ctc_loss", "torch.nn.CTCLoss", "torch.ctc_loss")


# -- frames_of -------------------------------------------------------------------------------------------------------


def _signals(rng) -> list[Case]:
    return [
        Case("the last frame ends with the signal", signal=away(rng, 20), size=8, hop=4),
        Case("some samples are left over", signal=away(rng, 33), size=10, hop=4),
        Case("frames that overlap by more than half", signal=away(rng, 21), size=6, hop=1),
        Case("a signal of one frame", signal=away(rng, 8), size=8, hop=3),
        Case("frames with gaps between them", signal=away(rng, 22), size=4, hop=6),
    ]


def _windows(signal, size, hop):
    return np.lib.stride_tricks.sliding_window_view(np.asarray(signal), size)[::hop].copy()


def _frames(signal, size, hop):
    starts = range(0, len(signal) - size + 1, hop)
    return np.stack([signal[s : s + size] for s in starts])


FRAME_SLIPS = {
    "the last frame is missing, which ends with the last sample": "- size + 1, → - size or 1,",
    "a frame begins at every sample: the hop is not used": "+ 1, hop) → + 1, 1)",
    "frames follow one another without overlapping: they begin `size` apart": "+ 1, hop) → + 1, size)",
    "a frame holds `hop` samples, not `size`": "s : s + size → s : s + hop",
    "frames stand in columns": "for s in starts]) → for s in starts], axis=1)",
    "size and hop change places": "(signal, size, hop) → (signal, hop, size)",
    "zeros are added at the end, so that more frames fit": (
        "range(0, len(signal) - size + 1, hop) → range(0, len(signal), hop)",
        "[signal[s → [np.pad(signal, (0, size))[s",
    ),
    "frames are centred: zeros are added at both ends, as `torch.stft` does by itself": (
        "len(signal) - size + 1 → len(signal) + 1",
        "[signal[s → [np.pad(signal, size // 2)[s",
    ),
    "each frame's mean is taken off": "s + size] for → s + size] - signal[s : s + size].mean() for",
    "each frame is backwards": "s + size] for → s + size][::-1] for",
    "the first frame is left out": "range(0, len(signal) - size + 1, hop) → range(0, len(signal) - size + 1, hop)[1:] or [0]",
    "the first frames are counted from sample 1": "[signal[s : s + size] → [np.append(signal, 0)[s + 1 : s + 1 + size]",
}

frames_of = Exercise(
    name="19.frames_of",
    points=2,
    inputs=_signals,
    oracle=_windows,
    right=_frames,
    mistakes=slips(_frames, FRAME_SLIPS),
    returns=("frames",),
)


# -- power_spectrum --------------------------------------------------------------------------------------------------


def _framed(rng) -> list[Case]:
    return [
        Case("3 frames of 8 samples", frames=away(rng, 3, 8)),
        Case("1 frame of 12 samples", frames=away(rng, 1, 12)),
        Case("5 frames of 6 samples, with a mean of their own", frames=away(rng, 5, 6) + 1.5),
        Case("2 frames of 30 samples", frames=away(rng, 2, 30)),
    ]


def _by_fft(frames):
    frames = np.asarray(frames)
    return np.abs(np.fft.rfft(frames * torch.hann_window(frames.shape[1], dtype=torch.float64).numpy())) ** 2


def _spectrum(frames):
    size = frames.shape[1]
    n, k = np.arange(size), np.arange(size // 2 + 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / size)
    angles = 2 * np.pi * n[:, None] * k / size
    real, imaginary = frames * window @ np.cos(angles), frames * window @ np.sin(angles)
    return real**2 + imaginary**2


SPECTRUM_SLIPS = {
    "there is no window: each frame is cut out with sharp edges": (
        "frames * window @ np.cos → frames @ np.cos",
        "frames * window @ np.sin → frames @ np.sin",
    ),
    "the window is the symmetric one, which ends at zero: it is divided by N, not by N − 1": "n / size) → n / (size - 1))",
    "the window is Hamming's, 0.54 and 0.46": "0.5 - 0.5 * → 0.54 - 0.46 *",
    "the window is turned inside out: 1/2 plus, where minus belongs": "0.5 - 0.5 * → 0.5 + 0.5 *",
    "the window is applied twice": (
        "frames * window @ np.cos → frames * window**2 @ np.cos",
        "frames * window @ np.sin → frames * window**2 @ np.sin",
    ),
    "the magnitude is handed back, not its square": "real**2 + imaginary**2 → np.sqrt(real**2 + imaginary**2)",
    "the sines are left out, so that the phase of a tone decides how loud it seems": "real**2 + imaginary**2 → real**2",
    "the cosines are left out": "real**2 + imaginary**2 → imaginary**2",
    "real and imaginary parts are added before they are squared": "real**2 + imaginary**2 → (real + imaginary)**2",
    "all N frequencies are kept: the upper half mirrors the lower": "size // 2 + 1 → size",
    "the highest frequency, half the rate, is missing": "size // 2 + 1) → size // 2)",
    "the frequency 0 is missing": "np.arange(size // 2 + 1) → np.arange(1, size // 2 + 1)",
    "the power is divided by the number of samples": "return real**2 + imaginary**2 → return (real**2 + imaginary**2) / size",
    "the angle is half of what it should be: $2\\pi$, not $\\pi$": "angles = 2 * np.pi → angles = np.pi",
    "the logarithm is taken already": "return real**2 + imaginary**2 → return np.log(real**2 + imaginary**2)",
    "the power is summed over the frames": "return real**2 + imaginary**2 → return (real**2 + imaginary**2).sum(axis=0)",
}

power_spectrum = Exercise(
    name="19.power_spectrum",
    points=3,
    inputs=_framed,
    oracle=_by_fft,
    right=_spectrum,
    mistakes=slips(_spectrum, SPECTRUM_SLIPS),
    forbids=FOURIER,
    returns=("power",),
)


# -- mel_filters -----------------------------------------------------------------------------------------------------


def _banks(rng) -> list[Case]:
    return [
        Case("5 filters at 8,000 samples a second", count=5, size=64, rate=8000),
        Case("a single filter", count=1, size=32, rate=8000),
        Case("9 filters at 16,000 samples a second", count=9, size=256, rate=16000),
        Case("another rate and size", count=int(rng.integers(3, 8)), size=2 * int(rng.integers(20, 60)),
             rate=int(rng.integers(5000, 12000))),
    ]  # fmt: skip


def _interpolated(count, size, rate):
    # Each triangle as the broken line that it is.
    mels = np.linspace(0, 1127 * np.log1p(rate / 1400), count + 2)
    corners = 700 * np.expm1(mels / 1127)
    hertz = np.linspace(0, rate / 2, size // 2 + 1) * (size // 2 * 2 / size)
    return np.stack([np.interp(hertz, corners[i : i + 3], [0, 1, 0]) for i in range(count)], axis=1)


def _mel(count, size, rate):
    top = 1127 * np.log(1 + rate / 2 / 700)
    corners = 700 * (np.exp(np.linspace(0, top, count + 2) / 1127) - 1)
    hertz = np.arange(size // 2 + 1)[:, None] * rate / size
    up = (hertz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    down = (corners[2:] - hertz) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(up, down))


MEL_SLIPS = {
    "the corners are evenly spaced in hertz, not in mel": (
        "700 * (np.exp(np.linspace(0, top, count + 2) / 1127) - 1) → np.linspace(0, rate / 2, count + 2)"
    ),
    "two filters are missing: `count` filters have `count + 2` corners": "count + 2 → count",
    "the filters go up to the rate, not to half of it": "rate / 2 / 700 → rate / 700",
    "the two constants don't fit: 2595 belongs to a logarithm with base 10": "top = 1127 → top = 2595",
    "on the way back from mel to hertz the $-1$ is forgotten": "/ 1127) - 1) → / 1127))",
    "the filters are rectangles": "np.maximum(0, np.minimum(up, down)) → (np.minimum(up, down) > 0) * 1.0",
    "below zero is not cut off": "np.maximum(0, np.minimum(up, down)) → np.minimum(up, down)",
    "the larger of the two slopes is taken, where a triangle is the smaller": "np.minimum(up, down) → np.maximum(up, down)",
    "only the rising slope is there": "np.minimum(up, down) → np.minimum(up, 1)",
    "only the falling slope is there": "np.minimum(up, down) → np.minimum(down, 1)",
    "filters stand in rows, frequencies in columns": "np.minimum(up, down)) → np.minimum(up, down)).T",
    "each filter is divided by its width, so that its area is 1": (
        "np.minimum(up, down)) → np.minimum(up, down)) * 2 / (corners[2:] - corners[:-2])"
    ),
    "the bins lie half as far apart: bin k is at k · rate / size": "* rate / size → * rate / 2 / size",
    "the slopes are half as steep: the triangles are only half as high": (
        "(corners[1:-1] - corners[:-2]) → (corners[1:-1] - corners[:-2]) * 2",
        "(corners[2:] - corners[1:-1]) → (corners[2:] - corners[1:-1]) * 2",
    ),
    "the slopes are straight in mel, not in hertz": (
        "corners = 700 * (np.exp(np.linspace(0, top, count + 2) / 1127) - 1) → corners = np.linspace(0, top, count + 2)",
        "* rate / size → * rate / size; hertz = 1127 * np.log(1 + hertz / 700)",
    ),
}

mel_filters = Exercise(
    name="19.mel_filters",
    points=3,
    inputs=_banks,
    oracle=_interpolated,
    right=_mel,
    mistakes=slips(_mel, MEL_SLIPS),
    returns=("filters",),
)


# -- collapse --------------------------------------------------------------------------------------------------------


def _paths(rng) -> list[Case]:
    k = rng.permutation(9)[:6] + 1
    a, b, c, d, e, f = (int(x) for x in k)
    return [
        Case("a repetition", path=[a, a, b, b, b]),
        Case("blanks between", path=[0, a, 0, 0, b, c, 0]),
        Case("a symbol twice, with a blank between", path=[d, d, 0, d, e, 0, 0, e, f]),
        Case("a symbol that comes back", path=[a, c, c, a, 0, c]),
        Case("it ends as it begins", path=[b, 0, e, e, b]),
        Case("blanks alone", path=[0, 0, 0]),
        Case("a long path", path=[int(x) for x in rng.choice([0, 0, a, b, b], 40)] + [b, b, 0, 0, b, a]),
    ]


def _by_groups(path):
    return [int(k) for k, _ in itertools.groupby(path) if k != 0]


def _collapse(path):
    said, before = [], None
    for k in path:
        if k != before and k != 0:
            said.append(k)
        before = k
    return said


COLLAPSE_SLIPS = {
    "blanks are taken out first, and then repetitions are merged, so that no symbol can ever come twice in a row": (
        "before = k\n → before = k or before\n"
    ),
    "repetitions are not merged": "k != before and → ",
    "blanks are not taken out": " and k != 0 → ",
    "each symbol is kept only the first time that it comes": "k != before → k not in said",
    "the last symbol is missing": "return said → return said[:-1]",
    "the first symbol is missing": "return said → return said[1:]",
    "the first symbol is compared with the last one, which is `path[-1]`": "said, before = [], None → said, before = [], path[-1]",
    "symbols are kept only where they are repeated": "k != before → k == before",
    "the path is read backwards": "for k in path → for k in path[::-1]",
    "only the number of symbols is handed back": "return said → return len(said)",
    "the blanks are kept and the symbols taken out": "k != 0 → k == 0",
}

collapse = Exercise(
    name="19.collapse",
    points=2,
    inputs=_paths,
    oracle=_by_groups,
    right=_collapse,
    mistakes=slips(_collapse, COLLAPSE_SLIPS),
)


# -- by_enumeration --------------------------------------------------------------------------------------------------


def _log_softmax(rng, steps, symbols, spread=1.5) -> np.ndarray:
    logits = rng.normal(size=(steps, symbols)) * spread
    return logits - np.logaddexp.reduce(logits, axis=1)[:, None]


def _short(rng) -> list[Case]:
    def case(label, steps, symbols, target):
        return Case(label, p=np.exp(_log_softmax(rng, steps, symbols)), target=target)

    return [
        case("one symbol, 4 frames", 4, 3, [2]),
        case("two symbols, 5 frames", 5, 3, [1, 2]),
        case("the same symbol twice, 4 frames", 4, 3, [2, 2]),
        case("as many symbols as frames", 3, 4, [3, 1, 2]),
        case("an empty target: blanks alone", 2, 4, []),
        case("more symbols than frames: impossible", 2, 3, [1, 2, 1]),
    ]


def _loss(log_p, target):
    """CTC's loss, as torch computes it."""
    rows, size = torch.as_tensor(log_p), torch.tensor([len(target)])
    wanted = torch.as_tensor(np.asarray(target, dtype=np.int64))[None]
    return F.ctc_loss(rows[:, None], wanted, torch.tensor([len(rows)]), size, blank=0, reduction="sum")


def _by_torch(p, target):
    return np.exp(-_loss(np.log(np.asarray(p, dtype=np.float64)), target).item())


def _enumerate(p, target):
    total = 0.0
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        chance = np.prod([p[t, k] for t, k in enumerate(path)])
        if _collapse(path) == list(target):
            total += chance
    return total


ENUMERATION_SLIPS = {
    "the paths are counted, not their probabilities added": "total += chance → total += 1",
    "every path counts alike, as if all were equally probable": "total += chance → total += 1 / p.shape[1] ** len(p)",
    "only the likeliest path counts, where all are added": "total += chance → total = max(total, chance)",
    "only the last path that is found counts": "total += chance → total = chance",
    "the probabilities along a path are added, where they are multiplied": "np.prod( → np.sum(",
    "the logarithm is handed back": "return total → return np.log(max(total, 1e-300))",
    "minus the logarithm is handed back: that is the loss": "return total → return -np.log(total + 1e-300)",
    "every path counts, whatever it spells": "if _collapse(path) == list(target): → if True:",
    "the path itself has to be the target: nothing is collapsed": "_collapse(path) == → list(path) ==",
    "no path has a blank": "range(p.shape[1]) → range(1, p.shape[1])",
    "blanks are taken out of the path, but repetitions are not merged": "_collapse(path) == → [k for k in path if k] ==",
    "repetitions are merged without blanks between them, so that no symbol comes twice": (
        "_collapse(path) == → _collapse([k for k in path if k]) =="
    ),
    "the path is read backwards": "_collapse(path) == → _collapse(path[::-1]) ==",
    "the sum is one too large: it begins at 1": "total = 0.0 → total = 1.0",
    "the mean over the frames is taken along a path": "np.prod( → np.mean(",
}

by_enumeration = Exercise(
    name="19.by_enumeration",
    points=3,
    inputs=_short,
    oracle=_by_torch,
    right=_enumerate,
    mistakes=slips(_enumerate, ENUMERATION_SLIPS),
    forbids=READY_MADE,
)


# -- ctc_forward -----------------------------------------------------------------------------------------------------


def _targets(rng) -> list[Case]:
    def case(label, steps, symbols, target, shift=0.0, spread=1.5):
        return Case(label, log_p=_log_softmax(rng, steps, symbols, spread) - shift, target=target)

    return [
        case("three symbols, 7 frames", 7, 5, [2, 4, 1]),
        case("a symbol twice in a row", 8, 4, [1, 3, 3, 2]),
        case("an empty target", 5, 3, []),
        case("too few frames: impossible", 3, 4, [2, 2, 1]),
        case("exactly as many frames as are needed", 4, 6, [5, 5, 3]),
        case("log-probabilities near −1000", 6, 4, [3, 1], shift=1000.0),
    ]


def _by_matrix(log_p, target):
    # The same sums as products of a row with a matrix of moves, in logarithms.
    log_p = np.asarray(log_p)
    row = np.zeros(2 * len(target) + 1, dtype=int)
    row[1::2] = target
    moves = np.full((len(row), len(row)), -np.inf)
    for s in range(len(row)):
        moves[s, s : s + 2] = 0
        if row[s] and s + 2 < len(row) and row[s + 2] != row[s]:
            moves[s, s + 2] = 0
    alpha = [np.where(np.arange(len(row)) < 2, 0, -np.inf) + log_p[0, row]]
    for frame in log_p[1:]:
        alpha.append(np.logaddexp.reduce(alpha[-1][:, None] + moves, axis=0) + frame[row])
    return np.stack(alpha), np.logaddexp.reduce(alpha[-1][max(0, len(row) - 2) :])


def _forward(log_p, target):
    row = [0]
    for k in target:
        row += [k, 0]
    alpha = np.full((len(log_p), len(row)), -np.inf)
    alpha[0, :2] = log_p[0, row[:2]]
    for t in range(1, len(log_p)):
        for s in range(len(row)):
            ways = [alpha[t - 1, s]]
            if s > 0:
                ways.append(alpha[t - 1, s - 1])
            if s > 1 and row[s] != 0 and row[s] != row[s - 2]:
                ways.append(alpha[t - 1, s - 2])
            alpha[t, s] = np.logaddexp.reduce(ways) + log_p[t, row[s]]
    return alpha, np.logaddexp.reduce(alpha[-1, -2:])


FORWARD_SLIPS = {
    "no blank is ever skipped: from symbol to symbol there is a direct way too": "s > 1 and row[s] != 0 and row[s] != row[s - 2] → False",
    "the blank between two equal symbols may be skipped, and the two become one": " and row[s] != row[s - 2] → ",
    "any state may be skipped: from blank to blank there is no direct way": "s > 1 and row[s] != 0 and row[s] != row[s - 2] → s > 1",
    "the first frame has to be a blank": "alpha[0, :2] = log_p[0, row[:2]] → alpha[0, :1] = log_p[0, row[:1]]",
    "the first frame may be any state, not only the first blank and the first symbol": "alpha[0, :2] = log_p[0, row[:2]] → alpha[0] = log_p[0, row]",
    "the last frame has to be a blank: it may be the last symbol, too": "alpha[-1, -2:] → alpha[-1, -1:]",
    "the last frame has to be the last symbol: it may be a blank, too": "alpha[-1, -2:] → alpha[-1, -2:-1]",
    "the last frame may be any state": "alpha[-1, -2:] → alpha[-1]",
    "the likeliest way is taken, where all are added: that is Viterbi's path": "np.logaddexp.reduce(ways) → max(ways)",
    "logarithms are added, where the probabilities have to be": "np.logaddexp.reduce(ways) → np.sum(ways)",
    "the sum is taken out of the logarithms without a shift: $e^{-1000}$ is 0": (
        "np.logaddexp.reduce(ways) → np.log(np.sum(np.exp(ways)))"
    ),
    "probabilities are multiplied, and the logarithm is taken at the end: of numbers near $e^{-1000}$, which are 0": (
        "return alpha, np.logaddexp.reduce(alpha[-1, -2:]) → return np.log(np.exp(alpha)), np.log(np.exp(alpha[-1, -2:]).sum())"
    ),
    "the probability of the symbol is left out": " + log_p[t, row[s]] → ",
    "the probability of the frame before is taken": "log_p[t, row[s]] → log_p[t - 1, row[s]]",
    "the loss is handed back: its sign is turned": "return alpha, np → return alpha, -np",
    "nothing may last longer than a frame: the way from a state to itself is missing": "ways = [alpha[t - 1, s]] → ways = [-np.inf]",
    "the way from the state before is missing": "if s > 0: → if False:",
    "in the first states, s − 1 and s − 2 are negative, and Python counts them from the end of the row": (
        "if s > 0: → if True:",
        "s > 1 and row[s] != 0 → row[s] != 0",
    ),
    "the states of this frame are read, where those of the frame before belong": "ways.append(alpha[t - 1, s - 1]) → ways.append(alpha[t, s - 1])",
    "there are no blanks between the symbols": "row += [k, 0] → row += [k]",
    "there is no blank at all: the target's own symbols are the only states": (
        "    row = [0]\n →     row = [] if len(target) else [0]\n",
        "row += [k, 0] → row += [k]",
        "alpha[0, :2] = log_p[0, row[:2]] → alpha[0, :1] = log_p[0, row[:1]]",
        "s > 1 and row[s] != 0 and row[s] != row[s - 2] → False",
        "alpha[-1, -2:] → alpha[-1, -1:]",
    ),
    "the blank at the beginning is missing": "    row = [0]\n →     row = []\n",
    "only the sum is handed back: the table is wanted too": "return alpha, np.logaddexp.reduce(alpha[-1, -2:]) → return np.logaddexp.reduce(alpha[-1, -2:])",
    "probabilities are handed back, not their logarithms": "return alpha, np.logaddexp.reduce(alpha[-1, -2:]) → return np.exp(alpha), np.exp(np.logaddexp.reduce(alpha[-1, -2:]))",
}

ctc_forward = Exercise(
    name="19.ctc_forward",
    points=6,
    inputs=_targets,
    oracle=_by_matrix,
    right=_forward,
    mistakes=slips(_forward, FORWARD_SLIPS),
    forbids=READY_MADE,
    returns=("log_alpha", "log_p_target"),
)


# -- ctc_gradient ----------------------------------------------------------------------------------------------------


def _possible(rng) -> list[Case]:
    def case(label, steps, symbols, target, spread=1.5):
        return Case(label, log_p=_log_softmax(rng, steps, symbols, spread), target=target)

    return [
        case("two symbols, 5 frames", 5, 4, [3, 1]),
        case("a symbol twice in a row, 7 frames", 7, 3, [1, 2, 2]),
        case("an empty target", 4, 3, []),
        case("a symbol that comes back, 9 frames", 9, 5, [4, 2, 4], spread=4.0),
    ]


def _by_autograd(log_p, target):
    # The logits are log p itself, whose softmax is p: torch's own backward pass, with respect to them.
    (logits,) = tensors(log_p)
    logits.requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(_loss(logits.log_softmax(dim=1), target), logits)
    return found.numpy().astype(np.asarray(log_p).dtype)


def _gradient(log_p, target):
    alpha, total = _forward(log_p, target)
    beta = _forward(log_p[::-1], target[::-1])[0][::-1, ::-1]
    row = [0]
    for k in target:
        row += [k, 0]
    gamma = np.zeros(log_p.shape)
    for s, k in enumerate(row):
        gamma[:, k] += np.exp(alpha[:, s] + beta[:, s] - log_p[:, k] - total)
    return np.exp(log_p) - gamma


GRADIENT_SLIPS = {
    "the frame's own probability counts twice: it is in $\\alpha$ and in $\\beta$": " - log_p[:, k] → ",
    "the posterior is not divided by the probability of the target": " - total → ",
    "the sign is turned: it points uphill": "np.exp(log_p) - gamma → gamma - np.exp(log_p)",
    "the posterior alone is handed back: the gradient is $p$ minus it": "np.exp(log_p) - gamma → gamma",
    "the gradient with respect to $\\log p$ is handed back, not to the logits": "np.exp(log_p) - gamma → -gamma",
    "$\\log p$ stands in the place of $p$": "np.exp(log_p) - gamma → log_p - gamma",
    "only the last state of each symbol counts: the others have to be added": "gamma[:, k] += → gamma[:, k] =",
    "$\\beta$ is not turned back in time": "[0][::-1, ::-1] → [0][:, ::-1]",
    "$\\beta$ is not turned back over the states": "[0][::-1, ::-1] → [0][::-1]",
    "$\\beta$ reads the frames from the beginning": "_forward(log_p[::-1], → _forward(log_p,",
    "$\\beta$ reads the target from the beginning": "target[::-1] → target",
    "the way after a frame is left out: $\\beta$ is missing": " + beta[:, s] - log_p[:, k] → ",
    "the way up to a frame is left out: $\\alpha$ is missing": "alpha[:, s] + beta[:, s] - log_p[:, k] → beta[:, s]",
    "the blanks are left out": "    for s, k in enumerate(row):\n →     for s, k in list(enumerate(row))[1::2]:\n",
    "the posterior is divided by the number of frames": "np.exp(log_p) - gamma → np.exp(log_p) - gamma / len(log_p)",
}

ctc_gradient = Exercise(
    name="19.ctc_gradient",
    points=5,
    inputs=_possible,
    oracle=_by_autograd,
    right=_gradient,
    mistakes=slips(_gradient, GRADIENT_SLIPS),
    forbids=(*READY_MADE, "torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward"),
    returns=("gradient",),
)


# -- error_rate ------------------------------------------------------------------------------------------------------


def _transcripts(rng) -> list[Case]:
    def digits(n):
        return "".join(str(d) for d in rng.integers(0, 10, n))

    def off(text, edits):
        # One edit at a place of its own: a digit left out, put in, or replaced by another one.
        for at, kind in zip(
            sorted(rng.permutation(len(text))[: len(edits)].tolist(), reverse=True), edits, strict=True
        ):
            other = str((int(text[at]) + int(rng.integers(1, 10))) % 10)
            text = text[:at] + {"out": "", "in": other + text[at], "other": other}[kind] + text[at + 1 :]
        return text

    a, b, c, d = digits(8), digits(5), digits(12), digits(3)
    return [
        Case("one digit replaced", said=[off(a, ["other"]), b], true=[a, b]),
        Case("one left out, one put in", said=[off(a, ["out", "in"]), off(c, ["in"]), d], true=[a, c, d]),
        Case("lengths that differ much", said=[off(c, ["out", "out", "out"]), off(d, ["other"])], true=[c, d]),
        Case("nothing said", said=["", b], true=[a, b]),
        Case("much too much said", said=[a + c, off(d, ["in"])], true=[b, d]),
        Case("late by one", said=[a[1:] + d[0], b], true=[a, b]),
        Case("a digit that strays into the next string", said=[a[:-1], a[-1] + d], true=[a, d]),
    ]


def _by_recursion(said, true):
    @cache
    def edits(a, b):
        if not a or not b:
            return len(a) + len(b)
        if a[-1] == b[-1]:
            return edits(a[:-1], b[:-1])
        return 1 + min(edits(a[:-1], b), edits(a, b[:-1]), edits(a[:-1], b[:-1]))

    return sum(map(edits, said, true)) / len("".join(true))


def _rate(said, true):
    edits = 0
    for ours, right in zip(said, true, strict=True):
        row = list(range(len(right) + 1))
        for i, a in enumerate(ours, 1):
            above, row[0] = row[0], i
            for j, b in enumerate(right, 1):
                above, row[j] = row[j], min(above + (a != b), row[j] + 1, row[j - 1] + 1)
        edits += row[-1]
    return edits / sum(len(right) for right in true)


RATE_SLIPS = {
    "replacing costs 2, as if it were leaving out and putting in": "above + (a != b) → above + 2 * (a != b)",
    "a wrong digit in the place of the right one costs nothing: only the lengths count": "above + (a != b) → above",
    "digits too many cost nothing": "row[j] + 1, row → row[j], row",
    "digits left out cost nothing": "row[j - 1] + 1 → row[j - 1]",
    "places are compared one by one: a digit left out makes all after it wrong": (
        "edits += row[-1] → edits += sum(a != b for a, b in itertools.zip_longest(ours, right))"
    ),
    "the edits are divided by the length of what was said": "for right in true) → for right in said)",
    "the edits are divided by the number of strings": "sum(len(right) for right in true) → len(true)",
    "the edits are counted, and not divided": "edits / sum(len(right) for right in true) → edits",
    "the share of strings with any mistake is handed back": (
        "edits += row[-1] → edits += row[-1] > 0",
        "sum(len(right) for right in true) → len(true)",
    ),
    "a mean of the strings' own rates: a short string weighs as much as a long one": (
        "edits += row[-1] → edits += row[-1] / len(right)",
        "sum(len(right) for right in true) → len(true)",
    ),
    "what is right is handed back: one minus the rate": "return edits → return 1 - edits",
    "the share of edits is cut at 1 for each string": "edits += row[-1] → edits += min(row[-1], len(right))",
    "the strings are joined before they are compared, so that a digit may stray into the next": (
        "zip(said, true, strict=True) → [(''.join(said), ''.join(true))]"
    ),
    "the first row starts at zero: digits left out at the beginning cost nothing": "list(range(len(right) + 1)) → [0] * (len(right) + 1)",
    "the first column stays zero: digits too many at the beginning cost nothing": "above, row[0] = row[0], i → above, row[0] = row[0], 0",
}

error_rate = Exercise(
    name="19.error_rate",
    points=3,
    inputs=_transcripts,
    oracle=_by_recursion,
    right=_rate,
    mistakes=slips(_rate, RATE_SLIPS),
)


# -- grow ------------------------------------------------------------------------------------------------------------


def _beams(rng) -> list[Case]:
    def case(label, symbols, prefixes, even=False):
        lm = np.zeros((symbols, symbols)) if even else _log_softmax(rng, symbols, symbols)
        beams = {tuple(one): (float(-abs(b)), float(-abs(s)) if one else -np.inf)
                 for one, b, s in zip(prefixes, *rng.uniform(0.3, 4, (2, len(prefixes))), strict=True)}  # fmt: skip
        return Case(label, beams=beams, frame=_log_softmax(rng, 1, symbols)[0], log_lm=lm)

    return [
        case("the empty beginning alone", 3, [()]),
        case("one beginning, no language model", 4, [(2, 3)], even=True),
        case("two that end in the same symbol", 4, [(1, 3), (3, 3)]),
        case("one grows into the other", 3, [(2, 1, 1), (2, 1), (2,)]),
        case("many, with a language model", 5, [(4, 4), (4,), (4, 1), (), (1,)]),
    ]


def _pulled(beams, frame, log_lm):
    # Not pushed from each beginning but collected for each new one, in plain probabilities.
    p, lm = np.exp(np.asarray(frame, dtype=np.float64)), np.exp(np.asarray(log_lm, dtype=np.float64))
    was = {prefix: np.exp(pair) for prefix, pair in beams.items()}
    new = {*was, *((*prefix, k) for prefix in was for k in range(1, len(p)))}
    found = {}
    for prefix in new:
        own, parent = was.get(prefix, np.zeros(2)), was.get(prefix[:-1], np.zeros(2)) if prefix else np.zeros(2)
        last, before = prefix[-1] if prefix else 0, prefix[-2] if len(prefix) > 1 else 0
        comes = parent[0] if len(prefix) > 1 and last == before else parent.sum()
        stays = own[1] * p[last] if prefix else 0.0
        with np.errstate(divide="ignore"):
            blank, symbol = np.log([own.sum() * p[0], stays + (comes * p[last] * lm[before, last] if prefix else 0.0)])
        found[prefix] = (float(blank), float(symbol))
    return found


def _grow(beams, frame, log_lm):
    grown = defaultdict(lambda: (-np.inf, -np.inf))
    for prefix, (blank, symbol) in beams.items():
        either, last = np.logaddexp(blank, symbol), prefix[-1] if prefix else 0
        b, s = grown[prefix]
        grown[prefix] = np.logaddexp(b, either + frame[0]), np.logaddexp(s, symbol + frame[last])
        for k in range(1, len(frame)):
            before = blank if k == last else either
            b, s = grown[*prefix, k]
            grown[*prefix, k] = b, np.logaddexp(s, before + frame[k] + log_lm[last, k])
    return dict(grown)


GROW_SLIPS = {
    "a symbol twice in a row needs no blank before it: such beginnings get too much": "blank if k == last else either → either",
    "a new symbol is reached only after a blank": "blank if k == last else either → blank",
    "a repeated symbol goes on from the ending in the symbol, where only the one in a blank is left for it": (
        "blank if k == last else → symbol if k == last else"
    ),
    "after a blank only what ended in a blank goes on": "either + frame[0] → blank + frame[0]",
    "after a blank only what ended in its symbol goes on": "either + frame[0] → symbol + frame[0]",
    "a beginning never stays as it is by repeating its symbol": "np.logaddexp(s, symbol + frame[last]) → s",
    "what ended in a blank also stays by repeating the symbol, which would be a new symbol": (
        "symbol + frame[last] → (either if prefix else symbol) + frame[last]"
    ),
    "the language model is not asked": " + log_lm[last, k] → ",
    "the language model is asked the wrong way round: row before, column after": "log_lm[last, k] → log_lm[k, last]",
    "the language model is asked at a blank, too": "either + frame[0] → either + frame[0] + log_lm[last, 0]",
    "the language model is asked each time that a symbol lasts": "symbol + frame[last] → symbol + frame[last] + log_lm[last, last]",
    "a beginning that two ways lead to keeps only the last of them": (
        "b, np.logaddexp(s, before + frame[k] + log_lm[last, k]) → b, before + frame[k] + log_lm[last, k]"
    ),
    "of two ways to a beginning only the likelier counts, where both are added": (
        "b, np.logaddexp(s, before + frame[k] + log_lm[last, k]) → b, max(s, before + frame[k] + log_lm[last, k])"
    ),
    "what leads to a beginning replaces what led there before, where both are added": (
        "np.logaddexp(b, either + frame[0]), np.logaddexp(s, symbol + frame[last]) → either + frame[0], symbol + frame[last]",
        "b, np.logaddexp(s, before + frame[k] + log_lm[last, k]) → -np.inf, before + frame[k] + log_lm[last, k]",
    ),
    "the logarithms of the two sums are added, where the sums have to be": "np.logaddexp(blank, symbol) → blank + symbol",
    "the endings in a blank and in a symbol are exchanged": (
        "grown[prefix] = np.logaddexp(b, either + frame[0]), np.logaddexp(s, symbol + frame[last]) → grown[prefix] = np.logaddexp(s, symbol + frame[last]), np.logaddexp(b, either + frame[0])"
    ),
    "the blank is added as a symbol of its own": "range(1, len(frame)) → range(len(frame))",
    "the last symbol of the alphabet is never added": "range(1, len(frame)) → range(1, len(frame) - 1)",
    "a repeated symbol is never added": (
        "before = blank if k == last else either → before = -np.inf if k == last else either"
    ),
}

grow = Exercise(
    name="19.grow",
    points=5,
    inputs=_beams,
    oracle=_pulled,
    right=_grow,
    mistakes=slips(_grow, GROW_SLIPS),
)
