"""Both strands: tied weights make one answer of two, and sequences are turned whole."""

import numpy as np
import torch

from seqlib.studies.reading_both_strands import StrandReader, other_strand, strand_data, turned_at_random


def test_tied_answers_are_the_same_for_both_strands_and_plain_ones_are_not():
    x, _ = strand_data(6, 0)
    for tied in (True, False):
        torch.manual_seed(1)
        model = StrandReader(tied).double()
        apart = (model(x.double()) - model(other_strand(x).double())).abs().max()
        assert (apart < 1e-12) == tied
    assert len({sum(p.numel() for p in StrandReader(tied).parameters()) for tied in (True, False)}) == 1


def test_sequences_are_turned_whole_and_about_half_of_them():
    x, _ = strand_data(400, 1)
    turned = turned_at_random(x, np.random.default_rng(0))
    same, other = ((turned == each).flatten(1).all(dim=1) for each in (x, other_strand(x)))
    assert (same | other).all() and 150 < other.sum() < 250
    assert torch.equal(other_strand(other_strand(x)), x)
