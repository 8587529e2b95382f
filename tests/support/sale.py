"""A sale whose buyer has seen the page, and whose events and mails wait until a test lets them go."""

import html
import re
from dataclasses import dataclass
from typing import Any

from flask import Flask

from storefront.core.db import db
from storefront.orders.links import order_token
from storefront.orders.queries import find_order
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on, post_event, run_worker_once

REFUND_DAY = r" on [A-Z][a-z]+ \d{1,2}, \d{4}(?=, so )"
COMPLETED = "checkout.session.completed"


@dataclass(slots=True, kw_only=True)
class Sale:
    app: Flask
    sandbox: SandboxClient
    buyer: Buyer
    session_id: str
    keys: list[str]
    link: str
    downloads: list[str]

    def payment(self) -> Any:
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        return self.sandbox.stripe.v1.checkout.sessions.retrieve(self.session_id, expand).payment_intent

    def refund(self, **how: Any) -> str:
        """Through the API, as the owner's Dashboard does it; returns its id."""
        params: Any = {"payment_intent": self.payment().id} | how
        return str(self.sandbox.stripe.v1.refunds.create(params).id)

    def at_charge(self, what: str, **how: Any) -> str:
        """`refund`, `dispute` or `fraud_warning` through the control API; returns what was made."""
        return str(self.sandbox.control(f"charges/{self.payment().latest_charge.id}/{what}", **how)["id"])

    def deliver(self, *prefixes: str, times: int = 2) -> None:
        """Every event so far whose type begins so, again and again."""
        events = [event for event in self.sandbox.read("events")["data"] if event["type"].startswith(prefixes)]
        for event in events * times:
            assert post_event(self.app, event).status_code == 200

    def work(self) -> None:
        run_worker_once(self.app)

    def order_page(self) -> str:
        return self.buyer.get(self.link).text

    def words(self) -> str:
        """What the order's page says, without its markup and the day of a refund."""
        page = self.order_page()
        text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page[page.find("<main") :])))
        return re.sub(REFUND_DAY, "", text)

    def promised(self) -> dict[str, str]:
        """Kind -> how it stands; fails where one kind, or one stage of a dispute or refund, was promised twice."""
        rows = read_rows(self.app, "SELECT kind, state, dedupe_key FROM outbox ORDER BY id")
        stages = ("inquiry", "dispute", "appeal", "requires_action")
        told = {(row["kind"], next((s for s in stages if row["dedupe_key"].endswith(s)), "")) for row in rows}
        assert len(told) == len(rows)
        return {row["kind"]: row["state"] for row in rows}

    def open_notices(self) -> list[str]:
        rows = read_rows(self.app, "SELECT kind FROM notices WHERE closed_at IS NULL ORDER BY id")
        return [row["kind"] for row in rows]


def number_of(sale: Sale) -> str:
    """Return the number of its order."""
    asked = "SELECT number FROM orders WHERE checkout_session_id = :session"
    return str(read_rows(sale.app, asked, session=sale.session_id)[0]["number"])


def link_of(app: Flask, session_id: str) -> str:
    """An order's own page, as its mail names it."""
    with app.app_context():
        order = find_order(session_id)
        assert order is not None
        link = f"/orders/{order_token(order)}"
        db.session.remove()
    return link


def sell(app: Flask, sandbox: SandboxClient, *goods: tuple[str, str], **how: Any) -> Sale:
    """`goods` are (slug, edition); `how` goes to the form."""
    buyer = Buyer(app)
    for slug, edition in goods or (("twinspot", "Personal"),):
        buyer.add(slug, edition)
    session_id = buyer.check_out()
    sandbox.pay(session_id, **how)
    page = buyer.land(session_id).text
    link = re.search(r"/orders/[0-9a-f]{32}", page)
    downloads = re.findall(r'href="([^"]*/downloads/[^"]+)"', page)
    return Sale(
        app=app,
        sandbox=sandbox,
        buyer=buyer,
        session_id=session_id,
        keys=keys_on(page),
        link=link[0] if link else link_of(app, session_id),  # of what was free only its mail has it
        downloads=downloads,
    )


FONT = ("gridling", "")
TOOL = ("twinspot", "Personal")


def take_free(app: Flask, sandbox: SandboxClient, *, email: str = ADA, page_first: bool = True) -> Sale:
    buyer = Buyer(app)
    buyer.add(*FONT)
    session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method=None, email=email)
    sale = Sale(app=app, sandbox=sandbox, buyer=buyer, session_id=session_id, keys=[], link="", downloads=[])
    if not page_first:
        sale.deliver("checkout.session.completed")
    buyer.land(session_id)
    sale.link = link_of(app, session_id)
    return sale


def pay_for_twinspot(app: Flask, sandbox: SandboxClient, **how: Any) -> tuple[Buyer, str]:
    """Return a buyer who paid and has not come back yet, and the Session; `how` goes to the form."""
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id, **how)
    return buyer, session_id
