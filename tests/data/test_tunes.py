"""Tunes as plain text: what is kept of ABC, bars, repeats, and the notes as they are played."""

import re
from fractions import Fraction

import pytest

from seqlib.data import tunes
from seqlib.data.tunes import bars, library_tunes, melody, plain_tunes, repeats_close, unfolded

ABC = """X: 1
T: A Jig
M: 6/8
L: 1/8
R: jig
K: Gmaj
"G"B~AG {f}(AGE) | .D2-D !trill!G3 :|
|: vA>B A/2B//c (3def :: [1 g6 |]

X: 2
T: A chord
M: C|
K: D
[Ad]2 B2 | A4 |]

X: 3
T: A change of key
M: 2/4
L: 1/16
K: D
A2B2c2d2|e4f4|
K: G
A2B2c2d2|e4f4|]
"""


def tune(body, header="M:6/8\nL:1/8\nK:G"):
    return f"{header}\n{body}\n"


def test_only_notes_and_bars_stay():
    long = ABC.replace("[1 g6", "g6 | " + "A2B c2d | " * 6)
    (found,) = plain_tunes(long)
    assert found.title == "A Jig"
    header, body = found.text.rsplit("\n", 2)[0], found.text.split("\n")[3]
    assert header == "M:6/8\nL:1/8\nK:G"
    assert body.startswith("BAGAGE|D2DG3:||:A>BA/B/4c(3def:||:g6|A2Bc2d|")


@pytest.mark.parametrize("field, wanted", [("C", "M:4/4"), ("C|", "M:2/2"), ("9/8", "M:9/8")])
def test_metres_in_letters_become_numbers(field, wanted):
    (found,) = plain_tunes(f"X:1\nM:{field}\nL:1/8\nK:Edor\n" + "ABcd|" * 20)
    assert found.text.startswith(wanted) and "\nK:Edor\n" in found.text


def test_without_a_length_the_standard_says_which():
    short, long = (plain_tunes(f"X:1\nM:{metre}\nK:D\n" + "ABcd|" * 20)[0] for metre in ("2/4", "6/8"))
    assert "L:1/16" in short.text and "L:1/8" in long.text


def test_bars_stand_in_sections():
    assert bars(tune("d|BAG|AGE:||:gfe|d2c|[1B3:|[2G3|")) == [["d", "BAG", "AGE"], ["gfe", "d2c"], ["B3"], ["G3"]]


@pytest.mark.parametrize("good", ["ABc|d3|", "ABc:|", "|:A3|B3:|", "A3:||:B3:|", "|:A3|[1B3:|[2c3|", "A3|:B3:|c3|"])
def test_repeats_that_close(good):
    assert repeats_close(tune(good))


@pytest.mark.parametrize("bad", ["|:A3|B3|", "|:A3|:B3:|", "A3:||:B3|", "|:A3|[1B3:|c3|", "|:A3|[1B3|", "A3:|[2B3|"])
def test_repeats_that_do_not(bad):
    assert not repeats_close(tune(bad))


def test_unfolded_plays_repeats_twice_with_their_endings():
    assert unfolded(tune("|:a|b|[1c:|[2d|")) == "a b c a b d".split()
    assert unfolded(tune("a|b:||:c:|")) == "a b a b c c".split()
    assert unfolded(tune("a|:b:|c|")) == "a b b c".split()


def test_melody_knows_keys_accidentals_octaves_and_lengths():
    eighth = Fraction(1, 2)
    assert melody(tune("FfC,c'z|^c2=f/c|c|")) == [
        (66, eighth), (78, eighth), (48, eighth), (84, eighth), (None, eighth),
        (73, 2 * eighth), (77, eighth / 2), (73, eighth), (72, eighth),
    ]  # fmt: skip
    assert [length for _, length in melody(tune("A>B(3ABc"))] == [
        Fraction(3, 4), Fraction(1, 4), Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)
    ]  # fmt: skip
    assert melody(tune("B<B", "M:4/4\nL:1/4\nK:Bb")) == [(70, Fraction(1, 2)), (70, Fraction(3, 2))]
    assert [key for key, _ in melody(tune("cFB", "M:4/4\nL:1/4\nK:Amix"))] == [73, 66, 71]


def test_the_librarys_tunes_are_many_and_plain():
    found = library_tunes()
    if not found:
        pytest.skip("music21 is not installed here")
    assert len(found) > 2000
    for one in found[::50]:
        assert re.fullmatch(r"M:\d+/\d+\nL:1/\d+\nK:[A-G][b#]?[a-z]*\n[^\n]+\|\n", one.text)
        assert sum(length for _, length in melody(one.text)) > 4


def test_without_music21_the_irish_tunes_take_their_place(monkeypatch, tmp_path, capsys):
    (tmp_path / "irish.abc").write_text("X:1\nM:6/8\nL:1/8\nK:G\n" + "ABc def|" * 9 + "\n", encoding="utf-8")
    monkeypatch.setattr(tunes, "find_spec", lambda name: None)
    monkeypatch.setattr("seqlib.data.download.fetch", lambda name: tmp_path / "irish.abc")
    found, origin = tunes.tunes_or_download()
    assert len(found) == 1 and "Irish" in origin and "not installed" in capsys.readouterr().out
