"""The character LSTM: the state is carried, in training and in the evaluation, and the rules of the verdicts turn."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqlib.studies.writing_characters import (
    CharacterLSTM,
    against_the_clock,
    carried_loss,
    held_out,
    in_windows,
    learn_to_write,
    takes_a_gpu,
    verdict_below,
)
from seqlib.training.muon import muon_by_gate


def model(vocabulary_size=7, hidden_size=9):
    torch.manual_seed(0)
    return CharacterLSTM(vocabulary_size, hidden_size, width=5).double()


def test_the_state_goes_on_where_it_stopped():
    one, ids = model(), torch.randint(7, (2, 20))
    whole, last = one(ids)
    first, state = one(ids[:, :8])
    second, end = one(ids[:, 8:], state)
    assert torch.allclose(torch.cat([first, second], dim=1), whole)
    assert all(torch.allclose(a, b) for a, b in zip(end, last, strict=True))


def test_the_loss_carries_the_state_and_not_its_gradient():
    one, loss = model(), carried_loss()
    x, y = torch.randint(7, (3, 10)), torch.randint(7, (3, 10))
    no, yes = torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool)
    fresh = loss(one, (x, y, yes))
    carried = loss(one, (x, y, no))
    with torch.no_grad():
        _, state = one(x)
    expected = F.cross_entropy(one(x, state)[0].flatten(0, 1), y.flatten())
    assert carried.item() == pytest.approx(expected.item()) and carried.item() != pytest.approx(fresh.item())
    assert loss(one, (x, y, yes)).item() == pytest.approx(fresh.item()), "a row that begins forgets"
    carried.backward()  # the graph of the batch before is gone: no error, and no second backward through it


def test_held_out_reads_every_character_but_a_row_is_not_cut():
    one, ids = model(), np.random.default_rng(0).integers(7, size=61)
    logits, _ = one(torch.from_numpy(ids[None, :-1]))
    expected = F.cross_entropy(logits[0], torch.from_numpy(ids[1:])).item()
    assert held_out(one, ids, rows=1) == pytest.approx(expected)


def test_in_windows_begins_each_from_zeros():
    one, ids = model(), np.random.default_rng(0).integers(7, size=31)
    by_place = in_windows(one, ids, 10)
    expected = torch.stack([
        F.cross_entropy(
            one(torch.from_numpy(ids[None, k : k + 10]))[0][0], torch.from_numpy(ids[k + 1 : k + 11]), reduction="none"
        )
        for k in (0, 10, 20)
    ])  # fmt: skip
    assert torch.allclose(by_place, expected.mean(dim=0))


def test_it_learns_a_text_that_repeats_itself():
    ids = np.tile(np.arange(5), 200)
    torch.manual_seed(0)
    one = CharacterLSTM(5, hidden_size=16, width=8)
    before = held_out(one, ids)
    history = learn_to_write(one, ids, 100, batch=4, length=20, name=None)
    assert held_out(one, ids) < 0.2 < before and len(history.losses) == 100


def test_against_the_clock_measures_at_the_marks():
    ids = np.tile(np.arange(5), 200)
    torch.manual_seed(0)
    one = CharacterLSTM(5, hidden_size=8, width=4)
    found, steps = against_the_clock(
        one, muon_by_gate(one), ids, lambda m: held_out(m, ids), marks=(0.05, 0.2), batch=4, length=20, amp=False
    )
    assert len(found) == 2 and steps > 1 and found[1] < found[0]


def test_the_rules_of_the_verdicts_turn():
    assert [verdict_below(v, 1.0, 2.0) for v in (0.9, 1.0, 1.5, 2.0, 2.1)] == [
        "holds", "holds", "depends", "depends", "fails"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="bound"):
        verdict_below(1.0, 2.0, 1.0)
    assert takes_a_gpu(1.47, carried=1.46, equal=1.45) == "fails"
    assert takes_a_gpu(1.47, carried=1.46, equal=1.48) == "depends"
    assert takes_a_gpu(1.47, carried=1.49, equal=1.50) == "not tested"
