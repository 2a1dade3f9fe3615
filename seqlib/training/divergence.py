"""What to tell when a loss or a gradient is no longer finite: where, after what, and what to look at first."""

from __future__ import annotations

import math

import torch

from seqlib.metrics import IGNORE
from seqlib.training.history import TrainingDiverged


def diverged(run, step: int, what: str, norm: float | None = None) -> TrainingDiverged:
    """The exception for `run`, a seqlib.training.run.Run, with all that is known."""
    history = run.history
    if norm is None:
        norm = history.grad_norms[-1] if history.grad_norms else _last_norm(run)
    last = history.losses[-1] if history.losses else None
    facts = [f"{what} at step {step} of {run.total} (counted from 0)"]
    facts += [] if last is None else [f"the last finite loss was {last:.4g}"]
    facts += [] if norm is None else [f"the last gradient norm was {norm:.3g}"]
    return TrainingDiverged("; ".join(facts) + ". " + _advice(run, step), step, last, norm, history)


def _last_norm(run) -> float | None:
    """The norm of the gradients that are still there, those of the step before (CPU only)."""
    grads = [parameter.grad for parameter in run.parameters if parameter.grad is not None]
    if not run.on_cpu or not grads:
        return None
    return math.sqrt(sum(float(grad.double().square().sum()) for grad in grads))


def _advice(run, step: int) -> str:
    """What to look at first."""
    batch = [part for part in leaves(run.sampler(step)) if isinstance(part, torch.Tensor)]
    if any(part.is_floating_point() and not part.isfinite().all() for part in batch):
        return f"The batch itself holds nan or inf: look at the batch of step {step}."
    if len(batch) > 1 and not batch[1].is_floating_point() and (batch[1] == IGNORE).all():
        return f"Every target of the batch of step {step} is {IGNORE} (ignored), so the mean is over nothing."
    broken = [name for name, value in run.model.named_parameters() if not value.isfinite().all()]
    if broken and step == 0 and run.on_cpu:
        return f"Weights were not finite before training ({', '.join(broken[:3])}): make the model anew."
    rate = max(group["lr"] for group in run.optimizer.param_groups)
    clip = "clip=1.0" if run.clip is None else f"a smaller clip (now {run.clip:.3g})"
    warm = "" if run.schedule else ", or schedule=warmup_cosine(steps, warmup)"
    return f"Make the model anew, then try a smaller learning rate (now {rate:.3g}), {clip}{warm}."


def leaves(batch) -> list:
    """All parts of a batch in one flat list."""
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        return [leaf for part in batch for leaf in leaves(part)]
    return [batch]
