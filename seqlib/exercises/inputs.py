"""Inputs on which a wrong answer shows: what the checks of several notebooks draw."""

from math import isqrt

import numpy as np
import torch


def weights(rng: np.random.Generator, rows: int, columns: int, gain: float = 0.8) -> np.ndarray:
    """A matrix (rows, columns) whose products stay where a tanh or a gate is neither a line nor flat."""
    return rng.normal(size=(rows, columns)) / np.sqrt(rows) * gain


def away(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of both signs that are not near zero, so that nothing left out goes unnoticed."""
    return rng.uniform(0.3, 1.2, shape) * rng.choice([-1.0, 1.0], shape)


def tensors(*arrays) -> list:
    """The same numbers as float64 tensors."""
    return [torch.as_tensor(array).double() for array in arrays]


def softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """In NumPy, for oracles that must not share code with an answer."""
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def sigmoid(a: np.ndarray) -> np.ndarray:
    """In NumPy, likewise."""
    return np.exp(-np.logaddexp(0, -a))  # 1 / (1 + e^-a), with no overflow where a is far below 0


def torch_layer(kind, W_xh, W_hh, b_x, b_h, **options):
    """PyTorch's own recurrent layer or cell of a `kind`, in float64, with our weights in it; for oracles."""
    layer = kind(len(W_xh), len(W_hh), dtype=torch.float64, **options)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), tensors(W_xh, W_hh, b_x, b_h), strict=True):
            own.copy_(given.T if given.ndim == 2 else given)
    return layer


# How a width is counted out: what the right answers of 05 and of 06 have in common, and what can go wrong in both.
WIDTH_SLIPS = {
    "one unit too many is counted: it no longer fits": "return H - 1 → return H",
    "one unit too few is counted": "return H - 1 → return H - 2",
    "a network of exactly the budget is left out": "<= parameters → < parameters",
    "the blocks are counted once, as in an RNN: each has weights of its own": "blocks * ( → (",
    "the recurrent weights are left out": " + H * H → ",
    "the recurrent weights are counted as H, where they are a square": "H * H → H",
    "the recurrent weights are counted once, not once for each block": (
        "blocks * ( → H * H + blocks * (",
        "H + H * H → H",
    ),
    "the input's weights are left out": "input_size * H + → ",
    "the input's weights are counted once, not once for each block": (
        "blocks * (input_size * H + → input_size * H + blocks * ("
    ),
    "the biases are left out": " + biases * H → ",
    "the biases are counted once, not once for each block": (
        " + biases * H → ",
        "blocks * ( → biases * H + blocks * (",
    ),
    "it is rounded up: one unit less is the most that fits": (
        "<= parameters → < parameters",
        "return H - 1 → return H",
    ),
    "it is rounded to the nearest width, which may be too wide": (
        "    H = 1\n →     H = 0.5\n",
        "return H - 1 → return round(H - 0.5)",
    ),
    "the biases are counted once for each block, not once for each unit": "biases * H → biases",
    "the width times the number of blocks is handed back": "return H - 1 → return blocks * (H - 1)",
    "the width divided by the number of blocks is handed back": "return H - 1 → return (H - 1) // blocks",
}


def widest(parameters: int, square: int, linear: int, fixed: int = 0) -> int:
    """The largest whole H with square · H² + linear · H + fixed <= parameters, solved; 0 where there is none."""
    root = isqrt(max(0, linear**2 + 4 * square * (parameters - fixed)))
    return max(0, (root - linear) // (2 * square))


def tensor(array) -> torch.Tensor:
    """The same numbers as a tensor, whatever their kind."""
    return torch.from_numpy(np.ascontiguousarray(array))
