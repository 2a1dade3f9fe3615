"""Splice junctions: parts are fair, readers see what they should, a hidden letter is hidden from its own guess."""

import numpy as np
import pytest
import torch

from seqlib.studies.which_junction import (
    JunctionFilters,
    JunctionReader,
    by_regression,
    error_rates,
    fit,
    fit_hidden,
    in_parts,
    nats,
    said,
    within_reach,
)

X = torch.eye(4)[torch.from_numpy(np.random.default_rng(0).integers(4, size=(40, 60)))]
Y = torch.from_numpy(np.random.default_rng(1).integers(3, size=40))


def test_each_class_is_dealt_out_evenly():
    classes = np.array([0] * 33 + [1] * 27 + [2] * 60)
    parts = in_parts(classes, 10, seed=3)
    table = np.array([[((parts == p) & (classes == k)).sum() for k in range(3)] for p in range(10)])
    assert (
        np.ptp(table, axis=0).max() <= 1
        and np.ptp(table.sum(axis=1)) <= 1
        and (in_parts(classes, 10, 4) != parts).any()
    )


def test_reach_is_counted_from_the_middle():
    assert within_reach(X, 30).shape == (40, 60, 4) and torch.equal(within_reach(X, 2), X[:, 28:32])
    with pytest.raises(ValueError, match="from 1 to 30"):
        within_reach(X, 31)


def test_error_rates_are_percent_of_each_class():
    found = error_rates([0, 1, 1, 2, 2, 0], [0, 0, 1, 2, 2, 2])
    assert found == pytest.approx({"EI": 50, "IE": 0, "N": 100 / 3, "all": 100 / 3})


@pytest.mark.parametrize("make", [JunctionReader, JunctionFilters])
def test_readers_use_every_letter_and_train(make):
    torch.manual_seed(0)
    model = make().eval()
    x = X.clone().requires_grad_(True)
    model(x).square().sum().backward()
    if make is JunctionReader:
        assert (x.grad.abs().sum(dim=(0, 2)) > 0).all()
    before = [p.detach().clone() for p in model.parameters()]
    fit(model, X, Y, 2, 1e-2)
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert said(model, X).shape == (40,)


def test_a_letter_is_hidden_from_its_own_guess():
    torch.manual_seed(0)
    model = JunctionReader(dropout=0.0)
    x = X[:2].clone().requires_grad_(True)
    guesses = model.hidden_letters(x)
    assert guesses.shape == (2, 58, 4)
    (g,) = torch.autograd.grad(guesses[0, 9].sum() * 3 + guesses[0, 9, 0], x)  # the guess of letter 10
    seen = g[0].abs().sum(dim=1) > 0
    assert not seen[10] and seen[9] and seen[11] and seen.sum() == 59 and not g[1].any()


def test_hidden_letters_cost_a_quarter_chance_each_where_nothing_is_known():
    model = JunctionReader()
    torch.nn.init.zeros_(model.letter.weight)
    torch.nn.init.zeros_(model.letter.bias)
    assert nats(model, X) == pytest.approx(np.log(4), abs=1e-5) and model.training


def test_hidden_letters_are_learned_where_they_can_be():
    letters = torch.arange(60) % 4
    x = torch.eye(4)[letters].repeat(30, 1, 1)
    torch.manual_seed(0)
    losses = fit_hidden(JunctionReader(8, dropout=0.0), x, 60, 3e-2, batch=8).losses
    assert losses[-1] < 0.3 < losses[0]


def test_a_regression_finds_what_a_line_separates():
    x = np.random.default_rng(0).normal(size=(200, 3, 2))
    y = (x[:, 0, 0] > 0).astype(int)
    assert (by_regression(x[:150], y[:150], x[150:], C=10) == y[150:]).mean() > 0.9
