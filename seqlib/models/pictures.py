"""Pictures as tokens: patches of them, in reading order. Built in 12."""

import torch

__all__ = ["patches"]


def patches(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """Pictures (B, height, width) as patches (B, N, size * size); size divides height and width. Written in 12."""
    batch, height, width = pictures.shape
    cut = pictures.reshape(batch, height // size, size, width // size, size)
    return cut.swapaxes(2, 3).reshape(batch, -1, size * size)
