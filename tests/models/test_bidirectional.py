"""Two directions side by side: equal to torch's own on packed sequences, and padding changes nothing."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlib.models.bidirectional import LAYERS, Bidirectional, BidirectionalEncoder, reverse_padded
from seqlib.models.layers import GRU, LSTM, RNN

LENGTHS = torch.tensor([4, 7, 1])


def test_only_the_real_steps_are_turned_round():
    x = torch.tensor([[1, 2, 3, 0], [4, 5, 6, 7], [8, 0, 0, 0]])
    turned = reverse_padded(x, torch.tensor([3, 4, 1]))
    assert turned.tolist() == [[3, 2, 1, 0], [7, 6, 5, 4], [8, 0, 0, 0]]
    states = torch.randn(3, 7, 5)
    assert torch.equal(reverse_padded(reverse_padded(states, LENGTHS), LENGTHS), states)


@pytest.mark.parametrize("kind", list(LAYERS))
def test_equal_to_torch_on_a_packed_sequence_values_and_gradients(kind):
    theirs = LAYERS[kind](5, 6, batch_first=True, bidirectional=True).double()
    ours = Bidirectional(*(LAYERS[kind](5, 6, batch_first=True).double() for _ in range(2)))
    for part, ending in ((ours.ahead, "_l0"), (ours.back, "_l0_reverse")):
        for name, parameter in part.named_parameters():
            parameter.data = getattr(theirs, name.removesuffix("_l0") + ending).data.clone()
    x = torch.randn(3, 7, 5, dtype=torch.float64)
    packed, last = theirs(pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False))
    expected = pad_packed_sequence(packed, batch_first=True, total_length=7)[0]
    last = last[0] if isinstance(last, tuple) else last
    states, end = ours(x, LENGTHS)
    assert torch.allclose(states, expected, atol=1e-12, rtol=0)
    assert torch.allclose(end, torch.cat([last[0], last[1]], dim=1), atol=1e-12, rtol=0)
    for net in (states, expected):
        net.square().sum().backward()
    for part, ending in ((ours.ahead, "_l0"), (ours.back, "_l0_reverse")):
        for name, parameter in part.named_parameters():
            right = getattr(theirs, name.removesuffix("_l0") + ending).grad
            assert torch.allclose(parameter.grad, right, atol=1e-10, rtol=0), name


@pytest.mark.parametrize("layer", [RNN, GRU, LSTM])
def test_the_courses_own_layers_fit(layer):
    net = Bidirectional(layer(5, 6), layer(5, 6))
    states, last = net(torch.randn(3, 7, 5), LENGTHS)
    assert states.shape == (3, 7, 12) and last.shape == (3, 12)
    assert torch.equal(last[:, :6], states[torch.arange(3), LENGTHS - 1, :6])
    assert torch.equal(last[:, 6:], states[:, 0, 6:])


def test_without_lengths_every_step_is_real():
    net, x = Bidirectional(nn.GRU(5, 6, batch_first=True), nn.GRU(5, 6, batch_first=True)), torch.randn(2, 4, 5)
    assert torch.equal(net(x)[0], net(x, torch.tensor([4, 4]))[0])


@pytest.mark.parametrize("layers", [1, 2])
def test_padding_changes_no_number_and_later_words_do(layers):
    encoder = BidirectionalEncoder(20, 8, 6, layers=layers).double()
    tokens = torch.randint(1, 20, (3, 7))
    tokens[torch.arange(7) >= LENGTHS[:, None]] = 0
    states = encoder(tokens)
    assert states.shape == (3, 7, 12) and not states[tokens == 0].any()
    assert torch.allclose(encoder(nn.functional.pad(tokens, (0, 5)))[:, :7], states, atol=1e-12)
    alone = encoder(tokens[:1, :4])
    assert torch.allclose(alone, states[:1, :4], atol=1e-12)
    changed = tokens.clone()
    changed[1, 6] = tokens[1, 6] % 19 + 1
    assert (encoder(changed)[1, 0] != states[1, 0]).any(), "the first state has read the last word"


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="rnn, gru, lstm"):
        BidirectionalEncoder(5, 4, 3, layer="cnn")
