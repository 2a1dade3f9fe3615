"""Music to hear and to see in the page: a WAV inside the HTML, and notes drawn as a piano roll.

No file, no network, no player but the browser's own. Keys are MIDI numbers: 60 is middle C, 69 the A of 440 Hz.
"""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Sequence

import numpy as np

from seqlib.display.html import escape, picture
from seqlib.display.selfcheck import Shown

__all__ = ["listen", "piano_roll", "played", "wav"]

RATE = 8000  # samples a second: enough for a fiddle's fundamentals, and 8 kB a second of 8 bits
PARTIALS = (1.0, 0.5, 0.25, 0.12)
NAMES = "C C# D D# E F F# G G# A A# B".split()


def played(notes: Sequence[tuple], frequency, rate: int = RATE) -> np.ndarray:
    """Sound of notes (key or None, start in seconds, seconds), each a plucked string: float64 (T,) in [-1, 1].

    frequency(key) gives hertz. Partials above half the rate are left out, since they would be heard as other tones.
    """
    end = max((start + seconds for _, start, seconds in notes), default=0.0)
    sound = np.zeros(int(end * rate) + rate // 4)
    for key, start, seconds in notes:
        if key is None:
            continue
        t = np.arange(int((seconds + 0.12) * rate)) / rate
        pitch = float(frequency(key))
        tone = sum(a * np.sin(2 * np.pi * k * pitch * t) for k, a in enumerate(PARTIALS, 1) if k * pitch < rate / 2)
        fade = np.minimum(1, t / 0.01) * np.exp(-2.2 * t) * np.clip((seconds + 0.12 - t) / 0.12, 0, 1)
        at = int(start * rate)
        sound[at : at + len(t)] += (tone * fade)[: len(sound) - at]
    return sound / max(1e-9, np.abs(sound).max())


def wav(sound: np.ndarray, rate: int = RATE) -> bytes:
    """A sound in [-1, 1] as the bytes of a WAV file: one channel of 8 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(np.uint8(np.round(127.5 + 120 * np.clip(sound, -1, 1))).tobytes())
    return out.getvalue()


def listen(sounds: dict[str, np.ndarray], rate: int = RATE) -> Shown:
    """A player for each named sound, the sounds inside the page; where players are refused, the names remain."""
    rows, lines = [], []
    for name, sound in sounds.items():
        seconds = f"{len(sound) / rate:.0f} s"
        address = f"data:audio/wav;base64,{base64.b64encode(wav(sound, rate)).decode('ascii')}"
        rows.append(
            f'<div style="display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;margin:6px 0">'
            f'<span style="min-width:15em">{escape(name)} ({seconds}) </span>'
            f'<audio controls preload="metadata" aria-label="{escape(name)}" src="{address}"></audio></div>'
        )
        lines.append(f"To hear: {name} ({seconds})")
    return Shown("".join(rows), "\n".join(lines))


def piano_roll(
    notes: Sequence[tuple],
    alt: str,
    *,
    bar: float | None = None,
    width: int = 720,
    colours: Sequence[int] | None = None,
) -> Shown:
    """Notes (key or None, start, length), in any unit of time, as a picture that needs no style: keys up, time right.

    `bar` draws a line every so many units. `colours` gives each note one of four fills (voices, or right and wrong).
    ValueError if there is no note to draw.
    """
    keys = [key for key, *_ in notes if key is not None]
    if not keys:
        raise ValueError("expected at least one note that is no rest")
    low, high = min(keys) - 2, max(keys) + 2
    end = max(start + length for _, start, length in notes)
    step, left = min(9, 260 / (high - low)), 38
    height, scale = round((high - low) * step) + 22, (width - left - 8) / float(end)
    fills = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
    parts = [f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for key in range(low + 1, high):
        if key % 12 in (0, 7):
            y = (high - key) * step
            parts.append(f'<path d="M{left} {y:.1f}H{width - 8}" stroke="#ddd"/>')
            parts.append(f'<text x="4" y="{y + 4:.1f}">{NAMES[key % 12]}{key // 12 - 1}</text>')
    at = 0.0
    while bar and at <= end + 1e-6:
        x = left + at * scale
        parts.append(f'<path d="M{x:.1f} 4V{height - 18}" stroke="#999" stroke-width=".8"/>')
        at += float(bar)
    for k, (key, start, length) in enumerate(notes):
        if key is not None:
            x, w = left + float(start) * scale, max(2.0, float(length) * scale - 1)
            fill = fills[(colours[k] if colours is not None else 0) % 4]
            y = (high - key) * step - step * 0.4
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{step * 0.8:.1f}" rx="1.5" fill="{fill}"/>'
            )
    parts.append(f'<text x="{width - 8}" y="{height - 4}" text-anchor="end">time →</text>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="#333">{"".join(parts)}</svg>'
    )
    return Shown(picture(svg, alt, width), alt)
