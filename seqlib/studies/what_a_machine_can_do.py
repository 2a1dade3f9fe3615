"""What can this machine do? Operations a second at best, bytes a second from memory, and real work below both."""

import numpy as np
import torch

from seqlib.studies.what_length_costs import timed


def peak(size: int = 768, rounds: int = 5, dtype=torch.float32, device="cpu") -> float:
    """Operations a second in a square matrix product large enough to keep every unit busy; the best of the rounds."""
    a, b = torch.randn(2, size, size, device=device).to(dtype)
    return 2 * size**3 / min(timed({"product": lambda: a @ b}, rounds, device)["product"])


def bandwidth(millions: int = 32, rounds: int = 5, device="cpu") -> float:
    """Bytes a second that go from memory and to it in y = x + z, arrays far larger than any cache; the best round.

    The counts of the STREAM benchmark (add): two arrays are read, one is written.
    """
    x, z = torch.ones(2, millions * 1_000_000 // 4, device=device)
    out = torch.empty_like(x)
    seconds = min(timed({"sum": lambda: torch.add(x, z, out=out)}, rounds, device)["sum"])
    return 3 * x.numel() * x.element_size() / seconds


def products(shapes, rounds: int = 3, device="cpu") -> dict[tuple, tuple[float, float, float]]:
    """{(m, k, n): (operations, bytes, seconds)} of products (m, k) @ (k, n) in float32, each number moved once.

    The matrix (k, n) is another one at every call, 64 MB of them in turn, so that it comes from memory, not a cache.
    """
    found = {}
    for m, k, n in shapes:
        copies = max(1, 16_000_000 // (k * n))
        x, table, turn = torch.randn(m, k, device=device), torch.randn(copies, k, n, device=device), iter(range(10**9))
        work = {"": lambda x=x, table=table, turn=turn, copies=copies: x @ table[next(turn) % copies]}
        seconds = float(np.median(timed(work, rounds, device)[""]))
        found[m, k, n] = (2.0 * m * k * n, 4.0 * (m * k + k * n + m * n), seconds)
    return found
