"""What a model looks at, beside the gold alignment."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seqlib.data.number_words import number_pair, number_pairs
from seqlib.data.pairs import pair_batch, pair_vocabularies
from seqlib.display.explorers.attention import attention_explorer
from seqlib.models.attention import DotScore
from seqlib.models.seq2seq import AttentionDecoder, AttentionSeq2Seq, Encoder
from seqlib.studies.where_it_looks import draw, evenly, examples, in_percent, looked_at, straight

PAIRS = number_pairs(40, (1, 3), 100)
WORDS, GERMAN = pair_vocabularies(PAIRS)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    encoder = Encoder(WORDS.size, 5, 4, bidirectional=True)
    return AttentionSeq2Seq(encoder, AttentionDecoder(GERMAN.size, 5, 8, 8, DotScore()))


def task(said=()):
    return SimpleNamespace(batch=lambda pairs: pair_batch(pairs, WORDS, GERMAN), translate=lambda *_: [list(said)])


def test_looks_are_weights_over_the_source_for_each_target_word(model):
    pair = PAIRS[3]
    seen = looked_at(model, task(), pair)
    assert seen.shape == (len(pair.target), len(pair.source))
    assert np.allclose(seen.sum(axis=1), 1, atol=1e-5)
    assert looked_at(model, task(), pair, said=("drei", "und")).shape == (2, len(pair.source))


def test_the_looks_of_a_pair_do_not_depend_on_its_batch(model):
    pair, longer = PAIRS[0], max(PAIRS, key=lambda p: len(p.source))
    source, target_in, _ = task().batch([pair, longer])
    together = model.weights(source, target_in)[0, : len(pair.target), : len(pair.source)]
    assert np.allclose(together.detach().numpy(), looked_at(model, task(), pair), atol=1e-6)


def test_baselines_are_weights_too():
    for pair in PAIRS:
        for weights in (evenly(pair), straight(pair)):
            assert weights.shape == (len(pair.target), len(pair.source)) and np.allclose(weights.sum(axis=1), 1)
    assert straight(PAIRS[0])[0, 0] == 1


def test_the_mean_of_scores_in_percent():
    assert in_percent(lambda weights, links: (len(links) > 0, 0.5), evenly, PAIRS).tolist() == [100, 50]


def test_pictures_and_examples(model):
    from seqlib.display.figures import figure, png

    pair = number_pair([42, 7])
    fig, ax = figure()
    draw(ax, evenly(pair), pair)
    assert len(ax.lines) == len(pair.links) and png(fig)
    found = examples(model, task(said=pair.target), [[42, 7], [1]])
    assert [name for name, *_ in found] == ["42, 7 (right)", "1 (wrong)"]
    assert "42, 7 (right)" in repr(attention_explorer(found))
    said_nothing = examples(model, task(), [[3]])[0]
    assert said_nothing[1] == list(number_pair([3]).target)
