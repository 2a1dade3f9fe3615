# %% [markdown]
# # 02 · The recurrent network
#
# **By the end you have built a network that reads with a memory, first in NumPy, then in PyTorch; proven it equal to
# PyTorch's own to ten digits, gradients included; and trained it to solve the twins of 01, where a bag of words is at
# chance and 4-grams stop near 70 %.**
#
# *Before you start:* [01 · Why order matters](01_why_order_matters.ipynb), matrix products, and what an `nn.Module` and
# a training loop are ([the bridge](24_bridge.ipynb) has them in small). *Time:* two hours, of which about 45 minutes
# are the eight exercises. *Needs:* no network, no GPU.

# %% [markdown]
# ## A memory of one number
#
# A network that reads keeps a **state** $h_t$: what it still knows after step $t$. In the smallest network that is one
# number. Part of the old state stays, part of the new input is added:
#
# $$h_t = w_h\,h_{t-1} + w_x\,x_t, \qquad h_0 = 0 \tag{2.1}$$
#
# By hand, with $w_h = w_x = 0.5$:
#
# | word | The | quick | brown | fox | jumps |
# |---|---|---|---|---|---|
# | $x_t$ | 1 | 2 | 3 | 4 | 5 |
# | $h_t$ | 0.5·0 + 0.5·1 = **0.5** | 0.5·0.5 + 0.5·2 = **1.25** | ? | ? | ? |
#
# **Exercise 02.1 · The trace** — ●○○○, 4 minutes, core
#
# Finish the table on paper. Then write the function that does it. The numbers `x` may be whole ones; the states are not.

# %%
import numpy as np


def scalar_trace(x, w_h, w_x):
    """Every state h_1 … h_T of equation (2.1): a list or an array of T numbers.

    x (T,) are the numbers that are read, whole or not; w_h and w_x are numbers
    """
    ### BEGIN SOLUTION
    h, states = 0.0, []
    for x_t in x:
        h = w_h * h + w_x * x_t  # (2.1)
        states.append(h)
    return states
    ### END SOLUTION

# %%
from seqlib import check

scalar_trace, result = check("02.scalar_trace", scalar_trace)
result

# %% [markdown]
# **Predict.** *The* went into the state at step 1. How much of what it put there is still in $h_5$, four words later,
# in percent? Guess for $w_h = 0.5$, then for $w_h = 0.9$.
#
# The cell after your guess measures it as you would on any machine that you may not open: it **nudges** the first word
# and looks how far each state moves.

# %%
guess_at_half = None  # predict: percent of the first word left in h_5, with w_h = 0.5
guess_at_nine = None  # predict: the same with w_h = 0.9

# %%
from IPython.display import display

from seqlib import reveal

words = "The quick brown fox jumps".split()
x = np.arange(1.0, 6.0)


def left_of_first(w_h, x):
    """The share of what the first input put in that is left after each step: (T,)."""
    nudged = scalar_trace(x + np.eye(len(x))[0], w_h, 0.5)
    moved = np.subtract(nudged, scalar_trace(x, w_h, 0.5))
    return moved / moved[0]


for w_h in (0.5, 0.9):
    trace = zip(words, scalar_trace(x, w_h, 0.5), strict=True)
    print(f"w_h = {w_h}:", "  ".join(f"{word} {h:.3f}" for word, h in trace))
at_half, at_nine = (100 * left_of_first(w_h, x)[-1] for w_h in (0.5, 0.9))
display(reveal(guess_at_half, at_half, "left of the first word at 0.5", unit="%"),
        reveal(guess_at_nine, at_nine, "left of the first word at 0.9", unit="%"))

# %% [markdown]
# Each step multiplies what is there by $w_h$. After $k$ further steps a share of
#
# $$\frac{\partial h_{t+k}}{\partial h_t} = w_h^{\,k} \tag{2.2}$$
#
# is left: $0.5^4$ is a sixteenth, $0.9^4$ two thirds. A small change of one weight decides how long the network
# remembers. Remember this curve: in 04 it comes back, with matrices, as *the* problem of recurrent networks.

# %%
steps, pulse = np.arange(21), np.zeros(21)
measured = {f"w_h = {w}": left_of_first(w, pulse) for w in (0.5, 0.9, 1.0)}
by_formula = 0.9**steps  # (2.2)

# %% tags=["fold"]
# Draw: the share of the first word left, for three weights, and the formula's dots
from seqlib import show
from seqlib.display.figures import figure, lines

fig, ax = figure(figsize=(7, 2.8))
lines(ax, steps, measured)
ax.plot(steps[::4], by_formula[::4], "o", color="black", ms=4, label="$0.9^k$")
ax.set(title="One weight decides how long a word is remembered", xlabel="words read since",
       ylabel="share left", xticks=steps[::4])
ax.legend(loc="center left", bbox_to_anchor=(0.62, 0.62))
show(fig, alt="Share of the first word left against words read since. With weight 0.5 it "
              "is almost gone after five words, with 0.9 it fades over twenty and lies on "
              "the formula's dots, with 1.0 it stays.")

# %% [markdown]
# What was measured lies on (2.2). A weight of 1 keeps everything; whether that would be of use, the picture does not
# say: a memory that never fades is soon full of old things.

# %% [markdown]
# ## From numbers to vectors
#
# *fox* is not four times *The*: as numbers, words say things that nobody means. So each token gets a place of its own,
# a **one-hot** vector $x_t$ of D numbers: 1 at its place, 0 elsewhere. The state becomes a vector too, of H **hidden
# units**, and the weights become matrices.

# %% tags=["fold"]
# Draw: a feed-forward network, and the same with one term more
from seqlib.display import cells

cells.feed_forward_and_recurrent().show(
    "Left, a feed-forward network: x_t goes through W_xh to h_t, and through W_hy to p_t. "
    "Right, the same with an arrow from h_t back to itself, through W_hh: the state of the "
    "step before."
)

# %% [markdown]
# A feed-forward network sees one input at a time and has nothing to remember it with. The recurrent one has a single
# term more, its own state of the step before; the picture does not show that the three matrices stay the same at every
# step.
#
# $$h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) \tag{2.3}$$
#
# $\tanh$ keeps each unit between −1 and 1 and makes the step more than a weighted sum; what that is worth, you will
# measure. The other usual choice is $\mathrm{ReLU}(s) = \max(0, s)$.

# %% [markdown]
# **Exercise 02.2 · One step** — ●●○○, 5 minutes, core
#
# Write equation (2.3) for a batch of B sequences: the formula stays, $x_t$ is (B, D) and $h_t$ is (B, H). The docstring
# has the shapes of the weights. Write the products and sums yourself, in NumPy or PyTorch, without `nn.RNN` and
# `nn.RNNCell`: those come at the end, to compare with.

# %%
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """One step of a recurrent network, without nn.RNN and nn.RNNCell: the new state (B, H).

    x_t (B, D), h_prev (B, H), W_xh (D, H), W_hh (H, H), b_h (H,)
    """
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)  # (2.3)
    ### END SOLUTION

# %%
rnn_step, result = check("02.rnn_step", rnn_step)
result

# %% [markdown]
# **One matrix or two?** Many papers write a single W and put input and state side by side: $W\cdot[x_t, h_{t-1}]$. It is
# the same sum, only stacked:
#
# $$[\,x_t \,|\, h_{t-1}\,] \begin{bmatrix} W_{xh} \cr W_{hh} \end{bmatrix} = x_t W_{xh} + h_{t-1} W_{hh} \tag{2.4}$$

# %%
draw = np.random.default_rng(0)
x_t, h_prev = draw.normal(size=(2, 3)), draw.normal(size=(2, 4))  # B = 2, D = 3, H = 4
W_x, W_h, b = draw.normal(size=(3, 4)), draw.normal(size=(4, 4)), draw.normal(size=4)
W = np.vstack([W_x, W_h])  # (D + H, H)
joined = np.tanh(np.hstack([x_t, h_prev]) @ W + b)  # (2.4)
one_matrix_gap = abs(joined - rnn_step(x_t, h_prev, W_x, W_h, b)).max()
print(f"W {W.shape}; one matrix against two: {one_matrix_gap:.0e} apart")

# %% [markdown]
# Stacked, one product does for both; apart, the inputs' part can be computed for all steps at once, as you will see.
# This course keeps two, so that each can be looked at.
#
# Reading is nothing but this step again and again, each time with the state that the step before left behind.
#
# **Exercise 02.3 · A whole sequence** — ●●○○, 8 minutes, core
#
# `x` is batch first, (B, T, D). Return *every* state, (B, T, H), and the last one, (B, H). The first step begins from
# the given `h_0`. Again without `nn.RNN`; your `rnn_step` is welcome.

# %%
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    """Read whole sequences, without nn.RNN: every state (B, T, H), and the last one (B, H).

    x (B, T, D), h_0 (B, H), weights as in rnn_step
    """
    ### BEGIN SOLUTION
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h
    ### END SOLUTION

# %%
rnn_forward, result = check("02.rnn_forward", rnn_forward)
result

# %% [markdown]
# ## “kittens”, letter by letter
#
# T = 7 steps, D = 6 different letters, H = 4 hidden units. The weights are random, nothing is learned yet. Look at the
# two t's: the same input twice in a row.

# %%
word = "kittens"
letters = sorted(set(word))
x_kittens = np.eye(len(letters))[[letters.index(letter) for letter in word]]  # (T, D)

rng = np.random.default_rng(2)
D, H = len(letters), 4
W_xh, W_hh = rng.normal(size=(D, H)), 0.6 * rng.normal(size=(H, H))
b_h = 0.1 * rng.normal(size=H)
states, h_T = rnn_forward(x_kittens[None], np.zeros((1, H)), W_xh, W_hh, b_h)

# %% tags=["fold"]
# Draw: the one-hot letters, and the state after each
from seqlib.display.figures import heatmap

fig, axes = figure(2, 1, figsize=(7, 3.6), height_ratios=[D, H])
heatmap(axes[0], x_kittens.T, rows=letters, columns=list(word))
axes[0].set_title("What goes in: t and t are the same")
units = [f"unit {i}" for i in range(H)]
heatmap(axes[1], states[0].T, rows=units, columns=list(word), values="{:.1f}", centre=0)
axes[1].set_title("What is kept: after t and after t, two different states")
show(fig, alt="Above, the one-hot columns of k, i, t, t, e, n, s: both t columns are "
              "alike. Below, four hidden units after each letter: the columns under the "
              "first and the second t differ.")

# %% [markdown]
# The second *t* finds another state than the first did, and leaves another one behind. That is all the memory there is.
# What a unit stands for, nobody has told it: these weights are random.

# %% [markdown]
# ## The unrolled graph
#
# Draw each step beside the last and the loop becomes a chain as long as the input. Nothing is added; it is the same
# three matrices at every step.

# %% tags=["fold"]
# Draw: the unrolled network over "kittens"
LINE = {"arrowstyle": "-|>", "shrinkA": 13, "shrinkB": 13, "fc": "#333333"}


def arrow(start, stop, name, side):
    ax.annotate("", stop, start, arrowprops=LINE)
    ax.annotate(name, np.add(start, stop) / 2, side, textcoords="offset points",
                ha="center", va="center", fontsize=8)


fig, ax = figure(figsize=(8, 3))
ax.set_axis_off()
for t, letter in enumerate(" " + word):
    colour = "#D6EAF8" if t else "white"
    circle = {"boxstyle": "circle,pad=0.35", "fc": colour, "ec": "#0072B2"}
    ax.text(t, 1, f"$h_{t}$", ha="center", va="center", bbox=circle)
    if t:
        ax.text(t, 0, letter, ha="center", va="center", fontsize=13)
        ax.text(t, 2, f"$p_{t}$", ha="center", va="center")
        arrow((t, 0), (t, 1), "$W_{xh}$", (15, 0))
        arrow((t - 1, 1), (t, 1), "$W_{hh}$", (0, 9))
        arrow((t, 1), (t, 2), "$W_{hy}$", (15, 0))
ax.set(xlim=(-0.4, 7.5), ylim=(-0.2, 2.2), title="One set of weights, used at every step")
show(fig, alt="A chain of eight circles h0 to h7 joined by arrows, each labelled W_hh. "
              "Under each circle a letter of kittens with an arrow up labelled W_xh, "
              "above each an output p, labelled W_hy.")

# %% [markdown]
# Read it from left to right: each state is made of the letter below and the state before. Seven copies are drawn, and
# there is one set of weights; how far an early letter's influence reaches, the drawing does not say.
#
# The outputs $p_t$ come from a **readout**, which turns a state into a score for each of C classes. Such scores, of any
# size and sign, are called **logits**:
#
# $$\mathrm{logits}_t = h_t W_{hy} + b_y \tag{2.5}$$

# %% [markdown]
# **Exercise 02.4 · How many weights?** — ●○○○, 3 minutes, core
#
# Count every number that training may change: $W_{xh}, W_{hh}, b_h, W_{hy}, b_y$, for a text of `steps` letters. The
# initial state is zeros, and stays so.

# %%
def count_parameters(input_size, hidden_size, output_size, steps):
    """How many numbers W_xh, W_hh, b_h, W_hy and b_y hold, for a text of `steps` steps."""
    ### BEGIN SOLUTION
    recurrent = input_size * hidden_size + hidden_size * hidden_size + hidden_size
    return recurrent + hidden_size * output_size + output_size
    ### END SOLUTION

# %%
count_parameters, result = check("02.count_parameters", count_parameters)
result

# %% [markdown]
# The length does not enter. What was learned about *t* at step 3 is known at step 300, and a text may be longer than any
# that was trained on. A network with weights of its own for each position would have to learn every word at every
# place anew.
#
# Does such a network know in which **order** the letters came? Here are five words with the same letters.

# %%
anagrams = ["silent", "listen", "tinsel", "enlist", "inlets"]
alphabet = sorted("silent")
places = [[alphabet.index(letter) for letter in anagram] for anagram in anagrams]
x_words = np.eye(6)[places]  # (B, T, D)
_, last = rnn_forward(x_words, np.zeros((5, H)), W_xh, W_hh, b_h)
bags = x_words.sum(axis=1)


def distances(rows):
    """Between each two different rows."""
    apart = np.linalg.norm(rows[:, None] - rows, axis=-1)
    return apart[np.triu_indices(len(rows), k=1)]


print("bags of letters: largest distance  ", distances(bags).max())
print("last states:     smallest distance ", distances(last).min().round(3))

# %% [markdown]
# A sum cannot tell them apart, whatever is put on top of it. The recurrent network can, before it has learned anything:
# order is in the state because each step works on what the step before left.
#
# ## What you read off: four shapes of tasks
#
# | task of 01 | you read | example |
# |---|---|---|
# | many → one | the **last** state | mood of a review |
# | many → many, aligned | **each** state | the next letter, a tag for each word |
# | one → many | each state; the output is **fed back** as the next input | write on |
# | many → many, not aligned | the last state begins a second network | translate (10) |

# %% [markdown]
# The readout is the same each time: logits (2.5), then **softmax**, which makes them probabilities:
#
# $$p_t = \mathrm{softmax}(\mathrm{logits}_t), \qquad
# p_{t,c} = \frac{e^{\mathrm{logits}_{t,c}}}{\sum_{c'} e^{\mathrm{logits}_{t,c'}}} \tag{2.6}$$
#
# **Exercise 02.5 · The readout** — ●●○○, 6 minutes, core
#
# It must work for (B, H) and for (B, T, H), and for logits of 1000, where `np.exp` gives infinity, among others that are
# small.

# %%
def readout(h, W_hy, b_y):
    """Probabilities of C classes: the softmax of the logits.

    h (B, H) or (B, T, H), W_hy (H, C), b_y (C,) -> (B, C) or (B, T, C)
    """
    ### BEGIN SOLUTION
    logits = h @ W_hy + b_y  # (2.5)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # (2.6)
    ### END SOLUTION

# %%
readout, result = check("02.readout", readout)
result

# %% [markdown]
# ### Where to begin, where to stop
#
# The **initial state** $h_0$ is zeros unless there is something to say: it may be learned, carried over from the text
# before (03), or filled by another network (10). Where to *stop* is a trap. In a batch, short sequences are padded, and
# the network goes on stepping: even over zeros, $h_{t-1}W_{hh} + b_h$ changes the state.
#
# **Exercise 02.6 · The last real state** — ●●○○, 5 minutes, core
#
# Return the state of each sequence after its last **real** token.

# %%
def last_real_state(states, lengths):
    """The state of each sequence at its last real token.

    states (B, T, H), lengths (B,) integers from 1 to T -> (B, H)
    """
    ### BEGIN SOLUTION
    return states[np.arange(len(states)), lengths - 1]
    ### END SOLUTION

# %%
last_real_state, result = check("02.last_real_state", last_real_state)
result

# %% [markdown]
# The test of it: *kit* read alone, and *kit* in a batch with *kittens*, padded with four vectors of zeros. The first
# number must be zero but for rounding. The second shows what an innocent `states[:, -1]` would have read.

# %%
kit = x_kittens[:3]
padded = np.stack([np.concatenate([kit, np.zeros((4, D))]), x_kittens])
alone = rnn_forward(kit[None], np.zeros((1, H)), W_xh, W_hh, b_h)[1][0]
states, end = rnn_forward(padded, np.zeros((2, H)), W_xh, W_hh, b_h)
real = last_real_state(states, np.array([3, 7]))
real_gap = abs(real[0] - alone).max()
end_gap = abs(end[0] - alone).max()
print(f"kit alone against kit padded: last real state {real_gap:.1e}, "
      f"last state {end_gap:.2f}")

# %% [markdown]
# **Exercise 02.7 · Write on** — ●●●○, 10 minutes, stretch
#
# One → many. Begin with a state of zeros and one letter. At each step: read the letter, score all letters with (2.5),
# take the one with the highest score (that is called **greedy**), note it down, and read *it* next. Return the ids of
# the letters written, without the first, in a list or an array. No `nn.RNN` here either.

# %%
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    """The ids of `steps` letters, each the likeliest after all before it, without nn.RNN.

    Begins from a state of zeros and the letter with the id `first`, which is not returned.
    W_xh (V, H), W_hh (H, H), b_h (H,), W_hy (H, V), b_y (V,)
    """
    ### BEGIN SOLUTION
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        # A one-hot row times W_xh is a row of W_xh.
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = (h @ W_hy + b_y).argmax()
        written.append(letter)
    return written
    ### END SOLUTION

# %%
feed_back, result = check("02.feed_back", feed_back)
result

# %% [markdown]
# ## The same in PyTorch
#
# Now a layer that can be trained. The equation has not changed, and its names have not either. One thing is better
# organised: the inputs' part needs no state, so it is one large product before the loop. Later notebooks import this
# very class: `from seqlib.models.layers import RNN`.

# %%
import torch
from torch import nn
from torch.nn import functional as F


class RNN(nn.Module):
    """A recurrent layer.

    x (B, T, D) and a first state (B, H) -> every state (B, T, H), the last one (B, H)
    """

    def __init__(self, input_size, hidden_size, activation=torch.tanh):
        super().__init__()
        bound = hidden_size**-0.5
        self.W_xh = nn.Parameter(
            torch.empty(input_size, hidden_size).uniform_(-bound, bound))
        self.W_hh = nn.Parameter(
            torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.zeros(hidden_size))
        self.activation = activation

    def forward(self, x, h=None):
        h = x.new_zeros(len(x), len(self.b_h)) if h is None else h
        states = []
        for from_input in (x @ self.W_xh + self.b_h).unbind(dim=1):
            h = self.activation(from_input + h @ self.W_hh)  # (2.3)
            states.append(h)
        return torch.stack(states, dim=1), h

# %% [markdown]
# ## Is it the same network?
#
# PyTorch has this layer: `nn.RNN`. With the same weights it must give the same numbers.
#
# > **Conventions differ.** *Row vectors:* we write $x_tW_{xh}$; papers have columns, $Wx$. *Storage:* PyTorch keeps
# > $W^\top$, in `nn.Linear.weight` too: (outputs, inputs). *Biases:* `nn.RNN` has two where one suffices. *Axes:* time
# > comes first, unless `batch_first=True`.
#
# $$W_{xh} = \texttt{weight\_ih}^\top, \quad W_{hh} = \texttt{weight\_hh}^\top, \quad
# b_h = \texttt{bias\_ih} + \texttt{bias\_hh} \tag{2.7}$$
#
# **Exercise 02.8 · Borrowed weights** — ●○○○, 3 minutes, core
#
# Turn PyTorch's four arrays (or tensors) into our three. Keep their precision: below they are compared to ten digits.

# %%
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """PyTorch's (H, D), (H, H), (H,), (H,) -> our W_xh (D, H), W_hh (H, H), b_h (H,).

    Arrays or tensors come in, and may go out.
    """
    ### BEGIN SOLUTION
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh  # (2.7)
    ### END SOLUTION

# %%
from_torch, result = check("02.from_torch", from_torch)
result

# %% [markdown]
# Equal values could be luck at one size, and equal values do not make equal gradients. So: both, in float64, for
# several batch sizes and lengths, for tanh and for ReLU. No difference may be larger than $10^{-10}$.

# %%
def largest_gaps(batch, steps, kind, input_size=3, hidden_size=5):
    """Our RNN and PyTorch's, the same weights: the largest gap in states, in gradients."""
    theirs = nn.RNN(input_size, hidden_size, nonlinearity=kind, batch_first=True).double()
    ours = RNN(input_size, hidden_size, getattr(torch, kind)).double()
    borrowed = map(torch.as_tensor, from_torch(*(p.detach() for p in theirs.parameters())))
    ours.load_state_dict(dict(zip(("W_xh", "W_hh", "b_h"), borrowed, strict=True)))

    x = torch.randn(batch, steps, input_size, dtype=torch.float64, requires_grad=True)
    found, expected = ours(x)[0], theirs(x)[0]
    g_ours = torch.autograd.grad(found.square().sum(), [x, *ours.parameters()])
    g_x, g_ih, g_hh, g_bias, _ = torch.autograd.grad(
        expected.square().sum(), [x, *theirs.parameters()])
    pairs = zip(g_ours, (g_x, g_ih.T, g_hh.T, g_bias), strict=True)
    largest = max((a - b).abs().max().item() for a, b in pairs)
    return (found - expected).abs().max().item(), largest


sizes = ((1, 1), (1, 30), (4, 7), (16, 50))
gaps = {(kind, *size): largest_gaps(*size, kind)
        for kind in ("tanh", "relu") for size in sizes}
worst_gap = max(max(pair) for pair in gaps.values())
assert worst_gap < 1e-10

# %% tags=["fold"]
# Print: the largest differences, a line a size
for (kind, batch, length), (states_gap, gradients_gap) in gaps.items():
    print(f"{kind}, B = {batch:2}, T = {length:2}: "
          f"states {states_gap:.0e}, gradients {gradients_gap:.0e}")

# %% [markdown]
# The same network, up to the rounding of float64. (PyTorch's two biases receive the same gradient: they can do
# nothing that one cannot.)

# %% [markdown]
# ## The twins of 01
#
# Now the task on which a bag of words was at chance: twin reviews, the same words, opposite mood. Same grammar, same
# seeds, same sizes as in 01.

# %%
from seqlib import budget
from seqlib.data import Vocabulary, negation_grammar, pad_batch, sampler

size = budget(cpu=2000, smoke=200)


def reviews(seed):
    """Training and test reviews, drawn as in 01; each is (sentences, labels)."""
    rng = np.random.default_rng(seed)
    training = negation_grammar(rng, size)
    return training, negation_grammar(rng, size // 2, exclude=training[0])


sentences, labels = reviews(0)[1]
for i in [i for i, s in enumerate(sentences) if sorted(s) == sorted(sentences[0])]:
    print("good" if labels[i] else "bad ", "|", " ".join(sentences[i]))

# %% [markdown]
# The model is your step, a readout and nothing else. Two lines deserve a word. One-hot times $W_{xh}$ picks a row: each
# word has a vector of its own, and it is learned. And $W_{hh}$ begins as an orthogonal matrix, a rotation that neither
# shrinks nor stretches a state; take it on trust until 04 measures it.

# %%
class Reader(nn.Module):
    """Many to one: reads a review word by word, answers from its last real state."""

    def __init__(self, vocab_size, hidden_size=32, classes=2, activation=torch.tanh):
        super().__init__()
        self.vocab_size = vocab_size
        self.rnn = RNN(vocab_size, hidden_size, activation)
        self.out = nn.Linear(hidden_size, classes)  # (2.5)
        nn.init.orthogonal_(self.rnn.W_hh)

    def forward(self, ids, lengths):
        states, _ = self.rnn(F.one_hot(ids, self.vocab_size).float())
        return self.out(states[torch.arange(len(ids)), lengths - 1])  # your last_real_state

# %%
def tensors(part, vocabulary):
    """Reviews as ids (N, T) padded with 0, lengths (N,), labels (N,)."""
    ids, _, lengths = pad_batch([vocabulary.encode(sentence) for sentence in part[0]])
    return tuple(map(torch.as_tensor, (ids, lengths, part[1])))


def prepared(seed):
    """The vocabulary (of the training reviews alone), training tensors, test tensors."""
    training, test = reviews(seed)
    vocabulary = Vocabulary.build(training[0], specials=["<pad>"])
    return vocabulary, tensors(training, vocabulary), tensors(test, vocabulary)


def loss(model, batch):
    return F.cross_entropy(model(*batch[:2]), batch[2])  # it does the softmax (2.6) itself


def percent_right(model, ids, lengths, labels):
    with torch.no_grad():
        return 100 * (model(ids, lengths).argmax(dim=-1) == labels).double().mean().item()

# %% [markdown]
# **Predict.** Words alone: 50 %. Up to 4-grams: about 70 %. What percentage of *new* reviews will an RNN of 32 units get
# right, after a few seconds of training? (`clip` keeps a single batch from throwing the weights far off: 04 again.)

# %%
guess = None  # predict: percent right, RNN

# %%
from seqlib.training.train import train

vocabulary, training, test = prepared(0)
torch.manual_seed(0)
reader = Reader(vocabulary.size)


def progress_on_test(model):
    return {"percent right": percent_right(model, *test)}


history = train(reader, sampler(*training, batch_size=64), steps=budget(cpu=500), lr=3e-3,
                clip=1.0, loss=loss, evaluate=progress_on_test, every=50,
                name="RNN on the twins")
reader_size = sum(p.numel() for p in reader.parameters())
print(f"{reader_size:,} parameters, {len(history.losses)} steps of 64 reviews, "
      f"{history.seconds:.1f} s")
reveal(guess, percent_right(reader, *test), "percent of new reviews right, RNN",
       fmt="{:.1f}")

# %% [markdown]
# One run is one run. Do it again with other data and other initial weights, beside the n-grams of 01 on the very same
# reviews. `fit` is what `train` does, bare: this is the whole of training.

# %%
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression


def fit(model, sampler):
    """Train without display, as `train` above did."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(budget(cpu=500)):
        optimizer.zero_grad()
        loss(model, sampler(step)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


def n_grams(tokens, longest):
    """All runs of 1 to `longest` neighbouring tokens, as in 01."""
    return [tuple(tokens[start:start + n])
            for n in range(1, longest + 1)
            for start in range(len(tokens) - n + 1)]

# %%
def n_gram_score(longest, training, test):
    """Logistic regression on n-grams, as in 01: (percent right, number of weights)."""
    counter = CountVectorizer(analyzer=lambda tokens: n_grams(tokens, longest))
    model = LogisticRegression(solver="liblinear")
    model.fit(counter.fit_transform(training[0]), training[1])
    return 100 * model.score(counter.transform(test[0]), test[1]), model.coef_.size + 1


def rnn_score(training, test, model):
    """The RNN on the same reviews: (percent right, number of weights)."""
    fit(model, sampler(*training, batch_size=64))
    return percent_right(model, *test), sum(p.numel() for p in model.parameters())

# %% [markdown]
# Three entrants on the reviews of each seed, timed:

# %%
import time

from seqlib.display.figures import spread


def contest(seed):
    """Rows (percent right, weights, seconds): words alone, 4-grams, RNN."""
    torch.manual_seed(seed)
    vocabulary, training, test = prepared(seed)
    model, rows = Reader(vocabulary.size), []
    for entrant in (lambda: n_gram_score(1, *reviews(seed)),
                    lambda: n_gram_score(4, *reviews(seed)),
                    lambda: rnn_score(training, test, model)):
        began = time.perf_counter()
        rows.append([*entrant(), time.perf_counter() - began])
    return rows


seeds = range(budget(cpu=5, smoke=1))
results = np.array([contest(seed) for seed in seeds])  # (seeds, entrants, 3)
scores, (_, weights, seconds) = results[:, :, 0], results.mean(axis=0).T

# %% tags=["fold"]
# Draw: percent right for words, 4-grams and the RNN
from seqlib.display.figures import bars

mean, low, high = spread(scores)
fig, ax = figure(figsize=(7, 3))
entrants = "words alone", "up to 4-grams", "RNN, 32 units"
names = [f"{name}\n{w:,.0f} weights, {s:.1f} s"
         for name, w, s in zip(entrants, weights, seconds, strict=True)]
bars(ax, names, mean, spread=(low, high), chance=50, fmt="{:.1f}")
ax.set(title="What n-grams cannot bridge, a state carries across",
       ylabel="percent right", ylim=(0, 112))
show(fig, alt="Bars of percent right on new reviews, mean of five seeds, whiskers for "
              "lowest and highest: words alone at the chance line of 50, up to 4-grams "
              "near 70, the RNN near 100.")

# %% [markdown]
# The result of 01 is overturned, with about as many weights as the 4-grams have (mean of five seeds; the whiskers are
# the lowest and the highest; the RNN's rate was chosen by hand, the regression is as it comes). Up to seven words stand
# between *not* and its adjective; a 9-gram could bridge them but has hardly seen any 9-gram twice. The RNN need not see
# them all: it learns **what to keep** and lets the rest pass.

# %% [markdown]
# ## Look inside
#
# Ask your `readout` after *every* word, though it was trained for the last one only. Two twins:

# %%
twin = "the film was not in truth {} and the music was really {}"
pair = [twin.format("good", "bad").split(), twin.format("bad", "good").split()]
with torch.no_grad():
    ids = tensors((pair, [0, 1]), vocabulary)[0]
    states, _ = reader.rnn(F.one_hot(ids, vocabulary.size).float())
    W_out, b_out = reader.out.weight.numpy().T, reader.out.bias.numpy()
    good = readout(states.numpy(), W_out, b_out)[..., 1]

# %% tags=["fold"]
# Draw: the probability of a good review after each word, for two twins
fig, ax = figure(figsize=(7.5, 3))
lines(ax, np.arange(len(pair[0])),
      {"… not … good and … bad": good[0], "… not … bad and … good": good[1]})
ticks = [a if a == b else f"{a} |\n{b}" for a, b in zip(*pair, strict=True)]
ax.set_xticks(range(len(ticks)), ticks, rotation=40)
ax.set(title="One until the first adjective; then the state keeps the twins apart",
       ylim=(-0.05, 1.05), ylabel="probability of “good”")
show(fig, alt="The probability of a good review after each word, for two twins. The lines "
              "are one until the first adjective, then part over the next words, which "
              "are the same, and end far apart.")

# %% [markdown]
# Up to the first adjective the lines must be one: the words are. Then *and the music was really* goes by, the same for
# both, and yet the lines part: what differs is the state. (Midway the readout answers a question that it was never
# trained on. Only its last word counts.)

# %% [markdown]
# **Explore.** The weights that you just trained, reading *your* text. Type a review with the words of this grammar; move
# through the steps; look for a unit that changes at *not* and keeps its sign until the adjective. Unknown words are
# skipped.

# %%
from seqlib.display.explorers.reading import HiddenState

HiddenState({"W_xh": reader.rnn.W_xh, "W_hh": reader.rnn.W_hh, "b_h": reader.rnn.b_h,
             "W_hy": reader.out.weight.T, "b_y": reader.out.bias},
            vocabulary.tokens, text=" ".join(pair[1]), task="classify",
            labels=["bad", "good"])

# %% [markdown]
# ## Break it
#
# Three ways to take the memory apart. *Wipe it*: let the trained network begin every word from zeros. *Never have it*:
# train with $W_{hh}$ frozen at zero. *Make it linear*: train without tanh.
#
# **Predict.** Without tanh the state still carries every word along. What percentage will the linear network get right?

# %%
guess = None  # predict: percent right without tanh

# %%
def broken(seed):
    """Percent right of one seed: wiped at every step, W_hh frozen at zero, no tanh."""
    vocabulary, training, (ids, lengths, labels) = prepared(seed)
    review_sampler = sampler(*training, batch_size=64)
    torch.manual_seed(seed)
    whole, frozen = fit(Reader(vocabulary.size), review_sampler), Reader(vocabulary.size)
    nn.init.zeros_(frozen.rnn.W_hh).requires_grad_(False)
    linear = Reader(vocabulary.size, activation=lambda s: s)
    # A state wiped before each word holds the last word alone.
    last_word = ids.gather(1, lengths[:, None] - 1)
    return [percent_right(whole, last_word, torch.ones_like(lengths), labels),
            percent_right(fit(frozen, review_sampler), ids, lengths, labels),
            percent_right(fit(linear, review_sampler), ids, lengths, labels)]


damage = np.array([broken(seed) for seed in range(budget(cpu=3, smoke=1))])
reveal(guess, damage[:, 2].mean(), "percent right without tanh", fmt="{:.1f}")

# %% tags=["fold"]
# Draw: percent right of the whole network and of the three broken ones
mean, low, high = spread(np.column_stack([scores[:len(damage), 2], damage]))
fig, ax = figure(figsize=(7, 2.8))
bars(ax, ["whole", "wiped at every step", "$W_{hh}$ frozen at 0", "no tanh"], mean,
     spread=(low, high), chance=50, fmt="{:.1f}")
ax.set(title="Without a state, or without a bend in it, little or nothing is left",
       ylabel="percent right", ylim=(0, 112))
show(fig, alt="Bars of percent right. The whole network is near 100; wiped at every step "
              "and with W_hh frozen at zero it is at the chance line of 50; without tanh "
              "a few points above chance.")

# %% [markdown]
# Wiping and freezing come to the same: with $h_{t-1} = 0$ or $W_{hh} = 0$ the last word stands alone. Without tanh the
# state is a **sum** in which each word has a weight for its distance from the end. It remembers, but a sum cannot
# express *if*: the effect of *bad* must flip when *not* came before. (The few points above chance come from *where*
# words stand; three seeds, one rate.) That it is a sum can be seen to the last digit: read each word of a twin alone, in
# its place, and add up what each did.

# %%
one_hot = torch.eye(vocabulary.size, dtype=torch.float64)[ids[:1]]  # (1, T, V)
each_alone = torch.eye(ids.shape[1])[:, :, None] * one_hot[0]  # (T, T, V), a word a row


def from_a_sum(activation):
    """How far the last state is from the sum of what every word does alone."""
    torch.manual_seed(0)
    layer = RNN(vocabulary.size, 8, activation).double()
    with torch.no_grad():
        whole, nothing = (layer(x)[1] for x in (one_hot, torch.zeros_like(one_hot)))
        apart = (layer(each_alone)[1] - nothing).sum(dim=0)
    return (whole - nothing - apart).abs().max().item()


linear_gap, tanh_gap = from_a_sum(lambda s: s), from_a_sum(torch.tanh)
print(f"without tanh {linear_gap:.0e} from a sum; with it {tanh_gap:.2f}")

# %% [markdown]
# Memory alone is not enough; what is remembered must meet what is read.

# %% [markdown]
# ### The padded state
#
# Last, the quiet mistake. One network reads the last real state. Another is trained, and tested, on the state at the
# *end of the padded batch*: there it may learn to wait. Then a longer review joins the batch, and everybody gets a few
# more pads.

# %%
def at_the_end(batch, more=0):
    """The batch with `more` columns of padding, every review taken to be that long."""
    ids = F.pad(batch[0], (0, more))
    return ids, torch.full_like(batch[1], ids.shape[1]), batch[2]


torch.manual_seed(0)
careless = fit(Reader(vocabulary.size), sampler(*at_the_end(training), batch_size=64))
more = range(21)
real = [percent_right(reader, F.pad(test[0], (0, k)), *test[1:]) for k in more]
end = [percent_right(careless, *at_the_end(test, k)) for k in more]

# %% tags=["fold"]
# Draw: percent right against further pads, for both networks
fig, ax = figure(figsize=(7, 2.8))
lines(ax, more, {"reads the last real state": real, "reads the padded end": end}, chance=50)
ax.legend(loc="upper center", ncols=2)
ax.set(title="Read at the padded end, a review's mood depends on its neighbours",
       xlabel="further pads in the batch", ylabel="percent right", ylim=(-5, 130),
       xticks=more[::5], yticks=range(0, 101, 25))
show(fig, alt="Percent right against further pads added to the batch. Reading the last "
              "real state stays level near 100. Reading the padded end begins as high, "
              "then swings far below chance and back.")

# %% [markdown]
# In its own test the careless network looks perfect. It is the worst kind of wrong: the answer to one review depends on
# which others happen to be beside it.
#
# *An open question without a check:* the careless network's curve falls far *below* chance and comes back. What could
# its state be doing while it reads pads, and how would you find out?

# %% [markdown]
# ## The next letter
#
# Many → many, on real text: Python's own standard library, letter by letter. Beside it stand the counting models of 01,
# from single letters to the 5-gram, with Witten–Bell smoothing, on the same split.

# %%
from seqlib.data import shifted_windows, split_in_time, stdlib_text, text_sampler
from seqlib.models.ngram import NGram

text = stdlib_text(budget(cpu=300_000, smoke=20_000))
training_text, test_text = split_in_time(text, (0.9, 0.1))
characters = Vocabulary.build([training_text], specials=["<unk>"])  # from training alone
training_ids, test_ids = characters.encode(training_text), characters.encode(test_text)
counted = {n: NGram(n, characters.size).fit(training_ids) for n in (1, 2, 3, 5)}
nats = {f"{n}-gram": model.nll(test_ids) for n, model in counted.items()}
print(f"{len(training_ids):,} letters to train on, {characters.size} tokens, <unk> among "
      "them; nats per letter of the test text:")
print(", ".join(f"{name} {value:.3f}" for name, value in nats.items()))

# %%
class Writer(nn.Module):
    """Many to many: after each letter, logits for the next. ids (B, T) -> (B, T, V)."""

    def __init__(self, vocab_size, hidden_size=128):
        super().__init__()
        self.vocab_size = vocab_size
        self.rnn = RNN(vocab_size, hidden_size)
        self.out = nn.Linear(hidden_size, vocab_size)
        nn.init.orthogonal_(self.rnn.W_hh)

    def forward(self, ids):
        return self.out(self.rnn(F.one_hot(ids, self.vocab_size).float())[0])

# %% [markdown]
# **Predict.** An RNN with 128 units trains for some ten seconds. How many nats per letter will it need on the test
# text? The bigram knows one letter of the past, the 5-gram four, the RNN, in principle, all of them. (The test text is
# read in windows of 300 letters, each from a state of zeros.)

# %%
guess = None  # predict: nats per letter, RNN

# %%
from seqlib.metrics import nll
from seqlib.training.train import warmup_cosine

torch.manual_seed(0)
writer, steps = Writer(characters.size), budget(cpu=900)
letters_sampler = text_sampler(training_ids, length=50, batch_size=32)
history = train(writer, letters_sampler, steps, lr=4e-3, clip=1.0,
                schedule=warmup_cosine(steps, warmup=steps // 10),
                name="RNN on Python's source")
nats["RNN"] = nll(writer, [shifted_windows(test_ids, 300)])
writer_size = sum(p.numel() for p in writer.parameters())
print(f"RNN: {writer_size:,} parameters, {steps} steps, {history.seconds:.0f} s, one seed")
reveal(guess, nats["RNN"], "nats per letter, RNN", fmt="{:.2f}")

# %% tags=["fold"]
# Draw: nats per letter, the n-grams and the RNN
fig, ax = figure(figsize=(7, 2.8))
bars(ax, list(nats), list(nats.values()), fmt="{:.2f}")
ax.set(title="Seconds of RNN: far beyond the bigram, short of the 3-gram",
       ylabel="nats per letter")
show(fig, alt="Bars of nats per letter on the test text, lower is better. The RNN needs "
              "far fewer than the bigram, a little more than the 3-gram and many more "
              "than the 5-gram.")

# %% [markdown]
# In principle the RNN has all of the past; in practice, and in seconds, it makes less of it than counting makes of the
# last two letters, let alone four. More time helps (try it), and so does a better memory (05).
#
# What does it write? Your `feed_back`, with its weights:

# %%
with torch.no_grad():
    own = (*writer.rnn.parameters(), writer.out.weight.T, writer.out.bias)
    weights = [w.double().numpy() for w in own]  # W_xh, W_hh, b_h, W_hy, b_y
for letter in "dis":
    written = feed_back(characters.id(letter), 60, *weights)
    print(repr(letter + "".join(characters.decode(written))))

# %% [markdown]
# Always taking the likeliest letter ends in a loop. Sampling, in 09, writes better.

# %% [markdown]
# ## What the books say, and what you measured

# %% tags=["fold"]
# What was claimed, and what you measured
from seqlib import claims
from seqlib.studies.counting_words import better
from seqlib.studies.exact_claims import agrees

bag, grams, rnn = scores.mean(axis=0)
counts = {count_parameters(vocabulary.size, 32, 2, length) for length in (7, 700)}
kept = left_of_first(0.9, x)[-1]
claims([
    ("An influence fades as a power of the weight", "Goodfellow et al. §10.7",
     f"0.9: {kept:.3f} after 4 steps", agrees(abs(kept - 0.9**4), 1e-9),
     "A memory of one number"),
    ("The number of weights does not depend on the length", "Goodfellow et al. §10.1",
     f"{min(counts):,} for 7 steps, {max(counts):,} for 700",
     agrees(max(counts) - min(counts), 0), "The unrolled graph"),
    ("W · [x, h] and two matrices are one thing", "Goodfellow et al. §10.2; folklore",
     f"{one_matrix_gap:.0e} apart", agrees(one_matrix_gap, 1e-12),
     "From numbers to vectors"),
    ("One bias does what PyTorch's two do", "PyTorch, torch.nn.RNN",
     f"largest difference {worst_gap:.0e}", agrees(worst_gap, 1e-10),
     "Is it the same network?"),
    ("A state can use the order that a bag has lost",
     "Elman 1990, Structure in letter sequences",
     f"RNN {rnn:.1f} %, bag {bag:.1f} (4-grams {grams:.1f}); {len(scores)} seeds",
     better(scores[:, 2], scores[:, 0]), "The twins of 01"),
    ("Without a nonlinearity inputs only add up", "Goodfellow et al. §6.1",
     f"{linear_gap:.0e} from a sum; {damage[:, 2].mean():.1f} % of the twins",
     agrees(linear_gap, 1e-9), "Break it"),
    ("The state at the end of a padded batch will do", "folklore",
     f"one network, one seed: {min(end):.0f} to {max(end):.0f} %; last real state "
     f"{min(real):.1f}. A test takes three seeds", "not tested", "Break it"),
    ("Recurrent language models beat n-grams", "Mikolov et al. 2010, §3",
     f"seconds, one rate and seed: RNN {nats['RNN']:.2f} nats, 5-gram "
     f"{nats['5-gram']:.2f}; a test trains until it is flat", "not tested",
     "The next letter"),
])

# %% [markdown]
# ## A little history
#
# *1982*, Hopfield: units that feed back into each other settle into stored patterns; a loop is a memory. *1986*, Jordan
# feeds the output back, *1990*, Elman the state: this page. *1997*, Hochreiter and Schmidhuber add to the memory
# instead of overwriting it ([05](05_lstm.ipynb)). *2014*, two networks translate ([10](10_seq2seq.ipynb)), and the
# second learns to look back ([11](11_attention.ipynb)). *2017*, looking alone is enough ([14](14_transformer.ipynb));
# since then recurrence has come back without its slow loop ([22](22_linear_recurrence.ipynb)).

# %% [markdown]
# **And today?** Where a machine must answer at once, with little memory, recurrent networks are at work: the next word
# on a phone's keyboard (Hard et al. 2018), dictation on the phone itself (He et al. 2019), the noise taken out of a call
# (Valin 2018). What such a stream costs with each kind of model, [21](21_cost.ipynb) measures.

# %% [markdown]
# ## Remember

# %%
from seqlib import flashcards, quiz

flashcards("02")

# %%
quiz("02")

# %% [markdown]
# ## Beyond
#
# - Feed (2.1) a weight of 1.1, then −0.9. What becomes of the first word, and what would that do to training?
# - Learn $h_0$: make it a parameter of `Reader`. Does it matter for reviews? When would it?
# - Train `Reader` without `nn.init.orthogonal_`. How many steps does it need now? (04 explains.)
# - Jordan's network of 1986 feeds back the *output* instead of the state. Build it. Can it solve the twins?
# - Give `Writer` a minute. Where does it pass the 3-gram?
#
# Next: [03 · Backpropagation through time](03_bptt.ipynb), where you find out what `loss.backward()` did.

# %% [markdown]
# ## Sources
#
# Hopfield 1982, *Neural networks and physical systems with emergent collective computational abilities*, PNAS 79, p.
# 2554. Elman 1990, *Finding structure in time*, Cognitive Science 14, “Networks with memory” and Figure 2, “Structure
# in letter sequences”. Jordan 1986, *Serial order: a parallel distributed processing approach*, ICS report 8604.
# Goodfellow, Bengio and Courville 2016, *Deep Learning*, §10.1 (unfolding), §10.2 with equations 10.8 to 10.11, §10.7.
# Zhang et al., *Dive into Deep Learning*, §9.4. Mikolov et al. 2010, *Recurrent neural network based language model*,
# Interspeech, §3. Hard et al. 2018, *Federated learning for mobile keyboard prediction*, §3. He et al. 2019, *Streaming
# end-to-end speech recognition for mobile devices*, §2. Valin 2018, *A hybrid DSP/deep learning approach to real-time
# full-band speech enhancement*, §3. PyTorch documentation, `torch.nn.RNN` (the formula, shapes, both biases) and
# `torch.nn.Linear`.
