"""A broadcast's email: when it leaves, its reader must still want it and have what it is about."""

from storefront.buyers.library.news import news_token
from storefront.core.db import db
from storefront.core.languages import current_language
from storefront.core.runtime import absolute_url
from storefront.customers.browser_session import get_customer_now
from storefront.customers.models import Customer, email_key
from storefront.mail.broadcasts import TAKEN_BACK
from storefront.mail.models import OutboxMessage
from storefront.messages.canceled import Canceled, Composed
from storefront.owner.broadcasts.audience import has_access
from storefront.owner.broadcasts.drafts import get_broadcast, goods_of
from storefront.owner.broadcasts.letter import write_letter
from storefront.owner.broadcasts.models import Broadcast, BroadcastState
from storefront.owner.broadcasts.sending import TEST


def compose_broadcast(message: OutboxMessage) -> Composed:
    broadcast_id, _, who = (message.about or "").partition(":")
    broadcast = get_broadcast(db.session(), int(broadcast_id))
    if who == TEST:
        return write_letter(broadcast.id, current_language())
    customer = get_customer_now(int(who))
    reason = _why_not(broadcast, customer, message.recipient)
    if reason or customer.wants_offers_since is None:
        return Canceled(reason or "no news and offers are wanted")
    stop_url = absolute_url("offers.choose", token=news_token(customer))
    letter = write_letter(
        broadcast.id, current_language(), agreed_at=customer.wants_offers_since, stop_url=stop_url
    )
    return {**letter, "news_url": stop_url}


def _why_not(broadcast: Broadcast, customer: Customer, recipient: str) -> str:
    if broadcast.state is BroadcastState.CANCELED:
        return TAKEN_BACK
    if email_key(customer.email) != email_key(recipient):
        return "the address is another one by now"
    return "" if has_access(goods_of(broadcast), customer.id) else "nothing that it is about is open any more"
