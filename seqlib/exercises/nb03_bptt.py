"""Notebook 03: backpropagation through time, by hand."""

from functools import partial

import numpy as np

from seqlib.checks.exercise import Case, Exercise
from seqlib.exercises.inputs import away


def _tensor(array):
    import torch

    return torch.tensor(np.asarray(array, dtype=float), requires_grad=True)


def _gradients(loss, *tensors):
    """Autograd's gradients as NumPy arrays; zeros where nothing depends on a tensor."""
    import torch

    found = torch.autograd.grad(loss, tensors, allow_unused=True)
    return tuple(np.zeros(t.shape) if g is None else g.numpy() for g, t in zip(found, tensors, strict=True))


def _one_hot(targets, size) -> np.ndarray:
    return np.eye(size)[np.asarray(targets)]


def _softmax(z, axis=-1):
    p = np.exp(z - z.max(axis=axis, keepdims=True))
    return p / p.sum(axis=axis, keepdims=True)


# -- logits_gradient -------------------------------------------------------------------------------------------------


def _logits(rng) -> list[Case]:
    return [
        Case(label, logits=away(rng, B, T, V) * 2, targets=rng.integers(0, V, (B, T)))
        for label, B, T, V in (
            ("2 sequences of 3 steps, 5 symbols", 2, 3, 5),
            ("one step of one sequence", 1, 1, 4),
            ("4 sequences of 2 steps, 3 symbols", 4, 2, 3),
        )
    ]


def _logits_gradient(logits, targets):
    import torch

    z = _tensor(logits)
    loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), torch.as_tensor(targets).flatten())
    return _gradients(loss, z)[0]


def _count(targets) -> int:
    return np.asarray(targets).size


def _clipped_log(logits, targets):
    p, hot = _softmax(logits), _one_hot(targets, logits.shape[-1])
    return -hot / p / _count(targets)


logits_gradient = Exercise(
    name="03.logits_gradient",
    points=2,
    inputs=_logits,
    oracle=_logits_gradient,
    returns=("dz",),
    mistakes={
        "the sum of the losses is differentiated, not their mean: nothing divides by the number of predictions": (
            lambda logits, targets: _softmax(logits) - _one_hot(targets, logits.shape[-1])
        ),
        "the mean is taken over the batch only, and the steps are forgotten in it": (
            lambda logits, targets: (_softmax(logits) - _one_hot(targets, logits.shape[-1])) / len(logits)
        ),
        "the sign is turned: a step against this gradient makes the loss larger": (
            lambda logits, targets: (_one_hot(targets, logits.shape[-1]) - _softmax(logits)) / _count(targets)
        ),
        "the softmax is left out": (
            lambda logits, targets: (logits - _one_hot(targets, logits.shape[-1])) / _count(targets)
        ),
        "the softmax runs over the steps, not over the symbols": (
            lambda logits, targets: (_softmax(logits, 1) - _one_hot(targets, logits.shape[-1])) / _count(targets)
        ),
        "the gradient with respect to the probabilities is given, before it went through the softmax": _clipped_log,
        "the mean is taken over every number in the logits, the symbols included": (
            lambda logits, targets: (_softmax(logits) - _one_hot(targets, logits.shape[-1])) / logits.size
        ),
    },
    accepts=[
        lambda logits, targets: (
            (_softmax(logits) - (np.asarray(targets)[..., None] == np.arange(logits.shape[-1]))) / _count(targets)
        )
    ],
    forbids=["torch.autograd.grad", "torch.autograd.backward", "torch.nn.functional.cross_entropy"],
    hints=[
        "For one prediction the gradient is the probabilities, less 1 at the right symbol.",
        "The loss is a mean over all B·T predictions, so each gets a share of 1/(B·T).",
        "`p = softmax(logits)`, subtract `np.eye(V)[targets]`, divide by `targets.size`.",
    ],
    minutes=6,
)


# -- tanh_gradient ---------------------------------------------------------------------------------------------------


def _states(rng) -> list[Case]:
    return [
        Case("a batch of 2, 3 units", dh=away(rng, 2, 3), h=np.tanh(away(rng, 2, 3))),
        Case("a batch of 5, one unit", dh=away(rng, 5, 1), h=np.tanh(away(rng, 5, 1))),
        Case("units that are nearly full", dh=away(rng, 1, 4), h=np.tanh(3 * away(rng, 1, 4))),
    ]


def _tanh_gradient(dh, h):
    import torch

    a = _tensor(np.arctanh(h))
    return _gradients((torch.tanh(a) * torch.as_tensor(dh)).sum(), a)[0]


tanh_gradient = Exercise(
    name="03.tanh_gradient",
    points=2,
    inputs=_states,
    oracle=_tanh_gradient,
    returns=("da",),
    mistakes={
        "tanh' is taken of the wrong variable: `h` is already a tanh, and is put through it once more": (
            lambda dh, h: dh * (1 - np.tanh(h) ** 2)
        ),
        "the derivative of the sigmoid stands in for that of tanh": lambda dh, h: dh * h * (1 - h),
        "the square is forgotten": lambda dh, h: dh * (1 - h),
        "the local derivative is returned alone: the gradient from above is not passed on": lambda dh, h: 1 - h**2,
        "the derivative is added to the gradient from above instead of multiplied": lambda dh, h: dh + (1 - h**2),
        "the sign inside is turned: 1 + h² in place of 1 − h²": lambda dh, h: dh * (1 + h**2),
        "it divides by the derivative": lambda dh, h: dh / (1 - h**2),
    },
    accepts=[lambda dh, h: dh / np.cosh(np.arctanh(h)) ** 2, lambda dh, h: dh - dh * h * h],
    hints=[
        "The derivative of $\\tanh(a)$ can be written with its value alone.",
        "It is $1 - \\tanh(a)^2$, and you have $h = \\tanh(a)$.",
        "Chain rule: multiply by the gradient that comes from above, `dh * (1 - h**2)`.",
    ],
    minutes=3,
)


# -- step_backward ---------------------------------------------------------------------------------------------------


def _cell(rng, label, B, D, H) -> Case:
    x_t, h_prev = away(rng, B, D), np.tanh(away(rng, B, H))
    W_xh, W_hh = away(rng, D, H) / D, away(rng, H, H) / H
    h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + 0.1)
    return Case(label, dh_t=away(rng, B, H), x_t=x_t, h_prev=h_prev, h_t=h_t, W_xh=W_xh, W_hh=W_hh)


def _cells(rng) -> list[Case]:
    return [
        _cell(rng, "a batch of 3, 2 inputs, 4 units", 3, 2, 4),
        _cell(rng, "a batch of 2, 5 inputs, 3 units", 2, 5, 3),
        _cell(rng, "as many units as inputs", 4, 3, 3),
    ]


def _step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    import torch

    # The bias that leads to h_t is found from it, so that autograd walks the same step.
    b_h = np.arctanh(h_t) - x_t @ W_xh - h_prev @ W_hh
    x, h, W_x, W_h, b = (_tensor(a) for a in (x_t, h_prev, W_xh, W_hh, b_h.mean(0)))
    noise = torch.as_tensor(b_h - b_h.mean(0))
    out = torch.tanh(x @ W_x + h @ W_h + b + noise)
    return _gradients((out * torch.as_tensor(dh_t)).sum(), x, h, W_x, W_h, b)


def _by_hand(dh_t, x_t, h_prev, h_t, W_xh, W_hh, **wrong):
    da = wrong.get("da", lambda: dh_t * (1 - h_t**2))()
    right = {
        "dx": lambda: da @ W_xh.T,
        "dh": lambda: da @ W_hh.T,
        "dW_xh": lambda: x_t.T @ da,
        "dW_hh": lambda: h_prev.T @ da,
        "db": lambda: da.sum(0),
    }
    return tuple((lambda name: wrong[name](da) if name in wrong else right[name]())(name) for name in right)


def _with(part, args, *da):
    return part(*da, *args)


def _mistaken(**wrong):
    """The step by hand with some parts replaced; each part is a function of da and the step's arguments."""

    def answer(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
        args = (dh_t, x_t, h_prev, h_t, W_xh, W_hh)
        parts = {name: partial(_with, part, args) for name, part in wrong.items()}
        return _by_hand(*args, **parts)

    return answer


step_backward = Exercise(
    name="03.step_backward",
    points=4,
    inputs=_cells,
    oracle=_step_backward,
    returns=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h"),
    mistakes={
        "the gradient does not go through tanh: `dh_t` is used where `da_t` belongs": _mistaken(
            da=lambda dh_t, x_t, h_prev, h_t, W_xh, W_hh: dh_t
        ),
        "tanh' is taken at `h_prev`, the state before, instead of at `h_t`": _mistaken(
            da=lambda dh_t, x_t, h_prev, h_t, W_xh, W_hh: dh_t * (1 - h_prev**2)
        ),
        "`W_hh` is not transposed on the way back": _mistaken(
            dh=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: da @ W_hh
        ),
        "the gradient of `W_hh` is built from `h_t`: it belongs to the state that was multiplied, `h_prev`": _mistaken(
            dW_hh=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: h_t.T @ da
        ),
        "the gradient of the bias is a mean over the batch: one bias serves all rows, so its gradients add up": (
            _mistaken(db=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: da.mean(0))
        ),
        "the gradients of both weights are transposed": _mistaken(
            dW_xh=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: da.T @ x_t,
            dW_hh=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: da.T @ h_prev,
        ),
        "the gradient of the bias keeps the batch: it is not summed over the rows": _mistaken(
            db=lambda da, dh_t, x_t, h_prev, h_t, W_xh, W_hh: da
        ),
    },
    accepts=[
        _by_hand,
        lambda dh_t, x_t, h_prev, h_t, W_xh, W_hh: (
            lambda da: (
                np.einsum("bh,dh->bd", da, W_xh),
                np.einsum("bh,kh->bk", da, W_hh),
                np.einsum("bd,bh->dh", x_t, da),
                np.einsum("bk,bh->kh", h_prev, da),
                np.einsum("bh->h", da),
            )
        )(dh_t * (1 - h_t**2)),
    ],
    forbids=["torch.autograd.grad", "torch.autograd.backward"],
    hints=[
        "First through tanh: `da = dh_t * (1 - h_t**2)`. Everything else needs `da` alone.",
        "Each product $a = x W$ gives two gradients: $dx = da\\,W^\\top$ and $dW = x^\\top da$.",
        "The bias is added to every row of the batch, so its gradient is the sum of `da` over the rows.",
    ],
    difficulty=2,
    minutes=12,
)


# -- bptt ------------------------------------------------------------------------------------------------------------


def _run(rng, label, B, T, D, H) -> Case:
    W_hh = away(rng, H, H) / H
    return Case(label, dh=away(rng, B, T, H), x=away(rng, B, T, D), h_0=np.tanh(away(rng, B, H)),
                W_xh=away(rng, D, H) / D, W_hh=W_hh, b_h=away(rng, H) * 0.3)  # fmt: skip


def _runs(rng) -> list[Case]:
    return [
        _run(rng, "a batch of 2, 5 steps", 2, 5, 3, 4),
        _run(rng, "a batch of 3, 4 steps, more inputs than units", 3, 4, 5, 2),
        _run(rng, "a single step", 2, 1, 3, 2),
        _run(rng, "as many units as inputs", 1, 6, 3, 3),
    ]


def _forward(x, h_0, W_xh, W_hh, b_h) -> np.ndarray:
    """States (B, T + 1, H), the one to begin with first."""
    states = [h_0]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ W_xh + states[-1] @ W_hh + b_h))
    return np.stack(states, axis=1)


def _bptt(dh, x, h_0, W_xh, W_hh, b_h):
    import torch

    h, W_x, W_h, b, steps = (*map(_tensor, (h_0, W_xh, W_hh, b_h)), torch.as_tensor(x).double().unbind(1))
    state, loss = h, 0.0
    for t, x_t in enumerate(steps):
        state = torch.tanh(x_t @ W_x + state @ W_h + b)
        loss = loss + (state * torch.as_tensor(dh[:, t])).sum()
    return _gradients(loss, W_x, W_h, b, h)


def _backward(dh, x, h_0, W_xh, W_hh, b_h, *, from_future=1.0, only_last=False, keep=1.0, forwards=False,
              local=lambda h, t: h[:, t + 1], before=lambda h, t: h[:, t], mean=False):  # fmt: skip
    h, T = _forward(x, h_0, W_xh, W_hh, b_h), x.shape[1]
    dW_xh, dW_hh, db_h, carried = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h), np.zeros_like(h_0)
    for t in range(T) if forwards else reversed(range(T)):
        above = dh[:, t] if not only_last or t == T - 1 else 0.0
        da = (above + from_future * carried) * (1 - local(h, t) ** 2)
        dW_xh, dW_hh, db_h = keep * dW_xh + x[:, t].T @ da, keep * dW_hh + before(h, t).T @ da, keep * db_h + da.sum(0)
        carried = da @ W_hh.T
    share = T if mean else 1
    return dW_xh / share, dW_hh / share, db_h / share, carried


def _variant(**changes):
    return lambda *args: _backward(*args, **changes)


bptt = Exercise(
    name="03.bptt",
    points=5,
    inputs=_runs,
    oracle=_bptt,
    returns=("dW_xh", "dW_hh", "db_h", "dh_0"),
    mistakes={
        "gradients are overwritten, not accumulated: what is left at the end belongs to the first step alone": (
            _variant(keep=0.0)
        ),
        "nothing comes back from the future: each step sees its own loss only": _variant(from_future=0.0),
        "only the last step's loss is counted; every step has one": _variant(only_last=True),
        "the loop runs from the first step to the last: gradients travel the other way": _variant(forwards=True),
        "tanh' is taken at the state before the step": _variant(local=lambda h, t: h[:, t]),
        "the gradient of `W_hh` uses the state after the step, `h_t`, where `h_{t-1}` was multiplied": _variant(
            before=lambda h, t: h[:, t + 1]
        ),
        "the gradients are divided by the number of steps: the mean is in `dh` already": _variant(mean=True),
    },
    accepts=[_backward],
    forbids=["torch.autograd.grad", "torch.autograd.backward"],
    hints=[
        "Run forward once and keep every state. Then walk from the last step to the first with a `dh_next` that starts at zero.",
        "At step t the state feeds two things: its own loss (`dh[:, t]`) and the next step (`dh_next`). Add them first.",
        "Call `step_backward` on the sum; add what it returns for the weights to running totals; what it returns for `h_prev` is the new `dh_next`.",
    ],
    difficulty=3,
    minutes=20,
)


# -- relative_error --------------------------------------------------------------------------------------------------


def _errors(rng) -> list[Case]:
    a = away(rng, 3, 4)
    nearly = a.copy()
    nearly[1, 2] -= 0.01
    return [
        Case("two arrays that differ in one entry", found=nearly, right=a),
        Case(
            "numbers of the size of a gradient far back in time", found=away(rng, 5) * 1e-9, right=away(rng, 5) * 1e-9
        ),
        Case(
            "what was found is larger, and negative", found=-10 * rng.uniform(1.0, 2.0, (2, 3)), right=away(rng, 2, 3)
        ),
        Case("the right answer is larger, and negative", found=away(rng, 4), right=-10 * rng.uniform(1.0, 2.0, 4)),
        Case("large numbers, slightly off", found=away(rng, 2, 2) * 1e4, right=away(rng, 2, 2) * 1e4 + 50.0),
        Case("both are zero: nothing is wrong", found=np.zeros(3), right=np.zeros(3)),
    ]


def _relative_error(found, right):
    worst = max(abs(f - r) for f, r in zip(np.ravel(found), np.ravel(right), strict=True))
    size = max(max(abs(f), abs(r)) for f, r in zip(np.ravel(found), np.ravel(right), strict=True))
    return float(worst / size) if size else 0.0


relative_error = Exercise(
    name="03.relative_error",
    points=2,
    inputs=_errors,
    oracle=_relative_error,
    mistakes={
        "the error is absolute: a gradient of 1e-9 that is wholly wrong looks perfect": (
            lambda found, right: np.abs(found - right).max()
        ),
        "the sign of the difference is kept, so that errors downwards pass": (
            lambda found, right: (found - right).max() / max(np.abs(found).max(), np.abs(right).max(), 1e-300)
        ),
        "the mean difference is taken: one wrong entry among many right ones hides in it": (
            lambda found, right: np.abs(found - right).mean() / max(np.abs(found).max(), np.abs(right).max(), 1e-300)
        ),
        "zero is divided by zero where both are zero": (
            lambda found, right: np.abs(found - right).max() / np.maximum(np.abs(found).max(), np.abs(right).max())
        ),
        "each entry is divided by its own size, which makes rounding in a tiny entry look like a mistake": (
            lambda found, right: (
                np.abs(found - right) / np.maximum(np.maximum(np.abs(found), np.abs(right)), 1e-300)
            ).max()
        ),
    },
    accepts=[
        lambda found, right: (
            np.linalg.norm(np.ravel(found - right), np.inf) / (np.linalg.norm(np.ravel([found, right]), np.inf) or 1.0)
        )
    ],
    hints=[
        "The largest absolute difference, in proportion to the largest absolute value in either array.",
        "When both arrays are all zero there is no error: return 0.",
        "`size = max(np.abs(found).max(), np.abs(right).max())`, then `worst / size if size > 0 else 0.0`.",
    ],
    minutes=5,
)


# -- carried_windows -------------------------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    return [
        Case("23 symbols, 2 rows, windows of 4", ids=rng.permutation(23) + 100, rows=2, length=4),
        Case(
            "24 symbols, 2 rows, windows of 4: one too few for a third", ids=rng.permutation(24) + 100, rows=2, length=4
        ),
        Case("40 symbols, 3 rows, windows of 5", ids=rng.permutation(40) + 100, rows=3, length=5),
        Case("exactly enough: 13 symbols, 2 rows, windows of 3", ids=rng.permutation(13) + 100, rows=2, length=3),
        Case("one row", ids=rng.permutation(17) + 100, rows=1, length=5),
    ]


def _carried_windows(ids, rows, length):
    steps = (len(ids) - 1) // rows // length
    place = (
        np.arange(steps)[:, None, None] * length + np.arange(rows)[None, :, None] * (steps * length) + np.arange(length)
    )
    return ids[place], ids[place + 1]


def _cut(ids, rows, length, *, shift=1, order="rows", extra=0):
    steps = (len(ids) - 1) // rows // length
    used = steps * rows * length
    x, y = ids[:used], ids[shift : used + shift]
    if order == "rows":
        cut = lambda a: a.reshape(rows, steps, length).swapaxes(0, 1)  # noqa: E731
    elif order == "windows":
        cut = lambda a: a.reshape(steps, rows, length)  # noqa: E731
    else:
        cut = lambda a: a.reshape(rows, steps, length)  # noqa: E731
    return cut(x), cut(y)


carried_windows = Exercise(
    name="03.carried_windows",
    points=3,
    inputs=_streams,
    oracle=_carried_windows,
    returns=("x", "y"),
    mistakes={
        "neighbouring windows stand in neighbouring rows: row 0 of the next batch does not continue row 0": (
            lambda ids, rows, length: _cut(ids, rows, length, order="windows")
        ),
        "rows and windows change places in the result: the first axis should count the batches": (
            lambda ids, rows, length: _cut(ids, rows, length, order="whole")
        ),
        "the targets are the inputs themselves, not what comes next": (
            lambda ids, rows, length: _cut(ids, rows, length, shift=0)
        ),
        "each window forgets its last target: it is filled up from the front of the same window": (
            lambda ids, rows, length: (lambda x, y: (x, np.roll(x, -1, axis=-1)))(*_cut(ids, rows, length))
        ),
        "the targets are the symbols before, not after": (
            lambda ids, rows, length: (lambda x, y: (y, x))(*_cut(ids, rows, length))
        ),
    },
    accepts=[_cut],
    hints=[
        "Cut the stream into `rows` long pieces first, then each piece into windows.",
        "Use `(len(ids) - 1) // rows // length` windows per row; the last symbol used is a target only.",
        "`x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)`, and `y` the same from `ids[1:n + 1]`.",
    ],
    difficulty=2,
    minutes=8,
)


# -- reach -----------------------------------------------------------------------------------------------------------

reach = Exercise(
    name="03.reach",
    points=2,
    inputs=lambda rng: [
        Case("12 steps, windows of 4", steps=12, window=4),
        Case("11 steps, windows of 3: the last one is short", steps=11, window=3),
        Case("windows longer than the sequence", steps=5, window=int(rng.integers(7, 12))),
        Case("windows of one step", steps=int(rng.integers(4, 7)), window=1),
    ],
    oracle=lambda steps, window: np.concatenate(
        [np.arange(1, min(window, steps - start) + 1) for start in range(0, steps, window)]
    ),
    mistakes={
        "every step is thought to reach back a whole window, as if the window slid along": (
            lambda steps, window: np.minimum(np.arange(1, steps + 1), window)
        ),
        "every step is given the full window": lambda steps, window: np.full(steps, window),
        "a step's own input is not counted": lambda steps, window: np.arange(steps) % window,
        "nothing is cut: each step reaches the first": lambda steps, window: np.arange(1, steps + 1),
        "it is counted forwards, to the end of the window": lambda steps, window: window - np.arange(steps) % window,
    },
    accepts=[lambda steps, window: [t % window + 1 for t in range(steps)]],
    hints=[
        "The gradient of the loss at step t stops at the first step of its window.",
        "The first step of a window reaches one input: its own. The second reaches two.",
        "`t % window` counts the steps since the window began.",
    ],
    minutes=4,
)


# -- gradient_flow ---------------------------------------------------------------------------------------------------


def _flows(rng) -> list[Case]:
    def one(label, T, H):
        return Case(label, h=np.tanh(away(rng, T, H)), W_hh=away(rng, H, H) / np.sqrt(H), dh_last=away(rng, H))

    return [one("6 steps, 3 units", 6, 3), one("4 steps, 5 units", 4, 5), one("a single step", 1, 3)]


def _gradient_flow(h, W_hh, dh_last):
    import torch

    h, W_hh = np.asarray(h, dtype=float), np.asarray(W_hh, dtype=float)
    W, T = torch.as_tensor(W_hh), len(h)
    # States that are free to move: each step's input is set so that the states come out as given.
    inputs = np.arctanh(h[1:]) - h[:-1] @ W_hh
    first = _tensor(h[0])
    states = [first]
    for t in range(T - 1):
        states.append(torch.tanh(states[-1] @ W + torch.as_tensor(inputs[t])))
    return np.array([np.linalg.norm(g) for g in _gradients((states[-1] * torch.as_tensor(dh_last)).sum(), *states)])


def _flow(h, W_hh, dh_last, *, transpose=True, at=1, square=False, reverse=True, derivative=True):
    norms, dh = [], dh_last
    for t in reversed(range(len(h))):
        norms.append(np.sum(dh**2) if square else np.linalg.norm(dh))
        if t:
            da = dh * (1 - h[t - 1 + at] ** 2) if derivative else dh
            dh = da @ (W_hh.T if transpose else W_hh)
    return np.array(norms[::-1] if reverse else norms)


gradient_flow = Exercise(
    name="03.gradient_flow",
    points=3,
    inputs=_flows,
    oracle=_gradient_flow,
    returns=("norms",),
    mistakes={
        "`W_hh` is not transposed on the way back": lambda *a: _flow(*a, transpose=False),
        "tanh' is taken at the state before the step": lambda *a: _flow(*a, at=0),
        "the squared norm is given": lambda *a: _flow(*a, square=True),
        "the list stands in the order in which it was made, last step first": lambda *a: _flow(*a, reverse=False),
        "tanh' is left out, as if the network were linear": lambda *a: _flow(*a, derivative=False),
    },
    accepts=[_flow],
    forbids=["torch.autograd.grad", "torch.autograd.backward"],
    hints=[
        "Begin with the last step: its norm is the norm of `dh_last`.",
        "One step back: through tanh at `h[t]`, then through `W_hh.T`. Note the norm at each step.",
        "`dh = (dh * (1 - h[t]**2)) @ W_hh.T` leads from step t to t − 1. Turn the list round at the end.",
    ],
    difficulty=2,
    minutes=10,
    core=False,
)

EXERCISES = [
    logits_gradient, tanh_gradient, step_backward, bptt, relative_error, carried_windows, reach, gradient_flow,
]  # fmt: skip
