"""Vocabulary, splits, windows, padding and batches."""

import json

import numpy as np
import pytest
import torch

from seqlib.data import (
    Vocabulary,
    batches,
    carried_sampler,
    encode_chars,
    pad_batch,
    sampler,
    shifted_windows,
    split_groups,
    split_in_time,
    text_sampler,
)


def test_vocabulary_round_trip_unknowns_and_order():
    train = [["the", "dog", "bit", "the", "man"], ["the", "man", "bit", "the", "cat"]]
    vocabulary = Vocabulary.build(train)
    assert vocabulary.tokens == ["<pad>", "<unk>", "the", "bit", "man", "cat", "dog"]
    assert vocabulary.size == len(vocabulary) == 7
    ids = vocabulary.encode(["the", "bird", "bit"])
    assert ids.dtype == np.int64 and ids.tolist() == [2, 1, 3]
    assert vocabulary.decode(ids) == ["the", "<unk>", "bit"]
    assert "dog" in vocabulary and "bird" not in vocabulary
    assert Vocabulary(json.loads(json.dumps(vocabulary.tokens))) == vocabulary
    assert vocabulary.encode([]).dtype == np.int64


def test_vocabulary_min_count_and_specials():
    counted = Vocabulary.build([["a", "a", "b"], ["b", "c"]], min_count=2, specials=())
    assert counted.tokens == ["a", "b"]
    with pytest.raises(ValueError, match="'c' is not in this vocabulary"):
        counted.encode(["c"])
    # A special that occurs in the text keeps its one place.
    assert Vocabulary.build([["<unk>", "x"]]).tokens == ["<pad>", "<unk>", "x"]
    with pytest.raises(ValueError, match="'a' comes twice"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ValueError, match="0 … 1, got -1"):
        counted.decode([-1])


def test_encode_chars():
    ids, vocabulary = encode_chars("kittens")
    assert vocabulary.tokens == sorted(set("kittens")) and ids.dtype == np.int64
    assert "".join(vocabulary.decode(ids)) == "kittens"
    again, same = encode_chars("tennis", vocabulary)
    assert same is vocabulary and "".join(same.decode(again)) == "tennis"
    with pytest.raises(ValueError, match="'z'"):
        encode_chars("zen", vocabulary)


def test_split_in_time_keeps_order_and_leaves_gaps():
    train, valid, test = split_in_time(list(range(10)), (0.7, 0.2, 0.1))
    assert (train, valid, test) == ([0, 1, 2, 3, 4, 5, 6], [7, 8], [9])
    assert split_in_time("abcdefghij") == ("abcdefghi", "j")
    past, future = split_in_time(np.arange(100), (0.5, 0.5), gap=7)
    assert past[-1] == 49 and future[0] == 57 and future[-1] == 99
    text = "x" * 1_115_394
    assert len(split_in_time(text)[0]) == int(0.9 * len(text))
    for fractions in [(0.5, 0.6), (1.2, -0.2), ()]:
        with pytest.raises(ValueError, match="sum to one"):
            split_in_time(text, fractions)
    with pytest.raises(ValueError, match="too few"):
        split_in_time("ab", (0.9, 0.1), gap=5)


def test_split_groups_removes_duplicates_before_splitting():
    items = [["a", "b"], ["c"], ["a", "b"], ["d"], ["e"], ["c"], ["f"], ["g"]]
    parts = split_groups(items, (0.5, 0.5), np.random.default_rng(0))
    kept = sorted(np.concatenate(parts).tolist())
    assert kept == [0, 1, 3, 4, 6, 7] and [len(part) for part in parts] == [3, 3]
    train, test = ({tuple(items[i]) for i in part} for part in parts)
    assert not train & test


def test_split_groups_keeps_groups_and_twins_together():
    rng = np.random.default_rng(0)
    names = [f"item {i}" for i in range(200)]
    speakers = rng.integers(0, 10, 200).tolist()
    train, test = split_groups(names, (0.8, 0.2), rng, groups=speakers)
    assert len(train) + len(test) == 200
    assert not {speakers[i] for i in train} & {speakers[i] for i in test}
    assert len({speakers[i] for i in test}) == 2
    rows = list(np.repeat(np.arange(20), 2)[:, None] * np.ones(3))
    first, second = split_groups(rows, (0.5, 0.5), rng, dedupe=False)
    assert len(first) == len(second) == 20
    assert not {rows[i][0] for i in first} & {rows[i][0] for i in second}
    with pytest.raises(ValueError, match="one entry per item"):
        split_groups(names, (0.8, 0.2), rng, groups=[1, 2])


def test_shifted_windows():
    ids = np.arange(10) * 3
    x, y = shifted_windows(ids, 4)
    assert x.tolist() == [[0, 3, 6, 9], [12, 15, 18, 21]]
    assert y.tolist() == [[3, 6, 9, 12], [15, 18, 21, 24]]
    x, y = shifted_windows(ids, 4, stride=1)
    assert x.shape == y.shape == (6, 4)
    np.testing.assert_array_equal(y[:, :-1], x[:, 1:])
    assert y[-1, -1] == ids[-1]
    assert shifted_windows(ids, 9)[0].shape == (1, 9)
    with pytest.raises(ValueError, match="at least length"):
        shifted_windows(ids, 10)


def test_pad_batch():
    ids, mask, lengths = pad_batch([[5, 6, 7], [], np.array([8])], pad=-100)
    assert ids.tolist() == [[5, 6, 7], [-100] * 3, [8, -100, -100]]
    assert mask.tolist() == [[True] * 3, [False] * 3, [True, False, False]]
    assert lengths.tolist() == [3, 0, 1]
    assert (ids.dtype, mask.dtype, lengths.dtype) == (np.int64, np.bool_, np.int64)
    assert pad_batch([[1]], length=4)[0].tolist() == [[1, 0, 0, 0]]
    assert pad_batch([[], []])[0].shape == (2, 0)
    with pytest.raises(ValueError, match="at most length = 2"):
        pad_batch([[1, 2, 3]], length=2)
    with pytest.raises(ValueError, match="at least one"):
        pad_batch([])


def test_sampler_visits_every_row_once_per_epoch_and_has_no_state():
    x, y = np.arange(10) * 2, torch.arange(10)
    batch = sampler(x, y, batch_size=4, seed=1)
    seen = torch.cat([batch(step)[1] for step in range(15)])  # six epochs
    for epoch in range(6):
        assert sorted(seen[epoch * 10 : epoch * 10 + 10].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:20].tolist()
    fresh = sampler(x, y, batch_size=4, seed=1)
    for step in (14, 3, 0, 7):  # any order, the same batches
        a, b = fresh(step)
        assert torch.equal(b, seen[step * 4 : step * 4 + 4]) and torch.equal(a, b * 2)
    assert not torch.equal(sampler(x, y, batch_size=4, seed=2)(0)[1], seen[:4])
    assert sorted(sampler(x, batch_size=20)(0)[0].tolist())[:4] == [0, 0, 2, 2]
    with pytest.raises(ValueError, match="same number of rows"):
        sampler(x, y[:5], batch_size=2)


def test_batches_are_in_order_and_complete():
    parts = list(batches(np.arange(7), np.arange(14).reshape(7, 2), batch_size=3))
    assert [len(a) for a, _ in parts] == [3, 3, 1]
    assert torch.cat([a for a, _ in parts]).tolist() == list(range(7))
    assert parts[-1][1].tolist() == [[12, 13]]


def test_text_sampler():
    ids = np.arange(20)
    batch = text_sampler(ids, length=5, batch_size=300, seed=3)
    x, y = batch(0)
    assert x.shape == y.shape == (300, 5) and x.dtype == torch.int64
    assert torch.equal(y, x + 1)
    assert set(x[:, 0].tolist()) == set(range(15))  # every window, the last one too
    assert torch.equal(batch(9)[0], text_sampler(ids, 5, 300, 3)(9)[0]) and not torch.equal(batch(1)[0], x)
    with pytest.raises(ValueError, match="at least 21 ids"):
        text_sampler(ids, 20, 1)


def test_carried_sampler_goes_on_where_it_stopped():
    ids = np.arange(100)
    batch = carried_sampler(ids, length=6, batch_size=3)
    epoch = [batch(step) for step in range(5)]
    rows = torch.cat([x for x, _, _ in epoch], dim=1)
    assert rows.shape == (3, 30)
    assert rows.flatten().tolist() == list(range(90))
    for step, (x, y, is_first) in enumerate(epoch):
        assert torch.equal(y, x + 1)
        assert is_first.dtype == torch.bool and is_first.tolist() == [step == 0] * 3
    assert torch.equal(batch(5)[0], batch(0)[0]) and batch(5)[2].all()
    assert carried_sampler(ids[:19], 6, 3)(1)[0].shape == (3, 6)
    with pytest.raises(ValueError, match="at least 19 ids"):
        carried_sampler(ids[:18], 6, 3)
