"""The training loop: equal to one written by hand, resumable to the bit, and clear when it fails."""

import base64
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.display.progress import curve, duration, smoothed
from seqlib.training import checkpoint, run
from seqlib.training.train import TrainingDiverged, cross_entropy, train, warmup_cosine

STEPS = 48
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    monkeypatch.delenv("SEQLIB_BUDGET", raising=False)
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Two threads for products this small wait for each other longer than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_model(seed=0, dropout=0.2):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Embedding(11, 7), nn.Linear(7, 13), nn.Tanh(), nn.Dropout(dropout), nn.Linear(13, 11))


def batches(step):
    """Copy a token: the targets are the tokens themselves."""
    x = torch.from_numpy(np.random.default_rng(step).integers(0, 11, (5, 9)))
    return x, (x * 3 + 1) % 11


def weights(model):
    return torch.cat([value.detach().flatten().double() for value in model.state_dict().values()])


def by_hand(model, steps=STEPS, lr=0.01, clip=None, schedule=None, optimizer=torch.optim.AdamW):
    optimizer, losses = optimizer(model.parameters(), lr=lr), []
    for step in range(steps):
        x, y = batches(step)
        if schedule:
            optimizer.param_groups[0]["lr"] = lr * schedule(step)
        loss = nn.functional.cross_entropy(model(x).reshape(-1, 11), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("options", [{}, {"clip": 0.05}, {"schedule": warmup_cosine(STEPS, 7)}])
def test_equals_a_loop_written_by_hand_to_the_bit(options):
    hand, ours = make_model(), make_model()
    torch.manual_seed(1)
    expected = by_hand(hand, **options)
    torch.manual_seed(1)
    history = train(ours, batches, STEPS, lr=0.01, **options)
    assert history.losses == expected
    assert torch.equal(weights(ours), weights(hand))
    assert history.last() < history.losses[0] / 1.05
    assert len(history.grad_norms) == (STEPS if "clip" in options else 0)


def test_optimizers_as_class_function_and_object():
    runs = []
    for kind in (
        lambda parameters: torch.optim.SGD(parameters, lr=0.5),
        lambda parameters: torch.optim.SGD(parameters, lr=0.5),
        None,
    ):
        model = make_model(dropout=0)
        given = kind or torch.optim.SGD(model.parameters(), lr=0.5)
        train(model, batches, 9, optimizer=given)
        runs.append(weights(model))
    assert torch.equal(runs[0], runs[1]) and torch.equal(runs[0], runs[2])


def test_a_schedule_leaves_the_learning_rate_as_it_was():
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    train(model, batches, 5, optimizer=optimizer, schedule=lambda step: 0.0)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert torch.equal(weights(model), weights(make_model()))


def test_warmup_cosine_rises_then_falls():
    schedule = warmup_cosine(100, 10, floor=0.1)
    values = [schedule(step) for step in range(101)]
    assert values[:10] == pytest.approx([(k + 1) / 10 for k in range(10)])
    assert values[55] == pytest.approx(0.55) and values[100] == pytest.approx(0.1)
    assert all(a >= b for a, b in zip(values[10:], values[11:], strict=False))
    with pytest.raises(ValueError, match="warmup"):
        warmup_cosine(5, 6)


def test_evaluation_is_recorded_and_changes_nothing():
    def evaluate(model):
        assert not model.training and not torch.is_grad_enabled()
        torch.rand(3), np.random.rand()
        return {"val_loss": torch.tensor(2.5), "accuracy": 1}

    plain, looked_at = make_model(), make_model()
    torch.manual_seed(1)
    train(plain, batches, 25)
    torch.manual_seed(1)
    history = train(looked_at, batches, 25, evaluate=evaluate, every=10)
    assert history.evals == [{"step": k, "val_loss": 2.5, "accuracy": 1.0} for k in (10, 20, 25)]
    assert history.series("accuracy") == ([10, 20, 25], [1.0, 1.0, 1.0])
    assert torch.equal(weights(plain), weights(looked_at))
    with pytest.raises(ValueError, match="val_loss"):
        history.series("perplexity")


def test_modes_are_given_back():
    model = make_model().eval()
    model[3].train()
    train(model, batches, 3, evaluate=lambda m: {"a": 1.0})
    assert not model.training


@pytest.mark.parametrize("has_it", [True, False])
def test_only_a_device_with_the_instructions_is_asked_for_bfloat16(monkeypatch, has_it):
    from seqlib.training.run import half_precision

    monkeypatch.setattr("seqlib.runtime._processor_has_bfloat16", lambda: has_it)
    with half_precision("cpu"):
        product = torch.ones(2, 3) @ torch.ones(3, 2)
    assert product.dtype is (torch.bfloat16 if has_it else torch.float32)
    with half_precision("cpu", wanted=False):
        assert (torch.ones(2, 3) @ torch.ones(3, 2)).dtype is torch.float32


def test_a_layer_that_refuses_bfloat16_where_it_is_imitated_trains_all_the_same():
    """PyTorch hands an LSTM to oneDNN, which has no bfloat16 form of it for older processors."""
    layer = torch.nn.LSTM(3, 5, batch_first=True)
    x = torch.randn(2, 4, 3)

    def loss(model, batch):
        return model(batch[0])[0].float().square().mean()

    losses = train(layer, lambda step: (x,), 3, loss=loss, amp=True, name=None).losses
    assert losses[-1] < losses[0]


def test_bfloat16_trains_and_keeps_float32_weights():
    model = make_model()
    history = train(model, batches, 40, lr=0.02, amp=True)
    assert history.last(5) < history.losses[0] and weights(model).isfinite().all()
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_minus_100_targets_are_ignored():
    model, (x, y) = make_model(dropout=0), batches(0)
    marked = torch.where(torch.arange(9) < 4, y, -100)
    expected = nn.functional.cross_entropy(model(x)[:, :4].reshape(-1, 11), y[:, :4].reshape(-1))
    assert cross_entropy(model, (x, marked)).item() == pytest.approx(expected.item(), rel=1e-6)


# Divergence ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("step", [0, 17])
def test_a_loss_that_is_not_finite_is_reported_with_its_step(bad, step):
    calls = []

    def loss(model, batch):
        calls.append(batch)
        return cross_entropy(model, batch) * (bad if len(calls) == step + 1 else 1)

    model = make_model()
    with pytest.raises(TrainingDiverged, match=f"at step {step} of {STEPS}") as caught:
        train(model, batches, STEPS, loss=loss, checkpoint="nan")
    problem = caught.value
    assert problem.step == step and len(calls) == step + 1
    assert problem.last_loss == (problem.history.losses[-1] if step else None)
    assert (problem.grad_norm is None) == (step == 0)
    assert "smaller learning rate (now 0.001)" in str(problem) and "clip=1.0" in str(problem)
    assert weights(model).isfinite().all()
    assert not checkpoint.path_for("nan").exists()


def test_losses_read_in_tens_still_name_the_step(monkeypatch):
    """What a GPU does, played on the CPU: losses stay on the device for up to ten steps."""
    monkeypatch.setattr(run.Run, "on_cpu", property(lambda self: False, lambda self, value: None), raising=False)
    calls = []

    def loss(model, batch):
        calls.append(batch)
        return cross_entropy(model, batch) * (math.nan if len(calls) == 18 else 1)

    with pytest.raises(TrainingDiverged) as caught:
        train(make_model(), batches, STEPS, loss=loss, clip=1.0)
    assert caught.value.step == 17 and len(calls) <= 28
    assert len(caught.value.history.losses) == len(caught.value.history.grad_norms) == 17
    plain, tens = make_model(), make_model()
    torch.manual_seed(1)
    expected = by_hand(plain, 25, clip=1.0)
    torch.manual_seed(1)
    history = train(tens, batches, 25, lr=0.01, clip=1.0)
    assert history.losses == expected and len(history.grad_norms) == 25


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda x, y: (torch.full_like(x, math.nan), y), "batch itself holds nan"),
        (lambda x, y: (x, torch.full_like(y, -100)), "mean is over nothing"),
    ],
)
def test_the_cause_is_named_where_it_is_known(spoil, says):
    def sometimes(step):
        x, y = torch.randn(4, 3), torch.arange(4)
        return spoil(x, y) if step == 6 else (x, y)

    def loss(model, batch):  # seqlib's own refuses a batch without targets on the CPU
        return nn.functional.cross_entropy(model(batch[0]), batch[1], ignore_index=-100)

    with pytest.raises(TrainingDiverged, match=says):
        train(nn.Linear(3, 5), sometimes, 9, loss=loss)


def test_a_mean_over_no_target_is_an_error_and_no_nan():
    masked = torch.randn(4, 3), torch.full((4,), -100)
    with pytest.raises(ValueError, match="at least one target that counts, got none"):
        cross_entropy(nn.Linear(3, 5), masked)
    with pytest.raises(ValueError, match="at least one target that counts, got none"):
        train(nn.Linear(3, 5), lambda step: masked, 2)
    assert cross_entropy(nn.Linear(3, 5), (masked[0], torch.tensor([-100, 2, -100, -100]))).isfinite()


def test_weights_spoiled_before_training_are_named():
    model = make_model()
    with torch.no_grad():
        model[1].weight[2, 3] = math.nan
    with pytest.raises(TrainingDiverged, match=r"not finite before training \(1.weight\)"):
        train(model, batches, 3)


def test_an_infinite_gradient_is_stopped_before_the_update():
    class Root(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * math.inf

    model = make_model()
    with pytest.raises(TrainingDiverged, match="loss is finite but the gradient norm is"):
        train(model, batches, 5, loss=lambda m, b: Root.apply(cross_entropy(m, b)), clip=1.0)
    assert torch.equal(weights(model), weights(make_model()))


# Interrupt and resume --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    """What a shell starts in the background ignores Ctrl-C; `train` gives back the handler that it found."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


WHERE = ("batches", "loss", "evaluate", "signal", "signal in evaluate")


def run_with(model, at=None, where="batches", options=None, **more):
    """Train with everything that has state; interrupt once at step `at`, in the part named."""
    options = {} if options is None else options
    armed = {"now": at is not None}

    def fire(here, step):
        if armed["now"] and step >= at and here == where.removeprefix("signal in "):
            armed["now"] = False
            if where.startswith("signal"):
                signal.raise_signal(signal.SIGINT)
            else:
                raise KeyboardInterrupt

    state = {"step": 0}

    def noisy_batches(step):
        state["step"] = step
        fire("batches", step)
        x, y = batches(step)
        return x, torch.where(torch.rand(y.shape) < 0.1, -100, y)

    def loss(m, batch):
        value = cross_entropy(m, batch)
        fire("loss", state["step"])
        fire("signal", state["step"])
        return value

    def evaluate(m):
        fire("evaluate", state["step"])
        return {"val_loss": float(cross_entropy(m, batches(10_000)))}

    settings = {"clip": 0.5, "schedule": warmup_cosine(STEPS, 5), "evaluate": evaluate, "every": 8} | options
    return train(model, noisy_batches, STEPS, loss=loss, lr=0.01, **settings, **more)


@pytest.fixture(scope="module")
def whole(one_thread):
    model = make_model()
    torch.manual_seed(3)
    return run_with(model), weights(model)


@pytest.mark.parametrize("where", WHERE)
def test_interrupted_and_resumed_equals_uninterrupted(where, whole, capsys):
    model = make_model()
    torch.manual_seed(3)
    part = run_with(model, at=29, where=where, checkpoint="run")
    assert part.interrupted and 29 <= len(part.losses) <= 32
    assert "run the cell again to resume" in capsys.readouterr().out
    saved = checkpoint.load(checkpoint.path_for("run"))
    assert 0 < saved["seconds"] <= part.seconds
    checkpoint.save(checkpoint.path_for("run"), saved | {"seconds": 1000.0})  # longer than any second part may take
    torch.manual_seed(99)
    torch.rand(7)
    again = make_model(seed=5)
    history = run_with(again, checkpoint="run")
    assert f"resumed at step {len(part.losses)}" in capsys.readouterr().out
    assert history.losses == whole[0].losses and history.evals == whole[0].evals
    assert history.grad_norms == whole[0].grad_norms and not history.interrupted
    assert torch.equal(weights(again), whole[1])
    assert 1000 < history.seconds < 2000
    assert not checkpoint.path_for("run").exists()


def test_interrupted_at_the_very_first_and_very_last_moment(whole):
    model = make_model()
    torch.manual_seed(3)
    assert run_with(model, at=0, checkpoint="run").losses == []
    assert not checkpoint.path_for("run").exists()
    torch.manual_seed(3)
    part = run_with(model, at=STEPS - 1, where="evaluate", checkpoint="run")
    assert part.interrupted and len(part.losses) == STEPS
    again = make_model(seed=5)
    assert run_with(again, checkpoint="run").evals == whole[0].evals
    assert torch.equal(weights(again), whole[1])


def test_an_interrupt_without_a_checkpoint_keeps_what_was_learned(capsys):
    history = run_with(make_model(), at=11)
    assert history.interrupted and len(history.losses) == 11
    assert "the model keeps what it has learned" in capsys.readouterr().out


RUN = """
import sys, time, torch
from torch import nn
from seqlib.training import run as running
from seqlib.training.train import train

def run(steps, seconds, checkpoint=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 9), nn.Dropout(0.3), nn.Linear(9, 4))
    def batches(step):
        time.sleep(seconds)
        if seconds:
            print(step, flush=True)
        return torch.randn(8, 6), torch.randint(4, (8,))
    history = train(model, batches, steps, checkpoint=checkpoint)
    return [value.tolist() for value in model.parameters()], history.losses

if __name__ == "__main__":
    running.SAVE_SECONDS, running.SAVE_SHARE = 0.0, float('inf')
    torch.set_num_threads(1)
    run(80, 0.01, "killed")
"""


def test_a_killed_kernel_resumes_with_the_same_result(own_home, capsys):
    """SIGKILL in mid-run in another process; taken up here; then the same as in one go."""
    script = own_home / "run.py"
    script.write_text(RUN, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if int(line) == 43:
                process.kill()
                break
    assert process.returncode != 0 and checkpoint.path_for("killed").exists()
    here = {"__name__": "here"}
    exec(RUN, here)
    resumed, whole = here["run"](80, 0.0001, "killed"), here["run"](80, 0.0)
    shown = capsys.readouterr().out
    steps = [int(line) for line in shown.splitlines() if line.isdigit()]
    # Step 0 is drawn once more, to see that the batches are the same; then it goes on where it was.
    assert steps[0] == 0 and 40 <= steps[1] <= 45 and f"resumed at step {steps[1]}" in shown
    assert resumed == whole


def leave_checkpoint():
    torch.manual_seed(3)
    run_with(make_model(), at=29, checkpoint="run")
    return checkpoint.path_for("run")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:700] + bytes([data[700] ^ 1]) + data[701:],
        lambda data: b"not a checkpoint at all",
    ],
    ids=["truncated", "empty", "one bit", "another file"],
)
def test_a_damaged_checkpoint_is_set_aside(damage, whole, capsys):
    path = leave_checkpoint()
    path.write_bytes(damage(path.read_bytes()))
    capsys.readouterr()
    model = make_model()
    torch.manual_seed(3)
    run_with(model, checkpoint="run")
    out = capsys.readouterr()
    assert "the checkpoint run is damaged; kept as run.pt.damaged, starting anew" in out.out
    assert len(out.out.splitlines()) == 1 and not out.err
    assert path.with_name("run.pt.damaged").exists() and not path.exists()
    assert torch.equal(weights(model), whole[1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"clip": 0.25}, "made with clip 0.5, now 0.25"),
        ({"schedule": None}, "another schedule"),
        ({"optimizer": lambda parameters: torch.optim.Adam(parameters, lr=0.01)}, "another optimizer"),
        ({"amp": True}, "made with amp False, now True"),
    ],
)
def test_a_checkpoint_of_other_settings_is_set_aside(options, says, capsys):
    path = leave_checkpoint()
    history = run_with(make_model(), options=options, checkpoint="run")
    assert says in capsys.readouterr().out
    assert len(history.losses) == STEPS and path.with_name("run.pt.other-settings").exists()


def test_a_checkpoint_of_another_model_length_or_data_is_set_aside(capsys):
    def once(**changed):
        checkpoint.save(checkpoint.path_for("run"), state)
        arguments = {"model": make_model(), "sampler": batches, "steps": 12} | changed
        train(**arguments, checkpoint="run")
        return capsys.readouterr().out

    def stop_at_6(step):
        if step == 6:
            raise KeyboardInterrupt
        return batches(step)

    train(make_model(), stop_at_6, 12, checkpoint="run")
    state = checkpoint.load(checkpoint.path_for("run"))
    assert "resumed at step 6" in once()
    assert "steps 12, now 13" in once(steps=13)
    assert "another model" in once(model=make_model(dropout=0.5))
    assert "another model" in once(model=nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 11)))
    assert "other batches" in once(sampler=lambda step: batches(step + 1))


def test_a_disk_that_refuses_does_not_stop_training(own_home, monkeypatch, capsys):
    monkeypatch.setattr(run, "SAVE_SECONDS", 0.0)
    (own_home / "checkpoints").write_text("a file where the folder should be", encoding="utf-8")
    history = train(make_model(), batches, 5, checkpoint="run")
    assert len(history.losses) == 5 and "no checkpoint: " in capsys.readouterr().out


def test_a_smoke_run_neither_writes_nor_reads_checkpoints(monkeypatch):
    path = leave_checkpoint()
    before = path.read_bytes()
    monkeypatch.setenv("SEQLIB_BUDGET", "smoke")
    assert len(run_with(make_model(), checkpoint="run").losses) == STEPS
    assert path.read_bytes() == before


def test_a_checkpoint_cannot_run_code():
    class Bomb:
        def __reduce__(self):
            return (os.system, ("exit 1",))

    checkpoint.save(checkpoint.path_for("run"), {"bomb": Bomb()})
    with pytest.raises(ValueError, match="cannot be read"):
        checkpoint.load(checkpoint.path_for("run"))


@pytest.mark.parametrize("name", ["../other", "a/b", "", ".hidden"])
def test_a_checkpoint_stays_in_its_folder(name):
    with pytest.raises(ValueError, match="name"):
        checkpoint.path_for(name)


def test_forget():
    path = leave_checkpoint()
    checkpoint.forget("run")
    checkpoint.forget("run")
    assert not path.exists()


def test_the_interrupt_handler_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    run_with(make_model(), at=3, where="signal")
    with pytest.raises(ZeroDivisionError):
        train(make_model(), lambda step: 1 / 0, 3)
    assert signal.getsignal(signal.SIGINT) is before


# Arguments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sampler": [batches(0)]}, "sampler should be a function, got list"),
        ({"steps": 0}, "at least 1"),
        ({"steps": 2.5}, "whole number"),
        ({"model": nn.Tanh()}, "parameters"),
        ({"optimizer": 3}, "torch.optim.Optimizer"),
        ({"optimizer": lambda parameters: None}, "torch.optim.Optimizer"),
        ({"schedule": 0.5}, "schedule should be a function"),
        ({"evaluate": lambda model: 3.0}, "evaluate should return"),
        ({"loss": lambda model, batch: model(batch[0])}, "scalar tensor, got shape"),
        ({"loss": lambda model, batch: 1.0}, "scalar tensor, got float"),
        ({"loss": lambda model, batch: cross_entropy(model, batch).detach()}, "no gradient"),
        ({"sampler": lambda step: (batches(step)[0], torch.randn(5, 9))}, "give loss=function"),
    ],
)
def test_arguments_that_cannot_work_are_named(change, says):
    arguments = {"model": make_model(), "sampler": batches, "steps": 2} | change
    with pytest.raises(ValueError, match=says):
        train(**arguments)


# What is shown ---------------------------------------------------------------------------------------------


NOTEBOOK = """
import torch
from torch import nn
from seqlib.training.train import train

torch.manual_seed(0)
model = nn.Linear(3, 4)
def batches(step):
    if step == at:
        raise KeyboardInterrupt
    return torch.randn(8, 3), torch.randint(4, (8,))

at = 25
history = train(model, batches, 40, name="a <b> run", checkpoint="shown",
                evaluate=lambda model: {"val_loss": 1.25}, every=10)
---
at = None
history = train(model, batches, 40, name="a <b> run", checkpoint="shown",
                evaluate=lambda model: {"val_loss": 1.25}, every=10)
---
history
---
train(model, lambda step: (torch.full((2, 3), float("nan")), torch.zeros(2).long()), 5)
"""


@pytest.fixture(scope="module")
def executed(one_thread):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in NOTEBOOK.split("---")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute()
    nbformat.validate(notebook)
    return notebook


def test_a_saved_notebook_shows_the_last_state(executed):
    interrupted, finished, summary, diverged = [cell.outputs for cell in executed.cells]
    assert [len(outputs) for outputs in (interrupted, finished, summary)] == [1, 1, 1]
    text = interrupted[0].data["text/plain"]
    assert "step 25 of 40" in text and "interrupted at step 25 of 40: run the cell again to resume" in text
    text = finished[0].data["text/plain"]
    assert text.startswith("a <b> run: step 40 of 40 · loss ") and "resumed at step 25" in text
    html = finished[0].data["text/html"]
    assert 'value="40"' in html and "a &lt;b&gt; run" in html and "<b>" not in html
    assert drawn(html).count("<circle") == 4 and "<script" not in html and len(html) < 8_000
    assert re.search(r'<img alt="Loss over 40 steps: [^"]+ at the end', html)
    assert summary[0].data["text/plain"].startswith("History(a <b> run: 40 steps")
    assert "stopped: not a finite number at step 0" in diverged[0].data["text/plain"]
    assert diverged[1].ename == "TrainingDiverged"


def test_a_saved_notebook_has_no_stderr_and_no_widgets(executed):
    assert "widgets" not in executed.metadata
    assert not [out for cell in executed.cells for out in cell.outputs if out.get("name") == "stderr"]


def test_the_curve_is_well_formed_xml_whatever_the_losses():
    falling = [10 * 0.97**k for k in range(300)]
    for losses in ([], [1.0], [2.0, 2.0], falling, [-3.0, 4.0], [1e-9, 1e9], list(range(20_000))):
        picture = curve(losses, [{"step": len(losses), "val_nll": 1.0, "accuracy": 0.5}], 500)
        assert bool(picture) == (len(losses) > 1)
        if picture:
            assert picture.startswith('<img alt="Loss over ') and len(picture) < 8_000
            assert ElementTree.fromstring(drawn(picture)).tag.endswith("svg") and "nan" not in drawn(picture)
    assert "log scale" in drawn(curve(falling)) and "log scale" not in drawn(curve([4.0, 1.0]))


def drawn(picture: str) -> str:
    """The SVG inside the picture."""
    return base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", picture)[1]).decode("utf-8")


def test_smoothing_keeps_the_ends_and_lies_within_the_losses():
    losses = np.random.default_rng(0).normal(size=5000)
    steps, means = smoothed(losses, 100)
    assert steps[0] == 0 and steps[-1] == 4999 and len(steps) <= 100 and (np.diff(steps) > 0).all()
    assert means[0] == losses[0] and means[-1] == pytest.approx(losses[4500:].mean(), abs=1e-3)
    assert smoothed([3.0])[1].tolist() == [3.0]


def test_durations_read_as_people_say_them():
    said = [duration(seconds) for seconds in (0, 0.44, 9.96, 59.4, 59.6, 185, 7620)]
    assert said == ["0.0 s", "0.4 s", "10 s", "59 s", "1 min 00 s", "3 min 05 s", "2 h 07 min"]


def test_outside_a_notebook_one_line_is_printed_at_the_end(capsys):
    history = train(make_model(), batches, 7, name="copying", evaluate=lambda m: {"val_loss": 1.25})
    out = capsys.readouterr()
    assert out.out.startswith("copying: step 7 of 7 · loss ") and "val_loss 1.25" in out.out
    assert len(out.out.splitlines()) == 1 and not out.err
    assert repr(history).startswith("History(copying: 7 steps, last loss ") and len(repr(history)) < 90


def test_history_plots():
    from seqlib.display import figures as plot

    fig, ax = plot.figure()
    line = train(make_model(), batches, 30).plot(ax)
    assert len(line.get_xdata()) > 10 and ax.get_ylabel() == "loss"
    plot.png(fig)
