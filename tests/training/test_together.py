"""Two processes train as one does, also when one of them is killed and the command is given again."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed as dist
from torch.nn import functional as F

from seqlib.training import run
from seqlib.training.together import part_of, processes, train_together, world
from seqlib.training.train import train

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "train_text.py"
SIZES = "--batch 5 --context 8 --width 16 --layers 1 --heads 2 --vocabulary 11".split()  # 5 rows: 3 and 2
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

needs_processes = pytest.mark.skipif(not dist.is_available(), reason="this PyTorch has no torch.distributed")


@pytest.fixture
def ids(tmp_path):
    path = tmp_path / "ids.npy"
    np.save(path, np.random.default_rng(0).integers(11, size=500).astype(np.uint16))
    return path


def environment(home) -> dict:
    own = {"SEQLIB_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "SEQLIB_DEVICE": "cpu"}
    kept = {name: value for name, value in os.environ.items() if name != "SEQLIB_BUDGET"}  # a smoke run saves nothing
    return kept | own


def alone(ids, steps, monkeypatch):
    """The losses of one process, here."""
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    monkeypatch.setattr(run, "SAVE_SECONDS", run.SAVE_SECONDS)
    spec = importlib.util.spec_from_file_location("train_text", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main([str(ids), "--steps", str(steps), *SIZES])


def port() -> str:
    """One that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def kill_one_of_two(command, home, saved) -> list[int]:
    """Two processes as torchrun starts them; the second is killed once there is a checkpoint. How both ended."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port(), "WORLD_SIZE": "2"}
    started = [
        subprocess.Popen(
            [sys.executable, *command], env=environment(home) | place | {"RANK": rank, "LOCAL_RANK": rank},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for rank in "01"
    ]  # fmt: skip
    until = time.monotonic() + 150
    while not saved.exists() and started[1].poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    started[1].kill()
    try:
        return [process.wait(60) for process in started]
    finally:
        started[0].kill()


@needs_processes
def test_two_processes_killed_and_resumed_have_the_losses_of_one(ids, tmp_path, monkeypatch):
    home, out, steps = tmp_path / "home", tmp_path / "losses.json", 400
    saved = home / "checkpoints" / "both.pt"
    command = [SCRIPT, ids, "--steps", str(steps), *SIZES, "--checkpoint", "both", "--save-seconds", "0", "--out", out]
    command = list(map(str, command))
    ended = kill_one_of_two(command, home, saved)
    assert all(ended), "the other one cannot go on alone"
    assert saved.exists() and not out.exists()  # on the way, with something to go on from

    command = [*LAUNCH, *command]
    resumed = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=170)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "resumed at step" in resumed.stdout + resumed.stderr
    found = json.loads(out.read_text(encoding="utf-8"))["losses"]
    wanted = alone(ids, steps, monkeypatch)
    assert len(found) == steps and wanted[-1] < wanted[0] - 0.05
    assert np.allclose(found, wanted, atol=2e-4), np.abs(np.subtract(found, wanted)).max()
    assert not saved.exists()  # done


def test_parts_are_all_of_the_batch():
    x, y = torch.arange(10).view(5, 2), torch.arange(5)
    parts = [part_of((x, y), rank, 2) for rank in range(2)]
    assert [len(part[0]) for part in parts] == [3, 2]
    assert torch.equal(torch.cat([part[0] for part in parts]), x) and torch.equal(torch.cat([p[1] for p in parts]), y)
    with pytest.raises(ValueError, match="at least a row for each of 6 processes, got a batch of 5"):
        part_of(y, 0, 6)


def weighing(rank: int, port: str, results) -> None:
    """One of two processes: targets that do not count lie in the first part alone."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": str(rank), "WORLD_SIZE": "2"}
    with processes("cpu"):
        assert world() == (rank, 2)
        model, batch = made()
        results[rank] = train_together(model, lambda step: batch, 3, lr=0.1, name=None).losses


def made():
    torch.manual_seed(0)
    x, y = torch.randn(4, 3, 5), torch.randint(7, (4, 3))
    y[:2, 1:] = -100
    return torch.nn.Linear(5, 7), (x, y)


@needs_processes
def test_parts_with_fewer_targets_weigh_less():
    with torch.multiprocessing.Manager() as manager:
        results = manager.dict()
        torch.multiprocessing.spawn(weighing, (port(), results), nprocs=2)
        found = dict(results)
    model, batch = made()
    wanted = train(model, lambda step: batch, 3, lr=0.1, name=None).losses
    assert np.allclose(found[0], wanted, atol=1e-6) and found[0] == found[1]
    model, batch = made()
    parts = [part_of(batch, rank, 2) for rank in (0, 1)]
    halves = [F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item() for x, y in parts]
    assert abs(np.mean(halves) - wanted[0]) > 1e-3  # a mean of means would have been seen


def test_one_process_is_train_itself(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with processes("cpu") as device:
        assert (device, world()) == (torch.device("cpu"), (0, 1))
        model, batch = made()
        found = train_together(model, lambda step: batch, 3, lr=0.1, name=None).losses
    model, batch = made()
    assert found == train(model, lambda step: batch, 3, lr=0.1, name=None).losses
