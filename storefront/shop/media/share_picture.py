"""Draws what chats and networks show of a product: its picture or a drawn ground, name, price, the shop's name.

Only what the fonts at hand draw well is written. A name in another script, or one that runs from right to left,
is left out: the networks set the title of the page below the picture, in fonts that have it.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

from storefront.core.letters import kind_of
from storefront.shop.media.drawn_cover import ground_colors, hill_points
from storefront.shop.media.recode import ONE_AT_A_TIME, UNREADABLE
from storefront.shop.media.share_words import ShareWords

SIZE = (1200, 630)
PANEL = 560  # of the width, for words beside a picture
MARGIN = 64
NAME_SIZES = (76, 66, 56, 48, 40)
MOST_LINES = 4
SMALL = 34
PRICE = 44
QUALITY = 88
# Of Debian's fonts-dejavu-core, fonts-liberation and fonts-noto, and of Macs and Windows: letters with accents.
MACHINE_FONTS = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf")
# What a price is written with where no font here has the sign. One behind a letter is another currency's: "CN¥".
CODES = {"€": "EUR ", "£": "GBP ", "¥": "JPY ", "₹": "INR ", "₩": "KRW ", "₪": "ILS ", "₫": "VND "}
SIGN = re.compile(f"(?<![A-Za-z])[{''.join(CODES)}]")
NO_LETTER = "\uffff"  # never a letter (Unicode, 23.7): what a font draws for what it lacks
# Scripts whose letters stand side by side, as they are. Others join or stack, which takes more than a font.
PLAIN_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL")
LEFT_TO_RIGHT = ("L", "EN", "ES", "ET", "CS", "WS", "ON", "BN", "NSM")

Font = ImageFont.FreeTypeFont


def draw_share_picture(words: ShareWords, *, cover: bytes | None, font: bytes | None) -> bytes:
    """Return a JPEG of 1200 by 630. `cover` is a picture that we made, `font` a file that was checked."""
    with ONE_AT_A_TIME:
        name = _tidy(words.name)
        name_font = _find_font(name, font, NAME_SIZES[0])
        image = _ground(words.name, cover, has_words=name_font is not None)
        if name_font is not None or cover is None:
            _write(image, words, name, name_font, has_cover=cover is not None)
        output = BytesIO()
        image.save(output, format="JPEG", quality=QUALITY, optimize=True, progressive=True)
        return output.getvalue()


def can_be_written(text: str) -> bool:
    """Tell whether a font of Pillow's or of this machine has all letters; emoji count for nothing."""
    return _find_font(_tidy(text), None, SMALL) is not None


def _ground(name: str, cover: bytes | None, *, has_words: bool) -> Image.Image:
    dark, *hills = ground_colors(name)
    image = Image.new("RGB", SIZE, dark)
    if cover is None:
        _draw_hills(image, name, hills)
        return image
    picture = Image.open(BytesIO(cover)).convert("RGB")
    left = PANEL if has_words else 0  # a picture without words beside it has all the room
    image.paste(ImageOps.fit(picture, (SIZE[0] - left, SIZE[1]), Image.Resampling.LANCZOS), (left, 0))
    return image


def _draw_hills(image: Image.Image, name: str, colors: list[str]) -> None:
    draw = ImageDraw.Draw(image)
    for number, color in enumerate(colors):
        draw.polygon(hill_points(name, number, *SIZE), fill=color)


def _write_name(draw: ImageDraw.ImageDraw, name: str, font: Font, room: int, *, raised: int) -> None:
    lines, fitted = _fit(name, font, room)
    height = round(fitted.size * 1.2)
    top = (SIZE[1] - height * len(lines)) // 2 - raised
    for number, line in enumerate(lines):
        draw.text((MARGIN, top + number * height), line, font=fitted, fill="white")


def _write(image: Image.Image, words: ShareWords, name: str, name_font: Font | None, *, has_cover: bool) -> None:
    draw = ImageDraw.Draw(image)
    room = (PANEL if has_cover else SIZE[0]) - 2 * MARGIN
    _line(draw, (MARGIN, MARGIN), _tidy(words.shop_name), SMALL, room)
    if name_font is not None:
        _write_name(draw, name, name_font, room, raised=0 if has_cover else 30)
    price = _tidy(words.price)
    if _find_font(price, None, PRICE) is None:
        price = _tidy(SIGN.sub(lambda sign: CODES[sign[0]], price))
    _line(draw, (MARGIN, SIZE[1] - MARGIN - PRICE), price, PRICE, room)


def _line(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, room: int) -> None:
    """Write one line, if the shop's own font has all its letters."""
    font = _find_font(text, None, size)
    if text and font is not None:
        draw.text(place, _shorten(text, font, room), font=font, fill="white")


def _fit(text: str, font: Font, room: int) -> tuple[list[str], Font]:
    """Return the lines of a text and the largest size in which they fit; the smallest cuts what is too much."""
    for size in NAME_SIZES:
        sized = font.font_variant(size=size)
        lines = _break(text, sized, room)
        if len(lines) <= MOST_LINES and all(sized.getlength(line) <= room for line in lines):
            return lines, sized
    lines = [*lines[: MOST_LINES - 1], " ".join(lines[MOST_LINES - 1 :])]
    return [_shorten(line, sized, room) for line in lines if line], sized


def _break(text: str, font: Font, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _shorten(text: str, font: Font, room: int) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _find_font(text: str, own: bytes | None, size: int) -> Font | None:
    """Return the first font that has all letters: the owner's, Pillow's own, the machine's. None: no font has."""
    if not text or not all(map(_is_plain, text)):
        return None
    for font in _fonts(own, size):
        if isinstance(font, Font) and _has_letters(font, text):
            return font
    return None


def _fonts(own: bytes | None, size: int) -> Iterator[object]:
    yield _open(own, size)
    yield ImageFont.load_default(size)  # ASCII alone
    for path in _fonts_of_machine():
        yield ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _fonts_of_machine() -> tuple[str, ...]:
    """Return where they are: Pillow looks in the folders that the system has for them."""
    return tuple(filter(None, map(_find_on_machine, MACHINE_FONTS)))


def _find_on_machine(name: str) -> str | None:
    try:
        return str(ImageFont.truetype(name, SMALL).path)
    except OSError:
        return None


def _open(own: bytes | None, size: int) -> Font | None:
    if own is None:
        return None
    try:
        return ImageFont.truetype(BytesIO(own), size, layout_engine=ImageFont.Layout.BASIC)
    except UNREADABLE:
        return None


def _has_letters(font: Font, text: str) -> bool:
    small = font.font_variant(size=24)
    missing = _picture(small, NO_LETTER)
    return all(letter.isspace() or _picture(small, letter) != missing for letter in set(text))


def _picture(font: Font, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _is_plain(letter: str) -> bool:
    if unicodedata.bidirectional(letter) not in LEFT_TO_RIGHT or unicodedata.category(letter).startswith("M"):
        return False
    return not letter.isalpha() or unicodedata.name(letter, "").startswith(
        (*PLAIN_SCRIPTS, "FEMININE", "MASCULINE")
    )


def _tidy(text: str) -> str:
    """Return a text without emoji, which fonts of one color do not have, and with composed letters."""
    composed = unicodedata.normalize("NFC", text)
    kept = (letter for letter in composed if kind_of(letter) not in ("So", "Sk", "Cf", "Cs", "Cc", "Co"))
    return " ".join("".join(letter for letter in kept if not _is_selector(letter)).split())


def _is_selector(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
