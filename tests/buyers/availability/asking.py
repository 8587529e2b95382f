"""Buyers who ask for an email when a product can be bought."""

import re
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask

from storefront.buyers.availability.forget import forget_old_requests
from storefront.buyers.availability.tell import tell_waiting
from storefront.core import clock
from storefront.core.db import db
from tests.support.rows import change_rows
from tests.support.shop import ADA, Buyer, run_worker_once

PAGE = "/products/twinspot"
ASK = f"{PAGE}/availability"
ROWS = "SELECT id, email, confirmed_at, told_at FROM availability_requests ORDER BY id"
AVAILABLE = "Twinspot is available"
OURS = "SELECT kind, state, recipient FROM outbox WHERE kind LIKE 'availab%' ORDER BY id"


def switch(app: Flask, *, is_on: bool) -> None:
    change_rows(app, f"UPDATE prices SET is_active = {str(is_on).lower()}")


def ask(app: Flask, email: str = ADA, **how: Any) -> Any:
    """As a browser without a cookie does it, from the page that is the same for everybody."""
    visitor = Buyer(app, **how)
    origin = {"Sec-Fetch-Site": "same-origin"}
    return visitor.client.post(ASK, data={"email": email}, base_url=visitor.base_url, headers=origin)


def work(app: Flask, **later: float) -> None:
    """What the worker does when so much time has passed."""
    with time_machine.travel(clock.now() + timedelta(**later), tick=True):
        with app.app_context():
            tell_waiting()
        run_worker_once(app)
        with app.app_context():
            forget_old_requests()
            db.session.remove()


def link_in(app: Flask, mail: dict[str, Any]) -> str:
    found = re.search(r"https?://\S+(/availability/[0-9a-f]{32})", str(mail["text"]))
    assert found
    return found[1]


def confirmed(app: Flask, mailbox: Any, email: str = ADA) -> str:
    """Ask and confirm; return the link."""
    ask(app, email)
    work(app)
    link = link_in(app, mailbox.messages(to=email)[-1])
    assert Buyer(app).post(link, confirm="1").location == link
    mailbox.clear()
    return link
