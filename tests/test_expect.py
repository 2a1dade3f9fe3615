"""What parts of seqlib ask of their arguments is asked around their own lines."""

import pytest
import torch

from seqlib import expect
from seqlib.checks.calling import _Watch
from seqlib.models.attention import AdditiveScore, attention
from seqlib.models.layers import GRU, LSTM, RNN


def test_a_question_around_a_function_is_not_taken_for_another_ones():
    """An exercise that forbids `attention` told whoever called any other part of seqlib that he had used it."""
    parts = [attention, AdditiveScore.forward, RNN.forward, GRU.forward, LSTM.forward, LSTM.__init__]
    assert len({part.__code__ for part in parts}) == len(parts)
    with _Watch(("seqlib.models.attention.attention",)) as watch:
        AdditiveScore(4, 5, 6)(torch.randn(2, 3, 4), torch.randn(2, 7, 5))
        LSTM(3, 5)(torch.randn(2, 4, 3))
    assert not watch.seen
    with _Watch(("seqlib.models.attention.attention",)) as watch:
        attention(*(torch.randn(2, 3, 4) for _ in range(3)))
    assert watch.seen == {"seqlib.models.attention.attention"}


def test_the_question_comes_first_and_the_reason_only_after_a_failure():
    asked = []

    def half(x):
        return 1 / x

    def why(x):
        asked.append(x)
        raise ValueError("expected a number but 0, got 0")

    checked = expect.given(half, lambda x: expect.number(x, "x"), why)
    assert checked(4) == 0.25 and not asked and checked.__wrapped__ is half
    with pytest.raises(ValueError, match='x should be a finite number, got "a"|got .a.'):
        checked("a")
    with pytest.raises(ZeroDivisionError):  # no reason is asked for what is no matter of types
        checked(0)
    assert not asked


def test_an_attention_of_a_readers_own_may_have_other_parts():
    """The shape of x is compared with the width of our attention, not with that of any other."""
    from seqlib.models.gpt import Block, GPTConfig
    from seqlib.models.transformer import DecoderBlock, EncoderBlock

    class Mean(torch.nn.Module):
        def forward(self, x, *args, **kwargs):
            return x.mean(dim=1, keepdim=True).expand_as(x), None

    block, both, gpt = EncoderBlock(8, 2, 16), DecoderBlock(8, 2, 16), Block(GPTConfig(10, width=8, heads=2))
    block.attention = both.self_attention = gpt.attention = Mean()
    x = torch.randn(3, 5, 8)
    assert block(x).shape == both(x, torch.randn(3, 4, 8)).shape == gpt(x)[0].shape == x.shape


def test_a_transformer_pads_with_its_own_sign():
    from seqlib.models.transformer import Transformer

    model = Transformer(5, 6, 8, 2, 1, pad=3)
    model(torch.tensor([[1, 0, 2, 3]]), torch.tensor([[1, 0, 2, 0]]))  # 0 is a word here
    with pytest.raises(ValueError, match="padding"):
        model(torch.tensor([[1, 0, 2, 3]]), torch.tensor([[1, 3, 2, 0]]))
