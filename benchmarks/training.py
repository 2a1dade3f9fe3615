"""Training tokens per second of the GPT of notebook 16, written out and fused, against two rivals.

    python benchmarks/training.py [--quick] [--rounds N] [--threads N]

A step is forward, cross entropy, backward and AdamW. Two public configurations: 4 layers, 4 heads, 128 wide, context
64, batch 12; and 6 layers, 6 heads, 384 wide, context 256, whose batch of 64 is cut to 4 here so that a step takes
seconds. The rivals are in plain_gpt.py. The result goes to benchmarks/results/training.json.
"""

import torch
from common import in_turns, keep, options, rates
from plain_gpt import PlainGPT, TorchGPT
from torch.nn import functional as F

VOCABULARY = 65  # characters of tinyshakespeare
SHAPES = {  # name: (layers, heads, width, context, batch)
    "4 x 4 x 128, context 64, batch 12": (4, 4, 128, 64, 12),
    "6 x 6 x 384, context 256, batch 4": (6, 6, 384, 256, 4),
}
QUICK = {"2 x 2 x 16, context 8, batch 2": (2, 2, 16, 8, 2)}


def models(layers: int, heads: int, width: int, context: int) -> dict:
    """The four that take turns, of one shape."""
    from seqlib.models.fused import fused
    from seqlib.models.gpt import GPT, GPTConfig

    config = GPTConfig(VOCABULARY, context, width, layers, heads, bias=False)
    return {
        "seqlib, written out": GPT(config),
        "seqlib, fused": fused(GPT(config)),
        "plain port": PlainGPT(VOCABULARY, context, width, layers, heads),
        "nn.TransformerEncoder": TorchGPT(VOCABULARY, context, width, layers, heads),
    }


def stepper(model, tokens):
    """One step of training, ready to be timed."""
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step():
        loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def main(quick: bool = False, rounds: int | None = None, threads: int = 1) -> dict:
    torch.set_num_threads(threads)
    results = {}
    for name, (layers, heads, width, context, batch) in (QUICK if quick else SHAPES).items():
        torch.manual_seed(0)
        tokens = torch.randint(VOCABULARY, (batch, context + 1))
        works = {which: stepper(model, tokens) for which, model in models(layers, heads, width, context).items()}
        turns = rounds or (2 if quick else 30 if width < 200 else 5)
        results[name] = rates(in_turns(works, turns), batch * context)
    return keep("training", "training tokens a second, float32", results, quick=quick, threads=threads)


if __name__ == "__main__":
    asked = options(__doc__, ("--threads", {"type": int, "default": 1}))
    main(asked.quick, asked.rounds, asked.threads)
