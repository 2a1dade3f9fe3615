"""One training loop for every notebook: clipping, schedules, mixed precision, progress, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F

from seqlib import expect
from seqlib.metrics import IGNORE
from seqlib.runtime import smoke
from seqlib.training import checkpoint as checkpoints
from seqlib.training import threads as numbers_of_threads
from seqlib.training.history import History, TrainingDiverged
from seqlib.training.run import Run

__all__ = ["History", "TrainingDiverged", "cross_entropy", "train", "warmup_cosine"]


def train(
    model: torch.nn.Module,
    sampler: Callable,
    steps: int,
    *,
    loss: Callable | None = None,
    optimizer=None,
    lr: float = 1e-3,
    clip: float | None = None,
    schedule: Callable | None = None,
    evaluate: Callable | None = None,
    every: int | None = None,
    checkpoint: str | None = None,
    name: str | None = "training",
    amp: bool = False,
    threads: int | list | None = None,
) -> History:
    """Train `model` in place for `steps` updates and return the history.

    sampler(step) gives the batch of that step, a tuple such as (x, y), which is moved to the model's device. It
    depends on `step` alone (or draws from the global random generators), so that a run can resume.
    loss(model, batch) gives a scalar; by default the cross entropy of model(x), (B, T, V) or (B, C), with the
    targets y, where -100 is ignored.
    optimizer: one that exists, or a class or function called with the parameters; by default AdamW(lr).
    clip: the largest global gradient norm. schedule(step): what the learning rate is multiplied by.
    evaluate(model) gives {name: number}; it runs every `every` steps and at the end, in evaluation mode and
    without gradients, and never changes the run.
    name: what the progress line calls the run; None shows no progress.
    amp: the forward pass in bfloat16 (autocast), on devices that have instructions for it; elsewhere in float32.
    threads: on a CPU one by default, and while it trains more are tried, now and then, and kept while a step is faster
    with them; `history.threads` says where they changed. A number fixes them, as SEQLIB_THREADS does; a history's
    `threads` repeats its choices, and so the same result to the bit. Afterwards there are as many as before.

    checkpoint="02_words" saves about every 5 s and when interrupted; the same call then resumes, on the CPU
    with the same result to the bit if the threads are the same. A smoke run saves nothing. An interrupt returns
    the history so far, with `interrupted` True.

    Raises TrainingDiverged when the loss is nan or infinite (on a GPU up to 10 steps late) and ValueError for
    arguments that cannot work.
    """
    for what, value in (("sampler", sampler), ("loss", loss), ("schedule", schedule), ("evaluate", evaluate)):
        expect.function(value, what, optional=what != "sampler")
    steps = int(steps) if isinstance(steps, float) and steps.is_integer() else steps
    expect.whole(steps, "steps", 1)
    _options(clip, every, name, amp)
    numbers_of_threads.wanted(threads)
    optimizer, loss = _optimizer(optimizer, model, lr), loss or cross_entropy
    path = checkpoints.path_for(checkpoint) if checkpoint and not smoke() else None
    history = History(name or "training")
    run = Run(
        model, sampler, int(steps), optimizer, clip, schedule, evaluate, every, amp, path, history, threads,
        quiet=name is None,
    )  # fmt: skip
    with run:  # takes up a saved run, shows progress, and ends well, however it ends
        for step in run.steps():
            batch = run.batch(step)
            with run.autocast():
                value = loss(model, batch)
            run.note(step, value)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            run.clip_gradients(step)
            with run.update(step):
                optimizer.step()
    return history


def _options(clip, every, name, amp) -> None:
    """ValueError for options that cannot work. clip=inf only takes the norms down."""
    if clip is not None and clip != math.inf:
        expect.number(clip, "clip", above=0)
    if every is not None:
        expect.whole(every, "every", 1)
    if name is not None and not isinstance(name, str):
        raise ValueError(f"name should be a text or None, got {expect.shown(name)}")
    expect.flag(amp, "amp")


def _optimizer(given, model, lr: float) -> torch.optim.Optimizer:
    """AdamW by default; else the one given, or what the class or function given makes of the parameters."""
    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"model should be a torch.nn.Module, got {expect.shown(model)}")
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise ValueError("expected a model with parameters to train, got none that require gradients")
    if given is None:
        return torch.optim.AdamW(parameters, lr=expect.number(lr, "lr", 0))
    made = given if isinstance(given, torch.optim.Optimizer) or not callable(given) else given(parameters)
    if not isinstance(made, torch.optim.Optimizer):
        raise ValueError(f"optimizer should be a torch.optim.Optimizer or make one, got {type(made).__name__}")
    own, moved = set(map(id, parameters)), [p for group in made.param_groups for p in group["params"]]
    if not any(id(p) in own for p in moved):
        raise ValueError(
            f"optimizer should move this model's {len(own)} parameters, got one over {len(moved)} others: "
            "make it anew, with model.parameters()"
        )
    for group in made.param_groups:
        expect.number(group.get("lr", 0.0), "the optimizer's lr", 0)
    return made


def cross_entropy(model, batch) -> torch.Tensor:
    """The mean cross entropy in nats of model(x) against y, over all targets but -100. ValueError if there is none."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise ValueError(
            f"the default loss takes batches (x, y), got {expect.shown(batch)}; for anything else give "
            "loss=function(model, batch)"
        )
    x, y, *_ = batch
    if not isinstance(x, torch.Tensor) or not isinstance(y, torch.Tensor):
        raise ValueError(f"the default loss takes tensors x and y, got {expect.shown(x)} and {expect.shown(y)}")
    logits = model(x)
    logits = logits[0] if isinstance(logits, tuple) else logits
    if y.is_floating_point() or logits.shape[:-1] != y.shape:
        raise ValueError(
            f"the default loss takes logits (..., C) and whole-number targets (...), got "
            f"{tuple(logits.shape)} and {tuple(y.shape)} of {y.dtype}; "
            "for anything else give loss=function(model, batch)"
        )
    expect.some(y != IGNORE)
    logits = logits if logits.dtype == torch.float64 else logits.float()
    try:
        return F.cross_entropy(logits.flatten(0, -2), y.flatten().long(), ignore_index=IGNORE)
    except IndexError:
        expect.known(y[y != IGNORE], logits.shape[-1], "targets")
        raise


def warmup_cosine(steps: int, warmup: int = 0, floor: float = 0.0) -> Callable[[int], float]:
    """A schedule: linear up to 1 over `warmup` steps, then half a cosine down to `floor` at `steps`."""
    expect.number(steps, "steps", 1)
    expect.number(warmup, "warmup")
    expect.number(floor, "floor", 0, 1)
    if not 0 <= warmup <= steps:
        raise ValueError(f"warmup should lie between 0 and steps ({steps}), got {warmup}")

    def multiplier(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        way = min(1.0, (step - warmup) / max(1, steps - warmup))
        return floor + (1 - floor) * (1 + math.cos(math.pi * way)) / 2

    return multiplier
