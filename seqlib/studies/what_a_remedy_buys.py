"""Mixed precision, compilation, accumulated gradients, checkpoints: the same training step, its time and its memory."""

import shutil
import sys
from contextlib import nullcontext

import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from seqlib.models.gpt import GPT, GPTConfig

PARTS = (1, 2, 4, 8)
SIZES = {"vocabulary_size": 96, "context": 256, "width": 128, "layers": 4, "heads": 4}


class Checkpointed(torch.nn.Module):
    """A block that keeps its input alone and is computed a second time on the way back: same numbers, less memory."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x, past=None):
        return checkpoint(self.block, x, past, use_reentrant=False)


def model_and_batch(batch: int = 8, seed: int = 0, device="cpu", **sizes):
    """A GPT and one batch of random tokens (B, T + 1)."""
    config = GPTConfig(**(SIZES | sizes))
    torch.manual_seed(seed)
    tokens = torch.randint(config.vocabulary_size, (batch, config.context + 1), device=device)
    return GPT(config).to(device), tokens


def step(model, tokens, parts: int = 1, dtype=None):
    """The gradients of one batch, in `parts` equal pieces that are added up, products in `dtype` if one is given."""
    model.zero_grad()
    for piece in tokens.chunk(parts):
        half = torch.autocast(tokens.device.type, dtype) if dtype else nullcontext()
        with half:
            logits = model(piece[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), piece[:, 1:].flatten())
        (loss / parts).backward()


def checkpointed(model):
    """The same model with every block under a checkpoint; the parameters are shared with the one given."""
    twin = GPT(model.config).to(next(model.parameters()).device)
    twin.load_state_dict(model.state_dict(), assign=True)
    twin.head.weight = twin.tokens.weight if model.config.tied else twin.head.weight
    twin.blocks = torch.nn.ModuleList(Checkpointed(block) for block in twin.blocks)
    return twin


def compiler() -> str | None:
    """The C++ compiler that torch.compile would call for the CPU, None where there is none."""
    names = ("cl",) if sys.platform == "win32" else ("c++", "g++", "clang++")
    return next((name for name in names if shutil.which(name)), None)
