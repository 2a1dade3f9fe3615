# %% [markdown]
# # 15 · Tokenization
#
# **By the end you have written a byte-pair encoding that learns, encodes and decodes, token for token what a
# well-kept tokeniser gives; made it fast enough for a megabyte in seconds; and measured what tokens cost: in rare
# languages, in arithmetic, and in numbers that must not be compared.**
#
# *Before you start:* [01 · Why order matters](01_why_order_matters.ipynb) (characters, counting models, bits). *Time:*
# 110 minutes, of which about 75 are the eleven exercises. *Needs:* no network (one text more with it), no GPU.

# %% [markdown]
# ## What a model sees
#
# Language models read neither letters nor words. They read **tokens**: pieces of text, each with a number, chosen
# before any network was trained. Here is an encoding of 4,096 tokens, learned just now from a million characters of
# Python's own source.
#
# **Predict.** Into how many tokens does it cut `How many r are in strawberry?` (29 characters)?

# %%
guess = None  # predict: the number of tokens of that question

# %%
from seqlib import budget, reveal
from seqlib.data import stdlib_text
from seqlib.data.bpe import BytePairEncoding
from seqlib.display.explorers.tokens import TokenExplorer, show_tokens

source = stdlib_text(budget(cpu=1_200_000, smoke=80_000))
cut = source.rfind("\n", 0, len(source) * 5 // 6) + 1
train_text, test_text = source[:cut], source[cut:]
bpe = BytePairEncoding.train(train_text, 4096)

question = "How many r are in strawberry?"
reveal(guess, len(bpe.encode(question)), "tokens of the question")

# %% [markdown]
# How many r stand in each piece is written nowhere in its number. A model must learn it, token by token.
#
# **Explore.** Pull the slider from 0 merges to all of them and watch bytes grow into pieces of words. Type your name,
# a number, another script, the same word with a capital or with a space in front.

# %%
TokenExplorer(
    bpe,
    text="How many r are in strawberry?\n"
    "for i in range(1234): print('größer', i)  # ภาษาไทย 😀",
    size=256,
)

# %% [markdown]
# ## Bytes, characters, words
#
# Unicode gives every character a number, its **code point**; UTF-8 writes that number as one to four bytes. What
# *looks* like one character may be several code points.

# %% tags=["fold"]
# Print: what looks like one character, as code points and as bytes
import unicodedata

for shown in ("A", "é", "e\u0301", "ก", "€", "😀", "👩\u200d🚀"):
    points, data = " ".join(f"{ord(c):X}" for c in shown), shown.encode()
    print(f"{shown}\t{len(shown)} code point(s) {points:18}", end=" ")
    print(f"{len(data):2} byte(s):", data.hex(" "))
same = unicodedata.normalize("NFC", "e\u0301") == "é"
print("the two é are equal only once normalised:", same)

# %% [markdown]
# **Exercise 15.1 · UTF-8 by hand** — ●●○○, 8 minutes, core
#
# Below 0x80 one byte holds the code point c itself. Otherwise its bits are dealt out: six to each byte that follows,
# the rest to the first. With ∥ for "marked with the bits":
#
# $$c < \mathtt{800}_{16}:\quad [\,110\,\|\,\lfloor c / 64\rfloor,\; 10\,\|\,c \bmod 64\,] \tag{15.1}$$
#
# Three bytes (below 0x10000) begin with the mark 1110, four with 11110: as many ones as there are bytes.

# %%
def utf8_encode(code_point):
    """The bytes of a code point in UTF-8, as a list of 1 to 4 numbers from 0 to 255.

    No `encode` and no `bytes(…, "utf-8")`, please. Surrogates do not come up.
    """
    ### BEGIN SOLUTION
    last = 0x80 | code_point & 0x3F
    if code_point < 0x80:
        return [code_point]
    if code_point < 0x800:
        return [0xC0 | code_point >> 6, last]  # (15.1)
    third = 0x80 | code_point >> 6 & 0x3F
    if code_point < 0x10000:
        return [0xE0 | code_point >> 12, third, last]
    return [0xF0 | code_point >> 18, 0x80 | code_point >> 12 & 0x3F, third, last]
    ### END SOLUTION


# %%
from seqlib import check

utf8_encode, result = check("15.utf8_encode", utf8_encode)
result

# %% [markdown]
# Which unit should a model read? Words make short sequences, but there is always another word. A vocabulary holds the
# words of the training modules, **every one of them**; how many words (runs of letters, digits or underscores) of the
# next modules of the same library are not in it?

# %%
import re
from itertools import pairwise


def in_words(text):
    return re.findall(r"\w+|\s+|[^\w\s]+", text)


known, words = set(re.findall(r"\w+", train_text)), re.findall(r"\w+", test_text)
out_of_vocabulary = 100 * sum(word not in known for word in words) / len(words)
print(f"of the words alone, {out_of_vocabulary:.1f} % in the new modules are unknown")

# %% tags=["fold"]
# Print: four units of text, how many kinds of each, how long they are, how many unknown
units = {
    "bytes": (str.encode, set(range(256))),
    "characters": (list, set(train_text)),
    "words and the rest": (in_words, set(in_words(train_text))),
    "4,096 pieces": (bpe.encode, set(range(4096))),
}
for name, (cut_up, kinds) in units.items():
    new = cut_up(test_text)
    unknown = sum(unit not in kinds for unit in new) / len(new)
    size = len(test_text.encode()) / len(new)
    print(f"{name:20} {len(kinds):6} kinds, {size:5.2f} bytes each, {unknown:6.2%} unknown")

# %% [markdown]
# Every unknown word would become the same `<unk>`. Bytes are never unknown, but sequences get long, and attention pays
# for length squared (13). **Subwords** are between.
#
# ## First cut: pre-tokens
#
# Lest `dog`, `dog.` and `dog!` become three tokens with nothing in common, the text is first cut into **pre-tokens**,
# which no token may cross. GPT-2's pattern tries, in this order:
#
# | part | takes | example |
# |---|---|---|
# | `'s 't 're 've 'm 'll 'd` | English endings | `it` · `'s` |
# | `␣?` letters | a word, with one space in front | `␣token` |
# | `␣?` digits | a number | `␣1234` |
# | `␣?` others | punctuation | `␣!=` |
# | `\s+(?!\S)` | white space, all but the last before a word | `⏎␣␣␣` · `␣return` |
# | `\s+` | the rest of it | `⏎` |

# %% [markdown]
# Joined, the pieces are the text. A word carries the space *before* it.
#
# **Exercise 15.2 · Pre-tokenise** — ●●○○, 8 minutes, core
#
# Write the pattern for `re`, and cut. A letter is `[^\W\d_]`: a word character, but no digit and no underscore. The
# underscore belongs to the others. The endings are those in small letters alone.
#
# (GPT-2 counts ² and ½ among the numbers, as Unicode does; to `re` they are word characters and no digits, hence
# letters. The check leaves them out.)

# %%
def pre_tokenise(text):
    """The pre-tokens of a text in order, a list of str; joined they are the text again."""
    ### BEGIN SOLUTION
    endings, others = r"'s|'t|'re|'ve|'m|'ll|'d", r" ?(?:[^\s\w]|_)+"
    return re.findall(rf"{endings}| ?[^\W\d_]+| ?\d+|{others}|\s+(?!\S)|\s+", text)
    ### END SOLUTION


# %%
pre_tokenise, result = check("15.pre_tokenise", pre_tokenise)
result

# %% [markdown]
# ## Byte-pair encoding
#
# Begin with bytes. Count every pair of neighbours inside the pre-tokens, weighted by how often each occurs; replace the
# commonest pair everywhere by a new symbol; repeat. Write $n_w$ for the count of pre-token w:
#
# $$n(a, b) = \sum_w n_w\, \bigl|\{\,i : w_i = a,\ w_{i+1} = b\,\}\bigr| \tag{15.2}$$
#
# **Exercise 15.3 · Count the pairs** — ●○○○, 5 minutes, core
#
# Words are tuples of ids, in a dict with their counts. Three equal symbols hold two pairs, which overlap. (`pairwise`
# of `itertools` gives neighbours.)

# %%
def count_pairs(words):
    """How often each pair occurs: {tuple of ids: count} -> {(left, right): count}.

    A dict; `Counter` and `defaultdict` are dicts too.
    """
    ### BEGIN SOLUTION
    counts = {}
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] = counts.get(pair, 0) + count  # (15.2)
    return counts
    ### END SOLUTION


# %%
count_pairs, result = check("15.count_pairs", count_pairs)
result

# %% [markdown]
# **Exercise 15.4 · The best pair** — ●○○○, 3 minutes, core
#
# The commonest. Ties are the rule among rare pairs, and a tie decided otherwise can lead to another vocabulary. The
# well-kept tokenisers give it to the smallest pair of ids, left one first:
#
# $$(a, b)^\star = \min \bigl\{ (a, b) : n(a, b) = \max n \bigr\} \tag{15.3}$$

# %%
def best_pair(counts):
    """The commonest pair, of equally common ones the smallest.

    {(left, right): count} -> (left, right)
    """
    ### BEGIN SOLUTION
    return min(counts, key=lambda pair: (-counts[pair], pair))  # (15.3)
    ### END SOLUTION


# %%
best_pair, result = check("15.best_pair", best_pair)
result

# %% [markdown]
# **Exercise 15.5 · Merge** — ●●○○, 6 minutes, core
#
# From left to right. In `a a a` the first two become one; the third has no partner left.

# %%
def merge(ids, pair, new):
    """ids (a list) with each `pair`, from left to right, replaced by `new`; a new list."""
    ### BEGIN SOLUTION
    merged, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged
    ### END SOLUTION


# %%
merge, result = check("15.merge", merge)
result

# %% [markdown]
# **Exercise 15.6 · Learn** — ●●○○, 8 minutes, core
#
# Put the three together. The n-th merge (from 0) makes the id 256 + n, as 0 to 255 are the bytes. Stop early where no
# pair is left at all: here a pair that occurs once is merged, too.

# %%
def train_bpe(words, number):
    """The first `number` merges [(left, right), ...] of words {tuple of ids: count}."""
    ### BEGIN SOLUTION
    merges = []
    for new in range(256, 256 + number):
        counts = count_pairs(words)
        if not counts:
            break
        merges.append(best_pair(counts))
        words = {
            tuple(merge(list(word), merges[-1], new)): count
            for word, count in words.items()
        }
    return merges
    ### END SOLUTION


# %%
train_bpe, result = check("15.train_bpe", train_bpe)
result

# %% [markdown]
# Sennrich's own example, on your code: four words, ten merges. Ids of bytes stand in GPT-2's order, printable ones
# first (it matters for ties alone): `BYTES[id]` is a byte, `ID_OF_BYTE[byte]` an id.

# %%
from collections import Counter

from seqlib.data.bpe import BYTES, ID_OF_BYTE


def as_ids(text):
    """The bytes of a text as a tuple of ids."""
    return tuple(ID_OF_BYTE[byte] for byte in text.encode())


tokens = list(BYTES)
for a, b in train_bpe(
    {as_ids(w): n for w, n in {" low": 5, " lower": 2, " newest": 6, " widest": 3}.items()},
    10,
):
    tokens.append(tokens[a] + tokens[b])
    print(f"{tokens[a].decode()!r:8} + {tokens[b].decode()!r:6} → {tokens[-1].decode()!r}")

# %% [markdown]
# ## Earn the speed
#
# Counting everything anew for each merge is slow, for a merge changes little: only words that hold the pair, and in
# them only the neighbours of a merged place. So keep the counts, and for each pair the words that hold it, and a
# heap. Needed: a `merge` that tells what it changed.

# %% [markdown]
# **Exercise 15.7 · Merge, and tell** — ●●●●, 15 minutes, core
#
# Between $x$ and $y$, the merge of (a, b) into z does this to the counts:
#
# $$x\,a\,b\,y \to x\,z\,y:\quad (x,a),\,(b,y)\ -1, \qquad (x,z),\,(z,y)\ +1 \tag{15.4}$$
#
# x is the neighbour *now*: beside a fresh merge that is z itself. What counts is the sum for each pair, not the order.
# Whatever you say of the merged pair (a, b) itself is passed over: the caller drops it.

# %%
def merge_with_changes(ids, pair, new):
    """merge(ids, pair, new), and which counts of pairs this changes.

    The changes are a list [((left, right), +1 or -1), ...].
    """
    ### BEGIN SOLUTION
    left, right = pair
    merged, i = [], 0
    changes = []
    while i < len(ids):
        if i + 1 == len(ids) or (ids[i], ids[i + 1]) != pair:
            merged.append(ids[i])
            i += 1
            continue
        if merged:
            changes += [((merged[-1], left), -1), ((merged[-1], new), 1)]  # (15.4)
        if i + 2 < len(ids):
            changes += [((right, ids[i + 2]), -1), ((new, ids[i + 2]), 1)]
        merged.append(new)
        i += 2
    return merged, changes
    ### END SOLUTION


# %%
merge_with_changes, result = check("15.merge_with_changes", merge_with_changes)
result

# %% [markdown]
# `seqlib.data.bpe.learn_merges` is your function inside a loop with a heap. Three ways to the same merges: one long list
# in which every occurrence of a word is merged again; your dict of distinct words; and kept counts. Same output, or
# it is no optimisation.

# %%
import time

from seqlib.data.bpe import learn_merges


def every_occurrence(pieces, number):
    """Merges learned from all pre-tokens one by one, with no dict of words."""
    pieces, merges = [list(as_ids(piece)) for piece in pieces], []
    for new in range(256, 256 + number):
        merges.append(best_pair(Counter(pair for ids in pieces for pair in pairwise(ids))))
        pieces = [merge(ids, merges[-1], new) for ids in pieces]
    return merges


# %% tags=["fold"]
# Time: the same merges learned in three ways
import numpy as np


def seconds(run, *args):
    began = time.perf_counter()
    found = run(*args)
    return found, time.perf_counter() - began


part, number = train_text[: budget(cpu=60_000, smoke=4_000)], budget(cpu=300, smoke=10)
counted = Counter(pre_tokenise(part))
distinct = {as_ids(word): n for word, n in counted.items()}
_, slowest = seconds(every_occurrence, pre_tokenise(part), number // 10)
slow, took_slow = seconds(train_bpe, distinct, number)
as_bytes = {word.encode(): n for word, n in counted.items()}
fast, took_fast = seconds(learn_merges, as_bytes, number)
took = np.array([slowest, took_slow, took_fast])
rates = 1000 * took / np.array([number // 10, number, number])
print(f"milliseconds a merge: every occurrence {rates[0]:.1f}, "
      f"distinct words {rates[1]:.2f}, kept counts {rates[2]:.3f}")
print(f"the same {len(slow)} merges: {slow == fast}; "
      f"kept counts are {rates[1] / rates[2]:.0f} times as fast as train_bpe")

# %% [markdown]
# The gap widens with the text: recounting costs merges × words, kept counts what really changes.
#
# ## Encode and decode
#
# To encode a new word, **repeat the merges in the order learned**. Not the longest token that fits, not the first pair
# from the left. Of all pairs in the word the earliest goes first:
#
# $$\text{next} = \arg\min_{(a, b)\ \text{in the word}} \text{rank}(a, b) \tag{15.5}$$
#
# **Exercise 15.8 · Encode a word** — ●●●○, 8 minutes, core
#
# `merges` is {pair: new id}; ids grow as they are learned, so the new id is the rank. Repeat until no pair is left that
# has a merge. (The dict itself may stand in any order.)

# %%
def apply_merges(ids, merges):
    """Encode one pre-token: ids (a list), merges {(left, right): new id}. A new list."""
    ### BEGIN SOLUTION
    while True:
        pairs = [pair for pair in pairwise(ids) if pair in merges]
        if not pairs:
            return ids
        pair = min(pairs, key=merges.get)  # (15.5)
        ids = merge(ids, pair, merges[pair])
    ### END SOLUTION


# %%
apply_merges, result = check("15.apply_merges", apply_merges)
result

# %% [markdown]
# **Exercise 15.9 · Decode** — ●○○○, 4 minutes, core
#
# `tokens[id]` are the bytes of a token. A character may be spread over two tokens, and a model may write bytes that are
# no text at all: show those as �, U+FFFD.

# %%
def decode(ids, tokens):
    """The text of a list of ids: tokens[id] are bytes; what is no UTF-8 becomes U+FFFD."""
    ### BEGIN SOLUTION
    return b"".join(tokens[i] for i in ids).decode("utf-8", errors="replace")
    ### END SOLUTION


# %%
decode, result = check("15.decode", decode)
result

# %% [markdown]
# The promise of a byte-level encoding: *anything* comes back, byte for byte. Random bytes, broken UTF-8, scripts that
# the training never met, nothing at all. Your functions and `seqlib`'s, side by side.

# %%
rng = np.random.default_rng(0)
anything = [rng.bytes(int(n)) for n in rng.integers(0, 400, budget(cpu=200, smoke=20))]
odd = ["", "สวัสดีชาวโลก", "नमस्ते दुनिया", "👩‍🚀 🏳️‍🌈"]
odd += ["a\u0301 ﷽ \x00\u2028", "é" * 500, "\r\n\t  x"]
anything += [text.encode() for text in odd]
anything += [b"\xff\xfe\x80", "€".encode()[:2], "😀".encode()[1:], b"\xed\xa0\x80"]
exact = sum(bpe.decode_bytes(bpe.encode(data)) == data for data in anything)
print(f"{exact} of {len(anything)} come back byte for byte")

sample = test_text[: budget(cpu=20_000, smoke=2_000)]
mine = [i for piece in pre_tokenise(sample) for i in apply_merges(as_ids(piece), bpe.ids)]
print("your encoding = seqlib's:", mine == bpe.encode(sample))
print("your decoding gives the text back:", decode(mine, bpe.tokens) == sample)

# %% [markdown]
# ## Beside a well-kept tokeniser
#
# Hugging Face's `tokenizers`, written in Rust, trains and runs many published models' encodings. The same text, the
# same size, the same pattern: are the merges the same, in the same order?

# %%
import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers


def theirs(kind, trainer, text, size, **options):
    """A byte-level tokeniser of the library `tokenizers`, trained on a text to a size."""
    made = Tokenizer(kind)
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options |= {"vocab_size": size, "initial_alphabet": alphabet, "show_progress": False}
    made.train_from_iterator([text], trainer(**options))
    return made

# %% tags=["fold"]
# Print: merge for merge, and how long each takes
other, their_time = seconds(
    lambda: theirs(models.BPE(), trainers.BpeTrainer, train_text, 4096, min_frequency=2)
)
model = json.loads(other.to_str())["model"]
their_merges = [(model["vocab"][a], model["vocab"][b]) for a, b in model["merges"]]
ours, our_time = seconds(BytePairEncoding.train, train_text, 4096)
ids, encode_time = seconds(ours.encode, train_text)
same = sum(a == b for a, b in zip(ours.merges, their_merges, strict=True))
print(f"{same} of {len(their_merges)} merges are the same and in the same place")
print("the same encoding:", other.encode(train_text).ids == ids)
print(f"{len(train_text.encode()) / 1e6:.1f} MB: we train in {our_time:.2f} s, "
      f"they in {their_time:.2f} s; we encode in {encode_time:.2f} s")

# %% [markdown]
# **Where they would differ.** With pairs that occur once allowed (their default; ours asks for two). With their
# `add_prefix_space`, a space before the very first word. With a limit on a token's length. With special tokens such as
# `<|endoftext|>`, which are cut out of the text before anything else and take up ids. And for the newest characters,
# where two versions of Unicode disagree on what a letter is.
#
# ## What tokens buy
#
# Every choice of a merge depends on earlier choices only. So one training to 4,096 holds *all* smaller vocabularies:
# `bpe.first(1000)` is what training to 1,000 would have given.

# %%
from babel import Locale

LANGUAGES = ("en", "de", "fr", "fi", "ru", "el", "ar", "hi", "th", "zh", "ja")
tables = {code: Locale(code).territories for code in LANGUAGES}
shared = sorted(set.intersection(*(set(names) for names in tables.values())))
countries = {code: "\n".join(table[k] for k in shared) for code, table in tables.items()}
last = [tables[code][shared[-1]] for code in LANGUAGES]
print(len(shared), "places, named in", len(LANGUAGES), "languages:", *last)

from seqlib.data import DataUnavailable, fetch

texts = {
    "new Python": test_text,
    "places in German": countries["de"],
    "places in Thai": countries["th"],
}
try:
    play = fetch("tinyshakespeare/input.txt").read_text(encoding="utf-8")
    texts["Shakespeare"] = play[:200_000]
except DataUnavailable as missing:
    print(missing)

# %%
from seqlib import show
from seqlib.display.figures import COLOURS, bars, figure, lines

sizes = [256, 512, 1024, 2048, 4096]
encodings = {size: bpe.first(size) for size in sizes}
ratio = {
    name: [len(text.encode()) / len(encodings[size].encode(text)) for size in sizes]
    for name, text in texts.items()
}

# %% tags=["fold"]
# Draw: bytes per token against the size of the vocabulary, a line a text
fig, ax = figure(figsize=(7, 3.1))
lines(ax, sizes, ratio, chance=1, chance_label="bytes")
ax.set(
    title="Pieces fit best the kind of text that they were learned from",
    xscale="log",
    ylabel="bytes per token",
)
ax.set_xticks(sizes, sizes, minor=False)
ax.minorticks_off()
ax.set_xlabel("tokens in the vocabulary")
show(fig, alt="Bytes per token against vocabulary size from 256 to 4096 for texts encoded "
              "with pieces learned on Python. The curve of new Python code rises most, "
              "other languages rise less.")

# %% [markdown]
# The first doubling buys most, and each one costs a doubled embedding table and softmax. What was not in the training
# text profits little: Thai stays bytes.
#
# ## What tokens cost: languages
#
# The same places, named in eleven languages. One encoding has learned from Python and from English language names; the
# other from the names of *languages* in all eleven, in equal parts. Both have 2,048 tokens.
#
# **Predict.** With the English one, how many times as many tokens as English does Thai need?

# %%
guess = None  # predict: Thai tokens for one English token, pieces learned on English

# %%
other_names = {
    code: "\n".join(Locale(code).languages.values()) + "\n" for code in LANGUAGES
}
longest = max(map(len, other_names.values()))
fair_text = "".join(
    (text * (longest // len(text) + 1))[:longest] for text in other_names.values()
)
narrow = BytePairEncoding.train(train_text[:300_000] + other_names["en"] * 3, 2048)
fair = BytePairEncoding.train(fair_text, 2048)
ways = {
    "learned on English": narrow.encode,
    "learned on all eleven": fair.encode,
    "UTF-8 bytes": str.encode,
}
price = {}
for name, cut_up in ways.items():
    sizes_of = [len(cut_up(countries[code])) for code in LANGUAGES]
    price[name] = [size / sizes_of[0] for size in sizes_of]  # English comes first
worst = {name: max(values) for name, values in price.items()}
thai = price["learned on English"][LANGUAGES.index("th")]
reveal(guess, thai, "tokens in Thai for one in English")

# %% tags=["fold"]
# Draw: tokens for the same places, English = 1, a mark an encoding
fig, ax = figure(figsize=(7, 3.3))
places = np.arange(len(LANGUAGES))
looks = zip(price.items(), ("vermilion", "blue", "black"), ("o", "s", "|"), strict=True)
for (name, values), colour, marker in looks:
    ax.plot(places, values, marker, color=COLOURS[colour], markersize=9, label=name)
ax.axhline(1, color="#6B6B6B", linewidth=0.8)
ax.set_xticks(
    places, [Locale(c).get_display_name("en") for c in LANGUAGES], rotation=35, ha="right"
)
ax.set(
    title="Who pays depends on whose text the pieces were learned from",
    ylabel="tokens for the same\nplaces, English = 1",
)
ax.legend(fontsize=8)
show(fig, alt="Tokens needed for the same place names in eleven languages relative to "
              "English. With pieces learned on English the points of non-Latin scripts "
              "lie far above one; with pieces learned on all eleven they are closer to "
              "one; a third mark shows the bytes of UTF-8.")

# %% [markdown]
# **One picture to remember.** Users of the dearest languages pay in money (per token), in time (per token), and in
# context (a window counts tokens). How much is above all a property of the training text.
#
# ## What tokens cost: numbers
#
# A number is cut wherever the training text happened to have frequent pieces.

# %%
def chunks(number, encoding):
    """A number as an encoding cuts it, a list of strings."""
    return [encoding.tokens[i].decode() for i in encoding.encode(str(number))]


cuts = Counter(
    "+".join(str(len(piece)) for piece in chunks(n, bpe)) for n in range(1000, 10_000)
)
print("how 1000 … 9999 are cut, the digits in each piece, and how many are cut so:")
for lengths, n in cuts.most_common():
    print(f"    {lengths:8}{n:6,}")
print("neighbours:", *(" ".join(chunks(n, bpe)) for n in range(1998, 2004)), sep="   ")

# %% [markdown]
# Does it matter? A GRU of width 96 adds two numbers below 100: it reads `27+58=` and writes the sum, trained for 600
# steps of 64 sums. Four ways to write the *same* sums: digits; digits with the answer's units first; digits with
# everything units first; and the pieces of our encoding. 500 pairs are kept out of the training. (The network:
# `seqlib.studies.learning_to_add`.) Before you look: which is easiest, which hardest?

# %%
from seqlib.studies.learning_to_add import train_adder
from seqlib.training.recorded import credit, load


def digits(number):
    return list(str(number))


def units_first(number):
    return digits(number)[::-1]


ways = {
    "digits": (digits, digits),
    "answer\nunits first": (digits, units_first),
    "all\nunits first": (units_first, units_first),
    "pieces": (lambda n: chunks(n, bpe),) * 2,
}
live = train_adder(
    *ways["all\nunits first"], steps=budget(cpu=600), name="adding, units first"
)[1]

# %% tags=["fold"]
# Draw: four ways of writing the same sums, five seeds each
recorded = load("15_addition")
runs = np.array([recorded["results"][name.replace("\n", " ")] for name in ways])
fig, ax = figure(figsize=(7, 2.9))
bars(
    ax,
    list(ways),
    runs.mean(axis=1),
    spread=(runs.min(axis=1), runs.max(axis=1)),
    fmt="{:.0f}",
    chance=1,
    chance_label="always 99",
)
ax.plot(2, live, "*", color="black", markersize=11, label="live")
ax.set(
    title="The same sums, written in four ways",
    ylabel="percent of new sums right",
    ylim=(0, 115),
)
ax.legend(fontsize=8)
show(fig, alt="Bars with the percentage of new two-digit sums that a GRU gets right for "
              "four ways of writing numbers, with the spread over seeds and a star for "
              "the live run.")
print(credit(recorded))

# %% [markdown]
# Nothing about addition changed, only its spelling. With the units first, each digit of the answer needs two digits
# and a carry that is known already; from the front it needs a carry that has yet to be worked out. With pieces, 27
# and 28 may be two symbols as unrelated as *cat* and *not*. Newer models cut numbers into single digits, or into
# threes. One rate for all and 600 steps: which spelling is learned sooner at its own best rate is not tested here.
#
# ## What tokens cost: spaces, capitals, ghosts

# %%
used = Counter(bpe.encode(train_text))
foreign = Counter(bpe.encode("\n".join(countries.values())))
learned = range(256, bpe.vocabulary_size)
never = [i for i in learned if not used[i]]
unmet = [i for i in learned if not foreign[i]]
print(f"{len(never)} of {len(learned)} learned tokens do not occur in the very text "
      "they were learned from, among them", *(repr(bpe.decode([i])) for i in never[:8]))
print(f"{len(unmet) / len(learned):.0%} never occur in the names of places; "
      "a model trained on those would leave their embeddings as they began")
show_tokens("|".join(["return", " return", "Return", "RETURN", "\nreturn", " retrun"]), bpe)

# %% [markdown]
# To a model these are different words. And the tokens that never occur are **ghosts**: steps on the way to longer
# ones. Where the tokeniser's text and the model's text differ, much of the vocabulary stays untrained; typed by a
# user, such *glitch tokens* make models stammer.
#
# ## Bits per byte
#
# *Perplexity per token* cannot compare vocabularies: the tokens differ. What the whole text costs, in bits, can be
# shared over something that all agree on, its N bytes of UTF-8:
#
# $$\text{bits per byte} = -\frac{1}{N \ln 2}\sum_t \ln p(x_t \mid x_{<t}) \tag{15.6}$$
#
# **Exercise 15.10 · A fair measure** — ●●○○, 5 minutes, core

# %%
def bits_per_byte(log_probs, text):
    """Bits per UTF-8 byte of a text: a number.

    log_probs (T,), an array: the natural log probability of each of its tokens.
    """
    ### BEGIN SOLUTION
    return -log_probs.sum() / np.log(2) / len(text.encode("utf-8"))  # (15.6)
    ### END SOLUTION


# %%
bits_per_byte, result = check("15.bits_per_byte", bits_per_byte)
result

# %% [markdown]
# The model is the counting one of 01 (Witten–Bell), on tokens; for each vocabulary the best order from 2 to 5, tried
# on the first half of the new modules, measured on the second. *Baselines:* 8 bits (a guess); and `lzma`, a
# compressor that has read the training text and goes on learning as it reads.
#
# **Predict.** Which of 256, 512, 1024, 2048, 4096 has the lowest **bits per byte**?

# %%
guess = None  # predict: the best vocabulary size

# %%
from seqlib.models.ngram import NGram

half = test_text.rfind("\n", 0, len(test_text) // 2) + 1
tried, measured = test_text[:half], test_text[half:]
perplexity, bits, orders = [], [], []
for encoding in encodings.values():
    ids, first, last = (
        np.array(encoding.encode(text)) for text in (train_text, tried, measured)
    )
    fitted = [
        NGram(order, encoding.vocabulary_size).fit(ids)
        for order in range(2, budget(cpu=6, smoke=4))
    ]
    best = min(fitted, key=lambda m: m.nll(first))
    log_probs = best.log_prob(last)
    perplexity.append(np.exp(-log_probs.mean()))
    bits.append(bits_per_byte(log_probs, measured))
    orders.append(best.order)
best_size = sizes[int(np.argmin(bits))]
reveal(guess, best_size, "tokens in the best vocabulary", fmt="{:.0f}")

# %% tags=["fold"]
# Draw: perplexity and bits per byte against the size of the vocabulary
import lzma

packed = [len(lzma.compress(text.encode())) for text in (train_text, train_text + measured)]
fig, axes = figure(1, 2, figsize=(7, 3))
lines(axes[0], range(5), {"perplexity": perplexity})
lines(
    axes[1],
    range(5),
    {"bits": bits},
    chance=8 * (packed[1] - packed[0]) / len(measured.encode()),
    chance_label="lzma",
)
for ax, title, values in zip(
    axes, ("Perplexity", "Bits per byte"), (perplexity, bits), strict=True
):
    ax.set(
        title=f"{title}: lowest with {sizes[int(np.argmin(values))]} tokens",
        xlabel="tokens in the vocabulary",
    )
    ax.set_xticks(range(5), sizes)
show(fig, alt="Two panels against vocabulary size, the same models on the same text. "
              "Left: perplexity per token. Right: bits per byte, with the level of the "
              "compressor lzma. The two orders differ.")
for row in zip(sizes, orders, bits, strict=True):
    print("{} tokens: order {}, {:.3f} bits".format(*row))

# %% [markdown]
# The left panel falls towards bytes, whose single guesses are easy. The right one compares what can be compared, and there bytes
# are worst. lzma is far better than all five: these models are weak, and the picture ranks vocabularies for them alone. From
# 1,024 tokens on the lowest order tried was the best, so those may do better still. (To be strict: it is an upper bound, as a
# model also gives a little probability to other ways of cutting the text.)

# %% [markdown]
# ## Two relatives
#
# **WordPiece** (BERT) was to prefer pairs that are more frequent than their parts make one expect, and encodes by the
# *longest match*. (The trainer below counts plain pairs, though.) **Unigram** (SentencePiece) begins with many
# pieces, gives each a probability, drops those that are missed least, and encodes by the likeliest way to cut the word.

# %%
some, size = train_text[: budget(cpu=250_000, smoke=30_000)], budget(cpu=2048, smoke=600)
relatives = {
    "BPE": theirs(models.BPE(), trainers.BpeTrainer, some, size),
    "WordPiece": theirs(
        models.WordPiece(unk_token="[UNK]"),
        trainers.WordPieceTrainer,
        some,
        size,
        special_tokens=["[UNK]"],
    ),
    "Unigram": theirs(models.Unigram(), trainers.UnigramTrainer, some, size),
}

# %% tags=["fold"]
# Print: how three kinds of tokeniser cut the same text
per_token = {
    name: len(test_text.encode()) / len(one.encode(test_text).ids)
    for name, one in relatives.items()
}
for name, one in relatives.items():
    pieces = one.encode(" unregistered handlers").tokens  # Ġ is their sign for a space
    pieces = [piece.replace("Ġ", "␣") for piece in pieces]
    size_of = f"{one.get_vocab_size():5} tokens, {per_token[name]:.2f} bytes each:"
    print(f"{name:10}", size_of, *pieces)

# %% [markdown]
# (WordPiece marks with `##` what goes on with a word.) At equal size the one with the most bytes a token needs the fewest
# tokens for this text. That says nothing about which is better to learn from.
#
# **Exercise 15.11 · Byte fallback** — ●○○○, 5 minutes, stretch
#
# Llama's tokeniser knows characters, and writes those that it lacks as bytes. Ids 0 to 255 are the bytes; `vocabulary`
# gives the known characters their ids from 256 on.

# %%
def encode_with_fallback(text, vocabulary):
    """Ids of a text: a known character by {character: id}, any other as its UTF-8 bytes.

    A list of whole numbers: byte 65 has the id 65 here, not its place in GPT-2's order.
    """
    ### BEGIN SOLUTION
    ids = []
    for character in text:
        if character in vocabulary:
            ids.append(vocabulary[character])
        else:
            ids += list(character.encode("utf-8"))
    return ids
    ### END SOLUTION


# %%
encode_with_fallback, result = check("15.encode_with_fallback", encode_with_fallback)
result

# %% [markdown]
# ## Break it
#
# Four ways to be nearly right. (1) Encode by the longest match, with the very same tokens. (2) Break ties the other
# way while learning. (3) Learn without pre-tokens, only line by line. (4) Decode token by token, as a careless stream
# would.

# %%
def longest_match(piece, known):
    """Encode by the longest known token from the left: the bytes of each token, a list."""
    out, i = [], 0
    while i < len(piece):
        size = next(
            n for n in range(min(24, len(piece) - i), 0, -1) if piece[i : i + n] in known
        )
        out.append(piece[i : i + size])
        i += size
    return out

# %% tags=["fold"]
# Print: (1) the longest match against the merges in order
from seqlib.data.bpe import split

small, known = bpe.first(1024), set(bpe.first(1024).tokens)
pieces = Counter(split(test_text))
by_rank = {piece: [small.tokens[i] for i in small.encode(piece)] for piece in pieces}
greedy = {piece: longest_match(piece, known) for piece in pieces}
other = [piece for piece in pieces if by_rank[piece] != greedy[piece]]
differ = sum(pieces[piece] for piece in other) / pieces.total()
ranked, longest = (
    sum(n * len(way[piece]) for piece, n in pieces.items()) for way in (by_rank, greedy)
)
saved = 1 - longest / ranked
fewer = "fewer" if saved > 0 else "more"
print(f"(1) longest match: {differ:.1%} of the pre-tokens are cut otherwise; "
      f"{abs(saved):.1%} {fewer} tokens")
cuts = ["|".join(t.decode() for t in way[other[0]]) for way in (by_rank, greedy)]
print("    " + " against ".join(cuts))

# %%
def learn_with(choose, words, number):
    """The tokens that merges make with another rule for the best pair: pairs of bytes."""
    tokens, made = list(BYTES), []
    for new in range(256, 256 + number):
        a, b = pair = choose(count_pairs(words))
        made.append((tokens[a], tokens[b]))
        tokens.append(tokens[a] + tokens[b])
        words = {tuple(merge(list(word), pair, new)): n for word, n in words.items()}
    return made

# %% tags=["fold"]
# Print: (2) where the merges part with the other rule for ties
words = {as_ids(word): n for word, n in Counter(pre_tokenise(part)).items()}
rules = {
    "smallest": best_pair,
    "largest": lambda counts: max(counts, key=lambda pair: (counts[pair], pair)),
}
made = {name: learn_with(rule, words, number) for name, rule in rules.items()}
first = next(
    (n for n, (a, b) in enumerate(zip(*made.values(), strict=True)) if a != b), number
)
common = len(set(made["smallest"]) & set(made["largest"])) / number
print(f"(2) ties to the largest: the merges part at number {first + 1}; "
      f"of {number}, {common:.0%} are learned by both")

# %% [markdown]
# The first two faults raise no error and give text that decodes perfectly; a model trained with one cutting and used
# with another reads ids that it did not learn, and nobody is told. Now the pre-tokens:

# %%
part, size = train_text[: budget(cpu=250_000, smoke=20_000)], budget(cpu=2048, smoke=400)
lined = {"with pre-tokens": BytePairEncoding.train(part, size),
         "line by line": BytePairEncoding.train(part, size, pattern=r"[^\n]*\n|[^\n]+")}

# %% tags=["fold"]
# Print: (3) what each encoding costs, and its longest tokens (rows of one sign left out)
line_bits, line_ratio = {}, {}
for name, encoding in lined.items():
    ids, first, last = (np.array(encoding.encode(text)) for text in (part, tried, measured))
    fitted = [NGram(order, encoding.vocabulary_size).fit(ids) for order in range(1, 5)]
    best = min(fitted, key=lambda m: m.nll(first))
    line_bits[name], line_ratio[name] = (
        bits_per_byte(best.log_prob(last), measured),
        len(measured.encode()) / len(last),
    )
    mixed = [token for token in encoding.tokens if len(set(token.strip())) > 1]
    longest = sorted(mixed, key=len)[-2:]
    print(f"(3) {name}: {line_ratio[name]:.2f} bytes per token, "
          f"{line_bits[name]:.3f} bits per byte; longest tokens:",
          *(repr(token.decode(errors="replace")) for token in longest), sep="\n    ")

# %%
text = "ราคา 5 € 😀"
print("(4) token by token:", "".join(decode([i], bpe.tokens) for i in bpe.encode(text)))
print("    all at once:   ", decode(bpe.encode(text), bpe.tokens))

# %% [markdown]
# Without pre-tokens whole lines of code become tokens. Whether that pays, the two printed lines say, on new modules of the
# same library. What it costs on other kinds of text was not measured. The last fault reaches real products: a stream must
# hold back bytes until a character is complete.
#
# ## What the books say

# %% tags=["fold"]
# Table: what the books say, and what was measured here
from seqlib import claims

means = dict(zip(("digits", "answer", "all", "pieces"), runs.mean(axis=1), strict=True))
lowest, few = sizes[int(np.argmin(perplexity))], "fewer" if saved > 0 else "more"
claims([
    ("Byte-level encodings lose nothing", "Radford et al. 2019, §2.2",
     f"{exact} of {len(anything)} odd inputs exact; "
     f"a vocabulary of words lacks {out_of_vocabulary:.0f} % of the new ones",
     "holds" if exact == len(anything) else "fails", "Encode and decode"),
    ("Some languages need many times the tokens of English", "Petrov et al. 2023, §4",
     f"up to × {worst['learned on English']:.1f}; "
     f"learned on all: × {worst['learned on all eleven']:.1f}",
     "holds" if worst["learned on English"] > 2 else "fails", "Languages"),
    ("Digits with the units first are learned sooner", "Lee et al. 2023, §4",
     f"digits {means['digits']:.0f} %, answer turned {means['answer']:.0f} %, "
     f"all turned {means['all']:.0f} %; 600 steps, one rate for all: a test takes a rate "
     "for each, until flat", "not tested", "Numbers"),
    ("How numbers are cut decides what is learned", "Singh and Strouse 2024, §3",
     f"pieces {means['pieces']:.0f} %, digits {means['digits']:.0f} %; likewise",
     "not tested", "Numbers"),
    ("Perplexities of different vocabularies compare models", "many leaderboards",
     f"lowest perplexity: {lowest} tokens; fewest bits per byte: {best_size}",
     "fails" if best_size != lowest else "depends", "Bits per byte"),
    ("Cutting by the longest match does as well", "Uzan et al. 2024, §4",
     f"{differ:.1%} of pre-tokens differ; {abs(saved):.1%} {few} tokens",
     "holds" if abs(saved) < 0.01 else "depends", "Break it"),
    ("Keeping merges inside words improves compression",
     "folklore (Radford et al. 2019, §2.2, say that it saves slots)",
     "bytes per token {:.2f} with, {:.2f} without, on new Python".format(
         *line_ratio.values()),
     "holds" if line_ratio["with pre-tokens"] > line_ratio["line by line"] else "fails",
     "Break it"),
])

# %% [markdown]
# ## Remember
#
# - Learn: merge the commonest pair, ties to the smallest. Encode: repeat the merges in that order. Decode: join the
#   bytes, then read them.
# - Bytes below, pre-tokens above: nothing is unknown, and no token crosses a word.
# - Tokens follow the text they were learned from. Other languages, numbers and rare words pay.
# - Never compare perplexities of different tokens: bits per byte.

# %%
from seqlib import flashcards, quiz

flashcards("15")

# %%
quiz("15")

# %% [markdown]
# ## Sources, and beyond
#
# Sennrich, Haddow and Birch 2016, *Neural Machine Translation of Rare Words with Subword Units*, §3.2. Radford et al.
# 2019, *Language Models are Unsupervised Multitask Learners*, §2.2 (bytes, the pattern). Gage 1994, *A New Algorithm
# for Data Compression*. Schuster and Nakajima 2012, *Japanese and Korean Voice Search*, §4 (WordPiece). Kudo 2018,
# *Subword Regularization*, §3.2 (unigram). Petrov et al. 2023, *Language Model Tokenizers Introduce Unfairness
# Between Languages*, §4. Lee et al. 2023, *Teaching Arithmetic to Small Transformers*, §4. Singh and Strouse 2024,
# *Tokenization Counts*, §3. Uzan et al. 2024, *Greed Is All You Need*, §4. Land and Bartolo 2024, *Fishing for
# Magikarp*, §3. Witten and Bell 1991 (the counting model). The Unicode Standard, section 3.9 (UTF-8).
#
# **Beyond.** Leave out a merge at random while encoding (BPE dropout), and look at what changes. Let digits be
# pre-tokens of their own and repeat the sums. Next: [16 · GPT](16_gpt.ipynb), which reads what you have made here.
