# %% [markdown]
# # 01 · Why order matters
#
# **By the end you can show, with a number, that order carries meaning; turn text into what a model reads without
# fooling yourself; and build a language model that only counts, with a lower loss than one that a small Transformer is
# published with.**
#
# *Before you start:* [00 · Start](00_start.ipynb), NumPy arrays, what a probability is ([the bridge](24_bridge.ipynb)
# has both, to play with). *Time:* two hours, of which about 55 minutes are the eight exercises. *Needs:* no network, no
# GPU; with a network, one last section reads Shakespeare.

# %% [markdown]
# ## The same words, another story
#
# *The dog bit the man* is no news. *The man bit the dog* is. A **bag of words** counts each word and forgets where it
# stood. With $e_w$ the vector that is 1 at word $w$ and 0 elsewhere, a sentence $x_1 … x_T$ becomes
#
# $$b(x) = \sum_{t=1}^{T} e_{x_t} \tag{1.1}$$
#
# A sum does not know in which order it was added up.

# %%
import numpy as np

words = ["bit", "dog", "man", "the"]


def bag(sentence):
    one_hot = np.eye(len(words), dtype=int)
    return sum(one_hot[words.index(word)] for word in sentence.split())  # (1.1)


print(words, bag("the dog bit the man"), bag("the man bit the dog"))

# %% [markdown]
# For a bag the two are one. Does that matter where it counts? Here is a small world of reviews in which it must. Each
# says the same thing twice, once with a negation:

# %%
from seqlib.data import negation_grammar

sentences, labels = negation_grammar(np.random.default_rng(1), 2000)
pair = [i for i, s in enumerate(sentences) if sorted(s) == sorted(sentences[0])][:2]
for i in pair:
    print("good" if labels[i] else "bad ", "|", " ".join(sentences[i]))

# %% [markdown]
# Those two are **twins**: the same words, the opposite mood. Every review here has a twin. To know the mood you must
# know which of the two adjectives *not* belongs to, and up to seven words may stand between them.
#
# **Predict.** A logistic regression is trained on the bags of 2000 such reviews. What percentage of 1000 new ones will
# it get right?

# %%
guess = None  # predict: percent right, from bags of words

# %% [markdown]
# A bag can be mended a little: count not only words but pairs of neighbours (*not bad*), triples, quadruples. Such
# runs of n neighbouring tokens are called **n-grams**. The features below are all n-grams up to a given length; the
# model on top is always the same.

# %%
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression


def n_grams(tokens, longest):
    """All runs of 1 to `longest` neighbouring tokens."""
    return [tuple(tokens[start:start + n])
            for n in range(1, longest + 1)
            for start in range(len(tokens) - n + 1)]


def percent_right(longest, train, test):
    """Train on (sentences, labels) and score on others, with n-grams up to `longest`."""
    count = CountVectorizer(analyzer=lambda tokens: n_grams(tokens, longest))
    model = LogisticRegression(solver="liblinear")
    model.fit(count.fit_transform(train[0]), train[1])
    return 100 * model.score(count.transform(test[0]), test[1])

# %%
from seqlib import budget, reveal
from seqlib.display.figures import spread

size, scores = budget(cpu=2000, smoke=200), []
for seed in range(budget(cpu=5, smoke=1)):
    rng = np.random.default_rng(seed)
    train = negation_grammar(rng, size)
    test = negation_grammar(rng, size // 2, exclude=train[0])  # none was trained on
    scores.append([percent_right(longest, train, test) for longest in (1, 2, 3, 4)])
ladder, low, high = spread(scores)
reveal(guess, ladder[0], "percent right from bags of words", fmt="{:.1f}")

# %% tags=["fold"]
# Draw: percent right for words, pairs, triples and 4-grams
from seqlib import show
from seqlib.display.figures import bars, figure

fig, ax = figure(figsize=(7, 2.8))
bars(ax, ["words alone", "up to pairs", "up to triples", "up to 4-grams"], ladder,
     spread=(low, high), chance=50, fmt="{:.1f}")
ax.set(title="A bag of words is at chance; longer n-grams climb slowly", ylim=(0, 90),
       ylabel="percent right, new reviews")
show(fig, alt="Bars of the percentage of new reviews classified rightly. Words alone are "
              "exactly at chance, 50. Pairs, triples and 4-grams climb slowly; 4-grams "
              "still miss over a quarter.")

# %% [markdown]
# Exactly 50, for any seed and **any** model: twins have the same bag, so whatever is said of one is said of the other,
# and half of that is wrong. Not a weak classifier; the information is gone. (Bars are the mean of five seeds, whiskers
# the lowest and the highest.) How far still longer n-grams would climb, the bars do not say.

# %% [markdown]
# And the n-grams? Let us fix how many words stand between *was (not)* and its adjective, and see which n-grams can
# bridge them.

# %%
reach = np.zeros((4, 8))
for gap in range(8):
    rng, only = np.random.default_rng(gap), [float(d == gap) for d in range(8)]
    train = negation_grammar(rng, size // 4, distances=only)
    test = negation_grammar(rng, size // 4, distances=only, exclude=train[0])
    reach[:, gap] = [percent_right(longest, train, test) for longest in (1, 2, 3, 4)]

# %% tags=["fold"]
# Draw: percent right, a row for each length of n-gram, a column for each distance
from seqlib.display.figures import heatmap

fig, ax = figure(figsize=(7, 2.6))
heatmap(ax, reach, ["words", "pairs", "triples", "4-grams"], range(8), values="{:.0f}",
        low=40, high=110)
ax.set(title="An n-gram sees n words and nothing beyond (percent right)",
       xlabel="words between verb and adjective")
show(fig, alt="A staircase: pairs score 100 percent when no word lies between, triples up "
              "to one word, 4-grams up to two words. Everything else is near 50 percent, "
              "which is chance.")

# %% [markdown]
# A staircase: perfect within reach, chance beyond. It does not say how many reviews it takes to fill the reach. A
# 9-gram would bridge seven words, but nearly every 9-gram is new. What is needed must **remember** the *not* until its
# adjective comes. You build that in [02](02_rnn.ipynb).
#
# ## The ball, with and without its past
#
# A ball moves in a box. Left: it is now in the middle, and the dots are where it may be next. Right: one with four
# frames of its past. How much past is worth having? We fit the best straight rule from K positions, seen exactly or
# through a blurred lens:
#
# $$\hat x_{t+1} = c + \sum_{k=0}^{K-1} w_k\, x_{t-k} \tag{1.2}$$

# %% tags=["fold"]
# Draw: where a ball in the middle goes next, without its past and with it
from seqlib.data import ball

rng = np.random.default_rng(3)
now_and_next = ball(rng, budget(cpu=400_000, smoke=40_000), 2, dims=2)
middle = now_and_next[(abs(now_and_next[:, 0] - 0.5) < 0.02).all(axis=1)]
track = np.array([0.5, 0.5]) + np.arange(-4, 2)[:, None] * np.array([0.06, 0.03])

fig, axes = figure(1, 2, figsize=(7.5, 3.4), sharex=True, sharey=True)
axes[0].plot(*middle[:3000, 1].T, ".", markersize=2, label="one frame later")
axes[1].plot(*track[:4].T, "o", color="#56B4E9", label="before")
axes[1].plot(*(2 * track[4] - track[3]), "x", markersize=11, color="#D55E00",
             label="the next place")
titles = "Without its past: a cloud", "With its past: a point"
for ax, title in zip(axes, titles, strict=True):
    ax.plot(0.5, 0.5, "o", color="black", markersize=9, label="now")
    ax.set(title=title, xlabel="x (box widths)", xlim=(0.2, 0.8), ylim=(0.3, 0.7))
    ax.legend(loc="upper left")
axes[0].set_ylabel("y (box widths)")
show(fig, alt="Two panels. Left: around a ball in the middle lie four square clouds of "
              "possible next places, one in each diagonal direction. Right: four earlier "
              "positions lie in a row, and the next place is a single point on their line.")

# %% [markdown]
# Where it is says little about where it goes; where it came from says all. That holds for a ball seen exactly. How many
# frames does it take, and how many when the eye is weak? The rule (1.2), fitted to new balls for each K:

# %%
def error(past, noise, seed):
    """Root mean square error of (1.2) for new balls, in box widths."""
    balls = budget(cpu=6000, smoke=600)
    x = ball(np.random.default_rng(seed), balls, past + 1, noise=noise)[:, :, 0]
    seen, half = np.column_stack([x[:, :-1], np.ones(len(x))]), len(x) // 2
    weights = np.linalg.lstsq(seen[:half], x[:half, -1], rcond=None)[0]
    return np.sqrt(np.mean((seen[half:] @ weights - x[half:, -1]) ** 2))  # (1.2)


frames = np.arange(1, 9)
errors = {noise: spread([[error(k, noise, seed) for k in frames] for seed in range(3)])
          for noise in (0.0, 0.03)}

# %% tags=["fold"]
# Draw: the error against the number of frames, exact and blurred
from seqlib.display.figures import lines

fig, ax = figure(figsize=(7, 2.8))
lines(ax, frames, {"seen exactly": errors[0.0], "blurred by 0.03": errors[0.03]})
ax.set(title="Exact: two frames are enough. Blurred: a few more help",
       xlabel="frames of the past, K", ylabel="error (box widths)", ylim=(0, None))
show(fig, alt="Error against the number of past frames. For balls seen exactly it falls "
              "steeply from one to two frames and stays. For blurred balls it falls "
              "slowly up to about five frames.")

# %% [markdown]
# From one frame to two, the error falls to about a third; what is left are bounces, which no straight rule knows. With
# blur, one difference of positions is nearly as much noise as step, and it takes several to know the speed. How much
# past to keep is a property of the *data*, and you rarely know it beforehand.

# %% [markdown]
# ## Five shapes of tasks
#
# A sequence may go in, come out, or both. Five shapes cover this whole course:

# %% tags=["fold"]
# Draw: the five shapes
def boxes(ax, steps, row, colour):
    ax.bar(steps, 0.44, 0.6, bottom=row - 0.22, color=colour)


def arrow(ax, start, stop):
    ax.annotate("", stop, start, arrowprops={"arrowstyle": "->", "color": "#444444"})


shapes = {"one → one\npicture → label": ([0], [0]),
          "one → many\npicture → caption": ([0], [0, 1, 2]),
          "many → one\nreview → mood": ([0, 1, 2], [2]),
          "many → many, aligned\nword → its tag": ([0, 1, 2], [0, 1, 2]),
          "many → many, not aligned\nGerman → English": ([0, 1, 2], [2, 3, 4])}
fig, ax = figure(figsize=(9, 2.6))
begins = 0, 2.6, 6.6, 10.6, 14.6
for left, (name, (ins, outs)) in zip(begins, shapes.items(), strict=True):
    steps = [left + t for t in range(max(ins + outs) + 1)]
    boxes(ax, [left + t for t in ins], 0, "#0072B2")
    boxes(ax, steps, 1, "#009E73")
    boxes(ax, [left + t for t in outs], 2, "#E69F00")
    for t, row in [(t, 0) for t in ins] + [(t, 1) for t in outs]:
        arrow(ax, (left + t, row + 0.22), (left + t, row + 0.78))
    for t in steps[:-1]:
        arrow(ax, (t + 0.3, 1), (t + 0.7, 1))
    ax.text(left - 0.3, 2.4, name, fontsize=8, va="bottom")
ax.set(title="Five shapes: what goes in (below), is kept (middle), comes out (above)",
       ylim=(-0.3, 3.2))
ax.set_axis_off()
show(fig, alt="Five diagrams with inputs below, a chain of states in the middle and "
              "outputs above: one to one, one to many, many to one, many to many with an "
              "output at each step, and many to many where the outputs begin at the last "
              "input.")

# %% [markdown]
# Below what is read, in the middle what is remembered, above what is written. What the boxes hold, and how they are
# trained, the drawing leaves open.
#
# Captions ([12](12_captioning.ipynb)) are one → many; moods ([07](07_classify_and_tag.ipynb)) and forecasts
# ([08](08_forecasting.ipynb)) many → one; tags and next characters aligned; translation ([10](10_seq2seq.ipynb)) and
# speech ([19](19_speech_ctc.ipynb)) not aligned. Today they are the word that a phone's keyboard proposes, the subtitles
# under a video call, the alarm of a heart monitor, the answer of a chatbot: one piece after another.

# %% [markdown]
# ## From text to numbers
#
# A model reads integers. The **vocabulary** is the list of tokens it knows, and a token's **id** is its place there.
# Two places are kept: `<pad>` (0) for filling up, `<unk>` (1) for whatever is not known.
#
# **Exercise 01.1 · Vocabulary and ids** — ●●○○, 7 minutes, core. Mind where the words may come from: *train alone*.
# Words are taken as they are: *The* and *the* are two. Their order is the one that Python's `sorted` gives, full stops
# and digits first, then capitals, then small letters; the two special tokens stand before them all.

# %%
def words_to_ids(train, new):
    """A vocabulary from `train`, and `new` as ids.

    Both are lists of sentences, a sentence is a list of words. Returns
    `vocabulary`: ["<pad>", "<unk>"], then each word of train once, as `sorted` has them;
    `ids`: for each new sentence the list of its words' ids, 1 for a word that is not known.
    """
    ### BEGIN SOLUTION
    seen = {word for sentence in train for word in sentence}
    vocabulary = ["<pad>", "<unk>"] + sorted(seen)
    place = {word: i for i, word in enumerate(vocabulary)}
    return vocabulary, [[place.get(word, 1) for word in sentence] for sentence in new]
    ### END SOLUTION

# %%
from seqlib import check

words_to_ids, result = check("01.words_to_ids", words_to_ids)
result

# %% [markdown]
# ## Windows, shifted by one
#
# A text is one long row of ids. To train on it, cut it into **windows** of `length` inputs, and give every position its
# target: the token that comes next.
#
# $$y_t = x_{t+1} \tag{1.3}$$
#
# **Exercise 01.2 · Next-token windows** — ●●○○, 7 minutes, core. One window follows the other without overlap; what
# does not fill a last window, with its last target, is left out.

# %%
def next_token_windows(ids, length):
    """Windows of `length` ids and their targets, one later.

    ids (T,), an array of more than `length` integers -> x, y, both (N, length)
    """
    ### BEGIN SOLUTION
    count = (len(ids) - 1) // length
    x = ids[:count * length].reshape(count, length)
    y = ids[1:count * length + 1].reshape(count, length)  # (1.3)
    return x, y
    ### END SOLUTION

# %%
next_token_windows, result = check("01.next_token_windows", next_token_windows)
result

# %% [markdown]
# Our text from here on needs no network: it is the source code of Python's own standard library, character by
# character, the first 90 % to train on and the rest to test. Characters of the test part that training never saw become
# `<unk>`. (`Vocabulary` is `seqlib`'s version of what you just wrote.)

# %%
from seqlib.data import Vocabulary, split_in_time, stdlib_text
from seqlib.display.figures import visible

text = stdlib_text(budget(cpu=300_000, smoke=20_000))
train_text, test_text = split_in_time(text, (0.9, 0.1))
vocabulary = Vocabulary.build([train_text], specials=("<unk>",))
train_ids, test_ids = vocabulary.encode(train_text), vocabulary.encode(test_text)
print(f"{len(train_ids):,} characters to train on, {len(test_ids):,} to test; "
      f"{vocabulary.size} tokens, <unk> among them")

start = train_text.index("def ")
x, y = next_token_windows(train_ids[start:start + 73], 24)
for row in range(2):
    print("x", " ".join(visible(c) for c in vocabulary.decode(x[row])))
    print("y", " ".join(visible(c) for c in vocabulary.decode(y[row])))

# %% [markdown]
# Each column of x and y is a question and its answer, and the last answer of one window is the first question of the
# next: nothing is lost, nothing comes twice.
#
# ## Batches, padding, masks
#
# Several sequences at once make a **batch**, a rectangle (B, T). Sentences differ in length, so short ones are filled
# up with **padding**, and a **mask** says which places are real. Make it from the lengths: a real token might have the
# padding's id.
#
# **Exercise 01.3 · Pad and mask** — ●●○○, 7 minutes, core. The mask holds True and False, the ids whole numbers. A
# sequence may be empty: then its row is padding alone.

# %%
def pad_and_mask(sequences, pad):
    """Lists of ids, side by side in a rectangle: ids (B, T) and a boolean mask (B, T).

    T is the longest length. Rows are filled up at their ends with `pad`; the mask is True
    where an id is real.
    """
    ### BEGIN SOLUTION
    steps = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), steps), pad)
    mask = np.zeros((len(sequences), steps), dtype=bool)
    for row, sequence in enumerate(sequences):
        ids[row, :len(sequence)] = sequence
        mask[row, :len(sequence)] = True
    return ids, mask
    ### END SOLUTION

# %%
pad_and_mask, result = check("01.pad_and_mask", pad_and_mask)
result

# %% [markdown]
# Every average over a batch must now leave the padding out. For values $v_{bt}$ and a mask $m_{bt}$ of ones and zeros:
#
# $$\bar v_b = \frac{\sum_t m_{bt}\, v_{bt}}{\sum_t m_{bt}} \tag{1.4}$$
#
# **Exercise 01.4 · Masked mean** — ●●○○, 5 minutes, core. Padding may hold *anything*, even NaN ("not a number", as
# from 0/0), and NaN times zero is NaN. A mask may have gaps anywhere; each row has at least one real entry.

# %%
def masked_mean(values, mask):
    """The mean of each row's real entries. values (B, T), mask (B, T) boolean -> (B,)."""
    ### BEGIN SOLUTION
    return np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1)  # (1.4)
    ### END SOLUTION

# %%
masked_mean, result = check("01.masked_mean", masked_mean)
result

# %% [markdown]
# A test that catches padding bugs everywhere in this course: **add more padding; no number may change.** Here is a
# batch of six lines of code, and for each line the share of its characters that are letters.

# %%
code = [line for line in test_text.split("\n") if line.strip()][:6]
ids, mask = pad_and_mask([vocabulary.encode(line).tolist() for line in code], pad=0)
wider, wider_mask = (np.pad(a, ((0, 0), (0, 40))) for a in (ids, mask))
is_letter = np.array([token.isalpha() for token in vocabulary.tokens])

print("masked mean:       ", np.round(masked_mean(is_letter[ids], mask), 3))
print("with 40 pads more: ", np.round(masked_mean(is_letter[wider], wider_mask), 3))
print("padding counted:   ", is_letter[ids].mean(axis=1).round(3))
print("with 40 pads more: ", is_letter[wider].mean(axis=1).round(3))

# %% tags=["fold"]
# Draw: the batch, a character a cell
fig, ax = figure(figsize=(9, 2))
heatmap(ax, np.where(mask, 1 + is_letter[ids], 0), high=6)
for (row, t), i in np.ndenumerate(ids):
    sign = vocabulary.tokens[i] if mask[row, t] else "·"
    ax.text(t, row, sign, ha="center", va="center", fontsize=8)
ax.set(title="Lines are ragged, a batch is a rectangle (white: padding)",
       xlabel="step t", ylabel="sequence b")
show(fig, alt="Six lines of code as rows of a grid, one character per cell, letters "
              "darker. Shorter lines are filled up at their end with white cells that "
              "hold a dot: padding.")

# %% [markdown]
# With the mask, forty columns of padding change nothing. Without it every mean sinks, and a line's own number depends on
# how long its neighbours are.

# %% [markdown]
# ## Splits that do not leak
#
# A test score means something only if nothing of the test reached the training. To see a **leak**, predict what *cannot*
# be predicted: the honest score is 50 %, and anything above is false.
#
# First leak, **time**. A price walks at random. Windows of 20 days overlap, each with the answer whether the price is
# higher ten days on. They are shuffled, a fifth is kept for testing, and the model looks up the most similar training
# window. **Predict** its percentage right.

# %%
guess = None  # predict: percent right about coin flips, windows shuffled

# %%
from sklearn.neighbors import KNeighborsClassifier


def nearest(x, y, train, test):
    """Percent right when each test row gets the answer of the most similar training row."""
    return 100 * KNeighborsClassifier(1).fit(x[train], y[train]).score(x[test], y[test])


def time_leak(seed, length=20, ahead=10):
    """(shuffled split, split in time) for the windows of a random walk."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=budget(cpu=1500, smoke=300)))
    x = np.lib.stride_tricks.sliding_window_view(walk, length)[:-ahead]
    y = walk[length - 1 + ahead:] > walk[length - 1:-ahead]
    order, cut = np.arange(len(x)), int(0.8 * len(x))
    mixed = rng.permutation(order)
    shuffled = nearest(x, y, mixed[:cut], mixed[cut:])
    return shuffled, nearest(x, y, order[:cut - length - ahead], order[cut:])


seeds = range(budget(cpu=20, smoke=2))
leaks = {"time": np.array([time_leak(seed) for seed in seeds])}
reveal(guess, leaks["time"][:, 0].mean(), "percent right, windows shuffled", fmt="{:.0f}")

# %% [markdown]
# Each test window had a neighbour, shifted by a day, in the training set, with nearly the same days and the same
# answer. Cut in time instead, with a gap as long as a window and its outlook, and the skill is gone.

# %% [markdown]
# Second leak, **vocabulary**. 200 documents of random words, labels by coin toss. Keep the 50 words that tell the
# labels apart best, chosen over *all* documents, or over the training half alone.

# %%
def vocabulary_leak(seed, documents=200, tokens=5000, kept=50):
    """Percent right (words chosen on all documents, on the training half), coin tosses."""
    rng = np.random.default_rng(seed)
    x = (rng.random((documents, tokens)) < 0.05).astype(float)
    y = rng.permutation(np.arange(documents) % 2)
    train, test = np.arange(documents // 2), np.arange(documents // 2, documents)
    scores = []
    for seen in (np.arange(documents), train):
        good, bad = x[seen][y[seen] == 1], x[seen][y[seen] == 0]
        best = np.argsort(-abs(good.mean(axis=0) - bad.mean(axis=0)))[:kept]
        model = LogisticRegression(solver="liblinear").fit(x[train][:, best], y[train])
        scores.append(100 * model.score(x[test][:, best], y[test]))
    return scores


leaks["vocabulary"] = np.array([vocabulary_leak(seed) for seed in seeds])
on_all, on_half = leaks["vocabulary"].mean(axis=0)
print(f"percent right: chosen on all {on_all:.0f}, on training half {on_half:.0f}")

# %% [markdown]
# Nothing was trained on a test document; its words and its label were only *looked at* to choose. That was enough.
#
# Third leak, **duplicates**: posts that are shared again and again, so that the same text stands on both sides.

# %% [markdown]
# **Exercise 01.5 · A split that does not leak** — ●●○○, 6 minutes, core. Texts come in the order of time. Keep the
# first copy of each, *then* cut: the first `fraction` of what is kept (rounded down) trains, the rest tests.

# %%
def leak_free_split(texts, fraction):
    """Places in the list `texts` to train on, and to test on.

    Two arrays (or lists) of integers, ascending; `fraction` lies between 0 and 1.
    """
    ### BEGIN SOLUTION
    kept = [place for place, text in enumerate(texts) if text not in texts[:place]]
    cut = int(len(kept) * fraction)
    return np.array(kept[:cut]), np.array(kept[cut:])
    ### END SOLUTION

# %%
leak_free_split, result = check("01.leak_free_split", leak_free_split)
result

# %% [markdown]
# Now measure it: 600 reviews whose labels are coin tosses, posted 1500 times in all. A split at random, and yours.

# %%
def duplicate_leak(seed, reviews=600, posts=1500):
    """(random split, leak_free_split) for reposted reviews whose labels are coin tosses."""
    rng = np.random.default_rng(seed)
    texts, coin = negation_grammar(rng, reviews)[0], rng.permutation(np.arange(reviews) % 2)
    which = rng.integers(0, reviews, posts)
    posted, toss = [texts[i] for i in which], coin[which]
    mixed = np.split(rng.permutation(posts), [int(0.8 * posts)])
    clean = leak_free_split([" ".join(text) for text in posted], 0.8)
    scores = []
    for split in (mixed, clean):
        train, test = [([posted[i] for i in part], toss[part]) for part in split]
        scores.append(percent_right(4, train, test))
    return scores


few = seeds[:budget(cpu=5, smoke=1)]
leaks["duplicates"] = np.array([duplicate_leak(seed) for seed in few])

# %% tags=["fold"]
# Draw: percent right about coin tosses, three leaks, leaky and honest
def of_all(function):
    return np.concatenate([function(v, axis=0) for v in leaks.values()])


fig, ax = figure(figsize=(7.5, 2.9))
bars(ax, [f"{name}\n{kind}" for name in leaks for kind in ("leaky", "honest")],
     of_all(np.mean), spread=(of_all(np.min), of_all(np.max)), chance=50, fmt="{:.0f}")
ax.set(title="Three leaks, and each makes coin tosses look like skill",
       ylabel="percent right", ylim=(0, 115))
show(fig, alt="Six bars of percent right on labels that are coin tosses. Leaky splits in "
              "time, vocabulary and duplicates score 80 to 90 percent; the honest splits "
              "lie around 50 percent.")

# %% [markdown]
# Nothing could be known, and three times a model seems to know it. (Whiskers: lowest and highest seed; a single honest
# test can stray far from 50.) How much a leak is worth depends on the data: here it was made large, so that you see it.

# %% [markdown]
# ## Language modelling: one factor at a time
#
# How probable is a sentence? The chain rule holds for *any* model and loses nothing:
#
# $$P(x_1 … x_T) = \prod_{t=1}^{T} P(x_t \mid x_1 … x_{t-1}) \tag{1.5}$$
#
# So it is enough to **predict the next token from its past**. The shortest past is one token. Count $c_{ij}$, how often
# $j$ follows $i$, and add $\alpha$ everywhere, so that nothing is impossible (**smoothing**):
#
# $$P(j \mid i) = \frac{c_{ij} + \alpha}{\sum_{j'} c_{ij'} + \alpha V} \tag{1.6}$$
#
# **Exercise 01.6 · Bigram probabilities** — ●●●○, 10 minutes, core. Row i holds the probabilities of what follows token
# i. A loop over the pairs is fine. $\alpha$ is above 0.

# %%
from itertools import pairwise, product


def bigram_probabilities(ids, vocab_size, alpha):
    """P(j | i) by (1.6), from the pairs of neighbours in ids (T,).

    An array (V, V), row i for what follows i; V is `vocab_size`, alpha is positive.
    """
    ### BEGIN SOLUTION
    counts = np.zeros((vocab_size, vocab_size))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    totals = counts.sum(axis=1, keepdims=True)
    return (counts + alpha) / (totals + alpha * vocab_size)  # (1.6)
    ### END SOLUTION

# %%
bigram_probabilities, result = check("01.bigram_probabilities", bigram_probabilities)
result

# %% [markdown]
# A model of three sentences is enough to tell the dog's story from the man's: 1/V for the first word, then one factor
# for each step. And the probabilities of *all* sequences of one length must sum to one: with few words, try them all.

# %%
told = "the dog bit the man . the dog saw the cat . the cat saw the man .".split()
words, (told_ids,) = words_to_ids([told], [told])
table = bigram_probabilities(np.array(told_ids), len(words), alpha=0.05)


def probability(ids):
    return 1 / len(words) * np.prod([table[i, j] for i, j in pairwise(ids)])  # (1.5)


for story in ("the dog bit the man", "the man bit the dog", "dog the the bit man"):
    print(f"{story}: {probability(words_to_ids([told], [story.split()])[1][0]):.2e}")
everything = product(range(len(words)), repeat=4)
print(f"all sequences of 4 words: {sum(map(probability, everything)):.12f}")

# %% [markdown]
# One bag, three probabilities. Now the real thing: pairs of characters in Python's source, counted from all of the
# training text. Read the picture row by row: after this character, what comes?

# %%
pairs = bigram_probabilities(train_ids, vocabulary.size, alpha=0.1)

# %% tags=["fold"]
# Draw: P(next | previous) for fifteen characters
chosen = list("defilnrstu_(:\n ")
place = [vocabulary.id(token) for token in chosen]

fig, ax = figure(figsize=(7, 3.6))
heatmap(ax, pairs[np.ix_(place, place)], chosen, chosen, bar="P(next | previous)")
ax.set(title="In code, one character says a lot about the next", ylabel="previous",
       xlabel="next")
show(fig, alt="A heatmap of P(next character | previous one) for fifteen characters. Most "
              "cells are pale; a few are dark, such as newline after a colon, and a space "
              "after a newline.")

# %% [markdown]
# After a colon comes a line break, after a line break a space: that is Python's grammar, found by counting. What needs
# more than one character of past, such as which bracket is open, no row of this table can hold.

# %% [markdown]
# ## How good? Nats, bits, perplexity
#
# A good model gives the text that really came a high probability. Three ways to say how high, for $N$ tokens of $C$
# characters in all: **nats** per token; **perplexity**, among how many equally likely tokens the model hesitates; **bits
# per character**, which compare models whatever their tokens.
#
# $$\mathrm{NLL} = -\frac1N\sum_{t}\ln P(x_t \mid x_{<t}) \tag{1.7}$$
# $$\mathrm{PPL} = e^{\mathrm{NLL}} \tag{1.8}$$
# $$\mathrm{bits\ per\ character} = \frac{N\cdot\mathrm{NLL}}{C\,\ln 2} \tag{1.9}$$
#
# **Exercise 01.7 · Units** — ●○○○, 4 minutes, core. You are given the nats of a *whole* text.

# %%
def units(nats, tokens, chars):
    """Nats of a whole text, its tokens and its characters.

    Returns nats per token, perplexity (per token), bits per character.
    """
    ### BEGIN SOLUTION
    nats_per_token = nats / tokens  # (1.7)
    perplexity = np.exp(nats_per_token)  # (1.8)
    bits_per_char = nats / np.log(2) / chars  # (1.9)
    return nats_per_token, perplexity, bits_per_char
    ### END SOLUTION

# %%
units, result = check("01.units", units)
result

# %% [markdown]
# Three models of increasing wit on the same held-out code: all characters alike; each with its own frequency (a
# *unigram*); your bigram. The **loss** of most networks in this course is the first column.

# %%
counted = np.bincount(train_ids, minlength=vocabulary.size) + 0.1
share = counted / counted.sum()
models = {"uniform": np.full(len(test_ids) - 1, 1 / vocabulary.size),
          "unigram": share[test_ids[1:]],
          "your bigram": pairs[test_ids[:-1], test_ids[1:]]}
held_out = {name: units(-np.log(p).sum(), len(p), len(p)) for name, p in models.items()}

# %% tags=["fold"]
# Print: three models in three units
print(f"{'':12}{'nats':>8}{'perplexity':>12}{'bits/char':>11}")
for name, (nats, perplexity, bits) in held_out.items():
    print(f"{name:12}{nats:8.3f}{perplexity:12.1f}{bits:11.3f}")

# %% [markdown]
# Knowing which characters are common saves some nats; knowing the one before saves more. All three columns tell the same
# story, because each is computed from the same total.

# %% [markdown]
# ## Sum first, divide once
#
# Now score in batches, as everybody does. Many programs average each batch and then report the *mean of the batch
# means*. The true figure is the mean over all tokens; with masks $m_{bt}$ and all batches in one sum,
#
# $$\mathrm{NLL} = -\frac{\sum_{\text{batches}}\sum_{b,t} m_{bt}\,\ln p_{bt}}{\sum_{\text{batches}}\sum_{b,t} m_{bt}} \tag{1.10}$$
#
# **Exercise 01.8 · Token-weighted likelihood** — ●●○○, 6 minutes, core. At padding stand numbers that mean nothing.

# %%
def token_nll(log_probs, masks):
    """Nats per real token, all batches together.

    Two lists, one entry a batch: arrays (B, T) of ln p, and boolean masks (B, T).
    """
    ### BEGIN SOLUTION
    total, tokens = 0.0, 0
    for batch, mask in enumerate(masks):
        total -= log_probs[batch][mask].sum()
        tokens += mask.sum()
    return total / tokens  # (1.10)
    ### END SOLUTION

# %%
token_nll, result = check("01.token_nll", token_nll)
result

# %% [markdown]
# Now the same held-out code, line by line, 32 lines at once, lines of similar length together to save padding.
# **Predict:** is the mean of batch means higher, lower, or the same?

# %%
guess = None  # predict: "higher", "lower" or "the same"

# %%
rows = [vocabulary.encode(f"\n{line}\n").tolist() for line in test_text.split("\n")]
rows = sorted(rows, key=len)
padded = [pad_and_mask(rows[i:i + 32], pad=0) for i in range(0, len(rows), 32)]
log_probs = [np.log(pairs[ids[:, :-1], ids[:, 1:]]) for ids, _ in padded]
masks = [mask[:, 1:] for _, mask in padded]

exact = token_nll(log_probs, masks)
of_means = np.mean([-lp[m].mean() for lp, m in zip(log_probs, masks, strict=True)])
with_padding = np.mean([-lp.mean() for lp in log_probs])
print(f"all tokens alike {exact:.4f}, mean of batch means {of_means:.4f}, "
      f"padding counted {with_padding:.4f}")
reveal(guess, "lower" if of_means < exact else "higher", "the mean of batch means is …",
       options=["higher", "lower", "the same"])

# %% [markdown]
# A second opinion: PyTorch's cross-entropy. It does not want probabilities but **logits**: scores of any size and sign,
# one for each token, from which it makes probabilities itself, $p_j = e^{l_j} / \sum_k e^{l_k}$. Networks hand out such
# scores; of a counted table, ln p will do, because its powers are the probabilities already. Targets of −100 are left
# out, and with `reduction="sum"` you divide once yourself. The two must agree.

# %%
import torch
from torch.nn import functional as F

logits = torch.cat([torch.tensor(np.log(pairs[ids[:, :-1]])).flatten(0, 1)
                    for ids, _ in padded])
targets = torch.cat([torch.tensor(np.where(mask, ids, -100)[:, 1:]).flatten()
                     for ids, mask in padded])
nats = F.cross_entropy(logits, targets, ignore_index=-100, reduction="sum")
torch_nll = nats.item() / (targets != -100).sum().item()
print(f"PyTorch differs from yours by {abs(torch_nll - exact):.1e}")

# %% [markdown]
# Here short lines are easy, so the wrong mean flatters the model, by more than many a published improvement. With other
# data it goes the other way.

# %% [markdown]
# ## Longer memories by counting: Witten–Bell
#
# With longer contexts most counts are 0 or 1, and adding $\alpha$ to all of them drowns what was seen. **Witten–Bell**
# asks the shorter context $h'$ for help, the more so the more *different* tokens $K(h)$ have followed $h$ in its
# $c(h)$ occurrences:
#
# $$P(w \mid h) = \frac{c(h, w) + K(h)\,P(w \mid h')}{c(h) + K(h)} \tag{1.11}$$

# %%
from seqlib.models.ngram import NGram

text = "abracadabra"
letters = Vocabulary.build([text], specials=())
model = NGram(order=2, vocab_size=letters.size).fit(letters.encode(text))

kinds_in_all, uniform = len(set(text)), 1 / letters.size  # the empty context, and below it
unigram = (text.count("c") + kinds_in_all * uniform) / (len(text) + kinds_in_all)
after_a = [after for before, after in pairwise(text) if before == "a"]
kinds = len(set(after_a))
by_hand = (after_a.count("c") + kinds * unigram) / (len(after_a) + kinds)  # (1.11)
by_seqlib = model.next(letters.encode("a"))[letters.id("c")]
print(f"after a came {after_a}: P(c | a) by hand {by_hand:.6f}, by seqlib {by_seqlib:.6f}")

# %% [markdown]
# ## On a real benchmark: Shakespeare
#
# *tinyshakespeare* is a million characters of his plays; everybody who writes a small language model reports its loss on
# the last tenth. nanoGPT's README gives 1.88 nats for a small Transformer after three minutes on a CPU, 1.47 for a
# larger one on an A100.
#
# **Predict.** Counting, Witten–Bell, n = 1 … 8. Which n has the lowest loss on the held-out tenth?

# %%
guess = None  # predict: the best n, from 1 to 8

# %% [markdown]
# Without a network this cell says so in one line, counts Python's source instead, and the picture shows the recorded
# curve beside it. Counting has no seed and no hardware: measured figures are the recorded ones.

# %%
from seqlib.data import DataUnavailable, encode_chars, fetch

# nats, n = 1 … 8, by this cell
RECORDED = [3.3473, 2.4858, 2.0492, 1.7738, 1.6688, 1.6981, 1.7792, 1.8758]
try:
    play = fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8")
    plays = "tinyshakespeare"
except DataUnavailable as why:
    play, plays = stdlib_text(300_000), "Python's source"
    print(why)
all_ids, characters = encode_chars(play[:budget(cpu=len(play), smoke=20_000)])
early, late = split_in_time(all_ids, (0.9, 0.1))
orders = range(1, budget(cpu=8, smoke=3) + 1)
counted = [NGram(n, characters.size).fit(early) for n in orders]
losses = {"held out": [m.nll(late) for m in counted],
          "on its own training text": [m.nll(early[:200_000]) for m in counted]}
best = int(np.argmin(losses["held out"])) + 1
lowest = losses["held out"][best - 1]
reveal(guess, best, f"best n on {plays}: {lowest:.3f} nats", fmt="{:.0f}")

# %% tags=["fold"]
# Draw: nats per character against n, on the training text and held out
from seqlib.display.figures import level

fig, ax = figure(figsize=(7, 3.4))
lines(ax, orders, losses)
if plays != "tinyshakespeare":
    lines(ax, range(1, 9), {"recorded: tinyshakespeare, held out": RECORDED}, legend=False)
    ax.legend()
level(ax, 1.88, "nanoGPT, CPU")
level(ax, 1.4697, "nanoGPT, A100")
ax.set(title="A counted 5-gram is a serious baseline; longer ones learn by heart",
       xlabel="n", ylabel="nats per character", ylim=(0.5, 3.5))
show(fig, alt="Nats per character against n. On its own training text the loss falls all "
              "the way. Held out, it falls to a minimum near n = 5 and rises again. On "
              "Shakespeare the minimum lies below 1.88, the line of nanoGPT's CPU recipe.")

# %% [markdown]
# The gap between the curves is **overfitting**, in a model without a single trained weight: an 8-gram knows its text by
# heart, and on a new one falls behind a shorter one. Where the lowest point lies for a longer text, or another smoothing,
# the picture does not say. Any network of this course that reads Shakespeare must beat the 5-gram to have learned more than
# counting gives. Let the models write:

# %%
for n in sorted({1, 2, min(3, len(counted)), min(5, len(counted)), len(counted)}):
    drawn = counted[n - 1].sample(150, np.random.default_rng(0))
    written = "".join(characters.decode(drawn)).replace("\n", " ↵ ")
    print(f"n = {n}: {written}\n")

# %% [markdown]
# ## Break it
#
# Take away what made things work, and measure. **Order:** shuffle the words of each review before the 4-grams are
# counted. **Smoothing:** leave out $\alpha$ in the bigram of Python's source.

# %%
def shuffled(part, rng):
    return [rng.permutation(tokens).tolist() for tokens in part[0]], part[1]


no_order = []
for seed in range(budget(cpu=3, smoke=1)):
    rng = np.random.default_rng(seed)
    train = negation_grammar(rng, size)
    test = negation_grammar(rng, size // 2, exclude=train[0])
    no_order.append(percent_right(4, shuffled(train, rng), shuffled(test, rng)))
print(f"4-grams: words in order {ladder[3]:.1f} % right, "
      f"shuffled {np.mean(no_order):.1f} %")

raw = np.zeros(pairs.shape)
np.add.at(raw, (train_ids[:-1], train_ids[1:]), 1)
unseen = raw[test_ids[:-1], test_ids[1:]] == 0
cost = "infinitely many" if unseen.any() else "finitely many"
print(f"{unseen.sum()} of {len(unseen):,} pairs were never seen "
      f"({100 * unseen.mean():.2f} %): without smoothing the text costs {cost} nats")

# %% [markdown]
# Shuffled, four words in a row are no better than a bag. And a fraction of a percent of new pairs is enough to make the
# whole text "impossible": one factor of zero in (1.5) does it.
#
# ## What the books say, and what you measured

# %% tags=["fold"]
# The numbers that the verdicts below are computed from
from seqlib.studies.counting_words import better
from seqlib.studies.exact_claims import agrees, at_least, of_two


def leaked(name):
    """What a leak was worth, a verdict (it has to pay with every seed), and where."""
    leaky, honest = leaks[name].T
    figures = (f"{leaky.mean():.0f} % leaky, {honest.mean():.0f} % honest, "
               f"{len(leaky)} seeds")
    return figures, better(leaky - honest, [0.0]), "Splits that do not leak"


reached = [reach[n - 1, gap] for n in (2, 3, 4) for gap in range(n - 1)]
beyond = [reach[n - 1, gap] for n in (2, 3, 4) for gap in range(n - 1, 8)]
one, two = errors[0.0][0][:2]
own, held = (bool(np.all(np.diff(losses[name]) < 0))
             for name in ("on its own training text", "held out"))

# %% tags=["fold"]
# What was claimed, and what you measured
from seqlib import claims

claims([
    ("A negation turns a mood round, and single words do not show it",
     "Jurafsky and Martin §4.4", f"{ladder[0]:.1f} % on twins, {len(scores)} seeds",
     agrees(abs(ladder[0] - 50), 1.0), "The same words, another story"),
    ("An n-gram sees n − 1 tokens back", "Jurafsky and Martin §3.1",
     f"{np.mean(reached):.0f} % within reach, {np.mean(beyond):.0f} % beyond",
     better(reached, beyond), "The same words, another story"),
    ("Two positions tell the speed", "folklore", f"error {one:.3f} → {two:.3f}",
     at_least(one / two, 2.0), "The ball, with and without its past"),
    ("Time series must be split in time", "Hyndman and Athanasopoulos §5.10",
     *leaked("time")),
    ("Words chosen on all data: a false score", "Hastie et al. §7.10.2",
     *leaked("vocabulary")),
    ("Duplicates across a split reward memory", "Lee et al. 2022, §1",
     *leaked("duplicates")),
    ("The mean of batch means is near enough", "folklore",
     f"{of_means:.3f} for {exact:.3f} nats", agrees(abs(of_means - exact), 0.01),
     "Sum first, divide once"),
    ("More context, better prediction", "Shannon 1951, §2 (of all English, n to 8)",
     f"lower at every n on its own text: {'yes' if own else 'no'}; held out: "
     f"{'yes' if held else f'no, best at {best}'}", of_two(own, held),
     "On a real benchmark"),
    ("A small Transformer beats counting", "folklore; nanoGPT's README has 1.88",
     f"{lowest:.3f} nats on {plays}; a test trains the Transformer until it is flat, at "
     "several rates and seeds", "not tested", "On a real benchmark"),
])

# %% [markdown]
# The last row holds a published figure against a counted one: three minutes on a CPU are few, and the same README's
# larger model, at 1.47 nats, leaves every n-gram of yours behind. It is a reason to show a baseline, and no verdict.
#
# ## Remember

# %%
from seqlib import flashcards, quiz

flashcards("01")

# %%
quiz("01")

# %% [markdown]
# ## Beyond
#
# - Which single word, added to each review, would make a bag right again?
# - Change `negation_grammar`'s `distances` so that pairs reach 75 %. Work the weights out before you run.
# - Let the ball accelerate. How many frames are needed now, and what does (1.2) give as weights?
# - Make a fourth leak, *groups*: cut letters into lines, split the lines at random, and predict who wrote each.
# - How does the best n move when you count only a tenth of Shakespeare?
#
# Next: [02 · The recurrent network](02_rnn.ipynb), which keeps a memory as long as it likes.

# %% [markdown]
# **Sources.** Jurafsky and Martin, *Speech and Language Processing*, 3rd ed. draft (August 2024): §3.1 n-grams, §3.3
# perplexity, §3.6 smoothing, §4.4 negation. Witten and Bell 1991, *The zero-frequency problem*, IEEE Trans. Information
# Theory 37(4), method C; Chen and Goodman 1999, *An empirical study of smoothing techniques*, §2.5. Shannon 1951,
# *Prediction and entropy of printed English*. Hastie, Tibshirani and Friedman 2009, *The Elements of Statistical
# Learning*, §7.10.2. Hyndman and Athanasopoulos 2021, *Forecasting*, §5.10. Lee et al. 2022, *Deduplicating training
# data makes language models better*, §1. Karpathy 2015, *The unreasonable effectiveness of recurrent neural networks*
# (the five shapes); *nanoGPT*, README, quick start.
