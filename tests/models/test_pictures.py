"""Patches, beside the convolution's own way of cutting a picture up."""

import pytest
import torch
from torch.nn import functional as F

from seqlib.models.pictures import patches


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_patches_are_what_unfold_cuts(size):
    pictures = torch.randn(3, 6, 12)
    assert torch.equal(patches(pictures, size), F.unfold(pictures[:, None], size, stride=size).mT)


def test_a_size_that_does_not_divide_is_an_error():
    with pytest.raises(ValueError):
        patches(torch.zeros(2, 6, 8), 4)
