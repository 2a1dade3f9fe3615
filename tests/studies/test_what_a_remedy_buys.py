"""Remedies change time and memory, not gradients."""

import pytest
import torch

from seqlib.studies import what_a_remedy_buys as buys
from seqlib.studies.two_processes import launch
from seqlib.studies.what_is_held import held


@pytest.fixture
def small():
    return buys.model_and_batch(batch=8, context=32, width=24, layers=3, heads=2)


def gradients(model, *step, **options):
    buys.step(model, *step, **options)
    return [p.grad.clone() for p in model.parameters()]


def test_pieces_and_checkpoints_leave_the_same_gradients_and_hold_less(small):
    model, tokens = small
    plain, light = gradients(model, tokens), buys.checkpointed(model)
    for found in (gradients(model, tokens, parts=4), gradients(light, tokens)):
        for a, b in zip(plain, found, strict=True):
            assert torch.allclose(a, b, atol=1e-6)
    whole = held(lambda: buys.step(model, tokens))
    assert held(lambda: buys.step(model, tokens, parts=4)) < 0.5 * whole
    assert held(lambda: buys.step(light, tokens)) < 0.7 * whole


def test_half_precision_is_near(small):
    model, tokens = small
    plain, half = gradients(model, tokens), gradients(model, tokens, dtype=torch.bfloat16)
    apart = max((a - b).norm() / (a.norm() + 1e-6) for a, b in zip(plain, half, strict=True))
    assert 0 < apart < 0.2


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no torch.distributed")
def test_two_processes_have_the_gradients_of_one_large_batch():
    found = launch()
    assert found["averaged by hand against the whole"] < 1e-12 < found["half a batch against the whole"]
    assert found["DistributedDataParallel against the whole"] < 1e-12
    assert found["weights after three steps, state cut up against whole"] < 1e-12
    whole = found["bytes of Adam's state in one process"]
    parts = [found[f"bytes of the cut state in process {rank}"] for rank in (0, 1)]
    assert sum(parts) == whole and max(parts) < 0.6 * whole
