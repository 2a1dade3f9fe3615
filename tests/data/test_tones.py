"""Telephone tones: the right frequencies at the right times, and the noise that was asked for."""

import numpy as np
import pytest

from seqlib.data.tones import COLUMN_HZ, KEYS, RATE, ROW_HZ, call, calls, frequencies, tone, voice


def test_every_digit_has_two_frequencies_of_its_own():
    pairs = {frequencies(digit) for digit in "0123456789"}
    assert len(pairs) == 10 and all(a in ROW_HZ and b in COLUMN_HZ for a, b in pairs)
    assert frequencies("5") == (770, 1336) and frequencies("0") == (941, 1336)
    for wrong in ("*", " ", "12", ""):
        with pytest.raises(ValueError, match="digit"):
            frequencies(wrong)


def test_a_tone_is_loudest_at_its_two_frequencies():
    rng = np.random.default_rng(0)
    for digit in "".join(KEYS).replace(" ", ""):
        sound = tone(rng, digit, 1600)
        power = np.abs(np.fft.rfft(sound)) ** 2
        hertz = np.fft.rfftfreq(1600, 1 / RATE)
        loud = sorted(hertz[(power > 0.3 * power.max())])
        for wanted, found in zip(frequencies(digit), (loud[0], loud[-1]), strict=True):
            assert abs(found / wanted - 1) < 0.025
        assert (sound**2).mean() == pytest.approx(1, abs=0.1)


def test_digits_stand_where_it_says_and_gaps_are_between():
    for made in calls(np.random.default_rng(1), ["40717", "22", "123456789"], 60.0):
        assert len(made.starts) == len(made.ends) == len(made.digits)
        for start, end, following in zip(made.starts, made.ends, [*made.starts[1:], len(made.signal)], strict=True):
            assert 0.035 < (end - start) / RATE < 0.095 and following - end > 0.015 * RATE
            loud = (made.signal[start + 20 : end - 20] ** 2).mean()
            assert loud > 0.5 and (made.signal[end + 1 : following - 1] ** 2).mean() < 0.01 * loud


@pytest.mark.parametrize("talking", [True, False])
@pytest.mark.parametrize("snr", [6.0, -4.0])
def test_the_noise_has_the_power_that_was_asked_for(snr, talking):
    made = calls(np.random.default_rng(2), ["12345678"] * 30, snr, talking)
    silent = np.concatenate([c.signal[end : end + 150] for c in made for end in c.ends])
    assert 10 * np.log10((silent**2).mean()) == pytest.approx(-snr, abs=1.2)


def test_calls_are_drawn_from_the_generator_alone_and_equally_long():
    one, other = (calls(np.random.default_rng(3), ["1", "234", "55555"], (-5.0, 0.0)) for _ in range(2))
    assert len({len(c.signal) for c in one}) == 1
    assert all((a.signal == b.signal).all() for a, b in zip(one, other, strict=True))
    assert call(np.random.default_rng(4), "7", 0.0).digits == "7"


def test_a_voice_has_a_mean_square_of_one_and_lies_low():
    sound = voice(np.random.default_rng(5), 4 * RATE)
    power = np.abs(np.fft.rfft(sound)) ** 2
    assert (sound**2).mean() == pytest.approx(1)
    assert power[np.fft.rfftfreq(4 * RATE, 1 / RATE) < 3200].sum() > 0.99 * power.sum()
