"""The film of balls: an image that moves by itself and is the same each time."""

import base64
import re

import numpy as np
import pytest

from seqlib.display import motion

ALT = "Two balls move between two walls, one twice as fast as the other."


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(motion, "show_html", lambda html, text: found.append((html, text)))
    return found


def svg(html: str) -> str:
    return base64.b64decode(re.search(r"base64,([\w+/=]+)", html)[1]).decode()


def test_a_film_is_one_image_with_its_words(shown):
    motion.film({"slow": np.linspace(0, 0.5, 10), "fast": np.linspace(0, 1, 10)}, ALT)
    html, text = shown[0]
    assert text == ALT and f'alt="{ALT}"' in html and html.count("<img") == 1
    picture = svg(html)
    assert "slow" in picture and "fast" in picture and picture.count("@keyframes") == 2
    assert "prefers-reduced-motion" in picture and "<script" not in picture and "http://www.w3.org/2000/svg" in picture


def test_a_ball_ends_where_its_track_ends(shown):
    motion.film({"ball": np.array([0.25, 1.0])}, ALT)
    picture = svg(shown[0][0])
    start = float(re.search(r'<circle id="[^"]+" cx="([\d.]+)"', picture)[1])
    moved = float(re.search(r"100\.00%\{transform:translateX\(([-\d.]+)px", picture)[1])
    assert start == pytest.approx(motion._x(0.25), abs=0.1)
    assert start + moved == pytest.approx(motion._x(1.0), abs=0.2)


def test_the_same_film_gives_the_same_bytes_and_another_one_does_not(shown):
    for end in (0.5, 0.5, 0.6):
        motion.film({"ball": np.linspace(0, end, 5)}, ALT)
    assert shown[0] == shown[1] != shown[2]


def test_a_track_has_one_axis(shown):
    with pytest.raises(ValueError, match=r"shape \(T,\)"):
        motion.film({"ball": np.zeros((3, 2))}, ALT)
