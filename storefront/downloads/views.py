"""`/downloads/<token>/…`: authorized at the click, then a short-lived address; access is asked at every hop."""

from collections.abc import Iterator
from pathlib import Path
from threading import BoundedSemaphore
from typing import IO, Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import ClosingIterator, FileWrapper

from storefront.config import Settings
from storefront.downloads import counting
from storefront.downloads.archive import open_archive
from storefront.downloads.gate import Gate
from storefront.downloads.links import GrantedFile, get_file_of_grant, get_granted_file
from storefront.downloads.missing import report_missing
from storefront.downloads.tickets import lifetime, new_ticket, read_ticket
from storefront.errors import StorefrontError
from storefront.orders.browsers import get_order_here
from storefront.storage import disposition, storage
from storefront.web import settings

# Open: the token in the address is the permission.
downloads = Blueprint("downloads", __name__)

PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")
BLOCK_BYTES = 256 * 1024


class TooManyDownloads(StorefrontError):
    code = "too_many_downloads"
    status = 503
    title = "One moment, please"
    retry_after_seconds = 10


class NotByPrefetch(StorefrontError):
    """A browser that fetches ahead must not use up what the buyer has."""

    code = "not_by_prefetch"
    status = 403


@downloads.get("/downloads/<token>/<int(max=2147483647):file_id>/<filename>")
def file(token: str, file_id: int, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - the name is for people
    """The permanent address: it is in mails and on the order page."""
    _refuse_prefetch()
    granted = get_granted_file(get_order_here(token), file_id)
    counting.demand_allowance(granted)
    ticket = new_ticket(grant_id=granted.grant_id, file_id=file_id, size_bytes=granted.file.size_bytes)
    name = granted.file.filename
    return _private(redirect(url_for("downloads.ticketed_file", ticket=ticket, filename=name), 302))


@downloads.get("/downloads/file/<ticket>/<filename>")
def ticketed_file(ticket: str, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - what a program names the file
    """The short-lived one: programs resume here. A refund stops it as well."""
    _refuse_prefetch()
    granted = get_file_of_grant(*read_ticket(ticket))
    if request.method == "HEAD":
        counting.demand_allowance(granted)
    return _hand_over(granted)


def _hand_over(granted: GrantedFile) -> Response:
    released = granted.file
    seconds = int(lifetime(released.size_bytes).total_seconds())
    address = storage().presign(released.path, seconds=seconds)
    if address is not None:
        # Its own answer would be a page of XML, and nobody would tell the owner.
        if storage().find_size(released.path) != released.size_bytes:
            raise report_missing(released.path)
        _count(granted)
        return _private(redirect(address, 302))
    path = storage().find_local_path(released.path)
    if path is None:
        raise report_missing(released.path)
    prefix = settings().accel_prefix
    if prefix:
        _count(granted)
        answer = Response(status=200, content_type=released.content_type)
        answer.headers["X-Accel-Redirect"] = prefix + quote(released.path)
        answer.headers["Content-Disposition"] = disposition(released.filename)
        return _private(answer)
    return _send(path, granted)


def _send(path: Path, granted: GrantedFile) -> Response:
    released = granted.file
    _tidy_range(released.size_bytes)
    request.environ["wsgi.file_wrapper"] = _in_blocks  # Werkzeug's own reads 8 KB at a time
    answer = send_file(
        path,
        released.content_type,
        as_attachment=True,
        download_name=released.filename,
        conditional=True,
        etag=released.sha256,
    )
    answer.headers["Content-Disposition"] = disposition(released.filename)
    # HEAD, 304 and 416 send no body: nothing is counted, and nothing would give their slot back.
    if request.method == "GET" and answer.status_code in (200, 206):
        try:
            _count(granted)
            _hold_slot(answer)
        except StorefrontError:
            answer.close()
            raise
    return _private(answer)


def _tidy_range(size_bytes: int) -> None:
    """RFC 9110, 14.1.2: the last N bytes of a file shorter than N are the whole file, which Werkzeug refuses.

    Several ranges are answered with the whole file, as 14.2 allows.
    """
    asked = request.range
    if asked is None:
        return
    start = asked.ranges[0][0]
    if len(asked.ranges) > 1:
        request.environ.pop("HTTP_RANGE")
    elif request.environ["HTTP_RANGE"].replace(" ", "").endswith("=-0"):
        request.environ["HTTP_RANGE"] = f"bytes={size_bytes}-"  # the last zero bytes: there are none
    elif start is not None and start < -size_bytes < 0:
        request.environ["HTTP_RANGE"] = "bytes=0-"


def _in_blocks(content: IO[bytes], _size: int = 0) -> FileWrapper:
    return FileWrapper(content, BLOCK_BYTES)


def _count(granted: GrantedFile) -> None:
    if request.method == "GET":
        counting.count(granted)


@downloads.get("/downloads/<token>/all.zip")
def all_files(token: str) -> ResponseReturnValue:
    """Everything of an order in one file, made while it is sent: it cannot be resumed."""
    _refuse_prefetch()
    order = get_order_here(token)
    archive = open_archive(order)
    if request.method == "HEAD":
        return _private(_zip(archive.size_bytes, order.number))
    for granted in archive.files:
        counting.count(granted)
    answer = _zip(archive.size_bytes, order.number)
    answer.response = archive.stream()
    _hold_slot(answer)
    return _private(answer)


def _zip(size_bytes: int, number: str) -> Response:
    answer = Response(content_type="application/zip")
    answer.headers["Content-Length"] = str(size_bytes)
    answer.headers["Content-Disposition"] = disposition(f"order-{number}.zip")
    return answer


def _refuse_prefetch() -> None:
    if any("prefetch" in request.headers.get(name, "").lower() for name in PREFETCH_HEADERS):
        raise NotByPrefetch("Downloads start with a click.")


def _private(answer: Any) -> Response:  # noqa: ANN401 - Werkzeug's or Flask's
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer  # type: ignore[no-any-return] # a Response either way


def _hold_slot(answer: Response) -> None:
    """Until the body is sent or the reader is gone."""
    slots: BoundedSemaphore = current_app.extensions["download_slots"]
    if not slots.acquire(blocking=False):
        answer.close()
        raise TooManyDownloads("Many downloads are running right now. Please try again in a moment.")
    # Not `call_on_close`: Werkzeug does not call it for a file that is passed through.
    body: Iterator[bytes] = answer.response  # type: ignore[assignment] # the file's own iterable
    answer.response = ClosingIterator(body, slots.release)


def set_up_downloads(app: Flask, settings: Settings) -> None:
    """A slow reader holds a thread: the server has one more for each download than for pages."""
    app.extensions["download_slots"] = BoundedSemaphore(settings.download_threads)
    app.wsgi_app = Gate(app.wsgi_app, threads=settings.web_threads)  # type: ignore[method-assign] # Flask's documented way
