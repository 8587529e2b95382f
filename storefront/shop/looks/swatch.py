"""Draws how an accent color looks on the shop's light and dark pages, beside each other."""

from storefront.shop.looks.colors import contrast, is_readable, read_color
from storefront.shop.looks.palette import (
    DARK_SHEET,
    DARK_SURFACES,
    DARK_TEXTS,
    LIGHT_SHEET,
    LIGHT_SURFACES,
    LIGHT_TEXTS,
    SHOPS_OWN,
    Palette,
    dark_palette,
    light_palette,
    offer_shade,
)

WIDTH, HEIGHT = 480, 168
HALF = WIDTH // 2
FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"


def draw_swatch(text: str) -> str:
    """Return an SVG of the color that was typed, or of the nearest one that can be read.

    Colors are attributes and not styles, which the policy of our answers forbids.
    """
    color = read_color(text) or SHOPS_OWN
    accent = color if is_readable(color, LIGHT_SURFACES) else offer_shade(color)
    light, dark = light_palette(accent), dark_palette(accent)
    label = f"{accent} on light pages, {dark.accent} on dark ones"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{label}">'
        f"{_half(0, light, LIGHT_SURFACES, LIGHT_SHEET, LIGHT_TEXTS)}"
        f"{_half(HALF, dark, DARK_SURFACES, DARK_SHEET, DARK_TEXTS)}</svg>"
    )


def _half(left: int, palette: Palette, surfaces: tuple[str, ...], sheet: str, texts: tuple[str, ...]) -> str:
    ratio = int(min(contrast(palette.accent, surface) for surface in surfaces) * 10) / 10
    return (
        f'<g font-family="{FONT}" font-size="14" transform="translate({left} 0)">'
        f'<rect width="{HALF}" height="{HEIGHT}" fill="{surfaces[0]}"/>'
        f'<rect x="14" y="14" width="212" height="140" rx="12" fill="{sheet}"/>'
        f'<text x="30" y="44" fill="{texts[0]}">Words with a <tspan fill="{palette.accent}" '
        f'text-decoration="underline">link</tspan></text>'
        f'<rect x="30" y="60" width="120" height="38" rx="19" fill="{palette.accent}"/>'
        f'<text x="90" y="84" fill="{palette.on_accent}" font-weight="600" text-anchor="middle">Buy now</text>'
        f'<rect x="160" y="60" width="50" height="38" rx="8" fill="{palette.tint}"/>'
        f'<text x="185" y="84" fill="{palette.accent}" text-anchor="middle">Aa</text>'
        f'<text x="30" y="132" fill="{texts[1]}">{palette.accent} · {ratio}:1</text></g>'
    )
