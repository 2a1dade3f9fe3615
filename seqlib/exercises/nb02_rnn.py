"""Notebook 02: the recurrent network, from a scalar by hand to a trained one."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.exercises.inputs import away, softmax, tensors, weights

# What would do the work of writing a recurrent layer.
READY_MADE = ("torch.nn.RNN", "torch.nn.RNNCell", "torch.rnn_tanh", "torch.rnn_tanh_cell")


# -- scalar_trace ----------------------------------------------------------------------------------------------------


def _numbers(rng) -> list[Case]:
    return [
        Case("five words as 1 to 5, both weights 0.5", x=np.arange(1.0, 6.0), w_h=0.5, w_x=0.5),
        Case(
            "six numbers, two different weights",
            x=away(rng, 6),
            w_h=float(rng.uniform(0.8, 0.95)),
            w_x=float(rng.uniform(0.2, 0.4)),
        ),
        Case("a negative weight on the state", x=away(rng, 4), w_h=-0.7, w_x=float(rng.uniform(1.2, 1.6))),
        Case("one number only", x=away(rng, 1), w_h=0.6, w_x=0.3),
    ]


def _unrolled_sum(x, w_h, w_x):
    # The recurrence solved: h_t is the sum over k <= t of w_h^(t-k) w_x x_k, a triangle of powers.
    lag = np.subtract.outer(np.arange(len(x)), np.arange(len(x)))
    return np.where(lag >= 0, float(w_h) ** np.maximum(lag, 0), 0.0) @ (w_x * np.asarray(x, dtype=float))


def _trace(x, first, step) -> np.ndarray:
    """States from a start and a rule step(h, x_t, x_before)."""
    h, before, states = first, 0.0, []
    for x_t in x:
        h = step(h, x_t, before)
        before = x_t
        states.append(h)
    return np.array(states)


scalar_trace = Exercise(
    name="02.scalar_trace",
    points=2,
    inputs=_numbers,
    oracle=_unrolled_sum,
    stand_in=lambda x, w_h, w_x: list(_unrolled_sum(x, w_h, w_x)),
    mistakes={
        "the state is reset at every step, so that nothing of the earlier words is left": lambda x, w_h, w_x: w_x * x,
        "the two weights change places": lambda x, w_h, w_x: _unrolled_sum(x, w_x, w_h),
        "the last input is carried on in place of the last state": lambda x, w_h, w_x: _trace(
            x, 0.0, lambda h, x_t, before: w_h * before + w_x * x_t
        ),
        "the old state is kept whole: the weight `w_h` is left out": lambda x, w_h, w_x: np.cumsum(w_x * x),
        "the new input is faded too: `w_h` multiplies the whole sum": lambda x, w_h, w_x: _trace(
            x, 0.0, lambda h, x_t, _: w_h * (h + w_x * x_t)
        ),
        "the first state is set to the first input, instead of one step from $h_0 = 0$": lambda x, w_h, w_x: np.append(
            x[0], _trace(x[1:], x[0], lambda h, x_t, _: w_h * h + w_x * x_t)
        ),
        "$h_0 = 0$ is handed back too, so that there is one state too many": lambda x, w_h, w_x: np.concatenate(
            [[0.0], _unrolled_sum(x, w_h, w_x)]
        ),
        "only the last state is handed back, not all of them": lambda x, w_h, w_x: _unrolled_sum(x, w_h, w_x)[-1],
        "the words are read from the last to the first": lambda x, w_h, w_x: _unrolled_sum(x[::-1], w_h, w_x),
    },
    accepts=[
        lambda x, w_h, w_x: list(_trace(x, 0.0, lambda h, x_t, _: w_h * h + w_x * x_t)),
        lambda x, w_h, w_x: [sum(w_h ** (t - k) * w_x * x[k] for k in range(t + 1)) for t in range(len(x))],
        lambda x, w_h, w_x: np.linalg.solve(np.eye(len(x)) - w_h * np.eye(len(x), k=-1), w_x * np.asarray(x)),
    ],
    hints=[
        "Keep one number, `h`, that starts at 0 and is replaced once for each number in `x`.",
        "In the loop: the new `h` is `w_h` times the old `h` plus `w_x` times the number read. Collect it.",
        "`h = w_h * h + w_x * x_t`, then `states.append(h)`; return the list after the loop.",
    ],
    returns=("states",),
    minutes=4,
)


# -- rnn_step --------------------------------------------------------------------------------------------------------


def _step_case(rng, label, batch, inputs, hidden, first=False) -> Case:
    h_prev = np.zeros((batch, hidden)) if first else away(rng, batch, hidden) * 0.7
    return Case(
        label,
        x_t=away(rng, batch, inputs),
        h_prev=h_prev,
        W_xh=weights(rng, inputs, hidden),
        W_hh=weights(rng, hidden, hidden),
        b_h=away(rng, hidden) * 0.5,
    )


def _steps(rng) -> list[Case]:
    return [
        _step_case(rng, "a batch of 3, more hidden units than inputs", 3, 4, 5),
        _step_case(rng, "a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        _step_case(rng, "the first step: h_prev is zero", 2, 3, 6, first=True),
        _step_case(rng, "as many hidden units as inputs, so that a transposed weight fits", 2, 4, 4),
    ]


def _cell(x_t, h_prev, W_xh, W_hh, b_h):
    # PyTorch's own cell, with these weights in it.
    import torch

    x_t, h_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, W_xh, W_hh, b_h)
    cell = torch.nn.RNNCell(*W_xh.shape, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(cell.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
        return cell(x_t, h_prev).numpy()


def _step(x_t, h_prev, W_xh, W_hh, b_h, activation=np.tanh):
    return activation(np.asarray(x_t) @ W_xh + np.asarray(h_prev) @ W_hh + b_h)


def _one_product(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([W_xh, W_hh]) + b_h)


def _by_einsum(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.einsum("bd,dh->bh", x_t, W_xh) + np.einsum("bg,gh->bh", h_prev, W_hh) + b_h)


def _unit_by_unit(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.empty(np.shape(h_prev))
    for b in range(len(x_t)):
        for j in range(len(b_h)):
            total = b_h[j] + sum(x_t[b][d] * W_xh[d][j] for d in range(len(W_xh)))
            h_t[b, j] = np.tanh(total + sum(h_prev[b][g] * W_hh[g][j] for g in range(len(W_hh))))
    return h_t


def _step_in_torch(x_t, h_prev, W_xh, W_hh, b_h):
    import torch

    x_t, h_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, W_xh, W_hh, b_h)
    return torch.tanh(torch.addmm(b_h, x_t, W_xh) + h_prev.mm(W_hh))


rnn_step = Exercise(
    name="02.rnn_step",
    points=3,
    inputs=_steps,
    oracle=_cell,
    mistakes={
        "the state is reset: `h_prev` does not enter": lambda x, h, W, U, b: np.tanh(x @ W + b),
        "the recurrent weight is transposed: `W_hh.T` stands where `W_hh` belongs": lambda x, h, W, U, b: _step(
            x, h, W, U.T, b
        ),
        "the input weight is transposed: `W_xh.T` stands where `W_xh` belongs": lambda x, h, W, U, b: _step(
            x, h, W.T, U, b
        ),
        "the weights are used as papers write them, `W_hh.T` and `W_xh.T` on row vectors": lambda x, h, W, U, b: _step(
            x, h, W.T, U.T, b
        ),
        "the weights stand on the left, as papers write them for columns; here a row stands for each sequence": (
            lambda x, h, W, U, b: np.tanh(np.asarray(W) @ x + np.asarray(U) @ h + b)
        ),
        "the bias is left out": lambda x, h, W, U, b: np.tanh(x @ W + h @ U),
        "the bias is added twice, where one belongs": lambda x, h, W, U, b: _step(x, h, W, U, 2 * b),
        "tanh is left out, and the network is linear": lambda *a: _step(*a, activation=lambda s: s * 1.0),
        "ReLU stands in the place of tanh": lambda *a: _step(*a, activation=lambda s: np.maximum(s, 0)),
        "tanh is taken of the input's part alone, and the old state added outside": lambda x, h, W, U, b: (
            np.tanh(x @ W + b) + h @ U
        ),
        "the old state is added as it is, without `W_hh`": lambda x, h, W, U, b: np.tanh(x @ W + h + b),
        "the input's part is left out: the network does not read": lambda x, h, W, U, b: np.tanh(h @ U + b),
    },
    accepts=[_step, _one_product, _by_einsum, _unit_by_unit, _step_in_torch],
    forbids=READY_MADE,
    hints=[
        "Three terms are added before tanh: one from the input, one from the old state, one bias.",
        "Row vectors: `x_t` (B, D) times `W_xh` (D, H) has the shape (B, H). So has `h_prev` times `W_hh`.",
        "`np.tanh(x_t @ W_xh + …)`: add `h_prev @ W_hh` and `b_h` inside the brackets.",
    ],
    returns=("h_t",),
    difficulty=2,
    minutes=5,
)


# -- rnn_forward -----------------------------------------------------------------------------------------------------


def _sequence_case(rng, label, batch, steps, inputs, hidden, zero=False) -> Case:
    h_0 = np.zeros((batch, hidden)) if zero else away(rng, batch, hidden) * 0.7
    return Case(
        label,
        x=away(rng, batch, steps, inputs),
        h_0=h_0,
        W_xh=weights(rng, inputs, hidden),
        W_hh=weights(rng, hidden, hidden),
        b_h=away(rng, hidden) * 0.5,
    )


def _sequences(rng) -> list[Case]:
    return [
        _sequence_case(rng, "2 sequences of 5 steps", 2, 5, 3, 4),
        _sequence_case(rng, "4 sequences of a single step", 4, 1, 3, 2),
        _sequence_case(rng, "1 sequence of 7 steps from a state of zeros", 1, 7, 2, 5, zero=True),
        _sequence_case(rng, "3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
    ]


def _torch_rnn(x, h_0, W_xh, W_hh, b_h):
    # PyTorch's own layer, with these weights in it.
    import torch

    x, h_0, W_xh, W_hh, b_h = tensors(x, h_0, W_xh, W_hh, b_h)
    layer = torch.nn.RNN(*W_xh.shape, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
        states, last = layer(x, h_0[None])
    return states.numpy(), last[0].numpy()


def _forward(x, h_0, W_xh, W_hh, b_h, order=1, axis=1):
    h, states = h_0, []
    for t in range(np.shape(x)[1])[::order]:
        h = _step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=axis), h


def _forgetful(x, h_0, W_xh, W_hh, b_h):
    states = np.stack([_step(x[:, t], h_0, W_xh, W_hh, b_h) for t in range(x.shape[1])], axis=1)
    return states, states[:, -1]


def _over_the_batch(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for x_t in x:
        h = _step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h


def _one_late(x, h_0, W_xh, W_hh, b_h):
    states, last = _forward(x, h_0, W_xh, W_hh, b_h)
    return np.concatenate([np.asarray(h_0)[:, None], states[:, :-1]], axis=1), last


def _hoisted(x, h_0, W_xh, W_hh, b_h):
    projected, states = np.einsum("btd,dh->bth", x, W_xh) + b_h, np.empty((*np.shape(x)[:2], len(b_h)))
    h = h_0
    for t in range(np.shape(x)[1]):
        h = states[:, t] = np.tanh(projected[:, t] + np.einsum("bg,gh->bh", h, W_hh))
    return states, h


def _forward_in_torch(x, h_0, W_xh, W_hh, b_h):
    import torch

    x, h, W_xh, W_hh, b_h = tensors(x, h_0, W_xh, W_hh, b_h)
    states = [h := _step_in_torch(x_t, h, W_xh, W_hh, b_h) for x_t in x.unbind(1)]
    return torch.stack(states, 1), h


def _row_by_row(x, h_0, W_xh, W_hh, b_h):
    both = np.concatenate([W_xh, W_hh])
    rows = []
    for sequence, h in zip(x, h_0, strict=True):
        rows.append([h := np.tanh(np.concatenate([x_t, h]) @ both + b_h) for x_t in sequence])
    return np.array(rows), np.array(rows)[:, -1]


rnn_forward = Exercise(
    name="02.rnn_forward",
    points=4,
    inputs=_sequences,
    oracle=_torch_rnn,
    mistakes={
        "the state is reset at every step: each begins again from `h_0`": _forgetful,
        "the initial state is ignored: reading begins from zeros": lambda x, h_0, W_xh, W_hh, b_h: _forward(
            x, 0 * h_0, W_xh, W_hh, b_h
        ),
        "the states are stacked along the first axis: (T, B, H), where (B, T, H) belongs": lambda *a: _forward(
            *a, axis=0
        ),
        "the loop runs over the sequences of the batch, not over the steps of time": _over_the_batch,
        "the states are one step late: `h_0` stands first and the last state is missing": _one_late,
        "the sequence is read from its end to its beginning": lambda *a: _forward(*a, order=-1),
        "the recurrent weight is transposed: `W_hh.T` stands where `W_hh` belongs": lambda x, h_0, W_xh, W_hh, b_h: (
            _forward(x, h_0, W_xh, W_hh.T, b_h)
        ),
        "the bias is added twice, where one belongs": lambda x, h_0, W_xh, W_hh, b_h: _forward(
            x, h_0, W_xh, W_hh, 2 * b_h
        ),
        "the state after the first step is handed back as the last one": lambda *a: (
            _forward(*a)[0],
            _forward(*a)[0][:, 0],
        ),
        "only the states are handed back, without the last one beside them": lambda *a: _forward(*a)[0],
    },
    accepts=[_forward, _hoisted, _row_by_row, _forward_in_torch],
    forbids=READY_MADE,
    hints=[
        "One loop over the T steps. Which axis of `x` (B, T, D) is that? What does `x[:, t]` give?",
        "Before the loop `h = h_0` and an empty list; in it `h = rnn_step(x[:, t], h, …)`, and `h` goes in the list.",
        "`np.stack(states, axis=1)` makes (B, T, H) of T arrays (B, H). Return that, and the last `h`.",
    ],
    returns=("states", "h_T"),
    difficulty=2,
    minutes=8,
)


# -- count_parameters ------------------------------------------------------------------------------------------------


def _sizes(rng) -> list[Case]:
    def draw(low, high):
        return int(rng.integers(low, high))

    def case(label, inputs, hidden, outputs, steps):
        return Case(label, input_size=inputs, hidden_size=hidden, output_size=outputs, steps=steps)

    return [
        case("6 letters, 4 hidden units, 3 classes, 7 steps", 6, 4, 3, 7),
        case("sizes drawn at random", draw(20, 30), draw(31, 49), draw(3, 9), draw(10, 18)),
        case("the same for a text of one step", draw(5, 9), draw(10, 19), draw(20, 30), 1),
    ]


def _counted(input_size, hidden_size, output_size, steps):
    # Count what PyTorch allocates; its second bias is one too many.
    import torch

    with torch.device("meta"):
        parts = torch.nn.RNN(input_size, hidden_size), torch.nn.Linear(hidden_size, output_size)
    return sum(p.numel() for part in parts for p in part.parameters()) - parts[0].bias_hh_l0.numel()


def _size_sum(i, h, o):
    return i * h + h * h + h + h * o + o


count_parameters = Exercise(
    name="02.count_parameters",
    points=2,
    inputs=_sizes,
    oracle=_counted,
    mistakes={
        "the weights are counted once for each step, though every step uses the same ones": lambda i, h, o, steps: (
            steps * (i * h + h * h + h) + h * o + o
        ),
        "everything is counted once for each step, though every step uses the same weights": lambda i, h, o, steps: (
            steps * _size_sum(i, h, o)
        ),
        "two biases are counted in the recurrent layer, where one belongs": lambda i, h, o, steps: (
            _size_sum(i, h, o) + h
        ),
        "the biases are left out": lambda i, h, o, steps: _size_sum(i, h, o) - h - o,
        "the readout's bias is left out": lambda i, h, o, steps: _size_sum(i, h, o) - o,
        "the recurrent weights `W_hh` are left out": lambda i, h, o, steps: _size_sum(i, h, o) - h * h,
        "the readout is left out": lambda i, h, o, steps: i * h + h * h + h,
        "`W_hh` is counted as one weight for each unit: each listens to all of them": lambda i, h, o, steps: (
            _size_sum(i, h, o) - h * h + h
        ),
        "the readout is taken to read the inputs too": lambda i, h, o, steps: _size_sum(i, h, o) + i * o,
    },
    accepts=[
        lambda i, h, o, steps: (i + h + 1) * h + (h + 1) * o,
        lambda i, h, o, steps: sum(np.prod(s) for s in [(i, h), (h, h), (h,), (h, o), (o,)]),
        lambda i, h, o, steps: sum(np.zeros(s).size for s in [(i, h), (h, h), (h,), (h, o), (o,)]),
    ],
    hints=[
        "Write down the shapes of W_xh, W_hh, b_h, W_hy and b_y. A matrix (m, n) holds m · n numbers.",
        "Is there any weight that step 2 has and step 1 has not? What does that make of `steps`?",
        "`input_size * hidden_size + hidden_size * hidden_size + hidden_size`, and the readout's two in the same way.",
    ],
    minutes=3,
)


# -- readout ---------------------------------------------------------------------------------------------------------


def _readouts(rng) -> list[Case]:
    def case(label, lead, hidden, classes):
        return Case(label, h=away(rng, *lead, hidden), W_hy=away(rng, hidden, classes), b_y=away(rng, classes))

    # Scores so large that exp gives infinity or zero: in one class, then in one row, of the batch.
    high, apart = (
        case("scores near 1000, but for one class at −1000", (2,), 3, 4),
        case("a row near 1000, one near −1000", (2,), 3, 5),
    )
    high.named["b_y"] += [1000, 1000, -1000, 1000]
    apart.named["h"][:, 0] = [1, -1]
    apart.named["W_hy"][0] += 1000
    return [
        case("many to one: a state for each of 3 sequences", (3,), 4, 5),
        case("many to many: a state for each of 3 steps of 2 sequences", (2, 3), 4, 6),
        high,
        apart,
    ]


def _torch_softmax(h, W_hy, b_y):
    import torch

    h, W_hy, b_y = tensors(h, W_hy, b_y)
    return torch.softmax(torch.nn.functional.linear(h, W_hy.T, b_y), dim=-1).numpy()


def _naive(h, W_hy, b_y):
    powers = np.exp(h @ W_hy + b_y)
    return powers / powers.sum(axis=-1, keepdims=True)


def _torch_readout(h, W_hy, b_y):
    h, W_hy, b_y = tensors(h, W_hy, b_y)
    return (h @ W_hy + b_y).softmax(-1)


def _log_sum_exp(h, W_hy, b_y):
    scores = np.einsum("...h,hc->...c", h, W_hy) + b_y
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))


readout = Exercise(
    name="02.readout",
    points=3,
    inputs=_readouts,
    oracle=_torch_softmax,
    mistakes={
        "the scores are handed back as they are, without softmax": lambda h, W_hy, b_y: h @ W_hy + b_y,
        "the exponential of a score near 1000 overflows: nothing is subtracted before `exp`": _naive,
        "softmax runs over the first axis, so that the sequences of a batch compete": lambda h, W_hy, b_y: softmax(
            h @ W_hy + b_y, axis=0
        ),
        "softmax runs over axis 1, which is time where there is a time axis": lambda h, W_hy, b_y: softmax(
            h @ W_hy + b_y, axis=1
        ),
        "the probabilities of the whole batch together sum to one, not those of each state": lambda h, W_hy, b_y: (
            softmax(h @ W_hy + b_y, axis=None)
        ),
        "the readout's bias is left out": lambda h, W_hy, b_y: softmax(h @ W_hy),
        "the logarithm of the probabilities is handed back": lambda h, W_hy, b_y: np.log(softmax(h @ W_hy + b_y)),
        "the powers are not divided by their sum": lambda h, W_hy, b_y: np.exp(
            (s := h @ W_hy + b_y) - s.max(axis=-1, keepdims=True)
        ),
        "each score goes through a sigmoid by itself, so that the classes do not sum to one": lambda h, W_hy, b_y: (
            1 / (1 + np.exp(-(h @ W_hy + b_y)))
        ),
        "the scores are divided by their sum, without the exponential": lambda h, W_hy, b_y: (
            (s := h @ W_hy + b_y) / s.sum(axis=-1, keepdims=True)
        ),
    },
    accepts=[lambda h, W_hy, b_y: softmax(np.asarray(h) @ W_hy + b_y), _torch_readout, _log_sum_exp],
    hints=[
        "Two steps: scores `h @ W_hy + b_y`, then softmax over the classes, which are the last axis.",
        "Softmax does not change when the same number is taken from every score of a row: take the largest.",
        "`powers = np.exp(scores - scores.max(axis=-1, keepdims=True))`, then divide by their sum over the same axis.",
    ],
    returns=("probabilities",),
    difficulty=2,
    minutes=6,
)


# -- last_real_state -------------------------------------------------------------------------------------------------


def _padded(rng) -> list[Case]:
    return [
        Case("4 sequences, the longest fills all 6 steps", states=away(rng, 4, 6, 3), lengths=np.array([2, 6, 1, 4])),
        Case("3 sequences, all with padding", states=away(rng, 3, 7, 2), lengths=rng.permutation([2, 4, 5])),
        Case("2 sequences of full length", states=away(rng, 2, 3, 4), lengths=np.array([3, 3])),
        Case("one sequence of a single token", states=away(rng, 1, 4, 5), lengths=np.array([1])),
    ]


def _gathered(states, lengths):
    import torch

    states, last = torch.as_tensor(states), torch.as_tensor(lengths) - 1
    found = states.gather(1, last.long()[:, None, None].expand(-1, 1, states.shape[2]))[:, 0]
    return found.numpy() if found.grad_fn is None else found


def _rows(states):
    return np.arange(len(states))


def _mean_real(states, lengths):
    real = np.arange(states.shape[1]) < lengths[:, None]
    return (states * real[..., None]).sum(axis=1) / lengths[:, None]


last_real_state = Exercise(
    name="02.last_real_state",
    points=3,
    inputs=_padded,
    oracle=_gathered,
    mistakes={
        "the last step is read, padded or not: the state has gone on over the padding": lambda states, lengths: states[
            :, -1
        ],
        "the index is one too large: the state after `lengths` steps is at `lengths - 1`": lambda states, lengths: (
            states[_rows(states), lengths]
        ),
        "the index is one too large, and is stopped at the end: counting starts at 0": lambda states, lengths: states[
            _rows(states), np.minimum(lengths, states.shape[1] - 1)
        ],
        "the index is one too small: the last real token is not in the state yet": lambda states, lengths: states[
            _rows(states), lengths - 2
        ],
        "every sequence is read at the length of the longest of its batch": lambda states, lengths: states[
            :, lengths.max() - 1
        ],
        "every sequence is read at the length of the first of its batch": lambda states, lengths: states[
            :, lengths[0] - 1
        ],
        "the first state is read instead of the last": lambda states, lengths: states[:, 0],
        "every row is picked at every length, (B, B, H): rows need their own index": lambda states, lengths: states[
            :, lengths - 1
        ],
        "the real states are averaged": _mean_real,
        "the last axis is cut instead of the axis of time": lambda states, lengths: states[:, :, -1],
    },
    accepts=[
        lambda states, lengths: states[np.arange(len(states)), lengths - 1],
        lambda states, lengths: [row[n - 1] for row, n in zip(states, lengths, strict=True)],
        lambda states, lengths: np.take_along_axis(states, np.reshape(lengths, (-1, 1, 1)) - 1, axis=1)[:, 0],
        lambda states, lengths: np.einsum("bth,bt->bh", states, np.eye(states.shape[1])[lengths - 1]),
        lambda states, lengths: states[range(len(states)), [int(n) - 1 for n in lengths]],
    ],
    hints=[
        "A sequence of length 1 has its last real state at step 0. Which step is it for a length n?",
        "For each row b you want `states[b, lengths[b] - 1]`. A loop is fine.",
        "Without a loop: index the first axis with `np.arange(len(states))` and the second with `lengths - 1`.",
    ],
    returns=("last",),
    difficulty=2,
    minutes=5,
)


# -- feed_back -------------------------------------------------------------------------------------------------------


def _written(first, steps, W_xh, W_hh, b_h, W_hy, b_y, *, reset=False, stuck=False, choose=np.argmax) -> list[int]:
    h, token, out = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[first if stuck else token] + (0 if reset else h @ W_hh) + b_h)
        token = int(choose(h @ W_hy + b_y))
        out.append(token)
    return out


def _without_the_first_state(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, token, out = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        out.append(token := int(np.argmax(h @ W_hy + b_y)))
        h = np.tanh(W_xh[token] + h @ W_hh + b_h)
    return out


def _reread(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    # No state is carried here: the whole text so far is read again for each letter, by PyTorch's own layer.
    ids = [int(first)]
    for _ in range(steps):
        x = np.eye(len(W_xh))[ids][None]
        states, _ = _torch_rnn(x, np.zeros((1, len(b_h))), W_xh, W_hh, b_h)
        ids.append(int((states[0, -1] @ np.asarray(W_hy) + np.asarray(b_y)).argmax()))
    return np.array(ids[1:], dtype=np.int64)


def _written_anew(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    return _reread(first, steps, W_xh, W_hh, b_h, W_hy, b_y).tolist()


def _feed_mistakes() -> dict:
    return {
        "the state is reset at every step, so that what is written depends on the last letter alone": lambda *a: (
            _written(*a, reset=True)
        ),
        "the first letter is read again at every step: what was written is not fed back": lambda *a: _written(
            *a, stuck=True
        ),
        "the first letter is handed back too: only what the network writes belongs in the answer": lambda *a: [
            a[0],
            *_written(*a),
        ],
        "the first letter stands in the answer, and the last one written is missing": lambda *a: [a[0], *_written(*a)][
            :-1
        ],
        "the least likely letter is taken": lambda *a: _written(*a, choose=np.argmin),
        "the first letter is never read: the network writes before it reads": _without_the_first_state,
        "the recurrent weight is transposed: `W_hh.T` stands where `W_hh` belongs": lambda *a: _written(
            *a[:3], a[3].T, *a[4:]
        ),
        "the readout's bias is left out": lambda *a: _written(*a[:-1], 0 * a[-1]),
        "the bias of the state is left out": lambda first, steps, W_xh, W_hh, b_h, *rest: _written(
            first, steps, W_xh, W_hh, 0 * b_h, *rest
        ),
        "only the last letter is handed back": lambda *a: _written(*a)[-1],
    }


def _telling(rng, label, steps, letters, hidden) -> Case:
    """Weights with which every known mistake writes something else, and no choice of a letter is close."""
    while True:
        case = Case(
            label,
            first=int(rng.integers(letters)),
            steps=steps,
            W_xh=away(rng, letters, hidden),
            W_hh=weights(rng, hidden, hidden) * 1.6,
            b_h=away(rng, hidden) * 0.5,
            W_hy=away(rng, hidden, letters),
            b_y=away(rng, letters),
        )
        right = _written(*case.args)
        texts = [repr(wrong(*case.args)) for wrong in _feed_mistakes().values()]
        if len({repr(right), *texts}) == len(texts) + 1 and len(set(right)) > 2 and _margin(*case.args) > 0.02:
            return case


def _margin(first, steps, W_xh, W_hh, b_h, W_hy, b_y) -> float:
    """By how much the best score leads the second, at the closest choice."""
    leads = []

    def choose(scores):
        leads.append(np.subtract(*np.sort(scores)[[-1, -2]]))
        return np.argmax(scores)

    _written(first, steps, W_xh, W_hh, b_h, W_hy, b_y, choose=choose)
    return float(min(leads))


def _feeds(rng) -> list[Case]:
    return [
        _telling(rng, "8 letters of an alphabet of 5", 8, 5, 7),
        _telling(rng, "11 letters of an alphabet of 6", 11, 6, 9),
        _telling(rng, "12 letters of an alphabet of 9", 12, 9, 4),
    ]


def _one_hot_loop(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    x, h, out = np.eye(len(W_xh))[[first]], np.zeros((1, len(b_h))), []
    for _ in range(steps):
        h = _one_product(x, h, W_xh, W_hh, b_h)
        out.append(int(softmax(h @ W_hy + b_y).argmax()))
        x = np.eye(len(W_xh))[[out[-1]]]
    return np.array(out)


def _feed_in_torch(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    import torch

    W_xh, W_hh, b_h, W_hy, b_y = tensors(W_xh, W_hh, b_h, W_hy, b_y)
    h, token, out = torch.zeros_like(b_h), first, []
    for _ in range(steps):
        h = torch.tanh(W_xh[token] + h @ W_hh + b_h)
        out.append(token := (h @ W_hy + b_y).argmax())
    return torch.stack(out)


feed_back = Exercise(
    name="02.feed_back",
    points=3,
    inputs=_feeds,
    oracle=_reread,
    stand_in=_written_anew,
    mistakes=_feed_mistakes(),
    accepts=[_written, _one_hot_loop, _feed_in_torch],
    forbids=READY_MADE,
    hints=[
        "Two things change in the loop: the state and the letter that is read. Both begin before it.",
        "A one-hot row times `W_xh` is one row of `W_xh`: the letter's own, `W_xh[letter]`.",
        "In the loop: a new `h` from `W_xh[letter]` and the old `h`; then `letter = (h @ W_hy + b_y).argmax()`, "
        "which goes in the list.",
    ],
    returns=("letters",),
    difficulty=3,
    minutes=10,
    core=False,
)


# -- from_torch ------------------------------------------------------------------------------------------------------


def _layers(rng) -> list[Case]:
    def case(label, inputs, hidden):
        return Case(
            label,
            weight_ih=away(rng, hidden, inputs),
            weight_hh=away(rng, hidden, hidden),
            bias_ih=away(rng, hidden),
            bias_hh=away(rng, hidden),
        )

    return [
        case("3 inputs, 5 hidden units", 3, 5),
        case("6 inputs, 2 hidden units", 6, 2),
        case("4 inputs, 4 hidden units, so that a transposed weight fits", 4, 4),
    ]


def _probed(weight_ih, weight_hh, bias_ih, bias_hh):
    # What PyTorch's linear map answers to each unit vector is a row of ours; to zero, the bias.
    import torch
    from torch.nn.functional import linear

    weight_ih, weight_hh, bias_ih, bias_hh = tensors(weight_ih, weight_hh, bias_ih, bias_hh)
    with torch.no_grad():
        rows = [linear(torch.eye(w.shape[1], dtype=w.dtype), w) for w in (weight_ih, weight_hh)]
        nothing = [linear(torch.zeros_like(w[0]), w, b) for w, b in ((weight_ih, bias_ih), (weight_hh, bias_hh))]
    return rows[0].numpy(), rows[1].numpy(), sum(nothing).numpy()


from_torch = Exercise(
    name="02.from_torch",
    points=2,
    inputs=_layers,
    oracle=_probed,
    stand_in=lambda weight_ih, weight_hh, bias_ih, bias_hh: (weight_ih.T, weight_hh.T, bias_ih + bias_hh),
    mistakes={
        "nothing is transposed: PyTorch keeps $W^{\\top}$, with outputs down the rows": lambda w, v, b, c: (
            w * 1.0,
            v * 1.0,
            b + c,
        ),
        "`weight_hh` is not transposed: it is square, so nothing complains": lambda w, v, b, c: (w.T, v * 1.0, b + c),
        "`weight_ih` is not transposed": lambda w, v, b, c: (w * 1.0, v.T, b + c),
        "one bias is dropped: `bias_hh` counts as well": lambda w, v, b, c: (w.T, v.T, b * 1.0),
        "one bias is dropped: `bias_ih` counts as well": lambda w, v, b, c: (w.T, v.T, c * 1.0),
        "the two biases are averaged instead of added": lambda w, v, b, c: (w.T, v.T, (b + c) / 2),
        "the two biases are both handed back, where one belongs": lambda w, v, b, c: (w.T, v.T, b * 1.0, c * 1.0),
        "the two weights change places": lambda w, v, b, c: (v.T, w.T, b + c),
    },
    accepts=[
        lambda w, v, b, c: (w.T, v.T, b + c),
        lambda w, v, b, c: (np.swapaxes(w, 0, 1), np.einsum("ij->ji", v), np.sum([b, c], axis=0)),
        lambda *given: tuple(t.t() if t.ndim == 2 else t for t in tensors(*given[:2], given[2] + given[3])),
    ],
    hints=[
        "Compare shapes: PyTorch's `weight_ih` is (H, D), our `W_xh` is (D, H).",
        "Both biases are added to the same sum before tanh. What does that make of them?",
        "`weight_ih.T, weight_hh.T, bias_ih + bias_hh`.",
    ],
    returns=("W_xh", "W_hh", "b_h"),
    minutes=3,
)

EXERCISES = [scalar_trace, rnn_step, rnn_forward, count_parameters, readout, last_real_state, feed_back, from_torch]
