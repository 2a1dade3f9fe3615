"""What is timed and counted: layers alike in shape, bytes that a hand can count, fits that know their errors."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.studies import one_reading_at_a_time as streams
from seqlib.studies import what_length_costs as costs
from seqlib.studies.what_a_machine_can_do import products
from seqlib.studies.what_is_held import Held, held, kept_for_backward


@pytest.mark.parametrize("kind", costs.LAYERS)
def test_every_layer_maps_a_sequence_to_one_of_the_same_shape_and_sees_no_future(kind):
    torch.manual_seed(0)
    model, x = costs.layer(kind, 12, 3), torch.randn(2, 7, 12)
    out = costs.forward(model, x)
    assert out.shape == x.shape
    changed = x.clone()
    changed[:, 4:] += 1.0
    after = costs.forward(model, changed)
    assert torch.allclose(out[:, :4], after[:, :4], atol=1e-6) and not torch.allclose(out[:, 4:], after[:, 4:])


def test_naive_and_fused_attention_are_the_same_function():
    torch.manual_seed(1)
    naive, fused = costs.Attention(12, 3, fused=False), costs.Attention(12, 3, fused=True)
    fused.load_state_dict(naive.state_dict())
    x = torch.randn(2, 9, 12)
    assert torch.allclose(naive(x), fused(x), atol=1e-6)


def test_times_are_of_every_work_in_every_round():
    found = costs.at_length(8, rounds=2, width=8, heads=2)
    assert set(found) == {f"{kind}, {what}" for kind in costs.LAYERS for what in ("forward", "training")}
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in found.values())
    with pytest.raises(ValueError, match="kind should be one of"):
        costs.layer("GRU")


def test_an_exponent_and_its_error_are_those_of_polyfit():
    rng, lengths = np.random.default_rng(0), np.array([64, 128, 256, 512, 1024])
    seconds = 1e-6 * lengths[:, None] ** 1.5 * np.exp(rng.normal(size=(5, 3)) * 0.1)
    slope, error = costs.fitted(lengths, seconds)
    (expected, _), cov = np.polyfit(np.log(lengths), np.log(np.median(seconds, axis=1)), 1, cov=True)
    assert slope == pytest.approx(expected) and error == pytest.approx(math.sqrt(cov[0, 0]))


def test_series_takes_the_points_that_are_there():
    x, found = costs.series({"a, 64": [1.0, 2.0], "a, 256": [3.0, 4.0], "b, 64": [9.0, 9.0]}, "a", (64, 128, 256))
    assert x.tolist() == [64, 256] and found.tolist() == [[1, 2], [3, 4]]


def test_bytes_are_counted_while_tensors_live():
    x = torch.randn(1000, 10)

    def two_at_once():
        a = x * 2
        b = a + 1
        del a
        c = b * 3
        return c[:5]  # a view is no new storage

    assert held(two_at_once) == 2 * 40_000
    with Held() as counter:
        kept = x + 1
        assert counter.now == 40_000
        del kept
    assert counter.now == 0 and counter.peak == 40_000


def test_what_is_kept_for_the_way_back_is_each_storage_once_without_parameters():
    layer, x = nn.Linear(10, 1000), torch.randn(50, 10)
    hidden = 50 * 1000 * 4
    assert kept_for_backward(lambda: layer(x).tanh()) == hidden + 50 * 10 * 4  # the tanh, and the input


@pytest.mark.parametrize("joined", [False, True])
def test_a_stream_reads_as_the_whole_sequence_is_read(joined):
    torch.manual_seed(0)
    reader, whole = streams.Attending(12, 6, heads=3, joined=joined), costs.Attention(12, 3, fused=True)
    whole.W_qkv, whole.W_o = reader.W_qkv, reader.W_o
    x = torch.randn(6, 1, 12)
    with torch.no_grad():
        one_by_one = torch.stack([reader.step(x_t) for x_t in x], dim=1)
        assert torch.allclose(one_by_one, whole(x.transpose(0, 1)), atol=1e-6)
    assert reader.kept() == 2 * 6 * 12 * 4


def test_a_state_does_not_grow():
    reader = streams.stream("LSTM", 12)
    streams.latencies(reader, 3, 12)
    first = reader.kept()
    streams.latencies(reader, 5, 12)
    assert reader.kept() == first == 2 * 12 * 4
    with pytest.raises(ValueError, match="kind should be one of"):
        streams.stream("GRU")


def test_medians_of_stretches_of_a_stream():
    ends, medians = streams.by_position(np.array([1.0, 1, 9, 2, 2, 2, 5, 5, 1]), parts=3)
    assert ends.tolist() == [3, 6, 9] and medians.tolist() == [1, 2, 5]


def test_operations_and_bytes_of_a_product():
    ((operations, moved, seconds),) = products([(2, 30, 50)], rounds=1).values()
    assert operations == 2 * 2 * 30 * 50 and moved == 4 * (2 * 30 + 30 * 50 + 2 * 50) and seconds > 0
