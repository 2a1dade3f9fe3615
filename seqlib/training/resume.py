"""What of a training loop is saved, and when a saved one may be taken up again."""

from __future__ import annotations

import torch

from seqlib.training import checkpoint

READABLE = ("steps", "lr", "clip", "amp")


def save(loop, random_now: dict) -> None:
    """Write all that the rest of the run depends on. OSError if the disk refuses."""
    history = loop.history
    state = {
        "settings": settings(loop),
        "first_batch": loop.first_batch,
        "random_at_start": loop.random_at_start,
        "random": random_now,
        "done": loop.done,
        "model": loop.model.state_dict(),
        "optimizer": loop.optimizer.state_dict(),
        "losses": torch.tensor(history.losses, dtype=torch.float64),
        "grad_norms": torch.tensor(history.grad_norms, dtype=torch.float64),
        "evals": history.evals,
        "seconds": history.seconds,
    }
    checkpoint.save(loop.path, state)


def load(loop) -> str:
    """Take up a saved run, or set its file aside; return what to tell the learner, "" if there is no file."""
    now = checkpoint.random_state()
    try:
        state = checkpoint.load(loop.path)
    except ValueError:
        return _aside(loop, "damaged", "is damaged")
    if state is None:
        return ""
    other = _difference(loop, state)
    if other:
        checkpoint.set_random_state(now)
        return _aside(loop, "other-settings", f"was made with {other}")
    _restore(loop, state)
    return f"resumed at step {loop.done:,}"


def settings(loop) -> dict[str, str]:
    """What must be the same for a run to resume, by the name that a message gives it."""
    model = [(name, tuple(value.shape), str(value.dtype)) for name, value in loop.model.state_dict().items()]
    options = [
        {key: value for key, value in group.items() if key not in ("params", "lr", "initial_lr")}
        for group in loop.optimizer.param_groups
    ]
    moments = (0, loop.steps // 2, loop.steps - 1)
    return {
        "steps": str(loop.steps),
        "lr": ", ".join(f"{rate:g}" for rate in loop.rates),
        "clip": str(loop.clip),
        "amp": str(loop.amp),
        "model": checkpoint.digest([model, repr(loop.model)]),
        "optimizer": checkpoint.digest([type(loop.optimizer).__name__, options]),
        "schedule": checkpoint.digest([loop.schedule(step) for step in moments] if loop.schedule else []),
    }


def _difference(loop, state: dict) -> str:
    """How the saved run differs from this one, "" if it does not."""
    for key, value in settings(loop).items():
        before = state["settings"][key]
        if before != value:
            return f"{key} {before}, now {value}" if key in READABLE else f"another {key}"
    # Batches may draw from the global generators: compare the first one from the same starting point.
    checkpoint.set_random_state(state["random_at_start"])
    return "" if checkpoint.digest(loop.batches(0)) == state["first_batch"] else "other batches"


def _restore(loop, state: dict) -> None:
    """Put model, optimizer, history and random generators back to where they were saved."""
    loop.model.load_state_dict(state["model"])
    loop.optimizer.load_state_dict(state["optimizer"])
    history = loop.history
    history.losses, history.grad_norms = state["losses"].tolist(), state["grad_norms"].tolist()
    history.evals, history.seconds = state["evals"], state["seconds"]
    loop.done, loop.first_batch = state["done"], state["first_batch"]
    loop.random_at_start = state["random_at_start"]
    checkpoint.set_random_state(state["random"])


def _aside(loop, kind: str, why: str) -> str:
    """Keep the file under another name and say so."""
    aside = checkpoint.set_aside(loop.path, kind)
    return f"the checkpoint {loop.path.stem} {why}; kept as {aside.name}, starting anew"
