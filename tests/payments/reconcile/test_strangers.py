"""Sales of another program on the account: a pass looks at each once, and not again and again for a day."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.payments.reconcile import strangers
from storefront.payments.reconcile.repair import repair
from storefront.payments.reconcile.report import Report
from storefront.shop.catalog.mirrors import shop_id
from tests.payments.reconcile.sales import refund, run, sell, start
from tests.support.payment_links import visit
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import find_price

LISTS = 6  # what a pass asks for where all agrees


def sell_elsewhere(sandbox: SandboxClient, count: int) -> tuple[str, list[str]]:
    """Return the foreign price, and the Sessions that were paid with it."""
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    link = sandbox.stripe.v1.payment_links.create({"line_items": [{"price": price.id, "quantity": 1}]})
    sessions = [visit(str(link.url)) for _ in range(count)]
    for number, session_id in enumerate(sessions):
        sandbox.pay(session_id, email=f"x{number}@example.com")
    return price.id, sessions


def run_after(app: Flask, sandbox: SandboxClient, **passed: float) -> tuple[Report, int]:
    """A pass so much later, and how many questions it asked Stripe."""
    sandbox.forget_calls()
    with time_machine.travel(clock.now() + timedelta(**passed), tick=True):
        report = run(app)
    return report, len(sandbox.calls())


def test_asks_once_about_each_sale_of_another_program(app: Flask, sandbox: SandboxClient) -> None:
    sell_elsewhere(sandbox, 5)
    assert run_after(app, sandbox, minutes=5)[1] == LISTS + 5 + 1  # the first pass goes on in what Stripe booked
    for minutes in (20, 35, 60, 240):
        report, calls = run_after(app, sandbox, minutes=minutes)
        assert (report.checked, calls) == (0, LISTS)


def test_asks_once_about_each_refund_of_another_program(app: Flask, sandbox: SandboxClient) -> None:
    _price, sessions = sell_elsewhere(sandbox, 2)
    for session_id in sessions:
        refund(sandbox, session_id)
    product = {"amount": 700, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
    alone = sandbox.stripe.v1.payment_intents.create({**product, "return_url": "https://example.com"})  # type: ignore[typeddict-item]
    sandbox.stripe.v1.refunds.create({"payment_intent": alone.id})
    run_after(app, sandbox, minutes=5)
    report, calls = run_after(app, sandbox, minutes=20)
    assert (report.checked, calls) == (0, LISTS)


@pytest.mark.parametrize("way", ["later", "since"])
def test_finds_a_sale_whose_price_became_ours(app: Flask, sandbox: SandboxClient, way: str) -> None:
    price, _sessions = sell_elsewhere(sandbox, 1)
    run_after(app, sandbox, minutes=5)
    with app.app_context():
        mark = {"storefront": shop_id(), "storefront_price": str(find_price(app, "twinspot", "Personal"))}
        db.session.remove()
    sandbox.stripe.v1.prices.update(price, {"metadata": mark})
    assert run_after(app, sandbox, minutes=20)[0].fixed == ()
    with time_machine.travel(clock.now() + timedelta(hours=7 if way == "later" else 1), tick=True):
        report = run(app, **({} if way == "later" else {"since": clock.now() - timedelta(hours=2)}))
    assert ["not known here" in line.text for line in report.fixed] == [True]
    assert len(read_rows(app, "SELECT id FROM orders")) == 1


def test_finds_a_sale_of_ours_among_others_however_late_it_is_paid(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, unpaid = start(app)
    sell_elsewhere(sandbox, 2)
    sell(app, sandbox, email="ada@example.com")
    run_after(app, sandbox, minutes=5)
    sandbox.pay(unpaid, email="late@example.com")
    report, _calls = run_after(app, sandbox, minutes=20)
    assert ["not known here" in line.text for line in report.fixed] == [True]


def test_finds_a_sale_of_ours_that_it_looked_at_while_it_was_open(app: Flask, sandbox: SandboxClient) -> None:
    """An event, or a line of the owner's list, leads a pass to it before it is paid; only the list tells then."""
    sandbox.control(
        "faults", method="GET", path="/v1/events", times=None, status=403, type="invalid_request_error"
    )
    _nobody, unpaid = start(app)
    with app.app_context():
        assert repair(unpaid, is_dry=False) is None
        db.session.remove()
    sandbox.pay(unpaid, email="late@example.com")
    report, _calls = run_after(app, sandbox, minutes=20)
    assert ["not known here" in line.text for line in report.fixed] == [True]


def test_forgets_the_oldest_of_too_many(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MOST", 2)
    with app.app_context():
        for name in ("cs_1", "cs_2", "cs_1", "cs_3"):
            strangers.note_stranger(name)
        assert [strangers.is_stranger(name) for name in ("cs_1", "cs_2", "cs_3")] == [True, False, True]
