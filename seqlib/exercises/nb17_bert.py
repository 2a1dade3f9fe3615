"""Notebook 17: masked language models, from the 80/10/10 rule to probes of what the layers know."""

import numpy as np

from seqlib.checks.exercise import Case, Exercise

FIRST, MASK, IGNORE = 5, 4, -100  # <pad> <unk> [CLS] [SEP] [MASK], then the words
READY_MADE_LOSS = ("torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss", "torch.nn.CrossEntropyLoss")


def _torch():
    import torch

    return torch


def _tensor(array):
    return _torch().from_numpy(np.ascontiguousarray(array))


def _rows(rng, lengths, size=30, width=None):
    """Rows [CLS] words [SEP] with padding; the first word (id 5) and an unknown one are among them."""
    width = width or max(lengths) + 2
    tokens = np.zeros((len(lengths), width), dtype=np.int64)
    for row, length in zip(tokens, lengths, strict=True):
        row[0], row[length + 1] = 2, 3
        row[1 : length + 1] = rng.integers(FIRST, size, length)
    tokens[0, 1:3] = FIRST, 1
    return tokens


# -- choose ----------------------------------------------------------------------------------------------------------


def _to_choose(rng) -> list[Case]:
    def case(label, lengths, share, border=False):
        tokens = _rows(rng, lengths)
        noise = rng.random(tokens.shape)
        noise[0, :4] = share * np.array([0.5, 0.4, 0.3, 0.2])  # specials and the first word with low noise
        noise[-1, -2:] = share / 2
        if border:
            noise[1, 1:4] = share
        return Case(label, tokens=_tensor(tokens), noise=_tensor(noise), share=share)

    return [
        case("15 % of a padded batch", [24, 9, 17], 0.15),
        case("half of two rows, noise of exactly one half among it", [12, 7, 9], 0.5, border=True),
        case("a quarter of short rows", [5, 3, 4, 2], 0.25, border=True),
    ]


def _chosen(tokens, noise, share=0.15):
    torch = _torch()
    words = torch.as_tensor(tokens).numpy() >= FIRST
    low = torch.as_tensor(noise).numpy() < share
    return _tensor(np.logical_and(words, low))


choose = Exercise(
    name="17.choose",
    points=2,
    inputs=_to_choose,
    oracle=_chosen,
    mistakes={
        "padding and special tokens are chosen too: there is no word to be guessed": lambda t, n, s: n < s,
        "padding is left out, but [CLS] and [SEP] are chosen like words": lambda t, n, s: (t > 0) & (n < s),
        "padding is chosen like a word: only [CLS] and [SEP] are left out": lambda t, n, s: (
            (t != 2) & (t != 3) & (n < s)
        ),
        "the comparison is turned round, and 85 % are chosen": lambda t, n, s: (t >= FIRST) & (n > s),
        "the first word, id 5, is taken for a special token": lambda t, n, s: (t > FIRST) & (n < s),
        "the mask is True where a place is *not* chosen": lambda t, n, s: ~((t >= FIRST) & (n < s)),
        "the chosen ids are handed back, not True and False": lambda t, n, s: t * ((t >= FIRST) & (n < s)),
    },
    accepts=[
        lambda t, n, s: _torch().logical_and(t > 4, n < s),
        lambda t, n, s: (n < s).masked_fill(t < FIRST, False),
        lambda t, n, s: (np.asarray(t) >= FIRST) & (np.asarray(n) < s),
    ],
    hints=[
        "Two conditions for each place: it holds a word, and its noise is low.",
        "Words have the ids from FIRST = 5 on. Conditions on tensors are joined by `&`, each in parentheses.",
        "`(tokens >= FIRST) & (noise < share)`",
    ],
    returns=("chosen",),
    minutes=4,
)


# -- corrupt ---------------------------------------------------------------------------------------------------------


def _to_corrupt(rng) -> list[Case]:
    def case(label, lengths, size, mask_share, random_share):
        tokens = _rows(rng, lengths, size)
        noise, kind, drawn = rng.random((3, *tokens.shape))
        chosen = (tokens >= FIRST) & (noise < 0.5)
        chosen[1, 1:7] = True  # each of the three fates, and the borders between them
        end = mask_share + random_share
        kind[1, 1:7] = mask_share / 2, mask_share, (mask_share + end) / 2, end, (end + 1) / 2, mask_share / 3
        drawn[1, 2:4] = 0.01, 0.97  # among all ids, the first would be <pad>
        return Case(
            label,
            tokens=_tensor(tokens),
            chosen=_tensor(chosen),
            kind=_tensor(kind),
            drawn=_tensor(drawn),
            vocabulary_size=size,
            mask_share=mask_share,
            random_share=random_share,
        )

    return [
        case("80/10/10", [20, 25, 14], 60, 0.8, 0.1),
        case("one half, a quarter, a quarter", [12, 9], 37, 0.5, 0.25),
        case("a quarter masked, half at random", [7, 8, 5, 6], 23, 0.25, 0.5),
    ]


def _corrupted(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    tokens, chosen, kind, drawn = (np.asarray(_torch().as_tensor(a)) for a in (tokens, chosen, kind, drawn))
    inputs, labels = tokens.copy(), np.full_like(tokens, IGNORE)
    for place in zip(*np.nonzero(chosen), strict=True):
        labels[place] = tokens[place]
        fate = kind[place]
        if fate < mask_share:
            inputs[place] = MASK
        elif fate < mask_share + random_share:
            inputs[place] = FIRST + int(drawn[place] * (vocabulary_size - FIRST))
    return _tensor(inputs), _tensor(labels)


def _variant(t, c, k, d, size, m=0.8, r=0.1, *, where=None, words=None, labels=None, kinds=None):
    """The rule with each of its parts replaceable."""
    torch = _torch()
    k = k if kinds is None else kinds(k, m, r)
    drawn = (FIRST + (d * (size - FIRST)).long()) if words is None else words(d, size)
    touched = c if where is None else where(t, c)
    inputs = torch.where(touched & (k < m + r), drawn, t)
    inputs = torch.where(touched & (k < m), torch.full_like(t, MASK), inputs)
    return inputs, t.masked_fill(~c, IGNORE) if labels is None else labels(t, c, inputs)


corrupt = Exercise(
    name="17.corrupt",
    points=4,
    inputs=_to_corrupt,
    oracle=_corrupted,
    mistakes={
        "the random words are drawn among all ids: padding and [MASK] turn up in the sentence": lambda *a: _variant(
            *a, words=lambda d, size: (d * size).long()
        ),
        "the labels are what the network sees, not the word that stood there": lambda *a: _variant(
            *a, labels=lambda t, c, i: i.masked_fill(~c, IGNORE)
        ),
        "every token is a label: the loss is taken where nothing was chosen, too": lambda *a: _variant(
            *a, labels=lambda t, c, i: t * 1
        ),
        "only what was replaced by [MASK] is a label: the places with a random word or the word itself count as well": (
            lambda *a: _variant(*a, labels=lambda t, c, i: t.masked_fill(i != MASK, IGNORE))
        ),
        "the shares are taken of all tokens, not of the chosen ones": lambda *a: _variant(
            *a, where=lambda t, c: c | True
        ),
        "the shares are taken of all words, not of the chosen ones": lambda *a: _variant(
            *a, where=lambda t, c: t >= FIRST
        ),
        "every chosen word becomes [MASK]": lambda *a: _variant(*a, kinds=lambda k, m, r: k * 0),
        "the random words and the unchanged ones change places": lambda *a: _variant(
            *a, kinds=lambda k, m, r: _torch().where(k < m, k, m + r - (k - m))
        ),
        "places that were not chosen have the label 0, which is a token: -100 is what a loss leaves out": lambda *a: (
            _variant(*a, labels=lambda t, c, i: t.masked_fill(~c, 0))
        ),
        "a random word is drawn for every chosen place that [MASK] does not take: none stays as it is": lambda *a: (
            _variant(*a, kinds=lambda k, m, r: _torch().where(k < m, k, _torch().full_like(k, m)))
        ),
        "the two results change places: the inputs come first": lambda *a: _variant(*a)[::-1],
    },
    accepts=[
        _variant,
        lambda t, c, k, d, size, m, r: (
            _torch().where(
                c,
                _torch().where(k < m, MASK, _torch().where(k < m + r, FIRST + (d * (size - FIRST)).floor().long(), t)),
                t,
            ),
            _torch().where(c, t, IGNORE),
        ),
    ],
    hints=[
        "Labels first: a copy of the tokens, with -100 wherever nothing was chosen.",
        "`torch.where(condition, one, other)` picks place by place. Write random words where `kind` is below both "
        "shares together, then [MASK] over them where it is below the first.",
        "`inputs = torch.where(chosen & (kind < mask_share + random_share), words, tokens)`, then the same with "
        "`kind < mask_share`, MASK and `inputs`. `words = FIRST + (drawn * (vocabulary_size - FIRST)).long()`.",
    ],
    returns=("inputs", "labels"),
    difficulty=2,
    minutes=10,
)


# -- mask_noise ------------------------------------------------------------------------------------------------------


def _noises(rng) -> list[Case]:
    seed = int(rng.integers(1, 1000))
    return [
        Case("the first step", step=0, shape=(4, 7), seed=seed),
        Case("a later step of the same run", step=int(rng.integers(2, 5000)), shape=(4, 7), seed=seed),
        Case("another run, another shape", step=int(rng.integers(2, 5000)), shape=(5, 3), seed=seed + 1),
    ]


def _noise(step, shape, seed):
    bits = np.random.PCG64(np.random.SeedSequence([seed, step]))
    return _tensor(np.random.Generator(bits).random((3, *shape)))


def _drawn(entropy, shape, three=lambda g, shape: g.random((3, *shape))):
    return _tensor(three(np.random.default_rng(entropy), shape))


mask_noise = Exercise(
    name="17.mask_noise",
    points=2,
    inputs=_noises,
    oracle=_noise,
    mistakes={
        "the step is left out: every batch of every epoch gets the same mask": lambda step, shape, seed: _drawn(
            seed, shape
        ),
        "the seed is left out: every run masks alike, and a spread over seeds shows too little": (
            lambda step, shape, seed: _drawn(step, shape)
        ),
        "seed and step are added: the run with the next seed gets this run's masks, one step earlier": (
            lambda step, shape, seed: _drawn(seed + step, shape)
        ),
        "one draw serves all three purposes: what is chosen has low noise, so it would always become [MASK]": (
            lambda step, shape, seed: _drawn(
                [seed, step], shape, lambda g, shape: np.repeat(g.random((1, *shape)), 3, 0)
            )
        ),
        "all rows of the batch share one mask": lambda step, shape, seed: _drawn(
            [seed, step], shape, lambda g, shape: np.repeat(g.random((3, 1, shape[1])), shape[0], 1)
        ),
        "the noise is normal, not uniform between 0 and 1": lambda step, shape, seed: _drawn(
            [seed, step], shape, lambda g, shape: g.normal(size=(3, *shape))
        ),
    },
    accepts=[
        lambda step, shape, seed: np.random.default_rng([seed, step]).random((3, *shape)),
        lambda step, shape, seed: np.random.default_rng((seed, step)).uniform(size=(3, shape[0], shape[1])),
    ],
    hints=[
        "A generator that depends on the run and on the step, and on nothing else.",
        "`np.random.default_rng` takes a list of numbers as its seed.",
        "`torch.from_numpy(np.random.default_rng([seed, step]).random((3, *shape)))`",
    ],
    returns=("noise",),
    minutes=4,
)


# -- mlm_logits ------------------------------------------------------------------------------------------------------


def _heads(rng) -> list[Case]:
    def case(label, batch, steps, width, inner, size, scale=1.0):
        return Case(
            label,
            states=_tensor(rng.normal(size=(batch, steps, width)) * scale),
            W=_tensor(rng.normal(size=(width, inner)) / np.sqrt(width)),
            b=_tensor(rng.normal(size=inner) * 0.5),
            gain=_tensor(rng.uniform(0.5, 1.5, inner)),
            shift=_tensor(rng.normal(size=inner) * 0.5),
            E=_tensor(rng.normal(size=(size, inner))),
            bias=_tensor(rng.normal(size=size)),
        )

    return [
        case("a batch of 2", 2, 5, 6, 8, 11),
        case("one row", 1, 7, 9, 4, 13),
        case("large states", 3, 4, 5, 7, 9, scale=6.0),
    ]


def _gelu(x):
    return 0.5 * x * (1 + _torch().erf(x / 2**0.5))


def _normed(u, unbiased=False, dim=-1):
    return (u - u.mean(dim, keepdim=True)) / (u.var(dim, keepdim=True, unbiased=unbiased) + 1e-5).sqrt()


def _head(states, W, b, gain, shift, E, bias, *, act=_gelu, norm=_normed, order="act norm", out=None):
    parts = [_torch().as_tensor(a) for a in (states, W, b, gain, shift, E, bias)]
    states, W, b, gain, shift, E, bias = parts
    u = states @ W + b
    for part in order.split():
        u = act(u) if part == "act" else norm(u) * gain + shift
    return u @ E.T + bias if out is None else out(u, E, bias)


def _head_by_modules(states, W, b, gain, shift, E, bias):
    torch = _torch()
    dense = torch.nn.Linear(*W.shape, dtype=W.dtype)
    layer = torch.nn.LayerNorm(len(gain), dtype=W.dtype)
    dense.weight, dense.bias = torch.nn.Parameter(W.T), torch.nn.Parameter(b)
    layer.weight, layer.bias = torch.nn.Parameter(gain), torch.nn.Parameter(shift)
    return torch.nn.functional.linear(layer(torch.nn.GELU()(dense(states))), E, bias).detach()


mlm_logits = Exercise(
    name="17.mlm_logits",
    points=3,
    inputs=_heads,
    oracle=_head,
    mistakes={
        "ReLU stands in the place of GELU": lambda *a: _head(*a, act=lambda u: u.relu()),
        "GELU and the layer norm change places": lambda *a: _head(*a, order="norm act"),
        "the layer norm is left out": lambda *a: _head(*a, order="act"),
        "GELU is left out": lambda *a: _head(*a, order="norm"),
        "the layer norm runs over the positions, not over the features": lambda *a: _head(
            *a, norm=lambda u: _normed(u, dim=1)
        ),
        "the variance is the unbiased one: a layer norm divides by the number of features": lambda *a: _head(
            *a, norm=lambda u: _normed(u, unbiased=True)
        ),
        "gain and shift are left out of the layer norm": lambda s, W, b, g, h, E, c: _head(
            s, W, b, g * 0 + 1, h * 0, E, c
        ),
        "gain and shift change places": lambda s, W, b, g, h, E, c: _head(s, W, b, h, g, E, c),
        "the bias of the words is left out: common words need a head start": lambda *a: _head(
            *a, out=lambda u, E, bias: u @ E.T
        ),
        "probabilities are handed back: the loss takes logits": lambda *a: _head(
            *a, out=lambda u, E, bias: (u @ E.T + bias).softmax(dim=-1)
        ),
    },
    accepts=[
        _head_by_modules,
        lambda *a: _torch().einsum("btm,vm->btv", _head(*a, out=lambda u, E, c: u), a[5]) + a[6],
    ],
    hints=[
        "Three stations: a linear map with GELU, a layer norm, and the product with every word's vector.",
        "`F.gelu(states @ W + b)`, then `F.layer_norm(u, gain.shape, gain, shift)`.",
        "Each row of E is a word: `u @ E.T + bias` gives one number for each word.",
    ],
    returns=("logits",),
    difficulty=2,
    minutes=8,
)


# -- mlm_loss --------------------------------------------------------------------------------------------------------


def _guesses(rng) -> list[Case]:
    def case(label, shape, chosen, scale=2.0):
        batch, steps, size = shape
        logits = rng.normal(size=shape) * scale
        labels = np.full((batch, steps), IGNORE)
        for row, count in zip(labels, chosen, strict=True):
            row[rng.permutation(steps)[:count]] = rng.integers(FIRST, size, count)
        return Case(label, logits=_tensor(logits), labels=_tensor(labels))

    return [
        case("rows with 1, 4 and 2 chosen words", (3, 9, 12), (1, 4, 2)),
        case("a row with nothing chosen", (2, 7, 20), (0, 3)),
        case("logits in the thousands", (2, 6, 9), (2, 1), scale=1000.0),
    ]


def _nats(logits, labels):
    torch = _torch()
    return torch.nn.functional.cross_entropy(
        torch.as_tensor(logits).flatten(0, 1), torch.as_tensor(labels).flatten(), ignore_index=IGNORE
    )


def _each(logits, labels, dim=-1, fill=0):
    """The negative log-probability at every place, as if `fill` were the label where there is none."""
    taken = labels.masked_fill(labels == IGNORE, fill)
    return -logits.log_softmax(dim=dim).gather(2, taken[:, :, None])[:, :, 0], (labels != IGNORE).to(logits.dtype)


def _rowwise(logits, labels):
    each, real = _each(logits, labels)
    counted = real.sum(1)
    return ((each * real).sum(1) / counted.clamp(min=1))[counted > 0].mean()


def _naive(logits, labels):
    each = logits.exp() / logits.exp().sum(-1, keepdim=True)
    chosen = labels != IGNORE
    return -each[chosen].gather(1, labels[chosen][:, None]).log().mean()


def _mean(total, real):
    return total / real.sum()


def _weighted(logits, labels, over):
    each, real = _each(logits, labels)
    return over((each * real).sum(), real)


mlm_loss = Exercise(
    name="17.mlm_loss",
    points=3,
    inputs=_guesses,
    oracle=_nats,
    mistakes={
        "the sum is divided by all places, chosen or not": lambda g, y: _weighted(g, y, lambda s, r: s / r.numel()),
        "the loss runs over all places: what was not chosen counts as the token 0": lambda g, y: _each(g, y)[0].mean(),
        "it is a mean of row means: a word in a row with few chosen ones weighs more": _rowwise,
        "it is the sum, not the mean": lambda g, y: _weighted(g, y, lambda s, r: s),
        "it is divided by the rows, not by the chosen words": lambda g, y: _weighted(g, y, lambda s, r: s / len(r)),
        "the sign is wrong: a loss is the *negative* log-probability": lambda g, y: -_weighted(g, y, _mean),
        "the softmax runs over the positions, not over the words": lambda g, y: (
            lambda each, real: (each * real).sum() / real.sum()
        )(*_each(g, y, dim=1)),
        "exp is taken of large logits, and overflows: use `log_softmax`, which subtracts the largest first": _naive,
        "it is in bits: the course counts in nats": lambda g, y: _weighted(g, y, _mean) / np.log(2),
        "the logits are taken for log-probabilities: no softmax": lambda g, y: (
            -g[y != IGNORE].gather(1, y[y != IGNORE][:, None]).mean()
        ),
    },
    accepts=[
        lambda g, y: _weighted(g, y, lambda s, r: s / r.sum()),
        lambda g, y: (
            (g[y >= 0].logsumexp(1) - g[y >= 0][_torch().arange(int((y >= 0).sum())), y[y >= 0]]).sum() / (y >= 0).sum()
        ),
    ],
    forbids=READY_MADE_LOSS,
    hints=[
        "Only places whose label is not -100: `logits[labels != -100]` picks them, as a table (chosen, V).",
        "`log_softmax(dim=1)` of that table; then from each row the entry of its label.",
        "`log_p.gather(1, labels[chosen][:, None])` picks the entries; the loss is minus their mean.",
    ],
    returns=("loss",),
    difficulty=2,
    minutes=8,
)


# -- trust -----------------------------------------------------------------------------------------------------------


def _beliefs(rng) -> list[Case]:
    def case(label, words, keep, random):
        return Case(label, prior=_tensor(np.sort(rng.uniform(0.001, 0.95, 6))), words=words, keep=keep, random=random)

    return [
        case("80/10/10 with a hundred words", int(rng.integers(80, 120)), 0.1, 0.1),
        case("thirty thousand words", 30_000, 0.1, 0.1),
        case("more random words than kept ones", int(rng.integers(5, 12)), 0.05, 0.25),
        case("no random words at all", 50, 0.2, 0.0),
    ]


def _by_counting(prior, words, keep=0.1, random=0.1):
    # Go through the words that may stand behind the one shown: itself, or one of the others.
    prior = _torch().as_tensor(prior)
    itself = prior * (keep + random * (1 / words))
    others = (1 - prior) * random * (1 / words)
    return itself / (itself + others)


trust = Exercise(
    name="17.trust",
    points=3,
    inputs=_beliefs,
    oracle=_by_counting,
    mistakes={
        "the context is left out: how probable the word is there matters": lambda p, w, k, r: (
            0 * p + (k + r / w) / (k + 2 * r / w)
        ),
        "the context alone is trusted, as if the word could not be seen": lambda p, w, k, r: p * 1,
        "a random word is taken to be certain, not one of many: divide by the number of words": lambda p, w, k, r: (
            p * (k + r) / (p * k + r)
        ),
        "a random draw can hit the word itself: that belongs to the numerator, too": lambda p, w, k, r: (
            p * k / (p * k + r / w)
        ),
        "a random draw is taken never to hit the word itself": lambda p, w, k, r: p * k / (p * k + (1 - p) * r / w),
        "what is left is the chance that the word is *wrong*": lambda p, w, k, r: 1 - _by_counting(p, w, k, r),
        "kept and random change places": lambda p, w, k, r: _by_counting(p, w, r, k),
        "the places that were never chosen are counted as kept, but no loss is taken there": lambda p, w, k, r: (
            _by_counting(p, w, (0.85 + 0.15 * k) / 0.15, r)
        ),
        "both are multiplied, and nothing is divided by the chance of seeing the word": lambda p, w, k, r: (
            p * (k + r / w)
        ),
    },
    accepts=[
        lambda p, w, k, r: p * (k + r / w) / (k * p + r / w),
        lambda p, w, k, r: p * (w * k + r) / (p * w * k + r),
        lambda p, w, k, r: 1 - (1 - p) * r / w / (k * p + r / w),
    ],
    hints=[
        "Bayes: the chance of seeing this word *and* it being right, over the chance of seeing it at all.",
        "Seeing w when w is right: it was kept, or the random draw hit it: `keep + random / words`. "
        "Seeing w when another word is right: `random / words`.",
        "`prior * (keep + random / words) / (prior * keep + random / words)`",
    ],
    returns=("belief",),
    difficulty=3,
    minutes=10,
)


# -- right_share -----------------------------------------------------------------------------------------------------


def _blanks(rng) -> list[Case]:
    def case(label, batch, steps, size, causal):
        ids = np.stack([rng.permutation(np.arange(FIRST, size))[:5] for _ in range(batch)])
        return Case(
            label,
            logits=_tensor(rng.normal(size=(batch, steps, size)) * 2),
            places=_tensor(rng.integers(1, steps - 1, batch)),
            right=_tensor(ids[:, :3]),
            wrong=_tensor(ids[:, 3:]),
            causal=causal,
        )

    return [
        case("a model that sees both sides", 4, 7, 15, False),
        case("a causal model", 5, 8, 13, True),
        case("a causal model, one row", 1, 9, 20, True),
    ]


def _share(logits, places, right, wrong, causal):
    found = []
    for row, place, yes, no in zip(logits, places, right, wrong, strict=True):
        weights = (row[int(place) - int(causal)] - row.max()).exp()
        found.append(weights[yes].sum() / (weights[yes].sum() + weights[no].sum()))
    return _torch().stack(found)


def _share_with(at, weigh=lambda scores: scores.softmax(dim=1), fold=lambda picked: picked.sum(dim=1)):
    def wrong_share(logits, places, right, wrong, causal):
        rows = _torch().arange(len(places))
        weights = weigh(logits[rows, at(places, causal, logits.shape[1])])
        yes, no = fold(weights.gather(1, right)), fold(weights.gather(1, wrong))
        return yes / (yes + no)

    return wrong_share


def _place(places, causal, steps):
    return places - 1 if causal else places


right_share = Exercise(
    name="17.right_share",
    points=3,
    inputs=_blanks,
    oracle=_share,
    mistakes={
        "the causal model is read at the blank itself, where it already guesses the word after": _share_with(
            lambda p, causal, steps: p
        ),
        "both models are read one place before the blank": _share_with(lambda p, causal, steps: p - 1),
        "the causal model is read one place after the blank": _share_with(
            lambda p, causal, steps: p + 1 if causal else p
        ),
        "the two models change places: the one that sees both sides is read one place early": _share_with(
            lambda p, causal, steps: p if causal else p - 1
        ),
        "the models are read at the last place": _share_with(lambda p, causal, steps: p * 0 + steps - 1),
        "logits are added up, not probabilities": _share_with(_place, weigh=lambda scores: scores),
        "the best form of each number is compared: the probabilities of all its forms belong together": _share_with(
            _place, fold=lambda picked: picked.amax(dim=1)
        ),
        "the mean over the forms is taken: a number with more forms may be more probable for it": _share_with(
            _place, fold=lambda picked: picked.mean(dim=1)
        ),
        "it is the share of the *wrong* forms": lambda g, p, y, n, c: _share(g, p, n, y, c),
        "the probability among all words is handed back: divide by that of right and wrong forms together": (
            lambda g, p, y, n, c: g[_torch().arange(len(p)), _place(p, c, 0)].softmax(1).gather(1, y).sum(1)
        ),
    },
    accepts=[
        _share_with(_place),
        _share_with(lambda p, causal, steps: p - int(causal), weigh=lambda s: s.exp()),
        lambda g, p, y, n, c: (lambda s: _torch().sigmoid(s.gather(1, y).logsumexp(1) - s.gather(1, n).logsumexp(1)))(
            g[_torch().arange(len(p)), p - (1 if c else 0)]
        ),
    ],
    hints=[
        "Where does each model say what belongs into the blank? A causal model says at t what comes at t + 1.",
        "`logits[torch.arange(len(places)), places]` picks one row of V numbers for each sentence; causal: `places - 1`.",
        "`p.gather(1, right).sum(dim=1)` is the probability of all right forms, p being the softmax of that row; "
        "divide by the same with `wrong` added.",
    ],
    returns=("share",),
    difficulty=2,
    minutes=8,
)


# -- mean_pool -------------------------------------------------------------------------------------------------------


def _pools(rng) -> list[Case]:
    def case(label, lengths, width, extra=0):
        tokens = _rows(rng, lengths, width=max(lengths) + 2 + extra)
        states = rng.normal(size=(*tokens.shape, width)) + 0.5
        return Case(label, states=_tensor(states), tokens=_tensor(tokens))

    return [
        case("sentences of 7, 3 and 5 words", [7, 3, 5], 4),
        case("one sentence of one known word", [2], 6),
        case("much padding", [4, 3], 3, extra=9),
    ]


def _pooled(states, tokens):
    torch = _torch()
    rows = zip(torch.as_tensor(states), torch.as_tensor(tokens), strict=True)
    return torch.stack([row[ids >= FIRST].mean(dim=0) for row, ids in rows])


def _pool_over(counts, divide=None):
    def pool(states, tokens):
        real = counts(tokens)[:, :, None].to(states.dtype)
        total = (states * real).sum(dim=1)
        return total / (real.sum(dim=1) if divide is None else divide(real))

    return pool


mean_pool = Exercise(
    name="17.mean_pool",
    points=2,
    inputs=_pools,
    oracle=_pooled,
    mistakes={
        "the padding is counted: the same sentence in a longer batch gives other numbers": lambda s, t: s.mean(dim=1),
        "[CLS], [SEP] and unknown words are counted like words": _pool_over(lambda t: t != 0),
        "only the words are added up, but divided by all places": _pool_over(
            lambda t: t >= FIRST, lambda real: real.shape[1]
        ),
        "only the words are added up, but [CLS] and [SEP] are counted in the division": (
            lambda s, t: (s * (t >= FIRST)[:, :, None]).sum(1) / (t != 0).sum(1, keepdim=True)
        ),
        "it is the sum: long sentences get larger vectors": _pool_over(lambda t: t >= FIRST, lambda real: 1.0),
        "it is the maximum over the words": lambda s, t: s.masked_fill((t < FIRST)[:, :, None], -np.inf).amax(dim=1),
        "it is the state of [CLS]": lambda s, t: s[:, 0] * 1,
        "the mean runs over the batch: one sentence's words are mixed with another's": lambda s, t: (
            (s * (t >= FIRST)[:, :, None]).sum(dim=(0, 1)) / (t >= FIRST).sum()
        ).expand(len(s), -1),
    },
    accepts=[
        _pool_over(lambda t: t >= FIRST),
        lambda s, t: _torch().einsum("btd,bt->bd", s, (t > 4).to(s.dtype)) / (t > 4).sum(1)[:, None],
    ],
    hints=[
        "A mask of the words, (B, T), and one more axis so that it multiplies (B, T, D).",
        "`words = (tokens >= FIRST)[:, :, None]`; then a sum over the places, divided by how many words there are.",
        "`(states * words).sum(dim=1) / words.sum(dim=1)`",
    ],
    returns=("pooled",),
    minutes=5,
)


# -- probe -----------------------------------------------------------------------------------------------------------


def _probes(rng) -> list[Case]:
    def case(label, known, new, width, classes, penalty):
        centres = rng.normal(size=(classes, width)) * 1.5 + 2.0
        labels = rng.integers(0, classes, known)
        labels[:classes] = np.arange(classes)
        labels[classes : known // 3] = 0  # classes are not equally common
        features = centres[labels] + rng.normal(size=(known, width))
        return Case(
            label,
            features=_tensor(features),
            labels=_tensor(labels),
            new=_tensor(rng.normal(size=(new, width)) + 3.0),
            classes=classes,
            penalty=penalty,
        )

    return [
        case("40 states of 5 numbers, 3 classes", 40, 7, 5, 3, 1.0),
        case("60 states, 4 classes, a strong penalty", 60, 9, 6, 4, 20.0),
        case("fewer states than numbers", 8, 5, 11, 2, 0.5),
    ]


def _ridge(features, labels, new, classes, penalty=1.0):
    from sklearn.linear_model import Ridge

    features, labels, new = (np.asarray(_torch().as_tensor(a)) for a in (features, labels, new))
    fitted = Ridge(alpha=penalty).fit(features.astype(float), np.eye(classes)[labels])
    return _tensor(fitted.predict(new.astype(float)).reshape(len(new), classes).astype(features.dtype))


def _probe(x, y, new, classes, penalty=1.0, *, centre=None, new_centre=None, penalise=None, target=None, add=1.0):
    torch = _torch()
    x, y, new = torch.as_tensor(x), torch.as_tensor(y), torch.as_tensor(new)
    mean = x.mean(0) if centre is None else centre(x)
    Y = torch.eye(classes, dtype=x.dtype)[y] if target is None else target(y, classes, x.dtype)
    base = Y.mean(0) * (centre is None)
    X, eye = x - mean, torch.eye(x.shape[1], dtype=x.dtype)
    W = torch.linalg.pinv(X.T @ X + (penalty * eye if penalise is None else penalise(penalty, eye))) @ X.T @ (Y - base)
    return (new - (mean if new_centre is None else new_centre(new))) @ W + add * base


def _augmented(x, y, new, classes, penalty=1.0):
    torch = _torch()
    width = x.shape[1]
    top = torch.cat([x, x.new_ones(len(x), 1)], 1)
    bottom = torch.cat([penalty**0.5 * torch.eye(width, dtype=x.dtype), x.new_zeros(width, 1)], 1)
    Y = torch.cat([torch.eye(classes, dtype=x.dtype)[y], x.new_zeros(width, classes)])
    W = torch.linalg.lstsq(torch.cat([top, bottom]), Y).solution
    return torch.cat([new, new.new_ones(len(new), 1)], 1) @ W


probe = Exercise(
    name="17.probe",
    points=4,
    inputs=_probes,
    oracle=_ridge,
    mistakes={
        "nothing is centred: the plane has to go through the origin": lambda *a: _probe(
            *a, centre=lambda x: 0 * x.mean(0)
        ),
        "the new states are not centred": lambda *a: _probe(*a, new_centre=lambda new: 0.0),
        "the new states are centred by their own mean: what is measured must not choose the measure": lambda *a: _probe(
            *a, new_centre=lambda new: new.mean(0)
        ),
        "the mean of the targets is not added back: rare classes come out too high": lambda *a: _probe(*a, add=0.0),
        "the penalty is left out": lambda *a: _probe(*a, penalise=lambda p, eye: 0 * eye),
        "the penalty is added to every entry of the matrix, not to its diagonal": lambda *a: _probe(
            *a, penalise=lambda p, eye: p + 0 * eye
        ),
        "the penalty is squared": lambda x, y, new, c, p: _probe(x, y, new, c, p**2 + (p == 1) * 1.0),
        "the best class is handed back, not a score for each": lambda *a: _probe(*a).argmax(dim=1),
        "the fit is made on the new states' own geometry: new stands where features belong": (
            lambda x, y, new, c, p: _probe(x, y, x[: len(new)], c, p)
        ),
    },
    accepts=[_probe, _augmented],
    forbids=("sklearn.linear_model.Ridge", "sklearn.linear_model.RidgeClassifier"),
    hints=[
        "Take the training mean off the states (also off the new ones) and off the one-hot targets.",
        "`torch.linalg.solve(A, B)` solves A W = B, with A = XᵀX + penalty · I of shape (D, D) and B = XᵀY (X being centred, Y need not be).",
        "`(new - mean) @ W + Y.mean(0)`, where Y is `F.one_hot(labels, classes).to(features.dtype)`.",
    ],
    returns=("scores",),
    difficulty=3,
    minutes=12,
)


# -- control_labels --------------------------------------------------------------------------------------------------


def _controls(rng) -> list[Case]:
    def case(label, places, size, classes):
        weights = rng.dirichlet(np.ones(classes))
        labels = rng.choice(classes, places, p=0.5 * weights + 0.5 / classes)
        return Case(
            label,
            tokens=_tensor(rng.integers(FIRST, size, places)),
            labels=_tensor(labels),
            noise=_tensor(rng.random(size)),
        )

    return [
        case("60 places, 20 words", 60, 20, 4),
        case("200 places, 31 words", 200, 31, 7),
        case("more words than places", 25, 90, 3),
    ]


def _controlled(tokens, labels, noise):
    tokens, labels, noise = (np.asarray(_torch().as_tensor(a)) for a in (tokens, labels, noise))
    of_word = {word: labels[int(noise[word] * len(labels))] for word in set(tokens.tolist())}
    return _tensor(np.array([of_word[word] for word in tokens.tolist()], dtype=labels.dtype))


def _usual(tokens, labels, noise):
    torch = _torch()
    counts = torch.zeros(len(noise), int(labels.max()) + 1)
    counts.index_put_((tokens, labels), torch.ones(len(tokens)), accumulate=True)
    return counts.argmax(dim=1)[tokens]


control_labels = Exercise(
    name="17.control_labels",
    points=2,
    inputs=_controls,
    oracle=_controlled,
    mistakes={
        "every place gets a label of its own: then nothing can be learned by heart": lambda t, y, n: y[
            (n[_torch().arange(len(t)) % len(n)] * len(y)).long()
        ],
        "the classes are drawn equally often, not as often as they are": lambda t, y, n: (n * (y.max() + 1)).long()[t],
        "each word keeps its usual class: that is a baseline, no control": _usual,
        "classes are renamed, not words: as easy as before": lambda t, y, n: y[(n * len(y)).long()][y],
        "a label for each word of the vocabulary is handed back, not one for each place": lambda t, y, n: y[
            (n * len(y)).long()
        ],
        "the noise picks among the vocabulary's size, not among the places": lambda t, y, n: y[
            (n * len(n)).long() % len(y)
        ][t],
        "the labels are handed back as they are": lambda t, y, n: y * 1,
    },
    accepts=[
        lambda t, y, n: y[(n * len(y)).long()][t],
        lambda t, y, n: y[(n[t] * len(y)).floor().long()],
    ],
    hints=[
        "First a table: one label for each word of the vocabulary, (V,). Then look every place's word up in it.",
        "`(noise * len(labels)).long()` picks a random place for each word; take the label that stands there.",
        "`table = labels[(noise * len(labels)).long()]` and `table[tokens]`.",
    ],
    returns=("control",),
    difficulty=2,
    minutes=6,
)


EXERCISES = [
    choose,
    corrupt,
    mask_noise,
    mlm_logits,
    mlm_loss,
    trust,
    right_share,
    mean_pool,
    probe,
    control_labels,
]
