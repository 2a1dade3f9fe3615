"""Notebook 06: the gated recurrent unit, its conventions, and its way back."""

from math import isqrt

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.exercises.inputs import away, sigmoid, tensors, weights

# What would do the work of writing a GRU, or of going backwards through one.
READY_MADE = ("torch.nn.GRU", "torch.nn.GRUCell", "torch.gru", "torch.gru_cell")
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward", *READY_MADE)


def _leaves(*arrays):
    return [t.clone().requires_grad_() for t in tensors(*arrays)]


def _blocks(matrix, size):
    """The columns of r, of z and of n."""
    return [matrix[..., k * size : (k + 1) * size] for k in range(3)]


def _joined(*blocks):
    return np.concatenate(blocks, axis=-1)


def _turned(matrix):
    """W_hh with each of its three square blocks transposed."""
    return _joined(*[block.T for block in _blocks(matrix, len(matrix))])


def _cell(W_xh, W_hh, b_x, b_h):
    """PyTorch's own cell, with these weights in it."""
    import torch

    W_xh, W_hh, b_x, b_h = tensors(W_xh, W_hh, b_x, b_h)
    cell = torch.nn.GRUCell(*W_xh.shape[:1], *W_hh.shape[:1], dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(cell.parameters(), (W_xh.T, W_hh.T, b_x, b_h), strict=True):
            own.copy_(given)
    return cell


def _one_unit_kind(x_t, h_prev, W_x, W_h, b):
    """tanh(x_t W_x + h_prev W_h + b), by PyTorch's plain recurrent cell."""
    import torch

    x_t, h_prev, W_x, W_h, b = tensors(x_t, h_prev, W_x, W_h, b)
    cell = torch.nn.RNNCell(*W_x.shape, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(cell.parameters(), (W_x.T, W_h.T, b, torch.zeros_like(b)), strict=True):
            own.copy_(given)
        return cell(x_t, h_prev).numpy()


def _torch_gate(x_t, h_prev, W_x, W_h, b):
    # A sigmoid is a tanh of half the sum, moved to between 0 and 1.
    return (1 + _one_unit_kind(x_t, h_prev, W_x / 2, W_h / 2, b / 2)) / 2


# -- a GRU with every mistake built in, to be switched on ------------------------------------------------------------


def _gates(x_t, h_prev, W_xh, W_hh, b_x, b_h, blocks=(0, 1), squash=sigmoid):
    """The gates in the blocks of columns named."""
    size = np.shape(h_prev)[-1]
    sums = x_t @ W_xh + b_x + h_prev @ W_hh + b_h
    parts = _blocks(sums, size)
    return tuple(squash(parts[k]) for k in blocks)


def _candidate(x_t, h_prev, r, W_xh, W_hh, b_x, b_h, place="after", squash=np.tanh):
    size = np.shape(h_prev)[-1]
    from_x = x_t @ W_xh[:, 2 * size :]
    W, c, b = W_hh[:, 2 * size :], b_x[2 * size :], b_h[2 * size :]
    return {
        "after": lambda: squash(from_x + c + r * (h_prev @ W + b)),
        "before": lambda: squash(from_x + c + (r * h_prev) @ W + b),
        "none": lambda: squash(from_x + c + h_prev @ W + b),
        "bias outside": lambda: squash(from_x + c + r * (h_prev @ W) + b),
        "both": lambda: squash(r * (from_x + c + h_prev @ W + b)),
        "bias of x inside": lambda: squash(from_x + r * (h_prev @ W + b + c)),
    }[place]()


def _step(x_t, h_prev, W_xh, W_hh, b_x, b_h, *, blocks=(0, 1), squash=np.tanh, gate=sigmoid, place="after",
          mix=lambda z, h, n, r: z * h + (1 - z) * n):  # fmt: skip
    r, z = _gates(x_t, h_prev, W_xh, W_hh, b_x, b_h, blocks, gate)
    n = _candidate(x_t, h_prev, r, W_xh, W_hh, b_x, b_h, place, squash)
    return mix(z, h_prev, n, r)


def _wrong(**switches):
    return lambda *args: _step(*args, **switches)


def _step_case(rng, label, batch, inputs, hidden, first=False) -> Case:
    h_prev = np.zeros((batch, hidden)) if first else away(rng, batch, hidden) * 0.8
    return Case(label, x_t=away(rng, batch, inputs), h_prev=h_prev, W_xh=weights(rng, inputs, 3 * hidden, gain=0.9),
                W_hh=weights(rng, hidden, 3 * hidden, gain=0.9), b_x=away(rng, 3 * hidden) * 0.6,
                b_h=away(rng, 3 * hidden) * 0.6)  # fmt: skip


def _steps(rng) -> list[Case]:
    return [
        _step_case(rng, "a batch of 3, more hidden units than inputs", 3, 2, 5),
        _step_case(rng, "a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        _step_case(rng, "the first step: h_prev is zero", 2, 3, 4, first=True),
        _step_case(rng, "as many inputs as hidden units", 4, 3, 3),
    ]


def _step_in_torch(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    import torch

    x_t, h_prev, W_xh, W_hh, b_x, b_h = tensors(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    x_r, x_z, x_n = torch.addmm(b_x, x_t, W_xh).chunk(3, dim=1)
    h_r, h_z, h_n = torch.addmm(b_h, h_prev, W_hh).chunk(3, dim=1)
    return torch.lerp(torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n), h_prev, torch.sigmoid(x_z + h_z))


def _unit_by_unit(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    h_t, size = np.empty(np.shape(h_prev)), len(W_hh)
    for b in range(len(x_t)):
        for j in range(size):
            x_part = [x_t[b] @ W_xh[:, k * size + j] + b_x[k * size + j] for k in range(3)]
            h_part = [h_prev[b] @ W_hh[:, k * size + j] + b_h[k * size + j] for k in range(3)]
            r, z = (sigmoid(x_part[k] + h_part[k]) for k in (0, 1))
            n = np.tanh(x_part[2] + r * h_part[2])
            h_t[b, j] = n + z * (h_prev[b, j] - n)
    return h_t


# -- gates -----------------------------------------------------------------------------------------------------------


def _torch_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    size = np.shape(h_prev)[-1]
    parts = zip(*(_blocks(w, size) for w in (W_xh, W_hh, np.add(b_x, b_h))), strict=True)
    return tuple(_torch_gate(x_t, h_prev, *part) for part in list(parts)[:2])


def _every_third(x_t, h_prev, *weights):
    sums = _gates_sum(x_t, h_prev, *weights)
    return sigmoid(sums[:, 0::3]), sigmoid(sums[:, 1::3])


def _gates_sum(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    return x_t @ W_xh + h_prev @ W_hh + b_x + b_h


gates = Exercise(
    name="06.gates",
    points=2,
    inputs=_steps,
    oracle=_torch_gates,
    mistakes={
        "r and z change places: in PyTorch's order the columns of r come first": lambda *a: _gates(*a, blocks=(1, 0)),
        "the columns are counted from the end: z and n, where r and z belong": lambda *a: _gates(*a, blocks=(1, 2)),
        "every third column is taken; r is the *first H* columns, z the next H": _every_third,
        "tanh stands in the place of the sigmoid, and a gate can be negative": lambda *a: _gates(*a, squash=np.tanh),
        "the sigmoid is left out": lambda *a: _gates(*a, squash=lambda s: s),
        "the sigmoid falls where it should rise: $e^{a}$ stands for $e^{-a}$": lambda *a: _gates(
            *a, squash=lambda s: sigmoid(-s)
        ),
        "the old state does not enter, and the gates see the input alone": lambda x, h, W, U, b, c: _sigmoid_pair(
            x @ W + b + c, h
        ),
        "the input does not enter, and the gates see the old state alone": lambda x, h, W, U, b, c: _sigmoid_pair(
            h @ U + b + c, h
        ),
        "the bias of the state, `b_h`, is left out": lambda x, h, W, U, b, c: _gates(x, h, W, U, b, 0 * c),
        "the bias of the input, `b_x`, is left out": lambda x, h, W, U, b, c: _gates(x, h, W, U, 0 * b, c),
        "each block of `W_hh` is transposed": lambda x, h, W, U, b, c: _gates(x, h, W, _turned(U), b, c),
        "all three blocks go through the sigmoid and come back, n among them": lambda *a: _gates(*a, blocks=(0, 1, 2)),
    },
    accepts=[
        _gates,
        lambda *a: np.split(sigmoid(_gates_sum(*a)), 3, axis=1)[:2],
        lambda *a: tuple((1 + np.tanh(s / 2)) / 2 for s in np.array_split(_gates_sum(*a), 3, axis=1)[:2]),
        lambda *a: [g.sigmoid() for g in _gates_sum(*tensors(*a)).chunk(3, dim=1)][:2],
    ],
    forbids=READY_MADE,
    hints=[
        "One sum holds all: `x_t @ W_xh + b_x + h_prev @ W_hh + b_h` has the shape (B, 3H).",
        "Its first H columns belong to r, the next H to z, the last H to n, which you leave alone here.",
        "`sums[:, :H]` and `sums[:, H:2 * H]`, each through `1 / (1 + np.exp(-a))`; H is `h_prev.shape[1]`.",
    ],
    returns=("r", "z"),
    difficulty=2,
    minutes=6,
)


def _sigmoid_pair(sums, h_prev):
    return tuple(map(sigmoid, _blocks(sums, np.shape(h_prev)[-1])[:2]))


# -- gru_step --------------------------------------------------------------------------------------------------------


def _torch_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    import torch

    x_t, h_prev = tensors(x_t, h_prev)
    with torch.no_grad():
        return _cell(W_xh, W_hh, b_x, b_h)(x_t, h_prev).numpy()


gru_step = Exercise(
    name="06.gru_step",
    points=3,
    inputs=_steps,
    oracle=_torch_step,
    mistakes={
        "z is the other way round: here it keeps the old state, and $1-z$ takes the candidate": _wrong(
            mix=lambda z, h, n, r: (1 - z) * h + z * n
        ),
        "r and z change places: in PyTorch's order the columns of r come first": _wrong(blocks=(1, 0)),
        "the reset comes before the product, $(r \\odot h)W$; here it comes after, $r \\odot (hW + b)$": _wrong(
            place="before"
        ),
        "the reset gate is computed and not used": _wrong(place="none"),
        "the candidate is without its tanh": _wrong(squash=lambda s: s * 1.0),
        "the candidate goes through a sigmoid, so that it is never negative": _wrong(squash=sigmoid),
        "the candidate's `b_h` stands outside the reset gate": _wrong(place="bias outside"),
        "the candidate's `b_x` stands inside the reset gate": _wrong(place="bias of x inside"),
        "the reset gate multiplies the input's part of the candidate too": _wrong(place="both"),
        "$1-z$ multiplies both, the old state and the candidate": _wrong(mix=lambda z, h, n, r: (1 - z) * (h + n)),
        "z multiplies both, the old state and the candidate": _wrong(mix=lambda z, h, n, r: z * (h + n)),
        "the old state is kept whole, and the candidate added to it": _wrong(mix=lambda z, h, n, r: h + (1 - z) * n),
        "the state that is kept goes through the reset gate as well": _wrong(
            mix=lambda z, h, n, r: z * r * h + (1 - z) * n
        ),
        "the gates go through tanh": _wrong(gate=np.tanh),
        "the bias of the state, `b_h`, is left out": lambda x, h, W, U, b, c: _step(x, h, W, U, b, 0 * c),
        "each block of `W_hh` is transposed": lambda x, h, W, U, b, c: _step(x, h, W, _turned(U), b, c),
        "the candidate is handed back: nothing of the old state is kept": _wrong(mix=lambda z, h, n, r: n),
    },
    accepts=[_step, _step_in_torch, _unit_by_unit],
    forbids=READY_MADE,
    hints=[
        "You have r and z. The candidate needs the *last* H columns of the weights and of both biases.",
        "Two parts: `x_n = x_t @ W_xh[:, 2 * H:] + b_x[2 * H:]`, and the same of the old state with `b_h`. "
        "The gate r multiplies the second one only.",
        "`n = np.tanh(x_n + r * h_n)`, then `z * h_prev + (1 - z) * n`.",
    ],
    returns=("h_t",),
    difficulty=2,
    minutes=8,
)


# -- other_z ---------------------------------------------------------------------------------------------------------


def _weight_sets(rng) -> list[Case]:
    def case(label, inputs, hidden):
        return Case(label, W_xh=away(rng, inputs, 3 * hidden), W_hh=away(rng, hidden, 3 * hidden),
                    b_x=away(rng, 3 * hidden), b_h=away(rng, 3 * hidden))  # fmt: skip

    return [case("2 inputs, 4 hidden units", 2, 4), case("5 inputs, 3 hidden units", 5, 3),
            case("one input, one hidden unit", 1, 1)]  # fmt: skip


def _signs(W_xh, W_hh, b_x, b_h):
    # A diagonal matrix of signs from the right: it turns whole columns.
    signs = np.diag(np.kron([1.0, -1.0, 1.0], np.ones(len(W_hh))))
    return tuple(part @ signs for part in (W_xh, W_hh, b_x, b_h))


def _turn(*parts, blocks=(1,), which=(0, 1, 2, 3), change=lambda block: -block):
    """Some blocks of columns changed, in some of the four parts."""
    size, out = len(parts[1]), []
    for i, part in enumerate(parts):
        pieces = _blocks(part, size)
        out.append(_joined(*[change(p) if k in blocks and i in which else p for k, p in enumerate(pieces)]))
    return tuple(out)


def _turned_with(**switches):
    return lambda *parts: _turn(*parts, **switches)


other_z = Exercise(
    name="06.other_z",
    points=2,
    inputs=_weight_sets,
    oracle=_signs,
    mistakes={
        "everything is negated: r and the candidate turn as well": _turned_with(blocks=(0, 1, 2)),
        "the columns of r are negated: those of z are the second block": _turned_with(blocks=(0,)),
        "the columns of n are negated: those of z are the second block": _turned_with(blocks=(2,)),
        "both gates are negated, r as well as z": _turned_with(blocks=(0, 1)),
        "the biases are forgotten, and $1-z$ comes out only where they are zero": _turned_with(which=(0, 1)),
        "the weights are forgotten, and only the biases turned": _turned_with(which=(2, 3)),
        "`W_hh` is forgotten: the old state is a part of z's sum as well": _turned_with(which=(0, 2, 3)),
        "`b_h` is forgotten: z has two biases": _turned_with(which=(0, 1, 2)),
        "each weight is taken from 1: the *gate* becomes $1-z$, not its weights": _turned_with(
            change=lambda block: 1 - block
        ),
        "the columns of r and z change places": lambda *parts: tuple(
            _joined(*[_blocks(p, len(parts[1]))[k] for k in (1, 0, 2)]) for p in parts
        ),
        "nothing is changed": lambda *parts: tuple(p * 1.0 for p in parts),
    },
    accepts=[
        _turn,
        lambda *parts: [p * np.repeat([1, -1, 1], len(parts[1])) for p in parts],
        lambda *parts: tuple(p * (1 - 2 * (np.arange(p.shape[-1]) // len(parts[1]) == 1)) for p in parts),
    ],
    hints=[
        "You want a gate that is $1-z$ where the old one was $z$. Which number in front of the sum $a$ does that?",
        "$\\sigma(-a) = 1 - \\sigma(a)$, so the whole sum of z must change its sign, with all that enters it.",
        "Copy each of the four, then negate the columns `H:2 * H`; `part[..., H:2 * H]` works for matrices and biases.",
    ],
    returns=("W_xh", "W_hh", "b_x", "b_h"),
    difficulty=2,
    minutes=6,
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
    parts = list(zip(*(_blocks(w, np.shape(h_prev)[-1]) for w in (W_xh, W_hh, b)), strict=True))
    r, z = (_torch_gate(x_t, h_prev, *part) for part in parts[:2])
    n = _one_unit_kind(x_t, r * np.asarray(h_prev), *parts[2])
    return n + z * (np.asarray(h_prev) - n)


def _before(x_t, h_prev, W_xh, W_hh, b, **switches):
    return _step(x_t, h_prev, W_xh, W_hh, b, 0 * b, **{"place": "before", **switches})


def _wrong_before(**switches):
    return lambda *args: _before(*args, **switches)


def _reset_everywhere(x_t, h_prev, W_xh, W_hh, b):
    r, _ = _gates(x_t, h_prev, W_xh, W_hh, b, 0 * b)
    _, z = _gates(x_t, r * h_prev, W_xh, W_hh, b, 0 * b)
    n = _candidate(x_t, h_prev, r, W_xh, W_hh, b, 0 * b, "before")
    return z * h_prev + (1 - z) * n


def _reset_reads_x(x_t, h_prev, W_xh, W_hh, b):
    size = np.shape(h_prev)[-1]
    r, z = _gates(x_t, h_prev, W_xh, W_hh, b, 0 * b)
    n = np.tanh(x_t @ W_xh[:, 2 * size :] + (h_prev @ W_hh[:, 2 * size :] + b[2 * size :]) * r)
    return z * h_prev + (1 - z) * n


def _before_by_einsum(x_t, h_prev, W_xh, W_hh, b):
    size = len(W_hh)
    W, U, c = (np.reshape(a, (*np.shape(a)[:-1], 3, size)) for a in (W_xh, W_hh, b))
    from_x = np.einsum("bd,dkj->bkj", x_t, W) + c
    from_h = np.einsum("bi,ikj->bkj", h_prev, U[:, :2])
    r, z = np.moveaxis(sigmoid(from_x[:, :2] + from_h), 1, 0)
    n = np.tanh(from_x[:, 2] + np.einsum("bi,bi,ij->bj", r, h_prev, U[:, 2]))
    return z * h_prev + (1 - z) * n


reset_before = Exercise(
    name="06.reset_before",
    points=2,
    inputs=_before_steps,
    oracle=_three_plain_cells,
    mistakes={
        "the reset comes after the product, as in PyTorch": lambda x, h, W, U, b: _step(
            x, h, W, U, b, 0 * b, place="after"
        ),
        "the reset comes after the product and takes the bias with it": _reset_reads_x,
        "the reset gate is computed and not used": _wrong_before(place="none"),
        "the reset gate multiplies the input's part of the candidate too": _wrong_before(place="both"),
        "the state that is kept goes through the reset gate as well": _wrong_before(
            mix=lambda z, h, n, r: z * r * h + (1 - z) * n
        ),
        "z reads the reset state too: only the candidate does": _reset_everywhere,
        "z is the other way round: in Cho's equation 7 it keeps the old state": _wrong_before(
            mix=lambda z, h, n, r: (1 - z) * h + z * n
        ),
        "r and z change places": _wrong_before(blocks=(1, 0)),
        "the candidate is without its tanh": _wrong_before(squash=lambda s: s * 1.0),
        "the bias counts twice": lambda x, h, W, U, b: _before(x, h, W, U, 2 * b),
    },
    accepts=[_before, _before_by_einsum],
    forbids=READY_MADE,
    hints=[
        "The gates are as before. Only what the candidate reads of the old state changes.",
        "First the gate, `r * h_prev`, then the product with the last H columns of `W_hh`, then the one bias.",
        "`n = np.tanh(x_t @ W_xh[:, 2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:] + b[2 * H:])`. For r and z you may call "
        "your `gates` with zeros for the second bias.",
    ],
    returns=("h_t",),
    difficulty=2,
    minutes=6,
)


# -- gru_forward -----------------------------------------------------------------------------------------------------


def _sequence_case(rng, label, batch, steps, inputs, hidden, zero=False) -> Case:
    h_0 = np.zeros((batch, hidden)) if zero else away(rng, batch, hidden) * 0.8
    return Case(label, x=away(rng, batch, steps, inputs), h_0=h_0, W_xh=weights(rng, inputs, 3 * hidden, gain=0.9),
                W_hh=weights(rng, hidden, 3 * hidden, gain=0.9), b_x=away(rng, 3 * hidden) * 0.6,
                b_h=away(rng, 3 * hidden) * 0.6)  # fmt: skip


def _sequences(rng) -> list[Case]:
    return [
        _sequence_case(rng, "2 sequences of 5 steps", 2, 5, 3, 4),
        _sequence_case(rng, "4 sequences of a single step", 4, 1, 3, 2),
        _sequence_case(rng, "1 sequence of 7 steps from a state of zeros", 1, 7, 2, 5, zero=True),
        _sequence_case(rng, "3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
    ]


def _torch_gru(x, h_0, W_xh, W_hh, b_x, b_h):
    # PyTorch's own layer, with these weights in it.
    import torch

    x, h_0, W_xh, W_hh, b_x, b_h = tensors(x, h_0, W_xh, W_hh, b_x, b_h)
    layer = torch.nn.GRU(len(W_xh), len(W_hh), batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (W_xh.T, W_hh.T, b_x, b_h), strict=True):
            own.copy_(given)
        states, last = layer(x, h_0[None])
    return states.numpy(), last[0].numpy()


def _forward(x, h_0, *weights, order=1, axis=1, step=_step):
    h, states = h_0, []
    for t in range(np.shape(x)[1])[::order]:
        h = step(x[:, t], h, *weights)
        states.append(h)
    return np.stack(states, axis=axis), h


def _forward_with(**switches):
    return lambda *args: _forward(*args, step=_wrong(**switches))


def _state_hoisted_too(x, h_0, *weights):
    """Every step's product with W_hh is that of the first state."""
    states, h = [], h_0
    W_xh, W_hh, b_x, b_h = weights
    frozen = h_0 @ W_hh + b_h
    for t in range(np.shape(x)[1]):
        x_r, x_z, x_n = _blocks(x[:, t] @ W_xh + b_x, len(W_hh))
        h_r, h_z, h_n = _blocks(frozen, len(W_hh))
        n, z = np.tanh(x_n + sigmoid(x_r + h_r) * h_n), sigmoid(x_z + h_z)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states, axis=1), h


def _first_input_only(x, h_0, *weights):
    return _forward(np.repeat(np.asarray(x)[:, :1], np.shape(x)[1], axis=1), h_0, *weights)


def _over_the_batch(x, h_0, *weights):
    h, states = h_0, []
    for x_t in x:
        h = _step(x_t, h, *weights)
        states.append(h)
    return np.stack(states, axis=1), h


def _forgetful(x, h_0, *weights):
    states = np.stack([_step(x[:, t], h_0, *weights) for t in range(np.shape(x)[1])], axis=1)
    return states, states[:, -1]


def _one_late(x, h_0, *weights):
    states, last = _forward(x, h_0, *weights)
    return np.concatenate([np.asarray(h_0)[:, None], states[:, :-1]], axis=1), last


def _hoisted_in_torch(x, h_0, *weights):
    import torch

    x, h, W_xh, W_hh, b_x, b_h = tensors(x, h_0, *weights)
    states, size = [], len(W_hh)
    for from_x in (x @ W_xh + b_x).unbind(1):
        from_h = h @ W_hh + b_h
        r, z = torch.sigmoid(from_x[:, : 2 * size] + from_h[:, : 2 * size]).chunk(2, dim=1)
        h = torch.lerp(torch.tanh(from_x[:, 2 * size :] + r * from_h[:, 2 * size :]), h, z)
        states.append(h)
    return torch.stack(states, dim=1), h


gru_forward = Exercise(
    name="06.gru_forward",
    points=3,
    inputs=_sequences,
    oracle=_torch_gru,
    mistakes={
        "the state's product is taken out of the loop as well: it needs the state of *this* step": _state_hoisted_too,
        "all of `b_h` goes out of the loop with `b_x`; in the candidate it stands inside the reset gate": _forward_with(
            place="bias outside"
        ),
        "the state is reset at every step: each begins again from `h_0`": _forgetful,
        "the initial state is ignored: reading begins from zeros": lambda x, h_0, *weights: _forward(
            x, 0 * h_0, *weights
        ),
        "every step reads the first input": _first_input_only,
        "the states are stacked along the first axis: (T, B, H), where (B, T, H) belongs": lambda *a: _forward(
            *a, axis=0
        ),
        "the loop runs over the sequences of the batch, not over the steps of time": _over_the_batch,
        "the sequence is read from its end to its beginning": lambda *a: _forward(*a, order=-1),
        "the states are one step late: `h_0` stands first and the last state is missing": _one_late,
        "r and z change places: in PyTorch's order the columns of r come first": _forward_with(blocks=(1, 0)),
        "the reset comes before the product": _forward_with(place="before"),
        "z is the other way round": _forward_with(mix=lambda z, h, n, r: (1 - z) * h + z * n),
        "only the states are handed back, without the last one beside them": lambda *a: _forward(*a)[0],
    },
    accepts=[_forward, _hoisted_in_torch, lambda *a: _forward(*a, step=_unit_by_unit)],
    forbids=READY_MADE,
    hints=[
        "Before the loop: `x @ W_xh + b_x` is (B, T, 3H), the inputs' part of every step at once.",
        "In the loop one product, `h @ W_hh + b_h` (B, 3H). Cut both into `[:, :2 * H]` for the gates and the rest.",
        "`gates = sigmoid(from_x[:, :2 * H] + from_h[:, :2 * H])`; r is its left half, z its right one; "
        "`n = np.tanh(from_x[:, 2 * H:] + r * from_h[:, 2 * H:])`; `h = n + z * (h - n)`.",
    ],
    returns=("states", "h_T"),
    difficulty=3,
    minutes=10,
)


# -- width_for -------------------------------------------------------------------------------------------------------


def _budgets(rng) -> list[Case]:
    def case(label, parameters, inputs, blocks, biases):
        return Case(label, parameters=int(parameters), input_size=inputs, blocks=blocks, biases=biases)

    def count(width, inputs, blocks, biases):
        return blocks * (inputs * width + width * width + biases * width)

    D, H = (int(n) for n in (rng.integers(20, 40), rng.integers(50, 90)))
    return [
        case("a GRU that fits exactly", count(H, D, 3, 2), D, 3, 2),
        case("one parameter less than that", count(H, D, 3, 2) - 1, D, 3, 2),
        case("the plain network in the same budget", count(H, D, 3, 2), D, 1, 1),
        case("a budget that is one short of a single unit", 3 * (D + 1 + 2) - 1, D, 3, 2),
        case("the LSTM in another one", count(H, D, 4, 1) + int(rng.integers(1, H)), D, 4, 1),
    ]


def _largest(parameters, input_size, blocks, biases):
    # H (D + H + b) <= P / blocks, solved for a whole H.
    side = input_size + biases
    return (isqrt(side * side + 4 * (parameters // blocks)) - side) // 2


def _width(parameters, room):
    """The largest width whose count, room(width), is within the parameters."""
    width = 0
    while room(width + 1) <= parameters:
        width += 1
    return width


width_for = Exercise(
    name="06.width_for",
    points=2,
    inputs=_budgets,
    oracle=_largest,
    mistakes={
        "the first width that does not fit any more is handed back": lambda P, D, k, b: _largest(P, D, k, b) + 1,
        "a network of exactly the budget is left out": lambda P, D, k, b: _largest(P - 1, D, k, b),
        "the blocks are not counted: each gate has weights of its own": lambda P, D, k, b: _largest(P, D, 1, b),
        "the input's weights are not counted": lambda P, D, k, b: _largest(P, 0, k, b),
        "the recurrent weights are counted once, not once for each block": lambda P, D, k, b: _width(
            P, lambda H: k * (D * H + b * H) + H * H
        ),
        "the input's weights are counted once, not once for each block": lambda P, D, k, b: _width(
            P, lambda H: k * (H * H + b * H) + D * H
        ),
        "the recurrent weights are counted as H, where they are a square": lambda P, D, k, b: P // (k * (D + b + 1)),
        "the width times the number of blocks is handed back": lambda P, D, k, b: k * _largest(P, D, k, b),
        "the number of parameters of that width is handed back, not the width": lambda P, D, k, b: (
            k * (h := _largest(P, D, k, b)) * (D + h + b)
        ),
        "the square root of the budget is taken, and inputs and biases forgotten": lambda P, D, k, b: isqrt(P // k),
    },
    accepts=[
        _largest,
        lambda P, D, k, b: max(h for h in range(isqrt(P) + 1) if sum(D * h + h * h + b * h for _ in range(k)) <= P),
        lambda P, D, k, b: _width(P, lambda H: k * H * (D + H + b)),
    ],
    hints=[
        "One block of columns has D·H weights for the input, H·H for the state, and as many biases times H.",
        "All blocks together: `blocks * (D * H + H * H + biases * H)`. Find the largest H for which that is not more "
        "than `parameters`. Trying widths one after another is fine.",
        "Begin with `width = 0`; while the count for `width + 1` is within the budget, make it one more.",
    ],
    returns=("width",),
    difficulty=2,
    minutes=6,
)


# -- blend_gradients -------------------------------------------------------------------------------------------------


def _blends(rng) -> list[Case]:
    def case(label, batch, hidden):
        return Case(label, dh=away(rng, batch, hidden), h_prev=away(rng, batch, hidden) * 0.8,
                    z=rng.uniform(0.15, 0.4, (batch, hidden)) + rng.choice([0.0, 0.45], (batch, hidden)),
                    n=np.tanh(away(rng, batch, hidden)))  # fmt: skip

    return [case("a batch of 3, 5 units", 3, 5), case("a batch of 4, 2 units", 4, 2), case("one number", 1, 1)]


def _blend_by_autograd(dh, h_prev, z, n):
    import torch

    dh, z, n = tensors(dh, z, n)
    h_prev, a_z, a_n = _leaves(h_prev, torch.logit(z), torch.atanh(n))
    gate = torch.sigmoid(a_z)
    h_t = gate * h_prev + (1 - gate) * torch.tanh(a_n)
    return tuple(g.numpy() for g in torch.autograd.grad(h_t, (h_prev, a_z, a_n), dh))


def _blend(dh, h_prev, z, n):
    return dh * z, dh * (h_prev - n) * z * (1 - z), dh * (1 - z) * (1 - n**2)


blend_gradients = Exercise(
    name="06.blend_gradients",
    points=3,
    inputs=_blends,
    oracle=_blend_by_autograd,
    mistakes={
        "the path through z is half: it holds the old state *and*, with a minus, the candidate": lambda dh, h, z, n: (
            dh * z,
            dh * h * z * (1 - z),
            dh * (1 - z) * (1 - n**2),
        ),
        "the path through z has the wrong sign: more z is more of the old state": lambda dh, h, z, n: (
            dh * z,
            dh * (n - h) * z * (1 - z),
            dh * (1 - z) * (1 - n**2),
        ),
        "the path through z adds where it should take away: $1-z$ has the derivative $-1$": lambda dh, h, z, n: (
            dh * z,
            dh * (h + n) * z * (1 - z),
            dh * (1 - z) * (1 - n**2),
        ),
        "the sigmoid's own derivative, $z(1-z)$, is forgotten": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n),
            dh * (1 - z) * (1 - n**2),
        ),
        "the sigmoid is given tanh's derivative, $1-z^2$": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n) * (1 - z**2),
            dh * (1 - z) * (1 - n**2),
        ),
        "tanh's own derivative, $1-n^2$, is forgotten": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n) * z * (1 - z),
            dh * (1 - z),
        ),
        "tanh is given the sigmoid's derivative, $n(1-n)$": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n) * z * (1 - z),
            dh * (1 - z) * n * (1 - n),
        ),
        "tanh's derivative is taken of its value: $1-\\tanh^2(n)$, where n is the tanh already": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n) * z * (1 - z),
            dh * (1 - z) * (1 - np.tanh(n) ** 2),
        ),
        "z is the other way round, throughout": lambda dh, h, z, n: (
            dh * (1 - z),
            dh * (n - h) * z * (1 - z),
            dh * z * (1 - n**2),
        ),
        "the candidate gets z of the gradient, where $1-z$ is its share": lambda dh, h, z, n: (
            dh * z,
            dh * (h - n) * z * (1 - z),
            dh * z * (1 - n**2),
        ),
        "the old state gets all of the gradient, where z is its share": lambda dh, h, z, n: (
            dh * 1.0,
            dh * (h - n) * z * (1 - z),
            dh * (1 - z) * (1 - n**2),
        ),
    },
    accepts=[
        _blend,
        lambda dh, h, z, n: (z * dh, (h - n) * (z - z**2) * dh, (1 - z) * (1 - n) * (1 + n) * dh),
        lambda *a: list(_blend(*tensors(*a))),
    ],
    forbids=BACKWARD,
    hints=[
        "Three derivatives of $z h + (1-z) n$: with respect to h, to z, and to n. Each is multiplied by dh.",
        "With respect to h it is z, to z it is $h - n$, to n it is $1-z$. Then on through the sigmoid and the tanh.",
        "`dh * (h_prev - n) * z * (1 - z)` and `dh * (1 - z) * (1 - n**2)`.",
    ],
    returns=("dh_prev", "da_z", "da_n"),
    difficulty=3,
    minutes=10,
)


# -- gru_backward ----------------------------------------------------------------------------------------------------


def _backward_cases(rng) -> list[Case]:
    cases = []
    for case in _steps(rng):
        cases.append(Case(case.label, dh=away(rng, *case.named["h_prev"].shape), **case.named))
    return cases


def _backward_by_autograd(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    import torch

    cell, (x_t, h_prev) = _cell(W_xh, W_hh, b_x, b_h), _leaves(x_t, h_prev)
    grads = torch.autograd.grad(cell(x_t, h_prev), (x_t, h_prev, *cell.parameters()), tensors(dh)[0])
    return tuple(g.T.numpy() if 2 <= i <= 3 else g.numpy() for i, g in enumerate(grads))


def _backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h, *, blend=_blend, through_r=1.0, direct=1.0, inner=1.0,
              gated=True, slope=lambda r: r * (1 - r), order=(0, 1, 2), W_back=None):  # fmt: skip
    size = np.shape(h_prev)[1]
    r, z = _gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    h_n = h_prev @ W_hh[:, 2 * size :] + b_h[2 * size :]
    n = np.tanh(x_t @ W_xh[:, 2 * size :] + b_x[2 * size :] + r * h_n)
    kept, da_z, da_n = blend(dh, h_prev, z, n)
    da_r = through_r * da_n * h_n * slope(r)
    parts = [da_r, da_z, da_n], [da_r, da_z, da_n * r if gated else da_n]
    from_x, from_h = (_joined(*[p[k] for k in order]) for p in parts)
    way = W_hh if W_back is None else W_back(W_hh)
    dh_prev = direct * kept + inner * (from_h @ way.T)
    return from_x @ W_xh.T, dh_prev, x_t.T @ from_x, h_prev.T @ from_h, from_x.sum(axis=0), from_h.sum(axis=0)


def _backward_with(**switches):
    return lambda *args: _backward(*args, **switches)


def _gates_only(W_hh):
    """W_hh without the candidate's columns."""
    return _turn(W_hh, W_hh, blocks=(2,), change=lambda block: 0 * block)[0]


def _candidate_only(W_hh):
    return _turn(W_hh, W_hh, blocks=(0, 1), change=lambda block: 0 * block)[0]


def _after(change):
    """The right gradients, then changed."""
    return lambda *args: change(*_backward(*args))


def _mean_over_batch(dx, dh, dW, dU, db, dc):
    return dx, dh, dW / len(dx), dU / len(dx), db / len(dx), dc / len(dx)


gru_backward = Exercise(
    name="06.gru_backward",
    points=4,
    inputs=_backward_cases,
    oracle=_backward_by_autograd,
    mistakes={
        "the old state gets no gradient of its own: the direct path, z times dh, is forgotten": _backward_with(
            direct=0.0
        ),
        "the old state gets the direct path alone: it also enters gates and candidate, through `W_hh`": _backward_with(
            inner=0.0
        ),
        "the path through z is forgotten": _backward_with(
            blend=lambda dh, h, z, n: (dh * z, 0 * dh, dh * (1 - z) * (1 - n**2))
        ),
        "the path through the reset gate is forgotten: r has a gradient too": _backward_with(through_r=0.0),
        "the candidate's part of the old state goes back without the reset gate that it came through": _backward_with(
            gated=False
        ),
        "the old state's way through the candidate is forgotten": _backward_with(W_back=_gates_only),
        "the old state's way through the two gates is forgotten": _backward_with(W_back=_candidate_only),
        "tanh's own derivative is forgotten": _backward_with(
            blend=lambda dh, h, z, n: (dh * z, dh * (h - n) * z * (1 - z), dh * (1 - z))
        ),
        "the reset gate's sigmoid has no derivative: $r(1-r)$ is forgotten": _backward_with(slope=lambda r: 1.0),
        "z is the other way round": _backward_with(
            blend=lambda dh, h, z, n: (dh * (1 - z), dh * (n - h) * z * (1 - z), dh * z * (1 - n**2))
        ),
        "the gradient of z has the wrong sign": _backward_with(
            blend=lambda dh, h, z, n: (dh * z, dh * (n - h) * z * (1 - z), dh * (1 - z) * (1 - n**2))
        ),
        "the columns of the gradients are in the order z, r, n": _backward_with(order=(1, 0, 2)),
        "each block of `W_hh` is used on the way back as on the way there: it has to be transposed": _backward_with(
            W_back=_turned
        ),
        "the two biases get the same gradient: that of `b_h` goes through the reset gate in the candidate": _after(
            lambda dx, dh, dW, dU, db, dc: (dx, dh, dW, dU, db, db)
        ),
        "the weights' gradients are averaged over the batch, where they are a sum": _after(_mean_over_batch),
        "the weights' gradients are transposed": _after(lambda dx, dh, dW, dU, db, dc: (dx, dh, dW.T, dU.T, db, dc)),
    },
    accepts=[
        _backward,
        lambda *a: list(_backward(*a)),
    ],
    forbids=BACKWARD,
    hints=[
        "Go forward once more to have r, z, n and `h_n = h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]`. "
        "Then `blend_gradients` gives the direct path, `da_z` and `da_n`.",
        "n reads `r * h_n`: so r gets `da_n * h_n`, then the sigmoid's derivative; and `h_n` gets `da_n * r`.",
        "Two rows of three blocks: `[da_r, da_z, da_n]` for what came from x, `[da_r, da_z, da_n * r]` for what "
        "came from h.",
        "With those two: `da_x @ W_xh.T`, `direct + da_h @ W_hh.T`, `x_t.T @ da_x`, `h_prev.T @ da_h`, and two sums.",
    ],
    returns=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_x", "db_h"),
    difficulty=4,
    minutes=20,
    core=False,
)

EXERCISES = [gates, gru_step, other_z, reset_before, gru_forward, width_for, blend_gradients, gru_backward]
