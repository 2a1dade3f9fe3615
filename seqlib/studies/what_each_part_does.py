"""Instruments for encoder–decoder models: how far they reach, where they look, what they are without a part.

Used in 14 on models that train with teacher forcing: forward(source, target_in) → logits (B, T, V), begin, step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from seqlib import expect
from seqlib.data.pairs import END, START, pair_batch
from seqlib.models.attention import MultiHeadAttention
from seqlib.models.transformer import Residual, Transformer
from seqlib.studies.translating_numbers import forced_loss

PARTS = (
    "nothing", "residuals", "layer norm", "feed-forward", "positions", "several heads", "scale",
    "padding mask", "causal mask", "cross-attention",
)  # fmt: skip


def reach(model, source: torch.Tensor, target_in: torch.Tensor) -> np.ndarray:
    """What each source word is worth to the first answer: gradient norms (S,) of its vector, the last one 1."""
    seen = []
    hook = model.encoder.embedding.register_forward_hook(lambda *call: seen.append(call[2]))
    first = model(source, target_in)[:, 0]
    hook.remove()
    norms = torch.autograd.grad(first.square().sum(), seen[0])[0].norm(dim=2).mean(dim=0)
    return (norms / norms[-1]).numpy()


# -- where it looks --------------------------------------------------------------------------------------------------


@torch.no_grad()
def cross_weights(model: Transformer, task, pair) -> torch.Tensor:
    """Cross-attention weights of one pair, every layer's heads one after another: (L · A, T, S)."""
    kept = []
    hooks = [
        block.cross_attention.register_forward_hook(lambda *call: kept.append(call[2][1][0]))
        for block in model.decoder.blocks
    ]
    model(*task.batch([pair])[:2])
    for hook in hooks:
        hook.remove()
    return torch.cat(kept)


def on_gold(model: Transformer, task, pairs: Sequence) -> np.ndarray:
    """How often each head's most attended source word is one that the target word translates: (L · A,)."""
    hits, asked = 0.0, 0
    for pair in pairs:
        best = cross_weights(model, task, pair).argmax(dim=2)
        for t in {t for _, t in pair.links}:
            gold = torch.tensor([s for s, to in pair.links if to == t])
            hits, asked = hits + torch.isin(best[:, t], gold).float(), asked + 1
    return (hits / asked).numpy()


def twins(ours: nn.Module, theirs: nn.Module) -> Iterator[tuple[list, torch.Tensor]]:
    """(our parameters, torch's one that holds them all) of an encoder or a decoder layer."""
    attentions = [part for part in ours.children() if isinstance(part, MultiHeadAttention)]
    others = [theirs.self_attn] + [theirs.multihead_attn for _ in attentions[1:]]
    plain = [ours.feed_forward.W_1, ours.feed_forward.W_2, *(residual.norm for residual in ours.residuals)]
    norms = [getattr(theirs, f"norm{k + 1}") for k in range(len(ours.residuals))]
    for kind in ("weight", "bias"):
        for mine, other in zip(attentions, others, strict=True):
            yield [getattr(W, kind) for W in (mine.W_q, mine.W_k, mine.W_v)], getattr(other, f"in_proj_{kind}")
            yield [getattr(mine.W_o, kind)], getattr(other.out_proj, kind)
        for mine, other in zip(plain, [theirs.linear1, theirs.linear2, *norms], strict=True):
            yield [getattr(mine, kind)], getattr(other, kind)


def pair_up(ours: Transformer, theirs: nn.Transformer, pre_norm: bool) -> list[tuple[list, torch.Tensor]]:
    """Give torch's model random weights and ours the same; (our parameters, torch's one that holds them) for each.

    torch's becomes pre- or post-norm as asked; with post-norm its last norms go, which the paper does not have.
    """
    pairs = []
    for mine, other in ((ours.encoder, theirs.encoder), (ours.decoder, theirs.decoder)):
        for block, layer in zip(mine.blocks, other.layers, strict=True):
            layer.norm_first = pre_norm
            pairs += twins(block, layer)
        other.norm = other.norm if pre_norm else None
        pairs += [([mine.norm.weight], other.norm.weight), ([mine.norm.bias], other.norm.bias)] if pre_norm else []
    for mine, other in pairs:
        nn.init.normal_(other, mean=float(other.ndim == 1), std=0.3)
        for own, part in zip(mine, other.data.chunk(len(mine)), strict=True):  # q, k and v stand in one matrix
            own.data = part.clone()
    return pairs


# -- without a part --------------------------------------------------------------------------------------------------


class Silent(nn.Module):
    """Says zero, in the shape of what it is given first; as an attention, with no weights."""

    def __init__(self, attention: bool = False):
        super().__init__()
        self.attention = attention

    def forward(self, x, *others, mask=None):
        return (0 * x, None) if self.attention else 0 * x


class Unmasked(nn.Module):
    """An attention that forgets its mask."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x, memory=None, mask=None):
        return self.inner(x, memory)


def without(model: Transformer, part: str) -> Transformer:
    """Take one of PARTS out of a Transformer, in place, and hand it back. ValueError for another part."""
    if part not in PARTS:
        raise ValueError(f"part should be one of {', '.join(PARTS)}; got {part!r}")
    for module in model.modules():
        if isinstance(module, Residual) and part == "residuals":
            module.forward = lambda x, inner, norm=module.norm: inner(norm(x))
        elif isinstance(module, Residual) and part == "layer norm":
            module.norm = nn.Identity()
        elif isinstance(module, MultiHeadAttention) and part == "several heads":
            module.heads = 1
        elif isinstance(module, MultiHeadAttention) and part == "scale":
            # Queries √d_k times larger undo the division by √d_k.
            root = (len(module.W_q.bias) / module.heads) ** 0.5
            module.W_q.register_forward_hook(lambda *call, root=root: call[2] * root)
    for block in model.decoder.blocks:
        if part == "cross-attention":
            block.cross_attention = Silent(attention=True)
        if part == "causal mask":
            block.self_attention = Unmasked(block.self_attention)
    for side in (model.encoder, model.decoder):
        for block in side.blocks:
            block.feed_forward = Silent() if part == "feed-forward" else block.feed_forward
        side.norm = nn.Identity() if part == "layer norm" else side.norm
        if part == "positions":
            side.embedding.positions.data.zero_()
    if part == "padding mask":
        model.encoder.pad = -1  # no token is padding
    return model


# -- how sure it is --------------------------------------------------------------------------------------------------


@torch.no_grad()
def confidence(model, batch) -> tuple[float, float, float]:
    """Under teacher forcing: mean probability of the likeliest word, the share of them right, nats per true word."""
    source, target_in, target_out = batch
    real = target_out != -100
    expect.some(real, always=True)
    log_p, truth = model(source, target_in).log_softmax(dim=2)[real], target_out[real]
    sure, said = log_p.max(dim=1)
    nats = -log_p[torch.arange(len(truth)), truth].mean()
    return sure.exp().mean().item(), (said == truth).float().mean().item(), nats.item()


# -- any pairs of token lists ----------------------------------------------------------------------------------------


def train_on(model, pairs: Sequence, vocabularies, steps: int, lr=4e-3, size: int = 64, seed: int = 0, **options):
    """Train on (source tokens, target tokens): teacher forcing, warm-up of 50 steps, cosine, clipped at norm 1."""
    from seqlib.training.train import train, warmup_cosine

    def batches(step):
        rows = np.random.default_rng([seed, step]).integers(0, len(pairs), size)
        return pair_batch([pairs[row] for row in rows], *vocabularies)

    options = {"loss": forced_loss, "clip": 1.0, "schedule": warmup_cosine(steps, min(50, steps // 2))} | options
    return train(model, batches, steps, lr=lr, **options)


@torch.no_grad()
def write(model, sources: Sequence, vocabularies, longest: int, size: int = 100) -> list[list[str]]:
    """Greedy translations of sources, each a list of tokens; none longer than `longest`."""
    from seqlib.models.generate import greedy, until_end

    model.eval()
    start, end = (vocabularies[1].id(mark) for mark in (START, END))
    where, written = next(model.parameters()).device, []
    for i in range(0, len(sources), size):
        ids = pair_batch([(source, ()) for source in sources[i : i + size]], *vocabularies)[0].to(where)
        written += until_end(greedy(model.step, model.begin(ids), start, end, longest).cpu(), end)
    return [vocabularies[1].decode(row) for row in written]
