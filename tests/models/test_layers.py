"""seqlib.models.layers against torch.nn with copied weights, in float64: values, gradients, the carried state."""

import pytest
import torch
from torch import nn

from seqlib.models.layers import RNN

TOLERANCE = 1e-10
SIZES = [(1, 1, 1, 1), (1, 7, 3, 5), (4, 1, 2, 6), (3, 12, 5, 2), (8, 40, 6, 9)]  # B, T, D, H


def pair(input_size, hidden_size, nonlinearity="tanh"):
    """torch.nn.RNN and ours with the same weights, in float64."""
    torch.manual_seed(input_size + 10 * hidden_size)
    theirs = nn.RNN(input_size, hidden_size, nonlinearity=nonlinearity, batch_first=True).double()
    ours = RNN(input_size, hidden_size, getattr(torch, nonlinearity)).double()
    with torch.no_grad():
        ours.W_xh.copy_(theirs.weight_ih_l0.T)
        ours.W_hh.copy_(theirs.weight_hh_l0.T)
        ours.b_h.copy_(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    return theirs, ours


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("batch,steps,input_size,hidden_size", SIZES)
def test_rnn_equals_torch_values_and_gradients(batch, steps, input_size, hidden_size, nonlinearity):
    theirs, ours = pair(input_size, hidden_size, nonlinearity)
    x = torch.randn(batch, steps, input_size, dtype=torch.float64)
    h_0 = torch.randn(batch, hidden_size, dtype=torch.float64)
    weights = torch.randn(batch, steps, hidden_size, dtype=torch.float64)
    found, expected = [], []
    for layer, start, out in ((ours, h_0, found), (theirs, h_0[None], expected)):
        inputs, start = x.clone().requires_grad_(), start.clone().requires_grad_()
        states, last = layer(inputs, start)
        ((states * weights).sum() + last.square().sum()).backward()
        out += [states, last.reshape(batch, hidden_size), inputs.grad, start.grad.reshape(batch, hidden_size)]
    found += [ours.W_xh.grad, ours.W_hh.grad, ours.b_h.grad, ours.b_h.grad]
    expected += [theirs.weight_ih_l0.grad.T, theirs.weight_hh_l0.grad.T]
    expected += [theirs.bias_ih_l0.grad, theirs.bias_hh_l0.grad]
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def test_rnn_begins_with_zeros_unless_told():
    _, rnn = pair(3, 4)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(rnn(x)[0], rnn(x, torch.zeros(2, 4, dtype=torch.float64))[0], rtol=0, atol=0)


def test_rnn_carries_its_state_from_piece_to_piece():
    _, rnn = pair(3, 4)
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    whole, last = rnn(x)
    first, h = rnn(x[:, :4])
    second, h = rnn(x[:, 4:], h)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=TOLERANCE, atol=TOLERANCE)
    torch.testing.assert_close(h, last, rtol=TOLERANCE, atol=TOLERANCE)


def test_rnn_knows_nothing_of_the_future_or_of_its_neighbours():
    _, rnn = pair(3, 4)
    x = torch.randn(3, 8, 3, dtype=torch.float64)
    later = x.clone()
    later[:, 5:] += 1
    assert torch.equal(rnn(later)[0][:, :5], rnn(x)[0][:, :5])
    neighbour = x.clone()
    neighbour[1] += 1
    assert torch.equal(rnn(neighbour)[0][[0, 2]], rnn(x)[0][[0, 2]])


def test_rnn_has_one_bias_and_as_many_parameters_for_any_length():
    assert sum(p.numel() for p in RNN(3, 5).parameters()) == 3 * 5 + 5 * 5 + 5
    assert {name: tuple(p.shape) for name, p in RNN(3, 5).named_parameters()} == {
        "W_xh": (3, 5),
        "W_hh": (5, 5),
        "b_h": (5,),
    }
