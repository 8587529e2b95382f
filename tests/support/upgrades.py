"""Twinspot's Personal may be upgraded to Team here: the offer on an order's page, and a sale of it."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.editions import change_edition
from storefront.shop.editor.prices import add_priced_edition
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

STUDIO = 100  # devices
OFFER = re.compile(
    r'<form method="post" action="(/checkout/upgrade/[^"]+)">\s*<input[^>]*>\s*'
    r'<input type="hidden" name="amount_minor" value="(\d+)">\s*<button[^>]*>([^<]+)<'
)


@dataclass(frozen=True, slots=True)
class Offer:
    action: str
    amount_minor: str
    words: str


def allow_upgrade(app: Flask, text: str = "personal", *, slug: str = "twinspot", edition: str = "team") -> None:
    """Say who may upgrade to Team."""
    with app.app_context():
        change_edition(slug, edition, {"upgrades_from": text})


def add_studio(app: Flask, text: str = "team for 100.00 USD") -> None:
    """Team may be upgraded to Studio for 100 dollars, or what `text` says."""
    with app.app_context():
        add_priced_edition("twinspot", "Studio", ("usd", 19900), limits={"activation_limit": STUDIO})
        db.session.remove()
    allow_upgrade(app, text, edition="studio")


def offers_on(page: str) -> list[Offer]:
    return [Offer(*found) for found in OFFER.findall(page)]


def start_upgrade(sale: Sale, buyer: Buyer | None = None, *, place: int = 0) -> str:
    """Press the button on the order's page, and return the Session's id."""
    browser = buyer or sale.buyer
    offer = offers_on(browser.get(sale.link).text)[place]
    answer = browser.post(offer.action, amount_minor=offer.amount_minor)
    assert answer.status_code == 303, answer.text
    return browser.session_on(browser.get(answer.location))


def pay_upgrade(sale: Sale, session_id: str, buyer: Buyer | None = None, **how: Any) -> Sale:
    """Pay, land, and return the sale of the upgrade."""
    browser = buyer or sale.buyer
    sale.sandbox.pay(session_id, **how)
    browser.land(session_id)
    return Sale(
        app=sale.app,
        sandbox=sale.sandbox,
        buyer=browser,
        session_id=session_id,
        keys=[],
        link=link_of(sale.app, session_id),
        downloads=[],
    )


def sell_upgrade(app: Flask, sandbox: SandboxClient) -> tuple[Sale, Sale]:
    """Return the sale of a Personal and of its upgrade to Team."""
    allow_upgrade(app)
    sale = sell(app, sandbox)
    return sale, pay_upgrade(sale, start_upgrade(sale))


def states(app: Flask) -> list[str]:
    return [str(row["state"]) for row in read_rows(app, "SELECT state FROM upgrades ORDER BY id")]
