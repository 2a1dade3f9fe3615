"""The explorer of a two-way tagger: self-contained, said in words, and the arithmetic is PyTorch's own."""

import numpy as np
import pytest
import torch
from standing_alone import OUTSIDE
from torch import nn

from seqlib.display.explorers.tagging import Rereading

VOCAB, TAGS = ["<pad>", "<unk>", "the", "old", "man", "boats", "."], ["DET", "ADJ", "NOUN", "VERB", "PUNCT"]


def network(seed=0, width=5, hidden=4):
    torch.manual_seed(seed)
    lstm = nn.LSTM(width, hidden, batch_first=True, bidirectional=True).double()
    table, readout = nn.Embedding(len(VOCAB), width).double(), nn.Linear(2 * hidden, len(TAGS)).double()
    p = dict(lstm.named_parameters())
    weights = {"E": table.weight, "W_hy": 6 * readout.weight.T, "b_y": readout.bias}
    for way, end in (("ahead", ""), ("back", "_reverse")):
        weights[f"W_{way}"], weights[f"U_{way}"] = p[f"weight_ih_l0{end}"].T, p[f"weight_hh_l0{end}"].T
        weights[f"b_{way}"] = p[f"bias_ih_l0{end}"] + p[f"bias_hh_l0{end}"]
    return weights, lambda ids: (6 * (lstm(table(ids))[0] @ readout.weight.T) + readout.bias).softmax(-1)


def test_its_tags_are_those_of_pytorchs_own_layer():
    weights, forward = network()
    words = "the old man the BOATS zebra .".split()
    said, chances = Rereading(weights, VOCAB, TAGS, " ".join(words)).tag(words)
    p = forward(torch.tensor([[2, 3, 4, 2, 5, 1, 6]]))[0].detach().numpy()
    assert said == [TAGS[k] for k in p.argmax(axis=1)]
    np.testing.assert_allclose(chances, p.max(axis=1), atol=1e-5)


def test_changes_are_where_a_longer_sentence_has_another_tag():
    for seed in range(6):
        explorer = Rereading(network(seed)[0], VOCAB, TAGS, "the old man the boats .")
        words, told = explorer.text.split(), set(explorer.changes(explorer.text.split()))
        for k in range(2, len(words) + 1):
            old, new = explorer.tag(words[: k - 1])[0], explorer.tag(words[:k])[0]
            assert {(k, p, old[p], new[p]) for p in range(k - 1) if old[p] != new[p]} == {c for c in told if c[0] == k}


def test_it_stands_alone_and_says_what_it_shows():
    explorer = Rereading(network()[0], VOCAB, TAGS, "the old man <b> .", read=3)
    page = explorer._repr_html_()
    assert page.count("<script>") == 1 and "data-lm-suppress-shortcuts" in page and '"read":3' in page
    assert not OUTSIDE.search(page)
    assert "the/" in repr(explorer) and "<b>" not in page.split("<script>")[0]


def test_weights_that_do_not_fit_are_refused():
    weights, _ = network()
    with pytest.raises(ValueError, match="W_hy is missing"):
        Rereading({k: v for k, v in weights.items() if k != "W_hy"}, VOCAB, TAGS, "the")
    with pytest.raises(ValueError, match="expected E of shape"):
        Rereading(weights, [*VOCAB, "more"], TAGS, "the")
