"""Captions as a task: trained, translated, scored."""

import numpy as np
import pytest
import torch

from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq
from seqlib.studies import translating_captions as captions

GERMAN = ["ein mann läuft .", "eine frau läuft .", "ein hund schläft .", "zwei männer laufen schnell ."]
ENGLISH = ["a man runs .", "a woman runs .", "a dog sleeps .", "two men run fast ."]


@pytest.fixture(autouse=True)
def few(monkeypatch, tmp_path):
    pairs = [(a.split(), b.split()) for a, b in zip(GERMAN, ENGLISH, strict=True)] * 8
    monkeypatch.setattr(captions, "multi30k", lambda part: pairs)
    monkeypatch.setattr(captions, "lines", lambda part, language: [" ".join(english) for _, english in pairs])
    monkeypatch.setitem(captions.SIZES, "live", (16, 32, 4, 1))
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")


def make(words, english, E, H):
    return Seq2Seq(Encoder(words, E, H), Decoder(english, E, H, H))


def test_it_learns_four_captions_by_heart():
    torch.set_num_threads(1)
    model, words, english, history = captions.train_captions(make, "live", steps=200, lr=1e-2)
    said = captions.translate_captions(model, words, english)
    assert np.mean([a == b for a, b in zip(said, [e.replace(" .", ".") for e in ENGLISH] * 8, strict=True)]) > 0.7
    assert captions.bleu(said) > 60 and history.losses[-1] < history.losses[0]


def test_the_ladder_is_in_order_and_says_what_is_whose():
    labels, values = captions.ladder({"attention": 25.0})
    assert values == sorted(values) and len(labels) == len(captions.LADDER) + 1
    assert labels[values.index(25.0)] == "here:\nattention"
