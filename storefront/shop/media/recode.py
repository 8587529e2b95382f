"""Makes pictures for pages out of a file that anybody may have made.

Nothing of the file itself reaches a page: its pixels are drawn anew, and all else that it holds stays behind.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from threading import Lock

from PIL import Image, ImageCms, ImageOps, features

from storefront.shop.media.refusals import DamagedPicture, TooManyPixels, UnknownFormat

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 16_000  # WebP holds 16,383
WIDTHS = (480, 960, 1600)
TALLEST = 3200  # of what is served: a picture like a ribbon would take a minute to encode
PREVIEW_SIZE = (1200, 630)  # what chats and networks show of a link
MOST_CUT = 0.25  # of a picture, to make it fit a preview
ENDINGS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif", "GIF": ".gif"}
OPENED = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# Whatever Pillow raises over bytes that are none of a picture.
UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError, OverflowError,
    RuntimeError, MemoryError, AssertionError, struct.error, zlib.error,
)  # fmt: skip

# Pillow looks at the size that a file claims before it decodes anything; a warning of it is an error here.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# Half a gigabyte may be in use for a moment, for a WebP 0.8: one picture of a process after the other.
ONE_AT_A_TIME = Lock()


class Format(StrEnum):
    """What a picture is served as."""

    AVIF = "avif"
    WEBP = "webp"
    PREVIEW = "jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One file to serve."""

    format: Format
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoded:
    """`width` and `height` are of the whole picture, turned the right way. `ending` is that of its own format."""

    width: int
    height: int
    ending: str
    renderings: tuple[Rendering, ...]


def check_picture(content: bytes) -> None:
    """Refuse by the header alone what `recode` would refuse by it: nothing is decoded.

    Raises:
        UnknownFormat, TooManyPixels: as there.
    """
    _check_kind(content)
    _open(content).close()


def recode(content: bytes) -> Recoded:
    """Return a picture as pages want it: the right way up, in sRGB, without metadata, in a few widths.

    Raises:
        UnknownFormat: no picture, or of a kind that is not taken.
        TooManyPixels: by what its header says; nothing was decoded.
        DamagedPicture: it cannot be decoded to its end.
    """
    with ONE_AT_A_TIME:
        image, ending, (width, height) = _read(content)
        widest = min(WIDTHS[-1], max(1, image.width * TALLEST // image.height))
        largest = _to_srgb(_shrink(image, widest))
        return Recoded(width=width, height=height, ending=ending, renderings=tuple(_render(largest)))


def open_whole(content: bytes) -> tuple[Image.Image, str]:
    """Return a picture as `recode` does, to be drawn otherwise, at most as wide as pages have it; and its ending.

    Raises:
        UnknownFormat, TooManyPixels, DamagedPicture: as `recode`.
    """
    with ONE_AT_A_TIME:
        image, ending, _size = _read(content)
        return _to_srgb(_shrink(image, WIDTHS[-1])), ending


def _read(content: bytes) -> tuple[Image.Image, str, tuple[int, int]]:
    """Return it decoded and turned the right way, with its ending and the size that it has then."""
    _check_kind(content)
    image = _open(content)
    ending = ENDINGS[image.format or ""]
    width, height = image.size
    try:
        image = _decode(image)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except UNREADABLE as error:
        raise DamagedPicture(
            "This picture is damaged or not whole: open it on your computer and save it again."
        ) from error
    if (image.width > image.height) != (width > height):
        width, height = height, width  # it was turned
    return image, ending, (width, height)


def _is_svg(start: bytes) -> bool:
    return start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!")) and b"<svg" in start)


def _check_kind(content: bytes) -> None:
    """Name what people try and what is not taken; everything else is up to Pillow."""
    if _is_svg(content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()):
        raise UnknownFormat("SVG drawings are not taken, since they may hold programs: save it as PNG or WebP.")
    brands = content[8:64]
    if content[4:8] == b"ftyp" and b"avif" not in brands and brands.startswith(HEIC_BRANDS):
        raise UnknownFormat("HEIC pictures are shown by few browsers: save it as JPEG, WebP or PNG.")


def _open(content: bytes) -> Image.Image:
    """Read the header alone."""
    try:
        image = Image.open(BytesIO(content), formats=OPENED)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels() from error
    except UNREADABLE as error:
        raise UnknownFormat(
            "This is no picture that the shop knows: choose a JPEG, PNG, WebP, AVIF or GIF."
        ) from error
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels()
    if max(image.size) > LONGEST_SIDE:
        raise TooManyPixels(f"A side has at most {LONGEST_SIDE:,} pixels: save it smaller.")
    return image


def _too_many_pixels() -> TooManyPixels:
    return TooManyPixels("A picture has at most 50 megapixels: save it smaller, 3,000 pixels are wide enough.")


def _decode(image: Image.Image) -> Image.Image:
    """Decode all of it, or its first frame, and turn it the right way."""
    image.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # a large JPEG in an eighth, a quarter or half of its size
    image.load()
    plain = _to_plain_mode(image)
    try:
        return ImageOps.exif_transpose(plain)
    except UNREADABLE:  # a damaged note of the camera is no damaged picture
        return plain


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """Return it in one of L, RGB, RGBA and CMYK, which can be shrunk without looking worse."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits of gray
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _shrink(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Return a new image with nothing but pixels, in RGB, or in RGBA where something shows through."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colors = _convert_colors(image.convert("RGB") if alpha else image, image.info.get("icc_profile"))
    if alpha and alpha.getextrema() != (255, 255):
        colors.putalpha(alpha)
    clean = Image.new(colors.mode, colors.size)
    clean.paste(colors)
    return clean


def _convert_colors(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *UNREADABLE):  # a profile that does not belong to these colors
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _render(largest: Image.Image) -> Iterator[Rendering]:
    for width in sorted({min(width, largest.width) for width in WIDTHS}):
        image = _shrink(largest, width)
        if features.check("avif"):  # some builds of Pillow lack it, and every browser takes WebP
            yield _save(image, Format.AVIF, quality=60, speed=8)  # 7 takes thrice as long for a fifth less
        yield _save(image, Format.WEBP, quality=80, method=4)
    yield _save(_make_preview(largest), Format.PREVIEW, quality=82, progressive=True)


def _save(image: Image.Image, format: Format, **options: int) -> Rendering:  # noqa: A002 - as Pillow calls it
    output = BytesIO()
    image.save(output, format="JPEG" if format is Format.PREVIEW else format.value.upper(), **options)
    return Rendering(format=format, width=image.width, height=image.height, content=output.getvalue())


def _make_preview(image: Image.Image) -> Image.Image:
    """Cut a little off where that is enough; else the whole picture on a ground of its own color."""
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image).convert("RGB")
    width, height = PREVIEW_SIZE
    shape = (image.width * height) / (image.height * width)
    if image.width >= width and image.height >= height and min(shape, 1 / shape) >= 1 - MOST_CUT:
        return ImageOps.fit(image, PREVIEW_SIZE, Image.Resampling.LANCZOS)
    color = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    preview = Image.new("RGB", PREVIEW_SIZE, color)
    whole = ImageOps.contain(image, (min(width, image.width), min(height, image.height)))
    preview.paste(whole, ((width - whole.width) // 2, (height - whole.height) // 2))
    return preview
