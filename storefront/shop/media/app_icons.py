"""Draws icons of home screens: the owner's picture, or else the bag of static/favicon.svg in the shop's color."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from storefront.shop.media.recode import open_whole

UNITS = 32  # of the drawing in favicon.svg
FINE = 4  # drawn so much larger: Pillow's lines have no soft edges
BAG_PART = 0.94  # so large it stays inside that circle
SAFE_PART = 0.8  # of a maskable icon is seen in every shape: https://www.w3.org/TR/appmanifest/#icon-masks
GROUND = "white"
HANDLE = "#f2b35e"


def draw_app_icon(side: int, *, original: bytes | None, color: str, is_maskable: bool) -> bytes:
    """Return a PNG of `side` pixels. A maskable one fills its square and keeps what matters in the middle.

    Raises:
        MediaRefused: the original cannot be read.
    """
    image = _bag(side, color, is_maskable=is_maskable) if original is None else _own(original, side, is_maskable)
    output = BytesIO()
    image.save(output, format="PNG", optimize=True)
    return output.getvalue()


def _own(original: bytes, side: int, is_maskable: bool) -> Image.Image:
    image, _ending = open_whole(original)
    if not is_maskable:
        return ImageOps.pad(image.convert("RGBA"), (side, side), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    inner = round(side * SAFE_PART)
    small = ImageOps.pad(image.convert("RGBA"), (inner, inner), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    ground = Image.new("RGBA", (side, side), GROUND)
    ground.alpha_composite(small, ((side - inner) // 2, (side - inner) // 2))
    return ground.convert("RGB")


def _bag(side: int, color: str, *, is_maskable: bool) -> Image.Image:
    large = side * FINE
    image = Image.new("RGBA", (large, large), color if is_maskable else (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    part = BAG_PART if is_maskable else 1.0
    unit = large / UNITS * part
    start = large * (1 - part) / 2

    def at(*numbers: float) -> list[float]:
        return [start + number * unit for number in numbers]

    if not is_maskable:
        draw.rounded_rectangle(at(0, 0, UNITS, UNITS), radius=8 * unit, fill=color)
    draw.polygon(at(8, 12, 24, 12, 25.6, 25, 6.4, 25), fill="white")
    width = round(2.4 * unit)
    draw.arc(at(10.3, 4.8, 21.7, 16.2), 180, 360, fill=HANDLE, width=width)
    for x in (10.3, 19.3):
        draw.rectangle(at(x, 10.5, x + 2.4, 14), fill=HANDLE)
    image = image.resize((side, side), Image.Resampling.LANCZOS)
    return image.convert("RGB") if is_maskable else image
