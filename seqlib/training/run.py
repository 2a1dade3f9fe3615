"""What stands around the loop of `train`: where it begins, what comes between its steps, and the four ways to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from seqlib import expect
from seqlib.display.progress import Progress
from seqlib.runtime import quick_type
from seqlib.training import checkpoint, resume, threads
from seqlib.training.checkpoint import digest, random_state, remove, set_random_state
from seqlib.training.divergence import diverged
from seqlib.training.history import History, TrainingDiverged
from seqlib.training.interrupt import HeldInterrupts
from seqlib.training.readings import Readings

SAVE_SECONDS = 5.0
SAVE_SHARE = 0.05  # of the time, at most: a large model takes long to write


def half_precision(device, wanted: bool = True):
    """A context in which products are taken in bfloat16, where the device has it and it is wanted."""
    narrow = quick_type(device)
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=wanted and narrow is torch.bfloat16)


@dataclass
class Run:
    """One call of `train`: its arguments, and how far it is. Used as `with run:` around the loop."""

    model: torch.nn.Module
    sampler: Callable
    total: int  # steps to make
    optimizer: torch.optim.Optimizer
    clip: float | None
    schedule: Callable | None
    evaluate: Callable | None
    every: int | None
    amp: bool
    path: Path | None  # of the checkpoint
    history: History
    asked_threads: int | list | None = None
    quiet: bool = False
    done: int = 0  # updates made
    phase: str = "between"  # then "before" the update of a step, then "updating"
    first_batch: str = ""

    def __post_init__(self):
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.device = self.parameters[0].device
        self.on_cpu = self.device.type == "cpu"
        for group in self.optimizer.param_groups:
            group.update(checkpoint.plain({key: value for key, value in group.items() if key != "params"}))
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.readings = Readings(self.history, late=not self.on_cpu, diverged=self._diverged)

    # -- what the loop calls, in this order --------------------------------------------------------------------------

    def steps(self) -> Iterator[int]:
        """The steps that are left; between them comes what is due: an evaluation, a checkpoint, the display."""
        while self.done < self.total:
            self._evaluate_if_due()
            self.stop.check()
            step, began = self.done, time.perf_counter()
            yield step
            self.threads.took(step, time.perf_counter() - began)
            if self.path and time.perf_counter() - self.saved_at >= self.save_interval:
                self._save()
            if self.progress.due():
                self.readings.flush()
                self.tidy()
                self.progress.update(self.done)
        self._evaluate_if_due()
        self.readings.flush()

    def batch(self, step: int):
        """The batch of this step on the model's device, and the learning rate that belongs to it."""
        if self.path:
            self.random_before_step = random_state()
        self.phase = "before"
        batch = self.sampler(step)
        if self.path and step == 0:
            self.first_batch = digest(batch)
        self._set_rates(step)
        return to(batch, self.device)

    def autocast(self):
        return half_precision(self.device, self.amp)

    def note(self, step: int, loss: torch.Tensor) -> None:
        """Take the loss down. ValueError unless it is a scalar that depends on the model."""
        _check_scalar(loss)
        self.readings.loss(step, loss)

    def clip_gradients(self, step: int) -> None:
        """Scale all gradients together so that their global norm is at most `clip`; remember the norm."""
        if self.clip is not None:
            self.readings.norm(step, torch.nn.utils.clip_grad_norm_(self.parameters, self.clip))

    @contextmanager
    def update(self, step: int):
        """Around the update: what is interrupted in here is not whole, and never saved."""
        self.phase = "updating"
        yield
        self.done, self.phase = step + 1, "between"
        self.readings.flush_if_many()

    # -- beginning and ending ----------------------------------------------------------------------------------------

    def __enter__(self) -> Run:
        """Take up what an earlier call saved, and begin the clock and the display."""
        self.was_training = self.model.training
        self.stop, self.threads_before = HeldInterrupts().__enter__(), torch.get_num_threads()
        self.random_at_start = self.random_before_step = random_state()
        try:
            note = resume.load(self) if self.path else ""
            self.threads = threads.chosen(self.asked_threads, self.on_cpu, self.done, self.history.threads)
            self.history.threads = self.threads.changes or self.history.threads
            if not self.was_training:
                self.model.train()
        except BaseException:
            self._leave()
            raise
        self.seconds_before = self.history.seconds
        self.began = self.saved_at = time.perf_counter()
        self.save_interval = SAVE_SECONDS
        self.progress = Progress(self.history.name, self.total, self.history, note, self.quiet)
        if self.progress.live:
            self.progress.update(self.done)
        return self

    def __exit__(self, kind, problem, traceback) -> bool:
        """Finished, interrupted (which is no error), diverged, or ended by an error."""
        try:
            if problem is None:
                self._finish()
            elif isinstance(problem, KeyboardInterrupt):
                self._interrupted()
            elif isinstance(problem, TrainingDiverged):
                self._finish(f"stopped: not a finite number at step {problem.step:,}")
            else:
                self.tidy()
                self.progress.close(self.done, f"stopped by {type(problem).__name__}")
        except TrainingDiverged as late:  # read only now, on a GPU
            self._finish(f"stopped: not a finite number at step {late.step:,}")
            raise
        finally:
            self._leave()
        return isinstance(problem, KeyboardInterrupt)

    def _leave(self) -> None:
        if not self.was_training:
            self.model.eval()
        if self.schedule:
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate
        if torch.get_num_threads() != self.threads_before:
            torch.set_num_threads(self.threads_before)
        self.stop.__exit__()

    def _finish(self, ending: str = "") -> None:
        """The last state of the display. The checkpoint has done its work, or would bring the nan back."""
        self.tidy()
        if self.path:
            remove(self.path)
        self.progress.close(self.done, ending)

    def _interrupted(self) -> None:
        """Save where we are, as far as the state is whole, and say how to go on."""
        self.readings.forget_from(self.done)
        self.history.interrupted = True
        if self.path and self.done and self.phase != "updating":
            # A step interrupted before its update is made anew, with the same random numbers.
            self._save(self.random_before_step if self.phase == "before" else None)
        self.readings.flush()
        self.tidy()
        resumes = self.path and self.path.exists()
        then = "run the cell again to resume" if resumes else "the model keeps what it has learned so far"
        self.progress.close(self.done, f"interrupted at step {self.done:,} of {self.total:,}: {then}")

    # -- between steps -----------------------------------------------------------------------------------------------

    def _set_rates(self, step: int) -> None:
        """The learning rate of each parameter group: what it was at the start, times the schedule's multiplier."""
        if self.schedule:
            multiplier = expect.number(self.schedule(step), f"what the schedule gives at step {step}", 0)
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * multiplier

    def _evaluate_if_due(self) -> None:
        """Evaluate now if it is time."""
        due = self.done and (self.done == self.total or (self.every and self.done % self.every == 0))
        evals = self.history.evals
        if self.evaluate is None or not due or (evals and evals[-1]["step"] == self.done):
            return
        self.readings.flush()
        with evaluating(self.model), self.stop.released():
            values = self.evaluate(self.model)
        if not isinstance(values, dict):
            raise ValueError(f"evaluate should return {{name: number}}, got {type(values).__name__}")
        evals.append({"step": self.done} | {str(key): _scalar(key, value) for key, value in values.items()})

    def tidy(self) -> None:
        """Drop what an unfinished step recorded, and read the clock."""
        del self.history.losses[self.done :], self.history.grad_norms[self.done :]
        self.history.seconds = self.seconds_before + time.perf_counter() - self.began

    def _save(self, random_now: dict | None = None) -> None:
        """Write a checkpoint. A disk that refuses is said in the display and does not stop the training."""
        self.readings.flush()
        self.tidy()
        began = time.perf_counter()
        try:
            resume.save(self, random_now or random_state())
        except OSError as problem:
            self.progress.note = f"no checkpoint: {problem.strerror or problem}"
        self.saved_at = time.perf_counter()
        self.save_interval = max(SAVE_SECONDS, (self.saved_at - began) / SAVE_SHARE)

    def _diverged(self, step: int, what: str, norm: float | None = None) -> None:
        self.done = min(self.done, step)
        raise diverged(self, step, what, norm)


def to(batch, device):
    """The batch with every tensor in it moved to `device`; tuples, lists and dicts keep their form."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: to(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        moved = [to(part, device) for part in batch]
        return moved if isinstance(batch, list) else tuple(moved)
    return batch


@contextmanager
def evaluating(model):
    """Evaluation mode without gradients; then each part's mode and the random generators are as before."""
    modes, state = [(part, part.training) for part in model.modules()], random_state()
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
        set_random_state(state)


def _scalar(key, value) -> float:
    """An evaluated number, which may be nan or inf."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"evaluate should return numbers, got {expect.shown(value)} for {key!r}") from None


def _check_scalar(loss) -> None:
    """ValueError unless `loss` is a scalar tensor that depends on the model."""
    if not isinstance(loss, torch.Tensor) or loss.ndim != 0:
        got = f"shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise ValueError(f"the loss should be a scalar tensor, got {got}")
    if not loss.requires_grad:
        raise ValueError("the loss should depend on the model's parameters, but has no gradient (detached?)")
