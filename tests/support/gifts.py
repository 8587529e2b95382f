"""A cart that is bought for somebody else, and what its giver and receiver have of it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.delivery.hand_over import hand_over_due
from storefront.orders.gift_links import gift_token
from storefront.orders.gifts import Wish, find_gift, find_kept, keep_wish
from storefront.orders.queries import find_order
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on, run_worker_once

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


def keep_gift(app: Flask, email: str) -> str:
    """Keep the words of a gift that is due at once; returns the mark that its Session needs."""
    wish = Wish(email=email, from_name="Ada", message=WORDS, send_on=clock.now().date())
    with app.app_context():
        kept = find_kept(keep_wish(wish))
        db.session.remove()
    assert kept is not None
    return kept[0]


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


def main_of(page: str) -> str:
    return page[page.find("<main") :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What its receiver found on the gift's page, for later: whether it still opens."""

    app: Flask
    link: str
    keys: list[str]
    downloads: list[str]

    def page(self) -> str:
        return main_of(Buyer(self.app).get(self.link).text)

    def opened(self) -> set[int]:
        """What the links to files answer now."""
        statuses = set()
        for link in self.downloads:
            with Buyer(self.app).get(link) as answer:
                statuses.add(answer.status_code)
        return statuses

    def is_valid(self) -> bool:
        """What the license API says of the first key; it names whom the page is of."""
        form = {"license_key": self.keys[0]}
        answer = self.app.test_client().post("/v1/licenses/validate", data=form, base_url=Buyer(self.app).base_url)
        body = answer.get_json()
        assert ADA not in str(body)
        assert not body["meta"]["customer_name"]
        return bool(body["valid"])


def receive(sale: Sale) -> Received:
    link = received_link(sale)
    page = main_of(Buyer(sale.app).get(link).text)
    downloads = re.findall(r'href="[^"]*(/downloads/[^"]+)"', page)
    return Received(app=sale.app, link=link, keys=keys_on(page), downloads=downloads)
