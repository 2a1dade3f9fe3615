"""Other right answers to the exercises of notebook 02: a check must pass each of them."""

import numpy as np
import torch

from seqlib.exercises.inputs import softmax, tensors
from seqlib.exercises.nb02_rnn import (
    _count_parameters,
    _feed_back,
    _from_torch,
    _last_real_state,
    _readout,
    _rnn_forward,
    _rnn_step,
    _scalar_trace,
)


def _one_product(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([W_xh, W_hh]) + b_h)


def _unit_by_unit(x_t, h_prev, W_xh, W_hh, b_h):
    h_t = np.empty(np.shape(h_prev))
    for b, j in np.ndindex(h_t.shape):
        total = b_h[j] + sum(x_t[b][d] * W_xh[d][j] for d in range(len(W_xh)))
        h_t[b, j] = np.tanh(total + sum(h_prev[b][g] * W_hh[g][j] for g in range(len(W_hh))))
    return h_t


def _step_in_torch(x_t, h_prev, W_xh, W_hh, b_h):
    x_t, h_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, W_xh, W_hh, b_h)
    return torch.tanh(torch.addmm(b_h, x_t, W_xh) + h_prev.mm(W_hh))


def _hoisted(x, h_0, W_xh, W_hh, b_h):
    projected, states = np.einsum("btd,dh->bth", x, W_xh) + b_h, np.empty((*np.shape(x)[:2], len(b_h)))
    h = h_0
    for t in range(np.shape(x)[1]):
        h = states[:, t] = np.tanh(projected[:, t] + np.einsum("bg,gh->bh", h, W_hh))
    return states, h


def _forward_in_torch(x, h_0, W_xh, W_hh, b_h):
    x, h, W_xh, W_hh, b_h = tensors(x, h_0, W_xh, W_hh, b_h)
    states = [h := _step_in_torch(x_t, h, W_xh, W_hh, b_h) for x_t in x.unbind(1)]
    return torch.stack(states, 1), h


def _row_by_row(x, h_0, W_xh, W_hh, b_h):
    both, rows = np.concatenate([W_xh, W_hh]), []
    for sequence, h in zip(x, h_0, strict=True):
        rows.append([h := np.tanh(np.concatenate([x_t, h]) @ both + b_h) for x_t in sequence])
    return np.array(rows), np.array(rows)[:, -1]


def _torch_readout(h, W_hy, b_y):
    h, W_hy, b_y = tensors(h, W_hy, b_y)
    return (h @ W_hy + b_y).softmax(-1)


def _log_sum_exp(h, W_hy, b_y):
    scores = np.einsum("...h,hc->...c", h, W_hy) + b_y
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))


def _one_hot_loop(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    x, h, out = np.eye(len(W_xh))[[first]], np.zeros((1, len(b_h))), []
    for _ in range(steps):
        h = _one_product(x, h, W_xh, W_hh, b_h)
        out.append(int(softmax(h @ W_hy + b_y).argmax()))
        x = np.eye(len(W_xh))[[out[-1]]]
    return np.array(out)


def _feed_in_torch(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    W_xh, W_hh, b_h, W_hy, b_y = tensors(W_xh, W_hh, b_h, W_hy, b_y)
    h, token, out = torch.zeros_like(b_h), first, []
    for _ in range(steps):
        h = torch.tanh(W_xh[token] + h @ W_hh + b_h)
        out.append(token := (h @ W_hy + b_y).argmax())
    return torch.stack(out)


ACCEPTED = {
    "02.scalar_trace": [
        _scalar_trace,
        lambda x, w_h, w_x: [sum(w_h ** (t - k) * w_x * x[k] for k in range(t + 1)) for t in range(len(x))],
        lambda x, w_h, w_x: np.linalg.solve(np.eye(len(x)) - w_h * np.eye(len(x), k=-1), w_x * np.asarray(x)),
    ],
    "02.rnn_step": [
        _rnn_step,
        _one_product,
        _unit_by_unit,
        _step_in_torch,
        lambda x, h, W, U, b: np.tanh(np.einsum("bd,dh->bh", x, W) + np.einsum("bg,gh->bh", h, U) + b),
    ],
    "02.rnn_forward": [_rnn_forward, _hoisted, _row_by_row, _forward_in_torch],
    "02.count_parameters": [
        _count_parameters,
        lambda i, h, o, steps: (i + h + 1) * h + (h + 1) * o,
        lambda i, h, o, steps: sum(np.zeros(s).size for s in [(i, h), (h, h), (h,), (h, o), (o,)]),
    ],
    "02.readout": [_readout, _torch_readout, _log_sum_exp, lambda h, W_hy, b_y: softmax(np.asarray(h) @ W_hy + b_y)],
    "02.last_real_state": [
        _last_real_state,
        lambda states, lengths: [row[n - 1] for row, n in zip(states, lengths, strict=True)],
        lambda states, lengths: np.take_along_axis(states, np.reshape(lengths, (-1, 1, 1)) - 1, axis=1)[:, 0],
        lambda states, lengths: np.einsum("bth,bt->bh", states, np.eye(states.shape[1])[lengths - 1]),
        lambda states, lengths: states[range(len(states)), [int(n) - 1 for n in lengths]],
    ],
    "02.feed_back": [_feed_back, _one_hot_loop, _feed_in_torch],
    "02.from_torch": [
        _from_torch,
        lambda w, v, b, c: (np.swapaxes(w, 0, 1), np.einsum("ij->ji", v), np.add(b, c)),
        lambda *given: tuple(t.t() if t.ndim == 2 else t for t in tensors(*given[:2], given[2] + given[3])),
    ],
}
