"""seqlib.models.transformer against torch.nn with copied weights; steps, padding, causality."""

import pytest
import torch
from torch import nn

from seqlib.models.attention import causal_mask, padding_mask
from seqlib.models.transformer import DecoderBlock, EncoderBlock, Transformer, TransformerEncoder

SOURCE = torch.tensor([[4, 7, 2, 9, 3], [5, 3, 0, 0, 0]])
TARGET = torch.tensor([[2, 5, 3, 6, 4, 7], [2, 4, 4, 3, 5, 5]])
WIDTH, HEADS, INNER = 12, 3, 20


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def copy_attention(ours, theirs):
    parts = (ours.W_q, ours.W_k, ours.W_v)
    theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
    theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
    theirs.out_proj.load_state_dict(ours.W_o.state_dict())


def copy_block(ours, theirs):
    """Our block's weights into torch's, encoder or decoder."""
    with torch.no_grad():
        copy_attention(getattr(ours, "self_attention", None) or ours.attention, theirs.self_attn)
        if hasattr(ours, "cross_attention"):
            copy_attention(ours.cross_attention, theirs.multihead_attn)
        theirs.linear1.load_state_dict(ours.feed_forward.W_1.state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward.W_2.state_dict())
        for number, residual in enumerate(ours.residuals, 1):
            for parameter in residual.norm.parameters():
                parameter.uniform_(0.5, 1.5)
            getattr(theirs, f"norm{number}").load_state_dict(residual.norm.state_dict())


def compare(ours, theirs, inputs, call):
    """Same values, and the same gradients of the inputs and of the first feed-forward matrix."""
    found = []
    for block, matrix in ((ours, ours.feed_forward.W_1.weight), (theirs, theirs.linear1.weight)):
        fresh = [x.clone().requires_grad_() for x in inputs]
        out = call(block, *fresh)
        (out * draw(*out.shape)).sum().backward()
        found.append([out, matrix.grad, *(x.grad for x in fresh)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_blocks_equal_torch_values_and_gradients(pre_norm):
    torch.manual_seed(0)
    options = {"dropout": 0.0, "batch_first": True, "norm_first": pre_norm}
    real = padding_mask(SOURCE)
    ours = EncoderBlock(WIDTH, HEADS, INNER, pre_norm=pre_norm).double()
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, **options).double()
    copy_block(ours, theirs)
    compare(
        ours,
        theirs,
        [draw(2, 5, WIDTH)],
        lambda block, x: block(x, real) if block is ours else block(x, src_key_padding_mask=~real[:, 0]),
    )
    ours = DecoderBlock(WIDTH, HEADS, INNER, pre_norm=pre_norm).double()
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, INNER, **options).double()
    copy_block(ours, theirs)
    mask = causal_mask(6)
    compare(
        ours,
        theirs,
        [draw(2, 6, WIDTH), draw(2, 5, WIDTH)],
        lambda block, x, memory: (
            block(x, memory, mask, real)
            if block is ours
            else block(x, memory, tgt_mask=~mask, memory_key_padding_mask=~real[:, 0])
        ),
    )


def model(**options):
    torch.manual_seed(1)
    return Transformer(11, 9, WIDTH, HEADS, 2, **options).double().eval()


OPTIONS = [{}, {"pre_norm": False}, {"positions": "learned"}, {"positions": "none"}]


@pytest.mark.parametrize("options", OPTIONS)
def test_steps_are_teacher_forcing(options):
    whole = model(**options)
    logits, state = whole(SOURCE, TARGET), whole.begin(SOURCE)
    assert logits.shape == (2, 6, 9)
    for t in range(TARGET.shape[1]):
        each, state = whole.step(TARGET[:, t], state)
        torch.testing.assert_close(each, logits[:, t], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", OPTIONS)
def test_padding_and_the_future_change_nothing(options):
    whole = model(**options)
    logits = whole(SOURCE, TARGET)
    longer = torch.cat([SOURCE, torch.zeros(2, 3, dtype=torch.long)], dim=1)
    torch.testing.assert_close(whole(longer, TARGET), logits, rtol=1e-10, atol=1e-10)
    changed = TARGET.clone()
    changed[:, 3:] = 8
    torch.testing.assert_close(whole(SOURCE, changed)[:, :3], logits[:, :3], rtol=1e-10, atol=1e-10)


def test_an_encoder_sees_both_ways_unless_causal():
    torch.manual_seed(2)
    encoder = TransformerEncoder(11, WIDTH, HEADS, 2).double().eval()
    changed = SOURCE.clone()
    changed[0, 4] = 1
    for causal in (False, True):
        before, after = (encoder(each, causal=causal)[0, :4] for each in (SOURCE, changed))
        assert torch.allclose(before, after) == causal


def test_dropout_works_in_training_only():
    torch.manual_seed(3)
    encoder = TransformerEncoder(11, WIDTH, HEADS, 1, dropout=0.5)
    assert not torch.equal(encoder(SOURCE), encoder(SOURCE))
    encoder.eval()
    assert torch.equal(encoder(SOURCE), encoder(SOURCE))


def test_too_long_says_what_to_do():
    with pytest.raises(ValueError, match="at most 4 tokens, got 5: raise max_length"):
        TransformerEncoder(11, WIDTH, HEADS, 1, max_length=4)(SOURCE)
