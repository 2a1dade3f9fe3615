"""Notebook 17: masked language models, from the 80/10/10 rule to probes of what the layers know."""

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import tensor

FIRST, MASK, IGNORE = 5, 4, -100  # <pad> <unk> [CLS] [SEP] [MASK], then the words


def _rows(rng, lengths, size=30, width=None):
    """Rows [CLS] words [SEP] with padding; the first word (id 5), an unknown one and a [MASK] are among them."""
    width = width or max(lengths) + 2
    tokens = np.zeros((len(lengths), width), dtype=np.int64)
    for row, length in zip(tokens, lengths, strict=True):
        row[0], row[length + 1] = 2, 3
        row[1 : length + 1] = rng.integers(FIRST, size, length)
    tokens[0, 1:3] = FIRST, 1
    if lengths[0] > 3:
        tokens[0, 3] = MASK
    return tokens


# -- choose -------------------------------------------------------------------------------------------------------------


def _to_choose(rng) -> list[Case]:
    def case(label, lengths, share, border=False):
        tokens = _rows(rng, lengths)
        noise = rng.random(tokens.shape)
        noise[0, :4] = share * np.array([0.5, 0.4, 0.3, 0.2])  # specials and the first word with low noise
        noise[0, 4] = share * 0.6
        noise[0, 5:17] = share * rng.uniform(0.1, 0.9, noise[0, 5:17].shape)  # more of the words than the share
        noise[-1, -2:] = share / 2
        if border:
            noise[1, 1:4] = share
        return Case(label, tokens=tensor(tokens), noise=tensor(noise), share=share)

    return [
        case("15 % of a padded batch", [24, 9, 17], 0.15),
        case("half of two rows, noise of exactly one half among it", [12, 7, 9], 0.5, border=True),
        case("a quarter of short rows", [5, 3, 4, 2], 0.25, border=True),
    ]


def _low_words(tokens, noise, share=0.15):
    words = torch.as_tensor(tokens).numpy() >= FIRST
    low = torch.as_tensor(noise).numpy() < share
    return tensor(np.logical_and(words, low))


def _choose(tokens, noise, share=0.15):
    words, low = tokens >= FIRST, noise < share
    return words & low


def _exactly(tokens, noise, share):
    words = tokens >= FIRST
    count = round(share * int(words.sum()))
    return words & (noise < noise[words].sort().values[count])


choose = Exercise(
    name="17.choose",
    points=2,
    inputs=_to_choose,
    oracle=_low_words,
    right=_choose,
    mistakes={
        "exactly that share of the words is chosen: each word has a throw of its own, and the count may vary": _exactly
    }
    | slips(
        _choose,
        {
            "padding and special tokens are chosen too: there is no word to be guessed": "words & low → low",
            "padding is left out, but [CLS] and [SEP] are chosen like words": "tokens >= FIRST → tokens > 0",
            "padding is chosen like a word: only [CLS] and [SEP] are left out": "tokens >= FIRST → (tokens != 2) & (tokens != 3)",
            "unknown words and [MASK] are chosen like words": "tokens >= FIRST → (tokens > 0) & (tokens != 2) & (tokens != 3)",
            "unknown words are chosen like words: ids below FIRST are none": "tokens >= FIRST → (tokens >= FIRST) | (tokens == 1)",
            "[MASK] is chosen like a word": "tokens >= FIRST → tokens >= FIRST - 1",
            "the first word, id 5, is taken for a special token": "tokens >= FIRST → tokens > FIRST",
            "special tokens are chosen, and no words": "tokens >= FIRST → tokens < FIRST",
            "the comparison is turned round, and 85 % are chosen": "noise < share → noise > share",
            "noise of exactly the share is chosen too: *below* the share": "noise < share → noise <= share",
            "the given share is not used: it is 15 % unless another is given": "noise < share → noise < 0.15",
            "what is chosen is every word, whatever its noise": "words & low → words",
            "one of the two conditions is enough: a place needs both": "words & low → words | low",
            "the mask is True where a place is *not* chosen": "words & low → ~(words & low)",
            "the chosen ids are handed back, not True and False": "words & low → tokens * (words & low)",
            "the places are handed back as numbers: True and False, of the shape of the tokens": "words & low → (words & low).nonzero()",
            "these are zeros and ones: True and False were asked for": "words & low → (words & low).long()",
        },
    ),
    returns=("chosen",),
)


# -- corrupt ------------------------------------------------------------------------------------------------------------


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
            tokens=tensor(tokens),
            chosen=tensor(chosen),
            kind=tensor(kind),
            drawn=tensor(drawn),
            vocabulary_size=size,
            mask_share=mask_share,
            random_share=random_share,
        )

    return [
        case("80/10/10", [20, 25, 14], 60, 0.8, 0.1),
        case("one half, a quarter, a quarter", [12, 9], 37, 0.5, 0.25),
        case("a quarter masked, half at random", [7, 8, 5, 6], 23, 0.25, 0.5),
    ]


def _place_by_place(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    tokens, chosen, kind, drawn = (np.asarray(torch.as_tensor(a)) for a in (tokens, chosen, kind, drawn))
    inputs, labels = tokens.copy(), np.full_like(tokens, IGNORE)
    for place in zip(*np.nonzero(chosen), strict=True):
        labels[place] = tokens[place]
        fate = kind[place]
        if fate < mask_share:
            inputs[place] = MASK
        elif fate < mask_share + random_share:
            inputs[place] = FIRST + int(drawn[place] * (vocabulary_size - FIRST))
    return tensor(inputs), tensor(labels)


def _corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    masked, replaced = kind < mask_share, kind < mask_share + random_share
    inputs = torch.where(chosen & replaced, words, tokens)
    inputs = torch.where(chosen & masked, MASK, inputs)
    labels = tokens.masked_fill(~chosen, IGNORE)
    return inputs, labels


corrupt = Exercise(
    name="17.corrupt",
    points=4,
    inputs=_to_corrupt,
    oracle=_place_by_place,
    right=_corrupt,
    mistakes=slips(
        _corrupt,
        {
            "the random words are drawn among all ids: padding and [MASK] turn up in the sentence": "FIRST + (drawn * (vocabulary_size - FIRST)).long() → (drawn * vocabulary_size).long()",
            "the random words begin at FIRST and reach beyond the vocabulary: there are V − FIRST of them": "(vocabulary_size - FIRST)).long() → vocabulary_size).long()",
            "the random words begin at 0: add FIRST": "words = FIRST + → words =",
            "the last word is never drawn: there are V − FIRST words": "(vocabulary_size - FIRST) → (vocabulary_size - FIRST - 1)",
            "the random words are rounded, not cut off: the floor was asked for": "(drawn * (vocabulary_size - FIRST)).long() → (drawn * (vocabulary_size - FIRST)).round().long()",
            "the labels are what the network sees, not the word that stood there": "labels = tokens.masked → labels = inputs.masked",
            "every token is a label: the loss is taken where nothing was chosen, too": "tokens.masked_fill(~chosen, IGNORE) → tokens * 1",
            "the labels stand where nothing was chosen": "~chosen → chosen",
            "only what was replaced by [MASK] is a label: the places with a random word or the word itself count as well": "~chosen → ~(chosen & masked)",
            "only what was changed is a label: a chosen word that stays as it is counts as well": "~chosen → ~(chosen & replaced)",
            "the shares are taken of all tokens, not of the chosen ones": (
                "chosen & replaced → replaced",
                "chosen & masked → masked",
            ),
            "the shares are taken of all words, not of the chosen ones": (
                "chosen & replaced → (tokens >= FIRST) & replaced",
                "chosen & masked → (tokens >= FIRST) & masked",
            ),
            "the random words are written over [MASK]: their share begins where that of [MASK] ends": (
                "torch.where(chosen & replaced, words, tokens) → torch.where(chosen & masked, MASK, tokens)",
                "torch.where(chosen & masked, MASK, inputs) → torch.where(chosen & (kind < random_share), words, inputs)",
            ),
            "random words are put anywhere: only chosen places are changed": "chosen & replaced → replaced",
            "[MASK] is put anywhere: only chosen places are changed": "chosen & masked → masked",
            "every chosen word becomes [MASK]": "chosen & masked → chosen",
            "no chosen word becomes [MASK]: random words are written over all of them": "chosen & masked, MASK → chosen & replaced, words",
            "no random word is written: the chosen ones become [MASK], or stay": "chosen & replaced, words → chosen & replaced, tokens",
            "what should become [MASK] stays as it was, and so do the rest": "chosen & masked, MASK, inputs → chosen & masked, tokens, inputs",
            "the random words and the unchanged ones change places": "kind < mask_share + random_share → kind >= mask_share + random_share",
            "the shares of [MASK] and of random words change places": (
                "masked, replaced = kind < mask_share → masked, replaced = kind < random_share",
            ),
            "the second share begins at 0: it is put on top of the first": "kind < mask_share + random_share → kind < random_share",
            "`kind` above the share becomes [MASK]: below it was asked for": "masked, replaced = kind < mask_share → masked, replaced = kind >= mask_share",
            "the border of the shares belongs to the case before: *below* was asked for": (
                "replaced = kind < mask_share, → replaced = kind <= mask_share,",
                "kind < mask_share + → kind <= mask_share +",
            ),
            "the given shares are not used: 80 and 10 of 100 unless others are given": (
                "kind < mask_share, → kind < 0.8,",
                "kind < mask_share + random_share → kind < 0.9",
            ),
            "places that were not chosen have the label 0, which is a token: -100 is what a loss leaves out": "~chosen, IGNORE → ~chosen, 0",
            "places that were not chosen have the label −1: −100 is what a loss leaves out": "~chosen, IGNORE → ~chosen, -1",
            "a random word is drawn for every chosen place that [MASK] does not take: none stays as it is": "chosen & replaced → chosen",
            "the draws are used in each other's place: `kind` decides the fate, `drawn` the word": "words = FIRST → kind, drawn = drawn, kind\n    words = FIRST",
            "the two results change places: the inputs come first": "inputs, labels\n → labels, inputs\n",
        },
    ),
    returns=("inputs", "labels"),
)


# -- mask_noise ---------------------------------------------------------------------------------------------------------


def _noises(rng) -> list[Case]:
    seed = int(rng.integers(1, 1000))
    return [
        Case("the first step", step=0, shape=(4, 7), seed=seed),
        Case("a later step of the same run", step=int(rng.integers(2, 5000)), shape=(4, 7), seed=seed),
        Case("another run, another shape", step=int(rng.integers(2, 5000)), shape=(5, 3), seed=seed + 1),
    ]


def _with_its_kind(answer, step, shape, seed):
    """The noise, and what kind of numbers it is: the page goes on with a tensor."""
    noise = answer(step, shape, seed)
    return noise, str(getattr(noise, "dtype", type(noise).__name__))


def _from_bits(step, shape, seed):
    bits = np.random.PCG64(np.random.SeedSequence([seed, step]))
    return tensor(np.random.Generator(bits).random((3, *shape))), "torch.float64"


def _mask_noise(step, shape, seed):
    rng = np.random.default_rng([seed, step])
    return torch.from_numpy(rng.random((3, *shape)))


mask_noise = Exercise(
    name="17.mask_noise",
    points=2,
    inputs=_noises,
    oracle=_from_bits,
    using=_with_its_kind,
    stand_in=_mask_noise,
    right=_mask_noise,
    mistakes=slips(
        _mask_noise,
        {
            "the step is left out: every batch of every epoch gets the same mask": "[seed, step] → seed",
            "the seed is left out: every run masks alike, and a spread over seeds shows too little": "[seed, step] → step",
            "seed and step are added: the run with the next seed gets this run's masks, one step earlier": "[seed, step] → seed + step",
            "seed and step are multiplied: at step 0 all runs mask alike": "[seed, step] → seed * step",
            "seed and step change places in the list": "[seed, step] → [step, seed]",
            "one draw serves all three purposes: what is chosen has low noise, so it would always become [MASK]": "rng.random((3, *shape)) → np.repeat(rng.random((1, *shape)), 3, 0)",
            "all rows of the batch share one mask": "rng.random((3, *shape)) → np.repeat(rng.random((3, 1, shape[1])), shape[0], 1)",
            "all places of a row share one number": "rng.random((3, *shape)) → np.repeat(rng.random((3, shape[0], 1)), shape[1], 2)",
            "the three tables stand last: the shape is (3, B, T)": "(3, *shape) → (*shape, 3)",
            "there is one table, not three": "(3, *shape) → shape",
            "there are two tables, not three": "(3, *shape) → (2, *shape)",
            "the noise is normal, not uniform between 0 and 1": "rng.random((3, *shape)) → rng.normal(size=(3, *shape))",
            "the noise lies between −1 and 1, not between 0 and 1": "rng.random((3, *shape)) → rng.uniform(-1, 1, (3, *shape))",
            "an array is handed back, not a tensor: `torch.from_numpy`": "torch.from_numpy(rng.random((3, *shape))) → rng.random((3, *shape))",
            "the tensor is in single precision: float64 was asked for": "*shape))) → *shape))).float()",
            "the numbers are drawn in single precision, which is another stream": "(3, *shape)) → (3, *shape), dtype=np.float32)",
        },
    ),
    returns=("noise", "kind"),
)


# -- mlm_logits ---------------------------------------------------------------------------------------------------------


def _heads(rng) -> list[Case]:
    def case(label, batch, steps, width, inner, size, scale=1.0):
        return Case(
            label,
            states=tensor(rng.normal(size=(batch, steps, width)) * scale),
            W=tensor(rng.normal(size=(width, inner)) / np.sqrt(width)),
            b=tensor(rng.normal(size=inner) * 0.5),
            gain=tensor(rng.uniform(0.5, 1.5, inner)),
            shift=tensor(rng.normal(size=inner) * 0.5),
            E=tensor(rng.normal(size=(size, inner))),
            bias=tensor(rng.normal(size=size)),
        )

    return [
        case("a batch of 2", 2, 5, 6, 8, 11),
        case("one row", 1, 7, 9, 4, 13),
        case("large states", 3, 4, 5, 7, 9, scale=6.0),
    ]


def _by_hand(states, W, b, gain, shift, E, bias):
    states, W, b, gain, shift, E, bias = (torch.as_tensor(a) for a in (states, W, b, gain, shift, E, bias))
    u = states @ W + b
    u = 0.5 * u * (1 + torch.erf(u / 2**0.5))
    return (_normed(u) * gain + shift) @ E.T + bias


def _normed(u, dim=-1, unbiased=False):
    return (u - u.mean(dim, keepdim=True)) / (u.var(dim, keepdim=True, unbiased=unbiased) + 1e-5).sqrt()


def _mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.gelu(states @ W + b)
    u = F.layer_norm(u, gain.shape, gain, shift)
    return u @ E.T + bias


mlm_logits = Exercise(
    name="17.mlm_logits",
    points=3,
    inputs=_heads,
    oracle=_by_hand,
    right=_mlm_logits,
    trains=True,
    mistakes=slips(
        _mlm_logits,
        {
            "ReLU stands in the place of GELU": "F.gelu( → F.relu(",
            "tanh stands in the place of GELU": "F.gelu( → torch.tanh(",
            "SiLU stands in the place of GELU": "F.gelu( → F.silu(",
            "GELU and the layer norm change places": (
                "F.gelu(states @ W + b) → states @ W + b",
                "u = F.layer_norm(u, gain.shape, gain, shift) → u = F.gelu(F.layer_norm(u, gain.shape, gain, shift))",
            ),
            "the layer norm is left out": "u = F.layer_norm(u, gain.shape, gain, shift) → u = u",
            "GELU is left out": "F.gelu(states @ W + b) → states @ W + b",
            "GELU is taken twice, before and after the layer norm": "u = F.layer_norm(u, gain.shape, gain, shift) → u = F.gelu(F.layer_norm(u, gain.shape, gain, shift))",
            "the layer norm runs over the positions, not over the features": "F.layer_norm(u, gain.shape, gain, shift) → _normed(u, dim=1) * gain + shift",
            "the layer norm runs over the batch, not over the features": "F.layer_norm(u, gain.shape, gain, shift) → _normed(u, dim=(0, 1)) * gain + shift",
            "the variance is the unbiased one: a layer norm divides by the number of features": "F.layer_norm(u, gain.shape, gain, shift) → _normed(u, unbiased=True) * gain + shift",
            "the mean is not subtracted in the layer norm": "F.layer_norm(u, gain.shape, gain, shift) → F.rms_norm(u, gain.shape, gain) + shift",
            "gain and shift are left out of the layer norm": "gain.shape, gain, shift → gain.shape",
            "the gain is left out of the layer norm": "gain.shape, gain, shift → gain.shape, None, shift",
            "the shift is left out of the layer norm": "gain.shape, gain, shift → gain.shape, gain",
            "gain and shift change places": "gain.shape, gain, shift → gain.shape, shift, gain",
            "the first bias b is left out": "states @ W + b → states @ W",
            "the bias of the words is left out: common words need a head start": "E.T + bias → E.T",
            "probabilities are handed back: the loss takes logits": "u @ E.T + bias → (u @ E.T + bias).softmax(dim=-1)",
            "log-probabilities are handed back: the loss takes logits": "u @ E.T + bias → (u @ E.T + bias).log_softmax(dim=-1)",
            "the words' vectors are normed too: only the states are": "@ E.T → @ F.layer_norm(E, gain.shape).T",
            "the product is scaled by $\\sqrt M$, as in attention": "u @ E.T → u @ E.T / len(gain) ** 0.5",
            "the states after the layer norm are handed back: they are compared with every word": "return u @ E.T + bias → return u",
        },
    ),
    returns=("logits",),
)


# -- mlm_loss -----------------------------------------------------------------------------------------------------------


def _guesses(rng) -> list[Case]:
    def case(label, shape, chosen, scale=2.0):
        batch, steps, size = shape
        logits = rng.normal(size=shape) * scale
        labels = np.full((batch, steps), IGNORE)
        for row, count in zip(labels, chosen, strict=True):
            row[rng.permutation(steps)[:count]] = rng.integers(FIRST, size, count)
        return Case(label, logits=tensor(logits), labels=tensor(labels))

    return [
        case("rows with 1, 4 and 2 chosen words", (3, 9, 12), (1, 4, 2)),
        case("a row with nothing chosen", (2, 7, 20), (0, 3)),
        case("logits in the thousands", (2, 6, 9), (2, 1), scale=1000.0),
    ]


def _nats(logits, labels):
    flat = torch.as_tensor(logits).flatten(0, 1), torch.as_tensor(labels).flatten()
    return F.cross_entropy(*flat, ignore_index=IGNORE)


def _mlm_loss(logits, labels):
    chosen = labels != -100
    log_p = logits[chosen].log_softmax(dim=1)
    taken = log_p.gather(1, labels[chosen][:, None])
    return -taken.mean()


mlm_loss = Exercise(
    name="17.mlm_loss",
    points=3,
    inputs=_guesses,
    oracle=_nats,
    right=_mlm_loss,
    trains=True,
    mistakes=slips(
        _mlm_loss,
        {
            "the sum is divided by all places, chosen or not": "-taken.mean() → -taken.sum() / labels.numel()",
            "the loss runs over all places: what was not chosen counts as the token 0": (
                "labels != -100 → labels > -101",
                "labels[chosen][:, None] → labels[chosen].clamp(min=0)[:, None]",
            ),
            "it is a mean of row means: a word in a row with few chosen ones weighs more": "-taken.mean() → -torch.stack([row.mean() for row in taken[:, 0].split(chosen.sum(1).tolist()) if len(row)]).mean()",
            "the mean over rows counts rows in which nothing was chosen": "-taken.mean() → -torch.stack([row.sum() / max(len(row), 1) for row in taken[:, 0].split(chosen.sum(1).tolist())]).mean()",
            "it is the sum, not the mean": ".mean() → .sum()",
            "it is divided by one more than there are chosen words": "-taken.mean() → -taken.sum() / (len(taken) + 1)",
            "it is divided by the rows, not by the chosen words": "-taken.mean() → -taken.sum() / len(labels)",
            "it is divided by the words of the vocabulary as well": "-taken.mean() → -taken.mean() / logits.shape[2]",
            "the sign is wrong: a loss is the *negative* log-probability": "return -taken → return taken",
            "the softmax runs over the positions, not over the words": "logits[chosen].log_softmax(dim=1) → logits.log_softmax(dim=1)[chosen]",
            "the softmax runs over the chosen places, not over the words": "log_softmax(dim=1) → log_softmax(dim=0)",
            "exp is taken of large logits, and overflows: use `log_softmax`, which subtracts the largest first": "logits[chosen].log_softmax(dim=1) → (logits[chosen].exp() / logits[chosen].exp().sum(1, keepdim=True)).log()",
            "it is in bits: the course counts in nats": ".log_softmax(dim=1) → .softmax(dim=1).log2()",
            "the perplexity is handed back: the loss is its logarithm": "-taken.mean() → (-taken.mean()).exp()",
            "the logits are taken for log-probabilities: no softmax": ".log_softmax(dim=1) →",
            "probabilities are averaged, not their logarithms": ".log_softmax(dim=1) → .softmax(dim=1)",
            "the logarithm is taken of the mean probability: the mean is taken of the logarithms": "-taken.mean() → -taken.exp().mean().log()",
            "the likeliest word is scored, not the one that stood there": "log_p.gather(1, labels[chosen][:, None]) → log_p.amax(dim=1)",
            "every word but the right one counts as well": "log_p.gather(1, labels[chosen][:, None]) → log_p",
            "only the first chosen word of the batch counts": "-taken.mean() → -taken[:1].mean()",
        },
    ),
    returns=("loss",),
)


# -- trust --------------------------------------------------------------------------------------------------------------


def _beliefs(rng) -> list[Case]:
    def case(label, words, keep, random):
        prior = np.sort([*rng.uniform(1e-6, 1e-3, 2), *rng.uniform(0.001, 0.95, 5)])
        return Case(label, prior=tensor(prior), words=words, keep=keep, random=random)

    return [
        case("80/10/10 with a hundred words", int(rng.integers(80, 120)), 0.1, 0.1),
        case("thirty thousand words", 30_000, 0.1, 0.1),
        case("more random words than kept ones", int(rng.integers(5, 12)), 0.05, 0.25),
        case("no random words at all", 50, 0.2, 0.0),
    ]


def _by_counting(prior, words, keep=0.1, random=0.1):
    # Go through the words that may stand behind the one shown: itself, or one of the others.
    prior = torch.as_tensor(prior)
    itself = prior * (keep + random * (1 / words))
    others = (1 - prior) * random * (1 / words)
    return itself / (itself + others)


def _trust(prior, words, keep=0.1, random=0.1):
    hit = random / words
    return prior * (keep + hit) / (prior * keep + hit)


trust = Exercise(
    name="17.trust",
    points=3,
    inputs=_beliefs,
    oracle=_by_counting,
    right=_trust,
    mistakes=slips(
        _trust,
        {
            "the context is left out: how probable the word is there matters": "return prior * (keep + hit) / (prior * keep + hit) → return 0 * prior + (keep + hit) / (keep + 2 * hit)",
            "the context alone is trusted, as if the word could not be seen": "return prior * (keep + hit) / (prior * keep + hit) → return prior * 1",
            "a random word is taken to be certain, not one of many: divide by the number of words": "random / words → random",
            "the chance of a random word is multiplied by the number of words: divide": "random / words → random * words",
            "the word itself is left out of the random draw: it is one of the n": "random / words → random / (words - 1)",
            "a random draw can hit the word itself: that belongs to the numerator, too": "return prior * (keep + hit) → return prior * keep",
            "a random draw is taken never to hit the word itself": (
                "return prior * (keep + hit) → return prior * keep",
                "keep + hit) → keep + (1 - prior) * hit)",
            ),
            "the random draws are counted twice below: once for the right word, once for all": "(prior * keep + hit) → (prior * (keep + hit) + hit)",
            "what is left is the chance that the word is *wrong*": "return prior → return 1 - prior",
            "0.1 is taken for both shares, whatever is given": "hit = → keep = random = 0.1\n    hit =",
            "kept and random change places": "hit = random / words → keep, random = random, keep\n    hit = random / words",
            "the places that were never chosen are counted as kept, but no loss is taken there": "hit = → keep = (0.85 + 0.15 * keep) / 0.15\n    hit =",
            "both are multiplied, and nothing is divided by the chance of seeing the word": "return prior * (keep + hit) / (prior * keep + hit) → return prior * (keep + hit * words / random if random else keep)",
            "it is the chance of being right *and* shown: divide by that of being shown": " / (prior * keep + hit) →",
            "it is the chance of being shown, whether right or not": "return prior * (keep + hit) / (prior * keep + hit) → return prior * keep + hit",
            "above, the context is left out: right and shown is prior · (keep + random / n)": "return prior * (keep + hit) → return (keep + hit)",
            "below, the random draw is weighed by the context, or left out on both sides (`//` makes it 0): it hits this word whatever was right": "/ (prior * keep + hit) → / (prior * keep + prior * hit)",
            "below, the other words are left out: what is shown may be wrong": "/ (prior * keep + hit) → / (prior * keep + (1 - prior) * keep)",
            "these are odds, right against wrong: the chance is right against all": "return prior * (keep + hit) / (prior * keep + hit) → return prior * (keep + hit) / ((1 - prior) * hit)",
            "the logarithm is handed back": "return prior * (keep + hit) / (prior * keep + hit) → return (prior * (keep + hit) / (prior * keep + hit)).log()",
        },
    ),
    returns=("belief",),
)


# -- right_share --------------------------------------------------------------------------------------------------------


def _blanks(rng) -> list[Case]:
    def case(label, batch, steps, size, causal):
        ids = np.stack([rng.permutation(np.arange(FIRST, size))[:5] for _ in range(batch)])
        return Case(
            label,
            logits=tensor(rng.normal(size=(batch, steps, size)) * 2),
            places=tensor(rng.integers(1, steps - 1, batch)),
            right=tensor(ids[:, :3]),
            wrong=tensor(ids[:, 3:]),
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
    return torch.stack(found)


def _right_share(logits, places, right, wrong, causal):
    rows = torch.arange(len(places))
    p = logits[rows, places - int(causal)].softmax(dim=1)
    yes, no = p.gather(1, right).sum(dim=1), p.gather(1, wrong).sum(dim=1)
    return yes / (yes + no)


right_share = Exercise(
    name="17.right_share",
    points=3,
    inputs=_blanks,
    oracle=_share,
    right=_right_share,
    mistakes=slips(
        _right_share,
        {
            "the causal model is read at the blank itself, where it already guesses the word after": "places - int(causal) → places",
            "both models are read one place before the blank": "places - int(causal) → places - 1",
            "the causal model is read one place after the blank": "places - int(causal) → places + int(causal)",
            "the two models change places: the one that sees both sides is read one place early": "places - int(causal) → places - int(not causal)",
            "the models are read at the last place": "places - int(causal) → -1",
            "the place of the first sentence is taken for all": "places - int(causal) → places[0] - int(causal)",
            "all places are averaged: the blank alone was asked for": "logits[rows, places - int(causal)].softmax(dim=1) → logits.softmax(dim=2).mean(dim=1)",
            "the softmax runs over the sentences, not over the words": "softmax(dim=1) → softmax(dim=0)",
            "logits are added up, not probabilities": ".softmax(dim=1) →",
            "log-probabilities are added up, not probabilities": ".softmax(dim=1) → .log_softmax(dim=1)",
            "the best form of each number is compared: the probabilities of all its forms belong together": (
                "right).sum(dim=1) → right).amax(dim=1)",
                "wrong).sum(dim=1) → wrong).amax(dim=1)",
            ),
            "the mean over the forms is taken: a number with more forms may be more probable for it": (
                "right).sum(dim=1) → right).mean(dim=1)",
                "wrong).sum(dim=1) → wrong).mean(dim=1)",
            ),
            "the first form of each number alone is compared: the probabilities of all its forms belong together": (
                "right).sum(dim=1) → right)[:, 0]",
                "wrong).sum(dim=1) → wrong)[:, 0]",
            ),
            "it is the share of the *wrong* forms": "return yes → return no",
            "the probability among all words is handed back: divide by that of right and wrong forms together": "yes / (yes + no) → yes",
            "it is the ratio of right to wrong: the share is right against both": "(yes + no) → no",
            "it is the difference of right and wrong: the share is right against both": "yes / (yes + no) → yes - no",
            "it says whether the right number is likelier: its share was asked for": "yes / (yes + no) → (yes > no).double()",
            "one number is handed back, the mean over the sentences: one for each was asked for": "yes / (yes + no) → (yes / (yes + no)).mean()",
        },
    ),
    returns=("share",),
)


# -- mean_pool ----------------------------------------------------------------------------------------------------------


def _pools(rng) -> list[Case]:
    def case(label, lengths, width, extra=0):
        tokens = _rows(rng, lengths, width=max(lengths) + 2 + extra)
        states = rng.normal(size=(*tokens.shape, width)) + 0.5
        return Case(label, states=tensor(states), tokens=tensor(tokens))

    return [
        case("sentences of 7, 3 and 5 words", [7, 3, 5], 4),
        case("one sentence of one known word", [2], 6),
        case("much padding", [4, 3], 3, extra=9),
    ]


def _pooled(states, tokens):
    rows = zip(torch.as_tensor(states), torch.as_tensor(tokens), strict=True)
    return torch.stack([row[ids >= FIRST].mean(dim=0) for row, ids in rows])


def _mean_pool(states, tokens):
    words = (tokens >= FIRST)[:, :, None]
    count = words.sum(dim=1)
    return (states * words).sum(dim=1) / count


mean_pool = Exercise(
    name="17.mean_pool",
    points=2,
    inputs=_pools,
    oracle=_pooled,
    right=_mean_pool,
    trains=True,
    mistakes=slips(
        _mean_pool,
        {
            "the padding is counted: the same sentence in a longer batch gives other numbers": "return (states * words).sum(dim=1) / count → return states.mean(dim=1)",
            "[CLS], [SEP] and unknown words are counted like words": "tokens >= FIRST → tokens != 0",
            "unknown words and [MASK] are counted like words": "tokens >= FIRST → (tokens > 0) & (tokens != 2) & (tokens != 3)",
            "unknown words are counted like words": "tokens >= FIRST → (tokens >= FIRST) | (tokens == 1)",
            "[MASK] is counted like a word": "tokens >= FIRST → tokens >= FIRST - 1",
            "the first word, id 5, is left out": "tokens >= FIRST → tokens > FIRST",
            "the special tokens are averaged, not the words": "tokens >= FIRST → tokens < FIRST",
            "only the words are added up, but divided by all places": "/ count → / tokens.shape[1]",
            "only the words are added up, but [CLS] and [SEP] are counted in the division": "/ count → / (tokens != 0).sum(dim=1, keepdim=True)",
            "only the words are divided by, but all places are added up": "(states * words) → states",
            "it is the sum: long sentences get larger vectors": " / count →",
            "the sum is divided by the root of the number of words": "/ count → / count.sqrt()",
            "the sum is divided by the number of sentences": "/ count → / len(tokens)",
            "the longest sentence's number of words divides all": "/ count → / count.max()",
            "the words of the whole batch are counted: each sentence has its own number": "/ count → / count.sum()",
            "the words of the first sentence are taken for all": "(tokens >= FIRST)[:, :, None] → (tokens >= FIRST)[:1, :, None]",
            "it is the maximum over the words": "return (states * words).sum(dim=1) / count → return states.masked_fill(~words, -torch.inf).amax(dim=1)",
            "it is the state of [CLS]": "return (states * words).sum(dim=1) / count → return states[:, 0] * 1",
            "it is the state of the last place": "return (states * words).sum(dim=1) / count → return states[:, -1] * 1",
            "the first and the last place are cut off: in a padded row [SEP] and padding remain": "return (states * words).sum(dim=1) / count → return states[:, 1:-1].mean(dim=1)",
            "it is the state of the first word": "return (states * words).sum(dim=1) / count → return states[:, 1] * 1",
            "the mean runs over the batch: one sentence's words are mixed with another's": "return (states * words).sum(dim=1) / count → return ((states * words).sum(dim=(0, 1)) / count.sum()).expand(len(states), -1)",
        },
    ),
    returns=("pooled",),
)


# -- probe --------------------------------------------------------------------------------------------------------------


def _probes(rng) -> list[Case]:
    def case(label, known, new, width, classes, penalty, unmet=0):
        centres = rng.normal(size=(classes, width)) * 1.5 + 2.0
        labels = rng.integers(0, classes - unmet, known)
        labels[: classes - unmet] = np.arange(classes - unmet)
        labels[classes : known // 3] = 0  # classes are not equally common
        features = centres[labels] + rng.normal(size=(known, width))
        others = tensor(rng.normal(size=(new, width)) + 3.0)
        return Case(
            label, features=tensor(features), labels=tensor(labels), new=others, classes=classes, penalty=penalty
        )

    return [
        case("40 states of 5 numbers, 3 classes", 40, 7, 5, 3, 1.0),
        case("60 states, 4 classes, a strong penalty", 60, 9, 6, 4, 20.0),
        case("fewer states than numbers", 8, 5, 11, 2, 0.5),
        case("a class that does not occur in training", 30, 6, 4, 3, 2.0, unmet=1),
    ]


def _ridge(features, labels, new, classes, penalty=1.0):
    from sklearn.linear_model import Ridge  # seconds of importing, for this exercise alone

    features, labels, new = (np.asarray(torch.as_tensor(a)) for a in (features, labels, new))
    fitted = Ridge(alpha=penalty).fit(features.astype(float), np.eye(classes)[labels])
    return tensor(fitted.predict(new.astype(float)).reshape(len(new), classes).astype(features.dtype))


def _probe(features, labels, new, classes, penalty=1.0):
    mean, targets = features.mean(dim=0), F.one_hot(labels, classes).to(features.dtype)
    X, usual = features - mean, targets.mean(dim=0)
    eye = torch.eye(X.shape[1], dtype=X.dtype)
    W = torch.linalg.solve(X.T @ X + penalty * eye, X.T @ targets)
    return (new - mean) @ W + usual


def _augmented(x, y, new, classes, penalty=1.0, constant=0.0):
    width = x.shape[1]
    top = torch.cat([x, x.new_ones(len(x), 1)], 1)
    eye = torch.eye(width + 1, dtype=x.dtype)
    eye[-1, -1] = constant
    Y = torch.cat([torch.eye(classes, dtype=x.dtype)[y], x.new_zeros(width + 1, classes)])
    W = torch.linalg.lstsq(torch.cat([top, penalty**0.5 * eye]), Y).solution
    return torch.cat([new, new.new_ones(len(new), 1)], 1) @ W


def _constant_too(x, y, new, classes, penalty=1.0):
    return _augmented(x, y, new, classes, penalty, constant=1.0)


probe = Exercise(
    name="17.probe",
    points=4,
    inputs=_probes,
    oracle=_ridge,
    right=_probe,
    mistakes={"the constant is penalised as well: centre, and it is free": _constant_too}
    | slips(
        _probe,
        {
            "nothing is centred: the plane has to go through the origin": (
                "mean, targets = features.mean(dim=0) → mean, targets = 0 * features.mean(dim=0)",
                "@ W + usual → @ W",
            ),
            "the states are not centred, though the mean of the targets is added": "mean, targets = features.mean(dim=0) → mean, targets = 0 * features.mean(dim=0)",
            "the training states are not centred, though the new ones are": "X, usual = features - mean → X, usual = features",
            "the new states are not centred": "(new - mean) → new",
            "the new states are centred by their own mean: what is measured must not choose the measure": "(new - mean) → (new - new.mean(dim=0))",
            "one mean is taken over all numbers, not one for each feature": "features.mean(dim=0) → features.mean()",
            "the states are divided by their spread: centred was asked for": (
                "X, usual = features - mean → X, usual = (features - mean) / features.std(dim=0)",
                "(new - mean) → ((new - mean) / features.std(dim=0))",
            ),
            "the mean of the targets is not added back: rare classes come out too high": "@ W + usual → @ W",
            "all classes are taken to be equally common": "usual = features - mean, targets.mean(dim=0) → usual = features - mean, 1 / classes",
            "the mean of the states is added, where that of the targets belongs": "@ W + usual → @ W + mean.mean()",
            "the penalty is left out": "torch.linalg.solve(X.T @ X + penalty * eye, X.T @ targets) → torch.linalg.pinv(X) @ targets",
            "the penalty is added to every entry of the matrix, not to its diagonal": "penalty * eye → penalty",
            "the penalty is squared": "penalty * eye → penalty**2 * eye",
            "the root of the penalty is taken": "penalty * eye → penalty**0.5 * eye",
            "the penalty is multiplied by the number of states": "penalty * eye → penalty * len(X) * eye",
            "the given penalty is not used: it is 1 unless another is given": "penalty * eye → eye",
            "the penalty is subtracted": "+ penalty → - penalty",
            "the targets are −1 and 1, not 0 and 1": ".to(features.dtype) → .to(features.dtype) * 2 - 1",
            "the best class is handed back, not a score for each": "(new - mean) @ W + usual → ((new - mean) @ W + usual).argmax(dim=1)",
            "probabilities are handed back: the scores themselves were asked for": "(new - mean) @ W + usual → ((new - mean) @ W + usual).softmax(dim=1)",
            "the weights are handed back, not the scores": "return (new - mean) @ W + usual → return W",
            "the fit is made on the new states' own geometry: new stands where features belong": "(new - mean) @ W → X[: len(new)] @ W",
        },
    ),
    forbids=("sklearn.linear_model.Ridge", "sklearn.linear_model.RidgeClassifier"),
    returns=("scores",),
)


# -- control_labels -----------------------------------------------------------------------------------------------------


def _controls(rng) -> list[Case]:
    def case(label, places, size, classes):
        weights = rng.dirichlet(np.ones(classes))
        labels = rng.choice(classes, places, p=0.5 * weights + 0.5 / classes)
        return Case(
            label,
            tokens=tensor(rng.integers(FIRST, size, places)),
            labels=tensor(labels),
            noise=tensor(rng.random(size)),
        )

    return [
        case("60 places, 20 words", 60, 20, 4),
        case("200 places, 31 words", 200, 31, 7),
        case("more words than places", 25, 90, 3),
    ]


def _word_by_word(tokens, labels, noise):
    tokens, labels, noise = (np.asarray(torch.as_tensor(a)) for a in (tokens, labels, noise))
    of_word = {word: labels[int(noise[word] * len(labels))] for word in set(tokens.tolist())}
    return tensor(np.array([of_word[word] for word in tokens.tolist()], dtype=labels.dtype))


def _control_labels(tokens, labels, noise):
    picked = (noise * len(labels)).long()
    of_word = labels[picked]
    return of_word[tokens]


def _usual(tokens, labels, noise):
    counts = torch.zeros(len(noise), int(labels.max()) + 1)
    counts.index_put_((tokens, labels), torch.ones(len(tokens)), accumulate=True)
    return counts.argmax(dim=1)[tokens]


control_labels = Exercise(
    name="17.control_labels",
    points=2,
    inputs=_controls,
    oracle=_word_by_word,
    right=_control_labels,
    mistakes={"each word keeps its usual class: that is a baseline, no control": _usual}
    | slips(
        _control_labels,
        {
            "every place gets a label of its own: then nothing can be learned by heart": "of_word[tokens] → of_word[torch.arange(len(tokens)) % len(noise)]",
            "the noise of the places is used in their order, not that of their words": "of_word[tokens] → of_word[torch.arange(len(tokens)).clamp(max=len(noise) - 1)]",
            "the classes are drawn equally often, not as often as they are": "of_word = labels[picked] → of_word = (noise * (labels.max() + 1)).long()",
            "classes are renamed, not words: as easy as before": "of_word[tokens] → of_word[labels]",
            "a label for each word of the vocabulary is handed back, not one for each place": "of_word[tokens] → of_word",
            "the noise picks among the vocabulary's size, not among the places": "(noise * len(labels)).long() → (noise * len(noise)).long() % len(labels)",
            "the last place is never drawn: there are N": "(noise * len(labels)) → (noise * (len(labels) - 1))",
            "the place is rounded, not cut off: the floor was asked for": "(noise * len(labels)).long() → (noise * len(labels)).round().long().clamp(max=len(labels) - 1)",
            "the places are handed back, not the labels that stand there": "of_word = labels[picked] → of_word = picked",
            "the words at the random places are handed back, not their labels": "of_word = labels[picked] → of_word = tokens[picked]",
            "the labels are handed back as they are": "of_word[tokens] → labels * 1",
        },
    ),
    returns=("control",),
)
