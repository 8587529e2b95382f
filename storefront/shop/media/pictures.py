"""Adds pictures to products, describes, moves and removes them."""

import hashlib
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, end_read, insert_missing, transaction
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.queries import get_product_id, lock_product
from storefront.shop.editor.places import move_within
from storefront.shop.media.brought import Brought
from storefront.shop.media.keep import at_home, is_whole, keep_bytes
from storefront.shop.media.models import Picture, ProductPicture
from storefront.shop.media.names import CONTENT_TYPES, FOLDER, ORIGINALS
from storefront.shop.media.read_picture import read_picture
from storefront.shop.media.refusals import NoSuchMedia, TextRefused, TooManyMedia
from storefront.shop.media.words import ALT, clean_filename, clean_words

if TYPE_CHECKING:
    from storefront.shop.media.recode import Rendering

MOST_PICTURES = 8
Shown = list[ProductPicture]


def add_picture(slug: str, stream: IO[bytes], filename: str, alt: str = "") -> Brought:
    """Bring a picture into the storage and show it last on a product's page.

    A picture that the product shows already stays as it is.

    Raises:
        NotFound: no such product.
        EmptyMedia, MediaTooLarge, UnknownFormat, TooManyPixels, DamagedPicture: of the file.
        TextRefused: of the alt text.
        TooManyMedia: there is no room.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    alt = clean_words(alt, ALT)
    content = read_picture(stream)
    sha256 = hashlib.sha256(content).hexdigest()
    _look_ahead(slug, sha256)
    values = None if _is_kept(sha256) else _make(content, sha256, clean_filename(filename))
    with transaction() as session:
        return show_picture(session, lock_product(session, slug), sha256, values, alt)


def prepare_picture(stream: IO[bytes], filename: str) -> tuple[str, dict[str, Any] | None]:
    """Bring a picture into the storage for `show_picture`, with no transaction open. Returns its SHA-256.

    The second value is None where the shop has made its files before, and has them.

    Raises:
        EmptyMedia, MediaTooLarge, UnknownFormat, TooManyPixels, DamagedPicture: of the file.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    content = read_picture(stream)
    sha256 = hashlib.sha256(content).hexdigest()
    return sha256, None if _is_kept(sha256) else _make(content, sha256, clean_filename(filename))


def show_picture(
    session: Session, product: Product, sha256: str, values: dict[str, Any] | None, alt: str
) -> Brought:
    """Show a picture last, inside the caller's transaction. The product is locked.

    Raises:
        TooManyMedia: there is no room.
    """
    if values is not None:
        insert_missing(session, Picture, [values])
    picture = session.scalars(select(Picture).where(Picture.sha256 == sha256)).one()
    if values is not None:  # made anew, where files of it were lost: perhaps by another version of the encoder
        picture.path, picture.files = values["path"], values["files"]
    shown = _list_shown(session, product.id)
    if any(other.picture_id == picture.id for other in shown):
        return Brought(picture.id, is_new=False)
    _check_room(len(shown))
    position = len(shown) + 1
    session.add(ProductPicture(product_id=product.id, picture_id=picture.id, alt=alt, position=position))
    session.flush()
    after = {"picture": picture.id, "filename": picture.filename, "alt": alt, "position": position}
    record(session, "product.picture_added", subject_kind="product", subject=product.slug, after=after)
    return Brought(picture.id, is_new=True)


def describe_picture(slug: str, picture_id: int, alt: str) -> bool:
    """Say what a picture shows, for those who do not see it. Returns False where it says so already.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such picture of it.
        TextRefused: of the alt text.
    """
    alt = clean_words(alt, ALT)
    with transaction() as session:
        return write_alt(session, lock_product(session, slug), picture_id, alt)


def write_alt(session: Session, product: Product, picture_id: int, alt: str) -> bool:
    """Do as `describe_picture` does with clean words, inside the caller's transaction. The product is locked."""
    picture = _pick(_list_shown(session, product.id), picture_id)
    before, picture.alt = picture.alt, alt
    if before == alt:
        return False
    record(
        session,
        "product.picture_described",
        subject_kind="product",
        subject=product.slug,
        before={"alt": before},
        after={"picture": picture_id, "alt": alt},
    )
    return True


def move_picture(slug: str, picture_id: int, position: int, *, shown: str | None = None) -> bool:
    """Show a picture at another place: 1 is the cover, and beyond the end is the end. Returns False where it is.

    `shown` is a digest of the order that a page showed.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such picture of it.
        TextRefused: there is no such place.
        StaleOrder: somebody else changed the pictures meanwhile.
    """
    if position < 1:
        raise TextRefused("Positions count from 1, which is the cover.")
    with transaction() as session:
        return place_picture(session, lock_product(session, slug), picture_id, position, shown=shown)


def place_picture(
    session: Session, product: Product, picture_id: int, position: int, *, shown: str | None = None
) -> bool:
    """Do as `move_picture` does, inside the caller's transaction. The product is locked."""
    pictures = _list_shown(session, product.id)
    picture = _pick(pictures, picture_id)
    keys = [other.picture_id for other in pictures]
    what = picture.alt or f"picture {keys.index(picture_id) + 1}"
    places = move_within(pictures, picture, position, keys=keys, what=what, shown=shown)
    if places is None:
        return False
    before, after = places
    _number(pictures)
    session.flush()
    record(
        session,
        "product.picture_moved",
        subject_kind="product",
        subject=product.slug,
        before={"position": before},
        after={"picture": picture_id, "position": after},
    )
    return True


def remove_picture(slug: str, picture_id: int) -> None:
    """Take a picture off a product's page. Its bytes stay: other products and old pages may show them.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such picture of it.
    """
    with transaction() as session:
        take_picture_off(session, lock_product(session, slug), picture_id)


def take_picture_off(session: Session, product: Product, picture_id: int) -> None:
    """Do as `remove_picture` does, inside the caller's transaction. The product is locked."""
    shown = _list_shown(session, product.id)
    picture = _pick(shown, picture_id)
    before = {"picture": picture_id, "alt": picture.alt, "position": shown.index(picture) + 1}
    shown.remove(picture)
    session.delete(picture)
    _number(shown)
    session.flush()
    record(session, "product.picture_removed", subject_kind="product", subject=product.slug, before=before)


def _look_ahead(slug: str, sha256: str) -> None:
    """Refuse now what would be refused after seconds of work."""
    session = db.session()
    shown = _list_shown(session, get_product_id(session, slug))
    picture_id = session.scalar(select(Picture.id).where(Picture.sha256 == sha256))
    if picture_id is None or all(other.picture_id != picture_id for other in shown):
        _check_room(len(shown))


def _is_kept(sha256: str) -> bool:
    """Tell whether the shop knows a picture and still has every file of it, whole. Leaves no transaction open.

    Raises:
        StorageUnavailable: the bucket does not answer.
    """
    picture = db.session.execute(select(Picture.path, Picture.files).where(Picture.sha256 == sha256)).one_or_none()
    end_read()
    if picture is None:
        return False
    served = [at_home(f"{FOLDER}/{file['name']}") for file in picture.files]
    whole = [is_whole(path) for path in (picture.path, *served)]  # of all: each damaged one has to go
    return all(whole)


def _check_room(count: int) -> None:
    if count >= MOST_PICTURES:
        raise TooManyMedia(f"A product shows at most {MOST_PICTURES} pictures: remove one first.")


def _make(content: bytes, sha256: str, filename: str) -> dict[str, Any]:
    """Do the slow part, with no transaction open: files first, so that a row never names what is not there."""
    from storefront.shop.media.recode import recode  # noqa: PLC0415 - few processes do

    recoded = recode(content)
    # The type is for the bucket; no page ever gets this file.
    original = keep_bytes(content, recoded.ending, "application/octet-stream", folder=ORIGINALS)
    return {
        "sha256": sha256,
        "filename": filename,
        "path": original.path,
        "width": recoded.width,
        "height": recoded.height,
        "files": [_keep(rendering) for rendering in recoded.renderings],
    }


def _keep(rendering: "Rendering") -> dict[str, Any]:
    ending = f".{rendering.format.value}"
    kept = keep_bytes(rendering.content, ending, CONTENT_TYPES[ending])
    size = {"width": rendering.width, "height": rendering.height}
    return {"format": rendering.format.value, "name": kept.name, **size}


def _list_shown(session: Session, product_id: int) -> Shown:
    return list(
        session.scalars(
            select(ProductPicture)
            .where(ProductPicture.product_id == product_id)
            .order_by(ProductPicture.position, ProductPicture.id)
            .execution_options(populate_existing=True)
        )
    )


def _pick(shown: Shown, picture_id: int) -> ProductPicture:
    for picture in shown:
        if picture.picture_id == picture_id:
            return picture
    raise NoSuchMedia(f"This product has no picture {picture_id}: it may have been removed meanwhile.")


def _number(shown: Shown) -> None:
    for position, picture in enumerate(shown, start=1):
        picture.position = position
