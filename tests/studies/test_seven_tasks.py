"""The tasks of the ladder: seeds draw the training and nothing else, and who knows the answer scores full marks."""

import numpy as np
import pytest
import torch

from seqlib.metrics import IGNORE
from seqlib.studies.seven_tasks import TASKS, make_task

TOLD = ("remember", "add", "copy", "tag", "forecast")  # those that are made in a moment


@pytest.mark.parametrize("name", TOLD)
def test_a_seed_draws_what_is_trained_on_and_never_the_test(name):
    one, other = make_task(name, 0), make_task(name, 1)
    assert one.kind == other.kind
    for a, b in zip(one.valid, other.valid, strict=True):
        assert torch.equal(a.nan_to_num(), b.nan_to_num()) if a.is_floating_point() else torch.equal(a, b)
    assert one.batch(3)[0].shape != other.batch(3)[0].shape or not torch.equal(one.batch(3)[0], other.batch(3)[0])
    assert torch.equal(one.batch(5)[0], make_task(name, 0).batch(5)[0])


def test_words_have_one_number_for_every_seed():
    one, other = make_task("translate", 0), make_task("translate", 1)
    assert all(torch.equal(a, b) for a, b in zip(one.valid, other.valid, strict=True))
    assert one.pairs["sizes"] == other.pairs["sizes"]
    assert not (one.valid[0] == 1).any(), "a word of the test is unknown"


class Knows(torch.nn.Module):
    """Answers from a table of inputs."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x, *_):
        return self.answer(x)


def test_who_knows_scores_full_marks_and_who_guesses_does_not():
    def first_symbol(x):
        return torch.nn.functional.one_hot(x[:, :1].expand_as(x).clamp(max=7), 8).float()

    told = make_task("remember").score(Knows(first_symbol))
    assert told["score"] == 100 and told["after 240"] == 100
    assert make_task("remember").score(Knows(lambda x: torch.zeros(*x.shape, 8)))["score"] < 25

    def total(x):
        return (x[..., 0] * x[..., 1]).sum(dim=1)[:, None, None].expand(-1, x.shape[1], 1)

    assert make_task("add").score(Knows(total))["score"] == pytest.approx(100, abs=1e-3)
    assert make_task("add").score(Knows(lambda x: torch.ones(*x.shape[:2], 1)))["score"] < 1


def test_what_does_not_count_is_marked():
    x, y = make_task("copy").batch(0)
    length = (x.shape[1] + 1) // 2
    assert (y[:, : x.shape[1] - length] == IGNORE).all() and torch.equal(y[:, -length:], x[:, :length])
    x, y = make_task("forecast").batch(0)
    assert y[:, :5].isnan().all() and not y[:, 5:].isnan().any()


def test_bars_lie_where_they_should():
    assert (
        make_task("forecast").bars["straight on"] > 100 * 0.03 and 30 < make_task("tag").bars["most frequent tag"] < 70
    )
    assert set(TASKS) >= set(TOLD) and np.isfinite(make_task("copy").bars["guessing"])
