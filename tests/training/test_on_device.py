"""The loop for a GPU: no number is read inside it, data stay where they are; every GPU recording runs in tiny."""

import importlib.util
from pathlib import Path

import pytest
import torch
from devices import OneDevice
from torch.utils._python_dispatch import TorchDispatchMode

from seqlib.models.fused import fused
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.training.history import TrainingDiverged
from seqlib.training.on_device import adamw, learn, utilisation, windows_on

ROOT = Path(__file__).resolve().parents[2]
IDS = torch.arange(11).repeat(20)


class Reads(TorchDispatchMode):
    """Counts the numbers that are read off a device, each of which a GPU would be waited for."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function.overloadpacket is torch.ops.aten._local_scalar_dense
        return function(*args, **(kwargs or {}))


def model():
    torch.manual_seed(0)
    return fused(GPT(GPTConfig(11, context=8, width=16, layers=1, heads=2, positions="rotary")))


def steps_of(steps, every=None, **more):
    """A run, and how many numbers it read."""
    made = model()
    with Reads() as reads:
        history = learn(made, windows_on(IDS, 8, 4), steps, adamw(made, 1e-2), every=every, **more)
    return history, reads.count


def test_no_number_is_read_inside_the_loop():
    """Four times as many steps, and as many readings but for the losses themselves, which come in one."""
    (short, few), (long, many) = (steps_of(steps) for steps in (3, 12))
    assert (len(short.losses), len(long.losses)) == (3, 12)
    assert many == few


def test_a_step_keeps_to_the_device_of_its_ids():
    """All of a step, drawing, forward, backward and update, where a tensor made elsewhere is an error."""
    with torch.device("meta"):
        made, ids = model(), IDS.to("meta")
    with OneDevice():
        x, y = torch.empty(4, 8, dtype=torch.long, device="meta"), torch.empty(4, 8, dtype=torch.long, device="meta")
        optimizer = adamw(made, 1e-2)
        torch.nn.functional.cross_entropy(made(x).flatten(0, 1), y.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
        optimizer.step()
    assert ids.device.type == "meta"


def test_it_learns_and_looks():
    history, _ = steps_of(60, 20, evaluate=lambda model: {"seen": float(model.training)})
    assert history.last(5) < history.losses[0] - 0.5
    assert history.evals == [{"step": step, "seen": 0.0} for step in (20, 40, 60)]
    stopped, _ = steps_of(60, 20, seconds=0.0)
    assert len(stopped.losses) == 20  # at the first look after the time was up


def test_windows_are_those_of_the_row():
    batch, again = windows_on(IDS, 8, 4, seed=3), windows_on(IDS, 8, 4, seed=3)
    x, y = batch(0)
    assert x.shape == y.shape == (4, 8) and torch.equal(x[:, 1:], y[:, :-1]) and torch.equal(y, (x + 1) % 11)
    assert torch.equal(again(0)[0], x) and not torch.equal(batch(1)[0], x)
    with pytest.raises(ValueError, match="more than 300 ids"):
        windows_on(IDS, 300, 4)


def test_a_loss_that_is_no_number_ends_it():
    made = model()
    with pytest.raises(TrainingDiverged, match="step 0"):
        learn(made, windows_on(IDS, 8, 4), 3, adamw(made, 1e-2), loss=lambda m, b: m(b[0]).sum() * float("nan"))


def test_matrices_decay_and_vectors_do_not():
    groups = adamw(model(), 1e-3).param_groups
    assert [(group["weight_decay"], {p.ndim for p in group["params"]}) for group in groups] == [(0.1, {2}), (0.0, {1})]


def test_utilisation():
    assert utilisation(6e12, 2.0, 6e12) == 0.5
    with pytest.raises(ValueError, match="seconds"):
        utilisation(1e9, 0.0, 1e12)


def script():
    spec = importlib.util.spec_from_file_location("record_gpu", ROOT / "tools" / "record_gpu.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("part", ["shakespeare", "transformer", "attention", "curves", "names"])
def test_gpu_recordings_run_in_tiny(part, monkeypatch, capsys):
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    before = set((ROOT / "data" / "runs").iterdir())
    assert script().main(["--dry", part]) == 0
    said = capsys.readouterr().out
    assert "passed over" in said or "_gpu: " in said
    assert set((ROOT / "data" / "runs").iterdir()) == before


def test_gpu_recordings_fit_into_ten_minutes_and_need_a_gpu(monkeypatch, capsys):
    module = script()
    assert set(module.PART_SECONDS) == set(module.PARTS) and sum(module.PART_SECONDS.values()) < 540
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    assert module.main([]) == 1 and "CUDA" in capsys.readouterr().out
