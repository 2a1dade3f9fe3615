"""Other right answers to the exercises of notebook 22: a check must pass each of them."""

import torch

from seqlib.exercises import nb22_linear_recurrence as own


def _recurrence_from_the_last(a, b):
    states = [b[:, 0]]
    for t in range(1, b.shape[1]):
        states += [torch.addcmul(b[:, t], a[:, t], states[-1])]
    return torch.stack(states, dim=1)


def _fft_of_many_zeros(x, kernel):
    steps = x.shape[1]
    size = 1 << (2 * steps).bit_length()
    both = torch.fft.fft(x, size, dim=1) * torch.fft.fft(kernel, size, dim=0)[None]
    return torch.fft.ifft(both, dim=1).real[:, :steps]


def _doubling_by_roll(a, b):
    steps, reach = b.shape[1], 1
    while reach < steps:
        old = (torch.arange(steps) >= reach)[None, :, None]
        shifted_a = torch.where(old, a.roll(reach, 1), torch.ones_like(a))
        shifted_b = torch.where(old, b.roll(reach, 1), torch.zeros_like(b))
        a, b = a * shifted_a, a * shifted_b + b
        reach *= 2
    return b


def _scan_by_halves(a, b):
    steps = b.shape[1]
    if steps == 1:
        return b
    half = steps // 2
    first, second = _scan_by_halves(a[:, :half], b[:, :half]), _scan_by_halves(a[:, half:], b[:, half:])
    return torch.cat([first, second + a[:, half:].cumprod(dim=1) * first[:, -1:]], dim=1)


def _scan_of_an_even_length(a, b):
    if b.shape[1] % 2:  # a step that changes nothing
        return _scan_of_an_even_length(*(torch.cat([p, torch.zeros_like(p[:, :1])], 1) for p in (a, b)))[:, :-1]
    a_1, a_2, b_1, b_2 = a[:, ::2], a[:, 1::2], b[:, ::2], b[:, 1::2]
    if b.shape[1] == 2:
        return torch.cat([b_1, a_2 * b_1 + b_2], dim=1)
    ends = _scan_of_an_even_length(a_1 * a_2, a_2 * b_1 + b_2)
    before = torch.cat([torch.zeros_like(ends[:, :1]), ends[:, :-1]], dim=1)
    return torch.stack([a_1 * before + b_1, ends], dim=2).flatten(1, 2)


def _backward_in_a_loop(a, h, grad):
    arrived = grad.clone()
    for t in range(grad.shape[1] - 2, -1, -1):
        arrived[:, t] += a[:, t + 1] * arrived[:, t + 1]
    by_a = arrived * h.roll(1, dims=1)
    by_a[:, 0] = 0
    return by_a, arrived


def _selective_step_by_step(x, step, rates, write, read, skip, h=None):
    h = x.new_zeros(len(x), x.shape[2], rates.shape[1]) if h is None else h
    out = []
    for t in range(x.shape[1]):
        a = (step[:, t, :, None] * rates).exp()
        h = a * h + torch.einsum("bd,bn->bdn", step[:, t] * x[:, t], write[:, t])
        out.append(torch.einsum("bdn,bn->bd", h, read[:, t]) + skip * x[:, t])
    return torch.stack(out, dim=1), h


def _linear_by_cumsum(q, k, v, S=None):
    states = torch.einsum("...td,...te->...tde", k, v).cumsum(dim=-3)
    states = states if S is None else states + S[..., None, :, :]
    return torch.einsum("...td,...tde->...te", q, states), states[..., -1, :, :]


def _delta_by_einsum(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for q_t, k_t, v_t, n_t in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), rate.unbind(-1), strict=True):
        known = torch.einsum("...d,...de->...e", k_t, S)
        S = S + torch.einsum("...d,...e->...de", k_t, n_t[..., None] * (v_t - known))
        out.append(torch.einsum("...d,...de->...e", q_t, S))
    return torch.stack(out, dim=-2), S


ACCEPTED = {
    "22.recurrence": [_recurrence_from_the_last, _scan_by_halves],
    "22.causal_fft": [_fft_of_many_zeros, own._by_shifts],
    "22.combine": [lambda one, two: (two[0] * one[0], torch.addcmul(two[1], two[0], one[1]))],
    "22.scan_doubling": [_doubling_by_roll, _scan_by_halves],
    "22.scan": [_scan_by_halves, _scan_of_an_even_length],
    "22.scan_backward": [_backward_in_a_loop],
    "22.discretise": [
        lambda rates, step, method="zero-order hold": (
            ((2 + step * rates) / (2 - step * rates), 2 * step / (2 - step * rates))
            if method == "bilinear"
            else ((step * rates).exp(), torch.expm1(step * rates) / rates)
        )
    ],
    "22.min_gru": [
        lambda x, W_z, b_z, W_h, b_h: (
            1 / (1 + (x @ W_z + b_z).exp()),
            (x @ W_h + b_h) / (1 + (-(x @ W_z + b_z)).exp()),
        )
    ],
    "22.log_scan": [lambda log_a, log_b: own._in_plain_numbers(log_a, log_b)],
    "22.selective_scan": [_selective_step_by_step],
    "22.linear_attention_loop": [_linear_by_cumsum],
    "22.delta_rule": [_delta_by_einsum],
}
