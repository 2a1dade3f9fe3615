# %% [markdown]
# # 05 · The LSTM
#
# **By the end you have written a network whose memory is added to instead of overwritten, derived its gradients by
# hand, measured how far it remembers beside plain networks that were begun as well and tuned as well, and looked inside
# for a unit that tells whether a character of Python stands in a docstring.**
#
# *Before you start:* [02 · The recurrent network](02_rnn.ipynb), [03 · Backpropagation through time](03_bptt.ipynb),
# [04 · Vanishing gradients](04_vanishing_gradients.ipynb). *Time:* 165 minutes, of which about 80 are the eight
# exercises. *Needs:* no network, no GPU.

# %% [markdown]
# ## To keep one thing
#
# You know the task from 04: one symbol, a stretch of blanks, a signal. Which symbol was it? The answer is in plain sight at
# step 0; all that is asked is to keep it. Eight symbols, so guessing is right 12.5 % of the time.

# %%
import numpy as np
import torch
from torch import nn

from seqlib.studies.how_far_back import recall_batch

x, y = recall_batch(np.random.default_rng(0), batch=3, delay=12)
for sequence, symbol in zip(x.argmax(dim=2), y, strict=True):
    shown = " ".join("ABCDEFGH·?"[token] for token in sequence)
    print(shown, "  answer:", "ABCDEFGH"[symbol])

# %% [markdown]
# An RNN overwrites its whole state at every step: to keep one number it must compute it anew each time, through a matrix
# and a tanh, and back through both must its gradient. The **long short-term memory** has a second state, the **cell**
# $c_t$. Think of a conveyor belt that runs past the network: on its way something is taken off, and something is put on.

# %% tags=["fold"]
# Draw: the conveyor belt, with what takes off and what puts on
from seqlib.display import cells

cells.lstm(1).show(
    "A straight arrow from c_{t-1} to c_t. On its way it is multiplied by f_t, a number "
    "between 0 and 1, which keeps; and something is added, which writes."
)

# %% [markdown]
# Between one step's cell and the next stand one product with a gate and one sum, no matrix and no tanh. What is taken
# off and put on, the network decides from what it reads, with an **input gate** $i_t$ for how much of a candidate $g_t$
# is written and a **forget gate** $f_t$ for how much of the old is kept:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot g_t \tag{5.1}$$
#
# $$\left.\frac{\partial c_t}{\partial c_{t-k}}\right|_{\text{gates held fixed}} = f_t \odot f_{t-1} \odot \dots \odot f_{t-k+1} \tag{5.2}$$
#
# (The gates read what the cell shows, so a second way leads through them: (5.2) leaves it out.)

# %% [markdown]
# **Predict.** A common start is a **forget bias** of 1: $f = \sigma(1) = 0.73$. Which share of the gradient is left after
# 100 steps? Write a number, such as 0.5 or 1e-3.

# %%
guess = None  # predict: the share that is left after 100 steps

# %%
from seqlib import reveal


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


steps = np.arange(201)
left = {
    f"forget bias {b} (gate {sigmoid(b):.3f})": sigmoid(b) ** steps for b in (0, 1, 3, 5)
}  # (5.2)
reveal(guess, sigmoid(1) ** 100, "share left after 100 steps at a forget bias of 1")

# %% tags=["fold"]
# Draw: the share that is left against the steps, a line a forget bias
from seqlib import show
from seqlib.display.figures import figure, lines

fig, ax = figure(figsize=(7, 2.9))
lines(ax, steps, left)
ax.set(title="Along the cell, for gates that never change", xlabel="steps",
       ylabel="share left")
show(fig,
     alt="Four falling curves of the share of a gradient that is left. With forget bias 0 "
         "and 1 nothing is left after 15 steps, with 3 nothing after 100, with 5 a quarter "
         "is left after 200.")

# %% [markdown]
# Each curve is a power of one number between 0 and 1: small changes of the bias move the reach by hundreds of steps.
# That is the path through the cell alone, with a gate that never changes; a trained gate opens and closes as it reads.

# %% [markdown]
# **Exercise 05.1 · How open must it be?** — ●○○○, 4 minutes, core
#
# Turn the question round. For which bias b is exactly **one half** left after n steps? The gate is $f = \sigma(b)$, and
#
# $$f^{\,n} = \tfrac12, \qquad b = \log\frac{f}{1-f} \tag{5.3}$$

# %%
def forget_bias_for(steps):
    """The forget bias with which half of a cell is left after `steps` steps. A number."""
    ### BEGIN SOLUTION
    f = 0.5 ** (1 / steps)
    return np.log(f / (1 - f))  # (5.3)
    ### END SOLUTION


# %%
from seqlib import check

forget_bias_for, result = check("05.forget_bias_for", forget_bias_for)
result

# %% [markdown]
# ## Four gates, one sum
#
# Where do gates come from? Each is computed from the input and the old state, as an RNN's state is.

# %% tags=["fold"]
# Draw: the belt with its gates
cells.lstm(2).show(
    "The belt from c_{t-1} to c_t. Below it three boxes read x_t and h_{t-1}: the sigmoid "
    "f_t goes up to the product on the belt; the sigmoid i_t and the tanh g_t are "
    "multiplied, and their product goes up to the sum."
)

# %% [markdown]
# What is kept and what is written are chosen apart from each other: two boxes, two gates. The picture does not say what
# goes on to the readout and to the next step's gates; that takes a third gate, below.
#
# So there are four such sums, kept side by side in one matrix of 4H columns, in PyTorch's order i, f, g, o:
#
# $$[\,\tilde\imath_t\,|\,\tilde f_t\,|\,\tilde g_t\,|\,\tilde o_t\,] = x_t W_{xh} + h_{t-1} W_{hh} + b_h \tag{5.4}$$
#
# $$i_t, f_t, o_t = \sigma(\tilde\imath_t), \sigma(\tilde f_t), \sigma(\tilde o_t), \qquad g_t = \tanh(\tilde g_t) \tag{5.5}$$
#
# and, through the **output gate**, what is shown to the readout and to the next step's gates:
#
# $$h_t = o_t \odot \tanh(c_t) \tag{5.6}$$

# %% tags=["fold"]
# Draw: the whole cell, with what it shows
cells.lstm(3).show(
    "The whole LSTM cell: the belt, the forget gate, what the input gate lets in, and on "
    "the right c_t through a tanh, times the sigmoid o_t, which gives h_t."
)

# %% [markdown]
# A gate is a sigmoid, between shut (0) and open (1), a number for each unit. The drawing is of one unit; the others
# stand behind it, and meet only in the sums at the bottom.

# %% [markdown]
# **Conventions differ.** Papers write $Wx$; here rows are vectors, and `nn.LSTM.weight_ih` is $W_{xh}^\top$. PyTorch keeps two
# biases that are only ever added. The LSTM of 1997 had no forget gate; some have "peepholes" from the cell into the
# gates. What this page calls *the* LSTM is what `nn.LSTM` computes.
#
# **Exercise 05.2 · One step** — ●●○○, 8 minutes, core
#
# Equations (5.4), (5.5), (5.1) and (5.6), in this order. `np.split(sums, 4, axis=1)` cuts the sum in four; `sigmoid` is
# defined above. `nn.LSTM` and `nn.LSTMCell` are what you build here, so they are not allowed.

# %%
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    """One step of an LSTM.

    x_t (B, D), h_prev and c_prev (B, H), W_xh (D, 4H), W_hh (H, 4H), b_h (4H,), blocks in
    the order i, f, g, o. Returns h_t and c_t, both (B, H). nn.LSTM and nn.LSTMCell are not
    allowed here.
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)  # (5.4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)  # (5.5)
    c_t = f * c_prev + i * g  # (5.1)
    h_t = o * np.tanh(c_t)  # (5.6)
    return h_t, c_t
    ### END SOLUTION


# %%
lstm_step, result = check("05.lstm_step", lstm_step)
result

# %% [markdown]
# One step, worked: a cell of one unit holds 0.8 and reads a 1. Your function computes it; the drawing takes each gate
# from (5.4) and (5.5).

# %%
W_x, W_h = np.array([[0.5, 2.0, 1.5, 1.0]]), np.array([[0.3, -0.5, 0.2, 0.4]])
b, x_1, h_0, c_0 = np.array([0.0, 1.0, 0.0, 0.0]), np.ones((1, 1)), [[0.2]], [[0.8]]
h_1, c_1 = lstm_step(x_1, np.array(h_0), np.array(c_0), W_x, W_h, b)

# %% tags=["fold"]
# Draw: the cell with the numbers of this step
i_1, f_1, g_1, o_1 = (x_1 @ W_x + h_0 @ W_h + b)[0]
i_1, f_1, g_1, o_1 = sigmoid(i_1), sigmoid(f_1), np.tanh(g_1), sigmoid(o_1)
numbers = {"c_prev": 0.8, "i": i_1, "f": f_1, "g": g_1, "o": o_1, "written": i_1 * g_1,
           "c": np.ravel(c_1)[0], "squashed": np.tanh(np.ravel(c_1)[0]),
           "h": np.ravel(h_1)[0]}
cells.lstm(3, {part: f"{float(value):.2f}" for part, value in numbers.items()}).show(
    "The LSTM cell with a number beside each part: the cell before, 0.80; the four gates; "
    "what is written; the cell after; its tanh; and the state that is shown."
)

# %% [markdown]
# Follow the belt: 0.80 times the forget gate, plus what is written, is the new cell. With these weights nearly all is
# kept and much is added, and the state shows less than the cell holds; other weights, other numbers.

# %% [markdown]
# **Exercise 05.3 · A memory set by hand** — ●●●○, 10 minutes, core
#
# Before any training: can *you* set the weights? One unit reads brackets. Its inputs are one-hot: row 0 of `W_xh` is
# read at `(`, row 1 at `)`, row 2 at any other character. Choose the weights so that $h > 0.5$ from an opening bracket
# until just before the closing one, however long that takes (the check waits 300 characters), and $h < 0.5$ elsewhere.
# It need not count: the next `)` closes, however many `(` came before it, and a `)` with nothing open changes nothing.
# Columns: i, f, g, o.

# %%
### BEGIN SOLUTION
### STUB: latch = None  # (W_xh, W_hh, b_h)
W_xh = np.array([[20.0, 0, 10, 0],    # ( opens the input gate and writes +1
                 [0, -20, 0, 0],      # ) closes the forget gate
                 [0, 0, 0, 0]])       # anything else: as the biases say
b_h = np.array([-10.0, 10, 0, 10])    # write nothing, keep everything, show it
latch = W_xh, np.zeros((1, 4)), b_h
### END SOLUTION

# %%
latch, result = check("05.latch", latch)
result

# %% [markdown]
# Watch your unit read. Beside it a plain tanh unit, also set by hand: $h_t = \tanh(3 h_{t-1} \pm 8 - 0.3)$, with $+8$ at
# `(`, $-8$ at `)` and neither elsewhere. Does it latch?

# %%
text = "f(x) = a + (b - c) and so on (a long aside that ends here) end"
h, c, shown = np.zeros((1, 1)), np.zeros((1, 1)), []
unit, plainly = 0.0, []
for character in text:
    h, c = lstm_step(np.eye(3)[["()".find(character)]], h, c, *latch)
    unit = np.tanh(3 * unit + {"(": 8, ")": -8}.get(character, 0) - 0.3)
    shown.append(h[0, 0])
    plainly.append(unit)

# %% tags=["fold"]
# Draw: the states of both units over the text, and what they let through on the way back
fig, ax = figure(figsize=(7, 2.4))
ax.step(range(len(text)), shown, where="mid", label="LSTM unit")
ax.step(range(len(text)), plainly, "--", where="mid", label="tanh unit")
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
ax.set(title="Two units, set by hand, that know whether a bracket is open", ylabel="$h_t$")
ax.set_xticks(range(len(text)), text, fontsize=7)
ax.grid(False, axis="x")
show(fig,
     alt="The states of two units over the characters of a line of text. The LSTM's jumps "
         "to 0.76 at each opening bracket, stays there to the closing one, and is zero "
         "elsewhere; the tanh unit's is near 1 between brackets and near −1 elsewhere.")
ahead, kept = text.index("(a long") + 10, 1 / (1 + np.exp(-latch[2][1]))
slope_back = 3 * (1 - plainly[ahead] ** 2)
same = np.mean(np.greater(shown, 0.5) == np.greater(plainly, 0.5))
print(f"open or not: both say the same at {same:.0%} of the characters\nwhile they hold, a "
      f"step back leaves {slope_back:.2f} of a gradient in the tanh unit, {kept:.5f} in "
      f"the cell")

# %% [markdown]
# Both latch. But the tanh unit holds by standing where tanh is flat, and there next to nothing of a gradient passes: what
# it keeps well it can hardly be *taught* to keep (Bengio et al. 1994 prove that the two go together). The cell holds with
# a factor near 1. The picture shows that such weights exist, not that training finds them.

# %% [markdown]
# **Exercise 05.4 · Read a sequence** — ●●○○, 6 minutes, core
#
# The loop of 02, with two states to carry. Hand back every state and every cell. (`nn.LSTM` would be no exercise.)

# %%
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    """Read x (B, T, D) from the states h_0 and c_0 (B, H).

    Returns states and cells, each (B, T, H). nn.LSTM is not allowed here.
    """
    ### BEGIN SOLUTION
    h, c, states, cells = h_0, c_0, [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)
    ### END SOLUTION


# %%
lstm_forward, result = check("05.lstm_forward", lstm_forward)
result

# %% [markdown]
# ## Backwards, by hand
#
# Two arrows leave $c_t$: into $h_t$, and into $c_{t+1}$. So two gradients are added on the way back. With $\delta$ for
# "gradient of the loss with respect to",
#
# $$\delta c_t = \delta c_t^{\,\text{from } t+1} + \delta h_t \odot o_t \odot (1 - \tanh^2 c_t) \tag{5.7}$$
#
# Each factor of (5.1) and (5.6) then gets $\delta c_t$ or $\delta h_t$ times the *other* factor, and the slope of its own
# nonlinearity:
#
# $$\delta\tilde f_t = \delta c_t \odot c_{t-1} \odot f_t(1-f_t), \qquad \delta\tilde g_t = \delta c_t \odot i_t \odot (1-g_t^2) \tag{5.8}$$
#
# $$\delta c_{t-1} = \delta c_t \odot f_t \tag{5.9}$$

# %% [markdown]
# **Exercise 05.5 · One step back** — ●●●○, 15 minutes, core
#
# Write (5.7) to (5.9), and derive $\delta\tilde\imath_t$ and $\delta\tilde o_t$ in the same way. `gates` holds i, f, g, o side by
# side, *after* sigmoid and tanh. Hand back the gradients of the four sums side by side, and $\delta c_{t-1}$. By hand: no
# autograd here and in the next one.

# %%
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    """Back through one step of an LSTM.

    dh_t (B, H): the gradient of h_t; dc_t (B, H): that of c_t, from the step after;
    gates (B, 4H); c_prev, c_t (B, H). Returns d_sums (B, 4H), the gradients of the sums
    before sigmoid and tanh, and dc_prev (B, H). PyTorch's autograd is not allowed here.
    """
    ### BEGIN SOLUTION
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)  # (5.7)
    d_i = dc * g * i * (1 - i)
    d_f, d_g = dc * c_prev * f * (1 - f), dc * i * (1 - g**2)  # (5.8)
    d_o = dh_t * np.tanh(c_t) * o * (1 - o)
    return np.concatenate([d_i, d_f, d_g, d_o], axis=1), dc * f  # (5.9)
    ### END SOLUTION


# %%
step_backward, result = check("05.step_backward", step_backward)
result

# %% [markdown]
# **Exercise 05.6 · All the way back** — ●●●●, 20 minutes, core
#
# From the last step to the first, as in 03. What the sums of step t get is shared out to the weights, to the input and
# to the state before; the weights are the same at every step, so theirs are added up:
#
# $$\delta W_{hh} = \sum_t h_{t-1}^\top\,\delta s_t, \qquad \delta h_{t-1} = \delta s_t\,W_{hh}^\top \tag{5.10}$$
#
# with $\delta s_t$ for the four blocks together. The loss reads *every* state: `d_states[:, t]` is its gradient for $h_t$.

# %%
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    """Back through a sequence: the gradients of an LSTM's weights and inputs.

    d_states (B, T, H), x (B, T, D), gates (B, T, 4H); states and cells (B, T + 1, H) begin
    with h_0 and c_0, so states[:, t] is the one before step t. Returns dW_xh (D, 4H),
    dW_hh (H, 4H), db_h (4H,), dx (B, T, D). No nn.LSTM and no autograd here.
    """
    ### BEGIN SOLUTION
    sums, dh, dc = np.empty_like(gates), 0.0, 0.0
    for t in reversed(range(x.shape[1])):
        dh = d_states[:, t] + dh
        sums[:, t], dc = step_backward(dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = sums[:, t] @ W_hh.T
    dW_xh, db_h = np.einsum("btd,bts->ds", x, sums), np.einsum("bts->s", sums)
    dW_hh = np.einsum("bth,bts->hs", states[:, :-1], sums)  # (5.10)
    return dW_xh, dW_hh, db_h, sums @ W_xh.T
    ### END SOLUTION


# %%
lstm_backward, result = check("05.lstm_backward", lstm_backward)
result

# %% [markdown]
# The check compared you with PyTorch's gradients. Here is a second witness that knows nothing of derivatives: nudge one
# weight, run forward again, and see how much the loss changes. In float64, with centred differences.

# %%
rng = np.random.default_rng(3)
x, target = rng.normal(size=(2, 9, 3)), rng.normal(size=(2, 9, 4))
start = [np.zeros((2, 4)), np.zeros((2, 4))]
SHAPES = {"W_xh": (3, 16), "W_hh": (4, 16), "b_h": 16}
weights = {name: rng.normal(size=shape) / 2 for name, shape in SHAPES.items()}


def loss():
    return 0.5 * ((lstm_forward(x, *start, *weights.values())[0] - target) ** 2).sum()


def slope(array, place, size=1e-5):
    """How fast the loss moves with one number of an array, by centred differences."""
    two = []
    for sign in (1, -1):
        array[place] += sign * size
        two.append(loss())
        array[place] -= sign * size
    return (two[0] - two[1]) / (2 * size)


# %% tags=["fold"]
# Compare: your gradients with the nudged ones, an array a line
seen = lstm_forward(x, *start, *weights.values())
states, cells = (np.concatenate([first[:, None], later], axis=1)
                 for first, later in zip(start, seen, strict=True))
sums = x @ weights["W_xh"] + states[:, :-1] @ weights["W_hh"] + weights["b_h"]
i, f, g, o = np.split(sums, 4, axis=2)
gates = np.concatenate([sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)], axis=2)
by_hand = lstm_backward(states[:, 1:] - target, x, states, cells, gates,
                        weights["W_xh"], weights["W_hh"])
for (name, array), gradient in zip([*weights.items(), ("x", x)], by_hand, strict=True):
    measured = [slope(array, place) for place in np.ndindex(array.shape)]
    measured = np.array(measured).reshape(array.shape)
    error = np.linalg.norm(measured - gradient) / np.linalg.norm(measured)
    print(f"d{name:5} {array.size:4} numbers, relative error {error:.1e}")

# %% [markdown]
# ## Fewer, larger products
#
# Read naively, the equations ask for eight products per step: four gates, each from the input and from the state. Two
# observations make that one. The four gates share their inputs, so their matrices stand side by side (you have done
# that already). And $x_tW_{xh}$ does not depend on the state: all T of them are one large product *before* the loop.
# This is the layer that `seqlib` keeps for the notebooks after this one.

# %%
class LSTM(nn.Module):
    """seqlib.models.layers.LSTM: x (B, T, D), (h, c) -> every h (B, T, H), last (h, c)."""

    def __init__(self, input_size, hidden_size, forget_bias=1.0):
        super().__init__()
        bound = hidden_size**-0.5
        self.W_xh = nn.Parameter(
            torch.empty(input_size, 4 * hidden_size).uniform_(-bound, bound)
        )
        self.W_hh = nn.Parameter(
            torch.empty(hidden_size, 4 * hidden_size).uniform_(-bound, bound)
        )
        b_i, b_f, b_g, b_o = torch.zeros(4, hidden_size)
        self.b_h = nn.Parameter(torch.cat([b_i, b_f + forget_bias, b_g, b_o]))

    def forward(self, x, state=None):
        zeros = x.new_zeros(len(x), len(self.W_hh))
        h, c = (zeros, zeros) if state is None else state
        states = []
        for from_input in (x @ self.W_xh + self.b_h).unbind(dim=1):
            i, f, g, o = (from_input + h @ self.W_hh).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return torch.stack(states, dim=1), (h, c)


# %% [markdown]
# Is it the same as `nn.LSTM`? Several layers are several of ours, one after another. Values, and the gradient of every
# weight, in float64.

# %%
def stacks(input_size, hidden_size, layers):
    """torch.nn.LSTM and a stack of ours that has its weights, in float64."""
    theirs = nn.LSTM(input_size, hidden_size, layers, batch_first=True).double()
    ours = [
        LSTM(hidden_size if k else input_size, hidden_size).double() for k in range(layers)
    ]
    for k, layer in enumerate(ours):
        weight_ih, weight_hh, bias_ih, bias_hh = (p.data for p in theirs.all_weights[k])
        layer.W_xh.data, layer.W_hh.data = weight_ih.T.clone(), weight_hh.T.clone()
        layer.b_h.data = bias_ih + bias_hh
    return theirs, ours


# %% tags=["fold"]
# Compare: values and gradients with PyTorch's, a size a line
apart = []
for batch, layers in ((1, 1), (5, 1), (5, 2), (32, 3)):
    theirs, ours = stacks(7, 6, layers)
    x = read = torch.randn(batch, 20, 7, dtype=torch.float64)
    for layer in ours:
        read, _ = layer(read)
    expected, _ = theirs(x)
    for states in (read, expected):
        states.square().sum().backward()
    pairs = [(read, expected)]
    for k, layer in enumerate(ours):
        for mine, name in (("W_xh", "weight_ih"), ("W_hh", "weight_hh"),
                           ("b_h", "bias_ih")):
            gradient = getattr(theirs, f"{name}_l{k}").grad
            pairs.append(
                (getattr(layer, mine).grad, gradient.T if gradient.ndim == 2 else gradient)
            )
    apart.append(max((a - b).abs().max().item() for a, b in pairs))
    print(f"batch {batch:2}, layers {layers}: values and gradients at most {apart[-1]:.0e} "
          f"apart")

# %% [markdown]
# Now the clock: forward and backward, batch 32, 128 steps, width 256, one thread, each in turn. The equations as they
# stand, then the layer above, then PyTorch's. Twice, and for a reason: in float32 PyTorch hands `nn.LSTM` to oneDNN, a
# library with an LSTM of its own for the processor's widest instructions; in float64 there is none, and both layers
# call the same matrix product. So float64 compares the *loops*, float32 the libraries as well.

# %%
import time
from functools import partial

from seqlib import budget


def eight_products(layer, x):
    """The equations as they stand: two products for each gate at every step."""
    W, U, b = (p.chunk(4, dim=-1) for p in (layer.W_xh, layer.W_hh, layer.b_h))
    h = c = x.new_zeros(len(x), len(layer.W_hh))
    for x_t in x.unbind(dim=1):
        i, f, g, o = (x_t @ W[k] + h @ U[k] + b[k] for k in range(4))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h, c


def seconds(run, x):
    """Forward and backward once."""
    began = time.perf_counter()
    run(x)[0].sum().backward()
    return time.perf_counter() - began


# %% tags=["fold"]
# Time and draw: forward and backward in three forms, in float32 and float64
from seqlib.display.figures import bars

threads, ratios = torch.get_num_threads(), {}
torch.set_num_threads(1)
for dtype in (torch.float32, torch.float64):
    ours, theirs = LSTM(256, 256).to(dtype), nn.LSTM(256, 256, batch_first=True).to(dtype)
    forms = [partial(eight_products, ours), ours, theirs]
    x = torch.randn(32, budget(cpu=128, smoke=4), 256, dtype=dtype)
    rounds = [[seconds(run, x) for run in forms] for _ in range(budget(cpu=4, smoke=2))]
    took = np.median(rounds[1:], axis=0)  # the first round warms up
    ratios[str(dtype)[6:]] = took / took[-1]
torch.set_num_threads(threads)

fig, axes = figure(1, 2, figsize=(7, 2.6), sharey=True)
for ax, (name, ratio) in zip(axes, ratios.items(), strict=True):
    bars(ax, ["eight products", "ours", "nn.LSTM"], ratio, fmt="{:.2f}")
    ax.set(title=f"{name}: ours takes {ratio[1]:.2f} × as long",
           ylim=(0, 1.2 * max(map(max, ratios.values()))))
axes[0].set_ylabel("time relative to nn.LSTM")
show(fig,
     alt="Bars of the time for forward and backward relative to nn.LSTM, in float32 and in "
         "float64, for eight products per step, for the layer with one product per step, "
         "and for PyTorch's own.")

# %% [markdown]
# How much one product in the place of eight buys stands in the bars: at this width not much, since the multiplying itself
# takes most of the time. They are of one machine, one width and one thread; on yours they may stand in another order.

# %% [markdown]
# ## How far does the gradient reach?
#
# The measurement of 04, with the LSTM added: a gradient is put in at the last state, and its norm measured k steps
# earlier (for an LSTM, over $h$ and $c$ together). Fresh networks, five
# seeds, nothing trained.
#
# One start is new. To hold things for about u steps, a forget gate should begin at $u/(1+u)$, and what it lets go is all
# the room there is for writing: the input gate begins at $1/(1+u)$. (Tallec and Ollivier 2018 derive it from what should
# happen when time is stretched; they draw u up to $T - 1$.)
#
# $$b_f = \log u, \qquad b_i = -\log u, \qquad u \sim \text{uniform}(1, T) \tag{5.11}$$

# %%
def remember_for(layer, steps):
    """Let a fresh LSTM hold what it has read for up to about `steps` steps.

    The same as seqlib.models.layers.remember_for.
    """
    size = len(layer.W_hh)
    with torch.no_grad():
        layer.b_h[size : 2 * size] = torch.empty(size).uniform_(1, steps).log()  # (5.11)
        layer.b_h[:size] = -layer.b_h[size : 2 * size]
    return layer


# %%
from seqlib.models.layers import RNN
from seqlib.studies.how_far_back import gradient_norm_by_lag

x, _ = recall_batch(np.random.default_rng(1), batch=16, delay=200)


def orthogonal_rnn():
    layer = RNN(10, 64)
    nn.init.orthogonal_(layer.W_hh)
    return layer


FRESH = {"RNN, as PyTorch begins it": lambda: RNN(10, 64),
         "RNN, orthogonal": orthogonal_rnn,
         "LSTM, forget bias 0": lambda: LSTM(10, 30, forget_bias=0.0),
         "LSTM, forget bias 1": lambda: LSTM(10, 30),
         "LSTM, remember_for(200)": lambda: remember_for(LSTM(10, 30), 200)}
arrives = {}
for name, make in FRESH.items():
    found = []
    for seed in range(budget(cpu=5, smoke=1)):
        torch.manual_seed(seed)
        found.append(gradient_norm_by_lag(make(), x))
    arrives[name] = np.array(found) + 1e-30  # so that a logarithm finds no zero

# %% tags=["fold"]
# Draw: gradient norm against lag, a line a start, with the range of five seeds
lag = np.arange(202)
fig, ax = figure(figsize=(7, 3))
bands = {name: (np.exp(np.log(norms).mean(axis=0)), norms.min(axis=0), norms.max(axis=0))
         for name, norms in arrives.items()}
lines(ax, lag, bands)
ax.set(title="Gradient norm against lag in fresh networks", yscale="log", ylim=(1e-12, 10))
ax.set(xlabel="steps back, k", ylabel="norm of the gradient")
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
show(fig,
     alt="Gradient norm against lag on a logarithmic axis, five starts with bands over "
         "five seeds. The RNN as it comes falls fastest, then LSTMs with forget bias 0 and "
         "1, as straight lines; the orthogonal RNN falls slowly, and the LSTM with gates "
         "set for 200 steps hardly at all.")
for name, norms in arrives.items():
    low, high = norms[:, 100].min(), norms[:, 100].max()
    print(f"{name:26} 100 steps back: {low:.0e} to {high:.0e}")

# %% [markdown]
# Compare like with like. As each comes, the LSTM keeps more than the RNN; begun with care, too. But no LSTM is immune:
# at forget bias 1 next to nothing arrives over 100 steps (and 1e-30 stands for a zero). What it has is a **dial** for
# each unit, which can be set, and learned. Fresh networks: what they learn, the picture does not show.
#
# ## Recall against delay, at equal parameters

# %% [markdown]
# **Exercise 05.7 · A fair width** — ●●○○, 6 minutes, core
#
# An LSTM is four times as large as an RNN of the same width. Which width is a fair match? Count the LSTM (one bias) and
# a linear readout with C outputs, and take the widest that does not exceed the parameters allowed; 0 where not even one
# unit fits.

# %%
def width_for(parameters, input_size, output_size):
    """The width of the widest LSTM that has, with its readout, at most so many parameters.

    A whole number; 0 where not even one unit fits.
    """
    ### BEGIN SOLUTION
    def fits(h):
        return 4 * h * (input_size + h + 1) + (h + 1) * output_size <= parameters

    # as many widths fit as the widest has units
    return sum(fits(h) for h in range(1, parameters))
    ### END SOLUTION


# %%
width_for, result = check("05.width_for", width_for)
result

# %% [markdown]
# Now the ladder of 04, at equal parameters: 400 batches of 32, Adam, gradients clipped at norm 1. The RNNs are 04's,
# recorded at three rates, begun as PyTorch does and orthogonally; the LSTMs begin at forget bias 1 and with `remember_for`,
# and climb the same ladder: recorded, over 20, 40 and 80 blanks, five seeds and four rates each.
#
# **Predict.** An LSTM with the usual forget bias of 1 is trained to recall over **40** blanks. How many percent of new
# sequences does it get right? (Guessing is 12.5 %.)

# %%
guess = None  # predict: percent right over 40 blanks, forget bias 1

# %%
from seqlib.training.train import train


class LastState(nn.Module):
    """A layer and a readout of its last state: many to one."""

    def __init__(self, layer, outputs):
        super().__init__()
        self.layer, self.readout = layer, nn.Linear(len(layer.W_hh), outputs)

    def forward(self, x):
        return self.readout(self.layer(x)[0][:, -1])


def train_recall(layer, delay, seed=0, steps=300):
    """Train a layer on recall; the history, and the percentage right of 500 new ones."""
    def sampler(step, size=32):
        return recall_batch(np.random.default_rng([seed, step]), size, delay)

    model = LastState(layer, 8)
    history = train(
        model, sampler, steps, lr=5e-3, clip=1.0, name=f"recall over {delay} blanks"
    )
    x, y = sampler(step=10**6, size=500)
    with torch.no_grad():
        return history, 100 * (model(x).argmax(dim=1) == y).float().mean().item()


# %% [markdown]
# First the widths, at equal parameters; then what both LSTMs recalled, recorded.

# %%
from seqlib.studies.recall_ladder import DELAYS, at_best_rate, at_delay
from seqlib.training.recorded import credit, load

parameters = sum(p.numel() for p in LastState(RNN(10, 64), 8).parameters())
wide = width_for(parameters, input_size=10, output_size=8)
print(f"RNN 64 wide, LSTM {wide} wide: {parameters} parameters")
climbed = load("05_recall")
ladder = dict(climbed["results"])

# %% [markdown]
# And one more live run, over a far longer stretch: an LSTM begun with `remember_for`, at 160 blanks and one rate, drawn as
# a star.

# %%
torch.manual_seed(0)
history, live = train_recall(
    remember_for(LSTM(10, wide), 160), delay=160, steps=budget(cpu=300)
)
print(f"live: {live:.1f} % right over 160 blanks")

# %% tags=["fold"]
# Draw: recall against delay, a line a network
from seqlib.display.figures import spread

recorded = load("04_recall")
ladder |= recorded["results"]
LADDER = {"RNN, as PyTorch begins it": "tanh default", "RNN, orthogonal": "tanh orthogonal",
          "LSTM, forget bias 1": "LSTM, forget bias 1",
          "LSTM, remember_for": "LSTM, remember_for"}


def by_delay(name):
    """Percent right at the best rate: mean, lowest, highest of the seeds, by delay."""
    best, nothing = at_best_rate(ladder, name), (0, np.full(3, np.nan))
    shares = [100 * best.get(delay, nothing)[1] for delay in DELAYS]
    return tuple(np.array([turn(share) for share in shares])
                 for turn in (np.mean, np.min, np.max))


climbs = {name: by_delay(label) for name, label in LADDER.items()}
fig, ax = figure(figsize=(7, 3.2))
lines(ax, DELAYS, climbs, chance=12.5)
ax.plot(160, live, "*", color="black", markersize=12, label="live, remember_for")
ax.set(title="Recall against delay, at equal parameters and batches",
       ylabel="percent right", xscale="log")
ax.set_xticks(DELAYS, DELAYS, minor=False)
ax.minorticks_off()
ax.set(xlabel="blanks to remember over", ylim=(0, 150), yticks=range(0, 101, 20))
ax.legend(ncols=2, loc="upper center", fontsize=8)
show(fig,
     alt="Percentage of recall against delay for two RNNs, to 160 blanks, and two LSTMs, "
         "to 80, mean and spread of the seeds, chance at 12.5 percent. A star marks one "
         "LSTM at 160 blanks.")
print(credit(recorded))
print(credit(climbed))
for name, label in LADDER.items():
    each, rate, inside = at_delay(ladder, label, 40)
    edge = "" if inside else ", at the edge of those tried"
    print(f"{name:26} over 40 blanks: {', '.join(f'{100 * share:3.0f}' for share in each)}"
          f" %   (rate {rate:g}{edge})")

# %%
reveal(guess, climbs["LSTM, forget bias 1"][0][DELAYS.index(40)],
       "percent right over 40 blanks, forget bias 1", fmt="{:.1f}")

# %% [markdown]
# Read it in pairs: the two as they come, and the two that were begun for long memories (up to 80 blanks the dotted line
# of the LSTM lies under the dashed one). The start counts for as much as the kind of network. It does not show that a
# network which failed *cannot* learn: more batches, or a curriculum of growing delays, might do it.
#
# ## The forget-bias experiment
#
# Which dial is it? Turn one, then two: b on the forget gate alone, or b on the forget gate *and* −b on the input gate. A
# look, no test: three seeds, 300 batches, one rate of $5\cdot10^{-3}$.

# %% tags=["fold"]
# Draw: recall against the bias, a panel a delay
recorded_bias = load("05_forget_bias")
biases = [0, 1, 2, 4, 6]
fig, axes = figure(1, 2, figsize=(7, 3), sharey=True)
for ax, delay in zip(axes, (50, 200), strict=True):
    dials = {
        name: spread(
            np.array(
                [recorded_bias["results"][f"{name} {b}, delay {delay}"] for b in biases]
            ).T
        )
        for name in ("forget gate alone", "both gates")
    }
    lines(ax, biases, dials, chance=12.5 if delay == 200 else None, legend=False)
    ax.axvline(forget_bias_for(delay), color="#6B6B6B", linewidth=0.8)
    ax.set(title=f"{delay} blanks", xlabel="bias b")
axes[0].set_ylabel("percent right")
axes[1].legend(fontsize=8, loc="upper left")
show(fig,
     alt="Percentage of recall against the bias, for 50 and for 200 blanks. With a bias of "
         "0 or 1 both are at chance. Higher biases help: over 50 blanks both dials reach "
         "the top, over 200 only the one that closes the input gate as well.")
print(credit(recorded_bias))

# %% [markdown]
# The thin line is your exercise 05.1: the bias that leaves one half. Far below it nothing was learned here, with 1 as with
# 0. At 200 blanks the forget gate alone did not do, even beyond the line. A likely reason, which the picture does not
# prove: the input gate stands half open, every blank writes into a cell that forgets nothing, and the symbol drowns. **A
# memory has to refuse as well as to keep.**

# %% [markdown]
# ## The adding problem
#
# A task with a known bar: each of 100 steps brings a number and a mark; two are marked; say their sum. Whoever
# always answers 1.0 has a mean squared error of 1/6 = 0.1667.

# %%
from seqlib.studies.how_far_back import adding_batch


def train_adding(layer, length=100, seed=0, steps=400):
    """Train a layer on the adding problem; the history, the squared error on new ones."""
    def sampler(step, size=32):
        return adding_batch(np.random.default_rng([seed, step]), size, length)

    def squares(model, batch):
        return (model(batch[0])[:, 0] - batch[1]).square().mean()

    model = LastState(layer, 1)
    history = train(model, sampler, steps, lr=1e-2, clip=1.0, loss=squares,
                    name=f"adding, {length} steps")
    with torch.no_grad():
        return history, squares(model, sampler(step=10**6, size=500)).item()


# %% [markdown]
# Live, an LSTM with the usual forget bias of 1, at one rate that was picked by hand, for as long as it
# takes. (By `nn.LSTM`, which you proved equal to yours: its loop is quicker.)

# %%
class Usual(nn.LSTM):
    """nn.LSTM as our layer begins: forget bias 1, the other biases 0."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, batch_first=True)
        self.W_hh = self.weight_hh_l0.detach().T  # what LastState asks for the width
        with torch.no_grad():
            self.bias_ih_l0.zero_()
            self.bias_hh_l0.zero_()
            self.bias_hh_l0[hidden_size:2 * hidden_size] = 1.0


adding, errors = [], []
for seed in range(budget(cpu=1)):
    torch.manual_seed(seed)
    history, error = train_adding(Usual(2, 31), seed=seed, steps=budget(cpu=1500))
    adding.append(history)
    errors.append(error)
at_400 = [np.mean(run.losses[:400][-20:]) for run in adding]
print("live: mean squared error at step 400", ", ".join(f"{e:.3f}" for e in at_400),
      "and on new sequences at the end", ", ".join(f"{e:.4f}" for e in errors))

# %% tags=["fold"]
# Draw: the loss of the recorded runs and of the live one
from seqlib.display.figures import level
from seqlib.training.recorded import curve

recorded_adding = load("05_adding")
kinds = ["RNN", "LSTM, forget bias 1", "LSTM, remember_for"]

fig, ax = figure(figsize=(7, 3))
for kind in kinds:
    steps, band = curve(recorded_adding, kind)
    lines(ax, steps, {kind: band})
for k, run in enumerate(adding):
    smooth = np.convolve(run.losses, np.ones(20) / 20, "valid")
    ax.plot(smooth, color="black", linewidth=0.8, label="" if k else "live, forget bias 1")
level(ax, 1 / 6, "always 1.0")
ax.set(title="The adding problem over 100 steps (black: live)", yscale="log")
ax.set(xlabel="step", ylabel="mean squared error")
ax.legend(fontsize=8, loc="lower right")
show(fig,
     alt="Mean squared error over training steps on the adding problem, three recorded "
         "seeds each. The LSTM that begins with open gates leaves the bar of one sixth "
         "first; the live one with forget bias 1 leaves it later; the RNN stays near it.")
print(credit(recorded_adding))
print(recorded_adding["what"])

# %% tags=["fold"]
# Table: the error on new sequences at each rate, a number a seed
added = dict()
for label, found in recorded_adding["results"].items():
    if not label.endswith(", loss"):
        kind, _, rate = label.partition(", rate ")
        added.setdefault(kind, {})[float(rate)] = found
        print(f"{kind:20} rate {rate:6}", ", ".join(f"{e:.4f}" for e in found))

# %% [markdown]
# Gates that begin open leave the bar first. With forget bias 1 the fall comes later, and whoever stops after 400 steps
# misses it. The curves are each kind's at the rate whose training ended lowest. What the RNN would learn at rates between
# these, or with more training, the picture does not show.

# %% [markdown]
# ## A real task: colouring Python
#
# Most characters of a program can be coloured from their neighbours. Not all: whether `and` is a keyword or a word of
# prose may depend on a triple quote two screens above. The data are the standard library's own modules, the labels its
# own `tokenize`; the modules to test on are other ones than those to train on. Below, the second line names the class of
# each character: K keyword, N name, D number, O operator, # comment, s string, T docstring, and a blank for a space.

# %%
from seqlib.data.syntax import CHARACTERS, CLASSES, encode, python_source
from seqlib.studies.colouring_python import (
    AHEAD,
    SAMPLE,
    Colourer,
    one_hot,
    paint,
    read_through,
    rows,
    train_colours,
)

train_source, test_source = python_source(np.random.default_rng(0))
at = test_source.text.index("import")
print(test_source.text[at : at + 60].replace("\n", "⏎"))
print("".join(" KNDO#sT"[label] for label in test_source.labels[at : at + 60]))
far = (test_source.depth[test_source.depth >= 0] > 128).mean()
print(f"{far:.0%} of the characters in triple-quoted strings lie over 128 characters after "
      f"the opening quote")

# %% [markdown]
# A `"` may be one quote or the first of three, so the network answers **four characters late**: having read character
# t + 4 it names the class of character t. It reads 32 long rows, 128 characters at a time, and carries its state without
# the gradient (03). **Baselines:** the commonest class; and a network with a hidden layer that sees nine characters, four
# on either side, with as many parameters.
#
# **Predict.** More than 512 characters after the opening quote, inside a docstring: how many percent does the LSTM
# colour rightly?

# %%
guess = None  # predict: percent right of the LSTM, far from the opening quote

# %%
torch.manual_seed(0)
model = Colourer(LSTM(len(CHARACTERS), 64))
history = train_colours(model, train_source, steps=budget(cpu=400), lr=1e-2)

# %% [markdown]
# Below, three models of about 42,000 parameters, 400 steps and three seeds each, recorded by the same functions; the
# stars are your live LSTM. (The rates, 0.003 for the RNN and 0.01 for the others, were picked by hand.)

# %%
from seqlib.metrics import accuracy, macro_f1
from seqlib.studies.colouring_python import accuracy_by_distance

said, labels, depth = read_through(model, test_source)
edges = [0, 8, 32, 128, 512, 2048]
live = 100 * accuracy_by_distance(said == labels, depth, edges)

# %% tags=["fold"]
# Draw: percent right against the distance to the opening quote
colours = load("05_colours")
names = ["window of 9", "RNN", "LSTM", "LSTM without a forget gate"]
bins = {
    name: [colours["results"][f"{name}, from {low}"] for low in edges[:-1]]
    for name in names[:3]
}

fig, ax = figure(figsize=(7, 3.2))
lines(ax, range(5),
      {name: spread(100 * np.transpose(values)) for name, values in bins.items()})
ax.plot(range(5), live, "*", color="black", markersize=10, label="live LSTM")
ax.set(title="Inside triple-quoted strings, by the distance to the opening quote",
       ylabel="percent right", ylim=(0, 103))
ax.set_xticks(
    range(5),
    [f"{low} to {high - 1}" for low, high in zip(edges[:-1], edges[1:], strict=True)],
)
ax.set_xlabel("characters since the opening quote")
ax.legend(fontsize=8)
show(fig,
     alt="Accuracy inside triple-quoted strings against the distance to the opening quote. "
         "The window of nine begins level with the RNN and falls with the distance, the "
         "RNN by less; the LSTM stays level and is the highest on average in every bin.")

# %% [markdown]
# Far from the quote a window of nine can go by the look of the text alone, and the LSTM is as good as near it. The bands are
# three seeds of 400 steps; how far the RNN would come with more training, they do not show.

# %%
reveal(guess, live[-1], "percent right of the LSTM, far from the opening "
                        "quote", fmt="{:.1f}")

# %% tags=["fold"]
# Table: the baselines and the networks, on modules that none of them saw
from seqlib.studies.colouring_python import results_table

most = np.bincount(test_source.labels).max() / len(test_source.labels)
mine = [accuracy(said, labels), macro_f1(said, labels, len(CLASSES))]
results_table(colours, names, ["accuracy", "macro-F1", "parameters"],
              {"commonest class": [most], "LSTM, live": mine})

# %% [markdown]
# In the table: at this budget the plain RNN, memory and all, is below the window in macro-F1. Its curve was still falling;
# the table ranks what 400 steps teach, not what each could learn.

# %% [markdown]
# ## The unit that knows
#
# Is "inside a docstring" kept in one unit, or smeared over 64? Draw one character inside and one outside: how often is a
# unit's cell larger inside? That is its **area under the ROC curve**: 1 knows all, 0.5 nothing, 0 all with the sign turned.
#
# **Exercise 05.8 · Find it** — ●●●○, 12 minutes, core
#
# Return the best unit and its area, the larger of the area and one minus it. With ranks 1 … T of a unit's values, n
# characters inside and m outside, $\text{area} = \bigl(\sum_{\text{inside}} \text{rank} - n(n+1)/2\bigr) / (nm)$. No two
# values of a unit are equal. scikit-learn's `roc_auc_score` is not allowed.

# %%
def find_unit(cells, inside):
    """The unit whose cell tells best whether a character is inside.

    cells (T, H), inside (T,) bools; no two cells of a unit are equal. Returns the unit's
    number and the area under its ROC curve, the larger of the area and one minus the area.
    scikit-learn's roc_auc_score, roc_curve and auc are not allowed here.
    """
    ### BEGIN SOLUTION
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    n = inside.sum()
    areas = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * (len(inside) - n))
    areas = np.maximum(areas, 1 - areas)
    return areas.argmax(), areas.max()
    ### END SOLUTION


# %%
find_unit, result = check("05.find_unit", find_unit)
result

# %% [markdown]
# To look inside, and to break things later, here is the same LSTM with everything in the open: each gate is handed back,
# each can be held at a value, and a cell can be wiped. Then: your best unit on modules that the network never saw, and
# drawn over a text, the colour behind each character its cell.

# %%
def read_gates(layer, x, state=None, clamp=None, keep=1.0):
    """An LSTM's gates i, f, g, o, cells c and states h, each (B, T, H).

    clamp={"f": 1.0} holds a gate at a value; keep (H,) multiplies the cells at every step.
    """
    zeros, seen = x.new_zeros(len(x), len(layer.W_hh)), []
    h, c = (zeros, zeros) if state is None else state
    for from_input in (x @ layer.W_xh + layer.b_h).unbind(dim=1):
        i, f, g, o = (from_input + h @ layer.W_hh).chunk(4, dim=1)
        gate = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
        gate |= {name: torch.full_like(h, value) for name, value in (clamp or {}).items()}
        c = (gate["f"] * c + gate["i"] * gate["g"]) * keep
        h = gate["o"] * c.tanh()
        seen.append(gate | {"c": c, "h": h})
    return {name: torch.stack([step[name] for step in seen], dim=1) for name in seen[0]}


# %%
ids, _, depth = rows(test_source, 16)
with torch.no_grad():
    cells = read_gates(model.layer, one_hot(ids[:, :1000]))["c"].flatten(0, 1).numpy()
    sample = one_hot(torch.tensor(encode(SAMPLE))[None])
    drawn = read_gates(model.layer, sample)["c"][0].numpy()
    torch.manual_seed(1)
    fresh = LSTM(len(CHARACTERS), 64)
    by_chance = read_gates(fresh, one_hot(ids[:, :1000]))["c"].flatten(0, 1).numpy()
inside = depth[:, AHEAD : 1000 + AHEAD].flatten().numpy() >= 0  # of the character just read
unit, area = find_unit(cells, inside)
alone = np.array([find_unit(cells[:, [k]], inside)[1] for k in range(64)])
_, untrained = find_unit(by_chance, inside)

# %% tags=["fold"]
# Paint: the best unit's cell behind each character
opens = SAMPLE.index('"""') + 3
closes = SAMPLE.index('"""', opens)
bounds = np.quantile(cells[:, unit], np.linspace(0, 1, 201))
sides = [np.mean((cells[:, unit] > bound) == inside) for bound in bounds]
best = np.argmax(np.maximum(sides, 1 - np.array(sides)))
bound, above = bounds[best], sides[best] > 0.5  # which side of it is inside
told = (drawn[:, unit] > bound) == above
first = SAMPLE.index("\n", opens)
print(f"unit {unit}: area {area:.3f} over {len(inside)} characters; {(alone > 0.9).sum()} "
      f"of 64 units above 0.9; best of an untrained LSTM {untrained:.3f}\nof this "
      f"docstring the unit's best bound tells {told[opens:first].mean():.0%} of the first "
      f"line, {told[first:closes].mean():.0%} of the rest")
paint(SAMPLE, drawn[:, unit], f"The cell of unit {unit} behind each character",
      "A few lines of Python with coloured background. The docstring has one colour "
      "towards its closing quotes, most of the code around it the other.")

# %% [markdown]
# An area is an average over many texts. On this one the unit may be late, as the line above the picture counts: a number
# that tells inside from outside nearly always need not change at the very quote.

# %% [markdown]
# ## Explore: gates over your own text
#
# Type Python, or paste some. The strip shows one unit's gates, cell and state; the unit above comes first. Leave a
# docstring open. Put `'''` inside `"""`. Which character opens the input gate, and what closes the forget gate? The
# arithmetic runs in your browser, with the weights that you trained.

# %%
from seqlib.display.explorers.reading import Gates

weights = {name: getattr(model.layer, name) for name in ("W_xh", "W_hh", "b_h")}
weights |= {"W_hy": model.readout.weight.T, "b_y": model.readout.bias}
Gates(weights, CHARACTERS, CLASSES, text=SAMPLE, unit=unit, ahead=AHEAD)

# %% [markdown]
# ## Break it
#
# Is that unit a *cause*, or does it only look on? Wipe its cell after every character; then those of the 8 and of the 24
# units with the largest areas; and, to compare, of the 24 with the smallest. Then hold whole gates: forget gates at 1
# (nothing is forgotten) and 0 (nothing is kept), input and output gates wide open. No training in between.

# %%
class Held(nn.Module):
    """A trained LSTM with a gate held or a cell wiped, to put in its place."""

    def __init__(self, layer, clamp=None, keep=1.0):
        super().__init__()
        self.inner, self.W_hh, self.clamp, self.keep = layer, layer.W_hh, clamp, keep

    def forward(self, x, state=None):
        seen = read_gates(self.inner, x, state, self.clamp, self.keep)
        return seen["h"], (seen["h"][:, -1], seen["c"][:, -1])


# %%
from seqlib.data.syntax import Source

ranked = torch.tensor(alone.argsort())
wiped = {f"unit {unit}\nwiped": ranked[-1:], "best 8\nwiped": ranked[-8:],
         "best 24\nwiped": ranked[-24:], "last 24\nwiped": ranked[:24]}
changes = {"as\ntrained": {}}
changes |= {
    name: {"keep": torch.ones(64).index_fill(0, units, 0)} for name, units in wiped.items()
}
held = (("f", 1), ("f", 0), ("i", 1), ("o", 1))
changes |= {f"{gate} = {value}": {"clamp": {gate: value}} for gate, value in held}
ids, labels, depth = test_source.ids, test_source.labels, test_source.depth
part = Source((), ids[:80_000], labels[:80_000], depth[:80_000], [0])
broken = []
for change in changes.values():
    patient = Colourer(Held(model.layer, **change))
    patient.readout = model.readout
    said, labels, depth = read_through(patient, part, batch=32)
    right = 100 * (said == labels)
    broken.append([right[depth < 0].mean(), right[depth >= 32].mean()])

# %% tags=["fold"]
# Draw: percent right outside and inside docstrings, a bar a change
fig, axes = figure(2, 1, figsize=(7, 4.4))
for ax, values, where in zip(
    axes, np.transpose(broken), ("outside docstrings", "inside, from 32 on"), strict=True
):
    bars(ax, list(changes), values, fmt="{:.0f}")
    ax.set(title=f"Percent right {where}", ylim=(0, 115))
    ax.tick_params(axis="x", labelsize=8)
show(fig,
     alt="Two rows of bars: percent of characters right outside and inside docstrings, "
         "with the trained LSTM as it is, with cells of some units wiped, and with whole "
         "gates held open or closed.")

# %% [markdown]
# Compare the bars: what wiping the one best unit costs, and what wiping several does, inside and outside. An area near 1
# shows that something is *readable*, not that it is *used*. This is one trained network; another may spread the fact
# otherwise.
#
# And if there never was a forget gate? The LSTM of 1997 had none; Gers et al. (2000, §2.1) say that on a stream without
# an end its cells then grow and grow. The table above holds that network too, trained from the start with f = 1.
#
# ## What the books say

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib import claims
from seqlib.studies.fair_fights import apart, counted, fair, fought, together

f1, size_of_c = ({name: np.array(colours["results"][f"{name}, {what}"]) for name in names}
                 for what in ("macro-F1", "size of c"))
grown, held_c = size_of_c[names[3]], size_of_c["LSTM"]
back = {name: norms[:, 100] for name, norms in arrives.items()}
usual, begun = back["LSTM, forget bias 1"], back["LSTM, remember_for(200)"]
pairs = (("LSTM, forget bias 1", "tanh default"), ("LSTM, remember_for", "tanh orthogonal"))
fights = []
for a, b in pairs:
    fights.append(fought(at_delay(ladder, a, 40), at_delay(ladder, b, 40)))
over_40 = "; ".join(f"{name}: {climbs[name][0][1]:.0f} %" for name in LADDER)
rnn, gated = (added[kind] for kind in kinds[:2])
last = {rate: np.mean(recorded_adding["results"][f"{kinds[1]}, rate {rate:g}, loss"])
        for rate in gated}  # of the training; the errors on new sequences choose nothing
solved = gated[min(last, key=last.get)]
lasted = [recorded_adding["curves"][kind]["steps"][-1] + 1 for kind in kinds[:2]]
solves = together(counted([error < 0.0167 for error in solved]),
                  counted([error > 0.1 for each in rnn.values() for error in each]))

# %% tags=["fold"]
# The first half of the table below: source, measured with its setting, verdict by rule
rows = [
    ("LSTMs do not suffer from vanishing gradients", "folklore",
     f"left after 100 steps: forget bias 1: {usual.min():.0e} to {usual.max():.0e}; begun "
     f"for 200 steps: {begun.min():.2f} to {begun.max():.2f} (fresh, 5 seeds)",
     counted([*(usual > 0.01), *(begun > 0.01)]), "How far does the gradient reach?"),
    ("… and less than plain RNNs, like with like", "folklore",
     f"as they come {np.median(usual):.0e} against "
     f"{np.median(back['RNN, as PyTorch begins it']):.0e}, begun for it "
     f"{np.median(begun):.0e} against {np.median(back['RNN, orthogonal']):.0e} (medians of "
     f"5)",
     together(apart(usual, back["RNN, as PyTorch begins it"]),
              apart(begun, back["RNN, orthogonal"])), "How far does the gradient reach?"),
    ("LSTMs bridge lags where RNNs fail",
     "Hochreiter and Schmidhuber 1997, §5, with other tasks and training",
     f"40 blanks: {over_40} (means; 400 batches, Adam, best of 3 or 4 rates, 5 seeds)",
     together(*fights), "Recall against delay"),
    ("A forget bias of 1 is better than 0",
     "Jozefowicz et al. 2015, abstract, of other tasks",
     "recall at one rate leaves both at chance; 06 puts it to the test on text",
     "not tested", "The forget-bias experiment"),
]

# %% tags=["fold"]
# Table: what is said, what was measured, and a verdict by rule
rows += [
    ("LSTMs learn the adding problem, plain tanh RNNs do not", "Le et al. 2015, §4.1",
     f"100 steps, bar 0.167: LSTM, bias 1, {lasted[1]:,.0f} batches, best of {len(gated)} "
     f"rates ({min(last, key=last.get):g}) {min(solved):.4f} to {max(solved):.4f}; RNN, "
     f"{lasted[0]:,.0f} batches, the lowest at any of {len(rnn)} rates "
     f"{min(map(min, rnn.values())):.3f} (3 seeds)",
     fair(solves, len(rnn) >= 3, len(solved) >= 3, lasted[0] >= lasted[1]),
     "The adding problem"),
    ("Gated units beat tanh units on real sequences",
     "Chung et al. 2014, §5, music and speech",
     f"macro-F1 after 400 steps: RNN {f1['RNN'].min():.2f} to {f1['RNN'].max():.2f}, LSTM "
     f"{f1['LSTM'].min():.2f} to {f1['LSTM'].max():.2f} (one rate each, by hand, curves "
     f"still falling); it takes a sweep and longer runs", "not tested", "A real task"),
    ("Single cells turn on inside quotes",
     "Karpathy et al. 2015, §4.2, in language models",
     f"in docstrings, a network that colours: best of 64 units, area {area:.3f}; untrained "
     f"{untrained:.3f} (one network)",
     "holds" if area > 0.9 > untrained + 0.05 else "depends", "The unit that knows"),
    ("Without a forget gate cells grow without end", "Gers et al. 2000, §2.1",
     f"mean |c|: {grown.min():.0f} to {grown.max():.0f}, with one {held_c.min():.1f} to "
     f"{held_c.max():.1f} (400 steps, one rate, 3 seeds, the state carried)",
     apart(grown, 3 * held_c), "A real task"),
]
claims(rows)

# %% [markdown]
# ## Remember
#
# - The cell is added to; with the gates held fixed, the gradient along it is a product of forget gates.
# - The forget gate decides how long a memory lasts, the input gate what may disturb it. Begin both for the time scale
#   that you need.
# - Going back, two gradients meet in the cell.
# - Four gates are one product; the input's share leaves the loop.

# %%
from seqlib import flashcards, quiz

flashcards("05")

# %%
quiz("05")

# %% [markdown]
# ## Sources, and beyond
#
# Hochreiter and Schmidhuber 1997, *Long Short-Term Memory*, §3–5. Gers, Schmidhuber and Cummins 2000,
# *Learning to Forget*, §2–3. Jozefowicz, Zaremba and Sutskever 2015, *An Empirical Exploration of Recurrent Network
# Architectures*, abstract. Bengio, Simard and Frasconi 1994, *Learning Long-Term Dependencies with Gradient Descent Is
# Difficult*, §IV. Tallec and Ollivier 2018, *Can Recurrent Neural Networks Warp Time?*, §2.2. Le, Jaitly and Hinton
# 2015, *A Simple Way to Initialize Recurrent Networks of Rectified Linear Units*, §4.1. Karpathy, Johnson and Li 2015,
# *Visualizing and Understanding Recurrent Networks*, §4.2. Chung et al. 2014, *Empirical Evaluation of Gated Recurrent
# Neural Networks*, §5.
#
# **A question without a check.** `remember_for` was told how long to remember. How would you begin a network for a text
# in which some things matter for three characters and others for three pages? Say what you would measure to find out
# whether your start was a good one.
#
# **Beyond.** Set a *latch for quotes* by hand, where the same character opens and closes (two units will do). Find the
# unit for comments. Give recall random distractors instead of blanks. Next: [06 · The GRU](06_gru.ipynb).
