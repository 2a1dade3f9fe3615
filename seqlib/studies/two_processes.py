"""Two processes, half a batch each: their averaged gradients against one large batch; their sharded optimizer.

python -m torch.distributed.run --standalone --nproc-per-node 2 -m seqlib.studies.two_processes
"""

import copy
import os
import subprocess
import sys

import torch
import torch.distributed as dist
from torch.nn import functional as F

COMMAND = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "seqlib.studies.two_processes")


def launch(seconds: float = 120) -> dict[str, float]:
    """Run COMMAND with this Python and read what its first process prints: {what was compared: number}.

    RuntimeError, with the last line that was printed, where this machine cannot.
    """
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        ran = subprocess.run(
            [sys.executable, *COMMAND], env=os.environ | own, timeout=seconds, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"two processes were not done after {seconds:.0f} s") from None
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["nothing was printed"])[-1]
        raise RuntimeError(f"two processes could not work together here: {last}")
    lines = (line.rpartition(": ") for line in ran.stdout.splitlines() if ": " in line)
    return {what: float(number) for what, _, number in lines}


def tokens_and_model():
    """One batch of 8 sequences and a small GPT, the same in every process."""
    from seqlib.models.gpt import GPT, GPTConfig

    torch.manual_seed(0)
    model = GPT(GPTConfig(50, context=32, width=48, layers=2)).double()
    return torch.randint(50, (8, 33)), model


def gradients(model, tokens) -> list[torch.Tensor]:
    """Of the mean over all targets of these sequences."""
    model.zero_grad()
    F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()).backward()
    return [p.grad.clone() for p in model.parameters()]


def apart(one, other) -> float:
    """The largest difference between two lists of tensors."""
    return max((a - b).abs().max().item() for a, b in zip(one, other, strict=True))


def state_bytes(optimizer) -> int:
    """Bytes of an optimizer's state, as far as this process holds it."""
    return sum(
        part.numel() * part.element_size()
        for state in optimizer.state.values()
        for part in state.values()
        if torch.is_tensor(part) and part.dim()
    )


def main() -> None:
    """What each process does; the first one prints."""
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    try:
        found = compared(rank, ranks)
    finally:
        dist.destroy_process_group()
    if rank == 0:
        for what, number in found.items():
            print(f"{what}: {number:.6g}")


def compared(rank: int, ranks: int) -> dict[str, float]:
    """Gradients by hand, by DistributedDataParallel, and three steps of Adam with its state cut up."""
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.parallel import DistributedDataParallel

    tokens, model = tokens_and_model()
    whole, mine = gradients(model, tokens), tokens.chunk(ranks)[rank]
    half = gradients(model, mine)
    averaged = [part.clone() for part in half]
    for part in averaged:
        dist.all_reduce(part)  # the sum over the processes, in every one of them
        part /= ranks
    wrapped = DistributedDataParallel(copy.deepcopy(model))
    found = {
        "half a batch against the whole": apart(half, whole),
        "averaged by hand against the whole": apart(averaged, whole),
        "DistributedDataParallel against the whole": apart(gradients(wrapped, mine), whole),
    }
    plain, cut = copy.deepcopy(model), DistributedDataParallel(copy.deepcopy(model))
    adam = torch.optim.Adam(plain.parameters(), 1e-3)
    sharded = ZeroRedundancyOptimizer(cut.parameters(), torch.optim.Adam, lr=1e-3)
    for _ in range(3):
        gradients(plain, tokens)
        adam.step()
        gradients(cut, mine)
        sharded.step()
    held = torch.tensor([float(state_bytes(sharded.optim) if hasattr(sharded, "optim") else 0)])
    each = [torch.zeros_like(held) for _ in range(ranks)]
    dist.all_gather(each, held)
    found["weights after three steps, state cut up against whole"] = apart(cut.parameters(), plain.parameters())
    found["bytes of Adam's state in one process"] = state_bytes(adam)
    return found | {f"bytes of the cut state in process {r}": part.item() for r, part in enumerate(each)}


if __name__ == "__main__":
    main()
