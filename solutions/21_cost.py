# %% [markdown]
# # 21 · What order costs
#
# **By the end you have counted the operations and bytes of recurrence and of attention, measured both against length,
# width and batch on this very machine, found where their curves cross, worked out what a small device can stream, tried
# every common remedy and seen where it pays, and foretold the loss of a run before it was made.**
#
# *Before you start:* [05 · The LSTM](05_lstm.ipynb), [13 · Self-attention](13_self_attention.ipynb),
# [16 · GPT](16_gpt.ipynb). *Time:* 150 minutes, of which about 80 are the ten exercises. *Needs:* no network, no GPU.

# %% [markdown]
# ## Two ways to read
#
# "Recurrent networks are sequential, hence slow." "Attention is quadratic, hence hungry." Both sentences stand in every
# textbook, and both leave out a condition. This page measures them.

# %% tags=["fold"]
# Draw: a chain of states, and a table of pairs
from seqlib.display import drawn_cost

drawn_cost.chain_and_table().show(
    "Left, a chain: six states, each with an arrow from the one before and from its input. "
    "Right, a table of six queries by six keys, the lower triangle filled: all of its "
    "entries can be computed at once."
)

# %% [markdown]
# Left, T small pieces of work, each waiting for the one before. Right, one large piece of work that grows with the square
# of T. The drawing says what waits for what; it does not say how long anything takes.
#
# **Predict.** One core, no GPU; a layer 128 wide reads one sequence of 512 steps, forward and backward. How many times as
# long as fused attention does `nn.LSTM` take? Below 1 means that the LSTM is the quicker one.

# %%
guess = None  # predict: seconds of nn.LSTM over seconds of fused attention at 512 steps

# %%
import numpy as np
import torch
from torch import nn

from seqlib import budget, reveal, show
from seqlib.display.figures import bars, figure, lines
from seqlib.studies.what_length_costs import LAYERS, at_length

torch.set_num_threads(1)  # one core: what is counted is work, not luck
LIVE = [64, 128, 256, 512, 1024][: budget(cpu=5)]
live = {steps: at_length(steps, rounds=budget(cpu=3)) for steps in LIVE}
at_512 = {name: np.median(seconds) for name, seconds in live[min(LIVE[-1], 512)].items()}
reveal(
    guess,
    at_512["nn.LSTM, training"] / at_512["fused attention, training"],
    "nn.LSTM over fused attention, at 512 steps",
)

# %% [markdown]
# How this is timed: processor seconds of one thread, so that other programs do not count; each layer once before,
# uncounted, because first calls choose kernels and ask for memory; rounds in turn, so that a slow moment meets all alike;
# the median. *Break it* takes a single call by the clock, and shows what that costs.
#
# ## Count first
#
# A product (m, k) @ (k, n) takes m·k·n multiplications and as many additions. An LSTM of width D reads B sequences of T
# steps with four gates, each from x and from h:
#
# $$\text{operations of an LSTM} = 2 \cdot 4 \cdot B\,T\,D\,(D + D) = 16\,B\,T\,D^2 \tag{21.1}$$
#
# Attention has four products with a D × D matrix, and two with its table:
#
# $$\text{operations of attention} = 8\,B\,T\,D^2 + 4\,B\,T^2 D \tag{21.2}$$

# %% [markdown]
# **Exercise 21.1 · Count the operations** — ●●○○, 8 minutes, core
#
# Where does each term of (21.2) come from? Count all T × T pairs, also those that a mask will hide. Norms, softmax and
# biases are left out, as everybody does: they are few.


# %%
def attention_flops(batch, steps, width, heads):
    """Operations of one layer of self-attention, forward: a whole number.

    batch sequences of `steps` vectors of `width` numbers; `heads` heads, each width / heads
    wide; multiplications and additions both count.
    """
    ### BEGIN SOLUTION
    projections = 4 * 2 * batch * steps * width * width
    table = 2 * 2 * batch * steps * steps * width
    return projections + table  # (21.2)
    ### END SOLUTION


# %%
from seqlib import check

attention_flops, result = check("21.attention_flops", attention_flops)
result

# %% [markdown]
# PyTorch can count, too. Does it agree with you?

# %%
from torch.utils.flop_counter import FlopCounterMode

from seqlib.studies.what_length_costs import forward, layer


def counted(kind, steps, width=128):
    """Operations that PyTorch's counter sees in one forward pass of a layer."""
    with FlopCounterMode(display=False) as counter:
        forward(layer(kind, width), torch.randn(1, steps, width))
    return counter.get_total_flops()


by_hand = {
    "looped RNN": 4 * 512 * 128**2,
    "nn.LSTM": 16 * 512 * 128**2,  # (21.1)
    "naive attention": attention_flops(1, 512, 128, 4),
    "fused attention": attention_flops(1, 512, 128, 4),
}
for kind in LAYERS:
    print(f"{kind:16} by hand {by_hand[kind]:>13,}   counter {counted(kind, 512):>13,}")

# %% [markdown]
# Where the two agree, they agree to the last operation. Where the counter says less, it has not looked: it knows a list of
# kernels, and what is fused into one call on this device need not stand on it. **A counter that prints 0 has not found
# a free lunch.** Count by hand, then compare.
#
# Note also what (21.1) and (21.2) say: attention *never* takes fewer operations than a plain RNN of its width. If it is
# quicker, the reason is not that it does less.

# %% [markdown]
# ## Time against length
#
# Your live seconds, over the recorded ones, on one core.

# %% tags=["fold"]
# Draw: seconds against length, training and forward, recorded and live
from seqlib.studies.what_length_costs import LENGTHS, series
from seqlib.training.recorded import credit, load

lengths_run = load("21_length")
costs = lengths_run["results"]
fig, axes = figure(1, 2, figsize=(8.4, 3.4), sharey=True)
for ax, what in zip(axes, ("training", "forward"), strict=True):
    for kind in LAYERS:
        x, seconds = series(costs, f"{kind}, {what}", LENGTHS)
        (line,) = ax.plot(x, np.median(seconds, axis=1), label=kind)
        ax.fill_between(
            x,
            seconds.min(axis=1),
            seconds.max(axis=1),
            alpha=0.2,
            color=line.get_color(),
            linewidth=0,
        )
        ax.plot(
            LIVE,
            [np.median(live[steps][f"{kind}, {what}"]) for steps in LIVE],
            "*",
            color=line.get_color(),
            markersize=6,
        )
    ax.set(title=what, xscale="log", yscale="log", xlabel="length T (steps)")
axes[0].set_ylabel("processor seconds")
axes[1].legend(fontsize=8)
show(
    fig,
    alt="Processor seconds against length, both axes logarithmic, one panel for "
    "training and one for the forward pass: a looped RNN, nn.LSTM, naive and "
    "fused attention. The recurrent curves rise like lines; attention's begin "
    "low and bend upwards.",
)
print(credit(lengths_run))

# %% [markdown]
# Lines are medians of the recorded rounds, bands the quickest and the slowest round, stars your machine now. On a
# logarithmic plot a power of T is a straight line; attention's are bent, a sum of two powers. What a GPU would say, where
# thousands of units wait for work, they do not show.

# %% [markdown]
# How steep is a curve? Between logarithms, with $x = \log T$ and $y = \log s$ less their means, least squares gives the
# slope and how sure it is:
#
# $$\hat p = \frac{\sum xy}{\sum x^2}, \qquad \text{s.e.} = \sqrt{\frac{\sum (y - \hat p x)^2}{(n - 2) \sum x^2}} \tag{21.3}$$
#
# **Exercise 21.2 · An exponent, and its error** — ●●○○, 8 minutes, core
#
# A slope without its error is half a number. Write (21.3) yourself: no `np.polyfit`.


# %%
def exponent(lengths, seconds):
    """The power p of seconds = constant · lengths^p by least squares between logarithms.

    lengths and seconds (n,), n at least 3. Returns p and its standard error, two numbers.
    np.polyfit, np.linalg.lstsq and scipy's linregress are not allowed here.
    """
    ### BEGIN SOLUTION
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    slope = (x * y).sum() / (x * x).sum()
    left = ((y - slope * x) ** 2).sum()
    return slope, np.sqrt(left / (len(x) - 2) / (x * x).sum())  # (21.3)
    ### END SOLUTION


# %%
exponent, result = check("21.exponent", exponent)
result

# %% [markdown]
# With your function, the recorded curves: two stretches, two exponents.

# %% tags=["fold"]
# Print: an exponent for each layer and each stretch
for kind in LAYERS:
    x, seconds = series(costs, f"{kind}, training", LENGTHS)
    middle, told = np.median(seconds, axis=1), []
    for part in (x <= 512, x >= 512):
        p, error = exponent(x[part], middle[part])
        told.append(f"{x[part][0]:>4}–{x[part][-1]:<5} {p:.2f} ± {error:.2f}")
    print(f"{kind:16} {'   '.join(told)}")

# %% [markdown]
# **An exponent belongs to a stretch of lengths.** The recurrent layers stay at 1 or below; attention begins above it and
# bends towards 2 once the table of (21.2) outgrows the projections, which is at T = 2 D. "Quadratic" is what happens
# *later*, and how much later depends on the width. (An exponent above 2 is no mistake of counting: a table that no longer
# fits in the processor's cache takes longer for each of its numbers.)

# %% [markdown]
# ## Where they cross
#
# **Exercise 21.3 · Find the crossing** — ●●○○, 8 minutes, core
#
# At first a is the cheaper of two curves. From which length on is it the dearer one? Measured lengths are far apart, so go
# along the line between the two logarithms.


# %%
def crossover(lengths, a, b):
    """The length at which a first becomes dearer than b; infinity if it never does.

    lengths, a, b (n,), lengths rising; a[0] < b[0]. Between two lengths, the logarithms of
    a and of b are straight lines against the logarithm of the length.
    """
    ### BEGIN SOLUTION
    x, gap = np.log(lengths), np.log(a) - np.log(b)
    for k in range(1, len(x)):
        if gap[k] > 0:
            share = gap[k - 1] / (gap[k - 1] - gap[k])
            return np.exp(x[k - 1] + share * (x[k] - x[k - 1]))
    return np.inf
    ### END SOLUTION


# %%
crossover, result = check("21.crossover", crossover)
result

# %% [markdown]
# **Predict.** "Self-attention layers are faster than recurrent layers when the sequence length n is smaller than the
# representation dimensionality d" (Vaswani et al. 2017, §4). From which length on does fused attention take longer than
# `nn.LSTM` here, training, 128 wide?

# %%
guess = None  # predict: the length at which the two curves cross


def met(results, suffix, lengths, dear="fused attention", other="nn.LSTM"):
    """Where a layer becomes the dearer one: 0 if it is so from the start."""
    a, b = (
        [np.median(results[f"{kind}, training, {suffix}{steps}"]) for steps in lengths]
        for kind in (dear, other)
    )
    return crossover(np.array(lengths), np.array(a), np.array(b)) if a[0] < b[0] else 0.0


crossed = met(costs, "", series(costs, "nn.LSTM, training", LENGTHS)[0].tolist())
reveal(
    guess, crossed, "steps, where fused attention becomes dearer than nn.LSTM", fmt="{:.0f}"
)

# %% [markdown]
# That is one width, one batch, one core. Recorded for other widths and batches, at 512 steps, and the crossing for each
# width:

# %% tags=["fold"]
# Draw: seconds against width and against batch, and where the curves cross
sizes_run = load("21_sizes")
by_size = sizes_run["results"]
WIDTHS, BATCHES, GRID = (32, 64, 128, 256, 512), (1, 4, 16, 64), (64, 256, 1024, 4096)
fig, axes = figure(1, 3, figsize=(9, 3.1))
for ax, what, points in ((axes[0], "width", WIDTHS), (axes[1], "batch", BATCHES)):
    for kind in LAYERS:
        each = [np.median(by_size[f"{kind}, training, {what} {p}"]) for p in points]
        share = points if what == "batch" else np.ones(len(points))
        ax.plot(points, np.divide(each, share), label=kind)
    ax.set(xscale="log", yscale="log", xlabel=what, title="seconds")
    ax.set_xticks(points, points)
    ax.minorticks_off()
axes[1].set_title("seconds / batch")
axes[1].set_yticks([0.005, 0.01, 0.02], ["0.005", "0.01", "0.02"])
axes[0].legend(fontsize=6.5)
crossings = {width: met(by_size, f"width {width}, ", GRID) for width in WIDTHS}
shown = [min(max(length, 32), 8192) for length in crossings.values()]
axes[2].plot(WIDTHS, shown, "o-", label="measured")
axes[2].plot(WIDTHS, WIDTHS, ":", color="black", label="T = D")
axes[2].set(title="they cross at length", xscale="log", yscale="log", xlabel="width")
axes[2].set_xticks(WIDTHS, WIDTHS)
axes[2].minorticks_off()
axes[2].legend(fontsize=8)
show(
    fig,
    alt="Three small plots, training at 512 steps. Seconds against width, seconds "
    "for each sequence against batch, four layers each; and the length at which "
    "fused attention becomes dearer than nn.LSTM, against width, with a dotted "
    "line where the two are equal.",
)
told = ", ".join(
    f"{'none' if np.isinf(n) else f'{n:.0f}'} at {w}" for w, n in crossings.items()
)
print(f"crossing by width: {told}")

# %% [markdown]
# A chain of single rows keeps a processor idle; many sequences at once give each step more to do. The looped RNN's seconds
# for each sequence fall with the batch, those of nn.LSTM and of fused attention hardly change, naive attention's rise.
# (Points drawn at 32 are dearer from the start, at 8,192 never.) The crossing belongs to a width, a batch, a kernel and a
# machine; the rule of thumb T = D is about operations, no more.

# %% [markdown]
# **Explore.** The same arithmetic with round numbers, for three machines, as far as a roof allows. (The softmax is not in
# it, so attention comes off better than measured.) Where does the crossing go when a step takes longer to *begin* than to
# do? When the batch grows?

# %%
from seqlib.display.explorers.cost import CostExplorer

CostExplorer(width=128, batch=1, machine="one core")

# %% [markdown]
# ## Memory against length
#
# Training keeps what the way back will need. An RNN keeps T states; attention with its table written down keeps several
# tables of T × T for every head; a fused kernel computes the table in tiles and throws them away, and computes them again
# on the way back (Dao et al. 2022). Here every tensor is counted while it lives, so these bytes are the same on any machine.
#
# **Predict.** 2,048 steps, 128 wide, 4 heads: how many megabytes does naive attention hold at most, in training?

# %%
guess = None  # predict: megabytes that naive attention holds at 2,048 steps

# %%
from seqlib.studies.what_is_held import held
from seqlib.studies.what_length_costs import both_ways

STEPS = budget(cpu=2048, smoke=256)
x = torch.randn(1, STEPS, 128)
bytes_now = {}
for kind in LAYERS:
    model = layer(kind)
    bytes_now[kind] = held(lambda model=model: both_ways(model, x))
reveal(
    guess, bytes_now["naive attention"] / 1e6, "megabytes of naive attention", fmt="{:.0f}"
)

# %% tags=["fold"]
# Draw: bytes held at most in training, and in a forward pass
fig, axes = figure(1, 2, figsize=(8.4, 3.2), sharey=True)
for ax, what in zip(axes, ("held in training", "held forward"), strict=True):
    for kind in LAYERS:
        x, found = series(costs, f"{kind}, {what}", LENGTHS)
        ax.plot(x, found[:, 0] / 1e6, label=kind)
    ax.set(title=what, xscale="log", yscale="log", xlabel="length T (steps)")
axes[0].set_ylabel("megabytes")
axes[0].legend(fontsize=8)
show(
    fig,
    alt="Megabytes held at most against length, both axes logarithmic, in training "
    "and in a forward pass. Naive attention rises with the square of the "
    "length; the two recurrent layers and fused attention rise like lines.",
)
for kind in LAYERS:
    x, found = series(costs, f"{kind}, held in training", LENGTHS)
    p, error = exponent(x[x >= 512], found[x >= 512, 0])
    print(f"{kind:16} T to the power of {p:.2f} ± {error:.2f} from 512 steps on")

# %% [markdown]
# Same layer, same numbers, another kernel: one curve is quadratic, the other is not. So "attention needs quadratic memory"
# is about writing the table down. The picture counts tensors; what a kernel takes for itself while it runs, it does not show.

# %% [markdown]
# ## The roof of a machine
#
# A processor has a **peak**, operations a second, and a memory **bandwidth**, bytes a second. Both work at the same time,
# so no piece of work can take less than
#
# $$\text{seconds} \ge \max\left(\frac{\text{operations}}{\text{peak}},\; \frac{\text{bytes moved}}{\text{bandwidth}}\right) \tag{21.4}$$
#
# Which of the two decides? That depends on the **arithmetic intensity**, operations for each byte (Williams et al. 2009).
#
# **Exercise 21.4 · Below the roof** — ●●○○, 6 minutes, core
#
# For a product (m, k) @ (k, n): both matrices are read once and the result is written once.


# %%
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    """The least seconds of (m, k) @ (k, n), by (21.4): a number.

    peak in operations a second, bandwidth in bytes a second, bytes_each for each number.
    """
    ### BEGIN SOLUTION
    operations = 2 * m * k * n
    moved = bytes_each * (m * k + k * n + m * n)
    return max(operations / peak, moved / bandwidth)  # (21.4)
    ### END SOLUTION


# %%
product_seconds, result = check("21.product_seconds", product_seconds)
result

# %% [markdown]
# Measure this machine's own roof, now: the best square product, and the best sum of two arrays that fit in no cache. Then
# products of one row, of a few, of many with a matrix that comes from memory each time.

# %%
from seqlib.studies.what_a_machine_can_do import bandwidth, peak, products

top, stream_rate = peak(rounds=budget(cpu=3)), bandwidth(rounds=budget(cpu=3))
SHAPES = [(m, 512, 512) for m in (1, 4, 16, 64, 256, 1024)]
measured = products(SHAPES, rounds=budget(cpu=3))
print(
    f"{top / 1e9:.0f} billion operations and {stream_rate / 1e9:.1f} billion bytes a second"
)

# %% tags=["fold"]
# Draw: the roofline, with products of 1 to 1,024 rows below it, live and recorded
roof_run = load("21_roofline")
roof = roof_run["results"]
best, flow = np.median(roof["peak"]), np.median(roof["bandwidth"])
intensity = np.geomspace(0.2, 400, 60)
fig, ax = figure(figsize=(7, 3.4))
allowed = {"roof, recorded": np.minimum(best, flow * intensity) / 1e9,
           "roof, live": np.minimum(top, stream_rate * intensity) / 1e9}
for (name, line), look in zip(allowed.items(), ("-", ":"), strict=True):
    ax.plot(intensity, line, look, color="black", label=name)


def dots(works, marker, label, color=None):
    """Products (operations, bytes, seconds) as points below the roof."""
    w, b, s = np.transpose(works)
    ax.plot(w / b, w / s / 1e9, marker, label=label, color=color)


for n, marker in ((256, "o"), (512, "s"), (1024, "^")):
    took = {m: np.median(roof[f"({m}, {n}) @ ({n}, {n})"])
            for m in (1, 4, 16, 64, 256, 1024)}
    works = [(2 * m * n**2, 4 * (n**2 + 2 * m * n), s) for m, s in took.items()]
    dots(works, marker, f"rows × {n} × {n}")
dots(list(measured.values()), "*", "512, live", "#6B6B6B")
ax.set(title="One row waits for memory, many rows for arithmetic", xscale="log",
       yscale="log", xlabel="operations for each byte",
       ylabel="billion operations a second")
ax.legend(fontsize=7.5)
show(
    fig,
    alt="A roofline, both axes logarithmic: billions of operations a second against "
    "operations for each byte. The roof rises and then is flat. Products of a "
    "matrix with 1 to 1,024 rows lie along and below it, one row at the far left.",
)

# %% [markdown]
# A vector times a matrix, at the left, does half an operation for each byte: the processor waits. That is a step of an RNN
# at batch 1, and it is every token that a GPT writes. What the roof promises is an upper bound; the distance of a point
# from it is not explained by it. (An RNN whose weights stay in a cache does better than memory allows.)

# %%
least = product_seconds(1, 512, 512, top, stream_rate)
took = measured[1, 512, 512][2]
print(f"one row: the roof allows {least * 1e6:.0f} µs, it took {took * 1e6:.0f} µs")
print(
    f"124 million weights in float32, one token: at least "
    f"{product_seconds(1, 11_136, 11_136, top, stream_rate) * 1e3:.0f} ms on this machine"
)

# %% [markdown]
# ## Streams: a state, or a cache
#
# A sensor gives a reading; an answer is due before the next. What is kept from one to the next?

# %% tags=["fold"]
# Draw: one state against a cache that grows
drawn_cost.state_and_cache().show(
    "Two rows, after 1 to 5 readings. A recurrent network keeps one box, h and c, after "
    "any number of readings. Attention keeps a stack of keys and values, one higher each "
    "time."
)

# %% [markdown]
# A recurrent network keeps the same few numbers for ever, and can keep no more than fits in them (10 measured that
# bottleneck). Attention keeps everything and reads all of it each time. For L layers with G heads of keys and values, each
# $d_k$ wide, one more position costs
#
# $$\text{bytes of a position} = 2\,L\,G\,d_k \cdot \text{streams} \cdot \text{bytes of a number} \tag{21.5}$$

# %% tags=["fold"]
# Draw: seconds of a reading along a stream, recorded
from seqlib.studies.one_reading_at_a_time import STREAMS, Attending, latencies, stream

stream_run = load("21_stream")
flows = stream_run["results"]
ENDS = [512 * k for k in range(1, 17)]
fig, ax = figure(figsize=(7, 3.2))
for kind in STREAMS:
    found = np.array([flows[f"{kind}, {end}"] for end in ENDS]) * 1e6
    (line,) = ax.plot(ENDS, np.median(found, axis=1), label=kind)
    ax.fill_between(
        ENDS,
        found.min(axis=1),
        found.max(axis=1),
        alpha=0.2,
        linewidth=0,
        color=line.get_color(),
    )
ax.set(
    title="A state takes the same time for ever, a cache ever longer",
    yscale="log",
    xlabel="readings so far",
    ylabel="µs for one reading",
)
ax.legend()
show(
    fig,
    alt="Microseconds for one reading against the readings so far, for an LSTM and "
    "for attention with a cache that is joined anew or set aside. The LSTM's "
    "line is level, attention's lines rise.",
)
for kind in STREAMS:
    kept = np.median(flows[f"{kind}, kept"]) / 1e3
    print(f"{kind}: {kept:,.0f} kilobytes kept after 8,192 readings")
print(credit(stream_run))

# %% [markdown]
# Bands are five streams. The LSTM's time and memory do not depend on how much came before; attention's grow, the more so
# where the cache is copied at every reading. Whether the LSTM still *remembers* what came long before, this does not show:
# that was 04's and 05's question, and [22](22_linear_recurrence.ipynb) takes it up again.

# %% [markdown]
# **Exercise 21.5 · What a device can hold** — ●●○○, 6 minutes, core
#
# Weights and caches share one memory. How many positions fit?


# %%
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    """How many positions' keys and values fit in memory beside the weights: a whole number.

    memory in bytes; `layers` layers with kv_heads heads of keys and values, each d_k wide;
    batch streams share one copy of the weights; every number takes bytes_each bytes.
    0 where the weights alone are too large.
    """
    ### BEGIN SOLUTION
    left = memory - parameters * bytes_each
    position = 2 * layers * kv_heads * d_k * batch * bytes_each  # (21.5)
    return max(0, left // position)
    ### END SOLUTION


# %%
longest_stream, result = check("21.longest_stream", longest_stream)
result

# %% [markdown]
# A budget, worked out. A sensor speaks 100 times a second; its chip has 1 MB of memory, moves 100 million bytes and does
# 100 million operations a second; numbers have one byte. Two layers of width 64, recurrent or attending (with a
# feed-forward part of 4 D): what fits, for how long, and is it quick enough?

# %%
D, LAYERS_HERE, MEMORY, RATE = 64, 2, 1_000_000, 100
lstm_weights, gpt_weights = LAYERS_HERE * 8 * D * D, LAYERS_HERE * 12 * D * D
room = longest_stream(MEMORY, gpt_weights, LAYERS_HERE, 4, D // 4, 1, 1)
once = {
    name: product_seconds(1, n**0.5, n**0.5, 1e8, 1e8, 1) * 1e3  # a square of n numbers
    for name, n in (("LSTM", lstm_weights), ("attention", gpt_weights + 2 * 2 * D * room))
}
print(
    f"LSTM: {lstm_weights:,} bytes of weights, {LAYERS_HERE * 2 * D} of state, "
    f"{once['LSTM']:.1f} ms a reading, for ever"
)
print(
    f"attention: {gpt_weights:,} bytes of weights, and the memory is full after {room:,} "
    f"readings, {room / RATE:.0f} s; then a reading takes {once['attention']:.1f} ms of "
    f"the {1000 / RATE:.0f} that there are"
)
in_time = (1e8 / RATE / 2 - gpt_weights) / (2 * LAYERS_HERE * D)  # two operations a number
print(f"in time up to {in_time:,.0f} readings: arithmetic ends before memory does")

# %% [markdown]
# What then? Attention forgets the oldest readings (a window), or shares heads, or stops. A window of what fits is a fair
# choice where nothing older is ever needed.
#
# **Exercise 21.6 · One slow reading delays the next** — ●●○○, 8 minutes, core
#
# Readings come at 0, P, 2P, …; one worker takes them in turn. Work on a reading begins when it has come and the worker is
# free; $\ell_t$ is how long it takes:
#
# $$\text{free}_t = \max(\text{free}_{t-1},\; t P) + \ell_t, \qquad \text{delay}_t = \text{free}_t - t P \tag{21.6}$$
#
# You have met such a recurrence before: it is an RNN of one unit.


# %%
def delays(latencies, period):
    """How long after each reading its answer comes, one worker: (n,).

    latencies (n,): seconds of work for each reading; reading t comes at t · period.
    """
    ### BEGIN SOLUTION
    free, waited = 0.0, []
    for t in range(len(latencies)):
        free = max(free, t * period) + latencies[t]  # (21.6)
        waited.append(free - t * period)
    return np.array(waited)
    ### END SOLUTION


# %%
delays, result = check("21.delays", delays)
result

# %% [markdown]
# Your queue, at work: readings come twice as far apart as the median time.

# %%
import time

READINGS = budget(cpu=1000, smoke=40)
print(f"{'µs by the clock':26}  median   99th percentile   slowest   slowest, queued")
for kind in ("LSTM", "attention, cache set aside"):
    spent = latencies(stream(kind, most=READINGS), READINGS, clock=time.perf_counter)[10:]
    late = delays(spent, 2 * np.median(spent))
    told = [np.median(spent), np.percentile(spent, 99), spent.max(), late.max()]
    wide = zip(told, (8, 18, 10, 18), strict=True)
    print(f"{kind:26}" + "".join(f"{1e6 * seconds:{n}.0f}" for seconds, n in wide))

# %% [markdown]
# Here the clock counts, not the processor: a stream has to live with whatever else the machine does. With readings twice as
# far apart as the median time, the mean is no trouble; one slow moment is, and so is what waits behind it. A live system is
# planned for its slow moments.

# %% [markdown]
# ## Remedies, each measured
#
# One training step of a small GPT, 4 layers of 128, eight sequences. First: does it have to be one piece?
# A batch in pieces, one after another, whose gradients are added up, holds the activations of one piece at a time. With
# $n_j$ targets in piece j and $n = \sum_j n_j$,
#
# $$\nabla \frac1n \sum_j \sum_{i \in j} \mathcal L_i = \sum_j \frac{n_j}{n}\, \nabla \bar{\mathcal L}_j \tag{21.7}$$
#
# where $\bar{\mathcal L}_j$ is the mean of piece j. Hugging Face's trainer divided by the number of pieces instead, until
# October 2024 (its pull request 34191): a loss that is slightly wrong raises no error.

# %% [markdown]
# **Exercise 21.7 · Add up gradients** — ●●●○, 12 minutes, core
#
# One linear layer and the cross entropy. Never more than one piece at a time; what comes out must be the gradient of the
# mean over *all* targets.


# %%
def accumulate(W, pieces):
    """The gradient of the mean cross entropy over all targets, piece by piece: (D, C).

    W (D, C): logits are x @ W. pieces: a list of (x, y), x (n, D) and y (n,) classes, n
    different in each.
    """
    ### BEGIN SOLUTION
    W = W.clone().requires_grad_()
    targets = sum(len(y) for _, y in pieces)
    for x, y in pieces:
        loss = nn.functional.cross_entropy(x @ W, y, reduction="sum")
        (loss / targets).backward()  # (21.7)
    return W.grad
    ### END SOLUTION


# %%
accumulate, result = check("21.accumulate", accumulate)
result

# %% [markdown]
# **Activation checkpoints** go further: keep the *inputs* of segments of k layers, throw away what is inside, and compute
# it a second time on the way back (Chen et al. 2016). With L layers, at most
#
# $$\text{kept} = \lceil L / k \rceil + k \tag{21.8}$$
#
# layers' worth is there at once: the inputs, and one segment in the open.
#
# **Exercise 21.8 · How long a segment?** — ●●○○, 6 minutes, core


# %%
def best_segment(layers):
    """The k that keeps least by (21.8), of equal ones the smallest; and how much it keeps.

    Returns two whole numbers.
    """
    ### BEGIN SOLUTION
    kept = {k: -(-layers // k) + k for k in range(1, layers + 1)}  # (21.8)
    best = min(kept, key=kept.get)
    return best, kept[best]
    ### END SOLUTION


# %%
best_segment, result = check("21.best_segment", best_segment)
result

# %% tags=["fold"]
# Print: the best segments of 12, 48 and 100 layers
for depth in (12, 48, 100):
    k, kept = best_segment(depth)
    print(
        f"{depth} layers: segments of {k}, {kept} kept instead of {depth}; "
        f"2 √L = {2 * depth**0.5:.1f}"
    )

# %% [markdown]
# Now the whole step, live with a context of 96: each remedy's seconds and bytes beside the plain step's. **bfloat16**
# products take half the memory traffic, and less time where the processor has instructions for them; where it
# has not, they are imitated.
#
# **Predict.** How many times the seconds of the plain step does bfloat16 take on this machine? Below 1: it pays.

# %%
guess = None  # predict: seconds with bfloat16 over seconds without

# %%
from seqlib.runtime import quick_type
from seqlib.studies import what_a_remedy_buys as buys
from seqlib.studies.what_length_costs import timed

model, tokens = buys.model_and_batch(batch=8, context=budget(cpu=96, smoke=32))
light = buys.checkpointed(model)
works = {
    "plain": lambda: buys.step(model, tokens),
    "4 pieces": lambda: buys.step(model, tokens, parts=4),
    "8 pieces": lambda: buys.step(model, tokens, parts=8),
    "checkpoints": lambda: buys.step(light, tokens),
    "bfloat16": lambda: buys.step(model, tokens, dtype=torch.bfloat16),
}
step_bytes = {name: held(work) for name, work in works.items()}
step_seconds = {name: np.median(each) for name, each in timed(works, budget(cpu=3)).items()}
reveal(
    guess,
    step_seconds["bfloat16"] / step_seconds["plain"],
    "bfloat16 over float32 (this machine "
    + ("has" if quick_type() is torch.bfloat16 else "has no")
    + " instructions for it)",
)

# %% tags=["fold"]
# Draw: seconds and megabytes of each remedy
fig, axes = figure(1, 2, figsize=(8.4, 2.9))
names = [name.replace(" ", "\n") for name in works]
bars(axes[0], names, [step_seconds[name] for name in works], fmt="{:.2f}")
axes[0].set_title("processor seconds a step")
bars(axes[1], names, [step_bytes[name] / 1e6 for name in works], fmt="{:.0f}")
axes[1].set_title("megabytes held at most")
for ax in axes:
    ax.tick_params(axis="x", labelsize=8)
show(
    fig,
    alt="Two bar charts of one training step: processor seconds, and megabytes "
    "held at most; plain, in 4 and in 8 pieces, with checkpoints, in bfloat16.",
)
remedies_run = load("21_remedies")
bought = remedies_run["results"]
for name in ("8 pieces", "checkpoints", "bfloat16", "compiled"):
    if name in bought:
        times = np.array(bought[name]) / np.array(bought["1 pieces"])
        print(
            f"recorded, context {buys.SIZES['context']}, {name}: {np.median(times):.2f} "
            f"times the plain step's seconds ({times.min():.2f} to {times.max():.2f})"
        )
print(credit(remedies_run))

# %% [markdown]
# Pieces and checkpoints buy memory. Checkpoints pay for it in time; whether pieces do depends on how much work is left in
# each, and on the machine: compare the bars with the recorded line, of longer sequences. bfloat16 pays or costs by the
# processor. All the pieces and the checkpoints give the same gradients. The bars are one model of one size; a model that
# does not fit without a remedy has no bar to compare with.


# %% tags=["fold"]
# Compare: the gradients that each remedy leaves
def gradients(step):
    """A copy of what a step leaves in the parameters' gradients."""
    step()
    return [p.grad.clone() for p in model.parameters()]


plain = gradients(works["plain"])
for name in ("4 pieces", "checkpoints"):
    apart = max(
        (a - b).abs().max() for a, b in zip(plain, gradients(works[name]), strict=True)
    )
    print(f"{name}: gradients {apart:.0e} apart from the plain step's")

# %% [markdown]
# **`torch.compile`** writes C++ (on a GPU, Triton) for what it can see of a model, fuses what lies side by side, and calls
# a compiler. The first call takes long; each later one may be quicker. No compiler on this machine: nothing to measure,
# and the page goes on. What lies side by side here: a gate's eight small operations.


# %% tags=["fold"]
# Measure: a chain of small operations, as written and compiled
def gate(x, y):
    """Eight small operations on (n,), each a trip to memory unless they are fused."""
    return (x * torch.sigmoid(x) + y * torch.tanh(y)) * (x - y).abs().sqrt()


found = buys.compiler()
if found and budget(cpu=1, smoke=0):
    try:
        fused, began = torch.compile(gate), time.perf_counter()
        a, b = torch.randn(2, 1_000_000)
        fused(a, b)
        first = time.perf_counter() - began
        both = timed({"as written": lambda: gate(a, b), "compiled": lambda: fused(a, b)}, 3)
        print(
            f"first call {first:.1f} s;",
            ", ".join(
                f"{name} {1e3 * np.median(seconds):.2f} ms"
                for name, seconds in both.items()
            ),
        )
    except Exception as problem:  # a compiler that is there and does not work
        print(f"the compiler did not work here: {type(problem).__name__}")
else:
    print("nothing was compiled here:", "no time" if found else "no C++ compiler")

# %% [markdown]
# Where no processor waits for memory, fusing buys little: a product of large matrices is one call already. It pays for
# chains of small operations, and most of all where *beginning* a call costs more than the call: the loop of an RNN on a GPU.

# %% [markdown]
# ## Two processes, one batch
#
# When one machine is too slow, let several read a share of the batch each, and average their gradients before every step:
# **data parallel**. If all shares have equally many targets, (21.7) says that this *is* the large batch. The command below
# starts two processes on this machine; they exchange gradients through `gloo`.

# %%
from seqlib.studies.two_processes import COMMAND, launch

print("python", *COMMAND)
try:
    together = launch()
except RuntimeError as problem:
    together = {}
    print(problem)
for what, number in together.items():
    print(f"{what}: {number:,.0f}" if number > 1000 else f"{what}: {number:.3g}")

# %% [markdown]
# In float64. Half a batch alone has another gradient; the average of both halves has the one of the whole, made by hand
# with `all_reduce` or by `DistributedDataParallel`, which does the same while the backward pass still runs. It does not
# show speed: two processes on two busy cores, with a model this small, would show the cost of talking.

# %% [markdown]
# ## When it does not fit: cut up what is kept
#
# Mixed precision with Adam keeps for each parameter 2 bytes of weight, 2 of gradient, and 12 of state: a float32 copy and
# two moments. With data parallel, *every* rank keeps all 16. **ZeRO** (Rajbhandari et al. 2020) lets each of R ranks keep a
# share: of the state (stage 1), of the gradients too (2), of the weights too (3; PyTorch's FSDP):
#
# $$16\,N, \quad \left(4 + \tfrac{12}{R}\right) N, \quad \left(2 + \tfrac{14}{R}\right) N, \quad \tfrac{16}{R}\, N \tag{21.9}$$

# %% tags=["fold"]
# Draw: what each of four ranks holds at each stage
drawn_cost.cut_up(4).show(
    "Four bars, stages 0 to 3, to scale: weights, gradients, optimizer. At stage 0 a rank "
    "holds 16 bytes for each parameter, at stage 1 with four ranks 7, at stage 2 5.5, at "
    "stage 3 4."
)

# %% [markdown]
# The optimizer's state is the largest part, and the easiest to cut: nobody needs another rank's share to compute
# gradients. Not drawn: activations, which no stage cuts, and the talking, which stage 3 does for every layer.
#
# **Exercise 21.9 · Bytes a rank** — ●●○○, 8 minutes, core


# %%
def bytes_per_rank(parameters, ranks, stage):
    """Bytes of weights, gradients and optimizer state that one rank holds: a number.

    stage 0 to 3, as in (21.9); each stage does what the ones before do as well.
    """
    ### BEGIN SOLUTION
    weights, gradients, state = 2, 2, 12
    state /= ranks if stage >= 1 else 1
    gradients /= ranks if stage >= 2 else 1
    weights /= ranks if stage >= 3 else 1
    return parameters * (weights + gradients + state)  # (21.9)
    ### END SOLUTION


# %%
bytes_per_rank, result = check("21.bytes_per_rank", bytes_per_rank)
result

# %% tags=["fold"]
# Print: seven billion parameters at each stage, and what two processes held
for stage in range(4):
    each = [bytes_per_rank(7e9, ranks, stage) / 1e9 for ranks in (1, 8, 64)]
    print(
        f"7 billion parameters, stage {stage}: "
        f"{each[0]:.0f} GB alone, {each[1]:.1f} on each of 8, {each[2]:.1f} on each of 64"
    )
if together:
    whole = together["bytes of Adam's state in one process"]
    parts = [n for what, n in together.items() if what.startswith("bytes of the cut state")]
    print(
        "stage 1, tried above:",
        " and ".join(f"{n / whole:.0%}" for n in parts),
        "of Adam's state in each process, and the same weights after three steps",
    )

# %% [markdown]
# ## What does a run of given cost reach?
#
# Time and memory are spent on a loss. A GPT with N weights that multiply, trained on n tokens, costs about 6 N operations a
# token, and attention's table 12 L T D more ([16](16_gpt.ipynb) counts it in full):
#
# $$C = (6N + 12\,L\,T\,D)\,n \tag{21.10}$$
#
# With C fixed, a larger model reads fewer tokens. Too small, and it cannot learn what it reads; too large, and it has read
# too little. Between the two lies the best size, *seen* only when sizes on both sides are tried.

# %% [markdown]
# Recorded: five budgets, five sizes each, on Python's own source by characters; three seeds, and at each point the learning rate
# that is best *there*: one for all would compare rates.

# %% tags=["fold"]
# Look: the rates that were tried, and what (21.10) leaves to each part
from seqlib.studies.loss_against_compute import (
    CONTEXT,
    LATER,
    grid,
    operations_a_token,
    point,
    run_at,
    shape,
    steps_for,
    weights_of,
)

scaling_run = load("21_scaling")
scaled = scaling_run["results"]
small, large = shape(8, 1), shape(48, 2)
for config in (small, large):
    table = (
        12 * config.layers * CONTEXT * config.width / operations_a_token(config)
    )  # (21.10)
    print(f"{weights_of(config):,} weights: the table takes {table:.0%} of the operations")
print("the best rates, by operations and weights:")
for C, tried in sorted(grid(scaled).items()):
    best = {size: scaled[f"rate at {point(C, size)}"][0] for size in sorted(tried)}
    print(f"{C:.1e}:", ", ".join(f"{rate:g} at {size:,}" for size, rate in best.items()))

# %% [markdown]
# **Exercise 21.10 · The best size of a budget** — ●●●○, 10 minutes, core
#
# Near its lowest point every smooth curve is a parabola. Lay one through the losses against $x = \log N$:
#
# $$\mathcal L \approx a x^2 + b x + c, \qquad x^* = -\frac{b}{2a}, \qquad \mathcal L^* = c - \frac{b^2}{4a} \tag{21.11}$$
#
# `np.polyfit` is allowed this time. And say whether the lowest point lies *inside* what was tried; an optimum at the edge is
# none.


# %%
def best_size(weights, nats):
    """The lowest point of a parabola in log(weights) through the losses.

    weights and nats (n,), n at least 3. Returns the best size, its loss by (21.11), and
    True; or, where the parabola opens downwards or its lowest point is not between the
    smallest and the largest size, the size with the lowest loss, that loss, and False.
    """
    ### BEGIN SOLUTION
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    vertex = -b / (2 * a)
    if a > 0 and x.min() < vertex < x.max():
        return np.exp(vertex), c - b * b / (4 * a), True  # (21.11)
    return weights[nats.argmin()], nats.min(), False
    ### END SOLUTION


# %%
best_size, result = check("21.best_size", best_size)
result

# %% tags=["fold"]
# Print: the lowest point of each budget, by your function
budgets = grid(scaled)
vertices = {}
for C, tried in sorted(budgets.items()):
    sizes = np.array(sorted(tried), dtype=float)
    nats = np.array([np.mean(tried[size]) for size in sorted(tried)])
    vertices[C] = best_size(sizes, nats)
    N, lowest, inside = vertices[C]
    print(
        f"{C:.1e} operations: best near {N:,.0f} weights, {lowest:.3f} nats, "
        f"{'inside' if inside else 'NOT inside'} {sizes[0]:,.0f} to {sizes[-1]:,.0f}; "
        f"lowest measured {nats.min():.3f} at {sizes[nats.argmin()]:,.0f}"
    )

# %% tags=["fold"]
# Draw: loss against size, a curve a budget, with its lowest point
fig, ax = figure(figsize=(7, 3.4))
for (C, tried), marker in zip(sorted(budgets.items()), "os^Dv", strict=True):
    sizes = np.array(sorted(tried), dtype=float)
    nats = np.array([np.mean(tried[size]) for size in sorted(tried)])
    (line,) = ax.plot(sizes, nats, marker, linestyle="none", label=f"{C:.1e} operations")
    fine = np.geomspace(sizes[0], sizes[-1], 60)
    ax.plot(
        fine,
        np.polyval(np.polyfit(np.log(sizes), nats, 2), np.log(fine)),
        "-",
        color=line.get_color(),
        linewidth=1,
    )
    ax.plot(*vertices[C][:2], "*", color="black", markersize=10)
ax.set(
    title="At each budget one size is best (stars)",
    xscale="log",
    xlabel="weights that multiply",
    ylabel="nats per character",
)
ax.set_xticks([2000, 5000, 10_000, 20_000, 50_000], ["2k", "5k", "10k", "20k", "50k"])
ax.minorticks_off()
ax.legend(fontsize=8)
show(
    fig,
    alt="Nats per character against the number of weights, on a logarithmic axis, "
    "one bowl for each of five budgets of operations; a star marks each bowl's "
    "lowest point. Larger budgets lie lower.",
)
print(credit(scaling_run))

# %% [markdown]
# The stars move right and down as the budget grows. Compare each with the points around it: a parabola smooths over seeds and
# over a second layer, so a star may stand above the lowest point, and to its right. Depth changes along with width: the bowls
# show *that* a best size exists, and how fast it grows only as well as so few shapes can say.

# %% [markdown]
# Now the law through the stars, a line between logarithms,
#
# $$\mathcal L^*(C) = \kappa\, C^{-b} \tag{21.12}$$
#
# and a run three times as dear as the dearest. The recording computes the forecast *before* it makes that run, in this order,
# and writes both down. **Predict:** what will it reach?

# %%
guess = None  # predict: nats per character of a run of 2.5e11 operations

# %%
levels = np.array(sorted(vertices))
stars = np.array([vertices[C][1] for C in levels])
falls, falls_error = exponent(levels, stars)  # (21.12)
grows, grows_error = exponent(levels, [vertices[C][0] for C in levels])
low, told, high = (scaled[f"foretold, {key}"][0] for key in ("low", "nats", "high"))
made = scaled["made"]
print(
    f"loss falls like C to the {falls:.3f} ± {falls_error:.3f}; "
    f"the best size grows like C to the {grows:.2f} ± {grows_error:.2f}"
)
print(
    f"foretold for {LATER:.1e} operations: {told:.3f} nats, {low:.3f} to {high:.3f}; "
    f"made, three seeds: {', '.join(f'{nats:.3f}' for nats in made)}"
)
reveal(guess, np.mean(made), "nats per character of the longer run", fmt="{:.3f}")

# %% tags=["fold"]
# Draw: the law, its interval, and the run that was foretold
fig, ax = figure(figsize=(7, 3.2))
more = np.geomspace(levels[0] * 0.8, LATER * 1.5, 40)
height = np.exp(np.log(stars).mean() - falls * np.log(levels).mean())
ax.plot(levels, stars, "*", color="black", markersize=10, label="best of each budget")
ax.plot(more, height * more**falls, color="black", linewidth=1, label="law")
ax.errorbar(
    [LATER],
    [told],
    [[told - low], [high - told]],
    fmt="s",
    color="#0072B2",
    markerfacecolor="none",
    markersize=11,
    capsize=5,
    label="foretold, 95 %",
)
ax.plot([LATER] * 3, made, "o", color="#D55E00", markersize=4, label="made, three seeds")
ax.set(
    title="A larger run, foretold",
    xscale="log",
    yscale="log",
    xlabel="operations",
    ylabel="nats per character",
)
ticks = np.arange(1.6, 2.9, 0.2)
ax.set_yticks(ticks, [f"{tick:.1f}" for tick in ticks])
ax.minorticks_off()
ax.legend(fontsize=8)
show(
    fig,
    alt="Nats per character against operations, both axes logarithmic: five stars "
    "near a falling line, a square with a bar for what the line says of a larger "
    "budget, and three dots for what that budget reached.",
)

# %% [markdown]
# The dots were made after the square was written down. A line through five points of one kind of model on one kind of text
# is no law of nature: beyond the data's end, or with another recipe, it bends. And whether one size fits a budget best says
# nothing of what is cheapest to *use*: a model that will write for millions is better trained smaller and longer.
#
# One point of the grid, live, beside its recorded runs:

# %%
C, width, depth = 1e10, 24, 1
config = shape(width, depth)
reached, _ = run_at(
    C,
    width,
    depth,
    scaled[f"rate at {point(C, weights_of(config))}"][0],
    most=budget(cpu=10**9, smoke=3),
    name="one point of the grid",
)
print(
    f"{weights_of(config):,} weights, {steps_for(C, config)} steps: {reached:.3f} nats; "
    f"recorded {', '.join(f'{nats:.3f}' for nats in budgets[C][weights_of(config)])}"
)

# %% [markdown]
# ## Break it
#
# Four slips that cost people days. **Predict** the first: an LSTM reads a stream, 128 wide, and somebody forgot
# `torch.no_grad()`. How many bytes does *each reading* add to what is held?

# %%
guess = None  # predict: bytes that each reading leaves behind

# %%
from seqlib.studies.what_is_held import Held


def held_along(readings, gradients):
    """Bytes alive after each reading of an LSTM's stream."""
    cell, state, alive = nn.LSTMCell(128, 128), None, []
    with Held() as counter, torch.set_grad_enabled(gradients):
        for _ in range(readings):
            state = cell(torch.randn(1, 128), state)
            alive.append(counter.now)
    return np.array(alive)


COUNT = budget(cpu=200, smoke=20)
leaking, clean = held_along(COUNT, True), held_along(COUNT, False)
a_reading = (leaking[-1] - leaking[9]) / (COUNT - 10)
reveal(guess, a_reading, "bytes left behind by each reading", fmt="{:,.0f}")

# %% tags=["fold"]
# Draw and print: the leak, and three other slips
fig, ax = figure(figsize=(7, 2.5))
lines(ax, np.arange(1, COUNT + 1), {"gradients on": leaking / 1e3, "no_grad": clean / 1e3})
ax.set(
    title="A constant state, and the graph that hangs on it",
    xlabel="readings",
    ylabel="kilobytes alive",
)
show(
    fig,
    alt="Kilobytes alive against readings of an LSTM's stream: a rising line with "
    "gradients on, a level one without.",
)
model, x = layer("nn.LSTM"), torch.randn(1, 64, 128)
single = []
for _ in range(50):
    began = time.perf_counter()
    forward(model, x)
    single.append(time.perf_counter() - began)
print(
    f"single calls by the clock: the slowest of 50 takes "
    f"{max(single) / min(single):.1f} times the quickest, the median "
    f"{np.median(single) / min(single):.2f} times"
)
rng = torch.Generator().manual_seed(0)
W = torch.randn(6, 4, generator=rng)
pieces = [
    (torch.randn(n, 6, generator=rng), torch.randint(4, (n,), generator=rng))
    for n in (2, 3, 40)
]
means = [accumulate(W, [piece]) for piece in pieces]
off = (sum(means) / 3 - accumulate(W, pieces)).norm() / accumulate(W, pieces).norm()
print(f"a mean of the means of pieces of 2, 3 and 40 targets: gradient off by {off:.0%}")
reader = Attending(128, COUNT, joined=True)
latencies(reader, COUNT)
moved = sum(2 * 4 * 128 * t for t in range(COUNT))
print(
    f"a cache joined anew at each of {COUNT} readings: {moved / reader.kept():.0f} times "
    f"the bytes of the cache were copied"
)

# %% [markdown]
# The state has a constant size; the graph of how it came about has not, and it hangs on the state. `no_grad`, or `detach` in
# training (03), cuts it. None of the four slips raises an error, and only the first will ever be noticed by itself.

# %% [markdown]
# ## On a GPU
#
# A GPU has thousands of units, tensor cores for products in 16 bits, and takes microseconds to *begin* a kernel: a loop of
# 512 small steps begins thousands. There the crossing moves. `python tools/record_runs.py 21_gpu` records launches, peaks,
# bandwidth and the curves of this page on a machine with one. **Nobody has run it for this page**, so no figure stands here;
# the explorer's "GPU" has round numbers, not measured ones.
#
# ## What the books say

# %%
from seqlib import claims
from seqlib.studies import what_cost_says as says  # its rules can come out either way

claims(says.said(costs, by_size, flows, roof, bought, scaled) + says.together(together))

# %% [markdown]
# ## Remember
#
# - Count operations *and* bytes; the larger of the two times decides.
# - An exponent belongs to a stretch, a crossing to a width, a batch, a kernel and a machine.
# - A chain waits for itself, a table has to be written down or computed in tiles.
# - A state is constant, a cache is not: for a stream that never ends, that decides.
# - Every remedy trades: memory for time, time for precision, one machine for talk between several.
# - A law needs points on both sides of its optimum, and a forecast that was written down before.

# %%
from seqlib import flashcards, quiz

flashcards("21")

# %%
quiz("21")

# %% [markdown]
# ## Sources, and beyond
#
# Vaswani et al. 2017, *Attention Is All You Need*, §1, §4, Table 1. Williams, Waterman and Patterson 2009, *Roofline*, §3.
# Dao et al. 2022, *FlashAttention*, §2.2, §3.1. Shazeer 2019, *Fast Transformer Decoding*, §2.4. Pope et al. 2022,
# *Efficiently Scaling Transformer Inference*, §2. Micikevicius et al. 2018, *Mixed Precision Training*, §3. Chen et al. 2016,
# *Training Deep Nets with Sublinear Memory Cost*, §4. Ansel et al. 2024, *PyTorch 2*, §6. Goyal et al. 2017, *Accurate, Large
# Minibatch SGD*, §2.2. Rajbhandari et al. 2020, *ZeRO*, §5. Kaplan et al. 2020, *Scaling Laws for Neural Language Models*, §6.
# Hoffmann et al. 2022, *Training Compute-Optimal Large Language Models*, §3.2. Gu and Dao 2023, *Mamba*, §1. Goodfellow,
# Bengio and Courville 2016, *Deep Learning*, §10.2.2.
#
# **Beyond** (no check). Time a GRU; it has three quarters of the operations: is it three quarters of the time? What happens
# to the crossing with two threads, and why? Give attention a window of 256 and draw its curve into the first figure. Next:
# recurrences that need not wait for themselves, [22 · Linear recurrence](22_linear_recurrence.ipynb), and which to choose,
# [23 · Choosing](23_choosing.ipynb).
