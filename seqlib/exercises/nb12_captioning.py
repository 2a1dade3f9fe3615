"""Notebook 12: captions, from patches to a sentence, and where it looked."""

from collections import Counter

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.models.generate import greedy, until_end

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape) + 0.1)


# -- caption_scores --------------------------------------------------------------------------------------------------


def _spoken(rng, lengths, changes):
    """Captions of these lengths, and what was said: words changed, left out at the end, or added."""
    true = [[f"w{k}" for k in rng.permutation(40)[:n]] for n in lengths]
    said = []
    for words, (wrong, fewer, more) in zip(true, changes, strict=True):
        words = list(words)
        for place in rng.permutation(len(words) - fewer)[:wrong]:
            words[place] = f"x{place}"
        said.append(words[: len(words) - fewer] + [f"y{k}" for k in range(more)])
    return said, true


def _sayings(rng) -> list[Case]:
    def case(label, lengths, changes):
        said, true = _spoken(rng, lengths, changes)
        return Case(label, said=said, true=true)

    swapped = [[f"w{k}" for k in rng.permutation(30)[:5]] for _ in range(3)]
    turned = [[w[1], w[0], *w[2:]] for w in swapped[:2]] + [swapped[2]]
    n = int(rng.integers(6, 10))
    return [
        case(
            "some right, some with wrong words",
            [5, 8, 3, 6, 4],
            [(0, 0, 0), (2, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)],
        ),
        case("words missing at the end", [n, 4, 3, 7], [(1, 2, 0), (0, 1, 0), (0, 0, 0), (2, 0, 0)]),
        case("words too many at the end", [4, n, 6], [(0, 0, 2), (3, 0, 1), (0, 0, 0)]),
        Case("two words have changed places", said=turned, true=swapped),
        case("a caption without a word among others", [3, 5, 4], [(0, 3, 0), (0, 0, 0), (1, 0, 0)]),
    ]


def _scored(said, true):
    # Word by word on one table, padded with marks that are equal to nothing.
    width = max(map(len, [*said, *true]))
    table = np.array(
        [
            [w[t] if t < len(w) else f"no {side}" for t in range(width)]
            for side, ws in (("s", said), ("t", true))
            for w in ws
        ]
    )
    told, right = table[: len(said)], table[len(said) :]
    real = right != "no t"
    exact = np.array([" ".join(s) == " ".join(t) for s, t in zip(said, true, strict=True)])
    return float(exact.mean()), float(((told == right) & real).sum() / real.sum())


def _caption_scores(said, true):
    exact, hits, words = 0, 0, 0
    for ours, right in zip(said, true, strict=True):
        exact += ours == right
        hits += sum(a == b for a, b in zip(ours, right, strict=False))
        words += len(right)
    return exact / len(true), hits / words


caption_scores = Exercise(
    name="12.caption_scores",
    points=3,
    inputs=_sayings,
    oracle=_scored,
    right=_caption_scores,
    mistakes=slips(_caption_scores, {
        "the words are averaged caption by caption, and then the captions: a word of a short one weighs more": (
            "zip(ours, right, strict=False)) → zip(ours, right, strict=False)) / len(right)", "words += len(right) → words += 1",
        ),
        "missing words are not counted: only places where both have a word are": "words += len(right) → words += min(len(ours), len(right))",
        "the words that were said are counted below the line, not those that are true": "words += len(right) → words += len(ours)",
        "words too many are counted below the line: only the true caption's words are": "words += len(right) → words += max(len(ours), len(right))",
        "a caption counts as exact when it has the same words in any order": "ours == right → sorted(ours) == sorted(right)",
        "a caption that goes on after the right words counts as exact": "ours == right → ours[: len(right)] == right",
        "a caption that breaks off after right words counts as exact": "ours == right → right[: len(ours)] == ours",
        "a caption counts as exact when the words agree as far as both go: `zip` stops at the shorter one": "ours == right → all(a == b for a, b in zip(ours, right))",
        "a word counts as right wherever in the caption it stands": "sum(a == b for a, b in zip(ours, right, strict=False)) → sum(word in ours for word in right)",
        "only the last caption's words are counted: add them up over all": ("hits += → hits =", "words += → words ="),
        "the two results change places: exact match comes first": "exact / len(true), hits / words → hits / words, exact / len(true)",
        "the exact captions are counted: a share of all captions is asked for": "exact / len(true) → exact",
        "percent are handed back, not shares": "exact / len(true), hits / words → 100 * exact / len(true), 100 * hits / words",
    }),
    returns=("exact", "per word"),
)  # fmt: skip


# -- held_out_split --------------------------------------------------------------------------------------------------


def _groups(rng) -> list[Case]:
    def scenes(count, sizes=(2, 3)):
        return [tuple(rng.permutation(10)[: rng.choice(sizes)].tolist()) for _ in range(count)]

    a, b, c, d = rng.permutation(10)[:4].tolist()
    return [
        Case("scenes of two and three digits, three pairs", scenes=[*scenes(30), (b, a), (a, b, c), (c, a), (d, b), (d, a, b)],
             pairs=[(a, b), (c, d), (b, d)]),
        Case("the pair stands at the end of a scene, or round about", scenes=[(c, a, b), (a, c, b), (b, c, a), (a, c), (d, c, b), (c, d)],
             pairs=[(a, b)]),
        Case("nothing is held out", scenes=scenes(5), pairs=[]),
        Case("many scenes of three", scenes=[*scenes(40, (3,)), (a, b, c), (b, d, a)], pairs=[(b, c), (d, a), (a, c)]),
    ]  # fmt: skip


def _by_sets(scenes, pairs):
    held = {frozenset(p) for p in pairs}
    touched = [bool(held & {frozenset((x, y)) for i, x in enumerate(s) for y in s[i + 1 :]}) for s in scenes]
    return np.flatnonzero(~np.array(touched)).tolist(), np.flatnonzero(touched).tolist()


def _held_out_split(scenes, pairs):
    train, test = [], []
    for place, digits in enumerate(scenes):
        leaks = any(a in digits and b in digits for a, b in pairs)
        (test if leaks else train).append(place)
    return train, test


held_out_split = Exercise(
    name="12.held_out_split",
    points=2,
    inputs=_groups,
    oracle=_by_sets,
    right=_held_out_split,
    mistakes=slips(_held_out_split, {
        "only the first two digits of a scene are looked at: the third one leaks": "a in digits and b in digits → a in digits[:2] and b in digits[:2]",
        "only digits side by side in the scene are looked at: the first and the third leak": "a in digits and b in digits → {a, b} in (set(digits[:2]), set(digits[1:3]))",
        "only pairs with the subject count: two of the others leak": "a in digits and b in digits → digits[0] in (a, b) and a in digits and b in digits",
        "a pair counts only in the order in which it is written down: (2, 5) but not (5, 2)": "b in digits for → b in digits[digits.index(a) :] for",
        "one digit of a pair is enough to hold a scene out: single digits are then missing from training": "a in digits and b → a in digits or b",
        "only scenes that are just the pair are held out, those of three digits leak": "a in digits and b in digits → {a, b} == set(digits)",
        "a scene is held out only if it holds *all* of the pairs: one of them is enough": "any( → all(",
        "only the first of the pairs is held out": "in pairs) → in pairs[:1])",
        "training and test change places": "(test if leaks else train) → (train if leaks else test)",
        "the scenes themselves are handed back, not their places": "append(place) → append(digits)",
        "a scene that holds two of the pairs stands in the test twice": "(test if leaks else train).append(place) → (test if leaks else train).extend([place] * max(1, sum(a in digits and b in digits for a, b in pairs)))",
        "places are counted from 1": "enumerate(scenes) → enumerate(scenes, 1)",
    }),
    returns=("train", "test"),
)  # fmt: skip


# -- patches ---------------------------------------------------------------------------------------------------------


def _pictures(rng) -> list[Case]:
    return [
        Case("2 pictures of 6×9 in patches of 3", pictures=_normal(rng, 2, 6, 9), size=3),
        Case("3 pictures of 8×4 in patches of 2", pictures=_normal(rng, 3, 8, 4), size=2),
        Case("1 picture of 4×12 in patches of 4", pictures=_normal(rng, 1, 4, 12), size=4),
        Case("patches of a single pixel", pictures=_normal(rng, 2, 3, 5), size=1),
    ]


def _unfolded(pictures, size):
    return F.unfold(pictures[:, None], size, stride=size).transpose(1, 2)


def _patches(pictures, size):
    batch, height, width = pictures.shape
    cut = pictures.reshape(batch, height // size, size, width // size, size)
    return cut.swapaxes(2, 3).reshape(batch, -1, size * size)


patches = Exercise(
    name="12.patches",
    points=3,
    inputs=_pictures,
    oracle=_unfolded,
    right=_patches,
    mistakes=slips(_patches, {
        "it is reshaped only: without the transposition a “patch” is a strip of pixels": "cut.swapaxes(2, 3) → pictures",
        "the patches are read column by column": "cut.swapaxes(2, 3) → cut.permute(0, 3, 1, 2, 4)",
        "the pixels inside a patch are read column by column": "cut.swapaxes(2, 3) → cut.permute(0, 1, 3, 4, 2)",
        "both are read column by column, the patches and the pixels in them": "cut.swapaxes(2, 3) → cut.permute(0, 3, 1, 4, 2)",
        "patches are left as squares: the last two axes have to be flattened": "size * size) → size, size)",
        "the grid is left as it is: its rows and columns have to become one axis": ".reshape(batch, -1, size * size) → .flatten(3)",
        "the batch is lost: all patches of all pictures stand in one row": "reshape(batch, -1, → reshape(-1,",
        "the pixels of a place come from all patches: every size-th pixel was taken together": (
            "height // size, size, width // size, size → size, height // size, size, width // size", "cut.swapaxes(2, 3) → cut.permute(0, 2, 4, 1, 3)",
        ),
        "height and width change places": "height // size, size, width // size, size → width // size, size, height // size, size",
        "the axes change places: (B, pixels, N), as `unfold` gives them": "size * size) → size * size).mT",
    }),
    forbids=("torch.nn.functional.unfold", "torch.Tensor.unfold"),
    returns=("patches",),
)  # fmt: skip


# -- to_memory -------------------------------------------------------------------------------------------------------


def _looks(rng) -> list[Case]:
    def case(label, batch, count, width, size):
        return Case(label, seen=_normal(rng, batch, count, width).abs(), W=_normal(rng, width, size),
                    b=_normal(rng, size), places=_normal(rng, count, size))  # fmt: skip

    return [
        case("2 pictures of 6 places", 2, 6, 5, 4),
        case("1 picture of 3 places, more numbers than were seen", 1, 3, 4, 7),
        case("3 pictures of 5 places", 3, 5, 2, 3),
        Case("a blank picture: all that is left is the bias and the place", seen=0 * _normal(rng, 2, 4, 3),
             W=_normal(rng, 3, 5), b=0.01 * _normal(rng, 5), places=_normal(rng, 4, 5)),
    ]  # fmt: skip


def _by_layer_norm(seen, W, b, places):
    return F.layer_norm(F.linear(seen, W.mT, b), b.shape, eps=1e-5) + places


def _to_memory(seen, W, b, places):
    z = seen @ W + b
    mean, variance = z.mean(-1, keepdim=True), z.var(-1, keepdim=True, correction=0)
    return (z - mean) / (variance + 1e-5).sqrt() + places


to_memory = Exercise(
    name="12.to_memory",
    points=4,
    inputs=_looks,
    oracle=_by_layer_norm,
    right=_to_memory,
    trains=True,
    mistakes=slips(_to_memory, {
        "the place is added before the norm, which then changes it": ("seen @ W + b → seen @ W + b + places", ".sqrt() + places → .sqrt()"),
        "the place is left out: the memory is a set of patches without order": " + places →",
        "it is normalised over the places, not over the numbers of each one": ("z.mean(-1 → z.mean(-2", "z.var(-1 → z.var(-2"),
        "it is normalised over the whole batch at once: each place has a mean and a variance of its own": ("z.mean(-1, keepdim=True) → z.mean()", "z.var(-1, keepdim=True, correction=0) → z.var(correction=0)"),
        "it is not normalised": "(z - mean) / (variance + 1e-5).sqrt() → z",
        "the variance is divided by M − 1: `correction=0` is missing": "correction=0 → correction=1",
        "$10^{-5}$ is added to the root, where it belongs under it": "(variance + 1e-5).sqrt() → (variance.sqrt() + 1e-5)",
        "the variance is divided by M − 1 *and* $10^{-5}$ stands outside the root, as `z.std() + 1e-5` has it": ("correction=0 → correction=1", "(variance + 1e-5).sqrt() → (variance.sqrt() + 1e-5)"),
        "$10^{-5}$ is left out: a blank place shows it": "variance + 1e-5 → variance",
        "it is divided by the variance: the root is missing": "(variance + 1e-5).sqrt() → (variance + 1e-5)",
        "the mean is not taken away": "(z - mean) → z",
        "the mean square is taken for the variance: take the mean away before squaring": "z.var(-1, keepdim=True, correction=0) → z.square().mean(-1, keepdim=True)",
        "the bias is left out": "seen @ W + b → seen @ W",
        "the bias comes after the norm: it belongs to $z$": ("seen @ W + b → seen @ W", ".sqrt() + places → .sqrt() + b + places"),
        "it goes through a relu before the norm": "z = seen @ W + b → z = (seen @ W + b).relu()",
    }),
    forbids=("torch.nn.functional.layer_norm", "torch.nn.LayerNorm"),
    returns=("memory",),
)  # fmt: skip


# -- look ------------------------------------------------------------------------------------------------------------


def _questions(rng) -> list[Case]:
    def case(label, batch, steps, count, hidden, size, blank):
        mask = np.ones((batch, count), dtype=bool)
        for i, row in enumerate(mask):  # another place is blank in each picture
            row[[(i + k) % count for k in rng.permutation(max(1, count - batch))[:blank]]] = False
        return Case(label, states=_normal(rng, batch, steps, hidden), memory=_normal(rng, batch, count, size),
                    W_a=_normal(rng, hidden, size), mask=torch.from_numpy(mask))  # fmt: skip

    return [
        case("2 pictures, 3 words, 6 places, 2 of them blank", 2, 3, 6, 4, 5, 2),
        case("1 picture, a single word", 1, 1, 7, 3, 2, 4),
        case("3 pictures, as many words as places", 3, 4, 4, 2, 5, 1),
        case("no blank place", 2, 5, 3, 4, 2, 0),
    ]


def _summed(states, memory, W_a, mask):
    scores = torch.einsum("bth,hm,bnm->btn", states, W_a, memory)
    given = (scores - scores.amax(2, keepdim=True)).exp() * mask[:, None].to(scores.dtype)
    weights = given / given.sum(2, keepdim=True)
    return torch.einsum("btn,bnm->btm", weights, memory), weights


def _look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.mT
    weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return weights @ memory, weights


_HIDDEN = "scores.masked_fill(~mask[:, None], -torch.inf)"

look = Exercise(
    name="12.look",
    points=3,
    inputs=_questions,
    oracle=_summed,
    right=_look,
    mistakes=slips(_look, {
        "the softmax runs over the words: each row has to sum to one over the places": "softmax(-1) → softmax(1).nan_to_num()",
        "the mask is not used: blank places get weight too": f"{_HIDDEN} → scores",
        "the mask is turned round: True means “look here”": "~mask[:, None] → mask[:, None]",
        "the mask of the first picture is used for all": "~mask[:, None] → ~mask[:1, None]",
        "the mask comes after the softmax: what is left no longer sums to one": f"{_HIDDEN}.softmax(-1) → scores.softmax(-1) * mask[:, None]",
        "scores of blank places are set to 0, but $e^0$ is 1: they still get weight": "-torch.inf → 0.0",
        "the scores are used as they are: the softmax is missing": "-torch.inf).softmax(-1) → 0.0)",
        "all places weigh the same: the scores are not used": "scores = states → scores = 0 * states",
        "the sign of the scores is turned: the worst place gets most": "scores = states → scores = -states",
        "the scores are divided by $\\sqrt{M}$, as in 13; (12.4) has no scale": "memory.mT → memory.mT / memory.shape[2] ** 0.5",
        "the scores are divided by the root of H, as in 13; (12.4) has no scale": "memory.mT → memory.mT / states.shape[2] ** 0.5",
        "a tanh is put around the question: (12.4) is linear up to the softmax": "states @ W_a → (states @ W_a).tanh()",
        "the places are averaged once more: the weights have done the dividing": "return weights @ memory → return weights @ memory / memory.shape[1]",
        "the two results change places: contexts come first": "weights @ memory, weights → weights, weights @ memory",
    }),
    forbids=("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention"),
    returns=("contexts", "weights"),
)  # fmt: skip


# -- caption_loss ----------------------------------------------------------------------------------------------------


def _guesses(rng) -> list[Case]:
    def case(label, lengths, words, high=0.0):
        steps = max(lengths)
        logits = 2 * _normal(rng, len(lengths), steps, words) + high
        targets = rng.integers(0, words, (len(lengths), steps))
        targets[:, 0] = np.arange(len(lengths)) % words  # word 0 is a word like the others
        targets[np.arange(steps) >= np.array(lengths)[:, None]] = -100
        return Case(label, logits=logits, targets=torch.from_numpy(targets))

    return [
        case("3 captions of different lengths", [5, 2, 3], 7),
        case("2 captions without padding", [4, 4], 3),
        case("4 captions, one much longer", [1, 9, 2, 1], 5),
        case("very large logits", [3, 1], 6, high=2000.0),
    ]


def _nats(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)


def _caption_loss(logits, targets):
    real = targets != -100
    log_p = logits.log_softmax(-1)
    nats = -log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return nats[real].mean()


caption_loss = Exercise(
    name="12.caption_loss",
    points=4,
    inputs=_guesses,
    oracle=_nats,
    right=_caption_loss,
    trains=True,
    mistakes=slips(_caption_loss, {
        "padding is counted as if it were a word": "nats[real] → nats",
        "the sum leaves padding out, but it is divided by all places, padding too": "nats[real].mean() → nats[real].sum() / real.numel()",
        "a mean for each caption, then over captions: a word of a short caption weighs more": "nats[real].mean() → ((nats * real).sum(1) / real.sum(1)).mean()",
        "it is summed and not divided": "nats[real].mean() → nats[real].sum()",
        "it is divided by the number of captions, not of words": "nats[real].mean() → nats[real].sum() / len(real)",
        "it is divided by the number of steps, not of words": "nats[real].mean() → nats[real].sum() / real.shape[1]",
        "only padding is counted: −100 marks what to leave out": "targets != -100 → targets == -100",
        "word 0 is left out like padding: only −100 is": "targets != -100 → targets > 0",
        "the sign is wrong: training would make the right words unlikely": "nats = -log_p → nats = log_p",
        "the logits are taken for log-probabilities: the softmax is missing": "logits.log_softmax(-1) → logits",
        "the logarithm is missing: probabilities are averaged": "log_softmax(-1) → softmax(-1)",
        "the logarithm is taken to base 2, which gives bits: nats are asked for": "nats[real].mean() → nats[real].mean() / 0.6931471805599453",
        "the perplexity is handed back: its logarithm is asked for": "nats[real].mean() → nats[real].mean().exp()",
        "the exponentials overflow: take `log_softmax`, not the log of a softmax written by hand": "logits.log_softmax(-1) → (logits.exp() / logits.exp().sum(-1, keepdim=True)).log()",
        "the softmax runs over the steps, not over the words": "log_softmax(-1) → log_softmax(1)",
        "each step is compared with the word after the next: the targets are shifted already": "targets.clamp(min=0) → targets.roll(-1, 1).clamp(min=0)",
    }),
    forbids=("torch.nn.functional.cross_entropy", "torch.nn.CrossEntropyLoss", "torch.nn.functional.nll_loss"),
    returns=("loss",),
)  # fmt: skip


# -- write_caption ---------------------------------------------------------------------------------------------------


def _speaker(start, route, words, noise):
    """A step function that writes `route` after `start`, if it is fed what was written and the state that it gave."""

    def step(tokens, state):
        place, last = int(state[0, 0]), int(tokens.reshape(-1)[0])
        expected = route[place - 1] if place else start
        # Fed anything but its own last word, it wanders off to a word that depends on both.
        word = route[min(place, len(route) - 1)] if last == expected else 3 + (last * 5 + place) % (words - 3)
        logits = torch.as_tensor(noise[place % len(noise)])[None].clone()
        logits[0, word] += 4.0
        return logits, state + 1

    return step


def _speakers(rng) -> list[Case]:
    def case(label, length, limit, start, end, words=12):
        # The words 0, 1, 2 are start, end, and one that is never said; asked for more, it goes on after the end.
        said = rng.permutation(np.arange(3, words)).tolist()
        noise = rng.uniform(-1, 1, (5, words))
        route = [*said[:length], end, *said]
        state = torch.tensor([[0.0, rng.normal()]])
        return Case(
            label, step=_speaker(start, route, words, noise), state=state, start=start, end=end, max_steps=limit
        )

    n = int(rng.integers(4, 7))
    return [
        case("a caption that ends before the limit", n, 12, start=2, end=0),
        case("a caption that is cut at the limit", 8, 5, start=1, end=2),
        case("a caption of one word", 1, 6, start=0, end=1),
        case("a caption just as long as the limit", n, n, start=2, end=1),
    ]


def _said(step, state, start, end, max_steps):
    state = state if isinstance(state, tuple) else torch.as_tensor(state)
    return until_end(greedy(step, state, start, end, max_steps), end)[0]


def _write_caption(step, state, start, end, max_steps):
    word, written = start, []
    for _turn in range(max_steps):
        logits, state = step(torch.tensor([word]), state)
        word = int(logits[0].argmax())
        if word == end:
            break
        written.append(word)
    return written


write_caption = Exercise(
    name="12.write_caption",
    points=3,
    inputs=_speakers,
    oracle=_said,
    right=_write_caption,
    mistakes=slips(_write_caption, {
        "the state is not carried on: each word is chosen from the first one": "logits, state = → logits, _ =",
        "the model reads the start mark at every step, not what it wrote": "torch.tensor([word]) → torch.tensor([start])",
        "the end mark is handed back with the words": "break → return [*written, word]",
        "it does not stop at the end mark": "if word == end → if False",
        "it leaves the end mark out and writes on: the end mark ends the caption": "break → continue",
        "the start mark is handed back with the words": "word, written = start, [] → word, written = start, [start]",
        "the least likely word is taken": "argmax → argmin",
        "one word too few: the limit is on the words written": "range(max_steps) → range(max_steps - 1)",
        "one word too many: the limit is on the words written": "range(max_steps) → range(max_steps + 1)",
        "only the last word is handed back: all of them, in a list": "return written → return written[-1:]",
    }),
    forbids=("seqlib.models.generate.greedy", "seqlib.models.generate.beam_search", "seqlib.models.generate.sample"),
    returns=("words",),
)  # fmt: skip


# -- what_went_wrong -------------------------------------------------------------------------------------------------

_RELATIONS = (["left", "of"], ["right", "of"], ["above"], ["below"])


def _caption(digits, relation, article=None):
    first, *others = ([article or ("an" if d == 8 else "a"), NAMES[d]] for d in digits)
    words = [*first, *relation]
    for i, other in enumerate(others):
        words += ["and", *other] if i else other
    return words


def _failures(rng) -> list[Case]:
    def two(of):
        return [of[i] for i in rng.permutation(len(of))[:2]]

    cases = []
    for count, change in (
        (2, "none"), (3, "digit"), (2, "an eight"), (2, "relation"), (3, "order"), (2, "down"), (3, "an eight's order"),
        (2, "up"), (3, "both"), (2, "turned"), (3, "missing"), (2, "misread"), (3, "twice"), (3, "the other twice"), (2, "article"),
    ):  # fmt: skip
        d, (relation, other) = [d for d in rng.permutation(10).tolist() if d != 8], two(_RELATIONS)
        up = sorted(d[:count], key=NAMES.__getitem__)
        true = {
            "an eight's order": [8, *d[1:count]], "the other twice": [d[0], d[1], d[0]], "up": up, "down": up[::-1],
        }.get(change, d[:count])  # fmt: skip
        wrong = {
            "digit": [*true[:-1], d[5]], "both": [d[5], *true[1:]], "an eight": [true[0], 8], "misread": d[2:4],
            "order": [true[1], true[0], *true[2:]], "turned": true[::-1], "up": true[::-1], "down": true[::-1], "an eight's order": [true[1], true[0], *true[2:]],
            "missing": true[:2], "twice": [*true[:-1], true[1]], "the other twice": [d[0], d[1], d[1]],
        }.get(change, true)  # fmt: skip
        said = _caption(wrong, other if change in ("relation", "both", "turned") else relation,
                        "an" if change == "article" else None)  # fmt: skip
        cases.append((said, _caption(true, relation)))
    # In another order at each draw, or a list of answers learned by heart would do; so the names tell nothing.
    return [
        Case(f"caption {i}", said=cases[k][0], true=cases[k][1]) for i, k in enumerate(rng.permutation(len(cases)), 1)
    ]


def _sorted_out(said, true):
    # From counts and from the frame that is left when the digits' places are blanked.
    def parts(words):
        named = [(NAMES.index(w)) for w in words if w in NAMES]
        return named, Counter(named), [w for w in words if w not in NAMES and w not in {"a", "an"}]

    (one, bag, frame), (other, true_bag, true_frame) = parts(said), parts(true)
    table = {(True, True, True): "right", (True, True, False): "wrong relation", (False, True, True): "wrong order",
             (False, False, True): "wrong digit"}  # fmt: skip
    kind = table.get((one == other, bag == true_bag, frame == true_frame), "several")
    return "wrong relation" if kind == "right" and said != true else kind


def _what_went_wrong(said, true):
    if said == true:
        return "right"
    said_digits, digits = ([word for word in words if word in NAMES] for words in (said, true))
    said_rest, rest = ([word for word in words if word not in (*NAMES, "a", "an")] for words in (said, true))
    if said_digits == digits:
        return "wrong relation"
    if said_rest != rest:
        return "several"
    return "wrong order" if sorted(said_digits) == sorted(digits) else "wrong digit"


what_went_wrong = Exercise(
    name="12.what_went_wrong",
    points=3,
    inputs=_failures,
    oracle=_sorted_out,
    right=_what_went_wrong,
    mistakes=slips(_what_went_wrong, {
        "digits that have changed places count as misread: compare them sorted as well": 'return "wrong order" if sorted(said_digits) == sorted(digits) else "wrong digit" → return "wrong digit"',
        "digits that have changed places are not noticed: they are compared without their order only": "if said_digits == digits → if sorted(said_digits) == sorted(digits)",
        "a wrong digit hides a wrong relation: two faults are “several”": "if said_rest != rest → if False",
        "a wrong relation hides what is wrong with the digits": "if said_digits == digits → if said_digits == digits or said_rest != rest",
        "digits are compared as sets: one that is said twice is not noticed": "sorted(said_digits) == sorted(digits) → set(said_digits) <= set(digits)",
        "digits are compared as sets, so that it is not noticed which of them is said twice": "sorted(said_digits) == sorted(digits) → set(said_digits) == set(digits)",
        "a wrong relation hides that digits have changed places: two faults are “several”": 'return "several" → return "wrong relation" if sorted(said_digits) == sorted(digits) else "several"',
        "“right” is given to captions with the right digits, whatever the relation": 'return "wrong relation" → return "right"',
        "an article is part of what is left: it belongs to its digit, leave “a” and “an” out": '(*NAMES, "a", "an") → NAMES',
        "a wrong article is overlooked: “right” asks that *all* words are equal": 'return "wrong relation" → return "right" if said_rest == rest else "wrong relation"',
        "misreading is asked for before the order, which is then never found": ('return "wrong order" if sorted(said_digits) == sorted(digits) else "wrong digit" → return "wrong digit"', 'return "several" → return "wrong order" if sorted(said_digits) == sorted(digits) else "several"'),
        "order and misreading change places": 'return "wrong order" if sorted(said_digits) == sorted(digits) else "wrong digit" → return "wrong digit" if sorted(said_digits) == sorted(digits) else "wrong order"',
        "“several” is never given where the digits are the same ones in another order": "if said_rest != rest → if said_rest != rest and sorted(said_digits) != sorted(digits)",
    }),
    returns=("kind",),
)  # fmt: skip


# -- share_on_digit --------------------------------------------------------------------------------------------------


def _maps(rng) -> list[Case]:
    def case(label, grid, size, corner, blank=0.3):
        mask = rng.random(grid * grid) > blank
        for r in (0, 7):
            mask[(corner[0] + r) // size * grid + (corner[1] + r) // size] = True
        if size == 2:  # a blank place in the midst of the digit
            mask[(corner[0] + 3) // size * grid + (corner[1] + 3) // size] = False
        mask[[0, 1]] = True, False
        weights = rng.uniform(0.2, 1, grid * grid) ** 2 * mask
        return Case(label, weights=torch.from_numpy(weights / weights.sum()), mask=torch.from_numpy(mask),
                    corner=corner, size=size)  # fmt: skip

    def between(low, high):
        return int(rng.integers(low, high))

    return [
        case("patches of 6, the digit over 4 of them or more", 6, 6, (between(1, 5), between(13, 17))),
        case("patches of 12, the digit inside one", 3, 12, (between(13, 16), between(25, 28)), blank=0.5),
        case("patches of 4, the digit ends where a patch ends", 9, 4, (8, 20)),
        case("patches of 6, the digit ends where a patch ends", 6, 6, (22, 4)),
        case("patches of 6, the digit's last pixel is the first one of a patch", 6, 6, (5, 17)),
        case("patches of 2", 18, 2, (between(3, 6), between(20, 23))),
    ]


def _painted(weights, mask, corner, size):
    # Pixel by pixel: colour the digit's pixels with the numbers of their patches.
    grid = round(len(weights) ** 0.5)
    touched = {(corner[0] + r) // size * grid + (corner[1] + c) // size for r in range(8) for c in range(8)}
    return float(sum(weights[n] for n in sorted(touched))), sum(bool(mask[n]) for n in touched) / int(mask.sum())


def _share_on_digit(weights, mask, corner, size):
    grid = round(len(weights) ** 0.5)
    rows, columns = (slice(first // size, (first + 7) // size + 1) for first in corner)
    share = weights.reshape(grid, grid)[rows, columns].sum()
    even = mask.reshape(grid, grid)[rows, columns].sum()
    return float(share), float(even / mask.sum())


share_on_digit = Exercise(
    name="12.share_on_digit",
    points=3,
    inputs=_maps,
    oracle=_painted,
    right=_share_on_digit,
    mistakes=slips(_share_on_digit, {
        "only the patch with the digit's corner is counted": "(first + 7) // size + 1 → first // size + 1",
        "one patch too many is counted where a digit ends with a patch: its last pixel is corner + 7": "first + 7 → first + 8",
        "the last row and column of patches are left out: a slice ends before its end": "(first + 7) // size + 1 → (first + 7) // size",
        "the digit is taken to be as large as a patch: it has 8 × 8 pixels": "first + 7 → first + size - 1",
        "row and column change places": "in corner → in corner[::-1]",
        "chance is spread over all places, blank ones too, and makes attention look better than it is": "even / mask.sum() → even / len(mask)",
        "chance is taken as one place: spread evenly, each patch touched gets its share": "even / mask.sum() → 1 / mask.sum()",
        "blank places that the digit touches count for chance too: they can't get any": "even / mask.sum() → weights.reshape(grid, grid)[rows, columns].numel() / mask.sum()",
        "chance is the share of patches that are touched, whatever the mask says": "even / mask.sum() → weights.reshape(grid, grid)[rows, columns].numel() / len(mask)",
        "chance counts patches, and is not divided: a share is asked for": "even / mask.sum() → even",
        "the largest weight is taken, where all on the digit have to be added": "share = weights.reshape(grid, grid)[rows, columns].sum() → share = weights.reshape(grid, grid)[rows, columns].max()",
        "the weights on the digit are averaged, not added": "share = weights.reshape(grid, grid)[rows, columns].sum() → share = weights.reshape(grid, grid)[rows, columns].mean()",
        "the share is divided by chance: two numbers are asked for, one beside the other": "return float(share) → return float(share * mask.sum() / even)",
        "the two results change places: the share comes first": "return float(share), float(even / mask.sum()) → return float(even / mask.sum()), float(share)",
    }),
    returns=("share", "chance"),
)  # fmt: skip
