"""seqlib.models.layers.LSTM against torch.nn.LSTM with copied weights, in float64: values, gradients, layers, state."""

import pytest
import torch
from torch import nn

from seqlib.models.layers import LSTM, remember_for

TOLERANCE = 1e-10
SIZES = [(1, 1, 1, 1), (1, 7, 3, 5), (4, 1, 2, 6), (3, 12, 5, 2), (8, 40, 6, 9)]  # B, T, D, H


def pair(input_size, hidden_size, layers=1):
    """torch.nn.LSTM and a stack of ours with the same weights, in float64."""
    torch.manual_seed(input_size + 10 * hidden_size)
    theirs = nn.LSTM(input_size, hidden_size, num_layers=layers, batch_first=True).double()
    ours = [LSTM(input_size if k == 0 else hidden_size, hidden_size).double() for k in range(layers)]
    with torch.no_grad():
        for k, layer in enumerate(ours):
            layer.W_xh.copy_(getattr(theirs, f"weight_ih_l{k}").T)
            layer.W_hh.copy_(getattr(theirs, f"weight_hh_l{k}").T)
            layer.b_h.copy_(getattr(theirs, f"bias_ih_l{k}") + getattr(theirs, f"bias_hh_l{k}"))
    return theirs, ours


def through(layers, x, start):
    """x through layers one after another, each from its own (h, c); the states and the last (h, c) stacked."""
    last = []
    for layer, h, c in zip(layers, *start, strict=True):
        x, state = layer(x, (h, c))
        last.append(state)
    return x, tuple(torch.stack(part) for part in zip(*last, strict=True))


def same(found, expected):
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("batch,steps,input_size,hidden_size", SIZES)
def test_equals_torch_in_values_and_gradients(batch, steps, input_size, hidden_size, layers):
    theirs, ours = pair(input_size, hidden_size, layers)
    x = torch.randn(batch, steps, input_size, dtype=torch.float64)
    start = torch.randn(2, layers, batch, hidden_size, dtype=torch.float64)
    weights = torch.randn(batch, steps, hidden_size, dtype=torch.float64)
    results = []
    for run in (lambda x, s: through(ours, x, s), lambda x, s: theirs(x, (s[0], s[1]))):
        inputs, begin = x.clone().requires_grad_(), start.clone().requires_grad_()
        states, (h, c) = run(inputs, begin)
        ((states * weights).sum() + h.square().sum() + (3 * c).sin().sum()).backward()
        results.append([states, h, c, inputs.grad, begin.grad])
    same(*results)
    for k, layer in enumerate(ours):
        biases = [getattr(theirs, f"bias_{which}_l{k}").grad for which in ("ih", "hh")]
        weight_ih, weight_hh = (getattr(theirs, f"weight_{which}_l{k}").grad.T for which in ("ih", "hh"))
        same([layer.W_xh.grad, layer.W_hh.grad, layer.b_h.grad, layer.b_h.grad], [weight_ih, weight_hh, *biases])


def test_begins_with_zeros_unless_told():
    _, (lstm,) = pair(3, 4)
    x, zeros = torch.randn(2, 5, 3, dtype=torch.float64), torch.zeros(2, 4, dtype=torch.float64)
    same([lstm(x)[0]], [lstm(x, (zeros, zeros))[0]])


def test_carries_its_state_from_piece_to_piece():
    _, (lstm,) = pair(3, 4)
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    whole, last = lstm(x)
    first, state = lstm(x[:, :4])
    second, state = lstm(x[:, 4:], state)
    same([torch.cat([first, second], dim=1), *state], [whole, *last])


def test_the_future_changes_nothing():
    _, (lstm,) = pair(3, 4)
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    changed = x.clone()
    changed[:, 6:] += 1
    assert torch.equal(lstm(x)[0][:, :6], lstm(changed)[0][:, :6])


def test_forget_bias_is_the_second_quarter_of_the_bias():
    assert LSTM(2, 3).b_h.tolist() == [0] * 3 + [1] * 3 + [0] * 6
    assert LSTM(2, 3, forget_bias=-2.5).b_h.tolist() == [0] * 3 + [-2.5] * 3 + [0] * 6


def test_remember_for_opens_the_forget_gates_and_closes_the_input_gates():
    torch.manual_seed(0)
    b_i, b_f, b_g, b_o = remember_for(LSTM(2, 500), 200).b_h.detach().chunk(4)
    assert 1 <= b_f.exp().min() < 5 and 190 < b_f.exp().max() <= 200
    assert torch.equal(b_i, -b_f) and not b_g.any() and not b_o.any()
    # A gate of u / (1 + u) leaves about 1/e of a value after u steps.
    assert torch.allclose(b_f.sigmoid() ** b_f.exp(), torch.tensor(1 / torch.e), atol=0.14)
