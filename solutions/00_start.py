# %% [markdown]
# # 00 · Start: a ball, a guess, a check
#
# **In half an hour you know whether this machine is ready, and how the course works**, because you do each thing
# once: run a cell, guess before you look, write an answer, get it wrong, read why, take a hint, get it right, and
# watch a model learn the same rule from data.
#
# *Before you start:* a little Python. *Time:* 30 minutes, of which about 8 are the three exercises. *Needs:* no
# network, no GPU.
#
# **Run the cell below first**: click it and press **Shift+Enter**, or choose **Run → Run Selected Cell**.

# %% [markdown]
# ## Is this machine ready?
#
# Every notebook begins with that setup cell, and needs it; the line under it tells where the notebook runs. Run the next
# one in the same way: Shift+Enter runs a cell and moves on. Its card should be green.

# %%
from seqlib.display.ready import ready

ready()

# %% [markdown]
# If something is lacking, the card names it. Two habits save trouble later: **Kernel → Restart Kernel and Run All
# Cells…** begins afresh, and **Esc**, then **z**, brings back a cell that you deleted by accident.
#
# ## Something moves
#
# Here are three balls between two walls. Each keeps its speed and bounces. Watch for a moment.
#
# The second cell only draws, so it is **folded**, as the setup cell is: its code is hidden behind three dots. Click the
# dots to open it (on Colab its title, on the web site its summary). It runs like any other cell.

# %%
import numpy as np

from seqlib.data import ball

rng = np.random.default_rng(4)
# (balls, frames), from 0, the left wall, to 1, the right wall
positions = ball(rng, n=3, length=60)[:, :, 0]

# %% tags=["fold"]
# Draw: the three balls as a film
from seqlib.display.motion import film

film({f"ball {i + 1}": track for i, track in enumerate(positions)}, seconds=9,
     alt="Three balls move to and fro between two walls, each at its own constant speed, "
         "and turn where they meet one.")

# %% [markdown]
# Each ball runs straight and turns at a wall. You see this because your eye holds on to where it was: a single frame of
# the film would show none of it.

# %% [markdown]
# ## Predict before you run
#
# The course asks you to guess *before* you see. A wrong guess costs nothing and makes the answer stay with you.
#
# A film of many such balls is stopped, and all that you are shown is one frame: **the ball is at 0.50**. You may name
# one place for the next frame. How far off will the best possible guess be, on average? The balls move 0.02 to 0.08
# box widths per frame. Write a number, or leave `None`.

# %%
guess = None  # predict: how far off is the best guess, on average?

# %%
from seqlib import reveal

many = ball(rng, n=20_000, length=3)[:, :, 0]
before, now, after = many.T
near = abs(now - 0.5) < 0.01
best_single = np.median(after[near])
reveal(guess, abs(after[near] - best_single).mean(),
       "mean distance from the best single guess", unit="box widths")

# %% [markdown]
# The best single guess is *where it is now*, and it is wrong by a whole step nearly every time. The picture shows why:
# one frame says where the ball is, not which way it goes.

# %% tags=["fold"]
# Draw: the next position, with one frame known and with two
from seqlib import show
from seqlib.display.figures import figure

fig, axes = figure(1, 2, sharex=True, sharey=True)
bins = np.linspace(0.4, 0.6, 41)
axes[0].hist(after[near], bins, color="#0072B2")
axes[0].set(title="One frame: left or right?", xlabel="next position (box widths)",
            ylabel="balls")
right = near & (now > before)
axes[1].hist(after[right], bins, color="#D55E00")
axes[1].set(title="Two frames: it moves to the right",
            xlabel="next position (box widths)")
show(fig, alt="Two histograms of the next position of balls now at 0.5. Knowing one "
              "frame, there are two humps, left and right. Knowing two frames, for balls "
              "moving right, one hump to the right remains.")

# %% [markdown]
# With one frame there are two humps, and the best single guess stands between them, where no ball goes. With two frames
# one hump remains, here that of the balls that move to the right. It is still wide: the picture takes all speeds
# together, and the step that you saw tells which one yours has.

# %% [markdown]
# ## Your first exercise
#
# **Exercise 00.1 · Where does it go next?** — ●○○○, 2 minutes, core
#
# Away from the walls the ball keeps its step. With $x_{t-1}$ the position before and $x_t$ the position now,
#
# $$\hat x_{t+1} = x_t + (x_t - x_{t-1}) \tag{0.1}$$
#
# Write the function in place of the `raise` line. It gets numbers or NumPy arrays of any shape; arithmetic on arrays
# works element by element, so one line serves both. (0.1) knows nothing of walls: a place beyond them may come out.
# They come in an exercise of their own.

# %%
def next_position(before, now):
    """Where a ball that was at `before` and is at `now` will be next, at constant speed.

    Numbers or arrays; same shape as `now`. Walls are not minded.
    """
    ### BEGIN SOLUTION
    return now + (now - before)  # (0.1)
    ### END SOLUTION

# %%
from seqlib import check

next_position, result = check("00.next_position", next_position)
result

# %% [markdown]
# That cell is a **check**. It called your function on numbers drawn afresh and compared. A card with ○ means: not
# written yet; ✗: written, and not right yet; ✓: right.
#
# Two rules hold for every exercise of the course. What a function is given stays as it is: it works on a copy where it
# must change something. And any way to the right result counts, a loop or one line, unless the text forbids it.

# %% [markdown]
# ## Get it wrong on purpose
#
# A good check says *what* went wrong. This one knows the mistakes that people make here. Two wrong answers:

# %%
def stands_still(before, now):
    return now * 1.0


_, verdict = check("00.next_position", stands_still)
verdict

# %%
def wrong_size(before, now):
    return np.zeros(4)


_, verdict = check("00.next_position", wrong_size)
verdict

# %% [markdown]
# Read the second card as you would read an error: which input, what was expected, what came. Under a wrong answer
# there are **hints** to unfold, a small one first. You can also ask for them by name:

# %%
from seqlib import hint

hint("00.next_position", 1)

# %% [markdown]
# ## Stand-ins: you are never stuck
#
# `next_position, result = check(…)` hands something back. Once your answer passes, it is your own function. Until
# then it is a **stand-in**, the course's own, so that every cell below runs whether or not you solved the exercise.
# Look at which one you hold:

# %%
next_position

# %% [markdown]
# **Exercise 00.2 · How much past is needed?** — ●○○○, 1 minute, core
#
# Some answers are a value, not a function. How many positions, the present one included, does one need to know the
# next one exactly, away from the walls? Replace `None` by a number.

# %%
### BEGIN SOLUTION
### STUB: positions_needed = None
positions_needed = 2
### END SOLUTION

# %%
positions_needed, result = check("00.positions_needed", positions_needed)
result

# %% [markdown]
# ## Break it
#
# Equation (0.1) knows nothing of walls. Let it follow one ball, each prediction made from the true last two
# positions, and look at where it fails.

# %%
track = positions[0]
predicted = next_position(track[:-2], track[1:-1])
error = abs(predicted - track[2:])

# %% tags=["fold"]
# Draw: one ball, and what the rule predicts of it
fig, ax = figure()
frames = range(2, len(track))
ax.plot(frames, track[2:], label="the ball")
ax.plot(frames, predicted, "--", label="predicted from two positions")
ax.set(title="A constant step is right everywhere but at a wall", xlabel="frame",
       ylabel="position (box widths)")
ax.legend()
show(fig, alt="The position of a bouncing ball over the frames is a zigzag. The "
              "prediction lies on it except in two frames at each bounce: in the first it "
              "shoots past the wall, in the second it lags behind.")

# %% [markdown]
# The lines are one, but for two frames at each bounce. In the first the ball has turned and the rule has not; in the
# second the rule's two positions lie on either side of the turn, and their difference is not the step. The picture does
# not say how much those few frames weigh among the many.

# %% [markdown]
# How bad is it in numbers? A score means nothing alone, so the simplest rule of all stands beside it: *the ball
# stays where it is*. That is a **baseline**. You will see one beside every model of this course.

# %%
still = abs(track[1:-1] - track[2:])
print(f"baseline, stands still:  {still.mean():.4f} box widths")
print(f"constant step:           {error.mean():.4f} box widths, largest {error.max():.3f}")

# %% [markdown]
# **Exercise 00.3 · Bounce** — ●●○○, 5 minutes, core
#
# Mend it. A ball that would be at 1.1 has turned round at the right wall and is at 0.9; one that would be at −0.1 is
# at 0.1. Make it work for numbers and for arrays of any shape; no ball moves farther than one width of the box in a
# frame. (The first of the two wrong frames is mended so. The second is not: two positions alone do not tell a ball that
# has just turned from a slow one.)
#
# $$\hat x_{t+1} = 1 - \bigl|\,1 - |2x_t - x_{t-1}|\,\bigr| \tag{0.2}$$

# %%
def bounce(before, now):
    """Where a ball will be next, between walls at 0 and 1.

    Numbers or arrays; same shape as `now`.
    """
    ### BEGIN SOLUTION
    straight = now + (now - before)
    return 1 - np.abs(1 - np.abs(straight))  # (0.2)
    ### END SOLUTION

# %%
bounce, result = check("00.bounce", bounce)
result

# %% [markdown]
# ## A model that learns the rule
#
# You wrote the rule down. Now let a model find it: two weights and a bias, which see two positions and predict the
# third,
#
# $$\hat x_{t+1} = w_1 x_{t-1} + w_2 x_t + b \tag{0.3}$$
#
# Before you run: which weights should come out, if it finds the rule (0.1)? Guess $w_1$.

# %%
guess = None  # predict: the weight of the position before

# %%
import torch

from seqlib import budget
from seqlib.training.train import train

inside = (many > 0.1).all(axis=1) & (many < 0.9).all(axis=1)  # away from the walls
x = torch.tensor(many[inside][:, :2] - 0.5)
y = torch.tensor(many[inside][:, 2:] - 0.5)
model = torch.nn.Linear(2, 1)  # (0.3)
history = train(model, lambda step: (x, y), steps=budget(cpu=400, gpu=400), lr=0.05,
                loss=lambda model, batch: (model(batch[0]) - batch[1]).square().mean())

# %% [markdown]
# `budget(cpu=400, gpu=400)` says how many steps this cell takes here. The same notebook runs on two laptop cores and
# on a GPU; what changes is written in the cell.

# %%
w_1, w_2 = model.weight.detach()[0].tolist()
print(f"learned: next = {w_1:.2f} · before + {w_2:.2f} · now + {model.bias.item():.2f}")
reveal(guess, w_1, "weight of the position before")

# %% [markdown]
# Nobody told it. Minus one times before, plus two times now, *is* now plus the step: your equation (0.1). Finding such
# rules where nobody can write them down is what the rest of the course is about. And this model has a weakness that
# sets the next notebook going: somebody had to tell it that **two** positions are enough.
#
# *An open question without a check:* which two weights would be learned from balls that slow down by a tenth in every
# frame? Work it out before you try it.

# %% tags=["fold"]
# What was claimed, and what you measured
from seqlib import claims
from seqlib.studies.exact_claims import agrees, at_least

before, now, after = many[inside].T
rule = float(np.abs(next_position(before, now) - after).mean())
stay = float((x[:, 1:] - y).abs().mean())
off = max(abs(w_1 + 1), abs(w_2 - 2))
claims([
    ("A body that nothing pushes keeps its speed and direction", "Newton 1687, law I",
     f"two frames foretell the third to {rule:.0e}", agrees(rule, 1e-6),
     "Your first exercise"),
    ("One frame does not tell where a ball goes next", "folklore",
     f"the best single guess is off by {stay:.3f} on average", at_least(stay, 0.02),
     "Predict before you run"),
    ("Least squares finds a linear rule in data that follow it",
     "Legendre 1805, appendix", f"weights {w_1:.2f} and {w_2:.2f}, off by {off:.2f}",
     agrees(off, 0.1), "A model that learns the rule"),
])

# %% [markdown]
# ## Where your progress is kept
#
# In one small file on this machine, nowhere else. The best score of each exercise stays. `progress()` works in any
# notebook: it says what to do next, and shows the exercises of that notebook and a row for every other.

# %%
from seqlib import progress

progress()

# %% [markdown]
# ## Remember
#
# Turn the cards over in your head before you open them. Then the quiz: every choice says why it is right or wrong.

# %%
from seqlib import flashcards, quiz

flashcards("00")

# %%
quiz("00")

# %% [markdown]
# ## Where to go
#
# Next: [01 · Why order matters](01_why_order_matters.ipynb). Each notebook is a promise, a little theory, something
# that you build, and a measurement that tells you whether it works.
#
# **Sources.** Newton 1687, *Philosophiae naturalis principia mathematica*, Axiomata, law I. Legendre 1805, *Nouvelles
# méthodes pour la détermination des orbites des comètes*, appendix on least squares. Guessing before looking: Crouch et
# al. 2004, *Classroom demonstrations: Learning tools or entertainment?*, American Journal of Physics 72, §IV. Learning
# from tests: Roediger and Karpicke 2006, *Test-enhanced learning*, Psychological Science 17, experiments 1 and 2.
