"""What is read in a wrong answer is true: each reader speaks where it should, and is silent at a near miss."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from seqlib.checks import Case, Exercise, Result, engine, table
from seqlib.checks.diagnosing import observe
from seqlib.display import html

ROOT = Path(__file__).resolve().parents[2]


def numbers(rng):
    """Cases of distinct sizes: x (B, N), b (N,), n a number, mask (B, N) that hides the ends."""
    found = []
    for rows, columns, n in ((3, 5, 7), (4, 6, 9), (2, 4, 5)):
        kept = np.arange(columns) < np.arange(columns, columns - rows, -1)[:, None]
        found.append(
            Case(
                f"{rows} × {columns}", x=rng.uniform(0.2, 0.9, (rows, columns)), b=rng.uniform(1, 2, columns), n=n,
                mask=kept,
            )
        )  # fmt: skip
    return found


def same(x, b, n, mask):
    """Right is no argument itself, so that nothing is said of an argument."""
    return x**3 + 0.1


def observed(oracle, wrong, inputs=numbers, **more):
    exercise = Exercise(name="99.read", points=1, inputs=inputs, oracle=oracle, **more)
    return engine.judge(exercise, wrong, rng=np.random.default_rng(3))


def said(oracle, wrong, inputs=numbers, **more) -> str:
    verdict = observed(oracle, wrong, inputs, **more)
    assert verdict.state == "wrong", str(Result(verdict))
    return verdict.observation.text if verdict.observation else ""


# -- numbers: what is found, as a function of x, which is right; the sentence; a near miss that must not get it --------

ROWS = [
    ("sign", lambda x: -x, "its sign turned", lambda x: -x + 1e-3 * (x > 0.5)),
    ("half", lambda x: x / 2, "is half of the right one", lambda x: x * (0.5 + 1e-3 * x)),
    ("percent", lambda x: 100 * x, "times 100 (the factor between shares", lambda x: 100.1 * x),
    ("bits", lambda x: x / math.log(2), "times 1/ln 2 (the factor between nats and bits)", lambda x: x * 1.443),
    ("one more", lambda x: x + 1, "is the right one plus 1", lambda x: x + 1 + 1e-3 * x),
    ("one minus", lambda x: 1 - x, "is 1 minus the right one", lambda x: 1 - x**1.01),
    ("square", lambda x: x**2, "is the square of the right one", lambda x: x**2.01),
    ("root", lambda x: np.sqrt(x), "is the square root of the right one", lambda x: x**0.51),
    ("logarithm", lambda x: np.log(x), "is the logarithm of the right one", lambda x: np.log(x + 0.001)),
    ("exponential", lambda x: np.exp(x), "is the exponential of the right one", lambda x: np.exp(1.001 * x)),
    ("tanh", lambda x: np.tanh(x), "what a tanh makes of the right one", lambda x: np.tanh(x * 1.01)),
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), "what a sigmoid makes", lambda x: 1 / (1.01 + np.exp(-x))),
    ("rounded", lambda x: np.round(x, 2), "rounded to two digits", lambda x: np.round(x, 2) + 1e-3),
    ("reversed", lambda x: x[:, ::-1], "in reversed order along the last axis", lambda x: x[:, ::-1] * [[1.01]]),
    ("rows reversed", lambda x: x[::-1], "in reversed order along the first axis", lambda x: x[::-1] + 0.01),
    ("late", lambda x: np.hstack([x[:, :1] * 0, x[:, :-1]]), "one step late along the last axis",
     lambda x: np.hstack([x[:, :1] * 0.5, x[:, :-1]])),
    ("rolled", lambda x: np.roll(x, 1, 1), "rolled on by one along the last axis", lambda x: np.roll(x, 1, 1) * 1.01),
    ("running sum", lambda x: np.cumsum(x, 1), "added up along the last axis (a running sum)",
     lambda x: np.cumsum(x, 1) * 1.01),
    ("last for all", lambda x: np.repeat(x[:, -1:], x.shape[1], 1), "the last column of the right one, everywhere",
     lambda x: np.repeat(x[:, -1:], x.shape[1], 1) * (1 + x)),
    ("softmax", lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True), "the softmax of the right one along the last",
     lambda x: np.exp(x) / (1 + np.exp(x).sum(1, keepdims=True))),
    ("sorted", lambda x: np.sort(x, 1), "sorted along the last axis", lambda x: np.sort(x, 1) * 1.01),
    ("rows moved", lambda x: x[np.argsort(x[:, 0] * 1e6 % 1)], "", lambda x: x[::-1] * 1.01),
    ("one factor in each case", lambda x: x * x.max(), "is another one in each case", lambda x: x * (1 + x)),
    ("row by row", lambda x: x / x.sum(1, keepdims=True) ** 2, "in each row up to a factor of its own",
     lambda x: x / x.sum(1, keepdims=True) ** 2 + 0.01 * x**2),
    ("first row", lambda x: np.where((np.arange(len(x)) == 0)[:, None], x, x**2),
     "right only in its first row", lambda x: x * 1.01),
    ("only first row", lambda x: x + (np.arange(len(x)) == 0)[:, None] * x**2, "wrong only in its first row",
     lambda x: x + x**2),
    ("last column", lambda x: x + (np.arange(x.shape[1]) == x.shape[1] - 1) * x**2, "wrong only in its last column",
     lambda x: x * (1 + x)),
    ("zeros", lambda x: x * 0, "is zero everywhere", lambda x: x * 0 + 1e-3 * x**2),
    ("nan", lambda x: x * np.nan, "is nan everywhere", lambda x: np.where(x > 0.5, np.nan, x**2)),
    ("imprecise", lambda x: x.astype(np.float16).astype(float), "digits and no further", lambda x: x * (1 + x / 9)),
    ("infinite", lambda x: x / 0.0, "is infinite everywhere", lambda x: np.where(x > 0.5, np.inf, x**2)),
    ("one constant", lambda x: x * 0 + 0.37, "holds one and the same number everywhere", lambda x: 0.37 + 1e-2 * x**2),
    ("transposed", lambda x: x.T, "is transposed", lambda x: x.T * 1.01),
    ("summed", lambda x: x.sum(1), "is the sum of the right one along the last axis", lambda x: x.sum(1) * 1.01),
    ("mean kept", lambda x: x.mean(0, keepdims=True), "is the mean of the right one along the first axis",
     lambda x: x.mean(0, keepdims=True) * 1.01),
    ("all summed", lambda x: x.sum(), "is the sum of all of the right one", lambda x: x.sum() * 1.01),
    ("last row alone", lambda x: x[-1], "is only the last row of the right one", lambda x: x[-1] * 1.01),
    ("an axis more", lambda x: x[..., None], "an axis of size 1 too many, the last axis",
     lambda x: x[..., None] * 1.01),
    ("flat", lambda x: x.ravel(), "all in one row", lambda x: x.ravel() * 1.01),
    ("cut otherwise", lambda x: x.reshape(x.shape[::-1]), "cut into another shape",
     lambda x: x.reshape(x.shape[::-1]) * 1.01),
    ("one row more", lambda x: np.vstack([x, x[:1] * 0]), "one row too many at the end, filled with zeros",
     lambda x: np.vstack([x, x[:1] * 0]) * 1.01),
    ("one column fewer", lambda x: x[:, 1:], "one column too few: what is missing is missing at the beginning",
     lambda x: x[:, 1:] * 1.01),
    ("too large", lambda x: x + x**3 / 7 + x**2 * np.sin(9 * x) ** 2, "never too small",
     lambda x: x + 0.1 * np.sin(40 * x)),
]  # fmt: skip


@pytest.mark.parametrize("make, sentence, near", [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_numbers(make, sentence, near):
    with np.errstate(all="ignore"):
        text = said(same, lambda x, b, n, mask: make(same(x, b, n, mask)))
        assert sentence in text, text
        if sentence:
            assert sentence not in said(same, lambda x, b, n, mask: near(same(x, b, n, mask)))


WITH_ARGUMENTS = [
    ("left out", lambda x, b, n, mask: x**2 + b, lambda x, b, n, mask: x**2, "minus `b`: is `b` left out",
     lambda x, b, n, mask: x**2 + 0.01 * b),
    ("twice", lambda x, b, n, mask: x + b, lambda x, b, n, mask: x + 2 * b, "plus `b`: is `b` added once too often",
     lambda x, b, n, mask: x + 2.01 * b),
    ("subtracted", lambda x, b, n, mask: x + b, lambda x, b, n, mask: x - b, "minus twice `b`",
     lambda x, b, n, mask: x - 1.01 * b),
    ("itself", lambda x, b, n, mask: np.tanh(x * b), lambda x, b, n, mask: x, "is `x` itself, as it came in",
     lambda x, b, n, mask: x * 1.01),
    ("divided", lambda x, b, n, mask: np.tanh(x + n), lambda x, b, n, mask: np.tanh(x + n) / n, "divided by `n`",
     lambda x, b, n, mask: np.tanh(x + n) / (n + 0.01)),
    ("a size", same, lambda x, b, n, mask: same(x, b, n, mask) * x.shape[1], "times the number of columns of `x`",
     lambda x, b, n, mask: x * (x.shape[1] + 0.1)),
    ("its root", same, lambda x, b, n, mask: same(x, b, n, mask) / np.sqrt(len(x)),
     "times 1 divided by the root of the number of rows",
     lambda x, b, n, mask: x / (np.sqrt(len(x)) + 0.1)),
    ("a mask's number", same, lambda x, b, n, mask: same(x, b, n, mask) * mask.sum(),
     "times the number of True in `mask`",
     lambda x, b, n, mask: x * mask.sum() ** 1.1),
    ("padding", same, lambda x, b, n, mask: np.where(mask, x**3 + 0.1, x**2), "wrong only where `mask` is False",
     lambda x, b, n, mask: np.where(mask, x * 1.01, x**2)),
    ("all but padding", same, lambda x, b, n, mask: np.where(mask, x**2, x**3 + 0.1), "wrong only where `mask` is True",
     lambda x, b, n, mask: np.where(mask, x**2, x * 1.01)),
    ("a count in each row", lambda x, b, n, mask: (x * mask).sum(1) / mask.sum(1),
     lambda x, b, n, mask: (x * mask).sum(1) / (mask.sum(1) + 1), "row by row, the right one times n/(n + 1)",
     lambda x, b, n, mask: (x * mask).sum(1) / (mask.sum(1) + 1.1)),
    ("ignored", lambda x, b, n, mask: np.tanh(x * b) ** 3, lambda x, b, n, mask: np.sin(x) / 9, "`b` changes nothing",
     lambda x, b, n, mask: np.sin(x) / 9 + 1e-3 * b),
    ("only the first", lambda x, b, n, mask: np.sin(x + x.sum(0)), lambda x, b, n, mask: np.sin(x[0] * 7) + 0 * x,
     "only the first row of `x` is used", lambda x, b, n, mask: np.sin(x[0] * 7) + 0.01 * x),
    ("zeros supposed", lambda x, b, n, mask: np.tanh(x + b) * n, lambda x, b, n, mask: np.tanh(x) * n,
     "where `b` is all zeros", lambda x, b, n, mask: np.tanh(x + 0.01) * n),
    ("a mask turned", lambda x, b, n, mask: np.tanh(x * mask).sum(1), lambda x, b, n, mask: np.tanh(x * ~mask).sum(1),
     "where `mask` is the other way round", lambda x, b, n, mask: np.tanh(x * ~mask).sum(1) + 0.01 * x[:, 0]),
    ("one less", lambda x, b, n, mask: np.cos(n * x), lambda x, b, n, mask: np.cos((n - 1) * x),
     "where `n` is one less than it is", lambda x, b, n, mask: np.cos((n - 0.99) * x)),
    ("a reduction of an argument", lambda x, b, n, mask: np.tanh(x).sum(1), lambda x, b, n, mask: x.sum(1),
     "is the sum of `x` along the last axis", lambda x, b, n, mask: x.sum(1) * 1.01),
    ("another size", lambda x, b, n, mask: np.tanh(x).sum(1), lambda x, b, n, mask: np.tanh(3 * x).sum(0),
     "the number of columns of `x`, where the number of rows of `x` is asked for", lambda x, b, n, mask: np.zeros(3)),
    ("a constant in it", same, lambda x, b, n, mask: x + np.random.rand(*x.shape),
     "Two calls on the same inputs give two",
     lambda x, b, n, mask: x * (1 + x)),
]  # fmt: skip


@pytest.mark.parametrize(
    "oracle, wrong, sentence, near", [r[1:] for r in WITH_ARGUMENTS], ids=[r[0] for r in WITH_ARGUMENTS]
)
def test_arguments(oracle, wrong, sentence, near):
    text = said(oracle, wrong)
    assert sentence.lower() in text.lower(), text
    assert sentence.lower() not in said(oracle, near).lower()


def test_a_learners_own_names_are_used():
    assert "`bias`" in said(lambda x, b, n, mask: x**2 + b, lambda inputs, bias, k, m: inputs**2)


# -- whole numbers, truth, words, lists ------------------------------------------------------------------------------


def lists(rng):
    found = []
    for count in (4, 6, 5):
        words = ["".join(rng.choice(list("abcdef"), 3)) for _ in range(count)]
        found.append(Case(f"{count} words", words=[*words, words[0]], text=" ".join(words).title()))
    return found


LISTS = [
    ("reversed", lambda w, t: w, lambda w, t: w[::-1], "is in reversed order"),
    ("sorted", lambda w, t: w, lambda w, t: sorted(w), "is sorted"),
    ("once each", lambda w, t: w, lambda w, t: list(dict.fromkeys(w)), "each item comes only once"),
    ("one too few", lambda w, t: w, lambda w, t: w[:-2], "missing at the end"),
    ("first missing", lambda w, t: w, lambda w, t: w[2:], "missing at the beginning"),
    ("one too many", lambda w, t: w, lambda w, t: [*w, "zz"], "one item too many at the end"),
    ("in front", lambda w, t: w, lambda w, t: ["zz", *w], "one item too many at the beginning"),
    ("too deep", lambda w, t: w, lambda w, t: [w], "one level too deep"),
    ("each in a list", lambda w, t: w, lambda w, t: [[x] for x in w], "each item in a list of its own"),
    ("flat", lambda w, t: [w, w[:2]], lambda w, t: w + w[:2], "is flat"),
    ("a set", lambda w, t: w, lambda w, t: set(w), "is a set"),
    ("joined", lambda w, t: w, lambda w, t: " ".join(w), "the right items are joined"),
    ("some missing", lambda w, t: w, lambda w, t: [w[0], *w[2:-2]], "lacks some items"),
    ("two exchanged", lambda w, t: w, lambda w, t: [w[1], w[0], *w[2:]], "those at the places 0 and 1 are exchanged"),
    ("small letters", lambda w, t: t, lambda w, t: t.lower(), "capitals are lost"),
    ("white space", lambda w, t: t, lambda w, t: t.replace(" ", ""), "white space, which is all gone"),
    ("backwards", lambda w, t: t, lambda w, t: t[::-1], "backwards"),
    ("a space more", lambda w, t: t, lambda w, t: t + " ", "one space too many at its end"),
    ("stops early", lambda w, t: t, lambda w, t: t[: len(t) // 2], "stops too early"),
    ("keys and values", lambda w, t: {x: i for i, x in enumerate(w[:-1])},
     lambda w, t: {i: x for i, x in enumerate(w[:-1])}, "keys and values exchanged"),
    ("keys missing", lambda w, t: {x: i for i, x in enumerate(w[:-1])},
     lambda w, t: {x: i for i, x in enumerate(w[:-2])}, "lacks some keys"),
    ("off by one", lambda w, t: [[len(w), 3], [1, 2, len(t)]], lambda w, t: [[len(w) + 2, 5], [3, 4, len(t) + 2]],
     "2 too large"),
    ("floats", lambda w, t: [len(w), len(t)], lambda w, t: [float(len(w)), float(len(t))], "as floats"),
    ("ones and zeros", lambda w, t: [x > "c" for x in w], lambda w, t: [int(x > "c") for x in w], "1 and 0"),
    ("the wrong way round", lambda w, t: [x > "c" for x in w], lambda w, t: [x <= "c" for x in w],
     "the wrong way round"),
]  # fmt: skip


@pytest.mark.parametrize("oracle, wrong, sentence", [r[1:] for r in LISTS], ids=[r[0] for r in LISTS])
def test_items(oracle, wrong, sentence):
    text = said(lambda words, text: oracle(words, text), lambda words, text: wrong(words, text), lists)
    assert sentence in text, text


@pytest.mark.parametrize("oracle, wrong, sentence", [r[1:] for r in LISTS], ids=[r[0] for r in LISTS])
def test_items_are_not_said_of_another_wrong_answer(oracle, wrong, sentence):
    text = said(
        lambda words, text: oracle(words, text), lambda words, text: ["other", "things", "entirely", "x"], lists
    )
    assert sentence not in text, text


# -- several results -------------------------------------------------------------------------------------------------


def two(x, b, n, mask):
    return x * 2, x[0] + b


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        (lambda x, b, n, mask: two(x, b, n, mask)[::-1], "The two results are exchanged: `double` comes first"),
        (lambda x, b, n, mask: x * 2, "It returns `double` alone, which is right"),
        (lambda x, b, n, mask: (x * 2, x[0] + b, 1), "too many results: the first 2 are right"),
        (lambda x, b, n, mask: (x * 2, x[0]), "`double` is right. `first` is the right one minus `b`"),
        (lambda x, b, n, mask: (-2 * x, -x[0] - b), "`double` is the right one with its sign turned"),
        (
            lambda x, b, n, mask: (x * 2, np.sin(90 * x[0]) * b**2 + x[1] - 0.5),
            "is right in every case: only `first` is wrong",
        ),
        (lambda x, b, n, mask: None, "It returns nothing: is there a `return`"),
        (lambda x, b, n, mask: print(x), "It prints and returns nothing"),
        (lambda x, b, n, mask: np.tanh, "It returns a function"),
    ],
)
def test_several_results(wrong, sentence):
    text = said(two, wrong, returns=("double", "first"))
    assert sentence in text, text


# -- errors ----------------------------------------------------------------------------------------------------------


def loops(x, b, n, mask):
    return loops(x, b, n, mask)


def writes(x, b, n, mask, kind=np.array):
    out = kind(x)
    out[:, 1:] = kind(x)[:, :2]
    return out


CRASHES = [
    (lambda x, b, n, mask: x @ x, "In `x @ x`, `x` has shape (3, 5) and `x` (3, 5)", "Perhaps `x` is to be transposed"),
    (lambda x, b, n, mask: x[None].T @ x, "turns *all* axes round", ""),
    (lambda x, b, n, mask: x / x.sum(1), "two arrays do not fit", "keepdims"),
    (lambda x, b, n, mask: b[len(b)], "one place beyond the end", ""),
    (lambda x, b, n, mask: [1, 2, 3][n / 2], "A float is used as a place", ""),
    (lambda x, b, n, mask: math.log(0), "The logarithm or the root", ""),
    (lambda x, b, n, mask: n / 0, "It divides by zero", ""),
    (lambda x, b, n, mask: (lambda p, q: p)(*x), "called with too many arguments", ""),
    (lambda x, b, n, mask: nowhere(x), "`nowhere` is not known here", ""),  # noqa: F821
    (lambda x, b, n, mask: np.asarray(x).unsqueeze(0), "`.unsqueeze` belongs to tensors", ""),
    (lambda x, b, n, mask: torch.zeros(2).astype(int), "`.astype` belongs to NumPy's arrays", ""),
    (lambda x, b, n, mask: torch.ones(4, 3).T.view(12), "`view` needs numbers that lie one after another", ""),
    (lambda x, b, n, mask: torch.ones(3, requires_grad=True).numpy(), "handed to NumPy", ""),
    (lambda x, b, n, mask: torch.ones(3, requires_grad=True).add_(1), "changed in place", ""),
    (lambda x, b, n, mask: torch.nn.functional.linear(torch.ones(2, 3), torch.ones(3, 4)), "the *transpose*", ""),
    (lambda x, b, n, mask: {"a": 1}["b"], "A key is looked up", ""),
    (lambda x, b, n, mask: 1 if x > 0 else 2, "asks a whole array for one yes or no", ""),
    (lambda x, b, n, mask: x.reshape(7, 11), "another number of entries", ""),
    (lambda x, b, n, mask: np.sum(x, dim=1), "There is no argument `dim`", ""),
    (lambda x, b, n, mask: torch.ones(2) @ torch.ones(2).double(), "Two tensors of different types meet", ""),
    (writes, "What is written into a part of an array has another shape", "axis by axis"),
    (lambda *a: writes(*a, kind=torch.tensor), "What is written into a part of an array has another shape", ""),
    (loops, "It calls itself without end", ""),
    (lambda x, b, n, mask: max([]), "There is nothing to choose or take from", ""),
    (lambda x, b, n, mask: torch.stack([]), "Nothing is there to be joined", ""),
    (lambda x, b, n, mask: np.stack([]), "Nothing is there to be joined", ""),
    (lambda x, b, n, mask: torch.cat([torch.ones(2, 3), torch.ones(2, 4)]), "What is joined does not fit", ""),
    (lambda x, b, n, mask: torch.ones(3, 4).gather(1, torch.zeros(3, 2, 2).long()), "as many axes", ""),
    (lambda x, b, n, mask: torch.ones(3, 4).gather(1, torch.zeros(3, 2)), "Places are whole numbers", ""),
    (lambda x, b, n, mask: torch.ones(3, 4).gather(1, torch.full((3, 1), -100)), "leave those places out", ""),
    (lambda x, b, n, mask: F.cross_entropy(torch.ones(3, 5), torch.full((3,), -1)), "leave those places out", ""),
    (lambda x, b, n, mask: F.one_hot(torch.full((3,), -100), 5), "leave those places out", ""),
    (lambda x, b, n, mask: F.cross_entropy(torch.ones(3, 9, 12), torch.zeros(3, 9).long()), "classes on axis 1", ""),
    (lambda x, b, n, mask: F.linear(torch.tensor(mask), torch.ones(2, mask.shape[1])), "A mask of True and False", ""),
]  # fmt: skip


@pytest.mark.parametrize("wrong, sentence, more", CRASHES, ids=[c[1][:30] for c in CRASHES])
def test_errors(wrong, sentence, more):
    text = said(same, wrong)
    assert sentence.lower() in text.lower() and more in text, text


def test_an_error_that_nobody_knows_is_left_alone():
    def odd(x, b, n, mask):
        raise LookupError("what is this")

    assert said(same, odd) == ""


def whole(x, b, n, mask):
    return np.floor(40 * x).astype(int)


@pytest.mark.parametrize(
    "wrong, way",
    [
        (lambda x, b, n, mask: np.floor(40 * x) + 0.25 + x / 2, "down"),
        (lambda x, b, n, mask: np.floor(40 * x) - 0.25 - x / 2, "up"),
        (lambda x, b, n, mask: np.floor(40 * x) + np.where(x > 0.5, 0.25, -0.25), "to the nearest whole number"),
    ],
)
def test_what_is_not_rounded_is_told_and_which_way(wrong, way):
    assert f"right once it is rounded {way}," in said(whole, wrong)
    assert "rounded" not in said(whole, lambda x, b, n, mask: wrong(x, b, n, mask) + 1.5)


def test_a_changed_argument_is_told_and_nothing_that_may_come_of_it():
    def overwritten(x, b, n, mask):
        x *= 0
        return x

    verdict = observed(same, overwritten)
    assert verdict.observation is None and "changes its argument `x` in place" in verdict.cases[0][2]


def test_a_guard_against_nan_is_known_by_what_it_puts_there():
    """A mistake gives nan in some rows. An answer that has 0 there may be that mistake, guarded; other numbers not."""

    def slip(x, b, n, mask):
        return np.where(x < 0.5, np.nan, x)

    told = {"the root of something negative is taken": slip}
    guarded = observed(same, lambda *a: np.nan_to_num(slip(*a)), mistakes=told)
    assert guarded.diagnosis == "the root of something negative is taken"
    other = observed(same, lambda x, b, n, mask: np.where(x < 0.5, np.sin(9 * x), x), mistakes=told)
    assert other.diagnosis is None


# -- cases -----------------------------------------------------------------------------------------------------------


def of_batches(rng):
    return [Case(f"{n}", x=rng.normal(size=(n, 4))) for n in (1, 3, 4, 1)]


def test_what_the_cases_that_pass_share():
    text = said(lambda x: np.tanh(x), lambda x: np.tanh(x) if len(x) == 1 else np.sin(x**2) / 7, of_batches)
    assert "It is right only where the first axis of `x` has size 1" in text
    text = said(lambda x: np.tanh(x), lambda x: np.tanh(x) if x[0, 0] > 0 else np.sin(x**2) / 7, of_batches)
    assert "It is right only where" not in text and "It is wrong only where" not in text


# -- one speaks of two that fit --------------------------------------------------------------------------------------

BEFORE = [
    ("a factor before a function", same, lambda x, b, n, mask: -same(x, b, n, mask), "sign", "direction"),
    ("an argument before a function", lambda x, b, n, mask: x**2 + b, lambda x, b, n, mask: x**2, "`b`", "square of"),
    ("reversed before permuted", same, lambda x, b, n, mask: same(x, b, n, mask)[:, ::-1], "reversed", "another order"),
    ("a constant before where", same, lambda x, b, n, mask: 2 * same(x, b, n, mask), "twice", "wrong only"),
    ("zeros before too small", same, lambda x, b, n, mask: 0 * x, "zero", "too small"),
    ("nan before ignored", same, lambda x, b, n, mask: x * np.nan, "nan", "changes nothing"),
    ("one end before the mask", same,
     lambda x, b, n, mask: x**3 + 0.1 + (np.arange(x.shape[1]) == x.shape[1] - 1) * x**2, "last column", "`mask`"),
]  # fmt: skip


@pytest.mark.parametrize("oracle, wrong, first, not_second", [r[1:] for r in BEFORE], ids=[r[0] for r in BEFORE])
def test_the_more_special_speaks(oracle, wrong, first, not_second):
    text = said(oracle, wrong)
    assert first in text and not_second not in text, text


# -- never false -----------------------------------------------------------------------------------------------------

PLAIN = ("never too small", "never too large", "is right in every case", "changes nothing", "Two calls on the same")


@pytest.mark.parametrize("seed", range(60))
def test_unrelated_numbers_get_no_sentence(seed):
    """Numbers that have nothing to do with what is right, and that follow from the inputs."""
    weights = np.random.default_rng(seed).normal(size=6)

    def unrelated(x, b, n, mask):
        mixed = sum(w * np.sin((k + 2) * x + b + n + mask) for k, w in enumerate(weights))
        return mixed if seed % 2 else mixed.sum(1)

    oracle = same if seed % 2 else lambda x, b, n, mask: np.tanh(x).sum(1) * 0.3
    text = said(oracle, unrelated)
    assert not text or any(p in text for p in PLAIN), text


@pytest.mark.parametrize("seed", range(60))
def test_unrelated_whole_numbers_get_no_sentence(seed):
    def inputs(rng):
        return [Case(f"{n}", ids=rng.integers(0, 9, n), k=int(rng.integers(2, 6))) for n in (4, 7, 5)]

    def unrelated(ids, k):
        return (int(ids.sum()) * 2654435761 * (seed + 3) + k * 97) % 1013

    text = said(lambda ids, k: int((ids > k).sum()) + 20, unrelated, inputs)
    assert not text or any(p in text for p in PLAIN), text


def test_what_is_right_needs_no_reading():
    verdict = observed(same, same)
    assert verdict.passed and verdict.observation is None


# -- where it is shown -----------------------------------------------------------------------------------------------


def test_it_is_a_sentence_of_its_own_in_text_and_in_the_card():
    shown = Result(observed(same, lambda x, b, n, mask: -same(x, b, n, mask)))
    assert "  The result is the right one with its sign turned" in str(shown) and "This is what you get" not in str(
        shown
    )
    assert "its sign turned" in shown._repr_html_() and shown.observation.reader
    assert html.observed("It is so") == "It is so." and html.observed("Is it so?") == "Is it so?"
    assert "?." not in str(Result(observed(lambda x, b, n, mask: x**2 + b, lambda x, b, n, mask: x**2)))


def test_hidden_inputs_stay_hidden():
    """What the class grader tells has no size and no value of an input in it."""
    for make in (lambda x: x @ x, lambda x: x * 1.37, lambda x: x + 1.37, lambda x: x * 5):
        observation = observed(same, lambda x, b, n, mask, make=make: make(same(x, b, n, mask))).observation
        assert observation.told and not re.search(r"\d\.\d|\(\d|[3-9]", observation.told), observation.told


def test_where_calling_again_takes_too_long_the_rest_is_read():
    def slow(x, b, n, mask):
        for _ in range(300_000):
            pass
        return x + x**3 / 7 + x**2 * np.sin(9 * x) ** 2

    cases = numbers(np.random.default_rng(3))
    exercise = Exercise("99.read", 1, inputs=numbers, oracle=same)
    ask = lambda args, case: engine._call(exercise, slow, args, case)  # noqa: E731
    outcomes, rights = [ask(c.args, c) for c in cases], [same(*c.args) for c in cases]
    told = observe(exercise, slow, ask, cases, outcomes, rights, True, 0.02)
    assert told is not None and "never too small" in told.text


def test_a_reader_that_fails_says_nothing():
    assert observe(None, None, None, [], [], [], True) is None


# -- results in parts ------------------------------------------------------------------------------------------------


def test_a_part_of_a_tuple_is_told_by_its_own_axes():
    """`kept` is (keys, values), stacked where it is compared: the third axis of the stack is the second of each."""

    def oracle(x, b, n, mask):
        return x[0] + b, (np.ones((2, n, 3)), np.ones((2, n, 3)))

    def wrong(x, b, n, mask):
        return x[0] + b, (np.ones((2, len(b), 3)), np.ones((2, len(b), 3)))

    text = said(oracle, wrong, returns=("y", "kept"))
    assert "the second axis of its parts" in text, text


def test_an_empty_result_is_whole_numbers_as_well():
    """np.array([]) is of float64, and no less right."""

    def oracle(x, b, n, mask):
        return np.arange(n)[:0]

    assert engine.judge(Exercise(name="99.e", points=1, inputs=numbers, oracle=oracle), lambda *_: np.array([])).passed


# -- the page --------------------------------------------------------------------------------------------------------


def test_the_page_is_current():
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == table.page(), "python -m seqlib.checks.table > docs/checks.md"


def test_each_reader_says_what_it_says():
    for _, reader, text in table.rows():
        assert len(text) > 20, reader
