"""Checkouts that buyers leave: they type an address, answer whether the shop may write, and go away."""

from datetime import timedelta
from typing import Any

import requests
import time_machine
from flask import Flask

from storefront.buyers.reminders.switch import switch_reminders
from storefront.core import clock
from storefront.core.db import db
from tests.support.rows import read_rows
from tests.support.sandbox_client import TIMEOUT_SECONDS, SandboxClient
from tests.support.shop import ADA, Buyer, post_event, run_worker_once

EXPIRED = "checkout.session.expired"
REMINDERS = "SELECT * FROM outbox WHERE kind = 'checkout_reminder' ORDER BY id"


def remind(app: Flask, *, is_on: bool = True) -> None:
    with app.app_context():
        switch_reminders(is_on=is_on)
        db.session.remove()


def begin(app: Flask, buyer: Buyer | None = None, slug: str = "twinspot") -> tuple[Buyer, str]:
    buyer = buyer or Buyer(app)
    buyer.add(slug)
    return buyer, buyer.check_out()


def answer(sandbox: SandboxClient, session_id: str, *, email: str = ADA, consent: str = "opt_in") -> None:
    """What Stripe's form sends while it is filled in; an empty word is not sent."""
    typed = {"buyer_email": email, "consent[promotions]": consent}
    form = {"key": sandbox.publishable_key} | {name: word for name, word in typed.items() if word}
    url = f"{sandbox.url}/v1/payment_pages/{session_id}"
    sent = requests.post(url, data=form, timeout=TIMEOUT_SECONDS)
    assert sent.status_code == 200, sent.text


def expire(sandbox: SandboxClient, session_id: str) -> Any:
    return sandbox.control(f"sessions/{session_id}/expire")


def leave(app: Flask, sandbox: SandboxClient, **typed: str) -> tuple[Buyer, str]:
    """Return who left, and the Session, which has expired. No event is delivered."""
    buyer, session_id = begin(app)
    answer(sandbox, session_id, **typed)
    expire(sandbox, session_id)
    return buyer, session_id


def events(sandbox: SandboxClient, kind: str = EXPIRED) -> list[dict[str, Any]]:
    return [event for event in sandbox.read("events")["data"] if event["type"] == kind]


def deliver(app: Flask, sandbox: SandboxClient, kind: str = EXPIRED) -> None:
    for event in events(sandbox, kind):
        assert post_event(app, event).status_code == 200


def work_later(app: Flask, *, hours: float = 2) -> None:
    """What the worker does with mails when so many hours have passed."""
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
        run_worker_once(app)


def reminders(app: Flask) -> list[tuple[str, str | None]]:
    """State and last error of every reminder."""
    return [(row["state"], row["last_error"]) for row in read_rows(app, REMINDERS)]


def open_link(sandbox: SandboxClient, session_id: str) -> str:
    """Open the link of an expired Session as its buyer does; returns the copy's id."""
    session = sandbox.stripe.v1.checkout.sessions.retrieve(session_id)
    url = session.after_expiration.recovery.url  # type: ignore[union-attr] # it has expired
    sent = requests.get(str(url), allow_redirects=False, timeout=TIMEOUT_SECONDS)
    assert sent.status_code == 303, sent.text
    return sent.headers["Location"].rpartition("/")[2]
