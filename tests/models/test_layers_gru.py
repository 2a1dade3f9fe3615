"""layers.GRU against torch.nn.GRU with copied weights, in float64: values, gradients, the carried state."""

import pytest
import torch
from torch import nn

from seqlib.models.layers import GRU

TOLERANCE = 1e-10
SIZES = [(1, 1, 1, 1), (1, 7, 3, 5), (4, 1, 2, 6), (3, 12, 5, 2), (8, 40, 6, 9)]  # B, T, D, H
NAMES = {"W_xh": "weight_ih", "W_hh": "weight_hh", "b_x": "bias_ih", "b_h": "bias_hh"}


def transposed(tensor):
    return tensor.T if tensor.ndim == 2 else tensor


def copy_weights(ours: GRU, theirs: nn.GRU, layer: int = 0) -> None:
    with torch.no_grad():
        for own, name in NAMES.items():
            getattr(ours, own).copy_(transposed(getattr(theirs, f"{name}_l{layer}")))


def pair(input_size, hidden_size):
    """torch.nn.GRU and ours with the same weights, in float64."""
    torch.manual_seed(input_size + 10 * hidden_size)
    theirs = nn.GRU(input_size, hidden_size, batch_first=True).double()
    ours = GRU(input_size, hidden_size).double()
    copy_weights(ours, theirs)
    return theirs, ours


@pytest.mark.parametrize("batch,steps,input_size,hidden_size", SIZES)
def test_gru_equals_torch_values_and_gradients(batch, steps, input_size, hidden_size):
    theirs, ours = pair(input_size, hidden_size)
    x = torch.randn(batch, steps, input_size, dtype=torch.float64)
    h_0 = torch.randn(batch, hidden_size, dtype=torch.float64)
    weights = torch.randn(batch, steps, hidden_size, dtype=torch.float64)
    found, expected = [], []
    for layer, start, out in ((ours, h_0, found), (theirs, h_0[None], expected)):
        inputs, start = x.clone().requires_grad_(), start.clone().requires_grad_()
        states, last = layer(inputs, start)
        ((states * weights).sum() + last.square().sum()).backward()
        out += [states, last.reshape(batch, hidden_size), inputs.grad, start.grad.reshape(batch, hidden_size)]
    for own, name in NAMES.items():
        found.append(getattr(ours, own).grad)
        expected.append(transposed(getattr(theirs, f"{name}_l0").grad))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("layers", [2, 3])
def test_a_stack_of_grus_equals_torchs_with_several_layers(layers):
    torch.manual_seed(layers)
    theirs = nn.GRU(4, 5, num_layers=layers, batch_first=True).double()
    stack = [GRU(4 if i == 0 else 5, 5).double() for i in range(layers)]
    for i, ours in enumerate(stack):
        copy_weights(ours, theirs, i)
    x = torch.randn(3, 11, 4, dtype=torch.float64)
    states = x
    for ours in stack:
        states, _ = ours(states)
    expected, _ = theirs(x)
    torch.testing.assert_close(states, expected, rtol=TOLERANCE, atol=TOLERANCE)
    states.square().sum().backward()
    expected.square().sum().backward()
    for i, ours in enumerate(stack):
        for own, name in NAMES.items():
            grad = transposed(getattr(theirs, f"{name}_l{i}").grad)
            torch.testing.assert_close(getattr(ours, own).grad, grad, rtol=TOLERANCE, atol=TOLERANCE)


def test_gru_begins_with_zeros_unless_told():
    _, gru = pair(3, 4)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(gru(x)[0], gru(x, torch.zeros(2, 4, dtype=torch.float64))[0], rtol=0, atol=0)


def test_gru_carries_its_state_from_piece_to_piece():
    _, gru = pair(3, 4)
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    whole, last = gru(x)
    first, h = gru(x[:, :4])
    second, h = gru(x[:, 4:], h)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=TOLERANCE, atol=TOLERANCE)
    torch.testing.assert_close(h, last, rtol=TOLERANCE, atol=TOLERANCE)


def test_gru_knows_nothing_of_the_future_or_of_its_neighbours():
    _, gru = pair(3, 4)
    x = torch.randn(3, 8, 3, dtype=torch.float64)
    later = x.clone()
    later[:, 5:] += 1
    assert torch.equal(gru(later)[0][:, :5], gru(x)[0][:, :5])
    neighbour = x.clone()
    neighbour[1] += 1
    assert torch.equal(gru(neighbour)[0][[0, 2]], gru(x)[0][[0, 2]])


def test_a_full_update_gate_keeps_the_state_and_an_empty_one_replaces_it():
    _, gru = pair(3, 4)
    x, h_0 = torch.randn(2, 6, 3, dtype=torch.float64), torch.rand(2, 4, dtype=torch.float64)
    with torch.no_grad():
        gru.b_x[4:8] = 1e3
        torch.testing.assert_close(gru(x, h_0)[1], h_0)
        gru.b_x[4:8] = -1e3
        gru.b_x[:4] = -1e3  # nothing of the state is read either: the last input alone counts
        torch.testing.assert_close(gru(x, h_0)[1], torch.tanh(x[:, -1] @ gru.W_xh[:, 8:] + gru.b_x[8:]))


def test_gru_has_two_biases_and_three_quarters_of_an_lstm():
    shapes = {name: tuple(p.shape) for name, p in GRU(3, 5).named_parameters()}
    assert shapes == {"W_xh": (3, 15), "W_hh": (5, 15), "b_x": (15,), "b_h": (15,)}
    ours, lstm = (sum(p.numel() for p in layer.parameters()) for layer in (GRU(3, 5), nn.LSTM(3, 5)))
    assert ours * 4 == lstm * 3
