"""A page of 1600 by 900 to draw flat shapes on. It is drawn at twice its size, so that edges are smooth."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from storefront.devtools.samples.files.icons import ICONS, STROKE, Box, Circle
from storefront.devtools.samples.files.letters import LETTERS

WIDTH, HEIGHT = 1600, 900
SCALE = 2
COLORS = 128  # of a picture that is kept: flat shapes and their edges need no more
Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]  # left, top, width, height
FONTS = {
    "mono": "DejaVuSansMono.ttf",
    "mono-bold": "DejaVuSansMono-Bold.ttf",
    "serif": "DejaVuSerif.ttf",
    "sans": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
}


def _inked(rows: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield column and row of each point that a letter of the grid font has."""
    for row, line in enumerate(rows):
        for column, ink in enumerate(line):
            if ink == "#":
                yield column, row


class Canvas:
    def __init__(self, ground: str) -> None:
        self._image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), ground)
        self._draw = ImageDraw.Draw(self._image)

    def box(self, place: Rectangle, color: str, radius: float = 0) -> None:
        x, y, width, height = place
        ends = (x * SCALE, y * SCALE, (x + width) * SCALE - 1, (y + height) * SCALE - 1)
        self._draw.rounded_rectangle(ends, radius * SCALE, fill=color)

    def circle(self, x: float, y: float, radius: float, color: str) -> None:
        self._draw.circle((x * SCALE, y * SCALE), radius * SCALE, fill=color)

    def ring(self, x: float, y: float, radius: float, color: str, width: float) -> None:
        outer = (radius + width / 2) * SCALE
        self._draw.circle((x * SCALE, y * SCALE), outer, outline=color, width=round(width * SCALE))

    def shape(self, points: Sequence[Point], color: str) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color)

    def line(self, points: Sequence[Point], color: str, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=color, width=round(width * SCALE), joint="curve")
        for point in scaled:
            self._draw.circle(point, width * SCALE / 2, fill=color)

    def frame(self, place: Rectangle, color: str, line: float, radius: float) -> None:
        x, y, width, height = place
        ends = (x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE)
        self._draw.rounded_rectangle(ends, radius * SCALE, outline=color, width=round(line * SCALE))

    def text(self, place: Point, words: str, color: str, size: float, font: str = "sans") -> None:
        """Write words from a point on the line that the letters stand on."""
        x, y = place
        face = ImageFont.truetype(FONTS[font], round(size * SCALE))
        self._draw.text((x * SCALE, y * SCALE), words, fill=color, font=face, anchor="ls")

    def pixels(self, x: float, y: float, word: str, color: str, pixel: float, *, gap: float = 0) -> float:
        """Write a word in the grid font, its top at `y`. Returns where it ends."""
        for letter in word:
            rows = LETTERS[letter].split() if letter != " " else ["..."] * 7
            for column, row in _inked(rows):
                self.box((x + column * pixel, y + row * pixel, pixel - gap, pixel - gap), color)
            x += (len(rows[0]) + 1) * pixel
        return x - pixel

    def icon(self, name: str, x: float, y: float, size: float, color: str) -> None:
        unit = size / 24
        width = STROKE * unit
        for part in ICONS[name]:
            if isinstance(part, Circle):
                self.ring(x + part.x * unit, y + part.y * unit, part.radius * unit, color, width)
            elif isinstance(part, Box):
                self._icon_box(part, x, y, unit, color)
            else:
                points = [(x + px * unit, y + py * unit) for px, py in part.points]
                self.line([*points, points[0]] if part.is_closed else points, color, width)

    def _icon_box(self, part: Box, x: float, y: float, unit: float, color: str) -> None:
        left, top = x + (part.x - STROKE / 2) * unit, y + (part.y - STROKE / 2) * unit
        width, height = (part.width + STROKE) * unit, (part.height + STROKE) * unit
        self.frame((left, top, width, height), color, STROKE * unit, (part.radius + STROKE / 2) * unit)

    def save(self, path: Path) -> None:
        small = self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        path.parent.mkdir(parents=True, exist_ok=True)
        few = small.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, format="PNG", optimize=True)


def window(canvas: Canvas, lines: Sequence[tuple[str, str]], *, title: str, size: float = 27) -> None:
    """Draw a terminal with lines of text, each with its color."""
    canvas.box((108, 96, 1384, 716), "#0b0f0d", 22)
    canvas.box((100, 84, 1400, 716), "#1c2320", 22)
    canvas.box((100, 84, 1400, 64), "#2b3430", 22)
    canvas.box((100, 120, 1400, 28), "#2b3430")
    for number, color in enumerate(("#e0705f", "#e8b04b", "#5fb98d")):
        canvas.circle(142 + number * 38, 116, 11, color)
    canvas.text((700, 126), title, "#93a09a", 24, "sans")
    for number, (words, color) in enumerate(lines):
        canvas.text((148, 212 + number * size * 1.72), words, color, size, "mono")
