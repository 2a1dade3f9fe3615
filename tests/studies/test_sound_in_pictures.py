"""Sounds and drawings of 19: levels, no clipping, alt texts that say what is there."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from seqlib.data.tones import calls
from seqlib.studies.sound_in_pictures import lattice, players, way_of_a_call


def inside(shown) -> tuple[np.ndarray, wave.Wave_read]:
    """The samples of the first player's file, in [-1, 1], and the file."""
    address = re.search(r'src="data:audio/wav;base64,([^"]+)"', shown.as_html)[1]
    file = wave.open(io.BytesIO(base64.b64decode(address)))
    return (np.frombuffer(file.readframes(file.getnframes()), np.uint8) - 127.5) / 127.5, file


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_a_sound_is_never_clipped_and_keeps_its_shape(scale):
    sound = scale * np.sin(np.arange(800) / 3)
    samples, file = inside(players({"a sine": sound}))
    assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 1, 1)
    assert 0.6 < np.abs(samples).max() < 0.75
    assert np.corrcoef(samples, sound)[0, 1] > 0.9999


@pytest.mark.parametrize("snr", [10, 0, -5])
def test_what_the_page_plays_has_level_and_does_not_clip(snr):
    samples, file = inside(players({"a call": calls(np.random.default_rng(4), ["40717"], snr)[0].signal}))
    assert np.abs(samples).max() < 0.75, "near full scale"
    assert 0.08 < np.sqrt((samples**2).mean()) < 0.5 and abs(samples.mean()) < 0.02
    assert 0.4 < len(samples) / file.getframerate() < 2


def test_silence_stays_silent_and_nothing_is_an_error():
    samples, _ = inside(players({"silence": np.zeros(100)}))
    assert np.abs(samples).max() < 0.01
    for wrong in (np.zeros(0), np.zeros((2, 3))):
        with pytest.raises(ValueError, match="shape"):
            players({"wrong": wrong})


def test_players_name_their_sounds():
    shown = players({"a <tone>": np.ones(8000)})
    assert "a &lt;tone&gt; (1 s)" in shown.as_html and shown.as_text == "To hear: a <tone> (1 s)"


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
