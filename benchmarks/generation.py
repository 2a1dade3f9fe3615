"""Writing with a GPT, token by token: with and without a cache, written out and fused.

    python benchmarks/generation.py [--quick] [--rounds N]

One sequence, greedy, 4 layers of 128, context 256, from a beginning of one token; one thread. Without a cache the whole
beginning is read again at every step. The result goes to benchmarks/results/generation.json.
"""

import copy

import torch
from common import in_turns, keep, options, rates
from plain_gpt import PlainGPT


def writers(context: int, width: int, layers: int) -> dict:
    from seqlib.models.fused import fused
    from seqlib.models.gpt import GPT, GPTConfig

    torch.manual_seed(0)
    written = GPT(GPTConfig(65, context, width, layers, 4, bias=False)).eval()
    quick, plain = fused(copy.deepcopy(written)), PlainGPT(65, context, width, layers, 4).eval()
    return {
        "seqlib, cache": lambda: with_cache(written, context),
        "seqlib, cache, fused": lambda: with_cache(quick, context),
        "seqlib, no cache": lambda: anew(written, context),
        "seqlib, no cache, fused": lambda: anew(quick, context),
        "plain port, no cache": lambda: anew(plain, context),
    }


@torch.no_grad()
def with_cache(model, steps: int) -> torch.Tensor:
    """Each step reads the token written last."""
    idx, cache, written = torch.zeros(1, 1, dtype=torch.long), (), []
    for _ in range(steps):
        logits, cache = model(idx, cache)
        idx = logits[:, -1:].argmax(dim=2)
        written.append(idx)
    return torch.cat(written, dim=1)


@torch.no_grad()
def anew(model, steps: int) -> torch.Tensor:
    """Each step reads all that is there."""
    idx = torch.zeros(1, 1, dtype=torch.long)
    for _ in range(steps):
        idx = torch.cat([idx, model(idx)[:, -1:].argmax(dim=2)], dim=1)
    return idx[:, 1:]


def main(quick: bool = False, rounds: int | None = None) -> dict:
    torch.set_num_threads(1)
    context, width, layers = (8, 16, 1) if quick else (256, 128, 4)
    works = writers(context, width, layers)
    both = [works[name]() for name in works if name.startswith("seqlib")]
    if not all(torch.equal(text, both[0]) for text in both):
        raise ValueError("expected the same text with and without a cache, got another: these would not compare")
    found = rates(in_turns(works, rounds or (1 if quick else 5)), context)
    results = {f"{layers} x 4 x {width}, {context} tokens": found}
    return keep("generation", "tokens written a second, one sequence, float32", results, quick=quick, threads=1)


if __name__ == "__main__":
    asked = options(__doc__)
    main(asked.quick, asked.rounds)
