"""The official Stripe command line triggers events of Sessions that are not the shop's: recorded, left alone."""

from pathlib import Path

import pytest

from storefront.customers.models import Customer
from storefront.mail.models import OutboxMessage
from storefront.orders.models import Grant, Order
from tests.support.rows import count_rows, read_rows
from tests.support.shop import Shop, wait_for
from tests.support.stripe_cli import find_stripe_cli, trigger

pytestmark = [pytest.mark.stripe_cli, pytest.mark.slow]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("checkout.session.completed", "checkout.session.completed"),
        ("checkout.session.async_payment_succeeded", "checkout.session.async_payment_succeeded"),
        ("checkout.session.async_payment_failed", "checkout.session.async_payment_failed"),
        ("checkout.session.expired", "checkout.session.expired"),
    ],
)
def test_records_a_triggered_event_as_not_ours(shop: Shop, tmp_path: Path, name: str, last: str) -> None:
    shop.sandbox.control("config", settle_after_seconds=0)
    said = trigger(find_stripe_cli(), tmp_path, shop.sandbox.url, shop.sandbox.secret_key, name)
    assert "Trigger succeeded!" in said
    shop.wait_for_event(last)
    wait_for(lambda: not read_rows(shop.app, "SELECT id FROM stripe_events WHERE handled_at IS NULL"))
    outcomes = read_rows(
        shop.app, "SELECT DISTINCT outcome FROM stripe_events WHERE type LIKE 'checkout.session.%'"
    )
    assert outcomes == [{"outcome": "not_ours"}]
    shop.work()
    assert count_rows(shop.app, Order, Grant, Customer, OutboxMessage) == {
        "orders": 0,
        "grants": 0,
        "customers": 0,
        "outbox": 0,
    }
    assert shop.mails() == []
