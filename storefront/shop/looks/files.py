"""Puts a logo, an icon or a font of the owner's into the shop, and takes it out again."""

from collections.abc import Callable
from enum import StrEnum
from typing import IO, Any

from flask import g
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.shop.looks.refusals import AnotherFile
from storefront.shop.media.font_files import read_font
from storefront.shop.media.keep import keep_bytes
from storefront.shop.media.names import CONTENT_TYPES, ORIGINALS
from storefront.shop.media.read_picture import read_picture
from storefront.shop.media.words import clean_filename
from storefront.shop.profile.row import lock_profile

Kept = dict[str, Any]  # what the column of the profile holds


class LooksFile(StrEnum):
    """Named like the columns of the profile."""

    LOGO = "logo"
    LOGO_DARK = "logo_dark"  # for dark pages, where the logo itself cannot be seen there
    ICON = "icon"
    FONT = "font"


def set_file(kind: LooksFile, stream: IO[bytes], filename: str) -> bool:
    """Put a file in the place of the one before. Returns False where the shop has it already.

    Raises:
        MediaRefused: no picture or font, or one that cannot be used; its sentence says why.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    kept = prepare_file(kind, stream, filename)
    with transaction() as session:
        is_new = write_file(session, kind, kept)
    g.pop("profile", None)
    return is_new


def prepare_file(kind: LooksFile, stream: IO[bytes], filename: str) -> Kept:
    """Bring a file into the storage for `write_file`, with no transaction open. Raises as `set_file` does."""
    return _MAKERS[kind](stream) | {"filename": clean_filename(filename)}


def write_file(session: Session, kind: LooksFile, kept: Kept) -> bool:
    """Do as `set_file` does with a file that is stored, inside the caller's transaction."""
    profile = lock_profile(session)
    before: Kept | None = getattr(profile, kind)
    if before and before["sha256"] == kept["sha256"]:
        return False
    setattr(profile, kind, kept)
    record(
        session,
        f"shop.{kind}_set",
        subject_kind="shop",
        subject="shop",
        before={"filename": before["filename"]} if before else None,
        after={"filename": kept["filename"], "sha256": kept["sha256"]},
    )
    return True


def remove_file(kind: LooksFile, *, shown_sha256: str | None = None) -> bool:
    """Take it out: the shop looks as it did without. Returns False where there is none.

    The bytes stay, since pages that browsers keep still show them. `shown_sha256` is what the page showed that the
    button stood on; None for a command.

    Raises:
        AnotherFile: somebody put another one there meanwhile.
    """
    with transaction() as session:
        profile = lock_profile(session)
        before: Kept | None = getattr(profile, kind)
        if before is None:
            return False
        if shown_sha256 is not None and shown_sha256 != before["sha256"]:
            raise AnotherFile(f"Somebody put {before['filename']} there meanwhile. Look at it, then remove it.")
        setattr(profile, kind, None)
        record(
            session,
            f"shop.{kind}_removed",
            subject_kind="shop",
            subject="shop",
            before={"filename": before["filename"], "sha256": before["sha256"]},
        )
    g.pop("profile", None)
    return True


def _make_logo(stream: IO[bytes]) -> Kept:
    from storefront.shop.media.marks import draw_logo  # noqa: PLC0415 - few processes draw

    content = read_picture(stream)
    logo = draw_logo(content)
    name = keep_bytes(logo.content, ".webp", CONTENT_TYPES[".webp"]).name
    return _keep_original(content, logo.ending) | {"name": name, "width": logo.width, "height": logo.height}


def _make_icon(stream: IO[bytes]) -> Kept:
    from storefront.shop.media.marks import draw_icon  # noqa: PLC0415 - few processes draw

    content = read_picture(stream)
    tab, touch = draw_icon(content)
    name, touch_name = (keep_bytes(icon.content, ".png", CONTENT_TYPES[".png"]).name for icon in (tab, touch))
    return _keep_original(content, tab.ending) | {"name": name, "touch_name": touch_name}


def _keep_original(content: bytes, ending: str) -> Kept:
    """An export gives it back. The type is for the bucket; no page ever gets this file."""
    original = keep_bytes(content, ending, "application/octet-stream", folder=ORIGINALS)
    return {"sha256": original.sha256, "path": original.path}


def _make_font(stream: IO[bytes]) -> Kept:
    font = read_font(stream)
    kept = keep_bytes(font.content, font.ending, CONTENT_TYPES[font.ending])
    return {"name": kept.name, "kind": font.kind, "family": font.family, "path": kept.path, "sha256": kept.sha256}


_MAKERS: dict[LooksFile, Callable[[IO[bytes]], Kept]] = {
    LooksFile.LOGO: _make_logo,
    LooksFile.LOGO_DARK: _make_logo,
    LooksFile.ICON: _make_icon,
    LooksFile.FONT: _make_font,
}
