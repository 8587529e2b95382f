"""`/downloads/<token>/…`: access is asked at every click, so a refund stops links already made."""

import logging

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from storefront.downloads.links import find_granted_file
from storefront.errors import AccessDenied, NotFound, StorefrontError
from storefront.orders.access import access, facts_of
from storefront.orders.lifecycle import get_order_by_token
from storefront.web import settings

log = logging.getLogger(__name__)

# Open: the token in the address is the permission.
downloads = Blueprint("downloads", __name__)


class FileMissing(StorefrontError):
    code = "file_missing"
    status = 503
    title = "This file is not here right now"


@downloads.get("/downloads/<token>/<int:file_id>/<filename>")
def file(token: str, file_id: int, filename: str) -> ResponseReturnValue:  # noqa: ARG001 - the name is for the buyer's disk
    order = get_order_by_token(token)
    found = access(facts_of(order))
    if not found.allowed:
        raise AccessDenied(found.sentence)
    released = find_granted_file(order, file_id)
    if released is None:
        raise NotFound("This file is not part of your order any more. Your order page lists what is.")
    path = settings().files_path / released.path
    if not path.is_file():
        log.error("file of a release is missing", extra={"file_id": released.id})
        raise FileMissing("The shop has been told. Please try again later; your order is safe.")
    answer = send_file(
        path, released.content_type, as_attachment=True, download_name=released.filename, conditional=True
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
