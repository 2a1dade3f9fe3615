"""The instruments of 14: reach, cross-attention weights, models without a part, confidence, any pairs."""

import numpy as np
import pytest
import torch

from seqlib.data.number_words import number_pair
from seqlib.data.pairs import pair_batch, pair_vocabularies
from seqlib.models.transformer import Transformer
from seqlib.studies import what_each_part_does as dissect

SOURCE = torch.tensor([[4, 7, 2, 9, 3], [5, 3, 6, 0, 0]])
TARGET = torch.tensor([[2, 5, 3, 6], [2, 4, 4, 3]])


def small(**options):
    torch.manual_seed(0)
    return Transformer(11, 9, 8, 2, 2, **options).double()


class Task:
    """What cross_weights asks of a task: a batch of pairs."""

    def __init__(self, pairs):
        self.vocabularies = pair_vocabularies(pairs)

    def batch(self, pairs):
        return pair_batch(pairs, *self.vocabularies)


def test_reach_is_one_at_the_last_word_and_a_gradient_elsewhere():
    model = small()
    found = dissect.reach(model, SOURCE[:1], TARGET[:1])
    assert found.shape == (5,) and found[-1] == 1 and (found > 0).all()
    nudged = []
    for place in range(5):  # the same by centred differences, one number of one word's vector after the other
        slopes = []
        for k in range(8):
            two = []
            for sign in (1, -1):

                def shift(module, args, out, place=place, k=k, sign=sign):
                    out = out.clone()
                    out[0, place, k] += sign * 1e-5
                    return out

                hook = model.encoder.embedding.register_forward_hook(shift)
                with torch.no_grad():
                    two.append(model(SOURCE[:1], TARGET[:1])[:, 0].square().sum().item())
                hook.remove()
            slopes.append((two[0] - two[1]) / 2e-5)
        nudged.append(np.linalg.norm(slopes))
    np.testing.assert_allclose(found, np.array(nudged) / nudged[-1], rtol=1e-5)


def test_cross_weights_are_those_of_every_head_and_sum_to_one():
    pairs = [number_pair([42, 7]), number_pair([13])]
    task = Task(pairs)
    torch.manual_seed(0)
    model = Transformer(*(v.size for v in task.vocabularies), 8, 2, 3)
    weights = dissect.cross_weights(model, task, pairs[0])
    assert weights.shape == (6, len(pairs[0].target) + 1, len(pairs[0].source))
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(6, weights.shape[1]))
    shares = dissect.on_gold(model, task, pairs)
    assert shares.shape == (6,) and ((shares >= 0) & (shares <= 1)).all()


def test_on_gold_is_one_where_the_weights_are_the_alignment(monkeypatch):
    pair = number_pair([42, 13])

    def gold(model, task, pair):
        weights = torch.zeros(2, len(pair.target), len(pair.source))
        for s, t in pair.links:
            weights[0, t, s] = 1.0
            weights[1, t, (s + 1) % len(pair.source)] = 1.0
        return weights

    monkeypatch.setattr(dissect, "cross_weights", gold)
    right, wrong = dissect.on_gold(None, None, [pair])
    assert right == 1 and wrong < 0.5


@pytest.mark.parametrize("part", dissect.PARTS)
def test_each_part_can_be_taken_out_and_changes_what_is_said(part):
    whole, less = small(), dissect.without(small(), part)
    with torch.no_grad():
        same = torch.allclose(whole(SOURCE, TARGET), less(SOURCE, TARGET))
    assert same == (part == "nothing")
    less(SOURCE, TARGET).sum().backward()


def test_what_the_parts_are_for_is_gone():
    with torch.no_grad():
        later = TARGET.clone()
        later[:, -1] = 7
        leaky = dissect.without(small(), "causal mask")
        assert not torch.allclose(leaky(SOURCE, TARGET)[:, 0], leaky(SOURCE, later)[:, 0])
        blind = dissect.without(small(), "cross-attention")
        torch.testing.assert_close(blind(SOURCE, TARGET), blind(SOURCE.flip(0), TARGET))
        bag = dissect.without(small(), "positions")
        torch.testing.assert_close(bag(SOURCE[:1], TARGET[:1]), bag(SOURCE[:1].flip(1), TARGET[:1]))


def test_without_an_unknown_part_says_which_there_are():
    with pytest.raises(ValueError, match="residuals.*got 'wheels'"):
        dissect.without(small(), "wheels")


def test_unscaled_scores_are_root_d_k_times_larger():
    plain, unscaled = small(), dissect.without(small(), "scale")
    x = torch.randn(2, 3, 8, dtype=torch.float64)
    one, other = (model.encoder.blocks[0].attention.W_q(x) for model in (plain, unscaled))
    torch.testing.assert_close(other, one * 2)  # heads 4 wide


def test_confidence_counts_only_real_words():
    logits = torch.tensor([[[2.0, 0, 0], [0, 1.0, 0], [9.0, 0, 0]]], dtype=torch.float64)
    sure, right, nats = dissect.confidence(lambda *_: logits, (SOURCE[:1], None, torch.tensor([[0, 2, -100]])))
    p = logits.softmax(dim=2)[0]
    assert sure == pytest.approx((p[0, 0] + p[1, 1]).item() / 2) and right == 0.5
    assert nats == pytest.approx(-(p[0, 0].log() + p[1, 2].log()).item() / 2)


def test_any_pairs_can_be_learned_and_written():
    pairs = [(tuple("abc"), tuple("xyz")), (tuple("cb"), tuple("zy")), (tuple("a"), tuple("x"))]
    words = pair_vocabularies(pairs)
    torch.manual_seed(0)
    model = Transformer(*(v.size for v in words), 16, 2, 1)
    history = dissect.train_on(model, pairs, words, steps=60, lr=1e-2, size=8)
    assert history.last(5) < 0.1
    said = dissect.write(model, [source for source, _ in pairs], words, longest=5, size=2)
    assert said == [list(target) for _, target in pairs]
