"""Takes the bytes of an upload: a piece is on the disk before the row counts it, and one request at a time sends.

A request claims the upload by writing a name of its own into the row. It keeps it with every piece. Whoever comes
while pieces arrive is told to wait; a claim that fell silent is taken over, and its late bytes are not counted.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.storage import is_full
from storefront.owner.uploads.models import Upload, UploadState
from storefront.owner.uploads.parts import NoPart, locked_part, make_part_folder, size_of, write_at
from storefront.owner.uploads.queries import ListedUpload
from storefront.owner.uploads.refusals import BeyondTheEnd, NoRoom, NoSuchUpload, UploadBusy, WrongOffset
from storefront.owner.uploads.space import has_room_for_piece

SILENT = timedelta(seconds=15)
READ_BYTES = 64 * 1024
PIECE_BYTES = 4 * 1024 * 1024
PIECE_SECONDS = 3.0  # a slow line: what has come is kept, and the claim renewed
GONE = "This upload is not here any more. Choose the file again to start anew."
FULL = (
    "The shop's disk is full but for what the shop itself needs. What has come so far is kept: make room there, "
    "then continue."
)


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(slots=True, kw_only=True)
class Claim:
    token: str
    writer: str
    offset: int


def receive(upload: ListedUpload, stream: Stream, *, offset: int, length: int) -> int:
    """Append up to `length` bytes at `offset`; return the new one. What came before the line broke is kept.

    With nothing to append only the offset is checked: what is finished has no part file any more.

    Raises:
        WrongOffset: it goes on elsewhere.
        UploadBusy: another request is sending.
        BeyondTheEnd: there is more than was announced.
        NoRoom: the shop's disk has only the room left that the shop itself needs.
    """
    if length > upload.size_bytes - offset >= 0:
        raise BeyondTheEnd(f"The file was announced with {upload.size_bytes} bytes, and these are more.")
    if length == 0:
        if offset != upload.offset_bytes:
            raise WrongOffset(upload.offset_bytes)
        return offset
    _check_room(length)  # before a row is written: SQLite may have no room for that either
    claim = _claim(upload.token, offset)
    try:
        _prepare(claim)
        _copy(stream, claim, length)
    finally:
        _give_back(claim)
    return claim.offset


def _check_room(size_bytes: int) -> None:
    if not has_room_for_piece(size_bytes):
        raise NoRoom(FULL)


def _claim(token: str, offset: int) -> Claim:
    now, claim = clock.now(), Claim(token=token, writer=tokens.new_token(), offset=offset)
    with transaction() as changes:
        row = changes.scalars(
            select(Upload).where(Upload.token == token).with_for_update().execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            raise NoSuchUpload(GONE)
        if row.busy_until is not None and now < row.busy_until <= now + SILENT + clock.AHEAD:
            raise UploadBusy
        if row.offset_bytes != offset:
            raise WrongOffset(row.offset_bytes)
        row.writer, row.busy_until = claim.writer, now + SILENT
    return claim


def _prepare(claim: Claim) -> None:
    """Cut off what an earlier request wrote and did not count. A file that lost bytes goes on where it ends."""
    make_part_folder()
    with locked_part(claim.token, is_new=True) as part:
        size = size_of(part)
        if size > claim.offset:
            part.truncate(claim.offset)
    if size < claim.offset:
        with transaction() as changes:
            changes.execute(
                update(Upload)
                .where(Upload.token == claim.token, Upload.writer == claim.writer)
                .values(offset_bytes=size, state=UploadState.OPEN, reason="")
            )
        raise WrongOffset(size)


def _copy(stream: Stream, claim: Claim, length: int) -> None:
    remaining = length
    while remaining:
        piece = _read_piece(stream, remaining)
        if not piece.data:
            return
        _write(claim, piece.data)
        remaining -= len(piece.data)
        if piece.is_cut:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    data: bytes
    is_cut: bool


def _read_piece(stream: Stream, remaining: int) -> _Piece:
    """Until it is large, or took a while, or the line broke."""
    until, data = time.monotonic() + PIECE_SECONDS, bytearray()
    while len(data) < min(remaining, PIECE_BYTES) and time.monotonic() < until:
        try:
            read = stream.read(min(READ_BYTES, remaining - len(data)))
        except OSError:  # the sender hung up
            read = b""
        if not read:
            return _Piece(data=bytes(data), is_cut=True)
        data += read
    return _Piece(data=bytes(data), is_cut=False)


def _write(claim: Claim, data: bytes) -> None:
    try:
        with locked_part(claim.token) as part:
            _demand_claim(claim)
            _check_room(len(data))
            try:
                write_at(part, claim.offset, data)
                _count(claim, len(data))
            except (OSError, DBAPIError):  # of either disk: what is not counted gives its room back
                part.truncate(claim.offset)
                raise
    except NoPart as error:
        raise NoSuchUpload(GONE) from error
    except OSError as error:
        if is_full(error):
            raise NoRoom(FULL) from error
        raise


def _demand_claim(claim: Claim) -> None:
    writer = db.session.scalar(select(Upload.writer).where(Upload.token == claim.token))
    db.session.commit()
    if writer != claim.writer:
        raise UploadBusy


def _count(claim: Claim, size: int) -> None:
    now = clock.now()
    with transaction() as changes:
        offset = changes.scalar(
            update(Upload)
            .where(
                Upload.token == claim.token,
                Upload.writer == claim.writer,
                Upload.offset_bytes == claim.offset,
            )
            .values(offset_bytes=claim.offset + size, last_at=now, busy_until=now + SILENT)
            .returning(Upload.offset_bytes)
        )
    if offset is None:
        raise UploadBusy
    claim.offset = offset


def _give_back(claim: Claim) -> None:
    with transaction() as changes:
        changes.execute(
            update(Upload)
            .where(Upload.token == claim.token, Upload.writer == claim.writer)
            .values(writer=None, busy_until=None)
        )
