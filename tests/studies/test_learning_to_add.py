"""Sums as tokens: what is read, what counts, what is kept out of the training."""

import torch

from seqlib.studies.learning_to_add import MARKS, Adder, sums_as_ids, train_adder


def digits(number):
    return list(str(number))


INDEX = {token: k for k, token in enumerate([*MARKS, *"0123456789"])}


def test_only_the_answer_counts():
    x, y = sums_as_ids([(27, 5), (9, 91)], digits, lambda n: digits(n)[::-1], INDEX)
    back = {k: token for token, k in INDEX.items()}
    assert x.shape == y.shape == (2, 8)
    assert "".join(back[i] for i in x[0].tolist()[:7]) == "27+5=23" and x[0, 7] == 0
    assert y[0].tolist() == [-100] * 4 + [INDEX[c] for c in "23."] + [-100]
    assert y[1].tolist() == [-100] * 4 + [INDEX[c] for c in "001."]


def test_a_short_run_is_the_same_each_time():
    (history, right), (_, again) = (train_adder(digits, digits, seed=3, steps=4, name="test") for _ in range(2))
    assert len(history.losses) == 4 and 0 <= right <= 100 and right == again


def test_the_adder_sees_no_later_token():
    torch.manual_seed(0)
    model, x = Adder(14), torch.randint(0, 14, (2, 6))
    changed = x.clone()
    changed[:, 4:] = (changed[:, 4:] + 1) % 14
    assert torch.equal(model(x)[:, :4], model(changed)[:, :4])
