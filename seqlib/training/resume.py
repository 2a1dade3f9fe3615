"""What of a training run is saved, and when a saved one may be taken up again."""

from __future__ import annotations

import copy
from dataclasses import is_dataclass

import torch

from seqlib.training import checkpoint

READABLE = ("steps", "lr", "clip", "amp")
PARTS = {
    "settings": dict,
    "first_batch": str,
    "random_at_start": dict,
    "random": dict,
    "done": int,
    "model": dict,
    "optimizer": dict,
    "losses": torch.Tensor,
    "grad_norms": torch.Tensor,
    "evals": list,
    "seconds": float,
}


def save(run, random_now: dict) -> None:
    """Write all that the rest of the run depends on. OSError if the disk refuses."""
    history = run.history
    state = {
        "settings": settings(run),
        "first_batch": run.first_batch,
        "random_at_start": run.random_at_start,
        "random": random_now,
        "done": run.done,
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "losses": torch.tensor(history.losses, dtype=torch.float64),
        "grad_norms": torch.tensor(history.grad_norms, dtype=torch.float64),
        "evals": history.evals,
        "seconds": history.seconds,
        "threads": history.threads,
    }
    checkpoint.save(run.path, state)


def load(run) -> str:
    """Take up a saved run, or set its file aside; return what to tell the learner, "" if there is no file."""
    now = checkpoint.random_state()
    try:
        state = checkpoint.load(run.path)
    except ValueError:
        return _aside(run, "damaged", "is damaged")
    if state is None:
        return ""
    if not _complete(state):
        return _aside(run, "damaged", "lacks a part")
    try:
        other = _difference(run, state)
    except Incomplete:
        checkpoint.set_random_state(now)
        return _aside(run, "damaged", "lacks a part")
    if other:
        checkpoint.set_random_state(now)
        return _aside(run, "other-settings", f"was made with {other}")
    before = _now(run)
    try:
        _restore(run, state)
    except Exception:  # whatever a foreign file makes torch say: nothing of it may stay
        _undo(run, before, now)
        return _aside(run, "damaged", "does not fit this run")
    return f"resumed at step {run.done:,}"


class Incomplete(ValueError):
    """A checkpoint without one of its parts."""


def _complete(state) -> bool:
    """Whether a checkpoint has all its parts, each of its kind, and as many losses as steps."""
    return (
        isinstance(state, dict)
        and all(isinstance(state.get(name), kind) for name, kind in PARTS.items())
        and len(state["losses"]) == state["done"] > 0
        and len(state["grad_norms"]) in (0, state["done"])
        and all(isinstance(one, dict) and "step" in one for one in state["evals"])
    )


def _now(run) -> tuple:
    """Model, optimizer and history as they are, apart from what loading would write over."""
    return copy.deepcopy(run.model.state_dict()), copy.deepcopy(run.optimizer.state_dict()), vars(run.history).copy()


def _undo(run, before: tuple, random_state: dict) -> None:
    """Back to what `_now` took down, as if there had been no file."""
    model, optimizer, history = before
    run.model.load_state_dict(model)
    run.optimizer.load_state_dict(optimizer)
    vars(run.history).update(history)
    run.done, run.first_batch = 0, ""
    checkpoint.set_random_state(random_state)


def settings(run) -> dict[str, str]:
    """What must be the same for a run to resume, by the name that a message gives it."""
    model = [(name, tuple(value.shape), str(value.dtype)) for name, value in run.model.state_dict().items()]
    options = [
        {key: value for key, value in group.items() if key not in ("params", "lr", "initial_lr")}
        for group in run.optimizer.param_groups
    ]
    moments = (0, run.total // 2, run.total - 1)
    return {
        "steps": str(run.total),
        "lr": ", ".join(f"{rate:g}" for rate in run.rates),
        "clip": str(run.clip),
        "amp": str(run.amp),
        "model": checkpoint.digest([model, repr(run.model), choices(run.model)]),
        "optimizer": checkpoint.digest([type(run.optimizer).__name__, options]),
        "schedule": checkpoint.digest([run.schedule(step) for step in moments] if run.schedule else []),
    }


def choices(model) -> list:
    """What a model's parts were made with that shows in no weight: how many heads, whether positions turn, which norm.

    Numbers, texts, True and False, and frozen configurations, by the names of part and attribute.
    """
    found = []
    for name, part in model.named_modules():
        for key, value in sorted(vars(part).items()):
            config = is_dataclass(value) and type(value).__dataclass_params__.frozen
            if (config or isinstance(value, (bool, int, float, str))) and key != "training" and not key.startswith("_"):
                found.append((name, key, repr(value)))
    return found


def _difference(run, state: dict) -> str:
    """How the saved run differs from this one, "" if it does not."""
    for key, value in settings(run).items():
        before = state["settings"].get(key)
        if before is None:
            raise Incomplete(key)
        if before != value:
            return f"{key} {before}, now {value}" if key in READABLE else f"another {key}"
    # Batches may draw from the global generators: compare the first one from the same starting point.
    try:
        checkpoint.set_random_state(state["random_at_start"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as problem:
        raise Incomplete("random_at_start") from problem
    return "" if checkpoint.digest(run.sampler(0)) == state["first_batch"] else "other batches"


def _restore(run, state: dict) -> None:
    """Put model, optimizer, history and random generators back to where they were saved."""
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    history = run.history
    history.losses, history.grad_norms = state["losses"].tolist(), state["grad_norms"].tolist()
    history.evals, history.seconds = state["evals"], state["seconds"]
    history.threads = state.get("threads", [])  # checkpoints of before have none
    run.done, run.first_batch = state["done"], state["first_batch"]
    run.random_at_start = state["random_at_start"]
    checkpoint.set_random_state(state["random"])


def _aside(run, kind: str, why: str) -> str:
    """Keep the file under another name and say so."""
    aside = checkpoint.set_aside(run.path, kind)
    return f"the checkpoint {run.path.stem} {why}; kept as {aside.name}, starting anew"
