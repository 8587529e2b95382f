"""What becomes of a picture: the right way up, in sRGB, in a few widths, and nothing but its pixels."""

import zlib
from io import BytesIO

import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from storefront.shop.media.read_picture import MOST_BYTES, read_picture
from storefront.shop.media.recode import Format, Recoded, recode
from storefront.shop.media.refusals import (
    DamagedPicture,
    EmptyMedia,
    MediaRefused,
    MediaTooLarge,
    TooManyPixels,
    UnknownFormat,
)
from tests.shop.media.drawn import draw, opened, png_chunk, png_claiming, saved

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100


def of(recoded: Recoded, kind: Format) -> list[Image.Image]:
    return [opened(rendering.content) for rendering in recoded.renderings if rendering.format is kind]


def webp(content: bytes) -> Image.Image:
    """The largest one that is served."""
    image = of(recode(content), Format.WEBP)[-1]
    image.load()
    return image


def test_makes_three_widths_of_two_formats_and_one_preview() -> None:
    recoded = recode(saved(draw(3200, 1800), "JPEG"))
    assert (recoded.width, recoded.height, recoded.ending) == (3200, 1800, ".jpg")
    assert [(r.format.value, r.width, r.height) for r in recoded.renderings] == [
        ("avif", 480, 270), ("webp", 480, 270), ("avif", 960, 540), ("webp", 960, 540),
        ("avif", 1600, 900), ("webp", 1600, 900), ("jpg", 1200, 630),
    ]  # fmt: skip
    assert [opened(r.content).format for r in recoded.renderings] == ["AVIF", "WEBP"] * 3 + ["JPEG"]
    assert all(opened(r.content).size == (r.width, r.height) for r in recoded.renderings)


def test_does_without_avif_where_this_pillow_cannot_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(draw(300, 100))
    monkeypatch.setattr("PIL.features.check", lambda name: name != "avif")
    monkeypatch.delitem(Image.SAVE, "AVIF")
    assert [rendering.format.value for rendering in recode(content).renderings] == ["webp", "jpg"]


@pytest.mark.parametrize(
    ("width", "widths"), [(1, [1]), (300, [300]), (700, [480, 700]), (1600, [480, 960, 1600])]
)
def test_enlarges_nothing(width: int, widths: list[int]) -> None:
    recoded = recode(saved(draw(width, 100)))
    assert [image.width for image in of(recoded, Format.WEBP)] == widths
    assert [image.size for image in of(recoded, Format.PREVIEW)] == [(1200, 630)]


def test_serves_no_ribbon_that_takes_a_minute_to_encode() -> None:
    recoded = recode(saved(draw(1000, 16_000)))
    assert (recoded.width, recoded.height) == (1000, 16_000)
    assert [image.size for image in of(recoded, Format.WEBP)] == [(200, 3200)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_takes_every_kind_that_browsers_show(kind: str) -> None:
    red, green, blue = webp(saved(draw(color=(200, 40, 40)), kind)).convert("RGB").getpixel((5, 5))  # type: ignore[misc] # three bands
    assert abs(red - 200) < 8
    assert abs(green - 40) < 8
    assert abs(blue - 40) < 8


def test_takes_the_first_frame_of_what_moves() -> None:
    frames = [draw(color="red"), draw(color="blue")]
    image = webp(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5))[0] > 240  # type: ignore[index] # three bands


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_turns_it_and_forgets_where_it_was_taken(kind: str) -> None:
    image = draw(600, 400, color="red")
    image.paste("blue", (0, 0, 600, 40))  # at the top as it is stored: at the right once it is turned
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 13.0)
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = "SecretPlace"
    content = saved(image, kind, exif=exif.tobytes())
    assert b"SecretPlace" in content
    recoded = recode(content)
    assert (recoded.width, recoded.height) == (400, 600)
    for rendering in recoded.renderings:
        assert b"Secret" not in rendering.content
        seen = opened(rendering.content)
        assert not seen.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & seen.info.keys()
    turned = of(recoded, Format.WEBP)[-1].convert("RGB")
    assert turned.size == (400, 600)
    assert turned.getpixel((390, 300))[2] > 200  # type: ignore[index] # three bands
    assert turned.getpixel((10, 300))[0] > 200  # type: ignore[index] # the same


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_shows_a_picture_whose_camera_wrote_nonsense() -> None:
    assert recode(saved(draw(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\xff\xff\xff")).width == 640


def test_forgets_texts_and_comments() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "SecretAuthor", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", "<x>SecretXmp</x>")
    for content in (saved(draw(), pnginfo=texts), saved(draw(), "JPEG", comment=b"SecretComment")):
        assert not any(b"Secret" in rendering.content for rendering in recode(content).renderings)


def test_keeps_what_shows_through() -> None:
    image = draw(mode="RGBA", color=(200, 40, 40, 0))
    image.paste((200, 40, 40, 255), (0, 0, 100, 100))
    recoded = recode(saved(image))
    for kind in (Format.WEBP, Format.AVIF):
        shown = of(recoded, kind)[-1]
        assert shown.mode == "RGBA"
        assert shown.getpixel((50, 50))[3] > 250  # type: ignore[index] # four bands
        assert shown.getpixel((500, 300))[3] < 5  # type: ignore[index] # the same
    (preview,) = of(recoded, Format.PREVIEW)
    assert preview.mode == "RGB"


def test_drops_a_transparency_that_hides_nothing() -> None:
    assert webp(saved(draw(mode="RGBA", color=(1, 2, 3, 255)))).mode == "RGB"


def test_keeps_the_transparent_color_of_a_palette() -> None:
    image = draw(mode="P", color=0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(1, (0, 0, 320, 360))
    shown = webp(saved(image, transparency=0))
    assert shown.mode == "RGBA"
    assert shown.getpixel((10, 10))[3] == 255  # type: ignore[index] # four bands
    assert shown.getpixel((600, 10))[3] == 0  # type: ignore[index] # the same


@pytest.mark.parametrize(
    ("image", "gray"),
    [
        (draw(mode="I;16", color=40000), 156),
        (draw(mode="L", color=156), 156),
        (draw(mode="1", color=1), 255),
        (draw(mode="LA", color=(156, 255)), 156),
    ],
    ids=["16 bits", "gray", "black and white", "gray with alpha"],
)
def test_shows_grays_as_they_are(image: Image.Image, gray: int) -> None:
    shown = webp(saved(image)).convert("RGB").getpixel((5, 5))
    assert all(abs(band - gray) < 4 for band in shown)  # type: ignore[union-attr] # three bands


def test_shows_the_colors_of_print() -> None:
    image = draw(mode="CMYK", color=(0, 255, 255, 0))
    shown = webp(saved(image, "JPEG")).convert("RGB").getpixel((5, 5))
    assert shown[0] > 230  # type: ignore[index] # three bands
    assert shown[1] < 40  # type: ignore[index] # the same


def test_follows_the_profile_of_the_colors() -> None:
    """In a LAB-like or wide profile the same numbers are other colors; here one whose gamma is 1."""
    linear = ImageCms.ImageCmsProfile(BytesIO(_linear_profile()))
    content = saved(draw(color=(55, 55, 55)), icc_profile=linear.tobytes())
    shown = webp(content).convert("RGB").getpixel((5, 5))
    assert shown[0] > 110  # type: ignore[index] # 55 of 255 in linear light is about 128 in sRGB


def _linear_profile() -> bytes:
    """sRGB's own profile, with a curve that is a straight line in place of its three."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132])
    for number in range(count):
        entry = 132 + number * 12
        if bytes(profile[entry : entry + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            start = int.from_bytes(profile[entry + 4 : entry + 8])
            profile[start : start + 12] = b"curv" + b"\0" * 8
            profile[entry + 8 : entry + 12] = (12).to_bytes(4)
    return bytes(profile)


def test_ignores_a_profile_that_is_none() -> None:
    assert webp(saved(draw(), icc_profile=b"no profile at all")).size == (640, 360)


def test_makes_the_same_bytes_of_the_same_picture() -> None:
    content = saved(draw(1000, 700), "JPEG")
    assert recode(content) == recode(content)


def test_leaves_behind_what_hides_in_a_picture() -> None:
    content = saved(draw(), "GIF") + b"<script>Secret</script>PK\3\4Secret"
    assert not any(b"Secret" in rendering.content for rendering in recode(content).renderings)


@pytest.mark.parametrize(
    ("content", "refusal", "words"),
    [
        (SVG, UnknownFormat, "SVG"),
        (b"\xef\xbb\xbf  <SVG onload='x()'/>", UnknownFormat, "SVG"),
        (HEIC, UnknownFormat, "HEIC"),
        (b"name,price\nTwinspot,19\n", UnknownFormat, "no picture"),
        (b"%PDF-1.7", UnknownFormat, "no picture"),
        (b"\x89PNG\r\n\x1a\n", UnknownFormat, "no picture"),
        (saved(draw(), "TIFF"), UnknownFormat, "no picture"),
        (saved(draw(), "BMP"), UnknownFormat, "no picture"),
        (png_claiming(20_000, 20_000), TooManyPixels, "50 megapixels"),
        (png_claiming(8000, 8000), TooManyPixels, "50 megapixels"),
        (png_claiming(17_000, 10), TooManyPixels, "16,000 pixels"),
        (png_claiming(2000, 2000), DamagedPicture, "damaged"),
        (saved(draw(), "JPEG")[:-200], DamagedPicture, "damaged"),
        (saved(draw(), "WEBP")[:-20], MediaRefused, "picture"),
        (saved(draw(), "AVIF")[:-20], MediaRefused, "picture"),
        (saved(draw(color=(1, 2, 3)))[:-40], DamagedPicture, "damaged"),
    ],
)  # fmt: skip
def test_refuses(content: bytes, refusal: type[MediaRefused], words: str) -> None:
    with pytest.raises(refusal, match=words):
        recode(content)


def test_refuses_texts_that_unpack_to_gigabytes() -> None:
    bomb = zlib.compress(b"\0" * 80_000_000, 9)
    assert len(bomb) < 100_000
    for chunk in (png_chunk(b"zTXt", b"Comment\0\0" + bomb), png_chunk(b"iCCP", b"icc\0\0" + bomb)):
        with pytest.raises(MediaRefused):
            recode(png_claiming(10, 10, chunk))


def test_refuses_what_is_empty_or_too_large() -> None:
    with pytest.raises(EmptyMedia):
        read_picture(BytesIO())
    with pytest.raises(MediaTooLarge, match="20 MB"):
        read_picture(BytesIO(b"x" * (MOST_BYTES + 1)))
    assert len(read_picture(BytesIO(b"x" * MOST_BYTES))) == MOST_BYTES
