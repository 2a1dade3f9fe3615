"""Colouring Python: late labels line up, the state is carried, windows see nine characters, tables and pictures."""

import numpy as np
import pytest
import torch

from seqlib.data import syntax
from seqlib.models.layers import LSTM, RNN
from seqlib.studies import colouring_python as colouring
from seqlib.studies.colouring_python import (
    AHEAD,
    SAMPLE,
    Colourer,
    Window,
    accuracy_by_distance,
    paint,
    read_through,
    rows,
)

SOURCE = syntax.read_modules(["bisect", "keyword", "heapq"])


def test_rows_name_the_character_read_four_before():
    ids, labels, depth = rows(SOURCE, 3)
    length = ids.shape[1]
    assert ids.shape == labels.shape == depth.shape == (3, (len(SOURCE.ids) - AHEAD) // 3)
    for row, column in ((0, 0), (1, 7), (2, length - 1)):
        place = row * length + column
        assert ids[row, column] == SOURCE.ids[place + AHEAD]
        assert (labels[row, column], depth[row, column]) == (SOURCE.labels[place], SOURCE.depth[place])


@pytest.mark.parametrize("layer", [LSTM, RNN])
def test_a_colourer_carries_its_state_and_begins_anew_when_told(layer):
    torch.manual_seed(0)
    model, (ids, _, _) = Colourer(layer(len(syntax.CHARACTERS), 7)), rows(SOURCE, 2)
    whole = model(ids[:, :20], first=True)
    pieces = torch.cat([model(ids[:, :9], first=True), model(ids[:, 9:20])], dim=1)
    torch.testing.assert_close(pieces, whole)
    torch.testing.assert_close(model(ids[:, :9], first=True), whole[:, :9])
    assert not torch.allclose(model(ids[:, :9]), whole[:, :9])
    states = model.state if isinstance(model.state, tuple) else (model.state,)
    assert not any(part.requires_grad for part in states)


def test_a_window_sees_nine_characters_and_no_more():
    torch.manual_seed(0)
    model, (ids, _, _) = Window(6), rows(SOURCE, 2)
    whole = model(ids[:, :30], first=True)
    pieces = torch.cat([model(ids[:, :13], first=True), model(ids[:, 13:30])], dim=1)
    torch.testing.assert_close(pieces, whole)
    changed = ids[:, :30].clone()
    changed[:, 10] = (changed[:, 10] + 1) % len(syntax.CHARACTERS)
    differ = (model(changed, first=True) != whole).any(dim=2).any(dim=0)
    assert differ.nonzero().flatten().tolist() == list(range(10, 10 + 2 * AHEAD + 1))


def test_training_lowers_the_loss_and_reading_covers_everything():
    torch.manual_seed(0)
    model = Colourer(LSTM(len(syntax.CHARACTERS), 12))
    history = colouring.train_colours(model, SOURCE, 30, lr=2e-2, batch=4, length=40)
    assert history.last(5) < 0.8 * history.losses[0]
    said, labels, depth = read_through(model, SOURCE, batch=4, length=64)
    assert said.shape == labels.shape == depth.shape == (4 * ((len(SOURCE.ids) - AHEAD) // 4),)


def test_accuracy_by_distance_counts_each_character_once():
    right, depth = np.array([1, 0, 1, 1, 0, 1], bool), np.array([-1, 0, 3, 4, 9, 10])
    found = accuracy_by_distance(right, depth, [0, 4, 10, 20, 30])
    assert found[:3].tolist() == [0.5, 0.5, 1.0] and np.isnan(found[3])


def test_the_sample_is_python_of_every_kind():
    assert set(syntax.CLASSES) == {syntax.CLASSES[k] for k in syntax.colour(SAMPLE)}


def test_paint_wants_a_value_for_each_character_and_says_what_it_shows(capsys):
    paint(SAMPLE + "$x$" * 40, np.arange(len(SAMPLE) + 120), "A title", "Coloured text, rising from left to right.")
    assert "Coloured text" in capsys.readouterr().out
    with pytest.raises(ValueError, match="one value for each of 3"):
        paint("abc", np.zeros(2), "A title", "Coloured text, rising from left to right.")


def test_a_table_of_results_has_mean_and_range():
    run = {"results": {"a, F1": [0.1, 0.3], "a, size": [7, 7]}}
    shown = colouring.results_table(run, ["a"], ["F1", "size"], {"live": [0.25]})
    assert "0.200 (0.100 to 0.300)" in repr(shown) and "| 7" in repr(shown) and "0.250" in shown._repr_html_()
