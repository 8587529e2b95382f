"""Logos and icons: drawn anew in the size that pages want, and what would look bad is refused."""

from io import BytesIO

import pytest
from PIL import Image

from storefront.shop.media.marks import LOSSLESS_BYTES, draw_icon, draw_logo
from storefront.shop.media.refusals import LogoTooWide, MediaRefused, PictureTooSmall
from tests.shop.media.drawn import draw, saved


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("size", "file", "shown"),
    [
        ((2400, 480), (720, 144), (240, 48)),
        ((100, 20), (100, 20), (100, 20)),
        ((300, 600), (72, 144), (24, 48)),
        ((1, 3000), (1, 144), (1, 48)),
    ],
)
def test_shows_a_logo_sharp_and_never_larger_than_it_is(
    size: tuple[int, int], file: tuple[int, int], shown: tuple[int, int]
) -> None:
    logo = draw_logo(saved(draw(*size)))
    image = opened(logo.content)
    assert (image.format, image.size) == ("WEBP", file)
    assert (logo.width, logo.height, logo.ending) == (*shown, ".png")


def test_refuses_a_logo_that_would_be_a_line() -> None:
    with pytest.raises(LogoTooWide, match="33 times as wide as it is high"):
        draw_logo(saved(draw(4000, 120)))
    assert draw_logo(saved(draw(1200, 100))).height == 20


def test_keeps_what_shows_through_a_logo() -> None:
    logo = Image.new("RGBA", (400, 100), (0, 0, 0, 0))
    logo.paste((200, 0, 0, 255), (0, 0, 200, 100))
    image = opened(draw_logo(saved(logo)).content).convert("RGBA")
    assert image.getpixel((0, 0)) == (200, 0, 0, 255)
    assert image.getpixel((399, 50))[3] == 0  # type: ignore[index] # four channels


def test_keeps_a_photo_in_the_header_small() -> None:
    photo = Image.effect_noise((1600, 320), 90)
    assert len(draw_logo(saved(photo)).content) < 2 * LOSSLESS_BYTES


def test_draws_an_icon_for_tabs_and_for_home_screens() -> None:
    wide = Image.new("RGBA", (400, 200), (0, 0, 200, 255))
    tab, touch = draw_icon(saved(wide))
    small, large = opened(tab.content), opened(touch.content)
    assert (small.format, small.size, large.format, large.size) == ("PNG", (32, 32), "PNG", (180, 180))
    assert small.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index] # four channels
    assert (large.getpixel((0, 0)), large.getpixel((90, 90))) == ((255, 255, 255), (0, 0, 200))


def test_refuses_an_icon_that_would_be_blurred() -> None:
    with pytest.raises(PictureTooSmall, match="at least 180 pixels a side: this one has 64"):
        draw_icon(saved(draw(64, 64)))


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>logo</body></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"PK\3\4" * 9,
        b"x",
    ],
)
def test_refuses_what_is_no_picture(content: bytes) -> None:
    for render in (draw_logo, draw_icon):
        with pytest.raises(MediaRefused):
            render(content)
