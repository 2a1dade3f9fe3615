"""Reviewers: padding and batches change nothing, pools see words alone, a language model never sees its own answer."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqlib.data.windows import Vocabulary
from seqlib.studies.judging_reviews import (
    POOLS,
    Reviewer,
    WordModel,
    as_rows,
    probability,
    read_before,
    similar_lengths,
    train_reviews,
    word_table,
)

SENTENCES = [list("abcde"), list("cb"), list("edcbaab"), list("d")]
WORDS = Vocabulary.build(SENTENCES)
TOKENS = as_rows(SENTENCES, WORDS)


def reviewer(pools=("last",), two_way=False, **options):
    torch.manual_seed(1)
    return Reviewer(len(WORDS), 6, 5, pools, two_way, **options).double()


@pytest.mark.parametrize("two_way", [False, True])
@pytest.mark.parametrize("pools", [*((pool,) for pool in POOLS), ("mean", "max")])
def test_padding_and_neighbours_change_nothing(pools, two_way):
    model = reviewer(pools, two_way)
    together = model(TOKENS)
    torch.testing.assert_close(model(F.pad(TOKENS, (0, 7))), together)
    alone = torch.cat([model(as_rows([sentence], WORDS)) for sentence in SENTENCES])
    torch.testing.assert_close(alone, together)


def test_the_last_state_has_read_everything():
    model = reviewer(two_way=True)
    with torch.no_grad():
        before = model.states(TOKENS)[1]
        for place in (0, 6):
            changed = TOKENS.clone()
            changed[2, place] = 3 if changed[2, place] != 3 else 4
            moved = (model.states(changed)[1] - before).abs()
            assert moved[2, :5].max() > 1e-9 and moved[2, 5:].max() > 1e-9 and moved[[0, 1, 3]].max() == 0


def test_batches_hold_each_row_once_an_epoch_and_lengths_alike():
    lengths = np.random.default_rng(0).integers(3, 40, 103)
    rows = similar_lengths(lengths, 10, seed=3)
    epochs = [np.concatenate([rows(11 * epoch + k) for k in range(11)]) for epoch in (0, 1)]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(103))
    assert not np.array_equal(*epochs)
    assert max(np.ptp(lengths[rows(k)]) for k in range(11)) < 0.5 * np.ptp(lengths)
    assert np.array_equal(rows(5), similar_lengths(lengths, 10, seed=3)(5)), "no state is kept"


def test_it_learns_and_says_chances():
    model = reviewer(("max",)).float()
    labels = np.array([1, 0, 1, 0])
    history = train_reviews(model, TOKENS, labels, steps=60, lr=2e-2, batch=2)
    assert history.last(5) < 0.3 and np.array_equal(probability(model, TOKENS, batch=3) > 0.5, labels == 1)


def test_dropped_words_are_words_and_only_in_training():
    model = reviewer(("mean",), drop_words=1.0)
    unknown = torch.where(TOKENS > 0, 1, 0)
    torch.testing.assert_close(model.train()(TOKENS), model(unknown))
    assert not torch.allclose(model.eval()(TOKENS), model(unknown))


def test_the_language_model_does_not_see_what_it_guesses():
    torch.manual_seed(0)
    model = WordModel(reviewer(two_way=True), len(WORDS)).double()
    row = TOKENS[2:3]
    with torch.no_grad():
        states = model.reviewer.states(row)[0]
        for place in range(1, 6):
            changed = row.clone()
            changed[0, place] = 3 if changed[0, place] != 3 else 4
            moved = (model.reviewer.states(changed)[0] - states).abs()[0]
            assert moved[:place, :5].max() == 0, "what is guessed from the left is not read before it"
            assert moved[place + 1 :, 5:].max() == 0, "what is guessed from the right is not read before it"


def test_reading_before_teaches_the_layers_and_leaves_the_readout():
    model = reviewer(two_way=True).float()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    history = read_before(model, TOKENS, steps=80, lr=1e-2, batch=4)
    assert history.last(10) < 0.7 * history.losses[0]
    after = model.state_dict()
    assert torch.equal(after["readout.weight"], before["readout.weight"])
    assert not torch.equal(after["back.weight_hh_l0"], before["back.weight_hh_l0"])


def test_vectors_begin_as_large_as_they_are_told_and_the_padding_at_zero():
    torch.manual_seed(0)
    for scale in (1.0, 0.1):
        table = word_table(300, 40, scale).weight
        assert table[0].abs().max() == 0 and abs(table[1:].std().item() / scale - 1) < 0.05
