"""What a checkpoint must outlast: NumPy's numbers, Muon, a missing part, saves that were killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from seqlib import runtime
from seqlib.data import download
from seqlib.models import gpt
from seqlib.training import checkpoint, muon
from seqlib.training.train import train, warmup_cosine

STEPS, STOP = 24, 13
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    monkeypatch.delenv("SEQLIB_BUDGET", raising=False)
    return tmp_path


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks, self.gru, self.head = nn.Linear(6, 6), nn.GRU(6, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.gru(torch.tanh(self.blocks(x)))[0])


def trained(stop=None, name="run", **options):
    """(history, weights) of one run; with `stop` of one that is interrupted there and taken up by a second call."""
    for at in [stop, None] if stop else [None]:
        torch.manual_seed(0)
        model = Small()

        def batches(step, at=at):
            if step == at:
                raise KeyboardInterrupt
            return torch.randn(4, 5, 6), torch.randint(3, (4, 5))

        torch.manual_seed(1)
        given = {key: make(model) if key == "optimizer" else make for key, make in options.items()}
        history = train(model, batches, STEPS, name=None, checkpoint=name if stop else None, **given)
    return history, torch.cat([weight.detach().flatten() for weight in model.parameters()])


SGD = {"lr": np.float64(0.1), "momentum": np.float64(0.9), "weight_decay": np.float32(0.01)}


@pytest.mark.parametrize(
    "options",
    [
        {"lr": np.float64(0.01), "clip": np.float32(0.5)},
        {"lr": 0.01, "schedule": lambda step: np.float64(0.9) ** step},
        {"lr": 0.01, "schedule": lambda step: torch.tensor(0.9) ** step},
        {"optimizer": lambda model: torch.optim.SGD(model.parameters(), **SGD)},
        {"optimizer": lambda model: torch.optim.AdamW(model.parameters(), np.float64(0.01), (np.float64(0.9), 0.99))},
        {"optimizer": muon.muon, "schedule": warmup_cosine(STEPS, 4)},
        {"optimizer": muon.muon_by_gate, "schedule": warmup_cosine(STEPS, 4)},
    ],
    ids=["lr", "schedule", "schedule of tensors", "SGD", "betas", "muon", "muon by gate"],
)
def test_a_run_goes_on_as_if_it_had_never_stopped(options, capsys):
    whole, weights = trained(**options)
    resumed, again = trained(stop=STOP, **options)
    assert not list(checkpoint.path_for("run").parent.glob("*.damaged"))
    assert resumed.losses == whole.losses and torch.equal(again, weights)


@pytest.mark.parametrize("make", [muon.muon, muon.muon_by_gate])
def test_a_schedule_still_reaches_every_part_after_loading(make):
    model = Small()
    one, other = make(model), make(model)
    model(torch.randn(2, 3, 6)).sum().backward()
    one.step()
    other.load_state_dict(one.state_dict())
    for group in other.param_groups:
        group["lr"] = 0.0
    before = [weight.detach().clone() for weight in model.parameters()]
    other.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    with pytest.raises(ValueError, match="expected the state of 2 optimisers, got"):
        other.load_state_dict(torch.optim.SGD(model.parameters(), 0.1).state_dict())


def test_a_gate_without_a_gradient_stays_and_stays_finite():
    weight = nn.Parameter(torch.ones(6, 2))
    optimizer = muon.MuonByGate([weight])
    optimizer.step()  # no gradient yet
    weight.grad = torch.zeros(6, 2)
    optimizer.step()
    assert torch.equal(weight, torch.ones(6, 2))


SPOIL = {
    **{f"no {part}": lambda state, part=part: state.pop(part) for part in ("done", "optimizer", "random", "settings")},
    "no model": lambda state: state.pop("model"),
    "no first batch": lambda state: state.pop("first_batch"),
    "a setting less": lambda state: state["settings"].pop("clip"),
    "no state of torch": lambda state: state["random_at_start"].pop("torch"),
    "a weight less": lambda state: state["model"].popitem(),
    "a moment less": lambda state: state["optimizer"].update(state={}, param_groups=[]),
    "an evaluation of text": lambda state: state.update(evals=["good"]),
    "a loss less": lambda state: state.update(losses=state["losses"][:-1]),
    "a step below 0": lambda state: state.update(done=-1),
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
def test_a_checkpoint_with_a_part_missing_is_set_aside(spoil):
    """Its checksum is right, so only its parts can tell."""
    whole, weights = trained(lr=0.01)
    path = checkpoint.path_for("run")
    trained_until_stop()
    state = checkpoint.load(path)
    spoil(state)
    checkpoint.save(path, state)
    torch.manual_seed(0)
    model = Small()
    torch.manual_seed(1)
    history = train(model, lambda k: (torch.randn(4, 5, 6), torch.randint(3, (4, 5))), STEPS, name=None, lr=0.01,
                    checkpoint="run")  # fmt: skip
    assert path.with_name("run.pt.damaged").exists()
    assert history.losses == whole.losses
    assert torch.equal(torch.cat([weight.detach().flatten() for weight in model.parameters()]), weights)


def trained_until_stop():
    """Leave a checkpoint of step STOP."""
    torch.manual_seed(0)
    model = Small()

    def batches(step):
        if step == STOP:
            raise KeyboardInterrupt
        return torch.randn(4, 5, 6), torch.randint(3, (4, 5))

    torch.manual_seed(1)
    train(model, batches, STEPS, name=None, lr=0.01, checkpoint="run")


def test_a_checkpoint_that_is_no_dict_is_set_aside():
    path = checkpoint.path_for("run")
    checkpoint.save(path, [1, 2, 3])
    trained(stop=STOP)
    assert path.with_name("run.pt.damaged").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from seqlib import runtime
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
runtime.write_whole(Path(sys.argv[1]), b"x" * 100_000)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows takes an open file's place back by itself")
def test_what_killed_saves_leave_is_removed_by_the_next(tmp_path):
    folder, environment = tmp_path / "checkpoints", os.environ | {"PYTHONPATH": str(ROOT)}
    folder.mkdir()
    for name in ("run.pt", "run.pt", "other.pt"):
        subprocess.run([sys.executable, "-c", KILLED, str(folder / name)], env=environment, check=False)
    left = list(folder.glob(".*.part"))
    assert left, "the saves were not killed"
    for part in left:
        os.utime(part, (time.time() - 5,) * 2)
    checkpoint.save(folder / "run.pt", {"a": 1})
    assert [path.name for path in folder.iterdir()] == ["run.pt"]


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_what_another_writer_is_at_work_on_stays(tmp_path):
    import fcntl

    part = tmp_path / ".run.pt.abc.part"
    part.write_bytes(b"half")
    os.utime(part, (time.time() - 5,) * 2)
    with open(part, "rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        runtime.sweep(tmp_path, "run.pt")
        assert part.exists()
    runtime.sweep(tmp_path, "run.pt")
    assert not part.exists()


def kill_a_writer(path):
    """What a writer of `path` leaves that is killed before it has finished, five seconds ago."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)
    (part,) = path.parent.glob(f".{path.name}.*.part")
    os.utime(part, (time.time() - 5,) * 2)


@pytest.mark.skipif(os.name == "nt", reason="Windows takes an open file's place back by itself")
def test_progress_and_flashcards_leave_nothing_of_killed_writers():
    from seqlib.checks import progress_file
    from seqlib.display.revision import Kept

    runtime.home().mkdir(parents=True, exist_ok=True)
    cards = Kept("cards")
    for path, save in (
        (progress_file.path(), lambda: progress_file.save("00.a", 1, 1)),
        (cards.path, lambda: cards.save({})),
    ):
        kill_a_writer(path)
        assert not save()
        assert path.exists() and not list(path.parent.glob(".*.part"))


@pytest.mark.parametrize("asked", ["~nobody_of_this_name/x", "/dev/null/x", "a\0b"])
def test_a_home_that_cannot_be_made_has_a_place_of_its_own_and_it_is_said_once(asked, monkeypatch, capsys):
    monkeypatch.setattr(os, "environ", dict(os.environ) | {"SEQLIB_HOME": asked})
    runtime.notice.cache_clear()
    folder = runtime.home()
    assert folder.is_dir() and os.access(folder, os.W_OK)
    said = capsys.readouterr()
    assert said.out.count("\n") == 1 and f"SEQLIB_HOME={asked}" in said.out and f"go to {folder}" in said.out
    assert not said.err and runtime.home() == folder and not capsys.readouterr().out


def test_an_account_without_a_folder_of_its_own_is_told_where_its_progress_goes(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SEQLIB_HOME")
    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    runtime.notice.cache_clear()
    folder = runtime.home()
    assert f"the folder .seqlib of your account (Not a directory): progress and checkpoints go to {folder}" in (
        capsys.readouterr().out
    )


def test_a_home_that_can_be_made_is_made_without_a_word(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path / "data" / "deep"))
    runtime.notice.cache_clear()
    assert runtime.home() == tmp_path / "new" and download.folder() == tmp_path / "data" / "deep"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("asked", ["~nobody_of_this_name/x", "/dev/null/x"])
def test_a_data_folder_that_cannot_be_made_is_said_in_a_line(asked, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEQLIB_DATA", asked)
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    runtime.notice.cache_clear()
    assert download.folder() == download.folder() == tmp_path / "data"
    said = capsys.readouterr()
    assert (
        said.out.count("\n") == 1 and f"SEQLIB_DATA={asked}" in said.out and f"kept in {tmp_path / 'data'}" in said.out
    )
    assert not said.err
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:9/nothing")
    assert not download.available("names/names.txt")
    with pytest.raises(download.DataUnavailable, match="is not available"):
        download.fetch("names/names.txt", quiet=True)


@pytest.mark.parametrize("change", [{"heads": 4}, {"attention_dropout": 0.5}, {"epsilon": 0.1}])
def test_a_run_of_a_model_that_differs_in_no_weight_is_not_taken_up(change, capsys):
    def run(stop, **options):
        def batch(step):
            if step == stop:
                raise KeyboardInterrupt
            x = torch.randint(11, (2, 6), generator=torch.Generator().manual_seed(step))
            return x, x

        torch.manual_seed(0)
        usual = {"width": 8, "layers": 1, "heads": 2, "positions": "learned", "context": 8}
        train(gpt.GPT(gpt.GPTConfig(11, **(usual | options))), batch, 6, checkpoint="same", name="run")
        return capsys.readouterr().out

    run(3)
    assert "resumed at step 3" in run(4)
    assert "another model; kept as same.pt.other-settings" in run(9, **change)
