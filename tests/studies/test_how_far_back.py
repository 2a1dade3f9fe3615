"""seqlib.studies.how_far_back: tasks whose answer can be read off, and gradients against autograd's whole Jacobian."""

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.models.layers import RNN
from seqlib.studies.how_far_back import adding_batch, gradient_norm_by_lag, recall_batch


@pytest.mark.parametrize("delay", [0, 1, 5, 200])
def test_recall_is_a_symbol_then_blanks_then_the_signal(delay):
    x, y = recall_batch(np.random.default_rng(0), 12, delay, symbols=5)
    assert x.shape == (12, delay + 2, 7) and x.dtype == torch.float32
    assert y.shape == (12,) and y.dtype == torch.int64
    assert torch.equal(x.sum(dim=2), torch.ones(12, delay + 2))
    assert torch.equal(x[:, 0].argmax(dim=1), y)
    assert (x[:, 1:-1].argmax(dim=2) == 5).all() and (x[:, -1].argmax(dim=1) == 6).all()


def test_recall_uses_every_symbol_about_equally():
    _, y = recall_batch(np.random.default_rng(0), 8000, 1)
    assert (torch.bincount(y, minlength=8) / 8000 - 1 / 8).abs().max() < 0.02


@pytest.mark.parametrize("length", [2, 3, 10, 61])
def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum(length):
    x, y = adding_batch(np.random.default_rng(1), 50, length)
    assert x.shape == (50, length, 2) and x.dtype == torch.float32
    assert y.shape == (50,) and y.dtype == torch.float32
    marks = x[:, :, 1]
    half = length // 2
    assert (marks[:, :half].sum(dim=1) == 1).all() and (marks[:, half:].sum(dim=1) == 1).all()
    torch.testing.assert_close((x[:, :, 0] * marks).sum(dim=1), y)


def test_adding_baseline_is_one_sixth():
    _, y = adding_batch(np.random.default_rng(2), 40_000, 20)
    assert (y - 1).square().mean().item() == pytest.approx(1 / 6, rel=0.02)


@pytest.mark.parametrize("task,arguments", [(recall_batch, (0, 3)), (recall_batch, (2, -1)), (adding_batch, (2, 1))])
def test_sizes_that_make_no_sense_are_refused(task, arguments):
    with pytest.raises(ValueError, match="expected"):
        task(np.random.default_rng(0), *arguments)


def test_same_seed_same_batch():
    for task in (recall_batch, adding_batch):
        first, second = (task(np.random.default_rng(3), 4, 6) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_norms_equal_the_norm_of_v_times_the_jacobian():
    torch.manual_seed(0)
    rnn, x = RNN(3, 5).double(), torch.randn(2, 7, 3, dtype=torch.float64)
    v = torch.randn(2, 5, generator=torch.Generator().manual_seed(0)).double()
    v = v / v.norm(dim=1, keepdim=True)
    states = rnn(x)[0].detach()
    expected = [1.0]
    for lag in range(1, 7):
        norms = []
        for b in range(2):

            def last(h, b=b, lag=lag):
                return rnn(x[b : b + 1, 7 - lag :], h[None])[1][0]

            jacobian = torch.autograd.functional.jacobian(last, states[b, 6 - lag])
            norms.append((v[b] @ jacobian).norm().item())
        expected.append(np.mean(norms))
    np.testing.assert_allclose(gradient_norm_by_lag(rnn, x), expected, rtol=1e-10)


def test_a_linear_orthogonal_network_keeps_the_norm_and_a_scaled_one_decays_by_its_radius():
    rnn, x = RNN(3, 6, activation=lambda z: z).double(), torch.randn(4, 30, 3).double()
    with torch.no_grad():
        nn.init.orthogonal_(rnn.W_hh)
    np.testing.assert_allclose(gradient_norm_by_lag(rnn, x), np.ones(30), rtol=1e-10)
    with torch.no_grad():
        rnn.W_hh *= 0.9
    np.testing.assert_allclose(gradient_norm_by_lag(rnn, x), 0.9 ** np.arange(30), rtol=1e-10)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_torch_layers_can_be_measured_too(kind):
    torch.manual_seed(1)
    norms = gradient_norm_by_lag(kind(3, 6, num_layers=2, batch_first=True), torch.randn(2, 9, 3))
    assert norms.shape == (9,) and norms[0] == 1 and (norms > 0).all()


def test_an_lstm_counts_h_and_c_as_one_vector_each_by_its_own_way_on():
    torch.manual_seed(2)
    lstm, x = nn.LSTM(3, 4, batch_first=True).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    v = torch.randn(1, 4, generator=torch.Generator().manual_seed(0)).double()
    _, (h, c) = lstm(x[:, :1])

    def last(h, c):
        return lstm(x[:, 1:], (h, c))[0][0, 0]

    by_h, by_c = torch.autograd.functional.jacobian(last, (h, c))
    whole = torch.cat([by_h.reshape(4, 4), by_c.reshape(4, 4)], dim=1)
    expected = (v[0] / v.norm() @ whole).norm().item()
    np.testing.assert_allclose(gradient_norm_by_lag(lstm, x), [1.0, expected], rtol=1e-10)


def test_one_step_has_lag_zero_only_and_frozen_weights_can_be_measured():
    rnn = RNN(3, 5)
    assert gradient_norm_by_lag(rnn, torch.randn(2, 1, 3)).tolist() == [1.0]
    expected = gradient_norm_by_lag(rnn, torch.ones(2, 6, 3))
    for parameter in rnn.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        np.testing.assert_allclose(gradient_norm_by_lag(rnn, torch.ones(2, 6, 3)), expected, rtol=1e-6)
