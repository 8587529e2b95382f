"""The receiver's link of a gift, a token of its own: it opens keys and files, and nothing of money."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.core import tokens
from storefront.core.db import db, in_transaction, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.orders.gift_models import Gift, GiftLink
from storefront.orders.links import KnownLink, get_order_by_token
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode

PURPOSE = "gift"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: an order for who paid, or with a `gift` what it holds for who received it."""

    order: Order
    gift: Gift | None = None

    @property
    def reader_id(self) -> int:
        """Return the customer whose address opens it."""
        if self.gift is not None and self.order.holder_id is not None:
            return self.order.holder_id
        return self.order.customer_id


def gift_token(order: Order, gift: Gift) -> str:
    """Return the token of the receiver's page, and remember it: after SECRET_KEY was changed it is another one."""
    token = tokens.derive_token(
        order.token_seed, purpose=PURPOSE, version=gift.token_version, secret_key=settings().secret_key
    )
    row = {"token_hash": tokens.hash_token(token), "gift_id": gift.id, "version": gift.token_version}
    if db.session.get(GiftLink, row["token_hash"]) is None:
        if in_transaction():
            insert_missing(db.session(), GiftLink, [row])
        else:
            with transaction() as session:
                insert_missing(session, GiftLink, [row])
    return token


def find_known_gift_link(token: str) -> KnownLink | None:
    """Return whose link this is in the running mode, also of one that was replaced."""
    row = db.session.execute(
        select(Gift.order_id, Gift.token_version, GiftLink.version)
        .join(GiftLink, GiftLink.gift_id == Gift.id)
        .join(Order, Order.id == Gift.order_id)
        .where(GiftLink.token_hash == tokens.hash_token(token), order_in_running_mode())
    ).first()
    if row is None or row.order_id is None:
        return None
    return KnownLink(row.order_id, is_old=row.version != row.token_version)


def open_by_token(token: str) -> Opened:
    """Return what a link opens, in the running mode.

    Raises:
        NotFound: unknown, mistyped or outdated token.
    """
    try:
        return Opened(get_order_by_token(token))
    except NotFound:
        found = _find_received(tokens.hash_token(token))
        if found is None:
            raise
        return found


def _find_received(token_hash: str) -> Opened | None:
    row = db.session.execute(
        select(Order, Gift)
        .join(Gift, Gift.order_id == Order.id)
        .join(GiftLink, GiftLink.gift_id == Gift.id)
        .where(
            GiftLink.token_hash == token_hash,
            GiftLink.version == Gift.token_version,
            Gift.handed_over_at.is_not(None),
            order_in_running_mode(),
        )
    ).one_or_none()
    return Opened(row.Order, row.Gift) if row is not None else None
