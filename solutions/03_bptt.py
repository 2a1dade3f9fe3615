# %% [markdown]
# # 03 · Backpropagation through time
#
# **By the end you have written every gradient of a recurrent network by hand, proved each one right in two independent
# ways, trained with them, and seen what is lost when time is cut into pieces.**
#
# *Before you start:* [02 · The recurrent network](02_rnn.ipynb), the chain rule; what autograd is, and cross-entropy,
# you can play with on [the bridge](24_bridge.ipynb). *Time:* two hours, of which about 70 minutes are the eight
# exercises. *Needs:* no network, no GPU; with a network, one last section trains on names.

# %% [markdown]
# ## The data: names that programmers gave
#
# Python's standard library defines thousands of functions. Their names are a small language: lower case, underscores,
# `is_`, `get_`, `test`. A model that reads a name letter by letter and predicts the next one learns how such names are
# spelled. Each name ends with a line break, a letter of its own. Duplicates go *before* splitting, so that none is
# trained on and tested on ([01](01_why_order_matters.ipynb) measured what that leak is worth); then the names are
# shuffled and written one after another.

# %%
import re

import numpy as np

from seqlib.data import encode_chars, split_groups, stdlib_text

found = re.findall(r"def ([a-z_]\w{2,18})\(", stdlib_text())
names = sorted({name.lower().strip("_") for name in found})
print(len(names), "different names, for example", *names[40::600])

rng = np.random.default_rng(0)
train_names, test_names = split_groups(names, (0.9, 0.1), rng)
ids, vocabulary = encode_chars("\n".join(names) + "\n")
stream = encode_chars("".join(names[i] + "\n" for i in train_names), vocabulary)[0]
held_out = encode_chars("".join(names[i] + "\n" for i in test_names), vocabulary)[0]
V = vocabulary.size
print(f"{V} letters; {len(stream)} to train on, {len(held_out)} held out")

# %% [markdown]
# The bars to beat, in nats per letter: knowing nothing, counting letters, counting pairs of letters, and the
# Witten–Bell 5-gram of 01.

# %%
from seqlib.models.ngram import NGram

to_beat = {"all letters alike": np.log(V)}
for order, label in ((1, "letter counts"), (2, "pairs of letters"), (5, "5-gram")):
    to_beat[label] = NGram(order, V).fit(stream).nll(held_out)
for label, nats in to_beat.items():
    print(f"{label:24} {nats:.3f} nats per letter")

# %% [markdown]
# ## Forward, once more
#
# Row vectors, a batch of $B$ sequences of $T$ steps, as in 02. With $x_t$ the one-hot letter and $y_t$ the next one,
#
# $$a_t = x_tW_{xh} + h_{t-1}W_{hh} + b_h, \qquad h_t = \tanh a_t \tag{3.1}$$
# $$\mathrm{logits}_t = h_tW_{hy} + b_y, \qquad p_t = \mathrm{softmax}(\mathrm{logits}_t) \tag{3.2}$$
# $$L = -\frac{1}{BT}\sum_{b,t}\log p_t[y_t] \tag{3.3}$$
#
# Everything that the way back will need is kept on the way there: every $h_t$, every $p_t$.

# %%
def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def forward(x, h_0, w):
    """States (B, T + 1, H), which begin with h_0, and probabilities (B, T, V).

    x (B, T, D), h_0 (B, H), w the weights by name
    """
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ w["W_xh"] + h[-1] @ w["W_hh"] + w["b_h"]))  # (3.1)
    h = np.stack(h, axis=1)
    return h, softmax(h[:, 1:] @ w["W_hy"] + w["b_y"])  # (3.2)


def mean_nll(p, y):
    return -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()  # (3.3)

# %% [markdown]
# ## The way back, drawn
#
# The unrolled network is an ordinary graph. Its gradient flows along the same edges, backwards. Look at any state:
# **two** arrows leave it, one to its own loss and one to the next state. So two gradients come back to it.

# %% tags=["fold"]
# Draw: the unrolled network, forwards and backwards
from seqlib import show
from seqlib.display.figures import COLOURS, figure

fig, ax = figure(figsize=(7.4, 2.9))
box = {"boxstyle": "round,pad=0.35", "fc": "#eef4fb", "ec": COLOURS["blue"]}
there = {"arrowstyle": "->", "color": "#777"}
back = {"arrowstyle": "->", "color": COLOURS["vermilion"], "lw": 2}
for t in range(4):
    for y, name in ((0, f"$x_{t + 1}$"), (1, f"$h_{t + 1}$"), (2, f"$L_{t + 1}$")):
        ax.text(t, y, name, ha="center", va="center", bbox=box, fontsize=12)
    for low in (0, 1):
        ax.annotate("", (t - 0.06, low + 0.75), (t - 0.06, low + 0.25), arrowprops=there)
    ax.annotate("", (t + 0.06, 1.25), (t + 0.06, 1.75), arrowprops=back)
    if t < 3:
        ax.annotate("", (t + 0.77, 1.07), (t + 0.23, 1.07), arrowprops=there)
        ax.annotate("", (t + 0.23, 0.9), (t + 0.77, 0.9), arrowprops=back)
ax.set(xlim=(-0.5, 3.5), ylim=(-0.4, 2.4),
       title="A state gets gradient from its loss and from the future")
ax.axis("off")
show(fig, alt="The unrolled network over four steps. Grey arrows lead from inputs to "
              "states, to losses and to the next state; orange arrows lead back from each "
              "loss to its state and from each state to the one before.")

# %% [markdown]
# Follow the orange arrows from any loss: they reach its own state, every one before, and none after. How much is left
# of a gradient on its way, the drawing does not say.
#
# Three small derivatives, each an exercise, and one loop. **All of them by hand:** autograd (`backward()`,
# `torch.autograd`) is not allowed in the exercises of this notebook. It will be a witness.
#
# Throughout, $dv$ is short for $\partial L/\partial v$, and has the shape of $v$.

# %% [markdown]
# Begin at the end of the graph, with the loss. Put the softmax into $-\log p[y]$, and it falls into two pieces, with $l$
# for the logits:
#
# $$-\log p[y] = \log\sum_{k} e^{l_k} - l_y \tag{3.4}$$
#
# The derivative of the first piece by $l_v$ is $e^{l_v} / \sum_k e^{l_k}$, which is $p_v$. That of the second is 1 at
# $v = y$ and 0 elsewhere: the one-hot vector $e_y$. So the gradient is $p - e_y$: *what the model thought, less what was
# so*. The two pieces, and the whole nudged, in numbers:

# %%
logits_row, y_row = np.array([1.0, -0.5, 0.2]), 2


def loss_of(row):
    return np.log(np.exp(row).sum()) - row[y_row]  # (3.4)


nudges = [(loss_of(logits_row + d) - loss_of(logits_row - d)) / 2e-5
          for d in 1e-5 * np.eye(3)]
print("first piece, p:    ", softmax(logits_row).round(4))
print("second piece, e_y: ", np.eye(3)[y_row])
print("their difference:  ", (softmax(logits_row) - np.eye(3)[y_row]).round(4))
print("by nudging:        ", np.round(nudges, 4))

# %% [markdown]
# The loss (3.3) is a mean over all predictions, hence the factor:
#
# $$d\mathrm{logits}_t = \frac{1}{BT}\,(p_t - e_{y_t}) \tag{3.5}$$
#
# **Exercise 03.1 · From the loss to the logits** — ●○○○, 6 minutes, core
#
# `softmax` above may be used.

# %%
def logits_gradient(logits, targets):
    """Gradient of the mean cross-entropy, by hand, without autograd.

    logits (B, T, V), targets (B, T) integers -> dlogits (B, T, V)
    """
    ### BEGIN SOLUTION
    one_hot = np.eye(logits.shape[-1])[targets]
    return (softmax(logits) - one_hot) / targets.size  # (3.5)
    ### END SOLUTION

# %%
from seqlib import check

logits_gradient, result = check("03.logits_gradient", logits_gradient)
result

# %% [markdown]
# Next, tanh. Its slope can be read off its *value*: $\tanh' = 1 - \tanh^2$. That is why $h_t$ is kept and $a_t$ is not.
#
# $$da_t = dh_t \odot (1 - h_t^2) \tag{3.6}$$
#
# **Exercise 03.2 · Through tanh** — ●○○○, 3 minutes, core

# %%
def tanh_gradient(dh, h):
    """Through h = tanh(a), by hand, without autograd.

    dh, the gradient at h, and h itself, of any shape -> da, the same shape
    """
    ### BEGIN SOLUTION
    return dh * (1 - h**2)  # (3.6)
    ### END SOLUTION

# %%
tanh_gradient, result = check("03.tanh_gradient", tanh_gradient)
result

# %% [markdown]
# **Predict.** A unit that is nearly full, at $h = 0.95$, passes back which share of the gradient that reaches it?

# %%
guess = None  # predict: a share between 0 and 1

# %%
from seqlib import reveal

passed = tanh_gradient(np.ones(1), np.full(1, 0.95))
reveal(guess, float(passed[0]), "share of the gradient that passes h = 0.95")

# %% [markdown]
# Full units hardly learn. Remember this when 04 multiplies many such shares.

# %% [markdown]
# ## One step back
#
# The rule for a product $a = xW$ is worth knowing by heart: *the gradient of either factor is the other, transposed,
# times the gradient of the product, in the only order whose shapes fit*. With (3.1):
#
# $$dx_t = da_tW_{xh}^\top,\quad dh_{t-1} = da_tW_{hh}^\top \tag{3.7}$$
# $$dW_{xh} = x_t^\top da_t,\quad dW_{hh} = h_{t-1}^\top da_t,\quad db_h = \textstyle\sum_b da_t \tag{3.8}$$
#
# **Exercise 03.3 · One step back** — ●●○○, 12 minutes, core
#
# The batch is summed over by the products themselves; the bias needs its own sum.

# %%
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    """One step of (3.1), backwards, without autograd.

    dh_t (B, H), x_t (B, D), h_prev and h_t (B, H), weights as in (3.1).
    Returns dx_t (B, D), dh_prev (B, H), dW_xh (D, H), dW_hh (H, H), db_h (H,).
    """
    ### BEGIN SOLUTION
    da = tanh_gradient(dh_t, h_t)
    dx_t, dh_prev = da @ W_xh.T, da @ W_hh.T  # (3.7)
    return dx_t, dh_prev, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)  # (3.8)
    ### END SOLUTION

# %%
step_backward, result = check("03.step_backward", step_backward)
result

# %% [markdown]
# ## All steps back
#
# Now the orange arrows. The weights served at every step, so a loss $L_t$ depends on $W_{hh}$ through each $h_k$ before
# it, and from $h_t$ back to $h_k$ the chain rule passes one **Jacobian** a step. All of backpropagation through time in
# one line:
#
# $$\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T}\sum_{k=1}^{t} \frac{\partial L_t}{\partial h_t}
# \Bigl(\frac{\partial h_t}{\partial h_{t-1}}\,\frac{\partial h_{t-1}}{\partial h_{t-2}}\cdots
# \frac{\partial h_{k+1}}{\partial h_k}\Bigr)
# \frac{\partial h_k}{\partial W_{hh}}\bigg|_{\text{here}} \tag{3.9}$$
#
# where *here* means: the $W_{hh}$ of step k alone, and the empty product, at $k = t$, is the identity. A gradient (a row)
# passes a Jacobian by (3.6) and (3.7): times the slope of tanh, then times $W_{hh}^\top$. Written as it stands:

# %%
def by_products(dh, h, W_hh):
    """dW_hh as the double sum (3.9). dh (B, T, H); h (B, T + 1, H), from h_0 on."""
    dW, passed = np.zeros_like(W_hh), 0
    for t in range(1, h.shape[1]):
        for k in range(1, t + 1):
            g = dh[:, t - 1]
            for j in range(t, k, -1):  # the product of Jacobians, from t back to k
                g, passed = tanh_gradient(g, h[:, j]) @ W_hh.T, passed + 1
            dW += h[:, k - 1].T @ tanh_gradient(g, h[:, k])  # (3.9)
    return dW, passed

# %% [markdown]
# Right, and wasteful: step 1 is reached from every later loss by a walk of its own. Add the gradients *where the walks
# meet*, at each state, and one walk is enough:
#
# $$dh_t = \underbrace{d\mathrm{logits}_tW_{hy}^\top}_{\text{its own loss}} + \underbrace{dh_{t}^{\,\text{next}}}_{\text{the future}},
# \qquad dW = \sum_{t=1}^{T} dW^{(t)} \tag{3.10}$$
#
# where $dh_t^{\,\text{next}}$ is what `step_backward` returned for $h_{\text{prev}}$ one step later, and zero at $T$.
#
# **Exercise 03.4 · Backpropagation through time** — ●●●○, 20 minutes, core
#
# `dh[:, t]` is what the readout sends to the state of step t. Run forward first (`forward` needs a readout, so write
# the loop), then walk back with `step_backward`.

# %%
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    """All steps of (3.1), backwards, without autograd.

    dh (B, T, H) from the readout, x (B, T, D), h_0 (B, H)
    -> dW_xh, dW_hh, db_h, dh_0, each shaped like its own
    """
    ### BEGIN SOLUTION
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    dh_next = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        dh_t = dh[:, t] + dh_next  # (3.10)
        _, dh_next, dW_x, dW_h, db = step_backward(
            dh_t, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + dW_x, dW_hh + dW_h, db_h + db
    return dW_xh, dW_hh, db_h, dh_next
    ### END SOLUTION

# %%
bptt, result = check("03.bptt", bptt)
result

# %% [markdown]
# One walk against the double sum (3.9), over thirty steps:

# %%
draw = np.random.default_rng(1)
x_30, dh_30 = draw.normal(size=(2, 30, 5)), draw.normal(size=(2, 30, 4))
W_x, W_h, b_0 = draw.normal(size=(5, 4)), draw.normal(size=(4, 4)) / 2, draw.normal(size=4)
h_30 = [np.zeros((2, 4))]
for t in range(30):
    h_30.append(np.tanh(x_30[:, t] @ W_x + h_30[-1] @ W_h + b_0))
in_one_line, passed = by_products(dh_30, np.stack(h_30, axis=1), W_h)
walked = bptt(dh_30, x_30, np.zeros((2, 4)), W_x, W_h, b_0)[1]
walk_gap = np.abs(in_one_line - walked).max() / np.abs(walked).max()
print(f"the same to {walk_gap:.0e}: {passed:,} Jacobians passed, against 29 in one walk")

# %% [markdown]
# The readout is one more product, so its gradients follow the same rule. Put together, this is the whole backward pass
# of the model:

# %%
def backward(x, y, h_0, w):
    """Loss and the gradients of every weight, by hand."""
    h, p = forward(x, h_0, w)
    dlogits = logits_gradient(np.log(p), y)
    dW_xh, dW_hh, db_h, _ = bptt(
        dlogits @ w["W_hy"].T, x, h_0, w["W_xh"], w["W_hh"], w["b_h"])
    g = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h,
         "W_hy": np.einsum("bth,btv->hv", h[:, 1:], dlogits),
         "b_y": dlogits.sum(axis=(0, 1))}
    return mean_nll(p, y), g

# %% [markdown]
# ## Is it right? Two witnesses
#
# A wrong gradient rarely crashes. It trains, a little worse, for ever. So compare with witnesses that know nothing of
# our derivation. The first asks the loss itself, with a small step $\epsilon$ in one weight at a time:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w+\epsilon) - L(w-\epsilon)}{2\epsilon} \tag{3.11}$$
#
# The second is autograd.

# %% [markdown]
# **Exercise 03.5 · How wrong is wrong?** — ●○○○, 5 minutes, core
#
# Write the error in proportion: the largest absolute difference over the largest absolute value in either array, and 0
# where both arrays are all zero. The arrays have one shape, any shape.

# %%
def relative_error(found, right):
    """Largest absolute difference of two arrays over the largest absolute value in either.

    A number; 0 where both are all zero.
    """
    ### BEGIN SOLUTION
    worst = np.abs(found - right).max()
    size = max(np.abs(found).max(), np.abs(right).max())
    return float(worst / size) if size > 0 else 0.0
    ### END SOLUTION

# %%
relative_error, result = check("03.relative_error", relative_error)
result

# %% [markdown]
# A small model with weights away from zero, sizes that all differ, everything in float64. First the differences (3.11),
# one weight at a time:

# %%
def small_model(rng, D=5, H=4):
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, D), "b_y": (D,)}
    return {name: rng.normal(size=shape) * 0.7 for name, shape in shapes.items()}


def differences(loss, w, eps=1e-5):
    """(3.11) for every entry of every array in w."""
    g = {name: np.zeros_like(a) for name, a in w.items()}
    for name, a in w.items():
        for i in np.ndindex(a.shape):
            kept = a[i]
            a[i] = kept + eps
            up = loss()
            a[i] = kept - eps
            g[name][i] = (up - loss()) / (2 * eps)  # (3.11)
            a[i] = kept
    return g

# %% [markdown]
# Now autograd, on the same weights. It can also tell what lies *between*: with `retain_grad` every $\mathrm{logits}_t$,
# $h_t$ and $a_t$ keeps its own gradient, so each line of the derivation is compared by name, not only the end.

# %%
import torch
from torch.nn import functional as F


def autograd(x, y, h_0, w):
    """Gradients of every weight and of every intermediate value, by PyTorch."""
    t = {name: torch.tensor(a, requires_grad=True) for name, a in w.items()}
    h, kept = torch.tensor(h_0), {"a": [], "h": [], "logits": []}
    for x_t in torch.tensor(x).unbind(dim=1):
        a = x_t @ t["W_xh"] + h @ t["W_hh"] + t["b_h"]
        h = torch.tanh(a)
        for name, value in (("a", a), ("h", h), ("logits", h @ t["W_hy"] + t["b_y"])):
            value.retain_grad()
            kept[name].append(value)
    logits = torch.stack(kept["logits"], dim=1)
    F.cross_entropy(logits.flatten(0, 1), torch.tensor(y).flatten()).backward()
    between = {f"d{name}": torch.stack([v.grad for v in values], dim=1).numpy()
               for name, values in kept.items()}
    return {name: v.grad.numpy() for name, v in t.items()}, between

# %%
def by_hand_between(x, y, h_0, w):
    """The intermediate gradients of (3.5), (3.10) and (3.6), by hand."""
    h, p = forward(x, h_0, w)
    dlogits = logits_gradient(np.log(p), y)
    dh, da, carried = np.zeros_like(h[:, 1:]), np.zeros_like(h[:, 1:]), 0.0
    for t in reversed(range(x.shape[1])):
        dh[:, t] = dlogits[:, t] @ w["W_hy"].T + carried
        da[:, t] = tanh_gradient(dh[:, t], h[:, t + 1])
        carried = da[:, t] @ w["W_hh"].T
    return {"dlogits": dlogits, "dh": dh, "da": da}

# %% [markdown]
# All three side by side. Below 1e-7 a gradient is right; a wrong one is off by 0.01 or 1.

# %%
w = small_model(rng)
B, T, D, H = 3, 7, 5, 4
x, y = np.eye(D)[rng.integers(0, D, (B, T))], rng.integers(0, D, (B, T))
h_0 = rng.normal(size=(B, H)) * 0.5

_, mine = backward(x, y, h_0, w)
numeric = differences(lambda: mean_nll(forward(x, h_0, w)[1], y), w)
theirs, between = autograd(x, y, h_0, w)
mine_between = by_hand_between(x, y, h_0, w)

errors = {}
for name in w:
    errors[name] = (relative_error(mine[name], theirs[name]),
                    relative_error(mine[name], numeric[name]))
for name, gradient in mine_between.items():
    errors[name] = (relative_error(gradient, between[name]),)
worst = max(max(pair) for pair in errors.values())

# %% tags=["fold"]
# Print: the relative errors, a line a gradient
for name, (auto, *rest) in errors.items():
    by_differences = f"   differences {rest[0]:.1e}" if rest else ""
    print(f"{name:8} autograd {auto:.1e}{by_differences}")

# %% [markdown]
# Every gradient agrees with autograd to rounding, and with the differences to their own small error. So these are the
# gradients of (3.3); whether (3.3) is a loss worth having, no such check can say.

# %% [markdown]
# ## Break it: a check that cannot fail
#
# **Predict.** Someone forgets the transpose in (3.7): `da @ W_hh` in place of `da @ W_hh.T`. They check their gradients
# at a start of zeros, $W_{hh} = 0$. What relative error will the check show for $dW_{xh}$?

# %%
guess = None  # predict: the relative error that the check shows

# %%
def wrong_dW_xh(x, y, h_0, w):
    """dW_xh with the transpose forgotten."""
    h, p = forward(x, h_0, w)
    dh, g, carried = logits_gradient(np.log(p), y) @ w["W_hy"].T, 0.0, 0.0
    for t in reversed(range(x.shape[1])):
        da = tanh_gradient(dh[:, t] + carried, h[:, t + 1])
        g, carried = g + x[:, t].T @ da, da @ w["W_hh"]
    return g


zeroed = w | {"W_hh": np.zeros((H, H))}
right, _ = autograd(x, y, h_0, zeroed)
hidden = relative_error(wrong_dW_xh(x, y, h_0, zeroed), right["W_xh"])
shown = relative_error(wrong_dW_xh(x, y, h_0, w), theirs["W_xh"])
print(f"weights away from zero: {shown:.2f}")
reveal(guess, hidden, "relative error shown with W_hh = 0")

# %% [markdown]
# With zero weights the wrong code passes the check *perfectly*: what is wrong is multiplied by zero on both sides. So
# check with values that are not zero, and sizes that differ, so that a wrong axis cannot fit.

# %% [markdown]
# ## Train with it
#
# The names again, 16 letters at a time, 32 windows in a batch, momentum and nothing else: NumPy alone.

# %%
from seqlib import budget
from seqlib.data import text_sampler

hidden_size, steps = 96, budget(cpu=2500, gpu=2500)
name_sampler = text_sampler(stream, length=16, batch_size=32, seed=1)


def fresh(seed):
    draw, bound = np.random.default_rng(seed), hidden_size**-0.5
    shapes = {"W_xh": (V, hidden_size), "W_hh": (hidden_size,) * 2, "b_h": (hidden_size,),
              "W_hy": (hidden_size, V), "b_y": (V,)}
    return {name: draw.uniform(-bound, bound, shape) for name, shape in shapes.items()}


def train_numpy(w, steps, lr=0.3, momentum=0.9):
    """Train the weights w in place; returns the loss at every step."""
    losses, velocity = [], {name: np.zeros_like(a) for name, a in w.items()}
    for step in range(steps):
        x, y = (a.numpy() for a in name_sampler(step))
        loss, g = backward(np.eye(V)[x], y, np.zeros((len(x), hidden_size)), w)
        for name in w:
            velocity[name] = momentum * velocity[name] + g[name]
            w[name] -= lr * velocity[name]
        losses.append(loss)
    return losses

# %%
import time

w_numpy, began = fresh(0), time.perf_counter()
losses_numpy = train_numpy(w_numpy, steps)
seconds, last_loss = time.perf_counter() - began, np.mean(losses_numpy[-100:])
print(f"{steps} steps in {seconds:.1f} s, last loss {last_loss:.3f} nats")

# %% [markdown]
# Did it learn to spell? Held-out names, against the bars from the beginning. The state is carried from the first
# letter to the last.

# %%
def held_out_nll(w):
    _, p = forward(np.eye(V)[held_out[None, :-1]], np.zeros((1, hidden_size)), w)
    return float(mean_nll(p, held_out[None, 1:]))


scores = to_beat | {"RNN by hand": held_out_nll(w_numpy)}

# %% tags=["fold"]
# Draw: nats per held-out letter, counting and the network
from seqlib.display.figures import bars

fig, ax = figure()
bars(ax, list(scores), list(scores.values()), fmt="{:.2f}")
ax.set(title="Gradients by hand train a model that spells",
       ylabel="nats per held-out letter\n(lower is better)")
show(fig, alt="Bars of nats per held-out letter for guessing, letter counts, letter "
              "pairs, the 5-gram and the recurrent network trained by hand in NumPy; the "
              "network is far below the first three.")

# %% [markdown]
# The gradients work: the network is far below letter counts and pairs. And it is *above the 5-gram*, which only counted.
# Twenty thousand letters are few, and an n-gram is a serious baseline; 05 and 09 come back to it with more text and
# better cells.

# %% [markdown]
# ## The same run in PyTorch
#
# The strongest proof of all: from the same weights, on the same batches, PyTorch must give the *same losses*, step for
# step. Two programs that agree for hundreds of steps hardly share a mistake. In float64, so that rounding is no excuse.

# %%
def train_torch(w, steps, lr=0.3, momentum=0.9):
    """The same run, with autograd and torch.optim.SGD."""
    t = {name: torch.tensor(a, requires_grad=True) for name, a in w.items()}
    optimizer, losses = torch.optim.SGD(t.values(), lr=lr, momentum=momentum), []
    for step in range(steps):
        x, y = name_sampler(step)
        h, logits = torch.zeros(len(x), hidden_size, dtype=torch.float64), []
        for x_t in torch.eye(V, dtype=torch.float64)[x].unbind(dim=1):
            h = torch.tanh(x_t @ t["W_xh"] + h @ t["W_hh"] + t["b_h"])
            logits.append(h @ t["W_hy"] + t["b_y"])
        loss = F.cross_entropy(torch.stack(logits, 1).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %%
same_steps = budget(cpu=300, gpu=300)
losses_torch = train_torch(fresh(0), same_steps)
apart = np.abs(np.array(losses_numpy[:same_steps]) - losses_torch)[: len(losses_numpy)]
print(f"{same_steps} steps: the losses differ by {apart.max():.1e} at most")

# %% [markdown]
# ## Time cut into pieces
#
# Full backpropagation keeps every state until the way back: for a stream without end, memory without end. **Truncated
# BPTT** goes back over a window only. Two ways to go on to the next window: *cut*, the state starts from zero again, or
# *carried*, the last state is handed on, detached from the graph.

# %% tags=["fold"]
# Draw: six steps in two windows; the state is carried on, the gradient is not
from seqlib.display import cells

cells.unrolled(list("abcdef"), readout="all", cut=3, backwards=True).show(
    "Six steps of an unrolled network, with an output at each. Dashed arrows lead the "
    "gradient back from step 6 to 4 and from 3 to 1; between steps 3 and 4 it is cut, and "
    "only the value of the state goes on."
)

# %% [markdown]
# Forwards, the value of $h_3$ crosses the cut when it is carried; backwards, nothing does. So what *d* needs of *a* can
# still be read from the state, but no gradient tells the weights to put it there.

# %% [markdown]
# **Exercise 03.6 · Windows that continue** — ●●○○, 8 minutes, core
#
# Cut one stream into `rows` long pieces and those into windows, so that row r of window k + 1 goes on where row r of
# window k ended. The pieces are equally long and follow one another in the stream, the first from its beginning. How
# long they are is up to you, as long as all windows find room. Targets are one step ahead.

# %%
def carried_windows(ids, rows, length):
    """Inputs and targets in windows that continue each other.

    ids (N,), an array -> x, y (windows, rows, length), with
    (N - 1) // rows // length windows; the last target lies within ids
    """
    ### BEGIN SOLUTION
    windows = (len(ids) - 1) // rows // length
    n = windows * rows * length

    def cut(part):
        return part.reshape(rows, windows, length).swapaxes(0, 1)

    return cut(ids[:n]), cut(ids[1:n + 1])
    ### END SOLUTION

# %%
carried_windows, result = check("03.carried_windows", carried_windows)
result

# %% [markdown]
# **Exercise 03.7 · How far back does a gradient reach?** — ●○○○, 4 minutes, core
#
# For each step of a sequence that is cut into windows: how many inputs, its own included, get gradient from the loss at
# that step? Steps count from 0; the last window may be short.

# %%
def reach(steps, window):
    """How many inputs the loss at each step sends gradient to: (steps,) integers."""
    ### BEGIN SOLUTION
    return np.arange(steps) % window + 1
    ### END SOLUTION

# %%
reach, result = check("03.reach", reach)
result

# %% [markdown]
# ## What can each learn? Measured
#
# A stream of random symbols, four kinds. The task: **say which symbol came `lag` steps ago.** Nothing else helps, so
# accuracy is memory, and chance is 25 %. Windows of 6 steps, lags of 3 and 8, state carried or cut.
#
# **Predict.** Lag 3, windows of 6, state *cut*: what share of all predictions can be right at best, if those that cannot
# be known are guessed?

# %%
guess = None  # predict: accuracy, between 0 and 1

# %%
from torch import nn

from seqlib.models.layers import RNN

SYMBOLS = 4
eye = torch.eye(SYMBOLS)


class Echo(nn.Module):
    """Says which symbol came some steps ago: an RNN and a readout."""

    def __init__(self, hidden_size=64):
        super().__init__()
        self.rnn = RNN(SYMBOLS, hidden_size)
        self.readout = nn.Linear(hidden_size, SYMBOLS)
        nn.init.orthogonal_(self.rnn.W_hh)  # why this helps is the subject of 04

    def forward(self, x, h):
        states, h = self.rnn(x, h)
        return self.readout(states), h

# %% [markdown]
# Cut and carried differ in one line: what becomes of `h`.

# %%
def echo_windows(seed, windows, window, lag, batch=32):
    """Yield x (B, window, 4) and y (B, window), the symbols `lag` steps before.

    Windows continue each other.
    """
    draw = torch.Generator().manual_seed(seed)
    symbols = torch.randint(0, SYMBOLS, (batch, windows * window + lag), generator=draw)
    for start in range(0, windows * window, window):
        now, before = symbols[:, start + lag:], symbols[:, start:]
        yield eye[now[:, :window]], before[:, :window]


def learn(window, lag, carried, seed, steps, lr=3e-3, frozen=False):
    """Train on a stream, window by window; the model, and the loss of every window."""
    torch.manual_seed(seed)
    model, h, losses = Echo(), None, []
    model.rnn.requires_grad_(not frozen)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for x, y in echo_windows(seed, steps, window, lag):
        logits, h = model(x, h)
        h = h.detach() if carried else None
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return model, losses

# %% [markdown]
# Tested on another stream, place by place in the window, carried or cut as it was trained:

# %%
@torch.no_grad()
def accuracy_by_place(model, windows, carried, warm_up=20):
    right, h = [], None
    for x, y in windows:
        logits, h = model(x, h if carried else None)
        right.append((logits.argmax(-1) == y).float().mean(0))
    return torch.stack(right[warm_up:]).mean(0).numpy()


settings = {"lag 3, window 6, cut": (6, 3, False),
            "lag 3, window 6, carried": (6, 3, True),
            "lag 8, window 6, carried": (6, 8, True),
            "lag 8, window 24, carried": (24, 8, True)}
seeds, echo_steps = range(budget(cpu=3, gpu=5, smoke=1)), budget(cpu=800, gpu=800)


def tested(window, lag, carried, seed):
    model, _ = learn(window, lag, carried, seed, echo_steps)
    return accuracy_by_place(model, echo_windows(1000 + seed, 60, window, lag), carried)


accuracy = {name: np.array([tested(*setting, seed) for seed in seeds])
            for name, setting in settings.items()}
cut_score = float(accuracy["lag 3, window 6, cut"].mean())
reveal(guess, cut_score, "accuracy with the state cut")

# %% tags=["fold"]
# Draw: accuracy of the four settings, mean, lowest and highest over the seeds
fig, ax = figure()
means = {name: a.mean(axis=1) for name, a in accuracy.items()}
low, high = ([f(m) for m in means.values()] for f in (min, max))
bars(ax, [name.replace(", ", "\n") for name in means], [m.mean() for m in means.values()],
     chance=0.25, spread=(low, high), fmt="{:.2f}")
ax.set(title="Learned: where the window holds the lag and the state is carried",
       ylabel="accuracy", ylim=(0, 1.15))
found = ", ".join(f"{name}: {m.mean():.2f}" for name, m in means.items())
show(fig, alt=f"Bars of accuracy over the seeds: {found}. Chance is 0.25.")

# %% [markdown]
# **Cut**: half the places cannot know, whatever is learned. **Carried, lag inside the window**: everything is learned,
# although no gradient crosses a border. Either places late in the window teach the weights what all places need, or the
# state keeps an echo anyway and the readout finds it: these bars cannot tell. **Carried, lag beyond the window**: little
# was learned, here, in 800 steps at one rate, with three seeds (whiskers: lowest and highest). The bars do not say that
# more *cannot* be; that question comes below.

# %% [markdown]
# Where in the window are the mistakes? Compare with `reach`:

# %%
print("inputs that a loss reaches at each place:", *reach(6, 6))

# %% tags=["fold"]
# Draw: accuracy at each place in the window
from seqlib.display.figures import lines, spread

fig, ax = figure()
place = np.arange(1, 7)
curves = {name: spread(accuracy[name]) for name in list(settings)[:3]}
lines(ax, place, curves, chance=0.25)
ax.set(title="Cut windows are blind until the lag is inside", xlabel="place in the window",
       ylabel="accuracy", ylim=(0, 1.08), xticks=place)
show(fig, alt="Accuracy at each of six places in a window. With a lag of 3 and the state "
              "cut it lies at chance for three places and then jumps; carried it is high "
              "everywhere; with a lag of 8 it is low everywhere.")

# %% [markdown]
# Cut, with a lag of 3, the first three places guess: what they are asked for lies before the border. From the fourth on
# the cause is inside. The picture says nothing of lags between 3 and 8.

# %% [markdown]
# ### Cannot, or did not?
#
# No gradient reaches beyond a window, so nothing *teaches* the weights to keep a symbol longer. But a state mixes all
# that came; perhaps the old symbol is still in it, and the readout finds it. To know, the fight must be fair: 7,200
# symbols a row for each side, each at the best of several rates, three seeds. And a third side: the recurrent weights
# stay as they were drawn, and **only the readout is trained**.
#
# **Predict.** Lag 12, windows of 6: who is right more often, "all", where all weights are trained, or "readout", where
# only the readout is?

# %%
guess = None  # predict: "all" or "readout"

# %%
from seqlib.training import recorded as runs

echo = runs.load("03_echo")
sides = ("window 24", "window 6", "window 6, only the readout trained")
lags = (5, 6, 8, 12)
by_lag = {side: np.array([echo["results"][f"{side}, lag {lag}"] for lag in lags]).T
          for side in sides}
full, far, still = (by_lag[side][:, 3] for side in sides)
ahead = "readout" if still.mean() > far.mean() else "all"
reveal(guess, ahead, "more often right at lag 12", options=["all", "readout"])

# %% tags=["fold"]
# Draw: accuracy against the lag, for the three sides
fig, ax = figure()
lines(ax, lags, {side: spread(values) for side, values in by_lag.items()}, chance=0.25)
ax.axvspan(5.5, 12.4, color="#BBBBBB", alpha=0.25, lw=0)
ax.set(title="Beyond a window of 6 (grey): less, and not nothing", xlabel="lag (steps)",
       ylabel="accuracy", ylim=(0, 1.08), xticks=lags)
found = "; ".join(f"{side}: {', '.join(f'{v:.2f}' for v in values.mean(axis=0))}"
                  for side, values in by_lag.items())
show(fig, alt=f"Accuracy against lags of 5, 6, 8 and 12 for three networks. {found}. "
              "Chance is 0.25; lags above 5 lie beyond a window of 6.")
for side in sides:
    best = [echo["results"][f"{side}, lag {lag}, rate"][0] for lag in lags]
    print(f"best rates, {side}: {', '.join(f'{rate:g}' for rate in best)}")
print(runs.credit(echo))

# %% [markdown]
# So "cannot" would have been wrong: beyond its window the trained network is far above chance. And the one whose
# recurrent weights were never trained is *better*: an orthogonal matrix keeps an echo of all that came, the readout
# finds the symbol in it (Jaeger 2001), and training all weights, by a gradient that sees no use for the echo, leaves
# less. The picture is of 7,200 symbols and of this start: the loss of window 6 still fell, by far less than it is
# behind; window 24 is near the ceiling, so the gap may be larger; and the readout's best rate is the largest tried.

# %% [markdown]
# *An open question without a check:* from lag 6 on the best rate of window 6 is ten to thirty times smaller than that of
# window 24. Why would it want small steps?

# %% [markdown]
# ## How much gradient arrives?
#
# **Exercise 03.8 · The gradient on its way back** — ●●○○, 10 minutes, stretch
#
# Give only the last state a gradient, `dh_last`, and follow it back through one sequence. Return its Euclidean norm at
# every state, the first state first.
#
# $$dh_{t-1} = \bigl(dh_t \odot (1 - h_t^2)\bigr)\,W_{hh}^\top \tag{3.12}$$

# %%
def gradient_flow(h, W_hh, dh_last):
    """The norm of the gradient at each state of one sequence, without autograd: (T,).

    h (T, H), the states h_1 … h_T, W_hh (H, H), dh_last (H,), the gradient at the last
    """
    ### BEGIN SOLUTION
    norms, dh = [np.linalg.norm(dh_last)], dh_last
    for h_t in h[:0:-1]:
        dh = tanh_gradient(dh, h_t) @ W_hh.T  # (3.12)
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])
    ### END SOLUTION

# %%
gradient_flow, result = check("03.gradient_flow", gradient_flow)
result

# %% [markdown]
# Apply it to the model that you trained: how much of a gradient at the 40th letter reaches the first?

# %%
h, _ = forward(np.eye(V)[held_out[None, :40]], np.zeros((1, hidden_size)), w_numpy)
directions = rng.normal(size=(50, hidden_size))
flow = np.mean([gradient_flow(h[0, 1:], w_numpy["W_hh"], d) for d in directions], axis=0)
share = flow / flow[-1]
print(f"after 10 steps {share[-11]:.2g}, after 39 steps {share[0]:.2g}")

# %% tags=["fold"]
# Draw: the share of the gradient that is left, against the steps back
fig, ax = figure()
ax.semilogy(np.arange(39, -1, -1), share)
ax.set(title="Of a gradient at letter 40, little is left at letter 1", xlabel="steps back",
       ylabel="share of the norm (log scale)")
show(fig, alt=f"The norm of the gradient, as a share of where it began, against the steps "
              f"back, on a logarithmic axis: it falls to {share[0]:.2g} over 39 steps.")

# %% [markdown]
# Roughly a factor per step: a line that goes down on a logarithmic axis. It is one network's, on one stretch of names;
# why it shrinks, and when it explodes instead, is the subject of [04](04_vanishing_gradients.ipynb).

# %% [markdown]
# ## On a real benchmark: names of people
#
# A list of 32 033 first names has become a small standard. Its makers report, in nats per letter of the validation part:
# counting pairs 2.48, a tuned multilayer perceptron 2.10, a convolutional network 1.99, a Transformer about 1.92. The
# model here is the RNN of this notebook with 128 units and PyTorch's gradients, trained on whole names.

# %%
from seqlib.data import DataUnavailable, Vocabulary, fetch, pad_batch

try:
    people = fetch("names/names.txt").read_text(encoding="utf-8").split()
except DataUnavailable as offline:
    people = None
    print(offline)


def people_split(people):
    """Names as ids, a line break before and after each; 80/10/10, duplicates removed."""
    kept = sorted(set(people))
    order = np.random.default_rng(42).permutation(len(kept))
    letters = Vocabulary(["<pad>", "\n", *map(chr, range(97, 123))])
    ids, mask, _ = pad_batch([letters.encode("\n" + kept[i] + "\n") for i in order])
    ids[~mask] = -100
    cut = [int(len(ids) * share) for share in (0.8, 0.9)]
    return [torch.tensor(part) for part in np.split(ids, cut)]


class Speller(nn.Module):
    def __init__(self, size=28, hidden_size=128):
        super().__init__()
        self.embedding, self.rnn = nn.Embedding(size, 32), RNN(32, hidden_size)
        self.readout = nn.Linear(hidden_size, size)

    def forward(self, ids):
        return self.readout(self.rnn(self.embedding(ids.clamp(min=0)))[0])

# %%
from seqlib.data import sampler
from seqlib.metrics import nll
from seqlib.training.train import train, warmup_cosine


def spell(people, seed, steps):
    """(history, validation nats per letter) of one run."""
    torch.manual_seed(seed)
    first, validation, _ = people_split(people)
    speller = Speller()
    people_sampler = sampler(first[:, :-1], first[:, 1:], batch_size=64, seed=seed)
    history = train(speller, people_sampler, steps, lr=4e-3, clip=1.0,
                    schedule=warmup_cosine(steps, steps // 20), name="names")
    return history, nll(speller, [(validation[:, :-1], validation[:, 1:])])

# %% [markdown]
# One seed runs here; three were recorded. Without a network, the recorded ones are all there is.

# %%
recorded = runs.load("03_names")
seeds_nats = recorded["results"]["validation nats per letter"]
people_steps = budget(cpu=1500, gpu=6000)
people_nats = spell(people, 0, people_steps)[1] if people else np.mean(seeds_nats)
told = ", ".join(f"{nats:.3f}" for nats in seeds_nats)
print(f"here {people_nats:.3f} nats per letter; recorded: {told}")
print(runs.credit(recorded))

# %% tags=["fold"]
# Draw: the ladder of published models, and this one
ladder = {"pairs of letters": 2.48, "tuned perceptron": 2.10, "WaveNet": 1.993,
          "Transformer": 1.92, "this RNN": people_nats}
ladder = dict(sorted(ladder.items(), key=lambda item: -item[1]))
fig, ax = figure()
bars(ax, list(ladder), list(ladder.values()), fmt="{:.2f}")
ax.set(title="People's names: the ladder, and where this RNN stands",
       ylabel="validation nats per letter\n(lower is better)")
show(fig, alt="Bars of validation nats per letter for published models from pairs of "
              "letters to a Transformer, with the recurrent network of this notebook "
              "among them.")

# %% [markdown]
# Each rung is a better model of the same names, and this RNN stands where the bars say. The published splits are drawn
# otherwise than ours (ours removes duplicates first), so compare the first decimal, not the third.
#
# ## What the books say

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib.studies.counting_words import better, settled
from seqlib.studies.exact_claims import agrees, opposite

TRIED = {"window 24": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
         "window 6": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)}


def is_equal(lag):
    """A verdict: is window 6 as good? Only where each side's best rate lies inside."""
    ahead = better(*(echo["results"][f"{side}, lag {lag}"] for side in TRIED))
    verdict = opposite(ahead)
    for side, tried in TRIED.items():
        verdict = settled(verdict, echo["results"][f"{side}, lag {lag}, rate"][0], tried)
    return verdict


carried = means["lag 3, window 6, carried"]
cut_best = (3 * 0.25 + 3) / 6  # three places guess, three know

# %% tags=["fold"]
# What was claimed, and what you measured
from seqlib import claims

claims([
    ("BPTT is backpropagation on the unrolled graph", "Werbos 1990, §III",
     f"largest relative error {worst:.0e}", agrees(worst, 1e-6),
     "Is it right? Two witnesses"),
    ("The gradient is a sum over steps of products of Jacobians",
     "Pascanu et al. 2013, §2", f"{walk_gap:.0e} from the one walk back",
     agrees(walk_gap, 1e-9), "All steps back"),
    ("Reverse mode gives exact derivatives, not approximations", "Baydin et al. 2018, §3.2",
     f"losses within {apart.max():.0e} over {same_steps} steps", agrees(apart.max(), 1e-6),
     "The same run in PyTorch"),
    ("Weights of zero are a safe place to check gradients", "folklore",
     f"shows {hidden:.0e}, is {shown:.2f}", agrees(shown - hidden, 0.01), "Break it"),
    ("Carrying the state lets truncated BPTT use the past", "Williams and Peng 1990, §2",
     f"lag 3: {carried.mean():.2f}; cut, at best {cut_best:.3f}",
     better(carried, [cut_best]), "What can each learn? Measured"),
    ("A carried state is as good as a longer window", "folklore",
     f"lag 12, 7,200 symbols, best rates, {len(far)} seeds: window 6 {far.mean():.2f}, "
     f"window 24 {full.mean():.2f}", is_equal(12), "What can each learn? Measured"),
])

# %% [markdown]
# ## Remember
#
# Backpropagation through time is the chain rule on the unrolled graph: walk from the last step to the first, add at
# each state what comes from its loss and from the future, and let the shared weights collect. Check gradients in
# float64, with non-zero weights and sizes that differ. A window teaches what lies inside it; a carried state may hold
# more, which no gradient put there and a short one may lose.

# %%
from seqlib import flashcards, quiz

flashcards("03")

# %%
quiz("03")

# %% [markdown]
# ## Beyond
#
# - Let windows overlap: windows of 6 that go on by 1 step reach 6 back from *every* place. Does lag 5 get better? What
#   does it cost?
# - Keep only every k-th state and compute the others again on the way back. How much memory is saved, how much time spent?
# - Real-time recurrent learning goes forward only (Williams and Zipser 1989). What would it have to store?

# %% [markdown]
# ## Sources
#
# Rumelhart, Hinton and Williams 1986, *Learning internal representations by error propagation*,
# §"Recurrent nets". Werbos 1990, *Backpropagation through time: what it does and how to do it*, §III. Williams and Peng
# 1990, *An efficient gradient-based algorithm for on-line training of recurrent network trajectories*, §2. Pascanu,
# Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*, §2. Baydin, Pearlmutter, Radul and
# Siskind 2018, *Automatic differentiation in machine learning: a survey*, JMLR 18, §3.2. Jaeger 2001, *The “echo state”
# approach to analysing and training recurrent neural networks*, GMD report 148, §1. Goodfellow, Bengio and Courville
# 2016, *Deep Learning*, §10.2.2. Names and their ladder of results: the makemore project, README and lectures.
