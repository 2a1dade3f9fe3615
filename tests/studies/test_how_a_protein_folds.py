"""Proteins: relatives stay together, padding changes nothing, a window sees its reach and no further."""

import numpy as np
import pytest
import torch

from seqlib.studies.how_a_protein_folds import (
    NOBODY,
    FoldReader,
    WindowReader,
    as_numbers,
    q3,
    q3_by_protein,
    relatives,
    say_folds,
    train_folds,
)

CHAINS, FOLDED = ("ACDEFGHIKLMNPQRSTVWY", "WWYAC", "KLMNPQRSTVWYAA"), ("hhhh____eeee____hhhh", "__eee", "h" * 14)
X, Y = as_numbers(CHAINS, FOLDED)


def test_numbers_and_padding():
    assert X.shape == (3, 20) and X[1].tolist() == [18, 18, 19, 0, 1] + [NOBODY] * 15
    assert Y[1].tolist() == [2, 2, 1, 1, 1] + [-100] * 15


def test_relatives_share_a_stretch_or_a_third_that_does():
    assert len(set(relatives(CHAINS))) == 2, "the first and the last share KLMNPQRSTVWY"
    chain = relatives(["A" * 6 + "CDEFGH", "CDEFGH" + "KLMNPQ", "KLMNPQ" + "W" * 6, "YYYYYY"], length=6)
    assert chain[0] == chain[1] == chain[2] != chain[3]


@pytest.mark.parametrize("make", [WindowReader, FoldReader])
def test_padding_and_neighbours_change_nothing(make):
    torch.manual_seed(0)
    model = make().double().eval()
    together = model(X).double()
    for k, chain in enumerate(CHAINS):
        alone = model(as_numbers([chain], [FOLDED[k]])[0])[0]
        torch.testing.assert_close(together[k, : len(chain)], alone.double())


def test_a_window_sees_six_acids_and_the_chain_all():
    torch.manual_seed(0)
    changed = X.clone()
    changed[0, 0] = 5
    for make, reach in ((WindowReader, 6), (FoldReader, 19)):
        model = make().eval()
        moved = (model(X) - model(changed))[0].abs().sum(dim=1) > 0
        assert moved[: reach + 1].all() and not moved[reach + 1 :].any()


def test_training_uses_only_what_is_there():
    torch.manual_seed(0)
    model = WindowReader(2, 8)
    losses = train_folds(model, X, Y, 40, 3e-2, batch=8, stretch=7).losses
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert say_folds(model, X).shape == (3, 20)


def test_training_ends_where_it_is_told_on_the_same_way():
    def run(**more):
        torch.manual_seed(0)
        model = WindowReader(2, 8)
        return train_folds(model, X, Y, 16, 3e-2, batch=4, stretch=7, **more)

    whole = run(aside=(X, Y), looks=4)
    at, held_out = whole.series("held out, %")
    assert at[-1] == 16 and len(at) >= 4 and all(0 <= each <= 100 for each in held_out)
    assert run(stop=8).losses == whole.losses[:8] and len(run(stop=99).losses) == 16


def test_q3_over_acids_and_over_proteins_differ():
    answers = torch.where(Y == 0, 0, 0)
    hits = [(Y[k] == 0).sum().item() for k in range(3)]
    lengths = [len(chain) for chain in CHAINS]
    assert q3(answers, Y) == pytest.approx(100 * sum(hits) / sum(lengths))
    assert q3_by_protein(answers, Y).tolist() == pytest.approx(
        [100 * h / n for h, n in zip(hits, lengths, strict=True)]
    )
