# %% [markdown]
# # 09 · Generation: text to read, music to hear
#
# **By the end you have turned a distribution into text in five ways and seen what each does to it, trained a network on
# Python's own library and read what it writes at four stages, measured whether it invents or copies, given it a job as an
# autocomplete, and heard a tune and a chorale that nobody composed.**
#
# *Before you start:* [03 · Backpropagation through time](03_bptt.ipynb), [05 · The LSTM](05_lstm.ipynb), and the n-grams
# of [01](01_why_order_matters.ipynb). *Time:* 140 minutes, of which about 90 are the twelve exercises. *Needs:* no GPU; a
# network for two data sets, and without it the recorded runs are shown.

# %% [markdown]
# ## A machine that writes
#
# A language model says how likely each next character is. It does not write. Whoever *draws* from what it says, writes the
# character down and lets the model read it, makes it write:

# %% tags=["fold"]
# Draw: the loop in which a model writes
from seqlib.display.writing_loop import writing_loop

writing_loop()

# %% [markdown]
# The left part is trained, once. The right part is yours, and can be turned while it writes. The readout gives a **logit**
# $\ell_i$ for each character i; a **temperature** $\tau$ divides them before the softmax:
#
# $$p_i = \frac{e^{\ell_i/\tau}}{\sum_j e^{\ell_j/\tau}} \tag{9.1}$$
#
# At $\tau = 1$ these are the model's own probabilities. Below, the likely get likelier; towards 0 the likeliest takes all.
#
# **Exercise 09.1 · Temperature** — ●○○○, 5 minutes, core. Mind logits of several thousand.

# %%
import numpy as np
import torch
from torch import nn


def tempered(logits, temperature):
    """Probabilities (B, V): the softmax of each row of logits (B, V) over the temperature.

    The temperature is a number above 0; logits may be so large that their powers overflow.
    """
    ### BEGIN SOLUTION
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)  # (9.1)
    ### END SOLUTION


# %%
from seqlib import check

tempered, result = check("09.tempered", tempered)
result

# %% [markdown]
# How sure is a distribution? Its **entropy** is the surprise that it expects of itself, in nats:
#
# $$H(p) = -\sum_i p_i \log p_i, \qquad 0 \log 0 = 0 \tag{9.2}$$
#
# $e^H$ is easier to read: that many equally likely characters would make you as unsure.
#
# **Exercise 09.2 · How unsure?** — ●○○○, 4 minutes, core. Cut distributions hold zeros.

# %%
def entropy(p):
    """The entropy of each row in nats: (B,).

    Probabilities p (B, V), some of them zero.
    """
    ### BEGIN SOLUTION
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)  # (9.2)
    ### END SOLUTION


# %%
entropy, result = check("09.entropy", entropy)
result

# %% [markdown]
# Now the draw. Lay the probabilities end to end, from 0 to 1, and throw a u into that stretch. The token that it falls
# into is drawn:
#
# $$\text{draw}(p, u) = \text{the first } i \text{ with } u < p_1 + \dots + p_i \tag{9.3}$$
#
# **Exercise 09.3 · Draw** — ●●○○, 6 minutes, core. No random number is made here: you are given the u, one for each row.
# A token of probability zero must never come out, not even at u = 0.

# %%
def draw(p, u):
    """The token that each row draws, whole numbers (B,), counted from 0.

    p (B, V), rows that sum to 1; u (B,), each at least 0 and below 1.
    """
    ### BEGIN SOLUTION
    return (p.cumsum(axis=1) <= u[:, None]).sum(axis=1)  # (9.3)
    ### END SOLUTION


# %%
draw, result = check("09.draw", draw)
result

# %% [markdown]
# ## Something to read
#
# The text is the source of Python's own library, as in 05 and 06: nothing to download, and you can tell good Python from
# bad. The last twentieth is held out. What has to be beaten is the 5-gram of 01, which counts.

# %%
from seqlib import budget
from seqlib.data import encode_chars, split_in_time, stdlib_text
from seqlib.models.ngram import NGram

library = stdlib_text(1_900_000)[: budget(cpu=1_900_000, smoke=30_000)]
ids, letters = encode_chars(library)
known, unseen = split_in_time(ids, (0.95, 0.05))
five = NGram(5, letters.size).fit(known)
bar = five.nll(unseen)
print(f"{len(known):,} characters, {letters.size} different; 5-gram {bar:.3f} nats, "
      f"chance {np.log(letters.size):.3f}")

# %% [markdown]
# The model: an embedding, PyTorch's LSTM (you proved in 05 that it is yours), a readout. Its loop over the characters is
# inside `nn.LSTM`; with a state handed in, it goes on where it stopped.

# %%
class CharacterLSTM(nn.Module):
    """ids (B, T) -> logits of each next character (B, T, V), and the state to go on."""

    def __init__(self, vocabulary_size, hidden_size=256, width=64):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, width)
        self.layer = nn.LSTM(width, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids, state=None):
        states, state = self.layer(self.embed(ids), state)
        return self.readout(states), state


# %% [markdown]
# And the loop of the picture, with your `draw`. `choose` turns logits into probabilities: the right part of the picture, as
# a function.

# %%
@torch.no_grad()
def write(model, letters, beginning, count, choose, copies=1, seed=0):
    """`copies` texts of `count` characters that go on after a beginning."""
    rng, state, written = np.random.default_rng(seed), None, []
    ids = np.tile(letters.encode(beginning), (copies, 1))
    for _ in range(count):
        logits, state = model(torch.from_numpy(ids), state)
        p = choose(logits[:, -1].double().numpy())
        ids = np.asarray(draw(p, rng.random(copies)))[:, None]
        written.append(ids)
    return ["".join(letters.decode(row)) for row in np.hstack(written)]


def at(temperature):
    """A `choose` that divides by a temperature and cuts nothing."""
    return lambda logits: tempered(logits, temperature)


# %% [markdown]
# ## A recipe from 2024 for a network from 1997
#
# Gradient descent follows the gradient of a matrix, in which a few directions are strong and most are faint. **Muon** (Jordan
# et al. 2024) makes all of them equally strong: it takes the nearest orthogonal matrix, and finds it with nothing but
# products. Begin with $X_0 = G / \lVert G \rVert$, the norm being the root of the sum of all squares; then, five times,
#
# $$A = X X^\top \tag{9.4}$$
# $$X \leftarrow 3.4445\, X + (-4.775\, A + 2.0315\, A^2)\, X \tag{9.5}$$
#
# **Exercise 09.4 · Newton and Schulz** — ●●○○, 8 minutes, core. G may be a batch of matrices, each with a norm of its own.

# %%
def orthogonalise(G, steps=5):
    """A tensor G (..., m, n), its singular values brought near 1 by (9.4) and (9.5)."""
    ### BEGIN SOLUTION
    X = G / G.square().sum(dim=(-2, -1), keepdim=True).sqrt()
    for _ in range(steps):
        A = X @ X.mT  # (9.4)
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X  # (9.5)
    return X
    ### END SOLUTION


# %%
orthogonalise, result = check("09.orthogonalise", orthogonalise)
result

# %% tags=["fold"]
# Draw: singular values before and after
from seqlib import show
from seqlib.display.figures import figure, lines

torch.manual_seed(0)
G = torch.randn(64, 64) @ torch.diag(torch.logspace(0, -2, 64)) @ torch.randn(64, 64)
fig, ax = figure(figsize=(7, 2.7))
values = {}
for steps in (0, 1, 3, 5):
    name = f"{steps} step{'s' * (steps != 1)}"
    values[name] = torch.linalg.svdvals(orthogonalise(G, steps)).numpy()
lines(ax, np.arange(1, 65), values)
ax.set(title="Five steps lift all but the faintest directions to about one", yscale="log",
       xlabel="singular value, from the largest", ylabel="size")
show(fig, alt="Singular values of a matrix, in falling order on a logarithmic axis, after "
              "0, 1, 3 and 5 steps. At first they fall over several powers of ten; after "
              "five steps most lie near one.")

# %% [markdown]
# An LSTM's recurrent weight is four matrices in one: the gates i, f, g, o. Made orthogonal as one block of 4H rows, the gate
# with the largest gradient speaks for all. So each gate's H × H block goes through your iteration by itself (in bfloat16
# where the processor has instructions for it: quicker there, far slower elsewhere). The rest learns with AdamW. That is
# `muon_by_gate` in `seqlib.training.muon`; `learn_to_write` adds what 03 taught: the state is carried from window to window,
# and its gradient is not.

# %% [markdown]
# **Predict.** The 5-gram's nats stand above. What will an LSTM of 192 units reach on the held-out modules, in two thirds of a
# pass over the text?

# %%
guess = None  # predict: nats per character of the LSTM

# %% [markdown]
# While it learns, it is asked for a sample ten times. The same beginning each time, the same u's.

# %%
from seqlib import reveal
from seqlib.studies.writing_characters import held_out, learn_to_write

torch.manual_seed(0)
coder, stages = CharacterLSTM(letters.size, hidden_size=192), []
part = unseen[-20_000:]


def look(model):
    """What it writes at this stage, and how well it reads a part of the held-out text."""
    stages.append(write(model, letters, "\n    def ", 150, at(0.8))[0])
    return {"nats": held_out(model, part)}


look(coder)
steps = budget(cpu=600, gpu=4000)
history = learn_to_write(
    coder, known, steps, evaluate=look, every=max(1, steps // 10), name="Python"
)

# %%
reached = held_out(coder, unseen)
reveal(guess, reached, f"nats per character, held out (5-gram {bar:.3f})", fmt="{:.3f}")

# %% tags=["fold"]
# Print: four stages; draw: how the held-out loss fell
asked = history.series("nats")
fig, ax = figure(figsize=(7, 2.6))
ax.plot(*asked, "o-")
from seqlib.display.figures import level

level(ax, five.nll(part), "5-gram")
ax.set(title="Held-out loss as it learns, on the last 20,000 characters", xlabel="step",
       ylabel="nats per character")
show(fig, alt="The held-out loss falls over the training steps and ends near or below a "
              "dotted line for the 5-gram.")
for stage in sorted({0, 1, min(3, len(stages) - 1), len(stages) - 1}):
    step = 0 if stage == 0 else asked[0][stage - 1]
    print(f"--- after {step} steps\n    def {stages[stage]}")

# %% [markdown]
# First letters at random, then their frequencies, then words and brackets, then lines that look like Python. Look for what
# it gets right that no 5-gram could: a bracket closed after ten characters, an indentation kept.
#
# **Predict.** Reading real, unseen Python, between how many equally likely characters does it hesitate ($e^H$, the entropy
# averaged over all places)?

# %%
guess = None  # predict: a number of characters

# %%
with torch.no_grad():
    stretch = torch.from_numpy(unseen[: budget(cpu=20_000, smoke=300)].copy())
    logits = coder(stretch[None])[0][0].double().numpy()
unsure = entropy(tempered(logits, 1.0))
reveal(guess, np.exp(unsure.mean()), "equally likely characters at a place, on average",
       fmt="{:.2f}")

# %% [markdown]
# An average hides the point: inside a word it is nearly certain, where a word begins it is not. Temperature treats both
# alike. A **cut** does not: it takes away the tail, the many unlikely characters of which one will be drawn sooner or
# later, and with it a text that the model has never learned to go on from. In logits, what is cut is $-\infty$.
#
# **Exercise 09.5 · Top-k** — ●○○○, 5 minutes, core. Keep the k likeliest of each row. No two logits of a row are equal.

# %%
def top_k(logits, k):
    """The logits (B, V) with all but the k largest of each row set to -inf."""
    ### BEGIN SOLUTION
    least = np.sort(logits, axis=1)[:, -k]
    return np.where(logits >= least[:, None], logits, -np.inf)
    ### END SOLUTION


# %%
top_k, result = check("09.top_k", top_k)
result

# %% [markdown]
# Five, say, is too many inside a word and too few at its beginning. **Top-p** (also: nucleus) keeps as many as it takes, the
# smallest set of likeliest tokens that holds at least p:
#
# $$i \text{ stays} \iff \sum_{j:\, \ell_j > \ell_i} p_j < p \tag{9.6}$$
#
# **Exercise 09.6 · Top-p** — ●●●○, 10 minutes, core. No two logits of a row are equal.

# %%
def top_p(logits, p):
    """The logits (B, V) of the smallest set of likeliest tokens that holds at least p.

    Each row by itself; what lies outside the set is -inf. p is a number between 0 and 1.
    """
    ### BEGIN SOLUTION
    order = np.argsort(-logits, axis=1)
    probs = np.take_along_axis(tempered(logits, 1.0), order, axis=1)
    before = probs.cumsum(axis=1) - probs
    stays = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(stays, order, before < p, axis=1)  # (9.6)
    return np.where(stays, logits, -np.inf)
    ### END SOLUTION


# %%
top_p, result = check("09.top_p", top_p)
result

# %% [markdown]
# **Min-p** asks each token by itself: is it at least a share m as likely as the likeliest?
#
# $$i \text{ stays} \iff p_i \ge m \max_j p_j \tag{9.7}$$
#
# **Exercise 09.7 · Min-p** — ●○○○, 5 minutes, core

# %%
def min_p(logits, share):
    """The logits (B, V) of tokens at least `share` as likely as their row's likeliest.

    The others are -inf.
    """
    ### BEGIN SOLUTION
    behind = logits - logits.max(axis=1, keepdims=True)
    return np.where(behind >= np.log(share), logits, -np.inf)  # (9.7)
    ### END SOLUTION


# %%
min_p, result = check("09.min_p", min_p)
result

# %% [markdown]
# One picture of all of them: two places in a text, one where the model is sure and one where it is not, and what each does to
# the twelve likeliest characters. The outline is the model's own distribution.

# %%
WAYS = {
    "temperature ½": at(0.5),
    "temperature 1½": at(1.5),
    "top-k, k = 3": lambda logits: tempered(top_k(logits, 3), 1.0),
    "top-p, p = 0.8": lambda logits: tempered(top_p(logits, 0.8), 1.0),
    "min-p, m = 0.1": lambda logits: tempered(min_p(logits, 0.1), 1.0),
}


@torch.no_grad()
def asked_after(model, text):
    """Logits (1, V) of the character after a text."""
    return model(torch.from_numpy(letters.encode(text)[None]))[0][:, -1].double().numpy()


places = {"sure": "\n        self.na", "unsure": "\nimport "}

# %% tags=["fold"]
# Draw: what each way does to a sure and to an unsure distribution
from seqlib.display.figures import COLOURS, visible

fig, axes = figure(2, 5, figsize=(9.4, 3.6), sharey="row")
for row, (name, text) in zip(axes, places.items(), strict=True):
    logits = asked_after(coder, text)
    own = tempered(logits, 1.0)[0]
    best = np.argsort(-own)[:12]
    for ax, (way, choose) in zip(row, WAYS.items(), strict=True):
        p = choose(logits)
        ax.bar(range(12), p[0, best], color=COLOURS["sky"])
        ax.step(np.arange(13) - 0.5, np.append(own[best], own[best[-1]]), where="post",
                color="black", linewidth=1)
        ax.set_xticks(range(12), [visible(letters.tokens[i]) for i in best], fontsize=6.5)
        ax.set_title(f"{way}\n$e^H$ = {np.exp(entropy(p)[0]):.1f}", fontsize=8.5)
    row[0].set_ylabel(f"{name}\nprobability")
show(fig, alt="Ten small bar charts: the probabilities of the twelve likeliest characters "
              "at a place where the model is sure and at one where it is not, after five "
              "ways of changing them, with the model's own distribution as an outline.")

# %% [markdown]
# Read the upper row: where the model is sure, the cuts hardly matter, and a high temperature does harm. Below, top-k cuts a
# long list short, top-p and min-p leave it long. And low temperature is no cut: everything stays possible.

# %% [markdown]
# ## What it does to the text
#
# Two judges, neither of them the model. The **5-gram** of real Python says how surprising a text is (the unseen modules cost
# it what the dotted line says: cheaper than real means safer than real). And how much of it is *different*: how many
# different stretches of eight characters are there, as a share of all?

# %%
def different(text, length=8):
    """How many different stretches of this length there are, as a share of all."""
    pieces = [text[k : k + length] for k in range(len(text) - length + 1)]
    return len(set(pieces)) / len(pieces)


def judged(choose, copies=4):
    """Nats per character that the 5-gram pays, and the share of different stretches."""
    count = budget(cpu=300, smoke=30)
    texts = write(coder, letters, "\n", count, choose, copies)
    nats = np.mean([five.nll(letters.encode(text)) for text in texts])
    return nats, np.mean([different(text) for text in texts])


settings = {f"τ = {t}": at(t) for t in (0.1, 0.4, 0.7, 1.0, 1.3)}
settings |= {name: WAYS[name] for name in list(WAYS)[2:]}
told = {name: judged(choose) for name, choose in settings.items()}

# %% tags=["fold"]
# Draw: safe and dull, or surprising and different
from seqlib.display.figures import GREY

real = five.nll(unseen)
fig, ax = figure(figsize=(7.4, 3.2))
cool = [name for name in told if name.startswith("τ")]
ax.plot(*np.transpose([told[name] for name in cool]), "o-", color=COLOURS["blue"])
for name, (nats, share) in told.items():
    if name not in cool:
        ax.plot(nats, share, "s", color=COLOURS["vermilion"])
    place = {"top-p, p = 0.8": (6, 7), "min-p, m = 0.1": (-70, 9), "top-k, k = 3": (-66, 7)}
    place = place.get(name, (5, -12))
    ax.annotate(name, (nats, share), place, textcoords="offset points", fontsize=8)
ax.axvline(real, color=GREY, linestyle=":")
ax.annotate("real Python", (real, 0.2), (4, 0), textcoords="offset points", rotation=90,
            fontsize=8, color=GREY)
ax.set(title="Cool is safe and repeats itself; hot is new and surprising",
       xlabel="nats per character, by the 5-gram", ylabel="share of different stretches",
       ylim=(-0.1, 1.12))
show(fig, alt="Scatter of settings: the nats that the 5-gram pays against the share of "
              "different stretches. Low temperatures are at the lower left, high ones at "
              "the upper right, cuts in between; a dotted line marks real Python.")

# %% [markdown]
# Top-k, min-p and the cooler temperatures cost the 5-gram less than real Python does, top-p and a temperature of 0.7 about
# as much, a temperature of 1 more. It does not show whether
# a text is right.
#
# **Try it.** The network itself is in the next cell's output, and computes in your browser, without a kernel. Type a
# beginning, turn the four knobs, let it write.

# %% tags=["fold"]
# Explore: your own model, its distribution after your own text, and the knobs
from seqlib.display.explorers.writer import WriterExplorer

writer = WriterExplorer.of(coder, letters.tokens, text="\n        return self.")
writer

# %% [markdown]
# ## Does it invent, or copy?
#
# A model can look clever by reciting. So: which is the longest piece of what it wrote that stands, letter by letter, in what
# it read?
#
# **Exercise 09.8 · The longest copy** — ●●○○, 8 minutes, core
#
# If several are equally long, the first. An empty text if there is nothing in common. `in` is your friend; a piece that does
# not stand in the source cannot grow into one that does. Without `difflib`'s `find_longest_match`.

# %%
def longest_copy(text, source):
    """The longest piece of text that stands in source as well: a text, perhaps empty.

    Of several the first in text. difflib's find_longest_match is not allowed here.
    """
    ### BEGIN SOLUTION
    best = ""
    for start in range(len(text)):
        for stop in range(start + len(best) + 1, len(text) + 1):
            if text[start:stop] not in source:
                break
            best = text[start:stop]
    return best
    ### END SOLUTION


# %%
longest_copy, result = check("09.longest_copy", longest_copy)
result

# %% [markdown]
# A number alone says nothing: people repeat themselves too. Beside the model stand real modules that it has not seen (what
# Python is like anyway), the 5-gram (copies of five and more, by chance), and letters drawn by their frequency alone (pure
# chance). The mean is over every third place: how long is the piece from there that stands in the source?

# %%
from seqlib.studies.copied_or_new import copied

count = budget(cpu=600, smoke=40)
source, rng = "".join(letters.decode(known)), np.random.default_rng(1)
one = NGram(1, letters.size).fit(known)
texts = {
    "LSTM, τ = 1": write(coder, letters, "\n", count, at(1.0), seed=3)[0],
    "LSTM, τ = 0.5": write(coder, letters, "\n", count, at(0.5), seed=3)[0],
    "unseen modules": "".join(letters.decode(unseen[len(unseen) // 2 :][:count])),
    "5-gram": "".join(letters.decode(five.sample(count, rng))),
    "letters by chance": "".join(letters.decode(one.sample(count, rng))),
}
pieces = {name: longest_copy(text, source) for name, text in texts.items()}
means = {name: copied(text, source).mean() for name, text in texts.items()}

# %% tags=["fold"]
# Print: the longest copy of each, and the mean
for name, piece in pieces.items():
    print(f"{name:18} mean {means[name]:5.1f}, longest {len(piece):3}: {piece!r}")

# %% [markdown]
# Compare the model with the unseen modules, not with zero: that is what new text looks like, measured in this way. At a low
# temperature it falls back on what it has read most often: see what its longest piece is made of.

# %% [markdown]
# ## Autocomplete
#
# Nobody wants a random completion. Wanted are the n **likeliest** words that begin with what was typed. Their number is
# endless, but a word can only get less likely as it grows. So keep beginnings in a queue, the likeliest first; take it,
# lengthen it by every letter, put those back. A *finished* word that comes out first cannot be beaten any more. This is exact,
# and no beam.
#
# **Exercise 09.9 · The likeliest words** — ●●●●, 15 minutes, stretch. `heapq` is a queue that hands out the *smallest* entry.

# %%
import heapq


def likeliest(next_p, beginning, count, end="."):
    """The `count` likeliest words that begin with `beginning`, the likeliest first: a list.

    next_p(text) gives {letter: probability} after a text; the letter `end` ends a word, and
    is not a part of it. The beginning is. All of them, where there are fewer.
    """
    ### BEGIN SOLUTION
    found, waiting = [], [(-1.0, beginning, False)]
    while waiting and len(found) < count:
        p, word, ended = heapq.heappop(waiting)
        if ended:
            found.append(word)
            continue
        for letter, q in next_p(word).items():
            longer = word if letter == end else word + letter
            heapq.heappush(waiting, (p * q, longer, letter == end))
    return found
    ### END SOLUTION


# %%
likeliest, result = check("09.likeliest", likeliest)
result

# %% [markdown]
# A `next_p` of the trained model: it remembers the state after every text, so that a letter more is one step more. Letters
# that cannot stand in a name end the word, all together.

# %%
def names_of(model, before=""):
    """A next_p of names in Python, read after the text `before`."""
    seen = {}

    @torch.no_grad()
    def after(text):
        if text not in seen:
            state = after(text[:-1])[1] if len(text) > len(before) else None
            new = text[-1:] if state else "\n" + text
            logits, state = model(torch.from_numpy(letters.encode(new)[None]), state)
            seen[text] = tempered(logits[:, -1].double().numpy(), 1.0)[0], state
        return seen[text]

    def next_p(name):
        p = after(before + name)[0]
        grow = {c: q for c, q in zip(letters.tokens, p, strict=True) if c.isidentifier()}
        return {**grow, "(": 1 - sum(grow.values())}

    return next_p


# %%
typed = {"": "imp", "import ": "s", "    def ": "__", "        return ": "s"}  # yours
for before, start in typed.items():
    words = likeliest(names_of(coder, before), start, budget(cpu=4, smoke=1), end="(")
    print(f"{before + start!r:22} → {', '.join(words)}")

# %% [markdown]
# ## On a real benchmark: a laptop against a GPU
#
# *tinyshakespeare*, the last tenth held out. nanoGPT's GPU recipe is well known: a Transformer of 10.7 million numbers, three
# minutes on an A100, **1.4697** nats; its recipe for a laptop reports **1.88**. The 5-gram of 01 stands at 1.669.

# %% [markdown]
# Recorded: one LSTM of 256, your recipe (one seed in bfloat16; three in float32, of which the first is drawn), by the
# *processor time* of one thread. Twice: in bfloat16 on a processor that has
# instructions for it, and in float32 on one that has none, where the same seconds hold fewer steps. Both machines were busy,
# which makes each step dearer, not cheaper. The rate of Muon was searched by hand: of 0.02 and 0.05 the better one after 12
# seconds; 0.1 was ahead there and diverged later. The live run is shorter.

# %%
from seqlib.data.shakespeare import play_or_library
from seqlib.training.recorded import credit, load

play, plays = play_or_library(budget(cpu=2_000_000, smoke=30_000))
play_ids, play_letters = encode_chars(play)
early, late = split_in_time(play_ids)
torch.manual_seed(0)
player = CharacterLSTM(play_letters.size)
short = learn_to_write(player, early, budget(cpu=300, gpu=4000), lr=0.05, name=plays)
live = held_out(player, late)

# %% tags=["fold"]
# Draw: the recorded run by the clock, with the published figures and the live one
import re

clock = load("09_shakespeare")["results"]
plain = load("09_shakespeare_float32")["results"]
timed_at = [re.fullmatch(r"LSTM, (\d+) s", name) for name in clock]
marks = sorted(int(match[1]) for match in timed_at if match)
curve = [clock[f"LSTM, {s} s"][0] for s in marks]
fig, ax = figure(figsize=(7.4, 3.2))
ax.plot(marks, curve, "o-", label="LSTM of 256, bfloat16, recorded")
ax.plot(marks, [plain[f"LSTM, {s} s"][0] for s in marks], "s--",
        label="the same in float32, recorded")
ax.plot(short.seconds, live, "*", color="black", markersize=11,
        label="live, by the wall clock")
for value, name in ((1.88, "nanoGPT, CPU"), (clock["5-gram"][0], "5-gram"),
                    (1.4697, "nanoGPT, A100")):
    level(ax, value, name)
ax.set(title=f"{curve[-1]:.3f} nats after {marks[-1]} s of one thread, in bfloat16",
       xlabel="seconds", ylabel="nats per character")
ax.legend(loc="upper right", bbox_to_anchor=(1, 0.93))
show(fig, alt="Held-out loss over the seconds of two recorded runs, in bfloat16 and, above "
              "it, in float32, falling towards the dotted line of nanoGPT's GPU recipe; "
              "dotted lines also for its CPU recipe and the 5-gram; a star for the live "
              "run.")
size = sum(weight.numel() for weight in player.parameters())
print(f"{size:,} parameters; live: {plays}, {live:.3f} nats\nrecorded: rate "
      f"{clock['LSTM, rate'][0]:g}, "
      f"{clock['LSTM, steps'][0]:,.0f} steps in bfloat16, "
      f"{plain['LSTM, steps'][0]:,.0f} in float32 ({plain[f'LSTM, {marks[-1]} s'][0]:.3f} "
      "nats)")
print(credit(load("09_shakespeare")), credit(load("09_shakespeare_float32")), sep="\n")

# %% [markdown]
# **Is that a fair comparison?** Not quite, in two ways. The LSTM's state has read *everything* before; nanoGPT's window holds
# 256 characters, and the first characters of a window have next to nothing to go by. And nanoGPT's figure is estimated on
# random windows. So cut the LSTM's context too: begin each window of 256 with a state of zeros, and average over all places.

# %% tags=["fold"]
# Draw: the loss by place in a window, and print the recorded run at equal context
from seqlib.studies.writing_characters import in_windows

by_place = in_windows(player, late, budget(cpu=256, smoke=16)).numpy()
smooth = np.convolve(by_place, np.ones(8) / 8, mode="valid")
fig, ax = figure(figsize=(7, 2.7))
ax.plot(np.arange(len(smooth)) + 4, smooth)
level(ax, live, "state carried")
ax.set(title="What a window's first characters cost (live run)",
       xlabel="place in the window", ylabel="nats")
show(fig, alt="Nats against the place in a window of 256 that begins with a state of "
              "zeros: high at first, falling to about the level of a carried state "
              "within about ten characters.")
equal = clock["windows of 256"][0]
print(f"recorded run: state carried {curve[-1]:.3f}; windows of 256 from zeros {equal:.3f} "
      f"(their last place {clock['windows of 256, last'][0]:.3f})\nwindows of 64 "
      f"{clock['windows of 64'][0]:.3f}; nanoGPT, A100: 1.4697")

# %% [markdown]
# The first characters of a window cost more; a few words later the live network has made up for the state of zeros. With
# the context cut or not, the recorded LSTM (one seed) stays a little above nanoGPT's figure.
#
# ## Tunes
#
# Music can be text. In **ABC notation** a letter is a note, a number after it makes it longer, a slash shorter, `|` ends a
# bar. These are dance tunes of two collections, from 1883 and 1903, that come inside a library (music21). And unlike prose, a
# tune can be *checked*: in 6/8 with units of an eighth, each bar holds six.

# %%
from seqlib.data.tunes import tunes_or_download

tunes, origin = tunes_or_download()
print(f"{len(tunes)} tunes: {origin}\n")
print(tunes[0].title, tunes[0].text, sep="\n")

# %% [markdown]
# **Exercise 09.10 · Does a bar add up?** — ●●●○, 12 minutes, core
#
# How many units does a bar last? A letter A–G or a–g is a note, z a rest; before it may stand `^`, `_` or `=`, after it commas
# or apostrophes: none of them changes its length. Then perhaps a number, and perhaps a slash with or without a number: `A2` is
# 2, `A/` is ½, `A/4` is ¼, `A3/2` is 1½. `(3` says that the *next three* notes take two thirds of their time. `A>B` and `A<B`
# last as long together as `AB`.

# %%
def bar_units(bar):
    """How many units of length a bar such as "A2B>c(3def" lasts: a float, here 6.0."""
    ### BEGIN SOLUTION
    total, left = 0.0, 0
    parts = re.findall(r"(\(3)|([A-Ga-gz])[,']*(\d*)(/?\d*)", bar)
    for three, _, times, over in parts:
        if three:
            left = 3
            continue
        units = float(times or 1) / (float(over[1:] or 2) if over else 1)
        total += units * 2 / 3 if left > 0 else units
        left -= 1
    return total
    ### END SOLUTION


# %%
bar_units, result = check("09.bar_units", bar_units)
result

# %% [markdown]
# With it, three rules for a tune. Bars *inside* a section have to be full (the first and the last may be short: an upbeat, and
# what it takes from the end); every repeat that opens has to close; and it has to come to an end. To learn from, only tunes
# that keep the rules are taken.

# %%
from seqlib.data.tunes import bars, repeats_close


def inner_bars(text):
    """For each bar inside a section of a tune: is it as long as the metre says?"""
    metre, unit = re.search(r"M:(\d+/\d+)\nL:(\d+/\d+)", text).groups()
    over, under = (
        [int(part) for part in fraction.split("/")] for fraction in (metre, unit)
    )
    full = over[0] / over[1] * under[1] / under[0]
    found = [bar_units(bar) for section in bars(text) for bar in section[1:-1]]
    return [abs(units - full) < 1e-6 for units in found]


kept = [t for t in tunes if all(inner_bars(t.text)) and repeats_close(t.text)]
print(f"{len(kept)} of {len(tunes)} transcriptions keep the rules")

# %%
from seqlib.data import split_groups

titles = [re.sub(r"[^a-z]", "", tune.title.lower()) for tune in kept]
parts = split_groups(kept, (0.9, 0.1), np.random.default_rng(0), groups=titles)
order = np.random.default_rng(0).permutation(parts[0])
heard = "\n".join(kept[i].text for i in order)[: budget(cpu=10**7, smoke=20_000)]
tune_ids, signs = encode_chars(heard)
fresh = [kept[i] for i in parts[1] if set(kept[i].text) <= set(signs.tokens)]
fresh_ids = signs.encode("\n".join(tune.text for tune in fresh))
tune_five = NGram(5, signs.size).fit(tune_ids)

# %% [markdown]
# Tunes of one title stay on one side of the split. The model does not know what a bar is. It sees letters.
#
# **Predict.** After a training of some seconds, which share of the inner bars that it writes in 6/8 adds up? (The 5-gram's
# share will stand beside it.)

# %%
guess = None  # predict: a share, such as 0.5

# %%
torch.manual_seed(0)
fiddler = CharacterLSTM(signs.size, hidden_size=192)
learn_to_write(fiddler, tune_ids, budget(cpu=450, gpu=4000), lr=0.05, name="tunes")
tune_nats, tune_bar = held_out(fiddler, fresh_ids), tune_five.nll(fresh_ids)
print(f"unseen tunes: LSTM {tune_nats:.3f} nats per character, 5-gram {tune_bar:.3f}")

# %% [markdown]
# Twenty-four jigs, from nothing but a header (the metre, the unit, the key). The same of the 5-gram; and the unseen real ones.

# %%
header, most = "M:6/8\nL:1/8\nK:G\n", budget(cpu=330, smoke=40)
composed = write(fiddler, signs, "\n" + header, most, at(0.8), copies=24)
rng, start = np.random.default_rng(0), list(signs.encode("\n" + header))
counted = ["".join(signs.decode(tune_five.sample(most, rng, start))) for _ in range(24)]
jigs = [tune.text.split("\n")[3] for tune in fresh if tune.text.startswith("M:6/8\nL:1/8")]


def kept_rules(texts):
    """Shares: inner bars that add up, tunes of which all do, repeats that close, ended."""
    whole = [header + text.split("\n")[0] + "\n" for text in texts]
    each = [inner_bars(text) for text in whole]
    full = [good for one in each for good in one] or [False]
    ended = ["\n" in text for text in texts]
    every = [bool(one) and all(one) for one in each]
    return [np.mean(kept) for kept in (full, every, [*map(repeats_close, whole)], ended)]


rules = {"LSTM": kept_rules(composed), "5-gram": kept_rules(counted),
         "real, unseen": kept_rules([jig + "\n" for jig in jigs])}
reveal(guess, rules["LSTM"][0], f"share of the LSTM's bars that add up (5-gram "
                                f"{rules['5-gram'][0]:.0%})", fmt="{:.0%}")

# %% tags=["fold"]
# Table: the rules, kept by whom
print(f"{'':14}{'bars':>8}{'tunes':>8}{'repeats':>9}{'ended':>8}")
for name, shares in rules.items():
    print(f"{name:14}" + "".join(f"{share:>8.0%}" for share in shares))

# %% [markdown]
# The last row is no measurement: these tunes were chosen because they keep the rules. Whether a tune is good, the table does not
# say.
#
# Now listen. A key of the piano has a number; 69 is the A of 440 hertz. Twelve keys up is an octave, twice the frequency, and
# every key is the same *ratio* above the one below:
#
# $$f(k) = 440 \cdot 2^{(k-69)/12} \tag{9.8}$$
#
# **Exercise 09.11 · From a key to a tone** — ●○○○, 3 minutes, core

# %%
def frequency(key):
    """The frequency in hertz of a key, a whole number; key 69 has 440 hertz."""
    ### BEGIN SOLUTION
    return 440.0 * 2.0 ** ((key - 69) / 12)  # (9.8)
    ### END SOLUTION


# %%
frequency, result = check("09.frequency", frequency)
result

# %% [markdown]
# `melody` unfolds the repeats and applies the key; `played` plucks a string for each note, with a few overtones; `listen` puts
# the sound into the page itself, eight bits a sample.

# %%
from seqlib.data.tunes import melody
from seqlib.display.sound import listen, piano_roll, played


def timed(tune, quarter=0.36, most=14.0):
    """The notes of a tune as (key, start, seconds), up to so many seconds."""
    notes, now = [], 0.0
    for key, quarters in melody(tune):
        if now < most:
            notes.append((key, now, float(quarters) * quarter))
        now += float(quarters) * quarter
    return notes


def best_of(texts):
    """The first that keeps all rules and is long enough to be heard, else the longest."""
    whole = [header + text.split("\n")[0] + "\n" for text in texts]
    good = [t for t in whole if len(inner_bars(t)) > 7 and all(inner_bars(t))]
    return next((t for t in good if repeats_close(t)), max(whole, key=len))


# %%
mine, theirs = best_of(composed), best_of([jig + "\n" for jig in jigs])
print(mine)
listen({"the LSTM's jig": played(timed(mine), frequency),
        "the 5-gram's": played(timed(best_of(counted), most=7), frequency),
        "a real one, unseen": played(timed(theirs, most=7), frequency)})

# %% tags=["fold"]
# Draw: the LSTM's jig as a piano roll
notes = timed(mine)
print(f"longest piece that stands in the training tunes: "
      f"{longest_copy(mine[len(header):-1], heard)!r}")
piano_roll(
    notes, bar=3 * 0.36, alt=f"Piano roll of the jig that the LSTM wrote: {len(notes)} "
    f"notes over {notes[-1][1] + notes[-1][2]:.0f} seconds, a line at every bar; the same "
    "as the letters above.")

# %% [markdown]
# Who sorted the good from the bad? The rule did, out of 24. That is how such demonstrations are made, here said aloud. Hear the
# first one too: `listen({"the first": played(timed(best_of(composed[:1])), frequency)})`.

# %% [markdown]
# ## Chorales, frame by frame
#
# A tune is one voice. In a chorale four sound at once. So the next step is not one of 88 keys but *any set* of them, and the
# model says for each key whether it will sound: 88 coins, each with its own logit. With $y_{tk} = 1$ where key k sounds in
# frame t,
#
# $$\mathcal L = \frac{1}{T} \sum_{t=1}^{T} \sum_{k=1}^{88} \log\bigl(1 + e^{\ell_{tk}}\bigr) - y_{tk}\,\ell_{tk} \tag{9.9}$$
#
# **Exercise 09.12 · What a frame costs** — ●●○○, 8 minutes, core. Logits of ±900 come too.

# %%
def frame_nll(logits, frames):
    """Nats per frame, a number: the sum over the keys, averaged over the frames.

    logits (T, K), and frames (T, K) of zeros and ones.
    """
    ### BEGIN SOLUTION
    costs = np.logaddexp(0, logits) - frames * logits
    return costs.sum(axis=1).mean()  # (9.9)
    ### END SOLUTION


# %%
frame_nll, result = check("09.frame_nll", frame_nll)
result

# %% [markdown]
# *Real:* the chorales of Bach that the literature uses, 229 to learn from, 77 to test. Three baselines first: how often each
# key sounds; the same, given whether it sounds now; and a line of the whole frame before (88 logistic regressions).

# %%
from seqlib.data.download import DataUnavailable
from seqlib.data.polymusic import frames_of, notes_of
from seqlib.studies.what_sounds_next import FrameModel, learn_frames, sample_frames

try:
    bach = frames_of("JSB_Chorales")
    torch.manual_seed(0)
    choir, steps = FrameModel(dropout=0.5), budget(cpu=150, gpu=1000)
    learn_frames(choir.train(), bach["train"], bach["valid"], steps, lr=8e-2,
                 name="chorales", every=max(1, steps // 4))
except DataUnavailable as why:
    bach = None
    print(why)

# %%
def of_test(model, pieces):
    """Nats per frame of all test pieces together, by your frame_nll."""
    with torch.no_grad():
        model.eval()
        logits = [model(torch.from_numpy(p[None, :-1]))[0][0].numpy() for p in pieces]
    return frame_nll(np.concatenate(logits), np.concatenate([p[1:] for p in pieces]))


sung = of_test(choir, bach["test"]) if bach else None
ladder = {"RNN": 8.91, "GRU": 8.43, "LSTM": 8.45, "TCN": 8.10}  # Bai et al. 2018, Table 1
tunes_ladder = {"RNN": 4.05, "GRU": 3.46, "LSTM": 3.29, "TCN": 3.07}

# %% tags=["fold"]
# Draw: the ladder, recorded, live and published
from seqlib.display.figures import bars as draw_bars

by_net = "09_chorales_lstm", "09_chorales_gru", "09_chorales_rnn"
choruses = [load(name) for name in by_net]
found = {key: row for run in choruses for key, row in run["results"].items()}
nottingham = load("09_nottingham")
sets = {"Chorales": (found, ladder), "Nottingham": (nottingham["results"], tunes_ladder)}
COUNTED = (
    "how often each key sounds", "each key from itself", "a line of the frame before",
)
fig, axes = figure(1, 2, figsize=(9.4, 3.3))
for ax, (name, (found, published)) in zip(axes, sets.items(), strict=True):
    nets = [net for net in ("RNN", "GRU", "LSTM") if f"{net}, test" in found]
    rows = [found[c] for c in COUNTED] + [found[f"{net}, test"] for net in nets]
    draw_bars(ax, ["each\nkey", "from\nitself", "frame\nbefore", *nets],
              [np.mean(row) for row in rows], fmt="{:.2f}",
              spread=([min(row) for row in rows], [max(row) for row in rows]))
    for net in nets:
        ax.plot(3 + nets.index(net), published[net], "_", color="#D55E00", markersize=22,
                markeredgewidth=2)
    ax.set(title=f"{name}: dashes are published", ylabel="nats per frame")
show(fig, alt="Bars of the nats per frame on the test pieces of the chorales and of the "
              "Nottingham tunes, for three baselines and for recurrent networks, with the "
              "published figures of the networks as dashes.")
print(credit(choruses[0]), credit(nottingham), sep="\n")
if bach:
    print(f"live LSTM: {sung:.2f} nats per frame on the test chorales")

# %% [markdown]
# Recorded: three rates each, the best by validation (for the LSTM the largest of the three, so a larger one may be better
# still), three seeds (whiskers); Nottingham one seed, the LSTM alone, half a minute. The
# published networks were tuned longer, by others, so a small difference says little either way. What the picture does say:
# most of the way down from counting is the frame before; gates buy the rest, and a plain RNN, at this budget, hardly more
# than that one frame.
#
# Now let the live one go on from eight frames that Bach wrote:

# %%
from IPython.display import display

if bach:
    opening = bach["test"][3][:8]
    chorale = sample_frames(choir, opening, budget(cpu=28, smoke=4), seed=1)
    sung_notes = notes_of(chorale, seconds=0.45)
    sound = played(sung_notes, frequency)
    display(listen({"eight frames of Bach, then the network": sound}))

# %% tags=["fold"]
# Draw: the chorale, Bach in blue and the network in another colour
if bach:
    colours = [int(start >= 8 * 0.45 - 1e-6) for _, start, _ in sung_notes]
    display(piano_roll(
        sung_notes, bar=8 * 0.45, colours=colours,
        alt="Piano roll of a chorale: eight frames by Bach in blue, then, in another "
            "colour, what the network drew, several keys at a time."))

# %% [markdown]
# The coins are thrown *independently*: that a chord's notes belong together is only known through the logits, before any of
# them is thrown. Where two chords are equally likely, a mixture of both comes out. Hear it? A model that draws the voices one
# after another would know better; so does one that writes chords as words.

# %% [markdown]
# ## Break it
#
# Four slips in the loop, none of which raises an error. *No state*: each character is read with an empty memory. *Cut to
# zero*: what top-k takes away gets the logit 0, not −∞. *Softmax twice*: the temperature divides probabilities, and then comes
# another softmax. *Deaf*: it reads the likeliest character, whatever was drawn and written down. **Predict** which text the
# 5-gram finds most surprising.

# %%
guess = None  # predict: "no state", "cut to zero", "softmax twice" or "deaf"


@torch.no_grad()
def broken(slip, count):
    """A text written with a slip in the loop; after `write`."""
    rng, state, written, ids = np.random.default_rng(0), None, [], letters.encode("\n")
    for _ in range(count):
        state = None if slip == "no state" else state
        logits, state = coder(torch.from_numpy(ids[None]), state)
        logits = logits[:, -1].double().numpy()
        cut = np.where(np.isinf(top_k(logits, 5)), 0.0, logits)
        twice = tempered(logits, 0.8)
        logits = {"cut to zero": cut, "softmax twice": twice}.get(slip, logits)
        ids = np.asarray(draw(tempered(logits, 0.8), rng.random(1)))
        written.append(ids[0])
        ids = logits.argmax(axis=1) if slip == "deaf" else ids
    return "".join(letters.decode(written))


# %%
slips = ("as it should be", "no state", "cut to zero", "softmax twice", "deaf")
count = budget(cpu=600, smoke=30)
spoiled = {slip: broken(slip, count) for slip in slips}
hurt = {slip: five.nll(letters.encode(text)) for slip, text in spoiled.items()}
for slip, text in spoiled.items():
    print(f"{slip:16} {hurt[slip]:.2f} nats: {text[:60]!r}")
worst = max(hurt, key=hurt.get)
reveal(guess, worst, "the slip that surprises the 5-gram most", options=slips[1:])

# %% [markdown]
# Where a slip surprises the 5-gram *less* than the right loop does, read the text: such a judge likes what is frequent, blanks
# for instance. A low figure is no proof of a good text. One text a slip, one seed.
#
# And a fifth, which is no slip but a bad idea: *always take the likeliest character*. (That need not be the likeliest text: 09.9
# finds that, for words.) It is sure at each step, and dull.

# %%
begin, count = "\nimport ", budget(cpu=600, smoke=30)
greedy = write(coder, letters, begin, count, at(1e-6))[0]
print(f"{begin + greedy[:300]!r}")
print(f"different stretches: {different(greedy):.0%}; drawn at temperature 1: "
      f"{different(texts['LSTM, τ = 1']):.0%}")

# %% [markdown]
# ## Parity
#
# PyTorch has a distribution, a loss of coins, and a layer that reads everything at once. Do yours agree with them? And do
# 200,000 draws come out as often as they should?

# %%
p = tempered(asked_after(coder, "\nimport "), 1.0)
theirs_h = torch.distributions.Categorical(torch.from_numpy(p)).entropy().item()
rng = np.random.default_rng(0)
drawn = [draw(np.tile(p, (20_000, 1)), rng.random(20_000)) for _ in range(10)]
drawn = np.concatenate(drawn)
often = np.bincount(drawn, minlength=letters.size) / len(drawn)
expected_gap = np.sqrt(p[0] * (1 - p[0]) / len(drawn)).max()
z, y = torch.randn(40, 88).double(), (torch.rand(40, 88) < 0.1).double()
coins = nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum").item() / 40
print(f"entropy {abs(entropy(p)[0] - theirs_h):.0e} apart, "
      f"coins {abs(frame_nll(z.numpy(), y.numpy()) - coins):.0e} apart; draws at most "
      f"{abs(often - p[0]).max():.4f} off, one standard deviation {expected_gap:.4f}")

# %%
with torch.no_grad():
    line, state, one_by_one = torch.from_numpy(unseen[None, :80].copy()), None, []
    double = CharacterLSTM(letters.size, 192).double()
    double.load_state_dict(coder.state_dict())
    for t in range(80):
        logits, state = double(line[:, t : t + 1], state)
        one_by_one.append(logits)
    apart = (torch.cat(one_by_one, dim=1) - double(line)[0]).abs().max().item()
print(f"character by character with the state carried, and all at once: {apart:.0e} apart")

# %% [markdown]
# ## What the books say

# %% tags=["fold"]
# Table: what is said about generation, and what was measured here
from seqlib import claims
from seqlib.studies.writing_characters import takes_a_gpu, verdict_below

best_lstm, counted_nats = choruses[0]["results"]["LSTM, test"], clock["5-gram"][0]
three_seeds = plain[f"LSTM, {marks[-1]} s"]
claims([
    ("Taking the likeliest token each time runs into loops",
     "Holtzman et al. 2020, §1, Figure 1",
     f"different stretches: likeliest {different(greedy):.0%}; drawn at τ = 1: "
     f"{different(texts['LSTM, τ = 1']):.0%} (one model, one seed; a test takes three)",
     "not tested", "Break it"),
    ("A character LSTM reads better than n-grams", "Karpathy et al. 2016, §4",
     f"tinyshakespeare, float32: {', '.join(f'{nats:.3f}' for nats in three_seeds)} "
     f"against {counted_nats:.3f} nats of a 5-gram ({len(three_seeds)} seeds; within 0.05 "
     "it would be “depends”)",
     verdict_below(max(three_seeds), counted_nats - 0.05, counted_nats + 0.05)
     if len(three_seeds) > 2 else "not tested", "On a real benchmark"),
    ("1.4697 nats take a GPU", "folklore, after the figures of nanoGPT's README",
     f"{marks[-1]} s of one thread: {curve[-1]:.3f} with the state carried, {equal:.3f} in "
     f"windows of 256 from zeros", takes_a_gpu(1.4697, curve[-1], equal),
     "On a real benchmark"),
    ("An LSTM on JSB chorales: 8.45 nats per frame", "Bai et al. 2018, Table 1",
     f"{np.mean(best_lstm):.2f} ({min(best_lstm):.2f} to {max(best_lstm):.2f}), 3 seeds",
     verdict_below(np.mean(best_lstm), 8.45, 8.55), "Chorales"),
    ("Convolutions (TCN) are better at it", "Bai et al. 2018, Table 1: 8.10",
     "it would take a TCN here, tuned as long as the LSTM", "not tested", "Chorales"),
    ("Min-p keeps text coherent at high temperature where top-p does not",
     "Nguyen et al. 2024, §1", "it would take readers, or tasks with answers",
     "not tested", "What it does to the text"),
    ("Networks recite what they were trained on", "folklore",
     f"mean copied piece: LSTM {means['LSTM, τ = 1']:.1f}, unseen modules "
     f"{means['unseen modules']:.1f}; this one is small, and read two thirds once",
     "not tested", "Does it invent, or copy?"),
])

# %% [markdown]
# ## Remember
#
# - A model gives a distribution; *you* choose how to draw. Temperature bends it, a cut ends it.
# - Low temperature is safe and repeats itself; the likeliest character each time ends in a loop.
# - Feed back what was drawn, and carry the state.
# - To ask "does it copy?", compare with what new text of that kind would copy.
# - Compare losses at equal context, and say whose minute it was.
# - Where a rule exists (a bar adds up), count; where none does, read and listen.
#
# **One picture to keep:** the ten bar charts of two distributions, bent and cut.

# %% [markdown]
# **An open question, without a check.** The u's are independent. What would happen to a text if each u were the one before,
# plus 0.6180 modulo 1? Would it be more even, or would you see it?

# %%
from seqlib import flashcards, quiz

flashcards("09")

# %%
quiz("09")

# %% [markdown]
# ## Sources, and beyond
#
# Graves 2013, *Generating Sequences With Recurrent Neural Networks*, §3. Karpathy, Johnson and Li 2016, *Visualizing and
# Understanding Recurrent Networks*, §4. Holtzman et al. 2020, *The Curious Case of Neural Text Degeneration*, §3 (top-p, top-k,
# temperature). Fan et al. 2018, *Hierarchical Neural Story Generation*, §5.4 (top-k). Nguyen et al. 2024, *Turning Up
# the Heat: Min-p Sampling*, §3. Jordan et al. 2024, *Muon* (its iteration and its three numbers). Boulanger-Lewandowski, Bengio
# and Vincent 2012, *Modeling Temporal Dependencies in High-Dimensional Sequences*, §2 and §6. Bai, Kolter and Koltun 2018, *An
# Empirical Evaluation of Generic Convolutional and Recurrent Networks*, §5, Table 1. Karpathy, *nanoGPT* (figures of its README).
#
# **Beyond.** Train the fiddler on the Irish tunes of the registry and test it on these. Write chords as words, and draw one.
# Give the autocomplete tokens of 15. Let `likeliest` break ties by length. Next: [10 · Sequence to sequence](10_seq2seq.ipynb).
