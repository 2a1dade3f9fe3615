"""Notebook 06: the gated recurrent unit, its conventions, and its way back."""

import numpy as np
import torch

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import WIDTH_SLIPS, away, sigmoid, tensors, torch_layer, weights, widest

# What would do the work of writing a GRU, or of going backwards through one.
READY_MADE = ("torch.nn.GRU", "torch.nn.GRUCell", "torch.gru", "torch.gru_cell")
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward", *READY_MADE)


def _leaves(*arrays):
    return [t.clone().requires_grad_() for t in tensors(*arrays)]


def _blocks(part):
    """The columns of r, of z and of n."""
    return np.split(np.asarray(part), 3, axis=-1)


def _last(part):
    return _blocks(part)[2]


def _turned(W_hh):
    """W_hh with each of its three square blocks transposed."""
    return np.hstack([block.T for block in _blocks(W_hh)])


def _one_unit_kind(x_t, h_prev, W_x, W_h, b):
    """tanh(x_t W_x + h_prev W_h + b), by PyTorch's plain recurrent cell."""
    cell, (x_t, h_prev) = torch_layer(torch.nn.RNNCell, W_x, W_h, b, 0 * b), tensors(x_t, h_prev)
    with torch.no_grad():
        return cell(x_t, h_prev).numpy()


def _torch_gate(x_t, h_prev, W_x, W_h, b):
    # A sigmoid is a tanh of half the sum, moved to between 0 and 1.
    return (1 + _one_unit_kind(x_t, h_prev, W_x / 2, W_h / 2, b / 2)) / 2


def _weights(rng, inputs, hidden) -> dict:
    both = {name: weights(rng, rows, 3 * hidden, gain=0.9) for name, rows in (("W_xh", inputs), ("W_hh", hidden))}
    return both | {name: away(rng, 3 * hidden) * 0.6 for name in ("b_x", "b_h")}


def _steps(rng) -> list[Case]:
    def case(label, batch, inputs, hidden, first=False):
        h_prev = (not first) * away(rng, batch, hidden) * 0.8
        return Case(label, x_t=away(rng, batch, inputs), h_prev=h_prev, **_weights(rng, inputs, hidden))

    return [
        case("a batch of 3, more hidden units than inputs", 3, 2, 5),
        case("a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        case("the first step: h_prev is zero", 2, 3, 4, first=True),
        case("as many inputs as hidden units", 4, 3, 3),
    ]


# What a step, a sequence and Cho's step have in common, and so what can go wrong in all of them.
BLEND_SLIPS = {
    "r and z change places: in PyTorch's order the columns of r come first": "r, z = → z, r =",
    "z is the other way round: here it keeps the old state, and $1-z$ takes the candidate": (
        "z * h_prev + (1 - z) * n → (1 - z) * h_prev + z * n"
    ),
    "the candidate is without its tanh": "np.tanh( → (",
    "the candidate goes through a sigmoid, so that it is never negative": "np.tanh( → sigmoid(",
    "the gates go through tanh": ("sigmoid(x_r → np.tanh(x_r", "sigmoid(x_z → np.tanh(x_z"),
    "the gates are left without a sigmoid": ("sigmoid(x_r → (x_r", "sigmoid(x_z → (x_z"),
    "$1-z$ multiplies both, the old state and the candidate": "z * h_prev + (1 - z) * n → (1 - z) * (h_prev + n)",
    "z multiplies both, the old state and the candidate": "z * h_prev + (1 - z) * n → z * (h_prev + n)",
    "the old state is kept whole, and the candidate added to it": "z * h_prev + → h_prev +",
    "the candidate is added whole": "(1 - z) * n → n",
    "the state that is kept goes through the reset gate as well": "z * h_prev + → z * r * h_prev +",
    "the reset gate decides what is kept, where z belongs": "z * h_prev + (1 - z) * n → r * h_prev + (1 - r) * n",
    "the candidate is handed back: nothing of the old state is kept": "z * h_prev + (1 - z) * n → n",
}
STEP_SLIPS = BLEND_SLIPS | {
    "the reset comes before the product, $(r \\odot h)W$; here it comes after, $r \\odot (hW + b)$": (
        "r * h_n → (r * h_prev) @ _last(W_hh) + _last(b_h)"
    ),
    "the reset gate is computed and not used": "r * h_n → h_n",
    "the update gate stands in the place of the reset gate": "r * h_n → z * h_n",
    "the reset gate resets where it should let through, $1-r$": "r * h_n → (1 - r) * h_n",
    "all of `b_h` stands outside the loop or the bracket: the candidate's is inside the reset gate": (
        "r * h_n → r * (h_n - _last(b_h)) + _last(b_h)"
    ),
    "the candidate's `b_x` stands inside the reset gate": "x_n + r * h_n → x_n - _last(b_x) + r * (h_n + _last(b_x))",
    "the reset gate multiplies the input's part of the candidate too": "x_n + r * h_n → r * (x_n + h_n)",
    "the reset gate multiplies the input's part, and not the state's": "x_n + r * h_n → r * x_n + h_n",
    "the candidate does not read the input": "x_n + r * h_n → r * h_n",
    "the candidate does not read the old state": "x_n + r * h_n → x_n",
    "the bias of the state, `b_h`, is left out": "W_hh + b_h → W_hh",
    "the bias of the input, `b_x`, is left out": "W_xh + b_x → W_xh",
    "each block of `W_hh` is transposed": "@ W_hh + → @ _turned(W_hh) +",
    "the reset comes before the product for the state, and after it for the bias": (
        "r * h_n → (r * h_prev) @ _last(W_hh) + r * _last(b_h)"
    ),
}


# -- gates -----------------------------------------------------------------------------------------------------------


def _torch_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    parts = zip(*(_blocks(w) for w in (W_xh, W_hh, np.add(b_x, b_h))), strict=True)
    return tuple(_torch_gate(x_t, h_prev, *part) for part in list(parts)[:2])


def _gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = len(W_hh)
    sums = x_t @ W_xh + b_x + h_prev @ W_hh + b_h
    r, z = sums[:, :H], sums[:, H : 2 * H]
    return sigmoid(r), sigmoid(z)


GATE_SLIPS = {
    "r and z change places: in PyTorch's order the columns of r come first": "r, z = → z, r =",
    "the columns are counted from the end: z and n, where r and z belong": (
        "sums[:, :H], sums[:, H : 2 * H] → sums[:, H : 2 * H], sums[:, 2 * H :]"
    ),
    "z is taken from the columns of n": "sums[:, H : 2 * H] → sums[:, 2 * H :]",
    "every third column is taken; r is the *first H* columns, z the next H": (
        "sums[:, :H], sums[:, H : 2 * H] → sums[:, 0::3], sums[:, 1::3]"
    ),
    "tanh stands in the place of the sigmoid, and a gate can be negative": (
        "sigmoid(r), sigmoid(z) → np.tanh(r), np.tanh(z)"
    ),
    "the sigmoid is left out": "sigmoid(r), sigmoid(z) → r, z",
    "the sigmoid falls where it should rise: $e^{a}$ stands for $e^{-a}$": "sigmoid(r), sigmoid(z) → sigmoid(-r), sigmoid(-z)",
    "the old state does not enter, and the gates see the input alone": " + h_prev @ W_hh → ",
    "the input does not enter, and the gates see the old state alone": "x_t @ W_xh + → ",
    "the bias of the state, `b_h`, is left out": "W_hh + b_h → W_hh",
    "the bias of the input, `b_x`, is left out": " + b_x + → +",
    "both biases are left out": (" + b_x + → +", "W_hh + b_h → W_hh"),
    "each block of `W_hh` is transposed": "@ W_hh → @ _turned(W_hh)",
    "all three blocks go through the sigmoid and come back, n among them": (
        "return sigmoid(r), sigmoid(z) → return sigmoid(r), sigmoid(z), sigmoid(sums[:, 2 * H :])"
    ),
    "r and z come back side by side in one array, where two are asked": (
        "return sigmoid(r), sigmoid(z) → return sigmoid(sums[:, : 2 * H])"
    ),
    "the blocks are as wide as the input, where they are as wide as the state": "H = len(W_hh) → H = len(W_xh)",
    "z reads the state that r has already reset": (
        "sums[:, :H], sums[:, H : 2 * H] → sums[:, :H], (sums + (sigmoid(sums[:, :H]) - 1) * h_prev @ W_hh)[:, H : 2 * H]"
    ),
}

gates = Exercise(
    name="06.gates",
    points=2,
    inputs=_steps,
    oracle=_torch_gates,
    right=_gates,
    mistakes=slips(_gates, GATE_SLIPS),
    forbids=READY_MADE,
    returns=("r", "z"),
)


# -- gru_step --------------------------------------------------------------------------------------------------------


def _torch_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    cell, (x_t, h_prev) = torch_layer(torch.nn.GRUCell, W_xh, W_hh, b_x, b_h), tensors(x_t, h_prev)
    with torch.no_grad():
        return cell(x_t, h_prev).numpy()


def _step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    x_r, x_z, x_n = np.split(x_t @ W_xh + b_x, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_hh + b_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return z * h_prev + (1 - z) * n


gru_step = Exercise(
    name="06.gru_step",
    points=3,
    inputs=_steps,
    oracle=_torch_step,
    right=_step,
    mistakes=slips(_step, STEP_SLIPS),
    forbids=READY_MADE,
    returns=("h_t",),
)


# -- other_z ---------------------------------------------------------------------------------------------------------


def _weight_sets(rng) -> list[Case]:
    def case(label, inputs, hidden):
        shapes = {
            "W_xh": (inputs, 3 * hidden),
            "W_hh": (hidden, 3 * hidden),
            "b_x": (3 * hidden,),
            "b_h": (3 * hidden,),
        }
        return Case(label, **{name: away(rng, *shape) for name, shape in shapes.items()})

    return [
        case("2 inputs, 4 hidden units", 2, 4),
        case("5 inputs, 3 hidden units", 5, 3),
        case("one input, one hidden unit", 1, 1),
    ]


def _by_diagonal(W_xh, W_hh, b_x, b_h):
    # A diagonal matrix of signs from the right: it turns whole columns.
    signs = np.diag(np.kron([1.0, -1.0, 1.0], np.ones(len(W_hh))))
    return tuple(part @ signs for part in (W_xh, W_hh, b_x, b_h))


def _other_z(W_xh, W_hh, b_x, b_h):
    signs = np.repeat([1, -1, 1], len(W_hh))
    return W_xh * signs, W_hh * signs, b_x * signs, b_h * signs


def _last_exchanged(*parts):
    return tuple(np.concatenate([r, n, z], axis=-1) for r, z, n in map(_blocks, parts))


def _exchanged(*parts):
    return tuple(np.concatenate([z, r, n], axis=-1) for r, z, n in map(_blocks, parts))


def _from_one(*parts):
    return tuple(np.concatenate([r, 1 - z, n], axis=-1) for r, z, n in map(_blocks, parts))


SIGN_SLIPS = {
    "everything is negated: r and the candidate turn as well": "[1, -1, 1] → [-1, -1, -1]",
    "the columns of r are negated: those of z are the second block": "[1, -1, 1] → [-1, 1, 1]",
    "the columns of n are negated: those of z are the second block": "[1, -1, 1] → [1, 1, -1]",
    "both gates are negated, r as well as z": "[1, -1, 1] → [-1, -1, 1]",
    "z and the candidate are negated: z's columns alone belong": "[1, -1, 1] → [1, -1, -1]",
    "z's weights become zero: then z is one half": "[1, -1, 1] → [1, 0, 1]",
    "every third column is negated: z's are the second block of H": "np.repeat → np.tile",
    "the biases are forgotten, and $1-z$ comes out only where they are zero": "b_x * signs, b_h * signs → b_x, b_h",
    "the weights are forgotten, and only the biases turned": "W_xh * signs, W_hh * signs → W_xh, W_hh",
    "`W_xh` is forgotten: the input is a part of z's sum as well": "W_xh * signs → W_xh",
    "`W_hh` is forgotten: the old state is a part of z's sum as well": "W_hh * signs → W_hh",
    "`b_x` is forgotten: z has two biases": "b_x * signs → b_x",
    "`b_h` is forgotten: z has two biases": "b_h * signs → b_h",
    "nothing is changed": "[1, -1, 1] → [1, 1, 1]",
}

other_z = Exercise(
    name="06.other_z",
    points=2,
    inputs=_weight_sets,
    oracle=_by_diagonal,
    right=_other_z,
    mistakes=slips(_other_z, SIGN_SLIPS)
    | {
        "each weight is taken from 1: the *gate* becomes $1-z$, not its weights": _from_one,
        "the columns of r and z change places": _exchanged,
        "the columns of z and n change places": _last_exchanged,
    },
    returns=("W_xh", "W_hh", "b_x", "b_h"),
)


# -- reset_before ----------------------------------------------------------------------------------------------------


def _before_steps(rng) -> list[Case]:
    cases = []
    for case in _steps(rng):
        x_t, h_prev, W_xh, W_hh, b_x, _ = case.args
        cases.append(Case(case.label, x_t=x_t, h_prev=h_prev, W_xh=W_xh, W_hh=W_hh, b=b_x))
    return cases


def _three_plain_cells(x_t, h_prev, W_xh, W_hh, b):
    # A candidate that reads r * h is a plain recurrent cell in the state r * h; the gates are two more.
    parts = list(zip(*map(_blocks, (W_xh, W_hh, b)), strict=True))
    r, z = (_torch_gate(x_t, h_prev, *part) for part in parts[:2])
    n = _one_unit_kind(x_t, r * np.asarray(h_prev), *parts[2])
    return n + z * (np.asarray(h_prev) - n)


def _before(x_t, h_prev, W_xh, W_hh, b):
    W_r, W_z, W_n = np.split(W_hh, 3, axis=1)
    x_r, x_z, x_n = np.split(x_t @ W_xh + b, 3, axis=1)
    r, z = sigmoid(x_r + h_prev @ W_r), sigmoid(x_z + h_prev @ W_z)
    n = np.tanh(x_n + (r * h_prev) @ W_n)
    return z * h_prev + (1 - z) * n


BEFORE_SLIPS = BLEND_SLIPS | {
    "the reset comes after the product, as in PyTorch": "(r * h_prev) @ W_n → r * (h_prev @ W_n)",
    "the reset comes after the product and takes the bias with it": (
        "x_n + (r * h_prev) @ W_n → x_n - _last(b) + r * (h_prev @ W_n + _last(b))"
    ),
    "the reset gate is computed and not used": "(r * h_prev) @ W_n → h_prev @ W_n",
    "the update gate stands in the place of the reset gate": "(r * h_prev) @ → (z * h_prev) @",
    "the reset gate resets where it should let through, $1-r$": "(r * h_prev) @ → ((1 - r) * h_prev) @",
    "the reset gate multiplies the input's part of the candidate too": "x_n + (r * h_prev) @ W_n → r * (x_n + h_prev @ W_n)",
    "z reads the reset state too: only the candidate does": (
        "r, z = sigmoid(x_r + h_prev @ W_r), sigmoid(x_z + h_prev → r = sigmoid(x_r + h_prev @ W_r); z = sigmoid(x_z + (r * h_prev)"
    ),
    "the bias counts twice": "x_t @ W_xh + b → x_t @ W_xh + 2 * b",
    "the bias is left out": "x_t @ W_xh + b → x_t @ W_xh",
    "the candidate's bias is left out": "x_n + (r → x_n - _last(b) + (r",
    "the gates are without their bias": "r, z = → x_r, x_z = x_r - _blocks(b)[0], x_z - _blocks(b)[1]; r, z =",
    "the candidate does not read the old state": " + (r * h_prev) @ W_n → ",
    "each block of `W_hh` is transposed": "np.split(W_hh, 3, axis=1) → (part.T for part in np.split(W_hh, 3, axis=1))",
    "the gates get the bias twice": "r, z = → x_r, x_z = x_r + _blocks(b)[0], x_z + _blocks(b)[1]; r, z =",
    "gates and average see the reset state too: only the candidate does": (
        "n = np.tanh → h_prev = r * h_prev; r, z = sigmoid(x_r + h_prev @ W_r), sigmoid(x_z + h_prev @ W_z); n = np.tanh"
    ),
    "the candidate reads the columns of z": (
        "np.split(W_hh, 3, axis=1) → np.split(W_hh, 3, axis=1); W_n = W_z",
        "W_xh + b, 3, axis=1) → W_xh + b, 3, axis=1); x_n = x_z",
    ),
}

reset_before = Exercise(
    name="06.reset_before",
    points=2,
    inputs=_before_steps,
    oracle=_three_plain_cells,
    right=_before,
    mistakes=slips(_before, BEFORE_SLIPS),
    forbids=READY_MADE,
    returns=("h_t",),
)


# -- gru_forward -----------------------------------------------------------------------------------------------------


def _sequences(rng) -> list[Case]:
    def case(label, batch, steps, inputs, hidden, zero=False):
        h_0 = (not zero) * away(rng, batch, hidden) * 0.8
        return Case(label, x=away(rng, batch, steps, inputs), h_0=h_0, **_weights(rng, inputs, hidden))

    return [
        case("2 sequences of 5 steps", 2, 5, 3, 4),
        case("4 sequences of a single step", 4, 1, 3, 2),
        case("1 sequence of 7 steps from a state of zeros", 1, 7, 2, 5, zero=True),
        case("3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
    ]


def _torch_gru(x, h_0, W_xh, W_hh, b_x, b_h):
    # PyTorch's own layer, with these weights in it.
    layer, (x, h_0) = torch_layer(torch.nn.GRU, W_xh, W_hh, b_x, b_h, batch_first=True), tensors(x, h_0)
    with torch.no_grad():
        states, last = layer(x, h_0[None])
    return states.numpy(), last[0].numpy()


def _forward(x, h_0, W_xh, W_hh, b_x, b_h):
    h_prev, states = h_0, []
    from_inputs = x @ W_xh + b_x
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h_prev @ W_hh + b_h, 3, axis=1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        h_prev = z * h_prev + (1 - z) * n
        states.append(h_prev)
    return np.stack(states, axis=1), h_prev


FORWARD_SLIPS = STEP_SLIPS | {
    "the state's product is taken out of the loop as well: it needs the state of *this* step": "h_prev @ W_hh → h_0 @ W_hh",
    "the state is reset at every step: each begins again from `h_0`": "h_r, h_z, h_n = → h_prev = h_0; h_r, h_z, h_n =",
    "the initial state is ignored: reading begins from zeros": "= h_0, [] → = 0 * h_0, []",
    "every step reads the first input": "from_inputs[:, t] → from_inputs[:, 0]",
    "the steps are read from the last to the first": (
        "in range( → in reversed(range(",
        ".shape[1]): → .shape[1])):",
        "np.stack(states → np.stack(states[::-1]",
    ),
    "the input is cut anew into (T, B, …), not turned: `reshape` mixes the sequences of the batch": (
        "from_inputs[:, t] → from_inputs.reshape(x.shape[1], len(x), -1)[t]"
    ),
    "every step reads the input of the step before": "from_inputs[:, t] → from_inputs[:, t - 1]",
    "the states are stacked along the first axis: (T, B, H), where (B, T, H) belongs": "(states, axis=1) → (states, axis=0)",
    "the states are stacked along the last axis: (B, H, T), where (B, T, H) belongs": "(states, axis=1) → (states, axis=2)",
    "the states are laid side by side, (B, T · H): `concatenate` makes no axis for time": "np.stack( → np.concatenate(",
    "the loop runs over the sequences of the batch, not over the steps of time": (
        ("x.shape[1] → x.shape[0]", "from_inputs[:, t] → from_inputs[t]")
    ),
    "the sequence is read from its end to its beginning": "range(x.shape[1]) → range(x.shape[1])[::-1]",
    "the states are one step late: `h_0` stands first and the last state is missing": (
        "np.stack(states, → np.stack([h_0, *states[:-1]],"
    ),
    "the first state is handed back, where the last belongs": "axis=1), h_prev → axis=1), states[0]",
    "the initial state is handed back, where the last belongs": "axis=1), h_prev → axis=1), h_0",
    "only the states are handed back, without the last one beside them": "axis=1), h_prev → axis=1)",
    "only the last state is handed back": "return np.stack(states, axis=1), h_prev → return h_prev",
    "the states are reshaped, where axes should be exchanged: sequences get mixed up": (
        "np.stack(states, axis=1) → np.reshape(states, (len(x), -1, len(W_hh)))"
    ),
}

gru_forward = Exercise(
    name="06.gru_forward",
    points=3,
    inputs=_sequences,
    oracle=_torch_gru,
    right=_forward,
    mistakes=slips(_forward, FORWARD_SLIPS),
    forbids=READY_MADE,
    returns=("states", "h_T"),
)


# -- width_for -------------------------------------------------------------------------------------------------------


def _budgets(rng) -> list[Case]:
    D, H = (int(n) for n in (rng.integers(20, 40), rng.integers(50, 90)))

    def case(label, blocks, biases, spare, width=H):
        fits = blocks * width * (D + width + biases)
        return Case(label, parameters=fits + spare, input_size=D, blocks=blocks, biases=biases)

    return [
        case("a GRU that fits exactly", 3, 2, 0),
        case("one parameter less than that", 3, 2, -1),
        case("short of it by more parameters than one bias has", 3, 2, -3 * H - 5),
        case("short of it by more parameters than two blocks' biases have", 3, 2, -4 * H - 5),
        case("a plain network, short by more parameters than it has biases", 1, 1, -H - 3),
        case("the plain network in the same budget", 1, 1, 2 * H * (D + H + 3)),
        case("a budget that is one short of a single unit", 3, 2, -1, width=1),
        case("the LSTM in another one", 4, 1, int(rng.integers(1, H))),
    ]


def _width(parameters, input_size, blocks, biases):
    H = 1
    while blocks * (input_size * H + H * H + biases * H) <= parameters:
        H += 1
    return H - 1


COUNT_SLIPS = WIDTH_SLIPS | {
    "the number of parameters of that width is handed back, not the width": (
        "return H - 1 → return blocks * (H - 1) * (input_size + H - 1 + biases)"
    ),
    "the square root of the budget is taken, and inputs and biases forgotten": "return H - 1 → return int((parameters / blocks) ** 0.5)",
    "one bias is counted, whatever `biases` says": "biases * H → H",
    "three blocks are counted, whatever `blocks` says": "blocks * ( → 3 * (",
}

width_for = Exercise(
    name="06.width_for",
    points=2,
    inputs=_budgets,
    oracle=lambda parameters, input_size, blocks, biases: widest(parameters, blocks, blocks * (input_size + biases)),
    right=_width,
    mistakes=slips(_width, COUNT_SLIPS),
    returns=("width",),
)


# -- blend_gradients -------------------------------------------------------------------------------------------------


def _blends(rng) -> list[Case]:
    def case(label, *shape):
        dh, h_prev, n = away(rng, *shape), away(rng, *shape) * 0.8, np.tanh(away(rng, *shape))
        z = rng.uniform(0.15, 0.4, shape) + rng.choice([0.0, 0.45], shape)
        return Case(label, dh=dh, h_prev=h_prev, z=z, n=n)

    return [case("a batch of 3, 5 units", 3, 5), case("a batch of 4, 2 units", 4, 2), case("one number", 1, 1)]


def _blend_by_autograd(dh, h_prev, z, n):
    dh, z, n = tensors(dh, z, n)
    h_prev, a_z, a_n = _leaves(h_prev, torch.logit(z), torch.atanh(n))
    gate = torch.sigmoid(a_z)
    h_t = gate * h_prev + (1 - gate) * torch.tanh(a_n)
    return tuple(g.numpy() for g in torch.autograd.grad(h_t, (h_prev, a_z, a_n), dh))


def _blend(dh, h_prev, z, n):
    dh_prev = dh * z
    da_z = dh * (h_prev - n) * z * (1 - z)
    da_n = dh * (1 - z) * (1 - n**2)
    return dh_prev, da_z, da_n


PATH_SLIPS = {
    "the path through z is half: it holds the old state *and*, with a minus, the candidate": "(h_prev - n) → h_prev",
    "the path through z is half: it holds the candidate *and* the old state": "(h_prev - n) → -n",
    "the path through z has the wrong sign: more z is more of the old state": "(h_prev - n) → (n - h_prev)",
    "the path through z adds where it should take away: $1-z$ has the derivative $-1$": "(h_prev - n) → (h_prev + n)",
    "the sigmoid's own derivative, $z(1-z)$, is forgotten": " * z * (1 - z) → ",
    "the sigmoid is given tanh's derivative, $1-z^2$": "z * (1 - z) → (1 - z**2)",
    "the sigmoid's derivative is taken of its value: z is the gate already": "z * (1 - z) → sigmoid(z) * (1 - sigmoid(z))",
    "tanh's own derivative, $1-n^2$, is forgotten": " * (1 - n**2) → ",
    "tanh is given the sigmoid's derivative, $n(1-n)$": "(1 - n**2) → n * (1 - n)",
    "tanh's derivative is taken of its value: $1-\\tanh^2(n)$, where n is the tanh already": "n**2 → np.tanh(n) ** 2",
    "tanh's derivative is without its square": "n**2 → n",
    "both derivatives are forgotten, the sigmoid's and tanh's": (" * z * (1 - z) → ", " * (1 - n**2) → "),
    "z is the other way round, throughout": (
        (
            "dh_prev = dh * z → dh_prev = dh * (1 - z)",
            "(h_prev - n) → (n - h_prev)",
            "dh * (1 - z) * (1 - n → dh * z * (1 - n",
        )
    ),
    "the candidate gets z of the gradient, where $1-z$ is its share": "da_n = dh * (1 - z) → da_n = dh * z",
    "the candidate gets all of the gradient, where $1-z$ is its share": "da_n = dh * (1 - z) → da_n = dh",
    "the old state gets all of the gradient, where z is its share": "dh_prev = dh * z → dh_prev = dh",
    "the old state gets $1-z$ of the gradient, where z is its share": "dh_prev = dh * z → dh_prev = dh * (1 - z)",
    "the gradients of z and n change places": "return dh_prev, da_z, da_n → return dh_prev, da_n, da_z",
    "the derivatives are not multiplied by dh": (
        "= dh * z → = z",
        "= dh * (h_prev → = (h_prev",
        "= dh * (1 - z) → = (1 - z)",
    ),
}

blend_gradients = Exercise(
    name="06.blend_gradients",
    points=3,
    inputs=_blends,
    oracle=_blend_by_autograd,
    right=_blend,
    mistakes=slips(_blend, PATH_SLIPS),
    forbids=BACKWARD,
    returns=("dh_prev", "da_z", "da_n"),
)


# -- gru_backward ----------------------------------------------------------------------------------------------------


def _backward_cases(rng) -> list[Case]:
    return [Case(case.label, dh=away(rng, *case.named["h_prev"].shape), **case.named) for case in _steps(rng)]


def _backward_by_autograd(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    cell, (x_t, h_prev) = torch_layer(torch.nn.GRUCell, W_xh, W_hh, b_x, b_h), _leaves(x_t, h_prev)
    grads = torch.autograd.grad(cell(x_t, h_prev), (x_t, h_prev, *cell.parameters()), tensors(dh)[0])
    return tuple(g.T.numpy() if 2 <= i <= 3 else g.numpy() for i, g in enumerate(grads))


def _backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    x_r, x_z, x_n = np.split(x_t @ W_xh + b_x, 3, axis=1)
    h_r, h_z, q = np.split(h_prev @ W_hh + b_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * q)
    direct, da_z, da_n = _blend(dh, h_prev, z, n)
    da_r, dq = da_n * q * r * (1 - r), da_n * r
    A_x = np.hstack([da_r, da_z, da_n])
    A_h = np.hstack([da_r, da_z, dq])
    dx_t, dh_prev = A_x @ W_xh.T, direct + A_h @ W_hh.T
    dW_xh, dW_hh = x_t.T @ A_x, h_prev.T @ A_h
    return dx_t, dh_prev, dW_xh, dW_hh, A_x.sum(axis=0), A_h.sum(axis=0)


DOWN_SLIPS = {
    "the old state gets no gradient of its own: the direct path, z times dh, is forgotten": "direct + A_h → A_h",
    "the old state gets the direct path alone: gates and candidate read it too, through `W_hh`": "direct + A_h @ W_hh.T → direct",
    "the path through z is forgotten": "da_r, dq = → da_z = 0 * da_z; da_r, dq =",
    "the path through the reset gate is forgotten: r has a gradient too": "da_r, dq = da_n * q → da_r, dq = 0 * q",
    "the candidate's part of the old state goes back without the reset gate that it came through": "da_z, dq] → da_z, da_n]",
    "what came from x goes back through the reset gate, where only the state's part does": "da_z, da_n]) → da_z, dq])",
    "the old state's way through the candidate is forgotten": "A_h @ W_hh.T → np.hstack([da_r, da_z, 0 * dq]) @ W_hh.T",
    "the old state's way through the two gates is forgotten": "A_h @ W_hh.T → np.hstack([0 * dq, 0 * dq, dq]) @ W_hh.T",
    "tanh's own derivative is forgotten": "da_r, dq = → da_n = dh * (1 - z); da_r, dq =",
    "the reset gate's sigmoid has no derivative: $r(1-r)$ is forgotten": " * r * (1 - r) → ",
    "the reset gate is given tanh's derivative, $1-r^2$": "r * (1 - r) → (1 - r**2)",
    "the reset gate's gradient is made with $h_{t-1}$, where $q$ belongs": "da_n * q → da_n * h_prev",
    "the reset gate's gradient is made with $q$ without its bias": "da_n * q → da_n * (q - _last(b_h))",
    "the reset gate's gradient is made of dh, where that of $a_n$ belongs": "da_n * q → dh * q",
    "z is the other way round": (
        "_blend(dh, h_prev, z, n) → _blend(dh, h_prev, 1 - z, n)",
        "da_r, dq = → da_z = -da_z; da_r, dq =",
    ),
    "the gradient of z has the wrong sign": "da_r, dq = → da_z = -da_z; da_r, dq =",
    "the columns of the gradients are in the order z, r, n": (
        "[da_r, da_z, da_n] → [da_z, da_r, da_n]",
        "[da_r, da_z, dq] → [da_z, da_r, dq]",
    ),
    "each block of `W_hh` is used on the way back as on the way there: it has to be transposed": "W_hh.T → _turned(W_hh).T",
    "the input's gradient is made with what came from h": "A_x @ W_xh.T → A_h @ W_xh.T",
    "the old state's gradient is made with what came from x": "A_h @ W_hh.T → A_x @ W_hh.T",
    "`dW_hh` is made with what came from x": "h_prev.T @ A_h → h_prev.T @ A_x",
    "the two biases get the same gradient: that of `b_h` goes through the reset gate in the candidate": "A_h.sum( → A_x.sum(",
    "the weights' gradients are averaged over the batch, where they are a sum": "dW_xh, dW_hh = → A_x, A_h = A_x / len(dh), A_h / len(dh); dW_xh, dW_hh =",
    "the biases' gradients are averaged over the batch, where they are a sum": (
        "A_x.sum( → A_x.mean(",
        "A_h.sum( → A_h.mean(",
    ),
    "the biases' gradients are not summed over the batch": ("A_x.sum(axis=0) → A_x", "A_h.sum(axis=0) → A_h"),
    "the weights' gradients are transposed": "dh_prev, dW_xh, dW_hh, → dh_prev, dW_xh.T, dW_hh.T,",
    "the weights' gradients change places": "dh_prev, dW_xh, dW_hh, → dh_prev, dW_hh, dW_xh,",
    "the biases' gradients change places": "A_x.sum(axis=0), A_h.sum(axis=0) → A_h.sum(axis=0), A_x.sum(axis=0)",
    "the gradients of input and state change places": "return dx_t, dh_prev → return dh_prev, dx_t",
}

gru_backward = Exercise(
    name="06.gru_backward",
    points=4,
    inputs=_backward_cases,
    oracle=_backward_by_autograd,
    right=_backward,
    mistakes=slips(_backward, DOWN_SLIPS),
    forbids=BACKWARD,
    returns=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_x", "db_h"),
)
