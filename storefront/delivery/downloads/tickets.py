"""Short-lived addresses of one file under one grant. They say who may ask, not that the answer is yes."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadSignature, URLSafeSerializer

from storefront.core import clock
from storefront.core.errors import NotFound
from storefront.core.runtime import Part, settings
from storefront.core.texts import marked
from storefront.delivery.downloads.granted_files import GrantedFile, get_file_of_grant
from storefront.delivery.downloads.rules import link_lifetime
from storefront.orders.gift_models import FIRST_VERSION


class LinkExpired(NotFound):
    code = "link_ended"
    title = marked("This download link has expired")


def _make_serializer() -> URLSafeSerializer:
    return URLSafeSerializer(
        settings().secret_keys[::-1],  # the last one signs
        salt="download",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What an address of ours says, whether it still opens something or not."""

    grant_id: int
    file_id: int
    token_version: int
    gift_version: int
    ends_at: datetime

    def is_of(self, token_version: int, gift_version: int) -> bool:
        """Tell whether the links of its order, and of who received that, are those of when it was made."""
        return (self.token_version, self.gift_version) == (token_version, gift_version)


SERIALIZER = Part("download tickets", _make_serializer)


def new_ticket(granted: GrantedFile) -> str:
    """Make a ticket with the versions of the order's link and the gift's: a new one, or erasing, ends older ones.

    The gift's first version is left out. So is every one in tickets of before, and older code reads what it knows.
    """
    ends_at = clock.now() + link_lifetime(granted.file.size_bytes)
    parts = [granted.grant_id, granted.file.id, granted.token_version, int(ends_at.timestamp())]
    of_gift = [granted.gift_version] if granted.gift_version != FIRST_VERSION else []
    return str(SERIALIZER.get().dumps(parts + of_gift))


def read_ticket(ticket: str) -> Ticket | None:
    """Return what it says, also long after its end. None: nobody here made it."""
    try:
        grant_id, file_id, token_version, ends_at, *of_gift = map(int, SERIALIZER.get().loads(ticket))
    except (BadSignature, ValueError, TypeError):
        return None
    return Ticket(
        grant_id=grant_id,
        file_id=file_id,
        token_version=token_version,
        gift_version=of_gift[0] if of_gift else FIRST_VERSION,
        ends_at=datetime.fromtimestamp(ends_at, UTC),
    )


def get_ticketed_file(ticket: str) -> GrantedFile:
    """Return what the ticket opens now; access is asked anew.

    Raises:
        LinkExpired: its time is over, its order has a new link, or nobody here made it.
        AccessDenied, NotFound: as for the order's own link.
    """
    read = read_ticket(ticket)
    if read is None:
        raise LinkExpired(marked("Start the download again from your order page."))
    if read.ends_at <= clock.now():
        raise LinkExpired(
            marked("Download links work for a while only. Start the download again from your order page.")
        )
    granted = get_file_of_grant(read.grant_id, read.file_id)
    if not read.is_of(granted.token_version, granted.gift_version):
        raise LinkExpired(
            marked("The order has a new link by now. Start the download again from your order page.")
        )
    return granted
