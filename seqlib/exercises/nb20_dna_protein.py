"""Notebook 20: DNA and proteins, from counted words to motifs found again, both strands, and rows that come twice."""

from itertools import product

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.data.genes import DNA
from seqlib.exercises.inputs import away, tensor


def _dna(rng, *shape):
    """Known letters as vectors (B, T, 4), in float64."""
    return tensor(np.eye(4)[rng.integers(4, size=shape)])


# -- kmer_counts ---------------------------------------------------------------------------------------------------------


def _texts(rng) -> list[Case]:
    def case(label, rows, places, k):
        return Case(label, letters=rng.integers(4, size=(rows, places)), k=k)

    row = np.array([[0, 1, 1, 1, 3, 2, 0, 1]])
    return [
        case("3 sequences of 9 letters, k = 1", 3, 9, 1),
        Case("one sequence, ACCCTGAC, k = 2", letters=row, k=2),
        case("5 sequences of 12 letters, k = 3", 5, 12, 3),
        case("2 sequences of 30 letters, k = 2", 2, 30, 2),
    ]


def _words_one_by_one(letters, k):
    words = ["".join(word) for word in product(DNA, repeat=k)]
    texts = ["".join(DNA[int(c)] for c in row) for row in letters]
    return np.array([[sum(text.startswith(word, t) for t in range(len(text))) for word in words] for text in texts])


def _kmer_counts(letters, k):
    rows, places = len(letters), letters.shape[1] - k + 1
    words = np.zeros((rows, places), dtype=int)
    for j in range(k):
        words = 4 * words + letters[:, j : j + places]
    counts = np.zeros((rows, 4**k), dtype=int)
    for row, found in enumerate(words):
        for word in found:
            counts[row, word] += 1
    return counts


kmer_counts = Exercise(
    name="20.kmer_counts",
    points=3,
    inputs=_texts,
    oracle=_words_one_by_one,
    right=_kmer_counts,
    mistakes=slips(
        _kmer_counts,
        {
            "the words do not overlap: one begins at every letter, not only at every k-th": "in enumerate(words): → in enumerate(words[:, ::k]):",
            "the last word is left out: T letters have T − k + 1 words": "shape[1] - k + 1 → shape[1] - k",
            "the letters of a word are read from its end: the first letter counts most": "4 * words + letters[:, j : j + places] → words + 4**j * letters[:, j : j + places]",
            "a word is counted once, however often it stands there": "counts[row, word] += 1 → counts[row, word] = 1",
            "all sequences are counted into every row": "counts[row, word] += 1 → counts[:, word] += 1",
            "shares are handed back, not counts": "return counts → return counts / places",
            "every letter of a word counts the same: AC and CA share a column": "4 * words + letters → words + letters",
            "the base is k, not 4": "4 * words → k * words",
        },
    ),
    returns=("counts",),
)


# -- slide ----------------------------------------------------------------------------------------------------------------


def _scanned(rng) -> list[Case]:
    def case(label, batch, places, filters, width, known=True):
        x = _dna(rng, batch, places) if known else tensor(rng.dirichlet(np.ones(4), size=(batch, places)))
        return Case(label, x=x, filters=tensor(away(rng, filters, width, 4)))

    return [
        case("2 sequences of 9, 3 filters of 4", 2, 9, 3, 4),
        case("one filter as long as the sequence", 3, 5, 1, 5),
        case("a filter of a single place", 2, 7, 2, 1),
        case("letters that are not known exactly", 3, 8, 2, 3, known=False),
    ]


def _by_convolution(x, filters):
    return F.conv1d(torch.as_tensor(x).transpose(1, 2), torch.as_tensor(filters).transpose(1, 2)).transpose(1, 2)


def _scan(x, filters):
    width = filters.shape[1]
    places = x.shape[1] - width + 1
    score = torch.zeros(len(x), places, len(filters), dtype=x.dtype)
    for j in range(width):
        score = score + x[:, j : j + places] @ filters[:, j].T
    return score


slide = Exercise(
    name="20.slide",
    points=3,
    inputs=_scanned,
    oracle=_by_convolution,
    right=_scan,
    mistakes=slips(
        _scan,
        {
            "the filter is turned round: its first place meets the last letter of the window": "filters[:, j].T → filters[:, width - 1 - j].T",
            "the last place is left out: a filter of w places fits T − w + 1 times": "x.shape[1] - width + 1 → x.shape[1] - width",
            "only the first place of the filter is scored": "range(width) → range(1)",
            "the last place of the filter is left out": "range(width) → range(width - 1)",
            "the window does not move with the filter's places: each meets the same letter": "x[:, j : j + places] → x[:, :places]",
            "it is the mean over the filter's places, not their sum": "return score → return score / width",
            "only the last place of the filter counts: each overwrites the ones before": "score = score + x → score = x",
            "places and filters change axes: (B, F, T − w + 1)": "return score → return score.transpose(1, 2)",
            "negative scores are cut to zero: that is the network's next step": "return score → return torch.relu(score)",
        },
    ),
    forbids=("torch.nn.functional.conv1d", "torch.nn.Conv1d", "torch.conv1d"),
    returns=("scores",),
)


# -- letter_heights --------------------------------------------------------------------------------------------------------


def _sites(rng) -> list[Case]:
    def counts(width, total):
        return rng.multinomial(total, [0.25] * 4, size=width) + rng.integers(1, 4, size=(width, 4))

    sure = np.zeros((3, 4), dtype=int)
    sure[np.arange(3), rng.permutation(4)[:3]] = 20
    return [
        Case("5 places, 30 sites", counts=counts(5, 30), pseudo=float(rng.uniform(0.3, 0.8))),
        Case("7 places, few sites", counts=counts(7, 6), pseudo=float(rng.uniform(0.3, 0.8))),
        Case("3 places that are always one letter", counts=sure, pseudo=float(rng.uniform(0.3, 0.8))),
        Case("one place, all letters alike", counts=np.full((1, 4), 9), pseudo=0.5),
    ]


def _heights_place_by_place(counts, pseudo=0.5):
    from scipy.stats import entropy

    rows = np.asarray(counts, dtype=float) + pseudo
    return np.stack([row / row.sum() * (2 - entropy(row, base=2)) for row in rows])


def _letter_heights(counts, pseudo=0.5):
    counts = np.asarray(counts) + pseudo
    shares = counts / counts.sum(axis=1, keepdims=True)
    bits = 2 + (shares * np.log2(shares)).sum(axis=1, keepdims=True)
    return shares * bits


letter_heights = Exercise(
    name="20.letter_heights",
    points=3,
    inputs=_sites,
    oracle=_heights_place_by_place,
    right=_letter_heights,
    mistakes=slips(
        _letter_heights,
        {
            "the shares are taken over the places, not over the letters": "counts.sum(axis=1, keepdims=True) → counts.sum(axis=0, keepdims=True)",
            "the shares are handed back, not yet weighed by the bits": "return shares * bits → return shares",
            "each letter has the height of its whole place": "return shares * bits → return bits + 0 * shares",
            "the entropy is the height: a place that says nothing stands tallest": "2 + (shares → -(shares",
            "the logarithm is natural: 2 is the largest entropy in bits": "np.log2 → np.log",
            "the pseudocount is left out": "np.asarray(counts) + pseudo → np.asarray(counts) + 1e-12",
            "the pseudocount is added to each count, but only once to their sum: the shares exceed 1": "counts / counts.sum(axis=1, keepdims=True) → counts / (counts.sum(axis=1, keepdims=True) - 3 * pseudo)",
            "the pseudocount is added to the shares, not to the counts": (
                "np.asarray(counts) + pseudo → np.asarray(counts) + 0.0",
                "shares = counts / counts.sum(axis=1, keepdims=True) → shares = counts / counts.sum(axis=1, keepdims=True) + pseudo",
            ),
            "each letter gets its own bits, $p \\log_2 p$, not its share of the place's": ".sum(axis=1, keepdims=True)\n    return →\n    return",
            "the sign of the entropy is turned: the height is above 2": "2 + (shares → 2 - (shares",
            "the largest entropy is taken as log2 of the number of places, not of letters": "bits = 2 + → bits = np.log2(len(counts)) +",
        },
    ),
    returns=("heights",),
)


# -- explanations ----------------------------------------------------------------------------------------------------------


def _explained(rng) -> list[Case]:
    def evidence(places, curved):
        A, b = tensor(away(rng, places * 4, 6)) * 0.4, tensor(away(rng, 6))

        def asked(x):
            hidden = torch.as_tensor(x).flatten(1) @ A.to(x.dtype)
            return (torch.tanh(hidden) if curved else hidden) @ b.to(x.dtype)

        return asked

    return [
        Case("a straight line, 2 sequences of 5", evidence=evidence(5, False), x=_dna(rng, 2, 5)),
        Case("a curve, 3 sequences of 7", evidence=evidence(7, True), x=_dna(rng, 3, 7)),
        Case("a curve, one sequence of 4", evidence=evidence(4, True), x=_dna(rng, 1, 4)),
    ]


def _by_other_letters(evidence, x):
    """Each letter's slope less the mean of all four, by differences: nothing of autograd."""
    x = torch.as_tensor(x).detach()
    slopes, small = torch.zeros_like(x), 1e-5
    with torch.no_grad():
        for t, c in product(range(x.shape[1]), range(4)):
            step = torch.zeros_like(x)
            step[:, t, c] = small
            slopes[:, t, c] = (evidence(x + step) - evidence(x - step)) / (2 * small)
    return (slopes * x).sum(dim=2) - slopes.mean(dim=2)


def _gradient_times_input(evidence, x):
    x = x.detach().clone().requires_grad_(True)
    (g,) = torch.autograd.grad(evidence(x).sum(), x)
    g = g - g.mean(dim=2, keepdim=True)
    return (g * x.detach()).sum(dim=2)


def _explained_by_weights(rng) -> list[Case]:
    """As `_explained`, by weights: no gradient flows through a function that is called from afar, as a grader does."""

    def case(label, batch, places, curved):
        A, b = tensor(away(rng, places * 4, 6)) * 0.4, tensor(away(rng, 6))
        return Case(label, A=A, b=b, curved=curved, x=_dna(rng, batch, places))

    return [
        case("a straight line, 2 sequences of 5", 2, 5, False),
        case("a curve, 3 sequences of 7", 3, 7, True),
        case("a curve, one sequence of 4", 1, 4, True),
    ]


def _with_weights(answer, A, b, curved, x):
    def evidence(x):
        hidden = torch.as_tensor(x).flatten(1) @ A.to(x.dtype)
        return (torch.tanh(hidden) if curved else hidden) @ b.to(x.dtype)

    return answer(evidence, x)


def _weights_by_other_letters(A, b, curved, x):
    return _with_weights(_by_other_letters, A, b, curved, x)


gradient_times_input = Exercise(
    name="20.gradient_times_input",
    points=4,
    inputs=_explained_by_weights,
    oracle=_weights_by_other_letters,
    using=_with_weights,
    right=_gradient_times_input,
    mistakes=slips(
        _gradient_times_input,
        {
            "the mean over the letters is not taken off": "    g = g - g.mean(dim=2, keepdim=True)\n →",
            "the mean is taken over the places, not over the four letters": "g.mean(dim=2, keepdim=True) → g.mean(dim=1, keepdim=True)",
            "the mean is taken over all places and letters at once, not place by place": "g.mean(dim=2, keepdim=True) → g.mean()",
            "the gradient of all four letters is added up: the input has no say": "(g * x.detach()) → (g)",
            "the largest slope of the four letters is taken, not that of the letter that stands there": "(g * x.detach()).sum(dim=2) → g.amax(dim=2)",
            "its size is handed back: the sign says for which class a letter speaks": "return (g * x.detach()).sum(dim=2) → return (g * x.detach()).sum(dim=2).abs()",
            "it is added up over the places, not over the letters": ".sum(dim=2) → .sum(dim=1)",
            "letters and places are not added up: (B, T, 4)": "(g * x.detach()).sum(dim=2) → (g * x.detach())",
            "the mean over the batch is explained: each gradient is divided by B": "evidence(x).sum() → evidence(x).mean()",
            "the gradient is divided by its length first: only its direction is left": "return ( →     g = g / g.norm(dim=2, keepdim=True)\n    return (",
            "the mean of the letters' products is handed back, a quarter of their sum": ".sum(dim=2) → .mean(dim=2)",
        },
    ),
    returns=("scores",),
    stand_in=_gradient_times_input,
    rtol=1e-5,
)


def _all_covered_at_once(evidence, x):
    """Every covered copy of every sequence in one batch."""
    x = torch.as_tensor(x).detach()
    batch, places = x.shape[:2]
    copies = x[:, None].repeat(1, places, 1, 1)
    copies[:, torch.arange(places), torch.arange(places)] = 0.25
    with torch.no_grad():
        return evidence(x)[:, None] - evidence(copies.flatten(0, 1)).view(batch, places)


def _occlusion(evidence, x):
    with torch.no_grad():
        lost, whole = [], evidence(x)
        for t in range(x.shape[1]):
            covered = x.clone()
            covered[:, t] = 0.25
            lost.append(whole - evidence(covered))
    return torch.stack(lost, dim=1)


occlusion = Exercise(
    name="20.occlusion",
    points=3,
    inputs=_explained,
    oracle=_all_covered_at_once,
    right=_occlusion,
    mistakes=slips(
        _occlusion,
        {
            "the covering stays: letter after letter disappears": "            covered = x.clone()\n →             covered = x if t else (x := x.clone())\n",
            "the sign is turned round: what is lost without a letter is whole minus covered": "whole - evidence(covered) → evidence(covered) - whole",
            "a covered letter is nothing at all, four zeros: a quarter of each is asked": "= 0.25 → = 0.0",
            "a covered letter is one of each, four ones: a quarter of each is asked": "= 0.25 → = 1.0",
            "the evidence with each letter covered is handed back, not what is lost": "whole - evidence(covered) → evidence(covered)",
            "everything but the letter is covered": "covered[:, t] = 0.25 → covered[:, t] = 0.25; covered = torch.where((torch.arange(x.shape[1]) == t)[:, None], x, 0.25)",
            "the same letter is covered in all channels but one": "covered[:, t] = 0.25 → covered[:, t, 0] = 0.25",
            "its size is handed back: the sign says for which class a letter speaks": "whole - evidence(covered) → (whole - evidence(covered)).abs()",
            "places and sequences change axes: (T, B)": "dim=1) → dim=0)",
            "the letter after it is covered": "covered[:, t] = 0.25 → covered[:, (t + 1) % x.shape[1]] = 0.25",
            "an A takes the place of each letter: a quarter of each is asked": "covered[:, t] = 0.25 → covered[:, t] = torch.eye(4, dtype=x.dtype)[0]",
        },
    ),
    returns=("lost",),
)


# -- filter_counts -----------------------------------------------------------------------------------------------------------


def _matched(rng) -> list[Case]:
    def case(label, batch, places, width, **options):
        x = _dna(rng, batch, places)
        scores = tensor(rng.uniform(0.0, 1.0, size=(batch, places - width + 1)))
        best, level = rng.choice(scores.numel(), size=2, replace=False)
        scores.view(-1)[best] = 1.25
        scores.view(-1)[level] = options.get("share", 0.5) * 1.25  # not above what counts
        return Case(label, scores=scores, x=x, width=width, **options)

    return [
        case("4 sequences of 12, windows of 3", 4, 12, 3),
        case("6 sequences of 15, windows of 5, above .7 of the highest", 6, 15, 5, share=0.7),
        case("one sequence of 9, windows of 2, above .3 of the highest", 1, 9, 2, share=0.3),
    ]


def _window_by_window(scores, x, width, share=0.5):
    scores, x = np.asarray(scores), np.asarray(x)
    counts = np.zeros((width, 4))
    for b, t in product(range(scores.shape[0]), range(scores.shape[1])):
        if scores[b, t] > share * scores.max():
            counts += x[b, t : t + width]
    return torch.as_tensor(counts)


def _filter_counts(scores, x, width, share=0.5):
    enough = scores > share * scores.max()
    b, t = torch.nonzero(enough, as_tuple=True)
    return torch.stack([x[b, t + j].sum(dim=0) for j in range(width)])


filter_counts = Exercise(
    name="20.filter_counts",
    points=3,
    inputs=_matched,
    oracle=_window_by_window,
    right=_filter_counts,
    mistakes=slips(
        _filter_counts,
        {
            "each sequence has its own highest score: one threshold serves all": "scores.max() → scores.amax(dim=1, keepdim=True)",
            "all windows are counted, however low they score": "torch.nonzero(enough, → torch.nonzero(scores >= 0,",
            "the low windows are counted, not the high ones": "scores > share → scores < share",
            "the threshold is a share of the mean score, not of the highest": "share * scores.max() → share * scores.mean()",
            "share itself is the threshold, not share times the highest": "share * scores.max() → share",
            "only the best window of all is counted": "scores > share * scores.max() → scores == scores.max()",
            "the window begins a letter late": "t + j] → t - 1 + j + (t == 0)] if False else x[b, (t + j + 1).clamp(max=x.shape[1] - 1)]",
            "the window runs backwards from where the filter begins": "t + j] → t - j]",
            "shares are handed back, not counts": ".sum(dim=0) → .mean(dim=0)",
            "one window a sequence is counted, its best": "scores > share * scores.max() → scores == scores.amax(dim=1, keepdim=True)",
            "each window counts as much as it scores": "x[b, t + j].sum(dim=0) → (scores[b, t][:, None] * x[b, t + j]).sum(dim=0)",
            "letters and places change axes: (4, w)": "for j in range(width)]) → for j in range(width)]).T",
            "the share is always a half, whatever is asked": "share * scores.max() → 0.5 * scores.max()",
        },
    ),
    returns=("counts",),
)


# -- both strands ------------------------------------------------------------------------------------------------------------


def _strands(rng) -> list[Case]:
    return [
        Case("2 sequences of 7", x=_dna(rng, 2, 7)),
        Case("one sequence of 4", x=_dna(rng, 1, 4)),
        Case("letters not known exactly", x=tensor(rng.dirichlet(np.ones(4), size=(3, 5)))),
    ]


def _in_letters(x):
    x = torch.as_tensor(x)
    partner = [DNA.index({"A": "T", "C": "G", "G": "C", "T": "A"}[letter]) for letter in DNA]
    return torch.stack([x[:, x.shape[1] - 1 - t][:, partner] for t in range(x.shape[1])], dim=1)


def _reverse_complement(x):
    backwards = x.flip(1)
    return backwards.flip(2)


reverse_complement = Exercise(
    name="20.reverse_complement",
    points=2,
    inputs=_strands,
    oracle=_in_letters,
    right=_reverse_complement,
    mistakes=slips(
        _reverse_complement,
        {
            "it is read backwards, in the same letters: the other strand has the partners": "backwards.flip(2) → backwards",
            "the letters are exchanged, but it is not read backwards": "x.flip(1) → x",
            "the sequences of the batch change places too": "x.flip(1) → x.flip(0, 1)",
            "A is paired with C and G with T: the pairs are A T and C G": "backwards.flip(2) → backwards[..., [1, 0, 3, 2]]",
            "A is paired with G and C with T: the pairs are A T and C G": "backwards.flip(2) → backwards[..., [2, 3, 0, 1]]",
            "only C and G change places": "backwards.flip(2) → backwards[..., [0, 2, 1, 3]]",
            "only A and T change places": "backwards.flip(2) → backwards[..., [3, 1, 2, 0]]",
            "only the batch is turned round": ("x.flip(1) → x.flip(0)", "backwards.flip(2) → backwards"),
            "it comes back as it went: nothing is turned round": ("x.flip(1) → x", "backwards.flip(2) → backwards"),
        },
    ),
    returns=("other",),
)


def _both(rng) -> list[Case]:
    def case(label, batch, places, filters, width):
        return Case(label, x=_dna(rng, batch, places), filters=tensor(away(rng, filters, width, 4)))

    return [
        case("2 sequences of 9, 3 filters of 4", 2, 9, 3, 4),
        case("3 sequences of 8, 2 filters of 3", 3, 8, 2, 3),
        case("one filter as long as the sequence", 2, 5, 1, 5),
    ]


def _filters_turned(x, filters):
    """The filter is turned, not the sequence."""
    x, filters = torch.as_tensor(x), torch.as_tensor(filters)
    two = [_by_convolution(x, one) for one in (filters, filters.flip(1, 2))]
    return torch.stack(two).amax(dim=0)


def _strand_scores(x, filters):
    here = _scan(x, filters)
    there = _scan(x.flip(1, 2), filters).flip(1)
    return torch.maximum(here, there)


strand_scores = Exercise(
    name="20.strand_scores",
    points=4,
    inputs=_both,
    oracle=_filters_turned,
    right=_strand_scores,
    mistakes=slips(
        _strand_scores,
        {
            "the other strand's scores are not turned back: place t of one meets place T − w − t of the other": "filters).flip(1)\n → filters)\n",
            "the scores of both strands are added up": "torch.maximum(here, there) → here + there",
            "it is the mean of both strands": "torch.maximum(here, there) → (here + there) / 2",
            "the other strand is read backwards in the same letters": "x.flip(1, 2) → x.flip(1)",
            "the other strand has its partner letters, but is not read backwards": "x.flip(1, 2) → x.flip(2)",
            "the filter has its partner letters, but is not read backwards": (
                "x.flip(1, 2) → x.flip(2)",
                "filters).flip(1)\n → filters)\n",
            ),
            "one strand alone is scored, the one given": "torch.maximum(here, there) → here",
            "one strand alone is scored, the other": "torch.maximum(here, there) → there",
            "the lower score is taken": "torch.maximum → torch.minimum",
            "the highest over all places is taken: where it stands is lost": "return torch.maximum(here, there) → return torch.maximum(here, there).amax(dim=1)",
            "the strands stand side by side as twice as many filters": "torch.maximum(here, there) → torch.cat([here, there], dim=2)",
            "filters change places too, when the scores are turned back": "filters).flip(1)\n → filters).flip(1, 2)\n",
        },
    ),
    returns=("scores",),
)


# -- without_duplicates ------------------------------------------------------------------------------------------------------


def _listed(rng) -> list[Case]:
    def text(length=6):
        return "".join(DNA[c] for c in rng.integers(4, size=length))

    def case(label, plan):
        """plan: (which text, its class) a row; some rows that stand alone come first."""
        texts = [f"{text()}{DNA[k % 4]}{DNA[k // 4 % 4]}" for k in range(9)]
        alone = [(f"{text()}T{DNA[k]}", int(rng.integers(3))) for k in range(rng.integers(1, 4))]
        rows = alone + [(texts[k], c) for k, c in plan]
        return Case(label, sequences=[row for row, _ in rows], classes=np.array([c for _, c in rows]))

    return [
        case("nothing comes twice", [(0, 1), (1, 0), (2, 2)]),
        case("two come again with the same class", [(3, 1), (0, 0), (3, 1), (2, 2), (0, 0), (0, 0), (5, 1)]),
        case("one comes with two classes", [(4, 0), (1, 2), (4, 1), (6, 2)]),
        case("both at once, in any order", [(7, 2), (0, 0), (7, 2), (1, 1), (0, 2), (2, 0), (1, 1), (0, 0), (8, 1)]),
    ]


def _by_asking_each(sequences, classes):
    kept = []
    for row, text in enumerate(sequences):
        same = [k for k, other in enumerate(sequences) if other == text]
        if row == same[0] and len({int(classes[k]) for k in same}) == 1:
            kept.append(row)
    return kept


def _without_duplicates(sequences, classes):
    known, first = {}, {}
    for row, (text, which) in enumerate(zip(sequences, classes, strict=True)):
        known.setdefault(text, set()).add(int(which))
        first.setdefault(text, row)
    return [row for text, row in first.items() if len(known[text]) == 1]


without_duplicates = Exercise(
    name="20.without_duplicates",
    points=3,
    inputs=_listed,
    oracle=_by_asking_each,
    right=_without_duplicates,
    mistakes=slips(
        _without_duplicates,
        {
            "a sequence with two classes stays, in its first row": " if len(known[text]) == 1 →",
            "a sequence with two classes stays once with each": (
                "first.setdefault(text, row) → first.setdefault((text, int(which)), row)",
                " if len(known[text]) == 1 →",
            ),
            "whatever comes twice is left out altogether: the first row should stay": (
                "known.setdefault(text, set()).add(int(which)) → known.setdefault(text, set()).add(row)"
            ),
            "the last row stays, not the first": (
                "first.setdefault(text, row) → first[text] = row",
                "return [row for text, row in first.items() if len(known[text]) == 1] → return sorted(row for text, row in first.items() if len(known[text]) == 1)",
            ),
            "the rows to leave out are handed back": (
                "return [row for → kept = [row for",
                "if len(known[text]) == 1] → if len(known[text]) == 1]\n    return [row for row in range(len(sequences)) if row not in kept]",
            ),
            "a mark for each row is handed back, not the numbers of those to keep": "return [row for text, row in first.items() if len(known[text]) == 1] → return [first[text] == row and len(known[text]) == 1 for row, text in enumerate(sequences)]",
            "the sequences are handed back, not their rows": "return [row for → return [text for",
            "only the contradictory ones are left out: what comes again stays": (
                "return [row for text, row in first.items() → return [row for row, text in enumerate(sequences)"
            ),
            "only neighbouring rows are compared": (
                "return [row for text, row in first.items() if len(known[text]) == 1] → return [row for row in range(len(sequences)) if not row or sequences[row] != sequences[row - 1]]"
            ),
            "the number of rows is handed back, not which": "return [row for text, row in first.items() if len(known[text]) == 1] → return len([row for text, row in first.items() if len(known[text]) == 1])",
        },
    ),
    returns=("rows",),
)


# -- residue_windows ---------------------------------------------------------------------------------------------------------


def _chains(rng) -> list[Case]:
    return [
        Case("9 acids, 2 neighbours", acids=rng.integers(20, size=9), reach=2),
        Case("6 acids, 4 neighbours", acids=rng.integers(20, size=6), reach=4),
        Case("a chain of 3, shorter than its window", acids=rng.integers(20, size=3), reach=5),
        Case("7 acids, no neighbours", acids=rng.integers(20, size=7), reach=0),
    ]


def _acid_by_acid(acids, reach):
    there = dict(enumerate(acids.tolist()))
    return np.array([[there.get(t + k, 20) for k in range(-reach, reach + 1)] for t in range(len(acids))])


def _residue_windows(acids, reach):
    edge = np.full(reach, 20)
    padded = np.concatenate([edge, acids, edge])
    width = 2 * reach + 1
    return np.stack([padded[t : t + width] for t in range(len(acids))])


residue_windows = Exercise(
    name="20.residue_windows",
    points=3,
    inputs=_chains,
    oracle=_acid_by_acid,
    right=_residue_windows,
    mistakes=slips(
        _residue_windows,
        {
            "the chain goes round: beyond its end its beginning is read": (
                "np.concatenate([edge, acids, edge]) → np.pad(acids, reach, mode='wrap')"
            ),
            "the acid at each end is repeated beyond it": "np.concatenate([edge, acids, edge]) → np.pad(acids, reach, mode='edge')",
            "the chain is mirrored beyond its ends": "np.concatenate([edge, acids, edge]) → np.pad(acids, reach, mode='symmetric')",
            "beyond the ends stands 0: that is an acid, alanine": "np.full(reach, 20) → np.full(reach, 0)",
            "beyond the ends stands −1: 20 is asked": "np.full(reach, 20) → np.full(reach, -1)",
            "only neighbours before the acid are read": (
                "np.concatenate([edge, acids, edge]) → np.concatenate([edge, edge, acids])"
            ),
            "only neighbours after the acid are read": (
                "np.concatenate([edge, acids, edge]) → np.concatenate([acids, edge, edge])"
            ),
            "the acid itself is left out": "np.stack([padded[t : t + width] for t in range(len(acids))]) → np.stack([np.delete(padded[t : t + width], reach) for t in range(len(acids))])",
            "only windows that fit whole are kept: acids near the ends are lost": (
                "np.concatenate([edge, acids, edge]) → acids if len(acids) >= 2 * reach + 1 else np.concatenate([edge, acids, edge])",
                "range(len(acids)) → range(len(padded) - width + 1)",
            ),
            "the window is as wide as `reach`: it should reach that far on either side": "width = 2 * reach + 1 → width = reach + 1",
            "each window is read backwards": "padded[t : t + width] → padded[t : t + width][::-1]",
            "places and neighbours change axes": "for t in range(len(acids))]) → for t in range(len(acids))]).T",
        },
    ),
    returns=("windows",),
)
