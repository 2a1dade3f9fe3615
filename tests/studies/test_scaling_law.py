"""The law of small runs: a known law is found again, an optimum at the edge is refused, operations are counted."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from seqlib.models.gpt import GPT
from seqlib.studies import loss_against_compute as runs
from seqlib.studies import scaling_law as law


def made_up(levels, noise=0.0, exponent=0.08, growth=0.5, shift=0.0):
    """A grid whose best size is 5000 (C / 1e10)^growth, with losses 2.4 (C / 1e10)^-exponent there."""
    rng, found = np.random.default_rng(0), {}
    for C in levels:
        best, lowest = 5000 * (C / 1e10) ** growth, 2.4 * (C / 1e10) ** -exponent
        found[C] = {
            round(best * times): [lowest + 0.04 * np.log(times) ** 2 + rng.normal() * noise]
            for times in np.exp(np.array([-1.2, -0.5, 0.2, 0.9, 1.4]) + shift)
        }
    return found


LEVELS = (5e9, 1e10, 2e10, 4e10, 8e10)


def test_a_known_law_is_found_again_and_foretells():
    told = law.laws(made_up(LEVELS), 2.5e11)
    assert told["exponent"] == pytest.approx(0.08, abs=1e-3) and told["growth"] == pytest.approx(0.5, abs=1e-2)
    assert told["nats"] == pytest.approx(2.4 * 25**-0.08, rel=1e-3)
    assert told["low"] <= told["nats"] <= told["high"]


def test_the_interval_is_wider_where_the_points_scatter():
    narrow, wide = (law.laws(made_up(LEVELS, noise), 2.5e11) for noise in (1e-4, 1e-2))
    assert wide["high"] - wide["low"] > 10 * (narrow["high"] - narrow["low"])


def test_an_optimum_outside_of_what_was_tried_is_refused():
    with pytest.raises(ValueError, match="outside of the sizes"):
        law.best_size(made_up(LEVELS, shift=2.0)[1e10])
    with pytest.raises(ValueError, match="outside of the sizes"):
        law.best_size({1000: [2.0], 2000: [2.1], 4000: [2.0]})


def test_operations_are_those_of_the_counter():
    config = runs.shape(16, 1)
    model = GPT(config)
    tokens = torch.randint(config.vocabulary_size, (2, runs.CONTEXT))
    with FlopCounterMode(display=False) as counter:
        model(tokens).sum().backward()
    counted = counter.get_total_flops() / tokens.numel()
    # Counted forward and backward; the rule takes the gradient of what goes into the first layer as computed too.
    assert counted == pytest.approx(runs.operations_a_token(config), rel=0.05)


def test_shapes_grow_with_the_weights_that_are_asked_for():
    sizes = [runs.weights_of(runs.shape(*runs.shape_near(n))) for n in (2e3, 1e4, 5e4, 2e5)]
    assert sizes == sorted(sizes)
    for asked, found in zip((2e3, 1e4, 5e4, 2e5), sizes, strict=True):
        assert 0.5 < found / asked < 2


def test_every_level_of_the_grid_is_paid_for():
    for level, shapes in runs.LEVELS.items():
        for shape in shapes:
            config = runs.shape(*shape)
            spent = runs.steps_for(level, config) * runs.BATCH * runs.CONTEXT * runs.operations_a_token(config)
            assert spent == pytest.approx(level, rel=0.05)


def test_a_grid_is_read_from_results():
    results = {runs.point(1e10, 1464): [2.0, 2.2], f"rate at {runs.point(1e10, 1464)}": [0.08, 0.08]}
    assert runs.grid(results) == {1e10: {1464: [2.0, 2.2]}}


def test_a_short_run_ends_and_says_what_it_reached():
    nats, history = runs.run_at(5e9, 8, 1, 0.04, most=2)
    assert np.isfinite(nats) and len(history.losses) == 2
