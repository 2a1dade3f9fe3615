"""How a recording chooses its learning rates."""

import numpy as np
import pytest
from recordings import at_best_rate, best_of, until_inside


def test_a_sweep_goes_on_until_the_best_lies_inside():
    rate, told, found = until_inside(
        (1e-3, 3e-3, 1e-2), lambda rate: [rate], lambda run: abs(np.log10(run[0]) + 1), factor=10
    )
    assert rate == pytest.approx(0.1) and max(told) == pytest.approx(1.0)
    assert set(found) == set(told) and found[rate] == [rate]


def test_a_sweep_that_ends_at_an_edge_says_so():
    rate, told, _ = until_inside((3.0, 1.0, 2.0), lambda rate: rate, float, more=2)
    assert rate == min(told) and len(told) == 5


def test_the_first_seed_chooses_for_all():
    rate, told, runs = best_of((1, 2, 3), (10, 20), lambda seed, rate: (seed, rate), lambda run: abs(run[1] - 2))
    assert rate == 2 and told[2] == 0 and runs == [(10, 2), (20, 2)]


def search(score, **options):
    asked = []
    rate, told, found = until_inside((1e-3, 2e-3, 4e-3), lambda rate: asked.append(rate) or rate, score, **options)
    assert sorted(asked) == sorted(told) == sorted(found) and len(asked) == len(set(asked))
    return rate, sorted(told)


def test_an_inner_rate_needs_no_more():
    assert search(lambda rate: abs(rate - 2e-3)) == (2e-3, [1e-3, 2e-3, 4e-3])


def test_the_row_goes_on_at_the_end_where_the_best_rate_stands():
    assert search(lambda rate: -abs(rate - 8e-3), best=max) == (8e-3, [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2])
    assert search(lambda rate: abs(rate - 5e-4)) == (5e-4, [2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3])


def test_it_ends_at_last_with_the_best_at_an_end():
    assert search(lambda rate: -rate) == (1.6e-2, [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2])
    assert search(lambda rate: -rate, more=0) == (4e-3, [1e-3, 2e-3, 4e-3])


def test_of_equals_the_inner_one_is_taken():
    assert search(lambda rate: 1.0) == (2e-3, [1e-3, 2e-3, 4e-3])


def test_the_best_rate_is_searched_with_one_seed_and_told_for_all():
    results, asked = {}, []
    run = lambda rate, seed: asked.append((rate, seed)) or (rate, seed)  # noqa: E731
    told, runs = at_best_rate(results, "ours", (1, 2, 4), run, lambda made: abs(made[0] - 8), seeds=(5, 6, 7))
    assert runs == [(8, 5), (8, 6), (8, 7)] and told == {1: 7, 2: 6, 4: 4, 8.0: 0, 16.0: 8}
    assert results == {"ours, rate": [8] * 3, "ours, rates tried": [1, 16, 5]}
    assert [seed for rate, seed in asked] == [5] * 5 + [6, 7], "nothing is trained twice"


def test_the_mean_of_models_is_that_of_their_probabilities():
    import torch
    from recordings.nb16 import log_mean

    one, other = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    mean = (one.softmax(dim=-1) + other.softmax(dim=-1)) / 2
    torch.testing.assert_close(log_mean([one, other]).exp(), mean)
