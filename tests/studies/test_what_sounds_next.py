"""Frames of chords: what is counted, what is padded, and that each frame weighs the same."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.polymusic import LOWEST, notes_of
from seqlib.studies.what_sounds_next import (
    FrameModel,
    OneBefore,
    each_by_itself,
    learn_frames,
    mean_nll,
    padded,
    sample_frames,
)


def pieces(seed=0, lengths=(7, 4, 9), keys=6):
    rng = np.random.default_rng(seed)
    return [(rng.random((length, keys)) < 0.3).astype(np.float32) for length in lengths]


@pytest.mark.parametrize("layer", [nn.RNN, nn.GRU, nn.LSTM])
def test_padding_changes_nothing_and_every_frame_weighs_the_same(layer):
    torch.manual_seed(0)
    model, some = FrameModel(layer, hidden_size=5, keys=6), pieces()
    model.eval()
    costs = []
    for piece in some:
        x = torch.from_numpy(piece)[None]
        logits, _ = model(x[:, :-1])
        costs += F.binary_cross_entropy_with_logits(logits, x[:, 1:], reduction="none").sum(dim=2)[0].tolist()
    assert mean_nll(model, some) == pytest.approx(np.mean(costs), rel=1e-5)
    assert not model.training and padded(some)[0].shape == (3, 9, 6)


def test_counting_is_what_it_says():
    train, test = pieces(1, (400,)), pieces(2, (300,))
    found = each_by_itself(train, test)
    p = (train[0][1:].sum(axis=0) + 0.5) / (len(train[0]))
    y = test[0][1:]
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean()
    assert found["how often each key sounds"] == pytest.approx(expected, rel=1e-5)
    held = [np.repeat(piece, 4, axis=0) for piece in pieces(3, (300, 200))]
    found = each_by_itself(held[:1], held[1:])
    assert found["each key from itself"] < 0.8 * found["how often each key sounds"], "notes that last are foretold"


def test_learning_keeps_the_best_validation():
    torch.manual_seed(0)
    held = [np.repeat(piece, 4, axis=0) for piece in pieces(3, (30, 20, 25))]
    model = OneBefore(keys=6)
    before = mean_nll(model, held)
    history = learn_frames(model, held[:2], held[2:], 40, lr=5e-2, batch=2, every=10, name=None)
    assert mean_nll(model, held[2:]) == pytest.approx(min(history.series("valid")[1]), rel=1e-5)
    assert mean_nll(model, held) < before
    learn_frames(FrameModel(hidden_size=4, keys=6), held, held, 3, crop=16, batch=2, name=None)


def test_a_sample_begins_with_what_it_was_given():
    torch.manual_seed(0)
    model, beginning = FrameModel(hidden_size=5, keys=6), pieces(4, (5,))[0]
    one, again, other = (sample_frames(model, beginning, 8, seed) for seed in (1, 1, 2))
    assert one.shape == (13, 6) and (one[:5] == beginning).all() and set(np.unique(one)) <= {0.0, 1.0}
    assert (one == again).all() and (one != other).any()


def test_a_key_that_goes_on_sounding_is_one_note():
    frames = np.zeros((5, 88), dtype=np.float32)
    frames[0:3, 10] = frames[4, 10] = frames[1, 0] = 1
    assert notes_of(frames, seconds=0.5) == [
        (LOWEST + 10, 0.0, 1.5), (LOWEST, 0.5, 0.5), (LOWEST + 10, 2.0, 0.5)
    ]  # fmt: skip
