"""The recorded runs of notebook 08: balls rolled out, sunspots, CO₂, odd heartbeats, quantiles of a load, ETTh1.

Each network's learning rate is chosen among a few with seed 0, on data that the test does not touch; then two more
seeds run with it. The network is the notebook's own: its definition is read from solutions/08_forecasting.py.
"""

import numpy as np

from recordings import best_of, notebook, recording, swept

SEEDS = (0, 1, 2)


def _forecaster(seed: int, **sizes):
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return notebook("08")["Forecaster"](**sizes)


def _note(results: dict, name: str, rate: float, told: dict) -> None:
    """What the search of the rate found, once for each seed: a recorded result has a number for each."""
    results[f"{name}, rate"] = [rate] * len(SEEDS)
    for each, value in told.items():
        results[f"{name}, chosen by, rate {each:g}"] = [value] * len(SEEDS)


@recording
def balls(command):
    from seqlib.runtime import budget
    from seqlib.studies.how_far_ahead import (
        AHEAD,
        BALL_RATES,
        BALL_STEPS,
        LOSSES,
        SEEN,
        errors_ahead,
        rolled,
        train_ball,
    )
    from seqlib.training import recorded

    results, curves = {}, {}
    for how in LOSSES:

        def run(seed, rate, how=how):
            model = _forecaster(seed, hidden_size=48)
            history = train_ball(model, how, budget(cpu=BALL_STEPS), rate, seed)
            ahead = [errors_ahead(lambda seen: rolled(model, seen, AHEAD), seed=s) for s in (10**6, 10**7)]
            return history, ahead

        # Forced training is judged by its first step, free training by all of them: each by what it is trained for.
        rate, told, runs = best_of(
            BALL_RATES, SEEDS, run, lambda found, how=how: found[1][1][0] if how == "forced" else found[1][1].mean()
        )
        _note(results, how, rate, told)
        curves[how] = [history for history, _ in runs]
        for frame in range(AHEAD):
            results[f"{how}, {frame + 1} ahead"] = [float(ahead[0][frame]) for _, ahead in runs]
    recorded.record(
        "08_balls",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error, box widths squared",
        command=command,
        what=f"Balls: {SEEN} frames read, {AHEAD} foretold alone, trained with the truth at each step or without; "
        f"{BALL_STEPS} batches of 64, {len(BALL_RATES)} rates tried with seed 0",
    )


@recording
def sunspots(command):
    from seqlib.data.series import sunspots as load
    from seqlib.runtime import budget
    from seqlib.studies.who_forecasts_best import (
        ERAS,
        LAST_TRAINING_YEAR,
        LATER,
        SUN_RATES,
        SUN_STEPS,
        next_years,
        relative_variance,
        train_sunspots,
    )
    from seqlib.training import recorded

    years, values = load()
    results, chosen = {}, (1880, LAST_TRAINING_YEAR)

    def run(seed, rate, last=LAST_TRAINING_YEAR):
        model = _forecaster(seed, hidden_size=16)
        return train_sunspots(model, values[years <= last], budget(cpu=SUN_STEPS), rate, seed), next_years(
            model, values
        )

    # The rate is chosen on 1880–1920, by networks that saw the years before 1880 alone.
    rate, told, _ = swept(
        SUN_RATES, lambda rate: run(0, rate, 1879)[1], lambda said: relative_variance(said, values, years, chosen)
    )
    runs = [run(seed, rate) for seed in SEEDS]
    _note(results, "GRU", rate, told)
    for name, era in (*ERAS.items(), ("1980–2008", LATER)):
        results[f"GRU, {name}"] = [relative_variance(said, values, years, era) for _, said in runs]
    recorded.record(
        "08_sunspots",
        {"GRU": [history for history, _ in runs]},
        results=results,
        seeds=SEEDS,
        unit="mean squared error, hundreds of spots squared",
        command=command,
        what="Sunspots a year ahead, relative variance of a GRU of 16 units trained on 1700–1920; "
        "three rates tried on 1880–1920 by networks that saw the years before",
    )


@recording
def co2(command):
    from seqlib.data.series import co2_monthly
    from seqlib.runtime import budget
    from seqlib.studies import who_forecasts_best as study
    from seqlib.training import recorded

    _, values = co2_monthly()
    known, results, curves = values[: study.FIRST], {}, {}
    origins = range(study.FIRST, len(values) - study.AHEAD + 1, study.EVERY)
    kinds = {
        "GRU of levels": (known, study.of_levels),
        "GRU of changes": (known[12:] - known[:-12], study.of_changes),
    }
    for name, (series, wrap) in kinds.items():

        def run(seed, rate, series=series, wrap=wrap, last=0):
            part = series[: len(series) - last]
            model = _forecaster(seed, hidden_size=16)
            scaled = (part - part.mean()) / part.std()
            history = study.train_months(model, scaled, budget(cpu=study.CO2_STEPS), rate, seed)
            return history, wrap(model, part.mean(), part.std())

        # The rate is chosen by the last four years before the first origin, held back for that.
        held_back = range(study.FIRST - 48, study.FIRST - 11, 12)
        rate, told, _ = swept(
            study.CO2_RATES,
            lambda rate, run=run: run(0, rate, last=48)[1],
            lambda forecast, held_back=held_back: study.over_origins({"it": forecast}, known, held_back)["it"].mean(),
        )
        runs = [run(seed, rate) for seed in SEEDS]
        _note(results, name, rate, told)
        curves[name] = [history for history, _ in runs]
        errors = [study.over_origins({name: forecast}, values, origins)[name] for _, forecast in runs]
        results[name] = [float(e.mean()) for e in errors]
        for h in range(study.AHEAD):
            results[f"{name}, {h + 1} ahead"] = [float(e[:, h].mean()) for e in errors]
    recorded.record(
        "08_co2",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error, scaled",
        command=command,
        what="CO₂ twelve months ahead from 26 origins: mean absolute error in ppm of GRUs of 16 units trained once, on "
        "the months before the first origin; four rates tried on the last four years of those",
    )


@recording
def heart(command):
    from seqlib.runtime import budget
    from seqlib.studies import which_beat_is_odd as study
    from seqlib.training import recorded

    results, curves, data = {}, {"GRU": []}, {seed: study.heartbeats(seed) for seed in SEEDS}

    def run(seed, rate):
        train, test = data[seed]
        model = _forecaster(seed)
        usual = train.starts[480]  # the last fifth of the usual beats chooses the rate
        history = study.train_heart(model, train.values[:usual], budget(cpu=study.STEPS), rate, seed)
        error = study.surprise(model, test.values)
        return history, study.surprise(model, train.values[usual:]).mean(), error

    rate, told, runs = best_of(study.RATES, SEEDS, run, lambda found: found[1])
    _note(results, "GRU", rate, told)
    for seed, (history, _, error) in zip(SEEDS, runs, strict=True):
        train, test = data[seed]
        linear = study.linear_surprise(train.values, test.values)
        scores = study.amplitudes(test) | {"autoregression": study.by_beat(linear, test)}
        scores["GRU"] = study.by_beat(error, test)
        for name, area in study.areas(scores, test.odd).items():
            results.setdefault(f"{name}, area", []).append(area)
        results.setdefault("autoregression, error", []).append(float(linear.mean()))
        results.setdefault("GRU, error", []).append(float(error.mean()))
        curves["GRU"].append(history)
    recorded.record(
        "08_heart",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error",
        command=command,
        what=f"Odd heartbeats found by surprise: a GRU of 32 units after {study.STEPS} batches of 32 × "
        f"{study.LENGTH} samples of usual beats, an autoregression of 48 samples, amplitudes; other beats a seed",
    )


@recording
def quantiles(command):
    import torch

    from seqlib.data.series import load
    from seqlib.runtime import budget
    from seqlib.studies import how_sure as study
    from seqlib.training import recorded

    torch.set_num_threads(1)
    results, curves = {}, {"GRU": []}
    towns = {seed: load(np.random.default_rng(seed), 24 * (study.TRAIN_DAYS + study.TEST_DAYS)) for seed in SEEDS}

    def run(seed, rate):
        train, test = study.split(towns[seed].values)
        held = train[: -24 * 60]  # the last 60 days choose the rate
        mean, spread = held.mean(), held.std()
        torch.manual_seed(seed)
        model = study.QuantileForecaster()
        history = study.train_quantiles(
            model, (held - mean) / spread, study.pinball, budget(cpu=study.STEPS), rate, seed
        )

        def said(x):
            return mean + spread * study.said_by(model, (x - mean) / spread)

        x, y = study.origins(train[-24 * 60 :])
        return history, study.crps_of_quantiles(y, said(x), study.LEVELS).mean(), said

    rate, told, runs = best_of(study.RATES, SEEDS, run, lambda found: found[1])
    _note(results, "GRU", rate, told)
    for seed, (history, _, said) in zip(SEEDS, runs, strict=True):
        train, test = study.split(towns[seed].values)
        x, y = study.origins(test)
        every = {
            "yesterday": study.naive_quantiles(train, x),
            "autoregression": study.autoregressive_quantiles(train, x),
            "GRU": said(x),
            "the truth": study.true_quantiles(towns[seed], test),
        }
        for name, q in every.items():
            within = (y >= q[..., 0]) & (y <= q[..., -1])
            results.setdefault(f"{name}, CRPS", []).append(float(study.crps_of_quantiles(y, q, study.LEVELS).mean()))
            results.setdefault(f"{name}, in the 90 % band", []).append(100 * float(within.mean()))
            hours = (5 * np.arange(len(x))[:, None] + study.READ + np.arange(study.SAY)) % 24
            for part, chosen in (("night", hours < 6), ("noon", (hours >= 11) & (hours < 16))):
                results.setdefault(f"{name}, in it, {part}", []).append(100 * float(within[chosen].mean()))
        curves["GRU"].append(history)
    recorded.record(
        "08_quantiles",
        curves,
        results=results,
        seeds=SEEDS,
        unit="pinball loss, scaled",
        command=command,
        what=f"A day of simulated load ahead as 19 quantiles: a GRU of 48 units after {study.STEPS} batches of 64 "
        "windows, yesterday, an autoregression with normal bands, the simulation's own distribution; a town a seed",
    )


@recording
def etth1(command):
    import torch

    from seqlib.data.series import etth1 as load
    from seqlib.studies import how_far_ahead as study
    from seqlib.training import recorded

    torch.set_num_threads(1)
    recorded.record(
        "08_etth1",
        {},
        results={name: [error] for name, error in study.baselines(study.scaled(load())).items()},
        seeds=(0,),
        unit="mean squared error, scaled",
        command=command,
        what="ETTh1, 336 hours to 96, seven columns: rules and a ridge regression, strength chosen on the validation "
        "part; nothing here depends on a seed",
    )


@recording
def networks_on_etth1(command):
    import torch

    from seqlib.data.series import etth1 as load
    from seqlib.runtime import budget
    from seqlib.studies import how_far_ahead as study
    from seqlib.training import recorded

    torch.set_num_threads(1)
    values = study.scaled(load())
    test, results, curves = study.windows_of(values, "test"), {}, {}
    for name, make in study.MODELS.items():

        def run(seed, rate, make=make):
            torch.manual_seed(seed)
            model = make()
            history, validation = study.train_ett(model, values, budget(cpu=study.ETT_STEPS), rate, seed)
            return history, validation, study.squared_error(model, *test)

        rate, told, runs = best_of(study.ETT_RATES[name], SEEDS, run, lambda found: found[1])
        _note(results, name, rate, told)
        curves[name] = [history for history, *_ in runs]
        results[name] = [found for *_, found in runs]
    recorded.record(
        "08_networks_on_etth1",
        curves,
        results=results,
        seeds=SEEDS,
        unit="mean squared error, scaled",
        command=command,
        what=f"ETTh1, 336 hours to 96, seven columns: {study.ETT_STEPS} batches of 32 windows, "
        f"{len(study.ETT_RATES[name])} rates tried with seed 0, weights and rate chosen on the validation part",
    )
