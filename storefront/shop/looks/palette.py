"""The accent color on the shop's pages: whether it can be read there, and what is derived of it."""

from dataclasses import dataclass
from functools import lru_cache

from storefront.shop.looks.colors import AA, contrast, is_readable, mix, read_color, shade, shades
from storefront.shop.looks.refusals import AccentRefused

SHOPS_OWN, DARK_SHOPS_OWN = "#0d6b55", "#6fd6b8"  # the accent of static/shop.css
# Of static/shop.css, which a test compares: all that accent text stands on, and the text that stands on its tint.
LIGHT_SHEET, DARK_SHEET = "#fffefb", "#1b201e"
LIGHT_SURFACES = ("#f6f4ee", LIGHT_SHEET, "#e1f0e9", "#fbefd6", "#fae7e3", "#ffffff")
DARK_SURFACES = ("#131715", DARK_SHEET, "#1b2f28", "#332a17", "#3a211e")
LIGHT_TEXTS, DARK_TEXTS = ("#1c2320", "#5a625d"), ("#ecebe4", "#a9b0aa")
ON_LIGHT_ACCENT, ON_DARK_ACCENT = "#ffffff", "#0b100e"
LIGHT_STRONGER, DARK_STRONGER = 0.28, 0.35  # of the way to black and to white, for what is pointed at
MOST_TINT = 10  # percent of the accent in a tinted ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What the stylesheet calls `--accent`, `--accent-strong`, `--on-accent` and `--tint`."""

    accent: str
    accent_strong: str
    on_accent: str
    tint: str


def check_accent(text: str) -> str:
    """Return an accent color as it is stored, `#rrggbb`; nothing for nothing, which is the shop's own green.

    Raises:
        AccentRefused: no color, or one that cannot be read on the shop's pages; it then offers one that can.
    """
    if not text.strip():
        return ""
    accent = read_color(text)
    if accent is None:
        raise AccentRefused("The accent color is written like #0d6b55: a # and six digits from 0 to f.")
    if not is_readable(accent, LIGHT_SURFACES):
        ratio = min(contrast(accent, surface) for surface in LIGHT_SURFACES)
        offered = offer_shade(accent)
        raise AccentRefused(
            f"{accent} has a contrast of {int(ratio * 10) / 10}:1 on the shop's pages, and text needs {AA}:1. "
            f"The nearest shade that can be read is {offered}.",
            offered=offered,
        )
    return accent


def offer_shade(accent: str) -> str:
    """Return the lightest shade of the same hue that can be read on light pages."""
    return next(color for color in shades(accent, to_dark=True) if is_readable(color, LIGHT_SURFACES))


def light_palette(accent: str) -> Palette:
    """Return what stands on light pages. White on the accent reads better than the accent on any of them."""
    return Palette(
        accent=accent,
        accent_strong=shade(accent, LIGHT_STRONGER, to_dark=True),
        on_accent=ON_LIGHT_ACCENT,
        tint=_tint(accent, LIGHT_SHEET, LIGHT_TEXTS),
    )


@lru_cache(maxsize=16)  # a search, for a color that stays
def dark_palette(accent: str) -> Palette:
    """Return what stands on dark pages: the same hue, as light as it takes."""
    dark = next(color for color in shades(accent, to_dark=False) if is_readable(color, DARK_SURFACES))
    return Palette(
        accent=dark,
        accent_strong=shade(dark, DARK_STRONGER, to_dark=False),
        on_accent=ON_DARK_ACCENT,
        tint=_tint(dark, DARK_SHEET, DARK_TEXTS),
    )


def _tint(accent: str, sheet: str, texts: tuple[str, ...]) -> str:
    """Return a ground with as much of the accent as all text on it bears; the sheet itself bears all."""
    grounds = (mix(accent, sheet, percent / 100) for percent in range(MOST_TINT, 0, -1))
    return next((ground for ground in grounds if is_readable(ground, (accent, *texts))), sheet)
