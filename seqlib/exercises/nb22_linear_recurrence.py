"""Notebook 22: a linear recurrence as loop, convolution and scan, and the layers that are made of it."""

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, sigmoid, tensor
from seqlib.models import scan as scanning


def _away(rng, *shape):
    return tensor(away(rng, *shape))


def _kept(rng, *shape):
    """What is kept of a state at each step: between 0.3 and 0.95."""
    return tensor(rng.uniform(0.3, 0.95, shape))


def _steps_of(rng) -> list[Case]:
    def case(label, *shape):
        return Case(label, a=_kept(rng, *shape), b=_away(rng, *shape))

    return [
        case("2 sequences of 8 steps, 3 units", 2, 8, 3),
        case("3 sequences of 7 steps, 2 units", 3, 7, 2),
        case("one sequence of 13 steps, 4 units", 1, 13, 4),
        case("2 sequences of 6 steps, 5 units", 2, 6, 5),
        case("2 sequences of a single step, 3 units", 2, 1, 3),
    ]


def _sum_of_products(a, b):
    """h_t = Σ_s (a_{s+1} … a_t) b_s, every product anew."""
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    steps = b.shape[1]
    rows = [
        sum(b[:, s] * a[:, s + 1 : t + 1].prod(dim=1) for s in range(t + 1))
        for t in range(steps)
    ]  # fmt: skip
    return torch.stack(rows, dim=1)


# -- recurrence ---------------------------------------------------------------------------------------------------------


def _recurrence(a, b):
    h, states = torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return torch.stack(states, dim=1)


recurrence = Exercise(
    name="22.recurrence",
    points=2,
    inputs=_steps_of,
    oracle=_sum_of_products,
    stand_in=scanning.recurrence,
    right=_recurrence,
    trains=True,
    mistakes=slips(
        _recurrence,
        {
            "$b_t$ is multiplied too: only the old state is": "a[:, t] * h + b[:, t] → a[:, t] * (h + b[:, t])",
            "the state begins as $b_0$, which is then added a second time": "torch.zeros_like(b[:, 0]) → b[:, 0]",
            "the state begins as ones: before the first step there is nothing": "torch.zeros_like(b[:, 0]) → torch.ones_like(b[:, 0])",
            "the state is not carried on: each step begins from zeros": "h = a[:, t] * h + b[:, t]\n        states.append(h) → states.append(a[:, t] * h + b[:, t])",
            "$a$ and $b$ change places: $a_t$ multiplies the state, $b_t$ is added": "a[:, t] * h + b[:, t] → b[:, t] * h + a[:, t]",
            "the factor of the step before is used: $a_t$ belongs to step t": "a[:, t] * h → a[:, t - 1] * h",
            "each state is kept before its step: the first is zeros and the last is missing": "h = a[:, t] * h + b[:, t]\n        states.append(h) → states.append(h)\n        h = a[:, t] * h + b[:, t]",
            "the steps are joined in front of the batch: time is axis 1": "dim=1) → dim=0)",
            "the steps are read backwards": "range(b.shape[1]) → reversed(range(b.shape[1]))",
            "the loop runs over the sequences of the batch, not over time": (
                "torch.zeros_like(b[:, 0]) → torch.zeros_like(b[0])",
                "range(b.shape[1]) → range(b.shape[0])",
                "a[:, t] * h + b[:, t] → a[t] * h + b[t]",
                "dim=1) → dim=0)",
            ),
            "the state goes through a tanh: nothing bends here, and that is the point": "a[:, t] * h + b[:, t] → torch.tanh(a[:, t] * h + b[:, t])",
            "the state is blended, with $1 - a_t$ before $b_t$: that is one choice of b, made by whoever calls": "+ b[:, t] → + (1 - a[:, t]) * b[:, t]",
            "only the last state is handed back": "torch.stack(states, dim=1) → states[-1]",
        },
    ),
    returns=("states",),
)


# -- causal_fft ---------------------------------------------------------------------------------------------------------


def _signals(rng) -> list[Case]:
    def case(label, batch, steps, width):
        return Case(label, x=_away(rng, batch, steps, width), kernel=_away(rng, steps, width))

    return [
        case("2 sequences of 8 steps, 3 channels", 2, 8, 3),
        case("3 sequences of 7 steps, 2 channels", 3, 7, 2),
        case("one sequence of 12 steps, 5 channels", 1, 12, 5),
        case("one single step", 2, 1, 3),
    ]


def _by_shifts(x, kernel):
    x, kernel = torch.as_tensor(x), torch.as_tensor(kernel)
    steps = x.shape[1]
    return sum(F.pad(x, (0, 0, k, 0))[:, :steps] * kernel[k] for k in range(steps))


def _causal_fft(x, kernel):
    steps = x.shape[1]
    x_hat = torch.fft.rfft(x, 2 * steps, dim=1)
    k_hat = torch.fft.rfft(kernel, 2 * steps, dim=0)
    y = torch.fft.irfft(x_hat * k_hat, 2 * steps, dim=1)
    return y[:, :steps]


causal_fft = Exercise(
    name="22.causal_fft",
    points=3,
    inputs=_signals,
    oracle=_by_shifts,
    stand_in=scanning.causal_fft,
    right=_causal_fft,
    trains=True,
    mistakes=slips(
        _causal_fft,
        {
            "the end wraps round to the beginning: without zeros behind, the transform takes the sequence for a circle": (
                "rfft(x, 2 * steps → rfft(x, steps",
                "rfft(kernel, 2 * steps → rfft(kernel, steps",
                "k_hat, 2 * steps → k_hat, steps",
            ),
            "irfft is not told its length: of T frequencies' worth it guesses an even number, and an odd one loses its last": (
                "rfft(x, 2 * steps → rfft(x, 2 * steps - 1",
                "rfft(kernel, 2 * steps → rfft(kernel, 2 * steps - 1",
                "k_hat, 2 * steps, dim=1) → k_hat, dim=1)",
            ),
            "too few zeros: what runs off the end still comes in at the beginning": (
                "rfft(x, 2 * steps → rfft(x, steps + steps // 2",
                "rfft(kernel, 2 * steps → rfft(kernel, steps + steps // 2",
                "k_hat, 2 * steps → k_hat, steps + steps // 2",
            ),
            "the last T of the 2 T numbers are taken: the first T are the answer, what follows is the kernel's tail": "y[:, :steps] → y[:, steps:]",
            "all 2 T numbers are handed back: the second half is past the end": "y[:, :steps] → y",
            "the transform of the kernel is conjugated: that is a correlation, which looks ahead": "x_hat * k_hat → x_hat * k_hat.conj()",
            "the spectra are added: a convolution multiplies them": "x_hat * k_hat → x_hat + k_hat",
            "the kernel is turned round: the transform does that by itself": "rfft(kernel, → rfft(kernel.flip(0),",
            "the transforms run over the channels, not over time": (
                "x, 2 * steps, dim=1 → x, 2 * x.shape[2], dim=2",
                "kernel, 2 * steps, dim=0 → kernel, 2 * x.shape[2], dim=1",
                "k_hat, 2 * steps, dim=1 → k_hat, 2 * x.shape[2], dim=2",
                "y[:, :steps] → y[..., : x.shape[2]]",
            ),
            "x and kernel are multiplied as they are, step by step: no convolution at all": "y[:, :steps] → x * kernel",
            "the result is divided by the length once more: `irfft` has done so": "y[:, :steps] → y[:, :steps] / (2 * steps)",
        },
    ),
    returns=("y",),
)


# -- combine ------------------------------------------------------------------------------------------------------------


def _two_steps(rng) -> list[Case]:
    def case(label, *shape):
        first, second = ((_away(rng, *shape), _away(rng, *shape)) for _ in range(2))
        return Case(label, first=first, second=second)

    return [
        case("3 units", 3),
        case("2 sequences of 5 steps, 4 units", 2, 5, 4),
        case("7 sequences, 2 units", 7, 2),
    ]


def _tried_on_states(first, second):
    """What the two steps do to a state of 0, and to one of 1, says what one step must do."""
    (a_1, b_1), (a_2, b_2) = ((torch.as_tensor(a), torch.as_tensor(b)) for a, b in (first, second))
    after = [a_2 * (a_1 * h + b_1) + b_2 for h in (0.0, 1.0)]
    return after[1] - after[0], after[0]


def _combine(first, second):
    a_1, b_1 = first
    a_2, b_2 = second
    return a_2 * a_1, a_2 * b_1 + b_2


combine = Exercise(
    name="22.combine",
    points=2,
    inputs=_two_steps,
    oracle=_tried_on_states,
    stand_in=scanning.combine,
    right=_combine,
    mistakes=slips(
        _combine,
        {
            "the order is wrong: what the first step adds goes through the factor of the second": "a_2 * b_1 + b_2 → a_1 * b_2 + b_1",
            "what the first step adds is not multiplied by the second's factor": "a_2 * b_1 + b_2 → b_1 + b_2",
            "the factors are added: one after the other multiplies": "a_2 * a_1, → a_2 + a_1,",
            "what the first step adds goes through its own factor, not through the second's": "a_2 * b_1 + b_2 → a_1 * b_1 + b_2",
            "both sums go through the second's factor: $b_2$ comes after it": "a_2 * b_1 + b_2 → a_2 * (b_1 + b_2)",
            "the factor of the first is left out of the product": "return a_2 * a_1, → return a_2,",
            "$b_1$ and $b_2$ are multiplied": "a_2 * b_1 + b_2 → a_2 * b_1 * b_2",
            "both parts are multiplied, each with its like: $b_1$ goes through the second's factor, and $b_2$ is added": "a_2 * b_1 + b_2 → b_1 * b_2",
            "the two results change places: first a, then b": "return a_2 * a_1, a_2 * b_1 + b_2 → return a_2 * b_1 + b_2, a_2 * a_1",
            "what the first step adds is forgotten": "a_2 * b_1 + b_2 → b_2",
        },
    ),
    returns=("a", "b"),
)


# -- scan_doubling ------------------------------------------------------------------------------------------------------


def _scan_doubling(a, b):
    reach = 1
    while reach < b.shape[1]:
        b = torch.cat([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], dim=1)
        a = torch.cat([a[:, :reach], a[:, reach:] * a[:, :-reach]], dim=1)
        reach = reach * 2
    return b


scan_doubling = Exercise(
    name="22.scan_doubling",
    points=3,
    inputs=_steps_of,
    oracle=_sum_of_products,
    stand_in=scanning.scan_doubling,
    right=_scan_doubling,
    trains=True,
    mistakes=slips(
        _scan_doubling,
        {
            "there is one round only: each state has taken in the step before it, and nothing earlier": "while reach → if reach",
            "the last round is missing: the reach has to grow until it is T": "while reach < b.shape[1]: → while 2 * reach < b.shape[1]:",
            "the reach grows by one, not by doubling: steps are taken in twice": "reach * 2 → reach + 1",
            "the number of rounds is rounded down: a length that is no power of two needs one more": "while reach < b.shape[1]: → while reach * 2 <= b.shape[1]:",
            "the shift goes round the end: the first steps take in the last": (
                "b = torch.cat([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], dim=1) → b = a * b.roll(reach, 1) + b",
                "a = torch.cat([a[:, :reach], a[:, reach:] * a[:, :-reach]], dim=1) → a = a * a.roll(reach, 1)",
            ),
            "the factors are not joined: after the first round they belong to longer stretches": "        a = torch.cat([a[:, :reach], a[:, reach:] * a[:, :-reach]], dim=1)\n →",
            "the factor of the earlier stretch multiplies: the earlier state goes through the *later* factor": "a[:, reach:] * b[:, :-reach] → a[:, :-reach] * b[:, :-reach]",
            "the earlier b goes through no factor": "a[:, reach:] * b[:, :-reach] → b[:, :-reach]",
            "the factors of the later stretch multiply its own b, not the earlier one": "a[:, reach:] * b[:, :-reach] + b[:, reach:] → b[:, :-reach] + a[:, reach:] * b[:, reach:]",
            "a is joined before b uses it: b then goes through factors that are too long": (
                "        b = torch.cat([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], dim=1)\n →",
                "        reach = reach * 2 →         b = torch.cat([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], dim=1)\n        reach = reach * 2",
            ),
            "the first steps of each round are set to zero: they are finished, and stay": "[b[:, :reach], → [torch.zeros_like(b[:, :reach]),",
            "the products of a are handed back, not the states": "return b → return a",
            "only the last state is handed back": "return b → return b[:, -1]",
        },
    ),
    forbids=("seqlib.models.scan.scan", "seqlib.models.scan.recurrence"),
    returns=("states",),
)


# -- scan ---------------------------------------------------------------------------------------------------------------


def _scan(a, b):
    steps = b.shape[1]
    if steps == 1:
        return b
    left = slice(0, steps - 1, 2)
    right = slice(1, None, 2)
    a_pairs = a[:, right] * a[:, left]
    b_pairs = a[:, right] * b[:, left] + b[:, right]
    ends = _scan(a_pairs, b_pairs)
    h = b.clone()
    h[:, 1::2] = ends
    h[:, 2::2] = a[:, 2::2] * ends[:, : (steps - 1) // 2] + b[:, 2::2]
    return h


scan = Exercise(
    name="22.scan",
    points=4,
    inputs=_steps_of,
    oracle=_sum_of_products,
    stand_in=scanning.scan,
    right=_scan,
    trains=True,
    mistakes=slips(
        _scan,
        {
            "the pairs are not joined: their first steps are lost": "a[:, right] * b[:, left] + b[:, right] → b[:, right]",
            "the pairs are joined in the wrong order: the *earlier* b goes through the *later* factor": "a[:, right] * b[:, left] + b[:, right] → a[:, left] * b[:, right] + b[:, left]",
            "the factor of a pair is that of its second step alone: both multiply": "a[:, right] * a[:, left] → a[:, right]",
            "the b of a pair are added, with no factor between them": "a[:, right] * b[:, left] + → b[:, left] +",
            "what lies between is left as $b_t$: the state before it belongs to it": "    h[:, 2::2] = a[:, 2::2] * ends[:, : (steps - 1) // 2] + b[:, 2::2]\n →",
            "what lies between takes the pair's state with no factor": "a[:, 2::2] * ends → ends",
            "what lies between takes the factor of the step before: $a_t$ belongs to step t": "a[:, 2::2] * ends[:, : (steps - 1) // 2] → a[:, 1 : steps - 1 : 2] * ends[:, : (steps - 1) // 2]",
            "what lies between begins with a zero state each time: its own $b_t$ is missing": "ends[:, : (steps - 1) // 2] + b[:, 2::2] → ends[:, : (steps - 1) // 2]",
            "the pairs are scanned without their recursion: each pair knows itself alone": "_scan(a_pairs, b_pairs) → b_pairs",
            "only the last state of each pair is handed back: half of the steps are missing": "return h → return ends",
            "the states of the pairs are put at the first step of each pair: they hold what is true after the second": (
                "h[:, 1::2] = ends → h[:, : steps - 1 : 2] = ends",
                "    h[:, 2::2] = a[:, 2::2] * ends[:, : (steps - 1) // 2] + b[:, 2::2]\n →",
            ),
            "it is a running product times a running sum: each $b_s$ goes through factors from before it came, too": (
                "        return b\n →         return a * b\n",
                "return h → return a.cumprod(dim=1) * b.cumsum(dim=1)",
            ),
            "the first state is set to zero: it is $b_0$": "h[:, 1::2] = ends → h[:, 0], h[:, 1::2] = 0.0, ends",
        },
    ),
    forbids=("seqlib.models.scan.scan_doubling", "seqlib.models.scan.recurrence"),
    returns=("states",),
)


# -- scan_backward ------------------------------------------------------------------------------------------------------


def _passed_back(rng) -> list[Case]:
    def case(label, *shape):
        a, h = _kept(rng, *shape), _away(rng, *shape)
        return Case(label, a=a, h=h, grad=_away(rng, *shape))

    return [
        case("2 sequences of 6 steps, 3 units", 2, 6, 3),
        case("one sequence of 9 steps, 2 units", 1, 9, 2),
        case("3 sequences of 4 steps, 5 units", 3, 4, 5),
        case("a single step", 2, 1, 3),
    ]


def _nudged(a, h, grad):
    """Step by step: every later state that a nudge reaches, with all factors on its way."""
    a, h, grad = (torch.as_tensor(part) for part in (a, h, grad))
    steps = a.shape[1]
    reached = [
        sum(grad[:, t] * a[:, s + 1 : t + 1].prod(dim=1) for t in range(s, steps))
        for s in range(steps)
    ]  # fmt: skip
    nothing = torch.zeros_like(h[:, 0])
    by_a = [nudge * (h[:, s - 1] if s else nothing) for s, nudge in enumerate(reached)]
    return torch.stack(by_a, dim=1), torch.stack(reached, dim=1)


def _scan_backward(a, h, grad):
    zeros = torch.zeros_like(h[:, :1])
    a_next = torch.cat([a[:, 1:], zeros], dim=1)
    before = torch.cat([zeros, h[:, :-1]], dim=1)
    arrived = scanning.scan(a_next.flip(1), grad.flip(1)).flip(1)
    return arrived * before, arrived


scan_backward = Exercise(
    name="22.scan_backward",
    points=3,
    inputs=_passed_back,
    oracle=_nudged,
    stand_in=scanning.scan_backward,
    right=_scan_backward,
    mistakes=slips(
        _scan_backward,
        {
            "the factors are not moved by one: from $h_{t+1}$ back to $h_t$ it is $a_{t+1}$ that multiplies": "torch.cat([a[:, 1:], zeros], dim=1) → a",
            "the factors are moved the wrong way": "torch.cat([a[:, 1:], zeros], dim=1) → torch.cat([zeros, a[:, :-1]], dim=1)",
            "it runs forwards in time: a gradient comes from later steps": "scanning.scan(a_next.flip(1), grad.flip(1)).flip(1) → scanning.scan(a, grad)",
            "the result is not turned back: it stands in reversed time": "grad.flip(1)).flip(1) → grad.flip(1))",
            "only `grad` is turned round, not the factors": "a_next.flip(1) → a_next",
            "the gradient by a takes the state of the same step: $a_t$ multiplied the state *before* it": "arrived * before, → arrived * h,",
            "the gradient by a is the state before alone: what arrives at the step multiplies it": "arrived * before, → before,",
            "the channels are turned round, not the time: time is the second axis, 1": (
                "a_next.flip(1), grad.flip(1)).flip(1) → a_next.flip(-1), grad.flip(-1)).flip(-1)"
            ),
            "nothing is passed back: the gradient at each step is its own alone": "scanning.scan(a_next.flip(1), grad.flip(1)).flip(1) → grad",
            "the gradient by b is multiplied by a: b is added after the product": "before, arrived → before, a * arrived",
            "the two results change places: first by a, then by b": "return arrived * before, arrived → return arrived, arrived * before",
            "the gradient by a is that of the next step's factor": "torch.cat([zeros, h[:, :-1]], dim=1) → torch.cat([h[:, 1:], zeros], dim=1)",
            "the states before go round the end: before the first step there is nothing": "torch.cat([zeros, h[:, :-1]], dim=1) → h.roll(1, dims=1)",
        },
    ),
    forbids=("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward"),
    returns=("by a", "by b"),
)


# -- discretise ---------------------------------------------------------------------------------------------------------


def _continuous(rng) -> list[Case]:
    def case(label, width, states, **method):
        rates = tensor(-rng.uniform(0.4, 2.5, (width, states)))
        return Case(label, rates=rates, step=tensor(rng.uniform(0.2, 0.9, (width, 1))), **method)

    return [
        case("3 channels of 4 states, zero-order hold", 3, 4, method="zero-order hold"),
        case("2 channels of 5 states, bilinear", 2, 5, method="bilinear"),
        case("5 channels of 2 states, no method named", 5, 2),
        case("4 channels of 3 states, bilinear", 4, 3, method="bilinear"),
    ]


def _by_matrix_exponential(rates, step, method="zero-order hold"):
    """The hold: exp of the matrix ((λ, 1), (0, 0)) times Δ holds a and b. Bilinear: the trapezium, solved."""
    rates, step = torch.broadcast_tensors(torch.as_tensor(rates), torch.as_tensor(step))
    if method == "bilinear":  # h − h' = Δ (λ h + λ h') / 2 + Δ x
        down = torch.linalg.inv((1 - step * rates / 2)[..., None, None])[..., 0, 0]
        return down * (1 + step * rates / 2), down * step
    zero = torch.zeros_like(rates)
    matrix = torch.stack([torch.stack([rates, torch.ones_like(rates)], -1), torch.stack([zero, zero], -1)], -2)
    power = torch.linalg.matrix_exp(step[..., None, None] * matrix)
    return power[..., 0, 0], power[..., 0, 1]


def _discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        half = step * rates / 2
        return (1 + half) / (1 - half), step / (1 - half)
    a = torch.exp(step * rates)
    return a, (a - 1) / rates


discretise = Exercise(
    name="22.discretise",
    points=3,
    inputs=_continuous,
    oracle=_by_matrix_exponential,
    stand_in=scanning.discretise,
    right=_discretise,
    trains=True,
    mistakes=slips(
        _discretise,
        {
            "b of the hold is Δ itself (Euler's): the input is held while the state already decays": "return a, (a - 1) / rates → return a, step + 0 * rates",
            "a of the hold is $1 + Δλ$ (Euler's): between two readings the state decays by an exponential": "torch.exp(step * rates) → 1 + step * rates",
            "b of the hold is not divided by λ": "(a - 1) / rates → (a - 1)",
            "b of the hold is divided by Δλ: by λ alone": "(a - 1) / rates → (a - 1) / (step * rates)",
            "b of the hold has the wrong sign: $a - 1$, and λ, are both negative": "(a - 1) / rates → (1 - a) / rates",
            "b of the hold is a divided by λ: the 1 is left out": "(a - 1) / rates → a / rates",
            "Δ is left out of the exponent": "torch.exp(step * rates) → torch.exp(rates) + 0 * step",
            "the exponent is divided by Δ: λ is a rate, and is multiplied by the time": "torch.exp(step * rates) → torch.exp(rates / step)",
            "the sign in the exponent is wrong: the state grows": "torch.exp(step * rates) → torch.exp(-step * rates)",
            "the halves of the bilinear method are left out": "step * rates / 2 → step * rates",
            "the bilinear fraction stands on its head: $1 + Δλ/2$ is above": "(1 + half) / (1 - half), → (1 - half) / (1 + half),",
            "the signs of the bilinear method are exchanged, above and below: a step backwards in time": "(1 + half) / (1 - half), step / (1 - half) → (1 - half) / (1 + half), step / (1 + half)",
            "b of the bilinear method is Δ alone: it is divided by $1 - Δλ/2$ too": "step / (1 - half) → step + 0 * half",
            "the method is not looked at: it is always the hold": 'method == "bilinear" → method == "none"',
            "the method is not looked at: it is always bilinear": 'method == "bilinear" → method',
        },
    ),
    returns=("a", "b"),
)


# -- min_gru ------------------------------------------------------------------------------------------------------------


def _gated(rng) -> list[Case]:
    def case(label, batch, steps, width, hidden):
        W_z, W_h = (tensor(rng.normal(size=(width, hidden)) / np.sqrt(width)) for _ in range(2))
        x = _away(rng, batch, steps, width)
        return Case(label, x=x, W_z=W_z, b_z=_away(rng, hidden), W_h=W_h, b_h=_away(rng, hidden))

    return [
        case("2 sequences of 5 steps of 3, 4 units", 2, 5, 3, 4),
        case("one sequence of 7 steps of 4, 2 units", 1, 7, 4, 2),
        case("3 sequences of 4 steps of 2, 5 units", 3, 4, 2, 5),
    ]


def _by_numpy(x, W_z, b_z, W_h, b_h):
    x, W_z, b_z, W_h, b_h = (np.asarray(part) for part in (x, W_z, b_z, W_h, b_h))
    kept = sigmoid(-(np.einsum("btd,dh->bth", x, W_z) + b_z))
    new = np.einsum("btd,dh->bth", x, W_h) + b_h
    return torch.from_numpy(kept), torch.from_numpy(new - kept * new)


def _min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_z + b_z)
    n = x @ W_h + b_h
    return 1 - z, z * n


min_gru = Exercise(
    name="22.min_gru",
    points=2,
    inputs=_gated,
    oracle=_by_numpy,
    stand_in=scanning.min_gru,
    right=_min_gru,
    trains=True,
    mistakes=slips(
        _min_gru,
        {
            "the gate keeps the old state, as in 06: here $z_t$ lets the new one in": "return 1 - z, z * n → return z, (1 - z) * n",
            "the new state is not gated: $b_t = z_t n_t$": "z * n → n",
            "the gate is not bent: a sigmoid is missing": "torch.sigmoid(x @ W_z + b_z) → x @ W_z + b_z",
            "the new state goes through a tanh: a minGRU has none": "n = x @ W_h + b_h → n = torch.tanh(x @ W_h + b_h)",
            "the two results change places: first a, then b": "return 1 - z, z * n → return z * n, 1 - z",
            "the bias of the gate is left out": "x @ W_z + b_z → x @ W_z",
            "the bias of the new state is left out": "x @ W_h + b_h → x @ W_h",
            "one matrix serves both: the gate has its own": "x @ W_z → x @ W_h",
            "the weights of gate and new state change places": (
                "x @ W_z + b_z → x @ W_h + b_h",
                "n = x @ W_h + b_h → n = x @ W_z + b_z",
            ),
            "a is the gate itself: what stays is $1 - z_t$": "return 1 - z, → return z,",
            "the new state is gated by what stays: $b_t = z_t n_t$": "z * n → (1 - z) * n",
            "the gate is a tanh: between −1 and 1, where a share is meant": "torch.sigmoid( → torch.tanh(",
            "the bias is added behind the sigmoid": "torch.sigmoid(x @ W_z + b_z) → torch.sigmoid(x @ W_z) + b_z",
        },
    ),
    returns=("a", "b"),
)


# -- log_scan -----------------------------------------------------------------------------------------------------------


def _logarithms(rng) -> list[Case]:
    def case(label, *shape, low=0.3, high=0.95):
        log_a = tensor(np.log(rng.uniform(low, high, shape)))
        return Case(label, log_a=log_a, log_b=tensor(np.log(rng.uniform(0.3, 3.0, shape))))

    return [
        case("2 sequences of 7 steps, 3 units", 2, 7, 3),
        case("3 sequences of 5 steps, 4 units", 3, 5, 4),
        case("one sequence of 60 steps that forget all but a millionth at each", 1, 60, 2, low=1e-7, high=1e-6),
        case("a single step", 2, 1, 3),
    ]


def _in_plain_numbers(log_a, log_b):
    a, b = torch.as_tensor(log_a).exp(), torch.as_tensor(log_b).exp()
    h, states = 0.0, []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return torch.stack(states, dim=1)


def _log_scan(log_a, log_b):
    kept = log_a.cumsum(dim=1)
    inside = log_b - kept
    log_h = kept + inside.logcumsumexp(dim=1)
    return log_h.exp()


log_scan = Exercise(
    name="22.log_scan",
    points=3,
    inputs=_logarithms,
    oracle=_in_plain_numbers,
    stand_in=scanning.log_scan,
    right=_log_scan,
    trains=True,
    mistakes=slips(
        _log_scan,
        {
            "the logarithms are handed back: the states are their exponentials": "log_h.exp() → log_h",
            "each $b_s$ is multiplied by all that was kept up to s: it has to be divided by it": "log_b - kept → log_b + kept",
            "what was kept up to t is not multiplied back": "kept + inside → inside",
            "the sums of $\\log a$ are left out: each step keeps its own factor only": "log_a.cumsum(dim=1) → log_a",
            "it leaves the logarithms on the way: numbers too large for a float come between": "inside.logcumsumexp(dim=1) → inside.exp().cumsum(dim=1).log()",
            "the sum runs over the whole sequence, later steps and all: up to t alone": "inside.logcumsumexp(dim=1) → inside.logsumexp(dim=1, keepdim=True)",
            "the logarithms of b are added up: b is, not its logarithm": "inside.logcumsumexp(dim=1) → inside.cumsum(dim=1)",
            "the sums run over the sequences of the batch, not over time": "log_a.cumsum(dim=1) → log_a.cumsum(dim=0)",
            "the largest is taken, not the sum": "inside.logcumsumexp(dim=1) → inside.cummax(dim=1).values",
            "both sums run over the sequences of the batch, not over time": (
                "log_a.cumsum(dim=1) → log_a.cumsum(dim=0)",
                "inside.logcumsumexp(dim=1) → inside.logcumsumexp(dim=0)",
            ),
        },
    ),
    returns=("states",),
)


# -- selective_scan -----------------------------------------------------------------------------------------------------


def _selected(rng) -> list[Case]:
    def case(label, batch, steps, width, states, begun=False):
        given = {
            "x": _away(rng, batch, steps, width),
            "step": tensor(rng.uniform(0.2, 0.9, (batch, steps, width))),
            "rates": tensor(-rng.uniform(0.4, 2.0, (width, states))),
            "write": _away(rng, batch, steps, states),
            "read": _away(rng, batch, steps, states),
            "skip": _away(rng, width),
        }
        return Case(label, **given, h=_away(rng, batch, width, states) if begun else None)

    return [
        case("2 sequences of 5 steps, 3 channels of 4 states", 2, 5, 3, 4),
        case("one sequence of 6 steps, 4 channels of 2 states, which goes on from a state", 1, 6, 4, 2, begun=True),
        case("3 sequences of 4 steps, 2 channels of 5 states", 3, 4, 2, 5),
        case("2 sequences of a single step, which goes on from a state", 2, 1, 3, 4, begun=True),
    ]


def _number_by_number(x, step, rates, write, read, skip, h=None):
    """One channel and one state after another, in NumPy: what the papers' reference recurrence says."""
    given = (x, step, rates, write, read, skip)
    x, step, rates, write, read, skip = (np.asarray(part, dtype=np.float64) for part in given)
    batch, steps, width = x.shape
    state = np.zeros((batch, width, rates.shape[1])) if h is None else np.asarray(h, dtype=np.float64).copy()
    y = np.zeros_like(x)
    for i, t, d in np.ndindex(batch, steps, width):
        y[i, t, d] = skip[d] * x[i, t, d]
        for n in range(rates.shape[1]):
            decayed = np.exp(step[i, t, d] * rates[d, n]) * state[i, d, n]
            state[i, d, n] = decayed + step[i, t, d] * write[i, t, n] * x[i, t, d]
            y[i, t, d] += read[i, t, n] * state[i, d, n]
    return torch.from_numpy(y), torch.from_numpy(state)


def _selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    if h is not None:
        b = torch.cat([b[:, :1] + a[:, :1] * h[:, None], b[:, 1:]], dim=1)
    states = scanning.scan(a, b)
    y = (states * read[:, :, None]).sum(dim=-1)
    return y + skip * x, states[:, -1]


selective_scan = Exercise(
    name="22.selective_scan",
    points=4,
    inputs=_selected,
    oracle=_number_by_number,
    stand_in=scanning.selective_scan,
    right=_selective_scan,
    trains=True,
    mistakes=slips(
        _selective_scan,
        {
            "what is written is not multiplied by Δ": "(step * x)[..., None] → x[..., None]",
            "write and read change places": (
                "* write[:, :, None] → * read[:, :, None]",
                "(states * read[:, :, None]) → (states * write[:, :, None])",
            ),
            "the skip is left out: $x_t$ itself passes, too": "y + skip * x → y",
            "the input is added as it is: the skip has a factor for each channel": "y + skip * x → y + x",
            "the state to go on with is not used": "if h is not None: → if False:",
            "the state to go on with is added at every step: it enters the first": "b = torch.cat([b[:, :1] + a[:, :1] * h[:, None], b[:, 1:]], dim=1) → b = b + a * h[:, None]",
            "the state to go on with enters the first step without its decay": "a[:, :1] * h[:, None] → h[:, None]",
            "Δ is left out of the decay": "torch.exp(step[..., None] * rates) → torch.exp(rates + 0 * step[..., None])",
            "the sign in the decay is wrong: the states grow": "torch.exp(step[..., None] * rates) → torch.exp(-step[..., None] * rates)",
            "the decay is $1 + Δλ$ (Euler's): λ goes into an exponential": "torch.exp(step[..., None] * rates) → 1 + step[..., None] * rates",
            "the decay is not bent: an exponential is missing": "torch.exp(step[..., None] * rates) → step[..., None] * rates",
            "what is written is the exact hold's, $(a - 1)/λ$: here it is Δ, as in the reference": "(step * x)[..., None] * → ((a - 1) / rates) * x[..., None] *",
            "all states are handed back: the last is what one goes on with": "states[:, -1] → states",
            "the states are averaged, not added up, when they are read": ".sum(dim=-1) → .mean(dim=-1)",
        },
    ),
    forbids=("seqlib.models.scan.selective_scan",),
    returns=("y", "the last state"),
)


# -- linear_attention_loop ----------------------------------------------------------------------------------------------


def _looked_at(rng) -> list[Case]:
    def case(label, *shape, steps, d_k, d_v, begun=False):
        q, k = (_away(rng, *shape, steps, d_k) for _ in range(2))
        S = _away(rng, *shape, d_k, d_v) if begun else None
        return Case(label, q=q, k=k, v=_away(rng, *shape, steps, d_v), S=S)

    return [
        case("2 sequences of 5 steps, keys of 3, values of 4", 2, steps=5, d_k=3, d_v=4),
        case("2 sequences, 3 heads, 4 steps, keys of 5, values of 2", 2, 3, steps=4, d_k=5, d_v=2),
        case("one of 7 steps, keys of 2, values of 3, which goes on", 1, steps=7, d_k=2, d_v=3, begun=True),
        case("a single step", 3, steps=1, d_k=2, d_v=5),
    ]


def _all_at_once(q, k, v, S=None):
    q, k, v = (torch.as_tensor(part) for part in (q, k, v))
    mask = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool).tril()
    out = torch.einsum("...td,...sd->...ts", q, k).masked_fill(~mask, 0.0) @ v
    kept = torch.einsum("...sd,...se->...de", k, v)
    return (out, kept) if S is None else (out + q @ torch.as_tensor(S), kept + torch.as_tensor(S))


def _linear_attention_loop(q, k, v, S=None):
    if S is None:
        S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :])
    out = []
    for t in range(q.shape[-2]):
        S = S + k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, dim=-2), S


linear_attention_loop = Exercise(
    name="22.linear_attention_loop",
    points=3,
    inputs=_looked_at,
    oracle=_all_at_once,
    stand_in=scanning.linear_attention_loop,
    right=_linear_attention_loop,
    trains=True,
    mistakes=slips(
        _linear_attention_loop,
        {
            "the state to go on with is not used": "if S is None: → if True:",
            "the state is written over, not added to: it holds the last pair alone": "S = S + k[..., t, :, None] → S = k[..., t, :, None]",
            "it reads before it writes: a step attends to itself, too": "        S = S + k[..., t, :, None] * v[..., t, None, :]\n        out.append((q[..., t, None, :] @ S).squeeze(-2)) →         out.append((q[..., t, None, :] @ S).squeeze(-2))\n        S = S + k[..., t, :, None] * v[..., t, None, :]",
            "the query is written, not the key": "S + k[..., t, :, None] * → S + q[..., t, :, None] *",
            "the key reads, not the query": "(q[..., t, None, :] @ S) → (k[..., t, None, :] @ S)",
            "the scores are divided by the root of d_k: there is no softmax that needs it": "@ S).squeeze(-2)) → @ S).squeeze(-2) / k.shape[-1] ** 0.5)",
            "it is divided by the number of steps so far: a mean, where a sum is meant": "@ S).squeeze(-2)) → @ S).squeeze(-2) / (t + 1))",
            "old pairs fade: here nothing does": "S = S + k → S = 0.9 * S + k",
            "the first pair is left out": "range(q.shape[-2]) → range(1, q.shape[-2])",
            "the pairs are read in the order of time reversed": "range(q.shape[-2]) → reversed(range(q.shape[-2]))",
            "the state lies on its side: the key's numbers go down, the value's across": "return torch.stack(out, dim=-2), S → return torch.stack(out, dim=-2), S.mT",
            "the two results change places: first out, then the state": "return torch.stack(out, dim=-2), S → return S, torch.stack(out, dim=-2)",
        },
    ),
    returns=("out", "the last state"),
)


# -- delta_rule ---------------------------------------------------------------------------------------------------------


def _rewritten(rng) -> list[Case]:
    def case(label, *shape, steps, d_k, d_v, begun=False):
        q, k = _away(rng, *shape, steps, d_k), rng.normal(size=(*shape, steps, d_k))
        S = _away(rng, *shape, d_k, d_v) if begun else None
        k = tensor(k / np.linalg.norm(k, axis=-1, keepdims=True))
        rate = tensor(rng.uniform(0.3, 0.9, (*shape, steps)))
        return Case(label, q=q, k=k, v=_away(rng, *shape, steps, d_v), rate=rate, S=S)

    return [
        case("2 sequences of 5 steps, keys of 3, values of 4", 2, steps=5, d_k=3, d_v=4),
        case("2 sequences, 3 heads, 4 steps, keys of 5, values of 2", 2, 3, steps=4, d_k=5, d_v=2),
        case("one of 8 steps, keys of 2, values of 3, which goes on", 1, steps=8, d_k=2, d_v=3, begun=True),
        case("a single step", 3, steps=1, d_k=2, d_v=5),
    ]


def _through_matrices(q, k, v, rate, S=None):
    """S_t = (I − η k kᵀ) S + η k v: the state goes through a matrix at each step."""
    q, k, v, rate = (torch.as_tensor(part) for part in (q, k, v, rate))
    nothing = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=k.dtype)
    S, out = nothing if S is None else torch.as_tensor(S), []
    for t in range(k.shape[-2]):
        column, weight = k[..., t, :, None], rate[..., t, None, None]
        through = torch.eye(k.shape[-1], dtype=k.dtype) - weight * (column @ column.mT)
        S = through @ S + weight * (column @ v[..., t, None, :])
        out.append(torch.einsum("...d,...de->...e", q[..., t, :], S))
    return torch.stack(out, dim=-2), S


def _delta_rule(q, k, v, rate, S=None):
    if S is None:
        S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :])
    out = []
    for t in range(q.shape[-2]):
        known = k[..., t, None, :] @ S
        new = v[..., t, None, :] - known
        S = S + rate[..., t, None, None] * k[..., t, :, None] * new
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, dim=-2), S


delta_rule = Exercise(
    name="22.delta_rule",
    points=3,
    inputs=_rewritten,
    oracle=_through_matrices,
    stand_in=scanning.delta_rule,
    right=_delta_rule,
    trains=True,
    mistakes=slips(
        _delta_rule,
        {
            "the state to go on with is not used": "if S is None: → if True:",
            "what is known is not taken off: that is linear attention with a rate": "v[..., t, None, :] - known → v[..., t, None, :]",
            "what is known is added, not taken off": "v[..., t, None, :] - known → v[..., t, None, :] + known",
            "the rate is left out": "S + rate[..., t, None, None] * → S +",
            "what is known is asked with the query: it is the key's value that is replaced": "known = k[..., t, None, :] @ S → known = q[..., t, None, :] @ S",
            "it reads before it writes": "        S = S + rate[..., t, None, None] * k[..., t, :, None] * new\n        out.append((q[..., t, None, :] @ S).squeeze(-2)) →         out.append((q[..., t, None, :] @ S).squeeze(-2))\n        S = S + rate[..., t, None, None] * k[..., t, :, None] * new",
            "the whole state fades by the rate: only what stands under this key does": "S = S + rate[..., t, None, None] → S = (1 - rate[..., t, None, None]) * S + rate[..., t, None, None]",
            "the whole state fades, and the value is written as it is: only what stands under this key is replaced": (
                "v[..., t, None, :] - known → v[..., t, None, :]",
                "S = S + rate[..., t, None, None] → S = (1 - rate[..., t, None, None]) * S + rate[..., t, None, None]",
            ),
            "the query is written, not the key": "rate[..., t, None, None] * k[..., t, :, None] → rate[..., t, None, None] * q[..., t, :, None]",
            "the key reads, not the query": "(q[..., t, None, :] @ S) → (k[..., t, None, :] @ S)",
            "the rate multiplies the value alone: it belongs to the difference of value and what is known": (
                "new = v[..., t, None, :] - known → new = rate[..., t, None, None] * v[..., t, None, :] - known",
                "S + rate[..., t, None, None] * k → S + k",
            ),
            "the rate multiplies what is known, too: it is in the difference twice": "- known → - rate[..., t, None, None] * known",
            "the rate of the first step is taken for all": "rate[..., t, None, None] → rate[..., :1, None]",
            "the state is written over, not added to": "S = S + rate → S = rate",
            "the two results change places: first out, then the state": "return torch.stack(out, dim=-2), S → return S, torch.stack(out, dim=-2)",
        },
    ),
    returns=("out", "the last state"),
)
