"""The task that 10, 11 and 14 share: nothing leaks, everyone gets the same, a perfect model scores 100."""

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.data.number_words import count_numbers
from seqlib.data.pairs import END, START
from seqlib.studies.translating_numbers import ASKED, TRAINED_ON, backwards, forced_loss, number_task, recurrent_pair


@pytest.fixture(scope="module")
def task():
    return number_task(seed=3)


def test_nothing_of_the_test_is_in_training(task):
    trained = {pair.source for pair in task.train_pairs}
    assert len(trained) == len(task.train_pairs) == 20_000
    for numbers, pairs in task.test_pairs.items():
        assert {count_numbers(pair) for pair in pairs} == {numbers}
        assert len(pairs) >= 30 and not trained & {pair.source for pair in pairs}
    assert {count_numbers(pair) for pair in task.train_pairs} == set(range(TRAINED_ON[0], TRAINED_ON[1] + 1))
    assert max(ASKED) > TRAINED_ON[1]


def test_every_model_gets_the_same_batches_and_every_seed_its_own(task):
    again = number_task(seed=3)
    assert all(torch.equal(a, b) for a, b in zip(task.sampler(7), again.sampler(7), strict=True))
    assert task.sampler(7)[0].tolist() != task.sampler(8)[0].tolist()
    assert number_task(seed=4).train_pairs != task.train_pairs


class Oracle(nn.Module):
    """A model that knows the answers: its state is the target still to be written."""

    def __init__(self, task, slip=0):
        super().__init__()
        self.task, self.slip, self.dummy = task, slip, nn.Parameter(torch.zeros(1))

    def begin(self, source):
        book = {pair.source: pair.target for pairs in self.task.test_pairs.values() for pair in pairs}
        words = [self.task.source_vocabulary.decode(row[row != 0]) for row in source]
        rows = [[*self.task.target_vocabulary.encode([*book[tuple(row)], END])] + [3] * 50 for row in words]
        return torch.tensor([row[self.slip : 50] for row in rows])

    def step(self, tokens, state):
        return nn.functional.one_hot(state[:, 0], len(self.task.target_vocabulary)).float(), state[:, 1:]


def test_a_perfect_model_scores_100_and_one_that_skips_a_word_0(task):
    assert set(task.exact_match(Oracle(task)).values()) == {100.0}
    assert max(task.exact_match(Oracle(task, slip=1)).values()) == 0.0


def test_a_pair_of_networks_trains_and_is_asked(task):
    torch.manual_seed(0)
    model = recurrent_pair(task, hidden_size=16, context_size=4)
    first = forced_loss(model, task.sampler(0)).item()
    history = task.train(model, steps=30)
    assert abs(first - np.log(len(task.target_vocabulary))) < 0.5 and history.losses[-1] < first - 0.3
    assert set(task.exact_match(model)) == set(ASKED) and model.training
    assert task.target_vocabulary.id(START) == 2


def test_word_for_word_is_right_for_short_runs_only(task):
    found = task.word_for_word()
    assert 5 < found[1] < 60 and found[5] < 3


def test_reading_backwards_turns_the_links_too(task):
    pair = next(pair for pair in task.train_pairs if len(pair.source) > 4)
    other = backwards(pair)
    assert [(pair.source[s], pair.target[t]) for s, t in pair.links] == [
        (other.source[s], other.target[t]) for s, t in other.links
    ]
    assert task.reversed().train_pairs[0].source == task.train_pairs[0].source[::-1]
