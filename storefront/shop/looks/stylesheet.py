"""The stylesheet of what an owner chose: variables over those of static/shop.css, called by its content's hash."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from storefront.shop.looks.chosen import Looks, OwnFont
from storefront.shop.looks.palette import Palette
from storefront.shop.looks.type_pairings import PAIRINGS, TypePairing

OWN_FONT = '"Shop"'  # its own name could hold anything
HASH_LETTERS = 16


@lru_cache(maxsize=8)
def stylesheet_of(looks: Looks) -> str:
    """Return the CSS, empty where nothing differs. Nothing in it was typed by a person: see `check_accent`."""
    return "".join(_rules(looks))


@lru_cache(maxsize=8)
def hash_of(looks: Looks) -> str:
    """Return what the stylesheet is called; nothing where there is none."""
    css = stylesheet_of(looks)
    return hashlib.sha256(css.encode()).hexdigest()[:HASH_LETTERS] if css else ""


def _rules(looks: Looks) -> Iterator[str]:
    if looks.font:
        yield _font_face(looks.font)
    families = _families(looks)
    if families:
        yield f":root {{ {families} }}\n"
    if looks.light and looks.dark:
        # Paper has no tint: see `@media print` in shop.css, which stands before this.
        yield f"@media screen {{ :root {{ {_colors(looks.light)} }} }}\n"
        yield f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_colors(looks.dark)} }} }}\n"
        yield f"@media print {{ :root {{ --accent: {looks.light.accent}; }} }}\n"


def _colors(palette: Palette) -> str:
    return (
        f"--accent: {palette.accent}; --accent-strong: {palette.accent_strong}; "
        f"--on-accent: {palette.on_accent}; --tint: {palette.tint};"
    )


def _families(looks: Looks) -> str:
    """Return what headings (`--serif`) and text (`--sans`) are set in."""
    if looks.type_pairing is TypePairing.CLASSIC and looks.font is None:
        return ""
    fonts = PAIRINGS[looks.type_pairing]
    headings = f"{OWN_FONT}, {fonts.headings}" if looks.font else fonts.headings
    text = f"{OWN_FONT}, {fonts.text}" if looks.font and looks.font_for_text else fonts.text
    return f"--serif: {headings}; --sans: {text};"


def _font_face(font: OwnFont) -> str:
    """One file stands for every weight: browsers would draw a bold one of their own otherwise."""
    return (
        f'@font-face {{ font-family: {OWN_FONT}; src: url("{font.url}") format("{font.kind}"); '
        "font-weight: 1 1000; font-display: swap; }\n"
    )
