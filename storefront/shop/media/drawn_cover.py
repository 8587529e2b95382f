"""Draws a cover for a product without pictures: from its name alone, the same each time."""

import hashlib
from colorsys import hls_to_rgb
from html import escape

from sqlalchemy import select

from storefront.core.db import one_read
from storefront.core.errors import NotFound
from storefront.core.letters import runs_right_to_left
from storefront.shop.catalog.models import WITH_PAGE, Product, ProductState
from storefront.shop.catalog.queries import is_called

WIDTH, HEIGHT = 960, 540
MARGIN = 64
LINE_LENGTH = 20  # letters that fit into a line of the largest size
MOST_LINES = 3
STEPS = 24  # of half a hill where it is drawn in points
SHOWN = (*WITH_PAGE, ProductState.RETIRED)


def get_drawn_cover(slug: str) -> str:
    """Return the cover of a product that buyers may see.

    Raises:
        NotFound: no such product, or a draft.
    """
    with one_read() as connection:
        name = connection.scalar(select(Product.name).where(is_called(slug), Product.state.in_(SHOWN)))
    if name is None:
        raise NotFound
    return draw_cover(name)


def draw_cover(name: str) -> str:
    """Return an SVG: three quiet hills in a color of the name's own, below the name.

    Colors are attributes and not styles, which the policy of our answers forbids. Light and dark pages alike have
    it on a ground of its own.
    """
    seed = _seed(name)
    hue = _hue(seed)
    hills = "".join(_hill(seed[3 + number * 4 :], number, hue) for number in range(3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{_text(name)}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_color(hue, 0.30)}"/>{hills}{_title(name)}</svg>'
    )


def ground_colors(name: str) -> list[str]:
    """Return the colors of the ground and of the three hills, as `draw_cover` has them."""
    hue = _hue(_seed(name))
    return [_color(hue, 0.30), *(_hill_color(hue, number) for number in range(3))]


def hill_points(name: str, number: int, width: int, height: int) -> list[tuple[float, float]]:
    """Return the outline of one of the hills, from the left to the right and along the bottom."""
    left, middle, right = _tops(_seed(name)[3 + number * 4 :], number)
    first = [left + (middle - left) * _ease(step / STEPS) for step in range(STEPS)]
    second = [middle + (right - middle) * _ease(step / STEPS) for step in range(STEPS + 1)]
    line = [*first, *second]
    points = [(width * step / (len(line) - 1), top * height / HEIGHT) for step, top in enumerate(line)]
    return [*points, (width, height), (0, height)]


def _ease(part: float) -> float:
    return part * part * (3 - 2 * part)


def _seed(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _hue(seed: bytes) -> float:
    return int.from_bytes(seed[:2]) / 65536


def _hill_color(hue: float, number: int) -> str:
    return _color(hue + 0.03 * (number + 1), 0.34 + 0.05 * number)


def _tops(seed: bytes, number: int) -> tuple[float, float, float]:
    top = HEIGHT * (0.52 + 0.14 * number) + seed[0] / 8
    left, middle, right = (top + (value - 128) / 2.5 for value in seed[1:4])
    return left, middle, right


def _hill(seed: bytes, number: int, hue: float) -> str:
    left, middle, right = _tops(seed, number)
    path = (
        f"M0 {left:.0f}C{WIDTH * 0.25:.0f} {left - 60:.0f} {WIDTH * 0.35:.0f} {middle + 40:.0f} "
        f"{WIDTH / 2:.0f} {middle:.0f}S{WIDTH * 0.8:.0f} {right + 50:.0f} {WIDTH} {right:.0f}V{HEIGHT}H0z"
    )
    return f'<path d="{path}" fill="{_hill_color(hue, number)}"/>'


def _title(name: str) -> str:
    lines = _lines(name)
    longest = max(map(len, lines))
    size = min(88, int(WIDTH * 0.82 / max(1, longest) / 0.56))
    first = HEIGHT * 0.36 - (len(lines) - 1) * size * 0.55
    is_rtl = runs_right_to_left(name)
    begin, direction = (WIDTH - MARGIN, ' direction="rtl"') if is_rtl else (MARGIN, "")
    spans = "".join(
        f'<text x="{begin}" y="{first + number * size * 1.15:.0f}">{_text(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<g fill="#fff" font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" font-size="{size}" '
        f'font-weight="600"{direction}>{spans}</g>'
    )


def _break(name: str) -> list[str]:
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= LINE_LENGTH or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _lines(name: str) -> list[str]:
    """Break a name between words; what does not fit ends in an ellipsis."""
    lines = _break(name)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return [line if len(line) <= 2 * LINE_LENGTH else f"{line[: 2 * LINE_LENGTH]}…" for line in lines]


def _color(hue: float, lightness: float) -> str:
    """Return a muted color; white on the ground has a contrast of more than 4.5 in every hue."""
    red, green, blue = hls_to_rgb(hue % 1, lightness, 0.32)
    return "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))


def _text(words: str) -> str:
    """Escape for XML, which cannot hold control characters even so."""
    return escape("".join(letter for letter in words if letter.isprintable()))
