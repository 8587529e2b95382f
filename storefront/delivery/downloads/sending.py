"""A granted file leaves: from a folder by us or by nginx, from a bucket by its own address.

What is counted is what is sent: HEAD and every answer without a body cost nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote

from flask import Response, redirect, request
from werkzeug.http import http_date, quote_etag
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import ClosingIterator

from storefront.core.disposition import disposition
from storefront.core.runtime import settings
from storefront.core.storage import as_passing, storage
from storefront.delivery.downloads import counting
from storefront.delivery.downloads.concurrent_downloads import SLOTS
from storefront.delivery.downloads.granted_files import GrantedFile, ReleasedFile
from storefront.delivery.downloads.missing_files import report_missing
from storefront.delivery.downloads.refused import client_here
from storefront.delivery.downloads.rules import presigned_lifetime
from storefront.web.ranges import Part, Version, find_part, find_range

BLOCK_BYTES = 256 * 1024


def send_file(granted: GrantedFile) -> BaseResponse:
    """Return the answer to GET and HEAD of one file.

    Raises:
        DownloadsExpired, DownloadLimitReached, TooManyDownloads: nothing was counted.
        FileMissing: it is not in the storage, not whole, or closed to who sends it.
        StorageUnavailable: it may be tried again.
    """
    counting.require_allowance(granted)
    released = granted.file
    prefix = settings().accel_prefix
    if storage().find_size(released.path, is_sent_by_nginx=prefix is not None) != released.size_bytes:
        raise report_missing(released.path)
    path = storage().find_local_path(released.path)
    if path is None:
        return _lead_to_bucket(granted)
    try:
        return _let_nginx_send(path, granted, prefix) if prefix else _send(path, granted)
    except OSError as error:  # gone, or closed, since its size was asked; nothing was counted yet
        raise as_passing(error) or report_missing(released.path) from error


def _lead_to_bucket(granted: GrantedFile) -> BaseResponse:
    released = granted.file
    if request.method == "HEAD":  # the address is signed for GET: S3 would answer 403
        answer = _describe(Response(), released)
        answer.headers["Content-Length"] = str(released.size_bytes)
        return answer
    ranged = find_range(request.headers.get("Range", ""), released.size_bytes)
    if ranged is not None and not ranged.has_body:
        return _without_body(ranged, released)
    seconds = int(presigned_lifetime(released.size_bytes).total_seconds())
    address = storage().presign(released.path, seconds=seconds)
    if address is None:  # a folder's file that has gone a moment ago
        raise report_missing(released.path)
    counting.count([granted], client=client_here())
    return redirect(address, 302)


def _let_nginx_send(path: Path, granted: GrantedFile, prefix: str) -> Response:
    """nginx looks at the request's own headers again. Where they ask for no body we answer ourselves: what it
    would do with them must not decide what is counted.
    """
    released = granted.file
    changed = int(path.stat().st_mtime)
    # Nginx writes the same one.
    version = _version(path, etag=f"{changed:x}-{released.size_bytes:x}", size_bytes=released.size_bytes)
    part = find_part(request.method, request.headers, version)
    if not part.has_body:
        return _without_body(part, released, version)
    if request.method == "GET":
        counting.count([granted], client=client_here())
    answer = _describe(Response(), released)
    answer.headers["X-Accel-Redirect"] = prefix + quote(released.path)
    return answer


def _send(path: Path, granted: GrantedFile) -> Response:
    released = granted.file
    version = _version(path, etag=released.sha256, size_bytes=released.size_bytes)
    part = find_part(request.method, request.headers, version)
    if not part.has_body:
        return _without_body(part, released, version)
    answer = _describe(Response(status=part.status), released, version)
    answer.headers["Content-Length"] = str(part.stop - part.start)
    if part.status == 206:
        answer.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{released.size_bytes}"
    if request.method == "GET":
        content = path.open("rb")
        stream(answer, _blocks(content, part), [granted], when_done=content.close)
    return answer


def stream(
    answer: Response,
    body: Iterator[bytes],
    files: Iterable[GrantedFile],
    *,
    when_done: Callable[[], None] = lambda: None,
) -> None:
    """Count the files and make `body` the answer's, which holds a slot until it is sent or its reader is gone.

    `when_done` is called then too, and when nothing is sent after all.
    """
    files = list(files)
    slots = SLOTS.get()
    closers = [when_done]
    try:
        closers.append(slots.take(file.grant_id for file in files))  # first: who finds none free pays nothing
        counting.count(files, client=client_here())
    except BaseException:
        for close in closers:
            close()
        raise
    answer.direct_passthrough = True
    # Not `call_on_close`: Werkzeug does not call it for a body that is passed through.
    answer.response = ClosingIterator(body, closers)


def _blocks(content: IO[bytes], part: Part) -> Iterator[bytes]:
    content.seek(part.start)
    bytes_left = part.stop - part.start
    while bytes_left > 0 and (block := content.read(min(BLOCK_BYTES, bytes_left))):
        bytes_left -= len(block)
        yield block


def _version(path: Path, *, etag: str, size_bytes: int) -> Version:
    return Version(
        etag=etag, changed_at=datetime.fromtimestamp(int(path.stat().st_mtime), UTC), size_bytes=size_bytes
    )


def _describe(answer: Response, released: ReleasedFile, version: Version | None = None) -> Response:
    answer.headers["Content-Type"] = released.content_type
    answer.headers["Content-Disposition"] = disposition(released.filename)
    answer.headers["Accept-Ranges"] = "bytes"
    return _with_validators(answer, version)


def _without_body(part: Part, released: ReleasedFile, version: Version | None = None) -> Response:
    """No name either: a browser would save an empty file under it."""
    answer = Response(status=part.status, content_type="text/plain")
    if part.status == 416:
        answer.headers["Content-Range"] = f"bytes */{released.size_bytes}"
    return _with_validators(answer, version)


def _with_validators(answer: Response, version: Version | None) -> Response:
    if version is not None:
        answer.headers["ETag"] = quote_etag(version.etag)
        answer.headers["Last-Modified"] = http_date(version.changed_at)
    return answer
