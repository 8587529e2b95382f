"""Short-lived addresses of one file under one grant. They say who may ask, not that the answer is yes."""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from storefront.core import clock
from storefront.core.errors import NotFound
from storefront.core.runtime import Part, settings
from storefront.delivery.downloads.granted_files import GrantedFile, get_file_of_grant
from storefront.delivery.downloads.rules import link_lifetime


class LinkExpired(NotFound):
    code = "link_ended"
    title = "This download link has expired"


def _make_serializer() -> URLSafeSerializer:
    return URLSafeSerializer(
        settings().secret_key,
        salt="download",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


SERIALIZER = Part("download tickets", _make_serializer)


def new_ticket(granted: GrantedFile) -> str:
    """Make a ticket with the version of the order's link: a new link, or erasing, ends older tickets."""
    ends_at = clock.now() + link_lifetime(granted.file.size_bytes)
    parts = [granted.grant_id, granted.file.id, granted.token_version, int(ends_at.timestamp())]
    return str(SERIALIZER.get().dumps(parts))


def get_ticketed_file(ticket: str) -> GrantedFile:
    """Return what the ticket opens now; access is asked anew.

    Raises:
        LinkExpired: its time is over, its order has a new link, or nobody here made it.
        AccessDenied, NotFound: as for the order's own link.
    """
    try:
        grant_id, file_id, token_version, ends_at = SERIALIZER.get().loads(ticket)
    except (BadSignature, ValueError, TypeError) as error:
        raise LinkExpired("Start the download again from your order page.") from error
    if ends_at <= clock.now().timestamp():
        raise LinkExpired("Download links work for a while only. Start the download again from your order page.")
    granted = get_file_of_grant(int(grant_id), int(file_id))
    if granted.token_version != token_version:
        raise LinkExpired("The order has a new link by now. Start the download again from your order page.")
    return granted
