"""A reader of motifs: explanations are scored against what was planted, and its filters are what it slides."""

import numpy as np
import pytest
import torch

from seqlib.data.genes import TO_THE_LEFT
from seqlib.studies.where_the_motif_is import (
    MotifReader,
    best_match,
    learn_the_order,
    new_sequences,
    percent_right,
    planted,
    share_found,
)


def test_matches_are_what_the_filters_say():
    torch.manual_seed(0)
    model, (x, _, _) = MotifReader(3, 5), new_sequences(4)
    by_hand = torch.stack([(x[:, t : t + 5, None] * model.filters.transpose(0, 1)).sum((1, 3)) for t in range(76)], 1)
    expected = torch.relu(by_hand + model.slide.bias)
    torch.testing.assert_close(model.matches(x), expected)
    assert model.filters.shape == (3, 5, 4) and model(x).shape == (4, 2)


def test_a_perfect_explanation_finds_all_and_chance_a_fifth():
    starts = np.array([[3, 30], [50, 20]])
    truth = planted(starts, 80)
    assert truth.sum(dim=1).tolist() == [16, 16] and truth[0, 3] and truth[0, 10] and not truth[0, 11]
    assert share_found(truth.float(), truth) == 1.0 and share_found(-truth.float(), truth) == 0.0
    many = planted(np.tile(starts, (500, 1)), 80)
    assert abs(share_found(torch.rand(1000, 80), many) - 0.2) < 0.02
    with pytest.raises(ValueError, match="as many"):
        share_found(truth.float(), torch.tensor([[True] * 3 + [False] * 77, [True] * 80]))


def test_a_table_is_matched_wherever_it_lies():
    table = np.full((12, 4), 0.25)
    table[3:11] = TO_THE_LEFT
    assert best_match(table, TO_THE_LEFT) > 0.999
    assert best_match(TO_THE_LEFT[1:], TO_THE_LEFT) > 0.9, "one place of the motif may stick out"
    assert (
        best_match(TO_THE_LEFT[::-1, ::-1], TO_THE_LEFT) < 0.8 and best_match(np.full((9, 4), 0.25), TO_THE_LEFT) == 0
    )


def test_training_starts_and_is_the_same_each_time():
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        model = MotifReader(4, 6, 5)
        runs.append(learn_the_order(model, 3, 1e-2).losses)
    assert runs[0] == runs[1]
    x, y, _ = new_sequences(20)
    assert 0 <= percent_right(model, x, y) <= 100
