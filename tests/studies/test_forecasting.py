"""The studies of notebook 08: no look into the future, quantiles that are true, baselines that are what they say."""

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.data.series import load
from seqlib.studies import how_far_ahead as far
from seqlib.studies import how_sure, who_forecasts_best
from seqlib.studies import which_beat_is_odd as heart


class Drift(nn.Module):
    """Says x + 1 after each reading, and counts in its state."""

    def forward(self, x, state=None):
        return x + 1, (0 if state is None else state) + x.shape[1]


def test_rolled_reads_its_own_forecasts():
    x = torch.tensor([[[1.0], [5.0]], [[2.0], [7.0]]])
    assert far.rolled(Drift(), x, 3)[..., 0].tolist() == [[6, 7, 8], [8, 9, 10]]


def test_a_straight_line_is_continued_and_folded_at_the_walls():
    seen = 0.1 + 0.05 * torch.arange(far.SEEN)[None, :, None]
    true = 0.1 + 0.05 * torch.arange(far.SEEN, far.SEEN + far.AHEAD)[None, :, None]
    assert torch.allclose(far.straight_on(seen), true, atol=1e-5)
    assert torch.allclose(far.folded(torch.tensor([-0.2, 0.4, 1.3, 2.1])), torch.tensor([0.2, 0.4, 0.7, 0.1]))
    assert far.errors_ahead(lambda s: far.folded(far.straight_on(s)), 200)[0] < 0.03


def test_windows_of_a_part_have_their_targets_in_it():
    values = np.arange(20 * far.MONTH, dtype=float)[:, None]
    for part, (first, last) in far.PARTS.items():
        x, y = far.windows_of(values, part)
        assert y[0, 0, 0] == max(first, far.READ) and y[-1, 0, -1] == last - 1
        assert (x[:, 0, -1] + 1 == y[:, 0, 0]).all() and x.shape[2] == far.READ and y.shape[2] == far.SAY
    assert len(far.windows_of(values, "test")[0]) == 2785


def test_the_scale_is_that_of_the_training_part():
    values = np.random.default_rng(0).normal(3, 2, (20 * far.MONTH, 2))
    values[12 * far.MONTH :] += 100
    train = far.scaled(values)[: 12 * far.MONTH]
    assert train.mean(axis=0) == pytest.approx([0, 0], abs=1e-9) and train.std(axis=0) == pytest.approx([1, 1])


@pytest.mark.parametrize("name", far.MODELS)
def test_models_of_etth1_map_every_column_alone(name):
    torch.manual_seed(0)
    model, x = far.MODELS[name](), torch.randn(2, 3, far.READ)
    whole = model(x)
    assert whole.shape == (2, 3, far.SAY)
    assert torch.allclose(model(x[:, 1:2]), whole[:, 1:2], atol=1e-5)


def test_dlinear_is_a_linear_map_plus_a_constant():
    torch.manual_seed(0)
    model, (x, y) = far.DLinear().double(), torch.randn(2, 1, far.READ, dtype=torch.float64)
    zero = model(torch.zeros_like(x))
    assert torch.allclose(model(2 * x + y) - zero, 2 * (model(x) - zero) + model(y) - zero)


def test_true_quantiles_hold_what_they_promise_and_others_score_worse():
    town = load(np.random.default_rng(5), 24 * 900)
    train, test = town.values[: 24 * 300], town.values[24 * 300 :]
    x, y = how_sure.origins(test)
    truth = how_sure.true_quantiles(town, test)
    below = (y[..., None] <= truth).mean(axis=(0, 1))
    assert below == pytest.approx(how_sure.LEVELS, abs=0.02)
    scores = [
        how_sure.crps_of_quantiles(y, q, how_sure.LEVELS).mean()
        for q in (truth, how_sure.autoregressive_quantiles(train, x), how_sure.naive_quantiles(train, x))
    ]
    assert scores[0] < scores[1] - 0.02 < scores[2] - 0.05


def test_the_autoregression_knows_an_autoregression():
    """Where the noise is as large at each hour, its normal bands are those of the truth."""
    rng, u, values = np.random.default_rng(2), 0.0, []
    mean = load(rng, 24).mean
    for t in range(24 * 1500):
        u = 0.8 * u + 0.3 * rng.normal()
        values.append(mean[t % 24] + u)
    values = np.array(values)
    x, y = how_sure.origins(values[24 * 1000 :])
    q = how_sure.autoregressive_quantiles(values[: 24 * 1000], x)
    assert (y[..., None] <= q).mean(axis=(0, 1)) == pytest.approx(how_sure.LEVELS, abs=0.02)
    first = (q[:, 0, -1] - q[:, 0, 0]) / (2 * 1.6449)
    assert first == pytest.approx(0.3, rel=0.02)


def test_quantiles_never_cross_and_pinball_is_least_at_the_true_one():
    torch.manual_seed(0)
    out = how_sure.QuantileForecaster(8)(torch.randn(3, how_sure.READ, 1))
    assert out.shape == (3, how_sure.SAY, 19) and (out.diff(dim=2) > 0).all()
    y, level = torch.randn(20_000, dtype=torch.float64), torch.tensor([0.8], dtype=torch.float64)
    losses = [float(how_sure.pinball(y, torch.full((20_000, 1), q), level)) for q in (0.5, 0.8416, 1.2)]
    assert losses[1] < losses[0] and losses[1] < losses[2]


def test_crps_of_a_single_number_is_the_absolute_error():
    y = np.array([1.0, -2.0])
    q = np.repeat([[4.0], [-1.5]], 19, axis=1)
    assert how_sure.crps_of_quantiles(y, q, how_sure.LEVELS) == pytest.approx([3.0, 0.5])


class LastTwo(nn.Module):
    """Says the mean of the last two readings: easy to follow by hand."""

    def forward(self, x, state=None):
        before = torch.cat([x[:, :1], x[:, :-1]], dim=1)
        return (x + before) / 2, None


def test_surprise_is_the_error_of_each_sample_from_its_past():
    values = np.random.default_rng(0).normal(size=1003)
    found = heart.surprise(LastTwo(), values, rows=7, warm=20)
    said = (values[1:-1] + values[:-2]) / 2
    assert found[2:] == pytest.approx((values[2:] - said) ** 2, rel=1e-4, abs=1e-6)
    changed = values.copy()
    changed[500:] += 3
    assert heart.surprise(LastTwo(), changed, rows=7, warm=20)[:500] == pytest.approx(found[:500])


def test_linear_surprise_is_small_on_what_is_linear():
    t = np.arange(3000)
    wave = np.sin(t / 7) + 0.5 * np.cos(t / 3)
    noise = 0.01 * np.random.default_rng(0).normal(size=3000)
    assert heart.linear_surprise((wave + noise)[:2000], (wave + noise)[2000:]).mean() < 0.001


def test_amplitudes_are_near_chance_on_matched_beats():
    _, tested = heart.heartbeats(3)
    areas = heart.areas(heart.amplitudes(tested), tested.odd)
    assert set(areas) == {"highest", "lowest", "height", "mean", "spread"} and max(areas.values()) < 0.66


def test_rules_of_the_air_see_nothing_but_their_history():
    values = 300 + np.arange(120) * 0.1 + 3 * np.sin(np.arange(120) * np.pi / 6)
    for rule in (
        who_forecasts_best.last_value,
        who_forecasts_best.last_year_and_rise,
        who_forecasts_best.autoregression,
    ):
        errors = who_forecasts_best.over_origins({"rule": rule}, values, [60, 72])["rule"]
        changed = values.copy()
        changed[72:] += 50
        again = who_forecasts_best.over_origins({"rule": rule}, changed, [60, 72])["rule"]
        assert errors.shape == (2, 12) and errors[0] == pytest.approx(again[0])
        assert np.abs(again[1] - errors[1]).min() > 30
    exact = who_forecasts_best.over_origins({"r": who_forecasts_best.last_year_and_rise}, values, [60])["r"]
    assert exact == pytest.approx(np.zeros((1, 12)), abs=1e-6)


def test_changes_over_a_year_are_added_up_again():
    history = np.arange(24.0)
    assert who_forecasts_best.with_last_year(history, np.full(14, 12.0)) == pytest.approx(np.arange(24.0, 38))


def test_the_autoregression_of_sunspots_reaches_the_measured_bar():
    from seqlib.data.series import sunspots

    years, spots = sunspots()
    train = spots[years <= who_forecasts_best.LAST_TRAINING_YEAR]
    design = np.column_stack([np.ones(len(train) - 9), who_forecasts_best.lagged(train, 9)])
    w = np.linalg.lstsq(design, train[9:], rcond=None)[0]
    said = np.concatenate([np.full(9, np.nan), w[0] + who_forecasts_best.lagged(spots, 9) @ w[1:]])
    found = [who_forecasts_best.relative_variance(said, spots, years, era) for era in who_forecasts_best.ERAS.values()]
    assert found == pytest.approx([0.123, 0.342], abs=0.0006)
