"""The loop behind `train`: one step after another, and the four ways to end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from seqlib.display.progress import Progress
from seqlib.training import resume
from seqlib.training.checkpoint import digest, random_state, remove, set_random_state
from seqlib.training.history import History, TrainingDiverged
from seqlib.training.interrupt import HeldInterrupts

IGNORE = -100
SAVE_SECONDS = 5.0
SAVE_SHARE = 0.05  # of the time, at most: a large model takes long to write
FLUSH_STEPS = 10  # on a GPU, reading a loss waits for the device: read ten at a time


@dataclass
class Loop:
    """One call of `train`: its arguments, and how far it is."""

    model: torch.nn.Module
    batches: Callable
    steps: int
    loss: Callable
    optimizer: torch.optim.Optimizer
    clip: float | None
    schedule: Callable | None
    evaluate: Callable | None
    every: int | None
    amp: bool
    path: object  # the checkpoint's Path, or None
    history: History
    done: int = 0  # updates made
    phase: str = "between"  # then "before" the update of a step, then "updating"
    pending: list = field(default_factory=list)  # [step, loss, gradient norm] still on the device
    first_batch: str = ""

    def __post_init__(self):
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        if not self.parameters:
            raise ValueError("expected a model with parameters to train, got none that require gradients")
        self.device = self.parameters[0].device
        self.on_cpu = self.device.type == "cpu"
        self.rates = [group["lr"] for group in self.optimizer.param_groups]

    def run(self) -> History:
        """Resume if possible, make every step, and end: finished, interrupted, diverged, or by an error."""
        was_training = self.model.training
        with HeldInterrupts() as self.stop:
            self._start()
            try:
                try:
                    self._all_steps()
                    self._finish()
                except KeyboardInterrupt:
                    self._interrupted()
            except TrainingDiverged as problem:
                self._finish(f"stopped: not a finite number at step {problem.step:,}")
                raise
            except BaseException as problem:
                self.tidy()
                self.progress.close(self.done, f"stopped by {type(problem).__name__}")
                raise
            finally:
                if not was_training:
                    self.model.eval()
                self._set_rates(1.0)
        return self.history

    def _start(self) -> None:
        """Take up what an earlier call saved, and begin the clock and the display."""
        self.random_at_start = self.random_before_step = random_state()
        note = resume.load(self) if self.path else ""
        if not self.model.training:
            self.model.train()
        self.seconds_before = self.history.seconds
        self.began = self.saved_at = time.perf_counter()
        self.save_interval = SAVE_SECONDS
        self.progress = Progress(self.history.name, self.steps, self.history, note)
        if self.progress.live:
            self.progress.update(self.done)

    def _all_steps(self) -> None:
        """Every step that is left, and what comes between steps."""
        while self.done < self.steps:
            self._evaluate_if_due()
            self.stop.check()
            self._step(self.done)
            if self.path and time.perf_counter() - self.saved_at >= self.save_interval:
                self._save()
            if self.progress.due():
                self.flush()
                self.tidy()
                self.progress.update(self.done)
        self._evaluate_if_due()
        self.flush()

    def _step(self, step: int) -> None:
        """One batch, one gradient, one update."""
        if self.path:
            self.random_before_step = random_state()
        self.phase = "before"
        batch = self.batches(step)
        if self.path and step == 0:
            self.first_batch = digest(batch)
        if self.schedule:
            self._set_rates(self.schedule(step))
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.amp):
            loss = self.loss(self.model, to(batch, self.device))
        _check_scalar(loss)
        self.pending.append([step, loss.detach(), None])
        if self.on_cpu:
            self.flush()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.clip is not None:
            self._clip(step)
        self.phase = "updating"
        self.optimizer.step()
        self.done, self.phase = step + 1, "between"
        if len(self.pending) >= FLUSH_STEPS:
            self.flush()

    def _set_rates(self, multiplier: float) -> None:
        """The learning rate of each parameter group: what it was at the start, times `multiplier`."""
        if self.schedule:
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * multiplier

    def _clip(self, step: int) -> None:
        """Scale all gradients together so that their global norm is at most `clip`; remember the norm."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
        if self.on_cpu:
            self._keep_norm(step, norm.item())
        else:
            self.pending[-1][2] = norm

    def _keep_norm(self, step: int, norm: float) -> None:
        """Record a gradient norm, and stop if it is not finite: the update would spoil every weight."""
        if not math.isfinite(norm):
            self._diverged(step, f"the loss is finite but the gradient norm is {norm}", norm)
        self.history.grad_norms.append(norm)

    def flush(self) -> None:
        """Read the losses that are still on the device, and stop at the first that is not finite."""
        pending, self.pending = self.pending, []
        if not pending:
            return
        losses = torch.stack([loss for _, loss, _ in pending]).tolist()
        norms = [norm for _, _, norm in pending if norm is not None]
        norms = iter(torch.stack(norms).tolist() if norms else [])
        for (step, _, norm), loss in zip(pending, losses, strict=True):
            if not math.isfinite(loss):
                self._diverged(step, f"the loss is {loss}")
            self.history.losses.append(loss)
            if norm is not None:
                self._keep_norm(step, next(norms))

    def _evaluate_if_due(self) -> None:
        """Evaluate now if it is time."""
        due = self.done and (self.done == self.steps or (self.every and self.done % self.every == 0))
        evals = self.history.evals
        if self.evaluate is None or not due or (evals and evals[-1]["step"] == self.done):
            return
        self.flush()
        with evaluating(self.model), self.stop.released():
            values = self.evaluate(self.model)
        if not isinstance(values, dict):
            raise ValueError(f"evaluate should return {{name: number}}, got {type(values).__name__}")
        evals.append({"step": self.done} | {str(key): float(value) for key, value in values.items()})

    def tidy(self) -> None:
        """Drop what an unfinished step recorded, and read the clock."""
        del self.history.losses[self.done :], self.history.grad_norms[self.done :]
        self.history.seconds = self.seconds_before + time.perf_counter() - self.began

    def _finish(self, ending: str = "") -> None:
        """The last state of the display. The checkpoint has done its work, or would bring the nan back."""
        self.tidy()
        if self.path:
            remove(self.path)
        self.progress.close(self.done, ending)

    def _interrupted(self) -> None:
        """Save where we are, as far as the state is whole, and say how to go on."""
        self.pending = [entry for entry in self.pending if entry[0] < self.done]
        self.history.interrupted = True
        if self.path and self.done and self.phase != "updating":
            # A step interrupted before its update is made anew, with the same random numbers.
            self._save(self.random_before_step if self.phase == "before" else None)
        self.flush()
        self.tidy()
        resumes = self.path and self.path.exists()
        then = "run the cell again to resume" if resumes else "the model keeps what it has learned so far"
        self.progress.close(self.done, f"interrupted at step {self.done:,} of {self.steps:,}: {then}")

    def _save(self, random_now: dict | None = None) -> None:
        """Write a checkpoint. A disk that refuses is said in the display and does not stop the training."""
        self.flush()
        self.tidy()
        began = time.perf_counter()
        try:
            resume.save(self, random_now or random_state())
        except OSError as problem:
            self.progress.note = f"no checkpoint: {problem.strerror or problem}"
        self.saved_at = time.perf_counter()
        self.save_interval = max(SAVE_SECONDS, (self.saved_at - began) / SAVE_SHARE)

    def _diverged(self, step: int, what: str, norm: float | None = None) -> None:
        """Raise TrainingDiverged with all that is known."""
        self.done = min(self.done, step)
        history = self.history
        if norm is None:
            norm = history.grad_norms[-1] if history.grad_norms else self._last_norm()
        last = history.losses[-1] if history.losses else None
        facts = [f"{what} at step {step} of {self.steps} (counted from 0)"]
        facts += [] if last is None else [f"the last finite loss was {last:.4g}"]
        facts += [] if norm is None else [f"the last gradient norm was {norm:.3g}"]
        message = "; ".join(facts) + ". " + self._advice(step)
        raise TrainingDiverged(message, step, last, norm, history)

    def _last_norm(self) -> float | None:
        """The norm of the gradients that are still there, those of the step before (CPU only)."""
        grads = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        if not self.on_cpu or not grads:
            return None
        return math.sqrt(sum(float(grad.double().square().sum()) for grad in grads))

    def _advice(self, step: int) -> str:
        """What to look at first."""
        batch = [part for part in leaves(self.batches(step)) if isinstance(part, torch.Tensor)]
        if any(part.is_floating_point() and not part.isfinite().all() for part in batch):
            return f"The batch itself holds nan or inf: look at batches({step})."
        if len(batch) > 1 and not batch[1].is_floating_point() and (batch[1] == IGNORE).all():
            return f"Every target of batches({step}) is {IGNORE} (ignored), so the mean is over nothing."
        broken = [name for name, value in self.model.named_parameters() if not value.isfinite().all()]
        if broken and step == 0 and self.on_cpu:
            return f"Weights were not finite before training ({', '.join(broken[:3])}): make the model anew."
        rate = max(group["lr"] for group in self.optimizer.param_groups)
        clip = "clip=1.0" if self.clip is None else f"a smaller clip (now {self.clip:.3g})"
        warm = "" if self.schedule else ", or schedule=warmup_cosine(steps, warmup)"
        return f"Make the model anew, then try a smaller learning rate (now {rate:.3g}), {clip}{warm}."


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


def leaves(batch) -> list:
    """All parts of a batch in one flat list."""
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        return [leaf for part in batch for leaf in leaves(part)]
    return [batch]


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


def _check_scalar(loss) -> None:
    """ValueError unless `loss` is a scalar tensor that depends on the model."""
    if not isinstance(loss, torch.Tensor) or loss.ndim != 0:
        got = f"shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise ValueError(f"the loss should be a scalar tensor, got {got}")
    if not loss.requires_grad:
        raise ValueError("the loss should depend on the model's parameters, but has no gradient (detached?)")
