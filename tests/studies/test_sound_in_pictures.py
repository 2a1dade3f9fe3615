"""Sounds and drawings of 19: levels, no clipping, alt texts that say what is there."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from seqlib.studies.sound_in_pictures import lattice, players, wav, way_of_a_call


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_a_sound_is_never_clipped_and_keeps_its_shape(scale):
    sound = scale * np.sin(np.arange(800) / 3)
    with wave.open(io.BytesIO(wav(sound))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        samples = np.frombuffer(file.readframes(800), "<i2") / 32767
    assert np.abs(samples).max() == pytest.approx(0.7, abs=1e-3)
    assert np.allclose(samples, 0.7 * sound / np.abs(sound).max(), atol=1e-4)


def test_silence_stays_silent_and_nothing_is_an_error():
    assert set(wav(np.zeros(100))[44:]) == {0}
    for wrong in (np.zeros(0), np.zeros((2, 3))):
        with pytest.raises(ValueError, match="shape"):
            wav(wrong)


def test_players_hold_their_sound_and_name_it():
    shown = players({"a <tone>": np.ones(4000)})
    address = re.search(r'src="data:audio/wav;base64,([^"]+)"', shown.as_html)[1]
    assert base64.b64decode(address)[:4] == b"RIFF" and "a &lt;tone&gt; (0.5 s)" in shown.as_html
    assert shown.as_text == "To hear: a <tone> (0.5 s)"


def test_the_lattice_draws_every_move_and_the_path():
    shown = lattice("277", 9, [0, 1, 1, 3, 4, 5, 5, 6, 6])
    svg = base64.b64decode(re.search(r"base64,([^\"]+)", shown.as_html)[1]).decode()
    # Staying and the next state, from each of 7 states, less the last state's next; one short cut: from 2 to 7.
    assert svg.count("<path") == 8 * (7 + 6 + 1) and svg.count("<circle") == 9 * 7
    assert svg.count('stroke-width="3.5"') == 8
    assert "– 2 2 7 – 7 7 – –" in shown.as_text
    with pytest.raises(ValueError, match="9 frames"):
        lattice("277", 9, [0, 1])


def test_the_way_of_a_call_says_what_is_read():
    shown = way_of_a_call(np.sin(np.arange(1024)), np.random.default_rng(0).normal(size=(7, 40)), "–44–0––", 128, 256)
    assert "the digits 40" in shown.as_text and "7 overlapping frames" in shown.as_text
