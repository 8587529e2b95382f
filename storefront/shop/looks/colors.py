"""Colors as `#rrggbb`: their contrast as WCAG 2.2 computes it, and other shades of the same hue."""

import re
from collections.abc import Iterable, Iterator
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache

AA = 4.5  # of text: https://www.w3.org/TR/WCAG22/#contrast-minimum
STEPS = 256  # of lightness: as fine as eight bits tell apart
WRITTEN = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")

Rgb = tuple[float, float, float]


def read_color(text: str) -> str | None:
    """Return `#rrggbb`, also of `#rgb` and without its `#`; None for what is no such color."""
    match = WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        return None
    digits = match[1]
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=64)  # surfaces are asked for again and again
def luminance(color: str) -> float:
    """Return the relative luminance, from 0 to 1: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = map(_linear, _to_rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(color: str, ground: str, part: float) -> str:
    """Return `ground` with so much of `color` in it, 0 to 1."""
    pairs = zip(_to_rgb(color), _to_rgb(ground), strict=True)
    return _to_hex(tuple(one * part + other * (1 - part) for one, other in pairs))


def shade(color: str, part: float, *, to_dark: bool) -> str:
    """Return a color of the same hue, so much of the way, 0 to 1, to black or white."""
    hue, lightness, saturation = rgb_to_hls(*_to_rgb(color))
    end = 0.0 if to_dark else 1.0
    return _to_hex(hls_to_rgb(hue, lightness + (end - lightness) * part, saturation))


def is_readable(color: str, others: Iterable[str]) -> bool:
    """Tell whether text of this color can be read on all of these, and the other way round."""
    return all(contrast(color, other) >= AA for other in others)


def shades(color: str, *, to_dark: bool) -> Iterator[str]:
    """Yield the color itself, then ever darker or lighter ones of its hue, to black or white."""
    yield color
    yield from (shade(color, step / STEPS, to_dark=to_dark) for step in range(1, STEPS + 1))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _to_rgb(color: str) -> Rgb:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _to_hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
