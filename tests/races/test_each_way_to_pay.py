"""Every way to pay on every form: its end is told while pages, looks and old events are still worked on."""

from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
from flask import Flask

from tests.races.at_once import Job, run_at_once
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, post_event, run_worker_once
from tests.support.ways_to_pay import WAYS, Way, end_payment, mirror_in, way_of

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", BOTH, indirect=True)]

FORMS = {"hosted_page": "success_url", "embedded_page": "return_url", "elements": "return_url"}
FIRST = ("page", "webhook", "everyone")
PAIRS = [(form, first) for form in FORMS for first in FIRST]  # nine, for the ways in turn
ALL_WAYS = [way_of("pm_card_visa"), *(way for way in WAYS.values() if way.method != "sepa_dispute")]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """As many threads as there are callers: nobody is told to come back because Stripe is crowded."""
    return environment | {"WEB_THREADS": "16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A Session whose form is completed; `first` is who comes before the money's end."""

    app: Flask
    sandbox: SandboxClient
    way: Way
    first: str
    session_id: str
    payment: str
    address: str

    def load(self) -> int:
        return Buyer(self.app, address=self.address).land(self.session_id).status_code

    def look(self) -> int:
        return 200 if look(self.app, self.session_id) else 500

    def end(self, result: str) -> None:
        if self.way.is_later:
            end_payment(self.sandbox, self.way.method, self.payment, result)

    def tell(self, events: list[dict[str, Any]]) -> int:
        return max(post_event(self.app, event).status_code for event in events)

    def events(self) -> list[dict[str, Any]]:
        """Of its Session, oldest first."""
        listed = reversed(self.sandbox.read("events")["data"])
        return [event for event in listed if event["data"]["object"]["id"] == self.session_id]


def start_all(app: Flask, sandbox: SandboxClient, ways: list[Way]) -> list[Sale]:
    prices = {
        currency: mirror_in(app, currency, ("twinspot", 1900))[0] for currency in {way.currency for way in ways}
    }
    sales = []
    for number, (way, (form, first)) in enumerate(zip(ways, cycle(PAIRS), strict=False), start=1):
        back = {"success_url": None, FORMS[form]: "https://example.com/done"}
        lines = [{"price": prices[way.currency], "quantity": 1}]
        session_id = sandbox.create_session(lines, ui_mode=form, **back, **way.body)
        paid = sandbox.pay(session_id, payment_method=way.method, email=f"buyer{number}@example.com")
        sale = Sale(
            app=app,
            sandbox=sandbox,
            way=way,
            first=first,
            session_id=session_id,
            payment=paid["payment_intent"]["id"],
            address=f"10.9.0.{number}",
        )
        sales.append(sale)
    return sales


def end_at_once(sales: list[Sale], result: str) -> None:
    """The money comes, or does not, for all of them; then each is heard of from everywhere."""
    jobs: list[Job] = []
    for sale in sales:
        if sale.first == "page":
            assert sale.load() == 200  # an order that waits
        if sale.first == "webhook":
            assert sale.tell(sale.events()) == 200
        sale.end(result)
        news = sale.events()
        jobs += [sale.load, sale.look, *(lambda sale=sale, event=event: sale.tell([event]) for event in news)]
    assert set(run_at_once(jobs, seed=len(sales))) == {200}


def test_hands_out_once_and_mails_one_receipt_each(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sales = start_all(app, sandbox, ALL_WAYS)
    end_at_once(sales, "succeeded")
    orders = read_rows(app, "SELECT is_paid, has_failed FROM orders")
    assert orders == [{"is_paid": 1, "has_failed": 0}] * len(sales)
    assert len(read_rows(app, "SELECT id FROM licenses")) == len(sales)
    receipts = read_rows(
        app, "SELECT order_id, COUNT(*) AS n FROM outbox WHERE kind = 'receipt' GROUP BY order_id"
    )
    assert [row["n"] for row in receipts] == [1] * len(sales)
    for sale in sales:
        assert len(keys_on(Buyer(app).land(sale.session_id).text)) == 1, sale.way
    assert read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL") == []
    run_worker_once(app)
    mails = Counter(mail["to"][0] for mail in mailbox.messages() if keys_on(str(mail["text"])))
    assert set(mails.values()) == {1}
    assert len(mails) == len(sales)


def test_hands_nothing_out_and_says_once_that_it_came_to_nothing(app: Flask, sandbox: SandboxClient) -> None:
    sales = start_all(app, sandbox, [way for way in ALL_WAYS if way.is_later])
    end_at_once(sales, "failed")
    orders = read_rows(app, "SELECT is_paid, has_failed FROM orders")
    assert orders == [{"is_paid": 0, "has_failed": 1}] * len(sales)
    assert read_rows(app, "SELECT id FROM grants") == []
    told = read_rows(
        app, "SELECT order_id, COUNT(*) AS n FROM outbox WHERE kind = 'payment_failed' GROUP BY order_id"
    )
    assert [row["n"] for row in told] == [1] * len(sales)
    assert read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL") == []
