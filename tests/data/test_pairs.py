"""Batches of pairs for an encoder and a decoder, and SCAN's files as pairs."""

import pytest
import torch

from seqlib.data.pairs import END, START, pair_batch, pair_vocabularies
from seqlib.data.scan import scan
from seqlib.data.windows import PAD, UNK

PAIRS = [(["one", "two"], ["eins"]), (("three",), ("drei", "vier", "eins"))]


def test_the_target_goes_in_one_step_before_it_comes_out():
    source_vocabulary, target_vocabulary = pair_vocabularies(PAIRS)
    source, target_in, target_out = pair_batch(PAIRS, source_vocabulary, target_vocabulary)
    assert source.shape == (2, 2) and target_in.shape == target_out.shape == (2, 4)
    assert source_vocabulary.decode(source[1]) == ["three", PAD]
    assert target_vocabulary.decode(target_in[1]) == [START, "drei", "vier", "eins"]
    assert target_vocabulary.decode(target_out[1]) == ["drei", "vier", "eins", END]
    assert target_out[0].tolist()[2:] == [-100, -100] and target_in[0].tolist()[2:] == [0, 0]
    assert torch.equal(target_in[1, 1:], target_out[1, :-1])


def test_rare_and_new_words_are_unknown():
    source_vocabulary, target_vocabulary = pair_vocabularies([*PAIRS, (["one"], ["eins"])], min_count=2)
    assert source_vocabulary.tokens == [PAD, UNK, "one"]
    assert target_vocabulary.tokens == [PAD, UNK, START, END, "eins"]
    source, _, _ = pair_batch([(["seven", "one"], ["eins"])], source_vocabulary, target_vocabulary)
    assert source.tolist() == [[1, 2]]


def test_scan_is_read_from_its_lines(tmp_path, monkeypatch):
    file = tmp_path / "part.txt"
    file.write_text("IN: jump twice OUT: I_JUMP I_JUMP\nIN: turn left OUT: I_TURN_LEFT\n", encoding="utf-8")
    asked = []
    monkeypatch.setattr("seqlib.data.scan.fetch", lambda name, quiet: asked.append(name) or file)
    assert scan("length", "test") == [(["jump", "twice"], ["JUMP", "JUMP"]), (["turn", "left"], ["TURN_LEFT"])]
    assert asked == ["scan/tasks_test_length.txt"]


def test_an_unknown_split_is_said():
    for split, part in (("long", "train"), ("simple", "dev")):
        with pytest.raises(ValueError, match="expected one of"):
            scan(split, part)
