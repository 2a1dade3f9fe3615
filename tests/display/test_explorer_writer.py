"""The writer explorer outside the browser: eight bits are enough, the HTML stands alone, errors say what came."""

import re

import numpy as np
import pytest
import torch

from seqlib.display.explorers.writer import WriterExplorer
from seqlib.studies.writing_characters import CharacterLSTM

VOCAB = list("\n abcdef(")


def model(hidden_size=12):
    torch.manual_seed(3)
    made = CharacterLSTM(len(VOCAB), hidden_size, width=6).double()
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn(weight.shape, dtype=torch.float64) * 0.5)
    return made


def test_eight_bits_give_nearly_the_models_probabilities():
    made = model()
    explorer = WriterExplorer.of(made, VOCAB, text="abc (fed")
    with torch.no_grad():
        ids = torch.tensor([[VOCAB.index(c) for c in "abc (fed"]])
        p = made(ids)[0][0, -1].softmax(dim=0).numpy()
    assert np.abs(explorer.probabilities(1.0) - p).max() < 0.02
    assert explorer.probabilities(0.2).max() > explorer.probabilities(1.0).max()


def test_a_strange_character_is_read_as_a_space():
    explorer = WriterExplorer.of(model(), VOCAB)
    assert np.allclose(explorer.read("a%b"), explorer.read("a b"))
    assert not np.allclose(explorer.read("acb"), explorer.read("a b"))


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    explorer = WriterExplorer.of(model(192), VOCAB)
    page = explorer._repr_html_()
    assert page == explorer._repr_html_() and len(page) < 320_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1 and "data-lm-suppress-shortcuts" in page


def test_the_text_says_what_the_picture_shows_and_wrong_shapes_are_named():
    explorer = WriterExplorer.of(model(), VOCAB, text="ab")
    best = VOCAB[int(explorer.probabilities().argmax())]
    assert "LSTM of 12 units reads “ab”" in repr(explorer) and (best.strip() or "␣") in repr(explorer).replace("↵", "␣")
    with pytest.raises(ValueError, match=r"W_hy should have shape \(4, 9\), got \(9, 4\)"):
        WriterExplorer(
            {"W_xh": np.ones((9, 16)), "W_hh": np.ones((4, 16)), "W_hy": np.ones((9, 4)), "b_y": np.ones(9)}, VOCAB
        )
