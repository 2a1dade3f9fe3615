"""Pictures as tokens: patches of them, in reading order. Built in 12."""

import torch

from seqlib import expect

__all__ = ["patches"]


def patches(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """Pictures (B, height, width) as patches (B, N, size * size); size divides height and width. Written in 12."""
    batch, height, width = pictures.shape
    cut = pictures.reshape(batch, height // size, size, width // size, size)
    return cut.swapaxes(2, 3).reshape(batch, -1, size * size)


def _cut(pictures, size):
    _, height, width = expect.shape(pictures, "pictures", "B*", "height", "width")
    expect.whole(size, "size", 1)
    if height % size or width % size:
        raise ValueError(
            f"size should divide the height and the width of the pictures, got {size} for {height} x {width}"
        )


patches = expect.given(patches, _cut)
