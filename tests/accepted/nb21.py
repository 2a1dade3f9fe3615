"""Other right answers to the exercises of notebook 21: a check must pass each of them."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def _product_by_product(batch, steps, width, heads):
    d_k, products = width // heads, [(steps, width, width)] * 4
    products += [(steps, d_k, steps), (steps, steps, d_k)] * heads
    return sum(2 * math.prod(shape) for shape in products) * batch


def _by_covariance(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    left = y - slope * x
    scatter = np.var(left, ddof=1) * (len(x) - 1) / (len(x) - 2)
    return slope, math.sqrt(scatter / (np.var(x) * len(x)))


def _exponent_in_torch(lengths, seconds):
    x, y = torch.as_tensor(lengths).double().log(), torch.as_tensor(seconds).double().log()
    slope = ((x - x.mean()) * y).sum() / (x - x.mean()).square().sum()
    left = y - y.mean() - slope * (x - x.mean())
    return slope, (left.square().sum() / (len(x) - 2) / (x - x.mean()).square().sum()).sqrt()


def _crossing_with_interp(lengths, a, b):
    gap = np.log(np.asarray(a) / np.asarray(b))
    dear = np.flatnonzero(gap > 0)
    if not len(dear):
        return float("inf")
    k = dear[0]
    return float(np.exp(np.interp(0, gap[k - 1 : k + 1], np.log(lengths)[k - 1 : k + 1])))


def _crossing_as_power(lengths, a, b):
    ratio = np.asarray(a) / np.asarray(b)
    for low, high, before, after in zip(lengths[:-1], lengths[1:], ratio[:-1], ratio[1:], strict=True):
        if after > 1:
            return low * (high / low) ** (math.log(before) / math.log(before / after))
    return math.inf


def _by_intensity(m, k, n, peak, bandwidth, bytes_each=4):
    operations, moved = 2 * m * k * n, bytes_each * (m * k + k * n + m * n)
    intensity = operations / moved
    return moved / bandwidth if intensity < peak / bandwidth else operations / peak


def _counted_up(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    numbers = memory // bytes_each - parameters
    a_position = layers * batch * 2 * (kv_heads * d_k)
    return int(numbers / a_position) if numbers > 0 else 0


def _cumulated(latencies, period):
    latencies = np.asarray(latencies, dtype=float)
    t = np.arange(len(latencies)) * period
    done = np.cumsum(latencies)
    return done + np.maximum.accumulate(t - done + latencies) - t


def _from_the_one_before(latencies, period):
    delay, found = 0.0, []
    for seconds in latencies:
        delay = max(0.0, delay - period) + seconds
        found.append(delay)
    return torch.tensor(found, dtype=torch.float64)


def _with_autograd_grad(W, pieces):
    W = W.detach().requires_grad_(True)
    total, gradient = sum(y.numel() for _, y in pieces), torch.zeros_like(W)
    for x, y in pieces:
        (part,) = torch.autograd.grad(F.cross_entropy(x @ W, y), W)
        gradient += part * y.numel() / total
    return gradient


def _by_hand(W, pieces):
    gradient, total = 0, 0
    for x, y in pieces:
        gradient = gradient + x.T @ ((x @ W).softmax(dim=1) - F.one_hot(y, W.shape[1]))
        total += len(y)
    return gradient / total


def _sharded(parameters, ranks, stage):
    cut = [parameters / ranks if stage >= from_stage else parameters for from_stage in (1, 2, 3)]
    return 12 * cut[0] + 2 * cut[1] + 2 * cut[2]


def _vertex_by_poly1d(weights, nats):
    curve = np.poly1d(np.polyfit(np.log(weights), nats, 2))
    at = curve.deriv().roots[0].real
    if curve.coefficients[0] > 0 and min(weights) < np.exp(at) < max(weights):
        return np.exp(at), curve(at), True
    best = int(np.argmin(nats))
    return weights[best], nats[best], False


ACCEPTED = {
    "21.attention_flops": [
        _product_by_product,
        lambda B, T, D, A: 4 * B * T * D * (2 * D + T),
    ],
    "21.exponent": [_by_covariance, _exponent_in_torch],
    "21.crossover": [_crossing_with_interp, _crossing_as_power],
    "21.product_seconds": [_by_intensity],
    "21.longest_stream": [_counted_up],
    "21.delays": [_cumulated, _from_the_one_before],
    "21.accumulate": [_with_autograd_grad, _by_hand],
    "21.best_segment": [
        lambda n: min(((k, math.ceil(n / k) + k) for k in range(1, n + 1)), key=lambda pair: (pair[1], pair[0])),
        lambda n: tuple(reversed(min((math.ceil(n / k) + k, k) for k in range(1, n + 1)))),
    ],
    "21.bytes_per_rank": [
        _sharded,
        lambda p, n, stage: p * [16, 4 + 12 / n, 2 + 14 / n, 16 / n][stage],
    ],
    "21.best_size": [_vertex_by_poly1d],
}
