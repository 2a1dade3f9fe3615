"""The fused path equals what is written out: values, gradients, masks, caches, states."""

import copy
import inspect
import itertools

import pytest
import torch

from seqlib.models import attention, generate, gpt, layers, transformer
from seqlib.models.fused import fused, fused_attention
from seqlib.studies.reading_with_a_cache import stepper


def both(model):
    """A model as written and its fused twin, in float64, where rounding hides nothing."""
    return model.double(), fused(copy.deepcopy(model.double()))


def grads(model, out):
    loss = sum((part * torch.linspace(-1, 1, part.numel(), dtype=part.dtype).view_as(part)).sum() for part in out)
    model.zero_grad()
    loss.backward()
    return {name: p.grad for name, p in model.named_parameters()}


def flat(value):
    """All tensors of nested tuples."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [] if value is None else [tensor for part in value for tensor in flat(part)]


def agree(written, quick, *inputs):
    """Outputs and gradients are the same, and the twin did take another way."""
    for a, b in zip(flat(written(*inputs)), flat(quick(*inputs)), strict=True):
        torch.testing.assert_close(a, b)
    assert [type(p) for p in quick.modules()] != [type(p) for p in written.modules()]
    found, wanted = grads(quick, flat(quick(*inputs))), grads(written, flat(written(*inputs)))
    for name, grad in wanted.items():
        torch.testing.assert_close(found[name], grad, msg=lambda said, name=name: f"{name}: {said}")


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.RNN])
@pytest.mark.parametrize("steps", [1, 7])
def test_recurrent_layers(kind, steps):
    torch.manual_seed(0)
    layer = kind(5, 4)
    with torch.no_grad():
        for weight in layer.parameters():  # biases that are not zero: two of the GRU's are not one
            weight.normal_(std=0.6)
    written, quick = both(layer)
    x = torch.randn(3, steps, 5).double()
    agree(written, quick, x)
    _, state = written(x)
    agree(written, quick, x, tuple(part.detach() for part in state) if kind is layers.LSTM else state.detach())


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.RNN])
def test_recurrent_layers_in_single_precision(kind):
    """There PyTorch hands an LSTM to oneDNN where it has it, in training too: another kernel than in float64."""
    torch.manual_seed(0)
    written = kind(32, 48)
    quick, x = fused(copy.deepcopy(written)), torch.randn(8, 40, 32)
    for a, b in zip(flat(quick(x)), flat(written(x)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    found, wanted = grads(quick, flat(quick(x))), grads(written, flat(written(x)))
    for name, grad in wanted.items():
        assert (found[name] - grad).norm() < 1e-4 * grad.norm(), name


def test_rnn_with_relu_and_with_what_no_kernel_has():
    for activation in (torch.relu, torch.sin):
        torch.manual_seed(0)
        written, quick = both(layers.RNN(5, 4, activation))
        agree(written, quick, torch.randn(3, 6, 5).double())


PARTS = [
    {},
    {"positions": "rotary", "norm": "rms", "feed_forward": "swiglu", "kv_heads": 1, "qk_norm": True, "bias": False},
    {"kv_heads": 2, "tied": False},
]


def model_of(parts):
    torch.manual_seed(0)
    config = gpt.GPTConfig(13, context=24, width=24, layers=2, heads=4, **parts)
    model = gpt.GPT(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return both(model)


@pytest.mark.parametrize("parts", PARTS)
def test_gpt_learns_the_same(parts):
    agree(*model_of(parts), torch.randint(13, (3, 9)))


@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("pieces", [(1,) * 9, (4, 1, 4), (9,), (2, 7)])
def test_gpt_reads_in_pieces(parts, pieces):
    """One position, and several, after a cache of any length: as the whole read at once by the written-out form."""
    written, quick = model_of(parts)
    idx, cache, found = torch.randint(13, (3, 9)), (), []
    for piece in idx.split(pieces, dim=1):
        logits, cache = quick(piece, cache)
        found.append(logits)
    torch.testing.assert_close(torch.cat(found, dim=1), written(idx))
    for a, b in zip(flat(cache), flat(written(idx, ())[1]), strict=True):
        torch.testing.assert_close(a, b)


def test_gpt_writes_the_same():
    written, quick = model_of(PARTS[1])
    start = torch.randint(13, (3, 5))
    texts = [generate.greedy(stepper(m.eval()), m(start, ())[1], 1, 12, 40) for m in (written, quick)]
    assert torch.equal(*texts)


MASKS = {
    "none": None,
    "causal": attention.causal_mask(6),
    "padding": attention.padding_mask(torch.tensor([[3, 4, 5, 0, 0, 0], [1, 1, 1, 1, 1, 1]])),
    "nothing to see": torch.zeros(2, 1, 6, dtype=torch.bool),
    "each its own": torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0)) < 0.4,
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("use_rotary", [False, True])
def test_heads_and_masks(name, use_rotary):
    torch.manual_seed(0)
    written, quick = both(attention.MultiHeadAttention(8, 2, use_rotary))
    x = torch.randn(2, 6, 8).double()
    wanted, weights = written(x, None, MASKS[name])
    found, none = quick(x, None, MASKS[name])
    torch.testing.assert_close(found, wanted)
    assert none is None and weights is not None
    for part, grad in grads(written, [wanted]).items():
        torch.testing.assert_close(grads(quick, [quick(x, None, MASKS[name])[0]])[part], grad)


def test_transformer():
    torch.manual_seed(0)
    written, quick = both(transformer.Transformer(11, 12, 8, 2, 2))
    source = torch.tensor([[3, 4, 5, 0], [6, 7, 8, 9]])
    agree(written, quick, source, torch.tensor([[1, 5, 6], [1, 7, 0]]))


@pytest.mark.parametrize("mask", [m for m in MASKS.values() if m is not None])
def test_attention_function(mask):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 6, 4).double().unbind(0)
    torch.testing.assert_close(fused_attention(q, k, v, mask), attention.attention(q, k, v, mask)[0])


def test_the_way_back_and_what_stays():
    model = gpt.GPT(gpt.GPTConfig(13, context=24, width=24, layers=1, heads=4))
    before, names, said = dict(model.named_parameters()), list(model.state_dict()), repr(model)
    assert fused(model) is fused(model) is model
    assert list(model.state_dict()) == names and repr(model) == said  # a checkpoint of one is one of the other
    assert all(before[name] is p for name, p in model.named_parameters())
    assert type(fused(model, on=False).blocks[0].attention) is gpt.CausalAttention


def test_refuses():
    with pytest.raises(ValueError, match=r"layers of seqlib .*got Linear"):
        fused(torch.nn.Linear(2, 3))
    with pytest.raises(ValueError, match="True or False"):
        fused(layers.LSTM(2, 3), on="yes")
    with pytest.raises(ValueError, match="Module"):
        fused(3)


def test_no_option_of_the_written_form_is_forgotten():
    """A new option of these layers needs its fused form: this list is what both have."""
    options = ["bias", "dropout", "rotary_base"]
    have = {attention.MultiHeadAttention: ["width", "heads", "use_rotary", *options], gpt.CausalAttention: ["config"]}
    for kind, names in have.items():
        assert list(inspect.signature(kind.__init__).parameters)[1:] == names
    fields = set(gpt.GPTConfig.__dataclass_fields__)
    tried = set(itertools.chain(*PARTS)) | {"vocabulary_size", "context", "width", "layers", "heads"}
    own = {"rotary_base", "attention_dropout"}  # tried below
    assert fields - tried - own == {"hidden_size", "dropout", "epsilon"}  # none of the three is the attention's own


@pytest.mark.parametrize("options", [{"bias": False}, {"rotary_base": 500.0}, {"dropout": 0.5}])
def test_options_of_attention(options):
    torch.manual_seed(0)
    layer = attention.MultiHeadAttention(8, 2, use_rotary=True, **options).eval()
    written, quick = both(layer)
    x = torch.randn(2, 5, 8).double()
    torch.testing.assert_close(quick(x)[0], written(x)[0])
    torch.manual_seed(1)
    wanted = written(x)[0].detach()
    if "dropout" in options:  # in the mean over many draws, and never the same twice
        quick.train()
        draws = torch.stack([quick(x)[0].detach() for _ in range(3000)])
        assert draws.std(dim=0).min() > 0
        torch.testing.assert_close(draws.mean(dim=0), wanted, atol=0.05, rtol=0)


def test_options_of_a_gpt():
    torch.manual_seed(0)
    config = gpt.GPTConfig(11, context=8, width=8, layers=2, heads=2, positions="rotary", rotary_base=500.0)
    written, quick = both(gpt.GPT(config).eval())
    ids = torch.randint(11, (2, 6))
    torch.testing.assert_close(flat(quick(ids))[0], flat(written(ids))[0])
