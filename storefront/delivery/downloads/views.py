"""`/downloads/<token>/…`: authorized at the click, then a short-lived address; access is asked at every hop."""

from flask import Blueprint, Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from storefront.core.config.settings import Settings
from storefront.core.disposition import disposition
from storefront.core.errors import StorefrontError
from storefront.core.texts import marked
from storefront.delivery.downloads import counting
from storefront.delivery.downloads.archive import open_archive
from storefront.delivery.downloads.concurrent_downloads import SLOTS, DownloadSlots
from storefront.delivery.downloads.concurrent_requests import RequestGate
from storefront.delivery.downloads.granted_files import get_granted_file
from storefront.delivery.downloads.refused import by_link, by_ticket, refusals_noted
from storefront.delivery.downloads.sending import send_file, stream
from storefront.delivery.downloads.tickets import get_ticketed_file, new_ticket
from storefront.orders.browsers import get_goods_here
from storefront.orders.models import Order

# Open: the token in the address is the permission.
downloads = Blueprint("downloads", __name__)

PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")
PREFETCH_WORDS = ("prefetch", "preview")  # Safari draws its top sites with `X-Purpose: preview`


class NotByPrefetch(StorefrontError):
    """A browser that fetches ahead must not use up what the buyer has."""

    code = "not_by_prefetch"
    status = 403


@downloads.get("/downloads/<token>/<row:file_id>/<filename>")
def file(token: str, file_id: int, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - the name is for people
    """Answer the permanent address: it is in mails and on the order page."""
    _refuse_prefetch()
    with refusals_noted(lambda: by_link(token, file_id)):
        granted = get_granted_file(get_goods_here(token), file_id)
        counting.require_allowance(granted)
    name = granted.file.filename
    return _private(redirect(url_for("downloads.ticketed_file", ticket=new_ticket(granted), filename=name), 302))


@downloads.get("/downloads/file/<ticket>/<filename>")
def ticketed_file(ticket: str, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - what a program names the file
    """Answer the short-lived address: programs resume here. A refund stops it as well."""
    _refuse_prefetch()
    with refusals_noted(lambda: by_ticket(ticket)):
        return _private(send_file(get_ticketed_file(ticket)))


@downloads.get("/downloads/<token>/all.zip")
def all_files(token: str) -> ResponseReturnValue:
    """Everything of an order in one file, made while it is sent: it cannot be resumed."""
    _refuse_prefetch()
    with refusals_noted(lambda: by_link(token, None)):
        return _private(_send_all(get_goods_here(token)))


def _send_all(order: Order) -> Response:
    archive = open_archive(order)
    answer = Response(content_type="application/zip")
    answer.headers["Content-Length"] = str(archive.size_bytes)
    answer.headers["Content-Disposition"] = disposition(f"order-{order.number}.zip")
    if request.method == "GET":
        stream(answer, archive.stream(), archive.files)
    return answer


def _refuse_prefetch() -> None:
    told = " ".join(request.headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    if any(word in told for word in PREFETCH_WORDS):
        raise NotByPrefetch(marked("Downloads start with a click."))


def _private(answer: BaseResponse) -> BaseResponse:
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def set_up_downloads(app: Flask, settings: Settings) -> None:
    """A slow reader holds a thread: the server has one more for each download than for pages."""
    SLOTS.set(DownloadSlots(settings.download_threads), app)
    app.wsgi_app = RequestGate(app.wsgi_app, threads=settings.web_threads)  # type: ignore[method-assign] # Flask's documented way
