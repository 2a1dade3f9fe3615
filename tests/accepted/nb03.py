"""Other right answers to the exercises of notebook 03: a check must pass each of them."""

import numpy as np

from seqlib.exercises.inputs import softmax
from seqlib.exercises.nb03_bptt import (
    _bptt,
    _carried_windows,
    _gradient_flow,
    _logits_gradient,
    _reach,
    _relative_error,
    _step_backward,
    _tanh_gradient,
)


def _step_by_einsum(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = dh_t * (1 - h_t**2)
    back = np.einsum("bh,dh->bd", da, W_xh), np.einsum("bh,kh->bk", da, W_hh)
    return *back, np.einsum("bd,bh->dh", x_t, da), np.einsum("bk,bh->kh", h_prev, da), np.einsum("bh->h", da)


def _bptt_at_once(dh, x, h_0, W_xh, W_hh, b_h):
    """All states and all da in two arrays, the products at the end."""
    h = np.zeros((len(x), x.shape[1] + 1, len(b_h)))
    h[:, 0] = h_0
    for t in range(x.shape[1]):
        h[:, t + 1] = np.tanh(np.concatenate([x[:, t], h[:, t]], 1) @ np.concatenate([W_xh, W_hh]) + b_h)
    da, back = np.zeros_like(h[:, 1:]), np.zeros_like(h_0)
    for t in range(x.shape[1] - 1, -1, -1):
        da[:, t] = (dh[:, t] + back) * (1 - h[:, t + 1] ** 2)
        back = np.einsum("bh,kh->bk", da[:, t], W_hh)
    return np.einsum("btd,bth->dh", x, da), np.einsum("btk,bth->kh", h[:, :-1], da), da.sum((0, 1)), back


def _pieces_first(ids, rows, length):
    """Rows as long as they can be, windows cut off them one by one."""
    piece, windows = len(ids) // rows, (len(ids) - 1) // rows // length
    starts = [[row * piece + window * length for row in range(rows)] for window in range(windows)]
    return tuple(np.array([[ids[s + off : s + off + length] for s in row] for row in starts]) for off in (0, 1))


def _flow_by_products(h, W_hh, dh_last):
    """Every step from the whole product of Jacobians."""
    norms, J = [], np.eye(len(dh_last))
    for t in range(len(h) - 1, -1, -1):
        norms.insert(0, float(np.sqrt(np.sum((dh_last @ J) ** 2))))
        J = J @ (np.diag(1 - h[t] ** 2) @ W_hh.T)
    return norms


ACCEPTED = {
    "03.logits_gradient": [
        _logits_gradient,
        lambda logits, targets: (
            (softmax(logits) - (np.asarray(targets)[..., None] == np.arange(logits.shape[-1]))) / np.size(targets)
        ),
    ],
    "03.tanh_gradient": [_tanh_gradient, lambda dh, h: dh / np.cosh(np.arctanh(h)) ** 2, lambda dh, h: dh - dh * h * h],
    "03.step_backward": [_step_backward, _step_by_einsum],
    "03.bptt": [_bptt, _bptt_at_once],
    "03.relative_error": [
        _relative_error,
        lambda found, right: (
            np.linalg.norm(np.ravel(found - right), np.inf) / (np.linalg.norm(np.ravel([found, right]), np.inf) or 1.0)
        ),
    ],
    "03.carried_windows": [_carried_windows, _pieces_first],
    "03.reach": [_reach, lambda steps, window: [t % window + 1 for t in range(steps)]],
    "03.gradient_flow": [_gradient_flow, _flow_by_products],
}
