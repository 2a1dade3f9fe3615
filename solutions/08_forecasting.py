# %% [markdown]
# # 08 · Forecasting
#
# **By the end you have foretold a ball, the sun, the air, a heart and a transformer's temperature; caught the leaks that
# make a forecast look good; said how sure you are and measured whether you were right to be; and seen where a network
# wins, and where it loses to a regression of three lines.**
#
# *Before you start:* [02 · The recurrent network](02_rnn.ipynb), [06 · The GRU](06_gru.ipynb). *Time:* 130 minutes, of
# which about 90 are the twelve exercises. *Needs:* no GPU; the internet for share prices, a benchmark and two real hearts.
# Without it you see the benchmark's recorded run, and the others are left out.

# %% [markdown]
# ## The next place of a ball
#
# In [01](01_why_order_matters.ipynb) a ball between two walls was foretold by a straight rule, and every bounce was
# missed. Here the ball is seen through a slightly blurred lens: twelve frames of it, and then twenty-four that you are
# to say *before* they come.

# %%
import numpy as np
import torch
from torch import nn

from seqlib.display.motion import film
from seqlib.studies.how_far_ahead import AHEAD, balls

seen, places = balls([1], count=3)
film({f"ball {k + 1}": track for k, track in enumerate(places[:, :, 0].numpy())},
     "Three balls that move from wall to wall at different speeds.")

# %% [markdown]
# The picture of every model on this page: a recurrent network reads one reading at a time, and at each step says the
# *next* one. On the left the truth is always there to be read. On the right it ends, and the network goes on alone: each
# forecast is the next reading.

# %% tags=["fold"]
# Draw: the forecaster with the truth at its side, and alone
from seqlib import show
from seqlib.display.figures import COLOURS, bars, figure, level, lines, spread


def link(ax, start, stop, colour="#444444", style="-", curve=0.0):
    ax.annotate("", stop, start, arrowprops={"arrowstyle": "->", "color": colour,
                "linestyle": style, "connectionstyle": f"arc3,rad={curve}"})


fig, ax = figure(figsize=(8, 2.6))
for t in range(7):
    known = t < 4
    ax.text(t, 1, "GRU", ha="center", va="center", color="white", fontsize=9,
            bbox={"boxstyle": "round", "facecolor": COLOURS["green"], "edgecolor": "none"})
    reading = f"$x_{t + 1}$" if known else rf"$\hat x_{t + 1}$"
    tint = COLOURS["blue" if known else "vermilion"]
    ax.text(t, 0, reading, ha="center", va="center", color=tint)
    ax.text(t, 2, rf"$\hat x_{t + 2}$", ha="center", va="center",
            color=COLOURS["vermilion"])
    link(ax, (t, 0.2), (t, 0.72))
    link(ax, (t, 1.28), (t, 1.8))
    if t < 6:
        link(ax, (t + 0.3, 1), (t + 0.7, 1))
    if 3 <= t < 6:
        link(ax, (t + 0.15, 1.9), (t + 0.9, 0.2), COLOURS["vermilion"], "--", 0.1)
ax.axvline(3.5, color="#999999", linestyle=":")
ax.set(xlim=(-0.6, 6.6), ylim=(-0.4, 2.5),
       title="Reading the truth (left), then only itself (right)")
ax.set_axis_off()
show(fig, alt="Seven boxes named GRU in a row. The first four read true values from below "
              "and say the next value above. From the fifth on, a dashed arrow leads each "
              "forecast down to become the next box's input.")

# %% [markdown]
# Two equations. The state is the GRU's of 06. The readout says how far the next reading lies from this one, so that a
# network that knows nothing begins as the rule “it stays where it is”:
#
# $$h_t = \mathrm{GRU}(x_t, h_{t-1}) \tag{8.1}$$
#
# $$\hat x_{t+1} = x_t + h_t W_{hy} + b_y \tag{8.2}$$

# %%
from seqlib.models.layers import GRU


class Forecaster(nn.Module):
    """A GRU that says how far the next reading lies from this one.

    x (B, T, D), a state or None → what comes after each reading (B, T, D), the last state.
    """

    def __init__(self, width=1, hidden_size=32):
        super().__init__()
        self.layer = GRU(width, hidden_size)
        self.readout = nn.Linear(hidden_size, width)

    def forward(self, x, state=None):
        h, state = self.layer(x, state)  # (8.1)
        return x + self.readout(h), state  # (8.2)


# %% [markdown]
# It is trained as the language models were: at every step it reads the truth, and the loss is the mean squared error of
# all its next readings. **Predict.** After that, 24 frames ahead and alone, how many times larger is its error than one
# frame ahead?

# %%
guess = None  # predict: the error 24 frames ahead, divided by that one frame ahead

# %%
from seqlib import budget, reveal
from seqlib.studies import how_far_ahead as far

torch.manual_seed(0)
player = Forecaster(hidden_size=48)
far.train_ball(player, "forced", budget(cpu=300), lr=5e-3, name="balls")
ahead = {"straight on": far.errors_ahead(far.straight_on),
         "straight on, folded": far.errors_ahead(lambda s: far.folded(far.straight_on(s))),
         "GRU, alone": far.errors_ahead(lambda s: far.rolled(player, s, AHEAD))}
reveal(guess, ahead["GRU, alone"][-1] / ahead["GRU, alone"][0],
       "times larger 24 frames ahead than one frame ahead")

# %% tags=["fold"]
# Draw: error against frames ahead
fig, ax = figure(figsize=(7, 3))
lines(ax, np.arange(1, AHEAD + 1), ahead)
ax.set(title="Who knows of walls errs less; alone, errors grow", yscale="log",
       xlabel="frames ahead", ylabel="error (box widths)")
show(fig, alt="Error against frames ahead on a logarithmic axis. The straight line without "
              "walls grows fastest to more than a box width. The straight line folded at "
              "the walls and the GRU both grow, and end well below it.")

# %% [markdown]
# *Straight on* knows nothing of walls; *folded* was told the physics, and is what the network has to be measured by. The
# network found the walls by itself. Its errors grow because each forecast is built on the one before. You write that
# loop now, for any rule that says one step.
#
# **Exercise 08.1 · Roll it out** — ●○○○, 6 minutes, core
#
# `predict` takes the last readings, a window (K,), and says the next one. With $f$ for it, and forecasts in the place of
# readings where those are missing:
#
# $$\hat x_{t+k+1} = f(\hat x_{t+k-K+1}, \dots, \hat x_{t+k}) \tag{8.3}$$

# %%
def roll_out(predict, history, horizon):
    """`horizon` forecasts, each made from a window of as many readings as `history` has.

    predict(window (K,)) → a number; history (K,), the latest last. Returns (horizon,).
    """
    ### BEGIN SOLUTION
    window, said = history, []
    for _ in range(horizon):
        said.append(predict(window))  # (8.3)
        window = np.append(window[1:], said[-1])
    return np.array(said)
    ### END SOLUTION


# %%
from seqlib import check

roll_out, result = check("08.roll_out", roll_out)
result

# %% [markdown]
# ## The sun, and what may be known when
#
# Now a real series, and a short one: the yearly number of sunspots, which ships with statsmodels (NOAA, public domain). The
# dotted line is the **cut**. Left of it you may learn; right of it lie the years that papers have tested on since 1990.

# %%
from seqlib.data.series import sunspots
from seqlib.studies import who_forecasts_best as contest

years, spots = sunspots()
cut = int(np.searchsorted(years, contest.LAST_TRAINING_YEAR + 1))
print(f"{len(spots)} years, {cut} of them to train on; {spots.mean():.0f} spots on average")
print(f"the highest year: {spots[:cut].max():.0f} before the cut, {spots[cut:].max():.0f} "
      f"in {years[spots.argmax()]}")

# %% tags=["fold"]
# Draw: the sunspots and the cut
fig, ax = figure(figsize=(8, 2.3))
ax.plot(years, spots, linewidth=1.1)
ax.axvline(contest.LAST_TRAINING_YEAR + 0.5, color="black", linestyle=":")
ax.set(title="About eleven years, never quite the same", ylabel="sunspots", xlabel="year")
show(fig, alt="Yearly sunspot numbers from 1700 to 2008: peaks about every eleven years, "
              "of heights from 50 to 190. A dotted line marks 1920.")

# %% [markdown]
# **Exercise 08.2 · One scale for both sides** — ●○○○, 5 minutes, core
#
# Networks like numbers near zero. The scale is learned, like everything else, from the past alone:
#
# $$z_t = \frac{x_t - m}{s}, \qquad m, s \text{ of the steps before the cut} \tag{8.4}$$
#
# A column each; $s$ is the root of the mean squared distance from $m$. The *whole* series is then scaled with these two.

# %%
def scale_by_training_part(series, cut):
    """The series in the scale of its steps before `cut`.

    series (T, C). Returns scaled (T, C), mean (C,) and spread (C,).
    """
    ### BEGIN SOLUTION
    past = series[:cut]
    mean = past.mean(axis=0)
    spread = ((past - mean) ** 2).mean(axis=0) ** 0.5
    return (series - mean) / spread, mean, spread  # (8.4)
    ### END SOLUTION


# %%
scale_by_training_part, result = check("08.scale_by_training_part", scale_by_training_part)
result

# %% [markdown]
# **Exercise 08.3 · Windows without a leak** — ●●●○, 12 minutes, core
#
# A window is `length` inputs and the `horizon` values after them, and one begins at every step. Which may train, which
# may test? With $t$ for the place of a window's first target, $H$ for the horizon and $c$ for the cut:
#
# $$\text{train: } t + H \le c, \qquad \text{test: } t \ge c \tag{8.5}$$
#
# Inputs of a test window may reach back before the cut: on that day they were known. Windows whose targets lie across the
# cut belong to nobody.

# %%
def windows_without_leak(series, length, horizon, cut):
    """Windows to train on and to test on, in the order of time.

    series (T,). Returns x_train (N, length), y_train (N, horizon), x_test (M, length),
    y_test (M, horizon).
    """
    ### BEGIN SOLUTION
    starts = np.arange(len(series) - length - horizon + 1)
    whole = series[starts[:, None] + np.arange(length + horizon)]
    x, y = whole[:, :length], whole[:, length:]
    first = starts + length
    train, test = first + horizon <= cut, first >= cut  # (8.5)
    return x[train], y[train], x[test], y[test]
    ### END SOLUTION


# %%
windows_without_leak, result = check("08.windows_without_leak", windows_without_leak)
result

# %% [markdown]
# ## The bar: an autoregression
#
# Yule wrote the first one in 1927, for these very sunspots: each year is a weighted sum of the years before.
#
# $$\hat x_t = b + \sum_{k=1}^{p} w_k\, x_{t-k} \tag{8.6}$$
#
# **Exercise 08.4 · Fit it** — ●●○○, 10 minutes, core
#
# The squared error is smallest where a linear system says so: `np.linalg.lstsq` solves it. `weights[0]` belongs to the
# value just before, `weights[1]` to the one before that. Ready-made fits (statsmodels' `AutoReg.fit`, scikit-learn's
# `LinearRegression` and `Ridge`) are not allowed.

# %%
def fit_ar(values, order):
    """Least squares for (8.6): the intercept, and weights (order,), the latest value first.

    values (T,). statsmodels' AutoReg.fit and scikit-learn's LinearRegression and Ridge are
    not allowed here.
    """
    ### BEGIN SOLUTION
    count = len(values) - order
    columns = [values[order - 1 - k : order - 1 - k + count] for k in range(order)]
    design = np.column_stack([np.ones(count), *columns])  # (8.6)
    weights = np.linalg.lstsq(design, values[order:], rcond=None)[0]
    return weights[0], weights[1:]
    ### END SOLUTION


# %%
fit_ar, result = check("08.fit_ar", fit_ar)
result

# %% [markdown]
# **Parity.** statsmodels' `AutoReg` on the same years, and its nine weights beside yours.

# %%
from statsmodels.tsa.ar_model import AutoReg

intercept, weights = fit_ar(spots[:cut], order=9)
theirs = np.asarray(AutoReg(spots[:cut], lags=9).fit().params)
print("weights", weights.round(2))
print(f"{np.abs(np.append(intercept, weights) - theirs).max():.0e} apart from statsmodels'")

# %% [markdown]
# Errors are told as **relative variance**: the mean squared error divided by the variance of the series, for which papers
# take 1535. **Predict.** What does an autoregression of nine years leave in 1921–55?

# %%
guess = None  # predict: relative variance of the AR(9) in 1921–55, from 0 to 1

# %%
said = {"the mean of the training": np.full(len(spots), spots[:cut].mean()),
        "last year again": np.append(np.nan, spots[:-1])}
for order in (2, 9):
    b, w = fit_ar(spots[:cut], order)
    nothing = np.full(order, np.nan)
    said[f"AR({order})"] = np.append(nothing, b + contest.lagged(spots, order) @ w)
stretches = contest.ERAS | {"1980–2008": contest.LATER}
left = {name: [contest.relative_variance(each, spots, years, era)
               for era in stretches.values()] for name, each in said.items()}
reveal(guess, left["AR(9)"][0], "relative variance of the AR(9), 1921–55", fmt="{:.3f}")

# %% [markdown]
# And the network? The same `Forecaster` with 16 units, 221 years to learn from. One live, three recorded; its learning
# rate was chosen on 1880–1920, by networks that had seen only the years before.

# %%
from seqlib.training.recorded import credit, load

recorded_sun = load("08_sunspots")
torch.manual_seed(0)
sun = Forecaster(hidden_size=16)
rate = recorded_sun["results"]["GRU, rate"][0]
contest.train_sunspots(sun, spots[:cut], budget(cpu=150), lr=rate)
said["GRU, live"] = contest.next_years(sun, spots)

# %% tags=["fold"]
# Table: relative variance, a row a rule, a column a stretch of years
from seqlib.studies.forecasts_judged import table

left["GRU, live"] = [contest.relative_variance(said["GRU, live"], spots, years, era)
                     for era in stretches.values()]
recorded = [recorded_sun["results"][f"GRU, {name}"] for name in stretches]
table(["", *stretches],
      [[name, *(f"{value:.3f}" for value in row)] for name, row in left.items()]
      + [["GRU, recorded, 3 seeds", *(f"{min(r):.3f} to {max(r):.3f}" for r in recorded)]],
      "Relative variance, one year ahead; smaller is better")
print(credit(recorded_sun))

# %% [markdown]
# Nobody is ahead everywhere. The recorded networks are a little behind the nine numbers of a linear system in the two
# stretches that papers test on, also where the sun is more active than in any year of the training, and a little ahead
# in the years that no paper had seen. One stretch of years would have given you whichever verdict you like.

# %% [markdown]
# ## The air: a season, a trend, many origins
#
# CO₂ above Mauna Loa, month by month (Keeling and Whorf 2004, public domain, from statsmodels too). It has a season, so the
# naive rule is *the same month a year ago*. No model is worth showing without it.
#
# **Exercise 08.5 · The seasonal naive rule** — ●○○○, 4 minutes, core
#
# $$\hat x_{T+h} = x_{T+h-P} \tag{8.7}$$
#
# with period $P$; beyond one period, where that is not known yet, the season begins again.

# %%
def seasonal_naive(history, period, horizon):
    """The last period of history (T,), again and again: (horizon,). T >= period."""
    ### BEGIN SOLUTION
    last = history[-period:]
    return last[np.arange(horizon) % period]  # (8.7)
    ### END SOLUTION


# %%
seasonal_naive, result = check("08.seasonal_naive", seasonal_naive)
result

# %% [markdown]
# One cut gives one verdict, as the sun has shown. A **rolling origin** gives many: stand at month t, know `values[:t]`
# and nothing else, say the months after; then move on and do it again. This is also how a forecast is used.
#
# **Exercise 08.6 · Backtest** — ●●○○, 8 minutes, core
#
# `method(history, horizon)` gives an array (horizon,). Origins are `first`, `first + every`, …, as long as all the
# months to be foretold exist. An origin `t` means that `t` values are known.

# %%
def backtest(method, values, first, horizon, every):
    """Absolute errors (origins, horizon) of a method that sees nothing but the past.

    values (T,); method(history (t,), horizon) → (horizon,).
    """
    ### BEGIN SOLUTION
    errors = []
    for origin in range(first, len(values) - horizon + 1, every):
        said = method(values[:origin], horizon)
        errors.append(np.abs(said - values[origin : origin + horizon]))
    return np.array(errors)
    ### END SOLUTION


# %%
backtest, result = check("08.backtest", backtest)
result

# %% [markdown]
# Errors in parts per million say little to who does not know the air. The **mean absolute scaled error** divides by what
# the seasonal naive rule missed in the training part, so that 1 means “no better than that”:
#
# $$\mathrm{MASE} = \frac{\frac1H\sum_h |x_{T+h}-\hat x_{T+h}|}{\frac1{T-P}\sum_{t>P}|x_t-x_{t-P}|} \tag{8.8}$$
#
# **Exercise 08.7 · Scaled errors** — ●●○○, 5 minutes, core

# %%
def mase(actual, said, training, period):
    """The error of `said` (H,) against `actual` (H,), scaled by (8.8): a number.

    training (T,): what was known; period: of the season.
    """
    ### BEGIN SOLUTION
    naive = np.abs(training[period:] - training[:-period]).mean()
    return np.abs(actual - said).mean() / naive  # (8.8)
    ### END SOLUTION


# %%
mase, result = check("08.mase", mase)
result

# %% [markdown]
# Five rules without a network, the last two fitted anew by statsmodels at each of the origins; and two recorded GRUs,
# trained once on the months before the first origin: one of the levels themselves, scaled as in 08.2, one of the
# *changes over a year*. **Predict.** By how many ppm does the GRU of levels miss, on average over the year ahead? (The rule
# “as a year ago” misses about one and a half.)

# %%
guess = None  # predict: mean absolute error in ppm of the GRU trained on levels

# %%
from seqlib.data.series import co2_monthly

months, co2 = co2_monthly()
print(f"the first origin: {months[contest.FIRST]:.0f}, after {contest.FIRST} months")
rules = {
    "last month again": contest.last_value,
    "as a year ago": lambda history, horizon: seasonal_naive(history, 12, horizon),
    "a year ago and the rise": contest.last_year_and_rise,
    "exponential smoothing": contest.smoothing,
    "AR(13) of changes": contest.autoregression,
}
errors = {name: backtest(rule, co2, contest.FIRST, 12, contest.EVERY)
          for name, rule in rules.items()}
recorded_air = load("08_co2")
networks = {name: np.array([recorded_air["results"][f"{name}, {h} ahead"]
                            for h in range(1, 13)]).T  # (seeds, months ahead)
            for name in ("GRU of levels", "GRU of changes")}
reveal(guess, networks["GRU of levels"].mean(), "ppm missed by the GRU of levels")

# %% tags=["fold"]
# Draw: error against months ahead, a line a rule
fig, ax = figure(figsize=(7.5, 3.4))
lines(ax, np.arange(1, 13),
      {name: e.mean(axis=0) for name, e in errors.items()}
      | {name: spread(e) for name, e in networks.items()})
ax.set(title=f"CO₂, means over {len(errors['as a year ago'])} origins: levels fall out of "
             "the scale", yscale="log", xlabel="months ahead",
       ylabel="mean absolute error (ppm)")
ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
show(fig, alt="Mean absolute error against months ahead, logarithmic, for five rules and "
              "two GRUs. The GRU of levels is worst by far. Exponential smoothing and the "
              "autoregression of changes are lowest; the GRU of changes lies near them.")

# %% tags=["fold"]
# Table: the same in ppm and scaled
known = co2[: contest.FIRST]
unit = mase(np.ones(1), np.zeros(1), known, 12)  # what one ppm is worth
shown = {name: e.mean() for name, e in errors.items()}
shown |= {f"{name}, recorded": e.mean() for name, e in networks.items()}
table(["", "ppm", "MASE"], [[n, f"{v:.2f}", f"{v * unit:.2f}"] for n, v in shown.items()],
      "Twelve months ahead, mean over all origins; MASE scaled by the first origin's past")
print(credit(recorded_air))

# %% [markdown]
# A network interpolates. Trained on levels up to 1975 it has never seen the air of 1990, and scaling cannot help that;
# told of *changes*, it comes near smoothing and the autoregression, and ahead of the naive rules. Those two were fitted anew at
# each origin, the network once, so this is no fair fight. They have what this series is made of, a trend and a season, built
# in; the network must find both in some two hundred months. What the picture does not show:
# networks trained on many series at once, which is another contest.

# %% [markdown]
# ## How sure are you?
#
# A single number is half a forecast. The town below (simulated, so that the truth is known) uses electricity by the hour.
# At night hardly anything is uncertain; at noon and in the evening a good deal.

# %%
from seqlib.data.series import load as town_load
from seqlib.studies import how_sure

town = town_load(np.random.default_rng(0), 24 * 500)
train_hours, test_hours = how_sure.split(town.values)
x_town, y_town = how_sure.origins(test_hours)
print(f"{len(x_town)} origins in the test, {how_sure.READ} hours known at each, "
      f"{how_sure.SAY} to foretell")

# %% [markdown]
# Say **quantiles**: the value below which the truth lies with probability τ. The loss that a true quantile makes
# smallest is the **pinball loss**, a V that leans:
#
# $$\ell_\tau(y, q) = \max\bigl(\tau\,(y-q),\ (\tau-1)(y-q)\bigr) \tag{8.9}$$
#
# At τ = 0.9 it costs nine times as much to be too low as to be too high, so the best $q$ is one that is too low one time
# in ten.

# %% tags=["fold"]
# Draw: the pinball loss for three levels
fig, ax = figure(figsize=(6, 2.4))
gap = np.linspace(-2, 2, 81)
lines(ax, gap, {f"τ = {t}": np.maximum(t * gap, (t - 1) * gap) for t in (0.1, 0.5, 0.9)})
ax.set(title="The pinball loss leans", xlabel="truth minus quantile, y − q", ylabel="loss")
show(fig, alt="Three V-shaped curves that meet at zero. For level 0.9 the right arm is "
              "steep and the left one flat, for 0.1 the other way round, for 0.5 both are "
              "equal.")

# %% [markdown]
# **Exercise 08.8 · The pinball loss** — ●●○○, 8 minutes, core
#
# In torch, because a network is trained through it. The mean over all forecasts and all levels.

# %%
def pinball_loss(target, quantiles, levels):
    """The mean of (8.9).

    target (..., ), quantiles (..., Q), levels (Q,): tensors. Returns a scalar tensor.
    """
    ### BEGIN SOLUTION
    error = target[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean()  # (8.9)
    ### END SOLUTION


# %%
pinball_loss, result = check("08.pinball_loss", pinball_loss)
result

# %% [markdown]
# The network reads 48 hours and says 19 quantiles, from 0.05 to 0.95, for each of the 24 hours after. Its readout says
# the lowest freely and the others as steps upward, so that they cannot cross. Your loss trains it, with a learning rate
# that did best of three on the last 60 days of the training part.

# %%
mean, width = train_hours.mean(), train_hours.std()
torch.manual_seed(0)
teller = how_sure.QuantileForecaster()
rate = load("08_quantiles")["results"]["GRU, rate"][0]
how_sure.train_quantiles(teller, (train_hours - mean) / width, pinball_loss,
                         steps=budget(cpu=250), lr=rate, name="quantiles")
told = {
    "yesterday": how_sure.naive_quantiles(train_hours, x_town),
    "autoregression": how_sure.autoregressive_quantiles(train_hours, x_town),
    "GRU": mean + width * how_sure.said_by(teller, (x_town - mean) / width),
    "the truth": how_sure.true_quantiles(town, test_hours),
}

# %% [markdown]
# Beside it: yesterday's course with the errors it made in training; statsmodels' autoregression of what each hour's mean
# leaves, with its normal bands; and what somebody says who wrote the simulation.
#
# **Exercise 08.9 · Coverage** — ●○○○, 4 minutes, core
#
# A band that promises 90 % should hold the truth 90 % of the time. How often does it, for each step ahead? The edges
# count as inside.

# %%
def coverage(target, low, high):
    """The share of targets that lie in their band, for each step ahead.

    target, low, high (N, H), edges included. Returns (H,), from 0 to 1.
    """
    ### BEGIN SOLUTION
    inside = (low <= target) & (target <= high)
    return inside.mean(axis=0)
    ### END SOLUTION


# %%
coverage, result = check("08.coverage", coverage)
result

# %% [markdown]
# **Calibration** is the question whether promises are kept. First over all hours, at every level; then the same 90 % band
# by the hour of the day.

# %%
start = 5 * np.arange(len(x_town)) + how_sure.READ
hour = (start[:, None] + np.arange(how_sure.SAY)) % 24
kept = {name: [(y_town <= q[..., k]).mean() for k in range(19)] for name, q in told.items()}
by_hour = {
    name: [100 * coverage(y_town[hour == h][:, None], q[hour == h][:, :1],
                          q[hour == h][:, -1:])[0] for h in range(24)]
    for name, q in told.items()
}

# %% tags=["fold"]
# Draw: promised against kept, and the 90 % band by the hour
fig, axes = figure(1, 2, figsize=(9, 3.3))
lines(axes[0], how_sure.LEVELS, kept)
axes[0].axline((0, 0), slope=1, color="#999999", linewidth=1, linestyle="-", zorder=1)
axes[0].set(title="Over all hours …", xlabel="promised: share below",
            ylabel="measured share below")
lines(axes[1], np.arange(24), by_hour, legend=False)
level(axes[1], 90, "90 %")
axes[1].set(title="… and hour by hour", xlabel="hour of the day",
            ylabel="percent in the 90 % band", ylim=(50, 101))
show(fig, alt="Left: measured against promised shares; the truth, the GRU and yesterday "
              "lie near the diagonal, the autoregression meets it at the ends and bends "
              "away. Right: percent of truths in the 90 percent band by hour. The truth "
              "stays near 90, the GRU less than ten percent from it; the others hold "
              "nearly all at night and too few at noon.")

# %% [markdown]
# Over all hours the autoregression's 90 % band keeps its promise. By the hour it does not: a band of one width is too wide
# at night and too narrow at noon; and its middle quantiles stray even on the whole, since most hours are calmer than its
# one spread. One score that rewards being calibrated *and* sharp is the **continuous ranked probability score**, with
# quantiles at even levels twice their mean pinball loss. It has the unit of the load, and of a single number it is the
# absolute error:
#
# $$\mathrm{CRPS} \approx \frac{2}{Q}\sum_{k=1}^{Q} \ell_{\tau_k}(y, q_k) \tag{8.10}$$

# %%
levels = torch.tensor(how_sure.LEVELS)
crps = {name: 2 * float(pinball_loss(torch.tensor(y_town), torch.tensor(q), levels))
        for name, q in told.items()}  # (8.10)
recorded_town = load("08_quantiles")

# %% tags=["fold"]
# Table: scores and coverage, live and recorded
rows = []
for name, value in crps.items():
    runs = recorded_town["results"][f"{name}, CRPS"]
    night, noon = (np.mean(recorded_town["results"][f"{name}, in it, {part}"])
                   for part in ("night", "noon"))
    rows.append([name, f"{value:.3f}", f"{min(runs):.3f} to {max(runs):.3f}",
                 f"{night:.0f} %", f"{noon:.0f} %"])
table(["", "CRPS, live", "recorded, 3 towns", "in the 90 % band, 0–5 h", "11–15 h"], rows,
      "A day ahead, every fifth hour an origin; smaller CRPS is better")
print(credit(recorded_town))

# %% [markdown]
# Here the network wins in each of the three towns, though the ranges over towns overlap, and for a reason: the
# autoregression's *mean* is as good as it can be, but it has no way to say that noon is less certain than night. At noon
# the network's own band holds too few, too. Its score stays above the truth's, which nothing can beat.
#
# ## Explore: a forecast with its band
#
# Choose the origin, how far ahead, and how much the band should hold. Where does it widen? Does a band of 50 % hold half?
# The quantiles are those that you trained; the arithmetic runs in your browser.

# %%
from seqlib.display.explorers.forecast import ForecastExplorer

some = np.arange(0, 20)
ForecastExplorer(x_town[some], y_town[some], told["GRU"][some], how_sure.LEVELS,
                 unit="load", first_hours=start[some] % 24)

# %% [markdown]
# ## A heart: surprise as an alarm
#
# A forecaster of the usual is also a detector of the unusual: where it is surprised, something is odd. It needs no label
# of a fault, only usual data. The beats below are simulated. One in ten lacks its first small wave and has two humps in
# the place of the last; it was made so that its highest point, mean and spread are those of a usual beat.

# %%
from seqlib.studies import which_beat_is_odd as heart

usual, tested = heart.heartbeats(seed=0)
print(f"{len(usual.odd)} usual beats to train on, {len(usual.values):,} samples; "
      f"{tested.odd.sum()} of {len(tested.odd)} odd in the test")

# %% tags=["fold"]
# Draw: some seconds of the test, odd beats shaded
fig, ax = figure(figsize=(8.5, 2.3))
first_odd = int(np.flatnonzero(tested.odd)[0])
a, b = tested.starts[first_odd - 3], tested.starts[first_odd + 4]
ax.plot(np.arange(a, b) / 60, tested.values[a:b], linewidth=1.2)
for k in np.flatnonzero(tested.odd):
    if a <= tested.starts[k] < b:
        ax.axvspan(tested.starts[k] / 60, tested.starts[k + 1] / 60, alpha=0.2,
                   color=COLOURS["orange"])
ax.set(title="Which beat is odd? As high as the others, and of another shape",
       xlabel="seconds", ylabel="signal")
show(fig, alt="Seven simulated heartbeats. A shaded one is as high as the others, but has "
              "no small wave before its peak and two small humps after it.")

# %% [markdown]
# **Predict.** Draw one odd and one usual beat: how often is the odd one's highest point the more suspicious? (The area
# under the ROC curve of 05: 0.5 is chance, 1 is always.)

# %%
guess = None  # predict: the area under the ROC curve of "highest point"

# %%
recorded_heart = load("08_heart")
torch.manual_seed(0)
listener = Forecaster()
heart.train_heart(listener, usual.values, budget(cpu=200),
                  lr=recorded_heart["results"]["GRU, rate"][0], name="heartbeats")
surprise = heart.surprise(listener, tested.values)
linear = heart.linear_surprise(usual.values, tested.values)
scores = heart.amplitudes(tested) | {"autoregression": heart.by_beat(linear, tested),
                                     "GRU": heart.by_beat(surprise, tested)}
areas = heart.areas(scores, tested.odd)
reveal(guess, areas["highest"], "area under the ROC curve of the highest point")

# %% tags=["fold"]
# Draw: area by score, live and recorded
fig, ax = figure(figsize=(8, 2.9))
runs = np.array([recorded_heart["results"][f"{name}, area"] for name in areas])
bars(ax, list(areas), list(areas.values()), fmt="{:.2f}", chance=0.5,
     spread=(np.minimum(runs.min(axis=1), list(areas.values())),
             np.maximum(runs.max(axis=1), list(areas.values()))))
ax.set(title="Amplitudes know little, the network's surprise knows nearly all",
       ylabel="area under ROC", ylim=(0.4, 1.12), yticks=np.linspace(0.4, 1, 7))
show(fig, alt="Bars of the area under the ROC curve. Highest and lowest point, height, "
              "mean and spread lie near one half; the autoregression lies higher; the GRU "
              "is close to one. Whiskers show three recorded runs.")
print(f"mean squared error a sample: GRU {surprise.mean():.4f}, autoregression "
      f"{linear.mean():.4f}")
print(credit(recorded_heart))

# %% [markdown]
# Here the linear rule, with 48 samples before its eyes, does much worse; longer ones were not tried. A reason may be that
# *when* the next wave comes depends on where in the beat one is. (Of three rates for the GRU the largest was the best, so a
# larger one may do better still.) What this does not show: that it would work in a hospital. Real faults are not of one
# kind, and the usual changes too.

# %% [markdown]
# ## Shares: the walk that looks like skill
#
# If everybody knew that a share will rise tomorrow, it would have risen today. So the bar is the **random walk**: the
# best forecast of tomorrow's price is today's. What should be tested is whether *changes* have a memory:
#
# $$r_1 = \frac{\sum_t (v_{t+1}-\bar v)(v_t-\bar v)}{\sum_t (v_t-\bar v)^2} \tag{8.11}$$
#
# **Exercise 08.10 · The memory of a change** — ●○○○, 4 minutes, core
#
# One mean $\bar v$, of all values; below stand all the squares, above one product fewer. (statsmodels' `acf` is not
# allowed.)

# %%
def lag_one(values):
    """The autocorrelation at lag 1 of values (T,), by (8.11): a number.

    statsmodels' acf is not allowed here.
    """
    ### BEGIN SOLUTION
    around = values - values.mean()
    return (around[1:] * around[:-1]).sum() / (around**2).sum()  # (8.11)
    ### END SOLUTION


# %%
lag_one, result = check("08.lag_one", lag_one)
result

# %% [markdown]
# A famous table of share prices gives one price a month since 1871. Its changes have a memory that any model finds. But
# each price there is the *average* of the month's days. Let us walk at random, by days, and keep each month once as its
# last day and once as its average. No change here has any memory at all.

# %%
rng = np.random.default_rng(0)
walks = rng.normal(size=(budget(cpu=400, smoke=20), 120 * 21)).cumsum(axis=1)
by_month = walks.reshape(len(walks), 120, 21)
memory = {kind: [lag_one(np.diff(walk)) for walk in months_of]
          for kind, months_of in (("last day", by_month[:, :, -1]),
                                  ("average", by_month.mean(axis=2)))}
for kind, values in memory.items():
    print(f"{kind:9} correlation of a month's change with the next: {np.mean(values):.3f}")

# %% [markdown]
# Averaging alone makes a quarter of correlation out of nothing: two neighbouring averages share the days around the turn
# of the month. A model of averages “foretells” them, and nobody can trade at an average that is not over yet. Now the
# S&P 500 itself, if there is a network:

# %%
from seqlib.data import DataUnavailable
from seqlib.data.series import daily_closes, monthly_averages

try:
    when, averages = monthly_averages()
    day_month, closes = daily_closes()
    ends = np.flatnonzero(np.diff(day_month, append=day_month[-1] + 1))
    same = (when > 2000) & (when < 2020.3)
    real = {"averages since 1871": averages, "averages, 2000 to 2020": averages[same],
            "last days, 2000 to 2020": closes[ends], "days, 2000 to 2020": closes}
    for kind, prices in real.items():
        change = np.diff(np.log(prices))
        print(f"{kind:24} {len(change):5} changes, r = {lag_one(change):6.3f}, "
              f"chance ± {2 / len(change) ** 0.5:.3f}")
except DataUnavailable as why:
    print(why)

# %% [markdown]
# The averages since 1871 look as the simulated ones do. The last days of months lie within chance. Day by day there is a
# small *negative* memory in these twenty years; whether it pays for the costs of trading every day is *not tested here*,
# and a test would need those costs, prices at which one could trade, and shares that were later taken off the list.

# %% [markdown]
# ## On a real benchmark: ETTh1
#
# Two years of an electricity transformer, seven columns, hour by hour: from 336 hours say the next 96, for every column.
# The literature trains on twelve months, validates on four, tests on four, and scales with the training part. All
# 2,785 windows of the test are origins.
#
# Your opponent is 96 regressions at once, which share one matrix: a window's 336 hours go in, 96 hours come out, and the
# seven columns are so many examples more. Weights are held small by a penalty λ, the intercept is not:
#
# $$W = (U^\top U + \lambda I)^{-1}\, U^\top V, \qquad b = \bar y - \bar x\,W \tag{8.12}$$
#
# with $U$, $V$ for inputs and targets less their means $\bar x$, $\bar y$.

# %% [markdown]
# **Exercise 08.11 · Ridge regression** — ●●●○, 12 minutes, core
#
# Equation (8.12). `np.linalg.solve(A, B)` is better than an inverse. scikit-learn's `Ridge` and `LinearRegression` are
# not allowed.

# %%
def ridge(x, y, strength):
    """Ridge regression y ≈ x W + b in closed form; b is not penalised.

    x (N, K), y (N, M), strength λ. Returns W (K, M) and b (M,). scikit-learn's Ridge and
    LinearRegression are not allowed here.
    """
    ### BEGIN SOLUTION
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    u, v = x - middle_x, y - middle_y
    W = np.linalg.solve(u.T @ u + strength * np.eye(x.shape[1]), u.T @ v)  # (8.12)
    return W, middle_y - middle_x @ W
    ### END SOLUTION


# %%
ridge, result = check("08.ridge", ridge)
result

# %% [markdown]
# It is fitted here, in seconds, on every second window, if the data can be had; beside it stand two naive rules, and
# what was recorded.

# %%
from seqlib.data.series import etth1

recorded_ett, networks_ett = load("08_etth1"), load("08_networks_on_etth1")
ett, live = recorded_ett["results"] | networks_ett["results"], {}
try:
    table_of_hours = far.scaled(etth1())
    x, y = far.windows_of(table_of_hours, "train")
    few = slice(0, budget(cpu=8209, smoke=400), 2)  # every second window: half the memory
    x, y = (part[few].astype(np.float32) for part in (x, y))
    W, b = ridge(x.reshape(-1, far.READ), y.reshape(-1, far.SAY), strength=1e3)
    W, b = (torch.tensor(part, dtype=torch.float32) for part in (W, b))
    x_test, y_test = far.windows_of(table_of_hours, "test")
    live["ridge"] = far.squared_error(lambda hours: hours @ W + b, x_test, y_test)
except DataUnavailable as why:
    print(why)

# %% tags=["fold"]
# Table: mean squared error on the test part, scaled columns
rows = []
for name in ("repeat the last hour", "repeat the last day", "ridge", *far.MODELS):
    runs = ett[name]
    both = f"{min(runs):.3f}" if len(runs) == 1 else f"{min(runs):.3f} to {max(runs):.3f}"
    rows.append([name, f"{live[name]:.3f}" if name in live else "", both])
table(["", "live", "recorded"], rows,
      "ETTh1, 336 hours to 96, all seven columns, scaled: mean squared error")
print(credit(recorded_ett), credit(networks_ett), sep="\n")

# %% [markdown]
# Three lines in closed form leave less than a third of what repeating the last hour leaves, and clearly less than
# yesterday again. Beside them a fair fight with two networks, recorded: DLinear (two linear maps, of a trend and of the
# rest) and a GRU that reads a day at a time. Four rates each, tried with seed 0; rate and weights chosen on the validation
# part; three seeds; 600 batches of 32 windows.

# %% [markdown]
# DLinear, for all its training, stays a little behind the closed form. The GRU by days is ahead of it with every seed, and
# by little: the bar is high, and it can be passed. What the table does not show: other series, other horizons, and
# Transformers, of whom the paper behind the claim below speaks; they are *not tested here*.

# %% [markdown]
# Two real hearts, if there is a network. ECG200: 200 beats of 96 samples, usual or with an infarct. One autoregression is
# fitted to each class, and a beat belongs to the one that is less surprised; beside it the beat's nearest neighbour.

# %%
from seqlib.data.series import ecg200, mitbih208


def surprise_of(beats, order, fit_to):
    """The mean squared error on each beat (N,) of a ridge autoregression of other beats."""
    def pieces(group):
        views = np.lib.stride_tricks.sliding_window_view(group, order + 1, axis=1)
        return views[..., :-1], views[..., -1:]

    x, y = pieces(fit_to)
    W, b = ridge(x.reshape(-1, order), y.reshape(-1, 1), 1.0)
    x, y = pieces(beats)
    return ((x @ W + b - y) ** 2).mean(axis=(1, 2))


try:
    (beats, fine), (new, truth) = ecg200("TRAIN"), ecg200("TEST")
    less = surprise_of(new, 8, beats[fine]) < surprise_of(new, 8, beats[~fine])
    nearest = fine[((new[:, None] - beats) ** 2).sum(axis=2).argmin(axis=1)]
    for name, said_fine in (("always usual", np.ones(100, bool)), ("less surprised", less),
                            ("nearest neighbour", nearest)):
        right = 100 * (said_fine == truth).mean()
        wide = 196 * ((right / 100) * (1 - right / 100) / 100) ** 0.5
        print(f"{name:18} {right:.0f} % right, ± {wide:.0f}")
except DataUnavailable as why:
    print(why)

# %% [markdown]
# The nearest neighbour is clearly above "always usual"; *less surprised* lies between, and its ± touches both. A hundred beats
# cannot place it, and one order was tried.
#
# Now record 208 of the MIT-BIH collection, five minutes at 360 samples a second, here every sixth. It comes without
# labels, so nothing can be scored. A linear forecaster is fitted to the first two minutes; of the other three, the second
# that surprises it most is shown beside a middling one. Look at them, and judge.

# %%
try:
    pulse = mitbih208()[::6]
    pulse = (pulse - pulse[:7200].mean()) / pulse[:7200].std()
    error = heart.linear_surprise(pulse[:7200], pulse[7200:], order=30)
    seconds = error[: len(error) // 60 * 60].reshape(-1, 60).mean(axis=1)
    loud, quiet = int(seconds.argmax()), int(np.argsort(seconds)[len(seconds) // 2])
except DataUnavailable as why:
    pulse = None
    print(why)

# %% tags=["fold"]
# Draw: the loudest surprise and a middling one
if pulse is not None:
    fig, axes = figure(1, 2, figsize=(8.5, 2.4), sharey=True)
    names = "a middling", "the loudest"
    for ax, at, name in zip(axes, (quiet, loud), names, strict=True):
        a = max(0, 60 * at - 90)
        ax.plot(np.arange(a, a + 240) / 60, pulse[7200 + a : 7200 + a + 240], linewidth=1.1)
        ax.axvspan(at, at + 1, alpha=0.2, color=COLOURS["orange"])
        ax.set(title=f"Around {name} surprise", xlabel="seconds after the training")
    show(fig, alt="Two stretches of four seconds of a real electrocardiogram, a second of "
                  "each shaded. On the left narrow and broad beats follow one another; on "
                  "the right the beats are narrow and everything is noisy.")

# %% [markdown]
# The loudest surprise is no fault of the heart that you can see: it is a noisy stretch of the recording. And the broad
# beats on the left, of another shape than the narrow ones, were there in the training minutes too, so they surprise it
# less. An alarm is worth no more than its idea of “usual”. What one record without labels does not show is how often.

# %% [markdown]
# ## A stream: one reading in, one forecast out
#
# A sensor has no windows. A reading comes, a forecast must go, and memory must not grow. A recurrent network is made for
# that: all it knows is its state. What about the scale, whose mean and spread need the whole past? They can be carried
# along too (Welford 1962). With count $n$, mean $m$ and sum of squared distances $q$:
#
# $$m' = m + \frac{x-m}{n+1}, \qquad q' = q + (x-m)(x-m') \tag{8.13}$$
#
# **Exercise 08.12 · A scale that runs along** — ●●○○, 8 minutes, core

# %%
def running_scale(state, reading):
    """One reading more: the state (count, mean, squares) of a running scale, by (8.13).

    squares is the sum of squared distances from the mean, so the spread is
    (squares / count) ** 0.5. Begins as (0, 0.0, 0.0). Returns count, mean, squares.
    """
    ### BEGIN SOLUTION
    count, mean, squares = state
    count = count + 1
    before = reading - mean
    mean = mean + before / count
    after = reading - mean
    return count, mean, squares + before * after  # (8.13)
    ### END SOLUTION


# %%
running_scale, result = check("08.running_scale", running_scale)
result

# %% [markdown]
# Put together: `listener`, the trained heart, reads its signal sample by sample. Is what it says the same as when it
# reads everything at once? How much does it remember, and how long does a sample take?

# %%
from time import perf_counter


@torch.no_grad()
def stream(model, readings):
    """Forecasts (T,), one a reading; the seconds each took; the last state and scale."""
    state, scale, said, took = None, (0, 0.0, 0.0), [], []
    for reading in readings:
        began = perf_counter()
        scale = running_scale(scale, float(reading))
        out, state = model(torch.tensor([[[reading]]], dtype=torch.float32), state)
        took.append(perf_counter() - began)
        said.append(out.item())
    return np.array(said), np.array(took), state, scale


readings = tested.values[: budget(cpu=2000, smoke=100)]
said_live, took, state, scale = stream(listener, readings)
with torch.no_grad():
    at_once = listener(torch.tensor(readings, dtype=torch.float32)[None, :, None])[0]
print(f"{np.abs(said_live - at_once[0, :, 0].numpy()).max():.0e} apart from the batch")
print(f"remembered: {state.numel()} numbers of the network, {len(scale)} of the scale; "
      f"spread {(scale[2] / scale[0]) ** 0.5:.4f}, of all at once {readings.std():.4f}")
print(f"a sample every {1e3 / 60:.1f} ms; a forecast takes {1e3 * np.median(took):.2f} ms, "
      f"the slowest of a hundred {1e3 * np.quantile(took, 0.99):.2f} ms")

# %% [markdown]
# The same numbers, a state that does not grow, and a forecast that is ready long before the next sample. An attention
# model would keep every reading; that story is told in [21](21_cost.ipynb) and [22](22_linear_recurrence.ipynb).

# %% [markdown]
# ## Break it
#
# **The truth taken away.** Trained with the truth at each step, a forecaster has never read a forecast of its own. Train
# it the other way, on the error of 24 frames said *alone*. Recorded: three seeds, each with the best of three rates (for
# both the largest of them: a larger one might do better).

# %% tags=["fold"]
# Draw: the ball again, forced and free training, error against frames ahead
recorded_balls = load("08_balls")
trained = {how: np.array([recorded_balls["results"][f"{how}, {k} ahead"]
                          for k in range(1, AHEAD + 1)]).T for how in ("forced", "free")}
fig, ax = figure(figsize=(7, 3))
lines(ax, np.arange(1, AHEAD + 1),
      {"trained with the truth": spread(trained["forced"]),
       "trained alone": spread(trained["free"]),
       "straight on, folded": ahead["straight on, folded"]})
ax.set(title="After 250 batches: near, the truth helps; far, they are level", yscale="log",
       xlabel="frames ahead", ylabel="error (box widths)")
show(fig, alt="Error against frames ahead, logarithmic. The network trained with the truth "
              "begins lower; its band soon reaches the other line, and towards the end "
              "the two lines lie together. Bands show three seeds.")
print(credit(recorded_balls))

# %% [markdown]
# After 250 batches each, the network trained with the truth is ahead for the first frames; far out the two are level.
# Whether practice alone wins far out with more training is *not tested here*: it takes a
# few thousand batches, three seeds and rates again. Try it: `steps` and `lr` of `train_ball` are all that changes.
#
# **The future let in.** Now break a *split*. A random walk cannot be foretold; let us “foretell” its change over the next
# thirty days from the last thirty, by the three nearest neighbours, with windows split at random and with windows split in
# time.

# %%
from sklearn.neighbors import KNeighborsRegressor


def skill(x, y, train, test):
    """The share of the variance that is explained: 0 is what saying the mean gives."""
    model = KNeighborsRegressor(3).fit(x[train], y[train])
    return 1 - ((model.predict(x[test]) - y[test]) ** 2).mean() / y[test].var()


found = {"split at random": [], "split in time": []}
for seed in range(budget(cpu=10, smoke=2)):
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=1500).cumsum()
    view = np.lib.stride_tricks.sliding_window_view(walk, 60)
    x, y = view[:, :30], view[:, 59] - view[:, 29]
    mixed = rng.permutation(len(x)) < 1000
    found["split at random"].append(skill(x, y, mixed, ~mixed))
    early = np.arange(len(x)) < 1000
    late = np.arange(len(x)) >= 1000 + 59  # no day in common
    found["split in time"].append(skill(x, y, early, late))
for name, values in found.items():
    print(f"{name:16} explained {100 * np.mean(values):5.0f} %, {len(values)} walks")

# %% [markdown]
# Split at random, a window's neighbour by one day is nearly itself, with nearly the same answer, and most of
# the noise looks known. Split in time, the same neighbours do worse than saying the mean, which is the 0 of this scale.
# Nothing in the code is wrong but the split. This is the commonest mistake in forecasting, and the reason for 08.3.
#
# ## What the books say

# %% tags=["fold"]
# Table: what is said, what was measured, and a verdict by rule
from seqlib import claims
from seqlib.studies.forecasts_judged import judged

runs = {name: run["results"] for name, run in
        (("sun", recorded_sun), ("air", recorded_air), ("town", recorded_town),
         ("heart", recorded_heart))} | {"ett": ett}
claims(judged(runs,
              linear_sun=left["AR(9)"],
              classical_air=min(e.mean() for e in errors.values()),
              memory={kind: float(np.mean(values)) for kind, values in memory.items()},
              leak={kind: float(np.mean(values)) for kind, values in found.items()}))

# %% [markdown]
# *Not tested here:* that who always read the truth goes astray alone (Bengio et al. 2015, §2; our 250 batches are too few
# to say); that networks forecast shares (it would take daily prices of shares that failed too, costs, and a test
# period that nobody looked at), and that large models trained on many series forecast a new one without training.

# %% [markdown]
# ## Remember
#
# - The past is what you knew on that day: scale, windows, choices and splits come from before the cut.
# - A baseline first: the last value, the last season, an autoregression, a ridge. Often the story ends there.
# - Many origins, not one split. One stretch of years gives any verdict.
# - Say a distribution; promise 90 % and count. Calibrated on the whole can be wrong at every hour.
# - An error 24 steps ahead is made of the errors before it: measure how far ahead you can say.

# %%
from seqlib import flashcards, quiz

flashcards("08")

# %%
quiz("08")

# %% [markdown]
# ## Sources, and beyond
#
# Yule 1927, *On a Method of Investigating Periodicities in Disturbed Series*. Weigend, Huberman and Rumelhart 1990,
# *Predicting the Future: A Connectionist Approach* (the split of the sunspots). Williams and Zipser 1989, *A Learning
# Algorithm for Continually Running Fully Recurrent Neural Networks* (teacher forcing). Bengio, Vinyals, Jaitly and
# Shazeer 2015, *Scheduled Sampling*, §2. Hyndman and Athanasopoulos 2021, *Forecasting: Principles and Practice*, third
# edition, §5.8 to 5.10 (scaled errors, distributions, rolling origins) and §8.3 (seasonal smoothing). Gneiting and Raftery
# 2007, *Strictly Proper Scoring Rules*, §4.2 (CRPS) and §6 (quantiles). Working 1960, *Note on the Correlation of First
# Differences of Averages in a Random Chain*. Zhou et al. 2021, *Informer* (ETTh1). Zeng et al. 2023, *Are Transformers
# Effective for Time Series Forecasting?*, §4 (DLinear). Welford 1962, *Note on a Method for Calculating Corrected Sums
# of Squares and Products*. Makridakis, Spiliotis and Assimakopoulos 2018, *Statistical and Machine Learning Forecasting
# Methods: Concerns and Ways Forward*, results section.
#
# **An open question, without a check.** The town's noise doubles in the second summer. Which of the four bands notices,
# how soon, and what would you change so that it does?
#
# **Beyond.** Give the load's network the hour as a second input. Train the ball's forecaster with the truth first and
# alone after: does it get both ends of the curve? Let the heart's alarm ring in a stream, at most once in ten minutes of
# usual beats. Next: [09 · Generation](09_generation.ipynb).
