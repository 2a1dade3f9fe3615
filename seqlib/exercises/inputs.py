"""Inputs on which a wrong answer shows: what the checks of several notebooks draw."""

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
    return 1 / (1 + np.exp(-a))


def tensor(array) -> torch.Tensor:
    """The same numbers as a tensor, whatever their kind."""
    return torch.from_numpy(np.ascontiguousarray(array))
