# %% [markdown]
# # 24 · The bridge
#
# **By the end you have played once with each thing that the other notebooks take for granted: shapes, a probability
# distribution, logits and cross-entropy, tensors and autograd, `nn.Module`, the training loop, eigenvalues.**
#
# This is an appendix. You need not read it first, nor in order: other notebooks link to it where a thing is first used.
#
# *Before you start:* a little Python; a matrix product. *Time:* 60 minutes, of which about 20 are the three exercises.
# *Needs:* no network, no GPU.

# %% [markdown]
# ## Arrays and shapes
#
# An **array** is numbers in a box, and its **shape** says how long the box is along each **axis**. Many mistakes in
# this course are mistakes of shape, so write it beside the name: `x (N, D)` is N rows of D numbers. Change the shapes
# below and run the cell again.

# %%
import numpy as np

x = np.arange(6.0).reshape(2, 3)  # change me: (3, 2), or (6, 1)
print("x has shape", x.shape)
print(x)
print("sum over the rows, axis 0:   ", x.sum(axis=0))
print("sum over the columns, axis 1:", x.sum(axis=1))

# %% [markdown]
# Where two shapes differ, NumPy and PyTorch **broadcast**: shapes are laid beside each other from the right, an axis of
# length 1 is repeated as often as needed, and a missing axis counts as 1. `x[:, None]` puts an axis of length 1 into the
# second place.
#
# **Predict.** `column` has shape (4, 1) and `row` has shape (3,). How many numbers does `column * row` hold?

# %%
guess = None  # predict: how many numbers

# %%
from seqlib import reveal

column, row = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([1.0, 10.0, 100.0])
print(column * row)
reveal(guess, (column * row).size, "numbers in column * row", fmt="{:.0f}")

# %% [markdown]
# **Exercise 24.1 · All pairs at once** — ●●○○, 6 minutes, core
#
# How far is each of N points from each of M others? With broadcasting that takes a line and no loop, though a loop is
# right too. Points are rows of D numbers:
#
# $$d_{nm} = \sum_{k=1}^{D} (x_{nk} - y_{mk})^2 \tag{24.1}$$

# %%
def squared_distances(x, y):
    """The squared distance of each row of x from each row of y, by (24.1).

    x (N, D), y (M, D) -> (N, M)
    """
    ### BEGIN SOLUTION
    differences = x[:, None] - y  # (N, 1, D) against (M, D) gives (N, M, D)
    return (differences**2).sum(axis=-1)  # (24.1)
    ### END SOLUTION

# %%
from seqlib import check

squared_distances, result = check("24.squared_distances", squared_distances)
result

# %% [markdown]
# Your function at work: two hundred points, each given to the nearest of three centres. Move the centres.

# %%
rng = np.random.default_rng(0)
points = rng.normal(size=(200, 2))
centres = np.array([[-1.0, 0.0], [1.0, 1.0], [0.5, -1.0]])  # move me
nearest = squared_distances(points, centres).argmin(axis=1)  # (200, 3) -> (200,)

# %% tags=["fold"]
# Draw: the points in the colour and shape of their nearest centre
from seqlib import show
from seqlib.display.figures import COLOURS, figure

fig, ax = figure(figsize=(4.6, 3.6))
looks = zip(("blue", "orange", "green"), "o^s", strict=True)
for number, (colour, marker) in enumerate(looks):
    mine = points[nearest == number]
    ax.plot(*mine.T, marker, color=COLOURS[colour], markersize=4, alpha=0.7)
    ax.plot(*centres[number], marker, color="black", markersize=11)
ax.set(title="Each point belongs to its nearest centre", aspect="equal", xlabel="$x_1$",
       ylabel="$x_2$")
show(fig, alt="Two hundred points in the plane in three colours and shapes, and three "
              "large black centres. Each point has the colour of the centre that lies "
              "nearest, with straight borders between.")

# %% [markdown]
# One array (200, 3) holds all distances, and `argmin` along its second axis picks a centre for each point. The picture
# does not say whether three centres are right: nothing was learned here.

# %% [markdown]
# ## A probability distribution
#
# A **distribution** over C outcomes is C numbers, none negative, with sum 1. Before you see an outcome, each has a
# probability $p_c$; once you see it, you are surprised by $-\ln p_c$ **nats**: little by what was likely, much by what
# was not. What you expect to be surprised by is the **entropy**:
#
# $$H(p) = -\sum_c p_c \ln p_c \tag{24.2}$$
#
# Draw from one. The more draws, the closer their shares come to p, and their mean surprise to the entropy.

# %%
p = np.array([0.5, 0.25, 0.125, 0.125])  # change me; the sum must be 1
entropy = -(p * np.log(p)).sum()  # (24.2)
for count in (10, 100, 100_000):
    drawn = rng.choice(len(p), size=count, p=p)
    shares = np.bincount(drawn, minlength=len(p)) / count
    print(f"{count:7,} draws: shares {shares.round(3)}, "
          f"mean surprise {-np.log(p[drawn]).mean():.3f} nats")
print(f"in the limit:   shares {p}, entropy {entropy:.3f} nats")

# %% [markdown]
# A model does not know p. It has a distribution q of its own, and is surprised by $-\ln q_c$ when p draws $c$. Its mean
# surprise is the **cross-entropy**:
#
# $$H(p, q) = -\sum_c p_c \ln q_c \tag{24.3}$$
#
# It is lowest where q is p. That is why it makes a good loss: whoever wants to be surprised little must tell the truth.
# A thousand q at random:

# %%
others = rng.dirichlet(np.ones(len(p)), size=1000)  # (1000, C), each row sums to 1
cross = -(np.log(others) * p).sum(axis=1)  # (24.3)
smallest_excess = cross.min() - entropy
print(f"entropy {entropy:.3f}; cross-entropy of 1000 guesses: lowest {cross.min():.3f}, "
      f"mean {cross.mean():.3f} nats")

# %% [markdown]
# ## Logits and the cross-entropy of one answer
#
# A network's last layer gives any numbers, negative ones too: **logits**. The **softmax** makes a distribution of them:
#
# $$p_c = \frac{e^{\mathrm{logits}_c}}{\sum_{k} e^{\mathrm{logits}_k}} \tag{24.4}$$
#
# Each p is positive, their sum is 1, and a logit that is larger by 1 makes its outcome e = 2.7 times as likely. Change
# the four numbers; add 5 to all of them.

# %%
def softmax(logits):
    powers = np.exp(logits - np.max(logits))  # the same for any shift, and no overflow
    return powers / powers.sum()  # (24.4)


logits = np.array([2.0, 1.0, 0.0, -1.0])  # change me
shifted = abs(softmax(logits + 5) - softmax(logits)).max()
print("softmax:", softmax(logits).round(3), f"  after adding 5 to all: {shifted:.0e} apart")

# %% tags=["fold"]
# Draw: logits, and the probabilities that the softmax makes of them
from seqlib.display.figures import bars

fig, axes = figure(1, 2, figsize=(7, 2.6))
names = [f"class {c}" for c in range(len(logits))]
bars(axes[0], names, logits, fmt="{:.1f}")
bars(axes[1], names, softmax(logits), fmt="{:.2f}")
axes[0].set(title="Logits: any numbers", ylim=(min(logits) - 1, max(logits) + 1))
axes[1].set(title="Softmax: positive, sum 1", ylim=(0, 1.1))
show(fig, alt="Two bar charts of four classes. Left the logits, from 2 down to minus 1; "
              "right their softmax, all positive, the first far above the others.")

# %% [markdown]
# Equal steps between logits become equal *ratios* between probabilities. What the picture does not show is the level:
# only differences of logits count.

# %% [markdown]
# When the true outcome is known, p is 1 there and 0 elsewhere, and of (24.3) one term is left: the surprise at the right
# answer $y$. With (24.4),
#
# $$-\ln p_y = \ln \sum_k e^{\mathrm{logits}_k} - \mathrm{logits}_y \tag{24.5}$$
#
# **Exercise 24.2 · The loss of one answer** — ●●○○, 6 minutes, core
#
# Compute (24.5) for one row of logits. There may be 1000 beside −1000, where `np.exp` gives infinity or 0: subtract the
# largest logit first, put it back after the logarithm, and never make a probability on the way, which might be 0.
# (`F.cross_entropy` would be no exercise.)

# %%
def surprise(logits, target):
    """The nats of surprise at the outcome `target`, without a ready-made loss.

    logits (C,), target a whole number from 0 to C - 1 -> a number
    """
    ### BEGIN SOLUTION
    top = logits.max()
    return top + np.log(np.exp(logits - top).sum()) - logits[target]  # (24.5)
    ### END SOLUTION

# %%
surprise, result = check("24.surprise", surprise)
result

# %% [markdown]
# ## Tensors and autograd
#
# A PyTorch **tensor** is an array that can also sit on a GPU and *remember how it was computed*. Say
# `requires_grad=True`, compute a loss, call `backward()`, and each such tensor gets a `.grad`: the derivative of the
# loss by each of its numbers. Here is a loss in three steps, and the way back.

# %%
import torch

w = torch.tensor(3.0, requires_grad=True)  # change me
x, y = torch.tensor(2.0), torch.tensor(1.0)
guessed = w * x
miss = guessed - y
loss = miss**2
loss.backward()
by_hand = 2 * (w.item() * 2.0 - 1.0) * 2.0
print(f"loss {loss.item():g}, its slope at w: autograd {w.grad.item():g}, "
      f"by hand {by_hand:g}")

# %% tags=["fold"]
# Draw: the graph of this loss, forwards and backwards
from seqlib.display.boxes import Drawing

value, m = float(w.detach()), float(miss.detach())
sheet = Drawing(640, 150)
steps = ((60, f"w = {value:g}", "orange"), (220, f"w·x = {2 * value:g}", "blue"),
         (390, f"− y = {m:g}", "blue"), (560, f"square = {m * m:g}", "green"))
for place, words, kind in steps:
    sheet.box(place, 55, words, kind, width=104)
for place, other, slope in ((60, 220, "x = 2"), (220, 390, "1"),
                            (390, 560, f"2·miss = {2 * m:g}")):
    sheet.arrow(place + 54, 48, other - 54, 48)
    sheet.arrow(other - 54, 64, place + 54, 64, dashed=True)
    sheet.text((place + other) / 2, 92, slope, size=12)
sheet.text(20, 16, "solid: values; dashed: back, each edge times its slope", anchor="start",
           size=12)
sheet.text(320, 130, f"{2 * m:g} · 1 · 2 = {4 * m:g}, the slope at w", bold=True)
sheet.show("A chain of four boxes: w, w times x, minus y, the square. Solid arrows lead "
           "from left to right, dashed ones back; below each edge stands its slope, and "
           "below all of them their product, the slope of the loss at w.")

# %% [markdown]
# The slope at w is the product of the slopes along the way: the **chain rule**. The drawing has a single path; where
# several lead from w to the loss, their products are added, and that sum is what
# [03](03_bptt.ipynb) is about.

# %% [markdown]
# Two habits follow from how it works. Gradients **add up**: a second `backward()` adds to `.grad`, so a training loop
# clears them. And what should not be remembered runs under `torch.no_grad()`, or is cut off with `.detach()`.

# %%
once = w.grad.item()
((w * x - y) ** 2).backward()
twice = w.grad.item()
print(f"after one backward {once:.0f}, after a second without clearing {twice:.0f}")
with torch.no_grad():
    print("remembers how it was made?", (w * x).requires_grad)

# %% [markdown]
# ## Going downhill
#
# To **train** is to step against the gradient, again and again. The smallest model is a straight line through N points:
#
# $$L(w, b) = \frac1N\sum_{n}(w x_n + b - y_n)^2 \tag{24.6}$$
# $$w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad b \leftarrow b - \eta\,\frac{\partial L}{\partial b} \tag{24.7}$$
#
# with the **learning rate** $\eta$. Both gradients belong to the *same* w and b: compute them before you change either.
#
# **Exercise 24.3 · Gradient descent** — ●●○○, 8 minutes, core
#
# Begin with w = b = 0 and hand back both after `steps` steps. By hand or with autograd, as you like.

# %%
def fit_line(x, y, lr, steps):
    """The w and b of (24.6) after `steps` steps of (24.7), from w = b = 0.

    x, y (N,) arrays of floats, lr the learning rate, steps a whole number from 0 on.
    Returns w and b, two numbers.
    """
    ### BEGIN SOLUTION
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        dw, db = 2 * (miss * x).mean(), 2 * miss.mean()  # of (24.6)
        w, b = w - lr * dw, b - lr * db  # (24.7)
    return w, b
    ### END SOLUTION

# %%
fit_line, result = check("24.fit_line", fit_line)
result

# %% [markdown]
# Points around y = 2x + 1, and your line after 0, 3, 10 and 100 steps:

# %%
at = rng.normal(size=40)
seen = 2 * at + 1 + rng.normal(scale=0.3, size=40)
after = {steps: fit_line(at, seen, 0.1, steps) for steps in (0, 3, 10, 100)}

# %% tags=["fold"]
# Draw: the points, and the line after 0, 3, 10 and 100 steps
from seqlib.display.figures import lines

fig, ax = figure(figsize=(6, 3))
ends = np.array([at.min(), at.max()])
ax.plot(at, seen, ".", color="#777777")
lines(ax, ends, {f"{steps} steps": w_ * ends + b_ for steps, (w_, b_) in after.items()})
ax.set(title="A line goes downhill towards its points", xlabel="x", ylabel="y")
show(fig, alt="Forty points around a rising line, and four fitted lines: flat after no "
              "step, steeper after three and ten, and through the points after a hundred.")

# %% [markdown]
# A hundred steps bring the line to its points. The picture does not say that the rate was a good one: below, a matrix
# tells which are too large.

# %% [markdown]
# ## `nn.Module`, and the training loop in ten lines
#
# A model with more weights needs somebody to keep them. An **`nn.Module`** does: what is assigned in `__init__` is
# registered, `parameters()` hands all of it to the optimizer, and calling the model runs `forward`.

# %% tags=["fold"]
# Draw: the network of the next cell
sheet = Drawing(560, 90)
boxes = ((60, "x (N, 1)", "grey"), (200, "Linear", "orange"), (320, "tanh", "plain"),
         (420, "Linear", "orange"), (515, "(N, 1)", "grey"))
for place, words, kind in boxes:
    sheet.box(place, 40, words, kind, width=74)
for (place, *_), (other, *_) in zip(boxes, boxes[1:], strict=False):
    sheet.arrow(place + 38, 40, other - 38, 40)
sheet.text(200, 72, "W_1, b_1", size=12)
sheet.text(420, 72, "W_2, b_2", size=12)
sheet.show("A chain from x through a linear layer with W_1 and b_1, a tanh and a second "
           "linear layer with W_2 and b_2 to the output.")

# %%
from torch import nn


class Bend(nn.Module):
    """A curve: x (N, 1) through 16 hidden units to (N, 1)."""

    def __init__(self, hidden_size=16):
        super().__init__()
        self.inner, self.outer = nn.Linear(1, hidden_size), nn.Linear(hidden_size, 1)

    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x)))


for name, weight in Bend().named_parameters():
    print(f"{name:14} {tuple(weight.shape)}")

# %% [markdown]
# What training is, whatever the model: forward, loss, clear, backward, step. Every network of this course is trained by
# these lines, or by `seqlib`'s `train`, which adds a progress bar and a way to stop and go on.

# %%
from seqlib import budget

torch.manual_seed(0)
x = torch.linspace(-3, 3, 60)[:, None]
y = torch.sin(x) + 0.1 * torch.randn(60, 1)
model = Bend()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
losses = []
for _ in range(budget(cpu=400, gpu=400)):
    loss = (model(x) - y).square().mean()  # forward, and how wrong
    optimizer.zero_grad()                  # clear what the last step left
    loss.backward()                        # the slope of every weight
    optimizer.step()                       # downhill
    losses.append(loss.item())
straight = np.polyfit(x[:, 0].numpy(), y[:, 0].numpy(), 1)
left = np.square(np.polyval(straight, x[:, 0].numpy()) - y[:, 0].numpy()).mean()
print(f"mean squared error: the best straight line {left:.3f}, "
      f"the network {losses[-1]:.3f}")

# %% tags=["fold"]
# Draw: the loss over the steps, and the curve that came out
fig, axes = figure(1, 2, figsize=(7, 2.7))
axes[0].semilogy(losses)
axes[0].set(title="The loss falls", xlabel="step", ylabel="mean squared error")
axes[1].plot(x[:, 0], y[:, 0], ".", color="#777777")
axes[1].plot(x[:, 0], model(x).detach()[:, 0], color=COLOURS["vermilion"])
axes[1].plot(x[:, 0], np.polyval(straight, x[:, 0]), ":", color=COLOURS["blue"])
axes[1].set(title="The curve (dotted: the best line)", xlabel="x")
show(fig, alt="Left, the loss falls over the steps on a logarithmic axis. Right, points "
              "around a sine wave, with a dotted straight line and a curve that follows "
              "the wave.")

# %% [markdown]
# The same five lines bend a line into a wave. Low loss on the points that were trained on is not yet skill on others:
# [01](01_why_order_matters.ipynb) is about how to tell.

# %% [markdown]
# ## A matrix stretches
#
# A matrix W takes each vector to another: $v \mapsto vW$. Most directions are turned. Some are only stretched, by a
# number $\lambda$, the **eigenvalue** of that direction:
#
# $$v\,W = \lambda\,v, \qquad\text{so}\qquad v\,W^k = \lambda^k\,v \tag{24.8}$$
#
# That is all that is needed to see what happens when one matrix is applied again and again, as in a recurrent network.
# The largest $|\lambda|$, the **spectral radius**, decides in the long run.
#
# **Predict.** A vector lies along a direction whose eigenvalue is 0.9. Which share of its length is left after 40
# products?

# %%
guess = None  # predict: the share that is left, such as 0.5

# %%
turned = np.linalg.qr(rng.normal(size=(2, 2)))[0]
W = turned @ np.diag([0.9, 0.5]) @ turned.T  # eigenvalues 0.9 and 0.5, in two directions
along, anywhere = turned[:, 0], 0.6 * turned[:, 0] + 0.8 * turned[:, 1]


def size_after(v, k):
    return np.linalg.norm(v @ np.linalg.matrix_power(W, k))  # (24.8)


first, growth = (size_after(anywhere, k + 1) / size_after(anywhere, k) for k in (0, 60))
print(f"a vector anywhere: its first product stretches by {first:.3f}, "
      f"the 61st by {growth:.6f}")
reveal(guess, size_after(along, 40), "share left after 40 products", fmt="{:.3f}")

# %% [markdown]
# **Explore.** Choose a matrix or set its four numbers. Which directions stay (green)? Apply it up to twenty times: when
# does the length follow $|\lambda|^k$ at once, when only later? Make one that turns and keeps the length. Try *grows
# first, then shrinks*: its eigenvalues are below 1, and yet.

# %%
from seqlib.display.explorers.stretch import StretchExplorer

StretchExplorer()

# %% [markdown]
# The circle becomes an ellipse, and after many products the vector lies along the direction of the largest eigenvalue.
# Eigenvalues tell the long run; what happens in the first products, they do not. [04](04_vanishing_gradients.ipynb)
# measures both on networks.

# %% [markdown]
# ## Break it
#
# Gradient descent on (24.6) is such a repeated product: each step multiplies the distance from the best $(w, b)$ by the
# matrix $I - \eta A$, where A holds the second derivatives of L. So it goes wrong exactly when that matrix stretches:
#
# $$|1 - \eta\,\lambda_{\max}(A)| > 1 \iff \eta > \frac{2}{\lambda_{\max}(A)} \tag{24.9}$$
#
# **Predict.** For the forty points above: which learning rate is the largest that does not blow up?

# %%
guess = None  # predict: the largest learning rate

# %%
A = 2 * np.array([[np.mean(at**2), at.mean()], [at.mean(), 1.0]])
limit = 2 / np.linalg.eigvalsh(A).max()  # (24.9)
best = np.polyfit(at, seen, 1)


def distance_after(rate, steps=400):
    return np.linalg.norm(np.subtract(fit_line(at, seen, rate, steps), best))


below, above = distance_after(0.98 * limit), distance_after(1.02 * limit)
print(f"2 % below the limit: {below:.1e} from the best line; 2 % above: {above:.1e}")
reveal(guess, limit, "the largest learning rate", fmt="{:.2f}")

# %% [markdown]
# Second, leave out a line of the loop. Without `zero_grad` every gradient of the past is added once more. Does the line
# still find its points?

# %%
def fitted(clear, rate=0.1, steps=100):
    """The loss (24.6) at each step, with and without clearing the gradients."""
    w_b, found = torch.zeros(2, dtype=torch.float64, requires_grad=True), []
    x, y = torch.tensor(at), torch.tensor(seen)
    for _ in range(steps):
        loss = (w_b[0] * x + w_b[1] - y).square().mean()  # (24.6)
        if clear:
            w_b.grad = None
        loss.backward()
        with torch.no_grad():
            w_b -= rate * w_b.grad
        found.append(loss.item())
    return found


cleared, kept = fitted(clear=True), fitted(clear=False)

# %% tags=["fold"]
# Draw: the loss with and without clearing
fig, ax = figure(figsize=(6, 2.7))
lines(ax, range(100), {"gradients cleared": cleared, "zero_grad forgotten": kept},
      legend=False)
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
ax.set(title="Gradients that are never cleared: 100 steps, and no rest", xlabel="step",
       ylabel="loss", yscale="log")
show(fig, alt="Loss against steps on a logarithmic axis. With cleared gradients it falls "
              "and stays low; with zero_grad forgotten it swings up and down between its "
              "beginning and its lowest and does not settle.")

# %% [markdown]
# It swings, as a ball without friction does: all old gradients together are a speed that nothing brakes. Nothing crashes
# and no error tells; the picture is of one rate and one set of points.
#
# *An open question without a check:* what would a little forgetting of the old gradients do, say 0.9 of them kept? It
# has a name.

# %% [markdown]
# ## What the books say

# %% tags=["fold"]
# What was claimed, and what you measured
from seqlib import claims
from seqlib.studies.exact_claims import agrees, parts

claims([
    ("Autograd gives the derivative itself, not an approximation", "Baydin et al. 2018, §2",
     f"{abs(once - by_hand):.0e} from the one by hand",
     agrees(abs(once - by_hand), 1e-5), "Tensors and autograd"),
    ("`backward` adds to what is there", "PyTorch, Tensor.backward",
     f"{once:.0f}, then {twice:.0f}", agrees(abs(twice - 2 * once), 1e-6),
     "Tensors and autograd"),
    ("The softmax does not mind a shift of all logits", "Goodfellow et al. 2016, §4.1",
     f"{shifted:.0e} apart", agrees(shifted, 1e-12), "Logits and the cross-entropy"),
    ("No guess is surprised less than the truth", "Cover and Thomas 2006, §2.6",
     f"best of 1000 guesses {smallest_excess:.3f} nats above the entropy",
     agrees(-smallest_excess, 0.0), "A probability distribution"),
    ("Products end up growing by the largest eigenvalue", "Golub and Van Loan 2013, §7.3",
     f"product 61: {growth:.4f}; eigenvalue 0.9", agrees(abs(growth - 0.9), 1e-6),
     "A matrix stretches"),
    ("Descent converges below 2/λ and diverges above", "LeCun et al. 1998, §5",
     f"2 % below {below:.0e}, 2 % above {above:.0e} from the goal",
     parts(below, above, np.linalg.norm(best)), "Break it"),
])

# %% [markdown]
# Each row is a matter of arithmetic, so one case to the last digit is enough; the last one's constant holds for a loss
# that is a parabola, which networks' losses are not.
#
# ## Remember

# %%
from seqlib import flashcards, quiz

flashcards("24")

# %%
quiz("24")

# %% [markdown]
# ## Sources, and beyond
#
# Goodfellow, Bengio and Courville 2016, *Deep Learning*, §2.7 (eigenvalues), §3.13 (entropy), §4.1 (softmax), §4.3
# (gradient descent), §6.5 (backpropagation). Baydin, Pearlmutter, Radul and Siskind 2018, *Automatic differentiation in
# machine learning: a survey*, JMLR 18, §2 and §3.2. Cover and Thomas 2006, *Elements of Information Theory*, §2.6. Golub
# and Van Loan 2013, *Matrix Computations*, §7.3. LeCun, Bottou, Orr and Müller 1998, *Efficient BackProp*, §5. Harris
# et al. 2020, *Array programming with NumPy*, Figure 1 (broadcasting). PyTorch documentation, `torch.Tensor.backward`,
# `torch.nn.Module`.
#
# **Beyond.** Fit a parabola with your own loop. Give `Bend` two hidden layers. Find a matrix whose vector comes back to
# where it was after six products. Back to the course: [01 · Why order matters](01_why_order_matters.ipynb).
