"""Tasks whose answers are counted again here, models that do not look ahead, rules that can turn."""

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.metrics import IGNORE
from seqlib.models.scan import Mamba, MinGRU
from seqlib.studies import what_a_state_holds as holds


def test_every_asked_value_is_the_one_that_stood_with_its_key():
    ids, y = holds.pairs_batch(np.random.default_rng(0), 5, 7, kinds=9)
    assert ids.shape == (5, 14, 2) and y.shape == (5, 14)
    for row, answers in zip(ids.tolist(), y.tolist(), strict=True):
        known = dict(row[:7])
        assert len(known) == 7 and answers[:7] == [IGNORE] * 7
        assert [known[key] for key, _ in row[7:]] == answers[7:] and all(value == 9 for _, value in row[7:])
    with pytest.raises(ValueError, match="1 to 9 pairs"):
        holds.pairs_batch(np.random.default_rng(0), 5, 10, kinds=9)


@pytest.mark.parametrize("spread", [False, True])
def test_what_is_to_be_copied_stands_in_order_among_blanks(spread):
    ids, y = holds.copy_batch(np.random.default_rng(0), 6, 4, 11, spread, kinds=5)
    for row, answers in zip(ids.tolist(), y.tolist(), strict=True):
        assert [token for token in row[:11] if token != 5] == answers[11:] and row[11:] == [6] * 4
        assert spread or row[:4] == answers[11:]
    assert spread == (len({tuple(row) for row in (ids[:, :11] == 5).tolist()}) > 1)
    with pytest.raises(ValueError, match="symbols"):
        holds.copy_batch(np.random.default_rng(0), 6, 12, 11, spread)


def test_parities_are_counted():
    ids, y = holds.bits_batch(np.random.default_rng(0), 4, 9)
    for row, answers in zip(ids.tolist(), y.tolist(), strict=True):
        assert row[0] == 2 and answers[0] == IGNORE
        assert answers[1:] == [sum(row[1 : t + 1]) % 2 for t in range(1, 10)]


@pytest.mark.parametrize("kind", ["softmax", "linear", "delta"])
def test_a_head_reads_no_step_after_its_own(kind):
    torch.manual_seed(0)
    layer, x = holds.Attending(6, 4, kind), torch.randn(2, 9, 6)
    changed = x.clone()
    changed[:, 5:] += 2
    torch.testing.assert_close(layer(changed)[0][:, :5], layer(x)[0][:, :5])
    with pytest.raises(ValueError, match="softmax, linear or delta"):
        holds.Attending(6, 4, "other")


@pytest.mark.parametrize(
    "mixer", [lambda w: Mamba(w, 3), lambda w: holds.Gated(w, 7), lambda w: holds.Gated(w, 7, nn.LSTM)]
)
def test_a_stack_reads_in_pieces_what_it_reads_whole(mixer):
    torch.manual_seed(0)
    model, ids = holds.Stack(11, mixer, width=8, layers=2, hidden_size=9).double(), torch.randint(11, (2, 13))
    whole, state, pieces = model(ids)[0], None, []
    for part in ids.split((1, 5, 7), dim=1):
        logits, state = model(part, state)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)


def test_the_loss_of_a_text_does_not_depend_on_the_pieces():
    torch.manual_seed(0)
    model, ids = holds.Stack(5, lambda w: holds.Gated(w, 6), width=8, hidden_size=0), np.arange(100) % 5
    assert holds.held_out(model, ids, 3, 7) == pytest.approx(holds.held_out(model, ids, 3, 99), rel=1e-5)


def test_muon_gets_the_matrices_that_multiply_and_no_rates_of_decay():
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")
    model = holds.Stack(5, lambda w: Mamba(w, 3), width=16)
    first, second = holds.matrices_by_muon(model).parts
    chosen = {id(p) for group in first.param_groups for p in group["params"]}
    assert id(model.blocks[0]["mixer"].log_rates) not in chosen and id(model.blocks[0]["mixer"].W_in.weight) in chosen
    rest = sum(len(group["params"]) for group in second.param_groups)
    assert len(chosen) + rest == len(list(model.parameters()))


def test_something_is_learned():
    torch.manual_seed(0)
    rng, model = np.random.default_rng(0), holds.Tracking(MinGRU(16, 32, 2.0))
    _, losses = holds.learn(model, lambda step: holds.bits_batch(rng, 16, 3), 60, 0.02)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@pytest.mark.parametrize(
    ("better", "worse", "verdict"),
    [
        ([0.9, 0.8, 0.85], [0.3, 0.4, 0.2], "holds"),
        ([0.3, 0.4, 0.2], [0.9, 0.8, 0.85], "fails"),
        ([0.9, 0.3, 0.85], [0.3, 0.4, 0.2], "depends"),
        ([0.42, 0.43, 0.44], [0.41, 0.4, 0.4], "depends"),
        ([0.13, 0.12, 0.14], [0.12, 0.13, 0.12], "not tested"),
        ([1.0, 1.0, 0.99], [0.98, 1.0, 1.0], "not tested"),
    ],
)
def test_the_rule_turns_with_the_numbers(better, worse, verdict):
    assert holds.verdict_apart(better, worse, 0.1, 1 / 8) == verdict


def test_a_rule_without_seeds_is_refused():
    with pytest.raises(ValueError, match="seeds on both sides"):
        holds.verdict_apart([], [0.1], 0.1, 0.0)


@pytest.mark.parametrize(("best", "verdict"), [(0.01, "holds"), (0.003, "not tested"), (0.03, "not tested")])
def test_a_verdict_stands_only_where_the_best_rate_lies_inside(best, verdict):
    results = {"a, rate": [best] * 3, "a, lowest rate": [0.003] * 3, "a, highest rate": [0.03] * 3}
    assert holds.where_fair(results, ["a"], "holds") == verdict
