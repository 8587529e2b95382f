"""Sales of the past whose events nobody delivered, and a pass over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.payments.reconcile.report import Report
from storefront.payments.reconcile.run import reconcile
from tests.support.goods import make_edition
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    with time_machine.travel(clock.now() - timedelta(days=days), tick=True):
        yield


def add_price_in_euros(app: Flask) -> None:
    """SEPA debits need one."""
    make_edition(app, "twinspot", "Euro", 1900, "eur")


def run(app: Flask, **options: Any) -> Report:
    with app.app_context():
        report = reconcile(**options)
        db.session.remove()
    return report


def run_later(app: Flask) -> list[str]:
    """A pass when no event can be on its way any more, and one right after it, which finds nothing."""
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=True):
        fixed = [line.text for line in run(app).fixed]
        assert run(app).fixed == ()
    return fixed


def start(app: Flask, edition: str = "Personal") -> tuple[Buyer, str]:
    buyer = Buyer(app)
    buyer.add("twinspot", edition)
    return buyer, buyer.check_out()


def payment_of(sandbox: SandboxClient, session_id: str) -> str:
    return str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)


def charge_of(sandbox: SandboxClient, session_id: str) -> str:
    return str(sandbox.stripe.v1.payment_intents.retrieve(payment_of(sandbox, session_id)).latest_charge)


def sell(app: Flask, sandbox: SandboxClient, *, email: str) -> tuple[Buyer, str, list[str]]:
    """Paid by card, and the page after paying was loaded; no webhook came."""
    buyer, session_id = start(app)
    sandbox.pay(session_id, email=email)
    return buyer, session_id, keys_on(buyer.land(session_id).text)


def refund(sandbox: SandboxClient, session_id: str, **how: Any) -> str:
    params: Any = {"payment_intent": payment_of(sandbox, session_id), **how}
    return str(sandbox.stripe.v1.refunds.create(params).id)


def rows_of_the_shop(app: Flask) -> dict[str, list[dict[str, Any]]]:
    """Every row but those that a pass keeps about itself."""
    tables = [
        "orders", "order_items", "grants", "licenses", "outbox", "refunds", "disputes", "fraud_warnings",
        "order_changes", "notices", "stripe_events", "customers", "checkouts",
    ]  # fmt: skip
    return {table: read_rows(app, f"SELECT * FROM {table} ORDER BY 1") for table in tables}
