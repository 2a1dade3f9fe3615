"""Series to forecast: what ships with statsmodels, what is simulated, what is downloaded."""

import numpy as np
import pytest

from seqlib.data import available, series


def test_sunspots_are_those_of_the_literature():
    years, spots = series.sunspots()
    assert years[0] == 1700 and years[-1] == 2008 and len(spots) == 309
    assert spots[years == 1957][0] == pytest.approx(190.2)


def test_no_month_of_co2_is_made_from_its_future():
    months, values = series.co2_monthly()
    assert len(months) == len(values) == 525 and not np.isnan(values).any()
    assert np.diff(months) == pytest.approx(1 / 12)
    from statsmodels.datasets import co2 as shipped

    weeks = shipped.load_pandas().data["co2"]
    raw = weeks.resample("MS").mean().iloc[1:].to_numpy()
    filled = np.flatnonzero(np.isnan(raw))
    assert len(filled) == 5 and values[~np.isnan(raw)] == pytest.approx(raw[~np.isnan(raw)])
    late = [t for t in filled if t > 12]
    assert late and all(values[t] == pytest.approx(values[t - 12] + values[t - 1] - values[t - 13]) for t in late)


def test_an_odd_beat_has_the_height_mean_and_spread_of_a_usual_one():
    for length in (40, 48, 57):
        usual, odd = (series._beat(length, kind) for kind in (False, True))
        for measure in (np.max, np.mean, np.std):
            assert measure(odd) == pytest.approx(measure(usual), abs=0.012)
        assert np.abs(odd - usual).max() > 0.1


def test_the_ecg_is_made_of_its_beats():
    beats = series.ecg(np.random.default_rng(0), 400, 0.25)
    assert beats.starts[0] == 0 and beats.starts[-1] == len(beats.values) and len(beats.starts) == 401
    assert 0.17 < beats.odd.mean() < 0.33 and not series.ecg(np.random.default_rng(0), 50).odd.any()
    assert np.diff(beats.starts).mean() == pytest.approx(series.SAMPLES, abs=1)


def test_the_load_has_the_mean_and_the_memory_that_it_says():
    town = series.load(np.random.default_rng(1), 24 * 3000)
    by_hour = town.values.reshape(-1, 24)
    assert by_hour.mean(axis=0) == pytest.approx(town.mean, abs=0.06)
    rest = (by_hour - town.mean).ravel()
    new = rest[1:] - 0.8 * rest[:-1]
    hours = np.arange(1, len(rest)) % 24
    spread = np.array([new[hours == hour].std() for hour in range(24)])
    assert spread == pytest.approx(town.spread, rel=0.06)


@pytest.mark.skipif(not available("sp500_shiller/data.csv"), reason="the data are not here")
def test_monthly_prices():
    years, prices = series.monthly_averages()
    assert len(prices) == len(years) == 1866 and prices[0] == 4.44 and years[0] == pytest.approx(1871.04, abs=0.01)


@pytest.mark.skipif(not available("vega_stocks/sp500-2000.csv"), reason="the data are not here")
def test_daily_closes():
    months, prices = series.daily_closes()
    assert len(months) == len(prices) and months[0] == 2000 * 12 and prices[0] == pytest.approx(1455.22, abs=0.01)
    assert (np.diff(months) >= 0).all()


@pytest.mark.skipif(not available("ett/ETTh1.csv"), reason="the data are not here")
def test_etth1():
    hours = series.etth1()
    assert hours.shape == (17420, 7) and hours[0, 0] == pytest.approx(5.827)


@pytest.mark.skipif(not available("ecg200/ECG200_TEST.arff"), reason="the data are not here")
def test_ecg200():
    for part, usual in (("TRAIN", 69), ("TEST", 64)):
        beats, fine = series.ecg200(part)
        assert beats.shape == (100, 96) and fine.sum() == usual


@pytest.mark.skipif(not available("ecg_mitbih208/ecg.dat"), reason="the data are not here")
def test_mitbih208():
    assert series.mitbih208().shape == (108_000,)
