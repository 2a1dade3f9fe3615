"""Options of attention against PyTorch and transformers: no biases, dropout on the weights, another rotary base."""

import dataclasses
import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models import attention as at
from seqlib.models import gpt, options
from seqlib.models import transformer as tr


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + sum(shape)))


def twins(width, heads, **asked):
    """Our several heads and PyTorch's, in float64, with the same weights."""
    torch.manual_seed(width)
    ours = at.MultiHeadAttention(width, heads, **asked).double()
    theirs = nn.MultiheadAttention(width, heads, batch_first=True, **asked).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in (ours.W_q, ours.W_k, ours.W_v)]))
        theirs.out_proj.weight.copy_(ours.W_o.weight)
        if theirs.in_proj_bias is not None:
            theirs.in_proj_bias.copy_(torch.cat([part.bias for part in (ours.W_q, ours.W_k, ours.W_v)]))
            theirs.out_proj.bias.copy_(ours.W_o.bias)
    return ours, theirs


def near(found, wanted, tolerance=1e-10):
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def test_several_heads_without_biases_equal_torch():
    ours, theirs = twins(6, 3, bias=False)
    x, memory = draw(2, 5, 6), draw(2, 7, 6)
    assert sorted(ours.state_dict()) == ["W_k.weight", "W_o.weight", "W_q.weight", "W_v.weight"]
    out, weights = ours(x, memory)
    wanted, wanted_weights = theirs(x, memory, memory, average_attn_weights=False)
    near(out, wanted)
    near(weights, wanted_weights)


@pytest.mark.parametrize("bias", [True, False])
def test_several_heads_drop_the_weights_that_torch_drops(bias):
    ours, theirs = twins(6, 3, bias=bias, dropout=0.4)
    x, mask, found = draw(2, 5, 6), at.causal_mask(5), []
    for layer in (lambda: ours(x, mask=mask), lambda: theirs(x, x, x, attn_mask=~mask, average_attn_weights=False)):
        torch.manual_seed(3)  # the same weights are drawn out
        found.append(layer())
    for a, b in zip(*found, strict=True):
        near(a, b)
    near(ours.eval()(x, mask=mask)[0], theirs.eval()(x, x, x, attn_mask=~mask)[0])


def test_dropped_weights_are_right_on_average():
    q, k, v = (draw(20_000, n, 4, seed=n)[:1].expand(20_000, n, 4) for n in (2, 3, 3))
    torch.manual_seed(0)
    read, weights = at.attention(q, k, v, dropout=0.3)
    wanted, whole = at.attention(q[:1], k[:1], v[:1])
    near(read, weights @ v)
    assert (weights == 0).double().mean().item() == pytest.approx(0.3, abs=0.01)
    near(read.mean(dim=0), wanted[0], 0.05)
    near(weights[0][weights[0] > 0], (whole[0] / 0.7)[weights[0] > 0])
    torch.manual_seed(1)
    theirs = F.scaled_dot_product_attention(q, k, v, dropout_p=0.3)
    near(read.mean(dim=0), theirs.mean(dim=0), 0.05)
    near(read.var(dim=0), theirs.var(dim=0), 0.1)


def turned(x, places, base):
    """Rotary positions by complex numbers: pair i is the columns i and i + d_k/2."""
    half = x.shape[-1] // 2
    frequency = torch.tensor([base ** (-i / half) for i in range(half)], dtype=torch.float64)
    pairs = torch.complex(x[..., :half], x[..., half:]) * torch.exp(1j * places[:, None] * frequency)
    return torch.cat([pairs.real, pairs.imag], dim=-1)


@pytest.mark.parametrize("base", [50.0, 500_000.0])
def test_several_heads_turn_with_another_base(base):
    torch.manual_seed(0)
    layer = at.MultiHeadAttention(8, 2, use_rotary=True, rotary_base=base).double()
    x, places = draw(2, 5, 8), torch.arange(5, dtype=torch.float64)
    q, k, v = (part(x).unflatten(-1, (2, 4)).transpose(1, 2) for part in (layer.W_q, layer.W_k, layer.W_v))
    read = F.scaled_dot_product_attention(turned(q, places, base), turned(k, places, base), v, is_causal=True)
    near(layer(x, mask=at.causal_mask(5))[0], layer.W_o(read.transpose(1, 2).flatten(2)))


def test_with_options_that_are_nearly_the_usual_ones_a_layer_is_nearly_the_usual_one():
    """The lines with options, asked for by a base beside the usual one, compute what the notebook's lines do."""
    torch.manual_seed(0)
    usual = at.MultiHeadAttention(8, 2, use_rotary=True).double()
    other = at.MultiHeadAttention(8, 2, use_rotary=True, rotary_base=10_000.0 * (1 + 1e-9)).double()
    other.load_state_dict(usual.state_dict())
    x, memory, mask = draw(2, 5, 8), draw(2, 7, 8), draw(2, 5, 7) > -1
    for found, wanted in zip(other(x, memory, mask), usual(x, memory, mask), strict=True):
        near(found, wanted, 1e-7)
        assert not torch.equal(found, wanted)


def test_a_llama_with_its_own_rotary_base():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=13, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=False,
        rope_theta=500.0, rope_parameters={"rope_type": "default", "rope_theta": 500.0},
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).double().eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.4)
    modern = {"norm": "rms", "positions": "rotary", "feed_forward": "swiglu", "bias": False, "tied": False}
    ours = gpt.GPT(gpt.GPTConfig(13, 32, 24, 2, 4, 2, 20, **modern, rotary_base=500.0)).double().eval()
    pairs = {
        "input_layernorm.weight": "norm_1.scale", "post_attention_layernorm.weight": "norm_2.scale",
        "mlp.gate_proj": "mlp.W_gate", "mlp.up_proj": "mlp.W_up", "mlp.down_proj": "mlp.W_down",
        "model.embed_tokens": "tokens", "lm_head": "head", "model.layers": "blocks", "model.norm.weight": "norm.scale",
    } | {f"self_attn.{name}_proj": f"attention.W_{name}" for name in "qkvo"}  # fmt: skip
    weights = {}
    for name, weight in theirs.state_dict().items():
        for their_name, our_name in pairs.items():
            name = name.replace(their_name, our_name)
        weights[name] = weight
    ours.load_state_dict(weights)
    tokens = torch.randint(13, (2, 30), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = theirs(tokens).logits
        near(ours(tokens), wanted, 1e-5)  # its angles are float32
        start, cache = ours(tokens[:, :11], ())
        near(torch.cat([start, ours(tokens[:, 11:], cache)[0]], dim=1), ours(tokens))
        usual = gpt.GPT(gpt.GPTConfig(13, 32, 24, 2, 4, 2, 20, **modern)).double().eval()
        usual.load_state_dict(weights)
        assert not torch.allclose(usual(tokens), wanted, atol=1e-3)


def test_a_gpt_drops_weights_in_training_alone():
    torch.manual_seed(0)
    options, tokens = {"vocabulary_size": 11, "width": 8, "layers": 2, "heads": 2}, torch.tensor([[3, 1, 4, 1, 5]])
    dropping, usual = gpt.GPT(gpt.GPTConfig(**options, attention_dropout=0.5)), gpt.GPT(gpt.GPTConfig(**options))
    usual.load_state_dict(dropping.state_dict())
    assert not torch.equal(dropping(tokens), dropping(tokens)) and torch.equal(usual(tokens), usual(tokens))
    assert torch.equal(dropping.eval()(tokens), usual(tokens))
    # The first position sees itself alone: half of all draws take that away, the others double it.
    part, x = dropping.blocks[0].attention.train(), torch.randn(4000, 1, 8)[:1].expand(4000, 1, 8)
    near(part(x)[0].mean(dim=0), usual.blocks[0].attention(x[:1])[0][0], 0.05)


def test_a_gpt_drops_the_weights_that_torch_drops():
    part = gpt.CausalAttention(gpt.GPTConfig(11, width=6, heads=3, attention_dropout=0.4)).double()
    theirs, x, found = twins(6, 3, dropout=0.4)[1], draw(2, 5, 6), []
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in (part.W_q, part.W_k, part.W_v)]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in (part.W_q, part.W_k, part.W_v)]))
        theirs.out_proj.load_state_dict(part.W_o.state_dict())
    for layer in (lambda: part(x)[0], lambda: theirs(x, x, x, attn_mask=~at.causal_mask(5))[0]):
        torch.manual_seed(3)
        found.append(layer())
    near(*found)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_block_with_dropout_everywhere_is_torchs_layer(pre_norm):
    torch.manual_seed(0)
    ours = tr.EncoderBlock(6, 3, 10, 0.3, pre_norm, attention_dropout=0.3, attention_bias=True).double()
    theirs = nn.TransformerEncoderLayer(6, 3, 10, 0.3, batch_first=True, norm_first=pre_norm).double()
    theirs.self_attn.load_state_dict(several(ours.attention))
    with torch.no_grad():
        for mine, other in zip(
            (ours.feed_forward.W_1, ours.feed_forward.W_2, ours.residuals[0].norm, ours.residuals[1].norm),
            (theirs.linear1, theirs.linear2, theirs.norm1, theirs.norm2),
            strict=True,
        ):
            other.load_state_dict(mine.state_dict())
    # PyTorch's fused attention draws in an order of its own; the one that hands its weights back does not.
    theirs._sa_block = lambda x, *_, **__: theirs.dropout1(theirs.self_attn(x, x, x, need_weights=True)[0])
    x, found = draw(1, 5, 6), []  # of a batch PyTorch draws in the order in which its rows lie in memory
    for block in (ours, theirs):
        torch.manual_seed(3)
        found.append(block(x))
    near(*found)


def several(layer):
    parts = (layer.W_q, layer.W_k, layer.W_v)
    joined = {f"in_proj_{kind}": torch.cat([getattr(p, kind) for p in parts]) for kind in ("weight", "bias")}
    return joined | {f"out_proj.{name}": value for name, value in layer.W_o.state_dict().items()}


def test_a_transformer_hands_the_options_to_every_attention():
    model = tr.Transformer(9, 9, 8, 2, 2, attention_bias=False, attention_dropout=0.25)
    layers = [part for part in model.modules() if isinstance(part, at.MultiHeadAttention)]
    assert len(layers) == 6 and all(part.dropout == 0.25 and part.W_o.bias is None for part in layers)
    assert model.decoder.readout.bias is not None
    model(torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3, dtype=torch.long)).sum().backward()


def test_the_usual_options_change_no_draw_and_no_number():
    torch.manual_seed(5)
    usual = at.MultiHeadAttention(8, 2).state_dict()
    torch.manual_seed(5)
    given = at.MultiHeadAttention(8, 2, bias=True, dropout=0.0, rotary_base=10_000.0).state_dict()
    assert all(torch.equal(usual[name], given[name]) for name in usual)


def test_the_options_are_seen_and_kept():
    for part in (at.MultiHeadAttention, at.attention, gpt.attend):
        assert "dropout" in inspect.signature(part).parameters
    for kind, sizes in ((gpt.GPTConfig, (11,)), (tr.TransformerConfig, (8, 2, 1))):
        config = kind(*sizes, attention_dropout=0.1)
        assert "attention_dropout=0.1" in repr(config) and repr(config).startswith(f"{kind.__name__}(")
        again = dataclasses.replace(config, dropout=0.2)
        assert type(again) is kind and again.attention_dropout == 0.1 and again != config


def test_the_usual_base_is_that_of_rotary():
    assert inspect.signature(at.rotary).parameters["base"].default == options.ROTARY_BASE


BAD = {
    "a dropout of 1.5": lambda: at.MultiHeadAttention(8, 2, dropout=1.5),
    "a dropout of nan": lambda: at.attention(*(draw(3, 4),) * 3, dropout=float("nan")),
    "a dropout as a text": lambda: at.attention(*(draw(3, 4),) * 3, dropout=""),
    "a bias of 0": lambda: at.MultiHeadAttention(8, 2, bias=0),
    "a base of 0": lambda: at.MultiHeadAttention(8, 2, True, rotary_base=0),
    "a base that turns nothing": lambda: at.MultiHeadAttention(8, 2, rotary_base=500.0),
    "a base of inf": lambda: gpt.GPTConfig(11, positions="rotary", rotary_base=float("inf")),
    "a base with learned places": lambda: gpt.GPTConfig(11, rotary_base=500.0),
    "a GPT's dropout below 0": lambda: gpt.GPTConfig(11, attention_dropout=-0.1),
    "attend: a base below 0": lambda: gpt.attend(*(draw(1, 2, 3, 4),) * 3, turn=True, base=-5.0),
    "attend: a base that turns nothing": lambda: gpt.attend(*(draw(1, 2, 3, 4),) * 3, base=500.0),
    "a block's dropout of 2": lambda: tr.DecoderBlock(8, 2, 16, attention_dropout=2),
    "a stack's bias as a text": lambda: tr.TransformerEncoder(9, 8, 2, 1, attention_bias="no"),
    "a configuration's dropout of None": lambda: tr.TransformerConfig(8, 2, 1, attention_dropout=None),
}


@pytest.mark.parametrize("what", BAD)
def test_options_that_cannot_be_are_refused(what):
    with pytest.raises(ValueError, match="should be .*got"):
        BAD[what]()
