"""Sends pictures and samples: from a folder by us or by nginx, from a bucket through us.

A bucket's own address would have to stand in the Content-Security-Policy and could be kept for minutes only; an
address of the shop is kept for a year by browsers and by whatever stands in front of the shop.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import quote_etag

from storefront.core.db import end_read
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.core.storage import storage
from storefront.shop.media.names import FOLDER, SHOWN, split_name
from storefront.web.open_pages import KEEP_FOR_A_YEAR
from storefront.web.ranges import Part, Version, find_part

# A player that is paused stops reading, and what it asked for to the end would hold a thread for as long. It may
# be sent less than that (RFC 9110, 15.3.7), and asks on.
PIECE_BYTES = 1024 * 1024
PLAYED = ("audio/", "video/")
NEVER_CHANGED = datetime(2026, 1, 1, tzinfo=UTC)  # a name is its content's hash


def send_media(name: str) -> Response:
    """Return the answer to GET and HEAD of one file.

    Raises:
        NotFound: no such name, or nothing in the storage.
        StorageUnavailable: it may be tried again.
    """
    known = split_name(name)
    if known is None:
        raise NotFound
    sha256, content_type = known
    path = storage().path_of(folder=FOLDER, filename=name, sha256=sha256)
    end_read()
    prefix = settings().accel_prefix
    size_bytes = storage().find_size(path, is_sent_by_nginx=prefix is not None)
    if size_bytes is None:
        raise NotFound
    if prefix and storage().find_local_path(path) is not None:
        answer = _describe(Response(), sha256, content_type)
        answer.headers["X-Accel-Redirect"] = prefix + quote(path)
        return answer
    version = Version(etag=sha256, changed_at=NEVER_CHANGED, size_bytes=size_bytes)
    part = _played_part(find_part(request.method, request.headers, version), content_type)
    answer = _describe(Response(status=part.status), sha256, content_type)
    if part.status == 416:
        answer.headers["Content-Range"] = f"bytes */{size_bytes}"
        del answer.headers["Cache-Control"]
    if part.has_body:
        _add_body(answer, part, path, size_bytes)
    return answer


def _played_part(part: Part, content_type: str) -> Part:
    """Send a player no more than a piece at once: it asks again where somebody goes on listening."""
    if part.status == 206 and content_type.startswith(PLAYED):
        return replace(part, stop=min(part.stop, part.start + PIECE_BYTES))
    return part


def _add_body(answer: Response, part: Part, path: str, size_bytes: int) -> None:
    answer.headers["Content-Length"] = str(part.stop - part.start)
    if part.status == 206:
        answer.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size_bytes}"
    if request.method == "GET":
        answer.direct_passthrough = True
        pieces = storage().read(path, start=part.start, stop=part.stop)
        answer.response = _go_on(next(pieces, b""), pieces)  # what refuses the first piece is said by a page


def _go_on(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _describe(answer: Response, sha256: str, content_type: str) -> Response:
    answer.headers["Content-Type"] = content_type
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = KEEP_FOR_A_YEAR
    answer.headers["ETag"] = quote_etag(sha256)
    if not content_type.startswith(SHOWN):
        answer.headers["Content-Disposition"] = "attachment"
    return answer
