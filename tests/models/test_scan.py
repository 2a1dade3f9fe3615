"""Scans against a loop, their layers against step-by-step references; values, gradients, every length."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models import scan

DOUBLE = torch.float64
LENGTHS = (*range(1, 18), 31, 32, 33, 64, 100)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("way", [scan.scan, scan.scan_doubling, scan.ScanByHand.apply])
def test_a_scan_gives_the_states_of_the_loop_at_every_length_with_gradients(way):
    torch.manual_seed(0)
    for steps in LENGTHS:
        a, b = torch.randn(2, 2, steps, 3, dtype=DOUBLE).requires_grad_()
        weight, found = torch.randn(2, steps, 3, dtype=DOUBLE), []
        for one in (way, scan.recurrence):
            states = one(a, b)
            grads = torch.autograd.grad((states * weight).sum(), (a, b), allow_unused=True, materialize_grads=True)
            found.append((states, *grads))
        for mine, theirs in zip(*found, strict=True):
            close(mine, theirs)


def test_four_axes_and_complex_numbers_work_too():
    a, b = torch.randn(2, 3, 11, 2, 4, dtype=torch.complex128)
    close(scan.scan(a, b), scan.recurrence(a, b))
    close(scan.scan_doubling(a, b), scan.recurrence(a, b))


def test_finite_differences_agree_with_the_gradient_by_hand():
    a, b = torch.randn(2, 2, 9, 2, dtype=DOUBLE).requires_grad_()
    assert torch.autograd.gradcheck(scan.ScanByHand.apply, (a, b))


def test_a_piece_begins_where_the_last_one_ended():
    a, b = torch.randn(2, 2, 12, 3, dtype=DOUBLE)
    whole = scan.scan(a, b)
    later = scan.scan(a[:, 5:], scan.take_in(a[:, 5:], b[:, 5:], whole[:, 4]))
    close(later, whole[:, 5:])


def test_the_convolution_is_torchs_and_does_not_look_ahead():
    x, kernel = torch.randn(2, 21, 3, dtype=DOUBLE), torch.randn(21, 3, dtype=DOUBLE)
    expected = F.conv1d(F.pad(x.mT, (20, 0)), kernel.flip(0).T[:, None], groups=3).mT
    close(scan.causal_fft(x, kernel), expected)
    changed = x.clone()
    changed[:, 10:] += 5
    close(scan.causal_fft(changed, kernel)[:, :10], expected[:, :10])


def test_logarithms_give_the_states_even_where_nearly_all_is_forgotten():
    a, b = torch.rand(2, 300, 3, dtype=DOUBLE) * 1e-6 + 1e-9, torch.rand(2, 300, 3, dtype=DOUBLE) + 0.1
    torch.testing.assert_close(scan.log_scan(a.log(), b.log()), scan.recurrence(a, b), rtol=1e-7, atol=0)


def test_a_gru_without_weights_from_its_state_is_a_gated_linear_recurrence():
    theirs, x = nn.GRU(3, 5, batch_first=True).double(), torch.randn(2, 17, 3, dtype=DOUBLE)
    with torch.no_grad():
        theirs.weight_hh_l0.zero_()
        theirs.bias_hh_l0.zero_()
        _, z, n = (x @ theirs.weight_ih_l0.T + theirs.bias_ih_l0).chunk(3, dim=-1)
        close(scan.scan(z.sigmoid(), (1 - z.sigmoid()) * n.tanh()), theirs(x)[0])


@pytest.mark.parametrize("reach", [1.0, 2.0])
def test_the_layer_is_the_function_and_its_reach_turns_signs(reach):
    layer, x = scan.MinGRU(3, 4, reach).double(), torch.randn(2, 9, 3, dtype=DOUBLE)
    W, bias = layer.W.weight.T, layer.W.bias
    a, b = scan.min_gru(x, W[:, :4], bias[:4], W[:, 4:], bias[4:])
    close(layer(x)[0], scan.recurrence(1 - reach * (1 - a), b))


def test_a_hold_is_exact_and_bilinear_is_of_second_order():
    rates, end = torch.complex(-torch.rand(4) - 0.2, torch.randn(4)).to(torch.complex128), 1.5
    truth = (torch.exp(rates * end) - 1) / rates  # an input of 1 from 0 to `end`, from zeros
    off = []
    for count in (8, 16):
        for method in ("zero-order hold", "bilinear"):
            a, b = scan.discretise(rates, torch.tensor(end / count, dtype=DOUBLE), method)
            h = scan.recurrence(a.expand(1, count, 4), b.expand(1, count, 4))[0, -1]
            off.append((h - truth).abs().max().item())
    assert off[0] < 1e-12 and off[2] < 1e-12
    assert off[3] < off[1] / 3.5


def test_a_diagonal_state_space_is_its_kernel_its_loop_and_a_scan():
    torch.manual_seed(0)
    layer, x = scan.DiagonalSSM(3, state_size=5).double(), torch.randn(2, 23, 3, dtype=DOUBLE)
    whole = layer(x)[0]
    close(whole, layer.recurrent(x)[0])
    a, b, read = layer.discrete()
    states = scan.scan(a.expand(2, 23, 3, 5), b * x[..., None])
    close(2 * (read * states).sum(-1).real + layer.skip * x, whole)
    _, state = layer.recurrent(x[:, :9])
    close(layer(x[:, 9:], state)[0], whole[:, 9:])


def test_the_selective_scan_is_the_reference_recurrence_number_by_number():
    torch.manual_seed(0)
    x, step = torch.randn(2, 6, 3, dtype=DOUBLE), torch.rand(2, 6, 3, dtype=DOUBLE)
    rates, skip = -torch.rand(3, 4, dtype=DOUBLE), torch.randn(3, dtype=DOUBLE)
    write, read = torch.randn(2, 2, 6, 4, dtype=DOUBLE)
    y, last = scan.selective_scan(x, step, rates, write, read, skip)
    h = np.zeros((2, 3, 4))
    for i, t, d in np.ndindex(2, 6, 3):
        total = float(skip[d] * x[i, t, d])
        for n in range(4):
            h[i, d, n] *= math.exp(step[i, t, d] * rates[d, n])
            h[i, d, n] += float(step[i, t, d] * write[i, t, n] * x[i, t, d])
            total += float(read[i, t, n]) * h[i, d, n]
        assert abs(total - float(y[i, t, d])) < 1e-10
    close(last, torch.from_numpy(h))


def in_pieces(layer, x, sizes):
    state, out = None, []
    for piece in x.split(sizes, dim=1):
        y, state = layer(piece, state)
        out.append(y)
    return torch.cat(out, dim=1)


@pytest.mark.parametrize("make", [lambda: scan.Mamba(8, 3), lambda: scan.MinGRU(8, 5)], ids=["Mamba", "MinGRU"])
def test_a_layer_reads_in_pieces_what_it_reads_whole_and_never_looks_ahead(make):
    torch.manual_seed(0)
    layer, x = make().double(), torch.randn(2, 14, 8, dtype=DOUBLE)
    whole = layer(x)[0]
    close(in_pieces(layer, x, (1, 1, 2, 7, 3)), whole)
    changed = x.clone()
    changed[:, 8:] += 3
    close(layer(changed)[0][:, :8], whole[:, :8])


def test_linear_attention_and_the_delta_rule_in_both_forms_with_gradients():
    torch.manual_seed(0)
    q, k = F.normalize(torch.randn(2, 2, 3, 12, 4, dtype=DOUBLE), dim=-1).requires_grad_()
    v, rate = torch.randn(2, 3, 12, 5, dtype=DOUBLE), torch.rand(2, 3, 12, dtype=DOUBLE)
    forms = {
        "linear": (scan.linear_attention(q, k, v), scan.linear_attention_loop(q, k, v)[0]),
        "delta": (scan.delta_rule_parallel(q, k, v, rate), scan.delta_rule(q, k, v, rate)[0]),
    }
    for one, other in forms.values():
        close(one, other)
        grads = [torch.autograd.grad(out.square().sum(), (q, k), retain_graph=True) for out in (one, other)]
        for mine, theirs in zip(*grads, strict=True):
            close(mine, theirs)


def test_the_delta_rule_replaces_where_linear_attention_adds():
    k = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    v, rate = torch.tensor([[[3.0], [5.0]]]), torch.ones(1, 2)
    assert scan.delta_rule(k, k, v, rate)[0][0, -1].item() == 5
    assert scan.linear_attention(k, k, v)[0, -1].item() == 8


def test_a_state_goes_on_in_the_matrix_rules():
    q, k, v = torch.randn(3, 2, 9, 4, dtype=DOUBLE)
    rate = torch.rand(2, 9, dtype=DOUBLE)
    for rule, more in ((scan.linear_attention_loop, ()), (scan.delta_rule, (rate,))):
        whole, last = rule(q, k, v, *more)
        _, S = rule(q[:, :4], k[:, :4], v[:, :4], *(part[:, :4] for part in more))
        out, end = rule(q[:, 4:], k[:, 4:], v[:, 4:], *(part[:, 4:] for part in more), S)
        close(out, whole[:, 4:])
        close(end, last)


def test_every_layer_makes_its_tensors_where_its_input_is():
    with torch.device("meta"):
        layers = [scan.MinGRU(8, 6), scan.Mamba(8, 3), scan.DiagonalSSM(8, 4)]
        x = torch.empty(2, 7, 8)
    for layer in layers:
        out, state = layer(x)
        assert out.device.type == "meta"
        out.sum().backward()
        if state is not None:
            assert layer(x, state)[0].device.type == "meta"
    assert layers[2].recurrent(x)[0].device.type == "meta"
    q = torch.empty(2, 7, 4, device="meta")
    assert scan.delta_rule(q, q, q, q[..., 0])[0].device.type == "meta"
    assert scan.delta_rule_parallel(q, q, q, q[..., 0]).device.type == "meta"
