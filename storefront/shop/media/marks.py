"""Makes a logo for the header, or an icon for tabs and home screens, out of a picture."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from storefront.shop.media.recode import open_whole
from storefront.shop.media.refusals import LogoTooWide, PictureTooSmall

LOGO_SIZE = (240, 48)  # at most, on ordinary screens
MOST_WIDE = 12  # times as wide as high: then it is 20 pixels high
DENSITY = 3  # pixels of the file to one of those
LOSSLESS_BYTES = 60_000  # what is larger is a photo
TAB_SIZE = 32
TOUCH_SIZE = 180  # https://developer.apple.com/design/human-interface-guidelines/app-icons
TOUCH_GROUND = "white"  # phones would put black below what shows through


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A file to serve, and its size on ordinary screens. `ending` is that of the picture as it came."""

    content: bytes
    width: int
    height: int
    ending: str


def draw_logo(content: bytes) -> Mark:
    """Return a logo as WebP, as large as a header has room for.

    Raises:
        UnknownFormat, TooManyPixels, DamagedPicture: of the picture.
        LogoTooWide: it would be a line.
    """
    image, ending = open_whole(content)
    if image.width > MOST_WIDE * image.height:
        raise LogoTooWide(
            f"This logo is {image.width // image.height} times as wide as it is high, so in the header it would "
            f"be a line: cut it to at most {MOST_WIDE} times."
        )
    logo = image.copy()
    logo.thumbnail((LOGO_SIZE[0] * DENSITY, LOGO_SIZE[1] * DENSITY), Image.Resampling.LANCZOS)
    scale = min(1, LOGO_SIZE[0] / image.width, LOGO_SIZE[1] / image.height)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return Mark(content=_as_webp(logo), width=width, height=height, ending=ending)


def draw_icon(content: bytes) -> tuple[Mark, Mark]:
    """Return the icon of tabs and that of home screens, as PNG. What is not square gets room around it.

    Raises:
        UnknownFormat, TooManyPixels, DamagedPicture: of the picture.
        PictureTooSmall: it would be blurred.
    """
    image, ending = open_whole(content)
    if max(image.size) < TOUCH_SIZE:
        raise PictureTooSmall(f"An icon has at least {TOUCH_SIZE} pixels a side: this one has {max(image.size)}.")
    tab, touch = (_square(image.convert("RGBA"), side) for side in (TAB_SIZE, TOUCH_SIZE))
    ground = Image.new("RGBA", touch.size, TOUCH_GROUND)
    opaque = Image.alpha_composite(ground, touch).convert("RGB")
    return _as_png(tab, ending), _as_png(opaque, ending)


def draw_png(content: bytes) -> bytes:
    """Return one of our own logos as PNG: some mail programs show no WebP."""
    with Image.open(BytesIO(content)) as logo:
        return _as_png(logo.convert("RGBA"), ".png").content


def _square(image: Image.Image, side: int) -> Image.Image:
    return ImageOps.pad(image, (side, side), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))


def _as_webp(image: Image.Image) -> bytes:
    for options in ({"lossless": True}, {"quality": 85}):
        output = BytesIO()
        image.save(output, format="WEBP", **options)
        if output.tell() <= LOSSLESS_BYTES:
            break
    return output.getvalue()


def _as_png(image: Image.Image, ending: str) -> Mark:
    output = BytesIO()
    image.save(output, format="PNG", optimize=True)
    return Mark(content=output.getvalue(), width=image.width, height=image.height, ending=ending)
