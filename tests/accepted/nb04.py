"""Other right answers to the exercises of notebook 04: a check must pass each of them."""

import math

import numpy as np
import torch

from seqlib.exercises.inputs import tensors
from seqlib.exercises.nb04_vanishing_gradients import _counted_steps, _flat, _nearest_orthogonal, _norm, _radius, _start


def _chain_in_torch(states, W_hh, lag):
    states, W_hh = tensors(states, W_hh)
    whole = torch.eye(len(W_hh), dtype=torch.float64)
    for back in range(lag):
        whole = (W_hh * (1 - states[len(states) - 1 - back] ** 2)) @ whole
    return whole


def _back_in_torch(states, W_hh, v):
    states, W_hh, delta = tensors(states, W_hh, v)
    deltas = [delta]
    for h_t in states[1:].flip(0):
        deltas.append(W_hh @ (deltas[-1] * (1 - h_t**2)))
    return torch.stack(deltas)


def _radius_in_torch(W_hh):
    return torch.linalg.eigvals(tensors(W_hh)[0]).abs().amax()


def _torch_start(W_hh, kind):
    W = tensors(W_hh)[0]
    if kind == "Gaussian":
        return W / len(W) ** 0.5
    return torch.linalg.qr(W)[0] if kind == "orthogonal" else torch.eye(len(W), dtype=torch.float64)


def _another(orthogonal):
    return lambda W_hh, kind: orthogonal(W_hh) if kind == "orthogonal" else _start(W_hh, kind)


def _long_vector(grads, limit):
    flat, out, at = _flat(grads), [], 0
    flat = flat * limit / max(np.linalg.norm(flat), limit)
    for g in grads:
        out.append(flat[at : at + np.size(g)].reshape(np.shape(g)))
        at += np.size(g)
    return out


def _cosine(before, after):
    return float(_flat(before) @ _flat(after)) / _norm(before) / _norm(after)


ACCEPTED = {
    "04.step_jacobian": [
        lambda h_t, W_hh: np.asarray(W_hh) @ np.diag(1 - np.asarray(h_t) ** 2),
        lambda h_t, W_hh: [[W_hh[i][j] * (1 - h_t[j] ** 2) for j in range(len(h_t))] for i in range(len(h_t))],
        lambda h_t, W_hh: np.einsum("ij,j->ij", W_hh, np.cosh(np.arctanh(h_t)) ** -2),
    ],
    "04.long_jacobian": [_chain_in_torch],
    "04.gradients_by_lag": [_back_in_torch],
    "04.spectral_radius": [
        lambda W_hh: max(abs(value) for value in np.linalg.eig(W_hh)[0]),
        lambda W_hh: np.sort(np.abs(np.linalg.eigvals(np.asarray(W_hh).T)))[-1],
        _radius_in_torch,
    ],
    "04.scale_to_radius": [
        lambda W_hh, radius: radius / _radius(W_hh) * np.asarray(W_hh),
        lambda W_hh, radius: [[radius * w / _radius(W_hh) for w in row] for row in W_hh],
        lambda W_hh, radius: torch.as_tensor(W_hh) * radius / _radius_in_torch(W_hh),
    ],
    "04.memory_length": [
        _counted_steps,
        lambda radius, share: np.inf if radius >= 1 else np.ceil(np.log(share) / np.log(radius)),
        lambda radius, share: np.inf if radius >= 1 else next(k for k in range(10_000) if radius**k <= share),
    ],
    "04.first_weights": [
        _another(_nearest_orthogonal),
        _another(lambda W: np.linalg.qr(W.T)[0].T),
        _another(lambda W: np.linalg.svd(W)[0]),
        _another(lambda W: np.linalg.svd(W)[0] @ np.linalg.svd(W)[2]),
        _another(lambda W: np.linalg.eigh(W + W.T)[1]),
        _another(lambda W: np.linalg.qr(W)[0] * np.sign(np.diag(np.linalg.qr(W)[1]))),
        _torch_start,
    ],
    "04.global_norm": [
        lambda grads: np.linalg.norm(_flat(grads)),
        lambda grads: math.sqrt(sum(float((g**2).sum()) for g in grads)),
        lambda grads: np.linalg.norm([np.linalg.norm(g) for g in grads]),
        lambda grads: math.hypot(*_flat(grads)),
    ],
    "04.clip_by_norm": [
        _long_vector,
        lambda grads, limit: [g * (limit / _norm(grads)) for g in grads] if _norm(grads) > limit else list(grads),
        lambda grads, limit: [g / max(1.0, _norm(grads) / limit) for g in grads],
        lambda grads, limit: tuple(g * min(1.0, limit / (_norm(grads) + 1e-6)) for g in grads),
    ],
    "04.turned_by": [
        lambda before, after: np.degrees(np.arccos(np.clip(_cosine(before, after), -1, 1))),
        lambda before, after: math.acos(_cosine(before, after)) * 180 / math.pi,
    ],
}
