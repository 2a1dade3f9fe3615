"""Notebook 04: why gradients vanish or explode on their way back, and what helps."""

import math

import numpy as np

from seqlib.checks.exercise import Case, Exercise

# -- inputs that several exercises share -----------------------------------------------------------------------------


def _recurrent(rng, size: int) -> np.ndarray:
    """A recurrent matrix whose products neither die nor overflow within a few steps."""
    return rng.normal(size=(size, size)) / np.sqrt(size)


def _states(rng, *shape) -> np.ndarray:
    """States of a tanh network, where tanh' is neither 1 nor 0."""
    return rng.uniform(0.25, 0.85, shape) * rng.choice([-1.0, 1.0], shape)


def _doubles(*arrays):
    import torch

    return [torch.as_tensor(a).double() for a in arrays]


# -- step_jacobian ---------------------------------------------------------------------------------------------------


def _single_steps(rng) -> list[Case]:
    return [
        Case(label, h_t=_states(rng, size), W_hh=_recurrent(rng, size))
        for label, size in (("4 hidden units", 4), ("7 hidden units", 7), ("a single unit", 1))
    ]


def _nudged(h_t, W_hh, eps=1e-5):
    # Centred differences: nudge each unit of h_{t-1} and look how far every unit of h_t moves.
    before, W_hh = np.arctanh(np.asarray(h_t, dtype=float)), np.asarray(W_hh, dtype=float)
    return np.array([(np.tanh(before + eps * row) - np.tanh(before - eps * row)) / (2 * eps) for row in W_hh])


def _slope(h_t):
    return 1 - np.asarray(h_t) ** 2


def _jacobian_in_torch(h_t, W_hh):
    import torch

    h_t, W_hh = _doubles(h_t, W_hh)
    rest, nudge = torch.atanh(h_t), torch.zeros_like(h_t)
    return torch.autograd.functional.jacobian(lambda n: torch.tanh(rest + n @ W_hh), nudge).T


step_jacobian = Exercise(
    name="04.step_jacobian",
    points=3,
    inputs=_single_steps,
    oracle=_nudged,
    mistakes={
        "tanh' is left out: the Jacobian is `W_hh` alone": lambda h_t, W_hh: W_hh * 1.0,
        "rows are scaled where columns belong: the slope of unit j goes with what flows *into* j": lambda h_t, W_hh: (
            _slope(h_t)[:, None] * W_hh
        ),
        "`W_hh` is transposed: entry i, j is then the way from j to i": lambda h_t, W_hh: W_hh.T * _slope(h_t),
        "the whole Jacobian is transposed: papers that write $Wh$ have it so, row vectors do not": lambda h_t, W_hh: (
            (W_hh * _slope(h_t)).T
        ),
        "tanh' is taken of the wrong variable: `h_t` *is* already the tanh": lambda h_t, W_hh: (
            W_hh * (1 - np.tanh(h_t) ** 2)
        ),
        "tanh' is taken to be `1 - h_t`, without the square": lambda h_t, W_hh: W_hh * (1 - h_t),
        "tanh' is taken to be `h_t * (1 - h_t)`, which is the sigmoid's slope": lambda h_t, W_hh: (
            W_hh * h_t * (1 - h_t)
        ),
        "the slopes and the weights are multiplied out: a vector, where a matrix belongs": lambda h_t, W_hh: (
            _slope(h_t) @ W_hh.T
        ),
    },
    accepts=[
        lambda h_t, W_hh: W_hh * (1 - h_t**2)[None, :],
        lambda h_t, W_hh: np.asarray(W_hh) @ np.diag(_slope(h_t)),
        lambda h_t, W_hh: [[W_hh[i][j] * (1 - h_t[j] ** 2) for j in range(len(h_t))] for i in range(len(h_t))],
        lambda h_t, W_hh: np.einsum("ij,j->ij", W_hh, np.cosh(np.arctanh(h_t)) ** -2),
        _jacobian_in_torch,
    ],
    hints=[
        "Entry i, j: how far unit j of $h_t$ moves when unit i of $h_{t-1}$ is nudged. Two factors: weight and slope.",
        "Of $h_{t-1}W_{hh}$, unit j moves by `W_hh[i, j]`. Then tanh, whose slope is 1 − h².",
        "`W_hh * (1 - h_t**2)`: NumPy lays the vector along the last axis, which is j.",
    ],
    returns=("J",),
    difficulty=2,
    minutes=6,
)


# -- long_jacobian ---------------------------------------------------------------------------------------------------


def _chain_case(rng, label, steps, size, lag) -> Case:
    return Case(label, states=_states(rng, steps, size), W_hh=_recurrent(rng, size), lag=lag)


def _chains(rng) -> list[Case]:
    return [
        _chain_case(rng, "3 steps back in 5", 5, 4, 3),
        _chain_case(rng, "2 steps back in 6", 6, 3, 2),
        _chain_case(rng, "1 step back: one Jacobian", 4, 5, 1),
        _chain_case(rng, "all 4 steps back", 4, 3, 4),
        _chain_case(rng, "0 steps back: the state itself", 3, 4, 0),
    ]


def _chain_by_autograd(states, W_hh, lag):
    # The same steps again, as a function of the state they begin with; PyTorch differentiates the whole.
    import torch

    states, W_hh = _doubles(states, W_hh)
    steps = states[len(states) - lag :]
    start = states[len(states) - lag - 1] if lag < len(states) else torch.zeros_like(states[0])
    befores = torch.cat([start[None], steps[:-1]])
    inputs = torch.atanh(steps) - befores[: len(steps)] @ W_hh

    def last(h):
        for from_input in inputs:
            h = torch.tanh(from_input + h @ W_hh)
        return h

    return torch.autograd.functional.jacobian(last, start).T.numpy()


def _chain(states, W_hh, lag, step=lambda h, W: W * _slope(h), join=np.matmul, of=None):
    states = np.asarray(states)
    chosen = states[len(states) - lag :] if of is None else of(states, lag)
    whole = np.eye(len(W_hh))
    for h_t in chosen:
        whole = join(whole, step(h_t, np.asarray(W_hh)))
    return whole


def _chain_of_powers(states, W_hh, lag):
    return np.linalg.matrix_power(np.asarray(W_hh) * _slope(states[-1]), lag)


def _multi_dot(states, W_hh, lag):
    steps = [W_hh * _slope(h) for h in states[::-1][:lag]][::-1]
    whole = np.identity(len(W_hh))
    for J in reversed(steps):
        whole = J @ whole
    return whole


def _chain_in_torch(states, W_hh, lag):
    import torch

    states, W_hh = _doubles(states, W_hh)
    whole = torch.eye(len(W_hh), dtype=torch.float64)
    for back in range(lag):
        whole = (W_hh * (1 - states[len(states) - 1 - back] ** 2)) @ whole
    return whole


long_jacobian = Exercise(
    name="04.long_jacobian",
    points=3,
    inputs=_chains,
    oracle=_chain_by_autograd,
    mistakes={
        "the product is taken in the wrong order: with row vectors the earliest step stands on the left": lambda *a: (
            _chain(*a, join=lambda whole, J: J @ whole)
        ),
        "the *first* steps of the sequence are used, not the last": lambda *a: _chain(*a, of=lambda s, k: s[:k]),
        "one step too few is multiplied": lambda *a: _chain(*a, of=lambda s, k: s[len(s) - max(k - 1, 0) :]),
        "one step too many is multiplied: lag k has k Jacobians": lambda *a: _chain(
            *a, of=lambda s, k: s[max(len(s) - k - 1, 0) :]
        ),
        "the Jacobians are added, where a chain multiplies": lambda states, W_hh, lag: sum(
            (W_hh * _slope(h) for h in states[len(states) - lag :]), np.eye(len(W_hh))
        ),
        "the Jacobians are multiplied entry by entry, not as matrices": lambda *a: _chain(*a, join=np.multiply),
        "tanh' is left out of every step: a power of `W_hh`": lambda states, W_hh, lag: np.linalg.matrix_power(
            W_hh, lag
        ),
        "the last Jacobian is taken for all of them": _chain_of_powers,
        "each step uses the slope of the state *before* it": lambda *a: _chain(
            *a, of=lambda s, k: np.concatenate([np.zeros_like(s[:1]), s])[len(s) - k : len(s)]
        ),
    },
    accepts=[_chain, _multi_dot, _chain_in_torch],
    forbids=["torch.autograd.grad", "torch.autograd.backward"],
    hints=[
        "The last `lag` states are `states[len(states) - lag:]` (mind lag 0). Each gives one `step_jacobian`.",
        "Begin with the identity, `np.eye(H)`. A nudge is a row vector: it meets the earliest step first, on the left.",
        "`for h_t in states[len(states) - lag:]: product = product @ step_jacobian(h_t, W_hh)`",
    ],
    returns=("product",),
    difficulty=2,
    minutes=8,
)


# -- gradients_by_lag ------------------------------------------------------------------------------------------------


def _backward_case(rng, label, steps, size) -> Case:
    return Case(label, states=_states(rng, steps, size), W_hh=_recurrent(rng, size), v=_states(rng, size) * 2)


def _backwards(rng) -> list[Case]:
    return [
        _backward_case(rng, "6 steps, 4 hidden units", 6, 4),
        _backward_case(rng, "3 steps, 5 hidden units", 3, 5),
        _backward_case(rng, "4 steps, 1 hidden unit", 4, 1),
        _backward_case(rng, "a single step: lag 0 only", 1, 3),
    ]


def _by_autograd(states, W_hh, v):
    # Run the same steps in PyTorch and ask for the gradient at each state.
    import torch

    states, W_hh, v = _doubles(states, W_hh, v)
    befores = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
    inputs, h, kept = torch.atanh(states) - befores @ W_hh, torch.zeros_like(v).requires_grad_(), []
    for from_input in inputs:
        h = torch.tanh(from_input + h @ W_hh)
        kept.append(h)
    return torch.stack(torch.autograd.grad(kept[-1], kept, v)[::-1]).numpy()


def _back(states, W_hh, v, step=None, order=-1):
    """The gradients on the way back, with a rule step(delta, h_t, h_before, W) that may be wrong."""
    step = step or (lambda d, h, _, W: (d * _slope(h)) @ W.T)
    states, W_hh = np.asarray(states), np.asarray(W_hh)
    walked, deltas = states[::order], [np.asarray(v)]
    for h_t, before in zip(walked[:-1], walked[1:], strict=True):
        deltas.append(step(deltas[-1], h_t, before, W_hh))
    return np.array(deltas)


def _by_products(states, W_hh, v):
    deltas, whole = [], np.eye(len(W_hh))
    for t in range(len(states))[::-1]:
        deltas.append(whole @ np.asarray(v))
        whole = np.asarray(W_hh) @ np.diag(_slope(states[t])) @ whole
    return deltas


def _back_in_torch(states, W_hh, v):
    import torch

    states, W_hh, delta = _doubles(states, W_hh, v)
    deltas = [delta]
    for h_t in states[1:].flip(0):
        deltas.append(W_hh @ (deltas[-1] * (1 - h_t**2)))
    return torch.stack(deltas)


gradients_by_lag = Exercise(
    name="04.gradients_by_lag",
    points=4,
    inputs=_backwards,
    oracle=_by_autograd,
    mistakes={
        "`W_hh` is not transposed: backwards, the gradient goes through `W_hh.T`": lambda *a: _back(
            *a, step=lambda d, h, _, W: (d * _slope(h)) @ W
        ),
        "tanh' is left out": lambda *a: _back(*a, step=lambda d, h, _, W: d @ W.T),
        "tanh' comes after the product: the gradient meets the slope of $h_t$ first, then the weights": lambda *a: (
            _back(*a, step=lambda d, h, _, W: (d @ W.T) * _slope(h))
        ),
        "tanh' is taken of the state before, $h_{t-1}$": lambda *a: _back(
            *a, step=lambda d, h, before, W: (d * _slope(before)) @ W.T
        ),
        "tanh' is taken of the wrong variable: `h_t` *is* already the tanh": lambda *a: _back(
            *a, step=lambda d, h, _, W: (d * (1 - np.tanh(h) ** 2)) @ W.T
        ),
        "tanh' has the wrong sign: it is 1 − h², not h² − 1": lambda *a: _back(
            *a, step=lambda d, h, _, W: -(d * _slope(h)) @ W.T
        ),
        "the way back begins at the first state": lambda *a: _back(*a, order=1),
        "the gradients stand in the order of time: lag 0 belongs first": lambda *a: _back(*a)[::-1],
        "lag 0 is left out: `v` itself comes first": lambda *a: _back(*a)[1:],
        "the gradients are added up on the way, where each step replaces the last": lambda *a: np.cumsum(
            _back(*a), axis=0
        ),
        "only the last gradient is handed back, not the one at each lag": lambda *a: _back(*a)[-1],
    },
    accepts=[_back, _by_products, _back_in_torch],
    forbids=["torch.autograd.grad", "torch.autograd.backward"],
    hints=[
        "Keep one vector `delta`, the gradient at the state you are at. It starts as `v`, which is the row for lag 0.",
        "One step back: times tanh' of the state you are at, then through the weights, transposed.",
        "`for h_t in states[:0:-1]: delta = (delta * (1 - h_t**2)) @ W_hh.T`, and collect each `delta`.",
    ],
    returns=("deltas",),
    difficulty=3,
    minutes=10,
)


# -- spectral_radius -------------------------------------------------------------------------------------------------


def _rotation(rng, size: int) -> np.ndarray:
    """Eigenvalues in complex pairs, and no symmetry."""
    basis = rng.normal(size=(size, size))
    angles = rng.uniform(0.5, 2.5, size // 2)
    block = np.zeros((size, size))
    for i, angle in enumerate(angles):
        turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        block[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = np.multiply(rng.uniform(0.6, 1.3), turn)
    return basis @ block @ np.linalg.inv(basis)


def _one_way(rng, size: int) -> np.ndarray:
    """Strong weights that never lead back: a small radius and a large norm."""
    loops = rng.uniform(0.3, 0.8, size) * np.resize([1, -1], size)
    return np.triu(rng.uniform(2, 4, (size, size)), k=1) + np.diag(loops)


def _matrices(rng) -> list[Case]:
    most_negative = -_one_way(rng, 3).T
    return [
        Case("a random matrix of 5 units", W_hh=_recurrent(rng, 5)),
        Case("a turning matrix: its eigenvalues are complex", W_hh=_rotation(rng, 4)),
        Case("large weights that lead one way only", W_hh=_one_way(rng, 4)),
        Case("the largest eigenvalue is negative", W_hh=most_negative),
        Case("one unit with a negative weight", W_hh=-rng.uniform(0.4, 0.9, (1, 1))),
    ]


def _gelfand(W_hh):
    # No eigenvalues: the 2^m-th root of the norm of the 2^m-th power tends to the spectral radius (Gelfand 1941).
    power, rate = np.asarray(W_hh, dtype=float), 0.0
    for m in range(60):
        size = np.linalg.norm(power)
        if size == 0:
            return 0.0
        rate += math.log(size) / 2**m
        power = power / size
        power = power @ power
    return math.exp(rate)


def _radius_in_torch(W_hh):
    import torch

    return torch.linalg.eigvals(_doubles(W_hh)[0]).abs().amax()


spectral_radius = Exercise(
    name="04.spectral_radius",
    points=2,
    inputs=_matrices,
    oracle=_gelfand,
    mistakes={
        "the largest *singular* value is taken: how much one step can stretch, not what many steps settle to": (
            lambda W_hh: np.linalg.norm(W_hh, 2)
        ),
        "the norm of the whole matrix is taken (root of the sum of squares)": lambda W_hh: np.linalg.norm(W_hh),
        "the largest weight is taken": lambda W_hh: np.abs(W_hh).max(),
        "the largest *real part* is taken: a negative or a turning eigenvalue counts by its absolute value": (
            lambda W_hh: np.linalg.eigvals(W_hh).real.max()
        ),
        "the absolute value is taken of the real part only: a complex eigenvalue has an imaginary part too": (
            lambda W_hh: np.abs(np.linalg.eigvals(W_hh).real).max()
        ),
        "the eigenvalues are those of a symmetric matrix (`eigvalsh`), which reads one half of `W_hh`": (
            lambda W_hh: np.abs(np.linalg.eigvalsh(W_hh)).max()
        ),
        "the *smallest* eigenvalue is taken": lambda W_hh: np.abs(np.linalg.eigvals(W_hh)).min(),
        "the mean of the eigenvalues is taken, not the largest": lambda W_hh: np.abs(np.linalg.eigvals(W_hh)).mean(),
        "the determinant is taken: the product of all eigenvalues": lambda W_hh: abs(np.linalg.det(W_hh)),
        "the largest row sum is taken, which is only a bound": lambda W_hh: np.abs(W_hh).sum(axis=1).max(),
        "all eigenvalues are handed back, not the largest": lambda W_hh: np.abs(np.linalg.eigvals(W_hh)),
    },
    accepts=[
        lambda W_hh: max(abs(value) for value in np.linalg.eig(W_hh)[0]),
        lambda W_hh: np.sort(np.abs(np.linalg.eigvals(np.asarray(W_hh).T)))[-1],
        _radius_in_torch,
    ],
    hints=[
        "NumPy knows eigenvalues: `np.linalg.eigvals(W_hh)`. They may be complex.",
        "The absolute value of a complex number is its distance from zero: `np.abs` does that.",
        "`np.abs(np.linalg.eigvals(W_hh)).max()`",
    ],
    minutes=3,
)


# -- scale_to_radius -------------------------------------------------------------------------------------------------


def _scaled_cases(rng) -> list[Case]:
    return [
        Case("5 units, to 0.9", W_hh=_recurrent(rng, 5) * 1.4, radius=0.9),
        Case("a turning matrix, to 1.3", W_hh=_rotation(rng, 4), radius=1.3),
        Case("weights that lead one way only, to 1", W_hh=_one_way(rng, 3), radius=1.0),
        Case("one unit, to any radius", W_hh=rng.uniform(0.3, 0.8, (1, 1)), radius=float(rng.uniform(0.4, 0.7))),
    ]


def _radius(W_hh):
    return float(np.abs(np.linalg.eigvals(W_hh)).max())


def _scaled_in_torch(W_hh, radius):
    W_hh = _doubles(W_hh)[0]
    return W_hh.mul(radius).div(_radius_in_torch(W_hh))


def _eigenvalues_capped(W_hh, radius):
    values, vectors = np.linalg.eig(W_hh)
    return (vectors * (values / np.abs(values) * radius) @ np.linalg.inv(vectors)).real


scale_to_radius = Exercise(
    name="04.scale_to_radius",
    points=2,
    inputs=_scaled_cases,
    oracle=lambda W_hh, radius: np.asarray(W_hh) * (radius / _gelfand(W_hh)),
    mistakes={
        "the matrix is multiplied by the radius, whatever its own was": lambda W_hh, radius: W_hh * radius,
        "its own radius is divided out, and the new one forgotten": lambda W_hh, radius: W_hh / _radius(W_hh),
        "the fraction is upside down": lambda W_hh, radius: W_hh * _radius(W_hh) / radius,
        "the largest *singular* value is set, not the radius": lambda W_hh, radius: (
            W_hh * radius / np.linalg.norm(W_hh, 2)
        ),
        "the norm of the whole matrix is set, not the radius": lambda W_hh, radius: (
            W_hh * radius / np.linalg.norm(W_hh)
        ),
        "the largest weight is set, not the radius": lambda W_hh, radius: W_hh * radius / np.abs(W_hh).max(),
        "the difference of the radii is added to the diagonal: that shifts every eigenvalue to the right": (
            lambda W_hh, radius: W_hh + (radius - _radius(W_hh)) * np.eye(len(W_hh))
        ),
        "the factor is squared: a matrix times c has its eigenvalues times c, not its root": lambda W_hh, radius: (
            W_hh * (radius / _radius(W_hh)) ** 2
        ),
        "every eigenvalue is pulled to the radius, not only the largest": _eigenvalues_capped,
    },
    accepts=[
        lambda W_hh, radius: radius / _radius(W_hh) * np.asarray(W_hh),
        lambda W_hh, radius: [[radius * w / _radius(W_hh) for w in row] for row in W_hh],
        _scaled_in_torch,
    ],
    hints=[
        "What happens to the eigenvalues when every weight is doubled?",
        "They double. So one factor for the whole matrix will do: new radius over old radius.",
        "`W_hh * (radius / spectral_radius(W_hh))`",
    ],
    returns=("W_hh",),
    minutes=3,
)


# -- memory_length ---------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    slow, fast = float(rng.uniform(0.955, 0.985)), float(rng.uniform(0.45, 0.75))
    return [
        Case("a radius a little under 1, to 1 %", radius=slow, share=0.01),
        Case("a small radius, to a thousandth", radius=fast, share=1e-3),
        Case("to one half", radius=float(rng.uniform(0.86, 0.94)), share=0.5),
        Case("exactly two steps: a quarter at 0.5", radius=0.5, share=0.25),
        Case("a radius of 1: never", radius=1.0, share=0.1),
        Case("a radius above 1: never", radius=float(rng.uniform(1.02, 1.3)), share=0.1),
    ]


def _counted_steps(radius, share):
    # No logarithm: multiply until it is small enough.
    if radius >= 1:
        return math.inf
    left, steps = 1.0, 0
    while left > share:
        left, steps = left * radius, steps + 1
    return steps


def _steps(radius, share, whole=math.ceil):
    return math.inf if radius >= 1 else whole(math.log(share) / math.log(radius))


memory_length = Exercise(
    name="04.memory_length",
    points=2,
    inputs=_lengths,
    oracle=_counted_steps,
    mistakes={
        "it is rounded down: one step earlier there is still more than that left": lambda radius, share: _steps(
            radius, share, math.floor
        ),
        "it is not rounded to whole steps": lambda radius, share: _steps(radius, share, float),
        "one step too many is counted: at exactly the share it is already enough": lambda radius, share: (
            _steps(radius, share) + 1
        ),
        "a radius of 1 or more is not looked at: there the norm never falls": lambda radius, share: (
            math.ceil(math.log(share) / math.log(radius)) if radius != 1 else 0
        ),
        "the logarithms are the wrong way round": lambda radius, share: (
            math.inf if radius >= 1 else math.ceil(math.log(radius) / math.log(share))
        ),
        "a straight line is assumed: each step takes the same amount away": lambda radius, share: (
            math.inf if radius >= 1 else math.ceil((1 - share) / (1 - radius))
        ),
        "the time constant 1/(1 − ρ) is given, whatever the share": lambda radius, share: (
            math.inf if radius >= 1 else math.ceil(1 / (1 - radius))
        ),
    },
    accepts=[
        _counted_steps,
        _steps,
        lambda radius, share: np.inf if radius >= 1 else next(k for k in range(10_000) if radius**k <= share),
    ],
    hints=[
        "You want the first whole k with $\\rho^k \\le$ share. Take the logarithm of both sides.",
        "Below 1 both logarithms are negative and their quotient positive: round it up. From 1 on: no such k.",
        "`math.inf if radius >= 1 else math.ceil(math.log(share) / math.log(radius))`",
    ],
    returns=("steps",),
    difficulty=2,
    minutes=5,
)


# -- first_weights ---------------------------------------------------------------------------------------------------


def _starts(rng) -> list[Case]:
    return [
        Case("Gaussian, 6 units", W_hh=rng.normal(size=(6, 6)), kind="Gaussian"),
        Case("orthogonal, 5 units", W_hh=rng.normal(size=(5, 5)), kind="orthogonal"),
        Case("identity, 4 units", W_hh=rng.normal(size=(4, 4)), kind="identity"),
        Case("Gaussian, 2 units", W_hh=rng.normal(size=(2, 2)), kind="Gaussian"),
        Case("orthogonal, 3 units", W_hh=rng.normal(size=(3, 3)), kind="orthogonal"),
    ]


def _nearest_orthogonal(W):
    # Newton's iteration: a matrix and its inverse's transpose, averaged, tend to the nearest orthogonal matrix.
    W = np.asarray(W, dtype=float)
    for _ in range(60):
        W = (W + np.linalg.inv(W).T) / 2
    return W


def _start(W_hh, kind, Gaussian=None, orthogonal=None, identity=None):
    W, size = np.asarray(W_hh, dtype=float), len(W_hh)
    parts = {
        "Gaussian": Gaussian or (lambda W: W / np.sqrt(size)),
        "orthogonal": orthogonal or _nearest_orthogonal,
        "identity": identity or (lambda W: np.eye(size)),
    }
    return parts[kind](W)


def _polar(W):
    left, _, right = np.linalg.svd(W)
    return left @ right


def _judge_start(found, case):
    """Orthogonal matrices can be made in more than one way; the other two kinds have one right answer."""
    from seqlib.checks.compare import as_array, difference

    W, kind = np.asarray(case.named["W_hh"], dtype=float), case.named["kind"]
    array = as_array(found)
    if kind != "orthogonal" or array is None or array.shape != W.shape:
        return difference(found, _start(W, kind), "the result", rtol=1e-6)
    array = array.astype(float)
    off = np.abs(array @ array.T - np.eye(len(W))).max()
    if not off < 1e-5:
        return f"the result times its own transpose should be the identity; the largest difference is {off:.3g}"
    constant = np.abs(array).max(axis=1).min() > 0.9999
    return "the result is orthogonal, but not made of the numbers in `W_hh`" if constant else None


def _torch_start(W_hh, kind):
    import torch

    W = _doubles(W_hh)[0]
    if kind == "Gaussian":
        return W / len(W) ** 0.5
    return torch.linalg.qr(W)[0] if kind == "orthogonal" else torch.eye(len(W), dtype=torch.float64)


first_weights = Exercise(
    name="04.first_weights",
    points=3,
    inputs=_starts,
    oracle=_start,
    judge=_judge_start,
    mistakes={
        "the Gaussian weights are divided by H, not by its root: the *variance* should be 1/H": lambda W_hh, kind: (
            _start(W_hh, kind, Gaussian=lambda W: W / len(W))
        ),
        "the Gaussian weights are left as drawn, with variance 1": lambda W_hh, kind: _start(
            W_hh, kind, Gaussian=lambda W: W * 1.0
        ),
        "the Gaussian weights have variance 2/H: that is He's rule, for ReLU": lambda W_hh, kind: _start(
            W_hh, kind, Gaussian=lambda W: W * np.sqrt(2 / len(W))
        ),
        "the rows have length 1 but are not at right angles": lambda W_hh, kind: _start(
            W_hh, kind, orthogonal=lambda W: W / np.linalg.norm(W, axis=1, keepdims=True)
        ),
        "the matrix is scaled to radius 1, which does not make it orthogonal": lambda W_hh, kind: _start(
            W_hh, kind, orthogonal=lambda W: W / _radius(W)
        ),
        "R of the QR decomposition is taken, not Q": lambda W_hh, kind: _start(
            W_hh, kind, orthogonal=lambda W: np.linalg.qr(W)[1]
        ),
        "the identity is scaled by $1/\\sqrt H$": lambda W_hh, kind: _start(
            W_hh, kind, identity=lambda W: np.eye(len(W)) / np.sqrt(len(W))
        ),
        "every entry is 1: that is not the identity": lambda W_hh, kind: _start(W_hh, kind, identity=np.ones_like),
    },
    accepts=[
        lambda W_hh, kind: _start(W_hh, kind, orthogonal=_polar),
        lambda W_hh, kind: _start(W_hh, kind, orthogonal=lambda W: np.linalg.qr(W)[0]),
        lambda W_hh, kind: _start(W_hh, kind, orthogonal=lambda W: np.linalg.qr(W.T)[0].T),
        lambda W_hh, kind: _start(W_hh, kind, orthogonal=lambda W: np.linalg.svd(W)[0]),
        _torch_start,
    ],
    hints=[
        "Three cases. A standard normal number times c has variance c². `np.eye(H)` is the identity.",
        "For “orthogonal”: the QR decomposition splits a matrix into an orthogonal Q and a triangular R.",
        '`np.linalg.qr(W_hh)[0]` for "orthogonal", `W_hh / np.sqrt(len(W_hh))` for "Gaussian".',
    ],
    returns=("W_hh",),
    difficulty=2,
    minutes=6,
)


# -- global_norm -----------------------------------------------------------------------------------------------------


def _gradients(rng, *shapes, size=1.0) -> list[np.ndarray]:
    return [size * rng.uniform(0.5, 3, s) * rng.choice([-1.0, 1.0], s) for s in shapes]


def _lists(rng) -> list[Case]:
    return [
        Case("three gradients, as of an RNN", grads=_gradients(rng, (3, 4), (4, 4), (4,))),
        Case("a small one and a large one",
             grads=[*_gradients(rng, (6,), size=0.1), *_gradients(rng, (2, 5), size=30)]),
        Case("a single gradient", grads=_gradients(rng, (2, 3))),
    ]  # fmt: skip


def _total_norm(grads):
    # PyTorch's own total norm, which it hands back when it clips.
    import torch

    parameters = [torch.nn.Parameter(torch.zeros(np.shape(g), dtype=torch.float64)) for g in grads]
    for parameter, g in zip(parameters, grads, strict=True):
        parameter.grad = torch.as_tensor(np.array(g, dtype=float))
    return torch.nn.utils.clip_grad_norm_(parameters, math.inf).item()


def _flat(grads):
    return np.concatenate([np.ravel(g) for g in grads])


global_norm = Exercise(
    name="04.global_norm",
    points=2,
    inputs=_lists,
    oracle=_total_norm,
    mistakes={
        "the norms of the tensors are added: their *squares* add up": lambda grads: sum(
            np.linalg.norm(g) for g in grads
        ),
        "the norm is without its root": lambda grads: (_flat(grads) ** 2).sum(),
        "absolute values are summed, where a norm sums squares": lambda grads: np.abs(_flat(grads)).sum(),
        "the largest of the tensors' norms is taken": lambda grads: max(np.linalg.norm(g) for g in grads),
        "the largest entry is taken": lambda grads: np.abs(_flat(grads)).max(),
        "the squares are averaged, where they should be summed": lambda grads: np.sqrt((_flat(grads) ** 2).mean()),
        "each tensor gets a norm of its own: one number for all of them is asked": lambda grads: (
            [float(np.linalg.norm(g)) for g in grads]
        ),
        "only the first tensor is measured": lambda grads: np.linalg.norm(grads[0]),
        "for a matrix the largest singular value is taken (`ord=2`), which is another norm": lambda grads: np.sqrt(
            sum(np.linalg.norm(g, 2) ** 2 for g in grads)
        ),
    },
    accepts=[
        lambda grads: np.linalg.norm(_flat(grads)),
        lambda grads: math.sqrt(sum(float((g**2).sum()) for g in grads)),
        lambda grads: np.linalg.norm([np.linalg.norm(g) for g in grads]),
        lambda grads: math.hypot(*_flat(grads)),
    ],
    forbids=["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.get_total_norm"],
    hints=[
        "Think of all gradients laid end to end as one long vector. Its length is asked.",
        "Sum the squares over every entry of every tensor, then take one root.",
        "`np.sqrt(sum((g**2).sum() for g in grads))`",
    ],
    returns=("norm",),
    minutes=3,
)


# -- clip_by_norm ----------------------------------------------------------------------------------------------------


def _to_clip(rng) -> list[Case]:
    return [
        Case("too long: three gradients, limit 1", grads=_gradients(rng, (3, 4), (4, 4), (4,)), limit=1.0),
        Case("too long: one tensor is large, one small, limit 2.5",
             grads=[*_gradients(rng, (2, 5), size=20), *_gradients(rng, (6,), size=0.5)], limit=2.5),
        Case("too long: a single gradient", grads=_gradients(rng, (2, 3), size=4), limit=2.0),
        Case("short enough: limit 50", grads=_gradients(rng, (2, 3), (3,)), limit=50.0),
    ]  # fmt: skip


def _clipped_by_torch(grads, limit):
    import torch

    parameters = [torch.nn.Parameter(torch.zeros(np.shape(g), dtype=torch.float64)) for g in grads]
    for parameter, g in zip(parameters, grads, strict=True):
        parameter.grad = torch.as_tensor(np.array(g, dtype=float))
    torch.nn.utils.clip_grad_norm_(parameters, limit)
    return [parameter.grad.numpy() for parameter in parameters]


def _rescaled(grads, factor):
    return [g * factor for g in grads]


def _norm_of(grads):
    return float(np.linalg.norm(_flat(grads)))


def _each_alone(grads, limit):
    return [g * min(1.0, limit / np.linalg.norm(g)) for g in grads]


def _long_vector(grads, limit):
    flat, out, at = _flat(grads), [], 0
    flat = flat * limit / max(np.linalg.norm(flat), limit)
    for g in grads:
        out.append(flat[at : at + np.size(g)].reshape(np.shape(g)))
        at += np.size(g)
    return out


clip_by_norm = Exercise(
    name="04.clip_by_norm",
    points=3,
    inputs=_to_clip,
    oracle=_clipped_by_torch,
    mistakes={
        "each tensor is clipped by a norm of its own: that turns the direction": _each_alone,
        "each *entry* is clipped, which is clipping by value": lambda grads, limit: (
            [np.clip(g, -limit, limit) for g in grads]
        ),
        "small gradients are scaled up too: short enough means left alone": lambda grads, limit: _rescaled(
            grads, limit / _norm_of(grads)
        ),
        "what is too long is scaled to norm 1, not to the limit": lambda grads, limit: _rescaled(
            grads, 1 / _norm_of(grads) if _norm_of(grads) > limit else 1
        ),
        "the limit is divided by the *squared* norm: a root is missing": lambda grads, limit: _rescaled(
            grads, min(1, limit / _norm_of(grads) ** 2)
        ),
        "the norms of the tensors are added: their *squares* add up": lambda grads, limit: _rescaled(
            grads, min(1, limit / sum(np.linalg.norm(g) for g in grads))
        ),
        "gradients that are too long are thrown away": lambda grads, limit: _rescaled(
            grads, float(_norm_of(grads) <= limit)
        ),
        "it is the short gradients that are scaled, and the long ones left alone": lambda grads, limit: _rescaled(
            grads, max(1, limit / _norm_of(grads))
        ),
        "everything is multiplied by the limit": lambda grads, limit: _rescaled(
            grads, limit if _norm_of(grads) > limit else 1
        ),
    },
    accepts=[
        _long_vector,
        lambda grads, limit: _rescaled(grads, limit / _norm_of(grads)) if _norm_of(grads) > limit else list(grads),
        lambda grads, limit: [g / max(1.0, _norm_of(grads) / limit) for g in grads],
        lambda grads, limit: tuple(_rescaled(grads, min(1.0, limit / (_norm_of(grads) + 1e-6)))),
    ],
    forbids=["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_"],
    hints=[
        "One number multiplies every gradient alike. Which, if the norm is twice the limit? And if it is half of it?",
        "The factor is limit over norm where the norm is above the limit, else 1. Make new arrays: `g * factor`.",
        "`factor = min(1.0, limit / global_norm(grads))`, then `[g * factor for g in grads]`.",
    ],
    returns=("clipped",),
    difficulty=2,
    minutes=6,
)


# -- turned_by -------------------------------------------------------------------------------------------------------


def _turns(rng) -> list[Case]:
    before, shapes = _gradients(rng, (3, 4), (4, 4), (4,)), ((2, 3), (3,))
    # A half turn at most, and far from none: near 0° and 180° rounding shows.
    return [
        Case("clipped by value at 1", before=before, after=[np.clip(g, -1, 1) for g in before]),
        Case("two gradients that have nothing to do with each other", before=_gradients(rng, *shapes),
             after=_gradients(rng, *shapes, size=5)),
        Case("the first tensor's part turned back", before=(pair := _gradients(rng, (2, 5), (4,))),
             after=[-2 * pair[0], 0.3 * pair[1]]),
        Case("a right angle", before=[np.array([[3.0, 0.0, 1.0]]), np.array([0.0, rng.uniform(1, 2)])],
             after=[np.array([[0.0, rng.uniform(1, 2), 0.0]]), np.array([4.0, 0.0])]),
    ]  # fmt: skip


def _angle_by_halves(before, after):
    # No cosine: the stable half-angle formula (Kahan), between unit vectors.
    a, b = _flat(before) / _norm_of(before), _flat(after) / _norm_of(after)
    return math.degrees(2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))


def _cosine(before, after):
    return float(_flat(before) @ _flat(after)) / _norm_of(before) / _norm_of(after)


def _mean_of_angles(before, after):
    return np.mean([_angle_by_halves([b], [a]) for b, a in zip(before, after, strict=True)])


turned_by = Exercise(
    name="04.turned_by",
    points=2,
    inputs=_turns,
    oracle=_angle_by_halves,
    mistakes={
        "the angle is in radians": lambda before, after: math.acos(_cosine(before, after)),
        "the cosine is handed back, not its angle": _cosine,
        "each tensor gets an angle of its own and these are averaged: the gradient is one long vector": _mean_of_angles,
        "the product is not divided by both norms": lambda before, after: math.degrees(
            math.acos(max(-1, min(1, _cosine(before, after) * _norm_of(after))))
        ),
        "the sine is inverted where the cosine belongs": lambda before, after: math.degrees(
            math.asin(_cosine(before, after))
        ),
        "the direction is ignored: the absolute value of the product is taken": lambda before, after: math.degrees(
            math.acos(abs(_cosine(before, after)))
        ),
        "the *length* of the difference is measured, not the angle": lambda before, after: np.linalg.norm(
            _flat(before) - _flat(after)
        ),
    },
    accepts=[
        _angle_by_halves,
        lambda before, after: np.degrees(np.arccos(np.clip(_cosine(before, after), -1, 1))),
        lambda before, after: math.acos(_cosine(before, after)) * 180 / math.pi,
    ],
    hints=[
        "The cosine of the angle between two vectors is their inner product over the product of their norms.",
        "Lay each list end to end: `np.concatenate([g.ravel() for g in before])`. Then `(a * b).sum()` is the inner product.",
        "`np.degrees(np.arccos((a * b).sum() / (global_norm(before) * global_norm(after))))`",
    ],
    returns=("degrees",),
    difficulty=2,
    minutes=6,
    core=False,
)


EXERCISES = [
    step_jacobian,
    long_jacobian,
    gradients_by_lag,
    spectral_radius,
    memory_length,
    scale_to_radius,
    first_weights,
    global_norm,
    clip_by_norm,
    turned_by,
]
