"""seqlib.models.seq2seq: writing step by step is teacher forcing, and padding changes nothing."""

import pytest
import torch

from seqlib.models.attention import AdditiveScore, DotScore, GeneralScore
from seqlib.models.seq2seq import RECURRENT, AttentionDecoder, AttentionSeq2Seq, Decoder, Encoder, Seq2Seq

SCORES = {"additive": AdditiveScore(6, 10, 7), "general": GeneralScore(6, 10), "dot": DotScore()}
SOURCE = torch.tensor([[4, 7, 2, 9, 3], [5, 3, 0, 0, 0], [8, 8, 6, 0, 0]])
TARGET = torch.tensor([[2, 5, 3, 6], [2, 4, 4, 3], [2, 6, 5, 4]])


def plain(layer, **options):
    torch.manual_seed(0)
    return Seq2Seq(Encoder(11, 4, 5, layer, **options), Decoder(8, 3, 6, 4, layer), context_size=4).double()


def attending(layer, score="additive"):
    torch.manual_seed(0)
    wide = Encoder(11, 4, 3 if score == "dot" else 5, layer, bidirectional=True)
    return AttentionSeq2Seq(wide, AttentionDecoder(8, 3, 6, wide.size, SCORES[score], layer)).double()


MODELS = [(plain, {"layer": layer}) for layer in RECURRENT] + [(plain, {"layer": "lstm", "bidirectional": True})]
MODELS += [(attending, {"layer": layer}) for layer in RECURRENT]
MODELS += [(attending, {"layer": "gru", "score": score}) for score in SCORES]


@pytest.mark.parametrize("make,options", MODELS)
def test_steps_are_teacher_forcing(make, options):
    model = make(**options)
    logits, state = model(SOURCE, TARGET), model.begin(SOURCE)
    assert logits.shape == (3, 4, 8)
    for t in range(TARGET.shape[1]):
        each, state = model.step(TARGET[:, t], state)
        torch.testing.assert_close(each, logits[:, t], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("make,options", MODELS)
def test_padding_changes_nothing(make, options):
    model = make(**options)
    logits = model(SOURCE, TARGET)
    longer = torch.cat([SOURCE, torch.zeros(3, 4, dtype=torch.long)], dim=1)
    torch.testing.assert_close(model(longer, TARGET), logits, rtol=1e-10, atol=1e-10)
    alone = model(SOURCE[1:2, :2], TARGET[1:2])
    torch.testing.assert_close(alone, logits[1:2], rtol=1e-10, atol=1e-10)


def test_weights_are_shares_of_the_real_source():
    weights = attending("gru").weights(SOURCE, TARGET)
    assert weights.shape == (3, 4, 5)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(3, 4, dtype=torch.float64))
    assert (weights[1, :, 2:] == 0).all() and (weights[2, :, 3:] == 0).all()


def test_the_first_numbers_of_the_state_are_all_that_the_decoder_learns_of_the_source():
    """Change what is behind them, and no logit moves: the bottleneck is where the picture of 10 says it is."""
    model = plain("gru")
    logits, read = model(SOURCE, TARGET), model.encoder.forward
    for place, moves in ((4, False), (3, True)):
        changed = torch.arange(model.encoder.size) == place

        def spoilt(source, changed=changed):
            states, last = read(source)
            return states, torch.where(changed, 0.9, last)

        model.encoder.forward = spoilt
        assert torch.equal(model(SOURCE, TARGET), logits) != moves
