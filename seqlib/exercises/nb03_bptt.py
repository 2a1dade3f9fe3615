"""Notebook 03: backpropagation through time, by hand."""

import numpy as np
import torch

from seqlib.checks.compare import as_array
from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, softmax

AUTOGRAD = ("torch.autograd.grad", "torch.autograd.backward")


def _tensor(array):
    return torch.tensor(np.asarray(array, dtype=float), requires_grad=True)


def _gradients(loss, *tensors):
    """Autograd's gradients as NumPy arrays; zeros where nothing depends on a tensor."""
    found = torch.autograd.grad(loss, tensors, allow_unused=True)
    return tuple(np.zeros(t.shape) if g is None else g.numpy() for g, t in zip(found, tensors, strict=True))


def _slope_slips(dh: str, h: str, square: str = "**2") -> dict[str, str]:
    """Slips of dh * (1 - h**2), the way through tanh, whatever stands in the places of dh and h."""
    slope = f"(1 - {h}{square})"
    return {
        "the gradient does not go through tanh": f"{dh} * {slope} → {dh}",
        "tanh' is taken of the wrong variable: the state is already a tanh, and is put through it once more": (
            f"{slope} → (1 - np.tanh({h}) ** 2)"
        ),
        "the derivative of the sigmoid stands in for that of tanh": f"{dh} * {slope} → {dh} * {h} * (1 - {h})",
        "the square is forgotten": f"{slope} → (1 - {h})",
        "the sign inside is turned: 1 + h² in place of 1 − h²": f"{slope} → (1 + {h}{square})",
        "the sign is turned: h² − 1 in place of 1 − h²": f"{slope} → ({h}{square} - 1)",
        "the root is taken of tanh'": f"{slope} → np.sqrt(1 - {h}{square})",
        "the local derivative is taken alone: the gradient from above is not passed on": f"{dh} * {slope} → {slope}",
        "the derivative is added to the gradient from above instead of multiplied": f"{dh} * {slope} → {dh} + {slope}",
        "it divides by the derivative": f"{dh} * {slope} → {dh} / {slope}",
        "the brackets are missing: only the 1 is multiplied by the gradient from above": f"{dh} * {slope} → ({dh} - {h}{square})",
        "the square is around the brackets: (1 − h)² in place of 1 − h²": f"{slope} → (1 - {h}) ** 2",
    }


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


def _cross_entropys(logits, targets):
    z = _tensor(logits)
    loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), torch.as_tensor(targets).flatten())
    return _gradients(loss, z)[0]


def _logits_gradient(logits, targets):
    p, y = softmax(logits), np.eye(logits.shape[-1])[targets]
    return (p - y) / targets.size


logits_gradient = Exercise(
    name="03.logits_gradient",
    points=2,
    inputs=_logits,
    oracle=_cross_entropys,
    returns=("dlogits",),
    right=_logits_gradient,
    mistakes=slips(
        _logits_gradient,
        {
            "the sum of the losses is differentiated, not their mean: nothing divides by the number of predictions": (
                " / targets.size →"
            ),
            "the mean is taken over the batch only, and the steps are forgotten in it": "targets.size → len(targets)",
            "the mean is taken over the steps only, and the batch is forgotten in it": "targets.size → targets.shape[1]",
            "the mean is taken over every number in the logits, the symbols included": "targets.size → logits.size",
            "the sign is turned: a step against this gradient makes the loss larger": "(p - y) → (y - p)",
            "the softmax is left out": "softmax(logits), → logits,",
            "the softmax runs over the steps, not over the symbols": "softmax(logits) → softmax(logits, axis=1)",
            "the softmax runs over the batch, not over the symbols": "softmax(logits) → softmax(logits, axis=0)",
            "the softmax runs over all numbers at once, not over the symbols": "softmax(logits) → softmax(logits, axis=None)",
            "the softmax is taken twice": "softmax(logits) → softmax(softmax(logits))",
            "a sigmoid stands in the place of the softmax": "softmax(logits) → 1 / (1 + np.exp(-logits))",
            "the logarithm of the probabilities stands in their place": "softmax(logits) → np.log(softmax(logits))",
            "the gradient with respect to the probabilities is given, before it went through the softmax": (
                "(p - y) → -y / p"
            ),
            "the probabilities are given alone: what was so is not taken away": "(p - y) → p",
            "only the right symbol gets a gradient: the others' probabilities count as well": "(p - y) → (p - y) * y",
            "1 is taken away at every symbol that is a target somewhere: each place has its own": (
                "np.eye(logits.shape[-1])[targets] → np.isin(np.arange(logits.shape[-1]), targets)"
            ),
            "1 is taken away from every symbol, not from the right one alone": "(p - y) → (p - 1)",
            "the slope of each probability is multiplied in, which the cross-entropy cancels": "(p - y) → (p - y) * p * (1 - p)",
        },
    ),
    forbids=AUTOGRAD,
)


# -- tanh_gradient ---------------------------------------------------------------------------------------------------


def _states(rng) -> list[Case]:
    return [
        Case("a batch of 2, 3 units", dh=away(rng, 2, 3), h=np.tanh(away(rng, 2, 3))),
        Case("a batch of 5, one unit", dh=away(rng, 5, 1), h=np.tanh(away(rng, 5, 1))),
        Case("units that are nearly full", dh=away(rng, 1, 4), h=np.tanh(3 * away(rng, 1, 4))),
        Case("sequences of 3 steps", dh=away(rng, 2, 3, 4), h=np.tanh(away(rng, 2, 3, 4))),
    ]


def _through_autograd(dh, h):
    a = _tensor(np.arctanh(h))
    return _gradients((torch.tanh(a) * torch.as_tensor(dh)).sum(), a)[0]


def _tanh_gradient(dh, h):
    return dh * (1 - h**2)


tanh_gradient = Exercise(
    name="03.tanh_gradient",
    points=2,
    inputs=_states,
    oracle=_through_autograd,
    returns=("da",),
    right=_tanh_gradient,
    mistakes=slips(_tanh_gradient, _slope_slips("dh", "h"))
    | slips(
        _tanh_gradient,
        {
            "the gradients of all units are added up: each keeps its own": "dh * (1 - h**2) → (dh * (1 - h**2)).sum(-1, keepdims=True)",
            "`dh` and `h` change places": "dh * (1 - h**2) → h * (1 - dh**2)",
            "tanh is taken of the gradient, not its derivative": "(1 - h**2) → np.tanh(h)",
            "the derivative of ReLU stands in for that of tanh": "(1 - h**2) → (h > 0)",
        },
    ),
    forbids=AUTOGRAD,
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
        _cell(rng, "as many units as inputs, and as many sequences", 2, 2, 2),
    ]


def _step_by_autograd(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    # The bias that leads to h_t is found from it, so that autograd walks the same step.
    b_h = np.arctanh(h_t) - x_t @ W_xh - h_prev @ W_hh
    x, h, W_x, W_h, b = (_tensor(a) for a in (x_t, h_prev, W_xh, W_hh, b_h.mean(0)))
    noise = torch.as_tensor(b_h - b_h.mean(0))
    out = torch.tanh(x @ W_x + h @ W_h + b + noise)
    return _gradients((out * torch.as_tensor(dh_t)).sum(), x, h, W_x, W_h, b)


def _step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = dh_t * (1 - h_t**2)
    dx_t, dh_prev = da @ W_xh.T, da @ W_hh.T
    dW_xh, dW_hh, db_h = x_t.T @ da, h_prev.T @ da, da.sum(axis=0)
    return dx_t, dh_prev, dW_xh, dW_hh, db_h


GIVEN = "dW_xh, dW_hh, db_h = x_t.T @ da, h_prev.T @ da, da.sum(axis=0)"

step_backward = Exercise(
    name="03.step_backward",
    points=4,
    inputs=_cells,
    oracle=_step_by_autograd,
    returns=("dx_t", "dh_prev", "dW_xh", "dW_hh", "db_h"),
    right=_step_backward,
    mistakes=slips(
        _step_backward,
        _slope_slips("dh_t", "h_t")
        | {
            "tanh' is taken at `h_prev`, the state before, instead of at `h_t`": "(1 - h_t**2) → (1 - h_prev**2)",
            "only what goes back passes through tanh: the weights and the bias get `dh_t` where `da_t` belongs": (
                f"{GIVEN} → dW_xh, dW_hh, db_h = x_t.T @ dh_t, h_prev.T @ dh_t, dh_t.sum(axis=0)"
            ),
            "only the weights' gradients pass through tanh: what goes back is `dh_t` where `da_t` belongs": (
                "da @ W_xh.T, da @ W_hh.T → dh_t @ W_xh.T, dh_t @ W_hh.T"
            ),
            "`W_hh` is not transposed on the way back": "W_hh.T → W_hh",
            "`W_xh` is not transposed on the way back": "W_xh.T → W_xh",
            "the gradient of `W_hh` is built from `h_t`: it belongs to the state that was multiplied, `h_prev`": (
                "h_prev.T → h_t.T"
            ),
            "the gradient of the bias is a mean over the batch: one bias serves all rows, so its gradients add up": (
                "da.sum( → da.mean("
            ),
            "the weights' gradients are means over the batch: its rows' gradients add up": (
                "x_t.T @ da, h_prev.T @ da → x_t.T @ da / len(da), h_prev.T @ da / len(da)"
            ),
            "the weights' and the bias's gradients are means over the batch: its rows' gradients add up": (
                f"{GIVEN} → {GIVEN}\n    dW_xh, dW_hh, db_h = dW_xh / len(da), dW_hh / len(da), db_h / len(da)"
            ),
            "the gradients of both weights are transposed": "x_t.T @ da, h_prev.T @ da → da.T @ x_t, da.T @ h_prev",
            "the gradient of the bias keeps the batch: it is not summed over the rows": "da.sum(axis=0) → da",
            "the gradient of the bias is summed over the units, not over the batch": "da.sum(axis=0) → da.sum(axis=1)",
            "the gradient of the bias is one number: it is summed over the units too": "da.sum(axis=0) → da.sum()",
            "what goes back to the input and what goes back to the state change places": (
                "return dx_t, dh_prev → return dh_prev, dx_t"
            ),
            "the gradients of the two weights change places": "dh_prev, dW_xh, dW_hh, db_h\n → dh_prev, dW_hh, dW_xh, db_h\n",
        },
    ),
    forbids=AUTOGRAD,
)


# -- bptt ------------------------------------------------------------------------------------------------------------


def _run(rng, label, B, T, D, H) -> Case:
    W_xh, W_hh, b_h = away(rng, D, H) / D, away(rng, H, H) / H, away(rng, H) * 0.3
    x, h_0 = away(rng, B, T, D), np.tanh(away(rng, B, H))
    return Case(label, dh=away(rng, B, T, H), x=x, h_0=h_0, W_xh=W_xh, W_hh=W_hh, b_h=b_h)


def _runs(rng) -> list[Case]:
    return [
        _run(rng, "a batch of 2, 5 steps", 2, 5, 3, 4),
        _run(rng, "a batch of 3, 4 steps, more inputs than units", 3, 4, 5, 2),
        _run(rng, "a single step", 2, 1, 3, 2),
        _run(rng, "as many units as inputs", 1, 6, 3, 3),
    ]


def _by_autograd(dh, x, h_0, W_xh, W_hh, b_h):
    h, W_x, W_h, b, steps = (*map(_tensor, (h_0, W_xh, W_hh, b_h)), torch.as_tensor(x).double().unbind(1))
    state, loss = h, 0.0
    for t, x_t in enumerate(steps):
        state = torch.tanh(x_t @ W_x + state @ W_h + b)
        loss = loss + (state * torch.as_tensor(dh[:, t])).sum()
    return _gradients(loss, W_x, W_h, b, h)


def _bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h, T = [h_0], x.shape[1]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h, dh_next = 0 * W_xh, 0 * W_hh, 0 * b_h, 0 * h_0
    for t in reversed(range(T)):
        dh_t = dh[:, t] + dh_next
        da = dh_t * (1 - h[t + 1] ** 2)
        dW_xh = dW_xh + x[:, t].T @ da
        dW_hh = dW_hh + h[t].T @ da
        db_h = db_h + da.sum(axis=0)
        dh_next = da @ W_hh.T
    return dW_xh, dW_hh, db_h, dh_next


bptt = Exercise(
    name="03.bptt",
    points=5,
    inputs=_runs,
    oracle=_by_autograd,
    returns=("dW_xh", "dW_hh", "db_h", "dh_0"),
    right=_bptt,
    mistakes=slips(
        _bptt,
        _slope_slips("dh_t", "h[t + 1]", " ** 2")
        | {
            "gradients are overwritten, not accumulated: what is left at the end belongs to the first step alone": (
                "dW_xh = dW_xh + → dW_xh =",
                "dW_hh = dW_hh + → dW_hh =",
                "db_h = db_h + → db_h =",
            ),
            "the bias's gradient is overwritten, not accumulated": "db_h = db_h + → db_h =",
            "nothing comes back from the future: each step sees its own loss only": "dh[:, t] + dh_next → dh[:, t]",
            "nothing is handed on to the step before: dh_next stays zero": "dh_next = da @ W_hh.T → dh_next = 0 * h_0",
            "only the last step's loss is counted; every step has one": "dh[:, t] + dh_next → dh[:, t] * (t == T - 1) + dh_next",
            "what comes from the future is added after tanh, where it should go through it": (
                "dh_t = dh[:, t] + dh_next → dh_t = dh[:, t]",
                "(1 - h[t + 1] ** 2) → (1 - h[t + 1] ** 2) + dh_next",
            ),
            "what comes from the future piles up: each step hands back its own sum alone": (
                "dh_next = da @ W_hh.T → dh_next = dh_next + da @ W_hh.T"
            ),
            "the loop runs from the first step to the last: gradients travel the other way": "reversed(range(T)) → range(T)",
            "the first step is left out on the way back": "reversed(range(T)) → reversed(range(1, T))",
            "tanh' is taken at the state before the step": "h[t + 1] ** 2 → h[t] ** 2",
            "the gradient of `W_hh` uses the state after the step, `h_t`, where `h_{t-1}` was multiplied": "h[t].T → h[t + 1].T",
            "the states are taken one place too early, in tanh' and in the gradient of `W_hh`: the list begins with `h_0`": (
                "h[t + 1] ** 2 → h[t] ** 2",
                "h[t].T → h[t - 1].T",
            ),
            "the gradient of `W_xh` uses the input of the step before": "x[:, t].T → x[:, t - 1].T",
            "`W_hh` is not transposed on the way back": "@ W_hh.T → @ W_hh",
            "`W_hh` is forgotten on the way back: a state's gradient goes through it to the state before": "da @ W_hh.T → da",
            "the way there forgets the bias": "@ W_hh + b_h → @ W_hh",
            "the way there has `W_hh` transposed": "@ W_hh + b_h → @ W_hh.T + b_h",
            "the way there forgets tanh": "np.tanh(x → (x",
            "the way there begins from zeros, not from `h_0`": "h, T = [h_0] → h, T = [0 * h_0]",
            "the gradients are divided by the number of steps: the mean is in `dh` already": (
                "db_h, dh_next\n → db_h, dh_next / T\n",
                "return dW_xh, dW_hh, db_h → return dW_xh / T, dW_hh / T, db_h / T",
            ),
            "the weights' gradients are divided by the number of steps: the mean is in `dh` already": (
                "return dW_xh, dW_hh, db_h → return dW_xh / T, dW_hh / T, db_h / T"
            ),
            "the weights' gradients are divided by the number of sequences: the mean is in `dh` already": (
                "return dW_xh, dW_hh, db_h → return dW_xh / len(x), dW_hh / len(x), db_h / len(x)"
            ),
            "the gradient of the bias is a mean over the batch: one bias serves all rows, so its gradients add up": "da.sum( → da.mean(",
            "zeros stand in the place of `dh_0`": "db_h, dh_next\n → db_h, 0 * h_0\n",
            "the gradient at h_1 stands in the place of `dh_0`: it has one more step to go": "db_h, dh_next\n → db_h, dh_t\n",
            "the gradient inside the tanh of step 1 stands in the place of `dh_0`": "db_h, dh_next\n → db_h, da\n",
        },
    ),
    forbids=AUTOGRAD,
)


# -- relative_error --------------------------------------------------------------------------------------------------


def _errors(rng) -> list[Case]:
    a = away(rng, 3, 4)
    nearly = a.copy()
    nearly[1, 2] -= 0.01
    tiny, large = away(rng, 2, 5) * 1e-9, away(rng, 2, 2) * 1e4
    above, below = 10 * rng.uniform(1.0, 2.0, (2, 3)), -10 * rng.uniform(1.0, 2.0, 4)
    return [
        Case("two arrays that differ in one entry", found=nearly, right=a),
        Case("numbers of the size of a gradient far back in time", found=tiny[0], right=tiny[1]),
        Case("what was found is larger, and negative", found=-above, right=away(rng, 2, 3)),
        Case("the right answer is larger, and negative", found=away(rng, 4), right=below),
        Case("large numbers, slightly off", found=large, right=large + 50.0),
        Case("the right answer is all zero", found=away(rng, 4), right=np.zeros(4)),
        Case("both are zero: nothing is wrong", found=np.zeros(3), right=np.zeros(3)),
    ]


def _entry_by_entry(found, right):
    pairs = list(zip(np.ravel(found), np.ravel(right), strict=True))
    size = max(max(abs(f), abs(r)) for f, r in pairs)
    return float(max(abs(f - r) for f, r in pairs) / size) if size else 0.0


def _relative_error(found, right):
    worst = np.abs(found - right).max()
    size = max(np.abs(found).max(), np.abs(right).max())
    return float(worst / size) if size > 0 else 0.0


LARGEST = "max(np.abs(found).max(), np.abs(right).max())"
GUARDED = "float(worst / size) if size > 0 else 0.0"

relative_error = Exercise(
    name="03.relative_error",
    points=2,
    inputs=_errors,
    oracle=_entry_by_entry,
    right=_relative_error,
    mistakes=slips(
        _relative_error,
        {
            "the error is absolute: a gradient of 1e-9 that is wholly wrong looks perfect": f"{GUARDED} → worst",
            "the sign of the difference is kept, so that errors downwards pass": "np.abs(found - right) → (found - right)",
            "the mean difference is taken: one wrong entry among many right ones hides in it": "right).max()\n → right).mean()\n",
            "the sum of the differences is taken, not the largest": "right).max()\n → right).sum()\n",
            "zero is divided by zero where both are zero": f"{GUARDED} → worst / np.float64(size)",
            "something small is added to the size, so that tiny gradients look right however wrong": (
                f"{GUARDED} → worst / (size + 1e-8)"
            ),
            "each entry is divided by its own size, which makes rounding in a tiny entry look like a mistake": (
                "np.abs(found - right).max() → (np.abs(found - right) / np.fmax(np.fmax(abs(found), abs(right)), 1e-300)).max()",
                "worst / size → worst",
            ),
            "each entry is divided by the right one's own size": (
                "np.abs(found - right).max() → (np.abs(found - right) / np.fmax(abs(right), 1e-300)).max()",
                "worst / size → worst",
            ),
            "the size is that of the right answer alone: the largest value in either array belongs there": (
                f"{LARGEST} → np.abs(right).max()"
            ),
            "the size is that of what was found alone: the largest value in either array belongs there": (
                f"{LARGEST} → np.abs(found).max()"
            ),
            "nothing is divided by less than 1, so that small arrays get an absolute error": "worst / size → worst / max(size, 1.0)",
            "0 is given as soon as one of the arrays is all zero: it should be 1 then": (
                "if size > 0 → if min(np.abs(found).max(), np.abs(right).max()) > 0"
            ),
            "the largest values are compared, not the entries": (
                "np.abs(found - right).max() → abs(np.abs(found).max() - np.abs(right).max())"
            ),
            "the smaller of the two sizes divides": "max(np.abs(found) → min(np.abs(found)",
            "both sizes are added": f"{LARGEST} → np.abs(found).max() + np.abs(right).max()",
            "the sizes are averaged over the entries: the largest value belongs there": f"{LARGEST} → max(np.abs(found).mean(), np.abs(right).mean())",
            "the signs of the values are kept: the largest absolute value belongs there": f"{LARGEST} → max(found.max(), right.max())",
            "the squares of the entries are added up: it is the largest entry that counts, above the line and below": (
                "np.abs(found - right).max() → np.linalg.norm(found - right)",
                f"{LARGEST} → max(np.linalg.norm(found), np.linalg.norm(right))",
            ),
            "the error is given in percent": f"{GUARDED} → 100 * worst / (size or 1)",
        },
    ),
)


# -- carried_windows -------------------------------------------------------------------------------------------------


def _streams(rng) -> list[Case]:
    def case(label, n, rows, length):
        return Case(label, ids=rng.permutation(n) + 100, rows=rows, length=length)

    return [
        case("23 symbols, 2 rows, windows of 4", 23, 2, 4),
        case("24 symbols, 2 rows, windows of 4: one too few for a third", 24, 2, 4),
        case("40 symbols, 3 rows, windows of 5", 40, 3, 5),
        case("exactly enough: 13 symbols, 2 rows, windows of 3", 13, 2, 3),
        case("one row", 17, 1, 5),
    ]


def _placed(ids, rows, length):
    """By places: row r of window k begins at (r * windows + k) * length."""
    windows = (len(ids) - 1) // rows // length
    first = (np.arange(windows)[:, None, None] + np.arange(rows)[None, :, None] * windows) * length
    place = first + np.arange(length)
    return ids[place], ids[place + 1]


def _any_piece(answer, ids, rows, length):
    """Where row 1 begins is the learner's choice, as long as there is room: told as if pieces were as short as can be."""
    found, used = answer(ids, rows, length), (len(ids) - 1) // rows // length * length
    x = as_array(found[0]) if isinstance(found, (tuple, list)) and len(found) == 2 else None
    if rows == 1 or x is None or x.shape != (used // length, rows, length) or not np.isin(x, ids).all():
        return found
    place = {int(symbol): i for i, symbol in enumerate(ids)}
    starts = [place[int(symbol)] for symbol in x[0, :, 0]]
    piece = starts[1]
    if starts != [r * piece for r in range(rows)] or not used < piece <= (len(ids) - 1 - used) // (rows - 1):
        return found
    back = (np.arange(rows) * (piece - used))[:, None]
    return tuple(_moved(as_array(part), place, ids, back) for part in found)


def _moved(part, place, ids, back):
    """The symbols that stand `back` places earlier, where there are such symbols."""
    if part is None or not np.isin(part, ids).all() or part.ndim != 3:
        return part
    places = np.vectorize(lambda symbol: place[int(symbol)])(part) - back
    return ids[places] if (places >= 0).all() else part


def _carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // rows // length
    n = windows * rows * length

    def cut(part):
        return part.reshape(rows, windows, length).swapaxes(0, 1)

    return cut(ids[:n]), cut(ids[1 : n + 1])


carried_windows = Exercise(
    name="03.carried_windows",
    points=3,
    inputs=_streams,
    oracle=_placed,
    using=_any_piece,
    stand_in=_placed,
    returns=("x", "y"),
    right=_carried_windows,
    mistakes=slips(
        _carried_windows,
        {
            "neighbouring windows stand in neighbouring rows: row 0 of the next batch does not continue row 0": (
                "reshape(rows, windows, length).swapaxes(0, 1) → reshape(windows, rows, length)"
            ),
            "rows and windows change places in the result: the first axis should count the batches": ".swapaxes(0, 1) →",
            "time stands before the rows: (windows, length, rows), where (windows, rows, length) belongs": (
                ".swapaxes(0, 1) → .transpose(1, 2, 0)"
            ),
            "the rows are not cut into windows": "reshape(rows, windows, length).swapaxes(0, 1) → reshape(rows, windows * length)",
            "symbols are dealt out to the rows in turn: neighbours in the stream are no neighbours in a row": (
                "reshape(rows, windows, length).swapaxes(0, 1) → reshape(windows, length, rows).swapaxes(1, 2)"
            ),
            "the targets are the inputs themselves, not what comes next": "cut(ids[1 : n + 1]) → cut(ids[:n])",
            "the targets are two steps ahead instead of one": "cut(ids[1 : n + 1]) → cut(np.append(ids, ids[-1])[2 : n + 2])",
            "each window forgets its last target: it is filled up from the front of the same window": (
                "cut(ids[1 : n + 1]) → np.roll(cut(ids[:n]), -1, axis=-1)"
            ),
            "the stream is rolled round, so that its last target is its first symbol": (
                "cut(ids[1 : n + 1]) → cut(np.roll(ids[:n], -1))"
            ),
            "the targets are the symbols before, not after": "return cut(ids[:n]), cut(ids[1 : n + 1]) → return cut(ids[1 : n + 1]), cut(ids[:n])",
            "the targets are a whole window ahead, not one symbol": (
                "cut(ids[1 : n + 1]) → cut(np.resize(np.roll(ids, -length), n))"
            ),
            "each window takes a symbol more for its last target, which is never an input then": (
                "(len(ids) - 1) // rows // length → len(ids) // rows // (length + 1)",
                "n = windows * rows * length → both = ids[: windows * rows * (length + 1)]; n = 0",
                "return cut(ids[:n]), cut(ids[1 : n + 1]) → "
                "both = both.reshape(rows, windows, length + 1).swapaxes(0, 1); return both[..., :-1], both[..., 1:]",
            ),
            "each row keeps its last target to itself, so that there may be a window too few": (
                "(len(ids) - 1) // rows // length → (len(ids) // rows - 1) // length"
            ),
            "a window begins at every symbol, so that the windows overlap": (
                "return cut(ids[:n]), cut(ids[1 : n + 1]) → "
                "piece = len(ids) // rows; view = np.lib.stride_tricks.sliding_window_view; "
                "both = view(ids[: rows * piece].reshape(rows, piece), length + 1, axis=1).swapaxes(0, 1); "
                "return both[..., :-1], both[..., 1:]"
            ),
            "the last window is left out": "// rows // length → // rows // length - 1",
            "only the inputs come back, without their targets": "return cut(ids[:n]), cut(ids[1 : n + 1]) → return cut(ids[:n])",
        },
    ),
)


# -- reach -----------------------------------------------------------------------------------------------------------


def _cuts(rng) -> list[Case]:
    return [
        Case("12 steps, windows of 4", steps=12, window=4),
        Case("11 steps, windows of 3: the last one is short", steps=11, window=3),
        Case("windows longer than the sequence", steps=5, window=int(rng.integers(7, 12))),
        Case("windows of one step", steps=int(rng.integers(4, 7)), window=1),
        Case("17 steps, windows of 5: the last one is short", steps=17, window=5),
    ]


def _windows_counted(steps, window):
    return np.concatenate([np.arange(1, min(window, steps - start) + 1) for start in range(0, steps, window)])


def _reach(steps, window):
    return np.arange(steps) % window + 1


reach = Exercise(
    name="03.reach",
    points=2,
    inputs=_cuts,
    oracle=_windows_counted,
    right=_reach,
    mistakes=slips(
        _reach,
        {
            "every step is thought to reach back a whole window, as if the window slid along": (
                "np.arange(steps) % window + 1 → np.minimum(np.arange(steps) + 1, window)"
            ),
            "every step is given the full window": "np.arange(steps) % window + 1 → np.full(steps, window)",
            "a step's own input is not counted": "window + 1 → window",
            "nothing is cut: each step reaches the first": "% window + 1 → + 1",
            "it is counted forwards, to the end of the window": "np.arange(steps) % → window - 1 - np.arange(steps) %",
            "it is counted forwards, to the end of the window or of the sequence": (
                "np.arange(steps) % window + 1 → "
                "np.minimum(window - np.arange(steps) % window, steps - np.arange(steps))"
            ),
            "steps are counted from 1, so that the last of each window reaches nothing": (
                "np.arange(steps) % window + 1 → (np.arange(steps) + 1) % window"
            ),
            "the windows are one step too long": "% window → % (window + 1)",
            "each step is told the number of its window": "% window → // window",
            "each step is told where its window begins": "% window + 1 → // window * window",
            "one input more than there is gets gradient": "window + 1 → window + 2",
        },
    ),
)


# -- gradient_flow ---------------------------------------------------------------------------------------------------


def _flows(rng) -> list[Case]:
    def one(label, T, H):
        return Case(label, h=np.tanh(away(rng, T, H)), W_hh=away(rng, H, H) / np.sqrt(H), dh_last=away(rng, H))

    return [one("6 steps, 3 units", 6, 3), one("4 steps, 5 units", 4, 5), one("a single step", 1, 3)]


def _flow_by_autograd(h, W_hh, dh_last):
    h, W_hh = np.asarray(h, dtype=float), np.asarray(W_hh, dtype=float)
    W, T = torch.as_tensor(W_hh), len(h)
    # States that are free to move: each step's input is set so that the states come out as given.
    inputs = np.arctanh(h[1:]) - h[:-1] @ W_hh
    states = [_tensor(h[0])]
    for t in range(T - 1):
        states.append(torch.tanh(states[-1] @ W + torch.as_tensor(inputs[t])))
    return np.array([np.linalg.norm(g) for g in _gradients((states[-1] * torch.as_tensor(dh_last)).sum(), *states)])


def _gradient_flow(h, W_hh, dh_last):
    dh, flow = dh_last, [dh_last]
    for h_t in h[:0:-1]:
        dh = (dh * (1 - h_t**2)) @ W_hh.T
        flow.append(dh)
    return np.linalg.norm(flow[::-1], axis=1)


gradient_flow = Exercise(
    name="03.gradient_flow",
    points=3,
    inputs=_flows,
    oracle=_flow_by_autograd,
    returns=("norms",),
    right=_gradient_flow,
    mistakes=slips(
        _gradient_flow,
        # A norm sees no sign.
        {told: edit for told, edit in _slope_slips("dh", "h_t").items() if "sign is turned" not in told}
        | {
            "`W_hh` is not transposed on the way back": "W_hh.T → W_hh",
            "`W_hh` is forgotten on the way back": " @ W_hh.T →",
            "tanh' is taken at the state before the step": "h[:0:-1] → h[-2::-1]",
            "the gradient is not carried: every step begins again from `dh_last`": "(dh * → (dh_last *",
            "the squared norm is given": "axis=1) → axis=1) ** 2",
            "the sum of the absolute values is given, not the Euclidean norm": "axis=1) → axis=1, ord=1)",
            "the largest entry is given, not the Euclidean norm": "axis=1) → axis=1, ord=np.inf)",
            "the norms are divided by the root of the number of units": "axis=1) → axis=1) / len(dh_last) ** 0.5",
            "the norms are given as shares of the last": "axis=1) → axis=1) / np.linalg.norm(dh_last)",
            "the list stands in the order in which it was made, last step first": "flow[::-1] → flow",
            "the last step's own norm is missing: a step further back stands in its place": (
                "h[:0:-1] → h[::-1]",
                "flow[::-1] → flow[:0:-1]",
            ),
            "there is one norm too many: it goes back beyond the first state": "h[:0:-1] → h[::-1]",
            "the gradients are given, not their norms": "np.linalg.norm(flow[::-1], axis=1) → np.array(flow[::-1])",
        },
    ),
    forbids=AUTOGRAD,
)
