"""What is drawn for networks and home screens, and where: an address is the hash of all that is on the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.languages import offered
from storefront.core.money import format_money
from storefront.core.storage import storage
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.products import ProductPage
from storefront.shop.looks.palette import SHOPS_OWN
from storefront.shop.media.names import FOLDER, split_name
from storefront.shop.media.queries import ADDRESS, PictureView
from storefront.shop.media.share_words import ShareWords, name_of
from storefront.shop.profile.read import Profile, profiles_in_languages
from storefront.shop.translations.read import find_text

VERSION = 1  # of the drawings: a change of how they look is another address
KEPT_PICTURES = 32  # in each process, of some 100 kB; caches in front keep them for a year
TOUCH_SIDE = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFace:
    """All that is on the picture of a product, or of the shop. Names are those of files in the storage."""

    words: ShareWords
    cover: str
    font: str
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoFace:
    """`name` is that of the logo's file in the storage."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IconFace:
    """`path` is where the owner's icon lies, as it came; nothing for the drawn one."""

    path: str
    color: str
    version: int = VERSION


def face_of(page: ProductPage, pictures: tuple[PictureView, ...], profile: Profile) -> ShareFace:
    font = profile.looks.font
    return ShareFace(
        words=ShareWords(shop_name=profile.name, name=page.card.name, price=price_line(page)),
        cover=pictures[0].preview_url.removeprefix(ADDRESS) if pictures else "",
        font=font.url.removeprefix(ADDRESS) if font else "",
    )


def find_face(page: ProductPage, pictures: tuple[PictureView, ...], profile: Profile, tag: str) -> ShareFace:
    """Return the picture with this tag, in whatever language; without one, that of today in the shop's own."""
    face = face_of(page, pictures, profile)
    return face if tag == tag_of(face) else _named([face, *_in_other_languages(face, page)], tag)


def _in_other_languages(face: ShareFace, page: ProductPage) -> Iterator[ShareFace]:
    kept = db.session.scalar(select(Product.translations).where(Product.id == page.card.product_id))
    names = (find_text(kept, language, "name") for language in offered().others)
    return (replace(face, words=replace(face.words, name=name)) for name in names if name)


def _named(faces: Sequence[ShareFace], tag: str) -> ShareFace:
    return next((face for face in faces if tag_of(face) == tag), faces[0])


def find_face_of_shop(tag: str) -> ShareFace | None:
    """Return the picture with this tag, as above; None of a shop that has none in any language."""
    faces = list(filter(None, map(face_of_shop, profiles_in_languages())))
    return _named(faces, tag) if faces else None


def face_of_shop(profile: Profile) -> ShareFace | None:
    """Return the picture of the front page: what the shop says of itself, and its name.

    What cannot be written is left out; None where nothing can be: an empty picture shows less than a page without
    one. The owner's own font does not count, since a page would have to read it from the storage.
    """
    says = next(filter(_can_be_written, (profile.tagline, profile.name)), "")
    if not says:
        return None
    font = profile.looks.font
    return ShareFace(
        words=ShareWords(shop_name=profile.name if says != profile.name else "", name=says, price=""),
        cover="",
        font=font.url.removeprefix(ADDRESS) if font else "",
    )


@lru_cache(maxsize=KEPT_PICTURES)
def _can_be_written(text: str) -> bool:
    if text.isascii():  # Pillow's own font has these, and most shops need no more
        return any(map(str.isalnum, text))
    from storefront.shop.media.share_picture import can_be_written  # noqa: PLC0415 - few processes draw

    return can_be_written(text)


def price_line(page: ProductPage) -> str:
    """Return the lowest price in the product's first currency, whichever is shown; nothing of what is not sold."""
    if not page.offers:
        return ""
    shown = [offer for offer in page.offers if offer.currency == page.card.currencies[0]]
    lowest = min(shown, key=lambda offer: offer.lowest_minor)
    words = format_money(lowest.lowest_minor, lowest.currency) if lowest.lowest_minor else "Free"
    return f"from {words}" if len(shown) > 1 or lowest.is_chosen else words


def icon_face(profile: Profile) -> IconFace:
    looks = profile.looks
    return IconFace(path=looks.icon.path if looks.icon else "", color=looks.accent or SHOPS_OWN)


def tag_of(face: ShareFace | IconFace) -> str:
    return name_of(face)


@lru_cache(maxsize=KEPT_PICTURES)
def draw_face(face: ShareFace) -> bytes:
    """Return the JPEG of a product, or of the shop.

    Raises:
        StorageUnavailable: the bucket does not answer.
    """
    from storefront.shop.media.share_picture import draw_share_picture  # noqa: PLC0415 - few processes draw

    return draw_share_picture(face.words, cover=_read_media(face.cover), font=_read_media(face.font))


@lru_cache(maxsize=KEPT_PICTURES)
def draw_icon(face: IconFace, side: int, *, is_maskable: bool = False) -> bytes:
    """Return a PNG of the shop.

    Raises:
        StorageUnavailable: the bucket does not answer.
    """
    from storefront.shop.media.app_icons import draw_app_icon  # noqa: PLC0415 - few processes draw

    original = _read(face.path) if face.path else None
    return draw_app_icon(side, original=original, color=face.color, is_maskable=is_maskable)


@lru_cache(maxsize=KEPT_PICTURES)
def draw_mail_logo(face: LogoFace) -> bytes | None:
    """Return a logo as PNG; None where its file is gone.

    Raises:
        StorageUnavailable: the bucket does not answer.
    """
    from storefront.shop.media.marks import draw_png  # noqa: PLC0415 - few processes draw

    content = _read_media(face.name)
    return draw_png(content) if content else None


def _read_media(name: str) -> bytes | None:
    known = split_name(name)
    if known is None:
        return None
    return _read(storage().path_of(folder=FOLDER, filename=name, sha256=known[0]))


def _read(path: str) -> bytes | None:
    """Return a file of the storage; None where it is gone, since a link still deserves a picture."""
    if storage().find_size(path) is None:
        return None
    return b"".join(storage().read(path))


def touch_icon(profile: Profile) -> str:
    """Return the path of the icon for home screens of a shop whose owner chose none."""
    return f"/icons/{tag_of(icon_face(profile))}-{TOUCH_SIDE}.png"
