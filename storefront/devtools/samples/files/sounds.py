"""The sound pack: twelve short interface sounds, synthesized from decaying sine waves."""

import io
import math
import struct
import wave

from storefront.devtools.samples.files.archive import make_zip

RATE = 22_050
LOUDNESS = 0.55

# Name, then notes as (start in seconds, frequency in Hz, length in seconds).
SOUNDS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "added": ((0.0, 659.3, 0.16), (0.07, 987.8, 0.22)),
    "removed": ((0.0, 587.3, 0.14), (0.07, 392.0, 0.2)),
    "tap": ((0.0, 1174.7, 0.06),),
    "tap-soft": ((0.0, 784.0, 0.07),),
    "toggle-on": ((0.0, 523.3, 0.07), (0.05, 784.0, 0.12)),
    "toggle-off": ((0.0, 784.0, 0.07), (0.05, 523.3, 0.12)),
    "done": ((0.0, 523.3, 0.2), (0.09, 659.3, 0.2), (0.18, 784.0, 0.36)),
    "paid": ((0.0, 784.0, 0.18), (0.08, 1046.5, 0.18), (0.16, 1568.0, 0.4)),
    "message": ((0.0, 880.0, 0.18), (0.14, 880.0, 0.26)),
    "attention": ((0.0, 698.5, 0.22), (0.2, 698.5, 0.22), (0.4, 880.0, 0.3)),
    "refused": ((0.0, 233.1, 0.18), (0.12, 220.0, 0.28)),
    "sleep": ((0.0, 659.3, 0.3), (0.16, 523.3, 0.3), (0.32, 392.0, 0.5)),
}

README = """SOFT TAPS 1.2
=============

Twelve short sounds for apps and sites: WAV, 16 bit, mono, 22,050 Hz.

You may put them into anything you make and sell. You may not sell the sounds as sounds.
"""


def _sample(notes: tuple[tuple[float, float, float], ...], moment: float) -> float:
    level = 0.0
    for start, frequency, length in notes:
        age = moment - start
        if 0 <= age < length:
            attack = min(1.0, age / 0.004)  # a sine that starts at full level clicks
            decay = math.exp(-5.5 * age / length) * (1 - age / length)
            turn = 2 * math.pi * frequency * age
            level += attack * decay * (math.sin(turn) + 0.22 * math.sin(2 * turn))
    return max(-1.0, min(1.0, level * LOUDNESS))


def _make_wave(notes: tuple[tuple[float, float, float], ...]) -> bytes:
    seconds = max(start + length for start, _, length in notes)
    samples = (round(32_767 * _sample(notes, index / RATE)) for index in range(int(seconds * RATE)))
    output = io.BytesIO()
    with wave.open(output, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return output.getvalue()


def loudness_at(notes: tuple[tuple[float, float, float], ...], moment: float) -> float:
    """Return how loud a sound is at a moment, from 0 to about 1: its notes without their waves."""
    ages = [(moment - start, length) for start, _, length in notes]
    return sum(math.exp(-3 * age / length) * (1 - age / length) for age, length in ages if 0 <= age < length)


def make_sound(name: str) -> bytes:
    return _make_wave(SOUNDS[name])


def make_sounds() -> bytes:
    members = {f"soft-taps/{name}.wav": _make_wave(notes) for name, notes in SOUNDS.items()}
    return make_zip({"soft-taps/README.txt": README.encode(), **members})
