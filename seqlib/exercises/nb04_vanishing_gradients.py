"""Notebook 04: why gradients vanish or explode on their way back, and what helps."""

import math

import numpy as np
import torch

from seqlib.checks.compare import as_array, difference
from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import tensors

AUTOGRAD = ("torch.autograd.grad", "torch.autograd.backward")
# Wherever a gradient goes back through a tanh, its slope can be taken wrongly in the same ways.
SLOPES = {
    "tanh' is left out": " * (1 - h_t**2) → ",
    "tanh' is taken of the wrong variable: `h_t` *is* already the tanh": "h_t**2 → np.tanh(h_t) ** 2",
    "tanh' is taken to be `1 - h_t`, without the square": "1 - h_t**2 → 1 - h_t",
    "tanh' is taken to be `h_t * (1 - h_t)`, which is the sigmoid's slope": "(1 - h_t**2) → h_t * (1 - h_t)",
    "tanh' has the wrong sign: it is 1 − h², not h² − 1": "1 - h_t**2 → h_t**2 - 1",
    "tanh' is taken to be `1 + h_t**2`": "1 - h_t**2 → 1 + h_t**2",
    "tanh' is taken to be `h_t**2`": "(1 - h_t**2) → h_t**2",
    "the state itself is multiplied in, where its slope belongs": "(1 - h_t**2) → h_t",
}


def _recurrent(rng, size: int) -> np.ndarray:
    """A recurrent matrix whose products neither die nor overflow within a few steps."""
    return rng.normal(size=(size, size)) / np.sqrt(size)


def _states(rng, *shape) -> np.ndarray:
    """States of a tanh network, where tanh' is neither 1 nor 0."""
    return rng.uniform(0.25, 0.85, shape) * rng.choice([-1.0, 1.0], shape)


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


def _jacobian(h_t, W_hh):
    return W_hh * (1 - h_t**2)


JACOBIAN_SLIPS = SLOPES | {
    "rows are scaled where columns belong: slope j goes with what flows *into* j": "h_t**2) → h_t**2)[:, None]",
    "`W_hh` is transposed: entry i, j is then the way from j to i": "W_hh * → W_hh.T *",
    "the whole Jacobian is transposed, as in papers that write $Wh$": "W_hh * (1 - h_t**2) → (W_hh * (1 - h_t**2)).T",
    "slopes and weights are multiplied out: a vector, not a matrix": "W_hh * (1 - h_t**2) → W_hh @ (1 - h_t**2)",
    "the weighted slopes are added up: a vector, not a matrix": "W_hh * (1 - h_t**2) → (1 - h_t**2) @ W_hh",
    "the weights are left out: only the slopes are there": "W_hh * (1 - h_t**2) → np.diag(1 - h_t**2)",
}


step_jacobian = Exercise(
    name="04.step_jacobian",
    points=3,
    inputs=_single_steps,
    oracle=_nudged,
    right=_jacobian,
    mistakes=slips(_jacobian, JACOBIAN_SLIPS),
    returns=("J",),
)


# -- long_jacobian ---------------------------------------------------------------------------------------------------


def _chains(rng) -> list[Case]:
    def case(label, steps, size, lag):
        return Case(label, states=_states(rng, steps, size), W_hh=_recurrent(rng, size), lag=lag)

    return [
        case("3 steps back in 5", 5, 4, 3),
        case("2 steps back in 6", 6, 3, 2),
        case("1 step back: one Jacobian", 4, 5, 1),
        case("all 4 steps back", 4, 3, 4),
        case("0 steps back: the state itself", 3, 4, 0),
    ]


def _chain_by_autograd(states, W_hh, lag):
    # The same steps again, as a function of the state they begin with; PyTorch differentiates the whole.
    states, W_hh = tensors(states, W_hh)
    steps = states[len(states) - lag :]
    start = states[len(states) - lag - 1] if lag < len(states) else torch.zeros_like(states[0])
    befores = torch.cat([start[None], steps[:-1]])
    inputs = torch.atanh(steps) - befores[: len(steps)] @ W_hh

    def last(h):
        for from_input in inputs:
            h = torch.tanh(from_input + h @ W_hh)
        return h

    return torch.autograd.functional.jacobian(last, start).T.numpy()


def _product(states, W_hh, lag):
    product = np.eye(len(W_hh))
    for h_t in states[len(states) - lag :]:
        J = W_hh * (1 - h_t**2)
        product = product @ J
    return product


PRODUCT_SLIPS = SLOPES | {
    "the order is wrong: with row vectors the earliest step stands on the left": "product @ J → J @ product",
    "the *first* steps of the sequence are used, not the last": "states[len(states) - lag :] → states[:lag]",
    "one step too few is multiplied": "len(states) - lag → len(states) - max(lag - 1, 0)",
    "one step too many is multiplied: lag k has k Jacobians": "len(states) - lag → max(len(states) - lag - 1, 0)",
    "every step is multiplied, whatever the lag": "states[len(states) - lag :] → states",
    "`states[-lag:]` is *all* of them when lag is 0": "states[len(states) - lag :] → states[-lag:]",
    "the Jacobians are added, where a chain multiplies": "product @ J → product + J",
    "the Jacobians are multiplied entry by entry, not as matrices": "product @ J → product * J",
    "the Jacobians are multiplied entry by entry, beginning with ones: matrices are multiplied with `@`": (
        "np.eye(len(W_hh)) → np.ones_like(W_hh) if lag else np.eye(len(W_hh))",
        "product @ J → product * J",
    ),
    "only the last of the Jacobians is handed back": "product @ J → J",
    "the product begins with zeros and stays zero: begin with the identity": "np.eye(len(W_hh)) → 0 * W_hh",
    "the product begins with ones everywhere, not with the identity": "np.eye(len(W_hh)) → np.ones_like(W_hh)",
    "the product begins with `W_hh`, which is one factor too many": "np.eye(len(W_hh)) → W_hh",
    "the last Jacobian is taken for all of them": "1 - h_t**2 → 1 - states[-1] ** 2",
    "each step uses the slope of the state *before* it": (
        "states[len(states) - lag :] → np.vstack([0 * states[:1], states])[len(states) - lag : len(states)]"
    ),
    "the whole product is transposed: entry i, j is how far unit j moves": "return product → return product.T",
    "`W_hh` is transposed": "J = W_hh → J = W_hh.T",
    "rows are scaled where columns belong: each slope goes with its column": "h_t**2) → h_t**2)[:, None]",
    "the Jacobians are multiplied entry by entry, from a matrix of ones on": (
        ("np.eye(len(W_hh)) → np.ones_like(W_hh)", "product @ J → product * J")
    ),
}


long_jacobian = Exercise(
    name="04.long_jacobian",
    points=3,
    inputs=_chains,
    oracle=_chain_by_autograd,
    right=_product,
    mistakes=slips(_product, PRODUCT_SLIPS),
    forbids=AUTOGRAD,
    returns=("product",),
)


# -- gradients_by_lag ------------------------------------------------------------------------------------------------


def _backwards(rng) -> list[Case]:
    def case(label, steps, size):
        return Case(label, states=_states(rng, steps, size), W_hh=_recurrent(rng, size), v=_states(rng, size) * 2)

    return [
        case("6 steps, 4 hidden units", 6, 4),
        case("3 steps, 5 hidden units", 3, 5),
        case("4 steps, 1 hidden unit", 4, 1),
        case("a single step: lag 0 only", 1, 3),
    ]


def _by_autograd(states, W_hh, v):
    # Run the same steps in PyTorch and ask for the gradient at each state.
    states, W_hh, v = tensors(states, W_hh, v)
    befores = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
    inputs, h, kept = torch.atanh(states) - befores @ W_hh, torch.zeros_like(v).requires_grad_(), []
    for from_input in inputs:
        h = torch.tanh(from_input + h @ W_hh)
        kept.append(h)
    return torch.stack(torch.autograd.grad(kept[-1], kept, v)[::-1]).numpy()


def _carried_back(states, W_hh, v):
    deltas = [v]
    for h_t in states[:0:-1]:
        from_sum = deltas[-1] * (1 - h_t**2)
        deltas.append(from_sum @ W_hh.T)
    return np.array(deltas)


BACK_SLIPS = SLOPES | {
    "`W_hh` is not transposed: backwards, the gradient goes through `W_hh.T`": "W_hh.T → W_hh",
    "the weights are left out: between two states lie tanh *and* `W_hh`": "from_sum @ W_hh.T → from_sum",
    "tanh' comes after the product: the slope of $h_t$ is met first, then the weights": (
        ("from_sum = deltas[-1] * (1 - h_t**2) → slope = 1 - h_t**2", "from_sum @ W_hh.T → deltas[-1] @ W_hh.T * slope")
    ),
    "tanh' is taken of the state before, $h_{t-1}$": "states[:0:-1] → states[-2::-1]",
    "tanh' is that of the last state at every step": "1 - h_t**2 → 1 - states[-1] ** 2",
    "the way back begins at the first state": "states[:0:-1] → states[:-1]",
    "the steps are taken in the order of time: the way back begins with the last": "states[:0:-1] → states[1:]",
    "the gradients stand in the order of time: lag 0 belongs first": "np.array(deltas) → np.array(deltas[::-1])",
    "lag 0 is left out: `v` itself comes first": "np.array(deltas) → np.array(deltas[1:])",
    "one step too many is taken, to before the first state": "states[:0:-1] → states[::-1]",
    "the gradients are added up, where each step replaces the last": "np.array(deltas) → np.cumsum(deltas, axis=0)",
    "each gradient is made of `v`, not of the one a step later": "deltas[-1] * → v *",
    "only the last gradient is handed back, not the one at each lag": "np.array(deltas) → deltas[-1]",
    "the norms are handed back, not the gradients": "np.array(deltas) → np.linalg.norm(deltas, axis=1)",
    "lag 0 is left out, and one step too many is taken": (
        ("states[:0:-1] → states[::-1]", "np.array(deltas) → np.array(deltas[1:])")
    ),
}


gradients_by_lag = Exercise(
    name="04.gradients_by_lag",
    points=4,
    inputs=_backwards,
    oracle=_by_autograd,
    right=_carried_back,
    mistakes=slips(_carried_back, BACK_SLIPS),
    forbids=AUTOGRAD,
    returns=("deltas",),
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


def _mostly_negative(rng) -> np.ndarray:
    """Three units. The largest eigenvalue is negative, and neither the first nor the last of them."""
    own = -rng.uniform(0.3, 0.5), -0.9, rng.uniform(0.55, 0.8)
    return np.tril(rng.uniform(2, 4, (3, 3)), k=-1) + np.diag(own)


def _matrices(rng) -> list[Case]:
    return [
        Case("a random matrix of 5 units", W_hh=_recurrent(rng, 5)),
        Case("a turning matrix: its eigenvalues are complex", W_hh=_rotation(rng, 4)),
        Case("large weights that lead one way only", W_hh=_one_way(rng, 4)),
        Case("the largest eigenvalue is negative", W_hh=_mostly_negative(rng)),
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


def _radius(W_hh):
    values = np.linalg.eigvals(W_hh)
    largest = np.abs(values).max()
    return largest


# What is taken for a spectral radius, here and where a matrix is scaled to one.
NOT_THE_RADIUS = {
    "the largest *singular* value is taken, which is what one step can stretch": "np.abs(values).max() → np.linalg.norm(W_hh, 2)",
    "the norm of the whole matrix is taken (root of the sum of squares)": "np.abs(values).max() → np.linalg.norm(W_hh)",
    "the largest weight is taken": "np.abs(values).max() → np.abs(W_hh).max()",
    "the largest *real part* is taken: the absolute value counts": "np.abs(values).max() → values.real.max()",
    "the absolute value is taken of the real part only: the imaginary part counts too": "abs(values) → abs(values.real)",
    "the eigenvalues are those of a symmetric matrix, of one half of `W_hh` (`eigvalsh`)": "eigvals → eigvalsh",
    "the absolute value comes after the maximum, and passes over negative ones": "np.abs(values).max() → abs(values.max())",
    "no absolute value is taken: eigenvalues may be negative or complex": "np.abs(values).max() → values.max()",
    "the *smallest* eigenvalue is taken": ".max() → .min()",
    "the mean of the eigenvalues is taken, not the largest": ".max() → .mean()",
    "the eigenvalues are added up, where the largest is asked": ".max() → .sum()",
    "the first eigenvalue is taken: they stand in no order": ".max() → [0]",
    "the determinant is taken: the product of all eigenvalues": "np.abs(values).max() → abs(np.linalg.det(W_hh))",
    "the largest row sum is taken, which is only a bound": "np.abs(values).max() → np.abs(W_hh).sum(axis=1).max()",
    "the trace is taken: the sum of all eigenvalues": "np.abs(values).max() → abs(np.trace(W_hh))",
    "the eigenvalues are those of $W^\\top W$, squares of singular values": "eigvals(W_hh) → eigvals(W_hh.T @ W_hh)",
}

spectral_radius = Exercise(
    name="04.spectral_radius",
    points=2,
    inputs=_matrices,
    oracle=_gelfand,
    right=_radius,
    mistakes=slips(_radius, NOT_THE_RADIUS | {"all eigenvalues are handed back, not the largest": ".max() → "}),
)


# -- scale_to_radius -------------------------------------------------------------------------------------------------


def _scaled_cases(rng) -> list[Case]:
    return [
        Case("5 units, to 0.4", W_hh=_recurrent(rng, 5) * 1.4, radius=0.4),
        Case("a turning matrix, to 1.3", W_hh=_rotation(rng, 4), radius=1.3),
        Case("the largest eigenvalue is negative, to 1", W_hh=_mostly_negative(rng), radius=1.0),
        Case("one negative unit, to any radius", W_hh=-rng.uniform(0.3, 0.8, (1, 1)), radius=rng.uniform(1.4, 1.7)),
    ]


def _scaled(W_hh, radius):
    values = np.linalg.eigvals(W_hh)
    largest = np.abs(values).max()
    return W_hh * (radius / largest)


def _eigenvalues_capped(W_hh, radius):
    values, vectors = np.linalg.eig(W_hh)
    return (vectors * (values / np.abs(values) * radius) @ np.linalg.inv(vectors)).real


SCALE_SLIPS = {told.replace("is taken", "is set"): edit for told, edit in NOT_THE_RADIUS.items()} | {
    "the matrix is multiplied by the radius, whatever its own was": "radius / largest → radius",
    "its own radius is divided out, and the new one forgotten": "radius / largest → 1 / largest",
    "the fraction is upside down": "radius / largest → largest / radius",
    "the sign is turned: the factor is positive": "return W_hh → return -W_hh",
    "the radii's difference is added to the diagonal, which moves every eigenvalue": (
        "W_hh * (radius / largest) → W_hh + (radius - largest) * np.eye(len(W_hh))"
    ),
    "the radii's difference is added to every weight": "W_hh * (radius / largest) → W_hh + (radius - largest)",
    "the factor is squared: a matrix times c has its eigenvalues times c": "radius / largest → radius**2 / largest**2",
    "the root of the factor is taken: a matrix times c has its eigenvalues times c": "radius / largest) → radius / largest) ** 0.5",
    "the factor alone is handed back, not the matrix": "W_hh * (radius / largest) → radius / largest",
    "a radius that is too small stays as it is: it has to be made larger": "(radius / largest) → min(1, radius / largest)",
    "a radius that is too large stays as it is: it has to be made smaller": "(radius / largest) → max(1, radius / largest)",
}


scale_to_radius = Exercise(
    name="04.scale_to_radius",
    points=2,
    inputs=_scaled_cases,
    oracle=lambda W_hh, radius: np.asarray(W_hh) * (radius / _gelfand(W_hh)),
    right=_scaled,
    mistakes=slips(_scaled, SCALE_SLIPS)
    | {"every eigenvalue is pulled to the radius, not only the largest": _eigenvalues_capped},
    returns=("W_hh",),
)


# -- memory_length ---------------------------------------------------------------------------------------------------


def _lengths(rng) -> list[Case]:
    slow, fast = float(rng.uniform(0.955, 0.985)), float(rng.uniform(0.45, 0.75))
    return [
        Case("a radius a little under 1, to 1 %", radius=slow, share=0.01),
        Case("a small radius, to a thousandth", radius=fast, share=1e-3),
        _between(rng, "a little over a whole number of steps", 0.1, 0.4),
        _between(rng, "nearly a whole number of steps", 0.6, 0.9),
        Case("exactly two steps: a quarter at 0.5", radius=0.5, share=0.25),
        Case("some steps exactly", radius=0.25, share=0.25 ** int(rng.integers(3, 7))),
        Case("a radius of 1: never", radius=1.0, share=0.1),
        Case("a radius above 1: never", radius=float(rng.uniform(1.02, 1.3)), share=0.1),
    ]


def _between(rng, label, low, high) -> Case:
    """What is left between two whole numbers of steps: rounding up, down and to the nearest give two answers."""
    radius = float(rng.uniform(0.86, 0.94))
    return Case(label, radius=radius, share=float(radius ** (rng.integers(5, 12) + rng.uniform(low, high))))


def _counted_steps(radius, share):
    # No logarithm: multiply until it is small enough. A float, so that both 5 and 5.0 are right.
    if radius >= 1:
        return math.inf
    left, steps = 1.0, 0.0
    while left > share:
        left, steps = left * radius, steps + 1
    return steps


def _steps(radius, share):
    if radius >= 1:
        return math.inf
    k = math.log(share) / math.log(radius)
    return math.ceil(k)


STEPS_SLIPS = {
    "it is rounded down: one step earlier there is still more than that left": "ceil → floor",
    "it is rounded to the nearest step: with one too few there is more than that left": "math.ceil → round",
    "it is not rounded to whole steps": "math.ceil(k) → k",
    "one step too many is counted": "math.ceil(k) → math.ceil(k) + 1",
    "one step too few is counted": "math.ceil(k) → math.ceil(k) - 1",
    "one step too many at an exact hit: at exactly the share it is already enough": "math.ceil(k) → math.floor(k) + 1",
    "a radius above 1 is not looked at: there the norm never falls": "radius >= 1 → radius == 1",
    "a radius of 1 is not looked at: there the norm never falls": "radius >= 1 → radius > 1",
    "the fraction is upside down": "math.log(share) / math.log(radius) → math.log(radius) / math.log(share)",
    "one logarithm is taken of a product": "math.log(share) / math.log(radius) → math.log(share * radius)",
    "one logarithm is taken of a quotient": "math.log(share) / math.log(radius) → math.log(share / radius)",
    "the sign is turned: both logarithms are negative": "k = math → k = -math",
    "a straight line is assumed: each step takes the same away": "math.log(share) / math.log(radius) → (1 - share) / (1 - radius)",
    "the time constant 1/(1 − ρ) is given, whatever the share": "math.log(share) / math.log(radius) → 1 / (1 - radius)",
    "−1 stands for never, where infinity is asked": "return math.inf → return -1",
    "0 stands for never, where infinity is asked": "return math.inf → return 0",
    "nothing is handed back for never, where infinity is asked": "return math.inf → return None",
    "it is counted until the share is *lost*, where it should be what is left": "math.log(share) → math.log(1 - share)",
}


memory_length = Exercise(
    name="04.memory_length",
    points=2,
    inputs=_lengths,
    oracle=_counted_steps,
    stand_in=_steps,
    right=_steps,
    mistakes=slips(_steps, STEPS_SLIPS),
    returns=("steps",),
)


# -- first_weights ---------------------------------------------------------------------------------------------------


def _starts(rng) -> list[Case]:
    return [
        Case(f"{kind}, {size} units", W_hh=rng.normal(size=(size, size)), kind=kind)
        for kind, size in (("Gaussian", 6), ("orthogonal", 5), ("identity", 4), ("Gaussian", 2), ("orthogonal", 3), ("identity", 7))
    ]  # fmt: skip


def _start(W_hh, kind):
    size = len(W_hh)
    if kind == "identity":
        return np.eye(size)
    if kind == "orthogonal":
        Q, R = np.linalg.qr(W_hh)
        return Q
    return W_hh / np.sqrt(size)


def _nearest_orthogonal(W_hh):
    # Newton's iteration: a matrix and its inverse's transpose, averaged, tend to the nearest orthogonal matrix.
    W = np.asarray(W_hh, dtype=float)
    for _ in range(60):
        W = (W + np.linalg.inv(W).T) / 2
    return W


def _start_again(W_hh, kind):
    if kind == "orthogonal":
        return _nearest_orthogonal(W_hh)
    size = len(W_hh)
    return np.asarray(W_hh) * size**-0.5 if kind == "Gaussian" else np.diag(np.ones(size))


def _twice(answer, W_hh, kind):
    """What is made of W_hh, and what of other numbers: were they used at all?"""
    other = W_hh**3
    return answer(W_hh, kind), answer(other, kind)


def _judge_start(found, case):
    """Orthogonal matrices can be made in more than one way; the other two kinds have one right answer."""
    W, kind = case.named["W_hh"], case.named["kind"]
    found, again = found
    array = as_array(found)
    if kind != "orthogonal" or array is None or array.shape != W.shape:
        return difference(found, _start_again(W, kind), "the result", rtol=1e-6)
    off = np.abs(array.astype(float) @ array.T - np.eye(len(W))).max()
    if not off < 1e-5:
        return f"the result times its own transpose should be the identity; the largest difference is {off:.3g}"
    same = difference(found, as_array(again), rtol=1e-6) is None
    return "the result is orthogonal, but not made of the numbers in `W_hh`: others give the same" if same else None


START_SLIPS = {
    "the Gaussian weights are divided by H, not by its root: the *variance* should be 1/H": "np.sqrt(size) → size",
    "the Gaussian weights are left as drawn, with variance 1": "W_hh / np.sqrt(size) → W_hh",
    "the Gaussian weights are multiplied by the root of H, not divided": "W_hh / → W_hh *",
    "the Gaussian weights have variance 2/H: that is He's rule, for ReLU": "np.sqrt(size) → np.sqrt(size / 2)",
    "the Gaussian weights have variance 1/3H: that is PyTorch's uniform draw": "np.sqrt(size) → np.sqrt(3 * size)",
    "the Gaussian weights are scaled to radius 1: 1/H gives that only nearly": "np.sqrt(size) → _radius(W_hh)",
    "the Gaussian weights are divided by their own standard deviation": "np.sqrt(size) → W_hh.std()",
    "the rows have length 1 but are not at right angles": "return Q → return (W_hh.T / np.linalg.norm(W_hh, axis=1)).T",
    "the columns have length 1 but are not at right angles": "return Q → return W_hh / np.linalg.norm(W_hh, axis=0)",
    "the matrix is scaled to radius 1, which does not make it orthogonal": "return Q → return W_hh / _radius(W_hh)",
    "R of the QR decomposition is taken, not Q": "return Q → return R",
    "Q and R are multiplied again: that is `W_hh` itself": "return Q → return Q @ R",
    "Q and R are handed back together: Q alone is orthogonal": "return Q → return Q, R",
    "Q is scaled by $1/\\sqrt H$: orthogonal means rows of length 1": "return Q → return Q / np.sqrt(size)",
    "the eigenvectors are taken, which are at right angles only with symmetry": "return Q → return np.linalg.eig(W_hh)[1]",
    "the symmetric part of `W_hh` is taken, which is not orthogonal": "return Q → return (W_hh + W_hh.T) / 2",
    "an orthogonal matrix is handed back that is not made of `W_hh`": "return Q → return np.eye(size)[::-1]",
    "the identity stands in for the orthogonal matrix: make one of `W_hh`": "return Q → return np.eye(len(Q))",
    "the identity is scaled by $1/\\sqrt H$": "np.eye(size) → np.eye(size) / size**0.5",
    "every entry is 1: that is not the identity": "np.eye(size) → np.ones((size, size))",
    "the diagonal of `W_hh` is kept, where the identity has ones": "np.eye(size) → np.diag(np.diag(W_hh))",
    "the identity is added to `W_hh`": "np.eye(size) → W_hh + np.eye(size)",
    "`W_hh` is multiplied by the identity, which leaves it as it is": "np.eye(size) → W_hh @ np.eye(size)",
    "a diagonal of ones is handed back as a vector": "np.eye(size) → np.ones(size)",
    "the kinds Gaussian and orthogonal change places": 'kind == "orthogonal" → kind == "Gaussian"',
    "the real parts of the eigenvectors are taken, which are not at right angles": "return Q → return np.linalg.eig(W_hh)[1].real",
    "the Gaussian kind gets the identity: is the name compared as it is written?": 'kind == "identity" → kind != "orthogonal"',
    "the size is fixed at 64, where it is that of `W_hh`": "np.sqrt(size) → np.sqrt(64)",
}


first_weights = Exercise(
    name="04.first_weights",
    points=3,
    inputs=_starts,
    oracle=lambda W_hh, kind: _twice(_start_again, W_hh, kind),
    using=_twice,
    stand_in=_start_again,
    judge=_judge_start,
    right=_start,
    mistakes=slips(_start, START_SLIPS),
    returns=("W_hh",),
)


# -- global_norm -----------------------------------------------------------------------------------------------------


def _gradients(rng, *shapes, size=1.0) -> list[np.ndarray]:
    return [size * rng.uniform(0.5, 3, s) * rng.choice([-1.0, 1.0], s) for s in shapes]


def _lists(rng) -> list[Case]:
    return [
        Case("three gradients, as of an RNN", grads=_gradients(rng, (3, 4), (4, 4), (4,))),
        Case("a small one and a large one", grads=_gradients(rng, (6,), size=0.1) + _gradients(rng, (2, 5), size=30)),
        Case("a single gradient", grads=_gradients(rng, (2, 3))),
        Case("one of them is zero", grads=[np.zeros(3), *_gradients(rng, (4, 2))]),
    ]


def _clipped_by_torch(grads, limit):
    return _in_torch(grads, limit)[0]


def _in_torch(grads, limit):
    # PyTorch's own clipping, which hands back the total norm.
    parameters = [torch.nn.Parameter(torch.zeros(np.shape(g), dtype=torch.float64)) for g in grads]
    for parameter, g in zip(parameters, grads, strict=True):
        parameter.grad = torch.as_tensor(np.array(g, dtype=float))
    norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
    return [parameter.grad.numpy() for parameter in parameters], norm.item()


def _flat(grads):
    return np.concatenate([np.ravel(g) for g in grads])


def _norm(grads):
    squares = [(g**2).sum() for g in grads]
    norm = np.sqrt(sum(squares))
    return norm


# What is taken for the norm of all gradients, here and where it decides about clipping.
NOT_THE_NORM = {
    "the norms of the tensors are added: their *squares* add up": "np.sqrt(sum(squares)) → sum(np.sqrt(squares))",
    "the norm is without its root": "np.sqrt(sum(squares)) → sum(squares)",
    "absolute values are summed, where a norm sums squares": "np.sqrt(sum(squares)) → sum(abs(g).sum() for g in grads)",
    "the entries are summed before they are squared": "(g**2).sum() → g.sum() ** 2",
    "the largest of the tensors' norms is taken": "sum(squares) → max(squares)",
    "the mean of the tensors' norms is taken": "np.sqrt(sum(squares)) → np.sqrt(squares).mean()",
    "the largest entry is taken": "np.sqrt(sum(squares)) → max(abs(g).max() for g in grads)",
    "the squares are averaged, where they are summed": "sum(squares) → sum(squares) / sum(g.size for g in grads)",
    "each tensor's squares are averaged, where they should be summed": "(g**2).sum() → (g**2).mean()",
    "the tensors' sums of squares are averaged, where they should be added": "sum(squares) → np.mean(squares)",
    "only the first tensor is measured": "sum(squares) → squares[0]",
    "only the last tensor is measured": "sum(squares) → squares[-1]",
    "for a matrix another norm is taken, its largest singular value (`ord=2`)": "(g**2).sum() → np.linalg.norm(g, 2) ** 2",
}
NORM_SLIPS = NOT_THE_NORM | {
    "each tensor gets a norm of its own: one number for all of them is asked": "return norm → return list(np.sqrt(squares))",
    "it is divided by the number of tensors": "return norm → return norm / len(grads)",
}

global_norm = Exercise(
    name="04.global_norm",
    points=2,
    inputs=_lists,
    oracle=lambda grads: _in_torch(grads, math.inf)[1],
    right=_norm,
    mistakes=slips(_norm, NORM_SLIPS),
    forbids=["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.get_total_norm"],
    returns=("norm",),
)


# -- clip_by_norm ----------------------------------------------------------------------------------------------------


def _to_clip(rng) -> list[Case]:
    alone = [g * (0.9 / np.linalg.norm(g)) for g in _gradients(rng, (3, 2), (5,), (4, 2))]
    return [
        Case("too long: three gradients, limit 1", grads=_gradients(rng, (3, 4), (4, 4), (4,)), limit=1.0),
        Case(
            "too long: one tensor is large, one small, one zero, limit 2.5",
            grads=[*_gradients(rng, (6,), size=0.5), *_gradients(rng, (2, 5), size=20), np.zeros(3)],
            limit=2.5,
        ),
        Case("too long: a single gradient", grads=_gradients(rng, (2, 3), size=4), limit=2.0),
        Case("too long together, each short enough alone", grads=alone, limit=1.2),
        Case("short enough: limit 50", grads=_gradients(rng, (2, 3), (3,)), limit=50.0),
        Case("a gradient of zeros", grads=[np.zeros((2, 3)), np.zeros(3)], limit=rng.uniform(1.5, 3)),
    ]


def _clipped(grads, limit):
    squares = [(g**2).sum() for g in grads]
    norm = np.sqrt(sum(squares))
    factor = limit / max(norm, limit)
    return [g * factor for g in grads]


CLIP_SLIPS = NOT_THE_NORM | {
    "each tensor is clipped by its own norm: that turns the direction": "g * factor → g * (limit / max(_norm([g]), limit))",
    "each *entry* is clipped, which is clipping by value": "g * factor → np.clip(g, -limit, limit)",
    "small gradients are scaled up too: short enough means left alone": "max(norm, limit) → max(norm, 1e-12)",
    "what is too long is scaled to norm 1, not to the limit": "limit / max(norm, limit) → 1 / max(norm, 1)",
    "gradients that are too long are thrown away": "limit / max(norm, limit) → float(norm <= limit)",
    "the short gradients are scaled, and the long ones left alone": "max(norm, limit) → (min(norm, limit) or limit)",
    "everything is multiplied by the limit": "limit / max(norm, limit) → limit if norm > limit else 1",
    "the fraction is upside down": "limit / max(norm, limit) → max(norm, limit) / limit",
    "a gradient of zeros is divided by its norm, 0 by 0": "g * factor → g / norm * min(norm, limit)",
    "nothing is ever shortened": "g * factor → g",
    "only the first tensor is shortened": "[g * factor for g in grads] → [grads[0] * factor, *grads[1:]]",
    "all gradients come back as one vector: keep their list and shapes": "[g * factor for g in grads] → factor * _flat(grads)",
    "the factor is not held at 1: short gradients are made longer": "max(norm, limit) → norm",
}


clip_by_norm = Exercise(
    name="04.clip_by_norm",
    points=3,
    inputs=_to_clip,
    oracle=_clipped_by_torch,
    right=_clipped,
    mistakes=slips(_clipped, CLIP_SLIPS),
    forbids=["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_"],
    returns=("clipped",),
)


# -- turned_by -------------------------------------------------------------------------------------------------------


def _turns(rng) -> list[Case]:
    before, shapes = _gradients(rng, (3, 4), (4, 4), (4,)), ((2, 3), (3,))
    pair = _gradients(rng, (2, 5), (4,))
    # A half turn at most, and far from none: near 0° and 180° rounding shows.
    return [
        Case("clipped by value at 1", before=before, after=[np.clip(g, -1, 1) for g in before]),
        Case(
            "two gradients that have nothing to do with each other",
            before=_gradients(rng, *shapes),
            after=_gradients(rng, *shapes, size=5),
        ),
        Case("the first tensor's part turned back", before=pair, after=[-2 * pair[0], 0.3 * pair[1]]),
        Case(
            "a right angle",
            before=[np.array([[3.0, 0.0, 1.0]]), np.array([0.0, rng.uniform(1, 2)])],
            after=[np.array([[0.0, rng.uniform(1, 2), 0.0]]), np.array([4.0, 0.0])],
        ),
    ]


def _angle_by_halves(before, after):
    # No cosine: the stable half-angle formula (Kahan), between unit vectors.
    a, b = (_flat(side) / np.linalg.norm(_flat(side)) for side in (before, after))
    return math.degrees(2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))


def _angle(before, after):
    b = np.concatenate([g.ravel() for g in before])
    a = np.concatenate([g.ravel() for g in after])
    cosine = b @ a / (np.linalg.norm(b) * np.linalg.norm(a))
    angle = np.arccos(cosine)
    return np.degrees(angle)


def _mean_angle(before, after):
    return np.mean([_angle_by_halves([b], [a]) for b, a in zip(before, after, strict=True)])


ANGLE_SLIPS = {
    "the angle is in radians": "np.degrees(angle) → angle",
    "the conversion is the wrong way round: `np.radians` makes radians of degrees": "np.degrees → np.radians",
    "the cosine is handed back, not its angle": "np.degrees(angle) → cosine",
    "the cosine of the cosine is taken: the angle is its *arc* cosine": "np.arccos → np.cos",
    "the tensors' own angles are averaged: the gradient is one long vector": "np.degrees(angle) → _mean_angle(before, after)",
    "the product is not divided by the norms, but cut to ±1": "cosine = → cosine = np.clip(b @ a, -1, 1)  #",
    "the product is not divided by *both* norms (are the brackets there?)": " * np.linalg.norm(a) → ",
    "the sine is inverted where the cosine belongs": "arccos → arcsin",
    "the tangent is inverted where the cosine belongs": "arccos → arctan",
    "the direction is ignored: the absolute value of the product is taken": "arccos(cosine) → arccos(abs(cosine))",
    "only the first tensors are compared": ("in before] → in before[:1]]", "in after] → in after[:1]]"),
    "the *length* of the difference is measured, not the angle": "np.degrees(angle) → np.linalg.norm(b - a)",
    "the product is divided by the squared norm of the first, not by both norms": "(np.linalg.norm(b) * np.linalg.norm(a)) → (b @ b)",
    "the product is divided by the squared norm of the second, not by both norms": "(np.linalg.norm(b) * np.linalg.norm(a)) → (a @ a)",
}


turned_by = Exercise(
    name="04.turned_by",
    points=2,
    inputs=_turns,
    oracle=_angle_by_halves,
    right=_angle,
    mistakes=slips(_angle, ANGLE_SLIPS),
    returns=("degrees",),
)
