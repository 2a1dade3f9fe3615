# %% [markdown]
# # 22 · Linear recurrence
#
# **By the end you have computed every state of a recurrence at once, in three ways that agree to rounding, built the layers
# that returned with this trick (state spaces, minGRU, Mamba, linear attention, the delta rule), run each of them step by
# step with a state of fixed size, and measured what such a state can hold and what it cannot.**
#
# *Before you start:* [04 · Vanishing gradients](04_vanishing_gradients.ipynb), [06 · GRU](06_gru.ipynb),
# [13 · Self-attention](13_self_attention.ipynb). *Time:* 180 minutes, of which about 100 are the twelve exercises.
# *Needs:* no GPU, no network.

# %% [markdown]
# ## You know one already
#
# Below are the yearly sunspot numbers from 1700 on, and a running average of them: each year it keeps nine tenths of what it
# was and takes in one tenth of what is new. Momentum is such an average, and so are Adam's two memories and the exponential
# smoothing of [08](08_forecasting.ipynb). All of them are one line, a recurrence without a tanh.

# %%
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import budget, check, reveal, show
from seqlib.data.series import sunspots
from seqlib.display.figures import bars, figure, lines

years, spots = sunspots()
average = [spots[0]]
for x_t in spots[1:]:
    average.append(0.9 * average[-1] + 0.1 * x_t)

# %% tags=["fold"]
# Draw: the sunspots, and their running average
fig, ax = figure(figsize=(7, 2.6))
lines(ax, years, {"a year": spots, "running average": average})
ax.set(title="A state that keeps nine tenths", xlabel="year", ylabel="sunspot number")
show(fig, alt="Yearly sunspot numbers from 1700 to 2008, which rise and fall every eleven "
              "years or so, and a smoother line that follows them late and flatter.")

# %% [markdown]
# The average follows late and flatly, because it is a memory that fades. The picture does not show what the loop costs: each
# year has to wait for the year before.

# %% tags=["fold"]
# Draw: one step of an RNN, and one of a linear recurrence
from seqlib.display import scanning as drawings

drawings.where_it_bends().show(
    "Left, a step of an RNN: the old state goes through a matrix, a sum and a tanh. Right, "
    "a step of a linear recurrence: the old state is multiplied by a and b is added, and "
    "both a and b are made of the input alone."
)

# %% [markdown]
# On the left, the old state goes through a matrix and a tanh. On the right it meets one product and one sum, number by number:
#
# $$h_t = a_t \odot h_{t-1} + b_t \tag{22.1}$$
#
# where $a_t$ and $b_t$ may depend on the input in any way, but not on the state. They can be computed for all steps before
# any state is known. What stays is the chain of products and sums.
#
# **Exercise 22.1 · The loop** — ●○○○, 4 minutes, core

# %%
def recurrence(a, b):
    """Every state of h_t = a_t h_{t-1} + b_t, step by step from zeros.

    a and b (B, T, ...) of one shape -> (B, T, ...).
    """
    ### BEGIN SOLUTION
    h, states = torch.zeros_like(b[:, 0]), []
    for a_t, b_t in zip(a.unbind(dim=1), b.unbind(dim=1), strict=True):
        h = a_t * h + b_t  # (22.1)
        states.append(h)
    return torch.stack(states, dim=1)
    ### END SOLUTION


# %%
recurrence, result = check("22.recurrence", recurrence)
result

# %% [markdown]
# A long sequence has, say, 8192 steps: 8192 small products, one after the other. At the end of this page the same states
# come out of some two dozen large ones.
#
# **Predict.** Batch 4, width 64, forward and backward, on one thread. The arithmetic is the same or more. How many times
# faster than the loop are all steps at once? The answer is measured further down.

# %%
guess_faster = None  # predict: how many times faster than the loop, 8192 steps

# %% [markdown]
# ## Constant factors: a convolution
#
# Unroll (22.1) from zeros. What step s put in has been multiplied by every factor since:
#
# $$h_t = \sum_{s=0}^{t} \Bigl(\prod_{r=s+1}^{t} a_r\Bigr) b_s \tag{22.2}$$
#
# If the factor is the same at every step, the product is $a^{t-s}$: only the distance counts. Then the states are a
# **convolution** of the input with a kernel $\kappa_k = a^k$:
#
# $$y_t = \sum_{k=0}^{t} \kappa_k \odot x_{t-k} \tag{22.3}$$

# %% [markdown]
# A convolution needs no order at all: Fourier transforms turn it into a product, in time T log T. They have one trap. A
# transform takes the sequence for a circle, and what runs off the end comes in at the beginning. With T zeros behind both, it
# lands among them.
#
# **Exercise 22.2 · A convolution that does not look ahead** — ●●○○, 6 minutes, core
#
# `torch.fft.rfft` and `irfft` take a length, the axis, and put the zeros there by themselves.

# %%
def causal_fft(x, kernel):
    """y_t = Σ_k kernel_k x_{t-k}: x (B, T, D), kernel (T, D), both real -> (B, T, D)."""
    ### BEGIN SOLUTION
    steps = x.shape[1]
    product = torch.fft.rfft(x, 2 * steps, dim=1) * torch.fft.rfft(kernel, 2 * steps, dim=0)
    return torch.fft.irfft(product, 2 * steps, dim=1)[:, :steps]  # (22.3)
    ### END SOLUTION


# %%
causal_fft, result = check("22.causal_fft", causal_fft)
result

# %% [markdown]
# The sunspots' average three times: by the loop, by your convolution with the kernel $0.9^k$, and by the sum (22.2) as it stands.

# %%
x = torch.tensor(spots)[None, :, None]
kernel = 0.9 ** torch.arange(len(spots)).double()[:, None]
looped = recurrence(torch.full_like(x, 0.9), 0.1 * x)
convolved = causal_fft(0.1 * x, kernel)
summed = torch.stack([(kernel[: t + 1].flip(0) * 0.1 * x[0, : t + 1]).sum(0)
                      for t in range(len(spots))])  # (22.2)
print(f"loop and FFT: {(looped - convolved).abs().max():.0e} apart")
print(f"loop and sum: {(looped - summed).abs().max():.0e} apart")

# %% [markdown]
# ## Factors that change: joining steps
#
# With factors that change there is no kernel. But two steps, one after the other, are *one* step of the same kind. Put the
# first into the second, $a_2 (a_1 h + b_1) + b_2$, and multiply out:
#
# $$(a_1, b_1) \text{ then } (a_2, b_2) \;=\; (a_1 a_2,\;\; a_2 b_1 + b_2) \tag{22.4}$$
#
# Two steps of an RNN do not join like that: the tanh stands between them. Here, three steps can be joined from the left or
# from the right, whichever is ready first; joining is *associative*. That is all a computer needs to work on many steps at
# once.
#
# **Exercise 22.3 · Two steps in one** — ●●○○, 5 minutes, core

# %%
def combine(first, second):
    """The one step (a, b) that does what two do, one after the other.

    Each step is a pair (a, b), of tensors of one shape: h becomes a h + b.
    """
    ### BEGIN SOLUTION
    a_1, b_1 = first
    a_2, b_2 = second
    return a_1 * a_2, a_2 * b_1 + b_2  # (22.4)
    ### END SOLUTION


# %%
combine, result = check("22.combine", combine)
result

# %% tags=["fold"]
# Draw: eight steps joined by doubling, with their numbers
a_8, b_8 = [0.5, 2, 0.5, 1, -1, 0.5, 2, 0.5], [1, 1, 2, -1, 3, 0, 1, 4]
drawings.tree(a_8, b_8, "by doubling").show(
    "Eight steps in a row, each a box such as 0.5 h + 1. In round 1 every box is joined "
    "with its neighbour to the left, in round 2 with the box two to the left, in round 3 "
    "with the box four to the left; then all eight are states."
)

# %% [markdown]
# A box is a step; it turns green, a state, once it has taken in everything before it. In each round every box is joined with
# the one that ends where it begins: 1, then 2, then 4 places to the left. Three rounds for eight steps. The picture does not
# say who does the work: a round is quick only if its joins are done together.
#
# **Exercise 22.4 · The scan that doubles** — ●●●○, 10 minutes, core
#
# Hillis and Steele's: log₂ T rounds, any length T. `combine` is yours.

# %%
def scan_doubling(a, b):
    """The states of `recurrence`, in rounds: a, b (B, T, ...) -> (B, T, ...)."""
    ### BEGIN SOLUTION
    reach = 1
    while reach < b.shape[1]:
        earlier, later = (a[:, :-reach], b[:, :-reach]), (a[:, reach:], b[:, reach:])
        a_joined, b_joined = combine(earlier, later)
        a = torch.cat([a[:, :reach], a_joined], dim=1)
        b = torch.cat([b[:, :reach], b_joined], dim=1)
        reach = 2 * reach
    return b
    ### END SOLUTION


# %%
scan_doubling, result = check("22.scan_doubling", scan_doubling)
result

# %% [markdown]
# Every round touches nearly all steps, T log T joins where the loop makes T. There is a thriftier way: join *neighbours*,
# which leaves half as many steps; find the states of those, in the same way; fill in what lies between with one product each.

# %% tags=["fold"]
# Draw: the same eight steps joined by pairs
drawings.tree(a_8, b_8, "by pairs").show(
    "The same eight steps. Rounds 1 to 3 join pairs, then pairs of pairs, up to one box "
    "that holds all eight. Rounds 4 and 5 go back down and fill in the states that lie "
    "between."
)

# %% [markdown]
# Rounds 1 to 3 climb, 4 and 5 fill in on the way back. More rounds than before, fewer joins: 11 here, where doubling makes
# 17. Eight steps do not show how the two grow; the explorer goes up to sixteen.

# %%
from seqlib.display.explorers.scan import ScanExplorer

ScanExplorer(a_8 + a_8[::-1], b_8 + b_8[::-1])

# %% [markdown]
# **Exercise 22.5 · The scan by pairs** — ●●●●, 15 minutes, core
#
# Recursive: `scan` calls itself on the pairs. It must work for every T of at least 1. An odd last step has no partner: it is
# one of those to fill in. With three axes or four, time is axis 1.
#
# The scan of the pairs gives the states after steps 1, 3, 5, …; between them stand steps 0, 2, 4, ….

# %%
def scan(a, b):
    """The states of `recurrence`, with work in step with T: a, b (B, T, ...), T >= 1."""
    ### BEGIN SOLUTION
    steps = b.shape[1]
    if steps == 1:
        return b
    first, second = slice(0, steps - 1, 2), slice(1, None, 2)
    ends = scan(*combine((a[:, first], b[:, first]), (a[:, second], b[:, second])))
    between = a[:, 2::2] * ends[:, : (steps - 1) // 2] + b[:, 2::2]
    h = torch.empty_like(b)
    h[:, 0], h[:, 1::2], h[:, 2::2] = b[:, 0], ends, between
    return h
    ### END SOLUTION


# %%
scan, result = check("22.scan", scan)
result

# %% [markdown]
# Equal is a claim about *every* length. So: all lengths up to 70, in float64, states and gradients, both scans beside the
# loop.

# %%
apart = 0.0
for steps in range(1, budget(cpu=71, smoke=9)):
    a, b = torch.rand(2, 2, steps, 3, dtype=torch.float64).requires_grad_().unbind()
    weight, found = torch.randn(2, steps, 3, dtype=torch.float64), []
    for way in (recurrence, scan_doubling, scan):
        states = way(a, b)
        by_b = torch.autograd.grad((states * weight).sum(), b, retain_graph=True)[0]
        found.append(torch.cat([states, by_b]).detach())
    apart = max(apart, *((other - found[0]).abs().max().item() for other in found[1:]))
print(f"lengths 1 to {steps}: states and gradients at most {apart:.0e} apart")

# %% [markdown]
# ## Backwards by hand
#
# Autograd remembers every round. It need not. What arrives at $h_t$ is its own gradient and, through $a_{t+1}$, what arrives
# one step later:
#
# $$g_t = \text{grad}_t + a_{t+1} \odot g_{t+1}, \qquad \frac{\partial \mathcal L}{\partial b_t} = g_t, \qquad \frac{\partial \mathcal L}{\partial a_t} = g_t \odot h_{t-1} \tag{22.5}$$
#
# This is (22.1) again, from the last step to the first: [03](03_bptt.ipynb) in one line, and itself a scan.
#
# **Exercise 22.6 · The scan that runs backwards** — ●●●○, 10 minutes, core
#
# Use `scan`, and `flip(1)`.

# %%
def scan_backward(a, h, grad):
    """Gradients by a and by b, from `grad`, those by every state; all (B, T, ...), real."""
    ### BEGIN SOLUTION
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    arrived = scan(later.flip(1), grad.flip(1)).flip(1)  # (22.5)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
    return arrived * before, arrived
    ### END SOLUTION


# %%
scan_backward, result = check("22.scan_backward", scan_backward)
result

# %% [markdown]
# PyTorch takes a gradient by hand in this form. `take_in` is for later: it lets a first step take in the state of a piece before.

# %%
class ScanByHand(torch.autograd.Function):
    """`scan` of real numbers, its gradient by `scan_backward`: it keeps a and h alone."""

    @staticmethod
    def forward(ctx, a, b):
        h = scan(a, b)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, grad):
        return scan_backward(*ctx.saved_tensors, grad)


def take_in(a, b, h):
    """b whose first step has taken in the state h of the step before; h None: zeros."""
    if h is None:
        return b
    return torch.cat([b[:, :1] + a[:, :1] * h[:, None], b[:, 1:]], dim=1)


a, b = torch.rand(2, 3, 19, 2, dtype=torch.float64).requires_grad_()
agree = torch.autograd.gradcheck(ScanByHand.apply, (a, b))
print("gradients agree with finite differences:", agree)

# %% [markdown]
# ## Work and depth
#
# Two numbers say what a parallel computation costs: its **work**, all products together, and its **depth**, the longest row of
# products that have to wait for one another. Both are *counted* below, by watching every product that PyTorch makes.
#
# **Predict.** A loop over 8192 steps has 8192 products, each waiting for the one before. How deep is the scan by pairs?

# %%
from seqlib.studies.all_steps_at_once import WAYS, clocked, counted, growth

guess = None  # predict: products in a row, scan by pairs, 8192 steps
ways = {"loop": recurrence, "scan by doubling": scan_doubling, "scan by pairs": scan}
counts = [2**k for k in range(5, budget(cpu=14, smoke=7))]
cost = {name: np.array([counted(way, T) for T in counts]) for name, way in ways.items()}
depth = {name: table[-1, 1] for name, table in cost.items()}
reveal(guess, depth["scan by pairs"], f"products in a row, by pairs, {counts[-1]} steps")

# %% tags=["fold"]
# Draw: work and depth against the number of steps
fig, axes = figure(1, 2, figsize=(8, 3))
lines(axes[0], counts, {name: table[:, 0] for name, table in cost.items()})
lines(axes[1], counts, {name: table[:, 1] for name, table in cost.items()}, legend=False)
axes[0].set(title="Work: pairs stay in step with T", ylabel="products", xlabel="steps T")
axes[1].set(title="Depth: both scans hardly grow", ylabel="in a row", xlabel="steps T")
for ax in axes:
    ax.set(xscale="log", yscale="log")
show(fig, alt="Two plots against the number of steps, both axes logarithmic. Work: the "
              "loop lowest, the scan by pairs parallel to it, doubling steeper. Depth: "
              "the loop rises with T, both scans stay below thirty.")
for name, table in cost.items():
    print(f"{name:17} {counts[-1]} steps: work {table[-1, 0]:7,}, depth {table[-1, 1]:5,}")

# %% [markdown]
# Doubling is the shallowest and does the most work; pairs do about three times the loop's work in some two dozen
# rounds. Counting
# does not say how many seconds that is: on one thread there is nobody to share a round with.
#
# **Predict again, if you like**, and then measure. The ways take turns, three rounds, middle value (doubling by itself, and
# not at the largest length, where its gradient takes too much memory); processor time, so that a busy machine does not
# decide. Beside them the layers that you know.

# %%
timed = [128, 1024, 8192][: budget(cpu=3, smoke=1)]
large = "scan by doubling"  # its gradient takes 600 MB at the largest length
others = [name for name in WAYS if name not in ("nn.GRU", "attention, fused", large)]
live = clocked(timed, others, rounds=3) | clocked(timed[:2], [large], rounds=3)
seconds = {key: np.median(rounds) for key, rounds in live.items()}
faster = seconds["loop", timed[-1]] / seconds["scan, gradient by hand", timed[-1]]
reveal(guess_faster, faster, f"times faster than the loop, {timed[-1]} steps", fmt="{:.1f}")

# %% tags=["fold"]
# Draw: seconds against length, recorded lines and live points
from seqlib.training.recorded import credit, load

speed = load("22_speed")
LENGTHS = [128 * 2**k for k in range(7)]
took = {name: [np.median(speed["results"][f"{name}, {T} steps"]) for T in LENGTHS]
        for name in WAYS}
fig, ax = figure(figsize=(7.6, 3.9))
for (name, values), marker in zip(took.items(), "os^Dv<>P", strict=True):
    colour = "#6B6B6B" if name == "attention, fused" else None  # an eighth
    line = ax.plot(LENGTHS, 1000 * np.array(values), marker=marker, ms=4, label=name,
                   color=colour)[0]
    points = [1000 * seconds[name, T] for T in timed if (name, T) in seconds]
    ax.plot(timed[: len(points)], points, marker, ms=9, mfc="none", color=line.get_color())
slope = {name: growth(LENGTHS, values) for name, values in took.items()}
by_pairs, looking = slope["scan, gradient by hand"], slope["attention, fused"]
ax.set(title=f"The scan grows like T^{by_pairs:.2f}, attention like T^{looking:.2f}",
       xscale="log", yscale="log", xlabel="steps T",
       ylabel="milliseconds, forward and backward")
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
show(fig, alt="Milliseconds against length from 128 to 8192 steps, both axes logarithmic, "
              "for the loop, three scans, the FFT, an LSTM, a GRU and fused attention, "
              "with large open marks for the live measurements.")
print("\n".join(f"{name:22} T^{p:.2f}" for name, p in slope.items()))
print(credit(speed))

# %% [markdown]
# Lines are recorded, the large open marks are yours. A scan does more arithmetic than the loop, but in a few dozen large products in place
# of thousands of small ones; where its line lies lower, that is why, even on one thread. The figure does not show a GPU,
# where a round's joins are truly done together, nor a fused kernel.

# %% [markdown]
# ## A state that lives in continuous time
#
# Where do good factors come from? One old idea: let the state follow a differential equation, $dh/dt = \lambda h + x$, with a
# rate $\lambda$ whose real part is negative, and read it in steps of length Δ. If the input stands still between two readings
# (a *zero-order hold*), the solution is exact:
#
# $$a = e^{\Delta\lambda}, \qquad b = \frac{a - 1}{\lambda}, \qquad h_t = a\,h_{t-1} + b\,x_t \tag{22.6}$$
#
# The *bilinear* method takes the mean of both ends instead, and needs no exponential:
#
# $$a = \frac{1 + \Delta\lambda/2}{1 - \Delta\lambda/2}, \qquad b = \frac{\Delta}{1 - \Delta\lambda/2} \tag{22.7}$$

# %% [markdown]
# **Exercise 22.7 · From a rate to a factor** — ●●○○, 8 minutes, core
#
# `method` is "zero-order hold" or "bilinear". Rates and step have shapes that fit. Written plainly, it works for complex
# rates as well, which turn while they decay.

# %%
def discretise(rates, step, method="zero-order hold"):
    """(a, b) of h_t = a h_{t-1} + b x_t, which follows dh/dt = λ h + x in steps of Δ.

    rates: λ, real or complex, nowhere 0; step: Δ. Also method="bilinear".
    """
    ### BEGIN SOLUTION
    if method == "bilinear":
        half = step * rates / 2
        return (1 + half) / (1 - half), step / (1 - half)  # (22.7)
    a = torch.exp(step * rates)
    return a, (a - 1) / rates  # (22.6)
    ### END SOLUTION


# %%
discretise, result = check("22.discretise", discretise)
result

# %% [markdown]
# How good are they? One state that turns and decays, $\lambda = -0.5 + 3i$, under an input that stands at 1, read at coarse
# and at fine steps. The truth is a matrix exponential over the whole time at once; Euler's method, $a = 1 + \Delta\lambda$, is the
# naive rival.

# %%
rate, end = torch.tensor(-0.5 + 3j, dtype=torch.complex128), 2.0
errors = {"zero-order hold": [], "bilinear": [], "Euler": []}
finer = [4, 8, 16, 32, 64]
for count in finer:
    step = torch.tensor(end / count, dtype=torch.float64)
    whole = torch.linalg.matrix_exp(torch.tensor([[rate, 1], [0, 0]]) * end)
    for name in errors:
        a, b = (1 + step * rate, step) if name == "Euler" else discretise(rate, step, name)
        h = recurrence(a.expand(1, count), b.expand(1, count).to(a.dtype))[0, -1]
        errors[name].append((h - whole[0, 1]).abs().item())

# %% tags=["fold"]
# Draw: error at the end against the number of steps
fig, ax = figure(figsize=(6.4, 2.9))
lines(ax, finer, {name: np.maximum(values, 1e-17) for name, values in errors.items()})
ax.set(title="The hold is exact for an input that stands still", xscale="log", yscale="log",
       xlabel="readings in 2 seconds", ylabel="error of the state")
ax.set_xticks(finer, finer)
ax.minorticks_off()
show(fig, alt="Error of the final state against the number of readings: Euler's method "
              "large and falling slowly, the bilinear method smaller and falling faster, "
              "the zero-order hold at rounding error throughout.")

# %% [markdown]
# The hold is at rounding error, the bilinear method falls with the square of the step, Euler's slowly. An input that moves
# between two readings is not tested here; no method can know what it did.
#
# A layer made of this has N states in each of D channels, with fixed rates: a **diagonal state space**. It begins with
# $\lambda_n = -\tfrac12 + i\pi n$, so that state n makes n half-turns per unit of time, and sees only its own kernel:
#
# $$\kappa_k = 2\,\mathrm{Re} \sum_n \gamma_n\, b_n\, a_n^{\,k}, \qquad y = \kappa * x + \text{skip} \odot x \tag{22.8}$$

# %%
def diagonal_loop(x, a, b, read, h=None):
    """What is read of the states, step by step: (B, T, D), and the last state (B, D, N)."""
    h, out = torch.zeros_like(a) if h is None else h, []
    for x_t in x.unbind(dim=1):
        h = a * h + b * x_t[..., None]
        out.append(2 * (read * h).sum(dim=-1).real)
    return torch.stack(out, dim=1), h


# %% [markdown]
# **Conventions differ.** Papers write A, B, C, D for what are λ, β (write), γ (read) and skip here: this course's A counts
# heads and its B is the batch. The 2 Re stands for the other half of each complex pair.

# %%
class DiagonalSSM(nn.Module):
    """D channels of N complex states: x (B, T, D) -> (B, T, D), whole or step by step."""

    def __init__(self, width, state_size=16):
        super().__init__()
        self.log_step = nn.Parameter(torch.empty(width).uniform_(-6.9, -2.3))  # .001 to .1
        self.log_decay = nn.Parameter(torch.full((width, state_size), math.log(0.5)))
        turns = math.pi * torch.arange(float(state_size))
        self.frequency = nn.Parameter(turns.repeat(width, 1))
        self.read = nn.Parameter(torch.randn(width, state_size, 2) / state_size**0.5)
        self.skip = nn.Parameter(torch.ones(width))

    def discrete(self):
        rates = torch.complex(-self.log_decay.exp(), self.frequency)
        a, b = discretise(rates, self.log_step.exp()[:, None])
        return a, b, torch.view_as_complex(self.read)

    def kernel(self, steps):
        a, b, read = self.discrete()
        powers = a[..., None] ** torch.arange(steps, device=a.device)
        return 2 * torch.einsum("dn,dnt->td", read * b, powers).real

    def forward(self, x, state=None):
        if state is not None:
            return self.recurrent(x, state)
        return causal_fft(x, self.kernel(x.shape[1])) + self.skip * x, None  # (22.8)

    def recurrent(self, x, state=None):
        y, h = diagonal_loop(x, *self.discrete(), state)
        return y + self.skip * x, h


# %% [markdown]
# The kernel is what one impulse leaves behind. Three ways to the same outputs: the convolution, the loop, and your scan on
# complex numbers.

# %%
torch.manual_seed(0)
layer, x = DiagonalSSM(3, state_size=8).double(), torch.randn(2, 50, 3).double()
with torch.no_grad():
    a, b, read = layer.discrete()
    whole, stepped = layer(x)[0], layer.recurrent(x)[0]
    inside = scan(a.expand(2, 50, 3, 8), b * x[..., None])
    scanned = 2 * (read * inside).sum(dim=-1).real + layer.skip * x
    impulse = F.one_hot(torch.tensor([0]), 300).double()[..., None].expand(1, 300, 3)
    left = layer.recurrent(impulse)[0][0] - layer.skip * impulse[0]
    as_kernel = (left - layer.kernel(300)).abs().max()
print(f"convolution and loop {(whole - stepped).abs().max():.0e} apart, "
      f"convolution and scan {(whole - scanned).abs().max():.0e}")
print(f"impulse response and kernel {as_kernel:.0e} apart")

# %% tags=["fold"]
# Draw: the impulse response of three channels
fig, ax = figure(figsize=(7, 2.6))
steps = layer.log_step.exp().tolist()
lines(ax, range(300), {f"Δ = {s:.3f}": left[:, d] for d, s in enumerate(steps)})
ax.set(title="One impulse, three clocks", xlabel="steps since the impulse", ylabel="left")
show(fig, alt="What one impulse leaves behind over 300 steps in three channels of a fresh "
              "diagonal state space: waves that fade, quicker where the step is larger.")

# %% [markdown]
# Each channel answers on a clock of its own, Δ: a small step stretches the answer. The layer is fresh; what training makes of
# the kernels is not shown. And one limit is already visible: **the kernel is the same whatever is read.** Such a layer
# cannot decide what to keep.

# %% [markdown]
# ## Gates that see only the input
#
# A GRU decides what to keep by looking at input *and* state. Take the state away from the gate, and the tanh from the
# candidate, and what is left is linear in the state: the **minGRU**.
#
# $$z_t = \sigma(x_t W_z + b_z), \quad n_t = x_t W_h + b_h, \quad h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t \tag{22.9}$$
#
# **Conventions differ.** In 06, as in PyTorch, $z_t$ keeps the old state. Here it lets the new one in, as in the paper.
#
# **Exercise 22.8 · A gate that does not look back** — ●●○○, 5 minutes, core
#
# Return a and b of (22.1).

# %%
def min_gru(x, W_z, b_z, W_h, b_h):
    """a and b, two tensors (B, T, H), of a minGRU's recurrence.

    x (B, T, D), W_z and W_h (D, H), b_z and b_h (H,).
    """
    ### BEGIN SOLUTION
    z = torch.sigmoid(x @ W_z + b_z)
    return 1 - z, z * (x @ W_h + b_h)  # (22.9)
    ### END SOLUTION


# %%
min_gru, result = check("22.min_gru", min_gru)
result

# %% [markdown]
# As a layer, with one number more. `reach` 1 gives factors between 0 and 1; with a reach of 2 they go down to −1, and a factor
# can turn the state's sign. Keep that in mind: it decides a race below.

# %%
class MinGRU(nn.Module):
    """A gate that does not see the state: x (B, T, D) -> states (B, T, H), the last."""

    def __init__(self, input_size, hidden_size, reach=1.0):
        super().__init__()
        self.W, self.reach = nn.Linear(input_size, 2 * hidden_size), reach

    def forward(self, x, h=None):
        gate, n = self.W(x).to(x.dtype).chunk(2, dim=-1)
        z = torch.sigmoid(gate)
        a = 1 - self.reach * z
        states = ScanByHand.apply(a, take_in(a, z * n, h))
        return states, states[:, -1]


# %% [markdown]
# **In logarithms.** Divide (22.2) by the product of all factors up to t, and the inner products become one running sum:
#
# $$\log h_t = A_t + \log \sum_{s \le t} e^{\log b_s - A_s}, \qquad A_t = \sum_{r \le t} \log a_r \tag{22.10}$$
#
# PyTorch has both running sums, `cumsum` and `logcumsumexp`: a scan in two calls, for positive b. In plain numbers the same
# trick would divide by a product that vanishes; *Break it* shows when.
#
# **Exercise 22.9 · A scan in logarithms** — ●●●○, 8 minutes, stretch

# %%
def log_scan(log_a, log_b):
    """The states of `recurrence`, from the logarithms of positive a and b (B, T, ...)."""
    ### BEGIN SOLUTION
    kept = log_a.cumsum(dim=1)
    return (kept + (log_b - kept).logcumsumexp(dim=1)).exp()  # (22.10)
    ### END SOLUTION


# %%
log_scan, result = check("22.log_scan", log_scan)
result

# %% [markdown]
# A **minLSTM** has two gates and lets them share: what is kept and what is let in add up to one.
#
# $$h_t = \frac{f_t}{f_t + i_t} \odot h_{t-1} + \frac{i_t}{f_t + i_t} \odot n_t \tag{22.11}$$
#
# Its gates are sigmoids of the input, so it is again a pair (a, b), and everything above serves it unchanged.

# %%
def min_lstm(x, W_f, W_i, W_n):
    """a and b of a minLSTM, without biases, its new state kept positive for log_scan."""
    f, i, n = torch.sigmoid(x @ W_f), torch.sigmoid(x @ W_i), F.softplus(x @ W_n)
    return f / (f + i), i / (f + i) * n  # (22.11)


x = torch.randn(2, 200, 6).double()
a, b = min_lstm(x, *torch.randn(3, 6, 4).double())
looped, in_logs = recurrence(a, b), log_scan(a.log(), b.log())
print(f"minLSTM, 200 steps: loop and scan {(looped - scan(a, b)).abs().max():.0e} apart, "
      f"loop and logarithms {(looped - in_logs).abs().max():.0e}")

# %% [markdown]
# ## A state space that chooses
#
# Between the two stands Mamba: a state space (N states in each channel, decaying) whose step Δ, write β and read γ follow the
# input. A large $\Delta_t$ forgets and writes; a small one lets a step pass unnoticed.
#
# $$h_t = e^{\Delta_t \lambda} \odot h_{t-1} + (\Delta_t x_t)\,\beta_t, \qquad y_t = h_t \gamma_t + \text{skip} \odot x_t \tag{22.12}$$
#
# with $h_t$ of shape (D, N). The write is Δβ and not the hold's (22.6): the paper's own code does so.
#
# **Exercise 22.10 · The selective scan** — ●●●○, 12 minutes, core
#
# The check compares with a reference in plain numbers, one channel and one state after another. `take_in` lets a given state in.

# %%
def selective_scan(x, step, rates, write, read, skip, h=None):
    """A state space whose step, write and read follow the input.

    x and step (B, T, D), rates (D, N), write and read (B, T, N), skip (D,), h (B, D, N) or
    None: zeros. Returns y (B, T, D), and the last state (B, D, N).
    """
    ### BEGIN SOLUTION
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    states = ScanByHand.apply(a, take_in(a, b, h))
    y = (states * read[:, :, None]).sum(dim=-1) + skip * x  # (22.12)
    return y, states[:, -1]
    ### END SOLUTION


# %%
selective_scan, result = check("22.selective_scan", selective_scan)
result

# %% tags=["fold"]
# Draw: a Mamba block
drawings.mamba().show(
    "A block with two paths from x. Above: a matrix, a short convolution over 4 steps, a "
    "SiLU, and the selective scan, whose step, write and read are made of the same signal. "
    "Below: a matrix and a SiLU, the gate. They are multiplied and go through a matrix."
)

# %% [markdown]
# Two paths: one is convolved over four steps (so that a step knows its neighbours), bent and scanned; the other is a gate, as
# in [16](16_gpt.ipynb)'s SwiGLU. The drawing leaves out the sizes: both paths are twice as wide as x, and Δ comes from a narrow
# matrix. A state to go on with has two parts: h, and the last three inputs of the convolution.

# %%
class Mamba(nn.Module):
    """A short convolution, a selective state space and a gate: (B, T, D) -> (B, T, D)."""

    def __init__(self, width, state_size=16, expand=2, reach=4):
        super().__init__()
        inner, self.past = expand * width, reach - 1
        self.sizes = max(1, width // 16), state_size, state_size
        self.W_in = nn.Linear(width, 2 * inner, bias=False)
        self.conv = nn.Conv1d(inner, inner, reach, groups=inner)
        self.W_ssm = nn.Linear(inner, sum(self.sizes), bias=False)
        self.W_step = nn.Linear(self.sizes[0], inner)
        first = torch.empty(inner).uniform_(-6.9, -2.3).exp()  # steps of 0.001 to 0.1
        self.W_step.bias.data = first + torch.log(-torch.expm1(-first))  # softplus, undone
        rates = torch.arange(1.0, state_size + 1)
        self.log_rates = nn.Parameter(rates.log().repeat(inner, 1))
        self.skip = nn.Parameter(torch.ones(inner))
        self.W_out = nn.Linear(inner, width, bias=False)

    def forward(self, x, state=None):
        u, gate = self.W_in(x).to(x.dtype).chunk(2, dim=-1)
        before, h = state or (u.new_zeros(len(u), self.past, u.shape[-1]), None)
        u = torch.cat([before, u], dim=1)
        kept, u = u[:, x.shape[1] :], F.silu(self.conv(u.mT).mT.to(x.dtype))
        step, write, read = self.W_ssm(u).to(x.dtype).split(self.sizes, dim=-1)
        step = F.softplus(self.W_step(step).to(x.dtype))
        y, h = selective_scan(u, step, -self.log_rates.exp(), write, read, self.skip, h)
        return self.W_out(y * F.silu(gate)), (kept, h)


# %% [markdown]
# ## A matrix for a state
#
# In attention, step t reads $\sum_s \text{softmax}(q_t k_s^\top)\,v_s$. Without the softmax the sum can be taken apart: the
# products of keys and values add up, whoever asks. Attention becomes an RNN whose state is a **matrix** of $d_k$ rows:
#
# $$S_t = S_{t-1} + k_t^\top v_t, \qquad o_t = q_t S_t \tag{22.13}$$

# %% tags=["fold"]
# Draw: one pair written into a matrix, and read
drawings.matrix_state(k=[1, 0, -0.5], v=[2, 4], q=[1, 0, 0]).show(
    "A key of three numbers as a column, a value of two numbers above, and their products "
    "as a table of three rows and two columns: the state. A query equal to the first unit "
    "vector reads the first row, which is the value."
)

# %% [markdown]
# Each row of the state is the value, times one number of the key. So a query reads the value times its own product with the
# key, $q k^\top$: here 1, and the value comes back. What the drawing does not show: a second pair is *added*, and only a key
# at a right angle leaves the first one untouched.
#
# **Exercise 22.11 · Attention as a recurrence** — ●●○○, 8 minutes, core
#
# Write, then read. Leading axes (B), or (B, A) with heads, come as they come: count axes from the end.

# %%
def linear_attention_loop(q, k, v, S=None):
    """Attention without softmax, step by step, from S (..., d_k, d_v), zeros if None.

    q, k (..., T, d_k), v (..., T, d_v) -> out (..., T, d_v), and the last S.
    """
    ### BEGIN SOLUTION
    S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :]) if S is None else S
    out = []
    for q_t, k_t, v_t in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), strict=True):
        S = S + k_t[..., :, None] * v_t[..., None, :]
        out.append((q_t[..., None, :] @ S)[..., 0, :])  # (22.13)
    return torch.stack(out, dim=-2), S
    ### END SOLUTION


# %%
linear_attention_loop, result = check("22.linear_attention_loop", linear_attention_loop)
result

# %% [markdown]
# All steps at once, it is the product you know from 13, masked by setting what lies ahead to zero: `(q @ k.mT).tril() @ v`.
#
# **The delta rule** writes more carefully. It first asks the state what it knows under this key, and writes only the
# *difference*, at a rate $\eta_t$ between 0 and 1. A key that comes again has its value replaced, not added to:
#
# $$S_t = S_{t-1} + \eta_t\, k_t^\top (v_t - k_t S_{t-1}), \qquad o_t = q_t S_t \tag{22.14}$$
#
# It is one step of gradient descent on $\tfrac12 |k_t S - v_t|^2$, taken anew at every token: Widrow and Hoff's rule of 1960.

# %% [markdown]
# **Exercise 22.12 · Write only what is new** — ●●●○, 10 minutes, core

# %%
def delta_rule(q, k, v, rate, S=None):
    """Writes only what the state does not know, from the state S, zeros if None.

    q, k (..., T, d_k), v (..., T, d_v), rate η (..., T) -> out (..., T, d_v), the last S.
    """
    ### BEGIN SOLUTION
    S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :]) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        k_t, known = k[..., t, :, None], k[..., t, None, :] @ S
        S = S + rate[..., t, None, None] * k_t * (v[..., t, None, :] - known)  # (22.14)
        out.append((q[..., t, None, :] @ S)[..., 0, :])
    return torch.stack(out, dim=-2), S
    ### END SOLUTION


# %%
delta_rule, result = check("22.delta_rule", delta_rule)
result

# %% [markdown]
# That loop looks hopeless to parallelise, since each step reads the state. But call $u_t$ what step t really writes. It depends on
# the earlier $u_s$ in a *linear* way, so all of them solve one triangular system, and the rest is linear attention:
#
# $$u_t + \eta_t \sum_{s<t} (k_t k_s^\top)\, u_s = \eta_t v_t \tag{22.15}$$

# %%
def linear_attention(q, k, v):
    """Attention without its softmax, all steps at once: (..., T, d_v)."""
    return (q @ k.mT).tril() @ v


def delta_rule_parallel(q, k, v, rate):
    """The out of `delta_rule`, all steps at once: what each step writes solves a system."""
    known = rate[..., None] * (k @ k.mT).tril(-1)
    one = torch.eye(q.shape[-2], dtype=q.dtype, device=q.device)
    given = rate[..., None] * v
    written = torch.linalg.solve_triangular(one + known, given, upper=False)  # (22.15)
    return linear_attention(q, k, written)


# %% [markdown]
# ## Step by step, and all at once
#
# Five layers, each in its parallel form for training and its recurrent form for writing: equal in float64? And a Mamba block
# fed in pieces, its state handed on from piece to piece.

# %%
torch.manual_seed(1)
q, k = F.normalize(torch.randn(2, 2, 40, 8).double(), dim=-1)
v, rate = torch.randn(2, 40, 5).double(), torch.rand(2, 40).double()
x = torch.randn(2, 40, 16).double()
gru, ssm, block = MinGRU(16, 12).double(), DiagonalSSM(16).double(), Mamba(16).double()


def in_pieces(layer, x, sizes=(1, 2, 20, 17)):
    """The out of a layer that reads x piece by piece, its state handed on."""
    state, out = None, []
    for piece in x.split(sizes, dim=1):
        y, state = layer(piece, state)
        out.append(y)
    return torch.cat(out, dim=1)


pairs = {
    "linear attention": (linear_attention(q, k, v), linear_attention_loop(q, k, v)[0]),
    "delta rule": (delta_rule_parallel(q, k, v, rate), delta_rule(q, k, v, rate)[0]),
    "diagonal state space": (ssm(x)[0], ssm.recurrent(x)[0]),
    "minGRU": (gru(x)[0], in_pieces(gru, x)),
    "Mamba block": (block(x)[0], in_pieces(block, x)),
}
for name, (one, other) in pairs.items():
    print(f"{name:21} {(one - other).abs().max():.0e} apart")

# %% [markdown]
# What does writing cost? Count the numbers that have to be kept after T tokens: for one layer of width 64, the state of each of
# these, and the keys and values of attention.

# %% tags=["fold"]
# Draw: numbers kept after T tokens
written = np.array([2**k for k in range(15)])
kept = {
    "minGRU, 128 units": 128, "Mamba, N = 16": 128 * 16 + 128 * 3,
    "linear attention or delta rule, $d_k$ = 16": 16 * 64,
}
fig, ax = figure(figsize=(7, 3))
held = {name: np.full(len(written), size) for name, size in kept.items()}
lines(ax, written, {"attention, keys and values": 2 * 64 * written, **held})
crossing = (max(kept.values()) + 127) // 128
ax.set(title=f"A cache outgrows every state here after {crossing} tokens", xscale="log",
       yscale="log", xlabel="tokens read", ylabel="numbers kept, one layer")
show(fig, alt="Numbers kept against tokens read, both axes logarithmic: three flat lines "
              "for the recurrent layers, and attention's cache, which rises and soon "
              "lies above them all.")

# %% [markdown]
# The cache is the price of forgetting nothing; the flat lines are states that must choose. How well they choose, the figure does
# not say. That is the rest of this page.

# %% [markdown]
# ## Train: keep a parity
#
# Bits come one by one; after each, say whether the ones so far are an odd number. A single bit of memory is enough, but it has
# to *flip* at every one. Write it as a recurrence by hand: start from $h = 1$ and multiply by $a_t = 1 - 2 x_t$, which is −1 for
# a one. An odd count gives −1, after any number of steps.

# %%
bits = torch.randint(2, (1, 8192))
signs = torch.cat([torch.ones(1, 1), 1.0 - 2 * bits], dim=1)
by_hand = scan(signs, F.one_hot(torch.tensor([0]), 8193).float())[:, 1:]
print("right at", (by_hand < 0).eq(bits.cumsum(1) % 2 == 1).sum().item(), "of 8192 steps")

# %% [markdown]
# **Predict.** Two minGRUs of 32 units learn it from 20 bits at a time, and are asked about 160. One has factors between 0 and
# 1, the other between −1 and 1; nothing else differs. What share will the first get right? (Tossing a coin: 50 %.)

# %%
from seqlib.studies.what_a_state_holds import Tracking, accuracy, bits_batch, learn

guess = None  # predict: percent right on 160 bits, factors between 0 and 1
trackers, right = {}, {}
long_test = bits_batch(np.random.default_rng(10**6), 200, 160)
for reach in (1.0, 2.0):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    model = Tracking(MinGRU(16, 32, reach))
    draw = lambda step, rng=rng: bits_batch(rng, 64, 20)  # noqa: E731
    trackers[reach], _ = learn(model, draw, budget(cpu=600), lr=0.01)
    right[reach] = 100 * accuracy(model, *long_test)
print(f"factors between −1 and 1: {right[2.0]:.1f} % right on 160 bits")
reveal(guess, right[1.0], "right on 160 bits, factors between 0 and 1", unit="%")

# %% [markdown]
# ## Look inside
#
# The factors are made of the input alone, and there are three inputs: start, zero, one. So the whole of what a unit does to its
# state is three numbers.

# %% tags=["fold"]
# Draw: the factors that each trained minGRU gives to a zero and to a one
fig, axes = figure(1, 2, figsize=(7.6, 3), sharey=True)
for ax, (reach, model) in zip(axes, trackers.items(), strict=True):
    with torch.no_grad():
        gates = model.layer.W(model.tokens.weight)[:, :32].sigmoid()
    factors = 1 - reach * gates
    order = factors[1].argsort()
    ax.plot(factors[0, order], "o", label="at a zero")
    ax.plot(factors[1, order], "^", label="at a one")
    ax.axhline(0, color="#6B6B6B", linewidth=0.8)
    low = factors[1].min()
    ax.set(title=f"reach {reach:.0f}: lowest {low:.2f}", xlabel="unit", ylim=(-1.1, 1.1))
axes[0].set_ylabel("factor $a_t$")
axes[0].legend()
show(fig, alt="The factors of 32 units at a zero and at a one, for two trained minGRUs. "
              "Left, all lie between 0 and 1. Right, some lie far below zero at a one.")

# %% [markdown]
# On the right, units have learned to turn round at a one. On the left none can. Factors alone do not prove that these units
# carry the answer; taking them out would, as with the heads of 16. Try it.

# %% [markdown]
# ## Break it
#
# Three slips, each in a place where nothing raises an error.
#
# 1. **No zeros behind** (22.3): how much of the *future* does each state see?
# 2. **Plain numbers in place of logarithms** (22.10): divide by the running product. When is that product zero?
# 3. **Half precision**: a factor of 0.999 kept as bfloat16.
#
# **Predict** the second: with factors between 0.5 and 1, in float32, after how many steps is the first state not a number?

# %%
guess = None  # predict: steps until the running product divides by zero
torch.manual_seed(0)
x, kernel = torch.randn(1, 64, 1), 0.9 ** torch.arange(64.0)[:, None]
product = torch.fft.rfft(x, dim=1) * torch.fft.rfft(kernel, dim=0)
circle = torch.fft.irfft(product, 64, dim=1)
ahead = (circle - causal_fft(x, kernel)).abs()[0, :, 0]
a, b = 0.5 + torch.rand(1, 4096, 1) / 2, torch.rand(1, 4096, 1)
divided = a.cumprod(1) * (b / a.cumprod(1)).cumsum(1)
exact = recurrence(a.double(), b.double())
broken = int((~divided.isfinite())[0, :, 0].int().argmax())
reveal(guess, broken, "steps until the running product fails")

# %% tags=["fold"]
# Print: the three slips, measured
in_logs = log_scan(a.log(), b.log())
coarse = torch.tensor(0.999).bfloat16().item()
print(f"no zeros behind: the first state is {ahead[0]:.2f} off, the last {ahead[-1]:.0e}")
print(f"running product: not finite from step {broken} on; at worst in {a.shape[1]} steps\n"
      f"  logarithms are {(in_logs - exact).abs().max():.0e} off, "
      f"the scan {(scan(a, b) - exact).abs().max():.0e}")
print(f"0.999 in bfloat16 is {coarse}: after 1000 steps {coarse**1000:.2f} is left of a "
      f"state, where {0.999**1000:.2f} should be")

# %% [markdown]
# The first slip lets a model see its future, and its loss will look wonderful. The second works for a while, which is worse than
# failing. The third is why the layers above bring their gates back to the precision of x before the scan.

# %% [markdown]
# ## Parity with torch.nn
#
# PyTorch has no scan. But a GRU whose weights from state to state are zero is a gated linear recurrence: its gates see the input
# alone. So `nn.GRU`, looped in C++, must give what your scan gives, with gradients. The convolution is `F.conv1d`; a scan
# with factors of 1 is `cumsum`.

# %%
torch.manual_seed(2)
theirs, x = nn.GRU(5, 7, batch_first=True).double(), torch.randn(3, 33, 5).double()
with torch.no_grad():
    theirs.weight_hh_l0.zero_()
    theirs.bias_hh_l0.zero_()
_, z, n = (x @ theirs.weight_ih_l0.T + theirs.bias_ih_l0).chunk(3, dim=-1)
z, n = torch.sigmoid(z), torch.tanh(n)
outs = theirs(x)[0], ScanByHand.apply(z, (1 - z) * n)
grads = [torch.autograd.grad(out.square().sum(), theirs.weight_ih_l0)[0] for out in outs]
kernel = torch.randn(33, 5).double()
padded = F.pad(x.mT, (32, 0))
as_conv = F.conv1d(padded, kernel.flip(0).T[:, None], groups=5).mT
gaps = {
    "nn.GRU, states": outs[0] - outs[1], "nn.GRU, gradients": grads[0] - grads[1],
    "F.conv1d": as_conv - causal_fft(x, kernel),
    "torch.cumsum": x.cumsum(1) - scan(torch.ones_like(x), x),
}
for name, gap in gaps.items():
    print(f"{name:18} {gap.abs().max():.0e} apart")

# %% [markdown]
# ## What each can hold, and what not
#
# The live cells showed mechanisms. What follows was recorded: three seeds, equal budgets, each model's learning rate swept
# on the first one or two seeds until the best lay inside what was tried (where it did not, no verdict stands on it). First,
# **recall against delay**, the task of [04](04_vanishing_gradients.ipynb): one of eight symbols, a delay, the question; 400
# batches of 32.

# %% tags=["fold"]
# Draw: recall against delay, beside the RNNs of 04
from seqlib.display.figures import spread

recall, rnns = load("22_recall"), load("04_recall")
delays = (20, 40, 80)
LINEAR = ("minGRU", "minGRU, slow gates", "diagonal state space", "selective state space")
recalled = {name: spread(np.transpose([recall["results"][f"{name}, delay {d}"]
                                       for d in delays])) for name in LINEAR}
for start in ("default", "orthogonal"):
    seeds = [rnns["results"][f"tanh {start}, delay {d}"] for d in delays]
    recalled[f"04: tanh RNN, {start}"] = spread(np.transpose(seeds))
fig, ax = figure(figsize=(7.8, 3.4))
lines(ax, delays, recalled, chance=1 / 8, legend=False)
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.08, 1))
firm = [name for name in LINEAR if recalled[name][1][-1] > 0.95]
ax.set(title=f"{len(firm)} of {len(LINEAR)} linear ones recall after 80 blanks, each seed",
       xscale="log", xlabel="delay (blanks)", ylabel="share recalled", ylim=(0, 1.05))
ax.set_xticks(delays, delays)
ax.minorticks_off()
show(fig, alt="Share recalled against delays of 20 to 80 for two minGRUs, a diagonal and "
              "a selective state space, and two tanh RNNs of notebook 04, with spread "
              "over three seeds and a line for chance.")
for name, (mean, _, _) in recalled.items():
    told = ", ".join(f"{d}: {m:.2f}" for d, m in zip(delays, mean, strict=True))
    print(f"{name:26} {told}")
print(credit(recall))

# %% [markdown]
# Nothing nonlinear is needed for this task. What each layer recalls after 400 batches shows with which factors it began and how
# fast they moved: a minGRU whose gates begin slow has no trouble, as in 05. More training, or other starts, are not shown.
#
# **Looking up pairs.** Now fill the state: up to 24 keys with their values, a pair a step, then the keys alone in another order.
# One layer of width 32 each. **Predict**: linear attention with 512 numbers of state gets most of 24 values right. What share
# does a minGRU with 512 numbers get? (Chance: 3 %.)

# %%
guess = None  # predict: percent of 24 values right, minGRU, 512 numbers
held_pairs = load("22_pairs")
SIZES, KINDS = (128, 256, 512), ("linear attention", "delta rule", "minGRU")


def looked_up(name, pairs=24):
    """Shares of right values over the seeds."""
    return held_pairs["results"][f"{name}, {pairs} pairs"]


of_512 = {kind: 100 * np.mean(looked_up(f"{kind}, 512 numbers")) for kind in KINDS}
reveal(guess, of_512["minGRU"], "of 24 values right, minGRU, 512 numbers", unit="%")

# %% tags=["fold"]
# Draw: pairs looked up, against the size of the state and against their number
fig, axes = figure(1, 2, figsize=(8.4, 3.3), sharey=True)
by_size = {kind: spread(np.transpose([looked_up(f"{kind}, {size} numbers")
                                      for size in SIZES])) for kind in KINDS}
softmax = [np.mean(looked_up("softmax attention", n)) for n in (4, 8, 16, 24)]
lines(axes[0], SIZES, by_size, chance=1 / 32, legend=False)
axes[0].axhline(softmax[-1], color="black", linestyle="-", linewidth=1)
axes[0].set(title="24 pairs, by the state's size", xscale="log", xlabel="numbers kept",
            ylabel="share of right values", ylim=(0, 1.05))
axes[0].set_xticks(SIZES, SIZES)
axes[0].minorticks_off()
by_count = {kind: [np.mean(looked_up(f"{kind}, 256 numbers", n)) for n in (4, 8, 16, 24)]
            for kind in KINDS}
lines(axes[1], (4, 8, 16, 24), {**by_count, "softmax attention": softmax}, legend=False)
axes[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
axes[1].set(title="256 numbers, by how many pairs", xlabel="pairs", xticks=(4, 8, 16, 24))
show(fig, alt="Left: the share of 24 values looked up against the size of the state for "
              "linear attention, the delta rule and a minGRU, a black line for softmax "
              "attention, a dotted one for chance. Right: the same against the number of "
              "pairs with a state of 256 numbers.")
print(f"softmax attention, 24 pairs: {softmax[-1]:.2f}, with 48 numbers kept for each step")
print(credit(held_pairs))

# %% [markdown]
# Attention keeps every pair apart, at the price of a memory that grows; in a state of fixed size pairs compete for room. Compare
# equal sizes: what differs between the curves is how the state is *addressed*. The wide band of the delta rule is one seed that
# learned nothing at the best rate of the others. One layer, one task, 400 batches: a deeper model may share the load.

# %% [markdown]
# **Copying.** Six symbols out of 24 steps, to be said at the end in their order: all at the beginning, or spread at random
# between blanks. For the first, a fixed delay is enough. For the second the model has to *choose* what it keeps.

# %% tags=["fold"]
# Draw: copying, and selective copying
copying = load("22_copying")
COPIERS = ("diagonal state space", "selective state space", "softmax attention")
copied = {task: {name: copying["results"][f"{name}, {task}, copied"] for name in COPIERS}
          for task in ("at the beginning", "spread")}
fig, axes = figure(1, 2, figsize=(8.6, 3.1), sharey=True)
for ax, (task, found) in zip(axes, copied.items(), strict=True):
    low, high = [min(s) for s in found.values()], [max(s) for s in found.values()]
    bars(ax, [name.replace(" ", "\n", 1) for name in found],
         [np.mean(s) for s in found.values()], spread=(low, high), fmt="{:.2f}",
         chance=1 / 8)
    ax.set(title=f"Six symbols, {task}", ylim=(0, 1.15))
    ax.tick_params(axis="x", labelsize=8)
axes[0].set_ylabel("share copied")
show(fig, alt="Two bar charts of the share of symbols copied, by a diagonal and a "
              "selective state space and softmax attention: symbols at the beginning, and "
              "spread; whiskers over three seeds, a line for chance.")
print(credit(copying))

# %% [markdown]
# All three learn the first kind. The diagonal state space answers by distance, and loses a part of the second, where the gaps are
# random. The selective one, which can choose, comes near all of it with two seeds, and one is stuck half way: its rate was chosen
# with another seed. Attention copies both. All models have two layers of width 32; longer sequences are not shown.
#
# **State tracking.** The parity of the live cell, with rivals that bend, three seeds each.

# %% tags=["fold"]
# Draw: parity against the number of bits
parity = load("22_parity")
TRACKERS = ("minGRU, factors in 0 … 1", "minGRU, factors in −1 … 1", "tanh RNN", "LSTM")
tracked = {name: spread(np.transpose([parity["results"][f"{name}, {n} bits"]
                                      for n in (20, 40, 160)])) for name in TRACKERS}
fig, ax = figure(figsize=(7.4, 3.1))
lines(ax, (20, 40, 160), tracked, chance=0.5)
firm = [name for name, (_, low, _) in tracked.items() if low[-1] > 0.95]
ax.set(title=f"{len(firm)} of {len(tracked)} stay above 95 % on 160 bits with every seed",
       xscale="log", ylim=(0.4, 1.05),
       xlabel="bits (trained on 20)", ylabel="share right")
ax.set_xticks((20, 40, 160), (20, 40, 160))
ax.minorticks_off()
show(fig, alt="Share of right parities against 20, 40 and 160 bits for a minGRU with "
              "factors between 0 and 1, one with factors between −1 and 1, a tanh RNN and "
              "an LSTM, with spread over three seeds; chance at one half.")
for name, (mean, low, high) in tracked.items():
    print(f"{name:26} 160 bits: {mean[-1]:.2f} ({low[-1]:.2f} to {high[-1]:.2f})")
print(credit(parity))

# %% [markdown]
# Why? Ones keep coming, each must flip the answer, and a factor between 0 and 1 with something added can only drift towards
# the same place at each of them; after many equal bits all histories look alike. A factor of −1, or a bent state, flips. Parity is
# the smallest such task; larger groups need more than signs on a diagonal.

# %% [markdown]
# ## A text, at equal budget
#
# Last, *tinyshakespeare*: a minute of one core for each, in float32, on one machine. Two layers of minGRU and two Mamba blocks,
# beside the LSTM of [09](09_generation.ipynb) and the GPT of [16](16_gpt.ipynb); all but the GPT carry their state from window to
# window. The Mamba here has no fused kernel: its (B, T, D, N) states are really made. That is the price of this machine, not of
# the idea.

# %% tags=["fold"]
# Draw: the loss after 20, 40 and 60 seconds, of two new layers, 09's and 16's
text, clock = load("22_text"), (20, 40, 60)
WRITERS = ("minGRU", "selective state space", "LSTM", "GPT")
nats = {name: spread(np.transpose([text["results"][f"{name}, {s} s"] for s in clock]))
        for name in WRITERS}
at_end = {name: mean[-1] for name, (mean, _, _) in nats.items()}
fig, ax = figure(figsize=(8, 3.3))
lines(ax, clock, nats, legend=False, chance=text["results"]["5-gram"][0],
      chance_label="5-gram")
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.1, 1))
best = min(at_end, key=at_end.get)
ax.set(title=f"Lowest of the four networks after {clock[-1]} s of one core: {best}",
       xlabel="seconds", ylabel="nats per character", xticks=clock)
show(fig, alt="Held-out loss after 20, 40 and 60 seconds of one core for a minGRU, a "
              "selective state space, an LSTM and a GPT, with their spread over three "
              "seeds, and a line for the 5-gram.")
for name in WRITERS:
    size, steps = (text["results"][f"{name}, {w}"] for w in ("parameters", "steps"))
    print(f"{name:22} {at_end[name]:.3f} nats, {size[0]:7,.0f} parameters, "
          f"{min(steps):,.0f} to {max(steps):,.0f} steps")
print(credit(text))

# %% [markdown]
# These are equal *seconds*, so that speed counts as much as form, and all four curves still fall. The 5-gram, which only
# counts, is the bar, and after this minute no mean lies below it. What would come after minutes is not shown, nor what holds where the papers measured, with a thousand times the
# parameters.

# %% tags=["fold"]
# Table: what the papers say, and what was measured here
from seqlib import claims
from seqlib.studies.all_steps_at_once import verdict_cheap, verdict_growth
from seqlib.studies.what_a_state_holds import verdict_apart, where_fair


def said(values):
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


spread_out = copied["spread"]
near, far = ({name: parity["results"][f"{name}, {n} bits"] for name in TRACKERS[:2]}
             for n in (20, 160))
few, many = looked_up("linear attention, 256 numbers"), looked_up("softmax attention")
delta = looked_up("delta rule, 256 numbers")
ratio = took["nn.GRU"][2] / took["scan, gradient by hand"][2]
by_pairs, turning = cost["scan by pairs"], far[TRACKERS[1]]
of_scans = [
    ("All states of a linear recurrence in O(log T) steps, with O(T) work",
     "Martin and Cundy 2018, §2.2; Blelloch 1990, §1.4",
     f"{counts[-1]} steps: {by_pairs[-1, 1]} products in a row, {by_pairs[-1, 0]:,} in all",
     verdict_cheap(counts, by_pairs[:, 0], by_pairs[:, 1]), "Work and depth"),
    ("A scan's time grows with T, attention's with its square",
     "folklore; Katharopoulos et al. 2020, §3.4",
     f"exponents {slope['scan, gradient by hand']:.2f} and {slope['attention, fused']:.2f}",
     verdict_growth({1: slope["scan, gradient by hand"], 2: slope["attention, fused"]}),
     "Work and depth"),
    ("minGRU trains 175 times faster than a GRU at 512 steps, on a T4 GPU",
     "Feng et al. 2024, §4.1",
     f"the scan alone, one core: {ratio:.1f} times as fast as nn.GRU; a test takes that "
     "GPU",
     "not tested", "Work and depth"),
]

# %% tags=["fold"]
# Table, continued: the verdicts follow from the numbers by rules
claims([
    *of_scans,
    ("State spaces that do not select fail where gaps are random",
     "Gu and Dao 2023, §3.1, Table 1",
     f"selective {said(spread_out['selective state space'])}, "
     f"diagonal {said(spread_out['diagonal state space'])}, 24 steps, 1,500 batches, the "
     "rate searched with the first seed",
     where_fair(copying["results"], [f"{n}, spread" for n in COPIERS[:2]],
                verdict_apart(spread_out["selective state space"],
                              spread_out["diagonal state space"], 0.1, 1 / 8)),
     "What each can hold"),
    ("Attention looks up more pairs than a state of fixed size",
     "Arora et al. 2023, §3; Jelassi et al. 2024, §2",
     f"24 pairs: softmax {said(many)}, linear, 256 numbers {said(few)}",
     where_fair(held_pairs["results"],
                ("softmax attention", "linear attention, 256 numbers"),
                verdict_apart(many, few, 0.05, 1 / 32)), "What each can hold"),
    ("The delta rule uses its state better than a plain sum",
     "Schlag et al. 2021, §6.1", f"256 numbers, 24 pairs: {said(delta)} and {said(few)}",
     where_fair(held_pairs["results"],
                ("delta rule, 256 numbers", "linear attention, 256 numbers"),
                verdict_apart(delta, few, 0.05, 1 / 32)), "What each can hold"),
    ("Without negative factors no parity, with them it is learned",
     "Grazzi et al. 2025, Theorem 1, Table 2",
     f"160 bits: {said(turning)} and {said(far[TRACKERS[0]])}; on the 20 bits of the "
     f"training {said(near[TRACKERS[1]])} and {said(near[TRACKERS[0]])}",
     where_fair(parity["results"], TRACKERS[:2],
                verdict_apart(turning, far[TRACKERS[0]], 0.1, 0.5)), "What each can hold"),
    ("A minGRU writes as well as a Transformer", "Feng et al. 2024, §4.3, Figure 2",
     f"{clock[-1]} s of a core: minGRU {at_end['minGRU']:.3f}, GPT {at_end['GPT']:.3f}; "
     "a test trains both until their curves are flat",
     "not tested", "A text, at equal budget"),
])

# %% [markdown]
# ## Remember
#
# - Two steps of $h \mapsto ah + b$ are one step of the same kind. From that follows everything on this page.
# - Fixed factors: a convolution. Factors from the input: a scan. A tanh between: a loop.
# - Parallel in training, recurrent in writing, with a state of fixed size. Both are the same function.
# - What the state cannot do follows from its form: no choice without gates, no flips without signs, no more pairs than room.
#
# **One picture to keep:** the tree, climbing by pairs and coming back.

# %%
from seqlib import flashcards, quiz

flashcards("22")

# %%
quiz("22")

# %% [markdown]
# ## Sources, and beyond
#
# Hillis and Steele 1986, *Data Parallel Algorithms*, Figure 2. Blelloch 1990, *Prefix Sums and Their Applications*, §1.4.
# Martin and Cundy 2018, *Parallelizing Linear Recurrent Neural Nets Over Sequence Length*, §2.2. Heinsen 2023, *Efficient
# Parallelization of a Ubiquitous Sequential Computation*, eq. 6. Gu et al. 2022, *On the Parameterization and
# Initialization of Diagonal State Space Models* (S4D), §2.1, §3. Feng et al. 2024, *Were RNNs All We Needed?*, §3, §4. Gu
# and Dao 2023, *Mamba*, §3. Katharopoulos et al. 2020, *Transformers are RNNs*, §3. Schlag et al. 2021, *Linear
# Transformers Are Secretly Fast Weight Programmers*, §4.2. Yang et al. 2024, *Parallelizing Linear Transformers with the
# Delta Rule over Sequence Length*, §3.2. Arora et al. 2023, *Zoology*, §3. Jelassi et al. 2024, *Repeat After Me*, §2.
# Grazzi et al. 2025, *Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues*, Theorem 1. Widrow and Hoff
# 1960, *Adaptive Switching Circuits*.
#
# **Beyond.** Let one rate of the delta rule go up to 2, and try parity with it: why does that help? Give linear attention a factor
# that fades, $S_t = a_t S_{t-1} + k_t^\top v_t$: which block of this page is it then? Count the bits in a state of 256 numbers and
# in 24 pairs: is there room? Next: [23 · Choosing](23_choosing.ipynb).
