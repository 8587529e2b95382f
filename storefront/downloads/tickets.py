"""Short-lived addresses of one file under one grant. They say who may ask, not that the answer is yes."""

import hashlib
from datetime import timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from storefront import clock
from storefront.errors import NotFound
from storefront.web import settings

LEAST = timedelta(minutes=10)
MOST = timedelta(hours=24)
SLOWEST_BYTES_PER_SECOND = 100_000  # a bigger file needs longer, also to be resumed


class LinkEnded(NotFound):
    code = "link_ended"
    title = "This download link has ended"


def lifetime(size_bytes: int) -> timedelta:
    return min(MOST, LEAST + timedelta(seconds=size_bytes / SLOWEST_BYTES_PER_SECOND))


def _serializer() -> URLSafeSerializer:
    made: URLSafeSerializer | None = current_app.extensions.get("download_tickets")
    if made is None:
        made = URLSafeSerializer(
            settings().secret_key,
            salt="download",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        current_app.extensions["download_tickets"] = made
    return made


def new_ticket(*, grant_id: int, file_id: int, size_bytes: int) -> str:
    ends_at = clock.now() + lifetime(size_bytes)
    return str(_serializer().dumps([grant_id, file_id, int(ends_at.timestamp())]))


def read_ticket(ticket: str) -> tuple[int, int]:
    """Grant id and file id.

    Raises:
        LinkEnded: its time is over, or nobody here made it.
    """
    try:
        grant_id, file_id, ends_at = _serializer().loads(ticket)
    except (BadSignature, ValueError, TypeError) as error:
        raise LinkEnded("Start the download again from your order page.") from error
    if ends_at <= clock.now().timestamp():
        raise LinkEnded("Download links work for a while only. Start the download again from your order page.")
    return int(grant_id), int(file_id)
