"""Notebook 05: the LSTM, from four gates to a network that colours Python."""

from itertools import count

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.exercises.inputs import away, sigmoid, tensors, weights

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


forget_bias_for = Exercise(
    name="05.forget_bias_for",
    points=2,
    inputs=_delays,
    oracle=_bisected,
    mistakes={
        "the gate is handed back, not the bias that gives it: the sigmoid has to be undone": lambda n: 0.5 ** (1 / n),
        "the sigmoid is undone the wrong way round, and the gate closes": lambda n: -_logit(0.5 ** (1 / n)),
        "the logarithm of the gate is handed back: the sigmoid's inverse is $\\log\\frac{f}{1-f}$": lambda n: (
            np.log(0.5) / n
        ),
        "half is left after one step, whatever the number of steps": lambda n: 0.0 * n,
        "the steps are multiplied, not a power: $f \\cdot n$ in the place of $f^n$": lambda n: _logit(0.5 / n),
        "$1/e$ is left, not one half": lambda n: _logit(np.exp(-1 / n)),
        "the rule of thumb $\\log n$ is used, which leaves about $1/e$": lambda n: np.log(n),
        "one half is *lost* at every step of $n$: the root of one half is missing": lambda n: _logit(0.5**n),
    },
    accepts=[
        lambda n: -np.log(2 ** (1 / n) - 1),
        lambda n: _logit(np.exp(-np.log(2) / n)),
        lambda n: np.log(0.5 ** (1 / n)) - np.log1p(-(0.5 ** (1 / n))),
    ],
    hints=[
        "First the gate: which $f$ gives $f^n = 1/2$?",
        "$f = 2^{-1/n}$. Then the bias: $\\sigma(b) = f$, so $b = \\log f - \\log(1 - f)$.",
        "`f = 0.5 ** (1 / steps)` and `np.log(f / (1 - f))`.",
    ],
    returns=("bias",),
    minutes=4,
)


# -- lstm_step -------------------------------------------------------------------------------------------------------


def _step_case(rng, label, batch, inputs, hidden, first=False) -> Case:
    h_prev, c_prev = (
        np.zeros((2, batch, hidden)) if first else (away(rng, batch, hidden) * 0.7, away(rng, batch, hidden) * 1.5)
    )
    return Case(
        label,
        x_t=away(rng, batch, inputs),
        h_prev=h_prev,
        c_prev=c_prev,
        W_xh=weights(rng, inputs, 4 * hidden),
        W_hh=weights(rng, hidden, 4 * hidden),
        b_h=away(rng, 4 * hidden) * 0.5,
    )


def _steps(rng) -> list[Case]:
    return [
        _step_case(rng, "a batch of 3, more hidden units than inputs", 3, 4, 5),
        _step_case(rng, "a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        _step_case(rng, "the first step: both states are zero", 2, 3, 6, first=True),
        _step_case(rng, "a single unit", 4, 2, 1),
    ]


def _cell(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    # PyTorch's own cell, with these weights in it.
    import torch

    x_t, h_prev, c_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, c_prev, W_xh, W_hh, b_h)
    cell = torch.nn.LSTMCell(len(W_xh), len(W_hh), dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(cell.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
        return tuple(part.numpy() for part in cell(x_t, (h_prev, c_prev)))


def _sums(x_t, h_prev, W_xh, W_hh, b_h):
    return np.asarray(x_t) @ W_xh + np.asarray(h_prev) @ W_hh + b_h


def _step(
    x_t,
    h_prev,
    c_prev,
    W_xh,
    W_hh,
    b_h,
    *,
    order="ifgo",
    sigmoid=sigmoid,
    candidate=np.tanh,
    out=np.tanh,
    cell=lambda i, f, g, c, h: f * c + i * g,
    shown=lambda i, f, o, c, old: (o, c),
    reads=1.0,
    bias=1.0,
):
    """An LSTM's step with each of its parts replaceable, which is how the mistakes are made."""
    quarters = dict(zip(order, np.split(_sums(x_t, reads * h_prev, W_xh, W_hh, bias * b_h), 4, axis=1), strict=True))
    i, f, o = (sigmoid(quarters[k]) for k in "ifo")
    c_t = cell(i, f, candidate(quarters["g"]), c_prev, h_prev)
    gate, content = shown(i, f, o, c_t, c_prev)
    return gate * out(content), c_t


def _eight_products(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    size, part = len(W_hh), {}
    for k, name in enumerate("ifgo"):
        s = slice(k * size, (k + 1) * size)
        part[name] = np.dot(x_t, W_xh[:, s]) + np.dot(h_prev, W_hh[:, s]) + b_h[s]
    c_t = sigmoid(part["f"]) * c_prev + sigmoid(part["i"]) * np.tanh(part["g"])
    return [sigmoid(part["o"]) * np.tanh(c_t), c_t]


def _step_in_torch(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    import torch

    x_t, h_prev, c_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, c_prev, W_xh, W_hh, b_h)
    i, f, g, o = torch.addmm(b_h, torch.cat([x_t, h_prev], 1), torch.cat([W_xh, W_hh])).chunk(4, 1)
    c_t = f.sigmoid() * c_prev + i.sigmoid() * g.tanh()
    return o.sigmoid() * c_t.tanh(), c_t


def _tanh_sigmoid(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.einsum(
        "bd,dqh->qbh",
        np.hstack([x_t, h_prev, np.ones((len(x_t), 1))]),
        np.vstack([W_xh, W_hh, b_h]).reshape(-1, 4, len(W_hh)),
    )
    i, f, o = (0.5 + 0.5 * np.tanh(a / 2) for a in (i, f, o))
    c_t = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c_t), c_t


lstm_step = Exercise(
    name="05.lstm_step",
    points=4,
    inputs=_steps,
    oracle=_cell,
    mistakes={
        "the input and the forget gate are swapped: the first quarter is i, the second f": lambda *a: _step(
            *a, order="figo"
        ),
        "the last two quarters are swapped: g comes before o": lambda *a: _step(*a, order="ifog"),
        "the candidate g goes through a sigmoid, so that nothing can be subtracted from the cell": lambda *a: _step(
            *a, candidate=sigmoid
        ),
        "the cell is shown as it is: the tanh around $c_t$ is forgotten": lambda *a: _step(*a, out=lambda c: c * 1.0),
        "the input gate itself is added, without the candidate g": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: f * c + i
        ),
        "the candidate is added whole: the input gate is left out": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: f * c + g
        ),
        "nothing is ever forgotten: the forget gate is left out": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: c + i * g
        ),
        "the cell is written anew at every step: $f\\,c_{t-1}$ is left out": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: i * g
        ),
        "the forget gate multiplies $h_{t-1}$ in the place of $c_{t-1}$": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: f * h + i * g
        ),
        "the cell is squashed before it is carried on, which closes the additive path": lambda *a: _step(
            *a, cell=lambda i, f, g, c, h: np.tanh(f * c + i * g), out=lambda c: c * 1.0
        ),
        "everything is shown: the output gate is left out": lambda *a: _step(
            *a, shown=lambda i, f, o, c, old: (1.0, c)
        ),
        "the input gate stands in the place of the output gate": lambda *a: _step(
            *a, shown=lambda i, f, o, c, old: (i, c)
        ),
        "the old cell is shown: $h_t$ reads $c_{t-1}$ in the place of $c_t$": lambda *a: _step(
            *a, shown=lambda i, f, o, c, old: (o, old)
        ),
        "the gates are left without a sigmoid": lambda *a: _step(*a, sigmoid=lambda s: s * 1.0),
        "the gates do not read the old state: $h_{t-1}W_{hh}$ is left out": lambda *a: _step(*a, reads=0.0),
        "the bias is left out": lambda *a: _step(*a, bias=0.0),
        "the two results change places: $h_t$ comes first": lambda *a: _step(*a)[::-1],
    },
    accepts=[_step, _eight_products, _step_in_torch, _tanh_sigmoid],
    forbids=READY_MADE,
    hints=[
        "One sum of shape (B, 4H) first, just as in an RNN. Then cut it in four along its last axis.",
        "`i, f, g, o = np.split(sums, 4, axis=1)`. Three of them go through the sigmoid, one through tanh.",
        "`c_t = f * c_prev + i * g` and `h_t = o * np.tanh(c_t)`, with i, f, o after `sigmoid`, g after `np.tanh`.",
    ],
    returns=("h_t", "c_t"),
    difficulty=2,
    minutes=8,
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
    return next((wrong for tokens in _bracketed() if (wrong := _slip(tokens, *weights))), None)


def _slip(tokens, *weights) -> str | None:
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


def _latch(opens=(20, 0, 10, 0), closes=(0, -20, 0, 0), bias=(-10, 10, 0, 10)):
    return np.array([opens, closes, (0, 0, 0, 0)], dtype=float), np.zeros((1, 4)), np.array(bias, dtype=float)


latch = Exercise(
    name="05.latch",
    points=3,
    value=True,
    oracle=_latch,
    judge=_latches,
    mistakes={
        "it never lets go: a closing bracket has to close the forget gate": lambda: _latch(closes=(0, 0, 0, 0)),
        "it forgets at once: without a bracket the forget gate has to stay open": lambda: _latch(
            bias=(-10, -10, 0, 10)
        ),
        "it forgets after a few characters: the forget gate is open, but not far enough": lambda: _latch(
            bias=(-10, 1, 0, 10)
        ),
        "it says “inside” from the start: without a bracket the input gate should be closed": lambda: _latch(
            bias=(10, 10, 10, 10)
        ),
        "it never shows what it knows: the output gate is closed": lambda: _latch(bias=(-10, 10, 0, -10)),
        "it says the opposite: an opening bracket writes −1 into the cell and a closing one +1": lambda: _latch(
            opens=(20, 0, -10, 0), closes=(20, 0, 10, 0)
        ),
        "the two brackets change places": lambda: _latch(opens=(0, -20, 0, 0), closes=(20, 0, 10, 0)),
        "it counts brackets, where it should latch: a closing bracket takes away 1 with the forget gate open, so that "
        "two closings outweigh the next opening": lambda: _latch(closes=(20, 0, -10, 0)),
    },
    accepts=[
        _latch,
        lambda: (np.array([[8, 0, 8, 0], [-8, -30, 0, 0], [-8, 0, 0, 0]]), np.zeros((1, 4)), np.array([0, 20, 0, 8])),
        lambda: ([[30, -30, 5, 9], [-9, -30, 0, 9], [-20, 15, 0, 9]], [[0, 0, 0, 0]], [0, 0, 0, 0]),
    ],
    hints=[
        "Which gates should be open at an opening bracket, at a closing one, and at any other character?",
        "Let the biases say what happens at any other character: input gate closed (−10), forget and output open (10), "
        "candidate 0. Then only two rows are left to fill.",
        "An opening bracket adds 20 to the input gate's sum and 10 to the candidate's; a closing one takes 20 from the "
        "forget gate's.",
    ],
    difficulty=3,
    minutes=10,
)


# -- lstm_forward ----------------------------------------------------------------------------------------------------


def _sequence_case(rng, label, batch, steps, inputs, hidden, zero=False) -> Case:
    h_0, c_0 = (
        np.zeros((2, batch, hidden)) if zero else (away(rng, batch, hidden) * 0.7, away(rng, batch, hidden) * 1.5)
    )
    return Case(
        label,
        x=away(rng, batch, steps, inputs),
        h_0=h_0,
        c_0=c_0,
        W_xh=weights(rng, inputs, 4 * hidden),
        W_hh=weights(rng, hidden, 4 * hidden),
        b_h=away(rng, 4 * hidden) * 0.5,
    )


def _sequences(rng) -> list[Case]:
    return [
        _sequence_case(rng, "2 sequences of 5 steps", 2, 5, 3, 4),
        _sequence_case(rng, "4 sequences of a single step", 4, 1, 3, 2),
        _sequence_case(rng, "1 sequence of 7 steps from states of zeros", 1, 7, 2, 5, zero=True),
        _sequence_case(rng, "3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
    ]


def _torch_lstm(x, h_0, c_0, W_xh, W_hh, b_h):
    # PyTorch's own layer, read in pieces of growing length: the last c of each piece is that step's cell.
    import torch

    x, h_0, c_0, W_xh, W_hh, b_h = tensors(x, h_0, c_0, W_xh, W_hh, b_h)
    layer = torch.nn.LSTM(len(W_xh), len(W_hh), batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
        states, _ = layer(x, (h_0[None], c_0[None]))
        cells, state = [], (h_0[None], c_0[None])
        for piece in x.split(1, dim=1):
            _, state = layer(piece, state)
            cells.append(state[1][0])
    return states.numpy(), torch.stack(cells, dim=1).numpy()


def _forward(
    x, h_0, c_0, W_xh, W_hh, b_h, *, order=1, axis=1, keep_h=True, keep_c=True, over=1, read=lambda h, c: (h, c)
):
    h, c, states, cells = h_0, c_0, [], []
    for t in range(np.shape(x)[over])[::order]:
        h, c = _step(np.take(x, t, axis=over), h if keep_h else h_0, c if keep_c else c_0, W_xh, W_hh, b_h)
        h, c = read(h, c)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=axis), np.stack(cells, axis=axis)


def _one_late(x, h_0, c_0, *weights):
    states, cells = _forward(x, h_0, c_0, *weights)
    return tuple(
        np.concatenate([np.asarray(s)[:, None], all_[:, :-1]], axis=1) for s, all_ in ((h_0, states), (c_0, cells))
    )


def _hoisted(x, h_0, c_0, W_xh, W_hh, b_h):
    projected, (batch, steps) = np.einsum("btd,dq->btq", x, W_xh) + b_h, np.shape(x)[:2]
    states, cells = np.empty((2, batch, steps, len(W_hh)))
    h, c = h_0, c_0
    for t in range(steps):
        i, f, g, o = np.split(projected[:, t] + np.einsum("bg,gq->bq", h, W_hh), 4, axis=-1)
        c = cells[:, t] = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = states[:, t] = sigmoid(o) * np.tanh(c)
    return states, cells


def _forward_in_torch(x, h_0, c_0, *weights):
    import torch

    x, h, c = tensors(x, h_0, c_0)
    both = []
    for x_t in x.unbind(1):
        h, c = _step_in_torch(x_t, h, c, *weights)
        both.append((h, c))
    return tuple(torch.stack(part, 1) for part in zip(*both, strict=True))


lstm_forward = Exercise(
    name="05.lstm_forward",
    points=3,
    inputs=_sequences,
    oracle=_torch_lstm,
    mistakes={
        "the cell is reset at every step: each begins again from `c_0`": lambda *a: _forward(*a, keep_c=False),
        "the state is reset at every step: the gates read `h_0` each time": lambda *a: _forward(*a, keep_h=False),
        "both states are reset at every step": lambda *a: _forward(*a, keep_h=False, keep_c=False),
        "h and c change places on their way to the next step": lambda *a: _forward(*a, read=lambda h, c: (c, h)),
        "what is shown is carried on as the cell too: c is replaced by h": lambda *a: _forward(
            *a, read=lambda h, c: (h, h)
        ),
        "the initial cell is ignored: reading begins with c at zero": lambda x, h_0, c_0, *w: _forward(
            x, h_0, 0 * c_0, *w
        ),
        "the initial states are ignored: reading begins from zeros": lambda x, h_0, c_0, *w: _forward(
            x, 0 * h_0, 0 * c_0, *w
        ),
        "the steps are stacked along the first axis: (T, B, H), where (B, T, H) belongs": lambda *a: _forward(
            *a, axis=0
        ),
        "the loop runs over the sequences of the batch, not over the steps of time": lambda *a: _forward(*a, over=0),
        "the states are one step late: the initial ones stand first and the last ones are missing": _one_late,
        "the sequence is read from its end to its beginning": lambda *a: _forward(*a, order=-1),
        "the cells are left out: only the states are handed back": lambda *a: _forward(*a)[0],
        "only the last h and c are handed back, not those of every step": lambda *a: tuple(
            s[:, -1] for s in _forward(*a)
        ),
    },
    accepts=[_forward, _hoisted, _forward_in_torch],
    forbids=READY_MADE,
    hints=[
        "One loop over the T steps, as in 02. What has to be carried from step to step now?",
        "Before the loop `h, c = h_0, c_0`; in it `h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)`. Keep both.",
        "`np.stack(states, axis=1), np.stack(cells, axis=1)`.",
    ],
    returns=("states", "cells"),
    difficulty=2,
    minutes=6,
)


# -- step_backward ---------------------------------------------------------------------------------------------------


def _open_gates(rng, *shape):
    """Activated gates i, f, g, o side by side on the last axis: none quite open, none quite closed."""
    size = shape[-1]
    i, f, o = rng.uniform(0.1, 0.9, (3, *shape[:-1], size))
    return np.concatenate(
        [i, f, rng.uniform(0.2, 0.9, (*shape[:-1], size)) * rng.choice([-1, 1], (*shape[:-1], size)), o], axis=-1
    )


def _back_steps(rng) -> list[Case]:
    def case(label, batch, hidden, last=False):
        gates, c_prev = _open_gates(rng, batch, hidden), away(rng, batch, hidden) * 1.5
        i, f, g, _ = np.split(gates, 4, axis=1)
        dc_t = np.zeros((batch, hidden)) if last else away(rng, batch, hidden)
        return Case(label, dh_t=away(rng, batch, hidden), dc_t=dc_t, gates=gates, c_prev=c_prev, c_t=f * c_prev + i * g)

    return [
        case("a batch of 3, 4 units", 3, 4),
        case("a batch of 1, 6 units", 1, 6),
        case("the last step: nothing comes back through the cell", 4, 3, last=True),
        case("a single unit", 2, 1),
    ]


def _step_by_autograd(dh_t, dc_t, gates, c_prev, c_t):
    import torch

    dh_t, dc_t, gates, c_prev = tensors(dh_t, dc_t, gates, c_prev)
    i, f, g, o = gates.chunk(4, dim=1)
    sums = torch.cat([i.logit(), f.logit(), g.atanh(), o.logit()], dim=1).requires_grad_()
    c_prev = c_prev.clone().requires_grad_()
    i, f, g, o = sums.chunk(4, dim=1)
    c = f.sigmoid() * c_prev + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    grads = torch.autograd.grad((h * dh_t).sum() + (c * dc_t).sum(), [sums, c_prev])
    return tuple(part.numpy() for part in grads)


def _step_back(
    dh_t,
    dc_t,
    gates,
    c_prev,
    c_t,
    *,
    into=lambda dc_t, from_h: dc_t + from_h,
    through=lambda c: 1 - np.tanh(c) ** 2,
    slope=lambda s: s * (1 - s),
    g_slope=lambda g: 1 - g**2,
    f_reads=lambda c_prev, c_t: c_prev,
    i_reads=lambda i, g: g,
    g_reads=lambda i, f: i,
    o_reads=np.tanh,
    out=lambda dc, dc_t, i, f: dc * f,
    order="ifgo",
):
    i, f, g, o = np.split(np.asarray(gates), 4, axis=1)
    dc = into(dc_t, dh_t * o * through(c_t))
    d = {
        "i": dc * i_reads(i, g) * slope(i),
        "f": dc * f_reads(c_prev, c_t) * slope(f),
        "g": dc * g_reads(i, f) * g_slope(g),
        "o": dh_t * o_reads(c_t) * slope(o),
    }
    return np.concatenate([d[k] for k in order], axis=1), out(dc, dc_t, i, f)


def _step_back_in_torch(dh_t, dc_t, gates, c_prev, c_t):
    import torch

    dh_t, dc_t, gates, c_prev, c_t = tensors(dh_t, dc_t, gates, c_prev, c_t)
    i, f, g, o = gates.chunk(4, dim=1)
    dc = torch.addcmul(dc_t, dh_t * o, 1 - c_t.tanh().square())
    local = torch.stack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g * g)], dim=1)
    d_sums = torch.cat([(dc[:, None] * local).flatten(1), dh_t * c_t.tanh() * o * (1 - o)], dim=1)
    return d_sums, f * dc


step_backward = Exercise(
    name="05.step_backward",
    points=4,
    inputs=_back_steps,
    oracle=_step_by_autograd,
    mistakes={
        "only one path into the cell is counted: what comes back from $h_t$ is not added to `dc_t`": lambda *a: (
            _step_back(*a, into=lambda dc_t, from_h: dc_t)
        ),
        "only one path into the cell is counted: `dc_t`, from the step after, is not added": lambda *a: _step_back(
            *a, into=lambda dc_t, from_h: from_h
        ),
        "the forget gate's gradient is made with $c_t$ in the place of $c_{t-1}$": lambda *a: _step_back(
            *a, f_reads=lambda c_prev, c_t: c_t
        ),
        "the slope of tanh is taken as $1 - c_t^2$: it is $1 - \\tanh^2 c_t$": lambda *a: _step_back(
            *a, through=lambda c: 1 - c**2
        ),
        "the slope of the tanh around $c_t$ is forgotten": lambda *a: _step_back(*a, through=lambda c: 1.0),
        "the candidate is given the sigmoid's slope $g(1-g)$: it went through tanh": lambda *a: _step_back(
            *a, g_slope=lambda g: g * (1 - g)
        ),
        "the slopes of the sigmoids are forgotten: these are gradients of the gates, not of their sums": lambda *a: (
            _step_back(*a, slope=lambda s: 1.0)
        ),
        "the input gate's gradient is made with i where g belongs": lambda *a: _step_back(*a, i_reads=lambda i, g: i),
        "the candidate's gradient is made with f where i belongs": lambda *a: _step_back(*a, g_reads=lambda i, f: f),
        "the output gate's gradient is made with $c_t$ where $\\tanh c_t$ belongs": lambda *a: _step_back(
            *a, o_reads=lambda c: c * 1.0
        ),
        "`dc_prev` is made of `dc_t` alone: the part that came through $h_t$ goes back too": lambda *a: _step_back(
            *a, out=lambda dc, dc_t, i, f: dc_t * f
        ),
        "`dc_prev` goes back whole, without the forget gate": lambda *a: _step_back(
            *a, out=lambda dc, dc_t, i, f: dc * 1.0
        ),
        "`dc_prev` goes back through the input gate where the forget gate belongs": lambda *a: _step_back(
            *a, out=lambda dc, dc_t, i, f: dc * i
        ),
        "the gradients of i and f change places": lambda *a: _step_back(*a, order="figo"),
    },
    accepts=[_step_back, _step_back_in_torch, lambda *a: list(_step_back(*a))],
    forbids=BACKWARD,
    hints=[
        "Begin with the cell: two arrows lead back into $c_t$. One is `dc_t`; the other is from $h_t = o \\tanh c_t$.",
        "`dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)`. Then follow each factor of $c_t = f c_{t-1} + i g$: the "
        "gradient of one factor is `dc` times the other.",
        "Last, through each nonlinearity: `d_f = dc * c_prev * f * (1 - f)`, `d_g = dc * i * (1 - g ** 2)`, and so on; "
        "`np.concatenate([d_i, d_f, d_g, d_o], axis=1)` and `dc * f`.",
    ],
    returns=("d_sums", "dc_prev"),
    difficulty=3,
    minutes=15,
)


# -- lstm_backward ---------------------------------------------------------------------------------------------------


def _back_sequences(rng) -> list[Case]:
    def case(label, batch, steps, inputs, hidden):
        given = _sequence_case(rng, "", batch, steps, inputs, hidden).named
        x, h, c, W_xh, W_hh, b_h = given.values()
        states, cells, gates = [h], [c], []
        for t in range(steps):
            i, f, g, o = np.split(_sums(x[:, t], h, W_xh, W_hh, b_h), 4, axis=1)
            gates.append(np.concatenate([sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)], axis=1))
            h, c = _step(x[:, t], h, c, W_xh, W_hh, b_h)
            states.append(h)
            cells.append(c)
        stacked = (np.stack(part, axis=1) for part in (states, cells, gates))
        return Case(
            label,
            d_states=away(rng, batch, steps, hidden),
            x=x,
            **dict(zip(("states", "cells", "gates"), stacked, strict=True)),
            W_xh=W_xh,
            W_hh=W_hh,
        )

    return [
        case("2 sequences of 5 steps", 2, 5, 3, 4),
        case("4 sequences of a single step", 4, 1, 2, 3),
        case("1 sequence of 8 steps", 1, 8, 4, 2),
    ]


def _by_autograd(d_states, x, states, cells, gates, W_xh, W_hh):
    # PyTorch's own layer and its own gradients; the bias is what the first gates leave over.
    import torch

    i, f, g, o = np.split(np.asarray(gates, dtype=float)[0, 0], 4)
    sums = np.concatenate([_logit(i), _logit(f), np.arctanh(g), _logit(o)])
    b_h = sums - np.asarray(x)[0, 0] @ np.asarray(W_xh) - np.asarray(states)[0, 0] @ np.asarray(W_hh)
    d_states, x, h_0, c_0, W_xh, W_hh, b_h = tensors(d_states, x, states[:, 0], cells[:, 0], W_xh, W_hh, b_h)
    layer = torch.nn.LSTM(len(W_xh), len(W_hh), batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
    with torch.enable_grad():
        x = x.clone().requires_grad_()
        out, _ = layer(x, (h_0[None].contiguous(), c_0[None].contiguous()))
        weights = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, x]
        dW_xh, dW_hh, db_h, dx = torch.autograd.grad((out * d_states).sum(), weights)
    return dW_xh.T.numpy(), dW_hh.T.numpy(), db_h.numpy(), dx.numpy()


def _backward(
    d_states,
    x,
    states,
    cells,
    gates,
    W_xh,
    W_hh,
    *,
    gather=lambda total, new: total + new,
    pass_h=1.0,
    pass_c=1.0,
    old=0,
    times=1,
    every=True,
    bias=lambda d: d.sum(axis=0),
    read=1,
):
    x, states = np.asarray(x), np.asarray(states)
    dW_xh, dW_hh, db_h, dx = 0 * W_xh, 0 * W_hh, 0 * W_hh[0], np.zeros(x.shape)
    dh, dc = np.zeros((2, *states[:, 0].shape))
    steps = x.shape[1]
    for t in range(steps)[::-1]:
        from_loss = d_states[:, t] if every or t == steps - 1 else 0
        d_sums, dc = _step_back(from_loss + pass_h * dh, pass_c * dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh = gather(dW_xh, x[:, t].T @ d_sums)
        dW_hh = gather(dW_hh, states[:, t + old].T @ d_sums)
        db_h = gather(db_h, bias(d_sums))
        dx[:, t] = d_sums @ W_xh.T
        dh = times * d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx


def _backward_late_products(d_states, x, states, cells, gates, W_xh, W_hh):
    sums, dh, dc = np.empty(np.shape(gates)), 0.0, np.zeros(np.shape(cells[:, 0]))
    for t in reversed(range(np.shape(x)[1])):
        sums[:, t], dc = _step_back(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = sums[:, t] @ np.transpose(W_hh)
    return (
        np.einsum("btd,btq->dq", x, sums),
        np.einsum("bth,btq->hq", states[:, :-1], sums),
        sums.sum(axis=(0, 1)),
        np.einsum("btq,dq->btd", sums, W_xh),
    )


def _backward_in_torch(*given):
    import torch

    d_states, x, states, cells, gates, W_xh, W_hh = tensors(*given)
    dh, dc, every = torch.zeros_like(states[:, 0]), torch.zeros_like(states[:, 0]), []
    for t in range(x.shape[1] - 1, -1, -1):
        d_sums, dc = _step_back_in_torch(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = d_sums @ W_hh.T
        every.insert(0, d_sums)
    sums = torch.stack(every, 1)
    flat = sums.flatten(0, 1)
    return x.flatten(0, 1).T @ flat, states[:, :-1].flatten(0, 1).T @ flat, flat.sum(0), sums @ W_xh.T


lstm_backward = Exercise(
    name="05.lstm_backward",
    points=5,
    inputs=_back_sequences,
    oracle=_by_autograd,
    mistakes={
        "the weights' gradients are overwritten at every step, not accumulated": lambda *a: _backward(
            *a, gather=lambda total, new: new
        ),
        "nothing goes back through h: each step sees its own part of the loss and the cell alone": lambda *a: _backward(
            *a, pass_h=0.0
        ),
        "nothing goes back through the cell: the additive path is cut": lambda *a: _backward(*a, pass_c=0.0),
        "nothing goes back in time at all": lambda *a: _backward(*a, pass_h=0.0, pass_c=0.0),
        "`dW_hh` is made with $h_t$ in the place of $h_{t-1}$": lambda *a: _backward(*a, old=1),
        "the loss is taken to depend on the last state alone: `d_states[:, t]` belongs to every step": lambda *a: (
            _backward(*a, every=False)
        ),
        "the bias's gradient is averaged over the batch where it is summed": lambda *a: _backward(
            *a, bias=lambda d: d.mean(axis=0)
        ),
        "what goes back through h is counted twice": lambda *a: _backward(*a, times=2),
        "the sign of what goes back through h is turned": lambda *a: _backward(*a, times=-1),
        "the two weights' gradients change places": lambda *a: (lambda r: (r[1], r[0], *r[2:]))(_backward(*a)),
        "the gradients of the weights are divided by the number of sequences": lambda *a: (
            tuple(r / len(a[1]) for r in _backward(*a)[:3]) + (_backward(*a)[3],)
        ),
    },
    accepts=[_backward, _backward_late_products, _backward_in_torch],
    forbids=(*READY_MADE, *BACKWARD),
    hints=[
        "The loop of 03, from the last step to the first; two things come back from the step after: `dh` and `dc`.",
        "`d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])`; "
        "then `dh = d_sums @ W_hh.T`. Note that `cells[:, t]` is $c_{t-1}$: the initial one stands first.",
        "Add up at every step: `dW_xh += x[:, t].T @ d_sums`, `dW_hh += states[:, t].T @ d_sums`, "
        "`db_h += d_sums.sum(axis=0)`; and `dx[:, t] = d_sums @ W_xh.T`.",
    ],
    returns=("dW_xh", "dW_hh", "db_h", "dx"),
    difficulty=4,
    minutes=20,
)


# -- width_for -------------------------------------------------------------------------------------------------------


def _lstm_size(inputs, hidden, outputs, gates=4, biases=1):
    return gates * (inputs * hidden + hidden * hidden + biases * hidden) + hidden * outputs + outputs


def _budgets(rng) -> list[Case]:
    def case(label, inputs, outputs, hidden, spare):
        return Case(
            label, parameters=_lstm_size(inputs, hidden, outputs) + spare, input_size=inputs, output_size=outputs
        )

    wide = int(rng.integers(60, 90))
    return [
        case("it fits to the last parameter", int(rng.integers(5, 12)), 20, wide, 0),
        case("one parameter short of the next width", int(rng.integers(40, 60)), 30, 25, 4 * (40 + 2 * 25) - 200),
        case("just too few for one unit more", 7, 25, wide, _lstm_size(7, wide + 1, 25) - _lstm_size(7, wide, 25) - 1),
        case("a small network", 3, 9, int(rng.integers(2, 5)), 1),
    ]


def _widest(parameters, input_size, output_size):
    # Count what PyTorch allocates, width by width; its second bias is one too many.
    import torch

    def allocated(hidden):
        with torch.device("meta"):
            parts = torch.nn.LSTM(input_size, hidden), torch.nn.Linear(hidden, output_size)
        return sum(p.numel() for part in parts for p in part.parameters()) - parts[0].bias_hh_l0.numel()

    return next(hidden for hidden in count(1) if allocated(hidden + 1) > parameters)


def _widest_by(size):
    """The widest that fits, where `size(D, H, O)` counts the parameters in some way."""
    return lambda p, i, o: next(h for h in count(0) if size(i, h + 1, o) > p)


def _by_formula(p, i, o):
    b = 4 * (i + 1) + o
    return int((-b + np.sqrt(b * b + 16 * (p - o))) // 8)


def _by_loop(p, i, o):
    hidden = 0
    while _lstm_size(i, hidden + 1, o) <= p:
        hidden += 1
    return hidden


width_for = Exercise(
    name="05.width_for",
    points=2,
    inputs=_budgets,
    oracle=_widest,
    mistakes={
        "the four blocks of weights are counted once, as in an RNN": _widest_by(
            lambda i, h, o: _lstm_size(i, h, o, gates=1)
        ),
        "three blocks of weights are counted: the candidate has its own as well": _widest_by(
            lambda i, h, o: _lstm_size(i, h, o, gates=3)
        ),
        "two biases are counted, as PyTorch keeps them, where one belongs": _widest_by(
            lambda i, h, o: _lstm_size(i, h, o, biases=2)
        ),
        "the biases of the gates are left out": _widest_by(lambda i, h, o: _lstm_size(i, h, o, biases=0)),
        "the readout is left out": _widest_by(lambda i, h, o: 4 * (i * h + h * h + h)),
        "the recurrent weights are left out": _widest_by(lambda i, h, o: 4 * (i * h + h) + h * o + o),
        "one unit too many: it no longer fits": lambda *a: _by_loop(*a) + 1,
        "a quarter of the width of an RNN is taken, though $H$ stands in the count squared": lambda p, i, o: (
            _widest_by(lambda i, h, o: _lstm_size(i, h, o, gates=1))(p, i, o) // 4
        ),
    },
    accepts=[_by_loop, _by_formula, lambda p, i, o: max(h for h in range(1, 400) if _lstm_size(i, h, o) <= p)],
    hints=[
        "How many parameters has an LSTM of width H with its readout? Four blocks, each as large as an RNN's layer.",
        "`4 * (D * H + H * H + H) + H * C + C`. Try H = 1, 2, 3, … until it no longer fits.",
        "`while size(hidden + 1) <= parameters: hidden += 1`, beginning with `hidden = 0`.",
    ],
    returns=("hidden_size",),
    difficulty=2,
    minutes=6,
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


def _auc(values, inside):
    places = np.argsort(np.argsort(values)) + 1.0
    n = int(inside.sum())
    return (places[inside].sum() - n * (n + 1) / 2) / (n * (len(inside) - n))


def _best(cells, inside, score=lambda v, inside: max(_auc(v, inside), 1 - _auc(v, inside)), tell=None, pick=np.argmax):
    cells, inside = np.asarray(cells), np.asarray(inside)
    unit = int(pick([score(v, inside) for v in cells.T]))
    return unit, (tell or score)(cells[:, unit], inside)


def _by_roc(cells, inside):
    from sklearn.metrics import roc_auc_score

    areas = np.array([roc_auc_score(np.asarray(inside), v) for v in np.asarray(cells).T])
    either = np.maximum(areas, 1 - areas)
    return int(either.argmax()), float(either.max())


def _by_pairs(cells, inside):
    wins = (cells[inside][:, None] > cells[~inside][None]).mean(axis=(0, 1))
    either = np.where(wins < 0.5, 1 - wins, wins)
    return either.argmax(), either.max()


def _gap(v, inside):
    return abs(v[inside].mean() - v[~inside].mean())


def _hits(v, inside):
    return max(((v > 0) == inside).mean(), ((v < 0) == inside).mean())


find_unit = Exercise(
    name="05.find_unit",
    points=3,
    inputs=_recorded,
    oracle=_by_roc,
    mistakes={
        "a unit that is *low* inside a string is passed over: it knows as much": lambda c, s: _best(c, s, _auc),
        "the area below one half is handed back: turn it round, $1 - \\text{AUC}$": lambda c, s: _best(c, s, tell=_auc),
        "the unit with the largest difference of its means is taken, whatever its spread": lambda c, s: _best(
            c, s, _gap
        ),
        "the unit is chosen by the difference of its means; the area told is its own": lambda c, s: (
            lambda u: (u, _best(c[:, [u]], s)[1])
        )(_best(c, s, _gap)[0]),
        "a unit is scored by its sign: zero is not where it changes its mind": lambda c, s: _best(c, s, _hits),
        "the unit that knows least is taken": lambda c, s: _best(c, s, pick=np.argmin),
        "the correlation is handed back in the place of the area": lambda c, s: _best(
            c, s, tell=lambda v, s: abs(np.corrcoef(v, s)[0, 1])
        ),
        "units are counted from 1": lambda c, s: (_best(c, s)[0] + 1, _best(c, s)[1]),
    },
    accepts=[_best, _by_pairs],
    forbids=("sklearn.metrics.roc_auc_score", "sklearn.metrics.roc_curve", "sklearn.metrics.auc"),
    hints=[
        "One unit first: take one character inside and one outside. How often is the value inside the larger one?",
        "Rank all T values of a unit. The area is (sum of the ranks inside − n(n+1)/2) / (n · m), "
        "with n characters inside and m outside. Ranks: `values.argsort().argsort() + 1`.",
        "`area = np.maximum(area, 1 - area)` for each unit, then `argmax`.",
    ],
    returns=("unit", "area"),
    difficulty=3,
    minutes=12,
)


EXERCISES = [forget_bias_for, lstm_step, latch, lstm_forward, step_backward, lstm_backward, width_for, find_unit]
