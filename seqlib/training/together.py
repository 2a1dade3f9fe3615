"""`train` in several processes, on one machine or many: each reads its part of every batch, all take the same step.

    torchrun --nproc-per-node 2 SCRIPT.py

`with processes():` stands around the script's training, `train_together` in the place of `train`. Started by a plain
`python SCRIPT.py` the same lines train in one process, with the same losses: tests hold both to be equal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import distributed as dist

from seqlib import expect
from seqlib.metrics import IGNORE
from seqlib.training.history import History
from seqlib.training.train import cross_entropy, train

__all__ = ["first", "part_of", "processes", "train_together", "world"]


def world() -> tuple[int, int]:
    """(number of this process, how many there are); (0, 1) outside `processes` or without torchrun."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else (0, 1)


def first() -> bool:
    """Whether this is the process that prints and writes files."""
    return world()[0] == 0


@contextmanager
def processes(device=None) -> Iterator[torch.device]:
    """Join the processes that torchrun started, and give the device of this one; by itself where there is no torchrun.

    gloo on the CPU, NCCL on GPUs, of which each process takes its own (LOCAL_RANK).
    """
    from seqlib.runtime import device as default

    where = torch.device(device) if device is not None else default()
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield where
        return
    if where.type == "cuda":
        where = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(where)
    dist.init_process_group("nccl" if where.type == "cuda" else "gloo")
    try:
        yield where
    finally:
        dist.destroy_process_group()


def part_of(batch, rank: int, ranks: int):
    """The rows of a batch (a tensor, or a tuple of them) that one of `ranks` processes reads; sizes differ by one.

    ValueError if there are fewer rows than processes.
    """
    if isinstance(batch, (tuple, list)):
        return type(batch)(part_of(part, rank, ranks) for part in batch)
    if len(batch) < ranks:
        raise ValueError(f"expected at least a row for each of {ranks} processes, got a batch of {len(batch)}")
    return batch.tensor_split(ranks)[rank]


def _counted(batch) -> torch.Tensor:
    """What the mean of a loss is over: the whole-number targets that count, or else the rows."""
    if isinstance(batch, (tuple, list)) and len(batch) > 1 and not batch[1].is_floating_point():
        return (batch[1] != IGNORE).sum().double()
    some = batch[0] if isinstance(batch, (tuple, list)) else batch
    return torch.tensor(float(len(some)), dtype=torch.float64, device=some.device)


def train_together(
    model: torch.nn.Module, sampler: Callable, steps: int, *, loss: Callable | None = None,
    count: Callable | None = None, name: str | None = "training", **options,
) -> History:  # fmt: skip
    """`train` with each batch split over all processes of `processes()`; the history is that of one process alone.

    Every process draws the whole batch from the same `sampler` (a file that is mapped costs each only the windows it
    reads) and works on its own rows. loss(model, batch) is a mean; count(batch) is what it is over, so that parts of
    unlike size weigh rightly: by default the targets that are not -100, or the rows. Seed every process alike; dropout
    then drops in the same places of each part. A checkpoint lies in a folder that all processes see.

    ValueError if the processes would not go on from the same step.
    """
    rank, ranks = world()
    loss, count = loss or cross_entropy, expect.function(count, "count", optional=True) or _counted
    if ranks == 1:
        return train(model, sampler, steps, loss=loss, name=name, **options)
    from torch.nn.parallel import DistributedDataParallel

    where = next(model.parameters()).device
    wrapped = DistributedDataParallel(model, device_ids=[where.index] if where.type == "cuda" else None)
    now = {"step": 0, "agreed": False}

    def batch_of(step):
        now["step"] = step
        return sampler(step)

    def of_all(wrapped, batch):
        mine = part_of(batch, rank, ranks)
        value, mine = loss(wrapped, mine), count(mine)
        total = torch.stack([mine, torch.full_like(mine, now["step"])])
        dist.all_reduce(total)
        if not now["agreed"] and float(total[1]) != now["step"] * ranks:
            raise ValueError(f"expected all processes to begin at one step, got {now['step']} here: share SEQLIB_HOME")
        now["agreed"] = True  # asked once: on a GPU the answer has to be waited for
        share = (mine / total[0]).to(value)
        mean = (value * share).detach()
        dist.all_reduce(mean)
        # Gradients are averaged over the processes: times their number, the shares make the whole batch's mean.
        scaled = value * share * ranks
        return scaled + (mean - scaled).detach()

    return train(wrapped, batch_of, steps, loss=of_all, name=name if rank == 0 else None, **options)
