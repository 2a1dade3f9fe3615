"""Notebook 05: the LSTM, from four gates to a network that colours Python."""

import numpy as np
import torch

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import WIDTH_SLIPS, away, sigmoid, tensors, torch_layer, weights, widest

# What would do the work of writing an LSTM, or of going backwards through one.
READY_MADE = ("torch.nn.LSTM", "torch.nn.LSTMCell", "torch.lstm", "torch.lstm_cell")
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward")


def _logit(p):
    return np.log(p / (1 - p))


# -- forget_bias_for -------------------------------------------------------------------------------------------------


def _delays(rng) -> list[Case]:
    return [
        Case("two steps", steps=2),
        Case("a few steps", steps=int(rng.integers(3, 9))),
        Case("two hundred steps", steps=200),
        Case("many steps", steps=int(rng.integers(500, 5000))),
    ]


def _bisected(steps):
    # What is left after `steps` grows with the bias: halve the range in which it passes one half.
    low, high = -1.0, 30.0
    for _ in range(200):
        middle = (low + high) / 2
        left = np.exp(-steps * np.logaddexp(0.0, -middle))
        low, high = (middle, high) if left < 0.5 else (low, middle)
    return (low + high) / 2


def _bias(steps):
    f = 0.5 ** (1 / steps)
    return np.log(f / (1 - f))


BIAS_SLIPS = {
    "the gate is handed back, not the bias: the sigmoid has to be undone": "np.log(f / (1 - f)) → f",
    "the sigmoid is undone the wrong way round, and the gate closes": "f / (1 - f) → (1 - f) / f",
    "the logarithm of the gate is handed back: the sigmoid's inverse is $\\log\\frac{f}{1-f}$": "f / (1 - f) → f",
    "the logarithm of $1-f$ alone is handed back": "f / (1 - f) → 1 - f",
    "the sigmoid is applied once more, where it has to be undone": "np.log(f / (1 - f)) → sigmoid(f)",
    "the logarithm is left out": "np.log(f / (1 - f)) → f / (1 - f)",
    "the logarithm has base 2": "np.log( → np.log2(",
    "the logarithm has base 10": "np.log( → np.log10(",
    "half is left after one step, whatever the number of steps": "0.5 ** (1 / steps) → 0.5",
    "the steps are multiplied, not a power: $f \\cdot n$ in the place of $f^n$": "0.5 ** (1 / steps) → 0.5 / steps",
    "$1/e$ is left, not one half": "0.5 ** (1 / steps) → np.exp(-1 / steps)",
    "one step too many is counted": "(1 / steps) → (1 / (steps + 1))",
    "the rule of thumb $\\log n$ is used, which leaves about $1/e$": "np.log(f / (1 - f)) → np.log(steps)",
    "one half is *lost* at every step of $n$: the root of one half is missing": "0.5 ** (1 / steps) → 0.5**steps",
    "the root is replaced by its first approximation, $1 - 1/2n$": "0.5 ** (1 / steps) → 1 - 1 / (2 * steps)",
    "a gate of $1 - 1/n$ is taken, which leaves about $1/e$": "0.5 ** (1 / steps) → 1 - 1 / steps",
}

forget_bias_for = Exercise(
    name="05.forget_bias_for",
    points=2,
    inputs=_delays,
    oracle=_bisected,
    right=_bias,
    mistakes=slips(_bias, BIAS_SLIPS),
    returns=("bias",),
)


# -- lstm_step -------------------------------------------------------------------------------------------------------


def _two_states(rng, batch, hidden, zero=False):
    if zero:
        return np.zeros((2, batch, hidden))
    return away(rng, batch, hidden) * 0.7, away(rng, batch, hidden) * 1.5


def _weights(rng, inputs, hidden) -> dict:
    W_xh, W_hh = weights(rng, inputs, 4 * hidden), weights(rng, hidden, 4 * hidden)
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": away(rng, 4 * hidden) * 0.5}


def _steps(rng) -> list[Case]:
    def case(label, batch, inputs, hidden, first=False):
        h_prev, c_prev = _two_states(rng, batch, hidden, first)
        return Case(label, x_t=away(rng, batch, inputs), h_prev=h_prev, c_prev=c_prev, **_weights(rng, inputs, hidden))

    return [
        case("a batch of 3, more hidden units than inputs", 3, 4, 5),
        case("a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        case("the first step: both states are zero", 2, 3, 6, first=True),
        case("a single unit", 4, 2, 1),
    ]


def _cell(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    # PyTorch's own cell, with these weights in it.
    cell = torch_layer(torch.nn.LSTMCell, W_xh, W_hh, b_h, 0 * b_h)
    x_t, h_prev, c_prev = tensors(x_t, h_prev, c_prev)
    with torch.no_grad():
        return tuple(part.numpy() for part in cell(x_t, (h_prev, c_prev)))


def _step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    sums = x_t @ W_xh + h_prev @ W_hh + b_h
    i, f, g, o = np.split(sums, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    h_t = o * np.tanh(c_t)
    return h_t, c_t


CELL_SLIPS = {
    "the input and the forget gate are swapped: the first quarter is i": "i, f, g, o = np → f, i, g, o = np",
    "the last two quarters are swapped: g comes before o": "i, f, g, o = np → i, f, o, g = np",
    "the forget and the output gate are swapped": "i, f, g, o = np → i, o, g, f = np",
    "the quarters are read from the end: the order is i, f, g, o": "i, f, g, o = np → o, g, f, i = np",
    "the candidate goes through a sigmoid, so that nothing can be subtracted": "np.tanh(g) → sigmoid(g)",
    "the candidate is without its tanh": "np.tanh(g) → g",
    "the cell is shown as it is: the tanh around $c_t$ is forgotten": "np.tanh(c_t) → c_t",
    "the cell is shown through a sigmoid, where a tanh belongs": "np.tanh(c_t) → sigmoid(c_t)",
    "the input gate itself is added, without the candidate g": "i * g → i",
    "the candidate is added whole: the input gate is left out": "i * g → g",
    "the forget gate multiplies the candidate, where the input gate belongs": "i * g → f * g",
    "the input gate is tied to the forget gate, $1-f$: that is a GRU's average": "i * g → (1 - f) * g",
    "nothing is ever forgotten: the forget gate is left out": "f * c_prev → c_prev",
    "the input gate multiplies the old cell, where the forget gate belongs": "f * c_prev → i * c_prev",
    "the forget gate forgets where it should keep: $1-f$ multiplies the old cell": "f * c_prev → (1 - f) * c_prev",
    "the cell is written anew at every step: $f\\,c_{t-1}$ is left out": "f * c_prev + → ",
    "the forget gate multiplies $h_{t-1}$ in the place of $c_{t-1}$": "f * c_prev → f * h_prev",
    "the cell is squashed before it is carried on, which closes the additive path": (
        ("f * c_prev + i * g → np.tanh(f * c_prev + i * g)", "o * np.tanh(c_t) → o * c_t")
    ),
    "the cell is squashed twice: before it is carried on, and to be shown": "f * c_prev + i * g → np.tanh(f * c_prev + i * g)",
    "everything is shown: the output gate is left out": "o * np.tanh → np.tanh",
    "the input gate stands in the place of the output gate": "o * np.tanh → i * np.tanh",
    "the forget gate stands in the place of the output gate": "o * np.tanh → f * np.tanh",
    "the old cell is shown: $h_t$ reads $c_{t-1}$ in the place of $c_t$": "np.tanh(c_t) → np.tanh(c_prev)",
    "the gates are left without a sigmoid": "sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o) → i, f, np.tanh(g), o",
    "the gates go through tanh": "sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o) → np.tanh([i, f, g, o])",
    "the gates do not read the old state: $h_{t-1}W_{hh}$ is left out": " + h_prev @ W_hh → ",
    "the gates read the cell in the place of the state": "h_prev @ W_hh → c_prev @ W_hh",
    "the gates do not read the input: $x_tW_{xh}$ is left out": "x_t @ W_xh + → ",
    "each block of `W_hh` is transposed": "@ W_hh → @ np.hstack([part.T for part in np.split(W_hh, 4, axis=1)])",
    "the bias is left out": " + b_h → ",
    "the bias counts twice": " + b_h → + 2 * b_h",
    "the two results change places: $h_t$ comes first": "return h_t, c_t → return c_t, h_t",
    "the old cell is handed back": "return h_t, c_t → return h_t, c_prev",
    "only $h_t$ is handed back: the next step needs $c_t$ as well": "return h_t, c_t → return h_t",
}

lstm_step = Exercise(
    name="05.lstm_step",
    points=4,
    inputs=_steps,
    oracle=_cell,
    right=_step,
    mistakes=slips(_step, CELL_SLIPS),
    forbids=READY_MADE,
    returns=("h_t", "c_t"),
)


# -- latch -----------------------------------------------------------------------------------------------------------

OPEN, CLOSE, OTHER = 0, 1, 2


def _bracketed() -> list[np.ndarray]:
    """Texts as codes: brackets close by, brackets far apart, a closing bracket first, two openings in a row."""
    rng = np.random.default_rng(5)
    near = [OTHER, OTHER, CLOSE, OTHER, OPEN, OTHER, OTHER, CLOSE, OTHER, CLOSE, OTHER, OPEN, OPEN, CLOSE, OTHER]
    far = [OTHER, OPEN, *[OTHER] * 300, CLOSE, *[OTHER] * 40, OPEN, OTHER]
    return [np.array(text) for text in (near, far, rng.choice(3, 120, p=[0.1, 0.1, 0.8]))]


def _inside(tokens) -> np.ndarray:
    # By the definition: of the brackets up to here, was the last one an opening one?
    seen = "".join("()."[t] for t in tokens)
    return np.array([seen.rfind("(", 0, t + 1) > seen.rfind(")", 0, t + 1) for t in range(len(seen))])


def _latches(found, case) -> str | None:
    """What a one-unit LSTM with these weights does wrong, None if nothing: h above one half inside only."""
    wanted = "`latch` should be a tuple of three arrays: W_xh (3, 4), W_hh (1, 4), b_h (4,)"
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        return wanted
    try:
        weights = W_xh, W_hh, b_h = [np.asarray(part, dtype=float) for part in found]
    except (TypeError, ValueError):
        return f"{wanted}, and holds something that is no number"
    if (W_xh.shape, W_hh.shape, b_h.shape) != ((3, 4), (1, 4), (4,)):
        return f"{wanted}; found {W_xh.shape}, {W_hh.shape}, {b_h.shape}"
    return next((wrong for tokens in _bracketed() if (wrong := _first_wrong(tokens, *weights))), None)


def _first_wrong(tokens, *weights) -> str | None:
    """The first character at which such a latch is wrong, in a sentence."""
    h, c, inside = np.zeros((1, 1)), np.zeros((1, 1)), _inside(tokens)
    for t, token in enumerate(tokens):
        h, c = _step(np.eye(3)[[token]], h, c, *weights)
        if (h[0, 0] > 0.5) == inside[t]:
            continue
        shown = f"h is {h[0, 0]:.2f}"
        opened = [k for k in range(t + 1) if tokens[k] == OPEN]
        if inside[t] and token == OPEN:
            return f"it does not notice an opening bracket: {shown}, and should be above one half"
        if inside[t]:
            return f"it forgets: {t - opened[-1]} characters after an opening bracket {shown}, and nothing was closed"
        if not opened:
            return f"it says “inside” before any bracket was opened: {shown} after {t + 1} character{'s' * (t > 0)}"
        return f"it does not let go: {shown} at a closing bracket or after it"
    return None


def _latch():
    opens, closes, other = (20.0, 0, 10, 0), (0, -20, 0, 0), (0, 0, 0, 0)
    b_h = np.array([-10.0, 10, 0, 10])
    return np.array([opens, closes, other]), np.zeros((1, 4)), b_h


LATCH_SLIPS = {
    "it never lets go: a closing bracket has to close the forget gate": "(0, -20, 0, 0) → (0, 0, 0, 0)",
    "it forgets at once: without a bracket the forget gate has to stay open": "-10.0, 10, → -10.0, -10,",
    "it forgets after a few characters: the forget gate is open, but not far enough": "-10.0, 10, → -10.0, 1,",
    "it says “inside” from the start: without a bracket the input gate should be closed": "-10.0, 10, 0 → 10, 10, 10",
    "it never shows what it knows: the output gate is closed": "10, 0, 10]) → 10, 0, -10])",
    "it says the opposite: an opening bracket writes −1 into the cell and a closing one +1": (
        ("(20.0, 0, 10, 0) → (20, 0, -10, 0)", "(0, -20, 0, 0) → (20, 0, 10, 0)")
    ),
    "the two brackets change places": "opens, closes, other = → closes, opens, other =",
    "it counts brackets, where it should latch: two closings outweigh the next opening": "(0, -20, 0, 0) → (20, 0, -10, 0)",
    "it forgets at an opening bracket and keeps at a closing one": "(20.0, 0, 10, 0), (0, -20, → (20, -20, 0, 0), (20, 0,",
    "it never notices: an opening bracket has to open the input gate": "(20.0, 0, 10, 0) → (0, 0, 10, 0)",
    "it writes nothing: an opening bracket has to set the candidate too": "(20.0, 0, 10, 0) → (20, 0, 0, 0)",
}

latch = Exercise(
    name="05.latch",
    points=3,
    value=True,
    oracle=_latch,
    judge=_latches,
    right=_latch,
    mistakes=slips(_latch, LATCH_SLIPS),
)


# -- lstm_forward ----------------------------------------------------------------------------------------------------


def _sequence_case(rng, label, batch, steps, inputs, hidden, zero=False) -> Case:
    h_0, c_0 = _two_states(rng, batch, hidden, zero)
    return Case(label, x=away(rng, batch, steps, inputs), h_0=h_0, c_0=c_0, **_weights(rng, inputs, hidden))


def _sequences(rng) -> list[Case]:
    return [
        _sequence_case(rng, "2 sequences of 5 steps", 2, 5, 3, 4),
        _sequence_case(rng, "4 sequences of a single step", 4, 1, 3, 2),
        _sequence_case(rng, "1 sequence of 7 steps from states of zeros", 1, 7, 2, 5, zero=True),
        _sequence_case(rng, "3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
    ]


def _torch_lstm(x, h_0, c_0, W_xh, W_hh, b_h):
    # PyTorch's own layer, read in pieces of one step: the last c of each piece is that step's cell.
    layer = torch_layer(torch.nn.LSTM, W_xh, W_hh, b_h, 0 * b_h, batch_first=True)
    x, h, c = tensors(x, h_0, c_0)
    states, cells, state = [], [], (h[None], c[None])
    with torch.no_grad():
        for piece in x.split(1, dim=1):
            out, state = layer(piece, state)
            states.append(out[:, 0])
            cells.append(state[1][0])
    return torch.stack(states, dim=1).numpy(), torch.stack(cells, dim=1).numpy()


def _forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c, states, cells = h_0, c_0, [], []
    for t in range(x.shape[1]):
        h, c = _step(x[:, t], h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    states, cells = np.stack(states, axis=1), np.stack(cells, axis=1)
    return states, cells


FORWARD_SLIPS = {
    "the cell is reset at every step: each begins again from `c_0`": "[:, t], h, c, → [:, t], h, c_0,",
    "the state is reset at every step: the gates read `h_0` each time": "[:, t], h, c, → [:, t], h_0, c,",
    "the steps are read from the last to the first": (
        "in range( → in reversed(range(",
        ".shape[1]): → .shape[1])):",
        "np.stack(states → np.stack(states[::-1]",
        "np.stack(cells → np.stack(cells[::-1]",
    ),
    "both states are reset at every step": "[:, t], h, c, → [:, t], h_0, c_0,",
    "h and c change places when they come out of a step": "h, c = _step → c, h = _step",
    "h and c change places when they go into a step": "[:, t], h, c, → [:, t], c, h,",
    "what is shown is carried on as the cell too: c is replaced by h": "cells.append(c) → cells.append(h); c = h",
    "the initial cell is ignored: reading begins with c at zero": "= h_0, c_0, → = h_0, 0 * c_0,",
    "the initial state is ignored: reading begins with h at zero": "= h_0, c_0, → = 0 * h_0, c_0,",
    "the initial states are ignored: reading begins from zeros": "= h_0, c_0, → = 0 * h_0, 0 * c_0,",
    "the initial state is taken for the initial cell too": "= h_0, c_0, → = h_0, h_0,",
    "the initial states change places": "= h_0, c_0, → = c_0, h_0,",
    "the steps are stacked along the first axis: (T, B, H), where (B, T, H) belongs": (
        ("np.stack(states, axis=1) → np.stack(states)", "np.stack(cells, axis=1) → np.stack(cells)")
    ),
    "the steps are stacked along the last axis: (B, H, T), where (B, T, H) belongs": (
        ("np.stack(states, axis=1) → np.stack(states, axis=2)", "np.stack(cells, axis=1) → np.stack(cells, axis=2)")
    ),
    "the steps are laid side by side, (B, T · H): `concatenate` makes no axis for time": (
        ("np.stack(states, → np.concatenate(states,", "np.stack(cells, → np.concatenate(cells,")
    ),
    "the loop runs over the sequences of the batch, not over the steps": ("x.shape[1] → x.shape[0]", "x[:, t] → x[t]"),
    "the states are one step late: the initial ones stand first and the last ones are missing": (
        ("np.stack(states, → np.stack([h_0, *states[:-1]],", "np.stack(cells, → np.stack([c_0, *cells[:-1]],")
    ),
    "the sequence is read from its end to its beginning": "range(x.shape[1]) → range(x.shape[1])[::-1]",
    "every step reads the first input": "x[:, t] → x[:, 0]",
    "every step reads the input of the step before": "x[:, t] → x[:, t - 1]",
    "the cells are left out: only the states are handed back": "return states, cells → return states",
    "states and cells change places": "return states, cells → return cells, states",
    "only the last h and c are handed back, not those of every step": "return states, cells → return h, c",
}

lstm_forward = Exercise(
    name="05.lstm_forward",
    points=3,
    inputs=_sequences,
    oracle=_torch_lstm,
    right=_forward,
    mistakes=slips(_forward, FORWARD_SLIPS),
    forbids=READY_MADE,
    returns=("states", "cells"),
)


# -- step_backward ---------------------------------------------------------------------------------------------------


def _back_steps(rng) -> list[Case]:
    def case(label, batch, hidden, last=False):
        i, f, o = rng.uniform(0.1, 0.9, (3, batch, hidden))  # none quite open, none quite closed
        g = rng.uniform(0.2, 0.9, (batch, hidden)) * rng.choice([-1, 1], (batch, hidden))
        c_prev, dc_t = away(rng, batch, hidden) * 1.5, (not last) * away(rng, batch, hidden)
        gates = np.concatenate([i, f, g, o], axis=1)
        return Case(label, dh_t=away(rng, batch, hidden), dc_t=dc_t, gates=gates, c_prev=c_prev, c_t=f * c_prev + i * g)

    return [
        case("a batch of 3, 4 units", 3, 4),
        case("a batch of 1, 6 units", 1, 6),
        case("the last step: nothing comes back through the cell", 4, 3, last=True),
        case("a single unit", 2, 1),
    ]


def _step_by_autograd(dh_t, dc_t, gates, c_prev, c_t):
    dh_t, dc_t, gates, c_prev = tensors(dh_t, dc_t, gates, c_prev)
    i, f, g, o = gates.chunk(4, dim=1)
    sums = torch.cat([i.logit(), f.logit(), g.atanh(), o.logit()], dim=1).requires_grad_()
    c_prev = c_prev.clone().requires_grad_()
    i, f, g, o = sums.chunk(4, dim=1)
    c = f.sigmoid() * c_prev + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    grads = torch.autograd.grad((h * dh_t).sum() + (c * dc_t).sum(), [sums, c_prev])
    return tuple(part.numpy() for part in grads)


def _back_one(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)
    d_i = dc * g * i * (1 - i)
    d_f = dc * c_prev * f * (1 - f)
    d_g = dc * i * (1 - g**2)
    d_o = dh_t * np.tanh(c_t) * o * (1 - o)
    d_sums, dc_prev = np.concatenate([d_i, d_f, d_g, d_o], axis=1), dc * f
    return d_sums, dc_prev


ACTIVATIONS = sigmoid, sigmoid, np.tanh, sigmoid
NO_SIGMOID_SLOPES = (" * i * (1 - i) → ", " * f * (1 - f) → ", " * o * (1 - o) → ")
BACK_SLIPS = {
    "only one path into the cell is counted: what comes back from $h_t$ is missing": "dc_t + dh_t * o * → dc_t + 0 *",
    "only one path into the cell is counted: `dc_t`, from the step after, is missing": "dc_t + dh_t → dh_t",
    "the two paths into the cell are subtracted, where they are added": "dc_t + dh_t → dc_t - dh_t",
    "the output gate is left out on the way from $h_t$ into the cell": "dh_t * o * (1 → dh_t * (1",
    "the slope of tanh is taken as $1 - c_t^2$: it is $1 - \\tanh^2 c_t$": "np.tanh(c_t) ** 2 → c_t**2",
    "the slope of tanh is taken as $1 - h_t^2$: it is $1 - \\tanh^2 c_t$": "np.tanh(c_t) ** 2 → (o * np.tanh(c_t)) ** 2",
    "the slope of tanh is taken of $c_{t-1}$, where $c_t$ belongs": "np.tanh(c_t) ** 2 → np.tanh(c_prev) ** 2",
    "the slope of tanh is without its square": "np.tanh(c_t) ** 2 → np.tanh(c_t)",
    "the slope of the tanh around $c_t$ is forgotten": " * (1 - np.tanh(c_t) ** 2) → ",
    "the forget gate's gradient is made with $c_t$ in the place of $c_{t-1}$": "dc * c_prev → dc * c_t",
    "the candidate is given the sigmoid's slope $g(1-g)$: it went through tanh": "(1 - g**2) → g * (1 - g)",
    "the slope of the candidate's tanh is forgotten": " * (1 - g**2) → ",
    "the candidate's tanh is taken once more: g is the tanh already": "1 - g**2 → 1 - np.tanh(g) ** 2",
    "the gates are put through sigmoid and tanh once more: they have been already": (
        "np.split(gates, 4, axis=1) → (act(part) for act, part in zip(ACTIVATIONS, np.split(gates, 4, axis=1)))"
    ),
    "the slopes of the sigmoids are forgotten: these are gradients of the gates, not of their sums": NO_SIGMOID_SLOPES,
    "all slopes but that around $c_t$ are forgotten": (*NO_SIGMOID_SLOPES, " * (1 - g**2) → "),
    "the gates are given tanh's slope: they went through the sigmoid": (
        ("i * (1 - i) → (1 - i**2)", "f * (1 - f) → (1 - f**2)", "o * (1 - o) → (1 - o**2)")
    ),
    "the gates are put through sigmoid once more: they have been already": "np.split(gates, → np.split(sigmoid(gates),",
    "the input gate's gradient is made with i where g belongs": "dc * g → dc * i",
    "the candidate's gradient is made with f where i belongs": "d_g = dc * i → d_g = dc * f",
    "the candidate's gradient is made without the input gate": "d_g = dc * i → d_g = dc",
    "the output gate's gradient is made with $c_t$ where $\\tanh c_t$ belongs": "dh_t * np.tanh(c_t) → dh_t * c_t",
    "the output gate's gradient is made of `dc`: it is `dh_t` that comes through o": "d_o = dh_t → d_o = dc",
    "`dc_prev` is made of `dc_t` alone: the part that came through $h_t$ goes back too": "axis=1), dc * f → axis=1), dc_t * f",
    "`dc_prev` goes back whole, without the forget gate": "axis=1), dc * f → axis=1), dc",
    "`dc_prev` goes back through the input gate where the forget gate belongs": "axis=1), dc * f → axis=1), dc * i",
    "`dc_prev` goes back with the forget gate's slope": "axis=1), dc * f → axis=1), dc * f * (1 - f)",
    "the gradients of i and f change places": "[d_i, d_f, → [d_f, d_i,",
    "the gradients of g and o change places": "d_g, d_o] → d_o, d_g]",
    "the gates' gradients lie below each other, not side by side": "d_o], axis=1) → d_o], axis=0)",
    "the four gradients are handed back one by one, not side by side": "return d_sums → return d_i, d_f, d_g, d_o",
    "`dc_prev` is not handed back": "return d_sums, dc_prev → return d_sums",
    "the two results change places": "return d_sums, dc_prev → return dc_prev, d_sums",
}

step_backward = Exercise(
    name="05.step_backward",
    points=4,
    inputs=_back_steps,
    oracle=_step_by_autograd,
    right=_back_one,
    mistakes=slips(_back_one, BACK_SLIPS),
    forbids=BACKWARD,
    returns=("d_sums", "dc_prev"),
)


# -- lstm_backward ---------------------------------------------------------------------------------------------------


def _back_sequences(rng) -> list[Case]:
    def case(label, batch, steps, inputs, hidden):
        x, h, c, W_xh, W_hh, b_h = _sequence_case(rng, "", batch, steps, inputs, hidden).args
        states, cells = (
            np.concatenate([first[:, None], seen], axis=1)
            for first, seen in zip((h, c), _forward(x, h, c, W_xh, W_hh, b_h), strict=True)
        )
        i, f, g, o = np.split(x @ W_xh + states[:, :-1] @ W_hh + b_h, 4, axis=2)
        gates = np.concatenate([sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)], axis=2)
        given = {"x": x, "states": states, "cells": cells, "gates": gates, "W_xh": W_xh, "W_hh": W_hh}
        return Case(label, d_states=away(rng, batch, steps, hidden), **given)

    return [
        case("2 sequences of 5 steps", 2, 5, 3, 4),
        case("4 sequences of a single step", 4, 1, 2, 3),
        case("1 sequence of 8 steps", 1, 8, 4, 2),
    ]


def _by_autograd(d_states, x, states, cells, gates, W_xh, W_hh):
    # PyTorch's own layer and its own gradients; the bias is what the first gates leave over.
    i, f, g, o = np.split(np.asarray(gates, dtype=float)[0, 0], 4)
    sums = np.concatenate([_logit(i), _logit(f), np.arctanh(g), _logit(o)])
    b_h = sums - np.asarray(x)[0, 0] @ np.asarray(W_xh) - np.asarray(states)[0, 0] @ np.asarray(W_hh)
    layer = torch_layer(torch.nn.LSTM, W_xh, W_hh, b_h, 0 * b_h, batch_first=True)
    d_states, x, h_0, c_0 = tensors(d_states, x, states[:, 0], cells[:, 0])
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        out, _ = layer(x, (h_0[None].contiguous(), c_0[None].contiguous()))
        weights = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, x]
        dW_xh, dW_hh, db_h, dx = torch.autograd.grad((out * d_states).sum(), weights)
    return dW_xh.T.numpy(), dW_hh.T.numpy(), db_h.numpy(), dx.numpy()


def _back_all(d_states, x, states, cells, gates, W_xh, W_hh):
    dW_xh, dW_hh, db_h, dx = 0 * W_xh, 0 * W_hh, 0 * W_hh[0], 0 * x
    dh, dc = 0, 0
    for t in reversed(range(x.shape[1])):
        d_sums, dc = _back_one(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = d_sums @ W_hh.T
        dW_xh = dW_xh + x[:, t].T @ d_sums
        dW_hh = dW_hh + states[:, t].T @ d_sums
        db_h = db_h + d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
    return dW_xh, dW_hh, db_h, dx


DIVIDED = "return dW_xh, dW_hh, db_h, dx → return dW_xh / {n}, dW_hh / {n}, db_h / {n}, dx"
ALL_BACK_SLIPS = {
    "the weights' gradients are overwritten at every step, not accumulated": (
        ("dW_xh = dW_xh + → dW_xh =", "dW_hh = dW_hh + → dW_hh =", "db_h = db_h + → db_h =")
    ),
    "nothing goes back through h: each step sees its own loss and the cell alone": "d_states[:, t] + dh → d_states[:, t]",
    "nothing goes back through the cell: the additive path is cut": "dh, dc, gates → dh, 0, gates",
    "nothing goes back in time at all": "+ dh, dc, gates → + 0, 0, gates",
    "`dW_hh` is made with $h_t$ in the place of $h_{t-1}$": "states[:, t].T → states[:, t + 1].T",
    "`dW_hh` is made with the cells in the place of the states": "states[:, t].T → cells[:, t].T",
    "the loss is taken to depend on the last state alone": "d_states[:, t] + → d_states[:, t] * (t == x.shape[1] - 1) +",
    "the loss at the last state is given to every step": "d_states[:, t] + → d_states[:, -1] +",
    "the loss is left out but for the first step taken": "d_states[:, t] + → (d_states[:, t] if t == 0 else 0) +",
    "the bias's gradient is averaged over the batch where it is summed": "d_sums.sum(axis=0) → d_sums.mean(axis=0)",
    "the bias's gradient is that of the first sequence": "d_sums.sum(axis=0) → d_sums[0]",
    "what goes back through h is counted twice": "dh = d_sums → dh = 2 * d_sums",
    "the sign of what goes back through h is turned": "dh = d_sums → dh = -d_sums",
    "`dh` is added up on the way: that of one step replaces that of the step after": "dh = d_sums → dh = dh + d_sums",
    "the walk goes from the first step to the last": "reversed(range(x.shape[1])) → range(x.shape[1])",
    "the cells before and after the step change places": "cells[:, t], cells[:, t + 1] → cells[:, t + 1], cells[:, t]",
    "the cell after the step is given as the cell before it too": "cells[:, t], cells → cells[:, t + 1], cells",
    "the cell before the step is given as the cell after it too": "cells[:, t], cells[:, t + 1] → cells[:, t], cells[:, t]",
    "the inputs' gradients stand in the order of the walk, the last step first": "dx[:, t] → dx[:, -t - 1]",
    "the inputs' gradients are left out but for the last step taken": "dx[:, t] = → dx = 0 * x; dx[:, t] =",
    "the two weights' gradients change places": "return dW_xh, dW_hh → return dW_hh, dW_xh",
    "the weights' gradients are transposed": "return dW_xh, dW_hh → return dW_xh.T, dW_hh.T",
    "the weights' gradients are divided by the number of sequences": DIVIDED.format(n="len(x)"),
    "the weights' gradients are divided by the number of steps": DIVIDED.format(n="x.shape[1]"),
    "the cells are one step early: `cells[:, t]` is already the one before the step": (
        "cells[:, t], cells[:, t + 1] → cells[:, t - 1], cells[:, t]"
    ),
}

lstm_backward = Exercise(
    name="05.lstm_backward",
    points=5,
    inputs=_back_sequences,
    oracle=_by_autograd,
    right=_back_all,
    mistakes=slips(_back_all, ALL_BACK_SLIPS),
    forbids=(*READY_MADE, *BACKWARD),
    returns=("dW_xh", "dW_hh", "db_h", "dx"),
)


# -- width_for -------------------------------------------------------------------------------------------------------


def _budgets(rng) -> list[Case]:
    def case(label, inputs, outputs, hidden, spare):
        fits = 4 * hidden * (inputs + hidden + 1) + (hidden + 1) * outputs
        return Case(label, parameters=fits + spare, input_size=inputs, output_size=outputs)

    wide = int(rng.integers(60, 90))
    return [
        case("it fits to the last parameter", int(rng.integers(5, 12)), 20, wide, 0),
        case("one parameter short of the next width", 7, 25, wide, -1),
        case("as many short of it as outputs, and some", 7, 25, wide, -30),
        case("as many short of it as biases, and some", 7, 25, wide, -4 * wide - 10),
        case("as many short of it as three blocks have biases, and some", 7, 25, wide, -3 * wide - 5),
        case("as many short of it as readout weights, and some", 7, 25, wide, -25 * wide - 10),
        case("more outputs than units", int(rng.integers(40, 60)), 30, 25, 100),
        case("a small network", 3, 9, int(rng.integers(2, 5)), 1),
        case("not even one unit fits", int(rng.integers(5, 12)), 20, 1, -1),
    ]


def _width(parameters, input_size, output_size):
    blocks, biases = 4, 1
    H = 1
    while blocks * (input_size * H + H * H + biases * H) + H * output_size + output_size <= parameters:
        H += 1
    return H - 1


LSTM_WIDTH_SLIPS = WIDTH_SLIPS | {
    "three blocks of weights are counted: the candidate has its own as well": "= 4, 1 → = 3, 1",
    "two biases are counted, as PyTorch keeps them, where one belongs": "= 4, 1 → = 4, 2",
    "the readout is left out": " + H * output_size + output_size → ",
    "the readout's weights are left out": " + H * output_size → ",
    "the readout's bias is left out": " + output_size <= → <=",
    "the readout is counted once for each block": "biases * H) + H * output_size → biases * H + H * output_size)",
    "a quarter of the width of an RNN is taken, though $H$ stands in the count squared": (
        ("blocks * ( → (", "return H - 1 → return (H - 1) // 4")
    ),
    "half the width of an RNN is taken: $H$ is not squared in all of the count": (
        ("blocks * ( → (", "return H - 1 → return (H - 1) // 2")
    ),
}

width_for = Exercise(
    name="05.width_for",
    points=2,
    inputs=_budgets,
    oracle=lambda parameters, input_size, output_size: widest(
        parameters, 4, 4 * (input_size + 1) + output_size, output_size
    ),
    right=_width,
    mistakes=slips(_width, LSTM_WIDTH_SLIPS),
    returns=("hidden_size",),
)


# -- find_unit -------------------------------------------------------------------------------------------------------


def _recorded(rng) -> list[Case]:
    def case(label, steps, hidden, sign):
        inside = np.arange(steps) % 17 > rng.integers(6, 10)
        cells = rng.normal(size=(steps, hidden))
        best, wide, shifted = rng.permutation(hidden)[:3]
        cells[:, best] = sign * (inside * 1.6 + rng.normal(size=steps) * 0.5) + 4.0
        # A unit of wide range differs more in its mean and tells less; one around zero tells less, too.
        cells[:, wide] = 40 * (inside * 0.9 + rng.normal(size=steps))
        cells[:, shifted] = -sign * (inside - 0.5 + rng.normal(size=steps) * 0.6)
        return Case(label, cells=cells, inside=inside)

    return [
        case("5 units over 120 characters", 120, 5, 1.0),
        case("8 units; the one that knows is low inside", 200, 8, -1.0),
        case("4 units over 60 characters, low inside", 60, 4, -1.0),
    ]


def _by_roc(cells, inside):
    from sklearn.metrics import roc_auc_score  # seconds of importing, for this exercise alone

    areas = np.array([roc_auc_score(np.asarray(inside), v) for v in np.asarray(cells).T])
    either = np.maximum(areas, 1 - areas)
    return int(either.argmax()), float(either.max())


def _best_unit(cells, inside):
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    n, m = inside.sum(), (~inside).sum()
    areas = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    known = np.maximum(areas, 1 - areas)
    unit = known.argmax()
    return unit, known[unit]


GAP = "np.abs(cells[inside].mean(axis=0) - cells[~inside].mean(axis=0))"
UNIT_SLIPS = {
    "a unit that is *low* inside a string is passed over: it knows as much": "np.maximum(areas, 1 - areas) → areas",
    "the area below one half is handed back: turn it round, $1 - \\text{AUC}$": "known[unit] → areas[unit]",
    "the unit with the largest difference of its means is taken, whatever its spread": f"np.maximum(areas, 1 - areas) → {GAP}",
    "the unit is chosen by the difference of its means; the area told is its own": f"known.argmax() → {GAP}.argmax()",
    "a unit is scored by its sign: zero is not where it changes its mind": (
        "areas = → areas = ((cells > 0) == inside[:, None]).mean(axis=0)  #"
    ),
    "the unit that knows least is taken": "known.argmax() → known.argmin()",
    "the correlation is handed back in the place of the area": "known[unit] → abs(np.corrcoef(cells[:, unit], inside)[0, 1])",
    "units are counted from 1": "return unit, → return unit + 1,",
    "unit and area change places": "return unit, known[unit] → return known[unit], unit",
    "only the unit is handed back": "return unit, known[unit] → return unit",
    "only the area is handed back": "return unit, known[unit] → return known[unit]",
    "the areas of all units are handed back": "known[unit] → known",
    "the ranks begin with 0, where the formula has 1": ".argsort(axis=0) + 1 → .argsort(axis=0)",
    "`argsort` once says who stands at each place; twice it gives the ranks": "cells.argsort(axis=0).argsort → cells.argsort",
    "the values themselves are summed, where their ranks belong": "ranks[inside] → cells[inside]",
    "the characters *outside* take the place of those inside, in the sum or in what is taken away": "ranks[inside] → ranks[~inside]",
    "what n ranks have at least, n(n+1)/2, is not taken away": " - n * (n + 1) / 2 → ",
    "n(n−1)/2 is taken away, where ranks from 1 have n(n+1)/2 at least": "(n + 1) / 2 → (n - 1) / 2",
    "it is divided by n · T, where n · m belongs": "(n * m) → (n * len(inside))",
    "it is divided by n², where n · m belongs": "(n * m) → (n * n)",
    "the units of each character are ranked, where the characters of each unit should be": (
        "cells.argsort(axis=0).argsort(axis=0) → cells.argsort(axis=1).argsort(axis=1)"
    ),
}

find_unit = Exercise(
    name="05.find_unit",
    points=3,
    inputs=_recorded,
    oracle=_by_roc,
    right=_best_unit,
    mistakes=slips(_best_unit, UNIT_SLIPS),
    forbids=("sklearn.metrics.roc_auc_score", "sklearn.metrics.roc_curve", "sklearn.metrics.auc"),
    returns=("unit", "area"),
)
