"""Random sizes and types against PyTorch: what the models compute is what PyTorch computes."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from seqlib.models import generate, gpt, layers
from seqlib.models import transformer as tr
from seqlib.models.attention import MultiHeadAttention, attention, masked_softmax, rotary
from seqlib.models.bidirectional import Bidirectional
from seqlib.models.seq2seq import Encoder

few = settings(max_examples=20, deadline=None, derandomize=True)  # derandomize: a failure is the same everywhere
size = st.integers(1, 7)
floats = st.sampled_from([torch.float32, torch.float64])
NEAR = {torch.float16: 1e-2, torch.bfloat16: 3e-2, torch.float32: 1e-4, torch.float64: 1e-9}


def draw(seed, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def same(found, wanted):
    torch.testing.assert_close(found, wanted.to(found.dtype), rtol=NEAR[found.dtype], atol=NEAR[found.dtype])


@few
@given(st.sampled_from(["RNN", "GRU", "LSTM"]), size, size, size, size, floats, st.booleans(), st.integers(0, 99))
def test_recurrent_layers(kind, batch, steps, width, hidden, dtype, begun, seed):
    torch.manual_seed(seed)
    ours, theirs = getattr(layers, kind)(width, hidden).to(dtype), getattr(nn, kind)(width, hidden, batch_first=True)
    theirs = theirs.to(dtype)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.W_xh.T)
        theirs.weight_hh_l0.copy_(ours.W_hh.T)
        for bias in ours.parameters():
            if bias.ndim == 1:
                bias.uniform_(-1, 1)
        theirs.bias_ih_l0.copy_(ours.b_x if kind == "GRU" else ours.b_h)
        theirs.bias_hh_l0.copy_(ours.b_h if kind == "GRU" else torch.zeros_like(ours.b_h))
    x, h, c = (draw(seed, *shape, dtype=dtype) for shape in ((batch, steps, width), (batch, hidden), (batch, hidden)))
    state = ((h, c) if kind == "LSTM" else h) if begun else None
    first = (tuple(part[None] for part in state) if kind == "LSTM" else state[None]) if begun else None
    states, last = ours(x, state)
    wanted, wanted_last = theirs(x, first)
    same(states, wanted)
    for part, other in zip(last, wanted_last, strict=True) if kind == "LSTM" else [(last, wanted_last)]:
        same(part, other.reshape(part.shape))


@few
@given(
    size, size, size, size, st.sampled_from([*NEAR]), st.booleans(), st.sampled_from([1.0, 50.0]), st.integers(0, 99)
)
def test_attention(batch, steps, places, width, dtype, masked, scale, seed):
    q, k, v = (draw(seed + i, batch, n, width, dtype=dtype) for i, n in enumerate((steps, places, places)))
    q = (q * (scale if dtype == torch.float16 else 1.0)).clamp(-200, 200)
    mask = draw(seed, batch, steps, places) > 0 if masked else None
    if masked:
        mask[..., 0] = True
    found, weights = attention(q, k, v, mask)
    wanted = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), attn_mask=mask)
    same(found, wanted)
    assert weights.dtype == dtype and torch.isfinite(weights).all()


@few
@given(size, size, floats, st.integers(0, 99))
def test_a_masked_softmax_gives_nothing_to_a_row_without_places(steps, places, dtype, seed):
    scores, mask = draw(seed, steps, places, dtype=dtype), draw(seed + 1, steps, places) > 0.3
    found = masked_softmax(scores, mask)
    same(found.sum(dim=1), mask.any(dim=1).to(dtype))
    assert (found[~mask] == 0).all()


@few
@given(size, size, st.integers(1, 3), st.integers(1, 5), floats, st.integers(0, 99))
def test_several_heads(batch, steps, heads, d_k, dtype, seed):
    torch.manual_seed(seed)
    width = heads * d_k
    ours = MultiHeadAttention(width, heads).to(dtype)
    theirs = nn.MultiheadAttention(width, heads, batch_first=True).to(dtype)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in (ours.W_q, ours.W_k, ours.W_v)]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in (ours.W_q, ours.W_k, ours.W_v)]))
        theirs.out_proj.load_state_dict(ours.W_o.state_dict())
    x = draw(seed, batch, steps, width, dtype=dtype)
    same(ours(x)[0], theirs(x, x, x)[0])


@few
@given(size, size, st.integers(1, 4), floats, st.integers(0, 30), st.integers(0, 99))
def test_rotary_knows_only_the_distance(steps, batch, half, dtype, ahead, seed):
    q, k = (draw(seed + i, batch, steps, 2 * half, dtype=dtype) for i in range(2))
    near, far = (
        rotary(q, torch.arange(steps) + shift) @ rotary(k, torch.arange(steps) + shift).mT for shift in (0, ahead)
    )
    torch.testing.assert_close(near, far, rtol=1e-3, atol=1e-3)


@few
@given(size, size, st.sampled_from([*NEAR]), st.sampled_from([1.0, 1e4]), st.integers(0, 99))
def test_rms_norm(rows, width, dtype, scale, seed):
    x, weight = (scale * draw(seed, rows, width)).to(dtype), draw(seed + 1, width, dtype=dtype)
    same(gpt.rms_norm(x, weight, 1e-5), F.rms_norm(x.double(), (width,), weight.double(), 1e-5))


@few
@given(
    st.integers(1, 3), st.integers(1, 8), st.integers(1, 2), st.sampled_from([1, 2]), st.sampled_from(["layer", "rms"]),
    st.sampled_from(["learned", "rotary"]), st.sampled_from(["gelu", "swiglu"]), st.booleans(), st.integers(0, 99),
)  # fmt: skip
def test_a_gpt_with_a_cache_is_one_without(batch, steps, depth, groups, norm, positions, inner, qk_norm, seed):
    torch.manual_seed(seed)
    config = gpt.GPTConfig(
        13, 8, 8, depth, 2, kv_heads=groups, norm=norm, positions=positions, feed_forward=inner, qk_norm=qk_norm
    )
    model, tokens = gpt.GPT(config).eval(), torch.randint(13, (batch, steps))
    with torch.no_grad():
        cut = steps // 2
        first, cache = model(tokens[:, :cut], ())
        rest, _ = model(tokens[:, cut:], cache)
        torch.testing.assert_close(torch.cat([first, rest], dim=1), model(tokens), rtol=1e-4, atol=1e-5)


@few
@given(st.sampled_from(["GRU", "LSTM"]), size, size, size, st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_both_directions_of_padded_rows(kind, width, hidden, spare, lengths):
    torch.manual_seed(0)
    steps = max(lengths) + spare - 1
    both = getattr(nn, kind)(width, hidden, batch_first=True, bidirectional=True)
    ours = Bidirectional(*(getattr(nn, kind)(width, hidden, batch_first=True) for _ in range(2)))
    with torch.no_grad():
        for name, weight in both.named_parameters():
            side = ours.back if name.endswith("_reverse") else ours.ahead
            dict(side.named_parameters())[name.removesuffix("_reverse")].copy_(weight)
    x, lengths = draw(1, len(lengths), steps, width, dtype=torch.float32), torch.tensor(lengths)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    wanted, _ = nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True, total_length=steps)
    same(ours(x, lengths)[0], wanted)


@few
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 4), st.sampled_from(["rnn", "gru", "lstm"]))
def test_an_encoder_does_not_read_its_padding(lengths, more, kind):
    torch.manual_seed(1)
    encoder = Encoder(9, 3, 4, kind, bidirectional=True)
    rows = [torch.randint(1, 9, (length,)) for length in lengths]
    source = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    wider = F.pad(source, (0, more))
    same(encoder(wider)[0][:, : source.shape[1]], encoder(source)[0])
    same(encoder(wider)[1], encoder(source)[1])


@few
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.booleans(), st.integers(0, 99))
def test_a_transformer_sees_no_padding_and_no_future(batch, source_length, target_length, pre_norm, seed):
    torch.manual_seed(seed)
    model = tr.Transformer(9, 9, 8, 2, 1, pre_norm=pre_norm).eval()
    source, target = torch.randint(1, 9, (batch, source_length)), torch.randint(1, 9, (batch, target_length))
    logits = model(source, target)
    torch.testing.assert_close(model(F.pad(source, (0, 2)), target), logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(source, F.pad(target, (0, 2)))[:, :target_length], logits, rtol=1e-4, atol=1e-5)


@few
@given(
    st.integers(1, 3), st.integers(2, 9), st.floats(1e-3, 50.0), st.none() | st.integers(1, 12),
    st.none() | st.floats(0.01, 1.0), st.integers(0, 99),
)  # fmt: skip
def test_what_is_cut_off_leaves_probabilities_of_the_likeliest(batch, size, temperature, top_k, top_p, seed):
    logits = draw(seed, batch, size)
    p = generate.filtered(logits, temperature, top_k, top_p)
    same(p.sum(dim=1), torch.ones(batch))
    kept = p > 0
    assert (kept.sum(dim=1) <= (top_k or math.inf)).all() and kept.gather(1, logits.argmax(1, keepdim=True)).all()
    if top_k is None and top_p is None:
        same(p, (logits / temperature).softmax(dim=1))


@few
@given(st.integers(1, 3), st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=2, max_size=6), st.integers(1, 5))
def test_a_beam_of_one_is_greedy_also_where_logits_are_equal(batch, logits, steps):
    def step(tokens, state):
        return torch.tensor(logits).expand(len(tokens), -1), state

    end = len(logits) - 1
    greedy = generate.greedy(step, torch.zeros(batch, 1), 0, end, steps)
    assert torch.equal(generate.beam_search(step, torch.zeros(batch, 1), 0, end, steps, width=1)[0], greedy)
