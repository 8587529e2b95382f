"""`/downloads/<token>/…`: access is asked at every click, so a refund stops links already made."""

import logging
from pathlib import Path
from threading import BoundedSemaphore

from flask import Blueprint, Flask, Response, current_app, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import ClosingIterator

from storefront.config import Settings
from storefront.downloads.links import ReleasedFile, get_granted_file
from storefront.errors import StorefrontError
from storefront.orders.lifecycle import get_order_by_token
from storefront.web import settings

log = logging.getLogger(__name__)

# Open: the token in the address is the permission.
downloads = Blueprint("downloads", __name__)


class FileMissing(StorefrontError):
    code = "file_missing"
    status = 503
    title = "This file is not here right now"


class TooManyDownloads(StorefrontError):
    code = "too_many_downloads"
    status = 503
    title = "One moment, please"
    retry_after_seconds = 10


@downloads.get("/downloads/<token>/<int(max=2147483647):file_id>/<filename>")
def file(token: str, file_id: int, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - the name is for the buyer's disk
    released = get_granted_file(get_order_by_token(token), file_id)
    path = settings().files_path / released.path
    if not path.is_file():
        log.error("file of a release is missing", extra={"file_id": released.id})
        raise FileMissing("The shop has been told. Please try again later; your order is safe.")
    answer = _send(path, released)
    # HEAD, 304 and 416 send no body, and nothing would give their slot back.
    if request.method == "GET" and answer.status_code in (200, 206):
        _hold_slot(answer)
    return answer


def _hold_slot(answer: Response) -> None:
    """Until the body is sent or the reader is gone."""
    slots: BoundedSemaphore = current_app.extensions["download_slots"]
    if not slots.acquire(blocking=False):
        answer.close()
        raise TooManyDownloads("Many downloads are running right now. Please try again in a moment.")
    # Not `call_on_close`: Werkzeug does not call it for a file that is passed through.
    answer.response = ClosingIterator(answer.response, slots.release)  # type: ignore[arg-type] # the file's own iterable


def _send(path: Path, released: ReleasedFile) -> Response:
    answer = send_file(
        path, released.content_type, as_attachment=True, download_name=released.filename, conditional=True
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def set_up_downloads(app: Flask, settings: Settings) -> None:
    """A slow reader holds a thread: half of them stay free for pages and webhooks."""
    app.extensions["download_slots"] = BoundedSemaphore(max(1, settings.web_threads // 2))
