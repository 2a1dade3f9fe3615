"""Notebook 12: captions, from patches to a sentence, and where it looked."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _tensor(array):
    import torch

    return torch.as_tensor(np.array(array))


def _normal(rng, *shape):
    return _tensor(rng.normal(size=shape) + 0.1)


# -- caption_scores --------------------------------------------------------------------------------------------------


def _spoken(rng, lengths, changes) -> Case:
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


def _hits(s, t):
    return sum(a == b for a, b in zip(s, t, strict=False))


def _scores(said, true, *, exact=None, words=None):
    exact = exact or (lambda s, t: s == t)
    pairs = list(zip(said, true, strict=True))
    per_word = words(pairs) if words else sum(_hits(s, t) for s, t in pairs) / sum(len(t) for _, t in pairs)
    return sum(exact(s, t) for s, t in pairs) / len(pairs), per_word


caption_scores = Exercise(
    name="12.caption_scores",
    points=3,
    inputs=_sayings,
    oracle=_scored,
    mistakes={
        "the words are averaged caption by caption, and then the captions: a word of a short one weighs more": lambda s, t: (
            _scores(s, t, words=lambda ps: np.mean([_hits(a, b) / len(b) for a, b in ps]))
        ),
        "missing words are not counted: only places where both have a word are": lambda s, t: _scores(
            s, t, words=lambda ps: sum(_hits(a, b) for a, b in ps) / sum(min(len(a), len(b)) for a, b in ps)
        ),
        "the words that were said are counted below the line, not those that are true": lambda s, t: _scores(
            s, t, words=lambda ps: sum(_hits(a, b) for a, b in ps) / sum(len(a) for a, _ in ps)
        ),
        "a caption counts as exact when it has the same words in any order": lambda s, t: _scores(
            s, t, exact=lambda a, b: sorted(a) == sorted(b)
        ),
        "a caption that goes on after the right words counts as exact": lambda s, t: _scores(
            s, t, exact=lambda a, b: a[: len(b)] == b
        ),
        "a word counts as right wherever in the caption it stands": lambda s, t: _scores(
            s, t, words=lambda ps: sum(w in a for a, b in ps for w in b) / sum(len(b) for _, b in ps)
        ),
        "the two results change places: exact match comes first": lambda s, t: _scores(s, t)[::-1],
    },
    accepts=[_scores],
    hints=[
        "Two counts: captions that are equal, and places where the words are.",
        "`zip(s, t)` stops at the shorter one, which is right for counting hits. What do you divide by?",
        "Exact: the mean of `s == t`. Per word: the hits of all captions, divided by `sum(len(t) for t in true)`.",
    ],
    returns=("exact", "per word"),
    difficulty=2,
    minutes=8,
)


# -- held_out_split --------------------------------------------------------------------------------------------------


def _groups(rng) -> list[Case]:
    def scenes(count, sizes=(2, 3)):
        return [tuple(rng.permutation(10)[: rng.choice(sizes)].tolist()) for _ in range(count)]

    a, b, c, d = rng.permutation(10)[:4].tolist()
    return [
        Case("scenes of two and three digits, three pairs", scenes=[*scenes(30), (b, a), (a, b, c), (c, a), (d, b)],
             pairs=[(a, b), (c, d), (b, d)]),
        Case("the pair stands at the end of a scene, or round about", scenes=[(c, a, b), (a, c, b), (b, c, a), (a, c), (d, c, b), (c, d)],
             pairs=[(a, b)]),
        Case("nothing is held out", scenes=scenes(5), pairs=[]),
        Case("many scenes of three", scenes=scenes(40, (3,)), pairs=[(b, c), (d, a)]),
    ]  # fmt: skip


def _by_sets(scenes, pairs):
    held = {frozenset(p) for p in pairs}
    touched = [bool(held & {frozenset((x, y)) for i, x in enumerate(s) for y in s[i + 1 :]}) for s in scenes]
    return np.flatnonzero(~np.array(touched)).tolist(), np.flatnonzero(touched).tolist()


def _split_by(leaks):
    def split(scenes, pairs):
        bad = [leaks(s, pairs) for s in scenes]
        return [i for i, b in enumerate(bad) if not b], [i for i, b in enumerate(bad) if b]

    return split


_correct_split = _split_by(lambda s, ps: any(set(p) <= set(s) for p in ps))

held_out_split = Exercise(
    name="12.held_out_split",
    points=2,
    inputs=_groups,
    oracle=_by_sets,
    mistakes={
        "only the first two digits of a scene are looked at: the third one leaks": _split_by(
            lambda s, ps: any(set(p) <= set(s[:2]) for p in ps)
        ),
        "only pairs with the subject count: two of the others leak": _split_by(
            lambda s, ps: any(s[0] in p and set(p) <= set(s) for p in ps)
        ),
        "a pair counts only in the order in which it is written down: (2, 5) but not (5, 2)": _split_by(
            lambda s, ps: any(p[0] in s and p[1] in s[s.index(p[0]) :] for p in ps)
        ),
        "one digit of a pair is enough to hold a scene out: single digits are then missing from training": _split_by(
            lambda s, ps: any(p[0] in s or p[1] in s for p in ps)
        ),
        "only scenes that are just the pair are held out, those of three digits leak": _split_by(
            lambda s, ps: any(set(p) == set(s) for p in ps)
        ),
        "training and test change places": lambda s, p: _correct_split(s, p)[::-1],
        "the scenes themselves are handed back, not their places": lambda s, p: tuple(
            [s[i] for i in part] for part in _correct_split(s, p)
        ),
    },
    accepts=[_correct_split],
    hints=[
        "For one scene and one pair: are both digits among the scene's?",
        "`a in digits and b in digits` has no order. A scene is held out if that is so for `any` of the pairs.",
        "Go through `enumerate(scenes)` and append the place to one of two lists.",
    ],
    returns=("train", "test"),
    difficulty=2,
    minutes=6,
)


# -- patches ---------------------------------------------------------------------------------------------------------


def _pictures(rng) -> list[Case]:
    return [
        Case("2 pictures of 6×9 in patches of 3", pictures=_normal(rng, 2, 6, 9), size=3),
        Case("3 pictures of 8×4 in patches of 2", pictures=_normal(rng, 3, 8, 4), size=2),
        Case("1 picture of 4×12 in patches of 4", pictures=_normal(rng, 1, 4, 12), size=4),
        Case("patches of a single pixel", pictures=_normal(rng, 2, 3, 5), size=1),
    ]


def _unfolded(pictures, size):
    from torch.nn import functional as F

    return F.unfold(pictures[:, None], size, stride=size).transpose(1, 2)


def _cut(x, size):
    b, h, w = x.shape
    return x.reshape(b, h // size, size, w // size, size)


def _cut_by_slices(pictures, size):
    import torch

    _, h, w = pictures.shape
    found = [pictures[:, r : r + size, c : c + size].flatten(1) for r in range(0, h, size) for c in range(0, w, size)]
    return torch.stack(found, dim=1)


patches = Exercise(
    name="12.patches",
    points=3,
    inputs=_pictures,
    oracle=_unfolded,
    mistakes={
        "it is reshaped only: without the transposition a “patch” is a strip of pixels": lambda x, s: x.reshape(
            len(x), -1, s * s
        ),
        "the patches are read column by column": lambda x, s: (
            _cut(x, s).permute(0, 3, 1, 2, 4).reshape(len(x), -1, s * s)
        ),
        "the pixels inside a patch are read column by column": lambda x, s: (
            _cut(x, s).permute(0, 1, 3, 4, 2).reshape(len(x), -1, s * s)
        ),
        "patches are left as squares: the last two axes have to be flattened": lambda x, s: (
            _cut(x, s).swapaxes(2, 3).reshape(len(x), -1, s, s)
        ),
        "the grid is left as it is: its rows and columns have to become one axis": lambda x, s: (
            _cut(x, s).swapaxes(2, 3).flatten(3)
        ),
        "the pixels of a place come from all patches: every size-th pixel was taken together": lambda x, s: (
            x.reshape(len(x), s, x.shape[1] // s, s, x.shape[2] // s).permute(0, 2, 4, 1, 3).reshape(len(x), -1, s * s)
        ),
        "the axes change places: (B, pixels, N), as `unfold` gives them": lambda x, s: _cut_by_slices(x, s).mT,
    },
    accepts=[_cut_by_slices, lambda x, s: _cut(x, s).permute(0, 1, 3, 2, 4).flatten(3).flatten(1, 2)],
    forbids=("torch.nn.functional.unfold", "torch.Tensor.unfold"),
    hints=[
        "First a reshape to five axes: batch, patch row, row in the patch, patch column, column in the patch.",
        "Which two axes have to change places, so that those of one patch stand side by side?",
        "`cut.swapaxes(2, 3).reshape(batch, -1, size * size)`.",
    ],
    returns=("patches",),
    difficulty=2,
    minutes=8,
)


# -- to_memory -------------------------------------------------------------------------------------------------------


def _looks(rng) -> list[Case]:
    def case(label, batch, count, width, size, scale=1.0):
        return Case(label, seen=scale * _normal(rng, batch, count, width).abs(), W=_normal(rng, width, size),
                    b=_normal(rng, size), places=_normal(rng, count, size))  # fmt: skip

    return [
        case("2 pictures of 6 places", 2, 6, 5, 4),
        case("1 picture of 3 places, more numbers than were seen", 1, 3, 4, 7),
        case("3 pictures of 5 places", 3, 5, 2, 3),
        Case("a blank picture: all that is left is the bias and the place", seen=0 * _normal(rng, 2, 4, 3),
             W=_normal(rng, 3, 5), b=0.01 * _normal(rng, 5), places=_normal(rng, 4, 5)),
    ]  # fmt: skip


def _by_layer_norm(seen, W, b, places):
    from torch.nn import functional as F

    return F.layer_norm(F.linear(seen, W.mT, b), b.shape, eps=1e-5) + places


def _memory(seen, W, b, places, *, dim=-1, correction=0, outside=False, root=True, mean=True, norm=True, place=True):
    z = seen @ W + b
    if norm:
        var = z.var(dim, keepdim=True, correction=correction)
        size = var.sqrt() + 1e-5 if outside else (var + 1e-5).sqrt() if root else var + 1e-5
        z = (z - z.mean(dim, keepdim=True) if mean else z) / size
    return z + places if place else z


def _place_first(seen, W, b, places):
    z = seen @ W + b + places
    return (z - z.mean(-1, keepdim=True)) / (z.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()


to_memory = Exercise(
    name="12.to_memory",
    points=4,
    inputs=_looks,
    oracle=_by_layer_norm,
    mistakes={
        "the place is added before the norm, which then changes it": _place_first,
        "the place is left out: the memory is a set of patches without order": lambda *a: _memory(*a, place=False),
        "it is normalised over the places, not over the numbers of each one": lambda *a: _memory(*a, dim=-2),
        "it is not normalised": lambda *a: _memory(*a, norm=False),
        "the variance is divided by M − 1: `correction=0` is missing": lambda *a: _memory(*a, correction=1),
        "$10^{-5}$ is added to the root, where it belongs under it": lambda *a: _memory(*a, outside=True),
        "it is divided by the variance: the root is missing": lambda *a: _memory(*a, root=False),
        "the mean is not taken away": lambda *a: _memory(*a, mean=False),
        "the bias is left out": lambda s, W, b, p: _memory(s, W, 0 * b, p),
    },
    accepts=[
        _memory,
        lambda s, W, b, p: (
            lambda z: (z - z.mean(2)[:, :, None]) * (z.var(2, correction=0) + 1e-5).rsqrt()[:, :, None] + p
        )(s @ W + b),
    ],
    forbids=("torch.nn.functional.layer_norm", "torch.nn.LayerNorm"),
    hints=[
        "`z = seen @ W + b`. Its last axis has M numbers: mean and variance are taken along it, for each place alone.",
        "`keepdim=True` keeps the axis, so that (B, N, 1) can be taken away from (B, N, M).",
        "`(z - z.mean(-1, keepdim=True)) / (z.var(-1, keepdim=True, correction=0) + 1e-5).sqrt() + places`.",
    ],
    returns=("memory",),
    difficulty=3,
    minutes=10,
)


# -- look ------------------------------------------------------------------------------------------------------------


def _questions(rng) -> list[Case]:
    def case(label, batch, steps, count, hidden, size, blank):
        mask = np.ones((batch, count), dtype=bool)
        for row in mask:
            row[rng.permutation(count)[:blank]] = False
        return Case(label, states=_normal(rng, batch, steps, hidden), memory=_normal(rng, batch, count, size),
                    W_a=_normal(rng, hidden, size), mask=_tensor(mask))  # fmt: skip

    return [
        case("2 pictures, 3 words, 6 places, 2 of them blank", 2, 3, 6, 4, 5, 2),
        case("1 picture, a single word", 1, 1, 7, 3, 2, 4),
        case("3 pictures, as many words as places", 3, 4, 4, 2, 5, 1),
        case("no blank place", 2, 5, 3, 4, 2, 0),
    ]


def _summed(states, memory, W_a, mask):
    import torch

    scores = torch.einsum("bth,hm,bnm->btn", states, W_a, memory)
    given = (scores - scores.amax(2, keepdim=True)).exp() * mask[:, None].to(scores.dtype)
    weights = given / given.sum(2, keepdim=True)
    return torch.einsum("btn,bnm->btm", weights, memory), weights


def _looked(states, memory, W_a, mask, weigh=None, attend=lambda m: m, scale=1.0):
    import torch

    scores = (scale * states @ W_a @ memory.mT).masked_fill(~attend(mask)[:, None], -torch.inf)
    weights = weigh(scores) if weigh else scores.softmax(-1)
    return weights @ memory, weights


def _all(mask):
    return mask | True


def _late(states, memory, W_a, mask):
    weights = (states @ W_a @ memory.mT).softmax(-1) * mask[:, None]
    return weights @ memory, weights


look = Exercise(
    name="12.look",
    points=3,
    inputs=_questions,
    oracle=_summed,
    mistakes={
        "the softmax runs over the words: each row has to sum to one over the places": lambda *a: _looked(
            *a, weigh=lambda s: s.softmax(1).nan_to_num(0.0)
        ),
        "the mask is not used: blank places get weight too": lambda *a: _looked(*a, attend=_all),
        "the mask comes after the softmax: what is left no longer sums to one": _late,
        "scores of blank places are set to 0, but $e^0$ is 1: they still get weight": lambda *a: _looked(
            *a, weigh=lambda s: s.masked_fill(s.isinf(), 0.0).softmax(-1)
        ),
        "the scores are used as they are: the softmax is missing": lambda *a: _looked(
            *a, weigh=lambda s: s.masked_fill(s.isinf(), 0.0)
        ),
        "all places weigh the same: the scores are not used": lambda *a: _looked(*a, scale=0.0),
        "the sign of the scores is turned: the worst place gets most": lambda *a: _looked(*a, scale=-1.0),
        "the scores are divided by $\\sqrt{M}$, as in 13; (12.4) has no scale": lambda *a: _looked(
            *a, scale=a[1].shape[-1] ** -0.5
        ),
        "the two results change places: contexts come first": lambda *a: _looked(*a)[::-1],
    },
    accepts=[_looked],
    forbids=("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention"),
    hints=[
        "A question for each word: `states @ W_a` is (B, T, M). Each place answers with its own vector.",
        "`scores = states @ W_a @ memory.mT` is (B, T, N). Where the mask, as `mask[:, None]`, is False, put −∞ "
        "(`masked_fill`), and take the softmax over the last axis.",
        "`weights @ memory` gives the contexts; hand back both, the contexts first.",
    ],
    returns=("contexts", "weights"),
    difficulty=2,
    minutes=6,
)


# -- caption_loss ----------------------------------------------------------------------------------------------------


def _guesses(rng) -> list[Case]:
    def case(label, lengths, words, high=0.0):
        steps = max(lengths)
        logits = 2 * _normal(rng, len(lengths), steps, words) + high
        targets = rng.integers(0, words, (len(lengths), steps))
        targets[np.arange(steps) >= np.array(lengths)[:, None]] = -100
        return Case(label, logits=logits, targets=_tensor(targets))

    return [
        case("3 captions of different lengths", [5, 2, 3], 7),
        case("2 captions without padding", [4, 4], 3),
        case("4 captions, one much longer", [1, 9, 2, 1], 5),
        case("very large logits", [3, 1], 6, high=2000.0),
    ]


def _nats(logits, targets):
    from torch.nn import functional as F

    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)


def _each(logits, targets):
    """Nats at each place, with padding scored as if it were word 0; and which places are real."""
    chosen = targets.clamp(min=0)
    nats = logits.logsumexp(-1) - logits.gather(-1, chosen[..., None])[..., 0]
    return nats, targets != -100


def _loss(logits, targets, reduce=lambda nats, real: nats[real].mean()):
    return reduce(*_each(logits, targets))


caption_loss = Exercise(
    name="12.caption_loss",
    points=4,
    inputs=_guesses,
    oracle=_nats,
    mistakes={
        "padding is counted as if it were a word": lambda *a: _loss(*a, reduce=lambda n, r: n.mean()),
        "the sum leaves padding out, but it is divided by all places, padding too": lambda *a: _loss(
            *a, reduce=lambda n, r: (n * r).sum() / r.numel()
        ),
        "a mean for each caption, then over captions: a word of a short caption weighs more": lambda *a: _loss(
            *a, reduce=lambda n, r: ((n * r).sum(1) / r.sum(1)).mean()
        ),
        "it is summed and not divided": lambda *a: _loss(*a, reduce=lambda n, r: n[r].sum()),
        "it is divided by the number of captions, not of words": lambda *a: _loss(
            *a, reduce=lambda n, r: n[r].sum() / len(r)
        ),
        "the sign is wrong: training would make the right words unlikely": lambda *a: -_loss(*a),
        "the logits are taken for log-probabilities: the softmax is missing": lambda x, y: (
            -x.gather(-1, y.clamp(min=0)[..., None])[..., 0][y != -100].mean()
        ),
        "the exponentials overflow: take `log_softmax`, not the log of a softmax written by hand": lambda x, y: (
            -(x.exp() / x.exp().sum(-1, keepdim=True))
            .log()
            .gather(-1, y.clamp(min=0)[..., None])[..., 0][y != -100]
            .mean()
        ),
        "the softmax runs over the steps, not over the words": lambda x, y: (
            -x.log_softmax(1).gather(-1, y.clamp(min=0)[..., None])[..., 0][y != -100].mean()
        ),
    },
    accepts=[_loss, lambda x, y: -x[y != -100].softmax(-1)[range(int((y != -100).sum())), y[y != -100]].log().mean()],
    forbids=("torch.nn.functional.cross_entropy", "torch.nn.CrossEntropyLoss", "torch.nn.functional.nll_loss"),
    hints=[
        "`real = targets != -100` says where words are. Choose those places first: `logits[real]` is (N, V).",
        "`log_softmax` over the words; then, in each row, the entry of the target: `gather`, or an index.",
        "`-log_p.gather(-1, targets[real][:, None]).mean()`.",
    ],
    returns=("loss",),
    difficulty=2,
    minutes=8,
)


# -- write_caption ---------------------------------------------------------------------------------------------------


def _speaker(route, words, noise):
    """A step function that writes `route`, if it is fed what was written and the state that it gave."""

    def step(tokens, state):
        import torch

        place, last = int(state[0, 0]), int(tokens.reshape(-1)[0])
        expected = route[place - 1] if place else 0
        # Fed anything but its own last word, it wanders off to a word that depends on both.
        word = route[min(place, len(route) - 1)] if last == expected else 3 + (last * 5 + place) % (words - 3)
        logits = torch.as_tensor(noise[place % len(noise)])[None].clone()
        logits[0, word] += 4.0
        return logits, state + 1

    return step


def _speakers(rng) -> list[Case]:
    import torch

    def case(label, length, limit, words=12):
        # The words 0, 1, 2 are start, end, and one that is never said.
        route = [*rng.permutation(np.arange(3, words))[:length].tolist(), 1]
        noise = rng.uniform(-1, 1, (5, words))
        state = torch.tensor([[0.0, rng.normal()]])
        return Case(label, step=_speaker(route, words, noise), state=state, start=0, end=1, max_steps=limit)

    n = int(rng.integers(4, 7))
    return [
        case("a caption that ends before the limit", n, 12),
        case("a caption that is cut at the limit", 8, 5),
        case("a caption of one word", 1, 6),
        case("a caption just as long as the limit", n, n),
    ]


def _said(step, state, start, end, max_steps):
    from seqlib.models.generate import greedy, until_end

    state = _tensor(state) if isinstance(state, np.ndarray) else state
    return until_end(greedy(step, state, start, end, max_steps), end)[0]


def _write(
    step,
    state,
    start,
    end,
    max_steps,
    *,
    feed=True,
    keep=True,
    include=False,
    stop=True,
    pick="argmax",
    first=False,
    less=0,
):
    import torch

    word, written = start, [start] if first else []
    for _ in range(max_steps - less):
        logits, new = step(torch.tensor([word if feed is True else start]), state)
        state = new if keep else state
        word = int(getattr(logits[0], pick)())
        if word == end and stop:
            return [*written, word] if include else written
        written.append(word)
    return written


write_caption = Exercise(
    name="12.write_caption",
    points=3,
    inputs=_speakers,
    oracle=_said,
    mistakes={
        "the state is not carried on: each word is chosen from the first one": lambda *a: _write(*a, keep=False),
        "the model reads the start mark at every step, not what it wrote": lambda *a: _write(*a, feed=False),
        "the end mark is handed back with the words": lambda *a: _write(*a, include=True),
        "it does not stop at the end mark": lambda *a: _write(*a, stop=False),
        "the start mark is handed back with the words": lambda *a: _write(*a, first=True),
        "the least likely word is taken": lambda *a: _write(*a, pick="argmin"),
        "one word too few: the limit is on the words written": lambda *a: _write(*a, less=1),
    },
    accepts=[_write],
    forbids=("seqlib.models.generate.greedy", "seqlib.models.generate.beam_search", "seqlib.models.generate.sample"),
    hints=[
        "Two things go from step to step: the word written last and the state.",
        "`logits, state = step(torch.tensor([word]), state)`, then `word = int(logits[0].argmax())`.",
        "If `word == end`, stop; else append it. At most `max_steps` times.",
    ],
    returns=("words",),
    difficulty=2,
    minutes=8,
)


# -- what_went_wrong -------------------------------------------------------------------------------------------------

_RELATIONS = (["left", "of"], ["right", "of"], ["above"], ["below"])


def _caption(digits, relation):
    first, *others = ([("an" if d == 8 else "a"), NAMES[d]] for d in digits)
    words = [*first, *relation]
    for i, other in enumerate(others):
        words += ["and", *other] if i else other
    return words


def _failures(rng) -> list[Case]:
    def digits(n):
        return rng.permutation(10)[:n].tolist()

    def two():
        one, other = rng.permutation(4)[:2]
        return _RELATIONS[one], _RELATIONS[other]

    cases = []
    for count, change in (
        (2, "none"), (3, "digit"), (2, "relation"), (3, "order"), (2, "order"), (3, "order"), (2, "order"), (3, "both"),
        (2, "turned"), (3, "missing"), (2, "misread"), (3, "twice"),
    ):  # fmt: skip
        d, (relation, other) = digits(6), two()
        true, wrong = d[:count], [*d[:count]]
        if change in ("digit", "both"):
            wrong[int(rng.integers(count))] = d[5]
        if change == "twice":
            wrong[2] = wrong[1]
        if change == "misread":
            wrong = d[2:4]
        if change in ("order", "turned"):
            wrong[0], wrong[1] = wrong[1], wrong[0]
        if change == "missing":
            wrong = wrong[:2]
        said = _caption(wrong, other if change in ("relation", "both", "turned") else relation)
        cases.append((said, _caption(true, relation)))
    # In another order at each draw, or a list of answers learned by heart would do; so the names tell nothing.
    return [
        Case(f"caption {i}", said=cases[k][0], true=cases[k][1]) for i, k in enumerate(rng.permutation(len(cases)), 1)
    ]


def _sorted_out(said, true):
    # From counts and from the frame that is left when the digits' places are blanked.
    from collections import Counter

    def parts(words):
        named = [(NAMES.index(w)) for w in words if w in NAMES]
        return named, Counter(named), [w for w in words if w not in NAMES and w not in {"a", "an"}]

    (one, bag, frame), (other, true_bag, true_frame) = parts(said), parts(true)
    table = {(True, True, True): "right", (True, True, False): "wrong relation", (False, True, True): "wrong order",
             (False, False, True): "wrong digit"}  # fmt: skip
    kind = table.get((one == other, bag == true_bag, frame == true_frame), "several")
    return "wrong relation" if kind == "right" and said != true else kind


def _sort_by(rule):
    def sort(said, true):
        names, others = (
            [[w for w in c if (w in NAMES) == want and w not in ("a", "an")] for c in (said, true)]
            for want in (True, False)
        )
        return rule(said, true, *names, *others)

    return sort


def _rule(said, true, d1, d2, r1, r2):
    if said == true:
        return "right"
    if d1 == d2:
        return "wrong relation"
    if r1 != r2:
        return "several"
    return "wrong order" if sorted(d1) == sorted(d2) else "wrong digit"


what_went_wrong = Exercise(
    name="12.what_went_wrong",
    points=3,
    inputs=_failures,
    oracle=_sorted_out,
    mistakes={
        "digits that have changed places count as misread: compare them sorted as well": _sort_by(
            lambda s, t, d1, d2, r1, r2: "wrong digit" if (k := _rule(s, t, d1, d2, r1, r2)) == "wrong order" else k
        ),
        "digits that have changed places are not noticed: they are compared without their order only": _sort_by(
            lambda s, t, d1, d2, r1, r2: _rule(s, t, sorted(d1), sorted(d2), r1, r2)
        ),
        "a wrong digit hides a wrong relation: two faults are “several”": _sort_by(
            lambda s, t, d1, d2, r1, r2: _rule(s, t, d1, d2, r2, r2)
        ),
        "a wrong relation hides what is wrong with the digits": _sort_by(
            lambda s, t, d1, d2, r1, r2: "wrong relation" if r1 != r2 else _rule(s, t, d1, d2, r1, r2)
        ),
        "digits are compared as sets: one that is said twice is not noticed": _sort_by(
            lambda s, t, d1, d2, r1, r2: (
                "wrong order" if set(d1) <= set(d2) and d1 != d2 and r1 == r2 else _rule(s, t, d1, d2, r1, r2)
            )
        ),
        "“right” is given to captions with the right digits, whatever the relation": _sort_by(
            lambda s, t, d1, d2, r1, r2: "right" if d1 == d2 else _rule(s, t, d1, d2, r1, r2)
        ),
    },
    accepts=[_sort_by(_rule)],
    hints=[
        "Two lists for each caption: its digits, and what is left without digits and articles.",
        "Four questions in this order: all equal? the digits equal? what is left unequal? the digits equal once sorted?",
        "`[word for word in words if word in DIGITS]` and `[word for word in words if word not in (*DIGITS, 'a', 'an')]`.",
    ],
    returns=("kind",),
    difficulty=3,
    minutes=10,
)


# -- share_on_digit --------------------------------------------------------------------------------------------------


def _maps(rng) -> list[Case]:
    def case(label, grid, size, corner, blank=0.3):
        mask = rng.random(grid * grid) > blank
        for r in (0, 7):
            mask[(corner[0] + r) // size * grid + (corner[1] + r) // size] = True
        mask[[0, 1]] = True, False
        weights = rng.uniform(0.2, 1, grid * grid) ** 2 * mask
        return Case(label, weights=_tensor(weights / weights.sum()), mask=_tensor(mask), corner=corner, size=size)

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


def _share(weights, mask, corner, size, *, extra=7, swap=False, only=False, chance=None, reduce="sum"):
    grid = round(len(weights) ** 0.5)
    row, column = corner[::-1] if swap else corner
    span = [slice(v // size, v // size + 1 if only else (v + extra) // size + 1) for v in (row, column)]
    box, even = (values.reshape(grid, grid)[span[0], span[1]] for values in (weights, mask))
    right = even.sum() / mask.sum()
    return float(getattr(box, reduce)()), float(chance(even, mask) if chance else right)


def _share_by_mask(weights, mask, corner, size):
    import torch

    canvas = torch.zeros(1, 36, 36)
    canvas[0, corner[0] : corner[0] + 8, corner[1] : corner[1] + 8] = 1
    touched = _cut(canvas, size).swapaxes(2, 3).reshape(len(weights), -1).any(1)
    return weights[touched].sum(), (touched & mask).sum().item() / mask.sum().item()


share_on_digit = Exercise(
    name="12.share_on_digit",
    points=3,
    inputs=_maps,
    oracle=_painted,
    mistakes={
        "only the patch with the digit's corner is counted": lambda *a: _share(*a, only=True),
        "one patch too many where a digit ends with a patch: its last pixel is corner + 7": lambda *a: _share(
            *a, extra=8
        ),
        "row and column change places": lambda *a: _share(*a, swap=True),
        "chance is spread over all places, blank ones too, and makes attention look better than it is": lambda *a: (
            _share(*a, chance=lambda even, mask: even.sum() / len(mask))
        ),
        "chance is taken as one place: spread evenly, each patch touched gets its share": lambda *a: _share(
            *a, chance=lambda even, mask: 1 / mask.sum()
        ),
        "the largest weight is taken, where all on the digit have to be added": lambda *a: _share(*a, reduce="max"),
        "the weights on the digit are averaged, not added": lambda *a: _share(*a, reduce="mean"),
        "the two results change places: the share comes first": lambda *a: _share(*a)[::-1],
    },
    accepts=[_share, _share_by_mask],
    hints=[
        "Weights as a grid first: `weights.reshape(g, g)`, with g × g = N.",
        "The digit's pixels go from `row` to `row + 7`. In which row of patches is the first one, in which the last?",
        "`grid[row // size : (row + 7) // size + 1, column // size : (column + 7) // size + 1].sum()`; for chance the same "
        "sum of the mask, divided by `mask.sum()`.",
    ],
    returns=("share", "chance"),
    difficulty=3,
    minutes=10,
)


EXERCISES = [
    caption_scores,
    held_out_split,
    patches,
    to_memory,
    look,
    caption_loss,
    write_caption,
    share_on_digit,
    what_went_wrong,
]
