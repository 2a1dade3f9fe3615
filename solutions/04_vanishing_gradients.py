# %% [markdown]
# # 04 · Vanishing and exploding gradients
#
# **By the end you can predict from a matrix and a slope how fast a gradient fades on its way back, say what that does
# and what it does not tell about learning, watch a training run blow up and rescue it with one line, and say which
# textbook remedies held when measured.**
#
# *Before you start:* [02 · The recurrent network](02_rnn.ipynb) and [03 · BPTT](03_bptt.ipynb); what an eigenvalue
# is ([the bridge](24_bridge.ipynb)).
# *Time:* 140 minutes, of which about 60 are the ten exercises. *Needs:* no network, no GPU.

# %% [markdown]
# ## A task that is nothing but memory
#
# One of eight symbols is shown. Then come blanks, as many as we like. Then a signal: *which one was it?* Nothing in
# between helps. Whoever has forgotten is right one time in eight: **chance is 12.5 %**, whatever the delay.

# %%
import numpy as np
import torch

from seqlib.studies.how_far_back import recall_batch

x, y = recall_batch(np.random.default_rng(5), batch=1, delay=14)

# %% tags=["fold"]
# Draw: the one sequence, a column a step
from seqlib import show
from seqlib.display.figures import figure, heatmap

fig, ax = figure(figsize=(7, 2.7))
heatmap(ax, x[0].T, rows=[*(f"symbol {i}" for i in range(8)), "blank", "signal"])
ax.set(title=f"Symbol {y[0]}, fourteen blanks, then the question", xlabel="step")
show(fig,
     alt="One input sequence as columns of ones and zeros: a symbol at step 0, blanks at "
         "steps 1 to 14, and the signal to answer at step 15.")

# %% [markdown]
# Only the first column tells this sequence from the seven others; the last one asks. The picture shows one short delay;
# the experiments below stretch the blanks.

# %% [markdown]
# **Predict.** A tanh RNN of 64 units, as PyTorch initialises it, is trained on 400 batches of 32 such sequences, with
# Adam at a rate of $10^{-3}$. What percentage will it recall with a delay of 5? With a delay of 40?

# %%
guess_5 = None  # predict: percent recalled, delay 5
guess_40 = None  # predict: percent recalled, delay 40

# %%
from IPython.display import display

from seqlib import budget, reveal
from seqlib.models.layers import RNN
from seqlib.studies.how_far_back import learn_recall

recalled = {}
for delay in (5, 40):
    torch.manual_seed(0)
    recalled[delay] = 100 * learn_recall(RNN(10, 64), delay, steps=budget(cpu=400))[0]
display(reveal(guess_5, recalled[5], "recalled after 5 blanks (chance 12.5)", unit="%"),
        reveal(guess_40, recalled[40], "recalled after 40 blanks (chance 12.5)", unit="%"))

# %% [markdown]
# The same network, a longer pause, and nothing is learned: at this rate, from this seed. Before you believe that it
# *cannot*, try two more rates and three seeds. (`climb` trains all nine networks side by side.)

# %%
from seqlib.studies.recall_ladder import climb

rates = (1e-3, 3e-3, 1e-2)
tried = climb("default", lambda seed, delay: RNN(10, 64), rates, delays=(40,),
              seeds=(0, 1, 2), steps=budget(cpu=400))
for rate in rates:
    shares = tried[f"default, delay 40, rate {rate:g}"]
    print(f"rate {rate:g}: recalled", ", ".join(f"{share:.0%}" for share in shares))

# %% [markdown]
# One rate would have told you a fable. After 40 blanks this network *can* learn, at a rate that suits; three times less, and
# it learns nothing, three times more, and how much it learns depends on the seed. What makes it so touchy? It is not too
# small: 64 numbers can hold three bits. So look at what it learns *with*: the gradient.

# %% [markdown]
# ## One step
#
# How does a nudge of $h_{t-1}$ move $h_t$? With row vectors, $h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)$, and since
# $\tanh' = 1 - \tanh^2$,
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = W_{hh}\,\mathrm{diag}(1 - h_t^2) \tag{4.1}$$
#
# Entry $i, j$ says how far unit $j$ moves when unit $i$ of the old state is nudged. (03 had its transpose, entry $j, i$, for a
# gradient that is a row; so there the last step came first.)
#
# **Exercise 04.1 · The Jacobian of one step** — ●●○○, 6 minutes, core. The check nudges, and compares.

# %%
def step_jacobian(h_t, W_hh):
    """How h_t (H,) moves with h_{t-1} in a tanh RNN, for W_hh (H, H).

    Returns J (H, H), J[i, j] = ∂h_t[j] / ∂h_{t-1}[i].
    """
    ### BEGIN SOLUTION
    return W_hh * (1 - h_t**2)  # (4.1)
    ### END SOLUTION

# %%
from seqlib import check

step_jacobian, result = check("04.step_jacobian", step_jacobian)
result

# %% [markdown]
# ## Many steps: a product
#
# The chain rule multiplies. A nudge of $h_{T-k}$ goes through $k$ steps, the earliest first:
#
# $$\frac{\partial h_T}{\partial h_{T-k}} = J_{T-k+1}\,J_{T-k+2}\cdots J_T \tag{4.2}$$

# %% [markdown]
# For a network of one unit each Jacobian is a number, $w\,(1 - h_t^2)$. Three steps, worked, with $w = 0.9$ and the
# states 0.3, 0.8 and 0.5:

# %% tags=["fold"]
# Draw: three steps of one unit, each factor, and what is left of a gradient of 1
from seqlib.display.jacobians import product_of_jacobians

factors = [0.9 * (1 - h**2) for h in (0.3, 0.8, 0.5)]
left = [float(np.prod(factors[k:])) for k in range(4)]
product_of_jacobians([f"× {f:.2f}" for f in factors], [f"{g:.2f}" for g in left]).show(
    "Four states in a row, arrows between them, a Jacobian above each. Below, from right "
    "to left, a gradient of 1 at the last state is multiplied by 0.68, by 0.32 and "
    "by 0.82, and 0.18 of it arrives at the first."
)

# %% [markdown]
# From right to left: a gradient of 1, times each step's factor. The unit that stands at 0.8 lets least through, since
# tanh is flattest there. With more units the factors are matrices, and they also turn what they shorten.
#
# **Exercise 04.2 · The Jacobian of many steps** — ●●○○, 8 minutes, core
#
# `states` holds $h_1 … h_T$. Matrices don't commute: mind the order. Lag 0 is the identity.

# %%
def long_jacobian(states, W_hh, lag):
    """The product (4.2) over the last `lag` steps: (H, H).

    states (T, H), W_hh (H, H), 0 <= lag <= T. PyTorch's autograd is not allowed here.
    """
    ### BEGIN SOLUTION
    product = np.eye(len(W_hh))
    for h_t in states[len(states) - lag:]:
        product = product @ step_jacobian(h_t, W_hh)  # (4.2)
    return product
    ### END SOLUTION

# %%
long_jacobian, result = check("04.long_jacobian", long_jacobian)
result

# %% [markdown]
# Is that what PyTorch thinks? `torch.func.jacrev` differentiates the whole network, all steps at once:

# %%
torch.manual_seed(1)
rnn, x = RNN(3, 6).double(), torch.randn(1, 12, 3, dtype=torch.float64)
states = rnn(x)[0].detach()


def last_state(h):
    """h_12, eight steps after h_4."""
    return rnn(x[:, 4:], h[None])[1][0]


by_torch = torch.func.jacrev(last_state)(states[0, 3]).T
mine = long_jacobian(states[0].numpy(), rnn.W_hh.detach().numpy(), lag=8)
product_gap = abs(mine - by_torch.detach().numpy()).max()
print(f"eight steps: largest entry {abs(mine).max():.1e}, largest difference from PyTorch "
      f"{product_gap:.0e}")

# %% [markdown]
# Equal to the last digits. Backpropagation never forms that product. It carries one vector, $\delta_t$, the
# gradient at $h_t$, and takes it one step back at a time:
#
# $$\delta_{t-1} = \bigl(\delta_t \odot (1 - h_t^2)\bigr)\,W_{hh}^\top \tag{4.3}$$
#
# **Exercise 04.3 · The gradient on its way back** — ●●●○, 10 minutes, core
#
# Start with $\delta_T = v$ and return the gradient after 0, 1, … T − 1 steps back. The walk is yours to write: no
# autograd here, nor in the exercise before.

# %%
def gradients_by_lag(states, W_hh, v):
    """The gradient v (H,) at h_T, carried back: (T, H), for lags 0 … T-1.

    states (T, H), W_hh (H, H). PyTorch's autograd is not allowed here.
    """
    ### BEGIN SOLUTION
    deltas = [v]
    for h_t in states[:0:-1]:
        deltas.append((deltas[-1] * (1 - h_t**2)) @ W_hh.T)  # (4.3)
    return np.array(deltas)
    ### END SOLUTION

# %%
gradients_by_lag, result = check("04.gradients_by_lag", gradients_by_lag)
result

# %% [markdown]
# ## One number that decides
#
# Leave the activation out for a moment. Then (4.2) is $W_{hh}^k$, and powers of a matrix are ruled by its eigenvalues
# $\lambda_i$: written in eigenvectors, each direction is multiplied by its $\lambda_i$ again and again. The largest
# wins. Its absolute value is the **spectral radius**:
#
# $$\rho(W) = \max_i |\lambda_i| \tag{4.4}$$
#
# **Exercise 04.4 · The spectral radius** — ●○○○, 3 minutes, core

# %%
def spectral_radius(W_hh):
    """The largest absolute value of the eigenvalues of W_hh (H, H): a number."""
    ### BEGIN SOLUTION
    return np.abs(np.linalg.eigvals(W_hh)).max()  # (4.4)
    ### END SOLUTION

# %%
spectral_radius, result = check("04.spectral_radius", spectral_radius)
result

# %% [markdown]
# So, without an activation and for lags that are long enough, a gradient of norm 1 at lag 0 should come to
#
# $$\|\delta_{T-k}\| \approx \rho^k \tag{4.5}$$
#
# Below 1 it **vanishes**, above 1 it **explodes**, both exponentially. How soon? The first whole $k$ with
#
# $$\rho^k \le \text{share} \quad\Longleftrightarrow\quad k \ge \frac{\ln \text{share}}{\ln \rho} \tag{4.6}$$
#
# **Exercise 04.5 · How long is the memory?** — ●●○○, 5 minutes, core. A radius of 1 or more never gets there:
# `math.inf`.

# %%
import math


def memory_length(radius, share):
    """The first whole number of steps after which at most `share` is left.

    math.inf if never. radius above 0, share between 0 and 1.
    """
    ### BEGIN SOLUTION
    if radius >= 1:
        return math.inf
    return math.ceil(math.log(share) / math.log(radius))  # (4.6)
    ### END SOLUTION

# %%
memory_length, result = check("04.memory_length", memory_length)
result

# %% [markdown]
# **Predict.** What is the spectral radius of the $W_{hh}$ that PyTorch draws, uniform between $\pm 1/\sqrt H$? Write
# a number; the cell below draws such a matrix.

# %%
guess = None  # predict: the spectral radius of PyTorch's own W_hh, 64 units

# %%
torch.manual_seed(0)
torch_radius = float(spectral_radius(RNN(10, 64).W_hh.detach().numpy()))
print(f"at that radius a hundredth is left after {memory_length(torch_radius, 0.01)} "
      f"steps;",
      f"40 steps leave {torch_radius**40:.0e}")
reveal(guess, torch_radius, "spectral radius of PyTorch's own W_hh", fmt="{:.2f}")

# %% [markdown]
# The variance of that draw is $1/3H$, and a large random matrix with independent entries of variance $\sigma^2/H$ has
# radius $\sigma$: here $\sqrt{1/3} = 0.58$. So the common default begins with a memory of a few steps. We can do better on
# purpose, since a matrix times $c$ has its eigenvalues times $c$.
#
# **Exercise 04.6 · To any radius** — ●○○○, 3 minutes, core. One positive factor for the whole matrix.

# %%
def scale_to_radius(W_hh, radius):
    """W_hh (H, H) times one positive number, so that its spectral radius is `radius`.

    A new array. The radius of W_hh itself is not 0.
    """
    ### BEGIN SOLUTION
    return W_hh * (radius / spectral_radius(W_hh))
    ### END SOLUTION

# %%
scale_to_radius, result = check("04.scale_to_radius", scale_to_radius)
result

# %% [markdown]
# ## Three ways to begin
#
# *Gaussian*: independent entries of variance $1/H$. *Orthogonal*: all rows of length 1 and at right angles, so
# $\|hW\| = \|h\|$ exactly. *Identity*: begin by copying. All three have a radius of about 1.
#
# **Exercise 04.7 · First weights** — ●●○○, 6 minutes, core
#
# You get standard normal numbers, `W_hh`, and the kind. *Gaussian* and *orthogonal* are to be made of these numbers. For
# *orthogonal* use a decomposition that NumPy has; there is more than one right answer.

# %%
def first_weights(W_hh, kind):
    """A first matrix (H, H) of a kind: "Gaussian", "orthogonal" or "identity".

    The first two are made of W_hh (H, H), which holds standard normal numbers.
    """
    ### BEGIN SOLUTION
    if kind == "identity":
        return np.eye(len(W_hh))
    return np.linalg.qr(W_hh)[0] if kind == "orthogonal" else W_hh / np.sqrt(len(W_hh))
    ### END SOLUTION

# %%
first_weights, result = check("04.first_weights", first_weights)
result

# %% [markdown]
# ## Measured and predicted
#
# Now the experiment. Two activations, three kinds, three radii, five seeds; 64 units, random inputs, 61 steps.
# `seqlib`'s `gradient_norm_by_lag` takes the norm of what you just wrote, for batches and any layer: for each sequence a
# random unit vector $v$ goes back from the last state.

# %%
from itertools import product

from seqlib.studies.how_far_back import gradient_norm_by_lag

ACTIVATIONS = {"tanh": torch.tanh, "ReLU": torch.relu}


def fresh_rnn(activation, kind, seed, size=64):
    """An RNN for 10 inputs whose W_hh begins as `kind`; "default" is what PyTorch draws."""
    torch.manual_seed(seed)
    rnn = RNN(10, size, ACTIVATIONS[activation])
    noise = torch.randn(size, size, dtype=torch.float64).numpy()
    if kind != "default":
        rnn.W_hh.data = torch.as_tensor(first_weights(noise, kind)).float()
    return rnn


# %%
def measured(activation, kind, radius, seed, steps=61):
    """A fresh RNN at `radius`: gradient norms (T,), mean squared slope's root, stretch."""
    rnn = fresh_rnn(activation, kind, seed).double()
    rnn.W_hh.data = torch.as_tensor(scale_to_radius(rnn.W_hh.detach().numpy(), radius))
    x = torch.randn(16, steps, 10, dtype=torch.float64)
    states = rnn(x)[0].detach()
    slope = 1 - states**2 if activation == "tanh" else (states > 0).double()
    stretch = rnn.W_hh.detach().norm().item() / len(rnn.W_hh) ** 0.5  # (4.8)
    return gradient_norm_by_lag(rnn, x), slope.square().mean().sqrt().item(), stretch

# %% tags=["fold"]
# Compare: your gradient norms beside those of seqlib
rnn = fresh_rnn("tanh", "Gaussian", seed=0).double()
x = torch.randn(1, 30, 10, dtype=torch.float64)
v = torch.randn(1, 64, generator=torch.Generator().manual_seed(0)).double()
states, W_hh = rnn(x)[0][0].detach().numpy(), rnn.W_hh.detach().numpy()
deltas = gradients_by_lag(states, W_hh, (v / v.norm())[0].numpy())
off_by = abs(np.linalg.norm(deltas, axis=1) - gradient_norm_by_lag(rnn, x)).max()
print(f"your norms and seqlib's differ by {off_by:.0e}")

# %% [markdown]
# **Predict.** Radius exactly 1, Gaussian, 60 steps back. Equation (4.5) says that the norm is still 1. What will it be with
# tanh? With ReLU?

# %%
guess_tanh = None  # predict: the norm 60 steps back, tanh
guess_relu = None  # predict: the norm 60 steps back, ReLU

# %%
KINDS = ("Gaussian", "orthogonal", "identity")
RADII = {0.8: "#0072B2", 1.0: "#009E73", 1.2: "#D55E00"}  # and the colour of each
seeds = range(budget(cpu=5, smoke=1))
norms, slopes, stretches = {}, {}, {}
for key in product(ACTIVATIONS, KINDS, RADII):
    found = zip(*(measured(*key, seed) for seed in seeds), strict=True)
    norms[key], slopes[key], stretches[key] = map(np.array, found)
lags = np.arange(61)

# %% tags=["fold"]
# Draw: gradient norm against lag, a panel for each activation and kind
fig, axes = figure(2, 3, figsize=(10, 5.6), sharex=True, sharey=True)
for (activation, kind, radius), norm in norms.items():
    ax = axes[list(ACTIVATIONS).index(activation), KINDS.index(kind)]
    colour, slope = RADII[radius], slopes[activation, kind, radius].mean()
    middle = np.exp(np.log(norm + 1e-300).mean(axis=0))
    ax.plot(lags, middle, "-", color=colour, lw=2.2, label=f"measured, radius {radius}")
    ax.fill_between(lags, norm.min(axis=0), norm.max(axis=0), color=colour, alpha=0.2, lw=0)
    ax.plot(lags, radius**lags, ":", color=colour, lw=1.3,
            label="radius to the power of the lag")  # (4.5)
    ax.plot(lags[::6], (radius * slope) ** lags[::6], "x", color=colour, ms=6,
            label="the same with the slope")  # (4.7)
    ax.set(title=f"{activation}, {kind}", yscale="log", ylim=(1e-11, 1e6))
for ax in axes[1]:
    ax.set_xlabel("lag (steps back)")
axes[0, 0].set_ylabel("gradient norm")
axes[1, 0].set_ylabel("gradient norm")
handles, labels = axes[0, 0].get_legend_handles_labels()
fig.legend(handles[::3] + handles[1:3], labels[::3] + labels[1:3],
           loc="outside lower center", ncols=3)
fig.suptitle("Measured; the radius alone (dotted); with the slope (crosses)",
             fontweight="bold", fontsize=11)
show(fig,
     alt="Six panels of gradient norm against lag on a log scale, radii 0.8, 1 and 1.2, "
         "mean of five seeds with a band. Measured curves lie below the dotted power of "
         "the radius, but for identity and ReLU at 1.2: by some powers of ten for tanh, by "
         "about ten for Gaussian and orthogonal ReLU, where even 1.2 vanishes. Crosses, "
         "with the slope, lie on the orthogonal curves and above the Gaussian ones.")

# %% [markdown]
# The bands are five seeds. The picture shows fresh networks that read noise; of trained ones, or of other inputs, it
# says nothing.
#
# Dotted is (4.5). An activation takes away from it. With $s$ the root mean square of its slope,
#
# $$\|\delta_{T-k}\| \approx (\rho\, s)^k \tag{4.7}$$
#
# (crosses) comes close for orthogonal weights. For ReLU about half of the units are off, so $s \approx \sqrt{1/2}$:
# **where units mix, ReLU fades faster than tanh at one radius**; at $\sqrt2$ times the radius it need not. Under the identity
# units don't mix: some die, some copy, and at radius 1 ReLU keeps more than tanh.

# %% [markdown]
# Gaussian curves fall below their crosses. Of 64 eigenvalues one sticks out, and sets $\rho$; most vectors never meet it,
# the less so as slopes change at each step. A *typical* vector is stretched by
#
# $$\sigma = \sqrt{\textstyle\sum_{ij} W_{ij}^2 / H} \tag{4.8}$$

# %% tags=["fold"]
# Table: at radius 1, the norm 60 steps back, measured and predicted in three ways
def geometric(values):
    return float(np.exp(np.mean(np.log(values))))


print(f"{'60 steps back':18}{'measured, five seeds':>28}{'ρ':>7}{'ρ·s':>10}{'σ·s':>10}")
ends = {key: norm[:, 60] for key, norm in norms.items()}
typical = {key: (stretches[key] * slopes[key]) ** 60 for key in norms}  # by (4.8)
for key in norms:
    if key[2] == 1.0:
        low, high, middle = ends[key].min(), ends[key].max(), geometric(ends[key])
        values = (1.0, geometric(slopes[key] ** 60), geometric(typical[key]))
        print(f"{', '.join(key[:2]):18}{middle:10.0e} ({low:.0e} to {high:.0e})"
              + "{:7.0f}{:10.0e}{:10.0e}".format(*values))

# %% [markdown]
# A factor that is off by a tenth *a step* is off 500-fold after 60, so compare the ends. The slope closes most of the
# gap; for Gaussian weights the typical stretch is nearer than the radius. That the identity escapes both is no wonder:
# its units live apart, and an average over them says little of the few that copy.

# %%
display(
    reveal(guess_tanh, geometric(ends["tanh", "Gaussian", 1.0]), "norm at lag 60, tanh",
           fmt="{:.1g}"),
    reveal(guess_relu, geometric(ends["ReLU", "Gaussian", 1.0]), "norm at lag 60, ReLU",
           fmt="{:.1g}"),
)

# %% [markdown]
# ## Play
#
# Move the radius. Left, what you just saw, computed in your browser for 48 units; right, the eigenvalues. Try: from which
# radius on does a Gaussian ReLU network keep its gradient? Why is it near 1.4? At which radius does tanh stop obeying even
# the slope?

# %%
from seqlib.display.explorers.radius import RadiusExplorer

RadiusExplorer(radius=0.9, activation="tanh", start="Gaussian")

# %% [markdown]
# ## Recall against delay
#
# Gradients at the start are one thing, what is learned another. Eight networks, the recall task, a fixed budget: 400
# batches of 32, 64 units (5,320 parameters with the readout, whichever the start), Adam at $10^{-3}$, $3\cdot10^{-3}$
# and $10^{-2}$, five seeds each. No other rate or size was tried.
#
# **Predict.** Which will remember over the longest delay?

# %%
# "tanh" or "ReLU", and "default", "Gaussian", "orthogonal" or "identity": "tanh default"
guess = None  # predict: the network that remembers longest

# %%
from seqlib.training import recorded as runs

recorded = runs.load("04_recall")
STARTS, LIVE = ("default", *KINDS), 40
live = {net: learn_recall(fresh_rnn(*net, seed=0), LIVE, steps=budget(cpu=400), lr=3e-3)[0]
        for net in product(ACTIVATIONS, STARTS)}

# %% [markdown]
# That was one seed at a delay of 40 and one rate, $3\cdot10^{-3}$, live: the rings below. The lines are recorded: at
# each delay the rate whose loss ended lowest, the mean and the spread of five seeds.

# %% tags=["fold"]
# Draw: share recalled against delay, a panel for each activation
from seqlib.display.figures import level, lines, spread
from seqlib.studies.recall_ladder import DELAYS, at_best_rate, reach

curves = {}
for net in live:
    best = at_best_rate(recorded["results"], " ".join(net))
    nothing = (0, np.full(len(recorded["seeds"]), np.nan))  # longer delays were not run
    curves[net] = spread(np.transpose([best.get(d, nothing)[1] for d in DELAYS]))
fig, axes = figure(1, 2, figsize=(9.5, 3.6), sharey=True)
for ax, activation in zip(axes, ACTIVATIONS, strict=True):
    lines(ax, DELAYS, {kind: curves[activation, kind] for kind in STARTS}, chance=1 / 8,
          legend=False)
    for line, kind in zip(ax.lines, STARTS, strict=False):
        ax.plot(LIVE, live[activation, kind], "o", mfc="none", ms=9, mew=1.8,
                color=line.get_color())
    ax.set(title=activation, xscale="log", xticks=DELAYS, xticklabels=DELAYS,
           xlabel="delay (blanks)", ylim=(0, 1.08))
    ax.minorticks_off()
axes[0].set_ylabel("share recalled")
axes[1].legend(loc="center right", bbox_to_anchor=(1, 0.4))
fig.suptitle("The same network, begun in four ways: what 400 batches teach it",
             fontweight="bold", fontsize=11)
show(fig,
     alt="Share recalled against delay for eight networks, mean and spread of five seeds, "
         "chance at 12.5 percent; a line ends where nothing was learned. How far a line "
         "stays near 1 depends on how the network began.")
print(runs.credit(recorded))

# %% [markdown]
# How far a line stays up depends on the start, and between "always" and "never" lie delays at which some seeds learn
# and others do not. (*ReLU default* has no line: it learned nothing at the shortest delay.) It does not show what more
# batches would teach: every network got 400.
#
# In one number: the **reach** of a seed is the longest delay up to which it recalls nine in ten.

# %% tags=["fold"]
# Table: the reach of each seed, at the rate with the longest mean reach
reached = {net: reach(recorded["results"], " ".join(net)) for net in live}
for net, (each, rate, inside) in reached.items():
    edge = "" if inside else ", at the edge of those tried"
    print(f"{' '.join(net):16} {', '.join(f'{r:3}' for r in each)}   (rate {rate:g}{edge})")
furthest = max(each.mean() for each, _, _ in reached.values())
best = [" ".join(net) for net, (each, _, _) in reached.items() if each.mean() == furthest]

# %%
answer = guess if guess in best else " and ".join(best)
reveal(guess, answer, "remembers longest", options=[" ".join(net) for net in reached])

# %% [markdown]
# Does the norm at the start tell who will learn? For each of the eight networks: the gradient norm 80 steps back, on the
# task's own inputs before any training, against what it recalled over a delay of 80.

# %%
x = recall_batch(np.random.default_rng(0), 16, 80)[0].double()
at_start = {
    net: [gradient_norm_by_lag(fresh_rnn(*net, seed).double(), x)[80] for seed in seeds]
    for net in curves
}

# %% tags=["fold"]
# Draw: what was recalled against the norm at the start, a point a network
LEFT = ("tanh orthogonal", "tanh default", "ReLU orthogonal")  # labels that need the room
fig, ax = figure(figsize=(7.5, 3.4))
for net, found in at_start.items():
    name, norm = " ".join(net), geometric(np.array(found) + 1e-300)
    share, low, high = (part[DELAYS.index(80)] for part in curves[net])
    run = np.isfinite(share)
    share, low, high = (share, low, high) if run else (1 / 8,) * 3
    marker, colour = ("o", "#0072B2") if net[0] == "tanh" else ("s", "#D55E00")
    ax.plot(norm, share, marker, ms=8, color=colour, mfc=colour if run else "none")
    ax.plot([norm, norm], [low, high], "-", color=colour, lw=1.2)
    away = (-9 if name in LEFT else 9, -15 if name == "ReLU orthogonal" else 7)
    ax.annotate(name, (norm, share), away, textcoords="offset points", fontsize=8.5,
                ha="right" if name in LEFT else "left")
level(ax, 1 / 8, "chance")
ax.set(title="The gradient before training, and what was learned over 80 blanks",
       xscale="log", xlim=(1e-36, 1e6), ylim=(0, 1.15),
       xlabel="gradient norm 80 steps back, before training",
       ylabel="share recalled, delay 80")
show(fig,
     alt="Eight networks: gradient norm 80 steps back before training, mean of five seeds, "
         "against the share recalled over a delay of 80, with the range of five seeds. "
         "Hollow marks at chance were not run, having learned nothing at a shorter delay.")

# %% [markdown]
# A gradient that is there at the start is neither needed nor enough. *tanh default* has next to none over 80 steps, and some
# seeds learned all the same; *tanh identity* has as much as any tanh network, and learned little. Of the ReLU networks only
# *identity* learned; why the others did not, the picture does not say. Note *tanh Gaussian*: random inputs had driven its
# units to where tanh is flat; blanks leave the slopes near 1 and the gradient alive. What vanishes depends on the data too.

# %% [markdown]
# ## Exploding: a run that diverges
#
# For ReLU, keeping the norm takes a radius of $\sqrt2$: He's rule, variance $2/H$. That is a knife's edge: a few
# updates, and the product grows instead. Plain SGD with momentum, delay 20. (A setting that was chosen because it
# shows the effect; many others train without a blow-up.)

# %%
from torch import nn

from seqlib.training.train import TrainingDiverged, train


class Recaller(nn.Module):
    """A ReLU RNN begun by He's rule, the last state read out: x (B, T, 10) -> (B, 8)."""

    def __init__(self, seed):
        super().__init__()
        self.rnn = fresh_rnn("ReLU", "Gaussian", seed)
        self.rnn.W_hh.data *= 2**0.5
        self.readout = nn.Linear(64, 8)

    def forward(self, x):
        return self.readout(self.rnn(x)[0][:, -1])


def lesson(step):
    """Batch number `step`: the same for every run."""
    return recall_batch(np.random.default_rng(step), 32, delay=20)


# %%
def attempt(seed, lr=0.05, **options):
    """Train a Recaller; its losses in nats, as far as it came."""
    model, losses = Recaller(seed), []

    def loss(model, batch):
        nats = nn.functional.cross_entropy(model(batch[0]), batch[1])
        losses.append(nats.item())
        return nats

    try:
        train(model, lesson, steps=budget(cpu=300), loss=loss, name=f"seed {seed}",
              optimizer=lambda p: torch.optim.SGD(p, lr=lr, momentum=0.9), **options)
    except TrainingDiverged as stopped:
        print(stopped)
    return losses


unclipped = attempt(seed=0)

# %% [markdown]
# For long the loss stayed near chance; then one batch met a product above 1, its gradient threw the weights away, and some
# batches later a product was so large that the loss was no number any more. The cure is crude: a gradient that is too long is
# shortened.
#
# Too long is a matter of *all* gradients together, laid end to end as one vector:
#
# $$\|g\| = \sqrt{\textstyle\sum_{p}\sum_i g_{p,i}^2} \tag{4.9}$$
#
# **Exercise 04.8 · The global norm** — ●○○○, 3 minutes, core. Without PyTorch's ready-made one.

# %%
def global_norm(grads):
    """The norm of all gradients taken as one vector: a number.

    grads: a list of arrays of any shapes. PyTorch's clip_grad_norm_ is not allowed here.
    """
    ### BEGIN SOLUTION
    return np.sqrt(sum((g**2).sum() for g in grads))  # (4.9)
    ### END SOLUTION

# %%
global_norm, result = check("04.global_norm", global_norm)
result

# %% [markdown]
# With a limit $c$, one factor for every entry of every tensor:
#
# $$\hat g = g \cdot \min\!\Bigl(1, \frac{c}{\|g\|}\Bigr) \tag{4.10}$$
#
# **Exercise 04.9 · Clip the norm** — ●●○○, 6 minutes, core
#
# Return new arrays. A gradient that is short enough stays as it is, and so does one of zeros. Write it yourself, without
# PyTorch's `clip_grad_norm_` and `clip_grad_value_`.

# %%
def clip_by_norm(grads, limit):
    """Gradients shortened to a global norm of at most `limit`, in the same direction.

    Returns a list of arrays like grads; short gradients as they are. PyTorch's own
    clip_grad_norm_ and clip_grad_value_ are not allowed here.
    """
    ### BEGIN SOLUTION
    factor = limit / max(limit, global_norm(grads))  # (4.10)
    return [g * factor for g in grads]
    ### END SOLUTION

# %%
clip_by_norm, result = check("04.clip_by_norm", clip_by_norm)
result

# %% [markdown]
# ## The same run, clipped
#
# `train(…, clip=0.3)` does (4.10) before each update. The same weights, the same batches, the same learning rate. Ten
# seeds, since one rescue proves little. And a rival: no clipping, but a tenth of the rate. (Limit and rates are the only
# ones that were tried.)

# %%
from IPython.utils.capture import capture_output

with capture_output():  # twenty-nine progress bars say less than one plot
    clipped = {seed: attempt(seed, clip=0.3) for seed in range(10)}
    raw = {0: unclipped, **{seed: attempt(seed) for seed in range(1, 10)}}
    gentle = {seed: attempt(seed, lr=0.005) for seed in range(10)}


def exploded(losses):
    """Whether a run's loss ever left five times that of guessing, or is not a number."""
    return not max(losses, default=0) < 5 * np.log(8) or not np.isfinite(losses).all()

# %% tags=["fold"]
# Draw: loss against batch, a line a seed, and what the last twenty batches come to
LOOKS = {"unclipped": (raw, "#D55E00", "-"),
         "norm clipped at 0.3": (clipped, "#0072B2", "--"),
         "unclipped, a tenth of the rate": (gentle, "#009E73", ":")}
fig, ax = figure(figsize=(7.5, 3.2))
for name, (losses, colour, style) in LOOKS.items():
    for seed, run in losses.items():
        smooth = [np.mean(run[max(0, i - 9):i + 1]) for i in range(len(run))]
        ax.plot(
            np.clip(smooth, 0, 4), style, color=colour, lw=1.2, label=None if seed else name
        )
        if not np.isfinite(run[-1]):
            ax.plot(len(run) - 1, 4, "X", color=colour, ms=9, clip_on=False)
level(ax, np.log(8), "chance")
ax.set(title="One setting, ten seeds: unclipped, clipped, and with a smaller rate",
       xlabel="batch", ylim=(0, 4.9), yticks=range(5), ylabel="loss (nats), mean of ten")
ax.legend(loc="upper center", ncols=3, fontsize=9)
show(fig,
     alt="Loss against batch for ten seeds, three ways. A run that ends in a cross at 4 "
         "has a loss that is not a number. Chance is at ln 8.")
final = {name: [np.mean(run[-20:]) for run in tried.values()]
         for name, tried in (("unclipped", raw), ("clipped", clipped), ("gentle", gentle))}
for name, values in final.items():
    print(f"{name:9} ends at", ", ".join(f"{value:.2g}" for value in values), "nats")
print(f"chance is {np.log(8):.2f} nats; exploded, unclipped: "
      f"{sum(map(exploded, raw.values()))} of {len(raw)}")

# %% [markdown]
# Unclipped, some runs explode and the others end at chance. Clipped, most learn, not all of them smoothly; at a tenth
# of the rate 300 batches teach little. A run that does not explode is not saved: it may end at exactly chance, with
# *dead* units that no input turns on again. Watch for a loss that is suddenly constant. The picture shows a setting
# that was picked because it explodes; how often one meets it elsewhere, it does not say.

# %% [markdown]
# ## By norm or by value?
#
# Another habit cuts each *entry* at $\pm c$; a third clips each *tensor* by its own norm. Which way does the update then
# point? The angle between two gradients, all tensors as one vector:
#
# $$\cos\theta = \frac{\langle g, \hat g\rangle}{\|g\|\,\|\hat g\|} \tag{4.11}$$
#
# **Exercise 04.10 · Turned by how much?** — ●●○○, 6 minutes, stretch

# %%
def turned_by(before, after):
    """The angle in degrees between two gradients, lists of arrays of the same shapes.

    Neither has length 0.
    """
    ### BEGIN SOLUTION
    b = np.concatenate([g.ravel() for g in before])
    a = np.concatenate([g.ravel() for g in after])
    cosine = (a * b).sum() / (global_norm(before) * global_norm(after))  # (4.11)
    return np.degrees(np.arccos(cosine))
    ### END SOLUTION

# %%
turned_by, result = check("04.turned_by", turned_by)
result

# %% [markdown]
# **Predict.** Real gradients, from a clipped run as it learns. Each way of clipping gets the limit with which the result
# has a *tenth* of the norm. By how many degrees does clipping by value turn the gradient, on average?

# %%
guess = None  # predict: degrees, clipping by value to a tenth of the norm

# %%
WAYS = {
    "global norm": clip_by_norm,
    "each tensor's norm": lambda grads, limit: [clip_by_norm([g], limit)[0] for g in grads],
    "each entry (by value)": lambda grads, limit: [
        np.clip(g, -limit, limit) for g in grads
    ],
}


def clip_to(grads, way, share):
    """Clip with the limit, found by bisection, that leaves `share` of the global norm."""
    low, high = 0.0, global_norm(grads)
    for _ in range(40):
        limit = (low + high) / 2
        short = global_norm(WAYS[way](grads, limit)) < share * global_norm(grads)
        low, high = (limit, high) if short else (low, limit)
    return WAYS[way](grads, high)


# %% [markdown]
# `clip_to` finds the limit by bisection, so that all three ways leave equally much. Now collect gradients and compare.

# %%
model, collected = Recaller(seed=0), []
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step in range(budget(cpu=60)):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(lesson(step)[0]), lesson(step)[1]).backward()
    collected.append([p.grad.double().numpy().copy() for p in model.parameters()])
    nn.utils.clip_grad_norm_(model.parameters(), 0.3)
    optimizer.step()

# %% tags=["fold"]
# Draw: how far each way of clipping turns the gradient, against what it leaves
shares = (0.7, 0.3, 0.1, 0.03, 0.01)
# rounding may carry the cosine of no angle past 1, whose arccos is NaN
with np.errstate(invalid="ignore"):
    turns = {way: [[turned_by(g, clip_to(g, way, share)) for share in shares]
                   for g in collected[::3]] for way in WAYS}
angles = {way: spread(np.nan_to_num(turned)) for way, turned in turns.items()}
fig, ax = figure(figsize=(7, 3.2))
lines(ax, shares, angles)
ax.set(title="Clipping by value turns the gradient; by the global norm, never",
       xscale="log", xlabel="share of the norm that is left", ylabel="turned by (degrees)",
       xticks=shares, xticklabels=shares)
ax.invert_xaxis()
show(fig,
     alt="Angle between gradient and clipped gradient against the share of the norm left. "
         "By the global norm it is zero throughout. By tensor it rises, by value it rises "
         "further, to tens of degrees.")

# %%
turned = angles["each entry (by value)"][0][shares.index(0.1)]
reveal(guess, turned, "turned by value, a tenth of the norm left", unit="degrees")

# %% [markdown]
# Mean over twenty gradients of one run; the bands are the smallest and the largest. That it also learns worse is not
# shown: a turned step is still downhill as long as the angle is below 90°, and so clipping by value may work; but you no longer
# go where the gradient points.
#
# ## Break it
#
# **The radius is not everything.** It says how powers of $W$ *end*, not how they begin. These weights lead one way: each
# unit feeds only later ones. All eigenvalues are 0.5, so in the end everything must vanish.

# %%
rng = np.random.default_rng(0)
one_way = np.triu(rng.normal(size=(64, 64)), k=1) * 0.5 + 0.5 * np.eye(64)
orthogonal = 0.5 * first_weights(rng.normal(size=(64, 64)), "orthogonal")
v = np.ones(64) / 8
steps = np.arange(0, 201, 4)
transient = {}
for name, W in (("one-way weights", one_way), ("orthogonal weights", orthogonal)):
    powers = [np.linalg.matrix_power(W, k) for k in steps]
    transient[name] = np.array([np.linalg.norm(power @ v) for power in powers])
worst = transient["one-way weights"].max()

# %% tags=["fold"]
# Draw: gradient norm against lag for two matrices of radius 0.5
fig, ax = figure(figsize=(7, 2.9))
lines(ax, steps, transient)
ax.set(title="Two matrices of radius 0.5: one explodes first", yscale="log",
       ylim=(1e-10, 1e8), xlabel="lag (steps back)", ylabel="gradient norm")
show(fig,
     alt="Two curves of gradient norm against lag, both for radius 0.5. The orthogonal one "
         "falls at once as a straight line. The one-way matrix first rises by several "
         "powers of ten, then falls.")
print(f"radius {spectral_radius(one_way):.2f}, largest singular value "
      f"{np.linalg.norm(one_way, 2):.1f}, norm up to {worst:.0e}")

# %% [markdown]
# Both end at nothing, as their radius says; what happens on the way, it does not say. (No activation here: the weights
# alone.) Eigenvectors that are nearly parallel do that; here all of them have become one, so that no state can be written in
# eigenvectors. Only the largest *singular* value below 1 guarantees that nothing ever
# grows; that is the condition in the papers, and it is stricter.
#
# **Must it be the identity?** The IRNN begins with exactly $I$. Here it begins with $c\,I$.

# %%
scales = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3)


def scaled_identity(scale, seed):
    """Accuracy at delay 40 of a ReLU network that begins with scale times the identity."""
    rnn = fresh_rnn("ReLU", "identity", seed)
    rnn.W_hh.data *= scale
    return learn_recall(rnn, 40, steps=budget(cpu=400), lr=3e-4, seed=seed)[0]


few = range(budget(cpu=2, smoke=1))
by_scale = spread([[scaled_identity(scale, seed) for scale in scales] for seed in few])

# %% tags=["fold"]
# Draw: share recalled against the scale of the identity
fig, ax = figure(figsize=(7, 2.6))
lines(ax, scales, {"ReLU, c times the identity": by_scale}, chance=1 / 8, legend=False)
ax.set(title="Begun with c times the identity: recall over 40 blanks, two seeds",
       xlabel="c, which is the radius", ylabel="share recalled, delay 40", ylim=(0, 1.05))
show(fig,
     alt="Share recalled with a delay of 40 against the scale c of the identity, from 0.5 "
         "to 1.3, with chance at 0.125.")

# %% [markdown]
# With 400 batches at one rate the whole identity is not needed: somewhat less, and somewhat more, recalls as well. That
# is one delay, one network and two seeds; $c^k$ says why a longer delay should leave less room, and the picture does not
# measure that.

# %% [markdown]
# ## Parity with `torch.nn`
#
# The layer that we measured is PyTorch's, or so we claim: the same weights in `nn.RNN`, values and gradients, and the
# gradient norms; then your clipping against theirs.

# %%
ours = fresh_rnn("ReLU", "orthogonal", seed=3).double()
theirs = nn.RNN(10, 64, nonlinearity="relu", batch_first=True).double()
theirs.weight_ih_l0.data, theirs.weight_hh_l0.data = ours.W_xh.data.T, ours.W_hh.data.T
theirs.bias_ih_l0.data, theirs.bias_hh_l0.data = (
    ours.b_h.data,
    torch.zeros_like(ours.b_h.data),
)
x = torch.randn(4, 30, 10, dtype=torch.float64)
for layer in (ours, theirs):
    layer(x)[0].square().sum().backward()
gaps = {
    "states": (ours(x)[0] - theirs(x)[0]).abs().max().item(),
    "gradient of W_hh": (ours.W_hh.grad - theirs.weight_hh_l0.grad.T).abs().max().item(),
    "norms by lag": abs(
        gradient_norm_by_lag(ours, x) - gradient_norm_by_lag(theirs, x)
    ).max(),
}
grads = [p.grad.numpy().copy() for p in ours.parameters()]
nn.utils.clip_grad_norm_(ours.parameters(), 0.5)
mine = clip_by_norm(grads, 0.5)
gaps["clipped"] = max(
    abs(a - p.grad.numpy()).max() for a, p in zip(mine, ours.parameters(), strict=True)
)
print("\n".join(f"{name:18} {gap:.0e}" for name, gap in gaps.items()))

# %% [markdown]
# The last gap is PyTorch's: it divides by $\|g\| + 10^{-6}$, so that a gradient of zero is no problem.
#
# ## What the books say, and what you measured

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib import claims
from seqlib.studies.fair_fights import (
    counted,
    fought,
    on_the_way,
    together,
    within_fold,
)

gaussian = {a: ends[a, "Gaussian", 1.0] for a in ACTIVATIONS}
orthogonal = ends["tanh", "orthogonal", 1.0]
he_start = np.array([measured("ReLU", "Gaussian", 2**0.5, seed)[0][60] for seed in seeds])
noise = np.random.default_rng(0).normal(size=(64, 64))
W = scale_to_radius(first_weights(noise, "Gaussian"), 1.0)
linear_1 = np.linalg.norm(np.linalg.matrix_power(W, 60) @ np.ones(64) / 8)
bound = {r: ends["tanh", "orthogonal", r].max() / r**60 for r in RADII}


def off(predicted):
    """Largest factor by which a prediction misses a Gaussian network's norm at lag 60."""
    return max(np.exp(abs(np.log(ends[key] / predicted(key)))).max() for key in gaussians)


def near(predicted):
    """The verdict on a prediction of the norms of Gaussian networks, over all seeds."""
    verdicts = [within_fold(ends[key], predicted(key)) for key in gaussians]
    return together(*verdicts)


gaussians = [key for key in norms if key[1] == "Gaussian"]
sloped = {key: (key[2] * slopes[key]) ** 60 for key in norms}
default = reached["tanh", "default"][0]
at_40 = at_best_rate(recorded["results"], "tanh default")[40]
one_sided = transient["one-way weights"]
turned = [each[shares.index(0.1)] for each in turns["each entry (by value)"]]
blown = [seed for seed, run in raw.items() if exploded(run)]
setting = "5 seeds, 64 units, fresh"

# %% tags=["fold"]
# The first half of the table below: source, measured with its setting, verdict by rule
rows = [
    ("A largest singular value below 1 makes a tanh network's gradient vanish",
     "Pascanu et al. 2013, §2.1: sufficient",
     f"orthogonal, radius 0.8: at most {bound[0.8]:.0e} of the bound at lag 60 ({setting})",
     "holds" if bound[0.8] <= 1 else "fails", "Measured and predicted"),
    ("Gradients change like the radius to the power of the lag", "folklore",
     f"radius 1, lag 60: linear {linear_1:.2f}, tanh {geometric(gaussian['tanh']):.0e}, "
     f"ReLU {geometric(gaussian['ReLU']):.0e} ({setting}; within ten-fold counts)",
     together(within_fold([linear_1], 1.0), near(lambda key: key[2] ** 60)),
     "Measured and predicted"),
    ("Radius times slope predicts them", "ours, (4.7)",
     f"Gaussian, lag 60: up to {off(sloped.get):.0e}-fold off ({setting})",
     near(sloped.get), "Measured and predicted"),
    ("The weights' variance and the mean squared slope do",
     "Schoenholz et al. 2017, §4, of wide feed-forward networks",
     f"Gaussian, lag 60: up to {off(typical.get):.0f}-fold off ({setting})",
     near(typical.get), "Measured and predicted"),
    ("ReLU has no vanishing gradient, its slope being 1",
     "folklore; Glorot et al. 2011, §3.1, say it of active paths",
     f"lag 60: {geometric(gaussian['ReLU']):.0e} at radius 1, {geometric(he_start):.2g} at "
     f"radius √2 ({setting})",
     counted([*(gaussian["ReLU"] > 1e-3), *(he_start > 1e-3)]), "Measured and predicted"),
]

# %% tags=["fold"]
# The second part: what a start does for learning
rows += [
    ("An orthogonal start keeps the norm", "Saxe et al. 2014, §3, of linear networks",
     f"without activation exactly; tanh, radius 1, lag 60: {geometric(orthogonal):.0e} "
     f"({setting})",
     "holds" if orthogonal.min() > 0.9 else "depends", "Measured and predicted"),
    ("What has vanished at the start is not learned", "folklore",
     f"default tanh, 40 blanks: recalled {', '.join(f'{s:.0%}' for s in at_40[1])} (400 "
     f"batches, 3 rates, best {at_40[0]:g}, 5 seeds)",
     counted([share < 0.25 for share in at_40[1]]), "Recall against delay"),
    ("Plain RNNs cannot be trained over more than 10 to 20 steps",
     "Goodfellow et al. 2016, §10.7, of plain gradient descent",
     f"default tanh, with Adam, reaches {', '.join(map(str, default))} (400 batches, 3 "
     f"rates, 5 seeds); plain SGD would test it",
     "not tested", "Recall against delay"),
    ("Identity and ReLU remember longer than tanh", "Le et al. 2015, §4, with other tasks",
     f"reach {', '.join(map(str, reached['ReLU', 'identity'][0]))}; tanh begun orthogonal "
     f"{', '.join(map(str, reached['tanh', 'orthogonal'][0]))}, as PyTorch begins it "
     f"{', '.join(map(str, default))} (400 batches, 3 rates, 5 seeds)",
     fought(reached["ReLU", "identity"], reached["tanh", "orthogonal"]),
     "Recall against delay"),
    ("A radius below 1 makes gradients vanish", "folklore",
     f"radius 0.5, no activation: first up to {worst:.0e}, {one_sided[-1]:.0e} after 200",
     on_the_way(one_sided / one_sided[0]), "Break it"),
]

# %% tags=["fold"]
# Table: what is said, what was measured, and a verdict by rule
rows += [
    ("Clipping the norm rescues runs that explode", "Pascanu et al. 2013, §3.2",
     f"of {len(blown)} that exploded {sum(final['clipped'][s] < 0.1 for s in blown)} learn "
     f"(limit 0.3, one rate, {len(raw)} seeds); at a tenth of the rate, unclipped, "
     f"{sum(final['gentle'][s] < 0.1 for s in blown)} of them in 300 batches",
     counted([final["clipped"][seed] < 0.1 for seed in blown]), "The same run"),
    ("A run that exploded ends in NaN", "folklore",
     f"{sum(not np.isfinite(raw[s][-1]) for s in blown)} of {len(blown)} that exploded "
     f"(one rate, {len(raw)} seeds)",
     counted([not np.isfinite(raw[seed][-1]) for seed in blown]), "The same run"),
    ("Clipping by value turns the direction", "Goodfellow et al. 2016, §10.11.1",
     f"{min(turned):.0f} to {max(turned):.0f}° at a tenth of the norm (20 gradients of "
     f"one run)", counted([angle > 1 for angle in turned]), "By norm or by value"),
]
claims(rows)

# %% [markdown]
# What remains true in all of it: a factor per step, and a product of many. You can tune the factor towards 1, by the
# start and by the activation, and every update may move it away again. [05](05_lstm.ipynb) does something else: it gives
# the gradient a path on which only a gate multiplies it, a number between 0 and 1 that the network sets for itself.
#
# ## Remember

# %%
from seqlib import flashcards, quiz

display(flashcards("04"), quiz("04"))

# %% [markdown]
# ## Beyond
#
# **A question without a check.** Over 40 blanks the default start learned at one rate and not at another, though next to
# nothing of the gradient arrives. Through what does it learn, then? Follow the norm of the gradient 40 steps back *during*
# the training of a run that learns (rate 0.003) and of one that does not (0.001), and write down what you think happened,
# and what would prove you wrong.
#
# - Put *distractors* in the place of the blanks, symbols to be ignored. Which networks suffer most?
# - Train with a penalty on $|\,\|\delta_{t-1}\| / \|\delta_t\| - 1|$ (Pascanu et al., §3.3) and draw the recall curve again.
# - Keep $W_{hh}$ orthogonal *during* training: after each step put `first_weights(W_hh, "orthogonal")` in its place.
# - Measure `gradient_norm_by_lag` after training, for a network that learned a delay of 40. What did learning change?
#
# ## Sources
#
# Hochreiter 1991, *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis, chapter 3. Bengio,
# Simard and Frasconi 1994, *Learning long-term dependencies with gradient descent is difficult*, IEEE Trans. Neural
# Networks 5(2), §III. Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*, §2.1
# and §3.2. Glorot, Bordes and Bengio 2011, *Deep sparse rectifier neural networks*, §3.1. He et al. 2015, *Delving deep
# into rectifiers*, §2.2. Saxe, McClelland and Ganguli 2014, *Exact solutions to the nonlinear dynamics of learning*, §3.
# Schoenholz et al. 2017, *Deep information propagation*, §4. Le, Jaitly and Hinton 2015, *A simple way to initialize
# recurrent networks of rectified linear units*, §3, §4. Goodfellow, Bengio and Courville 2016, *Deep Learning*, §10.7 and
# §10.11.1.
# Recall: after Hochreiter and Schmidhuber 1997, *Long short-term memory*, §5.2.
