"""Pairs of token lists, source and target, as the ids that an encoder and a decoder read."""

from __future__ import annotations

from collections.abc import Sequence

from seqlib import expect
from seqlib.data.windows import PAD, UNK, Vocabulary, pad_batch
from seqlib.metrics import IGNORE

START, END = "<s>", "</s>"
PAD_ID = 0  # of Vocabulary.build: the specials come first, PAD the first of them


def pair_vocabularies(pairs: Sequence, min_count: int = 1) -> tuple[Vocabulary, Vocabulary]:
    """The vocabularies of the source and of the target side; PAD is 0 in both, START and END in the target's.

    pairs: (source tokens, target tokens), or anything that unpacks so. Build them from training pairs alone.
    """
    sources, targets = zip(*_unpacked(pairs), strict=True)
    return (
        Vocabulary.build(sources, min_count=min_count),
        Vocabulary.build(targets, min_count=min_count, specials=(PAD, UNK, START, END)),
    )


def _unpacked(pairs: Sequence) -> list[tuple]:
    """(source, target) of each pair, at least one."""
    try:
        found = [(source, target) for source, target in pairs]
    except (TypeError, ValueError):
        raise ValueError(f"expected pairs of a source and a target, got {expect.shown(pairs)}") from None
    if not found:
        raise ValueError("expected at least one pair, got none")
    return found


def pair_batch(pairs: Sequence, source_vocabulary: Vocabulary, target_vocabulary: Vocabulary) -> tuple:
    """Pairs as three tensors of ids: source (B, S), target_in (B, T), target_out (B, T).

    target_in begins with START, target_out is the same one step later and ends with END. Padding is 0 in source and
    target_in, and -100 in target_out, where cross entropy leaves it out. ValueError if there are no pairs.
    """
    import torch

    pairs = _unpacked(pairs)
    source = [source_vocabulary.encode(source) for source, _ in pairs]
    target = [target_vocabulary.encode([START, *target, END]) for _, target in pairs]
    arrays = (
        pad_batch(source, pad=source_vocabulary.id(PAD)),
        pad_batch([ids[:-1] for ids in target], pad=target_vocabulary.id(PAD)),
        pad_batch([ids[1:] for ids in target], pad=IGNORE),
    )
    return tuple(torch.from_numpy(ids) for ids, _, _ in arrays)
