"""SST-2 is read right, and its training part shares nothing with its test part."""

import numpy as np
import pytest

from seqlib.data import DataUnavailable, available
from seqlib.data import sentiment as s


def test_lines_are_labels_and_tokens():
    sentences, labels = s._read("1 a fine film\n\n0 it ca n't\n")
    assert sentences == [["a", "fine", "film"], ["it", "ca", "n't"]]
    assert labels.tolist() == [1, 0] and labels.dtype == np.int64


def test_how_far_a_negation_reaches():
    words = "the film was not really good and they say the cast was in truth bad".split()
    scope = dict(zip(words[:6] + words[10:], s.negation_scope(words)[:6] + s.negation_scope(words)[10:], strict=False))
    assert [scope[w] for w in ("really", "good", "truth", "bad")] == [1, 1, 0, 0]
    assert {scope[w] for w in ("the", "film", "was", "not", "cast")} == {-100}
    assert s.negation_scope(words)[6:9] == [-100] * 3


def test_part_is_checked():
    with pytest.raises(ValueError, match="train, dev or test"):
        s.sst2("valid")


def test_without_a_network_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path))
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:9/")
    with pytest.raises(DataUnavailable):
        s.sst2("test")


@pytest.mark.skipif(not available("sst2/stsa.binary.train"), reason="SST-2 is not here")
def test_sizes_and_no_leak():
    parts = {part: s.sst2(part) for part in ("train", "dev", "test")}
    assert {part: len(x) for part, (x, _) in parts.items()} == {"train": 6909, "dev": 872, "test": 1821}
    train = {tuple(x) for x in parts["train"][0]}
    assert len(train) == 6909 and not train & {tuple(x) for x in parts["test"][0] + parts["dev"][0]}
    assert all(len(x) == len(y) for x, y in parts.values())
