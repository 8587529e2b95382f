"""A cart that is bought for somebody else, and what its giver and receiver have of it."""

import re
from datetime import timedelta
from typing import Any

from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.orders.gift_links import gift_token
from storefront.orders.gifts import find_gift
from storefront.orders.hand_over import hand_over_due
from storefront.orders.queries import find_order
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, run_worker_once

ROSA = "rosa@example.net"
WORDS = "Happy birthday!\nSee <b>you</b> soon."
FIELDS = {"is_gift": "1", "gift_email": ROSA, "gift_from": "Ada", "gift_message": WORDS}
TWINSPOT = ("twinspot", "Personal")


def in_days(days: int) -> str:
    return (clock.now().date() + timedelta(days=days)).isoformat()


def begin_gift(buyer: Buyer, **fields: Any) -> str:
    """From the cart to an open Session; `fields` are the gift's."""
    answer = buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | fields)
    assert answer.status_code == 303, answer.text
    return buyer.session_on(buyer.get(answer.location))


def give(
    app: Flask, sandbox: SandboxClient, *goods: tuple[str, str], how: dict[str, Any] | None = None, **fields: Any
) -> Sale:
    """Pay for a gift and land. `goods` are (slug, edition), `how` goes to the form, `fields` are the gift's."""
    buyer = Buyer(app)
    for slug, edition in goods or (TWINSPOT,):
        buyer.add(slug, edition)
    session_id = begin_gift(buyer, **fields)
    sandbox.pay(session_id, **how or {})
    buyer.land(session_id)
    link = link_of(app, session_id)
    return Sale(app=app, sandbox=sandbox, buyer=buyer, session_id=session_id, keys=[], link=link, downloads=[])


def hand_over(app: Flask) -> int:
    """What the worker's jobs for gifts and emails do, here and now."""
    with app.app_context():
        count = hand_over_due()
        db.session.remove()
    run_worker_once(app)
    return count


def received_link(sale: Sale) -> str:
    """Return the receiver's page, as the email names it."""
    with sale.app.app_context():
        order = find_order(sale.session_id)
        assert order is not None
        gift = find_gift(order)
        assert gift is not None
        link = f"/orders/{gift_token(order, gift)}"
        db.session.remove()
    return link


def gift_links(text: str) -> list[str]:
    return re.findall(r"/(?:orders|downloads)/[0-9a-f]{32}", text)
