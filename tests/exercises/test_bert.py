"""What 17 builds: the shares of its masking rule, its head against a public BERT's, padding and causality."""

import numpy as np
import pytest
import torch
from course.sources import namespace, source_of

N = namespace(source_of("17"))
FIRST, MASK = N["FIRST"], N["MASK"]


def sentences(count=600, size=50, longest=20):
    g = torch.Generator().manual_seed(0)
    lengths = torch.randint(5, longest, (count,), generator=g)
    tokens = torch.randint(FIRST, size, (count, longest + 2), generator=g)
    places = torch.arange(longest + 2)
    tokens[places > lengths[:, None]] = 0
    tokens[:, 0] = N["CLS"]
    tokens[torch.arange(count), lengths] = N["SEP"]
    return tokens


def test_the_shares_are_15_and_of_these_80_10_10():
    batches = N["masked_sampler"](sentences(), 50)
    drawn = [batches(step) for step in range(60)]
    fates = {"[MASK]": 0, "itself": 0, "another": 0}
    words = chosen = 0
    for inputs, labels in drawn:
        at = labels >= 0
        assert (labels[at] >= FIRST).all() and ((inputs >= FIRST) | (inputs == MASK))[at].all()
        words += ((inputs >= FIRST) | (inputs == MASK)).sum().item()
        chosen += at.sum().item()
        fates["[MASK]"] += (inputs[at] == MASK).sum().item()
        fates["itself"] += (inputs[at] == labels[at]).sum().item()
    assert abs(chosen / words - 0.15) < 0.01
    assert abs(fates["[MASK]"] / chosen - 0.8) < 0.02
    assert abs(fates["itself"] / chosen - (0.1 + 0.1 / (50 - FIRST))) < 0.02


def test_batches_depend_on_step_and_seed_alone_and_differ():
    one, again, other = (N["masked_sampler"](sentences(), 50, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one(3)[1], again(3)[1])
    assert one(3)[1].shape != one(4)[1].shape or not torch.equal(one(3)[1], one(4)[1])
    assert one(3)[1].shape != other(3)[1].shape or not torch.equal(one(3)[1], other(3)[1])


def test_causal_batches_ask_for_the_next_word():
    inputs, labels = N["masked_sampler"](sentences(), 50, causal=True)(0)
    assert torch.equal(labels[:, :-1][labels[:, :-1] >= 0], inputs[:, 1:][inputs[:, 1:] > 0])
    assert (labels != 0).all() and (inputs != MASK).all()


def test_padding_changes_no_guess_and_a_causal_network_does_not_look_ahead():
    torch.manual_seed(0)
    model, tokens = N["Bert"](50, width=16, heads=2).double(), N["trim"](sentences(4))
    guesses = model(tokens)
    padded = model(torch.nn.functional.pad(tokens, (0, 6)))[:, : tokens.shape[1]]
    assert torch.allclose(guesses[tokens > 0], padded[tokens > 0], atol=1e-12)
    changed = tokens.clone()
    changed[:, 4] = changed[:, 4] % 40 + FIRST + 1
    assert torch.allclose(model(changed, causal=True)[:, :4], model(tokens, causal=True)[:, :4], atol=1e-12)
    assert (model(changed)[:, 1] != guesses[:, 1]).any()


def test_guesses_at_some_places_are_those_of_all():
    torch.manual_seed(0)
    model, tokens = N["Bert"](50, width=16, heads=2).double(), N["trim"](sentences(4))
    places = torch.rand(tokens.shape) < 0.3
    assert torch.allclose(model(tokens, False, places)[0], model(tokens)[places], atol=1e-12)


def test_the_head_is_the_one_of_a_public_bert():
    """transformers' own head, with random weights: dense, GELU, layer norm, the words' vectors, a bias."""
    transformers = pytest.importorskip("transformers")
    from transformers.models.bert.modeling_bert import BertLMPredictionHead

    torch.manual_seed(0)
    config = transformers.BertConfig(hidden_size=12, vocab_size=30, hidden_act="gelu", layer_norm_eps=1e-5)
    head = BertLMPredictionHead(config).double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    states, part = torch.randn(2, 5, 12, dtype=torch.float64), head.transform
    with torch.no_grad():
        ours = N["mlm_logits"](states, part.dense.weight.T, part.dense.bias, part.LayerNorm.weight, part.LayerNorm.bias,
                               head.decoder.weight, head.decoder.bias)  # fmt: skip
        assert torch.allclose(ours, head(states), atol=1e-10)


def test_bayes_for_the_three_rules():
    prior = torch.tensor([0.01, 0.5, 0.99], dtype=torch.float64)
    assert torch.allclose(N["trust"](prior, 100, 0.2, 0.0), torch.ones(3, dtype=torch.float64))
    # By simulation: 10 % keep, 10 % at random among 20 words, the rest is [MASK].
    rng = np.random.default_rng(0)
    truth = np.where(rng.random(400_000) < 0.3, 0, rng.integers(1, 20, 400_000))
    kind, drawn = rng.random(400_000), rng.integers(0, 20, 400_000)
    shown = np.where(kind < 0.8, -1, np.where(kind < 0.9, drawn, truth))
    measured = (truth[shown == 0] == 0).mean()
    assert abs(measured - N["trust"](torch.tensor(0.3), 20).item()) < 0.01
