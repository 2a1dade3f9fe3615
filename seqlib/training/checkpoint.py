"""Checkpoints that survive a killed kernel: written whole or not at all, and never believed when damaged."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import random
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

from seqlib.runtime import home, sweep, write_whole

MAGIC = b"seqlib checkpoint 1 "


def path_for(name: str) -> Path:
    """The file of the checkpoint called `name`, under the learner's own folder."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ValueError(f"a checkpoint's name has letters, digits, '_', '-' and '.', got {name!r}")
    return home() / "checkpoints" / f"{name}.pt"


def save(path: Path, state: dict) -> None:
    """Write `state` so that a reader sees all of it or all of the one before.

    It holds tensors, numbers (NumPy's too), strings, lists and dicts. The first line of the file is a SHA-256 of
    the rest. What killed saves have left in the folder is removed. OSError if the disk is full or read-only.
    """
    path = Path(path)
    buffer = io.BytesIO()
    torch.save(plain(state), buffer)
    payload = buffer.getbuffer()
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    write_whole(path, b"".join([MAGIC, hashlib.sha256(payload).hexdigest().encode(), b"\n", payload]))


def plain(part):
    """The same state without NumPy's scalars and arrays, which `load` would not unpickle."""
    if isinstance(part, np.generic):
        return part.item()
    if isinstance(part, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(part))
    if type(part) in (dict, OrderedDict):
        return type(part)((plain(key), plain(value)) for key, value in part.items())
    return type(part)(plain(each) for each in part) if type(part) in (list, tuple) else part


def load(path: Path) -> dict | None:
    """The state saved at `path`, on the CPU; None if there is no file that can be opened.

    Only plain data is unpickled (weights_only), so a foreign file cannot run code. ValueError if it is
    damaged.
    """
    path = Path(path)
    sweep(path.parent)
    try:
        head, _, payload = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if head != MAGIC + hashlib.sha256(payload).hexdigest().encode():
        raise ValueError(f"{path.name} is damaged")
    try:
        return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as problem:
        raise ValueError(f"{path.name} cannot be read") from problem


def forget(name: str) -> None:
    """Delete the checkpoint called `name`, if there is one: the next run begins anew."""
    remove(path_for(name))


def remove(path: Path) -> None:
    """Delete the file where there is one and the system allows it."""
    with contextlib.suppress(OSError):
        path.unlink()


def set_aside(path: Path, kind: str) -> Path:
    """Rename the file to PATH.kind (in place of an older one of that kind) and return the new path."""
    aside = path.with_name(f"{path.name}.{kind}")
    os.replace(path, aside)
    return aside


def random_state() -> dict:
    """The state of every global random generator that training may draw from, as plain data."""
    kind, key, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(key.astype(np.int64)), *rest),
    }


def set_random_state(state: dict) -> None:
    """Put every global random generator back to what `random_state` returned."""
    torch.set_rng_state(state["torch"])
    # On a machine with fewer GPUs than the one that saved, the surplus states have nowhere to go.
    for index, one in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(one, index)
    random.setstate(state["python"])
    kind, key, *rest = state["numpy"]
    np.random.set_state((kind, key.numpy().astype(np.uint32), *rest))


def digest(parts) -> str:
    """A short name for nested data of tensors, arrays, numbers and strings: equal data, equal name."""
    seen = hashlib.sha256()
    _feed(seen, parts)
    return seen.hexdigest()[:16]


def _feed(seen, part) -> None:
    """Add one part, with its kind and shape, to the digest."""
    if isinstance(part, torch.Tensor):
        part = part.detach().cpu().contiguous()
        seen.update(f"{part.dtype} {tuple(part.shape)}".encode())
        seen.update(part.flatten().view(torch.uint8).numpy().tobytes() if part.numel() else b"")
    elif isinstance(part, np.ndarray):
        seen.update(f"{part.dtype} {part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    elif isinstance(part, dict):
        _feed(seen, list(part.items()))
    elif isinstance(part, (list, tuple)):
        seen.update(f"[{len(part)}".encode())
        for inner in part:
            _feed(seen, inner)
    else:
        # An object's address in its repr changes from one kernel to the next.
        seen.update(re.sub(r"0x[0-9a-fA-F]+", "0x", repr(part)).encode() + b";")
