"""seqlib.models.gpt against public implementations with copied weights, and against itself with and without a cache."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.models.attention import attention, rotary
from seqlib.models.gpt import (
    GPT,
    MLP,
    Block,
    GPTConfig,
    RMSNorm,
    attend,
    cached_mask,
    from_gpt2,
    repeat_heads,
    rms_norm,
)

MODERN = {"norm": "rms", "positions": "rotary", "feed_forward": "swiglu", "kv_heads": 2, "qk_norm": True, "bias": False}
KINDS = [{}, {"norm": "rms"}, {"positions": "rotary"}, {"feed_forward": "swiglu"}, {"kv_heads": 1}, {"qk_norm": True},
         {"tied": False, "bias": False}, MODERN]  # fmt: skip


def small(seed=0, **change):
    """A small GPT in float64 none of whose weights is zero or one."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(13, context=12, width=24, layers=3, heads=4, **change)).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.4)
    return model


def tokens(*shape, size=13, seed=1):
    return torch.randint(size, shape, generator=torch.Generator().manual_seed(seed))


# -- public implementations ------------------------------------------------------------------------------------------


def public_gpt2():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=29, n_positions=16, n_embd=24, n_layer=3, n_head=4, n_inner=40, attn_pdrop=0, embd_pdrop=0,
        resid_pdrop=0, layer_norm_epsilon=3e-5,
    )  # fmt: skip
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.3)
    return model, config


@pytest.mark.parametrize("dtype,tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_weights_of_a_public_gpt2_give_the_same_logits(dtype, tolerance):
    theirs, config = public_gpt2()
    theirs = theirs.to(dtype)
    ours, idx = from_gpt2(theirs.state_dict(), config), tokens(3, 16, size=29)
    with torch.no_grad():
        expected = theirs(idx).logits
        torch.testing.assert_close(ours(idx), expected, rtol=tolerance, atol=tolerance * expected.abs().max().item())
    assert ours.head.weight is ours.tokens.weight and ours.head.weight.dtype == dtype


def test_every_weight_of_the_public_gpt2_is_used():
    theirs, config = public_gpt2()
    ours = from_gpt2(theirs.state_dict(), config)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


def from_llama(model):
    """A GPT with the weights of transformers.LlamaForCausalLM: rotary, RMSNorm, SwiGLU, grouped queries, no biases."""
    c = model.config
    ours = GPT(GPTConfig(c.vocab_size, c.max_position_embeddings, c.hidden_size, c.num_hidden_layers,
                         c.num_attention_heads, c.num_key_value_heads, c.intermediate_size, "rms", "rotary", "swiglu",
                         bias=False, tied=False, epsilon=c.rms_norm_eps))  # fmt: skip
    names = {"model.embed_tokens": "tokens", "model.layers": "blocks", "model.norm.weight": "norm.scale",
             "lm_head": "head", "input_layernorm.weight": "norm_1.scale",
             "post_attention_layernorm.weight": "norm_2.scale",
             "self_attn": "attention", "q_proj": "W_q", "k_proj": "W_k", "v_proj": "W_v", "o_proj": "W_o",
             "gate_proj": "W_gate", "up_proj": "W_up", "down_proj": "W_down"}  # fmt: skip
    given = {}
    for name, weight in model.state_dict().items():
        for theirs, mine in names.items():
            name = name.replace(theirs, mine)
        given[name] = weight
    ours.to(next(model.parameters()).dtype).load_state_dict(given)
    return ours


def test_weights_of_a_public_llama_give_the_same_logits():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=31, hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=False,
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).double().eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.3)
        idx = tokens(2, 11, size=31)
        # They compute the angles in float32, whatever the weights are.
        torch.testing.assert_close(from_llama(theirs)(idx), theirs(idx).logits, rtol=1e-5, atol=1e-5)


def test_a_block_equals_torchs_in_values_and_gradients():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(12, 3, 30, 0.0, lambda x: F.gelu(x, approximate="tanh"), batch_first=True,
                                       norm_first=True, dtype=torch.float64)  # fmt: skip
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.5)
    ours = Block(GPTConfig(1, width=12, heads=3, hidden_size=30)).double()
    pairs = [(ours.norm_1, layer.norm1), (ours.norm_2, layer.norm2), (ours.mlp.W_up, layer.linear1),
             (ours.mlp.W_down, layer.linear2), (ours.attention.W_o, layer.self_attn.out_proj)]  # fmt: skip
    for mine, theirs in pairs:
        mine.load_state_dict(theirs.state_dict())
    inner = (ours.attention.W_q, ours.attention.W_k, ours.attention.W_v)
    with torch.no_grad():
        for k, mine in enumerate(inner):
            mine.weight.copy_(layer.self_attn.in_proj_weight.chunk(3)[k])
            mine.bias.copy_(layer.self_attn.in_proj_bias.chunk(3)[k])
    x, weights = torch.randn(2, 2, 7, 12, dtype=torch.float64)
    mask = nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    values = [ours(x)[0], layer(x, src_mask=mask)]
    for value in values:
        (value * weights).sum().backward()
    pairs_of_gradients = [(mine.weight.grad, theirs.weight.grad) for mine, theirs in pairs]
    pairs_of_gradients += zip([m.weight.grad for m in inner], layer.self_attn.in_proj_weight.grad.chunk(3), strict=True)
    for a, b in [values, *pairs_of_gradients]:
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


# -- the cache -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", KINDS, ids=str)
@pytest.mark.parametrize("cuts", [(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), (5, 6, 12), (12,)], ids=len)
def test_reading_in_pieces_equals_reading_at_once(change, cuts):
    model, idx = small(**change), tokens(2, 12)
    with torch.no_grad():
        whole, cache, pieces = model(idx), (), []
        for start, stop in zip((0, *cuts), cuts, strict=False):
            logits, cache = model(idx[:, start:stop], cache)
            pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=1e-10, atol=1e-10)
    groups = change.get("kv_heads") or 4
    assert [tuple(part.shape) for part in cache[0]] == [(2, groups, 12, 6)] * 2 and len(cache) == 3


@pytest.mark.parametrize("change", [{}, MODERN], ids=str)
def test_a_cache_is_returned_and_the_given_one_stays_as_it_was(change):
    """So that a prompt is read once and continued in several ways."""
    model, idx = small(**change), tokens(2, 12)
    with torch.no_grad():
        _, prompt = model(idx[:, :5], ())
        before = [tuple(part.clone() for part in pair) for pair in prompt]
        one, longer = model(idx[:, 5:9], prompt)
        again, _ = model(idx[:, 5:9], prompt)
        assert torch.equal(one, again) and longer[0][0].shape[2] == 9
        for pair, kept in zip(prompt, before, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(pair, kept, strict=True))
        torch.testing.assert_close(model(idx[:, 9:], longer)[0], model(idx)[:, 9:], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("change", KINDS, ids=str)
def test_the_future_changes_nothing(change):
    model, idx = small(**change), tokens(2, 12)
    other = idx.clone()
    other[:, 7:] = (other[:, 7:] + 1) % 13
    with torch.no_grad():
        assert torch.equal(model(idx)[:, :7], model(other)[:, :7])
        assert not torch.allclose(model(idx)[:, 7:], model(other)[:, 7:])


def test_rotary_positions_know_only_distances_and_unturned_keys_are_kept():
    x = torch.randn(2, 4, 9, 6, dtype=torch.float64)
    out, (keys, values) = attend(x, x, x, turn=True)
    later = torch.arange(100, 109)
    elsewhere, _ = attention(rotary(x, later), rotary(x, later), x, cached_mask(9, 9))
    torch.testing.assert_close(out, elsewhere, rtol=1e-5, atol=1e-5)  # angles are float32
    assert torch.equal(keys, x) and torch.equal(values, x)


def test_learned_positions_end_at_the_context():
    with pytest.raises(ValueError, match="context, 12"):
        small()(tokens(1, 13))
    assert small(positions="rotary")(tokens(1, 40)).shape == (1, 40, 13)


# -- the parts -------------------------------------------------------------------------------------------------------


def test_rms_norm_is_torchs():
    x, scale = torch.randn(3, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    torch.testing.assert_close(rms_norm(x, scale, 0.3), F.rms_norm(x, (5,), scale, 0.3), rtol=1e-12, atol=1e-12)
    assert RMSNorm(5)(x.float()).shape == (3, 5)


def test_the_mask_of_a_whole_text_is_the_causal_one_and_its_last_rows_are_those_of_a_cache():
    whole = cached_mask(6, 6)
    assert torch.equal(whole, torch.ones(6, 6, dtype=torch.bool).tril())
    assert torch.equal(cached_mask(2, 6), whole[4:])


def test_neighbouring_query_heads_share():
    shared = torch.arange(2.0).reshape(1, 2, 1, 1)
    assert repeat_heads(shared, 6).flatten().tolist() == [0, 0, 0, 1, 1, 1]


def test_a_gated_layer_has_as_many_weights_as_a_plain_one():
    plain, gated = (MLP(GPTConfig(5, width=48, feed_forward=kind, bias=False)) for kind in ("gelu", "swiglu"))
    assert sum(p.numel() for p in plain.parameters()) == sum(p.numel() for p in gated.parameters())


def test_tied_weights_exist_once_and_gpt2_has_its_published_number():
    with torch.device("meta"):
        model = GPT(GPTConfig(50257, 1024, 768, 12, 12))
    assert sum(p.numel() for p in model.parameters()) == 124_439_808
    assert small(tied=False).head.weight is not small(tied=False).tokens.weight


def test_what_is_added_to_the_stream_begins_smaller():
    torch.manual_seed(0)
    model = GPT(GPTConfig(200, width=96, layers=8))
    stds = {name: p.std().item() for name, p in model.named_parameters() if p.ndim == 2}
    assert all(abs(s - (0.005 if "W_o" in n or "W_down" in n else 0.02)) < 0.001 for n, s in stds.items()), stds


def test_dropout_acts_in_training_only():
    model, idx = small(dropout=0.5), tokens(2, 8)
    assert not torch.equal(model(idx), model(idx))
    model.eval()
    assert torch.equal(model(idx), model(idx))


def test_from_gpt2_takes_names_with_and_without_their_prefix():
    theirs, config = public_gpt2()
    short = {name.removeprefix("transformer."): weight for name, weight in theirs.state_dict().items()}
    one, other = from_gpt2(theirs.state_dict(), config), from_gpt2(short, SimpleNamespace(**config.to_dict()))
    idx = tokens(1, 5, size=29)
    assert torch.equal(one(idx), other(idx))
