"""Spoken digits: splits that do not leak, strings as long as they should be; the archive where it is at hand."""

import numpy as np
import pytest

from seqlib.data.download import available
from seqlib.data.spoken import ARCHIVE, Spoken, official_split, spoken_digits, strung_together
from seqlib.data.tones import RATE

FEW = [Spoken(d, who, take, np.ones(800 + 10 * take)) for d in "07" for who in ("ann", "bob") for take in range(8)]


def test_the_official_split_holds_out_takes_and_the_other_a_speaker():
    train, test = official_split(FEW)
    assert {s.take for s in test} == {0, 1, 2, 3, 4} and {s.take for s in train} == {5, 6, 7}
    train, test = official_split(FEW, "bob")
    assert {s.speaker for s in test} == {"bob"} and {s.speaker for s in train} == {"ann"}
    assert len(train) + len(test) == len(FEW)
    with pytest.raises(ValueError, match="ann, bob"):
        official_split(FEW, "carl")


def test_strings_are_their_recordings_with_gaps_between():
    signals, said = strung_together(np.random.default_rng(0), [FEW[:2], FEW[20:21]], noise=0.0)
    assert said == ["00", "7"] and signals.shape[0] == 2
    assert signals[0].sum() == len(FEW[0].signal) + len(FEW[1].signal)
    assert signals[1].sum() == len(FEW[20].signal)
    assert signals.shape[1] <= 2 * 1000 + 3 * 0.25 * RATE


@pytest.mark.skipif(not available(ARCHIVE), reason="the archive is not here")
def test_the_archive_holds_what_its_card_says():
    everything = spoken_digits()
    assert len(everything) == 2500 and len({s.speaker for s in everything}) == 5
    assert {s.take for s in everything} == set(range(50)) and {s.digit for s in everything} == set("0123456789")
    assert all((s.signal**2).mean() == pytest.approx(1) for s in everything[::97])
    assert [len(part) for part in official_split(everything)] == [2250, 250]
