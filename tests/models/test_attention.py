"""seqlib.models.attention against torch: values and gradients, masks that hide, positions that turn."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models.attention import (
    AdditiveScore,
    DotScore,
    GeneralScore,
    MultiHeadAttention,
    attention,
    causal_mask,
    masked_softmax,
    padding_mask,
    rotary,
    sinusoidal_positions,
)


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + sum(shape)))


def some_mask(*shape):
    mask = torch.rand(*shape, generator=torch.Generator().manual_seed(3)) < 0.6
    mask[..., 0] = True
    return mask


@pytest.mark.parametrize("masked", [False, True])
def test_attention_equals_torch_values_and_gradients(masked):
    mask, found = some_mask(2, 3, 5, 7) if masked else None, []
    for own in (True, False):
        q, k, v = (draw(2, 3, n, d, seed=n).requires_grad_() for n, d in ((5, 4), (7, 4), (7, 6)))
        out = attention(q, k, v, mask)[0] if own else F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        (out * draw(2, 3, 5, 6)).sum().backward()
        found.append((out, q.grad, k.grad, v.grad))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("width,heads", [(6, 1), (6, 3), (16, 4)])
def test_several_heads_equal_torch_values_weights_and_gradients(width, heads):
    torch.manual_seed(width + heads)
    ours = MultiHeadAttention(width, heads).double()
    theirs = nn.MultiheadAttention(width, heads, batch_first=True).double()
    projections = (ours.W_q, ours.W_k, ours.W_v)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in projections]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in projections]))
        theirs.out_proj.load_state_dict(ours.W_o.state_dict())
    mask, target = some_mask(5, 7), draw(2, 5, width)
    x, memory = draw(2, 5, width, seed=1), draw(2, 7, width, seed=2)
    out, weights = ours(x, memory, mask)
    expected, expected_weights = theirs(x, memory, memory, attn_mask=~mask, average_attn_weights=False)
    torch.testing.assert_close(out, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(weights, expected_weights, rtol=1e-10, atol=1e-10)
    (out * target).sum().backward()
    (expected * target).sum().backward()
    gradient = torch.cat([p.weight.grad for p in projections])
    torch.testing.assert_close(gradient, theirs.in_proj_weight.grad, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.W_o.weight.grad, theirs.out_proj.weight.grad, rtol=1e-10, atol=1e-10)


def test_a_masked_place_has_no_weight_and_changes_nothing():
    scores, mask = draw(2, 3, 5), some_mask(2, 1, 5)
    weights = masked_softmax(scores, mask)
    assert (weights[~mask.expand_as(weights)] == 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, dtype=torch.float64))
    other = torch.where(mask, scores, draw(2, 3, 5, seed=9) * 1e6)
    torch.testing.assert_close(masked_softmax(other, mask), weights, rtol=0, atol=0)


def test_a_row_with_nothing_to_attend_to_is_zero_and_so_is_its_gradient():
    scores = draw(2, 4).requires_grad_()
    weights = masked_softmax(scores, torch.tensor([[True, False, True, True], [False] * 4]))
    (weights * draw(2, 4, seed=5)).sum().backward()
    assert (weights[1] == 0).all() and (scores.grad[1] == 0).all() and torch.isfinite(scores.grad).all()


def test_a_causal_model_does_not_see_the_future():
    torch.manual_seed(0)
    layer, x = MultiHeadAttention(8, 2).double(), draw(1, 6, 8)
    changed = x.clone()
    changed[:, 4:] += 1.0
    before, after = (layer(each, mask=causal_mask(6))[0] for each in (x, changed))
    torch.testing.assert_close(before[:, :4], after[:, :4], rtol=0, atol=1e-12)
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_padding_is_not_seen():
    assert padding_mask(torch.tensor([[5, 2, 0], [1, 0, 0]])).tolist() == [
        [[True, True, False]],
        [[True, False, False]],
    ]


def test_without_positions_attention_is_equivariant_and_with_rotary_it_is_not():
    torch.manual_seed(1)
    x, order = draw(2, 6, 8), torch.tensor([3, 0, 5, 1, 4, 2])
    for use_rotary in (False, True):
        layer = MultiHeadAttention(8, 2, use_rotary=use_rotary).double()
        same = torch.allclose(layer(x[:, order])[0], layer(x)[0][:, order])
        assert same != use_rotary


@pytest.mark.parametrize("score", [AdditiveScore(4, 6, 5), GeneralScore(4, 6)])
def test_scores_are_what_the_formula_says_for_each_pair(score):
    score, queries, keys = score.double(), draw(2, 3, 4), draw(2, 5, 6)
    found = score(queries, keys)
    for b, t, s in ((0, 0, 0), (1, 2, 4), (0, 1, 3)):
        q, k = queries[b, t], keys[b, s]
        if isinstance(score, AdditiveScore):
            expected = score.v.weight[0] @ torch.tanh(score.W_q.weight @ q + score.W_k.weight @ k)
        else:
            expected = (score.W.weight @ q) @ k
        torch.testing.assert_close(found[b, t, s], expected)
    torch.testing.assert_close(
        DotScore()(queries, keys[:, :, :4]), torch.einsum("btd,bsd->bts", queries, keys[:, :, :4])
    )


def test_rotary_keeps_lengths_and_knows_only_the_distance():
    q, k = draw(8), draw(8, seed=4)

    def product(t, s):
        turned = [rotary(x[None], torch.tensor([place])) for x, place in ((q, t), (k, s))]
        return float(turned[0] @ turned[1].T)

    assert product(3, 1) == pytest.approx(product(103, 101), abs=1e-4) != pytest.approx(product(4, 1), abs=1e-4)
    assert float(rotary(q[None], torch.tensor([17])).norm()) == pytest.approx(float(q.norm()))
    torch.testing.assert_close(rotary(q[None], torch.tensor([0])), q[None])


def test_sinusoidal_positions_are_the_formula():
    table = sinusoidal_positions(9, 6)
    assert table.shape == (9, 6)
    for t, i in ((0, 0), (5, 1), (8, 2)):
        angle = torch.tensor(t / 10000 ** (2 * i / 6))
        assert table[t, 2 * i : 2 * i + 2].tolist() == pytest.approx([float(angle.sin()), float(angle.cos())], abs=1e-6)
    assert sinusoidal_positions(4, 5).shape == (4, 5)


def test_a_width_that_the_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="3 heads"):
        MultiHeadAttention(8, 3)
