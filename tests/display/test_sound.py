"""Sound in the page: a WAV that says what it holds, notes where they belong, and words for who cannot hear or see."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from seqlib.display.sound import RATE, listen, piano_roll, played, wav


def equal(key):
    return 440 * 2 ** ((key - 69) / 12)


def strongest(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return spectrum.argmax() * RATE / len(sound)


@pytest.mark.parametrize("key", [57, 69, 80])
def test_a_note_has_its_pitch(key):
    sound = played([(key, 0.0, 1.0)], equal)
    assert strongest(sound) == pytest.approx(equal(key), abs=1.5) and np.abs(sound).max() == pytest.approx(1)


def test_a_note_begins_when_it_should_and_a_rest_is_silent():
    sound = played([(None, 0.0, 0.5), (69, 0.5, 0.5)], equal)
    assert np.abs(sound[: RATE // 2 - 1]).max() == 0 and np.abs(sound[RATE // 2 : RATE]).max() > 0.5


def test_the_wav_can_be_read_back():
    sound = np.sin(np.arange(4000) / 9)
    with wave.open(io.BytesIO(wav(sound))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 1, RATE, 4000)
        heard = (np.frombuffer(file.readframes(4000), dtype=np.uint8) - 127.5) / 120
    assert np.abs(heard - sound).max() < 0.01


def test_the_player_stands_alone_and_names_what_is_heard():
    shown = listen({"a <tone>": np.zeros(RATE * 2)})
    address = re.search(r'src="data:audio/wav;base64,([^"]+)"', shown._repr_html_())[1]
    assert base64.b64decode(address)[:4] == b"RIFF"
    assert "a &lt;tone&gt; (2 s)" in shown._repr_html_() and repr(shown) == "To hear: a <tone> (2 s)"
    assert "http" not in shown._repr_html_() and "<script" not in shown._repr_html_()


def test_the_roll_is_a_picture_with_a_rectangle_a_note():
    notes = [(60, 0, 1), (None, 1, 1), (67, 2, 2)]
    shown = piano_roll(notes, "Two notes and a rest between them.", bar=2, colours=[0, 0, 1])
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", shown._repr_html_())[1]).decode()
    assert svg.count('rx="1.5"') == 2 and "#D55E00" in svg and ">C4<" in svg and svg.count("V") >= 3
    assert 'alt="Two notes and a rest between them."' in shown._repr_html_()
    high, low = (float(y) for y in re.findall(r'y="([\d.]+)" width="[\d.]+" height="[\d.]+" rx', svg)[::-1])
    assert high < low, "a higher key stands higher"
    with pytest.raises(ValueError, match="at least one note"):
        piano_roll([(None, 0, 1)], "nothing at all")
